"""A beheerder lets systems of aanbieders in; a system changes its own key without standing still."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from msgspec import structs

from service.db import Connection, Wie
from tests import make
from tests.web.conftest import Serve
from tests.web.machines.machine import Machine, ask, bearer, key, public, registered
from tests.web.test_identity import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def beheer(serve: Serve, wie_als: Callable[..., Wie], clock: Clock) -> httpx.AsyncClient:
    return await serve(wie_als("beheerder"), clock=clock)


@pytest.fixture
async def loket(serve: Serve, clock: Clock) -> httpx.AsyncClient:
    """For machines, which prove who they are."""
    return await serve(clock=clock)


async def changed(client: httpx.AsyncClient, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    """With the ETag of now."""
    etag = (await client.get(path, headers=headers)).headers["ETag"]
    return await client.patch(path, json=body, headers={"If-Match": etag, **headers})


def errors(answer: httpx.Response) -> dict[str, str]:
    return {error["location"]["pointer"]: error["detail"] for error in answer.json()["errors"]}


async def test_from_nothing_to_a_system_that_is_in(
    beheer: httpx.AsyncClient, loket: httpx.AsyncClient, owner: Connection
) -> None:
    """The beheerder adds the koppeling and its first key; the rest the system does."""
    aanbieder = await make.aanbieder_als_eigenaar(owner)
    made = await beheer.post("/v1/koppelingen", json={"aanbiederId": str(aanbieder), "naam": "ECD Jeugd"})
    path = made.headers["Location"]
    sleutel = await beheer.post(f"{path}/sleutels", json={"jwk": {**public(key()), "key_ops": ["verify"], "ext": True}})

    machine = Machine(id=made.json()["id"], aanbieder=aanbieder)
    headers = await bearer(loket, machine)

    assert made.json() == {
        "id": machine.id, "aanbiederId": str(aanbieder), "naam": "ECD Jeugd", "perMinuut": 300, "actief": True,
        "versie": 1,
    }  # fmt: skip
    assert sleutel.status_code == 201 and sleutel.json()["vingerafdruk"] == key().thumbprint()
    assert sleutel.json()["geldigTot"] == (make.NOW + timedelta(days=365)).isoformat().replace("+00:00", "Z")
    assert (await loket.get(path, headers=headers)).json() == made.json()
    assert [row["kid"] for row in (await loket.get(f"{path}/sleutels", headers=headers)).json()] == ["k1"]
    lines = await owner.fetch("select gebeurtenis::text, object, handeling, object_id::text from logregel order by id")
    assert [tuple(line) for line in lines] == [
        ("maak", "koppeling", "voegKoppelingToe", machine.id),
        ("sleutel", "sleutel", "voegSleutelToe", sleutel.json()["id"]),
        ("inlog", "sessie", "oauth_inwisselen", None),
    ]


async def test_a_beheerder_puts_a_system_out(
    beheer: httpx.AsyncClient, loket: httpx.AsyncClient, owner: Connection
) -> None:
    machine = await registered(owner)
    headers = await bearer(loket, machine)

    off = await changed(beheer, f"/v1/koppelingen/{machine.id}", {"actief": False})

    assert off.json()["actief"] is False and off.json()["versie"] == 2
    async with asyncio.timeout(20):
        while (await loket.get("/v1/plekken", headers=headers)).status_code != 401:
            pass
    assert (await ask(loket, machine.assertion())).status_code == 401


async def test_names_and_rows_of_others_are_refused_in_words(
    beheer: httpx.AsyncClient, owner: Connection, serve: Serve, wie_als: Callable[..., Wie]
) -> None:
    """A name that is taken, an aanbieder of elsewhere; and of another region a beheerder sees nothing."""
    aanbieder = await make.aanbieder_als_eigenaar(owner)
    far = await make.aanbieder_als_eigenaar(owner, regio="flevoland")
    body = {"aanbiederId": str(aanbieder), "naam": "ECD"}
    path = (await beheer.post("/v1/koppelingen", json=body)).headers["Location"]
    elsewhere = await serve(wie_als("beheerder", regio="flevoland"))

    taken, strange = await beheer.post("/v1/koppelingen", json=body), {**body, "aanbiederId": str(far)}

    assert taken.status_code == 409 and "/naam" in errors(taken)
    assert errors(await beheer.post("/v1/koppelingen", json=strange)) == {
        "/aanbiederId": "Deze aanbieder is er niet in uw regio."
    }
    assert (await elsewhere.get(path)).status_code == 404
    assert (await elsewhere.get("/v1/koppelingen")).json() == []


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────


async def test_a_secret_key_is_refused_with_why_and_kept_nowhere(
    beheer: httpx.AsyncClient, owner: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    machine = await registered(owner)
    path = f"/v1/koppelingen/{machine.id}/sleutels"

    for private in (
        key("geheim"),
        key("geheim", "RSA", 2048),
        key("geheim", "OKP", "Ed25519"),
        key("geheim", "oct", 256),
    ):
        answer = await beheer.post(path, json={"jwk": private.as_dict(private=True)})
        secret = private.as_dict(private=True).get("d") or private.as_dict(private=True)["k"]
        assert answer.status_code == 400
        assert "Dit is het geheime deel" in (errors(answer).get("/jwk/d") or errors(answer)["/jwk/k"])
        assert secret not in answer.text and secret not in caplog.text
    assert await owner.fetchval("select count(*) from koppelingsleutel") == 1


async def test_a_key_with_which_one_cannot_sign_safely_is_refused(beheer: httpx.AsyncClient, owner: Connection) -> None:
    path = f"/v1/koppelingen/{(await registered(owner)).id}/sleutels"
    good = public(key("goed"))
    for jwk in (
        public(key("zwak", "RSA", 1024)),
        public(key("krom", "EC", "P-384")),
        public(key("krom", "OKP", "X25519")),
        {**good, "use": "enc"},
        {**good, "alg": "HS256"},
        {**good, "alg": "RS256"},
        {**good, "x": good["y"]},
        {"kty": "EC", "crv": "P-256", "kid": "x"},
        {"kty": "oct", "kid": "x"},
    ):
        answer = await beheer.post(path, json={"jwk": jwk})
        assert answer.status_code == 400 and errors(answer).keys() == {"/jwk"}, (jwk, answer.text)


async def test_two_keys_at_once_and_for_two_years_at_most(
    beheer: httpx.AsyncClient, owner: Connection, clock: Clock
) -> None:
    path = f"/v1/koppelingen/{(await registered(owner)).id}/sleutels"

    async def add(kid: str, days: float | None = None) -> httpx.Response:
        until = {} if days is None else {"geldigTot": (clock.now + timedelta(days=days)).isoformat()}
        return await beheer.post(path, json={"jwk": public(key(kid)), **until})

    assert errors(await add("k2", 730.1)).keys() == errors(await add("k2", 0)).keys() == {"/geldigTot"}
    assert (await add("k1")).status_code == 409, "the kid is taken"
    assert (await add("k2", 730)).status_code == 201
    third = await add("k3")
    assert third.status_code == 409 and "twee sleutels" in third.json()["detail"]
    clock.now += timedelta(days=365)
    assert (await add("k3")).status_code == 201, "the first is over"


async def test_two_machines_cannot_slip_a_third_key_in_together(beheer: httpx.AsyncClient, owner: Connection) -> None:
    path = f"/v1/koppelingen/{(await registered(owner)).id}/sleutels"

    answers = await asyncio.gather(*(beheer.post(path, json={"jwk": public(key(f"t{n}"))}) for n in range(4)))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_an_end_comes_sooner_and_never_later(beheer: httpx.AsyncClient, owner: Connection, clock: Clock) -> None:
    """A moment that is over means now; once over it stays so."""
    path = f"/v1/koppelingen/{(await registered(owner)).id}/sleutels"
    path = f"{path}/{(await beheer.get(path)).json()[0]['id']}"

    async def end(days: int) -> httpx.Response:
        return await changed(beheer, path, {"geldigTot": (make.NOW + timedelta(days=days)).isoformat()})

    assert errors(await end(366)).keys() == {"/geldigTot"}
    assert (await end(10)).json()["geldigTot"].startswith("2026-03-12")
    assert errors(await end(11)).keys() == {"/geldigTot"}
    clock.now += timedelta(days=1)
    assert (await end(0)).json()["geldigTot"].startswith("2026-03-03")
    assert (await end(5)).json()["geldigTot"].startswith("2026-03-03")
    stale = await beheer.patch(path, json={"geldigTot": make.NOW.isoformat()}, headers={"If-Match": '"oud"'})
    assert stale.status_code == 412


async def test_a_system_does_not_lock_itself_out(
    loket: httpx.AsyncClient, beheer: httpx.AsyncClient, owner: Connection
) -> None:
    """Its last key it cannot end; the beheerder can."""
    machine = await registered(owner)
    headers = await bearer(loket, machine)
    path = f"/v1/koppelingen/{machine.id}/sleutels"
    path = f"{path}/{(await loket.get(path, headers=headers)).json()[0]['id']}"
    now = {"geldigTot": make.NOW.isoformat()}

    itself = await changed(loket, path, now, **headers)

    assert itself.status_code == 409 and "Voeg eerst een nieuwe toe" in itself.json()["detail"]
    assert (await changed(beheer, path, now)).status_code == 200


async def test_a_system_has_nothing_to_do_with_others(
    loket: httpx.AsyncClient, owner: Connection, serve: Serve, wie_als: Callable[..., Wie]
) -> None:
    """Not with another of the same aanbieder either; and the people of the aanbieder do not come near keys."""
    machine = await registered(owner)
    other = await registered(owner, aanbieder=machine.aanbieder, private=key("k2"))
    headers = await bearer(loket, machine)
    person = await serve(wie_als("aanbieder", organisatie=machine.aanbieder))
    path = f"/v1/koppelingen/{other.id}"
    jwk = {"jwk": public(key("k3"))}

    assert (await loket.get(path, headers=headers)).status_code == 404
    assert (await loket.get(f"{path}/sleutels", headers=headers)).status_code == 404
    assert (await loket.post(f"{path}/sleutels", json=jwk, headers=headers)).status_code == 404
    for asked in ("/v1/koppelingen", "/v1/gebruikers"):
        assert (await loket.get(asked, headers=headers)).status_code == 403
    change = {"json": {"perMinuut": 100_000}, "headers": {"If-Match": "*", **headers}}
    assert (await loket.patch(f"/v1/koppelingen/{machine.id}", **change)).status_code == 403  # type: ignore[arg-type]
    assert (await person.post(f"/v1/koppelingen/{machine.id}/sleutels", json=jwk)).status_code == 403


async def test_a_key_is_changed_while_requests_run(loket: httpx.AsyncClient, owner: Connection) -> None:
    """The new key is added, used, and the old one ended by the system itself; no request fails meanwhile."""
    machine = await registered(owner)
    current = {"headers": await bearer(loket, machine)}
    seen: list[int] = []
    done = asyncio.Event()

    async def work() -> None:
        while not done.is_set():
            seen.append((await loket.get("/v1/plekken", **current)).status_code)

    working = [asyncio.create_task(work()) for _ in range(3)]
    path = f"/v1/koppelingen/{machine.id}/sleutels"
    old = (await loket.get(path, **current)).json()[0]["id"]
    added = await loket.post(path, json={"jwk": public(key("k2"))}, **current)
    renewed = structs.replace(machine, key=key("k2"))
    both = [(await ask(loket, one.assertion())).status_code for one in (machine, renewed)]
    before = len(seen)
    current["headers"] = await bearer(loket, renewed)
    # Who asked with the old token just now, gets its answer first.
    async with asyncio.timeout(20):
        while len(seen) < before + 2 * len(working):  # noqa: ASYNC110
            await asyncio.sleep(0)
    ended = await changed(loket, f"{path}/{old}", {"geldigTot": make.NOW.isoformat()}, **current["headers"])
    after = len(seen)
    async with asyncio.timeout(20):
        while len(seen) < after + 2 * len(working):  # noqa: ASYNC110
            await asyncio.sleep(0)
    done.set()
    await asyncio.gather(*working)

    assert (added.status_code, both, ended.status_code) == (201, [200, 200], 200), ended.text
    assert set(seen) == {200}
    assert [(await ask(loket, one.assertion())).status_code for one in (machine, renewed)] == [401, 200]
