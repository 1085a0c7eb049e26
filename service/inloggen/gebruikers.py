"""Gebruikers: one person in one role at one organisation. Who has two roles has two, and chooses at login."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from service.db import Connection, Pool, Rol, rows_as
from service.errors import FieldError, Kind, Refusal
from service.fields import Email, Naam, given, merge, patch_of, refuse
from service.taal import gettext


class Keuze(Struct, frozen=True):
    """As whom somebody may go on."""

    id: UUID
    regio: str
    regio_naam: str
    naam: str
    rol: Rol
    organisatie: str | None


KEUZES = "select id, regio, regio_naam, naam, rol::text as rol, organisatie from inlogkeuzes($1, $2, $3)"


async def keuzes(conn: Connection | Pool, provider: UUID, subject: str, email: str | None) -> list[Keuze]:
    """Of whom an identity provider has just named. A gebruiker that waits for this (verified) email is theirs from
    now on."""
    return rows_as(await conn.fetch(KEUZES, provider, subject, email), Keuze)


# ── Who may log in: for the beheerder ────────────────────────────────────────────────────────────


class NieuweGebruiker(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    naam: Annotated[Naam, Meta(examples=["Sam de Boer"])]
    rol: Rol
    organisatie_id: (
        Annotated[UUID, Meta(description="Van een verwijzer verplicht. Een aanbieder heeft er geen.")] | None
    ) = None
    aanbieder_id: Annotated[UUID, Meta(description="Alleen van de rol aanbieder, en dan verplicht.")] | None = None
    identiteitsprovider_id: Annotated[UUID, Meta(description="Waar deze persoon inlogt.")]
    email: Annotated[
        Email,
        Meta(description="Zoals bekend waar deze persoon inlogt: daaraan herkent het loket de eerste keer wie het is."),
    ]
    actief: Annotated[bool, Meta(description="Onwaar: deze persoon komt er meteen niet meer in.")] = True


WijzigingGebruiker = patch_of(NieuweGebruiker, "rol")


class Gebruiker(Struct, rename="camel", kw_only=True):
    id: UUID
    naam: str
    rol: Rol
    organisatie_id: UUID | None
    aanbieder_id: UUID | None
    identiteitsprovider_id: UUID | None
    email: str | None
    herkend: Annotated[bool, Meta(description="Of deze persoon al eens heeft ingelogd.")]
    actief: bool
    vervanger_id: UUID | None
    vervangen_van: date | None
    vervangen_tot: date | None
    versie: int


COLUMNS = """id, naam, rol::text as rol, organisatie_id, aanbieder_id, identiteitsprovider_id, email,
    subject is not null as herkend, actief, vervanger_id, vervangen_van, vervangen_tot, versie"""

PAGE = f"""
select {COLUMNS}
from gebruiker
where regio = huidige_regio()
  and ($1::uuid is null
       or (lower(unaccent(naam)), id) > (select lower(unaccent(c.naam)), c.id from gebruiker c where c.id = $1))
  and ($3::text is null or rol::text = $3)
  and ($4::text is null or strpos(lower(unaccent(concat_ws(' ', naam, email))), lower(unaccent($4))) > 0)
