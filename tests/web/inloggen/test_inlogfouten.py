"""Who cannot log in leaves a line in the log of the regions whose provider it is, with a name only if it was proved."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest

from service.db import SYSTEM, Connection, Pool, Rol, Wie, transaction
from service.log import toegangslog
from service.web import inlogfouten
from service.web.inloggen.begin import INLOG
from tests import make
from tests.conftest import OTHER_REGIO, REGIO
from tests.web.conftest import Serve
from tests.web.inloggen.conftest import Clock, back, log_in, sent
from tests.web.inloggen.provider import Provider, unsigned

pytestmark = pytest.mark.usefixtures("jan")

LINES = """
select regio, resultaat::text, gebruiker_id, rol::text, organisatie_id, object, object_id, handeling, doel, verwerking,
       gebeurtenis::text, trace_id, koppeling_id, betrokkene
from logregel order by regio, id
"""


async def lines(owner: Connection) -> list[dict[str, Any]]:
    return [dict(row) for row in await owner.fetch(LINES)]


async def told(owner: Connection) -> list[tuple[str, str, UUID | None]]:
    return [(row["regio"], row["resultaat"], row["gebruiker_id"]) for row in await lines(owner)]


async def test_who_is_unknown_is_nobody_in_the_log_of_each_region_of_the_provider(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, owner: Connection
) -> None:
    """Two regions log in there; the third line that one could think of, of a region that does not, is not there."""
    await make.gebruiker(owner, identiteitsprovider_id=provider_id, subject="piet", regio=OTHER_REGIO)
    await make.gebruiker(owner, identiteitsprovider_id=provider_id, subject="kees", regio=OTHER_REGIO)

    assert (await log_in(browser, provider, provider_id, subject="vreemde")).status_code == 403

    assert await told(owner) == [(OTHER_REGIO, "geweigerd", None), (REGIO, "geweigerd", None)]
    line = (await lines(owner))[0]
    assert (line["rol"], line["organisatie_id"], line["koppeling_id"], line["betrokkene"]) == (None,) * 4
    assert (line["object"], line["object_id"]) == ("identiteitsprovider", provider_id)
    words = (line["handeling"], line["doel"], line["verwerking"], line["gebeurtenis"])
    assert words == (INLOG.naam, INLOG.doel, INLOG.verwerking, INLOG.gebeurtenis), "as of a login that succeeds"
    whole = str(await owner.fetch("select to_jsonb(r)::text from logregel r"))
    assert "vreemde" not in whole


async def test_who_was_put_out_is_named_when_the_provider_has_proved_it(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, owner: Connection, jan: UUID
) -> None:
    """In their own region only, with rol and organisatie: somebody must look at that."""
    await make.gebruiker(owner, identiteitsprovider_id=provider_id, subject="piet", regio=OTHER_REGIO)
    await owner.execute("update gebruiker set actief = false where id = $1", jan)

    await log_in(browser, provider, provider_id)
    state = provider.login(await sent(browser, provider_id))["state"]
    await back(browser, {"state": state, "error": "access_denied"})

    assert (await told(owner))[1:] == [(REGIO, "geweigerd", jan), (REGIO, "geweigerd", None)]
    assert (await lines(owner))[1]["rol"] == "schakelfunctionaris"


async def test_a_forged_token_names_nobody_whatever_it_says(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, owner: Connection
) -> None:
    provider.sign = unsigned

    assert (await log_in(browser, provider, provider_id, subject="jan")).status_code == 403

    assert await told(owner) == [(REGIO, "geweigerd", None)]


async def test_what_is_nobodys_fault_failed_and_was_not_refused(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, owner: Connection
) -> None:
    callback = provider.login(await sent(browser, provider_id))
    provider.answers = {"/token": b"<html>"}

    assert (await back(browser, callback)).status_code == 503

    assert await told(owner) == [(REGIO, "mislukt", None)]


async def test_a_login_that_another_browser_wants_to_finish_is_in_the_log(
    browser: httpx.AsyncClient, serve: Serve, clock: Clock, provider: Provider, provider_id: UUID, owner: Connection
) -> None:
    """That is what somebody does who sends another a link; who that other is, stays out of it."""
    callback = provider.login(await sent(browser, provider_id))

    await back(await serve(clock=clock), callback)

    assert await told(owner) == [(REGIO, "geweigerd", None)]


async def test_a_choice_that_one_may_not_make_is_in_the_log(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, owner: Connection, jan: UUID
) -> None:
    """Which of the rows it was nobody has said: the line names none."""
    await make.gebruiker(owner, identiteitsprovider_id=provider_id, subject="jan", rol="beheerder")
    page = (await log_in(browser, provider, provider_id)).text
    secret = page.split('name="poging" value="')[1].split('"')[0]

    assert (await browser.post("/inloggen/keuze", data={"poging": secret, "gebruiker": "ik"})).status_code == 403

    assert await told(owner) == [(REGIO, "geweigerd", None)]


async def test_what_belongs_to_nobody_leaves_no_line(browser: httpx.AsyncClient, owner: Connection) -> None:
    """A login that nobody began: there is no provider, so no region."""
    assert (await back(browser, {"state": "verzonnen", "code": "x"})).status_code == 403
    assert (await back(browser, {"code": "x"})).status_code == 400
    assert await told(owner) == []


OTHER = "insert into identiteitsprovider (naam, issuer, client_id) values ('Ander', $1, 'loket-2') returning id"


async def test_anybody_can_fail_but_nobody_can_fill_the_log(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, owner: Connection
) -> None:
    """So many per minute and provider; another provider still has its own."""
    other = await owner.fetchval(OTHER, provider.issuer)
    await make.gebruiker(owner, identiteitsprovider_id=other, subject="piet")
    callbacks = [provider.login(await sent(browser, provider_id)) for _ in range(inlogfouten.PER_MINUUT + 2)]

    for callback in callbacks:
        await back(browser, {"state": callback["state"], "error": "access_denied"})
    await back(browser, {"state": provider.login(await sent(browser, other))["state"], "error": "access_denied"})

    found = [row["object_id"] for row in await lines(owner)]
    assert found.count(provider_id) == inlogfouten.PER_MINUUT
    assert found.count(other) == 1


async def test_a_beheerder_reads_who_could_not_log_in(
    browser: httpx.AsyncClient, pool: Pool, provider: Provider, provider_id: UUID
) -> None:
    await log_in(browser, provider, provider_id, subject="vreemde")
    await log_in(browser, provider, provider_id)

    async with transaction(pool, Wie(REGIO, Rol.BEHEERDER, SYSTEM)) as conn:
        refused = await toegangslog.regels(conn, since=make.NOW, mislukt=True, limit=10)
        all_ = await toegangslog.regels(conn, since=make.NOW, limit=10)

    assert [(row.wat, row.wie, row.resultaat) for row in refused] == [("Jeugdbescherming", None, "geweigerd")]
    assert [(row.wie, row.gebeurtenis) for row in all_] == [("Jan de Vries", "inlog"), (None, "inlog")]
