"""The requests that are spoiled: each operation of the document, each page, each form as it stands on a page."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

from service import toegang
from service.app import create_app
from service.settings import Settings
from service.web.pages import actie
from tests.fuzz.place import Place
from tests.fuzz.wire import Line
from tests.web import examples
from tests.web.examples import World
from tests.web.test_matrix import FORMS, OWN_FORMS, PAGES, PATHS, forms_of

FORM = "application/x-www-form-urlencoded"

Pairs = list[tuple[str, str]]


class Seed(Struct, kw_only=True):
    """A request that is right, as far as the rows still are as they were. In `path`, `query` and `form` the name of a
    row of the world stands between braces."""

    name: str
    method: str
    path: str
    rollen: list[str]
    """Who may."""
    query: Callable[[World], dict[str, Any]] = lambda _: {}
    body: Callable[[World], Any] | None = None
    """JSON."""
    form: Callable[[World], Pairs] | None = None
    file: Callable[[World], bytes] | None = None
    kinds: tuple[str, ...] = ("application/json",)
    headers: tuple[tuple[str, str], ...] = ()


def rows(world: World) -> dict[str, str]:
    return {name: str(getattr(world, name)) for name in World.__struct_fields__}


def _row_of(id: str, camel: str) -> str:
    return examples.ELSE_IN_PATH.get((id, camel)) or examples.IN_PATH[camel]


def operations() -> list[Seed]:
    found = []
    for id, (method, path, operation) in PATHS.items():
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                path = path.replace("{" + parameter["name"] + "}", "{" + _row_of(id, parameter["name"]) + "}")  # noqa: PLW2901
        known = {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "query"}
        rollen = [str(rol) for rol in operation.get("x-rollen", ())] or ["niemand"]
        if any("koppeling" in need for need in operation.get("security", ())):
            rollen.append("koppeling")
        found.append(
            Seed(
                name=id,
                method=method.upper(),
                path=f"/v1{path}",
                rollen=rollen,
                query=_query(id, sorted(known)),
                body=examples.BODIES.get(id),
                file=examples.FILES.get(id),
                kinds=tuple(operation.get("requestBody", {}).get("content", ())) or ("application/json",),
                headers=(("If-Match", "*"),) if method == "patch" else (),
            )
        )
    return found


def _query(id: str, known: list[str]) -> Callable[[World], dict[str, Any]]:
    given = examples.QUERIES.get(id, lambda _: {})
    return lambda world: {**dict.fromkeys(known, ""), **given(world)}


def forms() -> list[Seed]:
    """Of the screens, with the example of the operation that does the same."""
    found = []
    own = {path: (id, data) for id, (path, data) in OWN_FORMS.items()}
    for path, id in forms_of(create_app(Settings())).items():
        line = toegang.handeling(id)
        url = path
        for part in [piece[1:-1] for piece in path.split("/") if piece.startswith("{")]:
            head, *rest = part.split("_")
            url = url.replace("{" + part + "}", "{" + _row_of(id, head + "".join(map(str.capitalize, rest))) + "}")
        extra = FORMS.get(path, {}) | (own[path][1] if path in own else {})
        found.append(
            Seed(
                name=f"form {path}",
                method="POST",
                path=url,
                rollen=[str(rol) for rol in line.rollen] if line else [],
                form=_example(id, extra, versie=PATHS[id][0] == "patch"),
                kinds=(FORM,),
            )
        )
    return found


def _example(id: str, extra: dict[str, str], *, versie: bool) -> Callable[[World], Pairs]:
    def pairs(world: World) -> Pairs:
        data: dict[str, list[str]] = {}
        actie.flatten(examples.BODIES[id](world) if id in examples.BODIES else {}, "", data)
        if versie:
            data[actie.VERSIE] = ["*"]
        data |= {name: [value.format_map(rows(world))] for name, value in extra.items()}
        return [(name, value) for name, values in data.items() for value in values]

    return pairs


def pages() -> list[Seed]:
    found = []
    for id, path in PAGES.items():
        line = toegang.handeling(id)
        where, _, query = path.partition("?")
        asked = dict(parse_qsl(query))
        found.append(
            Seed(
                name=id,
                method="GET",
                path=where,
                rollen=[str(rol) for rol in line.rollen] if line else [],
                query=lambda _, asked=asked: dict(asked),
            )
        )
    return found


PUBLIC = (
    ("GET", "/livez"), ("GET", "/readyz"), ("GET", "/inloggen"), ("GET", "/inloggen/terug"), ("POST", "/uitloggen"),
    ("GET", "/inloggen/start"), ("POST", "/inloggen/keuze"), ("POST", "/taal"),
    ("POST", "/inloggen/afmelden/00000000-0000-0000-0000-000000000007"), ("GET", "/inloggen/sleutels.json"),
    ("POST", "/oauth/token"), ("GET", "/.well-known/oauth-authorization-server"), ("GET", "/demo-inloggen/geheim"),
    ("GET", "/bevestigen/geheim"), ("POST", "/bevestigen/geheim"), ("GET", "/static/niets.js"), ("GET", "/favicon.ico"),
    ("GET", "/v1/openapi.json"), ("GET", "/v1/bestaat-niet"), ("OPTIONS", "/"), ("TRACE", "/"), ("GET", "/geen-pagina"),
)  # fmt: skip

SENT: Pairs = [
    ("code", "abc"), ("state", "abc"), ("error", "access_denied"), ("terug", "/start"), ("taal", "nl"), ("keuze", "a"),
    ("grant_type", "client_credentials"), ("client_assertion", "eyJhbGciOiJFUzI1NiJ9.e30.AAAA"), ("client_id", "x"),
    ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), ("logout_token", "e30.e30.AA"),
]  # fmt: skip


def public() -> list[Seed]:
    return [
        Seed(
            name=path,
            method=method,
            path=path,
            rollen=["niemand"],
            query=(lambda _: dict(SENT)) if method == "GET" else lambda _: {},
            form=(lambda _: list(SENT)) if method == "POST" else None,
            kinds=(FORM,),
        )
        for method, path in PUBLIC
    ]


# ── As it stands on a page ───────────────────────────────────────────────────────────────────────


class Forms(HTMLParser):
    """Forms of a page with what is filled in, and links that ask something."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, str, Pairs]] = []
        self.links: set[str] = set()
        self._select, self._area = "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self.forms.append((given.get("method", "get").upper(), given.get("action", ""), []))
        elif tag == "a" and given.get("href", "").startswith(("/", "?")) and "?" in given["href"]:
            self.links.add(given["href"])
        elif not self.forms:
            return
        elif tag in ("input", "button") and name:
            self.forms[-1][2].append((name, given.get("value", "")))
        elif tag in ("select", "textarea"):
            self._select = name if tag == "select" else ""
            self.forms[-1][2].append((name, ""))
        elif tag == "option" and self._select and given.get("value"):
            self.forms[-1][2].append((self._select, given["value"]))


