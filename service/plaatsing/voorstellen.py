"""Voorstellen: a match put to a provider. STAPPEN says which step follows on which, and who may do it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID, uuid4

import msgspec
from msgspec import Meta, Struct

from service.aanbod.voorzieningen import Groepssoort, JuridischKader, Perspectief
from service.aanvraag import gebeurtenissen
from service.aanvraag.aanvragen import Geslacht, HuidigVerblijf, Kort
from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.db import Connection, Rol, rows_as
from service.errors import FieldError, Kind, Refusal
from service.fields import AanvraagId, Code, herkenbare, refuse
from service.plaatsing import opties
from service.plaatsing.opties import Afwijking, Plekken, Toewijzing
from service.plaatsing.samen import check_whole
from service.plaatsing.vergrendel import vergrendel
from service.taal import gettext, later
from service.urgentie import Urgentie


class VoorstelStatus(StrEnum):
    """As type `voorstel_status` in schema.sql."""

    CONCEPT = "concept"
    VERZONDEN = "verzonden"
    INTERESSE = "interesse"
    AKKOORD = "akkoord"
    TOESTEMMING = "toestemming"
    KENNISMAKING = "kennismaking"
    DEFINITIEF = "definitief"
    AFGEWEZEN = "afgewezen"
    INGETROKKEN = "ingetrokken"
    VERVALLEN = "vervallen"


LEVEND = frozenset(
    {
        VoorstelStatus.VERZONDEN,
        VoorstelStatus.INTERESSE,
        VoorstelStatus.AKKOORD,
        VoorstelStatus.TOESTEMMING,
        VoorstelStatus.KENNISMAKING,
    }
)
"""Sent, and nothing ended it yet, as function is_levend in schema.sql."""


# ── Which step follows on which ──────────────────────────────────────────────────────────────────


class VoorstelStap(StrEnum):
    VERZEND = "verzend"
    INTERESSE = "interesse"
    AKKOORD = "akkoord"
    TOESTEMMING = "toestemming"
    KENNISMAKING = "kennismaking"
    MAAK_DEFINITIEF = "maak_definitief"
    WIJS_AF = "wijs_af"
    TREK_IN = "trek_in"


STATUS: dict[VoorstelStatus, str] = {
    VoorstelStatus.CONCEPT: later("staat klaar, nog niet verstuurd"),
    VoorstelStatus.VERZONDEN: later("verstuurd, wacht op antwoord"),
    VoorstelStatus.INTERESSE: later("de aanbieder heeft interesse"),
    VoorstelStatus.AKKOORD: later("de aanbieder zegt ja, wacht op toestemming"),
    VoorstelStatus.TOESTEMMING: later("toestemming is er, wacht op kennismaking"),
    VoorstelStatus.KENNISMAKING: later("kennismaking is afgesproken"),
    VoorstelStatus.DEFINITIEF: later("definitief"),
    VoorstelStatus.AFGEWEZEN: later("afgewezen"),
    VoorstelStatus.INGETROKKEN: later("ingetrokken"),
    VoorstelStatus.VERVALLEN: later("vervallen: er kwam geen antwoord op tijd"),
}
"""Each as people read it."""

STAP = {
    VoorstelStap.VERZEND: later("versturen"),
    VoorstelStap.INTERESSE: later("interesse laten zien"),
    VoorstelStap.AKKOORD: later("ja zeggen"),
    VoorstelStap.TOESTEMMING: later("toestemming vastleggen"),
    VoorstelStap.KENNISMAKING: later("een kennismaking afspreken"),
    VoorstelStap.MAAK_DEFINITIEF: later("definitief maken"),
    VoorstelStap.WIJS_AF: later("nee zeggen"),
    VoorstelStap.TREK_IN: later("intrekken"),
}
"""What can be done, as a refusal says it."""


class Overgang(Struct, frozen=True):
    van: frozenset[VoorstelStatus]
    naar: VoorstelStatus
    rollen: frozenset[Rol]


_S = VoorstelStatus
_LOKET = frozenset({Rol.SCHAKELFUNCTIONARIS, Rol.CRISISDIENST})
_ANTWOORD = _LOKET | {Rol.AANBIEDER}
_IEDEREEN = _ANTWOORD | {Rol.VERWIJZER}

STAPPEN: dict[VoorstelStap, Overgang] = {
    VoorstelStap.VERZEND: Overgang(frozenset({_S.CONCEPT}), _S.VERZONDEN, _LOKET),
    VoorstelStap.INTERESSE: Overgang(frozenset({_S.VERZONDEN}), _S.INTERESSE, _ANTWOORD),
    VoorstelStap.AKKOORD: Overgang(frozenset({_S.VERZONDEN, _S.INTERESSE}), _S.AKKOORD, _ANTWOORD),
    VoorstelStap.TOESTEMMING: Overgang(frozenset({_S.AKKOORD}), _S.TOESTEMMING, _LOKET | {Rol.VERWIJZER}),
    VoorstelStap.KENNISMAKING: Overgang(frozenset({_S.TOESTEMMING, _S.KENNISMAKING}), _S.KENNISMAKING, _IEDEREEN),
    VoorstelStap.MAAK_DEFINITIEF: Overgang(
        frozenset({_S.AKKOORD, _S.TOESTEMMING, _S.KENNISMAKING}), _S.DEFINITIEF, _LOKET
    ),
    VoorstelStap.WIJS_AF: Overgang(LEVEND, _S.AFGEWEZEN, _IEDEREEN),
    VoorstelStap.TREK_IN: Overgang(LEVEND | {_S.CONCEPT}, _S.INGETROKKEN, _LOKET),
}
"""The whole state machine; docs/werkstroom.md has it as a table. By time a living one becomes `vervallen`."""


def kan(status: VoorstelStatus, rol: Rol) -> list[VoorstelStap]:
    """The steps that are possible now."""
    return [stap for stap, overgang in STAPPEN.items() if status in overgang.van and rol in overgang.rollen]


# ── What is read of one ──────────────────────────────────────────────────────────────────────────


class Voorstelvraag(Struct, rename="camel", kw_only=True):
    """What a provider is told of the child, as voorstel_vraag() gives it; the last part after its interesse."""

    nummer: str
    urgentie: Urgentie
    leeftijd_jaren: int
    groepssoorten: list[Groepssoort]
    verwacht_verblijf: Annotated[int, Meta(description="In dagen.")]
    perspectief: Perspectief
    juridisch_kader: JuridischKader
    ondersteuning: list[Code]
    kenmerken: list[Code]
    medisch: list[Code]
    rolstoel: bool
    samen: Annotated[int, Meta(description="Broers en zussen die u tegelijk wordt gevraagd.")]
    leeftijd_maanden: int | None = None
    leeftijd_peildatum: date | None = None
    geslacht: Geslacht | None = None
    huidig_verblijf: HuidigVerblijf | None = None
    huidig_verblijf_tot: date | None = None
    gewenste_start: date | None = None
    uiterlijke_datum: Annotated[date | None, Meta(extra_json_schema={"format": "date"})] = None
    onderwijs: Code | None = None
    eerder_geprobeerd: str | None = None
    mening_jeugdige: str | None = None
    praktisch: str | None = None


class Voorstel(Struct, rename="camel", kw_only=True):
    id: UUID
    aanvraag_id: AanvraagId
    nummer: str | None
    aanbieder_id: UUID
    aanbieder: str | None
    voorziening_id: UUID
    voorziening: str | None
    plek_id: UUID
    plek: str | None
    bundel_id: Annotated[UUID | None, Meta(description="Broers en zussen: één antwoord, tegelijk definitief.")]
    plan_id: UUID | None
    status: VoorstelStatus
    van: date
    tot: date | None
    toelichting: str | None
    afwijking: Annotated[str | None, Meta(description="Waarom het loket dit vraagt, terwijl een regel nee zegt.")]
    contactplan: Annotated[str | None, Meta(description="Hoe broers en zussen die apart wonen elkaar blijven zien.")]
    rang: Annotated[int | None, Meta(description="De plaats in de rangschikking toen het werd verzonden.")]
    verzonden_op: datetime | None
    antwoord_voor: Annotated[datetime | None, Meta(description="Tot dan is de plek vastgehouden.")]
    herinnerd_op: datetime | None
    beantwoord_op: datetime | None
    kennismaking_op: date | None
    klaar_op: datetime | None
    vraag: Annotated[
        Voorstelvraag | None, Meta(description="Alleen voor de aanbieder, en alleen zolang het voorstel loopt.")
    ]
    kan: Annotated[list[VoorstelStap], Meta(description="De stappen die nu kunnen.")] = []
    versie: int


# `e` is of the region itself: the loket of the plek sees that its plek is asked for, and not what was thought.
VOORSTELLEN = """
select v.id, v.aanvraag_id, coalesce(a.nummer, q.vraag ->> 'nummer') as nummer, v.aanbieder_id, b.naam as aanbieder,
       v.voorziening_id, z.naam as voorziening, v.plek_id, p.naam as plek, v.bundel_id, v.status, v.van, v.tot,
       v.toelichting, e.plan_id, e.afwijking, e.contactplan, e.rang, v.verzonden_op, v.antwoord_voor, v.herinnerd_op,
       v.beantwoord_op, v.kennismaking_op, v.klaar_op, v.versie, q.vraag,
       e.id is not null or v.aanbieder_id is not distinct from huidige_organisatie() as doet_mee
