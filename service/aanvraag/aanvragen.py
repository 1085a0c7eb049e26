"""Aanvragen: requests for one child, pseudonymous. Grondslagen, machtigingen, toestemmingen and uitsluitingen are parts
of one: they come and go with it, and are replaced as a whole list."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from service.aanbod.voorzieningen import UNIQUE, Groepssoort, JuridischKader, Perspectief
from service.aanvraag import gebeurtenissen, grondslagen, uitsluitingen
from service.aanvraag.gebeurtenissen import AanvraagStatus, GebeurtenisSoort
from service.aanvraag.grondslagen import Grondslag, Machtiging, Toestemming
from service.aanvraag.uitsluitingen import Uitsluiting
from service.db import Connection, Reads, rows_as
from service.errors import FieldError, Kind, Refusal
from service.fields import (
    AanvraagId,
    Code,
    Codes,
    EigenKenmerk,
    Gemeentecode,
    Pc4,
    VrijeTekst,
    given,
    herkenbare,
    merge,
    numbered,
    patch_of,
    refuse,
)
from service.regio import codes
from service.regio.codes import Lijst
from service.taal import gettext
from service.urgentie import Urgentie

LONGEST_SEARCH = timedelta(days=3650)
"""Between gewenste start and uiterlijke datum, as constraint aanvraag_datums_bijeen and matcher.problem.Aanvraag."""


class Geslacht(StrEnum):
    """As type `geslacht` in schema.sql."""

    MEISJE = "meisje"
    JONGEN = "jongen"
    NON_BINAIR = "non_binair"
    ANDERS = "anders"
    ONBEKEND = "onbekend"


class HuidigVerblijf(StrEnum):
    """As type `huidig_verblijf` in schema.sql."""

    THUIS = "thuis"
    NETWERK = "netwerk"
    CRISISPLEK = "crisisplek"
    PLEEGGEZIN = "pleeggezin"
    GEZINSHUIS = "gezinshuis"
    RESIDENTIEEL = "residentieel"
    OVERBRUGGING = "overbrugging"
    ELDERS = "elders"


# ── The aanvraag ─────────────────────────────────────────────────────────────────────────────────

Kort = Annotated[VrijeTekst, Meta(max_length=300)]
Lang = Annotated[VrijeTekst, Meta(max_length=500)]
Kenmerk = Annotated[
    EigenKenmerk,
    Meta(
        pattern="^[A-Za-z0-9][A-Za-z0-9 ./_-]{0,39}$",
        description="Uw eigen kenmerk; geen naam en geen BSN.",
        examples=["J-2026-0417"],
    ),
]
Thuis = Annotated[Pc4, Meta(description="Van thuis, alleen voor de reistijd; een aanbieder ziet dit niet.")]


class Vraag(Struct, rename="camel", kw_only=True):
    """What input and output of an aanvraag share."""

    organisatie_id: Annotated[UUID, Meta(description="De verwijzer.")]
    samenplaatsing_id: Annotated[UUID | None, Meta(description="Broers en zussen die samen een plek zoeken.")] = None
    urgentie: Urgentie
    urgentie_reden: (
        Annotated[Kort, Meta(description="Waarom het haast heeft: daarmee weegt het loket wie het eerst kan.")] | None
    ) = None
    leeftijd_maanden: Annotated[int, Meta(ge=0, le=275, description="In hele maanden, op leeftijdPeildatum.")]
    leeftijd_peildatum: Annotated[date, Meta(description="De dag waarop de leeftijd klopte.")]
    geslacht: Geslacht
    groepssoorten: Annotated[
        list[Groepssoort],
        Meta(min_length=1, max_length=3, extra_json_schema=UNIQUE, description="In welke groepen de jeugdige past."),
    ]
    gemeente_code: Annotated[Gemeentecode, Meta(description="De verantwoordelijke gemeente (woonplaatsbeginsel).")]
    huidig_verblijf: HuidigVerblijf
    huidig_verblijf_tot: date | None = None
    gewenste_start: date
    uiterlijke_datum: date
    verwacht_verblijf: Annotated[int, Meta(ge=1, le=6570, description="In dagen.")]
    perspectief: Perspectief
    zorgvormen: Annotated[
        list[Code], Meta(min_length=1, max_length=63, extra_json_schema=UNIQUE, examples=[["gezinshuis"]])
    ]
    zorgvorm_reden: (
        Annotated[
            Kort,
            Meta(
                description="Waarom een ander soort plek nodig is. Verplicht bij een andere zorgvorm dan pleeggezin of"
                " gezinshuis (Jeugdwet 2.3 lid 6)."
            ),
        ]
        | None
    ) = None
    juridisch_kader: JuridischKader
    ondersteuning: Annotated[Codes, Meta(description="Codes van de lijst ondersteuning: wat nodig is.")] = []
    kenmerken: Annotated[Codes, Meta(description="Codes van de lijst kenmerk.")] = []
    medisch: Annotated[Codes, Meta(description="Codes van de lijst medisch.")] = []
    rolstoel: bool = False
    onderwijs: Annotated[Code | None, Meta(description="Code van de lijst onderwijs.")] = None
    school_pc4: Pc4 | None = None
    netwerk_pc4: Pc4 | None = None
    maximale_reistijd: Annotated[int, Meta(ge=1, le=600, description="Harde grens in minuten.")] | None = None
    eerder_geprobeerd: (
        Annotated[Lang, Meta(description="Wat er al is geprobeerd, om dat niet opnieuw te doen; nooit een drempel.")]
        | None
    ) = None
    mening_jeugdige: (
        Annotated[Lang, Meta(description="Wat de jeugdige zelf wil, om daar bij het zoeken rekening mee te houden.")]
        | None
    ) = None
    praktisch: (
        Annotated[
            VrijeTekst,
            Meta(max_length=200, description="Huisdieren en andere zaken waar een plek rekening mee moet houden."),
        ]
        | None
    ) = None
    grondslagen: Annotated[list[Grondslag], Meta(max_length=20)] = []
    machtigingen: Annotated[list[Machtiging], Meta(max_length=20)] = []
    toestemmingen: Annotated[list[Toestemming], Meta(max_length=4)] = []
    uitsluitingen: Annotated[list[Uitsluiting], Meta(max_length=50)] = []


class NieuweAanvraag(Vraag, kw_only=True, forbid_unknown_fields=True):
    kenmerk: Kenmerk
    pc4: Thuis


class AanvraagVelden(Vraag, kw_only=True):
    kenmerk: Kenmerk
    pc4: Thuis


WijzigingAanvraag = patch_of(AanvraagVelden, "organisatie_id", "urgentie", "urgentie_reden")
"""Status and urgentie change by a step (service/aanvraag/stappen.py), with a reason."""


class Aanvraag(Vraag, kw_only=True):
    id: AanvraagId
    nummer: Annotated[
        str, Meta(description="Hoe iedereen deze aanvraag noemt; zegt niets over het kind.", examples=["K7M-3PQ"])
    ]
    kenmerk: Annotated[str | None, Meta(description="Van de verwijzer zelf; null voor wie dat niet hoort te weten.")]
    pc4: Annotated[
        str | None, Meta(description="Van thuis, alleen voor de reistijd; null als de aanvraag anoniem is gemaakt.")
    ]
    status: AanvraagStatus
    behandelaar_id: Annotated[UUID | None, Meta(description="Wie er bij het loket aan de beurt is.")]
    aangemeld_op: datetime
    vervolg_van: Annotated[
        UUID | None, Meta(description="De plaatsing in crisis of gesloten verblijf waarna dit kind verder moet.")
    ]
    aan_te_vullen: Annotated[
        list[str], Meta(description="Velden waar niemand iets over zei: per telefoon geplaatst, zonder aanvraag.")
    ] = []
    versie: int


class AanvraagKort(Struct, rename="camel", kw_only=True):
    """What a list tells: whose it is, how urgent and since when, and for what kind of place. What the child needs, its
    story and its papers are for who opens one aanvraag: nobody sees those of fifty to find one."""

    id: AanvraagId
    nummer: str
    kenmerk: Annotated[str | None, Meta(description="Van de verwijzer zelf; null voor wie dat niet hoort te weten.")]
    organisatie_id: UUID
    samenplaatsing_id: UUID | None
    status: AanvraagStatus
    urgentie: Urgentie
    behandelaar_id: Annotated[UUID | None, Meta(description="Wie er bij het loket aan de beurt is.")]
    leeftijd_maanden: int
    leeftijd_peildatum: date
    gemeente_code: str
    huidig_verblijf: HuidigVerblijf
    huidig_verblijf_tot: date | None
    gewenste_start: date
    uiterlijke_datum: date
    perspectief: Perspectief
    zorgvormen: list[str]
    juridisch_kader: JuridischKader
    aangemeld_op: datetime
    vervolg_van: UUID | None
    aan_te_vullen: list[str]
    versie: int


FIELDS = """organisatie_id, samenplaatsing_id, urgentie, urgentie_reden, leeftijd_maanden, leeftijd_peildatum,
    geslacht, groepssoorten, pc4, gemeente_code, huidig_verblijf, huidig_verblijf_tot, gewenste_start, uiterlijke_datum,
    verwacht_verblijf, perspectief, zorgvormen, zorgvorm_reden, juridisch_kader, ondersteuning, kenmerken, medisch,
    rolstoel, onderwijs, school_pc4, netwerk_pc4, maximale_reistijd, eerder_geprobeerd, mening_jeugdige, praktisch"""

# Null for who may not know it: the policies of aanvraag_kenmerk decide.
KENMERK = "(select k.kenmerk from aanvraag_kenmerk k where k.aanvraag_id = a.id)"

# The parts come along as json with the names of the API, so that an aanvraag is one query.
COLUMNS = f"""id, nummer, {KENMERK} as kenmerk, status, behandelaar_id, {FIELDS}, aangemeld_op, vervolg_van,
       aan_te_vullen, versie, {grondslagen.GRONDSLAGEN} as grondslagen,
       {grondslagen.MACHTIGINGEN} as machtigingen,
       {grondslagen.TOESTEMMINGEN} as toestemmingen,
       {uitsluitingen.UITSLUITINGEN} as uitsluitingen"""

SHORT = f"""id, nummer, {KENMERK} as kenmerk, organisatie_id, samenplaatsing_id, status, urgentie, behandelaar_id,
       leeftijd_maanden, leeftijd_peildatum, gemeente_code, huidig_verblijf, huidig_verblijf_tot, gewenste_start,
       uiterlijke_datum, perspectief, zorgvormen, juridisch_kader, aangemeld_op, vervolg_van, aan_te_vullen, versie"""

AANVRAGEN = f"select {COLUMNS} from aanvraag a"

LONGEST_PAGE = 201
"""Rows of a page (web/paging.py), and one more that tells of a next."""

PAGE = f"""
select {SHORT}
from aanvraag a
where a.regio = huidige_regio()
  and ($1::text[] is null or a.status::text = any ($1))
  and ($2::urgentie is null or a.urgentie = $2)
  and ($3::uuid is null or a.samenplaatsing_id = $3)
  and ($4::uuid is null
       or (a.urgentie, a.aangemeld_op, a.id) >
          (select c.urgentie, c.aangemeld_op, c.id from aanvraag c where c.id = $4))
