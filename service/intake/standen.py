"""Plekken as a capacity list sees them: what stands, what the file wants, and the changes between the two.

A plaatsing or optie for an aanvraag is never touched: where the file says otherwise, that becomes a fault (or a
note, when nothing is wrong with the file). Only what a provider said itself is changed: whether an empty plek is
staffed, stops, and plaatsingen without an aanvraag, which come from such a list.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from msgspec import Struct, field

from service.days import AMSTERDAM, today
from service.db import Connection, rows_as
from service.intake.cells import day_text, key
from service.intake.names import Voorziening
from service.intake.preview import Actie, Veld, Wijziging
from service.intake.tables import Parsed, Progress, Record


class Status(StrEnum):
    """What a provider writes in its list; the value is how it is shown."""

    VRIJ = "vrij"
    BEZET = "bezet"
    IN_OVERLEG = "in overleg"
    ONBEMENST = "niet bemenst"
    GESTOPT = "gestopt"


BESCHIKBAARHEID = {Status.VRIJ: "bemenst", Status.IN_OVERLEG: "in_overleg", Status.ONBEMENST: "onbemenst"}
EMPTY = {beschikbaarheid: status for status, beschikbaarheid in BESCHIKBAARHEID.items()}


class Wish(Struct):
    """What the file wants of one plek."""

    record: Record
    plek: str
    status: Status | None
    """None: as it was, which only a row with counts says."""
    confirmed: date
    until: date | None = None
    """First day on which it is free or open again; None: free now, or until nobody knows when."""
    reason: str | None = None


class Period(Struct):
    """What takes a plek."""

    id: UUID
    plek_id: UUID
    soort: str
    van: date
    tot: date | None
    met_aanvraag: bool
    verlopen: bool
    """An optie that has expired: takes nothing any more."""
    stop_reden: str | None


class Stand(Struct):
    """A plek as the loket knows it."""

    id: UUID
    voorziening_id: UUID
    naam: str
    beschikbaarheid: str
    bestaat_van: date
    bestaat_tot: date | None
    bevestigd: date | None
    now: Period | None = None
    later: list[Period] = field(default_factory=list)
    """In order of their first day."""


class NewPlek(Struct):
    id: UUID
    voorziening: Voorziening
    naam: str
    beschikbaarheid: str


class NewPeriod(Struct):
    plek_id: UUID
    soort: str
    van: date
    tot: date | None
    stop_reden: str | None


class Decision(Struct):
    """All changes, as shown and as written."""

    parsed: Parsed
    now: datetime
    today: date
    changes: list[Wijziging] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unchanged: int = 0
    new: list[NewPlek] = field(default_factory=list)
    beschikbaarheid: dict[UUID, str] = field(default_factory=dict)
    bestaat_tot: dict[UUID, date | None] = field(default_factory=dict)
    confirmed: dict[UUID, date] = field(default_factory=dict)
    withdrawn: list[UUID] = field(default_factory=list)
    """Periods that would have ended before they began."""
    ended: dict[UUID, tuple[date, bool]] = field(default_factory=dict)
    """Period → its last day (exclusive), and whether it is a plaatsing of which the child left."""
    prolonged: dict[UUID, tuple[date | None, str | None]] = field(default_factory=dict)
    """Period → its new expected end, and for a stop its reason."""
    periods: list[NewPeriod] = field(default_factory=list)
    claimed: set[UUID] = field(default_factory=set)
    """Plekken of which something takes more days than it did."""


def describe(beschikbaarheid: str, period: Period | None) -> str:
    """vrij, bezet tot 1-7-2027, gestopt tot 1-9-2027 (verbouwing), …"""
    if period is None or period.soort == "optie":
        held = f", optie tot {day_text(period.tot)}" if period and period.tot else ", optie" if period else ""
        return EMPTY[beschikbaarheid].value + held
    until = f" tot {day_text(period.tot)}" if period.tot else ""
    reason = f" ({period.stop_reden.replace('_', ' ')})" if period.stop_reden else ""
    return f"{'gestopt' if period.soort == 'stop' else 'bezet'}{until}{reason}"


# ── One plek ─────────────────────────────────────────────────────────────────────────────────────


def plek_key(name: str) -> str:
    """Plek 3, bed 3, 03 and 3 are the same plek."""
    short = re.sub(r"^(plek|plaats|bed|nummer|nr)(?=[^a-z])", "", name.strip().casefold())
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", key(short)) or key(name)


def called(naam: str) -> str:
    """plek 3, and Plek 3 when that is how it is called already."""
    return naam if key(naam).startswith(("plek", "bed", "kamer")) else f"plek {naam}"


def _find(known: list[Stand], wanted: list[str]) -> list[Stand | None]:
    """The plek for each name: as written, or else however spelled when only one fits."""
    exact = {stand.naam.strip().casefold(): stand for stand in known}
    loose: dict[str, list[Stand]] = {}
    for stand in known:
        loose.setdefault(plek_key(stand.naam), []).append(stand)
    found = []
    for name in wanted:
        close = loose.get(plek_key(name), [])
        found.append(exact.get(name.strip().casefold()) or (close[0] if len(close) == 1 else None))
    return found


def decide(
    decision: Decision, voorziening: Voorziening, wishes: list[Wish], known: list[Stand], *, complete: bool
) -> None:
    """The changes for a voorziening with a row per plek; `complete`: what the file leaves out, ends."""
    seen: dict[object, int] = {}
    for wish, stand in zip(wishes, _find(known, [wish.plek for wish in wishes]), strict=True):
        same = stand.id if stand else plek_key(wish.plek)
        if same in seen:
            reason = f"Deze plek staat ook in rij {seen[same]}. Haal een van de twee weg."
            decision.parsed.fault(wish.record, "plek", "dubbel", reason)
            continue
        seen[same] = wish.record.row
        _decide_one(decision, voorziening, wish, stand)
    if complete:
        for stand in sorted(known, key=lambda stand: _natural(stand.naam)):
            if stand.id not in seen:
                _end(decision, voorziening, stand)


def _decide_one(decision: Decision, voorziening: Voorziening, wish: Wish, stand: Stand | None) -> None:
    name = f"{voorziening.naam}, {called(stand.naam if stand else wish.plek)}"
    known = stand or Stand(uuid4(), voorziening.id, wish.plek, "bemenst", decision.today, None, None)
    after = BESCHIKBAARHEID.get(wish.status, known.beschikbaarheid) if wish.status else known.beschikbaarheid
    faults = len(decision.parsed.faults)
    period = _period(decision, name, wish, known)
    if len(decision.parsed.faults) > faults:
        return
    new_stand = describe(after, period)
    if stand is None:
        decision.new.append(NewPlek(known.id, voorziening, wish.plek, after))
        decision.confirmed[known.id] = wish.confirmed
        decision.changes.append(Wijziging(Actie.TOEGEVOEGD, name, wish.record.row, (Veld("stand", None, new_stand),)))
        return
    fields = []
    if (old_stand := describe(stand.beschikbaarheid, stand.now)) != new_stand or after != stand.beschikbaarheid:
        new = new_stand if old_stand != new_stand else f"{new_stand}, daarna {EMPTY[after].value}"
        fields.append(Veld("stand", old_stand, new))
    if after != stand.beschikbaarheid:
        decision.beschikbaarheid[stand.id] = after
    if stand.bestaat_tot is not None and _gone(stand, decision.today):
        decision.bestaat_tot[stand.id] = None
        fields.append(Veld("bestaat tot", day_text(stand.bestaat_tot), None))
    stale = stand.bevestigd is None or stand.bevestigd < wish.confirmed
    if stale or after != stand.beschikbaarheid:
        decision.confirmed[stand.id] = wish.confirmed
    if fields:
        decision.changes.append(Wijziging(Actie.GEWIJZIGD, name, wish.record.row, tuple(fields)))
    elif stale:
        old = day_text(stand.bevestigd) if stand.bevestigd else None
        confirmed = Veld("bevestigd op", old, day_text(wish.confirmed))
        decision.changes.append(Wijziging(Actie.BEVESTIGD, name, wish.record.row, (confirmed,)))
    else:
        decision.unchanged += 1


def _period(decision: Decision, name: str, wish: Wish, stand: Stand) -> Period | None:
    """What takes the plek from today on; adds what must be written for it, or a fault."""
    current = stand.now
    start = max(decision.today, stand.bestaat_van)
    taken = wish.status is Status.BEZET or (wish.until is not None and wish.status is not Status.GESTOPT)
    if current is not None and current.met_aanvraag:
        return _with_aanvraag(decision, name, wish, current, taken)
    if wish.status is Status.GESTOPT:
        if current is not None and current.soort == "stop":
            if (current.tot, current.stop_reden) != (wish.until, wish.reason):
                if not _fits(decision, wish, stand, wish.until, "verwacht einde"):
                    return current
                decision.prolonged[current.id] = (wish.until, wish.reason)
                decision.claimed.add(stand.id)
            return _copy(current, wish.until, wish.reason)
        if not _fits(decision, wish, stand, wish.until, "verwacht einde"):
            return current
        _stop_now(decision, current)
        return _add(decision, stand, "stop", start, wish.until, wish.reason)
    if not taken:
        _stop_now(decision, current)
        return None
    promised = stand.later[0].van if stand.later else None
    until = wish.until or promised
    if current is not None and current.soort == "plaatsing":
        overdue = current.tot is not None and current.tot <= decision.today
        if (wish.until is None and not overdue) or current.tot == until:
            return current
        if not _fits(decision, wish, stand, until, "bezet tot"):
            return current
        decision.prolonged[current.id] = (until, None)
        decision.claimed.add(stand.id)
        return _copy(current, until, None)
    if not _fits(decision, wish, stand, until, "bezet tot"):
        return current
    _stop_now(decision, current)
    return _add(decision, stand, "plaatsing", start, until, None)


def _with_aanvraag(decision: Decision, name: str, wish: Wish, current: Period, taken: bool) -> Period:
    """The loket placed or promised somebody here: the file cannot change that."""
    column = "status" if "status" in wish.record.raw else "plek"
    until = f" tot {day_text(current.tot)}" if current.tot else ""
    if current.soort == "optie":
        if taken or wish.status is Status.GESTOPT:
            reason = (
                f"Op deze plek staat in het loket een optie{until} voor een aanvraag. "
                "Overleg met de schakelfunctionaris, of laat de plek op vrij staan."
            )
            decision.parsed.fault(wish.record, column, "optie", reason, value=wish.status)
        else:
            decision.notes.append(f"{name}: de plek is vrij, maar er staat een optie{until} op. Die blijft staan.")
    elif not taken:
        reason = (
            f"In het loket woont hier een jeugdige{until}. Beëindig eerst die plaatsing in het loket, of zet "
            "de status op bezet."
        )
        decision.parsed.fault(wish.record, column, "plaatsing", reason, value=wish.status)
    elif wish.until is not None and wish.until != current.tot:
        decision.notes.append(
            f"{name}: het bestand zegt bezet tot {day_text(wish.until)}, in het loket loopt de plaatsing"
            f"{until or ' zonder einddatum'}. Die blijft zo; verander de einddatum bij de plaatsing zelf."
        )
    return current


def _fits(decision: Decision, wish: Wish, stand: Stand, until: date | None, column: str) -> bool:
    """Whether nothing else takes the plek before `until`; a fault when something does."""
    if not stand.later or (until is not None and until <= stand.later[0].van):
        return True
    later = stand.later[0]
    what = "vergeven aan een aanvraag" if later.met_aanvraag else "al bezet"
    reason = f"De plek is vanaf {day_text(later.van)} {what}. Vul een dag in die niet later is."
    name = column if column in wish.record.raw else "vrij vanaf" if "vrij vanaf" in wish.record.raw else "plek"
    decision.parsed.fault(wish.record, name, "overlap", reason)
    return False


def _stop_now(decision: Decision, period: Period | None) -> None:
    """Ends what takes the plek today: it is no longer so."""
    if period is None:
        return
    if period.van >= decision.today:
        decision.withdrawn.append(period.id)
    else:
        # Past its expected end already: then that was the end.
        end = min(decision.today, period.tot) if period.tot else decision.today
        decision.ended[period.id] = (end, period.soort == "plaatsing")


def _add(decision: Decision, stand: Stand, soort: str, van: date, tot: date | None, stop_reden: str | None) -> Period:
    decision.claimed.add(stand.id)
    decision.periods.append(NewPeriod(stand.id, soort, van, tot, stop_reden))
    return Period(stand.id, stand.id, soort, van, tot, False, False, stop_reden)


def _copy(period: Period, tot: date | None, reason: str | None) -> Period:
    return Period(period.id, period.plek_id, period.soort, period.van, tot, False, False, reason)


def _end(decision: Decision, voorziening: Voorziening, stand: Stand) -> None:
    """A plek that the file leaves out: gone from today on, unless somebody lives there or will."""
    if _gone(stand, decision.today):
        return
    holder = next((p for p in [stand.now, *stand.later] if p is not None and p.soort != "stop"), None)
    if holder is not None:
        what = "staat er een optie op" if holder.soort == "optie" else "is in het loket bezet"
        until = f" tot {day_text(holder.tot)}" if holder.tot else ""
        reason = (
            f"{voorziening.naam}, {called(stand.naam)} staat niet in het bestand, maar {what}{until}. "
            "Zet de plek in het bestand, of maak hem eerst vrij."
        )
        decision.parsed.fault(None, "plek", "nog_bezet", reason, value=stand.naam)
        return
    end = _last(stand, decision.today)
    decision.bestaat_tot[stand.id] = end
    old = day_text(stand.bestaat_tot) if stand.bestaat_tot else None
    ended = Veld("bestaat tot", old, day_text(end))
    decision.changes.append(Wijziging(Actie.BEEINDIGD, f"{voorziening.naam}, {called(stand.naam)}", None, (ended,)))


def _last(stand: Stand, today: date) -> date:
    """When a plek that is gone now, ended: a period has at least one day, so one of today lasts until tomorrow."""
    return max(today, stand.bestaat_van + timedelta(days=1))


def _gone(stand: Stand, today: date) -> bool:
    return stand.bestaat_tot is not None and stand.bestaat_tot <= _last(stand, today)


# ── Counts ───────────────────────────────────────────────────────────────────────────────────────


def decide_counted(decision: Decision, voorziening: Voorziening, record: Record, known: list[Stand]) -> None:
    """The changes for a voorziening with one row: how many plekken, and how many of them are free.

    Which plek is which, the file does not say. Beds that are free stay free where possible; what must be taken
    is the first free one, what must be freed the one that would be free soonest.
    """
    if record.wrong:
        return
    total, free = record.get("aantal plekken"), record.get("aantal vrij")
    known = sorted(known, key=lambda stand: _natural(stand.naam))
    there = [stand for stand in known if not _gone(stand, decision.today)]
    empty = [stand for stand in there if stand.now is None and not stand.later]
    if len(there) - total > len(empty):
        reason = (
            f"In het loket zijn {len(there)} plekken, waarvan er {len(there) - len(empty)} bezet, gestopt of "
            "toegezegd zijn. "
            "Verhoog het aantal, of maak een rij per plek."
        )
        decision.parsed.fault(record, "aantal plekken", "nog_bezet", reason)
        return
    gone = {stand.id for stand in empty[len(empty) - max(0, len(there) - total) :]}
    for stand in there:
        if stand.id in gone:
            _end(decision, voorziening, stand)
    stay = [stand for stand in there if stand.id not in gone]
    # What was there before comes back before anything new is made.
    back = [stand for stand in known if _gone(stand, decision.today) and stand.now is None and not stand.later]
    stay += back[: total - len(stay)]
    names = [stand.naam for stand in stay] + _new_names(known, total - len(stay))
    # An optie leaves the bed empty: for the provider it is free.
    occupied = [stand for stand in stay if stand.now is not None and stand.now.soort != "optie"]
    surplus = len(occupied) - (total - free)
    freeable = sorted(
        (stand for stand in occupied if stand.now and not stand.now.met_aanvraag and stand.now.soort == "plaatsing"),
        key=lambda stand: (stand.now.tot or date.max if stand.now else date.max, _natural(stand.naam)),
    )
    takeable = [name for name in names if name not in {s.naam for s in stay if s.now is not None or s.later}]
    if surplus > len(freeable):
        reason = (
            f"In het loket zijn {len(occupied)} plekken bezet of gestopt; daarvan kan een lijst er "
            f"{len(freeable)} vrijmaken. "
            "Beëindig eerst de plaatsing of de stop in het loket, of maak een rij per plek."
        )
        decision.parsed.fault(record, "aantal vrij", "nog_bezet", reason)
        return
    if -surplus > len(takeable):
        reason = (
            "Op de vrije plekken staan opties of plaatsingen voor later. Maak een rij per plek, of overleg "
            "met de schakelfunctionaris."
        )
        decision.parsed.fault(record, "aantal vrij", "optie", reason)
        return
    freed = {stand.naam for stand in freeable[: max(0, surplus)]}
    taken = set(takeable[: max(0, -surplus)])
    by_name = {stand.naam: stand for stand in stay}
    confirmed = record.get("bevestigd op") or decision.today
    until = record.get("bezet tot") or record.get("vrij vanaf")
    held = {stand.naam: stand.now for stand in occupied if stand.naam not in freed}
    for name in names:
        period = held.get(name)
        if period is not None and period.soort == "stop":
            wish = Wish(record, name, Status.GESTOPT, confirmed, period.tot, period.stop_reden)
        elif period is not None or name in taken:
            wish = Wish(record, name, Status.BEZET, confirmed, until if name in taken else None)
        else:
            wish = Wish(record, name, record.get("status"), confirmed)
        _decide_one(decision, voorziening, wish, by_name.get(name))


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    """2 before 10."""
    return tuple((int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name) if part)


def _new_names(known: list[Stand], count: int) -> list[str]:
    """Numbers that no plek of the voorziening has or had, after the highest."""
    numbers = [int(match[0]) for stand in known for match in re.finditer(r"[0-9]{1,6}", stand.naam)]
    first = max(numbers, default=0) + 1
    return [str(first + i) for i in range(count)]


# ── Rows ─────────────────────────────────────────────────────────────────────────────────────────

STANDEN = """
select id, voorziening_id, naam, beschikbaarheid::text, lower(bestaat) as bestaat_van, upper(bestaat) as bestaat_tot,
       (bevestigd_op at time zone 'Europe/Amsterdam')::date as bevestigd
