"""`/crisis`: what the crisisdienst reads and does at night."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from msgspec import structs

from service.aanbod.plekken import Plek
from service.aanvraag.uitsluitingen import Uitsluiting, UitsluitingSoort
from service.db import Connection, Pool, Wie, transaction
from service.errors import Kind as ErrorKind
from service.errors import Refusal
from service.plaatsing import plekregels
from service.settings import Settings
from service.urgentie import Urgentie
from service.web.pages.crisis.bord import ages
from tests import make
from tests.web.conftest import Serve

Als = Callable[..., Wie]

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def text_of(answer: httpx.Response) -> str:
    """What a reader sees, on one line."""
    assert answer.status_code == 200, answer.text
    body = re.sub(r"<script.*?</script>", " ", answer.text, flags=re.DOTALL)
    return (
        re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace("&nbsp;", "").replace(" .", ".").replace(" ,", ",")
    )


def points(answer: httpx.Response) -> list[dict[str, Any]]:
    """What the map gets."""
    found = re.search(r'id="kaart-punten">(.*?)</script>', answer.text, re.DOTALL)
    assert found is not None
    return list(json.loads(found[1]))


def form_of(answer: httpx.Response, action: str) -> dict[str, str]:
    """The hidden fields of the first form that goes there."""
    found = re.search(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', answer.text, re.DOTALL)
    assert found is not None, f"no form to {action}"
    return dict(HIDDEN.findall(found[1]))


async def bed(conn: Connection, locatie: dict[str, Any] | None = None, **fields: Any) -> Plek:
    """A plek of a crisis group, with a contract."""
    aanbieder = await make.aanbieder(conn, telefoon="035 123 45 67")
    where = await make.locatie(conn, aanbieder_id=aanbieder.id, **{"plaats": "Hilversum", **(locatie or {})})
    huis = await make.voorziening(
        conn, aanbieder_id=aanbieder.id, locatie_id=where.id, **{"zorgvorm": "crisis", **fields}
    )
    await make.contract(conn, aanbieder.id, "crisis")
    return await make.plek(conn, voorziening_id=huis.id, now=fields.pop("now", make.NOW))


async def child(conn: Connection, **fields: Any) -> Any:
    return await make.aanvraag(
        conn, urgentie=Urgentie.CRISIS, zorgvormen=["crisis"], zorgvorm_reden="Er is haast.", **fields
    )


@pytest.fixture
async def night(serve: Serve, wie_als: Als) -> httpx.AsyncClient:
    return await serve(wie_als("crisisdienst"))


async def test_a_free_place_says_how_sure_it_is_whom_it_takes_and_whom_to_call(
    night: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        await bed(conn, naam="De Nacht", bellen_naam="Wacht", bellen_telefoon="035 222 22 22", groepssoort="meisjes")
        unsure = await bed(conn, naam="De Dag")
    async with transaction(pool, wie) as conn:
        await conn.execute("update plek set bevestigd_op = $2 where id = $1", unsure.id, make.NOW - timedelta(hours=30))

    page = await night.get("/crisis")

    text = text_of(page)
    assert "Zeker : minder dan een uur geleden bevestigd." in text
    assert "Eerst bellen : 30 uur geleden bevestigd." in text
    assert "Voor alleen meisjes, 6 tot en met 15 jaar." in text
    assert 'href="tel:0352222222"' in page.text and 'href="tel:0351234567"' in page.text


async def test_the_form_leaves_only_places_for_that_age_and_group(
    night: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        await bed(conn, naam="Kleintjes", leeftijd_van=0, leeftijd_tot=72)
        await bed(conn, naam="Meiden", leeftijd_van=144, leeftijd_tot=216, groepssoort="meisjes")

    small, boys, none = [
        text_of(await night.get(path)) for path in ("/crisis?leeftijd=3", "/crisis?groep=jongens", "/crisis?leeftijd=9")
    ]

    assert "Kleintjes" in small and "Meiden" not in small
    assert "Kleintjes" in boys and "Meiden" not in boys
    assert "Geen vrije crisisplek past bij wat u koos." in none
    assert (await night.get("/crisis?leeftijd=99")).status_code == 400


async def test_without_a_free_place_the_page_says_what_to_do(night: httpx.AsyncClient) -> None:
    text = text_of(await night.get("/crisis"))
    assert "Er is nu geen vrije crisisplek bekend." in text
    assert "Bel het loket of de achterwacht" in text and "waarmee uw regio een afspraak heeft" in text


async def test_a_place_is_held_with_one_button_and_let_go_with_another(
    night: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """For the only child in crisis; what is held stands apart, with until when."""
    async with transaction(pool, wie) as conn:
        plek = await bed(conn, naam="De Nacht")
        kind = await child(conn)

    held = await night.post("/crisis/opties", data=form_of(await night.get("/crisis"), "/crisis/opties"))
    page = await night.get(held.headers["location"])
    optie = re.search(r"optie=([0-9a-f-]+)", held.headers["location"])
    assert optie is not None, held.text
    action = f"/crisis/opties/{optie[1]}/stappen"
    released = await night.post(action, data=form_of(page, action))

    text = text_of(page)
    assert held.status_code == released.status_code == 303
    assert "De plek is vastgehouden." in text and f"voor nummer {kind.nummer}" in text
    assert f"p-{plek.id}" not in page.text and "Nu vrij : 0 plekken" in text.replace("vrij:", "vrij :")
    assert f"p-{plek.id}" in (await night.get("/crisis")).text


async def test_what_a_rule_stops_is_said_with_the_field_for_why_it_must_be(
    night: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        await bed(conn, leeftijd_van=144, leeftijd_tot=216)
        await child(conn, leeftijd_maanden=100)

    given = form_of(await night.get("/crisis"), "/crisis/opties")
    refused = await night.post("/crisis/opties", data=given)
    again = given | {"sleutel": "anders", "afwijking": "De aanbieder zegt dat het kan."}
    held = await night.post("/crisis/opties", data=again)

    assert refused.status_code == 409 and 'name="afwijking"' in refused.text
    assert held.status_code == 303, held.text


async def test_what_would_be_refused_says_so_before_the_tap(night: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """Of the child that was chosen: below what fits, with another button; and without one where no reason helps, as for
    the safety of the child. Beds of one voorziening say the same."""
    async with transaction(pool, wie) as conn:
        small = await bed(conn, naam="Kader", juridische_kaders=["vrijwillig"])
        await make.plek(conn, voorziening_id=small.voorziening_id, naam="Kader 2")
        never = await bed(conn, naam="Nooit")
        await bed(conn, naam="Past")
        nee = Uitsluiting(soort=UitsluitingSoort.VOORZIENING, voorziening_id=never.voorziening_id)
        kind = await child(conn, uitsluitingen=[nee])

    unasked, page = [(await night.get(path)).text for path in ("/crisis", f"/crisis?aanvraag={kind.id}")]

    beds = re.findall(r'<li class="bed.*?</li>', page, re.DOTALL)
    past, *others = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", one)) for one in beds]
    *kader, nooit = sorted(others, key=lambda text: "Nooit" in text)
    assert "Past" in past and "Houd vast" in past and "Past niet" not in past
    assert len(kader) == 2
    assert all("Past niet zomaar" in text and "kader" in text and "Houd toch vast" in text for text in kader)
    assert "Vasthouden kan daarom niet." in nooit and "Houd" not in nooit
    assert all("Geplaatst, ik werk het morgen bij" in text for text in others)
    assert "Past niet" not in unasked, "what a child needs, is told of the one that was asked for"
    assert f'href="/crisis?aanvraag={kind.id}">Kijk welke plekken passen' in unasked


async def test_where_no_reason_helps_none_is_asked_for_after_a_tap_either(
    night: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """Somebody held on to a button of before the child must not be there."""
    async with transaction(pool, wie) as conn:
        never = await bed(conn, naam="Nooit")
        nee = Uitsluiting(soort=UitsluitingSoort.VOORZIENING, voorziening_id=never.voorziening_id)
        kind = await child(conn, uitsluitingen=[nee])
    data = {"plekken.0.aanvraagId": str(kind.id), "plekken.0.plekId": str(never.id), "van": make.TODAY.isoformat()}

    refused = await night.post("/crisis/opties", data=data)

    assert refused.status_code == 409 and 'name="afwijking"' not in refused.text


async def test_when_it_cannot_be_told_what_fits_the_beds_and_numbers_stand_there(
    night: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """A bed that is withdrawn just between the list and the rules takes nothing else away."""
    async with transaction(pool, wie) as conn:
        plek = await bed(conn, naam="De Nacht", bellen_telefoon="035 222 22 22", bellen_naam="Wacht")
        kind = await child(conn)

    with patch.object(plekregels, "bezwaren", side_effect=Refusal(ErrorKind.CONFLICT, "Deze plek is er niet meer.")):
        page = await night.get(f"/crisis?aanvraag={kind.id}")

    assert page.status_code == 200 and f"p-{plek.id}" in page.text and 'href="tel:0352222222"' in page.text


async def test_of_a_full_group_each_bed_says_so(night: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        first = await bed(conn, naam="Vol", groepsmix={"brandstichting": 1})
        await make.plek(conn, voorziening_id=first.voorziening_id, naam="Tweede")
        other = await make.plek(conn, voorziening_id=first.voorziening_id, naam="Bewoond")
        await make.plaatsing(conn, plek_id=other.id, aanvraag_id=(await child(conn, kenmerken=["brandstichting"])).id)
        kind = await child(conn, kenmerken=["brandstichting"])

    page = (await night.get(f"/crisis?aanvraag={kind.id}")).text

    assert page.count("Past niet") == len(re.findall(r'<li class="bed', page)) == 2


@pytest.mark.parametrize(
    "kind", ["", "x", "71e122cee6c4-2c09-84f4-f39f-4e1f4f10", "{71e122cee6c42c0984f4f39f4e1f4f10}"]
)
async def test_what_is_nearly_the_id_of_a_child_is_no_error_of_ours(night: httpx.AsyncClient, kind: str) -> None:
    """Python takes for an id what the loket does not."""
    answer = await night.post("/crisis/opties", data={"plekken.0.aanvraagId": kind, "plekken.0.plekId": "x"})

    assert answer.status_code == 400 and "Er klopt iets niet" in answer.text


async def test_a_plaatsing_by_telephone_asks_little_and_stands_there_until_it_is_complete(
    night: httpx.AsyncClient, pool: Pool, wie: Wie, serve: Serve
) -> None:
    """`Gebeld om` and the child are filled in already; the schakelfunctionaris reads in the morning what is missing."""
    async with transaction(pool, wie) as conn:
        plek = await bed(conn, naam="De Nacht")
        kind = await child(conn)
    path = f"/crisis/plekken/{plek.id}/geplaatst"

    form = await night.get(f"{path}?aanvraag={kind.id}")
    now = re.search(r'value="([^"]+)" id="v-gebeldOp"', form.text)
    assert now is not None
    empty = await night.post(path, data={"gebeldOp": now[1], "aanvraagId": str(kind.id)})
    done = await night.post(path, data={"gebeldOp": now[1], "aanvraagId": str(kind.id), "met": "Groepsleider"})

    morning = text_of(await (await serve(wie)).get("/crisis"))
    required = re.findall(r'name="([^"]+)"[^>]* required', form.text.partition('value="nieuw"')[0])
    assert set(required) == {"aanvraagId", "gebeldOp", "met"}
    assert f'value="{kind.id}" checked' in form.text
    assert empty.status_code == 400 and 'id="e-met"' in empty.text
    assert (done.status_code, done.headers["location"]) == (303, "/crisis?gedaan=geplaatst#aanvullen")
    assert f"Nummer {kind.nummer}" in morning and "met Groepsleider" in morning
    assert "Er is geen grondslag die verleend is en dan geldt." in morning


async def test_a_secret_or_confidential_place_is_in_the_list_and_never_on_the_map(
    night: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        public = await bed(conn, naam="Openbaar")
        for kind in ("geheim", "vertrouwelijk"):
            await bed(conn, {"zichtbaarheid": kind, "plaats": None, "postcode": "1271 AB"}, naam=f"Huis {kind}")

    page = await night.get("/crisis")

    assert [(point["naam"], point["naar"]) for point in points(page)] == [("Openbaar", f"#p-{public.id}")]
    assert "Huis geheim" in page.text and "Huis vertrouwelijk" in page.text
    assert "Niet openbaar." in text_of(page) and "1271" not in page.text and "Huizen" not in page.text


async def test_without_a_setting_no_image_comes_from_elsewhere_and_with_it_from_that_server_only(
    serve: Serve, wie: Wie, settings: Settings
) -> None:
    tiles = structs.replace(settings, kaart_tegels="https://{s}.tegels.example/{z}/{x}/{y}.png", kaart_bron="© Zij")

    without, having = [await (await serve(wie, settings=s)).get("/crisis") for s in (settings, tiles)]
    start = await (await serve(wie, settings=tiles)).get("/start")

    assert "img-src 'self' data:" in without.headers["content-security-policy"]
    assert "img-src https://*.tegels.example 'self' data:" in having.headers["content-security-policy"]
    assert "tegels" not in start.headers["content-security-policy"]
    assert 'data-bron="© Zij"' in having.text and "data-tegels" not in without.text


async def test_the_crisisdienst_begins_here(night: httpx.AsyncClient) -> None:
    answer = await night.get("/", follow_redirects=True)
    assert answer.url.path == "/crisis"


def test_ages_and_groups_read_as_people_say_them() -> None:
    assert (ages(48, 144), ages(48, 60)) == ("4 tot en met 11 jaar", "4 jaar")
