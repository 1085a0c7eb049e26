"""/v1/instellingen: settings of the region, with a source each; changed with why, tried out first, and set back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from service.db import Connection, Pool, Wie, transaction
from service.instellingen import keuzes
from service.regio.werkregels import werkregels
from service.urgentie import Urgentie
from tests import make
from tests.web.conftest import Serve

Als = Callable[..., Wie]

UREN = {"crisis": 2, "spoed": 20, "regulier": 60}


async def change(api: httpx.AsyncClient, body: dict[str, Any], *, etag: str | None = None) -> httpx.Response:
    etag = etag or (await api.get("/v1/instellingen")).headers["etag"]
    return await api.patch("/v1/instellingen", json={"waarom": "Afgesproken", **body}, headers={"If-Match": etag})


async def test_each_setting_is_told_with_where_it_comes_from(serve: Serve, wie_als: Als) -> None:
    """Its default where the region chose nothing; the weights come from their own table."""
    found = (await (await serve(wie_als("contractbeheer"))).get("/v1/instellingen")).json()

    assert found["optieUren"] == {"crisis": 4, "spoed": 24, "regulier": 72}
    assert found["bronnen"]["gezinMaanden"].startswith("Burgerlijk Wetboek")
    assert found["gewichten"]["spoed"]["afstand"] == 1.0 and found["bronnen"]["gewichten"] == "tests"
    assert found["bronnen"].keys() == set(keuzes.CAMEL.values()) and found["ongeldig"] == []


async def test_a_change_holds_from_then_on_and_says_who_when_and_why(
    serve: Serve, pool: Pool, wie: Wie, wie_als: Als, owner: Connection
) -> None:
    """What is left out stays; what is the same makes no line of history; it is in the log."""
    beheer = wie_als("beheerder")
    await owner.execute(
        "insert into gebruiker (id, regio, naam, rol) values ($1, $2, 'Bo Beheer', 'beheerder')",
        beheer.gebruiker,
        beheer.regio,
    )
    api = await serve(beheer)

    answer = await change(api, {"optieUren": UREN, "optiesHoogstens": 3, "bron": "Besluit van 2 maart"})

    assert answer.status_code == 200 and answer.json()["optieUren"] == UREN
    assert answer.json()["bronnen"]["optieUren"] == "Besluit van 2 maart"
    async with transaction(pool, wie, readonly=True) as conn:
        assert (await werkregels(conn)).optie_uren.voor(Urgentie.SPOED) == 20
    [line] = (await api.get("/v1/instellingwijzigingen")).json()
    assert (line["door"], line["waarom"], line["bron"]) == ("Bo Beheer", "Afgesproken", "Besluit van 2 maart")
    assert [(one["sleutel"], one["was"], one["wordt"]) for one in line["veranderd"]] == [
        ("optieUren.crisis", "4", "2"), ("optieUren.spoed", "24", "20"), ("optieUren.regulier", "72", "60"),
    ]  # fmt: skip
    assert await owner.fetchval("select count(*) from logregel where handeling = 'wijzigInstellingen'") == 1


async def test_a_weight_changes_the_table_that_the_order_is_made_of(
    serve: Serve, wie_als: Als, owner: Connection
) -> None:
    api = await serve(wie_als("beheerder"))
    gewichten = (await api.get("/v1/instellingen")).json()["gewichten"]
    gewichten["regulier"]["afstand"] = 2.5

    assert (await change(api, {"gewichten": gewichten})).json()["gewichten"] == gewichten

    rows = await owner.fetch("select urgentie::text, criterium::text from weging where gewicht = 2.5")
    assert [tuple(row) for row in rows] == [("regulier", "afstand")]
    [line] = (await api.get("/v1/instellingwijzigingen")).json()
    assert [(one["sleutel"], one["wordt"]) for one in line["veranderd"]] == [("gewichten.regulier.afstand", "2,5")]


async def test_who_changes_what_somebody_else_changed_meanwhile_must_look_again(serve: Serve, wie_als: Als) -> None:
    api = await serve(wie_als("beheerder"))
    old = (await api.get("/v1/instellingen")).headers["etag"]
    await change(api, {"optiesHoogstens": 4}, etag=old)

    assert (await change(api, {"optiesHoogstens": 5}, etag=old)).status_code == 412
    assert (await api.patch("/v1/instellingen", json={"waarom": "x"})).status_code == 428


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"optieUren": {"crisis": 0, "spoed": 1, "regulier": 1}}, "/optieUren/crisis"),
        ({"cijfersMaanden": 4}, "/cijfersMaanden"),
        ({"alarmCrisisDagen": [14, 0]}, "/alarmCrisisDagen/1"),
        ({"alarmCrisisDagen": []}, "/alarmCrisisDagen"),
        ({"bevrijdingsdagVrij": "soms"}, "/bevrijdingsdagVrij"),
        ({"crisisZorgvormen": ["crises"]}, "/crisisZorgvormen/0"),
        ({"banden": {"goed": 40, "past": 50}}, "/banden/past"),
        ({"zekerUren": 700}, "/zekerUren"),
        ({"herinneringUren": {"crisis": 3, "spoed": 1, "regulier": 1}}, "/herinneringUren/crisis"),
        ({"herinneringUren": {"crisis": 1, "spoed": 1}}, "/herinneringUren/regulier"),
        ({"gewichten": {"crisis": {"samen": 1}, "spoed": {"samen": 1}}, "zekerUren": 200}, "/gewichten/regulier"),
        ({"ankers": {"thuis": 0, "school": 0, "netwerk": 0}}, "/ankers"),
        ({"gewichten": {"crisis": {}, "spoed": {"samen": 1}, "regulier": {"samen": 1}}}, "/gewichten/crisis"),
        ({"bewaarLogregel": 30}, "/bewaarLogregel"),
        ({"loketTelefoon": "bel maar"}, "/loketTelefoon"),
        ({"waarom": ""}, "/waarom"),
        ({"optieUur": 4}, "/optieUur"),
        ({"voorCrisis": ["00000000-0000-0000-0000-000000000001"]}, "/voorCrisis/0"),
    ],
)
async def test_what_cannot_be_is_refused_with_where_and_how(
    serve: Serve, wie_als: Als, body: dict[str, Any], pointer: str
) -> None:
    """Forms, limits, codes of the region, and what two settings together cannot be."""
    answer = await change(await serve(wie_als("beheerder")), body)

    assert answer.status_code == 400
    assert [error["location"]["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_a_change_is_set_back_with_its_sources_unless_it_was_changed_again(serve: Serve, wie_als: Als) -> None:
    api = await serve(wie_als("beheerder"))
    before = (await api.get("/v1/instellingen")).json()
    await change(api, {"gezinMaanden": 18, "nabijMinuten": 20})
    first = (await api.get("/v1/instellingwijzigingen")).json()[0]["id"]
    await change(api, {"nabijMinuten": 25})
    second = (await api.get("/v1/instellingwijzigingen")).json()[0]["id"]

    def back(id: str) -> Any:
        return api.post(f"/v1/instellingwijzigingen/{id}/terugzettingen", json={"waarom": "Toch niet"})

    refused = await back(first)
    assert refused.status_code == 409 and "nabijMinuten" in refused.json()["detail"]
    assert (await back(second)).json()["nabijMinuten"] == 20
    assert (await back(first)).json() == before
    lines = (await api.get("/v1/instellingwijzigingen")).json()
    assert [line["terugVan"] for line in lines] == [first, second, None, None]


async def test_what_was_chosen_and_cannot_be_is_told_and_can_be_mended(
    serve: Serve, wie_als: Als, owner: Connection
) -> None:
    """Such a value stops work elsewhere, so this must not stop here."""
    beheer = wie_als("beheerder")
    await owner.execute("insert into instelling values ($1, 'opties_hoogstens', $2, 'x')", beheer.regio, "veel")
    api = await serve(beheer)

    assert (await api.get("/v1/instellingen")).json()["ongeldig"] == ["optiesHoogstens"]
    assert (await change(api, {"optiesHoogstens": 3})).json()["ongeldig"] == []


# ── What other settings would do ─────────────────────────────────────────────────────────────────


async def waiting(conn: Connection, number: int) -> list[UUID]:
    """Children who wait for either of two places: one is near, the other more like home."""
    near = await make.voorziening(conn, naam="Dichtbij", zorgvorm="driemilieu")
    far = await make.locatie(conn, postcode="1411 AB")
    home = await make.voorziening(conn, naam="Huiselijk", locatie_id=far.id, zorgvorm="gezinshuis")
    for huis in (near, home):
        await make.plek(conn, voorziening_id=huis.id)
    both: dict[str, Any] = {"zorgvormen": ["driemilieu", "gezinshuis"], "zorgvorm_reden": "School"}
    return [(await make.aanvraag(conn, **both)).id for _ in range(number)]


def only(criterium: str) -> dict[str, Any]:
    return {"gewichten": {urgentie: {criterium: 1} for urgentie in ("crisis", "spoed", "regulier")}}


async def test_other_weights_are_tried_out_and_nothing_is_kept(
    serve: Serve, pool: Pool, wie: Wie, owner: Connection
) -> None:
    """The loket reads which aanvragen get another first place; that it saw them is in the log."""
    async with transaction(pool, wie) as conn:
        ids = await waiting(conn, 2)
    api = await serve(wie)
    await owner.execute("update weging set gewicht = case criterium when 'afstand' then 1 else 0 end")

    found = (await api.post("/v1/instellingen/proef", json=only("huiselijkheid"))).json()

    assert (found["aanvragen"], found["gemeten"], found["andereEerste"], found["afgerond"]) == (2, 2, 2, False)
    assert {one["aanvraagId"] for one in found["welke"]} == set(map(str, ids))
    assert {(one["was"], one["wordt"]) for one in found["welke"]} == {("Dichtbij", "Huiselijk")}
    assert {one["zorgvorm"]: (one["nu"], one["straks"]) for one in found["zorgvormen"]} == {
        "driemilieu": (2, 0), "gezinshuis": (0, 2),
    }  # fmt: skip
    assert await owner.fetchval("select count(distinct gewicht) from weging where criterium = 'afstand'") == 1
    assert await owner.fetchval("select gewicht from weging where criterium = 'huiselijkheid' limit 1") == 0
    seen = "select count(distinct betrokkene) from logregel where handeling = 'beproefInstellingen'"
    assert await owner.fetchval(seen) == 2


@pytest.mark.parametrize("rol", ["beheerder", "contractbeheer"])
async def test_who_may_see_no_child_reads_counts_in_fives_and_no_names(
    serve: Serve, pool: Pool, wie: Wie, wie_als: Als, owner: Connection, rol: str
) -> None:
    async with transaction(pool, wie) as conn:
        await waiting(conn, 5)
    await owner.execute("update weging set gewicht = case criterium when 'afstand' then 1 else 0 end")

    found = (await (await serve(wie_als(rol))).post("/v1/instellingen/proef", json=only("huiselijkheid"))).json()

    assert found["afgerond"] and found["welke"] == []
    assert (found["aanvragen"], found["andereEerste"]) == (5, 5)
    assert await owner.fetchval("select count(*) from logregel where betrokkene is not null") == 0


async def test_a_term_that_would_be_passed_is_counted(serve: Serve, pool: Pool, wie: Wie) -> None:
    """A norm of seven days for who waits ten; and plekken that are no longer sure."""
    async with transaction(pool, wie) as conn:
        await make.plek(conn, now=make.NOW - timedelta(hours=30))
        await make.aanvraag(conn, now=make.NOW - timedelta(days=10))
    norm = {"normenDagen": {"crisis": 1, "spoed": 3, "regulier": 7}, "zekerUren": 24}

    found = (await (await serve(wie)).post("/v1/instellingen/proef", json=norm)).json()

    assert {"soort": "norm", "ernst": "verstreken", "nu": 0, "straks": 1} in found["signalen"]
    assert found["plekken"] == [
        {"zekerheid": "zeker", "nu": 1, "straks": 0}, {"zekerheid": "te_bevestigen", "nu": 0, "straks": 1},
    ]  # fmt: skip
    assert [one["sleutel"] for one in found["veranderd"]] == [
        "zekerUren", "normenDagen.crisis", "normenDagen.spoed", "normenDagen.regulier",
    ]  # fmt: skip


async def test_what_does_not_count_in_the_order_leaves_the_order_alone(
    serve: Serve, pool: Pool, wie: Wie, owner: Connection
) -> None:
    """Then no place is judged, and the answer says so: 0 looked at would else read as nothing to look at."""
    async with transaction(pool, wie) as conn:
        await waiting(conn, 1)
    await owner.execute("update weging set gewicht = case criterium when 'afstand' then 1 else 0 end")
    api = await serve(wie)

    days = {"normenDagen": {"crisis": 1, "spoed": 3, "regulier": 7}}
    norm = (await api.post("/v1/instellingen/proef", json=days)).json()
    same = (await api.post("/v1/instellingen/proef", json=only("afstand"))).json()
    other = (await api.post("/v1/instellingen/proef", json=only("huiselijkheid"))).json()

    assert [(one["volgorde"], one["gemeten"]) for one in (norm, same, other)] == [(False, 0), (False, 0), (True, 1)]


async def test_what_cannot_be_is_not_tried_out_either(serve: Serve, wie: Wie) -> None:
    api = await serve(wie)
    answer = await api.post("/v1/instellingen/proef", json={"banden": {"goed": 10, "past": 20}})
    assert answer.status_code == 400 and answer.json()["errors"][0]["location"]["pointer"] == "/banden/past"


async def test_only_the_beheerder_changes_settings(serve: Serve, wie: Wie, wie_als: Als) -> None:
    for other in (wie, wie_als("contractbeheer")):
        assert (await change(await serve(other), {"optiesHoogstens": 4})).status_code == 403
    assert (await (await serve(wie_als("crisisdienst"))).get("/v1/instellingen")).status_code == 403
