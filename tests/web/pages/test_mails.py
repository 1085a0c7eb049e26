"""Which mails somebody wants: chosen on a page, to which each mail has a link."""

from __future__ import annotations

import re

from service.bericht import meldkeuzes
from service.bericht.meldkeuzes import Meldkeuzes, Wijze
from service.db import Connection, Pool, Wie, transaction
from tests.web.conftest import Serve

PERSON = "insert into gebruiker (id, regio, naam, rol) values ($1, $2, 'Sam', $3) on conflict do nothing"


async def test_what_is_chosen_holds_and_stands_there_the_next_time(
    serve: Serve, owner: Connection, pool: Pool, wie: Wie
) -> None:
    await owner.execute(PERSON, wie.gebruiker, wie.regio, wie.rol)
    client = await serve(wie)
    page = await client.get("/mails")
    versie = re.search(r'name="versie" value="([^"]+)"', page.text)
    assert versie is not None

    chosen = {"versie": versie[1].replace("&#34;", '"'), "crisis": "direct", "spoed": "uit", "regulier": "direct"}
    answer = await client.post("/mails", data=chosen, follow_redirects=True)

    assert "Uw keuze is bewaard." in answer.text
    assert re.search(r'name="spoed" value="uit" checked', answer.text)
    async with transaction(pool, wie) as conn:
        assert await meldkeuzes.eigen(conn) == Meldkeuzes(spoed=Wijze.UIT, regulier=Wijze.DIRECT)


async def test_a_choice_that_there_is_not_is_told_beside_the_question(
    serve: Serve, owner: Connection, wie: Wie
) -> None:
    await owner.execute(PERSON, wie.gebruiker, wie.regio, wie.rol)
    client = await serve(wie)

    answer = await client.post("/mails", data={"versie": "*", "spoed": "soms"})

    assert answer.status_code == 400 and 'id="e-spoed">Geef een van: direct, dagelijks, uit.' in answer.text
