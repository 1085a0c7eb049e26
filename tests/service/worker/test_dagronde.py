"""The round of the day: once per region and day, in the morning, and each part whatever becomes of the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service import taken
from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.db import Connection, Pool, Wie, transaction
from service.taken import TaakSoort
from service.urgentie import Urgentie
from service.worker import dagronde, termijn
from service.worker.dagronde import Wekker
from tests import make
from tests.service.bericht.test_meldingen import DIENST, happened, person, tell
from tests.service.post import mailserver, work

DAYS = "select regio || ' ' || sleutel from taak where soort = 'dagronde' order by 1"


async def asked(owner: Connection) -> list[str]:
    return [row[0] for row in await owner.fetch(DAYS)]


async def test_from_seven_in_the_morning_the_round_is_asked_for_once_in_each_region(
    pool: Pool, owner: Connection
) -> None:
    """Dutch time, in winter and in summer; any number of workers ask."""
    for moment, regions in (
        (datetime(2026, 3, 2, 5, 59, tzinfo=UTC), 0),
        (datetime(2026, 3, 2, 6, 0, tzinfo=UTC), 2),
        (datetime(2026, 3, 2, 22, 59, tzinfo=UTC), 2),
        (datetime(2026, 3, 2, 23, 30, tzinfo=UTC), 2),
        (datetime(2026, 7, 1, 4, 59, tzinfo=UTC), 2),
        (datetime(2026, 7, 1, 5, 0, tzinfo=UTC), 4),
    ):
        for _ in range(2):
            await Wekker(pool, clock=lambda moment=moment: moment).round()  # type: ignore[misc]
        assert len(await asked(owner)) == regions, moment
    assert await asked(owner) == [
        f"{regio} {day}" for regio in ("flevoland", "gooi-en-vechtstreek") for day in ("2026-03-02", "2026-07-01")
    ]


async def test_in_the_morning_the_mail_of_the_day_goes(pool: Pool, owner: Connection, database_url: str) -> None:
    """Through the queue, from the clock to the mail server."""
    await person(owner, "schakelfunctionaris")
    for soort in (GebeurtenisSoort.OPSCHALING, GebeurtenisSoort.OPSCHALING_ANTWOORD):
        _, id = await happened(pool, soort, urgentie=Urgentie.REGULIER)
        await tell(pool, id)
    await owner.execute("delete from taak")
    morning = make.NOW.replace(hour=7)
    async with mailserver() as box:
        await Wekker(pool, clock=lambda: morning).round()
        await work(pool, owner, database_url, clock=lambda: morning, **box.settings())
    (mail,) = box.of("schakelfunctionaris@test.example")
    assert mail["Subject"] == "Eén loket: Dit is er gebeurd sinds het vorige overzicht"


async def test_an_alarm_that_is_found_is_told(pool: Pool, owner: Connection, database_url: str, wie: Wie) -> None:
    """A child lives somewhere without a grondslag: one alarm, one mail, also when the next day looks again."""
    await person(owner, "schakelfunctionaris")
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        kind = await make.aanvraag(conn, urgentie=Urgentie.SPOED)
        await make.plaatsing(conn, plek_id=plek.id, aanvraag_id=kind.id, van=make.day(-60), tot=make.day(60))
    await owner.execute("delete from taak")
    async with mailserver() as box:
        for days in range(2):
            moment = make.NOW + timedelta(days=days)
            await Wekker(pool, clock=lambda moment=moment: moment).round()  # type: ignore[misc]
            await work(pool, owner, database_url, clock=lambda moment=moment: moment, **box.settings())  # type: ignore[misc]
    alarms = await owner.fetchval("select count(*) from gebeurtenis where soort = 'alarm'")
    assert alarms >= 1 and len(box.raw) == alarms


async def test_a_part_that_goes_wrong_keeps_no_other_from_being_done(
    pool: Pool, owner: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again, with the others, which then do nothing."""
    done: list[datetime] = []

    async def broken(_conn: Connection, _now: datetime) -> None:
        raise RuntimeError

    async def fine(_conn: Connection, now: datetime) -> None:
        done.append(now)

    monkeypatch.setattr(dagronde, "RONDES", (broken, fine))
    async with transaction(pool, DIENST) as conn:
        await taken.enqueue(conn, TaakSoort.DAGRONDE, "2026-03-02", {})
    await work(pool, owner, database_url)
    assert done == [make.NOW]
    row = await owner.fetchrow("select status, fout from taak where soort = 'dagronde'")
    assert row is not None and (row["status"], row["fout"]) == ("wacht", "Er ging iets mis (ExceptionGroup).")


async def test_a_termijn_is_done_by_whoever_made_it(
    pool: Pool, owner: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the id and the clock of the worker, in the transaction that finishes it; one that nobody knows says so."""
    seen = []

    async def ends(conn: Connection, id: object, now: datetime) -> None:
        seen.append((str(id), now, await conn.fetchval("select huidige_regio()")))

    monkeypatch.setattr(termijn, "TERMIJNEN", {"optie": ends})
    id = "00000000-0000-4000-8000-00000000beef"
    async with transaction(pool, DIENST) as conn:
        for soort in ("optie", "onbekend"):
            await taken.enqueue(conn, TaakSoort.TERMIJN, soort, {"soort": soort, "id": id})
    await work(pool, owner, database_url)
    assert seen == [(id, make.NOW, "gooi-en-vechtstreek")]
    rows = await owner.fetch("select sleutel, status from taak order by sleutel")
    assert [tuple(row) for row in rows] == [("onbekend", "mislukt"), ("optie", "klaar")]
