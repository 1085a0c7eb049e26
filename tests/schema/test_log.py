"""The log in the database: only added to, and by nobody in the name of another, whatever the code does."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import asyncpg
import pytest

from service.db import Connection, Pool, Rol, Wie, transaction
from service.log import logboek
from service.log.logboek import Gebeurtenis, Handeling, Resultaat
from tests import make
from tests.conftest import GEBRUIKER, OTHER_REGIO, REGIO

LEES = Handeling("haalAanvraag", Gebeurtenis.LEES, "aanvraag", "plek_zoeken", "bemiddelen")


async def write(pool: Pool, wie: Wie, as_: Wie | None = None, ids: tuple[UUID, ...] = ()) -> None:
    """In a transaction of `wie`, a line that says it is of `as_`."""
    async with transaction(pool, wie) as conn:
        await logboek.schrijf_los(conn, as_ or wie, LEES, now=make.NOW, spoor=logboek.spoor())
        await logboek.schrijf(conn, as_ or wie, LEES, ids, now=make.NOW, spoor=logboek.spoor())


@pytest.mark.parametrize("rol", ["schakelfunctionaris", "beheerder", "verwijzer"])
@pytest.mark.parametrize(
    "statement",
    [
        "update logregel set doel = 'anders'",
        "delete from logregel",
        "truncate logregel",
        "update logketen set hash = regel_hash",
        "delete from logketen",
        "insert into logwissing (regio, op, tot_volgnummer, termijn_dagen) values ('gooi-en-vechtstreek', now(), 1, 0)",
        "update betrokkene set pseudoniem = gen_random_uuid()",
        "insert into betrokkene (aanvraag_id, regio) select id, regio from aanvraag",
        "alter table logregel disable row level security",
        "drop policy schrijf on logregel",
    ],
)
async def test_the_app_role_can_only_add_to_the_log(
    statement: str, rol: str, pool: Pool, wie_als: Callable[..., Wie]
) -> None:
    """No rol changes a line, takes one away, or gives a child another name in it."""
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.FeatureNotSupportedError)):
        async with transaction(pool, wie_als(rol)) as conn:
            await conn.execute(statement)


async def test_nobody_writes_a_line_in_the_name_of_another(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie], owner: Connection
) -> None:
    """Not of another person, rol, organisatie, region or system, and on behalf only of whom one replaces."""
    organisatie = await owner.fetchval(
        "insert into organisatie (regio, soort, naam) values ($1, 'gi', 'GI') returning id", REGIO
    )
    verwijzer = wie_als("verwijzer", organisatie=organisatie)
    colleague = await make.gebruiker(owner, rol="schakelfunctionaris")
    others = [
        (wie, wie_als("schakelfunctionaris", gebruiker=uuid4())),
        (wie, wie_als("beheerder")),
        (wie, wie_als("schakelfunctionaris", regio=OTHER_REGIO)),
        (verwijzer, wie_als("verwijzer", organisatie=uuid4())),
        (verwijzer, wie_als("verwijzer")),
        (wie, Wie(REGIO, wie.rol, GEBRUIKER, namens=colleague)),
        (wie, Wie(REGIO, wie.rol, GEBRUIKER, koppeling=uuid4())),
    ]
    for real, said in others:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await write(pool, real, said)

    await write(pool, wie)
    await write(pool, verwijzer)
    assert await owner.fetchval("select count(*) from logregel") == 2


async def test_who_replaces_somebody_writes_on_behalf_of_them(pool: Pool, owner: Connection) -> None:
    """Both are in the line."""
    me = await make.gebruiker(owner, rol="schakelfunctionaris")
    away = await make.gebruiker(owner, rol="schakelfunctionaris")
    await owner.execute("update gebruiker set vervanger_id = $1, vervangen_tot = '2026-04-01' where id = $2", me, away)

    await write(pool, Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, me, namens=away))

    row = await owner.fetchrow("select gebruiker_id, namens_id from logregel")
    assert tuple(row) == (me, away)


async def test_a_transaction_that_is_rolled_back_leaves_neither_the_change_nor_the_line(
    pool: Pool, wie: Wie, owner: Connection
) -> None:
    """They are one."""

    async def broken() -> None:
        async with transaction(pool, wie) as conn:
            aanvraag = await make.aanvraag(conn)
            await logboek.schrijf(conn, wie, LEES, [aanvraag.id], now=make.NOW, spoor=logboek.spoor())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await broken()
    assert await owner.fetchval("select (select count(*) from logregel) + (select count(*) from aanvraag)") == 0


async def test_the_log_speaks_of_a_child_under_a_pseudonym(pool: Pool, wie: Wie, owner: Connection) -> None:
    """Nothing in a line leads to the aanvraag without the row of betrokkene."""
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
    await write(pool, wie, ids=(aanvraag.id,))

    row = await owner.fetchrow("select * from logregel where betrokkene is not null")
    assert str(aanvraag.id) not in str(dict(row)) and aanvraag.nummer not in str(dict(row))
    await owner.execute("delete from betrokkene")
    assert await owner.fetchval("select count(*) from logregel where betrokkene = $1", row["betrokkene"]) == 1


async def test_who_reads_the_log_sees_their_part_of_it(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie], owner: Connection
) -> None:
    """The loket all; a verwijzer that of its own children; the beheerder what is about no child; others nothing."""
    async with transaction(pool, wie) as conn:
        mine, theirs = await make.aanvraag(conn), await make.aanvraag(conn)
    await write(pool, wie, ids=(mine.id, theirs.id))

    async def seen(who: Wie) -> int:
        async with transaction(pool, who, readonly=True) as conn:
            count: int = await conn.fetchval("select count(*) from logregel")
            return count

    assert await seen(wie) == 3
    assert await seen(wie_als("verwijzer", organisatie=mine.organisatie_id)) == 1
    assert await seen(wie_als("beheerder")) == 1
    for who in ("crisisdienst", "aanbieder", "contractbeheer"):
        assert await seen(wie_als(who, organisatie=mine.organisatie_id)) == 0
    assert await seen(wie_als("schakelfunctionaris", regio=OTHER_REGIO)) == 0


async def test_every_result_and_event_can_be_written(pool: Pool, wie: Wie, owner: Connection) -> None:
    """The enums of Python and of the database are the same (tests/schema/test_enums.py)."""
    async with transaction(pool, wie) as conn:
        for event in Gebeurtenis:
            for resultaat in Resultaat:
                line = Handeling("loket x", event, "sessie", "inloggen", "inloggen")
                await logboek.schrijf_los(conn, wie, line, now=make.NOW, spoor=logboek.spoor(), resultaat=resultaat)
    assert await owner.fetchval("select count(*) from logregel") == len(Gebeurtenis) * len(Resultaat)
