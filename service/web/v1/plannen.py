"""/v1/plannen: joint plans. Made by `loket worker`; here they are asked for, followed and stopped."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec

from service.bus import first_of
from service.days import today
from service.db import AWAY, Wie, transaction
from service.errors import FieldError, Refusal
from service.fields import refuse
from service.inloggen import sessies
from service.plan import plankeuzes, plannen, planverslag
from service.plan.plankeuzes import NieuwPlan
from service.plan.plannen import Gebeurtenis, Niveau, PlanStap, PlanStatus, WijzigingPlan
from service.plan.planniveaus import PlanGebeurtenis, niveaus
from service.plan.planverslag import Plan, PlanOverzicht
from service.taal import gettext
from service.web import etags, paging
from service.web.operation import EVENTS, Answer, Call, Services, Stream, create, created, get, nobody, patch

TAG = "plannen"

HEARTBEAT_S = 15.0
"""Without an event a line of comment, so that nothing between here and the caller thinks that it is over."""

RETRY_MS = 3000
"""After which a caller comes back when the stream ended before the plan did."""


class Filters(paging.Page, kw_only=True):
    status: PlanStatus | None = None


async def page(call: Call) -> Answer:
    query = call.query
    rows = await plannen.page(call.conn, status=query.status, after=paging.after(call), limit=query.aantal + 1)
    return paging.page(call, [planverslag.overzicht(row, today(call.now)) for row in rows])


async def add(call: Call) -> Answer:
    stand = await plankeuzes.start(call.conn, call.body, wie=call.wie, now=call.now)
    return created(f"/plannen/{stand.id}", await planverslag.plan(call.conn, stand, today(call.now)))


async def one(call: Call) -> Answer:
    stand = await plannen.get(call.conn, call.ids["planId"])
    return Answer(body=await planverslag.plan(call.conn, stand, today(call.now)))


async def change(call: Call) -> Answer:
    id = call.ids["planId"]
    stand = await plannen.get(call.conn, id, lock=True)
    etags.must_match(call, await planverslag.plan(call.conn, stand, today(call.now)))
    if call.body.status not in (msgspec.UNSET, PlanStatus.GESTOPT):
        refuse([FieldError("/status", "waarde", gettext("Alleen gestopt kan: dan houdt het zoeken op."))])
    if call.body.status is PlanStatus.GESTOPT:
        stand = await plannen.stop(call.conn, id, now=call.now)
    return Answer(body=await planverslag.plan(call.conn, stand, today(call.now)))


# ── Following one ────────────────────────────────────────────────────────────────────────────────


async def follow(call: Call) -> Answer:
    id = call.ids["planId"]
    await plannen.get(call.conn, id)
    last = call.headers.get("last-event-id", "0")
    if not last.isdecimal() or len(last) > 9:
        wrong = "Geef het nummer van de laatste gebeurtenis die u hebt gekregen."
        refuse([FieldError("Last-Event-ID", "waarde", wrong, "header")])
    return Answer(body=_events(call.services, call.wie, call.sessie, id, int(last)))


async def _events(services: Services, wie: Wie, sessie: bytes | None, id: UUID, last: int) -> Stream:
    """Events after `last` as they happen, until the plan ends, nobody makes it, the session ends or we must stop. No
    connection is held while it waits; who comes back with Last-Event-ID misses nothing."""
    idle = timedelta(minutes=services.settings.session_idle_min)
    yield f"retry: {RETRY_MS}\n\n".encode()
    with services.bus.heard(plannen.CHANNEL, str(id)) as told:
        while not services.stopping.is_set():
            told.clear()
            try:
                async with transaction(services.pool, wie, readonly=True) as conn:
                    # Looking on is not using: a stream keeps no session alive.
                    if sessie and not await sessies.by_digest(conn, sessie, now=services.clock(), idle=idle):
                        return
                    found = await plannen.gebeurtenissen(conn, id, last)
                    goes_on = found or await plannen.goes_on(conn, id)
            except (Refusal, *AWAY):
                return
            for event in found:
                last = event.nummer
                yield _encoded(event)
            if not goes_on or (found and found[-1].stap is PlanStap.EINDE):
                return
            if not found and not await first_of(told, services.stopping, limit_s=HEARTBEAT_S):
                yield b": nog bezig\n\n"


def _encoded(event: Gebeurtenis) -> bytes:
    """As https://html.spec.whatwg.org/multipage/server-sent-events.html writes it."""
    data = PlanGebeurtenis(
        nummer=event.nummer,
        stap=event.stap,
        op=event.op,
        rekentijd=event.gegevens.get("rekentijd"),
        niveaus=niveaus(msgspec.convert(event.gegevens.get("niveaus", []), list[Niveau])),
    )
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.nummer, event.stap.encode(), msgspec.json.encode(data))


OPERATIONS = (
    get(
        "/plannen",
        page,
        id="lijstPlannen",
        tag=TAG,
        summary="Plannen, het nieuwste eerst",
        query=Filters,
        answer=list[PlanOverzicht],
    ),
    create(
        "/plannen",
        add,
        id="startPlan",
        tag=TAG,
        summary="Maak een plan voor alle open aanvragen",
        description="Het plan wordt op de achtergrond gemaakt. Met vorigPlanId gaat u verder van een eerder plan: wat"
        " daarin vaststaat en verboden is blijft staan, er verandert weinig, en u ziet wat er verschilt en wat elke"
        " keuze kost.",
        body=NieuwPlan,
        check=plankeuzes.errors,
        answer=Plan,
    ),
    get(
        "/plannen/{planId}",
        one,
        id="haalPlan",
        tag=TAG,
        summary="Eén plan: hoe ver het is en wat eruit kwam",
        answer=Plan,
    ),
    patch(
        "/plannen/{planId}",
        change,
        id="wijzigPlan",
        tag=TAG,
        summary="Stop een plan",
        description="Zet status op gestopt. Wat tot dan is gevonden, blijft. Met If-Match: * stopt u ook een plan dat"
        " intussen verder kwam.",
        body=WijzigingPlan,
        answer=Plan,
    ),
    get(
        "/plannen/{planId}/gebeurtenissen",
        follow,
        id="volgPlan",
        tag=TAG,
        summary="Volg een plan terwijl het wordt gemaakt",
        description="Server-sent events, elk met een nummer. Met de kopregel Last-Event-ID krijgt u alleen wat daarna"
        " kwam. De stroom eindigt met het plan, en ook als er niemand is die het maakt: kom dan later terug.",
        produces=EVENTS,
        answer=PlanGebeurtenis,
        betrokkenen=nobody,
    ),
)
