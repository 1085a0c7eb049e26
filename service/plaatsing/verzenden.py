"""Sending a voorstel: the rules asked once more, its plek held, and a reminder before the time to answer is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from service.aanvraag import gebeurtenissen
from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.days import today
from service.db import Connection
from service.errors import Kind, Refusal
from service.plaatsing import opties, plekregels, voorstelkeuzes
from service.plaatsing.opties import Toewijzing, Vrager
from service.plaatsing.plekregels import Plaats
from service.plaatsing.samen import check_apart, check_whole
from service.plaatsing.voorstellen import Voorstel
from service.plaatsing.voorstelstap import Context, record, volg
from service.regio.werkregels import Werkregels, werkregels
from service.taal import gettext
from service.urgentie import Urgentie

LEVENDE = """
select v.aanvraag_id, count(*) as aantal from voorstel v
where v.aanvraag_id = any ($1) and is_levend(v.status)
group by v.aanvraag_id
"""

EIGEN_OPTIE = """
select b.id, b.aanvraag_id, lower(b.periode) as van, upper(b.periode) as tot, b.vervalt_op
from bezetting b
where b.plek_id = $1 and b.aanvraag_id = $2 and b.soort = 'optie' and b.vrijgegeven_op is null and b.vervalt_op > $3
order by lower(b.periode) limit 1
"""

VERZEND = """
update voorstel
set status = 'verzonden', optie_id = $2, verzonden_op = $3, antwoord_voor = $4, van = $5, tot = $6, rang = $7,
    versie = versie + 1
