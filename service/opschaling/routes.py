"""Routes: ways beside a plek for one child, each with its states and a term (opschaling/routesoorten.py has the table).

A route says nothing of the status of the aanvraag. When one succeeds after which no plek is needed any more, it says so
(`te_sluiten`), and a person closes the aanvraag with a reason.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from service import dutch
from service.aanvraag import gebeurtenissen, grondslagen
from service.aanvraag.gebeurtenissen import AanvraagStatus, GebeurtenisSoort
from service.aanvraag.grondslagen import Machtiging
from service.aanvraag.termijnen import termijnen
from service.days import age_on, months_after, today
from service.db import Connection, Rol, rows_as
from service.errors import FieldError, Kind, Refusal
from service.fields import AanvraagId, VrijeTekst, refuse
from service.opschaling.routedetails import AndereRegio, Details
from service.opschaling.routesoorten import (
    KLAAR,
    ROUTE,
    STAAT,
    VERLOOP,
    Feiten,
    Gevolg,
    RouteSoort,
    RouteStaat,
    Routetermijnen,
    alleen_loket,
    begint,
    eerste,
    mist,
    mogelijk,
    soort_van,
    wrong,
)
from service.regio import codes, regiokeuzes
from service.regio.werkregels import werkregels
from service.taal import gettext

Reden = Annotated[VrijeTekst, Meta(max_length=300)]


class NieuweRoute(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    details: Details
    termijn: Annotated[date, Meta(description="Anders de termijn die de regio hiervoor heeft.")] | None = None
    reden: Annotated[Reden, Meta(description="Waarom deze route.")] | None = None


class RouteStap(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    naar: Annotated[RouteStaat | None, Meta(description="Zonder: alleen aanvullen.")] = None
    details: Annotated[Details | None, Meta(description="In de plaats van alles wat er stond.")] = None
    termijn: Annotated[date | None, Meta(description="Een andere dag waarop u weer kijkt.")] = None
    reden: Annotated[Reden, Meta(description="Verplicht bij niet_geslaagd en gestopt.")] | None = None


class Route(Struct, rename="camel", kw_only=True):
    id: UUID
    aanvraag_id: AanvraagId
    nummer: Annotated[str, Meta(description="Van de aanvraag.")]
    staat: RouteStaat
    details: Details
    kan: Annotated[list[RouteStaat], Meta(description="Wat hierna kan, als er is wat daarvoor nodig is.")] = []
    termijn: date
    verstreken: Annotated[bool, Meta(description="De termijn is voorbij en de route is niet klaar.")]
    begonnen_op: datetime
    klaar_op: datetime | None
    reden: Annotated[str | None, Meta(description="Waarom zij zo eindigde.")]
    te_sluiten: Annotated[
        bool, Meta(description="Geslaagd: er is geen plek meer nodig. Sluit de aanvraag, met een reden.")
    ]
    versie: int


SLUITEND = [soort for soort, verloop in VERLOOP.items() if verloop.gevolg is Gevolg.SLUITEN]

# $1 is today, $2 the soorten after which no plek is needed.
ROUTES = """
select r.id, r.aanvraag_id, a.nummer, r.staat, r.details, r.termijn,
       r.klaar_op is null and r.termijn < $1 as verstreken, r.begonnen_op, r.klaar_op, r.reden,
       r.staat = 'geslaagd' and r.soort = any ($2::route_soort[]) and is_open(a.status) as te_sluiten, r.versie
from route r join aanvraag a on a.id = r.aanvraag_id and a.geanonimiseerd_op is null
"""

PAGE = f"""
{ROUTES}
where r.regio = huidige_regio()
  and ($3::uuid is null or r.aanvraag_id = $3)
  and ($4::route_soort is null or r.soort = $4)
  and ($5::boolean is null or (r.klaar_op is null) = $5)
  and ($6::boolean is null or (r.klaar_op is null and r.termijn < $1) = $6)
  and ($7::boolean is null or (r.staat = 'geslaagd' and r.soort = any ($2::route_soort[]) and is_open(a.status)) = $7)
  and ($8::uuid is null or (r.begonnen_op, r.id) > (select c.begonnen_op, c.id from route c where c.id = $8))
