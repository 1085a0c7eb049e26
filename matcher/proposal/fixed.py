"""What a person fixed: a slot for each such child, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from matcher.aanbod import Aanbod, Rows
from matcher.check import Breach
from matcher.judge import judge
from matcher.pairs import NOBODY
from matcher.problem import Aanvraag
from matcher.proposal.family import Asked, seated
from matcher.proposal.fits import Fit
from matcher.proposal.slots import Said, Slots
from matcher.reasons import why_not
from matcher.solution import Rule


class Conflict(Struct, frozen=True, kw_only=True):
    """What was fixed and cannot be."""

    aanvragen: tuple[str, ...]
    rules: tuple[Rule | Breach, ...]
    """The hard rules that this place fails for this child, or what it breaks together with the others."""
    plek: str | None = None
    voorziening: str | None = None
    """Where; neither for a samenplaatsing as a whole."""


def fixed(
    asked: Sequence[Asked],
    aanbod: Aanbod,
    children: Sequence[Aanvraag],
    table: Slots,
    found: Sequence[Fit],
    what: Said,
) -> tuple[list[tuple[int, int]], list[Conflict]]:
    """A slot for each child that is fixed: the best that others who are fixed leave; and those that no rule allows."""
    options: dict[int, list[int]] = {}
    conflicts = []
    of = [one for one in asked for _ in one.kinderen]
    for who, rows in what.vast.items():
        fit = found[who]
        if len(fit.slots):
            taken = (table.meant[fit.slots] != NOBODY) & (table.meant[fit.slots] != who)
            options[who] = fit.slots[np.lexsort((-fit.score, taken))].tolist()
        else:
            conflicts.append(_impossible(children[who], of[who], aanbod, rows, what.verboden.get(who)))
    room = {slot: int(table.room[slot]) for own in options.values() for slot in own}
    seats = seated(list(options.values()), room)
    places = [
        (who, seat if seat != NOBODY else own[0]) for (who, own), seat in zip(options.items(), seats, strict=True)
    ]
    return places, conflicts


def _impossible(child: Aanvraag, one: Asked, aanbod: Aanbod, rows: Rows, banned: Rows | None) -> Conflict:
    """The rules in the way of a fixed place; of a voorziening those of the plek that fails the fewest."""
    v = aanbod.vensters
    plekken = dict.fromkeys(v.id[rows].tolist())
    judged = judge(child, aanbod, one.travel)
    reasons: list[Rule | Breach] = min(
        ([reason.rule for reason in why_not(judged, plek).reasons] for plek in plekken), key=len
    )
    if not reasons:
        reasons = [Breach.PAAR if banned is not None and np.isin(rows, banned).all() else Rule.BEDDEN]
    return Conflict(
        aanvragen=(child.id,),
        rules=tuple(reasons),
        plek=next(iter(plekken)) if len(plekken) == 1 else None,
        voorziening=str(aanbod.profielen.id[v.voorziening[rows[0]]]),
    )
