"""The figures of one process, as Prometheus reads them. Nothing here is of one child, and no label is an id.

One process is one target: `loket serve` and `loket worker` never fork, so the registry of the process is the whole
truth about it, and Prometheus adds processes up. What is of the database and not of a process (`loket_regio_…`,
`loket_taken`) each worker measures alike: take the maximum over them, not the sum.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import asyncpg
from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

Pool: TypeAlias = "asyncpg.Pool[Any]"

FAST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
SLOW = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800)

# ── Requests ─────────────────────────────────────────────────────────────────────────────────────

REQUESTS = Counter("loket_requests", "Answers begun, by operation.", ["operation", "method", "status"])

REQUEST_SECONDS = Histogram(
    "loket_request_seconds", "From the request to the first byte of the answer.", ["operation"], buckets=FAST
)

IN_PROGRESS = Gauge("loket_requests_in_progress", "Being answered now, streams included.")

READS = Counter("loket_reads", "Of what a replica may answer, where it was read. Only with a replica.", ["bron"])

REPLICA_AGE = Gauge("loket_replica_age_seconds", "How old a replica is at most; +Inf: not used, NaN: there is none.")
REPLICA_AGE.set(math.nan)

SHED = Counter("loket_requests_shed", "Not taken on: too many at once (web/admission.py).", ["reden"])

WAITING = Gauge("loket_requests_waiting", "Waiting for their turn now.")

PLACES_SURE = Gauge("loket_plekken_actueel", "1: the places in memory are surely those of the database.")

LOGGED = Counter("loket_logged", "Lines that the program wrote about what went wrong.", ["level", "logger"])

# ── The worker ───────────────────────────────────────────────────────────────────────────────────

TAAK_SECONDS = Histogram("loket_taak_seconds", "Doing a taak, by how it ended.", ["soort", "uitkomst"], buckets=SLOW)

SOLVER_SECONDS = Histogram("loket_plan_seconds", "Solving a joint plan.", buckets=SLOW)

SOLVER_GAP = Gauge("loket_plan_gat", "Of the last plan: what may be missing, as a part of the bound.", ["regio"])

ROUND_OK = Gauge("loket_ronde_gelukt_timestamp", "When a loop of the worker last did its round.", ["ronde"])

# ── Of the database, measured by each worker ─────────────────────────────────────────────────────

TAKEN = Gauge("loket_taken", "Taken that are not done.", ["regio", "soort", "status"])

TAAK_OLDEST = Gauge("loket_taak_oudste_seconds", "How long the oldest taak waits that may be done.", ["regio", "soort"])

WACHTENDEN = Gauge("loket_regio_wachtenden", "Open aanvragen.", ["regio", "urgentie"])

OVER_NORM = Gauge("loket_regio_wachtenden_over_norm", "Of these: longer than the region's norm.", ["regio", "urgentie"])

PLEKKEN = Gauge("loket_regio_plekken", "Free plekken, by how sure they are.", ["regio", "zekerheid"])

OPTIES = Gauge("loket_regio_opties", "Plekken that are held.", ["regio"])

OPTIES_EXPIRED = Gauge("loket_regio_opties_verlopen_dag", "Opties that expired in the last 24 hours.", ["regio"])

SILENT = Gauge(
    "loket_regio_koppelingen_stil", "Providers whose system confirmed lately, and not in 24 hours.", ["regio"]
)

DATABASE_BYTES = Gauge("loket_database_bytes", "Size of the database.")

CLOCK_SKEW = Gauge("loket_klok_verschil_seconds", "The clock of the database, less ours.")


# ── Pools ────────────────────────────────────────────────────────────────────────────────────────


class Pools(Collector):
    """Connections of each pool that is open, read at the moment that somebody asks."""

    def __init__(self) -> None:
        self._open: dict[str, Pool] = {}

    @contextmanager
    def watched(self, name: str, pool: Pool) -> Iterator[None]:
        self._open[name] = pool
        try:
            yield
        finally:
            if self._open.get(name) is pool:
                del self._open[name]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily("loket_pool_connections", "Connections of a pool.", labels=["pool", "state"])
        for name, pool in list(self._open.items()):
            idle, size, most = pool.get_idle_size(), pool.get_size(), pool.get_max_size()
            for state, count in (("idle", idle), ("used", size - idle), ("max", most)):
                family.add_metric([name, state], count)
        yield family


POOLS = Pools()
REGISTRY.register(POOLS)


# ── Logging ──────────────────────────────────────────────────────────────────────────────────────


class Counting(logging.Handler):
    """Counts what is logged: an alarm can then say that somebody must look."""

    def emit(self, record: logging.LogRecord) -> None:
        LOGGED.labels(record.levelname.lower(), record.name).inc()
