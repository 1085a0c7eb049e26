"""The rangschikking of one aanvraag as people read it: the matcher's codes and numbers with names and sentences.

The same Structs are the answer of the API and what the page shows. `rol` decides which reasons stand in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from matcher.problem import Criterium, Weging
from matcher.solution import Change, Changes, FallenOut, Fit, Mark, Out, Ranking
from service.db import Connection, Reads, Rol
from service.fields import AanvraagId
from service.rang import catalogue
from service.rang.catalogue import Names
from service.rang.snapshot import Freshness, load_names


class Bijdrage(Struct, frozen=True, rename="camel"):
    """What one criterium adds to the number: `punten` of at most `maximum`."""

    criterium: Criterium
    naam: str
    punten: float
    maximum: float


class Voorkomen(Struct, frozen=True, rename="camel", kw_only=True):
    """What a person must know of a voorziening to call about it. Without plaats when that is not public."""

    plek_id: UUID
    voorziening_id: UUID
    aanbieder_id: UUID
    naam: str
    aanbieder: str
    zorgvorm: str
    zorgvorm_naam: str
    plaats: str | None
    bellen_naam: str | None
    bellen_telefoon: str | None
    bevestigd_op: datetime | None


class PassendePlek(Struct, frozen=True, rename="camel", kw_only=True):
    """One voorziening with its best plek."""

    plek: Voorkomen
    band: str
    band_naam: str
    eerste_dag: date
    reistijd_minuten: dict[str, int]
    """Per anker (thuis, school, netwerk); in quarters of an hour when the place is not public."""
    waarom: list[str]
    onbekend: list[str]
    let_op: list[str]
    aantal_plekken: int
    """Plekken of this voorziening that fit."""
    samen_met: list[UUID]
    """For a samenplaatsing: the other plekken that are free together with this one."""
    score: float | None
    """Only for sorting. Never for a contract or a court. The sum of bijdragen."""
    bijdragen: list[Bijdrage]


class AfgevallenPlek(Struct, frozen=True, rename="camel", kw_only=True):
    plek: Voorkomen
    regels: list[str]
    redenen: list[str]
    aantal_plekken: int


class KleinsteWijziging(Struct, frozen=True, rename="camel", kw_only=True):
    """A smallest change that would open places."""

    regels: list[str]
    advies: str
    gevolg: str
    aantal_plekken: int
    aantal_voorzieningen: int
    voorbeelden: list[Voorkomen]


class Rangschikking(Struct, frozen=True, rename="camel", kw_only=True):
    aanvraag_id: AanvraagId
    aantal_passend: int
    """Plekken."""
    aantal_voorzieningen: int
    plekken: list[PassendePlek]
    aantal_afgevallen: int
    afgevallen_per_reden: dict[str, int]
    alleen_om_deze_reden: dict[str, int]
    afgevallen: list[AfgevallenPlek]
    kleinste_wijzigingen: list[KleinsteWijziging]
    reistijd_bron: str
    """`schatting` or `osrm`."""
    reistijd_reden: str | None
    """Why it is an estimate although a route service was asked."""
    peilmoment: datetime
    actueel: bool
    """False: the places may have changed since peilmoment, and nobody could check. These two stand last, because they
    are of each look anew (`with_freshness`)."""


VOORKOMENS = """
select p.id as plek_id, v.id as voorziening_id, a.id as aanbieder_id, v.naam, a.naam as aanbieder, v.zorgvorm,
       z.naam as zorgvorm_naam, l.plaats, l.zichtbaarheid = 'openbaar' as openbaar, v.bellen_naam,
       coalesce(v.bellen_telefoon, a.telefoon) as bellen_telefoon, p.bevestigd_op
