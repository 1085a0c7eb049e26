"""Who is told what: of each gebeurtenis, in the transaction that finishes its taak, each person once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from service.aanbod import bezetting
from service.aanvraag import gebeurtenissen
from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.bericht import berichten, meldingen, meldkeuzes
from service.bericht.meldingen import MELDINGEN, ZINNEN, Kring
from service.bericht.meldkeuzes import Meldkeuzes, Wijze
from service.db import SYSTEM, Connection, Pool, Rol, Wie, transaction
from service.plaatsing import plaatsingen
from service.privacy import bewaren, dossiers
from service.urgentie import Urgentie
from tests import make
from tests.conftest import OTHER_REGIO, REGIO

DIENST = Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, SYSTEM)


async def person(owner: Connection, rol: str, **rest: Any) -> UUID:
    """With a mail address."""
    return await make.gebruiker(owner, rol=rol, email=f"{rest.pop('name', rol)}@test.example", **rest)


async def happened(
    pool: Pool, soort: GebeurtenisSoort, *, wie: Wie = DIENST, urgentie: Urgentie = Urgentie.SPOED, **rest: Any
) -> tuple[UUID, UUID]:
    """Something happens to a new aanvraag: the ids of its organisatie and of the gebeurtenis."""
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn, urgentie=urgentie, **rest.pop("aanvraag", {}))
        await gebeurtenissen.record(conn, aanvraag.id, soort, now=make.NOW, **rest)
        id: UUID = await conn.fetchval(
            "select id from gebeurtenis where aanvraag_id = $1 and soort = $2 order by nummer desc limit 1",
            aanvraag.id,
            soort,
        )
    return aanvraag.organisatie_id, id


async def tell(pool: Pool, gebeurtenis: UUID) -> tuple[int, int]:
    async with transaction(pool, DIENST) as conn:
        return await meldingen.verdeel(conn, gebeurtenis, now=make.NOW)


async def told(owner: Connection, gebeurtenis: UUID) -> dict[UUID, str]:
    """Who gets a bericht of it → which sentence."""
    rows = await owner.fetch("select gebruiker_id, soort from bericht where gebeurtenis_id = $1", gebeurtenis)
    return {row["gebruiker_id"]: row["soort"] for row in rows}


def test_every_soort_of_gebeurtenis_says_who_is_told() -> None:
    """Also when that is nobody."""
    assert set(MELDINGEN) == set(GebeurtenisSoort)


@pytest.mark.parametrize("soort", ZINNEN)
def test_a_sentence_is_one_that_anybody_may_read(soort: str) -> None:
    """No places to fill in, and short."""
    zin = ZINNEN[soort]
    assert "{" not in zin and zin.endswith((".", "?")) and len(zin) < 140


async def test_the_loket_and_the_crisisdienst_are_told_of_a_new_aanvraag_in_crisis(
    pool: Pool, owner: Connection
) -> None:
    """And nobody else, and the crisisdienst of nothing but crises."""
    loket, crisis = await person(owner, "schakelfunctionaris"), await person(owner, "crisisdienst")
    for rol in ("contractbeheer", "beheerder"):
        await person(owner, rol)
    await person(owner, "schakelfunctionaris", name="ver", regio=OTHER_REGIO)
    _, haast = await happened(pool, GebeurtenisSoort.INGEDIEND, urgentie=Urgentie.CRISIS)
    _, gewoon = await happened(pool, GebeurtenisSoort.INGEDIEND, urgentie=Urgentie.SPOED)

    await tell(pool, haast)
    await tell(pool, gewoon)

    assert await told(owner, haast) == {loket: "ingediend_loket", crisis: "ingediend_crisisdienst"}
    assert await told(owner, gewoon) == {loket: "ingediend_loket"}


async def test_who_treats_an_aanvraag_is_told_and_not_all_colleagues(pool: Pool, owner: Connection) -> None:
    """Until somebody does, all are; also when that one may not come in any more."""
    een, twee = [await person(owner, "schakelfunctionaris", name=name) for name in ("een", "twee")]
    _, id = await happened(pool, GebeurtenisSoort.OPSCHALING_ANTWOORD)
    await owner.execute("update aanvraag set behandelaar_id = $1", een)
    _, ander = await happened(pool, GebeurtenisSoort.OPSCHALING_ANTWOORD)
    await tell(pool, id)
    await tell(pool, ander)
    assert set(await told(owner, id)) == {een}
    assert set(await told(owner, ander)) == {een, twee}

    await owner.execute("update gebruiker set actief = false where id = $1", een)
    await owner.execute("delete from bericht")
    await tell(pool, id)
    assert set(await told(owner, id)) == {twee}


async def test_a_verwijzer_is_told_of_its_own_organisatie_only(pool: Pool, owner: Connection) -> None:
    gi, id = await happened(pool, GebeurtenisSoort.OPSCHALING)
    mine = await person(owner, "verwijzer", organisatie_id=gi)
    async with transaction(pool, DIENST) as conn:
        other = await make.organisatie(conn)
    await person(owner, "verwijzer", organisatie_id=other, name="ander")

    await tell(pool, id)

    assert await told(owner, id) == {mine: "opschaling_verwijzer"}


async def test_an_aanbieder_is_told_of_what_is_about_it_also_in_another_region(
    pool: Pool, owner: Connection, wie: Wie
) -> None:
    """Its bericht and the taak that sends it are of its own region."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
    ours = await person(owner, "aanbieder", aanbieder_id=plek.aanbieder_id)
    other = await make.aanbieder_als_eigenaar(owner, regio=OTHER_REGIO)
    theirs = await person(owner, "aanbieder", aanbieder_id=other, regio=OTHER_REGIO, name="ver")
    _, id = await happened(pool, GebeurtenisSoort.OPSCHALING_VRAAG, plek_id=plek.id)
    _, far = await happened(pool, GebeurtenisSoort.OPSCHALING_VRAAG)
    await owner.execute("update gebeurtenis set aanbieder_id = $2 where id = $1", far, other)

    await tell(pool, id)
    await tell(pool, far)

    assert await told(owner, id) == {ours: "opschaling_vraag_aanbieder"}
    assert await told(owner, far) == {theirs: "opschaling_vraag_aanbieder"}
    assert await owner.fetchval("select regio from bericht where gebruiker_id = $1", theirs) == OTHER_REGIO
    assert await owner.fetchval("select count(*) from taak where soort = 'mail' and regio = $1", OTHER_REGIO) == 1


