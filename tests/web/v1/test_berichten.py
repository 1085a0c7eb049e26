"""/v1/berichten, /v1/meldkeuzes, /v1/haken and /v1/leveringen, and the page where the link of a mail leads."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import httpx
import pytest

from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.db import Connection, Pool, Rol, Wie
from service.urgentie import Urgentie
from tests import make
from tests.conftest import OTHER_REGIO, REGIO
from tests.service.bericht.test_meldingen import happened, person, tell
from tests.service.post import mailserver, work
from tests.web.conftest import Serve


@pytest.fixture
async def loket(owner: Connection, wie_als: Callable[..., Wie]) -> Wie:
    """A schakelfunctionaris with a mail address."""
    return wie_als("schakelfunctionaris", gebruiker=await person(owner, "schakelfunctionaris"))


async def told(pool: Pool, owner: Connection, soort: GebeurtenisSoort = GebeurtenisSoort.OPSCHALING) -> UUID:
    """Something happened and was told; the id of its bericht."""
    _, id = await happened(pool, soort)
    await tell(pool, id)
    await owner.execute("delete from taak where soort = 'melding'")
    bericht: UUID = await owner.fetchval("select id from bericht where gebeurtenis_id = $1", id)
    return bericht


async def test_somebody_chooses_how_to_be_told(serve: Serve, loket: Wie) -> None:
    """Per urgentie; what is not named stays as it was."""
    api = await serve(loket)
    now = await api.get("/v1/meldkeuzes")
    assert now.json() == {"crisis": "direct", "spoed": "direct", "regulier": "dagelijks"}

    changed = await api.patch("/v1/meldkeuzes", json={"spoed": "uit"}, headers={"If-Match": now.headers["ETag"]})

    assert changed.json() == {"crisis": "direct", "spoed": "uit", "regulier": "dagelijks"}
    assert (await api.get("/v1/meldkeuzes")).json() == changed.json()
    stale = await api.patch("/v1/meldkeuzes", json={"spoed": "direct"}, headers={"If-Match": now.headers["ETag"]})
    wrong = await api.patch("/v1/meldkeuzes", json={"spoed": "soms"}, headers={"If-Match": "*"})
    assert (stale.status_code, wrong.status_code) == (412, 400)


async def test_somebody_sees_the_own_berichten_and_what_they_are_about(
    serve: Serve, loket: Wie, pool: Pool, owner: Connection
) -> None:
    """With the aanvraag, which stands in no mail; seeing it is in the log."""
    await person(owner, "schakelfunctionaris", name="ander")
    await told(pool, owner)
    api = await serve(loket)
    (bericht,) = (await api.get("/v1/berichten")).json()
    aanvraag = await owner.fetchval("select id from aanvraag")
    assert (bericht["zin"], bericht["status"]) == ("Een aanvraag is opgeschaald.", "wacht")
    assert (bericht["gebruikerId"], bericht["aanvraagId"]) == (str(loket.gebruiker), str(aanvraag))
    assert await owner.fetchval("select count(*) from logregel where handeling = 'lijstBerichten'") == 1


async def test_the_link_of_a_mail_leads_to_what_it_is_about(
    serve: Serve, loket: Wie, pool: Pool, owner: Connection
) -> None:
    """After the login, and for nobody else."""
    id = await told(pool, owner)
    aanvraag = await owner.fetchval("select id from aanvraag")
    page = await (await serve(loket)).get(f"/berichten/{id}")
    assert page.status_code == 200
    assert "Een aanvraag is opgeschaald." in page.text and f'href="/aanvragen/{aanvraag}"' in page.text
    colleague = Wie(REGIO, loket.rol, await person(owner, "schakelfunctionaris", name="collega"))
    assert (await (await serve(colleague)).get(f"/berichten/{id}")).status_code == 404
    nobody = await (await serve(None)).get(f"/berichten/{id}")
    assert (nobody.status_code, nobody.headers["location"]) == (303, f"/inloggen?naar=%2Fberichten%2F{id}")


async def test_a_page_for_a_rol_without_screens_says_so(serve: Serve, pool: Pool, owner: Connection) -> None:
    """And names no child."""
    gi, id = await happened(pool, GebeurtenisSoort.OPSCHALING, urgentie=Urgentie.CRISIS)
    verwijzer = await person(owner, "verwijzer", organisatie_id=gi)
    await tell(pool, id)
    bericht = await owner.fetchval("select id from bericht")
    page = await (await serve(Wie(REGIO, Rol.VERWIJZER, verwijzer, gi))).get(f"/berichten/{bericht}")
    assert page.status_code == 200 and "nog geen scherm" in page.text


async def test_a_beheerder_has_a_mail_that_failed_sent_again(
    serve: Serve, loket: Wie, pool: Pool, owner: Connection, wie_als: Callable[..., Wie], database_url: str
) -> None:
    """It sees whose it is and why, and not what about; and each only once."""
    id = await told(pool, owner)
    api = await serve(wie_als("beheerder"))
    assert (await api.get("/v1/berichten")).json() == []
    async with mailserver() as box:
        box.says["RCPT"] = "550 nobody"
        await work(pool, owner, database_url, **box.settings())
        (failed,) = (await api.get("/v1/berichten?status=mislukt")).json()
        assert (failed["id"], failed["gebruikerId"]) == (str(id), str(loket.gebruiker))
        assert (failed["aanvraagId"], failed["voorstelId"]) == (None, None) and "550" in failed["fout"]

        again = await api.post(f"/v1/berichten/{id}/pogingen")

        assert (again.status_code, again.json()["status"]) == (200, "wacht")
        assert (await api.post(f"/v1/berichten/{id}/pogingen")).status_code == 404
        box.says.clear()
        await work(pool, owner, database_url, **box.settings())
    assert len(box.raw) == 1


async def hook(api: httpx.AsyncClient, aanbieder: UUID, url: str = "https://ecd.example/loket") -> httpx.Response:
    return await api.post("/v1/haken", json={"aanbiederId": str(aanbieder), "url": url})


async def test_a_haak_is_made_given_a_secret_changed_and_listed(
    serve: Serve, owner: Connection, wie_als: Callable[..., Wie]
) -> None:
    """The secret shows once, at each new one; nowhere else."""
    aanbieder = await make.aanbieder_als_eigenaar(owner)
    api = await serve(wie_als("beheerder"))
    made = await hook(api, aanbieder)
    assert (made.status_code, made.json()["actief"]) == (201, True)
    where = made.headers["Location"]
    secrets = [(await api.post(f"{where}/geheimen")).json()["geheim"] for _ in range(2)]
    assert len(set(secrets)) == 2 and all(secret.startswith("whsec_") for secret in secrets)

    off = await api.patch(where, json={"actief": False}, headers={"If-Match": made.headers["ETag"]})

    assert off.json() == (await api.get("/v1/haken")).json()[0] == (await api.get(where)).json()
    assert not any(secret in off.text for secret in secrets)
    assert (
        await owner.fetchval("select count(*) from logregel where handeling in ('voegHaakToe', 'maakHaakgeheim')") == 3
    )


async def test_all_that_is_wrong_with_a_haak_is_told_at_once(
    serve: Serve, owner: Connection, wie_als: Callable[..., Wie]
) -> None:
    """Where it may not go, and whose it is."""
    far = await make.aanbieder_als_eigenaar(owner, regio=OTHER_REGIO)
    api = await serve(wie_als("beheerder"))
    wrong = await api.post("/v1/haken", json={"url": "http://10.0.0.1/", "aanbiederId": None})
    pointers = [error["location"]["pointer"] for error in wrong.json()["errors"]]
    assert (wrong.status_code, pointers) == (400, ["/url", "/aanbiederId"])
    elsewhere = await hook(api, far)
    assert (elsewhere.status_code, elsewhere.json()["errors"][0]["location"]["pointer"]) == (400, "/aanbiederId")
    own = await make.aanbieder_als_eigenaar(owner)
    assert [(await hook(api, own)).status_code for _ in range(2)] == [201, 409]


async def test_leveringen_show_what_did_not_arrive_and_go_again(
    serve: Serve, pool: Pool, owner: Connection, wie_als: Callable[..., Wie]
) -> None:
    """By whoever keeps the haak."""
    aanbieder = await make.aanbieder_als_eigenaar(owner)
    api = await serve(wie_als("beheerder"))
    haak = (await hook(api, aanbieder)).json()["id"]
    _, id = await happened(pool, GebeurtenisSoort.OPSCHALING_VRAAG)
    await owner.execute("update gebeurtenis set aanbieder_id = $2 where id = $1", id, aanbieder)
    await tell(pool, id)
    await owner.execute("update levering set status = 'mislukt', fout = 'weg', klaar_op = now()")

    (failed,) = (await api.get(f"/v1/leveringen?status=mislukt&haakId={haak}")).json()
    again = await api.post(f"/v1/leveringen/{failed['id']}/pogingen")

    assert (failed["gebeurtenisId"], again.json()["status"]) == (str(id), "wacht")
    twice = await api.post(f"/v1/leveringen/{failed['id']}/pogingen")
    assert (twice.status_code, twice.json()["detail"]) == (
        409,
        "Deze levering wacht al op een poging. Opnieuw proberen kan alleen met een levering die is mislukt.",
    )
    assert (await api.get(f"/v1/leveringen/{failed['id']}")).json() == again.json()
    assert (await api.get("/v1/leveringen?status=mislukt")).json() == []
