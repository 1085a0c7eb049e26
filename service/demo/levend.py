"""What goes on in the demo region now: opties, voorstellen in every state, last night's crisis, an opschaling, routes
and a provider that stops. Done by the functions that people use, at moments of the days before `today`.

Each thing is tried with the aanvragen that wait longest, in their order, until one lets it be done: so the same region
gives the same choices.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from service.days import AMSTERDAM
from service.db import SYSTEM, Connection, Pool, Rol, Wie, transaction
from service.errors import Kind, Refusal
from service.opschaling import opschalen, opschalingsverzoeken, opschalingsvragen, routes
from service.opschaling.opschalingen import NieuweOpschaling, OpschalingAanleiding, OpschalingTafel
from service.opschaling.opschalingsverzoeken import NieuwOpschalingsverzoek
from service.opschaling.opschalingsvragen import OpschalingAntwoord, OpschalingNodig
from service.opschaling.routedetails import (
    AchttienPlus,
    AndereRegio,
    Details,
    Jeugdzorgplus,
    Keuze,
    Maatwerk,
    NaAchttien,
    Overleg,
    Pgb,
    Tussenvoorziening,
    Uitslag,
)
from service.opschaling.routesoorten import RouteStaat
from service.plaatsing import beeindigingen, crisis, opties, voorstellen, voorstelstappen
from service.plaatsing.beeindigingen import BeeindigingReden, NieuweBeeindiging
from service.plaatsing.crisis import NieuweCrisisplaatsing
from service.plaatsing.opties import NieuweOptie, Toewijzing
from service.plaatsing.voorstellen import NieuwVoorstel, VoorstelStap
from service.plaatsing.voorstelstap import Afwijsreden, NieuweVoorstelStap
from service.rang import matches
from service.rang.matches import Page
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller

S: TypeAlias = VoorstelStap

VERHALEN: tuple[tuple[int, tuple[VoorstelStap, ...], Afwijsreden | None], ...] = (
    (1, (), None),
    (1, (S.VERZEND,), None),
    (2, (S.VERZEND,), None),
    (4, (S.VERZEND,), None),
    (2, (S.VERZEND, S.INTERESSE), None),
    (3, (S.VERZEND, S.AKKOORD), None),
    (4, (S.VERZEND, S.AKKOORD, S.TOESTEMMING), None),
    (5, (S.VERZEND, S.AKKOORD, S.TOESTEMMING, S.KENNISMAKING), None),
    (6, (S.VERZEND, S.AKKOORD, S.TOESTEMMING, S.KENNISMAKING, S.MAAK_DEFINITIEF), None),
    (3, (S.VERZEND, S.WIJS_AF), Afwijsreden.GROEPSMIX),
    (2, (S.VERZEND, S.INTERESSE, S.WIJS_AF), Afwijsreden.GEEN_PERSONEEL),
    (2, (S.VERZEND, S.TREK_IN), None),
)
"""Days ago that it began, the steps, and why not. Without an answer: of two days ago the reminder is due, of four days
ago the term is over."""

WACHTEND = """
select a.id, a.gewenste_start, a.huidig_verblijf::text as verblijf, a.leeftijd_maanden, a.gemeente_code,
       a.juridisch_kader::text as kader, $2::timestamptz::date as dag
from aanvraag a
where a.regio = huidige_regio() and a.status = 'in_behandeling' and a.samenplaatsing_id is null
  and a.urgentie = any ($1::urgentie[]) and a.aangemeld_op < $2
  and not exists (select from gebeurtenis g where g.aanvraag_id = a.id and g.op >= $2)
