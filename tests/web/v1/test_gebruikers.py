"""A beheerder says who may log in; who is away says who acts for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from service.db import Connection, Pool, Wie
from service.inloggen import gebruikers
from tests import make
from tests.conftest import GEBRUIKER
from tests.web.conftest import Serve


@pytest.fixture
async def idp(owner: Connection) -> str:
    return str(
        await owner.fetchval(
            "insert into identiteitsprovider (naam, issuer, client_id) values ('Idp', 'https://idp.example', 'x')"
            " returning id"
        )
    )


@pytest.fixture
async def beheer(serve: Serve, wie_als: Callable[..., Wie]) -> httpx.AsyncClient:
    return await serve(wie_als("beheerder"))


async def changed(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> httpx.Response:
    """With the ETag of now."""
    etag = (await client.get(path)).headers["ETag"]
    return await client.patch(path, json=body, headers={"If-Match": etag})


def pointers(answer: httpx.Response) -> set[str]:
    return {error["location"]["pointer"] for error in answer.json()["errors"]}


async def test_who_is_added_is_recognised_at_the_first_login(
    beheer: httpx.AsyncClient, owner: Connection, pool: Pool, idp: str
) -> None:
    """By the address that the identity provider has verified, however it is written."""
    body = {"naam": "Sam de Boer", "rol": "crisisdienst", "identiteitsproviderId": idp, "email": "Sam@Organisatie.nl"}
    made = await beheer.post("/v1/gebruikers", json=body)

    found = await gebruikers.keuzes(pool, UUID(idp), "sub-sam", "sam@organisatie.NL")

    assert made.status_code == 201 and made.json()["email"] == "sam@organisatie.nl" and not made.json()["herkend"]
    assert [str(keuze.id) for keuze in found] == [made.json()["id"]]
    assert (await beheer.get(made.headers["Location"])).json()["herkend"] is True
    assert (await beheer.get("/v1/inlogplaatsen")).json() == [{"id": idp, "naam": "Idp", "actief": True}]
    logged = await owner.fetch("select gebeurtenis::text, object, handeling, object_id::text from logregel")
    assert [tuple(line) for line in logged] == [("maak", "gebruiker", "voegGebruikerToe", made.json()["id"])]


async def test_which_organisation_goes_with_which_rol(beheer: httpx.AsyncClient, owner: Connection, idp: str) -> None:
    """All that is wrong at once, and what is not of the region does not exist."""
    aanbieder = str(await make.aanbieder_als_eigenaar(owner))
    far = str(await make.aanbieder_als_eigenaar(owner, regio="flevoland"))
    basis = {"naam": "Sam", "identiteitsproviderId": idp, "email": "sam@organisatie.nl"}
    cases: list[tuple[dict[str, Any], set[str]]] = [
        ({"rol": "aanbieder"}, {"/aanbiederId"}),
        ({"rol": "verwijzer"}, {"/organisatieId"}),
        ({"rol": "beheerder", "aanbiederId": aanbieder}, {"/aanbiederId"}),
        ({"rol": "aanbieder", "organisatieId": aanbieder}, {"/aanbiederId", "/organisatieId"}),
        ({"rol": "aanbieder", "aanbiederId": far}, {"/aanbiederId"}),
        ({"rol": "verwijzer", "organisatieId": aanbieder}, {"/organisatieId"}),
        ({"rol": "beheerder", "identiteitsproviderId": aanbieder}, {"/identiteitsproviderId"}),
        ({"rol": "beheerder", "email": "geen adres"}, {"/email"}),
        ({"rol": "aanbieder", "email": "x"}, {"/email", "/aanbiederId"}),
    ]
    for other, wrong in cases:
        answer = await beheer.post("/v1/gebruikers", json=basis | other)
        assert answer.status_code == 400 and pointers(answer) == wrong, (other, answer.text)
    assert (
        await beheer.post("/v1/gebruikers", json=basis | {"rol": "aanbieder", "aanbiederId": aanbieder})
    ).status_code == 201


async def test_a_new_organisatie_has_its_verwijzers(
    beheer: httpx.AsyncClient, api: httpx.AsyncClient, idp: str
) -> None:
    """The loket sees the organisatie; the people only the beheerder."""
    body = {"naam": "Veilig Thuis Gooi", "soort": "veilig_thuis"}
    made = await beheer.post("/v1/organisaties", json=body)
    sam = {"naam": "Sam", "rol": "verwijzer", "identiteitsproviderId": idp, "email": "sam@organisatie.nl"}
    person = await beheer.post("/v1/gebruikers", json=sam | {"organisatieId": made.json()["id"]})
    again = await beheer.post("/v1/organisaties", json=body)

    assert (made.status_code, person.status_code) == (201, 201), person.text
    assert again.status_code == 409 and pointers(again) == {"/naam"}
    assert (await api.get("/v1/organisaties")).json() == [made.json()]
    assert (await api.get("/v1/gebruikers")).status_code == 403


async def test_a_gebruiker_who_has_logged_in_stays_that_person(
    beheer: httpx.AsyncClient, owner: Connection, idp: str
) -> None:
    """Else a beheerder could log in as somebody whom the log then names."""
    id = await make.gebruiker(owner, identiteitsprovider_id=UUID(idp), subject="sam", email="sam@organisatie.nl")
    waits = await make.gebruiker(owner, identiteitsprovider_id=UUID(idp), email="kim@organisatie.nl")
    other = await owner.fetchval(
        "insert into identiteitsprovider (naam, issuer, client_id) values ('B', 'https://b.example', 'x') returning id"
    )
    elsewhere = {"identiteitsproviderId": str(other)}

    renamed = await changed(beheer, f"/v1/gebruikers/{id}", {"naam": "Sam Boer", "email": "boer@organisatie.nl"})
    moved = await changed(beheer, f"/v1/gebruikers/{id}", elsewhere)

    assert (renamed.json()["herkend"], moved.status_code) == (True, 409)
    assert await owner.fetchval("select subject from gebruiker where id = $1", id) == "sam"
    assert (await changed(beheer, f"/v1/gebruikers/{waits}", elsewhere)).status_code == 200


async def test_a_rol_does_not_change_and_one_does_not_put_oneself_out(
    beheer: httpx.AsyncClient, owner: Connection
) -> None:
    await owner.execute(
        "insert into gebruiker (id, regio, naam, rol) values ($1, 'gooi-en-vechtstreek', 'Ik', 'beheerder')", GEBRUIKER
    )
    path = f"/v1/gebruikers/{GEBRUIKER}"

    assert pointers(await changed(beheer, path, {"rol": "verwijzer"})) == {"/rol"}
    assert (await changed(beheer, path, {"actief": False})).status_code == 409
    assert (await beheer.patch(path, json={"naam": "X"})).status_code == 428


async def test_who_leaves_replaces_nobody_any_more(beheer: httpx.AsyncClient, owner: Connection) -> None:
    """Disabled, or moved to another organisation: with a vervanger who is not of the same any more, a rol would be
    lent out."""
    here = await make.aanbieder_als_eigenaar(owner)
    there = await make.aanbieder_als_eigenaar(owner)
    for change in ({"actief": False}, {"aanbiederId": str(there)}):
        away = await make.gebruiker(owner, rol="aanbieder", aanbieder_id=here)
        acts = await make.gebruiker(owner, rol="aanbieder", aanbieder_id=here)
        await owner.execute(
            "update gebruiker set vervanger_id = $2, vervangen_tot = '2026-04-01' where id = $1", away, acts
        )
        assert (await changed(beheer, f"/v1/gebruikers/{acts}", change)).status_code == 200
        assert (await beheer.get(f"/v1/gebruikers/{away}")).json()["vervangerId"] is None
        await owner.execute(
            "update gebruiker set vervanger_id = $2, vervangen_tot = '2026-04-01' where id = $1",
            away,
            await make.gebruiker(owner, rol="aanbieder", aanbieder_id=here),
        )
        moved = await changed(beheer, f"/v1/gebruikers/{away}", {"aanbiederId": str(there)})
        assert moved.status_code == 200 and moved.json()["vervangerId"] is None


async def test_one_names_a_colleague_as_vervanger_and_takes_it_back(
    serve: Serve, wie_als: Callable[..., Wie], owner: Connection
) -> None:
    """The same rol at the same organisatie, until a day that is not over."""
    ik, collega = [await make.gebruiker(owner, naam=naam) for naam in ("Ik", "Collega")]
    others = [
        await make.gebruiker(owner, rol="beheerder"),
        await make.gebruiker(owner, regio="flevoland"),
        await make.gebruiker(owner, actief=False),
        ik,
    ]
    api = await serve(wie_als("schakelfunctionaris", gebruiker=ik))

    assert (await api.get("/v1/collegas")).json() == [{"id": str(collega), "naam": "Collega"}]
    for other in others:
        wrong = await changed(api, "/v1/vervanging", {"vervangerId": str(other), "vervangenTot": "2026-03-09"})
        assert pointers(wrong) == {"/vervangerId"}, wrong.text
    for tot in ("2026-03-02", "2027-03-03", None):
        wrong = await changed(api, "/v1/vervanging", {"vervangerId": str(collega), "vervangenTot": tot})
        assert pointers(wrong) == {"/vervangenTot"}, tot
    for tot in ("2026-03-03", "2027-03-02"):
        good = await changed(api, "/v1/vervanging", {"vervangerId": str(collega), "vervangenTot": tot})
        assert good.json()["vervangenTot"] == tot, good.text
    back = await changed(api, "/v1/vervanging", {"vervangerId": None, "vervangenTot": None})
    assert back.json() == {"vervangerId": None, "vervangenVan": None, "vervangenTot": None, "versie": 4}
