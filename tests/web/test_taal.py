"""Whatever a person reads can be translated: shown by a language in which each text stands in brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from service import taal, toegang
from service.web.pages import render, taalkeuze
from tests import catalogi
from tests.web.conftest import Serve
from tests.web.examples import CANARY, World
from tests.web.test_matrix import PAGES, Matrix
from tests.web.test_matrix import matrix as matrix  # noqa: PLC0414 (a fixture)

NAMES = """
select c.table_name, c.column_name
from information_schema.columns c
join information_schema.tables t using (table_schema, table_name)
where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.data_type = 'text' and c.column_name = any ($1)
"""

WRITTEN = (
    "naam", "bellen_naam", "plaats", "reden", "urgentie_reden", "zorgvorm_reden", "eerder_geprobeerd", "praktisch",
    "mening_jeugdige", "splitsreden", "toelichting", "waarom", "vrijgave_reden",
    "fout",
    "bron",
)  # fmt: skip
"""Columns of what people name and write: on a page it stands as it was written."""

KENMERK = re.compile(rf"{CANARY} \w+( \w+)?")
"""Has a form of its own, that takes no brackets."""


@pytest.fixture
def brackets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    catalogi.make(tmp_path, "qps", catalogi.bracketed)
    with catalogi.spoken(tmp_path, "qps", monkeypatch):
        yield


async def name(matrix: Matrix) -> None:
    """What was named and written is marked too: ‹so›."""
    for table, column in await matrix.owner.fetch(NAMES, list(WRITTEN)):
        await matrix.owner.execute(f"""
            alter table {table} disable trigger user;
            update {table} set {column} = '‹' || {column} || '›' where {column} is not null;
            alter table {table} enable trigger user""")


async def test_every_text_of_every_page_can_be_translated(matrix: Matrix, brackets: None) -> None:
    """For each rol; what stands outside of the brackets and was written by nobody, was forgotten."""
    await name(matrix)
    rows = {field: getattr(matrix.world, field) for field in World.__struct_fields__}
    forgotten: dict[str, set[str]] = {}
    for id, path in PAGES.items():
        line = toegang.handeling(id)
        for caller in matrix.callers:
            if (
                caller.wie is None
                or caller.wie.koppeling
                or not caller.own
                or not line
                or caller.wie.rol not in line.rollen
            ):
                continue
            answer = await matrix.send(caller, "get", path.format_map(rows))
            if answer.headers["content-type"].startswith("text/html"):
                for text in catalogi.unmarked(KENMERK.sub("", answer.text)):
                    forgotten.setdefault(re.sub(r"\s+", " ", text), set()).add(path)
    assert not forgotten, "\n".join(
        f"{text[:150]!r} on {sorted(paths)[:3]}" for text, paths in sorted(forgotten.items())
    )


async def test_a_person_chooses_a_language_at_the_foot_of_any_page(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds from then on, also before the login, and comes back to the same page. Anything else is Dutch."""
    catalogi.make(tmp_path, "qps", catalogi.bracketed)
    real = taal.translations
    monkeypatch.setattr(taal, "translations", lambda code: real(code, tmp_path))
    monkeypatch.setattr(taalkeuze, "talen", lambda: ("nl", "qps"))
    monkeypatch.setitem(render.environment().globals, "talen", lambda: ("nl", "qps"))
    client = await serve()
    before = await client.get("/inloggen?naar=/x", headers={"Accept-Language": "qps"})
    form = {"url": "/taal", "headers": {"Referer": "http://127.0.0.1/inloggen?naar=/x"}}

    chosen = await client.post(**form, data={"taal": "qps"})
    after, missing = await client.get("/inloggen"), await client.get("/is-er-niet")
    back = await client.post(**form, data={"taal": "fr"})
    again = await client.get("/inloggen")

    assert '<html lang="nl"' in before.text and '<h1 class="utrecht-heading-1">Inloggen</h1>' in before.text
    assert '<button class="plain" type="submit" name="taal" value="qps" lang="qps">' in before.text
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/inloggen?naar=/x")
    assert '<html lang="qps"' in after.text and "⟦Inloggen⟧</h1>" in after.text
    assert "⟦Deze pagina is er niet⟧" in missing.text
    assert back.status_code == 303 and ">Inloggen</h1>" in again.text


@pytest.mark.parametrize("referer", ["https://elders.example/x", "http://127.0.0.1//elders.example", "", "x"])
async def test_who_comes_from_elsewhere_goes_to_the_start(serve: Serve, referer: str) -> None:
    """Where to go back to is only ever a page of ours."""
    client = await serve()

    answer = await client.post("/taal", data={"taal": "nl"}, headers={"Referer": referer})

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
