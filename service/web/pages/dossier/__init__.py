"""Beside the list of places: the file for a table, ways beside a plek, who waits, what is free, what is printed."""

from service.web.pages.dossier.opschaling import afdruk, beantwoord, opschaling, stap, vraag
from service.web.pages.dossier.opschalingen import opschalingen, weiger
from service.web.pages.dossier.routes import begin, ga_verder, routes
from service.web.pages.dossier.uittreksel import uittreksel
from service.web.pages.dossier.vrij import vrij
from service.web.pages.dossier.wachtlijst import wachtlijst

__all__ = ["handlers"]

handlers = [
    opschalingen,
    weiger,
    opschaling,
    afdruk,
    stap,
    vraag,
    beantwoord,
    routes,
    begin,
    ga_verder,
    uittreksel,
    vrij,
    wachtlijst,
]
