"""Every operation and page × every rol × own and other organisation and region, and a machine, and nobody.

Made of the OpenAPI document, so that a new route without a rule or an example fails. All requests ask for the same
rows, those of one aanbieder and one organisatie: who may see them, really gets them, without the fields that are not
theirs; who may not, gets nothing of them, and nothing has changed.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.routes import HTTPRoute
from msgspec import Struct

from service import toegang
from service.aanvraag.aanvragen import Aanvraag
from service.db import Connection, Pool, Rol, Wie
from service.inloggen import sessies
from service.settings import Settings
from service.web import forms, openapi
from service.web.identity import nobody
from service.web.pages import actie
from service.web.pages.visit import menu, page_id
from service.web.v1 import OPERATIONS
from tests import make
from tests.conftest import OTHER_REGIO, REGIO
from tests.web import examples
from tests.web.conftest import loket, running
from tests.web.examples import CANARY, World

DOCUMENT = openapi.document(OPERATIONS)
PATHS: dict[str, tuple[str, str, dict[str, Any]]] = {
    operation["operationId"]: (method, path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}


class Caller(Struct, frozen=True):
    name: str
    wie: Wie | None
    """None: nobody."""
    own: bool
    """Of the region, and where the rol has one the organisation, whose rows are asked for."""


def callers(own: World, other: World, far: World) -> Iterator[Caller]:
    yield Caller("niemand", None, False)
    number = 100
    for world in (own, other, far):
        where = "eigen" if world is own else "andere organisatie" if world is other else "andere regio"
        for rol in Rol:
            of = {Rol.AANBIEDER: world.aanbieder, Rol.VERWIJZER: world.organisatie}.get(rol)
            if of is None and world is other:
                continue
            number += 1
            wie = Wie(world.regio, rol, UUID(int=number), of)
            yield Caller(f"{rol}, {where}", wie, world is own)
        wie = Wie(world.regio, Rol.AANBIEDER, world.koppeling, world.aanbieder, koppeling=world.koppeling)
        yield Caller(f"koppeling, {where}", wie, world is own)


class Matrix(Struct, frozen=True, eq=False):
    client: httpx.AsyncClient
    world: World
    callers: list[Caller]
    owner: Connection
    settings: Settings

    async def send(self, caller: Caller, method: str, path: str, **request: Any) -> httpx.Response:
        headers = {"X-Caller": caller.name, **request.pop("headers", {})}
        return await self.client.request(method.upper(), path, headers=headers, **request)

    async def operation(self, caller: Caller, id: str) -> httpx.Response:
        """The example request of an operation, about the rows of the world."""
        method, path, operation = PATHS[id]
        for parameter in operation.get("parameters", ()):
            name = parameter["name"]
            if parameter["in"] == "path":
                row = examples.ELSE_IN_PATH.get((id, name)) or examples.IN_PATH[name]
                path = path.replace("{" + name + "}", str(getattr(self.world, row)))
        request: dict[str, Any] = {}
        if id in examples.QUERIES:
            request["params"] = examples.QUERIES[id](self.world)
        if id in examples.BODIES:
            request["json"] = examples.BODIES[id](self.world)
        if id in examples.FILES:
            request["files"] = {"bestand": ("lijst.xlsx", examples.FILES[id](self.world))}
        if method == "patch":
            request["headers"] = {"If-Match": "*"}
        return await self.send(caller, method, f"/v1{path}", **request)

    async def state(self) -> list[str]:
        """A hash of every table, but for what every request may add: its line in the log."""
        tables = await self.owner.fetch(
            "select tablename from pg_tables where schemaname = 'public' and tablename <> all ($1)", list(LOGS)
        )
        rows = "coalesce(md5(string_agg(x::text, '' order by x::text)), '')"
        hashes = " union all ".join(f"select '{t[0]} ' || {rows} from {t[0]} x" for t in tables)
        return sorted(row[0] for row in await self.owner.fetch(hashes))


LOGS = {"logregel", "logketen", "gemeente", "postcodegebied", "productcategorie"}
"""What refused requests may add to; and large tables that nobody writes."""


PERSON = "insert into gebruiker (id, regio, naam, rol, organisatie_id, aanbieder_id) values ($1, $2, $3, $4, $5, $6)"


SESSIE = """
insert into sessie (hash, regio, gebruiker_id, begonnen_op, gezien_op, verloopt_op, id)
values ($1, $2, $3, $4, $4, $4::timestamptz + interval '1 hour', $5)
"""


async def make_people(owner: Connection, everybody: list[Caller], own: World) -> None:
    """Who asks has a row, a session, and somewhere to log in; one has a second session."""
    await owner.execute(
        "insert into identiteitsprovider (id, naam, issuer, client_id) values ($1, 'Idp', 'https://idp.example', 'x')",
        examples.PROVIDER,
    )
    for wie in (caller.wie for caller in everybody):
        if wie is not None and wie.koppeling is None:
            of = (None, wie.organisatie) if wie.rol is Rol.AANBIEDER else (wie.organisatie, None)
            await owner.execute(PERSON, wie.gebruiker, wie.regio, "Iemand", wie.rol, *of)
            await owner.execute(SESSIE, key(wie), wie.regio, wie.gebruiker, make.NOW, uuid4())
    one = next(c.wie for c in everybody if c.own and c.wie is not None and c.wie.rol is Rol.SCHAKELFUNCTIONARIS)
    await owner.execute(SESSIE, sessies.digest("tweede"), one.regio, one.gebruiker, make.NOW, own.sessie)


def key(wie: Wie) -> bytes:
    """Digest of the token of its session."""
    return sessies.digest(str(wie.gebruiker))


@pytest.fixture
async def matrix(settings: Settings, pool: Pool, owner: Connection) -> AsyncIterator[Matrix]:
    # The plan of the first knows the children of the second too, because it is made last.
    other = await examples.world(pool, REGIO, "ander")
    far = await examples.world(pool, OTHER_REGIO, "ver")
    own = await examples.world(pool, REGIO, "eigen", plan=True)
    everybody = list(callers(own, other, far))
    await make_people(owner, everybody, own)
    by_name = {caller.name: caller.wie for caller in everybody}

    async def identity(connection: ASGIConnection[Any, Any, Any, Any]) -> Wie:
        wie = by_name[connection.headers["x-caller"]]
        if wie is None:
            raise nobody("Log eerst in.", had_token=False)
        connection.scope.setdefault("state", {})["sessie_sleutel"] = key(wie)
        return wie

    async with AsyncExitStack() as stack:
        app = loket(settings, identity=identity, clock=lambda: make.NOW)
        await stack.enter_async_context(running(app))
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
        client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1"))
        yield Matrix(client, own, everybody, owner, settings)


# ── What should come of it ───────────────────────────────────────────────────────────────────────


def may(operation: dict[str, Any], caller: Caller) -> bool:
    """By function: as the document says."""
    assert caller.wie is not None
    by_machine = any("koppeling" in need for need in operation["security"])
    return by_machine if caller.wie.koppeling else caller.wie.rol in operation["x-rollen"]


def reaches(id: str, caller: Caller) -> bool:
    """By row: those of the own region, or only those of the own organisation, as the table says."""
    line = toegang.handeling(id)
    assert line is not None and caller.wie is not None
    grond = line.grond(caller.wie)
    assert grond is not None
    if id in examples.EEN:
        return caller.own and caller.wie.rol is Rol.SCHAKELFUNCTIONARIS
    return caller.own or (caller.wie.regio == REGIO and not grond.eigen)


def expected(id: str, caller: Caller) -> set[int]:
    """Which status there should be."""
    _, path, operation = PATHS[id]
    good = {int(status) for status in operation["responses"] if status.startswith("2")}
    if operation["security"] == []:
        return good
    if caller.wie is None:
        return {401}
    if not may(operation, caller):
        return {403}
    if reaches(id, caller) or id in examples.FREE or (id in examples.LISTED and "{" not in path):
        return good
    if "{" in path:
        return {404}
    # Something new of an aanbieder or organisatie that is not there for the caller, or is not its own.
    return {400, 403}


def properties(schema: dict[str, Any], value: Any) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Name, schema and value of every field in an answer, however deep."""
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    kinds = schema.get("discriminator")
    options = schema.get("anyOf", ())
    if kinds is not None and value is not None:
        options = [{"$ref": kinds["mapping"][value[kinds["propertyName"]]]}]
    for option in options:
        if option != {"type": "null"} and value is not None:
            yield from properties(option, value)
    if isinstance(value, list):
        for item in value:
            yield from properties(schema.get("items", {}), item)
    elif isinstance(value, dict):
        for name, below in schema.get("properties", {}).items():
            yield name, below, value[name]
            yield from properties(below, value[name])


