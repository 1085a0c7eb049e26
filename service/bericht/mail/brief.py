"""A letter: text and HTML that say the same, in plain Dutch, with the id of its bericht as Message-ID on every try."""

from __future__ import annotations

import functools
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from service.taal import TAAL, gettext, ngettext

HERE = Path(__file__).resolve().parent


@functools.cache
def environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    return env


def brief(
    id: UUID,
    *,
    van: str,
    aan: str,
    zin: str,
    regels: list[tuple[str, int]],
    link: str,
    knop: str,
    instellingen: str,
    op: datetime,
) -> bytes:
    """As it goes over the line. `regels`: sentences below it, with how often; `link` (called `knop`) and
    `instellingen` are addresses.

    ValueError for an address that cannot stand in a header.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(gettext("Eén loket"), addr_spec=van)
    message["To"] = Address(addr_spec=aan)
    message["Subject"] = f"{gettext('Eén loket')}: {zin.partition('. ')[0].rstrip('.')}"
    message["Date"] = format_datetime(op)
    message["Message-ID"] = f"<{id}@{van.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = TAAL.get()
    values = {"zin": zin, "regels": regels, "link": link, "knop": knop, "instellingen": instellingen}
    values |= {"taal": TAAL.get()}
    message.set_content(environment().get_template("brief.txt").render(values), cte="quoted-printable")
    html = environment().get_template("brief.html").render(values)
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    # What lies between the parts is made of the id, so that each try sends the same bytes.
    message.set_boundary(f"deel-{id}")
    return message.as_bytes()