order by lower(unaccent(naam)), id
limit $2
"""


async def page(
    conn: Connection, *, after: UUID | None = None, limit: int = 50, rol: Rol | None = None, zoek: str | None = None
) -> list[Gebruiker]:
    """By name, from the one after `after`; of one rol, or with `zoek` in their name or address."""
    return rows_as(await conn.fetch(PAGE, after, limit, rol, zoek), Gebruiker)


GET = f"select {COLUMNS} from gebruiker where id = $1"

LOCK = f"select {COLUMNS} from gebruiker where id = $1 for no key update"


async def get(conn: Connection, id: UUID, *, lock: bool = False) -> Gebruiker:
    """Refuses NOT_FOUND. `lock` is for who may change it."""
    row = await conn.fetchrow(LOCK if lock else GET, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze gebruiker bestaat niet (meer)."))
    return msgspec.convert(row, Gebruiker)


async def check(_: Connection, nieuw: NieuweGebruiker) -> list[FieldError]:
    """Which organisation goes with which rol (gebruiker_hoort_bij)."""
    if not given(nieuw.rol):
        return []
    errors = []
    is_aanbieder = nieuw.rol is Rol.AANBIEDER
    if is_aanbieder and nieuw.aanbieder_id is None:
        errors.append(FieldError("/aanbiederId", "verplicht", gettext("Kies de aanbieder waar deze persoon werkt.")))
    if not is_aanbieder and nieuw.aanbieder_id is not None:
        errors.append(FieldError("/aanbiederId", "waarde", gettext("Alleen de rol aanbieder hoort bij een aanbieder.")))
    if is_aanbieder and nieuw.organisatie_id is not None:
        errors.append(FieldError("/organisatieId", "waarde", gettext("De rol aanbieder hoort bij een aanbieder.")))
    if nieuw.rol is Rol.VERWIJZER and nieuw.organisatie_id is None:
        errors.append(
            FieldError("/organisatieId", "verplicht", gettext("Kies de organisatie waar deze verwijzer werkt."))
        )
    return errors


INSERT = f"""
insert into gebruiker (regio, naam, rol, organisatie_id, aanbieder_id, identiteitsprovider_id, email, actief)
values (huidige_regio(), $1, $2, $3, $4, $5, $6, $7)
returning {COLUMNS}
"""


async def add(conn: Connection, nieuw: NieuweGebruiker) -> Gebruiker:
    """Refuses INVALID. Whose email it is, is this gebruiker from the first login on."""
    refuse(await check(conn, nieuw))
    row = await conn.fetchrow(
        INSERT,
        nieuw.naam,
        nieuw.rol,
        nieuw.organisatie_id,
        nieuw.aanbieder_id,
        nieuw.identiteitsprovider_id,
        nieuw.email.lower(),
        nieuw.actief,
    )
    assert row is not None
    return msgspec.convert(row, Gebruiker)


# Who goes elsewhere ($8) is replaced by nobody any more.
UPDATE = f"""
update gebruiker
set naam = $2, organisatie_id = $3, aanbieder_id = $4, identiteitsprovider_id = $5, email = $6, actief = $7,
    versie = versie + 1,
    vervanger_id = case when $8 then null else vervanger_id end,
    vervangen_tot = case when $8 then null else vervangen_tot end,
    vervangen_van = case when $8 then null else vervangen_van end
where id = $1
returning {COLUMNS}
"""

REPLACES_NOBODY = """
update gebruiker set vervanger_id = null, vervangen_tot = null, vervangen_van = null, versie = versie + 1
where vervanger_id = $1
"""


async def change(conn: Connection, id: UUID, wijziging: Struct, *, by: UUID) -> Gebruiker:
    """Apply a WijzigingGebruiker. Refuses NOT_FOUND and INVALID, and CONFLICT for who disables itself (`by`), and for
    another identity provider once a person was recognised: the log names this gebruiker, who must stay that person.
    """
    before = await get(conn, id, lock=True)
    nieuw: Any = merge(before, wijziging, NieuweGebruiker)
    refuse(await check(conn, nieuw))
    if id == by and not nieuw.actief:
        raise Refusal(Kind.CONFLICT, gettext("U kunt uzelf niet uitzetten. Vraag dit aan een andere beheerder."))
    if before.herkend and nieuw.identiteitsprovider_id != before.identiteitsprovider_id:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Deze persoon heeft al eens ingelogd, en het logboek noemt die. Zet deze gebruiker uit en maak een"
                " nieuwe"
                " voor wie ergens anders inlogt."
            ),
        )
    moved = (nieuw.organisatie_id, nieuw.aanbieder_id) != (before.organisatie_id, before.aanbieder_id)
    if moved or not nieuw.actief:
        await conn.execute(REPLACES_NOBODY, id)
    row = await conn.fetchrow(
        UPDATE,
        id,
        nieuw.naam,
        nieuw.organisatie_id,
        nieuw.aanbieder_id,
        nieuw.identiteitsprovider_id,
        None if nieuw.email is None else nieuw.email.lower(),
        nieuw.actief,
        moved,
    )
    assert row is not None
    return msgspec.convert(row, Gebruiker)


# ── Who acts for somebody who is away ────────────────────────────────────────────────────────────

LONGEST_AWAY = timedelta(days=365)


class Vervanging(Struct, rename="camel", kw_only=True):
    """Of oneself."""

    vervanger_id: UUID | None
    vervangen_van: Annotated[date, Meta(description="De eerste dag waarop u er niet bent. Leeg: meteen.")] | None
    vervangen_tot: Annotated[date, Meta(description="De eerste dag waarop u er weer bent.")] | None
    versie: int


class WijzigingVervanging(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    vervanger_id: Annotated[UUID, Meta(description="Een collega. Leeg: niemand (meer).")] | None
    vervangen_van: Annotated[date, Meta(description="De eerste dag waarop u er niet bent. Leeg: meteen.")] | None = None
    vervangen_tot: Annotated[date, Meta(description="De eerste dag waarop u er weer bent.")] | None


class Collega(Struct, rename="camel", kw_only=True):
    id: UUID
    naam: str


IS_COLLEGA = """
from gebruiker v join gebruiker ik on ik.id = huidige_gebruiker()
where v.actief and v.id <> ik.id and v.regio = ik.regio and v.rol = ik.rol
  and coalesce(v.organisatie_id, v.aanbieder_id) is not distinct from coalesce(ik.organisatie_id, ik.aanbieder_id)"""

COLLEGAS = f"""
select v.id, v.naam {IS_COLLEGA}
  and ($1::uuid is null
       or (lower(unaccent(v.naam)), v.id) > (select lower(unaccent(c.naam)), c.id from gebruiker c where c.id = $1))
