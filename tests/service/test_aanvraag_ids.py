"""AanvraagId: the type of each field that holds the id of an aanvraag, by which the log finds whom an answer is about.

A field that has such an id as a plain UUID shows a child that the log does not know of; so there is none.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Annotated, Any, get_type_hints
from uuid import UUID

import msgspec
import pytest
from msgspec import Meta, Struct, inspect

import service
from service.fields import AanvraagId

NAMED = re.compile(
    r"(?:.*_)?(?:aanvra(?:ag|gen)(?:_ids?)?|verliezers?(?:_ids?)?|siblings?|jeugdigen?(?:_ids?)?"
    r"|kind(?:eren)?(?:_ids?)?|buiten)"
)
"""Names under which a field holds one child or several."""

OF_ONE_CHILD = {"nummer", "urgentie", "leeftijd_maanden", "geslacht"}
"""Who has one of these as a column is a row of one aanvraag: then `id` is that of an aanvraag, unless there is an
aanvraag_id beside it."""


def structs() -> list[type[Struct]]:
    """Every Struct of the service."""
    for module in pkgutil.walk_packages(service.__path__, "service."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    found: list[type[Struct]] = []
    todo = [Struct]
    while todo:
        kinds = [kind for kind in todo.pop().__subclasses__() if kind not in found]
        # Litestar makes Structs of the handlers of pages, when an app is made in the same process.
        ours = [kind for kind in kinds if kind.__module__.startswith("service.")]
        found += [kind for kind in ours if not kind.__name__.endswith("_signature_model")]
        todo += kinds
    return found


def uuids(info: inspect.Type, *, marked: bool = False) -> Iterator[bool]:
    """Of each UUID in a type, outside of Structs in it: whether it is an AanvraagId."""
    if isinstance(info, inspect.Metadata):
        yield from uuids(info.type, marked=marked or bool(info.extra and info.extra.get("betrokkene")))
    elif isinstance(info, inspect.UUIDType):
        yield marked
    elif isinstance(info, inspect.UnionType):
        for part in info.types:
            yield from uuids(part)
    elif isinstance(info, inspect.TupleType):
        for part in info.item_types:
            yield from uuids(part)
    elif isinstance(info, inspect.DictType):
        yield from uuids(info.key_type)
        yield from uuids(info.value_type)
    elif isinstance(info, inspect.CollectionType):
        yield from uuids(info.item_type)


def holds_a_child(kind: type[Struct], name: str) -> bool:
    if name == "id":
        fields = set(kind.__struct_fields__)
        return bool(OF_ONE_CHILD & fields) and "aanvraag_id" not in fields
    return bool(NAMED.fullmatch(name))


def unmarked(kind: type[Struct]) -> list[str]:
    """Fields that hold the id of an aanvraag as a plain UUID."""
    hints = get_type_hints(kind, include_extras=True)
    return [
        f"{kind.__module__}.{kind.__qualname__}.{name}"
        for name in kind.__struct_fields__
        if holds_a_child(kind, name) and not all(uuids(inspect.type_info(hints[name])))
    ]


def test_no_field_holds_the_id_of_an_aanvraag_as_a_plain_uuid() -> None:
    """Answers, rows of pages, what the plan is made of: everywhere, so that nobody has to judge where it matters."""
    kinds = structs()
    assert len(kinds) > 100
    assert [wrong for kind in kinds for wrong in unmarked(kind)] == []


class Wrong(Struct):
    id: UUID
    nummer: str
    verliezers: list[UUID]
    andere_aanvraag_id: UUID | None
    aanvraag_ids: Annotated[dict[str, tuple[UUID, ...]], Meta(description="")]
    voorziening_id: UUID
    aanvraag: AanvraagId


def test_a_field_with_a_plain_uuid_would_be_found() -> None:
    found = [name.rsplit(".", 1)[1] for name in unmarked(Wrong)]
    assert found == ["id", "verliezers", "andere_aanvraag_id", "aanvraag_ids"]


@pytest.mark.parametrize(
    "shape",
    [
        AanvraagId,
        AanvraagId | None,
        list[AanvraagId],
        dict[AanvraagId, str],
        tuple[AanvraagId, ...],
        Annotated[AanvraagId, Meta(description="Wie?")],
        Annotated[AanvraagId | None, Meta(description="Wie?")],
        Annotated[list[AanvraagId], Meta(max_length=3)],
    ],
)
def test_the_mark_survives_in_whatever_holds_it(shape: Any) -> None:
    assert list(uuids(inspect.type_info(shape))) == [True]


def test_the_mark_does_not_show_in_the_document_of_the_api() -> None:
    assert msgspec.json.schema(AanvraagId) == msgspec.json.schema(UUID)
