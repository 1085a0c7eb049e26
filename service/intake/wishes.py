"""What a capacity list wants of each plek, against what stands.

A plaatsing or optie for an aanvraag is never touched: where the file says otherwise, that becomes a fault (or a
note, when nothing is wrong with the file). Only what a provider said itself is changed: whether an empty plek is
staffed, stops, and plaatsingen without an aanvraag, which come from such a list.
"""

from __future__ import annotations

from datetime import date
from uuid import uuid4

from msgspec import Struct
from msgspec.structs import replace

from service.intake.cells import day_text
from service.intake.decision import Decision, NewPeriod, NewPlek
from service.intake.names import Voorziening
from service.intake.preview import Actie, Veld, Wijziging
from service.intake.standen import (
    BESCHIKBAARHEID,
    EMPTY,
    Period,
    Stand,
    Status,
    called,
    describe,
    find,
    natural,
    plek_key,
)
from service.intake.tables import Record


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


def decide(
    decision: Decision, voorziening: Voorziening, wishes: list[Wish], known: list[Stand], *, complete: bool
) -> None:
    """The changes for a voorziening with a row per plek; `complete`: what the file leaves out, ends."""
    seen: dict[object, int] = {}
    for wish, stand in zip(wishes, find(known, [wish.plek for wish in wishes]), strict=True):
        same = stand.id if stand else plek_key(wish.plek)
        if same in seen:
            reason = f"Deze plek staat ook in rij {seen[same]}. Haal een van de twee weg."
            decision.parsed.fault(wish.record, "plek", "dubbel", reason)
            continue
        seen[same] = wish.record.row
        decide_one(decision, voorziening, wish, stand)
    if complete:
        for stand in sorted(known, key=lambda stand: natural(stand.naam)):
            if stand.id not in seen:
                end(decision, voorziening, stand)


def decide_one(decision: Decision, voorziening: Voorziening, wish: Wish, stand: Stand | None) -> None:
    """The changes for one plek; `stand` is None for a new one."""
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
    if stand.bestaat_tot is not None and stand.gone(decision.today):
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
    taken = wish.status is Status.BEZET or (wish.until is not None and wish.status is not Status.GESTOPT)
    if current is not None and current.met_aanvraag:
        return _with_aanvraag(decision, name, wish, current, taken)
    if wish.status is Status.GESTOPT:
        return _take(decision, wish, stand, "stop", wish.until, "verwacht einde")
    if not taken:
        _stop_now(decision, current)
        return None
    if current is not None and current.soort == "plaatsing" and wish.until is None:
        overdue = current.tot is not None and current.tot <= decision.today
        if not overdue:
            return current
    promised = stand.later[0].van if stand.later else None
    return _take(decision, wish, stand, "plaatsing", wish.until or promised, "bezet tot")


def _take(decision: Decision, wish: Wish, stand: Stand, soort: str, until: date | None, column: str) -> Period | None:
    """A plaatsing or stop until then: the one that runs, with another end if need be, or else a new one."""
    current = stand.now
    running = current if current is not None and current.soort == soort else None
    if running is not None and (running.tot, running.stop_reden) == (until, wish.reason):
        return running
    if not _fits(decision, wish, stand, until, column):
        return current
    decision.claimed.add(stand.id)
    if running is not None:
        decision.prolonged[running.id] = (until, wish.reason)
        return replace(running, tot=until, stop_reden=wish.reason)
    _stop_now(decision, current)
    start = max(decision.today, stand.bestaat_van)
    decision.periods.append(NewPeriod(stand.id, soort, start, until, wish.reason))
    return Period(stand.id, stand.id, soort, start, until, False, wish.reason)


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


def end(decision: Decision, voorziening: Voorziening, stand: Stand) -> None:
    """A plek that the file leaves out: gone from today on, unless somebody lives there or will."""
    if stand.gone(decision.today):
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
    gone = stand.last_day(decision.today)
    decision.bestaat_tot[stand.id] = gone
    old = day_text(stand.bestaat_tot) if stand.bestaat_tot else None
    ended = Veld("bestaat tot", old, day_text(gone))
    decision.changes.append(Wijziging(Actie.BEEINDIGD, f"{voorziening.naam}, {called(stand.naam)}", None, (ended,)))
