"""Forms of pages (service/web/pages/actie.py, service/web/forms.py), by the one that holds a plek from the list."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from msgspec import Meta, Struct

from service.db import Connection, Pool, Wie, transaction
from service.web import forms
from service.web.pages import actie
from tests import make
from tests.conftest import REGIO
from tests.web.conftest import Serve


class Deel(Struct, rename="camel", kw_only=True):
    naam: str
    aantal: int | None = None


class Alles(Struct, rename="camel", kw_only=True):
    een: Annotated[str, Meta(max_length=5)]
    leeg: str | None = None
    ja: bool = False
    bedrag: float | None = None
    dag: date | None = None
    op: datetime | None = None
    lijst: list[str] = []
    deel: Deel | None = None
    delen: list[Deel] = []


def test_a_form_says_what_json_says() -> None:
    """Dots go deeper, a name that comes more often is a list, numbers tell objects apart, nothing filled in is null."""
    given = {
        "een": ["a"], "leeg": [""], "ja": ["false", "true"], "bedrag": ["1,5"], "dag": ["2026-11-22"],
        "op": ["2026-07-01T23:15"], "lijst": ["x", "", "y"], "deel.naam": ["d"], "deel.aantal": ["3"],
        "delen.1.naam": ["tweede"], "delen.0.naam": ["eerste"], "delen.2.naam": [""], "knop": ["opslaan"],
    }  # fmt: skip

    assert forms.nested(Alles, given) == {
        "een": "a", "leeg": None, "ja": True, "bedrag": 1.5, "dag": "2026-11-22", "op": "2026-07-01T23:15:00+02:00",
        "lijst": ["x", "y"], "deel": {"naam": "d", "aantal": 3},
        "delen": [{"naam": "eerste"}, {"naam": "tweede"}],
    }  # fmt: skip


@pytest.mark.parametrize("name", ["bedrag", "op", "ja"])
def test_what_is_no_number_moment_or_yes_stays_as_it_was_typed(name: str) -> None:
    """So that the check of the field says what it should be."""
    assert forms.nested(Alles, {name: ["2026-02-31T99:99"]}) == {name: "2026-02-31T99:99"}


def test_json_as_a_form_and_back_is_the_same() -> None:
    body = {"een": "a", "ja": True, "bedrag": 2.0, "lijst": ["x"], "deel": {"naam": "d"}, "delen": [{"naam": "e"}]}
    given: forms.Given = {}
    actie.flatten(body, "", given)

    assert forms.nested(Alles, given) == body


@pytest.fixture
async def child(pool: Pool, wie: Wie) -> tuple[UUID, UUID]:
    """An aanvraag, and a plek that fits."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        return (await make.aanvraag(conn)).id, plek.id


def form(child: tuple[UUID, UUID], **rest: str) -> dict[str, str]:
    return {"plekken.0.aanvraagId": str(child[0]), "plekken.0.plekId": str(child[1]), "van": str(make.day(4))} | rest


HELD = "select count(*) from bezetting where soort = 'optie' and vrijgegeven_op is null"


LOGGED = """
select b.aanvraag_id, r.handeling, r.gebeurtenis, r.resultaat
from logregel r join betrokkene b on b.pseudoniem = r.betrokkene
"""


async def test_a_form_does_what_its_operation_does_and_goes_on(
    api: httpx.AsyncClient, owner: Connection, child: tuple[UUID, UUID]
) -> None:
    """In one transaction with one line in the log, of that operation."""
    answer = await api.post(f"/aanvragen/{child[0]}/opties", data=form(child))

    assert answer.status_code == 303 and answer.headers["location"].startswith(f"/aanvragen/{child[0]}?gedaan=")
    assert await owner.fetchval(HELD) == 1
    assert [tuple(line) for line in await owner.fetch(LOGGED)] == [(child[0], "houdPlek", "maak", "gelukt")]


