"""How soon something is seen where there is much: a region with 6,000 open aanvragen and 40,000 plekken. Printed, not
judged: the time in the server is measured on a quiet computer (tests/bench/bench_schermen.py)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.bench_schermen import MULTIPLY
from tests.browser.conftest import Site, Visit
from tests.service import running

pytestmark = pytest.mark.browser

REGIO = "'gooi-en-vechtstreek'"

COPIES = f"""
create temporary table kopie as
select p.id as plek, p.voorziening_id as voorziening, nr
from plek p, generate_series(1, 200) as nr
where p.regio = {REGIO}
order by nr
limit 40000 - (select count(*) from plek where regio = {REGIO});
insert into voorziening
select (jsonb_populate_record(v, jsonb_build_object(
    'id', md5(v.id::text || k.nr)::uuid, 'naam', v.naam || ' ' || k.nr))).*
from (select distinct voorziening, nr from kopie) as k join voorziening v on v.id = k.voorziening;
insert into plek
select (jsonb_populate_record(p, jsonb_build_object(
    'id', gen_random_uuid(), 'voorziening_id', md5(p.voorziening_id::text || k.nr)::uuid))).*
from kopie k join plek p on p.id = k.plek;
{MULTIPLY.replace("$1", REGIO)};
analyze;
"""

OPEN = f"select count(*) from aanvraag where is_open(status) and regio = {REGIO}"
PLEKKEN = f"select count(*) from plek where regio = {REGIO}"

PAINT = """() => new Promise(done => {
    const [went] = performance.getEntriesByType('navigation')
    const found = {answer: went.responseStart, bytes: went.transferSize}
    new PerformanceObserver(seen => {
        for (const paint of seen.getEntries()) found[paint.name] = paint.startTime
        if ('first-paint' in found && 'first-contentful-paint' in found) done(found)
    }).observe({type: 'paint', buffered: true})
})"""


@pytest.fixture(scope="module")
def large() -> Iterator[Site]:
    folder = Path(tempfile.mkdtemp(prefix="loket-browser-"))
    folder.chmod(0o755)
    with running.demo(folder / "data") as demo:
        site = Site(demo, folder / "data")
        site.sql(COPIES)
        assert site.sql(OPEN) == ["6000"] and site.sql(PLEKKEN) == ["40000"]
        yield site
    shutil.rmtree(folder)


@pytest.mark.parametrize("wat", ["werklijst met 6.000 aanvragen", "lijst van 40.000 plekken"])
def test_the_first_paint_is_measured(visit: Visit, large: Site, wat: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a browser that has nothing of it yet, and of one that looked before."""
    one = large.sql(
        f"select id from aanvraag where is_open(status) and regio = {REGIO} and urgentie = 'regulier'"
        " and samenplaatsing_id is null order by md5(id::text) limit 1"
    )[0]
    path, row, rows = ("/", "[id^=a-]", 50) if wat.startswith("werklijst") else (f"/aanvragen/{one}", ".place-row", 15)
    page = visit(path, at=large)
    first = page.evaluate(PAINT)
    assert page.locator(row).count() == rows
    page.goto(path)
    again = page.evaluate(PAINT)
    with capsys.disabled():
        print(f"\n{wat}:")
        for when, found in (("eerste keer", first), ("daarna", again)):
            print(
                f"  {when}: antwoord na {found['answer']:.0f} ms, eerste beeld na {found['first-paint']:.0f} ms, eerste"
                f" inhoud na {found['first-contentful-paint']:.0f} ms; {found['bytes'] / 1000:.0f} kB aan HTML"
            )
