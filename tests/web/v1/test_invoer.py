"""Reading in a spreadsheet over HTTP: a trial first, then the same file with the fingerprint of the trial."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import UUID

import httpx
import openpyxl
import pytest

from service.db import Connection, Pool, Wie, transaction
from tests import make
from tests.service.intake import files

PATH = "/v1/invoer/capaciteit"


@pytest.fixture
async def linde(pool: Pool, wie: Wie) -> UUID:
    async with transaction(pool, wie) as conn:
        return (await make.voorziening(conn, naam="De Linde")).id


def lijst(*rows: list[Any]) -> bytes:
    return files.text([["voorziening", "plek", "status"], *rows])


async def send(
    api: httpx.AsyncClient, content: bytes, *, path: str = PATH, proef: bool = False, **fields: str
) -> httpx.Response:
    query = {"proef": "true"} if proef else {}
    return await api.post(path, params=query, files={"bestand": ("lijst.csv", content)}, data=fields)


async def test_a_trial_shows_what_would_change_and_changes_nothing(
    api: httpx.AsyncClient, owner: Connection, linde: UUID
) -> None:
    answer = await send(api, lijst(["De Linde", 1, "vrij"]), proef=True)

    assert answer.status_code == 200
    body = answer.json()
    assert (body["bestand"], body["gelezenAls"], body["uitgevoerd"]) == (
        "lijst.csv", "tekstbestand met puntkomma's, UTF-8", False,
    )  # fmt: skip
    assert body["wijzigingen"] == [
        {
            "actie": "toegevoegd",
            "wat": "De Linde, plek 1",
            "rij": 2,
            "velden": [{"naam": "stand", "oud": None, "nieuw": "vrij"}],
        }
    ]
    assert await owner.fetchval("select count(*) from plek") == 0


async def test_the_same_file_with_the_fingerprint_of_the_trial_is_read_in(
    api: httpx.AsyncClient, owner: Connection, linde: UUID
) -> None:
    content = lijst(["De Linde", 1, "vrij"])
    fingerprint = (await send(api, content, proef=True)).json()["vingerafdruk"]

    answer = await send(api, content, vingerafdruk=fingerprint)
    again = await send(api, content, vingerafdruk=fingerprint)

    assert answer.status_code == 200 and answer.json()["uitgevoerd"]
    assert await owner.fetchval("select naam from plek") == "1"
    assert again.status_code == 200 and again.json()["wijzigingen"] == []


async def test_without_a_fingerprint_nothing_is_read_in(api: httpx.AsyncClient, owner: Connection, linde: UUID) -> None:
    answer = await send(api, lijst(["De Linde", 1, "vrij"]))

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["location"] == {"pointer": "/vingerafdruk"}
    assert await owner.fetchval("select count(*) from plek") == 0


async def test_a_fingerprint_of_something_else_is_refused(
    api: httpx.AsyncClient, owner: Connection, linde: UUID
) -> None:
    """What was shown is what is done, or nothing."""
    shown = (await send(api, lijst(["De Linde", 1, "vrij"]), proef=True)).json()

    answer = await send(api, lijst(["De Linde", 1, "bezet"]), vingerafdruk=shown["vingerafdruk"])

    assert answer.status_code == 412
    assert await owner.fetchval("select count(*) from plek") == 0


async def test_every_wrong_cell_is_an_error_of_the_problem(api: httpx.AsyncClient, linde: UUID) -> None:
    """The same for a trial and for the real thing."""
    content = lijst(["De Linde", 1, "vrijj"], ["De Eik", 1, "vrij"])

    answer = await send(api, content, proef=True)
    for_real = await send(api, content, vingerafdruk="x")

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert for_real.json()["errors"] == problem["errors"]
    assert "2 fouten" in problem["detail"]
    assert [(error["location"]["pointer"], error["code"]) for error in problem["errors"]] == [
        ("/rijen/2/status", "onbekend"),
        ("/rijen/3/voorziening", "voorziening_onbekend"),
    ]
    assert problem["errors"][0]["detail"].startswith("Rij 2, kolom status (vrijj): Bedoelt u vrij?")


async def test_a_file_over_ten_megabytes_is_refused(api: httpx.AsyncClient) -> None:
    content = lijst(["De Linde", 1, "vrij"]) + b"\n" * (10 * 1024 * 1024)

    one_over = await send(api, content, proef=True)
    far_over = await send(api, content + b"\n" * 1024 * 1024, proef=True)

    assert [one_over.status_code, far_over.status_code] == [413, 413]
    assert "10 MB" in one_over.json()["detail"] and "10 MB" in far_over.json()["detail"]


async def test_a_file_that_is_no_spreadsheet_is_refused_in_words(api: httpx.AsyncClient) -> None:
    for content, says in [
        (b"", "leeg"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, ".xls"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04" + b"\0" * 40, "beschadigd"),
        (b"a;b\x00;c", "tekens"),
    ]:
        answer = await send(api, content, proef=True)

        assert answer.status_code == 400
        assert says in answer.json()["detail"]


async def test_a_form_with_other_fields_is_refused(api: httpx.AsyncClient) -> None:
    forms: list[tuple[dict[str, Any], str]] = [
        ({"data": {"proef": "ja"}, "files": {"bestand": b"a"}}, "/proef"),
        ({"files": {"lijst": b"a"}}, "/lijst"),
        ({"files": [("bestand", b"a"), ("bestand", b"b")]}, "/bestand"),
        ({"data": {"blad": "x"}, "files": {"blad": b""}}, "/blad"),
    ]
    for form, pointer in forms:
        answer = await api.post(PATH, params={"proef": "true"}, **form)

        assert answer.status_code == 400
        assert answer.json()["errors"][0]["location"]["pointer"] == pointer


async def test_a_body_that_is_no_form_is_refused(api: httpx.AsyncClient) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}

    cut_off = await api.post(PATH, content=b"--x\r\nContent-Disp", headers=headers)
    no_boundary = await api.post(PATH, content=b"x", headers={"content-type": "multipart/form-data"})
    json = await api.post(PATH, json={})

    assert [cut_off.status_code, no_boundary.status_code, json.status_code] == [400, 400, 415]


async def test_each_kind_has_a_template_to_download(api: httpx.AsyncClient) -> None:
    for soort in ("capaciteit", "aanbieders", "voorzieningen", "aanvragen"):
        answer = await api.get(f"/v1/invoer/{soort}/sjabloon")

        assert answer.status_code == 200
        assert answer.headers["content-disposition"] == f'attachment; filename="{soort}.xlsx"'
        assert openpyxl.load_workbook(BytesIO(answer.content)).sheetnames == [soort.capitalize(), "Uitleg"]
