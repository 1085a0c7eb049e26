"""Words for the codes of a file and of ways beside a plek. tests/web/pages/dossier proves that none is missing."""

from __future__ import annotations

from datetime import datetime

from service.cijfers.wachtlijst import Wachtplaats, WachtVanaf
from service.days import AMSTERDAM, today
from service.dutch import full
from service.opschaling import opschalingen, routesoorten
from service.opschaling.opschaaldossier import DossierPoging
from service.opschaling.opschalingen import OpschalingStapSoort, OpschalingTafel, OpschalingUitkomst
from service.opschaling.routedetails import Keuze, NaAchttien, Uitslag
from service.opschaling.routesoorten import RouteSoort, RouteStaat
from service.plaatsing.voorstellen import VoorstelStatus
from service.plaatsing.voorstelstap import Afwijsreden
from service.taal import gettext, later
from service.web.pages.schakel import zinnen

UITKOMST, STAAT = opschalingen.UITKOMST, routesoorten.STAAT

STAP = {
    OpschalingStapSoort.DRAAG_OVER: later("Draag over aan een collega"),
    OpschalingStapSoort.VERLENG: later("Verander de termijn"),
    OpschalingStapSoort.SLUIT: later("Sluit met een uitkomst"),
}

WAAROM_ROUTE = {
    RouteSoort.NETWERKPLAATSING: later("Familie of bekenden vangen het kind op. Een aanbieder onderzoekt dat."),
    RouteSoort.TUSSENVOORZIENING: later("Een plek voor even. Het zoeken gaat door."),
    RouteSoort.OVERBRUGGING: later("Hulp tot er een plek is. Het zoeken gaat door."),
    RouteSoort.MAATWERK: later("Een offerte van een aanbieder zonder contract, in overleg met de gemeente."),
    RouteSoort.PGB: later("Het gezin kiest zelf voor een persoonsgebonden budget."),
    RouteSoort.ANDERE_REGIO: later("Een plek in een andere regio, in overleg met de gemeente."),
    RouteSoort.JEUGDZORGPLUS: later("Gesloten jeugdhulp, via het coördinatiepunt. Plan meteen de plek voor daarna."),
    RouteSoort.ACHTTIEN_PLUS: later("Wonen, inkomen, zorg en een vaste persoon na de achttiende verjaardag."),
}

UITSLAG = {Uitslag.POSITIEF: later("ja"), Uitslag.NEGATIEF: later("nee")}
KEUZE = {Keuze.OUDERS: later("de ouders"), Keuze.JEUGDIGE: later("het kind"), Keuze.SAMEN: later("samen")}
DAARNA = {
    NaAchttien.VERLENGDE_JEUGDHULP: later("Verlengde jeugdhulp"),
    NaAchttien.PLEEGZORG_TOT_21: later("Pleegzorg tot 21 jaar"),
    NaAchttien.WMO: later("Hulp van de gemeente (Wmo)"),
    NaAchttien.WLZ: later("Langdurige zorg (Wlz)"),
    NaAchttien.ZORGVERZEKERING: later("Zorg uit de zorgverzekering"),
    NaAchttien.ZELFSTANDIG: later("Zelfstandig wonen"),
    NaAchttien.NAAR_FAMILIE: later("Naar familie"),
    NaAchttien.ANDERS: later("Iets anders"),
}

WAAR = {
    Wachtplaats.THUIS: later("Thuis of bij familie"),
    Wachtplaats.CRISIS: later("Op een crisisplek"),
    Wachtplaats.OVERBRUGGING: later("Met overbrugging"),
    Wachtplaats.ELDERS: later("Elders"),
}

VANAF = {
    WachtVanaf.AANMELDING: later("de aanmelding"),
    WachtVanaf.GRONDSLAG: later("de grondslag"),
    WachtVanaf.GEWENSTE_START: later("de gewenste start"),
}


def op(now: datetime) -> str:
    """`zondag 22 november 2026, 19:16`: on paper, that is read on another day."""
    return f"{full(today(now))}, {now.astimezone(AMSTERDAM):%H:%M}"


def poging(lijst: str, een: DossierPoging) -> str:
    """One try of the file (its list, as Geprobeerd calls it) and what came of it."""
    if lijst == "voorstellen":
        what, came = een.voorziening or gettext("een plek"), gettext(zinnen.VOORSTEL[VoorstelStatus(een.uitkomst)])
    elif lijst == "besluiten":
        what = een.voorziening or gettext("een plek")
        reden = {*Afwijsreden} & {een.uitkomst}
        came = gettext("de aanbieder zei ja") if een.wat == "geaccepteerd" else gettext("er is nee gezegd")
        came = gettext(zinnen.AFWIJSREDEN[Afwijsreden(een.uitkomst)]).lower() if reden else came
    elif lijst == "routes":
        what = gettext(zinnen.ROUTE[RouteSoort(een.wat)])
        came = gettext(STAAT[RouteStaat(een.uitkomst)]).lower()
    else:
        what = gettext(zinnen.TAFEL[OpschalingTafel(een.wat)])
        ended = een.uitkomst in {*OpschalingUitkomst}
        came = gettext(UITKOMST[OpschalingUitkomst(een.uitkomst)]).lower() if ended else gettext("kijkt nog mee")
    return f"{what}: {came}"
