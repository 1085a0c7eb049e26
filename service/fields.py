"""Input checked field by field, so that everything that is wrong is told at once, in Dutch.

msgspec stops at the first error and speaks English; `read` walks the same Struct types and collects. A field
that is wrong or missing becomes UNSET, so that the checks that need several fields (`given`) can still run.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from itertools import islice
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, inspect

from service import herkenbaar
from service.errors import FieldError, Kind, Refusal
from service.taal import Teksten, gettext, later

S = TypeVar("S", bound=Struct)
T = TypeVar("T")

Code = Annotated[str, Meta(pattern="^[a-z0-9]+([_-][a-z0-9]+)*$", max_length=40)]
"""Code of a list that a region can extend: zorgvorm or kenmerkcode."""

AanvraagId = Annotated[UUID, Meta(extra={"betrokkene": True})]
"""Who is shown one has seen something of that child: log/betrokkenen.py finds them by this type, for the log."""

Gemeentecode = Annotated[str, Meta(pattern="^[0-9]{4}$", description="CBS-code van vier cijfers.", examples=["0402"])]
Codes = Annotated[list[Code], Meta(max_length=63, extra_json_schema={"uniqueItems": True})]
"""A set of codes; 63 is what the matcher keeps in one column (matcher.problem.MAX_CODES)."""

VrijeTekst = Annotated[str, Meta(min_length=1, extra={"herkenbaar": "alles"})]
"""A person writes what it likes, about a child: what says who it is, is refused. Give it a length and its purpose."""

EigenKenmerk = Annotated[str, Meta(extra={"herkenbaar": "bsn"})]
"""What another organisation calls a child: no BSN."""

Naam = Annotated[str, Meta(min_length=1, max_length=120, pattern="^\\S")]
Pc4 = Annotated[str, Meta(pattern="^[1-9][0-9]{3}$", examples=["1211"])]
Postcode = Annotated[str, Meta(pattern="^[1-9][0-9]{3} [A-Z]{2}$", examples=["1211 AB"])]
Email = Annotated[str, Meta(pattern="^[^@\\s]{1,64}@[^@\\s]{1,190}$", max_length=255, examples=["sam@organisatie.nl"])]
Telefoon = Annotated[str, Meta(pattern="^\\+?[0-9 ()-]{6,20}$", examples=["035 123 45 67"])]

# What PostgreSQL cannot store (NUL), what no reader can see, what turns the text around it, and halves of a character.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\uffff\ud800-\udfff]")

MOST = 100
"""Names in one object that are looked at: nobody reads more errors, and finding them must not keep others waiting."""

DATES = date(1990, 1, 1), date(2100, 1, 1)
"""A date outside of this is a slip of the finger."""

FORMS = Teksten(
    {
        "^[0-9]{4}$": later("vier cijfers, zoals 0402"),
        "^[1-9][0-9]{3}$": later("vier cijfers, zoals 1211"),
        "^[1-9][0-9]{3} [A-Z]{2}$": later("een postcode zoals 1211 AB"),
        "^\\+?[0-9 ()-]{6,20}$": later("een telefoonnummer zoals 035 123 45 67"),
        "^[A-Za-z0-9_-]+$": later("een tekst in base64url: letters, cijfers, _ en -"),
        "^[^@\\s]{1,64}@[^@\\s]{1,190}$": later("een e-mailadres zoals naam@organisatie.nl"),
        "^[0-9]{1,8}$": later("een AGB-code: hooguit 8 cijfers"),
        "^[a-z0-9]+([_-][a-z0-9]+)*$": later("een code: kleine letters, cijfers en streepjes"),
        "^\\S": later("een tekst die niet met een spatie begint"),
        "^(\\+?[0-9 ()-]{6,20})?$": later("een telefoonnummer zoals 035 123 45 67, of niets"),
        "^[A-Za-z0-9][A-Za-z0-9 ./_-]{0,39}$": later("een kenmerk van hooguit 40 letters en cijfers"),
    }
)
"""What a pattern asks, in words."""

SAYS_HOW_LONG = frozenset(pattern for pattern, text in FORMS.items() if "hooguit" in text)


def given(*values: object) -> bool:
    """Whether all values are there: not missing, not wrong and not empty."""
    return all(value is not UNSET and value is not None for value in values)


def numbered(items: list[T]) -> list[tuple[int, T]]:
    """Items with their positions; none when the list is UNSET."""
    return list(enumerate(items)) if given(items) else []


def refuse(errors: list[FieldError]) -> None:
    """Raise when anything is wrong."""
    if errors:
        raise Refusal(
            Kind.INVALID, gettext("De invoer klopt niet. Verbeter de velden die hieronder staan."), tuple(errors)
        )


def read(shape: type[S], data: object, *, lax: bool = False, source: str = "body") -> tuple[S, list[FieldError]]:
    """`data` (decoded JSON) as `shape`, with every error. `lax` also takes numbers and yes/no as text (query)."""
    errors: list[FieldError] = []
    value = _struct(_info(shape), data, "", errors, lax)
    if source != "body":
        errors = [FieldError(e.pointer.removeprefix("/"), e.code, e.detail, source) for e in errors]
    return value, errors


def herkenbare(value: Struct, pointer: str = "") -> list[FieldError]:
    """Free texts in a value, and in the Structs it holds, that say who somebody is: for what `read` did not make."""
    found = []
    for name, field in _fields(type(value)).items():
        here, part = f"{pointer}/{name}", getattr(value, field.name)
        if isinstance(part, str) and (wrong := _personal(_looks_for(field.type), part, here)):
            found.append(wrong)
        found += herkenbare(part, here) if isinstance(part, Struct) else []
        parts = part if isinstance(part, list) else ()
        found += [
            e for i, item in enumerate(parts) if isinstance(item, Struct) for e in herkenbare(item, f"{here}/{i}")
        ]
    return found


def merge(current: Struct, changes: Struct, shape: type[S]) -> S:
    """`current` as `shape`, with the fields that `changes` names."""
    values = {name: getattr(current, name) for name in shape.__struct_fields__}
    values |= {name: value for name, value in msgspec.structs.asdict(changes).items() if value is not UNSET}
    return shape(**values)


def patch_of(shape: type[Struct], *without: str) -> type[Struct]:
    """The Struct of a PATCH on `shape`: every field may be left out, and keeps its value then."""
    return msgspec.defstruct(
        f"Wijziging{shape.__name__.removeprefix('Nieuwe')}",
        [
            (field.name, field.type | msgspec.UnsetType, UNSET)
            for field in msgspec.structs.fields(shape)
            if field.name not in without
        ],
        kw_only=True,
        rename="camel",
        forbid_unknown_fields=True,
        module=shape.__module__,
    )


# ── Walking a type ───────────────────────────────────────────────────────────────────────────────


@cache
def _info(struct: type[Struct]) -> inspect.StructType:
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return info


@cache
def _fields(struct: type[Struct]) -> dict[str, inspect.Field]:
    return {field.encode_name: field for field in _info(struct).fields}


def _struct(info: inspect.StructType, data: object, pointer: str, errors: list[FieldError], lax: bool) -> Any:
    if not isinstance(data, Mapping):
        return _wrong(errors, pointer, gettext("een JSON-object"))
    fields = _fields(info.cls)
    for name in islice((name for name in data if name not in fields), MOST):
        near = difflib.get_close_matches(name, fields, 1)
        hint = gettext(" Bedoelt u %(naam)s?", naam=near[0]) if near else ""
        errors.append(
            FieldError(f"{pointer}/{_escape(name)}", "onbekend", gettext("Dit bestaat hier niet.%(hint)s", hint=hint))
        )
    values: dict[str, object] = {}
    for name, field in fields.items():
        if name in data:
            values[field.name] = _value(field.type, data[name], f"{pointer}/{name}", errors, lax)
        elif field.required:
            errors.append(FieldError(f"{pointer}/{name}", "verplicht", gettext("Dit veld is verplicht. Vul het in.")))
            values[field.name] = UNSET
    return info.cls(**values)


def _tagged(kinds: list[inspect.Type], value: object, pointer: str, errors: list[FieldError]) -> Any:
    """One of several Structs: a field says which."""
    by_tag = {kind.tag: kind for kind in kinds if isinstance(kind, inspect.StructType)}
    assert len(by_tag) == len(kinds)
    field = next(iter(by_tag.values())).tag_field
    if not isinstance(value, Mapping):
        return _wrong(errors, pointer, gettext("een JSON-object"))
    tag = value.get(field)
    if not isinstance(tag, str) or tag not in by_tag:
        return _wrong(
            errors, f"{pointer}/{field}", gettext("een van: %(lijst)s", lijst=", ".join(str(known) for known in by_tag))
        )
    rest = {name: item for name, item in value.items() if name != field}
    return _struct(by_tag[tag], rest, pointer, errors, lax=False)


def _value(info: inspect.Type, value: object, pointer: str, errors: list[FieldError], lax: bool) -> Any:
    wanted = None
    while isinstance(info, inspect.Metadata):
        wanted = wanted or (info.extra or {}).get("herkenbaar")
        info = info.type
    if isinstance(info, inspect.UnionType):
        if value is None and any(isinstance(kind, inspect.NoneType) for kind in info.types):
            return None
        kinds = [kind for kind in info.types if not isinstance(kind, inspect.NoneType)]
        return (
            _value(kinds[0], value, pointer, errors, lax) if len(kinds) == 1 else _tagged(kinds, value, pointer, errors)
        )
    if isinstance(info, inspect.StructType):
        return _struct(info, value, pointer, errors, lax)
    if isinstance(info, inspect.ListType):
        return _list(info, value, pointer, errors, lax)
    if isinstance(info, inspect.VarTupleType):
        items = _list(info, value, pointer, errors, lax)
        return items if items is UNSET else tuple(items)
    if isinstance(info, inspect.DictType):
        if not isinstance(value, Mapping):
            return _wrong(errors, pointer, gettext("een JSON-object"))
        if len(value) > MOST:
            return _wrong(errors, pointer, gettext("een JSON-object met hooguit %(most)s namen", most=MOST), "aantal")
        for name in value:
            _value(info.key_type, name, f"{pointer}/{_escape(name)}", errors, lax)
        return {
            name: _value(info.value_type, item, f"{pointer}/{_escape(name)}", errors, lax)
            for name, item in value.items()
        }
    convert, says = SCALARS[type(info)]
    try:
        result = convert(info, value, lax)
    except (ValueError, TypeError):
        return _wrong(errors, pointer, says(info))
    if wanted is not None and (wrong := _personal(wanted, value, pointer)):
        errors.append(wrong)
        return UNSET
    return result


def _looks_for(info: inspect.Type) -> str | None:
    """Of what a text of this type may hold nothing: `alles`, `bsn` or None."""
    if isinstance(info, inspect.Metadata):
        found: str | None = (info.extra or {}).get("herkenbaar")
        return found or _looks_for(info.type)
    if isinstance(info, inspect.UnionType):
        return next(filter(None, map(_looks_for, info.types)), None)
    return None


def _personal(wanted: str | None, value: object, pointer: str) -> FieldError | None:
    if wanted is None or not isinstance(value, str):
        return None
    vondst = herkenbaar.vind(value) if wanted == "alles" else herkenbaar.vind_bsn(value)
    return FieldError(pointer, "herkenbaar", vondst.zin) if vondst else None


def _list(
    info: inspect.ListType | inspect.VarTupleType, value: object, pointer: str, errors: list[FieldError], lax: bool
) -> Any:
    if not isinstance(value, list):
        return _wrong(errors, pointer, gettext("een lijst"))
    low, high = info.min_length or 0, info.max_length
    if len(value) < low or (high is not None and len(value) > high):
        return _wrong(errors, pointer, gettext("een lijst met %(aantal)s waarden", aantal=_range(low, high)), "aantal")
    items = [_value(info.item_type, item, f"{pointer}/{i}", errors, lax) for i, item in enumerate(value)]
    if not isinstance(info.item_type, inspect.StructType):
        for i, item in enumerate(items):
            if item is not UNSET and item in items[:i]:
                errors.append(
                    FieldError(
                        f"{pointer}/{i}", "dubbel", gettext("Deze waarde staat er al. Noem elke waarde één keer.")
                    )
                )
    return UNSET if any(item is UNSET for item in items) else items


def _wrong(errors: list[FieldError], pointer: str, expected: str, code: str = "waarde") -> Any:
    errors.append(FieldError(pointer, code, gettext("Geef %(expected)s.", expected=expected)))
    return UNSET


def _escape(name: str) -> str:
    """A name in a JSON pointer (RFC 6901); what cannot be shown is left out."""
    return UNPRINTABLE.sub("", name[:80]).replace("~", "~0").replace("/", "~1")


def _range(low: object, high: object) -> str:
    if low is None and high is None:
        return gettext("elk aantal")
    if high is None:
        return gettext("%(low)s of meer", low=low)
    if low is None:
        return gettext("hooguit %(high)s", high=high)
    return gettext("%(low)s tot en met %(high)s", low=low, high=high)


# ── Scalars: how to convert, and what to ask for when that fails ─────────────────────────────────


def _text(info: inspect.StrType, value: object, lax: bool) -> str:
    if not isinstance(value, str) or UNPRINTABLE.search(value):
        raise ValueError
    if len(value) < (info.min_length or 0) or (info.max_length is not None and len(value) > info.max_length):
        raise ValueError
    if info.pattern and ("\n" in value or not re.search(info.pattern, value, re.ASCII)):
        raise ValueError
    return value


def _text_says(info: inspect.StrType) -> str:
    pattern = info.pattern or ""
    form = FORMS.get(pattern) or gettext("een tekst zonder vreemde tekens")
    if info.max_length is None or pattern in SAYS_HOW_LONG:
        return form
    return form + gettext(", %(aantal)s tekens lang", aantal=_range(info.min_length or None, info.max_length))


def _number(info: inspect.IntType | inspect.FloatType, value: object, lax: bool) -> float:
    kind = int if isinstance(info, inspect.IntType) else float
    number = msgspec.convert(value, kind, strict=not lax)
    if (info.ge is not None and number < info.ge) or (info.gt is not None and number <= info.gt):
        raise ValueError
    if (info.le is not None and number > info.le) or (info.lt is not None and number >= info.lt):
        raise ValueError
    return number


def _number_says(info: inspect.IntType | inspect.FloatType) -> str:
    what = gettext("een heel getal") if isinstance(info, inspect.IntType) else gettext("een getal")
    if info.gt is not None:
        above = gettext("%(wat)s groter dan %(getal)s", wat=what, getal=f"{info.gt:g}")
        return above + (gettext(" en hooguit %(getal)s", getal=f"{info.le:g}") if info.le is not None else "")
    return gettext("%(wat)s van %(bereik)s", wat=what, bereik=_range(info.ge, info.le))


def _bool(info: inspect.Type, value: object, lax: bool) -> bool:
    if lax and value in ("true", "false"):
        return value == "true"
    return msgspec.convert(value, bool)


def _date(info: inspect.Type, value: object, lax: bool) -> date:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        raise ValueError
    day = date.fromisoformat(value)
    if not DATES[0] <= day < DATES[1]:
        raise ValueError
    return day


def _moment(info: inspect.Type, value: object, lax: bool) -> datetime:
    if not isinstance(value, str) or len(value) > 40:
        raise ValueError
    moment = msgspec.convert(value, datetime)  # RFC 3339
    if moment.tzinfo is None or not DATES[0] <= moment.date() < DATES[1]:
        raise ValueError
    return moment


def _uuid(info: inspect.Type, value: object, lax: bool) -> UUID:
    if not isinstance(value, str) or len(value) != 36:
        raise ValueError
    return msgspec.convert(value, UUID)


def _literal(info: inspect.LiteralType, value: object, lax: bool) -> object:
    if isinstance(value, bool) or value not in info.values:
        raise ValueError
    return value


def _choice(info: inspect.EnumType, value: object, lax: bool) -> object:
    if not isinstance(value, str):
        raise ValueError
    return info.cls(value)


SCALARS: dict[type[inspect.Type], tuple[Callable[[Any, object, bool], object], Callable[[Any], str]]] = {
    inspect.StrType: (_text, _text_says),
    inspect.IntType: (_number, _number_says),
    inspect.FloatType: (_number, _number_says),
    inspect.BoolType: (_bool, lambda info: gettext("true of false")),
    inspect.DateTimeType: (_moment, lambda info: gettext("een moment zoals 2026-01-31T12:00:00Z, tussen 1990 en 2100")),
    inspect.DateType: (_date, lambda info: gettext("een datum zoals 2026-01-31, tussen 1990 en 2100")),
    inspect.UUIDType: (_uuid, lambda info: gettext("een id zoals 3f2b8c1e-5a47-4d0e-9b76-0c8f1a2d3e4f")),
    inspect.LiteralType: (
        _literal,
        lambda info: gettext("een van: %(lijst)s", lijst=", ".join(map(str, info.values))),
    ),
    inspect.EnumType: (
        _choice,
        lambda info: gettext("een van: %(lijst)s", lijst=", ".join(member.value for member in info.cls)),
    ),
}
