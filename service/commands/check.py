"""loket check: what is not safe about how the loket was set up, in sentences that say how to mend it.

`loket serve` and `loket worker` say the same at their start, and start all the same: what they cannot work with they
refuse by themselves.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import msgspec
import redis.asyncio
import typer
from msgspec import Struct

from service import migrations, taken
from service.adressen import is_loopback
from service.commands import connect
from service.db import APP_ROLE, OWNER_ROLE, Connection
from service.errors import Refusal
from service.geo import regios
from service.settings import Settings

SKEW_S = 2.0
"""Between the clocks of two computers; an optie, a session and a lease are counted in seconds."""

OLDEST = 150000
"""server_version_num of the oldest PostgreSQL that is tested."""

WIDE = 65_536
"""A network of proxies with more addresses than this lets somebody in it say who they are."""


REPLICA_S = 5.0
"""For a replica to answer."""

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Bevinding(Struct, frozen=True):
    """`ernstig`: data may be seen or lost. Else: somebody should know."""

    ernstig: bool
    zin: str


def fout(zin: str) -> Bevinding:
    return Bevinding(True, zin)


def let_op(zin: str) -> Bevinding:
    return Bevinding(False, zin)


def check(
    json: bool = typer.Option(False, "--json", help="Antwoord als JSON."),
) -> None:
    """Zegt wat er niet veilig is aan de instellingen, de database, Valkey en de klokken, en wat u eraan doet.

    Afsluitcode 1: er is iets ernstigs. Gegevens kunnen dan gezien worden of verloren gaan.

    Voorbeelden:

      loket check
      LOKET_DATABASE_URL=postgresql://… LOKET_REDIS_URL=redis://… loket check --json
    """
    with connect.connected("check") as data:
        found = asyncio.run(everything(data.settings))
    if json:
        print(msgspec.json.encode(found).decode())
    else:
        for one in found:
            print(f"{'FOUT' if one.ernstig else 'Let op'}: {one.zin}")
        if not found:
            print("Er is niets onveiligs gevonden.")
    if any(one.ernstig for one in found):
        raise typer.Exit(1)


async def everything(settings: Settings, clock: Clock = utc_now) -> list[Bevinding]:
    """`settings` with all URLs filled in. The worst comes first."""
    found = [*of_settings(settings)]
    try:
        async with connect.service_pool(settings) as pool, pool.acquire() as conn:
            found += [one async for one in of_database(conn, settings.regio, clock)]
    except Refusal as refusal:
        found.append(fout(refusal.detail))
    found += [one async for one in of_owner(settings)]
    found += [one async for one in of_replica(settings)]
    found += [one async for one in of_valkey(str(settings.redis_url), clock)]
    return sorted(found, key=lambda one: not one.ernstig)


async def say_at_start(settings: Settings) -> None:
    """What a process that begins tells whoever started it: only what is dangerous."""
    for one in await everything(settings):
        if one.ernstig:
            connect.say(f"FOUT: {one.zin}")


# ── Settings ─────────────────────────────────────────────────────────────────────────────────────


def of_settings(settings: Settings) -> Iterator[Bevinding]:
    for name, url in (
        ("LOKET_DATABASE_URL", settings.database_url),
        ("LOKET_DATABASE_OWNER_URL", settings.database_owner_url),
        ("LOKET_DATABASE_REPLICA_URL", settings.database_replica_url),
    ):
        if url is not None and _elsewhere(url) and not _verified(url):
            yield fout(
                f"{name} gaat naar een andere computer zonder te controleren welke dat is. Zet"
                " ?sslmode=verify-full&sslrootcert=… achter het adres."
            )
    if settings.redis_url is not None and _elsewhere(settings.redis_url):
        if not settings.redis_url.startswith("rediss:"):
            yield let_op(
                "LOKET_REDIS_URL is niet beveiligd. Gebruik rediss://, of een netwerk dat niemand kan afluisteren."
            )
        if not urlsplit(settings.redis_url).password:
            yield fout("Valkey op een andere computer heeft geen wachtwoord. Zet er een, ook in LOKET_REDIS_URL.")
    for name, path in (("LOKET_OIDC_KEYS", settings.oidc_keys), ("LOKET_SMTP_WACHTWOORD", settings.smtp_wachtwoord)):
        if path is not None and _readable_by_others(path):
            yield fout(f"{name}: {path} is voor anderen op deze computer te lezen. Doe chmod 600.")
    if settings.haak_intern:
        yield fout(
            "LOKET_HAAK_INTERN staat aan: wie een haak instelt, kan interne systemen laten aanroepen. Haal het weg."
        )
    if settings.proxies is not None:
        for part in settings.proxies.split(","):
            if ip_network(part.strip()).num_addresses > WIDE:
                yield fout(
                    f"LOKET_PROXIES gelooft {part.strip()}, en dat is bijna iedereen. Noem alleen de proxy's zelf."
                )
    if not is_loopback(settings.host) and settings.proxies is None:
        yield let_op(
            "LOKET_PROXIES is leeg. Achter een proxy telt iedereen dan als één internetadres, met samen één limiet."
        )
    if settings.adres is None:
        yield let_op("LOKET_ADRES is leeg. Alleen deze computer zelf kan het loket gebruiken.")
    if settings.osrm_url is not None and settings.osrm_url.startswith("http:") and _elsewhere(settings.osrm_url):
        yield let_op("LOKET_OSRM_URL is niet beveiligd. Wie meeluistert, ziet waar kinderen en plekken ongeveer zijn.")
    if settings.otlp_url is not None and settings.otlp_url.startswith("http:") and _elsewhere(settings.otlp_url):
        yield let_op(
            "LOKET_OTLP_URL is niet beveiligd. In een spoor staat niets van een kind, wel wie wat wanneer deed."
        )
    if settings.metrics_port and not is_loopback(settings.metrics_host):
        yield let_op(
            "De meetwaarden zijn zonder inlog te zien voor wie bij LOKET_METRICS_PORT kan. Laat alleen Prometheus toe."
        )
    if settings.log_anker is None:
        yield let_op("LOKET_LOG_ANKER is leeg. Een afgekapt log is zo niet te ontdekken.")
    if settings.kaart_tegels is not None:
        yield let_op("LOKET_KAART_TEGELS is gezet: de kaartserver ziet welk gebied iemand bekijkt.")


def _elsewhere(url: str) -> bool:
    """Over a network that is not this computer's own."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return False
    hosts = [host.rsplit("@")[-1] for host in parts.netloc.split(",")]
    names = [re.sub(r":\d*$", "", host).strip("[]") if "]" not in host else host[1 : host.index("]")] for host in hosts]
    names += parse_qs(parts.query).get("host", [])
    return any(name and not name.startswith("/") and not is_loopback(name) for name in names)


