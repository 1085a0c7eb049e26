"""The API as a provider's and a verwijzer's system use it, from nothing to a stop and an aanvraag in behandeling."""

from __future__ import annotations

from typing import Any

import httpx

from service.db import Pool, Wie, transaction
from tests import make


async def made(api: httpx.AsyncClient, url: str, **body: Any) -> dict[str, Any]:
    """POST, and GET of the Location: they are the same."""
    answer = await api.post(url, json=body)
    assert answer.status_code == 201, answer.text
    got = await api.get(answer.headers["Location"])
    assert (got.json(), got.headers["ETag"]) == (answer.json(), answer.headers["ETag"])
    row: dict[str, Any] = answer.json()
    return row


async def changed(api: httpx.AsyncClient, url: str, **body: Any) -> dict[str, Any]:
    """PATCH against what is there now."""
    etag = (await api.get(url)).headers["ETag"]
    answer = await api.patch(url, json=body, headers={"If-Match": etag})
    assert answer.status_code == 200, answer.text
    row: dict[str, Any] = answer.json()
    return row


async def test_a_provider_publishes_confirms_and_stops_a_plek(api: httpx.AsyncClient) -> None:
    """Aanbieder, locatie, voorziening, plek; "klopt nog"; a stop that ends early."""
    aanbieder = await made(api, "/v1/aanbieders", naam="De Linde", agbCode="73730421")
    locatie = await made(api, "/v1/locaties", aanbiederId=aanbieder["id"], naam="Huis", postcode="1211 AB")
    voorziening = await made(
        api,
        "/v1/voorzieningen",
        aanbiederId=aanbieder["id"],
        locatieId=locatie["id"],
        naam="De Linde",
        zorgvorm="gezinshuis",
        leeftijdVan=72,
        leeftijdTot=191,
        juridischeKaders=["ots", "voogdij"],
        perspectieven=["langdurig"],
    )
    plek = await made(api, "/v1/plekken", voorzieningId=voorziening["id"], naam="Kamer 1", bestaatVan="2026-01-01")
    url = f"/v1/plekken/{plek['id']}"

    bevestiging = await made(api, f"{url}/bevestigingen", beschikbaarheid="onbemenst")
    assert (await api.get(url)).json()["status"] == "onbemenst"
    assert [row["bron"] for row in (await api.get(f"{url}/bevestigingen")).json()] == ["scherm", "scherm"]
    assert bevestiging["op"] == "2026-03-02T09:00:00Z"

    stop = await made(api, f"{url}/stops", reden="personeel", van="2026-03-01", tot="2026-04-01")
    assert (await api.get("/v1/plekken?status=gestopt")).json()[0]["bezetTot"] == "2026-04-01"
    conflict = await api.post(f"{url}/stops", json={"reden": "anders", "van": "2026-03-31", "tot": "2026-05-01"})
    assert (conflict.status_code, conflict.json()["detail"].split(".")[0]) == (
        409,
        "Deze plek is nu gestopt, dat hebt u gezegd",
    )

    assert (await changed(api, f"{url}/stops/{stop['id']}", tot="2026-03-20"))["tot"] == "2026-03-20"
    assert (await changed(api, f"{url}/stops/{stop['id']}", beeindigd=True))["tot"] == "2026-03-02"
    assert (await changed(api, url, beschikbaarheid="bemenst", naam="Zolder"))["status"] == "open"


async def test_a_verwijzer_files_and_follows_an_aanvraag(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """Siblings together, with grondslag, machtiging, toestemming and uitsluiting."""
    async with transaction(pool, wie) as conn:
        organisatie = str(await make.organisatie(conn))
    samen = await made(api, "/v1/samenplaatsingen", organisatieId=organisatie)
    aanvraag = await made(
        api,
        "/v1/aanvragen",
        organisatieId=organisatie,
        kenmerk="J-2026-0417",
        samenplaatsingId=samen["id"],
        urgentie="spoed",
        leeftijdMaanden=100,
        leeftijdPeildatum="2026-03-02",
        geslacht="jongen",
        groepssoorten=["gemengd"],
        pc4="1211",
        gemeenteCode="0402",
        huidigVerblijf="thuis",
        gewensteStart="2026-03-05",
        uiterlijkeDatum="2026-03-09",
        verwachtVerblijf=180,
        perspectief="terug_naar_huis",
        zorgvormen=["gezinshuis", "driemilieu"],
        zorgvormReden="behandeling en school samen",
        juridischKader="ots",
        grondslagen=[{"soort": "bepaling_gi", "status": "verleend", "datum": "2026-03-01"}],
        machtigingen=[
            {"soort": "open", "zorgvormen": ["gezinshuis"], "geldigVan": "2026-03-01", "geldigTot": "2026-09-01"}
        ],
        toestemmingen=[{"persoon": "ouder_1", "status": "gegeven", "datum": "2026-03-01"}],
        uitsluitingen=[{"soort": "gebied", "pc4": "1251", "straalKm": 3}],
    )
    url = f"/v1/aanvragen/{aanvraag['id']}"

    assert (aanvraag["status"], aanvraag["aangemeldOp"]) == ("ingediend", "2026-03-02T09:00:00Z")
    assert (await api.get(f"/v1/samenplaatsingen/{samen['id']}")).json()["aanvraagIds"] == [aanvraag["id"]]
    assert (await changed(api, url, toestemmingen=[]))["toestemmingen"] == []
    taken = await api.post(f"{url}/stappen", json={"stap": "neem_in_behandeling"})
    assert taken.json()["status"] == "in_behandeling"
    assert [row["id"] for row in (await api.get("/v1/aanvragen?urgentie=spoed")).json()] == [aanvraag["id"]]
    assert (await api.get("/v1/aanvragen?status=ingediend")).json() == []


async def test_the_code_lists_can_be_read(api: httpx.AsyncClient) -> None:
    """Those of the region, by name."""
    zorgvormen = (await api.get("/v1/zorgvormen")).json()
    onderwijs = (await api.get("/v1/kenmerkcodes?lijst=onderwijs")).json()

    assert {"code": "gezinshuis", "gezinsvorm": True}.items() <= next(
        row for row in zorgvormen if row["code"] == "gezinshuis"
    ).items()
    assert [row["code"] for row in onderwijs] == ["regulier", "speciaal"]