from voorstel v
left join voorstel e on e.id = v.id and e.regio = huidige_regio()
left join aanvraag a on a.id = v.aanvraag_id
left join aanbieder b on b.id = v.aanbieder_id
left join voorziening z on z.id = v.voorziening_id
left join plek p on p.id = v.plek_id
cross join lateral (select voorstel_vraag(v.id) as vraag) as q
"""

PAGE = f"""
{VOORSTELLEN}
where ($1::text is null or v.status::text = $1)
  and ($2::uuid is null or v.aanvraag_id = $2)
  and ($3::uuid is null
       or (v.aangemaakt_op, v.id) < (select c.aangemaakt_op, c.id from voorstel c where c.id = $3))
  and ($5::boolean is null or is_levend(v.status) = $5)
order by v.aangemaakt_op desc, v.id desc
limit $4
"""


async def page(
    conn: Connection,
    rol: Rol,
    *,
    status: VoorstelStatus | None = None,
    levend: bool | None = None,
    aanvraag_id: UUID | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Voorstel]:
    """Voorstellen that who asks may see, the newest first. `levend`: those of LEVEND, or only the others."""
    return _with_kan(await conn.fetch(PAGE, status, aanvraag_id, after, limit, levend), rol)


LOPEND = f"""
{VOORSTELLEN}
where v.aanvraag_id = any ($1) and (v.status = 'concept' or is_levend(v.status))
order by v.aanvraag_id, v.aangemaakt_op, v.id
"""


async def lopend(conn: Connection, aanvragen: Sequence[UUID], rol: Rol) -> list[Voorstel]:
    """That are prepared or sent for these, and that nothing ended yet."""
    return _with_kan(await conn.fetch(LOPEND, list(aanvragen)), rol)


GET = f"{VOORSTELLEN} where v.id = any ($1) order by v.aanvraag_id"


async def several(conn: Connection, ids: Sequence[UUID], rol: Rol) -> list[Voorstel]:
    """In the order of their aanvragen."""
    return _with_kan(await conn.fetch(GET, list(ids)), rol)


async def get(conn: Connection, id: UUID, rol: Rol) -> Voorstel:
    """Refuses NOT_FOUND."""
    found = await several(conn, [id], rol)
    if not found:
        raise Refusal(Kind.NOT_FOUND, gettext("Dit voorstel bestaat niet (meer)."))
    return found[0]


def _with_kan(rows: Any, rol: Rol) -> list[Voorstel]:
    """The loket of the plek, when that is another, takes no steps."""
    found: list[Voorstel] = rows_as(rows, Voorstel)
    return [
        msgspec.structs.replace(one, kan=kan(one.status, rol) if row["doet_mee"] else [])
        for one, row in zip(found, rows, strict=True)
    ]


# ── Preparing ────────────────────────────────────────────────────────────────────────────────────


class NieuwVoorstel(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    plekken: Plekken
    van: date
    tot: Annotated[date, Meta(description="Eerste dag erna; leeg: zo lang als de aanvraag vraagt.")] | None = None
    toelichting: Annotated[Kort, Meta(description="Voor de aanbieder: waarom u aan deze plek denkt.")] | None = None
    afwijking: Afwijking | None = None
    contactplan: (
        Annotated[Kort, Meta(description="Verplicht als broers en zussen apart komen: hoe zij elkaar zien.")] | None
    ) = None
    verzend: Annotated[bool, Meta(description="Verstuur het meteen: alles of niets.")] = False


class NieuweVoorstellen(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    aanvraag_ids: Annotated[
        list[AanvraagId], Meta(min_length=1, max_length=200, description="De regels van het plan die u kiest.")
    ]


MAAK = """
insert into voorstel (regio, aanbod_regio, aanvraag_id, aanbieder_id, voorziening_id, plek_id, bundel_id, plan_id, van,
                      tot, toelichting, afwijking, contactplan, aangemaakt_op)
