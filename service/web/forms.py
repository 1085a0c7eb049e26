"""A form as a browser of ours sends it, and in no other encoding: anybody can send one."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from litestar import Request
from litestar.exceptions import InternalServerException

from service.errors import Kind, Refusal
from service.web.headers import media_type

FORM = "application/x-www-form-urlencoded"
MOST = 10
"""Fields."""


async def read(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The fields that have a value, each once. Refuses INVALID."""
    try:
        raw = await request.body()
        if raw and media_type(request.headers.get("content-type")) != FORM:
            raise ValueError
        pairs = parse_qsl(raw.decode("ascii"), errors="strict", max_num_fields=MOST)
        if len(dict(pairs)) != len(pairs):
            raise ValueError
    except (ValueError, InternalServerException):  # the latter: gone away halfway
        raise Refusal(Kind.INVALID, "Dit formulier is niet te lezen. Ga terug en probeer het opnieuw.") from None
    return dict(pairs)
