"""Idempotency-Key: a POST that is sent again does nothing again and gets the same answer.

The answer is written in the transaction of the change itself, so a crash leaves both or neither. A lock of that
transaction keeps a second request with the key out while the first one runs. Only what succeeded is kept: after a
refusal nothing has changed, and the same key may be tried again.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from uuid import UUID

from msgspec import Struct

from service.db import Connection
from service.errors import FieldError
from service.fields import refuse
from service.taal import gettext
from service.web.operation import Stream
from service.web.problems import HttpRefusal

KEY_FORM = r"^[\x21-\x7e]{1,255}$"
"""Visible ASCII, so that it can be written down."""


class Reply(Struct, frozen=True):
    """An answer ready to send."""

    status: int
    headers: dict[str, str]
    body: bytes
    stream: Stream | None = None
    """Instead of the body, and never kept."""
    betrokkenen: tuple[UUID, ...] = ()
    """Aanvragen that were asked for or are in it: for the log."""
    repeated: bool = False
    """It was given before, and nothing was done now."""


def check(key: str) -> None:
    """Refuses INVALID for a key that cannot be kept."""
    if not re.fullmatch(KEY_FORM, key):
        wrong = "Geef 1 tot en met 255 letters, cijfers en leestekens, zonder spaties."
        refuse([FieldError("Idempotency-Key", "waarde", wrong, "header")])


def digest(*parts: str | bytes) -> bytes:
    """What makes two requests the same."""
    hashed = blake2b(digest_size=32)
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        hashed.update(len(raw).to_bytes(8, "big") + raw)
    return hashed.digest()


CLAIM = """
select pg_try_advisory_xact_lock(
    hashtextextended(concat_ws(' ', 'herhaling', huidige_regio(), huidige_gebruiker(), $1::text), 0))
"""

WAIT = """
select pg_advisory_xact_lock(
    hashtextextended(concat_ws(' ', 'herhaling', huidige_regio(), huidige_gebruiker(), $1::text), 0))
"""

KEPT = "select verzoek_hash, status, koppen, antwoord, betrokkenen from herhaling where sleutel = $1"

KEEP = """
insert into herhaling (regio, gebruiker_id, sleutel, verzoek_hash, status, koppen, antwoord, betrokkenen)
values (huidige_regio(), huidige_gebruiker(), $1, $2, $3, $4, $5, $6)
"""


async def once(
    conn: Connection, key: str, asked: bytes, perform: Callable[[], Awaitable[Reply]], *, wait: bool = False
) -> Reply:
    """The reply of `perform`, or the one kept from before. 409 while another request with the key runs (with `wait`:
    what came of that one), 422 when the key was used for another request (`asked` differs)."""
    if wait:
        await conn.execute(WAIT, key)
    elif not await conn.fetchval(CLAIM, key):
        raise HttpRefusal(409, gettext("Een verzoek met deze Idempotency-Key is nog bezig. Probeer het zo nog eens."))
    kept = await conn.fetchrow(KEPT, key)
    if kept is not None:
        if kept["verzoek_hash"] != asked:
            raise HttpRefusal(422, gettext("Deze Idempotency-Key hoort bij een ander verzoek. Gebruik een nieuwe."))
        return Reply(
            kept["status"],
            kept["koppen"],
            kept["antwoord"],
            betrokkenen=tuple(kept["betrokkenen"]),
            repeated=True,
        )
    reply = await perform()
    await conn.execute(KEEP, key, asked, reply.status, reply.headers, reply.body, reply.betrokkenen)
    return reply
