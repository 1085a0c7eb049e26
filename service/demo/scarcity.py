"""How scarce beds are: which plekken are free in time, and how many children each of them fits.

Beds per child = plekken that are free in time ÷ open aanvragen (each is one child). A plek is free in time when
it exists, is staffed (bemenst or in_overleg) and on some day within its term from today nothing takes it: no
plaatsing, stop or optie. The term is that of those who ask for it: SPOED_DAYS (a week) for crisis
places, REGULIER_DAYS (ten weeks) for all others.

A bed fits a child when no hard rule of the matcher holds against it, brothers and sisters aside. The generator
steers the rules of the admission profile (zorgvorm, machtiging, age, kind of group, juridisch kader,
contra-indications, medical care, wheelchair) and of the day (free before uiterlijke_datum); safety, group mix and a
limit on travel time come on top for a few. Only children of the bed's own region are counted. It is a *narrow* bed
when it fits fewer than 5 % of them.

* ruim: every plek is free in time, so 6.7 beds per child at 400 plekken and 60 aanvragen (40,000 and 6,000).
* krap: 1.1 beds per child are free in time, and a third of those are narrow.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from math import ceil
from typing import Any
from uuid import UUID

from msgspec import Struct

from service.demo.aanbod import Aanbod
from service.demo.aanvraag import KADERS
from service.demo.codes import CRISIS_FORMS, NOT_RANKED, VORMEN
from service.demo.dice import Dice, apportion
from service.demo.rows import Aanvraag, Machtiging, Voorziening
from service.demo.vraag import REGULIER_DAYS, SPOED_DAYS

KRAP_BEDS = 1.1
NARROW_SHARE = 1 / 3
NARROW_FIT = 0.05
MARGIN = 1.6
"""A bed that must not be narrow fits this many times more children by its profile, for the rules on top of that."""


class Scarcity(StrEnum):
    RUIM = "ruim"
    KRAP = "krap"


class State(StrEnum):
    """How a plek stands today."""

    VRIJ = "vrij"
    BEZET = "bezet"
    STOP = "stop"
    ONBEMENST = "onbemenst"
    """Empty, but nobody to staff it."""


class Stand(Struct, frozen=True):
    state: State
    days: int = 0
    """Of bezet and stop: days from today until the expected end."""
    in_overleg: bool = False


def term(zorgvorm: str) -> int:
    """Days within which a bed must be free to count."""
    return SPOED_DAYS if zorgvorm in CRISIS_FORMS else REGULIER_DAYS


class Children:
    """The open aanvragen of a region, to count whom a bed fits."""

    def __init__(self, aanvragen: list[Aanvraag], machtigingen: Iterable[Machtiging]) -> None:
        self.aanvragen = aanvragen
        self.allowed = {m.aanvraag_id: set(m.zorgvormen) for m in machtigingen}
        self.fewer_than = ceil(len(aanvragen) * NARROW_FIT)
        """A bed that fits fewer children than this is narrow."""
        self.enough = ceil(self.fewer_than * MARGIN)

    def fitting(self, v: Voorziening) -> list[Aanvraag]:
        """Those whom the profile lets in, whatever the day."""
        kaders, refused, medical = set(v.juridische_kaders), set(v.contra_indicaties), set(v.medisch)
        return [
            a
            for a in self.aanvragen
            if v.zorgvorm in a.zorgvormen
            and v.leeftijd_van <= a.leeftijd_maanden
            and a.leeftijd_maanden <= v.leeftijd_tot
            and a.juridisch_kader in kaders
            and v.groepssoort in a.groepssoorten
            and v.zorgvorm in self.allowed.get(a.id, (v.zorgvorm,))
            and refused.isdisjoint(a.kenmerken)
            and medical.issuperset(a.medisch)
            and (v.rolstoeltoegankelijk or not a.rolstoel)
        ]

    def last_day(self, v: Voorziening) -> date:
        """A bed that comes free on or before this day fits enough children not to be narrow."""
        days = sorted((a.uiterlijke_datum for a in self.fitting(v)), reverse=True)
        return days[self.enough - 1]


def assign(dice: Dice, aanbod: Aanbod, children: Children, scarcity: Scarcity, today: date) -> dict[UUID, Stand]:
    """How each plek stands today. Widens or narrows profiles of voorzieningen with a bed that counts (krap)."""
    if scarcity is Scarcity.RUIM:
        return {
            plek.id: _in_time(dice, term(v.zorgvorm)) for v in aanbod.voorzieningen for plek in aanbod.plekken[v.id]
        }
    want = round(len(children.aanvragen) * KRAP_BEDS)
    narrow = round(want * NARROW_SHARE)
    stands: dict[UUID, Stand] = {}
    order = list(aanbod.voorzieningen)
    dice.rng.shuffle(order)
    quota = _by_demand(children, want - narrow)
    anything = dict.fromkeys(VORMEN, want)
    for most in (quota, anything):  # as often as asked for, then wherever there is room
        for v in order:
            left = min(most[v.zorgvorm], want - narrow - len(stands))
            if left > 0 and aanbod.plekken[v.id][0].id not in stands and widen(v, children):
                latest = min(term(v.zorgvorm), (children.last_day(v) - today).days)
                beds = aanbod.plekken[v.id][: min(left, dice.weighted({1: 0.7, 2: 0.22, 3: 0.08}))]
                stands |= {plek.id: _in_time(dice, latest) for plek in beds}
                most[v.zorgvorm] -= len(beds)
    if len(stands) < want - narrow:
        raise ValueError("too few voorzieningen that fit enough children: ask for more plekken")
    for v in order:
        spare = v.zorgvorm != NOT_RANKED and aanbod.plekken[v.id][0].id not in stands
        if len(stands) < want and spare and make_narrow(dice, v, children):
            for plek in aanbod.plekken[v.id][: min(want - len(stands), 2)]:
                stands[plek.id] = _in_time(dice, term(v.zorgvorm))
    for v in aanbod.voorzieningen:
        for plek in aanbod.plekken[v.id]:
            if plek.id not in stands:
                stands[plek.id] = _too_late(dice, v.zorgvorm)
    return stands


def _in_time(dice: Dice, latest: int) -> Stand:
    """Free today, or not later than `latest` days from today; rather sooner than later."""
    overleg = dice.chance(0.07)
    if latest < 1 or dice.chance(0.45):
        return Stand(State.VRIJ, in_overleg=overleg)
    return Stand(State.STOP if dice.chance(0.04) else State.BEZET, 1 + int(dice.rng.random() ** 1.5 * latest), overleg)


def _too_late(dice: Dice, zorgvorm: str) -> Stand:
    after = term(zorgvorm) + 1
    state = dice.weighted({State.BEZET: 0.94, State.STOP: 0.03, State.ONBEMENST: 0.03})
    if zorgvorm in CRISIS_FORMS:
        return Stand(state, after + dice.between(0, 45))
    return Stand(state, after + dice.days(VORMEN[zorgvorm].stay / 2))


def _by_demand(children: Children, beds: int) -> dict[str, int]:
    """How many of the beds each zorgvorm gets: as often as it is asked for."""
    asked = {code: sum(code in a.zorgvormen for a in children.aanvragen) for code in VORMEN if code != NOT_RANKED}
    total = sum(asked.values())
    return {NOT_RANKED: 0} | apportion({code: n / total for code, n in asked.items()}, beds)


def widen(v: Voorziening, children: Children) -> bool:
    """Opens the profile step by step until it fits enough children; False when even open it does not."""
    if v.zorgvorm == NOT_RANKED:
        return False
    vorm = VORMEN[v.zorgvorm]
    steps: tuple[dict[str, Any], ...] = (
        {"leeftijdsverschil_max": None},
        {"juridische_kaders": list(KADERS), "contra_indicaties": v.contra_indicaties[:1]},
        {"groepssoort": "gemengd"},
        {"leeftijd_van": vorm.van[0] * 12, "leeftijd_tot": vorm.tot[1] * 12 + 11},
    )
    before = {name: getattr(v, name) for step in steps for name in step}
    for step in steps:
        for name, value in step.items():
            setattr(v, name, value)
        if len(children.fitting(v)) >= children.enough:
            return True
    for name, value in before.items():
        setattr(v, name, value)
    return False


def make_narrow(dice: Dice, v: Voorziening, children: Children) -> bool:
    """Closes the profile (ages, then groups and kaders) until it fits too few, but somebody if it can be."""
    van, tot = v.leeftijd_van, v.leeftijd_tot
    for years in (3, 2, 1):
        if len(children.fitting(v)) < children.fewer_than:
            break
        v.leeftijd_van = van + 12 * dice.between(0, max(0, (tot - van) // 12 - years))
        v.leeftijd_tot = min(tot, v.leeftijd_van + 12 * years - 1)
    if len(children.fitting(v)) >= children.fewer_than:
        v.groepssoort = dice.pick(("meisjes", "jongens"))
    if len(children.fitting(v)) >= children.fewer_than:
        v.juridische_kaders = ["voogdij"]
    return len(children.fitting(v)) < children.fewer_than
