"""The log over HTTP: whatever shows or changes something of a child leaves exactly one line per child.

The cases are checked against OPERATIONS and the pages: a new one that shows a child and has no case here, fails."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from msgspec import Struct

from service import toegang
from service.aanbod import bezetting
from service.db import Connection, Pool, Rol, Wie, transaction
from service.log.doelen import Object
from service.opschaling import opschalingsverzoeken
from service.opschaling.opschalingen import OpschalingAanleiding
from service.opschaling.opschalingsverzoeken import NieuwOpschalingsverzoek
from service.plaatsing import plaatsingen, voorstellen
from service.plaatsing.opties import Toewijzing
from service.urgentie import Urgentie
from service.web import gezien, pages
from service.web.operation import Answer, Call, Operation, get, nobody
from service.web.pages.visit import page_id
from service.web.v1 import OPERATIONS
from tests import make
from tests.conftest import GEBRUIKER, OTHER_REGIO
from tests.service import plans
from tests.service.intake import files
from tests.web import examples
from tests.web.conftest import Serve

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
TRACEPARENT = {"traceparent": f"00-{TRACE}-{PARENT}-01"}

UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class World(Struct, frozen=True):
    """Two children that are asked for together, one alone, a plan for all of them."""

    samen: UUID
    organisatie: UUID
    kinderen: tuple[UUID, UUID, UUID]
    plan: UUID
    huis: UUID
    kenmerk: str
    ander: UUID
    """A voorziening that no plan knows, …"""
    vrij: tuple[UUID, UUID]
    """… and plekken of it."""
    optie: UUID
    voorstel: UUID
    """Both for the one alone."""
    bericht: UUID
    """That something happened to the first, for who asks."""
    route: UUID
    opschaling: UUID
    vraag: UUID
    """All three for the one alone."""
    woont: UUID
    plaatsing: UUID
    """Of a child in crisis, which has a vervolgaanvraag."""
    gebeld: UUID
    bed: UUID
    """Another one in crisis, and a plek that was found by telephone."""
    beeindiging: UUID
    overdracht: UUID
    """Of an aanbieder that stops, and the plaatsing of a child that lives on there."""
    verzoek: UUID
    """Of the verwijzer of the second, to escalate."""


VERZOEK = NieuwOpschalingsverzoek(aanleiding=OpschalingAanleiding.GEEN_PLEK, toelichting="Er past niets.")

PERSON = "insert into gebruiker (id, regio, naam, rol) values ($1, $2, 'Sam', $3)"

BERICHT = """
insert into bericht (regio, gebruiker_id, sleutel, soort, gebeurtenis_id, wijze, op)
select $1, $2, 'een', 'ingediend_loket', id, 'direct', op from gebeurtenis
where aanvraag_id = $3 and soort = 'ingediend'
returning id
"""


@pytest.fixture
async def world(pool: Pool, wie: Wie, owner: Connection) -> World:
    async with transaction(pool, wie) as conn:
        organisatie = await make.organisatie(conn, naam="GI Noord")
        samen = await make.samenplaatsing(conn, organisatie_id=organisatie)
        ids = [
            (await make.aanvraag(conn, organisatie_id=organisatie, samenplaatsing_id=of, kenmerk=kenmerk)).id
            for of, kenmerk in ((samen.id, "K-1"), (samen.id, "K-2"), (None, "K-3"))
        ]
        huis = await make.voorziening(conn)
        for _ in range(3):
            await make.plek(conn, voorziening_id=huis.id)
    plan = await plans.made(pool, wie, verboden=[plans.keuze(ids[2], voorziening_id=huis.id)])
    async with transaction(pool, wie) as conn:
        ander = await make.voorziening(conn)
        vrij = [(await make.plek(conn, voorziening_id=ander.id)).id for _ in range(2)]
        held, asked = await make.plek(conn), await make.plek(conn)
        days = {"van": make.day(1), "tot": make.day(9)}
        optie = await bezetting.houd(
            conn, held.id, ids[2], **days, vervalt_op=make.NOW + timedelta(days=1), now=make.NOW
        )
        wish = voorstellen.NieuwVoorstel(plekken=[Toewijzing(aanvraag_id=ids[2], plek_id=asked.id)], **days)
        [voorstel] = await voorstellen.bereid_voor(conn, wish, rol=wie.rol, now=make.NOW)
        further = await examples.further(conn, ids[2], huis.id, "Wat verder telt", wie)
        nacht = await make.voorziening(conn, zorgvorm="crisis")
        bedden = [(await make.plek(conn, voorziening_id=nacht.id)).id for _ in range(2)]
        crisis = [
            (
                await make.aanvraag(
                    conn, urgentie=Urgentie.CRISIS, zorgvormen=["crisis", "gezinshuis"], zorgvorm_reden="Vannacht"
                )
            ).id
            for _ in range(2)
        ]
        verblijf = await plaatsingen.plaats(conn, bedden[0], crisis[0], make.day(-1), make.day(20), now=make.NOW)
        stopping = await examples.stopping(conn, (await make.locatie(conn)).id, "Wat stopt", organisatie)
    async with transaction(pool, Wie(wie.regio, Rol.VERWIJZER, wie.gebruiker, organisatie)) as conn:
        verzoek = await opschalingsverzoeken.vraag(conn, ids[1], VERZOEK, now=make.NOW)
    await owner.execute(PERSON, wie.gebruiker, wie.regio, wie.rol)
    bericht = await owner.fetchval(BERICHT, wie.regio, wie.gebruiker, ids[0])
    await owner.execute("truncate logregel cascade")
    kinderen, plekken = (ids[0], ids[1], ids[2]), (vrij[0], vrij[1])
    return World(
        samen.id,
        organisatie,
        kinderen,
        plan.id,
        huis.id,
        "K-3",
        ander.id,
        plekken,
        optie.id,
        voorstel.id,
        bericht,
        *further,
        crisis[0],
        verblijf.id,
        crisis[1],
        bedden[1],
        *stopping,
        verzoek.id,
    )


LINES = """
select r.*, b.aanvraag_id from logregel r left join betrokkene b on b.pseudoniem = r.betrokkene order by r.id
"""


async def lines(owner: Connection) -> list[asyncpg.Record]:
    """All lines, with the aanvraag that the pseudonym stands for."""
    return await owner.fetch(LINES)


def nieuw(world: World) -> dict[str, Any]:
    return {
        "organisatieId": str(world.organisatie),
        "kenmerk": "K-9",
        "urgentie": "regulier",
        "leeftijdMaanden": 120,
        "leeftijdPeildatum": "2026-03-02",
        "geslacht": "meisje",
        "groepssoorten": ["gemengd"],
        "pc4": "1211",
        "gemeenteCode": "0402",
        "huidigVerblijf": "thuis",
        "gewensteStart": "2026-03-03",
        "uiterlijkeDatum": "2026-04-01",
        "verwachtVerblijf": 180,
        "perspectief": "terug_naar_huis",
        "zorgvormen": ["gezinshuis"],
        "juridischKader": "ots",
    }


def keuze(world: World) -> dict[str, str]:
    return {"aanvraagId": str(world.kinderen[2]), "voorzieningId": str(world.huis), "reden": "afgesproken"}


def samen(world: World) -> dict[str, Any]:
    """The two that are asked for together, each with a plek."""
    pairs = zip(world.kinderen, world.vrij, strict=False)
    return {
        "plekken": [{"aanvraagId": str(kind), "plekId": str(plek)} for kind, plek in pairs],
        "van": make.day(1).isoformat(),
    }


EVERY = {"If-Match": "*"}

CASES: dict[str, Callable[[World], tuple[str, dict[str, Any]]]] = {
    "lijstAanvragen": lambda w: ("/aanvragen", {}),
    "voegAanvraagToe": lambda w: ("/aanvragen", {"json": nieuw(w)}),
    "dienIn": lambda w: ("/indieningen", {"json": examples.indiening(w)}),
    "haalAanvraag": lambda w: (f"/aanvragen/{w.kinderen[0]}", {}),
    "wijzigAanvraag": lambda w: (f"/aanvragen/{w.kinderen[0]}", {"json": {"rolstoel": True}, "headers": EVERY}),
    # Whom nothing fits, now that it asks for a house without stairs.
    "lijstOpschaaladviezen": lambda w: ("/opschaaladviezen", {}),
    "zetAanvraagStap": lambda w: (f"/aanvragen/{w.kinderen[0]}/stappen", {"json": {"stap": "neem_in_behandeling"}}),
    "lijstGebeurtenissen": lambda w: (f"/aanvragen/{w.kinderen[0]}/gebeurtenissen", {}),
    "houdPlek": lambda w: ("/opties", {"json": samen(w) | {"afwijking": "Er komt een lift."}}),
    "lijstOpties": lambda w: ("/opties", {}),
    "haalOptie": lambda w: (f"/opties/{w.optie}", {}),
    "zetOptieStap": lambda w: (f"/opties/{w.optie}/stappen", {"json": {"stap": "laat_los", "reden": "Past niet."}}),
    "zetVoorstelKlaar": lambda w: ("/voorstellen", {"json": samen(w)}),
    "zetPlanVoorstellenKlaar": lambda w: (
        f"/plannen/{w.plan}/voorstellen",
        {"json": {"aanvraagIds": [str(w.kinderen[0])]}},
    ),
    "lijstVoorstellen": lambda w: ("/voorstellen", {}),
    "haalVoorstel": lambda w: (f"/voorstellen/{w.voorstel}", {}),
    "zetVoorstelStap": lambda w: (f"/voorstellen/{w.voorstel}/stappen", {"json": {"stap": "trek_in", "reden": "Nee."}}),
    "lijstVoorstellenVanAanvraag": lambda w: (f"/aanvragen/{w.kinderen[2]}/voorstellen", {}),
    "toonRangschikking": lambda w: (f"/aanvragen/{w.kinderen[0]}/rangschikking", {}),
    "lijstAlarmen": lambda w: ("/alarmen", {}),
    "toonWachtlijst": lambda w: ("/wachtlijst", {}),
    "lijstBerichten": lambda w: ("/berichten", {}),
    "lijstInzagen": lambda w: (f"/aanvragen/{w.kinderen[0]}/inzagen", {}),
    "startPlan": lambda w: ("/plannen", {"json": {"vast": [keuze(w)]}}),
    "haalPlan": lambda w: (f"/plannen/{w.plan}", {}),
    "wijzigPlan": lambda w: (f"/plannen/{w.plan}", {"json": {}, "headers": EVERY}),
    "lijstPlanregels": lambda w: (f"/plannen/{w.plan}/regels", {}),
    "haalPlanregel": lambda w: (f"/plannen/{w.plan}/regels/{w.kinderen[2]}", {}),
    "wijzigPlanregel": lambda w: (
        f"/plannen/{w.plan}/regels/{w.kinderen[0]}",
        {"json": {"vast": True, "reden": "afgesproken"}, "headers": EVERY},
    ),
    "legPlanregelUit": lambda w: (f"/plannen/{w.plan}/regels/{w.kinderen[0]}/uitleg", {}),
    "haalUitweg": lambda w: (f"/plannen/{w.plan}/regels/{w.kinderen[2]}/uitweg", {}),
    "lijstPlaatsingen": lambda w: ("/plaatsingen", {}),
    "lijstPlaatsingenVanAanvraag": lambda w: (f"/aanvragen/{w.woont}/plaatsingen", {}),
    "haalPlaatsing": lambda w: (f"/plaatsingen/{w.plaatsing}", {}),
    "zetPlaatsingStap": lambda w: (
        f"/plaatsingen/{w.plaatsing}/stappen",
        {"json": {"stap": "verleng", "tot": make.day(30).isoformat()}},
    ),
    "legCrisisplaatsingVast": lambda w: (
        "/crisisplaatsingen",
        {
            "json": {
                "aanvraagId": str(w.gebeld),
                "plekId": str(w.bed),
                "gebeldOp": make.NOW.isoformat(),
                "met": "Groepsleider",
            }
        },
    ),
    "lijstOverdrachten": lambda w: (f"/beeindigingen/{w.beeindiging}/overdrachten", {}),
    "besluitOverdracht": lambda w: (
        f"/beeindigingen/{w.beeindiging}/overdrachten/{w.overdracht}/besluiten",
        {"json": {"besluit": "overdracht"}},
    ),
    "lijstRoutes": lambda w: ("/routes", {}),
    "lijstRoutesVanAanvraag": lambda w: (f"/aanvragen/{w.kinderen[2]}/routes", {}),
    "startRoute": lambda w: (
        f"/aanvragen/{w.kinderen[2]}/routes",
        {"json": {"details": {"soort": "netwerkplaatsing"}}},
    ),
    "haalRoute": lambda w: (f"/routes/{w.route}", {}),
    "zetRouteStap": lambda w: (f"/routes/{w.route}/stappen", {"json": {"naar": "gestopt", "reden": "Niet nodig."}}),
    "lijstOpschalingen": lambda w: ("/opschalingen", {}),
    "lijstOpschalingenVanAanvraag": lambda w: (f"/aanvragen/{w.kinderen[2]}/opschalingen", {}),
    "openOpschaling": lambda w: (
        f"/aanvragen/{w.kinderen[2]}/opschalingen",
        {"json": {"aanleiding": "geen_plek", "tafel": "doorbraaktafel", "waarom": "Er past niets."}},
    ),
    "haalOpschaling": lambda w: (f"/opschalingen/{w.opschaling}", {}),
    "haalOpschalingDossier": lambda w: (f"/opschalingen/{w.opschaling}/dossier", {}),
    "lijstOpschalingsverzoeken": lambda w: ("/opschalingsverzoeken", {}),
    "lijstOpschalingsverzoekenVanAanvraag": lambda w: (f"/aanvragen/{w.kinderen[1]}/opschalingsverzoeken", {}),
    "vraagOpschaling": lambda w: (
        f"/aanvragen/{w.kinderen[0]}/opschalingsverzoeken",
        {"json": {"aanleiding": "geen_plek", "toelichting": "Er past niets."}},
    ),
    "haalOpschalingsverzoek": lambda w: (f"/opschalingsverzoeken/{w.verzoek}", {}),
    "weigerOpschaling": lambda w: (
        f"/opschalingsverzoeken/{w.verzoek}/weigeringen",
        {"json": {"reden": "Morgen is er een plek."}},
    ),
    "lijstOpschalingsvragen": lambda w: ("/opschalingsvragen", {}),
    "haalOpschalingsvraag": lambda w: (f"/opschalingsvragen/{w.vraag}", {}),
    "beantwoordOpschalingsvraag": lambda w: (
        f"/opschalingsvragen/{w.vraag}/antwoorden",
        {"json": {"nodig": "kan_niet"}},
    ),
    "stelOpschalingsvraag": lambda w: (
        f"/opschalingen/{w.opschaling}/vragen",
        {"json": {"voorzieningId": str(w.ander)}},
    ),
    "zetOpschalingStap": lambda w: (
        f"/opschalingen/{w.opschaling}/stappen",
        {"json": {"stap": "sluit", "uitkomst": "hulp_thuis"}},
    ),
    "beproefInstellingen": lambda w: ("/instellingen/proef", {"json": {"zekerUren": 100}}),
    "lijstSamenplaatsingen": lambda w: ("/samenplaatsingen", {}),
    "voegSamenplaatsingToe": lambda w: ("/samenplaatsingen", {"json": {"organisatieId": str(w.organisatie)}}),
    "haalSamenplaatsing": lambda w: (f"/samenplaatsingen/{w.samen}", {}),
    "wijzigSamenplaatsing": lambda w: (
        f"/samenplaatsingen/{w.samen}",
        {"json": {"magSplitsen": True, "splitsreden": "specialistische zorg"}, "headers": EVERY},
    ),
}
"""operationId → how to ask it."""

PAGES: dict[str, Callable[[World], str]] = {
    "paginaAanvragen": lambda w: "/",
    "paginaCrisis": lambda w: "/crisis",
    "paginaCrisisplaatsing": lambda w: f"/crisis/plekken/{w.bed}/geplaatst",
    "paginaAanvraag": lambda w: f"/aanvragen/{w.kinderen[0]}",
    "paginaAanvullen": lambda w: f"/aanvragen/{w.kinderen[0]}/aanvullen",
    "paginaOpschalingen": lambda w: "/opschalingen",
    "paginaOpschaling": lambda w: f"/opschalingen/{w.opschaling}",
    "paginaOpschalingAfdruk": lambda w: f"/opschalingen/{w.opschaling}/afdruk",
    "paginaUittreksel": lambda w: f"/aanvragen/{w.kinderen[0]}/uittreksel",
    "paginaRoutes": lambda w: f"/aanvragen/{w.kinderen[0]}/routes",
    "paginaWachtlijst": lambda w: "/wachtlijst",
    "paginaBericht": lambda w: f"/berichten/{w.bericht}",
    "paginaMijnAanvragen": lambda w: "/mijn-aanvragen",
    "paginaMijnAanvraag": lambda w: f"/mijn-aanvragen/{w.kinderen[0]}",
    "paginaPlan": lambda w: f"/plannen/{w.plan}",
    "paginaPlanregel": lambda w: f"/plannen/{w.plan}/regels/{w.kinderen[0]}",
    "paginaKinderen": lambda w: f"/plekken/{w.vrij[0]}/kinderen",
    "paginaPlaatsingen": lambda w: "/plaatsingen",
    "paginaPlaatsing": lambda w: f"/plaatsingen/{w.plaatsing}",
    "paginaVragen": lambda w: "/vragen",
    "paginaVraag": lambda w: f"/vragen/{w.vraag}",
    "paginaVoorstellen": lambda w: "/voorstellen",
    "paginaVoorstel": lambda w: f"/voorstellen/{w.voorstel}",
}

PLEK_VAN = "select p.aanbieder_id from {} b join plek p on p.id = b.plek_id where b.id = $1"

OF_AANBIEDER: dict[str, Callable[[World], tuple[str, UUID]]] = {
    "paginaPlaatsing": lambda w: (PLEK_VAN.format("bezetting"), w.plaatsing),
    "paginaVoorstel": lambda w: (PLEK_VAN.format("voorstel"), w.voorstel),
    "paginaVraag": lambda w: ("select aanbieder_id from opschaling_vraag where id = $1", w.vraag),
}
"""Page → whose it is. The list of the same belongs to the same."""
LISTS = {"paginaPlaatsingen": "paginaPlaatsing", "paginaVoorstellen": "paginaVoorstel", "paginaVragen": "paginaVraag"}
OF_AANBIEDER |= {of_all: OF_AANBIEDER[of_one] for of_all, of_one in LISTS.items()}

ABOUT_ONE = {"paginaBericht", "paginaCrisis", "paginaCrisisplaatsing", "paginaAanvullen", "paginaUittreksel"} | {
    "paginaOpschalingen", "paginaOpschaling", "paginaOpschalingAfdruk", "paginaRoutes"
}  # fmt: skip
"""Pages on which one child stands, of all those there are."""

NOBODYS_PAGES = {
    "paginaVrijePlekken",
    "paginaPlannen",
    "paginaInstellingen",
    "paginaInstellinggroep",
    "paginaGebruikers",
    "paginaGebruiker",
    "paginaKoppelingen",
    "paginaKoppeling",
    "paginaMails",
    "paginaRondleiding",
    "paginaNieuweAanvraag",
    "paginaStart",
    "paginaVervanging",
    "paginaSessies",
    "paginaPlekken",
    "paginaPlek",
    "paginaCijfers",
    "paginaMislukt",
    "paginaEigenCijfers",
}
"""Pages that show no child."""

SELDOM = {"paginaInstellingproef"}
"""Shows children only when a setting matters to them: tests/web/pages/beheer/test_instellingen.py has some."""

NO_CHILDREN = {"voegSamenplaatsingToe", "beproefInstellingen"}
"""Can be about a child, and is not in the case above (tests/web/v1/test_instellingen.py has one that is)."""


def by_id(id: str) -> Operation:
    return next(operation for operation in OPERATIONS if operation.id == id)


def children_in(text: str, known: set[UUID]) -> set[UUID]:
    """The aanvragen of which the id stands in a request or an answer."""
    return {id for id in map(UUID, UUIDS.findall(text)) if id in known}


async def aanvragen(owner: Connection) -> set[UUID]:
    return {row["id"] for row in await owner.fetch("select id from aanvraag")}


def test_every_operation_and_page_that_can_show_a_child_has_a_case() -> None:
    """Found by their types, as the dispatcher does."""
    about_nobody = {line.id for line in toegang.HANDELINGEN if line.los}
    logged = {operation.id for operation in OPERATIONS if gezien.compiled(operation).logs}
    assert logged - about_nobody == CASES.keys()
    shown = {page_id(handler) for handler in pages.route_handlers} - toegang.OPENBAAR.keys()
    forms = {operation.id for operation in OPERATIONS}  # logged as the operation: pages/test_actie.py
    assert shown - about_nobody - forms - NOBODYS_PAGES - SELDOM == PAGES.keys()


async def test_every_operation_leaves_one_line_per_child_that_was_asked_for_or_shown(
    serve: Serve, wie: Wie, owner: Connection, world: World
) -> None:
    """With all that NEN 7513 and Logboek Dataverwerkingen ask; by the loket, or else by the verwijzer."""
    verwijzer = Wie(wie.regio, Rol.VERWIJZER, wie.gebruiker, world.organisatie)
    clients = {one: await serve(one) for one in (wie, verwijzer)}
    for id in CASES:
        regel = toegang.handeling(id)
        assert regel is not None
        one = wie if wie.rol in regel.rollen else verwijzer
        await owner.execute("truncate logregel cascade")
        await leaves_its_lines(id, one, clients[one], owner, world)


async def leaves_its_lines(id: str, wie: Wie, api: httpx.AsyncClient, owner: Connection, world: World) -> None:
    path, rest = CASES[id](world)
    headers = {**rest.pop("headers", {}), **TRACEPARENT}

    answer = await api.request(by_id(id).method, f"/v1{path}", headers=headers, **rest)

    assert answer.is_success, (id, answer.text)
    told = children_in(f"{path} {rest} {answer.text}", await aanvragen(owner))
    found = await lines(owner)
    assert Counter(line["aanvraag_id"] for line in found) == Counter(told), id
    assert bool(told) != (id in NO_CHILDREN)
    regel = toegang.handeling(id)
    assert regel is not None
    for line in found:
        assert (line["handeling"], line["gebeurtenis"], line["object"]) == (id, regel.gebeurtenis, regel.object)
        assert (line["doel"], line["verwerking"]) == (regel.rollen[wie.rol].doel, regel.verwerking)
        assert (line["moment"], line["resultaat"]) == (make.NOW, "gelukt")
        assert (line["gebruiker_id"], line["namens_id"], line["koppeling_id"]) == (GEBRUIKER, None, None)
        assert (line["rol"], line["organisatie_id"]) == (wie.rol, wie.organisatie)
        assert (line["trace_id"], line["ouder_span_id"]) == (TRACE, PARENT)
        assert re.fullmatch("[0-9a-f]{16}", line["span_id"]) and line["span_id"] != PARENT


async def test_a_page_leaves_one_line_per_child_on_it(serve: Serve, wie: Wie, owner: Connection, world: World) -> None:
    """Brothers and sisters that are named on it too; by the loket, or else by the verwijzer or the aanbieder."""
    verwijzer = Wie(wie.regio, Rol.VERWIJZER, wie.gebruiker, world.organisatie)
    clients = {True: await serve(wie), False: await serve(verwijzer)}
    sent = await clients[True].post(f"/v1/voorstellen/{world.voorstel}/stappen", json={"stap": "verzend"})
    assert sent.is_success, sent.text
    numbers = {row["nummer"]: row["id"] for row in await owner.fetch("select nummer, id from aanvraag")}
    for id, path in PAGES.items():
        await owner.execute("truncate logregel cascade")

        regel = toegang.handeling(id)
        assert regel is not None
        client = clients[wie.rol in regel.rollen]
        if id in OF_AANBIEDER:
            of = await owner.fetchval(*OF_AANBIEDER[id](world))
            client = await serve(Wie(wie.regio, Rol.AANBIEDER, wie.gebruiker, of))
        page = await client.get(path(world), headers=TRACEPARENT)

        assert page.status_code == 200, (id, page.text)
        told = {numbers[number] for number in numbers if number in page.text}
        told |= children_in(page.text, set(numbers.values()))
        found = await lines(owner)
        if (
            id in OF_AANBIEDER
        ):  # which child it is about, an aanbieder is not always told: then it is logged all the same
            told |= {line["aanvraag_id"] for line in found}
        assert Counter(line["aanvraag_id"] for line in found) == Counter(told), id
        one = OF_AANBIEDER.keys() | ABOUT_ONE
        assert len(told) >= (1 if id in one else 2), id
        assert {(line["handeling"], line["gebeurtenis"], line["trace_id"]) for line in found} == {
            (id, regel.gebeurtenis, TRACE)
        }


async def test_a_page_that_leads_to_the_next_child_of_a_plan_says_so_in_the_log(
    serve: Serve, wie: Wie, owner: Connection, world: World
) -> None:
    """Whichever child of the plan it is about: the first, one between, or the last. Of nobody else, also not of whom
    a person decided something for the plan."""
    client = await serve(wie)
    everybody = await aanvragen(owner)
    decided = "update aanvraag set aangemeld_op = aangemeld_op - interval '1 day' where id = $1"
    await owner.execute(decided, world.kinderen[2])  # then it stands at an end, and not beside each of the others
    rows = await owner.fetch("select aanvraag_id from plan_regel where plan_id = $1", world.plan)
    beside = []
    for row in rows:
        await owner.execute("truncate logregel cascade")

        page = await client.get(f"/plannen/{world.plan}/regels/{row['aanvraag_id']}")

        told = children_in(page.text, everybody)
        assert {line["aanvraag_id"] for line in await lines(owner)} == told
        beside.append(len(told) - 1)
    assert any(beside)


async def test_who_comes_on_the_next_page_is_in_the_log_when_that_is_asked_for(
    api: httpx.AsyncClient, owner: Connection, world: World
) -> None:
    """The row that only tells that there is a next page, is shown to nobody."""
    first = await api.get("/v1/aanvragen?aantal=1")
    assert 'rel="next"' in first.headers["link"]
    assert [str(line["aanvraag_id"]) for line in await lines(owner)] == [found["id"] for found in first.json()]

    second = await api.get(first.headers["link"].partition(">")[0].removeprefix("<"))
    shown = [found["id"] for found in [*first.json(), *second.json()]]
    assert len(set(shown)) == 2
    assert {str(line["aanvraag_id"]) for line in await lines(owner)} == set(shown)


async def test_what_shows_no_child_leaves_no_line_and_cannot_write(
    api: httpx.AsyncClient, owner: Connection, world: World
) -> None:
    """What is read in a transaction, is read in one that is read-only."""
    async with api.stream("GET", "/v1/plekken") as answer:
        assert answer.status_code == 200
    for operation in OPERATIONS:
        if operation.method == "GET" and operation.id not in CASES and "gebeurtenissen" not in operation.path:
            await api.get("/v1" + re.sub(r"\{\w+\}", str(world.huis), operation.path))
    assert await lines(owner) == []
    assert not gezien.compiled(by_id("lijstPlekken")).logs


async def test_brothers_and_sisters_that_go_along_are_in_the_log(
    api: httpx.AsyncClient, pool: Pool, wie: Wie, owner: Connection, world: World
) -> None:
    """Also when the answer is about one of them only."""
    async with transaction(pool, wie) as conn:
        other = await make.voorziening(conn)
        for _ in range(2):
            await make.plek(conn, voorziening_id=other.id)
    url = f"/v1/plannen/{world.plan}/regels/{world.kinderen[0]}"

    moved = await api.patch(url, json={"voorzieningId": str(other.id), "reden": "x"}, headers=EVERY)

    assert moved.status_code == 200, moved.text
    assert {line["aanvraag_id"] for line in await lines(owner)} == set(world.kinderen[:2])


async def test_a_list_that_is_read_in_leaves_a_line_per_aanvraag_that_it_names_or_makes(
    api: httpx.AsyncClient, owner: Connection, world: World
) -> None:
    """The trial has read them too."""
    content = files.text([["organisatie", "kenmerk", "rolstoel"], ["GI Noord", world.kenmerk, "ja"]])

    async def send(**fields: Any) -> httpx.Response:
        query = {} if fields else {"proef": "true"}
        return await api.post(
            "/v1/invoer/aanvragen", params=query, files={"bestand": ("lijst.csv", content)}, data=fields
        )

    trial = await send()
    done = await send(vingerafdruk=trial.json()["vingerafdruk"])

    assert done.status_code == 200, done.text
    found = [(line["aanvraag_id"], line["handeling"]) for line in await lines(owner)]
    assert found == [(world.kinderen[2], "leesInAanvragen")] * 2


async def test_who_has_it_already_looks_again(api: httpx.AsyncClient, owner: Connection, world: World) -> None:
    """304 is a look too, and so is HEAD."""
    url = f"/v1/aanvragen/{world.kinderen[0]}"
    etag = (await api.get(url)).headers["ETag"]

    assert (await api.get(url, headers={"If-None-Match": etag})).status_code == 304
    assert (await api.head(url)).status_code == 200

    assert [line["aanvraag_id"] for line in await lines(owner)] == [world.kinderen[0]] * 3


async def test_an_answer_that_is_given_again_is_a_look(api: httpx.AsyncClient, owner: Connection, world: World) -> None:
    """Nothing is made the second time: the line says that it was read."""
    key = {"Idempotency-Key": "een"}

    first = await api.post("/v1/aanvragen", json=nieuw(world), headers=key)
    again = await api.post("/v1/aanvragen", json=nieuw(world), headers=key)

    assert first.content == again.content
    id = UUID(first.json()["id"])
    found = [(line["aanvraag_id"], line["gebeurtenis"]) for line in await lines(owner)]
    assert found == [(id, "maak"), (id, "lees")]


# ── Refused and failed ───────────────────────────────────────────────────────────────────────────


async def test_a_look_that_is_refused_is_in_the_log(
    serve: Serve, wie_als: Callable[..., Wie], owner: Connection, world: World
) -> None:
    """By its rol (403), because it is not theirs (404), or because it changed meanwhile (412)."""
    id = world.kinderen[0]
    stranger = await serve(wie_als("contractbeheer"))
    elsewhere = await serve(wie_als("schakelfunctionaris", regio=OTHER_REGIO))
    own = await serve(wie_als("schakelfunctionaris"))

    answers = [
        await stranger.get(f"/v1/aanvragen/{id}"),
        await elsewhere.get(f"/v1/aanvragen/{id}"),
        await own.patch(f"/v1/aanvragen/{id}", json={"rolstoel": True}, headers={"If-Match": '"x"'}),
        await own.patch(f"/v1/aanvragen/{id}", json={"rolstoel": "?"}, headers=EVERY),
        await stranger.get(f"/aanvragen/{id}"),
        await elsewhere.get(f"/aanvragen/{id}"),
    ]

    assert [answer.status_code for answer in answers] == [403, 404, 412, 400, 403, 404]
    found = [(line["regio"], line["aanvraag_id"], line["handeling"], line["resultaat"]) for line in await lines(owner)]
    here, page = "gooi-en-vechtstreek", "paginaAanvraag"
    # Which child it was, the other region cannot know.
    assert found == [
        (here, id, "haalAanvraag", "geweigerd"),
        (OTHER_REGIO, None, "haalAanvraag", "geweigerd"),
        (here, id, "wijzigAanvraag", "geweigerd"),
        (here, id, "wijzigAanvraag", "geweigerd"),
        (here, id, page, "geweigerd"),
        (OTHER_REGIO, None, page, "geweigerd"),
    ]
    assert {line["doel"] for line in await lines(owner) if line["rol"] == "contractbeheer"} == {"geen"}


async def test_a_list_that_is_refused_leaves_a_line_of_every_child_that_it_was_compared_with(
    api: httpx.AsyncClient, owner: Connection, world: World
) -> None:
    """What is wrong with a cell can follow from what the loket knows: here, from when the child needs a plek."""
    content = files.text([["organisatie", "kenmerk", "uiterlijke datum"], ["GI Noord", world.kenmerk, "1-1-2020"]])

    refused = await api.post("/v1/invoer/aanvragen?proef=true", files={"bestand": ("lijst.csv", content)})

    assert (refused.status_code, "gewensteStart" in refused.text) == (400, True)
    found = [(line["aanvraag_id"], line["handeling"], line["resultaat"]) for line in await lines(owner)]
    assert found == [(world.kinderen[2], "leesInAanvragen", "geweigerd")]


@pytest.mark.parametrize("voor", ["9223372036854775808", "-9223372036854775809", "0", "x", "9" * 5000])
async def test_a_number_that_no_line_has_is_a_mistake(api: httpx.AsyncClient, world: World, voor: str) -> None:
    """And no error of ours."""
    answer = await api.get(f"/v1/aanvragen/{world.kinderen[0]}/inzagen?voor={voor}")

    assert answer.status_code == 400


async def test_what_fails_leaves_a_line_that_says_so_under_the_number_that_was_told(
    api: httpx.AsyncClient, owner: Connection, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The `instance` of the problem is the trace of the line."""
    from service.aanvraag import aanvragen

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(aanvragen, "get", broken)

    answer = await api.get(f"/v1/aanvragen/{world.kinderen[0]}")

    assert answer.status_code == 500
    (line,) = await lines(owner)
    assert (line["aanvraag_id"], line["resultaat"]) == (world.kinderen[0], "mislukt")
    assert answer.json()["instance"] == f"urn:uuid:{UUID(line['trace_id'])}"


