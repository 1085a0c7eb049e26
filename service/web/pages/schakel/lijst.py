"""The ranked places of one aanvraag as a table: which of them, in which order, and which to compare. What is asked
stands in the address, so that it works without a script and can be gone back to; it holds nothing of a child."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request
from litestar.exceptions import ValidationException
from msgspec import Meta, Struct, ValidationError, convert, structs

from service.rang.anders import Anders
from service.rang.rangschikking import PassendePlek
from service.taal import later

BESTE = 100
"""Voorzieningen that are sorted and filtered: the best. Who looks further, asks for less."""

PER_PAGE = 15
FALLEN = 20
"""Places that fall out and are listed at once."""

MOST = 4
"""Places beside each other."""


class Volgorde(StrEnum):
    PAST = "past"
    START = "start"
    AFSTAND = "afstand"
    BEVESTIGD = "bevestigd"
    NAAM = "naam"


VOLGORDE = {
    Volgorde.PAST: later("Wat het beste past"),
    Volgorde.START: later("Eerste dag"),
    Volgorde.AFSTAND: later("Reistijd"),
    Volgorde.BEVESTIGD: later("Laatst bevestigd"),
    Volgorde.NAAM: later("Naam"),
}

GEWICHT = "gewicht_"
LONGEST = datetime.min.replace(tzinfo=UTC)

KEYS: dict[Volgorde, Callable[[PassendePlek], Any]] = {
    Volgorde.START: lambda p: p.eerste_dag,
    Volgorde.AFSTAND: lambda p: p.reistijd_minuten.get("thuis", 10_000),
    Volgorde.BEVESTIGD: lambda p: -(p.plek.bevestigd_op or LONGEST).timestamp(),
    Volgorde.NAAM: lambda p: p.plek.naam.lower(),
}


class Kijk(Struct, frozen=True, kw_only=True):
    """How somebody looks at the page; an empty field of a form is no choice."""

    volgorde: Volgorde = Volgorde.PAST
    zorgvorm: Annotated[str, Meta(max_length=60)] | None = None
    band: Annotated[str, Meta(max_length=10)] | None = None
    minuten: Annotated[int, Meta(ge=1, le=600)] | None = None
    vergelijk: tuple[UUID, ...] = ()
    pagina: Annotated[int, Meta(ge=1, le=1000)] = 1
    afgevallen: Annotated[int, Meta(ge=1, le=500)] = FALLEN
    plek: UUID | None = None
    """The place that is proposed with more than one click: with words, or against a rule."""
    gedaan: Annotated[str, Meta(max_length=30)] | None = None
    id: UUID | None = None
    """Of what was just done."""
    watals: bool = False
    later: Annotated[int, Meta(ge=0, le=365)] = 0
    korter: Annotated[int, Meta(ge=0, le=365)] = 0
    reistijd: Annotated[int, Meta(ge=0, le=600)] | None = None
    ook: tuple[str, ...] = ()
    gewichten: dict[str, Annotated[int, Meta(ge=0, le=100)]] = {}

    def anders(self) -> Anders:
        return Anders(
            gewichten=self.gewichten, later=self.later, korter=self.korter, reistijd=self.reistijd, zorgvormen=self.ook
        )

    def adres(self, path: str, hier: str = "", **other: Any) -> str:
        """The address of this page that differs from this one in `other`; `hier`: where on it."""
        asked = structs.replace(self, **{"gedaan": None, "id": None, **other})
        pairs: list[tuple[str, str]] = []
        for name, value in structs.asdict(asked).items():
            if value == DEFAULTS[name]:
                continue
            if isinstance(value, dict):
                pairs += [(f"{GEWICHT}{key}", str(count)) for key, count in value.items()]
            elif isinstance(value, tuple):
                pairs += [(name, str(part)) for part in value]
            else:
                pairs.append((name, str(value).lower() if isinstance(value, bool) else str(value)))
        return path + (f"?{urlencode(pairs)}" if pairs else "") + (f"#{hier}" if hier else "")

    def kies(self, plekken: list[PassendePlek]) -> list[tuple[int, PassendePlek]]:
        """With its place in the rangschikking, which sorting does not change."""
        chosen = [
            (rang, p)
            for rang, p in enumerate(plekken, 1)
            if (self.zorgvorm is None or p.plek.zorgvorm == self.zorgvorm)
            and (self.band is None or p.band == self.band)
            and (self.minuten is None or p.reistijd_minuten.get("thuis", 10_000) <= self.minuten)
        ]
        key = KEYS.get(self.volgorde)
        return sorted(chosen, key=lambda one: key(one[1])) if key else chosen


DEFAULTS = structs.asdict(Kijk())
MANY = ("vergelijk", "ook")


def asked(request: Request[Any, Any, Any]) -> Kijk:
    """400 for what the page does not know."""
    given: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if not value:
            continue
        if name in MANY:
            given.setdefault(name, []).append(value)
        elif name.startswith(GEWICHT):
            given.setdefault("gewichten", {})[name.removeprefix(GEWICHT)] = value
        else:
            given[name] = value
    try:
        return convert(given, Kijk, strict=False)
    except ValidationError as error:
        raise ValidationException(str(error)) from None
