"""Terugzetten: a change of settings undone, by a change the other way around."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from service.db import Connection, Wie
from service.errors import Kind, Refusal
from service.fields import refuse
from service.instellingen import keuzes, wijzigingen
from service.instellingen.keuzes import CAMEL, TYPES
from service.instellingen.wijzigingen import Waarom
from service.taal import gettext


class Terugzetting(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    waarom: Waarom


EEN = f"select {wijzigingen.COLUMNS} from instelling_wijziging where id = $1 and regio = huidige_regio()"


async def zet_terug(conn: Connection, id: UUID, waarom: str, *, wie: Wie, now: datetime) -> Any:
    """The Instellingen as they are then. Refuses NOT_FOUND, and CONFLICT when one of them was changed once more since:
    that would be undone too, without anybody having said so."""
    await keuzes.alleen(conn)
    row = await conn.fetchrow(EEN, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze wijziging is er niet."))
    nu = await keuzes.load(conn)
    waarden = {name: msgspec.convert(value, TYPES[name]) for name, value in row["voor"].items()}
    later = [CAMEL[name] for name in waarden if not keuzes.zelfde(getattr(nu, name), row["na"][name])]
    if later:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Na deze wijziging is dit nog eens veranderd: %(wat)s. Wat nu wel kan: zet eerst de latere wijziging"
                " terug, of vul zelf de waarde in.",
                wat=", ".join(later),
            ),
        )
    refuse(await keuzes.check(conn, keuzes.Deel(**waarden)))
    bronnen = row["bronnen_voor"]
    return await wijzigingen.leg_vast(
        conn, waarden, bronnen, waarom, "; ".join(dict.fromkeys(bronnen.values())), wie=wie, now=now, terug_van=id
    )