def check_fields(id: str, caller: Caller, answer: httpx.Response) -> None:
    """What this rol does not see is empty."""
    assert caller.wie is not None
    method, path, operation = PATHS[id]
    response = operation["responses"][str(answer.status_code)]["content"]
    if "application/json" not in response or answer.headers["content-type"] != "application/json":
        return
    for name, schema, value in properties(response["application/json"]["schema"], answer.json()):
        if caller.wie.rol not in schema.get("x-zichtbaar-voor", Rol):
            assert value in (None, [], {}), (method, path, caller.name, name, value)


def check_empty(id: str, caller: Caller, matrix: Matrix, answer: httpx.Response, *, form: bool = False) -> None:
    """Nothing of the rows stands in what is answered; but for the names that the caller sent itself, in a list."""
    where = id, caller.name
    assert "location" not in answer.headers or answer.status_code == 303, where
    canaries = [CANARY]
    if id in examples.FILES:
        canaries = [str(text) for text in examples.STORIES.values() if CANARY in str(text)]
    elif answer.status_code == 200 or form:  # a list of what the caller has itself, also around a form that was refused
        canaries = [matrix.world.name]
    assert not [text for text in canaries if text in answer.text], where
    assert not [nummer for nummer in matrix.world.nummers if nummer in answer.text], where
    assert not [id for id in matrix.world.ids() if id in answer.text], where


