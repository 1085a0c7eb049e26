"""The ways of children through the loket, request by request, each with the gebeurtenissen that it leaves.

Together they come by every step that the code has and by every soort of gebeurtenis: KNOWN is read from the code, and
test_flow.py says what nobody comes by, so that a new step or soort is killed at too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.aanvraag.samenplaatsingen import NieuweSamenplaatsing
from service.aanvraag.samenplaatsingen import add as add_samenplaatsing
from service.aanvraag.stappen import Stap
from service.days import today as day_of
from service.db import Connection, Pool, Rol, Wie, transaction
from service.opschaling.opschalingen import OpschalingStapSoort
from service.opschaling.routesoorten import KLAAR, VERLOOP, RouteSoort, RouteStaat
from service.plaatsing.beeindigingen import BeeindigingStapSoort, OverdrachtBesluit
from service.plaatsing.plaatsingstappen import PlaatsingStap
from service.plaatsing.voorstellen import VoorstelStap
from service.web.v1.opties import OptieStap
from tests import make
from tests.conftest import OTHER_REGIO, REGIO, ROOT
from tests.service.races import log_in

CODE = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "service").rglob("*.py")))

SCHEMA = (ROOT / "schema.sql").read_text(encoding="utf-8")


def written(soort: GebeurtenisSoort) -> bool:
    """Whether anything writes it: a type may have a value before there is a step that leaves it."""
    return f"GebeurtenisSoort.{soort.name}" in CODE or SCHEMA.count(f"'{soort}'") > 1


KNOWN = frozenset(
    {f"gebeurtenis {soort}" for soort in GebeurtenisSoort if written(soort)}
    | {f"aanvragen {stap}" for stap in Stap}
    | {f"opties {stap}" for stap in OptieStap}
    | {f"voorstellen {stap}" for stap in VoorstelStap}
    | {f"plaatsingen {stap}" for stap in PlaatsingStap}
    | {f"opschalingen {stap}" for stap in OpschalingStapSoort}
    | {f"beeindigingen {stap}" for stap in BeeindigingStapSoort}
    | {f"besluiten {besluit}" for besluit in OverdrachtBesluit}
    | {f"routes {soort} {staat}" for soort, verloop in VERLOOP.items() for staat in verloop.staten}
    | {f"routes {staat}" for staat in KLAAR if staat is not RouteStaat.GESLAAGD}
)
"""Every gebeurtenis and every step that there is, as the code has them."""

OF_TIME = frozenset({"gebeurtenis herinnering", "gebeurtenis alarm", "gebeurtenis bevestiging_gevraagd"})
"""What nobody asks for: a worker does it when its moment has come (tests/soak/times.py)."""


class Base(Protocol):
    """Where the database is now; the connections are others after each time that it was killed."""

    owner: Connection
    pool: Pool


@dataclass
class People:
    """Who is logged in, and what is there before any child comes."""

    headers: dict[str, dict[str, str]]
    gebruiker: dict[str, UUID]
    organisatie: UUID
    aanbieder: UUID
    bijna: UUID
    """A gezinsgroep for children half a year older."""
    bed: UUID
    """Of a voorziening that may be asked besides."""
    regio: str = REGIO

    @property
    def loket(self) -> Wie:
        return Wie(self.regio, Rol.SCHAKELFUNCTIONARIS, self.gebruiker["schakelfunctionaris"])


@dataclass
class Step:
    wie: str
    """Rol."""
    does: str
    """As KNOWN has it; what is no step there, by its path."""
    path: str
    body: dict[str, Any]
    leaves: tuple[str, ...]
    """Soorten of all its gebeurtenissen, in the order in which they are written."""
    key: str = field(default_factory=lambda: str(uuid4()))
    """Idempotency-Key: the same when it is asked again."""
    keep: Callable[[Any], None] | None = None
    """What the answer says that later steps need."""

    @property
    def points(self) -> list[str]:
        """A fail point for each gebeurtenis (tests/soak/computer.py): which of that soort it is, in the transaction."""
        return [f"gebeurtenis {soort} {self.leaves[: at + 1].count(soort)}" for at, soort in enumerate(self.leaves)]

    @property
    def covers(self) -> set[str]:
        return {self.does, *(f"gebeurtenis {soort}" for soort in self.leaves)}


def today() -> date:
    return day_of(datetime.now(UTC))


def day(offset: int) -> str:
    return (today() + timedelta(days=offset)).isoformat()


async def people(at: Base, regio: str = REGIO) -> People:
    gebruiker = {"schakelfunctionaris": await make.gebruiker(at.owner, regio=regio, email=f"loket@{regio}.example")}
    async with transaction(at.pool, Wie(regio, Rol.SCHAKELFUNCTIONARIS, gebruiker["schakelfunctionaris"])) as conn:
        aanbieder = (await make.aanbieder(conn)).id
        organisatie = await make.organisatie(conn)
        bijna = await make.voorziening(conn, aanbieder_id=aanbieder, zorgvorm="gezinsgroep", leeftijd_van=126)
        await make.plek(conn, voorziening_id=bijna.id, now=datetime.now(UTC))
        anders = await make.voorziening(conn, aanbieder_id=aanbieder, zorgvorm="residentieel")
    whose: dict[str, dict[str, Any]] = {
        "collega": {},
        "aanbieder": {"rol": "aanbieder", "aanbieder_id": aanbieder},
        "verwijzer": {"rol": "verwijzer", "organisatie_id": organisatie},
        "crisisdienst": {"rol": "crisisdienst"},
    }
    for name, of in whose.items():
        gebruiker[name] = await make.gebruiker(at.owner, regio=regio, email=f"{name}@{regio}.example", **of)
    headers = {name: await log_in(at.pool, id) for name, id in gebruiker.items()}
    return People(headers, gebruiker, organisatie, aanbieder, bijna.id, anders.id, regio)


async def beds(at: Base, p: People, zorgvorm: str, number: int, *, together: bool = False) -> list[str]:
    """Ids of new plekken: in one voorziening, or each in one of its own."""
    made, unit = [], None
    async with transaction(at.pool, p.loket) as conn:
        for _ in range(number):
            if unit is None or not together:
                unit = await make.voorziening(conn, aanbieder_id=p.aanbieder, zorgvorm=zorgvorm)
            made.append(str((await make.plek(conn, voorziening_id=unit.id, now=datetime.now(UTC))).id))
    return made


S, A, V, C = "schakelfunctionaris", "aanbieder", "verwijzer", "crisisdienst"


class Way:
    """What one child's steps know of each other."""

    def __init__(self, at: Base, p: People) -> None:
        self.at, self.p = at, p
        self.known: dict[str, str] = {}

    def keep(self, name: str, *path: str | int) -> Callable[[Any], None]:
        def kept(answer: Any) -> None:
            for part in path:
                answer = answer[part]
            self.known[name] = answer

        return kept

    def dien_in(self, name: str, urgentie: str, **other: Any) -> Step:
        gisteren = day(-1)
        body = {
            "organisatieId": str(self.p.organisatie), "kenmerk": f"K-{uuid4().int % 10**5}{chr(65 + uuid4().int % 26)}",
            "urgentie": urgentie, "leeftijdMaanden": 120, "leeftijdPeildatum": gisteren, "geslacht": "meisje",
            "groepssoorten": ["gemengd", "meisjes"], "pc4": "1211", "gemeenteCode": "0402", "huidigVerblijf": "thuis",
            "gewensteStart": gisteren, "uiterlijkeDatum": day(60), "verwachtVerblijf": 90,
            "perspectief": "terug_naar_huis", "zorgvormen": ["gezinshuis", "crisis"], "zorgvormReden": "Voor de nacht.",
            "juridischKader": "vrijwillig",
            "grondslagen": [{"soort": "besluit_gemeente", "status": "verleend", "datum": gisteren}],
            "toestemmingen": [{"persoon": "ouder_1", "status": "gegeven", "datum": gisteren}],
        }  # fmt: skip
        return Step(V, "aanvragen", "/aanvragen", body | other, ("ingediend",), keep=self.keep(name, "id"))

    def stap(self, of: str, id: str, stap: str, wie: str, *leaves: str, **body: Any) -> Step:
        return Step(wie, f"{of} {stap}", f"/{of}/{id}/stappen", {"stap": stap, **body}, leaves)

    def pairs(self, plekken: list[str], *names: str) -> dict[str, Any]:
        """From tomorrow on, so that midnight may come in between."""
        plekken_ = [{"aanvraagId": self.known[n], "plekId": plek} for n, plek in zip(names, plekken, strict=True)]
        return {"plekken": plekken_, "van": day(1)}

    def optie(self, plek: str, name: str = "kind", *before: str, **more: Any) -> Step:
        body = self.pairs([plek], name) | more
        return Step(S, "opties", "/opties", body, (*before, "optie"), keep=self.keep("optie", 0, "id"))

    def voorstel(self, plek: str, name: str = "kind", *, kept: str = "voorstel", **more: Any) -> Step:
        body = self.pairs([plek], name) | more
        return Step(S, "voorstellen", "/voorstellen", body, ("voorstel_klaargezet",), keep=self.keep(kept, 0, "id"))

    def brief(self, stap: str, wie: str, *leaves: str, of: str = "voorstel", **body: Any) -> Step:
        return self.stap("voorstellen", self.known[of], stap, wie, *leaves, **body)

    async def verblijf(self, stap: str, wie: str, *leaves: str, of: str = "kind", **body: Any) -> Step:
        return self.stap("plaatsingen", await self.stay(of), stap, wie, *leaves, **body)

    async def stay(self, of: str) -> str:
        query = "select id from bezetting where soort = 'plaatsing' and aanvraag_id = $1"
        return str(await self.at.owner.fetchval(query, UUID(self.known[of])))


