"""Templates to pages: every page escapes what it shows, misses nothing silently and may load from nowhere else."""

from __future__ import annotations

import functools
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import HttpMethod, Request, route
from litestar.response import Response

from service import dutch, taal
from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.log import betrokkenen
from service.web.pages import assets, kaart, samenvatting, words

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"

POLICY = "Content-Security-Policy"

HEADERS = {
    POLICY: (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # What stands on a page is about a child: no copy in a cache, no address in another site's log.
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@functools.cache
def environment() -> Environment:
    """The templates, with the Dutch filters that they use."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # `menu`: what is for who looks; `namens`: for whom they act; `gelezen_op`: of
    # when it is. Visit.page knows.
    env.globals.update(
        rollen=words.ROL,
        taal=taal.TAAL.get,
        talen=taal.talen,
        taalnamen=words.TALEN,
        asset=assets.url,
        count=dutch.count,
        menu=[],
        namens="",
        gelezen_op=None,
        stil=False,
        sleutel=uuid4,
    )
    env.globals.update(gebeurtenissen=" ".join(GebeurtenisSoort))
    env.install_gettext_callables(taal.gettext, taal.ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.filters.update(
        day=dutch.day,
        full=dutch.full,
        moment=dutch.moment,
        clock=dutch.clock,
        age=dutch.age,
        days=dutch.days,
        listing=dutch.listing,
        tel=_tel,
    )
    return env


def _tel(number: str) -> str:
    """A telephone number as a link to tap: `035 - 123 45 67` → `tel:0351234567`."""
    return "tel:" + "".join(sign for sign in number if sign.isdigit() or sign == "+")


def page(template: str, *, today: date, status: int = 200, **values: Any) -> Response[str]:
    """A page for anybody, outside of a visit. TypeError when it would show a child: nobody would write that down."""
    if betrokkenen.found(values.values()):
        raise TypeError(f"{template} shows a child: use Visit.page")
    return html(template, today=today, status=status, **values)


def html(template: str, *, today: date, status: int = 200, **values: Any) -> Response[str]:
    """One page. `today` is the day in the Netherlands, for dates and for what is late."""
    text = samenvatting.named(environment().get_template(template).render(today=today, **{"section": "", **values}))
    headers = dict(HEADERS)
    if tegels := values.get("tegels"):
        headers[POLICY] = headers[POLICY].replace("img-src", f"img-src {kaart.host(tegels)}")
    return Response(text, status_code=status, media_type="text/html", headers=headers)


def to_login(request: Request[Any, Any, Any]) -> Response[str]:
    """For whom nobody knows yet: to the login page, and after it back to what was asked, when that was a page."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    naar = f"?{urlencode({'naar': asked})}" if request.method == "GET" and asked != "/" else ""
    return see_other(f"/inloggen{naar}")


def see_other(location: str) -> Response[str]:
    """303: go on there, with GET."""
    headers = {"Location": location, "Cache-Control": "no-store"}
    return Response("", status_code=303, media_type="text/plain", headers=headers)


page_at = functools.partial(route, http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
"""`@page_at("/")`: the handler of a page, which answers HEAD like GET."""