order by a.urgentie, a.aangemeld_op, a.id
limit $5
"""


# Nothing asked and from the first one on, which is how most begin. The inner limit is for
# the planner: without it the plan that it makes once reads the whole region.
BEGIN = f"""
select {SHORT}
from (
    select * from aanvraag where regio = huidige_regio() order by urgentie, aangemeld_op, id limit {LONGEST_PAGE}
) a
order by a.urgentie, a.aangemeld_op, a.id
limit $1
"""


async def page(
    conn: Reads,
    *,
    status: tuple[AanvraagStatus, ...] | None = None,
    urgentie: Urgentie | None = None,
    samenplaatsing_id: UUID | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[AanvraagKort]:
    """Aanvragen, the most urgent first and then the longest waiting, from the one after `after`."""
    asked = (status, urgentie, samenplaatsing_id, after)
    begins = asked == (None,) * 4 and limit <= LONGEST_PAGE
    rows = await (conn.fetch(BEGIN, limit) if begins else conn.fetch(PAGE, *asked, limit))
    return rows_as(rows, AanvraagKort)


GET = f"{AANVRAGEN} where a.id = $1"

LOCK = f"{AANVRAGEN} where a.id = $1 for no key update of a"


async def get(conn: Connection, id: UUID, *, lock: bool = False) -> Aanvraag:
    """One aanvraag; `lock` keeps others from changing it until the transaction ends. Refuses NOT_FOUND."""
    row = await conn.fetchrow(LOCK if lock else GET, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze aanvraag bestaat niet (meer)."))
    return msgspec.convert(row, Aanvraag)


# ── Checks ───────────────────────────────────────────────────────────────────────────────────────

BEKEND = """
select exists (select from organisatie where id = $1 and regio = huidige_regio()) as organisatie,
       exists (select from gemeente where code = $2) as gemeente,
       (select organisatie_id from samenplaatsing where id = $3) as samenplaatsing_van,
       array(select code from zorgvorm where regio = huidige_regio() and not gezinsvorm) as geen_gezinsvorm
