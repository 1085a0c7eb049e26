"""The demo region's two years played again: which child can stay where, and what each policy makes of it.

Every plek is asked as if it were free for ever, so a pair is the profile's yes and its score without waiting; time is
the replay's own. Left out: group mix (who lives there differs per policy), and stops that begin after the first day.
"""

from __future__ import annotations

from datetime import date

import numpy as np
from msgspec import Struct

from matcher import problem as matching
from matcher.aanbod import Aanbod, run_starts
from matcher.geo import Estimate, rd
from matcher.hindsight import hindsight
from matcher.pairs import NOBODY, Pairs
from matcher.problem import FOREVER, Anker, Codes, Criterium, Jeugdige, Machtiging, Plek, Point, Urgentie, Weging
from matcher.rank import fits
from matcher.replay import (
    POINT,
    Figures,
    Stream,
    Worth,
    best_score,
    figures,
    first_free,
    nothing,
    replay,
    resolve,
    with_prices,
)
from matcher.rules import ask
from service.demo.arrivals import CHILDREN_PER_DAY, arrivals
from service.demo.history import HISTORY_DAYS
from service.demo.rows import Aanvraag, Rows
from service.demo.rows import Machtiging as MachtigingRow
from service.geo.postcodes import read_table


class Comparison(Struct, frozen=True, rename="camel"):
    """The measured year under each policy; all begin it as plain re-solving ended the year before."""

    getal: int
    beleid: dict[str, Figures]
    """eerste_vrije, beste_score, opnieuw, met_prijzen, achteraf: the best that was found with everything known."""
    grens: float
    """No policy can be worth more than this: proven."""
    gedicht: float
    """Part of the gap between plain re-solving and `grens` that prices close: `achteraf` depends on how long a solver
    may look, and is sometimes no better than a policy."""


def play(*, seed: int, today: date) -> Comparison:
    """The two years up to `today` of the demo region; takes minutes."""
    stream = demo_stream(seed=seed, today=today)
    return compare(stream, Worth(), seed=seed)


def compare(stream: Stream, worth: Worth, *, seed: int) -> Comparison:
    """Who came in the first half of the stream is expected again; everything is measured in the second half."""
    half, end = stream.days // 2, stream.days
    before = replay(stream, resolve, begin=0, end=half, before=nothing(stream))
    policies = {
        "eerste_vrije": first_free,
        "beste_score": best_score,
        "opnieuw": resolve,
        "met_prijzen": with_prices(stream, worth, begin=0, end=half),
    }
    found, known = {}, []
    for name, policy in policies.items():
        stays = replay(stream, policy, begin=half, end=end, before=before)
        found[name] = figures(stream, worth, stays, begin=half, end=end)
        known.append(stays)
    best = hindsight(stream, worth, begin=half, end=end, before=before, known=tuple(known))
    found["achteraf"] = figures(stream, worth, best.stays, begin=half, end=end)
    plain, gain = found["opnieuw"].value, found["met_prijzen"].value - found["opnieuw"].value
    return Comparison(
        getal=seed,
        beleid=found,
        grens=best.bound,
        gedicht=_part(gain, best.bound - plain),
    )


def _part(gain: float, gap: float) -> float:
    return gain / gap if gap > 0 else 0.0


def demo_stream(*, seed: int, today: date, days: int = HISTORY_DAYS, per_day: float = CHILDREN_PER_DAY) -> Stream:
    """The `days` up to `today` of the demo region, krap. Same arguments, same stream."""
    found = arrivals(seed=seed, today=today, days=days, per_day=per_day)
    points = {area.pc4: Point(*rd(area.lat, area.lon)) for area in read_table()}
    rows = found.supply
    aanbod = Aanbod.build(_plekken(rows, points), _codes(rows))
    wegingen = _wegingen(rows)
    machtigingen = {one.aanvraag_id: one for one in found.demand.machtiging}
    unit_of = {unit: at for at, unit in enumerate(aanbod.profielen.id.tolist())}
    children: list[tuple[Aanvraag, int]] = []
    leave: list[bool] = []
    for family in found.families:
        group = len(leave) if len(family.children) > 1 else NOBODY
        leave += [family.mag_splitsen] if group >= 0 else []
        children += [(child, group) for child in family.children]
    request, unit, value, minutes = [], [], [], []
    for at, (child, _) in enumerate(children):
        q = ask(_aanvraag(child, machtigingen.get(child.id), points), aanbod, Estimate())
        fit = fits(q, wegingen[Urgentie(child.urgentie)], 0.0)
        first = np.flatnonzero(run_starts(fit.owner))
        request.append(np.full(len(first), at))
        unit.append(fit.at)
        value.append(np.rint(fit.score[first] * POINT).astype(np.int64))
        minutes.append(fit.minutes[Anker.THUIS])
    since = found.since.toordinal()
    rows_of = [child for child, _ in children]
    return Stream(
        pairs=Pairs.build(
            urgentie=[list(Urgentie).index(Urgentie(child.urgentie)) for child in rows_of],
            groep=[group for _, group in children],
            splitsbaar=leave,
            capaciteit=np.bincount(aanbod.vensters.voorziening, minlength=len(unit_of)),
            request=np.concatenate(request),
            slot=np.concatenate(unit),
            value=np.concatenate(value),
        ),
        minutes=np.concatenate(minutes),
        days=found.days,
        arrival=np.array([child.leeftijd_peildatum.toordinal() - since for child in rows_of]),
        start=np.array([child.gewenste_start.toordinal() - since for child in rows_of]),
        latest=np.array([child.uiterlijke_datum.toordinal() - since for child in rows_of]),
        stay=np.array([child.verwacht_verblijf for child in rows_of]),
        machtiging=np.array([child.id in machtigingen for child in rows_of]),
        taken=np.array(_taken(rows, unit_of, found.since)),
    )


