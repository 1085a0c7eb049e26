"""The pages with which people log in and out. service/app.py takes `route_handlers`."""

from service.web.inloggen.afmelden import inlog_afmelden
from service.web.inloggen.demo import demo_inloggen
from service.web.inloggen.keuze import inlog_keuze
from service.web.inloggen.provider import inlog_sleutels, inlog_start, inlog_terug, inloggen
from service.web.inloggen.uitloggen import uitloggen

__all__ = ["route_handlers"]

route_handlers = [
    inloggen,
    inlog_start,
    inlog_terug,
    inlog_keuze,
    inlog_sleutels,
    inlog_afmelden,
    demo_inloggen,
    uitloggen,
]
