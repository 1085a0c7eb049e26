"""Makes the rows of one or more regions: wires codes, demand, supply, scarcity and history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from math import ceil

from asyncpg import Range

from service.demo.aanbod import add_aanbod
from service.demo.codes import add_codes
from service.demo.dice import Dice
from service.demo.draft import Draft
from service.demo.history import HABITS, Past
from service.demo.papers import add_uitsluitingen
from service.demo.personen import add_personen
from service.demo.regions import Regio, all_regions, neighbours
from service.demo.rows import Gemeente, Jeugdregio, Regioafspraak, Rows
from service.demo.scarcity import Children, Scarcity, assign
from service.demo.verloop import add_verloop
from service.demo.verwijzers import make_verwijzers
from service.demo.vraag import add_open


class Size(StrEnum):
    """How much: see COUNTS."""

    REGION = "region"
    PROVINCE = "province"
    COUNTRY = "country"


COUNTS = {Size.REGION: (1, 60, 400), Size.PROVINCE: (6, 600, 4_000), Size.COUNTRY: (42, 6_000, 40_000)}
"""Regions, open aanvragen and plekken in all of them together."""

WITHOUT_PLACE = 0.1
"""Questions that never led to a stay, as part of those that did."""


def regions_of(size: Size, regio: str | None = None) -> tuple[Regio, ...]:
    """The regions of a size: `regio` (Gooi en Vechtstreek when None) and the nearest to it. KeyError if unknown."""
    everything = all_regions()
    start = everything[0] if regio is None else {one.code: one for one in everything}[regio]
    return (start, *neighbours(start, everything, COUNTS[size][0] - 1))


def share(total: int, parts: int, i: int) -> int:
    """The i-th part when `total` is divided as evenly as whole numbers allow."""
    return total * (i + 1) // parts - total * i // parts


def generate(
    *,
    seed: int,
    today: date,
    size: Size = Size.REGION,
    scarcity: Scarcity = Scarcity.KRAP,
    regio: str | None = None,
    aanvragen: int | None = None,
    plekken: int | None = None,
) -> Rows:
    """Rows of all tables. Same arguments, same rows, byte for byte.

    `aanvragen` and `plekken` replace the totals of the size. Each region has dice of its own, so that it does not
    depend on the regions beside it.
    """
    regios = regions_of(size, regio)
    _, n_aanvragen, n_plekken = COUNTS[size]
    rows = Rows()
    for i, one in enumerate(regios):
        _add_region(
            Draft(Dice(seed, one.code), rows, one, today),
            scarcity,
            share(aanvragen or n_aanvragen, len(regios), i),
            share(plekken or n_plekken, len(regios), i),
        )
        add_personen(seed, rows, one, today, everybody=i == 0)
        add_verloop(seed, rows, one, today)
    _add_afspraken(rows, regios, seed, today)
    return rows


def _add_region(draft: Draft, scarcity: Scarcity, n_aanvragen: int, n_plekken: int) -> None:
    dice, rows, regio = draft.dice, draft.rows, draft.regio
    rows.jeugdregio.append(Jeugdregio(regio.code, regio.naam))
    rows.gemeente += [Gemeente(code, naam, regio.code) for code, naam in regio.gemeenten]
    add_codes(rows, regio)
    verwijzers = make_verwijzers(draft)
    first_paper = len(rows.machtiging)
    vraag = add_open(draft, verwijzers, n_aanvragen)
    aanbod = add_aanbod(draft, n_plekken)
    stands = assign(dice, aanbod, Children(vraag, rows.machtiging[first_paper:]), scarcity, draft.today)
    add_uitsluitingen(draft, vraag, aanbod.voorzieningen)
    past = Past(draft, aanbod, verwijzers)
    providers = dict.fromkeys(v.aanbieder_id for v in aanbod.voorzieningen)
    habits = {aanbieder_id: dice.weighted(HABITS) for aanbieder_id in providers}
    before = len(rows.aanvraag)
    for v in aanbod.voorzieningen:
        past.live(v, aanbod.plekken[v.id], stands, habits[v.aanbieder_id])
    past.without_place(ceil((len(rows.aanvraag) - before) * WITHOUT_PLACE))
    past.answer_open(vraag)


def _add_afspraken(rows: Rows, regios: Sequence[Regio], seed: int, today: date) -> None:
    """Each region may use places of its two nearest neighbours: of one all, of the other crisis places only."""
    dice = Dice(seed, "regioafspraken")
    for regio in regios:
        for i, neighbour in enumerate(neighbours(regio, tuple(regios))):
            rows.regioafspraak.append(
                Regioafspraak(
                    dice.id(),
                    neighbour.code,
                    regio.code,
                    "crisis" if i else None,
                    Range(today - timedelta(days=400), today + timedelta(days=1000)),
                )
            )
