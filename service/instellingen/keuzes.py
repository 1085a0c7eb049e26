"""Keuzes: every setting of the region with its value now, as one Struct made of the shapes that the subjects have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, get_type_hints
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, inspect, structs

from matcher.problem import Criterium
from service.aanvraag.termijnen import Termijnen
from service.db import Connection
from service.errors import FieldError
from service.fields import patch_of
from service.opschaling.opschalingen import Opschaalregels
from service.opschaling.routesoorten import Routetermijnen
from service.plan.vrijhoudadvies import Vrijhoudadvies
from service.privacy.bewaren import Bewaartermijnen
from service.rang.weging import Schalen
from service.regio import codes, regiokeuzes
from service.regio.werkregels import Werkregels
from service.taal import gettext, later
from service.urgentie import Urgentie

SHAPES: tuple[type[Struct], ...] = (
    Schalen,
    Werkregels,
    Termijnen,
    Routetermijnen,
    Opschaalregels,
    Vrijhoudadvies,
    Bewaartermijnen,
)
"""Each field is a row of `instelling` of that name."""

GEWICHTEN = "gewichten"
"""The setting that is table `weging`."""

Gewicht = Annotated[float, Meta(ge=0, le=100)]


class Gewichten(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How heavy each criterium counts; all of them 0: the region has not said so yet."""

    ondersteuning: Gewicht = 0.0
    huiselijkheid: Gewicht = 0.0
    afstand: Gewicht = 0.0
    wachttijd: Gewicht = 0.0
    perspectief: Gewicht = 0.0
    samen: Gewicht = 0.0
    groepsmix: Gewicht = 0.0
    zekerheid: Gewicht = 0.0


class Wegingen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    crisis: Gewichten = Gewichten()
    spoed: Gewichten = Gewichten()
    regulier: Gewichten = Gewichten()


class Weegt(Struct, frozen=True, kw_only=True):
    gewichten: Annotated[
        Wegingen,
        Meta(
            description=later(
                "Hoe zwaar elk criterium telt in de volgorde van plekken, per urgentie. 0: telt niet mee."
            ),
            extra={"bron": "Keuze van de regio"},
        ),
    ] = Wegingen()


ALLE: tuple[type[Struct], ...] = (Weegt, *SHAPES)

DEFAULTS = {keuze.sleutel: keuze for shape in ALLE for keuze in regiokeuzes.defaults(shape)}
"""Setting → its default, source and meaning."""

TYPES: Mapping[str, Any] = {
    name: hint for shape in ALLE for name, hint in get_type_hints(shape, include_extras=True).items()
}


def soort_van(name: str) -> inspect.Type:
    """The type of a setting, without what is said of it."""
    info = inspect.type_info(TYPES[name])
    while isinstance(info, inspect.Metadata):
        info = info.type
    return info


Waarden: type[Struct] = msgspec.defstruct(
    "Waarden",
    [(name, TYPES[name], keuze.waarde) for name, keuze in DEFAULTS.items()],
    frozen=True,
    kw_only=True,
    rename="camel",
    module=__name__,
)
"""Every setting."""

CAMEL: Mapping[str, str] = dict(zip(Waarden.__struct_fields__, Waarden.__struct_encode_fields__, strict=True))
"""Setting → as the API calls it."""

Deel = patch_of(Waarden)
"""Some settings; UNSET: as it is."""

Instellingen: type[Struct] = msgspec.defstruct(
    "Instellingen",
    [
        (
            "bronnen",
            Annotated[dict[str, str], Meta(description="Waar elke waarde vandaan komt: een wet, een besluit.")],
        ),
        (
            "ongeldig",
            Annotated[list[str], Meta(description="Wat de regio koos en niet kan: hier staat de standaard.")],
        ),
    ],
    bases=(Waarden,),
    frozen=True,
    kw_only=True,
    rename="camel",
    module=__name__,
)
"""What the API answers."""

DELEN: tuple[type[Struct], ...] = tuple(
    dict.fromkeys(
        info.cls
        for name in TYPES
        if isinstance(info := soort_van(name), inspect.StructType) and info.cls is not Wegingen
    )
)
"""Structs that settings are made of."""

GEKOZEN = "select sleutel, waarde, bron from instelling where regio = huidige_regio()"

WEGINGEN = """
select urgentie::text as urgentie, criterium::text as criterium, gewicht, bron
from weging where regio = huidige_regio()
"""


async def load(conn: Connection) -> Any:
    """Instellingen of the region. What it chose and cannot be, is told as such, so that somebody can mend it."""
    chosen, sources = await _gewichten(conn)
    wrong = []
    for row in await conn.fetch(GEKOZEN):
        name = row["sleutel"]
        if name in DEFAULTS and name != GEWICHTEN:
            try:
                chosen[name] = msgspec.convert(row["waarde"], TYPES[name])
                sources[name] = row["bron"]
            except msgspec.ValidationError:
                wrong.append(CAMEL[name])
    bronnen = {CAMEL[name]: sources.get(name, keuze.bron) for name, keuze in DEFAULTS.items()}
    return Instellingen(**chosen, bronnen=bronnen, ongeldig=sorted(wrong))


