"""What one would write without columns: a loop over plekken with early exits, and the first free bed."""

from __future__ import annotations

from collections.abc import Sequence

from matcher.geo import Estimate
from matcher.plain import contributions, minutes
from matcher.problem import Aanvraag, Plek, Weging

Row = tuple[Plek, int]


def first_day(aanvraag: Aanvraag, plek: Plek) -> int | None:
    """The first day on which the bed is free for the stay."""
    for van, tot in plek.windows:
        start = max(van, aanvraag.gewenste_start)
        if start <= aanvraag.uiterlijke_datum and start + aanvraag.verblijf <= tot:
            return start
    return None


def usable(aanvraag: Aanvraag, plek: Plek, travel: Estimate) -> bool:
    """The rules for one child, each left as soon as it fails. Safety and the stop are left out, to its advantage."""
    child = aanvraag.jeugdigen[0]
    if plek.zorgvorm not in aanvraag.zorgvormen or not plek.bemenst:
        return False
    age = child.leeftijd_maanden
    if not plek.leeftijd_van <= age <= plek.leeftijd_tot or plek.groepssoort not in child.groepssoorten:
        return False
    if not aanvraag.juridische_kaders <= plek.juridische_kaders:
        return False
    machtiging = aanvraag.machtiging
    if machtiging is not None and plek.zorgvorm not in machtiging.zorgvormen:
        return False
    if plek.gesloten and not (machtiging is not None and machtiging.gesloten):
        return False
    if not child.medisch <= plek.medisch or child.kenmerken & plek.contra_indicaties:
        return False
    if child.rolstoel and not plek.rolstoeltoegankelijk:
        return False
    if any(code in plek.group.full for code in child.kenmerken):
        return False
    if plek.leeftijdsverschil_max is not None and plek.group.size > plek.group.unknown:
        spread = max(plek.group.oldest, age) - min(plek.group.youngest, age)
        if spread > plek.leeftijdsverschil_max:
            return False
    if (plek.regio, None) not in aanvraag.regios and (plek.regio, plek.zorgvorm) not in aanvraag.regios:
        return False
    if aanvraag.maximale_reistijd is not None:
        away = minutes(travel, aanvraag.thuis, plek.point)
        if away is not None and away > aanvraag.maximale_reistijd:
            return False
    return True


def rank_loop(
    aanvraag: Aanvraag, plekken: Sequence[Plek], *, weging: Weging, travel: Estimate, now_hour: float
) -> list[tuple[float, str]]:
    """Score and id of every plek that fits, best first."""
    found = []
    for plek in plekken:
        if usable(aanvraag, plek, travel):
            start = first_day(aanvraag, plek)
            if start is not None:
                points = contributions(aanvraag, plek, (), weging=weging, travel=travel, start=start, now_hour=now_hour)
                found.append((-sum(points.values()), plek.id))
    found.sort()
    return found


def first_free_bed(aanvraag: Aanvraag, plekken: Sequence[Plek], travel: Estimate) -> Plek | None:
    """The first that will do: what happens by telephone."""
    return next(
        (plek for plek in plekken if usable(aanvraag, plek, travel) and first_day(aanvraag, plek) is not None), None
    )