"""


async def errors(conn: Connection, nieuw: Vraag) -> list[FieldError]:
    """What is wrong with an aanvraag beyond the form of its fields."""
    known = await conn.fetchrow(
        BEKEND,
        nieuw.organisatie_id if given(nieuw.organisatie_id) else None,
        nieuw.gemeente_code if given(nieuw.gemeente_code) else None,
        nieuw.samenplaatsing_id if given(nieuw.samenplaatsing_id) else None,
    )
    return [
        *_errors_of_fields(nieuw, known),
        *herkenbare(nieuw),
        *grondslagen.errors(nieuw.grondslagen, nieuw.machtigingen, nieuw.toestemmingen),
        *await uitsluitingen.errors(conn, nieuw.uitsluitingen),
        *await codes.unknown(
            conn,
            [
                ("/zorgvormen", "zorgvorm", nieuw.zorgvormen),
                ("/ondersteuning", Lijst.ONDERSTEUNING, nieuw.ondersteuning),
                ("/kenmerken", Lijst.KENMERK, nieuw.kenmerken),
                ("/medisch", Lijst.MEDISCH, nieuw.medisch),
                ("/onderwijs", Lijst.ONDERWIJS, nieuw.onderwijs),
                *(
                    (f"/machtigingen/{i}/zorgvormen", "zorgvorm", part.zorgvormen)
                    for i, part in numbered(nieuw.machtigingen)
                ),
            ],
        ),
    ]


def _errors_of_fields(nieuw: Vraag, known: Any) -> list[FieldError]:
    found = []
    if given(nieuw.organisatie_id) and not known["organisatie"]:
        found.append(
            FieldError("/organisatieId", "bestaat_niet", gettext("Deze organisatie bestaat niet in uw regio."))
        )
    if given(nieuw.gemeente_code) and not known["gemeente"]:
        found.append(FieldError("/gemeenteCode", "bestaat_niet", gettext("Deze gemeentecode kent het loket niet.")))
    if given(nieuw.samenplaatsing_id) and known["samenplaatsing_van"] != nieuw.organisatie_id:
        found.append(
            FieldError(
                "/samenplaatsingId", "bestaat_niet", gettext("Deze samenplaatsing bestaat niet bij deze organisatie.")
            )
        )
    if given(nieuw.gewenste_start, nieuw.uiterlijke_datum) and nieuw.uiterlijke_datum < nieuw.gewenste_start:
        found.append(
            FieldError("/uiterlijkeDatum", "volgorde", gettext("Geef een dag die niet voor gewensteStart ligt."))
        )
    elif given(nieuw.gewenste_start, nieuw.uiterlijke_datum) and (
        nieuw.uiterlijke_datum - nieuw.gewenste_start > LONGEST_SEARCH
    ):
        found.append(
            FieldError("/uiterlijkeDatum", "te_ver", gettext("Geef een dag hooguit 10 jaar na gewensteStart."))
        )
    andere = [z for z in (nieuw.zorgvormen if given(nieuw.zorgvormen) else []) if z in known["geen_gezinsvorm"]]
    if andere and nieuw.zorgvorm_reden is None:
        found.append(
            FieldError(
                "/zorgvormReden",
                "verplicht",
                gettext(
                    "Leg uit waarom niet alleen een pleeggezin of gezinshuis: u vraagt ook %(andere)s.",
                    andere=", ".join(andere),
                ),
            )
        )
    return found


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────

# The record has the names and types of the table, so that 30 fields need no 30 numbered parameters.
INSERT = f"""
insert into aanvraag (regio, aangemeld_op, {FIELDS})
select huidige_regio(), $2, {FIELDS}
from jsonb_populate_record(null::aanvraag, $1)
returning id
"""

INSERT_KENMERK = """
insert into aanvraag_kenmerk (aanvraag_id, regio, organisatie_id, kenmerk) values ($1, huidige_regio(), $2, $3)
"""


async def add(conn: Connection, nieuw: NieuweAanvraag, *, now: datetime) -> Aanvraag:
    """File an aanvraag at `now`. Refuses INVALID (see `errors`) and CONFLICT when the kenmerk is taken."""
    refuse(await errors(conn, nieuw))
    id = await conn.fetchval(INSERT, msgspec.structs.asdict(nieuw), now)
    await conn.execute(INSERT_KENMERK, id, nieuw.organisatie_id, nieuw.kenmerk)
    await _replace_parts(conn, id, nieuw)
    await gebeurtenissen.record(conn, id, GebeurtenisSoort.INGEDIEND, now=now)
    return await get(conn, id)


# What was only assumed, is known as soon as somebody says it, also when it is what was assumed.
UPDATE = f"""
update aanvraag a
set ({FIELDS}, aan_te_vullen, gewijzigd_op, versie) =
    (select {FIELDS}, array(select v from unnest(a.aan_te_vullen) v where v <> all ($4::text[])), $3::timestamptz,
            a.versie + 1 from jsonb_populate_record(null::aanvraag, $2))
