"""deploy/migrations → database: numbered SQL files, each applied once, in its own transaction, as the owner.

schema.sql is the truth; tests/schema/test_drift.py proves that the files lead to it. What was applied, with the
checksum of its text, stands in schema `loket_migraties`, outside of what schema.sql describes.

Two versions of the program work beside each other on one database while one takes the place of the other. So a file
adds (expand), and only a later one takes away what nobody uses any more (contract). The latter says so in its first
line, `-- inkrimpen na 0017`: programs that know 0017 no longer use what goes. It is refused as long as one that does
not is connected, and afterwards such a program does not start.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from pathlib import Path
from typing import NoReturn

import asyncpg
from msgspec import Struct

from service.db import APP_ROLE, OWNER_ROLE, Connection
from service.errors import Kind, Refusal

HERE = Path(__file__).resolve().parent

FOLDER = next(path for path in (HERE / "_migrations", HERE.parent / "deploy" / "migrations") if path.is_dir())
"""Of the wheel, else of the clone."""

LOCK = 4_201_968
"""Number of the advisory lock: two processes never migrate one database at the same time."""

LOCK_TIMEOUT = "5s"
"""A migration that cannot get a table lock gives up, so that it never queues every reader behind it."""


CONTRACTS = re.compile(r"-- inkrimpen na (\d{4})\n")


class Migration(Struct, frozen=True):
    number: int
    name: str
    sql: str

    @property
    def after(self) -> int:
        """Programs must know this one, before something goes that older ones use; 0 when nothing goes."""
        found = CONTRACTS.match(self.sql)
        return int(found[1]) if found else 0

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def on_disk(folder: Path = FOLDER) -> list[Migration]:
    """In order; a gap, a double number or another name is a mistake of whoever added the file."""
    found: list[Migration] = []
    for path in sorted(folder.glob("*.sql")):
        form = re.fullmatch(r"(\d{4})_[a-z0-9_]+", path.stem)
        if form is None or int(form[1]) != len(found) + 1:
            raise ValueError(f"{path.name}: expected {len(found) + 1:04d}_name.sql")
        found.append(Migration(int(form[1]), path.stem, path.read_text(encoding="utf-8")))
        if found[-1].after >= found[-1].number:
            raise ValueError(f"{path.name}: takes away what only a later migration replaces")
    if not found:
        raise ValueError(f"no migrations in {folder}")
    return found


BOOKKEEPING = """
create schema if not exists loket_migraties;
create table if not exists loket_migraties.toegepast (
    nummer   integer     not null,
    naam     text        not null,
    checksum text        not null,
    op       timestamptz not null default now(),
    constraint toegepast_pk primary key (nummer)
);
alter table loket_migraties.toegepast enable row level security;
alter table loket_migraties.toegepast add column if not exists na integer not null default 0;
do $$ begin
    if not exists (select from pg_policy where polrelid = 'loket_migraties.toegepast'::regclass) then
        create policy lees on loket_migraties.toegepast for select using (true);
    end if;
end $$;
grant usage on schema loket_migraties to loket_app;
grant select on loket_migraties.toegepast to loket_app;
"""
"""The service reads it: a program does not start on a database that it does not fit."""

APPLIED = "select nummer, naam, checksum from loket_migraties.toegepast order by nummer"

RECORD = "insert into loket_migraties.toegepast (nummer, naam, checksum, na) values ($1, $2, $3, $4)"


async def migrate(conn: asyncpg.Connection[asyncpg.Record], folder: Path = FOLDER) -> list[str]:
    """Apply what is missing; the names of what was applied. The connection may become the owner role."""
    wanted = on_disk(folder)
    await become_owner(conn)
    await conn.execute("select pg_advisory_lock($1)", LOCK)
    try:
        await conn.execute(BOOKKEEPING)
        applied = await conn.fetch(APPLIED)
        for row, migration in zip(applied, wanted, strict=False):
            if (row["naam"], row["checksum"]) != (migration.name, migration.checksum):
                raise Refusal(
                    Kind.CONFLICT,
                    f"Migratie {row['naam']} is al toegepast, maar het bestand is daarna gewijzigd. Zet het oude"
                    " bestand terug en maak een nieuwe migratie.",
                )
        if len(applied) > len(wanted):
            raise Refusal(
                Kind.CONFLICT,
                f"De database is nieuwer dan dit programma: {applied[-1]['naam']} is al toegepast. Gebruik een nieuwere"
                " versie van het loket.",
            )
        missing = wanted[len(applied) :]
        for migration in missing:
            await _nobody_older(conn, migration)
            async with conn.transaction():
                await conn.execute(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
                await conn.execute(migration.sql)
                await conn.execute(RECORD, migration.number, migration.name, migration.checksum, migration.after)
        return [migration.name for migration in missing]
    finally:
        await conn.execute("select pg_advisory_unlock($1)", LOCK)


# ── Programs beside each other ───────────────────────────────────────────────────────────────────

PROGRAM = 4_201_970
"""First number of the advisory lock that every process shares; the second is the last migration that it knows."""

KNOWN = "select pg_advisory_lock_shared($1, $2)"


async def be_known(conn: Connection) -> None:
    """From now on a migration sees which version is connected here, until this connection ends, however it ends."""
    await conn.execute(KNOWN, PROGRAM, on_disk()[-1].number)


OLDER = """
select count(*) from pg_locks
where locktype = 'advisory' and classid = $1::bigint::oid and objsubid = 2 and granted and objid::bigint < $2
  and database = (select oid from pg_database where datname = current_database())
