"""Which aanvragen an operation was asked for and showed: found by type, compiled at start, written in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct

from service import toegang
from service.db import AWAY, Alone, Connection, Wie, transaction
from service.log import betrokkenen, logboek
from service.log.betrokkenen import Find
from service.log.doelen import Object
from service.log.logboek import Gebeurtenis, Resultaat, Spoor
from service.web.operation import JSON, Answer, Operation, Services, nobody

log = logging.getLogger(__name__)

IN_THE_PATH = "aanvraagId"
"""Name of a parameter in the path that is the id of an aanvraag."""


class Gezien(Struct, frozen=True):
    """How to find them for one operation."""

    operation: Operation
    in_body: Find | None
    in_answer: Find | None
    logs: bool
    """Can be about a child, so its transaction must be able to write."""
    object: Object | None = None
    """That a line about no child must name, of an operation that always has one."""

    def asked(self, ids: Mapping[str, UUID], body: Any) -> list[UUID]:
        found = [id for name, id in ids.items() if name == IN_THE_PATH]
        if self.in_body is not None and body is not UNSET:
            self.in_body(body, found)
        return found

    def shown(self, answer: Answer, body: Any) -> list[UUID]:
        """`body` is that of the answer as this rol sees it."""
        found: list[UUID] = []
        if self.in_answer is not None and not isinstance(body, bytes):
            self.in_answer(body, found)
        elif self.in_answer is not None and self.operation.betrokkenen is None:
            raise TypeError(f"{self.operation.id}: say with `betrokkenen` which aanvragen its bytes show")
        if self.operation.betrokkenen is not None:
            found += self.operation.betrokkenen(answer)
        return found

    def object_id(self, wie: Wie, ids: Mapping[str, UUID], location: str | None = None) -> UUID | None:
        """Which one was changed: it stands in the path, at the end of `location` when it was made, or it is oneself."""
        if self.object is None:
            return None
        if location is not None:
            return UUID(location.rpartition("/")[2])
        return ids.get(f"{self.object}Id") or (wie.gebruiker if self.object is Object.GEBRUIKER else None)


def compiled(operation: Operation) -> Gezien:
    """TypeError, naming the operation, when nobody can tell what it shows."""
    op = operation
    declared = op.betrokkenen is not None
    try:
        in_body = None if op.body is None or op.body is bytes else betrokkenen.finder(op.body)
        if op.produces == JSON and op.answer is not None:
            in_answer = betrokkenen.finder(op.answer)
        elif declared or op.public:
            in_answer = None
        else:
            raise TypeError("say with `betrokkenen` which aanvragen an answer without a Struct shows")
    except TypeError as error:
        raise TypeError(f"{op.method} {op.path}: {error}") from None
    logs = f"{{{IN_THE_PATH}}}" in op.path or in_body is not None or in_answer is not None
    logs = logs or (declared and op.betrokkenen is not nobody)
    line = None if op.public else toegang.handeling(op.id)
    logs = logs or (line is not None and line.los)
    if op.replica and (logs or op.method != "GET" or op.produces != JSON):
        raise TypeError(f"{op.method} {op.path}: only what shows no child can be read on a replica")
    return Gezien(op, in_body, in_answer, logs, line.object if line is not None and line.los else None)


async def write(
    conn: Connection | Alone,
    wie: Wie,
    id: str,
    aanvragen: Iterable[UUID],
    *,
    services: Services,
    spoor: Spoor,
    repeated: bool = False,
    resultaat: Resultaat = Resultaat.GELUKT,
    object_id: UUID | None = None,
) -> None:
    """The lines of what is about to be answered, in its own transaction. `id` as in service/toegang; what was
    `repeated` is read again, and not done again."""
    line = toegang.handeling(id)
    if line is None:
        return
    ids = list(dict.fromkeys(aanvragen))
    if not ids and not line.los:
        return
    now, handeling = services.clock(), line.in_log(wie)
    if repeated:
        handeling = msgspec.structs.replace(handeling, gebeurtenis=Gebeurtenis.LEES)
    if line.los:
        await logboek.schrijf_los(conn, wie, handeling, now=now, spoor=spoor, resultaat=resultaat, object_id=object_id)
    await logboek.schrijf(conn, wie, handeling, ids, now=now, spoor=spoor, resultaat=resultaat)


async def write_refused(
    services: Services,
    wie: Wie,
    id: str,
    aanvragen: Sequence[UUID],
    *,
    status: int,
    spoor: Spoor,
    object_id: UUID | None = None,
) -> None:
    """As `write`, of a look or a change that was refused, or that failed: in a transaction of its own, because that of
    the request is gone. When the database is away nobody can write it, and nobody was shown anything."""
    line = toegang.handeling(id)
    if line is None or not (aanvragen or line.los):
        return
    resultaat = Resultaat.MISLUKT if status >= 500 else Resultaat.GEWEIGERD
    try:
        async with transaction(services.pool, wie) as conn:
            await write(
                conn, wie, id, aanvragen, services=services, spoor=spoor, resultaat=resultaat, object_id=object_id
            )
    except AWAY as error:
        log.error("%s: %s was refused, and cannot be logged: %s", spoor.id, id, type(error).__name__)