async def test_who_did_it_is_not_told(pool: Pool, owner: Connection) -> None:
    """Nor the colleague in whose place it was done."""
    een, twee = [await person(owner, "schakelfunctionaris", name=name) for name in ("een", "twee")]
    _, id = await happened(pool, GebeurtenisSoort.OPSCHALING, wie=Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, een))
    await tell(pool, id)
    assert set(await told(owner, id)) == {twee}
    in_place_of = Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, een, namens=twee)
    _, id = await happened(pool, GebeurtenisSoort.OPSCHALING, wie=in_place_of)
    await tell(pool, id)
    assert set(await told(owner, id)) == set()


async def test_the_vervanger_is_told_in_the_place_of_who_is_away(pool: Pool, owner: Connection) -> None:
    """From the first day on until that one is back; once, also when both would be told. Unless the vervanger is gone
    too."""
    weg, vervanger = [await person(owner, "schakelfunctionaris", name=name) for name in ("weg", "vervanger")]
    await owner.execute(
        "update gebruiker set vervanger_id = $2, vervangen_tot = $3 where id = $1", weg, vervanger, make.day(1)
    )
    _, id = await happened(pool, GebeurtenisSoort.OPSCHALING)
    await tell(pool, id)
    assert set(await told(owner, id)) == {vervanger}

    await owner.execute("update gebruiker set actief = false where id = $1", vervanger)
    _, alone = await happened(pool, GebeurtenisSoort.OPSCHALING)
    await tell(pool, alone)
    assert set(await told(owner, alone)) == {weg}

    await owner.execute("update gebruiker set actief = true")
    await owner.execute(
        "update gebruiker set vervangen_van = $2, vervangen_tot = $3 where id = $1", weg, make.day(1), make.day(9)
    )
    _, before = await happened(pool, GebeurtenisSoort.OPSCHALING)
    await tell(pool, before)
    assert set(await told(owner, before)) == {weg, vervanger}

    await owner.execute("update gebruiker set vervangen_van = null, vervangen_tot = $2 where id = $1", weg, make.TODAY)
    _, later = await happened(pool, GebeurtenisSoort.OPSCHALING)
    await tell(pool, later)
    assert set(await told(owner, later)) == {weg, vervanger}


