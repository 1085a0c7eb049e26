"""Who follows what happens live, as a browser does: after each end it comes back with the last id that it has."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx

from service.db import Connection

BEGIN = "0,0"
"""Before anything happened."""

AGAIN_S = 0.1
"""A browser waits the 3 seconds that the stream asks for."""

IN_ORDER = "select id::text from gebeurtenis where regio = $1 order by transactie, nummer"


class Listener:
    """`address`: of the web process that is there now."""

    def __init__(self, address: Callable[[], str], headers: dict[str, str]) -> None:
        self._address, self._headers, self._last = address, headers, BEGIN
        self.heard: list[str] = []
        """Ids of gebeurtenissen, in the order in which they came."""
        self.ends = 0
        """How often a stream ended."""
        self.refused: list[str] = []
        """What it was told when there was none to be had."""

    async def run(self) -> None:
        async with httpx.AsyncClient(timeout=60) as client:
            while True:
                try:
                    await self._once(client)
                except httpx.HTTPError:
                    self.ends += 1
                # Not to wait for something: so that it does not ask all the time while nobody is there.
                await asyncio.sleep(AGAIN_S)

    async def _once(self, client: httpx.AsyncClient) -> None:
        headers = self._headers | {"Last-Event-ID": self._last}
        async with client.stream("GET", f"{self._address()}/v1/gebeurtenissen", headers=headers) as response:
            if response.status_code != 200:
                self.refused.append((await response.aread()).decode())
                assert response.status_code == 503, self.refused
                return
            place, data = self._last, ""
            async for line in response.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "id":
                    place = value
                elif name == "data":
                    data = value
                elif not line:
                    # Whole: what was cut off before this, did not come.
                    self._last = place
                    if data:
                        self.heard.append(json.loads(data)["id"])
                        data = ""
        self.ends += 1

    async def all_heard(self, owner: Connection, regio: str) -> bool:
        """Whether it has come as far as the database."""
        happened: int = await owner.fetchval("select count(*) from gebeurtenis where regio = $1", regio)
        return len(self.heard) >= happened

    async def check(self, owner: Connection, regio: str) -> None:
        """Each gebeurtenis once, in the order in which they were committed."""
        there = [row["id"] for row in await owner.fetch(IN_ORDER, regio)]
        missed = [id for id in there if id not in self.heard]
        unknown = [id for id in self.heard if id not in there]
        twice = [id for id, times in Counter(self.heard).items() if times > 1]
        assert not (missed or unknown or twice), f"{missed=} {unknown=} {twice=}"
        assert self.heard == there


@asynccontextmanager
async def listening(address: Callable[[], str], headers: dict[str, str]) -> AsyncIterator[Listener]:
    there = Listener(address, headers)
    running = asyncio.create_task(there.run())
    try:
        yield there
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
