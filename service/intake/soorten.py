"""The kinds of lists that can be read in, and the two things to do with one: show what would happen, and do it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from service.db import Connection, Pool, Wie, transaction
from service.geo import official
from service.intake import (
    aanbieders,
    aanvragen,
    capaciteit,
    contracten,
    officieel,
    preview,
    reading,
    tables,
    voorzieningen,
)
from service.intake.preview import Context, Planner, Voorbeeld
from service.intake.tables import Parsed, Progress, Table
from service.log import logboek
from service.log.doelen import Doel, Object, Verwerking
from service.log.logboek import Gebeurtenis, Handeling

Parse = Callable[[Table, bytes, str, str | None, Progress | None], Parsed]


class Soort(Struct, frozen=True):
    table: Table
    planner: Planner
    parse: Parse = tables.parse
    max_bytes: int = reading.MAX_BYTES


SOORTEN: dict[str, Soort] = {
    soort.table.soort: soort
    for soort in (
        Soort(capaciteit.TABLE, capaciteit.plan),
        Soort(aanbieders.TABLE, aanbieders.plan),
        Soort(voorzieningen.TABLE, voorzieningen.plan),
        Soort(aanvragen.TABLE, aanvragen.plan),
    )
}


BEHEERD: dict[str, Soort] = {contracten.TABLE.soort: Soort(contracten.TABLE, contracten.plan)}
"""Of a region, and only on the command line."""

OFFICIEEL: dict[str, Soort] = {
    soort.table.soort: soort
    for soort in (
        Soort(officieel.POSTCODES, officieel.plan_postcodes, officieel.parse_postcodes, official.MAX_BYTES),
        Soort(officieel.GEMEENTEN, officieel.plan_gemeenten),
        Soort(officieel.GRENZEN, officieel.plan_grenzen, officieel.parse_grenzen, official.MAX_BYTES),
        Soort(officieel.PRODUCTCATEGORIEEN, officieel.plan_productcategorieen),
    )
}
"""Tables that all regions share: only on the command line, with a pool of the owner role."""


async def read(
    soort: Soort, content: bytes, file: str, *, sheet: str | None = None, progress: Progress | None = None
) -> Parsed:
    """Every cell of the file, in a thread: ten megabytes take seconds. Raises Refusal for an unreadable file."""
    return await asyncio.to_thread(soort.parse, soort.table, content, file, sheet, progress)


async def show(
    pool: Pool, wie: Wie, soort: Soort, parsed: Parsed, *, now: datetime, progress: Progress | None = None
) -> Voorbeeld:
    """What reading it in would do, without doing it."""
    async with transaction(pool, wie, readonly=soort.planner is not aanvragen.plan) as conn:
        context = Context(wie, now, lock=False, progress=progress)
        shown = await preview.preview(conn, soort.planner, parsed, context)
        await _log(conn, context, Gebeurtenis.LEES)
        return shown


async def take_in(
    pool: Pool,
    wie: Wie,
    soort: Soort,
    parsed: Parsed,
    *,
    now: datetime,
    fingerprint: str,
    progress: Progress | None = None,
) -> Voorbeeld:
    """Do what `show` showed, all of it or nothing. Raises Rejected for wrong cells, Refusal STALE when it changed."""
    async with transaction(pool, wie) as conn:
        context = Context(wie, now, lock=True, progress=progress)
        done = await preview.apply(conn, soort.planner, parsed, context, fingerprint)
        await _log(conn, context, Gebeurtenis.MAAK)
        return done


async def _log(conn: Connection, context: Context, gebeurtenis: Gebeurtenis) -> None:
    """The command line; of the API web/gezien.py does this."""
    handeling = Handeling("loket import", gebeurtenis, Object.LIJST, Doel.AANVRAAG, Verwerking.BEMIDDELEN)
    ids = list(dict.fromkeys(context.betrokkenen))
    await logboek.schrijf(conn, context.wie, handeling, ids, now=context.now, spoor=logboek.spoor())
