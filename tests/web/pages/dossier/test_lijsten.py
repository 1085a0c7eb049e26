"""`/plekken/vrij`, `/wachtlijst`, the sheet for the dossier, and the map beside the ranked places."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from service.aanbod.plekken import Beschikbaarheid
from service.cijfers.wachtlijst import Wachtplaats, WachtVanaf
from service.db import Connection, Pool, Wie, transaction
from service.urgentie import Urgentie
from service.web.pages.dossier import woorden
from service.web.pages.dossier.uittreksel import kort
from tests import make
from tests.web.conftest import Serve
from tests.web.pages.dossier.test_opschaling import text_of


def points(answer: httpx.Response) -> list[dict[str, Any]]:
    """What the map gets."""
    found = re.search(r'id="kaart-punten">(.*?)</script>', answer.text, re.DOTALL)
    assert found is not None
    return list(json.loads(found[1]))


async def place(conn: Connection, naam: str, *, locatie: dict[str, Any] | None = None, **plek: Any) -> Any:
    """A plek of a gezinshuis with a contract."""
    aanbieder = await make.aanbieder(conn)
    where = await make.locatie(conn, aanbieder_id=aanbieder.id, **{"plaats": "Hilversum", **(locatie or {})})
    huis = await make.voorziening(conn, aanbieder_id=aanbieder.id, locatie_id=where.id, naam=naam)
    await make.contract(conn, aanbieder.id, huis.zorgvorm)
    return await make.plek(conn, voorziening_id=huis.id, **plek)


GEHEIM = {"zichtbaarheid": "geheim", "plaats": None, "postcode": "1271 AB"}


# ── Free plekken ─────────────────────────────────────────────────────────────────────────────────


async def test_what_is_free_now_or_soon_stands_in_the_list_and_leads_to_the_children_that_fit(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """Open but not staffed is not free; what is taken, is free from the day on which its stay is expected to end."""
    async with transaction(pool, wie) as conn:
        free = await place(conn, "De Linde")
        await place(conn, "Zonder mensen", beschikbaarheid=Beschikbaarheid.ONBEMENST)
        taken = await place(conn, "De Beuk")
        await make.plaatsing(conn, plek_id=taken.id, van=make.day(-20), tot=make.day(20))

    now, soon = [await api.get(f"/plekken/vrij{query}") for query in ("", "?binnen=28")]

    assert "De Linde" in text_of(now) and f'href="/plekken/{free.id}/kinderen"' in now.text
    assert "De Beuk" not in now.text and "Zonder mensen" not in now.text + soon.text
    assert re.search(r"De Beuk.*? zo 22 mrt", text_of(soon))


async def test_a_day_on_which_a_plek_comes_free_is_in_and_a_day_less_is_not(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        for naam, days in (("Net wel", 7), ("Net niet", 8)):
            await make.plaatsing(conn, plek_id=(await place(conn, naam)).id, van=make.day(-20), tot=make.day(days))
    text = text_of(await api.get("/plekken/vrij?binnen=7"))
    assert "Net wel" in text and "Net niet" not in text


async def test_by_zorgvorm_and_gemeente_and_an_empty_list_says_what_to_do(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        await place(conn, "In Hilversum", locatie={"gemeente_code": "0402"})
        await place(conn, "Geheim huis", locatie=GEHEIM)
    both, hilversum, other = [
        text_of(await api.get(f"/plekken/vrij?{query}"))
        for query in ("zorgvorm=gezinshuis", "gemeente=0402", "zorgvorm=crisis")
    ]
    assert "In Hilversum" in both and "Geheim huis" in both
    assert "In Hilversum" in hilversum and "Geheim huis" not in hilversum
    assert "Er is geen vrije plek die past bij wat u koos." in other and "Toon alle vrije plekken" in other
    assert (await api.get("/plekken/vrij?gemeente=Hilversum")).status_code == 400


async def test_a_secret_or_confidential_place_is_in_both_lists_and_on_neither_map(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """Of the free plekken and beside the ranked places."""
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
        await place(conn, "Openbaar")
        for soort in ("geheim", "vertrouwelijk"):
            await place(conn, f"Huis {soort}", locatie={**GEHEIM, "zichtbaarheid": soort})

    pages = [await api.get(path) for path in ("/plekken/vrij", f"/aanvragen/{aanvraag.id}")]

    for page in pages:
        assert "Huis geheim" in page.text and "Huis vertrouwelijk" in page.text
        assert [point["naam"].removeprefix("1. ").lstrip("23. ") for point in points(page)] == ["Openbaar"]
        assert "1271" not in page.text and "Huizen" not in re.sub(
            r"<select.*?</select>", "", page.text, flags=re.DOTALL
        )
    assert all(f'id="{point["naar"][1:]}"' in page.text for page in pages for point in points(page))


@pytest.mark.parametrize(("rol", "status"), [("contractbeheer", 200), ("crisisdienst", 200), ("verwijzer", 403)])
async def test_who_may_see_plekken_sees_the_list_and_only_the_loket_which_children_fit(
    serve: Serve, pool: Pool, wie: Wie, wie_als: Callable[..., Wie], rol: str, status: int
) -> None:
    """A verwijzer does not: a count of what fits teaches to leave things out."""
    async with transaction(pool, wie) as conn:
        await place(conn, "De Linde")
        of = await make.organisatie(conn) if rol == "verwijzer" else None
    page = await (await serve(wie_als(rol, organisatie=of))).get("/plekken/vrij")
    assert page.status_code == status
    assert ("De Linde" in page.text) == (status == 200) and "/kinderen" not in page.text


async def test_the_borders_of_the_own_region_are_on_the_map_when_they_were_read_in(
    api: httpx.AsyncClient, pool: Pool, wie: Wie, owner: Connection
) -> None:
    async with transaction(pool, wie) as conn:
        await place(conn, "De Linde")
    without = await api.get("/plekken/vrij")
    ring = [[52.2, 5.1], [52.3, 5.1], [52.3, 5.2], [52.2, 5.1]]
    for code in ("0402", "0034"):
        await owner.execute("insert into gemeentegrens select code, $2 from gemeente where code = $1", code, [ring])

    borders = re.search(r'id="kaart-grenzen">(.*?)</script>', (await api.get("/plekken/vrij")).text)

    assert "kaart-grenzen" not in without.text and borders is not None
    assert json.loads(borders[1]) == [{"naam": "Hilversum", "ringen": [ring]}]


# ── Who waits ────────────────────────────────────────────────────────────────────────────────────


async def test_the_loket_reads_who_waits_where_and_at_which_place_of_how_many(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        first = await make.aanvraag(conn, urgentie=Urgentie.SPOED)
        last = await make.aanvraag(conn, huidig_verblijf="crisisplek")
    text = text_of(await api.get("/wachtlijst"))
    crisis = text_of(await api.get("/wachtlijst?waar=crisis"))
    assert text.index(first.nummer) < text.index(last.nummer)
    assert "Gezinshuis: 1 van 2." in text and "Gezinshuis: 2 van 2." in text
    assert "Nog niet te zeggen" in text
    assert last.nummer in crisis and first.nummer not in crisis


async def test_a_verwijzer_reads_its_own_with_their_place_and_not_how_many_wait(
    serve: Serve, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    async with transaction(pool, wie) as conn:
        other = await make.aanvraag(conn, urgentie=Urgentie.SPOED)
        own = await make.aanvraag(conn, organisatie_id=await make.organisatie(conn, naam="Een tweede"))
    client = await serve(wie_als("verwijzer", organisatie=own.organisatie_id))
    text = text_of(await client.get("/wachtlijst"))
    assert own.nummer in text and "Gezinshuis: 2." in text
    assert other.nummer not in text and "van 2" not in text and "Hoeveel kinderen wachten waar" not in text


async def test_contractbeheer_reads_how_many_wait_where_and_never_who(
    serve: Serve, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """Five are told; four are not, and neither is a sum from which they would follow."""
    async with transaction(pool, wie) as conn:
        five = [await make.aanvraag(conn) for _ in range(5)]
        four = [await make.aanvraag(conn, urgentie=Urgentie.SPOED) for _ in range(4)]
    client = await serve(wie_als("contractbeheer"))

    page, urgent = await client.get("/wachtlijst"), await client.get("/wachtlijst?urgentie=spoed")

    assert re.search(r"Gezinshuis Urgentie Regulier Waar \w[^.]*? Kinderen 5 ", text_of(page))
    assert "Spoed Waar" not in text_of(page) and "Samen" not in text_of(page)
    assert "te weinig om te tonen" in text_of(urgent)
    assert not [one for one in (*five, *four) if one.nummer in page.text or str(one.id) in page.text]
    assert 'data-live=""' in page.text  # it may not hear what happens


# ── One sheet ────────────────────────────────────────────────────────────────────────────────────


async def test_the_sheet_for_the_dossier_has_the_words_of_the_child_and_no_postcode(
    serve: Serve, api: httpx.AsyncClient, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """The verwijzer reads its own kenmerk on it, the loket the number."""
    async with transaction(pool, wie) as conn:
        kind = await make.aanvraag(conn, kenmerk="J-2026-17", mening_jeugdige="Ik wil naar oma.", pc4="1401")
    verwijzer = await serve(wie_als("verwijzer", organisatie=kind.organisatie_id))
    path = f"/aanvragen/{kind.id}/uittreksel"

    loket, own = [text_of(await client.get(path)) for client in (api, verwijzer)]

    for text in (loket, own):
        assert kind.nummer in text and "Ik wil naar oma." in text and "Ingediend" in text and "1401" not in text
    assert "J-2026-17" in own and "J-2026-17" not in loket


def test_a_long_fact_is_cut_between_words_and_shows_that_it_is() -> None:
    assert kort("een twee drie", 13) == "een twee drie"
    assert kort("een twee drie", 12) == "een twee …"


def test_every_code_of_the_waiting_list_has_words() -> None:
    assert woorden.WAAR.keys() == set(Wachtplaats)
    assert woorden.VANAF.keys() == set(WachtVanaf)
