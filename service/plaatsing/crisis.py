"""Crisis by telephone: free places with whom to call, and a plaatsing that is written down once it was agreed.

The yes of the provider is a telefoongesprek (when, with whom) and a besluit. All that the law asks may follow; the
vervolgaanvraag is there at once.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct, structs

from service.aanbod import plekken
from service.aanbod.bezetting import Bezetting
from service.aanbod.plekken import Beschikbaarheid
from service.aanbod.voorzieningen import Groepssoort
from service.aanvraag import aanvragen, gebeurtenissen, stappen
from service.aanvraag.aanvragen import NieuweAanvraag
from service.aanvraag.gebeurtenissen import OPEN, AanvraagStatus
from service.days import today
from service.db import Connection, Wie, rows_as
from service.errors import FieldError, Kind, Refusal
from service.fields import AanvraagId, VrijeTekst, herkenbare, refuse
from service.plaatsing import crisiskind, plaatsingen, plekregels
from service.plaatsing.crisiskind import NieuwCrisiskind
from service.plaatsing.plekregels import Plaats
from service.plaatsing.vergrendel import vergrendel
from service.rang.travel import Traveller
from service.regio.werkregels import werkregels
from service.taal import gettext
from service.urgentie import Urgentie

# ── Which places are free, and whom to call ──────────────────────────────────────────────────────


class Crisisplek(Struct, rename="camel", frozen=True, kw_only=True):
    id: UUID
    naam: str
    voorziening_id: UUID
    voorziening: str
    aanbieder: str
    zorgvorm: str
    leeftijd_van: Annotated[int, Meta(description="In maanden.")]
    leeftijd_tot: int
    groepssoort: Groepssoort
    beschikbaarheid: Beschikbaarheid
    vrij_tot: Annotated[date | None, Meta(description="Eerste dag waarop de plek weer bezet raakt.")]
    bellen_naam: str | None
    bellen_telefoon: Annotated[str | None, Meta(description="Van de voorziening, anders van de aanbieder.")]
    bevestigd_op: datetime | None
    bevestigd_uren: Annotated[int | None, Meta(description="Zoveel hele uren geleden.")]
    zeker: Annotated[bool, Meta(description="Kort geleden bevestigd; zo niet: bel om te vragen of de plek er nog is.")]


# $1 now, $2 today, $3 the zorgvormen, $4 since when a confirmation is fresh. Of another region what was agreed.
VRIJ = f"""
with kandidaat as materialized (
    {plekken.KANDIDAAT}
    where v.zorgvorm = any ($3) and (p.regio = huidige_regio() or exists (
        select from regioafspraak r
        where r.aanbod_regio = p.regio and r.vraag_regio = huidige_regio() and r.geldigheid @> $2::date
          and coalesce(r.zorgvorm, v.zorgvorm) = v.zorgvorm))
){plekken.STAND}
select s.id, s.naam, s.voorziening_id, v.naam as voorziening, a.naam as aanbieder, s.zorgvorm, v.leeftijd_van,
       v.leeftijd_tot, v.groepssoort, s.beschikbaarheid, s.volgende_bezetting_van as vrij_tot, v.bellen_naam,
       coalesce(v.bellen_telefoon, a.telefoon) as bellen_telefoon, s.bevestigd_op,
       floor(extract(epoch from $1 - s.bevestigd_op) / 3600)::integer as bevestigd_uren,
       coalesce(s.bevestigd_op >= $4, false) as zeker
from stand s
join voorziening v on v.id = s.voorziening_id
join aanbieder a on a.id = s.aanbieder_id
where s.status in ('open', 'in_overleg')
order by zeker desc, s.status = 'open' desc, vrij_tot desc nulls first, s.bevestigd_op desc nulls last, voorziening,
         s.naam, s.id
