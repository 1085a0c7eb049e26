"""Random people of all rollen at the API, with the reference model beside it (tests/model.py).

Hypothesis draws in a thread of its own; the app, its database and its clock live in the loop of the test. After each
request everything that is stored is compared with the model: what takes which plek, each voorstel, each status with
its whole history, and the lines of the log.

What is asked is steered: of many requests (tests/web/asks.py) that one is sent of which the model expects what was seen
least. So all that can be done is done, and all that is refused is refused, for each reason, also what is rare.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import httpx
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from litestar.connection import ASGIConnection
from msgspec import structs

from service.bericht import versheid
from service.db import SYSTEM, Connection, Pool, Rol, transaction
from service.db import Wie as Session
from service.plaatsing import optiestappen, verzenden
from service.settings import Settings
from service.worker import dagronde
from tests import facts, make, model
from tests.model import DAAR, DAY, HIER, A, C, Nee, S, V, Wel, Wie
from tests.model_aanbod import Geheel
from tests.model_plek import Bevestigverzoek
from tests.web import asks, asks_aanbod, asks_naast, asks_plek
from tests.web.asks import Ask, World

BEGINS = tuple(
    datetime(*day, 9, tzinfo=UTC)
    for day in ((2026, 3, 2), (2026, 3, 27), (2026, 10, 23), (2028, 2, 27), (2027, 12, 30))
)  # fmt: skip
"""A Monday; before the clock goes forward, and back; before a leap day; before a new year."""

LONGEST = timedelta(days=700)
"""Of one example: nobody grows out of a voorziening."""

REGIO = """
with een as (select code from jeugdregio order by aangemaakt_op, code limit 1),
nieuw as (insert into jeugdregio (code, naam) values ($1, $1)),
vorm as (insert into zorgvorm (regio, code, naam, huiselijkheid, gezinsvorm, rangschikbaar, gebruikelijk_verblijf, bron)
    select $1, z.code, z.naam, huiselijkheid, gezinsvorm, rangschikbaar, gebruikelijk_verblijf, bron
    from zorgvorm z join een on een.code = z.regio),
kenmerk as (insert into kenmerkcode (regio, lijst, code, naam)
    select $1, lijst, k.code, k.naam from kenmerkcode k join een on een.code = k.regio)
insert into weging (regio, urgentie, criterium, gewicht, bron)
select $1, urgentie, criterium, gewicht, bron from weging w join een on een.code = w.regio
"""
"""A region of its own for each world, or who lives in one would be asked about children of another."""

CODE = re.compile(r"\b[a-z]+_[a-z_]+\b")
"""As the API calls what a person has words for."""

TRIES = 4
"""Of each kind of request, of which one is chosen."""

ABOUT = (asks, asks_naast, asks_plek, asks_aanbod)
"""Each adds to asks.KINDS."""

ENDS = {
    "trek_in",
    "wijs_af",
    "voorstel trek_in",
    "voorstel wijs_af",
    "optie laat_los",
    "plaatsing beeindig",
    "stop",
    "beeindig",
    "sluit_uit",
    "overdracht",
    "bewoond",
    "tik bezet",
    "tik onbemenst",
    "bevestig onbemenst",
}
"""After which less can be done."""

CLAIMS = ("houd", "zet_klaar", "voorstel verzend", "voorstel maak_definitief", "crisis", "uit_plan")

T = TypeVar("T")
number = st.integers(0, 2**32 - 1)


@dataclass
class Env:
    """What lives as long as the test."""

    loop: asyncio.AbstractEventLoop
    pool: Pool
    owner: Connection
    client: httpx.AsyncClient = field(init=False)
    now: datetime = BEGINS[0]
    who: dict[str, Session] = field(default_factory=dict)
    worlds: int = 0
    steps: int = 0
    accepted: int = 0
    strict: bool = False
    """What is wrong in two ways is refused for the one that the model names."""
    other: list[str] = field(default_factory=list)
    """What the API refused for another reason than the model."""
    tally: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each request came to what."""
    tallies: dict[int, Counter[tuple[str, str]]] = field(default_factory=dict)
    """What was seen before each example, so that one that is played again goes the same way."""

    @property
    def seen(self) -> dict[str, int]:
        """How often each request succeeded, to show that the play gets somewhere."""
        return {name: n for (name, outcome), n in sorted(self.tally.items()) if outcome == DONE}

    @property
    def refused(self) -> dict[tuple[str, str], int]:
        return {what: n for what, n in sorted(self.tally.items()) if what[1] != DONE}

    def run(self, work: Awaitable[T]) -> T:
        async def waited() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(waited(), self.loop).result(timeout=60)

    async def identity(self, connection: ASGIConnection[Any, Any, Any, Any]) -> Session:
        return self.who[connection.headers["x-wie"]]


