"""Stappen: what a person decides about an aanvraag itself. All else that it becomes, follows from opties, voorstellen
and plaatsingen (service/aanvraag/gebeurtenissen.py)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct, structs

from service.aanvraag import aanvragen, gebeurtenissen
from service.aanvraag.aanvragen import Aanvraag
from service.aanvraag.gebeurtenissen import OPEN, AanvraagStatus, GebeurtenisSoort
from service.db import Connection, Rol, Wie
from service.dutch import listing
from service.errors import FieldError, Kind, Refusal
from service.fields import Code, VrijeTekst, herkenbare, refuse
from service.regio.werkregels import werkregels
from service.taal import gettext, later
from service.urgentie import Urgentie

Reden = Annotated[VrijeTekst, Meta(max_length=300, description="Waarom. Geen namen en geen nummers van personen.")]


class Stap(StrEnum):
    """A step of an aanvraag; each is in WIE."""

    NEEM_IN_BEHANDELING = "neem_in_behandeling"
    DRAAG_OVER = "draag_over"
    VERANDER_URGENTIE = "verander_urgentie"
    WIJS_AF = "wijs_af"
    TREK_IN = "trek_in"


S, C, V = Rol.SCHAKELFUNCTIONARIS, Rol.CRISISDIENST, Rol.VERWIJZER

WIE: dict[Stap, frozenset[Rol]] = {
    Stap.NEEM_IN_BEHANDELING: frozenset({S}),
    Stap.DRAAG_OVER: frozenset({S}),
    Stap.VERANDER_URGENTIE: frozenset({S, V}),
    Stap.WIJS_AF: frozenset({S}),
    Stap.TREK_IN: frozenset({S, V, C}),
}
"""Who may do which; all of them only with an aanvraag that is open (gebeurtenissen.OPEN)."""


class NieuweStap(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    stap: Stap
    reden: Annotated[Reden | None, Meta(description="Verplicht, behalve bij neem_in_behandeling.")] = None
    gebruiker_id: Annotated[UUID | None, Meta(description="Bij draag_over: de collega.")] = None
    urgentie: Annotated[Urgentie | None, Meta(description="Bij verander_urgentie: de nieuwe.")] = None
    criterium: (
        Annotated[Code, Meta(description="Bij een hogere urgentie: waarom het zo mag heten, een code van de regio.")]
        | None
    ) = None


STAP = {
    Stap.NEEM_IN_BEHANDELING: later("in behandeling nemen"),
    Stap.DRAAG_OVER: later("overdragen aan een collega"),
    Stap.VERANDER_URGENTIE: later("de urgentie veranderen"),
    Stap.WIJS_AF: later("afwijzen"),
    Stap.TREK_IN: later("intrekken"),
}
"""What can be done, as a refusal says it."""


def kan(status: AanvraagStatus, rol: Rol) -> list[Stap]:
    """The steps that are possible now."""
    return [stap for stap, rollen in WIE.items() if rol in rollen] if status in OPEN else []


async def doe(conn: Connection, aanvraag_id: UUID, nieuw: NieuweStap, *, wie: Wie, now: datetime) -> Aanvraag:
    """One step, whichever it is. Refuses NOT_FOUND; INVALID what is missing; CONFLICT with what is possible now."""
    aanvraag = await aanvragen.get(conn, aanvraag_id, lock=True)
    possible = kan(aanvraag.status, wie.rol)
    if nieuw.stap not in possible:
        what = (
            gettext("Wat nu wel kan: %(lijst)s.", lijst=listing([gettext(STAP[stap]) for stap in possible]))
            if possible
            else gettext("Er kan nu niets meer mee.")
        )
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Dit kan nu niet, of niet met uw rol: %(stap)s. De status van de aanvraag is: %(status)s. %(what)s",
                stap=gettext(STAP[nieuw.stap]),
                status=gettext(gebeurtenissen.STATUS[aanvraag.status]),
                what=what,
            ),
        )
    refuse(_errors(nieuw))
    match nieuw.stap:
        case Stap.NEEM_IN_BEHANDELING:
            await neem_in_behandeling(conn, aanvraag, wie=wie, now=now)
        case Stap.DRAAG_OVER:
            await draag_over(conn, aanvraag, nieuw, now=now)
        case Stap.VERANDER_URGENTIE:
            assert nieuw.urgentie is not None and nieuw.reden is not None
            await verander_urgentie(conn, aanvraag, nieuw.urgentie, nieuw.reden, nieuw.criterium, now=now)
        case Stap.WIJS_AF | Stap.TREK_IN:
            status = AanvraagStatus.AFGEWEZEN if nieuw.stap is Stap.WIJS_AF else AanvraagStatus.INGETROKKEN
            await sluit(conn, aanvraag_id, status, nieuw.reden, now=now)
            # Once it is closed the crisisdienst may not read it any more.
            return structs.replace(aanvraag, status=status, versie=aanvraag.versie + 1)
    return await aanvragen.get(conn, aanvraag_id)


NEEDS = {Stap.DRAAG_OVER: ("gebruiker_id", "gebruikerId"), Stap.VERANDER_URGENTIE: ("urgentie", "urgentie")}
"""Besides a reason."""


def _errors(nieuw: NieuweStap) -> list[FieldError]:
    found = herkenbare(nieuw)
    if nieuw.stap is not Stap.NEEM_IN_BEHANDELING and nieuw.reden is None:
        found.append(FieldError("/reden", "verplicht", gettext("Schrijf waarom.")))
    for stap, (field, name) in NEEDS.items():
        words = gettext(STAP[stap])
        if nieuw.stap is stap and getattr(nieuw, field) is None:
            found.append(
                FieldError(f"/{name}", "verplicht", gettext("Dit hoort bij %(stap)s. Vul het in.", stap=words))
            )
        if nieuw.stap is not stap and getattr(nieuw, field) is not None:
            found.append(
                FieldError(f"/{name}", "past_niet", gettext("Dit hoort alleen bij %(stap)s. Laat het weg.", stap=words))
            )
    return found


BEHANDELAAR = "select behandelaar_id from aanvraag where id = $1"

ZET_BEHANDELAAR = "update aanvraag set behandelaar_id = $2, versie = versie + 1 where id = $1"


async def neem_in_behandeling(conn: Connection, aanvraag: Aanvraag, *, wie: Wie, now: datetime) -> None:
    """From now on it is the move of who asks. Refuses CONFLICT when it is a colleague's, who must hand it over."""
    behandelaar = await conn.fetchval(BEHANDELAAR, aanvraag.id)
    if behandelaar == wie.gebruiker:
        raise Refusal(
            Kind.CONFLICT, gettext("U behandelt deze aanvraag al. Wat nu wel kan: overdragen aan een collega.")
        )
    if behandelaar is not None:
        raise Refusal(
            Kind.CONFLICT,
            gettext("Een collega behandelt deze aanvraag. Wat nu wel kan: overdragen, ook aan uzelf, met een reden."),
        )
    await conn.execute(ZET_BEHANDELAAR, aanvraag.id, wie.gebruiker)
    await gebeurtenissen.record(
        conn, aanvraag.id, GebeurtenisSoort.IN_BEHANDELING, now=now, naar=AanvraagStatus.IN_BEHANDELING
    )


