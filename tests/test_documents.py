"""Documents that could lie are held to what there is."""

from __future__ import annotations

import re

import pytest

from service.db import Connection
from tests.conftest import ROOT

TECHNICAL = {"herhaling", "locatie_adres", "migratie"}
"""Tables that no user has a word for."""


async def test_every_noun_of_the_database_is_explained_in_the_glossary(owner: Connection) -> None:
    tables = await owner.fetch("select tablename from pg_tables where schemaname = 'public'")
    terms = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs" / "begrippen.md").read_text(encoding="utf-8"), re.MULTILINE)
    explained = {word.strip() for term in terms for word in term.split(",")}
    assert {row["tablename"] for row in tables} - TECHNICAL - explained == set()


@pytest.mark.parametrize("document", ["README.md", "CHANGELOG.md", "docs/begrippen.md", "docs/ARCHITECTURE.md"])
def test_every_link_to_a_file_leads_somewhere(document: str) -> None:
    path = ROOT / document
    links = re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_package_lock_names_no_registry() -> None:
    """Whoever installs uses the registry of their own machine."""
    lock = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert '"integrity"' in lock
    assert not re.search(r"resolved|https?:", lock)
