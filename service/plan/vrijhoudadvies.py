"""What a plan keeps free: plekken for crisis only; and whether it says which others had better stay free, and what that
may cost. Both off by default."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from service.taal import later


class Vrijhouden(Struct, frozen=True, forbid_unknown_fields=True):
    """Instelling `vrijhouden_advies`."""

    aan: bool = False
    punten: Annotated[float, Meta(ge=0, le=100)] = 10.0
    """What that may cost the plan at most, per place."""


class Vrijhoudadvies(Struct, frozen=True, kw_only=True):
    """A region says otherwise with a row of `instelling` of the same name."""

    vrijhouden_advies: Annotated[
        Vrijhouden,
        Meta(
            description=later(
                "Of een plan zegt welke plekken beter vrij blijven, en hoeveel punten dat hooguit mag kosten."
            ),
            extra={"bron": "Keuze van het loket; de regio beslist"},
        ),
    ] = Vrijhouden()
    voor_crisis: Annotated[
        tuple[UUID, ...],
        Meta(
            max_length=200,
            description=later("Plekken die een plan alleen geeft aan kinderen met urgentie crisis."),
            extra={"bron": "Keuze van het loket; de regio beslist"},
        ),
    ] = ()