"""


async def vrije_plekken(conn: Connection, now: datetime) -> list[Crisisplek]:
    """Crisis places that are free today, the surest first, and of those what is free longest: those that may be used,
    also of another region."""
    rules = await werkregels(conn)
    fresh = now - timedelta(hours=rules.crisis_zeker_uren)
    return rows_as(await conn.fetch(VRIJ, now, today(now), list(rules.crisis_zorgvormen), fresh), Crisisplek)


# ── Written down afterwards ──────────────────────────────────────────────────────────────────────


class NieuweCrisisplaatsing(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    aanvraag_id: Annotated[AanvraagId | None, Meta(description="Een aanvraag die er al is, met urgentie crisis.")] = (
        None
    )
    aanvraag: Annotated[NieuweAanvraag | None, Meta(description="Of een nieuwe, die meteen wordt ingediend.")] = None
    kind: Annotated[
        NieuwCrisiskind | None,
        Meta(description="Of het weinige dat vannacht bekend is; `aanTeVullen` van de aanvraag zegt wat nog mist."),
    ] = None
    plek_id: UUID
    gebeld_op: Annotated[datetime, Meta(description="Wanneer de aanbieder ja zei.")]
    met: Annotated[VrijeTekst, Meta(max_length=80, description="Met wie: een functie of voornaam.")]
    van: Annotated[date | None, Meta(description="Eerste dag van het verblijf; leeg: de dag van het gesprek.")] = None
    tot: Annotated[
        date | None,
        Meta(description="Verwachte eerste dag weg; leeg: zo lang als gebruikelijk, of tot de plek weer bezet is."),
    ] = None


AANVRAAG = "select status, urgentie from aanvraag where id = $1"

PLEK = """
select p.voorziening_id, v.gesloten, coalesce(z.gebruikelijk_verblijf, 28) as dagen
from plek p
join voorziening v on v.id = p.voorziening_id
join zorgvorm z on z.regio = v.regio and z.code = v.zorgvorm
where p.id = $1
"""

# What takes the plek later, or that it ends then. $3 now: an optie counts until it expires. $4 the child, whose own
# optie is let go; periods of one plek never overlap, so their first day says which is which.
VRIJ_TOT = """
select least(upper(p.bestaat), (
    select min(b.van) from bezette_perioden($2, array[$1]::uuid[]) b
    where b.van > $2 and (b.soort <> 'optie' or b.vervalt_op > $3 and not exists (
        select from bezetting eigen
        where eigen.plek_id = $1 and eigen.aanvraag_id = $4 and eigen.soort = 'optie' and eigen.vrijgegeven_op is null
          and lower(eigen.periode) = b.van))))
from plek p where p.id = $1
"""

JA = """
insert into besluit (regio, aanvraag_id, voorziening_id, uitkomst, op)
values (huidige_regio(), $1, $2, 'geaccepteerd', $3)
"""

GESPREK = """
insert into telefoongesprek (regio, aanvraag_id, voorziening_id, bezetting_id, gebeld_op, gebruiker_id, met,
                             aangemaakt_op)