where id = $1
"""


async def check(conn: Connection, groep: Sequence[Voorstel], rules: Werkregels, now: datetime) -> dict[UUID, Vrager]:
    """What costs little to see: the children, by id, when they still seek, not too many are asked for one of them, the
    first day has not passed, and nobody else has the plek. Refuses INVALID and CONFLICT."""
    kinderen = await opties.kinderen_van(conn, _plekken(groep), now)
    for row in await conn.fetch(LEVENDE, list(kinderen)):
        if row["aantal"] >= rules.voorstellen_hoogstens:
            raise Refusal(
                Kind.CONFLICT,
                gettext(
                    "Deze aanvraag ligt al bij %(aantal)s aanbieders, en meer tegelijk mag niet. Wat nu wel kan:"
                    " wacht op antwoord, of trek eerst een ander voorstel in.",
                    aantal=row["aantal"],
                ),
            )
    if groep[0].van < today(now):
        raise Refusal(
            Kind.CONFLICT,
            gettext("De begindag is voorbij. Wat nu wel kan: trek dit voorstel in en zet een nieuw klaar."),
        )
    eigen = await _eigen_opties(conn, groep, now)
    for one in groep:
        if eigen[one.id] is None:
            tot = one.tot or one.van + timedelta(days=kinderen[one.aanvraag_id].verblijf)
            await opties.check_vrij(conn, _plekken([one]), one.van, tot, now)
    return kinderen


def _plekken(groep: Sequence[Voorstel]) -> list[Toewijzing]:
    return [Toewijzing(aanvraag_id=one.aanvraag_id, plek_id=one.plek_id) for one in groep]


async def _eigen_opties(
    conn: Connection, groep: Sequence[Voorstel], now: datetime
) -> dict[UUID, asyncpg.Record | None]:
    """Per voorstel the optie that its aanvraag holds on the plek already."""
    return {one.id: await conn.fetchrow(EIGEN_OPTIE, one.plek_id, one.aanvraag_id, now) for one in groep}


async def verzend(c: Context) -> None:
    """To the provider, with its plek held: an optie that was there, or a new one after the rules were asked again."""
    plekken = _plekken(c.groep)
    kinderen = await check(c.conn, c.groep, c.rules, c.now)
    if not await check_whole(c.conn, plekken):
        await check_apart(c.conn, plekken, c.groep[0].contactplan, minuten=c.rules.nabij_minuten, now=c.now)
    await opties.ruim(c.conn, plekken, c.now)
    held = await _eigen_opties(c.conn, c.groep, c.now)
    plaatsen = {one.id: _plaats(one, held[one.id]) for one in c.groep}
    wijkt_af = await plekregels.keur(
        c.conn, c.travel, list(plaatsen.values()), wie=c.wie, afwijking=c.groep[0].afwijking, now=c.now
    )
    term = c.now + timedelta(hours=c.rules.antwoord_uren.voor(c.urgent()))
    antwoord_voor = max([term, *(optie["vervalt_op"] for optie in held.values() if optie is not None)])
    for one in c.groep:
        plaats, optie = plaatsen[one.id], held[one.id]
        optie_id = optie["id"] if optie else await _houd(c, plaats, kinderen[one.aanvraag_id], antwoord_voor, wijkt_af)
        tot = plaats.tot or plaats.van + timedelta(days=kinderen[one.aanvraag_id].verblijf)
        rangen = c.rangen[one.aanvraag_id]
        rang = rangen.get(one.voorziening_id)
        await c.conn.execute(VERZEND, one.id, optie_id, c.now, antwoord_voor, plaats.van, tot, rang)
        await voorstelkeuzes.leg_vast(c.conn, one.id, one.voorziening_id, rangen, c.nieuw.keuzereden)
        await volg(c, one)
        await record(
            c, one, GebeurtenisSoort.VOORSTEL_VERZONDEN, reden=c.nieuw.reden, gegevens={"antwoordVoor": antwoord_voor}
        )
    await wek(c, antwoord_voor)


def _plaats(one: Voorstel, optie: asyncpg.Record | None) -> Plaats:
    """The days of the optie that is there, or else those that are proposed."""
    van, tot = (one.van, one.tot) if optie is None else (optie["van"], optie["tot"])
    return Plaats(aanvraag_id=one.aanvraag_id, plek_id=one.plek_id, van=van, tot=tot)


async def _houd(c: Context, plaats: Plaats, kind: Vrager, vervalt_op: datetime, wijkt_af: Sequence[str]) -> UUID:
    return await opties.neem(
        c.conn, plaats, kind, vervalt_op, c.rules, afwijking=c.groep[0].afwijking, wijkt_af=wijkt_af, now=c.now
    )


def _herinner_op(antwoord_voor: datetime, rules: Werkregels, urgentie: Urgentie) -> datetime:
    return antwoord_voor - timedelta(hours=rules.herinnering_uren.voor(urgentie))


# ── Reminded ─────────────────────────────────────────────────────────────────────────────────────


async def wek(c: Context, antwoord_voor: datetime) -> None:
    """A worker looks before then whether there is an answer: one reminder per aanbieder, also of a bundle."""
    for one in {one.aanbieder_id: one for one in c.groep}.values():
        await opties.wek(c.conn, one.id, _herinner_op(antwoord_voor, c.rules, c.urgent()), now=c.now, soort="voorstel")


WACHT = """
select v.id, v.aanvraag_id, v.plek_id, v.antwoord_voor, a.urgentie
from voorstel v join aanvraag a on a.id = v.aanvraag_id
where v.id = $1 and v.status in ('verzonden', 'interesse') and v.herinnerd_op is null and v.antwoord_voor > $2
for no key update of a
"""

HERINNERD = "update voorstel set herinnerd_op = $2, versie = versie + 1 where id = $1"


async def herinner(conn: Connection, id: UUID, now: datetime) -> None:
    """What a taak `termijn` does before a voorstel without an answer lapses: the provider is reminded, once a term."""
    row = await conn.fetchrow(WACHT, id, now)
    if row is None:
        return
    op = _herinner_op(row["antwoord_voor"], await werkregels(conn), Urgentie(row["urgentie"]))
    if op > now:
        await opties.wek(conn, id, op, now=now, soort="voorstel")
        return
    await conn.execute(HERINNERD, id, now)
    await gebeurtenissen.record(
        conn,
        row["aanvraag_id"],
        GebeurtenisSoort.HERINNERING,
        now=now,
        voorstel_id=id,
        plek_id=row["plek_id"],
        gegevens={"antwoordVoor": row["antwoord_voor"]},
    )
