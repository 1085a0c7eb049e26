"""The aims of a plan as people read them: one after another, what each is worth, and what a loss on it means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from matcher.check import Tier
from service.plan.plannen import Niveau, PlanStap, Verlies
from service.taal import Teksten, gettext, later

POINTS = 100
"""In one point of a score: matcher.proposal.candidates.POINTS, which the web process does not load."""

NIVEAUS = Teksten(
    {
        Tier.VAST: later("Wat vaststaat"),
        Tier.CRISIS: later("Kinderen in crisis met een plek"),
        Tier.SPOED: later("Kinderen met spoed met een plek"),
        Tier.REGULIER: later("Andere kinderen met een plek"),
        Tier.WACHTDAGEN: later("Dagen gewacht door wie een plek krijgt"),
        Tier.GESPLITST: later("Samenplaatsingen die gesplitst zijn"),
        Tier.LOCATIE: later("Samenplaatsingen op één locatie, maar niet in één voorziening"),
        Tier.SCORE: later("Punten voor hoe goed de plekken passen"),
        Tier.BEHOUDEN: later("Kinderen die blijven waar het vorige plan hen had"),
    }
)

LESS: Mapping[Tier, tuple[str, str]] = {
    Tier.VAST: (
        later("%(n)s keuze minder die kan blijven staan"),
        later("%(n)s keuzes minder die kunnen blijven staan"),
    ),
    Tier.CRISIS: (
        later("%(n)s kind in crisis minder met een plek"),
        later("%(n)s kinderen in crisis minder met een plek"),
    ),
    Tier.SPOED: (
        later("%(n)s kind met spoed minder met een plek"),
        later("%(n)s kinderen met spoed minder met een plek"),
    ),
    Tier.REGULIER: (later("%(n)s ander kind minder met een plek"), later("%(n)s andere kinderen minder met een plek")),
    Tier.WACHTDAGEN: (
        later("wie een plek krijgt, heeft samen %(n)s dag minder gewacht"),
        later("wie een plek krijgt, heeft samen %(n)s dagen minder gewacht"),
    ),
    Tier.GESPLITST: (later("%(n)s samenplaatsing meer gesplitst"), later("%(n)s samenplaatsingen meer gesplitst")),
    Tier.LOCATIE: (
        later("%(n)s samenplaatsing meer niet in één voorziening"),
        later("%(n)s samenplaatsingen meer niet in één voorziening"),
    ),
    Tier.SCORE: (later("%(n)s punt minder"), later("%(n)s punten minder")),
    Tier.BEHOUDEN: (
        later("%(n)s kind minder op de plek van het vorige plan"),
        later("%(n)s kinderen minder op de plek van het vorige plan"),
    ),
}
"""What a loss of n means, of one and of more."""

MORE: Mapping[Tier, tuple[str, str]] = {
    Tier.VAST: (later("%(n)s keuze meer die kan blijven staan"), later("%(n)s keuzes meer die kunnen blijven staan")),
    Tier.CRISIS: (later("%(n)s kind in crisis meer met een plek"), later("%(n)s kinderen in crisis meer met een plek")),
    Tier.SPOED: (later("%(n)s kind met spoed meer met een plek"), later("%(n)s kinderen met spoed meer met een plek")),
    Tier.REGULIER: (later("%(n)s ander kind meer met een plek"), later("%(n)s andere kinderen meer met een plek")),
    Tier.WACHTDAGEN: (
        later("wie een plek krijgt, heeft samen %(n)s dag meer gewacht"),
        later("wie een plek krijgt, heeft samen %(n)s dagen meer gewacht"),
    ),
    Tier.GESPLITST: (later("%(n)s samenplaatsing minder gesplitst"), later("%(n)s samenplaatsingen minder gesplitst")),
    Tier.LOCATIE: (
        later("%(n)s samenplaatsing minder niet in één voorziening"),
        later("%(n)s samenplaatsingen minder niet in één voorziening"),
    ),
    Tier.SCORE: (later("%(n)s punt meer"), later("%(n)s punten meer")),
    Tier.BEHOUDEN: (
        later("%(n)s kind meer op de plek van het vorige plan"),
        later("%(n)s kinderen meer op de plek van het vorige plan"),
    ),
}
"""What a gain of n means."""

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


def shown(niveau: str, value: int) -> float:
    """A value of a tier as people count: points, and how many are split."""
    if niveau == Tier.SCORE:
        return value / POINTS
    return -value if niveau in FEWER else value


def _lost(one: Verlies) -> float:
    return one.verlies / POINTS if one.niveau == Tier.SCORE else one.verlies


def _loss(one: Verlies) -> str:
    n = abs(_lost(one))
    said = (MORE if one.verlies < 0 else LESS)[Tier(one.niveau)]
    text = gettext(said[0] if n == 1 else said[1], n=number(n))
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
