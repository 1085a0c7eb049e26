"""A person puts an aanvraag elsewhere in a plan: is it allowed, what else goes along, and what does it cost?

All hard rules are asked again on the places as they are now; a bed that the plan gives to another is not taken away:
that is for a new plan, with this fixed. The price is what this plan loses while all else stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import numpy as np
from msgspec import Struct

from matcher.aanbod import Aanbod
from matcher.check import Tier
from matcher.geo import Travel
from matcher.judge import judge
from matcher.pairs import NOBODY
from matcher.problem import Aanvraag, Criterium, Weging
from matcher.proposal.family import mixed, seated, shared
from matcher.rank import fits
from matcher.reasons import why_not
from matcher.rules import Question, ask
from matcher.solution import Reason
from service.days import hour_of, today
from service.db import Connection, Wie
from service.errors import FieldError, Kind, Refusal
from service.fields import AanvraagId, refuse
from service.plan import planregels
from service.plan.plannen import Verlies
from service.plan.planniveaus import POINTS
from service.plan.planregels import Planregel
from service.rang import aanbod, catalogue, rangschikking, vraag
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller
from service.rang.vraag import Familie
from service.rang.weging import load_weging
from service.taal import gettext

PLACED = {"crisis": Tier.CRISIS, "spoed": Tier.SPOED, "regulier": Tier.REGULIER}

WAAR = """
select v.id, v.locatie_id from voorziening v
where v.id = $2::uuid or v.id = (select voorziening_id from plek where id = $1::uuid)
"""

# Who else the plan has there; and which of its beds.
ANDEREN = """
select r.aanvraag_id, r.plek_id
from plan_regel r join plek k on k.id = r.plek_id
where r.plan_id = $1 and k.voorziening_id = $2 and not r.aanvraag_id = any ($3)
"""


class Seat(Struct, frozen=True):
    """One child on one plek."""

    aanvraag_id: AanvraagId
    plek_id: UUID
    start: int
    score: float


async def move(
    conn: Connection,
    snapshots: Snapshots,
    travel: Traveller,
    *,
    wie: Wie,
    plan_id: UUID,
    regel: Planregel,
    plek_id: UUID | None,
    voorziening_id: UUID | None,
    reden: str,
    now: datetime,
) -> list[UUID]:
    """Stores the change and its price; gives the aanvragen that went along. Refuses INVALID (no such place), CONFLICT
    (with what is wrong), UNAVAILABLE."""
    found = await vraag.load_open(conn, now, [regel.aanvraag_id])
    if regel.aanvraag_id in found.buiten:
        raise Refusal(Kind.CONFLICT, vraag.says(found.buiten[regel.aanvraag_id]))
    if not found.families:
        raise Refusal(Kind.CONFLICT, gettext("Deze aanvraag is niet meer open. Maak een nieuw plan."))
    familie = found.families[0]
    place = await conn.fetchrow(WAAR, plek_id, voorziening_id)
    view, _ = await snapshots.get(wie.regio, now)
    columns, held = await aanbod.without_own(conn, view.aanbod, [UUID(child.id) for child in familie.kinderen], now)
    unit = np.flatnonzero(columns.profielen.id == str(place["id"])) if place is not None else np.zeros(0, np.int64)
    if place is None or not len(unit):
        field = "/plekId" if plek_id is not None else "/voorzieningId"
        refuse([FieldError(field, "bestaat_niet", gettext("Deze plek bestaat niet (meer), of niet voor u."))])
    assert place is not None
    # Without leave to split all of them go along.
    movers = {regel.aanvraag_id} if familie.mag_splitsen else {UUID(child.id) for child in familie.kinderen}
    common = shared(familie.kinderen, mag_splitsen=familie.mag_splitsen)
    children = [child for child in common if UUID(child.id) in movers]
    others = await conn.fetch(ANDEREN, plan_id, place["id"], list(movers))
    urgentie = min((child.urgentie for child in familie.kinderen), key=list(PLACED).index)
    left = _Place(
        aanbod=columns,
        unit=int(unit[0]),
        travel=(await travel.minutes(familie.kinderen[0], columns)).travel,
        weging=await load_weging(conn, urgentie, view.huiselijkheid),
        now_hour=hour_of(now),
        taken={str(row["plek_id"]) for row in others},
        held=held,
        wanted={str(regel.aanvraag_id): str(plek_id)} if plek_id is not None else {},
    )
    seats = left.seats(children)
    if seats is None:
        raise Refusal(Kind.CONFLICT, await _why_not(conn, wie, left, children, now))
    who = {row["aanvraag_id"] for row in others}
    there = (await vraag.load_open(conn, now, list(who))).families if who else ()
    if left.clash(children, there, who):
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Dit kind past niet in één groep met de anderen die in dit plan daar komen. Kies een andere plek, of"
                " zet"
                " het vast in een nieuw plan: dan gaan de anderen ergens anders heen."
            ),
        )
    before = [
        await planregels.regel(conn, plan_id, UUID(child.id), lock=UUID(child.id) in movers)
        for child in familie.kinderen
    ]
    price = _price(familie, before, seats, (place["locatie_id"], place["id"]))
    for seat in seats:
        await planregels.move(
            conn,
            plan_id,
            seat.aanvraag_id,
            plek_id=seat.plek_id,
            eerste_dag=date.fromordinal(seat.start),
            score=round(seat.score, 2),
            reden=reden,
            prijs=price if seat.aanvraag_id == regel.aanvraag_id else [],
        )
    return [seat.aanvraag_id for seat in seats]


class _Bed(Struct, frozen=True):
    """One plek for one child."""

    plek: str
    first: int
    last: int
    """Days between which it can start."""
    score: float
    """On the first day …"""
    late: float
    """… and what each day later costs."""

    def on(self, day: int) -> float:
        return self.score - self.late * (day - self.first)


class _Place(Struct, frozen=True, eq=False):
    """One voorziening, and what of it is left."""

    aanbod: Aanbod
    unit: int
    travel: Travel
    weging: Weging
    now_hour: float
    taken: set[str]
    held: dict[str, str]
    """Per plek the aanvraag whose optie it is."""
    wanted: dict[str, str]
    """Per aanvraag the plek that it must be."""

    def seats(self, children: Sequence[Aanvraag]) -> list[Seat] | None:
        """A bed for each, all from the first day on that there is one for all; None when there is none."""
        questions = [ask(child, self.aanbod, self.travel) for child in children]
        if self._mixed(questions):
            return None
        options = [self._beds(q) for q in questions]
        for day in sorted({bed.first for own in options for bed in own}):
            open_ = [
                sorted(
                    (at for at, bed in enumerate(own) if bed.first <= day <= bed.last), key=lambda at: -own[at].on(day)
                )
                for own in options
            ]
            number = {plek: at for at, plek in enumerate(sorted({bed.plek for own in options for bed in own}))}
            picks = seated(
                [[number[own[at].plek] for at in these] for own, these in zip(options, open_, strict=True)],
                dict.fromkeys(number.values(), 1),
            )
            if NOBODY not in picks:
                plekken = list(number)
                return [
                    Seat(UUID(q.aanvraag.id), UUID(plekken[pick]), day, bed.on(day))
                    for q, own, these, pick in zip(questions, options, open_, picks, strict=True)
                    for bed in [next(own[at] for at in these if own[at].plek == plekken[pick])]
                ]
        return None

    def _beds(self, q: Question) -> list[_Bed]:
        v = self.aanbod.vensters
        found = fits(q, self.weging, self.now_hour)
        late = found.shares.get(Criterium.WACHTTIJD, 0.0) / (q.latest - q.start + 1)
        beds = []
        for at in np.flatnonzero(v.voorziening[found.rows] == self.unit).tolist():
            row, plek = int(found.rows[at]), str(v.id[found.rows[at]])
            free = plek not in self.taken and self.held.get(plek, q.aanvraag.id) == q.aanvraag.id
            if free and self.wanted.get(q.aanvraag.id, plek) == plek:
                last = min(int(v.tot[row]) - q.stay, q.latest)
                beds.append(_Bed(plek, int(found.start[at]), last, float(found.score[at]), late))
        return beds

    def clash(self, children: Sequence[Aanvraag], families: Sequence[Familie], who: set[UUID]) -> bool:
        """Whether the group mix forbids these together with those."""
        there = [child for family in families for child in family.kinderen if UUID(child.id) in who]
        return self._mixed([ask(child, self.aanbod, self.travel) for child in (*children, *there)])

    def _mixed(self, questions: Sequence[Question]) -> bool:
        return bool(mixed(questions, np.array([self.unit]))[0])


async def _why_not(conn: Connection, wie: Wie, place: _Place, children: Sequence[Aanvraag], now: datetime) -> str:
    """In sentences: the rules that stand in the way, or that it is for another."""
    v = place.aanbod.vensters
    rows = np.flatnonzero(v.voorziening == place.unit)
    plekken = list(dict.fromkeys(v.id[rows].tolist()))
    plekken = [plek for plek in plekken if str(plek) in place.wanted.values()] or plekken
    names = await rangschikking.names(conn)
    shown = await rangschikking.shown(conn, [str(plek) for plek in plekken])
    said: dict[str, None] = {}
    for child in children:
        judged = judge(child, place.aanbod, place.travel)
        best: tuple[Reason, ...] = min((why_not(judged, plek).reasons for plek in plekken), key=len)
        exact = all(one.openbaar for one in shown.values())
        for reason in catalogue.visible(best, wie.rol):
            said[catalogue.reason(reason, names, today(now), exact=exact)] = None
        if best and not catalogue.visible(best, wie.rol):
            said[catalogue.unavailable()] = None
    if said:
        return gettext("Dit kan niet. %(said)s", said=" ".join(said))
    if len(children) > 1:
        return gettext(
            "Voor deze broers en zussen zijn daar niet genoeg plekken op één dag, of zij zijn in dit plan voor anderen."
            " Kies een andere plek, of zet dit vast in een nieuw plan: dan gaan de anderen ergens anders heen."
        )
    return gettext(
        "Deze plek is in dit plan voor een ander. Kies een andere plek, of zet dit vast in een nieuw plan: dan gaat die"
        " ander ergens anders heen."
    )


def _price(
    family: Familie, before: Sequence[Planregel], seats: Sequence[Seat], place: tuple[UUID, UUID]
) -> list[Verlies]:
    """What the plan loses per tier; less than 0 is won. `before` are the lines of the whole family, `place` is the
    locatie and voorziening where the seats are."""
    lost: dict[str, int] = {}
    waited = {UUID(child.id): days for child, days in zip(family.kinderen, family.wachtdagen, strict=True)}
    to = {seat.aanvraag_id: seat for seat in seats}
    for row in before:
        seat = to.get(row.aanvraag_id)
        if seat is None:
            continue
        if row.plek_id is None:
            for tier, won in ((PLACED[row.urgentie], 1), (Tier.WACHTDAGEN, waited[row.aanvraag_id])):
                lost[tier] = lost.get(tier, 0) - won
        points = round((row.score or 0.0) * POINTS) - round(round(seat.score, 2) * POINTS)
        lost[Tier.SCORE] = lost.get(Tier.SCORE, 0) + points
    was = [(row.locatie_id, row.voorziening_id) for row in before]
    will = [place if row.aanvraag_id in to else at for row, at in zip(before, was, strict=True)]
    for tier in (Tier.GESPLITST, Tier.LOCATIE):
        lost[tier] = (_apart(will) is tier) - (_apart(was) is tier)
    return [Verlies(tier, lost[tier]) for tier in Tier if lost.get(tier)]


def _apart(places: Sequence[tuple[UUID | None, UUID | None]]) -> Tier | None:
    """How a samenplaatsing is not whole (as matcher.check.value counts it)."""
    if all(locatie is None for locatie, _ in places):
        return None
    if len({locatie for locatie, _ in places}) > 1:
        return Tier.GESPLITST
    return Tier.LOCATIE if len({voorziening for _, voorziening in places}) > 1 else None
