"""/v1/plannen: asked for, looked at, stopped, locked and changed by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from service import taken
from service.aanbod import bezetting
from service.aanbod.voorzieningen import Groepssoort
from service.aanvraag import stappen
from service.aanvraag.gebeurtenissen import AanvraagStatus
from service.db import Connection, Pool, Wie, transaction
from service.plan import plannen, planuitkomst
from service.plan.plankeuzes import MOST_AT_ONCE
from tests import make
from tests.conftest import OTHER_REGIO
from tests.service import plans
from tests.service.plans import keuze
from tests.web.conftest import Serve


async def children(pool: Pool, wie: Wie) -> tuple[UUID, UUID]:
    """Two aanvragen; the first has been waiting for a month."""
    async with transaction(pool, wie) as conn:
        first = await make.aanvraag(conn, now=make.NOW - timedelta(days=30))
        return first.id, (await make.aanvraag(conn)).id


async def home(pool: Pool, wie: Wie, **fields: object) -> tuple[UUID, UUID]:
    """A voorziening and its plek."""
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn, **fields)
        return huis.id, (await make.plek(conn, voorziening_id=huis.id)).id


async def changed(api: httpx.AsyncClient, url: str, body: dict[str, object]) -> httpx.Response:
    """PATCH of what is there now."""
    etag = (await api.get(url)).headers["ETag"]
    return await api.patch(url, json=body, headers={"If-Match": etag})


async def test_a_plan_is_put_in_the_queue_and_says_that_nobody_makes_it(
    api: httpx.AsyncClient, owner: Connection
) -> None:
    """201 at once; without a worker the plan says so in plain Dutch, and as soon as there is one it no longer does."""
    made = await api.post("/v1/plannen", json={"seconden": 5})

    plan = made.json()
    assert (made.status_code, plan["status"], plan["seconden"]) == (201, "wacht", 5)
    assert "Er draait nu geen `loket worker`" in plan["uitleg"]
    assert await owner.fetchval("select gegevens from taak where soort = 'plan'") == {"planId": plan["id"]}
    await taken.be_present(owner)
    assert "zo gemaakt" in (await api.get(made.headers["Location"])).json()["uitleg"]


async def test_a_plan_that_could_not_be_made_says_why(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """Such as for a region that has not said how much each criterium weighs."""
    plan = await plans.ask(pool, wie)
    async with transaction(pool, wie) as conn:
        await planuitkomst.fail(conn, plan.id, "Uw regio heeft voor regulier nog niet bepaald wat hoe zwaar telt.")

    told = (await api.get(f"/v1/plannen/{plan.id}")).json()

    assert (told["status"], told["limiet"]) == ("mislukt", None)
    assert told["uitleg"].endswith("Uw regio heeft voor regulier nog niet bepaald wat hoe zwaar telt.")


async def test_a_region_has_no_more_unfinished_plans_than_leave_others_their_turn(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """Workers serve all regions; one that is stopped makes room for the next."""
    waiting = [await plans.ask(pool, wie) for _ in range(MOST_AT_ONCE)]

    refused = await api.post("/v1/plannen", json={})
    await changed(api, f"/v1/plannen/{waiting[0].id}", {"status": "gestopt"})
    accepted = await api.post("/v1/plannen", json={})

    assert (refused.status_code, accepted.status_code) == (409, 201)
    assert f"al {MOST_AT_ONCE} plannen" in refused.json()["detail"]


async def test_the_same_request_twice_is_one_plan(api: httpx.AsyncClient, owner: Connection) -> None:
    """Idempotency-Key: the plan and its taak are made in one transaction with the answer."""
    key = {"Idempotency-Key": "plan-1"}

    first = await api.post("/v1/plannen", json={}, headers=key)
    again = await api.post("/v1/plannen", json={}, headers=key)

    assert first.json() == again.json()
    assert (
        await owner.fetchval("select (select count(*) from plan) + (select count(*) from taak where soort = 'plan')")
        == 2
    )


async def test_all_that_is_wrong_with_the_choices_is_told_at_once(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    who, _ = await children(pool, wie)
    huis, plek = await home(pool, wie)
    nobody = str(uuid4())
    body = {
        "vorigPlanId": nobody,
        "vast": [
            {"aanvraagId": nobody, "plekId": str(plek), "reden": "x"},
            {"aanvraagId": str(who), "plekId": str(plek), "voorzieningId": str(huis), "reden": "x"},
            {"aanvraagId": str(who), "reden": "x"},
            {"aanvraagId": str(who), "plekId": nobody, "reden": "x"},
            {"aanvraagId": str(who), "plekId": str(plek), "reden": "x"},
            {"aanvraagId": str(who), "voorzieningId": str(huis), "reden": "x"},
        ],
        "verboden": [{"aanvraagId": str(who), "voorzieningId": nobody, "reden": ""}],
    }

    answer = await api.post("/v1/plannen", json=body)

    assert answer.status_code == 400
    assert {error["location"]["pointer"]: error["code"] for error in answer.json()["errors"]} == {
        "/vorigPlanId": "bestaat_niet",
        "/vast/0/aanvraagId": "bestaat_niet",
        "/vast/1/plekId": "een_van_beide",
        "/vast/2/plekId": "een_van_beide",
        "/vast/3/plekId": "bestaat_niet",
        "/vast/5": "dubbel",
        "/verboden/0/voorzieningId": "bestaat_niet",
        "/verboden/0/reden": "waarde",
    }


async def test_a_plan_shows_what_it_is_worth_what_bounds_it_and_what_each_choice_costs(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """Values and proven bounds per aim, in order; the price as a sentence."""
    lang, kort = await children(pool, wie)
    _, plek = await home(pool, wie)
    id = (await plans.made(pool, wie, vast=[keuze(kort, plek_id=plek)])).id

    plan = (await api.get(f"/v1/plannen/{id}")).json()

    aims = {aim["niveau"]: aim for aim in plan["niveaus"]}
    assert (plan["status"], plan["limiet"], plan["gat"]) == ("klaar", "geen", 0)
    assert (plan["aantalAanvragen"], plan["aantalGeplaatst"]) == (2, 1)
    assert list(aims)[1:4] == ["crisis", "spoed", "regulier"]
    assert (aims["regulier"]["waarde"], aims["regulier"]["grens"], aims["regulier"]["bewezen"]) == (1, 1, True)
    assert [part["zin"] for part in plan["keuzes"][0]["prijs"]] == [
        "Wie een plek krijgt, heeft samen 30 dagen minder gewacht."
    ]
    line = (await api.get(f"/v1/plannen/{id}/regels/{lang}")).json()
    assert line["plaats"] is None
    assert line["waaromNiet"]["zin"].startswith("Er passen plekken, maar")


async def test_what_conflicts_is_told_in_a_sentence_with_the_place(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    lang, kort = await children(pool, wie)
    _, plek = await home(pool, wie, naam="De Linde")
    id = (await plans.made(pool, wie, vast=[keuze(who, plek_id=plek) for who in (lang, kort)])).id

    plan = (await api.get(f"/v1/plannen/{id}")).json()

    assert [conflict["zin"] for conflict in plan["conflicten"]] == [
        "Deze 2 aanvragen staan vast bij De Linde, maar dat kan niet: er zijn daar minder plekken vrij dan er aanvragen"
        " vaststaan."
    ]


async def test_a_rule_that_is_in_the_way_of_what_was_fixed_is_told_by_its_name(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """And what to do next."""
    lang, _ = await children(pool, wie)
    boys, _ = await home(pool, wie, naam="De Linde", groepssoort=Groepssoort.JONGENS)
    id = (await plans.made(pool, wie, vast=[keuze(lang, voorziening_id=boys)])).id

    plan = (await api.get(f"/v1/plannen/{id}")).json()

    assert [conflict["zin"] for conflict in plan["conflicten"]] == [
        "Deze aanvraag staat vast bij De Linde, maar dat kan niet: het past niet bij de regel ‘Soort groep’."
    ]
    assert "Kies daarvoor iets anders en maak een nieuw plan." in plan["uitleg"]


async def test_the_next_plan_tells_what_differs(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """From which plek to which, per aanvraag; the lines can be asked for alone."""
    lang, kort = await children(pool, wie)
    huis, plek = await home(pool, wie)
    first = (await plans.made(pool, wie)).id
    ban = [keuze(lang, voorziening_id=huis)]
    second = (await plans.made(pool, wie, vorig_plan_id=first, verboden=ban)).id

    plan = (await api.get(f"/v1/plannen/{second}")).json()
    lines = (await api.get(f"/v1/plannen/{second}/regels?gewijzigd=true&geplaatst=true")).json()

    assert plan["aantalVerschillen"] == 2
    assert plan["verschillen"] == [
        {"aanvraagId": str(lang), "vanPlekId": str(plek), "naarPlekId": None},
        {"aanvraagId": str(kort), "vanPlekId": None, "naarPlekId": str(plek)},
    ]
    assert [(line["aanvraagId"], line["vorigePlekId"]) for line in lines] == [(str(kort), None)]


async def test_lines_come_in_pages_with_the_longest_waiting_first(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    both = await children(pool, wie)
    id = (await plans.made(pool, wie)).id

    first = await api.get(f"/v1/plannen/{id}/regels?aantal=1")
    second = await api.get(first.links["next"]["url"])

    assert [line["aanvraagId"] for line in first.json() + second.json()] == [str(who) for who in both]
    assert "next" not in second.links


async def test_a_waiting_plan_that_is_stopped_is_never_made(api: httpx.AsyncClient, pool: Pool) -> None:
    """And stopping again changes nothing; what is done cannot be stopped any more."""
    url = (await api.post("/v1/plannen", json={})).headers["Location"]

    stopped = await changed(api, url, {"status": "gestopt"})
    again = await changed(api, url, {"status": "gestopt"})

    assert (stopped.status_code, stopped.json()["status"]) == (200, "gestopt")
    assert stopped.json()["uitleg"] == "Gestopt voordat er iets was gevonden."
    assert again.json() == stopped.json()


async def test_only_stopping_can_be_asked_of_a_plan_and_not_when_it_is_done(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    url = f"/v1/plannen/{(await plans.made(pool, wie)).id}"

    assert (await changed(api, url, {"status": "wacht"})).status_code == 400
    assert (await changed(api, url, {"status": "gestopt"})).status_code == 409
    assert (await api.patch(url, json={"status": "gestopt"}, headers={"If-Match": '"x"'})).status_code == 412


async def test_a_plan_that_stops_says_that_what_was_found_is_still_to_come(
    api: httpx.AsyncClient, pool: Pool, wie: Wie, owner: Connection
) -> None:
    """Until who makes it has stopped, nobody knows whether anything was found."""
    await taken.be_present(owner)
    id = (await plans.ask(pool, wie)).id
    async with transaction(pool, wie) as conn:
        await planuitkomst.begin(conn, id, now=make.NOW, again=False)

    stopping = await changed(api, f"/v1/plannen/{id}", {"status": "gestopt"})
    async with transaction(pool, wie) as conn:
        await planuitkomst.end_without(conn, id, now=make.NOW)
    stopped = (await api.get(f"/v1/plannen/{id}")).json()

    assert (stopping.json()["klaarOp"], stopping.json()["uitleg"]) == (
        None,
        "Het zoeken wordt gestopt. Wat tot dan is gevonden, staat hier zo.",
    )
    assert stopped["uitleg"] == "Gestopt voordat er iets was gevonden."


async def test_a_plan_that_is_stopped_and_then_goes_wrong_has_ended(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """It stays stopped, and who follows it does not wait for ever."""
    id = (await plans.ask(pool, wie)).id
    async with transaction(pool, wie) as conn:
        await planuitkomst.begin(conn, id, now=make.NOW, again=False)
        await plannen.stop(conn, id, now=make.NOW)
        await planuitkomst.fail(conn, id, "Er ging iets mis.")

    plan = (await api.get(f"/v1/plannen/{id}")).json()

    assert (plan["status"], plan["klaarOp"] is not None) == ("gestopt", True)
    async with transaction(pool, wie, readonly=True) as conn:
        assert (await plannen.gebeurtenissen(conn, id, 0))[-1].stap == "einde"


async def test_a_line_is_locked_with_a_reason_and_let_go(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    lang, _ = await children(pool, wie)
    await home(pool, wie)
    url = f"/v1/plannen/{(await plans.made(pool, wie)).id}/regels/{lang}"

    without = await changed(api, url, {"vast": True})
    locked = (await changed(api, url, {"vast": True, "reden": "Dichtbij school"})).json()
    free = (await changed(api, url, {"vast": False})).json()

    assert without.json()["errors"][0]["location"]["pointer"] == "/reden"
    assert (locked["vast"], locked["reden"], locked["metDeHand"]) == (True, "Dichtbij school", False)
    assert (free["vast"], free["reden"], free["plaats"]) == (False, None, locked["plaats"])


async def test_a_reason_is_more_than_spaces(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    lang, _ = await children(pool, wie)
    _, plek = await home(pool, wie)
    url = f"/v1/plannen/{(await plans.made(pool, wie)).id}/regels/{lang}"
    choice = {"aanvraagId": str(lang), "plekId": str(plek), "reden": " "}

    locked = await changed(api, url, {"vast": True, "reden": "  "})
    asked = await api.post("/v1/plannen", json={"vast": [choice]})

    assert [error["location"]["pointer"] for error in locked.json()["errors"]] == ["/reden"]
    assert [error["location"]["pointer"] for error in asked.json()["errors"]] == ["/vast/0/reden"]


async def test_a_line_of_an_aanvraag_that_is_closed_is_not_locked(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """Withdrawn after the plan was made: the next plan would not look at it. What was locked can be let go."""
    lang, _ = await children(pool, wie)
    await home(pool, wie)
    url = f"/v1/plannen/{(await plans.made(pool, wie)).id}/regels/{lang}"
    await changed(api, url, {"vast": True, "reden": "Dichtbij school"})
    async with transaction(pool, wie) as conn:
        await stappen.sluit(conn, lang, AanvraagStatus.INGETROKKEN, "Niet meer nodig.", now=make.NOW)

    refused = await changed(api, url, {"vast": True, "reden": "Toch hier"})
    free = await changed(api, url, {"vast": False})

    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "Deze aanvraag is niet meer open. Maak een nieuw plan.",
    )
    assert (free.status_code, free.json()["vast"]) == (200, False)


async def test_a_change_by_hand_is_kept_with_its_price(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """To a free place that is less good: what that costs in points, as rank counts them for both."""
    lang, kort = await children(pool, wie)
    near, _ = await home(pool, wie)
    async with transaction(pool, wie) as conn:
        aanbieder = await make.aanbieder(conn)
        far_away = await make.locatie(conn, aanbieder_id=aanbieder.id, postcode="8232 AB")
    far, plek = await home(pool, wie, locatie_id=far_away.id, aanbieder_id=aanbieder.id)
    async with transaction(pool, wie) as conn:
        await stappen.sluit(conn, kort, AanvraagStatus.INGETROKKEN, "Niet meer nodig.", now=make.NOW)
    url = f"/v1/plannen/{(await plans.made(pool, wie)).id}/regels/{lang}"
    before = (await api.get(url)).json()

    moved = await changed(api, url, {"voorzieningId": str(far), "reden": "Oma woont daar"})

    line = moved.json()
    assert moved.status_code == 200, line
    assert before["plaats"]["voorzieningId"] == str(near)
    assert (line["plaats"]["plekId"], line["vast"], line["metDeHand"]) == (str(plek), True, True)
    assert [part["niveau"] for part in line["prijs"]] == ["score"]
    assert line["prijs"][0]["verlies"] == pytest.approx(before["score"] - line["score"], abs=0.01)
    assert line["prijs"][0]["verlies"] > 0
    ranked = (await api.get(f"/v1/aanvragen/{lang}/rangschikking")).json()["plekken"]
    scores = {place["plek"]["voorzieningId"]: place["score"] for place in ranked}
    assert line["score"] == pytest.approx(scores[str(far)], abs=0.01)
    assert before["score"] == pytest.approx(scores[str(near)], abs=0.01)


async def test_placing_by_hand_who_had_no_place_is_a_gain(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """A place that was published after the plan was made."""
    _, kort = await children(pool, wie)
    await home(pool, wie)
    url = f"/v1/plannen/{(await plans.made(pool, wie)).id}/regels/{kort}"
    _, plek = await home(pool, wie)

    line = (await changed(api, url, {"plekId": str(plek), "reden": "Nieuw"})).json()

    assert line["waaromNiet"] is None
    assert line["prijs"][0] == {
        "niveau": "regulier",
        "verlies": -1,
        "zin": "1 ander kind meer met een plek.",
    }


async def test_a_change_that_breaks_a_rule_is_refused_with_what_is_wrong(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """409 with the sentence of the rule; nothing has changed."""
    lang, _ = await children(pool, wie)
    boys, _ = await home(pool, wie, groepssoort=Groepssoort.JONGENS)
    await home(pool, wie)
    url = f"/v1/plannen/{(await plans.made(pool, wie)).id}/regels/{lang}"
    before = (await api.get(url)).json()

    refused = await changed(api, url, {"voorzieningId": str(boys), "reden": "x"})

    assert refused.status_code == 409
    assert refused.json()["detail"] == "Dit kan niet. Dit is een jongensgroep. Daar past het kind niet in."
    assert (await api.get(url)).json() == before


async def test_a_bed_held_by_the_optie_of_the_child_itself_is_free_for_that_child_only(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """As in a plan: by hand, in a next plan in which it stays so, and where it is told why it is there."""
    lang, kort = await children(pool, wie)
    await home(pool, wie)
    await home(pool, wie)
    url = f"/v1/plannen/{(await plans.made(pool, wie)).id}"
    huis, plek = await home(pool, wie)
    async with transaction(pool, wie) as conn:
        till = make.NOW + timedelta(hours=24)
        await bezetting.houd(conn, plek, kort, make.day(1), None, vervalt_op=till, now=make.NOW)

    other = await changed(api, f"{url}/regels/{lang}", {"plekId": str(plek), "reden": "x"})
    moved = await changed(api, f"{url}/regels/{kort}", {"plekId": str(plek), "reden": "Zij heeft een optie"})
    told = (await api.get(f"{url}/regels/{kort}/uitleg")).json()
    again = await plans.made(pool, wie, vorig_plan_id=UUID(url.rsplit("/", 1)[1]))

    assert (other.status_code, other.json()["detail"].startswith("Dit kan niet. ")) == (409, True)
    assert (moved.status_code, moved.json()["plaats"]["plekId"]) == (200, str(plek))
    assert (told["inPlan"], told["voorzieningId"], told["afgevallen"]) == (True, str(huis), None)
    assert (again.conflicten, (await plans.regels(pool, wie, again.id))[kort].plek_id) == ([], plek)


async def test_a_place_that_the_plan_gives_to_another_is_not_taken_away_by_hand(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """That is for a new plan, in which the other goes elsewhere."""
    _, kort = await children(pool, wie)
    _, plek = await home(pool, wie)
    url = f"/v1/plannen/{(await plans.made(pool, wie)).id}/regels/{kort}"

    refused = await changed(api, url, {"plekId": str(plek), "reden": "x"})

    assert refused.status_code == 409
    assert "in dit plan voor een ander" in refused.json()["detail"]


async def test_two_changes_at_once_do_not_give_one_bed_to_two(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """Each alone is allowed; the second to come reads what the first has done."""
    both = await children(pool, wie)
    id = (await plans.made(pool, wie)).id
    _, plek = await home(pool, wie)
    body = {"plekId": str(plek), "reden": "x"}

    answers = await asyncio.gather(
        *(api.patch(f"/v1/plannen/{id}/regels/{who}", json=body, headers={"If-Match": "*"}) for who in both)
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert sum(line.plek_id == plek for line in (await plans.regels(pool, wie, id)).values()) == 1


async def test_who_would_not_fit_with_the_others_in_the_group_is_refused(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """At most one child with this trait lives there: the plan sends one already."""
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn, groepsmix={"zware_gedragsproblemen": 1})
        for _ in "ab":
            await make.plek(conn, voorziening_id=huis.id)
        for _ in "ab":
            await make.aanvraag(conn, kenmerken=["zware_gedragsproblemen"])
    id = (await plans.made(pool, wie)).id
    lines = await plans.regels(pool, wie, id)
    left = next(line for line in lines.values() if line.plek_id is None)

    refused = await changed(api, f"/v1/plannen/{id}/regels/{left.id}", {"voorzieningId": str(huis.id), "reden": "x"})

    assert refused.status_code == 409
    assert "past niet in één groep" in refused.json()["detail"]


async def test_brothers_and_sisters_go_along_with_a_change_by_hand(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """Without leave to split: each gets a bed there, on one day; where there is one bed it is refused."""
    async with transaction(pool, wie) as conn:
        samen = await make.samenplaatsing(conn)
        both = [
            await make.aanvraag(conn, organisatie_id=samen.organisatie_id, samenplaatsing_id=samen.id) for _ in "ab"
        ]
        homes = [await make.voorziening(conn) for _ in "ab"]
        beds = [{(await make.plek(conn, voorziening_id=huis.id)).id for _ in "ab"} for huis in homes]
    single, _ = await home(pool, wie)
    id = (await plans.made(pool, wie)).id
    first = (await plans.regels(pool, wie, id))[both[0].id]
    other = 1 - [huis.id for huis in homes].index(first.voorziening_id or homes[0].id)
    url = f"/v1/plannen/{id}/regels/{both[0].id}"

    refused = await changed(api, url, {"voorzieningId": str(single), "reden": "x"})
    moved = await changed(api, url, {"voorzieningId": str(homes[other].id), "reden": "x"})

    assert refused.status_code == 409
    assert moved.status_code == 200, moved.text
    lines = await plans.regels(pool, wie, id)
    assert {lines[child.id].plek_id for child in both} == beds[other]
    assert all(lines[child.id].vast for child in both)
    assert len({lines[child.id].eerste_dag for child in both}) == 1


async def test_it_is_told_what_forcing_a_pair_costs_and_who_would_lose_the_place(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """One home: who came last could have it, at the cost of who waited for a month."""
    lang, kort = await children(pool, wie)
    huis, _ = await home(pool, wie)
    id = (await plans.made(pool, wie)).id

    told = (await api.get(f"/v1/plannen/{id}/regels/{kort}/uitleg?voorzieningId={huis}")).json()

    assert (told["inPlan"], told["rang"], told["aantalVoorzieningen"]) == (False, 1, 1)
    assert sum(part["punten"] for part in told["plaats"]["bijdragen"]) == pytest.approx(told["plaats"]["score"])
    assert (told["prijs"]["exact"], told["prijs"]["verliezerIds"]) == (True, [str(lang)])
    assert told["prijs"]["zin"] == (
        "Dit kost: wie een plek krijgt, heeft samen 30 dagen minder gewacht. Dan verliest 1 aanvraag een plek."
    )
    assert [(part["niveau"], part["verlies"]) for part in told["prijs"]["hoogstens"]] == [("wachtdagen", 30)]


async def test_the_price_of_a_pair_is_that_of_the_plan_made_again_with_it_fixed(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """For every pair of three children and three homes that differ; what it costs is what the new plan has less."""
    who = [*await children(pool, wie), (await children(pool, wie))[0]]
    async with transaction(pool, wie) as conn:
        for postcode in ("1211 AB", "1315 AB", "8232 AB"):
            place = await make.locatie(conn, postcode=postcode)
            unit = await make.voorziening(conn, locatie_id=place.id, aanbieder_id=place.aanbieder_id)
            await make.plek(conn, voorziening_id=unit.id)
    first = await plans.made(pool, wie)
    lines = await plans.regels(pool, wie, first.id)
    homes = {line.voorziening_id for line in lines.values()} - {None}
    checked = 0

    for child in who:
        for huis in homes - {lines[child].voorziening_id}:
            assert huis is not None
            url = f"/v1/plannen/{first.id}/regels/{child}/uitleg?voorzieningId={huis}"
            price = {part["niveau"]: part["verlies"] for part in (await api.get(url)).json()["prijs"]["hoogstens"]}
            forced = await plans.made(pool, wie, vast=[keuze(child, voorziening_id=huis)])
            lost = {
                before.niveau: (before.waarde - after.waarde) / (100 if before.niveau == "score" else 1)
                for before, after in zip(first.niveaus, forced.niveaus, strict=True)
                if before.waarde != after.waarde and before.niveau != "vast"
            }
            assert price == pytest.approx(lost)
            checked += 1
    assert checked >= 6


async def test_where_it_does_not_fit_the_rules_are_told_and_where_it_is_its_own_place(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    lang, kort = await children(pool, wie)
    huis, _ = await home(pool, wie)
    boys, _ = await home(pool, wie, groepssoort=Groepssoort.JONGENS)
    url = f"/v1/plannen/{(await plans.made(pool, wie)).id}/regels"

    own = (await api.get(f"{url}/{lang}/uitleg")).json()
    closed = (await api.get(f"{url}/{lang}/uitleg?voorzieningId={boys}")).json()
    nowhere = await api.get(f"{url}/{kort}/uitleg")

    assert (own["inPlan"], own["voorzieningId"], own["afgevallen"]) == (True, str(huis), None)
    assert (closed["rang"], closed["plaats"], closed["prijs"]) == (None, None, None)
    assert closed["afgevallen"]["redenen"] == ["Dit is een jongensgroep. Daar past het kind niet in."]
    assert (nowhere.status_code, nowhere.json()["errors"][0]["location"]["name"]) == (400, "voorzieningId")
    assert (await api.get(f"{url}/{lang}/uitleg?voorzieningId={uuid4()}")).status_code == 404


async def test_a_place_that_the_region_may_no_longer_see_is_told_as_gone(
    api: httpx.AsyncClient, pool: Pool, wie: Wie, wie_als: Callable[..., Wie], owner: Connection
) -> None:
    """Of another region, with which the agreement ended after the plan was made."""
    lang, _ = await children(pool, wie)
    await owner.execute(
        "insert into regioafspraak (aanbod_regio, vraag_regio, geldigheid) values ($1, $2, '[2026-01-01,)')",
        OTHER_REGIO,
        wie.regio,
    )
    huis, plek = await home(pool, wie_als("schakelfunctionaris", regio=OTHER_REGIO))
    url = f"/v1/plannen/{(await plans.made(pool, wie)).id}"
    before = (await api.get(f"{url}/regels/{lang}")).json()
    await changed(api, f"{url}/regels/{lang}", {"vast": True, "reden": "Oma woont daar"})
    await owner.execute("delete from regioafspraak")

    line = await api.get(f"{url}/regels/{lang}")
    lines = await api.get(f"{url}/regels?geplaatst=false")
    told = await api.get(f"{url}/regels/{lang}/uitleg")
    again = await plans.made(pool, wie, vorig_plan_id=UUID(url.rsplit("/", 1)[1]))

    assert before["plaats"]["plekId"] == str(plek)
    assert (line.status_code, line.json()["plaats"], line.json()["waaromNiet"]) == (
        200,
        None,
        {"code": "plek_weg", "zin": "De plek is er niet meer, of is niet meer voor uw regio."},
    )
    assert [one["plaats"] for one in lines.json()] == [None, None]
    assert (told.status_code, told.json()["errors"][0]["code"]) == (400, "verplicht")
    assert (await api.get(f"{url}/regels/{lang}/uitleg?voorzieningId={huis}")).status_code == 404
    assert (await api.get(f"{url}/regels/{lang}/uitweg")).status_code == 200
    assert (await plans.regels(pool, wie, again.id))[lang].plek_id is None


async def test_a_plan_is_for_the_schakelfunctionaris_of_the_region_only(
    serve: Serve, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """Others of the region are told so; for another region it does not exist."""
    who, _ = await children(pool, wie)
    id = (await plans.made(pool, wie)).id
    paths = ["/v1/plannen", f"/v1/plannen/{id}", f"/v1/plannen/{id}/regels", f"/v1/plannen/{id}/regels/{who}"]
    paths.append(f"/v1/plannen/{id}/gebeurtenissen")

    verwijzer = await serve(wie_als("verwijzer"))
    elsewhere = await serve(wie_als("schakelfunctionaris", regio=OTHER_REGIO))

    assert [(await verwijzer.get(path)).status_code for path in paths] == [403] * 5
    assert [(await elsewhere.get(path)).status_code for path in paths] == [200, 404, 404, 404, 404]
    assert (await elsewhere.get("/v1/plannen")).json() == []


@pytest.mark.parametrize("table", ["plan", "plan_keuze", "plan_regel", "plan_prijs", "plan_gebeurtenis"])
async def test_row_level_security_shows_a_plan_to_nobody_else(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie], table: str
) -> None:
    """Whatever the code forgets."""
    who, _ = await children(pool, wie)
    _, plek = await home(pool, wie)
    await home(pool, wie)
    await plans.made(pool, wie, vast=[keuze(who, plek_id=plek)])

    async def rows(as_: Wie) -> int:
        async with transaction(pool, as_, readonly=True) as conn:
            count: int = await conn.fetchval(f"select count(*) from {table}")
            return count

    assert await rows(wie) > 0
    assert await rows(wie_als("verwijzer")) == 0
    assert await rows(wie_als("schakelfunctionaris", regio=OTHER_REGIO)) == 0


async def test_a_plan_of_another_region_cannot_be_written_to(pool: Pool, wie: Wie, wie_als: Callable[..., Wie]) -> None:
    plan = await plans.ask(pool, wie)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with transaction(pool, wie_als("schakelfunctionaris", regio=OTHER_REGIO)) as conn:
            await conn.execute(
                "insert into plan_gebeurtenis (plan_id, nummer, regio, stap) values ($1, 9, $2, 'einde')",
                plan.id,
                wie.regio,
            )


async def test_a_line_is_forbidden_for_the_next_plan_and_allowed_again(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """Of fixed and forbidden the last that was said holds; both at once, without a reason or without a place: no."""
    lang, kort = await children(pool, wie)
    await home(pool, wie)
    plan = await plans.made(pool, wie)
    url = f"/v1/plannen/{plan.id}/regels/{lang}"

    both = await changed(api, url, {"vast": True, "verboden": True, "reden": "x"})
    silent = await changed(api, url, {"verboden": True})
    nowhere = await changed(api, f"/v1/plannen/{plan.id}/regels/{kort}", {"verboden": True, "reden": "x"})
    await changed(api, url, {"vast": True, "reden": "Zo laten"})
    forbidden = (await changed(api, url, {"verboden": True, "reden": "Toch niet"})).json()
    next_ = await plans.regels(pool, wie, (await plans.made(pool, wie, vorig_plan_id=plan.id)).id)
    fixed = (await changed(api, url, {"vast": True, "reden": "Toch wel"})).json()
    await changed(api, url, {"verboden": True, "reden": "Nee"})
    allowed = (await changed(api, url, {"verboden": False})).json()

    errors = [answer.json()["errors"][0]["location"]["pointer"] for answer in (both, silent, nowhere)]
    assert errors == ["/verboden", "/reden", "/verboden"]
    assert (forbidden["vast"], forbidden["verboden"], forbidden["reden"]) == (False, True, "Toch niet")
    assert (next_[lang].plek_id, next_[kort].plek_id is None) == (None, False)
    assert (fixed["vast"], fixed["verboden"], fixed["reden"]) == (True, False, "Toch wel")
    assert (allowed["vast"], allowed["verboden"], allowed["reden"]) == (False, False, None)
