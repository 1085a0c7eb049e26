"""A form of a page: the same handeling as the operation of the API that does it.

It is read, checked, carried out and logged as that operation is (service/toegang has one line for both); the page says
where to go on, and shows the form again when it is refused, with what is wrong, how to mend it and what was filled in.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, cast
from uuid import UUID

import msgspec
from litestar import Request
from litestar.response import Response
from msgspec import UNSET, Struct, field

from service import fields, toegang
from service.db import Rol
from service.errors import FieldError, Kind, Refusal
from service.taal import gettext, later
from service.web import forms, gezien, idempotency, performing
from service.web.forms import Given
from service.web.gezien import Gezien
from service.web.operation import Call, Operation
from service.web.pages.render import see_other
from service.web.pages.visit import Visit, visit
from service.web.problems import HttpRefusal
from service.web.v1 import OPERATIONS

BY_ID = {operation.id: operation for operation in OPERATIONS}

SLEUTEL, VERSIE = "sleutel", "versie"
"""Hidden fields: the Idempotency-Key of a form (it does once what is sent twice), and the ETag of what it changes."""

AL_VERSTUURD = later(
    "U hebt dit formulier al verstuurd, met iets anders erin. Dat is gedaan. Kijk eerst of het zo goed is. Wilt u dit"
    " ook, verstuur het dan nog een keer."
)
"""Who goes back in the browser has the form of before, with its key. The one that comes back has a new key."""

ZONDER_VERSIE = later(
    "Bij dit formulier ontbreekt wat u zag toen u het invulde, en misschien is dat intussen veranderd. Open deze pagina"
    " opnieuw en vul het nog eens in."
)
"""A change must say what it was made against, or it would write over what somebody else said meanwhile."""


class Formulier(Struct, frozen=True):
    """What a form shows: what was filled in, and what is wrong with it. Macros of macros.html ask it by name."""

    given: Given = field(default_factory=dict)
    fouten: list[tuple[str, str]] = field(default_factory=list)
    """Name of the field ("" for the whole) and the sentence, of all that is wrong."""

    def waarde(self, name: str) -> str:
        return self.given.get(name, [""])[-1]

    def waarden(self, name: str) -> list[str]:
        return self.given.get(name, [])

    def rijen(self, name: str) -> int:
        """How many objects of list `name` were filled in: one more than the highest number."""
        numbers = [part for one in self.given if (part := _number(one, name)) is not None]
        return max(numbers, default=-1) + 1

    def fout(self, name: str) -> str | None:
        """What is wrong with a field, or with what lies under it."""
        return next((detail for at, detail in self.fouten if at == name or at.startswith(f"{name}.")), None)


def _number(field: str, name: str) -> int | None:
    """`kinderen.2.stem` of list `kinderen`: 2."""
    part = field.removeprefix(f"{name}.").partition(".")[0]
    return int(part) if field.startswith(f"{name}.") and re.fullmatch("[0-9]{1,2}", part) else None


def geweigerd(given: Given, refusal: Refusal) -> Formulier:
    """The form again, with what is wrong."""
    wrong = [(name_of(error), error.detail) for error in refusal.fields]
    return Formulier(given, wrong or [("", refusal.detail)])


def name_of(error: FieldError) -> str:
    """As the field is called in the form: `/jeugdige/geslacht` → `jeugdige.geslacht`."""
    return error.pointer.strip("/").replace("/", ".")


def ingevuld(shown: Struct) -> Formulier:
    """A form that begins with what there is already."""
    given: Given = {}
    flatten(msgspec.to_builtins(shown), "", given)
    return Formulier(given)


def flatten(value: Any, name: str, given: Given) -> None:
    """JSON as the fields of a form: the other way around than `forms.nested`."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            flatten(inner, f"{name}.{key}" if name else key, given)
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        for number, item in enumerate(value):
            flatten(item, f"{name}.{number}", given)
    elif isinstance(value, list | tuple):
        given[name] = [str(item) for item in value]
    elif value is not None:
        given[name] = [str(value).lower() if isinstance(value, bool) else str(value)]


class Gedaan(Struct, frozen=True):
    """What an operation answered."""

    body: Any
    """JSON, read."""
    id: UUID | None
    """Of what it made."""


@cache
def _seen(id: str) -> Gezien:
    return gezien.compiled(BY_ID[id])