PLAN = """
insert into plan (regio, gebruiker_id, seconden, zaad, behoud, status, klaar_op)
values ($1, '00000000-0000-0000-0000-000000000000', 30, 0, 0.1, 'klaar', now()) returning id::text
"""


def behind_a_proxy(settings: Settings) -> Settings:
    """Each world has an address of its own: where the clock goes back, one may do nothing for a minute."""
    return structs.replace(settings, proxies="127.0.0.1")


MAIL = """
select b.id from bericht b join bevestigverzoek v on v.id = (b.gegevens ->> 'verzoek')::uuid
where v.aanbieder_id = $1 and v.dag = $2
"""

UNKNOWN = """
select id::text from bezetting
where plek_id = $1 and soort = 'plaatsing' and aanvraag_id is null and vrijgegeven_op is null and beeindigd_op is null
"""
"""Of a plek, who lives there and did not come by the loket."""

DONE = "done"

ALLOWED, REFUSED = {"400", "409"}, {400, 403, 404, 409}
"""What the model says of a request that its sender may make, and what the API may say of it then."""


OTHERS = {
    "route": ("kind", "soort", "staat", "termijn", "klaar", "gewaarschuwd"),
    "opschaling": ("kind", "tafel", "eigenaar", "termijn", "gesloten", "gewaarschuwd"),
    "vraag": ("opschaling", "kind", "voorziening", "nodig", "gesloten"),
    "verzoek": ("kind", "aanleiding", "opschaling", "geweigerd"),
    "overdracht": ("beeindiging", "besluit", "uitloop", "aanvraag"),
}
"""Rows of which all that is stored is compared."""


def outcome(ask: Ask) -> str:
    """What the model says of it now."""
    try:
        ask.expect(None)
    except Wel:
        return DONE
    except Nee as no:
        return str(no)
    raise AssertionError(f"the model does not say what comes of {ask.name}")


def agree(said: str, status: int) -> bool:
    """Of a request that is wrong in two ways, the API may tell the other one first: also that the sender may not do
    this or that there is no such thing, which tells less. But where the model says that, the API says nothing else."""
    return status < 300 if said == DONE else str(status) == said[:3] or (said[:3] in ALLOWED and status in REFUSED)


