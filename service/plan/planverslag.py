"""A plan as people read it: rows with names and the sentences of plantekst.py. The answer of the API, and what the
command line shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from service.db import Connection
from service.fields import AanvraagId
from service.plan.plannen import KeuzeSoort, PlanLimiet, PlanStatus, Stand
from service.plan.planniveaus import PlanNiveau, PlanVerlies, niveaus, verliezen
from service.plan.planregels import Planregel
from service.plan.plantekst import conflict, uitleg, vrijhouden, waarom_niet
from service.rang import rangschikking


class PlanKeuze(Struct, frozen=True, rename="camel", kw_only=True):
    aanvraag_id: AanvraagId
    soort: KeuzeSoort
    voorziening_id: UUID
    plek_id: UUID | None
    reden: str
    prijs: Annotated[
        list[PlanVerlies] | None,
        Meta(description="Wat het plan zonder deze keuze meer zou hebben. Leeg: het kost niets. null: niet berekend."),
    ]


class PlanConflict(Struct, frozen=True, rename="camel", kw_only=True):
    """What was fixed and cannot be."""

    regels: list[str]
    aanvraag_ids: list[AanvraagId]
    voorziening_id: UUID | None
    plek_id: UUID | None
    zin: str


class PlanVrijhouden(Struct, frozen=True, rename="camel", kw_only=True):
    """Advice: this plek, which the plan uses, had better stay free."""

    plek_id: UUID
    voorziening_id: UUID
    zin: str
    kosten: Annotated[list[PlanVerlies], Meta(description="Wat het plan verliest als de plek vrij blijft.")]


class PlanVerschil(Struct, frozen=True, rename="camel", kw_only=True):
    """An aanvraag that the plan before had elsewhere."""

    aanvraag_id: AanvraagId
    van_plek_id: UUID | None
    naar_plek_id: UUID | None


class Plan(Struct, frozen=True, rename="camel", kw_only=True):
    id: UUID
    status: PlanStatus
    uitleg: Annotated[str, Meta(description="Hoe het ervoor staat, in een paar zinnen.")]
    vorig_plan_id: UUID | None
    seconden: float
    zaad: int
    behoud: float
    peilmoment: Annotated[datetime | None, Meta(description="Wanneer aanvragen en plekken zijn gelezen.")]
    aantal_aanvragen: int | None
    aantal_geplaatst: int | None
    niveaus: list[PlanNiveau]
    gat: Annotated[float | None, Meta(description="Van het eerste niveau dat niet is bewezen; 0: alles is bewezen.")]
    rekentijd: Annotated[float | None, Meta(description="In seconden.")]
    limiet: Annotated[PlanLimiet | None, Meta(description="Waardoor het zoeken ophield; geen: alles is bewezen.")]
    conflicten: list[PlanConflict]
    let_op: list[str]
    keuzes: list[PlanKeuze]
    vrijhouden: Annotated[
        list[PlanVrijhouden] | None,
        Meta(description="Plekken die beter vrij kunnen blijven. null: uw regio vraagt dit advies niet."),
    ]
    aantal_verschillen: Annotated[int | None, Meta(description="Met het vorige plan; null zonder vorig plan.")]
    verschillen: Annotated[list[PlanVerschil], Meta(description="De eerste 200; alle met regels?gewijzigd=true.")]
    aangemaakt_op: datetime
    gestart_op: datetime | None
    klaar_op: datetime | None


class PlanOverzicht(Struct, frozen=True, rename="camel", kw_only=True):
    """A plan in a list."""

    id: UUID
    status: PlanStatus
    uitleg: str
    vorig_plan_id: UUID | None
    aantal_aanvragen: int | None
    aantal_geplaatst: int | None
    gat: float | None
    aangemaakt_op: datetime
    klaar_op: datetime | None


class PlanPlaats(Struct, frozen=True, rename="camel", kw_only=True):
    plek_id: UUID
    naam: str
    voorziening_id: UUID
    voorziening: str
    aanbieder: str


class WaaromNiet(Struct, frozen=True):
    code: str
    zin: str


class Regel(Struct, frozen=True, rename="camel", kw_only=True):
    """Where the plan puts one aanvraag. `score` is only for sorting: never for a contract or a court."""

    aanvraag_id: AanvraagId
    urgentie: str
    samenplaatsing_id: UUID | None
    plaats: PlanPlaats | None
    eerste_dag: date | None
    score: float | None
    waarom_niet: WaaromNiet | None
    voorstel_plek_id: Annotated[UUID | None, Meta(description="Waar het plan haar zelf had.")]
    met_de_hand: Annotated[bool, Meta(description="Iemand heeft het voorstel veranderd.")]
    vorige_plek_id: Annotated[UUID | None, Meta(description="In het vorige plan.")]
    gewijzigd: Annotated[bool, Meta(description="Anders dan in het vorige plan, of er is geen vorig plan.")]
    vast: bool
    verboden: Annotated[bool, Meta(description="Een volgend plan zet haar niet bij deze voorziening.")]
    reden: str | None
    prijs: Annotated[
        list[PlanVerlies] | None, Meta(description="Wat de verandering met de hand kost als al het andere blijft.")
    ]

    @property
    def id(self) -> UUID:
        return self.aanvraag_id


# ── Whole answers ────────────────────────────────────────────────────────────────────────────────

NAMEN = "select id, naam from voorziening where id = any ($1)"


async def namen(conn: Connection, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Of voorzieningen that may be seen."""
    return {row["id"]: row["naam"] for row in await conn.fetch(NAMEN, list(ids))}


