"""People log in and out by their own identity provider; who has several roles chooses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from joserfc.jwk import ECKey
from msgspec import structs

from service.db import Connection, Pool
from service.errors import Refusal
from service.inloggen import gebruikers, oidcsleutels, sessies
from service.settings import Settings
from service.web.inloggen.begin import own_path
from tests import make
from tests.conftest import OTHER_REGIO
from tests.web.conftest import Serve
from tests.web.inloggen.conftest import Clock, back, inside, log_in, path_of, sent
from tests.web.inloggen.provider import Provider


async def test_who_logs_in_is_inside_and_goes_on_to_what_was_asked(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, jan: UUID, owner: Connection
) -> None:
    """From the page, by the link on it, to the provider and back; one line in the log."""
    asked = await browser.get("/?urgentie=crisis")
    page = await browser.get(asked.headers["Location"])
    start = page.text.split('class="choice" href="')[1].split('"')[0].replace("&amp;", "&")
    url = (await browser.get(start)).headers["Location"]

    answer = await back(browser, provider.login(url))

    assert "Jeugdbescherming" in page.text
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?urgentie=crisis")
    assert (await browser.get("/?urgentie=crisis")).status_code == 200
    lines = await owner.fetch("select gebeurtenis::text, gebruiker_id, handeling from logregel where object = 'sessie'")
    assert [tuple(line) for line in lines] == [("inlog", jan, "inloggen")]


async def test_what_is_asked_of_the_provider_is_no_more_than_needed(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, jan: UUID
) -> None:
    """Nothing of what somebody wanted to see goes there; each login has its own state, nonce and challenge."""
    seen = [parse_qs(urlsplit(await sent(browser, provider_id, f"/aanvragen/{uuid4()}")).query) for _ in range(2)]

    first, second = seen
    pkce = {"code_challenge", "code_challenge_method"}
    assert set(first) == {"response_type", "client_id", "redirect_uri", "scope", "state", "nonce"} | pkce
    assert first["redirect_uri"] == ["https://loket.example/inloggen/terug"]
    assert first["scope"] == ["openid email"]
    assert all(
        first[name] != second[name] and len(first[name][0]) == 43 for name in ("state", "nonce", "code_challenge")
    )


async def test_cookies_go_to_us_only_and_no_script_reads_them(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, jan: UUID
) -> None:
    """`__Host-`: set by this host over https, for the whole of it, and never by a neighbour."""
    start = await browser.get("/inloggen/start", params={"provider": str(provider_id)})
    done = await back(browser, provider.login(start.headers["Location"]))

    under_way, session = start.headers["Set-Cookie"], done.headers["Set-Cookie"]
    assert under_way.startswith("__Host-loket-inlog=") and session.startswith("__Host-loket=")
    for cookie, lasts in ((under_way, {"Max-Age=600"}), (session, set())):
        attributes = {part.strip() for part in cookie.split(";")[1:]}
        assert attributes == {"Path=/", "Secure", "HttpOnly", "SameSite=lax"} | lasts


async def test_a_login_gives_a_new_session_and_ends_the_one_before(
    browser: httpx.AsyncClient, serve: Serve, clock: Clock, provider: Provider, provider_id: UUID, jan: UUID
) -> None:
    """Session fixation: who planted a token in the browser, or kept the last one, has nothing."""
    await log_in(browser, provider, provider_id)
    before = browser.cookies["__Host-loket"]
    await log_in(browser, provider, provider_id)
    after = browser.cookies["__Host-loket"]
    planted = await serve(clock=clock)
    planted.cookies.set("__Host-loket", "geplant", domain="loket.example")
    await log_in(planted, provider, provider_id)

    async def with_token(token: str) -> int:
        return (
            await (await serve(clock=clock)).get("/v1/aanvragen", headers={"Cookie": f"__Host-loket={token}"})
        ).status_code

    assert before != after
    assert [await with_token(token) for token in (before, after, "geplant")] == [401, 200, 401]


async def test_logging_out_ends_the_session_here_and_at_the_provider(
    browser: httpx.AsyncClient,
    serve: Serve,
    clock: Clock,
    provider: Provider,
    provider_id: UUID,
    jan: UUID,
    owner: Connection,
) -> None:
    """And the token, kept by somebody, is worth nothing in any process."""
    provider.metadata = {"end_session_endpoint": f"{provider.issuer}/uit"}
    await log_in(browser, provider, provider_id)
    token = browser.cookies["__Host-loket"]

    answer = await browser.post("/uitloggen", headers={"Origin": "https://loket.example"})

    there = urlsplit(answer.headers["Refresh"].removeprefix("0; url="))
    assert f"{there.scheme}://{there.netloc}{there.path}" == f"{provider.issuer}/uit"
    assert parse_qs(there.query) == {
        "client_id": ["loket"],
        "post_logout_redirect_uri": ["https://loket.example/inloggen"],
    }
    assert "U bent uitgelogd" in answer.text
    assert "__Host-loket" not in browser.cookies
    other = await serve(clock=clock)
    assert (await other.get("/v1/aanvragen", headers={"Cookie": f"__Host-loket={token}"})).status_code == 401
    lines = await owner.fetch("select gebeurtenis::text from logregel where object = 'sessie' order by id")
    assert [line[0] for line in lines] == ["inlog", "uitlog"]


async def test_without_a_way_out_at_the_provider_one_is_just_out(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, jan: UUID
) -> None:
    """Also who presses the button twice."""
    await log_in(browser, provider, provider_id)

    answers = [await browser.post("/uitloggen") for _ in range(2)]

    assert [answer.headers["Location"] for answer in answers] == ["/inloggen?uit=1"] * 2
    assert "U bent uitgelogd." in (await browser.get("/inloggen?uit=1")).text
    assert not await inside(browser)


async def test_another_website_logs_nobody_out(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, jan: UUID
) -> None:
    await log_in(browser, provider, provider_id)

    answer = await browser.post("/uitloggen", headers={"Origin": "https://kwaad.example"})

    assert answer.status_code == 403
    assert await inside(browser)


async def roles(owner: Connection, provider_id: UUID) -> Sequence[UUID]:
    """Jan in two regions, in three roles, of which one is disabled."""
    return [
        await make.gebruiker(
            owner, identiteitsprovider_id=provider_id, subject="jan", regio=regio, rol=rol, actief=actief, naam="Jan"
        )
        for regio, rol, actief in (
            ("gooi-en-vechtstreek", "schakelfunctionaris", True),
            (OTHER_REGIO, "beheerder", True),
            (OTHER_REGIO, "contractbeheer", False),
        )
    ]


def secret_in(page: httpx.Response) -> str:
    return page.text.split('name="poging" value="')[1].split('"')[0]


async def test_who_has_several_roles_chooses_one(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, owner: Connection
) -> None:
    """By region; a disabled one is no choice. Nobody is inside before the choice."""
    hier, daar, uit = await roles(owner, provider_id)
    page = await log_in(browser, provider, provider_id, naar="/?pagina=1")
    before = await inside(browser)

    answer = await browser.post("/inloggen/keuze", data={"poging": secret_in(page), "gebruiker": str(hier)})

    assert [str(id) in page.text for id in (hier, daar, uit)] == [True, True, False]
    assert "Flevoland" in page.text and "Gooi en Vechtstreek" in page.text
    assert (before, answer.status_code, answer.headers["Location"]) == (False, 303, "/?pagina=1")
    assert await owner.fetch("select gebruiker_id from sessie") == [(hier,)]


@pytest.mark.parametrize(
    "wrong", ["another's", "a disabled one", "nonsense", "a used choice", "another browser", "the state"]
)
async def test_only_ones_own_role_can_be_chosen_once_and_in_this_browser(
    browser: httpx.AsyncClient,
    serve: Serve,
    clock: Clock,
    provider: Provider,
    provider_id: UUID,
    owner: Connection,
    wrong: str,
) -> None:
    _, daar, uit = await roles(owner, provider_id)
    anders = await make.gebruiker(owner, identiteitsprovider_id=provider_id, subject="piet")
    secret = secret_in(await log_in(browser, provider, provider_id))
    chosen = {"another's": str(anders), "a disabled one": str(uit), "nonsense": "ik"}.get(wrong, str(daar))
    if wrong == "the state":
        secret = provider.login(await sent(browser, provider_id))["state"]
    if wrong == "a used choice":
        await browser.post("/inloggen/keuze", data={"poging": secret, "gebruiker": "ik"})
    who = await serve(clock=clock) if wrong == "another browser" else browser

    answer = await who.post("/inloggen/keuze", data={"poging": secret, "gebruiker": chosen})

    assert answer.status_code in (400, 403)
    assert await owner.fetchval("select count(*) from sessie") == 0


PART = 'Content-Disposition: form-data; name="poging"'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (
            "multipart/form-data; boundary=x",
            f"--x\r\n{PART}\r\nContent-Type: text/plain; charset=nonsense\r\n\r\na\r\n--x--\r\n",
        ),
        (
            "multipart/form-data; boundary=x",
            f"--x\r\n{PART}\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+2AA-\r\n--x--\r\n",
        ),
        ("multipart/form-data", "--x"),
        ("application/x-www-form-urlencoded", "poging=%FF"),
        ("application/x-www-form-urlencoded", "poging=é"),
        ("application/x-www-form-urlencoded", "&".join(f"a{i}=1" for i in range(11))),
        ("application/json", "{}"),
    ],
)
async def test_a_form_that_no_browser_of_ours_sends_is_refused(
    browser: httpx.AsyncClient, kind: str, body: str
) -> None:
    """Anybody can send it, so it may not become an error of ours."""
    answer = await browser.post("/inloggen/keuze", content=body.encode(), headers={"Content-Type": kind})

    assert answer.status_code in (400, 403)


async def test_a_choice_is_no_login_under_way(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, owner: Connection
) -> None:
    """Its secret is no state."""
    await roles(owner, provider_id)
    secret = secret_in(await log_in(browser, provider, provider_id))

    assert (await back(browser, {"state": secret, "code": "x"})).status_code == 403


@pytest.mark.parametrize(
    ("naar", "goes"),
    [
        ("/", "/"),
        ("/aanvragen/1?pagina=2#plekken", "/aanvragen/1?pagina=2#plekken"),
        (None, "/"),
        ("", "/"),
        ("https://kwaad.example", "/"),
        ("//kwaad.example", "/"),
        ("/\\kwaad.example", "/"),
        ("/\t/kwaad.example", "/"),
        ("/%0d%0aSet-Cookie:x", "/%0d%0aSet-Cookie:x"),
        ("/x\r\nSet-Cookie: a=b", "/"),
        ("javascript:alert(1)", "/"),
        ("/inloggen", "/"),
        ("/uitloggen", "/"),
        ("/" + "a" * 500, "/"),
        ("/é", "/"),
    ],
)
def test_after_a_login_one_stays_within_the_loket(naar: str | None, goes: str) -> None:
    """An open redirect would make our address lead to anybody's."""
    assert own_path(naar) == goes


