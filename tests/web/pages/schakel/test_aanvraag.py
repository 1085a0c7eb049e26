"""`/aanvragen/{id}`: the ranked places of one aanvraag."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import UUID

import httpx
import msgspec
import pytest

from service.aanvraag import aanvragen, gebeurtenissen, stappen, werklijst
from service.aanvraag.gebeurtenissen import AanvraagStatus
from service.db import Connection, Pool, Wie, transaction
from service.dutch import day
from service.rang.rangschikking import Rangschikking
from service.settings import Settings
from service.urgentie import Urgentie
from service.web.pages.schakel.aanvraag import confirmed, notices, steps, where
from tests import make
from tests.web.conftest import always, loket, running


def text_of(answer: httpx.Response) -> str:
    """What a reader sees, on one line."""
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)).replace(" .", ".").replace(" ,", ",")


async def place(
    conn: Connection, *, contract: bool = True, locatie: dict[str, object] | None = None, **fields: object
) -> UUID:
    """A plek that fits make.aanvraag, with a contract; its voorziening has `fields`."""
    aanbieder = await make.aanbieder(conn, telefoon="035 123 45 67")
    where = await make.locatie(conn, aanbieder_id=aanbieder.id, **{"plaats": "Hilversum", **(locatie or {})})
    voorziening = await make.voorziening(conn, aanbieder_id=aanbieder.id, locatie_id=where.id, **fields)
    if contract:
        await make.contract(conn, aanbieder.id, voorziening.zorgvorm)
    return (await make.plek(conn, voorziening_id=voorziening.id)).id


async def test_a_place_that_fits_says_why_when_where_how_sure_and_whom_to_call(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
        await place(conn, naam="De Linde", bellen_naam="Samira", bellen_telefoon="035 765 43 21")
    answer = await api.get(f"/aanvragen/{aanvraag.id}")
    text = text_of(answer)
    assert "1 plek past" in text
    assert "1. De Linde" in text
    assert "Lijkt veel op een gewoon thuis." in text
    assert "Eerste dag di 3 mrt" in text
    assert "minuten van thuis" in text or "minuut van thuis" in text
    assert "Bevestigd minder dan een uur geleden" in text
    assert "Samira, 035 765 43 21" in text
    assert 'href="tel:0357654321"' in answer.text
    assert re.search(r"Huiselijkheid \d+ van \d+", text)


async def test_an_aanvraag_is_called_by_its_nummer_and_never_by_the_kenmerk_of_the_verwijzer(
    api: httpx.AsyncClient, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """On the page, in the list, and of brothers and sisters. The verwijzer itself reads both."""
    async with transaction(pool, wie) as conn:
        samen = await make.samenplaatsing(conn)
        together = {"organisatie_id": samen.organisatie_id, "samenplaatsing_id": samen.id}
        aanvraag = await make.aanvraag(conn, kenmerk="J-2026-17", **together)
        other = await make.aanvraag(conn, kenmerk="J-2026-18", **together)
    pages = [text_of(await api.get(path)) for path in ("/", f"/aanvragen/{aanvraag.id}")]
    assert all(aanvraag.nummer in text and other.nummer in text and "J-2026" not in text for text in pages)
    assert f"Plekken voor nummer {aanvraag.nummer}" in pages[1]
    async with transaction(pool, wie_als("verwijzer", organisatie=samen.organisatie_id)) as conn:
        own = [*await werklijst.regels(conn, None, 9, 0), *await werklijst.broers_zussen(conn, aanvraag.id)]
    assert {(row.nummer, row.kenmerk) for row in own} == {(aanvraag.nummer, "J-2026-17"), (other.nummer, "J-2026-18")}


async def test_without_a_contract_a_place_stays_and_says_so(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
        await place(conn, contract=False)
    assert "Alleen na overleg met de gemeente" in text_of(await api.get(f"/aanvragen/{aanvraag.id}"))


async def test_a_secret_place_is_named_without_where_it_is(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
        await place(conn, locatie={"zichtbaarheid": "geheim", "plaats": None, "postcode": "1271 AB"})
    text = text_of(await api.get(f"/aanvragen/{aanvraag.id}"))
    assert "niet openbaar, " in text
    assert "Huizen" not in text
    assert "1271" not in text


async def test_where_home_is_stands_nowhere(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """The postcode only serves to compute travel times."""
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn, pc4="1401", school_pc4="1315", netwerk_pc4="8232")
    text = text_of(await api.get(f"/aanvragen/{aanvraag.id}"))
    assert not re.search(r"1401|1315|8232", text.replace(str(aanvraag.id), ""))


async def test_a_place_that_falls_out_names_every_rule_that_fails(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn, leeftijd_maanden=60)
        await place(conn, naam="Te oud en te vast", zorgvorm="residentieel")
    text = text_of(await api.get(f"/aanvragen/{aanvraag.id}"))
    assert "1 plek valt af" in text
    assert "Te oud en te vast (2 redenen)" in text
    assert "Is voor kinderen van 6 jaar tot en met 15 jaar." in text
    assert "De zorgvorm is residentieel verblijf. Die is niet gevraagd." in text


async def test_when_nothing_fits_the_page_names_the_smallest_change_and_the_next_steps(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn, leeftijd_maanden=71)
        await place(conn, naam="Bijna")
    text = text_of(await api.get(f"/aanvragen/{aanvraag.id}"))
    assert "Er is nu geen plek die past" in text
    assert "Kleinste wijzigingen" in text
    assert "Bijvoorbeeld: Bijna." in text
    assert "voordat het kind uit huis gaat" in text
    assert "Overleg met de gemeente Hilversum" in text


async def test_without_any_place_in_the_region_the_page_still_helps(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
    text = text_of(await api.get(f"/aanvragen/{aanvraag.id}"))
    assert "Er is nu geen plek die past" in text
    assert "doorbraaktafel" in text
    assert "valt af" not in text


async def test_the_name_of_a_place_is_text_whatever_it_holds(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn, mening_jeugdige="<img src=x onerror=alert(1)>")
        await place(conn, naam='"><script>alert(1)</script>')
    html = (await api.get(f"/aanvragen/{aanvraag.id}")).text
    assert "&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "<script>" not in html


async def test_brothers_and_sisters_are_linked_with_whether_they_may_be_apart(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        organisatie = await make.organisatie(conn)
        samen = await make.samenplaatsing(
            conn, organisatie_id=organisatie, mag_splitsen=True, splitsreden="één heeft behandeling nodig"
        )
        one, other = [
            await make.aanvraag(conn, organisatie_id=organisatie, samenplaatsing_id=samen.id) for _ in range(2)
        ]
    answer = await api.get(f"/aanvragen/{one.id}")
    assert f'href="/aanvragen/{other.id}"' in answer.text
    assert "Mogen apart: één heeft behandeling nodig" in text_of(answer)


async def test_fifteen_voorzieningen_are_one_page_and_one_more_makes_two(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
        for _ in range(16):
            await place(conn)
    first = await api.get(f"/aanvragen/{aanvraag.id}")
    second = await api.get(f"/aanvragen/{aanvraag.id}?pagina=2")
    assert (first.text.count("place-row__more"), second.text.count("place-row__more")) == (15, 1)
    assert f'rel="next" href="/aanvragen/{aanvraag.id}?pagina=2#plekken"' in first.text
    assert "16." in text_of(second)
    assert "Toon alle plekken die passen" in text_of(await api.get(f"/aanvragen/{aanvraag.id}?pagina=3"))


async def test_what_was_warned_of_today_is_said_with_its_day(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """The work list says that there is an alarm. Once each, and not what was said on another day."""
    async with transaction(pool, wie) as conn:
        a = await make.aanvraag(conn)
        for op, soort in ((make.NOW, "norm"), (make.NOW, "norm"), (make.NOW - timedelta(days=2), "vergeten")):
            about = {"alarm": soort, "dag": str(make.TODAY)}
            await gebeurtenissen.record(conn, a.id, gebeurtenissen.GebeurtenisSoort.ALARM, now=op, gegevens=about)
    text = (await api.get(f"/aanvragen/{a.id}")).text
    said = text.partition("Vandaag gewaarschuwd")[2].partition("</ul>")[0]
    assert said.count("<li>") == 1 and "volgens de norm van de regio." in said
    assert f"({day(make.TODAY, make.TODAY)})" in said


async def test_for_a_closed_aanvraag_no_place_is_sought_any_more(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
        await stappen.sluit(conn, aanvraag.id, AanvraagStatus.INGETROKKEN, "Niet meer nodig", now=make.NOW)
    text = text_of(await api.get(f"/aanvragen/{aanvraag.id}"))
    assert "Er wordt geen plek meer voor gezocht." in text
    assert "Ingetrokken" in text and "Stel voor" not in text


async def test_an_aanvraag_of_another_region_does_not_exist_here(
    api: httpx.AsyncClient, pool: Pool, wie_als: Callable[..., Wie]
) -> None:
    async with transaction(pool, wie_als("schakelfunctionaris", regio="flevoland")) as conn:
        elsewhere = await make.aanvraag(conn)
    answer = await api.get(f"/aanvragen/{elsewhere.id}")
    assert answer.status_code == 404
    assert "Deze pagina is er niet" in answer.text
    assert elsewhere.nummer not in answer.text


async def test_when_the_route_service_is_away_the_page_says_that_travel_is_estimated(
    settings: Settings, pool: Pool, wie: Wie
) -> None:
    """Nobody takes a guess for a route. Port 9 of this machine is closed."""
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
        await place(conn)
    away = msgspec.structs.replace(settings, osrm_url="http://127.0.0.1:9")
    app = loket(away, identity=always(wie), clock=lambda: make.NOW)
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        text = text_of(await client.get(f"/aanvragen/{aanvraag.id}"))
    assert "OSRM is niet bereikbaar" in text
    assert "de reistijden zijn geschat uit de afstand" in text
    assert "1 plek past" in text


async def one_place(pool: Pool, wie: Wie, **fields: object) -> tuple[aanvragen.Aanvraag, UUID]:
    """An aanvraag, and a plek that fits."""
    async with transaction(pool, wie) as conn:
        return await make.aanvraag(conn), await place(conn, **fields)


HIDDEN = r'<input type="hidden" name="([^"]*)" value="([^"]*)"'


def forms(answer: httpx.Response, button: str) -> list[tuple[str, dict[str, str]]]:
    """Address and fields of each form with this button."""
    found = re.findall(r'<form[^>]* action="([^"]*)"[^>]*>(.*?)</form>', answer.text, re.DOTALL)
    return [
        (action, {name: unescape(value) for name, value in re.findall(HIDDEN, inner)})
        for action, inner in found
        if re.search(rf"<button[^>]*>{button}", inner)
    ]


async def click(api: httpx.AsyncClient, answer: httpx.Response, button: str, **fields: str) -> httpx.Response:
    """The page that comes after the first form with this button."""
    action, hidden = forms(answer, button)[0]
    done = await api.post(action, data={**hidden, **fields})
    if done.status_code != 303:
        return done
    return await api.get(done.headers["location"])


async def test_a_plek_is_held_with_one_click_and_let_go_with_one_more(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    aanvraag, _ = await one_place(pool, wie, naam="De Linde")
    held = await click(api, await api.get(f"/aanvragen/{aanvraag.id}"), "Houd vast")
    assert "De plek is vastgehouden." in held.text and "De Linde: vastgehouden" in text_of(held).replace(" :", ":")
    free = await click(api, held, "Maak ongedaan")
    assert "De plek is weer vrij." in free.text and forms(free, "Houd vast")


async def test_a_voorstel_is_sent_with_one_click_and_taken_back_with_one_more(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """Sent, it holds its plek; taken back, the plek is free and the history has both."""
    aanvraag, _ = await one_place(pool, wie)
    sent = await click(api, await api.get(f"/aanvragen/{aanvraag.id}"), "Stel voor")
    assert "Het voorstel is verstuurd." in sent.text and "verstuurd, wacht op antwoord" in sent.text
    back = await click(api, sent, "Maak ongedaan")
    assert "Het voorstel is ingetrokken." in back.text
    assert "Voorstel verstuurd" in back.text and "Voorstel ingetrokken" in back.text
    assert forms(back, "Stel voor")


async def test_what_the_provider_said_is_written_down_with_the_voorstel(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    aanvraag, _ = await one_place(pool, wie)
    sent = await click(api, await api.get(f"/aanvragen/{aanvraag.id}"), "Stel voor")
    yes = await click(api, sent, "De aanbieder zegt ja")
    assert "de aanbieder zegt ja, wacht op toestemming" in yes.text
    no = await click(api, yes, "Leg het nee vast", afwijsreden="anders", reden="")
    assert no.status_code == 400 and "Schrijf waarom." in no.text and 'id="v-reden"' in no.text
    said = await click(api, yes, "Leg het nee vast", afwijsreden="groepsmix")
    assert "afgewezen" in said.text


async def test_a_no_cannot_be_taken_back_and_the_page_says_what_can(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """The same plek again, with a reason why: from where the no is told."""
    aanvraag, plek = await one_place(pool, wie)
    sent = await click(api, await api.get(f"/aanvragen/{aanvraag.id}"), "Stel voor")
    assert "Een nee kan niet terug." in sent.text
    said = await click(api, sent, "Leg het nee vast", afwijsreden="jeugdige_niet_geschikt")
    assert "Was het een vergissing?" in said.text and f"plek={plek}#voorstel" in said.text
    again = await click(
        api,
        await api.get(f"/aanvragen/{aanvraag.id}?plek={plek}"),
        "Stel voor",
        van=make.day(2).isoformat(),
        verzend="true",
        afwijking="De aanbieder vergiste zich.",
    )
    assert "Het voorstel is verstuurd." in again.text


async def test_who_handles_it_and_whose_move_it_is_stand_on_the_page_as_in_the_list(
    api: httpx.AsyncClient, pool: Pool, wie: Wie, owner: Connection
) -> None:
    """New, sent, agreed: the loket, the provider, the verwijzer. A colleague is told by name."""
    aanvraag, _ = await one_place(pool, wie)
    path = f"/aanvragen/{aanvraag.id}"

    async def both(expected: str) -> None:
        assert expected in text_of(await api.get("/")).replace(" :", ":")
        assert expected in text_of(await api.get(path)).replace(" :", ":")

    await both("Loket: neem in behandeling")
    assert "Nog geen behandelaar" in text_of(await api.get("/"))
    assert "Behandelaar nog niemand" in text_of(await api.get(path))
    sent = await click(api, await api.get(path), "Stel voor")
    await both("Aanbieder: geeft antwoord")
    await click(api, sent, "De aanbieder zegt ja")
    await both("Verwijzer: legt toestemming vast")
    colleague = await owner.fetchval(
        "insert into gebruiker (regio, naam, rol) values ($1, 'Noor de Vries', 'schakelfunctionaris') returning id",
        wie.regio,
    )
    await owner.execute("update aanvraag set behandelaar_id = $2 where id = $1", aanvraag.id, colleague)
    assert "Behandelaar: Noor de Vries" in text_of(await api.get("/"))
    assert "Behandelaar Noor de Vries" in text_of(await api.get(path))


async def test_a_rule_that_says_no_is_passed_by_with_a_reason_only(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """From a place that falls out: without a reason the browser asks for it, and the loket too."""
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn, leeftijd_maanden=71)
        plek = await place(conn, naam="Bijna")
    listed = await api.get(f"/aanvragen/{aanvraag.id}")
    assert f"plek={plek}#voorstel" in listed.text
    asked = await api.get(f"/aanvragen/{aanvraag.id}?plek={plek}")
    assert "Van veiligheid, machtiging, contra-indicaties" in asked.text
    day = {"van": make.day(2).isoformat(), "verzend": "true"}
    refused = await click(api, asked, "Stel voor", **day)
    assert refused.status_code == 409 and "schrijf bij afwijking waarom het toch moet" in refused.text
    sent = await click(api, asked, "Stel voor", **day, afwijking="Wordt over een maand zes.")
    assert "Het voorstel is verstuurd." in sent.text


async def test_what_if_shows_another_list_and_keeps_nothing(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """Other wishes open a place, other weights another order; the aanvraag is as it was, and nothing can be done."""
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
        await place(conn, naam="Groep", zorgvorm="residentieel")
    path = f"/aanvragen/{aanvraag.id}"
    assert "Er is nu geen plek die past" in (await api.get(path)).text
    other = await api.get(f"{path}?watals=true&ook=residentieel&gewicht_afstand=100")
    assert "Wat als: dit is niet bewaard." in other.text and "1 plek past" in text_of(other)
    assert "Afstand" in other.text and not forms(other, "Stel voor")
    assert "Er is nu geen plek die past" in (await api.get(path)).text
    assert (await api.get(f"{path}?watals=true&later=9999")).status_code == 400


async def test_what_if_says_beside_each_other_what_moves_comes_in_or_falls_out_and_why(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """By rank now and then: by other weights two change places, a wish opens one, a shorter journey loses one."""
    near = {"locatie": {"postcode": "1211 AA"}}
    far = {"locatie": {"postcode": "8232 AA", "plaats": "Lelystad"}}
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn, pc4="1211", ondersteuning=["nachttoezicht"])
        await place(conn, naam="Dichtbij", **near)
        await place(conn, naam="Ver weg", ondersteuning=["nachttoezicht"], **far)
        await place(conn, naam="Groep", zorgvorm="residentieel", **near)
    path = f"/aanvragen/{aanvraag.id}?watals=true"

    def lines(answer: httpx.Response) -> dict[str, str]:
        """Name → now, then, difference and why."""
        table = answer.text.partition("before-after")[2].partition("</table>")[0]
        rows = [row.partition("<br>") for row in table.split('scope="row">')[1:]]
        return {naam: re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", rest)) for naam, _, rest in rows}

    moved = lines(await api.get(f"{path}&gewicht_ondersteuning=0&gewicht_afstand=100"))
    back = lines(await api.get(f"{path}&gewicht_ondersteuning=100&gewicht_afstand=0"))
    opened = await api.get(f"{path}&ook=residentieel")
    closed = lines(await api.get(f"{path}&reistijd=10"))

    first, second = "Dichtbij", "Ver weg"
    assert "Nu 2 Zo 1 Verschil ▲ 1 plaats hoger Waardoor Afstand: " in moved[first]
    assert "Nu 1 Zo 2 Verschil ▼ 1 plaats lager Waardoor Ondersteuning: 0 punten, was " in moved[second]
    assert "gelijk" in back[second] and re.search(r"Ondersteuning: 100 punten, was \d+\.", back[second])
    group = lines(opened)["Groep"]
    assert "komt erbij" in group and "Viel af: De zorgvorm is residentieel verblijf." in group
    assert "Erbij: 1. Eruit: 0." in text_of(opened)
    assert "valt eruit" in closed[second] and "Hoogstens 10 minuten mag." in closed[second]


async def test_places_are_sorted_filtered_and_put_beside_each_other(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """Each keeps the number that it has in the rangschikking."""
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn, zorgvormen=["gezinshuis", "pleegzorg-opvoeding"])
        one, other = await place(conn, naam="Zon"), await place(conn, naam="Aarde", zorgvorm="pleegzorg-opvoeding")
    path = f"/aanvragen/{aanvraag.id}"

    def order(answer: httpx.Response) -> list[str]:
        return re.findall(r'id="plek-\d+"[^>]*>\d+\. ([^<]*)<', answer.text)

    assert order(await api.get(f"{path}?volgorde=naam")) == ["Aarde", "Zon"]
    assert order(await api.get(f"{path}?zorgvorm=gezinshuis")) == ["Zon"]
    beside = await api.get(f"{path}?vergelijk={one}&vergelijk={other}")
    assert "Naast elkaar" in beside.text and beside.text.count('scope="col">') > 8
    assert "Kies twee tot vier" in (await api.get(f"{path}?vergelijk={one}")).text


async def test_when_nothing_fits_the_loket_escalates_and_asks_who_nearly_fits(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn, leeftijd_maanden=71)
        await place(conn, naam="Bijna")
    page = await api.get(f"/aanvragen/{aanvraag.id}")
    fields = {"aanleiding": "dreigende_uithuisplaatsing", "tafel": "doorbraaktafel", "waarom": "Er past niets."}
    done = await click(api, page, "Schaal op", **fields, vraagAanbieders="true")
    text = text_of(done)
    assert "Er is opgeschaald." in text and "Doorbraaktafel" in text and "Bijna: nog geen antwoord" in text
    bridge = await click(api, done, "Begin", **{"details.waar": "Een logeerhuis"})
    assert "De route is begonnen." in bridge.text and "Tussenvoorziening" in bridge.text


async def test_steps_of_the_aanvraag_stand_on_its_page(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    aanvraag, _ = await one_place(pool, wie)
    taken = await click(api, await api.get(f"/aanvragen/{aanvraag.id}"), "Neem in behandeling")
    assert "Behandelaar uzelf" in text_of(taken)
    higher = {"urgentie": "spoed", "criterium": "thuis_onhoudbaar", "reden": "Het gaat thuis niet meer."}
    urgent = await click(api, taken, "Verander", **higher)
    assert "Urgentie veranderd" in urgent.text and "badge--spoed" in urgent.text
    closed = await click(api, urgent, "Wijs af", reden="Dubbel ingediend.")
    assert "Afgewezen door het loket" in closed.text and not forms(closed, "Wijs af")


@pytest.fixture
async def aanvraag(pool: Pool, wie: Wie) -> aanvragen.Aanvraag:
    async with transaction(pool, wie) as conn:
        return await make.aanvraag(conn)


RANKED = Rangschikking(
    aanvraag_id=UUID(int=1),
    aantal_passend=0,
    aantal_voorzieningen=0,
    plekken=[],
    aantal_afgevallen=0,
    afgevallen_per_reden={},
    alleen_om_deze_reden={},
    afgevallen=[],
    kleinste_wijzigingen=[],
    peilmoment=datetime(2026, 3, 2, 8, 30, tzinfo=UTC),
    actueel=True,
    reistijd_bron="schatting",
    reistijd_reden=None,
)


def test_a_fresh_ranking_needs_no_notice(aanvraag: aanvragen.Aanvraag) -> None:
    assert notices(aanvraag, RANKED, [], make.TODAY) == []


def test_old_data_and_estimated_travel_times_are_told_before_the_list(aanvraag: aanvragen.Aanvraag) -> None:
    old = msgspec.structs.replace(RANKED, actueel=False, reistijd_reden="OSRM zwijgt; de reistijden zijn geschat.")
    assert notices(aanvraag, old, [], make.TODAY) == [
        "Let op: deze plekken zijn van 09:30. Of er daarna iets is veranderd, weten we nu niet.",
        "OSRM zwijgt; de reistijden zijn geschat.",
    ]


def test_a_latest_date_is_over_the_day_after_and_not_on_the_day(aanvraag: aanvragen.Aanvraag) -> None:
    assert notices(aanvraag, RANKED, [], make.day(29)) == []
    assert "is voorbij" in notices(aanvraag, RANKED, [], make.day(30))[0]


def test_a_zorgvorm_that_is_not_ranked_is_said_to_have_a_route_of_its_own(aanvraag: aanvragen.Aanvraag) -> None:
    assert "eigen coördinatiepunt" in notices(aanvraag, RANKED, ["JeugdzorgPlus"], make.TODAY)[0]


def test_in_a_crisis_the_first_step_is_where_the_child_sleeps(aanvraag: aanvragen.Aanvraag) -> None:
    assert "vannacht" not in " ".join(steps(aanvraag, "Laren"))
    crisis = msgspec.structs.replace(aanvraag, urgentie=Urgentie.CRISIS)
    assert "vannacht" in steps(crisis, "Laren")[0]


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (None, "nog nooit"),
        (timedelta(minutes=59), "minder dan een uur geleden"),
        (timedelta(hours=1), "1 uur geleden"),
        (timedelta(hours=47), "47 uur geleden"),
        (timedelta(hours=48), "2 dagen geleden"),
        (timedelta(days=30), "4 weken geleden"),
    ],
)
def test_a_confirmation_is_told_in_hours_and_then_in_days(ago: timedelta | None, said: str) -> None:
    assert confirmed(None if ago is None else make.NOW - ago, make.NOW) == said


@pytest.mark.parametrize(
    ("plaats", "minutes", "said"),
    [
        ("Laren", {"thuis": 12}, "Laren, 12 minuten van thuis"),
        ("Laren", {}, "Laren, reistijd onbekend"),
        (None, {"thuis": 1}, "niet openbaar, minder dan 15 minuten van thuis"),
        (None, {"thuis": 15}, "niet openbaar, ongeveer 15 minuten van thuis"),
        (None, {}, "niet openbaar, reistijd onbekend"),
    ],
)
def test_a_place_that_is_not_public_has_a_rounded_journey_and_no_name(
    plaats: str | None, minutes: dict[str, int], said: str
) -> None:
    assert where(plaats, minutes) == said
