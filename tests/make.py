"""Rows for tests: one plain builder per noun, through the same functions as the service.

Every builder takes a connection of a transaction of the app role (`service.db.transaction`), makes what it needs
when that is not given, and lets each field be overridden by its Python name: `await make.plek(conn, naam="Kamer 2")`.
The regions with their code lists are there already (tests/conftest.py).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from service.aanbod import aanbieders, bezetting, locaties, plekken, stops, voorzieningen
from service.aanvraag import aanvragen, samenplaatsingen, uitsluitingen
from service.db import Connection
from service.plaatsing import plaatsingen
from service.urgentie import Urgentie

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""The moment at which tests happen unless they say otherwise: a Monday morning."""

TODAY = date(2026, 3, 2)

_made = count(10_000)


def _new() -> str:
    """Another one each time, in letters: after so many tests the digits of a number are somewhere those of the postcode
    that a test looks for."""
    return str(next(_made)).translate(str.maketrans("0123456789", "bcdfghjkmp"))


def day(offset: int) -> date:
    """TODAY and so many days."""
    return TODAY + timedelta(days=offset)


async def organisatie(conn: Connection, *, soort: str = "gi", naam: str | None = None) -> UUID:
    """Id of a new organisatie of the region of the transaction."""
    async with as_rol(conn, "beheerder"):
        id: UUID = await conn.fetchval(
            "insert into organisatie (regio, soort, naam) values (huidige_regio(), $1, $2) returning id",
            soort,
            naam or f"Organisatie {_new()}",
        )
    return id


@asynccontextmanager
async def as_rol(conn: Connection, rol: str) -> AsyncIterator[None]:
    """A part of the transaction in another rol: who does the rest may not write this."""
    own = await conn.fetchval("select huidige_rol()")
    await conn.execute("select set_config('loket.rol', $1, true)", rol)
    yield
    await conn.execute("select set_config('loket.rol', $1, true)", own)


async def aanbieder(conn: Connection, **fields: Any) -> aanbieders.Aanbieder:
    fields.setdefault("naam", f"Aanbieder {_new()}")
    return await aanbieders.add(conn, aanbieders.NieuweAanbieder(**fields))


async def contract(
    conn: Connection, aanbieder_id: UUID, zorgvorm: str, *, van: date = date(2025, 3, 2), tot: date | None = None
) -> None:
    """An open-house contract."""
    await conn.execute(
        "insert into contract (regio, aanbieder_id, zorgvorm, soort, geldigheid) "
        "values (huidige_regio(), $1, $2, 'open_house', daterange($3, $4))",
        aanbieder_id,
        zorgvorm,
        van,
        tot,
    )


async def locatie(conn: Connection, **fields: Any) -> locaties.Locatie:
    if "aanbieder_id" not in fields:
        fields["aanbieder_id"] = (await aanbieder(conn)).id
    fields = {"naam": f"Locatie {_new()}", "postcode": "1211 AB", **fields}
    return await locaties.add(conn, locaties.NieuweLocatie(**fields))


async def voorziening(conn: Connection, **fields: Any) -> voorzieningen.Voorziening:
    """A gezinshuis for 6 up to and including 15 years that takes nearly everybody."""
    if "locatie_id" not in fields:
        fields["locatie_id"] = (await locatie(conn, **_only(fields, "aanbieder_id"))).id
    if "aanbieder_id" not in fields:
        fields["aanbieder_id"] = (await locaties.get(conn, fields["locatie_id"])).aanbieder_id
    fields = {
        "naam": f"Voorziening {_new()}",
        "zorgvorm": "gezinshuis",
        "leeftijd_van": 6 * 12,
        "leeftijd_tot": 16 * 12 - 1,
        "juridische_kaders": list(voorzieningen.JuridischKader),
        "perspectieven": list(voorzieningen.Perspectief),
        **fields,
    }
    return await voorzieningen.add(conn, voorzieningen.NieuweVoorziening(**fields))


async def plek(conn: Connection, *, now: datetime = NOW, **fields: Any) -> plekken.Plek:
    """An open, staffed plek, confirmed at `now`, that has existed for a year."""
    if "voorziening_id" not in fields:
        fields["voorziening_id"] = (await voorziening(conn)).id
    fields = {"naam": f"Kamer {_new()}", "bestaat_van": day(-365), **fields}
    return await plekken.add(conn, plekken.NieuwePlek(**fields), now=now, bron=plekken.Bron.SCHERM)