values (huidige_regio(), $1, $2, $3, $4, huidige_gebruiker(), $5, $6)
"""


async def plaats(
    conn: Connection, travel: Traveller, nieuw: NieuweCrisisplaatsing, *, wie: Wie, now: datetime
) -> Bezetting:
    """The child is there, or comes today: the plek is taken from `van` on, and all that was agreed is written down.
    What else was held or proposed for it, is let go.

    Refuses INVALID, and CONFLICT when the plek is taken, the child is not in crisis (any more), or may not be there:
    for its safety, or in closed care without a machtiging for that. All other rules the provider knows of itself.
    """
    van = nieuw.van or today(nieuw.gebeld_op)
    refuse(_errors(nieuw, van, now))
    kind = await _kind(conn, nieuw, now)
    await vergrendel(conn, now=now, plekken=[nieuw.plek_id], aanvragen=[kind])
    aanvraag = await conn.fetchrow(AANVRAAG, kind)
    if aanvraag is None:
        refuse(
            [
                FieldError(
                    "/aanvraagId", "bestaat_niet", gettext("Deze aanvraag bestaat niet (meer), of is geen crisis.")
                )
            ]
        )
    assert aanvraag is not None
    if aanvraag["urgentie"] != Urgentie.CRISIS:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Alleen bij crisis kan een plaatsing per telefoon. Wat nu wel kan: doe een voorstel, of verander de"
                " urgentie, met de reden."
            ),
        )
    if aanvraag["status"] not in OPEN:
        raise Refusal(Kind.CONFLICT, _closed(AanvraagStatus(aanvraag["status"])))
    plek = await conn.fetchrow(PLEK, nieuw.plek_id)
    if plek is None:
        refuse([FieldError("/plekId", "bestaat_niet", gettext("Deze plek bestaat niet (meer)."))])
    assert plek is not None
    there = Plaats(aanvraag_id=kind, plek_id=nieuw.plek_id, van=van, tot=nieuw.tot)
    firm = plekregels.GESLOTEN if plek["gesloten"] else plekregels.VEILIG
    await plekregels.keur(conn, travel, [there], wie=wie, afwijking=None, now=now, alleen=firm)
    tot = nieuw.tot or await _gebruikelijk(conn, nieuw.plek_id, kind, van, plek["dagen"], now)
    await conn.execute(JA, kind, plek["voorziening_id"], nieuw.gebeld_op)
    plaatsing = await plaatsingen.plaats(conn, nieuw.plek_id, kind, van, tot, now=now, telefonisch=True)
    await conn.execute(GESPREK, kind, plek["voorziening_id"], plaatsing.id, nieuw.gebeld_op, nieuw.met, now)
    await stappen.laat_los(conn, kind, "Het kind is per telefoon geplaatst.", now=now)
    return plaatsing


async def _gebruikelijk(conn: Connection, plek_id: UUID, kind: UUID, van: date, dagen: int, now: datetime) -> date:
    """How long a child usually stays, or until somebody else comes: at night nobody looks when that is."""
    until: date | None = await conn.fetchval(VRIJ_TOT, plek_id, van, now, kind)
    usual = van + timedelta(days=dagen)
    return usual if until is None or until <= van else min(until, usual)


async def _kind(conn: Connection, nieuw: NieuweCrisisplaatsing, now: datetime) -> UUID:
    """For whom: of an aanvraag that is there, or filed now."""
    if nieuw.kind is not None:
        return await crisiskind.dien_in(conn, nieuw.kind, nieuw.plek_id, now=now)
    if nieuw.aanvraag is None:
        assert nieuw.aanvraag_id is not None
        return nieuw.aanvraag_id
    try:
        return (await aanvragen.add(conn, nieuw.aanvraag, now=now)).id
    except Refusal as wrong:
        fields = tuple(structs.replace(error, pointer=f"/aanvraag{error.pointer}") for error in wrong.fields)
        raise Refusal(wrong.kind, wrong.detail, fields) from wrong


def _errors(nieuw: NieuweCrisisplaatsing, van: date, now: datetime) -> list[FieldError]:
    found = herkenbare(nieuw)
    if sum(one is not None for one in (nieuw.aanvraag, nieuw.aanvraag_id, nieuw.kind)) != 1:
        found.append(
            FieldError(
                "/aanvraagId", "een_van_beide", gettext("Noem een aanvraag die er al is, een nieuwe of een kind.")
            )
        )
    if nieuw.aanvraag is not None and nieuw.aanvraag.urgentie is not Urgentie.CRISIS:
        found.append(
            FieldError("/aanvraag/urgentie", "waarde", gettext("Alleen bij crisis kan een plaatsing per telefoon."))
        )
    if nieuw.gebeld_op > now:
        found.append(FieldError("/gebeldOp", "toekomst", gettext("Bel eerst, en leg het gesprek daarna vast.")))
    if van > today(now):
        found.append(
            FieldError(
                "/van", "toekomst", gettext("Komt het kind later? Houd de plek dan vast, en leg vast als het er is.")
            )
        )
    if van < today(nieuw.gebeld_op):
        found.append(FieldError("/van", "volgorde", gettext("Geef een dag die niet voor het gesprek ligt.")))
    if nieuw.tot is not None and nieuw.tot <= van:
        found.append(FieldError("/tot", "volgorde", gettext("Geef een dag die na de begindag ligt.")))
    return found


def _closed(status: AanvraagStatus) -> str:
    if status in (AanvraagStatus.GEPLAATST, AanvraagStatus.DEFINITIEF):
        return gettext(
            "Dit kind heeft al een plaatsing. Wat nu wel kan: beëindig die of zeg haar af; daarna is er de"
            " vervolgaanvraag of een nieuwe aanvraag."
        )
    return gettext(
        "Deze aanvraag is %(status)s. Wat nu wel kan: een nieuwe aanvraag.",
        status=gettext(gebeurtenissen.STATUS[status]),
    )
