"""One aanvraag against all plekken: which fit, and in what order.

aanbod = Aanbod.build(plekken, codes)
ranking = rank(aanvraag, aanbod, weging, Estimate(), now_hour)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from matcher import rules, score
from matcher.aanbod import Aanbod, Floats, Ints, Rows, ranges, rows_of, run_starts, tie
from matcher.beds import together
from matcher.geo import Travel
from matcher.judge import Judged
from matcher.problem import Aanvraag, Anker, Criterium, Weging, require
from matcher.score import PROFILE_CRITERIA, Minutes
from matcher.solution import Band, Fit, Mark, Ranking, Unknown


class Fitting(Struct, frozen=True, eq=False):
    """Every window that fits, with its score: what `rank` sorts, and what a joint plan chooses from."""

    at: Rows
    """Voorzieningen (rows of Profielen) with a window that fits."""
    rows: Rows
    """Windows (rows of Vensters) that fit, those of one voorziening together …"""
    owner: Rows
    """… the position in `at` of each …"""
    start: Ints
    """… its first possible day; for a samenplaatsing the first day on which all can start …"""
    score: Floats
    """… and its score."""
    shares: dict[Criterium, float]
    values: dict[Criterium, Floats]
    """Per voorziening in `at`, but for wachttijd and zekerheid per row."""
    minutes: Minutes


def rank(
    aanvraag: Aanvraag,
    aanbod: Aanbod,
    weging: Weging,
    travel: Travel,
    now_hour: float,
    *,
    per_voorziening: bool = True,
    limit: int = 25,
    offset: int = 0,
    judged: Judged | None = None,
) -> Ranking:
    """The places that fit, best first: from `offset` on at most `limit`, per voorziening (its best plek) or per plek.

    Order: score (rounded to 1e-9), then earlier start, then shorter travel from thuis (unknown last), then a hash of
    the ids of aanvraag and voorziening, then one of aanvraag and plek: no provider always wins by its id. Of a plek
    with several windows the best one counts. ValueError for codes of the aanvraag that the aanbod does not know.

    `judged`: what `judge` says of these three, for who wants the reasons as well; the rules are then asked once.
    """
    require(limit >= 0 and offset >= 0, "rank", f"limit {limit}, offset {offset}")
    if judged is None:
        q = rules.ask(aanvraag, aanbod, travel)
        found = fits(q, weging, now_hour)
    else:
        q = judged.q
        same = q.aanvraag is aanvraag and q.aanbod is aanbod and q.travel is travel
        require(same, "rank", "judged is of another aanvraag, aanbod or travel")
        found = fits(q, weging, now_hour, np.flatnonzero(judged.window == 0))
    plek = aanbod.vensters.plek[found.rows]
    beds = np.flatnonzero(run_starts(plek))
    per_unit = np.bincount(found.owner[beds], minlength=len(found.at))
    order = _best(q, found, found.owner if per_voorziening else plek, offset + limit)[offset:]
    places = _lines(q, found, order, weging=weging, now_hour=now_hour, per_unit=per_unit)
    return Ranking(
        places=places, voorzieningen=len(found.at), plekken=len(beds), weggevallen=aanbod.plekken - len(beds)
    )


def fits(q: rules.Question, weging: Weging, now_hour: float, rows: Rows | None = None) -> Fitting:
    """Everything that fits: hard rules first, then score only what is left; `rows`: the windows, where known."""
    v = q.aanbod.vensters
    if rows is None:
        rows, _ = rows_of(q.aanbod.profielen, rules.fitting(q))
        rows = rows[np.flatnonzero(~rules.no_start(q, v.van[rows], v.tot[rows]) & v.bemenst[rows])]
    unit, start = v.voorziening[rows], np.maximum(v.van[rows], np.int32(q.start))
    if q.n > 1:
        start = together(q.n, unit, start, np.minimum(v.tot[rows] - np.int32(q.stay), np.int32(q.latest)))
        keep = np.flatnonzero(start >= 0)
        rows, unit, start = rows[keep], unit[keep], start[keep]
    first = run_starts(unit)
    at, owner = unit[np.flatnonzero(first)], np.cumsum(first) - 1
    shares = score.shares(q, weging)
    minutes = {anker: q.minutes(anker, at) for anker in Anker if q.point(anker)}
    values: dict[Criterium, Floats] = {}
    total, per_row = np.zeros(len(at)), False
    for criterium, share in shares.items():
        if criterium is Criterium.WACHTTIJD:
            values[criterium] = score.wachttijd(q, start)
        elif criterium is Criterium.ZEKERHEID:
            values[criterium] = score.zekerheid(weging, now_hour - v.bevestigd_uur[rows])
        else:
            values[criterium] = PROFILE_CRITERIA[criterium](q, weging, at, minutes)
        part = share * values[criterium]
        if criterium in PROFILE_CRITERIA:
            total = total + (part[owner] if per_row else part)
        else:
            total = (total if per_row else total[owner]) + part
            per_row = True
    return Fitting(
        at=at, rows=rows, owner=owner, start=start, score=total, shares=shares, values=values, minutes=minutes
    )


def _best(q: rules.Question, found: Fitting, group: NDArray[np.integer[Any]], need: int) -> Rows:
    """Positions in `found` of the best row of each of the best `need` groups, best first.

    Rows of one group stand together, so the best score per group is one pass; only groups that can be among the
    first are sorted.
    """
    if not len(group) or not need:
        return np.zeros(0, np.int64)
    key = np.rint(found.score * 1e9).astype(np.int64)
    first = np.flatnonzero(run_starts(group))
    best = np.maximum.reduceat(key, first)
    if len(best) > need:
        enough = np.partition(best, len(best) - need)[len(best) - need]
        chosen = np.flatnonzero(key >= enough)
    else:
        chosen = np.arange(len(group))
    at, rows = found.at[found.owner[chosen]], found.rows[chosen]
    home = found.minutes.get(Anker.THUIS)
    travel = np.zeros(len(chosen)) if home is None else _unknown_last(home[found.owner[chosen]])
    unit_tie = tie(q.seed, q.aanbod.profielen.hash[at])
    plek_tie = tie(q.seed, q.aanbod.vensters.hash[rows])
    order = chosen[np.lexsort((plek_tie, unit_tie, travel, found.start[chosen], -key[chosen]))]
    seen: set[int] = set()
    firsts: list[int] = []
    for row, one in zip(order.tolist(), group[order].tolist(), strict=True):
        if one not in seen:
            seen.add(one)
            firsts.append(row)
            if len(firsts) == need:
                break
    return np.array(firsts)


def _unknown_last(minutes: Floats) -> Floats:
    return np.where(np.isnan(minutes), np.inf, minutes)


def _lines(
    q: rules.Question, found: Fitting, order: Rows, *, weging: Weging, now_hour: float, per_unit: NDArray[np.int64]
) -> tuple[Fit, ...]:
    p, v = q.aanbod.profielen, q.aanbod.vensters
    owner, rows = found.owner[order], found.rows[order]
    at = found.at[owner]
    values = {
        criterium: found.values[criterium][owner if criterium in PROFILE_CRITERIA else order].tolist()
        for criterium in found.shares
    }
    minutes = {anker: found.minutes[anker][owner].tolist() for anker in found.minutes}
    company = _companions(q, found, order) if q.n > 1 else [()] * len(order)
    unvalued = {at for at, code in enumerate(q.aanbod.codes.zorgvormen) if code not in weging.huiselijkheid}
    lines = []
    columns = zip(
        v.id[rows].tolist(),
        p.id[at].tolist(),
        found.score[order].tolist(),
        found.start[order].tolist(),
        p.zorgvorm[at].tolist(),
        p.groep_onbekend[at].tolist(),
        p.contract[at].tolist(),
        p.exact[at].tolist(),
        v.in_overleg[rows].tolist(),
        (now_hour - v.bevestigd_uur[rows]).tolist(),
        per_unit[owner].tolist(),
        strict=True,
    )
    for i, (plek, unit, total, start, zorgvorm, group, contract, exact, overleg, age, count) in enumerate(columns):
        travel = {anker: row[i] for anker, row in minutes.items() if row[i] == row[i]}
        unknown = (
            (Unknown.REISTIJD, len(travel) < len(minutes)),
            (Unknown.GROEP, group),
            (Unknown.BEVESTIGING, not age < weging.oud_uur),  # also when never: NaN
            (Unknown.HUISELIJKHEID, zorgvorm in unvalued),
        )
        marks = (
            (Mark.OVERLEG_GEMEENTE, not contract),
            (Mark.IN_OVERLEG, overleg),
            (Mark.LOCATIE_GROF, not exact),
        )
        lines.append(
            Fit(
                plek=plek,
                voorziening=unit,
                score=total,
                band=Band.GOED if total >= weging.goed else Band.PAST if total >= weging.past else Band.DEELS,
                start=start,
                contributions={c: share * values[c][i] for c, share in found.shares.items()},
                values={c: values[c][i] for c in found.shares},
                reistijd=travel,
                unknown=tuple(code for code, applies in unknown if applies),
                marks=tuple(code for code, applies in marks if applies),
                plekken=count,
                samen_met=company[i],
            )
        )
    return tuple(lines)


def _companions(q: rules.Question, found: Fitting, chosen: Rows) -> list[tuple[str, ...]]:
    """For each row of `chosen` the best n-1 other plekken of the voorziening, free for the stay from its start on."""
    v = q.aanbod.vensters
    unit = found.owner[chosen]
    first, end = (np.searchsorted(found.owner, unit, side) for side in ("left", "right"))
    near, line = ranges(first, end - first)
    rows, start = found.rows[near], found.start[chosen][line]
    free = (v.van[rows] <= start) & (v.tot[rows] - q.stay >= start) & (near != chosen[line])
    near, line, rows = near[free], line[free], rows[free]
    order = np.lexsort((tie(q.seed, v.hash[rows]), -np.rint(found.score[near] * 1e9), line))
    best, first_of = v.id[rows[order]].tolist(), np.searchsorted(line, np.arange(len(chosen))).tolist()
    return [tuple(best[at : at + q.n - 1]) for at in first_of]
