"""`loket log`: is it still what was sealed, and who looked at a child; and what other commands leave in it."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from service import toegang
from service.commands import log as command
from service.commands import plan, psql, rank, toegangslog
from service.db import SYSTEM, Connection, Pool, Rol, Wie, transaction
from service.log import inzagen, logboek
from service.log.doelen import Doel, Verwerking
from service.log.inzagen import Inzage
from service.log.logboek import Gebeurtenis, Handeling, Resultaat
from service.worker import child
from service.worker.anker import Anker
from service.worker.zegel import Zegel
from tests import make
from tests.conftest import ROOT, Cluster
from tests.service.running import loket

HAAL = Handeling("haalAanvraag", Gebeurtenis.LEES, "aanvraag", "plek_zoeken", "bemiddelen")

Run = Callable[..., Awaitable["subprocess.CompletedProcess[str]"]]


@pytest.fixture
def run(database_url: str, redis_url: str) -> Run:
    """`await run("log", "verify")`: the command as a user types it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOKET_")}
    urls = {"LOKET_DATABASE_URL": database_url, "LOKET_REDIS_URL": redis_url}

    async def start(*arguments: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(
            lambda: subprocess.run(
                loket(*arguments), cwd=ROOT, env=kept | urls, capture_output=True, text=True, check=False, timeout=60
            )
        )

    return start


async def looked(pool: Pool, wie: Wie, *ids: object, **rest: object) -> None:
    async with transaction(pool, wie) as conn:
        await logboek.schrijf(conn, wie, HAAL, ids, now=make.NOW, spoor=logboek.spoor(), **rest)  # type: ignore[arg-type]


async def test_verify_says_what_is_wrong_and_ends_with_1(
    run: Run, pool: Pool, wie: Wie, owner: Connection, tmp_path: Path
) -> None:
    """0 as long as nothing is."""
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
    await looked(pool, wie, aanvraag.id)
    await Zegel(pool, Anker(tmp_path / "anker"), clock=lambda: make.NOW).round()
    await looked(pool, wie, aanvraag.id)

    good = await run("log", "verify", "--anker", str(tmp_path / "anker"))
    await owner.execute("update logregel set doel = 'anders' where id = 1")
    wrong = await run("log", "verify", "--anker", str(tmp_path / "anker"))

    assert (good.returncode, wrong.returncode) == (0, 1), good.stderr + wrong.stderr
    assert "gooi-en-vechtstreek: 1 regel gecontroleerd. Het log klopt." in good.stdout
    assert "1 regel wacht op een zegel" in good.stdout
    assert "  - Regel 1 (zegel 1) is veranderd nadat hij is verzegeld." in wrong.stdout


async def test_a_file_of_heads_that_cannot_be_read_is_told(run: Run, tmp_path: Path) -> None:
    """A folder, given or set."""
    given = await run("log", "verify", "--anker", str(tmp_path))

    assert (given.returncode, given.stderr) == (
        2,
        "De waarde van --anker kan niet: dat is een map, geef een bestand.\nUitleg: loket log verify --help\n",
    )


async def test_a_parent_can_be_given_who_looked_at_their_child(
    run: Run, pool: Pool, wie: Wie, owner: Connection
) -> None:
    """One page, without names of persons; writing it is a line too."""
    naam = "Zeer Bijzondere Naam"
    async with transaction(pool, wie) as conn:
        organisatie = await make.organisatie(conn, naam="GI Noord")
        aanvraag = await make.aanvraag(conn, organisatie_id=organisatie)
    who = await make.gebruiker(owner, rol="verwijzer", organisatie_id=organisatie, naam=naam)
    await looked(pool, Wie(wie.regio, Rol.VERWIJZER, who, organisatie), aanvraag.id)

    done = await run("log", "inzage", aanvraag.nummer.lower())

    assert done.returncode == 0, done.stderr
    assert f"Wie keek er naar aanvraag {aanvraag.nummer}?" in done.stdout
    assert "ma 2 mrt: GI Noord (verwijzer: doet de aanvraag): de aanvraag bekeken." in done.stdout
    assert naam not in done.stdout
    last = await owner.fetchrow("select handeling, gebeurtenis, gebruiker_id from logregel order by id desc limit 1")
    assert tuple(last) == ("loket log inzage", "uitvoer", SYSTEM)


async def test_commands_that_show_children_leave_a_line_for_each(
    run: Run, pool: Pool, wie: Wie, owner: Connection, cluster: Cluster
) -> None:
    """`loket rank` with and without a nummer; of `loket psql` that somebody looked."""
    async with transaction(pool, wie) as conn:
        children = [await make.aanvraag(conn) for _ in range(2)]
        await make.plek(conn)

    done = await asyncio.gather(
        run("rank"), run("rank", children[0].nummer, "--json"), run("psql", "--", "-c", "select 1")
    )

    assert [one.returncode for one in done] == [0, 0, 0], done
    rows = await owner.fetch(
        "select r.handeling, r.gebruiker_id, b.aanvraag_id from logregel r"
        " left join betrokkene b on b.pseudoniem = r.betrokkene"
    )
    assert {row["gebruiker_id"] for row in rows} == {SYSTEM}
    assert Counter((row["handeling"], row["aanvraag_id"]) for row in rows) == {
        ("loket rank", children[0].id): 2,
        ("loket rank", children[1].id): 1,
        ("loket psql", None): 1,
    }


# ── The page ─────────────────────────────────────────────────────────────────────────────────────


def inzage(**fields: object) -> Inzage:
    plain = {
        "nummer": 1,
        "moment": make.NOW,
        "gebeurtenis": "lees",
        "resultaat": "gelukt",
        "organisatie": None,
        "rol": "schakelfunctionaris",
        "persoon": "Iemand",
        "namens": None,
        "systeem": False,
        "object": "aanvraag",
        "handeling": "haalAanvraag",
        "doel": "plek_zoeken",
    }
    return msgspec.convert(plain | fields, Inzage)


def said(*rows: Inzage) -> list[str]:
    """The lines of the page that tell who did what, unfolded."""
    text = "\n".join(command.page("K7M-3PQ", list(rows), date(2026, 3, 9))).replace("\n  ", " ")
    return [line for line in text.splitlines() if line.startswith(("ma ", "di "))]


def test_what_one_did_on_one_day_is_one_line_in_order() -> None:
    """The first day first; how often; a look that was refused is told as that."""
    later = make.NOW + timedelta(days=1)
    assert said(
        inzage(moment=later, gebeurtenis="wijzig", organisatie="GI Noord", rol="verwijzer"),
        inzage(resultaat="geweigerd", organisatie="De Linde", rol="aanbieder"),
        inzage(object="rangschikking"),
        inzage(),
        inzage(),
    ) == [
        "ma 2 mrt: Het loket (schakelfunctionaris: zoekt een plek die past): de aanvraag bekeken (2 keer); de plekken"
        " die passen bekeken.",
        "ma 2 mrt: De Linde (aanbieder: geeft de jeugdhulp): wilde de aanvraag zien, maar dat mocht of lukte niet.",
        "di 3 mrt: GI Noord (verwijzer: doet de aanvraag): de aanvraag veranderd.",
    ]
    assert said(inzage(systeem=True, object="plan")) == [
        "ma 2 mrt: Het loket, een programma: een voorstel voor alle kinderen die wachten bekeken."
    ]


def test_everything_that_is_logged_of_a_child_has_words_for_a_parent() -> None:
    """A new kind of object gets its words here."""
    of_a_child = {line.object for line in toegang.HANDELINGEN if line.verwerking == Verwerking.BEMIDDELEN}
    assert of_a_child <= command.WAT.keys()


def test_what_commands_write_are_words_of_the_register() -> None:
    """Purpose and processing as in service/log/doelen.py."""
    for line in (command.VERIFY, command.INZAGE, toegangslog.TOEGANG, rank.RANK, plan.PLAN, psql.PSQL, child.MAAK_PLAN):
        assert line.doel in list(Doel)
        assert line.verwerking in list(Verwerking)


async def test_who_changed_whose_account_can_be_told(run: Run, pool: Pool, owner: Connection) -> None:
    """And who could not come in; that somebody looked is in the log too."""
    anja, sam = [await make.gebruiker(owner, naam=naam, rol="beheerder") for naam in ("Anja Kok", "Sam Bos")]
    by = Wie("gooi-en-vechtstreek", Rol.BEHEERDER, anja)
    now = datetime.now(UTC)
    provider = await owner.fetchval(
        "insert into identiteitsprovider (naam, issuer, client_id) values ('Jeugdhuis', 'https://x', 'x') returning id"
    )
    await make.gebruiker(owner, identiteitsprovider_id=provider, subject="kim")
    async with transaction(pool, by) as conn:
        line = toegang.mag(by, "wijzigGebruiker").in_log(by)
        for resultaat in (Resultaat.GELUKT, Resultaat.GEWEIGERD):
            await logboek.schrijf_los(
                conn, by, line, now=now, spoor=logboek.spoor(), object_id=sam, resultaat=resultaat
            )
        await logboek.schrijf_mislukte_inlog(
            pool, provider=provider, resultaat=Resultaat.GEWEIGERD, now=now, spoor=logboek.spoor()
        )

    told = (await run("log", "toegang")).stdout.splitlines()
    about_sam = await run("log", "toegang", "--van", "SAM bos", "--json")
    refused = (await run("log", "toegang", "--mislukt")).stdout
    again = (await run("log", "toegang")).stdout

    assert sorted(line.split(": ", 1)[1] for line in told) == [
        "Anja Kok (beheerder) veranderde gebruiker Sam Bos.",
        "Anja Kok (beheerder) wilde gebruiker Sam Bos veranderen, maar dat mocht niet.",
        "iemand bij Jeugdhuis mocht niet inloggen.",
    ]
    assert [row["objectId"] for row in msgspec.json.decode(about_sam.stdout)] == [str(sam)] * 2
    assert "veranderde" not in refused and "mocht niet inloggen" in refused
    assert "het loket zelf bekeek het log." in again


async def test_what_is_about_a_child_or_another_region_is_not_told(run: Run, pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
    await looked(pool, wie, aanvraag.id)
    far = Wie("flevoland", Rol.BEHEERDER, SYSTEM)
    async with transaction(pool, far) as conn:
        await logboek.schrijf_los(conn, far, command.VERIFY, now=datetime.now(UTC), spoor=logboek.spoor())

    assert (await run("log", "toegang", "--dagen", "3650")).stdout == "Geen regels gevonden.\n"


def test_every_event_has_words_for_a_beheerder() -> None:
    assert set(toegangslog.DEED) == set(Gebeurtenis)
    assert {line.object for line in toegang.HANDELINGEN if line.los} <= toegangslog.WAT.keys()


# ── Inzagen ──────────────────────────────────────────────────────────────────────────────────────


async def test_who_looked_is_told_to_the_loket_with_names_and_to_the_verwijzer_without(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie], owner: Connection
) -> None:
    """To others, also of the same region, nothing. Refused looks are in it."""
    me = await make.gebruiker(owner, rol="schakelfunctionaris", naam="Sam")
    async with transaction(pool, wie) as conn:
        mine, other = await make.aanvraag(conn), await make.aanvraag(conn)
    await looked(pool, Wie(wie.regio, wie.rol, me), mine.id, other.id)
    await looked(pool, wie_als("aanbieder"), mine.id, resultaat=Resultaat.GEWEIGERD)

    async def told(who: Wie) -> list[tuple[str | None, str | None, str]]:
        async with transaction(pool, who, readonly=True) as conn:
            rows = await inzagen.inzagen(conn, mine.id)
        return [(row.rol, row.persoon, row.resultaat) for row in rows]

    assert await told(wie) == [("aanbieder", None, "geweigerd"), ("schakelfunctionaris", "Sam", "gelukt")]
    verwijzer = wie_als("verwijzer", organisatie=mine.organisatie_id)
    assert await told(verwijzer) == [("aanbieder", None, "geweigerd"), ("schakelfunctionaris", None, "gelukt")]
    for who in (
        wie_als("verwijzer", organisatie=other.organisatie_id),
        wie_als("crisisdienst"),
        wie_als("beheerder"),
        wie_als("aanbieder"),
        wie_als("schakelfunctionaris", regio="flevoland"),
    ):
        assert await told(who) == []
