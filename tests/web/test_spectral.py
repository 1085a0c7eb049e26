"""The linter of the NL API design rules on the served document. In `make ci`: its rules come from ../shared."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]

RULES = ROOT.parent / "shared" / "standards" / "adr-2.2.0-linter.yaml"

CI = ROOT / "tests" / "ci"


async def run(*command: str, cwd: Path) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


@pytest.mark.shared
async def test_the_served_document_breaks_no_design_rule(api: httpx.AsyncClient, tmp_path: Path) -> None:
    """No errors and no warnings, hints included."""
    installed, told = await run("npm", "ci", cwd=CI)
    assert installed == 0, told
    served = tmp_path / "openapi.json"
    served.write_bytes((await api.get("/v1/openapi.json")).content)
    spectral = str(CI / "node_modules" / ".bin" / "spectral")

    code, output = await run(spectral, "lint", "--fail-severity", "hint", "-r", str(RULES), str(served), cwd=CI)

    assert code == 0, output
    assert "No results" in output, output
