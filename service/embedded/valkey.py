"""Valkey: keeps what it holds in an append-only file, listens on a unix socket only."""

from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path

from service.embedded.process import Account, Child, until

SOCKET = "valkey.sock"


def start(program: Path, data: Path, sockets: Path, log: Path, account: Account) -> Child:
    """Started and answering."""
    path = sockets / SOCKET
    path.unlink(missing_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "save": "",
        "daemonize": "no",
    }
    arguments = [argument for name, value in options.items() for argument in (f"--{name}", value)]
    with log.open("ab") as out:
        process = subprocess.Popen([program, *arguments], stdout=out, stderr=out, **account.popen())
    child = Child("Valkey", process, (signal.SIGTERM, signal.SIGKILL))
    try:
        until(lambda: answers(path), child, log, patience_s=60)
    except BaseException:
        child.stop(patience_s=1)
        raise
    return child


def answers(path: Path) -> bool:
    """PONG: loaded and ready; an error line while it still reads its file."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