PAGES = {
    "paginaAanvragen": "/",
    "paginaCrisis": "/crisis",
    "paginaCrisisplaatsing": "/crisis/plekken/{crisisplek}/geplaatst",
    "paginaAanvraag": "/aanvragen/{open}",
    "paginaKinderen": "/plekken/{plek}/kinderen",
    "paginaAanvullen": "/aanvragen/{open}/aanvullen",
    "paginaOpschalingen": "/opschalingen",
    "paginaOpschaling": "/opschalingen/{opschaling}",
    "paginaOpschalingAfdruk": "/opschalingen/{opschaling}/afdruk",
    "paginaUittreksel": "/aanvragen/{geplaatst}/uittreksel",
    "paginaRoutes": "/aanvragen/{open}/routes",
    "paginaVrijePlekken": "/plekken/vrij",
    "paginaWachtlijst": "/wachtlijst",
    "paginaPlannen": "/plannen",
    "paginaPlan": "/plannen/{plan}",
    "paginaPlanregel": "/plannen/{plan}/regels/{open}",
    "paginaMijnAanvragen": "/mijn-aanvragen",
    "paginaMijnAanvraag": "/mijn-aanvragen/{open}",
    "paginaNieuweAanvraag": "/aanvragen/nieuw",
    "paginaBericht": "/berichten/{bericht}",
    "paginaPlekken": "/plekken",
    "paginaPlek": "/plekken/{plek}",
    "paginaCijfers": "/cijfers",
    "paginaCijferbestand": "/cijfers/bevestigd/csv",
    "paginaMislukt": "/beheer/mislukt",
    "paginaInstellingen": "/beheer/instellingen",
    "paginaInstellinggroep": "/beheer/instellingen/wachten",
    "paginaInstellingproef": "/beheer/instellingen/wachten/proef?normenDagen.regulier=3",
    "paginaGebruikers": "/beheer/gebruikers",
    "paginaGebruiker": "/beheer/gebruikers/{gebruiker}",
    "paginaKoppelingen": "/beheer/koppelingen",
    "paginaKoppeling": "/beheer/koppelingen/{koppeling}",
    "paginaVoorstellen": "/voorstellen",
    "paginaVoorstel": "/voorstellen/{voorstel}",
    "paginaPlaatsingen": "/plaatsingen",
    "paginaPlaatsing": "/plaatsingen/{plaatsing}",
    "paginaVragen": "/vragen",
    "paginaVraag": "/vragen/{vraag}",
    "paginaEigenCijfers": "/eigen-cijfers",
    "paginaStart": "/start",
    "paginaRondleiding": "/rondleiding",
    "paginaMails": "/mails",
    "paginaVervanging": "/vervanging",
    "paginaSessies": "/sessies",
}
"""Where the example of a page is. The open aanvraag stands on the first two, and nothing of anybody on the others."""