COLLEGA = "select exists (select from gebruiker where id = $1 and actief and rol = 'schakelfunctionaris')"


async def draag_over(conn: Connection, aanvraag: Aanvraag, nieuw: NieuweStap, *, now: datetime) -> None:
    """To a colleague, or to oneself. Refuses INVALID when there is no such colleague."""
    if not await conn.fetchval(COLLEGA, nieuw.gebruiker_id):
        refuse(
            [
                FieldError(
                    "/gebruikerId", "bestaat_niet", gettext("Deze collega is er niet, of werkt niet bij het loket.")
                )
            ]
        )
    await conn.execute(ZET_BEHANDELAAR, aanvraag.id, nieuw.gebruiker_id)
    await gebeurtenissen.record(
        conn,
        aanvraag.id,
        GebeurtenisSoort.OVERGEDRAGEN,
        now=now,
        reden=nieuw.reden,
        naar=AanvraagStatus.IN_BEHANDELING,
        gegevens={"behandelaar": nieuw.gebruiker_id},
    )


HOOG = (Urgentie.CRISIS, Urgentie.SPOED, Urgentie.REGULIER)
"""The most urgent first."""

ZET_URGENTIE = "update aanvraag set urgentie = $2, urgentie_reden = $3, versie = versie + 1 where id = $1"


