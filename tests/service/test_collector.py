"""Python's search for cycles: off while very many objects are made, and not through what stays."""

from __future__ import annotations

import gc
import subprocess
import sys
from contextlib import suppress

from service.collector import without_collector


def test_the_collector_is_off_only_within_and_whatever_happens() -> None:
    with suppress(OSError), without_collector():
        within = gc.isenabled()
        raise OSError
    assert not within and gc.isenabled()


def test_who_had_it_off_keeps_it_off() -> None:
    """Two that load at once: the one within does not put it on for the other."""
    with without_collector():
        with without_collector():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_lives_when_it_settles_is_not_looked_through_again() -> None:
    """In a process of its own: what is frozen stays so."""
    code = "import gc, service.collector as c; c.settle(); assert gc.get_freeze_count() > 5000 > len(gc.get_objects())"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_requests_do_not_wait_for_a_search_time_and_again() -> None:
    """Nearly twenty thousand new objects, and not one search; Python by itself does twenty-seven."""
    code = """if True:
        import gc, service.collector as c
        c.settle()
        before = gc.get_stats()[0]["collections"]
        kept = [[] for _ in range(19_000)]
        assert gc.get_stats()[0]["collections"] == before and gc.isenabled()
    """
    subprocess.run([sys.executable, "-c", code], check=True)
