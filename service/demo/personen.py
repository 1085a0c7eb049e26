"""Who works with the loket: people in every role, at two GI's and two aanbieders, one of them away.

They have dice of their own, so that the rest of a region comes out the same with and without them.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from service.demo import names
from service.demo.dice import Dice
from service.demo.regions import Regio
from service.demo.rows import Gebruiker, Rows

AWAY = timedelta(days=21)
"""How long the one who is away stays so."""


def add_personen(seed: int, rows: Rows, regio: Regio, today: date, *, everybody: bool) -> None:
    """Of the region that is shown everybody; of one beside it who runs the loket there. Ids depend on the seed and
    the region only."""
    dice = Dice(seed, f"{regio.code}/gebruikers")
    named = iter(names.people(dice.rng))
    since = datetime.combine(today - timedelta(days=900), time(8), UTC)
    made: list[Gebruiker] = []

    def person(rol: str, *, organisatie_id: UUID | None = None, aanbieder_id: UUID | None = None) -> Gebruiker:
        naam, email = next(named)
        row = Gebruiker(dice.id(), regio.code, naam, rol, organisatie_id, aanbieder_id, email, None, None, since)
        row.aangemaakt_op += timedelta(minutes=len(made))  # the order in which they are listed
        made.append(row)
        return row

    loket, gis, others = _organisaties(rows, regio.code)
    first = person("schakelfunctionaris", organisatie_id=loket)
    person("beheerder", organisatie_id=loket)
    if everybody:
        away = person("schakelfunctionaris", organisatie_id=loket)
        away.vervanger_id, away.vervangen_tot = first.id, today + AWAY
        person("crisisdienst", organisatie_id=loket)
        person("crisisdienst", organisatie_id=loket)
        person("contractbeheer", organisatie_id=loket)
        for id in (*gis[:2], *gis[:2], *others):
            person("verwijzer", organisatie_id=id)
        providers = _two_providers(rows, regio.code)
        for id in (*providers, *providers):
            person("aanbieder", aanbieder_id=id)
    rows.gebruiker += made


def _organisaties(rows: Rows, regio: str) -> tuple[UUID, list[UUID], list[UUID]]:
    """The loket; the GI's; a gemeente and Veilig Thuis."""
    by_soort: dict[str, list[UUID]] = {}
    for one in rows.organisatie:
        if one.regio == regio:
            by_soort.setdefault(one.soort, []).append(one.id)
    return by_soort["loket"][0], by_soort["gi"], [by_soort["gemeente"][0], by_soort["veilig_thuis"][0]]


def _two_providers(rows: Rows, regio: str) -> list[UUID]:
    """The largest, and the largest of the other kind: one with foster families, one with houses and groups."""
    size = Counter(plek.aanbieder_id for plek in rows.plek if plek.regio == regio)
    found = sorted((a for a in rows.aanbieder if a.regio == regio), key=lambda a: (-size[a.id], a.naam))
    first = {a.pleegzorg: a for a in reversed(found)}
    return [a.id for a in sorted(first.values(), key=found.index)]
