"""Small situations for the joint plan: aanvragen, plekken, and what people and opties say of them."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from msgspec import structs

from matcher import plain_plan
from matcher.aanbod import Aanbod
from matcher.geo import Estimate
from matcher.plain_plan import Bed, Situation
from matcher.problem import FOREVER, Aanvraag, Plek, Urgentie
from matcher.proposal.candidates import Asked, Candidates, candidates
from tests.matcher import problems
from tests.matcher.make import CODES, NOW_HOUR, WEGING, aanvraag, jeugdige

UNITS = 3
PLANS = 3_000
"""Of one situation: as many as a test can look at."""


def situation(seed: int, *, crowd: bool = False) -> Situation:
    """Three voorzieningen for a few children, in which nearly everything is close to its edge.

    A crowd: more of both, and who comes together matters nearly everywhere; too many plans to look at.
    """
    dice = Random(seed)
    units = 2 * UNITS if crowd else UNITS
    plekken = problems.plekken(dice, units, beds=3)
    roomy = {
        f"v{n}": (dice.choice((12, 25, None)), dice.choice((1, 1, 2)))
        for n in range(units)
        if crowd or dice.random() < 0.7
    }
    plekken = [_roomy(dice, plek, *roomy[plek.voorziening]) if plek.voorziening in roomy else plek for plek in plekken]
    asked: list[Asked] = []
    for _ in range(8 if crowd else dice.randint(2, 4)):
        kinderen = _family(dice, sum(len(one.kinderen) for one in asked))
        asked.append(
            Asked(
                id=f"s{len(asked)}",
                kinderen=kinderen,
                wachtdagen=tuple(dice.choice((0, 3, 3, 8)) for _ in kinderen),
                weging=problems.weging(dice),
                travel=Estimate(),
                mag_splitsen=dice.random() < 0.5,
            )
        )
    ids = [child.id for one in asked for child in one.kinderen]
    beds = [plek.id for plek in plekken]
    held = dice.sample(beds, min(len(beds), dice.choice((0, 0, 1, 2))))
    return Situation(
        asked=asked,
        plekken=plekken,
        now_hour=NOW_HOUR,
        voor_crisis=[bed for bed in beds if dice.random() < 0.1],
        opties=[(dice.choice(ids), bed) for bed in held],
        vast=[(id, dice.choice(beds)) for id in dice.sample(ids, dice.choice((0, 0, 0, 1, min(2, len(ids)))))],
        verboden=[(dice.choice(ids), dice.choice((*beds, "v0"))) for _ in range(dice.choice((0, 0, 2)))],
        vorige={id: dice.choice((*beds, "gone")) for id in ids if dice.random() < 0.3},
    )


def _roomy(dice: Random, plek: Plek, apart: int | None, room: int) -> Plek:
    """Where most children fit, so that who comes together matters."""
    return structs.replace(
        plek,
        regio="gooi",
        leeftijd_van=60,
        leeftijd_tot=200,
        groepssoort="gemengd",
        juridische_kaders=frozenset({"ots", "vrijwillig"}),
        zorgvorm="gezinshuis",
        gesloten=False,
        contra_indicaties=frozenset(),
        medisch=frozenset(CODES.medisch),
        bemenst=True,
        stop=None,
        windows=plek.windows if dice.random() < 0.4 else ((1, FOREVER),),
        leeftijdsverschil_max=apart,
        group=structs.replace(plek.group, size=0, unknown=0, room={"brandstichting": room}, full=()),
    )


def _family(dice: Random, number: int) -> tuple[Aanvraag, ...]:
    """Brothers and sisters who differ in what they must share."""
    whole = problems.aanvraag(dice, UNITS)
    return tuple(
        structs.replace(
            whole,
            id=f"r{number + at}",
            jeugdigen=(structs.replace(child, kenmerken=problems.some(dice, ("brandstichting",), 0.4)),),
            urgentie=whole.urgentie if dice.random() < 0.8 else Urgentie.CRISIS,
            gewenste_start=(start := whole.gewenste_start + dice.choice((0, 0, 2))),
            uiterlijke_datum=start + dice.choice((0, 4, 10)),
            verblijf=dice.choice((1, 5, 10)),
            zorgvormen=problems.often(dice, CODES.zorgvormen, 0.8) | ({"gezinshuis"} if dice.random() < 0.9 else set()),
            maximale_reistijd=dice.choice((None, None, 12)),
            uitgesloten_voorzieningen=problems.some(dice, ("v1",), 0.1),
        )
        for at, child in enumerate(whole.jeugdigen)
    )


def joint(s: Situation) -> Candidates:
    """The same for the fast library."""
    return candidates(
        s.asked,
        Aanbod.build(s.plekken, CODES),
        s.now_hour,
        voor_crisis=s.voor_crisis,
        opties=s.opties,
        vast=s.vast,
        verboden=s.verboden,
        vorige=s.vorige,
    )


def every(can: dict[str, list[Bed]]) -> Iterator[dict[str, Bed]]:
    """All ways to give each child one of its places, or none; no plek twice."""

    def rest(ids: list[str], plan: dict[str, Bed]) -> Iterator[dict[str, Bed]]:
        if not ids:
            yield plan
            return
        yield from rest(ids[1:], plan)
        for bed in can[ids[0]]:
            yield from rest(ids[1:], {**plan, ids[0]: bed})

    return rest(list(can), {})


def count(can: dict[str, list[Bed]]) -> int:
    ways = 1
    for beds in can.values():
        ways *= len(beds) + 1
    return ways


def best(s: Situation, can: dict[str, list[Bed]]) -> tuple[int, ...]:
    """Fixed places made, then the tiers, of the best of all plans that are allowed."""
    points = plain_plan.points(s, can)
    return max(
        (len(s.vast) - len(list(plain_plan.fixed(s, plan))), *plain_plan.worth(s, plan, points))
        for plan in every(can)
        if not plain_plan.wrong(s, plan, can)
    )


def asked(*children: Aanvraag, id: str = "", **fields: Any) -> Asked:
    """One child (or brothers and sisters) who waited three days."""
    given: dict[str, Any] = {"wachtdagen": (3,) * len(children), "weging": WEGING, "travel": Estimate(), **fields}
    return Asked(id=id or children[0].id, kinderen=children, **given)


def child(id: str, months: int = 120, kenmerken: tuple[str, ...] = (), **fields: Any) -> Aanvraag:
    return aanvraag(jeugdige(leeftijd_maanden=months, kenmerken=frozenset(kenmerken)), id=id, **fields)
