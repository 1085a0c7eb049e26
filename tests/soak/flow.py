"""The way of a child through the loket, request by request, each with the gebeurtenis that it leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from service.db import Rol, Wie, transaction
from tests import make
from tests.conftest import REGIO
from tests.service.races import log_in
from tests.service.voorstelling import papers
from tests.soak.computer import Computer


def today() -> date:
    return datetime.now(UTC).date()


@dataclass
class People:
    """Who is logged in, and whose the plekken are."""

    headers: dict[str, dict[str, str]]
    organisatie: UUID
    aanbieder: UUID
    gebruiker: dict[str, UUID]


@dataclass
class Step:
    wie: str
    """Rol."""
    path: str
    body: dict[str, Any]
    leaves: str
    """Soort of the first gebeurtenis."""
    halfway: tuple[str, ...] = ()
    """And of those after it, in the same transaction."""
    key: str = field(default_factory=lambda: str(uuid4()))
    """Idempotency-Key: the same when it is asked again."""
    keep: Callable[[Any], None] | None = None
    """What the answer says that later steps need."""


async def people(c: Computer) -> People:
    loket = Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, await make.gebruiker(c.owner, email="loket@test.example"))
    async with transaction(c.pool, loket) as conn:
        aanbieder = (await make.aanbieder(conn)).id
        organisatie = await make.organisatie(conn)
    ids = {
        "schakelfunctionaris": loket.gebruiker,
        "aanbieder": await make.gebruiker(
            c.owner, rol="aanbieder", aanbieder_id=aanbieder, email="aanbieder@test.example"
        ),
        "verwijzer": await make.gebruiker(
            c.owner, rol="verwijzer", organisatie_id=organisatie, email="verwijzer@test.example"
        ),
        "crisisdienst": await make.gebruiker(c.owner, rol="crisisdienst", email="crisis@test.example"),
    }
    return People({rol: await log_in(c.pool, id) for rol, id in ids.items()}, organisatie, aanbieder, ids)


async def life(c: Computer, p: People) -> Iterator[Step]:
    """A child that two aanbieders are asked for, that comes to one of them, and leaves; and one in crisis; and one that
    is withdrawn while a plek is held for it."""
    loket = Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, p.gebruiker["schakelfunctionaris"])
    async with transaction(c.pool, loket) as conn:
        beds = [str((await _bed(conn, p, "gezinshuis")).id) for _ in range(3)]
        crisis = str((await _bed(conn, p, "crisis")).id)
    return _steps(p, beds, crisis)


async def _bed(conn: Any, p: People, zorgvorm: str) -> Any:
    unit = await make.voorziening(conn, aanbieder_id=p.aanbieder, zorgvorm=zorgvorm)
    return await make.plek(conn, voorziening_id=unit.id, now=datetime.now(UTC))


def _aanvraag(p: People, urgentie: str) -> dict[str, Any]:
    day = (today() - timedelta(days=1)).isoformat()
    whole = papers()
    assert len(whole) == 3  # grondslag, toestemming, kader: below in the words of the API
    return {
        "organisatieId": str(p.organisatie), "kenmerk": f"K-{uuid4().int % 10**5}{chr(65 + uuid4().int % 26)}",
        "urgentie": urgentie, "leeftijdMaanden": 120, "leeftijdPeildatum": day, "geslacht": "meisje",
        "groepssoorten": ["gemengd", "meisjes"], "pc4": "1211", "gemeenteCode": "0402", "huidigVerblijf": "thuis",
        "gewensteStart": day, "uiterlijkeDatum": (today() + timedelta(days=60)).isoformat(), "verwachtVerblijf": 90,
        "perspectief": "terug_naar_huis", "zorgvormen": ["gezinshuis", "crisis"], "zorgvormReden": "Voor de nacht.",
        "juridischKader": "vrijwillig",
        "grondslagen": [{"soort": "besluit_gemeente", "status": "verleend", "datum": day}],
        "toestemmingen": [{"persoon": "ouder_1", "status": "gegeven", "datum": day}],
    }  # fmt: skip


def _steps(p: People, beds: list[str], crisis: str) -> Iterator[Step]:
    known: dict[str, Any] = {}

    def keep(name: str, *path: str | int) -> Callable[[Any], None]:
        def kept(answer: Any) -> None:
            for part in path:
                answer = answer[part]
            known[name] = answer

        return kept

    S, A, V, C = "schakelfunctionaris", "aanbieder", "verwijzer", "crisisdienst"
    van = today().isoformat()

    def stap(of: str, name: str, wie: str, soort: str, *halfway: str, **body: Any) -> Step:
        return Step(wie, f"/{of}/{known[name]}/stappen", body, soort, halfway)

    yield Step(V, "/aanvragen", _aanvraag(p, "spoed"), "ingediend", keep=keep("kind", "id"))
    yield stap("aanvragen", "kind", S, "in_behandeling", stap="neem_in_behandeling")
    for at, bed in enumerate(beds[:2]):
        pair = [{"aanvraagId": known["kind"], "plekId": bed}]
        if at == 0:
            yield Step(S, "/opties", {"plekken": pair, "van": van}, "optie", keep=keep("optie", 0, "id"))
            yield stap("opties", "optie", S, "optie_verlengd", stap="verleng", reden="Nog even.")
        yield Step(S, "/voorstellen", {"plekken": pair, "van": van}, "voorstel_klaargezet",
                   keep=keep(f"voorstel{at}", 0, "id"))  # fmt: skip
        yield stap("voorstellen", f"voorstel{at}", S, "voorstel_verzonden" if at == 0 else "optie", stap="verzend")
    yield stap("voorstellen", "voorstel0", A, "voorstel_interesse", stap="interesse")
    yield stap("voorstellen", "voorstel0", A, "voorstel_akkoord", stap="akkoord")
    yield stap("voorstellen", "voorstel0", V, "toestemming", stap="toestemming")
    yield stap("voorstellen", "voorstel0", A, "kennismaking", stap="kennismaking", kennismakingOp=van)
    made = stap("voorstellen", "voorstel0", S, "definitief", "voorstel_ingetrokken", stap="maak_definitief")
    yield made
    yield Step(A, f"/plaatsingen/{{plaatsing of {known['kind']}}}/stappen", {"stap": "begin", "op": van}, "begonnen")
    later = (today() + timedelta(days=200)).isoformat()
    yield Step(
        A, f"/plaatsingen/{{plaatsing of {known['kind']}}}/stappen", {"stap": "verleng", "tot": later}, "verlengd"
    )

    yield Step(V, "/aanvragen", _aanvraag(p, "crisis"), "ingediend", keep=keep("acuut", "id"))
    body = {
        "aanvraagId": known["acuut"], "plekId": crisis, "gebeldOp": datetime.now(UTC).isoformat(),
        "met": "Groepsleider",
    }  # fmt: skip
    yield Step(C, "/crisisplaatsingen", body, "geplaatst", ("vervolg",))

    yield Step(V, "/aanvragen", _aanvraag(p, "regulier"), "ingediend", keep=keep("los", "id"))
    pair = [{"aanvraagId": known["los"], "plekId": beds[2]}]
    yield Step(S, "/voorstellen", {"plekken": pair, "van": van}, "voorstel_klaargezet", keep=keep("nee", 0, "id"))
    yield stap("voorstellen", "nee", S, "optie", "voorstel_verzonden", stap="verzend")
    yield stap("voorstellen", "nee", A, "voorstel_afgewezen", stap="wijs_af", afwijsreden="aanbieder_weigert")
    yield Step(S, "/opties", {"plekken": pair, "van": van, "afwijking": "Toch."}, "optie")
    yield stap("aanvragen", "los", V, "optie_vrij", "ingetrokken", stap="trek_in", reden="Niet meer nodig.")