Way_ = AsyncIterator[Step]


async def life(at: Base, p: People) -> Way_:
    """Of many children, one after another."""
    for way in (geplaatst, crisis, losgelaten, afgezegd, afgewezen, samen, verlopen, langs_routes, opgeschaald):
        async for step in way(at, p):
            yield step


async def geplaatst(at: Base, p: People) -> Way_:
    """Two aanbieders are asked for it, it comes to one of them, stays longer and leaves."""
    w, (one, two) = Way(at, p), await beds(at, p, "gezinshuis", 2)
    yield w.dien_in("kind", "spoed")
    yield w.stap("aanvragen", w.known["kind"], "neem_in_behandeling", S, "in_behandeling")
    to = {"gebruikerId": str(p.gebruiker["collega"]), "reden": "Vakantie."}
    yield w.stap("aanvragen", w.known["kind"], "draag_over", S, "overgedragen", **to)
    yield w.optie(one)
    yield w.stap("opties", w.known["optie"], "verleng", S, "optie_verlengd", reden="Nog even.")
    yield w.voorstel(one)
    yield w.brief("verzend", S, "voorstel_verzonden")
    yield w.voorstel(two, kept="ander")
    yield w.brief("verzend", S, "optie", "voorstel_verzonden", of="ander")
    yield w.brief("interesse", A, "voorstel_interesse")
    yield w.brief("akkoord", A, "voorstel_akkoord")
    yield w.brief("toestemming", V, "toestemming")
    yield w.brief("kennismaking", A, "kennismaking", kennismakingOp=day(0))
    yield w.brief("maak_definitief", S, "definitief", "voorstel_ingetrokken")
    yield await w.verblijf("begin", A, "begonnen", op=day(-1))
    yield await w.verblijf("verleng", A, "verlengd", tot=day(200))
    yield await w.verblijf("beeindig", A, "beeindigd", op=day(0), einde="volgens_plan")