def _taken(rows: Rows, unit_of: dict[str, int], since: date) -> list[tuple[int, int]]:
    """Of each plek that is taken on the first day (or not there yet): its voorziening, and the day it comes free."""
    until: dict[object, date | None] = {}
    for one in rows.bezetting:
        first, last = one.periode.lower, one.periode.upper
        if one.soort != "optie" and first is not None and first <= since and (last is None or last > since):
            until[one.plek_id] = last
    found = []
    for plek in rows.plek:
        at = unit_of.get(str(plek.voorziening_id))
        if at is None:
            continue
        if plek.id in until:
            upper = until[plek.id]
            found.append((at, upper.toordinal() - since.toordinal() if upper else FOREVER))
        elif plek.bestaat.lower is not None and plek.bestaat.lower > since:
            found.append((at, plek.bestaat.lower.toordinal() - since.toordinal()))
    return found


def _plekken(rows: Rows, points: dict[str, Point]) -> list[Plek]:
    rankable = {z.code for z in rows.zorgvorm if z.rangschikbaar}
    units = {unit.id: unit for unit in rows.voorziening}
    secret = {address.locatie_id: address.postcode for address in rows.locatie_adres}
    where = {one.id: points[(one.postcode or secret[one.id])[:4]] for one in rows.locatie}
    return [
        Plek(
            id=str(plek.id),
            voorziening=str(unit.id),
            locatie=str(unit.locatie_id),
            aanbieder=str(unit.aanbieder_id),
            regio=unit.regio,
            zorgvorm=unit.zorgvorm,
            leeftijd_van=unit.leeftijd_van,
            leeftijd_tot=unit.leeftijd_tot,
            groepssoort=unit.groepssoort,
            juridische_kaders=frozenset(unit.juridische_kaders),
            perspectieven=frozenset(unit.perspectieven),
            gesloten=unit.gesloten,
            ondersteuning=frozenset(unit.ondersteuning),
            contra_indicaties=frozenset(unit.contra_indicaties),
            medisch=frozenset(unit.medisch),
            rolstoeltoegankelijk=unit.rolstoeltoegankelijk,
            onderwijs=frozenset(unit.onderwijs),
            maximaal_verblijf=unit.maximaal_verblijf,
            windows=((1, FOREVER),),
            point=where[unit.locatie_id],
        )
        for plek in rows.plek
        for unit in (units[plek.voorziening_id],)
        if unit.zorgvorm in rankable
    ]


def _codes(rows: Rows) -> Codes:
    def listed(lijst: str) -> tuple[str, ...]:
        return tuple(sorted({code.code for code in rows.kenmerkcode if code.lijst == lijst}))

    return Codes(
        zorgvormen=tuple(sorted({zorgvorm.code for zorgvorm in rows.zorgvorm})),
        ondersteuning=listed("ondersteuning"),
        kenmerken=listed("kenmerk"),
        medisch=listed("medisch"),
        onderwijs=listed("onderwijs"),
    )


def _wegingen(rows: Rows) -> dict[Urgentie, Weging]:
    homely = {zorgvorm.code: zorgvorm.huiselijkheid for zorgvorm in rows.zorgvorm}
    return {
        urgentie: Weging(
            gewichten={Criterium(row.criterium): row.gewicht for row in rows.weging if row.urgentie == urgentie},
            huiselijkheid=homely,
        )
        for urgentie in Urgentie
    }


def _aanvraag(row: Aanvraag, machtiging: MachtigingRow | None, points: dict[str, Point]) -> matching.Aanvraag:
    return matching.Aanvraag(
        id=str(row.id),
        urgentie=Urgentie(row.urgentie),
        jeugdigen=(
            Jeugdige(
                leeftijd_maanden=row.leeftijd_maanden,
                groepssoorten=frozenset(row.groepssoorten),
                ondersteuning=frozenset(row.ondersteuning),
                kenmerken=frozenset(row.kenmerken),
                medisch=frozenset(row.medisch),
                rolstoel=row.rolstoel,
                onderwijs=row.onderwijs,
            ),
        ),
        zorgvormen=frozenset(row.zorgvormen),
        juridische_kaders=frozenset((row.juridisch_kader,)),
        perspectief=row.perspectief,
        gewenste_start=row.gewenste_start.toordinal(),
        uiterlijke_datum=row.uiterlijke_datum.toordinal(),
        verblijf=row.verwacht_verblijf,
        regios=frozenset(((row.regio, None),)),
        machtiging=Machtiging(frozenset(machtiging.zorgvormen), gesloten=machtiging.soort == "gesloten")
        if machtiging
        else None,
        thuis=points.get(row.pc4),
        school=points.get(row.school_pc4 or ""),
        netwerk=points.get(row.netwerk_pc4 or ""),
        maximale_reistijd=row.maximale_reistijd,
    )
