"""Who reads and writes which rows: one table, of every table in the database, by rol and by whose the row is.

Nothing here has a WHERE: whoever forgets one, sees and changes no more than this. The rows are in world.py.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from msgspec import Struct, structs

from service.db import APP_ROLE, OWNER_ROLE, SYSTEM, Connection, Pool, Rol, Wie, open_pool, set_codecs, transaction
from service.privacy.bewaren import Bewaartermijnen
from tests import make
from tests.conftest import OTHER_REGIO, REGIO, Cluster
from tests.schema import world
from tests.schema.world import WIE, key


class Wat(Struct, frozen=True):
    """`S: gi crisis | AM: hier`: the schakelfunctionaris these two, the aanbieder and its machine that one, nobody else
    anything. The letters are those of world.WIE; `-` is without saying who asks."""

    lees: str
    maak: str = ""
    wijzig: str = ""
    wis: str = ""
    zet: str = ""
    """What an UPDATE sets."""


ALLEN = "SCAVKBM"
CODES_MAAK = "B: eigen | Y: vreemd"
AANBOD = "SCKB: eigen ander gedeeld | AM: eigen | XY: vreemd"
AANBOD_NAAM = "SCKBV: eigen ander gedeeld | AM: eigen | XY: vreemd"
AANBOD_MAAK = "SB: eigen ander | AM: eigen | XY: vreemd"
KIND = "S: gi crisis voorbij hier | C: crisis | A: hier | V: gi | X: vreemd"
KIND_MAAK = "S: gi crisis voorbij hier | C: crisis | V: gi | X: vreemd"
LOKET = "S: eigen | X: vreemd"
VAN_LOKET = "S: gi crisis voorbij hier | X: vreemd"
MET_VERWIJZER = "S: gi crisis voorbij hier | V: gi | X: vreemd"
BEZET_MAAK = "S: hier zonder gehouden stop crisis elders gedeeld | C: crisis | AM: zonder stop | X: vreemd"
BEZET_WIJZIG = (
    "S: hier zonder gehouden stop crisis elders gedeeld buiten | C: crisis | AM: hier zonder stop | X: vreemd buiten"
)
MENSEN = "loket crisisdienst zorg zorg2 gi collega gi2 inkoop beheer"
ZELF = "S: loket | A: zorg | V: gi | X: vreemd"

HAKEN = "B: eigen ander gi | M: eigen | Y: vreemd"

TABEL = {
    # The same for all, also before the login.
    "jeugdregio": Wat("-SCAVKBMXY: eigen vreemd gedeeld"),
    "gemeente": Wat("-SCAVKBMXY: eigen vreemd"),
    "postcodegebied": Wat("-SCAVKBMXY: alle"),
    "productcategorie": Wat("-SCAVKBMXY: alle"),
    "gemeentegrens": Wat("-SCAVKBMXY: alle"),
    "identiteitsprovider": Wat("-SCAVKBMXY: alle"),
    # Of nobody yet: by function only, for who knows the secret.
    "inlogpoging": Wat(""),
    "gebruikte_verklaring": Wat(""),
    # What a region has agreed and decided.
    "regioafspraak": Wat(f"{ALLEN}: eigen | XY: vreemd"),
    "zorgvorm": Wat(f"{ALLEN}: eigen gedeeld | XY: vreemd", CODES_MAAK, CODES_MAAK, zet="bron = 'x'"),
    "kenmerkcode": Wat(f"{ALLEN}: eigen gedeeld | XY: vreemd", CODES_MAAK, CODES_MAAK, zet="naam = 'x'"),
    "weging": Wat(f"{ALLEN}: eigen | XY: vreemd", CODES_MAAK, CODES_MAAK, zet="gewicht = 2"),
    "instelling": Wat(f"{ALLEN}: eigen | XY: vreemd", CODES_MAAK, CODES_MAAK, zet="bron = 'x'"),
    "instelling_wijziging": Wat("SKB: eigen | XY: vreemd", CODES_MAAK),
    "organisatie": Wat(
        f"{ALLEN}: gi gi2 | XY: vreemd", "B: gi gi2 | Y: vreemd", "B: gi gi2 | Y: vreemd", zet="soort = 'gemeente'"
    ),
    # Supply.
    "aanbieder": Wat(AANBOD_NAAM, AANBOD_MAAK, AANBOD_MAAK, zet="telefoon = null"),
    "contract": Wat(
        AANBOD, "SKB: eigen ander | XY: vreemd", "SKB: eigen ander | XY: vreemd", zet="maximum_wachttijd = 9"
    ),
    "locatie": Wat(AANBOD, AANBOD_MAAK, AANBOD_MAAK, zet="versie = 2"),
    "locatie_adres": Wat("AM: eigen"),
    "voorziening": Wat(AANBOD_NAAM, AANBOD_MAAK, AANBOD_MAAK, zet="bellen_naam = null"),
    "plek": Wat(AANBOD, AANBOD_MAAK, "SCB: eigen ander | AM: eigen | XY: vreemd", zet="beschikbaarheid = 'onbemenst'"),
    "bevestiging": Wat("SCKB: eigen ander | AM: eigen | XY: vreemd", "SCB: eigen ander | AM: eigen | XY: vreemd"),
    # Children.
    "aanvraag": Wat(
        KIND, "S: gi crisis voorbij hier | C: crisis voorbij | V: gi | X: vreemd", KIND_MAAK, zet="praktisch = 'x'"
    ),
    "aanvraag_kenmerk": Wat("A: hier | V: gi", KIND_MAAK, "V: gi", zet="kenmerk = 'x'"),
    "samenplaatsing": Wat(
        "S: gi crisis voorbij hier leeg | C: crisis leeg | A: hier | V: gi | X: vreemd",
        "SC: gi crisis voorbij hier leeg | V: gi | X: vreemd",
        "S: gi crisis voorbij hier leeg | C: crisis | V: gi | X: vreemd",
        zet="mag_splitsen = true, splitsreden = 'x'",
    ),
    "grondslag": Wat(KIND, KIND_MAAK, KIND_MAAK, KIND_MAAK, zet="geldig_tot = null"),
    "machtiging": Wat(KIND, KIND_MAAK, KIND_MAAK, KIND_MAAK, zet="ten_uitvoer_op = null"),
    "toestemming": Wat(KIND, KIND_MAAK, KIND_MAAK, KIND_MAAK, zet="status = 'gegeven'"),
    "uitsluiting": Wat(KIND_MAAK, KIND_MAAK, KIND_MAAK, KIND_MAAK, zet="straal_km = 3"),
    "besluit": Wat(
        "S: gi_eigen gi_ander crisis_ander hier_ander | C: crisis_ander | AM: gi_eigen | V: gi_eigen gi_ander"
        " | X: vreemd",
        "S: gi_eigen gi_ander crisis_ander hier_ander | C: crisis_ander | AM: gi_eigen | X: vreemd",
    ),
    "voorstel": Wat(
        "S: concept gi crisis gedeeld over | C: crisis | AM: gi over | V: gi gedeeld | X: vreemd over",
        "S: concept gi crisis gedeeld | C: crisis | X: vreemd",
        "S: concept gi crisis gedeeld | C: crisis | AM: gi over | V: gi gedeeld | X: vreemd over",
        zet="versie = 2",
    ),
    "voorstel_keuze": Wat("S: gi crisis | X: vreemd", "S: gi crisis | C: crisis | X: vreemd"),
    "bezetting": Wat(
        "S: hier zonder gehouden stop crisis elders gedeeld buiten | C: crisis stop | AM: hier zonder stop"
        " | V: gehouden gedeeld buiten | K: stop | X: vreemd buiten",
        BEZET_MAAK,
        BEZET_WIJZIG,
        zet="versie = 2",
    ),
    "telefoongesprek": Wat(
        "S: gi crisis voorbij hier | C: crisis | X: vreemd", "S: gi crisis voorbij hier | C: crisis | X: vreemd"
    ),
    # Beside a plek, and who looks further: the loket with the verwijzer; what it knows, the loket alone.
    "route": Wat(MET_VERWIJZER, MET_VERWIJZER, MET_VERWIJZER, zet="gewaarschuwd_op = null"),
    "opschaling": Wat(MET_VERWIJZER, VAN_LOKET, VAN_LOKET, zet="versie = 2"),
    "opschaling_dossier": Wat(VAN_LOKET, VAN_LOKET),
    "opschalingsverzoek": Wat(MET_VERWIJZER, "V: gi", VAN_LOKET, zet="versie = 2"),
    "opschaling_vraag": Wat(
        "S: gi_eigen gi_ander gi_gedeeld | AM: gi_eigen van_ver | X: vreemd van_ver",
        "S: gi_eigen gi_ander gi_gedeeld | X: vreemd",
        "S: gi_eigen gi_ander gi_gedeeld | AM: gi_eigen van_ver | X: vreemd van_ver",
        zet="vanaf = null",
    ),
    # Is it still so, asked by the service; and who stops: the loket of the region, and of who lives there.
    "bevestigverzoek": Wat("SCK: eigen ander | AM: eigen | X: vreemd"),
    "bevestiglink": Wat(""),
    "beeindiging": Wat(
        "S: eigen ander gedeeld | K: eigen ander | AM: eigen | V: gedeeld | X: vreemd", "S: eigen ander | X: vreemd"
    ),
    "beeindiging_plek": Wat(""),
    "beeindiging_plaatsing": Wat("S: hier gedeeld | V: gedeeld", "", "S: hier gedeeld", zet="uitloop_tot = null"),
    # Plans show who would lose a place; a taak may be asked for by all.
    "plan": Wat(LOKET, LOKET, LOKET, zet="versie = 2"),
    "plan_keuze": Wat(LOKET, LOKET, LOKET, LOKET, zet="prijs = null"),
    "plan_regel": Wat(LOKET, LOKET, LOKET, LOKET, zet="versie = 2"),
    "plan_prijs": Wat(LOKET, LOKET, wis=LOKET),
    "plan_gebeurtenis": Wat(LOKET, LOKET),
    "taak": Wat(LOKET, f"{ALLEN}: eigen | XY: vreemd", LOKET, zet="pogingen = 1"),
    # Who logs in, and how.
    "gebruiker": Wat(
        f"S: loket | C: crisisdienst | AM: zorg | V: gi collega | K: inkoop | B: {MENSEN} | X: vreemd"
        " | Y: vreemd vreemd-beheer",
        f"B: {MENSEN} | Y: vreemd vreemd-beheer",
        f"S: loket | C: crisisdienst | A: zorg | V: gi | K: inkoop | B: {MENSEN} | X: vreemd | Y: vreemd vreemd-beheer",
        zet="versie = 2",
    ),
    "sessie": Wat(ZELF, wis="S: loket | X: vreemd"),
    "herhaling": Wat(ZELF, ZELF, wis=ZELF),
    "koppeling": Wat(
        "B: eigen ander | M: eigen | Y: vreemd",
        "B: eigen ander | Y: vreemd",
        "B: eigen ander | Y: vreemd",
        zet="versie = 2",
    ),
    "koppelingsleutel": Wat(
        "B: eigen ander | M: eigen | Y: vreemd",
        "B: eigen ander | M: eigen | Y: vreemd",
        "B: eigen ander | M: eigen | Y: vreemd",
        "B: eigen ander | M: eigen | Y: vreemd",
        zet="geldig_tot = '2028-01-01'",
    ),
    # What happened, and who is told. The service itself writes all of it.
    "gebeurtenis": Wat(
        "S: gi gehouden crisis hier | C: crisis | AM: hier over | V: gi gehouden | X: over vreemd",
    ),
    "concept": Wat(
        "V: gi | X: vreemd", "V: gi | X: vreemd", "V: gi | X: vreemd", "V: gi | X: vreemd", zet="versie = 2"
    ),
    "meldkeuze": Wat(ZELF, ZELF, ZELF, zet="wijze = 'uit'"),
    "bericht": Wat(f"{ZELF} | B: collega"),
    "haak": Wat(*[HAKEN] * 4, zet="actief = false"),
    "haak_geheim": Wat(""),
    "levering": Wat(HAKEN, "", HAKEN, zet="antwoord = 200"),
    # The log: about whom, and by whom.
    "betrokkene": Wat(KIND, wis="S: gi crisis voorbij hier | X: vreemd"),
    "logregel": Wat(
        "S: gi door_gi uit_naam_van_gi2 als_loket crisis niemand | V: gi door_gi uit_naam_van_gi2 als_loket"
        " | B: niemand | X: vreemd",
        "S: gi crisis | V: door_gi | B: niemand | X: vreemd",
        zet="doel = 'x'",
    ),
    "logketen": Wat(LOKET),
    "logwissing": Wat(LOKET),
    "wissing": Wat("SB: eigen | XY: vreemd", LOKET),
}
"""Of every table: who reads, adds, changes and removes which rows."""


CLOSED = {"inlogpoging", "gebruikte_verklaring"}
"""To these the app role has no right at all."""


def labels(said: str, who: str) -> set[str]:
    """Those that a cell of TABEL gives to one letter."""
    parts = [part.split(":") for part in said.split("|") if part.strip()]
    return {label for letters, names in parts if who in letters.strip() for label in names.split()}


class World(Struct, frozen=True):
    pool: Pool
    owner: Connection
    places: dict[str, dict[str, str]]
    """Per table: where a row stands → its label."""


@pytest.fixture(scope="module")
async def filled(cluster: Cluster, superuser: asyncpg.Connection, template: str) -> AsyncIterator[World]:
    """One database for all tests here: each of them takes back what it did."""
    name = f"t_{uuid4().hex}"
    await superuser.execute(f"create database {name} template {template} strategy file_copy owner {OWNER_ROLE}")
    owner = await asyncpg.connect(cluster.url(name, OWNER_ROLE))
    await set_codecs(owner)
    places = await world.fill(owner)
    pool = await open_pool(cluster.url(name, APP_ROLE), size=1)
    yield World(pool, owner, places)
    await pool.close()
    await owner.close()
    await superuser.execute(f"drop database {name} with (force)")


class TakenBack(Exception):
    """Ends a transaction whose work is not to stay."""


@asynccontextmanager
async def asking(filled: World, who: str) -> AsyncIterator[Connection]:
    """A connection on behalf of one of world.WIE (or `-`), of which nothing stays."""
    try:
        if who in WIE:
            async with transaction(filled.pool, WIE[who]) as conn:
                yield conn
                raise TakenBack
        else:
            async with filled.pool.acquire() as bare:
                await bare.execute("begin")
                try:
                    yield bare
                finally:
                    await bare.execute("rollback")
    except TakenBack:
        pass


async def attempt(conn: Connection, sql: str, *arguments: Any) -> int:
    """How many rows a change touches, and back again. What a constraint stops, the policies had let through."""
    await conn.execute("savepoint poging")
    try:
        return int((await conn.execute(sql, *arguments)).split()[-1])
    except asyncpg.InsufficientPrivilegeError:
        return 0
    except asyncpg.IntegrityConstraintViolationError:
        return 1
    finally:
        await conn.execute("rollback to savepoint poging")


async def read(conn: Connection, filled: World, table: str) -> set[str]:
    """Labels of what it sees of a table."""
    if table in CLOSED:
        assert not await conn.fetchval("select has_any_column_privilege($1, 'select')", table)
        return set()
    return {
        filled.places[table][row["plaats"]] for row in await conn.fetch(f"select ctid::text as plaats from {table}")
    }


COLUMNS = """
select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attidentity <> 'a'
  and (has_column_privilege('loket_app', attrelid, attnum, 'insert')
       or not has_any_column_privilege('loket_app', attrelid, 'insert'))
