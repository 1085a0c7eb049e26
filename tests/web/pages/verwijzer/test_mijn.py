"""`/mijn-aanvragen` and `/mijn-aanvragen/{id}`: what a verwijzer follows and does."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from msgspec import Struct

from service.aanvraag.aanvragen import Aanvraag
from service.aanvraag.gebeurtenissen import AanvraagStatus
from service.aanvraag.werkblad import Beurt
from service.db import Pool, Wie, transaction
from service.opschaling.opschalingen import OpschalingAanleiding
from service.plaatsing.voorstellen import VoorstelStatus
from service.web.pages.verwijzer import zinnen
from tests import make
from tests.web.conftest import Serve


class Gi(Struct, frozen=True, eq=False):
    """A verwijzer with an aanvraag of its own organisatie, and one of another."""

    client: httpx.AsyncClient
    wie: Wie
    eigen: Aanvraag
    ander: Aanvraag


@pytest.fixture
async def gi(serve: Serve, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]) -> Gi:
    async with transaction(pool, wie) as conn:
        organisatie = await make.organisatie(conn)
        ander = await make.aanvraag(conn)
    als = wie_als("verwijzer", organisatie=organisatie)
    async with transaction(pool, als) as conn:
        eigen = await make.aanvraag(conn, organisatie_id=organisatie, kenmerk="J-2026-1")
    return Gi(await serve(als), als, eigen, ander)


def text_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


async def test_the_first_page_of_a_verwijzer_is_its_own_aanvragen(gi: Gi) -> None:
    assert (await gi.client.get("/")).headers["location"] == "/mijn-aanvragen"
    answer = await gi.client.get("/mijn-aanvragen")
    assert gi.eigen.nummer in answer.text
    assert gi.ander.nummer not in answer.text


async def test_a_row_says_how_far_it_is_whose_move_it_is_and_what_is_missing(gi: Gi) -> None:
    text = text_of(await gi.client.get("/mijn-aanvragen"))
    assert "Ingediend: het loket gaat ermee aan de slag" in text
    assert "Aan zet het loket" in text
    assert "Er is geen grondslag die geldt." in text
    assert "Nog niet te zeggen: er zijn te weinig kinderen om het aan te meten." in text


async def test_an_empty_list_says_what_to_do(serve: Serve, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]) -> None:
    async with transaction(pool, wie) as conn:
        organisatie = await make.organisatie(conn)
    client = await serve(wie_als("verwijzer", organisatie=organisatie))
    assert "Dien dan een aanvraag in." in text_of(await client.get("/mijn-aanvragen"))


async def test_another_organisation_is_not_there(gi: Gi) -> None:
    assert (await gi.client.get(f"/mijn-aanvragen/{gi.ander.id}")).status_code == 404


def path(gi: Gi, deel: str) -> str:
    return f"/mijn-aanvragen/{gi.eigen.id}/{deel}"


async def test_papers_are_recorded_later_and_what_is_missing_is_not_asked_any_more(gi: Gi) -> None:
    form = {
        "versie": "*",
        "grondslagen.0.soort": "bepaling_gi",
        "grondslagen.0.status": "verleend",
        "grondslagen.0.datum": str(make.TODAY),
        "grondslagen.0.geldigTot": "",
        "grondslagen.1.soort": "",
        "grondslagen.1.status": "",
        "grondslagen.1.datum": "",
        "toestemmingen.0.persoon": "ouder_1",
        "toestemmingen.0.status": "gegeven",
        "toestemmingen.0.datum": str(make.TODAY),
        "toestemmingen.1.persoon": "ouder_2",
        "toestemmingen.1.status": "niet_vereist",
        "toestemmingen.1.datum": str(make.TODAY),
        "toestemmingen.1.reden": "geen gezag",
    }
    answer = await gi.client.post(path(gi, "papieren"), data=form)
    assert answer.headers["location"] == f"/mijn-aanvragen/{gi.eigen.id}?gedaan=papieren", answer.text
    text = text_of(await gi.client.get(answer.headers["location"]))
    assert "Vastgelegd." in text
    assert "Ontbreekt of loopt af" not in text
    assert "ouder 2: niet vereist (geen gezag)" in text


async def test_niet_vereist_needs_its_reason_beside_the_field(gi: Gi) -> None:
    form = {
        "versie": "*",
        "toestemmingen.0.persoon": "ouder_1",
        "toestemmingen.0.status": "niet_vereist",
        "toestemmingen.0.datum": str(make.TODAY),
        "toestemmingen.0.reden": "",
    }
    answer = await gi.client.post(path(gi, "papieren"), data=form)
    assert answer.status_code == 400
    assert 'id="e-toestemmingen.0.reden">Schrijf waarom toestemming niet nodig is.' in answer.text


@pytest.mark.parametrize(
    ("deel", "form", "says"),
    [
        ("stappen", {"stap": "trek_in", "reden": "Het kind kan naar oma"}, "De aanvraag is ingetrokken."),
        (
            "urgentie",
            {"stap": "verander_urgentie", "urgentie": "spoed", "criterium": "verblijf_eindigt", "reden": "Morgen weg"},
            "De urgentie is veranderd",
        ),
        ("opschaling", {"aanleiding": "geen_plek", "toelichting": "Al weken niets"}, "Het loket heeft nog niet"),
        ("gegevens", {"versie": "*", "praktisch": "Heeft een hond"}, "Heeft een hond"),
    ],
)
async def test_what_a_verwijzer_asks_is_done_and_the_page_says_so(
    gi: Gi, deel: str, form: dict[str, Any], says: str
) -> None:
    answer = await gi.client.post(path(gi, deel), data=form)
    assert answer.status_code == 303, answer.text
    assert says in text_of(await gi.client.get(answer.headers["location"]))


async def test_what_is_wrong_stands_in_the_form_that_was_sent_and_in_no_other(gi: Gi) -> None:
    answer = await gi.client.post(path(gi, "urgentie"), data={"stap": "verander_urgentie", "urgentie": "crisis"})
    assert answer.status_code == 400
    assert answer.text.count('class="utrecht-form-field-error-message') == 1
    assert 'href="#v-reden"' in answer.text


async def test_who_looked_stands_there_without_names_of_persons(gi: Gi) -> None:
    await gi.client.get(f"/mijn-aanvragen/{gi.eigen.id}")
    assert "Wie naar deze aanvraag keek" in text_of(await gi.client.get(f"/mijn-aanvragen/{gi.eigen.id}"))


def test_every_status_and_reason_has_words() -> None:
    assert set(zinnen.STATUS) == set(AanvraagStatus)
    assert set(zinnen.BEURT) == set(Beurt)
    assert set(zinnen.VOORSTEL) == set(VoorstelStatus)
    assert set(zinnen.AANLEIDING) == set(OpschalingAanleiding)
