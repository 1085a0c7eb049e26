"""Rangschikkingen that this process made, for who asks the same a moment later: not more than so many bytes.

What is kept is an answer as JSON, under everything that it was made of: the places as they were (one View; when that is
another, all that was made of it goes) and a digest of all the rest, which who asks has read anew. So nothing is ever
told that is no longer so, and nobody learns from it what he may not read.
"""

from __future__ import annotations

from collections import OrderedDict

MOST_BYTES = 16_000_000
"""Some 300 answers of the usual length."""


class Kept:
    """Per region; the least used goes first."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most, self._size = most, 0
        self._views: dict[str, object] = {}
        self._answers: OrderedDict[tuple[str, bytes], bytes] = OrderedDict()

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
        if self._views.get(regio) is not view:
            self._forget(regio)
            self._views[regio] = view
        self._size += len(answer) - len(self._answers.pop((regio, digest), b""))
        self._answers[regio, digest] = answer
        while self._size > self._most:
            _, gone = self._answers.popitem(last=False)
            self._size -= len(gone)

    def _forget(self, regio: str) -> None:
        """All that was made of an older view, which is not held on to either."""
        if self._views.pop(regio, None) is not None:
            for key in [key for key in self._answers if key[0] == regio]:
                self._size -= len(self._answers.pop(key))
