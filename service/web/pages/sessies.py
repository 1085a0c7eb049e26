"""`/sessies`: where you are logged in, and ending that elsewhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, post
from litestar.response import Response

from service.days import today
from service.errors import Refusal
from service.inloggen import sessies
from service.web import forms
from service.web.pages.render import page_at, see_other
from service.web.pages.visit import Visit, visit

PAGE = "paginaSessies"


@page_at("/sessies", name=PAGE)
async def eigen_sessies(request: Request[Any, Any, Any]) -> Response[str]:
    async with visit(request, kinderen=False) as v:
        return await _page(v)


@post("/sessies/einde", name="wijzigSessie", include_in_schema=False)
async def beeindig(request: Request[Any, Any, Any]) -> Response[Any]:
    """One of one's own."""
    try:
        form = await forms.read(request)
        async with visit(request) as v:
            v.object_id = msgspec.convert(form.get("sessieId", ""), UUID)
            await sessies.een_eigen(v.conn, v.object_id, v.key, now=v.now, idle=idle(v))
            await sessies.end_own(v.conn, v.object_id, now=v.now)
        v.services.forget()
    except (Refusal, msgspec.ValidationError):
        async with visit(request, kinderen=False, instead=PAGE) as v:
            return await _page(v, wrong=True)
    return see_other("/sessies")


@post("/sessies/einde-andere", name="eindigAndereSessies", include_in_schema=False)
async def beeindig_andere(request: Request[Any, Any, Any]) -> Response[Any]:
    async with visit(request) as v:
        await sessies.end_others(v.conn, v.key, now=v.now)
    v.services.forget()
    return see_other("/sessies")


def idle(v: Visit) -> timedelta:
    return timedelta(minutes=v.services.settings.session_idle_min)


async def _page(v: Visit, *, wrong: bool = False) -> Response[str]:
    return v.page(
        "sessies.html",
        today=today(v.now),
        status=400 if wrong else 200,
        section="start",
        wrong=wrong,
        sessies=await sessies.eigen(v.conn, v.key, now=v.now, idle=idle(v)),
    )