def _verified(url: str) -> bool:
    modes = parse_qs(urlsplit(url).query).get("sslmode") or [os.environ.get("PGSSLMODE", "")]
    return modes[-1] in ("verify-full", "verify-ca")


def _readable_by_others(path: Path) -> bool:
    return path.exists() and bool(path.stat().st_mode & 0o077) and path.stat().st_uid == os.getuid()


# ── The database ─────────────────────────────────────────────────────────────────────────────────

SERVER = """
select current_setting('server_version_num')::integer as versie, current_setting('server_version') as versie_tekst,
       current_setting('server_encoding') as codering, clock_timestamp() as nu,
       session_user::text as ingelogd,
       (select rolsuper or rolbypassrls or rolcreaterole from pg_roles where rolname = session_user) as alles,
       pg_has_role(session_user, $1, 'MEMBER') as eigenaar
"""

VEILIG = """
select name, setting from pg_settings
where name in ('fsync', 'full_page_writes', 'data_checksums', 'archive_mode', 'log_statement',
               'log_min_duration_statement', 'log_parameter_max_length', 'log_error_verbosity', 'password_encryption')
"""

REGIO = "select true from jeugdregio where code = $1"


ZORGVORMEN = "select exists (select from zorgvorm where regio = $1)"

AS_BEHEERDER = "select set_config('loket.regio', $1, true), set_config('loket.rol', 'beheerder', true)"


async def _has_zorgvormen(conn: Connection, regio: str) -> bool:
    async with conn.transaction():
        await conn.execute(AS_BEHEERDER, regio)
        return bool(await conn.fetchval(ZORGVORMEN, regio))


