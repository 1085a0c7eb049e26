"""`/plannen/{id}`: a joint plan as a board. How far it is and what it is worth; of each child where the plan has it,
why, what else would cost, and what was done with it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, post
from litestar.exceptions import ValidationException
from litestar.params import PathParameter
from litestar.response import Response
from msgspec import Meta, Struct, ValidationError, convert, structs

from service import toegang
from service.days import age_on, today
from service.plaatsing import voorstellen
from service.plaatsing.voorstellen import Voorstel
from service.plan import plankandidaten, plannen, planregels, planuitweg, planverslag, planwaarom
from service.plan.plannen import RUNNING, KeuzeSoort, PlanStap, PlanStatus, Stand
from service.plan.planniveaus import PlanNiveau, niveaus, number
from service.plan.planregels import Planregel, Welke
from service.plan.planuitweg import PlanUitweg, PlanWeg
from service.plan.planverslag import Plan
from service.rang.rangschikking import AfgevallenPlek, PassendePlek
from service.taal import gettext, later
from service.web import etags
from service.web.pages import words
from service.web.pages.actie import Formulier, Gedaan, verwerk
from service.web.pages.render import page_at
from service.web.pages.schakel import zinnen
from service.web.pages.schakel.plannen import SECONDEN, STATUS
from service.web.pages.visit import Visit, visit

PAGE = "paginaPlan"
PER_PAGE = 40

PlanId = Annotated[UUID, PathParameter()]


class Toon(StrEnum):
    ALLE = "alle"
    TE_DOEN = "te-doen"
    GEWIJZIGD = "gewijzigd"
    BESLOTEN = "besloten"
    ZONDER = "zonder"


WELKE = {
    Toon.ALLE: Welke(),
    Toon.TE_DOEN: Welke(te_doen=True),
    Toon.GEWIJZIGD: Welke(gewijzigd=True),
    Toon.BESLOTEN: Welke(besloten=True),
    Toon.ZONDER: Welke(geplaatst=False),
}

TOON = {
    Toon.ALLE: later("Alle kinderen"),
    Toon.TE_DOEN: later("Nog te bekijken"),
    Toon.GEWIJZIGD: later("Anders dan vorig plan"),
    Toon.BESLOTEN: later("Vast of verboden"),
    Toon.ZONDER: later("Geen plek"),
}

GEDAAN = {
    "gestopt": later("Het zoeken stopt. Wat tot nu toe is gevonden, blijft staan."),
    "klaargezet": later("De voorstellen staan klaar. Bekijk ze één voor één en verstuur ze dan."),
    "vast": later("Dit staat vast. Een nieuw plan laat het zo."),
    "los": later("Dit staat niet meer vast. Een nieuw plan mag het veranderen."),
    "verboden": later("Een nieuw plan zet dit kind daar niet meer."),
    "mag": later("Een nieuw plan mag dit kind daar weer zetten."),
}
"""What was just done, by the code in the address."""


class Kijk(Struct, frozen=True, kw_only=True):
    toon: Toon = Toon.ALLE
    pagina: Annotated[int, Meta(ge=1, le=10_000)] = 1
    gedaan: Annotated[str, Meta(max_length=30)] | None = None
    id: UUID | None = None
    """Of the aanvraag with which it was done."""

    def query(self, **other: Any) -> str:
        """`?toon=…`, or nothing: of a board that differs from this one in `other`."""
        asked = {"toon": self.toon, "pagina": self.pagina} | other
        chosen = {name: str(value) for name, value in asked.items() if value not in (Toon.ALLE, 1)}
        return f"?{urlencode(chosen)}" if chosen else ""


def asked(request: Request[Any, Any, Any]) -> Kijk:
    """400 for what the board does not know."""
    try:
        return convert({key: value for key, value in request.query_params.items() if value}, Kijk, strict=False)
    except ValidationError as error:
        raise ValidationException(str(error)) from None


@page_at("/plannen/{plan_id:uuid}", name=PAGE)
async def plan(request: Request[Any, Any, Any], plan_id: PlanId) -> Response[str]:
    kijk = asked(request)
    async with visit(request) as v:
        return await show(v, plan_id, kijk)


@post("/plannen/{plan_id:uuid}", name="wijzigPlan@plan", include_in_schema=False)
async def stop(request: Request[Any, Any, Any], plan_id: PlanId) -> Response[Any]:
    """Stops searching."""
    return await _doe(request, "wijzigPlan", {"planId": plan_id}, lambda _: "?gedaan=gestopt")


@post("/plannen/{plan_id:uuid}/voorstellen", name="zetPlanVoorstellenKlaar@plan", include_in_schema=False)
async def zet_klaar(request: Request[Any, Any, Any], plan_id: PlanId) -> Response[Any]:
    """Concepts for the lines that were ticked; brothers and sisters go along."""
    return await _doe(request, "zetPlanVoorstellenKlaar", {"planId": plan_id}, lambda _: "?gedaan=klaargezet")


@post("/plannen/{plan_id:uuid}/bord/{aanvraag_id:uuid}", name="wijzigPlanregel@bord", include_in_schema=False)
async def besluit(request: Request[Any, Any, Any], plan_id: PlanId, aanvraag_id: PlanId) -> Response[Any]:
    """Fixes or forbids a line, or takes that back."""
    ids = {"planId": plan_id, "aanvraagId": aanvraag_id}
    return await _doe(request, "wijzigPlanregel", ids, lambda done: f"?gedaan={wat(done)}&id={aanvraag_id}")


def wat(done: Gedaan) -> str:
    """The code of what was done with a line."""
    if done.body["verboden"]:
        return "verboden"
    return "vast" if done.body["vast"] else "los"


async def _doe(request: Request[Any, Any, Any], id: str, ids: dict[str, UUID], naar: Any) -> Response[Any]:
    path = f"/plannen/{ids['planId']}"

    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await show(v, ids["planId"], Kijk(), form)

    return await verwerk(request, id, ids, naar=lambda done: path + naar(done), opnieuw=opnieuw, pagina=PAGE)


class Rij(Struct, frozen=True, kw_only=True):
    """One line of the board."""

    regel: Planregel
    leeftijd: int
    wacht: str
    past: PassendePlek | None
    """Why there, as the places are now …"""
    niet: AfgevallenPlek | None
    """… or what stands in the way since."""
    anders: PlanWeg | None
    """The other place that costs this plan the least."""
    uitweg: PlanUitweg | None
    """What would help who has no place."""
    voorstellen: list[Voorstel]
    versie: str


async def show(v: Visit, plan_id: UUID, kijk: Kijk, form: Formulier | None = None) -> Response[str]:
    toegang.mag(v.wie, PAGE)
    dag = today(v.now)
    stand = await plannen.get(v.conn, plan_id)
    told: Plan = v.toon(await planverslag.plan(v.conn, stand, dag))
    loopt = stand.status in RUNNING or (stand.status is PlanStatus.GESTOPT and stand.klaar_op is None)
    t = await planregels.tellingen(v.conn, plan_id)
    counts = dict(zip(Toon, (t.alle, t.te_doen, t.gewijzigd, t.besloten, t.zonder), strict=True))
    if stand.vorig_plan_id is None:
        del counts[Toon.GEWIJZIGD]
        kijk = structs.replace(kijk, toon=Toon.ALLE) if kijk.toon is Toon.GEWIJZIGD else kijk
    pages = max(1, -(-counts.get(kijk.toon, 0) // PER_PAGE))
    page = min(kijk.pagina, pages)
    lines = await planregels.regels(v.conn, plan_id, WELKE[kijk.toon], limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
    rows = await rijen(v, plan_id, lines)
    keuzes = await planverslag.namen(v.conn, {one.voorziening_id for one in told.keuzes})
    vorig = await plannen.get(v.conn, stand.vorig_plan_id) if stand.vorig_plan_id else None
    losers = {id for row in rows for id in (row.anders.prijs.verliezer_ids if row.anders else ())}
    losers |= {
        id for row in rows if row.uitweg and row.uitweg.binnen_plan for id in row.uitweg.binnen_plan.prijs.verliezer_ids
    }
    return v.page(
        "schakel/plan.html",
        today=dag,
        section="plannen",
        form=form or Formulier(),
        p=told,
        loopt=loopt,
        waarom_niet=waarom_niet,
        stappen=" ".join(PlanStap),
        standen=STATUS,
        niveaus=tiers(told.niveaus, vorig),
        rows=rows,
        counts=counts,
        toon=TOON,
        kijk=kijk,
        pagina=page,
        pages=pages,
        nummers=await plankandidaten.nummers(
            v.conn, losers | {one.aanvraag_id for one in told.keuzes} | _in_conflict(told)
        ),
        namen=keuzes,
        verboden=_verboden(told),
        gedaan=GEDAAN,
        gezet=next((row for row in rows if row.regel.aanvraag_id == kijk.id), None),
        mag={id: toegang.kan(v.wie, id) for id in ("zetPlanVoorstellenKlaar", "wijzigPlanregel", "startPlan")},
        seconden=SECONDEN,
        urgenties=words.URGENTIE,
        voorstelwoorden=zinnen.VOORSTEL,
    )


def waarom_niet(regel: Planregel) -> str:
    """Why the plan has no place for it; empty when it has."""
    why = planverslag.regel(regel).waarom_niet
    return why.zin if why else ""


def _verboden(told: Plan) -> dict[UUID, list[UUID]]:
    """Per aanvraag the voorzieningen where a person forbids it."""
    found: dict[UUID, list[UUID]] = {}
    for one in told.keuzes:
        if one.soort is KeuzeSoort.VERBODEN:
            found.setdefault(one.aanvraag_id, []).append(one.voorziening_id)
    return found


def _in_conflict(told: Plan) -> set[UUID]:
    return {id for one in told.conflicten for id in one.aanvraag_ids}


async def rijen(v: Visit, plan_id: UUID, lines: list[Planregel]) -> list[Rij]:
    """With all that a person needs to judge each line."""
    services, dag = v.services, today(v.now)
    why = await planwaarom.waarom(v.conn, services.snapshots, services.travel, wie=v.wie, regels=lines, now=v.now)
    ways = await planuitweg.wegen(v.conn, plan_id, [one.aanvraag_id for one in lines if one.plek_id is not None])
    out = await planuitweg.uitwegen(
        v.conn, wie=v.wie, plan_id=plan_id, regels=[one for one in lines if one.plek_id is None]
    )
    asked_: list[Voorstel] = v.toon(await voorstellen.lopend(v.conn, [one.aanvraag_id for one in lines], v.wie.rol))
    found = []
    for one in lines:
        said = why.get(one.aanvraag_id)
        found.append(
            Rij(
                regel=one,
                leeftijd=age_on(one.leeftijd_maanden, one.leeftijd_peildatum, dag),
                wacht=zinnen.waited(one.aangemeld_op, v.now),
                past=said if isinstance(said, PassendePlek) else None,
                niet=said if isinstance(said, AfgevallenPlek) else None,
                anders=ways.get(one.aanvraag_id),
                uitweg=out.get(one.aanvraag_id),
                voorstellen=[voorstel for voorstel in asked_ if voorstel.aanvraag_id == one.aanvraag_id],
                versie=versie(v, one),
            )
        )
    return found


def versie(v: Visit, regel: Planregel) -> str:
    """The ETag of a line, for a form that changes it."""
    return etags.of(etags.encode(v.toon(planverslag.regel(regel))))


class Doel(Struct, frozen=True, kw_only=True):
    """One aim of the plan, in words."""

    naam: str
    waarde: str
    vorig: str
    """Of the plan before; empty: there was none."""
    bewezen: bool
    zin: str


def tiers(found: list[PlanNiveau], vorig: Stand | None) -> list[Doel]:
    before = {one.niveau: one.waarde for one in niveaus(vorig.niveaus)} if vorig else {}
    return [
        Doel(
            naam=one.naam,
            waarde=_count(one.waarde),
            vorig=_count(before[one.niveau]) if one.niveau in before else "",
            bewezen=one.bewezen,
            zin=beter(one),
        )
        for one in found
    ]


def _count(value: float) -> str:
    whole, _, rest = number(value).partition(",")
    grouped = f"{int(whole):,}".replace(",", ".")
    return ("−" if value < 0 else "") + (f"{grouped},{rest}" if rest else grouped)


def beter(one: PlanNiveau) -> str:
    """Whether it could be better."""
    said = []
    if one.waarde != one.beste:
        best = later("Het beste dat is gevonden is %(beste)s. Dit plan verandert daarvoor minder.")
        said.append(gettext(best, beste=_count(one.beste)))
    if one.bewezen:
        said.append(gettext("Beter kan niet: dat is bewezen."))
    else:
        left = later("Misschien kan het nog hooguit %(verschil)s beter: de grens is %(grens)s.")
        said.append(gettext(left, verschil=_count(abs(one.grens - one.beste)), grens=_count(one.grens)))
    return " ".join(said)
