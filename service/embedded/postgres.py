"""PostgreSQL: make a cluster once, start it on a unix socket."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from service.embedded.binaries import major_version
from service.embedded.process import Account, Child, StartError, until

SOCKET = ".s.PGSQL.5432"


def create_cluster(programs: Path, target: Path, account: Account) -> None:
    """initdb into a temporary folder beside `target`, then rename: a half-made cluster is never at `target`."""
    locale = ["--locale=C"]
    if major_version(programs / "postgres") >= 17:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    fresh = Path(tempfile.mkdtemp(prefix=f"{target.name}.nieuw-", dir=target.parent))
    try:
        account.give(fresh)
        made = subprocess.run(
            [programs / "initdb", "-D", fresh, "-U", "postgres", "--auth=trust", "-E", "UTF8", *locale],
            check=False,
            capture_output=True,
            text=True,
            **account.popen(cwd=fresh),
        )
        if made.returncode != 0:
            raise StartError(f"PostgreSQL kan geen database maken in {target.parent}: {made.stderr.strip()}")
        os.rename(fresh, target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def start(
    programs: Path, data: Path, sockets: Path, log: Path, account: Account, *, options: dict[str, str] | None = None
) -> Child:
    """Started and accepting connections. `restart_after_crash` is off, so that all processes share one fate."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "restart_after_crash": "off",
        "log_min_messages": "warning",
        # Without "Failing row contains …": what stands in a row is about a child.
        "log_error_verbosity": "terse",
    } | (options or {})
    arguments = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
    with log.open("ab") as out:
        process = subprocess.Popen(
            [programs / "postgres", "-D", data, *arguments], stdout=out, stderr=out, **account.popen()
        )
    # Fast shutdown, immediate shutdown, kill; after the last its own children see that it is gone.
    child = Child("PostgreSQL", process, (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL))
    pid_file = data / "postmaster.pid"

    def ready() -> bool:
        # Line 1 is the pid, line 8 the status.
        lines = pid_file.read_text().split("\n") if pid_file.exists() else []
        return len(lines) > 7 and lines[0] == str(process.pid) and lines[7].strip() == "ready"

    try:
        until(ready, child, log, patience_s=60)
    except BaseException:
        child.stop(patience_s=1)
        raise
    return child
