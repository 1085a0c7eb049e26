"""All of the database in one file that only who has the key can read, and back.

The file is age (https://age-encryption.org): encrypted for a public key, so the computer that makes it cannot read it,
and a file that was cut off or changed does not open. In it: a line that says what it is, a line of JSON (`Inhoud`), and
then what pg_dump makes of the same moment. Nothing of it is ever on a disk unencrypted.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, TypeAlias
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import asyncpg
import msgspec
import pyrage
from msgspec import Struct

from service import migrations
from service.db import OWNER_ROLE, rows_as
from service.embedded.binaries import installed, major_version
from service.errors import Kind, Refusal
from service.log.logketen import KOPPEN, Kop
from service.settings import PREFIX

MAGIC = b"loket-backup 1\n"

LONGEST = 4 * 2**20
"""Bytes of the line of JSON."""

if TYPE_CHECKING:
    Owner = asyncpg.Connection[asyncpg.Record]

Recipient: TypeAlias = Any
"""A public key: pyrage says nothing of its types."""

Identity: TypeAlias = Any
"""A secret one."""


class Inhoud(Struct, frozen=True, kw_only=True):
    """What the file holds, so that whoever puts it back can see whether all of it came back."""

    op: datetime
    migraties: list[str]
    server: int
    """Major version of the PostgreSQL that it was made of."""
    rijen: dict[str, int]
    """Per table."""
    koppen: list[Kop]
    """The last seal of the log of each region."""


# ── What is in a database ────────────────────────────────────────────────────────────────────────

TABLES = """
select quote_ident(n.nspname) || '.' || quote_ident(c.relname) as naam
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname in ('public', 'loket_migraties')
order by 1
"""

MIGRATED = "select naam from loket_migraties.toegepast order by nummer"

VERSION = "select current_setting('server_version_num')::integer / 10000"


async def content(owner: Owner, now: datetime) -> Inhoud:
    """`owner` in a transaction that sees one moment."""
    tables = [row["naam"] for row in await owner.fetch(TABLES)]
    return Inhoud(
        op=now,
        migraties=[row["naam"] for row in await owner.fetch(MIGRATED)],
        server=await owner.fetchval(VERSION),
        rijen={name: await owner.fetchval(f"select count(*) from {name}") for name in tables},
        koppen=rows_as(await owner.fetch(KOPPEN), Kop),
    )


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────


def new_key(path: Path, now: datetime) -> str:
    """Makes the file with a secret key, for its owner only; the public key. Refuses when there is something already."""
    identity = pyrage.x25519.Identity.generate()
    public = str(identity.to_public())
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refusal(
            Kind.CONFLICT, f"{path} is er al. Kies een andere naam: een sleutel wordt nooit vervangen."
        ) from None
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(f"# created: {now.astimezone(UTC).isoformat()}\n# public key: {public}\n{identity}\n")
    return public


def public_keys(texts: list[str]) -> list[Recipient]:
    found = []
    for text in texts:
        try:
            found.append(pyrage.x25519.Recipient.from_str(text))
        except pyrage.RecipientError:
            raise Refusal(
                Kind.INVALID,
                f"{text!r} is geen openbare sleutel van age. Die begint met age1; zie loket backup --help.",
            ) from None
    return found


def secret_keys(path: Path) -> list[Identity]:
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    try:
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except pyrage.IdentityError:
        found = []
    if not found:
        raise Refusal(Kind.INVALID, f"In {path} staat geen geheime sleutel van age (AGE-SECRET-KEY-1…).")
    return found


# ── Out ──────────────────────────────────────────────────────────────────────────────────────────


class Source:
    """`head`, then what the program writes. Raises when it failed, so that a half file never gets its end."""

    def __init__(self, head: bytes, process: subprocess.Popen[bytes]) -> None:
        self._head, self._process = head, process

    def read(self, size: int = -1) -> bytes:
        if self._head:
            part, self._head = (self._head, b"") if size < 0 else (self._head[:size], self._head[size:])
            return part
        assert self._process.stdout is not None
        part = self._process.stdout.read(size)
        if not part and self._process.wait() != 0:
            raise OSError(f"pg_dump ended with code {self._process.returncode}")
        return part


async def write(owner: Owner, url: str, keys: list[Recipient], out: BinaryIO, now: datetime) -> Inhoud:
    """All of the database into `out`; what it holds. Others go on working meanwhile, and are not waited for."""
    await migrations.become_owner(owner)
    async with owner.transaction(isolation="repeatable_read", readonly=True):
        held = await content(owner, now)
        snapshot = await owner.fetchval("select pg_export_snapshot()")
        head = MAGIC + msgspec.json.encode(held) + b"\n"
        command = [program("pg_dump", held.server), "--format=custom", f"--snapshot={snapshot}", f"--role={OWNER_ROLE}"]
        await asyncio.to_thread(_dump, command, url, head, keys, out)
    return held


def _dump(command: list[str], url: str, head: bytes, keys: list[Recipient], out: BinaryIO) -> None:
    with without_password(url) as (bare, variables):
        pipe, environment = subprocess.PIPE, _environment() | variables
        process = subprocess.Popen([*command, bare], stdout=pipe, stderr=pipe, env=environment)
        with said(process) as lines:
            try:
                pyrage.encrypt_io(Source(head, process), out, keys)
            except (OSError, pyrage.EncryptError) as error:
                process.kill()
                raise Refusal(Kind.UNAVAILABLE, f"De backup is mislukt. {_last(lines)}") from error
            finally:
                assert process.stdout is not None
                process.stdout.close()
                process.wait()


# ── In ───────────────────────────────────────────────────────────────────────────────────────────


class Sink:
    """Reads the two lines at the beginning, and passes the rest to the program that `begin` starts for them."""

    def __init__(self, begin: Begin) -> None:
        self._begin, self._start = begin, bytearray()
        self._pipe: IO[bytes] | None = None
        self.refusal: Refusal | None = None
        """Why it took no more: whoever decrypts only passes on that it did not."""

    def write(self, part: bytes) -> int:
        if self._pipe is not None:
            self._pipe.write(part)
            return len(part)
        self._start += part
        try:
            self._look()
        except Refusal as refusal:
            self.refusal = refusal
            raise OSError("refused") from refusal
        return len(part)

    def _look(self) -> None:
        """Starts when both lines are there."""
        wrong = Refusal(Kind.INVALID, "Dit bestand is geen backup van het loket.")
        if not MAGIC.startswith(bytes(self._start[: len(MAGIC)])) or len(self._start) > LONGEST:
            raise wrong
        end = self._start.find(b"\n", len(MAGIC))
        if end < 0:
            return
        try:
            held = msgspec.json.decode(self._start[len(MAGIC) : end], type=Inhoud)
        except msgspec.DecodeError:
            raise wrong from None
        self._pipe = self._begin(held)
        self._pipe.write(self._start[end + 1 :])

    def flush(self) -> None:
        """What is behind it decides when it has enough."""


class Begin:
    """Starts pg_restore for what the file says it holds."""

    def __init__(self, url: str, server: int) -> None:
        self._url, self._server = url, server
        self.held: Inhoud | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self._opened = contextlib.ExitStack()
        self.lines: list[str] = []

    def __enter__(self) -> Begin:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            # Killed before its input ends: the end of the input would be the end of the file.
            self.process.kill()
            self.process.wait()
            assert self.process.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        self._opened.close()

    def __call__(self, held: Inhoud) -> IO[bytes]:
        unknown = sorted(set(held.migraties) - {one.name for one in migrations.on_disk()})
        if unknown:
            raise Refusal(
                Kind.CONFLICT,
                f"De backup is van een nieuwere versie van het loket ({unknown[-1]}). Gebruik die versie.",
            )
        self.held = held
        bare, variables = self._opened.enter_context(without_password(self._url))
        command = [program("pg_restore", max(held.server, self._server)), "--exit-on-error", "--single-transaction"]
        # Comments on extensions are of who made those.
        command += ["--no-owner", f"--role={OWNER_ROLE}", f"--dbname={bare}"]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=_environment() | variables,
        )
        self.lines = self._opened.enter_context(said(self.process))
        assert self.process.stdin is not None
        return self.process.stdin

    def broke(self) -> bool:
        """It ended by itself, before all of the file came."""
        return self.process is not None and self.process.poll() not in (None, 0)

    def finish(self) -> Inhoud:
        """All of the file came through: now it is kept. Refuses when not all of it could be put back."""
        if self.held is None or self.process is None or self.process.stdin is None:
            raise Refusal(Kind.INVALID, "Dit bestand is geen backup van het loket.")
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise Refusal(Kind.CONFLICT, f"Terugzetten is mislukt; de database is nog leeg. {_last(self.lines)}")
        return self.held


EMPTY = "select not exists (select from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r')"


# Another server counts its transactions from another number on. What happened in those that it has yet to come to would
# seem to be still going on, and be told as news when it comes there; so it happened just before now, in its order.
GEBEURD_TOT_NU = """
update gebeurtenis set transactie = (pg_snapshot_xmin(pg_current_snapshot())::text::numeric - 1)::text::xid8
where transactie >= pg_snapshot_xmin(pg_current_snapshot())
"""


async def read(owner: Owner, url: str, keys: list[Identity], file: BinaryIO) -> Inhoud:
    """All of `file` into an empty database, whole or not at all; what it holds, which was counted again.

    Refuses a database with tables in it, another key, and a file that is cut off, changed or something else.
    """
    if not await owner.fetchval(EMPTY):
        raise Refusal(
            Kind.CONFLICT,
            "De database is niet leeg. Maak een nieuwe, en laat LOKET_DATABASE_OWNER_URL daarheen wijzen.",
        )
    await migrations.become_owner(owner)
    held = await asyncio.to_thread(_restore, url, await owner.fetchval(VERSION), keys, file)
    there = await content(owner, held.op)
    if there != msgspec.structs.replace(held, server=there.server):
        wrong = [
            f"{name}: {there.rijen.get(name)} van {count}"
            for name, count in held.rijen.items()
            if there.rijen.get(name) != count
        ]
        raise Refusal(Kind.CONFLICT, f"Niet alles kwam terug. Gebruik deze database niet. {'; '.join(wrong)}")
    await owner.execute(GEBEURD_TOT_NU)
    return held


def _restore(url: str, server: int, keys: list[Identity], file: BinaryIO) -> Inhoud:
    with Begin(url, server) as begin:
        sink = Sink(begin)
        try:
            pyrage.decrypt_io(file, sink, keys)
        except (pyrage.DecryptError, OSError) as error:
            if sink.refusal is not None:
                raise sink.refusal from None
            if begin.broke():
                raise Refusal(Kind.CONFLICT, f"Terugzetten is mislukt. {_last(begin.lines)}") from error
            raise Refusal(
                Kind.INVALID,
                "Dit bestand is niet te lezen: het hoort bij een andere sleutel, of het is afgebroken of veranderd. De"
                " database is nog leeg.",
            ) from error
        return begin.finish()


# ── Programs ─────────────────────────────────────────────────────────────────────────────────────


def program(name: str, server: int) -> str:
    """That of this computer when it is not older than the server, else the one that comes with the loket (which cannot
    do TLS)."""
    own = shutil.which(name)
    if own is not None and major_version(Path(own)) >= server:
        return own
    found = installed().postgres / name
    if major_version(found) < server:
        raise Refusal(Kind.UNAVAILABLE, f"Er is geen {name} van PostgreSQL {server} of nieuwer op deze computer.")
    return str(found)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


@contextmanager
def said(process: subprocess.Popen[bytes]) -> Iterator[list[str]]:
    """What the program writes on standard error, read all the while so that it never waits for us."""
    lines: list[str] = []
    assert process.stderr is not None
    pipe = process.stderr

    def reads() -> None:
        for line in pipe:
            lines.append(line.decode(errors="replace").strip())
            del lines[:-20]

    thread = threading.Thread(target=reads, daemon=True)
    thread.start()
    try:
        yield lines
    finally:
        thread.join(timeout=5)
        pipe.close()


def _last(lines: list[str]) -> str:
    return next((line for line in reversed(lines) if "error:" in line), "Kijk of er ruimte is op de schijf.")


@contextmanager
def without_password(url: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The address as anybody on this computer may see it in `ps`, and the variable with which programs of PostgreSQL
    find the password in a file that only we can read, while the block runs."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    password = query.pop("password", None) or (unquote(parts.password) if parts.password else None)
    if password is None:
        yield url, {}
        return
    user, _, where = parts.netloc.rpartition("@")
    netloc = f"{user.partition(':')[0]}@{where}" if user else where
    with tempfile.NamedTemporaryFile("w", prefix="loket-pg-", encoding="utf-8") as file:  # of mode 0600
        escaped = password.replace("\\", "\\\\").replace(":", "\\:")
        file.write(f"*:*:*:*:{escaped}\n")
        file.flush()
        yield urlunsplit(parts._replace(netloc=netloc, query=urlencode(query))), {"PGPASSFILE": file.name}