where id = $1
"""

WIJZIG_KENMERK = "update aanvraag_kenmerk set kenmerk = $2 where aanvraag_id = $1 returning true"


async def change(conn: Connection, id: UUID, wijziging: Struct, *, now: datetime) -> Aanvraag:
    """Apply a WijzigingAanvraag; a list that it names replaces the whole list. Refuses NOT_FOUND, INVALID, CONFLICT,
    and FORBIDDEN when the kenmerk is not this user's to change."""
    current = await get(conn, id, lock=True)
    if current.pc4 is None:
        raise Refusal(Kind.CONFLICT, gettext("Deze aanvraag is anoniem gemaakt. Er kan niets meer aan veranderen."))
    nieuw = merge(current, wijziging, AanvraagVelden)
    refuse(await errors(conn, nieuw))
    said = [name for name in current.aan_te_vullen if given(getattr(wijziging, name))]
    await conn.execute(UPDATE, id, msgspec.structs.asdict(nieuw), now, said)
    if nieuw.kenmerk != current.kenmerk and not await conn.fetchval(WIJZIG_KENMERK, id, nieuw.kenmerk):
        raise Refusal(
            Kind.FORBIDDEN, gettext("Het kenmerk is van de verwijzer. Alleen de verwijzer zelf kan het veranderen.")
        )
    await _replace_parts(conn, id, wijziging)
    return await get(conn, id)


REPLACE = {
    "grondslagen": (grondslagen.WIS_GRONDSLAGEN, grondslagen.INSERT_GRONDSLAGEN),
    "machtigingen": (grondslagen.WIS_MACHTIGINGEN, grondslagen.INSERT_MACHTIGINGEN),
    "toestemmingen": (grondslagen.WIS_TOESTEMMINGEN, grondslagen.INSERT_TOESTEMMINGEN),
    "uitsluitingen": (uitsluitingen.WIS, uitsluitingen.INSERT),
}


async def _replace_parts(conn: Connection, id: UUID, source: Struct) -> None:
    """Each list of parts that `source` names takes the place of the one there was."""
    for name, (wis, insert) in REPLACE.items():
        parts = getattr(source, name)
        if given(parts):
            await conn.execute(wis, id)
            if parts:
                await conn.execute(insert, id, [msgspec.structs.asdict(part) for part in parts])