from plek
where voorziening_id = any ($1::uuid[])
order by id
"""

STANDEN_LOCKED = f"{STANDEN} for no key update"

# A plaatsing past its expected end takes its plek until somebody says that the child left.
PERIODS = """
select b.id, b.plek_id, b.soort::text, lower(b.periode) as van, upper(b.periode) as tot,
       b.aanvraag_id is not null as met_aanvraag, coalesce(b.vervalt_op <= $2, false) as verlopen, b.stop_reden::text
from bezetting b
join plek p on p.id = b.plek_id
where p.voorziening_id = any ($1::uuid[]) and b.vrijgegeven_op is null
  and (upper_inf(b.periode) or upper(b.periode) > $3 or (b.soort = 'plaatsing' and b.beeindigd_op is null))
order by lower(b.periode)
"""


async def load(
    conn: Connection, voorzieningen: list[object], now: datetime, *, lock: bool
) -> dict[object, list[Stand]]:
    """Per voorziening its plekken, also those that are gone, with what takes them from today on."""
    day = today(now)
    rows = await conn.fetch(STANDEN_LOCKED if lock else STANDEN, voorzieningen)
    stands: list[Stand] = rows_as(rows, Stand)
    by_id = {stand.id: stand for stand in stands}
    periods: list[Period] = rows_as(await conn.fetch(PERIODS, voorzieningen, now, day), Period)
    for period in periods:
        stand = by_id[period.plek_id]
        if period.verlopen:
            continue
        if period.van > day:
            stand.later.append(period)
        elif stand.now is None or stand.now.tot is None or (period.tot or date.max) > stand.now.tot:
            stand.now = period
    found: dict[object, list[Stand]] = {}
    for stand in stands:
        found.setdefault(stand.voorziening_id, []).append(stand)
    return found


# As service/bezetting.py does for one plek: who claims waits for its turn, so that no two wait for each other.
QUEUE = """
select count(pg_advisory_xact_lock(hashtextextended('bezetting ' || c.id, 0)))
from (select unnest($1::uuid[])::text as id order by 1) c
"""

QUEUE_AT_MOST = 1_000
"""Locks are room in shared memory; a longer list takes the chance that the database breaks a deadlock."""

RELEASE_EXPIRED = """
update bezetting
set vrijgegeven_op = $2, versie = versie + 1
where plek_id = any ($1::uuid[]) and soort = 'optie' and vrijgegeven_op is null and vervalt_op <= $2
"""

WITHDRAW = "update bezetting set vrijgegeven_op = $2, versie = versie + 1 where id = any ($1::uuid[])"

END = """
update bezetting b
set periode = daterange(lower(b.periode), e.tot), beeindigd_op = case when e.vertrokken then e.tot end,
    einde_reden = case when e.vertrokken then 'anders'::einde_reden end, versie = b.versie + 1
