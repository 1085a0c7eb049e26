"""The demo region as matching problems, straight from the generator: no database in what is measured."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from matcher.aanbod import Aanbod
from matcher.geo import Estimate, rd
from matcher.problem import Aanvraag, Area, Codes, Criterium, Jeugdige, Machtiging, Plek, Point, Urgentie, Weging
from matcher.proposal.candidates import Asked, Candidates, candidates
from service.aanvraag.gebeurtenissen import OPEN
from service.demo import rows as demo
from service.demo.generate import Size, generate
from service.demo.scarcity import Scarcity
from service.geo.postcodes import read_table
from service.rang.aanbod import _assemble, points_of

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOW_HOUR = TODAY.toordinal() * 24.0 + 10


class Region(Struct, frozen=True):
    plekken: list[Plek]
    codes: Codes
    aanvragen: list[Aanvraag]
    """The open ones; a samenplaatsing is one aanvraag. Each may use places of every region."""
    wegingen: dict[Urgentie, Weging]
    asked: list[Asked]
    """The same aanvragen for the joint plan, each child with the places that its own region may use."""


def region(size: Size, scarcity: Scarcity, seed: int = 1) -> Region:
    rows = generate(seed=seed, today=TODAY, size=size, scarcity=scarcity)
    child, wegingen = _child(rows), _wegingen(rows)
    return Region(
        plekken=_plekken(rows),
        codes=_codes(rows),
        aanvragen=_aanvragen(rows, child),
        wegingen=wegingen,
        asked=_asked(rows, child, wegingen),
    )


def joint(size: Size, scarcity: Scarcity, seed: int = 1, *, everywhere: bool = False) -> Candidates:
    """The demo as a joint plan: `.pairs` for matcher.plan. `everywhere`: with the places of every region."""
    demo = region(size, scarcity, seed)
    asked = demo.asked
    if everywhere:
        regios = frozenset((plek.regio, None) for plek in demo.plekken)
        asked = [
            msgspec.structs.replace(
                one, kinderen=tuple(msgspec.structs.replace(child, regios=regios) for child in one.kinderen)
            )
            for one in asked
        ]
    return candidates(asked, Aanbod.build(demo.plekken, demo.codes), NOW_HOUR)


def _plekken(rows: demo.Rows) -> list[Plek]:
    rankable = {(z.regio, z.code) for z in rows.zorgvorm if z.rangschikbaar}
    units = {unit.id: unit for unit in rows.voorziening}
    contracts = {(c.aanbieder_id, c.zorgvorm) for c in rows.contract if TODAY in _period(c.geldigheid)}
    secret = {address.locatie_id: address.postcode for address in rows.locatie_adres}
    areas = {area.pc4: area for area in read_table()}
    plekken: list[Any] = []
    for plek in rows.plek:
        unit = units[plek.voorziening_id]
        if (unit.regio, unit.zorgvorm) not in rankable or TODAY not in _period(plek.bestaat):
            continue
        plekken.append(
            msgspec.structs.asdict(plek) | {"bestaat_van": plek.bestaat.lower, "bestaat_tot": plek.bestaat.upper}
        )
    profielen: list[Any] = [
        msgspec.structs.asdict(unit) | {"contract": (unit.aanbieder_id, unit.zorgvorm) in contracts}
        for unit in rows.voorziening
    ]
    taken: list[Any] = [
        {
            "plek_id": one.plek_id,
            "soort": one.soort,
            "van": one.periode.lower,
            "tot": one.periode.upper,
            "vervalt_op": one.vervalt_op,
            "bewoner_maanden": one.bewoner_maanden,
            "bewoner_kenmerken": one.bewoner_kenmerken,
        }
        for one in rows.bezetting
        if one.vrijgegeven_op is None and (one.periode.upper is None or one.periode.upper > TODAY)
    ]
    punten: list[Any] = []
    for locatie in rows.locatie:
        area = areas[(locatie.postcode or secret[locatie.id])[:4]]
        public = locatie.zichtbaarheid == "openbaar"
        lat, lon = (area.lat, area.lon) if public else (round(area.lat / 0.05) * 0.05, round(area.lon / 0.05) * 0.05)
        punten.append({"locatie_id": locatie.id, "lat": lat, "lon": lon, "exact": public})
    found, _ = _assemble(profielen, plekken, taken, points_of(punten), NOW)
    return found


class _period:
    """A range of days, end exclusive, either side may be open."""

    def __init__(self, days: Any) -> None:
        self.days = days

    def __contains__(self, day: date) -> bool:
        lower, upper = self.days.lower, self.days.upper
        return (lower is None or lower <= day) and (upper is None or day < upper)


def _codes(rows: demo.Rows) -> Codes:
    def listed(lijst: str) -> tuple[str, ...]:
        return tuple(sorted({code.code for code in rows.kenmerkcode if code.lijst == lijst}))

    return Codes(
        zorgvormen=tuple(sorted({zorgvorm.code for zorgvorm in rows.zorgvorm})),
        ondersteuning=listed("ondersteuning"),
        kenmerken=listed("kenmerk"),
        medisch=listed("medisch"),
        onderwijs=listed("onderwijs"),
    )


def _wegingen(rows: demo.Rows) -> dict[Urgentie, Weging]:
    homely = {zorgvorm.code: zorgvorm.huiselijkheid for zorgvorm in rows.zorgvorm}
    first = rows.jeugdregio[0].code
    return {
        urgentie: Weging(
            gewichten={
                Criterium(row.criterium): row.gewicht
                for row in rows.weging
                if row.regio == first and row.urgentie == urgentie
            },
            huiselijkheid=homely,
        )
        for urgentie in Urgentie
    }


Child = Callable[[demo.Aanvraag, frozenset[tuple[str, str | None]]], Aanvraag]
"""One row and the regions whose places may be used → the aanvraag of one child."""


def _aanvragen(rows: demo.Rows, child: Child) -> list[Aanvraag]:
    everywhere = frozenset((regio.code, None) for regio in rows.jeugdregio)
    found = []
    for family in _families(rows):
        children = [child(row, everywhere) for row in family]
        zorgvormen = frozenset.intersection(*(one.zorgvormen for one in children))
        if not zorgvormen:
            continue
        start = max(one.gewenste_start for one in children)
        found.append(
            msgspec.structs.replace(
                children[0],
                jeugdigen=tuple(one.jeugdigen[0] for one in children),
                zorgvormen=zorgvormen,
                juridische_kaders=frozenset.union(*(one.juridische_kaders for one in children)),
                gewenste_start=start,
                uiterlijke_datum=max(start, min(one.uiterlijke_datum for one in children)),
                verblijf=max(one.verblijf for one in children),
            )
        )
    return found


def _asked(rows: demo.Rows, child: Child, wegingen: dict[Urgentie, Weging]) -> list[Asked]:
    """As the joint plan takes them: a child each, with places of its own region and those it has an agreement with."""
    leave = {one.id for one in rows.samenplaatsing if one.mag_splitsen}
    regios: dict[str, set[tuple[str, str | None]]] = {one.code: {(one.code, None)} for one in rows.jeugdregio}
    for one in rows.regioafspraak:
        if TODAY in _period(one.geldigheid):
            regios[one.vraag_regio].add((one.aanbod_regio, one.zorgvorm))
    return [
        Asked(
            id=str(family[0].samenplaatsing_id or family[0].id),
            kinderen=tuple(child(row, frozenset(regios[row.regio])) for row in family),
            wachtdagen=tuple((TODAY - row.aangemeld_op.date()).days for row in family),
            weging=wegingen[Urgentie(family[0].urgentie)],
            travel=Estimate(),
            mag_splitsen=family[0].samenplaatsing_id in leave,
        )
        for family in _families(rows)
    ]


def _families(rows: demo.Rows) -> list[list[demo.Aanvraag]]:
    """The open aanvragen, those of one samenplaatsing together."""
    families: dict[object, list[demo.Aanvraag]] = {}
    for row in rows.aanvraag:
        if row.status in OPEN:
            families.setdefault(row.samenplaatsing_id or row.id, []).append(row)
    return list(families.values())


def _child(rows: demo.Rows) -> Child:
    points = {area.pc4: Point(*rd(area.lat, area.lon)) for area in read_table()}
    machtigingen = {one.aanvraag_id: one for one in rows.machtiging}
    uitsluitingen: dict[object, list[demo.Uitsluiting]] = {}
    for one in rows.uitsluiting:
        uitsluitingen.setdefault(one.aanvraag_id, []).append(one)

    def child(row: demo.Aanvraag, regios: frozenset[tuple[str, str | None]]) -> Aanvraag:
        machtiging, out = machtigingen.get(row.id), uitsluitingen.get(row.id, [])
        start = max(TODAY, row.gewenste_start)
        return Aanvraag(
            id=str(row.id),
            urgentie=Urgentie(row.urgentie),
            jeugdigen=(_jeugdige(row),),
            zorgvormen=frozenset(row.zorgvormen),
            juridische_kaders=frozenset({row.juridisch_kader}),
            perspectief=row.perspectief,
            gewenste_start=start.toordinal(),
            uiterlijke_datum=max(start, row.uiterlijke_datum).toordinal(),
            verblijf=row.verwacht_verblijf,
            regios=regios,
            machtiging=Machtiging(frozenset(machtiging.zorgvormen), gesloten=machtiging.soort == "gesloten")
            if machtiging
            else None,
            thuis=points.get(row.pc4),
            school=points.get(row.school_pc4 or ""),
            netwerk=points.get(row.netwerk_pc4 or ""),
            maximale_reistijd=row.maximale_reistijd,
            uitgesloten_aanbieders=frozenset(str(one.aanbieder_id) for one in out if one.aanbieder_id),
            uitgesloten_voorzieningen=frozenset(str(one.voorziening_id) for one in out if one.voorziening_id),
            uitgesloten_gebieden=tuple(Area(points[one.pc4], one.straal_km or 0.0) for one in out if one.pc4),
        )

    return child


def _jeugdige(row: demo.Aanvraag) -> Jeugdige:
    return Jeugdige(
        leeftijd_maanden=row.leeftijd_maanden,
        groepssoorten=frozenset(row.groepssoorten),
        ondersteuning=frozenset(row.ondersteuning),
        kenmerken=frozenset(row.kenmerken),
        medisch=frozenset(row.medisch),
        rolstoel=row.rolstoel,
        onderwijs=row.onderwijs,
    )
