"""`/beheer/instellingen`: what the region chose and where that comes from; other values tried out, saved and set back.

A form of a group goes to its proef with GET: nothing changes, and the address can be given to a colleague. There stands
what the other values would do today, and for the beheerder the form that saves them, with why.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, post
from litestar.params import PathParameter, QueryParameter
from litestar.response import Response

from service import toegang
from service.aanvraag.termijnen import AlarmSoort
from service.days import today
from service.errors import Kind, Refusal
from service.instellingen import keuzes, wijzigingen
from service.instellingen.keuzes import CAMEL, Deel
from service.instellingen.proef import MEEST
from service.rang.rangschikking import names
from service.regio import codes
from service.taal import gettext, later
from service.web import etags, forms
from service.web.forms import Given
from service.web.pages import words
from service.web.pages.actie import Formulier, doe, flatten, geweigerd, verwerk
from service.web.pages.beheer import instelvelden
from service.web.pages.beheer.instelvelden import GROEPEN, Groep, Vraag
from service.web.pages.beheer.tabellen import ZEKERHEID
from service.web.pages.render import page_at
from service.web.pages.verwijzer.aanvraag import CRITERIA
from service.web.pages.visit import Visit, visit

PROEF = "paginaInstellingproef"

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

MOST = 20
"""Changes on a page."""

GEDAAN = {
    "gewijzigd": later("De instelling is veranderd. Zij geldt vanaf nu. Onder Geschiedenis kunt u dit terugzetten."),
    "terug": later("De wijziging is teruggezet. Ook dat staat onder Geschiedenis."),
}

SIGNAAL = {
    AlarmSoort.GRONDSLAG_ONTBREEKT: later("Geen grondslag die geldt"),
    AlarmSoort.GRONDSLAG_EINDE: later("Grondslag loopt af"),
    AlarmSoort.MACHTIGING_ONGEBRUIKT: later("Machtiging niet gebruikt"),
    AlarmSoort.SPOED_ZONDER_ZITTING: later("Spoedmachtiging zonder zitting"),
    AlarmSoort.MACHTIGING_EINDE: later("Machtiging loopt af"),
    AlarmSoort.MACHTIGING_ONTBREEKT: later("Geen machtiging die geldt"),
    AlarmSoort.TOESTEMMING_ONTBREEKT: later("Toestemming ontbreekt"),
    AlarmSoort.TOESTEMMING_GEWEIGERD: later("Toestemming geweigerd"),
    AlarmSoort.VERGETEN: later("Aanvraag misschien vergeten"),
    AlarmSoort.VERVOLG_ZONDER_PLEK: later("Na crisis nog geen vervolgplek"),
    AlarmSoort.NORM: later("Norm voor wachten"),
    AlarmSoort.ACHTTIEN: later("Bijna 18 zonder plan"),
    AlarmSoort.ROUTE_TERMIJN: later("Termijn van een andere weg"),
    AlarmSoort.OPSCHALING_TERMIJN: later("Termijn van een opschaling"),
    AlarmSoort.AANBIEDER_STOPT: later("Aanbieder stopt"),
    AlarmSoort.UITGESLOTEN: later("Woont op een plek die is uitgesloten"),
    AlarmSoort.PLEK_BEZET: later("Plek blijkt bezet"),
}
"""What a term is about, without about whom."""

ERNST = {"nadert": later("nadert"), "verstreken": later("voorbij")}

Code = Annotated[str, PathParameter(max_length=20)]


@page_at("/beheer/instellingen", name="paginaInstellingen")
async def instellingen(
    request: Request[Any, Any, Any],
    na: Annotated[UUID | None, QueryParameter()] = None,
    gedaan: Annotated[str, QueryParameter(max_length=20)] = "",
) -> Response[str]:
    """`na`: the last change of the page before."""
    async with visit(request, kinderen=False) as v:
        return await _overzicht(v, na=na, gedaan=gedaan)


@page_at("/beheer/instellingen/{groep:str}", name="paginaInstellinggroep")
async def groep(request: Request[Any, Any, Any], groep: Code) -> Response[str]:
    _groep(groep)
    async with visit(request, kinderen=False) as v:
        return await _formulier(v, groep)


@page_at("/beheer/instellingen/{groep:str}/proef", name=PROEF)
async def proef(request: Request[Any, Any, Any], groep: Code) -> Response[str]:
    """What the fields in the address would do."""
    _groep(groep)
    given = forms.asked(request)
    try:
        async with visit(request) as v:
            return await _proef(v, groep, Formulier(given))
    except Refusal as refusal:
        if refusal.kind is not Kind.INVALID:
            raise
        async with visit(request, kinderen=False) as v:
            answer = await _formulier(v, groep, geweigerd(given, refusal))
        answer.status_code = 400
        return answer


@post("/beheer/instellingen", name="wijzigInstellingen", include_in_schema=False)
async def wijzig(request: Request[Any, Any, Any]) -> Response[Any]:
    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        code = form.waarde("groep") if form.waarde("groep") in GROEPEN else next(iter(GROEPEN))
        if any(name.partition(".")[0] in CAMEL.values() for name, _ in form.fouten):
            return await _formulier(v, code, form)
        return await _proef(v, code, form)

    naar = "/beheer/instellingen?gedaan=gewijzigd"
    return await verwerk(request, "wijzigInstellingen", {}, naar=lambda _: naar, opnieuw=opnieuw, pagina=PROEF)


@post("/beheer/instellingen/{instellingwijziging_id:uuid}/terug", name="zetInstellingenTerug", include_in_schema=False)
async def terug(
    request: Request[Any, Any, Any], instellingwijziging_id: Annotated[UUID, PathParameter()]
) -> Response[Any]:
    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await _overzicht(v, form=form, open=instellingwijziging_id)

    ids = {"instellingwijzigingId": instellingwijziging_id}
    naar = "/beheer/instellingen?gedaan=terug"
    pagina = "paginaInstellingen"
    return await verwerk(request, "zetInstellingenTerug", ids, naar=lambda _: naar, opnieuw=opnieuw, pagina=pagina)


# ── The pages ────────────────────────────────────────────────────────────────────────────────────


def _groep(code: str) -> Groep:
    if code not in GROEPEN:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze groep instellingen is er niet. Kies er een bij Instellingen."))
    return GROEPEN[code]


async def _namen(v: Visit, *said: object) -> dict[tuple[str, str], str]:
    """Of codes, and of the plekken of which the id stands in what is said."""
    ids = {UUID(id) for one in said for id in ID.findall(str(one))}
    plekken = {("plek", id): naam for id, naam in await keuzes.plekken(v.conn, (), list(ids))}
    return {**await names(v.conn), **plekken}


async def _zorgvormen(v: Visit, nu: Any) -> list[tuple[str, str]]:
    """Those of the region, and what was chosen besides."""
    known = {one.code: one.naam for one in await codes.zorgvormen(v.conn)}
    chosen = {code for name in CAMEL if name.endswith("_zorgvormen") for code in getattr(nu, name)}
    return [*known.items(), *((code, code) for code in sorted(chosen - known.keys()))]


async def _overzicht(
    v: Visit,
    *,
    na: UUID | None = None,
    gedaan: str = "",
    form: Formulier | None = None,
    open: UUID | None = None,
) -> Response[str]:
    nu = v.toon(await keuzes.load(v.conn))
    rows = v.toon(await wijzigingen.page(v.conn, after=na, limit=MOST + 1))
    namen = await _namen(v, nu.voor_crisis, [row.veranderd for row in rows])
    waarden = msgspec.to_builtins(nu)
    return v.page(
        "beheer/instellingen.html",
        today=today(v.now),
        section="instellingen",
        here="/beheer/instellingen",
        form=form or Formulier(),
        leeg=Formulier(),
        open=open,
        gedaan=gettext(GEDAAN[gedaan]) if gedaan in GEDAAN else "",
        groepen=GROEPEN,
        regels={
            code: [_regel(CAMEL[name], waarden[CAMEL[name]], nu.bronnen, namen) for name in groep.namen]
            for code, groep in GROEPEN.items()
        },
        ongeldig=[instelvelden.zegt(name) for name in nu.ongeldig],
        geschiedenis=rows[:MOST],
        eerste=na is None,
        volgende=rows[MOST - 1].id if len(rows) > MOST else None,
        zegt=instelvelden.zegt,
        woord=lambda text: ", ".join(_waarde(one, namen) for one in text.split(", ")),
        mag=toegang.kan(v.wie, "wijzigInstellingen"),
    )


def _regel(
    naam: str, waarde: Any, bronnen: Mapping[str, str], namen: Mapping[tuple[str, str], str]
) -> tuple[str, list[tuple[str, str]], str]:
    """What it is, its parts with their values, and the source."""
    if not isinstance(waarde, dict):
        delen = [("", _waarde(waarde, namen))]
    elif all(isinstance(inner, dict) for inner in waarde.values()):
        delen = [(instelvelden.deel(part), _opgesomd(inner)) for part, inner in waarde.items()]
    else:
        delen = [(instelvelden.deel(part), _waarde(inner, namen)) for part, inner in waarde.items()]
    return instelvelden.zegt(naam), delen, gettext(bronnen[naam])


def _opgesomd(delen: Mapping[str, Any]) -> str:
    return ", ".join(f"{instelvelden.deel(part).lower()} {keuzes.zeg(one)}" for part, one in delen.items())


def _waarde(value: Any, namen: Mapping[tuple[str, str], str]) -> str:
    """Codes by their names."""
    if isinstance(value, list | tuple):
        return keuzes.zeg([_waarde(one, namen) for one in value])
    if isinstance(value, str):
        known = namen.get(("zorgvorm", value)) or namen.get(("plek", value)) or words.JURIDISCH_KADER.get(value)
        value = known or gettext(CRITERIA.get(value, "")) or instelvelden.deel(value)
    return keuzes.zeg(value)


async def _formulier(v: Visit, code: str, form: Formulier | None = None) -> Response[str]:
    nu = v.toon(await keuzes.load(v.conn))
    plekken = await keuzes.plekken(v.conn, nu.crisis_zorgvormen, nu.voor_crisis)
    vragen = instelvelden.vragen(GROEPEN[code], nu.bronnen, await _zorgvormen(v, nu), plekken)
    form = Formulier(form.given, [(_veld(naam, vragen), zin) for naam, zin in form.fouten]) if form else None
    return v.page(
        "beheer/instelgroep.html",
        today=today(v.now),
        section="instellingen",
        here=f"/beheer/instellingen/{code}",
        code=code,
        groep=GROEPEN[code],
        form=form or Formulier(_ingevuld(nu)),
        vragen=vragen,
        urgenties=[(one, instelvelden.deel(one)) for one in instelvelden.URGENTIES],
        mag=toegang.kan(v.wie, "wijzigInstellingen"),
    )


def _veld(naam: str, vragen: list[Vraag]) -> str:
    """The field in which an error is mended: of a list the list, of something with parts the first."""
    velden = [veld.naam for vraag in vragen for veld in vraag.velden]
    near = [one for one in velden if naam.startswith(f"{one}.") or one.startswith(f"{naam}.")]
    return naam if naam in velden or not near else near[0]


def _ingevuld(nu: Any) -> Given:
    given: Given = {}
    flatten(msgspec.to_builtins(nu), "", given)
    return {name: [value.removesuffix(".0") for value in values] for name, values in given.items()}


async def _proef(v: Visit, code: str, form: Formulier) -> Response[str]:
    """Refuses INVALID, as the operation does."""
    nu = v.toon(await keuzes.load(v.conn))
    mine = {CAMEL[name] for name in GROEPEN[code].namen}
    given = {name: values for name, values in form.given.items() if name.partition(".")[0] in mine}
    done = await doe(v, "beproefInstellingen", {}, forms.nested(Deel, given))
    namen = await _namen(v, done.body["veranderd"])
    return v.page(
        "beheer/instelproef.html",
        today=today(v.now),
        section="instellingen",
        here=f"/beheer/instellingen/{code}/proef",
        code=code,
        groep=GROEPEN[code],
        form=form,
        given=given,
        versie=etags.of(etags.encode(nu)),
        proef=done.body,
        meest=MEEST,
        zegt=instelvelden.zegt,
        woord=lambda text: ", ".join(_waarde(one, namen) for one in text.split(", ")),
        zorgvormen=[
            (namen.get(("zorgvorm", one["zorgvorm"]), one["zorgvorm"]), one["nu"], one["straks"])
            for one in done.body["zorgvormen"]
        ],
        signalen=[
            (f"{gettext(SIGNAAL[one['soort']])}: {gettext(ERNST[one['ernst']])}", one["nu"], one["straks"])
            for one in done.body["signalen"]
        ],
        plekken=[(gettext(ZEKERHEID[one["zekerheid"]]), one["nu"], one["straks"]) for one in done.body["plekken"]],
        mag=toegang.kan(v.wie, "wijzigInstellingen"),
    )
