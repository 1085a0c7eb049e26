"""Gemeenten: the same counts once more, divided by the verantwoordelijke gemeente; and who went outside the region.

For who may not see small numbers this is a second division of what cijfers.py told already, so it must not undo that:

- counted are only the lines that were told there (`verteld`), so nothing is learned of a line that was not;
- of each gemeente only the total is told, divided by `onderdrukking.rij` as any row is: each number that is hidden
  keeps at least KLEINST possible values, and those that are hidden together count KLEINST or more;
- then nothing follows from both: of two divisions of one total into parts, any two go together, and how many stand in a
  part of each has as many possible values as the least of the four numbers at the edges. So there is no third.

tests/service/cijfers/test_gemeenten.py tries all tables: it looks for a number that could be computed.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from service.cijfers import cijfers, onderdrukking
from service.cijfers.cijfers import VERDEELD, CijferSoort, Per, Periode, Wachttijdcijfer
from service.cijfers.onderdrukking import KLEINST
from service.db import Connection, Rol, Wie, rows_as
from service.urgentie import Urgentie

ELDERS = ""
"""All gemeenten outside the region, and what is not known any more."""

GETELD = (CijferSoort.VOORSTELLEN, CijferSoort.AFWIJZINGEN, CijferSoort.VERBLIJVEN)
"""What is divided by gemeente too."""


def verdeel(
    tellingen: Mapping[tuple[Hashable, str], int], volgorde: Sequence[str], kleinst: int = KLEINST
) -> dict[str, int | None]:
    """Per gemeente of `volgorde` its total over the lines that are told; None: hidden. `tellingen`: by line, by it."""
    per_line: dict[Hashable, int] = {}
    for (line, _), count in tellingen.items():
        per_line[line] = per_line.get(line, 0) + count
    delen = dict.fromkeys(volgorde, 0)
    for (line, gemeente), count in tellingen.items():
        if per_line[line] >= kleinst:
            delen[gemeente if gemeente in delen else ELDERS] += count
    return onderdrukking.rij(delen, volgorde, kleinst).delen


class Gemeentecijfer(Struct, rename="camel", frozen=True, kw_only=True):
    """Of one gemeente. Empty: too small to be told, or another would follow from it."""

    gemeente_code: Annotated[str | None, Meta(description="Leeg: een gemeente van elders, of niet meer bekend.")]
    gemeente: str | None
    geplaatst: Annotated[int | None, Meta(description="Zoveel kinderen kwamen ergens wonen.")]
    vanaf_aanmelding: Annotated[int | None, Meta(description="Mediaan in dagen, van de aanmelding tot zij er woonden.")]
    voorstellen: int | None
    afwijzingen: int | None
    verblijven: Annotated[int | None, Meta(description="Zoveel verblijven eindigden.")]


class Gemeentecijfers(Struct, rename="camel", frozen=True, kw_only=True):
    periode: Periode
    uitleg: str
    regels: list[Gemeentecijfer]


class Buitenregio(Struct, rename="camel", frozen=True, kw_only=True):
    """Of the children who came to live somewhere. Empty: not told."""

    periode: Periode
    uitleg: str
    geplaatst: int | None
    binnen: Annotated[int | None, Meta(description="In de eigen regio.")]
    buiten: Annotated[int | None, Meta(description="In een andere regio, volgens een afspraak.")]
    onbekend: Annotated[int | None, Meta(description="Van wie al anoniem is, weet het loket dit niet meer.")]


class Regel(Struct, frozen=True, kw_only=True):
    aanbieder_id: str | None
    zorgvorm: str | None
    gemeente: str | None
    code: str
    aantal: int


class Geplaatst(Struct, frozen=True, kw_only=True):
    """One child that came to live somewhere."""

    zorgvorm: str
    urgentie: Urgentie
    gemeente: str | None
    buiten: bool | None
    vanaf_aanmelding: int
    vanaf_grondslag: int | None
    vanaf_gewenste_start: int


NAMEN = "select code, naam from gemeente where regio = huidige_regio() order by code"

REGELS = """
select aanbieder_id::text as aanbieder_id, zorgvorm, gemeente, code, aantal from cijfer_regels($1, $2, $3)
"""

GEPLAATST = """
select zorgvorm, urgentie, gemeente, buiten, vanaf_aanmelding, vanaf_grondslag, vanaf_gewenste_start
from cijfer_geplaatst($1, $2)
"""


async def namen(conn: Connection) -> dict[str, str]:
    """The gemeenten of the region, by code."""
    return {row["code"]: row["naam"] for row in await conn.fetch(NAMEN)}


async def gemeentecijfers(conn: Connection, wie: Wie, *, code: str | None, now: datetime) -> Gemeentecijfers:
    """A line for each gemeente of the region and one for all others; for contractbeheer with small counts hidden."""
    over = await cijfers.periode_van(conn, code, now)
    hides, names = wie.rol is not Rol.SCHAKELFUNCTIONARIS, await namen(conn)
    kleinst, volgorde = KLEINST if hides else 0, [*names, ELDERS]
    geteld = {soort: verdeel(await _per_line(conn, soort, over), volgorde, kleinst) for soort in GETELD}
    children = await _geplaatst(conn, over)
    placed = verdeel(
        _tel(((one.zorgvorm, one.urgentie), one.gemeente or ELDERS) for one in children), volgorde, kleinst
    )
    told = _verteld(children, kleinst)
    regels = [
        Gemeentecijfer(
            gemeente_code=gemeente or None,
            gemeente=names.get(gemeente),
            geplaatst=placed[gemeente],
            vanaf_aanmelding=_mediaan(
                [
                    one.vanaf_aanmelding
                    for one in told
                    if (one.gemeente if one.gemeente in names else ELDERS) == gemeente
                ]
            )
            if placed[gemeente]
            else None,
            voorstellen=geteld[CijferSoort.VOORSTELLEN][gemeente],
            afwijzingen=geteld[CijferSoort.AFWIJZINGEN][gemeente],
            verblijven=geteld[CijferSoort.VERBLIJVEN][gemeente],
        )
        for gemeente in volgorde
    ]
    return Gemeentecijfers(periode=over, uitleg=cijfers.uitleg(verborgen=hides), regels=regels)


async def buitenregio(conn: Connection, wie: Wie, *, code: str | None, now: datetime) -> Buitenregio:
    """Of the same children as `wachttijdcijfers` tells of. For contractbeheer with small counts hidden."""
    over = await cijfers.periode_van(conn, code, now)
    hides = wie.rol is not Rol.SCHAKELFUNCTIONARIS
    kleinst = KLEINST if hides else 0
    told = _verteld(await _geplaatst(conn, over), kleinst)
    parts = {part: sum(one.buiten is value for one in told) for part, value in WAAR.items()}
    rij = onderdrukking.rij(parts, tuple(WAAR), kleinst)
    return Buitenregio(periode=over, uitleg=cijfers.uitleg(verborgen=hides), geplaatst=rij.totaal, **rij.delen)


WAAR = {"binnen": False, "buiten": True, "onbekend": None}


async def wachttijden(
    conn: Connection, wie: Wie, gemeente: str, *, code: str | None, now: datetime
) -> list[Wachttijdcijfer]:
    """As `wachttijdcijfers`, of one gemeente: for the loket, which sees small numbers."""
    assert wie.rol is Rol.SCHAKELFUNCTIONARIS, "beside the whole region this would show small numbers"
    groups: dict[tuple[str, Urgentie], list[Geplaatst]] = {}
    for one in await _geplaatst(conn, await cijfers.periode_van(conn, code, now)):
        if one.gemeente == gemeente:
            groups.setdefault((one.zorgvorm, one.urgentie), []).append(one)
    return [
        Wachttijdcijfer(
            zorgvorm=zorgvorm,
            urgentie=urgentie,
            aantal=len(group),
            vanaf_aanmelding=_mediaan([one.vanaf_aanmelding for one in group]) or 0,
            vanaf_grondslag=_mediaan([one.vanaf_grondslag for one in group if one.vanaf_grondslag is not None]),
            vanaf_gewenste_start=_mediaan([one.vanaf_gewenste_start for one in group]) or 0,
        )
        for (zorgvorm, urgentie), group in sorted(groups.items(), key=lambda item: (item[0][0], str(item[0][1])))
    ]


async def _geplaatst(conn: Connection, over: Periode) -> list[Geplaatst]:
    return rows_as(await conn.fetch(GEPLAATST, over.van, over.tot), Geplaatst)


async def _per_line(conn: Connection, soort: CijferSoort, over: Periode) -> dict[tuple[Hashable, str], int]:
    """Counts per line of the telling and gemeente."""
    rows: list[Regel] = rows_as(await conn.fetch(REGELS, soort, over.van, over.tot), Regel)
    found: dict[tuple[Hashable, str], int] = {}
    for row in rows:
        line = row.aanbieder_id if VERDEELD[soort] is Per.AANBIEDER else row.zorgvorm
        key = (line, row.gemeente or ELDERS)
        found[key] = found.get(key, 0) + row.aantal
    return found


def _tel(pairs: Iterable[tuple[Hashable, str]]) -> dict[tuple[Hashable, str], int]:
    found: dict[tuple[Hashable, str], int] = {}
    for pair in pairs:
        found[pair] = found.get(pair, 0) + 1
    return found


def _verteld(children: Sequence[Geplaatst], kleinst: int) -> list[Geplaatst]:
    """Those on a line (zorgvorm and urgentie) that is told."""
    counts = _tel(((one.zorgvorm, one.urgentie), "") for one in children)
    return [one for one in children if counts[(one.zorgvorm, one.urgentie), ""] >= kleinst]


def _mediaan(values: Sequence[int]) -> int | None:
    """The lower of the two in the middle, as the database takes it."""
    return sorted(values)[(len(values) - 1) // 2] if values else None