NAMED = {
    **dict.fromkeys(
        ("paginaPlekken", "paginaPlek", "paginaVoorstellen", "paginaVoorstel", "paginaPlaatsingen", "paginaPlaatsing"),
        "{name}",
    ),
    **dict.fromkeys(("paginaVragen", "paginaVraag"), "{name}"),
    "paginaEigenCijfers": "Uw cijfers",
    "paginaVrijePlekken": "{name} crisis",
    "paginaUittreksel": "{nummers[0]}",
    **dict.fromkeys(("paginaOpschaling", "paginaOpschalingAfdruk"), "{nummers[2]}"),
    "paginaPlannen": "{plan}",
}
"""What stands on a page for who may see it, where that is not the open aanvraag."""

COUNTED_FOR = {("paginaWachtlijst", Rol.CONTRACTBEHEER)}
"""Pages that count for one rol, and name for others."""

COUNTED = {
    "paginaCijfers",
    "paginaCijferbestand",
    "paginaMislukt",
    "paginaInstellingen",
    "paginaInstellinggroep",
    "paginaInstellingproef",
    "paginaGebruikers",
    "paginaGebruiker",
    "paginaKoppelingen",
    "paginaKoppeling",
}
"""Pages about no child: not even its number stands there."""

OWN_FORMS: dict[str, tuple[str, dict[str, str]]] = {
    "wijzigVervanging": ("/vervanging", {}),
    "wijzigWaarneming": ("/vervanging/namens", {}),
    "wijzigSessie": ("/sessies/einde", {"sessieId": "{sessie}"}),
    "eindigAndereSessies": ("/sessies/einde-andere", {}),
}
"""Forms about oneself, each by the operation that does the same."""

FORMS: dict[str, dict[str, str]] = {
    "/plannen/{plan_id}/regels/{aanvraag_id}/opnieuw": {"voorzieningId": "{voorziening}", "reden": "Moet hier."},
}
"""Path of a form → what it sends besides the example of its operation, with rows of the world."""


# ── The tests ────────────────────────────────────────────────────────────────────────────────────


def test_every_operation_has_an_example() -> None:
    """A new route is not in the matrix by accident only: what it needs is written in examples.py."""
    for id, (method, path, operation) in PATHS.items():
        if "requestBody" in operation:
            assert id in examples.BODIES or id in examples.FILES, f"no example of the body of {id}"
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                assert parameter["name"] in examples.IN_PATH, f"no row for {parameter['name']} of {id}"
        if method == "get" and "{" not in path:
            assert id in examples.LISTED or id in examples.FREE, f"{id} is a list of whose rows?"