async def _gewichten(conn: Connection) -> tuple[dict[str, Any], dict[str, str]]:
    rows = await conn.fetch(WEGINGEN)
    if not rows:
        return {}, {}
    by_urgentie: dict[str, dict[str, float]] = {str(urgentie): {} for urgentie in Urgentie}
    for row in rows:
        by_urgentie[row["urgentie"]][row["criterium"]] = round(row["gewicht"], 4)  # four bytes in the database
    found = Wegingen(**{urgentie: Gewichten(**parts) for urgentie, parts in by_urgentie.items()})
    return {GEWICHTEN: found}, {GEWICHTEN: rows[0]["bron"]}


ALLEEN = "select pg_advisory_xact_lock(hashtextextended('instelling ' || huidige_regio(), 0))"


async def alleen(conn: Connection) -> None:
    """Nobody else changes settings of the region until the transaction ends."""
    await conn.execute(ALLEEN)


ZET = """
insert into instelling (regio, sleutel, waarde, bron) values (huidige_regio(), $1, $2, $3)
on conflict (regio, sleutel) do update
set waarde = excluded.waarde, bron = excluded.bron, versie = instelling.versie + 1
"""

ZET_GEWICHT = """
insert into weging (regio, urgentie, criterium, gewicht, bron)
values (huidige_regio(), $1::text::urgentie, $2::text::criterium, $3, $4)
on conflict (regio, urgentie, criterium) do update
set gewicht = excluded.gewicht, bron = excluded.bron, versie = weging.versie + 1
"""


async def schrijf(conn: Connection, waarden: Mapping[str, Any], bronnen: Mapping[str, str]) -> None:
    """These settings (by field name), each with its source. Only the beheerder may."""
    for name, value in waarden.items():
        if name == GEWICHTEN:
            rows = [
                (str(urgentie), str(criterium), getattr(getattr(value, urgentie), criterium), bronnen[name])
                for urgentie in Urgentie
                for criterium in Criterium
            ]
            await conn.executemany(ZET_GEWICHT, rows)
        else:
            await conn.execute(ZET, name, msgspec.to_builtins(value), bronnen[name])


PLEKKEN = """
select p.id::text as id, v.naam || ', ' || p.naam as naam
from plek p join voorziening v on v.id = p.voorziening_id
where p.regio = huidige_regio() and (p.id = any ($2) or v.zorgvorm = any ($1) and upper_inf(p.bestaat))
order by 2, 1
limit 500
"""


async def plekken(conn: Connection, zorgvormen: Sequence[str], gekozen: Sequence[UUID]) -> list[tuple[str, str]]:
    """Id and name: those of these zorgvormen that stay, and those that were chosen."""
    return [(row["id"], row["naam"]) for row in await conn.fetch(PLEKKEN, list(zorgvormen), list(gekozen))]


# ── Whether they can be ──────────────────────────────────────────────────────────────────────────


def gegeven(deel: Struct) -> dict[str, Any]:
    """The settings that a Deel (or what holds one) names."""
    return {name: value for name in CAMEL if (value := getattr(deel, name, UNSET)) is not UNSET}


def _heel(waarde: Any) -> bool:
    """Whether nothing in it is missing."""
    if isinstance(waarde, Struct):
        return all(_heel(getattr(waarde, name)) for name in waarde.__struct_fields__)
    return waarde is not UNSET


async def check(conn: Connection, deel: Struct) -> list[FieldError]:
    """What is wrong with these, beside the others as they are. Forms and limits were read before: of a group in which
    something is missing that was said then, and nothing more can be."""
    now = await load(conn)
    asked = {name: value for name, value in gegeven(deel).items() if _heel(value)}
    nieuw = structs.replace(now, **asked)
    # A code that the region had chosen already may stay, also when its list no longer has it.
    used = [
        (f"/{CAMEL[name]}/{at}", "zorgvorm", code)
        for name in asked
        if name.endswith("_zorgvormen")
        for at, code in enumerate(asked[name])
        if code not in getattr(now, name)
    ]
    errors = await codes.unknown(conn, used) + await _bestaan(conn, asked.get("voor_crisis", ()), now.voor_crisis)
    return errors + [
        error for regel in REGELS for error in regel(nieuw) if error.pointer.split("/")[1] in {CAMEL[n] for n in asked}
    ]


async def _bestaan(conn: Connection, asked: Sequence[UUID], now: Sequence[UUID]) -> list[FieldError]:
    """Plekken that are not there (any more), but for those that were chosen already."""
    there = {id for id, _ in await plekken(conn, (), asked)}
    return [
        FieldError(f"/voorCrisis/{at}", "bestaat_niet", gettext("Deze plek is er niet (meer). Kies een andere."))
        for at, id in enumerate(asked)
        if str(id) not in there and id not in now
    ]


