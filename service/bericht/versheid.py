"""Versheid: how long ago a provider said that a plek is as it says, and asking whether it still is.

Once a day at most a provider is asked, of plekken that need it, by a mail with a link that works without login until it
expires. In the link is a secret, of which only the hash is kept. What a system or a list says of a plek, confirms it
too, and then nobody is asked.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from service.aanbod import bewoning, plekken
from service.aanbod.plekken import ONGEZIEN, Beschikbaarheid, Bron, PlekStatus, Zekerheid, zekerheid
from service.bericht import berichten
from service.bericht.meldingen import BEVESTIG
from service.bericht.meldkeuzes import GEWOON, Wijze
from service.days import today
from service.db import Connection, Pool, Rol, Wie, rows_as
from service.errors import Kind, Refusal
from service.inloggen.sessies import digest, new_token
from service.regio.werkregels import Werkregels, werkregels
from service.taal import Teksten, gettext, later
from service.urgentie import Urgentie

# ── How old a confirmation is ────────────────────────────────────────────────────────────────────


class Plekversheid(Struct, rename="camel", kw_only=True):
    id: UUID
    naam: str
    voorziening_id: UUID
    voorziening: str
    aanbieder_id: UUID
    zorgvorm: str
    status: PlekStatus
    bevestigd_op: datetime | None
    bron: Annotated[Bron | None, Meta(description="Waarmee: een scherm, een mail, een koppeling of een bestand.")]
    bevestigd_uren: Annotated[int | None, Meta(description="Zoveel hele uren geleden.")]
    gevraagd_op: Annotated[datetime | None, Meta(description="Wanneer het loket de aanbieder voor het laatst vroeg.")]
    zekerheid: Zekerheid = Zekerheid.ONBEKEND


VERSHEID = f"""
with kandidaat as materialized (
    {plekken.KANDIDAAT}
    where p.regio = huidige_regio() and ($3::uuid is null or p.aanbieder_id = $3)
){plekken.STAND}
select s.id, s.naam, s.voorziening_id, v.naam as voorziening, s.aanbieder_id, s.zorgvorm, s.status, s.bevestigd_op,
       (select c.bron from bevestiging c where c.plek_id = s.id order by c.op desc, c.id desc limit 1) as bron,
       floor(extract(epoch from $1 - s.bevestigd_op) / 3600)::integer as bevestigd_uren,
       (select max(q.gevraagd_op) from bevestigverzoek q
        where q.aanbieder_id = s.aanbieder_id and s.id = any (q.plekken)) as gevraagd_op