from unnest($1::uuid[], $2::date[], $3::boolean[]) as e (id, tot, vertrokken)
where b.id = e.id
"""

PROLONG = """
update bezetting b
set periode = daterange(lower(b.periode), e.tot), stop_reden = e.reden::stop_reden, versie = b.versie + 1
from unnest($1::uuid[], $2::date[], $3::text[]) as e (id, tot, reden)
where b.id = e.id
"""

ADD_PLEK = """
insert into plek (id, regio, aanbieder_id, voorziening_id, naam, beschikbaarheid, bestaat)
select n.id, huidige_regio(), n.aanbieder_id, n.voorziening_id, n.naam, n.beschikbaarheid::beschikbaarheid,
       daterange($6, null)
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[])
    as n (id, aanbieder_id, voorziening_id, naam, beschikbaarheid)
"""

CHANGE_PLEK = """
update plek p
set beschikbaarheid = coalesce(c.beschikbaarheid::beschikbaarheid, p.beschikbaarheid),
    bestaat = case when c.anders then daterange(lower(p.bestaat), c.tot) else p.bestaat end,
    bevestigd_op = greatest(p.bevestigd_op, c.bevestigd_op),
    versie = p.versie + case when c.nieuw then 0 else 1 end
from unnest($1::uuid[], $2::text[], $3::boolean[], $4::date[], $5::timestamptz[], $6::boolean[])
    as c (id, beschikbaarheid, anders, tot, bevestigd_op, nieuw)
