"""Supply: aanbieders, contracten, locaties, voorzieningen and plekken. What occupies them is in history."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from asyncpg import Range
from msgspec import Struct

from service.demo import names
from service.demo.aanvraag import KADERS
from service.demo.codes import CRISIS_FORMS, VORMEN, Vorm
from service.demo.dice import Dice, apportion
from service.demo.draft import Draft
from service.demo.rows import Aanbieder, Contract, Locatie, LocatieAdres, Plek, Voorziening
from service.instellingen.begin import KENMERKCODES, ZORGVORMEN

PROVIDERS = 64
"""At least this many per region; those for whom no plek is left have a contract only."""

PLEEGZORG_PROVIDERS = 6

REFUSED = {
    "brandstichting": 0.35,
    "seksueel_grensoverschrijdend": 0.3,
    "middelengebruik": 0.2,
    "agressie": 0.15,
    "weglopen": 0.1,
    "zware_gedragsproblemen": 0.08,
    "allergie_huisdieren": 0.08,
}

OFFERED = {
    "dagstructuur": 0.8,
    "ouderbegeleiding": 0.5,
    "begeleid_contact": 0.5,
    "hechting": 0.45,
    "traumabehandeling": 0.4,
    "gedragstraining": 0.4,
    "taal": 0.2,
}
OFFERED_IN_GROUP = {
    "nachttoezicht": 0.8,
    "een_op_een": 0.3,
    "psychiatrische_behandeling": 0.25,
    "verslavingszorg": 0.15,
}

CARE = {"medicatiebeheer": 0.85, "epilepsie": 0.4, "diabeteszorg": 0.4, "sondevoeding": 0.1, "nachtelijke_zorg": 0.05}

ALL_PERSPECTIVES = ["terug_naar_huis", "langdurig", "onduidelijk"]


class Aanbod(Struct):
    """The supply of one region, before anything occupies it."""

    voorzieningen: list[Voorziening]
    plekken: dict[UUID, list[Plek]]
    """By voorziening."""


def add_aanbod(draft: Draft, n: int) -> Aanbod:
    """n plekken with everything they hang on; returns voorzieningen and plekken."""
    dice, rows = draft.dice, draft.rows
    beds = apportion({code: vorm.share for code, vorm in VORMEN.items()}, n)
    units = [(code, size) for code in VORMEN for size in _unit_sizes(dice, VORMEN[code], beds[code])]
    aanbieders = _add_aanbieders(draft, units)
    aanbod = Aanbod([], {})
    offered: dict[UUID, set[str]] = {}
    houses: dict[UUID, list[str]] = {}
    for number, (code, size) in enumerate(units):
        aanbieder = aanbieders[_kind(code)].pop()
        aanbieders[_kind(code)].insert(0, aanbieder)  # round and round
        offered.setdefault(aanbieder.id, set()).add(code)
        free = houses.setdefault(aanbieder.id, list(names.HOUSES))
        naam = (
            f"Pleeggezin P{number + 1:04d}"
            if code.startswith("pleegzorg")
            else free.pop(dice.between(0, len(free) - 1))
        )
        locatie = _add_locatie(draft, aanbieder, code, naam)
        voorziening = _voorziening(dice, aanbieder, locatie, code, number)
        rows.voorziening.append(voorziening)
        aanbod.voorzieningen.append(voorziening)
        plekken = [_plek(dice, voorziening, i, draft.today) for i in range(size)]
        rows.plek += plekken
        aanbod.plekken[voorziening.id] = plekken
    for aanbieder in rows.aanbieder:
        if aanbieder.regio == draft.regio.code:
            codes = offered.get(aanbieder.id) or {dice.pick(("gezinshuis", "kleinschalig-verblijf", "logeer"))}
            for code in sorted(codes):
                _add_contract(draft, aanbieder, code)
    return aanbod


def _unit_sizes(dice: Dice, vorm: Vorm, beds: int) -> list[int]:
    sizes = []
    while beds:
        sizes.append(min(beds, dice.between(*vorm.beds)))
        beds -= sizes[-1]
    return sizes


def _kind(code: str) -> str:
    return "pleegzorg" if code.startswith("pleegzorg") else "gezinshuis" if code == "gezinshuis" else "verblijf"


def _add_aanbieders(draft: Draft, units: list[tuple[str, int]]) -> dict[str, list[Aanbieder]]:
    """Aanbieders by kind: some for foster care, one per gezinshuis, one per one or two groups."""
    dice = draft.dice
    houses = sum(_kind(code) == "gezinshuis" for code, _ in units)
    groups = sum(_kind(code) == "verblijf" for code, _ in units)
    kinds = ["pleegzorg"] * PLEEGZORG_PROVIDERS + ["gezinshuis"] * houses + ["verblijf"] * (groups * 3 // 4 or 1)
    kinds += ["zorggroep"] * max(4, PROVIDERS - len(kinds))
    made: dict[str, list[Aanbieder]] = {}
    for number, (kind, naam) in enumerate(zip(kinds, names.provider_names(dice.rng, kinds), strict=True)):
        aanbieder = Aanbieder(
            dice.id(),
            draft.regio.code,
            naam,
            # No kind of care has 00 as its first two digits, so that this is nobody's AGB-code.
            f"00{number + 1:06d}",
            names.phone(dice.rng),
            kind == "pleegzorg",
            dice.moment(draft.today - timedelta(days=dice.between(800, 1500))),
        )
        draft.rows.aanbieder.append(aanbieder)
        made.setdefault(kind, []).append(aanbieder)
    return made


def _add_contract(draft: Draft, aanbieder: Aanbieder, code: str) -> None:
    """Open house mostly, maatwerk sometimes, none for one in ten; an earlier contract went before it."""
    dice, year = draft.dice, draft.today.year
    soort = dice.weighted({"open_house": 0.72, "maatwerkovereenkomst": 0.18, "": 0.1})
    if not soort:
        return
    begin, turn = date(year - 3, 1, 1), date(year - 1, 1, 1)
    for van, tot in ((begin, turn), (turn, date(year + 2, 1, 1))):
        draft.rows.contract.append(
            Contract(
                dice.id(),
                aanbieder.regio,
                aanbieder.id,
                code,
                soort,
                Range(van, tot),
                dice.between(2, 8) if dice.chance(0.3) else None,
                dice.pick((28, 42, 56)) if dice.chance(0.25) else None,
            )
        )


def _add_locatie(draft: Draft, aanbieder: Aanbieder, code: str, naam: str) -> Locatie:
    """Foster families are confidential; some gezinshuizen and crisis groups are secret."""
    dice, rows, regio = draft.dice, draft.rows, draft.regio
    woonplaats = dice.pick(regio.woonplaatsen)
    postcode = f"{woonplaats.pc4} {dice.pick('ABCDEFGHJKLMNPRSTVWXZ')}{dice.pick('ABCDEFGHJKLMNPRSTVWXZ')}"
    zichtbaarheid = "openbaar"
    if code.startswith("pleegzorg"):
        zichtbaarheid = "vertrouwelijk"
    elif code == "gezinshuis" and dice.chance(0.25):
        zichtbaarheid = dice.pick(("vertrouwelijk", "geheim"))
    elif code == "crisis" and dice.chance(0.25):
        zichtbaarheid = "geheim"
    public = zichtbaarheid == "openbaar"
    locatie = Locatie(
        dice.id(),
        regio.code,
        aanbieder.id,
        naam,
        zichtbaarheid,
        postcode if public else None,
        woonplaats.plaats if public else None,
        woonplaats.gemeente if public else None,
        aanbieder.aangemaakt_op,
    )
    rows.locatie.append(locatie)
    if not public:
        rows.locatie_adres.append(LocatieAdres(locatie.id, regio.code, aanbieder.id, postcode))
    return locatie


def _voorziening(dice: Dice, aanbieder: Aanbieder, locatie: Locatie, code: str, number: int) -> Voorziening:
    vorm = VORMEN[code]
    foster, in_group = code.startswith("pleegzorg"), not ZORGVORMEN[code].gezinsvorm
    naam = f"Profiel {number + 1:04d}" if foster else f"{ZORGVORMEN[code].naam} {locatie.naam}"
    kaders = [kader for kader in KADERS if kader != "jeugdreclassering" or (in_group and dice.chance(0.7))]
    if dice.chance(0.08):
        kaders = ["vrijwillig", "ots"]
    crisis = code in CRISIS_FORMS
    return Voorziening(
        id=dice.id(),
        regio=aanbieder.regio,
        aanbieder_id=aanbieder.id,
        locatie_id=locatie.id,
        naam=naam,
        zorgvorm=code,
        leeftijd_van=dice.between(*vorm.van) * 12,
        leeftijd_tot=dice.between(*vorm.tot) * 12 + 11,
        groepssoort=dice.weighted({"gemengd": 0.88, "meisjes": 0.06, "jongens": 0.06}),
        juridische_kaders=["ots", "voogdij", "jeugdreclassering"] if code == "jeugdzorgplus" else kaders,
        gesloten=code == "jeugdzorgplus",
        ondersteuning=dice.some(OFFERED) + (dice.some(OFFERED_IN_GROUP) if in_group else []),
        contra_indicaties=dice.some(REFUSED),
        medisch=dice.some(CARE),
        rolstoeltoegankelijk=dice.chance(0.15),
        onderwijs=[
            c for c in KENMERKCODES["onderwijs"] if c != "op_locatie" or code in ("driemilieu", "jeugdzorgplus")
        ],
        perspectieven=_perspectives(dice, code),
        maximaal_verblijf=84 if crisis else 180 if code == "tussenvoorziening" else None,
        opname_vanaf=None,
        leeftijdsverschil_max=dice.pick((72, 96)) if in_group and dice.chance(0.15) else None,
        groepsmix={"zware_gedragsproblemen": 2, "weglopen": 2} if in_group and dice.chance(0.6) else {},
        bellen_naam=dice.pick(names.CALL_AT).capitalize() if crisis or dice.chance(0.3) else None,
        bellen_telefoon=names.phone(dice.rng) if crisis or dice.chance(0.3) else None,
        aangemaakt_op=aanbieder.aangemaakt_op,
    )


def _perspectives(dice: Dice, code: str) -> list[str]:
    if code == "pleegzorg-opvoeding":
        return ["langdurig", "onduidelijk"]
    if code == "pleegzorg-hulpverlening" and dice.chance(0.6):
        return ["terug_naar_huis", "onduidelijk"]
    if code == "gezinshuis" and dice.chance(0.4):
        return ["langdurig", "onduidelijk"]
    return list(ALL_PERSPECTIVES)


def _plek(dice: Dice, voorziening: Voorziening, i: int, today: date) -> Plek:
    since = today - timedelta(days=dice.between(60, 700) if dice.chance(0.1) else 2500)
    return Plek(
        dice.id(),
        voorziening.regio,
        voorziening.aanbieder_id,
        voorziening.id,
        f"Plek {i + 1}",
        "bemenst",
        Range(since, None),
        None,
        dice.moment(since),
    )
