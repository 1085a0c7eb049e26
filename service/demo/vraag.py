"""Demand: open aanvragen with their papers, one by one or as a samenplaatsing.

Shares that are asked (issue 2): 20 % of the children in samenplaatsingen of 2 to 4, 30 % of those with leave to split.
"""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from asyncpg import Range
from msgspec import Struct

from service.demo import names
from service.demo.codes import VORMEN
from service.demo.dice import Dice, apportion
from service.demo.draft import Draft
from service.demo.regions import Woonplaats
from service.demo.rows import (
    Aanvraag,
    Grondslag,
    Machtiging,
    Organisatie,
    Samenplaatsing,
    Toestemming,
    Uitsluiting,
    Voorziening,
)

TOGETHER = 0.20
SPLIT_LEAVE = 0.30

SPOED_DAYS = 7
REGULIER_DAYS = 70
"""No open aanvraag may wait longer from today than this: the terms within which a bed is free in time (scarcity)."""


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

GEZINSVORM = frozenset(code for code, vorm in VORMEN.items() if vorm.gezinsvorm)

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


class Verwijzers(Struct):
    """Organisations that file aanvragen, and the number of the last kenmerk."""

    gi: list[Organisatie]
    gemeente: dict[str, Organisatie]
    veilig_thuis: Organisatie
    last: int = 0

    def of(self, dice: Dice, kader: str, urgentie: str, gemeente: str) -> Organisatie:
        """Who files: the gemeente without a court, the GI with one, Veilig Thuis in part of the crises."""
        if urgentie == "crisis" and dice.chance(0.3):
            return self.veilig_thuis
        return self.gemeente[gemeente] if kader == "vrijwillig" else dice.pick(self.gi)

    def kenmerk(self, year: int) -> str:
        self.last += 1
        return f"{year % 100:02d}-{self.last:05d}"


