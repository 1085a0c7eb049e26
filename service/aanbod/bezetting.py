"""Bezetting: what takes a plek — an optie, a plaatsing (plaatsing/plaatsingen.py), a stop (stops.py) — and when.

The database decides: `bezetting_geen_overlap` refuses two periods on one plek, whatever this code does. Claims on
one plek queue up behind an advisory lock, because two inserts that wait for each other's row would be a deadlock.
A period includes its first day (`van`) and excludes its last (`tot`). Who claims several plekken at once does so
in the order of their ids.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec
from msgspec import Struct

from service import dutch
from service.aanbod.plekken import QUEUE, BezettingSoort
from service.days import today
from service.db import Connection
from service.errors import FieldError, Kind, Refusal
from service.fields import AanvraagId, refuse
from service.taal import gettext


class EindeReden(StrEnum):
    """As type `einde_reden` in schema.sql."""

    VOLGENS_PLAN = "volgens_plan"
    TERUG_NAAR_HUIS = "terug_naar_huis"
    DOORSTROOM = "doorstroom"
    VOORTIJDIG = "voortijdig"
    ACHTTIEN = "achttien"
    VERHUISD = "verhuisd"
    ANDERS = "anders"


class Bezetting(Struct, kw_only=True):
    """An optie or a plaatsing. Never an answer of the API as it is: it names the aanvraag."""

    id: UUID
    plek_id: UUID
    soort: BezettingSoort
    van: date
    tot: date | None
    aanvraag_id: AanvraagId | None
    vervalt_op: datetime | None
    vrijgegeven_op: datetime | None
    beeindigd_op: date | None
    einde_reden: EindeReden | None
    begonnen_op: date | None
    definitief_op: datetime | None
    versie: int
    overbrugging: bool
    """Where the child waits: its aanvraag stays open."""


COLUMNS = """id, plek_id, soort, lower(periode) as van, upper(periode) as tot, aanvraag_id, vervalt_op,
    vrijgegeven_op, beeindigd_op, einde_reden, begonnen_op, definitief_op, versie, overbrugging"""

# Runs as owner: an optie of another region on a shared plek is not ours to see, but expired it holds nothing.
RUIM_OPTIES = "select ruim_verlopen_opties($1, $2)"

PLEK_BESTAAT = "select bestaat @> daterange($2, $3) from plek where id = $1"


async def claim(conn: Connection, plek_id: UUID, van: date, tot: date | None, now: datetime) -> None:
    """Wait for our turn on the plek and end its expired opties. Refuses INVALID, NOT_FOUND and CONFLICT."""
    if tot is not None and tot <= van:
        refuse([FieldError("/tot", "volgorde", gettext("Geef een dag die na de begindag ligt."))])
    await conn.execute(QUEUE, plek_id)
    exists = await conn.fetchval(PLEK_BESTAAT, plek_id, van, tot)
    if exists is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze plek bestaat niet (meer)."))
    if not exists:
        raise Refusal(
            Kind.CONFLICT,
            gettext("Deze plek bestaat niet in die hele periode. Wat nu wel kan: een kortere of een andere periode."),
        )
    await conn.execute(RUIM_OPTIES, plek_id, now)


def in_de_weg(soort: BezettingSoort, van: date, *, voorstel: bool, now: datetime) -> str:
    """What a provider hears who says that its plek is taken, while something stands there: what, and what it can do."""
    dag = today(now)
    when = f"vanaf {dutch.day(van, dag)}" if van > dag else "nu"
    match soort:
        case BezettingSoort.OPTIE if voorstel:
            return gettext(
                "Deze plek is %(when)s vastgehouden voor een kind, en er ligt een voorstel bij u. Kan het niet?"
                " Wijs dat voorstel dan af in het loket; de plek is daarna van u.",
                when=when,
            )
        case BezettingSoort.OPTIE:
            return gettext(
                "Deze plek is %(when)s vastgehouden voor een kind. Kan dat niet? Bel dan het loket.", when=when
            )
        case BezettingSoort.PLAATSING:
            return gettext(
                "Op deze plek woont %(when)s een kind; dat is afgesproken. Kan dat niet? Zeg dan in het loket"
                " dat het niet doorgaat, of bel het loket.",
                when=when,
            )
        case BezettingSoort.STOP:
            return gettext(
                "Deze plek is %(when)s gestopt, dat hebt u gezegd. Klopt dat niet meer? Verander dan eerst die stop.",
                when=when,
            )


# ── Optie ────────────────────────────────────────────────────────────────────────────────────────

INSERT_OPTIE = f"""
insert into bezetting (regio, vraag_regio, plek_id, soort, periode, aanvraag_id, vervalt_op)
select p.regio, huidige_regio(), p.id, 'optie', daterange($2, $3), $4, $5
from plek p
where p.id = $1
returning {COLUMNS}
"""


async def houd(
    conn: Connection,
    plek_id: UUID,
    aanvraag_id: UUID,
    van: date,
    tot: date | None,
    *,
    vervalt_op: datetime,
    now: datetime,
) -> Bezetting:
    """An optie: hold the plek for one aanvraag until `vervalt_op`. Refuses CONFLICT when the plek is taken."""
    if vervalt_op <= now:
        refuse([FieldError("/vervaltOp", "verstreken", gettext("Geef een tijdstip dat nog komt."))])
    await claim(conn, plek_id, van, tot, now)
    return msgspec.convert(await conn.fetchrow(INSERT_OPTIE, plek_id, van, tot, aanvraag_id, vervalt_op), Bezetting)


GEEF_VRIJ = f"""
update bezetting
set vrijgegeven_op = $2, versie = versie + 1
where id = $1 and soort = 'optie' and vrijgegeven_op is null
returning {COLUMNS}
"""


async def geef_vrij(conn: Connection, optie_id: UUID, *, now: datetime) -> Bezetting:
    """Let go of an optie before it expires. Refuses NOT_FOUND when there is none that holds."""
    row = await conn.fetchrow(GEEF_VRIJ, optie_id, now)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze optie bestaat niet of is al vrijgegeven."))
    return msgspec.convert(row, Bezetting)
