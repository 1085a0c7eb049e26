"""Documents that could lie are held to what there is."""

from __future__ import annotations

import re

import pytest

from service.db import Connection
from tests.conftest import ROOT

TECHNICAL = {"herhaling", "locatie_adres", "migratie", "plan_gebeurtenis", "taak"}
"""Tables that no user has a word for."""


async def test_every_noun_of_the_database_is_explained_in_the_glossary(owner: Connection) -> None:
    tables = await owner.fetch("select tablename from pg_tables where schemaname = 'public'")
    terms = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs" / "begrippen.md").read_text(encoding="utf-8"), re.MULTILINE)
    explained = {word.strip() for term in terms for word in term.split(",")}
    assert {row["tablename"] for row in tables} - TECHNICAL - explained == set()


MANUALS = sorted(f"docs/handleiding/{path.name}" for path in (ROOT / "docs" / "handleiding").glob("*.md"))


@pytest.mark.parametrize(
    "document", ["README.md", "CHANGELOG.md", "docs/begrippen.md", "docs/ARCHITECTURE.md", *MANUALS]
)
def test_every_link_to_a_file_leads_somewhere(document: str) -> None:
    path = ROOT / document
    links = re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_picture_of_a_screen_is_shown_in_a_document() -> None:
    """`make browser` makes them anew. One that nobody shows, nobody looks at."""
    shown = "".join((ROOT / document).read_text(encoding="utf-8") for document in ["README.md", *MANUALS])
    pictures = {path.name for path in (ROOT / "docs" / "schermen").iterdir()}
    assert pictures == set(re.findall(r"schermen/([a-z-]+\.png)", shown))


@pytest.mark.parametrize("package", ["matcher", "service"])
def test_the_tree_of_the_architecture_names_every_file_and_folder_and_none_that_is_gone(package: str) -> None:
    text = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = re.search(rf"^{package}/(.*?)^\w", text, re.MULTILINE | re.DOTALL)
    assert section is not None
    named = set(re.findall(r"\b\w+(?:\.py\b|/)", section[1]))
    there = {
        path.name if path.is_file() else f"{path.name}/"
        for path in (ROOT / package).iterdir()
        if not path.name.startswith("_") and (path.suffix == ".py" or any(path.glob("*.py")))
    }
    assert there - named == set()
    assert [name for name in named if name.endswith(".py") and not any((ROOT / package).rglob(name))] == []


def test_the_package_lock_names_no_registry() -> None:
    """Whoever installs uses the registry of their own machine."""
    lock = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert '"integrity"' in lock
    assert not re.search(r"resolved|https?:", lock)


def test_every_test_that_the_workflow_names_exists() -> None:
    text = (ROOT / "docs" / "werkstroom.md").read_text(encoding="utf-8")
    named = re.findall(r"(tests/[\w/]+\.py)::(\w+)", text)
    assert len(named) > 20
    gone = [(file, name) for file, name in named if f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8")]
    assert gone == []