order by a.urgentie desc, a.aangemeld_op, a.id
"""

BEHANDELAAR = """
select id from gebruiker
where regio = $1 and rol = 'schakelfunctionaris' and actief order by aangemaakt_op, id limit 1
"""

STOPT = """
select v.id, v.aanbieder_id from voorziening v join plek p on p.voorziening_id = v.id
join bezetting b on b.plek_id = p.id and b.soort = 'plaatsing' and b.beeindigd_op is null and b.aanvraag_id is not null
where v.regio = huidige_regio() and upper(b.periode) > $1
group by v.id, v.aanbieder_id having count(*) between 2 and 3
order by count(*), v.naam, v.id limit 1
"""

VERWIJZERS = """
select a.id, a.organisatie_id, min(g.id::text)::uuid as wie
from aanvraag a join gebruiker g on g.organisatie_id = a.organisatie_id and g.rol = 'verwijzer'
where a.regio = $3 and a.status = 'in_behandeling' and a.samenplaatsing_id is null and a.aangemeld_op < $1
  and a.id <> all ($2::uuid[])
group by a.id order by a.aangemeld_op, a.id limit 20
"""


class Dag:
    """The days before `vandaag` of one region, as its schakelfunctionaris does the work."""

    def __init__(self, pool: Pool, snapshots: Snapshots, travel: Traveller, wie: Wie, vandaag: date) -> None:
        self.pool, self.snapshots, self.travel, self.wie, self.vandaag = pool, snapshots, travel, wie, vandaag
        self.gebruikt: set[UUID] = set()
        """Of whom something was told: for each another child."""

    def op(self, dagen: int, uur: int = 10) -> datetime:
        return datetime.combine(self.vandaag - timedelta(days=dagen), time(uur), AMSTERDAM)

    async def een(
        self,
        dagen: int,
        doe: Callable[[Connection, Any], Awaitable[bool]],
        *urgenties: str,
        since: datetime | None = None,
    ) -> bool:
        """With the first child with whom it can be done; whether there was one."""
        async with transaction(self.pool, self.wie, readonly=True) as conn:
            rows = await conn.fetch(WACHTEND, list(urgenties or ("regulier", "spoed")), since or self.op(dagen, 6))
        for row in rows:
            if row["id"] in self.gebruikt:
                continue
            try:
                async with transaction(self.pool, self.wie) as conn:
                    if await doe(conn, row):
                        self.gebruikt.add(row["id"])
                        return True
            except Refusal:
                continue  # not for this child: the next
        return False

    async def plek(self, conn: Connection, row: Any, now: datetime) -> tuple[UUID, date] | None:
        """The best place for it, and from when."""
        found = await matches.rank_aanvraag(
            conn,
            self.snapshots,
            self.travel,
            wie=self.wie,
            aanvraag_id=row["id"],
            now=now,
            page=Page(1),
            fallen_page=Page(0),
        )
        return (found.plekken[0].plek.plek_id, found.plekken[0].eerste_dag) if found.plekken else None

    async def optie(self) -> bool:
        async def doe(conn: Connection, row: Any) -> bool:
            now = self.op(0, 6)
            best = await self.plek(conn, row, now)
            if best is None:
                return False
            nieuw = NieuweOptie(plekken=[Toewijzing(aanvraag_id=row["id"], plek_id=best[0])], van=best[1])
            return bool(await opties.houd(conn, self.travel, nieuw, wie=self.wie, now=now))

        return await self.een(0, doe)

    async def voorstel(self, dagen: int, stappen: tuple[VoorstelStap, ...], waarom: Afwijsreden | None) -> bool:
        """A voorstel that went so far, a step each so many hours."""

        async def doe(conn: Connection, row: Any) -> bool:
            now = self.op(dagen, 6)
            best = await self.plek(conn, row, now)
            if best is None:
                return False
            nieuw = NieuwVoorstel(plekken=[Toewijzing(aanvraag_id=row["id"], plek_id=best[0])], van=best[1])
            [made] = await voorstellen.bereid_voor(conn, nieuw, rol=self.wie.rol, now=now)
            for stap in stappen:
                now += timedelta(hours=2)
                await voorstelstappen.doe(
                    conn, self.snapshots, self.travel, made.id, _stap(stap, waarom, now), wie=self.wie, now=now
                )
            return True

        return await self.een(dagen, doe)

    async def vannacht(self) -> bool:
        """A crisis of last night, placed by telephone; its vervolgaanvraag comes with it."""
        now = self.op(1, 23)
        async with transaction(self.pool, self.wie, readonly=True) as conn:
            vrij = await crisis.vrije_plekken(conn, now)
        for plek in vrij:

            async def doe(conn: Connection, row: Any, plek_id: UUID = plek.id) -> bool:
                nieuw = NieuweCrisisplaatsing(aanvraag_id=row["id"], plek_id=plek_id, gebeld_op=now, met="nachtdienst")
                await crisis.plaats(conn, self.travel, nieuw, wie=self.wie, now=now + timedelta(minutes=20))
                return True

            if await self.een(1, doe, "crisis", since=now):
                return True
        return False

    async def opschaling(self) -> bool:
        """For a child for whom little fits: another region is asked and agrees, and then the providers; the first of
        them answered."""

        async def doe(conn: Connection, row: Any) -> bool:
            now = self.op(1)
            begun = await routes.start(conn, row["id"], routes.NieuweRoute(details=_elders(row)), now=self.op(1, 8))
            agreed = routes.RouteStap(naar=RouteStaat.AKKOORD)
            await routes.step(conn, begun.id, agreed, rol=self.wie.rol, now=self.op(1, 9))
            nieuw = NieuweOpschaling(
                aanleiding=OpschalingAanleiding.GEEN_PLEK,
                tafel=OpschalingTafel.DOORBRAAKTAFEL,
                waarom="Wat er is, past net niet.",
            )
            opened = await opschalen.open(conn, self.snapshots, self.travel, row["id"], nieuw, wie=self.wie, now=now)
            asked = await opschalingsvragen.page(conn, aanvraag_id=row["id"])
            if len(asked) < 2:
                raise Refusal(Kind.CONFLICT, f"{opened.nummer}: te weinig vragen.")
            said = OpschalingAntwoord(
                nodig=OpschalingNodig.EXTRA_PERSONEEL, toelichting="Een vaste kracht in de avond."
            )
            await opschalingsvragen.antwoord(conn, asked[-1].id, said, self.wie, now=now + timedelta(hours=4))
            return True

        return await self.een(1, doe)

    async def verzoek(self, owner: Connection) -> bool:
        """A verwijzer asks to escalate, and waits for the answer."""
        rows = await owner.fetch(VERWIJZERS, self.op(0, 6), sorted(self.gebruikt), self.wie.regio)
        for row in rows:
            wie = Wie(self.wie.regio, Rol.VERWIJZER, row["wie"], row["organisatie_id"])
            nieuw = NieuwOpschalingsverzoek(
                aanleiding=OpschalingAanleiding.VERSCHIL_VAN_OPVATTING,
                toelichting="Wij denken anders over wat er nodig is dan de ouders.",
            )
            try:
                async with transaction(self.pool, wie) as conn:
                    await opschalingsverzoeken.vraag(conn, row["id"], nieuw, now=self.op(0, 6))
            except Refusal:
                continue
            self.gebruikt.add(row["id"])
            return True
        return False

    async def route(self, maak: Callable[[Any], Details | None], naar: RouteStaat | None) -> bool:
        """Begun two days ago; `naar`: and a day later so far."""

        async def doe(conn: Connection, row: Any) -> bool:
            details = maak(row)
            if details is None:
                return False
            begun = await routes.start(conn, row["id"], routes.NieuweRoute(details=details), now=self.op(2))
            if naar is not None:
                stap = routes.RouteStap(naar=naar)
                await routes.step(conn, begun.id, stap, rol=self.wie.rol, now=self.op(1))
            return True

        return await self.een(2, doe)

    async def stopt(self) -> bool:
        """A voorziening that stops next month, in which a few children live."""
        month = self.vandaag.replace(day=1) + timedelta(days=62)
        async with transaction(self.pool, self.wie) as conn:
            row = await conn.fetchrow(STOPT, month.replace(day=1))
            if row is None:
                return False
            nieuw = NieuweBeeindiging(
                aanbieder_id=row["aanbieder_id"],
                voorziening_id=row["id"],
                per=month.replace(day=1),
                reden=BeeindigingReden.PERSONEEL,
            )
            await beeindigingen.add(conn, nieuw, now=self.op(2))
        return True


def _stap(stap: VoorstelStap, waarom: Afwijsreden | None, now: datetime) -> NieuweVoorstelStap:
    return NieuweVoorstelStap(
        stap=stap,
        afwijsreden=waarom if stap is S.WIJS_AF else None,
        kennismaking_op=now.date() if stap is S.KENNISMAKING else None,
        reden="Er is toch een plek dichter bij school." if stap is S.TREK_IN else None,
    )


BUREN = ("eemland", "Eemland")
"""Code and name of a region with which one can agree on a place; nobody works there."""

BUURREGIO = "insert into jeugdregio (code, naam) values ($1, $2) on conflict do nothing"


def _elders(row: Any) -> Details:
    overleg = Overleg(op=row["dag"], gemeente_code=row["gemeente_code"], met="toegang jeugd", uitkomst=Uitslag.POSITIEF)
    ja = {"antwoord_op": row["dag"], "antwoord": Uitslag.POSITIEF, "antwoord_van": "schakelfunctionaris"}
    return AndereRegio(regio=BUREN[0], overleg=overleg, **ja)


def _gesloten(row: Any) -> Details | None:
    if row["leeftijd_maanden"] < 156 or row["kader"] not in ("ots", "voogdij"):
        return None
    return Jeugdzorgplus(
        instemming_op=row["dag"],
        aangemeld_op=row["dag"],
        vervolg_zorgvorm="kleinschalig-verblijf",
        vervolg_plan="Een kleine groep dicht bij school; de aanbieder denkt vanaf nu mee.",
    )


ROUTES: tuple[tuple[Callable[[Any], Details | None], RouteStaat | None], ...] = (
    (
        lambda row: Tussenvoorziening(waar="Een logeerhuis in de buurt") if row["verblijf"] == "netwerk" else None,
        None,
    ),
    (lambda _: Maatwerk(aanbieder_naam="Zorghoeve Het Voorbeeld", zorgvorm="gezinshuis"), None),
    (
        lambda row: Pgb(keuze=Keuze.OUDERS, keuze_op=row["dag"]) if row["leeftijd_maanden"] < 144 else None,
        None,
    ),
    (lambda row: AchttienPlus(daarna=NaAchttien.WMO) if row["leeftijd_maanden"] >= 204 else None, None),
    (_gesloten, RouteStaat.AANGEMELD),
)
"""One of each sort; netwerkplaatsing and overbrugging are there already (verloop.py), another region with the
opschaling."""


async def leef(
    owner: Connection, pool: Pool, snapshots: Snapshots, travel: Traveller, regio: str, vandaag: date
) -> dict[str, int]:
    """All of it, after `load`; how many of each there were children or places for."""
    who = await owner.fetchval(BEHANDELAAR, regio)
    dag = Dag(pool, snapshots, travel, Wie(regio, Rol.SCHAKELFUNCTIONARIS, who or SYSTEM), vandaag)
    await owner.execute(BUURREGIO, *BUREN)
    return {
        "opschaling": sum([await dag.opschaling()]),
        "routes": sum([await dag.route(*route) for route in ROUTES]),
        "voorstellen": sum([await dag.voorstel(*verhaal) for verhaal in VERHALEN]),
        "opties": sum([await dag.optie() for _ in range(2)]),
        "crisis": sum([await dag.vannacht()]),
        "verzoek": sum([await dag.verzoek(owner)]),
        "stopt": sum([await dag.stopt()]),
    }
