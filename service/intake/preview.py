"""First what would change, then all of it or nothing.

A preview carries a fingerprint of every change it shows. Applying computes the changes again, in the
transaction that makes them and with the rows locked; when the fingerprint differs, somebody changed the data
in between and nothing happens. So nobody applies what was not shown, and nothing needs to be kept in between.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct, field

from service.days import today
from service.db import Connection, Wie
from service.errors import Kind, Refusal
from service.intake.tables import Fout, Parsed, Progress


class Actie(StrEnum):
    TOEGEVOEGD = "toegevoegd"
    GEWIJZIGD = "gewijzigd"
    BEEINDIGD = "beeindigd"
    BEVESTIGD = "bevestigd"


class Veld(Struct, frozen=True, rename="camel"):
    """One field that changes, as a person reads it."""

    naam: str
    oud: str | None
    nieuw: str | None


class Wijziging(Struct, frozen=True, rename="camel"):
    """One thing that would change; `rij` is None when the file does not mention it."""

    actie: Actie
    wat: str
    rij: int | None
    velden: tuple[Veld, ...] = ()


class Voorbeeld(Struct, frozen=True, rename="camel", kw_only=True):
    """What would happen, or why nothing can. `uitgevoerd` says whether it did."""

    soort: str
    bestand: str
    blad: str | None
    gelezen_als: str
    koprij: int
    rijen: int
    genegeerd: tuple[str, ...]
    aantallen: dict[str, int]
    """Per action, and `ongewijzigd`."""
    wijzigingen: tuple[Wijziging, ...]
    meldingen: tuple[str, ...]
    fouten: tuple[Fout, ...]
    vingerafdruk: str | None
    """None when there is anything wrong: then there is nothing to apply."""
    uitgevoerd: bool = False


class Plan(Struct):
    """The changes of a file, and how to write them."""

    changes: list[Wijziging]
    notes: list[str]
    unchanged: int
    write: Callable[[Connection], Awaitable[None]]


class Context(Struct, frozen=True):
    """Who imports, when, and whether rows must stay as they are until the end of the transaction."""

    wie: Wie
    now: datetime
    lock: bool
    progress: Progress | None = None
    betrokkenen: list[UUID] = field(default_factory=list)
    """For the log: aanvragen that the file names or makes."""

    @property
    def today(self) -> date:
        return today(self.now)


Planner = Callable[[Connection, Parsed, Context], Awaitable[Plan]]


class Rejected(Refusal):
    """Nothing was applied; the preview says which cells are wrong."""

    def __init__(self, voorbeeld: Voorbeeld) -> None:
        count = len(voorbeeld.fouten)
        cells = "1 fout" if count == 1 else f"{count} fouten"
        super().__init__(
            Kind.INVALID, f"In het bestand staan {cells}. Er is niets veranderd. Verbeter ze en probeer het opnieuw."
        )
        self.voorbeeld = voorbeeld


async def preview(conn: Connection, planner: Planner, parsed: Parsed, context: Context) -> Voorbeeld:
    """What applying would do now. Changes nothing."""
    return (await _plan(conn, planner, parsed, context))[0]


STALE = (
    "De gegevens in het loket zijn veranderd sinds u het voorbeeld zag. Er is niets ingelezen. "
    "Bekijk het nieuwe voorbeeld en bevestig dat."
)


async def apply(conn: Connection, planner: Planner, parsed: Parsed, context: Context, fingerprint: str) -> Voorbeeld:
    """Do what the preview with this fingerprint showed, in the transaction of the caller.

    Raises Rejected when cells are wrong and Refusal STALE when the changes are no longer the ones shown.
    """
    voorbeeld, plan = await _plan(conn, planner, parsed, context)
    if voorbeeld.fouten:
        raise Rejected(voorbeeld)
    # With nothing left to change, it was done already: the same request again, after an answer that got lost.
    if voorbeeld.vingerafdruk != fingerprint and voorbeeld.wijzigingen:
        raise Refusal(Kind.STALE, STALE)
    await conn.execute("savepoint inlezen")
    try:
        await plan.write(conn)
    except asyncpg.IntegrityConstraintViolationError as error:
        # Somebody claimed a plek or took a name after we looked. Looking again says in which row that is.
        await conn.execute("rollback to savepoint inlezen")
        voorbeeld, _ = await _plan(conn, planner, parsed, context)
        if voorbeeld.fouten:
            raise Rejected(voorbeeld) from error
        raise Refusal(Kind.STALE, STALE) from error
    return msgspec.structs.replace(voorbeeld, uitgevoerd=True)


async def _plan(conn: Connection, planner: Planner, parsed: Parsed, context: Context) -> tuple[Voorbeeld, Plan]:
    before = len(parsed.faults)
    plan = await planner(conn, parsed, context)
    faults = sorted(parsed.faults, key=lambda fault: (fault.rij or 0, fault.cel or ""))
    # The planner runs again when the file is applied: what it found belongs to this run only.
    del parsed.faults[before:]
    changes = [] if faults else plan.changes
    counts = {actie.value: sum(1 for change in changes if change.actie is actie) for actie in Actie}
    voorbeeld = Voorbeeld(
        soort=parsed.table.soort,
        bestand=parsed.file,
        blad=parsed.sheet,
        gelezen_als=parsed.how,
        koprij=parsed.header_row,
        rijen=len(parsed.records),
        genegeerd=tuple(parsed.ignored),
        aantallen=counts | {"ongewijzigd": 0 if faults else plan.unchanged},
        wijzigingen=tuple(changes),
        meldingen=tuple(dict.fromkeys(plan.notes)),
        fouten=tuple(faults),
        vingerafdruk=None if faults else _fingerprint(parsed, context, changes),
    )
    return voorbeeld, plan


def _fingerprint(parsed: Parsed, context: Context, changes: list[Wijziging]) -> str:
    shown = msgspec.json.encode([parsed.table.soort, context.wie.regio, context.today, changes])
    return hashlib.sha256(shown).hexdigest()[:32]