"""
# Of a table that the app may fill in part, that part.

FIRST = "select attname from pg_attribute where attrelid = $1::text::regclass and attnum = 1"


async def test_every_table_and_view_stands_in_the_table(filled: World) -> None:
    """A new one is refused here until somebody says who may see it. And of each there is something to see."""
    there = await filled.owner.fetch(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = any ('{r,p,v,m,f}')"
    )
    assert {row["relname"] for row in there} == set(TABEL)
    assert {table for table in TABEL if not filled.places.get(table)} == set()


@pytest.mark.parametrize("table", TABEL)
async def test_each_rol_reads_its_own_rows_and_no_others_without_a_where(filled: World, table: str) -> None:
    """Own and other organisation, own and other region, and without saying who asks."""
    seen = {}
    for who in (*WIE, "-"):
        async with asking(filled, who) as conn:
            seen[who] = await read(conn, filled, table)
    assert seen == {who: labels(TABEL[table].lees, who) for who in (*WIE, "-")}


@pytest.mark.parametrize("table", TABEL)
async def test_each_rol_adds_only_what_is_its_own_to_add(filled: World, table: str) -> None:
    """Each row of the world is offered by each of them as it is."""
    columns = await filled.owner.fetchval(COLUMNS, table)
    one = {label: place for place, label in filled.places[table].items()}
    rows = {
        label: await filled.owner.fetchval(f"select to_jsonb(t) from {table} t where ctid = $1::text::tid", place)
        for label, place in one.items()
    }
    insert = f"insert into {table} ({columns}) select {columns} from jsonb_populate_record(null::{table}, $1)"
    added = {}
    for who in (*WIE, "-"):
        async with asking(filled, who) as conn:
            added[who] = {label for label, row in rows.items() if await attempt(conn, insert, row)}
    assert added == {who: labels(TABEL[table].maak, who) for who in (*WIE, "-")}


@pytest.mark.parametrize("table", TABEL)
async def test_each_rol_changes_only_its_own_rows_without_a_where(filled: World, table: str) -> None:
    """A constant and no WHERE, so that only the policies for changing decide."""
    what = TABEL[table].zet or f"{await filled.owner.fetchval(FIRST, table)} = null"
    many = Counter(filled.places[table].values())
    changed = {}
    for who in (*WIE, "-"):
        async with asking(filled, who) as conn:
            changed[who] = await attempt(conn, f"update {table} set {what}")
    assert changed == {who: sum(many[label] for label in labels(TABEL[table].wijzig, who)) for who in (*WIE, "-")}


@pytest.mark.parametrize("table", TABEL)
async def test_each_rol_removes_only_its_own_rows(filled: World, table: str) -> None:
    """One by one, because rows of others may stand in the way."""
    one = {label: place for place, label in filled.places[table].items()}
    removed = {}
    for who in (*WIE, "-"):
        async with asking(filled, who) as conn:
            removed[who] = {
                label
                for label, place in one.items()
                if await attempt(conn, f"delete from {table} where ctid = $1::text::tid", place)
            }
    assert removed == {who: labels(TABEL[table].wis, who) for who in (*WIE, "-")}


# ── What no table of rows can say ────────────────────────────────────────────────────────────────


async def seen_by(filled: World, wie: Wie) -> dict[str, set[str]]:
    async with transaction(filled.pool, wie, readonly=True) as conn:
        return {table: await read(conn, filled, table) for table in TABEL}


OF_A_PROVIDER = ("aanbieder", "voorziening")

EVERYBODY = {
    table: set.intersection(*(labels(what.lees, who) for who in "SCAVKB"))
    - ({"eigen"} if table in OF_A_PROVIDER else set())
    for table, what in TABEL.items()
}
"""What all of a region see: codes, names of organisaties, what the region agreed."""


async def test_an_organisatie_of_the_wrong_kind_opens_nothing(filled: World) -> None:
    """Nor does none at all: the id of an aanbieder is worth something to rol aanbieder only."""
    nobody = key("gebruiker", "nobody")
    for organisatie in (None, key("organisatie", "gi")):
        seen = await seen_by(filled, Wie(REGIO, Rol.AANBIEDER, nobody, organisatie))
        # Colleagues at no organisatie are no colleagues either.
        assert seen == EVERYBODY, organisatie
    for organisatie in (None, key("aanbieder", "eigen")):
        seen = await seen_by(filled, Wie(REGIO, Rol.VERWIJZER, nobody, organisatie))
        assert seen == EVERYBODY | {table: labels(TABEL[table].lees, "V") for table in OF_A_PROVIDER}
    seen = await seen_by(filled, Wie(OTHER_REGIO, Rol.AANBIEDER, nobody, key("aanbieder", "eigen")))
    assert {table for table, found in seen.items() if "eigen" in found} <= {"jeugdregio", "gemeente"}


@pytest.mark.parametrize("part", ["regio", "rol", "organisatie", "gebruiker"])
async def test_half_of_who_asks_is_nobody(filled: World, part: str) -> None:
    """Each setting alone, as after a mistake in service/db.py, shows no more than none of them."""
    loket = {
        "regio": REGIO,
        "rol": "schakelfunctionaris",
        "organisatie": WIE["A"].organisatie,
        "gebruiker": WIE["S"].gebruiker,
    }
    async with asking(filled, "-") as conn:
        await conn.execute("select set_config($1, $2, true)", f"loket.{part}", str(loket[part]))
        seen = {table: await read(conn, filled, table) for table in TABEL}
    # An agreement between two regions is about nobody.
    assert seen == {
        table: labels(what.lees, "-") | ({"eigen"} if (table, part) == ("regioafspraak", "regio") else set())
        for table, what in TABEL.items()
    }


async def test_who_asked_is_forgotten_when_the_transaction_ends(filled: World) -> None:
    """One connection for all: after the loket, also when that failed or was broken off, it shows nothing."""

    async def left() -> set[str]:
        async with filled.pool.acquire() as conn:
            return (
                await read(conn, filled, "aanvraag")
                | await read(conn, filled, "plek")
                | await read(conn, filled, "gebruiker")
            )

    async with transaction(filled.pool, WIE["S"]) as conn:
        assert await read(conn, filled, "aanvraag")
    assert await left() == set()

    with pytest.raises(asyncpg.DivisionByZeroError):
        async with transaction(filled.pool, WIE["S"]) as conn:
            await conn.execute("select 1 / 0")
    assert await left() == set()

    async def asks() -> None:
        async with transaction(filled.pool, WIE["S"]) as conn:
            await conn.execute("select pg_advisory_xact_lock(1)")

    await filled.owner.execute("select pg_advisory_lock(1)")
    asked = asyncio.create_task(asks())
    while not await filled.owner.fetchval("select exists (select from pg_locks where not granted)"):  # noqa: ASYNC110
        await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await filled.owner.execute("select pg_advisory_unlock(1)")
    assert await left() == set()


FUNCTIES = {
    # What nobody knew of a child at night, and says in the morning.
    "vervolg_ook_aan_te_vullen",
    "vervolg_ook_aangevuld",
    # Is it still so, and who stops.
    "leg_aanbod_vast",
    "bevestigers",
    "open_bevestiglink",
    "versheidscijfers",
    "plek_einde",
    "plek_volgt_beeindiging",
    "kort_plek_in",
    "bezetting_volgt_beeindiging",
    "beeindig_aanbod", "neem_beeindiging_terug",
    "gun_uitloop",
    "open_overdracht",
    "beeindiging_stand",
    # The workflow: what happened and what follows; who waits for whom; what a provider is told (their own tests).
    "vergrendel", "groep_van", "volg_voorstel", "voorstel_vraag", "bundel_is_heel", "geldende_afwijzingen",
    "regels_van_voorstel", "bezetting_bewaak_afspraak", "laat_los", "zeg_overbrugging_af", "stand_van",
    "schrijf_gebeurtenis", "leg_vast", "open_vervolg", "volg_vervolg", "trek_vervolg_in", "plaatsing_waar",
    "crisis_sinds", "plekken_van", "vergrendel_uitsluiting", "sluit_uit", "gebruik_machtigingen", "spreek_tegen",
    # From where to look on: a number of a transaction (tests/soak/test_kill.py).
    "vaste_grens",
    # Where brothers and sisters live, to the loket and at night: tests/service/plaatsing/test_voorstellen.py.
    "samen_wonen",
    # Positions, counts and medians, never a row of another (tests/service/cijfers/test_wachtlijst.py, test_cijfers.py).
    "wachtenden", "wachtlijst", "wacht_tellingen", "wacht_geschiedenis", "cijfer_tellingen", "cijfer_aanbod",
    "cijfer_regels", "cijfer_geplaatst", "cijfer_wachttijden",
    # Tables of the caller's own region and rol: below.
    "samen_met", "samen_elders",
    "bezette_perioden", "reispunten", "ruim_verlopen_opties", "bewaar_adres", "eigen_plekken", "geplaatst_hier",
    "samenplaatsing_is_leeg", "pseudoniemen", "zoek_kenmerken", "inzagen", "wis_logregels",
    # Sessions of who asks: tests/web/test_sessies.py.
    "mijn_gebruikers", "mijn_sessies", "eindig_mijn_sessies",
    # Retention: of the loket, by term of the service itself (their own tests).
    "ruim_op", "anonimiseer", "dossier", "neem_waar",
    # Triggers.
    "bezetting_bewaak_definitief",
    "maak_betrokkene", "uit_is_uit", "sleutel_uit",
    # Of the service itself: who must be told, where, and with what it signs (bericht/test_meldingen.py); and the
    # beheerder, who has a failed mail sent again.
    "ontvangers", "schrijf_berichten", "schrijf_leveringen", "mailadres", "haak_post", "zet_haakgeheim",
    "probeer_bericht", "mislukte_taken", "probeer_taak",
    "meld_gebeurtenis",
    # Before it is known who asks: what one secret or one identity unlocks.
    "inlogkeuzes", "meld_af", "begin_sessie", "zoek_sessie", "zie_sessie", "eindig_sessie", "zoek_koppeling",
    "bewaar_inlogpoging", "neem_inlogpoging", "gebruik_verklaring", "schrijf_mislukte_inlog",
    # Of the worker, about all regions: of whom, and not about what.
    "neem_taak", "te_verzegelen", "logkoppen",
}  # fmt: skip
"""That pass the policies by, because they run as the owner."""


async def test_what_runs_as_owner_is_known_and_cannot_be_led_astray(filled: World) -> None:
    """A new one is refused until somebody says what it may give. None takes a table from a schema of the caller, and
    none is for everybody who can connect."""
    found = await filled.owner.fetch(
        "select proname, proconfig, has_function_privilege('public', oid, 'execute') as open from pg_proc"
        " where prosecdef and pronamespace = 'public'::regnamespace"
    )
    assert {row["proname"] for row in found} == FUNCTIES
    fixed = "search_path=public, pg_temp"
    assert [row["proname"] for row in found if fixed not in (row["proconfig"] or ())] == []
    assert [row["proname"] for row in found if row["open"]] == []


async def test_who_asks_is_computed_once_per_statement_and_not_per_row(filled: World) -> None:
    """`(select huidige_rol())` is an InitPlan; without the select it is called for each row of a region."""
    found = await filled.owner.fetch(
        "select tablename, regexp_replace(coalesce(qual, '') || coalesce(with_check, ''),"
        " 'SELECT [a-z_]+[(][)] AS [a-z_]+', '', 'g') as rest from pg_policies"
    )
    calls = ("huidige_", "gedeelde_regios", "eigen_plekken", "geplaatst_hier")
    assert len(found) > 80
    assert [row["tablename"] for row in found if any(call in row["rest"] for call in calls)] == []


PLEK = {key("plek", label): label for label in world.ZIJ}

LOCATIE = {key("locatie", label): label for label in world.ZIJ}

AANVRAAG = {key("aanvraag", label): label for label in world.VAN}


async def test_what_takes_a_plek_is_for_who_may_see_the_plek_and_who_lives_there_for_the_loket_and_its_provider(
    filled: World,
) -> None:
    """Ages and traits of a group tell about children; that a plek is taken does not."""
    taken, living = {}, {}
    for who in (*WIE, "-"):
        async with asking(filled, who) as conn:
            for alleen in (None, list(PLEK)):
                rows = await conn.fetch("select * from bezette_perioden('2026-01-01', $1)", alleen)
                taken[who, alleen is None] = {PLEK[row["plek_id"]] for row in rows}
                known = [
                    row for row in rows if row["bewoner_maanden"] is not None or row["bewoner_kenmerken"] is not None
                ]
                living[who, alleen is None] = {PLEK[row["plek_id"]] for row in known}
    seen = "SCKB: eigen ander gedeeld | AM: eigen | XY: vreemd"
    assert taken == {(who, whole): labels(seen, who) for who, whole in taken}
    assert living == {
        (who, whole): labels("S: eigen ander gedeeld | AM: eigen | X: vreemd", who) for who, whole in taken
    }


async def test_a_rol_that_nobody_knows_learns_of_no_plek(filled: World) -> None:
    """A setting can hold any text; what is not in the list of who may see plekken, may not."""
    async with asking(filled, "S") as conn:
        await conn.execute("set local loket.rol = 'directeur'")
        for alleen in (None, list(PLEK)):
            assert await conn.fetch("select * from bezette_perioden('2026-01-01', $1)", alleen) == []


async def test_points_to_travel_to_are_for_who_looks_for_a_place_and_of_a_secret_one_coarse(filled: World) -> None:
    seen, exact = {}, set()
    for who in (*WIE, "-"):
        async with asking(filled, who) as conn:
            rows = await conn.fetch("select * from reispunten()")
            seen[who] = {LOCATIE[row["locatie_id"]] for row in rows}
            exact |= {row["locatie_id"] for row in rows if row["exact"] or row["pc4"] is not None}
    assert seen == {who: labels("SC: eigen ander gedeeld | AM: eigen | X: vreemd", who) for who in seen}
    assert exact == set()


async def test_an_address_is_replaced_by_who_may_write_the_locatie(filled: World) -> None:
    """And of one that may not be written it is not said whether it is there."""
    written: dict[str, set[str]] = {}
    said = set()
    for who in (*WIE, "-"):
        written[who] = set()
        for id, label in (*LOCATIE.items(), (uuid4(), "niet_daar")):
            async with asking(filled, who) as conn:
                try:
                    await conn.execute("select bewaar_adres($1, '1211 AB')", id)
                    written[who].add(label)
                except asyncpg.InsufficientPrivilegeError as error:
                    said.add(str(error))
    assert written == {who: labels("SB: eigen ander | AM: eigen | XY: vreemd", who) for who in written}
    assert len(said) == 1


async def test_expired_opties_are_cleared_by_who_may_take_the_plek(filled: World) -> None:
    """The aanbieder for its own plek; nobody for a plek that it may not take."""
    cleared: dict[str, set[str]] = {}
    for who in WIE:
        cleared[who] = set()
        for label in ("eigen", "ander", "vreemd"):
            async with asking(filled, who) as conn:
                await conn.execute("select ruim_verlopen_opties($1, '2026-06-01T00:00Z')", key("plek", label))
                await conn.execute("set local loket.rol = 'schakelfunctionaris'")
                await conn.execute(f"set local loket.regio = '{world.regio_of(label)}'")
                rows = await conn.fetch("select soort from bezette_perioden('2026-01-01', $1)", [key("plek", label)])
                if "optie" not in {row["soort"] for row in rows}:
                    cleared[who].add(label)
    assert cleared == {who: labels("SC: eigen ander | AM: eigen | X: vreemd", who) for who in cleared}


async def test_where_a_child_lives_is_told_to_who_sees_the_plaatsing(filled: World) -> None:
    """By name: also to a verwijzer, who reads no plekken. What follows a crisis, its provider is not told."""
    labelled = {key("bezetting", label): label for label in ("hier", "zonder", "elders", "gedeeld", "buiten", "hun")}
    told: dict[str, set[str]] = {}
    for who in WIE:
        async with asking(filled, who) as conn:
            rows = await conn.fetch("select id from plaatsing_waar($1)", [*labelled])
            told[who] = {labelled[row["id"]] for row in rows}
    expected = "S: hier zonder elders gedeeld buiten | AM: hier zonder | V: gedeeld buiten | X: buiten"
    assert told == {who: labels(expected, who) for who in told}


async def test_what_is_of_a_provider_is_listed_for_rol_aanbieder_only(filled: World) -> None:
    """Also for who comes with the id of an aanbieder as its organisatie."""
    listed = {}
    for rol in Rol:
        wie = Wie(REGIO, rol, key("gebruiker", "nobody"), key("aanbieder", "eigen"))
        async with transaction(filled.pool, wie, readonly=True) as conn:
            found = await conn.fetchval("select eigen_plekken() || geplaatst_hier()")
        listed[rol] = {*found}
    own = {key("plek", "eigen"), key("aanvraag", "hier")}
    assert listed == {rol: own if rol is Rol.AANBIEDER else set() for rol in Rol}


async def test_pseudonyms_are_given_by_name_and_within_the_region(filled: World) -> None:
    """Who writes a line of a refused look must know it; a list of all is nobody's. Of another region only of a child
    that lives here, is held a plek for or is proposed."""
    given = {}
    for who in (*WIE, "-"):
        async with asking(filled, who) as conn:
            rows = await conn.fetch("select * from pseudoniemen($1)", list(AANVRAAG))
            given[who] = {AANVRAAG[row["aanvraag_id"]] for row in rows}
    assert given == {who: labels(f"{ALLEN}: gi crisis voorbij hier vreemd | XY: vreemd gi", who) for who in given}


async def test_a_kenmerk_is_found_by_who_files_it(filled: World) -> None:
    found = {}
    for who in (*WIE, "-"):
        async with asking(filled, who) as conn:
            rows = await conn.fetch(
                "select * from zoek_kenmerken($1, $2)",
                [key("organisatie", van) for van in world.VAN.values()],
                [f"J {label}" for label in world.VAN],
            )
            found[who] = {AANVRAAG[row["aanvraag_id"]] for row in rows}
    assert found == {who: labels("S: gi crisis voorbij hier | V: gi | X: vreemd", who) for who in found}


@pytest.mark.parametrize("who", ["S", "V"])
async def test_a_kenmerk_is_of_the_organisatie_of_the_aanvraag(filled: World, who: str) -> None:
    """Else one could try which kenmerken another has: a taken one is refused."""
    columns = await filled.owner.fetchval(COLUMNS, "aanvraag")
    kept = ", ".join(name for name in columns.split(", ") if name not in ("id", "regio", "nummer"))
    gi = key("aanvraag", "gi")
    async with asking(filled, who) as conn:
        id = await conn.fetchval(
            f"insert into aanvraag (regio, {kept}) select regio, {kept} from aanvraag where id = $1 returning id", gi
        )
        add = "insert into aanvraag_kenmerk (aanvraag_id, regio, organisatie_id, kenmerk) values ($1, $2, $3, $4)"
        assert await attempt(conn, add, id, REGIO, key("organisatie", "gi"), "nieuw")
        assert not await attempt(conn, add, id, REGIO, key("organisatie", "gi2"), "J crisis")
        assert not await attempt(conn, add, id, REGIO, key("organisatie", "gi2"), "nieuw")


async def test_who_looked_is_told_to_the_loket_and_the_verwijzer(filled: World) -> None:
    told: dict[str, set[str]] = {}
    for who in (*WIE, "-"):
        told[who] = set()
        for id, label in AANVRAAG.items():
            async with asking(filled, who) as conn:
                if await conn.fetch("select * from inzagen($1, null, 10)", id):
                    told[who].add(label)
    assert told == {who: labels("S: gi crisis | V: gi | X: vreemd", who) for who in told}


async def test_the_log_is_shortened_by_the_service_itself_only(filled: World) -> None:
    """Not by a person, whatever its rol."""
    gone = {}
    system = structs.replace(WIE["S"], gebruiker=SYSTEM)
    for who, wie in (WIE | {"dienst": system}).items():
        try:
            async with transaction(filled.pool, wie) as conn:
                gone[who] = await conn.fetchval("select wis_logregels('infinity', 1825, now())")
                raise TakenBack
        except TakenBack:
            pass
        except asyncpg.InsufficientPrivilegeError:
            gone[who] = 0
    assert {who for who, many in gone.items() if many} == {"dienst"}


SEAL = """
insert into logketen (regio, volgnummer, regel_id, regel_hash, hash, verzegeld_op)
values (huidige_regio(), 2, 7, sha256(''), sha256(''), now())
"""


async def test_the_log_is_sealed_by_the_service_itself_only(filled: World) -> None:
    """Also in its own region, and in rol schakelfunctionaris: who could seal, could begin the chain again."""
    sealed = set()
    system = {f"dienst als {rol}": Wie(REGIO, rol, SYSTEM) for rol in Rol}
    for who, wie in (WIE | system).items():
        try:
            async with transaction(filled.pool, wie) as conn:
                if await attempt(conn, SEAL):
                    sealed.add(who)
                raise TakenBack
        except TakenBack:
            pass
    assert sealed == {"dienst als schakelfunctionaris"}


async def test_a_login_under_way_is_given_once_to_who_knows_its_secret(filled: World) -> None:
    """Without saying who asks, as at a login; a wrong hash gives nothing."""
    keep = "select bewaar_inlogpoging($1, $2, 'n', 'v', $1, '/', now(), null, null, now() - interval '10 minutes')"
    async with asking(filled, "-") as conn:
        await conn.execute(keep, b"geheim", key("identiteitsprovider"))
        for hash, found in ((b"anders", 0), (b"geheim", 1), (b"geheim", 0)):
            assert len(await conn.fetch("select * from neem_inlogpoging($1)", hash)) == found


async def test_what_is_too_old_goes_when_a_login_begins(filled: World) -> None:
    async with asking(filled, "-") as conn:
        await conn.execute(
            "select bewaar_inlogpoging('\\x01', $1, 'n', 'v', '\\x', '/', now(), null, null, now())",
            key("identiteitsprovider"),
        )
        assert await conn.fetch("select * from neem_inlogpoging('\\x00')") == []


async def test_an_assertion_counts_once_until_nobody_would_take_it(filled: World) -> None:
    use = "select gebruik_verklaring($1, 'een', $2::timestamptz, $3::timestamptz)"
    async with asking(filled, "-") as conn:
        day = [make.NOW + timedelta(days=n) for n in range(3)]
        assert await conn.fetchval(use, "a", day[1], day[0]) is True
        assert await conn.fetchval(use, "a", day[1], day[1]) is None
        assert await conn.fetchval(use, "b", day[1], day[0]) is True
        assert await conn.fetchval(use, "a", day[2], day[1] + timedelta(microseconds=1)) is True


ENDED = """
update bezetting
set periode = daterange($2::date - 9, $2), begonnen_op = $2::date - 9, beeindigd_op = $2, einde_reden = 'volgens_plan'
where id = $1
"""

CHOSEN = "insert into instelling (regio, sleutel, waarde, bron) values ($1, 'inzage_na_plaatsing', $2, 'test')"

THEN = "select (now() at time zone 'Europe/Amsterdam')::date - $1::int"


@pytest.mark.parametrize(
    ("waarde", "days", "sees"),
    [
        (None, Bewaartermijnen().inzage_na_plaatsing - 1, True),
        (None, Bewaartermijnen().inzage_na_plaatsing, False),
        (30, 29, True),
        (30, 30, False),
        (0, 0, False),
        (0, -1, True),  # it ends tomorrow
        ("altijd", 0, False),
    ],
)
async def test_who_was_placed_somewhere_is_seen_there_until_the_term_of_the_region(
    pool: Pool, owner: Connection, wie: Wie, waarde: Any, days: int, sees: bool
) -> None:
    """bewaren.Bewaartermijnen has the same default. As long as the child lives there it is seen, and a setting that is
    no number opens nothing after that."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        plaatsing = await make.plaatsing(conn, plek_id=plek.id)
    zorg = structs.replace(wie, rol=Rol.AANBIEDER, organisatie=plek.aanbieder_id)
    if waarde is not None:
        await owner.execute(CHOSEN, REGIO, waarde)
    tables = ["aanvraag", "betrokkene"]

    async def seen() -> list[str]:
        async with transaction(pool, zorg) as conn:
            return [table for table in tables if await conn.fetchval(f"select exists (select from {table})")]

    assert await seen() == tables
    await owner.execute(ENDED, plaatsing.id, await owner.fetchval(THEN, days))
    assert await seen() == (tables if sees else [])


