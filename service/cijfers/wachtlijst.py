"""Wachtlijst: who waits, where, since when, which place that is in the list, and what may be expected.

One list of the region per zorgvorm. First by urgentie, then who waits longest, counted from one of its dates (`vanaf`).
What may be expected is measured: how long those waited whose wait began in the last so many days, who still waits
included (service/cijfers/overleving.py). Of too few nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Annotated

from msgspec import Meta, Struct

from service.cijfers import onderdrukking, overleving
from service.cijfers.overleving import Duur
from service.days import today
from service.db import Connection, Rol, rows_as
from service.dutch import count
from service.fields import AanvraagId
from service.regio.werkregels import Werkregels, werkregels
from service.taal import gettext, later
from service.urgentie import Urgentie


class Wachtplaats(StrEnum):
    """As type `wachtplaats` in schema.sql."""

    THUIS = "thuis"
    CRISIS = "crisis"
    OVERBRUGGING = "overbrugging"
    ELDERS = "elders"


class WachtVanaf(StrEnum):
    """As type `wacht_vanaf` in schema.sql."""

    AANMELDING = "aanmelding"
    GRONDSLAG = "grondslag"
    GEWENSTE_START = "gewenste_start"


# ── What may be expected ─────────────────────────────────────────────────────────────────────────


class Verwachting(Struct, rename="camel", frozen=True, kw_only=True):
    """Days; all empty when there is nothing to say."""

    dagen: Annotated[int | None, Meta(description="Dan heeft de helft een plek.")]
    laag: Annotated[int | None, Meta(description="Met 95 % zekerheid niet eerder dan dit.")]
    hoog: Annotated[int | None, Meta(description="En niet later dan dit. Leeg: zo lang is er nog niet gemeten.")]
    aantal: Annotated[
        int | None, Meta(description="Aan zoveel kinderen gemeten, ook wie nog wacht. Leeg: te weinig om te zeggen.")
    ]
    zin: str


Metingen = Mapping[tuple[str, Urgentie], Sequence[Duur]]
"""Per zorgvorm that was asked and urgentie."""

TE_WEINIG = later("Nog niet te zeggen: er zijn te weinig kinderen om het aan te meten.")


def verwachting(duren: Sequence[Duur], *, minstens: int, klein: bool) -> Verwachting:
    """`klein`: who asks may know of how few it is."""
    found = overleving.mediaan(duren)
    if found.aantal < minstens:
        return Verwachting(
            dagen=None, laag=None, hoog=None, aantal=found.aantal if klein else None, zin=gettext(TE_WEINIG)
        )
    return Verwachting(dagen=found.dagen, laag=found.laag, hoog=found.hoog, aantal=found.aantal, zin=_zin(found))


def _zin(found: overleving.Mediaan) -> str:
    measured = gettext("Gemeten aan %(kinderen)s.", kinderen=count(found.aantal, "kind", "kinderen"))
    least = (
        ""
        if found.laag is None
        else gettext(" Waarschijnlijk duurt het minstens %(dagen)s.", dagen=count(found.laag, "dag", "dagen"))
    )
    if found.dagen is None:
        return gettext(
            "Nog niet te zeggen: de helft heeft nog geen plek.%(least)s %(measured)s", least=least, measured=measured
        )
    half = gettext("De helft heeft binnen %(dagen)s een plek", dagen=count(found.dagen, "dag", "dagen"))
    if found.hoog is None:
        return f"{half}.{least} {measured}"
    if found.laag == found.hoog:
        return f"{half}. {measured}"
    return gettext(
        "%(half)s; waarschijnlijk ligt dat tussen %(laag)s en %(dagen)s. %(measured)s",
        half=half,
        laag=found.laag,
        dagen=count(found.hoog, "dag", "dagen"),
        measured=measured,
    )


class Gewacht(Struct, frozen=True):
    zorgvorm: str
    urgentie: Urgentie
    dagen: int
    voorbij: bool
    aantal: int


GESCHIEDENIS = "select zorgvorm, urgentie, dagen, voorbij, aantal from wacht_geschiedenis($1, $2, $3)"


async def metingen(conn: Connection, vanaf: WachtVanaf, regels: Werkregels, dag: date) -> Metingen:
    """How long everybody waited whose wait began in the last so many days."""
    since = dag - timedelta(days=regels.wachttijd_dagen)
    rows: list[Gewacht] = rows_as(await conn.fetch(GESCHIEDENIS, vanaf, since, dag), Gewacht)
    found: dict[tuple[str, Urgentie], list[Duur]] = {}
    for row in rows:
        found.setdefault((row.zorgvorm, row.urgentie), []).extend([Duur(row.dagen, row.voorbij)] * row.aantal)
    return found


class Wachttijd(Struct, rename="camel", frozen=True, kw_only=True):
    zorgvorm: str
    urgentie: Urgentie
    verwachting: Verwachting


async def wachttijden(conn: Connection, rol: Rol, vanaf: WachtVanaf, now: datetime) -> list[Wachttijd]:
    """What who begins to wait now may expect. Who may not know of how few there are, sees no line of them."""
    regels = await werkregels(conn)
    measured = await metingen(conn, vanaf, regels, today(now))
    klein = rol is Rol.SCHAKELFUNCTIONARIS
    return [
        Wachttijd(
            zorgvorm=zorgvorm,
            urgentie=urgentie,
            verwachting=verwachting(duren, minstens=regels.wachttijd_minstens, klein=klein),
        )
        for (zorgvorm, urgentie), duren in sorted(measured.items(), key=lambda one: (one[0][0], ORDE[one[0][1]]))
        if klein or len(duren) >= regels.wachttijd_minstens
    ]


ORDE = {urgentie: at for at, urgentie in enumerate(Urgentie)}
"""From most to least urgent, as the type in the database."""


# ── The list ─────────────────────────────────────────────────────────────────────────────────────


class NormStand(StrEnum):
    GEEN_NORM = "geen_norm"
    BINNEN = "binnen"
    NADERT = "nadert"
    VERSTREKEN = "verstreken"


class Lijstplaats(Struct, rename="camel", frozen=True, kw_only=True):
    zorgvorm: str
    positie: Annotated[int, Meta(description="Wie even lang wacht met dezelfde urgentie, staat even hoog.")]
    uit: Annotated[int | None, Meta(description="Zoveel aanvragen staan er in deze lijst.")]
    nog: Annotated[Verwachting, Meta(description="Vanaf nu, gemeten aan wie ook zo lang wachtte als dit kind.")]


class Wachtende(Struct, rename="camel", frozen=True, kw_only=True):
    aanvraag_id: AanvraagId
    nummer: str
    urgentie: Urgentie
    waar: Annotated[Wachtplaats, Meta(description="Elders: op een plek waar het kind niet kan blijven.")]
    aanmelding: date
    grondslag: Annotated[date | None, Meta(description="De eerste die is verleend.")]
    gewenste_start: date
    dagen_sinds_aanmelding: int
    dagen_sinds_grondslag: int | None
    dagen_sinds_gewenste_start: Annotated[int, Meta(description="0: die dag moet nog komen.")]
    norm: Annotated[NormStand, Meta(description="Van de regio, per urgentie, geteld vanaf de aanmelding.")]
    norm_dag: Annotated[date | None, Meta(description="Op deze dag hoort er een plek te zijn.")]
    geplaatst_per: Annotated[
        date | None,
        Meta(description="Er is een definitieve plek, en het kind moet er nog komen: het staat in geen lijst meer."),
    ]
    lijsten: list[Lijstplaats]


class Rij(Struct, frozen=True, kw_only=True):
    """One aanvraag in the list of one zorgvorm."""

    aanvraag_id: AanvraagId
    nummer: str
    urgentie: Urgentie
    waar: Wachtplaats
    aanmelding: date
    grondslag: date | None
    gewenste_start: date
    zorgvorm: str
    positie: int | None
    """None: it has a place, and has yet to come there."""
    uit: int
    geplaatst_per: date | None

    def begin(self, vanaf: WachtVanaf) -> date | None:
        return {
            WachtVanaf.AANMELDING: self.aanmelding,
            WachtVanaf.GRONDSLAG: self.grondslag,
            WachtVanaf.GEWENSTE_START: self.gewenste_start,
        }[vanaf]


RIJEN = """
select aanvraag_id, nummer, urgentie, waar, aanmelding, grondslag, gewenste_start, zorgvorm, positie, uit, geplaatst_per
from wachtlijst($1)
order by positie nulls last, geplaatst_per, nummer
"""


async def wachtlijst(
    conn: Connection,
    rol: Rol,
    *,
    vanaf: WachtVanaf = WachtVanaf.AANMELDING,
    zorgvorm: str | None = None,
    urgentie: Urgentie | None = None,
    waar: Wachtplaats | None = None,
    now: datetime,
) -> list[Wachtende]:
    """Of the aanvragen that who asks may see; positions are among all of the region. In order of the list of
    `zorgvorm`, or else of the region as a whole; last who has a place and has yet to come there."""
    regels, dag = await werkregels(conn), today(now)
    rijen: list[Rij] = rows_as(await conn.fetch(RIJEN, vanaf), Rij)
    measured = await metingen(conn, vanaf, regels, dag)
    klein = rol is Rol.SCHAKELFUNCTIONARIS

    @cache
    def nog(zorgvorm: str, urgentie: Urgentie, gewacht: int) -> Verwachting:
        left = overleving.daarna(measured.get((zorgvorm, urgentie), ()), gewacht)
        return verwachting(left, minstens=regels.wachttijd_minstens, klein=klein)

    by_aanvraag: dict[AanvraagId, list[Rij]] = {}
    for rij in rijen:
        if urgentie in (None, rij.urgentie) and waar in (None, rij.waar):
            by_aanvraag.setdefault(rij.aanvraag_id, []).append(rij)
    found = []
    for own in by_aanvraag.values():
        asked = [rij for rij in own if zorgvorm in (None, rij.zorgvorm)]
        if asked:
            one = asked[0]
            places = [
                Lijstplaats(
                    zorgvorm=rij.zorgvorm,
                    positie=rij.positie,
                    uit=rij.uit,
                    nog=nog(rij.zorgvorm, rij.urgentie, _days(rij.begin(vanaf), dag) or 0),
                )
                for rij in sorted(own, key=lambda rij: rij.zorgvorm)
                if rij.positie is not None
            ]
            order: tuple[object, ...] = (ORDE[one.urgentie], one.begin(vanaf) or date.max, one.aanmelding)
            if one.geplaatst_per is not None:
                order = (one.geplaatst_per,)
            elif zorgvorm:
                order = (one.positie,)
            found.append(((one.geplaatst_per is not None, *order), one.nummer, _wachtende(one, places, regels, dag)))
    return [one for _, _, one in sorted(found, key=lambda part: part[:2])]


def _days(since: date | None, dag: date) -> int | None:
    return None if since is None else max(0, (dag - since).days)


def _wachtende(one: Rij, places: list[Lijstplaats], regels: Werkregels, dag: date) -> Wachtende:
    norm_dagen = regels.normen_dagen.voor(one.urgentie)
    norm_dag = None if norm_dagen is None else one.aanmelding + timedelta(days=norm_dagen)
    return Wachtende(
        aanvraag_id=one.aanvraag_id,
        nummer=one.nummer,
        urgentie=one.urgentie,
        waar=one.waar,
        aanmelding=one.aanmelding,
        grondslag=one.grondslag,
        gewenste_start=one.gewenste_start,
        dagen_sinds_aanmelding=_days(one.aanmelding, dag) or 0,
        dagen_sinds_grondslag=_days(one.grondslag, dag),
        dagen_sinds_gewenste_start=_days(one.gewenste_start, dag) or 0,
        norm=_stand(norm_dag, regels.norm_vooraf_dagen.voor(one.urgentie) or 0, dag, one.geplaatst_per),
        norm_dag=norm_dag,
        geplaatst_per=one.geplaatst_per,
        lijsten=places,
    )


def _stand(norm_dag: date | None, vooraf: int, dag: date, geplaatst_per: date | None) -> NormStand:
    """As the alarm of service/bericht/alarmen.py; of who has a place, whether it comes there in time."""
    if norm_dag is None:
        return NormStand.GEEN_NORM
    if geplaatst_per is not None:
        return NormStand.VERSTREKEN if norm_dag < max(geplaatst_per, dag) else NormStand.BINNEN
    if norm_dag < dag:
        return NormStand.VERSTREKEN
    return NormStand.NADERT if norm_dag - timedelta(days=vooraf) <= dag else NormStand.BINNEN


# ── Counted ──────────────────────────────────────────────────────────────────────────────────────


class Wachttelling(Struct, rename="camel", frozen=True, kw_only=True):
    zorgvorm: str
    urgentie: Urgentie
    waar: Wachtplaats
    aantal: int


TELLINGEN = "select zorgvorm, urgentie, waar, aantal from wacht_tellingen()"


async def tellingen(conn: Connection, rol: Rol) -> list[Wachttelling]:
    """How many wait for each zorgvorm. Who may not see a child, sees no line that is too small, and no sums: so there
    is nothing to subtract. An aanvraag for several zorgvormen counts in each."""
    rows: list[Wachttelling] = rows_as(await conn.fetch(TELLINGEN), Wachttelling)
    if rol is Rol.SCHAKELFUNCTIONARIS:
        return rows
    return [row for row in rows if onderdrukking.cel(row.aantal) is not None]
