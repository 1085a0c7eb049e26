"""`/plekken/{id}/kinderen`: from a free plek, who fits."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx

from service.db import Pool, Wie, transaction
from tests import make
from tests.web.pages.schakel.test_aanvraag import click


def order(answer: httpx.Response) -> list[str]:
    """Nummers of who fits, from the top."""
    return re.findall(r'scope="row"><a [^>]*>([^<]*)</a>', answer.text)


async def test_who_fits_a_free_plek_stands_by_urgentie_and_can_be_proposed_at_once(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """The same rules as the rangschikking of each; who does not fit is told with why not."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        calm = await make.aanvraag(conn)
        urgent = await make.aanvraag(conn, urgentie="spoed")
        young = await make.aanvraag(conn, leeftijd_maanden=60)
        other = await make.aanvraag(conn, zorgvormen=["pleegzorg-opvoeding"])
    answer = await api.get(f"/plekken/{plek.id}/kinderen")
    assert order(answer) == [urgent.nummer, calm.nummer]
    assert f"{young.nummer} <span" in answer.text and "6 jaar tot en met 15 jaar" in answer.text
    assert other.nummer not in answer.text
    sent = await click(api, answer, "Stel voor")
    assert f"nummer {urgent.nummer}" in sent.text and "Het voorstel is verstuurd." in sent.text
    assert order(await api.get(f"/plekken/{plek.id}/kinderen")) == []
    back = await click(api, sent, "Maak ongedaan")
    assert "Het voorstel is ingetrokken." in back.text
    assert order(await api.get(f"/plekken/{plek.id}/kinderen")) == [urgent.nummer, calm.nummer]


async def test_who_was_proposed_to_this_voorziening_already_is_not_proposed_again(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """The second plek of one voorziening: the loket would refuse it, so the page does not offer it."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        other = await make.plek(conn, voorziening_id=plek.voorziening_id)
        await make.aanvraag(conn)
    await click(api, await api.get(f"/plekken/{other.id}/kinderen"), "Stel voor")
    answer = await api.get(f"/plekken/{plek.id}/kinderen")
    assert len(order(answer)) == 1 and "loopt al" in answer.text and "Stel voor" not in answer.text


async def test_brothers_and_sisters_fit_only_where_there_is_room_for_all(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """One plek too few, and just enough."""
    async with transaction(pool, wie) as conn:
        organisatie = await make.organisatie(conn)
        samen = await make.samenplaatsing(conn, organisatie_id=organisatie)
        for _ in range(2):
            await make.aanvraag(conn, organisatie_id=organisatie, samenplaatsing_id=samen.id)
        plek = await make.plek(conn)
    assert order(await api.get(f"/plekken/{plek.id}/kinderen")) == []
    async with transaction(pool, wie) as conn:
        await make.plek(conn, voorziening_id=plek.voorziening_id)
    answer = await api.get(f"/plekken/{plek.id}/kinderen")
    assert len(order(answer)) == 1 and "samen met 1 broer of zus" in answer.text


async def test_who_has_a_brother_that_does_not_ask_for_it_does_not_fit(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """Together they ask for another zorgvorm only, so neither of them is told of this plek."""
    async with transaction(pool, wie) as conn:
        organisatie = await make.organisatie(conn)
        samen = await make.samenplaatsing(conn, organisatie_id=organisatie)
        for asked in (["gezinshuis", "pleegzorg-opvoeding"], ["pleegzorg-opvoeding"]):
            await make.aanvraag(conn, organisatie_id=organisatie, samenplaatsing_id=samen.id, zorgvormen=asked)
        plek = await make.plek(conn)
        await make.plek(conn, voorziening_id=plek.voorziening_id)
    answer = await api.get(f"/plekken/{plek.id}/kinderen")
    assert "Niemand vraagt nu om deze zorgvorm." in answer.text


async def test_of_who_are_as_urgent_the_one_that_fits_best_stands_first(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """Who came first and needs support that this place does not give, comes after who needs none."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        less = await make.aanvraag(conn, ondersteuning=["traumabehandeling"])
        well = await make.aanvraag(conn, ondersteuning=[])
        urgent = await make.aanvraag(conn, urgentie="crisis", ondersteuning=["traumabehandeling"])
    answer = await api.get(f"/plekken/{plek.id}/kinderen")
    assert order(answer) == [urgent.nummer, well.nummer, less.nummer]


async def test_a_plek_of_another_region_is_not_there(
    api: httpx.AsyncClient, pool: Pool, wie_als: Callable[..., Wie]
) -> None:
    async with transaction(pool, wie_als("schakelfunctionaris", regio="flevoland")) as conn:
        elsewhere = await make.plek(conn)
    assert (await api.get(f"/plekken/{elsewhere.id}/kinderen")).status_code == 404
