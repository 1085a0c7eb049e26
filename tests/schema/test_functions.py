"""Who gets what of the functions that run as the owner, where no policy stops anybody: one table, by rol and by whose
it is, over the rows of world.py. What each does, the tests of its module say."""

from __future__ import annotations

from datetime import date

import asyncpg
import pytest
from msgspec import Struct

from service.db import APP_ROLE, SYSTEM
from tests.conftest import REGIO
from tests.schema import test_policies, world
from tests.schema.test_policies import World, asking, labels
from tests.schema.world import SHARED_REGIO, WIE, key

filled = test_policies.filled


class Vraag(Struct, frozen=True):
    """`sql` is true when it does something for who asks, with $1 the id of each row of `tabel`."""

    tabel: str
    sql: str
    mag: str
    """As a cell of test_policies.TABEL."""


SCHRIJFT = "select leg_vast($1, 'herinnering', now()) is not null"
BEANTWOORDT = "select leg_vast($1, 'opschaling_antwoord', now()) is not null"
OVER_VOORSTEL = (
    "select leg_vast(v.aanvraag_id, 'herinnering', now(), voorstel => $1) is not null"
    " from (select $2::uuid as aanvraag_id) as v"
)
LAAT_LOS = "select laat_los($1, null, now(), 'Nee.') is not null"
ZEG_AF = "select zeg_overbrugging_af($1, now(), 'Nee.') is not null"
VAN_VERWIJZER = "S: gi crisis voorbij hier | V: gi | C: crisis voorbij | X: vreemd"

FUNCTIES = {
    # What happened: the loket of the child, who filed it, at night crisis; a provider of who lives there.
    "leg_vast": Vraag("aanvraag", SCHRIJFT, f"{VAN_VERWIJZER} | AM: hier"),
    # And of what it was asked: an answer, of a child of another region too, and nothing else.
    "leg_vast antwoord": Vraag("aanvraag", BEANTWOORDT, f"{VAN_VERWIJZER} | AM: hier gi vreemd"),
    # What is held and proposed ends with the aanvraag: never by a provider.
    "laat_los": Vraag("aanvraag", LAAT_LOS, VAN_VERWIJZER),
    "zeg_overbrugging_af": Vraag("aanvraag", ZEG_AF, VAN_VERWIJZER),
    # The optie follows: whoever may take a step of that voorstel.
    "volg_voorstel": Vraag(
        "voorstel",
        "select volg_voorstel($1, now()) is not null",
        "S: concept gi crisis gedeeld | AM: gi over | V: concept gi gedeeld | C: crisis | X: vreemd over",
    ),
    # Of the child, only its own provider, and only as long as it was asked.
    "voorstel_vraag": Vraag("voorstel", "select voorstel_vraag($1) is not null", "AM: gi"),
    # Terms are no secret in the region itself; for a provider elsewhere those of what it was asked.
    "regels_van_voorstel": Vraag(
        "voorstel",
        "select exists (select from regels_van_voorstel($1, array['termijn']))",
        "SVCKB: concept gi crisis gedeeld | AM: concept gi crisis gedeeld over | XY: vreemd over",
    ),
    # Ages and traits of a group: for who holds a plek there.
    "groep_van": Vraag(
        "voorziening",
        "select exists (select from groep_van(array[$1::uuid], '2026-01-01', null, '2026-01-01T09:00Z', '{}'))",
        "SC: eigen ander gedeeld | X: vreemd",
    ),
    "geldende_afwijzingen": Vraag(
        "aanvraag",
        "select exists (select from geldende_afwijzingen(array[$1::uuid], '2026-03-02T09:00Z'))",
        "SC: gi crisis hier | X: vreemd",
    ),
    # Whether brothers and sisters are missing, as a count: for who claims a plek for this child.
    "samen_met": Vraag(
        "aanvraag",
        "select exists (select from samen_met(array[$1::uuid]))",
        "S: gi crisis voorbij hier | C: crisis | X: vreemd",
    ),
    "wachtlijst": Vraag(
        "aanvraag",
        "select exists (select from wachtlijst('aanmelding') where aanvraag_id = $1)",
        "S: gi crisis | V: gi | X: vreemd",
    ),
    # A provider stops: the loket of its region; of each child decides the loket of that child.
    "beeindig_aanbod": Vraag(
        "beeindiging", "select beeindig_aanbod($1, now()) is not null", "S: eigen ander | AM: eigen | X: vreemd"
    ),
    "beeindiging_stand": Vraag(
        "beeindiging",
        "select exists (select from beeindiging_stand(array[$1::uuid]))",
        "SK: eigen ander | AM: eigen | X: vreemd",
    ),
    # A new secret: whoever keeps the haak, of a provider its system and not its people.
    "zet_haakgeheim": Vraag(
        "haak", "select zet_haakgeheim($1, 'whsec_', now())", "B: eigen ander gi | M: eigen | Y: vreemd"
    ),
    "probeer_bericht": Vraag("bericht", "select probeer_bericht($1)", "B: collega"),
    "ontvangers": Vraag("gebeurtenis", "select exists (select from ontvangers($1, now()))", ""),
    "schrijf_leveringen": Vraag("gebeurtenis", "select schrijf_leveringen($1, '{aanbieder}') > 0", ""),
    "mailadres": Vraag("bericht", "select mailadres($1) is not null", ""),
    "haak_post": Vraag("levering", "select exists (select from haak_post($1, now()))", ""),
    "bevestigers": Vraag("aanbieder", "select exists (select from bevestigers($1, 'spoed', now()))", ""),
}


