"""What this worker can do: one handler per soort of taak."""

from __future__ import annotations

from collections.abc import Mapping

from service.taken import TaakSoort
from service.worker import plan
from service.worker.loop import Handler

HANDLERS: Mapping[TaakSoort, Handler] = {TaakSoort.PLAN: plan.HANDLER}
