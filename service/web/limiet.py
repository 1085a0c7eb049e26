"""How many requests somebody may do per minute: a machine, a person, and by internet address who still has to log in or
comes with a token that is nobody's.

A bucket that leaks at an even pace (GCRA): a whole minute's worth may come at once, then one each 60/quota seconds.
All processes count together in Valkey, in one round trip (for a person: one per portion of the quota), by the clock of
the process that asks; one whose clock runs ahead can take at most one quota from others. Valkey away or slow: each
process counts by itself, so that the door is never open and never shut. The keys are hashes with a secret: who reads
Valkey learns of nobody.

The headers RateLimit and RateLimit-Policy: draft-ietf-httpapi-ratelimit-headers-11.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import logging
import math
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import redis.asyncio
from litestar.types import HTTPScope
from msgspec import Struct, structs
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from service.db import Wie
from service.settings import Settings
from service.taal import gettext
from service.web import client
from service.web.problems import HttpRefusal

if TYPE_CHECKING:
    from service.inloggen.sessies import Sessie
    from service.web.operation import Services

WINDOW_MS = 60_000

PATIENCE_S = 0.25
"""Valkey answers in less than a thousandth of this; who waits longer, waits for nothing."""

RETRY_S = 1.0
"""So long Valkey is not asked again when it was away."""

PORTIONS = 50
"""Of the quota of a person. A process takes a portion at once, so that it need not ask Valkey each time, which takes as
much of its time as all else that a request must pass. What it has not used of it, comes back in a minute at most."""

MOST = 50_000
"""Of whom a process counts by itself."""

CLOSE_MS = 0.01
"""Rounding of sums of so many milliseconds since 1970."""

log = logging.getLogger(__name__)


class Soort(StrEnum):
    """Names of the policies."""

    KOPPELING = "koppeling"
    GEBRUIKER = "gebruiker"
    ADRES = "adres"
    ONBEKEND = "onbekend"
    LOG = "log"
    """Never told: lines about logins that failed (inlogfouten.py)."""


class Stand(Struct, frozen=True):
    """After a request was counted or refused."""

    soort: Soort
    quota: int
    allowed: bool
    left: int
    """Requests that may come at once now."""
    wait_s: int
    """Until one more than that may."""

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Policy": f'"{self.soort}";q={self.quota};w={WINDOW_MS // 1000}',
            "RateLimit": f'"{self.soort}";r={self.left};t={self.wait_s}',
        }


# What is kept is the moment at which all that was asked so far has leaked away (ITU-T I.371: theoretical arrival time).
SCRIPT = f"""
local now, pace = tonumber(ARGV[1]), tonumber(ARGV[2])
local empty = tonumber(redis.call('get', KEYS[1]) or now)
empty = math.min(math.max(empty, now), now + {WINDOW_MS})
if empty + pace > now + {WINDOW_MS} + {CLOSE_MS} then
    return {{0, string.format('%.4f', empty)}}
