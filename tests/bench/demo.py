"""The demo region as matching problems, straight from the generator: no database in what is measured."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from matcher.geo import rd
from matcher.problem import Aanvraag, Codes, Criterium, Jeugdige, Machtiging, Plek, Point, Urgentie, Weging
from service.aanbod import _assemble
from service.aanvragen import OPEN
from service.demo import rows as demo
from service.demo.generate import Size, generate
from service.demo.scarcity import Scarcity
from service.geo.postcodes import read_table

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOW_HOUR = TODAY.toordinal() * 24.0 + 10


class Region(Struct, frozen=True):
    plekken: list[Plek]
    codes: Codes
    aanvragen: list[Aanvraag]
    """The open ones; a samenplaatsing is one aanvraag. Each may use places of every region."""
    wegingen: dict[Urgentie, Weging]


def region(size: Size, scarcity: Scarcity, seed: int = 1) -> Region:
    rows = generate(seed=seed, today=TODAY, size=size, scarcity=scarcity)
    points = {area.pc4: Point(*rd(area.lat, area.lon)) for area in read_table()}
    return Region(
        plekken=_plekken(rows),
        codes=_codes(rows),
        aanvragen=_aanvragen(rows, points),
        wegingen=_wegingen(rows),
    )


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
            msgspec.structs.asdict(unit)
            | msgspec.structs.asdict(plek)
            | {
                "bestaat_van": plek.bestaat.lower,
                "bestaat_tot": plek.bestaat.upper,
                "contract": (plek.aanbieder_id, unit.zorgvorm) in contracts,
            }
        )
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
    found, _ = _assemble(plekken, taken, punten, NOW)
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


def _aanvragen(rows: demo.Rows, points: dict[str, Point]) -> list[Aanvraag]:
    regios = frozenset((regio.code, None) for regio in rows.jeugdregio)
    machtigingen = {one.aanvraag_id: one for one in rows.machtiging}
    families: dict[object, list[demo.Aanvraag]] = {}
    for row in rows.aanvraag:
        if row.status in OPEN:
            families.setdefault(row.samenplaatsing_id or row.id, []).append(row)
    found = []
    for children in families.values():
        own = children[0]
        start = max(TODAY, *(child.gewenste_start for child in children))
        zorgvormen = frozenset.intersection(*(frozenset(child.zorgvormen) for child in children))
        machtiging = machtigingen.get(own.id)
        if not zorgvormen:
            continue
        found.append(
            Aanvraag(
                id=str(own.id),
                urgentie=Urgentie(own.urgentie),
                jeugdigen=tuple(_jeugdige(child) for child in children),
                zorgvormen=zorgvormen,
                juridische_kaders=frozenset(child.juridisch_kader for child in children),
                perspectief=own.perspectief,
                gewenste_start=start.toordinal(),
                uiterlijke_datum=max(start, min(child.uiterlijke_datum for child in children)).toordinal(),
                verblijf=max(child.verwacht_verblijf for child in children),
                regios=regios,
                machtiging=Machtiging(frozenset(machtiging.zorgvormen), gesloten=machtiging.soort == "gesloten")
                if machtiging
                else None,
                thuis=points.get(own.pc4),
                school=points.get(own.school_pc4 or ""),
                netwerk=points.get(own.netwerk_pc4 or ""),
                maximale_reistijd=own.maximale_reistijd,
            )
        )
    return found


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