async def test_each_operation_does_for_each_caller_what_the_table_says(matrix: Matrix) -> None:
    """Status, fields, and for who is refused: no data and no change. Refused ones first, so that no row is gone."""
    wrong: list[str] = []
    for id in PATHS:
        statuses = {caller.name: expected(id, caller) for caller in matrix.callers}
        before = await matrix.state()
        for caller in sorted(matrix.callers, key=lambda caller: min(statuses[caller.name]) < 400):
            if min(statuses[caller.name]) < 400 and before:
                assert await matrix.state() == before, f"{id}: something changed for who was refused"
                before = []
            if min(statuses[caller.name]) < 400 and id in examples.BEFORE:
                row = getattr(matrix.world, examples.WITH.get(id, "koppeling"))
                await matrix.owner.execute(examples.BEFORE[id], row)
            answer = await matrix.operation(caller, id)
            if answer.status_code not in statuses[caller.name]:
                wrong.append(
                    f"{id} as {caller.name}: {answer.status_code}, not {statuses[caller.name]} {answer.text[:300]}"
                )
            elif answer.status_code >= 400:
                check_empty(id, caller, matrix, answer)
            elif caller.wie is not None:
                check_fields(id, caller, answer)
                if id in examples.LISTED:
                    listed = str(getattr(matrix.world, examples.LISTED[id])) in answer.text
                    if listed != reaches(id, caller):
                        wrong.append(f"{id} as {caller.name}: listed {listed}")
        if before:
            assert await matrix.state() == before, f"{id}: something changed for who was refused"
    assert not wrong, "\n".join(wrong)


async def test_each_page_is_for_each_caller_what_the_table_says(matrix: Matrix) -> None:
    """In words that a browser shows: to the login page, refused, not there, or there without what is hidden."""
    pages = {line.id for line in toegang.HANDELINGEN} - PATHS.keys()
    assert pages == PAGES.keys(), "a page without an example"
    nummer, rows = matrix.world.nummers[1], {name: getattr(matrix.world, name) for name in World.__struct_fields__}
    for id, path in PAGES.items():
        for caller in matrix.callers:
            answer = await matrix.send(caller, "get", path.format_map(rows))
            where = id, caller.name, answer.text[:500]
            if caller.wie is None:
                assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/inloggen"), where
            elif not (line := toegang.handeling(id)) or caller.wie.rol not in line.rollen or caller.wie.koppeling:
                home = next((path for _, path, _ in menu(caller.wie)), "/start")
                elsewhere = (303, home) if id == "paginaAanvragen" else (403, None)
                assert (answer.status_code, answer.headers.get("location")) == elsewhere, where
            elif id in ("paginaStart", "paginaVervanging", "paginaSessies", "paginaMails"):
                own = f"<dd>{caller.wie.rol}</dd>" if id == "paginaStart" else "Uw vervanger"
                own = "Mails aan u" if id == "paginaMails" else own
                own = f"<dd>{caller.wie.rol}, " if id == "paginaSessies" else own
                assert answer.status_code == 200 and own in answer.text, where
                if caller.own:  # where it works itself stands there
                    mine = {str(matrix.world.sessie)} if id == "paginaSessies" else {str(matrix.world.gebruiker)}
                    assert not [row for row in {nummer, *matrix.world.ids()} - mine if row in answer.text], where
                    continue
            elif id == "paginaNieuweAanvraag":  # what it fills in itself
                assert answer.status_code == 200, where
            elif id in ("paginaBericht", "paginaRondleiding"):  # it is to somebody else; this is no demo
                assert answer.status_code == 404, where
            elif not reaches(id, caller):
                assert answer.status_code == (404 if "{" in path else 200), where
            elif id in COUNTED or (id, caller.wie.rol) in COUNTED_FOR:
                assert answer.status_code == 200, where
                assert not [row for row in matrix.world.nummers if row in answer.text], where
                continue
            else:
                shown = NAMED.get(id, nummer).format_map(rows)
                assert answer.status_code == 200 and shown in answer.text, where
                for name, story in examples.STORIES.items():
                    if caller.wie.rol not in toegang.ziet(Aanvraag, name) and CANARY in str(story):
                        assert str(story) not in answer.text, (where, name)
                assert (
                    caller.wie.rol in toegang.ziet(Aanvraag, "kenmerk") or f"{matrix.world.name} 2" not in answer.text
                )
                continue
            check_empty(id, caller, matrix, answer)