order by r.begonnen_op, r.id
limit $9
"""


async def page(
    conn: Connection,
    *,
    now: datetime,
    aanvraag_id: UUID | None = None,
    soort: RouteSoort | None = None,
    loopt: bool | None = None,
    verstreken: bool | None = None,
    te_sluiten: bool | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Route]:
    """Routes in the order in which they began."""
    rows = await conn.fetch(PAGE, today(now), SLUITEND, aanvraag_id, soort, loopt, verstreken, te_sluiten, after, limit)
    found: list[Route] = rows_as(rows, Route)
    return [_with_next(route) for route in found]


GET = f"{ROUTES} where r.id = $3"

LOCK = f"{ROUTES} where r.id = $3 for no key update of r"


async def get(conn: Connection, id: UUID, *, now: datetime, lock: bool = False) -> Route:
    """Refuses NOT_FOUND."""
    row = await conn.fetchrow(LOCK if lock else GET, today(now), SLUITEND, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze route bestaat niet (meer)."))
    return _with_next(msgspec.convert(row, Route))


def _with_next(route: Route) -> Route:
    route.kan = list(mogelijk(soort_van(route.details), route.staat))
    return route


# ── What it is decided by ────────────────────────────────────────────────────────────────────────

# Locks the aanvraag before any route of it, as gebeurtenissen.record does.
FEITEN = f"""
select a.status, a.afgesloten_op is not null as gesloten, a.gemeente_code, a.leeftijd_maanden, a.leeftijd_peildatum,
       {grondslagen.MACHTIGINGEN} as machtigingen,
       exists (select from contract c where c.aanbieder_id = $2
               and c.zorgvorm = any (case when $3::text is null then a.zorgvormen else array[$3] end)
               and c.geldigheid @> $4::date) as contract
from aanvraag a
where a.id = $1 and a.geanonimiseerd_op is null
for no key update of a
"""


async def _feiten(conn: Connection, aanvraag_id: UUID, details: Details, now: datetime) -> Feiten:
    """Refuses NOT_FOUND."""
    vandaag = today(now)
    aanbieder, zorgvorm = getattr(details, "aanbieder_id", None), getattr(details, "zorgvorm", None)
    row = await conn.fetchrow(FEITEN, aanvraag_id, aanbieder, zorgvorm, vandaag)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze aanvraag bestaat niet (meer)."))
    regels = await werkregels(conn)
    return Feiten(
        vandaag=vandaag,
        status=AanvraagStatus(row["status"]),
        gesloten=row["gesloten"],
        gemeente_code=row["gemeente_code"],
        maanden=age_on(row["leeftijd_maanden"], row["leeftijd_peildatum"], vandaag),
        achttien_op=months_after(row["leeftijd_peildatum"], 18 * 12 - row["leeftijd_maanden"]),
        machtigingen=msgspec.convert(row["machtigingen"], list[Machtiging]),
        termijnen=await termijnen(conn),
        vooraf_maanden=regels.achttien_vooraf_maanden,
        gesloten_zorgvormen=regels.gesloten_zorgvormen,
        contract=row["contract"],
    )


BEKEND = """
select $1::uuid is null or exists (select from aanbieder where id = $1) as aanbieder,
       $2::uuid is null or exists (select from voorziening where id = $2) as voorziening,
       $3::text is null or exists (select from jeugdregio where code = $3 and code <> huidige_regio()) as regio
