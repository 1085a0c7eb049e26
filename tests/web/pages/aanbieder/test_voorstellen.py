"""`/voorstellen`, `/plaatsingen`, `/vragen` and `/eigen-cijfers`: what an aanbieder is asked, and what comes of it."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest

from service.aanbod.bezetting import EindeReden
from service.aanbod.plekken import Plek
from service.aanbod.stops import StopReden
from service.aanvraag.aanvragen import Aanvraag, Geslacht
from service.cijfers.cijfers import DELEN as GETELD
from service.db import Connection, Pool, Wie, transaction
from service.opschaling.opschalingsvragen import OpschalingNodig
from service.plaatsing import plaatsingen
from service.plaatsing.voorstellen import Voorstel, VoorstelStatus
from service.plaatsing.voorstelstap import Afwijsreden
from service.rang.catalogue import RULES
from service.web.pages.aanbieder import cijfers, voorstellen, vragen, woorden
from tests import make
from tests.service.voorstelling import child, sent, step
from tests.web.conftest import Serve
from tests.web.examples import further
from tests.web.pages.test_start import text_of


@pytest.fixture
async def plek(pool: Pool, wie: Wie) -> Plek:
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn, naam="De Linde")
        return await make.plek(conn, voorziening_id=huis.id, naam="Kamer 1")


@pytest.fixture
async def kind(pool: Pool, wie: Wie) -> Aanvraag:
    async with transaction(pool, wie) as conn:
        return await child(conn, pc4="1401", mening_jeugdige="Ik wil bij mijn hond blijven.", kenmerk="J-7")


@pytest.fixture
async def voorstel(pool: Pool, wie: Wie, plek: Plek, kind: Aanvraag) -> Voorstel:
    async with transaction(pool, wie) as conn:
        return await sent(conn, pool, wie, (kind.id, plek.id), toelichting="Dichtbij school.")


@pytest.fixture
async def mijn(serve: Serve, wie_als: Callable[..., Wie], plek: Plek) -> httpx.AsyncClient:
    return await serve(wie_als("aanbieder", organisatie=plek.aanbieder_id))


def forms(html: str) -> list[tuple[str, dict[str, str], dict[str, list[str]]]]:
    """Of each form that is sent: where to, its hidden fields, and its buttons by name."""
    found = []
    for action, inner in re.findall(r'<form method="post" action="([^"]+)"[^>]*>(.*?)</form>', html, re.DOTALL):
        hidden = dict(re.findall(r'type="hidden" name="([\w.]+)" value="([^"]*)"', inner))
        buttons: dict[str, list[str]] = {}
        for name, value in re.findall(r'<button[^>]* name="(\w+)" value="(\w+)"', inner):
            buttons.setdefault(name, []).append(value)
        found.append((action, hidden, buttons))
    return found


async def test_what_waits_stands_first_with_its_term_and_the_minimum_to_judge(
    mijn: httpx.AsyncClient, voorstel: Voorstel, kind: Aanvraag
) -> None:
    """Issue 6: never where the child lives, nor what its verwijzer calls it; the story only after interest."""
    lijst, een = await mijn.get("/voorstellen"), await mijn.get(f"/voorstellen/{voorstel.id}")
    text = text_of(een)
    assert "Wacht op u (1)" in text_of(lijst) and "antwoord voor" in text_of(lijst)
    assert kind.nummer in text and "10 jaar" in text and "Dichtbij school." in text
    for page in (lijst.text, een.text):
        plain = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", page)
        assert "1401" not in plain and "J-7" not in plain and "hond" not in plain


@pytest.mark.parametrize("answer", ["akkoord", "wijs_af"])
async def test_a_voorstel_is_answered_in_two_taps(
    mijn: httpx.AsyncClient, voorstel: Voorstel, owner: Connection, answer: str
) -> None:
    """Issue 6: counted from the list: one tap on the voorstel, one on the answer. No field is filled in."""
    taps = 0
    link = re.search(r'href="(/voorstellen/[0-9a-f-]{36})"', (await mijn.get("/voorstellen")).text)
    assert link
    page, taps = await mijn.get(link[1]), taps + 1
    name = "stap" if answer == "akkoord" else "afwijsreden"
    action, hidden, buttons = next(form for form in forms(page.text) if name in form[2])
    value = "akkoord" if answer == "akkoord" else "geen_personeel"
    assert value in buttons[name]
    done, taps = await mijn.post(action, data={**hidden, name: value}), taps + 1
    after = text_of(await mijn.get(done.headers["location"]))

    print(f"answer a voorstel ({answer}): {taps} taps")
    assert (done.status_code, taps) == (303, 2)
    status = await owner.fetchval("select status::text from voorstel where id = $1", voorstel.id)
    assert status == ("akkoord" if answer == "akkoord" else "afgewezen")
    assert ("regelt nu de toestemming" if answer == "akkoord" else "De plek is niet meer vastgehouden") in after


async def test_each_reason_says_what_comes_of_it(mijn: httpx.AsyncClient, voorstel: Voorstel) -> None:
    page = (await mijn.get(f"/voorstellen/{voorstel.id}")).text
    shown = [zin for zin, _ in voorstellen.AFWIJSREDENEN.values()] + [g for _, g in voorstellen.AFWIJSREDENEN.values()]
    assert all(zin in page for zin in shown)
    assert "Andere aanbieders zien uw reden niet." in page


async def test_interest_shows_more_and_after_the_end_there_is_nothing_of_the_child(
    mijn: httpx.AsyncClient, voorstel: Voorstel, kind: Aanvraag
) -> None:
    url = f"/voorstellen/{voorstel.id}"
    await mijn.post(f"{url}/stappen", data={"stap": "interesse"})
    assert "Ik wil bij mijn hond blijven." in text_of(await mijn.get(url))
    await mijn.post(f"{url}/stappen", data={"stap": "wijs_af", "afwijsreden": "groepsmix"})
    for page in (await mijn.get(url), await mijn.get("/voorstellen")):
        assert kind.nummer not in page.text and "hond" not in page.text
    assert "Voorbij" in text_of(await mijn.get("/voorstellen"))


async def test_a_no_that_asks_for_a_day_or_a_reason_is_shown_again_without_it(
    mijn: httpx.AsyncClient, voorstel: Voorstel
) -> None:
    url = f"/voorstellen/{voorstel.id}/stappen"
    late = await mijn.post(url, data={"stap": "wijs_af", "afwijsreden": "later_vanaf"})
    other = await mijn.post(url, data={"stap": "wijs_af", "afwijsreden": "anders"})
    assert (late.status_code, other.status_code) == (400, 400)
    assert 'href="#v-laterVanaf"' in late.text and 'href="#v-reden"' in other.text
    good = {"stap": "wijs_af", "afwijsreden": "later_vanaf", "laterVanaf": make.day(40).isoformat()}
    assert (await mijn.post(url, data=good)).status_code == 303


async def test_what_another_provider_answered_is_nowhere(
    mijn: httpx.AsyncClient, voorstel: Voorstel, kind: Aanvraag, pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        elders = await make.plek(conn)
        other = await sent(conn, pool, wie, (kind.id, elders.id))
        await step(conn, pool, other.id, "wijs_af", wie, afwijsreden=Afwijsreden.ANDERS, reden="Vuurwerk in de gang.")
    for path in ("/voorstellen", f"/voorstellen/{voorstel.id}"):
        page = (await mijn.get(path)).text
        assert "Vuurwerk" not in page and str(other.id) not in page
    assert (await mijn.get(f"/voorstellen/{other.id}")).status_code == 404


async def test_brothers_and_sisters_are_one_answer(
    mijn: httpx.AsyncClient, plek: Plek, pool: Pool, wie: Wie, owner: Connection
) -> None:
    async with transaction(pool, wie) as conn:
        samen = await make.samenplaatsing(conn)
        of = {"samenplaatsing_id": samen.id, "organisatie_id": samen.organisatie_id}
        a, b = [await child(conn, **of) for _ in range(2)]
        tweede = await make.plek(conn, voorziening_id=plek.voorziening_id)
        first = await sent(conn, pool, wie, (a.id, plek.id), (b.id, tweede.id))
    text = text_of(await mijn.get(f"/voorstellen/{first.id}"))
    assert a.nummer in text and b.nummer in text and "één antwoord voor allemaal" in text
    await mijn.post(f"/voorstellen/{first.id}/stappen", data={"stap": "akkoord"})
    assert await owner.fetchval("select count(*) from voorstel where status = 'akkoord'") == 2


async def test_after_toestemming_the_aanbieder_says_when_they_meet(
    mijn: httpx.AsyncClient, voorstel: Voorstel, pool: Pool, wie: Wie
) -> None:
    url = f"/voorstellen/{voorstel.id}"
    await mijn.post(f"{url}/stappen", data={"stap": "akkoord"})
    async with transaction(pool, wie) as conn:
        await step(conn, pool, voorstel.id, "toestemming", wie)
    assert "Spreek een kennismaking af" in text_of(await mijn.get("/voorstellen"))
    done = await mijn.post(f"{url}/stappen", data={"stap": "kennismaking", "kennismakingOp": make.TODAY.isoformat()})
    assert "De kennismaking staat vast." in text_of(await mijn.get(done.headers["location"]))
    async with transaction(pool, wie) as conn:
        await step(conn, pool, voorstel.id, "maak_definitief", wie)
    page = await mijn.get(url)
    assert "De plaatsing is definitief." in page.text and 'href="/plaatsingen/' in page.text


# ── Plaatsingen ──────────────────────────────────────────────────────────────────────────────────


async def test_a_stay_begins_and_ends_with_the_days_for_the_messages(
    mijn: httpx.AsyncClient, plek: Plek, kind: Aanvraag, pool: Pool, wie: Wie
) -> None:
    """Five working days: from Monday 2 March that is Monday 9 March; our reference is the id of the plaatsing."""
    async with transaction(pool, wie) as conn:
        stay = (await plaatsingen.plaats(conn, plek.id, kind.id, make.day(1), make.day(60), now=make.NOW)).id
    url = f"/plaatsingen/{stay}"
    assert "Het kind moet nog komen" in text_of(await mijn.get("/plaatsingen"))

    begun = await mijn.post(f"{url}/stappen", data={"stap": "begin", "op": make.TODAY.isoformat()})
    page = text_of(await mijn.get(begun.headers["location"]))
    assert "Uw startbericht uiterlijk ma 9 mrt" in page and str(stay) in page
    assert "startbericht uiterlijk ma 9 mrt" in text_of(await mijn.get("/plaatsingen"))

    wrong = await mijn.post(f"{url}/stappen", data={"stap": "beeindig", "op": make.TODAY.isoformat()})
    assert (wrong.status_code, "<details open><summary>Het kind is weg" in wrong.text) == (400, True)


async def test_a_stay_ends_with_a_reason(
    mijn: httpx.AsyncClient, plek: Plek, kind: Aanvraag, pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        stay = (await plaatsingen.plaats(conn, plek.id, kind.id, make.day(-9), make.day(60), now=make.NOW)).id
    form = {"stap": "beeindig", "op": make.TODAY.isoformat(), "einde": "terug_naar_huis"}
    ended = await mijn.post(f"/plaatsingen/{stay}/stappen", data=form)
    text = text_of(await mijn.get(ended.headers["location"]))
    assert "Het kind ging terug naar huis." in text and "Uw stopbericht uiterlijk ma 9 mrt" in text


async def test_without_anything_each_page_says_what_to_do(
    serve: Serve, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    async with transaction(pool, wie) as conn:
        nieuw = await make.aanbieder(conn)
    mijn = await serve(wie_als("aanbieder", organisatie=nieuw.id))
    said = {
        "/voorstellen": "Er wacht niets op uw antwoord.",
        "/plaatsingen": "Er woont of komt niemand via het loket.",
        "/vragen": "Er is nu geen vraag aan u.",
        "/eigen-cijfers": "nog geen cijfers van u",
    }
    for path, zin in said.items():
        assert zin in text_of(await mijn.get(path)), path


# ── Questions and figures ────────────────────────────────────────────────────────────────────────


async def test_a_question_is_answered_without_saying_whom_it_is_about(
    mijn: httpx.AsyncClient, plek: Plek, kind: Aanvraag, pool: Pool, wie: Wie, owner: Connection
) -> None:
    """Who looked at it stands in the log of that child all the same."""
    async with transaction(pool, wie) as conn:
        _, _, vraag = await further(conn, kind.id, plek.voorziening_id, "x", wie)
    lijst, een = await mijn.get("/vragen"), await mijn.get(f"/vragen/{vraag}")
    assert "De Linde" in text_of(lijst) and "Dit staat in de weg: Leeftijd." in text_of(een)
    assert kind.nummer not in lijst.text + een.text and str(kind.id) not in lijst.text + een.text
    logged = (
        "select count(*) from logregel r join betrokkene b on b.pseudoniem = r.betrokkene"
        " where b.aanvraag_id = $1 and r.handeling like 'paginaVra%'"
    )
    assert await owner.fetchval(logged, kind.id) == 2

    wrong = await mijn.post(f"/vragen/{vraag}/antwoorden", data={"nodig": "later"})
    good = await mijn.post(
        f"/vragen/{vraag}/antwoorden", data={"nodig": "extra_personeel", "toelichting": "Twee nachten erbij."}
    )
    assert (wrong.status_code, 'href="#v-vanaf"' in wrong.text, good.status_code) == (400, True, 303)
    assert "U zei: Extra personeel" in text_of(await mijn.get("/vragen"))


async def test_own_figures_stand_in_a_table_with_bars(
    serve: Serve, pool: Pool, wie: Wie, plek: Plek, wie_als: Callable[..., Wie]
) -> None:
    """Over a period that is over: half a year later. No style attribute: the CSP allows none."""
    client = await serve(
        wie_als("aanbieder", organisatie=plek.aanbieder_id), clock=lambda: make.NOW.replace(year=make.NOW.year + 1)
    )
    page = await client.get("/eigen-cijfers")
    assert "gezinshuis" in page.text.lower() and '<svg class="bar"' in page.text and "style=" not in page.text
    assert "geen grond voor een maatregel" in text_of(page)
    assert (await client.get("/eigen-cijfers?periode=2099-1")).status_code == 400


def test_each_code_has_words() -> None:
    """As the enumerations of schema.sql, of which the Structs are proven equal."""
    assert set(woorden.REDENEN) == set(StopReden)
    assert set(woorden.EINDES) == set(EindeReden)
    assert set(vragen.NODIG) == set(OpschalingNodig)
    assert set(voorstellen.GESLACHT) == set(Geslacht)
    assert set(voorstellen.STAND) == set(voorstellen.VERDER) == set(VoorstelStatus)
    assert all(set(cijfers.DELEN[soort]) == set(GETELD[soort]) for soort in cijfers.SOORTEN)
    assert set(RULES) and set(voorstellen.AFWIJSREDENEN) < set(Afwijsreden)