async def test_each_form_about_oneself_changes_only_what_is_of_who_sends_it(matrix: Matrix) -> None:
    """Others are refused, and nothing changed."""
    second = "select beeindigd_op is null from sessie where id = $1"
    for id, (path, form) in OWN_FORMS.items():
        data = {name: value.format(sessie=matrix.world.sessie) for name, value in form.items()}
        before = await matrix.state()
        for caller in matrix.callers:
            if caller.wie is None or caller.wie.koppeling:
                answer = await matrix.send(caller, "post", path, data=data)
                assert answer.status_code == (nobodys(data) if caller.wie is None else 403), (id, caller.name)
                assert answer.headers.get("location", "/inloggen") == "/inloggen", (id, caller.name)
        assert await matrix.state() == before, f"{id}: something changed for who was refused"
        mine = [c for c in matrix.callers if c.name == "schakelfunctionaris, eigen"]
        for caller in sorted(matrix.callers, key=lambda caller: caller in mine):
            if caller.wie is not None and not caller.wie.koppeling:
                assert await matrix.owner.fetchval(second, matrix.world.sessie), (id, caller.name)
                answer = await matrix.send(caller, "post", path, data=data)
                good = 303 if id not in examples.EEN or caller in mine else 400
                assert answer.status_code == good, (id, caller.name, answer.text)
        if id == "wijzigSessie":
            assert not await matrix.owner.fetchval(second, matrix.world.sessie)
            await matrix.owner.execute("update sessie set beeindigd_op = null")


async def test_each_form_does_for_each_caller_what_its_operation_does(matrix: Matrix) -> None:
    """A form of a page is an operation with a line in the table: sent with the example of that operation it goes on to
    a page for who may do it, and for anybody else nothing is told and nothing changes."""
    own = {path for path, _ in OWN_FORMS.values()}
    posts = {path: id for path, id in forms_of(loket(matrix.settings)).items() if path not in own}
    assert set(posts.values()) <= PATHS.keys(), "a form that no operation does"
    rows = {name: getattr(matrix.world, name) for name in World.__struct_fields__}
    for path, id in posts.items():
        url = filled_in(matrix.world, path, id)
        data: forms.Given = {}
        actie.flatten(examples.BODIES[id](matrix.world) if id in examples.BODIES else {}, "", data)
        if PATHS[id][0] == "patch":
            data[actie.VERSIE] = ["*"]
        data |= {name: [value.format_map(rows)] for name, value in FORMS.get(path, {}).items()}
        people = [c for c in matrix.callers if c.wie and not c.wie.koppeling]
        free = id in examples.FREE and "{" not in path
        able = [c for c in people if may(PATHS[id][2], c) and (free or reaches(id, c))]
        assert able, f"{path}: nobody may"
        before = await matrix.state()
        for caller in matrix.callers:
            if caller not in able:
                answer = await matrix.send(caller, "post", url, data=data)
                statuses = {nobodys(data)}
                if caller.wie is not None:
                    statuses = {400, 403, 404} if may(PATHS[id][2], caller) else {403}
                assert answer.status_code in statuses, (path, caller.name, answer.text)
                if answer.status_code != 401:
                    check_empty(id, caller, matrix, answer, form=True)
        assert await matrix.state() == before, f"{path}: something changed for who was refused"
        for first, caller in enumerate(able):
            if id in examples.BEFORE:
                await matrix.owner.execute(
                    examples.BEFORE[id], getattr(matrix.world, examples.WITH.get(id, "koppeling"))
                )
            answer = await matrix.send(caller, "post", url, data=data)
            good = {303} if not first or id in examples.BEFORE else {303, 400, 409}
            assert answer.status_code in good, (path, caller.name, answer.text)


