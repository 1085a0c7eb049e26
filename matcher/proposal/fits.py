"""Where one child can go: the rules and the score of `rank`, what people said, and one day for brothers and sisters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from matcher import rules
from matcher.aanbod import Bools, Rows
from matcher.pairs import MAX_CANDIDATES, NOBODY
from matcher.problem import Aanvraag, Criterium, Urgentie, require
from matcher.proposal.family import Asked, common_days
from matcher.proposal.slots import Said, Slots
from matcher.rank import fits
from matcher.rules import Question


class Fit(Struct, frozen=True, eq=False):
    """Where one child can go."""

    question: Question
    slots: Rows
    start: NDArray[np.int32]
    score: NDArray[np.float64]
    late: float
    """Points that each day later costs."""

    def take(self, keep: Bools) -> Fit:
        return structs.replace(self, slots=self.slots[keep], start=self.start[keep], score=self.score[keep])


def fit_of(table: Slots, what: Said, child: Aanvraag, who: int, one: Asked, now_hour: float) -> Fit:
    """As `rank` does, one window per slot; where a person fixed the child, and without what a person forbade."""
    q = rules.ask(child, table.aanbod, one.travel)
    fitting = fits(q, one.weging, now_hour)
    count = len(fitting.rows)
    require(count <= MAX_CANDIDATES, f"aanvraag {child.id}", f"{count:,} candidates, at most {MAX_CANDIDATES:,}")
    late = fitting.shares.get(Criterium.WACHTTIJD, 0.0) / (q.latest - q.start + 1)
    own = Fit(q, fitting.rows, fitting.start, fitting.score, late)
    if who in what.vast:
        own = own.take(np.isin(own.slots, table.of[what.vast[who]]))
    if who in what.verboden:
        own = own.take(~np.isin(own.slots, table.of[what.verboden[who]]))
    return own


def one_day(table: Slots, own: Sequence[Fit], base: int, one: Asked) -> list[Fit]:
    """Brothers and sisters start on one day per locatie; where they cannot all be, they only can be with leave."""
    usable = []
    for who, fit in enumerate(own, base):
        meant = table.meant[fit.slots]
        crisis = one.kinderen[who - base].urgentie is Urgentie.CRISIS
        usable.append(fit.slots[((meant == NOBODY) | (meant == who)) & (crisis | ~table.kept[fit.slots])])
    days = common_days([fit.question for fit in own], usable, table.room)
    v, p = table.aanbod.vensters, table.aanbod.profielen
    found = []
    for fit in own:
        day = days[p.locatie[v.voorziening[fit.slots]]]
        with_all = (fit.start <= day) & (day <= v.tot[fit.slots] - np.int32(fit.question.stay))
        keep = with_all | ((day == NOBODY) & one.mag_splitsen)
        start = np.where(day == NOBODY, fit.start, day).astype(np.int32)
        score = fit.score - fit.late * (start - fit.start)
        found.append(structs.replace(fit, start=start, score=score).take(keep))
    return found
