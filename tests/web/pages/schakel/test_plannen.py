"""`/plannen`: the joint plan as a board, and one line of it; each form does what its operation does."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import httpx

from matcher.check import Tier
from service.db import Connection, Pool, Wie, transaction
from service.plan import planregels
from service.plan.plannen import PlanStap, PlanStatus
from service.plan.planniveaus import PlanNiveau
from service.web.pages.schakel.plan import TOON, WELKE, Toon, beter
from service.web.pages.schakel.plannen import STATUS
from tests import make
from tests.conftest import OTHER_REGIO
from tests.service import plans
from tests.web.conftest import Serve
from tests.web.pages.schakel.test_aanvraag import click, forms, text_of


async def child(pool: Pool, wie: Wie, *, waits: int = 0, **fields: object) -> tuple[UUID, str]:
    async with transaction(pool, wie) as conn:
        made = await make.aanvraag(conn, now=make.NOW - timedelta(days=waits), **fields)
        return made.id, made.nummer


async def home(pool: Pool, wie: Wie, naam: str = "De Linde", **fields: object) -> UUID:
    """A voorziening with one plek."""
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn, naam=naam, **fields)
        await make.plek(conn, voorziening_id=huis.id)
        return huis.id


async def board(pool: Pool, wie: Wie) -> tuple[str, UUID, UUID]:
    """Address of a plan with two children for one plek: who has it, and who has none."""
    await home(pool, wie)
    first, _ = await child(pool, wie, waits=30)
    second, _ = await child(pool, wie)
    return f"/plannen/{(await plans.made(pool, wie)).id}", first, second


async def test_without_a_plan_the_page_says_what_to_do_and_one_is_asked_for_here(
    api: httpx.AsyncClient, owner: Connection
) -> None:
    """It goes to the new plan, which is followed live until it is there; without a script it can be asked again."""
    empty = await api.get("/plannen")
    assert "Er is nog geen plan gemaakt." in text_of(empty)
    plan = await click(api, empty, "Maak het plan", seconden="10")
    assert "Wacht sinds" in text_of(plan)
    id = await owner.fetchval("select id from plan")
    assert f'data-stream="/v1/plannen/{id}/gebeurtenissen"' in plan.text
    assert f'<a class="utrecht-link utrecht-link--html-a" href="/plannen/{id}">Kijk opnieuw' in plan.text
    assert all(stap in plan.text for stap in PlanStap)
    stopped = await click(api, plan, "Stop met zoeken")
    assert "Het zoeken stopt." in stopped.text and "gestopt" in text_of(stopped)


async def test_the_board_says_per_child_where_why_what_else_costs_and_who_loses(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    path, first, second = await board(pool, wie)
    answer = await api.get(path)
    text = text_of(answer)
    assert "1 van de 2 aanvragen met een plek" in text
    assert "De Linde" in text and "Lijkt veel op een gewoon thuis." in text
    assert "Er passen plekken, maar die zijn in dit plan voor anderen" in text
    assert "Binnen dit plan kost een plek bij De Linde het minst." in text
    assert "Dan verliest 1 aanvraag een plek." in text
    assert f'href="{path}/regels/{first}"' in answer.text and f'href="{path}/regels/{second}"' in answer.text
    assert "Andere kinderen met een plek" in text and "Beter kan niet: dat is bewezen." in text


async def test_the_board_is_read_in_parts(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """All, what nobody looked at yet, what a person decided, and who has no place; each with how many."""
    path, first, second = await board(pool, wie)
    for toon, there, away in (("te-doen", first, second), ("zonder", second, first)):
        text = (await api.get(f"{path}?toon={toon}")).text
        assert f"/regels/{there}?toon={toon}" in text and f"/regels/{away}?toon={toon}" not in text
    assert "Hier staat niemand." in (await api.get(f"{path}?toon=besloten")).text
    assert (await api.get(f"{path}?toon=iets")).status_code == 400
    assert "2 kinderen" in text_of(await api.get(f"{path}?toon=gewijzigd")), "there is no plan before this one"
    assert set(WELKE) == set(TOON) == set(Toon) and set(STATUS) == set(PlanStatus)


async def test_a_pair_is_accepted_looked_at_and_sent_and_taken_back(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """Nobody outside the loket sees it before it was sent from the page of the pair."""
    path, first, _ = await board(pool, wie)
    page = await api.get(path)
    assert page.text.count('name="aanvraagIds"') == 1
    done = await api.post(f"{path}/voorstellen", data={"aanvraagIds": str(first)})
    ready = await api.get(done.headers["location"])
    assert "De voorstellen staan klaar." in ready.text and "staat klaar, nog niet verstuurd" in ready.text
    assert "Bekijk en verstuur" in ready.text and 'name="aanvraagIds"' not in ready.text
    sent = await click(api, await api.get(f"{path}/regels/{first}"), "Verstuur het voorstel")
    assert "Het voorstel is verstuurd." in sent.text and "verstuurd, wacht op antwoord" in sent.text
    back = await click(api, sent, "Maak ongedaan")
    assert "Het voorstel is ingetrokken." in back.text and forms(back, "Akkoord: zet het voorstel klaar")


async def test_nothing_ticked_is_told_on_the_board(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    path, _, _ = await board(pool, wie)
    refused = await api.post(f"{path}/voorstellen", data={})
    assert refused.status_code == 400 and "Er klopt iets niet" in refused.text and "data-stil" in refused.text


async def test_a_line_is_fixed_or_forbidden_with_a_reason_and_let_go_again(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """From the board and from the page of the line; the last that was said holds."""
    path, first, _ = await board(pool, wie)
    page = await api.get(path)
    refused = await click(api, page, "Zet vast", vast="true", reden="")
    assert refused.status_code == 400 and "Schrijf waarom." in refused.text
    fixed = await click(api, page, "Zet vast", vast="true", reden="Past bij de school.")
    assert "Dit staat vast." in fixed.text and "staat vast" in text_of(fixed)
    free = await click(api, fixed, "Maak ongedaan")
    assert "Dit staat niet meer vast." in free.text
    line = await api.get(f"{path}/regels/{first}")
    no = await click(api, line, "Zet vast: zo laten", verboden="true", reden="Te ver van de school.")
    assert "Een nieuw plan zet dit kind daar niet meer." in no.text and "Te ver van de school." in no.text
    assert "hier niet meer" in (await api.get(f"{path}?toon=besloten")).text
    assert "Een nieuw plan mag het veranderen." in (await click(api, no, "Maak ongedaan")).text


async def test_what_was_forbidden_afterwards_goes_into_the_next_plan_and_shows_its_difference(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """The other child has the plek then; each line says what it was, and the aims stand beside those before."""
    path, first, second = await board(pool, wie)
    line = await api.get(f"{path}/regels/{first}")
    await click(api, line, "Zet vast: zo laten", verboden="true", reden="Wil daar niet heen.")
    next_ = await plans.made(pool, wie, vorig_plan_id=UUID(path.rpartition("/")[2]))
    answer = await api.get(f"/plannen/{next_.id}?toon=gewijzigd")
    text = text_of(answer)
    assert "2 kinderen hebben een andere plek dan in het vorige plan" in text
    assert "Was: De Linde" in text and "Had in het vorige plan geen plek" in text
    assert (
        "U verbood dit kind bij De Linde." in text
        and "Vorig plan" in text
        and "mag niet bij De Linde" in text
        and "Wil daar niet heen." in text
    )
    async with transaction(pool, wie, readonly=True) as conn:
        lines = {one.aanvraag_id: one for one in await planregels.regels(conn, next_.id)}
    assert (lines[first].plek_id, lines[second].plek_id is None) == (None, False)
    assert "verboden “Wil daar niet heen.”" in text_of(await api.get(f"/plannen/{next_.id}/regels/{first}"))


async def test_a_line_is_changed_by_hand_with_its_price_and_put_back(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """To another place of the list; refused where the plan has another child, and then a new plan can be asked for."""
    await home(pool, wie, "De Linde")
    other = await home(pool, wie, "De Wilg", zorgvorm="gezinshuis")
    first, _ = await child(pool, wie, waits=30)
    plan = await plans.made(pool, wie)
    path = f"/plannen/{plan.id}/regels/{first}"
    page = await api.get(path)
    here = "De Linde" if "De Linde, vanaf" in text_of(page) else "De Wilg"
    radio = re.findall(r'type="radio" id="k-\d+" name="voorzieningId" value="([^"]+)"', page.text)
    assert len(radio) == 1 and (here == "De Wilg" or radio == [str(other)])
    moved = await click(api, page, "Verander het in dit plan", voorzieningId=radio[0], reden="Dichter bij oma.")
    assert "U hebt de plek veranderd." in moved.text and "met de hand" in moved.text
    assert "Wat de verandering met de hand kost" in moved.text and "Dichter bij oma." in moved.text
    back = await click(api, moved, "Zet terug waar het plan dit kind had")
    assert f"{here}, vanaf" in text_of(back)


async def test_a_place_of_another_child_is_for_a_new_plan(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """The refusal says so, and the same form asks for that plan with the child there."""
    path, first, second = await board(pool, wie)
    page = await api.get(f"{path}/regels/{second}")
    text = text_of(page)
    assert "Het plan heeft hier ook:" in text and f'href="{path}/regels/{first}"' in page.text
    where = {"voorzieningId": re.findall(r'name="voorzieningId" value="([^"]+)"', page.text)[0]}
    taken = await click(api, page, "Verander het in dit plan", **where, reden="Moet hier.")
    assert taken.status_code == 409 and "Deze plek is in dit plan voor een ander." in taken.text
    nowhere = await api.post(f"{path}/regels/{second}/opnieuw", data={"reden": "Moet hier."})
    assert nowhere.status_code == 400 and "Kies een andere plek" in nowhere.text
    asked = await api.post(f"{path}/regels/{second}/opnieuw", data={**where, "reden": "Moet hier."})
    assert asked.status_code == 303
    keuzes = (await api.get(f"/v1{asked.headers['location']}")).json()["keuzes"]
    assert [(one["aanvraagId"], one["soort"], one["reden"]) for one in keuzes] == [(str(second), "vast", "Moet hier.")]


async def test_what_changed_since_it_was_shown_is_not_written_over(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    path, first, _ = await board(pool, wie)
    page = await api.get(f"{path}/regels/{first}")
    await click(api, page, "Zet vast: zo laten", vast="true", reden="Eerst.")
    again = await click(api, page, "Zet vast: zo laten", verboden="true", reden="Toen.")
    assert again.status_code == 409 and "Iemand heeft dit intussen veranderd." in again.text


async def test_one_goes_through_the_lines_one_by_one(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    path, first, second = await board(pool, wie)
    one, other = [(await api.get(f"{path}/regels/{id}")).text for id in (first, second)]
    assert f'rel="next" data-key="n" href="{path}/regels/{second}"' in one and 'rel="prev"' not in one
    assert f'rel="prev" data-key="p" href="{path}/regels/{first}"' in other and 'rel="next"' not in other
    assert 'rel="next"' not in (await api.get(f"{path}/regels/{first}?toon=te-doen")).text


async def test_a_place_that_was_taken_since_the_plan_says_so(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    path, first, second = await board(pool, wie)
    async with transaction(pool, wie) as conn:
        plek = (await planregels.regel(conn, UUID(path.rpartition("/")[2]), first)).plek_id
    held = await api.post(
        "/v1/opties",
        json={"plekken": [{"aanvraagId": str(second), "plekId": str(plek)}], "van": make.day(1).isoformat()},
    )
    assert held.status_code == 201, held.text
    assert "Dit kan nu niet meer." in (await api.get(path)).text


async def test_brothers_and_sisters_are_told_together(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn, naam="De Linde")
        for _ in "ab":
            await make.plek(conn, voorziening_id=huis.id)
        samen = await make.samenplaatsing(conn)
        for _ in "ab":
            await make.aanvraag(conn, organisatie_id=samen.organisatie_id, samenplaatsing_id=samen.id)
    answer = await api.get(f"/plannen/{(await plans.made(pool, wie)).id}")
    assert answer.text.count("samen met 1 broer of zus") == 2
    assert answer.text.count("Lijkt veel op een gewoon thuis.") == 2


async def test_which_plekken_had_better_stay_free_is_told_where_the_region_asks(
    api: httpx.AsyncClient, pool: Pool, wie: Wie, owner: Connection
) -> None:
    """Not asked: nothing of it; asked and none: that; else each with its price."""
    path, first, _ = await board(pool, wie)
    plan = UUID(path.rpartition("/")[2])
    store = "update plan set vrijhouden = $2 where id = $1"
    async with transaction(pool, wie) as conn:
        line = await planregels.regel(conn, plan, first)
    one = {"plek_id": str(line.plek_id), "voorziening_id": str(line.voorziening_id), "soort": "rolstoel", "code": ""}
    assert "vrij kunt laten" not in (await api.get(path)).text
    await owner.execute(store, plan, [])
    assert "Er is geen plek die u beter vrij kunt laten." in (await api.get(path)).text
    await owner.execute(store, plan, [one | {"anderen": 0, "kosten": [{"niveau": "regulier", "verlies": 1}]}])
    text = text_of(await api.get(path))
    assert "liever vrij: het is de enige voor een kind met een rolstoel." in text
    assert "Wat dat het plan kost: 1 ander kind minder met een plek." in text


async def test_a_plan_is_not_there_for_another_region(
    serve: Serve, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    path, first, _ = await board(pool, wie)
    elsewhere = await serve(wie_als("schakelfunctionaris", regio=OTHER_REGIO))
    for url in (path, f"{path}/regels/{first}"):
        assert (await elsewhere.get(url)).status_code == 404
    assert path not in (await elsewhere.get("/plannen")).text


def test_what_is_not_proven_says_how_much_better_it_can_be() -> None:
    def aim(waarde: float, beste: float, grens: float) -> PlanNiveau:
        return PlanNiveau(
            niveau=Tier.SCORE,
            naam="Punten",
            waarde=waarde,
            beste=beste,
            grens=grens,
            minder_is_beter=False,
            bewezen=beste >= grens,
            gat=0.0,
        )

    assert beter(aim(5, 5, 5)) == "Beter kan niet: dat is bewezen."
    assert beter(aim(5, 5, 7.5)) == "Misschien kan het nog hooguit 2,5 beter: de grens is 7,5."
    assert beter(aim(4, 5, 5)).startswith("Het beste dat is gevonden is 5. Dit plan verandert daarvoor minder.")
