"""A capacity list that counts: how many plekken a voorziening has, and how many of them are free."""

from __future__ import annotations

from datetime import date

from service.intake.decision import Decision
from service.intake.names import Voorziening
from service.intake.standen import Stand, Status, natural, new_names
from service.intake.tables import Record
from service.intake.wishes import Wish, decide_one, end


def decide(decision: Decision, voorziening: Voorziening, record: Record, known: list[Stand]) -> None:
    """The changes for a voorziening with one row: how many plekken, and how many of them are free.

    Which plek is which, the file does not say. Beds that are free stay free where possible; what must be taken
    is the first free one, what must be freed the one that would be free soonest.
    """
    if record.wrong:
        return
    total, free = record.get("aantal plekken"), record.get("aantal vrij")
    known = sorted(known, key=lambda stand: natural(stand.naam))
    stay = _stay(decision, voorziening, record, known)
    if stay is None:
        return
    names = [stand.naam for stand in stay] + new_names(known, total - len(stay))
    # An optie leaves the bed empty: for the provider it is free.
    occupied = [stand for stand in stay if stand.now is not None and stand.now.soort != "optie"]
    surplus = len(occupied) - (total - free)
    freeable = sorted(
        (stand for stand in occupied if stand.now and not stand.now.met_aanvraag and stand.now.soort == "plaatsing"),
        key=lambda stand: (stand.now.tot or date.max if stand.now else date.max, natural(stand.naam)),
    )
    takeable = [name for name in names if name not in {s.naam for s in stay if s.now is not None or s.later}]
    if surplus > len(freeable):
        reason = (
            f"In het loket zijn {len(occupied)} plekken bezet of gestopt; daarvan kan een lijst er {len(freeable)} "
            "vrijmaken. Beëindig eerst de plaatsing of de stop in het loket, of maak een rij per plek."
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
        decide_one(decision, voorziening, wish, by_name.get(name))


def _stay(decision: Decision, voorziening: Voorziening, record: Record, known: list[Stand]) -> list[Stand] | None:
    """The plekken that are among the counted ones, and ends the empty ones that are not; None after a fault."""
    total = record.get("aantal plekken")
    there = [stand for stand in known if not stand.gone(decision.today)]
    empty = [stand for stand in there if stand.now is None and not stand.later]
    if len(there) - total > len(empty):
        reason = (
            f"In het loket zijn {len(there)} plekken, waarvan er {len(there) - len(empty)} bezet, gestopt of toegezegd "
            "zijn. Verhoog het aantal, of maak een rij per plek."
        )
        decision.parsed.fault(record, "aantal plekken", "nog_bezet", reason)
        return None
    gone = {stand.id for stand in empty[len(empty) - max(0, len(there) - total) :]}
    for stand in there:
        if stand.id in gone:
            end(decision, voorziening, stand)
    stay = [stand for stand in there if stand.id not in gone]
    # What was there before comes back before anything new is made.
    back = [stand for stand in known if stand.gone(decision.today) and stand.now is None and not stand.later]
    return stay + back[: total - len(stay)]
