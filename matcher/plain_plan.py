"""The specification of a joint plan on aanvragen and plekken, in plain Python: slow, no columns, no slots, no solver.

`places` says where each child can go by itself, `wrong` what a plan may not do, `worth` what it is worth. Tests hold
every proposal against them. It shares the rules of one child (plain.py) and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations

from msgspec import Struct, structs

from matcher import plain
from matcher.geo import Estimate
from matcher.problem import FOREVER, Aanvraag, Plek, Urgentie
from matcher.proposal.candidates import Asked
from matcher.proposal.slots import Link
from matcher.solution import Rule


class Situation(Struct, frozen=True, kw_only=True):
    """What `candidates` is given, with the plekken one by one."""

    asked: Sequence[Asked]
    plekken: Sequence[Plek]
    now_hour: float
    voor_crisis: Collection[str] = ()
    opties: Collection[Link] = ()
    vast: Collection[Link] = ()
    verboden: Collection[Link] = ()
    vorige: Mapping[str, str] = {}


Bed = tuple[str, int]
"""A plek and a first day."""

Plan = Mapping[str, Bed]
"""Per aanvraag."""


def child_of(one: Asked, child: Aanvraag) -> Aanvraag:
    """A child with what it must share with its brothers and sisters; zorgvormen that they all ask for, if any."""
    together = one.kinderen
    if len(together) == 1:
        return child
    forms = {form for form in child.zorgvormen if all(form in other.zorgvormen for other in together)}
    start = max(other.gewenste_start for other in together)
    limits = [other.maximale_reistijd for other in together if other.maximale_reistijd]
    return structs.replace(
        child,
        zorgvormen=frozenset(forms) or child.zorgvormen,
        gewenste_start=start,
        uiterlijke_datum=max(start, min(other.uiterlijke_datum for other in together)),
        verblijf=max(other.verblijf for other in together),
        maximale_reistijd=min(limits) if limits else None,
    )


def usable(s: Situation, one: Asked, child: Aanvraag) -> list[Plek]:
    """The plekken that this child could use on some day, as far as rules of the place and people have a say."""
    together = [other.zorgvormen for other in one.kinderen]
    if not one.mag_splitsen and not frozenset.intersection(*together):
        return []
    own = child_of(one, child)
    return [plek for plek in s.plekken if plek.bemenst and not _failing(one, own, plek) and _left(s, child, plek)]


def _failing(one: Asked, own: Aanvraag, plek: Plek) -> bool:
    assert isinstance(one.travel, Estimate)
    unsafe = any(Rule.VEILIGHEID in plain.failing(other, plek, one.travel) for other in one.kinderen)
    return unsafe or bool(plain.failing(own, plek, one.travel))


def _left(s: Situation, child: Aanvraag, plek: Plek) -> bool:
    """No person or optie is in the way."""
    names = {plek.id, plek.voorziening}
    fixed = [where for who, where in s.vast if who == child.id]
    if fixed and not names & set(fixed):
        return False
    if any(who == child.id and where in names for who, where in s.verboden):
        return False
    holders = [who for who, where in s.opties if where == plek.id]
    if holders and child.id not in holders:
        return False
    given = holders or any(where == plek.id for _, where in s.vast)
    return plek.id not in s.voor_crisis or bool(given) or child.urgentie is Urgentie.CRISIS


def places(s: Situation) -> dict[str, list[Bed]]:
    """Per aanvraag every plek that it could have, each with the one day on which it would start there."""
    return {id: beds for one in s.asked for id, beds in _family(s, one).items()}


def _family(s: Situation, one: Asked) -> dict[str, list[Bed]]:
    can = {child.id: usable(s, one, child) for child in one.kinderen}
    found: dict[str, list[Bed]] = {}
    days: dict[str, int | None] = {}
    for child in one.kinderen:
        own, beds = child_of(one, child), list[Bed]()
        for plek in can[child.id]:
            if len(one.kinderen) > 1 and plek.locatie not in days:
                days[plek.locatie] = common_day(s, one, can, plek.locatie)
            common = days.get(plek.locatie)
            for window in plain.windows(plek):
                starts = sorted(plain.starts(own, window, range(own.gewenste_start, own.uiterlijke_datum + 1)))
                if common in starts:
                    beds.append((plek.id, common))
                elif common is None and starts and (len(one.kinderen) == 1 or one.mag_splitsen):
                    beds.append((plek.id, starts[0]))
        found[child.id] = beds
    return found


def common_day(s: Situation, one: Asked, can: Mapping[str, Sequence[Plek]], locatie: str) -> int | None:
    """The first day on which one voorziening at a locatie can take all of them; else the locatie as a whole."""
    own = child_of(one, one.kinderen[0])
    given = {where: who for who, where in s.vast} | {where: who for who, where in s.opties}
    here = {
        id: [plek for plek in plekken if plek.locatie == locatie and given.get(plek.id, id) == id]
        for id, plekken in can.items()
    }
    units = sorted({plek.voorziening for plekken in here.values() for plek in plekken})
    for some in ([[unit] for unit in units], [units]):
        for day in range(own.gewenste_start, own.uiterlijke_datum + 1):
            for among in some:
                beds = [
                    [
                        plek
                        for plek in here[child.id]
                        if plek.voorziening in among
                        and any(plain.starts(own, window, [day]) for window in plain.windows(plek))
                    ]
                    for child in one.kinderen
                ]
                if _laid(one.kinderen, beds, []):
                    return day
    return None


def _laid(children: Sequence[Aanvraag], beds: Sequence[Sequence[Plek]], laid: list[Plek]) -> bool:
    """Each in a bed of its own, in groups that are right."""
    if len(laid) == len(children):
        units = {plek.voorziening: plek for plek in laid}
        return all(
            not clash(plek, [child for child, bed in zip(children, laid, strict=True) if bed.voorziening == unit])
            for unit, plek in units.items()
        )
    return any(_laid(children, beds, [*laid, plek]) for plek in beds[len(laid)] if plek not in laid)


def clash(plek: Plek, children: Sequence[Aanvraag]) -> bool:
    """These children cannot come to this voorziening together."""
    group = plek.group
    counts = Counter(code for child in children for code in child.jeugdigen[0].kenmerken)
    ages = [child.jeugdigen[0].leeftijd_maanden for child in children]
    if group.size > group.unknown:
        ages += [group.youngest, group.oldest]
    return (
        any(code in group.full or count > group.room.get(code, FOREVER) for code, count in counts.items())
        or max(ages) - min(ages) > (plek.leeftijdsverschil_max or FOREVER)
    )  # fmt: skip


def wrong(s: Situation, plan: Plan, can: Mapping[str, Collection[Bed]] | None = None) -> list[str]:
    """What the plan may not do, each with the ids; empty when it may. `can` is `places`, when it is known already."""
    can = places(s) if can is None else can
    plekken = {plek.id: plek for plek in s.plekken}
    child = {child.id: child for one in s.asked for child in one.kinderen}
    found = [f"{id} in {bed}" for id, bed in plan.items() if bed not in can[id]]
    # One child per free period: stays that follow each other are another model (nights.py).
    for (one, bed), (two, other) in combinations(plan.items(), 2):
        if bed[0] == other[0] and _window(plekken[bed[0]], bed[1]) == _window(plekken[bed[0]], other[1]):
            found.append(f"{one} and {two} in {bed[0]}")
    there: dict[str, list[str]] = {}
    for id, (plek, _) in plan.items():
        there.setdefault(plekken[plek].voorziening, []).append(id)
    for unit, ids in there.items():
        if clash(next(plek for plek in s.plekken if plek.voorziening == unit), [child[id] for id in ids]):
            found.append(f"{', '.join(ids)} together in {unit}")
    found += [f"{one.id} is split" for one in s.asked if not one.mag_splitsen and _apart(s, one, plan)]
    return found


def _window(plek: Plek, day: int) -> int | None:
    return next((van for van, tot, *_ in plain.windows(plek) if van <= day < tot), None)


def _apart(s: Situation, one: Asked, plan: Plan) -> bool:
    placed = [plan[child.id] for child in one.kinderen if child.id in plan]
    where = {plek.id: plek.locatie for plek in s.plekken}
    return bool(placed) and (len(placed) < len(one.kinderen) or len({where[plek] for plek, _ in placed}) > 1)


def worth(s: Situation, plan: Plan, points: Mapping[tuple[str, Bed], int]) -> tuple[int, ...]:
    """The tiers of check.Tier, without those that are fixed and those that stay where they were; see `points`."""
    unit = {plek.id: plek.voorziening for plek in s.plekken}
    child = {child.id: child for one in s.asked for child in one.kinderen}
    waited = {child.id: days for one in s.asked for child, days in zip(one.kinderen, one.wachtdagen, strict=True)}
    urgent = Counter(child[id].urgentie for id in plan)
    families = [one for one in s.asked if len(one.kinderen) > 1]
    whole = [one for one in families if all(kid.id in plan for kid in one.kinderen) and not _apart(s, one, plan)]
    return (
        *(urgent[urgentie] for urgentie in (Urgentie.CRISIS, Urgentie.SPOED, Urgentie.REGULIER)),
        sum(waited[id] for id in plan),
        -sum(_apart(s, one, plan) for one in families),
        -sum(len({unit[plan[kid.id][0]] for kid in one.kinderen}) > 1 for one in whole),
        sum(points[id, bed] for id, bed in plan.items()),
    )


def points(s: Situation, can: Mapping[str, Collection[Bed]]) -> dict[tuple[str, Bed], int]:
    """What each place is worth."""
    return {(id, bed): round(100 * score(s, id, bed)) for id, beds in can.items() for bed in beds}


def score(s: Situation, id: str, bed: Bed) -> float:
    """As `rank` gives it, on that first day."""
    one, child = next((one, child) for one in s.asked for child in one.kinderen if child.id == id)
    plek = next(plek for plek in s.plekken if plek.id == bed[0])
    assert isinstance(one.travel, Estimate)
    points = plain.contributions(
        child_of(one, child),
        plek,
        s.plekken,
        weging=one.weging,
        travel=one.travel,
        start=bed[1],
        now_hour=s.now_hour,
    )
    return sum(points.values())


def fixed(s: Situation, plan: Plan) -> Iterable[Link]:
    """The fixed places that a plan does not make."""
    unit = {plek.id: plek.voorziening for plek in s.plekken}
    for id, where in s.vast:
        if id not in plan or where not in {plan[id][0], unit[plan[id][0]]}:
            yield id, where
