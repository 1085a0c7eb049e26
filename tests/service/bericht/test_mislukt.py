"""What somebody should have been told and was not stands in one list for the beheerder, and can be done again."""

from __future__ import annotations

from uuid import UUID

import pytest

from service import taken
from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.bericht import berichten, haken, leveringen, meldingen, mislukt
from service.bericht.mislukt import Mislukt, MisluktSoort
from service.db import Connection, Pool, Rol, Wie, transaction
from service.errors import Kind, Refusal
from service.taken import TaakSoort
from tests import make
from tests.conftest import OTHER_REGIO, REGIO
from tests.service.bericht.test_meldingen import DIENST, happened, person, tell

BEHEER = Wie(REGIO, Rol.BEHEERDER, UUID(int=6))
SHORT = [TaakSoort.MELDING, TaakSoort.TERMIJN, TaakSoort.DAGRONDE]


async def listed(pool: Pool, wie: Wie = BEHEER) -> list[Mislukt]:
    async with transaction(pool, wie, readonly=True) as conn:
        return await mislukt.page(conn)


async def again(pool: Pool, id: UUID) -> None:
    async with transaction(pool, BEHEER) as conn:
        await mislukt.opnieuw(conn, id)


async def give_up(pool: Pool, fout: str) -> None:
    """A worker has the next taak, and will never do it."""
    held = await taken.claim(pool, SHORT, 60)
    assert held is not None
    async with transaction(pool, DIENST) as conn:
        await taken.fail(conn, held, fout)


async def test_a_melding_that_failed_for_good_is_seen_and_done_again(pool: Pool, owner: Connection) -> None:
    """Nobody was told that there is a new aanvraag; nothing of the child stands in the list."""
    loket = await person(owner, "schakelfunctionaris")
    _, event = await happened(pool, GebeurtenisSoort.IN_BEHANDELING)
    await owner.execute("delete from taak where sleutel = $1", str(event))
    filed = await owner.fetchval("select id from gebeurtenis where soort = 'ingediend'")

    await give_up(pool, "De database antwoordde niet.")

    [line] = await listed(pool)
    assert (line.soort, line.gebeurtenis, line.fout) == (
        MisluktSoort.MELDING, GebeurtenisSoort.INGEDIEND, "De database antwoordde niet.",
    )  # fmt: skip
    assert line.wat == mislukt.WAT[MisluktSoort.MELDING]
    await again(pool, line.id)
    assert await listed(pool) == []
    held = await taken.claim(pool, SHORT, 60)
    assert held is not None and held.id == line.id
    async with transaction(pool, DIENST) as conn:
        taak = await taken.read(conn, held)
        assert (taak.sleutel, taak.pogingen) == (str(filed), 1)
        await meldingen.verdeel(conn, UUID(taak.sleutel), now=make.NOW)
        await taken.finish(conn, held)
    assert await owner.fetchval("select gebruiker_id from bericht") == loket


async def test_terms_and_rounds_of_the_day_that_failed_stand_beside_it(pool: Pool, owner: Connection) -> None:
    """What the service itself gave up; a plan tells who asked for it."""
    async with transaction(pool, DIENST) as conn:
        for soort in (TaakSoort.TERMIJN, TaakSoort.DAGRONDE, TaakSoort.PLAN):
            await taken.enqueue(conn, soort, "een", {})
    await owner.execute("update taak set status = 'mislukt', klaar_op = now(), fout = 'Te vaak geprobeerd.'")

    assert {(line.soort, line.gebeurtenis) for line in await listed(pool)} == {("termijn", None), ("dagronde", None)}


async def test_mails_and_leveringen_that_failed_are_in_the_same_list(pool: Pool, owner: Connection) -> None:
    """Each with to whom, and again from there."""
    organisatie, event = await happened(pool, GebeurtenisSoort.IN_BEHANDELING)
    consulent = await person(owner, "verwijzer", organisatie_id=organisatie)
    async with transaction(pool, BEHEER) as conn:
        nieuw = haken.NieuweHaak(organisatie_id=organisatie, url="https://systeem.example/a")
        haak = await haken.add(conn, nieuw, wie=BEHEER, intern=False)
    await owner.execute("insert into meldkeuze values ($1, $2, 'spoed', 'direct')", consulent, REGIO)
    await tell(pool, event)
    async with transaction(pool, DIENST) as conn:
        await berichten.mislukt(conn, await conn.fetchval("select id from bericht"), "De mailserver weigert (550).")
        await leveringen.mislukt(conn, await conn.fetchval("select id from levering"), "Status 500.")

    found = {line.soort: line for line in await listed(pool)}
    assert set(found) == {MisluktSoort.MAIL, MisluktSoort.HAAK}
    assert (found[MisluktSoort.MAIL].gebruiker_id, found[MisluktSoort.HAAK].haak_id) == (consulent, haak.id)
    for line in found.values():
        await again(pool, line.id)
    assert await listed(pool) == []
    assert await owner.fetchval("select count(*) from taak where soort in ('mail', 'haak') and sleutel like '% 2'") == 2


async def test_the_list_goes_page_by_page(pool: Pool, owner: Connection) -> None:
    async with transaction(pool, DIENST) as conn:
        for sleutel in "abcde":
            await taken.enqueue(conn, TaakSoort.TERMIJN, sleutel, {})
    await owner.execute("update taak set status = 'mislukt', klaar_op = now(), fout = 'Te vaak geprobeerd.'")
    whole = [line.id for line in await listed(pool)]

    seen: list[UUID] = []
    async with transaction(pool, BEHEER, readonly=True) as conn:
        while page := await mislukt.page(conn, after=seen[-1] if seen else None, limit=2):
            seen += [line.id for line in page]
    assert seen == whole and len(whole) == 5


async def test_only_the_beheerder_of_the_region_sees_it_and_does_it_again(pool: Pool, owner: Connection) -> None:
    await happened(pool, GebeurtenisSoort.IN_BEHANDELING)
    await give_up(pool, "Kapot.")
    [line] = await listed(pool)
    elsewhere = Wie(OTHER_REGIO, Rol.BEHEERDER, UUID(int=7))

    assert await listed(pool, elsewhere) == []
    assert await listed(pool, Wie(REGIO, Rol.CONTRACTBEHEER, UUID(int=8))) == []
    async with transaction(pool, elsewhere) as conn:
        with pytest.raises(Refusal) as refusal:
            await mislukt.opnieuw(conn, line.id)
    assert refusal.value.kind is Kind.NOT_FOUND
    assert [one.id for one in await listed(pool)] == [line.id]


async def test_who_pages_on_from_what_was_done_again_misses_nothing(pool: Pool, owner: Connection) -> None:
    """It is not on the list any more, so nobody knows what comes after it: then the list begins again."""
    async with transaction(pool, DIENST) as conn:
        for number in range(3):
            await taken.enqueue(conn, TaakSoort.TERMIJN, f"een {number}", {})
    await owner.execute("update taak set status = 'mislukt', klaar_op = now(), fout = 'Te vaak geprobeerd.'")
    async with transaction(pool, BEHEER) as conn:
        [first] = await mislukt.page(conn, limit=1)
        seen = await mislukt.page(conn, after=first.id)
        await mislukt.opnieuw(conn, first.id)

        assert len(seen) == 2 and await mislukt.page(conn, after=first.id) == seen
