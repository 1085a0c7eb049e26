"""Haken: a system is told what happened, at least once, signed, without a word of a child, never on our own network."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import re
import socket
import ssl
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.bericht import haken, leveringen, uitgaand
from service.bericht.berichten import Bezorging
from service.bericht.haken import NieuweHaak, WijzigingHaak
from service.bericht.leveringen import Levering
from service.bericht.uitgaand import Away, Blocked
from service.db import Connection, Pool, Wie, transaction
from service.errors import Kind, Refusal
from tests import make
from tests.conftest import OTHER_REGIO, REGIO, ROOT
from tests.service.bericht.test_mail import tls  # noqa: F401  a fixture
from tests.service.bericht.test_meldingen import DIENST, happened, tell
from tests.service.post import Request, ready, receiver, work

INTERN: dict[str, Any] = {"haak_intern": True}


@pytest.fixture
def beheer(wie_als: Callable[..., Wie]) -> Wie:
    return wie_als("beheerder")


async def hook(pool: Pool, beheer: Wie, url: str, **rest: Any) -> tuple[haken.Haak, str]:
    """A haak and its secret."""
    async with transaction(pool, beheer) as conn:
        haak = await haken.add(conn, NieuweHaak(url=url, **rest), wie=beheer, intern=True)
        return haak, (await haken.nieuw_geheim(conn, haak.id, now=make.NOW)).geheim


async def asked(pool: Pool, wie: Wie) -> tuple[UUID, UUID]:
    """An aanbieder is asked what it needs: its id and that of the gebeurtenis."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
    _, id = await happened(pool, GebeurtenisSoort.OPSCHALING_VRAAG, plek_id=plek.id)
    return plek.aanbieder_id, id


async def listed(pool: Pool, beheer: Wie, **filters: Any) -> list[Levering]:
    async with transaction(pool, beheer) as conn:
        return await leveringen.page(conn, **filters)


def verified(request: Request, secret: str) -> bool:
    """By Standard Webhooks, as a receiver would."""
    id, moment = request.headers["webhook-id"], request.headers["webhook-timestamp"]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    good = base64.b64encode(hmac.digest(key, f"{id}.{moment}.".encode() + request.body, hashlib.sha256)).decode()
    return f"v1,{good}" in request.headers["webhook-signature"].split()


async def test_the_system_of_an_aanbieder_is_told_what_its_people_would_be(
    pool: Pool, owner: Connection, wie: Wie, beheer: Wie, database_url: str
) -> None:
    """A CloudEvent (NL GOV profile, structured), signed; its id is that of the gebeurtenis."""
    aanbieder, id = await asked(pool, wie)
    async with receiver() as there:
        haak, secret = await hook(pool, beheer, there.url, aanbieder_id=aanbieder)
        await tell(pool, id)
        await work(pool, owner, database_url, haak_bron="urn:nld:oin:00000001234567890000:systeem:loket", **INTERN)

    (request,) = there.requests
    assert request.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert json.loads(request.body) == {
        "specversion": "1.0",
        "id": str(id),
        "source": "urn:nld:oin:00000001234567890000:systeem:loket",
        "type": "nl.eenloket.opschaling_vraag",
        "time": "2026-03-02T09:00:00.000Z",
        "subject": str(id),
        "datacontenttype": "application/json",
        "data": {"soort": "opschaling_vraag", "onderwerp": str(id)},
    }
    assert verified(request, secret) and request.headers["webhook-id"] == str(id)
    (levering,) = await listed(pool, beheer)
    assert (levering.haak_id, levering.status, levering.antwoord) == (haak.id, Bezorging.BEZORGD, 204)


