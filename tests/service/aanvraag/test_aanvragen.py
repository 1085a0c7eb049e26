"""Aanvragen: pseudonymous, with all that must stand before a child can be placed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from service.aanvraag import aanvragen, stappen
from service.aanvraag.aanvragen import WijzigingAanvraag
from service.aanvraag.gebeurtenissen import OPEN, AanvraagStatus
from service.aanvraag.grondslagen import (
    Grondslag,
    GrondslagSoort,
    GrondslagStatus,
    Machtiging,
    MachtigingSoort,
    Toestemming,
    ToestemmingPersoon,
    ToestemmingStatus,
)
from service.aanvraag.uitsluitingen import Uitsluiting, UitsluitingSoort
from service.db import Connection, Pool, Wie, transaction
from service.errors import Kind, Refusal
from service.urgentie import Urgentie
from tests import make


async def errors_of(conn: Connection, **fields: Any) -> list[str]:
    """Pointers to what is wrong with make.aanvraag(…) when these fields differ."""
    good = await make.aanvraag(conn)
    values = {name: getattr(good, name) for name in aanvragen.NieuweAanvraag.__struct_fields__}
    return [error.pointer for error in await aanvragen.errors(conn, aanvragen.NieuweAanvraag(**values | fields))]


async def test_what_is_filed_can_be_read_back_with_all_its_parts(pool: Pool, wie: Wie) -> None:
    """Grondslagen, machtigingen, toestemmingen and uitsluitingen come and go with it."""
    grondslag = Grondslag(soort=GrondslagSoort.BEPALING_GI, status=GrondslagStatus.AANGEVRAAGD, datum=make.TODAY)
    machtiging = Machtiging(
        soort=MachtigingSoort.OPEN, zorgvormen=["gezinshuis"], geldig_van=make.TODAY, geldig_tot=make.day(90)
    )
    toestemming = Toestemming(
        persoon=ToestemmingPersoon.JEUGDIGE,
        status=ToestemmingStatus.NIET_VEREIST,
        reden="jonger dan 12",
        datum=make.TODAY,
    )
    gebied = Uitsluiting(soort=UitsluitingSoort.GEBIED, pc4="1211", straal_km=2.5)
    async with transaction(pool, wie) as conn:
        made = await make.aanvraag(
            conn,
            grondslagen=[grondslag],
            machtigingen=[machtiging],
            toestemmingen=[toestemming],
            uitsluitingen=[gebied],
        )

        assert await aanvragen.get(conn, made.id) == made

    assert (made.grondslagen, made.machtigingen) == ([grondslag], [machtiging])
    assert (made.toestemmingen, made.uitsluitingen) == ([toestemming], [gebied])
    assert (made.status, made.aangemeld_op, made.versie) == (AanvraagStatus.INGEDIEND, make.NOW, 1)


async def test_another_zorgvorm_than_a_family_needs_a_reason(pool: Pool, wie: Wie) -> None:
    """Jeugdwet 2.3 lid 6: pleeggezin or gezinshuis unless demonstrably not in the child's interest."""
    async with transaction(pool, wie) as conn:
        assert await errors_of(conn, zorgvormen=["gezinshuis", "pleegzorg-crisis"]) == []
        assert await errors_of(conn, zorgvormen=["gezinshuis", "driemilieu"]) == ["/zorgvormReden"]
        assert await errors_of(conn, zorgvormen=["driemilieu"], zorgvorm_reden="behandeling en school samen") == []


async def test_the_last_day_is_not_before_the_wished_start(pool: Pool, wie: Wie) -> None:
    """The same day is allowed."""
    async with transaction(pool, wie) as conn:
        assert await errors_of(conn, gewenste_start=make.day(5), uiterlijke_datum=make.day(4)) == ["/uiterlijkeDatum"]
        assert await errors_of(conn, gewenste_start=make.day(5), uiterlijke_datum=make.day(5)) == []
        assert await errors_of(conn, gewenste_start=make.day(5), uiterlijke_datum=make.day(5 + 3650)) == []
        assert await errors_of(conn, gewenste_start=make.day(5), uiterlijke_datum=make.day(6 + 3650)) == [
            "/uiterlijkeDatum"
        ]


