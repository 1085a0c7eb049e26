"""The aims of a plan as people read them: one after another, what each is worth, and what a loss on it means."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from matcher.check import Tier
from service.plan.plannen import Niveau, PlanStap, Verlies

POINTS = 100
"""In one point of a score: matcher.proposal.candidates.POINTS, which the web process does not load."""

NIVEAUS = {
    Tier.VAST: "Wat vaststaat",
    Tier.CRISIS: "Kinderen in crisis met een plek",
    Tier.SPOED: "Kinderen met spoed met een plek",
    Tier.REGULIER: "Andere kinderen met een plek",
    Tier.WACHTDAGEN: "Dagen gewacht door wie een plek krijgt",
    Tier.GESPLITST: "Samenplaatsingen die gesplitst zijn",
    Tier.LOCATIE: "Samenplaatsingen op één locatie, maar niet in één voorziening",
    Tier.SCORE: "Punten voor hoe goed de plekken passen",
    Tier.BEHOUDEN: "Kinderen die blijven waar het vorige plan hen had",
}

LESS = {
    Tier.VAST: lambda n: f"{number(n)} {_one(n, 'keuze', 'keuzes')} minder die kan blijven staan",
    Tier.CRISIS: lambda n: f"{number(n)} {_one(n, 'kind', 'kinderen')} in crisis minder met een plek",
    Tier.SPOED: lambda n: f"{number(n)} {_one(n, 'kind', 'kinderen')} met spoed minder met een plek",
    Tier.REGULIER: lambda n: f"{number(n)} {_one(n, 'ander kind', 'andere kinderen')} minder met een plek",
    Tier.WACHTDAGEN: lambda n: f"wie een plek krijgt, heeft samen {number(n)} {_one(n, 'dag', 'dagen')} minder gewacht",
    Tier.GESPLITST: lambda n: f"{number(n)} {_one(n, 'samenplaatsing', 'samenplaatsingen')} meer gesplitst",
    Tier.LOCATIE: lambda n: f"{number(n)} {_one(n, 'samenplaatsing', 'samenplaatsingen')} meer niet in één voorziening",
    Tier.SCORE: lambda n: f"{number(n)} {_one(n, 'punt', 'punten')} minder",
    Tier.BEHOUDEN: lambda n: f"{number(n)} {_one(n, 'kind', 'kinderen')} minder op de plek van het vorige plan",
}
"""What a loss of n means; a gain is the same with `meer` and `minder` turned round."""

FEWER = {Tier.GESPLITST, Tier.LOCATIE}
"""Counted as few as possible: stored negative, shown positive."""


class PlanNiveau(Struct, frozen=True, rename="camel", kw_only=True):
    """One aim of a plan. Aims come in order: a later one never costs anything of one before."""

    niveau: str
    naam: str
    waarde: Annotated[float, Meta(description="Van dit plan.")]
    beste: Annotated[
        float, Meta(description="Het beste dat is gevonden. Voor minder veranderingen mag waarde minder zijn.")
    ]
    grens: Annotated[float, Meta(description="Beter dan dit kan niet: dat is bewezen.")]
    minder_is_beter: bool
    bewezen: bool
    gat: Annotated[float, Meta(description="Wat er nog kan ontbreken, als deel van de grens.")]


class PlanGebeurtenis(Struct, frozen=True, rename="camel", kw_only=True):
    """The data of one event of a plan."""

    nummer: int
    stap: PlanStap
    op: datetime
    rekentijd: float | None
    niveaus: list[PlanNiveau]


class PlanVerlies(Struct, frozen=True, rename="camel", kw_only=True):
    niveau: str
    verlies: Annotated[float, Meta(description="Negatief: winst.")]
    zin: str


def number(n: float) -> str:
    return f"{abs(n):.2f}".rstrip("0").rstrip(".").replace(".", ",")


def _one(n: float, one: str, more: str) -> str:
    return one if abs(n) == 1 else more


def shown(niveau: str, value: int) -> float:
    """A value of a tier as people count: points, and how many are split."""
    if niveau == Tier.SCORE:
        return value / POINTS
    return -value if niveau in FEWER else value


def _lost(one: Verlies) -> float:
    return one.verlies / POINTS if one.niveau == Tier.SCORE else one.verlies


def _loss(one: Verlies) -> str:
    say: Callable[[float], str] = LESS[Tier(one.niveau)]
    text = say(_lost(one))
    if one.verlies < 0:
        text = text.replace("minder", "\0").replace("meer", "minder").replace("\0", "meer")
    return f"{text[0].upper()}{text[1:]}."


def niveaus(found: Iterable[Niveau]) -> list[PlanNiveau]:
    return [
        PlanNiveau(
            niveau=one.niveau,
            naam=NIVEAUS[Tier(one.niveau)],
            waarde=shown(one.niveau, one.waarde),
            beste=shown(one.niveau, one.beste),
            grens=shown(one.niveau, one.grens),
            minder_is_beter=one.niveau in FEWER,
            bewezen=one.beste >= one.grens,
            gat=max(0, one.grens - one.beste) / max(1, abs(one.grens)),
        )
        for one in found
    ]


def verliezen(found: list[Verlies] | None) -> list[PlanVerlies] | None:
    """Each with its sentence; None stays None: not known."""
    if found is None:
        return None
    return [PlanVerlies(niveau=one.niveau, verlies=_lost(one), zin=_loss(one)) for one in found if one.verlies]
