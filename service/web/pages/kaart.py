"""What templates/kaart.html shows: points on a map (static/kaart.js). The list beside it says the same."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct


def host(tegels: str) -> str:
    """Where images may come from: `https://tegels.example/{z}/{x}/{y}.png` → `https://tegels.example`. A part of the
    name that differs per tile, `{s}`, is any."""
    there = urlsplit(tegels)
    return f"{there.scheme}://{there.netloc.replace('{s}', '*')}"


class Punt(Struct, frozen=True):
    """A public place. What is secret or confidential is never made into one."""

    naam: str
    uitleg: str
    lat: float
    lon: float
    naar: str
    """Link: where it stands in the list, such as `#p-…`."""


class Kaart(Struct, frozen=True):
    punten: list[Punt]
    buiten: int
    """How many places of the list are not on the map, because where they are is not public or not known."""

    def als_json(self) -> list[dict[str, Any]]:
        """For static/kaart.js."""
        return [msgspec.to_builtins(punt) for punt in self.punten]
