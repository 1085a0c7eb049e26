"""How sure it is that a plek is as it says; a provider is asked once a day at most, and answers with one tap."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from service.aanbod import bewoning, bezetting, plekken
from service.aanbod.plekken import Beschikbaarheid, Bron, PlekStatus, Zekerheid
from service.bericht import alarmen, meldkeuzes, versheid
from service.bericht.meldkeuzes import Meldkeuzes, Wijze
from service.bericht.versheid import Antwoord, Verzoek
from service.cijfers import reflex
from service.db import SYSTEM, Connection, Pool, Rol, Wie, transaction
from service.errors import Kind, Refusal
from service.plaatsing import voorstellen
from service.plaatsing.voorstelstap import Afwijsreden
from tests import make
from tests.conftest import OTHER_REGIO, REGIO
from tests.service.bericht.test_meldingen import person
from tests.service.intake import files
from tests.service.post import mailserver, work
from tests.service.voorstelling import child, sent, step

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DIENST = Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, SYSTEM)


async def bed(conn: Connection, *, uren: float = 0, zorgvorm: str = "gezinshuis", **fields: Any) -> plekken.Plek:
    """An empty plek that was confirmed so many hours ago."""
    huis = await make.voorziening(conn, zorgvorm=zorgvorm, **fields)
    return await make.plek(conn, voorziening_id=huis.id, now=make.NOW - uren * HOUR)


async def ask(pool: Pool, now: datetime = make.NOW) -> int:
    async with transaction(pool, DIENST) as conn:
        return await versheid.versheidsronde(conn, now)


async def mailed(owner: Connection) -> list[UUID]:
    return [
        row[0] for row in await owner.fetch("select gebruiker_id from bericht where soort = 'bevestiging_gevraagd'")
    ]


async def asked(owner: Connection) -> list[tuple[UUID, list[UUID]]]:
    return [tuple(row) for row in await owner.fetch("select aanbieder_id, plekken from bevestigverzoek order by dag")]


# ── How old, and how sure ────────────────────────────────────────────────────────────────────────


AGES = [
    ("crisis", 24, Zekerheid.ZEKER),
    ("crisis", 24.01, Zekerheid.TE_BEVESTIGEN),
    ("pleegzorg-crisis", 25, Zekerheid.TE_BEVESTIGEN),
    ("gezinshuis", 24.01, Zekerheid.ZEKER),
    ("gezinshuis", 7 * 24, Zekerheid.ZEKER),
    ("gezinshuis", 7 * 24 + 0.01, Zekerheid.TE_BEVESTIGEN),
    ("gezinshuis", 28 * 24, Zekerheid.TE_BEVESTIGEN),
    ("gezinshuis", 28 * 24 + 0.01, Zekerheid.ONBEKEND),
]


async def test_a_crisis_plek_is_sure_for_a_day_and_others_for_longer(pool: Pool, wie: Wie) -> None:
    """Each plek says so; the list of ages has the hours too, and the oldest first."""
    async with transaction(pool, wie) as conn:
        ids = [(await bed(conn, uren=uren, zorgvorm=zorgvorm)).id for zorgvorm, uren, _ in AGES]

        shown = [(await plekken.get(conn, id, make.NOW)).zekerheid for id in ids]
        aged = {plek.id: plek for plek in await versheid.versheid(conn, make.NOW)}

    assert shown == [is_ for *_, is_ in AGES]
    assert [(aged[id].zekerheid, aged[id].bevestigd_uren, aged[id].bron) for id in ids] == [
        (is_, int(uren), Bron.SCHERM) for _, uren, is_ in AGES
    ]
    assert next(iter(aged)) == ids[-1]


async def test_of_what_nobody_ever_confirmed_nothing_is_known(pool: Pool, owner: Connection, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        plek = await bed(conn)
    await owner.execute("update plek set bevestigd_op = null")
    await owner.execute("delete from bevestiging")

    async with transaction(pool, wie) as conn:
        (aged,) = await versheid.versheid(conn, make.NOW)

    assert (aged.id, aged.zekerheid, aged.bevestigd_uren, aged.bron) == (plek.id, Zekerheid.ONBEKEND, None, None)


async def test_how_long_it_is_sure_is_a_setting_of_the_region(pool: Pool, owner: Connection, wie: Wie) -> None:
    await owner.execute(
        "insert into instelling (regio, sleutel, waarde, bron) values ($1, 'crisis_zeker_uren', '12', 'test')", REGIO
    )
    async with transaction(pool, wie) as conn:
        plek = await bed(conn, uren=13, zorgvorm="crisis")
        assert (await plekken.get(conn, plek.id, make.NOW)).zekerheid is Zekerheid.TE_BEVESTIGEN


# ── Asking ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_provider_is_asked_once_a_day_and_only_for_what_needs_it(
    pool: Pool, owner: Connection, wie: Wie
) -> None:
    """One mail a day, whatever happens in between; each of its people who can be mailed gets it."""
    async with transaction(pool, wie) as conn:
        old = await bed(conn, uren=8 * 24)
        await bed(conn, uren=24, aanbieder_id=old.aanbieder_id)
        fresh = await bed(conn, uren=1)
    een, twee = [await person(owner, "aanbieder", aanbieder_id=old.aanbieder_id, name=name) for name in ("een", "twee")]
    await person(owner, "aanbieder", aanbieder_id=fresh.aanbieder_id, name="vers")
    await make.gebruiker(owner, rol="aanbieder", aanbieder_id=old.aanbieder_id)

    assert [await ask(pool), await ask(pool), await ask(pool, make.NOW + 13 * HOUR)] == [1, 0, 0]
    assert set(await mailed(owner)) == {een, twee} and len(await mailed(owner)) == 2
    assert await asked(owner) == [(old.aanbieder_id, [old.id])]

    assert await ask(pool, make.NOW + DAY) == 1
    assert len(await asked(owner)) == 2


async def test_each_time_it_is_asked_is_a_gebeurtenis_without_a_child(pool: Pool, owner: Connection, wie: Wie) -> None:
    """In which the number of plekken stands."""
    async with transaction(pool, wie) as conn:
        plek = await bed(conn, uren=8 * 24)
    await person(owner, "aanbieder", aanbieder_id=plek.aanbieder_id)

    await ask(pool)

    row = await owner.fetchrow("select * from gebeurtenis where soort = 'bevestiging_gevraagd'")
    assert row is not None
    assert (row["aanbieder_id"], row["aanvraag_id"], row["naar"]) == (plek.aanbieder_id, None, None)
    assert row["gegevens"]["plekken"] == 1 and row["rol"] == "schakelfunctionaris"


async def test_it_is_asked_before_a_crisis_plek_is_unsure(pool: Pool, owner: Connection, wie: Wie) -> None:
    """The round is in the morning: what would be unsure before the evening is asked now."""
    async with transaction(pool, wie) as conn:
        later, now, late = [await bed(conn, uren=uren, zorgvorm="crisis") for uren in (12, 12.01, 30)]
    for plek in (later, now, late):
        await person(owner, "aanbieder", aanbieder_id=plek.aanbieder_id, name=f"a{plek.id}")

    await ask(pool)

    assert {ids[0] for _, ids in await asked(owner)} == {now.id, late.id}


async def test_nobody_is_asked_about_what_the_loket_knows_itself(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Who lives there, and what is stopped; an empty plek without staff may have it again."""
    async with transaction(pool, wie) as conn:
        taken, stopped, empty = [await bed(conn, uren=200) for _ in range(3)]
        await make.plaatsing(conn, plek_id=taken.id)
        await make.stop(conn, plek_id=stopped.id)
        await plekken.bevestig(
            conn, empty.id, Beschikbaarheid.ONBEMENST, now=make.NOW - 200 * HOUR, bron=Bron.KOPPELING
        )
    for plek in (taken, stopped, empty):
        await person(owner, "aanbieder", aanbieder_id=plek.aanbieder_id, name=f"a{plek.id}")

    await ask(pool)

    assert await asked(owner) == [(empty.aanbieder_id, [empty.id])]


