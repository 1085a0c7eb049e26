"""Refusals: what the service says no to, and why. web/problems.py turns each kind into one HTTP status."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class Kind(Enum):
    """The outcomes a caller can act on; anything else is a bug and reveals nothing."""

    INVALID = "ongeldig"
    NOT_FOUND = "niet-gevonden"
    CONFLICT = "conflict"
    FORBIDDEN = "verboden"
    STALE = "verouderd"
    UNAVAILABLE = "niet-beschikbaar"


class FieldError(Struct, frozen=True):
    """One thing wrong with the input: where, a code to branch on, and how to mend it, in Dutch."""

    pointer: str
    """JSON pointer into the body (`/leeftijdVan`), or the name of a query parameter."""
    code: str
    detail: str
    source: str = "body"
    """`body`, `query`, `path` or `header`."""


class Refusal(Exception):
    """Raised by any function that will not do what was asked; the transaction of the caller rolls back."""

    def __init__(self, kind: Kind, detail: str, fields: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.fields = fields


# The name of a constraint is the error contract: what its violation means to the person who asked.
CONSTRAINTS: dict[str, tuple[Kind, str]] = {
    "bezetting_geen_overlap": (
        Kind.CONFLICT,
        "Deze plek is in die periode al bezet. Kies een andere plek of een andere periode.",
    ),
}
