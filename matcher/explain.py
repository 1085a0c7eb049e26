"""Why a place falls out and what would help: the rules that fail, and the smallest changes. Codes and numbers only.

judged = judge(aanvraag, aanbod, Estimate())
fallen_out(judged), why_not(judged, plek), changes(judged)
"""

from __future__ import annotations

import numpy as np

from matcher.aanbod import hash_of, lowest, rows_of, tie
from matcher.beds import BEDDEN, most_together
from matcher.change import changes
from matcher.judge import Judged, judge, reason
from matcher.problem import require
from matcher.rules import BED_RULES, BIT
from matcher.solution import FallenOut, Out

__all__ = ["Judged", "changes", "fallen_out", "judge", "why_not"]

BED_BITS = sum(BIT[rule] for rule in BED_RULES)


def fallen_out(judged: Judged, *, per_voorziening: bool = True, limit: int = 20, offset: int = 0) -> FallenOut:
    """How many plekken fail which rules, and a page of them, nearest to fitting first.

    One plek per voorziening of which no plek fits, or every plek. Equal ones by a hash of aanvraag and voorziening.
    """
    require(limit >= 0 and offset >= 0, "fallen_out", f"limit {limit}, offset {offset}")
    counts = np.bincount(judged.plek)
    present = np.flatnonzero(counts)
    counts = counts[present]
    out = {rule: int(counts[(present & bit) != 0].sum()) for rule, bit in BIT.items()}
    alone = dict(zip(present.tolist(), counts.tolist(), strict=True))
    return FallenOut(
        plekken=int(counts[present != 0].sum()),
        per_rule={rule: count for rule, count in out.items() if count},
        alone={rule: alone[bit] for rule, bit in BIT.items() if bit in alone},
        places=_page(judged, per_voorziening, limit, offset),
    )


def why_not(judged: Judged, plek: str) -> Out:
    """All the rules that one plek fails (none when it fits); KeyError when the aanbod does not have it."""
    v = judged.q.aanbod.vensters
    found = np.flatnonzero(v.hash == hash_of(plek))
    if not len(found):
        raise KeyError(plek)
    return _out(judged, int(v.plek[found[0]]), 1)


def _page(judged: Judged, per_voorziening: bool, limit: int, offset: int) -> tuple[Out, ...]:
    q, p, v = judged.q, judged.q.aanbod.profielen, judged.q.aanbod.vensters
    failing = np.bitwise_count(judged.plek)
    group = v.voorziening[judged.row] if per_voorziening else v.plek[judged.row]
    # By level: groups whose nearest plek fails so many rules. Usually the first level is enough for a page.
    passed = np.zeros(len(p.id) if per_voorziening else len(failing), np.bool_)
    passed[group[failing == 0]] = True
    order: list[int] = []
    for level in range(1, len(BIT) + 1):
        at_level = np.zeros(len(passed), np.bool_)
        at_level[group[failing == level]] = True
        chosen = np.flatnonzero(at_level & ~passed)
        passed |= at_level
        ties = tie(q.seed, p.hash[chosen] if per_voorziening else v.hash[judged.row[chosen]])
        order += chosen[lowest(offset + limit - len(order), ties, ties)].tolist()
        if len(order) >= offset + limit:
            break
    page = []
    for at in order[offset:]:
        count = int(p.plekken[at]) if per_voorziening else 1
        first = int(v.plek[p.row[at]]) if per_voorziening else at
        near = first + np.flatnonzero(failing[first : first + count] == failing[first : first + count].min())
        best = int(near[np.argmin(v.hash[judged.row[near]])])
        page.append(_out(judged, best, count))
    return tuple(page)


def _out(judged: Judged, plek: int, plekken: int) -> Out:
    q, row, mask = judged.q, int(judged.row[plek]), int(judged.plek[plek])
    p, v = q.aanbod.profielen, q.aanbod.vensters
    beds = 0
    if mask & BEDDEN:
        at = np.array([v.voorziening[row]])
        own = mask & BED_BITS
        rows, _ = rows_of(p, at)
        rows = rows[(judged.window[rows] & np.uint16(BED_BITS & ~own)) == 0]
        beds = int(most_together(q, rows, own, None, q.n)[1][rows == row][0])
    return Out(
        plek=v.id[row],
        voorziening=p.id[v.voorziening[row]],
        reasons=tuple(reason(q, rule, row, beds) for rule, bit in BIT.items() if mask & bit),
        plekken=plekken,
    )