async def crisis(at: Base, p: People) -> Way_:
    """Two are placed by telephone, for a third plekken are held and asked; that house stops, and then it does not."""
    w, plekken = Way(at, p), await beds(at, p, "crisis", 4, together=True)
    for name, plek in zip(("een", "twee"), plekken, strict=False):
        yield w.dien_in(name, "crisis")
        body = {"aanvraagId": w.known[name], "plekId": plek, "gebeldOp": datetime.now(UTC).isoformat(), "met": "Leider"}
        yield Step(C, "crisisplaatsingen", "/crisisplaatsingen", body, ("geplaatst", "ingediend", "vervolg"))
    yield await w.verblijf("definitief", C, "definitief", of="een")
    yield w.dien_in("kind", "crisis")
    yield w.optie(plekken[2])
    yield w.voorstel(plekken[3])
    yield w.brief("verzend", S, "optie", "voorstel_verzonden")
    unit = str(await at.owner.fetchval("select voorziening_id from plek where id = $1", UUID(plekken[0])))
    body = {"aanbiederId": str(p.aanbieder), "voorzieningId": unit, "per": day(10), "reden": "personeel"}
    leaves: tuple[str, ...] = ("voorstel_ingetrokken", "optie_vrij", "aanbieder_stopt")
    yield Step(S, "beeindigingen", "/beeindigingen", body, leaves, keep=w.keep("einde", "id"))
    for name, leaves, decided in (
        ("een", ("verlengd",), {"besluit": "uitloop", "uitloopTot": day(60)}),
        ("twee", ("urgentie", "overdracht"), {"besluit": "overdracht"}),
    ):
        path = f"/beeindigingen/{w.known['einde']}/overdrachten/{await w.stay(name)}/besluiten"
        yield Step(S, f"besluiten {decided['besluit']}", path, decided, leaves)
    back = ("overdracht_vervalt", "plek_blijft", "aanbieder_gaat_door")
    yield w.stap("beeindigingen", w.known["einde"], "neem_terug", S, *back, reden="Er is toch personeel.")


