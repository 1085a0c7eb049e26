"""Demand as the matcher sees it: many aanvragen in a few queries say what one by one would."""

from __future__ import annotations

from service.db import Pool, Wie, transaction
from service.errors import Refusal
from service.rang import vraag
from tests import make


async def test_many_at_once_are_read_as_one_by_one(pool: Pool, wie: Wie) -> None:
    """Alone, with brothers and sisters (each with its own at the front), with a place that is excluded, and one that no
    place can be asked for because the children ask for different things."""
    async with transaction(pool, wie) as conn:
        organisatie = await make.organisatie(conn)
        unit = await make.voorziening(conn)
        alone = await make.aanvraag(conn, uitsluitingen=[make.uitgesloten(unit.id)])
        ids = [alone.id]
        for vormen in ((["gezinshuis"], ["gezinshuis", "driemilieu"]), (["gezinshuis"], ["driemilieu"])):
            samen = (await make.samenplaatsing(conn, organisatie_id=organisatie)).id
            for months, zorgvormen in zip((100, 150), vormen, strict=True):
                child = await make.aanvraag(
                    conn,
                    organisatie_id=organisatie,
                    samenplaatsing_id=samen,
                    leeftijd_maanden=months,
                    zorgvormen=zorgvormen,
                    zorgvorm_reden="Nabij de school." if "driemilieu" in zorgvormen else None,
                )
                ids.append(child.id)

        found = await vraag.load_each(conn, ids, make.NOW)

        one_by_one = {}
        for id in ids:
            try:
                one_by_one[id], _ = await vraag.load_aanvraag(conn, id, make.NOW)
            except Refusal:
                assert id in ids[-2:]
    assert found == one_by_one and found.keys() == set(ids[:3])