from stand s
join voorziening v on v.id = s.voorziening_id
where s.status not in ('vervallen', 'gepland')
order by s.bevestigd_op nulls first, s.id
"""


async def versheid(conn: Connection, now: datetime, *, aanbieder_id: UUID | None = None) -> list[Plekversheid]:
    """Every plek that exists today, the longest unconfirmed first, as far as who asks may see them."""
    rules = await werkregels(conn)
    found: list[Plekversheid] = rows_as(await conn.fetch(VERSHEID, now, today(now), aanbieder_id), Plekversheid)
    for plek in found:
        plek.zekerheid = zekerheid(plek.zorgvorm, plek.bevestigd_op, rules, now)
    return found


# ── Asking, once a day at most ───────────────────────────────────────────────────────────────────


def moet_gevraagd(plek: Plekversheid, rules: Werkregels, now: datetime) -> bool:
    """An empty plek of which it will not be sure any more soon."""
    if plek.status not in ONGEZIEN:
        return False
    sure = timedelta(hours=rules.zeker_voor(plek.zorgvorm) - rules.vraag_vooraf_uren)
    return plek.bevestigd_op is None or now - plek.bevestigd_op > sure


BEVESTIGERS = "select gebruiker_id, wijze::text as wijze from bevestigers($1, $2, $3)"

VRAAG = """
insert into bevestigverzoek (regio, aanbieder_id, dag, plekken, gevraagd_op, geldig_tot)
values (huidige_regio(), $1, $2, $3, $4, $5)
on conflict do nothing
returning id
"""

LEG_VAST = "select leg_aanbod_vast($1, 'bevestiging_gevraagd', $2, null, $3)"

WIS_LINKS = """
delete from bevestiglink l using bevestigverzoek v
where v.id = l.verzoek_id and v.regio = huidige_regio() and v.geldig_tot <= $1
"""


async def versheidsronde(conn: Connection, now: datetime) -> int:
    """Asks each aanbieder of which an empty plek needs it, of its people who want to be mailed; how many. Again on the
    same day it does nothing. For the service itself."""
    await conn.execute(WIS_LINKS, now)
    rules = await werkregels(conn)
    needed: dict[UUID, list[Plekversheid]] = defaultdict(list)
    for plek in await versheid(conn, now):
        if moet_gevraagd(plek, rules, now):
            needed[plek.aanbieder_id].append(plek)
    return sum([await _vraag(conn, aanbieder, needed[aanbieder], rules, now) for aanbieder in sorted(needed)])


async def _vraag(
    conn: Connection, aanbieder_id: UUID, over: list[Plekversheid], rules: Werkregels, now: datetime
) -> bool:
    crisis = any(plek.zorgvorm in rules.crisis_zorgvormen for plek in over)
    urgentie = Urgentie.CRISIS if crisis else Urgentie.REGULIER
    people = [
        row["gebruiker_id"]
        for row in await conn.fetch(BEVESTIGERS, aanbieder_id, urgentie, now)
        if Wijze(row["wijze"] or GEWOON.voor(urgentie)) is not Wijze.UIT
    ]
    if not people:
        return False
    until = now + timedelta(hours=rules.vraag_geldig_uren)
    ids = sorted(plek.id for plek in over)
    verzoek = await conn.fetchval(VRAAG, aanbieder_id, today(now), ids, now, until)
    if verzoek is None:
        return False
    await conn.execute(LEG_VAST, aanbieder_id, now, {"verzoek": verzoek, "plekken": len(ids)})
    for gebruiker in sorted(people):
        # It is a mail of its own, so `dagelijks` is today.
        await berichten.schrijf(
            conn, gebruiker, f"verzoek {verzoek}", BEVESTIG, now=now, pad=PAD, gegevens={"verzoek": str(verzoek)}
        )
    return True


# ── The link in the mail ─────────────────────────────────────────────────────────────────────────

PAD = "/bevestigen"

MAAK_LINK = """
insert into bevestiglink (hash, regio, verzoek_id, gebruiker_id)
select $1, v.regio, v.id, b.gebruiker_id
from bericht b
join bevestigverzoek v on v.id = (b.gegevens ->> 'verzoek')::uuid
where b.id = $2 and v.geldig_tot > $3
returning true
"""


async def maak_link(conn: Connection, bericht_id: UUID, now: datetime) -> str:
    """Path of a new link in this mail, when it is about to be sent: a secret that nobody else has. Each try has its
    own, and all of them work. Refuses CONFLICT when it is too late to ask."""
    token = new_token()
    if not await conn.fetchval(MAAK_LINK, digest(token), bericht_id, now):
        raise Refusal(
            Kind.CONFLICT, gettext("De link in deze mail is verlopen. De volgende dag vraagt het loket het opnieuw.")
        )
    return f"{PAD}/{token}"


class Verzoek(Struct, frozen=True, kw_only=True):
    """What somebody with a link may answer."""

    verzoek_id: UUID
    regio: str
    aanbieder_id: UUID
    gebruiker_id: UUID
    plekken: list[UUID]
    gevraagd_op: datetime
    geldig_tot: datetime

    @property
    def wie(self) -> Wie:
        return Wie(self.regio, Rol.AANBIEDER, self.gebruiker_id, self.aanbieder_id)


OPEN_LINK = """
select verzoek_id, regio, aanbieder_id, gebruiker_id, plekken, gevraagd_op, geldig_tot from open_bevestiglink($1, $2)
"""


async def open_link(pool: Pool, token: str, now: datetime) -> Verzoek:
    """Refuses NOT_FOUND when the link is wrong or expired, or its owner may not come in any more."""
    row = await pool.fetchrow(OPEN_LINK, digest(token), now)
    if row is None:
        raise Refusal(
            Kind.NOT_FOUND,
            gettext(
                "Deze link werkt niet meer. Is het nog nodig, dan krijgt u een nieuwe mail. Bellen met het loket kan"
                " ook."
            ),
        )
    return msgspec.convert(row, Verzoek)


class Gevraagd(Struct, frozen=True, kw_only=True):
    """A plek of a verzoek, as it is now."""

    id: UUID
    naam: str
    voorziening: str
    status: PlekStatus
    bevestigd_op: datetime | None
    beantwoord: bool
    """Confirmed since it was asked, or taken meanwhile: nothing needs to be said."""


GEVRAAGD = f"""
with kandidaat as materialized (
    {plekken.KANDIDAAT}
    where p.id = any ($3)
){plekken.STAND}
select s.id, s.naam, v.naam as voorziening, s.status, s.bevestigd_op,
       s.status not in ('open', 'onbemenst', 'in_overleg') or coalesce(s.bevestigd_op >= $4, false) as beantwoord
