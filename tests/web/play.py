"""Random people of all rollen at the API, with the reference model beside it (tests/model.py).

Hypothesis draws in a thread of its own; the app, its database and its clock live in the loop of the test. After each
request everything that is stored is compared with the model: what takes which plek, each voorstel, each status with
its whole history, and the lines of the log.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import httpx
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from litestar.connection import ASGIConnection

from service.db import SYSTEM, Connection, Pool, Rol, transaction
from service.db import Wie as Session
from service.plaatsing import opties, verzenden
from tests import facts, make, model
from tests.conftest import REGIO
from tests.model import DAY, HOUR, A, C, Loket, Nee, S, V, Voorstel, Wel, Wie

BEGINS = tuple(
    datetime(*day, 9, tzinfo=UTC)
    for day in ((2026, 3, 2), (2026, 3, 27), (2026, 10, 23), (2028, 2, 27), (2027, 12, 30))
)  # fmt: skip
"""A Monday; before the clock goes forward, and back; before a leap day; before a new year."""

LONGEST = timedelta(days=700)
"""Of one example: nobody grows out of a voorziening."""

FRESH = count(1)
T = TypeVar("T")
n = st.integers(0, 99)


@dataclass
class Env:
    """What lives as long as the test."""

    loop: asyncio.AbstractEventLoop
    pool: Pool
    owner: Connection
    client: httpx.AsyncClient = field(init=False)
    now: datetime = BEGINS[0]
    who: dict[str, Session] = field(default_factory=dict)
    steps: int = 0
    accepted: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    """How often each request succeeded, to show that the play gets somewhere."""

    def run(self, work: Awaitable[T]) -> T:
        async def waited() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(waited(), self.loop).result(timeout=60)

    async def identity(self, connection: ASGIConnection[Any, Any, Any, Any]) -> Session:
        return self.who[connection.headers["x-wie"]]


class Play(RuleBasedStateMachine):
    env: ClassVar[Env]

    # ── The world ────────────────────────────────────────────────────────────────────────────────

    @initialize(begin=st.sampled_from(BEGINS))
    def open(self, begin: datetime) -> None:
        """Two aanbieders, two organisaties, a house of two plekken, one plek elsewhere, and one for crisis."""
        self.env.now = begin
        self.loket = Loket(begin)
        self.env.run(self._open())
        for urgentie, crisis in ((0, 1), (2, 0)):
            self._dien_in(2, 1, urgentie, 1, crisis, 1, None)

    async def _open(self) -> None:
        env, first = self.env, Session(REGIO, Rol.SCHAKELFUNCTIONARIS, SYSTEM)
        async with transaction(env.pool, first) as conn:
            aanbieders = [str((await make.aanbieder(conn)).id) for _ in range(2)]
            orgs = [str(await make.organisatie(conn)) for _ in range(2)]
            for aanbieder, zorgvorm, verschil, beds in (
                (aanbieders[0], "gezinshuis", 36, 2), (aanbieders[1], "gezinshuis", None, 1),
                (aanbieders[1], "crisis", None, 1),
            ):  # fmt: skip
                unit = await make.voorziening(
                    conn, aanbieder_id=UUID(aanbieder), zorgvorm=zorgvorm, leeftijd_van=0, leeftijd_tot=275,
                    leeftijdsverschil_max=verschil,
                )  # fmt: skip
                self.loket.voorzieningen[str(unit.id)] = model.Voorziening(
                    str(unit.id), aanbieder, zorgvorm, str(unit.locatie_id), verschil
                )
                for _ in range(beds):
                    plek = await make.plek(conn, voorziening_id=unit.id)
                    self.loket.plekken[str(plek.id)] = str(unit.id)
        self.people = [
            await self._person(rol, org)
            for rol, org in (
                (S, None), (S, None), (C, None), (A, aanbieders[0]), (A, aanbieders[1]), (V, orgs[0]), (V, orgs[1]),
                ("contractbeheer", None), ("beheerder", None),
            )
        ]  # fmt: skip
        self.loket.collegas = {one.id for one in self.people if one.rol == S}
        self.orgs, self.plekken, self.begun = orgs, list(self.loket.plekken), env.now

    async def _person(self, rol: str, org: str | None) -> Wie:
        its = None if org is None else UUID(org)
        id = await make.gebruiker(
            self.env.owner, rol=rol, organisatie_id=None if rol == A else its, aanbieder_id=its if rol == A else None
        )
        self.env.who[str(id)] = Session(REGIO, Rol(rol), id, its)
        return Wie(rol, str(id), org)

    # ── A request, and what it must come to ──────────────────────────────────────────────────────

    def do(
        self,
        wie: Wie,
        path: str,
        body: dict[str, Any],
        expect: Callable[[Any], None],
        *,
        method: str = "POST",
        name: str,
        about: Sequence[str] = (),
    ) -> Any:
        """`expect` is the request at the model; `about` the children that the request itself names."""
        env = self.env
        env.steps += 1
        status, answer, trace = env.run(self._send(wie, method, path, body))
        said: int | str = "done"
        try:
            expect(answer if status < 300 else None)
        except Nee as no:
            said = no.status
        except Wel:
            said = "can be done"
        told = f"{wie.rol} {name} {body} at {env.now}: the API {status} {answer if status >= 300 else ''}"
        assert said == ("done" if status < 300 else status), f"{told}, the model {said}"
        if status == 409:
            says = any(words in answer["detail"] for words in ("Wat nu wel kan: ", "Er kan nu niets"))
            assert says, f"{told} does not say what is possible now"
        if status < 300:
            env.accepted += 1
            env.seen[name] = env.seen.get(name, 0) + 1
        env.run(self._compare(told))
        env.run(self._logged(trace, told, set(about), answer if status < 300 else None))
        return answer

    async def _send(self, wie: Wie, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any, str]:
        trace = secrets.token_hex(16)
        headers = {"x-wie": wie.id, "if-match": "*", "traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
        response = await self.env.client.request(method, f"/v1{path}", json=body, headers=headers)
        answer = response.json()
        self.shown = _named(answer)
        if response.status_code < 300 and isinstance(answer, list):
            await self._complete(answer)
        if path == "/crisisplaatsingen" and response.status_code < 300:
            answer["vervolg"] = await self._vervolg(answer["id"])
        return response.status_code, answer, trace

    async def _complete(self, rows: list[dict[str, Any]]) -> None:
        """Ids that an answer does not show: the optie under a voorstel, the plaatsing it became, and its vervolg."""
        for row in rows:
            row["optie"] = await self.env.owner.fetchval("select optie_id::text from voorstel where id = $1", row["id"])
            row["plaatsing"] = await self.env.owner.fetchval(
                "select id::text from bezetting where soort = 'plaatsing' and vrijgegeven_op is null"
                " and beeindigd_op is null and aanvraag_id = $1", row["aanvraagId"],
            )  # fmt: skip
            row["vervolg"] = await self._vervolg(row["plaatsing"])

    async def _vervolg(self, plaatsing: str | None) -> str | None:
        found: str | None = await self.env.owner.fetchval(
            "select id::text from aanvraag where vervolg_van = $1", plaatsing
        )
        return found

    async def _compare(self, told: str) -> None:
        mine = await self.env.owner.fetchval(
            "select array(select id from aanvraag where id = any ($1) or vervolg_van in"
            " (select id from bezetting where plek_id = any ($2)))", list(self.loket.kinderen), self.plekken,
        )  # fmt: skip
        stored = await facts.read(self.env.owner, plekken=[UUID(id) for id in self.plekken], aanvragen=mine)
        assert (wrong := model.wrong(stored)) == [], f"{told}: {wrong}"
        assert (differ := self._differences(stored)) == [], f"{told}: {differ}"

    def _differences(self, stored: dict[str, list[dict[str, Any]]]) -> list[str]:
        loket = self.loket
        expected = {
            **{f"child {k.id}": (k.status, k.urgentie, k.behandelaar, sorted(k.opgeschaald), k.historie)
               for k in loket.kinderen.values()},
            **{f"{b.soort} {b.id}": (b.plek, b.kind, b.van, b.tot, b.vervalt, b.verlengd, b.vrij, b.begonnen,
                                     b.definitief, b.beeindigd) for b in loket.bezetting.values()},
            **{f"voorstel {v.id}": (v.kind, v.plek, v.status, v.van, v.tot, v.optie, v.antwoord_voor, v.kennismaking,
                                    v.herinnerd) for v in loket.voorstellen.values()},
        }  # fmt: skip
        found = {
            **{f"child {k['id']}": (k["status"], k["urgentie"], k["behandelaar"], sorted(k["opgeschaald"]),
                                    [tuple(line) for line in k["historie"]]) for k in stored["aanvraag"]},
            **{f"{b['soort']} {b['id']}": (b["plek"], b["kind"], b["van"], b["tot"], b["vervalt"], b["verlengd"],
                                           b["vrij"], b["begonnen"], b["definitief"], b["beeindigd"])
               for b in stored["bezetting"]},
            **{f"voorstel {v['id']}": (v["kind"], v["plek"], v["status"], v["van"], v["tot"], v["optie"],
                                       v["antwoord_voor"], v["kennismaking"], v["herinnerd"])
               for v in stored["voorstel"]},
        }  # fmt: skip
        return [
            f"{key}: the model {expected.get(key)}, stored {found.get(key)}"
            for key in {**expected, **found}
            if expected.get(key) != found.get(key)
        ]

    async def _logged(self, trace: str, told: str, about: set[str], answer: Any) -> None:
        """A line per child per request: those that it names, and those that were shown."""
        rows = await self.env.owner.fetch(
            "select b.aanvraag_id::text as kind from logregel l left join betrokkene b on b.pseudoniem = l.betrokkene"
            " where l.trace_id = $1", trace,
        )  # fmt: skip
        lines = sorted(row["kind"] for row in rows if row["kind"] is not None)
        if answer is None:
            assert len(set(lines)) == len(lines) and set(lines) <= about, f"{told}: the log has {lines}"
            return
        wanted = sorted(about | (self.shown & self.loket.kinderen.keys()))
        assert lines == wanted, f"{told}: the log has {lines} instead of {wanted}"

    # ── Who, which, when ─────────────────────────────────────────────────────────────────────────

    def person(self, number: int, *rollen: str) -> Wie:
        return pick([one for one in self.people if one.rol in rollen] or self.people, number)

    @property
    def kinderen(self) -> list[str]:
        return list(self.loket.kinderen)

    @property
    def open_kinderen(self) -> list[str]:
        return [id for id, kind in self.loket.kinderen.items() if kind.status in model.OPEN] or self.kinderen

    def day(self, number: int) -> date:
        return self.loket.dag + timedelta(days=number)

    def how_many_open(self) -> int:
        return sum(kind.status in model.OPEN for kind in self.loket.kinderen.values())

    def some(self, soort: str) -> list[str]:
        return [id for id, b in self.loket.bezetting.items() if b.soort == soort]

    def has_children(self) -> bool:
        return bool(self.loket.kinderen)

    def has_opties(self) -> bool:
        return bool(self.some("optie"))

    def has_voorstellen(self) -> bool:
        return bool(self.loket.voorstellen)

    def has_stays(self) -> bool:
        return bool(self.some("plaatsing"))

    def pairs(self, kind: int, plek: int, together: int) -> list[tuple[str, str]]:
        """One child and a plek; of brothers and sisters mostly all of them, from that plek on."""
        child = self.loket.kinderen[pick(self.open_kinderen, kind)]
        family = [child.id]
        if child.samen is not None and together % 5:
            family = [k.id for k in self.loket.kinderen.values() if k.samen == child.samen and k.status in model.OPEN]
            family = family or [child.id]
        return [(id, pick(self.plekken, plek + at)) for at, id in enumerate(family)]

    # ── Aanvragen ────────────────────────────────────────────────────────────────────────────────

    @precondition(lambda self: self.how_many_open() < 6)
    @rule(who=n, org=n, urgentie=n, jong=n, crisis=n, compleet=n)
    def dien_in(self, who: int, org: int, urgentie: int, jong: int, crisis: int, compleet: int) -> None:
        self._dien_in(who, org, urgentie, jong, crisis, compleet, None)

    @precondition(lambda self: self.how_many_open() < 4)
    @rule(urgentie=n, compleet=n)
    def dien_samen_in(self, urgentie: int, compleet: int) -> None:
        wie = self.people[5]
        body = {"organisatieId": wie.org}
        status, answer, _ = self.env.run(self._send(wie, "POST", "/samenplaatsingen", body))
        assert status == 201, answer
        for _ in range(2):
            self._dien_in(5, 0, urgentie, 0, 1, compleet, answer["id"], wie=wie)

    def _dien_in(
        self,
        who: int,
        org: int,
        urgentie: int,
        jong: int,
        crisis: int,
        compleet: int,
        samen: str | None,
        wie: Wie | None = None,
    ) -> None:
        wie = wie or self.person(who, S, V, V, C)
        kind = model.Kind(
            id="", org=wie.org if wie.org and org % 8 else pick(self.orgs, org), urgentie=pick(model.HOOG, urgentie),
            verblijf=pick((40, 180), org), uiterlijk=self.day(60),
            zorgvormen=("gezinshuis", "crisis") if crisis % 2 else ("gezinshuis",), maanden=24 if jong % 3 else 96,
            compleet=bool(compleet % 3), samen=samen,
        )  # fmt: skip
        today = self.loket.dag.isoformat()
        body = {
            "organisatieId": kind.org, "kenmerk": f"M-{next(FRESH)}", "urgentie": kind.urgentie,
            "leeftijdMaanden": kind.maanden, "leeftijdPeildatum": today, "geslacht": "meisje",
            "groepssoorten": ["gemengd", "meisjes"], "pc4": "1211", "gemeenteCode": "0402", "huidigVerblijf": "thuis",
            "gewensteStart": today, "uiterlijkeDatum": kind.uiterlijk.isoformat(), "verwachtVerblijf": kind.verblijf,
            "perspectief": "terug_naar_huis", "zorgvormen": list(kind.zorgvormen), "zorgvormReden": "Vannacht nodig.",
            "juridischKader": "vrijwillig", **self.papers(kind.compleet),
        } | ({"samenplaatsingId": samen} if samen else {})  # fmt: skip
        self.do(wie, "/aanvragen", body, lambda answer: self.loket.dien_in(wie, kind, answer), name="dien_in")

    def papers(self, compleet: bool) -> dict[str, Any]:
        today = self.loket.dag.isoformat()
        return {
            "grondslagen": [{"soort": "besluit_gemeente", "status": "verleend", "datum": today}] if compleet else [],
            "toestemmingen": [{"persoon": "ouder_1", "status": "gegeven", "datum": today}] if compleet else [],
        }

    @precondition(has_children)
    @rule(who=n, kind=n, compleet=n)
    def vul_aan(self, who: int, kind: int, compleet: int) -> None:
        wie, id = self.person(who, S, V, V, C), pick(self.kinderen, kind)
        whole = bool(compleet % 4)
        self.do(
            wie, f"/aanvragen/{id}", self.papers(whole),
            lambda answer: self.loket.vul_aan(wie, id, compleet=whole, answer=answer),
            method="PATCH", name="vul_aan", about=[id],
        )  # fmt: skip

    @precondition(has_children)
    @rule(who=n, kind=n, stap=n, urgentie=n)
    def stap(self, who: int, kind: int, stap: int, urgentie: int) -> None:
        wie, id = self.person(who, S, V, C), pick(self.open_kinderen if who % 4 else self.kinderen, kind)
        # Closing is at the end of the list: it happens less often.
        name = pick(("neem_in_behandeling", "draag_over", "verander_urgentie", "trek_in", "wijs_af"), stap**2 // 2000)
        collega = pick([self.people[0].id, self.people[1].id, self.people[5].id], urgentie)
        wanted = pick(model.HOOG, urgentie)
        body: dict[str, Any] = {"stap": name, "reden": "Daarom."}
        if name == "draag_over":
            body["gebruikerId"] = collega
        if name == "verander_urgentie":
            body["urgentie"] = wanted
            if urgentie % 4:
                body["criterium"] = {"crisis": "geen_slaapplek", "spoed": "verblijf_eindigt"}.get(wanted, "anders")
        self.do(
            wie, f"/aanvragen/{id}/stappen", body,
            lambda answer: self.loket.stap(
                wie, id, name, collega=collega, urgentie=wanted, criterium=bool(urgentie % 4), answer=answer
            ),
            name=name, about=[id],
        )  # fmt: skip

    @precondition(lambda self: self.has_children() and len(self.loket.bezetting) > 2)
    @rule(who=n, kind=n, sluit=n)
    def opschaling(self, who: int, kind: int, sluit: int) -> None:
        wie, id = self.person(who, S, S, S, "contractbeheer"), pick(self.open_kinderen, kind)
        open_ones = sorted(self.loket.kinderen[id].opgeschaald)
        if open_ones and sluit % 2:
            self.do(
                wie, f"/opschalingen/{open_ones[0]}/stappen", {"stap": "sluit", "uitkomst": "niet_meer_nodig"},
                lambda answer: self.loket.sluit_opschaling(wie, id, open_ones[0], answer), name="sluit_opschaling",
            )  # fmt: skip
            return
        body = {"aanleiding": "geen_plek", "tafel": "doorbraaktafel", "waarom": "Vol.", "vraagAanbieders": False}
        self.do(
            wie, f"/aanvragen/{id}/opschalingen", body, lambda answer: self.loket.schaal_op(wie, id, answer),
            name="schaal_op", about=[id],
        )  # fmt: skip

    # ── Opties ───────────────────────────────────────────────────────────────────────────────────

    @precondition(has_children)
    @rule(who=n, kind=n, plek=n, together=n, van=st.integers(-1, 12), dagen=st.integers(0, 90), afwijking=n)
    def houd(self, who: int, kind: int, plek: int, together: int, van: int, dagen: int, afwijking: int) -> None:
        wie, pairs = self.person(who, S, S, S, C, C, V), self.pairs(kind, plek, together)
        first = self.day(van)
        last = None if dagen < 10 else first + timedelta(days=dagen)
        body = {"plekken": shown(pairs), "van": first.isoformat(), "tot": last and last.isoformat()}
        if afwijking % 3 == 0:
            body["afwijking"] = "Het moet toch."
        self.do(
            wie, "/opties", body,
            lambda answer: self.loket.houd(wie, pairs, first, last, afwijking=afwijking % 3 == 0, answer=answer),
            name="houd", about=[kind for kind, _ in pairs],
        )  # fmt: skip

    @precondition(has_opties)
    @rule(who=n, optie=n, stap=n)
    def optie_stap(self, who: int, optie: int, stap: int) -> None:
        wie, id = self.person(who, S, S, C, A), pick(self.some("optie")[::-1], optie)
        name = pick(("verleng", "laat_los"), stap)
        self.do(
            wie, f"/opties/{id}/stappen", {"stap": name, "reden": "Daarom."},
            lambda answer: self.loket.optie_stap(wie, id, name, answer), name=f"optie {name}",
        )  # fmt: skip

    @precondition(has_opties)
    @rule(optie=n)
    def worker_ruimt(self, optie: int) -> None:
        id = pick(self.some("optie")[::-1], optie)
        self.env.run(self._termijn(opties.termijn, id))
        self.loket.termijn(id)
        self.env.run(self._compare(f"the worker looks at optie {id} at {self.env.now}"))

    @precondition(has_voorstellen)
    @rule(voorstel=n)
    def worker_herinnert(self, voorstel: int) -> None:
        id = pick(list(self.loket.voorstellen)[::-1], voorstel)
        self.env.run(self._termijn(verzenden.herinner, id))
        self.loket.herinner(id)
        self.env.run(self._compare(f"the worker looks at voorstel {id} at {self.env.now}"))

    async def _termijn(self, does: Callable[[Connection, UUID, datetime], Awaitable[None]], id: str) -> None:
        self.env.steps += 1
        async with transaction(self.env.pool, Session(REGIO, Rol.SCHAKELFUNCTIONARIS, SYSTEM)) as conn:
            await does(conn, UUID(id), self.env.now)

    # ── Voorstellen ──────────────────────────────────────────────────────────────────────────────

    @precondition(has_children)
    @rule(who=n, kind=n, plek=n, together=n, van=st.integers(0, 12), dagen=st.integers(0, 90), afwijking=n)
    def zet_klaar(self, who: int, kind: int, plek: int, together: int, van: int, dagen: int, afwijking: int) -> None:
        wie, pairs = self.person(who, S, S, S, C, C, A), self.pairs(kind, plek, together)
        first = self.day(van)
        last = None if dagen < 10 else first + timedelta(days=dagen)
        body = {"plekken": shown(pairs), "van": first.isoformat(), "tot": last and last.isoformat()}
        if afwijking % 3 == 0:
            body["afwijking"] = "Het moet toch."
        self.do(
            wie, "/voorstellen", body,
            lambda answer: self.loket.zet_klaar(wie, pairs, first, last, afwijking=afwijking % 3 == 0, answer=answer),
            name="zet_klaar", about=[kind for kind, _ in pairs],
        )  # fmt: skip

    @precondition(has_voorstellen)
    @rule(which=n)
    def verder(self, which: int) -> None:
        """The next step of a voorstel by somebody whose move it is."""
        todo = [v for v in self.loket.voorstellen.values() if v.levend or v.status == "concept"]
        if not todo:
            return
        one = pick(todo[::-1], which)
        provider = next(p for p in self.people if p.org == self.loket.voorzieningen[one.voorziening].aanbieder)
        stap, wie = {
            "concept": ("verzend", self.people[0]),
            "verzonden": ("interesse" if which % 2 else "akkoord", provider),
            "interesse": ("akkoord", provider),
            "akkoord": ("toestemming", self.people[0]),
            "toestemming": ("kennismaking", provider),
            "kennismaking": ("maak_definitief", self.people[0]),
        }[one.status]
        self._voorstel_stap(wie, one, stap, 1, which)

    @precondition(has_children)
    @rule(which=n, plek=n, dagen=st.integers(1, 40))
    def leef(self, which: int, plek: int, dagen: int) -> None:
        """What comes next in the life of a child: so that many of them get to the end."""
        child = self.loket.kinderen[pick(self.kinderen, which)]
        stays = [
            b for b in self.loket.bezetting.values() if b.kind == child.id and b.soort == "plaatsing" and not b.vrij
        ]
        if any(v.kind == child.id and v.levend for v in self.loket.voorstellen.values()):
            self.verder(which)
        elif child.status in model.OPEN:
            self.zet_klaar(0, self.open_kinderen.index(child.id), plek, 1, 1, 10 + dagen, 0)
            self.verder(0)
        elif stays:
            name = "begin" if stays[-1].begonnen is None else pick(("definitief", "verleng", "beeindig"), which)
            self._plaatsing_stap(pick(self.people, which), stays[-1].id, name, 0, dagen)

    @precondition(has_children)
    @rule(which=n, plek=n, dagen=st.integers(1, 40))
    def leef_verder(self, which: int, plek: int, dagen: int) -> None:
        """Once more among the rules."""
        self.leef(which, plek, dagen)

    @precondition(has_voorstellen)
    @rule(who=n, voorstel=n, stap=n, reden=n, dag=st.integers(-2, 25))
    def voorstel_stap(self, who: int, voorstel: int, stap: int, reden: int, dag: int) -> None:
        one = self.loket.voorstellen[pick(list(self.loket.voorstellen)[::-1], voorstel)]
        self._voorstel_stap(pick(self.people, who), one, pick(tuple(model.VOORSTEL_STAPPEN), stap), reden, dag)

    def _voorstel_stap(self, wie: Wie, one: Voorstel, stap: str, reden: int, dag: int) -> None:
        body: dict[str, Any] = {"stap": stap}
        afwijsreden = later = op = None
        if reden % 3:
            body["reden"] = "Daarom."
        if stap == "wijs_af":
            afwijsreden = pick(("aanbieder_weigert", "ouder_of_jeugdige_zegt_nee", "anders", "later_vanaf"), reden)
            body["afwijsreden"] = afwijsreden
            if afwijsreden == "later_vanaf":
                later = self.day(dag)
                body["laterVanaf"] = later.isoformat()
        if stap == "kennismaking":
            op = self.day(dag % 4 if dag > 0 else dag)
            body["kennismakingOp"] = op.isoformat()
        self.do(
            wie, f"/voorstellen/{one.id}/stappen", body,
            lambda answer: self.loket.voorstel_stap(
                wie, one.id, stap, reden=bool(reden % 3), afwijsreden=afwijsreden, later=later, op=op, answer=answer
            ),
            name=f"voorstel {stap}",
        )  # fmt: skip

    # ── Plaatsingen ──────────────────────────────────────────────────────────────────────────────

    @precondition(has_children)
    @rule(who=n, kind=n, plek=n, uren=st.integers(-1, 60), van=st.integers(-2, 1), dagen=st.integers(0, 40))
    def crisis(self, who: int, kind: int, plek: int, uren: int, van: int, dagen: int) -> None:
        wie = self.person(who, C, C, S, A)
        acute = [id for id in self.open_kinderen if self.loket.kinderen[id].urgentie == "crisis"]
        id, bed = pick(acute or self.kinderen, kind), pick(self.plekken[::-1], plek)
        gebeld, first = self.env.now - uren * HOUR, self.day(van) if van < 1 else None
        last = (first or self.loket.dag) + timedelta(days=dagen) if dagen else None
        body = {"aanvraagId": id, "plekId": bed, "gebeldOp": gebeld.isoformat(), "met": "Groepsleider"}
        body |= {"van": first and first.isoformat(), "tot": last and last.isoformat()}  # type: ignore[dict-item]
        self.do(
            wie, "/crisisplaatsingen", body,
            lambda answer: self.loket.crisis(wie, id, bed, gebeld, first, last, answer), name="crisis", about=[id],
        )  # fmt: skip

    @precondition(has_stays)
    @rule(who=n, plaatsing=n, stap=n, dag=st.integers(-3, 1), dagen=st.integers(-5, 60))
    def plaatsing_stap(self, who: int, plaatsing: int, stap: int, dag: int, dagen: int) -> None:
        id = pick(self.some("plaatsing")[::-1], plaatsing)
        provider = self.loket.voorzieningen[self.loket.plekken[self.loket.bezetting[id].plek]].aanbieder
        wie = next(p for p in self.people if p.org == provider) if who % 3 == 0 else pick(self.people, who)
        self._plaatsing_stap(wie, id, pick(tuple(model.PLAATSING_STAPPEN), stap), dag, dagen)

    def _plaatsing_stap(self, wie: Wie, id: str, name: str, dag: int, dagen: int) -> None:
        op = self.day(dag) if name in ("begin", "beeindig") else None
        tot = self.day(dagen) if name == "verleng" and dagen else None
        body: dict[str, Any] = {"stap": name}
        if op:
            body["op"] = op.isoformat()
        if tot:
            body["tot"] = tot.isoformat()
        if name == "beeindig":
            body["einde"] = "volgens_plan"
        if name == "zeg_af":
            body["reden"] = "Gaat niet door."
        self.do(
            wie, f"/plaatsingen/{id}/stappen", body,
            lambda answer: self.loket.plaatsing_stap(wie, id, name, op=op, tot=tot, answer=answer),
            name=f"plaatsing {name}",
        )  # fmt: skip

    @precondition(lambda self: len(self.some("stop")) < 4)
    @rule(who=n, plek=n, van=st.integers(0, 20), dagen=st.integers(0, 9))
    def stop(self, who: int, plek: int, van: int, dagen: int) -> None:
        wie, id = self.person(who, S, A, A, C), pick(self.plekken, plek)
        first, last = self.day(van), self.day(van + dagen)
        body = {"reden": "personeel", "van": first.isoformat(), "tot": last.isoformat()}
        self.do(
            wie, f"/plekken/{id}/stops", body, lambda answer: self.loket.stop(wie, id, first, last, answer), name="stop"
        )

    # ── Time ─────────────────────────────────────────────────────────────────────────────────────

    @rule(minuten=st.integers(1, 600))
    def wait(self, minuten: int) -> None:
        self._jump(timedelta(minutes=minuten))

    @rule(dagen=st.integers(1, 20))
    def wait_days(self, dagen: int) -> None:
        self._jump(dagen * DAY)

    def _jump(self, by: timedelta) -> None:
        if self.env.now + by < self.begun + LONGEST:
            self.env.now += by
            self.loket.now = self.env.now


def pick(several: Sequence[T], number: int) -> T:
    return several[number % len(several)]


def shown(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"aanvraagId": kind, "plekId": plek} for kind, plek in pairs]


def _named(answer: Any) -> set[str]:
    """All ids in it."""
    if isinstance(answer, dict):
        return set().union(*(_named(value) for value in answer.values()))
    if isinstance(answer, list):
        return set().union(*(_named(value) for value in answer))
    return {answer} if isinstance(answer, str) else set()


async def play(env: Env, *, examples: int, steps: int, number: int, shrink: bool = True) -> None:
    """Raises the first difference, with the steps that lead to it."""
    machine = seed(number)(type("Played", (Play,), {"env": env}))
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=phases,
        print_blob=True,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(run_state_machine_as_test, machine, settings=chosen)