async def test_all_that_is_wrong_with_it_and_its_parts_is_told_at_once(pool: Pool, wie: Wie) -> None:
    """Codes of the region, gemeente, organisatie, dates, and what is excluded."""
    async with transaction(pool, wie) as conn:
        found = await errors_of(
            conn,
            organisatie_id=uuid4(),
            gemeente_code="9999",
            samenplaatsing_id=uuid4(),
            zorgvormen=["gezinshuis", "kasteel"],
            ondersteuning=["nachttoezicht", "dagtoezicht"],
            onderwijs="nachttoezicht",
            machtigingen=[
                Machtiging(
                    soort=MachtigingSoort.OPEN, zorgvormen=["kasteel"], geldig_van=make.day(0), geldig_tot=make.day(0)
                )
            ],
            uitsluitingen=[
                Uitsluiting(soort=UitsluitingSoort.AANBIEDER, aanbieder_id=uuid4()),
                Uitsluiting(soort=UitsluitingSoort.VOORZIENING, voorziening_id=uuid4()),
                Uitsluiting(soort=UitsluitingSoort.GEBIED, pc4="9999", straal_km=1),
            ],
        )

    assert found == [
        "/organisatieId",
        "/gemeenteCode",
        "/samenplaatsingId",
        "/machtigingen/0/geldigTot",
        "/uitsluitingen/0/aanbiederId",
        "/uitsluitingen/1/voorzieningId",
        "/uitsluitingen/2/pc4",
        "/zorgvormen/1",
        "/ondersteuning/1",
        "/onderwijs",
        "/machtigingen/0/zorgvormen/0",
    ]


async def test_siblings_are_asked_for_by_one_organisatie(pool: Pool, wie: Wie) -> None:
    """A samenplaatsing of another verwijzer is not theirs to join."""
    async with transaction(pool, wie) as conn:
        samen = await make.samenplaatsing(conn)

        assert await errors_of(conn, samenplaatsing_id=samen.id) == ["/samenplaatsingId"]
        assert await errors_of(conn, samenplaatsing_id=samen.id, organisatie_id=samen.organisatie_id) == []


async def test_a_change_that_names_a_list_replaces_that_list_only(pool: Pool, wie: Wie) -> None:
    """Also when it names an empty one."""
    ouder = Toestemming(persoon=ToestemmingPersoon.OUDER_1, status=ToestemmingStatus.GEVRAAGD, datum=make.TODAY)
    gebied = Uitsluiting(soort=UitsluitingSoort.GEBIED, pc4="1211", straal_km=2)
    async with transaction(pool, wie) as conn:
        made = await make.aanvraag(conn, toestemmingen=[ouder], uitsluitingen=[gebied])

        changed = await aanvragen.change(
            conn, made.id, WijzigingAanvraag(uitsluitingen=[], praktisch="heeft een hond"), now=make.NOW
        )

    assert (changed.toestemmingen, changed.uitsluitingen, changed.praktisch) == ([ouder], [], "heeft een hond")
    assert changed.versie == made.versie + 1


async def test_the_most_urgent_comes_first_and_then_who_waits_longest(pool: Pool, wie: Wie) -> None:
    """Over two pages, without gaps."""
    async with transaction(pool, wie) as conn:
        day = timedelta(days=1)
        a, b, c, d = [
            (await make.aanvraag(conn, urgentie=Urgentie(urgentie), now=make.NOW - days * day)).nummer
            for urgentie, days in (("regulier", 9), ("crisis", 1), ("spoed", 2), ("spoed", 5))
        ]

        first = await aanvragen.page(conn, limit=2)
        rest = await aanvragen.page(conn, after=first[-1].id)

    assert [row.nummer for row in [*first, *rest]] == [b, d, c, a]