async def test_when_the_line_cannot_be_written_nothing_is_changed_and_nothing_is_shown(
    api: httpx.AsyncClient, owner: Connection, world: World
) -> None:
    """One transaction for both; of a list that is read alone the line comes first, and then the answer."""
    await owner.execute("alter table logregel add constraint vol check (false) not valid")

    changed = await api.patch(f"/v1/aanvragen/{world.kinderen[0]}", json={"rolstoel": True}, headers=EVERY)
    seen = await api.get(f"/v1/aanvragen/{world.kinderen[0]}")
    listed = await api.get("/v1/aanvragen")

    assert (changed.status_code, seen.status_code, listed.status_code) == (500, 500, 500)
    assert "K-1" not in seen.text + listed.text
    assert str(world.kinderen[0]) not in listed.text
    assert not await owner.fetchval("select rolstoel from aanvraag where id = $1", world.kinderen[0])
    assert await lines(owner) == []


async def test_who_asks_at_the_same_time_leaves_all_lines(
    api: httpx.AsyncClient, owner: Connection, world: World
) -> None:
    """None is lost and none is double."""
    answers = await asyncio.gather(*(api.get("/v1/aanvragen") for _ in range(20)))

    assert {answer.status_code for answer in answers} == {200}
    found = await lines(owner)
    assert Counter(line["aanvraag_id"] for line in found) == dict.fromkeys(await aanvragen(owner), 20)
    assert len({line["trace_id"] for line in found}) == 20