async def test_who_is_not_concerned_or_does_not_want_it_is_not_told(
    pool: Pool, owner: Connection, wie: Wie, beheer: Wie, wie_als: Callable[..., Wie]
) -> None:
    """Another aanbieder, one that chose other soorten, one that is off; a verwijzer only of its own organisatie."""
    aanbieder, id = await asked(pool, wie)
    other = await make.aanbieder_als_eigenaar(owner)
    gi = await owner.fetchval("select organisatie_id from aanvraag")
    await hook(pool, beheer, "https://a.example/1", aanbieder_id=other)
    await hook(pool, beheer, "https://a.example/2", aanbieder_id=aanbieder, soorten=[GebeurtenisSoort.BEGONNEN])
    await hook(pool, beheer, "https://a.example/3", aanbieder_id=aanbieder, actief=False)
    await hook(pool, beheer, "https://a.example/4", organisatie_id=gi)
    wanted, _ = await hook(
        pool, beheer, "https://a.example/5", aanbieder_id=aanbieder, soorten=[GebeurtenisSoort.OPSCHALING_VRAAG]
    )
    assert await tell(pool, id) == (0, 1)
    assert [row.haak_id for row in await listed(pool, beheer)] == [wanted.id]

    gi, id = await happened(pool, GebeurtenisSoort.OPSCHALING)
    own, _ = await hook(pool, beheer, "https://a.example/6", organisatie_id=gi)
    assert await tell(pool, id) == (0, 1)
    assert (await listed(pool, beheer, haak=own.id))[0].gebeurtenis_id == id


async def test_a_provider_of_another_region_is_told_there(
    pool: Pool, owner: Connection, wie_als: Callable[..., Wie]
) -> None:
    far = await make.aanbieder_als_eigenaar(owner, regio=OTHER_REGIO)
    beheer = wie_als("beheerder", regio=OTHER_REGIO)
    await hook(pool, beheer, "https://a.example/1", aanbieder_id=far)
    _, id = await happened(pool, GebeurtenisSoort.OPSCHALING_VRAAG)
    await owner.execute("update gebeurtenis set aanbieder_id = $2 where id = $1", id, far)

    assert await tell(pool, id) == (0, 1)

    assert [row.gebeurtenis_id for row in await listed(pool, beheer)] == [id]
    assert await owner.fetchval("select regio from taak where soort = 'haak'") == OTHER_REGIO


async def test_what_does_not_arrive_is_tried_again_with_the_same_id_and_bytes(
    pool: Pool, owner: Connection, wie: Wie, beheer: Wie, database_url: str
) -> None:
    """Whatever the receiver answers but 2xx, a redirect too, which is not followed."""
    aanbieder, id = await asked(pool, wie)
    async with receiver() as there, receiver() as elsewhere:
        there.says, there.more = [500, 302, 429, 200], {"Location": elsewhere.url}
        _, secret = await hook(pool, beheer, there.url, aanbieder_id=aanbieder)
        await tell(pool, id)
        for expected in (500, 302, 429):
            await work(pool, owner, database_url, **INTERN)
            (levering,) = await listed(pool, beheer)
            assert (levering.status, levering.antwoord) == (Bezorging.WACHT, expected)
            await ready(owner, "haak")
        await work(pool, owner, database_url, clock=lambda: make.NOW + timedelta(hours=1), **INTERN)

    assert [row.status for row in await listed(pool, beheer)] == [Bezorging.BEZORGD]
    assert len({request.body for request in there.requests}) == 1 and len(there.requests) == 4
    assert {request.headers["webhook-id"] for request in there.requests} == {str(id)}
    assert len({request.headers["webhook-timestamp"] for request in there.requests}) == 2
    assert all(verified(request, secret) for request in there.requests)
    assert elsewhere.requests == []


async def test_a_receiver_that_says_nothing_does_not_hold_us_up(
    pool: Pool, owner: Connection, wie: Wie, beheer: Wie, database_url: str
) -> None:
    """LOKET_HAAK_TIMEOUT_S, and then later."""
    aanbieder, id = await asked(pool, wie)
    async with receiver() as there:
        there.silent = True
        await hook(pool, beheer, there.url, aanbieder_id=aanbieder)
        await tell(pool, id)
        await work(pool, owner, database_url, haak_timeout_s=0.2, **INTERN)
    row = await owner.fetchrow("select status, fout from taak where soort = 'haak'")
    assert row is not None
    assert (row["status"], row["fout"]) == ("wacht", "Er kwam binnen 0.2 seconden geen antwoord.")