async def test_a_form_that_is_sent_twice_is_carried_out_once(
    api: httpx.AsyncClient, owner: Connection, child: tuple[UUID, UUID]
) -> None:
    data = form(child, sleutel=str(uuid4()))

    first, second = [await api.post(f"/aanvragen/{child[0]}/opties", data=data) for _ in range(2)]

    assert (first.status_code, second.status_code) == (303, 303)
    assert await owner.fetchval(HELD) == 1


async def test_who_taps_twice_at_once_sees_that_it_was_done(
    api: httpx.AsyncClient, owner: Connection, child: tuple[UUID, UUID]
) -> None:
    """A browser shows what comes of the second tap, while the first may still be busy."""
    data = form(child, sleutel=str(uuid4()))

    answers = await asyncio.gather(*(api.post(f"/aanvragen/{child[0]}/opties", data=data) for _ in range(4)))

    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert await owner.fetchval(HELD) == 1


async def test_who_goes_back_and_sends_something_else_gets_the_form_again_with_what_was_filled_in(
    api: httpx.AsyncClient, owner: Connection, child: tuple[UUID, UUID]
) -> None:
    """The form of before has the key of before. The one that comes back has another, to send it once more."""
    data = form(child, sleutel=str(uuid4()))
    await api.post(f"/aanvragen/{child[0]}/opties", data=data)

    answer = await api.post(
        f"/aanvragen/{child[0]}/opties", data=data | {"van": str(make.day(6)), "afwijking": "Nu anders."}
    )

    assert answer.status_code == 409
    assert "U hebt dit formulier al verstuurd" in answer.text and "Idempotency-Key" not in answer.text
    assert data["sleutel"] not in answer.text
    assert await owner.fetchval(HELD) == 1


async def test_a_form_that_is_wrong_comes_back_with_what_is_wrong(
    api: httpx.AsyncClient, owner: Connection, child: tuple[UUID, UUID]
) -> None:
    """At which field: pages/test_samenvatting.py. This one is filled in by the page itself."""
    answer = await api.post(f"/aanvragen/{child[0]}/opties", data=form(child, van="5 oktober"))

    assert answer.status_code == 400
    assert "data-stil" in answer.text, "asked again by its address it would be a 405"
    assert "Geef een datum zoals 2026-01-31" in answer.text
    assert await owner.fetchval(HELD) == 0


async def test_what_cannot_be_is_told_on_the_page_it_came_from(
    api: httpx.AsyncClient, owner: Connection, child: tuple[UUID, UUID]
) -> None:
    """409 with the sentence of the operation, and the page as it is now."""
    await api.post(f"/aanvragen/{child[0]}/opties", data=form(child))

    answer = await api.post(f"/aanvragen/{child[0]}/opties", data=form(child))

    assert answer.status_code == 409 and 'role="alert"' in answer.text and "<h1" in answer.text
    assert await owner.fetchval(HELD) == 1


@pytest.mark.parametrize("content", [b"\xff\xfe", b"&".join([b"a=1"] * 401)])
async def test_a_form_that_cannot_be_read_is_refused(
    api: httpx.AsyncClient, child: tuple[UUID, UUID], content: bytes
) -> None:
    answer = await api.post(f"/aanvragen/{child[0]}/opties", content=content, headers={"Content-Type": forms.FORM})

    assert answer.status_code == 400 and "niet te lezen" in answer.text


async def test_a_number_that_no_page_makes_is_no_reason_to_break_down(
    api: httpx.AsyncClient, child: tuple[UUID, UUID]
) -> None:
    """Anybody can send a form: such a number, as long as somebody likes and in any script, is no field."""
    for number in ("9" * 5000, "٣", "²"):
        data = {f"plekken.{number}.aanvraagId": str(child[0]), f"plekken.{number}.plekId": str(child[1])}
        answer = await api.post(f"/aanvragen/{child[0]}/opties", data=data | {"van": str(make.day(4))})
        assert answer.status_code == 400 and 'role="alert"' in answer.text, number[:5]


