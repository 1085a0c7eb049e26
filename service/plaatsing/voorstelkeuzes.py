"""Voorstelkeuzes: which voorzieningen stood higher when a voorstel was sent, and why they were passed over.

So that can be seen whether providers are treated alike. Nobody is made to say why; what was not said, counts as that.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from service.db import Connection


class KeuzeReden(StrEnum):
    """As type `keuze_reden` in schema.sql."""

    LOOPT_AL = "loopt_al"
    ZEI_EERDER_NEE = "zei_eerder_nee"
    GAF_GEEN_ANTWOORD = "gaf_geen_antwoord"
    WENS_KIND_OF_OUDER = "wens_kind_of_ouder"
    WENS_VERWIJZER = "wens_verwijzer"
    DICHTER_BIJ = "dichter_bij"
    ZO_THUIS_MOGELIJK = "zo_thuis_mogelijk"
    SAMEN = "samen"
    ZEI_TELEFONISCH_NEE = "zei_telefonisch_nee"
    ANDERE_REDEN = "andere_reden"
    NIET_GEZEGD = "niet_gezegd"


VANZELF = frozenset(
    {KeuzeReden.LOOPT_AL, KeuzeReden.ZEI_EERDER_NEE, KeuzeReden.GAF_GEEN_ANTWOORD, KeuzeReden.NIET_GEZEGD}
)
"""What the loket knows itself; nobody says it."""

LEG_VAST = """
insert into voorstel_keuze (regio, voorstel_id, aanvraag_id, aanbieder_id, voorziening_id, rang, reden)
select v.regio, v.id, v.aanvraag_id, z.aanbieder_id, z.id, h.rang,
       case
           when exists (select from voorstel o
                        where o.aanvraag_id = v.aanvraag_id and o.voorziening_id = z.id and is_levend(o.status))
               then 'loopt_al'
           when exists (select from besluit b
                        where b.aanvraag_id = v.aanvraag_id and b.voorziening_id = z.id and b.uitkomst = 'afgewezen')
               then 'zei_eerder_nee'
           when exists (select from voorstel o
                        where o.aanvraag_id = v.aanvraag_id and o.voorziening_id = z.id and o.status = 'vervallen')
               then 'gaf_geen_antwoord'
           else coalesce($4::text, 'niet_gezegd') end::keuze_reden
from voorstel v, unnest($2::uuid[], $3::integer[]) as h (voorziening_id, rang)
join voorziening z on z.id = h.voorziening_id
where v.id = $1
"""


async def leg_vast(
    conn: Connection, voorstel_id: UUID, voorziening_id: UUID, rangen: Mapping[UUID, int], reden: KeuzeReden | None
) -> None:
    """In the transaction that sends it. `rangen`: the rangschikking as it was; when the voorziening is not in it (a
    person deviates), all of it stood higher."""
    own = rangen.get(voorziening_id, len(rangen) + 1)
    higher = {id: rang for id, rang in rangen.items() if rang < own}
    if higher:
        await conn.execute(LEG_VAST, voorstel_id, list(higher), list(higher.values()), reden)
