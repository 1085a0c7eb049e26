"""Plaatsingen as people read them: where a child lives, lived or will live, and the steps that change that.

Each step is a function of service/plaatsing/plaatsingen.py, in one transaction with what it writes down.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct, structs

from service.aanbod.bezetting import Bezetting, EindeReden
from service.days import months_after, today
from service.db import Connection, Rol, Wie, rows_as
from service.errors import FieldError, Kind, Refusal
from service.fields import AanvraagId, VrijeTekst, refuse
from service.plaatsing import plaatsingen
from service.regio.werkdagen import bericht_voor
from service.regio.werkregels import werkregels
from service.taal import gettext, later


class PlaatsingStand(StrEnum):
    """Derived, never stored: the `case` in KOLOMMEN below."""

    AFGESPROKEN = "afgesproken"
    """The child has yet to come."""
    LOOPT = "loopt"
    BEEINDIGD = "beeindigd"
    AFGEZEGD = "afgezegd"


STAND = {
    PlaatsingStand.AFGESPROKEN: later("is afgesproken, het kind komt nog"),
    PlaatsingStand.LOOPT: later("loopt"),
    PlaatsingStand.BEEINDIGD: later("is beëindigd"),
    PlaatsingStand.AFGEZEGD: later("is afgezegd"),
}
"""As a refusal says it."""


class PlaatsingStap(StrEnum):
    BEGIN = "begin"
    VERLENG = "verleng"
    BEEINDIG = "beeindig"
    DEFINITIEF = "definitief"
    ZEG_AF = "zeg_af"


class Mag(Struct, frozen=True):
    """When a step can be taken, and by whom."""

    vanuit: frozenset[PlaatsingStand]
    rollen: frozenset[Rol]
    zin: str


_RUNS = frozenset({PlaatsingStand.AFGESPROKEN, PlaatsingStand.LOOPT})
_COMES = frozenset({PlaatsingStand.AFGESPROKEN})
_HERE = frozenset({Rol.SCHAKELFUNCTIONARIS, Rol.CRISISDIENST, Rol.AANBIEDER})
_LOKET = frozenset({Rol.SCHAKELFUNCTIONARIS, Rol.CRISISDIENST})

STAPPEN = {
    PlaatsingStap.BEGIN: Mag(_RUNS, _HERE, later("zeg op welke dag het kind kwam")),
    PlaatsingStap.VERLENG: Mag(_RUNS, _HERE, later("geef een ander verwacht einde")),
    PlaatsingStap.BEEINDIG: Mag(frozenset({PlaatsingStand.LOOPT}), _HERE, later("beëindig de plaatsing")),
    PlaatsingStap.DEFINITIEF: Mag(_RUNS, _LOKET, later("maak de plaatsing definitief")),
    PlaatsingStap.ZEG_AF: Mag(_COMES, _HERE, later("zeg de plaatsing af")),
}
"""docs/werkstroom.md shows it."""


class StapPlaatsing(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    stap: PlaatsingStap
    op: Annotated[date | None, Meta(description="Bij begin: wanneer het kind kwam. Bij beeindig: eerste dag weg.")] = (
        None
    )
    tot: Annotated[date | None, Meta(description="Bij verleng: verwachte eerste dag weg; leeg: nog niet bekend.")] = (
        None
    )
    einde: Annotated[EindeReden | None, Meta(description="Bij beeindig: waarom.")] = None
    reden: Annotated[VrijeTekst, Meta(max_length=300, description="Bij zeg_af: waarom het kind niet komt.")] | None = (
        None
    )


NEEDS = {
    PlaatsingStap.BEGIN: ("op",),
    PlaatsingStap.BEEINDIG: ("op", "einde"),
    PlaatsingStap.ZEG_AF: ("reden",),
}
TAKES = {**NEEDS, PlaatsingStap.VERLENG: ("tot",)}

MIST = {
    "op": later("Vul in op welke dag."),
    "einde": later("Kies waarom het verblijf stopt."),
    "reden": later("Schrijf waarom het kind niet komt."),
}
"""What is said of a field that a step needs."""


class Gesprek(Struct, rename="camel", frozen=True, kw_only=True):
    """The yes of a provider by telephone."""

    gebeld_op: datetime
    door: Annotated[UUID, Meta(description="Gebruiker die belde.")]
    met: Annotated[str, Meta(description="Met wie: een functie of voornaam.")]


class Plaatsing(Struct, rename="camel", kw_only=True):
    id: UUID
    aanvraag_id: Annotated[
        AanvraagId | None, Meta(description="Leeg: dit kind kwam niet via het loket, of is vergeten.")
    ]
    nummer: str | None
    aanbieder_id: UUID
    aanbieder: str
    voorziening_id: UUID
    voorziening: str
    plek_id: UUID
    plek: str
    zorgvorm: str
    stand: PlaatsingStand
    van: Annotated[date, Meta(description="Eerste dag: afgesproken, of zodra het kind er is de echte.")]
    tot: Annotated[date | None, Meta(description="Verwachte of echte eerste dag weg; leeg: nog niet bekend.")]
    begonnen_op: Annotated[date | None, Meta(description="Waarop het kind echt kwam.")]
    definitief_op: datetime | None
    beeindigd_op: date | None
    einde_reden: EindeReden | None
    gesprek: Annotated[Gesprek | None, Meta(description="Als de plaatsing per telefoon begon.")]
    startbericht_voor: Annotated[
        date | None, Meta(description="Uiterlijke dag voor het startbericht dat de aanbieder zelf stuurt.")
    ] = None
    stopbericht_voor: Annotated[
        date | None, Meta(description="Uiterlijke dag voor het stopbericht dat de aanbieder zelf stuurt.")
    ] = None
    vervolg_id: Annotated[
        AanvraagId | None, Meta(description="De aanvraag voor waar het kind na crisis of gesloten verblijf heen gaat.")
    ]
    let_op: Annotated[list[str], Meta(description="Waar u aan moet denken. Het houdt niets tegen.")] = []
    kan: Annotated[list[PlaatsingStap], Meta(description="Stappen die nu kunnen, en die u mag zetten.")] = []
    versie: int


# $1 today. Where it is and of whom, plaatsing_waar() knows: not everybody who sees a plaatsing reads plekken.
KOLOMMEN = """)
select b.id, b.aanvraag_id, w.nummer, w.aanbieder_id, w.aanbieder, w.voorziening_id, w.voorziening, b.plek_id, w.plek,
       w.zorgvorm, w.gezinsvorm, w.vervolg_id, w.vervolg_open, w.elders_woont, b.regio, b.vraag_regio,
       lower(b.periode) as van, upper(b.periode) as tot, b.begonnen_op, b.definitief_op, b.beeindigd_op, b.einde_reden,
       b.versie, b.overbrugging,
       (select jsonb_build_object('gebeldOp', t.gebeld_op, 'door', t.gebruiker_id, 'met', t.met)
        from telefoongesprek t where t.bezetting_id = b.id order by t.gebeld_op desc limit 1) as gesprek,
       case when b.vrijgegeven_op is not null then 'afgezegd'
            when b.beeindigd_op is not null then 'beeindigd'
            when b.begonnen_op is not null or lower(b.periode) <= $1::date and b.definitief_op is null then 'loopt'
            else 'afgesproken' end as stand