async def doe(
    v: Visit, id: str, ids: Mapping[str, UUID], data: Any, *, sleutel: str | None = None, versie: str | None = None
) -> Gedaan:
    """Carries out operation `id` with `data` (JSON that was read) as its body. Refuses as it does, and FORBIDDEN."""
    operation = BY_ID[id]
    toegang.mag(v.wie, id)
    seen = _seen(id)
    if operation.method == "PATCH" and not versie:
        raise Refusal(Kind.INVALID, gettext(ZONDER_VERSIE))
    body, wrong = _body(operation, data, v.wie.rol)
    about = seen.asked(ids, body)
    call = Call(
        conn=v.conn,
        wie=v.wie,
        now=v.now,
        path=operation.path.format_map({name: str(value) for name, value in ids.items()}),
        ids=ids,
        query=operation.query(),
        body=body,
        headers={"if-match": versie} if versie else {},
        services=v.services,
        sessie=v.key,
        betrokkenen=about,
    )
    if wrong:
        if operation.check is not None and body is not UNSET:
            wrong += await operation.check(v.conn, body)
        fields.refuse(wrong)
    key = sleutel if operation.repeatable else None
    asked = b""
    if key is not None:
        idempotency.check(key)
        mine = f"{v.wie.rol} {v.wie.organisatie}"
        asked = idempotency.digest(mine, operation.method, call.path, b"", msgspec.json.encode(data))
    try:
        # Who taps twice sees what came of the second: that is what came of the first.
        reply = await performing.once(operation, call, seen, about, key=key, asked=asked, wait=True)
    except HttpRefusal as refusal:
        if refusal.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            raise
        raise Refusal(Kind.CONFLICT, gettext(AL_VERSTUURD)) from None
    v.gezien += reply.betrokkenen
    location = reply.headers.get("Location")
    v.object_id = v.object_id or seen.object_id(v.wie, ids, location)
    return Gedaan(
        msgspec.json.decode(reply.body) if reply.body else None,
        UUID(location.rpartition("/")[2]) if location else None,
    )


def _body(operation: Operation, data: Any, rol: Rol) -> tuple[Any, list[FieldError]]:
    """What this rol does not see, it does not change either: as in /v1."""
    if operation.body is None or operation.body is bytes:
        return b"", []
    hidden: list[FieldError] = []
    if operation.method == "PATCH" and isinstance(data, dict) and operation.answer is not None:
        data, hidden = toegang.zonder_verborgen(rol, operation.answer, data)
    body, wrong = fields.read(cast(type[Struct], operation.body), data)
    return body, hidden + wrong


Opnieuw = Callable[[Visit, Formulier], Awaitable[Response[str]]]
"""The page on which the form stands, in a visit of its own."""


async def verwerk(
    request: Request[Any, Any, Any],
    id: str,
    ids: Mapping[str, UUID],
    *,
    naar: Callable[[Gedaan], str],
    opnieuw: Opnieuw,
    pagina: str,
    vast: Mapping[str, Any] | None = None,
) -> Response[Any]:
    """Reads the form of `request`, carries out operation `id`, and goes on to `naar`. Refused: `opnieuw`, which is page
    `pagina` (as service/toegang calls it). `vast`: what the body holds besides the form, such as the id in the path."""
    given: Given = {}
    try:
        given = await forms.fields(request)
        shape = BY_ID[id].body
        data = forms.nested(shape, given) if isinstance(shape, type) and issubclass(shape, Struct) else {}
        async with visit(request) as v:
            done = await doe(v, id, ids, {**data, **(vast or {})}, **_hidden(given))
    except Refusal as refusal:
        # Who may do it, and not see this page, hears why not on a page without anything else.
        if refusal.kind in (Kind.FORBIDDEN, Kind.NOT_FOUND) or not toegang.kan(request.state.wie, pagina):
            raise
        async with visit(request, instead=pagina) as v:
            v.stil = True
            response = await opnieuw(v, geweigerd(given, refusal))
        response.status_code = 409 if refusal.kind in (Kind.CONFLICT, Kind.STALE) else 400
        return response
    return see_other(naar(done))


def _hidden(given: Given) -> dict[str, str | None]:
    return {name: given.get(name, [""])[-1] or None for name in (SLEUTEL, VERSIE)}
