"""A plaatsing that is definitive rests on all that the law asks: the database holds that too, whoever writes it."""

from __future__ import annotations

import contextlib

import asyncpg

from service.db import Connection, Pool, Wie, transaction
from service.plaatsing import plaatsingen
from tests import make
from tests.service.plaatsing.test_plaatsingen import ready

JEUGDIGE = """
insert into toestemming (regio, aanvraag_id, persoon, status, datum)
select regio, id, 'jeugdige', 'gegeven', current_date from aanvraag
"""
OLD = "update aanvraag set leeftijd_maanden = {0}"
NO = "update toestemming set status = 'geweigerd' where persoon <> 'jeugdige'"

PAPERS = {
    "all is there": ([], True),
    "a grondslag that is only asked for": (["update grondslag set status = 'aangevraagd'"], False),
    "a grondslag of tomorrow": (["update grondslag set datum = $$2026-03-03$$"], False),
    "a grondslag until today": (["update grondslag set geldig_tot = $$2026-03-02$$"], True),
    "a grondslag until yesterday": (
        ["update grondslag set datum = datum - 9, geldig_tot = $$2026-03-01$$"],
        False,
    ),
    "a provider that took its yes back": (
        [
            "insert into besluit (regio, aanvraag_id, voorziening_id, uitkomst, reden, op)"
            " select regio, aanvraag_id, voorziening_id, 'afgewezen', 'afstand', op + interval '1 hour' from besluit"
        ],
        False,
    ),
    "a parent who was asked": (["update toestemming set status = 'gevraagd'"], False),
    "a parent who need not be asked": (["update toestemming set status = 'niet_vereist', reden = 'Voogd.'"], True),
    "nobody was asked": (["delete from toestemming"], False),
    "a month before twelve, without the jeugdige": ([OLD.format(143)], True),
    "twelve, without the jeugdige": ([OLD.format(144)], False),
    "twelve, with the jeugdige": ([OLD.format(144), JEUGDIGE], True),
    "a month before sixteen, against the parents": ([OLD.format(191), JEUGDIGE, NO], False),
    "sixteen, against the parents": ([OLD.format(192), JEUGDIGE, NO], True),
    "sixteen, without the jeugdige": ([OLD.format(192)], False),
}


class TakenBack(Exception):
    """Ends a transaction whose work is not to stay."""


async def test_without_the_papers_nothing_is_definitive_whoever_writes_it(
    pool: Pool, owner: Connection, wie: Wie
) -> None:
    """Both sides of each boundary, written past the service."""
    async with transaction(pool, wie) as conn:
        plek, aanvraag = await ready(conn)
        await plaatsingen.plaats(conn, plek, aanvraag, make.TODAY, make.day(90), now=make.NOW)
    settled = {}
    for papers, (changes, _) in PAPERS.items():
        with contextlib.suppress(TakenBack):
            async with owner.transaction():
                for change in changes:
                    await owner.execute(change)
                try:
                    await owner.execute("update bezetting set definitief_op = $1 where soort = 'plaatsing'", make.NOW)
                    settled[papers] = "definitive"
                except asyncpg.CheckViolationError as error:
                    settled[papers] = error.constraint_name
                raise TakenBack
    refused = "bezetting_definitief_compleet"
    assert settled == {papers: "definitive" if holds else refused for papers, (_, holds) in PAPERS.items()}
