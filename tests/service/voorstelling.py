"""What tests of voorstellen share: children and places that fit, and steps without a snapshot that listens."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from service.aanbod.voorzieningen import JuridischKader
from service.aanvraag.aanvragen import Aanvraag
from service.aanvraag.grondslagen import (
    Grondslag,
    GrondslagSoort,
    GrondslagStatus,
    Toestemming,
    ToestemmingPersoon,
    ToestemmingStatus,
)
from service.db import Connection, Pool, Wie
from service.plaatsing import voorstellen, voorstelstappen
from service.plaatsing.opties import Toewijzing
from service.plaatsing.voorstellen import NieuwVoorstel, Voorstel, VoorstelStap
from service.plaatsing.voorstelstap import NieuweVoorstelStap
from service.rang import matches
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller
from tests import make


def papers() -> dict[str, Any]:
    """All that the law asks of a child of 10 in a voluntary stay."""
    ouder = Toestemming(persoon=ToestemmingPersoon.OUDER_1, status=ToestemmingStatus.GEGEVEN, datum=make.TODAY)
    return {
        "juridisch_kader": JuridischKader.VRIJWILLIG,
        "grondslagen": [
            Grondslag(soort=GrondslagSoort.BESLUIT_GEMEENTE, status=GrondslagStatus.VERLEEND, datum=make.TODAY)
        ],
        "toestemmingen": [ouder],
    }


async def child(conn: Connection, **fields: Any) -> Aanvraag:
    return await make.aanvraag(conn, **{**papers(), **fields})


def snapshots(pool: Pool) -> Snapshots:
    async def connect() -> asyncpg.Connection[asyncpg.Record]:
        raise OSError

    return Snapshots(pool, connect)


async def ready(
    conn: Connection, wie: Wie, *pairs: tuple[UUID, UUID], now: datetime = make.NOW, **fields: Any
) -> list[Voorstel]:
    """Concepts for (aanvraag, plek), from tomorrow on."""
    nieuw = NieuwVoorstel(
        plekken=[Toewijzing(aanvraag_id=aanvraag, plek_id=plek) for aanvraag, plek in pairs],
        **{"van": make.day(1), **fields},
    )
    return await voorstellen.bereid_voor(conn, nieuw, rol=wie.rol, now=now)


async def step(
    conn: Connection, pool: Pool, id: UUID, stap: str, wie: Wie, *, now: datetime = make.NOW, **fields: Any
) -> Voorstel:
    """The voorstel after it."""
    nieuw = NieuweVoorstelStap(stap=VoorstelStap(stap), **fields)
    return (await voorstelstappen.doe(conn, snapshots(pool), Traveller(), id, nieuw, wie=wie, now=now))[0]


async def sent(conn: Connection, pool: Pool, wie: Wie, *pairs: tuple[UUID, UUID], **fields: Any) -> Voorstel:
    [first, *_] = await ready(conn, wie, *pairs, **fields)
    return await step(conn, pool, first.id, "verzend", wie)


async def rangen(conn: Connection, pool: Pool, wie: Wie, kind: UUID, now: datetime) -> dict[UUID, int]:
    """What fits for it, in order."""
    return await matches.rangen(conn, snapshots(pool), Traveller(), wie, kind, now)
