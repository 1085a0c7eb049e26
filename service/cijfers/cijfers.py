"""Cijfers: figures to learn from, per aanbieder or zorgvorm, over whole months that are over. Never for a sanction.

Of who may not see a child, small counts are hidden (cijfers/onderdrukking.py), and so is what would give them away:
each figure is counted one way only (VERDEELD), periods do not overlap and never hold today, and there are no sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from service.aanbod.bezetting import EindeReden
from service.cijfers import onderdrukking
from service.cijfers.onderdrukking import KLEINST
from service.days import months_after, today
from service.db import Connection, Rol, Wie, rows_as
from service.errors import FieldError
from service.fields import refuse
from service.plaatsing.voorstelkeuzes import KeuzeReden
from service.plaatsing.voorstelstap import Afwijsreden
from service.regio.werkregels import werkregels
from service.taal import gettext, later
from service.urgentie import Urgentie

UITLEG = later(
    "Deze cijfers zijn om van te leren. Ze zijn geen grond voor een maatregel, een korting of een sanctie: anders houdt"
    " iemand plekken achter."
)

VERBORGEN = later(
    " Wat over minder dan %(kleinst)s kinderen gaat, staat er niet; en soms een getal erbij niet, omdat u het"
    " anders zou kunnen uitrekenen."
)


def uitleg(*, verborgen: bool) -> str:
    """What figures are for. `verborgen`: who asks does not see small ones."""
    return gettext(UITLEG) + (gettext(VERBORGEN, kleinst=KLEINST) if verborgen else "")


# ── Over which months ────────────────────────────────────────────────────────────────────────────


class Periode(Struct, rename="camel", frozen=True):
    code: Annotated[str, Meta(description="2026-1: de eerste periode van 2026.")]
    van: date
    tot: Annotated[date, Meta(description="Eerste dag erna.")]


def periode(code: str | None, maanden: int, dag: date) -> Periode:
    """The one asked for, or the last that is over; the year is divided in parts of so many months. Refuses INVALID for
    one that is not there or not over."""
    begin = date(dag.year, (dag.month - 1) // maanden * maanden + 1, 1)
    if code is None:
        van = months_after(begin, -maanden)
    else:
        year, part = int(code[:4]), int(code[5:])
        wrong = gettext(
            "Kies een periode die voorbij is, van 1 tot en met %(waarde)s, zoals %(code)s.",
            waarde=12 // maanden,
            code=_code(begin, maanden, -1),
        )
        if not 2000 <= year <= dag.year or not 1 <= part <= 12 // maanden:
            refuse([FieldError("periode", "waarde", wrong, "query")])
        van = date(year, (part - 1) * maanden + 1, 1)
        if van >= begin:
            refuse([FieldError("periode", "waarde", wrong, "query")])
    return Periode(_code(van, maanden), van, months_after(van, maanden))


def _code(van: date, maanden: int, later: int = 0) -> str:
    van = months_after(van, maanden * later)
    return f"{van.year}-{(van.month - 1) // maanden + 1}"


def periodes(maanden: int, dag: date, aantal: int) -> list[Periode]:
    """The last so many that are over, the latest first."""
    begin = date(dag.year, (dag.month - 1) // maanden * maanden + 1, 1)
    back = [months_after(begin, -maanden * (at + 1)) for at in range(aantal)]
    return [Periode(_code(van, maanden), van, months_after(van, maanden)) for van in back]


async def periode_van(conn: Connection, code: str | None, now: datetime) -> Periode:
    return periode(code, (await werkregels(conn)).cijfers_maanden, today(now))


# ── How often ────────────────────────────────────────────────────────────────────────────────────


class CijferSoort(StrEnum):
    """As type `cijfer_soort` in schema.sql."""

    VOORSTELLEN = "voorstellen"
    AFWIJZINGEN = "afwijzingen"
    GEPASSEERD = "gepasseerd"
    VERBLIJVEN = "verblijven"
    SAMENPLAATSINGEN = "samenplaatsingen"


class Per(StrEnum):
    AANBIEDER = "aanbieder"
    ZORGVORM = "zorgvorm"
    REGIO = "regio"


_C = CijferSoort


def _order(reasons: type[StrEnum], first: StrEnum) -> tuple[str, ...]:
    return (first.value, *(reason.value for reason in reasons if reason is not first))


DELEN: Mapping[CijferSoort, tuple[str, ...]] = {
    _C.VOORSTELLEN: ("niet_gekozen", "gekozen"),
    _C.AFWIJZINGEN: _order(Afwijsreden, Afwijsreden.ANDERS),
    _C.GEPASSEERD: _order(KeuzeReden, KeuzeReden.NIET_GEZEGD),
    _C.VERBLIJVEN: _order(EindeReden, EindeReden.ANDERS),
    _C.SAMENPLAATSINGEN: ("heel", "gesplitst"),
}
"""Of what each total is made, in the order in which parts are hidden along."""

VERDEELD: Mapping[CijferSoort, Per] = {
    _C.VOORSTELLEN: Per.AANBIEDER,
    _C.AFWIJZINGEN: Per.ZORGVORM,
    _C.GEPASSEERD: Per.AANBIEDER,
    _C.VERBLIJVEN: Per.ZORGVORM,
    _C.SAMENPLAATSINGEN: Per.REGIO,
}
"""One way each for contractbeheer: the same counted in two ways would show what either hides."""


class Deel(Struct, rename="camel", frozen=True):
    code: str
    aantal: Annotated[int | None, Meta(description="Leeg: te klein om te laten zien, of daar een deel van.")]


class Telregel(Struct, rename="camel", frozen=True, kw_only=True):
    aanbieder_id: UUID | None
    aanbieder: str | None
    zorgvorm: str | None
    totaal: int
    delen: list[Deel]
    samen: Annotated[int | None, Meta(description="Van de delen die leeg zijn, bij elkaar.")]


class Telling(Struct, rename="camel", frozen=True, kw_only=True):
    soort: CijferSoort
    per: Per
    periode: Periode
    uitleg: str
    regels: list[Telregel]


class Geteld(Struct, frozen=True):
    aanbieder_id: UUID | None
    aanbieder: str | None
    zorgvorm: str | None
    code: str
    aantal: int


GETELD = "select aanbieder_id, aanbieder, zorgvorm, code, aantal from cijfer_tellingen($1, $2, $3)"

GETELD_BIJ = """
select aanbieder_id, aanbieder, zorgvorm, code, sum(aantal)::bigint as aantal
from cijfer_regels($1, $2, $3) where gemeente = $4
group by aanbieder_id, aanbieder, zorgvorm, code
"""


async def telling(
    conn: Connection,
    wie: Wie,
    soort: CijferSoort,
    *,
    code: str | None,
    per: Per | None,
    gemeente: str | None = None,
    now: datetime,
) -> Telling:
    """The loket sees all, and counts as it likes; an aanbieder its own, and of what it is not told small counts hidden;
    contractbeheer with small counts hidden. Refuses INVALID for another division than who asks may see."""
    if gemeente is not None and wie.rol is not Rol.SCHAKELFUNCTIONARIS:
        wrong = gettext("Met uw rol staan per gemeente alleen totalen: anders zijn kleine getallen uit te rekenen.")
        refuse([FieldError("gemeente", "waarde", wrong, "query")])
    over = await periode_van(conn, code, now)
    own = Per.AANBIEDER if wie.rol is Rol.AANBIEDER else VERDEELD[soort]
    if per is not None and per is not own and (wie.rol is not Rol.SCHAKELFUNCTIONARIS or VERDEELD[soort] is Per.REGIO):
        wrong = gettext(
            "Met uw rol staan deze cijfers alleen per %(own)s: anders zijn kleine getallen uit te rekenen.", own=own
        )
        refuse([FieldError("per", "waarde", wrong, "query")])
    per = per or own
    hides = wie.rol is Rol.CONTRACTBEHEER or (wie.rol is Rol.AANBIEDER and soort is _C.GEPASSEERD)
    asked = (
        (GETELD, soort, over.van, over.tot) if gemeente is None else (GETELD_BIJ, soort, over.van, over.tot, gemeente)
    )
    rows: list[Geteld] = rows_as(await conn.fetch(*asked), Geteld)
    groups: dict[tuple[Any, ...], dict[str, int]] = {}
    for row in rows:
        group = {
            Per.AANBIEDER: (row.aanbieder_id, row.aanbieder, None),
            Per.ZORGVORM: (None, None, row.zorgvorm),
            Per.REGIO: (None, None, None),
        }[per]
        parts = groups.setdefault(group, dict.fromkeys(DELEN[soort], 0))
        parts[row.code] += row.aantal
    lines = (_line(group, parts, soort, hides=hides) for group, parts in groups.items())
    return Telling(
        soort=soort,
        per=per,
        periode=over,
        uitleg=uitleg(verborgen=hides),
        regels=sorted((line for line in lines if line), key=lambda line: (line.aanbieder or "", line.zorgvorm or "")),
    )


def _line(group: tuple[Any, ...], parts: dict[str, int], soort: CijferSoort, *, hides: bool) -> Telregel | None:
    """None: there are too few, and that there are some is not told either."""
    rij = onderdrukking.rij(parts, DELEN[soort], KLEINST if hides else 0)
    if rij.totaal is None:
        return None
    return Telregel(
        aanbieder_id=group[0],
        aanbieder=group[1],
        zorgvorm=group[2],
        totaal=rij.totaal,
        delen=[Deel(code, count) for code, count in rij.delen.items()],
        samen=rij.samen,
    )


# ── What was really open, and how long it took ───────────────────────────────────────────────────


class Aanbodcijfer(Struct, rename="camel", frozen=True, kw_only=True):
    """Plekken on an average day."""

    aanbieder_id: UUID
    aanbieder: str
    zorgvorm: str
    bestaat: Annotated[float, Meta(description="Plekken op een gemiddelde dag.")]
    open: Annotated[float, Meta(description="Daarvan echt open: bewoond, of bemenst en niet gestopt.")]
    bezet: float
    gestopt: float
    onbemenst: Annotated[float, Meta(description="Leeg, en volgens de aanbieder niet bemenst of in overleg.")]
    onbekend: Annotated[float, Meta(description="Leeg, en nog nooit bevestigd.")]
    minimum_capaciteit: Annotated[int | None, Meta(description="Volgens het contract. Leeg: niet afgesproken.")]
    onder_afspraak: Annotated[float | None, Meta(description="Zoveel plekken minder open dan afgesproken.")]
    begonnen: Annotated[int | None, Meta(description="Zoveel kinderen kwamen er.")]
    wachtdagen: Annotated[
        int | None,
        Meta(description="Mediaan, vanaf het voorstel of de gewenste start als die later is, tot het kind kwam."),
    ]
    maximum_wachttijd: Annotated[int | None, Meta(description="Volgens het contract. Leeg: niet afgesproken.")]
    boven_afspraak: Annotated[int | None, Meta(description="Zoveel dagen langer dan afgesproken.")]


class Aanbodcijfers(Struct, rename="camel", frozen=True, kw_only=True):
    periode: Periode
    uitleg: str
    regels: list[Aanbodcijfer]


class Aanbodrij(Struct, frozen=True, kw_only=True):
    aanbieder_id: UUID
    aanbieder: str
    zorgvorm: str
    bestaat: float
    open: float
    bezet: float
    gestopt: float
    onbemenst: float
    onbekend: float
    minimum_capaciteit: int | None
    maximum_wachttijd: int | None
    begonnen: int
    wachtdagen: int | None


AANBOD = """
select aanbieder_id, aanbieder, zorgvorm, bestaat, open, bezet, gestopt, onbemenst, onbekend, minimum_capaciteit,
       maximum_wachttijd, begonnen, wachtdagen
