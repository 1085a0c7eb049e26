"""The list of aanbieders: found by AGB-code, else by name. Who is not in the file, stays."""

from __future__ import annotations

from typing import Any

from service.aanbod import aanbieders
from service.db import Connection, Rol
from service.intake import rows
from service.intake.cells import key
from service.intake.parsers import agb, boolean, phone, text
from service.intake.preview import Context, Plan
from service.intake.rows import Fields, Item, once, plan_of
from service.intake.tables import Column, Parsed, Table

TABLE = Table(
    soort="aanbieders",
    title="Aanbieders van jeugdhulp met verblijf",
    columns=(
        Column(
            "aanbieder",
            text(120),
            "Naam van de organisatie.",
            (
                "naam",
                "naam aanbieder",
                "zorgaanbieder",
                "organisatie",
                "instelling",
                "jeugdhulpaanbieder",
                "bedrijfsnaam",
            ),
            field="naam",
            filled=True,
            examples=("Gezinshuis De Linde", "Jeugdhulp Het Gooi"),
        ),
        Column(
            "agb-code",
            agb,
            "AGB-code, hooguit 8 cijfers. Nullen vooraan mogen ontbreken.",
            ("agb", "agbcode", "agb nummer", "agb code aanbieder"),
            field="agb_code",
            examples=("41000123", "06290456"),
        ),
        Column(
            "telefoon",
            phone,
            "Telefoonnummer waarop het loket u bereikt.",
            ("telefoonnummer", "tel", "telnr", "telefoon nummer"),
            field="telefoon",
            examples=("035 123 45 67", "035 765 43 21"),
        ),
        Column(
            "pleegzorg",
            boolean,
            "ja als u pleeggezinnen zelf benadert en alleen profielen plaatst.",
            ("pleegzorgaanbieder", "is pleegzorg"),
            field="pleegzorg",
            choices=("ja", "nee"),
            examples=("nee", "ja"),
        ),
    ),
    needed=(("aanbieder",),),
)

FIELDS = Fields.of(TABLE.columns)

ALL = "select id, naam, agb_code, telefoon, pleegzorg, versie from aanbieder where regio = huidige_regio()"

ALL_LOCKED = f"{ALL} order by id for no key update"


def _same_agb(old: Any, new: Any) -> bool:
    return old is not None and int(old) == int(new)


async def plan(conn: Connection, parsed: Parsed, context: Context) -> Plan:
    """Each row against the aanbieder with its AGB-code or its name."""
    known = [aanbieders.Aanbieder(**row) for row in await conn.fetch(ALL_LOCKED if context.lock else ALL)]
    by_agb = {int(aanbieder.agb_code): aanbieder for aanbieder in known if aanbieder.agb_code}
    by_name = {key(aanbieder.naam): aanbieder for aanbieder in known}
    items = []
    for record in parsed.records:
        naam, code = record.get("aanbieder"), record.get("agb-code")
        if naam is None:
            continue
        named, coded = by_name.get(key(naam)), by_agb.get(int(code)) if code else None
        if named and coded and named.id != coded.id:
            reason = (
                f"Deze AGB-code is in het loket van {coded.naam}, niet van {named.naam}. Verbeter de code of de naam."
            )
            parsed.fault(record, "agb-code", "agb_dubbel", reason)
            continue
        current = coded or named
        if context.wie.rol is Rol.AANBIEDER and (current is None or current.id != context.wie.organisatie):
            parsed.fault(
                record,
                "aanbieder",
                "andere_aanbieder",
                "U kunt alleen uw eigen organisatie wijzigen. Haal deze rij weg.",
            )
            continue
        items.append(Item(record, naam, current, rows.wanted(parsed, record, FIELDS, {})))
    items = once(parsed, items, lambda item: item.current.id if item.current else key(item.name), "aanbieder")
    seen: dict[str, int] = {}
    for item in items:
        code = item.wanted.get("agb_code")
        if code and seen.setdefault(code, item.record.row) != item.record.row:
            parsed.fault(item.record, "agb-code", "dubbel", f"Deze AGB-code staat ook in rij {seen[code]}.")
    return plan_of(items, FIELDS, context, _write, same={"agb_code": _same_agb})


async def _write(conn: Connection, item: Item, fields: dict[str, Any]) -> None:
    if item.current is None:
        await aanbieders.add(conn, aanbieders.NieuweAanbieder(**fields))
    else:
        await aanbieders.change(conn, item.current.id, aanbieders.WijzigingAanbieder(**fields))