async def test_our_public_keys_are_for_everybody_and_nothing_else_of_them(
    browser: httpx.AsyncClient, keys: Path
) -> None:
    """A provider fetches them; a new key needs no restart, and the first one signs."""
    oidcsleutels.write(keys, [*oidcsleutels.read(keys), ECKey.generate_key("P-256", {"kid": "volgende"})])

    answer = await browser.get("/inloggen/sleutels.json")

    found = answer.json()["keys"]
    assert [key["kid"] for key in found] == ["van-ons", "volgende"]
    assert all(set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"} for key in found)


async def test_a_login_with_the_next_key_works_as_soon_as_it_is_first(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, jan: UUID, keys: Path
) -> None:
    """Rotation of our own key, without downtime."""
    old = oidcsleutels.read(keys)
    oidcsleutels.write(keys, [ECKey.generate_key("P-256", {"kid": "volgende"}), *old])
    provider.client_keys = (await browser.get("/inloggen/sleutels.json")).content

    assert path_of(await log_in(browser, provider, provider_id)) == "/"


@pytest.mark.parametrize(
    ("content", "mode", "sentence"),
    [
        (b"{}", 0o600, "moet een JWK Set staan"),
        (b'{"keys":[]}', 0o600, "met een kid staan"),
        (b"PEM", 0o600, "moet een JWK Set staan"),
        (
            b'{"keys":[{"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0","kid":"a"}]}',
            0o600,
            "RSA- of EC-sleutels",
        ),
        (None, 0o604, "chmod o="),
    ],
)
def test_a_file_that_holds_no_secret_keys_or_is_open_to_all_is_refused(
    keys: Path, content: bytes | None, mode: int, sentence: str
) -> None:
    """Before the service starts."""
    if content is not None:
        keys.write_bytes(content)
    keys.chmod(mode)

    with pytest.raises(Refusal, match=sentence):
        oidcsleutels.read(keys)


async def test_without_keys_or_an_address_there_is_no_way_to_a_provider(
    serve: Serve, settings: Settings, provider_id: UUID, jan: UUID
) -> None:
    """The page says so; nothing fails."""
    browser = await serve(settings=structs.replace(settings, oidc_keys=None))

    assert "Inloggen kan hier nog niet." in (await browser.get("/inloggen")).text
    assert (await browser.get(f"/inloggen/start?provider={provider_id}")).status_code == 404
    assert (await browser.get("/inloggen/sleutels.json")).json() == {"keys": []}


async def test_a_token_of_a_session_is_never_on_a_page_or_in_an_address(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, jan: UUID
) -> None:
    answer = await log_in(browser, provider, provider_id)
    token = browser.cookies["__Host-loket"]

    page = await browser.get("/")

    assert len(token) == 43
    assert token not in page.text + str(answer.headers["Location"])
    assert sessies.digest(token).hex() not in page.text
    assert msgspec.json.encode(dict(page.headers)).find(token.encode()) == -1


@pytest.mark.parametrize("before", [None, "jan", "uit"])
async def test_who_was_added_twice_can_log_in(
    pool: Pool, provider_id: UUID, owner: Connection, before: str | None
) -> None:
    """In one rol at one organisatie: also in other regions that would have kept this person out."""
    adres = "jan@organisatie.nl"
    noord = await make.aanbieder_als_eigenaar(owner)
    waar: dict[str, Any] = {"rol": "aanbieder", "aanbieder_id": noord, "identiteitsprovider_id": provider_id}
    bound = "jan" if before else None
    first = await make.gebruiker(owner, **waar, email=adres, subject=bound, actief=before != "uit")
    second = await make.gebruiker(owner, **waar, email=adres)
    elsewhere = await make.gebruiker(owner, regio=OTHER_REGIO, identiteitsprovider_id=provider_id, email=adres)

    found = {keuze.id for keuze in await gebruikers.keuzes(pool, provider_id, "jan", adres)}
    again = {keuze.id for keuze in await gebruikers.keuzes(pool, provider_id, "jan", adres)}

    assert found == again
    assert elsewhere in found
    assert len(found & {first, second}) == (0 if before == "uit" else 1)