select huidige_regio(), p.regio, $2, p.aanbieder_id, p.voorziening_id, p.id, $3, $4, $5, $6, $7, $8, $9, $10
from plek p
where p.id = $1
returning id
"""


async def bereid_voor(
    conn: Connection, nieuw: NieuwVoorstel, *, rol: Rol, now: datetime, plan_id: UUID | None = None
) -> list[Voorstel]:
    """A concept per child; several are one bundle. Nobody outside the loket sees it, and it holds nothing yet.

    Refuses INVALID, NOT_FOUND, and CONFLICT when there is one for that voorziening, or when siblings may not be apart.
    """
    refuse([*opties.errors(nieuw.plekken, nieuw.van, nieuw.tot, now), *herkenbare(nieuw)])
    await vergrendel(conn, now=now, aanvragen=[one.aanvraag_id for one in nieuw.plekken])
    await opties.kinderen_van(conn, nieuw.plekken, now)
    await check_whole(conn, nieuw.plekken)
    bundel_id = uuid4() if len(nieuw.plekken) > 1 else None
    made = []
    for one in sorted(nieuw.plekken, key=lambda one: one.aanvraag_id):
        id = await conn.fetchval(
            MAAK,
            one.plek_id,
            one.aanvraag_id,
            bundel_id,
            plan_id,
            nieuw.van,
            nieuw.tot,
            nieuw.toelichting,
            nieuw.afwijking,
            nieuw.contactplan,
            now,
        )
        await gebeurtenissen.record(
            conn,
            one.aanvraag_id,
            GebeurtenisSoort.VOORSTEL_KLAARGEZET,
            now=now,
            voorstel_id=id,
            plek_id=one.plek_id,
            gegevens={"plan": plan_id},
        )
        made.append(id)
    return await several(conn, made, rol)


# Who is asked for together goes along, when the plan has a plek for it.
REGELS = """
select r.aanvraag_id, r.plek_id, r.eerste_dag, coalesce(a.samenplaatsing_id, a.id) as samen
from plan_regel r
join aanvraag a on a.id = r.aanvraag_id
where r.plan_id = $1 and r.plek_id is not null and is_open(a.status)
  and coalesce(a.samenplaatsing_id, a.id) in (
      select coalesce(b.samenplaatsing_id, b.id) from aanvraag b where b.id = any ($2))
