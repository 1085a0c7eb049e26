"""What is computed beside a plan, in the order in which it is worth the time."""

from __future__ import annotations

import time
from datetime import timedelta

from matcher.proposal.propose import propose
from service.db import Pool, Wie, transaction
from service.rang.travel import Traveller
from service.settings import Settings
from service.worker import problem
from service.worker.advice import pair_prices
from tests import make
from tests.service import plans


async def test_the_cheapest_way_to_place_who_is_left_out_is_priced_first(pool: Pool, wie: Wie) -> None:
    """Time for one pair: not the best place, near by, but that of who waited shorter."""
    async with transaction(pool, wie) as conn:
        homes = []
        for postcode in ("1211 AB", "8232 AB"):
            place = await make.locatie(conn, postcode=postcode)
            homes.append(await make.voorziening(conn, locatie_id=place.id, aanbieder_id=place.aanbieder_id))
            await make.plek(conn, voorziening_id=homes[-1].id)
        await make.aanvraag(conn, now=make.NOW - timedelta(days=30), maximale_reistijd=20)
        ten = await make.aanvraag(conn, now=make.NOW - timedelta(days=10), pc4="8232")
        left = await make.aanvraag(conn)
    plan = await plans.ask(pool, wie)
    async with Traveller.opened(Settings()) as travel, transaction(pool, wie, readonly=True) as conn:
        found = await problem.load(conn, plan.id, travel, make.NOW)
    made = propose(problem.built(found), clock=time.perf_counter, seconds=30)
    assert made.unplaced == (str(left.id),)

    turns = iter([False, False, True])
    (price,) = pair_prices(made, lambda: next(turns))

    assert (price.aanvraag_id, price.voorziening_id, price.verliezers) == (left.id, homes[1].id, [ten.id])