from cijfer_aanbod($1, $2, $3)
"""


async def aanbodcijfers(
    conn: Connection, wie: Wie, *, code: str | None, gemeente: str | None = None, now: datetime
) -> Aanbodcijfers:
    """Of places in one `gemeente` as far as their address is public, and then beside no contract. How many children
    came is counted elsewhere in another way, so contractbeheer is not told it here."""
    over = await periode_van(conn, code, now)
    rows: list[Aanbodrij] = rows_as(await conn.fetch(AANBOD, over.van, over.tot, gemeente), Aanbodrij)
    hides = wie.rol is Rol.CONTRACTBEHEER
    return Aanbodcijfers(
        periode=over,
        uitleg=uitleg(verborgen=hides),
        regels=[_aanbodcijfer(row, hides=hides) for row in rows],
    )


def _aanbodcijfer(row: Aanbodrij, *, hides: bool) -> Aanbodcijfer:
    days = row.wachtdagen if not hides or row.begonnen >= KLEINST else None
    least, most = row.minimum_capaciteit, row.maximum_wachttijd
    return Aanbodcijfer(
        aanbieder_id=row.aanbieder_id,
        aanbieder=row.aanbieder,
        zorgvorm=row.zorgvorm,
        bestaat=round(row.bestaat, 2),
        open=round(row.open, 2),
        bezet=round(row.bezet, 2),
        gestopt=round(row.gestopt, 2),
        onbemenst=round(row.onbemenst, 2),
        onbekend=round(row.onbekend, 2),
        minimum_capaciteit=least,
        onder_afspraak=None if least is None else round(max(0.0, least - row.open), 2),
        begonnen=None if hides else row.begonnen,
        wachtdagen=days,
        maximum_wachttijd=most,
        boven_afspraak=None if most is None or days is None else max(0, days - most),
    )


# ── Days from aanvraag to plaatsing ──────────────────────────────────────────────────────────────


class Wachttijdcijfer(Struct, rename="camel", frozen=True, kw_only=True):
    """Medians in days."""

    zorgvorm: Annotated[str, Meta(description="Waar het kind kwam.")]
    urgentie: Urgentie
    aantal: int
    vanaf_aanmelding: Annotated[int, Meta(description="Mediaan, in dagen.")]
    vanaf_grondslag: int | None
    vanaf_gewenste_start: int


class Wachttijdcijfers(Struct, rename="camel", frozen=True, kw_only=True):
    periode: Periode
    uitleg: str
    regels: list[Wachttijdcijfer]


class Wachttijdrij(Struct, frozen=True, kw_only=True):
    zorgvorm: str
    urgentie: Urgentie
    aantal: int
    met_grondslag: int
    vanaf_aanmelding: int
    vanaf_grondslag: int | None
    vanaf_gewenste_start: int


WACHTTIJDEN = """
select zorgvorm, urgentie, aantal, met_grondslag, vanaf_aanmelding, vanaf_grondslag, vanaf_gewenste_start
from cijfer_wachttijden($1, $2)
"""


async def wachttijdcijfers(conn: Connection, wie: Wie, *, code: str | None, now: datetime) -> Wachttijdcijfers:
    over = await periode_van(conn, code, now)
    rows: list[Wachttijdrij] = rows_as(await conn.fetch(WACHTTIJDEN, over.van, over.tot), Wachttijdrij)
    hides = wie.rol is Rol.CONTRACTBEHEER
    return Wachttijdcijfers(
        periode=over,
        uitleg=uitleg(verborgen=hides),
        regels=[
            Wachttijdcijfer(
                zorgvorm=row.zorgvorm,
                urgentie=row.urgentie,
                aantal=row.aantal,
                vanaf_aanmelding=row.vanaf_aanmelding,
                vanaf_grondslag=row.vanaf_grondslag if not hides or row.met_grondslag >= KLEINST else None,
                vanaf_gewenste_start=row.vanaf_gewenste_start,
            )
            for row in rows
            if not hides or row.aantal >= KLEINST
        ],
    )