def make_verwijzers(draft: Draft) -> Verwijzers:
    """The organisations of a region that file aanvragen, and the loket itself."""
    dice, rows, regio = draft.dice, draft.rows, draft.regio
    since = dice.moment(draft.today - timedelta(days=1000))

    def organisatie(soort: str, naam: str) -> Organisatie:
        row = Organisatie(dice.id(), regio.code, soort, naam, since)
        rows.organisatie.append(row)
        return row

    organisatie("loket", f"Loket {regio.naam}")
    return Verwijzers(
        [organisatie("gi", naam) for naam in names.GI_NAMES],
        {code: organisatie("gemeente", f"Toegang Jeugd {naam}") for code, naam in regio.gemeenten},
        organisatie("veilig_thuis", f"Veilig Thuis {regio.naam}"),
    )


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
    """One child; `maanden` is its age on the day of reference of the question."""
    dice, regio = draft.dice, draft.regio
    route, woonplaats = question.route, question.woonplaats
    geslacht = dice.weighted(GENDERS)
    now = dice.weighted(WHERE_NOW[route.urgentie])
    in_group = not GEZINSVORM.issuperset(question.zorgvormen)
    school = maanden >= 48
    return Aanvraag(
        id=dice.id(),
        regio=regio.code,
        organisatie_id=question.organisatie.id,
        kenmerk=verwijzers.kenmerk(question.aangemeld.year),
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


def add_papers(draft: Draft, a: Aanvraag, *, granted: bool) -> None:
    """Grondslag, machtiging and toestemming, with dates after the aanmelding."""
    dice, rows = draft.dice, draft.rows
    day = a.aangemeld_op.date()
    soort = "besluit_gemeente" if a.juridisch_kader == "vrijwillig" else "uitspraak_rechter"
    if a.urgentie == "crisis" and a.juridisch_kader == "vrijwillig":
        soort = "spoedinzet_veilig_thuis"
    elif a.juridisch_kader in ("voogdij", "jeugdreclassering"):
        soort = "bepaling_gi"
    geldig_tot = max(a.uiterlijke_datum, day) + timedelta(days=365)
    rows.grondslag.append(
        Grondslag(
            dice.id(),
            a.regio,
            a.id,
            soort,
            "verleend" if granted else "aangevraagd",
            day,
            geldig_tot if granted else None,
        )
    )
    if granted and a.juridisch_kader in ("ots", "vots", "voorlopige_voogdij"):
        closed = a.zorgvormen == ["jeugdzorgplus"]
        named = list(a.zorgvormen)
        if len(named) > 2 and dice.chance(0.12):  # a court that names less than what is asked
            named = named[:-1]
        kind = "gesloten" if closed else "spoed" if a.urgentie == "crisis" else "open"
        rows.machtiging.append(
            Machtiging(
                dice.id(), a.regio, a.id, kind, named, Range(day, geldig_tot), day if a.status == "geplaatst" else None
            )
        )
    add_toestemming(draft, a, day)


def add_toestemming(draft: Draft, a: Aanvraag, day: date) -> None:
    """Of ouders with gezag unless a court or guardian decides; from 12 on the jeugdige too, from 16 on alone."""
    dice = draft.dice

    def add(persoon: str, status: str, reden: str | None = None) -> None:
        draft.rows.toestemming.append(Toestemming(dice.id(), a.regio, a.id, persoon, status, reden, day))

    asked = {"gegeven": 0.8, "gevraagd": 0.17, "geweigerd": 0.03} if a.status != "geplaatst" else {"gegeven": 1.0}
    if a.juridisch_kader in ("voogdij", "voorlopige_voogdij"):
        add("voogd", "niet_vereist", names.CONSENT_NOT_NEEDED["voogd"])
    elif a.juridisch_kader in ("ots", "vots"):
        add("ouder_1", "niet_vereist", names.CONSENT_NOT_NEEDED["ouder"])
    elif a.leeftijd_maanden < 16 * 12:
        add("ouder_1", dice.weighted(asked))
        if dice.chance(0.5):
            add("ouder_2", dice.weighted(asked))
    if a.leeftijd_maanden >= 12 * 12:
        add("jeugdige", dice.weighted(asked))


def family_sizes(dice: Dice, n: int) -> list[int]:
    """How many children each question is for, adding up to n, with TOGETHER of them in groups of 2 to 4."""
    left, groups = round(n * TOGETHER), []
    while left >= 2:
        size = min(dice.weighted({2: 0.6, 3: 0.28, 4: 0.12}), left)
        if left - size == 1:  # nobody is a group alone
            size = size + 1 if size < 4 else size - 1
        groups.append(size)
        left -= size
    sizes = groups + [1] * (n - sum(groups))
    dice.rng.shuffle(sizes)
    return sizes


def _routes(dice: Dice, sizes: list[int]) -> list[Route]:
    """A route per question, so that children are spread over the routes by their shares; families on family routes."""
    left = apportion({route: route.share for route in ROUTES}, sum(sizes))
    chosen: list[Route | None] = [None] * len(sizes)
    for i in sorted(range(len(sizes)), key=lambda i: -sizes[i]):  # the largest first, while there is room
        fits = {
            route: float(n)
            for route, n in left.items()
            if n >= sizes[i] and (sizes[i] == 1 or len(GEZINSVORM.intersection(route.zorgvormen)) >= 2)
        }
        route = dice.weighted(fits)
        chosen[i] = route
        left[route] -= sizes[i]
    return [route for route in chosen if route is not None]


def may_split(dice: Dice, sizes: list[int]) -> list[bool]:
    """Which groups have leave, so that the share of children with it comes as near to SPLIT_LEAVE as groups allow."""
    want = sum(size for size in sizes if size > 1) * SPLIT_LEAVE
    given, order = 0, [i for i, size in enumerate(sizes) if size > 1]
    leave = [False] * len(sizes)
    dice.rng.shuffle(order)
    for i in order:
        if abs(given + sizes[i] - want) < abs(given - want):
            leave[i] = True
            given += sizes[i]
    return leave


def open_question(draft: Draft, verwijzers: Verwijzers, route: Route) -> Question:
    """A question that is open today: filed before today, and its last day not yet past."""
    dice, today = draft.dice, draft.today
    if route.urgentie == "crisis":
        aangemeld = today - timedelta(days=1)
        start, uiterlijk = today, today + timedelta(days=dice.between(1, 3))
    elif route.urgentie == "spoed":
        aangemeld = today - timedelta(days=dice.between(1, 6))
        start = aangemeld + timedelta(days=dice.between(1, 3))
        uiterlijk = today + timedelta(days=dice.between(3, SPOED_DAYS))
    else:
        aangemeld = today - timedelta(days=min(300, dice.days(35, 0.9)))
        start = max(aangemeld + timedelta(days=dice.between(7, 60)), today - timedelta(days=60))
        start = min(start, today + timedelta(days=REGULIER_DAYS - 21))
        uiterlijk = min(max(start, today) + timedelta(days=dice.between(21, 60)), today + timedelta(days=REGULIER_DAYS))
    woonplaats, kader = dice.pick(draft.regio.woonplaatsen), kader_of(dice, route)
    zorgvormen = [code for i, code in enumerate(route.zorgvormen) if i < 2 or not dice.chance(0.12)]
    return Question(
        route,
        kader,
        verwijzers.of(dice, kader, route.urgentie, woonplaats.gemeente),
        woonplaats,
        zorgvormen,
        perspectief_of(dice, route.stay),
        aangemeld,
        start,
        uiterlijk,
        dice.weighted({"ingediend": 0.3, "in_behandeling": 0.62, "opgeschaald": 0.08}),
        today,
    )


def add_open(draft: Draft, verwijzers: Verwijzers, n: int) -> list[Aanvraag]:
    """n open aanvragen; returns them."""
    dice, rows, regio = draft.dice, draft.rows, draft.regio
    made: list[Aanvraag] = []
    sizes = family_sizes(dice, n)
    routes = _routes(dice, sizes)
    for size, leave, route in zip(sizes, may_split(dice, sizes), routes, strict=True):
        question = open_question(draft, verwijzers, route)
        samen = dice.id() if size > 1 else None
        if samen is not None:
            reden = dice.pick(names.SPLIT) if leave else None
            rows.samenplaatsing.append(
                Samenplaatsing(
                    samen, regio.code, question.organisatie.id, leave, reden, dice.moment(question.aangemeld)
                )
            )
        oldest = dice.between(max(route.years[0] * 12, (size - 1) * 16), route.years[1] * 12 + 11)
        granted = dice.chance(0.85)
        for _ in range(size):
            a = make_aanvraag(draft, verwijzers, question, oldest, samen)
            add_papers(draft, a, granted=granted)
            made.append(a)
            oldest = max(0, oldest - dice.between(12, 30))
    rows.aanvraag += made
    return made


def add_uitsluitingen(draft: Draft, aanvragen: list[Aanvraag], voorzieningen: list[Voorziening]) -> None:
    """Safety: of some children a place, a provider or surroundings where they must not be."""
    dice = draft.dice
    for a in aanvragen:
        if not dice.chance(0.08):
            continue
        soort = dice.weighted({"gebied": 0.6, "aanbieder": 0.2, "voorziening": 0.2})
        row = Uitsluiting(dice.id(), a.regio, a.id, soort)
        if soort == "gebied":
            row.pc4, row.straal_km = a.pc4, float(dice.pick((3, 5, 8)))
        elif soort == "aanbieder":
            row.aanbieder_id = dice.pick(voorzieningen).aanbieder_id
        else:
            row.voorziening_id = dice.pick(voorzieningen).id
        draft.rows.uitsluiting.append(row)
