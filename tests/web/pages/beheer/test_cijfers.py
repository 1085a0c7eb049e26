"""`/cijfers`: what the figures say, with small numbers hidden from who may not see them, and each table as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from openpyxl import load_workbook

from service.cijfers.cijfers import DELEN as PARTS
from service.cijfers.cijfers import periode, periodes
from service.db import Connection, Pool, Wie, transaction
from service.web.pages.beheer import tabel, tabellen
from service.web.pages.beheer.tabel import Kolom, Staaf, Tabel
from tests import make
from tests.web.conftest import Serve
from tests.web.pages.test_start import text_of

Als = Callable[..., Wie]


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


@pytest.mark.parametrize("rol", ["contractbeheer", "schakelfunctionaris"])
async def test_a_region_that_just_began_is_told_so_for_each_table(serve: Serve, wie_als: Als, rol: str) -> None:
    page = await (await serve(wie_als(rol))).get("/cijfers")

    assert page.status_code == 200
    text = text_of(page)
    assert "geen grond voor een maatregel" in text and "Kies een andere periode" in text
    assert "Alle plekken zijn kort geleden bevestigd" in text
    assert ("minder dan 5" in text) is (rol == "contractbeheer")
    assert "<svg" not in page.text.partition("<main")[2]


async def test_four_that_wait_are_hidden_from_contractbeheer_and_five_are_not(
    serve: Serve, pool: Pool, wie: Wie, wie_als: Als
) -> None:
    """On the page and in its file alike; the loket sees both."""
    api, loket = await serve(wie_als("contractbeheer")), await serve(wie)
    async with transaction(pool, wie) as conn:
        van = await make.organisatie(conn)
        for _ in range(4):
            await make.aanvraag(conn, organisatie_id=van)
    assert "Niets, of te weinig om te tonen" in text_of(await api.get("/cijfers"))
    assert read((await api.get("/cijfers/wachtenden/csv")).content)[1:] == []
    assert read((await loket.get("/cijfers/wachtenden/csv")).content)[1][-1] == "4"

    async with transaction(pool, wie) as conn:
        await make.aanvraag(conn, organisatie_id=van)

    rows = read((await api.get("/cijfers/wachtenden/csv")).content)
    assert rows[0] == ["Zorgvorm", "Urgentie", "Waar het kind wacht", "Kinderen"]
    assert rows[1][1:] == ["Regulier", "thuis", "5"]
    page = await api.get("/cijfers")
    assert "Regulier Waar het kind wacht thuis Kinderen 5" in text_of(page)
    assert "<title" in page.text.partition("<main")[2]


async def test_a_plek_that_nobody_confirmed_for_long_is_listed(
    serve: Serve, pool: Pool, wie: Wie, wie_als: Als
) -> None:
    async with transaction(pool, wie) as conn:
        await make.plek(conn, naam="=1+1", now=make.NOW - timedelta(days=60))
    api = await serve(wie_als("contractbeheer"))

    assert "=1+1" in (await api.get("/cijfers")).text
    [row] = read((await api.get("/cijfers/bevestigd/csv")).content)[1:]
    assert row[1] == "'=1+1", "what would run as a formula does not"
    sheet = load_workbook(io.BytesIO((await api.get("/cijfers/bevestigd/xlsx")).content)).active
    assert sheet is not None and [cell.value for cell in sheet[2]] == row


@pytest.mark.parametrize(
    "path", ["/cijfers?per=aanbieder", "/cijfers?periode=2026-1", "/cijfers/afwijzingen/csv?per=aanbieder"]
)
async def test_what_would_show_small_numbers_is_refused(serve: Serve, wie_als: Als, path: str) -> None:
    """Another division, or a period that is not over."""
    assert (await (await serve(wie_als("contractbeheer"))).get(path)).status_code == 400


async def test_the_loket_may_divide_as_it_likes(serve: Serve, wie: Wie) -> None:
    assert (await (await serve(wie)).get("/cijfers?per=aanbieder&periode=2025-1&vanaf=grondslag")).status_code == 200


@pytest.mark.parametrize("path", ["/cijfers/kinderen/csv", "/cijfers/aanbod/pdf"])
async def test_a_file_that_is_not_there_is_not_found(serve: Serve, wie_als: Als, path: str) -> None:
    assert (await (await serve(wie_als("contractbeheer"))).get(path)).status_code == 404


async def test_a_download_is_in_the_log_and_a_look_is_not(serve: Serve, wie_als: Als, owner: Connection) -> None:
    """A file leaves the loket."""
    api = await serve(wie_als("contractbeheer"))
    lines = "select gebeurtenis::text, object::text from logregel where handeling like 'paginaCijfer%'"
    await api.get("/cijfers")
    assert await owner.fetch(lines) == []

    answer = await api.get("/cijfers/aanbod/xlsx?periode=2025-2")

    assert answer.headers["content-disposition"] == 'attachment; filename="cijfers-aanbod-2025-2.xlsx"'
    assert answer.headers["cache-control"] == "no-store"
    assert [tuple(line) for line in await owner.fetch(lines)] == [("uitvoer", "cijfer")]


def test_every_part_of_a_telling_has_words() -> None:
    assert {soort: set(parts) for soort, parts in PARTS.items()} == {
        soort: set(zinnen) for soort, zinnen in tabellen.DELEN.items()
    }


@pytest.mark.parametrize("maanden", [3, 6, 12])
def test_each_period_to_choose_is_one_that_may_be_asked(maanden: int) -> None:
    found = periodes(maanden, make.TODAY, 6)
    assert found[0] == periode(None, maanden, make.TODAY)
    assert found == [periode(one.code, maanden, make.TODAY) for one in found] and len({one.code for one in found}) == 6


def test_a_file_has_decimal_commas_for_dutch_excel_and_numbers_in_the_workbook() -> None:
    made = Tabel(
        code="x", titel="", uitleg="", leeg="", kolommen=(Kolom("A"), Kolom("B", getal=True, leeg="geen")),
        rijen=[("één", 1.5), ("twee", None)],
    )  # fmt: skip
    assert read(tabel.als_csv(made)) == [["A", "B"], ["één", "1,5"], ["twee", "geen"]]
    sheet = load_workbook(io.BytesIO(tabel.als_xlsx(made))).active
    assert sheet is not None and [row[1].value for row in sheet.iter_rows(min_row=2)] == [1.5, "geen"]


def test_a_chart_has_the_largest_only_and_the_longest_fills_it() -> None:
    bars = [Staaf(str(at), (float(at),), "") for at in range(20)]
    made = Tabel(code="x", titel="", uitleg="", leeg="", kolommen=(), rijen=[], staven=bars)
    assert [bar.naam for bar in made.grafiek][:2] == ["19", "18"] and len(made.grafiek) == 12
    assert made.schaal == 19


async def test_of_one_gemeente_contractbeheer_sees_totals_and_plekken_and_no_more(serve: Serve, wie_als: Als) -> None:
    """Anything else beside the whole region would show small numbers; so there is no file of it either."""
    api = await serve(wie_als("contractbeheer"))
    page = await api.get("/cijfers?gemeente=0402")

    assert page.status_code == 200
    assert [code for code in ("gemeenten", "aanbod", "afwijzingen", "wachtenden") if f'id="{code}"' in page.text] == [
        "gemeenten", "aanbod",
    ]  # fmt: skip
    assert (await api.get("/cijfers/afwijzingen/csv?gemeente=0402")).status_code == 404
    rows = read((await api.get("/cijfers/gemeenten/csv?gemeente=0402")).content)
    assert [row[0] for row in rows[1:]] == ["Hilversum"]
    assert (await api.get("/cijfers?gemeente=0363")).status_code == 404, "not of the region"


async def test_of_one_gemeente_the_loket_sees_everything(serve: Serve, wie: Wie) -> None:
    page = await (await serve(wie)).get("/cijfers?gemeente=0402")
    assert page.status_code == 200 and 'id="afwijzingen"' in page.text and 'id="plaatsing"' in page.text
