"""Refusals as problem details (RFC 9457): one table from kind to status, one shape for all. An error that nobody
foresaw reveals nothing but the id under which it is in the log."""

from __future__ import annotations

import logging
from typing import Annotated
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Meta, Struct

from service.db import AWAY
from service.errors import FieldError, Kind, Refusal
from service.taal import Teksten, gettext, later

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"

STATUS = {
    Kind.INVALID: 400,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.STALE: 412,
    Kind.UNAVAILABLE: 503,
    Kind.TOO_LARGE: 413,
}

TITLES = Teksten(
    {
        400: later("De invoer klopt niet"),
        401: later("U bent niet ingelogd"),
        403: later("Dit mag u niet"),
        404: later("Dit bestaat niet"),
        405: later("Dit kan hier niet"),
        406: later("Deze vorm van antwoord is er niet"),
        408: later("Het duurde te lang"),
        409: later("Dit kan nu niet"),
        412: later("Er is intussen iets veranderd"),
        413: later("Dit is te groot"),
        415: later("Deze vorm van invoer kan hier niet"),
        422: later("Deze sleutel is al gebruikt"),
        428: later("Er ontbreekt een kopregel"),
        429: later("Dit zijn te veel verzoeken"),
        500: later("Er ging iets mis"),
        503: later("Het loket kan er nu niet bij"),
    }
)


class Location(Struct, omit_defaults=True):
    pointer: Annotated[str | None, Meta(description="JSON-pointer naar het veld in de body.")] = None
    name: Annotated[str | None, Meta(description="Naam van de parameter of kopregel.")] = None
    index: Annotated[int | None, Meta(description="De hoeveelste, als een parameter vaker voorkomt.")] = None


class ProblemError(Struct, rename={"in_": "in"}):
    in_: Annotated[str, Meta(description="Waar: body, query, path of header.")]
    location: Location
    code: str
    detail: str


class Problem(Struct, kw_only=True):
    type: Annotated[str, Meta(description="Soort probleem, als URI.")]
    title: str
    status: int
    detail: str
    instance: Annotated[str, Meta(description="Nummer van dit voorval; noem het als u hulp vraagt.")]
    errors: Annotated[list[ProblemError], Meta(description="Alles wat er aan de invoer niet klopt.")] = []


class HttpRefusal(Exception):
    """A refusal about the request itself, that only HTTP knows."""

    def __init__(
        self, status: int, detail: str, fields: tuple[FieldError, ...] = (), headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.fields = fields
        self.headers = headers or {}


def status_of(error: Exception) -> int:
    """What `of_error` will make of it."""
    if isinstance(error, HttpRefusal):
        return error.status
    if isinstance(error, Refusal):
        return STATUS[error.kind]
    if by_policy(error):
        return 403
    return 503 if isinstance(error, AWAY) else 500


def by_policy(error: Exception) -> bool:
    """A row that row-level security or a trigger keeps from being written. That the app role has no right at all to a
    table or column is a bug of ours."""
    return isinstance(error, asyncpg.InsufficientPrivilegeError) and "permission denied" not in str(error)


def of_error(error: Exception, trace: UUID) -> HttpRefusal:
    """Any exception as a refusal. Unknown ones are logged with `trace` and become 500."""
    if isinstance(error, HttpRefusal):
        return error
    if isinstance(error, Refusal):
        return HttpRefusal(STATUS[error.kind], error.detail, error.fields)
    if by_policy(error):
        return HttpRefusal(403, gettext("Dit mag u niet voor een andere organisatie, of niet met uw rol."))
    if isinstance(error, AWAY):
        log.warning("%s: the database is away: %s", trace, type(error).__name__)
        return HttpRefusal(503, gettext("Probeer het zo nog eens."), headers={"Retry-After": "1"})
    log.error("%s: unforeseen", trace, exc_info=error)
    return HttpRefusal(500, gettext("Het loket heeft dit voorval vastgelegd. Noem het nummer ervan als u hulp vraagt."))


def body_of(refusal: HttpRefusal, trace: UUID) -> bytes:
    """The problem as JSON."""
    return msgspec.json.encode(
        Problem(
            type=f"urn:een-loket:probleem:{refusal.status}",
            title=TITLES[refusal.status],
            status=refusal.status,
            detail=refusal.detail,
            instance=f"urn:uuid:{trace}",
            errors=[
                ProblemError(
                    in_=field.source,
                    location=Location(pointer=field.pointer)
                    if field.source == "body"
                    else Location(name=field.pointer),
                    code=field.code,
                    detail=field.detail,
                )
                for field in refusal.fields
            ],
        )
    )
