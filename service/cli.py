"""`loket`: wires the commands, and turns what goes wrong into one sentence and an exit code."""

from __future__ import annotations

import errno
import importlib
import signal
import sys
from types import FrameType

import asyncpg
import redis.exceptions
import typer

from service.commands import dutch
from service.embedded.process import StartError
from service.errors import Kind, Refusal
from service.settings import SettingsError

OK, REFUSED, USAGE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130

HELP = (
    "Eén loket: weet waar een jeugdige terecht kan, en legt uit waarom."
    "\n\nZonder adressen van eigen servers (zie loket instellingen) werkt elke opdracht op de gegevens van de demo,"
    " of die nu draait of niet."
    "\n\nBegin met:\n\n  loket demo"
    "\n\nAfsluitcodes: 0 gelukt; 1 geweigerd, of fouten gevonden; 2 verkeerd aangeroepen of ingesteld;"
    " 3 database of dienst niet bereikbaar; 4 alleen een voorbeeld getoond, niets ingelezen; 130 afgebroken."
)

COMMANDS = {
    "demo": "demo:demo",
    "demo-data": "demo_data:demo_data",
    "serve": "serve:serve",
    "worker": "worker:worker",
    "migrate": "migrate:migrate",
    "check": "check:check",
    "backup": "backup:backup",
    "restore": "backup:restore",
    "rank": "rank:rank",
    "replay": "replay:replay",
    "plan": "plan:plan",
    "psql": "psql:psql",
    "import": "import_:app",
    "regio": "regio:app",
    "inlog": "inlog:app",
    "gebruiker": "gebruiker:app",
    "log": "log:app",
    "privacy": "privacy:app",
    "instellingen": "instellingen:instellingen",
    "toegang": "toegang:toegang_tonen",
}
"""Command → where it is in service.commands, in the order of the help. An `app` is a group of commands."""


def build(asked: str | None) -> typer.Typer:
    """The program with the command that is asked for; with all when it is none of them, for the help and a hint.

    A module brings all it needs: the web, spreadsheets or the solver. Who asks for one must not wait for the others.
    """
    app = typer.Typer(
        name="loket",
        cls=dutch.Group,
        help=HELP,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback(cls=dutch.Group)(lambda: None)  # a program of one command is still a group
    for name in [asked] if asked in COMMANDS else COMMANDS:
        module, _, attribute = COMMANDS[name].partition(":")
        found = getattr(importlib.import_module(f"service.commands.{module}"), attribute)
        if isinstance(found, typer.Typer):
            app.add_typer(found)
        else:
            app.command(name=name, cls=dutch.Command)(found)
    return app


def main() -> None:
    """Entry point of `.venv/bin/loket`."""
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGHUP, leave)
    try:
        code = build(sys.argv[1] if len(sys.argv) > 1 else None)(prog_name="loket", standalone_mode=False)
        sys.stdout.flush()
    except Refusal as refusal:
        lines = [refusal.detail, *(f"  {field.pointer}: {field.detail}" for field in refusal.fields)]
        fail("\n".join(lines), UNREACHABLE if refusal.kind is Kind.UNAVAILABLE else REFUSED)
    except SettingsError as wrong:
        fail(str(wrong), USAGE)
    except dutch.UsageError as wrong:
        fail(dutch.wrong_usage(wrong), USAGE)
    except StartError as failed:
        fail(str(failed), UNREACHABLE)
    except UNREACHED as lost:
        fail(f"De database is niet bereikbaar: {lost}. Draait die, en klopt LOKET_DATABASE_URL?", UNREACHABLE)
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as refused:
        fail(f"De database laat het loket niet binnen: {refused}. Klopt LOKET_DATABASE_URL?", UNREACHABLE)
    except OSError as error:
        if error.errno not in REASONS:
            raise
        fail(f"{REASONS[error.errno]}{f': {error.filename}' if error.filename else ''}.", REFUSED)
    except (KeyboardInterrupt, typer.Abort):
        fail("Afgebroken.", INTERRUPTED)
    sys.exit(code if isinstance(code, int) else OK)


UNREACHED = (
    ConnectionError,
    redis.exceptions.ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
)


REASONS = {
    errno.ENOSPC: "Er is geen ruimte meer op de schijf",
    errno.EDQUOT: "Er is geen ruimte meer op de schijf",
    errno.ENAMETOOLONG: "De naam van een map of bestand is te lang",
    errno.EPIPE: "Niemand leest de uitvoer meer",
}
"""What the world outside can do to any command; another OSError is a bug and shows where it was."""


def leave(number: int, _: FrameType | None) -> None:
    """SIGTERM and SIGHUP end a command as Ctrl-C does: what it started is stopped first."""
    sys.exit(128 + number)


def fail(message: str, code: int) -> None:
    print(message, file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
