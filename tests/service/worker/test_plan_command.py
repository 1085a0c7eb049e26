"""`loket plan`: a plan on the terminal, with a worker or without."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import uuid4

import asyncpg
import msgspec
import psutil
import pytest

from service.db import APP_ROLE, OWNER_ROLE, open_pool
from service.plan.plannen import PlanStatus
from tests.conftest import ROOT, Cluster
from tests.service import plans
from tests.service.plans import keuze
from tests.service.running import lives, loket
from tests.service.worker.conftest import held_up

Plan: TypeAlias = Callable[..., "subprocess.Popen[str]"]

PATIENCE_S = 60


@pytest.fixture
def plan(cluster: Cluster, region: str) -> Plan:
    """`plan("--json")` starts `loket plan` on the demo region."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOKET_")}
    urls = {"LOKET_DATABASE_URL": cluster.url(region, APP_ROLE), "LOKET_REDIS_URL": cluster.redis_url}

    def start(*arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            loket("plan", *arguments),
            cwd=ROOT,
            env=kept | urls,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    return start


async def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = await asyncio.to_thread(process.communicate, timeout=PATIENCE_S)
    return process.returncode, out, err


async def test_without_a_worker_the_command_makes_the_plan_itself(plan: Plan, cluster: Cluster, region: str) -> None:
    """JSON alone on standard output; how far it is, line by line, on standard error. All children are in the log, as
    read for the plan and as shown, and what was logged first has its seal."""
    code, out, err = await ended(plan("--json"))

    answer: dict[str, Any] = msgspec.json.decode(out)
    assert code == 0
    assert (answer["plan"]["status"], answer["plan"]["gat"]) == ("klaar", 0)
    assert len(answer["regels"]) == answer["plan"]["aantalAanvragen"] > 50
    assert re.fullmatch(r"(\d+ s: (wacht|zoekt)(, tot nu \d+ kinderen met een plek)?\n)+", err), err
    looking = await asyncpg.connect(cluster.url(region, OWNER_ROLE))
    counts = await looking.fetch(
        "select handeling, count(*), count(distinct betrokkene) from logregel group by 1 order by 1"
    )
    children = len(answer["regels"])
    assert [tuple(row) for row in counts] == [("loket plan", children, children), ("maakPlan", children, children)]
    assert await looking.fetchval("select count(*) from logketen") >= children
    await looking.close()


async def test_interrupted_it_stops_the_plan_and_leaves_nothing_running(
    plan: Plan, cluster: Cluster, region: str
) -> None:
    """Ctrl-C: exit code 130, the plan is stopped, and with it the process that computes; which plan it is, is told."""
    looking = await asyncpg.connect(cluster.url(region, OWNER_ROLE))
    async with held_up(looking), asyncio.timeout(PATIENCE_S):
        process = plan()
        while not await looking.fetchval("select exists (select from plan where status = 'bezig')"):
            await looking.execute("select pg_sleep(0.01)")
        children = psutil.Process(process.pid).children(recursive=True)

        os.killpg(process.pid, signal.SIGINT)
        code, out, err = await ended(process)

    assert (code, out) == (130, "")
    assert "Traceback" not in err
    assert f"loket plan --vorig {await looking.fetchval('select id from plan')}" in err
    assert await looking.fetchval("select status from plan") == PlanStatus.GESTOPT
    assert await looking.fetchval("select status from taak where soort = 'plan'") in ("klaar", "wacht")
    assert not any(lives(child) for child in children)
    await looking.close()


async def test_what_is_fixed_and_cannot_be_is_told_with_exit_code_1(
    plan: Plan, cluster: Cluster, region: str, wie: Any
) -> None:
    """Two aanvragen on one plek, in the plan that this one goes on from. For a person: who goes where, and why not."""
    pool = await open_pool(cluster.url(region, APP_ROLE), size=2)
    looking = await asyncpg.connect(cluster.url(region, OWNER_ROLE))
    now = datetime.now(UTC)
    one = next(
        line
        for line in (await plans.regels(pool, wie, (await plans.made(pool, wie, now=now)).id)).values()
        if line.plek_id is not None and line.samenplaatsing_id is None
    )
    assert one.plek_id is not None
    other = await looking.fetchval(
        "select id from aanvraag where is_open(status) and samenplaatsing_id is null and id <> $1", one.aanvraag_id
    )
    both = [keuze(who, plek_id=one.plek_id) for who in (one.aanvraag_id, other)]
    before = await plans.made(pool, wie, now=now, vast=both)

    code, out, _ = await ended(plan("--vorig", str(before.id)))

    assert code == 1
    assert "Nummer" in out and "Vanaf" in out
    assert "Kinderen in crisis met een plek: " in out
    assert "Let op:" in out and "maar dat kan niet" in " ".join(out.split())
    await looking.close()
    await pool.close()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--vorig", "x"), 1, "'x' is geen id van een plan."),
        (("--vorig", str(uuid4())), 1, "/vorigPlanId: Dit plan bestaat niet (meer)."),
    ],
)
async def test_what_cannot_be_is_told_in_a_sentence(
    plan: Plan, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    found, out, err = await ended(plan(*arguments))
    assert (found, out) == (code, "")
    assert sentence in err
