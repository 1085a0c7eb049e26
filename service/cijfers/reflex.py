"""Reflex: was a plek there that had just been confirmed? Now and then "klopt nog" is tapped without a look, and what
happens to a place that is proposed soon after, shows it. To learn from, apart from sanctions, or beds get hidden."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from service.cijfers import onderdrukking
from service.cijfers.cijfers import Periode, periode, uitleg
from service.days import AMSTERDAM, today
from service.db import Connection, Rol
from service.regio.werkregels import werkregels


class Versheidscijfer(Struct, rename="camel", kw_only=True):
    """Of one aanbieder. What is null, is too small to be told."""

    aanbieder_id: UUID
    aanbieder: str
    gevraagd: Annotated[
        int | None, Meta(description="Zo vaak vroeg het loket een plek die kort daarvoor als vrij was bevestigd.")
    ]
    was_er_niet: Annotated[int | None, Meta(description="Zo vaak was die plek er toen niet.")]
    aandeel: Annotated[float | None, Meta(description="Het deel dat er niet was, van 0 tot 1.")]
    geen_personeel: Annotated[int | None, Meta(description="Waarvan: geen personeel. Niet voor contractbeheer.")]
    weigert: Annotated[int | None, Meta(description="Waarvan: de aanbieder wil niet. Niet voor contractbeheer.")]
    bezet: Annotated[int | None, Meta(description="Waarvan: er woonde al iemand. Niet voor contractbeheer.")]


class Versheidscijfers(Struct, rename="camel", kw_only=True):
    periode: Periode
    uitleg: str
    binnen_dagen: Annotated[int, Meta(description="Zo kort na een bevestiging telt een vraag mee.")]
    aanbieders: list[Versheidscijfer]


TELLINGEN = """
select aanbieder_id, aanbieder, gevraagd, geen_personeel, weigert, bezet from versheidscijfers($1, $2, $3)
order by aanbieder, aanbieder_id
"""


async def cijfers(conn: Connection, rol: Rol, *, code: str | None, now: datetime) -> Versheidscijfers:
    """Over a period that is over (cijfers/cijfers.py says which there are, and why not shorter). The loket knows all of
    these voorstellen, an aanbieder its own; to others small numbers are not told. Refuses INVALID."""
    rules = await werkregels(conn)
    over = periode(code, rules.cijfers_maanden, today(now))
    rows = await conn.fetch(TELLINGEN, _begin(over.van), _begin(over.tot), rules.reflex_dagen)
    open_ = rol is not Rol.CONTRACTBEHEER
    found = []
    for row in rows:
        asked, parts = row["gevraagd"], (row["geen_personeel"], row["weigert"], row["bezet"])
        gone = sum(parts)
        told = onderdrukking.rij({"weg": gone, "er": asked - gone}, ("weg", "er"))
        found.append(
            Versheidscijfer(
                aanbieder_id=row["aanbieder_id"],
                aanbieder=row["aanbieder"],
                gevraagd=asked if open_ else told.totaal,
                was_er_niet=gone if open_ else told.delen["weg"],
                aandeel=round(gone / asked, 3) if open_ or told.delen["weg"] is not None else None,
                geen_personeel=parts[0] if open_ else None,
                weigert=parts[1] if open_ else None,
                bezet=parts[2] if open_ else None,
            )
        )
    return Versheidscijfers(
        periode=over, uitleg=uitleg(verborgen=False), binnen_dagen=rules.reflex_dagen, aanbieders=found
    )


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), AMSTERDAM)
