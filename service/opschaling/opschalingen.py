"""Opschalingen: more people look at an aanvraag, at a table that fits the reason. Each has an owner, a term, a file
(opschaling/opschalen.py makes it), questions to providers (opschalingsvragen.py) and an end that has an outcome."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from service import dutch
from service.aanvraag import gebeurtenissen
from service.aanvraag.aanvragen import HuidigVerblijf
from service.aanvraag.gebeurtenissen import OPEN, AanvraagStatus, GebeurtenisSoort
from service.days import today
from service.db import Connection, Wie, rows_as
from service.errors import FieldError, Kind, Refusal
from service.fields import AanvraagId, VrijeTekst, refuse
from service.taal import gettext, later


class OpschalingAanleiding(StrEnum):
    """As type `opschaling_aanleiding` in schema.sql."""

    DREIGENDE_UITHUISPLAATSING = "dreigende_uithuisplaatsing"
    VERSCHIL_VAN_OPVATTING = "verschil_van_opvatting"
    GEEN_PLEK = "geen_plek"
    BOVENREGIONAAL = "bovenregionaal"


class OpschalingTafel(StrEnum):
    """As type `opschaling_tafel` in schema.sql."""

    SCHAKELFUNCTIONARIS = "schakelfunctionaris"
    TUSSENVOORZIENING = "tussenvoorziening"
    CONSULTATIE_EN_ADVIESTEAM = "consultatie_en_adviesteam"
    EXPERTTEAM = "expertteam"
    DOORBRAAKTAFEL = "doorbraaktafel"
    EXPERTISENETWERK = "expertisenetwerk"


class OpschalingUitkomst(StrEnum):
    """As type `opschaling_uitkomst` in schema.sql."""

    PLEK_GEVONDEN = "plek_gevonden"
    HULP_THUIS = "hulp_thuis"
    TUSSENVOORZIENING = "tussenvoorziening"
    ANDERE_TAFEL = "andere_tafel"
    NIET_MEER_NODIG = "niet_meer_nodig"
    ANDERS = "anders"


AANLEIDING = {
    OpschalingAanleiding.DREIGENDE_UITHUISPLAATSING: later("Het kind moet misschien uit huis"),
    OpschalingAanleiding.VERSCHIL_VAN_OPVATTING: later("Er is verschil van opvatting"),
    OpschalingAanleiding.GEEN_PLEK: later("Er is geen plek"),
    OpschalingAanleiding.BOVENREGIONAAL: later("Het lukt niet binnen de regio"),
}

TAFEL = {
    OpschalingTafel.SCHAKELFUNCTIONARIS: later("Schakelfunctionaris"),
    OpschalingTafel.TUSSENVOORZIENING: later("Tussenvoorziening"),
    OpschalingTafel.CONSULTATIE_EN_ADVIESTEAM: later("Consultatie- en Adviesteam"),
    OpschalingTafel.EXPERTTEAM: later("Expertteam"),
    OpschalingTafel.DOORBRAAKTAFEL: later("Doorbraaktafel"),
    OpschalingTafel.EXPERTISENETWERK: later("Expertisenetwerk"),
}

UITKOMST = {
    OpschalingUitkomst.PLEK_GEVONDEN: later("Er is een plek gevonden"),
    OpschalingUitkomst.HULP_THUIS: later("Het kind blijft thuis, met hulp"),
    OpschalingUitkomst.TUSSENVOORZIENING: later("Het kind gaat naar een tussenvoorziening"),
    OpschalingUitkomst.ANDERE_TAFEL: later("Het gaat naar een andere tafel"),
    OpschalingUitkomst.NIET_MEER_NODIG: later("Het is niet meer nodig"),
    OpschalingUitkomst.ANDERS: later("Iets anders"),
}
"""Each code as people read it."""


A, T = OpschalingAanleiding, OpschalingTafel

TAFELS: Mapping[OpschalingAanleiding, tuple[OpschalingTafel, ...]] = {
    A.DREIGENDE_UITHUISPLAATSING: (T.CONSULTATIE_EN_ADVIESTEAM, T.EXPERTTEAM, T.DOORBRAAKTAFEL),
    A.VERSCHIL_VAN_OPVATTING: (T.CONSULTATIE_EN_ADVIESTEAM, T.EXPERTTEAM, T.DOORBRAAKTAFEL),
    A.GEEN_PLEK: (T.SCHAKELFUNCTIONARIS, T.TUSSENVOORZIENING, T.DOORBRAAKTAFEL),
    A.BOVENREGIONAAL: (T.EXPERTISENETWERK,),
}
"""Which tables there are for which reason (docs/werkstroom.md)."""

NOG_THUIS = (HuidigVerblijf.THUIS, HuidigVerblijf.NETWERK)
"""A removal that threatens: afterwards the doorbraaktafel came too late, and the reason is another one."""

OWN = "Keuze van het loket; de regio beslist"


def _is(says: str, most: int = 365) -> Any:
    return Meta(ge=1, le=most, description=says, extra={"bron": OWN})


class Opschaalregels(Struct, frozen=True, kw_only=True):
    """With where each comes from. A region says otherwise with a row of `instelling` of the same name."""

    opschaling_schakelfunctionaris_dagen: Annotated[int, _is(later("Zo lang zoekt de schakelfunctionaris zelf."))] = 2
    opschaling_tussenvoorziening_dagen: Annotated[int, _is(later("Zo lang zoekt men een tussenvoorziening."))] = 3
    opschaling_consultatie_en_adviesteam_dagen: Annotated[
        int, _is(later("Zo snel geeft het Consultatie- en Adviesteam advies."))
    ] = 14
    opschaling_expertteam_dagen: Annotated[int, _is(later("Zo snel geeft het Expertteam advies."))] = 14
    opschaling_doorbraaktafel_dagen: Annotated[
        int, _is(later("Zo snel is er een doorbraaktafel: niemand gaat weg voordat er een oplossing is."))
    ] = 7
    opschaling_expertisenetwerk_dagen: Annotated[int, _is(later("Zo snel geeft het Expertisenetwerk advies."))] = 28
    opschaling_antwoord_dagen: Annotated[
        int, _is(later("Zo lang heeft een aanbieder om te zeggen wat hij nodig heeft."))
    ] = 3
    opschaling_vragen_meest: Annotated[int, _is(later("Aan hooguit zoveel voorzieningen tegelijk een vraag."), 50)] = 8


Kort = Annotated[VrijeTekst, Meta(max_length=300)]


class NieuweOpschaling(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    aanleiding: OpschalingAanleiding
    tafel: OpschalingTafel
    waarom: Annotated[Kort, Meta(description="In een zin, voor wie aan tafel zit.")]
    eigenaar_id: Annotated[UUID | None, Meta(description="Een schakelfunctionaris; anders bent u het zelf.")] = None
    termijn: Annotated[date | None, Meta(description="Anders de termijn die de regio voor deze tafel heeft.")] = None
    vraag_aanbieders: Annotated[
        bool, Meta(description="Vraag wie bijna past meteen wat er nodig is om wel te kunnen.")
    ] = True


class OpschalingStapSoort(StrEnum):
    DRAAG_OVER = "draag_over"
    VERLENG = "verleng"
    SLUIT = "sluit"


class OpschalingStap(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    stap: OpschalingStapSoort
    eigenaar_id: Annotated[UUID | None, Meta(description="Bij draag_over.")] = None
    termijn: Annotated[date | None, Meta(description="Bij verleng.")] = None
    uitkomst: Annotated[OpschalingUitkomst | None, Meta(description="Bij sluit.")] = None
    toelichting: Annotated[Kort, Meta(description="Bij sluit; verplicht bij de uitkomst anders.")] | None = None
    reden: Annotated[Kort, Meta(description="Bij draag_over en verleng: waarom.")] | None = None


class Opschaling(Struct, rename="camel", kw_only=True):
    id: UUID
    aanvraag_id: AanvraagId
    nummer: Annotated[str, Meta(description="Van de aanvraag.")]
    aanleiding: OpschalingAanleiding
    tafel: OpschalingTafel
    eigenaar_id: UUID
    waarom: str
    termijn: date
    verstreken: Annotated[bool, Meta(description="De termijn is voorbij en er is geen uitkomst.")]
    geopend_op: datetime
    uitkomst: OpschalingUitkomst | None
    toelichting: str | None
    gesloten_op: datetime | None
    kan: Annotated[list[OpschalingStapSoort], Meta(description="Welke stappen nu kunnen.")] = []
    te_sluiten: Annotated[
        bool, Meta(description="De aanvraag zoekt geen plek meer: sluit de opschaling, met haar uitkomst.")
    ]
    versie: int


# $1 is today.
OPSCHALINGEN = """
select o.id, o.aanvraag_id, a.nummer, o.aanleiding, o.tafel, o.eigenaar_id, o.waarom, o.termijn,
       o.gesloten_op is null and o.termijn < $1 as verstreken, o.geopend_op, o.uitkomst, o.toelichting, o.gesloten_op,
       o.gesloten_op is null and not is_open(a.status) as te_sluiten, o.versie
