"""Acting in the place of a colleague: as long as that one has it so, and the log has both."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from service.days import AMSTERDAM
from service.db import Connection, Pool, Rol, Wie, transaction
from service.errors import Refusal
from service.inloggen import gebruikers, sessies
from tests import make
from tests.conftest import OTHER_REGIO, REGIO
from tests.web.conftest import Serve
from tests.web.test_identity import cookie, heard, listening, mark_of


async def token_for(pool: Pool, gebruiker: UUID) -> str:
    until = make.NOW + timedelta(days=9)
    token, _ = await sessies.begin(pool, gebruiker=gebruiker, now=make.NOW, until=until, idle=timedelta(days=30))
    return token


@pytest.fixture
async def twee(pool: Pool, owner: Connection) -> tuple[UUID, UUID]:
    """Anna, who is away until 5 March, and Bo, whom she named."""
    anna, bo = [await make.gebruiker(owner, naam=naam) for naam in ("Anna", "Bo")]
    async with transaction(pool, Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, anna)) as conn:
        await gebruikers.wijs_vervanger_aan(conn, bo, make.day(3), today=make.TODAY)
    return anna, bo


async def namens(pool: Pool, token: str, later: timedelta = timedelta()) -> UUID | None:
    """For whom a session acts, so much later."""
    sessie = await sessies.find(pool, token, now=make.NOW + later, idle=timedelta(days=30))
    assert sessie is not None
    return sessie.wie.namens


async def test_a_session_acts_for_a_colleague_when_it_says_so(pool: Pool, twee: tuple[UUID, UUID]) -> None:
    """Not by itself; and it can go back to its own work."""
    anna, bo = twee
    token = await token_for(pool, bo)
    assert await namens(pool, token) is None
    await sessies.act_for(pool, sessies.digest(token), anna, now=make.NOW)
    assert await namens(pool, token) == anna
    await sessies.act_for(pool, sessies.digest(token), None, now=make.NOW)
    assert await namens(pool, token) is None


async def test_it_ends_on_the_day_that_the_colleague_is_back(pool: Pool, twee: tuple[UUID, UUID]) -> None:
    """Away until 5 March, exclusive: on the 4th still, at midnight in the Netherlands no more."""
    anna, bo = twee
    token = await token_for(pool, bo)
    await sessies.act_for(pool, sessies.digest(token), anna, now=make.NOW)
    midnight = datetime(2026, 3, 5, tzinfo=AMSTERDAM) - make.NOW
    assert await namens(pool, token, midnight - timedelta(seconds=1)) == anna
    assert await namens(pool, token, midnight) is None
    with pytest.raises(Refusal, match="of niet meer"):
        await sessies.act_for(pool, sessies.digest(token), anna, now=make.NOW + timedelta(days=3))


@pytest.mark.parametrize("change", ["vervanger_id = null, vervangen_tot = null", "actief = false"])
async def test_it_ends_at_once_when_the_colleague_takes_it_back(
    pool: Pool, owner: Connection, twee: tuple[UUID, UUID], change: str
) -> None:
    anna, bo = twee
    token = await token_for(pool, bo)
    await sessies.act_for(pool, sessies.digest(token), anna, now=make.NOW)
    await owner.execute(f"update gebruiker set {change} where id = $1", anna)
    assert await namens(pool, token) is None


async def test_nobody_acts_for_who_did_not_name_them(pool: Pool, owner: Connection, twee: tuple[UUID, UUID]) -> None:
    """Nor the other way round, nor with a token that is nobody's."""
    anna, bo = twee
    third = await make.gebruiker(owner)
    for token, colleague in (
        (await token_for(pool, third), anna),
        (await token_for(pool, anna), bo),
        (await token_for(pool, bo), bo),
        (await token_for(pool, bo), third),
        ("geraden", anna),
    ):
        with pytest.raises(Refusal, match="geen vervanger"):
            await sessies.act_for(pool, sessies.digest(token), colleague, now=make.NOW)


