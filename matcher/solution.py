"""What comes out of the matcher: codes and numbers, no sentences. Days, hours and minutes as in problem.py."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from matcher.problem import Anker, Criterium


class Rule(StrEnum):
    """The hard rules; rules.py has one predicate for each. The position of a rule is its bit in a mask."""

    ZORGVORM = "zorgvorm"
    LEEFTIJD = "leeftijd"
    GESLACHT = "geslacht"
    JURIDISCH_KADER = "juridisch_kader"
    MACHTIGING = "machtiging"
    PERIODE = "periode"
    BEDDEN = "bedden"
    TOEGANKELIJKHEID = "toegankelijkheid"
    MEDISCH = "medisch"
    CONTRA_INDICATIE = "contra_indicatie"
    GROEPSMIX = "groepsmix"
    REGIO = "regio"
    REISTIJD = "reistijd"
    VEILIGHEID = "veiligheid"
    GESTOPT = "gestopt"
    ONBEMENST = "onbemenst"
    BESLUIT = "besluit"


RELAXABLE = frozenset(
    {
        Rule.ZORGVORM,
        Rule.LEEFTIJD,
        Rule.GESLACHT,
        Rule.PERIODE,
        Rule.BEDDEN,
        Rule.GROEPSMIX,
        Rule.REISTIJD,
        Rule.GESTOPT,
        Rule.ONBEMENST,
    }
)
"""Rules that a suggested change may touch: dates, distance, zorgvorm with a reason, beds, the provider's own limits.

Never machtiging, safety or contra-indications (domain), nor region, juridisch kader or what the child needs.
"""

REVEALING = frozenset({Rule.VEILIGHEID, Rule.GROEPSMIX})
"""Rules whose reason would reveal a child: only the schakelfunctionaris may see them, also as a change."""


class Band(StrEnum):
    GOED = "goed"
    PAST = "past"
    DEELS = "deels"


class Mark(StrEnum):
    """What must be said with a place that fits."""

    OVERLEG_GEMEENTE = "overleg_gemeente"
    """No contract: only after overleg with the gemeente."""
    IN_OVERLEG = "in_overleg"
    """The provider wants to be asked first."""
    LOCATIE_GROF = "locatie_grof"
    """Travel times are to a coarse point, because the locatie is secret or confidential."""


class Unknown(StrEnum):
    """What is not known of a place; the criterium then has its neutral value."""

    REISTIJD = "reistijd"
    GROEP = "groep"
    """Nobody lives there, or not of everybody the age is known."""
    BEVESTIGING = "bevestiging"
    """Never confirmed, or too long ago."""
    HUISELIJKHEID = "huiselijkheid"
    """The region gives this zorgvorm no value."""


class Fit(Struct, frozen=True, kw_only=True):
    """A place that fits. `score` is for sorting only, and exactly the sum of `contributions` in their order."""

    plek: str
    voorziening: str
    score: float
    band: Band
    start: int
    """First possible day."""
    contributions: dict[Criterium, float]
    """Points per criterium that applies to this aanvraag; 100 in all when each value is 1."""
    values: dict[Criterium, float]
    """0 to 1."""
    reistijd: dict[Anker, float]
    """Minutes, as far as known."""
    unknown: tuple[Unknown, ...]
    marks: tuple[Mark, ...]
    plekken: int
    """How many plekken of this voorziening fit."""
    samen_met: tuple[str, ...] = ()
    """For a samenplaatsing: the other plekken of the voorziening that are free from `start` on."""


class Ranking(Struct, frozen=True, kw_only=True):
    places: tuple[Fit, ...]
    """From `offset` on, at most `limit`; one per voorziening (its best plek), or one per plek."""
    voorzieningen: int
    """With at least one plek that fits."""
    plekken: int
    """That fit."""
    weggevallen: int
    """Plekken that do not."""


Param = bool | int | float | str | tuple[str, ...] | None


class Reason(Struct, frozen=True):
    """A rule that a place fails, with the codes and numbers of a sentence about it (see explain.reason)."""

    rule: Rule
    params: dict[str, Param]


class Out(Struct, frozen=True, kw_only=True):
    """A place that falls out, with all the rules that fail."""

    plek: str
    voorziening: str
    reasons: tuple[Reason, ...]
    plekken: int
    """How many plekken this line stands for: all of the voorziening that fall out, or that open by a change."""


class FallenOut(Struct, frozen=True, kw_only=True):
    plekken: int
    """That fall out."""
    per_rule: dict[Rule, int]
    """How many plekken fail each rule; a plek can fail several."""
    alone: dict[Rule, int]
    """How many plekken fail this rule and no other."""
    revealing: int
    """How many plekken fail one REVEALING rule or more: who may not read which, counts each plek once."""
    revealing_alone: int
    """How many plekken fail REVEALING rules and no other."""
    places: tuple[Out, ...]
    """Nearest to fitting first: fewest failing rules, then by hash."""


class Step(Struct, frozen=True):
    """With this much of a change, so many places open: cumulative, but for codes and beds, where it is per amount."""

    amount: int | str
    plekken: int
    voorzieningen: int


class Change(Struct, frozen=True, kw_only=True):
    """If these rules give way, these places open. Smallest: no smaller set of rules opens them."""

    rules: tuple[Rule, ...]
    plekken: int
    voorzieningen: int
    steps: dict[str, tuple[Step, ...]]
    """For one rule, by kind of amount, what each step opens. `dagen_later`, `dagen_korter` (periode), `minuten`
    (reistijd) and `maanden` (leeftijd) are how much more; `zorgvorm` and `groepssoort` are codes, `bedden` is how many
    are free together instead of the number asked."""
    places: tuple[Out, ...]
    """Smallest change first, at most the number asked for; one per voorziening, with only the rules of this change."""


class Changes(Struct, frozen=True, kw_only=True):
    """Each with the most voorzieningen first."""

    one: tuple[Change, ...]
    two: tuple[Change, ...]
    """Only when one rule opens few places."""
