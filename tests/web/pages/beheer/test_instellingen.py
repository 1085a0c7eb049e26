"""`/beheer/instellingen`: what the region chose; other values tried out first, saved with why, and set back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from service.db import Connection, Pool, Wie, transaction
from service.instellingen.keuzes import CAMEL
from service.web.pages.beheer import instelvelden
from service.web.pages.beheer.instellingen import SIGNAAL
from tests import make
from tests.web.conftest import Serve
from tests.web.pages.test_start import text_of
from tests.web.v1.test_instellingen import waiting

Als = Callable[..., Wie]


def hidden(page: httpx.Response) -> dict[str, list[str]]:
    """The fields of the form that saves."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text):
        found.setdefault(name, []).append(value.replace("&#34;", '"'))
    return found


def fields(page: httpx.Response) -> dict[str, list[str]]:
    """What the form of a group sends when nothing is changed."""
    found: dict[str, list[str]] = {}
    main = page.text.partition("<main")[2]
    for tag in re.findall(r"<input [^>]+>|<select.+?</select>", main, re.DOTALL):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)" selected' if tag.startswith("<select") else r'value="([^"]*)"', tag)
        if name and value and ('type="checkbox"' not in tag or " checked" in tag):
            found.setdefault(name[1], []).append(value[1])
    return found


def test_every_setting_stands_in_one_group_with_fields_of_its_own() -> None:
    """A new one is not forgotten; each term of the workflow has words that say nothing of a child."""
    names = [name for groep in instelvelden.GROEPEN.values() for name in groep.namen]
    assert sorted(names) == sorted(CAMEL)
    vragen = [
        v
        for g in instelvelden.GROEPEN.values()
        for v in instelvelden.vragen(g, dict.fromkeys(CAMEL.values(), "x"), [("a", "A")])
    ]
    assert all(vraag.velden for vraag in vragen)
    assert len(set(SIGNAAL.values())) == len(SIGNAAL)


async def test_the_page_says_what_holds_now_and_where_it_comes_from(serve: Serve, wie_als: Als) -> None:
    text = text_of(await (await serve(wie_als("beheerder"))).get("/beheer/instellingen"))

    assert "crisis: 4" in text.lower() and "Burgerlijk Wetboek, art. 1:253s" in text
    assert "Er is nog niets veranderd" in text


@pytest.mark.parametrize("code", sorted(instelvelden.GROEPEN))
async def test_a_form_that_is_sent_as_it_is_changes_nothing(serve: Serve, wie_als: Als, code: str) -> None:
    """So each field of each group is read back as it was shown."""
    api = await serve(wie_als("beheerder"))
    shown = fields(await api.get(f"/beheer/instellingen/{code}"))

    page = await api.get(f"/beheer/instellingen/{code}/proef", params=shown)

    assert page.status_code == 200, text_of(page)
    assert "U hebt niets veranderd" in text_of(page)


async def test_a_norm_is_tried_out_saved_with_why_and_set_back(
    serve: Serve, pool: Pool, wie: Wie, wie_als: Als, owner: Connection
) -> None:
    """Without seeing a child: six wait too long, told as five. Nothing is saved before there is a reason."""
    async with transaction(pool, wie) as conn:
        for _ in range(5):
            await make.aanvraag(conn, now=make.NOW - timedelta(days=10))
    api = await serve(wie_als("beheerder"))
    chosen = await owner.fetchval("select count(*) from instelling")

    page = await api.get("/beheer/instellingen/wachten/proef", params={"normenDagen.regulier": "7"})
    text = text_of(page)
    assert "(regulier) Nu geen Straks 7" in text and "Norm voor wachten: voorbij 0 5" in text
    assert await owner.fetchval("select count(*) from instelling") == chosen

    refused = await api.post("/beheer/instellingen", data=hidden(page))
    assert refused.status_code == 400 and "Dit veld is verplicht" in refused.text and "Straks 7" in text_of(refused)

    saved = await api.post("/beheer/instellingen", data={**hidden(page), "waarom": "Afgesproken met de regio"})
    assert saved.status_code == 303
    done = await api.get(saved.headers["location"])
    assert "Zij geldt vanaf nu" in text_of(done) and "Afgesproken met de regio" in text_of(done)

    id = re.search(r'id="w-([0-9a-f-]+)"', done.text)
    assert id is not None
    back = await api.post(f"/beheer/instellingen/{id[1]}/terug", data={"waarom": "Toch niet"})
    assert back.status_code == 303
    assert "Teruggezet." in text_of(await api.get(back.headers["location"]))
    assert await owner.fetchval("select waarde -> 'regulier' from instelling where sleutel = 'normen_dagen'") is None


async def test_what_somebody_else_saved_meanwhile_is_looked_at_again(serve: Serve, wie_als: Als) -> None:
    api = await serve(wie_als("beheerder"))
    page = await api.get("/beheer/instellingen/vasthouden/proef", params={"optiesHoogstens": "4"})
    first = {**hidden(page), "waarom": "Een"}
    assert (await api.post("/beheer/instellingen", data=first)).status_code == 303

    again = await api.post("/beheer/instellingen", data={**first, "optiesHoogstens": ["5"]})

    assert again.status_code == 409 and "Iemand heeft dit intussen veranderd" in text_of(again)
    assert "Nu 4 Straks 5" in text_of(again)


async def test_a_value_that_cannot_be_is_told_beside_its_field(serve: Serve, wie_als: Als) -> None:
    api = await serve(wie_als("beheerder"))
    answer = await api.get(
        "/beheer/instellingen/rangschikking/proef", params={"banden.past": "90", "banden.goed": "80"}
    )

    assert answer.status_code == 400 and "Kies hier hooguit de score van goed" in text_of(answer)
    assert 'href="#v-banden.past"' in answer.text and 'value="90"' in answer.text


async def test_the_loket_tries_out_and_reads_which_and_cannot_save(serve: Serve, pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        await make.plek(conn)
        nummer = (await make.aanvraag(conn)).nummer
    api = await serve(wie)
    shown = fields(await api.get("/beheer/instellingen/rangschikking"))

    page = await api.get(
        "/beheer/instellingen/rangschikking/proef", params={**shown, "gewichten.regulier.afstand": ["3"]}
    )

    assert "Stuur de beheerder het adres van deze pagina" in text_of(page) and nummer not in text_of(page)
    assert "<form" not in page.text.partition("<main")[2]
    assert (await api.post("/beheer/instellingen", data={"waarom": "x"})).status_code == 403


async def test_who_is_named_by_a_trial_stands_in_the_log_as_seen(
    serve: Serve, pool: Pool, wie: Wie, owner: Connection
) -> None:
    """One line per child, under the page; a trial that names nobody leaves none."""
    async with transaction(pool, wie) as conn:
        ids = await waiting(conn, 2)
    api = await serve(wie)
    await owner.execute("update weging set gewicht = case criterium when 'afstand' then 1 else 0 end")
    homely = {f"gewichten.{urgentie}.huiselijkheid": "1" for urgentie in ("crisis", "spoed", "regulier")}
    seen = "select count(*), count(distinct betrokkene) from logregel where handeling = 'paginaInstellingproef'"

    nobody = await api.get("/beheer/instellingen/bewaren/proef", params={"inzageNaPlaatsing": "60"})
    before = tuple(await owner.fetchrow(seen) or ())
    page = await api.get("/beheer/instellingen/rangschikking/proef", params=homely)

    assert nobody.status_code == 200 and before == (0, 0)
    assert all(str(id) in page.text for id in ids)
    assert tuple(await owner.fetchrow(seen) or ()) == (2, 2)


async def test_a_plek_is_kept_for_crisis_by_its_name(serve: Serve, pool: Pool, wie: Wie, wie_als: Als) -> None:
    """Of a crisis zorgvorm; a plek of the others is not to choose from."""
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn, zorgvorm="crisis", naam="De Wacht")
        crisis, other = await make.plek(conn, voorziening_id=huis.id, naam="Bed 1"), await make.plek(conn)
    api = await serve(wie_als("beheerder"))

    form = await api.get("/beheer/instellingen/plan")
    page = await api.get("/beheer/instellingen/plan/proef", params={"voorCrisis": str(crisis.id)})
    saved = await api.post("/beheer/instellingen", data={**hidden(page), "waarom": "Afgesproken met de crisisdienst"})

    assert "De Wacht, Bed 1" in text_of(form) and str(other.id) not in form.text
    assert "Straks De Wacht, Bed 1" in text_of(page)
    assert saved.status_code == 303
    text = text_of(await api.get(saved.headers["location"]))
    assert text.count("De Wacht, Bed 1") == 2 and str(crisis.id) not in text


async def test_a_group_that_is_not_there_is_not_found(serve: Serve, wie_als: Als) -> None:
    api = await serve(wie_als("beheerder"))
    for path in ("/beheer/instellingen/nergens", "/beheer/instellingen/nergens/proef"):
        assert (await api.get(path)).status_code == 404
