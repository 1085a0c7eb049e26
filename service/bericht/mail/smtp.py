"""Giving a letter to a mail server (RFC 5321). It blocks: run it in a thread."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from service.settings import Settings


class Server(Struct, frozen=True):
    """Which mail server, and as whom."""

    host: str
    port: int
    tls: str
    van: str
    timeout_s: float
    user: str | None = None
    wachtwoord: Path | None = None


def server(settings: Settings) -> Server | None:
    """None when no mail server is set: then mails wait."""
    if settings.smtp_host is None or settings.smtp_van is None:
        return None
    return Server(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_tls,
        settings.smtp_van,
        settings.smtp_timeout_s,
        settings.smtp_user,
        settings.smtp_wachtwoord,
    )


class Away(Exception):
    """Not now: the server cannot be reached, or says so (4yz), or does not want us. Says why, in Dutch."""


class Refused(Exception):
    """Never: the server says so of this letter or of who it is for (5yz). Says why, in Dutch."""


def send(server: Server, aan: str, letter: bytes) -> None:
    """Returns when the server has taken it. Raises Away and Refused, neither of which names who it is for."""
    if not aan.isascii():
        raise Refused("Een mailadres met bijzondere letters kan het loket niet gebruiken.")
    try:
        password = _password(server)
    except (OSError, UnicodeDecodeError) as error:
        raise Away(f"Het wachtwoord voor de mailserver is niet te lezen ({type(error).__name__}).") from None
    try:
        with _connected(server, password) as smtp:
            _expect(smtp.mail(server.van, [f"size={len(letter)}"] if smtp.has_extn("size") else ()), ours=True)
            _expect(smtp.rcpt(aan), ours=False)
            _expect(smtp.data(letter), ours=False)
    except smtplib.SMTPDataError as error:
        _expect((error.smtp_code, b""), ours=False)
    except smtplib.SMTPAuthenticationError as error:
        raise Away(f"De mailserver neemt naam en wachtwoord van het loket niet aan ({error.smtp_code}).") from None
    except ssl.SSLError as error:
        raise Away(f"De verbinding met de mailserver is niet te vertrouwen ({type(error).__name__}).") from None
    # SMTPException is an OSError too.
    except OSError as error:
        raise Away(f"De mailserver is niet te bereiken ({type(error).__name__}).") from None


def _password(server: Server) -> str | None:
    """Read each time, so that a new one needs no restart."""
    if server.wachtwoord is None:
        return None
    return server.wachtwoord.read_text(encoding="utf-8").partition("\n")[0].strip()


@contextmanager
def _connected(server: Server, password: str | None) -> Iterator[smtplib.SMTP]:
    """Encrypted and logged in, as the settings ask."""
    # Named after our address: else smtplib tells the name of this computer, after a search that may take long.
    us = server.van.rpartition("@")[2]
    smtp: smtplib.SMTP
    if server.tls == "tls":
        context = ssl.create_default_context()
        smtp = smtplib.SMTP_SSL(server.host, server.port, us, timeout=server.timeout_s, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, us, timeout=server.timeout_s)
    with smtp:
        if server.tls == "starttls":
            smtp.starttls(context=ssl.create_default_context())
        smtp.ehlo_or_helo_if_needed()
        if server.user is not None and password is not None:
            smtp.login(server.user, password)
        yield smtp


def _expect(answer: tuple[int, bytes], *, ours: bool) -> None:
    """`ours`: a refusal is about us and not about the letter, so somebody mends it and then it goes."""
    code = answer[0]
    if 200 <= code < 300:
        return
    if code >= 500 and not ours:
        raise Refused(f"De mailserver weigert deze mail ({code}). Klopt het mailadres van deze gebruiker?")
    raise Away(f"De mailserver neemt de mail nu niet aan ({code}).")
