"""What a worker measures of the database for Prometheus: counts per region, of nobody in particular."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client import REGISTRY

from service import taken
from service.db import Connection, Pool, Wie, transaction
from service.plaatsing import opties
from service.plaatsing.opties import NieuweOptie, Toewijzing
from service.rang.travel import Traveller
from service.taken import TaakSoort
from service.urgentie import Urgentie
from service.worker.meter import Meter
from tests import make

HERE = "gooi-en-vechtstreek"


def value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


async def test_who_waits_is_measured_against_the_norm_of_the_region(pool: Pool, wie: Wie, owner: Connection) -> None:
    """Without a norm nothing is said of it: there is nothing to be late for."""
    await owner.execute(
        "insert into instelling (regio, sleutel, waarde, bron) values ($1, 'normen_dagen', $2, 'tests')",
        HERE,
        {"spoed": 14},
    )
    async with transaction(pool, wie) as conn:
        await make.aanvraag(conn, urgentie=Urgentie.SPOED, now=make.NOW - timedelta(days=15))
        await make.aanvraag(conn, urgentie=Urgentie.SPOED, now=make.NOW - timedelta(days=13))
        await make.aanvraag(conn, now=make.NOW - timedelta(days=400))

    await Meter(pool, clock=lambda: make.NOW).round()

    assert value("loket_regio_wachtenden", regio=HERE, urgentie="spoed") == 2
    assert value("loket_regio_wachtenden_over_norm", regio=HERE, urgentie="spoed") == 1
    assert value("loket_regio_wachtenden", regio=HERE, urgentie="regulier") == 1
    assert value("loket_regio_wachtenden_over_norm", regio=HERE, urgentie="regulier") is None
    assert value("loket_regio_wachtenden", regio="flevoland", urgentie="spoed") == 0


async def test_free_plekken_are_counted_by_how_sure_they_are(pool: Pool, wie: Wie) -> None:
    """A plek where somebody lives is not free, however sure."""
    hours = timedelta(hours=1)
    async with transaction(pool, wie) as conn:
        for ago in (0, 167, 169, 671, 673):
            await make.plek(conn, now=make.NOW - ago * hours)
        taken_plek = await make.plek(conn)
        await make.plaatsing(conn, plek_id=taken_plek.id)

    await Meter(pool, clock=lambda: make.NOW).round()

    kinds = ("zeker", "te_bevestigen", "onbekend")
    assert [value("loket_regio_plekken", regio=HERE, zekerheid=kind) for kind in kinds] == [2, 2, 1]


async def test_taken_are_counted_and_how_long_the_oldest_waits(pool: Pool, wie: Wie, owner: Connection) -> None:
    """What must wait until later has not waited yet; zero is said too, or an alarm would not end."""
    async with transaction(pool, wie) as conn:
        for key in ("a", "b"):
            await taken.enqueue(conn, TaakSoort.MELDING, key, {})
        later = make.NOW + timedelta(days=9000)
        await taken.enqueue(conn, TaakSoort.MAIL, "c", {}, niet_voor=later)
    await owner.execute("update taak set niet_voor = now() - interval '1 hour' where sleutel = 'a'")

    await Meter(pool, clock=lambda: make.NOW).round()

    assert value("loket_taken", regio=HERE, soort="melding", status="wacht") == 2
    assert value("loket_taken", regio=HERE, soort="melding", status="mislukt") == 0
    oldest = value("loket_taak_oudste_seconds", regio=HERE, soort="melding")
    assert oldest is not None and 3600 <= oldest < 3700
    assert value("loket_taak_oudste_seconds", regio=HERE, soort="mail") == 0
    assert value("loket_taken", regio="flevoland", soort="melding", status="wacht") == 0


async def test_opties_that_hold_and_that_expired_are_counted(pool: Pool, wie: Wie) -> None:
    """One that is over no longer holds, also before somebody ends it."""
    later = make.NOW + timedelta(hours=72)
    async with transaction(pool, wie) as conn:
        kind, plek = await make.aanvraag(conn), await make.plek(conn)
        pair = Toewijzing(aanvraag_id=kind.id, plek_id=plek.id)
        nieuw = NieuweOptie(plekken=[pair], van=make.day(1))
        await opties.houd(conn, Traveller(), nieuw, wie=wie, now=make.NOW)

    await Meter(pool, clock=lambda: make.NOW).round()
    held = value("loket_regio_opties", regio=HERE)
    await Meter(pool, clock=lambda: later).round()
    over = value("loket_regio_opties", regio=HERE)
    async with transaction(pool, wie) as conn:
        await opties.ruim(conn, [pair], later)
    await Meter(pool, clock=lambda: later).round()

    assert (held, over) == (1, 0)
    assert value("loket_regio_opties_verlopen_dag", regio=HERE) == 1


async def test_a_provider_whose_system_fell_silent_is_counted(pool: Pool, wie: Wie, owner: Connection) -> None:
    """Who confirmed by a koppeling these two weeks, and not these 24 hours. One more than two weeks ago has stopped."""
    async with transaction(pool, wie) as conn:
        plekken = [await make.plek(conn) for _ in range(3)]
    for plek, hours in zip(plekken, (23, 25, 24 * 15), strict=True):
        await owner.execute(
            "insert into bevestiging (regio, plek_id, op, bron, beschikbaarheid)"
            " values ($1, $2, $3, 'koppeling', 'bemenst')",
            HERE,
            plek.id,
            make.NOW - timedelta(hours=hours),
        )

    await Meter(pool, clock=lambda: make.NOW).round()

    assert value("loket_regio_koppelingen_stil", regio=HERE) == 1


async def test_the_clock_of_the_database_and_its_size_are_measured(pool: Pool) -> None:
    await Meter(pool, clock=lambda: make.NOW).round()

    skew, size = value("loket_klok_verschil_seconds"), value("loket_database_bytes")
    assert skew is not None and skew != 0
    assert size is not None and size > 1_000_000