async def test_an_aanbieder_is_reminded_of_its_own_start_and_stop_message(
    pool: Pool, owner: Connection, wie: Wie
) -> None:
    """With the day, the last of five working days, and a reference that says nothing of the child; others are not."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
    ours = await person(owner, "aanbieder", aanbieder_id=plek.aanbieder_id)
    await person(owner, "schakelfunctionaris")
    async with transaction(pool, wie) as conn:
        stay = await make.plaatsing(conn, plek_id=plek.id, van=make.day(-10), tot=make.day(30))
        await plaatsingen.beeindig(conn, stay.id, make.TODAY, bezetting.EindeReden.VOLGENS_PLAN, now=make.NOW)
    for row in await owner.fetch(
        "select id from gebeurtenis where soort in ('geplaatst', 'beeindigd') order by nummer"
    ):
        await tell(pool, row["id"])

    rows = await owner.fetch("select gebruiker_id, soort, gegevens from bericht order by soort")
    said = {(row["gebruiker_id"] == ours, row["soort"]): berichten.zin(row["soort"], row["gegevens"]) for row in rows}
    assert said == {
        (
            True,
            "beeindigd_aanbieder",
        ): "Een verblijf bij u is beëindigd. Het verblijf eindigde op maandag 2 maart 2026. Stuur"
        f" uit uw eigen systeem zelf het stopbericht, uiterlijk op maandag 9 maart 2026. Ons kenmerk: {stay.id}.",
        (
            True,
            "geplaatst_aanbieder",
        ): "Er is een kind bij u geplaatst. Het verblijf begon op vrijdag 20 februari 2026. Stuur"
        f" uit uw eigen systeem zelf het startbericht, uiterlijk op vrijdag 27 februari 2026. Ons kenmerk: {stay.id}.",
        (False, "beeindigd_loket"): "Een verblijf is beëindigd.",
        (False, "geplaatst_loket"): "Er is een kind geplaatst.",
    }


async def test_telling_twice_tells_once(pool: Pool, owner: Connection) -> None:
    """As after a worker that died between its work and its word."""
    await person(owner, "schakelfunctionaris")
    _, id = await happened(pool, GebeurtenisSoort.OPSCHALING)

    assert [await tell(pool, id) for _ in range(2)] == [(1, 0), (0, 0)]
    assert await owner.fetchval("select count(*) from bericht") == 1
    assert await owner.fetchval("select count(*) from taak where soort = 'mail'") == 1


async def test_each_person_chooses_per_urgentie_how_they_are_told(pool: Pool, owner: Connection) -> None:
    """At once, in the mail of the day, or not; without a choice a regular one comes with the mail of the day."""
    id = await person(owner, "schakelfunctionaris")
    eigen = Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, id)
    async with transaction(pool, eigen) as conn:
        assert await meldkeuzes.eigen(conn) == meldkeuzes.GEWOON
    seen: dict[str, list[tuple[str, str]]] = {}
    for name, keuzes in (
        ("gewoon", None),
        ("eigen", Meldkeuzes(crisis=Wijze.DAGELIJKS, spoed=Wijze.UIT, regulier=Wijze.DIRECT)),
    ):
        if keuzes is not None:
            async with transaction(pool, eigen) as conn:
                await meldkeuzes.kies(conn, keuzes)
                assert await meldkeuzes.eigen(conn) == keuzes
        for urgentie in Urgentie:
            _, gebeurtenis = await happened(pool, GebeurtenisSoort.OPSCHALING, urgentie=urgentie)
            await tell(pool, gebeurtenis)
            rows = await owner.fetch("select wijze from bericht where gebeurtenis_id = $1", gebeurtenis)
            seen.setdefault(name, []).extend((urgentie.value, row["wijze"]) for row in rows)

    assert seen["gewoon"] == [("crisis", "direct"), ("spoed", "direct"), ("regulier", "dagelijks")]
    assert seen["eigen"] == [("crisis", "dagelijks"), ("regulier", "direct")]
    assert await owner.fetchval("select count(*) from taak where soort = 'mail'") == 3


async def test_once_a_day_what_waits_becomes_one_mail_per_person(pool: Pool, owner: Connection) -> None:
    """On one day once: what comes after it waits for tomorrow."""
    een, twee = [await person(owner, "schakelfunctionaris", name=name) for name in ("een", "twee")]
    for soort in (GebeurtenisSoort.OPSCHALING, GebeurtenisSoort.OPSCHALING, GebeurtenisSoort.INGEDIEND):
        _, id = await happened(pool, soort, urgentie=Urgentie.REGULIER)
        await tell(pool, id)

    async with transaction(pool, DIENST) as conn:
        assert await berichten.bundel(conn, make.TODAY, make.NOW) == 2
    _, id = await happened(pool, GebeurtenisSoort.OPSCHALING, urgentie=Urgentie.REGULIER)
    await tell(pool, id)
    async with transaction(pool, DIENST) as conn:
        assert await berichten.bundel(conn, make.TODAY, make.NOW) == 0
        mails = await conn.fetch("select id, gebruiker_id from bericht where soort = 'dagoverzicht'")
        assert {mail["gebruiker_id"] for mail in mails} == {een, twee}
        assert await berichten.regels(conn, mails[0]["id"]) == [
            ("Een aanvraag is opgeschaald.", 2),
            ("Er is een nieuwe aanvraag.", 1),
        ]
        assert await berichten.bundel(conn, make.day(1), make.NOW) == 2
        # Also while the mail server is away: what stands in a mail that waits, is not told in another.
        assert await berichten.bundel(conn, make.day(2), make.NOW) == 0


async def test_only_the_service_itself_asks_who_must_be_told(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Who else is a gebruiker, and at which address, is nobody's to see."""
    await person(owner, "schakelfunctionaris")
    _, id = await happened(pool, GebeurtenisSoort.OPSCHALING)
    await tell(pool, id)
    bericht = await owner.fetchval("select id from bericht")
    for query, argument in (
        ("select * from ontvangers($1, now())", id),
        ("select schrijf_leveringen($1, '{}')", id),
        ("select mailadres($1)", bericht),
        ("select * from haak_post($1, now())", id),
    ):
        with pytest.raises(Exception, match="only the service itself tells people"):
            async with transaction(pool, wie) as conn:
                await conn.fetch(query, argument)


