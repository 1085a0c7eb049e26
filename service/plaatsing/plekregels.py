"""Plekregels: may these children go to these plekken? All hard rules of the matcher, asked again of what is true now.

For who holds a plek or sends a voorstel, after `vergrendel`: nobody changes a group in between; `bezwaren` only tells
beforehand, and locks nothing. The group is who will live there in those days and for whom a plek is held. A person may
deviate with a reason, but never from what protects the child or is the law, and never from what it may not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg
from msgspec import Struct, structs

from matcher.aanbod import Aanbod
from matcher.geo import Estimate, Travel
from matcher.judge import judge
from matcher.problem import Aanvraag, Plek
from matcher.reasons import why_not
from matcher.solution import Reason, Rule
from service.days import today
from service.db import Connection, Wie
from service.errors import Kind, Refusal
from service.fields import AanvraagId
from service.rang import aanbod, catalogue, rangschikking, vraag
from service.rang.aanbod import group_of
from service.rang.travel import Traveller
from service.taal import gettext, later

NOOIT = frozenset({Rule.VEILIGHEID, Rule.MACHTIGING, Rule.CONTRA_INDICATIE, Rule.REGIO})
"""What no reason opens. Toestemming and grondslag are asked when a plaatsing becomes definitive (termijnen)."""

BLIJVEND = NOOIT - {Rule.MACHTIGING}
"""What is asked again when it becomes definitive, of what is known then; the machtiging stands with the papers."""

VEILIG = frozenset({Rule.VEILIGHEID, Rule.REGIO})
GESLOTEN = VEILIG | {Rule.MACHTIGING}
"""What stands in the way of a plaatsing by telephone, in open and in closed care."""


class Plaats(Struct, frozen=True, kw_only=True):
    """One child on one plek, for these days."""

    aanvraag_id: AanvraagId
    plek_id: UUID
    van: date
    tot: date | None = None
    """None: as long as the aanvraag asks."""


GROEP = "select * from groep_van($1, $2, $3, $4, $5)"

PROFIEL = """
select p.id as plek_id, p.voorziening_id, v.groepsmix from plek p join voorziening v on v.id = p.voorziening_id
where p.id = any ($1)
"""


LAATST = "select id, uiterlijke_datum from aanvraag where id = any ($1)"


async def keur(
    conn: Connection,
    travel: Traveller,
    plaatsen: Sequence[Plaats],
    *,
    wie: Wie,
    afwijking: str | None,
    now: datetime,
    alleen: frozenset[Rule] | None = None,
) -> list[Rule]:
    """The rules from which `afwijking` deviates; none when all is well. Children of one voorziening count together.
    `alleen`: only these stand in the way, because the provider itself has said yes by telephone.

    Refuses NOT_FOUND when a plek is not there for who asks, and CONFLICT with why not and what would be possible.
    """
    found = await _found(conn, travel, plaatsen, now)
    if alleen is not None:
        found = {plek: [reason for reason in reasons if reason.rule in alleen] for plek, reasons in found.items()}
    return await _decide(conn, wie, found, afwijking, now)


class Bezwaar(Struct, frozen=True):
    """Why a child may not go to a plek, as sentences; `nooit` when no reason opens it."""

    zinnen: list[str]
    nooit: bool


async def bezwaren(
    conn: Connection,
    travel: Traveller,
    aanvraag_id: UUID,
    plekken: Sequence[UUID],
    *,
    van: date,
    wie: Wie,
    now: datetime,
) -> dict[UUID, Bezwaar]:
    """Of which of these plekken `keur` would say no to this child alone, and what: to show it beforehand. Nothing is
    locked, and brothers and sisters are not looked at.

    Refuses NOT_FOUND when a plek is not there for who asks, and CONFLICT when it has ended meanwhile.
    """
    plaatsen = [Plaats(aanvraag_id=aanvraag_id, plek_id=plek, van=van) for plek in plekken]
    found = {plek: reasons for plek, reasons in (await _found(conn, travel, plaatsen, now)).items() if reasons}
    said = await _sentences(conn, wie, found, now)
    return {
        plek: Bezwaar(said[plek], not {reason.rule for reason in reasons} <= _deviates(wie, reasons))
        for plek, reasons in found.items()
    }


async def _found(
    conn: Connection, travel: Traveller, plaatsen: Sequence[Plaats], now: datetime
) -> dict[UUID, list[Reason]]:
    """Plek → what stands in the way there."""
    ids, plek_ids = [one.aanvraag_id for one in plaatsen], [one.plek_id for one in plaatsen]
    children = await vraag.load_for(conn, now, {one.aanvraag_id: (one.van, one.tot) for one in plaatsen})
    latest = {row["id"]: row["uiterlijke_datum"] for row in await conn.fetch(LAATST, ids)}
    rows = {row["plek_id"]: row for row in await conn.fetch(PROFIEL, plek_ids)}
    if set(plek_ids) - rows.keys():
        raise Refusal(Kind.NOT_FOUND, gettext("Deze plek bestaat niet (meer)."))
    plekken = await _plekken(conn, ids, plaatsen, list(rows.values()), now)
    if {str(id) for id in plek_ids} - {plek.id for plek in plekken}:
        raise Refusal(Kind.CONFLICT, gettext("Deze plek is er niet meer. Wat nu wel kan: kies een andere plek."))
    codes, _ = await aanbod.load_codes(conn)
    columns = Aanbod.build(plekken, codes)
    found: dict[UUID, list[Reason]] = {one.plek_id: [] for one in plaatsen}
    judged = {id: judge(child, columns, await _travel(travel, child, columns)) for id, child in children.items()}
    for one in plaatsen:
        reasons = why_not(judged[one.aanvraag_id], str(one.plek_id)).reasons
        found[one.plek_id] += [reason for reason in reasons if reason.rule is not Rule.GROEPSMIX]
        late = (one.van - latest[one.aanvraag_id]).days
        if late > 0:
            asked = {"gevraagd": one.van.toordinal(), "dagen_later": late}
            found[one.plek_id].append(Reason(Rule.PERIODE, asked))
    for unit in {row["voorziening_id"] for row in rows.values()}:
        there = [one for one in plaatsen if rows[one.plek_id]["voorziening_id"] == unit]
        together = _together([children[id] for id in dict.fromkeys(one.aanvraag_id for one in there)])
        for reason in why_not(judge(together, columns, Estimate()), str(there[0].plek_id)).reasons:
            if reason.rule is Rule.GROEPSMIX:
                for one in there:
                    found[one.plek_id].append(reason)
    return found


async def _plekken(
    conn: Connection, ids: list[UUID], plaatsen: Sequence[Plaats], rows: list[asyncpg.Record], now: datetime
) -> list[Plek]:
    """The plekken of these voorzieningen now: what is held for these children themselves is free, and the group is
    that of the days that are asked."""
    units = list({row["voorziening_id"] for row in rows})
    own = await aanbod.load_opties(conn, ids, now)
    free = frozenset((plek, van) for plek, (_, van) in own.items())
    plekken, _ = await aanbod.load_plekken(conn, now, units, zonder=free, elke_zorgvorm=True)
    van = min(one.van for one in plaatsen)
    tot = None if any(one.tot is None for one in plaatsen) else max(one.tot for one in plaatsen if one.tot)
    residents: dict[UUID, list[asyncpg.Record]] = {}
    for resident in await conn.fetch(GROEP, units, van, tot, now, ids):
        residents.setdefault(resident["voorziening_id"], []).append(resident)
    groups = {
        str(row["voorziening_id"]): group_of(residents.get(row["voorziening_id"], ()), row["groepsmix"], van)
        for row in rows
    }
    return [structs.replace(plek, group=groups[plek.voorziening]) for plek in plekken]


async def _travel(travel: Traveller, child: Aanvraag, columns: Aanbod) -> Travel:
    return Estimate() if child.maximale_reistijd is None else (await travel.minutes(child, columns)).travel


def _together(children: Sequence[Aanvraag]) -> Aanvraag:
    return structs.replace(children[0], jeugdigen=tuple(one for child in children for one in child.jeugdigen))


PLEK = later("kies een andere plek")


async def _decide(
    conn: Connection, wie: Wie, found: dict[UUID, list[Reason]], afwijking: str | None, now: datetime
) -> list[Rule]:
    every = [reason for reasons in found.values() for reason in reasons]
    broken = list(dict.fromkeys(reason.rule for reason in every))
    deviates = _deviates(wie, every)
    if set(broken) <= deviates and afwijking is not None:
        return broken
    if not broken:
        return []
    sentences = await _sentences(conn, wie, found, now)
    said = dict.fromkeys(sentence for of_plek in sentences.values() for sentence in of_plek)
    only_late = all("gevraagd" in reason.params for reason in every)
    another = (
        gettext("vraag een eerdere dag, of verander de uiterlijke datum van de aanvraag")
        if only_late
        else gettext(PLEK)
    )
    instead = another + (gettext(", of schrijf bij afwijking waarom het toch moet") if deviates >= set(broken) else "")
    raise Refusal(
        Kind.CONFLICT,
        gettext("Dit kan niet. %(said)s Wat nu wel kan: %(instead)s.", said=" ".join(said), instead=instead),
    )


def _deviates(wie: Wie, reasons: Sequence[Reason]) -> set[Rule]:
    """The rules that a reason of this person opens: what they may know, and what no child is protected by."""
    return {reason.rule for reason in catalogue.visible(tuple(reasons), wie.rol)} - NOOIT


async def _sentences(
    conn: Connection, wie: Wie, found: dict[UUID, list[Reason]], now: datetime
) -> dict[UUID, list[str]]:
    """Per plek, what this person may know of why not."""
    names = await rangschikking.names(conn)
    rows = await rangschikking.shown(conn, [str(plek) for plek in found])
    said: dict[UUID, list[str]] = {}
    for plek, reasons in found.items():
        exact = str(plek) in rows and rows[str(plek)].openbaar
        seen = catalogue.visible(tuple(reasons), wie.rol)
        of_plek = [catalogue.reason(reason, names, today(now), exact=exact) for reason in seen]
        if {reason.rule for reason in reasons} - {reason.rule for reason in seen}:
            of_plek.append(catalogue.unavailable())
        said[plek] = list(dict.fromkeys(of_plek))
    return said
