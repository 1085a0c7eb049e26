"""build/sbom.json: everything of others that the loket runs on, in CycloneDX (`make sbom`).

From the locks, so with the hash that an installation must have. What only builds or tests the loket has scope
"excluded". Says nothing of the moment or the computer on which it was made: the same locks give the same file.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "sbom.json"

NAME = re.compile(r"[A-Za-z0-9._-]+")


def main() -> None:
    bom = python_packages()
    bom["components"] = sorted([*bom["components"], *browser_packages()], key=lambda one: one["purl"])
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(bom, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    running = sum(one.get("scope") != "excluded" for one in bom["components"])
    print(f"{OUT.relative_to(ROOT)}: {len(bom['components'])} onderdelen, waarvan {running} om het loket te draaien.")


def python_packages() -> dict[str, Any]:
    """The document of cyclonedx-bom about requirements.lock."""
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "--output-reproducible"]
    command += ["--pyproject", str(ROOT / "pyproject.toml"), str(ROOT / "requirements.lock")]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    bom: dict[str, Any] = json.loads(done.stdout)
    needed = runtime()
    for one in bom["components"]:
        one["scope"] = "required" if normal(one["name"]) in needed else "excluded"
    return bom


def runtime() -> set[str]:
    """The dependencies of the project and theirs, as far as they are for this computer."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found: set[str] = set()
    waiting = [str(one) for one in project["dependencies"]]
    while waiting:
        text = waiting.pop()
        match = NAME.match(text)
        assert match is not None
        name = normal(match[0])
        if name in found or "extra ==" in text:
            continue
        found.add(name)
        try:
            waiting += requires(name) or []
        except PackageNotFoundError:  # for another system or version
            continue
    return found


def normal(name: str) -> str:
    """As PEP 503 compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def browser_packages() -> list[dict[str, Any]]:
    """What package-lock.json brings for the browser."""
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    found = []
    for path, one in lock["packages"].items():
        if not path:
            continue
        name = path.rpartition("node_modules/")[2]
        purl = f"pkg:npm/{name.replace('@', '%40', 1)}@{one['version']}"
        kind, _, digest = one["integrity"].partition("-")
        found.append(
            {
                "type": "library",
                "bom-ref": purl,
                "name": name,
                "version": one["version"],
                "purl": purl,
                "scope": "excluded" if one.get("dev") else "required",
                "hashes": [{"alg": kind.upper().replace("SHA", "SHA-"), "content": base64.b64decode(digest).hex()}],
                **({"licenses": [{"license": {"name": one["license"]}}]} if "license" in one else {}),
            }
        )
    return found


if __name__ == "__main__":
    main()
