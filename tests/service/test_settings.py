"""Settings are checked at start, all at once, by the name of the variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.settings import ROOT, Settings, SettingsError, as_markdown


def test_without_variables_the_settings_are_those_of_the_demo() -> None:
    """A fresh clone needs no setting; variables of others and empty ones do not count."""
    settings = Settings.from_environ({"PATH": "/usr/bin", "LOKET_PORT": " "})
    assert (settings.host, settings.port, settings.embedded) == ("127.0.0.1", 8000, True)


def test_a_variable_becomes_the_value_of_its_field() -> None:
    settings = Settings.from_environ({"LOKET_PORT": "8123", "LOKET_DATA": "/srv/loket", "LOKET_SPEED_KMH": "42.5"})
    assert (settings.port, settings.data, settings.speed_kmh) == (8123, Path("/srv/loket"), 42.5)


def test_all_wrong_values_are_named_at_once_with_what_they_may_be() -> None:
    """One start, one complete list."""
    with pytest.raises(SettingsError) as refused:
        Settings.from_environ({"LOKET_PORT": "65536", "LOKET_SPEED_KMH": "nan", "LOKET_REGIO": "Gooi"})
    assert str(refused.value).splitlines() == [
        "LOKET_PORT is '65536', maar moet een heel getal van 0 tot en met 65535 zijn.",
        "LOKET_SPEED_KMH is 'nan', maar moet een getal groter dan 0 tot en met 130 zijn.",
        "LOKET_REGIO is 'Gooi', maar moet een code van kleine letters, cijfers en streepjes, zoals gooi-en-vechtstreek"
        " zijn.",
    ]


def test_an_unknown_variable_is_refused_with_the_nearest_name() -> None:
    """A typing mistake must not silently be the default."""
    with pytest.raises(SettingsError, match=r"LOKET_POORT bestaat niet\. Bedoelt u LOKET_PORT\?"):
        Settings.from_environ({"LOKET_POORT": "8001"})


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "loket.example", "127.0.0.1.example"])  # nosec B104
def test_the_service_listens_on_this_computer_only(host: str) -> None:
    """There is no login yet."""
    with pytest.raises(SettingsError, match="LOKET_HOST"):
        Settings.from_environ({"LOKET_HOST": host})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_every_loopback_address_is_allowed(host: str) -> None:
    assert Settings.from_environ({"LOKET_HOST": host}).host == host


@pytest.mark.parametrize("alone", ["LOKET_DATABASE_URL", "LOKET_REDIS_URL", "LOKET_DATABASE_OWNER_URL"])
def test_one_existing_server_without_the_other_is_refused(alone: str) -> None:
    """Half embedded would be a service whose data are in two places."""
    url = "redis://127.0.0.1/0" if alone == "LOKET_REDIS_URL" else "postgresql://loket_app@127.0.0.1/loket"
    with pytest.raises(SettingsError, match="Zet beide"):
        Settings.from_environ({alone: url})


def test_a_wrong_address_is_not_repeated_because_it_may_hold_a_password() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environ({"LOKET_DATABASE_URL": "mysql://root:geheim@db/loket"})
    assert "LOKET_DATABASE_URL" in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_the_table_of_settings_in_the_documentation_is_current() -> None:
    """docs/instellingen.md = `loket instellingen --markdown`."""
    assert (ROOT / "docs" / "instellingen.md").read_text(encoding="utf-8") == as_markdown()
    assert "None" not in as_markdown(), "each says what it may be"


@pytest.mark.parametrize("port", ["99999", "0", "x"])
def test_an_address_with_a_port_that_cannot_be_is_refused(port: str) -> None:
    """At the start, and not as a traceback of whatever uses it first; without showing the password."""
    urls = {"LOKET_DATABASE_URL": f"postgresql://u:geheim@127.0.0.1:{port}/x", "LOKET_REDIS_URL": "redis://127.0.0.1"}
    with pytest.raises(SettingsError, match=r"LOKET_DATABASE_URL is \(niet getoond\)") as refused:
        Settings.from_environ(urls)
    assert "geheim" not in str(refused.value)


def test_several_hosts_are_for_the_database_to_choose_from() -> None:
    """As libpq and asyncpg read them."""
    urls = {"LOKET_DATABASE_URL": "postgresql://a@h1:5432,h2:5433/x", "LOKET_REDIS_URL": "unix:///run/valkey.sock"}
    assert Settings.from_environ(urls).database_url == urls["LOKET_DATABASE_URL"]


def test_the_home_of_somebody_who_does_not_exist_is_no_folder() -> None:
    with pytest.raises(SettingsError, match="LOKET_DATA is '~niemand-hier/x', maar moet een map zijn"):
        Settings.from_environ({"LOKET_DATA": "~niemand-hier/x"})