async def losgelaten(at: Base, p: People) -> Way_:
    """Held and let go, asked and withdrawn, asked and declined, and then not needed any more."""
    w, [plek] = Way(at, p), await beds(at, p, "gezinshuis", 1)
    yield w.dien_in("kind", "regulier")
    yield w.optie(plek)
    yield w.stap("opties", w.known["optie"], "laat_los", S, "optie_vrij", reden="Toch niet.")
    yield w.voorstel(plek)
    yield w.brief("verzend", S, "optie", "voorstel_verzonden")
    yield w.brief("trek_in", S, "voorstel_ingetrokken", reden="Toch niet.")
    yield w.voorstel(plek)
    yield w.brief("verzend", S, "optie", "voorstel_verzonden")
    yield w.brief("wijs_af", A, "voorstel_afgewezen", afwijsreden="aanbieder_weigert")
    yield w.optie(plek, afwijking="Toch.")
    yield w.stap("aanvragen", w.known["kind"], "trek_in", V, "optie_vrij", "ingetrokken", reden="Niet meer nodig.")


async def afgezegd(at: Base, p: People) -> Way_:
    """It became definitive, and the child did not come."""
    w, [plek] = Way(at, p), await beds(at, p, "gezinshuis", 1)
    yield w.dien_in("kind", "spoed")
    yield w.voorstel(plek)
    yield w.brief("verzend", S, "optie", "voorstel_verzonden")
    yield w.brief("akkoord", A, "voorstel_akkoord")
    yield w.brief("maak_definitief", S, "definitief", reden="Het kent het huis.")
    yield await w.verblijf("zeg_af", S, "afgezegd", reden="Het kind blijft thuis.")


async def afgewezen(at: Base, p: People) -> Way_:
    w = Way(at, p)
    yield w.dien_in("kind", "regulier")
    why = {"urgentie": "spoed", "criterium": "thuis_onhoudbaar", "reden": "Het gaat niet meer."}
    yield w.stap("aanvragen", w.known["kind"], "verander_urgentie", V, "urgentie", **why)
    yield w.stap("aanvragen", w.known["kind"], "wijs_af", S, "afgewezen", reden="Andere regio.")


