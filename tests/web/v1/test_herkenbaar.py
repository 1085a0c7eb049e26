"""Over HTTP: a text that says who a child is, is refused at its field, in JSON and in a list; and is not kept."""

from __future__ import annotations

import httpx
import pytest

from service.db import Connection, Pool, Rol, Wie, transaction
from tests import make
from tests.conftest import GEBRUIKER, REGIO
from tests.service import canary
from tests.service.intake import files
from tests.web.conftest import Serve

TEXTS = {
    "urgentieReden": "Vader belt vanaf 06-12345678",
    "eerderGeprobeerd": "Mail moeder@voorbeeld.nl",
    "meningJeugdige": "Wil naar oma, (035) 123 45 67",
    "praktisch": "BSN 1112.22.333",
}


@pytest.fixture
async def client(serve: Serve, pool: Pool) -> httpx.AsyncClient:
    return await serve(Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, GEBRUIKER))


async def test_a_change_with_such_texts_is_refused_field_by_field(
    client: httpx.AsyncClient, pool: Pool, owner: Connection
) -> None:
    """All at once; what was written is neither repeated nor kept."""
    async with transaction(pool, Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, GEBRUIKER)) as conn:
        aanvraag = await make.aanvraag(conn)
    body = {name: text for name, text in TEXTS.items() if name != "urgentieReden"}

    answer = await client.patch(f"/v1/aanvragen/{aanvraag.id}", json=body, headers={"If-Match": "*"})

    assert answer.status_code == 400, answer.text
    told = {error["location"]["pointer"]: error["detail"] for error in answer.json()["errors"]}
    assert told.keys() == {f"/{name}" for name in body}
    assert all("Haal het weg" in detail for detail in told.values())
    secret = ("06-12345678", "moeder@voorbeeld.nl", "123 45 67", "1112.22.333")
    assert not [text for text in secret if text in answer.text]
    assert await canary.found(owner, secret) == set()


async def test_a_list_with_such_texts_is_refused_cell_by_cell(client: httpx.AsyncClient, owner: Connection) -> None:
    """With the cell, and without what is in it."""
    rows = [["kenmerk", "praktisch"], ["111222333", "Neemt een kat mee"], ["J-1", "Bel 06-12345678"]]

    answer = await client.post("/v1/invoer/aanvragen?proef=true", files={"bestand": ("lijst.csv", files.text(rows))})

    privacy = [error["detail"] for error in answer.json()["errors"] if error["code"] == "privacy"]
    assert [detail.partition(":")[0] for detail in privacy] == ["Rij 2, kolom kenmerk", "Rij 3, kolom praktisch"]
    assert "111222333" not in answer.text and "06-12345678" not in answer.text
    assert await canary.found(owner, ("111222333", "06-12345678")) == set()
