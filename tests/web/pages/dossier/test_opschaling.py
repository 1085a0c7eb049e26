"""`/opschalingen` and `/opschalingen/{id}`: the file for the table, on the screen and on paper."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

import httpx
import pytest
from msgspec import structs

from service.db import Connection, Pool, Wie, transaction
from service.opschaling import opschaaldossier
from service.opschaling.opschaaldossier import DossierPoging
from service.opschaling.opschalingen import OpschalingStapSoort, OpschalingUitkomst
from service.plaatsing.voorstelstap import Afwijsreden
from service.web.pages.dossier import woorden
from tests import make
from tests.web.conftest import Serve


def text_of(answer: httpx.Response) -> str:
    """What a reader sees, on one line."""
    assert answer.status_code == 200, answer.text
    return re.sub(r" ([.,:])", r"\1", re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))


async def escalated(api: httpx.AsyncClient, pool: Pool, wie: Wie, **kind: object) -> tuple[str, UUID, UUID]:
    """An opschaling of a child too young for De Linde, which was asked: its path, the aanvraag and the voorziening."""
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn, **{"leeftijd_maanden": 71, **kind})
        aanbieder = await make.aanbieder(conn, naam="Zorg voor Jeugd", telefoon="035 123 45 67")
        huis = await make.voorziening(conn, aanbieder_id=aanbieder.id, naam="De Linde")
        await make.plek(conn, voorziening_id=huis.id)
    body = {"aanleiding": "geen_plek", "tafel": "doorbraaktafel", "waarom": "Er past niets."}
    made = await api.post(f"/v1/aanvragen/{aanvraag.id}/opschalingen", json=body)
    assert made.status_code == 201, made.text
    return f"/opschalingen/{made.json()['id']}", aanvraag.id, huis.id


async def test_the_file_says_what_is_in_the_way_what_would_help_and_what_providers_need(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    path, _, _ = await escalated(api, pool, wie, eerder_geprobeerd="Hulp thuis, twee keer.")

    page = text_of(await api.get(path))

    assert "Doorbraaktafel" in page and "Er past niets." in page
    assert "De Linde: nog geen antwoord, gevraagd voor" in page
    assert "Hulp thuis, twee keer." in page
    assert "1 plek valt af" in page and "De Linde (leeftijd)" in page


async def test_what_a_provider_said_by_telephone_is_written_down(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """An answer that misses what belongs to it comes back with what is wrong."""
    path, _, _ = await escalated(api, pool, wie)
    form = re.search(rf'action="({path}/vragen/[^"]+)"', (await api.get(path)).text)
    assert form is not None

    refused = await api.post(form[1], data={"formulier": f"zei-{form[1].rpartition('/')[2]}", "nodig": "later"})
    done = await api.post(form[1], data={"nodig": "extra_personeel", "toelichting": "Een nachtdienst."})

    assert refused.status_code == 400 and "Schrijf vanaf welke dag het kan." in refused.text
    assert done.headers["location"] == f"{path}?gedaan=antwoord"
    page = text_of(await api.get(path))
    assert "De Linde: extra personeel nodig. “Een nachtdienst.”" in page


async def test_it_is_closed_with_an_outcome_and_then_stands_among_what_is_closed(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    path, _, _ = await escalated(api, pool, wie)
    before = text_of(await api.get("/opschalingen"))

    refused = await api.post(f"{path}/stappen", data={"formulier": "sluit", "stap": "sluit"})
    done = await api.post(f"{path}/stappen", data={"stap": "sluit", "uitkomst": "hulp_thuis", "toelichting": "Ja."})

    after = text_of(await api.get("/opschalingen"))
    assert "Lopende opschalingen: 1" in before and "Lopende opschalingen: 0" in after
    assert refused.status_code == 400 and 'href="#v-uitkomst"' in refused.text
    assert done.headers["location"] == f"{path}?gedaan=gesloten"
    assert "het kind blijft thuis, met hulp" in after
    assert "Gesloten: het kind blijft thuis, met hulp" in text_of(await api.get(path))


async def test_paper_for_the_table_says_nothing_of_other_children_of_who_declined_or_whom_to_call(
    api: httpx.AsyncClient, pool: Pool, wie: Wie, owner: Connection
) -> None:
    """Others than the loket sit there, and a sheet of paper has no row-level security."""
    path, aanvraag, huis = await escalated(api, pool, wie, urgentie_reden="Zus woont daar")
    other = {"plekId": str(huis), "voorzieningId": str(huis), "aantalPlekken": 1}
    other |= {"regels": ["veiligheid", "groepsmix", "leeftijd"]}
    only = {**other, "regels": ["veiligheid"]}
    seen = {"plekken": [other, only], "perRegel": {"veiligheid": 2, "leeftijd": 1}, "alleen": {"veiligheid": 1}}
    await owner.execute("update opschaling_dossier set inhoud = inhoud || $2 where aanvraag_id = $1", aanvraag, seen)

    table = text_of(await api.get(f"{path}/afdruk"))
    loket = text_of(await api.get(f"{path}/afdruk?alles=true"))

    for secret in ("Veiligheid", "Samenstelling van de groep", "035 123 45 67", "Zus woont daar"):
        assert secret in loket and secret not in table, secret
    assert "Leeftijd" in table and "Niet beschikbaar" in table
    assert "alleen voor het loket" in loket and "alleen voor het loket" not in table


async def test_at_the_table_a_decline_has_no_name(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    path, _, huis = await escalated(api, pool, wie)
    async with transaction(pool, wie) as conn:
        dossier = await opschaaldossier.read(conn, UUID(path.rpartition("/")[2]), now=make.NOW)
    no = DossierPoging(id=huis, wat="afgewezen", uitkomst="geen_personeel", voorziening_id=huis, voorziening="De Linde")
    tried = structs.replace(dossier.geprobeerd, besluiten=[no])

    shown = opschaaldossier.aan_tafel(structs.replace(dossier, geprobeerd=tried))

    [besluit] = shown.geprobeerd.besluiten
    assert woorden.poging("besluiten", no) == "De Linde: er is geen personeel"
    assert woorden.poging("besluiten", besluit) == "een plek: er is geen personeel"


async def test_a_verwijzer_that_asks_gets_a_no_with_its_reason(
    api: httpx.AsyncClient, serve: Serve, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
    verwijzer = await serve(wie_als("verwijzer", organisatie=aanvraag.organisatie_id))
    ask = {"aanleiding": "geen_plek", "toelichting": "Al vijf weken niets."}
    asked = (await verwijzer.post(f"/v1/aanvragen/{aanvraag.id}/opschalingsverzoeken", json=ask)).json()

    before = text_of(await api.get("/opschalingen"))
    done = await api.post(f"/opschalingsverzoeken/{asked['id']}/weigeringen", data={"reden": "Er is net een plek."})

    assert "Verwijzers vragen om op te schalen: 1" in before and "Al vijf weken niets." in before
    assert done.headers["location"] == "/opschalingen?gedaan=nee"
    assert "vragen om op te schalen" not in text_of(await api.get("/opschalingen"))
    own = text_of(await verwijzer.get(f"/mijn-aanvragen/{aanvraag.id}"))
    assert "Er is net een plek." in own


@pytest.mark.parametrize("rol", ["verwijzer", "crisisdienst", "aanbieder"])
async def test_the_file_is_for_the_loket_only(
    api: httpx.AsyncClient, serve: Serve, pool: Pool, wie: Wie, wie_als: Callable[..., Wie], rol: str
) -> None:
    path, _, _ = await escalated(api, pool, wie)
    async with transaction(pool, wie) as conn:
        of = {"verwijzer": await make.organisatie(conn), "aanbieder": (await make.aanbieder(conn)).id}.get(rol)
    other = await serve(wie_als(rol, organisatie=of))
    assert [(await other.get(at)).status_code for at in (path, f"{path}/afdruk", "/opschalingen")] == [403] * 3


def test_every_code_of_a_file_has_words() -> None:
    assert woorden.UITKOMST.keys() == set(OpschalingUitkomst)
    assert woorden.STAP.keys() == set(OpschalingStapSoort)
    for reden in (*Afwijsreden, "afgewezen"):
        poging = DossierPoging(id=UUID(int=1), wat="afgewezen", uitkomst=reden)
        assert woorden.poging("besluiten", poging).startswith("een plek: ")
