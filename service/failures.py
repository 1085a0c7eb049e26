"""What of a failure may stand in a log: where it was and of what kind, and never what the error itself says.

An error repeats what it stumbled on: a value that cannot be converted, "Failing row contains …", an address with a
password in it. A log is read by more people, and kept elsewhere, than what a child entrusted to us.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import sys
import threading
import time
import traceback
from types import TracebackType
from typing import TypeAlias

import asyncpg
import msgspec

log = logging.getLogger(__name__)

ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


WAAROM = {
    errno.ENOENT: "die map of dat bestand is er niet",
    errno.EACCES: "dat mag u niet",
    errno.EPERM: "dat mag u niet",
    errno.EISDIR: "dat is een map",
    errno.ENOTDIR: "een deel van het pad is geen map",
    errno.EROFS: "van deze schijf mag u alleen lezen",
    errno.ENOSPC: "de schijf is vol",
    errno.EDQUOT: "de schijf is vol",
    errno.ENAMETOOLONG: "de naam is te lang",
    errno.EADDRNOTAVAIL: "deze computer heeft dat adres niet",
}


def waarom(error: OSError) -> str:
    """Why a file cannot be read or written, or an address not be used, for after a colon."""
    number = error.errno or 0
    return WAAROM.get(number) or os.strerror(number)


def told(error: BaseException) -> str:
    """Lines `file:line in function` and the kind of error, of the first cause first."""
    chain: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in chain:
        chain.append(one)
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return "\n".join(line for one in reversed(chain) for line in _lines(one))


def _lines(error: BaseException) -> list[str]:
    frames = [f"  {at.filename}:{at.lineno} in {at.name}" for at in traceback.extract_tb(error.__traceback__)]
    parts = [told(part) for part in error.exceptions] if isinstance(error, BaseExceptionGroup) else []
    return [*frames, *parts, kind_of(error)]


def kind_of(error: BaseException) -> str:
    """Its type; of an error of the database also the code, and the table, column and constraint."""
    names: tuple[object, ...] = ()
    if isinstance(error, asyncpg.PostgresError):
        names = (error.sqlstate, *(getattr(error, f"{name}_name", None) for name in ("table", "column", "constraint")))
    elif isinstance(error, OSError):
        names = (error.errno,)
    return " ".join([f"{type(error).__module__}.{type(error).__qualname__}", *(str(name) for name in names if name)])


class Formatter(logging.Formatter):
    """One line per message, in UTC: what somebody sent cannot begin a line of its own."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:
        line = super().formatMessage(record)
        return "".join(char if char.isprintable() else repr(char)[1:-1] for char in line)

    def formatException(self, ei: ExcInfo) -> str:
        return told(ei[1]) if ei[1] is not None else ""


class JsonFormatter(Formatter):
    """The same as one object per line; `trace` is the id that whoever asked was told, if the message begins so."""

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        trace = TRACE.match(text)
        line = {
            "time": self.formatTime(record, self.datefmt) + f".{record.msecs:03.0f}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": text[trace.end() :] if trace else text,
        }
        if trace:
            line["trace"] = trace[1].replace("-", "")
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


TRACE = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}): ")


def log_to_stderr(vorm: str = "tekst", also: logging.Handler | None = None) -> None:
    """For a process that serves or works: all that it logs, and whatever ends it, goes through `Formatter`; as JSON
    when LOKET_LOG_VORM says so. `also` gets the same records."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if vorm == "json" else Formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler] if also is None else [handler, also]
    root.setLevel(logging.WARNING)
    if vorm == "json":
        sys.excepthook = lambda _, error, __: log.critical("ended by an error", exc_info=error)
        threading.excepthook = lambda args: log.error("a thread ended by an error", exc_info=args.exc_value)
        return
    sys.excepthook = lambda _, error, __: print(told(error), file=sys.stderr)
    threading.excepthook = lambda args: print(told(args.exc_value or RuntimeError()), file=sys.stderr)