@pytest.mark.parametrize(
    ("says", "tries", "fout"),
    [
        ([410], 0, "Het systeem antwoordt met status 410."),
        ([500], 7, "Het systeem antwoordt met status 500. Dat is na 8 keer nog zo."),
    ],
)
async def test_what_never_arrives_is_on_a_list_and_goes_again_when_somebody_says_so(
    pool: Pool, owner: Connection, wie: Wie, beheer: Wie, database_url: str, says: list[int], tries: int, fout: str
) -> None:
    """After the last try, or at once when the receiver is gone for ever; afterwards with the same id."""
    aanbieder, id = await asked(pool, wie)
    async with receiver() as there:
        there.says = list(says)
        await hook(pool, beheer, there.url, aanbieder_id=aanbieder)
        await tell(pool, id)
        await owner.execute("update taak set pogingen = $1 where soort = 'haak'", tries)
        await work(pool, owner, database_url, **INTERN)
        (failed,) = await listed(pool, beheer, status=Bezorging.MISLUKT)
        assert failed.fout == fout

        async with transaction(pool, beheer) as conn:
            again = await leveringen.opnieuw(conn, failed.id)
        assert (again.status, again.fout) == (Bezorging.WACHT, None)
        await work(pool, owner, database_url, **INTERN)

    # A worker that was slow, and thinks that its own try failed, does not undo what another delivered.
    async with transaction(pool, DIENST) as conn:
        await leveringen.mislukt(conn, failed.id, "Geen antwoord.")
        assert await leveringen.zending(conn, failed.id, make.NOW) is None
    assert await listed(pool, beheer, status=Bezorging.MISLUKT) == []
    assert [json.loads(request.body)["id"] for request in there.requests] == [str(id)] * 2
    with pytest.raises(Refusal, match="is al aangekomen"):
        async with transaction(pool, beheer) as conn:
            await leveringen.opnieuw(conn, failed.id)


async def test_a_haak_that_is_switched_off_gets_nothing_more(
    pool: Pool, owner: Connection, wie: Wie, beheer: Wie, database_url: str
) -> None:
    """Also what was waiting; that goes to the list."""
    aanbieder, id = await asked(pool, wie)
    async with receiver() as there:
        haak, _ = await hook(pool, beheer, there.url, aanbieder_id=aanbieder)
        await tell(pool, id)
        async with transaction(pool, beheer) as conn:
            await haken.change(conn, haak.id, WijzigingHaak(actief=False), intern=True)
        await work(pool, owner, database_url, **INTERN)
    assert there.requests == []
    assert [row.fout for row in await listed(pool, beheer)] == ["De haak staat uit."]


async def test_a_secret_that_was_replaced_signs_for_one_more_day(
    pool: Pool, owner: Connection, wie: Wie, beheer: Wie, database_url: str
) -> None:
    """So that a receiver changes over without missing anything."""
    aanbieder, id = await asked(pool, wie)
    async with receiver() as there:
        there.says = [500]
        haak, old = await hook(pool, beheer, there.url, aanbieder_id=aanbieder)
        async with transaction(pool, beheer) as conn:
            new = (await haken.nieuw_geheim(conn, haak.id, now=make.NOW)).geheim
        await tell(pool, id)
        await work(pool, owner, database_url, **INTERN)
        await ready(owner, "haak")
        await work(pool, owner, database_url, clock=lambda: make.NOW + timedelta(days=1), **INTERN)
    first, second = there.requests
    assert [verified(first, secret) for secret in (old, new)] == [True, True]
    assert [verified(second, secret) for secret in (old, new)] == [False, True]


async def test_nobody_reads_a_secret_afterwards(pool: Pool, wie: Wie, beheer: Wie) -> None:
    """Not even who made it, in the database."""
    aanbieder, _ = await asked(pool, wie)
    await hook(pool, beheer, "https://a.example/1", aanbieder_id=aanbieder)
    async with transaction(pool, beheer) as conn:
        assert await conn.fetch("select geheim from haak_geheim") == []


