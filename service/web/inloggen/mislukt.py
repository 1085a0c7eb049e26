"""The page of a login that did not succeed: why, and how to begin again."""

from __future__ import annotations

from litestar.response import Response

from service.days import today
from service.errors import Refusal
from service.web.operation import Services
from service.web.pages.render import page
from service.web.problems import STATUS


def failed(services: Services, refusal: Refusal) -> Response[str]:
    return page(
        "inlogfout.html",
        today=today(services.clock()),
        status=STATUS[refusal.kind],
        who="",
        section="",
        sentence=refusal.detail,
    )
