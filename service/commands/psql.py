"""loket psql: look into the database, by default as the app role and for one region."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime

import asyncpg
import typer

from service.backup import without_password
from service.commands import connect
from service.db import APP_ROLE, SYSTEM, Rol, Wie, transaction
from service.embedded.binaries import installed
from service.log import logboek
from service.log.doelen import Doel, Object, Verwerking
from service.log.logboek import Gebeurtenis, Handeling
from service.settings import PREFIX, Settings


def psql(
    argumenten: list[str] = typer.Argument(None, help="Gaan naar psql. Zet er -- voor.", metavar="[-- ARGUMENT…]"),
    eigenaar: bool = typer.Option(False, "--eigenaar", help="Als eigenaar van het schema: alle regio's, alles mag."),
    rol: Rol = typer.Option(Rol.SCHAKELFUNCTIONARIS, help="Rol waarmee u kijkt."),
) -> None:
    """Open psql op de database van het loket, ook terwijl de demo draait.

    U kijkt als de dienst zelf, voor de regio van LOKET_REGIO: de regels voor toegang per regio gelden.

    Voorbeelden:

      loket psql
      loket psql -- -c 'select naam from aanbieder'
      loket psql --eigenaar
    """
    with connect.connected("psql") as data:
        settings = data.settings
        asyncio.run(_log(settings, rol))
        environ = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        if not eigenaar:
            environ["PGOPTIONS"] = f"-c role={APP_ROLE} -c loket.regio={settings.regio} -c loket.rol={rol}"
        url = settings.database_owner_url if eigenaar else settings.database_url
        program = shutil.which("psql") or str(installed().postgres / "psql")
        # Ctrl-C is for psql: it ends a query, not the program.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            with without_password(str(url)) as (bare, password):
                done = subprocess.run([program, bare, *(argumenten or [])], check=False, env=environ | password)
        finally:
            signal.signal(signal.SIGINT, before)
    sys.exit(done.returncode)


PSQL = Handeling("loket psql", Gebeurtenis.LEES, Object.DATABASE, Doel.INRICHTEN, Verwerking.INRICHTEN)


async def _log(settings: Settings, rol: Rol) -> None:
    """That somebody looked. What they look at the log cannot know; and who repairs a broken database must get in."""
    wie = Wie(settings.regio, rol, SYSTEM)
    try:
        async with connect.service_pool(settings) as pool, transaction(pool, wie) as conn:
            await logboek.schrijf_los(conn, wie, PSQL, now=datetime.now(UTC), spoor=logboek.spoor())
    except asyncpg.PostgresError as error:
        connect.say(f"Let op: dat u kijkt, kon niet in het log ({type(error).__name__}).")
