"""loket serve: the service itself, on data that are there."""

from __future__ import annotations

import asyncio
import os

import typer

from service import migrations
from service.commands import check as safety
from service.commands import connect, demo, listen
from service.errors import Kind, Refusal
from service.settings import Settings


def serve(
    port: int | None = typer.Option(None, help="Poort van de dienst. Standaard LOKET_PORT, anders 8000."),
) -> None:
    """Start de dienst op bestaande gegevens, zonder iets te vullen of te wijzigen aan het schema.

    Zonder LOKET_DATABASE_URL en LOKET_REDIS_URL zijn dat de gegevens van de demo. Draait de demo, dan werken beide
    op dezelfde gegevens. Links om in te loggen zoals in de demo krijgt u met LOKET_DEMO_LOGIN=ja.

    Voorbeelden:

      loket serve --port 8001
      LOKET_DATABASE_URL=postgresql://… LOKET_REDIS_URL=redis://… loket serve
    """
    stop = listen.Stop()
    settings = Settings.from_environ(os.environ if port is None else os.environ | {"LOKET_PORT": str(port)})
    with listen.bind(settings) as sock:
        linked = bool(settings.demo_login) and demo.may_link(settings, sock.getsockname()[0])
        with connect.connected("serve", settings) as data:
            data.on_loss(lambda name: stop.because(f"{name} is gestopt"))
            asyncio.run(check(data.settings))
            if not settings.embedded:
                asyncio.run(safety.say_at_start(data.settings))
            links = asyncio.run(demo.demo_links(data.settings)) if linked else []
            listen.serve(data.settings, sock, links)
    if stop.reason is not None:
        raise Refusal(Kind.UNAVAILABLE, f"{stop.reason}, daarom is de dienst ook gestopt.")


async def check(settings: Settings) -> None:
    """Told now, in a sentence, and not by the first request."""
    async with connect.service_pool(settings) as pool, pool.acquire() as conn:
        if not await conn.fetchval("select to_regclass('public.jeugdregio') is not null"):
            raise Refusal(Kind.CONFLICT, "De database heeft nog geen tabellen. Voer eerst loket migrate uit.")
        await migrations.check_fits(conn)
    if settings.database_owner_url != settings.database_url:
        async with connect.owner_connection(settings) as owner:
            missing = await migrations.pending(owner)
        if missing:
            raise Refusal(
                Kind.CONFLICT, f"De database is ouder dan dit programma: {', '.join(missing)}. Voer loket migrate uit."
            )
