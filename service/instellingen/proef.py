"""Proef: what other settings would do today, before anybody saves them.

They are written, what follows is read by the very functions that always read it, and all of it is rolled back. So no
rule stands here twice. The places of one aanvraag in order are asked with the travel times that are estimated. Whether
a place fits is no setting: that is judged once, and when nothing changes that counts in the order, not at all.

Who may see children is told which; others only hear how many, in fives (`onderdrukking.vijftal`): whoever could move a
norm by one day at a time and read exact numbers, would know how long each child waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from msgspec import Meta, Struct

from matcher.aanbod import Aanbod
from matcher.geo import Estimate
from matcher.judge import Judged, judge
from matcher.problem import Aanvraag, Weging
from matcher.rank import rank
from matcher.solution import Fit
from service.aanbod.plekken import Zekerheid
from service.aanvraag.termijnen import AlarmSoort, Ernst
from service.bericht import alarmen, versheid
from service.cijfers import onderdrukking
from service.days import hour_of
from service.db import SYSTEM, Connection, Pool, Rol, Wie, speak_for, transaction
from service.errors import Kind, Refusal
from service.fields import AanvraagId, refuse
from service.instellingen import keuzes, wijzigingen
from service.instellingen.keuzes import Verandering
from service.rang import rangschikking
from service.rang.snapshot import Snapshots, View
from service.rang.vraag import load_each
from service.rang.weging import Schalen, load_weging
from service.urgentie import Urgentie

MEEST = 100
"""Aanvragen of which the places are put in order, now and then: of more, these are spread over all of them."""


TELT = frozenset({keuzes.GEWICHTEN, *Schalen.__struct_fields__})
"""Settings that count in the order of places: what `load_weging` reads."""


class Andersplek(Struct, rename="camel", frozen=True, kw_only=True):
    """An aanvraag that gets another first place."""

    aanvraag_id: AanvraagId
    nummer: str
    was: Annotated[str | None, Meta(description="De voorziening die nu bovenaan staat. Leeg: er past niets.")]
    wordt: str | None


class Zorgvormproef(Struct, rename="camel", frozen=True, kw_only=True):
    """Of how many aanvragen the first place is one of this zorgvorm."""

    zorgvorm: str
    nu: int
    straks: int


class Signaalproef(Struct, rename="camel", frozen=True, kw_only=True):
    """How often a term is near, or passed."""

    soort: AlarmSoort
    ernst: Ernst
    nu: int
    straks: int


class Zekerheidproef(Struct, rename="camel", frozen=True, kw_only=True):
    """Plekken: about no child, so these are exact."""

    zekerheid: Zekerheid
    nu: int
    straks: int


class Instellingproef(Struct, rename="camel", kw_only=True):
    veranderd: list[Verandering]
    afgerond: Annotated[bool, Meta(description="Aantallen over kinderen zijn afgerond op vijftallen.")]
    aanvragen: Annotated[int, Meta(description="Zoveel aanvragen zijn er open.")]
    volgorde: Annotated[bool, Meta(description="Of iets verandert dat meetelt in de volgorde van plekken.")]
    gemeten: Annotated[
        int, Meta(description="Van zoveel open aanvragen, verspreid over alle, is de volgorde nu en straks bepaald.")
    ]
    andere_eerste: Annotated[int, Meta(description="Daarvan krijgen zoveel een andere plek bovenaan.")]
    andere_band: Annotated[int, Meta(description="En bij zoveel past de bovenste plek beter of minder goed.")]
    zorgvormen: list[Zorgvormproef]
    welke: Annotated[list[Andersplek], Meta(description="Wie een andere plek bovenaan krijgt.")]
    signalen: Annotated[list[Signaalproef], Meta(description="Termijnen die dan anders naderen of voorbij zijn.")]
    plekken: Annotated[list[Zekerheidproef], Meta(description="Hoe zeker plekken dan zijn, als dat verandert.")]


class Meting(NamedTuple):
    """What there is under some settings."""

    wegingen: dict[Urgentie, Weging]
    signalen: list[tuple[AlarmSoort, Ernst, UUID]]
    plekken: Counter[Zekerheid]


class _Terug(Exception):
    """Ends a transaction of which nothing may stay."""


async def beproef(pool: Pool, snapshots: Snapshots, wie: Wie, deel: Struct, now: datetime) -> Instellingproef:
    """What a Deel would do. Refuses INVALID."""
    loket = Wie(wie.regio, Rol.SCHAKELFUNCTIONARIS, SYSTEM)
    asked = keuzes.gegeven(deel)
    view = (await snapshots.get(loket.regio, now))[0] if asked.keys() & TELT else None
    try:
        async with transaction(pool, loket) as conn:
            refuse(await keuzes.check(conn, deel))
            was = await keuzes.load(conn)
            open_ = await conn.fetch(OPEN)
            nu = await _meet(conn, view, now)
            await speak_for(conn, Wie(wie.regio, Rol.BEHEERDER, SYSTEM))
            await keuzes.schrijf(conn, asked, dict.fromkeys(asked, wijzigingen.EIGEN))
            await speak_for(conn, loket)
            straks = await _meet(conn, view, now)
            eersten: Eersten = {}
            if view is not None and nu.wegingen != straks.wegingen:
                vragen = await load_each(conn, [row["id"] for row in spread(open_, MEEST)], now)
                eersten = _eersten(vragen, view.aanbod, nu.wegingen, straks.wegingen, now)
            namen = await _namen(conn, eersten)
            raise _Terug
    except _Terug:
        pass
    nummers = {row["id"]: row["nummer"] for row in open_}
    return _vergelijk(
        nu,
        straks,
        eersten,
        namen=namen,
        nummers=nummers,
        veranderd=wijzigingen.samen(was, deel),
        exact=wie.rol is Rol.SCHAKELFUNCTIONARIS,
    )


OPEN = "select id, nummer from aanvraag where regio = huidige_regio() and is_open(status) order by id"


def spread(rows: Sequence[Any], most: int) -> list[Any]:
    """At most so many, evenly over all of them; the same ones each time."""
    return list(rows) if len(rows) <= most else [rows[at * len(rows) // most] for at in range(most)]


async def _meet(conn: Connection, view: View | None, now: datetime) -> Meting:
    wegingen = {}
    for urgentie in Urgentie:
        if view is None:
            break
        try:
            wegingen[urgentie] = await load_weging(conn, urgentie, view.huiselijkheid)
        except Refusal as refused:  # the region has not said what counts yet: then there is no order
            if refused.kind is not Kind.CONFLICT:
                raise
    return Meting(
        wegingen=wegingen,
        signalen=[(one.soort, one.ernst, one.aanvraag_id) for one in await alarmen.alarmen(conn, now)],
        plekken=Counter(plek.zekerheid for plek in await versheid.versheid(conn, now)),
    )


Eersten = Mapping[UUID, tuple[Fit | None, Fit | None]]
"""Per aanvraag what stands first now, and then. None: nothing fits, or there is no order."""


def _eersten(
    vragen: Mapping[UUID, Aanvraag],
    aanbod: Aanbod,
    nu: Mapping[Urgentie, Weging],
    straks: Mapping[Urgentie, Weging],
    now: datetime,
) -> Eersten:
    found = {}
    for id, aanvraag in vragen.items():
        urgentie = Urgentie(aanvraag.urgentie)
        was, wordt = nu.get(urgentie), straks.get(urgentie)
        if was is None and wordt is None:
            continue
        judged = judge(aanvraag, aanbod, Estimate())
        first = _first(judged, was, now)
        found[id] = first, first if was == wordt else _first(judged, wordt, now)
    return found


def _first(judged: Judged, weging: Weging | None, now: datetime) -> Fit | None:
    if weging is None:
        return None
    q = judged.q
    places = rank(q.aanvraag, q.aanbod, weging, q.travel, hour_of(now), limit=1, judged=judged).places
    return places[0] if places else None


class Naam(NamedTuple):
    naam: str
    zorgvorm: str


async def _namen(conn: Connection, eersten: Eersten) -> dict[str, Naam]:
    """Of the plekken that stand first."""
    plekken = {fit.plek for both in eersten.values() for fit in both if fit is not None}
    rows = await rangschikking.shown(conn, sorted(plekken))
    return {plek: Naam(row.voorkomen.naam, row.voorkomen.zorgvorm) for plek, row in rows.items()}


def _vergelijk(
    nu: Meting,
    straks: Meting,
    eersten: Eersten,
    *,
    namen: Mapping[str, Naam],
    nummers: Mapping[UUID, str],
    veranderd: list[Verandering],
    exact: bool,
) -> Instellingproef:
    def tel(ids: Iterable[UUID]) -> int:
        return len(set(ids)) if exact else onderdrukking.vijftal(ids)

    both = [(id, a, b) for id, (a, b) in eersten.items()]
    anders = [(id, a, b) for id, a, b in both if _plaats(a) != _plaats(b)]
    band = [id for id, a, b in both if a is not None and b is not None and a.band != b.band]

    def vorm(fit: Fit | None) -> str | None:
        return namen[fit.plek].zorgvorm if fit is not None and fit.plek in namen else None

    vormen = sorted({found for _, *fits in both for fit in fits if (found := vorm(fit))})
    keys = sorted({(soort, ernst) for soort, ernst, _ in (*nu.signalen, *straks.signalen)})
    counts = [
        Signaalproef(
            soort=soort,
            ernst=ernst,
            nu=tel(id for s, e, id in nu.signalen if (s, e) == (soort, ernst)),
            straks=tel(id for s, e, id in straks.signalen if (s, e) == (soort, ernst)),
        )
        for soort, ernst in keys
    ]
    return Instellingproef(
        veranderd=veranderd,
        afgerond=not exact,
        aanvragen=tel(nummers),
        volgorde=nu.wegingen != straks.wegingen,
        gemeten=tel(id for id, _, _ in both),
        andere_eerste=tel(id for id, _, _ in anders),
        andere_band=tel(band),
        zorgvormen=[
            line
            for code in vormen
            if (
                line := Zorgvormproef(
                    zorgvorm=code,
                    nu=tel(id for id, a, _ in both if vorm(a) == code),
                    straks=tel(id for id, _, b in both if vorm(b) == code),
                )
            ).nu
            != line.straks
        ],
        welke=[
            Andersplek(aanvraag_id=id, nummer=nummers[id], was=_naam(a, namen), wordt=_naam(b, namen))
            for id, a, b in sorted(anders, key=lambda one: nummers[one[0]])
        ]
        if exact
        else [],
        signalen=[line for line in counts if line.nu != line.straks],
        plekken=[
            Zekerheidproef(zekerheid=one, nu=nu.plekken[one], straks=straks.plekken[one])
            for one in Zekerheid
            if nu.plekken[one] != straks.plekken[one]
        ],
    )


def _plaats(fit: Fit | None) -> str | None:
    return None if fit is None else fit.voorziening


def _naam(fit: Fit | None, namen: Mapping[str, Naam]) -> str | None:
    return namen[fit.plek].naam if fit is not None and fit.plek in namen else None
