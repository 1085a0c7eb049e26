"""Acting in the place of a colleague: as long as that one has it so, and the log has both."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from service import gebruikers, sessies
from service.days import AMSTERDAM
from service.db import Connection, Pool, Rol, Wie, transaction
from service.errors import Refusal
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
