"""/v1/gebeurtenissen: what happens, live. It reads the database only, so it also works while Valkey is away."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from datetime import timedelta

import msgspec

from service import toegang
from service.bericht import stroom
from service.bericht.stroom import Gebeurd, Plaats
from service.bus import first_of
from service.db import AWAY, Wie, transaction
from service.errors import FieldError, Refusal
from service.fields import refuse
from service.inloggen import sessies
from service.log import betrokkenen, logboek
from service.log.logboek import Spoor
from service.web import gezien
from service.web.operation import EVENTS, Answer, Call, Services, Stream, get, nobody

HEARTBEAT_S = 15.0
"""Without an event a line of comment, so that nothing between here and the caller thinks that it is over."""

RETRY_MS = 3000

ID = "volgGebeurtenissen"


async def follow(call: Call) -> Answer:
    given = call.headers.get("last-event-id")
    last = stroom.plaats(given) if given is not None else await stroom.nu(call.conn)
    if last is None:
        wrong = "Geef het id van de laatste gebeurtenis die u hebt gekregen, of laat deze kopregel weg."
        refuse([FieldError("Last-Event-ID", "waarde", wrong, "header")])
    assert last is not None
    last = await stroom.verder(call.conn, last)
    spoor = logboek.spoor(call.headers.get("traceparent"))
    return Answer(body=_events(call.services, call.wie, call.sessie, last, spoor))


async def _events(services: Services, wie: Wie, sessie: bytes | None, last: Plaats, spoor: Spoor) -> Stream:
    """What happened after `last`, and then as it happens, until LOKET_STROOM_S, the end of the session, the database is
    away or we must stop. No connection is held while it waits; who comes back with Last-Event-ID misses nothing."""
    idle = timedelta(minutes=services.settings.session_idle_min)
    clock = asyncio.get_running_loop().time
    until = clock() + services.settings.stroom_s
    # A place without an event: who loses the line before anything happened, goes on from here.
    yield f"retry: {RETRY_MS}\nid: {last}\n\n".encode()
    with services.bus.heard(stroom.CHANNEL, stroom.sleutel(wie)) as told:
        while not services.stopping.is_set():
            told.clear()
            try:
                async with transaction(services.pool, wie) as conn:
                    # Looking on is not using: a stream keeps no session alive. Who works elsewhere now, or no longer
                    # for a colleague, comes back as such.
                    if sessie:
                        still = await sessies.by_digest(conn, sessie, now=services.clock(), idle=idle)
                        if still is None or still.wie != wie:
                            return
                    found = await stroom.na(conn, last, wie.rol)
                    shown: list[Gebeurd] = toegang.versmal(wie.rol, [one.gebeurd for one in found])
                    children = betrokkenen.found(shown)
                    await gezien.write(conn, wie, ID, children, services=services, spoor=spoor)
                    coming = None if found else await stroom.komt(conn, wie.rol)
            except (Refusal, *AWAY):
                return
            for one, narrowed in zip(found, shown, strict=True):
                last = one.plaats
                yield _encoded(last, narrowed)
            if found:
                continue
            left = until - clock()
            if left <= 0:
                return
            with services.oudste.past(coming) if coming is not None else nullcontext(told) as past:
                if not await first_of(told, past, services.stopping, limit_s=min(left, HEARTBEAT_S)):
                    yield b": niets nieuws\n\n"


def _encoded(plaats: Plaats, gebeurd: Gebeurd) -> bytes:
    """As https://html.spec.whatwg.org/multipage/server-sent-events.html writes it."""
    return f"id: {plaats}\nevent: {gebeurd.soort}\ndata: ".encode() + msgspec.json.encode(gebeurd) + b"\n\n"


OPERATIONS = (
    get(
        "/gebeurtenissen",
        follow,
        id=ID,
        tag="gebeurtenissen",
        summary="Volg wat er gebeurt, terwijl het gebeurt",
        description="Server-sent events. Zonder de kopregel Last-Event-ID begint u bij nu. Met het id van de laatste"
        " gebeurtenis die u kreeg, krijgt u eerst alles wat daarna kwam: wie opnieuw verbindt, mist niets.",
        produces=EVENTS,
        answer=Gebeurd,
        # Each event that is sent gets its lines in the log when it is: see _events.
        betrokkenen=nobody,
    ),
)
