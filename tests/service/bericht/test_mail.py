"""Mail: what goes to a real mail server, and what becomes of it when that is away, or will not have it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.bericht import berichten
from service.bericht.mail import smtp
from service.bericht.mail.brief import brief
from service.bericht.mail.smtp import Server
from service.db import Connection, Pool, Wie, transaction
from service.urgentie import Urgentie
from tests import make
from tests.service.bericht.test_meldingen import DIENST, happened, person
from tests.service.post import Mailserver, mailserver, ready, work

LETTER = b"Subject: x\r\n\r\nDag.\r\n"


async def told(pool: Pool, owner: Connection, *, urgentie: Urgentie = Urgentie.SPOED) -> None:
    """One thing happened, of which one person must be told."""
    if not await owner.fetchval("select exists (select from gebruiker)"):
        await person(owner, "schakelfunctionaris")
    _, id = await happened(pool, GebeurtenisSoort.OPSCHALING, urgentie=urgentie)
    await owner.execute("delete from taak where soort = 'melding' and status = 'wacht' and sleutel <> $1", str(id))


async def stand(owner: Connection) -> list[tuple[str, str | None]]:
    rows = await owner.fetch("select status, fout from bericht order by op, id")
    return [(row["status"], row["fout"]) for row in rows]


def text_of(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


async def test_what_happened_reaches_the_mail_server_as_text_and_html_that_say_the_same(
    pool: Pool, owner: Connection, database_url: str
) -> None:
    """From the gebeurtenis to the letter: through the queue, with one sentence, one link and its id."""
    async with mailserver() as box:
        await told(pool, owner)
        await work(pool, owner, database_url, adres="https://loket.example", **box.settings())

    row = await owner.fetchrow("select id, status, klaar_op from bericht")
    assert row is not None and (row["status"], row["klaar_op"]) == ("bezorgd", make.NOW)
    (mail,) = box.of("schakelfunctionaris@test.example")
    assert mail["Subject"] == "Eén loket: Een aanvraag is opgeschaald"
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == (f"<{row['id']}@loket.example>", "auto-generated")
    link = f"https://loket.example/berichten/{row['id']}"
    for kind in ("plain", "html"):
        text = text_of(mail, kind)
        assert "Een aanvraag is opgeschaald." in text and link in text and "https://loket.example/mails" in text


async def test_a_letter_holds_nothing_of_a_child(pool: Pool, owner: Connection, database_url: str) -> None:
    """Not its nummer, not its id; tests/web/test_kanarie.py looks for every other word."""
    async with mailserver() as box:
        await told(pool, owner)
        await work(pool, owner, database_url, **box.settings())
    kind = await owner.fetchrow("select id, nummer from aanvraag")
    assert kind is not None and len(box.raw) == 1
    letter = box.raw[0][1] + "".join(text_of(box.mails[0], part) for part in ("plain", "html")).encode()
    assert str(kind["id"]).encode() not in letter and kind["nummer"].encode() not in letter


async def test_without_a_mail_server_mails_wait_and_go_when_there_is_one(
    pool: Pool, owner: Connection, database_url: str
) -> None:
    """Not tried meanwhile, so not given up either."""
    await told(pool, owner)
    await work(pool, owner, database_url)
    assert await stand(owner) == [("wacht", None)]
    assert await owner.fetchval("select pogingen from taak where soort = 'mail'") == 0

    async with mailserver() as box:
        await work(pool, owner, database_url, **box.settings())
    assert await stand(owner) == [("bezorgd", None)] and len(box.raw) == 1


async def test_a_mail_server_that_dies_before_its_word_gets_the_letter_again_with_the_same_id(
    pool: Pool, owner: Connection, database_url: str
) -> None:
    """At least once; who keeps ids sees one."""
    async with mailserver() as box:
        box.hang_up_after_data = 1
        await told(pool, owner)
        await work(pool, owner, database_url, **box.settings())
        assert await stand(owner) == [("wacht", None)]
        await ready(owner, "mail")
        await work(pool, owner, database_url, **box.settings())

    assert await stand(owner) == [("bezorgd", None)]
    assert len(box.raw) == 2 and box.raw[0] == box.raw[1]


@pytest.mark.parametrize(
    ("verb", "answer"),
    [
        ("CONNECT", "421 later"),
        ("MAIL", "553 not from you"),
        ("RCPT", "450 busy"),
        ("DATA", "451 later"),
        ("LETTER", "452 full"),
        ("AUTH", "535 who are you"),
    ],
)
async def test_what_may_go_later_or_is_our_own_mistake_is_tried_again(
    pool: Pool, owner: Connection, database_url: str, tmp_path: Path, verb: str, answer: str
) -> None:
    """After a minute first; a refusal of us, such as a wrong password, is mended by us and loses no mail."""
    (tmp_path / "w").write_text("geheim\n")
    async with mailserver() as box:
        box.says[verb] = answer
        await told(pool, owner)
        secret: dict[str, Any] = {"smtp_user": "loket", "smtp_wachtwoord": tmp_path / "w"}
        await work(pool, owner, database_url, **box.settings(), **secret)
        assert await stand(owner) == [("wacht", None)]
        row = await owner.fetchrow(
            "select fout, niet_voor > now() + interval '50 s' as later from taak where soort='mail'"
        )
        assert row is not None and row["later"] and "mailserver" in row["fout"]

        box.says.clear()
        await ready(owner, "mail")
        await work(pool, owner, database_url, **box.settings(), **secret)
        assert await stand(owner) == [("bezorgd", None)] and len(box.raw) == 1


@pytest.mark.parametrize("verb", ["RCPT", "DATA", "LETTER"])
async def test_what_the_mail_server_never_wants_is_for_the_beheerder_who_may_try_again(
    pool: Pool, owner: Connection, database_url: str, verb: str, wie_als: Callable[..., Wie]
) -> None:
    """5yz about this letter: not tried again by itself; with the same id when a person says so."""
    beheer = wie_als("beheerder")
    async with mailserver() as box:
        box.says[verb] = "550 5.1.1 nobody here"
        await told(pool, owner)
        await work(pool, owner, database_url, **box.settings())
        fout = "De mailserver weigert deze mail (550). Klopt het mailadres van deze gebruiker?"
        assert await stand(owner) == [("mislukt", fout)]

        async with transaction(pool, beheer) as conn:
            (failed,) = await berichten.page(conn, status=berichten.Bezorging.MISLUKT)
            assert failed.fout == fout and failed.aanvraag_id is None
            await berichten.opnieuw(conn, failed.id)
        box.says.clear()
        await work(pool, owner, database_url, **box.settings())

    assert await stand(owner) == [("bezorgd", None)]
    assert box.mails[0]["Message-ID"] == f"<{failed.id}@loket.example>"


async def test_a_mail_server_that_is_away_for_days_ends_on_the_same_list(
    pool: Pool, owner: Connection, database_url: str
) -> None:
    async with mailserver() as box:
        settings = box.settings()
    await told(pool, owner)
    await work(pool, owner, database_url)
    await owner.execute("update taak set pogingen = 8 where soort = 'mail'")
    await work(pool, owner, database_url, **settings)
    assert await stand(owner) == [
        ("mislukt", "De mailserver is niet te bereiken (ConnectionRefusedError). Dat is na 9 keer nog zo.")
    ]


async def test_a_mail_that_waited_for_more_than_a_week_goes_only_when_a_person_says_so(
    pool: Pool, owner: Connection, database_url: str, wie_als: Callable[..., Wie]
) -> None:
    """As when a mail server comes long after the loket began."""
    later = make.NOW + timedelta(days=7, seconds=1)
    await told(pool, owner)
    await work(pool, owner, database_url)
    async with mailserver() as box:
        await work(pool, owner, database_url, clock=lambda: later, **box.settings())
        assert await stand(owner) == [("mislukt", "Deze mail heeft te lang gewacht: zij is geen nieuws meer.")]
        assert box.raw == []
        async with transaction(pool, wie_als("beheerder")) as conn:
            await berichten.opnieuw(conn, await owner.fetchval("select id from bericht"))
        await work(pool, owner, database_url, clock=lambda: later, **box.settings())
    assert await stand(owner) == [("bezorgd", None)]


async def test_who_may_not_come_in_any_more_gets_no_mail(pool: Pool, owner: Connection, database_url: str) -> None:
    async with mailserver() as box:
        await told(pool, owner)
        await work(pool, owner, database_url)
        await owner.execute("update gebruiker set actief = false")
        await work(pool, owner, database_url, **box.settings())
    assert await stand(owner) == [("mislukt", "Deze gebruiker is uitgezet, of heeft geen mailadres.")]
    assert box.raw == []


async def test_the_mail_of_the_day_tells_all_and_settles_all(pool: Pool, owner: Connection, database_url: str) -> None:
    async with mailserver() as box:
        for _ in range(2):
            await told(pool, owner, urgentie=Urgentie.REGULIER)
            await work(pool, owner, database_url)
        await work(pool, owner, database_url, **box.settings())
        assert box.raw == []
        async with transaction(pool, DIENST) as conn:
            await berichten.bundel(conn, make.TODAY, make.NOW)
        await work(pool, owner, database_url, **box.settings())
    (mail,) = box.mails
    assert "- Een aanvraag is opgeschaald. (2 keer)" in text_of(mail, "plain")
    assert "<li>Een aanvraag is opgeschaald. (2 keer)</li>" in text_of(mail, "html")
    assert {status for status, _ in await stand(owner)} == {"bezorgd"}


# ── To the mail server ───────────────────────────────────────────────────────────────────────────


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Of a server called localhost, that this computer trusts while the test runs."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (tmp_path / "cert").write_bytes(pem)
    none = serialization.NoEncryption()
    (tmp_path / "key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, none)
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    return context


def at(box: Mailserver, *, tls: str, host: str = "localhost", **rest: Any) -> Server:
    return Server(host, box.port, tls, "loket@loket.example", 10.0, **rest)


async def give(server: Server, aan: str = "sam@test.example") -> None:
    await asyncio.to_thread(smtp.send, server, aan, LETTER)


@pytest.mark.parametrize("implicit", [False, True])
async def test_the_letter_and_the_password_go_over_an_encrypted_line(
    tls: ssl.SSLContext, tmp_path: Path, implicit: bool
) -> None:
    """STARTTLS, or encrypted from the beginning."""
    (tmp_path / "w").write_text("sesam\n")
    async with mailserver(tls, implicit=implicit) as box:
        how = "tls" if implicit else "starttls"
        await give(at(box, tls=how, user="loket", wachtwoord=tmp_path / "w"))
    assert box.raw == [("sam@test.example", LETTER)]
    assert {line for line in box.heard if line.startswith("ehlo")} == {"ehlo loket.example"}
    commands = [line.split()[0].upper() for line in box.heard]
    assert ("STARTTLS" in commands) is not implicit
    assert commands.index("AUTH") > (0 if implicit else commands.index("STARTTLS"))


async def test_a_password_that_cannot_be_read_is_our_own_mistake(tmp_path: Path) -> None:
    """It is mended and then the mail goes; nothing is sent without it."""
    async with mailserver() as box:
        with pytest.raises(smtp.Away, match="wachtwoord"):
            await give(at(box, tls="geen", host="127.0.0.1", user="loket", wachtwoord=tmp_path / "weg"))
    assert box.heard == []


async def test_a_server_that_does_not_offer_encryption_gets_no_letter() -> None:
    async with mailserver() as box:
        with pytest.raises(smtp.Away):
            await give(at(box, tls="starttls"))
    assert box.raw == [] and not any(line.startswith("MAIL") for line in box.heard)


async def test_a_server_with_another_name_than_its_certificate_gets_no_letter(tls: ssl.SSLContext) -> None:
    async with mailserver(tls) as box:
        with pytest.raises(smtp.Away, match="niet te vertrouwen"):
            await give(at(box, tls="starttls", host="127.0.0.1"))
    assert box.raw == []


async def test_a_line_that_begins_with_a_dot_arrives_as_it_was() -> None:
    """RFC 5321 section 4.5.2."""
    async with mailserver() as box:
        await asyncio.to_thread(smtp.send, at(box, tls="geen", host="127.0.0.1"), "a@b.example", b".x\r\n..y\r\n")
    assert box.raw[0][1] == b".x\r\n..y\r\n"


@pytest.mark.parametrize("adres", ["sam@test.example\nBcc: all@test.example", "sam", "a b@test.example"])
def test_an_address_that_is_none_cannot_stand_in_a_header(adres: str) -> None:
    """Nothing that somebody typed begins a header of its own."""
    with pytest.raises(ValueError):
        brief(
            UUID(int=1),
            van="l@l.example",
            aan=adres,
            zin="Dag.",
            regels=[],
            link="",
            knop="",
            instellingen="",
            op=make.NOW,
        )


def test_each_try_sends_the_same_bytes() -> None:
    one, two = [
        brief(
            UUID(int=1), van="l@l.example", aan="s@t.example", zin="<b>&", regels=[("x", 2)], link="https://l.example/a",
            knop="Lees", instellingen="https://l.example/b", op=make.NOW,
        )
        for _ in range(2)
    ]  # fmt: skip
    assert one == two and b"&lt;b&gt;&amp;" in one