async def verander_urgentie(
    conn: Connection, aanvraag: Aanvraag, urgentie: Urgentie, reden: str, criterium: str | None, *, now: datetime
) -> None:
    """A higher one needs a criterium of the region: everything cannot be urgent. Refuses CONFLICT and INVALID."""
    if urgentie is aanvraag.urgentie:
        raise Refusal(
            Kind.CONFLICT,
            gettext("Deze aanvraag is al %(urgentie)s. Wat nu wel kan: een andere urgentie.", urgentie=urgentie),
        )
    if HOOG.index(urgentie) < HOOG.index(aanvraag.urgentie):
        allowed = getattr((await werkregels(conn)).urgentie_criteria, urgentie)
        if criterium not in allowed:
            wrong = gettext(
                "Een aanvraag mag %(urgentie)s heten om een van deze redenen: %(allowed)s. Noem er een.",
                urgentie=urgentie,
                allowed=", ".join(allowed),
            )
            refuse([FieldError("/criterium", "waarde", wrong)])
    await zet_urgentie(conn, aanvraag, urgentie, reden, criterium, now=now)


async def zet_urgentie(
    conn: Connection, aanvraag: Aanvraag, urgentie: Urgentie, reden: str | None, criterium: str | None, *, now: datetime
) -> None:
    """Without asking for a criterium: for a list, in which another system has decided it."""
    await conn.execute(ZET_URGENTIE, aanvraag.id, urgentie, reden)
    if urgentie is not aanvraag.urgentie:
        codes: dict[str, str | None] = {"was": aanvraag.urgentie, "wordt": urgentie, "criterium": criterium}
        await gebeurtenissen.record(conn, aanvraag.id, GebeurtenisSoort.URGENTIE, now=now, reden=reden, gegevens=codes)


LAAT_LOS = "select laat_los($1, $2, $3, $4)"


async def laat_los(
    conn: Connection, aanvraag_id: UUID, waarom: str | None, *, now: datetime, behalve: UUID | None = None
) -> None:
    """Every optie and every voorstel of it ends, but for one voorstel; each says so to whom it concerns."""
    await conn.execute(LAAT_LOS, aanvraag_id, behalve, now, waarom)


GESLOTEN = "De aanvraag is gesloten."

ZEG_OVERBRUGGING_AF = "select zeg_overbrugging_af($1, $2, $3)"

SLUIT = {
    AanvraagStatus.AFGEWEZEN: GebeurtenisSoort.AFGEWEZEN,
    AanvraagStatus.INGETROKKEN: GebeurtenisSoort.INGETROKKEN,
}


async def sluit(
    conn: Connection, aanvraag_id: UUID, status: AanvraagStatus, reden: str | None, *, now: datetime
) -> None:
    """No place is sought any more: what was held and proposed for it, and where it would have waited, is free in the
    same transaction. Where it waits already it stays, until somebody ends that."""
    await laat_los(conn, aanvraag_id, GESLOTEN, now=now)
    await conn.execute(ZEG_OVERBRUGGING_AF, aanvraag_id, now, GESLOTEN)
    await gebeurtenissen.record(conn, aanvraag_id, SLUIT[status], now=now, reden=reden, naar=status)
