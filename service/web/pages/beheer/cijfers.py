"""`/cijfers`: the figures of the region as tables and charts, over a period to choose; and each table as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Request
from litestar.params import PathParameter, QueryParameter
from litestar.response import Response

from service.cijfers import gemeenten
from service.cijfers.cijfers import Per, periodes, uitleg
from service.cijfers.wachtlijst import WachtVanaf
from service.days import today
from service.db import Rol
from service.errors import Kind, Refusal
from service.rang.rangschikking import names
from service.regio.werkregels import werkregels
from service.taal import gettext
from service.web.pages.beheer import tabel, tabellen
from service.web.pages.beheer.tabellen import NU, OVER, PER, VANAF, Keuze
from service.web.pages.render import HEADERS, page_at
from service.web.pages.visit import Visit, visit
from service.web.reading import from_replica

# \Z: a $ lets a line end pass, which would end a header of the file.
Periode = Annotated[str, QueryParameter(pattern=r"^([0-9]{4}-[1-4])?\Z")]
Verdeling = Annotated[str, QueryParameter(pattern=r"^(aanbieder|zorgvorm)?\Z")]
Vanaf = Annotated[WachtVanaf, QueryParameter()]
Gemeente = Annotated[str, QueryParameter(pattern=r"^([0-9]{4})?\Z")]

BEWAARD = 6
"""Periods to choose from."""

VORMEN = {
    "csv": (tabel.als_csv, "text/csv; charset=utf-8"),
    "xlsx": (tabel.als_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


@page_at("/cijfers", name="paginaCijfers")
@from_replica
async def cijfers(
    request: Request[Any, Any, Any],
    periode: Periode = "",
    per: Verdeling = "",
    vanaf: Vanaf = WachtVanaf.AANMELDING,
    gemeente: Gemeente = "",
) -> Response[str]:
    async with visit(request, kinderen=False) as v:
        keuze = await _keuze(v, periode, per, vanaf, gemeente)
        nu, over_ = tabellen.te_zien(v.wie.rol, keuze.gemeente)
        dag = today(v.now)
        over = periodes((await werkregels(v.conn)).cijfers_maanden, dag, BEWAARD)
        codes = await names(v.conn)
        loket = v.wie.rol is Rol.SCHAKELFUNCTIONARIS
        return v.page(
            "beheer/cijfers.html",
            today=dag,
            section="cijfers",
            here="/cijfers",
            uitleg=uitleg(verborgen=not loket),
            periodes=over,
            periode=keuze.periode or over[0].code,
            per=per,
            kan_per=[(str(one), gettext(PER[one])) for one in (Per.AANBIEDER, Per.ZORGVORM)] if loket else [],
            vanaf=str(vanaf),
            kan_vanaf=[(str(one), gettext(zin)) for one, zin in VANAF.items()],
            gemeente=gemeente,
            gemeenten=await gemeenten.namen(v.conn),
            nu=[await maker(v, keuze, codes) for maker in nu.values()],
            over=[await maker(v, keuze, codes) for maker in over_.values()],
            vraag=urlencode(
                {"periode": keuze.periode or over[0].code, "per": per, "vanaf": str(vanaf), "gemeente": gemeente}
            ),
            cel=tabel.cel,
        )


@page_at("/cijfers/{wat:str}/{vorm:str}", name="paginaCijferbestand")
async def bestand(
    request: Request[Any, Any, Any],
    wat: Annotated[str, PathParameter(max_length=20)],
    vorm: Annotated[str, PathParameter(max_length=4)],
    periode: Periode = "",
    per: Verdeling = "",
    vanaf: Vanaf = WachtVanaf.AANMELDING,
    gemeente: Gemeente = "",
) -> Response[bytes]:
    """Exactly what the page shows of one table. In the log, because it leaves the loket."""
    makers: Mapping[str, tabellen.Maker] = {**NU, **OVER}
    if wat not in makers or vorm not in VORMEN:
        raise Refusal(Kind.NOT_FOUND, gettext("Dit bestand is er niet. Kies een bestand op de pagina met cijfers."))
    async with visit(request) as v:
        keuze = await _keuze(v, periode, per, vanaf, gemeente)
        if not any(wat in shown for shown in tabellen.te_zien(v.wie.rol, keuze.gemeente)):
            raise Refusal(Kind.NOT_FOUND, gettext("Van één gemeente is dit bestand er niet. Kies alle gemeenten."))
        made = await makers[wat](v, keuze, await names(v.conn))
    write, type = VORMEN[vorm]
    naam = "-".join(
        part for part in ("cijfers", wat, periode if wat in OVER else str(today(v.now)), per, gemeente) if part
    )
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{naam}.{vorm}"'}
    return Response(write(made), media_type=type, headers=headers)


async def _keuze(v: Visit, periode: str, per: str, vanaf: WachtVanaf, gemeente: str) -> Keuze:
    """Refused is, by the figures themselves, what would show small numbers; and a gemeente of elsewhere."""
    if gemeente and gemeente not in await gemeenten.namen(v.conn):
        raise Refusal(Kind.NOT_FOUND, gettext("Deze gemeente hoort niet bij de regio. Kies er een uit de lijst."))
    return Keuze(periode=periode or None, per=Per(per) if per else None, vanaf=vanaf, gemeente=gemeente or None)
