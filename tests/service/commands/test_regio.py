"""`loket regio`: what a region needs before anybody can file anything without a demo, and what regions share."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from service.aanvraag import aanvragen
from service.commands import regio as command
from service.db import Connection, Pool, Rol, Wie, transaction
from service.errors import Kind, Refusal
from service.instellingen import begin, keuzes
from service.regio import codes
from tests import make
from tests.conftest import GEBRUIKER, REGIO
from tests.service.test_cli import run

NIEUW = "zuid-limburg"


@pytest.fixture
def variables(database_url: str, owner_url: str, redis_url: str) -> dict[str, str]:
    return {"LOKET_DATABASE_URL": database_url, "LOKET_DATABASE_OWNER_URL": owner_url, "LOKET_REDIS_URL": redis_url}


async def test_a_region_begins_with_lists_and_weights_that_it_may_change(
    data_folder: Path, variables: dict[str, str], pool: Pool, owner: Connection
) -> None:
    """Each says that it is an example until the region decides; a second time nothing is added."""
    first, second = [run(data_folder, "regio", "begin", "Zuid-Limburg", **variables) for _ in range(2)]

    assert (first.returncode, first.stderr) == (0, "") and f"LOKET_REGIO={NIEUW}" in first.stdout
    assert second.returncode == 0 and "Er was niets toe te voegen" in second.stdout
    async with transaction(pool, Wie(NIEUW, Rol.BEHEERDER, GEBRUIKER)) as conn:
        vormen, lijst, nu = await codes.zorgvormen(conn), await codes.kenmerkcodes(conn), await keuzes.load(conn)
    assert {one.bron for one in vormen} == {begin.VOORBEELD} == {nu.bronnen["gewichten"]}
    assert {one.code for one in vormen} == set(begin.ZORGVORMEN)
    assert {str(one.lijst) for one in lijst} == set(begin.KENMERKCODES)
    assert {*nu.crisis_zorgvormen, *nu.overbrugging_zorgvormen} <= set(begin.ZORGVORMEN)
    assert nu.gewichten.crisis.zekerheid > 0


async def test_what_a_region_decided_stays_as_it_is(owner: Connection) -> None:
    await owner.execute(command.REGIO, NIEUW, "Zuid-Limburg")
    await owner.execute(
        "insert into zorgvorm (regio, code, naam, huiselijkheid, gezinsvorm, bron)"
        " values ($1, 'gezinshuis', 'Ons gezinshuis', 0.5, true, 'besluit')", NIEUW
    )  # fmt: skip

    await begin.begin(owner, NIEUW)

    kept = await owner.fetchrow("select naam, bron from zorgvorm where regio = $1 and code = 'gezinshuis'", NIEUW)
    assert kept is not None and tuple(kept) == ("Ons gezinshuis", "besluit")


async def test_then_a_place_can_be_published_and_a_child_be_asked_for(pool: Pool, owner: Connection) -> None:
    """With nothing but what the command made, and the gemeenten that are read from a list."""
    await owner.execute(command.REGIO, NIEUW, "Zuid-Limburg")
    await begin.begin(owner, NIEUW)
    await owner.execute("update gemeente set regio = $1 where code = '0402'", NIEUW)

    async with transaction(pool, Wie(NIEUW, Rol.SCHAKELFUNCTIONARIS, GEBRUIKER)) as conn:
        plek = await make.plek(conn)
        kind = await make.aanvraag(conn)
        assert await aanvragen.errors(conn, kind) == []
    assert plek.status == "open"


@pytest.mark.parametrize("naam", ["", "***", "x" * 200])
async def test_a_name_that_is_none_makes_no_region(owner: Connection, naam: str) -> None:
    before = await owner.fetchval("select count(*) from jeugdregio")

    with pytest.raises(Refusal) as refused:
        await command.add(owner, naam)

    assert refused.value.kind is Kind.INVALID
    assert await owner.fetchval("select count(*) from jeugdregio") == before


SHARED = "select aanbod_regio, vraag_regio, zorgvorm, lower(geldigheid), upper(geldigheid) from regioafspraak"


async def test_a_region_may_use_the_places_of_another_when_that_was_agreed(
    data_folder: Path, variables: dict[str, str], owner: Connection
) -> None:
    """Once; with its first and its last day."""
    await command.add(owner, "Zuid-Limburg")
    asked = ("regio", "afspraak", "Zuid-Limburg", "--voor", "Gooi en Vechtstreek", "--zorgvorm", "crisis",
             "--van", "2026-01-01", "--tot-en-met", "2026-12-31")  # fmt: skip

    first, second = [run(data_folder, *asked, **variables) for _ in range(2)]

    assert (first.returncode, second.returncode) == (0, 1), first.stderr
    assert "al afgesproken" in second.stderr
    assert [tuple(row) for row in await owner.fetch(SHARED)] == [
        (NIEUW, REGIO, "crisis", date(2026, 1, 1), date(2027, 1, 1))
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"aanbod": "nergens"}, "Regio nergens is er niet"),
        ({"aanbod": REGIO}, "twee regio's"),
        ({"zorgvorm": "kasteel"}, "Kies uit: "),
        ({"last": date(2025, 12, 31)}, "ligt voor de eerste"),
    ],
)
async def test_an_agreement_that_cannot_be_is_refused(owner: Connection, change: dict[str, Any], words: str) -> None:
    await command.add(owner, "Zuid-Limburg")
    given = {"aanbod": NIEUW, "vraag": REGIO, "zorgvorm": "crisis", "first": date(2026, 1, 1), "last": None} | change

    with pytest.raises(Refusal) as refused:
        await command.agree(owner, **given)

    assert words in refused.value.detail and await owner.fetch(SHARED) == []
