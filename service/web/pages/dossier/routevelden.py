"""The fields of a route in a form: those of its details (service/opschaling/routedetails.py), in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, get_args, get_type_hints
from uuid import UUID

import msgspec
from msgspec import Struct

from service.aanbod import aanbieders, voorzieningen
from service.opschaling.routedetails import Details, Overleg
from service.opschaling.routesoorten import VERLOOP, RouteSoort, RouteStaat, soort_van
from service.regio import codes
from service.regio.werkregels import werkregels
from service.taal import gettext, later
from service.web.pages.dossier import woorden
from service.web.pages.schakel import zinnen
from service.web.pages.verwijzer.nieuw import gemeenten
from service.web.pages.visit import Visit

LABEL = {
    "toelichting": later("Wat verder telt"),
    "aanbieder_id": later("Aanbieder"),
    "aanbieder_naam": later("Of de naam van een aanbieder die het loket niet kent"),
    "woont_er_sinds": later("Het kind woont er sinds"),
    "onderzoek_op": later("Het onderzoek van het gezin was klaar op"),
    "vgb_gevraagd_op": later("Verklaring van geen bezwaar gevraagd op"),
    "vgb_op": later("Verklaring van geen bezwaar gekregen op"),
    "besluit_op": later("Besloten op"),
    "besluit": later("Het besluit is"),
    "voorziening_id": later("Voorziening"),
    "waar": later("Of wat voor plek, zonder adres"),
    "ja_op": later("Ja gezegd op"),
    "ja_van": later("Wie er ja zei"),
    "van": later("Vanaf welke dag"),
    "tot": later("Tot welke dag"),
    "vorm": later("Welke hulp"),
    "strippen": later("Strippen op de kaart"),
    "strippen_gebruikt": later("Strippen gebruikt"),
    "zorgvorm": later("Zorgvorm"),
    "offerte_op": later("Offerte gekregen op"),
    "bedrag_per_etmaal": later("Bedrag per etmaal, in euro"),
    "overleg.op": later("Overleg met de gemeente op"),
    "overleg.gemeente_code": later("Met welke gemeente"),
    "overleg.met": later("Met wie, een functie of een voornaam"),
    "overleg.uitkomst": later("De gemeente zegt"),
    "keuze": later("Wie er koos voor een pgb"),
    "keuze_op": later("Gekozen op"),
    "budgetplan_op": later("Budgetplan ingediend op"),
    "regio": later("Welke regio"),
    "antwoord_op": later("Antwoord van de andere regio op"),
    "antwoord": later("De andere regio zegt"),
    "antwoord_van": later("Antwoord van wie"),
    "instemming_op": later("Een gedragswetenschapper stemde in op"),
    "aangemeld_op": later("Aangemeld bij het coördinatiepunt op"),
    "vervolg_zorgvorm": later("Waar het kind hierna heen gaat"),
    "vervolg_plan": later("Hoe die plek er komt"),
    "toegewezen_op": later("Instelling aangewezen op"),
    "instelling": later("Welke instelling"),
    "besproken_op": later("Besproken met de jongere op"),
    "plan_op": later("Toekomstplan klaar op"),
    "daarna": later("Wat er daarna komt"),
    "wonen": later("Waar de jongere dan woont, zonder adres"),
    "inkomen_geregeld": later("Het inkomen is geregeld"),
    "zorg_geregeld": later("De zorg voor daarna is geregeld"),
    "vaste_persoon": later("Er is iemand op wie de jongere kan terugvallen"),
}
"""Of each field of a route, by its Python name."""

BEGIN: Mapping[RouteSoort, tuple[str, ...]] = {
    RouteSoort.OVERBRUGGING: ("vorm",),
    RouteSoort.MAATWERK: ("aanbieder_id", "aanbieder_naam", "zorgvorm"),
    RouteSoort.PGB: ("keuze", "keuze_op"),
    RouteSoort.ANDERE_REGIO: ("regio",),
    RouteSoort.TUSSENVOORZIENING: ("waar",),
}
"""What is asked to begin, besides a toelichting."""

MOST = 500
"""Aanbieders and voorzieningen to choose from."""


class Veld(Struct, frozen=True):
    """One field: its name in the form, what stands before it, and how it is filled in."""

    naam: str
    label: str
    soort: str
    """date, text, number, bool or keuze."""
    keuzes: list[tuple[str, str]]
    verplicht: bool
    waarde: str


class Keuzes(Struct, frozen=True):
    """What can be chosen from in this region, by the name of the field."""

    van: dict[str, list[tuple[str, str]]]


REGIOS = "select code, naam from jeugdregio where code <> huidige_regio() order by naam"


async def keuzes(v: Visit) -> Keuzes:
    forms = [(one.code, one.naam) for one in await codes.zorgvormen(v.conn)]
    names = [(str(one.id), one.naam) for one in await aanbieders.page(v.conn, limit=MOST)]
    tijdelijk = (await werkregels(v.conn)).overbrugging_zorgvormen
    places = [
        (str(one.id), one.naam)
        for code in tijdelijk
        for one in await voorzieningen.page(v.conn, zorgvorm=code, limit=MOST)
    ]
    answer = zinnen.keuzes(woorden.UITSLAG)
    return Keuzes(
        {
            "aanbieder_id": names,
            "voorziening_id": places,
            "zorgvorm": forms,
            "vervolg_zorgvorm": forms,
            "regio": [(row["code"], row["naam"]) for row in await v.conn.fetch(REGIOS)],
            "overleg.gemeente_code": await gemeenten(v.conn),
            "overleg.uitkomst": answer,
            "besluit": answer,
            "antwoord": answer,
            "vorm": zinnen.keuzes(zinnen.OVERBRUGGING),
            "keuze": zinnen.keuzes(woorden.KEUZE),
            "daarna": zinnen.keuzes(woorden.DAARNA),
        }
    )


def velden(details: Details, choices: Keuzes) -> list[Veld]:
    """All fields of a route that runs, with what is known; an empty one is left open."""
    return [_veld(type(details), name, kind, value, choices) for name, kind, value in _parts(details)]


def begin(soort: RouteSoort, choices: Keuzes) -> list[Veld]:
    """What is asked to begin one."""
    shape = VERLOOP[soort].details
    kinds = kinds_of(shape)
    return [_veld(shape, name, kinds[name], None, choices) for name in (*BEGIN.get(soort, ()), "toelichting")]


def _parts(details: Struct) -> list[tuple[str, type, Any]]:
    """Name, type and value, those of the overleg each on its own."""
    return [
        (
            name,
            kind,
            getattr(getattr(details, "overleg", None), name.partition(".")[2], None)
            if name.startswith("overleg.")
            else getattr(details, name),
        )
        for name, kind in kinds_of(type(details)).items()
    ]


@cache
def kinds_of(shape: type[Struct]) -> dict[str, type]:
    """Field → its type without what may be missing; the toelichting last."""
    found: dict[str, type] = {}
    for name, hint in get_type_hints(shape).items():
        kind = next((arg for arg in get_args(hint) if arg is not type(None)), hint) if get_args(hint) else hint
        if kind is Overleg:
            found |= {f"overleg.{inner}": inner_kind for inner, inner_kind in kinds_of(Overleg).items()}
        else:
            found[name] = kind
    if "toelichting" in found:
        found["toelichting"] = found.pop("toelichting")
    return found


def _veld(shape: type[Struct], name: str, kind: type, value: Any, choices: Keuzes) -> Veld:
    """As the JSON body calls it: `details.jaOp`."""
    camel = ".".join(msgspec_name(part) for part in name.split("."))
    listed = choices.van.get(name)
    if listed is not None and value is not None and str(value) not in dict(listed):
        listed = [*listed, (str(value), gettext("zoals het er staat"))]  # another place than those offered
    soort = "keuze" if listed is not None else SOORT.get(kind, "text")
    required = name in {field.name for field in msgspec.structs.fields(shape) if field.required}
    text = str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
    return Veld(f"details.{camel}", gettext(LABEL[name]), soort, listed or [], required, text)


SOORT: Mapping[type, str] = {date: "date", int: "number", float: "text", bool: "bool", str: "text", UUID: "text"}


def msgspec_name(name: str) -> str:
    """`ja_op` → `jaOp`, as rename="camel" does."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def nodig(details: Details, staat: RouteStaat) -> list[tuple[str, list[str]]]:
    """Of each state that may follow: what must be there first, as far as it is seen to be missing."""
    soort = soort_van(details)
    order = list(VERLOOP[soort].staten)
    if staat not in order:
        return []
    return [
        (
            gettext(woorden.STAAT[after]),
            [
                eis.zegt
                for eis in VERLOOP[soort].staten[after]
                if eis.goed is not None or getattr(details, eis.veld) is None
            ],
        )
        for after in order[order.index(staat) + 1 :]
    ]
