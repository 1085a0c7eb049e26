"""A form as a browser of ours sends it, and in no other encoding: anybody can send one.

The fields of a form are named as those of the body of the operation that does the same, with a dot for what lies
deeper: `jeugdige.geslacht`; a list has its name more than once, and a list of objects a number: `kinderen.0.stem`.
So the operation reads a form as it reads JSON (`nested`), and what is wrong comes back by the same names.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from litestar.exceptions import InternalServerException
from msgspec import Struct, inspect

from service.days import AMSTERDAM
from service.errors import Kind, Refusal
from service.taal import gettext
from service.web.headers import media_type
from service.web.problems import HttpRefusal

FORM = "application/x-www-form-urlencoded"
MOST = 400
"""Fields: an aanvraag for brothers and sisters has the most."""

LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
"""What `<input type="datetime-local">` sends: on the clock on the wall."""

NUMBER = re.compile(r"\d{1,4}", re.ASCII)
"""Of an object in a list. What looks otherwise is no field, as every name that nobody asks for."""

BODY_S = 30.0
"""For the whole of what somebody sends to come in."""

Given = dict[str, list[str]]
"""Name → values, in the order of the form; those without a value too."""


async def body(request: Request[Any, Any, Any]) -> bytes:
    """All that was sent. 408 for who keeps us waiting for the rest of it: that it takes so long is not ours."""
    try:
        async with asyncio.timeout(BODY_S):
            return await request.body()
    except TimeoutError:
        raise too_slow() from None


def too_slow() -> HttpRefusal:
    return HttpRefusal(408, gettext("Wat u stuurt, kwam niet op tijd helemaal aan."), headers={"Connection": "close"})


async def fields(request: Request[Any, Any, Any]) -> Given:
    """All fields. Refuses INVALID."""
    try:
        raw = await body(request)
        if raw and media_type(request.headers.get("content-type")) != FORM:
            raise ValueError
        pairs = parse_qsl(raw.decode("ascii"), errors="strict", max_num_fields=MOST, keep_blank_values=True)
    except (ValueError, InternalServerException):  # the latter: gone away halfway
        raise Refusal(
            Kind.INVALID, gettext("Dit formulier is niet te lezen. Ga terug en probeer het opnieuw.")
        ) from None
    given: Given = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value.replace("\r\n", "\n"))
    return given


def asked(request: Request[Any, Any, Any]) -> Given:
    """The fields of a form that was sent with GET. Refuses INVALID."""
    try:
        pairs = parse_qsl(request.url.query, errors="strict", max_num_fields=MOST, keep_blank_values=True)
    except ValueError:
        raise Refusal(
            Kind.INVALID, gettext("Dit formulier is niet te lezen. Ga terug en probeer het opnieuw.")
        ) from None
    given: Given = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    return given


async def read(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The fields that have a value, of a form in which each comes once. Refuses INVALID."""
    given = await fields(request)
    if any(len(values) > 1 for values in given.values()):
        raise Refusal(Kind.INVALID, gettext("Dit formulier is niet te lezen. Ga terug en probeer het opnieuw."))
    return {name: values[0] for name, values in given.items() if values[0]}


def nested(shape: type[Struct], given: Mapping[str, list[str]]) -> dict[str, Any]:
    """`given` as the JSON that says the same, to read with `service.fields`. What is empty is left out, or null where
    that may be. What no field of `shape` is called, stays out: buttons, and the version of what was shown."""
    return _struct(inspect.type_info(shape), {tuple(name.split(".")): values for name, values in given.items()})


def _struct(info: inspect.Type, given: Mapping[tuple[str, ...], list[str]]) -> dict[str, Any]:
    assert isinstance(info, inspect.StructType)
    found: dict[str, Any] = {}
    for field in info.fields:
        name = field.encode_name
        here = {path[1:]: values for path, values in given.items() if path[0] == name}
        if not here:
            continue
        value = _value(field.type, here)
        if value is not msgspec.UNSET:
            found[name] = value
    return found


def _value(info: inspect.Type, here: Mapping[tuple[str, ...], list[str]]) -> Any:
    """UNSET when nothing was filled in."""
    info, nullable = _bare(info, here)
    empty = None if nullable else msgspec.UNSET
    if isinstance(info, inspect.StructType):
        inner = _struct(info, {path: values for path, values in here.items() if path})
        if info.tag_field and (tag := here.get((info.tag_field,))):
            inner[info.tag_field] = tag[-1]
        # All of it may be empty, and was sent so: that says something too.
        return inner if any(value is not None for value in inner.values()) or (inner and not nullable) else empty
    if isinstance(info, inspect.ListType | inspect.VarTupleType):
        item, _ = _bare(info.item_type)
        if isinstance(item, inspect.StructType):
            numbers = sorted({path[0] for path in here if path and NUMBER.fullmatch(path[0])}, key=int)
            rows = [
                _struct(item, {path[1:]: values for path, values in here.items() if path[:1] == (number,) and path[1:]})
                for number in numbers
            ]
            return [row for row in rows if any(value is not None for value in row.values())]
        return [_scalar(item, value) for value in here.get((), []) if value]
    values = [value for value in here.get((), []) if value]
    # A box that is not ticked sends nothing, so a hidden field says so before it; the last one counts.
    return _scalar(info, values[-1]) if values else empty


def _scalar(info: inspect.Type, value: str) -> Any:
    """What stays text when it is wrong, so that it is told."""
    if isinstance(info, inspect.BoolType):
        return {"true": True, "false": False}.get(value, value)
    if isinstance(info, inspect.IntType | inspect.LiteralType) and re.fullmatch(r"-?\d{1,12}", value, re.ASCII):
        return int(value)
    if isinstance(info, inspect.FloatType) and re.fullmatch(r"-?\d{1,9}([.,]\d{1,6})?", value, re.ASCII):
        return float(value.replace(",", "."))
    if isinstance(info, inspect.DateTimeType) and LOCAL.fullmatch(value):
        try:
            return datetime.fromisoformat(value).replace(tzinfo=AMSTERDAM).isoformat()
        except ValueError:
            return value
    return value


def _bare(info: inspect.Type, given: Mapping[tuple[str, ...], list[str]] | None = None) -> tuple[inspect.Type, bool]:
    """Without its metadata, and whether it may be null. Of several Structs the one that `given` says it is."""
    nullable = False
    while isinstance(info, inspect.Metadata | inspect.UnionType):
        if isinstance(info, inspect.Metadata):
            info = info.type
            continue
        nullable = nullable or any(isinstance(kind, inspect.NoneType) for kind in info.types)
        kinds = [kind for kind in info.types if not isinstance(kind, inspect.NoneType)]
        info = next((kind for kind in kinds if given and _is(kind, given)), kinds[0])
    return info, nullable


def _is(kind: inspect.Type, given: Mapping[tuple[str, ...], list[str]]) -> bool:
    return isinstance(kind, inspect.StructType) and given.get((kind.tag_field or "",)) == [kind.tag]
