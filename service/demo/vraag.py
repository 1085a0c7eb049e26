"""Demand: open aanvragen with their papers, one by one or as a samenplaatsing.

Shares that are asked (issue 2): 20 % of the children in samenplaatsingen of 2 to 4, 30 % of those with leave to split.
"""

from __future__ import annotations

from datetime import timedelta

from service.demo import names
from service.demo.aanvraag import GEZINSVORM, ROUTES, Question, Route, kader_of, make_aanvraag, perspectief_of
from service.demo.dice import Dice, apportion
from service.demo.draft import Draft
from service.demo.papers import add_papers
from service.demo.rows import Aanvraag, Samenplaatsing
from service.demo.verwijzers import Verwijzers

TOGETHER = 0.20
SPLIT_LEAVE = 0.30

SPOED_DAYS = 7
REGULIER_DAYS = 70
"""No open aanvraag may wait longer from today than this: the terms within which a bed is free in time (scarcity)."""


def family_sizes(dice: Dice, n: int) -> list[int]:
    """How many children each question is for, adding up to n, with TOGETHER of them in groups of 2 to 4."""
    left, groups = round(n * TOGETHER), []
    while left >= 2:
        size = min(dice.weighted({2: 0.6, 3: 0.28, 4: 0.12}), left)
        if left - size == 1:  # nobody is a group alone
            size = size + 1 if size < 4 else size - 1
        groups.append(size)
        left -= size
    sizes = groups + [1] * (n - sum(groups))
    dice.rng.shuffle(sizes)
    return sizes


def routes_of(dice: Dice, sizes: list[int]) -> list[Route]:
    """A route per question, so that children are spread over the routes by their shares; families on family routes."""
    left = apportion({route: route.share for route in ROUTES}, sum(sizes))
    chosen: list[Route | None] = [None] * len(sizes)
    for i in sorted(range(len(sizes)), key=lambda i: -sizes[i]):  # the largest first, while there is room
        fits = {
            route: float(n)
            for route, n in left.items()
            if n >= sizes[i] and (sizes[i] == 1 or len(GEZINSVORM.intersection(route.zorgvormen)) >= 2)
        }
        route = dice.weighted(fits)
        chosen[i] = route
        left[route] -= sizes[i]
    return [route for route in chosen if route is not None]


def may_split(dice: Dice, sizes: list[int]) -> list[bool]:
    """Which groups have leave, so that the share of children with it comes as near to SPLIT_LEAVE as groups allow."""
    want = sum(size for size in sizes if size > 1) * SPLIT_LEAVE
    given, order = 0, [i for i, size in enumerate(sizes) if size > 1]
    leave = [False] * len(sizes)
    dice.rng.shuffle(order)
    for i in order:
        if abs(given + sizes[i] - want) < abs(given - want):
            leave[i] = True
            given += sizes[i]
    return leave


def open_question(draft: Draft, verwijzers: Verwijzers, route: Route) -> Question:
    """A question that is open today: filed before today, and its last day not yet past."""
    dice, today = draft.dice, draft.today
    if route.urgentie == "crisis":
        aangemeld = today - timedelta(days=1)
        start, uiterlijk = today, today + timedelta(days=dice.between(1, 3))
    elif route.urgentie == "spoed":
        aangemeld = today - timedelta(days=dice.between(1, 6))
        start = aangemeld + timedelta(days=dice.between(1, 3))
        uiterlijk = today + timedelta(days=dice.between(3, SPOED_DAYS))
    else:
        aangemeld = today - timedelta(days=min(300, dice.days(35, 0.9)))
        start = max(aangemeld + timedelta(days=dice.between(7, 60)), today - timedelta(days=60))
        start = min(start, today + timedelta(days=REGULIER_DAYS - 21))
        uiterlijk = min(max(start, today) + timedelta(days=dice.between(21, 60)), today + timedelta(days=REGULIER_DAYS))
    woonplaats, kader = dice.pick(draft.regio.woonplaatsen), kader_of(dice, route)
    zorgvormen = [code for i, code in enumerate(route.zorgvormen) if i < 2 or not dice.chance(0.12)]
    return Question(
        route,
        kader,
        verwijzers.of(dice, kader, route.urgentie, woonplaats.gemeente),
        woonplaats,
        zorgvormen,
        perspectief_of(dice, route.stay),
        aangemeld,
        start,
        uiterlijk,
        dice.weighted({"ingediend": 0.3, "in_behandeling": 0.62, "opgeschaald": 0.08}),
        today,
    )


def add_open(draft: Draft, verwijzers: Verwijzers, n: int) -> list[Aanvraag]:
    """n open aanvragen; returns them."""
    dice, rows, regio = draft.dice, draft.rows, draft.regio
    made: list[Aanvraag] = []
    sizes = family_sizes(dice, n)
    routes = routes_of(dice, sizes)
    for size, leave, route in zip(sizes, may_split(dice, sizes), routes, strict=True):
        question = open_question(draft, verwijzers, route)
        samen = dice.id() if size > 1 else None
        if samen is not None:
            reden = dice.pick(names.SPLIT) if leave else None
            rows.samenplaatsing.append(
                Samenplaatsing(
                    samen, regio.code, question.organisatie.id, leave, reden, dice.moment(question.aangemeld)
                )
            )
        oldest = dice.between(max(route.years[0] * 12, (size - 1) * 16), route.years[1] * 12 + 11)
        granted = dice.chance(0.85)
        for _ in range(size):
            a = make_aanvraag(draft, verwijzers, question, oldest, samen)
            add_papers(draft, a, granted=granted)
            made.append(a)
            oldest = max(0, oldest - dice.between(12, 30))
    rows.aanvraag += made
    return made