async def test_a_machine_makes_haken_for_its_own_aanbieder_only(
    pool: Pool, owner: Connection, wie: Wie, beheer: Wie
) -> None:
    aanbieder, _ = await asked(pool, wie)
    other = await make.aanbieder_als_eigenaar(owner)
    koppeling = await owner.fetchval(
        "insert into koppeling (regio, aanbieder_id, naam) values ($1, $2, 'ECD') returning id", REGIO, aanbieder
    )
    machine = Wie(REGIO, wie.rol.AANBIEDER, koppeling, aanbieder, koppeling=koppeling)
    await hook(pool, beheer, "https://a.example/1", aanbieder_id=other)
    async with transaction(pool, machine) as conn:
        mine = await haken.add(conn, NieuweHaak(url="https://a.example/2"), wie=machine, intern=False)
        assert mine.aanbieder_id == aanbieder
        assert [haak.id for haak in await haken.page(conn)] == [mine.id]
    wrongs: list[dict[str, Any]] = [{"aanbieder_id": other}, {"organisatie_id": uuid4()}]
    for wrong in wrongs:
        with pytest.raises(Refusal) as refused:
            async with transaction(pool, machine) as conn:
                await haken.add(conn, NieuweHaak(url="https://a.example/3", **wrong), wie=machine, intern=False)
        assert refused.value.kind is Kind.INVALID
    person = Wie(REGIO, wie.rol.AANBIEDER, uuid4(), aanbieder)
    async with transaction(pool, person) as conn:
        assert await haken.page(conn) == []


# ── Where it may not go ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "url",
    [
        "http://systeem.example/x",
        "ftp://systeem.example/x",
        "https://127.0.0.1/x",
        "https://10.1.2.3/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/x",
        "https://[fd00::1]/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://[64:ff9b::a00:1]/x",
        "https://[2002:a00:1::]/x",
        "https://0.0.0.0/x",
        "https://224.0.0.1/x",
        "https://localhost/x",
        "https://db.internal/x",
        "https://printer/x",
        "https://sam:geheim@systeem.example/x",
        "https://systeem.example/x#deel",
        "https://systeem.example:0/x",
        "https://systeem.example:99999/x",
        "https://systeem.example\\@10.0.0.1/x",
        "https:///x/y/z",
        "https://systeem.example/a b",
        "https://ſysteem.example/x",
    ],
)
def test_an_address_that_is_not_one_of_the_internet_is_refused_with_why(url: str) -> None:
    """When it is set, so that who sets it can mend it."""
    assert uitgaand.wrong(url, intern=False) is not None


@pytest.mark.parametrize("url", ["https://systeem.example/loket?a=b", "https://8.8.8.8:8443/x", "https://[2a00::1]/x"])
def test_an_ordinary_address_is_taken(url: str) -> None:
    assert uitgaand.wrong(url, intern=False) is None


@pytest.mark.parametrize(
    "address",
    [
        "100.64.0.1",
        "192.168.1.1",
        "::ffff:192.168.1.1",
        "::ffff:8.8.8.8",
        "2002:808:808::1",
        "64:ff9b::808:808",
        "fe80::1",
        "240.0.0.1",
        "2001::1",
    ],
)
def test_an_address_that_only_a_network_of_our_own_has_is_not_public(address: str) -> None:
    assert not uitgaand.is_public(ipaddress.ip_address(address))


