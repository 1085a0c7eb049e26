"""Why a place falls out and what would help: the rules that fail, and the smallest changes. Codes and numbers only.

judged = judge(aanvraag, aanbod, Estimate())
fallen_out(judged), why_not(judged, plek), changes(judged)
"""

from __future__ import annotations

import numpy as np

from matcher.aanbod import Rows, hash_of, lowest, ranges, rows_of, run_starts
from matcher.beds import BEDDEN, most_together
from matcher.change import changes
from matcher.judge import Judged, judge, reason
from matcher.problem import require
from matcher.rules import BED_RULES, BIT
from matcher.solution import REVEALING, FallenOut, Out

__all__ = ["Judged", "broken", "changes", "fallen_out", "judge", "why_not"]

BITS = np.array(list(BIT.values()))

BED_BITS = sum(BIT[rule] for rule in BED_RULES)
REVEALING_BITS = sum(BIT[rule] for rule in REVEALING)


def fallen_out(judged: Judged, *, per_voorziening: bool = True, limit: int = 20, offset: int = 0) -> FallenOut:
    """How many plekken fail which rules, and a page of them, nearest to fitting first.

    One plek per voorziening of which no plek fits, or every plek. Equal ones by a hash of aanvraag and voorziening.
    """
    require(limit >= 0 and offset >= 0, "fallen_out", f"limit {limit}, offset {offset}")
    masks, counts = np.unique(judged.plek, return_counts=True)
    present = masks.astype(np.int64)
    per_rule = (counts @ ((present[:, None] & BITS) != 0)).tolist()
    alone = dict(zip(present.tolist(), counts.tolist(), strict=True))
    reveals = (present & REVEALING_BITS) != 0
    return FallenOut(
        plekken=int(counts[present != 0].sum()),
        per_rule={rule: count for rule, count in zip(BIT, per_rule, strict=True) if count},
        alone={rule: alone[bit] for rule, bit in BIT.items() if bit in alone},
        revealing=int(counts[reveals].sum()),
        revealing_alone=int(counts[reveals & ((present | REVEALING_BITS) == REVEALING_BITS)].sum()),
        places=_page(judged, per_voorziening, limit, offset),
    )


def why_not(judged: Judged, plek: str) -> Out:
    """All the rules that one plek fails (none when it fits); KeyError when the aanbod does not have it."""
    return _lines(judged, _number(judged, plek), [1])[0]


def broken(judged: Judged, plek: str) -> int:
    """How many rules one plek fails, as `why_not` has them; KeyError when the aanbod does not have it."""
    return int(judged.plek[_number(judged, plek)][0]).bit_count()


def _number(judged: Judged, plek: str) -> Rows:
    """Its number, as an array of one."""
    v = judged.q.aanbod.vensters
    found = v.plek[np.flatnonzero(v.hash == hash_of(plek))[:1]]
    if not len(found):
        raise KeyError(plek)
    return found


def _page(judged: Judged, per_voorziening: bool, limit: int, offset: int) -> tuple[Out, ...]:
    q, p, v = judged.q, judged.q.aanbod.profielen, judged.q.aanbod.vensters
    failing = np.bitwise_count(judged.plek.astype(np.uint32))  # numpy counts those twice as fast as 16 bits
    # By level: groups whose nearest plek fails so many rules. Usually the first level is enough for a page.
    passed = np.zeros(len(p.id) if per_voorziening else len(failing), np.bool_)
    order: list[int] = []
    for level in range(len(BIT) + 1):
        plekken = np.flatnonzero(failing == level)
        at_level = np.zeros(len(passed), np.bool_)
        at_level[q.aanbod.voorziening[plekken] if per_voorziening else plekken] = True
        if level:
            chosen = np.flatnonzero(at_level & ~passed)
            hashes = p.hash[chosen] if per_voorziening else v.hash[judged.row[chosen]]
            order += chosen[lowest(offset + limit - len(order), None, q.seed, hashes)].tolist()
        passed |= at_level
        if len(order) >= offset + limit:
            break
    shown = np.array(order[offset:], np.int64)
    if not per_voorziening:
        return _lines(judged, shown, [1] * len(shown))
    plekken, line = ranges(p.plek[shown], p.plekken[shown])
    nearest = plekken[np.lexsort((v.hash[judged.row[plekken]], failing[plekken], line))]
    return _lines(judged, nearest[run_starts(line)], p.plekken[shown].tolist())


def _lines(judged: Judged, plekken: Rows, counts: list[int]) -> tuple[Out, ...]:
    """Each of `plekken` with all its reasons; `counts` is how many plekken each stands for."""
    q, p, v = judged.q, judged.q.aanbod.profielen, judged.q.aanbod.vensters
    rows = judged.row[plekken]
    columns = (rows, judged.plek[plekken], _beds(judged, plekken), v.id[rows], p.id[v.voorziening[rows]])
    return tuple(
        Out(
            plek=plek,
            voorziening=voorziening,
            reasons=tuple(reason(q, rule, row, beds) for rule, bit in BIT.items() if mask & bit),
            plekken=count,
        )
        for count, row, mask, beds, plek, voorziening in zip(
            counts, *(column.tolist() for column in columns), strict=True
        )
    )


def _beds(judged: Judged, plekken: Rows) -> Rows:
    """How many beds can start together with each that fails bedden: others that fail more of the bed do not count."""
    q, p, v = judged.q, judged.q.aanbod.profielen, judged.q.aanbod.vensters
    found = np.zeros(len(plekken), np.int64)
    lonely = np.flatnonzero(judged.plek[plekken] & BEDDEN)
    own = judged.plek[plekken[lonely]] & BED_BITS
    for mask in set(own.tolist()):
        at = lonely[own == mask]
        rows = judged.row[plekken[at]]
        near, _ = rows_of(p, np.unique(v.voorziening[rows]))
        near = near[(judged.window[near] & (BED_BITS & ~mask)) == 0]
        _, beds = most_together(q, near, mask, None, q.n - 1)
        found[at] = beds[np.searchsorted(near, rows)]
    return found
