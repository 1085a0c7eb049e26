"""What had its term is forgotten, on the day that it is over and not before; what counts, stays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import redis.asyncio

from service.aanbod import bezetting
from service.aanvraag import aanvragen
from service.commands.log import verified
from service.days import AMSTERDAM
from service.db import SYSTEM, Connection, Pool, Rol, Wie, transaction
from service.errors import Kind, Refusal
from service.inloggen import sessies
from service.log import logboek
from service.log.doelen import Doel, Verwerking
from service.plaatsing import plaatsingen
from service.privacy import bewaren
from service.privacy.bewaren import Bewaartermijnen
from service.regio import regiokeuzes
from service.worker.opruimer import Opruimer
from service.worker.zegel import Zegel
from tests import make
from tests.conftest import OTHER_REGIO, REGIO
from tests.service import canary

DIENST = Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, SYSTEM)
LOKET = Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, UUID("11111111-1111-1111-1111-111111111111"))


def at(day: date, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=AMSTERDAM)


async def clear(pool: Pool, now: datetime) -> dict[str, int]:
    """One round of a worker at that moment."""
    return await Opruimer(pool, clock=lambda: now).round()


async def closed(pool: Pool, owner: Connection, day: date, **fields: Any) -> UUID:
    """Id of an aanvraag that was withdrawn on that day."""
    async with transaction(pool, DIENST) as conn:
        id = (await make.aanvraag(conn, **fields)).id
    await owner.execute("update aanvraag set status = 'ingetrokken', afgesloten_op = $2 where id = $1", id, day)
    return id


async def anonymous(owner: Connection, id: UUID) -> bool:
    done: bool = await owner.fetchval("select geanonimiseerd_op is not null from aanvraag where id = $1", id)
    return done


# ── The moved clock ──────────────────────────────────────────────────────────────────────────────


async def test_an_aanvraag_is_anonymous_on_the_day_that_its_term_is_over(pool: Pool, owner: Connection) -> None:
    """Closed on 2 March 2026, kept for 365 days: until midnight of 2 March 2027, in the Netherlands."""
    id = await closed(pool, owner, date(2026, 3, 2))

    assert (await clear(pool, at(date(2027, 3, 1), 23, 59)))["aanvragen"] == 0
    assert not await anonymous(owner, id)
    assert (await clear(pool, at(date(2027, 3, 2))))["aanvragen"] == 1
    assert await anonymous(owner, id)
    assert (await clear(pool, at(date(2027, 3, 3))))["aanvragen"] == 0


async def test_a_region_decides_how_long(pool: Pool, owner: Connection) -> None:
    """A row of instelling, with its source; another region keeps its own."""
    await owner.execute("insert into instelling values ($1, 'bewaar_aanvraag', '30', 'Besluit regio', 1)", REGIO)
    id = await closed(pool, owner, date(2026, 3, 2))

    await clear(pool, at(date(2026, 3, 31), 23))
    assert not await anonymous(owner, id)
    await clear(pool, at(date(2026, 4, 1)))
    assert await anonymous(owner, id)
    async with transaction(pool, DIENST) as conn:
        said = {keuze.sleutel: keuze for keuze in await regiokeuzes.explained(conn, Bewaartermijnen)}
    assert (said["bewaar_aanvraag"].waarde, said["bewaar_aanvraag"].bron) == (30, "Besluit regio")
    assert said["bewaar_logregel"].bron.startswith("NEN 7513")
    assert all(keuze.bron and keuze.omschrijving for keuze in said.values())


@pytest.mark.parametrize("wrong", ['"30"', "0", "null", "1.5"])
async def test_a_wrong_term_forgets_nothing(pool: Pool, owner: Connection, wrong: str) -> None:
    """And does not keep another region from its own."""
    await owner.execute("insert into instelling values ($1, 'bewaar_aanvraag', $2::text::jsonb, 'x', 1)", REGIO, wrong)
    id = await closed(pool, owner, date(2020, 3, 2))
    await owner.execute(
        "insert into taak (regio, soort, sleutel, status, klaar_op) values ($1, 'plan', 'x', 'klaar', '2020-01-01')",
        OTHER_REGIO,
    )

    gone = await clear(pool, make.NOW)

    assert not await anonymous(owner, id) and gone["taken"] == 1
    async with transaction(pool, DIENST) as conn:
        with pytest.raises(Refusal, match="bewaar_aanvraag van uw regio klopt niet"):
            await bewaren.termijnen(conn)


async def test_the_log_is_kept_for_five_years_at_least(pool: Pool, owner: Connection) -> None:
    """NEN 7513: a region cannot choose less."""
    await owner.execute("insert into instelling values ($1, 'bewaar_logregel', '1826', 'x', 1)", REGIO)
    async with transaction(pool, DIENST) as conn:
        with pytest.raises(Refusal, match="bewaar_logregel"):
            await bewaren.termijnen(conn)


async def test_an_open_aanvraag_is_never_forgotten_however_old(pool: Pool, owner: Connection) -> None:
    """Nor one whose child still lives where it was placed."""
    async with transaction(pool, DIENST) as conn:
        open_ = (await make.aanvraag(conn, now=make.NOW - timedelta(days=4000))).id
        placed = (await make.aanvraag(conn)).id
        await make.plaatsing(conn, plek_id=(await make.plek(conn)).id, aanvraag_id=placed)

    assert (await clear(pool, make.NOW + timedelta(days=9000)))["aanvragen"] == 0
    assert not await anonymous(owner, open_) and not await anonymous(owner, placed)


async def test_the_term_counts_from_the_day_on_which_it_was_closed(pool: Pool, owner: Connection) -> None:
    """The database sets the day when the status says so, and takes it back when it is opened again."""
    async with transaction(pool, DIENST) as conn:
        id = (await make.aanvraag(conn)).id
    day = "select afgesloten_op from aanvraag where id = $1"
    assert await owner.fetchval(day, id) is None
    await owner.execute("update aanvraag set status = 'afgewezen' where id = $1", id)
    assert await owner.fetchval(day, id) == await owner.fetchval("select (now() at time zone 'Europe/Amsterdam')::date")
    await owner.execute("update aanvraag set status = 'in_behandeling' where id = $1", id)
    assert await owner.fetchval(day, id) is None


Put = Callable[[datetime], tuple[str, tuple[Any, ...]]]

TAAK = "insert into taak (regio, soort, sleutel, status, klaar_op) values ($2, 'plan', 'k', 'klaar', $1)"
HERHALING = "insert into herhaling values ($2, gen_random_uuid(), 'k', '\\x00', 200, '{}', '\\x00', $1, '{}')"

PUT: dict[str, tuple[int, Put]] = {
    "plannen": (90, lambda op: (
        "insert into plan (regio, gebruiker_id, seconden, zaad, behoud, status, klaar_op)"
        " values ($2, gen_random_uuid(), 9, 1, 0, 'klaar', $1)", (op, REGIO))),
    "taken": (30, lambda op: (TAAK, (op, REGIO))),
    "herhalingen": (2, lambda op: (HERHALING, (op, REGIO))),
    "concepten": (14, lambda op: (
        "with g as (insert into gebruiker (id, regio, naam, rol) values (gen_random_uuid(), $2, 'V', 'beheerder')"
        " returning id) insert into concept select id, $2, '[]', $1, 1 from g", (op, REGIO))),
    "inlogpogingen": (1, lambda op: (
        "insert into inlogpoging (hash, identiteitsprovider_id, nonce, verificateur, browser, naar, begonnen_op)"
        " values ('\\x00', (select id from identiteitsprovider), 'n', 'v', '\\x00', '/', $1)", (op,))),
    "verklaringen": (1, lambda op: ("insert into gebruikte_verklaring values ('u', 'j', $1)", (op,))),
}  # fmt: skip
"""Kind → its default term in days, and a row of it that ended at a moment."""


@pytest.mark.parametrize("kind", PUT)
async def test_each_other_kind_goes_on_the_day_that_its_term_is_over(pool: Pool, owner: Connection, kind: str) -> None:
    """Ended at noon of 2 March: kept for all of the last day of its term, gone at the midnight after."""
    dagen, put = PUT[kind]
    await owner.execute("insert into identiteitsprovider (naam, issuer, client_id) values ('i', 'https://i', 'c')")
    sql, arguments = put(at(date(2026, 3, 2), 12))
    await owner.execute(sql, *arguments)
    over = date(2026, 3, 2) + timedelta(days=dagen)

    assert (await clear(pool, at(over - timedelta(days=1), 23, 59)))[kind] == 0
    assert (await clear(pool, at(over)))[kind] == 1
    assert (await clear(pool, at(over)))[kind] == 0


async def test_work_that_is_not_done_is_kept(pool: Pool, owner: Connection) -> None:
    await owner.execute(
        "insert into taak (regio, soort, sleutel, aangemaakt_op) values ($1, 'plan', 'k', '2020-01-01')", REGIO
    )
    await owner.execute(
        "insert into plan (regio, gebruiker_id, seconden, zaad, behoud, aangemaakt_op)"
        " values ($1, gen_random_uuid(), 9, 1, 0, '2020-01-01')", REGIO
    )  # fmt: skip
    gone = await clear(pool, make.NOW)
    assert (gone["taken"], gone["plannen"]) == (0, 0)


async def test_sessions_go_after_they_ended_of_whomever_they_are(pool: Pool, owner: Connection) -> None:
    """One that ran out and one that was ended; one that counts stays."""
    kept = timedelta(days=30)
    for number, (until, ended) in enumerate(
        [(make.NOW - kept, None), (make.NOW + kept, make.NOW - kept), (make.NOW - timedelta(1), None)]
    ):
        await owner.execute(
            "insert into sessie (hash, regio, gebruiker_id, begonnen_op, gezien_op, verloopt_op, beeindigd_op)"
            " values ($1, $2, $3, $4, $4, $5, $6)",
            sessies.digest(str(number)), REGIO, await make.gebruiker(owner), make.NOW - 2 * kept, until, ended,
        )  # fmt: skip

    assert (await clear(pool, make.NOW))["sessies"] == 2
    assert await owner.fetchval("select hash from sessie") == sessies.digest("2")


async def test_log_lines_go_after_their_term_and_the_chain_still_holds(pool: Pool, owner: Connection) -> None:
    """NEN 7513: five years at least, counted in whole days from the seal."""
    async with transaction(pool, DIENST) as conn:
        await logboek.schrijf_los(conn, DIENST, bewaren.FORGET, now=make.NOW, spoor=logboek.spoor())
    await Zegel(pool, None, clock=lambda: make.NOW).round()
    over = make.NOW + timedelta(days=1827)

    assert (await clear(pool, over))["logregels"] == 0
    over += timedelta(seconds=1)
    assert (await clear(pool, over))["logregels"] == 1
    assert await owner.fetchval("select termijn_dagen from logwissing") == 1827
    (uitslag,), notes = await verified(pool, None, over)
    assert (uitslag.bevindingen, uitslag.verwijderd, notes) == ([], 1, [])


async def test_the_pseudonym_outlives_the_child_by_its_own_term(pool: Pool, owner: Connection) -> None:
    """Until then a parent can still ask who looked; then nobody can tell, also not by the record of the removal."""
    await owner.execute("insert into instelling values ($1, 'bewaar_pseudoniem', '10', 'x', 1)", REGIO)
    id = await closed(pool, owner, date(2025, 1, 1))
    pseudoniem = await owner.fetchval("select pseudoniem from betrokkene where aanvraag_id = $1", id)
    await clear(pool, make.NOW)
    assert await owner.fetchval("select betrokkene from wissing") == pseudoniem

    over = at(make.TODAY + timedelta(days=10))
    assert (await clear(pool, over - timedelta(minutes=1)))["pseudoniemen"] == 0
    async with transaction(pool, DIENST) as conn:
        assert await conn.fetchval("select count(*) from inzagen($1, null, 9)", id) == 1
    assert (await clear(pool, over))["pseudoniemen"] == 1

    await owner.execute("delete from logketen")
    assert await canary.found(owner, (str(pseudoniem),)) == {("logregel", str(pseudoniem))}
    async with transaction(pool, DIENST) as conn:
        assert await conn.fetchval("select count(*) from inzagen($1, null, 9)", id) == 0


# ── Nothing of the child is left, and what counts is ─────────────────────────────────────────────


@pytest.fixture
async def kanarie(pool: Pool, owner: Connection) -> UUID:
    """A child with everything around it, that came and left again on 2 March 2026."""
    await canary.codes(owner)
    async with transaction(pool, LOKET) as conn:
        id = await canary.child(conn)
    async with transaction(pool, LOKET) as conn:
        brother = (await make.aanvraag(conn, kenmerk="BROER")).id
        await canary.name(conn, id, brother)
        optie = await make.plek(conn)
        await bezetting.houd(
            conn, optie.id, id, make.day(100), make.day(160), vervalt_op=make.NOW + timedelta(hours=1), now=make.NOW
        )
    async with transaction(pool, LOKET) as conn:
        plaatsing = await canary.surround(conn, id)
    async with transaction(pool, LOKET) as conn:
        await plaatsingen.beeindig(conn, plaatsing, make.TODAY, bezetting.EindeReden.TERUG_NAAR_HUIS, now=make.NOW)
    await owner.execute("update aanvraag set afgesloten_op = $2 where id = $1", id, make.TODAY)
    return id


async def test_nothing_of_the_child_is_left_in_any_table(pool: Pool, owner: Connection, kanarie: UUID) -> None:
    """Every column of every table: text, json and bytes. Before, each token stood somewhere."""
    assert {token for _, token in await canary.found(owner)} == set(canary.TOKENS)

    assert (await clear(pool, make.NOW + timedelta(days=365)))["aanvragen"] == 1

    assert await canary.found(owner) == set()


async def test_nothing_names_the_child_but_its_own_row_and_the_record(
    pool: Pool, owner: Connection, kanarie: UUID
) -> None:
    """Its id: in plans, prices of others, kept answers, tasks, stays. What remains: statistics, and codes of what was
    tried."""
    samen = await owner.fetchval("select samenplaatsing_id from aanvraag where id = $1", kanarie)
    await clear(pool, make.NOW + timedelta(days=365))

    assert {table for table, _ in await canary.found(owner, (str(kanarie),))} == {
        "aanvraag", "besluit", "betrokkene", "voorstel", "voorstel_keuze", "route", "opschaling", "opschaling_vraag",
    }  # fmt: skip
    assert await canary.found(owner, (str(samen),)) == set()
    assert await owner.fetchval("select count(*) from bezetting where bewoner_kenmerken is not null") == 0


async def test_what_counts_stays(pool: Pool, owner: Connection, kanarie: UUID) -> None:
    """Zorgvorm, urgentie, gemeente, days waited, what came of it; age in years, days as months."""
    await clear(pool, make.NOW + timedelta(days=365))

    row = await owner.fetchrow("select * from aanvraag where id = $1", kanarie)
    assert row is not None
    assert (row["urgentie"], row["gemeente_code"], row["zorgvormen"], row["status"], row["juridisch_kader"]) == (
        "spoed", "0402", ["gezinshuis", "residentieel"], "beeindigd", "ots",
    )  # fmt: skip
    assert (row["leeftijd_maanden"], row["leeftijd_peildatum"]) == (144, date(2026, 3, 1))
    assert {row["gewenste_start"], row["afgesloten_op"]} == {date(2026, 3, 1)}
    assert row["aangemeld_op"].astimezone(AMSTERDAM) == at(date(2026, 2, 1))
    assert row["uitkomst"] == {
        "dagenTotGewensteStart": 21,
        "dagenTotGrondslag": 17,
        "dagenTotStart": 19,
        "dagenTotSluiting": 20,
        "afgewezen": 1,
        "voorstellen": [{"zorgvorm": "gezinshuis", "status": "afgewezen", "dagen": 0}],
        "verblijven": [{"zorgvorm": "gezinshuis", "dagen": 1, "einde": "terug_naar_huis"}],
    }
    async with transaction(pool, LOKET) as conn:
        seen = await aanvragen.get(conn, kanarie)
        assert (seen.pc4, seen.kenmerk, seen.toestemmingen) == (None, None, [])
        with pytest.raises(Refusal, match="anoniem gemaakt"):
            await aanvragen.change(conn, kanarie, aanvragen.WijzigingAanvraag(rolstoel=True), now=make.NOW)
    besluit = await owner.fetchrow("select * from besluit")
    assert besluit is not None and (besluit["reden"], besluit["toelichting"]) == ("anders", "(verwijderd)")
    assert await owner.fetchval("select count(*) from bezetting where soort = 'plaatsing'") == 1


async def test_the_removal_is_written_down_and_logged(pool: Pool, owner: Connection, kanarie: UUID) -> None:
    now = make.NOW + timedelta(days=365)
    pseudoniem = await owner.fetchval("select pseudoniem from betrokkene where aanvraag_id = $1", kanarie)
    nummer = await owner.fetchval("select nummer from aanvraag where id = $1", kanarie)
    await clear(pool, now)

    wissing = await owner.fetchrow("select * from wissing")
    regel = await owner.fetchrow("select * from logregel order by id desc limit 1")
    assert wissing is not None and regel is not None
    assert (wissing["soort"], wissing["op"], wissing["nummer"], wissing["gebruiker_id"]) == (
        "termijn",
        now,
        nummer,
        SYSTEM,
    )
    assert wissing["betrokkene"] == regel["betrokkene"] == pseudoniem
    assert (regel["gebeurtenis"], regel["handeling"], regel["moment"]) == ("verwijder", "bewaartermijn", now)
    assert regel["doel"] in set(Doel) and regel["verwerking"] in set(Verwerking)


async def test_siblings_that_stay_keep_each_other(pool: Pool, owner: Connection) -> None:
    """The samenplaatsing goes with the last of them."""
    async with transaction(pool, DIENST) as conn:
        gi = await make.organisatie(conn)
        samen = (await make.samenplaatsing(conn, organisatie_id=gi)).id
    first = await closed(pool, owner, date(2025, 1, 1), organisatie_id=gi, samenplaatsing_id=samen)
    second = await closed(pool, owner, date(2026, 1, 1), organisatie_id=gi, samenplaatsing_id=samen)

    await clear(pool, make.NOW)
    assert await owner.fetchval("select samenplaatsing_id from aanvraag where id = $1", first) is None
    assert await owner.fetchval("select samenplaatsing_id from aanvraag where id = $1", second) == samen
    await clear(pool, make.NOW + timedelta(days=365))
    assert await owner.fetchval("select count(*) from samenplaatsing") == 0


async def test_two_workers_at_once_forget_each_child_once(pool: Pool, owner: Connection) -> None:
    """One has the region; the other goes on to the next."""
    for _ in range(5):
        await closed(pool, owner, date(2025, 1, 1))

    gone = await asyncio.gather(*(clear(pool, make.NOW) for _ in range(4)))

    assert sum(each["aanvragen"] for each in gone) == 5
    assert await owner.fetchval("select count(*) from wissing") == 5
    assert await owner.fetchval("select count(*) from logregel where gebeurtenis = 'verwijder'") == 5


async def test_more_children_than_fit_in_one_transaction_all_go(
    pool: Pool, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bewaren, "BATCH", 2)
    for _ in range(5):
        await closed(pool, owner, date(2025, 1, 1))
    assert (await clear(pool, make.NOW))["aanvragen"] == 5


# ── On request, and who may ─────────────────────────────────────────────────────────────────────


async def test_on_request_a_closed_aanvraag_goes_at_once_with_the_reason(pool: Pool, owner: Connection) -> None:
    id = await closed(pool, owner, make.TODAY, praktisch="kanarie_praktisch")
    async with transaction(pool, LOKET) as conn:
        await bewaren.wis(conn, id, "Verzoek van de jeugdige", make.NOW)

    row = await owner.fetchrow("select soort, reden, gebruiker_id from wissing")
    assert row is not None and tuple(row) == ("verzoek", "Verzoek van de jeugdige", LOKET.gebruiker)
    assert await canary.found(owner, ("kanarie_praktisch",)) == set()
    async with transaction(pool, LOKET) as conn:
        with pytest.raises(Refusal, match="al anoniem"):
            await bewaren.wis(conn, id, "Nog eens", make.NOW)


async def test_what_another_region_was_answered_goes_too(pool: Pool, owner: Connection) -> None:
    """A provider under an agreement sent a step again with a key: the child is in the answer that was kept for it."""
    id = await closed(pool, owner, make.TODAY)
    await owner.execute(
        "insert into herhaling (regio, gebruiker_id, sleutel, verzoek_hash, status, koppen, antwoord, betrokkenen)"
        " values ($1, $2, 'sleutel', '', 200, '{}', 'kanarie_antwoord', array[$3::uuid])",
        OTHER_REGIO,
        UUID(int=9),
        id,
    )
    async with transaction(pool, LOKET) as conn:
        await bewaren.wis(conn, id, "Verzoek van de jeugdige", make.NOW)

    assert await owner.fetchval("select count(*) from herhaling") == 0


async def test_an_open_aanvraag_is_closed_first(pool: Pool, owner: Connection) -> None:
    """Nobody removes a child that waits for a place without saying so; and never one that lives somewhere."""
    async with transaction(pool, LOKET) as conn:
        open_ = (await make.aanvraag(conn)).id
        placed = (await make.aanvraag(conn)).id
        await make.plaatsing(conn, plek_id=(await make.plek(conn)).id, aanvraag_id=placed)
    for id, sluit, says in (
        (open_, False, "nog open"),
        (placed, True, "loopt nog een plaatsing"),
        (uuid4(), True, "niet"),
    ):
        async with transaction(pool, LOKET) as conn:
            with pytest.raises(Refusal, match=says):
                await bewaren.wis(conn, id, "x", make.NOW, sluit=sluit)

    async with transaction(pool, LOKET) as conn:
        await bewaren.wis(conn, open_, "Verzoek van de ouders", make.NOW, sluit=True)
    assert await anonymous(owner, open_) and not await anonymous(owner, placed)


@pytest.mark.parametrize("rol", [rol for rol in Rol if rol is not Rol.SCHAKELFUNCTIONARIS])
async def test_no_other_rol_forgets_anything(pool: Pool, owner: Connection, rol: Rol) -> None:
    """Nor does a schakelfunctionaris clear by term: only the service itself, which counts the days."""
    id = await closed(pool, owner, date(2020, 1, 1))
    calls = (
        ("select anonimiseer($1, now(), 'verzoek', 'x')", (id,), Wie(REGIO, rol, uuid4())),
        ("select anonimiseer($1, now(), 'termijn', null)", (id,), LOKET),
        ("select ruim_op('plannen', now())", (), LOKET),
        ("select ruim_op('sessies', now())", (), Wie(REGIO, rol, SYSTEM)),
    )
    for sql, arguments, who in calls:
        with pytest.raises(Exception, match="only the"):
            async with transaction(pool, who) as conn:
                await conn.execute(sql, *arguments)
    async with transaction(pool, Wie(OTHER_REGIO, Rol.SCHAKELFUNCTIONARIS, uuid4())) as conn:
        with pytest.raises(Refusal) as refused:
            await bewaren.wis(conn, id, "x", make.NOW)
    assert refused.value.kind is Kind.NOT_FOUND
    assert not await anonymous(owner, id)


async def test_valkey_keeps_nothing_of_anybody(valkey_client: redis.asyncio.Redis, kanarie: UUID) -> None:
    """No function that knows a child puts anything there; whoever changes that, forgets it there too."""
    assert [key async for key in valkey_client.scan_iter("*")] == []
