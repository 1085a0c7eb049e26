"""`/beheer/gebruikers` and `/beheer/koppelingen`: who may come in, people and systems."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from uuid import UUID

from service.db import Connection, Pool, Wie, transaction
from tests import make
from tests.web.conftest import Serve
from tests.web.examples import jwk
from tests.web.pages.test_start import text_of

Als = Callable[..., Wie]

PROVIDER = (
    "insert into identiteitsprovider (id, naam, issuer, client_id) values ($1, 'Entree', 'https://idp.example', 'x')"
)


def versie(page: str, action: str) -> str:
    """The ETag in the form that goes there."""
    form = page.partition(f'action="{action}"')[2].partition("</form>")[0]
    found = re.search(r'name="versie" value="([^"]+)"', form)
    assert found is not None, action
    return found[1].replace("&#34;", '"')


async def test_somebody_is_let_in_changed_put_out_and_let_in_again(
    serve: Serve, pool: Pool, wie: Wie, wie_als: Als, owner: Connection
) -> None:
    """Each with what it means said back; a verwijzer without an organisation is told so beside the field."""
    await owner.execute(PROVIDER, UUID(int=7))
    async with transaction(pool, wie) as conn:
        gi = await make.organisatie(conn, naam="GI Gooi")
    api = await serve(wie_als("beheerder"))
    assert "Er is nog niemand" in text_of(await api.get("/beheer/gebruikers"))
    nieuw = {"naam": "Sam de Boer", "rol": "verwijzer", "identiteitsproviderId": str(UUID(int=7)), "email": "sam@gi.nl"}

    refused = await api.post("/beheer/gebruikers", data={**nieuw, "organisatieId": ""})
    assert refused.status_code == 400 and 'id="e-organisatieId"' in refused.text and "Sam de Boer" in refused.text
    made = await api.post("/beheer/gebruikers", data={**nieuw, "organisatieId": str(gi)})
    page = await api.get(made.headers["location"])
    assert "Deze persoon mag inloggen" in text_of(page) and "GI Gooi" in text_of(page)

    path = made.headers["location"].partition("?")[0]
    change = {"naam": "Sam Boer", "email": "sam@gi.nl", "organisatieId": str(gi), "versie": versie(page.text, path)}
    changed = await api.post(path, data={**change, "identiteitsproviderId": str(UUID(int=7))})
    assert changed.status_code == 303 and (await api.post(path, data=change)).status_code == 409, "seen before"
    for said, actief in (("uitgelogd", False), ("mag weer inloggen", True)):
        page = await api.get(path)
        data = {"versie": versie(page.text, f"{path}/actief"), "actief": str(actief).lower()}
        done = await api.post(f"{path}/actief", data=data)
        assert said in text_of(await api.get(done.headers["location"]))
    assert (await owner.fetchval("select naam from gebruiker where actief")) == "Sam Boer"


async def test_people_are_found_by_name_address_and_rol(serve: Serve, wie_als: Als, owner: Connection) -> None:
    beheer = wie_als("beheerder")
    for naam, rol in (("Zoë Één", "crisisdienst"), ("Bo Twee", "contractbeheer")):
        insert = "insert into gebruiker (regio, naam, rol, email) values ($1, $2, $3, $4)"
        await owner.execute(insert, beheer.regio, naam, rol, f"{naam[:2].lower().strip()}@loket.nl")
    api = await serve(beheer)

    for query, found in (
        ("zoek=zoe", "Zoë"),
        ("zoek=bo@", "Bo"),
        ("rol=crisisdienst", "Zoë"),
        ("zoek=twee&rol=", "Bo"),
    ):
        text = text_of(await api.get(f"/beheer/gebruikers?{query}"))
        assert (found in text, ("Zoë" in text) ^ ("Bo Twee" in text)) == (True, True), query
    assert "Niemand gevonden" in text_of(await api.get("/beheer/gebruikers?zoek=nergens"))


async def test_without_anywhere_to_log_in_the_page_says_who_adds_that(serve: Serve, wie_als: Als) -> None:
    assert "loket inlog" in text_of(await (await serve(wie_als("beheerder"))).get("/beheer/gebruikers"))


async def test_an_organisation_that_is_not_there_is_added_on_the_same_page(serve: Serve, wie_als: Als) -> None:
    api = await serve(wie_als("beheerder"))
    made = await api.post("/beheer/organisaties", data={"naam": "Gemeente Laren", "soort": "gemeente"})
    assert "Gemeente Laren" in text_of(await api.get(made.headers["location"].partition("#")[0]))
    twice = await api.post("/beheer/organisaties", data={"naam": "Gemeente Laren", "soort": "gemeente"})
    assert twice.status_code == 409 and "al een organisatie met deze naam" in text_of(twice)


async def test_a_system_is_connected_with_a_key_that_is_ended_again(
    serve: Serve, pool: Pool, wie: Wie, wie_als: Als
) -> None:
    """A secret key is refused with why, and not shown again as if it were kept."""
    async with transaction(pool, wie) as conn:
        zorg = await make.aanbieder(conn, naam="Zorg")
    api = await serve(wie_als("beheerder"))
    assert "Er is nog geen koppeling" in text_of(await api.get("/beheer/koppelingen"))
    data = {"aanbiederId": str(zorg.id), "naam": "ECD", "perMinuut": "300"}
    made = await api.post("/beheer/koppelingen", data=data)
    path = made.headers["location"].partition("?")[0]
    assert "Er is nog geen sleutel" in text_of(await api.get(made.headers["location"]))

    for wrong in ("geen json", json.dumps({**jwk(), "d": "geheimdeel"})):
        refused = await api.post(f"{path}/sleutels", data={"jwk": wrong})
        assert refused.status_code == 400 and 'id="e-jwk"' in refused.text and "geheimdeel" not in refused.text, wrong
    added = await api.post(f"{path}/sleutels", data={"jwk": json.dumps(jwk("sleutel-1"))})
    page = await api.get(added.headers["location"])
    assert "De sleutel geldt vanaf nu" in text_of(page) and "sleutel-1" in text_of(page)

    action = re.search(rf'action="({path}/sleutels/[0-9a-f-]+)"', page.text)
    assert action is not None
    ended = {"versie": versie(page.text, action[1]), "geldigTot": make.NOW.isoformat()}
    done = await api.post(action[1], data=ended)
    assert "De sleutel geldt niet meer" in text_of(await api.get(done.headers["location"]))
    page = await api.get(path)
    off = await api.post(f"{path}/actief", data={"versie": versie(page.text, f"{path}/actief"), "actief": "false"})
    assert "komt er meteen niet meer in" in text_of(await api.get(off.headers["location"]))
    assert "uitgezet" in text_of(await api.get("/beheer/koppelingen"))
