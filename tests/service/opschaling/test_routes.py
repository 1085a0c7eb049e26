"""Ways beside a plek: each has states in an order, asks what must be there, has a term, and closes no aanvraag."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from service.aanvraag import grondslagen
from service.aanvraag.aanvragen import HuidigVerblijf
from service.aanvraag.termijnen import AlarmSoort
from service.bericht import alarmen
from service.db import SYSTEM, Connection, Pool, Rol, Wie, transaction
from service.errors import Kind, Refusal
from service.opschaling import routes
from service.opschaling.routedetails import (
    AchttienPlus,
    AndereRegio,
    Details,
    Jeugdzorgplus,
    Keuze,
    Maatwerk,
    NaAchttien,
    Netwerkplaatsing,
    Overbrugging,
    OverbruggingVorm,
    Overleg,
    Pgb,
    Tussenvoorziening,
    Uitslag,
)
from service.opschaling.routes import NieuweRoute, Route, RouteStap
from service.opschaling.routesoorten import KLAAR, VERLOOP, RouteSoort, RouteStaat, eerste, mogelijk, soort_van
from tests import make
from tests.conftest import OTHER_REGIO, ROOT

S = RouteStaat
LOKET = Rol.SCHAKELFUNCTIONARIS
YESTERDAY = make.day(-1)

HILVERSUM = Overleg(op=YESTERDAY, gemeente_code="0402", met="consulent", uitkomst=Uitslag.POSITIEF)


@pytest.fixture
async def conn(pool: Pool, wie: Wie) -> AsyncIterator[Connection]:
    async with transaction(pool, wie) as opened:
        yield opened


async def begin(conn: Connection, details: Details, **aanvraag: Any) -> Route:
    id = (await make.aanvraag(conn, **aanvraag)).id
    return await routes.start(conn, id, NieuweRoute(details=details), now=make.NOW)


async def go(conn: Connection, route: Route, naar: S | None, **stap: Any) -> Route:
    return await routes.step(conn, route.id, RouteStap(naar=naar, **stap), rol=LOKET, now=make.NOW)


async def refused(conn: Connection, route: Route, naar: S | None, rol: Rol = LOKET, **stap: Any) -> Refusal:
    with pytest.raises(Refusal) as info:
        await routes.step(conn, route.id, RouteStap(naar=naar, **stap), rol=rol, now=make.NOW)
    return info.value


def pointers(refusal: Refusal) -> list[str]:
    return [error.pointer for error in refusal.fields]


# ── The table ────────────────────────────────────────────────────────────────────────────────────


def test_every_soort_stands_in_the_table_with_its_own_details() -> None:
    """And with at least one state, that is no end, before geslaagd."""
    assert list(VERLOOP) == list(RouteSoort)
    for soort, verloop in VERLOOP.items():
        assert verloop.details.__struct_config__.tag == soort
        assert eerste(soort) not in KLAAR
        assert list(verloop.staten)[-1] is S.GESLAAGD


def test_every_state_belongs_to_a_soort() -> None:
    """No state of the database is of no route."""
    used = {staat for verloop in VERLOOP.values() for staat in verloop.staten} | set(KLAAR)
    assert used == set(RouteStaat)


def test_what_is_asked_for_a_state_is_a_field_of_the_details() -> None:
    """So each error points at something that can be filled in."""
    for verloop in VERLOOP.values():
        known = {*verloop.details.__struct_fields__, "soort"}
        assert {eis.veld for eisen in verloop.staten.values() for eis in eisen} <= known


def test_after_an_end_nothing_follows_and_before_it_every_later_state() -> None:
    for soort in RouteSoort:
        assert [mogelijk(soort, staat) for staat in KLAAR] == [(), (), ()]
    assert mogelijk(RouteSoort.NETWERKPLAATSING, S.VGB) == (S.BESLUIT, S.GESLAAGD, S.NIET_GESLAAGD, S.GESTOPT)


def test_the_document_draws_the_table_as_it_is() -> None:
    """docs/werkstroom.md: a line per soort with its states in order."""
    text = (ROOT / "docs" / "werkstroom.md").read_text(encoding="utf-8")
    for soort, verloop in VERLOOP.items():
        assert f"| {soort} | {' → '.join(verloop.staten)} | {verloop.gevolg} |" in text


# ── Netwerkplaatsing: research, VGB, decision ────────────────────────────────────────────────────


async def test_a_netwerkplaatsing_goes_by_research_vgb_and_decision(conn: Connection) -> None:
    """Each step is a gebeurtenis of the aanvraag, whose status stays what it is; success says: close it."""
    zorg = await make.aanbieder(conn)
    route = await begin(conn, Netwerkplaatsing(woont_er_sinds=make.day(-3)))
    assert (route.staat, route.termijn) == (S.ONDERZOEK, make.day(91))

    done = Netwerkplaatsing(aanbieder_id=zorg.id, onderzoek_op=YESTERDAY, vgb_gevraagd_op=YESTERDAY)
    route = await go(conn, route, S.VGB, details=done)
    done = msgspec.structs.replace(done, vgb_op=make.TODAY)
    route = await go(conn, route, S.BESLUIT, details=done)
    done = msgspec.structs.replace(done, besluit_op=make.TODAY, besluit=Uitslag.POSITIEF)
    route = await go(conn, route, S.GESLAAGD, details=done)

    assert (route.staat, route.klaar_op, route.te_sluiten, route.kan) == (S.GESLAAGD, make.NOW, True, [])
    rows = await conn.fetch(
        "select soort, van, naar, gegevens ->> 'staat' as staat from gebeurtenis"
        " where gegevens ->> 'route' = $1 order by nummer", str(route.id)
    )  # fmt: skip
    assert [(row["soort"], row["staat"]) for row in rows] == [
        ("route", "onderzoek"), ("route_stap", "vgb"), ("route_stap", "besluit"), ("route_stap", "geslaagd"),
    ]  # fmt: skip
    assert {(row["van"], row["naar"]) for row in rows} == {("ingediend", "ingediend")}


async def test_without_a_positive_decision_it_has_not_succeeded(conn: Connection) -> None:
    """The 409 names what is missing and what is possible now."""
    zorg = await make.aanbieder(conn)
    done = Netwerkplaatsing(
        aanbieder_id=zorg.id,
        onderzoek_op=YESTERDAY,
        vgb_gevraagd_op=YESTERDAY,
        vgb_op=YESTERDAY,
        besluit_op=make.TODAY,
        besluit=Uitslag.NEGATIEF,
    )
    route = await go(conn, await begin(conn, Netwerkplaatsing()), S.BESLUIT, details=done)

    no = await refused(conn, route, S.GESLAAGD)

    assert no.kind is Kind.CONFLICT and pointers(no) == ["/details/besluit"]
    assert no.detail.endswith("Wat nu wel kan: ‘Niet geslaagd’, ‘Gestopt’ of aanvullen.")


async def test_a_state_asks_all_that_those_before_it_ask(conn: Connection) -> None:
    """One may go on to a later state at once, when everything is there; not past what is not."""
    no = await refused(
        conn, await begin(conn, Netwerkplaatsing()), S.BESLUIT, details=Netwerkplaatsing(vgb_op=YESTERDAY)
    )
    assert pointers(no) == ["/details/aanbiederId", "/details/onderzoekOp", "/details/vgbGevraagdOp"]


# ── Overbrugging and tussenvoorziening: the search goes on ───────────────────────────────────────


async def test_overbrugging_that_runs_has_the_term_until_when_it_runs_and_keeps_the_aanvraag(conn: Connection) -> None:
    """On that day somebody looks whether it is still needed; the search for a plek goes on, also when it succeeded."""
    strippen = Overbrugging(vorm=OverbruggingVorm.STRIPPENKAART, strippen=10)
    route = await begin(conn, strippen)
    yes = msgspec.structs.replace(
        strippen, ja_op=make.TODAY, ja_van="teamleider", van=make.TODAY, tot=make.day(30), strippen_gebruikt=1
    )
    route = await go(conn, route, S.LOOPT, details=yes)
    assert (route.staat, route.termijn) == (S.LOOPT, make.day(30))
    assert (await go(conn, route, S.GESLAAGD)).te_sluiten is False


@pytest.mark.parametrize(
    ("vorm", "mist"),
    [
        (OverbruggingVorm.AMBULANTE_HULP, []),
        (OverbruggingVorm.STRIPPENKAART, ["/details/strippen"]),
        (OverbruggingVorm.BEDJE_ERBIJ, ["/details/voorzieningId"]),
    ],
)
async def test_each_form_of_overbrugging_asks_its_own(
    conn: Connection, vorm: OverbruggingVorm, mist: list[str]
) -> None:
    """How many strips are on the card; where the extra bed is."""
    details = Overbrugging(vorm=vorm, ja_op=make.TODAY, ja_van="teamleider")
    route = await begin(conn, details)
    if mist:
        assert pointers(await refused(conn, route, S.TOEGEZEGD)) == mist
    else:
        assert (await go(conn, route, S.TOEGEZEGD)).staat is S.TOEGEZEGD


async def test_more_strips_than_are_on_the_card_cannot_be_used(conn: Connection) -> None:
    card = Overbrugging(vorm=OverbruggingVorm.STRIPPENKAART, strippen=3)
    no = await refused(conn, await begin(conn, card), None, details=msgspec.structs.replace(card, strippen_gebruikt=4))
    assert pointers(no) == ["/details/strippenGebruikt"]


async def test_a_tussenvoorziening_is_one_that_the_loket_knows_or_is_described(conn: Connection) -> None:
    route = await begin(conn, Tussenvoorziening())
    ja = Tussenvoorziening(ja_op=make.TODAY, ja_van="teamleider")
    assert pointers(await refused(conn, route, S.TOEGEZEGD, details=ja)) == ["/details/voorzieningId"]
    described = msgspec.structs.replace(ja, waar="Logeerhuis met nachtdienst")
    assert (await go(conn, route, S.TOEGEZEGD, details=described)).staat is S.TOEGEZEGD


# ── Maatwerk: with the gemeente that pays ────────────────────────────────────────────────────────


async def test_maatwerk_is_agreed_only_after_overleg_with_the_responsible_gemeente(conn: Connection) -> None:
    """Domain: non-contracted help needs overleg with the verantwoordelijke gemeente. Another one is not it; a no is no
    yes."""
    offerte = Maatwerk(aanbieder_naam="Zorgboerderij", offerte_op=YESTERDAY, bedrag_per_etmaal=310.5)
    route = await begin(conn, offerte)
    other = msgspec.structs.replace(HILVERSUM, gemeente_code="0406")
    refusing = msgspec.structs.replace(HILVERSUM, uitkomst=Uitslag.NEGATIEF)
    for overleg in (None, other, refusing):
        no = await refused(conn, route, S.AKKOORD, details=msgspec.structs.replace(offerte, overleg=overleg))
        assert pointers(no) == ["/details/overleg"]
        assert "‘Offerte ontvangen’" in no.detail
    agreed = await go(conn, route, S.AKKOORD, details=msgspec.structs.replace(offerte, overleg=HILVERSUM))
    assert agreed.staat is S.AKKOORD


async def test_a_gemeente_that_became_responsible_later_must_be_asked_too(conn: Connection) -> None:
    """The woonplaatsbeginsel decides on the day of the agreement."""
    offerte = Maatwerk(aanbieder_naam="Zorgboerderij", offerte_op=YESTERDAY, overleg=HILVERSUM)
    route = await begin(conn, offerte)
    await conn.execute("update aanvraag set gemeente_code = '0406' where id = $1", route.aanvraag_id)
    assert pointers(await refused(conn, route, S.AKKOORD)) == ["/details/overleg"]


async def test_maatwerk_is_not_for_who_has_a_contract(conn: Connection) -> None:
    """Then it is an ordinary voorstel."""
    zorg = await make.aanbieder(conn)
    async with make.as_rol(conn, "contractbeheer"):
        await make.contract(conn, zorg.id, "gezinshuis")
    with pytest.raises(Refusal) as info:
        await begin(conn, Maatwerk(aanbieder_id=zorg.id))
    assert info.value.kind is Kind.CONFLICT and "heeft een contract" in info.value.detail
    assert (await begin(conn, Maatwerk(aanbieder_id=zorg.id, zorgvorm="driemilieu"))).staat is S.OFFERTE_GEVRAAGD


async def test_that_it_is_agreed_the_loket_records(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie], conn: Connection
) -> None:
    """The verwijzer asks for the quote and fills in; only the loket sees whether there is a contract after all."""
    route = await begin(conn, Maatwerk(aanbieder_naam="Zorgboerderij", offerte_op=YESTERDAY, overleg=HILVERSUM))
    begun = msgspec.structs.replace(route.details, van=make.TODAY)
    for naar in (S.AKKOORD, S.GESLAAGD):  # nor by going past it
        no = await refused(conn, route, naar, rol=Rol.VERWIJZER, details=begun)
        assert no.kind is Kind.FORBIDDEN
        assert no.detail.endswith("Wat nu wel kan: ‘Offerte ontvangen’, ‘Niet geslaagd’, ‘Gestopt’ of aanvullen.")
    route = await go(conn, route, S.AKKOORD)
    stap = RouteStap(naar=S.GESLAAGD, details=begun)
    assert (await routes.step(conn, route.id, stap, rol=Rol.VERWIJZER, now=make.NOW)).staat is S.GESLAAGD


# ── Pgb, another region ──────────────────────────────────────────────────────────────────────────


async def test_a_pgb_begins_with_a_choice_of_the_family(conn: Connection) -> None:
    """Nobody imposes one."""
    with pytest.raises(Refusal) as info:
        await begin(conn, Pgb())
    assert pointers(info.value) == ["/details/keuze", "/details/keuzeOp"]
    route = await begin(conn, Pgb(keuze=Keuze.SAMEN, keuze_op=YESTERDAY))
    details = Pgb(
        keuze=Keuze.SAMEN,
        keuze_op=YESTERDAY,
        budgetplan_op=YESTERDAY,
        besluit_op=make.TODAY,
        besluit=Uitslag.POSITIEF,
        van=make.day(1),
    )
    assert (await go(conn, route, S.GESLAAGD, details=details)).te_sluiten is True


async def test_a_second_pgb_for_the_same_child_waits_for_the_first(pool: Pool, wie: Wie) -> None:
    """Constraint route_een_open; of quotes there may be several at once."""
    pgb = NieuweRoute(details=Pgb(keuze=Keuze.OUDERS, keuze_op=YESTERDAY))
    async with transaction(pool, wie) as conn:
        id = (await make.aanvraag(conn)).id
        await routes.start(conn, id, pgb, now=make.NOW)
        for _ in range(2):
            await routes.start(conn, id, NieuweRoute(details=Maatwerk(aanbieder_naam="Een")), now=make.NOW)
    with pytest.raises(Refusal) as info:
        async with transaction(pool, wie) as conn:
            await routes.start(conn, id, pgb, now=make.NOW)
    assert info.value.kind is Kind.CONFLICT


async def test_another_region_says_yes_and_the_own_gemeente_pays(conn: Connection) -> None:
    route = await begin(conn, AndereRegio(regio=OTHER_REGIO))
    yes = AndereRegio(regio=OTHER_REGIO, antwoord_op=YESTERDAY, antwoord=Uitslag.POSITIEF, antwoord_van="loket daar")
    assert pointers(await refused(conn, route, S.AKKOORD, details=yes)) == ["/details/overleg"]
    both = msgspec.structs.replace(yes, overleg=HILVERSUM)
    no = msgspec.structs.replace(both, antwoord=Uitslag.NEGATIEF)
    assert pointers(await refused(conn, route, S.AKKOORD, details=no)) == ["/details/antwoord"]
    assert (await go(conn, route, S.AKKOORD, details=both)).staat is S.AKKOORD


async def test_another_region_is_one_that_exists_and_not_the_own(conn: Connection) -> None:
    for regio in ("nergens", "gooi-en-vechtstreek"):
        with pytest.raises(Refusal) as info:
            await begin(conn, AndereRegio(regio=regio))
        assert pointers(info.value) == ["/details/regio"]


# ── Jeugdzorgplus: a checklist ───────────────────────────────────────────────────────────────────

MACHTIGING = grondslagen.Machtiging(
    soort=grondslagen.MachtigingSoort.GESLOTEN,
    zorgvormen=["jeugdzorgplus"],
    geldig_van=make.day(-2),
    geldig_tot=make.day(90),
)

PLUS = Jeugdzorgplus(
    instemming_op=YESTERDAY,
    aangemeld_op=YESTERDAY,
    vervolg_zorgvorm="gezinshuis",
    vervolg_plan="Het gezinshuis komt elke week langs.",
    toegewezen_op=make.TODAY,
    instelling="De instelling die het coördinatiepunt noemt",
    van=make.TODAY,
)


@pytest.mark.parametrize(
    ("zonder", "mist"),
    [
        ("instemming_op", "/details/instemmingOp"),
        ("aangemeld_op", "/details/aangemeldOp"),
        ("vervolg_zorgvorm", "/details/vervolgZorgvorm"),
        ("vervolg_plan", "/details/vervolgPlan"),
        ("toegewezen_op", "/details/toegewezenOp"),
    ],
)
async def test_each_line_of_the_checklist_is_asked(conn: Connection, zonder: str, mist: str) -> None:
    """Instemming of a gedragswetenschapper, the coordination point, and from the first day where it goes on to."""
    route = await begin(conn, Jeugdzorgplus(), machtigingen=[MACHTIGING])
    no = await refused(conn, route, S.GESLAAGD, details=msgspec.structs.replace(PLUS, **{zonder: None}))
    assert pointers(no) == [mist]
    done = await go(conn, route, S.GESLAAGD, details=PLUS)
    assert (done.staat, done.te_sluiten) == (S.GESLAAGD, False)  # the search for the place after it goes on


@pytest.mark.parametrize(
    "machtigingen",
    [
        [],
        [msgspec.structs.replace(MACHTIGING, soort=grondslagen.MachtigingSoort.OPEN)],
        [msgspec.structs.replace(MACHTIGING, zorgvormen=["residentieel"])],
        [msgspec.structs.replace(MACHTIGING, geldig_tot=make.TODAY)],
        [msgspec.structs.replace(MACHTIGING, geldig_van=make.day(1))],
    ],
    ids=["none", "open", "another zorgvorm", "over", "later"],
)
async def test_nobody_is_locked_up_without_a_court_authorisation_for_that_on_that_day(
    conn: Connection, machtigingen: list[grondslagen.Machtiging]
) -> None:
    route = await begin(conn, Jeugdzorgplus(), machtigingen=machtigingen)
    assert pointers(await refused(conn, route, S.GESLAAGD, details=PLUS)) == ["/details/van"]
    assert (await go(conn, route, S.TOEGEWEZEN, details=PLUS)).staat is S.TOEGEWEZEN


# ── After eighteen ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("maanden", "begint"), [(17 * 12 - 1, False), (17 * 12, True), (17 * 12 + 1, True)])
async def test_what_comes_after_eighteen_is_planned_in_the_year_before(
    conn: Connection, maanden: int, begint: bool
) -> None:
    """Setting achttien_vooraf_maanden; one month more, the same, one less."""
    if begint:
        assert (await begin(conn, AchttienPlus(), leeftijd_maanden=maanden)).staat is S.VOORUITKIJKEN
    else:
        with pytest.raises(Refusal) as info:
            await begin(conn, AchttienPlus(), leeftijd_maanden=maanden)
        assert pointers(info.value) == ["/details/soort"]


async def test_the_term_is_the_birthday_when_that_comes_first(conn: Connection) -> None:
    """Two months before it there is no half year any more."""
    route = await begin(conn, AchttienPlus(), leeftijd_maanden=18 * 12 - 2, leeftijd_peildatum=make.TODAY)
    assert route.termijn == make.TODAY.replace(month=make.TODAY.month + 2)


async def test_a_plan_for_after_eighteen_is_made_with_the_young_person_and_arranged_in_all_parts(
    conn: Connection,
) -> None:
    route = await begin(conn, AchttienPlus(), leeftijd_maanden=17 * 12)
    plan = AchttienPlus(besproken_op=YESTERDAY, plan_op=make.TODAY, daarna=NaAchttien.PLEEGZORG_TOT_21)
    route = await go(conn, route, S.PLAN_GEMAAKT, details=plan)
    no = await refused(conn, route, S.GEREGELD)
    assert pointers(no) == [
        "/details/wonen", "/details/inkomenGeregeld", "/details/zorgGeregeld", "/details/vastePersoon"
    ]  # fmt: skip


async def test_it_may_begin_while_the_child_lives_where_it_was_placed(conn: Connection) -> None:
    """All other routes are for who still looks for a plek."""
    plek = await make.plek(conn, voorziening_id=(await make.voorziening(conn, leeftijd_tot=18 * 12)).id)
    aanvraag = await make.aanvraag(conn, leeftijd_maanden=17 * 12 + 3)
    await make.plaatsing(conn, plek_id=plek.id, aanvraag_id=aanvraag.id)
    assert await routes.start(conn, aanvraag.id, NieuweRoute(details=AchttienPlus()), now=make.NOW)
    with pytest.raises(Refusal) as info:
        await routes.start(conn, aanvraag.id, NieuweRoute(details=Netwerkplaatsing()), now=make.NOW)
    assert info.value.kind is Kind.CONFLICT
    assert info.value.detail.endswith("Wat nu wel kan: na de achttiende verjaardag.")


# ── Any route ────────────────────────────────────────────────────────────────────────────────────


async def test_an_end_without_success_has_a_reason_and_lets_the_search_go_on(conn: Connection) -> None:
    route = await begin(conn, Netwerkplaatsing())
    assert pointers(await refused(conn, route, S.NIET_GESLAAGD)) == ["/reden"]
    over = await go(conn, route, S.NIET_GESLAAGD, reden="Opa en oma kunnen het niet aan.")
    assert (over.reden, over.te_sluiten) == ("Opa en oma kunnen het niet aan.", False)
    no = await refused(conn, over, S.VGB)
    assert no.kind is Kind.CONFLICT and no.detail.endswith("Wat nu wel kan: een nieuwe route beginnen.")


async def test_no_route_goes_back(conn: Connection) -> None:
    """Who must begin again, begins another one: so the history stays true."""
    route = await go(conn, await begin(conn, Pgb(keuze=Keuze.OUDERS, keuze_op=YESTERDAY)), S.BUDGETPLAN,
                     details=Pgb(keuze=Keuze.OUDERS, keuze_op=YESTERDAY, budgetplan_op=YESTERDAY))  # fmt: skip
    no = await refused(conn, route, S.GEKOZEN)
    assert no.kind is Kind.CONFLICT and "Dan kan ‘Gekozen’ niet" in no.detail


async def test_filling_in_takes_nothing_away_that_the_state_rests_on(conn: Connection) -> None:
    route = await begin(conn, Pgb(keuze=Keuze.OUDERS, keuze_op=YESTERDAY))
    assert pointers(await refused(conn, route, None, details=Pgb())) == ["/details/keuze", "/details/keuzeOp"]
    more = await go(conn, route, None, details=Pgb(keuze=Keuze.SAMEN, keuze_op=YESTERDAY))
    assert isinstance(more.details, Pgb) and (more.details.keuze, more.staat) == (Keuze.SAMEN, S.GEKOZEN)


async def test_a_route_does_not_become_another_soort(conn: Connection) -> None:
    no = await refused(conn, await begin(conn, Netwerkplaatsing()), None, details=Tussenvoorziening())
    assert (no.kind, pointers(no)) == (Kind.INVALID, ["/details/soort"])


async def test_what_happened_lies_not_in_the_future(conn: Connection) -> None:
    """Today is the last day; a day to come is a mistake."""
    route = await begin(conn, Netwerkplaatsing(onderzoek_op=make.TODAY))
    no = await refused(conn, route, None, details=Netwerkplaatsing(onderzoek_op=make.day(1)))
    assert (no.kind, pointers(no)) == (Kind.INVALID, ["/details/onderzoekOp"])


async def test_a_verwijzer_sees_and_does_the_routes_of_its_own_organisatie(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """By row: of another organisatie there is no aanvraag, and no route."""
    async with transaction(pool, wie) as conn:
        own, other = await make.organisatie(conn), await make.organisatie(conn)
        aanvraag = await make.aanvraag(conn, organisatie_id=own)
    async with transaction(pool, wie_als("verwijzer", organisatie=own)) as conn:
        route = await routes.start(conn, aanvraag.id, NieuweRoute(details=Netwerkplaatsing()), now=make.NOW)
        assert [found.id for found in await routes.page(conn, now=make.NOW)] == [route.id]
    async with transaction(pool, wie_als("verwijzer", organisatie=other)) as conn:
        assert await routes.page(conn, now=make.NOW) == []
        with pytest.raises(Refusal) as info:
            await routes.start(conn, aanvraag.id, NieuweRoute(details=Netwerkplaatsing()), now=make.NOW)
        assert info.value.kind is Kind.NOT_FOUND


# ── The term ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def service(wie: Wie) -> Wie:
    return msgspec.structs.replace(wie, gebruiker=SYSTEM)


async def alarms(owner: Connection, aanvraag_id: UUID) -> list[Any]:
    rows = await owner.fetch("select gegevens from gebeurtenis where aanvraag_id = $1 and soort = 'alarm'", aanvraag_id)
    return [row["gegevens"] for row in rows]


async def test_a_term_that_passes_is_an_alarm_once(pool: Pool, wie: Wie, service: Wie, owner: Connection) -> None:
    """Not on the last day, on the day after; again only when a new term passes too."""
    async with transaction(pool, wie) as conn:
        route = await begin(conn, Overbrugging(vorm=OverbruggingVorm.AMBULANTE_HULP))
    last = make.NOW + (route.termijn - make.TODAY)

    async def round_at(now: Any) -> int:
        async with transaction(pool, service) as conn:
            return await routes.alarmronde_routes(conn, now)

    assert await round_at(last) == 0
    assert [await round_at(last + timedelta(days=1)), await round_at(last + timedelta(days=2))] == [1, 0]
    later = last + timedelta(days=3)
    async with transaction(pool, wie) as conn:
        stap = RouteStap(termijn=later.date() + timedelta(days=1))
        route = await routes.step(conn, route.id, stap, rol=LOKET, now=later)
    assert await round_at(later) == 0
    assert await round_at(later + timedelta(days=2)) == 1
    assert [found["dag"] for found in await alarms(owner, route.aanvraag_id)] == [
        last.date().isoformat(), route.termijn.isoformat(),
    ]  # fmt: skip


async def test_a_term_that_passed_stands_in_the_list_of_alarms_until_something_is_done(conn: Connection) -> None:
    """From the first day too late; the daily round of all other alarms does not tell it once more."""
    route = await begin(conn, Overbrugging(vorm=OverbruggingVorm.AMBULANTE_HULP))
    last = make.NOW + (route.termijn - make.TODAY)

    async def listed(now: Any) -> list[Any]:
        return [alarm.dag for alarm in await alarmen.alarmen(conn, now) if alarm.soort is AlarmSoort.ROUTE_TERMIJN]

    assert await listed(last) == []
    assert await listed(last + timedelta(days=1)) == [route.termijn + timedelta(days=1)]
    await alarmen.alarmronde(conn, last + timedelta(days=1))
    assert not await conn.fetchval(
        "select exists (select from gebeurtenis where gegevens ->> 'alarm' = 'route_termijn')"
    )
    await go(conn, route, S.GESTOPT, reden="Niet meer nodig.")
    assert await listed(last + timedelta(days=9)) == []


async def test_two_people_take_one_step_and_one_of_them_is_told_so(pool: Pool, wie: Wie) -> None:
    """The second waits, and then what it asked is not possible any more."""
    async with transaction(pool, wie) as conn:
        route = await begin(conn, Netwerkplaatsing())

    async def stop() -> str:
        try:
            async with transaction(pool, wie) as conn:
                return str((await go(conn, route, S.GESTOPT, reden="Klaar.")).staat)
        except Refusal as no:
            return no.kind.value

    assert sorted(await asyncio.gather(stop(), stop())) == ["conflict", "gestopt"]


async def test_a_route_that_is_over_gives_no_alarm(pool: Pool, wie: Wie, service: Wie) -> None:
    async with transaction(pool, wie) as conn:
        route = await begin(conn, Netwerkplaatsing(), huidig_verblijf=HuidigVerblijf.NETWERK)
        await go(conn, route, S.GESTOPT, reden="Er is een gezinshuis.")
    async with transaction(pool, service) as conn:
        assert await routes.alarmronde_routes(conn, make.NOW + timedelta(days=400)) == 0


async def test_the_region_says_how_long_a_route_may_take(conn: Connection) -> None:
    """Setting route_netwerkplaatsing_dagen."""
    async with make.as_rol(conn, "beheerder"):
        await conn.execute(
            "insert into instelling (regio, sleutel, waarde, bron) values (huidige_regio(), $1, $2, 'test')",
            "route_netwerkplaatsing_dagen", 10,
        )  # fmt: skip
    assert (await begin(conn, Netwerkplaatsing())).termijn == make.day(10)


async def test_the_lists_are_of_what_is_late_and_what_is_to_be_closed(conn: Connection) -> None:
    late = await begin(conn, Netwerkplaatsing())
    done = await begin(conn, Pgb(keuze=Keuze.OUDERS, keuze_op=YESTERDAY))
    await go(
        conn, done, S.GESLAAGD,
        details=Pgb(keuze=Keuze.OUDERS, keuze_op=YESTERDAY, budgetplan_op=YESTERDAY, besluit_op=YESTERDAY,
                    besluit=Uitslag.POSITIEF, van=make.TODAY),
    )  # fmt: skip
    then = make.NOW + timedelta(days=92)
    assert [found.id for found in await routes.page(conn, now=then, verstreken=True)] == [late.id]
    assert [found.id for found in await routes.page(conn, now=then, te_sluiten=True)] == [done.id]
    assert [found.id for found in await routes.page(conn, now=then, loopt=True)] == [late.id]
    assert [soort_van(found.details) for found in await routes.page(conn, now=then, soort=RouteSoort.PGB)] == ["pgb"]