async def crawled(place: Place) -> list[Seed]:
    """What each rol finds on its pages: forms of both methods, and links with a query."""
    line, found, seen = Line(place.host, place.port), [], set()
    world = place.worlds[0]
    back = {value: "{" + name + "}" for name, value in rows(world).items() if len(value) == 36}
    for seed in pages():
        for rol in seed.rollen:
            headers = "".join(f"{name}: {value}\r\n" for name, value in place.people[0][rol].headers)
            path = seed.path.format_map(rows(world))
            raw = f"GET {path} HTTP/1.1\r\nHost: {place.host}:{place.port}\r\n{headers}\r\n".encode()
            answer = await line.ask(raw)
            parser = Forms()
            parser.feed(answer.body.decode("utf-8", "replace") if answer.kind == "text/html" else "")
            asked = [("GET", link, []) for link in parser.links]
            for method, action, pairs in [*parser.forms, *asked]:
                where = urlsplit(action or path)
                url, sent = _templated(where.path or path, back), [*parse_qsl(where.query), *pairs]
                key = method, url, rol, tuple(sorted({name for name, _ in sent}))
                if url.startswith("/") and url != "/uitloggen" and key not in seen:
                    seen.add(key)
                    found.append(_found(f"{seed.name} {method} {url}", method, url, rol, sent[:400], back))
    line.close()
    return found


def _templated(text: str, back: dict[str, str]) -> str:
    text = text.replace("{", "%7B").replace("}", "%7D")
    for value, name in back.items():
        text = text.replace(value, name)
    return text


def _found(name: str, method: str, url: str, rol: str, sent: Pairs, back: dict[str, str]) -> Seed:
    def pairs(world: World) -> Pairs:
        now = rows(world)
        forth = {value: now[name[1:-1]] for value, name in back.items()}
        return [(name, forth.get(value, value)) for name, value in sent]

    seed = Seed(name=name, method=method, path=url, rollen=[rol], kinds=(FORM,))
    if method == "POST":
        seed.form = pairs
    else:
        seed.query = lambda world: dict(pairs(world))
    return seed