async def samen(at: Base, p: People) -> Way_:
    """A brother and a sister: all or none at each step."""
    w, plekken = Way(at, p), await beds(at, p, "gezinshuis", 2, together=True)
    verwijzer = Wie(p.regio, Rol.VERWIJZER, p.gebruiker[V], p.organisatie)
    async with transaction(at.pool, verwijzer) as conn:
        family = str((await add_samenplaatsing(conn, NieuweSamenplaatsing(organisatie_id=p.organisatie))).id)
    for name in ("een", "twee"):
        yield w.dien_in(name, "spoed", samenplaatsingId=family)
    pairs, both = w.pairs(plekken, "een", "twee"), ("voorstel_klaargezet",) * 2
    yield Step(S, "opties", "/opties", pairs, ("optie",) * 2)
    yield Step(S, "voorstellen", "/voorstellen", pairs, both, keep=w.keep("voorstel", 0, "id"))
    yield w.brief("verzend", S, *["voorstel_verzonden"] * 2)
    yield w.brief("akkoord", A, *["voorstel_akkoord"] * 2)
    yield w.brief("maak_definitief", S, *["definitief"] * 2, reden="Zij kennen het huis.")


OVER = """
with op as (select now() - interval '1 second' as op),
optie as (update bezetting set vervalt_op = op.op from op
          where aanvraag_id = $1 and soort = 'optie' and vrijgegeven_op is null)
update voorstel set antwoord_voor = op.op from op where aanvraag_id = $1 and is_levend(status)
"""
"""As if the time of what is held for a child has passed."""


async def verlopen(at: Base, p: People) -> Way_:
    """Whoever claims next ends what has expired, in its own transaction."""
    w, [plek] = Way(at, p), await beds(at, p, "gezinshuis", 1)
    yield w.dien_in("kind", "spoed")
    yield w.dien_in("ander", "spoed")
    yield w.optie(plek)
    await at.owner.execute(OVER, UUID(w.known["kind"]))
    yield w.voorstel(plek, "ander")
    yield w.brief("verzend", S, "optie_verlopen", "optie", "voorstel_verzonden")
    await at.owner.execute(OVER, UUID(w.known["ander"]))
    yield w.optie(plek, "kind", "voorstel_vervallen")


def _overleg() -> dict[str, Any]:
    return {"op": day(-1), "gemeenteCode": "0402", "met": "consulent", "uitkomst": "positief"}


def details(p: People) -> dict[RouteSoort, dict[str, Any]]:
    """All that a route of this soort may be asked for."""
    dag, ja = day(-1), {"jaOp": day(-1), "jaVan": "teamleider", "van": day(0), "tot": day(30)}
    return {
        RouteSoort.NETWERKPLAATSING: {
            "aanbiederId": str(p.aanbieder), "onderzoekOp": dag, "vgbGevraagdOp": dag, "vgbOp": dag, "besluitOp": dag,
            "besluit": "positief",
        },
        RouteSoort.TUSSENVOORZIENING: {"waar": "Een huis met een bed vrij.", **ja},
        RouteSoort.OVERBRUGGING: {"vorm": "strippenkaart", "strippen": 10, **ja},
        RouteSoort.MAATWERK: {
            "aanbiederNaam": "Zorgboerderij", "offerteOp": dag, "overleg": _overleg(), "van": day(0),
        },
        RouteSoort.PGB: {
            "keuze": "ouders", "keuzeOp": dag, "budgetplanOp": dag, "besluitOp": dag, "besluit": "positief",
            "van": day(0),
        },
        RouteSoort.ANDERE_REGIO: {
            "regio": OTHER_REGIO, "antwoordOp": dag, "antwoord": "positief", "antwoordVan": "loket daar",
            "overleg": _overleg(), "van": day(0),
        },
        RouteSoort.JEUGDZORGPLUS: {
            "instemmingOp": dag, "aangemeldOp": dag, "vervolgZorgvorm": "gezinshuis", "vervolgPlan": "Komt elke week.",
            "toegewezenOp": dag, "instelling": "De instelling van het punt", "van": day(0),
        },
        RouteSoort.ACHTTIEN_PLUS: {
            "besprokenOp": dag, "planOp": dag, "daarna": "zelfstandig", "wonen": "Een kamer.", "inkomenGeregeld": True,
            "zorgGeregeld": True, "vastePersoon": True,
        },
    }  # fmt: skip


