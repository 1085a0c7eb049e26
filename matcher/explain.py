"""For a child and a plek of a joint plan: rank and points, or why not; what it costs, who loses; what would help.

prices = Prices(found.pairs, proposal.slots); why(found, prices, aanvraag, plek, now_hour)
openings(found, proposal.slots, aanvraag)          # beds that are free in the plan, if a rule gives way

Ids, codes and numbers; the catalogue makes sentences. `loser` and `moves` are for the schakelfunctionaris only. Not a
part of reasons.py, that the web process loads: this needs the joint plan.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from matcher.candidates import Asked, Candidates
from matcher.change import changes
from matcher.check import Loss
from matcher.follow import Between, Follower
from matcher.judge import judge
from matcher.layers.residual import GONE
from matcher.pairs import NOBODY, Ints
from matcher.price import Prices
from matcher.problem import require
from matcher.rank import rank
from matcher.reasons import why_not
from matcher.solution import RELAXABLE, Change, Fit, Out, Reason, Rule


class Moved(Struct, frozen=True):
    """A child from a voorziening to another, or to none."""

    aanvraag: str
    begin: str | None
    end: str | None


class Why(Struct, frozen=True, kw_only=True):
    """One child and one plek."""

    aanvraag: str
    plek: str
    place: int | None
    """1 for the best voorziening in the rangschikking of this child; None when the plek falls out."""
    fit: Fit | None
    """The score and what it is made of."""
    reasons: tuple[Reason, ...]
    """All the rules that it fails."""
    least: Loss | None
    """What the plan loses at least when this child goes there; None when it is no choice of the plan."""
    most: Loss | None
    """What it loses at most: equal to `least` for a child alone, as long as samenplaatsingen stay. None: no such plan
    was found."""
    moves: tuple[Moved, ...]
    loser: str | None
    """Who would no longer have a place."""


class Opening(Struct, frozen=True):
    """If the rules of a change give way, these places open that the plan leaves free."""

    change: Change
    free: tuple[Out, ...]


def why(
    found: Candidates, prices: Prices, aanvraag: str, plek: str, now_hour: float, follower: Follower | None = None
) -> Why:
    """`follower` prices a child of a samenplaatsing, or in a group mix. ValueError for ids that are not there."""
    who, one = _asked(found, aanvraag)
    child, aanbod = found.kinderen[who], found.aanbod
    try:
        out = why_not(judge(child, aanbod, one.travel), plek)
    except KeyError:
        raise ValueError(f"plek {plek}: is not in the aanbod") from None
    place, fit = None, None
    if not out.reasons:
        ranking = rank(
            child, aanbod, one.weging, one.travel, now_hour, per_voorziening=False, limit=max(1, aanbod.plekken)
        )
        fit = next(line for line in ranking.places if line.plek == plek)
        better = ranking.places[: ranking.places.index(fit)]
        place = 1 + len({line.voorziening for line in better} - {fit.voorziening})
    least: Loss | None = None
    most: Loss | None = None
    moves: tuple[Moved, ...] = ()
    loser = None
    # a plek that is free in two periods has two slots: what the cheaper one costs
    choice = [slot for slot in slots_of(found, plek) if found.pair(who, slot) != NOBODY]
    if prices.exchange.here[who] != GONE:
        priced = [price for slot in choice if (price := prices.pair(who, slot)) is not None]
        if priced:
            price = min(priced, key=lambda price: price.cost)
            least = most = price.loss
            moves = tuple(
                Moved(found.aanvragen[move.request], _unit(found, move.begin), _unit(found, move.end))
                for move in price.moves
            )
            loser = None if price.loser is None else found.aanvragen[price.loser]
    elif choice and follower is not None:
        between = min((follower.price(who, slot) for slot in choice), key=_most)
        least, most = between.least, between.most
        if between.slots is not None:
            before, after = follower.slots.tolist(), between.slots.tolist()
            moves = tuple(
                Moved(found.aanvragen[at], _unit(found, begin), _unit(found, end))
                for at, (begin, end) in enumerate(zip(before, after, strict=True))
                if begin != end
            )
            loser = next((move.aanvraag for move in moves if move.end is None), None)
    return Why(
        aanvraag=aanvraag,
        plek=plek,
        place=place,
        fit=fit,
        reasons=out.reasons,
        least=least,
        most=most,
        moves=moves,
        loser=loser,
    )


def openings(
    found: Candidates, slots: Ints, aanvraag: str, *, allowed: frozenset[Rule] = RELAXABLE, examples: int = 20
) -> tuple[Opening, ...]:
    """The smallest changes that open places which the plan leaves free, one rule first; a child by itself.

    Free for this child: a bed that is held for another, or kept for crisis, is not. Of each change at most `examples`
    places are looked at. For who may not see REVEALING give RELAXABLE - REVEALING.
    """
    who, one = _asked(found, aanvraag)
    is_open = found.open_to(who, slots)
    judged = judge(found.kinderen[who], found.aanbod, one.travel)
    some = changes(judged, allowed=allowed, examples=examples)
    opened = []
    for change in (*some.one, *some.two):
        free = tuple(out for out in change.places if any(is_open[slot] for slot in slots_of(found, out.plek)))
        if free:
            opened.append(Opening(change, free))
    return tuple(opened)


def slots_of(found: Candidates, plek: str) -> list[int]:
    """The slots of a plek: one per period in which it is free."""
    at = np.flatnonzero(found.aanbod.vensters.id[found.bed] == plek)
    return [int(slot) for slot in np.unique(np.searchsorted(found.first, at, side="right") - 1)]


def _most(between: Between) -> tuple[bool, list[int]]:
    """To sort by: a plan that was found comes before none."""
    return between.most is None, list((between.most or between.least).values())


def _asked(found: Candidates, aanvraag: str) -> tuple[int, Asked]:
    require(aanvraag in found.aanvragen, f"aanvraag {aanvraag}", "is not in the plan")
    who = found.aanvragen.index(aanvraag)
    return who, [one for one in found.asked for _ in one.kinderen][who]


def _unit(found: Candidates, slot: int) -> str | None:
    if slot == NOBODY:
        return None
    return str(found.aanbod.profielen.id[found.aanbod.vensters.voorziening[found.beds(slot)[0]]])