async def test_a_name_that_leads_inside_is_blocked_when_it_is_used(
    pool: Pool, owner: Connection, wie: Wie, beheer: Wie, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it led to when the haak was set: looked up at each try, and one bad address is enough."""
    names(monkeypatch, {"systeem.example": ["8.8.8.8", "127.0.0.1"]})
    aanbieder, id = await asked(pool, wie)
    await hook(pool, beheer, "https://systeem.example/x", aanbieder_id=aanbieder)
    await tell(pool, id)
    await work(pool, owner, database_url)
    assert [row.fout for row in await listed(pool, beheer)] == ["Dit adres hoort bij een intern netwerk."]


async def test_the_connection_goes_to_the_address_that_was_looked_at_and_no_other(
    tls: ssl.SSLContext,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that changes in between gains nothing; the certificate must still be that of the name."""
    uitgaand._trusted.cache_clear()
    looked = names(monkeypatch, {"localhost": ["127.0.0.1"], "systeem.example": ["127.0.0.1"]})
    monkeypatch.setattr(uitgaand, "is_public", lambda _: True)
    async with receiver(tls) as there:
        status = await uitgaand.post(f"https://localhost:{there.port}/x", b"{}", {}, intern=True, timeout_s=10)
        assert (status, looked) == (204, ["localhost"])
        assert there.requests[0].headers["host"] == f"localhost:{there.port}"
        with pytest.raises(Away, match="ConnectError"):
            await uitgaand.post(f"https://systeem.example:{there.port}/x", b"{}", {}, intern=False, timeout_s=10)
    assert len(there.requests) == 1
    uitgaand._trusted.cache_clear()


async def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiver() as there, receiver() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        assert await uitgaand.post(there.url, b"{}", {}, intern=True, timeout_s=10) == 204
    assert len(there.requests) == 1 and proxy.requests == []


async def test_without_the_setting_nothing_goes_inside() -> None:
    async with receiver() as there:
        with pytest.raises(Blocked):
            await uitgaand.post(there.url, b"{}", {}, intern=False, timeout_s=10)
    assert there.requests == []


def names(monkeypatch: pytest.MonkeyPatch, known: dict[str, list[str]]) -> list[str]:
    """What the names of computers lead to while the test runs; which were looked up."""
    looked: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: Any, *arguments: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in known:
            return real(host, *arguments, **more)
        looked.append(name)
        port = arguments[0] if arguments else 0
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in known[name]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return looked


# ── What receivers are told to do ────────────────────────────────────────────────────────────────


async def test_the_example_for_receivers_takes_what_we_send_and_nothing_else(
    pool: Pool, owner: Connection, wie: Wie, beheer: Wie, database_url: str
) -> None:
    """docs/koppelen.md: the code as it stands there, on a request of ours, and on four that are not."""
    text = (ROOT / "docs" / "koppelen.md").read_text(encoding="utf-8")
    code = next(block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "webhook-signature" in block)
    known: dict[str, Any] = {}
    exec(compile(code, "koppelen.md", "exec"), known)
    aanbieder, id = await asked(pool, wie)
    async with receiver() as there:
        _, secret = await hook(pool, beheer, there.url, aanbieder_id=aanbieder)
        await tell(pool, id)
        await work(pool, owner, database_url, **INTERN)
    (request,) = there.requests
    now = make.NOW.timestamp()

    assert known["gebeurtenis"](request.headers, request.body, secret, now)["id"] == str(id)

    other = {**request.headers, "webhook-id": str(uuid4())}
    for headers, body, geheim, nu in (
        (request.headers, request.body + b" ", secret, now),
        (other, request.body, secret, now),
        (request.headers, request.body, "whsec_" + base64.b64encode(b"x" * 32).decode(), now),
        (request.headers, request.body, secret, now + 301),
    ):
        with pytest.raises(ValueError):
            known["gebeurtenis"](headers, body, geheim, nu)


async def test_leveringen_are_many_and_none_is_lost(
    pool: Pool, owner: Connection, wie: Wie, beheer: Wie, database_url: str
) -> None:
    """Two workers, a receiver that fails every other time: each gebeurtenis arrives, and once for who keeps ids."""
    aanbieder, first = await asked(pool, wie)
    ids = {first}
    for _ in range(11):
        _, id = await happened(pool, GebeurtenisSoort.OPSCHALING_VRAAG)
        await owner.execute("update gebeurtenis set aanbieder_id = $2 where id = $1", id, aanbieder)
        ids.add(id)
    async with receiver() as there:
        there.says = [204, 503] * 6
        await hook(pool, beheer, there.url, aanbieder_id=aanbieder)
        for _ in range(2):
            await work(pool, owner, database_url, workers=2, **INTERN)
            await ready(owner, "haak")
    assert {row.status for row in await listed(pool, beheer)} == {Bezorging.BEZORGD}
    assert {request.headers["webhook-id"] for request in there.requests} == {str(id) for id in ids}
    assert len(there.requests) == 18
