"""Opschalingen over HTTP: from an advice to a table, a question to a provider and an outcome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx

from service.db import Connection, Pool, Wie, transaction
from service.log import inzagen
from tests import make
from tests.conftest import OTHER_REGIO
from tests.web.conftest import Serve

Als = Callable[..., Wie]

AAN_TAFEL = {"aanleiding": "dreigende_uithuisplaatsing", "tafel": "doorbraaktafel", "waarom": "Er past niets."}


async def nearly(pool: Pool, wie: Wie) -> tuple[UUID, UUID, str]:
    """Ids of an aanvraag and an aanbieder whose house is for children half a year older, and its nummer."""
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn, leeftijd_van=126)
        await make.plek(conn, voorziening_id=huis.id)
        aanvraag = await make.aanvraag(conn, eerder_geprobeerd="Twee keer ambulante hulp.")
    return aanvraag.id, huis.aanbieder_id, aanvraag.nummer


async def test_from_an_advice_to_a_table_a_question_and_an_outcome(
    api: httpx.AsyncClient, serve: Serve, pool: Pool, wie: Wie, wie_als: Als
) -> None:
    """The schakelfunctionaris sees it coming, one action does it, the provider says what it needs, a person closes."""
    id, aanbieder, _ = await nearly(pool, wie)
    [advies] = (await api.get("/v1/opschaaladviezen")).json()
    assert advies["aanvraagId"] == str(id)
    assert {name: advies[name] for name in ("aanleiding", "tafel")} == {
        name: AAN_TAFEL[name] for name in ("aanleiding", "tafel")
    }

    made = await api.post(f"/v1/aanvragen/{id}/opschalingen", json=AAN_TAFEL)
    assert made.status_code == 201, made.text
    where = made.headers["location"]
    assert (await api.get(f"/v1/aanvragen/{id}")).json()["status"] == "opgeschaald"
    assert (await api.get("/v1/opschaaladviezen")).json() == []

    zorg = await serve(wie_als("aanbieder", organisatie=aanbieder))
    [vraag] = (await zorg.get("/v1/opschalingsvragen?loopt=true")).json()
    need = {"nodig": "deskundigheid", "toelichting": "Begeleiding bij trauma, twee keer per week."}
    assert (await zorg.post(f"/v1/opschalingsvragen/{vraag['id']}/antwoorden", json=need)).status_code == 200

    dossier = (await api.get(f"{where}/dossier")).json()
    assert dossier["aantalPassend"] == 0 and dossier["alleenOmDezeReden"] == {"Leeftijd": 1}
    assert [line["nodig"] for line in dossier["vragen"]] == ["deskundigheid"]
    assert dossier["geprobeerd"]["inAanvraag"] is True and "ambulante" not in str(dossier)

    without = await api.post(f"{where}/stappen", json={"stap": "sluit"})
    assert without.status_code == 400
    closed = await api.post(f"{where}/stappen", json={"stap": "sluit", "uitkomst": "hulp_thuis"})
    assert (closed.status_code, closed.json()["kan"]) == (200, [])
    assert (await api.get(f"/v1/aanvragen/{id}")).json()["status"] == "in_behandeling"
    assert (await api.post(f"{where}/stappen", json={"stap": "sluit", "uitkomst": "hulp_thuis"})).status_code == 409


async def test_a_provider_learns_nothing_of_the_child_and_its_look_is_in_the_log_of_the_child(
    api: httpx.AsyncClient, serve: Serve, pool: Pool, wie: Wie, wie_als: Als, owner: Connection
) -> None:
    """Not the aanvraag, not the nummer, not the opschaling; who asks later who looked, is told that it was asked."""
    id, aanbieder, nummer = await nearly(pool, wie)
    await api.post(f"/v1/aanvragen/{id}/opschalingen", json=AAN_TAFEL)
    zorg = await serve(wie_als("aanbieder", organisatie=aanbieder))

    answer = await zorg.get("/v1/opschalingsvragen")

    [vraag] = answer.json()
    assert (vraag["aanvraagId"], vraag["opschalingId"], vraag["regels"]) == (None, None, ["leeftijd"])
    assert str(id) not in answer.text and nummer not in answer.text
    told = await owner.fetchval(
        "select count(*) from logregel r join betrokkene b on b.pseudoniem = r.betrokkene"
        " where b.aanvraag_id = $1 and r.handeling = 'lijstOpschalingsvragen'", id
    )  # fmt: skip
    assert told == 1


async def test_the_look_of_a_provider_of_another_region_is_in_the_log_of_the_child_too(
    api: httpx.AsyncClient, serve: Serve, pool: Pool, wie: Wie, wie_als: Als, owner: Connection
) -> None:
    """Under an agreement it is asked; nothing of the child was proposed or held there."""
    await owner.execute(
        "insert into regioafspraak (aanbod_regio, vraag_regio, geldigheid) values ($1, $2, '[2026-01-01,)')",
        OTHER_REGIO, wie.regio,
    )  # fmt: skip
    _, aanbieder, _ = await nearly(pool, wie_als("schakelfunctionaris", regio=OTHER_REGIO))
    async with transaction(pool, wie) as conn:
        id = (await make.aanvraag(conn)).id
    await api.post(f"/v1/aanvragen/{id}/opschalingen", json=AAN_TAFEL)
    zorg = await serve(wie_als("aanbieder", organisatie=aanbieder, regio=OTHER_REGIO))

    [vraag] = (await zorg.get("/v1/opschalingsvragen")).json()
    await zorg.post(f"/v1/opschalingsvragen/{vraag['id']}/antwoorden", json={"nodig": "kan_toch"})

    async with transaction(pool, wie) as conn:
        looked = {one.handeling for one in await inzagen.inzagen(conn, id)}
    assert {"lijstOpschalingsvragen", "beantwoordOpschalingsvraag"} <= looked


async def test_another_provider_and_a_verwijzer_find_no_question(
    api: httpx.AsyncClient, serve: Serve, pool: Pool, wie: Wie, wie_als: Als
) -> None:
    """Declines of another provider are nobody's business."""
    id, _, _ = await nearly(pool, wie)
    where = (await api.post(f"/v1/aanvragen/{id}/opschalingen", json=AAN_TAFEL)).headers["location"]
    [vraag] = (await api.get("/v1/opschalingsvragen")).json()
    other = await serve(wie_als("aanbieder", organisatie=UUID(int=9)))
    assert (await other.get(f"/v1/opschalingsvragen/{vraag['id']}")).status_code == 404
    async with transaction(pool, wie) as conn:
        organisatie = await conn.fetchval("select organisatie_id from aanvraag where id = $1", id)
    gi = await serve(wie_als("verwijzer", organisatie=organisatie))
    assert (await gi.get("/v1/opschalingsvragen")).status_code == 403
    assert (await gi.get(f"{where}/dossier")).status_code == 403
    seen: dict[str, Any] = (await gi.get(where)).json()
    assert (seen["tafel"], seen["aanvraagId"]) == ("doorbraaktafel", str(id))