async def test_a_page_can_be_of_a_status_an_urgentie_or_a_samenplaatsing(pool: Pool, wie: Wie) -> None:
    """Nothing of the child itself."""
    async with transaction(pool, wie) as conn:
        samen = await make.samenplaatsing(conn)
        a = await make.aanvraag(conn, urgentie=Urgentie.CRISIS)
        b = await make.aanvraag(conn, samenplaatsing_id=samen.id, organisatie_id=samen.organisatie_id)
        await stappen.sluit(conn, b.id, AanvraagStatus.INGETROKKEN, "Niet meer nodig.", now=make.NOW)

        async def ids(**filters: Any) -> list[object]:
            return [row.id for row in await aanvragen.page(conn, **filters)]

        assert await ids(status=OPEN) == [a.id]
        assert await ids(status=(AanvraagStatus.INGETROKKEN,)) == [b.id]
        assert await ids(urgentie=Urgentie.CRISIS) == [a.id]
        assert await ids(samenplaatsing_id=samen.id) == [b.id]


async def test_only_its_own_verwijzer_reads_the_kenmerk_and_all_know_the_nummer(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    async with transaction(pool, wie) as conn:
        made = await make.aanvraag(conn, kenmerk="J-1")
    async with transaction(pool, wie_als("verwijzer", organisatie=made.organisatie_id)) as conn:
        own = await aanvragen.get(conn, made.id)

    assert made.kenmerk is None and own.kenmerk == "J-1"
    assert made.nummer == own.nummer and re.fullmatch("[2-9BCDFGHJ-NP-TV-Z]{3}-[2-9BCDFGHJ-NP-TV-Z]{3}", own.nummer)


async def test_only_the_verwijzer_changes_its_kenmerk(pool: Pool, wie: Wie, wie_als: Callable[..., Wie]) -> None:
    """Anybody else is told so; leaving it out changes nothing of it."""
    async with transaction(pool, wie) as conn:
        made = await make.aanvraag(conn, kenmerk="J-1")
        await aanvragen.change(conn, made.id, WijzigingAanvraag(rolstoel=True), now=make.NOW)
    verwijzer = wie_als("verwijzer", organisatie=made.organisatie_id)

    with pytest.raises(Refusal) as refused:
        async with transaction(pool, wie) as conn:
            await aanvragen.change(conn, made.id, WijzigingAanvraag(kenmerk="J-2"), now=make.NOW)
    async with transaction(pool, verwijzer) as conn:
        kept = await aanvragen.get(conn, made.id)
        changed = await aanvragen.change(conn, made.id, WijzigingAanvraag(kenmerk="J-3"), now=make.NOW)

    assert refused.value.kind is Kind.FORBIDDEN
    assert (kept.kenmerk, kept.rolstoel, changed.kenmerk) == ("J-1", True, "J-3")


async def test_an_aanvraag_that_was_made_anonymous_stays_so(pool: Pool, wie: Wie, owner: Connection) -> None:
    """It has no home any more, is shown without, and nobody writes about the child again. It is never open, so the
    matcher never meets it."""
    async with transaction(pool, wie) as conn:
        made = await make.aanvraag(conn)
    anoniem = "update aanvraag set geanonimiseerd_op = now(), pc4 = null, status = $2 where id = $1"
    with pytest.raises(asyncpg.CheckViolationError, match="aanvraag_anoniem_is_niet_open"):
        await owner.execute(anoniem, made.id, "in_behandeling")
    await owner.execute(anoniem, made.id, "ingetrokken")

    async with transaction(pool, wie) as conn:
        assert (await aanvragen.get(conn, made.id)).pc4 is None
        with pytest.raises(Refusal, match="anoniem") as refused:
            await aanvragen.change(conn, made.id, WijzigingAanvraag(praktisch="Speelt gitaar."), now=make.NOW)
    assert refused.value.kind is Kind.CONFLICT


async def test_a_kenmerk_is_used_once_per_organisatie(pool: Pool, wie: Wie) -> None:
    """Another verwijzer may use the same."""
    async with transaction(pool, wie) as conn:
        made = await make.aanvraag(conn, kenmerk="J-1")
        await make.aanvraag(conn, kenmerk="J-1")

    with pytest.raises(Refusal) as refused:
        async with transaction(pool, wie) as conn:
            await make.aanvraag(conn, kenmerk="J-1", organisatie_id=made.organisatie_id)

    assert refused.value.kind is Kind.CONFLICT
