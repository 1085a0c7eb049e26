"""`/beheer/mislukt`: what was not delivered, with why, and again with one button."""

from __future__ import annotations

import re
from collections.abc import Callable

from service import taken
from service.db import Connection, Pool, Rol, Wie, transaction
from service.taken import TaakSoort
from tests.service.bericht.test_meldingen import DIENST
from tests.web.conftest import Serve
from tests.web.pages.test_start import text_of

Als = Callable[..., Wie]

FORM = re.compile(r'action="(/beheer/mislukt/[^"]+)"')


async def give_up(pool: Pool, owner: Connection, count: int) -> None:
    async with transaction(pool, DIENST) as conn:
        for number in range(count):
            await taken.enqueue(conn, TaakSoort.TERMIJN, str(number), {})
    await owner.execute("update taak set status = 'mislukt', klaar_op = now(), fout = 'Te vaak <geprobeerd>.'")


async def test_when_all_arrived_there_is_nothing_to_do(serve: Serve, wie_als: Als) -> None:
    """The first page of a beheerder."""
    home = await (await serve(wie_als("beheerder"))).get("/", follow_redirects=True)
    assert home.url.path == "/beheer/mislukt"
    assert "Alles is aangekomen. U hoeft niets te doen." in re.sub(r" +", " ", text_of(home))


async def test_what_failed_says_why_and_is_done_again_with_one_button(
    serve: Serve, wie_als: Als, pool: Pool, owner: Connection
) -> None:
    await give_up(pool, owner, 1)
    api = await serve(wie_als("beheerder"))
    page = await api.get("/beheer/mislukt")
    assert "Een termijn liep af, en er is niets mee gedaan." in page.text and "Te vaak &lt;geprobeerd&gt;." in page.text
    [action] = FORM.findall(page.text)

    done = await api.post(action, data={})

    assert (done.status_code, done.headers["location"]) == (303, "/beheer/mislukt?gedaan=opnieuw")
    after = await api.get(done.headers["location"])
    assert "probeert het nu opnieuw" in after.text and "Alles is aangekomen" in after.text
    assert (await api.post(action, data={})).status_code == 404


async def test_the_list_goes_page_by_page(serve: Serve, wie_als: Als, pool: Pool, owner: Connection) -> None:
    await give_up(pool, owner, 52)
    api = await serve(wie_als("beheerder"))
    first = (await api.get("/beheer/mislukt")).text
    [link] = re.findall(r'rel="next" href="([^"]+)"', first)
    rest = (await api.get(link)).text
    assert (len(FORM.findall(first)), len(set(FORM.findall(first)) | set(FORM.findall(rest)))) == (50, 52)
    assert 'rel="next"' not in rest and 'rel="prev" href="/beheer/mislukt"' in rest


async def test_nobody_else_sees_it(serve: Serve, wie_als: Als) -> None:
    for rol in set(Rol) - {Rol.BEHEERDER}:
        assert (await (await serve(wie_als(rol))).get("/beheer/mislukt")).status_code == 403, rol