order by lower(unaccent(v.naam)), v.id
limit $2
"""


async def collegas(conn: Connection, *, after: UUID | None = None, limit: int = 50) -> list[Collega]:
    """Who may be one's vervanger: the same rol at the same organisatie."""
    return rows_as(await conn.fetch(COLLEGAS, after, limit), Collega)


NAMEN = "select id, naam from gebruiker where id = any ($1)"


async def namen(conn: Connection, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Names of those whom who asks may know: colleagues and oneself."""
    return {row["id"]: row["naam"] for row in await conn.fetch(NAMEN, list(ids))}


VERVANGING = """
select vervanger_id, vervangen_van, vervangen_tot, versie from gebruiker where id = huidige_gebruiker()
"""

LOCK_VERVANGING = f"{VERVANGING} for no key update"


async def vervanging(conn: Connection, *, lock: bool = False) -> Vervanging:
    """One's own. Refuses NOT_FOUND for who is no gebruiker."""
    row = await conn.fetchrow(LOCK_VERVANGING if lock else VERVANGING)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Alleen een gebruiker heeft een vervanger."))
    return msgspec.convert(row, Vervanging)


VERVANG = """
update gebruiker set vervanger_id = $1, vervangen_tot = $2, vervangen_van = $3, versie = versie + 1
where id = huidige_gebruiker()
returning vervanger_id, vervangen_van, vervangen_tot, versie
"""

HAS_COLLEGA = f"select exists (select {IS_COLLEGA} and v.id = $1)"


async def wijs_vervanger_aan(
    conn: Connection, vervanger: UUID | None, tot: date | None, *, today: date, van: date | None = None
) -> Vervanging:
    """The vervanger of who asks, from `van` (None: now) until (exclusive) `tot`; all None: nobody (any more). Refuses
    INVALID, NOT_FOUND."""
    errors = []
    if (vervanger is None) != (tot is None):
        errors.append(
            FieldError("/vervangenTot", "samen", gettext("Kies een collega en een einddag, of geen van beide."))
        )
    if tot is not None and not today < tot <= today + LONGEST_AWAY:
        errors.append(
            FieldError("/vervangenTot", "waarde", gettext("Kies een dag na vandaag, en hooguit een jaar vanaf nu."))
        )
    if van is not None and (tot is None or van >= tot):
        errors.append(
            FieldError("/vervangenVan", "waarde", gettext("Kies een dag die vóór de dag ligt waarop u er weer bent."))
        )
    if vervanger is not None and not await conn.fetchval(HAS_COLLEGA, vervanger):
        errors.append(
            FieldError(
                "/vervangerId", "bestaat_niet", gettext("Kies een collega met dezelfde rol bij dezelfde organisatie.")
            )
        )
    refuse(errors)
    row = await conn.fetchrow(VERVANG, vervanger, tot, van)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Alleen een gebruiker heeft een vervanger."))
    return msgspec.convert(row, Vervanging)


# ── For whom one may act ─────────────────────────────────────────────────────────────────────────


class Afwezige(Struct, rename="camel", kw_only=True):
    """A colleague who named who asks as vervanger."""

    id: UUID
    naam: str
    vervangen_van: Annotated[date, Meta(description="Leeg: sinds het is vastgelegd.")] | None
    vervangen_tot: date
    nu: Annotated[bool, Meta(description="Onwaar: het begint later pas.")]


class Waarneming(Struct, rename="camel", kw_only=True):
    """For whom a session acts."""

    namens_id: UUID | None
    naam: Annotated[str, Meta(description="Van de collega.")] | None


class WijzigingWaarneming(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    namens_id: Annotated[UUID, Meta(description="Een collega die u als vervanger aanwees. Leeg: u stopt.")] | None


AFWEZIGEN = """
select id, naam, vervangen_van, vervangen_tot, coalesce(vervangen_van <= $1, true) as nu
from gebruiker
where vervanger_id = huidige_gebruiker() and actief and vervangen_tot > $1
order by lower(unaccent(naam)), id
"""


async def afwezigen(conn: Connection, *, today: date) -> list[Afwezige]:
    """For whom who asks may act today, or from a later day on."""
    return rows_as(await conn.fetch(AFWEZIGEN, today), Afwezige)


NAAM = "select naam from gebruiker where id = $1"


async def waarneming(conn: Connection, namens: UUID | None) -> Waarneming:
    return Waarneming(namens_id=namens, naam=None if namens is None else await conn.fetchval(NAAM, namens))
