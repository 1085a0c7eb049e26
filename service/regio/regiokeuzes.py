"""What a region chose for itself: rows of `instelling`, each with its source, as Structs with a default per setting."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, get_type_hints
from uuid import UUID

import msgspec
from msgspec import Struct, inspect, structs

from service.db import Connection
from service.errors import Kind, Refusal
from service.taal import gettext

S = TypeVar("S", bound=Struct)


class Keuze(Struct, frozen=True):
    """One setting, with where it comes from."""

    sleutel: str
    waarde: Any
    bron: str
    omschrijving: str


CHOSEN = "select sleutel, waarde, bron from instelling where regio = huidige_regio() and sleutel = any ($1)"


OF_A_VOORSTEL = "select sleutel, waarde from regels_van_voorstel($1, $2)"


async def load(conn: Connection, shape: type[S], *, voorstel: UUID | None = None) -> S:
    """The region's `shape`: field `x` is setting `x`, and its default holds where the region chose nothing. With
    `voorstel` those of the region that made it, which is not always that of the provider.

    Refuses CONFLICT, naming the setting, when a value cannot be: nothing is done by a term that nobody meant.
    """
    names = list(shape.__struct_fields__)
    rows = await (conn.fetch(CHOSEN, names) if voorstel is None else conn.fetch(OF_A_VOORSTEL, voorstel, names))
    return of(shape, {row["sleutel"]: row["waarde"] for row in rows})


def of(shape: type[S], chosen: Mapping[str, Any]) -> S:
    """As `load`, of what the region chose: settings by name."""
    hints, values = _hints(shape), {}
    for sleutel, waarde in chosen.items():
        try:
            values[sleutel] = msgspec.convert(waarde, hints[sleutel])
        except msgspec.ValidationError as error:
            raise Refusal(
                Kind.CONFLICT,
                gettext(
                    "De instelling %(sleutel)s van uw regio klopt niet: %(error)s. Verbeter haar.",
                    sleutel=sleutel,
                    error=error,
                ),
            ) from error
    return shape(**values)


@cache
def _hints(shape: type[Struct]) -> dict[str, Any]:
    """Kept: asking Python costs ten times as much as asking the database what the region chose."""
    return get_type_hints(shape, include_extras=True)


def defaults(shape: type[Struct]) -> list[Keuze]:
    """Each setting as it is when a region chose nothing."""
    info = inspect.type_info(shape)
    assert isinstance(info, inspect.StructType)
    found = []
    for field in info.fields:
        assert isinstance(field.type, inspect.Metadata)
        says, source = (field.type.extra_json_schema or {})["description"], (field.type.extra or {})["bron"]
        found.append(Keuze(field.name, field.default, source, says))
    return found


async def explained(conn: Connection, shape: type[Struct]) -> list[Keuze]:
    """Each setting with its value now, its source and what it is."""
    now = await load(conn, shape)
    chosen = {row["sleutel"]: row["bron"] for row in await conn.fetch(CHOSEN, list(shape.__struct_fields__))}
    return [
        structs.replace(keuze, waarde=getattr(now, keuze.sleutel), bron=chosen.get(keuze.sleutel, keuze.bron))
        for keuze in defaults(shape)
    ]