PLEKNAMEN = "select id, naam from plek where id = any ($1)"

VERSCHILLEN = """
select coalesce(o.aanvraag_id, r.aanvraag_id) as aanvraag_id, o.plek_id as van_plek_id, r.plek_id as naar_plek_id,
       count(*) over ()::int as aantal
from (select * from plan_regel where plan_id = $2) o
full join (select * from plan_regel where plan_id = $1) r on r.aanvraag_id = o.aanvraag_id
join aanvraag a on a.id = coalesce(o.aanvraag_id, r.aanvraag_id)
where o.plek_id is distinct from r.plek_id
order by a.urgentie, a.aangemeld_op, a.id
limit 200
"""


async def plan(conn: Connection, stand: Stand, vandaag: date) -> Plan:
    """A plan with its sentences and what changed since the one before."""
    advised = stand.vrijhouden or []
    where = [botsing.voorziening for botsing in stand.conflicten if botsing.voorziening is not None]
    where += [one.voorziening_id for one in advised]
    waar = await namen(conn, where) if where else {}
    codes = await rangschikking.names(conn) if advised else {}
    rows = await conn.fetch(PLEKNAMEN, [one.plek_id for one in advised]) if advised else []
    plekken = {row["id"]: row["naam"] for row in rows}
    diff = None
    if stand.vorig_plan_id is not None and stand.limiet is not None:
        diff = await conn.fetch(VERSCHILLEN, stand.id, stand.vorig_plan_id)
    return Plan(
        id=stand.id,
        status=stand.status,
        uitleg=uitleg(stand, vandaag),
        vorig_plan_id=stand.vorig_plan_id,
        seconden=stand.seconden,
        zaad=stand.zaad,
        behoud=stand.behoud,
        peilmoment=stand.peilmoment,
        aantal_aanvragen=stand.aanvragen,
        aantal_geplaatst=stand.geplaatst,
        niveaus=niveaus(stand.niveaus),
        gat=stand.gat,
        rekentijd=stand.rekentijd,
        limiet=stand.limiet,
        conflicten=[
            PlanConflict(
                regels=one.regels,
                aanvraag_ids=one.aanvragen,
                voorziening_id=one.voorziening,
                plek_id=one.plek,
                zin=conflict(one, waar),
            )
            for one in stand.conflicten
        ],
        let_op=stand.let_op,
        keuzes=[
            PlanKeuze(
                aanvraag_id=one.aanvraag_id,
                soort=one.soort,
                voorziening_id=one.voorziening_id,
                plek_id=one.plek_id,
                reden=one.reden,
                prijs=verliezen(one.prijs),
            )
            for one in stand.keuzes
        ],
        vrijhouden=None
        if stand.vrijhouden is None
        else [
            PlanVrijhouden(
                plek_id=one.plek_id,
                voorziening_id=one.voorziening_id,
                zin=vrijhouden(one, f"{waar[one.voorziening_id]}, {plekken[one.plek_id]}", codes),
                kosten=verliezen(one.kosten) or [],
            )
            for one in advised
            # what may not be seen (any more) is left out
            if one.plek_id in plekken and one.voorziening_id in waar
        ],
        aantal_verschillen=None if diff is None else diff[0]["aantal"] if diff else 0,
        verschillen=[
            PlanVerschil(**{name: row[name] for name in PlanVerschil.__struct_fields__}) for row in diff or ()
        ],
        aangemaakt_op=stand.aangemaakt_op,
        gestart_op=stand.gestart_op,
        klaar_op=stand.klaar_op,
    )


def overzicht(stand: Stand, vandaag: date) -> PlanOverzicht:
    return PlanOverzicht(
        id=stand.id,
        status=stand.status,
        uitleg=uitleg(stand, vandaag),
        vorig_plan_id=stand.vorig_plan_id,
        aantal_aanvragen=stand.aanvragen,
        aantal_geplaatst=stand.geplaatst,
        gat=stand.gat,
        aangemaakt_op=stand.aangemaakt_op,
        klaar_op=stand.klaar_op,
    )


def regel(row: Planregel) -> Regel:
    plaats = None
    if row.plek_id is not None:
        assert row.plek is not None and row.voorziening_id is not None
        assert row.voorziening is not None and row.aanbieder is not None
        plaats = PlanPlaats(
            plek_id=row.plek_id,
            naam=row.plek,
            voorziening_id=row.voorziening_id,
            voorziening=row.voorziening,
            aanbieder=row.aanbieder,
        )
    return Regel(
        aanvraag_id=row.aanvraag_id,
        urgentie=row.urgentie,
        samenplaatsing_id=row.samenplaatsing_id,
        plaats=plaats,
        eerste_dag=row.eerste_dag,
        score=row.score,
        waarom_niet=None if row.waarom_niet is None else WaaromNiet(row.waarom_niet, waarom_niet(row.waarom_niet)),
        voorstel_plek_id=row.voorstel_plek_id,
        met_de_hand=row.plek_id != row.voorstel_plek_id,
        vorige_plek_id=row.vorige_plek_id,
        gewijzigd=row.gewijzigd,
        vast=row.vast,
        verboden=row.verboden,
        reden=row.reden,
        prijs=verliezen(row.prijs),
    )