order by samen, r.aanvraag_id
"""


async def uit_plan(
    conn: Connection, plan_id: UUID, nieuw: NieuweVoorstellen, *, rol: Rol, now: datetime
) -> list[Voorstel]:
    """Concepts for the chosen lines of a plan, to be sent after a look at each. All or none: refuses INVALID for a
    line without a plek, and what `bereid_voor` refuses."""
    rows = await conn.fetch(REGELS, plan_id, nieuw.aanvraag_ids)
    placed = {row["aanvraag_id"] for row in rows}
    wrong = gettext("In dit plan is hier geen plek voor (meer), of de aanvraag is niet meer open. Laat deze regel weg.")
    refuse(
        [
            FieldError(f"/aanvraagIds/{at}", "geen_plek", wrong)
            for at, id in enumerate(nieuw.aanvraag_ids)
            if id not in placed
        ]
    )
    families: dict[UUID, list[Any]] = {}
    for row in rows:
        families.setdefault(row["samen"], []).append(row)
    made: list[Voorstel] = []
    await vergrendel(conn, now=now, aanvragen=list(placed))
    for members in families.values():
        made += await bereid_voor(
            conn,
            NieuwVoorstel(
                plekken=[Toewijzing(aanvraag_id=row["aanvraag_id"], plek_id=row["plek_id"]) for row in members],
                van=max(row["eerste_dag"] for row in members),
            ),
            rol=rol,
            now=now,
            plan_id=plan_id,
        )
    return made
