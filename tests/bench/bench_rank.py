"""Rank at region, province and country size: time and memory, beside a plain loop and the first free bed."""

from __future__ import annotations

import gc
import tracemalloc
from random import Random
from statistics import mean

from matcher.aanbod import Aanbod
from matcher.geo import Estimate
from matcher.problem import Aanvraag
from matcher.rank import rank
from matcher.reasons import changes, fallen_out, judge
from service.demo.generate import Size
from service.demo.scarcity import Scarcity
from tests.bench import plain
from tests.bench.demo import NOW_HOUR, Region, region
from tests.bench.entry import Entry, measured, milliseconds

TRAVEL = Estimate()
CASES = 100
LOOPS = 10
"""The plain loop is measured on fewer cases: it is slow."""


def run() -> list[Entry]:
    """Entries `rank_<size>_ms` and so on; rank_40k_* are those of the country, of aanvragen for one child."""
    entries: list[Entry] = []
    for size in Size:
        entries += _size(size, region(size, Scarcity.RUIM))
        gc.unfreeze()
    krap = region(Size.COUNTRY, Scarcity.KRAP)
    aanbod, asked = Aanbod.build(krap.plekken, krap.codes), _sample(krap, samen=False)
    krap.plekken.clear()
    middle, _ = milliseconds(lambda q: _whole(q, aanbod, krap), asked)
    return [*entries, *measured("rank_40k_krap_reasons_ms", middle, "ms", {})]


def _size(size: Size, demo: Region) -> list[Entry]:
    name = {Size.REGION: "region", Size.PROVINCE: "province", Size.COUNTRY: "40k"}[size]
    tracemalloc.start()
    aanbod = Aanbod.build(demo.plekken, demo.codes)
    traced = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    rows = sum(_bytes(plek) for plek in demo.plekken)
    asked, together = _sample(demo, samen=False), _sample(demo, samen=True)
    # What stays for good is not looked at again by the collector, as in a server that has loaded its data.
    gc.collect()
    gc.freeze()
    build, _ = milliseconds(lambda _: Aanbod.build(demo.plekken, demo.codes), [None] * 3, repeat=1)
    middle, slow = milliseconds(lambda q: _rank(q, aanbod, demo), asked)
    whole, whole_slow = milliseconds(lambda q: _whole(q, aanbod, demo), asked)
    loop, _ = milliseconds(lambda q: _loop(q, demo), asked[:LOOPS], repeat=1)
    free, _ = milliseconds(lambda q: plain.first_free_bed(q, demo.plekken, TRAVEL), asked)
    entries = [
        *measured(f"rank_{name}_ms", middle, "ms", {"plain Python loop": loop, "first free bed": free}),
        *measured(f"rank_{name}_p95_ms", slow, "ms", {}),
        *measured(f"rank_{name}_reasons_ms", whole, "ms", {"plain Python loop": loop}),
        *measured(f"rank_{name}_reasons_p95_ms", whole_slow, "ms", {}),
        *measured(f"rank_{name}_build_ms", build, "ms", {}),
        *measured(f"rank_{name}_columns_mb", aanbod.nbytes / 1e6, "MB", {"rows as Structs": rows / 1e6}),
        *measured(f"rank_{name}_memory_mb", traced / 1e6, "MB", {"rows as Structs": rows / 1e6}),
    ]
    if len(together) > 1:
        samen, _ = milliseconds(lambda q: _rank(q, aanbod, demo), together)
        samen_whole, _ = milliseconds(lambda q: _whole(q, aanbod, demo), together)
        entries += measured(f"rank_{name}_samen_ms", samen, "ms", {})
        entries += measured(f"rank_{name}_samen_reasons_ms", samen_whole, "ms", {})
    best = mean(_best_score(q, aanbod, demo) for q in asked)
    first = mean(_first_score(q, aanbod, demo) for q in asked)
    return [*entries, *measured(f"rank_{name}_score", best, "points", {"first free bed": first})]


def _rank(q: Aanvraag, aanbod: Aanbod, demo: Region) -> None:
    rank(q, aanbod, demo.wegingen[q.urgentie], TRAVEL, NOW_HOUR)


def _whole(q: Aanvraag, aanbod: Aanbod, demo: Region) -> None:
    """A page of places, all reasons of all places, a page of what falls out, and the smallest changes."""
    judged = judge(q, aanbod, TRAVEL)
    rank(q, aanbod, demo.wegingen[q.urgentie], TRAVEL, NOW_HOUR, judged=judged)
    fallen_out(judged)
    changes(judged)


def _loop(q: Aanvraag, demo: Region) -> None:
    plain.rank_loop(q, demo.plekken, weging=demo.wegingen[q.urgentie], travel=TRAVEL, now_hour=NOW_HOUR)


def _best_score(q: Aanvraag, aanbod: Aanbod, demo: Region) -> float:
    places = rank(q, aanbod, demo.wegingen[q.urgentie], TRAVEL, NOW_HOUR, limit=1).places
    return places[0].score if places else 0.0


def _first_score(q: Aanvraag, aanbod: Aanbod, demo: Region) -> float:
    """The score of the first free bed."""
    first = plain.first_free_bed(q, demo.plekken, TRAVEL)
    if first is None:
        return 0.0
    places = rank(
        q, aanbod, demo.wegingen[q.urgentie], TRAVEL, NOW_HOUR, per_voorziening=False, limit=aanbod.plekken
    ).places
    return next((place.score for place in places if place.plek == first.id), 0.0)


def _sample(demo: Region, *, samen: bool) -> list[Aanvraag]:
    fitting = [q for q in demo.aanvragen if (len(q.jeugdigen) > 1) == samen]
    return Random(1).sample(fitting, min(CASES, len(fitting)))


def _bytes(row: object) -> int:
    """Size of a Struct with its strings and sets."""
    from sys import getsizeof

    fields = (getattr(row, name) for name in row.__struct_fields__)  # type: ignore[attr-defined]
    return getsizeof(row) + sum(getsizeof(value) for value in fields if isinstance(value, str | frozenset | tuple))
