"""Python's search for cycles of objects that nobody holds: what it need not look through, so that no request waits.

A full search goes through everything that lives. In the web process that takes some 80 ms, of one request.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = 20_000
"""New objects until those are searched. A request makes hundreds, and hardly ever a cycle: at Python's own 700 the
searches are 0.03 ms of a list (docs/schaal.md)."""


def settle() -> None:
    """What lives now stays, as modules, routes and templates do: it is not looked through again. And what is new is
    looked through less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])


@contextmanager
def without_collector() -> Iterator[None]:
    """For making very many objects without cycles: the search would start time and again, and take half of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