async def langs_routes(at: Base, p: People) -> Way_:
    """One of seventeen goes along every route, through every state; and one route fails, and one is stopped."""
    w = Way(at, p)
    machtiging = {"soort": "gesloten", "zorgvormen": ["jeugdzorgplus"], "geldigVan": day(-1), "geldigTot": day(60)}
    yield w.dien_in("kind", "regulier", leeftijdMaanden=206, machtigingen=[machtiging])
    known = details(p)

    def begin(soort: RouteSoort) -> Step:
        first = next(iter(VERLOOP[soort].staten))
        path, body = f"/aanvragen/{w.known['kind']}/routes", {"details": {"soort": soort, **known[soort]}}
        return Step(S, f"routes {soort} {first}", path, body, ("route",), keep=w.keep("route", "id"))

    def verder(does: str, staat: RouteStaat, **more: str) -> Step:
        path = f"/routes/{w.known['route']}/stappen"
        return Step(S, f"routes {does}", path, {"naar": staat, **more}, ("route_stap",))

    for soort, verloop in VERLOOP.items():
        yield begin(soort)
        for staat in list(verloop.staten)[1:]:
            yield verder(f"{soort} {staat}", staat)
    for staat in (RouteStaat.NIET_GESLAAGD, RouteStaat.GESTOPT):
        yield begin(RouteSoort.PGB)
        yield verder(staat, staat, reden="Het kan niet.")


async def opgeschaald(at: Base, p: People) -> Way_:
    """The verwijzer asks and hears no; then a table looks at it, who nearly fits is asked what it needs and says so,
    and it ends with an outcome."""
    w = Way(at, p)
    yield w.dien_in("kind", "spoed", zorgvormen=["gezinsgroep"])
    path, body = (
        f"/aanvragen/{w.known['kind']}/opschalingsverzoeken",
        {"aanleiding": "geen_plek", "toelichting": "Vol."},
    )
    yield Step(V, "opschalingsverzoeken", path, body, ("opschaling_gevraagd",), keep=w.keep("verzoek", "id"))
    path, body = f"/opschalingsverzoeken/{w.known['verzoek']}/weigeringen", {"reden": "Er is nog een plek."}
    yield Step(S, "weigeringen", path, body, ("opschaling_geweigerd",))
    body = {"aanleiding": "dreigende_uithuisplaatsing", "tafel": "doorbraaktafel", "waarom": "Er past niets."}
    path, leaves = f"/aanvragen/{w.known['kind']}/opschalingen", ("opschaling", "opschaling_vraag")
    yield Step(S, "opschalingen", path, body, leaves, keep=w.keep("tafel", "id"))
    to = {"eigenaarId": str(p.gebruiker["collega"]), "reden": "Vakantie."}
    yield w.stap("opschalingen", w.known["tafel"], "draag_over", S, "opschaling_stap", **to)
    yield w.stap("opschalingen", w.known["tafel"], "verleng", S, "opschaling_stap", termijn=day(9), reden="Vol.")
    path, body = f"/opschalingen/{w.known['tafel']}/vragen", {"voorzieningId": str(p.bed)}
    yield Step(S, "opschalingsvragen", path, body, ("opschaling_vraag",), keep=w.keep("vraag", "id"))
    path, body = f"/opschalingsvragen/{w.known['vraag']}/antwoorden", {"nodig": "extra_personeel"}
    yield Step(A, "antwoorden", path, body, ("opschaling_antwoord",))
    yield w.stap("opschalingen", w.known["tafel"], "sluit", S, "opschaling_gesloten", uitkomst="hulp_thuis")