"""


async def _nobody_older(conn: asyncpg.Connection[asyncpg.Record], migration: Migration) -> None:
    """Refusal while a program is connected that uses what the migration takes away."""
    older = await conn.fetchval(OLDER, PROGRAM, migration.after) if migration.after else 0
    if older:
        raise Refusal(
            Kind.CONFLICT,
            f"Migratie {migration.name} haalt weg wat een oudere versie van het loket nog gebruikt, en daarvan zijn er"
            f" nog {older} verbonden (web of worker). Vervang die eerst; wat hiervoor kwam, is al toegepast.",
        )


STAND = "select nummer, naam, na from loket_migraties.toegepast order by nummer"

MAY_SEE = """
select coalesce(has_table_privilege(to_regclass('loket_migraties.toegepast'), 'select'), false)
   and has_schema_privilege('loket_migraties', 'usage')
"""

THERE = "select to_regnamespace('loket_migraties') is not null"


async def check_fits(conn: Connection) -> None:
    """Refusal when this program cannot work on the database: it lacks what we use, or something went that we use. A
    newer database that only added is fine."""
    if not await conn.fetchval(THERE) or not await conn.fetchval(MAY_SEE):
        return  # made by hand, or by a version that did not show it
    applied = await conn.fetch(STAND)
    ours = on_disk()
    missing = [one.name for one in ours if one.number > max((row["nummer"] for row in applied), default=0)]
    if missing:
        raise Refusal(
            Kind.CONFLICT, f"De database is ouder dan dit programma: {', '.join(missing)}. Voer loket migrate uit."
        )
    gone = [row["naam"] for row in applied if row["na"] > ours[-1].number]
    if gone:
        raise Refusal(
            Kind.CONFLICT,
            f"De database is te nieuw voor dit programma: {gone[-1]} heeft weggehaald wat het gebruikt. Gebruik een"
            " nieuwere versie van het loket.",
        )


async def pending(conn: asyncpg.Connection[asyncpg.Record], folder: Path = FOLDER) -> list[str]:
    """Names of what migrate() would apply; nothing is changed."""
    wanted = on_disk(folder)
    exists = await conn.fetchval("select to_regclass('loket_migraties.toegepast') is not null")
    applied = len(await conn.fetch(APPLIED)) if exists else 0
    return [migration.name for migration in wanted[applied:]]


MISSING_ROLES = "select r from unnest($1::text[]) as r where not exists (select from pg_roles where rolname = r)"

MAY_CREATE = "select rolsuper or rolcreaterole from pg_roles where rolname = current_user"


def by_hand(user: str, database: str, missing: list[str]) -> str:
    """What an administrator must run, ready to paste; the names are those of the server itself, quoted by it."""
    lines = [f"create role {role} login nosuperuser nobypassrls;" for role in missing]
    lines += [
        f"grant {OWNER_ROLE}, {APP_ROLE} to {user};",
        f"grant create on database {database} to {OWNER_ROLE};",
        f"grant create on schema public to {OWNER_ROLE};",
    ]
    return "\n".join(lines)


NAMES = "select quote_ident(current_user) as gebruiker, quote_ident(current_database()) as naam"


async def refuse(conn: asyncpg.Connection[asyncpg.Record], why: str) -> NoReturn:
    """Refusal with how to mend."""
    names = await conn.fetchrow(NAMES)
    assert names is not None
    missing = [row[0] for row in await conn.fetch(MISSING_ROLES, [OWNER_ROLE, APP_ROLE])]
    raise Refusal(
        Kind.FORBIDDEN,
        f"Gebruiker {names['gebruiker']} {why}. Laat een beheerder dit uitvoeren in database {names['naam']}:\n"
        + by_hand(names["gebruiker"], names["naam"], missing),
    )


async def ensure_roles(conn: asyncpg.Connection[asyncpg.Record]) -> list[str]:
    """Create the owner and the app role when they are absent and this user may; the names of what was created."""
    missing = [row[0] for row in await conn.fetch(MISSING_ROLES, [OWNER_ROLE, APP_ROLE])]
    if not missing:
        return []
    if not await conn.fetchval(MAY_CREATE):
        await refuse(conn, "mag geen rollen maken, en die zijn nodig")
    for role in missing:
        await conn.execute(f"create role {role} login nosuperuser nobypassrls")
    return missing


MAY_BUILD = """
select has_database_privilege($1, current_database(), 'create') and has_schema_privilege($1, 'public', 'create')
"""

MAY_BECOME = "select pg_has_role(current_user, $1, 'MEMBER')"

LET_BUILD = f"""
do $$ begin execute format('grant create on database %I to {OWNER_ROLE}', current_database()); end $$;
grant create on schema public to {OWNER_ROLE};
"""


async def become_owner(conn: asyncpg.Connection[asyncpg.Record]) -> None:
    """From here on the connection is the owner role, which may make tables and extensions in this database."""
    created = await ensure_roles(conn)
    if created and not await conn.fetchval("select rolsuper from pg_roles where rolname = current_user"):
        # Who creates a role is its admin, but from PostgreSQL 16 on not yet its member.
        await conn.execute(f"grant {OWNER_ROLE}, {APP_ROLE} to current_user")
    if not await conn.fetchval(MAY_BUILD, OWNER_ROLE):
        # Who has little to grant gets a warning, who has nothing an error; so it is looked at again.
        with contextlib.suppress(asyncpg.InsufficientPrivilegeError):
            await conn.execute(LET_BUILD)
    if await conn.fetchval(MAY_BECOME, OWNER_ROLE) and await conn.fetchval(MAY_BUILD, OWNER_ROLE):
        await conn.execute(f"set role {OWNER_ROLE}")
        return
    await refuse(conn, f"mag niet als {OWNER_ROLE} werken in deze database")
