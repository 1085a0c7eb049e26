"""What a browser gets when something is wrong: a page in Dutch that reveals nothing."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import httpx
import pytest

from service.app import create_app
from service.errors import Refusal
from service.settings import Settings
from service.web.pages import assets
from tests.conftest import Cluster


async def test_an_unknown_address_gives_a_page_with_the_way_back(api: httpx.AsyncClient) -> None:
    answer = await api.get("/bestaat-niet")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Deze pagina is er niet" in answer.text
    assert 'href="/"' in answer.text


async def test_an_unknown_aanvraag_and_one_that_cannot_be_are_both_not_found(api: httpx.AsyncClient) -> None:
    for id in ("00000000-0000-4000-8000-000000000000", "geen-uuid"):
        assert (await api.get(f"/aanvragen/{id}")).status_code == 404


async def test_a_page_takes_no_post(api: httpx.AsyncClient) -> None:
    answer = await api.post("/")
    assert answer.status_code == 405
    assert "Dit kan hier niet" in answer.text


async def test_when_the_database_takes_nobody_the_page_says_to_try_again(
    api: httpx.AsyncClient, cluster: Cluster, database: str, superuser: object
) -> None:
    assert (await api.get("/")).status_code == 200
    await superuser.execute(f"alter database {database} connection limit 0")  # type: ignore[attr-defined]
    await superuser.execute(  # type: ignore[attr-defined]
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", database
    )
    answer = await api.get("/")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert "Probeer het over een minuut opnieuw." in answer.text


async def test_an_unforeseen_error_shows_a_number_and_nothing_of_itself(api: httpx.AsyncClient) -> None:
    with patch("service.aanvraag.werkblad.werkblad", side_effect=ZeroDivisionError("geheim")):
        answer = await api.get("/")
    assert answer.status_code == 500
    assert "Nummer van dit voorval" in answer.text
    assert "geheim" not in answer.text
    assert "ZeroDivisionError" not in answer.text


async def test_an_asset_has_a_name_with_its_hash_and_is_kept_for_ever(api: httpx.AsyncClient) -> None:
    address = assets.url("loket.css")
    answer = await api.get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    plain = await api.get(address, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.content == answer.content


async def test_an_unknown_asset_is_not_found(api: httpx.AsyncClient) -> None:
    for name in ("loket.css", "loket.000000000000.css", "..%2f..%2fapp.py"):
        assert (await api.get(f"/static/{name}")).status_code == 404


async def test_the_icon_is_found_where_browsers_look(api: httpx.AsyncClient) -> None:
    answer = await api.get("/favicon.ico")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/svg+xml")


def test_without_the_files_for_the_browser_nothing_starts(tmp_path: Path) -> None:
    """Told at the start, with what to do, and not by every page."""
    assets.manifest.cache_clear()
    try:
        with patch.object(assets, "DIST", tmp_path), pytest.raises(Refusal, match="make assets"):
            create_app(Settings())
    finally:
        assets.manifest.cache_clear()
