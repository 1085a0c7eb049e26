"""The tour of the demo: the first time that somebody logs in with a link of it, and from the menu."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from service.db import Connection, Rol, Wie
from service.web.pages.rondleiding import STAPPEN
from tests import make
from tests.conftest import REGIO
from tests.web.conftest import Serve

ORGANISATIE = "insert into organisatie (regio, soort, naam) values ($1, 'gi', 'De GI') returning id"

PERSON = "insert into gebruiker (id, regio, naam, rol, organisatie_id, aanbieder_id) values ($1, $2, 'Sam', $3, $4, $5)"


@pytest.mark.parametrize("rol", list(Rol))
async def test_each_rol_has_four_to_nine_steps_and_each_leads_somewhere(
    serve: Serve, owner: Connection, rol: Rol
) -> None:
    """None is left out, and each link of it is a page that this rol may see."""
    aanbieder = await make.aanbieder_als_eigenaar(owner) if rol is Rol.AANBIEDER else None
    organisatie = await owner.fetchval(ORGANISATIE, REGIO) if rol is Rol.VERWIJZER else None
    wie = Wie(REGIO, rol, UUID(int=7), aanbieder or organisatie)
    await owner.execute(PERSON, wie.gebruiker, REGIO, rol, organisatie, aanbieder)
    client = await serve(wie, demo_links={"link": wie.gebruiker})

    page = await client.get("/rondleiding")

    links = re.findall(r'<h2 class="utrecht-heading-3"><a [^>]*href="([^"]+)"', page.text)
    assert 4 <= len(links) <= 9 and len(links) == len(STAPPEN[rol])
    assert [(await client.get(link)).status_code for link in links] == [200] * len(links)
    assert 'href="/rondleiding" aria-current="page"' in page.text


async def test_a_link_of_the_demo_leads_to_the_tour_the_first_time_only(serve: Serve, owner: Connection) -> None:
    """Per rol: the next time to where its work is."""
    people = {"een": UUID(int=8), "twee": UUID(int=9)}
    for id in people.values():
        await owner.execute(PERSON, id, REGIO, Rol.BEHEERDER, None, None)
    client = await serve(demo_links=people)

    to = [(await client.get(f"/demo-inloggen/{link}")).headers["location"] for link in ("een", "een", "twee", "twee")]

    assert to == ["/rondleiding", "/", "/rondleiding", "/"]


async def test_outside_of_the_demo_there_is_no_tour(serve: Serve, wie: Wie) -> None:
    client = await serve(wie)

    assert (await client.get("/rondleiding")).status_code == 404
    assert "/rondleiding" not in (await client.get("/start")).text