async def test_the_crisisdienst_says_of_a_plek_only_whether_it_is_available(filled: World) -> None:
    async with asking(filled, "C") as conn:
        assert await attempt(conn, "update plek set bevestigd_op = now(), beschikbaarheid = 'in_overleg', versie = 9")
        for what in ("naam = 'x'", "bestaat = '[2020-01-01,2020-02-01)'", "aanbieder_id = gen_random_uuid()"):
            assert not await attempt(conn, f"update plek set {what}")


@pytest.mark.parametrize("who", ["V", "B"])
async def test_a_vervanger_is_a_colleague(filled: World, who: str) -> None:
    """Else a verwijzer could lend its rol to another organisatie, or a beheerder that of the loket to itself."""
    name = "update gebruiker set vervanger_id = $1, vervangen_tot = '2027-01-01' where id = $2"
    async with asking(filled, who) as conn:
        gi = key("gebruiker", "gi")
        assert await attempt(conn, name, key("gebruiker", "collega"), gi)
        for other in ("gi2", "zorg", "loket", "beheer"):
            assert not await attempt(conn, name, key("gebruiker", other), gi)
        for own, other in (("loket", "beheer"), ("crisisdienst", "loket"), ("beheer", "loket")):
            assert not await attempt(conn, name, key("gebruiker", other), key("gebruiker", own))