async def test_each_form_that_makes_something_can_be_sent_twice(matrix: Matrix) -> None:
    """Whoever taps twice, or goes back and sends it again, has it once: the form holds a key of its own. What changes
    something says what it looked at."""
    routes = {re.compile(re.sub(r"{\w+}", "[^/]+", path)): id for path, id in forms_of(loket(matrix.settings)).items()}
    rows = {name: getattr(matrix.world, name) for name in World.__struct_fields__}
    bare, seen = set(), set()
    for caller in matrix.callers:
        for path in PAGES.values() if caller.own and caller.wie and not caller.wie.koppeling else ():
            where = path.format_map(rows)
            text = (await matrix.send(caller, "get", where)).text
            for attributes, inner in re.findall(r"<form([^>]*method=\"post\"[^>]*)>(.*?)</form>", text, re.DOTALL):
                action = re.search(r'action="([^"]*)"', attributes)
                to = action[1] if action else where.partition("?")[0]
                for id in {id for pattern, id in routes.items() if pattern.fullmatch(to)}:
                    operation = actie.BY_ID[id]
                    needed = actie.SLEUTEL if operation.repeatable else actie.VERSIE
                    seen.add(id)
                    if (operation.repeatable or operation.method == "PATCH") and f'name="{needed}"' not in inner:
                        bare.add((id, needed, path))
    assert len(seen) > 25
    # Those about oneself are done whatever there was before.
    assert not [one for one in bare if one[0] not in OWN_FORMS]


def nobodys(data: Mapping[str, Any]) -> int:
    """What a form of nobody gets: all of it back, to send it after a login (pages/test_verlopen.py); nothing of ours
    is read for that. Where nothing was filled in, the way to the login page."""
    return 401 if data.keys() - {actie.SLEUTEL, actie.VERSIE} else 303


def forms_of(app: Litestar) -> dict[str, str]:
    """Path → the operation that does the same, of each form that somebody must be logged in for."""
    return {
        route.path_format: page_id(handler)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if method == "POST" and page_id(handler) not in toegang.OPENBAAR
    }


def filled_in(world: World, path: str, id: str) -> str:
    """The path of a form, with the rows of the world that the example of its operation is about."""
    for name in re.findall(r"{(\w+)}", path):
        head, *rest = name.split("_")
        camel = head + "".join(part.capitalize() for part in rest)
        row = examples.ELSE_IN_PATH.get((id, camel)) or examples.IN_PATH[camel]
        path = path.replace("{" + name + "}", str(getattr(world, row)))
    return path


async def test_pages_without_login_say_nothing_of_anybody(matrix: Matrix) -> None:
    for path in ("/livez", "/readyz", "/inloggen", "/favicon.ico", "/bestaat-niet"):
        answer = await matrix.send(matrix.callers[0], "get", path)
        assert answer.status_code in (200, 404)
        check_empty(path, matrix.callers[0], matrix, answer)


