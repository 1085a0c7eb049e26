"""Voorzieningen: units of a provider, each with its admission profile."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from service.db import Connection, rows_as
from service.errors import FieldError, Kind, Refusal
from service.fields import Code, Codes, Naam, Telefoon, given, merge, patch_of, refuse
from service.regio import codes
from service.regio.codes import Lijst
from service.taal import gettext


class Groepssoort(StrEnum):
    """As type `groepssoort` in schema.sql."""

    GEMENGD = "gemengd"
    MEISJES = "meisjes"
    JONGENS = "jongens"


class JuridischKader(StrEnum):
    """As type `juridisch_kader` in schema.sql."""

    VRIJWILLIG = "vrijwillig"
    VOTS = "vots"
    OTS = "ots"
    VOOGDIJ = "voogdij"
    VOORLOPIGE_VOOGDIJ = "voorlopige_voogdij"
    JEUGDRECLASSERING = "jeugdreclassering"


class Perspectief(StrEnum):
    """As type `perspectief` in schema.sql."""

    TERUG_NAAR_HUIS = "terug_naar_huis"
    LANGDURIG = "langdurig"
    ONDUIDELIJK = "onduidelijk"


UNIQUE = {"uniqueItems": True}


class Opnameprofiel(Struct, rename="camel", kw_only=True):
    """What input and output of a voorziening share."""

    aanbieder_id: UUID
    locatie_id: UUID
    naam: Annotated[Naam, Meta(examples=["De Linde"])]
    zorgvorm: Annotated[Code, Meta(examples=["gezinshuis"])]
    leeftijd_van: Annotated[int, Meta(ge=0, le=276, description="In maanden, tot en met.")]
    leeftijd_tot: Annotated[
        int, Meta(ge=0, le=276, description="In maanden, tot en met: 12 jaar en 11 maanden is 155.")
    ]
    groepssoort: Groepssoort = Groepssoort.GEMENGD
    juridische_kaders: Annotated[list[JuridischKader], Meta(min_length=1, max_length=6, extra_json_schema=UNIQUE)]
    perspectieven: Annotated[list[Perspectief], Meta(min_length=1, max_length=3, extra_json_schema=UNIQUE)]
    gesloten: Annotated[bool, Meta(description="Alleen met een machtiging gesloten jeugdhulp.")] = False
    ondersteuning: Annotated[Codes, Meta(description="Codes van de lijst ondersteuning: wat hier geboden wordt.")] = []
    contra_indicaties: Annotated[
        Codes, Meta(description="Codes van de lijst kenmerk: met deze kenmerken kan een jeugdige hier niet terecht.")
    ] = []
    medisch: Annotated[Codes, Meta(description="Codes van de lijst medisch: welke zorg hier kan.")] = []
    rolstoeltoegankelijk: bool = False
    onderwijs: Annotated[Codes, Meta(description="Codes van de lijst onderwijs: welk onderwijs hier is.")] = []
    maximaal_verblijf: Annotated[int, Meta(ge=1, le=6570, description="In dagen; leeg: zo lang als nodig.")] | None = (
        None
    )
    opname_vanaf: Annotated[date | None, Meta(description="Eerste dag van opname; leeg: vandaag.")] = None
    leeftijdsverschil_max: (
        Annotated[int, Meta(ge=1, le=276, description="Maanden tussen de jongste en de oudste; leeg: geen grens.")]
        | None
    ) = None
    groepsmix: Annotated[
        dict[Code, Annotated[int, Meta(ge=0, le=99)]],
        Meta(
            max_length=63,
            description="Per code van de lijst kenmerk: hoeveel jeugdigen daarmee er hooguit wonen.",
            examples=[{}],
        ),
    ] = {}
    bellen_naam: Annotated[Naam | None, Meta(description="Wie u belt.")] = None
    bellen_telefoon: Telefoon | None = None


class NieuweVoorziening(Opnameprofiel, kw_only=True, forbid_unknown_fields=True):
    pass


WijzigingVoorziening = patch_of(NieuweVoorziening, "aanbieder_id")


class Voorziening(Opnameprofiel, kw_only=True):
    id: UUID
    versie: int


FIELDS = """aanbieder_id, locatie_id, naam, zorgvorm, leeftijd_van, leeftijd_tot, groepssoort, juridische_kaders,
    perspectieven, gesloten, ondersteuning, contra_indicaties, medisch, rolstoeltoegankelijk, onderwijs,
    maximaal_verblijf, opname_vanaf, leeftijdsverschil_max, groepsmix, bellen_naam, bellen_telefoon"""

COLUMNS = f"id, {FIELDS}, versie"

PAGE = f"""
select {COLUMNS}
from voorziening
where regio = huidige_regio()
  and ($1::uuid is null or aanbieder_id = $1)
  and ($2::uuid is null or locatie_id = $2)
  and ($3::text is null or zorgvorm = $3)
  and ($4::uuid is null
       or (naamvolgorde(naam), id) > (select naamvolgorde(c.naam), c.id from voorziening c where c.id = $4))
