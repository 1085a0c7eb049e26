"""What comes of a plan: solving, the price of each choice, and the proposal of the matcher as it is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

from matcher.plan import Level, Limit
from matcher.proposal.candidates import Conflict
from matcher.proposal.propose import Proposal, propose
from service.plan.plannen import Botsing, Keuze, Niveau, PlanLimiet, Verlies
from service.plan.planuitkomst import Keuzeprijs, Opening, Uitkomst, Uitkomstregel
from service.worker import advice
from service.worker.advice import UNPRICED
from service.worker.problem import Problem, built

LIMITS = {
    Limit.NONE: PlanLimiet.GEEN,
    Limit.TIME: PlanLimiet.TIJD,
    Limit.STOPPED: PlanLimiet.GESTOPT,
    Limit.EFFORT: PlanLimiet.INSPANNING,
}

EVERY_S = 0.2
"""Progress is told no more often."""


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
    beside = advice.beside(problem, made, clock=clock, seconds=seconds, stop=stop)
    return Uitkomst(
        peilmoment=problem.now,
        niveaus=niveaus(made.levels),
        gat=made.gap,
        rekentijd=made.seconds,
        limiet=LIMITS[made.limit],
        regels=regels(problem, made, beside.openingen),
        conflicten=[*problem.botsingen, *(_botsing(one) for one in made.conflicts)],
        let_op=problem.let_op,
        keuzeprijzen=prices,
        paarprijzen=beside.paarprijzen,
        vrijhouden=beside.vrijhouden,
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


def regels(problem: Problem, made: Proposal, openingen: dict[str, list[Opening]]) -> list[Uitkomstregel]:
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
    left = [
        Uitkomstregel(aanvraag_id=UUID(id), waarom_niet=why[id], openingen=openingen.get(id)) for id in made.unplaced
    ]
    return [*placed, *left, *(Uitkomstregel(aanvraag_id=id, waarom_niet=code) for id, code in problem.buiten.items())]


def _why_not(made: Proposal) -> dict[str, str]:
    """Per aanvraag without a place a code of plantekst.WAAROM_NIET."""
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
