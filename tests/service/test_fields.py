"""Reading input: every error at once, each with where it is and how to mend it."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import pytest
from msgspec import UNSET, Meta, Struct

from service import fields
from service.aanvraag import grondslagen, uitsluitingen
from service.errors import Refusal


class Inner(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    begin_dag: date


class Shape(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    naam: fields.Naam
    aantal: Annotated[int, Meta(ge=1, le=9)] = 1
    codes: fields.Codes = []
    delen: list[Inner] = []
    dag: date | None = None


def errors_of(data: object, shape: type[Struct] = Shape) -> dict[str, str]:
    """Pointer → code."""
    return {error.pointer: error.code for error in fields.read(shape, data)[1]}


def test_every_error_is_told_at_once() -> None:
    """Six things wrong, six errors; each points into the body (RFC 6901)."""
    wrong = {
        "aantal": 10,
        "codes": ["goed", "Fout!", "goed"],
        "delen": [{"beginDag": "2026-02-30"}],
        "dag": 5,
        "nam": "x",
    }

    assert errors_of(wrong) == {
        "/nam": "onbekend",
        "/naam": "verplicht",
        "/aantal": "waarde",
        "/codes/1": "waarde",
        "/codes/2": "dubbel",
        "/delen/0/beginDag": "waarde",
        "/dag": "waarde",
    }


def test_of_endless_unknown_names_the_first_hundred_are_told() -> None:
    """To look for what was meant takes time, in which nobody else is answered; a right field is still read."""
    value, errors = fields.read(Shape, {f"naan{i}": 1 for i in range(60_000)} | {"naam": "x"})

    assert len(errors) == fields.MOST
    assert value.naam == "x"


def test_an_object_with_endless_names_is_refused_as_a_whole() -> None:
    """A limit per code, as groepsmix has."""

    class Mix(Struct):
        mix: dict[fields.Code, int] = {}

    assert errors_of({"mix": {f"code{i}": i for i in range(fields.MOST + 1)}}, Mix) == {"/mix": "aantal"}
    assert errors_of({"mix": {f"code{i}": i for i in range(fields.MOST)}}, Mix) == {}


def test_a_distance_that_the_database_cannot_hold_is_refused() -> None:
    """Type real begins at 1e-37; a perimeter at a hundred metres."""
    around = {"soort": "gebied", "pc4": "1211"}
    for straal in (1e-46, 0.09, 300.1):
        assert errors_of({**around, "straalKm": straal}, uitsluitingen.Uitsluiting) == {"/straalKm": "waarde"}
    for straal in (0.1, 300):
        assert errors_of({**around, "straalKm": straal}, uitsluitingen.Uitsluiting) == {}


def test_an_unknown_field_is_told_the_name_that_was_probably_meant() -> None:
    """A typing error must not be searched for."""
    _, errors = fields.read(Shape, {"naam": "x", "aantl": 2})

    assert errors[0].detail == "Dit bestaat hier niet. Bedoelt u aantal?"


def test_what_is_right_becomes_the_struct() -> None:
    """Dates and nested parts are converted; what is absent gets its default."""
    value, errors = fields.read(Shape, {"naam": "De Linde", "delen": [{"beginDag": "2026-03-02"}], "dag": None})

    assert errors == []
    assert value == Shape(naam="De Linde", delen=[Inner(begin_dag=date(2026, 3, 2))])


def test_what_is_wrong_is_left_open_for_the_checks_that_need_more_fields() -> None:
    """A wrong field is UNSET, which `given` sees: a check of two fields runs only when both are there."""
    value, _ = fields.read(Shape, {"naam": "", "aantal": 2})

    assert value.naam is UNSET
    assert not fields.given(value.naam, value.aantal)


@pytest.mark.parametrize("number", [0, 10, 1.5, "3", True, None, 10**30])
def test_a_number_outside_its_bounds_or_of_another_kind_is_refused(number: object) -> None:
    """Bounds 1 to 9 inclusive; JSON true is no number and "3" is text."""
    assert errors_of({"naam": "x", "aantal": number}) == {"/aantal": "waarde"}


@pytest.mark.parametrize("number", [1, 9])
def test_the_bounds_themselves_are_allowed(number: int) -> None:
    """Inclusive on both sides."""
    assert errors_of({"naam": "x", "aantal": number}) == {}


@pytest.mark.parametrize(
    "text",
    ["a\x00b", "a\x1bb", "\x7f", "\n", " x", "x\n", "x" * 121, "a\x85b", "a\u2028b", "a\u202eb", "a\u2066b", "\ufeffa"],
)
def test_text_that_the_database_or_a_reader_cannot_take_is_refused(text: str) -> None:
    """NUL and control characters, a leading space, 121 characters where 120 fit, and what turns the text around."""
    assert errors_of({"naam": text}) == {"/naam": "waarde"}


@pytest.mark.parametrize("text", ["x" * 120, "Gezinshuis 't Nest", "Ünïté №1"])
def test_any_other_text_is_a_name(text: str) -> None:
    """120 characters fit, and names are not only ASCII."""
    assert errors_of({"naam": text}) == {}


@pytest.mark.parametrize(
    "day", ["1989-12-31", "2100-01-01", "20260302", "2026-3-2", "2026-02-29", "2026-03-02T00:00:00Z"]
)
def test_a_day_is_written_in_one_way_and_lies_in_our_time(day: str) -> None:
    """ISO 8601 with dashes, from 1990 up to and including 2099."""
    assert errors_of({"naam": "x", "dag": day}) == {"/dag": "waarde"}


@pytest.mark.parametrize("day", ["1990-01-01", "2099-12-31", "2028-02-29"])
def test_the_first_and_last_day_of_our_time_are_days(day: str) -> None:
    """The bounds, and a leap day."""
    assert errors_of({"naam": "x", "dag": day}) == {}


@pytest.mark.parametrize("body", [None, [], "x", 1])
def test_a_body_that_is_no_object_is_told_so(body: object) -> None:
    """The pointer to the whole body is empty."""
    assert errors_of(body) == {"": "waarde"}


def test_a_query_gives_numbers_as_text_and_names_parameters_without_a_slash() -> None:
    """`lax` reads text; `source` says where to look."""
    value, errors = fields.read(Shape, {"naam": "x", "aantal": "3", "dag": "x"}, lax=True, source="query")

    assert value.aantal == 3
    assert [(error.pointer, error.source) for error in errors] == [("dag", "query")]


def test_a_patch_may_leave_out_every_field_and_keeps_the_rules_of_each() -> None:
    """`patch_of` makes the Struct of a change from that of a new row."""
    change = fields.patch_of(Shape, "codes")

    value, errors = fields.read(change, {"dag": None})

    assert errors == []
    assert value.naam is UNSET
    assert fields.merge(Shape(naam="Oud", aantal=4, dag=date(2026, 3, 2)), value, Shape) == Shape(naam="Oud", aantal=4)
    assert errors_of({"naam": None, "aantal": 0, "codes": []}, change) == {
        "/codes": "onbekend",
        "/naam": "waarde",
        "/aantal": "waarde",
    }


def test_a_name_in_a_pointer_is_escaped() -> None:
    """RFC 6901: ~ becomes ~0 and / becomes ~1."""
    assert errors_of({"naam": "x", "a/b~c": 1}) == {"/a~1b~0c": "onbekend"}


def test_an_enumeration_says_what_may_be_chosen() -> None:
    """So that nobody has to look it up."""
    _, errors = fields.read(grondslagen.Grondslag, {"soort": "x", "status": "verleend", "datum": "2026-01-01"})

    assert errors[0].detail == (
        "Geef een van: besluit_gemeente, bepaling_gi, spoedinzet_veilig_thuis, uitspraak_rechter."
    )


def test_refuse_raises_only_when_something_is_wrong() -> None:
    """No errors, no refusal."""
    fields.refuse([])

    with pytest.raises(Refusal):
        fields.refuse(fields.read(Shape, {})[1])