from opschaling o join aanvraag a on a.id = o.aanvraag_id
"""

PAGE = f"""
{OPSCHALINGEN}
where o.regio = huidige_regio()
  and ($2::uuid is null or o.aanvraag_id = $2)
  and ($3::boolean is null or (o.gesloten_op is null) = $3)
  and ($4::boolean is null or (o.gesloten_op is null and o.termijn < $1) = $4)
  and ($5::boolean is null or (o.gesloten_op is null and not is_open(a.status)) = $5)
  and ($6::uuid is null or (o.geopend_op, o.id) > (select c.geopend_op, c.id from opschaling c where c.id = $6))
order by o.geopend_op, o.id
limit $7
"""


async def page(
    conn: Connection,
    *,
    now: datetime,
    aanvraag_id: UUID | None = None,
    loopt: bool | None = None,
    verstreken: bool | None = None,
    te_sluiten: bool | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Opschaling]:
    """Opschalingen in the order in which they were opened."""
    rows = await conn.fetch(PAGE, today(now), aanvraag_id, loopt, verstreken, te_sluiten, after, limit)
    found: list[Opschaling] = rows_as(rows, Opschaling)
    return [_with_next(opschaling) for opschaling in found]


GET = f"{OPSCHALINGEN} where o.id = $2"

LOCK = f"{OPSCHALINGEN} where o.id = $2 for no key update of o"


async def get(conn: Connection, id: UUID, *, now: datetime, lock: bool = False) -> Opschaling:
    """Refuses NOT_FOUND."""
    row = await conn.fetchrow(LOCK if lock else GET, today(now), id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze opschaling bestaat niet (meer)."))
    return _with_next(msgspec.convert(row, Opschaling))


def _with_next(opschaling: Opschaling) -> Opschaling:
    opschaling.kan = list(OpschalingStapSoort) if opschaling.gesloten_op is None else []
    return opschaling


# ── Opening ──────────────────────────────────────────────────────────────────────────────────────

COLLEGA = "select exists (select from gebruiker where id = $1 and rol = 'schakelfunctionaris' and actief)"


async def _eigenaar(conn: Connection, id: UUID) -> None:
    if not await conn.fetchval(COLLEGA, id):
        refuse([FieldError("/eigenaarId", "bestaat_niet", gettext("Kies een schakelfunctionaris van uw regio."))])


AANVRAAG = "select status, huidig_verblijf from aanvraag where id = $1 for no key update"


def _aanhaal(word: str) -> str:
    """What stands in a form as one choice, in the middle of a sentence."""
    return f"‘{gettext(word)}’"


async def may_look(conn: Connection, aanvraag_id: UUID, aanleiding: OpschalingAanleiding) -> None:
    """Whether more people can look for this reason. Locks the aanvraag. Refuses NOT_FOUND and CONFLICT."""
    row = await conn.fetchrow(AANVRAAG, aanvraag_id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze aanvraag bestaat niet (meer)."))
    if AanvraagStatus(row["status"]) not in OPEN:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Deze aanvraag is %(status)s: er wordt geen plek meer gezocht. Wat nu wel kan: een nieuwe aanvraag.",
                status=gettext(gebeurtenissen.STATUS[AanvraagStatus(row["status"])]),
            ),
        )
    if aanleiding is A.DREIGENDE_UITHUISPLAATSING and row["huidig_verblijf"] not in NOG_THUIS:
        others = dutch.listing([_aanhaal(AANLEIDING[other]) for other in A if other is not aanleiding], "of")
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Dit kind is al uit huis: er dreigt geen uithuisplaatsing meer. Wat nu wel kan: opschalen met de"
                " aanleiding %(others)s.",
                others=others,
            ),
        )


async def may_open(conn: Connection, aanvraag_id: UUID, nieuw: NieuweOpschaling, *, now: datetime) -> None:
    """Locks the aanvraag. Refuses NOT_FOUND, INVALID, and CONFLICT with what is possible now."""
    await may_look(conn, aanvraag_id, nieuw.aanleiding)
    if nieuw.tafel not in TAFELS[nieuw.aanleiding]:
        could = dutch.listing([_aanhaal(TAFEL[tafel]) for tafel in TAFELS[nieuw.aanleiding]], "of")
        refuse(
            [
                FieldError(
                    "/tafel",
                    "past_niet",
                    gettext(
                        "Bij %(aanleiding)s hoort deze tafel niet. Kies %(could)s.",
                        aanleiding=_aanhaal(AANLEIDING[nieuw.aanleiding]),
                        could=could,
                    ),
                )
            ]
        )
    if nieuw.eigenaar_id is not None:
        await _eigenaar(conn, nieuw.eigenaar_id)
    if nieuw.termijn is not None and nieuw.termijn < today(now):
        refuse([FieldError("/termijn", "verstreken", gettext("Geef vandaag of een dag die nog komt."))])


INSERT = """
insert into opschaling (regio, aanvraag_id, aanleiding, tafel, eigenaar_id, termijn, waarom, geopend_op)
values (huidige_regio(), $1, $2, $3, $4, $5, $6, $7)
returning id
"""

INSERT_DOSSIER = """
insert into opschaling_dossier (opschaling_id, regio, aanvraag_id, inhoud) values ($1, huidige_regio(), $2, $3)
"""


async def insert(
    conn: Connection,
    aanvraag_id: UUID,
    nieuw: NieuweOpschaling,
    inhoud: dict[str, Any],
    regels: Opschaalregels,
    wie: Wie,
    *,
    now: datetime,
) -> UUID:
    """After `may_open`, with the file. CONFLICT when this table has one open."""
    days: int = getattr(regels, f"opschaling_{nieuw.tafel}_dagen")
    termijn = nieuw.termijn or today(now) + timedelta(days=days)
    eigenaar = nieuw.eigenaar_id or wie.gebruiker
    id: UUID = await conn.fetchval(
        INSERT, aanvraag_id, nieuw.aanleiding, nieuw.tafel, eigenaar, termijn, nieuw.waarom, now
    )
    await conn.execute(INSERT_DOSSIER, id, aanvraag_id, inhoud)
    await _record(
        conn,
        aanvraag_id,
        GebeurtenisSoort.OPSCHALING,
        {"opschaling": str(id), "aanleiding": nieuw.aanleiding, "tafel": nieuw.tafel, "termijn": termijn.isoformat()},
        now,
    )
    return id


DOSSIER = "select inhoud from opschaling_dossier where opschaling_id = $1"


async def inhoud(conn: Connection, id: UUID) -> dict[str, Any]:
    """The file as it was made. Refuses NOT_FOUND."""
    found: dict[str, Any] | None = await conn.fetchval(DOSSIER, id)
    if found is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze opschaling bestaat niet (meer)."))
    return found


# ── Steps ────────────────────────────────────────────────────────────────────────────────────────

LOCK_AANVRAAG = "select from aanvraag where id = $1 for no key update"

DRAAG_OVER = "update opschaling set eigenaar_id = $2, versie = versie + 1 where id = $1"

VERLENG = "update opschaling set termijn = $2, gewaarschuwd_op = null, versie = versie + 1 where id = $1"

SLUIT = """
update opschaling set uitkomst = $2, toelichting = $3, gesloten_op = $4, versie = versie + 1 where id = $1
"""

# To another table that looks at the same child, which relies on them.
GEEF_VRAGEN_DOOR = """
update opschaling_vraag q
set opschaling_id = o.id, versie = q.versie + 1
from (select id from opschaling where aanvraag_id = $2 and gesloten_op is null and id <> $1
      order by geopend_op, id limit 1) as o