async def test_a_change_that_does_not_say_what_it_was_made_against_is_refused(
    api: httpx.AsyncClient, owner: Connection, child: tuple[UUID, UUID]
) -> None:
    """As the API asks If-Match: a form without its hidden field would write over what somebody else said."""
    answer = await api.post(f"/plekken/{child[1]}", data={"bestaatTot": str(make.day(30))})

    assert answer.status_code == 400 and "Open deze pagina opnieuw" in answer.text
    assert await owner.fetchval("select upper(bestaat) from plek where id = $1", child[1]) is None


async def test_what_somebody_does_not_see_a_form_does_not_change(
    serve: Serve, wie_als: Callable[..., Wie], owner: Connection, pool: Pool, wie: Wie
) -> None:
    """The crisisdienst may change a crisis, and never reads its postcode: nor does it write it. As in the API."""
    async with transaction(pool, wie) as conn:
        kind = await make.aanvraag(conn, urgentie="crisis", pc4="1211")
    night = await serve(wie_als("crisisdienst"))

    for page in ("gegevens", "papieren"):
        data = {"versie": "*", "pc4": "1402", "rolstoel": "true"}
        answer = await night.post(f"/mijn-aanvragen/{kind.id}/{page}", data=data)
        assert answer.status_code == 400, page

    assert tuple(await owner.fetchrow("select pc4, rolstoel from aanvraag where id = $1", kind.id)) == ("1211", False)


@pytest.mark.parametrize("key", ["een twee", "é", "x" * 256])
async def test_a_key_that_cannot_be_kept_is_refused_on_the_page(
    api: httpx.AsyncClient, owner: Connection, child: tuple[UUID, UUID], key: str
) -> None:
    answer = await api.post(f"/aanvragen/{child[0]}/opties", data=form(child, sleutel=key))

    assert answer.status_code == 400 and 'role="alert"' in answer.text
    assert await owner.fetchval(HELD) == 0


async def test_a_key_of_somebody_else_gives_nothing_of_what_they_were_answered(
    serve: Serve, api: httpx.AsyncClient, wie_als: Callable[..., Wie], owner: Connection, child: tuple[UUID, UUID]
) -> None:
    """Each has keys of their own; and one's own key with something else in it is refused."""
    key = str(uuid4())
    await api.post(f"/aanvragen/{child[0]}/opties", data=form(child, sleutel=key))
    colleague = await serve(msgspec.structs.replace(wie_als("schakelfunctionaris"), gebruiker=uuid4()))

    theirs = await colleague.post(f"/aanvragen/{child[0]}/opties", data=form(child, sleutel=key))
    other = await api.post(f"/aanvragen/{child[0]}/opties", data=form(child, sleutel=key, van=str(make.day(9))))

    assert (theirs.status_code, other.status_code) == (409, 409)
    assert "al verstuurd" in other.text and "al verstuurd" not in theirs.text
    assert await owner.fetchval(HELD) == 1


async def test_what_was_filled_in_comes_back_as_text_and_never_as_html(
    api: httpx.AsyncClient, child: tuple[UUID, UUID]
) -> None:
    evil = "\"><script>alert(1)</script><img src=x onerror='a()'>"
    for more in ({"van": evil}, {"afwijking": evil}, {f"plekken.0.{evil}": "a"}, {"tot": evil, "sleutel": evil}):
        answer = await api.post(f"/aanvragen/{child[0]}/opties", data=form(child) | more)
        assert "<script>alert" not in answer.text and "<img src=x" not in answer.text, more


async def test_names_that_are_no_field_change_nothing(
    api: httpx.AsyncClient, owner: Connection, child: tuple[UUID, UUID]
) -> None:
    """What the operation does not ask for, it does not get: no other region, status, term or rol."""
    more = {"regio": "andere", "vervaltOp": "2099-01-01T00:00:00Z", "rol": "beheerder", "plekken.0.regio": "andere",
            "plekken": "x", "gebruikerId": str(uuid4()), "__proto__.van": "x", "van.x": "y"}  # fmt: skip
    answer = await api.post(f"/aanvragen/{child[0]}/opties", data=form(child) | more)

    assert answer.status_code == 303
    row = await owner.fetchrow("select regio, vervalt_op < '2026-12-31' as soon, soort::text from bezetting")
    assert tuple(row) == (REGIO, True, "optie")
