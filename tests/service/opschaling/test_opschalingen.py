"""More people look: at a table that fits the reason, with a file, questions to who nearly fits, a term, an outcome."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest
from msgspec import Struct

from matcher.solution import Rule
from service.aanvraag import aanvragen, uitsluitingen
from service.aanvraag.aanvragen import HuidigVerblijf
from service.aanvraag.termijnen import AlarmSoort
from service.bericht import alarmen
from service.db import SYSTEM, Connection, Pool, Wie, open_pool, transaction
from service.errors import Kind, Refusal
from service.opschaling import opschaaladvies, opschaaldossier, opschalen, opschalingen, opschalingsvragen
from service.opschaling.opschaaladvies import OpschaalReden
from service.opschaling.opschalingen import (
    TAFELS,
    NieuweOpschaling,
    Opschaling,
    OpschalingAanleiding,
    OpschalingStap,
    OpschalingStapSoort,
    OpschalingTafel,
    OpschalingUitkomst,
)
from service.opschaling.opschalingsvragen import OpschalingAntwoord, OpschalingNodig, Opschalingsvraag
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller
from service.urgentie import Urgentie
from tests import make
from tests.conftest import OTHER_REGIO

A: TypeAlias = OpschalingAanleiding
T: TypeAlias = OpschalingTafel
STAP: TypeAlias = OpschalingStapSoort

DAY = timedelta(days=1)


class Loket(Struct, frozen=True, eq=False):
    """The schakelfunctionaris, and the places as it sees them."""

    pool: Pool
    snapshots: Snapshots
    wie: Wie

    async def open(
        self, aanvraag_id: UUID, aanleiding: A = A.GEEN_PLEK, tafel: T = T.SCHAKELFUNCTIONARIS, **rest: Any
    ) -> Opschaling:
        rest.setdefault("waarom", "Er past niets.")
        nieuw = NieuweOpschaling(aanleiding=aanleiding, tafel=tafel, **rest)
        async with transaction(self.pool, self.wie) as conn:
            return await opschalen.open(
                conn, self.snapshots, Traveller(), aanvraag_id, nieuw, wie=self.wie, now=make.NOW
            )

    async def step(self, opschaling: Opschaling, stap: STAP, now: Any = make.NOW, **rest: Any) -> Opschaling:
        async with transaction(self.pool, self.wie) as conn:
            return await opschalingen.step(conn, opschaling.id, OpschalingStap(stap=stap, **rest), now=now)

    async def dossier(self, opschaling: Opschaling) -> opschaaldossier.OpschalingDossier:
        async with transaction(self.pool, self.wie, readonly=True) as conn:
            return await opschaaldossier.read(conn, opschaling.id, now=make.NOW)

    async def advies(self, now: Any = make.NOW) -> list[opschaaladvies.Opschaaladvies]:
        async with transaction(self.pool, self.wie, readonly=True) as conn:
            return await opschaaladvies.adviezen(conn, self.snapshots, Traveller(), wie=self.wie, now=now)


@pytest.fixture
async def loket(database_url: str, pool: Pool, wie: Wie) -> AsyncIterator[Loket]:
    """Not listening, so each question reads everything."""
    own = await open_pool(database_url, size=2)
    yield Loket(pool, Snapshots(own, lambda: asyncpg.connect(database_url)), wie)
    await own.close()


@pytest.fixture
async def aanvraag(pool: Pool, wie: Wie) -> UUID:
    """Of a child of ten."""
    async with transaction(pool, wie) as conn:
        return (await make.aanvraag(conn)).id


async def huis(pool: Pool, wie: Wie, **fields: Any) -> Any:
    """A plek in a voorziening of its own, with its voorziening."""
    plek_fields = {name: fields.pop(name) for name in ("beschikbaarheid",) if name in fields}
    async with transaction(pool, wie) as conn:
        voorziening = await make.voorziening(conn, **fields)
        await make.plek(conn, voorziening_id=voorziening.id, **plek_fields)
        return voorziening


async def vragen(pool: Pool, wie: Wie) -> list[Opschalingsvraag]:
    async with transaction(pool, wie, readonly=True) as conn:
        return await opschalingsvragen.page(conn)


async def answer(pool: Pool, wie: Wie, id: UUID, **antwoord: Any) -> Opschalingsvraag:
    async with transaction(pool, wie) as conn:
        return await opschalingsvragen.antwoord(conn, id, OpschalingAntwoord(**antwoord), wie, now=make.NOW)


async def status(owner: Connection, aanvraag: UUID) -> tuple[str, str]:
    """Stored, and as the facts say."""
    row = await owner.fetchrow("select status, stand_van(id) as stand from aanvraag where id = $1", aanvraag)
    assert row is not None
    return row["status"], row["stand"]


async def happened(owner: Connection, aanvraag: UUID) -> list[str]:
    rows = await owner.fetch("select soort from gebeurtenis where aanvraag_id = $1 order by nummer", aanvraag)
    return [row["soort"] for row in rows if row["soort"] != "ingediend"]


# ── When, and to which table ─────────────────────────────────────────────────────────────────────


async def test_opening_makes_it_the_status_and_a_gebeurtenis_with_term_and_owner(
    loket: Loket, aanvraag: UUID, owner: Connection
) -> None:
    """Without a word about it the owner is who opens it, and the term that of the region for the table."""
    opschaling = await loket.open(aanvraag)
    assert (opschaling.eigenaar_id, opschaling.termijn) == (loket.wie.gebruiker, make.day(2))
    assert opschaling.kan == list(STAP)
    assert await status(owner, aanvraag) == ("opgeschaald", "opgeschaald")
    assert await happened(owner, aanvraag) == ["opschaling"]


@pytest.mark.parametrize("aanleiding", list(A))
async def test_each_reason_has_its_own_tables(loket: Loket, aanvraag: UUID, aanleiding: A) -> None:
    """Domain: differences of opinion are for the Consultatie- en Adviesteam, no plek is for the schakelfunctionaris,
    what goes above the region for the Expertisenetwerk."""
    for tafel in T:
        if tafel in TAFELS[aanleiding]:
            assert (await loket.open(aanvraag, aanleiding, tafel)).tafel is tafel
        else:
            with pytest.raises(Refusal) as info:
                await loket.open(aanvraag, aanleiding, tafel)
            assert [error.pointer for error in info.value.fields] == ["/tafel"]


@pytest.mark.parametrize("verblijf", list(HuidigVerblijf))
async def test_a_removal_threatens_only_as_long_as_the_child_is_at_home(
    loket: Loket, pool: Pool, wie: Wie, verblijf: HuidigVerblijf
) -> None:
    """The doorbraaktafel came too late because it came after; then the reason is that there is no plek."""
    async with transaction(pool, wie) as conn:
        id = (await make.aanvraag(conn, huidig_verblijf=verblijf)).id
    if verblijf in (HuidigVerblijf.THUIS, HuidigVerblijf.NETWERK):
        assert await loket.open(id, A.DREIGENDE_UITHUISPLAATSING, T.DOORBRAAKTAFEL)
        return
    with pytest.raises(Refusal) as info:
        await loket.open(id, A.DREIGENDE_UITHUISPLAATSING, T.DOORBRAAKTAFEL)
    assert info.value.kind is Kind.CONFLICT
    assert "met de aanleiding ‘Er is verschil van opvatting’, ‘Er is geen plek’" in info.value.detail
    assert await loket.open(id, A.GEEN_PLEK, T.DOORBRAAKTAFEL)


async def test_one_table_looks_once_at_a_time(loket: Loket, aanvraag: UUID) -> None:
    """Another table may look meanwhile, and the same one again afterwards."""
    first = await loket.open(aanvraag)
    with pytest.raises(Refusal) as info:
        await loket.open(aanvraag)
    assert info.value.kind is Kind.CONFLICT
    assert await loket.open(aanvraag, tafel=T.DOORBRAAKTAFEL)
    await loket.step(first, STAP.SLUIT, uitkomst=OpschalingUitkomst.ANDERE_TAFEL)
    assert await loket.open(aanvraag)


async def test_for_who_looks_for_no_plek_any_more_there_is_nothing_to_escalate(
    loket: Loket, pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        id = (await make.aanvraag(conn)).id
        await make.plaatsing(conn, plek_id=plek.id, aanvraag_id=id)
    with pytest.raises(Refusal) as info:
        await loket.open(id)
    assert info.value.kind is Kind.CONFLICT and "geplaatst" in info.value.detail


async def test_only_the_loket_opens_one_and_the_verwijzer_follows(
    loket: Loket, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """It sees that there is one, whose it is and until when; not the file, whose reasons can reveal others."""
    async with transaction(pool, wie) as conn:
        gi = await make.organisatie(conn)
        id = (await make.aanvraag(conn, organisatie_id=gi)).id
    opschaling = await loket.open(id)
    async with transaction(pool, wie_als("verwijzer", organisatie=gi), readonly=True) as conn:
        assert [found.id for found in await opschalingen.page(conn, now=make.NOW)] == [opschaling.id]
        with pytest.raises(Refusal):
            await opschalingen.inhoud(conn, opschaling.id)
    async with transaction(pool, wie_als("verwijzer", organisatie=uuid4()), readonly=True) as conn:
        assert await opschalingen.page(conn, now=make.NOW) == []


# ── The file ─────────────────────────────────────────────────────────────────────────────────────


async def test_the_file_says_why_each_place_falls_out_and_what_would_help(
    loket: Loket, pool: Pool, wie: Wie, aanvraag: UUID
) -> None:
    """Counts per rule, the places with who to call, and the smallest changes, from the matcher at that moment."""
    oud = await huis(pool, wie, leeftijd_van=126, naam="Voor oudere kinderen", bellen_naam="Sam")
    await huis(pool, wie, zorgvorm="driemilieu")
    dossier = await loket.dossier(await loket.open(aanvraag))
    assert (dossier.aantal_passend, dossier.aantal_afgevallen) == (0, 2)
    assert dossier.alleen_om_deze_reden == {"Leeftijd": 1, "Andere zorgvorm": 1}
    [line] = [line for line in dossier.plekken if line.voorziening_id == oud.id]
    assert (line.naam, line.bellen_naam, line.redenen) == ("Voor oudere kinderen", "Sam", ["Leeftijd"])
    assert {tuple(uitweg.regels) for uitweg in dossier.kleinste_wijzigingen} == {("leeftijd",), ("zorgvorm",)}
    assert any("vanaf 6 maanden verschil" in uitweg.advies for uitweg in dossier.kleinste_wijzigingen)


async def test_the_file_refers_to_what_was_tried_and_copies_no_word_of_the_child(
    loket: Loket, pool: Pool, wie: Wie, owner: Connection
) -> None:
    """Codes and ids only: what the verwijzer tried before stands in the aanvraag."""
    plek = await huis(pool, wie, leeftijd_van=126)
    async with transaction(pool, wie) as conn:
        id = (await make.aanvraag(conn, eerder_geprobeerd="ambulante hulp")).id
        await conn.execute(
            "insert into besluit (regio, aanvraag_id, voorziening_id, uitkomst, reden, toelichting, op)"
            " values (huidige_regio(), $1, $2, 'afgewezen', 'anders', 'een lang verhaal', $3)", id, plek.id, make.NOW
        )  # fmt: skip
    first = await loket.open(id)
    dossier = await loket.dossier(await loket.open(id, tafel=T.DOORBRAAKTAFEL))
    tried = dossier.geprobeerd
    assert tried.in_aanvraag is True
    assert [(poging.wat, poging.uitkomst, poging.voorziening_id) for poging in tried.besluiten] == [
        ("afgewezen", "anders", plek.id)
    ]
    assert [(poging.id, poging.uitkomst) for poging in tried.opschalingen] == [(first.id, "open")]
    kept = "".join(row["inhoud"] for row in await owner.fetch("select inhoud::text from opschaling_dossier"))
    assert "ambulante" not in kept and "verhaal" not in kept


async def test_the_file_stays_as_it_was_when_the_places_change(
    loket: Loket, pool: Pool, wie: Wie, aanvraag: UUID
) -> None:
    """So afterwards it is known on what they decided."""
    await huis(pool, wie, leeftijd_van=126)
    opschaling = await loket.open(aanvraag)
    await huis(pool, wie)
    assert (await loket.dossier(opschaling)).aantal_passend == 0


async def test_brothers_and_sisters_for_whom_no_place_can_be_asked_are_escalated_too(
    loket: Loket, pool: Pool, wie: Wie
) -> None:
    """What the matcher cannot weigh is told in the file and stops nobody."""
    async with transaction(pool, wie) as conn:
        samen = await make.samenplaatsing(conn)
        of: dict[str, Any] = {"samenplaatsing_id": samen.id, "organisatie_id": samen.organisatie_id}
        id = (await make.aanvraag(conn, **of)).id
        await make.aanvraag(conn, zorgvormen=["driemilieu"], zorgvorm_reden="school", **of)
    dossier = await loket.dossier(await loket.open(id))
    assert dossier.niet_gezocht is not None and dossier.niet_gezocht.startswith("Deze broers en zussen vragen niet")
    assert dossier.plekken == []


# ── What do you need to be able to say yes? ──────────────────────────────────────────────────────


async def test_who_nearly_fits_is_asked_and_who_cannot_help_it_is_not(
    loket: Loket, pool: Pool, wie: Wie, aanvraag: UUID, owner: Connection
) -> None:
    """Age, staff, a stop are limits of the provider; another zorgvorm is not."""
    oud = await huis(pool, wie, leeftijd_van=126)
    leeg = await huis(pool, wie, beschikbaarheid="onbemenst")
    await huis(pool, wie, zorgvorm="driemilieu")
    await huis(pool, wie, leeftijd_van=126, zorgvorm="driemilieu")
    await loket.open(aanvraag)
    asked = {vraag.voorziening_id: vraag for vraag in await vragen(pool, wie)}
    assert {id: vraag.regels for id, vraag in asked.items()} == {oud.id: ["leeftijd"], leeg.id: ["onbemenst"]}
    assert {vraag.antwoord_voor for vraag in asked.values()} == {make.day(3)}
    rows = await owner.fetch("select aanbieder_id from gebeurtenis where soort = 'opschaling_vraag'")
    assert {row["aanbieder_id"] for row in rows} == {oud.aanbieder_id, leeg.aanbieder_id}


@pytest.mark.parametrize(
    ("reden", "gevraagd"),
    [("aanbieder_weigert", True), ("geen_personeel", True), ("ouder_of_jeugdige_zegt_nee", False)],
)
async def test_who_said_no_before_is_asked_first_unless_it_was_not_its_own_no(
    loket: Loket, pool: Pool, wie: Wie, aanvraag: UUID, reden: str, gevraagd: bool
) -> None:
    """The doorbraaktafel asks just them what they need; what parents or the child decided, they cannot change."""
    nee, oud = await huis(pool, wie), await huis(pool, wie, leeftijd_van=126)
    async with transaction(pool, wie) as conn:
        await conn.execute(
            "insert into besluit (regio, aanvraag_id, voorziening_id, uitkomst, reden, op)"
            " values (huidige_regio(), $1, $2, 'afgewezen', $3, $4)", aanvraag, nee.id, reden, make.NOW
        )  # fmt: skip
    await loket.open(aanvraag)
    asked = {vraag.voorziening_id: vraag.regels for vraag in await vragen(pool, wie)}
    assert asked == {oud.id: ["leeftijd"]} | ({nee.id: ["besluit"]} if gevraagd else {})


async def test_no_more_are_asked_at_once_than_the_region_says(
    loket: Loket, pool: Pool, wie: Wie, aanvraag: UUID
) -> None:
    """Setting opschaling_vragen_meest."""
    for _ in range(3):
        await huis(pool, wie, leeftijd_van=126)
    async with transaction(pool, wie) as conn, make.as_rol(conn, "beheerder"):
        await conn.execute(
            "insert into instelling (regio, sleutel, waarde, bron)"
            " values (huidige_regio(), 'opschaling_vragen_meest', '2', 'test')"
        )
    await loket.open(aanvraag)
    assert len(await vragen(pool, wie)) == 2


async def test_another_table_asks_nobody_twice_and_sees_the_answers(
    loket: Loket, pool: Pool, wie: Wie, aanvraag: UUID
) -> None:
    """When the first one closes, the question is of the other; afterwards it is a new one."""
    await huis(pool, wie, leeftijd_van=126)
    first = await loket.open(aanvraag)
    [vraag] = await vragen(pool, wie)
    await answer(pool, wie, vraag.id, nodig=OpschalingNodig.ANDER_TARIEF)
    second = await loket.open(aanvraag, tafel=T.DOORBRAAKTAFEL)
    assert [line.nodig for line in (await loket.dossier(second)).vragen] == [OpschalingNodig.ANDER_TARIEF]
    await loket.step(first, STAP.SLUIT, uitkomst=OpschalingUitkomst.ANDERE_TAFEL)
    assert [(line.opschaling_id, line.loopt) for line in await vragen(pool, wie)] == [(second.id, True)]
    await loket.step(second, STAP.SLUIT, uitkomst=OpschalingUitkomst.NIET_MEER_NODIG)
    assert [line.loopt for line in await vragen(pool, wie)] == [False]
    await loket.open(aanvraag)
    assert len(await vragen(pool, wie)) == 2


async def test_nobody_is_asked_when_that_is_not_wished(loket: Loket, pool: Pool, wie: Wie, aanvraag: UUID) -> None:
    await huis(pool, wie, leeftijd_van=126)
    await loket.open(aanvraag, vraag_aanbieders=False)
    assert await vragen(pool, wie) == []


async def test_a_provider_reads_its_own_limits_and_not_whom_it_is_about(
    loket: Loket, pool: Pool, wie: Wie, wie_als: Callable[..., Wie], owner: Connection
) -> None:
    """Group mix would tell something of the child, and of safety nobody is asked: only the file has those."""
    vol = await huis(pool, wie, groepsmix={"brandstichting": 0})
    fout = await huis(pool, wie, leeftijd_van=126)
    async with transaction(pool, wie) as conn:
        weg = uitsluitingen.Uitsluiting(soort=uitsluitingen.UitsluitingSoort.VOORZIENING, voorziening_id=fout.id)
        id = (await make.aanvraag(conn, kenmerken=["brandstichting"], uitsluitingen=[weg])).id
    dossier = await loket.dossier(await loket.open(id))
    known = {line.voorziening_id: set(line.regels) for line in dossier.plekken}
    assert known == {vol.id: {Rule.GROEPSMIX}, fout.id: {Rule.LEEFTIJD, Rule.VEILIGHEID}}

    [vraag] = await vragen(pool, wie_als("aanbieder", organisatie=vol.aanbieder_id))

    assert (vraag.voorziening_id, vraag.regels) == (vol.id, [])
    assert await vragen(pool, wie_als("aanbieder", organisatie=fout.aanbieder_id)) == []


async def test_the_loket_asks_one_more_but_never_where_the_child_must_not_be(
    loket: Loket, pool: Pool, wie: Wie
) -> None:
    """Nor the same one twice."""
    more, fout = await huis(pool, wie, zorgvorm="driemilieu"), await huis(pool, wie)
    async with transaction(pool, wie) as conn:
        weg = uitsluitingen.Uitsluiting(soort=uitsluitingen.UitsluitingSoort.AANBIEDER, aanbieder_id=fout.aanbieder_id)
        id = (await make.aanvraag(conn, uitsluitingen=[weg])).id
    opschaling = await loket.open(id)

    async def ask(voorziening: UUID) -> Opschalingsvraag:
        async with transaction(pool, wie) as conn:
            return await opschalen.ask(conn, opschaling.id, voorziening, now=make.NOW)

    assert (await ask(more.id)).regels == []
    for again in (more.id, fout.id):
        with pytest.raises(Refusal) as info:
            await ask(again)
        assert info.value.kind is Kind.CONFLICT
    with pytest.raises(Refusal) as info:
        await ask(uuid4())
    assert info.value.kind is Kind.INVALID
    # What became known after the file was made, counts; and when it is over nobody is asked any more.
    late, last = await huis(pool, wie, zorgvorm="driemilieu"), await huis(pool, wie, zorgvorm="driemilieu")
    async with transaction(pool, wie) as conn:
        away = uitsluitingen.Uitsluiting(soort=uitsluitingen.UitsluitingSoort.VOORZIENING, voorziening_id=late.id)
        await aanvragen.change(conn, id, aanvragen.WijzigingAanvraag(uitsluitingen=[weg, away]), now=make.NOW)
    with pytest.raises(Refusal, match="Voor de veiligheid"):
        await ask(late.id)
    await loket.step(opschaling, STAP.SLUIT, uitkomst=OpschalingUitkomst.HULP_THUIS)
    with pytest.raises(Refusal, match="Deze opschaling is gesloten"):
        await ask(last.id)


async def test_who_is_asked_by_hand_does_not_read_of_the_group_either(loket: Loket, pool: Pool, wie: Wie) -> None:
    """Too young, and the group has no room for one like this child: the provider reads the first."""
    house = await huis(pool, wie, leeftijd_van=126, groepsmix={"zware_gedragsproblemen": 1})
    async with transaction(pool, wie) as conn:
        there = await make.plek(conn, voorziening_id=house.id)
        heavy, kind = [(await make.aanvraag(conn, kenmerken=["zware_gedragsproblemen"])).id for _ in range(2)]
        await make.plaatsing(conn, plek_id=there.id, aanvraag_id=heavy)
    opschaling = await loket.open(kind, vraag_aanbieders=False)
    file = await loket.dossier(opschaling)
    async with transaction(pool, wie) as conn:
        asked = await opschalen.ask(conn, opschaling.id, house.id, now=make.NOW)

    assert {"leeftijd", "groepsmix"} <= {regel for line in file.plekken for regel in line.regels}
    assert asked.regels == ["leeftijd"]


async def test_a_provider_answers_what_it_needs_and_the_loket_sees_it(
    loket: Loket, pool: Pool, wie: Wie, wie_als: Callable[..., Wie], aanvraag: UUID, owner: Connection
) -> None:
    """The last answer counts; each is a gebeurtenis; another provider finds no question."""
    oud = await huis(pool, wie, leeftijd_van=126)
    opschaling = await loket.open(aanvraag)
    [vraag] = await vragen(pool, wie)
    zij = wie_als("aanbieder", organisatie=oud.aanbieder_id, gebruiker=uuid4())
    await answer(pool, zij, vraag.id, nodig=OpschalingNodig.KAN_NIET)
    told = await answer(
        pool, zij, vraag.id, nodig=OpschalingNodig.EXTRA_PERSONEEL, toelichting="Twee avonden per week."
    )
    assert told.beantwoord_op == make.NOW
    [line] = (await loket.dossier(opschaling)).vragen
    assert (line.nodig, line.toelichting) == (OpschalingNodig.EXTRA_PERSONEEL, "Twee avonden per week.")
    assert (await happened(owner, aanvraag))[-2:] == ["opschaling_antwoord", "opschaling_antwoord"]
    assert await owner.fetchval("select beantwoord_door from opschaling_vraag") == zij.gebruiker
    with pytest.raises(Refusal) as info:
        await answer(pool, wie_als("aanbieder", organisatie=uuid4()), vraag.id, nodig=OpschalingNodig.KAN_NIET)
    assert info.value.kind is Kind.NOT_FOUND


async def test_a_provider_of_another_region_is_asked_and_answers_in_its_own(
    loket: Loket, pool: Pool, wie: Wie, wie_als: Callable[..., Wie], aanvraag: UUID, owner: Connection
) -> None:
    """By a regioafspraak its places count, so it can be nearly fit too."""
    await owner.execute(
        "insert into regioafspraak (aanbod_regio, vraag_regio, geldigheid) values ($1, $2, '[2026-01-01,)')",
        OTHER_REGIO, wie.regio,
    )  # fmt: skip
    ver = await huis(pool, wie_als("schakelfunctionaris", regio=OTHER_REGIO), leeftijd_van=126)
    await loket.open(aanvraag)
    zij = wie_als("aanbieder", organisatie=ver.aanbieder_id, regio=OTHER_REGIO)
    [vraag] = await vragen(pool, zij)
    assert (await answer(pool, zij, vraag.id, nodig=OpschalingNodig.KAN_TOCH)).nodig is OpschalingNodig.KAN_TOCH
    assert [line.nodig for line in await vragen(pool, wie)] == [OpschalingNodig.KAN_TOCH]


@pytest.mark.parametrize(
    ("antwoord", "waar"),
    [
        ({"nodig": OpschalingNodig.LATER}, "/vanaf"),
        ({"nodig": OpschalingNodig.LATER, "vanaf": make.TODAY}, "/vanaf"),
        ({"nodig": OpschalingNodig.KAN_TOCH, "vanaf": make.day(3)}, "/vanaf"),
        ({"nodig": OpschalingNodig.ANDERS}, "/toelichting"),
    ],
)
async def test_an_answer_that_says_nothing_is_refused(
    loket: Loket, pool: Pool, wie: Wie, aanvraag: UUID, antwoord: dict[str, Any], waar: str
) -> None:
    """Later is from a day to come; something else is told in words."""
    await huis(pool, wie, leeftijd_van=126)
    await loket.open(aanvraag)
    [vraag] = await vragen(pool, wie)
    with pytest.raises(Refusal) as info:
        await answer(pool, wie, vraag.id, **antwoord)
    assert [error.pointer for error in info.value.fields] == [waar]


async def test_when_it_closes_no_answer_is_needed_any_more(
    loket: Loket, pool: Pool, wie: Wie, wie_als: Callable[..., Wie], aanvraag: UUID
) -> None:
    """Who opens the question late, reads that; nor does the loket write down what it heard."""
    oud = await huis(pool, wie, leeftijd_van=126)
    opschaling = await loket.open(aanvraag)
    await loket.step(opschaling, STAP.SLUIT, uitkomst=OpschalingUitkomst.HULP_THUIS)
    zij = wie_als("aanbieder", organisatie=oud.aanbieder_id)
    [vraag] = await vragen(pool, zij)
    assert vraag.loopt is False
    for asks in (zij, wie):
        with pytest.raises(Refusal) as info:
            await answer(pool, asks, vraag.id, nodig=OpschalingNodig.KAN_TOCH)
        assert info.value.kind is Kind.CONFLICT


async def test_an_answer_and_the_end_at_once_are_one_after_the_other(
    loket: Loket, pool: Pool, wie: Wie, wie_als: Callable[..., Wie], aanvraag: UUID, owner: Connection
) -> None:
    """Whoever comes second waits, and finds it as the first left it: answered and closed, or closed without answer."""
    oud = await huis(pool, wie, leeftijd_van=126)
    opschaling = await loket.open(aanvraag)
    [vraag] = await vragen(pool, wie)
    zij = wie_als("aanbieder", organisatie=oud.aanbieder_id)
    async with transaction(pool, wie) as conn:
        await opschalingen.step(
            conn, opschaling.id, OpschalingStap(stap=STAP.SLUIT, uitkomst=OpschalingUitkomst.HULP_THUIS), now=make.NOW
        )
        answering = asyncio.create_task(answer(pool, zij, vraag.id, nodig=OpschalingNodig.KAN_TOCH))
        while not await owner.fetchval("select exists (select from pg_locks where not granted)"):  # noqa: ASYNC110
            await asyncio.sleep(0)
    with pytest.raises(Refusal) as info:
        await answering
    assert info.value.kind is Kind.CONFLICT
    assert await owner.fetchval("select nodig from opschaling_vraag") is None


async def test_an_answer_does_not_hold_what_who_closes_waits_for(
    loket: Loket, pool: Pool, wie: Wie, wie_als: Callable[..., Wie], aanvraag: UUID
) -> None:
    """Both take the aanvraag first: else they would wait for each other, and one of them would be thrown out."""
    oud = await huis(pool, wie, leeftijd_van=126)
    opschaling = await loket.open(aanvraag)
    [vraag] = await vragen(pool, wie)
    zij = wie_als("aanbieder", organisatie=oud.aanbieder_id)
    closes = OpschalingStap(stap=STAP.SLUIT, uitkomst=OpschalingUitkomst.HULP_THUIS)
    async with transaction(pool, wie) as conn:
        await conn.execute(opschalingen.LOCK_AANVRAAG, aanvraag)
        answering = asyncio.create_task(answer(pool, zij, vraag.id, nodig=OpschalingNodig.KAN_TOCH))
        while not await conn.fetchval("select exists (select from pg_locks where not granted)"):  # noqa: ASYNC110
            await asyncio.sleep(0)
        await opschalingen.step(conn, opschaling.id, closes, now=make.NOW)
    with pytest.raises(Refusal, match="Er is geen antwoord meer nodig"):
        await answering


# ── Owner, term, outcome ─────────────────────────────────────────────────────────────────────────


async def test_it_goes_to_a_colleague_of_the_loket_with_a_reason(
    loket: Loket, aanvraag: UUID, owner: Connection
) -> None:
    colleague = await make.gebruiker(owner)
    gone = await make.gebruiker(owner, actief=False)
    far = await make.gebruiker(owner, regio=OTHER_REGIO)
    night = await make.gebruiker(owner, rol="crisisdienst")
    with pytest.raises(Refusal) as info:
        await loket.open(aanvraag, eigenaar_id=night)
    assert [error.pointer for error in info.value.fields] == ["/eigenaarId"]
    opschaling = await loket.open(aanvraag, tafel=T.TUSSENVOORZIENING, eigenaar_id=colleague)
    assert opschaling.eigenaar_id == colleague
    for nobody in (gone, far, night, uuid4()):
        with pytest.raises(Refusal) as info:
            await loket.step(opschaling, STAP.DRAAG_OVER, eigenaar_id=nobody, reden="Vakantie.")
        assert [error.pointer for error in info.value.fields] == ["/eigenaarId"]
    assert (
        await loket.step(opschaling, STAP.DRAAG_OVER, eigenaar_id=colleague, reden="Vakantie.")
    ).eigenaar_id == colleague
    assert (await happened(owner, aanvraag))[-1] == "opschaling_stap"


async def test_it_does_not_close_without_an_outcome(loket: Loket, aanvraag: UUID, owner: Connection) -> None:
    """Nor with another one that nobody explains; the database holds it too."""
    opschaling = await loket.open(aanvraag)
    with pytest.raises(Refusal) as info:
        await loket.step(opschaling, STAP.SLUIT)
    assert [error.pointer for error in info.value.fields] == ["/uitkomst"]
    with pytest.raises(Refusal) as info:
        await loket.step(opschaling, STAP.SLUIT, uitkomst=OpschalingUitkomst.ANDERS)
    assert [error.pointer for error in info.value.fields] == ["/toelichting"]
    with pytest.raises(asyncpg.CheckViolationError, match="opschaling_sluit_met_uitkomst"):
        await owner.execute("update opschaling set gesloten_op = now()")


async def test_after_the_outcome_the_search_goes_on_and_nothing_more_can_be_done_with_it(
    loket: Loket, aanvraag: UUID, owner: Connection
) -> None:
    opschaling = await loket.open(aanvraag)
    closed = await loket.step(opschaling, STAP.SLUIT, uitkomst=OpschalingUitkomst.HULP_THUIS)
    assert (closed.gesloten_op, closed.kan, opschaling.te_sluiten) == (make.NOW, [], False)
    assert (await happened(owner, aanvraag))[-1] == "opschaling_gesloten"
    assert await status(owner, aanvraag) == ("in_behandeling", "in_behandeling")
    with pytest.raises(Refusal) as info:
        await loket.step(opschaling, STAP.VERLENG, termijn=make.day(9), reden="Toch.")
    assert info.value.detail.endswith("Wat nu wel kan: een nieuwe opschaling.")


async def test_a_child_that_got_a_place_leaves_an_opschaling_to_be_closed_by_a_person(
    loket: Loket, pool: Pool, wie: Wie, aanvraag: UUID
) -> None:
    """With the outcome, because nobody else knows what came of it."""
    opschaling = await loket.open(aanvraag)
    async with transaction(pool, wie) as conn:
        await make.plaatsing(conn, plek_id=(await make.plek(conn)).id, aanvraag_id=aanvraag)
        [due] = await opschalingen.page(conn, now=make.NOW, te_sluiten=True)
    assert (due.id, due.te_sluiten) == (opschaling.id, True)
    await loket.step(opschaling, STAP.SLUIT, uitkomst=OpschalingUitkomst.PLEK_GEVONDEN)
    async with transaction(pool, wie, readonly=True) as conn:
        assert await opschalingen.page(conn, now=make.NOW, te_sluiten=True) == []


@pytest.mark.parametrize(
    ("stap", "rest", "waar"),
    [
        (STAP.DRAAG_OVER, {}, ["/eigenaarId", "/reden"]),
        (STAP.VERLENG, {"termijn": make.day(-1), "reden": "x"}, ["/termijn"]),
        (STAP.VERLENG, {"uitkomst": OpschalingUitkomst.HULP_THUIS}, ["/termijn", "/uitkomst", "/reden"]),
        (STAP.SLUIT, {"uitkomst": OpschalingUitkomst.HULP_THUIS, "reden": "x"}, ["/reden"]),
    ],
)
async def test_a_step_says_what_it_needs_and_nothing_else(
    loket: Loket, aanvraag: UUID, stap: STAP, rest: dict[str, Any], waar: list[str]
) -> None:
    opschaling = await loket.open(aanvraag)
    with pytest.raises(Refusal) as info:
        await loket.step(opschaling, stap, **rest)
    assert [error.pointer for error in info.value.fields] == waar


async def test_a_term_that_passes_is_an_alarm_once(
    loket: Loket, pool: Pool, wie: Wie, aanvraag: UUID, owner: Connection
) -> None:
    """On the day after the last one; and once more when a longer term passes too. A closed one is silent."""
    service = msgspec.structs.replace(wie, gebruiker=SYSTEM)

    async def round_on(offset: int) -> int:
        async with transaction(pool, service) as conn:
            return await opschalingen.alarmronde_opschalingen(conn, make.NOW + timedelta(days=offset))

    opschaling = await loket.open(aanvraag, termijn=make.day(2))
    async with transaction(pool, wie, readonly=True) as conn:
        late = [(await opschalingen.get(conn, opschaling.id, now=make.NOW + day * DAY)).verstreken for day in (2, 3)]
        assert late == [False, True]
        listed = await alarmen.alarmen(conn, make.NOW + timedelta(days=3))
    assert [alarm.dag for alarm in listed if alarm.soort is AlarmSoort.OPSCHALING_TERMIJN] == [make.day(3)]
    assert [await round_on(day) for day in (2, 3, 4)] == [0, 1, 0]
    now = make.NOW + timedelta(days=4)
    await loket.step(opschaling, STAP.VERLENG, now=now, termijn=make.day(6), reden="De tafel is donderdag.")
    assert [await round_on(day) for day in (6, 7, 8)] == [0, 1, 0]
    alarms = await owner.fetch(
        "select gegevens ->> 'dag' as dag from gebeurtenis where soort = 'alarm' order by nummer"
    )
    assert [row["dag"] for row in alarms] == [make.day(2).isoformat(), make.day(6).isoformat()]
    await loket.step(opschaling, STAP.VERLENG, now=now, termijn=make.day(9), reden="Nog een keer.")
    await loket.step(opschaling, STAP.SLUIT, uitkomst=OpschalingUitkomst.NIET_MEER_NODIG)
    assert await round_on(30) == 0


# ── When somebody should ─────────────────────────────────────────────────────────────────────────


async def norm(pool: Pool, wie: Wie, **dagen: int) -> None:
    async with transaction(pool, wie) as conn, make.as_rol(conn, "beheerder"):
        await conn.execute(
            "insert into instelling (regio, sleutel, waarde, bron)"
            " values (huidige_regio(), 'normen_dagen', $1, 'test')", dagen
        )  # fmt: skip


async def test_where_no_plek_fits_it_is_advised_before_the_child_is_removed(loket: Loket, pool: Pool, wie: Wie) -> None:
    """At home: the doorbraaktafel at once. Elsewhere: the schakelfunctionaris first, and the table after that."""
    await huis(pool, wie, leeftijd_van=126)
    async with transaction(pool, wie) as conn:
        thuis = (await make.aanvraag(conn)).id
        elders = (await make.aanvraag(conn, huidig_verblijf=HuidigVerblijf.CRISISPLEK)).id
        past = (await make.aanvraag(conn, leeftijd_maanden=130)).id
    found = {advies.aanvraag_id: (advies.aanleiding, advies.tafel) for advies in await loket.advies()}
    assert found == {
        thuis: (A.DREIGENDE_UITHUISPLAATSING, T.DOORBRAAKTAFEL),
        elders: (A.GEEN_PLEK, T.SCHAKELFUNCTIONARIS),
    }
    assert past not in found
    opschaling = await loket.open(elders)
    await loket.step(opschaling, STAP.SLUIT, uitkomst=OpschalingUitkomst.ANDERE_TAFEL)
    again = {advies.aanvraag_id: advies.tafel for advies in await loket.advies()}
    assert again[elders] is T.DOORBRAAKTAFEL


@pytest.mark.parametrize(
    ("dagen", "reden"),
    [
        (55, []),
        (56, [OpschaalReden.NORM_NADERT]),
        (70, [OpschaalReden.NORM_NADERT]),
        (71, [OpschaalReden.NORM_VERSTREKEN]),
    ],
)
async def test_a_norm_that_passes_is_advised_before_and_after(
    loket: Loket, pool: Pool, wie: Wie, dagen: int, reden: list[OpschaalReden]
) -> None:
    """A norm of 70 days with a warning of 14: one day less, the same, one more."""
    await huis(pool, wie)
    await norm(pool, wie, regulier=70)
    async with transaction(pool, wie) as conn:
        await make.aanvraag(conn, now=make.NOW - timedelta(days=dagen))
    assert [advies.redenen for advies in await loket.advies()] == ([reden] if reden else [])


async def test_without_a_norm_waiting_alone_is_no_reason(loket: Loket, pool: Pool, wie: Wie) -> None:
    """Domain: norms may be empty."""
    await huis(pool, wie)
    async with transaction(pool, wie) as conn:
        await make.aanvraag(conn, now=make.NOW - timedelta(days=400))
    assert await loket.advies() == []


async def test_who_is_looked_at_already_is_not_advised(loket: Loket, pool: Pool, wie: Wie, aanvraag: UUID) -> None:
    assert [advies.aanvraag_id for advies in await loket.advies()] == [aanvraag]
    await loket.open(aanvraag)
    assert await loket.advies() == []


async def test_the_most_urgent_comes_first_and_then_who_waits_longest(loket: Loket, pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        later = (await make.aanvraag(conn)).id
        first = (await make.aanvraag(conn, now=make.NOW - timedelta(days=3))).id
        crisis = (await make.aanvraag(conn, urgentie=Urgentie.CRISIS)).id
    assert [advies.aanvraag_id for advies in await loket.advies()] == [crisis, first, later]


async def test_brothers_and_sisters_are_asked_together(loket: Loket, pool: Pool, wie: Wie) -> None:
    """One free bed fits each of them, and not both."""
    await huis(pool, wie)
    async with transaction(pool, wie) as conn:
        samen = await make.samenplaatsing(conn)
        of: dict[str, Any] = {"samenplaatsing_id": samen.id, "organisatie_id": samen.organisatie_id}
        ids = {(await make.aanvraag(conn, **of)).id for _ in range(2)}
    assert {advies.aanvraag_id for advies in await loket.advies()} == ids
