"""loket plan: a joint plan for the region on the terminal, made by a worker, or here when there is none."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg
import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from service.bus import Bus, first_of
from service.commands import connect
from service.commands import worker as worker_command
from service.days import today
from service.db import APP_ROLE, SYSTEM, Pool, Rol, Wie, transaction
from service.dutch import count, day
from service.errors import Kind, Refusal
from service.log import betrokkenen, logboek
from service.log.doelen import Doel, Object, Verwerking
from service.log.logboek import Gebeurtenis, Handeling
from service.plan import plankeuzes, plannen, planregels, planverslag
from service.plan.plankeuzes import NieuwPlan
from service.plan.plannen import RUNNING, PlanStatus, Stand
from service.plan.planniveaus import niveaus
from service.plan.planregels import Planregel
from service.plan.plantekst import waarom_niet
from service.settings import Settings

MOST = 10_000
"""Lines that are shown; more than a country has."""

PLAN = Handeling("loket plan", Gebeurtenis.LEES, Object.PLAN, Doel.PLEK_ZOEKEN, Verwerking.BEMIDDELEN)

STOP_S = 4.0
"""After Ctrl-C: for what was found till then."""


def plan(
    seconden: float = typer.Option(30.0, min=1, max=3600, help="Hoe lang het zoeken hooguit duurt."),
    vorig: str = typer.Option(None, help="Ga verder van dit plan (een id): wat vaststaat blijft staan."),
    json: bool = typer.Option(False, "--json", help="Antwoord als JSON, zoals de API het geeft."),
) -> None:
    """Maak een voorstel voor alle open aanvragen van de regio tegelijk.

    Een `loket worker` maakt het plan; draait er geen, dan doet deze opdracht het zelf. Het plan is advies en verandert
    niets aan aanvragen of plekken. Ctrl-C stopt het zoeken; wat tot dan is gevonden, blijft bewaard. Afsluitcode 1:
    het plan kon niet worden gemaakt, of niet alles wat vaststaat kan.

    Voorbeelden:

      loket plan
      loket plan --seconden 5
      loket plan --json > plan.json
    """

    async def work(settings: Settings, pool: Pool) -> int:
        now = datetime.now(UTC)
        wie = Wie(settings.regio, Rol.SCHAKELFUNCTIONARIS, SYSTEM)
        async with transaction(pool, wie) as conn:
            stand = await plankeuzes.start(
                conn, NieuwPlan(seconden=seconden, vorig_plan_id=_id(vorig)), wie=wie, now=now
            )
        stand = await followed(settings, pool, wie, stand.id)
        async with transaction(pool, wie) as conn:
            verslag = await planverslag.plan(conn, stand, today(now))
            lines = await planregels.regels(conn, stand.id, limit=MOST)
            seen = betrokkenen.found([verslag, lines])
            await logboek.schrijf(conn, wie, PLAN, seen, now=datetime.now(UTC), spoor=logboek.spoor())
        if json:
            answer = {"plan": verslag, "regels": [planverslag.regel(line) for line in lines]}
            print(msgspec.json.encode(answer).decode())
        else:
            show(verslag, lines, Console(), today(now))
        return 1 if stand.status is PlanStatus.MISLUKT or stand.conflicten else 0

    code = connect.run("plan", work)
    if code:
        raise typer.Exit(code)


def _id(text: str | None) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError:
        raise Refusal(
            Kind.INVALID, f"{text!r} is geen id van een plan. Geef een id zoals de API of --json het toont."
        ) from None


async def followed(settings: Settings, pool: Pool, wie: Wie, id: UUID) -> Stand:
    """The plan when it has ended, told about meanwhile on standard error. Cut off: it is stopped."""
    heard_as = {"role": APP_ROLE, "application_name": "loket-plan"}
    bus = Bus(lambda: asyncpg.connect(settings.database_url, server_settings=heard_as), plannen.CHANNEL)
    begin = datetime.now(UTC)
    listening = asyncio.create_task(bus.run())
    async with AsyncExitStack() as stack:
        own: asyncio.Task[None] | None = None
        told = stack.enter_context(bus.heard(plannen.CHANNEL, str(id)))
        try:
            while True:
                told.clear()
                stand = await _get(pool, wie, id)
                if stand.klaar_op is not None:
                    return stand
                if not stand.werker and own is None:
                    worker = await stack.enter_async_context(worker_command.opened(settings))
                    own = asyncio.create_task(worker.run())
                await first_of(told, limit_s=1.0)
                tell(stand, (datetime.now(UTC) - begin).total_seconds())
        except asyncio.CancelledError:
            await _stop(pool, wie, id, told)
            connect.say(f"\nGestopt. Wat is gevonden, staat in dit plan. Ga ermee verder: loket plan --vorig {id}")
            raise
        finally:
            if own is not None:
                worker.stop()
                await own
            listening.cancel()


async def _get(pool: Pool, wie: Wie, id: UUID) -> Stand:
    async with transaction(pool, wie, readonly=True) as conn:
        return await plannen.get(conn, id)


async def _stop(pool: Pool, wie: Wie, id: UUID, told: asyncio.Event) -> None:
    """And wait a moment for who is at it, so that what was found is kept."""
    async with transaction(pool, wie) as conn:
        stand = await plannen.get(conn, id, lock=True)
        if stand.status in RUNNING:
            stand = await plannen.stop(conn, id, now=datetime.now(UTC))
    end = asyncio.get_running_loop().time() + STOP_S
    while stand.klaar_op is None and asyncio.get_running_loop().time() < end:
        told.clear()
        await first_of(told, limit_s=0.5)
        stand = await _get(pool, wie, id)


def tell(stand: Stand, seconds: float) -> None:
    """One line on standard error: over the last one on a terminal, else under it."""
    so_far = {one.niveau: one for one in niveaus(stand.niveaus)}
    placed = sum(so_far[tier].waarde for tier in ("crisis", "spoed", "regulier")) if so_far else None
    found = "" if placed is None else f", tot nu {count(round(placed), 'kind', 'kinderen')} met een plek"
    line = f"{seconds:.0f} s: {'wacht' if stand.status is PlanStatus.WACHT else 'zoekt'}{found}"
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
    else:
        print(line, file=sys.stderr, flush=True)


def show(verslag: planverslag.Plan, lines: list[Planregel], console: Console, vandaag: date) -> None:
    """For a person: who goes where, what the plan is worth, and what stands in the way."""
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    if lines:
        table = Table("Nummer", "Urgentie", "Vanaf", "Plek, of waarom niet", title="Plan")
        for line in lines:
            table.add_row(line.nummer, line.urgentie, *_place(line, vandaag))
        console.print(table)
    for one in verslag.niveaus:
        if one.waarde or not one.bewezen:
            bound = "beter kan niet" if one.bewezen else f"beter dan {decimal(one.grens)} kan niet"
            console.print(f"{one.naam}: {decimal(one.waarde)} ({bound})", highlight=False)
    for conflict in verslag.conflicten:
        console.print(f"[bold]Let op:[/bold] {escape(conflict.zin)}", highlight=False)
    for one_free in verslag.vrijhouden or ():
        console.print(escape(one_free.zin), highlight=False)
    for note in verslag.let_op:
        console.print(f"[bold]Let op:[/bold] {escape(note)}", highlight=False)
    console.print(f"{escape(verslag.uitleg)} (plan {verslag.id})", highlight=False)


def _place(line: Planregel, vandaag: date) -> tuple[str, str]:
    if line.eerste_dag is None:
        return "", escape(waarom_niet(line.waarom_niet or "vol"))
    fixed = " (vastgezet)" if line.vast else ""
    return day(line.eerste_dag, vandaag), escape(f"{line.voorziening}, {line.plek} ({line.aanbieder}){fixed}")


def decimal(number: float) -> str:
    """`94,7`; whole numbers without a comma."""
    return f"{number:.2f}".rstrip("0").rstrip(".").replace(".", ",")