def _gewogen(nieuw: Any) -> Iterator[FieldError]:
    for urgentie in Urgentie:
        if not any(structs.astuple(getattr(nieuw.gewichten, urgentie))):
            yield _fout(
                f"gewichten/{urgentie}",
                gettext("Geef bij %(urgentie)s minstens één criterium een gewicht boven 0.", urgentie=urgentie),
            )


def _oplopend(nieuw: Any) -> Iterator[FieldError]:
    """Two numbers of which one is the least."""
    for low, high, pointer, wrong in (
        (nieuw.banden.past, nieuw.banden.goed, "banden/past", gettext("Kies hier hooguit de score van goed.")),
        (
            nieuw.bevestiging_uren.vers,
            nieuw.bevestiging_uren.oud - 1,
            "bevestigingUren/vers",
            gettext("Kies hier minder uren dan bij onbekend."),
        ),
        (nieuw.zeker_uren, nieuw.onbekend_uren, "zekerUren", gettext("Kies hooguit het aantal uren van onbekend.")),
        (
            nieuw.crisis_zeker_uren,
            nieuw.onbekend_uren,
            "crisisZekerUren",
            gettext("Kies hooguit het aantal uren van onbekend."),
        ),
        (nieuw.zeker_uren, nieuw.onbekend_uren, "onbekendUren", gettext("Kies minstens het aantal uren van zeker.")),
        *(
            (
                getattr(nieuw.herinnering_uren, urgentie),
                getattr(nieuw.antwoord_uren, urgentie),
                f"{name}/{urgentie}",
                gettext(
                    "Bij %(urgentie)s komt de herinnering dan pas na de termijn. Kies een herinnering die korter is.",
                    urgentie=urgentie,
                ),
            )
            for name in ("herinneringUren", "antwoordUren")
            for urgentie in Urgentie
        ),
    ):
        if low > high:
            yield _fout(pointer, wrong)


def _ergens_heen(nieuw: Any) -> Iterator[FieldError]:
    if not any(structs.astuple(nieuw.ankers)):
        yield _fout("ankers", gettext("Geef minstens één van de drie meer dan 0."))


def _niet_leeg(nieuw: Any) -> Iterator[FieldError]:
    for name in ("crisis_zorgvormen", "alarm_crisis_dagen"):
        if not getattr(nieuw, name):
            yield _fout(CAMEL[name], gettext("Kies er minstens één."))
    for urgentie in ("crisis", "spoed"):
        if not getattr(nieuw.urgentie_criteria, urgentie):
            yield _fout(f"urgentieCriteria/{urgentie}", gettext("Kies er minstens één."))


def _fout(pointer: str, detail: str) -> FieldError:
    return FieldError(f"/{pointer}", "waarde", detail)


REGELS: tuple[Callable[[Any], Iterator[FieldError]], ...] = (_gewogen, _oplopend, _ergens_heen, _niet_leeg)
"""What no type can say."""


# ── In words ─────────────────────────────────────────────────────────────────────────────────────


class Verandering(Struct, rename="camel", frozen=True):
    """One value, as people read it."""

    sleutel: Annotated[str, Meta(description="Zoals optieUren, of optieUren.crisis.")]
    was: str
    wordt: str


def veranderd(was: Mapping[str, Any], wordt: Mapping[str, Any]) -> list[Verandering]:
    """The smallest parts that differ, of settings by field name as JSON that was read."""
    found = []
    for name in sorted(wordt, key=list(CAMEL).index):
        usual = dict(_leaves(CAMEL[name], msgspec.to_builtins(DEFAULTS[name].waarde)))  # jsonb keeps no order
        old, new = dict(_leaves(CAMEL[name], was[name])), dict(_leaves(CAMEL[name], wordt[name]))
        found += [
            Verandering(key, zeg(old.get(key)), zeg(new.get(key)))
            for key in sorted(old.keys() | new.keys(), key=[*usual, *sorted(old.keys() | new.keys())].index)
            if not zelfde(old.get(key), new.get(key))
        ]
    return found


def zelfde(one: Any, other: Any) -> bool:
    """Whether two values come to the same: no list of a setting has an order that means anything."""
    return bool(_vorm(one) == _vorm(other))


def _vorm(value: Any) -> Any:
    value = msgspec.to_builtins(value)
    if isinstance(value, dict):
        return {name: _vorm(part) for name, part in value.items()}
    return sorted(value, key=str) if isinstance(value, list | tuple) else value


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(f"{name}.{key}", inner)
    else:
        yield name, value


def zeg(value: Any) -> str:
    """`null` → geen, `[14, 21]` → 14, 21, `2.5` → 2,5."""
    if isinstance(value, bool):
        return gettext("ja") if value else gettext("nee")
    if isinstance(value, list | tuple):
        return ", ".join(map(zeg, value)) or gettext("geen")
    if isinstance(value, float):
        return f"{value:.15g}".replace(".", ",")
    return gettext("geen") if value in (None, "") else str(value)
