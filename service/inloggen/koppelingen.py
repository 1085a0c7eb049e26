"""Koppelingen: the systems of aanbieders that may use the API, with the public keys by which they prove themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct

from service.db import Connection, rows_as
from service.errors import FieldError, Kind, Refusal
from service.fields import Naam, given, merge, patch_of, refuse
from service.inloggen import verklaringen
from service.taal import gettext

AT_ONCE = 2
"""Keys of one koppeling that may be valid at the same time: the old one and the next."""

USUAL = timedelta(days=365)
LONGEST = timedelta(days=730)
"""A key is valid for."""


class NieuweKoppeling(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    aanbieder_id: UUID
    naam: Annotated[Naam, Meta(description="Van het systeem, zoals de aanbieder het noemt.", examples=["ECD Jeugd"])]
    per_minuut: Annotated[
        int, Meta(ge=1, le=100_000, description="Verzoeken die dit systeem per minuut mag doen.", examples=[300])
    ] = 300
    actief: Annotated[bool, Meta(description="Onwaar: dit systeem komt er meteen niet meer in.")] = True


WijzigingKoppeling = patch_of(NieuweKoppeling, "aanbieder_id")


class Koppeling(Struct, rename="camel", kw_only=True):
    id: UUID
    aanbieder_id: UUID
    naam: str
    per_minuut: int
    actief: bool
    versie: int


COLUMNS = "id, aanbieder_id, naam, per_minuut, actief, versie"

PAGE = f"""
select {COLUMNS}
from koppeling
where regio = huidige_regio()
  and ($1::uuid is null
       or (lower(unaccent(naam)), id) > (select lower(unaccent(c.naam)), c.id from koppeling c where c.id = $1))
