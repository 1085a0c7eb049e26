"""One aanvraag: which kinds of question there are, and a child that fits one."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from msgspec import Struct

from service.demo import names
from service.demo.dice import Dice
from service.demo.draft import Draft
from service.demo.regions import Woonplaats
from service.demo.rows import Aanvraag, AanvraagKenmerk, Organisatie
from service.demo.verwijzers import Verwijzers
from service.instellingen.begin import ZORGVORMEN


class Route(Struct, frozen=True):
    """A kind of question, as often asked: whose, how urgent, and which zorgvormen would do."""

    share: float
    years: tuple[int, int]
    urgentie: str
    zorgvormen: tuple[str, ...]
    stay: int
    """Median expected stay in days."""


ROUTES = (
    Route(0.15, (0, 17), "crisis", ("crisis", "pleegzorg-crisis", "tussenvoorziening"), 28),
    Route(0.13, (0, 13), "spoed", ("pleegzorg-crisis", "pleegzorg-hulpverlening", "gezinshuis", "crisis"), 60),
    Route(
        0.08,
        (10, 17),
        "spoed",
        ("crisis", "kleinschalig-verblijf", "gezinshuis", "tussenvoorziening", "residentieel"),
        75,
    ),
    Route(0.20, (0, 8), "regulier", ("pleegzorg-opvoeding", "pleegzorg-hulpverlening", "gezinshuis"), 700),
    Route(
        0.14,
        (7, 15),
        "regulier",
        ("pleegzorg-opvoeding", "gezinshuis", "pleegzorg-hulpverlening", "gezinsgroep", "kleinschalig-verblijf"),
        500,
    ),
    Route(
        0.09,
        (11, 17),
        "regulier",
        ("kleinschalig-verblijf", "gezinsgroep", "driemilieu", "residentieel", "gezinshuis"),
        330,
    ),
    Route(0.08, (16, 17), "regulier", ("kamertraining", "kleinschalig-verblijf", "gezinshuis"), 300),
    Route(0.04, (8, 17), "regulier", ("lvb-verblijf", "kleinschalig-verblijf", "gezinshuis"), 400),
    Route(0.03, (11, 17), "regulier", ("ggz-verblijf", "driemilieu", "kleinschalig-verblijf"), 180),
    Route(0.05, (4, 14), "regulier", ("pleegzorg-deeltijd", "logeer"), 300),
    Route(0.01, (13, 17), "regulier", ("jeugdzorgplus",), 180),
)

GEZINSVORM = frozenset(code for code, vorm in ZORGVORMEN.items() if vorm.gezinsvorm)

KADERS = {
    "vrijwillig": 0.42,
    "ots": 0.36,
    "vots": 0.07,
    "voogdij": 0.08,
    "voorlopige_voogdij": 0.04,
    "jeugdreclassering": 0.03,
}

SUPPORT = {
    "traumabehandeling": 0.22,
    "hechting": 0.18,
    "dagstructuur": 0.25,
    "begeleid_contact": 0.2,
    "ouderbegeleiding": 0.15,
    "gedragstraining": 0.12,
    "nachttoezicht": 0.1,
    "psychiatrische_behandeling": 0.05,
    "een_op_een": 0.05,
    "taal": 0.04,
}

TRAITS = {
    "zware_gedragsproblemen": 0.09,
    "agressie": 0.07,
    "weglopen": 0.07,
    "zelfbeschadiging": 0.06,
    "middelengebruik": 0.05,
    "seksueel_grensoverschrijdend": 0.03,
    "kwetsbaar_voor_misbruik": 0.05,
    "brandstichting": 0.01,
    "allergie_huisdieren": 0.05,
}
YOUNG_TRAITS = {"zware_gedragsproblemen": 0.05, "agressie": 0.03, "allergie_huisdieren": 0.05}

MEDICAL = {
    "medicatiebeheer": 0.06,
    "epilepsie": 0.015,
    "diabeteszorg": 0.015,
    "sondevoeding": 0.004,
    "nachtelijke_zorg": 0.004,
}

WHERE_NOW = {
    "crisis": {"thuis": 0.5, "netwerk": 0.25, "elders": 0.25},
    "spoed": {"netwerk": 0.4, "crisisplek": 0.25, "thuis": 0.2, "pleeggezin": 0.15},
    "regulier": {
        "thuis": 0.38,
        "netwerk": 0.17,
        "crisisplek": 0.15,
        "pleeggezin": 0.1,
        "overbrugging": 0.1,
        "residentieel": 0.1,
    },
}

GENDERS = {"meisje": 0.475, "jongen": 0.475, "non_binair": 0.02, "anders": 0.01, "onbekend": 0.02}
GROUPS = {"meisje": ["gemengd", "meisjes"], "jongen": ["gemengd", "jongens"]}


class Question(Struct, frozen=True):
    """What brothers and sisters have in common."""

    route: Route
    kader: str
    organisatie: Organisatie
    woonplaats: Woonplaats
    zorgvormen: list[str]
    perspectief: str
    aangemeld: date
    start: date
    uiterlijk: date
    status: str
    peildatum: date


def perspectief_of(dice: Dice, stay: int) -> str:
    """Short stays mostly end at home, long ones do not."""
    home = 0.7 if stay < 120 else 0.4 if stay < 400 else 0.05
    return dice.weighted({"terug_naar_huis": home, "langdurig": 0.85 - home, "onduidelijk": 0.15})


def kader_of(dice: Dice, route: Route) -> str:
    if route.zorgvormen == ("jeugdzorgplus",):
        return "ots"
    kader = dice.weighted(KADERS)
    return kader if route.years[0] >= 12 or kader != "jeugdreclassering" else "ots"


def make_aanvraag(
    draft: Draft, verwijzers: Verwijzers, question: Question, maanden: int, samen: UUID | None = None
) -> Aanvraag:
    """One child; `maanden` is its age on the day of reference of the question. Its kenmerk goes to the rows at once."""
    dice, regio = draft.dice, draft.regio
    route, woonplaats = question.route, question.woonplaats
    geslacht = dice.weighted(GENDERS)
    now = dice.weighted(WHERE_NOW[route.urgentie])
    in_group = not GEZINSVORM.issuperset(question.zorgvormen)
    school = maanden >= 48
    id = dice.id()
    kenmerk = verwijzers.kenmerk(question.aangemeld.year)
    draft.rows.aanvraag_kenmerk.append(AanvraagKenmerk(id, regio.code, question.organisatie.id, kenmerk))
    return Aanvraag(
        id=id,
        regio=regio.code,
        organisatie_id=question.organisatie.id,
        status=question.status,
        samenplaatsing_id=samen,
        urgentie=route.urgentie,
        urgentie_reden=dice.pick(names.URGENT[route.urgentie]) if route.urgentie != "regulier" else None,
        leeftijd_maanden=maanden,
        leeftijd_peildatum=question.peildatum,
        geslacht=geslacht,
        groepssoorten=list(GROUPS.get(geslacht, ["gemengd"])),
        pc4=woonplaats.pc4,
        gemeente_code=woonplaats.gemeente,
        huidig_verblijf=now,
        huidig_verblijf_tot=question.uiterlijk if now not in ("thuis", "elders") and dice.chance(0.5) else None,
        gewenste_start=question.start,
        uiterlijke_datum=question.uiterlijk,
        verwacht_verblijf=min(6570, max(7, dice.days(route.stay, 0.4))),
        perspectief=question.perspectief,
        zorgvormen=list(question.zorgvormen),
        zorgvorm_reden=dice.pick(names.NO_FAMILY) if in_group else None,
        juridisch_kader=question.kader,
        ondersteuning=[] if dice.chance(0.25) else dice.some(SUPPORT),
        kenmerken=dice.some(TRAITS if maanden >= 120 else YOUNG_TRAITS),
        medisch=dice.some(MEDICAL),
        rolstoel=dice.chance(0.015),
        onderwijs=_onderwijs(dice, maanden) if school else None,
        school_pc4=(woonplaats.pc4 if dice.chance(0.5) else dice.pick(regio.woonplaatsen).pc4) if school else None,
        netwerk_pc4=dice.pick(regio.woonplaatsen).pc4 if dice.chance(0.5) else None,
        maximale_reistijd=dice.pick((30, 45, 60)) if dice.chance(0.15) else None,
        eerder_geprobeerd=dice.pick(names.TRIED) if dice.chance(0.6) else None,
        mening_jeugdige=dice.pick(names.VIEWS) if maanden >= 72 else names.TOO_YOUNG,
        praktisch=dice.pick(names.PRACTICAL) if maanden >= 60 and dice.chance(0.4) else None,
        aangemeld_op=dice.moment(question.aangemeld),
    )


def _onderwijs(dice: Dice, maanden: int) -> str:
    if maanden >= 16 * 12:
        return dice.weighted({"mbo": 0.5, "regulier": 0.3, "praktijkonderwijs": 0.1, "speciaal": 0.1})
    return dice.weighted({"regulier": 0.78, "speciaal": 0.2, "op_locatie": 0.02})
