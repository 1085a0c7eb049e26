"""A child of tonight, of which there is no aanvraag yet: the least that can be asked by telephone makes one.

What nobody could say is assumed and named (`aan_te_vullen`), so that it is asked in the morning and stands in the way
of what rests on it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID, uuid4

from msgspec import Meta, Struct, structs

from service.aanbod.voorzieningen import Groepssoort, JuridischKader, Perspectief
from service.aanvraag import aanvragen
from service.aanvraag.aanvragen import Geslacht, HuidigVerblijf, NieuweAanvraag
from service.days import today
from service.db import Connection
from service.errors import FieldError, Refusal
from service.fields import refuse
from service.taal import gettext
from service.urgentie import Urgentie

AANGENOMEN = ["pc4", "gemeente_code", "juridisch_kader", "perspectief"]
"""As constraint aanvraag_aan_te_vullen_bekend."""

GEZOCHT = timedelta(days=28)
"""Until when a place is sought, had it not been found: about as long as a crisis lasts."""

REDEN = "Per telefoon geplaatst; wat de verwijzer weet, volgt."

GROEPEN = {Geslacht.MEISJE: Groepssoort.MEISJES, Geslacht.JONGEN: Groepssoort.JONGENS}


class NieuwCrisiskind(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """What somebody says of a child on the telephone."""

    organisatie_id: Annotated[UUID, Meta(description="Wie om de plek vraagt: de verwijzer.")]
    leeftijd_jaren: Annotated[int, Meta(ge=0, le=22, description="In hele jaren.")]
    geslacht: Geslacht


# Where home is nobody knows yet: near the place, or else anywhere in the region, so that nothing of it is told.
PLEK = """
select v.zorgvorm, v.groepssoort, coalesce(z.gebruikelijk_verblijf, 28) as dagen,
       coalesce(l.gemeente_code, (select min(g.code) from gemeente g where g.regio = huidige_regio())) as gemeente_code,
       coalesce(left(l.postcode, 4), (select min(k.pc4) from postcodegebied k)) as pc4
from plek p
join voorziening v on v.id = p.voorziening_id
join zorgvorm z on z.regio = v.regio and z.code = v.zorgvorm
join locatie l on l.id = v.locatie_id
where p.id = $1
"""

NOEM = "update aanvraag set aan_te_vullen = $2 where id = $1"


async def dien_in(conn: Connection, kind: NieuwCrisiskind, plek_id: UUID, *, now: datetime) -> UUID:
    """The aanvraag of a child that goes to this plek. Refuses INVALID as aanvragen.add, at `/kind`."""
    plek = await conn.fetchrow(PLEK, plek_id)
    if plek is None:
        refuse([FieldError("/plekId", "bestaat_niet", gettext("Deze plek bestaat niet (meer)."))])
    assert plek is not None
    dag = today(now)
    groepen = {Groepssoort.GEMENGD, Groepssoort(plek["groepssoort"]), GROEPEN.get(kind.geslacht, Groepssoort.GEMENGD)}
    nieuw = NieuweAanvraag(
        organisatie_id=kind.organisatie_id,
        kenmerk=f"Telefoon {_letters()}",
        urgentie=Urgentie.CRISIS,
        urgentie_reden=REDEN,
        leeftijd_maanden=kind.leeftijd_jaren * 12,
        leeftijd_peildatum=dag,
        geslacht=kind.geslacht,
        groepssoorten=sorted(groepen),
        pc4=plek["pc4"],
        gemeente_code=plek["gemeente_code"],
        huidig_verblijf=HuidigVerblijf.ELDERS,
        gewenste_start=dag,
        uiterlijke_datum=dag + GEZOCHT,
        verwacht_verblijf=plek["dagen"],
        perspectief=Perspectief.ONDUIDELIJK,
        zorgvormen=[plek["zorgvorm"]],
        zorgvorm_reden=REDEN,
        juridisch_kader=JuridischKader.VRIJWILLIG,
    )
    try:
        id = (await aanvragen.add(conn, nieuw, now=now)).id
    except Refusal as wrong:
        fields = tuple(structs.replace(error, pointer=f"/kind{error.pointer}") for error in wrong.fields)
        raise Refusal(wrong.kind, wrong.detail, fields) from wrong
    await conn.execute(NOEM, id, AANGENOMEN)
    return id


def _letters() -> str:
    """A kenmerk that says nothing; of letters, because digits look like a number of somebody."""
    return uuid4().hex.translate(str.maketrans("0123456789", "ghijklmnop"))[:8]