# ── By construction ──────────────────────────────────────────────────────────────────────────────


async def _nothing(_: Call) -> Answer:
    return Answer(body=b"")


@pytest.mark.parametrize("answer", [None, bytes, dict[str, Any], list[object]])
def test_an_operation_of_which_nobody_can_tell_what_it_shows_does_not_start(answer: Any) -> None:
    """Bytes, a stream and Any must declare it."""
    closed = get("/uittreksel", _nothing, id="x", tag="x", summary="x", answer=answer)

    with pytest.raises(TypeError, match="GET /uittreksel"):
        gezien.compiled(closed)


async def test_who_changes_what_is_about_no_child_is_named_with_it(
    serve: Serve, owner: Connection, wie_als: Callable[..., Wie]
) -> None:
    """ "Who changed whose account", also when it was refused: what was asked for stands in the path."""
    id = await make.gebruiker(owner, rol="beheerder")
    beheer = await serve(wie_als("beheerder", gebruiker=id))
    path = f"/v1/gebruikers/{id}"

    await beheer.patch(path, json={"naam": "Sam"}, headers={"If-Match": "*"})
    await beheer.patch(path, json={"actief": False}, headers={"If-Match": "*"})
    await beheer.patch("/v1/vervanging", json={"vervangerId": None, "vervangenTot": None}, headers={"If-Match": "*"})

    assert [(line["handeling"], line["resultaat"], line["object_id"]) for line in await lines(owner)] == [
        ("wijzigGebruiker", "gelukt", id),
        ("wijzigGebruiker", "geweigerd", id),
        ("wijzigVervanging", "gelukt", id),
    ]


def test_of_every_change_that_is_always_in_the_log_it_is_known_of_what() -> None:
    """In the path, or as what was made, or oneself; of a session whose it is. A region has its settings once: which one
    was changed, and from what, stands in instelling_wijziging."""
    who, made = Wie("flevoland", Rol.BEHEERDER, GEBRUIKER), f"/v1/x/{GEBRUIKER}"
    unknown = []
    for operation in OPERATIONS:
        found = gezien.compiled(operation)
        names = re.findall(r"\{(\w+)\}", operation.path)
        if found.object in (None, Object.SESSIE, Object.INSTELLING):
            continue
        if found.object_id(who, dict.fromkeys(names, GEBRUIKER), made if operation.creates else None) is None:
            unknown.append(operation.id)
    assert unknown == []


def test_bytes_that_declare_what_they_show_are_logged() -> None:
    """And `nobody` is a declaration too."""
    pdf = {"id": "haalPlek", "tag": "x", "summary": "x", "produces": "application/pdf"}

    assert gezien.compiled(get("/u", _nothing, betrokkenen=lambda _: [], **pdf)).logs
    assert not gezien.compiled(get("/u", _nothing, betrokkenen=nobody, **pdf)).logs
