"""Bewoning: a provider says that somebody lives on a plek of whom the loket does not know, or no more.

What the loket holds or has promised is not taken from a child by a tap: the loket of that child is told, and whoever
said it hears what stands there.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from service.aanbod import plekken
from service.aanbod.bezetting import RUIM_OPTIES, EindeReden, claim, in_de_weg
from service.aanbod.plekken import QUEUE, BezettingSoort, Plek
from service.days import today
from service.db import Connection
from service.errors import FieldError, Kind, Refusal
from service.fields import refuse
from service.taal import gettext, later


class NieuweBewoning(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    bewoond: Annotated[bool, Meta(description="`false`: het kind is weg, of er was niemand.")]
    tot: Annotated[date | None, Meta(description="Bij bewoond: verwachte eerste vrije dag; leeg: niet bekend.")] = None
    einde: Annotated[
        EindeReden | None, Meta(description="Bij niet meer bewoond: waarom. Niet als het vandaag begon.")
    ] = None


class Bewoning(Struct, rename="camel", kw_only=True):
    plek: Plek
    melding: Annotated[
        str | None,
        Meta(description="Waarom de plek niet als bezet staat, en wat u kunt doen. Het loket weet wat u zei."),
    ]


DOORGEGEVEN = later(" Het loket heeft uw antwoord gekregen.")

SPREEK_TEGEN = "select soort::text as soort, van, voorstel from spreek_tegen($1, $2)"

# Somebody of whom the loket knows nothing, as in a list of capacity (service/intake/decision.py). A plek that ends is
# taken until then, and one with a stop to come until that.
BEZET = """
insert into bezetting (regio, vraag_regio, plek_id, soort, periode)
select p.regio, p.regio, p.id, 'plaatsing', daterange($2, least(upper(p.bestaat), $3, $4)) from plek p where p.id = $1
"""


async def bezet(conn: Connection, plek_id: UUID, *, leeg: bool, tot: date | None, now: datetime) -> str | None:
    """Somebody lives there from today on, when it is `leeg`; or why that cannot be, when it is held or promised."""
    await conn.execute(QUEUE, plek_id)
    await conn.execute(RUIM_OPTIES, plek_id, now)
    there = [(BezettingSoort(row["soort"]), row) for row in await conn.fetch(SPREEK_TEGEN, plek_id, now)]
    for soort, row in there:
        if soort is not BezettingSoort.STOP:
            return in_de_weg(soort, row["van"], voorstel=row["voorstel"], now=now) + gettext(DOORGEGEVEN)
    if leeg:
        await conn.execute(BEZET, plek_id, today(now), there[0][1]["van"] if there else None, tot)
    return None


ER_WOONT = """
select id, lower(periode) as van, aanvraag_id is not null as via_loket
from bezetting
where plek_id = $1 and soort = 'plaatsing' and vrijgegeven_op is null and beeindigd_op is null
  and lower(periode) <= $2
order by lower(periode) desc limit 1
for no key update
"""

NIEMAND = "update bezetting set vrijgegeven_op = $2, versie = versie + 1 where id = $1"

WEG = """
update bezetting
set periode = daterange(lower(periode), $2), beeindigd_op = $2, einde_reden = $3, versie = versie + 1,
    begonnen_op = lower(periode)
where id = $1
"""


async def _weg(conn: Connection, plek_id: UUID, einde: EindeReden | None, now: datetime) -> None:
    """Nobody lives there any more from today on. What began today is taken back: there was nobody."""
    await conn.execute(QUEUE, plek_id)
    there = await conn.fetchrow(ER_WOONT, plek_id, today(now))
    if there is None:
        raise Refusal(
            Kind.CONFLICT, gettext("Volgens het loket woont hier niemand. Wat nu wel kan: zeg wat de plek is.")
        )
    if there["via_loket"]:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Op deze plek woont een kind dat via het loket kwam. Wat nu wel kan: beëindig die plaatsing, met de"
                " reden."
            ),
        )
    if there["van"] == today(now):
        await conn.execute(NIEMAND, there["id"], now)
        return
    if einde is None:
        refuse([FieldError("/einde", "verplicht", gettext("Zeg waarom het kind weg is."))])
    await claim(conn, plek_id, there["van"], today(now), now)
    await conn.execute(WEG, there["id"], today(now), einde)


async def zeg(conn: Connection, plek_id: UUID, nieuw: NieuweBewoning, *, now: datetime) -> Bewoning:
    """Refuses NOT_FOUND, INVALID, and CONFLICT when there is nobody to leave, or a child that came by the loket."""
    wrong = (
        [FieldError("/tot", "verleden", gettext("Geef een dag die nog komt."))]
        if nieuw.tot and nieuw.tot <= today(now)
        else []
    )
    if nieuw.bewoond and nieuw.einde is not None:
        wrong.append(
            FieldError("/einde", "past_niet", gettext("Dit hoort niet bij een plek die bewoond is. Laat het weg."))
        )
    if not nieuw.bewoond and nieuw.tot is not None:
        wrong.append(FieldError("/tot", "past_niet", gettext("Dit hoort niet bij een plek die leeg is. Laat het weg.")))
    refuse(wrong)
    plek = await plekken.get(conn, plek_id, now, lock=True)
    melding = None
    if nieuw.bewoond:
        melding = await bezet(conn, plek_id, leeg=plek.status in plekken.ONGEZIEN, tot=nieuw.tot, now=now)
    else:
        await _weg(conn, plek_id, nieuw.einde, now)
    return Bewoning(plek=await plekken.get(conn, plek_id, now), melding=melding)