where p.id = c.id
"""

CONFIRM = """
insert into bevestiging (regio, plek_id, op, bron, beschikbaarheid)
select p.regio, p.id, c.op, 'bestand', p.beschikbaarheid
from unnest($1::uuid[], $2::timestamptz[]) as c (id, op)
join plek p on p.id = c.id
"""

ADD_PERIOD = """
insert into bezetting (regio, vraag_regio, plek_id, soort, periode, stop_reden)
select huidige_regio(), huidige_regio(), n.plek_id, n.soort::bezetting_soort, daterange(n.van, n.tot),
       n.stop_reden::stop_reden
from unnest($1::uuid[], $2::text[], $3::date[], $4::date[], $5::text[]) as n (plek_id, soort, van, tot, stop_reden)
"""


async def write(conn: Connection, decision: Decision, progress: Progress | None = None) -> None:
    """Everything at once, one statement per kind of change: first what makes room, then what takes it.

    The database refuses an overlap that came up in between: constraint bezetting_geen_overlap.
    """
    d, step = decision, 0

    async def run(sql: str, *arguments: object) -> None:
        nonlocal step
        if arguments[0]:
            await conn.execute(sql, *arguments)
        step += 1
        if progress:
            progress("Opslaan", step, 8)

    if len(d.claimed) <= QUEUE_AT_MOST:
        await conn.execute(QUEUE, sorted(d.claimed))
    await run(RELEASE_EXPIRED, list(d.claimed), d.now)
    await run(WITHDRAW, d.withdrawn, d.now)
    await run(END, list(d.ended), *_columns(list(d.ended.values()), 2))
    await run(
        ADD_PLEK,
        [plek.id for plek in d.new],
        [plek.voorziening.aanbieder_id for plek in d.new],
        [plek.voorziening.id for plek in d.new],
        [plek.naam for plek in d.new],
        [plek.beschikbaarheid for plek in d.new],
        d.today,
    )
    changed = list(dict.fromkeys([*d.beschikbaarheid, *d.bestaat_tot, *d.confirmed]))
    new = {plek.id for plek in d.new}
    moments = {id: _moment(day, d) for id, day in d.confirmed.items()}
    await run(
        CHANGE_PLEK,
        changed,
        [d.beschikbaarheid.get(id) for id in changed],
        [id in d.bestaat_tot for id in changed],
        [d.bestaat_tot.get(id) for id in changed],
        [moments.get(id) for id in changed],
        [id in new for id in changed],
    )
    await run(CONFIRM, list(moments), list(moments.values()))
    await run(PROLONG, list(d.prolonged), *_columns(list(d.prolonged.values()), 2))
    await run(ADD_PERIOD, *_columns([(p.plek_id, p.soort, p.van, p.tot, p.stop_reden) for p in d.periods], 5))


def _columns(rows: list[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[i] for row in rows] for i in range(width)]


def _moment(day: date, decision: Decision) -> datetime:
    """Now for today; for a day before it noon, because the file says no more."""
    return decision.now if day == decision.today else datetime(day.year, day.month, day.day, 12, tzinfo=AMSTERDAM)
