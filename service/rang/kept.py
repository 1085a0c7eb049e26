"""What this process made of the places as they are now, for who asks the same a moment later. Never more than so much.

Kept are rangschikkingen as JSON, each under a digest of all that it was made of, which who asks has read anew; and rows
of places as a rol may see them. All of it belongs to one View of the places: when that is another, it goes. So nothing
is ever told that is no longer so, and nobody learns from it what he may not read.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

MOST_BYTES = 24_000_000
"""Of answers: some 400 of the usual length."""

MOST_ROWS = 6_000
"""Of some 1,200 bytes."""


class Kept:
    """Per region; the least used goes first."""

    def __init__(self, most: int = MOST_BYTES, most_rows: int = MOST_ROWS) -> None:
        self._most, self._most_rows, self._size = most, most_rows, 0
        self._views: dict[str, object] = {}
        self._answers: OrderedDict[tuple[str, bytes], bytes] = OrderedDict()
        self._rows: dict[str, dict[Hashable, dict[str, Any]]] = {}

    @property
    def size(self) -> int:
        """Bytes."""
        return self._size

    def get(self, regio: str, view: object, digest: bytes) -> bytes | None:
        """What was made of this very view and of what has this digest."""
        if self._views.get(regio) is not view:
            self._forget(regio)
            return None
        found = self._answers.get((regio, digest))
        if found is not None:
            self._answers.move_to_end((regio, digest))
        return found

    def put(self, regio: str, view: object, digest: bytes, answer: bytes) -> None:
        self._belong(regio, view)
        self._size += len(answer) - len(self._answers.pop((regio, digest), b""))
        self._answers[regio, digest] = answer
        while self._size > self._most:
            _, gone = self._answers.popitem(last=False)
            self._size -= len(gone)

    def rows(self, regio: str, view: object, who: Hashable) -> dict[str, Any]:
        """Rows of places by id, as `who` may see them, to look in and to add to."""
        self._belong(regio, view)
        if sum(len(rows) for each in self._rows.values() for rows in each.values()) > self._most_rows:
            self._rows.clear()
        return self._rows.setdefault(regio, {}).setdefault(who, {})

    def _belong(self, regio: str, view: object) -> None:
        if self._views.get(regio) is not view:
            self._forget(regio)
            self._views[regio] = view

    def _forget(self, regio: str) -> None:
        """All that was made of an older view, which is not held on to either."""
        self._rows.pop(regio, None)
        if self._views.pop(regio, None) is not None:
            for key in [key for key in self._answers if key[0] == regio]:
                self._size -= len(self._answers.pop(key))