async def test_the_crisisdienst_sees_children_in_crisis_and_no_others(matrix: Matrix) -> None:
    """Also of those it knows the id of; once a crisis is over it is gone for the crisisdienst."""
    crisis = next(caller for caller in matrix.callers if caller.name == "crisisdienst, eigen")
    regulier, over = matrix.world.regulier, matrix.world.open
    await matrix.owner.execute("update aanvraag set status = 'ingetrokken' where id = $1", over)

    for id in (regulier, over):
        for method, below in (("get", ""), ("patch", ""), ("get", "/rangschikking")):
            request = {"json": {"rolstoel": True}, "headers": {"If-Match": "*"}} if method == "patch" else {}
            answer = await matrix.send(crisis, method, f"/v1/aanvragen/{id}{below}", **request)
            assert answer.status_code == 404, (below, answer.text)
            check_empty(f"{method} {below}", crisis, matrix, answer)
        assert (await matrix.send(crisis, "get", f"/aanvragen/{id}")).status_code == 404
        assert str(id) not in (await matrix.send(crisis, "get", "/v1/aanvragen?aantal=200")).text
        assert str(id) not in (await matrix.send(crisis, "get", "/")).text


@pytest.mark.parametrize("rol", sorted(toegang.AANVRAGEN_ZIEN))
async def test_a_rol_sees_of_a_child_what_the_document_says_and_nothing_less(matrix: Matrix, rol: Rol) -> None:
    """Every field is filled: what is empty in the answer is what this rol does not see."""
    await matrix.owner.execute(
        "insert into uitsluiting (regio, aanvraag_id, soort, pc4, straal_km) values ($1, $2, 'gebied', '1211', 5)",
        REGIO,
        matrix.world.geplaatst,
    )
    fill = "update aanvraag set behandelaar_id = gen_random_uuid(), vervolg_van = gen_random_uuid(),"
    fill += " aan_te_vullen = '{pc4}' where id = $1"
    await matrix.owner.execute(fill, matrix.world.geplaatst)
    caller = next(caller for caller in matrix.callers if caller.name == f"{rol}, eigen")
    fields = DOCUMENT["components"]["schemas"]["Aanvraag"]["properties"]
    told = {name for name, schema in fields.items() if rol not in schema.get("x-zichtbaar-voor", Rol)}

    seen = (await matrix.operation(caller, "haalAanvraag")).json()

    sometimes = {
        name
        for name, schema in fields.items()
        if set(toegang.AANVRAGEN_ZIEN) - set(schema.get("x-zichtbaar-voor", Rol))
    }
    assert {name for name in sometimes if seen[name] in (None, [])} == told & sometimes
    assert told <= sometimes


@pytest.mark.parametrize("rol", sorted(toegang.AANVRAGEN_DOEN))
async def test_sending_back_what_one_was_shown_changes_nothing(matrix: Matrix, rol: Rol) -> None:
    """A hidden field comes back as null, and is not wiped by it; writing something there is refused."""
    caller = next(caller for caller in matrix.callers if caller.name == f"{rol}, eigen")
    changeable = DOCUMENT["components"]["schemas"]["WijzigingAanvraagVelden"]["properties"]
    got = await matrix.operation(caller, "haalAanvraag")
    path, back = f"/v1/aanvragen/{matrix.world.geplaatst}", {n: v for n, v in got.json().items() if n in changeable}
    columns = ", ".join(["eerder_geprobeerd", "mening_jeugdige", "pc4", "school_pc4", "onderwijs", "urgentie_reden"])
    row = f"select {columns}, (select kenmerk from aanvraag_kenmerk where aanvraag_id = id) from aanvraag where id = $1"
    before = await matrix.owner.fetchrow(row, matrix.world.geplaatst)

    answer = await matrix.send(caller, "patch", path, json=back, headers={"If-Match": got.headers["etag"]})
    other = {"kenmerk": "X-1", "pc4": "1251", "meningJeugdige": "Iets anders"}
    hidden = {name: value for name, value in other.items() if got.json()[name] is None}
    refused = await matrix.send(caller, "patch", path, json=hidden, headers={"If-Match": "*"})

    assert answer.status_code == 200, answer.text
    assert await matrix.owner.fetchrow(row, matrix.world.geplaatst) == before
    assert {error["location"]["pointer"] for error in refused.json().get("errors", ())} == {
        f"/{name}" for name in hidden
    }
