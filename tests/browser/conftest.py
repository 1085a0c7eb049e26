"""The screens in Chromium, on the demo as a user starts it. Nothing of these files runs in `make test`.

`visit` opens a page that is watched: an error on the console, a violation of the CSP, or a request to another origin
fails the test, whatever else it looks at.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest

from service.db import OWNER_ROLE
from service.embedded.binaries import installed
from tests.browser.looking import looks, sideways
from tests.conftest import ROOT
from tests.service import running

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Visit = Callable[..., "Page"]

SCHERMEN = ROOT / "docs" / "schermen"

STREAMS = re.compile(r"/v1/(plannen/[0-9a-f-]+/)?gebeurtenissen")
"""What is still being loaded for as long as one looks at a page."""

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str:
    """The Chromium of the operating system; playwright brings none.

    Preferably the one without windows: a new page costs it 0.2 s of CPU, where Chromium draws a whole window around
    it for 0.8 s.
    """
    found = shutil.which("chromium-headless-shell") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "Chromium ontbreekt. Op Debian: apt-get install chromium"
    return found


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Read by pytest-playwright."""
    return {"executable_path": chromium(), "args": ARGUMENTS}


class Site:
    """A running demo and what stands in it."""

    def __init__(self, demo: running.Running, data: Path) -> None:
        self.address = demo.address.rstrip("/")
        self.links = demo.links
        self._demo = demo
        self._data = data

    def sql(self, statement: str) -> list[str]:
        """Runs a statement as the owner; the first column of each row."""
        done = subprocess.run([*self._psql, "-c", statement], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.split("\n")[:-1]

    @cached_property
    def _psql(self) -> list[str]:
        """Straight to the server, as its command line says where it is: through `loket psql` costs a second each."""
        line = self._demo.one("postgres").cmdline()
        [sockets] = [part.partition("=")[2] for part in line if part.startswith("unix_socket_directories")]
        program = shutil.which("psql") or str(installed().postgres / "psql")
        url = f"postgresql://{OWNER_ROLE}@/loket?host={quote(sockets, safe='')}"
        return [program, url, "-qAtX", "-v", "ON_ERROR_STOP=1"]


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """The demo region, as `make demo` gives it."""
    folder = Path(tempfile.mkdtemp(prefix="loket-browser-"))
    # As root, PostgreSQL runs as somebody else, who must be able to enter.
    folder.chmod(0o755)
    with running.demo(folder / "data") as demo:
        yield Site(demo, folder / "data")
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def empty_site(site: Site) -> Iterator[Site]:
    """A second service on the same data, for a region that has just joined: there is somebody in each rol."""
    site.sql("insert into jeugdregio (code, naam) values ('nieuw', 'Nieuwe regio')")
    site.sql("insert into aanbieder (regio, naam) values ('nieuw', 'Nieuwe aanbieder')")
    site.sql("insert into organisatie (regio, soort, naam) values ('nieuw', 'gi', 'Nieuwe GI')")
    command = ["env", "LOKET_REGIO=nieuw", "LOKET_DEMO_LOGIN=ja", *running.loket("serve", "--port", "0")]
    with running.demo(site._data, command) as service:
        yield Site(service, site._data)


@pytest.fixture(scope="session")
def ranked(site: Site) -> str:
    """Path of an aanvraag for which there are places: the first of the regular ones."""
    return (
        "/aanvragen/"
        + site.sql(
            "select id from aanvraag a join aanvraag_kenmerk k on aanvraag_id = id"
            " where a.regio = 'gooi-en-vechtstreek' and urgentie = 'regulier'"
            " and status in ('ingediend', 'in_behandeling') and samenplaatsing_id is null order by kenmerk limit 1"
        )[0]
    )


@pytest.fixture(scope="session")
def nothing_fits(site: Site) -> str:
    """Path of an aanvraag that nothing fits: nobody lives within one minute."""
    return (
        "/aanvragen/"
        + site.sql(
            "update aanvraag set maximale_reistijd = 1 where id = (select id from aanvraag a"
            " join aanvraag_kenmerk k on aanvraag_id = id where urgentie = 'spoed'"
            " and a.regio = 'gooi-en-vechtstreek' and status in ('ingediend', 'in_behandeling')"
            " and samenplaatsing_id is null order by kenmerk limit 1) returning id"
        )[0]
    )


@pytest.fixture(scope="session")
def crisis_beds(site: Site) -> None:
    """Two crisis places more in each house that has a free one, so that a test that takes one leaves enough."""
    site.sql(
        "insert into plek select (jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid(), 'naam',"
        " 'Kamer ' || nr, 'beschikbaarheid', 'bemenst'))).* from plek p, generate_series(7, 8) nr where p.id in ("
        "select distinct on (v.id) p.id from plek p join voorziening v on v.id = p.voorziening_id"
        " where v.zorgvorm = 'crisis' and not v.gesloten and p.regio = 'gooi-en-vechtstreek' and upper_inf(p.bestaat)"
        " and exists (select from plek vrij where vrij.voorziening_id = v.id and not exists (select from bezetting b"
        " where b.plek_id = vrij.id and b.vrijgegeven_op is null and coalesce(upper(b.periode) > now(), true)))"
        " order by v.id, p.id)"
    )


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """`visit(path, js=False, width=320, scheme="dark", at=site, rol=None)`: a page, watched to the end, by whoever has
    that rol (None: nobody)."""
    contexts = []
    wrong: list[str] = []

    def open_page(
        path: str,
        *,
        js: bool = True,
        width: int = 1280,
        height: int = 900,
        scheme: Any = "light",
        at: Site = site,
        status: int = 200,
        rol: str | None = "schakelfunctionaris",
    ) -> Page:
        context = browser.new_context(
            base_url=at.address,
            java_script_enabled=js,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            locale="nl-NL",
            timezone_id="Europe/Amsterdam",
        )
        contexts.append(context)
        page = context.new_page()
        if rol is not None:
            page.request.get(at.links[rol], max_redirects=0)

        def said(message: Any) -> None:
            # Chromium reports the status of the page itself here as well, also of a form that is refused.
            expected = [f"status of {code}" in message.text for code in (status, 400, 409)]
            if message.type in ("error", "warning") and not any(expected):
                wrong.append(f"console: {message.text}")

        def asked(request: Any) -> None:
            if urlsplit(request.url).netloc != urlsplit(at.address).netloc and not request.url.startswith("data:"):
                wrong.append(f"request to another origin: {request.url}")

        def failed(request: Any) -> None:
            # A stream ends with its page, and so does what a live part of that page was just asking for.
            # The icon of the tab is fetched when the page is there already.
            path = urlsplit(request.url).path
            live = STREAMS.fullmatch(path) or "hx-request" in request.headers or path.startswith("/static/icon.")
            if request.failure != "net::ERR_ABORTED" or not live:
                wrong.append(f"failed: {request.url}: {request.failure}")

        page.on("console", said)
        page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
        page.on("requestfailed", failed)
        page.on("request", asked)
        response = page.goto(path)
        assert response is not None
        assert response.status == status, f"{path} gave {response.status}"
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """Violations that axe-core finds on a page, one line each."""
    source = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

    only = json.dumps({"runOnly": {"type": "tag", "values": tags}, "resultTypes": ["violations"]})

    def violations(page: Page) -> list[str]:
        if not page.evaluate("'axe' in window"):
            page.evaluate(source)
        passes, found = page.evaluate(
            f"axe.run(document, {only}).then(found => [found.passes.length, found.violations.map("
            "v => `${v.id}: ${v.help}: ${v.nodes.map(n => n.html.slice(0, 200)).slice(0, 3).join(' … ')}`)])"
        )
        assert passes > 20, "axe looked at almost nothing"
        return list(found)

    return violations


@pytest.fixture(scope="session")
def wrong_with(axe: Callable[[Page], list[str]]) -> Callable[..., list[str]]:
    """`wrong_with(page)`: what axe finds and what sticks out, in each look, with everything unfolded; or in those looks
    that are named."""

    def found(page: Page, *names: str) -> list[str]:
        wrong = []
        for look in looks(page, *names):
            wrong += [f"{look}: {violation}" for violation in axe(page)]
            if stuck := sideways(page):
                wrong.append(f"{look}: sticks out: {stuck}")
        return wrong

    return found


@pytest.fixture(scope="session")
def vnu() -> Callable[[dict[str, str]], list[str]]:
    """Errors and warnings of the HTML validator in pages: name → source. One run of Java for all of them."""
    jar = ROOT / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"

    def errors(pages: dict[str, str]) -> list[str]:
        folder = ROOT / "build" / "html"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, source in pages.items():
            (folder / f"{name}.html").write_text(source, encoding="utf-8")
        done = subprocess.run(
            ["java", "-jar", str(jar), "--format", "json", *map(str, sorted(folder.iterdir()))],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ,
        )
        report = json.loads(done.stderr)
        return [
            f"{Path(message['url']).name}:{message.get('lastLine')}: {message['message']}"
            for message in report["messages"]
        ]

    return errors
