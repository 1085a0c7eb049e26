"""Answers with fewer fields: what a reader may not see becomes null, or empty. The original stays as it is.

What to do is found out once per type; of a type in which nothing is hidden nothing is done.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct, inspect

Sees: TypeAlias = Callable[[type[Struct], str], bool]
"""Whether a field of a Struct may be seen, by its Python name."""

Narrow: TypeAlias = Callable[[Any], Any]


def hidden(shape: type[Struct], sees: Sees) -> dict[str, Any]:
    """Field → what stands there instead, of `shape` itself. ValueError for one that cannot be empty."""
    return {field.name: _empty(shape, field) for field in _fields(shape) if not sees(shape, field.name)}


def inside(shape: type[Struct], sees: Sees) -> dict[str, Narrow]:
    """Fields that are seen, and of whose value something is hidden."""
    found = {field.name: _of(field.type, sees) for field in _fields(shape) if sees(shape, field.name)}
    return {name: narrow for name, narrow in found.items() if narrow is not None}


def narrower(shape: type[Struct], sees: Sees) -> Narrow | None:
    """What makes a narrowed copy of a `shape`; None when nothing in it is hidden."""
    gone, deeper = hidden(shape, sees), inside(shape, sees)
    if not gone and not deeper:
        return None

    def narrow(value: Any) -> Any:
        changed = {name: inner(getattr(value, name)) for name, inner in deeper.items()}
        return msgspec.structs.replace(value, **gone, **changed)

    return narrow


def of_type(shape: Any, sees: Sees) -> Narrow | None:
    """As `narrower`, for any type that holds Structs: a list of them, or one or null."""
    return _of(_info(shape), sees)


@cache
def structs(shape: Any) -> frozenset[type[Struct]]:
    """Every Struct that stands in a value of a type."""
    found: set[type[Struct]] = set()
    waiting = [_info(shape)]
    while waiting:
        info = waiting.pop()
        if not isinstance(info, inspect.StructType):
            waiting += _parts(info)
        elif info.cls not in found:
            found.add(info.cls)
            waiting += [field.type for field in info.fields]
    return frozenset(found)


_info = cache(inspect.type_info)


def _fields(shape: type[Struct]) -> tuple[inspect.Field, ...]:
    info = _info(shape)
    assert isinstance(info, inspect.StructType)
    return info.fields


def _parts(info: inspect.Type) -> list[inspect.Type]:
    """The types that a type is made of; a Struct is one by itself."""
    if isinstance(info, inspect.Metadata):
        return [info.type]
    if isinstance(info, inspect.UnionType):
        return list(info.types)
    if isinstance(info, inspect.CollectionType):
        return [info.item_type]
    if isinstance(info, inspect.TupleType):
        return list(info.item_types)
    if isinstance(info, inspect.DictType):
        return [info.key_type, info.value_type]
    return []


def _empty(shape: type[Struct], field: inspect.Field) -> Any:
    info = field.type
    while isinstance(info, inspect.Metadata):
        info = info.type
    if isinstance(info, inspect.UnionType) and info.includes_none:
        return None
    if isinstance(info, inspect.ListType) and not info.min_length:
        return []
    if isinstance(info, inspect.DictType) and not info.min_length:
        return {}
    raise ValueError(f"{shape.__name__}.{field.name} is hidden for somebody, so its type must allow null, [] or {{}}")


def _of(info: inspect.Type, sees: Sees) -> Narrow | None:
    """For a value of this type, of which a list, a null or both may hold Structs."""
    if isinstance(info, inspect.StructType):
        return narrower(info.cls, sees)
    below = [narrow for part in _parts(info) if (narrow := _of(part, sees)) is not None]
    if not below:
        return None
    if len(below) > 1 or isinstance(info, inspect.DictType | inspect.TupleType):
        raise ValueError(f"what is hidden in {info} is not known how to hide")
    inner = below[0]
    if isinstance(info, inspect.CollectionType):
        return lambda values: [inner(value) for value in values]
    return lambda value: None if value is None else inner(value)
