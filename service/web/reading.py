"""What may be read on a replica of the database (service/replica.py), by whom, and how an answer says so.

Only what shows no child, so that there is no line of the log to write with it; what nobody changes right after looking;
and what no live stream announces, since who is told that something happened must then see it. Who changed something
reads on the primary for LOKET_REPLICA_S: the answer to the change brings a cookie that lasts so long, so it holds in
whichever web process is asked next. A machine keeps no cookies, and always reads on the primary.
"""

from __future__ import annotations

import functools
import logging
import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from litestar import Request
from litestar.types import HTTPScope, Message, Scope

from service.db import Wie
from service.observe import metrics
from service.replica import Behind, Replica
from service.web.operation import Services

HEADER = "Peilmoment"
"""Of an answer from a replica: it has everything until then."""

IN_STATE = "replica"
"""Key of the state of a request for a page, while it is read on a replica."""

SAFE = ("GET", "HEAD", "OPTIONS")

T = TypeVar("T")

log = logging.getLogger(__name__)


def replica_for(scope: HTTPScope, services: Services, wie: Wie) -> Replica | None:
    """The replica, when there is one, it is as fresh as it must be and `wie` changed nothing lately."""
    replica = services.replica
    if replica is None:
        return None
    if wie.koppeling is None and replica.age_s() < math.inf and not _just_wrote(scope, services):
        return replica
    metrics.READS.labels("primair").inc()
    return None


async def read(replica: Replica, work: Callable[[Replica], Awaitable[T]]) -> T | None:
    """What `work` gives; None: do it again on the primary, which says what is so, whatever was wrong."""
    try:
        found = await work(replica)
    except Exception as error:
        log.info("replica: read again on the primary (%s)", type(error).__name__)
        metrics.READS.labels("te oud" if isinstance(error, Behind) else "opnieuw").inc()
        return None
    metrics.READS.labels("replica").inc()
    return found


def text_of(moment: datetime) -> str:
    """Value of HEADER: `2026-11-22T13:03:05Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


PageHandler = TypeVar("PageHandler", bound=Callable[..., Awaitable[Any]])


def from_replica(handler: PageHandler) -> PageHandler:
    """A page whose one visit is read on the replica. Not for a page that shows a child or is live."""

    @functools.wraps(handler)
    async def either(request: Request[Any, Any, Any], **asked: Any) -> Any:
        services: Services = request.app.state.services
        state = request.scope["state"]

        async def there(replica: Replica) -> Any:
            state[IN_STATE] = replica
            try:
                return await handler(request, **asked)
            finally:
                del state[IN_STATE]

        replica = replica_for(request.scope, services, request.state.wie)
        found = None if replica is None else await read(replica, there)
        return await handler(request, **asked) if found is None else found

    return cast(PageHandler, either)


def _cookie(services: Services) -> str:
    """As that of the session: a browser takes the prefix over https only."""
    return "loket-net" if services.demo_links else "__Host-loket-net"


def _just_wrote(scope: HTTPScope, services: Services) -> bool:
    name = f"{_cookie(services)}=".encode()
    return any(key == b"cookie" and name in value for key, value in scope["headers"])


async def wrote(message: Message, scope: Scope) -> None:
    """Litestar `before_send`: who sent a change, reads on the primary until a replica surely has it."""
    if message["type"] != "http.response.start" or cast(HTTPScope, scope)["method"] in SAFE:
        return
    services: Services | None = getattr(scope["litestar_app"].state, "services", None)
    if services is None or services.replica is None:
        return
    # One second more: a browser counts from when it has the answer, and in whole seconds.
    seconds = math.ceil(services.replica.most_s) + 1
    secure = "" if services.demo_links else "; Secure"
    value = f"{_cookie(services)}=1; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
    message["headers"] = [*message["headers"], (b"set-cookie", value.encode())]
