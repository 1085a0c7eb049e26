"""/v1/gebeurtenissen: what happens, live. It reads the database only, so it also works while Valkey is away."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from datetime import timedelta
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from service import toegang
from service.bericht import stroom
from service.bericht.stroom import Gebeurd, Plaats
from service.bus import first_of
from service.db import AWAY, Rol, Wie, transaction
from service.errors import FieldError, Refusal
from service.fields import refuse
from service.inloggen import sessies
from service.log import betrokkenen, logboek
from service.log.logboek import Spoor
from service.rang import snapshot
from service.web import gezien
from service.web.operation import EVENTS, Answer, Call, Services, Stream, get, nobody

HEARTBEAT_S = 15.0
"""Without an event a line of comment, so that nothing between here and the caller thinks that it is over."""

RETRY_MS = 3000

ID = "volgGebeurtenissen"

AANBOD = b"event: aanbod\ndata: {}\n\n"
"""A plek, or what takes one, changed in the region. Not which: who shows plekken asks for them again."""

AANBOD_S = 0.5
"""No more often, so that a feed that changes a thousand plekken does not make each screen ask a thousand times; no
less, so that a plek that opens just after another is seen within a second too."""

PLEKKEN = frozenset({Rol.SCHAKELFUNCTIONARIS, Rol.CRISISDIENST})
"""Who looks at the plekken of the whole region."""


class Wat(Struct, forbid_unknown_fields=True):
    aanbod: Annotated[
        bool,
        Meta(
            description="Ook een bericht `aanbod`, zonder inhoud, als er een plek in de regio verandert: hooguit"
            " twee keer per seconde. Alleen voor de schakelfunctionaris en de crisisdienst."
        ),
    ] = False


async def follow(call: Call) -> Answer:
    given = call.headers.get("last-event-id")
    last = stroom.plaats(given) if given is not None else await stroom.nu(call.conn)
    if last is None:
        wrong = "Geef het id van de laatste gebeurtenis die u hebt gekregen, of laat deze kopregel weg."
        refuse([FieldError("Last-Event-ID", "waarde", wrong, "header")])
    assert last is not None
    last = await stroom.verder(call.conn, last)
    spoor = logboek.spoor(call.headers.get("traceparent"))
    aanbod = call.query.aanbod and call.wie.rol in PLEKKEN
    return Answer(body=_events(call.services, call.wie, call.sessie, last, spoor, aanbod=aanbod))


async def _events(
    services: Services, wie: Wie, sessie: bytes | None, last: Plaats, spoor: Spoor, *, aanbod: bool
) -> Stream:
    """What happened after `last`, and then as it happens, until LOKET_STROOM_S, the end of the session, the database is
    away or we must stop. No connection is held while it waits; who comes back with Last-Event-ID misses nothing."""
    idle = timedelta(minutes=services.settings.session_idle_min)
    clock = asyncio.get_running_loop().time
    until = clock() + services.settings.stroom_s
    calm = clock()
    """When somebody may hear of the plekken again."""
    # A place without an event: who loses the line before anything happened, goes on from here.
    yield f"retry: {RETRY_MS}\nid: {last}\n\n".encode()
    heard = services.bus.heard
    with heard(stroom.CHANNEL, stroom.sleutel(wie)) as told, heard(snapshot.CHANNEL, wie.regio) as moved:
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
            if aanbod and moved.is_set() and clock() >= calm:
                moved.clear()
                calm = clock() + AANBOD_S
                yield AANBOD
            if found:
                continue
            left = until - clock()
            if left <= 0:
                return
            limit_s = min(left, HEARTBEAT_S)
            wakes = [told, services.stopping]
            later = aanbod and moved.is_set()
            if later:
                limit_s = min(limit_s, max(0.0, calm - clock()))
            elif aanbod:
                wakes.append(moved)
            with services.oudste.past(coming) if coming is not None else nullcontext(told) as past:
                if not await first_of(*wakes, past, limit_s=limit_s) and not later:
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
        query=Wat,
        produces=EVENTS,
        answer=Gebeurd,
        # Each event that is sent gets its lines in the log when it is: see _events.
        betrokkenen=nobody,
    ),
)
