"""The bill of materials names all that is locked, with its hash."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.ci


@pytest.fixture(scope="module")
def bom() -> dict[str, Any]:
    subprocess.run([sys.executable, ROOT / "deploy" / "sbom.py"], check=True, capture_output=True)
    made: dict[str, Any] = json.loads((ROOT / "build" / "sbom.json").read_text(encoding="utf-8"))
    return made


def test_every_package_of_both_locks_is_in_it_once_with_a_hash(bom: dict[str, Any]) -> None:
    python = re.findall(
        r"^([\w.-]+)==([^ \\;]+)", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE
    )
    node = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    locked = [f"pkg:pypi/{name.lower()}@{version}" for name, version in python]
    locked += [f"pkg:npm/{path.rpartition('node_modules/')[2]}@{one['version']}" for path, one in node.items() if path]

    named = [one["purl"].partition("?")[0].replace("%40", "@", 1) for one in bom["components"]]

    assert sorted(named) == sorted(locked)
    hashed = [one for one in bom["components"] if one.get("hashes") or _hashed(one)]
    assert len(hashed) == len(named) > 50


def _hashed(component: dict[str, Any]) -> bool:
    return any(reference.get("hashes") for reference in component.get("externalReferences", ()))


def test_what_runs_is_told_apart_from_what_builds_and_tests(bom: dict[str, Any]) -> None:
    scope = {one["name"]: one["scope"] for one in bom["components"]}

    assert {scope[name] for name in ("litestar", "asyncpg", "joserfc", "ortools", "cryptography")} == {"required"}
    assert {scope[name] for name in ("pytest", "mypy", "schemathesis", "hatchling")} == {"excluded"}


def test_it_says_what_it_is_of(bom: dict[str, Any]) -> None:
    assert bom["bomFormat"] == "CycloneDX"
    assert bom["metadata"]["component"]["name"] == "een-loket"
