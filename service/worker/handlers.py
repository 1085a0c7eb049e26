"""What this worker can do: one handler per soort of taak."""

from __future__ import annotations

from collections.abc import Mapping

from service.settings import Settings
from service.taken import TaakSoort
from service.worker import dagronde, haak, mail, melding, plan, termijn
from service.worker.loop import Handler

HANDLERS: Mapping[TaakSoort, Handler] = {
    TaakSoort.PLAN: plan.HANDLER,
    TaakSoort.MELDING: melding.HANDLER,
    TaakSoort.TERMIJN: termijn.HANDLER,
    TaakSoort.DAGRONDE: dagronde.HANDLER,
    TaakSoort.MAIL: mail.HANDLER,
    TaakSoort.HAAK: haak.HANDLER,
}


def handlers(settings: Settings) -> Mapping[TaakSoort, Handler]:
    """Without a mail server mails are not tried: they wait until there is one."""
    if settings.smtp_host is not None:
        return HANDLERS
    return {soort: handler for soort, handler in HANDLERS.items() if soort is not TaakSoort.MAIL}
