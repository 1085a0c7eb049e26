"""Over HTTP: a provider says when a child came and left, the crisisdienst writes down what it agreed by telephone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from service.days import noon
from service.db import Connection, Pool, Wie, transaction
from service.log import inzagen
from service.plaatsing import plaatsingen
from service.urgentie import Urgentie
from tests import make
from tests.conftest import OTHER_REGIO
from tests.web.conftest import Serve

Als = Callable[..., Wie]


async def placed(pool: Pool, wie: Wie, *, child: Wie | None = None, **fields: Any) -> tuple[UUID, UUID, UUID]:
    """Ids of an aanbieder, an aanvraag and its plaatsing that begins tomorrow; `child`: the loket of its region."""
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn, **fields)
        plek = await make.plek(conn, voorziening_id=huis.id)
    async with transaction(pool, child or wie) as conn:
        aanvraag = await make.aanvraag(conn)
        made = await plaatsingen.plaats(conn, plek.id, aanvraag.id, make.day(1), make.day(90), now=make.NOW)
    return huis.aanbieder_id, aanvraag.id, made.id


async def step(client: httpx.AsyncClient, id: UUID, **body: Any) -> httpx.Response:
    return await client.post(f"/v1/plaatsingen/{id}/stappen", json=body)


async def test_a_provider_says_when_a_child_came_and_left(
    pool: Pool, owner: Connection, serve: Serve, wie: Wie, wie_als: Als
) -> None:
    """On its own plekken. It is told until when to send its own start- and stopbericht."""
    aanbieder, aanvraag, id = await placed(pool, wie)
    client = await serve(wie_als("aanbieder", organisatie=aanbieder), clock=lambda: noon(make.day(12)))

    came = await step(client, id, stap="begin", op=make.day(2).isoformat())
    left = await step(client, id, stap="beeindig", op=make.day(11).isoformat(), einde="doorstroom")

    assert (came.status_code, came.json()["stand"], came.json()["van"]) == (200, "loopt", make.day(2).isoformat())
    assert came.json()["startberichtVoor"] == "2026-03-11"
    assert (left.status_code, left.json()["stand"], left.json()["kan"]) == (200, "beeindigd", [])
    assert left.json()["stopberichtVoor"] == "2026-03-20"
    told = await owner.fetch(
        "select soort, rol, naar from gebeurtenis where aanvraag_id = $1 order by nummer", aanvraag
    )
    assert [tuple(row) for row in told[-2:]] == [
        ("begonnen", "aanbieder", "geplaatst"),
        ("beeindigd", "aanbieder", "beeindigd"),
    ]


async def test_a_child_of_another_region_is_ended_too_and_logged_there(
    pool: Pool, owner: Connection, serve: Serve, wie: Wie, wie_als: Als
) -> None:
    """The provider cannot see the aanvraag of the other region, and its status follows all the same."""
    elders = wie_als("schakelfunctionaris", regio=OTHER_REGIO)
    await owner.execute(
        "insert into regioafspraak (aanbod_regio, vraag_regio, geldigheid) values ($1, $2, '[2020-01-01,)')",
        wie.regio,
        OTHER_REGIO,
    )
    aanbieder, aanvraag, id = await placed(pool, wie, child=elders)
    client = await serve(wie_als("aanbieder", organisatie=aanbieder), clock=lambda: noon(make.day(12)))

    listed = (await client.get("/v1/plaatsingen")).json()
    await step(client, id, stap="begin", op=make.day(1).isoformat())
    left = await step(client, id, stap="beeindig", op=make.day(11).isoformat(), einde="volgens_plan")

    assert [one["id"] for one in listed] == [str(id)]
    assert left.status_code == 200, left.text
    assert await owner.fetchval("select status from aanvraag where id = $1", aanvraag) == "beeindigd"
    regions = await owner.fetch("select distinct regio from gebeurtenis where aanvraag_id = $1", aanvraag)
    assert [row["regio"] for row in regions] == [OTHER_REGIO]
    async with transaction(pool, elders) as conn:
        looked = await inzagen.inzagen(conn, aanvraag)
    assert {one.handeling for one in looked} == {"lijstPlaatsingen", "zetPlaatsingStap"}


async def test_another_provider_finds_nothing(pool: Pool, serve: Serve, wie: Wie, wie_als: Als) -> None:
    _, _, id = await placed(pool, wie)
    async with transaction(pool, wie) as conn:
        other = (await make.aanbieder(conn)).id
    client = await serve(wie_als("aanbieder", organisatie=other))

    assert (await client.get("/v1/plaatsingen")).json() == []
    assert (await client.get(f"/v1/plaatsingen/{id}")).status_code == 404
    assert (await step(client, id, stap="verleng", tot="2026-05-01")).status_code == 404


async def test_the_loket_of_the_places_sees_a_child_of_elsewhere_and_changes_nothing(
    pool: Pool, owner: Connection, api: httpx.AsyncClient, wie: Wie, wie_als: Als
) -> None:
    """That is for its provider, and for the loket of the child."""
    elders = wie_als("schakelfunctionaris", regio=OTHER_REGIO)
    await owner.execute(
        "insert into regioafspraak (aanbod_regio, vraag_regio, geldigheid) values ($1, $2, '[2020-01-01,)')",
        wie.regio,
        OTHER_REGIO,
    )
    _, _, id = await placed(pool, wie, child=elders)

    refused = await step(api, id, stap="verleng", tot="2026-05-01")

    assert (await api.get(f"/v1/plaatsingen/{id}")).json()["kan"] == []
    assert refused.status_code == 409


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"stap": "begin"}, {"/op"}),
        ({"stap": "beeindig", "op": "2026-03-01"}, {"/einde"}),
        ({"stap": "zeg_af"}, {"/reden"}),
        ({"stap": "verleng", "op": "2026-03-01"}, {"/op"}),
        ({"stap": "begin", "op": "2026-03-03"}, {"/op"}),
        ({"stap": "verleng", "tot": "2026-03-03"}, {"/tot"}),
        ({"stap": "zeg_af", "reden": "BSN 123456782"}, {"/reden"}),
    ],
)
async def test_a_step_says_what_it_needs(
    pool: Pool, api: httpx.AsyncClient, wie: Wie, body: dict[str, Any], pointers: set[str]
) -> None:
    """The plaatsing begins on 3 March, which is tomorrow."""
    _, _, id = await placed(pool, wie)

    refused = await step(api, id, **body)

    assert refused.status_code == 400
    assert {error["location"]["pointer"] for error in refused.json()["errors"]} == pointers


async def test_an_impossible_step_says_what_is_possible_now(pool: Pool, api: httpx.AsyncClient, wie: Wie) -> None:
    _, _, id = await placed(pool, wie)

    refused = await step(api, id, stap="beeindig", op=make.TODAY.isoformat(), einde="anders")

    assert refused.status_code == 409
    assert "Wat nu wel kan: zeg op welke dag het kind kwam; " in refused.json()["detail"]


@pytest.mark.parametrize(
    ("since", "warned"),
    [(date(2025, 3, 2), True), (date(2025, 3, 3), False), (date(2024, 2, 29), True)],
)
async def test_after_a_year_in_one_family_leaving_meets_a_warning_and_no_refusal(
    pool: Pool, serve: Serve, wie: Wie, since: date, warned: bool
) -> None:
    """The kinderrechter may have to say yes, or the foster parents may say no. A year as the law counts it."""
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn, zorgvorm="pleegzorg-opvoeding")
        plek = await make.plek(conn, voorziening_id=huis.id, bestaat_van=date(2020, 1, 1))
        made = await make.plaatsing(conn, plek_id=plek.id, van=since, tot=None)
    client = await serve(wie)

    shown = (await client.get(f"/v1/plaatsingen/{made.id}")).json()
    left = await step(client, made.id, stap="beeindig", op=make.TODAY.isoformat(), einde="verhuisd")

    assert any("blokkaderecht" in line for line in shown["letOp"]) is warned
    assert left.status_code == 200


async def test_a_crisis_is_written_down_over_http(
    pool: Pool, owner: Connection, serve: Serve, wie: Wie, wie_als: Als
) -> None:
    """Twice with one key is once; the provider sees the plaatsing, and not with whom was called or what follows."""
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn, zorgvorm="crisis", bellen_telefoon="035 123 45 67")
        plek = await make.plek(conn, voorziening_id=huis.id)
        aanvraag = await make.aanvraag(conn, urgentie=Urgentie.CRISIS)
    night = await serve(wie_als("crisisdienst"))
    body = {
        "aanvraagId": str(aanvraag.id),
        "plekId": str(plek.id),
        "gebeldOp": (make.NOW - timedelta(hours=2)).isoformat(),
        "met": "Groepsleider",
    }

    free = (await night.get("/v1/crisisplekken")).json()
    answers = [
        await night.post("/v1/crisisplaatsingen", json=body, headers={"Idempotency-Key": "nacht"}) for _ in range(2)
    ]
    provider = await serve(wie_als("aanbieder", organisatie=huis.aanbieder_id))
    seen = (await provider.get(answers[0].headers["Location"])).json()
    loket = await (await serve(wie)).get(answers[0].headers["Location"])

    assert [(one["id"], one["bellenTelefoon"], one["zeker"]) for one in free] == [(str(plek.id), "035 123 45 67", True)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert await owner.fetchval("select count(*) from telefoongesprek") == 1
    assert (await night.get("/v1/crisisplekken")).json() == []
    assert (seen["gesprek"], seen["vervolgId"], seen["nummer"]) == (None, None, aanvraag.nummer)
    assert loket.json()["gesprek"]["met"] == "Groepsleider" and loket.json()["vervolgId"] is not None
