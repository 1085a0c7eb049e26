"""Loads the demo with COPY, as the owner role."""

from __future__ import annotations

from datetime import date

import msgspec
from msgspec import Struct, structs

from service.collector import without_collector
from service.db import Connection
from service.demo.generate import Size, generate, regions_of
from service.demo.regions import all_regions
from service.demo.rows import Rows
from service.demo.scarcity import Scarcity
from service.errors import Kind, Refusal
from service.geo.postcodes import load_postcodes
from service.instellingen import begin

SEED = 2026
"""Of the region that `loket demo` shows."""

LOADED = """
select regio from aanbieder where regio = any ($1)
union select regio from aanvraag where regio = any ($1)
order by 1
"""


async def is_loaded(conn: Connection, regio: str | None = None) -> bool:
    """Whether `regio` (Gooi en Vechtstreek when None) has supply or demand. The app role sees only its own region."""
    return bool(await conn.fetch(LOADED, [regio or all_regions()[0].code]))


SHARED = {
    "jeugdregio": "insert into jeugdregio (code, naam) values ($1, $2) on conflict do nothing",
    "gemeente": "insert into gemeente (code, naam, regio) values ($1, $2, $3) on conflict do nothing",
    "zorgvorm": begin.ZORGVORM,
    "kenmerkcode": begin.KENMERKCODE,
    "weging": begin.WEGING,
    "instelling": """
insert into instelling (regio, sleutel, waarde, bron) values ($1, $2, $3, $4) on conflict do nothing
""",
}
"""Tables that a region may have filled before, by an importer or by hand: what it decided stays."""


async def load(
    owner_conn: Connection,
    *,
    today: date,
    seed: int = SEED,
    size: Size = Size.REGION,
    scarcity: Scarcity = Scarcity.KRAP,
    regio: str | None = None,
    aanvragen: int | None = None,
    plekken: int | None = None,
) -> dict[str, int]:
    """Generates and loads, in one transaction; returns how many rows each table was given.

    `owner_conn` is a connection as the owner role. Refusal (CONFLICT) when one of the regions has supply or
    demand already, (NOT_FOUND) when `regio` is no region of the demo: then nothing is loaded. A second region
    is loaded beside the first by naming it.
    """
    try:
        codes = [one.code for one in regions_of(size, regio)]
    except KeyError:
        known = ", ".join(one.code for one in all_regions())
        raise Refusal(Kind.NOT_FOUND, f"De demo kent regio {regio} niet. Kies uit: {known}.") from None
    async with owner_conn.transaction():
        there = [row["regio"] for row in await owner_conn.fetch(LOADED, codes)]
        if there:
            raise Refusal(
                Kind.CONFLICT,
                f"Er staan al gegevens in {', '.join(there)}. Er is niets toegevoegd. "
                "Begin met een lege database, of kies een andere regio.",
            )
        await load_postcodes(owner_conn)
        with without_collector():
            rows = generate(
                seed=seed, today=today, size=size, scarcity=scarcity, regio=regio, aanvragen=aanvragen, plekken=plekken
            )
            return await copy(owner_conn, rows)


async def copy(owner_conn: Connection, rows: Rows) -> dict[str, int]:
    """Rows → tables, in the order of the fields of Rows. jsonb travels as binary, which COPY asks for."""
    await owner_conn.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + msgspec.json.encode(value),
        decoder=lambda data: msgspec.json.decode(bytes(data)[1:]),
    )
    counts = {}
    for table in rows.__struct_fields__:
        records: list[Struct] = getattr(rows, table)
        counts[table] = len(records)
        if not records:
            continue
        if table == "gebeurtenis":
            # It happened long ago: nobody is told of it now.
            await owner_conn.execute("alter table gebeurtenis disable trigger gebeurtenis_meldt")
        if table in SHARED:
            await owner_conn.executemany(SHARED[table], [structs.astuple(record) for record in records])
        else:
            await owner_conn.copy_records_to_table(
                table,
                records=(structs.astuple(record) for record in records),
                columns=records[0].__struct_fields__,
            )
        if table == "gebeurtenis":
            await owner_conn.execute("alter table gebeurtenis enable trigger gebeurtenis_meldt")
    return counts
