"""What stands in the code of a status, a step or a gebeurtenis, as the loket reads it. tests/web/pages/schakel proves
that none is missing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from service.aanvraag import gebeurtenissen
from service.aanvraag.gebeurtenissen import AanvraagStatus as S
from service.aanvraag.gebeurtenissen import GebeurtenisSoort as G
from service.aanvraag.werkblad import Beurt, Rij, Vandaag, Volgorde
from service.days import today
from service.dutch import days
from service.opschaling import opschalingen, routesoorten
from service.opschaling.opschalingsvragen import OpschalingNodig
from service.opschaling.routedetails import OverbruggingVorm
from service.plaatsing import voorstellen
from service.plaatsing.voorstelstap import Afwijsreden
from service.taal import gettext, later, ngettext

STATUS, VOORSTEL, ROUTE = gebeurtenissen.STATUS, voorstellen.STATUS, routesoorten.ROUTE
AANLEIDING, TAFEL = opschalingen.AANLEIDING, opschalingen.TAFEL

BEURT = {Beurt.LOKET: later("Loket"), Beurt.AANBIEDER: later("Aanbieder"), Beurt.VERWIJZER: later("Verwijzer")}

STAP = {
    S.INGEDIEND: later("neem in behandeling"),
    S.IN_BEHANDELING: later("kies een plek"),
    S.OPTIE: later("doe een voorstel"),
    S.VOORSTEL: later("geeft antwoord"),
    S.AKKOORD: later("legt toestemming vast"),
    S.TOESTEMMING: later("plant de kennismaking"),
    S.KENNISMAKING: later("kennismaking"),
    S.OPGESCHAALD: later("werk de opschaling uit"),
}
"""The next step of an open aanvraag, of whose move it is."""

LOKET_STAP = {
    S.VOORSTEL: later("geen antwoord gekregen: bel, of kies een andere plek"),
    S.KENNISMAKING: later("maak het definitief"),
}
"""When it came back to the loket."""

VANDAAG = {
    Vandaag.OPTIE: later("optie vervalt"),
    Vandaag.ANTWOORD: later("antwoord moet er zijn"),
    Vandaag.AKKOORD: later("plek is niet langer vastgehouden"),
    Vandaag.KENNISMAKING: later("kennismaking"),
    Vandaag.NORM: later("laatste dag van de norm"),
    Vandaag.UITERLIJK: later("uiterlijke datum"),
    Vandaag.VERBLIJF: later("moet weg waar het nu is"),
    Vandaag.OPSCHALING: later("termijn van de opschaling"),
    Vandaag.ROUTE: later("termijn van de route"),
    Vandaag.ALARM: later("alarm"),
}

VOLGORDE = {
    Volgorde.URGENTIE: later("Haast"),
    Volgorde.WACHT: later("Wacht het langst"),
    Volgorde.TERMIJN: later("Verloopt het eerst"),
    Volgorde.UITERLIJK: later("Uiterlijke datum"),
}


def keuzes(words: Mapping[Any, str]) -> list[tuple[str, str]]:
    """To choose from in a form: value and text."""
    return [(str(code), gettext(text)) for code, text in words.items()]


def stap(status: S, beurt: Beurt) -> str:
    """What has to be done now."""
    if beurt is Beurt.LOKET and status in LOKET_STAP:
        return gettext(LOKET_STAP[status])
    return gettext(STAP[status])


def norm(rij: Rij, vandaag: date) -> tuple[str, bool] | None:
    """How long the norm of the region still lasts, in words, and whether it was broken; None: there is none."""
    if rij.norm_dag is None:
        return None
    left = (rij.norm_dag - vandaag).days
    if left < 0:
        return gettext("norm %(hoelang)s voorbij") % {"hoelang": days(-left)}, True
    return (gettext("norm: nog %(hoelang)s") % {"hoelang": days(left)} if left else gettext("norm: vandaag")), False


def waited(since: datetime, now: datetime) -> str:
    """Since an aanvraag was filed: in hours up to two days, because a crisis is counted in hours."""
    hours = max(0, int((now - since).total_seconds() // 3600))
    if hours < 48:
        return ngettext("%(num)s uur", "%(num)s uur", hours) % {"num": hours}
    return days((today(now) - today(since)).days)


GEBEURTENIS = {
    G.INGEDIEND: later("Ingediend"),
    G.IN_BEHANDELING: later("In behandeling genomen"),
    G.OVERGEDRAGEN: later("Overgedragen aan een collega"),
    G.AFGEWEZEN: later("Afgewezen door het loket"),
    G.INGETROKKEN: later("Ingetrokken"),
    G.URGENTIE: later("Urgentie veranderd"),
    G.VERVOLG: later("Vervolgaanvraag geopend"),
    G.OPTIE: later("Plek vastgehouden"),
    G.OPTIE_VERLENGD: later("Plek langer vastgehouden"),
    G.OPTIE_VRIJ: later("Plek losgelaten"),
    G.OPTIE_VERLOPEN: later("Optie verlopen: de plek is weer vrij"),
    G.VOORSTEL_KLAARGEZET: later("Voorstel klaargezet"),
    G.VOORSTEL_VERZONDEN: later("Voorstel verstuurd"),
    G.VOORSTEL_INTERESSE: later("De aanbieder heeft interesse"),
    G.VOORSTEL_AKKOORD: later("De aanbieder zegt ja"),
    G.VOORSTEL_AFGEWEZEN: later("Voorstel afgewezen"),
    G.VOORSTEL_INGETROKKEN: later("Voorstel ingetrokken"),
    G.VOORSTEL_VERVALLEN: later("Voorstel vervallen: er kwam geen antwoord op tijd"),
    G.TOESTEMMING: later("Toestemming vastgelegd"),
    G.KENNISMAKING: later("Kennismaking afgesproken"),
    G.DEFINITIEF: later("Plaatsing definitief"),
    G.GEPLAATST: later("Geplaatst"),
    G.BEGONNEN: later("Het kind is gekomen"),
    G.VERLENGD: later("Verblijf verlengd"),
    G.BEEINDIGD: later("Verblijf beëindigd"),
    G.AFGEZEGD: later("Plaatsing afgezegd"),
    G.ROUTE: later("Route begonnen"),
    G.ROUTE_STAP: later("Stap in een route"),
    G.OPSCHALING: later("Opgeschaald"),
    G.OPSCHALING_STAP: later("Opschaling bijgewerkt"),
    G.OPSCHALING_VRAAG: later("Aanbieder gevraagd wat hij nodig heeft"),
    G.OPSCHALING_ANTWOORD: later("Antwoord van een aanbieder op die vraag"),
    G.OPSCHALING_GESLOTEN: later("Opschaling gesloten"),
    G.HERINNERING: later("Aanbieder herinnerd"),
    G.ALARM: later("Alarm"),
    G.AANBIEDER_STOPT: later("Aanbieder stopt"),
    G.OVERDRACHT: later("Overdracht naar een andere plek"),
    G.BEVESTIGING_GEVRAAGD: later("Aanbieder gevraagd of de plek nog klopt"),
    G.OPSCHALING_GEVRAAGD: later("Verwijzer vraagt om op te schalen"),
    G.OPSCHALING_GEWEIGERD: later("Loket schaalt niet op"),
    G.AANBIEDER_GAAT_DOOR: later("Aanbieder gaat toch door"),
    G.PLEK_BLIJFT: later("De plek blijft toch"),
    G.OVERDRACHT_VERVALT: later("Overdracht gaat niet door"),
}

AFWIJSREDEN = {
    Afwijsreden.AANBIEDER_WEIGERT: later("De aanbieder wil niet"),
    Afwijsreden.JEUGDIGE_NIET_GESCHIKT: later("Het kind past er niet"),
    Afwijsreden.LATER_VANAF: later("Het kan pas later"),
    Afwijsreden.GROEPSMIX: later("Het past niet in de groep"),
    Afwijsreden.GEEN_PERSONEEL: later("Er is geen personeel"),
    Afwijsreden.AFSTAND: later("Het is te ver weg"),
    Afwijsreden.OUDER_OF_JEUGDIGE_ZEGT_NEE: later("Een ouder of het kind zegt nee"),
    Afwijsreden.ANDERS: later("Iets anders"),
}

NODIG = {
    OpschalingNodig.KAN_TOCH: later("het kan toch"),
    OpschalingNodig.EXTRA_PERSONEEL: later("extra personeel nodig"),
    OpschalingNodig.DESKUNDIGHEID: later("deskundigheid nodig"),
    OpschalingNodig.AANPASSING: later("een aanpassing nodig"),
    OpschalingNodig.ANDER_TARIEF: later("een ander tarief nodig"),
    OpschalingNodig.ANDERE_GROEP: later("een andere groep nodig"),
    OpschalingNodig.LATER: later("later kan het wel"),
    OpschalingNodig.MEER_WETEN: later("wil eerst meer weten"),
    OpschalingNodig.KAN_NIET: later("het kan niet"),
    OpschalingNodig.ANDERS: later("iets anders nodig"),
}

OVERBRUGGING = {
    OverbruggingVorm.AMBULANTE_HULP: later("Hulp thuis"),
    OverbruggingVorm.STRIPPENKAART: later("Strippenkaart logeren"),
    OverbruggingVorm.BEDJE_ERBIJ: later("Bedje erbij"),
}

GEDAAN = {
    "vast": later("De plek is vastgehouden."),
    "los": later("De plek is weer vrij."),
    "langer": later("De plek is langer vastgehouden."),
    "verstuurd": later("Het voorstel is verstuurd. De aanbieder heeft bericht gekregen."),
    "klaargezet": later("Het voorstel staat klaar. De aanbieder ziet het pas als u het verstuurt."),
    "ingetrokken": later("Het voorstel is ingetrokken. De plek is weer vrij."),
    "voorstel": later("Dat is vastgelegd bij het voorstel."),
    "aanvraag": later("De aanvraag is bijgewerkt."),
    "opschaling": later("Er is opgeschaald. Het dossier is gemaakt."),
    "gevraagd": later("De vraag is gesteld. Het antwoord komt op deze pagina."),
    "route": later("De route is begonnen."),
}
"""What was just done, by the code in the address."""
