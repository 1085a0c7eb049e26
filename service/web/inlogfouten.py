"""Logins that failed, in the log of the regions whose they are.

Who tries has no name yet: the identity provider, or the koppeling that a machine said to be, tells which regions. What
belongs to no region (a wrong address, a login that nobody began, an unknown koppeling) leaves no line.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from msgspec import Struct

from service.db import AWAY
from service.log import logboek
from service.log.logboek import Resultaat, Spoor
from service.web import problems
from service.web.limiet import Soort
from service.web.operation import Services

PER_MINUUT = 60
"""Lines about one provider or koppeling: anybody may fail to log in, and the log is kept for years."""

log = logging.getLogger(__name__)


class Inlog(Struct):
    """What is known by now of a login under way."""

    provider: UUID | None = None
    subject: str | None = None
    """Once the provider has proved who it is."""
    koppeling: UUID | None = None
    """That a machine says to be."""


@asynccontextmanager
async def in_log(services: Services, spoor: Spoor) -> AsyncIterator[Inlog]:
    """Whatever ends the block leaves a line, by what is known then."""
    inlog = Inlog()
    try:
        yield inlog
    except Exception as error:
        resultaat = Resultaat.MISLUKT if problems.status_of(error) >= 500 else Resultaat.GEWEIGERD
        await write(services, inlog, resultaat, spoor)
        raise


async def write(services: Services, inlog: Inlog, resultaat: Resultaat, spoor: Spoor) -> None:
    """The lines, when it is known whose they are."""
    whose, now = inlog.provider or inlog.koppeling, services.clock()
    if whose is None:
        return
    if not (await services.limiet.count(Soort.LOG, str(whose), PER_MINUUT, now)).allowed:
        log.warning("%s: more logins fail at %s than go into the log", spoor.id, whose)
        return
    try:
        await logboek.schrijf_mislukte_inlog(
            services.pool,
            provider=inlog.provider,
            subject=inlog.subject,
            koppeling=inlog.koppeling,
            resultaat=resultaat,
            now=now,
            spoor=spoor,
        )
    except AWAY as away:
        log.error("%s: a login failed, and cannot be logged: %s", spoor.id, type(away).__name__)
