"""A plan as the matcher sees it: demand, supply and what people chose → candidates."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from matcher.aanbod import Aanbod
from matcher.problem import Urgentie
from matcher.proposal.candidates import Asked, Candidates, candidates
from service.days import hour_of, today
from service.db import Connection
from service.errors import Kind, Refusal
from service.fields import AanvraagId
from service.plan import plannen
from service.plan.plannen import Botsing, Keuze, KeuzeSoort, Stand
from service.plan.vrijhoudadvies import Vrijhouden
from service.rang import aanbod
from service.rang.travel import Traveller
from service.rang.vraag import Vraag, load_open
from service.rang.weging import load_weging

ORDER = list(Urgentie)
"""From most to least urgent; a family is weighed as its most urgent child."""


class Problem(Struct, frozen=True, eq=False, kw_only=True):
    """What a plan is made of."""

    stand: Stand
    now: datetime
    asked: tuple[Asked, ...]
    buiten: dict[AanvraagId, str]
    """Aanvragen that no place can be asked for, with the code of why."""
    aanbod: Aanbod
    opties: list[tuple[str, str]]
    voor_crisis: list[str]
    vorige: dict[str, str]
    keuzes: list[Keuze]
    """Those of aanvragen that are asked and places that are there."""
    botsingen: list[Botsing]
    """Of the other choices why they cannot be."""
    let_op: list[str]
    vrijhouden: Vrijhouden
    beschermd: frozenset[str]
    """Aanvragen with a machtiging that runs: none of them is advised to go elsewhere."""


VRIJHOUDEN = "select waarde from instelling where regio = huidige_regio() and sleutel = 'vrijhouden_advies'"

BESCHERMD = "select distinct aanvraag_id from machtiging where aanvraag_id = any ($1) and geldigheid @> $2::date"

VOOR_CRISIS = "select waarde from instelling where regio = huidige_regio() and sleutel = 'voor_crisis'"

VORIGE = "select aanvraag_id, plek_id from plan_regel where plan_id = $1 and plek_id is not null"


async def load(conn: Connection, plan_id: UUID, travel: Traveller, now: datetime) -> Problem:
    """All that the plan needs, read at one moment (`conn` in a transaction that sees one). Raises Refusal."""
    stand = await plannen.get(conn, plan_id)
    vraag = await load_open(conn, now)
    ids = [UUID(child.id) for family in vraag.families for child in family.kinderen]
    opties = await aanbod.load_opties(conn, ids, now)
    codes, huiselijkheid = await aanbod.load_codes(conn)
    free = frozenset((plek, van) for plek, (_, van) in opties.items())
    plekken, _ = await aanbod.load_plekken(conn, now, zonder=free)
    columns = Aanbod.build(plekken, codes)
    asked, let_op = await _asked(conn, vraag, columns, huiselijkheid, travel)
    there = {plek.id for plek in plekken}
    kept = await conn.fetchval(VOOR_CRISIS) or []
    keuzes, botsingen = _choices(stand, vraag, there, {plek.voorziening for plek in plekken})
    before = await conn.fetch(VORIGE, stand.vorig_plan_id) if stand.vorig_plan_id is not None else []
    return Problem(
        stand=stand,
        now=now,
        asked=asked,
        buiten=vraag.buiten,
        aanbod=columns,
        opties=[(str(who), str(plek)) for plek, (who, _) in opties.items() if str(plek) in there],
        voor_crisis=[id for id in kept if id in there],
        vorige={str(row["aanvraag_id"]): str(row["plek_id"]) for row in before},
        keuzes=keuzes,
        botsingen=botsingen,
        let_op=let_op,
        vrijhouden=await _vrijhouden(conn),
        beschermd=frozenset(str(row["aanvraag_id"]) for row in await conn.fetch(BESCHERMD, ids, today(now))),
    )


async def _vrijhouden(conn: Connection) -> Vrijhouden:
    found = await conn.fetchval(VRIJHOUDEN)
    try:
        return Vrijhouden() if found is None else msgspec.convert(found, Vrijhouden)
    except msgspec.ValidationError as error:
        raise Refusal(
            Kind.CONFLICT,
            "De instelling vrijhouden_advies van uw regio klopt niet. Zij moet zo zijn: "
            '{"aan": true, "punten": 10}, met 0 tot en met 100 punten. Vraag de beheerder dit te verbeteren.',
        ) from error


async def _asked(
    conn: Connection, vraag: Vraag, columns: Aanbod, huiselijkheid: dict[str, float], travel: Traveller
) -> tuple[tuple[Asked, ...], list[str]]:
    """With weights per urgentie and travel times per family; and what to know of those times."""
    urgent = [min((child.urgentie for child in family.kinderen), key=ORDER.index) for family in vraag.families]
    wegingen = {urgentie: await load_weging(conn, urgentie, huiselijkheid) for urgentie in dict.fromkeys(urgent)}
    told: dict[str, None] = {}
    asked = []
    for family, urgentie in zip(vraag.families, urgent, strict=True):
        reis = await travel.minutes(family.kinderen[0], columns)
        if reis.reden is not None:
            told[reis.reden] = None
        asked.append(
            Asked(
                id=str(family.id),
                kinderen=family.kinderen,
                wachtdagen=family.wachtdagen,
                weging=wegingen[urgentie],
                travel=reis.travel,
                mag_splitsen=family.mag_splitsen,
            )
        )
    return tuple(asked), list(told)


def _choices(
    stand: Stand, vraag: Vraag, plekken: set[str], voorzieningen: set[str]
) -> tuple[list[Keuze], list[Botsing]]:
    """The choices that can be looked at; of those that cannot, why. An aanvraag that is closed needs none."""
    open_ = {child.id for family in vraag.families for child in family.kinderen}
    keuzes: list[Keuze] = []
    botsingen: list[Botsing] = []
    for keuze in stand.keuzes:
        gone = str(keuze.plek_id) not in plekken if keuze.plek_id else str(keuze.voorziening_id) not in voorzieningen
        if str(keuze.aanvraag_id) in open_ and not gone:
            keuzes.append(keuze)
        elif keuze.soort is KeuzeSoort.VAST and (gone or keuze.aanvraag_id in vraag.buiten):
            code = "plek_weg" if gone else vraag.buiten[keuze.aanvraag_id]
            botsingen.append(Botsing([code], [keuze.aanvraag_id], keuze.voorziening_id, keuze.plek_id))
    return keuzes, botsingen


def built(problem: Problem, *, without: Keuze | None = None) -> Candidates:
    """The pairs, with all choices or all but one."""
    links: dict[KeuzeSoort, list[tuple[str, str]]] = {soort: [] for soort in KeuzeSoort}
    for keuze in problem.keuzes:
        if keuze is not without:
            links[keuze.soort].append((str(keuze.aanvraag_id), str(keuze.plek_id or keuze.voorziening_id)))
    return candidates(
        problem.asked,
        problem.aanbod,
        hour_of(problem.now),
        voor_crisis=problem.voor_crisis,
        opties=problem.opties,
        vast=links[KeuzeSoort.VAST],
        verboden=links[KeuzeSoort.VERBODEN],
        vorige=problem.vorige,
    )
