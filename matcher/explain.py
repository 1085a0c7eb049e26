"""For a child and a plek of a joint plan: rank and points, or why not; what it costs, who loses; what would help.

prices = Prices(found.pairs, proposal.slots); why(found, prices, aanvraag, plek, now_hour)
openings(found, proposal.slots, aanvraag)          # beds that are free in the plan, if a rule gives way

Ids, codes and numbers; the catalogue makes sentences. `loser` and `moves` are for the schakelfunctionaris only. Not a
part of reasons.py, that the web process loads: this needs the joint plan.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct, structs

from matcher.change import changes
from matcher.check import Loss
from matcher.follow import Between, Follower
from matcher.judge import judge
from matcher.layers.residual import GONE
from matcher.pairs import NOBODY, Bools, Ints
from matcher.price import Prices
from matcher.problem import Aanvraag, Machtiging, require
from matcher.proposal.candidates import Asked, Candidates
from matcher.rank import rank
from matcher.reasons import why_not
from matcher.solution import RELAXABLE, Change, Fit, Reason, Rule


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


def why(
    found: Candidates, prices: Prices, aanvraag: str, plek: str, now_hour: float, follower: Follower | None = None
) -> Why:
    """`follower` prices a child of a samenplaatsing, or in a group mix. ValueError for ids that are not there."""
    who, one = _asked(found, aanvraag)
    child, aanbod = found.kinderen[who], found.aanbod
    judged = judge(child, aanbod, one.travel)
    try:
        out = why_not(judged, plek)
    except KeyError:
        raise ValueError(f"plek {plek}: is not in the aanbod") from None
    place, fit = None, None
    if not out.reasons:
        ranking = rank(
            child,
            aanbod,
            one.weging,
            one.travel,
            now_hour,
            per_voorziening=False,
            limit=max(1, aanbod.plekken),
            judged=judged,
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
    found: Candidates, slots: Ints, aanvraag: str, *, allowed: frozenset[Rule] = RELAXABLE, examples: int = 3
) -> tuple[Change, ...]:
    """The smallest changes that open places among those that the plan leaves free, one rule first.

    Free for this child: a bed that is held for another, or kept for crisis, is not; one that no child can use (without
    staff, free too late) is. A samenplaatsing without leave to split is looked at as a whole, with all its beds. For
    who may not see REVEALING give RELAXABLE - REVEALING.
    """
    who, one = _asked(found, aanvraag)
    left = found.aanbod.part(_left(found, slots, who))
    if not left.plekken:
        return ()
    some = changes(judge(_whole(found, who), left, one.travel), allowed=allowed, examples=examples)
    return (*some.one, *some.two)


def _left(found: Candidates, slots: Ints, who: int) -> Bools:
    """(rows of Vensters,) those of beds that the plan leaves; beds of a slot are equal, so any of them."""
    used = np.bincount(slots[slots != NOBODY], minlength=found.pairs.slots)
    room = np.where(found.open_to(who, slots), np.maximum(1, np.diff(found.first) - used), 0)
    number = np.arange(len(found.bed)) - np.repeat(found.first[:-1], np.diff(found.first))
    rows = np.ones(len(found.aanbod.vensters.id), np.bool_)
    rows[found.bed] = number < np.repeat(room, np.diff(found.first))
    return rows


def _whole(found: Candidates, who: int) -> Aanvraag:
    """The child; of a samenplaatsing that may not be split all of them, in one aanvraag."""
    group = int(found.pairs.groep[who])
    child = found.kinderen[who]
    if group == NOBODY or found.pairs.splitsbaar[group]:
        return child
    children = [found.kinderen[at] for at in np.flatnonzero(found.pairs.groep == group).tolist()]
    papers = [other.machtiging for other in children if other.machtiging is not None]
    return structs.replace(
        child,
        jeugdigen=tuple(jeugdige for other in children for jeugdige in other.jeugdigen),
        juridische_kaders=frozenset[str]().union(*(other.juridische_kaders for other in children)),
        machtiging=Machtiging(
            zorgvormen=frozenset.intersection(*(one.zorgvormen for one in papers)),
            gesloten=len(papers) == len(children) and all(one.gesloten for one in papers),
        )
        if papers
        else None,
    )


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