order by naamvolgorde(naam), id
limit $5
"""


async def page(
    conn: Connection,
    *,
    aanbieder_id: UUID | None = None,
    locatie_id: UUID | None = None,
    zorgvorm: str | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Voorziening]:
    """Voorzieningen of the region by name, from the one after `after`."""
    return rows_as(await conn.fetch(PAGE, aanbieder_id, locatie_id, zorgvorm, after, limit), Voorziening)


GET = f"select {COLUMNS} from voorziening where id = $1"

LOCK = f"select {COLUMNS} from voorziening where id = $1 for no key update"


async def get(conn: Connection, id: UUID, *, lock: bool = False) -> Voorziening:
    """One voorziening; `lock` keeps others from changing it until the transaction ends. Refuses NOT_FOUND."""
    row = await conn.fetchrow(LOCK if lock else GET, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze voorziening bestaat niet (meer)."))
    return msgspec.convert(row, Voorziening)


LOCATIE_VAN = "select aanbieder_id from locatie where id = $1 and regio = huidige_regio()"


async def errors(conn: Connection, nieuw: NieuweVoorziening) -> list[FieldError]:
    """What is wrong with a voorziening beyond the form of its fields."""
    found = []
    if given(nieuw.leeftijd_van, nieuw.leeftijd_tot) and nieuw.leeftijd_van > nieuw.leeftijd_tot:
        found.append(
            FieldError("/leeftijdTot", "volgorde", gettext("Geef een leeftijd die niet onder leeftijdVan ligt."))
        )
    if given(nieuw.locatie_id):
        van = await conn.fetchval(LOCATIE_VAN, nieuw.locatie_id)
        if van is None:
            found.append(FieldError("/locatieId", "bestaat_niet", gettext("Deze locatie bestaat niet in uw regio.")))
        elif given(nieuw.aanbieder_id) and van != nieuw.aanbieder_id:
            found.append(
                FieldError("/locatieId", "andere_aanbieder", gettext("Deze locatie is van een andere aanbieder."))
            )
    groepsmix = nieuw.groepsmix if given(nieuw.groepsmix) else {}
    return found + await codes.unknown(
        conn,
        [
            ("/zorgvorm", "zorgvorm", nieuw.zorgvorm),
            ("/ondersteuning", Lijst.ONDERSTEUNING, nieuw.ondersteuning),
            ("/contraIndicaties", Lijst.KENMERK, nieuw.contra_indicaties),
            ("/medisch", Lijst.MEDISCH, nieuw.medisch),
            ("/onderwijs", Lijst.ONDERWIJS, nieuw.onderwijs),
            *((f"/groepsmix/{code}", Lijst.KENMERK, code) for code in groepsmix),
        ],
    )


# The record has the names and types of the table, so that 21 fields need no 21 numbered parameters.
INSERT = f"""
insert into voorziening (regio, {FIELDS})
select huidige_regio(), {FIELDS}
from jsonb_populate_record(null::voorziening, $1)
returning {COLUMNS}
"""


async def add(conn: Connection, nieuw: NieuweVoorziening) -> Voorziening:
    """Refuses INVALID (see `errors`) and CONFLICT when the aanbieder already has a voorziening of this name."""
    refuse(await errors(conn, nieuw))
    row = await conn.fetchrow(INSERT, msgspec.structs.asdict(nieuw))
    return msgspec.convert(row, Voorziening)


UPDATE = f"""
update voorziening v
set ({FIELDS}, gewijzigd_op, versie) =
    (select {FIELDS}, $3::timestamptz, v.versie + 1 from jsonb_populate_record(null::voorziening, $2))
where id = $1
returning {COLUMNS}
"""


async def change(conn: Connection, id: UUID, wijziging: Struct, *, now: datetime) -> Voorziening:
    """Apply a WijzigingVoorziening. Refuses NOT_FOUND, INVALID and CONFLICT."""
    nieuw = merge(await get(conn, id, lock=True), wijziging, NieuweVoorziening)
    refuse(await errors(conn, nieuw))
    row = await conn.fetchrow(UPDATE, id, msgspec.structs.asdict(nieuw), now)
    return msgspec.convert(row, Voorziening)
