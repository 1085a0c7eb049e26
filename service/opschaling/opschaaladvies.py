"""Opschaaladvies: for which aanvragen somebody should look further, before it is too late. Advice only.

An aanvraag for which nothing is held or proposed is told when no plek fits it, when its norm has passed or nearly has,
or when its verwijzer asked for it. Who lives at home still, is for the doorbraaktafel before it is removed;
another first for the schakelfunctionaris.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import numpy as np
from msgspec import Meta, Struct

from matcher.judge import judge
from matcher.problem import Aanvraag
from service.aanvraag.aanvragen import HuidigVerblijf
from service.days import today
from service.db import Connection, Wie
from service.errors import Kind, Refusal
from service.fields import AanvraagId
from service.opschaling.opschalingen import NOG_THUIS, TAFELS, OpschalingAanleiding, OpschalingTafel
from service.rang import vraag
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller
from service.regio.werkregels import Werkregels, werkregels
from service.taal import Teksten, later
from service.urgentie import Urgentie


class OpschaalReden(StrEnum):
    GEEN_PLEK_PAST = "geen_plek_past"
    NORM_NADERT = "norm_nadert"
    NORM_VERSTREKEN = "norm_verstreken"
    VERWIJZER_VRAAGT = "verwijzer_vraagt"


ZINNEN = Teksten(
    {
        OpschaalReden.GEEN_PLEK_PAST: later("Er past nu geen enkele plek."),
        OpschaalReden.NORM_NADERT: later("De norm voor deze urgentie verstrijkt bijna, en er is nog geen plek."),
        OpschaalReden.NORM_VERSTREKEN: later("De norm voor deze urgentie is verstreken, en er is nog geen plek."),
        OpschaalReden.VERWIJZER_VRAAGT: later("De verwijzer vraagt om op te schalen. In het verzoek leest u waarom."),
    }
)


class Opschaaladvies(Struct, rename="camel", frozen=True, kw_only=True):
    aanvraag_id: AanvraagId
    nummer: str
    urgentie: Urgentie
    redenen: list[OpschaalReden]
    zinnen: list[str]
    aanleiding: OpschalingAanleiding
    tafel: OpschalingTafel
    aantal_passend: Annotated[int, Meta(description="Plekken die nu passen.")]
    wachtdagen: int
    norm_dagen: Annotated[int | None, Meta(description="Leeg: de regio heeft geen norm afgesproken.")]


# Where nothing is held or proposed, and nobody looks further yet.
STIL = """
select a.id, a.nummer, a.urgentie, a.huidig_verblijf, a.aangemeld_op,
       exists (select from opschaling o where o.aanvraag_id = a.id and o.tafel = 'schakelfunctionaris') as eerder,
       v.aanleiding::text as gevraagd
from aanvraag a
left join opschalingsverzoek v on v.aanvraag_id = a.id and v.beantwoord_op is null
where a.regio = huidige_regio() and a.status in ('ingediend', 'in_behandeling')
order by a.urgentie, a.aangemeld_op, a.id
"""


async def adviezen(
    conn: Connection, snapshots: Snapshots, travel: Traveller, *, wie: Wie, now: datetime
) -> list[Opschaaladvies]:
    """The most urgent first, and then who waits longest. Raises Refusal UNAVAILABLE."""
    rows, regels = await conn.fetch(STIL), await werkregels(conn)
    asked = await _asked(conn, [row["id"] for row in rows], now)
    view, _ = await snapshots.get(wie.regio, now)
    found = []
    for row in rows:
        one = asked.get(row["id"])
        if one is None:  # asked so that no place can be: an alarm for the verwijzer, and nothing a table can do
            continue
        minutes, _, _ = await travel.minutes(one, view.aanbod)
        fits = int(np.count_nonzero(judge(one, view.aanbod, minutes).plek == 0))
        urgentie, waits = Urgentie(row["urgentie"]), vraag.waited(row["aangemeld_op"], today(now))
        redenen = _redenen(urgentie, fits, waits, regels)
        aanleiding, tafel = _waar(HuidigVerblijf(row["huidig_verblijf"]), redenen, eerder=row["eerder"])
        if row["gevraagd"] is not None:
            if not redenen:
                aanleiding = OpschalingAanleiding(row["gevraagd"])
                tafel = TAFELS[aanleiding][0]
            redenen.append(OpschaalReden.VERWIJZER_VRAAGT)
        if redenen:
            found.append(
                Opschaaladvies(
                    aanvraag_id=row["id"],
                    nummer=row["nummer"],
                    urgentie=urgentie,
                    redenen=redenen,
                    zinnen=[ZINNEN[reden] for reden in redenen],
                    aanleiding=aanleiding,
                    tafel=tafel,
                    aantal_passend=fits,
                    wachtdagen=waits,
                    norm_dagen=regels.normen_dagen.voor(urgentie),
                )
            )
    return found


async def _asked(conn: Connection, ids: list[UUID], now: datetime) -> dict[UUID, Aanvraag]:
    """As the matcher sees each; brothers and sisters all as the same question."""
    found: dict[UUID, Aanvraag] = {}
    for familie in (await vraag.load_open(conn, now, ids)).families if ids else ():
        members = [UUID(child.id) for child in familie.kinderen]
        if len(members) == 1:
            found[members[0]] = familie.kinderen[0]
            continue
        try:
            together, _ = await vraag.load_aanvraag(conn, members[0], now)
        except Refusal as refused:
            if refused.kind is not Kind.CONFLICT:
                raise
            continue
        found |= dict.fromkeys(members, together)
    return found


def _redenen(urgentie: Urgentie, fits: int, waits: int, regels: Werkregels) -> list[OpschaalReden]:
    found = [] if fits else [OpschaalReden.GEEN_PLEK_PAST]
    norm = regels.normen_dagen.voor(urgentie)
    if norm is not None and waits > norm:
        found.append(OpschaalReden.NORM_VERSTREKEN)
    elif norm is not None and waits >= norm - (regels.norm_vooraf_dagen.voor(urgentie) or 0):
        found.append(OpschaalReden.NORM_NADERT)
    return found


def _waar(
    verblijf: HuidigVerblijf, redenen: list[OpschaalReden], *, eerder: bool
) -> tuple[OpschalingAanleiding, OpschalingTafel]:
    """At home with nothing that fits: the doorbraaktafel at once, because after a removal it comes too late."""
    if verblijf in NOG_THUIS and OpschaalReden.GEEN_PLEK_PAST in redenen:
        return OpschalingAanleiding.DREIGENDE_UITHUISPLAATSING, OpschalingTafel.DOORBRAAKTAFEL
    if eerder or OpschaalReden.NORM_VERSTREKEN in redenen:
        return OpschalingAanleiding.GEEN_PLEK, OpschalingTafel.DOORBRAAKTAFEL
    return OpschalingAanleiding.GEEN_PLEK, OpschalingTafel.SCHAKELFUNCTIONARIS
