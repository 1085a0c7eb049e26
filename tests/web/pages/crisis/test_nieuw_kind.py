"""A child of tonight of which there is no aanvraag: placed with four answers, the rest is asked in the morning."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from service.aanvraag import aanvragen
from service.db import Connection, Pool, Wie, transaction
from service.plaatsing.crisiskind import AANGENOMEN
from service.web.pages.crisis.aanvullen import NAAM
from tests import make
from tests.web.conftest import Serve
from tests.web.pages.crisis.test_bord import bed, text_of

Als = Callable[..., Wie]


@pytest.fixture
async def night(serve: Serve, wie_als: Als) -> httpx.AsyncClient:
    return await serve(wie_als("crisisdienst"))


async def placed(night: httpx.AsyncClient, pool: Pool, wie: Wie, **fields: Any) -> tuple[httpx.Response, Any]:
    """What is sent with the form as it is shown, and the verwijzer that asked."""
    async with transaction(pool, wie) as conn:
        plek = await bed(conn, naam="De Nacht")
        organisatie = await make.organisatie(conn, soort="veilig_thuis", naam="Veilig Thuis")
    path = f"/crisis/plekken/{plek.id}/geplaatst"
    form = (await night.get(path)).text.partition('value="nieuw"')[2]
    data = {name: value for value, name in re.findall(r'value="([^"]*)" id="nieuw-[^"]+" name="([^"]+)"', form)}
    required = re.findall(r'name="([^"]+)" required', form)
    asked = {
        "formulier": "nieuw",
        "kind.leeftijdJaren": "14",
        "kind.geslacht": "jongen",
        "kind.organisatieId": str(organisatie),
        "met": "Groepsleider",
    }
    assert set(required) == {*asked, "gebeldOp"} - {"formulier"}
    assert data["gebeldOp"], "when was called is filled in already, so four answers are left"
    return await night.post(path, data={**data, **asked, **fields}), organisatie


async def test_four_answers_place_a_child_and_the_board_asks_the_rest_in_the_morning(
    night: httpx.AsyncClient, serve: Serve, pool: Pool, wie: Wie, owner: Connection
) -> None:
    done, organisatie = await placed(night, pool, wie)

    assert done.status_code == 303, done.text
    board = await (await serve(wie)).get("/crisis")
    text = text_of(board)
    assert "De Nacht" in text and "met Groepsleider" in text
    assert "Welke gemeente verantwoordelijk is, heeft nog niemand gezegd." in text
    assert "Alles is er: maak definitief" not in text
    link = re.search(r'href="(/aanvragen/[^"]+/aanvullen)"', board.text)
    assert link is not None
    row = await owner.fetchrow("select * from aanvraag where urgentie = 'crisis'")
    assert row is not None
    assert (row["organisatie_id"], row["leeftijd_maanden"], row["status"]) == (organisatie, 168, "geplaatst")
    assert sorted(row["aan_te_vullen"]) == sorted(AANGENOMEN)
    assert set(row["groepssoorten"]) == {"gemengd", "jongens"}


async def test_what_is_said_in_the_morning_counts_for_where_the_child_goes_on_to_as_well(
    night: httpx.AsyncClient, serve: Serve, pool: Pool, wie: Wie, wie_als: Als, owner: Connection
) -> None:
    """Also what happens to be what was assumed is then known. The postcode is for the verwijzer to say."""
    _, organisatie = await placed(night, pool, wie)
    kind = await owner.fetchval("select id from aanvraag where urgentie = 'crisis'")
    verwijzer = await serve(wie_als("verwijzer", organisatie=organisatie))
    path = f"/aanvragen/{kind}/aanvullen"

    form = await night.get(path)
    versie = re.search(r'name="versie" value="([^"]+)"', form.text)
    assert versie is not None
    said = {"gemeenteCode": "0406", "juridischKader": "vrijwillig", "perspectief": "terug_naar_huis"}
    done = await night.post(path, data={"versie": versie[1].replace("&#34;", '"'), **said})

    assert 'name="pc4"' not in form.text and "postcode van thuis" in form.text
    assert done.headers["location"] == "/crisis?gedaan=aangevuld#aanvullen", done.text
    rows = await owner.fetch(
        "select gemeente_code, perspectief::text, aan_te_vullen from aanvraag order by vervolg_van"
    )
    assert [tuple(row) for row in rows] == [("0406", "terug_naar_huis", ["pc4"])] * 2
    rest = await verwijzer.get(path)
    assert 'name="pc4"' in rest.text and 'name="gemeenteCode"' not in rest.text
    assert "Vul de aanvraag aan" in (await verwijzer.get(f"/mijn-aanvragen/{kind}")).text


async def test_what_misses_comes_back_beside_its_field_and_nothing_was_filed(
    night: httpx.AsyncClient, pool: Pool, wie: Wie, owner: Connection
) -> None:
    done, _ = await placed(night, pool, wie, **{"kind.leeftijdJaren": "40", "met": ""})
    assert done.status_code == 400
    assert 'id="e-kind.leeftijdJaren"' in done.text and 'id="e-met"' in done.text
    assert await owner.fetchval("select count(*) from aanvraag") == 0


async def test_in_closed_care_there_is_no_place_without_a_machtiging(
    night: httpx.AsyncClient, pool: Pool, wie: Wie, owner: Connection
) -> None:
    async with transaction(pool, wie) as conn:
        plek = await bed(conn, naam="Dicht", gesloten=True)
        organisatie = await make.organisatie(conn)
    body = {
        "plekId": str(plek.id), "gebeldOp": make.NOW.isoformat(), "met": "Groepsleider",
        "kind": {"organisatieId": str(organisatie), "leeftijdJaren": 14, "geslacht": "meisje"},
    }  # fmt: skip
    answer = await night.post("/v1/crisisplaatsingen", json=body)
    assert answer.status_code == 409, answer.text
    assert await owner.fetchval("select count(*) from aanvraag") == 0


def test_each_field_that_may_be_assumed_has_a_name_and_exists() -> None:
    assert NAAM.keys() == set(AANGENOMEN)
    assert set(AANGENOMEN) <= set(aanvragen.Aanvraag.__struct_fields__)