order by lower(unaccent(naam)), id
limit $2
"""


async def page(conn: Connection, *, after: UUID | None = None, limit: int = 50) -> list[Koppeling]:
    """By name, from the one after `after`."""
    return rows_as(await conn.fetch(PAGE, after, limit), Koppeling)


GET = f"select {COLUMNS} from koppeling where id = $1"

LOCK = f"select {COLUMNS} from koppeling where id = $1 for no key update"


async def get(conn: Connection, id: UUID, *, lock: bool = False) -> Koppeling:
    """Refuses NOT_FOUND. `lock` is for who may change it: the beheerder."""
    row = await conn.fetchrow(LOCK if lock else GET, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze koppeling bestaat niet (meer)."))
    return msgspec.convert(row, Koppeling)


INSERT = f"""
insert into koppeling (regio, aanbieder_id, naam, per_minuut, actief)
values (huidige_regio(), $1, $2, $3, $4)
returning {COLUMNS}
"""


async def add(conn: Connection, nieuw: NieuweKoppeling) -> Koppeling:
    """Refuses INVALID for an aanbieder that is not of the region, CONFLICT when the name is taken."""
    row = await conn.fetchrow(INSERT, nieuw.aanbieder_id, nieuw.naam, nieuw.per_minuut, nieuw.actief)
    return msgspec.convert(row, Koppeling)


UPDATE = f"""
update koppeling set naam = $2, per_minuut = $3, actief = $4, versie = versie + 1 where id = $1
returning {COLUMNS}
"""


async def change(conn: Connection, id: UUID, wijziging: Struct) -> Koppeling:
    """Apply a WijzigingKoppeling. Refuses NOT_FOUND and CONFLICT."""
    nieuw: Any = merge(await get(conn, id, lock=True), wijziging, NieuweKoppeling)
    row = await conn.fetchrow(UPDATE, id, nieuw.naam, nieuw.per_minuut, nieuw.actief)
    return msgspec.convert(row, Koppeling)


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────

Part = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]+$", max_length=2_000)]

SECRET = ("d", "p", "q", "dp", "dq", "qi", "k")
"""Members of a JWK that only its owner may have (RFC 7518 section 6)."""


class Jwk(Struct, kw_only=True, forbid_unknown_fields=True):
    """A public key (RFC 7517). The secret members are named so that they can be refused with why."""

    kty: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]+$", max_length=3, examples=["EC"])]
    kid: Annotated[str, Meta(min_length=1, max_length=120, pattern="^\\S")] | None = None
    use: Annotated[str, Meta(max_length=10)] | None = None
    alg: Annotated[str, Meta(max_length=20)] | None = None
    key_ops: Annotated[list[str], Meta(max_length=10)] | None = None
    ext: bool | None = None
    crv: Annotated[str, Meta(max_length=20, examples=["P-256"])] | None = None
    x: Annotated[Part, Meta(examples=["f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"])] | None = None
    y: Annotated[Part, Meta(examples=["x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"])] | None = None
    n: Part | None = None
    e: Part | None = None
    d: Annotated[str, Meta(description="Geheim: stuur dit nooit.")] | None = None
    p: Annotated[str, Meta(description="Geheim: stuur dit nooit.")] | None = None
    q: Annotated[str, Meta(description="Geheim: stuur dit nooit.")] | None = None
    dp: Annotated[str, Meta(description="Geheim: stuur dit nooit.")] | None = None
    dq: Annotated[str, Meta(description="Geheim: stuur dit nooit.")] | None = None
    qi: Annotated[str, Meta(description="Geheim: stuur dit nooit.")] | None = None
    k: Annotated[str, Meta(description="Geheim: stuur dit nooit.")] | None = None

    def public(self) -> dict[str, str]:
        """What is kept of it."""
        names = ("kty", "kid", "use", "alg", "crv", "x", "y", "n", "e")
        return {name: value for name in names if (value := getattr(self, name)) not in (None, UNSET)}


class NieuweSleutel(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    jwk: Annotated[Jwk, Meta(description="De publieke sleutel: RSA van minstens 2048 bits, EC P-256 of OKP Ed25519.")]
    geldig_tot: Annotated[datetime, Meta(description="Hooguit twee jaar vanaf nu. Leeg: een jaar.")] | None = None


class WijzigingSleutel(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    geldig_tot: Annotated[
        datetime, Meta(description="Een eerder einde; een moment dat voorbij is, betekent nu. Verlengen kan niet.")
    ]


class Sleutel(Struct, rename="camel", kw_only=True):
    id: UUID
    kid: Annotated[str, Meta(description="Zo noemt het systeem de sleutel in de kop van elke verklaring.")]
    soort: Annotated[str, Meta(description="kty van de JWK.", examples=["EC"])]
    vingerafdruk: Annotated[str, Meta(description="SHA-256 van de sleutel (RFC 7638), om te vergelijken.")]
    geldig_van: datetime
    geldig_tot: datetime


SLEUTELS = """
select id, kid, jwk, geldig_van, geldig_tot
from koppelingsleutel
where koppeling_id = $1
  and ($2::uuid is null or (geldig_van, id) < (select c.geldig_van, c.id from koppelingsleutel c where c.id = $2))
