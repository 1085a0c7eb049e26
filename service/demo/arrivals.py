"""Arrivals over time: the demo region two years ago, and every question that was filed since then, day by day.

The history (history.py) is made backwards from the stays; there nobody ever waited in vain. Here questions of the same
kinds come by chance, more than there are places for, and nothing says where they end: that is for a replay to decide.
"""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct

from service.demo.aanvraag import Question, Route, kader_of, make_aanvraag, perspectief_of
from service.demo.codes import NOT_RANKED
from service.demo.dice import Dice
from service.demo.draft import Draft
from service.demo.generate import Size, generate, regions_of
from service.demo.history import HISTORY_DAYS
from service.demo.papers import add_papers
from service.demo.rows import Aanvraag, Rows
from service.demo.scarcity import Scarcity
from service.demo.verwijzers import Verwijzers, make_verwijzers
from service.demo.vraag import SPOED_DAYS, family_sizes, may_split, routes_of

CHILDREN_PER_DAY = 1.6
"""About a quarter more than the history of the same region placed: krap."""


class Family(Struct, frozen=True):
    """Children asked for together; one child is a family of one."""

    children: tuple[Aanvraag, ...]
    mag_splitsen: bool


class Arrivals(Struct, frozen=True):
    since: date
    days: int
    supply: Rows
    """The region as `generate` makes it: voorzieningen, plekken, and what took them since before the first day."""
    demand: Rows
    """The papers of the questions."""
    families: tuple[Family, ...]
    """In order of the day on which they were filed."""


def arrivals(*, seed: int, today: date, days: int = HISTORY_DAYS, per_day: float = CHILDREN_PER_DAY) -> Arrivals:
    """The `days` up to `today` of the demo region (krap). Same arguments, same arrivals."""
    (regio,) = regions_of(Size.REGION)
    supply = generate(seed=seed, today=today, size=Size.REGION, scarcity=Scarcity.KRAP)
    since, dice, demand = today - timedelta(days=days), Dice(seed, "arrivals"), Rows()
    sizes = family_sizes(dice, round(days * per_day))
    verwijzers = make_verwijzers(Draft(dice, demand, regio, since))
    filed = sorted(
        (
            (dice.between(0, days - 1), size, leave, route)
            for size, leave, route in zip(sizes, may_split(dice, sizes), routes_of(dice, sizes), strict=True)
            if NOT_RANKED not in route.zorgvormen
        ),
        key=lambda one: one[0],
    )
    families = []
    for number, size, leave, route in filed:
        draft = Draft(dice, demand, regio, since + timedelta(days=number))
        question = _question(draft, verwijzers, route)
        oldest = dice.between(max(route.years[0] * 12, (size - 1) * 16), route.years[1] * 12 + 11)
        samen, granted = dice.id() if size > 1 else None, dice.chance(0.85)
        children = []
        for _ in range(size):
            a = make_aanvraag(draft, verwijzers, question, oldest, samen)
            add_papers(draft, a, granted=granted)
            children.append(a)
            oldest = max(0, oldest - dice.between(12, 30))
        families.append(Family(tuple(children), leave))
    return Arrivals(since, days, supply, demand, tuple(families))


def _question(draft: Draft, verwijzers: Verwijzers, route: Route) -> Question:
    """Filed on the day of the draft; terms as in vraag.open_question."""
    dice, day = draft.dice, draft.today
    if route.urgentie == "crisis":
        start, last = 0, dice.between(1, 3)
    elif route.urgentie == "spoed":
        start, last = dice.between(1, 3), dice.between(3, SPOED_DAYS)
    else:
        start = dice.between(7, 60)
        last = start + dice.between(21, 60)
    woonplaats, kader = dice.pick(draft.regio.woonplaatsen), kader_of(dice, route)
    return Question(
        route,
        kader,
        verwijzers.of(dice, kader, route.urgentie, woonplaats.gemeente),
        woonplaats,
        [code for i, code in enumerate(route.zorgvormen) if i < 2 or not dice.chance(0.12)],
        perspectief_of(dice, route.stay),
        day,
        day + timedelta(days=start),
        day + timedelta(days=last),
        "ingediend",
        day,
    )
