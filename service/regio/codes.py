"""Code lists of the region: which zorgvormen and kenmerkcodes there are, and whether a code is one of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from msgspec import UNSET, Meta, Struct

from service.db import Connection, rows_as
from service.errors import FieldError
from service.taal import gettext


class Lijst(StrEnum):
    """As constraint kenmerkcode_lijst_bekend in schema.sql."""

    ONDERSTEUNING = "ondersteuning"
    KENMERK = "kenmerk"
    MEDISCH = "medisch"
    ONDERWIJS = "onderwijs"


class Zorgvorm(Struct, frozen=True, rename="camel", kw_only=True):
    code: str
    naam: str
    huiselijkheid: Annotated[float, Meta(ge=0, le=1, description="Hoe huiselijk, van 0 tot en met 1.")]
    gezinsvorm: Annotated[bool, Meta(description="Pleeggezin of gezinshuis (Jeugdwet artikel 2.3 lid 6).")]
    rangschikbaar: bool
    gebruikelijk_verblijf: Annotated[int | None, Meta(description="In dagen; leeg: zo lang als nodig.")]
    bron: str


class Kenmerkcode(Struct, frozen=True, rename="camel", kw_only=True):
    lijst: Lijst
    code: str
    naam: str


ZORGVORMEN = """
select code, naam, huiselijkheid, gezinsvorm, rangschikbaar, gebruikelijk_verblijf, bron
from zorgvorm
where regio = huidige_regio()
order by lower(unaccent(naam)), code
"""


async def zorgvormen(conn: Connection) -> list[Zorgvorm]:
    """The zorgvormen of the region, by name."""
    return rows_as(await conn.fetch(ZORGVORMEN), Zorgvorm)


KENMERKCODES = """
select lijst, code, naam
from kenmerkcode
where regio = huidige_regio() and ($1::text is null or lijst = $1)
order by lijst, lower(unaccent(naam)), code
"""


async def kenmerkcodes(conn: Connection, lijst: Lijst | None = None) -> list[Kenmerkcode]:
    """The other codes of the region, by list and name."""
    return rows_as(await conn.fetch(KENMERKCODES, lijst), Kenmerkcode)


BEKEND = """
select 'zorgvorm' as lijst, code from zorgvorm where regio = huidige_regio()
union all
select lijst, code from kenmerkcode where regio = huidige_regio()
"""


async def unknown(conn: Connection, used: Iterable[tuple[str, str, object]]) -> list[FieldError]:
    """Errors for codes that the region does not have.

    `used`: pointer, list (`zorgvorm` or a `Lijst`) and the code, or list of codes; UNSET and None are passed over.
    """
    known: dict[str, list[str]] = {}
    for row in await conn.fetch(BEKEND):
        known.setdefault(row["lijst"], []).append(row["code"])
    errors = []
    for pointer, lijst, value in used:
        if value is UNSET or value is None:
            continue
        single = isinstance(value, str)
        codes: Iterable[object] = (value,) if single else value  # type: ignore[assignment]
        for i, code in enumerate(codes):
            if code not in known.get(lijst, ()):
                near = difflib.get_close_matches(str(code), known.get(lijst, ()), 1)
                hint = f" Bedoelt u {near[0]}?" if near else ""
                where = "/v1/zorgvormen" if lijst == "zorgvorm" else f"/v1/kenmerkcodes?lijst={lijst}"
                errors.append(
                    FieldError(
                        pointer if single else f"{pointer}/{i}",
                        "bestaat_niet",
                        gettext(
                            "Deze code kent de regio niet.%(hint)s De codes staan op %(where)s.", hint=hint, where=where
                        ),
                    )
                )
    return errors
