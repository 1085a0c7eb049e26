"""How soon: what decides who goes first, which terms hold and who is woken at night."""

from __future__ import annotations

from enum import StrEnum


class Urgentie(StrEnum):
    """As type `urgentie` in schema.sql."""

    CRISIS = "crisis"
    SPOED = "spoed"
    REGULIER = "regulier"
