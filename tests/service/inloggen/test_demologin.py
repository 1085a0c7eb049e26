"""Links that log in without a password exist on the embedded demo of this computer, and nowhere else."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import httpx
import pytest

from service.errors import Refusal
from service.inloggen.demologin import allowed
from service.settings import Settings, SettingsError
from tests.service import running


@pytest.mark.parametrize(
    ("asked", "embedded", "bound_to", "adres"),
    list(
        product(
            (None, True, False),
            (True, False),
            ("127.0.0.1", "::1", "0.0.0.0", "10.0.0.4"),  # nosec B104
            (None, "https://loket.example"),
        )
    ),
)
def test_of_all_combinations_only_the_demo_on_this_computer_has_links(
    asked: bool | None, embedded: bool, bound_to: str, adres: str | None
) -> None:
    """Who asks for them anywhere else does not start; who does not ask, starts without."""
    home = embedded and bound_to in ("127.0.0.1", "::1") and adres is None
    if asked and not home:
        with pytest.raises(Refusal, match="Het loket start niet"):
            allowed(asked, embedded=embedded, bound_to=bound_to, adres=adres)
    else:
        assert allowed(asked, embedded=embedded, bound_to=bound_to, adres=adres) == (home and asked is not False)


def test_another_computer_may_come_in_only_by_an_address() -> None:
    """Without LOKET_ADRES there is no login but that of the demo."""
    with pytest.raises(SettingsError, match="LOKET_ADRES is leeg"):
        Settings.from_environ({"LOKET_HOST": "0.0.0.0"})  # nosec B104
    there = Settings.from_environ({"LOKET_HOST": "0.0.0.0", "LOKET_ADRES": "https://loket.example"})  # nosec B104
    assert (there.host, there.adres) == ("0.0.0.0", "https://loket.example")  # nosec B104


@pytest.mark.parametrize("command", [["demo"], ["serve"]])
@pytest.mark.parametrize(
    "variables",
    [
        {"LOKET_ADRES": "https://loket.example"},
        {"LOKET_DATABASE_URL": "postgresql://a@127.0.0.1:1/b", "LOKET_REDIS_URL": "redis://127.0.0.1:1/0"},
    ],
)
def test_the_program_refuses_to_start_with_links_anywhere_else(
    data_folder: Path, command: list[str], variables: dict[str, str]
) -> None:
    """Before anything is started or asked of a database."""
    variables = {"LOKET_DEMO_LOGIN": "ja", **variables}

    code, said = running.refused(running.loket(*command, "--port", "0"), data_folder, variables)

    assert (code, "Het loket start niet" in said) == (1, True)
    assert not data_folder.exists()


def test_the_demo_prints_a_link_for_each_role_that_logs_in(data_folder: Path) -> None:
    """An ordinary session: with a cookie that no script reads, and a button that ends it."""
    roles = ["schakelfunctionaris", "crisisdienst", "aanbieder", "verwijzer", "contractbeheer", "beheerder"]
    with running.demo(data_folder) as demo, httpx.Client(base_url=demo.address) as client:
        before = client.get("/")
        entered = client.get(demo.links["schakelfunctionaris"])
        page = client.get("/")
        guessed = client.get("/demo-inloggen/geraden")
        client.post("/uitloggen")
        after = client.get("/")
        client.get(demo.links["verwijzer"])
        first = client.get("/", follow_redirects=True)

        assert list(demo.links) == roles
        assert (before.status_code, before.headers["Location"]) == (303, "/inloggen")
        session = entered.headers.get_list("Set-Cookie")[0]
        assert session.startswith("loket=") and session.endswith("; HttpOnly; Path=/; SameSite=lax")
        assert entered.headers["Location"] == "/rondleiding"
        assert (page.status_code, "Schakelfunctionaris" in page.text) == (200, True)
        assert (guessed.status_code, after.status_code) == (404, 303)
        assert "Deze link werkt niet." in guessed.text
        assert (first.status_code, first.url.path, "Verwijzer" in first.text) == (200, "/mijn-aanvragen", True)
