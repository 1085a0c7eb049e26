"""Which children a value shows: the ids in fields of type `fields.AanvraagId`, however deep. Found by type and compiled
once, so that nobody has to think of the log when writing an answer or a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, TypeAlias
from uuid import UUID

from msgspec import Struct, inspect

Find: TypeAlias = Callable[[Any, list[UUID]], None]
"""Adds the ids in a value to the list. What is not of its type it passes by: so a union is all its finders in a row."""

NOTHING_TO_FIND = (
    inspect.BoolType,
    inspect.DateTimeType,
    inspect.DateType,
    inspect.DecimalType,
    inspect.EnumType,
    inspect.FloatType,
    inspect.IntType,
    inspect.LiteralType,
    inspect.NoneType,
    inspect.StrType,
    inspect.TimeDeltaType,
    inspect.TimeType,
    inspect.UUIDType,
)


@cache
def finder(shape: Any) -> Find | None:
    """How to find the ids in a value of this type; None: it cannot show a child. TypeError when the type does not say
    what is in it (Any, bytes, a class of its own): then nobody can know."""
    return _finder(inspect.type_info(shape), ())


def found(values: Iterable[Any]) -> list[UUID]:
    """The ids in values of any type, each once: for pages, whose values have no declared type. TypeError as above."""
    ids: list[UUID] = []
    for value in values:
        _look(value, ids)
    return list(dict.fromkeys(ids))


def _look(value: Any, ids: list[UUID]) -> None:
    if isinstance(value, Struct):
        find = finder(type(value))
        if find is not None:
            find(value, ids)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            _look(key, ids)
            _look(part, ids)
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            _look(part, ids)


# ── Compiling ────────────────────────────────────────────────────────────────────────────────────


def _finder(info: inspect.Type, inside: tuple[type, ...]) -> Find | None:
    if isinstance(info, inspect.Metadata):
        if isinstance(info.type, inspect.UUIDType) and info.extra and info.extra.get("betrokkene"):
            return _id
        return _finder(info.type, inside)
    if isinstance(info, NOTHING_TO_FIND):
        return None
    if isinstance(info, inspect.StructType):
        if info.cls in inside:
            raise TypeError(f"{info.cls.__name__} holds itself: which aanvragen it shows cannot be found by type")
        parts = [(field.name, _finder(field.type, (*inside, info.cls))) for field in info.fields]
        return _of_struct(info.cls, [(name, find) for name, find in parts if find is not None])
    if isinstance(info, inspect.UnionType):
        return _all([_finder(part, inside) for part in info.types])
    if isinstance(info, inspect.ListType | inspect.SetType | inspect.FrozenSetType | inspect.VarTupleType):
        return _of_items(_finder(info.item_type, inside))
    if isinstance(info, inspect.TupleType):
        return _of_items(_all([_finder(part, inside) for part in info.item_types]))
    if isinstance(info, inspect.DictType):
        return _of_dict(_finder(info.key_type, inside), _finder(info.value_type, inside))
    raise TypeError(f"which aanvragen a {type(info).__name__} shows cannot be found by type")


def _id(value: Any, ids: list[UUID]) -> None:
    if isinstance(value, UUID):
        ids.append(value)


def _of_struct(cls: type, parts: list[tuple[str, Find]]) -> Find | None:
    def find(value: Any, ids: list[UUID]) -> None:
        if isinstance(value, cls):
            for name, part in parts:
                part(getattr(value, name), ids)

    return find if parts else None


def _of_items(item: Find | None) -> Find | None:
    if item is None:
        return None

    def find(value: Any, ids: list[UUID]) -> None:
        if isinstance(value, list | tuple | set | frozenset):
            for part in value:
                item(part, ids)

    return find


def _of_dict(key: Find | None, part: Find | None) -> Find | None:
    of_keys, of_values = _of_items(key), _of_items(part)
    if of_keys is None and of_values is None:
        return None

    def find(value: Any, ids: list[UUID]) -> None:
        if isinstance(value, Mapping):
            if of_keys is not None:
                of_keys(list(value), ids)
            if of_values is not None:
                of_values(list(value.values()), ids)

    return find


def _all(parts: list[Find | None]) -> Find | None:
    there = [part for part in parts if part is not None]
    if len(there) <= 1:
        return there[0] if there else None

    def find(value: Any, ids: list[UUID]) -> None:
        for part in there:
            part(value, ids)

    return find
