"""The app behind uvicorn on loopback, for programs that ask over a socket, and tokens that say who they are."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from litestar.connection import ASGIConnection
from msgspec import structs

from service import toegang
from service.app import create_app
from service.db import Rol, Wie
from service.settings import Settings
from service.web.identity import Identity, cookie_name, nobody
from service.web.v1 import OPERATIONS


@asynccontextmanager
async def served(settings: Settings, identity: Identity) -> AsyncIterator[str]:
    """Its address, while the block runs."""
    # Named as TCP, or asyncio leaves Nagle's algorithm on and every answer waits 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as sock:
        sock.bind(("127.0.0.1", 0))
        app = create_app(settings, identity=identity)
        config = uvicorn.Config(app, http="httptools", lifespan="on", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([sock]))
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        server.should_exit = True
        await serving


BEHEER = {
    op.path.split("/")[1]
    for op in OPERATIONS
    if (line := toegang.handeling(op.id)) and not line.rollen.keys() - {Rol.BEHEERDER}
}
"""First words of paths that are for the beheerder only."""

ALONE = {
    (op.method, op.path.split("/")[-1]): rol
    for op in OPERATIONS
    for rol in (Rol.VERWIJZER, Rol.AANBIEDER)
    if (line := toegang.handeling(op.id)) and set(line.rollen) == {rol}
}
"""Method and last word of paths that are for this rol only."""


def in_the_right_rol(wie: Wie) -> Identity:
    """Whoever asks is `wie`, but for what only another rol may: then in that rol."""

    async def identity(connection: ASGIConnection[Any, Any, Any, Any]) -> Wie:
        parts = connection.scope["raw_path"].decode("latin-1").split("?")[0].removeprefix("/v1/").split("/")
        method = "GET" if connection.scope["method"] == "HEAD" else str(connection.scope["method"])
        if rol := ALONE.get((method, parts[-1])):
            return structs.replace(wie, rol=rol, organisatie=wie.gebruiker)
        return structs.replace(wie, rol=Rol.BEHEERDER) if parts[0] in BEHEER else wie

    return identity


def by_token(people: Mapping[str, Wie], *, hole: str | None = None) -> Identity:
    """Who has which token, in the cookie of a session or as a machine sends it.

    With a hole, whoever asks for one row below this path is let through as the loket.
    """

    async def identity(connection: ASGIConnection[Any, Any, Any, Any]) -> Wie:
        _, _, bearer = connection.headers.get("authorization", "").partition(" ")
        token = bearer or connection.cookies.get(cookie_name({}), "")
        if token not in people:
            raise nobody("Log eerst in.", had_token=bool(token))
        wie = people[token]
        path = connection.scope["raw_path"].decode()
        if hole is not None and re.fullmatch(f"/v1/{hole}/[0-9a-f-]+", path):
            return Wie(wie.regio, Rol.SCHAKELFUNCTIONARIS, wie.gebruiker)
        return wie

    return identity
