"""Beside a plan, as far as there is time: prices of pairs, what would place who is left out, what to leave free."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from uuid import UUID

import msgspec
import numpy as np
from msgspec import Struct

from matcher.check import Tier
from matcher.explain import openings
from matcher.follow import Follower
from matcher.pairs import NOBODY
from matcher.price import Free, Prices
from matcher.proposal.candidates import POINTS, Candidates
from matcher.proposal.propose import Proposal
from service.plan.plannen import Verlies, Vrijhouden
from service.plan.planuitkomst import Opening, Paarprijs
from service.worker.problem import Problem

PAIRS_S, OPENINGS_S, FREE_S = 5.0, 3.0, 2.0
"""Seconds at most, and never more than the plan had: all of a region, of a country the most urgent and the best."""

MOST_FREE = 20
"""Places of which it is said that they had better stay free."""

MANY_TOGETHER = 3
"""From so many brothers and sisters on a place for all of them is scarce."""

UNPRICED = {Tier.VAST, Tier.BEHOUDEN}
"""What a choice costs is not told in fixed pairs, nor in changes against the plan before."""


class Beside(Struct, frozen=True):
    paarprijzen: list[Paarprijs]
    openingen: dict[str, list[Opening]]
    """Per aanvraag without a plek that there was time for."""
    vrijhouden: list[Vrijhouden] | None


def beside(
    problem: Problem, made: Proposal, *, clock: Callable[[], float], seconds: float, stop: Callable[[], bool]
) -> Beside:
    def until(most: float) -> Callable[[], bool]:
        end = clock() + min(most, seconds)
        return lambda: stop() or clock() >= end

    return Beside(
        paarprijzen=pair_prices(made, until(PAIRS_S)),
        openingen=opened(made, until(OPENINGS_S)),
        vrijhouden=kept_free(problem, made, until(FREE_S)) if problem.vrijhouden.aan else None,
    )


# ── Prices of pairs ──────────────────────────────────────────────────────────────────────────────


def pair_prices(made: Proposal, out: Callable[[], bool]) -> list[Paarprijs]:
    """What it costs to force each child into each voorziening that it could go to, until `out`.

    The cheapest way to place who has no place comes first, then the best places of each child.
    """
    found, pairs = made.candidates, made.candidates.pairs
    if not pairs.requests or out():
        return []
    follower = Follower(pairs, made.slots, made.levels)
    unit_of, ids = pairs.voorziening.tolist(), found.aanbod.profielen.id.tolist()
    before = made.slots.tolist()
    # Of each child its best pair, then of each the second, and so on.
    order = np.lexsort((-pairs.value, pairs.request))
    turn = np.empty(len(order), np.int64)
    turn[order] = np.arange(len(order)) - pairs.first[pairs.request[order]]
    best: dict[tuple[int, int], Paarprijs] = {}
    cheapest = [found.pair(who, slot) for who, slot in _ways(made)]
    for at in dict.fromkeys([*cheapest, *np.argsort(turn, kind="stable").tolist()]):
        who, slot = int(pairs.request[at]), int(pairs.slot[at])
        unit = unit_of[slot]
        if out():
            break
        if before[who] != NOBODY and unit_of[before[who]] == unit:
            continue
        try:
            price = follower.price(who, slot)
        except ValueError:
            continue  # fixed elsewhere
        after = [] if price.slots is None else price.slots.tolist()
        losers = [UUID(found.aanvragen[one]) for one, there in enumerate(after) if there == NOBODY != before[one]]
        this = Paarprijs(
            aanvraag_id=UUID(found.aanvragen[who]),
            voorziening_id=UUID(ids[unit]),
            minstens=_verliezen(price.least),
            hoogstens=None if price.most is None else _verliezen(price.most),
            verliezers=losers,
        )
        if (who, unit) not in best or _dear(this) < _dear(best[who, unit]):
            best[who, unit] = this
    return list(best.values())


def _ways(made: Proposal) -> Iterator[tuple[int, int]]:
    """Of each child that the plan leaves out, and that is asked for alone, the slot where it costs least."""
    prices = Prices(made.candidates.pairs, made.slots)
    for who in np.flatnonzero(made.slots == NOBODY).tolist():
        try:
            price = prices.place(who)
        except ValueError:
            continue  # in a samenplaatsing or group mix: all its pairs are priced in their turn
        if price is not None:
            yield who, price.moves[0].end


def _verliezen(loss: Mapping[Tier, int]) -> list[Verlies]:
    return [Verlies(tier, lost) for tier, lost in loss.items() if lost and tier not in UNPRICED]


def _dear(price: Paarprijs) -> tuple[bool, list[int]]:
    """To compare by, tier after tier."""
    lost = {one.niveau: one.verlies for one in price.hoogstens or price.minstens}
    return price.hoogstens is None, [lost.get(tier, 0) for tier in Tier]


# ── What would help ──────────────────────────────────────────────────────────────────────────────


def opened(made: Proposal, out: Callable[[], bool]) -> dict[str, list[Opening]]:
    """Per aanvraag without a plek the smallest changes that open places which the plan leaves free, until `out`."""
    found: dict[str, list[Opening]] = {}
    for id in made.unplaced:
        if out():
            break
        found[id] = msgspec.to_builtins(openings(made.candidates, made.slots, id))
    return found


# ── What to leave free ───────────────────────────────────────────────────────────────────────────


def kept_free(problem: Problem, made: Proposal, out: Callable[[], bool]) -> list[Vrijhouden]:
    """Places that the plan uses for children who could be elsewhere, and that others have few of; the cheapest first.

    Never at the cost of a crisis, a machtiging that runs or the longest waiting: nobody of these is asked to move.
    """
    found, pairs = made.candidates, made.candidates.pairs
    if not pairs.requests or made.conflicts:
        return []
    prices = Prices(pairs, made.slots)
    protected = np.isin(found.aanvragen, list(problem.beschermd))
    most = round(problem.vrijhouden.punten * POINTS)
    advised: list[tuple[Free, Vrijhouden]] = []
    for (soort, code), members in kinds(found).items():
        if out():
            break
        kind = np.full(pairs.requests, NOBODY)
        kind[members] = 0
        some = prices.keep_free(kind, most=most, protected=protected)
        advised += [(free, _free(made, free, soort, code)) for free in some]
    advised.sort(key=lambda one: one[0].price.cost)
    return [one for _, one in advised[:MOST_FREE]]


def kinds(found: Candidates) -> dict[tuple[str, str], list[int]]:
    """Children for whom places can be scarce, by (soort, code): `samen` with so many brothers and sisters, `zorgvorm`
    who ask for this one only, and each `kenmerk`, code of `medisch` care, and `rolstoel`."""
    of: dict[tuple[str, str], list[int]] = {}
    many = [len(one.kinderen) for one in found.asked for _ in one.kinderen]
    for who, child in enumerate(found.kinderen):
        jeugdige = child.jeugdigen[0]
        own = [("kenmerk", code) for code in jeugdige.kenmerken] + [("medisch", code) for code in jeugdige.medisch]
        own += [("rolstoel", "")] if jeugdige.rolstoel else []
        own += [("zorgvorm", code) for code in child.zorgvormen if len(child.zorgvormen) == 1]
        own += [("samen", str(many[who]))] if many[who] >= MANY_TOGETHER else []
        for key in own:
            of.setdefault(key, []).append(who)
    return dict(sorted(of.items()))


def _free(made: Proposal, free: Free, soort: str, code: str) -> Vrijhouden:
    """The plek is that of the child who would leave it."""
    found = made.candidates
    at = {place.aanvraag: place.plek for place in made.places}
    leaves = next(
        (move.request for move in free.price.moves if move.begin == free.slot == made.slots[move.request]), None
    )
    vensters = found.aanbod.vensters
    plek = str(vensters.id[found.beds(free.slot)[0]]) if leaves is None else at[found.aanvragen[leaves]]
    return Vrijhouden(
        plek_id=UUID(plek),
        voorziening_id=UUID(str(found.aanbod.profielen.id[found.pairs.voorziening[free.slot]])),
        soort=soort,
        code=code,
        anderen=free.others,
        kosten=_verliezen(free.price.loss),
    )
