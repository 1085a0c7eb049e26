"""Travel minutes from where a child's life is (thuis, school, netwerk) to every locatie.

By default an estimate from the distance. With an OSRM service its `table` answer, and the estimate where OSRM has
none. Which of the two it was, and why, goes with the answer: nobody takes a guess for a route.

OSRM gets the middle of a postcode area and the points of public locaties. The coarse point of a secret or
confidential locatie is never sent: a route to a made-up point says no more than the estimate does.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import httpx
import msgspec
import numpy as np
from msgspec import Struct

from matcher.aanbod import Aanbod
from matcher.geo import Estimate, Table, Travel, wgs84
from matcher.problem import Aanvraag, Anker, Point
from service.settings import Settings
from service.taal import gettext

CHUNK = 100
"""Destinations per request: 1 by 101 cells is far within what OSRM allows by default, and the URL stays under 2 kB."""

AT_ONCE = 4
"""Requests to OSRM at the same time for one aanvraag."""

SOURCES = 512
"""Points of departure of which the answers are kept, the least used dropped first."""

RETRY_S = 10.0
"""After a failure OSRM is left alone this long, so that not every question waits for the time-out."""

SCHATTING, OSRM = "schatting", "osrm"


class Reis(NamedTuple):
    """Minutes for the matcher; where they come from; and in Dutch why that is not, or not wholly, what was asked."""

    travel: Travel
    bron: str
    """`schatting` or `osrm`."""
    reden: str | None


class Answer(Struct):
    """What OSRM's table service answers, as far as we read it. Seconds; null where there is no route."""

    code: str
    durations: list[list[float | None]]


class Failed(Exception):
    """OSRM gave no usable answer; the text goes to the user."""


Place = tuple[float, float]
"""Kilometres of the Rijksdriehoek."""


class Traveller:
    """Asks OSRM when `osrm_url` is set, and remembers what it said. When it fails, `minutes` says what it fell back on.

    `timeout_s` is for all requests of one aanvraag together. `clock` counts seconds and is only compared with itself.
    """

    def __init__(
        self,
        osrm_url: str | None = None,
        *,
        timeout_s: float = 2.0,
        estimate: Estimate | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._estimate = estimate or Estimate()
        self._timeout_s, self._clock = timeout_s, clock
        self._client = httpx.AsyncClient(base_url=osrm_url, timeout=timeout_s, trust_env=False) if osrm_url else None
        self._known: OrderedDict[Place, dict[Place, float]] = OrderedDict()
        self._failed: tuple[float, str] | None = None

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: Settings) -> AsyncIterator[Traveller]:
        """As the settings say, closed at the end of the block. One per process."""
        estimate = Estimate(omrijfactor=settings.detour_factor, snelheid_kmh=settings.speed_kmh)
        travel = cls(settings.osrm_url, timeout_s=settings.osrm_timeout_s, estimate=estimate)
        try:
            yield travel
        finally:
            await travel.close()

    @property
    def fixed(self) -> bool:
        """Whether the minutes are always the same: nobody is asked for them."""
        return self._client is None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def minutes(self, aanvraag: Aanvraag, aanbod: Aanbod) -> Reis:
        """Minutes from each known anker of the aanvraag to each locatie of the aanbod."""
        if self._client is None:
            return Reis(self._estimate, SCHATTING, None)
        if self._failed is not None and self._clock() - self._failed[0] < RETRY_S:
            return Reis(self._estimate, SCHATTING, self._failed[1])
        places = public_places(aanbod)
        try:
            async with asyncio.timeout(self._timeout_s):
                known = {
                    anker: await self._from(self._client, point, set(places.values()))
                    for anker in Anker
                    if isinstance(point := getattr(aanvraag, anker.value), Point)
                }
        except (TimeoutError, httpx.TimeoutException):
            return self._fall_back(
                gettext("OSRM gaf niet binnen %(timeout_s)s seconden antwoord", timeout_s=f"{self._timeout_s:g}")
            )
        except httpx.HTTPError as error:
            return self._fall_back(gettext("OSRM is niet bereikbaar (%(name)s)", name=type(error).__name__))
        except Failed as failed:
            return self._fall_back(str(failed))
        self._failed = None
        return Reis(
            Table(minutes_of(known, places, len(aanbod.locaties)), self._estimate), OSRM, _missing(known, places)
        )

    def _fall_back(self, what: str) -> Reis:
        reden = gettext("%(what)s; de reistijden zijn geschat uit de afstand.", what=what)
        self._failed = (self._clock(), reden)
        return Reis(self._estimate, SCHATTING, reden)

    async def _from(self, client: httpx.AsyncClient, point: Point, to: set[Place]) -> dict[Place, float]:
        """Minutes from one point; asks OSRM only for places that it was not asked before."""
        source = (point.x_km, point.y_km)
        known = self._known.setdefault(source, {})
        self._known.move_to_end(source)
        while len(self._known) > SOURCES:
            self._known.popitem(last=False)
        new = sorted(to - known.keys())
        limit = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_quiet(limit, client, source, new[at : at + CHUNK]))
                for at in range(0, len(new), CHUNK)
            ]
        for task in tasks:
            answer = task.result()
            if isinstance(answer, Exception):
                raise answer
            known |= answer
        return {place: known[place] for place in to}