from plek p
join voorziening v on v.id = p.voorziening_id
join aanbieder a on a.id = v.aanbieder_id
join locatie l on l.id = v.locatie_id
join zorgvorm z on z.regio = v.regio and z.code = v.zorgvorm
where p.id = any ($1::uuid[])
"""


class Shown(Struct, frozen=True):
    """A row that the asker may see, and whether its place on the map may be known."""

    voorkomen: Voorkomen
    openbaar: bool


async def shown(conn: Reads, plekken: Sequence[str]) -> dict[str, Shown]:
    """The rows to show, fetched under row-level security: what is not in it may not, or no longer, be seen."""
    rows = await conn.fetch(VOORKOMENS, list(plekken))
    found = {}
    for row in rows:
        values = dict(row)
        openbaar = values.pop("openbaar")
        found[str(row["plek_id"])] = Shown(Voorkomen(**values), openbaar)
    return found


async def names(conn: Connection) -> Names:
    """Names of all visible codes, for whoever has no View."""
    return await load_names(conn)


class Context(Struct, frozen=True, eq=False):
    """What every sentence needs."""

    rol: Rol
    today: date
    wished: date
    needed: int
    """Codes of support that the jeugdigen need together."""
    weging: Weging
    names: Names
    rows: dict[str, Shown]


def passend(fit: Fit, c: Context) -> PassendePlek | None:
    """None when the row may not be seen (any more)."""
    row = c.rows.get(fit.plek)
    if row is None:
        return None
    start = date.fromordinal(fit.start)
    exact = row.openbaar and Mark.LOCATIE_GROF not in fit.marks
    points = catalogue.sees_all(c.rol)
    return PassendePlek(
        plek=row.voorkomen,
        band=fit.band,
        band_naam=catalogue.BANDS[fit.band],
        eerste_dag=start,
        reistijd_minuten={anker: catalogue.whole_minutes(value, exact=exact) for anker, value in fit.reistijd.items()},
        waarom=catalogue.why(fit, start, c.wished, c.today, c.needed, exact=exact),
        onbekend=[catalogue.UNKNOWNS[code] for code in fit.unknown],
        let_op=[catalogue.MARKS[code] for code in fit.marks],
        aantal_plekken=fit.plekken,
        samen_met=[UUID(key) for key in fit.samen_met],
        score=fit.score if points else None,
        bijdragen=_bijdragen(fit, c.weging) if points else [],
    )


def _bijdragen(fit: Fit, weging: Weging) -> list[Bijdrage]:
    gewichten = weging.gewichten
    whole = sum([gewichten.get(criterium, 0.0) for criterium in fit.contributions])
    return [
        Bijdrage(
            criterium=criterium,
            naam=catalogue.CRITERIA[criterium],
            punten=punten,
            maximum=100 * gewichten.get(criterium, 0.0) / whole if whole else 0.0,
        )
        for criterium, punten in fit.contributions.items()
    ]


def afgevallen(out: Out, c: Context) -> AfgevallenPlek | None:
    """None when the row may not be seen (any more)."""
    row = c.rows.get(out.plek)
    if row is None:
        return None
    reasons = catalogue.visible(out.reasons, c.rol)
    return AfgevallenPlek(
        plek=row.voorkomen,
        regels=[reason.rule for reason in reasons],
        redenen=[catalogue.reason(reason, c.names, c.today, exact=row.openbaar) for reason in reasons]
        or [catalogue.unavailable()],
        aantal_plekken=out.plekken,
    )


def wijziging(change: Change, names: Names, rows: dict[str, Shown]) -> KleinsteWijziging:
    return KleinsteWijziging(
        regels=list(change.rules),
        advies=catalogue.advice(change, names),
        gevolg=catalogue.opened(change),
        aantal_plekken=change.plekken,
        aantal_voorzieningen=change.voorzieningen,
        voorbeelden=[rows[out.plek].voorkomen for out in change.places if out.plek in rows],
    )


def compose(
    aanvraag_id: UUID,
    ranking: Ranking,
    fallen: FallenOut,
    changes: Changes,
    *,
    c: Context,
    fresh: Freshness,
    travel: tuple[str, str | None],
) -> Rangschikking:
    """Everything together, for one role."""
    plekken = [line for fit in ranking.places if (line := passend(fit, c))]
    out = [gone for found in fallen.places if (gone := afgevallen(found, c))]
    # A row that is gone although the columns still had it: then the columns were older than the rows.
    missing = len(plekken) < len(ranking.places) or len(out) < len(fallen.places)
    return Rangschikking(
        aanvraag_id=aanvraag_id,
        aantal_passend=ranking.plekken,
        aantal_voorzieningen=ranking.voorzieningen,
        plekken=plekken,
        aantal_afgevallen=fallen.plekken,
        afgevallen_per_reden=catalogue.rule_names(fallen.per_rule, fallen.revealing, c.rol),
        alleen_om_deze_reden=catalogue.rule_names(fallen.alone, fallen.revealing_alone, c.rol),
        afgevallen=out,
        kleinste_wijzigingen=[wijziging(change, c.names, c.rows) for change in (*changes.one, *changes.two)],
        peilmoment=fresh.peilmoment,
        actueel=fresh.actueel and not missing,
        reistijd_bron=travel[0],
        reistijd_reden=travel[1],
    )


def without_freshness(found: Rangschikking) -> bytes:
    """JSON of what is the same for everybody who asks the same, as far as the fields of Freshness."""
    return msgspec.json.encode(found).rpartition(b',"peilmoment":')[0]


def with_freshness(answer: bytes, fresh: Freshness) -> bytes:
    """The whole, as fresh as it is now."""
    return answer + b"," + msgspec.json.encode(fresh)[1:]