async def test_only_a_colleague_in_the_same_role_place_and_region_can_be_named(pool: Pool, owner: Connection) -> None:
    """By the function with a sentence, and by the database whatever the function asks."""
    async with transaction(pool, Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, UUID(int=1))) as conn:
        gi, other = await make.organisatie(conn), await make.organisatie(conn)
    ik = await make.gebruiker(owner, rol="verwijzer", organisatie_id=gi)
    wie = Wie(REGIO, Rol.VERWIJZER, ik, gi)
    wrong: dict[str, Any] = {
        "andere organisatie": {"rol": "verwijzer", "organisatie_id": other},
        "andere rol": {"rol": "crisisdienst", "organisatie_id": gi},
    }
    ids = {name: await make.gebruiker(owner, **fields) for name, fields in wrong.items()}
    ids["andere regio"] = await make.gebruiker(owner, regio=OTHER_REGIO)
    for id in ids.values():
        with pytest.raises(Refusal, match="klopt niet"):
            async with transaction(pool, wie) as conn:
                await gebruikers.wijs_vervanger_aan(conn, id, make.day(3), today=make.TODAY)
        with pytest.raises(asyncpg.PostgresError):
            async with transaction(pool, wie) as conn:
                await conn.execute(
                    "update gebruiker set vervanger_id = $1, vervangen_tot = $2 where id = $3", id, make.day(3), ik
                )


async def test_the_log_has_who_acted_and_for_whom(
    serve: Serve, pool: Pool, owner: Connection, twee: tuple[UUID, UUID]
) -> None:
    """By the session alone, with the same cookie; a process that keeps the session hears of it."""
    anna, bo = twee
    async with transaction(pool, Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, bo)) as conn:
        await make.aanvraag(conn)
    token = await token_for(pool, bo)
    client = await serve()
    await listening(client)
    for colleague in (anna, None):
        mark = mark_of(client)
        await sessies.act_for(pool, sessies.digest(token), colleague, now=make.NOW)
        await heard(client, mark)
        answer = await client.get("/v1/aanvragen", headers=cookie(token))
        assert answer.status_code == 200, answer.text
    which = "handeling = 'lijstAanvragen'"
    lines = await owner.fetch(f"select gebruiker_id, namens_id from logregel where {which} order by id")
    assert [tuple(line) for line in lines] == [(bo, anna), (bo, None)]


# ── From a day on ────────────────────────────────────────────────────────────────────────────────


async def test_it_begins_on_the_day_that_was_said(pool: Pool, owner: Connection) -> None:
    """From 4 March: on the 3rd not, at midnight in the Netherlands it is."""
    anna, bo = [await make.gebruiker(owner) for _ in range(2)]
    async with transaction(pool, Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, anna)) as conn:
        await gebruikers.wijs_vervanger_aan(conn, bo, make.day(9), van=make.day(2), today=make.TODAY)
    token = await token_for(pool, bo)
    midnight = datetime(2026, 3, 4, tzinfo=AMSTERDAM)

    with pytest.raises(Refusal, match="geen vervanger"):
        await sessies.act_for(pool, sessies.digest(token), anna, now=midnight - timedelta(seconds=1))
    await sessies.act_for(pool, sessies.digest(token), anna, now=midnight)
    assert await namens(pool, token, midnight - make.NOW) == anna
    await owner.execute("update gebruiker set vervangen_van = vervangen_van + 1 where id = $1", anna)
    assert await namens(pool, token, midnight - make.NOW) is None


@pytest.mark.parametrize(("van", "tot", "right"), [(2, 3, True), (3, 3, False), (4, 3, False), (-5, 3, True)])
async def test_it_ends_after_it_begins(pool: Pool, owner: Connection, van: int, tot: int, right: bool) -> None:
    """By the function with a sentence; and by the database."""
    anna, bo = [await make.gebruiker(owner) for _ in range(2)]
    days: tuple[date, date] = make.day(van), make.day(tot)
    write = "update gebruiker set vervanger_id = $2, vervangen_van = $3, vervangen_tot = $4 where id = $1"
    wie = Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, anna)
    if right:
        async with transaction(pool, wie) as conn:
            said = await gebruikers.wijs_vervanger_aan(conn, bo, days[1], van=days[0], today=make.TODAY)
        assert (said.vervangen_van, said.vervangen_tot) == days
        await owner.execute(write, anna, bo, *days)
    else:
        with pytest.raises(Refusal) as caught:
            async with transaction(pool, wie) as conn:
                await gebruikers.wijs_vervanger_aan(conn, bo, days[1], van=days[0], today=make.TODAY)
        assert [error.pointer for error in caught.value.fields] == ["/vervangenVan"]
        with pytest.raises(asyncpg.CheckViolationError, match="gebruiker_vervangen_van_vorm"):
            await owner.execute(write, anna, bo, *days)


async def test_a_day_without_a_vervanger_means_nothing(owner: Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="gebruiker_vervangen_van_vorm"):
        await owner.execute(
            "update gebruiker set vervangen_van = $2 where id = $1", await make.gebruiker(owner), make.TODAY
        )


