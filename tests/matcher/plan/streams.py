"""Small streams: by hand, and seeded ones of some weeks in which everything is scarce."""

from __future__ import annotations

from random import Random

import numpy as np

from matcher.pairs import CRISIS, NOBODY, REGULIER, SPOED, Pairs
from matcher.replay import Stream


def stream(
    children: list[dict[str, int]],
    table: list[list[int | None]],
    *,
    beds: list[int],
    days: int,
    taken: list[tuple[int, int]] | None = None,
    splitsbaar: list[bool] | None = None,
) -> Stream:
    """A row of the table per child, a column per voorziening: points (0 to 100) or None."""
    pairs = [(who, unit, p * 100) for who, row in enumerate(table) for unit, p in enumerate(row) if p is not None]
    request, slot, value = (np.array(column, np.int64) for column in zip(*pairs, strict=True))

    def column(name: str, default: int = 0) -> np.ndarray:
        return np.array([child.get(name, default) for child in children], np.int64)

    start = np.array([child.get("start", child["arrival"]) for child in children])
    return Stream(
        pairs=Pairs.build(
            urgentie=column("urgentie", REGULIER),
            groep=column("groep", NOBODY),
            splitsbaar=splitsbaar or [],
            capaciteit=beds,
            request=request,
            slot=slot,
            value=value,
        ),
        minutes=np.full(len(pairs), 10.0),
        days=days,
        arrival=column("arrival"),
        start=start,
        latest=start + column("patience", 5),
        stay=column("stay", 10),
        machtiging=column("machtiging").astype(np.bool_),
        taken=np.array(taken or [], np.int64).reshape(-1, 2),
    )


def random(seed: int, *, days: int = 42, children: int = 26) -> Stream:
    dice = Random(seed)
    beds = [dice.choice((1, 1, 2, 3)) for _ in range(5)]
    rows: list[dict[str, int]] = []
    leave: list[bool] = []
    table: list[list[int | None]] = []
    while len(rows) < children:
        size = dice.choice((1, 1, 1, 1, 2, 3))
        arrival, groep = dice.randrange(days), NOBODY
        asked = {
            "arrival": arrival,
            "start": arrival + dice.randint(0, 4),
            "patience": dice.randint(0, 9),
            "urgentie": dice.choice((CRISIS, SPOED, REGULIER, REGULIER)),
            "machtiging": int(dice.random() < 0.3),
        }
        if size > 1:
            groep = len(leave)
            leave.append(dice.random() < 0.4)
        open_to = [dice.random() < 0.6 for _ in beds]
        for _ in range(size):
            rows.append(asked | {"groep": groep, "stay": dice.randint(2, 30)})
            table.append([dice.randint(20, 90) if fits and dice.random() < 0.9 else None for fits in open_to])
    taken = [(unit, dice.randint(1, 12)) for unit, count in enumerate(beds) for _ in range(dice.randint(0, count))]
    return stream(rows, table, beds=beds, days=days, taken=taken, splitsbaar=leave)