async def test_of_a_child_that_was_forgotten_nobody_is_told(pool: Pool, owner: Connection) -> None:
    """The taak outlived what it was about."""
    _, id = await happened(pool, GebeurtenisSoort.OPSCHALING)
    await owner.execute("delete from gebeurtenis where id = $1", id)
    assert await tell(pool, id) == (0, 0)


def test_the_circles_are_those_of_the_table() -> None:
    """A sentence for a circle that the database never finds would never be sent."""
    assert {kring for zinnen in MELDINGEN.values() for kring in zinnen} == set(Kring)


async def test_what_was_told_is_kept_for_its_term(pool: Pool, owner: Connection) -> None:
    """And what still waits to be sent stays, however old."""
    for name in ("een", "twee"):
        await person(owner, "schakelfunctionaris", name=name)
    _, id = await happened(pool, GebeurtenisSoort.OPSCHALING)
    await tell(pool, id)
    async with transaction(pool, DIENST) as conn:
        first = await conn.fetchval("select id from bericht limit 1")
        await berichten.bezorgd(conn, first, make.NOW)
        terms = await bewaren.termijnen(conn)
        for days, gone in ((89, 0), (90, 1)):
            assert await bewaren.ruim_berichten(conn, terms, make.NOW + timedelta(days=days)) == gone
    assert await owner.fetchval("select count(*) from bericht where status = 'wacht'") == 1


async def test_who_was_told_of_a_child_stands_in_its_dossier_and_goes_with_it(pool: Pool, owner: Connection) -> None:
    await person(owner, "schakelfunctionaris")
    _, id = await happened(pool, GebeurtenisSoort.OPSCHALING)
    await tell(pool, id)
    aanvraag = await owner.fetchval("select aanvraag_id from gebeurtenis where id = $1", id)
    async with transaction(pool, DIENST) as conn:
        tables = {tabel.naam: tabel for tabel in (await dossiers.gather(conn, aanvraag, make.NOW)).tabellen}
        assert len(tables["bericht"].rijen) == 1
        await bewaren.wis(conn, aanvraag, "verzoek", make.NOW, sluit=True)
    assert await owner.fetchval("select count(*) from bericht") == 0
