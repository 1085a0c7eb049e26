"""What codes and numbers of a plan mean, in plain Dutch sentences."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from matcher.check import Breach
from matcher.solution import Rule
from service.dutch import count, listing, moment
from service.plan.plannen import Botsing, PlanLimiet, PlanStatus, Stand, Vrijhouden
from service.plan.planniveaus import niveaus, number, verliezen
from service.rang import catalogue
from service.rang.vraag import WRONG

LIMIETEN = {
    PlanLimiet.GEEN: "Een beter plan is er niet: dat is bewezen.",
    PlanLimiet.TIJD: "De tijd was op.",
    PlanLimiet.GESTOPT: "Iemand heeft het zoeken gestopt.",
    PlanLimiet.INSPANNING: "Alles wat kon worden geprobeerd, is geprobeerd.",
}

WAAROM_NIET = {
    "geen_plek_past": "Geen enkele vrije plek past bij deze aanvraag. Bij de aanvraag staat per plek waarom niet.",
    "vol": "Er passen plekken, maar die zijn in dit plan voor anderen die voorgaan of daar beter passen.",
    "samen_past_niet": "Nergens is een vrije plek voor alle broers en zussen samen, en splitsen mag niet.",
    "samen_vol": "Voor alle broers en zussen samen is in dit plan geen ruimte, en splitsen mag niet.",
    "vast_kan_niet": "Deze aanvraag staat vast op een plek die niet kan.",
    "tijd": "De tijd was op voordat duidelijk was of dit kind bij de anderen in de groep past.",
    "plek_weg": "De plek is er niet meer, of is niet meer voor uw regio.",
    **{code: zin.replace("{aantal} open", "te veel open") for code, zin in WRONG.items()},
}

BOTSINGEN = {
    Breach.PAAR: "deze combinatie is verboden",
    Breach.CAPACITEIT: "er zijn daar minder plekken vrij dan er aanvragen vaststaan",
    Breach.CRISISPLEK: "de plekken die daar nog vrij zijn, zijn voor crisis",
    Breach.RUIMTE: "de voorziening heeft geen ruimte voor zoveel kinderen",
    Breach.GROEPSMIX: "deze kinderen passen niet samen in één groep",
    Breach.SAMEN: "broers en zussen zouden worden gesplitst, en dat mag niet",
    Breach.VAST: "wat er verder vaststaat, zit in de weg",
}


def uitleg(stand: Stand, vandaag: date) -> str:
    """How a plan stands."""
    nobody = "Er draait nu geen `loket worker`, en die maakt de plannen. Vraag de beheerder om hem te starten."
    match stand.status:
        case PlanStatus.WACHT:
            since = f"Wacht sinds {moment(stand.aangemaakt_op, vandaag)}."
            return f"{since} {'Het plan wordt zo gemaakt.' if stand.werker else nobody}"
        case PlanStatus.BEZIG:
            if not stand.werker:
                return f"Het maken is afgebroken en begint vanzelf opnieuw. {nobody}"
            return f"Wordt gemaakt sinds {moment(stand.gestart_op or stand.aangemaakt_op, vandaag)}."
        case PlanStatus.MISLUKT:
            return f"Dit plan kon niet worden gemaakt. {stand.fout}"
        case PlanStatus.GESTOPT if stand.klaar_op is None:
            stopping = "Het zoeken wordt gestopt."
            return f"{stopping} {'Wat tot dan is gevonden, staat hier zo.' if stand.werker else nobody}"
    if stand.limiet is None:
        return "Gestopt voordat er iets was gevonden."
    said = [f"Klaar: {stand.geplaatst} van de {count(stand.aanvragen or 0, 'aanvraag', 'aanvragen')} met een plek."]
    if stand.conflicten:
        said.append("Let op: niet alles wat vaststaat, kan. Kies daarvoor iets anders en maak een nieuw plan.")
    said.append(LIMIETEN[stand.limiet])
    open_ = next((one for one in niveaus(stand.niveaus) if not one.bewezen), None)
    if open_ is not None:
        how = f"hooguit {number(abs(open_.grens - open_.beste))}"
        said.append(f"Dit is het beste plan dat is gevonden. Beter kan nog met {how} bij: {_lower(open_.naam)}.")
    return " ".join(said)


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def conflict(found: Botsing, namen: dict[UUID, str]) -> str:
    """One thing that was fixed and cannot be."""
    who = "Deze aanvraag staat" if len(found.aanvragen) == 1 else f"Deze {len(found.aanvragen)} aanvragen staan"
    where = f" bij {namen[found.voorziening]}" if found.voorziening in namen else ""
    return f"{who} vast{where}, maar dat kan niet: {listing([_in_the_way(code) for code in found.regels])}."


def _in_the_way(code: str) -> str:
    if code in BOTSINGEN:
        return BOTSINGEN[Breach(code)]
    if code in set(Rule):
        return f"het past niet bij de regel ‘{catalogue.RULES[Rule(code)]}’"
    return "de plek is er niet meer" if code == "plek_weg" else "voor deze aanvraag kan nergens een plek worden gezocht"


def vrijhouden(found: Vrijhouden, waar: str, names: catalogue.Names) -> str:
    """`Laat deze plek liever vrij: …`; `waar` is the name of the place."""
    name = catalogue.name(names, found.soort, found.code)
    who = {
        "samen": f"voor {found.code} broers en zussen samen",
        "zorgvorm": f"voor wie alleen deze zorgvorm vraagt: {name}",
        "kenmerk": f"voor een kind met: {name}",
        "medisch": f"met deze zorg: {name}",
        "rolstoel": "voor een kind met een rolstoel",
    }[found.soort]
    few = "het is de enige" if not found.anderen else f"er {_are(found.anderen)}"
    lost = " ".join(one.zin for one in verliezen(found.kosten) or [])
    cost = f"Wat dat het plan kost: {_lower(lost)}" if lost else "Dat kost het plan niets."
    return f"Laat {waar} liever vrij: {few} {who}. {cost}"


def _are(others: int) -> str:
    return "is maar één andere" if others == 1 else f"zijn maar {others} andere"
