"""From which computer a request comes is what the network says, or our own proxy; never what the request says."""

from __future__ import annotations

from typing import Any, cast

import pytest
from litestar.types import HTTPScope

from service.settings import Settings, SettingsError
from service.web.client import address

OURS = "10.0.0.5, 10.1.0.0/16, fd00::/8"


def asked(peer: str, *forwarded: str, header: str = "X-Forwarded-For") -> HTTPScope:
    scope: dict[str, Any] = {
        "client": (peer, 1234),
        "headers": [(header.lower().encode(), value.encode()) for value in forwarded],
    }
    return cast(HTTPScope, scope)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
@pytest.mark.parametrize("proxies", [None, OURS])
def test_a_header_of_a_stranger_is_not_believed(proxies: str | None, header: str) -> None:
    """Else whoever is refused for asking too much, asks as somebody else."""
    assert address(asked("198.51.100.7", "192.0.2.1", header=header), proxies) == "198.51.100.7"


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("10.0.0.5", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.5", ["192.0.2.1, 198.51.100.7"], "198.51.100.7"),
        ("10.0.0.5", ["192.0.2.1", "198.51.100.7"], "198.51.100.7"),
        ("10.0.0.5", ["192.0.2.1, 198.51.100.7, 10.1.2.3"], "198.51.100.7"),
        ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
        ("10.0.0.5", [], "10.0.0.5"),
        ("10.0.0.5", ["geen adres"], "10.0.0.5"),
        ("10.0.0.5", ["192.0.2.1, ; drop table"], "10.0.0.5"),
        ("10.0.0.6", ["192.0.2.1"], "10.0.0.6"),
    ],
)
def test_our_own_proxies_say_who_asked_them(peer: str, forwarded: list[str], found: str) -> None:
    """The last that is not ours; what stands before it, the asker wrote."""
    assert address(asked(peer, *forwarded), OURS) == found


@pytest.mark.parametrize("wrong", ["proxy.example", "10.0.0.5/8", "10.0.0.5;10.0.0.6", ","])
def test_proxies_that_cannot_be_are_refused_at_the_start(wrong: str) -> None:
    """A name may lead to another computer tomorrow."""
    with pytest.raises(SettingsError, match="LOKET_PROXIES"):
        Settings.from_environ({"LOKET_PROXIES": wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        "http://loket.example",
        "https://loket.example/",
        "https://",
        "loket.example",
        "https://a@loket.example",
        "https://LOKET.example",
        "https://loket.example:443",
        "https://loket.example:x",
    ],
)
def test_an_address_that_a_browser_would_not_send_as_origin_is_refused(wrong: str) -> None:
    """It is compared to the letter."""
    with pytest.raises(SettingsError, match="LOKET_ADRES"):
        Settings.from_environ({"LOKET_ADRES": wrong})
