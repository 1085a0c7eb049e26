"""A session that ends while somebody fills in a form: nothing that was filled in is lost."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import pytest

from service.db import Connection, Pool
from service.inloggen import sessies
from tests import make
from tests.web.conftest import Serve

FORM = {
    "urgentie": "spoed",
    "kinderen.0.praktisch": 'Heeft "Bo", <een hond>\nen een vis',
    "zorgvormen": ["gezinshuis", "crisis"],
}

IDLE = timedelta(minutes=30)


class Browser:
    """Of a verwijzer, whose clock can be moved."""

    client: httpx.AsyncClient
    now: datetime = make.NOW

    def __init__(self, pool: Pool, gebruiker: UUID) -> None:
        self.pool, self.gebruiker = pool, gebruiker

    async def log_in(self) -> None:
        token, _ = await sessies.begin(
            self.pool, gebruiker=self.gebruiker, now=self.now, until=self.now + timedelta(hours=8), idle=IDLE
        )
        self.client.headers["Cookie"] = f"__Host-loket={token}"


@pytest.fixture
async def browser(serve: Serve, pool: Pool, owner: Connection) -> Browser:
    organisatie = await owner.fetchval(
        "insert into organisatie (regio, soort, naam) values ('gooi-en-vechtstreek', 'gi', 'De Waag') returning id"
    )
    made = Browser(pool, await make.gebruiker(owner, rol="verwijzer", organisatie_id=organisatie))
    made.client = await serve(clock=lambda: made.now)
    await made.log_in()
    return made


def sent_again(page: str) -> tuple[str, list[tuple[str, str]]]:
    """Where the form of the page goes, and with what."""
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    [path] = re.findall(r'<form method="post" action="([^"]*)">', page)
    return path, [(html.unescape(name), html.unescape(value)) for name, value in fields]


async def test_a_form_of_who_is_no_longer_logged_in_comes_back_with_all_that_was_filled_in(browser: Browser) -> None:
    """With how to go on: log in beside it, and send it again."""
    browser.now += 2 * IDLE

    answer = await browser.client.post("/aanvragen/nieuw", data=FORM)

    assert answer.status_code == 401
    assert "Log opnieuw in" in answer.text and 'target="_blank"' in answer.text and "<een hond>" not in answer.text
    path, fields = sent_again(answer.text)
    assert path == "/aanvragen/nieuw"
    assert fields == [
        ("urgentie", "spoed"), ("kinderen.0.praktisch", 'Heeft "Bo", <een hond>\nen een vis'),
        ("zorgvormen", "gezinshuis"), ("zorgvormen", "crisis"),
    ]  # fmt: skip


async def test_after_a_login_the_same_form_can_be_sent_again(browser: Browser, owner: Connection) -> None:
    browser.now += 2 * IDLE
    path, fields = sent_again((await browser.client.post("/aanvragen/nieuw/concept", data=FORM)).text)
    assert await owner.fetchval("select count(*) from concept") == 0

    await browser.log_in()
    body = "&".join(str(httpx.QueryParams([pair])) for pair in fields)
    answer = await browser.client.post(
        path, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )

    assert answer.status_code == 303
    kept = (await browser.client.get("/aanvragen/nieuw")).text
    assert "&lt;een hond&gt;" in kept


async def test_a_draft_is_not_called_kept_when_nobody_is_logged_in_any_more(browser: Browser) -> None:
    """The script that keeps it every few seconds would follow a redirect to the login page, and call that kept."""
    browser.now += 2 * IDLE

    answer = await browser.client.post("/aanvragen/nieuw/concept", data=FORM, headers={"Loket-Vanzelf": "ja"})

    assert answer.status_code == 401


async def test_another_website_gets_nothing_of_it_back(browser: Browser) -> None:
    """It could show a form of its own as ours."""
    browser.now += 2 * IDLE

    answer = await browser.client.post("/aanvragen/nieuw", data=FORM, headers={"Origin": "https://kwaad.example"})

    assert answer.status_code == 403 and "spoed" not in answer.text


@pytest.mark.parametrize("data", [{}, {"sleutel": "a", "versie": '"b"'}, {"urgentie": "spoed" * 20_000}])
async def test_a_form_in_which_nothing_was_filled_in_or_far_too_much_goes_to_the_login_page(
    browser: Browser, data: dict[str, str]
) -> None:
    browser.now += 2 * IDLE

    answer = await browser.client.post("/aanvragen/nieuw", data=data)

    assert answer.status_code in (303, 413) and "spoed" not in answer.text
