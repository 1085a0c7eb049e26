"""`/aanvragen/nieuw`: filing in a few minutes, brothers and sisters in one go, and a draft that nobody else sees."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from msgspec import Struct

from service.aanvraag.indienen import Indiening, IngediendKind
from service.db import Connection, Pool, Wie, transaction
from tests import make
from tests.conftest import REGIO
from tests.web.conftest import Serve

MOST = 12
"""Required fields of an aanvraag for one child (issue 6)."""


class Gi(Struct, frozen=True, eq=False):
    client: httpx.AsyncClient
    wie: Wie
    collega: httpx.AsyncClient
    """Of the same organisatie."""


PERSOON = "insert into gebruiker (id, regio, naam, rol, organisatie_id) values ($1, $2, 'Sam', 'verwijzer', $3)"


@pytest.fixture
async def gi(serve: Serve, pool: Pool, owner: Connection, wie: Wie, wie_als: Callable[..., Wie]) -> Gi:
    async with transaction(pool, wie) as conn:
        organisatie = await make.organisatie(conn)
    people = [wie_als("verwijzer", organisatie=organisatie, gebruiker=uuid4()) for _ in range(2)]
    for als in people:
        await owner.execute(PERSOON, als.gebruiker, REGIO, organisatie)
    return Gi(await serve(people[0]), people[0], await serve(people[1]))


def filled_in(**more: str | list[str]) -> dict[str, Any]:
    """The required fields, and what a browser sends empty."""
    return {
        "aantal": "1",
        "kinderen.0.kenmerk": "J-2026-7",
        "kinderen.0.leeftijdJaren": "9",
        "kinderen.0.leeftijdMaanden": "",
        "kinderen.0.geslacht": "meisje",
        "kinderen.0.meningJeugdige": "",
        "kinderen.0.rolstoel": "false",
        "huidigVerblijf": "thuis",
        "huidigVerblijfTot": "",
        "pc4": "1211",
        "gemeenteCode": "0402",
        "juridischKader": "ots",
        "zorgvormen": ["gezinshuis"],
        "zorgvormReden": "",
        "perspectief": "langdurig",
        "gewensteStart": str(make.day(1)),
        "uiterlijkeDatum": str(make.day(20)),
        "urgentie": "regulier",
        "urgentieReden": "",
        "verwachtVerblijf": "",
        **more,
    }


TWEEDE = {
    "aantal": "2",
    "kinderen.1.kenmerk": "J-2026-8",
    "kinderen.1.leeftijdJaren": "3",
    "kinderen.1.leeftijdMaanden": "4",
    "kinderen.1.geslacht": "non_binair",
    "kinderen.1.meningJeugdige": "Wil bij haar zus blijven",
}


def text_of(answer: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


async def test_an_aanvraag_asks_at_most_twelve_required_fields(gi: Gi) -> None:
    """Counted in the form (a group of radio buttons is one; the zorgvormen, of which one is needed, are one) and in
    what the API requires."""
    form = (await gi.client.get("/aanvragen/nieuw")).text
    asked = {
        name
        for tag in re.findall(r"<(?:input|select|textarea)[^>]* required[^>]*>", form)
        for name in re.findall(r' name="([^"]+)"', tag)
    } | {"zorgvormen"}
    api = _required(Indiening) - {"kinderen"} | _required(IngediendKind)
    print(f"required fields: form {len(asked)}, API {len(api)}")
    assert len(asked) == len(api) <= MOST
    assert {name.rpartition(".")[2] for name in asked} == api


def _required(shape: type[Struct]) -> set[str]:
    info = msgspec.inspect.type_info(shape)
    assert isinstance(info, msgspec.inspect.StructType)
    return {field.encode_name for field in info.fields if field.required}


async def test_each_required_question_says_why_it_is_asked_or_needs_no_saying(gi: Gi) -> None:
    form = (await gi.client.get("/aanvragen/nieuw")).text
    assert form.count("Waarom vragen we dit?") >= MOST - 2
    assert "Wat wil het kind zelf?" in form


async def test_only_the_required_fields_make_an_aanvraag_and_the_rest_follows(gi: Gi) -> None:
    answer = await gi.client.post("/aanvragen/nieuw", data=filled_in())
    assert answer.status_code == 303, text_of(answer)
    assert re.fullmatch(r"/mijn-aanvragen/[0-9a-f-]{36}\?gedaan=ingediend", answer.headers["location"])
    id = answer.headers["location"].split("/")[2].partition("?")[0]
    made = (await gi.client.get(f"/v1/aanvragen/{id}")).json()
    assert (made["leeftijdMaanden"], made["groepssoorten"]) == (108, ["gemengd", "meisjes"])
    assert made["verwachtVerblijf"] == 180
    assert "De aanvraag is ingediend." in text_of(await gi.client.get(answer.headers["location"]))


async def test_brothers_and_sisters_are_filed_in_one_go_and_stay_together(gi: Gi) -> None:
    answer = await gi.client.post("/aanvragen/nieuw", data=filled_in(**TWEEDE))
    assert answer.status_code == 303, text_of(answer)
    both = (await gi.client.get("/v1/aanvragen")).json()
    assert {a["kenmerk"] for a in both} == {"J-2026-7", "J-2026-8"}
    assert len({a["samenplaatsingId"] for a in both} - {None}) == 1
    assert "J-2026-8" in text_of(await gi.client.get(answer.headers["location"]))


async def test_when_one_child_is_wrong_none_is_filed_and_all_that_was_filled_in_stays(gi: Gi) -> None:
    wrong = filled_in(**TWEEDE, **{"kinderen.0.meningJeugdige": "Bel 06 12345678"})
    answer = await gi.client.post("/aanvragen/nieuw", data=wrong)
    assert answer.status_code == 400
    assert 'id="e-kinderen.0.meningJeugdige"' in answer.text
    assert 'value="J-2026-8"' in answer.text
    assert "Wil bij haar zus blijven" in answer.text
    assert (await gi.client.get("/v1/aanvragen")).json() == []


async def test_another_zorgvorm_needs_its_reason_once_for_all_children(gi: Gi) -> None:
    answer = await gi.client.post("/aanvragen/nieuw", data=filled_in(**TWEEDE, zorgvormen=["crisis"]))
    assert answer.status_code == 400
    assert answer.text.count('href="#v-zorgvormReden"') == 1


async def test_one_kenmerk_for_two_children_is_told_beside_the_second(gi: Gi) -> None:
    answer = await gi.client.post("/aanvragen/nieuw", data=filled_in(**{**TWEEDE, "kinderen.1.kenmerk": "J-2026-7"}))
    assert answer.status_code == 400
    assert 'id="e-kinderen.1.kenmerk"' in answer.text


# ── The draft ────────────────────────────────────────────────────────────────────────────────────


async def test_a_draft_is_kept_for_who_filled_it_in_and_for_nobody_else(gi: Gi, owner: Connection) -> None:
    half = {name: value for name, value in filled_in().items() if name in ("kinderen.0.kenmerk", "zorgvormen")}
    answer = await gi.client.post("/aanvragen/nieuw/concept", data=half)
    assert answer.headers["location"] == "/mijn-aanvragen?gedaan=bewaard"
    assert "Ga verder" in (await gi.client.get("/mijn-aanvragen")).text
    again = (await gi.client.get("/aanvragen/nieuw")).text
    assert 'value="J-2026-7"' in again and re.search(r'value="gezinshuis" checked', again)
    assert "J-2026-7" not in (await gi.collega.get("/aanvragen/nieuw")).text
    assert (await gi.collega.get("/v1/concepten")).json() == []
    assert await owner.fetchval("select count(*) from concept") == 1


async def test_one_child_more_and_less_keeps_what_was_filled_in(gi: Gi) -> None:
    """A button, which needs no script."""
    more = await gi.client.post("/aanvragen/nieuw/kind", data=filled_in())
    page = (await gi.client.get(more.headers["location"])).text
    assert 'name="kinderen.1.kenmerk"' in page and 'value="J-2026-7"' in page
    less = await gi.client.post("/aanvragen/nieuw/zonder", data=filled_in(**TWEEDE))
    page = (await gi.client.get(less.headers["location"])).text
    assert 'name="kinderen.1.kenmerk"' not in page and 'value="J-2026-7"' in page
    assert "J-2026-8" not in (await gi.client.get("/v1/concepten")).text


async def test_who_a_child_is_is_not_kept_even_for_a_while(gi: Gi, owner: Connection) -> None:
    answer = await gi.client.post(
        "/aanvragen/nieuw/concept", data=filled_in(**{"kinderen.0.meningJeugdige": "Bel 06 12345678"})
    )
    assert answer.status_code == 400
    assert 'id="e-kinderen.0.meningJeugdige"' in answer.text
    assert await owner.fetchval("select count(*) from concept") == 0


async def test_what_is_filed_or_thrown_away_is_no_draft_any_more(gi: Gi, owner: Connection) -> None:
    for path in ("/aanvragen/nieuw", "/aanvragen/nieuw/wis"):
        await gi.client.post("/aanvragen/nieuw/concept", data=filled_in())
        assert await owner.fetchval("select count(*) from concept") == 1
        assert (await gi.client.post(path, data=filled_in())).status_code == 303
        assert await owner.fetchval("select count(*) from concept") == 0