AS_LOKET = "select set_config('loket.rol', 'schakelfunctionaris', true), set_config('loket.regio', $1, true)"


async def does(conn: asyncpg.Connection, sql: str, *arguments: object) -> bool:
    """Whether it gives or does something; and back again."""
    await conn.execute("savepoint poging")
    try:
        return bool(await conn.fetchval(sql, *arguments))
    except asyncpg.InsufficientPrivilegeError:
        return False
    finally:
        await conn.execute("rollback to savepoint poging")


@pytest.mark.parametrize("functie", FUNCTIES)
async def test_what_runs_as_the_owner_gives_each_rol_its_own_and_no_more(filled: World, functie: str) -> None:
    """Own and other organisatie, own and other region, asked for or not."""
    vraag = FUNCTIES[functie]
    rows = {label: row.get("id", row.get("haak_id")) for label, row in world.rows()[vraag.tabel].items()}
    given = {}
    for who in WIE:
        async with asking(filled, who) as conn:
            given[who] = {label for label, id in rows.items() if await does(conn, vraag.sql, id)}
    assert given == {who: labels(vraag.mag, who) for who in given}


async def test_a_provider_writes_about_a_voorstel_that_was_sent_to_it(filled: World) -> None:
    """With the aanvraag of that voorstel and no other; never of one that is still being prepared."""
    written = {}
    for who in WIE:
        async with asking(filled, who) as conn:
            written[who] = {
                (label, van)
                for label, row in world.rows()["voorstel"].items()
                for van in ("gi", "vreemd")
                if await does(conn, OVER_VOORSTEL, row["id"], key("aanvraag", van))
            }
    assert written["A"] == written["M"] == {("gi", "gi"), ("over", "vreemd")}
    assert written["K"] == written["B"] == written["Y"] == written["C"] == set()


async def test_a_status_that_follows_from_facts_is_for_nobody_to_write(filled: World) -> None:
    """People decide that it is taken up, refused or withdrawn; all else only the facts say."""
    statuses = [row[0] for row in await filled.owner.fetch("select unnest(enum_range(null::aanvraag_status))::text")]
    able = set()
    for status in statuses:
        async with asking(filled, "S") as conn:
            try:
                await conn.execute(
                    "select leg_vast($1, 'optie', now(), naar => $2::text::aanvraag_status)",
                    key("aanvraag", "gi"),
                    status,
                )
                able.add(status)
            except asyncpg.CheckViolationError:
                pass
    assert able == {"in_behandeling", "afgewezen", "ingetrokken"}


