"""/livez and /readyz: for whoever keeps the process running. Outside /v1, in plain words."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import asyncpg
import redis
from litestar import MediaType, Request, get
from litestar.response import Response

from service.geo import regios
from service.web.operation import Services

PATIENCE_S = 2.0


@get("/livez", media_type=MediaType.TEXT, include_in_schema=False)
async def livez() -> str:
    """The process answers."""
    return "Het loket draait.\n"


@get("/readyz", media_type=MediaType.TEXT, include_in_schema=False)
async def readyz(request: Request[Any, Any, Any]) -> Response[str]:
    """200 when all that an answer needs is there, else 503 with what is not. What it does without, it only says."""
    services: Services = request.app.state.services
    missing, less = await asyncio.gather(_database(services), _valkey(services))
    text = f"{missing or 'Het loket is klaar.'}\n"
    if less:
        text += f"Let op: {less}\n"
    if services.replica is not None and services.replica.age_s() == math.inf:
        text += "Let op: de kopie van de database is weg of loopt achter. Alles komt van de database zelf.\n"
    if services.settings.smtp_host is None:
        text += "Let op: er is geen mailserver ingesteld (LOKET_SMTP_HOST). Mails blijven wachten.\n"
    headers = {"Retry-After": "1"} if missing else {}
    return Response(text, status_code=503 if missing else 200, media_type=MediaType.TEXT, headers=headers)


async def _database(services: Services) -> str:
    try:
        async with asyncio.timeout(PATIENCE_S), services.pool.acquire() as conn:
            known = await conn.fetchval("select true from jeugdregio where code = $1", services.settings.regio)
    except asyncpg.UndefinedTableError:
        return "De database is nog leeg. Draai eerst: loket migrate"
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return "De database antwoordt niet. Kijk of PostgreSQL draait."
    return "" if known else regios.unknown(services.settings.regio)


async def _valkey(services: Services) -> str:
    try:
        async with asyncio.timeout(PATIENCE_S):
            await services.redis.ping()
    except (OSError, TimeoutError, redis.RedisError):
        return "Valkey antwoordt niet. Het loket werkt, maar elk proces telt zelf hoe vaak iemand iets vraagt."
    return ""