from bezetting b
join plaatsing_waar(array(select id from gevraagd)) w on w.id = b.id
"""

PAGE = f"""
with gevraagd as materialized (
    select b.id, lower(b.periode) as van from bezetting b
    where b.soort = 'plaatsing'
      and ($2::uuid is null or b.aanvraag_id = $2)
      and ($3::boolean is null or $3 = (b.beeindigd_op is null and b.vrijgegeven_op is null))
      and ($4::uuid is null
           or (lower(b.periode), b.id) < (select lower(c.periode), c.id from bezetting c where c.id = $4))
      and ($6::uuid is null or b.plek_id = $6)
    order by van desc, b.id desc
    limit $5
{KOLOMMEN}
order by van desc, b.id desc
"""


async def page(
    conn: Connection,
    wie: Wie,
    now: datetime,
    *,
    aanvraag_id: UUID | None = None,
    loopt: bool | None = None,
    plek_id: UUID | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Plaatsing]:
    """Plaatsingen that `wie` may see, the last that began first. `loopt`: not ended or called off; or only those."""
    rows = await conn.fetch(PAGE, today(now), aanvraag_id, loopt, after, limit, plek_id)
    return await _shown(conn, wie, rows, now)


GET = f"""
with gevraagd as materialized (select b.id from bezetting b where b.id = $2 and b.soort = 'plaatsing'
{KOLOMMEN}
"""


async def get(conn: Connection, wie: Wie, id: UUID, now: datetime, *, lock: bool = False) -> Plaatsing:
    """One of them; `lock` keeps others from changing it until the transaction ends. Refuses NOT_FOUND."""
    if lock:
        await plaatsingen.wacht(conn, id, now)
    rows = await _shown(conn, wie, await conn.fetch(GET, today(now), id), now)
    if not rows:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze plaatsing bestaat niet (meer)."))
    return rows[0]


class Rij(Struct, kw_only=True):
    """A row of KOLOMMEN, with what only counts for `let_op` and `kan`."""

    id: UUID
    aanvraag_id: AanvraagId | None
    stand: PlaatsingStand
    gezinsvorm: bool
    vervolg_open: bool
    elders_woont: bool
    regio: str
    vraag_regio: str
    begonnen_op: date | None
    definitief_op: datetime | None
    overbrugging: bool


async def _shown(conn: Connection, wie: Wie, rows: list[Any], now: datetime) -> list[Plaatsing]:
    rules = await werkregels(conn)
    facts: list[Rij] = rows_as(rows, Rij)
    shown: list[Plaatsing] = rows_as(rows, Plaatsing)
    for plaatsing, fact in zip(shown, facts, strict=True):
        plaatsing.let_op, plaatsing.kan = _let_op(fact, rules.gezin_maanden, today(now)), _kan(fact, wie)
        plaatsing.startbericht_voor = bericht_voor(plaatsing.begonnen_op, rules)
        plaatsing.stopbericht_voor = bericht_voor(plaatsing.beeindigd_op, rules)
    return shown


def _let_op(row: Rij, maanden: int, dag: date) -> list[str]:
    found = []
    lives = row.stand is PlaatsingStand.LOOPT and row.begonnen_op is not None
    if lives and row.gezinsvorm and row.begonnen_op is not None and months_after(row.begonnen_op, maanden) <= dag:
        found.append(
            gettext(
                "Dit kind woont al lang in dit gezin. Moet het weg? Dan is vaak eerst toestemming van de kinderrechter"
                " nodig, en soms kunnen de pleegouders het tegenhouden (blokkaderecht). Vraag het na."
            )
        )
    if row.stand is PlaatsingStand.LOOPT and row.definitief_op is None and row.aanvraag_id is not None:
        found.append(gettext("Deze plaatsing is nog niet definitief: er ontbreekt nog iets dat de wet vraagt."))
    if row.overbrugging and row.stand in (PlaatsingStand.AFGESPROKEN, PlaatsingStand.LOOPT):
        found.append(gettext("Hier wacht het kind op een plek: het zoeken gaat door, en de aanvraag blijft open."))
    if row.elders_woont and row.begonnen_op is None:
        found.append(
            gettext("Het kind woont nog op de plek van daarvoor. Beëindig die plaatsing als het kind hier komt.")
        )
    elif row.elders_woont:
        found.append(
            gettext(
                "Het kind woont hier, maar de plaatsing van daarvoor loopt nog. Beëindig die, met de dag waarop het"
                " daar wegging."
            )
        )
    if row.stand is PlaatsingStand.BEEINDIGD and row.vervolg_open:
        found.append(
            gettext("De vervolgaanvraag is nog open. Is er geen plek meer nodig? Trek haar dan in, met de reden.")
        )
    return found


def _kan(row: Rij, wie: Wie) -> list[PlaatsingStap]:
    """The loket changes plaatsingen of its own children; a provider those on its own plekken."""
    if wie.rol is not Rol.AANBIEDER and wie.regio != row.vraag_regio:
        return []
    done = {PlaatsingStap.BEGIN} if row.aanvraag_id is None else set()
    if row.definitief_op is not None or row.aanvraag_id is None:
        done.add(PlaatsingStap.DEFINITIEF)
    return [
        stap for stap, mag in STAPPEN.items() if row.stand in mag.vanuit and wie.rol in mag.rollen and stap not in done
    ]


# ── Steps ────────────────────────────────────────────────────────────────────────────────────────


async def zet(conn: Connection, wie: Wie, id: UUID, stap: StapPlaatsing, *, now: datetime) -> Plaatsing:
    """Take a step. Refuses NOT_FOUND, INVALID with what the step needs, FORBIDDEN, and CONFLICT with what can be done
    instead."""
    current = await get(conn, wie, id, now, lock=True)
    mag = STAPPEN[stap.stap]
    if wie.rol not in mag.rollen:
        raise Refusal(Kind.FORBIDDEN, gettext("Met de rol %(rol)s kan dit niet.", rol=wie.rol))
    refuse(_errors(stap))
    if stap.stap not in current.kan:
        others = "; ".join(gettext(STAPPEN[other].zin) for other in current.kan) or gettext("niets")
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Deze plaatsing %(stand)s. Dit kan nu niet. Wat nu wel kan: %(others)s.",
                stand=gettext(STAND[current.stand]),
                others=others,
            ),
        )
    taken = await _take(conn, id, stap, now)
    rows = await _shown(conn, wie, await conn.fetch(GET, today(now), id), now)
    if rows:
        return rows[0]
    # With it the aanvraag closed, and so the crisisdienst may not read it any more.
    return structs.replace(
        current,
        stand=PlaatsingStand.BEEINDIGD,
        tot=taken.tot,
        beeindigd_op=taken.beeindigd_op,
        einde_reden=taken.einde_reden,
        let_op=[],
        kan=[],
        versie=taken.versie,
    )


def _errors(stap: StapPlaatsing) -> list[FieldError]:
    needs, takes = NEEDS.get(stap.stap, ()), TAKES.get(stap.stap, ())
    found = [FieldError(f"/{name}", "verplicht", gettext(MIST[name])) for name in needs if getattr(stap, name) is None]
    found += [
        FieldError(
            f"/{name}",
            "hoort_er_niet",
            gettext("Dit hoort niet bij deze stap. Laat het weg."),
        )
        for name in ("op", "tot", "einde", "reden")
        if name not in takes and getattr(stap, name) is not None
    ]
    return found


async def _take(conn: Connection, id: UUID, stap: StapPlaatsing, now: datetime) -> Bezetting:
    match stap.stap:
        case PlaatsingStap.BEGIN:
            assert stap.op is not None
            return await plaatsingen.begin(conn, id, stap.op, now=now)
        case PlaatsingStap.VERLENG:
            return await plaatsingen.verleng(conn, id, stap.tot, now=now)
        case PlaatsingStap.BEEINDIG:
            assert stap.op is not None and stap.einde is not None
            return await plaatsingen.beeindig(conn, id, stap.op, stap.einde, now=now)
        case PlaatsingStap.DEFINITIEF:
            return await plaatsingen.maak_definitief(conn, id, now)
        case PlaatsingStap.ZEG_AF:
            assert stap.reden is not None
            return await plaatsingen.zeg_af(conn, id, stap.reden, now=now)