"""


async def _check(conn: Connection, details: Details, feiten: Feiten) -> None:
    """Refuses INVALID: what cannot be in whatever state."""
    regio = details.regio if isinstance(details, AndereRegio) else None
    known = await conn.fetchrow(
        BEKEND, getattr(details, "aanbieder_id", None), getattr(details, "voorziening_id", None), regio
    )
    assert known is not None
    found = list(wrong(details, feiten))
    for veld, what in (
        ("aanbieder", gettext("Deze aanbieder kent het loket niet.")),
        ("voorziening", gettext("Deze voorziening kent het loket niet.")),
        ("regio", gettext("Geef de code van een andere jeugdregio.")),
    ):
        if not known[veld]:
            pointer = "/details/regio" if veld == "regio" else f"/details/{veld}Id"
            found.append(FieldError(pointer, "bestaat_niet", what))
    zorgvormen = [
        (f"/details/{pointer}", "zorgvorm", value)
        for pointer, name in (("zorgvorm", "zorgvorm"), ("vervolgZorgvorm", "vervolg_zorgvorm"))
        if (value := getattr(details, name, None)) is not None
    ]
    refuse(found + await codes.unknown(conn, zorgvormen))


def _termijn(wish: date | None, vandaag: date, otherwise: date) -> date:
    if wish is not None and wish < vandaag:
        refuse([FieldError("/termijn", "verstreken", gettext("Geef vandaag of een dag die nog komt."))])
    return otherwise if wish is None else wish


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────

INSERT = """
insert into route (regio, aanvraag_id, soort, staat, details, termijn, begonnen_op)
values (huidige_regio(), $1, $2, $3, $4, $5, $6)
returning id
"""


async def start(conn: Connection, aanvraag_id: UUID, nieuw: NieuweRoute, *, now: datetime) -> Route:
    """A route in its first state. Refuses NOT_FOUND, INVALID, and CONFLICT when it cannot begin now."""
    feiten = await _feiten(conn, aanvraag_id, nieuw.details, now)
    await _check(conn, nieuw.details, feiten)
    soort = soort_van(nieuw.details)
    if not begint(soort, feiten):
        could = [other for other in RouteSoort if begint(other, feiten)]
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "De status van de aanvraag is: %(status)s. Deze weg begint dan niet meer: %(soort)s. Wat nu wel kan:"
                " %(deel)s.",
                status=gettext(gebeurtenissen.STATUS[feiten.status]),
                soort=gettext(ROUTE[soort]).lower(),
                deel=dutch.listing([gettext(ROUTE[one]).lower() for one in could], "of")
                if could
                else gettext("niets meer, de aanvraag is gesloten"),
            ),
        )
    staat = eerste(soort)
    missing = mist(staat, nieuw.details, feiten)
    if missing:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Deze route kan nog niet beginnen. %(lijst)s Wat nu wel kan: eerst vastleggen wat nog mist, of"
                " een andere route.",
                lijst=" ".join(error.detail for error in missing),
            ),
            tuple(missing),
        )
    days = getattr(await regiokeuzes.load(conn, Routetermijnen), VERLOOP[soort].termijn)
    usual = feiten.vandaag + timedelta(days=days)
    if soort is RouteSoort.ACHTTIEN_PLUS:
        usual = max(feiten.vandaag, min(usual, feiten.achttien_op))
    termijn = _termijn(nieuw.termijn, feiten.vandaag, usual)
    details = msgspec.to_builtins(nieuw.details)
    id: UUID = await conn.fetchval(INSERT, aanvraag_id, soort, staat, details, termijn, now)
    await _record(conn, GebeurtenisSoort.ROUTE, aanvraag_id, id, soort, staat, nieuw.reden, now)
    return await get(conn, id, now=now)


UPDATE = """
update route
set staat = $2, details = $3, termijn = $4, klaar_op = $5, reden = $6, versie = versie + 1,
    gewaarschuwd_op = case when termijn = $4 then gewaarschuwd_op end
