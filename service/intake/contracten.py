"""The list of contracten: which aanbieder may give which zorgvorm, and when. A row is found by aanbieder, zorgvorm and
first day; who is not in the file, stays.

Only on the command line: a contract is of the gemeenten together, and the region reads in what they agreed.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from service.db import Connection, rows_as
from service.intake import names, rows
from service.intake.parsers import choice, day, integer, text
from service.intake.preview import Context, Plan
from service.intake.rows import Fields, Item, once, plan_of
from service.intake.tables import Column, Parsed, Record, Table

DAY = timedelta(days=1)


class ContractSoort(StrEnum):
    """As type `contract_soort` in schema.sql."""

    OPEN_HOUSE = "open_house"
    MAATWERK = "maatwerkovereenkomst"


SOORTEN = {
    "open house": ContractSoort.OPEN_HOUSE, "maatwerkovereenkomst": ContractSoort.MAATWERK,
    "raamovereenkomst": ContractSoort.OPEN_HOUSE, "raamcontract": ContractSoort.OPEN_HOUSE,
    "maatwerk": ContractSoort.MAATWERK,
}  # fmt: skip


class Contract(Struct, kw_only=True):
    id: UUID
    aanbieder_id: UUID
    zorgvorm: str
    soort: ContractSoort
    van: date
    laatste: date | None
    """The last day on which it holds."""
    minimum_capaciteit: int | None
    maximum_wachttijd: int | None


TABLE = Table(
    soort="contracten",
    title="Contracten van aanbieders",
    columns=(
        Column("aanbieder", text(120), "Naam of AGB-code.", ("naam", "zorgaanbieder", "organisatie"), filled=True),
        Column(
            "zorgvorm",
            text(80),
            "Een zorgvorm van de regio.",
            ("product", "soort zorg"),
            field="zorgvorm",
            filled=True,
        ),
        Column(
            "soort",
            choice(SOORTEN),
            "open house, of maatwerkovereenkomst.",
            ("soort contract", "contract"),
            field="soort",
            filled=True,
        ),
        Column("van", day, "Eerste dag.", ("ingangsdatum", "vanaf", "startdatum"), field="van", filled=True),
        Column(
            "tot en met",
            day,
            "Laatste dag; leeg als die er niet is. Zonder deze kolom blijft zij.",
            ("einddatum", "t/m"),
            field="laatste",
        ),
        Column("minimum capaciteit", integer(1, 10_000), "Plekken die er minstens zijn.", field="minimum_capaciteit"),
        Column("maximum wachttijd", integer(1, 1_000), "In dagen.", ("wachttijd",), field="maximum_wachttijd"),
    ),
    needed=(("aanbieder",), ("zorgvorm",), ("soort",), ("van",)),
)

FIELDS = Fields.of(TABLE.columns)

ALL = """
select id, aanbieder_id, zorgvorm, soort, lower(geldigheid) as van, upper(geldigheid) - 1 as laatste,
       minimum_capaciteit, maximum_wachttijd
from contract where regio = huidige_regio() order by id
"""


async def plan(conn: Connection, parsed: Parsed, context: Context) -> Plan:
    """Each row against the contract that begins on that day."""
    known: list[Contract] = rows_as(await conn.fetch(f"{ALL} for no key update" if context.lock else ALL), Contract)
    there = {(one.aanbieder_id, one.zorgvorm, one.van): one for one in known}
    aanbod = await names.load(conn, context.wie)
    lookups = {"zorgvorm": (await rows.load_codes(conn)).one("zorgvorm")}
    items = []
    for record in parsed.records:
        aanbieder = names.find_aanbieder(aanbod, parsed, record)
        wanted = rows.wanted(parsed, record, FIELDS, lookups)
        if aanbieder is None or not {"zorgvorm", "soort", "van"} <= wanted.keys():
            continue
        current = there.get((aanbieder.id, wanted["zorgvorm"], wanted["van"]))
        wanted |= {"aanbieder_id": aanbieder.id, "laatste": record.get("tot en met")}
        if current is not None and "tot en met" not in parsed.headers:
            wanted["laatste"] = current.laatste
        if wanted["laatste"] is not None and wanted["laatste"] < wanted["van"]:
            parsed.fault(record, "tot en met", "volgorde", "Deze dag ligt voor de eerste dag. Verbeter een van beide.")
            continue
        items.append(Item(record, f"{aanbieder.naam}, {wanted['zorgvorm']}", current, wanted))
    items = once(parsed, items, lambda item: _of(item.wanted), "van")
    _overlaps(parsed, items, known)
    items.sort(key=lambda item: item.current is None)  # what ends earlier makes room for what is new
    return plan_of(items, FIELDS, context, _write)


def _of(wanted: dict[str, Any]) -> tuple[UUID, str, date]:
    return wanted["aanbieder_id"], wanted["zorgvorm"], wanted["van"]


def _overlaps(parsed: Parsed, items: list[Item], known: list[Contract]) -> None:
    """An aanbieder has at most one for a zorgvorm on a day, as constraint contract_een_per_periode says."""
    changed = {item.current.id for item in items if item.current is not None}
    taken: dict[tuple[UUID, str], list[tuple[date, date, Record | None]]] = {}
    for one in known:
        if one.id not in changed:
            taken.setdefault((one.aanbieder_id, one.zorgvorm), []).append((one.van, one.laatste or date.max, None))
    for item in items:
        aanbieder, zorgvorm, van = _of(item.wanted)
        until = item.wanted["laatste"] or date.max
        others = taken.setdefault((aanbieder, zorgvorm), [])
        for first, last, record in others:
            if van <= last and first <= until:
                where = f" (rij {record.row})" if record else ""
                reason = f"Er is dan al een contract{where}, vanaf {first:%d-%m-%Y}. Laat dat eerst eindigen."
                parsed.fault(item.record, "van", "overlap", reason)
                break
        others.append((van, until, item.record))


ADD = """
insert into contract (regio, aanbieder_id, zorgvorm, soort, geldigheid, minimum_capaciteit, maximum_wachttijd)
values (huidige_regio(), $1, $2, $3, daterange($4, $5), $6, $7)
"""

CHANGE = """
update contract
set soort = $2, geldigheid = daterange($3, $4), minimum_capaciteit = $5, maximum_wachttijd = $6
where id = $1
"""


async def _write(conn: Connection, item: Item, _: dict[str, Any]) -> None:
    now: dict[str, Any] = {name: item.wanted.get(name) for name in ("minimum_capaciteit", "maximum_wachttijd")}
    van, laatste, soort = item.wanted["van"], item.wanted["laatste"], item.wanted["soort"]
    until = None if laatste is None else laatste + DAY
    if item.current is None:
        await conn.execute(ADD, item.wanted["aanbieder_id"], item.wanted["zorgvorm"], soort, van, until, *now.values())
        return
    kept = [getattr(item.current, name) if value is None else value for name, value in now.items()]
    await conn.execute(CHANGE, item.current.id, soort, van, until, *kept)
