"""Why a place falls out and what would help: the rules that fail, and the smallest changes. Codes and numbers only.

judged = judge(aanvraag, aanbod, Estimate())
fallen_out(judged), why_not(judged, plek), changes(judged)
"""

from __future__ import annotations

import numpy as np

from matcher.aanbod import hash_of, rows_of, run_starts, tie
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
    p, v = judged.q.aanbod.profielen, judged.q.aanbod.vensters
    failing = np.bitwise_count(judged.plek)
    group = v.voorziening[judged.row] if per_voorziening else v.plek[judged.row]
    first = np.flatnonzero(run_starts(group))
    if not len(first) or not limit:
        return ()
    fewest = np.minimum.reduceat(failing, first)
    # Only as many levels of "how many rules fail" as the page needs are sorted.
    reached = np.cumsum(np.bincount(fewest[fewest > 0]))
    level = int(np.searchsorted(reached, offset + limit))
    chosen = np.flatnonzero((fewest > 0) & (fewest <= level))
    hashes = p.hash if per_voorziening else v.hash[judged.row]
    order = chosen[np.lexsort((tie(judged.q.aanvraag.id, hashes[chosen]), fewest[chosen]))]
    sizes = np.diff(first, append=len(group))
    page = []
    for at in order[offset : offset + limit].tolist():
        plekken = np.arange(first[at], first[at] + sizes[at])
        near = plekken[failing[plekken] == fewest[at]]
        best = near[np.argmin(tie(judged.q.aanvraag.id, v.hash[judged.row[near]]))]
        page.append(_out(judged, int(best), int(sizes[at])))
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