async def of_database(conn: Connection, regio: str, clock: Clock) -> AsyncIterator[Bevinding]:
    """As the app role."""
    before = clock()
    row = await conn.fetchrow(SERVER, OWNER_ROLE)
    assert row is not None
    after = clock()
    for one in _skew("de database", row["nu"], before, after):
        yield one
    if row["versie"] < OLDEST:
        yield fout(f"PostgreSQL {row['versie_tekst']} is te oud. Gebruik 15 of nieuwer.")
    if row["codering"] != "UTF8":
        yield fout(f"De database bewaart tekst als {row['codering']}. Maak haar opnieuw, met UTF8.")
    if row["alles"]:
        yield fout(
            f"LOKET_DATABASE_URL logt in als {row['ingelogd']}, en die kan de regels van de database uitzetten. Laat"
            f" het loket inloggen als {APP_ROLE}."
        )
    elif row["eigenaar"]:
        yield fout(
            f"LOKET_DATABASE_URL logt in als {row['ingelogd']}, en die kan {OWNER_ROLE} worden. Neem dat lidmaatschap"
            " af: alleen loket migrate heeft het nodig."
        )
    settings = {each["name"]: each["setting"] for each in await conn.fetch(VEILIG)}
    for name in ("fsync", "full_page_writes"):
        if settings[name] != "on":
            yield fout(f"De database heeft {name} uit: na stroomuitval kunnen gegevens weg zijn. Zet het aan.")
    logs = settings["log_statement"] not in ("none", "ddl") or settings["log_min_duration_statement"] != "-1"
    if logs and settings["log_parameter_max_length"] != "0":
        yield fout(
            "De database schrijft opdrachten met hun waarden in haar log, en dus gegevens van kinderen. Zet"
            " log_parameter_max_length op 0."
        )
    if settings["log_error_verbosity"] != "terse":
        yield let_op(
            "De database schrijft bij een fout de hele rij in haar log, en dus gegevens van kinderen. Zet"
            " log_error_verbosity op terse."
        )
    if settings["data_checksums"] != "on":
        yield let_op("De database merkt een kapotte schijf niet op. Zet data_checksums aan (pg_checksums).")
    if settings["archive_mode"] == "off":
        yield let_op(
            "De database bewaart geen WAL elders: terug kan alleen naar de laatste loket backup. Zie docs/runbook.md."
        )
    if settings["password_encryption"] != "scram-sha-256":
        yield fout("De database bewaart wachtwoorden zwak. Zet password_encryption op scram-sha-256.")
    if not await conn.fetchval("select to_regclass('public.jeugdregio') is not null"):
        yield fout("De database heeft nog geen tabellen. Voer loket migrate uit.")
        return
    if not await conn.fetchval(REGIO, regio):
        yield fout(regios.unknown(regio))
    elif not await _has_zorgvormen(conn, regio):
        yield fout(
            f"De regio {regio} heeft geen zorgvormen: niemand kan een plek melden of een aanvraag indienen. Voer uit:"
            " loket regio begin NAAM"
        )
    if not await taken.anybody(conn):
        yield let_op("Er draait geen loket worker. Berichten, termijnen en plannen blijven liggen.")


async def of_owner(settings: Settings) -> AsyncIterator[Bevinding]:
    """Where somebody gave the address of the owner too: what that one may, and whether the schema is current."""
    if settings.database_owner_url == settings.database_url:
        return
    try:
        async with connect.owner_connection(settings) as owner:
            if await owner.fetchval("select rolsuper from pg_roles where rolname = session_user"):
                yield let_op(
                    f"LOKET_DATABASE_OWNER_URL logt in als beheerder van de hele server. {OWNER_ROLE} is genoeg."
                )
            missing = await migrations.pending(owner)
            if missing:
                yield fout(f"De database is ouder dan dit programma: {', '.join(missing)}. Voer loket migrate uit.")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        yield let_op(f"LOKET_DATABASE_OWNER_URL werkt niet ({type(error).__name__}). loket migrate kan dan niet.")


SYSTEEM = "select system_identifier from pg_control_system()"


async def of_replica(settings: Settings) -> AsyncIterator[Bevinding]:
    """Whether what is read there is of the same database, and whether it is a replica at all."""
    if settings.database_replica_url is None:
        return
    name = "LOKET_DATABASE_REPLICA_URL"
    try:
        there = await asyncpg.connect(settings.database_replica_url, timeout=REPLICA_S)
        try:
            follows, own = await there.fetchval("select pg_is_in_recovery()"), await there.fetchval(SYSTEEM)
        finally:
            await there.close(timeout=REPLICA_S)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        yield let_op(f"{name} werkt niet ({type(error).__name__}). Alles wordt nu van LOKET_DATABASE_URL gelezen.")
        return
    if not follows:
        yield let_op(f"{name} leidt naar een database die geen kopie is. Het loket leest daar nu niet van.")
    try:
        async with connect.service_pool(settings) as pool:
            if await pool.fetchval(SYSTEEM) != own:
                yield fout(f"{name} leidt naar een andere database dan LOKET_DATABASE_URL. Verander het adres.")
    except (Refusal, OSError, asyncpg.PostgresError):
        return  # of_database says so


# ── Valkey, and clocks ───────────────────────────────────────────────────────────────────────────


async def of_valkey(url: str, clock: Clock) -> AsyncIterator[Bevinding]:
    valkey = redis.asyncio.from_url(url)
    try:
        before = clock()
        seconds, microseconds = await valkey.time()
        for one in _skew("Valkey", datetime.fromtimestamp(seconds + microseconds / 1e6, UTC), before, clock()):
            yield one
    except (OSError, redis.RedisError) as error:
        yield fout(f"Valkey antwoordt niet ({type(error).__name__}). Kijk of Valkey draait, en naar LOKET_REDIS_URL.")
    finally:
        await valkey.aclose()


def _skew(whose: str, said: datetime, before: datetime, after: datetime) -> Iterator[Bevinding]:
    """`said` is theirs, of a moment between our `before` and `after`."""
    late, early = (said - after).total_seconds(), (before - said).total_seconds()
    off = max(late, early)
    if off > SKEW_S:
        yield fout(
            f"De klok van {whose} loopt {off:.0f} seconden {'voor' if late > 0 else 'achter'} op die van deze computer."
            " Zet op beide de tijd gelijk (NTP): termijnen en sessies lopen anders verkeerd af."
        )
