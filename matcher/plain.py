"""The specification of rank and explain in plain Python: slow, without columns, one plek at a time.

Tests compare the fast library with it on random problems, and it is the text to read when the two disagree. It shares
no code with rules.py, score.py and reasons.py but the constants.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import ceil, sqrt

from matcher.beds import FAR_DAYS
from matcher.geo import Estimate
from matcher.problem import FOREVER, Aanvraag, Anker, Criterium, Limits, Plek, Point, Weging
from matcher.rules import COARSE_KM
from matcher.score import NEUTRAL
from matcher.solution import Rule

Window = tuple[int, int, int, int]
"""Free from, to, and what both would be without the stop."""


def windows(plek: Plek) -> list[Window]:
    """The windows of a plek, by looking between every two days on which something begins or ends."""
    stop = [plek.stop] if plek.stop else []
    edges = sorted({day for period in (*plek.windows, *stop) for day in period})
    free: list[tuple[int, int]] = []
    lifted: list[tuple[int, int]] = []
    for van, tot in pairwise(edges):
        open_ = any(start <= van < end for start, end in plek.windows)
        stopped = any(start <= van < end for start, end in stop)
        if open_ and not stopped:
            _extend(free, van, tot)
        if open_ or stopped:
            _extend(lifted, van, tot)
    found: list[Window] = []
    for vrij_van, vrij_tot in lifted:
        inside = [(van, tot) for van, tot in free if vrij_van <= van and tot <= vrij_tot]
        found += [(van, tot, vrij_van, vrij_tot) for van, tot in inside or [(0, 0)]]
    return found or [(0, 0, 0, 0)]


def _extend(periods: list[tuple[int, int]], van: int, tot: int) -> None:
    if periods and periods[-1][1] == van:
        periods[-1] = (periods[-1][0], tot)
    else:
        periods.append((van, tot))


def minutes(travel: Estimate, one: Point | None, two: Point | None) -> float | None:
    if one is None or two is None:
        return None
    return travel.vast_min + _km(one, two) * (travel.omrijfactor * 60 / travel.snelheid_kmh)


def _km(one: Point, two: Point) -> float:
    return sqrt((one.x_km - two.x_km) ** 2 + (one.y_km - two.y_km) ** 2)


def failing(aanvraag: Aanvraag, plek: Plek, travel: Estimate) -> set[Rule]:
    """The rules of the profile that a plek fails."""
    children, group = aanvraag.jeugdigen, plek.group
    ages = [child.leeftijd_maanden for child in children]
    living = [group.youngest, group.oldest] if group.size > group.unknown else []
    traits = {code for child in children for code in child.kenmerken}
    machtiging = aanvraag.machtiging
    away = minutes(travel, aanvraag.thuis, plek.point)
    broken = {
        Rule.ZORGVORM: plek.zorgvorm not in aanvraag.zorgvormen,
        Rule.REGIO: not {(plek.regio, None), (plek.regio, plek.zorgvorm)} & aanvraag.regios,
        Rule.LEEFTIJD: any(not plek.leeftijd_van <= age <= plek.leeftijd_tot for age in ages),
        Rule.GESLACHT: any(plek.groepssoort not in child.groepssoorten for child in children),
        Rule.JURIDISCH_KADER: not aanvraag.juridische_kaders <= plek.juridische_kaders,
        Rule.MACHTIGING: (machtiging is not None and plek.zorgvorm not in machtiging.zorgvormen)
        or (plek.gesloten and not (machtiging is not None and machtiging.gesloten)),
        Rule.TOEGANKELIJKHEID: any(child.rolstoel for child in children) and not plek.rolstoeltoegankelijk,
        Rule.MEDISCH: any(not child.medisch <= plek.medisch for child in children),
        Rule.CONTRA_INDICATIE: bool(traits & plek.contra_indicaties),
        Rule.GROEPSMIX: any(
            code in group.full or sum(code in child.kenmerken for child in children) > group.room.get(code, 99)
            for code in traits
        )
        or max(ages + living) - min(ages + living) > (plek.leeftijdsverschil_max or FOREVER),
        Rule.VEILIGHEID: plek.aanbieder in aanvraag.uitgesloten_aanbieders
        or plek.voorziening in aanvraag.uitgesloten_voorzieningen
        or any(
            plek.point is None or _km(area.point, plek.point) <= area.radius_km + (0 if plek.exact else COARSE_KM)
            for area in aanvraag.uitgesloten_gebieden
        ),
        Rule.BESLUIT: plek.voorziening in aanvraag.afgewezen_bij,
        Rule.REISTIJD: aanvraag.maximale_reistijd is not None
        and away is not None
        and away > aanvraag.maximale_reistijd,
    }
    return {rule for rule, fails in broken.items() if fails}


def starts(
    aanvraag: Aanvraag, window: Window, days: Iterable[int], gone: Iterable[Rule] = (), limits: Limits | None = None
) -> set[int]:
    """The days on which a window can start when the rules `gone` do not count."""
    van, tot = window[2:] if Rule.GESTOPT in gone else window[:2]
    found = set()
    for day in days:
        held = min(tot, day + aanvraag.verblijf) - day if van <= day < tot else 0
        whole, in_time = held == aanvraag.verblijf, day <= aanvraag.uiterlijke_datum
        fits = whole and in_time
        if Rule.PERIODE in gone:
            later = FAR_DAYS if limits is None else limits.dagen_later
            shorter = 0 if limits is None else min(limits.dagen_korter, aanvraag.verblijf // 2)
            fits = fits or (whole and day <= aanvraag.uiterlijke_datum + later)
            fits = fits or (in_time and held > 0 and held >= aanvraag.verblijf - shorter)
        if fits and day >= aanvraag.gewenste_start:
            found.add(day)
    return found


def days_of(aanvraag: Aanvraag, plekken: Sequence[Plek]) -> range:
    """Every day on which something can differ: up to the last day that is mentioned anywhere, and one more."""
    ends = [day for plek in plekken for window in windows(plek) for day in window if day < FOREVER]
    return range(aanvraag.gewenste_start, max([aanvraag.uiterlijke_datum, *ends]) + 2)


def judged(aanvraag: Aanvraag, plekken: Sequence[Plek], travel: Estimate) -> dict[str, set[Rule]]:
    """Per plek the rules that its best window fails: the fewest, and of equals the earliest window."""
    days = days_of(aanvraag, plekken)
    bed = {(p.id, w): _bed(aanvraag, p, w, days) for p in plekken for w in windows(p)}
    found = {}
    for plek in plekken:
        choices = []
        for window in windows(plek):
            broken = failing(aanvraag, plek, travel) | bed[plek.id, window]
            own = bed[plek.id, window]
            companions = [
                (other, at)
                for other in plekken
                if other.voorziening == plek.voorziening and other.id != plek.id
                for at in windows(other)
                if bed[other.id, at] <= own
            ]
            if not _enough(aanvraag, window, companions, days, gone=own, limits=None):
                broken.add(Rule.BEDDEN)
            choices.append(broken)
        found[plek.id] = min(choices, key=len)
    return found


def _bed(aanvraag: Aanvraag, plek: Plek, window: Window, days: range) -> set[Rule]:
    broken = set() if plek.bemenst else {Rule.ONBEMENST}
    if not starts(aanvraag, window, days, {Rule.GESTOPT}):
        return broken | {Rule.PERIODE}
    return broken if starts(aanvraag, window, days) else broken | {Rule.GESTOPT}


def _enough(
    aanvraag: Aanvraag,
    window: Window,
    companions: Sequence[tuple[Plek, Window]],
    days: range,
    *,
    gone: Iterable[Rule],
    limits: Limits | None,
) -> set[int] | bool:
    """The days on which this window and n-1 other plekken can start; for one child no company is needed."""
    need = len(aanvraag.jeugdigen) - 1
    if not need:
        return True
    mine = starts(aanvraag, window, days, gone, limits)
    return {
        day
        for day in mine
        if len({other.id for other, at in companions if day in starts(aanvraag, at, [day], gone, limits)}) >= need
    }


def fitting(aanvraag: Aanvraag, plekken: Sequence[Plek], travel: Estimate) -> dict[str, int]:
    """The plekken that fit, with their first possible day."""
    days = days_of(aanvraag, plekken)
    usable = [p for p in plekken if not failing(aanvraag, p, travel) and p.bemenst]
    found: dict[str, int] = {}
    for plek in usable:
        companions = [
            (o, w) for o in usable if o.voorziening == plek.voorziening and o.id != plek.id for w in windows(o)
        ]
        for window in windows(plek):
            common = _enough(aanvraag, window, companions, days, gone=(), limits=None)
            first = common if isinstance(common, set) else starts(aanvraag, window, days)
            if first:
                found[plek.id] = min([*first, found.get(plek.id, FOREVER)])
    return found


def opened(
    aanvraag: Aanvraag, plekken: Sequence[Plek], travel: Estimate, gone: frozenset[Rule], limits: Limits
) -> set[str]:
    """The plekken that can be used when the rules `gone` give way, as far as the limits allow."""
    days = days_of(aanvraag, plekken)
    near = [p for p in plekken if _within(aanvraag, p, travel, gone, limits)]
    found = set()
    for plek in near:
        companions = [(o, w) for o in near if o.voorziening == plek.voorziening and o.id != plek.id for w in windows(o)]
        for window in windows(plek):
            alone = starts(aanvraag, window, days, gone, limits)
            if alone and (Rule.BEDDEN in gone or _enough(aanvraag, window, companions, days, gone=gone, limits=limits)):
                found.add(plek.id)
    return found


def _within(aanvraag: Aanvraag, plek: Plek, travel: Estimate, gone: frozenset[Rule], limits: Limits) -> bool:
    broken = failing(aanvraag, plek, travel)
    if not broken <= gone or not (plek.bemenst or Rule.ONBEMENST in gone):
        return False
    if Rule.LEEFTIJD in broken:
        ages = [child.leeftijd_maanden for child in aanvraag.jeugdigen]
        if max(plek.leeftijd_van - min(ages), max(ages) - plek.leeftijd_tot) > limits.maanden:
            return False
    if Rule.REISTIJD in broken:
        away = minutes(travel, aanvraag.thuis, plek.point)
        return away is not None and ceil(away - (aanvraag.maximale_reistijd or 0)) <= limits.minuten
    return True


def contributions(
    aanvraag: Aanvraag,
    plek: Plek,
    plekken: Sequence[Plek],
    *,
    weging: Weging,
    travel: Estimate,
    start: int,
    now_hour: float,
) -> dict[Criterium, float]:
    """The points of one place, per criterium that applies; they add up to its score."""
    needed = {code for child in aanvraag.jeugdigen for code in child.ondersteuning}
    lasting = plek.maximaal_verblijf is None or plek.maximaal_verblijf >= aanvraag.verblijf
    days = aanvraag.uiterlijke_datum - aanvraag.gewenste_start + 1
    values = {
        Criterium.ONDERSTEUNING: len(needed & plek.ondersteuning) / len(needed) if needed else None,
        Criterium.HUISELIJKHEID: weging.huiselijkheid.get(plek.zorgvorm, NEUTRAL),
        Criterium.AFSTAND: _near(aanvraag, plek, weging, travel),
        Criterium.WACHTTIJD: 1 - (start - aanvraag.gewenste_start) / days,
        Criterium.PERSPECTIEF: 0.5 * (aanvraag.perspectief in plek.perspectieven) + 0.5 * lasting,
        Criterium.SAMEN: _with_family(aanvraag, plek, plekken),
        Criterium.GROEPSMIX: _among(aanvraag, plek, weging),
        Criterium.ZEKERHEID: _certain(plek, weging, now_hour),
    }
    applying = {criterium: value for criterium, value in values.items() if value is not None}
    whole = sum(weging.gewichten.get(c, 0.0) for c in applying)
    return {c: 100.0 * weging.gewichten.get(c, 0.0) / whole * v if whole else 0.0 for c, v in applying.items()}


def _with_family(aanvraag: Aanvraag, plek: Plek, plekken: Sequence[Plek]) -> float | None:
    if not aanvraag.broers_zussen_bij:
        return None
    if plek.voorziening in aanvraag.broers_zussen_bij:
        return 1.0
    return 0.5 * (plek.locatie in {p.locatie for p in plekken if p.voorziening in aanvraag.broers_zussen_bij})


def _among(aanvraag: Aanvraag, plek: Plek, weging: Weging) -> float:
    group, ages = plek.group, [child.leeftijd_maanden for child in aanvraag.jeugdigen]
    if group.size == group.unknown:
        return NEUTRAL
    gaps = [max(0, group.youngest - age, age - group.oldest) for age in ages]
    return sum(max(0.0, 1 - gap / weging.leeftijdshorizon_maanden) for gap in gaps) / len(ages)


def _certain(plek: Plek, weging: Weging, now_hour: float) -> float:
    if plek.bevestigd_uur is None:
        return NEUTRAL
    stale = (now_hour - plek.bevestigd_uur - weging.vers_uur) / (weging.oud_uur - weging.vers_uur)
    return 1 - (1 - NEUTRAL) * min(1.0, max(0.0, stale))


def _near(aanvraag: Aanvraag, plek: Plek, weging: Weging, travel: Estimate) -> float | None:
    points = {Anker.THUIS: aanvraag.thuis, Anker.SCHOOL: aanvraag.school, Anker.NETWERK: aanvraag.netwerk}
    forms = {child.onderwijs for child in aanvraag.jeugdigen if child.onderwijs}
    if not forms and not any(points.values()):
        return None
    weighed = weight = 0.0
    for anker, point in points.items():
        away = minutes(travel, point, plek.point)
        value = None if away is None else max(0.0, 1 - away / weging.reishorizon_min)
        if anker is Anker.SCHOOL and forms and forms <= plek.onderwijs:
            value = 1.0
        if value is not None:
            weighed += weging.ankers.get(anker, 0.0) * value
            weight += weging.ankers.get(anker, 0.0)
    return weighed / weight if weight else NEUTRAL
