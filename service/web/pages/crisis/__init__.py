"""Screens of the crisisdienst, on a phone at night; the schakelfunctionaris has them too."""

from service.web.pages.crisis.aanvullen import aanvullen, vul_aan
from service.web.pages.crisis.bord import bord, houd, laat_los, maak_definitief
from service.web.pages.crisis.geplaatst import geplaatst, leg_vast

__all__ = ["handlers"]

handlers = [bord, houd, laat_los, maak_definitief, geplaatst, leg_vast, aanvullen, vul_aan]
