"""The demo in a real database: every constraint holds, regions do not see each other, and beds fit as few as asked."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime

import asyncpg
import msgspec
import pytest

from matcher.aanbod import Aanbod
from matcher.geo import Estimate
from matcher.problem import Weging
from matcher.rank import rank
from service.db import Connection, Pool, Wie, transaction
from service.demo import Scarcity, generate, is_loaded, load
from service.demo.rows import Rows
from service.demo.scarcity import NARROW_FIT, term
from service.errors import Kind, Refusal
from service.opschaling import opschaaldossier, opschalingen, routes
from service.opschaling.routesoorten import RouteStaat
from service.rang.aanbod import load_codes, load_plekken
from service.rang.vraag import load_aanvraag

TODAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)
OPEN = "is_open(status)"
SMALL = {"aanvragen": 20, "plekken": 160}


async def counts(conn: Connection) -> dict[str, int]:
    return {table: await conn.fetchval(f"select count(*) from {table}") for table in Rows.__struct_fields__}


async def test_every_row_that_is_generated_is_loaded(owner: Connection) -> None:
    """All constraints of schema.sql hold, bezetting_geen_overlap among them: COPY checks each row."""
    loaded = await load(owner, today=TODAY, seed=1)
    there = await counts(owner)
    assert loaded["plek"] == there["plek"] == 400
    same = loaded.keys() - {"jeugdregio", "gemeente", "zorgvorm", "kenmerkcode", "weging", "instelling"}
    assert {table: there[table] for table in same} == {table: loaded[table] for table in same}


async def test_what_is_loaded_agrees_with_itself(owner: Connection) -> None:
    """Each status follows from the facts; what happened leads to it step by step; and nobody is told of it now."""
    await load(owner, today=TODAY, seed=1)
    assert await owner.fetch("select id, status, stand_van(id) from aanvraag where status <> stand_van(id)") == []
    chain = """
        select g.aanvraag_id, g.van = coalesce(lag(g.naar) over w, 'ingediend')
               and g.op >= coalesce(lag(g.op) over w, g.op) as follows,
               g.naar = a.status or lead(g.id) over w is not null as ends
        from gebeurtenis g join aanvraag a on a.id = g.aanvraag_id
        window w as (partition by g.aanvraag_id order by g.nummer)
    """
    told = await owner.fetch(chain)
    assert all(row["follows"] and row["ends"] for row in told)
    living = "status in ('ingediend', 'in_behandeling', 'opgeschaald', 'geplaatst')"
    assert len({row["aanvraag_id"] for row in told}) == await owner.fetchval(
        f"select count(*) from aanvraag where {living}"
    )
    assert await owner.fetchval("select count(*) from aanvraag where vervolg_van is not null") > 0
    assert await owner.fetchval("select count(*) from taak") == 0


async def test_the_routes_and_files_of_the_demo_can_be_read(owner: Connection, pool: Pool, wie: Wie) -> None:
    """They have what their states ask, as far as anybody can see."""
    await load(owner, today=TODAY, seed=1)
    async with transaction(pool, wie, readonly=True) as conn:
        found = await routes.page(conn, now=NOON, limit=200)
        opened = await opschalingen.page(conn, now=NOON, limit=200)
        dossiers = [await opschaaldossier.read(conn, opschaling.id, now=NOON) for opschaling in opened]
    assert {route.staat for route in found} == {RouteStaat.LOOPT, RouteStaat.ONDERZOEK}
    assert dossiers and all(dossier.niet_gezocht for dossier in dossiers)


async def test_jsonb_and_ranges_arrive_as_they_were_made(owner: Connection) -> None:
    rows = generate(seed=1, today=TODAY, **SMALL)
    await load(owner, today=TODAY, seed=1, **SMALL)
    v = next(v for v in rows.voorziening if v.groepsmix)
    assert await owner.fetchval("select groepsmix from voorziening where id = $1", v.id) == v.groepsmix
    assert await owner.fetchval("select groepsmix->>'weglopen' from voorziening where id = $1", v.id) == "2"
    b = rows.bezetting[0]
    assert await owner.fetchval("select periode from bezetting where id = $1", b.id) == b.periode


async def test_what_the_region_has_set_before_stays(owner: Connection) -> None:
    """Weights and code lists that are there are left alone; those that lack are added."""
    await owner.execute("update weging set gewicht = 42 where regio = 'gooi-en-vechtstreek'")
    await load(owner, today=TODAY, **SMALL)
    assert await owner.fetchval("select distinct gewicht from weging where regio = 'gooi-en-vechtstreek'") == 42
    assert await owner.fetchval(
        "select count(*) from kenmerkcode where regio = 'gooi-en-vechtstreek' and code = 'hechting'"
    )


async def test_loading_a_region_twice_is_refused_and_changes_nothing(owner: Connection) -> None:
    assert not await is_loaded(owner)
    await load(owner, today=TODAY, **SMALL)
    assert await is_loaded(owner)
    before = await counts(owner)
    with pytest.raises(Refusal, match="Er staan al gegevens in gooi-en-vechtstreek") as refused:
        await load(owner, today=TODAY, seed=5, **SMALL)
    assert refused.value.kind is Kind.CONFLICT
    assert await counts(owner) == before


async def test_an_unknown_region_is_refused_with_the_ones_that_are_known(owner: Connection) -> None:
    with pytest.raises(Refusal, match=r"De demo kent regio flevoland niet.*omgeving-almere") as refused:
        await load(owner, today=TODAY, regio="flevoland")
    assert refused.value.kind is Kind.NOT_FOUND


async def test_a_second_region_lies_beside_the_first_and_neither_sees_the_other(
    owner: Connection, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    await load(owner, today=TODAY, **SMALL)
    await load(owner, today=TODAY, regio="omgeving-almere", **SMALL)
    for who in (wie, wie_als("schakelfunctionaris", regio="omgeving-almere")):
        async with transaction(pool, who, readonly=True) as conn:
            assert await conn.fetchval("select count(*) from plek") == 160
            for table in ("aanbieder", "plek", "aanvraag", "besluit", "toestemming", "bezetting"):
                assert await conn.fetch(f"select distinct regio from {table}") == [(who.regio,)]


async def test_with_an_agreement_a_region_sees_the_places_of_the_other_but_no_child(
    owner: Connection, pool: Pool, wie: Wie
) -> None:
    await load(owner, today=TODAY, **SMALL)
    await load(owner, today=TODAY, regio="omgeving-almere", **SMALL)
    await owner.execute(
        "insert into regioafspraak (aanbod_regio, vraag_regio, geldigheid) "
        "values ('omgeving-almere', 'gooi-en-vechtstreek', daterange('2020-01-01', null))"
    )
    async with transaction(pool, wie, readonly=True) as conn:
        assert await conn.fetchval("select count(*) from plek") == 320
        assert await conn.fetch("select distinct regio from aanvraag") == [(wie.regio,)]


async def test_the_app_role_cannot_load(pool: Pool) -> None:
    """Only the owner role makes regions."""
    async with pool.acquire() as conn:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await load(conn, today=TODAY, **SMALL)


# ── Scarcity, by the matcher itself ──────────────────────────────────────────────────────────────


async def fits_per_bed(pool: Pool, wie: Wie) -> tuple[dict[str, int], dict[str, int], int]:
    """Of each bed that is free in time: how many children it fits. Of each child: how many voorzieningen fit."""
    async with transaction(pool, wie, readonly=True) as conn:
        plekken, _ = await load_plekken(conn, NOON)
        aanbod = Aanbod.build(plekken, (await load_codes(conn))[0])
        ids = [row["id"] for row in await conn.fetch(f"select id from aanvraag where {OPEN}")]
        cases = [(await load_aanvraag(conn, id_, NOON))[0] for id_ in ids]
    today = TODAY.toordinal()
    beds = {
        p.id: 0
        for p in plekken
        if p.bemenst and any(van <= today + term(p.zorgvorm) and tot > today for van, tot in p.windows)
    }
    weging, places = Weging(gewichten={}, huiselijkheid={}), {}
    for case in cases:
        alone = msgspec.structs.replace(case, jeugdigen=case.jeugdigen[:1])
        found = rank(alone, aanbod, weging, Estimate(), today * 24.0, per_voorziening=False, limit=1000)
        for bed, times in Counter(fit.plek for fit in found.places).items():
            beds[bed] += times
        places[case.id] = rank(case, aanbod, weging, Estimate(), today * 24.0, limit=1000).voorzieningen
    return beds, places, len(ids)


async def test_in_krap_a_third_of_the_beds_fit_fewer_than_five_percent_of_the_children(
    owner: Connection, pool: Pool, wie: Wie
) -> None:
    """The 66 beds for 60 children of service/demo/scarcity.py, judged by every hard rule of the matcher."""
    await load(owner, today=TODAY, seed=1, scarcity=Scarcity.KRAP)
    beds, _, children = await fits_per_bed(pool, wie)
    narrow = sum(fits < NARROW_FIT * children for fits in beds.values())
    assert len(beds) == round(1.1 * children) == 66
    assert 0.30 <= narrow / len(beds) <= 0.37


async def test_the_demo_shows_good_lists_and_children_for_whom_nothing_fits(
    owner: Connection, pool: Pool, wie: Wie
) -> None:
    """What `loket demo` loads: most children have a choice, some have nothing, and for crisis there is a bed."""
    await load(owner, today=TODAY)
    _, places, children = await fits_per_bed(pool, wie)
    assert sum(n >= 3 for n in places.values()) >= 0.4 * children
    assert 3 <= sum(n == 0 for n in places.values()) <= 0.25 * children
    crisis = await owner.fetch(f"select id from aanvraag where urgentie = 'crisis' and {OPEN}")
    assert sum(places[str(row["id"])] > 0 for row in crisis) >= len(crisis) / 2


async def test_in_ruim_almost_every_child_has_a_choice(owner: Connection, pool: Pool, wie: Wie) -> None:
    await load(owner, today=TODAY, seed=1, scarcity=Scarcity.RUIM)
    _, places, children = await fits_per_bed(pool, wie)
    assert sum(n >= 5 for n in places.values()) >= 0.9 * children