end
empty = string.format('%.4f', empty + pace)
redis.call('set', KEYS[1], empty, 'px', {WINDOW_MS})
return {{1, empty}}
"""


class Portion(Struct):
    """What one process may still do without asking."""

    left: int
    empty: float
    """When the bucket will have leaked empty, as it was told."""
    taken_at: float
    """Milliseconds since 1970."""


class Limiet:
    """The counters of one process, and those that it shares."""

    def __init__(self, valkey: redis.asyncio.Redis, secret: bytes) -> None:
        self._script = valkey.register_script(SCRIPT)
        self._secret = secret
        self._own: dict[bytes, float] = {}
        self._portions: dict[bytes, Portion] = {}
        self._away_until = float("-inf")
        self._full: dict[str, tuple[Stand, datetime]] = {}

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: Settings) -> AsyncIterator[Limiet]:
        """Connections of its own, that do not try again: who asks is waiting."""
        assert settings.redis_url is not None
        # _shared has a time limit for the whole; those of the client cost a fifth of its time.
        valkey = redis.asyncio.from_url(
            settings.redis_url, retry=Retry(NoBackoff(), 0), socket_timeout=None, socket_connect_timeout=None
        )
        # All processes must have the same secret. Where nobody can log in but on this computer, it is one process.
        secret = settings.oidc_keys.read_bytes() if settings.oidc_keys else secrets.token_bytes(32)
        try:
            yield cls(valkey, hashlib.blake2b(secret, digest_size=32, person=b"loket limiet").digest())
        finally:
            await valkey.aclose()

    async def count(self, soort: Soort, who: str, quota: int, now: datetime) -> Stand:
        """One request of `who`, of whom `quota` may come per minute; who is refused is not counted."""
        key = hashlib.blake2b(f"{soort} {who}".encode(), key=self._secret, digest_size=16).digest()
        moment, pace = now.timestamp() * 1000, WINDOW_MS / quota
        portion = self._portions.get(key)
        if portion is None or not portion.left or not 0 <= moment - portion.taken_at < WINDOW_MS:
            portion = await self._take(key, moment, pace, max(1, quota // PORTIONS) if soort is Soort.GEBRUIKER else 1)
        allowed, empty = portion.left > 0, max(portion.empty, moment)
        portion.left -= allowed
        room = WINDOW_MS - (empty - moment) + portion.left * pace
        left = max(0, math.floor((room + CLOSE_MS) / pace))
        wait_ms = (left + 1) * pace - room
        return Stand(soort, quota, allowed, left, max(1, math.ceil((wait_ms - CLOSE_MS) / 1000)))

    def full(self, who: str, now: datetime) -> Stand | None:
        """The refusal that stands for `who`, as this process was told by `mark_full`, with how long it still lasts."""
        found = self._full.get(who)
        if found is None:
            return None
        stand, told_at = found
        passed = (now - told_at).total_seconds()
        if not 0 <= passed < stand.wait_s:
            del self._full[who]
            return None
        return structs.replace(stand, wait_s=max(1, math.ceil(stand.wait_s - passed)))

    def mark_full(self, who: str, stand: Stand, now: datetime) -> None:
        if len(self._full) >= MOST:
            self._full.clear()
        self._full[who] = stand, now

    async def _take(self, key: bytes, moment: float, pace: float, size: int) -> Portion:
        """So many requests at once; one when that many are not left; none when nothing is."""
        for many in dict.fromkeys((size, 1)):
            asked = many * pace
            allowed, empty = await self._shared(key, moment, asked) or self._by_itself(key, moment, asked)
            if allowed:
                break
        portion = Portion(many if allowed else 0, empty, moment)
        if size > 1:
            if len(self._portions) >= MOST:
                self._portions.clear()
            self._portions[key] = portion
        return portion

    async def _shared(self, key: bytes, moment: float, pace: float) -> tuple[bool, float] | None:
        """None: Valkey is away."""
        if time.monotonic() < self._away_until:
            return None
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer: Any = await self._script(keys=[b"limiet:" + key], args=[f"{moment:.4f}", repr(pace)])
            return bool(answer[0]), float(answer[1])
        except (RedisError, OSError) as error:  # a TimeoutError is one
            log.warning("limiet: Valkey is away (%s), counting by itself", type(error).__name__)
            self._away_until = time.monotonic() + RETRY_S
            return None

    def _by_itself(self, key: bytes, moment: float, pace: float) -> tuple[bool, float]:
        """As SCRIPT does."""
        empty = min(max(self._own.get(key, moment), moment), moment + WINDOW_MS)
        if empty + pace > moment + WINDOW_MS + CLOSE_MS:
            return False, empty
        if key not in self._own and len(self._own) >= MOST:
            self._forget(moment)
        self._own[key] = empty + pace
        return True, empty + pace

    def _forget(self, moment: float) -> None:
        """Of whom nothing is left to count; and when that is nobody, the half of whom least is left."""
        self._own = {key: empty for key, empty in self._own.items() if empty > moment}
        if len(self._own) >= MOST:
            kept = sorted(self._own.items(), key=lambda item: item[1], reverse=True)
            self._own = dict(kept[: MOST // 2])


async def of_wie(scope: HTTPScope, services: Services, wie: Wie) -> None:
    """Counts a request of who is logged in. Refuses 429."""
    sessie: Sessie | None = scope.get("state", {}).get("sessie")
    quota = (sessie.per_minuut if sessie else None) or services.settings.limit_person_min
    soort = Soort.KOPPELING if wie.koppeling else Soort.GEBRUIKER
    await _count(scope, services, soort, str(wie.gebruiker), quota)


async def of_address(scope: HTTPScope, services: Services) -> None:
    """Counts a request of who still has to log in. Refuses 429."""
    address = _network(client.address(scope, services.settings.proxies))
    await _count(scope, services, Soort.ADRES, address, services.settings.limit_address_min)


# A good token is looked up once and then kept, a wrong one each time: only those are counted, so that an office behind
# one address has no limit together. Who has shown too many, is not looked up any more until there is room again.


def before_unknown(scope: HTTPScope, services: Services) -> None:
    """Refuses 429 whose address showed too many wrong tokens, without asking anybody."""
    address = _network(client.address(scope, services.settings.proxies))
    stand = services.limiet.full(address, services.clock())
    if stand is not None:
        _answer(scope, stand)


async def of_unknown(scope: HTTPScope, services: Services) -> None:
    """Counts a token that was nobody's. Refuses 429."""
    address, now = _network(client.address(scope, services.settings.proxies)), services.clock()
    stand = await services.limiet.count(Soort.ONBEKEND, address, services.settings.limit_address_min, now)
    if not stand.allowed:
        services.limiet.mark_full(address, stand, now)
    _answer(scope, stand)


async def _count(scope: HTTPScope, services: Services, soort: Soort, who: str, quota: int) -> None:
    _answer(scope, await services.limiet.count(soort, who, quota, services.clock()))


def _answer(scope: HTTPScope, stand: Stand) -> None:
    scope.setdefault("state", {})["limiet"] = stand.headers  # for headers.secure
    if not stand.allowed:
        seconden = "1 seconde" if stand.wait_s == 1 else f"{stand.wait_s} seconden"
        raise HttpRefusal(
            429,
            gettext(
                "Dit zijn te veel verzoeken: er mogen er %(quota)s per minuut. Wacht %(seconden)s en probeer het"
                " dan opnieuw.",
                quota=stand.quota,
                seconden=seconden,
            ),
            headers={"Retry-After": str(stand.wait_s)},
        )


def _network(address: str) -> str:
    """Of an IPv6 address the first half: one connection to the internet has all of the second."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return address
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((int(ip), 64), strict=False))
