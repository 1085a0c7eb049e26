"""The canary child: whatever anybody does with the loket, its words stand nowhere they should not.

A new feature is a new line in STEPS. Each step is done by who may do it, and then tried by everybody else; what anybody
gets, may only have what they may see (kanarie.SEES). Afterwards every place where words could be left is searched.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import httpx
import psutil
import pytest
import redis.asyncio
from msgspec import Struct, field, structs

from service import toegang
from service.days import today
from service.db import APP_ROLE, Connection, Pool, open_pool, transaction
from service.log.doelen import Verwerking
from service.web.v1 import OPERATIONS
from tests import search
from tests.conftest import Cluster, open_folder
from tests.service.intake import files
from tests.service.post import Mailserver, Receiver, Request
from tests.web import examples
from tests.web import kanarie as birds
from tests.web.kanarie import CRISIS_WORDS, PUBLIC, SEES, WORDS, Kanarie, aanvraag

Known: TypeAlias = dict[str, str]


class Step(Struct, frozen=True):
    who: str
    method: str
    path: str
    body: Callable[[Known], Any] | None = None
    status: int = 200
    keeps: str = ""
    """Under which name the id of the answer is known to later steps."""
    headers: dict[str, str] = field(default_factory=dict)
    file: Callable[[Known], bytes] | None = None
    also: tuple[str, ...] = ()
    """Who may make such a row too, so does not try."""
    knows: tuple[str, ...] | None = None
    """What the aanbieder may be shown besides, from this step on."""
    repeats: bool = False
    """A refusal that tells the sender what it sent: an uploaded list, cell by cell."""


ONCE = {"Idempotency-Key": "een-keer"}
ANY = {"If-Match": "*"}


def upload(known: Known) -> bytes:
    """A list with a child in it, of which one cell is wrong."""
    head = ["Organisatie", "Kenmerk", "Urgentie", "Leeftijd", "PC4"]
    return files.workbook(("Aanvragen", [head, ["Onbekend", WORDS["kenmerk"], WORDS["bestand"], "tien", "8232"]]))


def wrong(**fields: Any) -> Callable[[Known], Any]:
    return lambda known: aanvraag(known, **fields)


def there(known: Known) -> Any:
    """The child on the open plek, from tomorrow on."""
    tomorrow = today(datetime.now(UTC)) + timedelta(days=1)
    return {"plekken": [{"aanvraagId": known["aanvraag"], "plekId": known["plek"]}], "van": tomorrow.isoformat()}


def proposal(known: Known) -> Any:
    return {**there(known), "toelichting": WORDS["voorstel"], "afwijking": WORDS["afwijking"]}


def takes(stap: str, **more: str) -> Callable[[Known], Any]:
    return lambda _: {"stap": stap, **more}


WITH_IT, STORIES = ("id", "nummer"), ("eerderGeprobeerd", "meningJeugdige", "praktisch")


def long(_: Known) -> Any:
    return {"praktisch": WORDS["fout"] * 40}


STEPS = [
    Step("verwijzer", "POST", "/v1/samenplaatsingen", lambda k: {
        "organisatieId": k["organisatie"], "magSplitsen": True, "splitsreden": WORDS["splitsreden"]},
        201, keeps="samenplaatsing", also=("crisisdienst",)),
    Step("verwijzer", "POST", "/v1/aanvragen", aanvraag, 201, keeps="aanvraag", headers=ONCE),
    Step("verwijzer", "POST", "/v1/aanvragen", aanvraag, 201, headers=ONCE),
    Step("verwijzer", "GET", "/v1/aanvragen"),
    Step("verwijzer", "GET", "/v1/aanvragen/{aanvraag}"),
    Step("verwijzer", "PATCH", "/v1/aanvragen/{aanvraag}", lambda _: {"praktisch": WORDS["praktisch"]}, headers=ANY),
    Step("verwijzer", "GET", "/v1/samenplaatsingen/{samenplaatsing}"),
    Step("verwijzer", "PATCH", "/v1/samenplaatsingen/{samenplaatsing}", lambda _: {"magSplitsen": True}, headers=ANY),
    Step("verwijzer", "GET", "/v1/samenplaatsingen"),
    Step("verwijzer", "GET", "/v1/alarmen"),
    Step("loket", "GET", "/v1/alarmen"),
    Step("verwijzer", "GET", "/v1/wachtlijst"),
    Step("loket", "GET", "/v1/wachtlijst?vanaf=gewenste_start"),
    Step("contractbeheer", "GET", "/v1/wachtlijst/tellingen"),
    Step("contractbeheer", "GET", "/v1/wachtlijst/wachttijden"),
    Step("contractbeheer", "GET", "/v1/cijfers/aanbod"),
    Step("loket", "POST", "/v1/instellingen/proef", lambda _: {"normenDagen": {"crisis": 0}}),
    Step("loket", "GET", "/beheer/instellingen/wachten/proef?normenDagen.regulier=0"),
    Step("aanbieder", "GET", "/v1/cijfers/afwijzingen"),
    Step("loket", "GET", "/v1/aanvragen"),
    Step("loket", "GET", "/v1/aanvragen/{aanvraag}"),
    Step("loket", "GET", "/"),
    Step("loket", "GET", "/aanvragen/{aanvraag}"),
    Step("loket", "GET", "/v1/aanvragen/{aanvraag}/rangschikking?aantal=200"),
    Step("loket", "POST", "/v1/plannen", lambda _: {"seconden": 2}, 201, keeps="plan"),
    Step("loket", "GET", "/v1/plannen/{plan}/gebeurtenissen"),  # waits for the worker to be done
    Step("loket", "GET", "/v1/plannen/{plan}"),
    Step("loket", "GET", "/v1/plannen/{plan}/regels"),
    Step("loket", "GET", "/v1/plannen/{plan}/regels/{aanvraag}"),
    Step("loket", "GET", "/v1/plannen/{plan}/regels/{aanvraag}/uitleg?voorzieningId={voorziening}"),
    Step("loket", "GET", "/v1/plannen/{plan}/regels/{aanvraag}/uitweg"),
    Step("loket", "PATCH", "/v1/plannen/{plan}/regels/{aanvraag}", lambda _: {"vast": False}, headers=ANY),
    Step("loket", "PATCH", "/v1/plannen/{plan}", lambda _: {"status": "gestopt"}, 409, headers=ANY),
    Step("loket", "GET", "/v1/plannen"),
    Step("loket", "GET", "/plannen"),
    Step("loket", "GET", "/plannen/{plan}"),
    Step("loket", "GET", "/plannen/{plan}/regels/{aanvraag}"),
    # Held, prepared, put to a provider: it learns what it needs, more when it is interested, and then nothing more.
    Step("loket", "POST", "/v1/aanvragen/{aanvraag}/stappen", takes("neem_in_behandeling")),
    Step("loket", "POST", "/v1/opties", lambda k: {**there(k), "afwijking": WORDS["afwijking"]}, 201, keeps="optie"),
    Step("loket", "GET", "/v1/opties"),
    Step("verwijzer", "GET", "/v1/opties/{optie}"),
    Step("loket", "POST", "/v1/opties/{optie}/stappen", takes("verleng", reden=WORDS["voorstel"])),
    Step("loket", "POST", "/v1/plannen/{plan}/voorstellen", lambda k: {"aanvraagIds": [k["aanvraag"]]}, 201,
         keeps="voorstel"),
    Step("loket", "POST", "/v1/voorstellen/{voorstel}/stappen", takes("trek_in", reden=WORDS["voorstel"])),
    Step("loket", "POST", "/v1/voorstellen", proposal, 201, keeps="voorstel"),
    Step("loket", "GET", "/v1/voorstellen/{voorstel}"),
    Step("loket", "POST", "/v1/voorstellen/{voorstel}/stappen", takes("verzend"), knows=WITH_IT),
    Step("aanbieder", "GET", "/v1/voorstellen/{voorstel}"),
    Step("aanbieder", "GET", "/voorstellen/{voorstel}"),
    Step("aanbieder", "POST", "/v1/voorstellen/{voorstel}/stappen", takes("interesse"), knows=(*WITH_IT, *STORIES)),
    Step("aanbieder", "GET", "/v1/voorstellen"),
    Step("aanbieder", "GET", "/voorstellen"),
    Step("aanbieder", "GET", "/voorstellen/{voorstel}"),
    Step("aanbieder", "POST", "/v1/voorstellen/{voorstel}/stappen",
         takes("wijs_af", afwijsreden="anders", reden=WORDS["voorstel"])),
    Step("aanbieder", "GET", "/v1/voorstellen", knows=("id",)),
    Step("aanbieder", "GET", "/voorstellen"),
    Step("aanbieder", "GET", "/voorstellen/{voorstel}"),
    Step("aanbieder", "GET", "/plekken"),
    Step("verwijzer", "GET", "/v1/aanvragen/{aanvraag}/voorstellen"),
    Step("verwijzer", "GET", "/v1/aanvragen/{aanvraag}/gebeurtenissen"),
    Step("loket", "GET", "/v1/invoer/aanvragen/sjabloon"),
    Step("aanbieder", "GET", "/v1/locaties/{locatie}"),
    Step("loket", "GET", "/v1/locaties/{locatie}"),
    Step("loket", "GET", "/v1/plekken?aantal=200"),
    Step("loket", "GET", "/v1/voorzieningen/{voorziening}"),
    Step("loket", "GET", "/v1/plaatsingen"),
    Step("loket", "POST", "/v1/crisisplaatsingen", lambda k: {
        "aanvraagId": k["aanvraag"], "plekId": k["plek"], "gebeldOp": "2026-01-01T00:00Z", "met": WORDS["fout"]}, 400),
    Step("verwijzer", "GET", "/v1/aanvragen/{aanvraag}/plaatsingen"),
    Step("loket", "GET", "/v1/aanvragen/{aanvraag}/inzagen"),
    Step("verwijzer", "GET", "/v1/aanvragen/{aanvraag}/inzagen"),
    # Beside a plek, and further: a provider is asked something about a child that it does not get to know.
    Step("verwijzer", "POST", "/v1/aanvragen/{aanvraag}/routes", lambda _: {
        "details": {"soort": "overbrugging", "vorm": "ambulante_hulp", "toelichting": WORDS["route"]}},
        201, keeps="route"),
    Step("verwijzer", "GET", "/v1/aanvragen/{aanvraag}/routes"),
    Step("loket", "GET", "/v1/routes?aantal=200"),
    Step("verwijzer", "POST", "/v1/routes/{route}/stappen", lambda _: {
        "naar": "gestopt", "reden": WORDS["route"]}),
    Step("loket", "GET", "/v1/routes/{route}"),
    Step("verwijzer", "POST", "/v1/aanvragen/{aanvraag}/opschalingsverzoeken", lambda _: {
        "aanleiding": "geen_plek", "toelichting": WORDS["opschaling"]}, 201, keeps="verzoek"),
    Step("verwijzer", "GET", "/v1/aanvragen/{aanvraag}/opschalingsverzoeken"),
    Step("loket", "GET", "/v1/opschalingsverzoeken"),
    Step("loket", "POST", "/v1/opschalingsverzoeken/{verzoek}/weigeringen", lambda _: {"reden": WORDS["opschaling"]}),
    Step("verwijzer", "GET", "/v1/opschalingsverzoeken/{verzoek}"),
    Step("loket", "GET", "/v1/opschaaladviezen"),
    Step("loket", "POST", "/v1/aanvragen/{aanvraag}/opschalingen", lambda _: {
        "aanleiding": "geen_plek", "tafel": "doorbraaktafel", "waarom": WORDS["opschaling"]}, 201, keeps="opschaling"),
    Step("verwijzer", "GET", "/v1/aanvragen/{aanvraag}/opschalingen"),
    Step("loket", "GET", "/v1/opschalingen"),
    Step("loket", "POST", "/v1/opschalingen/{opschaling}/vragen", lambda k: {"voorzieningId": k["voorziening"]}, 201,
         keeps="vraag"),
    Step("aanbieder", "GET", "/v1/opschalingsvragen/{vraag}"),
    Step("aanbieder", "GET", "/vragen/{vraag}"),
    Step("aanbieder", "GET", "/vragen"),
    Step("aanbieder", "POST", "/v1/opschalingsvragen/{vraag}/antwoorden", lambda _: {
        "nodig": "anders", "toelichting": WORDS["antwoord"]}),
    Step("aanbieder", "GET", "/v1/opschalingsvragen"),
    Step("loket", "GET", "/v1/opschalingsvragen"),
    Step("loket", "GET", "/v1/opschalingen/{opschaling}/dossier"),
    Step("loket", "GET", "/opschalingen"),
    Step("loket", "GET", "/opschalingen/{opschaling}"),
    Step("loket", "GET", "/opschalingen/{opschaling}/afdruk"),
    Step("verwijzer", "GET", "/aanvragen/{aanvraag}/routes"),
    Step("loket", "GET", "/aanvragen/{aanvraag}/uittreksel"),
    Step("verwijzer", "GET", "/aanvragen/{aanvraag}/uittreksel"),
    Step("verwijzer", "GET", "/wachtlijst"),
    Step("contractbeheer", "GET", "/wachtlijst"),
    Step("loket", "GET", "/plekken/{plek}/kinderen"),
    Step("loket", "GET", "/plekken/vrij"),
    Step("loket", "POST", "/v1/opschalingen/{opschaling}/stappen", lambda _: {
        "stap": "sluit", "uitkomst": "anders", "toelichting": WORDS["opschaling"]}),
    Step("verwijzer", "GET", "/v1/opschalingen/{opschaling}"),
    # The aanbieder of its plek stops: what contractbeheer sees of it are numbers.
    Step("loket", "POST", "/v1/beeindigingen", lambda k: {
        "aanbiederId": k["aanbieder"], "voorzieningId": k["voorziening"], "per": "2099-01-01", "reden": "contract"},
        201, keeps="beeindiging"),
    Step("loket", "GET", "/v1/beeindigingen/{beeindiging}"),
    Step("loket", "GET", "/v1/beeindigingen"),
    Step("loket", "GET", "/v1/beeindigingen/{beeindiging}/overname"),
    Step("loket", "GET", "/v1/beeindigingen/{beeindiging}/overdrachten"),
    Step("loket", "POST", "/v1/beeindigingen/{beeindiging}/overdrachten/{plek}/besluiten", lambda _: {
        "besluit": "overdracht"}, 404),
    Step("loket", "POST", "/v1/beeindigingen/{beeindiging}/stappen", lambda _: {
        "stap": "neem_terug", "reden": "Er is toch personeel."}),
    Step("aanbieder", "GET", "/v1/beeindigingen/{beeindiging}"),
    Step("loket", "GET", "/v1/versheid"),
    Step("loket", "GET", "/v1/cijfers/versheid"),
    # Who is told, and who follows it live: from the very first that happened.
    Step("loket", "GET", "/v1/gebeurtenissen", headers={"Last-Event-ID": "0,0"}),
    Step("verwijzer", "GET", "/v1/gebeurtenissen", headers={"Last-Event-ID": "0,0"}),
    Step("aanbieder", "GET", "/v1/gebeurtenissen", headers={"Last-Event-ID": "0,0"}),
    Step("verwijzer", "GET", "/v1/berichten?aantal=200"),
    Step("loket", "GET", "/berichten/{plek}", status=404),
    # What is wrong, with the words in every place where they can be.
    Step("verwijzer", "POST", "/v1/aanvragen", wrong(urgentie=WORDS["fout"]), 400),
    Step("verwijzer", "POST", "/v1/aanvragen", wrong(pc4=WORDS["fout"], gemeenteCode=WORDS["fout"]), 400),
    Step("verwijzer", "POST", "/v1/aanvragen", wrong(zorgvormen=[WORDS["fout"]], kenmerken=[WORDS["fout"]]), 400),
    Step("verwijzer", "POST", "/v1/aanvragen", wrong(praktisch=WORDS["fout"] * 40), 400),
    Step("verwijzer", "POST", "/v1/aanvragen", wrong(toestemmingen=[{"persoon": WORDS["fout"]}]), 400),
    Step("verwijzer", "POST", "/v1/aanvragen", lambda _: WORDS["fout"], 400),
    Step("verwijzer", "POST", "/v1/aanvragen", aanvraag, 409),
    Step("verwijzer", "PATCH", "/v1/aanvragen/{aanvraag}", long, 400, headers=ANY),
    Step("verwijzer", "GET", "/v1/aanvragen?status=ZqfoutKanarie", status=400),
    Step("verwijzer", "GET", "/v1/aanvragen/ZqfoutKanarie", status=404),
    Step("loket", "GET", "/aanvragen/ZqfoutKanarie", status=404),
    Step("loket", "GET", "/ZqfoutKanarie", status=404),
    Step("verwijzer", "POST", "/v1/invoer/aanvragen?proef=true", None, 400, file=upload, repeats=True),
    # What nobody foresaw: see `broken`.
    Step("verwijzer", "PATCH", "/v1/aanvragen/{aanvraag}", lambda _: {"praktisch": WORDS["fout"]}, 500, headers=ANY),
    Step("verwijzer", "POST", "/v1/concepten", lambda _: {"velden": [
        {"naam": "kinderen.0.meningJeugdige", "waarde": WORDS["meningJeugdige"]}]}, also=("andere verwijzer",)),
    Step("verwijzer", "GET", "/v1/concepten"),
    Step("verwijzer", "GET", "/aanvragen/nieuw"),
    Step("verwijzer", "GET", "/mijn-aanvragen"),
    Step("verwijzer", "GET", "/mijn-aanvragen/{aanvraag}"),
    # Filed, so that the concept is gone.
    Step("verwijzer", "POST", "/v1/indieningen", examples.indiening, 201, also=("andere verwijzer",)),
]  # fmt: skip

CRISIS_STEPS = [
    Step("crisisdienst", "POST", "/v1/samenplaatsingen", lambda k: {
        "organisatieId": k["organisatie"], "magSplitsen": True, "splitsreden": CRISIS_WORDS["crisis splitsreden"]},
        201, keeps="crisis_samenplaatsing"),
    Step("crisisdienst", "POST", "/v1/aanvragen", birds.crisis, 201, keeps="crisis", headers=ONCE),
    Step("crisisdienst", "PATCH", "/v1/aanvragen/{crisis}", lambda _: {"rolstoel": False}, headers=ANY),
    Step("crisisdienst", "GET", "/v1/aanvragen"),
    Step("crisisdienst", "GET", "/v1/aanvragen/{crisis}"),
    Step("crisisdienst", "GET", "/v1/samenplaatsingen/{crisis_samenplaatsing}"),
    Step("crisisdienst", "GET", "/crisis"),
    Step("crisisdienst", "GET", "/aanvragen/{crisis}"),
    Step("crisisdienst", "GET", "/v1/aanvragen/{crisis}/rangschikking?aantal=200"),
    Step("crisisdienst", "GET", "/v1/plekken/{plek}"),
    Step("loket", "GET", "/v1/aanvragen/{crisis}/inzagen"),
    Step("verwijzer", "GET", "/v1/aanvragen/{crisis}"),
]  # fmt: skip
"""What is done with the second child before it has a place, and what makes nothing again when it is placed."""

WHILE_HELD = ("/crisis", "/v1/aanvragen/{crisis}", "/v1/plekken/{plek}")
"""What is looked at when a place is held for it."""

HOLD = Step("crisisdienst", "POST", "/v1/opties", lambda k: {
    "plekken": [{"aanvraagId": k["crisis"], "plekId": k["plek"]}], "van": today(datetime.now(UTC)).isoformat()},
    201)  # fmt: skip

CALLED = Step("crisisdienst", "POST", "/v1/crisisplaatsingen", lambda k: {
    "aanvraagId": k["crisis"], "plekId": k["plek"], "gebeldOp": datetime.now(UTC).isoformat(), "met": "Groepsleider"},
    201, keeps="plaatsing")  # fmt: skip

SEEKING = ("/v1/aanvragen/{crisis}/rangschikking?aantal=200",)
"""409 when it is placed."""

PLACED_STEPS = [
    Step("aanbieder", "GET", "/v1/aanvragen"),
    Step("aanbieder", "GET", "/v1/aanvragen/{crisis}"),
    Step("aanbieder", "GET", "/v1/plekken/{plek}"),
    Step("aanbieder", "GET", "/v1/plekken?aantal=200"),
    Step("aanbieder", "GET", "/v1/plekken/{plek}/stops"),
    Step("aanbieder", "GET", "/v1/voorzieningen/{voorziening}"),
    Step("aanbieder", "GET", "/v1/plaatsingen"),
    Step("aanbieder", "GET", "/v1/plaatsingen/{plaatsing}"),
    Step("aanbieder", "GET", "/plaatsingen"),
    Step("aanbieder", "GET", "/plaatsingen/{plaatsing}"),
    Step("aanbieder", "GET", "/plekken/{plek}"),
    Step("aanbieder", "POST", "/v1/plaatsingen/{plaatsing}/stappen", lambda _: {
        "stap": "verleng", "tot": (today(datetime.now(UTC)) + timedelta(days=40)).isoformat()}),
    Step("verwijzer", "GET", "/v1/aanvragen/{crisis}/plaatsingen"),
    Step("crisisdienst", "GET", "/v1/plaatsingen"),
    Step("loket", "GET", "/v1/aanvragen"),
]  # fmt: skip
"""What its aanbieder asks then, and others; there is a vervolgaanvraag by now, with the same words in it."""

COMMANDS = [("log", "verify"), ("privacy", "termijnen"), ("instellingen",), ("instellingen", "--json")]
"""What an operator runs, or a timer; their output is kept in logs."""

BROKEN = """
create function kapot() returns trigger language plpgsql as
    $$ begin raise exception 'kapot' using detail = new; end $$;
