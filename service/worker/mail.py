"""Taak `mail`: give a bericht to the mail server. Whoever dies in between sends it again, with the same Message-ID."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

from service.bericht import berichten, versheid
from service.bericht.mail import smtp
from service.bericht.mail.brief import brief
from service.bericht.meldingen import BEVESTIG
from service.db import Connection, transaction
from service.errors import Kind, Refusal
from service.settings import Settings
from service.taal import gettext
from service.taken import Taak
from service.worker.loop import Again, Handler, Job, Write

MINUTE, HOUR = 60.0, 3600.0

WAITS = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR)
"""A mail server may be away for a weekend's night; after two days it is no news any more."""

OLD = timedelta(days=7)
"""When a mail server comes after weeks, nobody wants weeks of mails at once. They are on the list of what failed."""


async def perform(job: Job) -> Write:
    id, now = UUID(job.taak.gegevens["berichtId"]), job.clock()
    async with transaction(job.pool, job.wie, readonly=True) as conn:
        post = await berichten.post(conn, id)
        regels = await berichten.regels(conn, id) if post is not None else []
    if post is None:
        return _nothing
    if post.adres is None:
        raise Refusal(Kind.NOT_FOUND, "Deze gebruiker is uitgezet, of heeft geen mailadres.")
    if post.ronde == 1 and now - post.op > OLD:
        raise Refusal(Kind.CONFLICT, "Deze mail heeft te lang gewacht: zij is geen nieuws meer.")
    server = smtp.server(job.settings)
    if server is None:
        raise Again("Er is geen mailserver ingesteld.")
    loket, pad = adres(job.settings), post.pad
    if post.soort == BEVESTIG:
        # Before it goes: what is in a mail must work, also when we die before we know that it went.
        async with job.writing() as conn:
            pad = await versheid.maak_link(conn, id, now)
    try:
        letter = brief(
            id,
            van=server.van,
            aan=post.adres,
            zin=berichten.zin(post.soort, post.gegevens),
            regels=regels,
            link=loket + pad,
            knop=gettext("Controleer uw plekken") if post.soort == BEVESTIG else gettext("Lees meer in het loket"),
            instellingen=f"{loket}/mails",
            op=post.op,
        )
        await asyncio.to_thread(smtp.send, server, post.adres, letter)
    except (smtp.Refused, ValueError) as error:
        why = str(error) if isinstance(error, smtp.Refused) else "Dit mailadres kan niet."
        raise Refusal(Kind.CONFLICT, why) from None
    except smtp.Away as error:
        raise Again(str(error)) from None

    async def write(conn: Connection) -> None:
        await berichten.bezorgd(conn, id, now)

    return write


async def _nothing(_: Connection) -> None:
    """It is gone, or was sent already."""


def adres(settings: Settings) -> str:
    """Where people find the loket; in the demo that is this computer."""
    return settings.adres or f"http://{settings.host}:{settings.port}"


async def failed(conn: Connection, taak: Taak, fout: str) -> None:
    await berichten.mislukt(conn, UUID(taak.gegevens["berichtId"]), fout)


HANDLER = Handler(perform, failed, WAITS)