async def test_of_oneself_one_changes_no_rol_organisatie_or_login(filled: World) -> None:
    async with asking(filled, "V") as conn:
        for what in ("rol = 'schakelfunctionaris'", "organisatie_id = null", "actief = false", "email = 'x@y.nl'"):
            assert not await attempt(conn, f"update gebruiker set {what}")


ERRORS = {
    "an AGB-code that another has": (
        "B",
        "insert into aanbieder (regio, naam, agb_code) values (huidige_regio(), 'x', '12345')",
    ),
    "a kenmerk that is taken": ("V", "update aanvraag_kenmerk set kenmerk = 'J collega'"),
    "a plek that is taken": (
        "C",
        "insert into bezetting (regio, vraag_regio, plek_id, soort, periode, aanvraag_id, vervalt_op)"
        f" values ('{REGIO}', '{REGIO}', '{key('plek', 'eigen')}', 'optie', '[2026-01-05,2026-06-01)',"
        f" '{key('aanvraag', 'crisis')}', '2027-01-01')",
    ),
    "a row that does not fit": ("V", "update aanvraag set leeftijd_maanden = 999"),
    "an organisatie that is not there": ("S", "update aanvraag set organisatie_id = gen_random_uuid()"),
}


@pytest.mark.parametrize("what", ERRORS)
async def test_an_error_of_the_database_holds_nothing_of_a_row(filled: World, what: str) -> None:
    """No values in its detail: under row-level security PostgreSQL leaves them out, and the owner's would have them."""
    who, sql = ERRORS[what]
    async with asking(filled, who) as conn:
        if what == "a kenmerk that is taken":
            columns = await filled.owner.fetchval(COLUMNS, "aanvraag")
            id = await conn.fetchval(
                f"insert into aanvraag ({columns})"
                f" select {columns} from (select (jsonb_populate_record(a, $1)).* from aanvraag a) as b returning id",
                {"id": str(uuid4())},
            )
            await conn.execute(
                "insert into aanvraag_kenmerk (aanvraag_id, regio, organisatie_id, kenmerk)"
                " values ($1, huidige_regio(), huidige_organisatie(), 'J collega')",
                id,
            )
        with pytest.raises(asyncpg.IntegrityConstraintViolationError) as caught:
            await conn.execute(sql)
        await conn.execute("rollback")
        await conn.execute("begin")
    assert caught.value.detail is None or not {"=", "("} & set(caught.value.detail)
