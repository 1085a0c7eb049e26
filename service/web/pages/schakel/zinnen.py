"""What stands in the code of a status, a step or a gebeurtenis, as the loket reads it. tests/web/pages/schakel proves
that none is missing."""

from __future__ import annotations

from datetime import date, datetime

from service.aanvraag.gebeurtenissen import AanvraagStatus as S
from service.aanvraag.gebeurtenissen import GebeurtenisSoort as G
from service.aanvraag.werkblad import Beurt, Rij, Vandaag, Volgorde
from service.days import today
from service.dutch import days
from service.taal import gettext, later, ngettext

STATUS = {
    S.INGEDIEND: later("nieuw"),
    S.IN_BEHANDELING: later("in behandeling"),
    S.OPTIE: later("plek vastgehouden"),
    S.VOORSTEL: later("voorgesteld"),
    S.AKKOORD: later("aanbieder zegt ja"),
    S.TOESTEMMING: later("toestemming gegeven"),
    S.KENNISMAKING: later("kennismaking"),
    S.DEFINITIEF: later("definitief"),
    S.GEPLAATST: later("geplaatst"),
    S.BEEINDIGD: later("beëindigd"),
    S.AFGEWEZEN: later("afgewezen"),
    S.INGETROKKEN: later("ingetrokken"),
    S.OPGESCHAALD: later("opgeschaald"),
}

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


def stap(rij: Rij) -> str:
    """What has to be done now."""
    if rij.beurt is Beurt.LOKET and rij.status in LOKET_STAP:
        return gettext(LOKET_STAP[rij.status])
    return gettext(STAP[rij.status])


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