from stand s
join voorziening v on v.id = s.voorziening_id
order by s.voorziening_naam, s.naam, s.id
"""


async def gevraagd(conn: Connection, verzoek: Verzoek, now: datetime) -> list[Gevraagd]:
    rows = await conn.fetch(GEVRAAGD, now, today(now), verzoek.plekken, verzoek.gevraagd_op)
    return rows_as(rows, Gevraagd)


class Antwoord(StrEnum):
    """What somebody taps."""

    KLOPT = "klopt"
    BEZET = "bezet"
    VRIJ = "vrij"
    ONBEMENST = "onbemenst"
    IN_OVERLEG = "in_overleg"


STAND = Teksten(
    {
        PlekStatus.BEZET: later("bezet"),
        PlekStatus.GESTOPT: later("gestopt"),
        PlekStatus.GEPLAND: later("nog niet open"),
        PlekStatus.VERVALLEN: later("niet meer van u"),
    }
)
"""What a plek is that is not empty."""


ZEGT = {
    Antwoord.KLOPT: None,
    Antwoord.VRIJ: Beschikbaarheid.BEMENST,
    Antwoord.ONBEMENST: Beschikbaarheid.ONBEMENST,
    Antwoord.IN_OVERLEG: Beschikbaarheid.IN_OVERLEG,
}


async def antwoord(
    conn: Connection, verzoek: Verzoek, wat: Antwoord, *, now: datetime, plek_id: UUID | None = None
) -> str | None:
    """Of one plek, or without `plek_id` of all that are empty now: as it was, or what it is instead. The same again
    changes nothing but when it was said.

    None: it is so now. Else what stands in the way and what the provider can do: a plek that the loket holds or has
    promised is not taken from a child by a tap, and of whoever that concerns the loket is told what the provider says.
    Refuses NOT_FOUND for a plek that was not asked.
    """
    asked = {plek.id: plek for plek in await gevraagd(conn, verzoek, now)}
    if plek_id is not None and plek_id not in asked:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze plek staat niet in deze lijst."))
    if plek_id is None and wat is not Antwoord.KLOPT:
        raise Refusal(Kind.INVALID, gettext("Zeg van één plek tegelijk wat er anders is."))
    for id in sorted(asked) if plek_id is None else [plek_id]:
        there = asked[id].status
        if there not in ONGEZIEN and plek_id is None:
            continue
        if wat is Antwoord.BEZET:
            if (why := await bewoning.bezet(conn, id, leeg=there in ONGEZIEN, tot=None, now=now)) is not None:
                return why
        elif there not in ONGEZIEN:
            return gettext(
                "Deze plek is volgens het loket %(stand)s. Klopt dat niet? Bel dan het loket.", stand=STAND[there]
            )
        if there in ONGEZIEN:
            await plekken.bevestig(conn, id, ZEGT.get(wat), now=now, bron=Bron.MAIL)
    return None