class Play(RuleBasedStateMachine):
    env: ClassVar[Env]

    # ── The world ────────────────────────────────────────────────────────────────────────────────

    @initialize(begin=st.sampled_from(BEGINS), number=number)
    def open(self, begin: datetime, number: int) -> None:
        """Three aanbieders here and one in another region, two organisaties, and people of all rollen."""
        self.env.now = begin
        self.loket, self.begun, self.asked = Geheel(begin), begin, 0
        self.tally = self.env.tallies.setdefault(number, self.env.tally.copy()).copy()
        self.env.run(self._open())
        r, wie = Random(number), self.world.people[5]
        for urgentie, maanden in (("crisis", 24), ("regulier", 96)):
            of: dict[str, Any] = {"org": wie.org, "urgentie": urgentie, "maanden": maanden, "compleet": True}
            self.do(asks.aanvraag(self.world, r, wie, **of))
        several = (asks_naast.begin_samen(self.world, r) for _ in range(100))
        self.do(next(ask for ask in several if ask is not None and outcome(ask) == DONE))
        for _ in range(2):
            self.do(asks_naast.dien_samen_in(self.world, r))

    async def _open(self) -> None:
        env = self.env
        self.codes = {name: f"{name}-{env.worlds}" for name in (HIER, DAAR)}
        env.worlds += 1
        for code in self.codes.values():
            await env.owner.execute(REGIO, code)
        here, there = (Session(self.codes[name], Rol.SCHAKELFUNCTIONARIS, SYSTEM) for name in (HIER, DAAR))
        async with transaction(env.pool, here) as conn:
            aanbieders = [str((await make.aanbieder(conn)).id) for _ in range(3)]
            orgs = [str(await make.organisatie(conn)) for _ in range(2)]
            await self._unit(conn, aanbieders[0], "gezinshuis", "1211 AB", beds=2, verschil=36)
            await self._unit(conn, aanbieders[1], "gezinshuis", "1401 AB")
            await self._unit(conn, aanbieders[1], "crisis", "1211 AB")
            await self._unit(conn, aanbieders[2], "gezinshuis", "8232 AB", beds=2, verschil=36)
            await self._unit(conn, aanbieders[2], model.OVERBRUGGING, "8232 AB")
        await env.owner.execute(
            "insert into regioafspraak (aanbod_regio, vraag_regio, zorgvorm, geldigheid)"
            " values ($1, $2, 'gezinshuis', '[2020-01-01,)')", self.codes[DAAR], self.codes[HIER],
        )  # fmt: skip
        async with transaction(env.pool, there) as conn:
            elders = str((await make.aanbieder(conn)).id)
            await self._unit(conn, elders, "gezinshuis", "8232 AB", regio=DAAR)
            await self._unit(conn, elders, "crisis", "8232 AB", regio=DAAR)
        self.loket.afspraak = frozenset({"gezinshuis"})
        people = [
            await self._person(*who)
            for who in (
                (S, None), (S, None), (C, None), (A, aanbieders[0]), (A, aanbieders[1]), (V, orgs[0]), (V, orgs[1]),
                (asks.K, None), (asks.B, None), (A, aanbieders[2]), (A, elders, DAAR), (S, None, DAAR),
            )
        ]  # fmt: skip
        self.loket.collegas = {one.id for one in people if one.rol == S and one.regio == HIER}
        self.world = World(self.loket, people, orgs, list(self.loket.plekken), self.codes[DAAR])

    async def _unit(
        self, conn: Connection, aanbieder: str, zorgvorm: str, postcode: str, *, beds: int = 1,
        verschil: int | None = None, regio: str = HIER,
    ) -> None:  # fmt: skip
        locatie = await make.locatie(conn, aanbieder_id=UUID(aanbieder), postcode=postcode)
        unit = await make.voorziening(
            conn, locatie_id=locatie.id, zorgvorm=zorgvorm, leeftijd_van=0, leeftijd_tot=275,
            leeftijdsverschil_max=verschil,
        )  # fmt: skip
        self.loket.voorzieningen[str(unit.id)] = model.Voorziening(
            str(unit.id), aanbieder, zorgvorm, str(unit.locatie_id), verschil, regio, postcode[0]
        )
        for _ in range(beds):
            plek = await make.plek(conn, now=self.env.now, voorziening_id=unit.id)
            self.loket.plekken[str(plek.id)] = str(unit.id)
            self.loket.bevestigd[str(plek.id)] = self.loket.bemenst[str(unit.id)] = self.env.now

    async def _person(self, rol: str, org: str | None, regio: str = HIER) -> Wie:
        its = None if org is None else UUID(org)
        id = await make.gebruiker(
            self.env.owner, rol=rol, regio=self.codes[regio], organisatie_id=None if rol == A else its,
            aanbieder_id=its if rol == A else None, email=f"{self.env.worlds}-{org}@example.org" if rol == A else None,
        )  # fmt: skip
        self.env.who[str(id)] = Session(self.codes[regio], Rol(rol), id, its)
        return Wie(rol, str(id), org, regio)

    # ── A request, and what it must come to ──────────────────────────────────────────────────────

    def do(self, ask: Ask | None) -> Any:
        """Sends it, and compares all."""
        assert ask is not None
        env = self.env
        env.steps += 1
        self.asked += 1
        self._jump(timedelta(seconds=1))
        if ask.method == "POST" and self.asked % 4 == 0 and not ask.form and ask.plan is None:
            ask.headers.setdefault("idempotency-key", f"{self.codes[HIER]} {self.asked}".replace(" ", "-"))
        said = outcome(ask)
        status, answer, trace = env.run(self._send(ask))
        told = f"{ask.wie.rol} {ask.name} {ask.body} at {env.now}: the API {status} {answer if status >= 300 else ''}"
        assert agree(said, status), f"{told}, the model {said}"
        if status >= 400 and said[:3] != str(status):
            env.other.append(f"{told}, the model {said}")
            assert not env.strict, env.other[-1]
        for tally in (env.tally, self.tally):
            tally[ask.name, said] += 1
        if status < 300:
            env.accepted += 1
            ask.expect(answer)
            if "idempotency-key" in ask.headers:
                self.world.kept.append(ask)
        if status == 409:
            says = any(words in answer["detail"] for words in ("Wat nu wel kan: ", "Er kan nu niets"))
            assert says, f"{told} does not say what is possible now"
            assert not CODE.search(answer["detail"]), f"{told} says a code, not a word"
        env.run(self._compare(told))
        env.run(self._logged(trace, told, set(ask.about), answer if status < 300 else None))
        return answer

    async def _send(self, ask: Ask) -> tuple[int, Any, str]:
        trace = secrets.token_hex(16)
        headers = {"x-wie": ask.wie.id, "traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
        if ask.form:
            return await self._tap(ask, headers, trace)
        if ask.method == "PATCH" and not ask.blind:
            headers["if-match"] = "*"
        path = ask.path if ask.plan is None else ask.path.format(plan=await self._plan(ask))
        send = partial(self.env.client.request, ask.method, f"/v1{path}", json=ask.body)
        response = await send(headers=headers | ask.headers)
        if "idempotency-key" in ask.headers and response.status_code < 300:
            again = await send(
                headers={**headers, **ask.headers, "traceparent": f"00-{secrets.token_hex(16)}-{'1' * 16}-01"}
            )
            assert (again.status_code, again.content) == (response.status_code, response.content), (
                f"{ask} was done twice"
            )
        answer = response.json()
        self.shown = _named(answer)
        if response.status_code < 300 and isinstance(answer, list) and "/voorstellen" in ask.path:
            await self._complete(answer)
        if ask.path.endswith("/bewoning") and response.status_code < 300:
            answer["plaatsing"] = await self.env.owner.fetchval(UNKNOWN, ask.path.split("/")[2])
        if ask.path == "/crisisplaatsingen" and response.status_code < 300:
            answer["vervolg"] = await self._vervolg(answer["id"])
        if ask.name == "overdracht" and response.status_code < 300:
            answer["made"] = await self._vervolg(answer["id"])
        if ask.path.endswith("/opschalingen") and response.status_code < 300:
            answer["vragen"] = await self.env.owner.fetch(
                "select id::text, voorziening_id::text from opschaling_vraag where opschaling_id = $1", answer["id"]
            )
        return response.status_code, answer, trace

    async def _tap(self, ask: Ask, headers: dict[str, str], trace: str) -> tuple[int, Any, str]:
        """What cannot be is told on the page, and may have been told to the loket of a child as well."""
        headers["x-forwarded-for"] = f"10.0.{self.env.worlds // 256}.{self.env.worlds % 256}"
        response = await self.env.client.request(ask.method, ask.path, data=ask.body, headers=headers)
        self.shown = set()
        if response.status_code not in (303, 409):
            return response.status_code, response.text, trace
        plaatsing = await self.env.owner.fetchval(UNKNOWN, ask.body.get("plek"))
        return 200, {"melding": response.status_code == 409, "plaatsing": plaatsing}, trace

    async def _complete(self, rows: list[dict[str, Any]]) -> None:
        """Ids that an answer does not show: the optie under a voorstel, the plaatsing it became, and its vervolg."""
        for row in rows:
            row["optie"] = await self.env.owner.fetchval("select optie_id::text from voorstel where id = $1", row["id"])
            row["plaatsing"] = await self.env.owner.fetchval(
                "select id::text from bezetting where soort = 'plaatsing' and vrijgegeven_op is null"
                " and beeindigd_op is null and aanvraag_id = $1 and plek_id = $2", row["aanvraagId"], row["plekId"],
            )  # fmt: skip
            row["vervolg"] = await self._vervolg(row["plaatsing"])

    async def _plan(self, ask: Ask) -> str:
        """A plan that is ready, with these lines."""
        assert ask.plan is not None
        id: str = await self.env.owner.fetchval(PLAN, self.codes[HIER])
        await self.env.owner.executemany(
            "insert into plan_regel (plan_id, aanvraag_id, regio, plek_id, eerste_dag) values ($1, $2, $3, $4, $5)",
            [(id, kind, self.codes[HIER], plek, dag) for kind, (plek, dag) in ask.plan.items()],
        )
        return id

    async def _vervolg(self, plaatsing: str | None) -> tuple[str, str | None] | None:
        """The aanvraag after it, with its samenplaatsing."""
        row = await self.env.owner.fetchrow(
            "select id::text, samenplaatsing_id::text from aanvraag where vervolg_van = $1", plaatsing
        )
        return None if row is None else (row["id"], row["samenplaatsing_id"])

    async def _compare(self, told: str) -> None:
        plekken = self.world.plekken
        mine = await self.env.owner.fetchval(
            "select array(select id from aanvraag where id = any ($1) or vervolg_van in"
            " (select id from bezetting where plek_id = any ($2)))", list(self.loket.kinderen), plekken,
        )  # fmt: skip
        stored = await facts.read(self.env.owner, plekken=[UUID(id) for id in plekken], aanvragen=mine)
        assert (wrong := model.wrong(stored)) == [], f"{told}: {wrong}"
        assert (differ := self._differences(stored)) == [], f"{told}: {differ}"

    def _differences(self, stored: dict[str, list[dict[str, Any]]]) -> list[str]:
        loket = self.loket
        several: dict[str, dict[str, Any]] = {
            "route": loket.routes, "opschaling": loket.opschalingen, "vraag": loket.vragen,
            "verzoek": loket.verzoeken, "overdracht": loket.overdrachten,
        }  # fmt: skip
        expected = {
            **{f"child {k.id}": (k.status, k.urgentie, k.behandelaar, sorted(k.opgeschaald), k.historie,
                                 sorted((one[1], one[2].isoformat(), one[3]) for one in loket.alarmen(k.id)))
               for k in loket.kinderen.values()},
            **{f"{b.soort} {b.id}": (b.plek, b.kind, b.van, b.tot, b.vervalt, b.verlengd, b.vrij, b.begonnen,
                                     b.definitief, b.beeindigd) for b in loket.bezetting.values()},
            **{f"voorstel {v.id}": (v.kind, v.plek, v.status, v.van, v.tot, v.optie, v.antwoord_voor, v.kennismaking,
                                    v.herinnerd) for v in loket.voorstellen.values()},
            **{f"{table} {id}": tuple(getattr(row, name) for name in names) for table, names in OTHERS.items()
               for id, row in several[table].items()},
            **{f"plek {id}": (loket.einde.get(id, date.max), loket.staf.get(id, "bemenst"), loket.bevestigd[id])
               for id in loket.plekken},
            **{f"bevestigverzoek {q.aanbieder} {q.dag}": (list(q.plekken), q.tot)
               for q in loket.bevestigverzoeken.values()},
        }  # fmt: skip
        found = {
            **{f"child {k['id']}": (k["status"], k["urgentie"], k["behandelaar"], sorted(k["opgeschaald"]),
                                    [tuple(line) for line in k["historie"]],
                                    sorted(tuple(alarm) for alarm in k["alarmen"])) for k in stored["aanvraag"]},
            **{f"{b['soort']} {b['id']}": (b["plek"], b["kind"], b["van"], b["tot"], b["vervalt"], b["verlengd"],
                                           b["vrij"], b["begonnen"], b["definitief"], b["beeindigd"])
               for b in stored["bezetting"]},
            **{f"voorstel {v['id']}": (v["kind"], v["plek"], v["status"], v["van"], v["tot"], v["optie"],
                                       v["antwoord_voor"], v["kennismaking"], v["herinnerd"])
               for v in stored["voorstel"]},
            **{f"{table} {row['id']}": tuple(row[name] for name in names) for table, names in OTHERS.items()
               for row in stored[table]},
            **{f"plek {p['id']}": (p["einde"] or date.max, p["staf"], p["bevestigd"]) for p in stored["plek"]},
            **{f"bevestigverzoek {q['id']}": (q["plekken"], q["tot"]) for q in stored["bevestigverzoek"]},
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

    # ── What happens ─────────────────────────────────────────────────────────────────────────────

    def _random(self, number: int) -> Random:
        """Hypothesis likes to draw the same number again; what comes of it is another each time."""
        return Random(number * 1_000_003 + self.asked)

    def _some(self, number: int) -> list[tuple[Ask, str]]:
        r = self._random(number)
        found = [ask for one in asks.KINDS for _ in range(TRIES) if (ask := one(self.world, r)) is not None]
        return [(ask, outcome(ask)) for ask in found]

    def _seen(self, ask: Ask, said: str) -> float:
        """What counts as often seen. That people may not or ask nonsense is soon known; a conflict tells most of what
        the loket keeps. An end, and one of the many steps of routes, counts more too, or nothing gets far; a claim,
        where most can be wrong, counts half."""
        if said != DONE:
            worth = 2 if said.startswith("409") else 12
        else:
            worth = 4 if ask.name in ENDS or ask.name.startswith("route") else 1
        if ask.name.startswith(CLAIMS) and said.startswith(("409", DONE)):
            return (1 + self.tally[ask.name, said]) * worth / 2
        return (1 + self.tally[ask.name, said]) * worth

    @rule(number=number)
    def ask(self, number: int) -> None:
        """What was seen least."""
        several = self._some(number)
        self._random(number).shuffle(several)
        self.do(min(several, key=lambda one: self._seen(*one))[0])

    @rule(number=number)
    def go_on(self, number: int) -> None:
        """The same of what can be done only."""
        done = [ask for ask, said in self._some(number) if said == DONE]
        if done:
            self.do(min(done, key=lambda one: self._seen(one, DONE)))

    @rule(number=number)
    def go_on_again(self, number: int) -> None:
        """Once more among the rules."""
        self.go_on(number)

    @precondition(lambda self: not self.asked % 5)
    @rule(number=number)
    def two_at_once(self, number: int) -> None:
        """Two people have read one version: who comes last must look again."""
        first, second = self.world.people[:2]
        child = asks.lately(self._random(number), list(self.loket.kinderen.values()))
        body = asks.papers(child, child.compleet, self.loket.dag.isoformat())
        etag = self.env.run(self._etag(first, f"/aanvragen/{child.id}"))

        def taken(answer: Any) -> None:
            self.loket.vul_aan(first, child.id, compleet=child.compleet, answer=answer)

        def stale(_: Any) -> None:
            model.nee(412, "stale")

        for wie, name, expect in ((first, "vul_aan", taken), (second, "vul_aan", stale)):
            self.do(
                Ask(wie, name, f"/aanvragen/{child.id}", body, expect, [child.id], "PATCH", headers={"if-match": etag})
            )

    async def _etag(self, wie: Wie, path: str) -> str:
        response = await self.env.client.get(f"/v1{path}", headers={"x-wie": wie.id})
        return response.headers["etag"]

    @rule(number=number)
    def whatever(self, number: int) -> None:
        """Whatever comes."""
        r = self._random(number)
        ask = r.choice(asks.KINDS)(self.world, r)
        if ask is not None:
            self.do(ask)

    @precondition(lambda self: self.loket.bezetting)
    @rule(number=number)
    def work(self, number: int) -> None:
        """What a worker does when a term has come, of what hardly ever is just then."""
        r = self._random(number)
        held, asked = asks.lately(r, self.world.some("optie")), asks.lately(r, list(self.loket.voorstellen))
        if held is not None and (asked is None or r.randrange(2)):
            self.env.run(self._termijn(optiestappen.termijn, held.id))
            self.loket.termijn(held.id)
        elif asked is not None:
            self.env.run(self._termijn(verzenden.herinner, asked))
            self.loket.herinner(asked)
        self.env.run(self._compare(f"a worker looks at {held} or {asked} at {self.env.now}"))

    @rule()
    def morning(self) -> None:
        """The round of the day: who is warned, and which plekken are asked about."""
        self.env.run(self._round())
        self.loket.dagronde()
        for asked in self.loket.vraag_bevestiging():
            self.world.links.append((self.env.run(self._link(asked)), asked))
        self.env.run(self._compare(f"the round of the day at {self.env.now}"))

    async def _round(self) -> None:
        self.env.steps += 1
        for ronde in dagronde.RONDES:
            async with transaction(self.env.pool, Session(self.codes[HIER], Rol.SCHAKELFUNCTIONARIS, SYSTEM)) as conn:
                await ronde(conn, self.env.now)

    async def _link(self, asked: Bevestigverzoek) -> str:
        """What a worker puts in the mail that asks whether plekken are still so."""
        mail = await self.env.owner.fetchval(MAIL, asked.aanbieder, asked.dag)
        assert mail is not None, f"nobody was asked: {asked}"
        async with transaction(self.env.pool, Session(self.codes[HIER], Rol.SCHAKELFUNCTIONARIS, SYSTEM)) as conn:
            return await versheid.maak_link(conn, mail, self.env.now)

    async def _termijn(self, does: Callable[[Connection, UUID, datetime], Awaitable[None]], id: str) -> None:
        self.env.steps += 1
        async with transaction(self.env.pool, Session(self.codes[HIER], Rol.SCHAKELFUNCTIONARIS, SYSTEM)) as conn:
            await does(conn, UUID(id), self.env.now)

    # ── Time ─────────────────────────────────────────────────────────────────────────────────────

    @rule(number=number)
    def wait(self, number: int) -> None:
        """Minutes or hours, now and then days: so that most of what waits for an answer can still get it."""
        r = self._random(number)
        minutes = r.choice((r.randint(1, 50), r.randint(1, 50), r.randint(30, 600), r.randint(600, 3000)))
        self._jump(timedelta(minutes=minutes) if r.randrange(6) else r.randint(1, 20) * DAY)

    def _jump(self, by: timedelta) -> None:
        if self.env.now + by < self.begun + LONGEST:
            self.env.now += by
            self.loket.now = self.env.now


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