# ── Over the API and on the screen ───────────────────────────────────────────────────────────────


@pytest.fixture
async def bo(serve: Serve, pool: Pool, twee: tuple[UUID, UUID]) -> httpx.AsyncClient:
    """The browser of Bo, whom Anna named until 5 March."""
    client = await serve()
    await listening(client)
    client.headers.update(cookie(await token_for(pool, twee[1])))
    return client


def acting(client: httpx.AsyncClient, for_: UUID | None) -> Any:
    body = {"namensId": for_ and str(for_)}
    return client.patch("/v1/waarneming", json=body, headers={"If-Match": "*"})


WHO = "select handeling, gebruiker_id, namens_id, resultaat::text from logregel where handeling = any ($1) order by id"


async def test_the_vervanger_sees_for_whom_starts_and_stops_and_each_line_names_both(
    bo: httpx.AsyncClient, twee: tuple[UUID, UUID], owner: Connection
) -> None:
    """Also the line of the start itself, and the very next request."""
    anna, ik = twee
    listed = (await bo.get("/v1/afwezigen")).json()
    before = (await bo.get("/v1/waarneming")).json()
    started = await acting(bo, anna)
    await bo.patch("/v1/vervanging", json={"vervangerId": None, "vervangenTot": None}, headers={"If-Match": "*"})
    during = (await bo.get("/v1/waarneming")).json()
    stopped = await acting(bo, None)
    after = await bo.patch(
        "/v1/vervanging", json={"vervangerId": None, "vervangenTot": None}, headers={"If-Match": "*"}
    )

    assert listed == [{"id": str(anna), "naam": "Anna", "vervangenVan": None, "vervangenTot": "2026-03-05", "nu": True}]
    nobody, for_anna = {"namensId": None, "naam": None}, {"namensId": str(anna), "naam": "Anna"}
    assert [before, started.json(), during, stopped.json()] == [nobody, for_anna, for_anna, nobody]
    assert after.status_code == 200
    lines = await owner.fetch(WHO, ["wijzigWaarneming", "wijzigVervanging"])
    assert [tuple(line) for line in lines] == [
        ("wijzigWaarneming", ik, anna, "gelukt"),
        ("wijzigVervanging", ik, anna, "gelukt"),
        ("wijzigWaarneming", ik, anna, "gelukt"),
        ("wijzigVervanging", ik, None, "gelukt"),
    ]


async def test_who_may_not_act_for_somebody_is_refused_and_that_is_in_the_log(
    bo: httpx.AsyncClient, pool: Pool, owner: Connection, twee: tuple[UUID, UUID]
) -> None:
    """Nobody of these named Bo; and of Anna's own session nothing changes."""
    third = await make.gebruiker(owner)
    for who in (third, twee[1], UUID(int=9)):
        answer = await acting(bo, who)
        assert (answer.status_code, answer.json()["detail"]) == (
            403,
            "U bent geen vervanger van deze collega, of niet meer.",
        )
    assert (await bo.get("/v1/waarneming")).json()["namensId"] is None
    lines = await owner.fetch(WHO, ["wijzigWaarneming"])
    assert [tuple(line)[1:] for line in lines] == [(twee[1], None, "geweigerd")] * 3


async def test_who_begins_later_is_listed_and_cannot_be_acted_for_yet(
    bo: httpx.AsyncClient, owner: Connection, twee: tuple[UUID, UUID]
) -> None:
    await owner.execute("update gebruiker set vervangen_van = $2 where id = $1", twee[0], make.day(1))

    assert [one["nu"] for one in (await bo.get("/v1/afwezigen")).json()] == [False]
    assert (await acting(bo, twee[0])).status_code == 403
    page = (await bo.get("/vervanging")).text
    assert "Anna, van" in page and "Handel namens" not in page


async def test_on_every_page_stands_for_whom_one_acts_with_one_button_to_stop(
    bo: httpx.AsyncClient, twee: tuple[UUID, UUID]
) -> None:
    """Also where something goes wrong; by forms, without JavaScript."""
    pages = ("/", "/start", "/vervanging", "/sessies", f"/aanvragen/{UUID(int=9)}")
    assert not [path for path in pages if "U handelt namens" in (await bo.get(path)).text]
    offered = (await bo.get("/vervanging")).text
    assert "Handel namens Anna" in offered
    id = offered.split('name="namensId" value="')[1].split('"')[0]

    started = await bo.post("/vervanging/namens", data={"namensId": id})

    assert (started.status_code, started.headers["Location"]) == (303, "/vervanging")
    for path in pages:
        text = (await bo.get(path)).text
        assert text.count("U handelt namens Anna.") == text.count(">Stop daarmee</button>") == 1, path
    assert (await bo.post("/vervanging/namens")).status_code == 303
    assert not [path for path in pages if "U handelt namens" in (await bo.get(path)).text]


