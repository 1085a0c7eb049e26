"""The files of service/web/static/dist/, which deploy/assets.py builds: in memory, hashed names, cached for ever."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter
from litestar.response import Response
from msgspec import Struct

from service.errors import Kind, Refusal

DIST = Path(__file__).resolve().parent.parent / "static" / "dist"
TYPES = {".css": "text/css", ".svg": "image/svg+xml", ".js": "text/javascript"}


class Asset(Struct, frozen=True):
    """One file: as it is, and compressed."""

    content: bytes
    gzipped: bytes
    type: str


@functools.cache
def manifest() -> dict[str, str]:
    """Name → name with hash. Refuses, with what to do, when the files were not built."""
    try:
        return msgspec.json.decode((DIST / "manifest.json").read_bytes(), type=dict[str, str])
    except FileNotFoundError as error:
        raise Refusal(Kind.UNAVAILABLE, "De bestanden voor de browser ontbreken. Maak ze met: make assets") from error


@functools.cache
def assets() -> dict[str, Asset]:
    """Every file that may be asked for, by its name with hash."""
    return {
        name: Asset((DIST / name).read_bytes(), (DIST / f"{name}.gz").read_bytes(), TYPES[Path(name).suffix])
        for name in manifest().values()
    }


def url(name: str) -> str:
    """Path of an asset: `loket.css` → `/static/loket.1f2e3d4c5b6a.css`."""
    return f"/static/{manifest()[name]}"


@get("/static/{name:str}", include_in_schema=False)
async def asset(request: Request[Any, Any, Any], name: Annotated[str, PathParameter()]) -> Response[bytes]:
    """An asset, compressed when the browser says that it can read that."""
    found = assets().get(name)
    if found is None:
        raise NotFoundException
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.gzipped, media_type=found.type, headers=headers | {"Content-Encoding": "gzip"})
    return Response(found.content, media_type=found.type, headers=headers)


@get("/favicon.ico", include_in_schema=False)
async def favicon() -> Response[bytes]:
    """What browsers ask for by themselves: the same icon as the pages name."""
    return Response(
        assets()[manifest()["icon.svg"]].content,
        media_type=TYPES[".svg"],
        headers={"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"},
    )