order by geldig_van desc, id desc
limit $3
"""


async def sleutels(conn: Connection, koppeling: UUID, *, after: UUID | None = None, limit: int = 50) -> list[Sleutel]:
    """The last first."""
    return [_sleutel(row) for row in await conn.fetch(SLEUTELS, koppeling, after, limit)]


SLEUTEL = "select id, kid, jwk, geldig_van, geldig_tot from koppelingsleutel where koppeling_id = $1 and id = $2"


async def get_sleutel(conn: Connection, koppeling: UUID, id: UUID, *, lock: bool = False) -> Sleutel:
    """Refuses NOT_FOUND. `lock` keeps the keys of this koppeling as they are until the transaction ends."""
    if lock:
        await _alone(conn, koppeling)
    row = await conn.fetchrow(SLEUTEL, koppeling, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze sleutel bestaat niet (meer)."))
    return _sleutel(row)


async def check_sleutel(conn: Connection, nieuw: NieuweSleutel) -> list[FieldError]:
    """What is wrong with a key: secret parts first, then whether it is a good one. `conn` is not used."""
    jwk = nieuw.jwk
    if not given(jwk):
        return []
    secret = [name for name in SECRET if getattr(jwk, name) is not None]
    why = gettext(
        "Dit is het geheime deel van de sleutel. Dat mag nergens anders zijn dan in het systeem zelf, ook niet hier."
        " Het loket heeft het niet bewaard. Maak een nieuwe sleutel, en stuur alleen het publieke deel."
    )
    if secret:
        return [FieldError(f"/jwk/{name}", "geheim", why) for name in secret]
    if any(value is UNSET for value in msgspec.structs.astuple(jwk)):
        return []
    try:
        verklaringen.public_key(jwk.public())
    except ValueError as error:
        return [FieldError("/jwk", "sleutel", str(error))]
    return []


ALONE = "select pg_advisory_xact_lock(hashtextextended('koppelingsleutel ' || $1::uuid, 0))"


async def _alone(conn: Connection, koppeling: UUID) -> None:
    """A machine cannot lock the row of its koppeling, which it may not change."""
    await conn.execute(ALONE, koppeling)


VALID = "select count(*) from koppelingsleutel where koppeling_id = $1 and geldig_tot > $2 and id <> all ($3::uuid[])"

INSERT_SLEUTEL = """
insert into koppelingsleutel (regio, koppeling_id, kid, jwk, geldig_van, geldig_tot)
values (huidige_regio(), $1, $2, $3, $4, $5)
returning id, kid, jwk, geldig_van, geldig_tot
"""


async def add_sleutel(conn: Connection, koppeling: UUID, nieuw: NieuweSleutel, *, now: datetime) -> Sleutel:
    """Valid from now on. Refuses NOT_FOUND, INVALID (also for secret parts) and CONFLICT when there are two already."""
    await get(conn, koppeling)
    errors = await check_sleutel(conn, nieuw)
    until = nieuw.geldig_tot or now + USUAL
    if not now < until <= now + LONGEST:
        errors.append(
            FieldError("/geldigTot", "waarde", gettext("Kies een moment na nu, en hooguit twee jaar vanaf nu."))
        )
    refuse(errors)
    await _alone(conn, koppeling)
    if await conn.fetchval(VALID, koppeling, now, []) >= AT_ONCE:
        raise Refusal(
            Kind.CONFLICT, gettext("Er zijn al twee sleutels geldig. Beëindig er eerst een, en voeg dan de nieuwe toe.")
        )
    jwk = nieuw.jwk.public()
    kid = jwk.setdefault("kid", verklaringen.public_key(jwk).thumbprint())
    row = await conn.fetchrow(INSERT_SLEUTEL, koppeling, kid, jwk, now, until)
    assert row is not None
    return _sleutel(row)


END_SLEUTEL = """
update koppelingsleutel set geldig_tot = greatest(geldig_van, $3) where koppeling_id = $1 and id = $2
returning id, kid, jwk, geldig_van, geldig_tot
"""


async def end_sleutel(
    conn: Connection, koppeling: UUID, id: UUID, until: datetime, *, now: datetime, by_itself: bool
) -> Sleutel:
    """An earlier end; what was begun with the key ends then too. A machine (`by_itself`) does not lock itself out.

    Refuses NOT_FOUND, INVALID for a later end, CONFLICT.
    """
    sleutel = await get_sleutel(conn, koppeling, id, lock=True)
    until = max(until, now)
    if sleutel.geldig_tot <= now:
        return sleutel
    if until > sleutel.geldig_tot:
        refuse([FieldError("/geldigTot", "waarde", gettext("Verlengen kan niet. Voeg een nieuwe sleutel toe."))])
    if by_itself and not await conn.fetchval(VALID, koppeling, until, [id]):
        raise Refusal(
            Kind.CONFLICT,
            gettext("Daarna is er geen geldige sleutel meer, en komt u er niet meer in. Voeg eerst een nieuwe toe."),
        )
    row = await conn.fetchrow(END_SLEUTEL, koppeling, id, until)
    assert row is not None
    return _sleutel(row)


def _sleutel(row: Any) -> Sleutel:
    thumbprint = verklaringen.public_key(row["jwk"]).thumbprint()
    return Sleutel(
        id=row["id"],
        kid=row["kid"],
        soort=row["jwk"]["kty"],
        vingerafdruk=thumbprint,
        geldig_van=row["geldig_van"],
        geldig_tot=row["geldig_tot"],
    )
