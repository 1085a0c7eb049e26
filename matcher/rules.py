"""The hard rules: each a predicate over columns that is True where a place falls out.

Rules of the profile look at voorzieningen `at` (all of them, or an array of rows of Profielen), rules of the bed at
rows of Vensters. Bedden, the one rule about beds together, is `together`. What each rule means stands in domain.md,
"Rules and criteria"; check.py says the same in plain Python.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from matcher.aanbod import Aanbod, Bools, Floats, Ints, bits, hash_of
from matcher.geo import Travel, distance_km
from matcher.problem import GROEPSSOORTEN, JURIDISCHE_KADERS, PERSPECTIEVEN, Aanvraag, Anker, Point
from matcher.solution import Rule

At: TypeAlias = "slice | NDArray[np.integer[Any]]"

ALL = slice(None)

BIT = {rule: 1 << at for at, rule in enumerate(Rule)}

COARSE_KM = 3.3
"""Half the diagonal of a cell of 0.05 by 0.05 degrees, the grid to which points of secret locaties are rounded."""


class Question(Struct, frozen=True, eq=False):
    """One aanvraag in the codes of one aanbod: what the predicates compare columns with. Made by `ask`."""

    aanvraag: Aanvraag
    aanbod: Aanbod
    travel: Travel
    seed: np.uint64
    """Hash of the id of the aanvraag, for ties."""
    n: int
    start: int
    latest: int
    stay: int
    zorgvormen: np.uint64
    toegestaan: np.uint64
    """Zorgvormen that the machtiging allows; without one all of them."""
    gesloten: bool
    leeftijden: tuple[int, ...]
    jongste: int
    oudste: int
    groepssoorten: np.uint64
    kaders: np.uint64
    perspectief: np.uint64
    ondersteuning: np.uint64
    onderwijs: np.uint64
    medisch: np.uint64
    rolstoel: bool
    kenmerken: np.uint64
    kenmerken_per: tuple[np.uint64, ...]
    """Kenmerken that at least 1, 2, … of the jeugdigen have."""
    regio: NDArray[np.uint64]
    """Per code of a regio the zorgvormen of which places may be used."""
    aanbieders: tuple[int, ...]
    voorzieningen: tuple[int, ...]
    """Codes of the excluded ones."""
    afgewezen: tuple[int, ...]
    """Codes of voorzieningen that said no."""

    def point(self, anker: Anker) -> Point | None:
        point: Point | None = getattr(self.aanvraag, anker.value)
        return point

    def minutes(self, anker: Anker, at: At = ALL) -> Floats:
        """Travel time from an anker of the child to each voorziening; NaN where not known."""
        p = self.aanbod.profielen
        return self.travel.minutes(anker, self.point(anker), p.locatie[at], p.x_km[at], p.y_km[at])


def ask(aanvraag: Aanvraag, aanbod: Aanbod, travel: Travel) -> Question:
    """ValueError when the aanvraag has a code that is not in the code lists of the aanbod."""
    codes, children = aanbod.codes, aanvraag.jeugdigen
    where = f"aanvraag {aanvraag.id}"
    every = np.uint64(2**64 - 1)
    counts = Counter(code for child in children for code in child.kenmerken)
    kenmerken = [
        np.uint64(bits((code for code in counts if counts[code] >= many), codes.kenmerken, f"{where}: kenmerken"))
        for many in range(1, max(counts.values(), default=1) + 1)
    ]
    regio = [0] * len(aanbod.regios)
    for name, zorgvorm in aanvraag.regios:
        if name in aanbod.regios:
            agreed = int(every) if zorgvorm is None else bits((zorgvorm,), codes.zorgvormen, f"{where}: regios")
            regio[aanbod.regios[name]] |= agreed
    leeftijden = tuple(child.leeftijd_maanden for child in children)
    machtiging = aanvraag.machtiging
    return Question(
        aanvraag=aanvraag,
        aanbod=aanbod,
        travel=travel,
        seed=np.uint64(hash_of(aanvraag.id)),
        n=len(children),
        start=aanvraag.gewenste_start,
        latest=aanvraag.uiterlijke_datum,
        stay=aanvraag.verblijf,
        zorgvormen=np.uint64(bits(aanvraag.zorgvormen, codes.zorgvormen, f"{where}: zorgvormen")),
        toegestaan=np.uint64(bits(machtiging.zorgvormen, codes.zorgvormen, f"{where}: machtiging"))
        if machtiging
        else every,
        gesloten=machtiging is not None and machtiging.gesloten,
        leeftijden=leeftijden,
        jongste=min(leeftijden),
        oudste=max(leeftijden),
        groepssoorten=np.uint64(
            bits(frozenset.intersection(*(child.groepssoorten for child in children)), GROEPSSOORTEN, where)
        ),
        kaders=np.uint64(bits(aanvraag.juridische_kaders, JURIDISCHE_KADERS, where)),
        perspectief=np.uint64(bits((aanvraag.perspectief,), PERSPECTIEVEN, where)),
        ondersteuning=np.uint64(
            bits(
                frozenset.union(*(child.ondersteuning for child in children)),
                codes.ondersteuning,
                f"{where}: ondersteuning",
            )
        ),
        onderwijs=np.uint64(
            bits({child.onderwijs for child in children if child.onderwijs}, codes.onderwijs, f"{where}: onderwijs")
        ),
        medisch=np.uint64(
            bits(frozenset.union(*(child.medisch for child in children)), codes.medisch, f"{where}: medisch")
        ),
        rolstoel=any(child.rolstoel for child in children),
        kenmerken=kenmerken[0],
        kenmerken_per=tuple(kenmerken),
        regio=np.array(regio, np.uint64),
        aanbieders=tuple(aanbod.aanbieders[key] for key in aanvraag.uitgesloten_aanbieders if key in aanbod.aanbieders),
        voorzieningen=tuple(
            aanbod.voorzieningen[key] for key in aanvraag.uitgesloten_voorzieningen if key in aanbod.voorzieningen
        ),
        afgewezen=tuple(aanbod.voorzieningen[key] for key in aanvraag.afgewezen_bij if key in aanbod.voorzieningen),
    )


# ── Rules of the profile ─────────────────────────────────────────────────────────────────────────


def zorgvorm(q: Question, at: At) -> Bools:
    """Not one of the zorgvormen that the verwijzer asks for."""
    out: Bools = (q.aanbod.profielen.zorgvorm_bit[at] & q.zorgvormen) == 0
    return out


def regio(q: Question, at: At) -> Bools:
    """In a region whose places may not be used, or not for this zorgvorm ("region and its agreements")."""
    p = q.aanbod.profielen
    out: Bools = (q.regio[p.regio[at]] & p.zorgvorm_bit[at]) == 0
    return out


def leeftijd(q: Question, at: At) -> Bools:
    """One of the jeugdigen is younger or older than the voorziening takes; both ends are inclusive."""
    p = q.aanbod.profielen
    return (p.leeftijd_van[at] > q.jongste) | (p.leeftijd_tot[at] < q.oudste)


def geslacht(q: Question, at: At) -> Bools:
    """A kind of group in which one of the jeugdigen does not fit. The verwijzer names the kinds of group, not a gender,
    so that it also fits trans and non-binary youth."""
    out: Bools = (q.aanbod.profielen.groepssoort[at] & q.groepssoorten) == 0
    return out


def juridisch_kader(q: Question, at: At) -> Bools:
    """The voorziening does not take children under the juridisch kader of one of the jeugdigen."""
    out: Bools = (~q.aanbod.profielen.kaders[at] & q.kaders) != 0
    return out


def machtiging(q: Question, at: At) -> Bools:
    """A zorgvorm outside the type of the machtiging is blocked; a closed place needs a machtiging for that."""
    p = q.aanbod.profielen
    outside = (p.zorgvorm_bit[at] & q.toegestaan) == 0
    out: Bools = outside if q.gesloten else outside | p.gesloten[at]
    return out


def toegankelijkheid(q: Question, at: At) -> Bools:
    """One of the jeugdigen uses a wheelchair and the voorziening is not accessible."""
    accessible = q.aanbod.profielen.rolstoel[at]
    return ~accessible if q.rolstoel else np.zeros(len(accessible), np.bool_)


def medisch(q: Question, at: At) -> Bools:
    """Medical care that one of the jeugdigen needs is not given."""
    out: Bools = (~q.aanbod.profielen.medisch[at] & q.medisch) != 0
    return out


def contra_indicatie(q: Question, at: At) -> Bools:
    """The provider takes no children with a kenmerk of one of the jeugdigen."""
    out: Bools = (q.aanbod.profielen.contra_indicaties[at] & q.kenmerken) != 0
    return out


def groepsmix(q: Question, at: At) -> Bools:
    """More children with a kenmerk than the group has room for, or ages too far apart.

    The children of a samenplaatsing count together, and with the residents whose age is known.
    """
    p = q.aanbod.profielen
    spread = np.maximum(p.oudste[at], q.oudste) - np.minimum(p.jongste[at], q.jongste)
    out: Bools = spread > p.leeftijdsverschil_max[at]
    for many, need in enumerate(q.kenmerken_per):
        if need:
            out |= (p.vol[at, many] & need) != 0
    return out


def veiligheid(q: Question, at: At) -> Bools:
    """An excluded aanbieder or voorziening, or within an excluded area (the edge included).

    Safety goes before completeness: around a coarse point the area is wider by how coarse it is, and a place of
    which nobody knows where it is falls out when any area is excluded.
    """
    p = q.aanbod.profielen
    out: Bools = np.zeros(len(p.code[at]), np.bool_)
    for code in q.aanbieders:
        out |= p.aanbieder[at] == code
    for code in q.voorzieningen:
        out |= p.code[at] == code
    for area in q.aanvraag.uitgesloten_gebieden:
        radius = np.where(p.exact[at], area.radius_km, area.radius_km + COARSE_KM)
        out |= ~(distance_km(area.point, p.x_km[at], p.y_km[at]) > radius)
    return out


def besluit(q: Question, at: At) -> Bools:
    """The voorziening said no to one of these jeugdigen, and that still holds."""
    p = q.aanbod.profielen
    out: Bools = np.zeros(len(p.code[at]), np.bool_)
    for code in q.afgewezen:
        out |= p.code[at] == code
    return out


def reistijd(q: Question, at: At) -> Bools:
    """Further from thuis than the verwijzer allows. Unknown travel time is no reason: it is said with the place."""
    limit = q.aanvraag.maximale_reistijd
    if limit is None or q.aanvraag.thuis is None:
        return np.zeros(len(q.aanbod.profielen.code[at]), np.bool_)
    return q.minutes(Anker.THUIS, at) > limit


PROFILE_RULES: dict[Rule, Callable[[Question, At], Bools]] = {
    Rule.ZORGVORM: zorgvorm,
    Rule.REGIO: regio,
    Rule.LEEFTIJD: leeftijd,
    Rule.GESLACHT: geslacht,
    Rule.JURIDISCH_KADER: juridisch_kader,
    Rule.MACHTIGING: machtiging,
    Rule.CONTRA_INDICATIE: contra_indicatie,
    Rule.MEDISCH: medisch,
    Rule.TOEGANKELIJKHEID: toegankelijkheid,
    Rule.GROEPSMIX: groepsmix,
    Rule.VEILIGHEID: veiligheid,
    Rule.BESLUIT: besluit,
    Rule.REISTIJD: reistijd,
}
"""The most selective and cheapest first."""

ONLY_IF: dict[Rule, Callable[[Question], object]] = {
    Rule.CONTRA_INDICATIE: lambda q: q.kenmerken,
    Rule.MEDISCH: lambda q: q.medisch,
    Rule.TOEGANKELIJKHEID: lambda q: q.rolstoel,
    Rule.VEILIGHEID: lambda q: q.aanbieders or q.voorzieningen or q.aanvraag.uitgesloten_gebieden,
    Rule.BESLUIT: lambda q: q.afgewezen,
    Rule.REISTIJD: lambda q: q.aanvraag.maximale_reistijd is not None and q.aanvraag.thuis is not None,
}
"""What an aanvraag must have for some place to fail a rule; rules that are not here can always fail."""


def profile_rules(q: Question) -> dict[Rule, Callable[[Question, At], Bools]]:
    """PROFILE_RULES without those that no place can fail: most aanvragen have four of these."""
    return {rule: fails for rule, fails in PROFILE_RULES.items() if rule not in ONLY_IF or ONLY_IF[rule](q)}


def fitting(q: Question) -> NDArray[np.int64]:
    """The voorzieningen that pass every rule of the profile; each rule looks only at what passed those before."""
    first, *others = profile_rules(q).values()
    at: NDArray[np.int64] = np.flatnonzero(~first(q, ALL))
    for fails in others:
        at = at[np.flatnonzero(~fails(q, at))]
    return at


# ── Rules of the bed ─────────────────────────────────────────────────────────────────────────────


def periode(q: Question, rows: At) -> Bools:
    """No start between the wished start and the latest one leaves the bed free for the whole stay, stop or no stop."""
    v = q.aanbod.vensters
    return no_start(q, v.vrij_van[rows], v.vrij_tot[rows])


def gestopt(q: Question, rows: At) -> Bools:
    """The bed would be free for the stay, but a stop takes every start away."""
    v = q.aanbod.vensters
    has_stop = v.stop_tot[rows] > 0
    out, stopped = np.zeros(len(has_stop), np.bool_), np.flatnonzero(has_stop)
    van, tot, vrij_van, vrij_tot = (days[rows][stopped] for days in (v.van, v.tot, v.vrij_van, v.vrij_tot))
    out[stopped] = no_start(q, van, tot) & ~no_start(q, vrij_van, vrij_tot)
    return out


def onbemenst(q: Question, rows: At) -> Bools:
    """Open, but without staff."""
    return ~q.aanbod.vensters.bemenst[rows]


def no_start(q: Question, van: Ints, tot: Ints) -> Bools:
    """No day from the wished start up to the latest one leaves the whole stay between `van` and `tot`."""
    out: Bools = np.maximum(van, q.start) > np.minimum(tot - q.stay, q.latest)
    return out


BED_RULES: dict[Rule, Callable[[Question, At], Bools]] = {
    Rule.PERIODE: periode,
    Rule.GESTOPT: gestopt,
    Rule.ONBEMENST: onbemenst,
}

WINDOWS: dict[Rule, Callable[[Aanbod], At]] = {
    Rule.PERIODE: lambda aanbod: ALL,
    Rule.GESTOPT: lambda aanbod: aanbod.gestopt,
    Rule.ONBEMENST: lambda aanbod: aanbod.onbemenst,
}
"""Where a rule of the bed can fail: few windows are stopped or without staff, and the aanbod knows which."""
