"""A plan as the matcher sees it: demand, supply and what people chose → candidates; a proposal → what is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from uuid import UUID

import numpy as np
from msgspec import Struct

from matcher.aanbod import Aanbod
from matcher.candidates import Asked, Candidates, Conflict, candidates
from matcher.check import Tier
from matcher.follow import Follower
from matcher.pairs import NOBODY
from matcher.plan import Level, Limit
from matcher.problem import Urgentie
from matcher.proposal import Proposal, propose
from service import aanbod, plannen
from service.days import hour_of
from service.db import Connection
from service.plannen import Botsing, Keuze, KeuzeSoort, Niveau, PlanLimiet, Stand, Verlies
from service.planuitkomst import Keuzeprijs, Paarprijs, Uitkomst, Uitkomstregel
from service.travel import Traveller
from service.vraag import Vraag, load_open, load_weging

LIMITS = {
    Limit.NONE: PlanLimiet.GEEN,
    Limit.TIME: PlanLimiet.TIJD,
    Limit.STOPPED: PlanLimiet.GESTOPT,
    Limit.EFFORT: PlanLimiet.INSPANNING,
}

PAIRS_S = 5.0
"""For the prices of pairs: all of a region, of a country the best places of each aanvraag."""

EVERY_S = 0.2
"""Progress is told no more often."""

UNPRICED = {Tier.VAST, Tier.BEHOUDEN}
"""What a choice costs is not told in fixed pairs, nor in changes against the plan before."""


ORDER = list(Urgentie)
"""From most to least urgent; a family is weighed as its most urgent child."""


class Problem(Struct, frozen=True, eq=False, kw_only=True):
    """What a plan is made of."""

    stand: Stand
    now: datetime
    asked: tuple[Asked, ...]
    buiten: dict[UUID, str]
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
    )


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


# ── Solving ──────────────────────────────────────────────────────────────────────────────────────


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


def solved(
    problem: Problem,
    *,
    clock: Callable[[], float],
    stop: Callable[[], bool],
    report: Callable[[float, list[Niveau]], None],
) -> Uitkomst:
    """The plan, and the price of each choice as far as there is time. `report` is told the seconds and the best."""
    begin = clock()

    told_at = float("-inf")

    def told(levels: tuple[Level, ...]) -> None:
        nonlocal told_at
        now = clock()
        if now - told_at >= EVERY_S:
            told_at = now
            report(now - begin, niveaus(levels))

    seconds, keep, seed = problem.stand.seconden, problem.stand.behoud, problem.stand.zaad
    made = propose(built(problem), clock=clock, seconds=seconds, keep=keep, stop=stop, seed=seed, seen=told)
    prices = []
    for keuze in problem.keuzes if not made.conflicts else ():
        left = begin + 2 * seconds - clock()
        if left <= 0 or stop():
            break
        free = propose(built(problem, without=keuze), clock=clock, seconds=left, keep=keep, stop=stop, seed=seed)
        if not stop():
            prices.append(_price(keuze, made, free))
    deadline = clock() + min(PAIRS_S, seconds)
    return Uitkomst(
        peilmoment=problem.now,
        niveaus=niveaus(made.levels),
        gat=made.gap,
        rekentijd=made.seconds,
        limiet=LIMITS[made.limit],
        regels=regels(problem, made),
        conflicten=[*problem.botsingen, *(_botsing(one) for one in made.conflicts)],
        let_op=problem.let_op,
        keuzeprijzen=prices,
        paarprijzen=[] if stop() else pair_prices(made, lambda: stop() or clock() >= deadline),
    )


def niveaus(levels: tuple[Level, ...]) -> list[Niveau]:
    return [Niveau(level.tier, level.value, level.best, level.bound) for level in levels]


def _price(keuze: Keuze, made: Proposal, free: Proposal) -> Keuzeprijs:
    """What the plan without this choice has more."""
    have = {level.tier: level.best for level in made.levels}
    lost = [
        Verlies(level.tier, level.best - have[level.tier])
        for level in free.levels
        if level.tier not in UNPRICED and level.best != have[level.tier]
    ]
    return Keuzeprijs(
        aanvraag_id=keuze.aanvraag_id, voorziening_id=keuze.voorziening_id, plek_id=keuze.plek_id, prijs=lost
    )


def pair_prices(made: Proposal, out: Callable[[], bool]) -> list[Paarprijs]:
    """What it costs to force each child into each voorziening that it could go to, best places first, until `out`."""
    found, pairs = made.candidates, made.candidates.pairs
    if not pairs.requests:
        return []
    follower = Follower(pairs, made.slots, made.levels)
    unit_of, ids = pairs.voorziening.tolist(), found.aanbod.profielen.id.tolist()
    before = made.slots.tolist()
    # Of each child its best pair, then of each the second, and so on.
    order = np.lexsort((-pairs.value, pairs.request))
    turn = np.empty(len(order), np.int64)
    turn[order] = np.arange(len(order)) - pairs.first[pairs.request[order]]
    best: dict[tuple[int, int], Paarprijs] = {}
    for at in np.argsort(turn, kind="stable").tolist():
        who, slot = int(pairs.request[at]), int(pairs.slot[at])
        unit = unit_of[slot]
        if out():
            break
        if before[who] != NOBODY and unit_of[before[who]] == unit:
            continue
        try:
            price = follower.price(who, slot)
        except ValueError:
            continue  # fixed elsewhere
        after = [] if price.slots is None else price.slots.tolist()
        losers = [UUID(found.aanvragen[one]) for one, there in enumerate(after) if there == NOBODY != before[one]]
        this = Paarprijs(
            aanvraag_id=UUID(found.aanvragen[who]),
            voorziening_id=UUID(ids[unit]),
            minstens=_verliezen(price.least),
            hoogstens=None if price.most is None else _verliezen(price.most),
            verliezers=losers,
        )
        if (who, unit) not in best or _dear(this) < _dear(best[who, unit]):
            best[who, unit] = this
    return list(best.values())


def _verliezen(loss: Mapping[Tier, int]) -> list[Verlies]:
    return [Verlies(tier, lost) for tier, lost in loss.items() if lost and tier not in UNPRICED]


def _dear(price: Paarprijs) -> tuple[bool, list[int]]:
    """To compare by, tier after tier."""
    lost = {one.niveau: one.verlies for one in price.hoogstens or price.minstens}
    return price.hoogstens is None, [lost.get(tier, 0) for tier in Tier]


def regels(problem: Problem, made: Proposal) -> list[Uitkomstregel]:
    """One per open aanvraag."""
    placed = [
        Uitkomstregel(
            aanvraag_id=UUID(place.aanvraag),
            plek_id=UUID(place.plek),
            eerste_dag=date.fromordinal(place.start),
            score=round(place.score, 2),
        )
        for place in made.places
    ]
    why = _why_not(made)
    left = [Uitkomstregel(aanvraag_id=UUID(id), waarom_niet=why[id]) for id in made.unplaced]
    return [*placed, *left, *(Uitkomstregel(aanvraag_id=id, waarom_niet=code) for id, code in problem.buiten.items())]


def _why_not(made: Proposal) -> dict[str, str]:
    """Per aanvraag without a place a code of planverslag.WAAROM_NIET."""
    found, dropped = made.candidates, set(made.dropped)
    pairs = found.pairs
    clashing = {id for conflict in made.conflicts for id in conflict.aanvragen}
    none = pairs.first[1:] == pairs.first[:-1]
    number = {id: at for at, id in enumerate(found.aanvragen)}
    why = {}
    for id in made.unplaced:
        who = number[id]
        group = int(pairs.groep[who])
        whole = group >= 0 and not pairs.splitsbaar[group]
        if id in clashing:
            why[id] = "vast_kan_niet"
        elif id in dropped:
            why[id] = "tijd"
        elif whole and none[pairs.groep == group].any():
            why[id] = "samen_past_niet"
        elif none[who]:
            why[id] = "geen_plek_past"
        else:
            why[id] = "samen_vol" if whole else "vol"
    return why


def _botsing(conflict: Conflict) -> Botsing:
    return Botsing(
        regels=[str(rule) for rule in conflict.rules],
        aanvragen=[UUID(id) for id in conflict.aanvragen],
        voorziening=UUID(conflict.voorziening) if conflict.voorziening else None,
        plek=UUID(conflict.plek) if conflict.plek else None,
    )