where id = $1
"""


async def step(conn: Connection, id: UUID, stap: RouteStap, *, rol: Rol, now: datetime) -> Route:
    """Goes on, or only fills in. Refuses NOT_FOUND, INVALID, FORBIDDEN for what the loket records, and CONFLICT with
    what is missing and what is possible now."""
    before = await get(conn, id, now=now)
    details = stap.details or before.details
    feiten = await _feiten(conn, before.aanvraag_id, details, now)
    route = await get(conn, id, now=now, lock=True)
    details = stap.details or route.details
    soort, naar = soort_van(route.details), stap.naar or route.staat
    _refuse_step(route, stap, soort)
    await _check(conn, details, feiten)
    if naar is not route.staat and naar not in route.kan:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "De stand van deze route is ‘%(staat)s’. Dan kan ‘%(naar)s’ niet. %(possible)s",
                staat=gettext(STAAT[route.staat]),
                naar=gettext(STAAT[naar]),
                possible=_possible(route, details, feiten, rol),
            ),
        )
    if rol is not Rol.SCHAKELFUNCTIONARIS and alleen_loket(soort, route.staat, naar):
        raise Refusal(
            Kind.FORBIDDEN,
            gettext(
                "Dat deze route zover is, legt de schakelfunctionaris vast. %(possible)s",
                possible=_possible(route, details, feiten, rol),
            ),
        )
    missing = mist(naar, details, feiten)
    if missing:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Deze route kan nog niet naar ‘%(naar)s’. %(lijst)s %(possible)s",
                naar=gettext(STAAT[naar]),
                lijst=" ".join(error.detail for error in missing),
                possible=_possible(route, details, feiten, rol),
            ),
            tuple(missing),
        )
    runs_until = getattr(details, "tot", None) if naar is RouteStaat.LOOPT and naar is not route.staat else None
    termijn = _termijn(stap.termijn, feiten.vandaag, runs_until or route.termijn)
    ends = naar in KLAAR
    await conn.execute(
        UPDATE, id, naar, msgspec.to_builtins(details), termijn, now if ends else None, stap.reden if ends else None
    )
    await _record(conn, GebeurtenisSoort.ROUTE_STAP, route.aanvraag_id, id, soort, naar, stap.reden, now)
    return await get(conn, id, now=now)


def _refuse_step(route: Route, stap: RouteStap, soort: RouteSoort) -> None:
    """What no state allows."""
    if route.klaar_op is not None:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Deze route is klaar: %(staat)s. Wat nu wel kan: een nieuwe route beginnen.",
                staat=gettext(STAAT[route.staat]).lower(),
            ),
        )
    if stap.naar is None and stap.details is None and stap.termijn is None:
        refuse([FieldError("/naar", "verplicht", gettext("Geef een stap, of vul details of een termijn aan."))])
    if stap.details is not None and soort_van(stap.details) is not soort:
        refuse(
            [
                FieldError(
                    "/details/soort",
                    "past_niet",
                    gettext(
                        "De soort van deze route verandert niet meer. Die is: %(soort)s.", soort=gettext(ROUTE[soort])
                    ),
                )
            ]
        )
    if stap.naar in (RouteStaat.NIET_GESLAAGD, RouteStaat.GESTOPT) and stap.reden is None:
        refuse([FieldError("/reden", "verplicht", gettext("Schrijf waarom."))])


def _possible(route: Route, details: Details, feiten: Feiten, rol: Rol) -> str:
    """The states for which all is there, and that this rol may record."""
    soort, loket = soort_van(details), rol is Rol.SCHAKELFUNCTIONARIS
    now = [
        f"‘{gettext(STAAT[staat])}’"
        for staat in route.kan
        if (loket or not alleen_loket(soort, route.staat, staat)) and not mist(staat, details, feiten)
    ]
    return gettext("Wat nu wel kan: %(lijst)s.", lijst=dutch.listing([*now, gettext("aanvullen")], "of"))


async def _record(
    conn: Connection,
    what: GebeurtenisSoort,
    aanvraag_id: UUID,
    id: UUID,
    soort: RouteSoort,
    staat: RouteStaat,
    reden: str | None,
    now: datetime,
) -> None:
    gegevens: dict[str, Any] = {"route": str(id), "soort": soort, "staat": staat}
    await gebeurtenissen.record(conn, aanvraag_id, what, now=now, reden=reden, gegevens=gegevens)


# ── Terms ────────────────────────────────────────────────────────────────────────────────────────

VERSTREKEN = """
select id, aanvraag_id, soort, termijn from route
where regio = huidige_regio() and klaar_op is null and gewaarschuwd_op is null and termijn < $1
order by aanvraag_id, id
"""

LOCK_AANVRAAG = "select from aanvraag where id = $1 for no key update"

WAARSCHUW = """
update route set gewaarschuwd_op = $2, versie = versie + 1
where id = $1 and klaar_op is null and gewaarschuwd_op is null and termijn < $3
returning true
"""


async def alarmronde_routes(conn: Connection, now: datetime) -> int:
    """One alarm for each route whose term has passed since the last round; how many. For the service itself."""
    dag, given = today(now), 0
    for row in await conn.fetch(VERSTREKEN, dag):
        await conn.execute(LOCK_AANVRAAG, row["aanvraag_id"])
        if await conn.fetchval(WAARSCHUW, row["id"], now, dag):
            gegevens = {
                "alarm": "route_termijn",
                "route": str(row["id"]),
                "soort": row["soort"],
                "dag": row["termijn"].isoformat(),
            }
            await gebeurtenissen.record(conn, row["aanvraag_id"], GebeurtenisSoort.ALARM, now=now, gegevens=gegevens)
            given += 1
    return given