async def samenplaatsing(conn: Connection, **fields: Any) -> samenplaatsingen.Samenplaatsing:
    if "organisatie_id" not in fields:
        fields["organisatie_id"] = await organisatie(conn)
    return await samenplaatsingen.add(conn, samenplaatsingen.NieuweSamenplaatsing(**fields))


async def aanvraag(conn: Connection, *, now: datetime = NOW, **fields: Any) -> aanvragen.Aanvraag:
    """A regular aanvraag for a child of 10 years who fits in a gezinshuis, from tomorrow on."""
    if "organisatie_id" not in fields:
        fields["organisatie_id"] = await organisatie(conn)
    return await aanvragen.add(conn, aanvragen.NieuweAanvraag(**vraag(**fields)), now=now)


def vraag(**fields: Any) -> dict[str, Any]:
    """The fields of an aanvraag, before somebody files it."""
    return {
        "kenmerk": f"J-{_new()}",
        "urgentie": Urgentie.REGULIER,
        "leeftijd_maanden": 120,
        "leeftijd_peildatum": TODAY,
        "geslacht": aanvragen.Geslacht.MEISJE,
        "groepssoorten": [voorzieningen.Groepssoort.GEMENGD, voorzieningen.Groepssoort.MEISJES],
        "pc4": "1211",
        "gemeente_code": "0402",
        "huidig_verblijf": aanvragen.HuidigVerblijf.THUIS,
        "gewenste_start": day(1),
        "uiterlijke_datum": day(29),
        "verwacht_verblijf": 180,
        "perspectief": voorzieningen.Perspectief.TERUG_NAAR_HUIS,
        "zorgvormen": ["gezinshuis"],
        "juridisch_kader": voorzieningen.JuridischKader.OTS,
        **fields,
    }


async def plaatsing(
    conn: Connection,
    *,
    plek_id: UUID,
    aanvraag_id: UUID | None = None,
    van: date = date(2026, 2, 1),
    tot: date | None = date(2026, 5, 1),
) -> bezetting.Bezetting:
    """A child who came a month ago and stays for two more."""
    if aanvraag_id is None:
        aanvraag_id = (await aanvraag(conn)).id
    return await plaatsingen.plaats(conn, plek_id, aanvraag_id, van, tot, now=NOW)


def uitgesloten(voorziening_id: UUID) -> uitsluitingen.Uitsluiting:
    """The child must not be there."""
    return uitsluitingen.Uitsluiting(soort=uitsluitingen.UitsluitingSoort.VOORZIENING, voorziening_id=voorziening_id)


async def stop(
    conn: Connection, *, plek_id: UUID, van: date = TODAY, tot: date = date(2026, 4, 1), reden: str = "personeel"
) -> stops.Stop:
    nieuw = stops.NieuweStop(reden=stops.StopReden(reden), van=van, tot=tot)
    return await stops.add(conn, plek_id, nieuw, now=NOW)


def _only(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: fields[name] for name in names if name in fields}


GEBRUIKER = """
insert into gebruiker (regio, naam, rol, organisatie_id, aanbieder_id, identiteitsprovider_id, subject, email, actief)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id
"""


async def gebruiker(
    owner: Connection,
    *,
    rol: str = "schakelfunctionaris",
    regio: str = "gooi-en-vechtstreek",
    naam: str | None = None,
    organisatie_id: UUID | None = None,
    aanbieder_id: UUID | None = None,
    identiteitsprovider_id: UUID | None = None,
    subject: str | None = None,
    email: str | None = None,
    actief: bool = True,
) -> UUID:
    """Id of somebody who may log in. By the owner, because the first beheerder is made so too."""
    id: UUID = await owner.fetchval(
        GEBRUIKER,
        regio,
        naam or f"Gebruiker {_new()}",
        rol,
        organisatie_id,
        aanbieder_id,
        identiteitsprovider_id,
        subject,
        email,
        actief,
    )
    return id


async def aanbieder_als_eigenaar(owner: Connection, *, regio: str = "gooi-en-vechtstreek") -> UUID:
    """Id of an aanbieder, for whoever only needs that there is one."""
    id: UUID = await owner.fetchval(
        "insert into aanbieder (regio, naam) values ($1, $2) returning id", regio, f"Aanbieder {_new()}"
    )
    return id