async def test_who_wants_no_mail_gets_none(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Off for regulier is off for these; a crisis plek goes by what is chosen for crisis. Once a day is what it is."""
    async with transaction(pool, wie) as conn:
        gewoon = await bed(conn, uren=200)
        crisis = await bed(conn, uren=30, zorgvorm="crisis")
    for plek in (gewoon, crisis):
        id = await person(owner, "aanbieder", aanbieder_id=plek.aanbieder_id, name=plek.zorgvorm)
        mine = Wie(REGIO, Rol.AANBIEDER, id, plek.aanbieder_id)
        async with transaction(pool, mine) as conn:
            await meldkeuzes.kies(conn, Meldkeuzes(regulier=Wijze.UIT, crisis=Wijze.DAGELIJKS))

    assert await ask(pool) == 1
    assert await asked(owner) == [(crisis.aanbieder_id, [crisis.id])]


async def test_the_vervanger_is_asked_while_somebody_is_away(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Not before, and not when the vervanger is gone too: then a plek would be asked of nobody."""
    async with transaction(pool, wie) as conn:
        plek = await bed(conn, uren=200)
    weg, vervanger = [
        await person(owner, "aanbieder", name=name, aanbieder_id=plek.aanbieder_id) for name in ("weg", "vervanger")
    ]
    away = "update gebruiker set vervanger_id = $2, vervangen_van = $3, vervangen_tot = $4 where id = $1"

    async def are_asked(van: date | None) -> set[UUID]:
        await owner.execute(away, weg, vervanger, van, make.day(9))
        async with transaction(pool, DIENST) as conn:
            rows = await conn.fetch(versheid.BEVESTIGERS, plek.aanbieder_id, "regulier", make.NOW)
        return {row["gebruiker_id"] for row in rows}

    assert await are_asked(make.day(1)) == {weg, vervanger}
    assert await are_asked(make.TODAY) == await are_asked(None) == {vervanger}
    await owner.execute("update gebruiker set actief = false where id = $1", vervanger)
    assert await are_asked(None) == {weg}


async def test_of_another_region_nobody_is_asked(pool: Pool, owner: Connection) -> None:
    async with transaction(pool, Wie(OTHER_REGIO, Rol.SCHAKELFUNCTIONARIS, SYSTEM)) as conn:
        plek = await make.plek(conn, now=make.NOW - 200 * HOUR)
    await person(owner, "aanbieder", aanbieder_id=plek.aanbieder_id, regio=OTHER_REGIO)
    assert await ask(pool) == 0


# ── What a machine says, counts ──────────────────────────────────────────────────────────────────


async def test_what_a_koppeling_says_confirms_a_plek(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Then it is sure, and nobody is asked. As POST /v1/plekken/{id}/bevestigingen does: tests/web."""
    async with transaction(pool, wie) as conn:
        plek = await bed(conn, uren=200)
    await person(owner, "aanbieder", aanbieder_id=plek.aanbieder_id)
    machine = Wie(REGIO, Rol.AANBIEDER, UUID(int=9), plek.aanbieder_id, koppeling=UUID(int=9))
    async with transaction(pool, machine) as conn:
        await plekken.bevestig(conn, plek.id, None, now=make.NOW - HOUR, bron=Bron.KOPPELING)

    assert await ask(pool) == 0
    async with transaction(pool, wie) as conn:
        (aged,) = await versheid.versheid(conn, make.NOW)
    assert (aged.zekerheid, aged.bron, aged.bevestigd_uren) == (Zekerheid.ZEKER, Bron.KOPPELING, 1)


async def test_a_list_of_capacity_confirms_each_plek_that_it_names(pool: Pool, owner: Connection, wie: Wie) -> None:
    """A file that is dropped each day is as good as a tap."""
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn, naam="De Linde")
        plek = await make.plek(conn, voorziening_id=huis.id, naam="1", now=make.NOW - 200 * HOUR)
    await person(owner, "aanbieder", aanbieder_id=plek.aanbieder_id)
    await files.take_in(pool, wie, "capaciteit", files.text([files.HEADER, ["De Linde", "1", "vrij"]]))

    assert await ask(pool) == 0
    async with transaction(pool, wie) as conn:
        (aged,) = await versheid.versheid(conn, make.NOW)
    assert (aged.zekerheid, aged.bron, aged.bevestigd_uren) == (Zekerheid.ZEKER, Bron.BESTAND, 0)


# ── The mail and its link ────────────────────────────────────────────────────────────────────────


async def link_of(pool: Pool, owner: Connection, plek: plekken.Plek, now: datetime = make.NOW) -> str:
    """The secret in a mail to a new person of its aanbieder."""
    await person(owner, "aanbieder", aanbieder_id=plek.aanbieder_id)
    assert await ask(pool, now) == 1
    async with transaction(pool, DIENST) as conn:
        bericht = await conn.fetchval(
            "select id from bericht where soort = 'bevestiging_gevraagd' order by op desc limit 1"
        )
        return (await versheid.maak_link(conn, bericht, now)).rpartition("/")[2]


async def test_the_mail_has_a_link_and_nothing_of_a_child(
    pool: Pool, owner: Connection, wie: Wie, database_url: str
) -> None:
    """From the round to the mail server; of the secret only the hash is kept."""
    async with transaction(pool, wie) as conn:
        plek = await bed(conn, uren=200)
    await person(owner, "aanbieder", aanbieder_id=plek.aanbieder_id)
    await ask(pool)
    async with mailserver() as box:
        await work(pool, owner, database_url, clock=lambda: make.NOW, **box.settings())

    (mail,) = box.of("aanbieder@test.example")
    texts = [part.get_content() for part in mail.walk() if not part.is_multipart()]
    tokens = {re.search(r"/bevestigen/([\w-]{43})", text)[1] for text in texts}  # type: ignore[index]
    assert mail["Subject"] == "Eén loket: Kloppen uw vrije plekken nog? Eén tik is genoeg"
    assert len(tokens) == 1
    (token,) = tokens
    found = await versheid.open_link(pool, token, make.NOW)
    assert (found.aanbieder_id, found.plekken) == (plek.aanbieder_id, [plek.id])
    for table in ("bevestiglink", "bevestigverzoek", "bericht", "taak", "gebeurtenis"):
        rows = await owner.fetchval(f"select coalesce(string_agg(t::text, ''), '') from {table} t")
        assert token not in rows, table


async def test_a_mail_that_is_sent_twice_has_two_links_that_work(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Whoever died after sending it, sends it again; which of both is read, nobody knows."""
    async with transaction(pool, wie) as conn:
        plek = await bed(conn, uren=200)
    first = await link_of(pool, owner, plek)
    async with transaction(pool, DIENST) as conn:
        second = (await versheid.maak_link(conn, (await conn.fetchval("select id from bericht")), make.NOW)).rpartition(
            "/"
        )[2]
    assert (await versheid.open_link(pool, first, make.NOW)) == await versheid.open_link(pool, second, make.NOW)


async def test_a_link_ends(pool: Pool, owner: Connection, wie: Wie) -> None:
    """When its time is over, and when its owner may not come in any more; a wrong one never worked. Nobody can tell
    these apart. It is cleared away by the next round."""
    async with transaction(pool, wie) as conn:
        plek = await bed(conn, uren=200)
    token = await link_of(pool, owner, plek)

    async def works(token: str, now: datetime) -> bool:
        try:
            await versheid.open_link(pool, token, now)
        except Refusal as refusal:
            said.append((refusal.kind, refusal.detail))
            return False
        return True

    said: list[tuple[Kind, str]] = []
    assert await works(token, make.NOW + 48 * HOUR - timedelta(seconds=1))
    assert not await works(token, make.NOW + 48 * HOUR)
    assert not await works(token[:-1], make.NOW)
    assert not await works("", make.NOW)
    await owner.execute("update gebruiker set actief = false")
    assert not await works(token, make.NOW)
    assert len(said) == 4 and len(set(said)) == 1 and said[0][0] is Kind.NOT_FOUND
    await ask(pool, make.NOW + 48 * HOUR)
    assert await owner.fetchval("select count(*) from bevestiglink") == 0


async def test_a_mail_that_is_too_late_does_not_go(pool: Pool, owner: Connection, wie: Wie, database_url: str) -> None:
    """A mail server that was away for days: its link would not work."""
    async with transaction(pool, wie) as conn:
        plek = await bed(conn, uren=200)
    await person(owner, "aanbieder", aanbieder_id=plek.aanbieder_id)
    await ask(pool)
    async with mailserver() as box:
        await work(pool, owner, database_url, clock=lambda: make.NOW + 3 * DAY, **box.settings())
    assert box.raw == []
    assert "verlopen" in await owner.fetchval("select fout from bericht where status = 'mislukt'")


# ── Answering ────────────────────────────────────────────────────────────────────────────────────


async def reply(
    pool: Pool, verzoek: Verzoek, wat: Antwoord, plek_id: UUID | None = None, now: datetime = make.NOW + HOUR
) -> str | None:
    async with transaction(pool, verzoek.wie) as conn:
        return await versheid.antwoord(conn, verzoek, wat, plek_id=plek_id, now=now)


async def two(pool: Pool, owner: Connection, wie: Wie) -> tuple[plekken.Plek, plekken.Plek, Verzoek]:
    async with transaction(pool, wie) as conn:
        een = await bed(conn, uren=200)
        twee = await bed(conn, uren=200, aanbieder_id=een.aanbieder_id)
    return een, twee, await versheid.open_link(pool, await link_of(pool, owner, een), make.NOW)


async def test_one_tap_confirms_all_of_them_by_mail(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Twice is as once, but for when it was said. What was confirmed is not asked the next day."""
    een, twee, verzoek = await two(pool, owner, wie)

    await reply(pool, verzoek, Antwoord.KLOPT)
    await reply(pool, verzoek, Antwoord.KLOPT)

    async with transaction(pool, wie) as conn:
        for plek in (een, twee):
            now = await plekken.get(conn, plek.id, make.NOW + HOUR)
            assert (now.bevestigd_op, now.status, now.zekerheid) == (
                make.NOW + HOUR,
                PlekStatus.OPEN,
                Zekerheid.ZEKER,
            )
        assert (await plekken.bevestigingen(conn, een.id))[0].bron is Bron.MAIL
    assert await ask(pool, make.NOW + DAY) == 0


SAID = {
    Antwoord.BEZET: PlekStatus.BEZET,
    Antwoord.ONBEMENST: PlekStatus.ONBEMENST,
    Antwoord.IN_OVERLEG: PlekStatus.IN_OVERLEG,
    Antwoord.VRIJ: PlekStatus.OPEN,
    Antwoord.KLOPT: PlekStatus.OPEN,
}


async def test_of_each_plek_can_be_said_what_it_is_instead(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Twice is as once; the other plek is still to be answered."""
    async with transaction(pool, wie) as conn:
        first = await bed(conn, uren=200)
        others = [await bed(conn, uren=200, aanbieder_id=first.aanbieder_id) for _ in SAID]
    verzoek = await versheid.open_link(pool, await link_of(pool, owner, first), make.NOW)
    said = dict(zip([plek.id for plek in others], SAID, strict=True))

    for id, wat in [*said.items()] * 2:
        await reply(pool, verzoek, wat, id)

    async with transaction(pool, verzoek.wie) as conn:
        found = {plek.id: plek for plek in await versheid.gevraagd(conn, verzoek, make.NOW + HOUR)}
    assert {id: (found[id].status, found[id].beantwoord) for id in said} == {
        id: (SAID[wat], True) for id, wat in said.items()
    }
    assert (found[first.id].status, found[first.id].beantwoord) == (PlekStatus.OPEN, False)


async def test_after_a_no_everything_else_is_right(pool: Pool, owner: Connection, wie: Wie) -> None:
    """What was said of one plek stays."""
    een, twee, verzoek = await two(pool, owner, wie)
    await reply(pool, verzoek, Antwoord.BEZET, een.id)
    await reply(pool, verzoek, Antwoord.KLOPT)
    async with transaction(pool, wie) as conn:
        assert (await plekken.get(conn, een.id, make.NOW + HOUR)).status is PlekStatus.BEZET
        assert (await plekken.get(conn, twee.id, make.NOW + HOUR)).bevestigd_op == make.NOW + HOUR


async def test_a_link_is_for_its_own_plekken_only(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Not for another aanbieder, and not for a plek of its own that was not asked."""
    een, _, verzoek = await two(pool, owner, wie)
    async with transaction(pool, wie) as conn:
        other = await bed(conn, uren=200)
        own = await bed(conn, aanbieder_id=een.aanbieder_id)
    for plek in (other, own):
        with pytest.raises(Refusal) as refusal:
            await reply(pool, verzoek, Antwoord.BEZET, plek.id)
        assert refusal.value.kind is Kind.NOT_FOUND
    with pytest.raises(Refusal) as refusal:
        await reply(pool, verzoek, Antwoord.BEZET)
    assert refusal.value.kind is Kind.INVALID


async def contradicted(owner: Connection) -> list[tuple[UUID, str | None]]:
    rows = await owner.fetch(
        "select aanvraag_id, aanbieder_id from gebeurtenis where gegevens ->> 'alarm' = 'plek_bezet'"
    )
    return [(row["aanvraag_id"], row["aanbieder_id"]) for row in rows]


async def test_what_the_loket_holds_is_not_taken_from_it_by_a_tap(pool: Pool, owner: Connection, wie: Wie) -> None:
    """A voorstel was sent since the mail. The provider reads what is so and what it can do; the loket what it said,
    once a day; the alarm ends when the plek is confirmed. Declined, the same tap is right."""
    een, _, verzoek = await two(pool, owner, wie)
    async with transaction(pool, wie) as conn:
        kind = await child(conn)
        brief = await sent(conn, pool, wie, (kind.id, een.id))
    says = [await reply(pool, verzoek, Antwoord.BEZET, een.id) for _ in range(2)]
    async with transaction(pool, wie) as conn:
        warned = [alarm.aanvraag_id for alarm in await alarmen.alarmen(conn, make.NOW) if alarm.soort == "plek_bezet"]
        told = await alarmen.alarmronde(conn, make.NOW)
        assert (await voorstellen.get(conn, brief.id, wie.rol)).status == "verzonden"

    assert set(says) == {
        "Deze plek is vanaf di 3 mrt vastgehouden voor een kind, en er ligt een voorstel bij u. Kan het niet? Wijs dat"
        " voorstel dan af in het loket; de plek is daarna van u. Het loket heeft uw antwoord gekregen."
    }
    assert await contradicted(owner) == [(kind.id, None)], "the provider reads no aanvraag by it"
    assert (warned, told) == ([kind.id], 0)
    provider = Wie(REGIO, Rol.AANBIEDER, UUID(int=5), een.aanbieder_id)
    async with transaction(pool, provider) as conn:
        await step(conn, pool, brief.id, "wijs_af", provider, afwijsreden=Afwijsreden.AANBIEDER_WEIGERT)
    assert await reply(pool, verzoek, Antwoord.BEZET, een.id) is None
    async with transaction(pool, wie) as conn:
        assert (await plekken.get(conn, een.id, make.NOW)).status is PlekStatus.BEZET
        assert [a for a in await alarmen.alarmen(conn, make.NOW) if a.soort == "plek_bezet"] == []


async def test_an_optie_that_has_expired_is_not_in_the_way_of_a_tap(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Also when no worker has ended it yet."""
    een, _, verzoek = await two(pool, owner, wie)
    async with transaction(pool, wie) as conn:
        kind = await child(conn)
        await bezetting.houd(
            conn, een.id, kind.id, make.day(1), make.day(90), vervalt_op=make.NOW + HOUR / 2, now=make.NOW
        )
    early = await reply(pool, verzoek, Antwoord.BEZET, een.id, now=make.NOW + HOUR / 4)
    late = await reply(pool, verzoek, Antwoord.BEZET, een.id, now=make.NOW + HOUR / 2)

    assert early is not None and "vastgehouden" in early
    assert late is None
    async with transaction(pool, wie) as conn:
        assert (await plekken.get(conn, een.id, make.NOW + HOUR)).status is PlekStatus.BEZET


async def test_of_what_was_never_put_to_it_a_provider_hears_no_more_than_that_it_is_held(
    pool: Pool, owner: Connection, wie: Wie
) -> None:
    """An optie without a voorstel, and what was promised; where somebody lives, both say the same."""
    een, twee, verzoek = await two(pool, owner, wie)
    async with transaction(pool, wie) as conn:
        one, other = await child(conn), await child(conn)
        await bezetting.houd(conn, een.id, one.id, make.day(3), None, vervalt_op=make.NOW + 9 * HOUR, now=make.NOW)
        brief = await sent(conn, pool, wie, (other.id, twee.id))
        await step(conn, pool, brief.id, "akkoord", wie)
        await step(conn, pool, brief.id, "maak_definitief", wie, reden="Zij kennen elkaar.")
    says = [await reply(pool, verzoek, Antwoord.BEZET, plek.id) for plek in (een, twee)]
    lives = [await reply(pool, verzoek, Antwoord.BEZET, twee.id, now=make.NOW + DAY)]

    assert says[0] is not None and says[1] is not None
    assert "vanaf do 5 mrt vastgehouden voor een kind. Kan dat niet? Bel dan het loket." in says[0]
    assert "woont vanaf di 3 mrt een kind; dat is afgesproken" in says[1]
    assert lives == [None]
    assert sorted(await contradicted(owner), key=str) == sorted([(one.id, None), (other.id, None)], key=str)


async def test_a_plek_that_ends_or_has_a_stop_to_come_is_taken_until_then(
    pool: Pool, owner: Connection, wie: Wie
) -> None:
    een, twee, verzoek = await two(pool, owner, wie)
    async with transaction(pool, wie) as conn:
        await make.stop(conn, plek_id=een.id, van=make.day(5), tot=make.day(9))
    await owner.execute("update plek set bestaat = daterange(lower(bestaat), $2) where id = $1", twee.id, make.day(30))
    assert [await reply(pool, verzoek, Antwoord.BEZET, plek.id) for plek in (een, twee)] == [None, None]
    rows = await owner.fetch("select plek_id, upper(periode) as tot from bezetting where soort = 'plaatsing'")
    assert {row["plek_id"]: row["tot"] for row in rows} == {een.id: make.day(5), twee.id: make.day(30)}


async def test_a_stop_on_a_plek_that_is_held_says_what_is_so(pool: Pool, wie: Wie) -> None:
    """By the API as by the mail."""
    async with transaction(pool, wie) as conn:
        plek, kind = await make.plek(conn), await child(conn)
        await sent(conn, pool, wie, (kind.id, plek.id))
    provider = Wie(REGIO, Rol.AANBIEDER, UUID(int=5), plek.aanbieder_id)
    async with transaction(pool, provider) as conn:
        with pytest.raises(Refusal) as refused:
            await make.stop(conn, plek_id=plek.id, van=make.day(0), tot=make.day(9))

    assert refused.value.kind is Kind.CONFLICT
    assert "er ligt een voorstel bij u" in refused.value.detail and "Wat nu wel kan" in refused.value.detail


# ── Was it there ─────────────────────────────────────────────────────────────────────────────────

LATER = make.NOW + timedelta(days=200)
"""When the period of make.NOW is over."""


async def proposals(pool: Pool, wie: Wie, reden: str | None, many: int, plek: plekken.Plek) -> None:
    """So many, one after another, each answered so."""
    provider = Wie(REGIO, Rol.AANBIEDER, UUID(int=5), plek.aanbieder_id)
    for _ in range(many):
        async with transaction(pool, wie) as conn:
            kind = await child(conn)
            brief = await sent(conn, pool, wie, (kind.id, plek.id))
        async with transaction(pool, provider) as conn:
            if reden is None:
                await step(conn, pool, brief.id, "akkoord", provider)
            else:
                await step(conn, pool, brief.id, "wijs_af", provider, afwijsreden=reden)
        if reden is None:
            async with transaction(pool, wie) as conn:
                await step(conn, pool, brief.id, "trek_in", wie, reden="Niet meer nodig.")


async def figures(pool: Pool, rol: Rol, organisatie: UUID | None = None) -> list[reflex.Versheidscijfer]:
    async with transaction(pool, Wie(REGIO, rol, UUID(int=6), organisatie)) as conn:
        return (await reflex.cijfers(conn, rol, code="2026-1", now=LATER)).aanbieders


async def test_a_confirmed_plek_that_is_not_there_shows(pool: Pool, wie: Wie) -> None:
    """Of what was confirmed as free and proposed soon after: no staff, the provider will not. Other reasons, such as
    distance, say nothing of the plek."""
    async with transaction(pool, wie) as conn:
        plek = await bed(conn)
    for reden, many in (("geen_personeel", 2), ("aanbieder_weigert", 1), ("afstand", 3), (None, 2)):
        await proposals(pool, wie, reden, many, plek)

    (found,) = await figures(pool, Rol.SCHAKELFUNCTIONARIS)

    assert (found.gevraagd, found.geen_personeel, found.weigert, found.bezet) == (8, 2, 1, 0)
    assert (found.was_er_niet, found.aandeel) == (3, 0.375)
    assert await figures(pool, Rol.AANBIEDER, plek.aanbieder_id) == [found]
    assert await figures(pool, Rol.AANBIEDER, UUID(int=77)) == []


async def test_a_plek_that_turns_out_to_be_taken_shows(pool: Pool, wie: Wie) -> None:
    """Somebody of whom the loket did not know lived there already on the day for which it was asked."""
    async with transaction(pool, wie) as conn:
        plek = await bed(conn)
    await proposals(pool, wie, "afstand", 1, plek)
    async with transaction(pool, wie) as conn:
        await conn.execute(bewoning.BEZET, plek.id, make.TODAY, None, None)

    (found,) = await figures(pool, Rol.SCHAKELFUNCTIONARIS)

    assert (found.gevraagd, found.bezet, found.aandeel) == (1, 1, 1.0)


async def test_what_was_confirmed_long_before_or_as_something_else_does_not_count(pool: Pool, wie: Wie) -> None:
    """Fourteen days is a setting."""
    async with transaction(pool, wie) as conn:
        old = await bed(conn, uren=14 * 24 + 1)
        just = await bed(conn, uren=14 * 24)
        other = await bed(conn, uren=1)
        await plekken.bevestig(conn, other.id, Beschikbaarheid.IN_OVERLEG, now=make.NOW, bron=Bron.MAIL)
    for plek in (old, just, other):
        await proposals(pool, wie, "geen_personeel", 1, plek)
    assert [one.aanbieder_id for one in await figures(pool, Rol.SCHAKELFUNCTIONARIS)] == [just.aanbieder_id]


async def test_contractbeheer_sees_no_small_numbers_and_no_reasons(pool: Pool, wie: Wie) -> None:
    """Neither of them may be found by subtraction: with two parts both are told, or none."""
    async with transaction(pool, wie) as conn:
        few, some, many = [await bed(conn) for _ in range(3)]
    await proposals(pool, wie, "geen_personeel", 4, few)
    for plek, gone, there in ((some, 2, 6), (many, 5, 5)):
        await proposals(pool, wie, "geen_personeel", gone, plek)
        await proposals(pool, wie, "afstand", there, plek)

    found = {one.aanbieder_id: one for one in await figures(pool, Rol.CONTRACTBEHEER)}

    told = {id: (one.gevraagd, one.was_er_niet, one.aandeel) for id, one in found.items()}
    assert told == {
        few.aanbieder_id: (None, None, None),
        some.aanbieder_id: (8, None, None),
        many.aanbieder_id: (10, 5, 0.5),
    }
    assert {one.geen_personeel for one in found.values()} == {None}
