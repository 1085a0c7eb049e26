"""The work list: the open aanvragen of a region, the most urgent first and then who waits longest."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from service.aanvraag import aanvragen
from service.db import Connection, rows_as
from service.fields import AanvraagId


class Regel(Struct, frozen=True, kw_only=True):
    """One open aanvraag, as far as the list shows it."""

    id: AanvraagId
    nummer: str
    kenmerk: str | None
    """None for who may not know it."""
    organisatie: str
    urgentie: str
    leeftijd_maanden: int
    leeftijd_peildatum: date
    huidig_verblijf: str
    huidig_verblijf_tot: date | None
    gewenste_start: date
    uiterlijke_datum: date
    zorgvormen: list[str]
    """Names, in the order in which the verwijzer gave them."""
    aangemeld_op: datetime
    samen_met: int
    """How many brothers and sisters are asked for together with this child."""
    mag_splitsen: bool


# The enum urgentie is declared from most to least urgent; the index aanvraag_open has this order.
REGELS = f"""
select a.id, a.nummer, {aanvragen.KENMERK} as kenmerk, o.naam as organisatie, a.urgentie, a.leeftijd_maanden,
       a.leeftijd_peildatum, a.huidig_verblijf, a.huidig_verblijf_tot, a.gewenste_start, a.uiterlijke_datum,
       a.aangemeld_op,
       array(select z.naam from unnest(a.zorgvormen) with ordinality as gevraagd (code, nr)
             join zorgvorm z on z.regio = a.regio and z.code = gevraagd.code order by gevraagd.nr) as zorgvormen,
       (select count(*)::int from aanvraag b where b.samenplaatsing_id = a.samenplaatsing_id and b.id <> a.id
        and is_open(b.status)) as samen_met,
       coalesce(s.mag_splitsen, false) as mag_splitsen
from aanvraag a
join organisatie o on o.id = a.organisatie_id
left join samenplaatsing s on s.id = a.samenplaatsing_id
where is_open(a.status) and a.regio = huidige_regio()
  and ($1::urgentie is null or a.urgentie = $1)
order by a.urgentie, a.aangemeld_op, a.id
limit $2 offset $3
"""


async def regels(conn: Connection, urgentie: str | None, aantal: int, vanaf: int) -> list[Regel]:
    """`aantal` open aanvragen from position `vanaf` on, of one urgentie or of all."""
    return rows_as(await conn.fetch(REGELS, urgentie, aantal, vanaf), Regel)


class BroerOfZus(Struct, frozen=True, kw_only=True):
    """Another open aanvraag of the same samenplaatsing."""

    id: AanvraagId
    nummer: str
    kenmerk: str | None
    leeftijd_maanden: int
    leeftijd_peildatum: date


BROERS_ZUSSEN = f"""
select a.id, a.nummer, {aanvragen.KENMERK} as kenmerk, a.leeftijd_maanden, a.leeftijd_peildatum
from aanvraag b join aanvraag a on a.samenplaatsing_id = b.samenplaatsing_id and a.id <> b.id
where b.id = $1 and is_open(a.status)
order by a.leeftijd_maanden desc, a.id
"""


async def broers_zussen(conn: Connection, aanvraag_id: UUID) -> list[BroerOfZus]:
    """Who else is asked for together with this child, the oldest first."""
    return rows_as(await conn.fetch(BROERS_ZUSSEN, aanvraag_id), BroerOfZus)


class Namen(Struct, frozen=True, kw_only=True):
    """Who asks and who pays, by name."""

    organisatie: str
    gemeente: str


NAMEN = """
select o.naam as organisatie, g.naam as gemeente
from aanvraag a join organisatie o on o.id = a.organisatie_id join gemeente g on g.code = a.gemeente_code
where a.id = $1
"""


async def namen(conn: Connection, aanvraag_id: UUID) -> Namen:
    """Names with an aanvraag that is there."""
    found: list[Namen] = rows_as(await conn.fetch(NAMEN, aanvraag_id), Namen)
    return found[0]
