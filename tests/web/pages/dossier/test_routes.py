"""`/aanvragen/{id}/routes`: ways beside a plek, each by a form."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest

from service.db import Pool, Wie, transaction
from service.opschaling.routedetails import ALLE, Keuze, NaAchttien, Uitslag
from service.opschaling.routesoorten import RouteSoort, RouteStaat
from service.web.pages.dossier import routevelden, woorden
from tests import make
from tests.web.conftest import Serve
from tests.web.pages.dossier.test_opschaling import text_of

BEGIN = {
    RouteSoort.OVERBRUGGING: {"details.vorm": "ambulante_hulp"},
    RouteSoort.MAATWERK: {"details.aanbiederNaam": "Zorg Ver Weg"},
    RouteSoort.PGB: {"details.keuze": "ouders", "details.keuzeOp": make.TODAY.isoformat()},
    RouteSoort.ANDERE_REGIO: {"details.regio": "flevoland"},
}


@pytest.mark.parametrize("soort", RouteSoort)
async def test_each_way_begins_by_its_form_with_what_it_asks(
    api: httpx.AsyncClient, pool: Pool, wie: Wie, soort: RouteSoort
) -> None:
    """What is sent are fields that the form has."""
    async with transaction(pool, wie) as conn:
        # Close to eighteen, for what comes then.
        aanvraag = await make.aanvraag(conn, leeftijd_maanden=17 * 12 + 6)
    path = f"/aanvragen/{aanvraag.id}/routes"
    form = (await api.get(path)).text.partition(f'value="begin-{soort}"')[2].partition("</form>")[0]

    done = await api.post(f"{path}/nieuw", data={"details.soort": soort, **BEGIN.get(soort, {})})

    assert all(f'name="{name}"' in form for name in BEGIN.get(soort, {}))
    assert done.status_code == 303, text_of(httpx.Response(200, text=done.text))
    assert done.headers["location"].startswith(f"{path}?gedaan=begonnen#route-")
    assert "Termijn" in text_of(await api.get(path))


async def test_a_way_goes_on_when_all_is_there_and_says_what_is_missing_when_not(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """What was known stays in the form; the states of the way show how far it is."""
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
    path = f"/aanvragen/{aanvraag.id}/routes"
    begun = await api.post(f"{path}/nieuw", data={"details.soort": "tussenvoorziening", "details.waar": "Een pension"})
    id = begun.headers["location"].partition("#route-")[2]
    send = {"formulier": f"route-{id}", "details.soort": "tussenvoorziening", "details.waar": "Een pension"}

    refused = await api.post(f"{path}/{id}/stappen", data={**send, "naar": "toegezegd"})
    ja = {"details.jaOp": make.TODAY.isoformat(), "details.jaVan": "Beheerder"}
    done = await api.post(f"{path}/{id}/stappen", data={**send, **ja, "naar": "toegezegd"})

    assert refused.status_code == 409 and "Schrijf wanneer er ja is gezegd." in refused.text
    assert 'href="#v-details.jaOp"' in refused.text and 'value="Een pension"' in refused.text
    assert done.headers["location"] == f"{path}?gedaan=verder#route-{id}"
    page = (await api.get(path)).text
    assert re.search(r'class="done">Gezocht</li><li class="now" aria-current="step">Toegezegd', page)
    assert 'value="Beheerder"' in page


async def test_a_way_that_ends_needs_a_reason_and_then_stands_among_what_is_done(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
    path = f"/aanvragen/{aanvraag.id}/routes"
    begun = await api.post(f"{path}/nieuw", data={"details.soort": "netwerkplaatsing"})
    id = begun.headers["location"].partition("#route-")[2]
    send = {"details.soort": "netwerkplaatsing", "naar": "gestopt"}

    refused = await api.post(f"{path}/{id}/stappen", data=send)
    done = await api.post(f"{path}/{id}/stappen", data={**send, "reden": "Oma kan het toch niet."})

    assert refused.status_code == 400 and "Schrijf waarom." in refused.text
    assert "gedaan=klaar" in done.headers["location"]
    page = text_of(await api.get(path))
    assert "Wat klaar is" in page and "Oma kan het toch niet." in page
    assert "Er loopt geen weg naast een plek. Begin er hieronder een." in page


async def test_a_verwijzer_begins_one_too_and_another_organisation_does_not_see_it(
    serve: Serve, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
        elsewhere = await make.organisatie(conn, naam="Een andere")
    own = await serve(wie_als("verwijzer", organisatie=aanvraag.organisatie_id))
    other = await serve(wie_als("verwijzer", organisatie=elsewhere))
    path = f"/aanvragen/{aanvraag.id}/routes"

    begun = await own.post(f"{path}/nieuw", data={"details.soort": "overbrugging", "details.vorm": "bedje_erbij"})

    assert begun.status_code == 303
    page = await own.get(path)
    assert "Overbrugging" in text_of(page) and f'href="/mijn-aanvragen/{aanvraag.id}"' in page.text
    assert (await other.get(path)).status_code == 404


def test_every_field_and_state_of_a_way_has_words() -> None:
    fields = {name for shape in ALLE for name in routevelden.kinds_of(shape)}
    assert fields == routevelden.LABEL.keys()
    assert woorden.STAAT.keys() == set(RouteStaat)
    assert woorden.WAAROM_ROUTE.keys() == set(RouteSoort)
    assert (woorden.UITSLAG.keys(), woorden.KEUZE.keys()) == (set(Uitslag), set(Keuze))
    assert woorden.DAARNA.keys() == set(NaAchttien)
