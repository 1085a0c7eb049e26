"""Pages of a list: a cursor is the id of the last row seen, so that no URL holds anything of a child and a list that
changes meanwhile skips and repeats nothing that stayed where it was. There is a next page and a first one; back is
what the caller has seen."""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Annotated, Any, Protocol, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct

from service.errors import FieldError
from service.fields import refuse
from service.taal import gettext
from service.web.operation import Answer, Call


class Page(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """Query parameters of every list; a list with filters adds them."""

    aantal: Annotated[int, Meta(ge=1, le=200, description="Hoeveel er hooguit op een bladzijde staan.")] = 50
    cursor: (
        Annotated[str, Meta(min_length=1, max_length=40, description="Uit de Link van de vorige bladzijde.")] | None
    ) = None


class Part(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """Query parameters of a list that is made anew each time: of what are no rows."""

    aantal: Annotated[int, Meta(ge=1, le=200, description="Hoeveel er hooguit op een bladzijde staan.")] = 50
    overslaan: Annotated[
        int, Meta(ge=0, le=1_000_000, description="Zoveel overslaan. Staat in de Link van de vorige bladzijde.")
    ] = 0


def part(call: Call, whole: list[Any]) -> Answer:
    """A page of the list as it is now, with its Link header."""
    query: Part = call.query
    until = query.overslaan + query.aantal
    shown = whole[query.overslaan : until]
    if until >= len(whole):
        return Answer(body=shown)
    return Answer(body=shown, headers={"Link": _link(call, urlencode({**_asked(call), "overslaan": until}), "next")})


class Row(Protocol):
    @property
    def id(self) -> UUID: ...


R = TypeVar("R", bound=Row)


def _sign(path: str, id: UUID) -> bytes:
    return zlib.crc32(path.encode() + id.bytes).to_bytes(4, "big")


def cursor_of(path: str, id: UUID) -> str:
    """Opaque, and good for the list at `path` only."""
    return base64.urlsafe_b64encode(id.bytes + _sign(path, id)).decode().rstrip("=")


def after(call: Call) -> UUID | None:
    """The row after which the page begins. Refuses INVALID for a cursor that this list did not give."""
    cursor = call.query.cursor
    if cursor is None:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 20 or _sign(call.path, UUID(bytes=raw[:16])) != raw[16:]:
        refuse(
            [
                FieldError(
                    "cursor", "ongeldig", gettext("Deze cursor is niet van deze lijst. Begin zonder cursor."), "query"
                )
            ]
        )
    return UUID(bytes=raw[:16])


def page(call: Call, rows: list[R]) -> Answer:
    """The page with its Link header. `rows` holds one more than asked when there is a next page."""
    links, shown = [], rows[: call.query.aantal]
    if call.query.cursor is not None:
        links.append(_link(call, urlencode(_asked(call)), "first"))
    if len(rows) > call.query.aantal:
        asked = urlencode(_asked(call))
        links.append(_link(call, f"{asked}&cursor={cursor_of(call.path, shown[-1].id)}", "next"))
    return Answer(body=shown, headers={"Link": ", ".join(links)} if links else {})


def _asked(call: Call) -> dict[str, Any]:
    """What the list was asked for, but for where to begin."""
    return {
        name: value
        for name, value in msgspec.to_builtins(call.query).items()
        if value is not None and value is not UNSET and name != "cursor"
    }


def _link(call: Call, query: str, relation: str) -> str:
    return f'</v1{call.path}?{query}>; rel="{relation}"'
