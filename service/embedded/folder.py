"""The data folder: where it is, whose it is, and who uses it.

.loket/
  loket.json     marks the folder as ours; holds nothing that is needed
  eigenaar.lock  flock, exclusive: the process that started the servers (and its guard)
  gebruik.lock   flock, shared: every process that uses them
  servers.json   while the servers run: where their sockets are and who started them
  postgres/ valkey/ log/ programma/
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import msgspec

from service.embedded.process import Account, account_for
from service.errors import Kind, Refusal
from service.settings import ROOT, Settings

MARK = "loket.json"
SOCKET_PATH_LIMIT = 104
"""Bytes: macOS has 104, Linux 108, both with the closing zero."""

LONGEST_SOCKET = "/.s.PGSQL.5432.lock"


def locate(settings: Settings) -> Path:
    """LOKET_DATA, else `.loket` in the clone; as root under a closed folder /var/lib/loket/<hash of its path>."""
    account = account_for(ROOT / ".loket" / "postgres")
    if settings.data is not None:
        folder = Path(os.path.abspath(settings.data))
        if account.drop and not may_enter(account, nearest_existing(folder)):
            raise Refusal(
                Kind.FORBIDDEN,
                f"De gegevensmap {folder} ligt in een map waar alleen root bij kan, en PostgreSQL draait niet als root."
                " Kies met LOKET_DATA een map waar iedereen doorheen mag, zoals /var/lib/loket/demo.",
            )
        return folder
    if account.drop and not may_enter(account, ROOT):
        return Path("/var/lib/loket") / hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    return ROOT / ".loket"


def nearest_existing(path: Path) -> Path:
    while not path.is_dir() and path != path.parent:
        path = path.parent
    return path


def may_enter(account: Account, folder: Path) -> bool:
    """Asked of the system itself, as that user: mode bits alone do not tell all."""
    test = shutil.which("test", path="/usr/bin:/bin")
    if test is None:
        raise RuntimeError("no test(1) in /usr/bin or /bin")
    return subprocess.run([test, "-x", folder], check=False, **account.popen()).returncode == 0


def prepare(folder: Path) -> None:
    """Make the folder, or recognise it as ours; one clear sentence for everything that is in the way."""
    try:
        if folder.exists() and not folder.is_dir():
            raise Refusal(Kind.CONFLICT, f"{folder} is een bestand. Geef met LOKET_DATA een map op.")
        make_with_parents(folder)
        if not (folder / MARK).exists():
            if any(folder.iterdir()):
                raise Refusal(
                    Kind.CONFLICT,
                    f"De map {folder} is niet leeg en niet door het loket gemaakt. Geef met LOKET_DATA een lege map"
                    " op.",
                )
            (folder / MARK).write_text('{"map": "gegevens van het loket"}\n')
        (folder / "log").mkdir(mode=0o700, exist_ok=True)
        # Opened for writing: a folder of someone else is told here and not by a server's log.
        os.close(os.open(folder / "eigenaar.lock", os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise  # no rights would mend it; service/cli.py has the sentence
        reason = "Er is geen schijfruimte meer" if error.errno == errno.ENOSPC else "U mag niet schrijven"
        raise Refusal(
            Kind.FORBIDDEN,
            f"{reason} in de gegevensmap {folder}. Geef met LOKET_DATA een map op waarin dat wel kan.",
        ) from error


def make_with_parents(folder: Path) -> None:
    """Each new folder open to pass through, whatever the umask of root: the servers run as another user."""
    if not folder.exists():
        make_with_parents(folder.parent)
        folder.mkdir()
        if os.geteuid() == 0:
            folder.chmod(0o755)


def check_cluster(folder: Path, major: int) -> None:
    """Refuse a database that is not whole, or of another PostgreSQL."""
    data = folder / "postgres"
    if not data.exists():
        return
    try:
        version = (data / "PG_VERSION").read_text().strip()
        (data / "global" / "pg_control").stat()
    except FileNotFoundError as missing:
        raise Refusal(
            Kind.CONFLICT,
            f"De gegevensmap {folder} is niet compleet: {Path(missing.filename).relative_to(folder)} ontbreekt. Zet een"
            " kopie terug, of begin opnieuw met make demo FRESH=1.",
        ) from missing
    except PermissionError as error:
        raise Refusal(
            Kind.FORBIDDEN,
            f"De gegevens in {folder} zijn van een andere gebruiker. Start als die gebruiker, of geef met LOKET_DATA"
            " een andere map op.",
        ) from error
    if version != str(major):
        raise Refusal(
            Kind.CONFLICT,
            f"De gegevens in {folder} zijn van PostgreSQL {version} en dit programma heeft {major}. Begin opnieuw met"
            " make demo FRESH=1, of gebruik de vorige versie.",
        )


def wipe(folder: Path) -> None:
    """Start over: what the servers keep goes, nothing else. Only with the owner's lock held."""
    for path in (folder / "postgres", folder / "valkey"):
        if path.exists():
            shutil.rmtree(path)
    # What it knows is of the log that is gone now.
    anker_beside(folder).unlink(missing_ok=True)


def anker_beside(folder: Path) -> Path:
    """Where the heads of the log are written, outside of the data: see LOKET_LOG_ANKER."""
    return folder.with_name(f"{folder.name}.anker")


def sweep(folder: Path) -> None:
    """What a start that was killed left half-made. Only with the owner's lock held."""
    for half in [*folder.glob("postgres.nieuw-*"), *folder.glob("programma-nieuw-*")]:
        shutil.rmtree(half)
    for file in [*folder.glob("servers.nieuw-*"), folder / "servers.json"]:
        file.unlink(missing_ok=True)


def socket_folder(folder: Path, account: Account) -> Path:
    """For this account only. In the data folder; when that path is too long for a socket, a short one in /tmp."""
    inside = folder / "s"
    if len(os.fsencode(inside)) + len(LONGEST_SOCKET) < SOCKET_PATH_LIMIT:
        account.make_folder(inside)
        return inside
    name = f"loket-{account.uid}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]}"
    # In /tmp anybody may be first, so owner and mode are checked below.
    short = Path("/tmp") / name  # nosec B108
    try:
        account.make_folder(short)
    except FileExistsError:
        pass
    found = os.lstat(short)
    if found.st_uid != account.uid or found.st_mode & 0o777 != 0o700 or short.is_symlink():
        raise Refusal(
            Kind.CONFLICT, f"{short} is van iemand anders. Geef met LOKET_DATA een map met een korter pad op."
        )
    return short


class Lock:
    """A flock on a file of the data folder, held until close() or the end of the last process that has it open."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def take(self, *, shared: bool = False, wait: bool = False) -> bool:
        how = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
        try:
            fcntl.flock(self.fd, how)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        fcntl.flock(self.fd, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self.fd)


class Running(msgspec.Struct, frozen=True):
    """servers.json"""

    sockets: str
    pid: int
    command: str


def write_running(folder: Path, running: Running) -> None:
    """At once whole: written beside and renamed."""
    fd, path = tempfile.mkstemp(dir=folder, prefix="servers.nieuw-")
    with os.fdopen(fd, "wb") as file:
        file.write(msgspec.json.encode(running))
    os.rename(path, folder / "servers.json")


def read_running(folder: Path) -> Running | None:
    try:
        return msgspec.json.decode((folder / "servers.json").read_bytes(), type=Running)
    except FileNotFoundError:
        return None