async def test_the_banner_goes_when_the_colleague_takes_it_back(
    bo: httpx.AsyncClient, twee: tuple[UUID, UUID], owner: Connection
) -> None:
    await acting(bo, twee[0])
    mark = mark_of(bo)
    await owner.execute("update gebruiker set vervanger_id = null, vervangen_tot = null where id = $1", twee[0])
    await heard(bo, mark)

    assert "U handelt namens" not in (await bo.get("/start")).text


async def test_one_names_ones_vervanger_on_the_page_and_takes_it_back(
    serve: Serve, pool: Pool, owner: Connection
) -> None:
    """From and until; what is wrong is said there, and nothing is kept of it."""
    anna, bo = [await make.gebruiker(owner, naam=naam) for naam in ("Anna", "Bo <b>")]
    client = await serve()
    client.headers.update(cookie(await token_for(pool, anna)))
    kept = "select vervanger_id, vervangen_van::text, vervangen_tot::text from gebruiker where id = $1"

    wrong = [
        (await client.post("/vervanging", data={"vervangerId": str(bo), **rest})).text
        for rest in ({}, {"vervangenTot": "gisteren"}, {"vervangenTot": "2026-03-01"})
    ]
    stranger = await client.post("/vervanging", data={"vervangerId": str(UUID(int=9)), "vervangenTot": "2026-03-09"})
    none = tuple(await owner.fetchrow(kept, anna) or ())
    named = await client.post(
        "/vervanging", data={"vervangerId": str(bo), "vervangenVan": "2026-03-04", "vervangenTot": "2026-03-09"}
    )
    there = tuple(await owner.fetchrow(kept, anna) or ())
    page = (await client.get("/vervanging")).text
    elsewhere = await client.post("/vervanging/namens", data={"namensId": "ik"})
    forgotten = await client.post("/vervanging", data={"vervangerId": "", "vervangenVan": "", "vervangenTot": ""})
    still = tuple(await owner.fetchrow(kept, anna) or ())
    back = await client.post("/vervanging")

    assert all('role="alert"' in text and "Er klopt iets niet" in text for text in wrong)
    assert "Kies een collega en een einddag" in wrong[0] and "Kies een dag na vandaag" in wrong[2]
    assert all(f'value="{bo}" selected' in text for text in wrong) and 'value="2026-03-01"' in wrong[2]
    assert (stranger.status_code, "dezelfde rol bij dezelfde organisatie" in stranger.text) == (400, True)
    assert none == (None, None, None)
    assert (named.status_code, there) == (303, (bo, "2026-03-04", "2026-03-09"))
    assert elsewhere.status_code == 400 and f'value="{bo}" selected' in elsewhere.text, (
        "the other form keeps what it had"
    )
    assert (forgotten.status_code, still) == (400, there), "nothing filled in is not the same as nobody any more"
    assert "Bo &lt;b&gt; vervangt u van wo 4 mrt tot ma 9 mrt." in page
    assert back.status_code == 303 and "U hebt nu geen vervanger." in (await client.get("/vervanging")).text


async def test_a_form_that_was_refused_is_in_the_log_as_refused_and_once(
    bo: httpx.AsyncClient, twee: tuple[UUID, UUID], owner: Connection
) -> None:
    """The page that is shown instead is no success."""
    answers = [
        await bo.post("/vervanging/namens", data={"namensId": str(twee[1])}),
        await bo.post("/vervanging/namens", data={"namensId": "Anna"}),
        await bo.post("/vervanging", data={"vervangerId": str(twee[0])}),
    ]

    assert [answer.status_code for answer in answers] == [400] * 3
    lines = await owner.fetch(WHO, ["wijzigWaarneming", "wijzigVervanging", "paginaVervanging"])
    assert [(line[0], line[3]) for line in lines] == [
        ("wijzigWaarneming", "geweigerd"),
        ("wijzigWaarneming", "geweigerd"),
        ("wijzigVervanging", "geweigerd"),
    ]
