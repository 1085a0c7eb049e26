"""The process in which a plan is computed, seen from the worker."""

from __future__ import annotations

import os
import signal
from uuid import uuid4

from service.settings import Settings
from service.worker.child import Geweigerd, opdracht_of
from service.worker.solving import solving
from tests import make
from tests.conftest import REGIO


async def test_a_ctrl_c_is_not_for_the_process_that_computes(database_url: str) -> None:
    """From its first moment on: it goes on, and ends when the worker says so."""
    opdracht = opdracht_of(Settings(database_url=database_url), REGIO, uuid4(), make.NOW)
    async with solving(opdracht) as process:
        os.kill(process.pid, signal.SIGINT)

        assert await process.message() == Geweigerd("Dit plan bestaat niet (meer).")
