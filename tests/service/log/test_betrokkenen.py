"""Which children a value shows is found by type."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from service.fields import AanvraagId
from service.log import betrokkenen
from service.web.v1 import OPERATIONS
from tests.schema.sql_in_code import modules

A, B, C, D, E = (UUID(int=number) for number in range(1, 6))
ELSE = UUID(int=99)


class Inner(Struct):
    plek_id: UUID
    aanvraag_id: AanvraagId


class Outer(Struct):
    id: Annotated[AanvraagId, Meta(description="x")]
    naam: str
    one: Inner | None = None
    many: tuple[Inner, ...] = ()
    also: Annotated[list[AanvraagId], Meta(max_length=5)] | UnsetType = UNSET
    per: dict[AanvraagId, list[Inner]] = {}


class Bare(Struct):
    id: UUID
    naam: str


class Itself(Struct):
    next: Itself | None
    id: AanvraagId


class Anything(Struct):
    what: Any


def found(shape: Any, value: Any) -> list[UUID]:
    ids: list[UUID] = []
    find = betrokkenen.finder(shape)
    assert find is not None
    find(value, ids)
    return ids


def test_ids_are_found_however_deep_they_are() -> None:
    """In Structs, lists, tuples, mappings, unions; not what is another kind of id, and not what is absent."""
    value = Outer(A, "x", Inner(ELSE, B), (Inner(ELSE, C),), [D], {E: [Inner(ELSE, A)]})

    assert found(list[Outer], [value, Outer(B, "y")]) == [A, B, C, D, E, A, B]
    assert found(Outer | None, None) == []


def test_of_a_type_that_cannot_show_a_child_there_is_nothing_to_find() -> None:
    """So its transaction may stay read-only."""
    for shape in (Bare, list[Bare], dict[str, int], None, str):
        assert betrokkenen.finder(shape) is None


@pytest.mark.parametrize("shape", [Anything, bytes, msgspec.Raw, dict[str, Any], object, Itself])
def test_of_a_type_that_does_not_say_what_is_in_it_nobody_can_know(shape: Any) -> None:
    """TypeError, so that the app does not start."""
    with pytest.raises(TypeError):
        betrokkenen.finder(shape)


def test_in_the_values_of_a_page_they_are_found_by_what_is_there() -> None:
    """Each once; functions, texts and numbers are passed by."""
    values = {"a": Outer(A, "x", Inner(ELSE, B)), "b": [(Inner(ELSE, B), 3)], "c": len, "d": {"e": [Outer(C, "z")]}}

    assert betrokkenen.found(values.values()) == [A, B, C]


def test_a_field_that_is_called_after_an_aanvraag_says_so_by_its_type() -> None:
    """In every Struct of the service: a plain UUID there would be shown without a line in the log."""
    named = [
        (kind, field)
        for module in modules()
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Struct) and kind.__module__ == module.__name__
        for field in msgspec.structs.fields(kind)
        if "aanvraag_id" in field.name
    ]
    bare = [
        f"{kind.__module__}.{kind.__name__}.{field.name}"
        for kind, field in named
        if "betrokkene" not in repr(field.type)
    ]
    assert bare == []
    assert len(named) > 8


def test_every_answer_can_be_searched() -> None:
    """The same as the app does when it starts."""
    for operation in OPERATIONS:
        if operation.answer is not None:
            betrokkenen.finder(operation.answer)
