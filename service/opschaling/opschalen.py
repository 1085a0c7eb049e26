"""Opschalen: one action opens an opschaling, makes its file and asks who is nearly fit what they need."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from matcher.solution import Reason, Rule
from service.db import Connection, Rol, Wie
from service.errors import Kind, Refusal
from service.opschaling import opschaaldossier, opschalingen, opschalingsverzoeken, opschalingsvragen
from service.opschaling.opschaaldossier import OF_THE_PROVIDER, Inhoud
from service.opschaling.opschalingen import NieuweOpschaling, Opschaalregels, Opschaling
from service.opschaling.opschalingsvragen import Opschalingsvraag
from service.rang import catalogue
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller
from service.regio import regiokeuzes
from service.taal import gettext


async def open(
    conn: Connection,
    snapshots: Snapshots,
    travel: Traveller,
    aanvraag_id: UUID,
    nieuw: NieuweOpschaling,
    *,
    wie: Wie,
    now: datetime,
) -> Opschaling:
    """The opschaling, its file and its questions, or nothing of it. Refuses as opschalingen.may_open; UNAVAILABLE."""
    regels = await regiokeuzes.load(conn, Opschaalregels)
    await opschalingen.may_open(conn, aanvraag_id, nieuw, now=now)
    inhoud, near = await opschaaldossier.make(
        conn, snapshots, travel, wie, aanvraag_id, regels.opschaling_vragen_meest, now
    )
    id = await opschalingen.insert(conn, aanvraag_id, nieuw, msgspec.to_builtins(inhoud), regels, wie, now=now)
    await opschalingsverzoeken.ja(conn, aanvraag_id, id, wie, now=now)
    asked = await opschalingsvragen.gevraagd(conn, aanvraag_id)
    for bijna in near if nieuw.vraag_aanbieders else ():
        if bijna.voorziening_id in asked:
            continue
        await opschalingsvragen.stel(
            conn,
            opschaling_id=id,
            aanvraag_id=aanvraag_id,
            voorziening_id=bijna.voorziening_id,
            regels=bijna.regels,
            dagen=regels.opschaling_antwoord_dagen,
            now=now,
        )
    return await opschalingen.get(conn, id, now=now)


UITGESLOTEN = """
select exists (
    select from uitsluiting u join voorziening v on v.id = $2
    where u.aanvraag_id = $1 and (u.aanbieder_id = v.aanbieder_id or u.voorziening_id = v.id))
"""


async def ask(conn: Connection, opschaling_id: UUID, voorziening_id: UUID, *, now: datetime) -> Opschalingsvraag:
    """One more question, to a place that a person chose. Refuses NOT_FOUND, INVALID, and CONFLICT: when it is closed,
    asked there already, or the child must not be there."""
    opschaling = await opschalingen.get(conn, opschaling_id, now=now)
    if opschaling.gesloten_op is not None:
        raise Refusal(
            Kind.CONFLICT, gettext("Deze opschaling is gesloten. Wat nu wel kan: een nieuwe opschaling openen.")
        )
    inhoud = msgspec.convert(await opschalingen.inhoud(conn, opschaling_id), Inhoud)
    line = next((line for line in inhoud.plekken if line.voorziening_id == voorziening_id), None)
    known = [Rule(regel) for regel in line.regels] if line is not None else []
    if Rule.VEILIGHEID in known or await conn.fetchval(UITGESLOTEN, opschaling.aanvraag_id, voorziening_id):
        raise Refusal(
            Kind.CONFLICT,
            gettext("Voor de veiligheid mag dit kind daar niet zijn. Wat nu wel kan: een andere voorziening vragen."),
        )
    regels = await regiokeuzes.load(conn, Opschaalregels)
    theirs = tuple(Reason(rule, {}) for rule in known if rule in OF_THE_PROVIDER | {Rule.BESLUIT})
    id = await opschalingsvragen.stel(
        conn,
        opschaling_id=opschaling_id,
        aanvraag_id=opschaling.aanvraag_id,
        voorziening_id=voorziening_id,
        regels=[reason.rule for reason in catalogue.visible(theirs, Rol.AANBIEDER)],
        dagen=regels.opschaling_antwoord_dagen,
        now=now,
    )
    return await opschalingsvragen.get(conn, id)