create trigger kapot before update on aanvraag for each row when (new.praktisch like 'Zqfout%') execute function kapot()
"""
"""An error of the database that nobody foresaw, with the whole row in it."""

STORY = ("urgentieReden", "zorgvormReden", "eerderGeprobeerd", "meningJeugdige", "praktisch")

HOLDS: dict[str, set[str]] = {
    **{name: {"aanvraag", "herhaling"} for name in (*STORY, "pc4", "schoolPc4", "netwerkPc4")},
    "kenmerk": {"aanvraag_kenmerk", "herhaling"},
    "toestemming": {"toestemming", "herhaling"},
    "gebied": {"uitsluiting", "herhaling"},
    "splitsreden": {"samenplaatsing"},
    "voorstel": {"voorstel", "gebeurtenis", "besluit", "bezetting"},
    "afwijking": {"voorstel", "gebeurtenis"},
    "route": {"route", "gebeurtenis"},
    "opschaling": {"opschaling", "opschalingsverzoek", "gebeurtenis"},
    "antwoord": {"opschaling_vraag"},
    "locatie": {"locatie"},
    "adres": {"locatie_adres"},
}
"""Tables in which a word may stand. In `herhaling` is the answer for who sends the same request again: for that person
only, and for two days (service/privacy/bewaren.py)."""


async def perform(kanarie: Kanarie, step: Step, who: str) -> httpx.Response:
    path = step.path.format_map(kanarie.known)
    request: dict[str, Any] = {"headers": {**kanarie.cookies[who], **step.headers}}
    if step.body is not None:
        request["json"] = step.body(kanarie.known)
    if step.file is not None:
        request["files"] = {"bestand": ("lijst.xlsx", step.file(kanarie.known))}
    return await kanarie.client.request(step.method, path, **request)


def shown(answer: httpx.Response) -> list[str]:
    """All that goes back: first line, headers, body. How long it is, is drawn by lot (service/web/compressed.py), and
    may be a number that looks like a postcode."""
    headers = [f"{name}: {value}" for name, value in answer.headers.items() if name != "content-length"]
    return [str(answer.status_code), *headers, answer.text]


async def run(kanarie: Kanarie, owner: Connection, steps: list[Step]) -> None:
    """Every step by who may do it, and after it by everybody else. What anybody sees too much, is a leak."""
    for step in steps:
        if step.status == 500:
            await owner.execute(BROKEN)
        if step.knows is not None:
            kanarie.knows["aanbieder"] = set(step.knows)
        answer = await perform(kanarie, step, step.who)
        where = f"{step.who}: {step.method} {step.path}"
        assert answer.status_code == step.status, f"{where}: {answer.text}"
        if step.keeps:
            kept = answer.json()
            kanarie.known[step.keeps] = (kept[0] if isinstance(kept, list) else kept)["id"]
        for child, name in (("aanvraag", ""), ("crisis", "crisis ")):
            if step.keeps == child:
                kanarie.words |= {f"{name}id": answer.json()["id"], f"{name}nummer": answer.json()["nummer"]}
        if step.status >= 400:
            left = {"id", "nummer", "crisis id", "crisis nummer"} | (
                set(WORDS) | set(birds.CODES) if step.repeats else set()
            )
            assert kanarie.found_in(shown(answer)) <= left, f"{where}: {answer.text}"
        elif found := kanarie.too_much(step.who, shown(answer)):
            kanarie.leaks.append(f"{where} shows {sorted(found)}")
        may = {step.who, *step.also} | ({"loket", "verwijzer"} if step.method != "GET" else set())
        for who in sorted(set(kanarie.cookies) - may):
            answer = await perform(kanarie, step, who)
            if not (step.repeats and answer.status_code == 400):
                # To log in and come back, the address goes along.
                asked = {"id", "crisis id"} if answer.status_code == 303 else set()
                if found := kanarie.too_much(who, shown(answer)) - asked:
                    kanarie.leaks.append(f"{who}, after {where}, sees {sorted(found)}")


async def run_crisis(kanarie: Kanarie, owner: Connection) -> None:
    """The second child: filed by the crisisdienst, a place held for it, placed there by telephone."""
    again = [step for step in CRISIS_STEPS if not step.keeps]
    await run(kanarie, owner, CRISIS_STEPS)
    await run(kanarie, owner, [HOLD, *(step for step in again if step.path in WHILE_HELD)])
    kanarie.placed = True
    await run(kanarie, owner, [CALLED])
    placed = [structs.replace(step, status=409) if step.path in SEEKING else step for step in again]
    await run(kanarie, owner, [*placed, *PLACED_STEPS])


@pytest.fixture
async def folder() -> AsyncIterator[Path]:
    made = open_folder()
    yield made
    shutil.rmtree(made)


@pytest.fixture
async def kanarie(
    cluster: Cluster, database: str, redis_url: str, owner: Connection, pool: Pool, folder: Path
) -> AsyncIterator[Kanarie]:
    async with birds.flying(cluster, database, redis_url, owner, pool, folder) as flying:
        yield flying


async def too_many(kanarie: Kanarie) -> None:
    """A machine that asks until it is told to wait: 429, with nothing of anybody."""
    ask = Step("machine", "GET", "/v1/locaties/{locatie}")
    # Many at once: the quota fills while a slow machine asks one after another.
    answers = await asyncio.gather(*(perform(kanarie, ask, "machine") for _ in range(300)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert all(kanarie.found_in(shown(answer)) == set() for answer in refused)


async def test_after_everything_that_can_be_done_the_words_of_a_child_stand_only_where_they_belong(
    kanarie: Kanarie,
    owner: Connection,
    cluster: Cluster,
    database: str,
    superuser: asyncpg.Connection,
    valkey_client: redis.asyncio.Redis,
    pool: Pool,
) -> None:
    """Issue 4: not in logs, Valkey, URLs, other roles' pages, error pages, process arguments, statements, solver input
    or a backup that another role puts back."""
    await run(kanarie, owner, STEPS)
    await run_crisis(kanarie, owner)
    assert kanarie.leaks == []
    await too_many(kanarie)
    await birds.all_told(owner)
    kanarie.said += [await birds.command(kanarie, *arguments) for arguments in COMMANDS]

    # Each of these was really looked at: the solver was seen, the failure was logged, things were told.
    assert any("service.worker.child" in text for text in kanarie.watched)
    assert any("asyncpg.exceptions.RaiseError P0001" in line for line in kanarie.said)
    assert {line.partition(" ")[0] for line in kanarie.told} >= {"loket_plan", "loket_taak", "loket_gebeurtenis"}
    assert {"schakelfunctionaris", "verwijzer", "aanbieder"} <= {to.partition("@")[0] for to, _ in kanarie.mails.raw}
    assert len(kanarie.hooks.requests) > 3

    places = {
        "output and logs of the processes": kanarie.said,
        # A number of a process can be any.
        "log of PostgreSQL and Valkey": [
            re.sub(r"\[\d+\]", "", (cluster.sockets.parent / "log").read_text(errors="replace"))
        ],
        "arguments and environments": kanarie.watched,
        "Valkey": await birds.in_valkey(valkey_client),
        "files that were left": birds.in_files(kanarie.folder),
        "mails": birds.in_mails(kanarie.mails),
        "hooks": birds.in_hooks(kanarie.hooks),
    }
    assert {place: found for place, texts in places.items() if (found := kanarie.found_in(texts))} == {}
    assert kanarie.found_in(kanarie.told) == set()

    tables = await search.rows(owner, but=PUBLIC)
    stands = {word: {name for name, rows in tables.items() if word in kanarie.found_in(rows)} for word in kanarie.words}
    names = {f"{child}{name}" for child in ("", "crisis ") for name in ("id", "nummer")}
    words = {word: where for word, where in stands.items() if word not in names}
    held = {word: where - HOLDS.get(word.removeprefix("crisis "), set()) for word, where in words.items()}
    assert {word: where for word, where in held.items() if where} == {}
    for child in ("", "crisis "):
        nowhere = {"logregel", "logketen", "taak", "sessie", "plan_gebeurtenis", "bericht", "levering"}
        assert stands[f"{child}id"] & nowhere == set()
        assert stands[f"{child}nummer"] == {"aanvraag", "herhaling"}

    async with birds.restored(cluster, superuser, database) as copy:
        await in_backup(kanarie, cluster, copy)
    await forgotten(kanarie, owner)


async def in_backup(kanarie: Kanarie, cluster: Cluster, copy: str) -> None:
    """A role that was given nothing reads nothing; the service without a person neither; each person no more than the
    loket shows them."""
    for role in ("kanarie_ander", APP_ROLE):
        conn = await asyncpg.connect(cluster.url(copy, role))
        for name, texts in (await search.rows(conn, but=PUBLIC)).items():
            assert kanarie.found_in(texts) == set(), (role, name)
        await conn.close()
    pool = await open_pool(cluster.url(copy, APP_ROLE), size=1)
    for who, wie in kanarie.people.items():
        async with transaction(pool, wie, readonly=True) as conn:
            for name, texts in (await search.rows(conn, but=PUBLIC)).items():
                assert kanarie.too_much(who, texts) <= IN_ROWS.get(who, set()), (who, name)
                assert who not in LOOKS.get(name, set()) or texts, (who, name)
    await pool.close()


PC4S = {f"crisis {name}" for name in ("pc4", "schoolPc4", "netwerkPc4")}

IN_ROWS = {
    "beheerder": {"locatie"},
    "verwijzer": {"locatie", "afwijking"},
    "andere verwijzer": {"locatie"},
    "crisisdienst": PC4S | {f"crisis {n}" for n in ("eerderGeprobeerd", "meningJeugdige", "splitsreden")},
    "machine": {"crisis id", "id", "antwoord", "voorstel", "afwijking"},
    "aanbieder": PC4S | {"crisis urgentieReden", "crisis splitsreden", "id", "afwijking"},
}
"""What only the function and the field keep from them, and not the row: how a house of the region is called; of
a child that they may see the fields that they have no need of, and under which id it takes a plek; of a child about
which a provider was asked something its random id, which opens nothing; what that provider was told or answered; why
it was asked although a rule says no."""


async def forgotten(kanarie: Kanarie, owner: Connection) -> None:
    """Who asks is given all that is held; and when it is removed on request, nothing of the child is left anywhere in
    the database."""
    nummer = kanarie.words["nummer"]
    own = {*WORDS, *birds.CODES} - {"fout", "bestand", "locatie"}
    assert own <= kanarie.found_in([await birds.command(kanarie, "privacy", "dossier", nummer)])

    said = await birds.command(kanarie, "privacy", "dossier", nummer, "--wis", "--sluit", "--reden", "Op verzoek")

    assert "Verwijderd" in said and kanarie.found_in([said]) == set()
    for name, texts in (await search.rows(owner, but=PUBLIC)).items():
        assert kanarie.found_in(texts) & own == set(), name


LOOKS = {"aanvraag": {"loket", "verwijzer", "crisisdienst", "aanbieder"}, "locatie_adres": {"aanbieder"}}
"""Who does find something, so that the search is one."""


async def test_a_word_that_was_left_somewhere_is_found(
    cluster: Cluster, database: str, valkey_client: redis.asyncio.Redis, owner: Connection, folder: Path
) -> None:
    """The search itself: a word in each place, and each is found there."""
    async with httpx.AsyncClient() as client:
        bird = Kanarie(
            client=client,
            cookies={},
            people={},
            known={},
            words={**WORDS, "wachtwoord": birds.PASSWORD},
            processes=[psutil.Process()],
            folder=folder,
            mails=Mailserver(),
            hooks=Receiver(),
        )
    word = WORDS["praktisch"]
    environ = {"LOKET_DATABASE_URL": f"//:{birds.PASSWORD}@db"}
    async with birds.seen(bird, cluster, database):
        await valkey_client.hset("iets", mapping={"waarde": word})
        (folder / "over").mkdir()
        (folder / "over" / "model.lp").write_bytes(b"\0" + word.encode())
        await owner.execute("select pg_notify('loket_plan', $1)", f"x {word}")
        sleeping = await asyncio.create_subprocess_exec("sleep", "60", env=environ)
        async with asyncio.timeout(30):
            while bird.found_in(bird.watched) != {"wachtwoord", "praktisch"}:
                await owner.execute(f"select pg_sleep(0.05) /* {word} */")
        sleeping.kill()
        await sleeping.wait()

    assert bird.found_in(bird.told) == {"praktisch"}
    assert bird.found_in(await birds.in_valkey(valkey_client)) == {"praktisch"}
    assert bird.found_in(birds.in_files(folder)) == {"praktisch"}
    bird.mails.raw.append(("sam@test.example", f"Subject: x\r\n\r\n{word}\r\n".encode()))
    assert bird.found_in(birds.in_mails(bird.mails)) == {"praktisch"}
    bird.hooks.requests.append(Request(path="/", body=word.encode()))
    assert bird.found_in(birds.in_hooks(bird.hooks)) == {"praktisch"}


NOT_NARROWED = "import service.toegang; service.toegang.versmal = lambda rol, body: body"


@pytest.mark.ci
async def test_a_loket_that_hides_no_fields_is_found_out_for_each_rol_from_whom_it_hides_some(
    cluster: Cluster, database: str, redis_url: str, owner: Connection, pool: Pool, folder: Path
) -> None:
    """Only the net of the fields is cut: who sees a child is then shown what they have no need of, and the canary tells
    so. The rows still keep the kenmerk, and where a child must not be."""
    async with birds.flying(cluster, database, redis_url, owner, pool, folder, spoilt=NOT_NARROWED) as kanarie:
        await run_crisis(kanarie, owner)

    told = {
        who: {word for leak in kanarie.leaks if leak.startswith(who) for word in re.findall(r"'([^']+)'", leak)}
        for who in ("crisisdienst", "aanbieder", "loket", "verwijzer")
    }
    assert told == {
        "crisisdienst": PC4S | {f"crisis {name}" for name in ("eerderGeprobeerd", "meningJeugdige", "splitsreden")},
        "aanbieder": PC4S | {"crisis urgentieReden"},
        "loket": set(),
        "verwijzer": set(),
    }


def test_every_word_has_somebody_or_nobody_who_may_see_it() -> None:
    of_crisis = {"crisis nummer", "crisis id", *birds.CRISIS_WORDS, *birds.CRISIS_CODES}
    assert set(SEES) == {*WORDS, *birds.CODES, "nummer", "id", "adres", *of_crisis}
    assert of_crisis >= birds.WHERE_PLACED


def test_every_operation_about_children_is_a_step() -> None:
    """A new one is tried too, or this fails."""

    def shape(path: str) -> str:
        return re.sub(r"\{\w+\}", "{}", path.partition("?")[0])

    every = [*STEPS, *CRISIS_STEPS, HOLD, CALLED, *PLACED_STEPS]
    steps = {(step.method, shape(step.path)) for step in every}
    lines = {line.id for line in toegang.HANDELINGEN if line.verwerking is Verwerking.BEMIDDELEN}
    operations = [operation for operation in OPERATIONS if operation.id in lines]

    assert len(operations) > 15
    assert [op.id for op in operations if (op.method, shape(f"/v1{op.path}")) not in steps] == []