@pytest.mark.parametrize(
    ("stay", "both", "withdraw", "told"),
    [
        ("buiten", {"S"}, {"V"}, {"S", "V"}),
        ("hier", {"S", "A", "M"}, set(), {"S"}),
        ("elders", {"S", "C"}, set(), {"S"}),
    ],
    ids=["elders in een andere regio", "bij de eigen aanbieder", "in crisis"],
)
async def test_what_follows_a_stay_is_for_who_may_change_that_stay(
    filled: World, stay: str, both: set[str], withdraw: set[str], told: set[str]
) -> None:
    """The loket of the child, its provider, and at night the crisisdienst; also who may not see that somebody waits. A
    verwijzer only says where its child must not be. Which aanvraag waits, is told to the loket of the child and to who
    filed for it."""
    waits, stay_id = key("aanvraag", "crisis"), key("bezetting", stay)
    await filled.owner.execute("update aanvraag set vervolg_van = $1 where id = $2", stay_id, waits)
    await filled.owner.execute("update bezetting set vrijgegeven_op = now() where id = $1", stay_id)
    followed, withdrew, heard = set(), set(), set()
    for who in WIE:
        async with asking(filled, who) as conn:
            if await conn.fetchval("select vervolg_id from plaatsing_waar(array[$1::uuid])", stay_id):
                heard.add(who)
            await conn.execute("select volg_vervolg($1), trek_vervolg_in($1, now())", stay_id)
            await conn.execute(AS_LOKET, REGIO)
            row = await conn.fetchrow("select huidig_verblijf_tot, status from aanvraag where id = $1", waits)
            followed |= {who} if row["huidig_verblijf_tot"] is not None else set()
            withdrew |= {who} if row["status"] == "ingetrokken" else set()
    await filled.owner.execute("update aanvraag set vervolg_van = null where id = $1", waits)
    await filled.owner.execute("update bezetting set vrijgegeven_op = null where id = $1", stay_id)
    assert (followed, withdrew, heard) == (both, both | withdraw, told)


async def test_where_a_child_goes_when_a_provider_stops_is_for_the_loket_of_that_child(filled: World) -> None:
    """Also on a plek of another region, of which the loket does not decide."""
    stay, plek = key("bezetting", "gedeeld"), key("plek", "gedeeld")
    grant = "select gun_uitloop($1, '2026-10-01')"
    await filled.owner.execute(
        "update beeindiging_plaatsing set besluit = 'uitloop', uitloop_tot = '2026-10-01', besloten_op = now(),"
        " besloten_door = $2 where bezetting_id = $1",
        stay,
        SYSTEM,
    )
    await filled.owner.execute("update plek set bestaat = '[2025-01-01,2026-09-01)' where id = $1", plek)
    handed, stays = set(), set()
    for who in WIE:
        async with asking(filled, who) as conn:
            if await does(conn, "select open_overdracht($1, '2026-03-02T09:00Z', '{}', '{180,14}') is not null", stay):
                handed.add(who)
            await conn.execute(grant, stay)
            await conn.execute(AS_LOKET, SHARED_REGIO)
            if await conn.fetchval("select upper(bestaat) from plek where id = $1", plek) == date(2026, 10, 1):
                stays.add(who)
    assert handed == stays == {"S"}


VAN_BINNEN = """
select proname from pg_proc
where pronamespace = 'public'::regnamespace and prosecdef and not has_function_privilege($1, oid, 'execute')
"""

ZETTEN = """
select attname from pg_attribute
where attrelid = $1::text::regclass and attnum > 0 and not attisdropped
  and not has_column_privilege($2, attrelid, attnum, 'update')
"""


async def test_what_only_functions_do_the_app_cannot(filled: World) -> None:
    """Who may, is asked by the function that calls these; and what a row is about, never changes."""
    inside = {row["proname"] for row in await filled.owner.fetch(VAN_BINNEN, APP_ROLE)}
    assert inside == {
        "schrijf_gebeurtenis", "stand_van", "wachtenden", "kort_plek_in", "plek_einde", "mijn_gebruikers",
        # Triggers.
        "meld_gebeurtenis", "bezetting_bewaak_afspraak", "bezetting_bewaak_definitief", "bezetting_volgt_beeindiging",
        "plek_volgt_beeindiging", "maak_betrokkene", "sleutel_uit", "uit_is_uit",
        "vervolg_ook_aan_te_vullen", "vervolg_ook_aangevuld",
    }  # fmt: skip
    of_what = {"id", "regio", "aanvraag_id", "aanbieder_id", "voorziening_id", "plek_id"}
    for table, fixed in {
        "voorstel": of_what | {"aanbod_regio", "bundel_id", "plan_id"},
        "aanvraag": {"id", "regio", "nummer", "status", "afgesloten_op", "vervolg_van"},
        "gebeurtenis": of_what - {"voorziening_id"}
        | {"soort", "van", "naar", "op", "reden", "gebruiker_id", "gegevens"},
        "beeindiging_plaatsing": {"bezetting_id", "beeindiging_id", "regio", "vraag_regio", "aanvraag_id"},
        "telefoongesprek": of_what - {"aanbieder_id", "plek_id"} | {"gebeld_op", "gebruiker_id", "met"},
    }.items():
        closed = {row["attname"] for row in await filled.owner.fetch(ZETTEN, table, APP_ROLE)}
        assert fixed <= closed, table
