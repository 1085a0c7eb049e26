"""Which children fit a free plek, without asking all rules of everybody."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from matcher.aanbod import Aanbod
from matcher.geo import Estimate
from matcher.judge import judge
from matcher.reasons import broken
from service.db import Pool, Wie, transaction
from service.rang import aanbod, kinderen, vraag
from tests import make
from tests.service import voorstelling

KADERS = ["vrijwillig", "ots", "voogdij"]


def child(dice: Random) -> dict[str, Any]:
    start = dice.randint(-10, 60)
    return {
        "urgentie": dice.choice(["spoed", "regulier"]),
        "leeftijd_maanden": dice.randint(60, 200),
        "groepssoorten": dice.choice([["gemengd"], ["gemengd", "meisjes"], ["jongens"]]),
        "juridisch_kader": dice.choice(KADERS),
        "kenmerken": dice.choice([[], [], ["brandstichting"]]),
        "medisch": dice.choice([[], [], ["diabeteszorg"]]),
        "rolstoel": dice.random() < 0.2,
        "gewenste_start": make.day(start),
        "uiterlijke_datum": make.day(start + dice.randint(0, 40)),
        "verwacht_verblijf": dice.choice([14, 90, 400]),
    }


def house(dice: Random) -> dict[str, Any]:
    van = dice.randint(48, 120)
    return {
        "leeftijd_van": van,
        "leeftijd_tot": van + dice.randint(24, 100),
        "groepssoort": dice.choice(["gemengd", "gemengd", "meisjes"]),
        "juridische_kaders": dice.sample(KADERS, 2),
        "contra_indicaties": dice.choice([[], ["brandstichting"]]),
        "medisch": dice.choice([[], ["diabeteszorg"]]),
        "rolstoeltoegankelijk": dice.random() < 0.5,
    }


@pytest.mark.parametrize("seed", range(3))
async def test_who_is_found_by_columns_is_found_by_all_rules_and_the_other_way(
    pool: Pool, wie: Wie, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """What `least` says is never more than what all rules say, so nobody who fits is missed, alone or together; and
    all are counted."""
    dice, seen = Random(seed), []
    real = kinderen.least

    def noted(unit: kinderen.Unit, *rest: Any) -> int:
        seen.append((str(unit.rows[0]["id"]), real(unit, *rest)))
        return seen[-1][1]

    monkeypatch.setattr(kinderen, "least", noted)
    async with transaction(pool, wie) as conn:
        organisatie = await make.organisatie(conn)
        for many in (1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2):
            samen = (await make.samenplaatsing(conn, organisatie_id=organisatie)).id if many > 1 else None
            for _ in range(many):
                await make.aanvraag(conn, organisatie_id=organisatie, samenplaatsing_id=samen, **child(dice))
        for _ in range(4):
            unit = await make.voorziening(conn, **house(dice))
            beds = [await make.plek(conn, voorziening_id=unit.id) for _ in range(2)]
            await make.plaatsing(conn, plek_id=beds[0].id, van=make.day(-20), tot=make.day(dice.randint(1, 60)))
            plekken, _ = await aanbod.load_plekken(conn, make.NOW, [unit.id])
            codes, _ = await aanbod.load_codes(conn)
            columns = Aanbod.build(plekken, codes)
            asked = [
                one
                for familie in (await vraag.load_open(conn, make.NOW, zorgvorm="gezinshuis")).families
                for one, _ in kinderen._asked(familie, "gezinshuis")
            ]
            for bed in beds:
                seen.clear()
                all_rules = {one.id: broken(judge(one, columns, Estimate()), str(bed.id)) for one in asked}
                found = await kinderen.kinderen(conn, bed.id, wie=wie, now=make.NOW)
                assert dict(seen).keys() == all_rules.keys()
                assert all(few <= all_rules[id] for id, few in seen)
                assert {str(one.id) for one in found.passend} == {id for id, wrong in all_rules.items() if not wrong}
                assert found.aantal_passend + found.aantal_niet == len(asked) and not found.niet_bekeken


async def test_what_keeps_one_brother_away_keeps_both_away(pool: Pool, wie: Wie) -> None:
    """Also the youngest, with whom the samenplaatsing does not begin."""
    async with transaction(pool, wie) as conn:
        organisatie = await make.organisatie(conn)
        samen = await make.samenplaatsing(conn, organisatie_id=organisatie)
        plek = await make.plek(conn)
        await make.plek(conn, voorziening_id=plek.voorziening_id)
        both = {"organisatie_id": organisatie, "samenplaatsing_id": samen.id}
        await make.aanvraag(conn, **both, leeftijd_maanden=150)
        await make.aanvraag(conn, **both, leeftijd_maanden=100, uitsluitingen=[make.uitgesloten(plek.voorziening_id)])
        other = await make.plek(conn)
        await make.plek(conn, voorziening_id=other.voorziening_id)
        here = await kinderen.kinderen(conn, plek.id, wie=wie, now=make.NOW)
        elsewhere = await kinderen.kinderen(conn, other.id, wie=wie, now=make.NOW)
    assert [one.samen_met for one in elsewhere.passend] == [1]
    assert (here.passend, here.aantal_niet) == ([], 1)


async def test_of_very_many_the_most_urgent_are_looked_at_and_the_rest_is_counted(
    pool: Pool, wie: Wie, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exactly as many as are looked at leaves nobody; one more leaves one: who waits shortest."""
    monkeypatch.setattr(kinderen, "LOOKED_AT", 2)
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        ids = [(await make.aanvraag(conn, now=make.NOW - timedelta(days=9 - at))).id for at in range(2)]
        exactly = await kinderen.kinderen(conn, plek.id, wie=wie, now=make.NOW)
        await make.aanvraag(conn)
        more = await kinderen.kinderen(conn, plek.id, wie=wie, now=make.NOW)
    assert ({one.id for one in exactly.passend}, exactly.niet_bekeken) == (set(ids), 0)
    assert ({one.id for one in more.passend}, more.niet_bekeken, more.aantal_niet) == (set(ids), 1, 0)


async def test_who_was_proposed_to_this_voorziening_already_is_told(pool: Pool, wie: Wie) -> None:
    """A second voorstel to it would be refused; one to another voorziening, or one that is over, says nothing."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        other = await make.plek(conn, voorziening_id=plek.voorziening_id)
        elders = await make.plek(conn)
        ids = {
            what: (await voorstelling.child(conn)).id for what in ("klaar", "verstuurd", "elders", "voorbij", "niet")
        }
        await voorstelling.ready(conn, wie, (ids["klaar"], other.id))
        [over] = await voorstelling.ready(conn, wie, (ids["voorbij"], other.id))
        await voorstelling.step(conn, pool, over.id, "trek_in", wie, reden="Toch niet.")
        await voorstelling.sent(conn, pool, wie, (ids["elders"], elders.id))
        await voorstelling.sent(conn, pool, wie, (ids["verstuurd"], other.id))
        found = await kinderen.kinderen(conn, plek.id, wie=wie, now=make.NOW)
    assert {one.id for one in found.passend if one.loopt} == {ids["klaar"], ids["verstuurd"]}
    assert {one.id for one in found.passend} == set(ids.values())
