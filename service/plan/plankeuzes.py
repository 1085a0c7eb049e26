"""How a plan is asked for: what a person fixes or forbids beforehand, and what stays of the plan before."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct

from service import taken
from service.db import Connection, Wie, rows_as
from service.errors import FieldError, Kind, Refusal
from service.fields import AanvraagId, numbered, refuse
from service.plan import plannen
from service.plan.plannen import Keuze, KeuzeSoort, PlanStap, Reden, Stand
from service.taal import gettext
from service.taken import TaakSoort

MOST_CHOICES = 200
"""In one plan."""


class NieuweKeuze(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    aanvraag_id: AanvraagId
    plek_id: Annotated[UUID | None, Meta(description="Deze plek. Geef deze of voorzieningId.")] = None
    voorziening_id: Annotated[UUID | None, Meta(description="Een plek van deze voorziening, welke maakt niet uit.")] = (
        None
    )
    reden: Reden


class NieuwPlan(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    vorig_plan_id: Annotated[
        UUID | None,
        Meta(
            description="Ga verder van dit plan: wat daarin vaststaat en verboden is, blijft, en er verandert weinig."
        ),
    ] = None
    seconden: Annotated[float, Meta(ge=1, le=3600, description="Hoe lang het zoeken hooguit duurt.")] = 30.0
    zaad: Annotated[int, Meta(ge=0, le=2_000_000_000, description="Hetzelfde getal geeft hetzelfde plan.")] = 0
    behoud: Annotated[
        float, Meta(ge=0, le=1, description="Deel van de score dat minder veranderingen mogen kosten.")
    ] = 0.001
    vast: Annotated[list[NieuweKeuze], Meta(max_length=MOST_CHOICES, description="Deze aanvraag daar.")] = []
    verboden: Annotated[list[NieuweKeuze], Meta(max_length=MOST_CHOICES, description="Deze aanvraag daar niet.")] = []
    los: Annotated[
        list[AanvraagId],
        Meta(
            max_length=MOST_CHOICES,
            description="Aanvragen waarvan niets uit het vorige plan blijft staan.",
            extra_json_schema={"uniqueItems": True},
        ),
    ] = []


BEKEND = """
select array(select id from aanvraag where id = any ($1) and is_open(status) and regio = huidige_regio()) as aanvragen,
       array(select jsonb_build_object('id', id, 'voorziening', voorziening_id)
             from plek where id = any ($2)) as plekken,
       array(select id from voorziening where id = any ($3)) as voorzieningen,
       exists (select from plan where id = $4) as vorig
