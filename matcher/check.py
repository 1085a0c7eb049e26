"""The joint plan's specification, written without a solver and without columns: what a plan may not do, and its worth.

A plan is one slot per request, or NOBODY. Every plan in every test passes through here, and `plan` itself asks here
before it answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from matcher.pairs import CRISIS, NOBODY, REGULIER, SPOED, Pairs


class Breach(StrEnum):
    """The rules of a plan."""

    PAAR = "paar"
    """The pair is not allowed: not given, or forbidden."""
    CAPACITEIT = "capaciteit"
    """More children than beds; a bed held by an optie counts only for its holder."""
    CRISISPLEK = "crisisplek"
    """More children who are not in crisis than beds that are not kept for crisis."""
    RUIMTE = "ruimte"
    """More children than the voorziening can take."""
    GROEPSMIX = "groepsmix"
    SAMEN = "samen"
    """Without leave to split, a samenplaatsing is at one locatie as a whole, or not placed."""
    VAST = "vast"
    """A pair that was fixed is not made."""


class Violation(Struct, frozen=True, order=True):
    rule: Breach
    requests: tuple[int, ...]
    where: int
    """The slot (paar, capaciteit, crisisplek, vast), voorziening (ruimte, groepsmix) or samenplaatsing (samen)."""


class Tier(StrEnum):
    """What a plan is worth, the first first: a tier counts only among plans that are equal in all before it."""

    VAST = "vast"
    """Fixed pairs made; fewer than there are means that they cannot be made together."""
    CRISIS = "crisis"
    """Children in crisis placed; a pair is only given when it is in time."""
    SPOED = "spoed"
    REGULIER = "regulier"
    WACHTDAGEN = "wachtdagen"
    """Days waited by those who are placed, together: the fairness rule (see plan.py)."""
    GESPLITST = "gesplitst"
    """Samenplaatsingen of which some are placed but not all at one locatie: as few as possible."""
    LOCATIE = "locatie"
    """Samenplaatsingen that are whole at one locatie, but not in one voorziening: as few as possible."""
    SCORE = "score"
    """Points of the pairs."""
    BEHOUDEN = "behouden"
    """Children who are where the previous plan had them."""


PLACED = {CRISIS: Tier.CRISIS, SPOED: Tier.SPOED, REGULIER: Tier.REGULIER}
"""Per urgentie the tier that counts who is placed."""

URGENTIE = {tier: urgentie for urgentie, tier in PLACED.items()}

Loss = dict[Tier, int]
"""What a plan is worth less than another, per tier: the first that is not 0 decides, and less than 0 is a gain."""


def violations(problem: Pairs, plan: Iterable[int]) -> list[Violation]:
    """What the plan does that it may not, in order; empty for a plan that is allowed. ValueError for no plan at all."""
    slots = _plan(problem, plan)
    placed = {who: slot for who, slot in enumerate(slots) if slot != NOBODY}
    urgentie, unit_of = problem.urgentie.tolist(), problem.voorziening.tolist()
    held = set(map(tuple, problem.opties.tolist()))
    found = [
        Violation(Breach.PAAR, (who,), slot) for who, slot in placed.items() if _points(problem, who, slot) is None
    ]
    per_slot: dict[int, list[int]] = {}
    per_unit: dict[int, list[int]] = {}
    for who, slot in placed.items():
        per_slot.setdefault(slot, []).append(who)
        per_unit.setdefault(unit_of[slot], []).append(who)
    opties = Counter(slot for _, slot in held)
    for slot, there in per_slot.items():
        others = [who for who in there if (who, slot) not in held]
        open_beds = int(problem.capaciteit[slot]) - opties[slot]
        if len(others) > open_beds:
            found.append(Violation(Breach.CAPACITEIT, tuple(there), slot))
        calm = [who for who in others if urgentie[who] != CRISIS]
        if problem.voor_crisis[slot] and len(calm) > open_beds - int(problem.voor_crisis[slot]):
            found.append(Violation(Breach.CRISISPLEK, tuple(calm), slot))
    for unit, there in per_unit.items():
        if len(there) > int(problem.ruimte[unit]):
            found.append(Violation(Breach.RUIMTE, tuple(there), unit))
    for mix in problem.mix:
        there = [who for who in per_unit.get(mix.voorziening, ()) if who in mix.requests]
        if len(there) > mix.room:
            found.append(Violation(Breach.GROEPSMIX, tuple(there), mix.voorziening))
    for group, members in enumerate(_groups(problem)):
        if not problem.splitsbaar[group] and _apart(problem, slots, members):
            found.append(Violation(Breach.SAMEN, members, group))
    found += [Violation(Breach.VAST, (who,), slot) for who, slot in problem.vast.tolist() if slots[who] != slot]
    return sorted(found)


def value(problem: Pairs, plan: Iterable[int]) -> dict[Tier, int]:
    """The worth of a plan per tier, in the order that counts; more is better, so what should be few is negative."""
    slots = _plan(problem, plan)
    placed = {who: slot for who, slot in enumerate(slots) if slot != NOBODY}
    per_urgentie = Counter(int(problem.urgentie[who]) for who in placed)
    groups = _groups(problem)
    return {
        Tier.VAST: sum(slots[who] == slot for who, slot in problem.vast.tolist()),
        Tier.CRISIS: per_urgentie[CRISIS],
        Tier.SPOED: per_urgentie[SPOED],
        Tier.REGULIER: per_urgentie[REGULIER],
        Tier.WACHTDAGEN: sum(int(problem.wachtdagen[who]) for who in placed),
        Tier.GESPLITST: -sum(_apart(problem, slots, members) for members in groups),
        Tier.LOCATIE: -sum(_over_units(problem, slots, members) for members in groups),
        Tier.SCORE: sum(_points(problem, who, slot) or 0 for who, slot in placed.items()),
        Tier.BEHOUDEN: sum(int(problem.vorige[who]) == slot for who, slot in placed.items()),
    }


def _points(problem: Pairs, who: int, slot: int) -> int | None:
    """The value of a pair; None when it is not allowed."""
    begin, end = int(problem.first[who]), int(problem.first[who + 1])
    at = begin + int(problem.slot[begin:end].searchsorted(slot))
    return int(problem.value[at]) if at < end and problem.slot[at] == slot else None


def _plan(problem: Pairs, plan: Iterable[int]) -> list[int]:
    slots = [int(slot) for slot in plan]
    if len(slots) != problem.requests:
        raise ValueError(f"plan: has {len(slots)} rows, not one for each of {problem.requests} requests")
    for who, slot in enumerate(slots):
        if not NOBODY <= slot < problem.slots:
            raise ValueError(f"plan: request {who} is in slot {slot}, which does not exist")
    return slots


def _groups(problem: Pairs) -> list[tuple[int, ...]]:
    members: list[list[int]] = [[] for _ in problem.splitsbaar]
    for who, group in enumerate(problem.groep.tolist()):
        if group != NOBODY:
            members[group].append(who)
    return [tuple(one) for one in members]


def _apart(problem: Pairs, slots: list[int], members: tuple[int, ...]) -> bool:
    """Some are placed, but not all at one locatie."""
    taken = [slots[who] for who in members if slots[who] != NOBODY]
    places = {int(problem.locatie[problem.voorziening[slot]]) for slot in taken}
    return bool(taken) and (len(taken) < len(members) or len(places) > 1)


def _over_units(problem: Pairs, slots: list[int], members: tuple[int, ...]) -> bool:
    """All are placed at one locatie, in more than one voorziening."""
    whole = all(slots[who] != NOBODY for who in members) and not _apart(problem, slots, members)
    return whole and len({int(problem.voorziening[slots[who]]) for who in members}) > 1