where q.opschaling_id = $1 and q.gesloten_op is null
  and not exists (select from opschaling_vraag x where x.opschaling_id = o.id and x.voorziening_id = q.voorziening_id)
"""

SLUIT_VRAGEN = """
update opschaling_vraag set gesloten_op = $2, versie = versie + 1 where opschaling_id = $1 and gesloten_op is null
"""

NEEDS = {
    OpschalingStapSoort.DRAAG_OVER: ("eigenaar_id", "reden"),
    OpschalingStapSoort.VERLENG: ("termijn", "reden"),
    OpschalingStapSoort.SLUIT: ("uitkomst",),
}
"""What each step must say; a toelichting goes with sluit only."""


async def step(conn: Connection, id: UUID, stap: OpschalingStap, *, now: datetime) -> Opschaling:
    """Refuses NOT_FOUND, INVALID, and CONFLICT when it is closed."""
    aanvraag_id = (await get(conn, id, now=now)).aanvraag_id
    await conn.execute(LOCK_AANVRAAG, aanvraag_id)
    opschaling = await get(conn, id, now=now, lock=True)
    if opschaling.gesloten_op is not None:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Deze opschaling is gesloten, met uitkomst %(uitkomst)s. Wat nu wel kan: een nieuwe opschaling.",
                uitkomst=_aanhaal(UITKOMST[opschaling.uitkomst or OpschalingUitkomst.ANDERS]),
            ),
        )
    refuse(_wrong(stap, now))
    about = {"opschaling": str(id), "stap": stap.stap}
    match stap.stap:
        case OpschalingStapSoort.DRAAG_OVER:
            assert stap.eigenaar_id is not None
            await _eigenaar(conn, stap.eigenaar_id)
            await conn.execute(DRAAG_OVER, id, stap.eigenaar_id)
            about["eigenaar"] = str(stap.eigenaar_id)
        case OpschalingStapSoort.VERLENG:
            assert stap.termijn is not None
            await conn.execute(VERLENG, id, stap.termijn)
            about["termijn"] = stap.termijn.isoformat()
        case OpschalingStapSoort.SLUIT:
            assert stap.uitkomst is not None
            await conn.execute(SLUIT, id, stap.uitkomst, stap.toelichting, now)
            await conn.execute(GEEF_VRAGEN_DOOR, id, aanvraag_id)
            await conn.execute(SLUIT_VRAGEN, id, now)
            about["uitkomst"] = stap.uitkomst
    closes = stap.stap is OpschalingStapSoort.SLUIT
    soort = GebeurtenisSoort.OPSCHALING_GESLOTEN if closes else GebeurtenisSoort.OPSCHALING_STAP
    await _record(conn, aanvraag_id, soort, about, now, reden=stap.reden)
    return await get(conn, id, now=now)


def _wrong(stap: OpschalingStap, now: datetime) -> list[FieldError]:
    found = []
    for name, veld in zip(stap.__struct_fields__[1:], stap.__struct_encode_fields__[1:], strict=True):
        there, needed = getattr(stap, name) is not None, name in NEEDS[stap.stap]
        if needed and not there:
            found.append(FieldError(f"/{veld}", "verplicht", gettext("Dit hoort bij deze stap. Vul het in.")))
        elif there and not needed and (name != "toelichting" or stap.stap is not OpschalingStapSoort.SLUIT):
            found.append(FieldError(f"/{veld}", "past_niet", gettext("Dit hoort niet bij deze stap. Laat het weg.")))
    if stap.uitkomst is OpschalingUitkomst.ANDERS and stap.toelichting is None:
        found.append(FieldError("/toelichting", "verplicht", gettext("Schrijf wat de uitkomst was.")))
    if stap.termijn is not None and stap.termijn < today(now):
        found.append(FieldError("/termijn", "verstreken", gettext("Geef vandaag of een dag die nog komt.")))
    return found


async def _record(
    conn: Connection,
    aanvraag_id: UUID,
    soort: GebeurtenisSoort,
    gegevens: dict[str, Any],
    now: datetime,
    *,
    reden: str | None = None,
) -> None:
    await gebeurtenissen.record(conn, aanvraag_id, soort, now=now, reden=reden, gegevens=gegevens)


# ── Terms ────────────────────────────────────────────────────────────────────────────────────────

VERSTREKEN = """
select id, aanvraag_id, tafel, termijn from opschaling
where regio = huidige_regio() and gesloten_op is null and gewaarschuwd_op is null and termijn < $1
order by aanvraag_id, id
"""

WAARSCHUW = """
update opschaling set gewaarschuwd_op = $2, versie = versie + 1
where id = $1 and gesloten_op is null and gewaarschuwd_op is null and termijn < $3
returning true
"""


async def alarmronde_opschalingen(conn: Connection, now: datetime) -> int:
    """One alarm for each opschaling whose term has passed since the last round; how many. For the service itself."""
    dag, given = today(now), 0
    for row in await conn.fetch(VERSTREKEN, dag):
        await conn.execute(LOCK_AANVRAAG, row["aanvraag_id"])
        if await conn.fetchval(WAARSCHUW, row["id"], now, dag):
            gegevens = {
                "alarm": "opschaling_termijn",
                "opschaling": str(row["id"]),
                "tafel": row["tafel"],
                "dag": row["termijn"].isoformat(),
            }
            await _record(conn, row["aanvraag_id"], GebeurtenisSoort.ALARM, gegevens, now)
            given += 1
    return given
