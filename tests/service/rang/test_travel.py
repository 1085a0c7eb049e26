"""Travel minutes: what is estimated, what OSRM says, and that the answer tells which of the two it was.

OSRM itself is in no registry; the server here is a real HTTP server on loopback that speaks its table protocol.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from math import isnan
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from matcher.aanbod import Aanbod
from matcher.geo import Estimate, Table, rd
from matcher.problem import Aanvraag, Anker, Codes, Jeugdige, Plek, Point, Urgentie
from service.rang.travel import CHUNK, RETRY_S, Traveller
from service.settings import Settings

HILVERSUM = (52.2261, 5.1742)
BUSSUM = (52.2770, 5.1620)
HUIZEN = (52.2960, 5.2420)


def point(lat: float, lon: float) -> Point:
    return Point(*rd(lat, lon))


def plek(name: str, where: tuple[float, float] | None, *, exact: bool = True) -> Plek:
    return Plek(
        id=f"plek {name}",
        voorziening=f"voorziening {name}",
        locatie=f"locatie {name}",
        aanbieder="a",
        regio="r",
        zorgvorm="gezinshuis",
        leeftijd_van=0,
        leeftijd_tot=215,
        groepssoort="gemengd",
        juridische_kaders=frozenset({"ots"}),
        perspectieven=frozenset({"langdurig"}),
        windows=((1, 100),),
        point=point(*where) if where else None,
        exact=exact,
    )


def aanbod(*plekken: Plek) -> Aanbod:
    return Aanbod.build(plekken, Codes(zorgvormen=("gezinshuis",)))


def aanvraag(**ankers: Point) -> Aanvraag:
    return Aanvraag(
        id="q",
        urgentie=Urgentie.REGULIER,
        jeugdigen=(Jeugdige(leeftijd_maanden=100, groepssoorten=frozenset({"gemengd"})),),
        zorgvormen=frozenset({"gezinshuis"}),
        juridische_kaders=frozenset({"ots"}),
        perspectief="langdurig",
        gewenste_start=1,
        uiterlijke_datum=10,
        verblijf=10,
        regios=frozenset({("r", None)}),
        **ankers,  # type: ignore[arg-type]
    )


class Osrm:
    """What arrived, and what to answer to coordinates (lon, lat); None: a byte now and then, for ever."""

    def __init__(self) -> None:
        self.asked: list[list[tuple[float, float]]] = []
        self.queries: list[dict[str, list[str]]] = []
        self.status = 200
        self.answer: Callable[[list[tuple[float, float]]], Awaitable[bytes | None]] = self.ok
        self.url = ""

    async def ok(self, points: list[tuple[float, float]]) -> bytes:
        """600 seconds to the first destination, 660 to the next, and so on; 0 to itself."""
        return durations([0.0, *(600.0 + 60 * i for i in range(len(points) - 1))])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        url = urlsplit(head.split()[1])
        service, version, profile, points = url.path.strip("/").split("/")
        assert (service, version, profile) == ("table", "v1", "driving")
        coordinates = [(float(lon), float(lat)) for lon, lat in (pair.split(",") for pair in points.split(";"))]
        self.asked.append(coordinates)
        self.queries.append(parse_qs(url.query))
        body = await self.answer(coordinates)
        head = f"HTTP/1.1 {self.status} X\r\nContent-Length: {len(body or b'') or 10**6}\r\nConnection: close\r\n\r\n"
        hung_up = asyncio.ensure_future(reader.read())
        writer.write(head.encode() + (body or b""))
        while body is None and not hung_up.done():
            writer.write(b" ")
            await asyncio.wait([hung_up], timeout=0.01)
        await hung_up
        writer.close()
        await writer.wait_closed()


def durations(row: list[float | None]) -> bytes:
    return msgspec.json.encode({"code": "Ok", "durations": [row], "sources": [], "destinations": []})


@pytest.fixture
async def osrm() -> AsyncIterator[Osrm]:
    fake = Osrm()
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield fake
    server.close()


@asynccontextmanager
async def travelling(url: str | None, **options: object) -> AsyncIterator[Traveller]:
    travel = Traveller(url, **options)  # type: ignore[arg-type]
    yield travel
    await travel.close()


def minutes(travel: Estimate | Table, anker: Anker, question: Aanvraag, supply: Aanbod) -> list[float]:
    p = supply.profielen
    return [float(m) for m in travel.minutes(anker, getattr(question, anker.value), p.locatie, p.x_km, p.y_km)]


# ── The estimate ─────────────────────────────────────────────────────────────────────────────────


async def test_without_osrm_minutes_are_distance_by_detour_by_speed_and_the_answer_says_estimate() -> None:
    """Bussum lies 5.72 km from Hilversum: 5.72 × 1.3 ÷ 50 × 60 = 8.9 minutes, and 4 to leave and arrive."""
    settings = Settings(detour_factor=1.3, speed_kmh=50)
    question, supply = aanvraag(thuis=point(*HILVERSUM)), aanbod(plek("bussum", BUSSUM))
    async with Traveller.opened(settings) as travel:
        found, bron, reden = await travel.minutes(question, supply)
    assert minutes(found, Anker.THUIS, question, supply) == [pytest.approx(12.9, abs=0.05)]
    assert (bron, reden) == ("schatting", None)


async def test_the_settings_decide_detour_and_speed() -> None:
    question, supply = aanvraag(thuis=point(*HILVERSUM)), aanbod(plek("bussum", BUSSUM))
    async with Traveller.opened(Settings(detour_factor=2, speed_kmh=25)) as travel:
        found, _, _ = await travel.minutes(question, supply)
    assert minutes(found, Anker.THUIS, question, supply) == [pytest.approx(4 + 5.72 * 2 / 25 * 60, abs=0.1)]


# ── OSRM ─────────────────────────────────────────────────────────────────────────────────────────


async def test_with_osrm_its_minutes_count_for_every_anker(osrm: Osrm) -> None:
    question = aanvraag(thuis=point(*HILVERSUM), school=point(*HUIZEN))
    supply = aanbod(plek("bussum", BUSSUM))
    async with travelling(osrm.url) as travel:
        found, bron, reden = await travel.minutes(question, supply)
    assert minutes(found, Anker.THUIS, question, supply) == [10.0]
    assert minutes(found, Anker.SCHOOL, question, supply) == [10.0]
    assert isnan(minutes(found, Anker.NETWERK, question, supply)[0])
    assert (bron, reden) == ("osrm", None)


async def test_osrm_is_asked_with_longitude_first_and_the_source_in_front(osrm: Osrm) -> None:
    """To a metre: from the grid of the matcher back to degrees."""
    async with travelling(osrm.url) as travel:
        await travel.minutes(aanvraag(thuis=point(*HILVERSUM)), aanbod(plek("bussum", BUSSUM)))
    lat, lon = HILVERSUM
    assert osrm.asked == [[(pytest.approx(lon, abs=2e-5), pytest.approx(lat, abs=2e-5)), (5.162, 52.277)]]
    assert osrm.queries == [{"sources": ["0"], "annotations": ["duration"]}]


async def test_the_point_of_a_secret_locatie_is_never_sent_and_its_time_is_estimated(osrm: Osrm) -> None:
    question = aanvraag(thuis=point(*HILVERSUM))
    supply = aanbod(plek("geheim", HUIZEN, exact=False), plek("bussum", BUSSUM), plek("onbekend", None))
    async with travelling(osrm.url) as travel:
        found, bron, reden = await travel.minutes(question, supply)
    secret, public, unknown = minutes(found, Anker.THUIS, question, supply)
    assert [len(points) for points in osrm.asked] == [2]
    assert public == 10.0
    assert secret == minutes(Estimate(), Anker.THUIS, question, supply)[0]
    assert isnan(unknown)
    assert (bron, reden) == ("osrm", None)


async def test_more_places_than_fit_in_one_request_are_asked_in_parts(osrm: Osrm) -> None:
    supply = aanbod(*(plek(str(i), (52.0 + i / 1000, 5.2)) for i in range(CHUNK + 1)))
    async with travelling(osrm.url) as travel:
        found, bron, _ = await travel.minutes(aanvraag(thuis=point(*HILVERSUM)), supply)
    assert sorted(len(points) for points in osrm.asked) == [2, CHUNK + 1]
    assert bron == "osrm"
    assert isinstance(found, Table)
    assert not any(isnan(m) for m in found.minuten[Anker.THUIS])


async def test_two_locaties_on_one_point_are_asked_once(osrm: Osrm) -> None:
    supply = aanbod(plek("een", BUSSUM), plek("twee", BUSSUM))
    async with travelling(osrm.url) as travel:
        await travel.minutes(aanvraag(thuis=point(*HILVERSUM)), supply)
    assert [len(points) for points in osrm.asked] == [2]


async def test_what_osrm_said_is_remembered_and_only_new_places_are_asked(osrm: Osrm) -> None:
    question = aanvraag(thuis=point(*HILVERSUM))
    async with travelling(osrm.url) as travel:
        await travel.minutes(question, aanbod(plek("bussum", BUSSUM)))
        await travel.minutes(question, aanbod(plek("bussum", BUSSUM)))
        assert len(osrm.asked) == 1
        await travel.minutes(question, aanbod(plek("bussum", BUSSUM), plek("huizen", HUIZEN)))
    assert [points[1:] for points in osrm.asked[1:]] == [[(5.242, 52.296)]]


async def test_places_without_a_route_are_estimated_and_the_answer_says_how_many(osrm: Osrm) -> None:
    async def island(points: list[tuple[float, float]]) -> bytes:
        return durations([0.0, *(None if lat > 52.29 else 600.0 for _, lat in points[1:])])

    osrm.answer = island
    question, supply = aanvraag(thuis=point(*HILVERSUM)), aanbod(plek("huizen", HUIZEN), plek("bussum", BUSSUM))
    async with travelling(osrm.url) as travel:
        found, bron, reden = await travel.minutes(question, supply)
    there = minutes(found, Anker.THUIS, question, supply)
    assert there == [minutes(Estimate(), Anker.THUIS, question, supply)[0], 10.0]
    assert (bron, reden) == (
        "osrm",
        "OSRM kent naar 1 locatie geen route; daarvoor is de reistijd geschat uit de afstand.",
    )


# ── When OSRM fails ──────────────────────────────────────────────────────────────────────────────


async def fallen_back(osrm: Osrm, **options: object) -> str | None:
    question, supply = aanvraag(thuis=point(*HILVERSUM)), aanbod(plek("bussum", BUSSUM))
    async with travelling(osrm.url, **options) as travel:
        found, bron, reden = await travel.minutes(question, supply)
    assert bron == "schatting"
    assert minutes(found, Anker.THUIS, question, supply) == minutes(Estimate(), Anker.THUIS, question, supply)
    return reden


async def test_no_answer_in_time_falls_back_and_says_so(osrm: Osrm) -> None:
    """The time is for the whole answer: a server that sends a byte every 10 ms is never silent for long."""

    async def never(_: list[tuple[float, float]]) -> None:
        return None

    osrm.answer = never
    assert await fallen_back(osrm, timeout_s=0.1) == (
        "OSRM gaf niet binnen 0.1 seconden antwoord; de reistijden zijn geschat uit de afstand."
    )


async def test_an_error_of_the_server_falls_back_and_says_so(osrm: Osrm) -> None:
    osrm.status = 500
    reden = await fallen_back(osrm)
    assert reden == "OSRM gaf antwoord 500; de reistijden zijn geschat uit de afstand."


async def test_nobody_listening_falls_back_and_says_so(osrm: Osrm) -> None:
    osrm.url = "http://127.0.0.1:9"
    reden = await fallen_back(osrm)
    assert reden == "OSRM is niet bereikbaar (ConnectError); de reistijden zijn geschat uit de afstand."


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<html>", "dat niet te lezen is"),
        (b'{"code": "Ok"}', "dat niet te lezen is"),
        (b'{"code": "Ok", "durations": [["ten minutes"]]}', "dat niet te lezen is"),
        (b'{"code": "NoTable", "durations": [[0, 600]]}', "dat niet bij de vraag past"),
        (durations([0.0, 600.0, 660.0]), "dat niet bij de vraag past"),
        (durations([0.0]), "dat niet bij de vraag past"),
        (durations([0.0, -1.0]), "dat niet bij de vraag past"),
        (b'{"code": "Ok", "durations": []}', "dat niet bij de vraag past"),
    ],
)
async def test_an_answer_that_makes_no_sense_falls_back_and_says_so(osrm: Osrm, body: bytes, says: str) -> None:
    async def answer(_: list[tuple[float, float]]) -> bytes:
        return body

    osrm.answer = answer
    reden = await fallen_back(osrm)
    assert reden == f"OSRM gaf een antwoord {says}; de reistijden zijn geschat uit de afstand."


async def test_after_a_failure_osrm_is_left_alone_for_a_while_and_then_tried_again(osrm: Osrm) -> None:
    """Not every question waits for the time-out; and the answer says why all that while."""
    now = 100.0
    question, supply = aanvraag(thuis=point(*HILVERSUM)), aanbod(plek("bussum", BUSSUM))
    osrm.status = 500
    async with travelling(osrm.url, clock=lambda: now) as travel:
        first = await travel.minutes(question, supply)
        osrm.status = 200
        now += RETRY_S - 0.1
        second = await travel.minutes(question, supply)
        assert (second.bron, second.reden, len(osrm.asked)) == ("schatting", first.reden, 1)
        now += 0.1
        third = await travel.minutes(question, supply)
    assert (third.bron, third.reden, len(osrm.asked)) == ("osrm", None, 2)