def public_places(aanbod: Aanbod) -> dict[int, Place]:
    """Code of each locatie that has an exact point → the point."""
    p = aanbod.profielen
    return {
        int(locatie): (float(x), float(y))
        for locatie, x, y, exact in zip(p.locatie, p.x_km, p.y_km, p.exact, strict=True)
        if exact and not np.isnan(x)
    }


def minutes_of(
    known: dict[Anker, dict[Place, float]], places: dict[int, Place], locaties: int
) -> dict[Anker, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """As geo.Table wants it: per anker one number per locatie, NaN where only an estimate can be had."""
    table = {}
    for anker, minutes in known.items():
        row = np.full(locaties, np.nan)
        for locatie, place in places.items():
            row[locatie] = minutes[place]
        table[anker] = row
    return table


def _missing(known: dict[Anker, dict[Place, float]], places: dict[int, Place]) -> str | None:
    without = sum(any(np.isnan(minutes[place]) for minutes in known.values()) for place in places.values())
    if not without:
        return None
    kent = "1 locatie" if without == 1 else f"{without} locaties"
    return gettext("OSRM kent naar %(kent)s geen route; daarvoor is de reistijd geschat uit de afstand.", kent=kent)


async def _quiet(
    limit: asyncio.Semaphore, client: httpx.AsyncClient, source: Place, to: list[Place]
) -> dict[Place, float] | Exception:
    """As ask, but a failure is a value: a TaskGroup would wrap it."""
    async with limit:
        try:
            return await ask(client, source, to)
        except (httpx.HTTPError, Failed) as error:
            return error


async def ask(client: httpx.AsyncClient, source: Place, to: list[Place]) -> dict[Place, float]:
    """Minutes by car from OSRM's table service (API v1), NaN where it finds no route.

    https://project-osrm.org/docs/v5.24.0/api/#table-service: longitude before latitude, durations in seconds.
    """
    points = ";".join(f"{lon:.5f},{lat:.5f}" for lat, lon in (wgs84(*place) for place in (source, *to)))
    response = await client.get(f"/table/v1/driving/{points}", params={"sources": "0", "annotations": "duration"})
    if response.status_code != httpx.codes.OK:
        raise Failed(gettext("OSRM gaf antwoord %(status_code)s", status_code=response.status_code))
    try:
        answer = msgspec.json.decode(response.content, type=Answer)
    except msgspec.DecodeError:
        raise Failed(gettext("OSRM gaf een antwoord dat niet te lezen is")) from None
    rows = answer.durations
    seconds = rows[0][1:] if len(rows) == 1 else []  # the first is from the source to itself
    if answer.code != "Ok" or len(seconds) != len(to) or any(s is not None and s < 0 for s in seconds):
        raise Failed(gettext("OSRM gaf een antwoord dat niet bij de vraag past"))
    return {place: float("nan") if s is None else s / 60 for place, s in zip(to, seconds, strict=True)}