"""


async def errors(conn: Connection, nieuw: NieuwPlan) -> list[FieldError]:
    """What is wrong with the choices and the plan before."""
    return (await _read(conn, nieuw))[0]


async def _read(conn: Connection, nieuw: NieuwPlan) -> tuple[list[FieldError], list[Keuze]]:
    """What is wrong, and the choices with the voorziening of each."""
    lists = [
        (name, soort, numbered(getattr(nieuw, name)))
        for name, soort in (("vast", KeuzeSoort.VAST), ("verboden", KeuzeSoort.VERBODEN))
    ]
    all_ = [keuze for _, _, keuzes in lists for _, keuze in keuzes]
    known = await conn.fetchrow(
        BEKEND,
        [keuze.aanvraag_id for keuze in all_ if keuze.aanvraag_id is not UNSET],
        [keuze.plek_id for keuze in all_ if isinstance(keuze.plek_id, UUID)],
        [keuze.voorziening_id for keuze in all_ if isinstance(keuze.voorziening_id, UUID)],
        nieuw.vorig_plan_id if isinstance(nieuw.vorig_plan_id, UUID) else None,
    )
    assert known is not None
    found: list[FieldError] = []
    if isinstance(nieuw.vorig_plan_id, UUID) and not known["vorig"]:
        found.append(FieldError("/vorigPlanId", "bestaat_niet", gettext("Dit plan bestaat niet (meer).")))
    of_plek = {UUID(row["id"]): UUID(row["voorziening"]) for row in known["plekken"]}
    keuzes: list[Keuze] = []
    seen: dict[tuple[UUID, UUID | None], str] = {}
    for name, soort, given in lists:
        for number, keuze in given:
            where = f"/{name}/{number}"
            if keuze.aanvraag_id is not UNSET and keuze.aanvraag_id not in known["aanvragen"]:
                found.append(
                    FieldError(
                        f"{where}/aanvraagId",
                        "bestaat_niet",
                        gettext("Er is geen open aanvraag met dit id in uw regio."),
                    )
                )
            if (keuze.plek_id is None) == (keuze.voorziening_id is None):
                found.append(
                    FieldError(f"{where}/plekId", "een_van_beide", gettext("Geef plekId of voorzieningId, niet beide."))
                )
                continue
            if isinstance(keuze.plek_id, UUID) and keuze.plek_id not in of_plek:
                found.append(
                    FieldError(f"{where}/plekId", "bestaat_niet", gettext("Deze plek bestaat niet, of niet voor u."))
                )
                continue
            if isinstance(keuze.voorziening_id, UUID) and keuze.voorziening_id not in known["voorzieningen"]:
                found.append(
                    FieldError(
                        f"{where}/voorzieningId",
                        "bestaat_niet",
                        gettext("Deze voorziening bestaat niet, of niet voor u."),
                    )
                )
                continue
            if UNSET in (keuze.aanvraag_id, keuze.plek_id, keuze.voorziening_id, keuze.reden):
                continue
            place = None if soort is KeuzeSoort.VAST else keuze.plek_id or keuze.voorziening_id
            if (keuze.aanvraag_id, place) in seen:
                found.append(FieldError(where, "dubbel", gettext("Dit staat er al. Noem elke aanvraag hier één keer.")))
                continue
            seen[keuze.aanvraag_id, place] = where
            voorziening = keuze.voorziening_id or of_plek[keuze.plek_id]
            keuzes.append(
                Keuze(
                    aanvraag_id=keuze.aanvraag_id,
                    soort=soort,
                    voorziening_id=voorziening,
                    plek_id=keuze.plek_id,
                    reden=keuze.reden,
                )
            )
    return found, keuzes


def _replaces(new: Keuze, old: Keuze) -> bool:
    """Whether a choice of the plan before is no longer wanted, now that this one is made."""
    if new.aanvraag_id != old.aanvraag_id:
        return False
    if new.soort is old.soort is KeuzeSoort.VAST:
        return True
    if new.soort is old.soort:
        same = new.plek_id == old.plek_id
    else:
        # Fixed and forbidden: do they speak of the same bed?
        same = None in (new.plek_id, old.plek_id) or new.plek_id == old.plek_id
    return new.voorziening_id == old.voorziening_id and same


INSERT = """
insert into plan (regio, gebruiker_id, vorig_plan_id, seconden, zaad, behoud, aangemaakt_op)
values (huidige_regio(), $1, $2, $3, $4, $5, $6)
returning id
"""

# What a person fixed in the plan before, as it came out; what was fixed and could not be; what was forbidden.
BLIJFT = """
with blijft as (
    select 'vast'::keuze_soort as soort, r.aanvraag_id, k.voorziening_id, r.plek_id, r.reden
    from plan_regel r join plek k on k.id = r.plek_id
    where r.plan_id = $1 and r.vast
    union all
    select k.soort, k.aanvraag_id, k.voorziening_id, k.plek_id, k.reden
    from plan_keuze k left join plan_regel r on r.plan_id = k.plan_id and r.aanvraag_id = k.aanvraag_id
    where k.plan_id = $1 and (k.soort = 'verboden' or r.plek_id is null)
)
select b.aanvraag_id, b.soort, b.voorziening_id, b.plek_id, b.reden
from blijft b
join aanvraag a on a.id = b.aanvraag_id and is_open(a.status)
where not b.aanvraag_id = any ($2)
  and (b.soort = 'vast' or not exists (
      select from blijft v
      where v.soort = 'vast' and v.aanvraag_id = b.aanvraag_id and v.voorziening_id = b.voorziening_id))
"""

KIES = """
insert into plan_keuze (regio, plan_id, aanvraag_id, soort, voorziening_id, plek_id, reden)
select huidige_regio(), $1, aanvraag_id, soort, voorziening_id, plek_id, reden
from jsonb_populate_recordset(null::plan_keuze, $2)
"""


UNFINISHED = "select count(*) from plan where regio = huidige_regio() and status in ('wacht', 'bezig')"

MOST_AT_ONCE = 20
"""Unfinished plans of one region: workers take turns over all regions, and one must not keep the others waiting."""


async def start(conn: Connection, nieuw: NieuwPlan, *, wie: Wie, now: datetime) -> Stand:
    """Puts a plan in the queue, in this transaction. Refuses INVALID, and CONFLICT when too many wait already."""
    if await conn.fetchval(UNFINISHED) >= MOST_AT_ONCE:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Uw regio heeft al %(most_at_once)s plannen die nog niet klaar zijn. Wacht tot er een klaar is,"
                " of stop er een.",
                most_at_once=MOST_AT_ONCE,
            ),
        )
    wrong, keuzes = await _read(conn, nieuw)
    refuse(wrong)
    if nieuw.vorig_plan_id is not None:
        kept = rows_as(await conn.fetch(BLIJFT, nieuw.vorig_plan_id, nieuw.los), Keuze)
        keuzes += [old for old in kept if not any(_replaces(new, old) for new in keuzes)]
    id: UUID = await conn.fetchval(
        INSERT, wie.gebruiker, nieuw.vorig_plan_id, nieuw.seconden, nieuw.zaad, nieuw.behoud, now
    )
    if keuzes:
        await conn.execute(KIES, id, [msgspec.to_builtins(keuze) for keuze in keuzes])
    await plannen.tell(conn, id, PlanStap.WACHT, {}, 1)
    await taken.enqueue(conn, TaakSoort.PLAN, str(id), {"planId": str(id)})
    return await plannen.get(conn, id)
