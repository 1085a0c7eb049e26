"""What nobody asks for: a worker does it when its moment has come, or in the round of the day, or it makes a plan."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from service.days import today
from service.db import transaction
from service.taken import TaakSoort
from service.worker.dagronde import RONDES
from service.worker.termijn import TERMIJNEN
from tests import make
from tests.soak.flow import OVER, Base, People, S, Step, Way, beds, day

KNOWN = frozenset(
    {f"termijn {name}" for name in TERMIJNEN} | {f"dagronde {ronde.__name__}" for ronde in RONDES} | {TaakSoort.PLAN}
)
"""All that a worker does by itself, as the code has it; what it does to tell people is in test_notices.py."""


@dataclass
class Moment:
    """Something whose time comes when `due` was done."""

    does: tuple[str, ...]
    """As KNOWN has it."""
    points: tuple[str, ...]
    """Where the worker stands still, one after another, as Computer.arm has them."""
    due: tuple[str, list[Any]]
    """A statement with its arguments."""
    soort: TaakSoort
    leaves: tuple[str, ...]
    """Soorten of all gebeurtenissen, in alphabetical order."""


DUE = "update taak set niet_voor = now() where soort = 'termijn' and status = 'wacht' and gegevens ->> 'id' = $1"

SOON = """
with op as (select now() + interval '5 minutes' as op),
optie as (update bezetting set vervalt_op = op.op from op
          where aanvraag_id = $1 and soort = 'optie' and vrijgegeven_op is null)
update voorstel set antwoord_voor = op.op from op where aanvraag_id = $1 and is_levend(status)
"""
"""What is held for a child, will be over soon."""

HELD = "select id::text from bezetting where aanvraag_id = $1 and soort = 'optie' and vrijgegeven_op is null"

YESTERDAY = ("update route set termijn = $1", "update opschaling set termijn = $1")

# Another aanbieder than all of the world's, which may be asked once a day.
OUD = timedelta(days=30)

VANDAAG = "insert into taak (regio, soort, sleutel) values ('gooi-en-vechtstreek', 'dagronde', $1)"


async def moments(at: Base, p: People) -> AsyncIterator[Step | Moment]:
    """In between the requests that lead there."""
    async for one in _dag(at, p):
        yield one
    async for one in _termijnen(at, p):
        yield one
    async for one in _plan(p):
        yield one


async def _termijnen(at: Base, p: People) -> AsyncIterator[Step | Moment]:
    """An optie that expires; and a voorstel of which the provider is reminded, and that then lapses."""
    w, (one, two) = Way(at, p), await beds(at, p, "gezinshuis", 2)
    yield w.dien_in("kind", "spoed")
    yield w.optie(one)
    kind = UUID(w.known["kind"])
    await at.owner.execute(OVER, kind)
    yield _termijn("optie", w.known["optie"], "optie_verlopen")
    yield w.voorstel(two)
    yield w.brief("verzend", S, "optie", "voorstel_verzonden")
    await at.owner.execute(SOON, kind)
    yield _termijn("voorstel", w.known["voorstel"], "herinnering")
    await at.owner.execute(OVER, kind)
    yield _termijn("optie", await at.owner.fetchval(HELD, kind), "voorstel_vervallen")


def _termijn(name: str, id: str, soort: str) -> Moment:
    points = (f"gebeurtenis {soort}", "taak termijn")
    return Moment((f"termijn {name}",), points, (DUE, [id]), TaakSoort.TERMIJN, (soort,))


async def _dag(at: Base, p: People) -> AsyncIterator[Step | Moment]:
    """One morning on which each part of the round finds something."""
    async with transaction(at.pool, p.loket) as conn:
        oud = await make.plek(conn, now=datetime.now(UTC) - OUD)
    await make.gebruiker(at.owner, rol="aanbieder", aanbieder_id=oud.aanbieder_id, email="oud@test.example")
    w = Way(at, p)
    # Nearly eighteen, so that it is in the round of alarms; regulier, so that it is told once a day.
    yield w.dien_in("kind", "regulier", leeftijdMaanden=206)
    path = f"/aanvragen/{w.known['kind']}"
    pgb = {"soort": "pgb", "keuze": "ouders", "keuzeOp": day(-1)}
    yield Step(S, "routes pgb gekozen", f"{path}/routes", {"details": pgb}, ("route",))
    tafel = {"aanleiding": "geen_plek", "tafel": "doorbraaktafel", "waarom": "Vol.", "vraagAanbieders": False}
    yield Step(S, "opschalingen", f"{path}/opschalingen", tafel, ("opschaling",))
    gisteren = today(datetime.now(UTC)) - timedelta(days=1)
    for statement in YESTERDAY:
        await at.owner.execute(statement, gisteren)
    points = (
        "gebeurtenis alarm achttien", "gebeurtenis alarm opschaling_termijn", "gebeurtenis alarm route_termijn",
        "gebeurtenis bevestiging_gevraagd", "bericht dagoverzicht", "taak dagronde",
    )  # fmt: skip
    rondes = tuple(f"dagronde {ronde.__name__}" for ronde in RONDES)
    due = (VANDAAG, [str(today(datetime.now(UTC)))])
    yield Moment(rondes, points, due, TaakSoort.DAGRONDE, (*["alarm"] * 3, "bevestiging_gevraagd"))


async def _plan(p: People) -> AsyncIterator[Step | Moment]:
    """Begun, begun again, found, and written: as often as a plan may be tried, but once."""
    yield Step(S, "plannen", "/plannen", {"seconden": 1}, ())
    points = ("plan_gebeurtenis begonnen", "plan_gebeurtenis opnieuw", "taak plan", "plan_gebeurtenis einde")
    due = ("update taak set niet_voor = now() where soort = $1", [TaakSoort.PLAN])
    yield Moment((TaakSoort.PLAN,), points, due, TaakSoort.PLAN, ())
