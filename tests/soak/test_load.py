"""The load of `make load`, shorter and at the size of a region: everybody at once while each part is restarted."""

from __future__ import annotations

import pytest

from service.demo import Size
from tests.bench.entry import Entry
from tests.load.mixed import mixed
from tests.load.pair import Kind
from tests.load.streams import streams

pytestmark = pytest.mark.soak

SECONDS = 60

STREAMS, REGIONS = 100, 4


def show(entries: list[Entry]) -> None:
    for entry in entries:
        print(f"{entry.name} {entry.value:.2f} {entry.unit}")


async def test_everybody_gets_right_answers_and_loses_nothing_while_each_part_is_stopped_and_killed() -> None:
    """Web, worker, Valkey and PostgreSQL, at least once each; what was answered is there, and is there once."""
    show(await mixed(Size.REGION, SECONDS))


async def test_who_follows_live_misses_nothing_while_web_and_valkey_are_restarted() -> None:
    """Nobody hears anything twice, nor what is not for them."""
    show(await streams(STREAMS, REGIONS, (Kind("web", True), Kind("web", False), Kind("valkey", True))))
