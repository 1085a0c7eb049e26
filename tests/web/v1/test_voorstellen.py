"""/v1/opties, /v1/voorstellen and the steps of an aanvraag: the whole way over HTTP, by who does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx

from service.db import Pool, Wie, transaction
from tests import make
from tests.service import plans
from tests.service.voorstelling import child
from tests.web.conftest import Serve


def there(kind: UUID, plek: UUID, **more: Any) -> dict[str, Any]:
    return {"plekken": [{"aanvraagId": str(kind), "plekId": str(plek)}], "van": make.day(1).isoformat(), **more}


async def test_from_a_held_plek_to_a_definitive_place_each_by_who_does_it(
    serve: Serve, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """Loket, aanbieder and verwijzer; every answer says what can be done next."""
    async with transaction(pool, wie) as conn:
        plek, kind = await make.plek(conn), await child(conn)
    loket = await serve(wie)
    aanbieder = await serve(wie_als("aanbieder", organisatie=plek.aanbieder_id))
    verwijzer = await serve(wie_als("verwijzer", organisatie=kind.organisatie_id))

    held = await loket.post("/v1/opties", json=there(kind.id, plek.id))
    made = await loket.post("/v1/voorstellen", json=there(kind.id, plek.id, toelichting="Dichtbij school."))
    url = made.headers["Location"]

    async def step(who: httpx.AsyncClient, stap: str, **fields: str) -> dict[str, Any]:
        answer = await who.post(f"{url}/stappen", json={"stap": stap, **fields})
        assert answer.status_code == 200, answer.text
        first: dict[str, Any] = answer.json()[0]
        return first

    sent = await step(loket, "verzend")
    asked = (await aanbieder.get(url)).json()
    yes = await step(aanbieder, "akkoord")
    family = await step(verwijzer, "toestemming")
    await step(aanbieder, "kennismaking", kennismakingOp=make.TODAY.isoformat())
    done = await step(loket, "maak_definitief")
    late = await aanbieder.post(f"{url}/stappen", json={"stap": "wijs_af", "afwijsreden": "afstand"})
    history = (await verwijzer.get(f"/v1/aanvragen/{kind.id}/gebeurtenissen?aantal=1")).json()

    assert (held.status_code, made.status_code) == (201, 201)
    assert (await loket.get(held.headers["Location"])).json()["vrijgegevenOp"] is not None
    assert sent["kan"] == ["interesse", "akkoord", "wijs_af", "trek_in"]
    assert (asked["vraag"]["leeftijdJaren"], asked["toelichting"], asked["rang"]) == (10, "Dichtbij school.", None)
    assert (yes["status"], yes["kan"], family["kan"]) == ("akkoord", ["wijs_af"], ["kennismaking", "wijs_af"])
    assert (done["status"], done["kan"]) == ("definitief", [])
    assert (late.status_code, late.json()["detail"]) == (
        409,
        "Dit kan nu niet, of niet met uw rol: nee zeggen. De status van het voorstel is: definitief. Er kan nu niets"
        " mee.",
    )
    assert (history[0]["soort"], history[0]["naar"], history[0]["gebruikerId"]) == ("definitief", "definitief", None)


async def test_who_comes_second_is_told_what_can_be_done(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        plek, one, two = await make.plek(conn), await child(conn), await child(conn)

    first = await api.post("/v1/opties", json=there(one.id, plek.id))
    second = await api.post("/v1/opties", json=there(two.id, plek.id))

    assert (first.status_code, second.status_code) == (201, 409)
    assert second.json()["detail"].startswith("Deze plek wordt in die periode al vastgehouden. Wat nu wel kan:")


async def test_what_is_wrong_is_told_field_by_field(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """All at once; who or what is not there too."""
    nobody = str(UUID(int=9))
    twice = {"plekken": [{"aanvraagId": nobody, "plekId": nobody}] * 2, "van": "2026-03-01", "tot": "2026-03-01"}

    form = await api.post("/v1/opties", json=twice)
    gone = await api.post("/v1/voorstellen", json=there(UUID(int=9), UUID(int=9)))

    def pointers(answer: httpx.Response) -> set[str]:
        return {error["location"]["pointer"] for error in answer.json()["errors"]}

    assert (form.status_code, gone.status_code) == (400, 400)
    assert pointers(form) == {"/plekken/1/aanvraagId", "/plekken/1/plekId", "/van", "/tot"}
    assert pointers(gone) == {"/plekken/0/aanvraagId", "/plekken/0/plekId"}


async def test_lines_of_a_plan_become_concepts_that_a_person_looks_at(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """Where the plan has them and from its day; brothers and sisters as one bundle; without a plek none."""
    async with transaction(pool, wie) as conn:
        samen = await make.samenplaatsing(conn)
        of = {"samenplaatsing_id": samen.id, "organisatie_id": samen.organisatie_id}
        a, b = (await child(conn, **of)).id, (await child(conn, **of)).id
        nowhere = (await child(conn, zorgvormen=["pleegzorg-opvoeding"])).id
        house = await make.voorziening(conn)
        for _ in range(2):
            await make.plek(conn, voorziening_id=house.id)
    plan = (await plans.made(pool, wie)).id

    made = await api.post(f"/v1/plannen/{plan}/voorstellen", json={"aanvraagIds": [str(a)]})
    refused = await api.post(f"/v1/plannen/{plan}/voorstellen", json={"aanvraagIds": [str(nowhere)]})

    assert made.status_code == 201, made.text
    found = made.json()
    assert {row["aanvraagId"] for row in found} == {str(a), str(b)}
    assert {(row["status"], row["planId"], row["voorzieningId"]) for row in found} == {
        ("concept", str(plan), str(house.id))
    }
    assert len({row["bundelId"] for row in found}) == 1
    assert refused.json()["errors"][0]["location"]["pointer"] == "/aanvraagIds/0"
