"""How the plekken of a provider read. A pleegzorgaanbieder publishes profielen that can be asked, not families."""

from __future__ import annotations

from msgspec import Struct

from service.aanbod.plekken import BezettingSoort, Plek, PlekStatus, Zekerheid
from service.taal import gettext, later


class Woorden(Struct, frozen=True):
    een: str
    veel: str
    mijn: str
    toevoegen: str
    status: dict[PlekStatus, str]
    knop: dict[str, str]
    """What a button says: of a beschikbaarheid, and `bezet`."""
    zin: dict[str, str]
    """Sentences about one of them."""
    gedaan: dict[str, str]
    """What was done, where that is not said as of a plek."""


_S = PlekStatus

PLEKKEN = Woorden(
    een=later("plek"),
    veel=later("plekken"),
    mijn=later("Mijn plekken"),
    toevoegen=later("Plek toevoegen"),
    status={
        _S.OPEN: later("Vrij"),
        _S.ONBEMENST: later("Niet bemenst"),
        _S.IN_OVERLEG: later("In overleg"),
        _S.BEZET: later("Bezet"),
        _S.GESTOPT: later("Gestopt"),
        _S.GEPLAND: later("Nog niet open"),
        _S.VERVALLEN: later("Bestaat niet meer"),
    },
    knop={
        "bemenst": later("Vrij"),
        "onbemenst": later("Niet bemenst"),
        "in_overleg": later("In overleg"),
        "bezet": later("Bezet"),
    },
    zin={
        "stopt_per": later("Deze plek stopt"),
        "weer_vrij": later("De plek is weer vrij"),
        "weer_open": later("Eerste dag dat de plek weer open is"),
        "stopt_tot": later("Deze plek stopt tot …"),
        "stop_zo_lang": later("Stop deze plek zo lang"),
        "voor_altijd": later("Deze plek stopt voor altijd"),
        "blijft": later("De plek blijft toch"),
        "niet_meer": later("Eerste dag dat de plek er niet meer is"),
        "stopt_die_dag": later("Deze plek stopt op die dag"),
        "gemiddeld": later("Uw plekken op een gemiddelde dag"),
        "telt_als_open": later("Een plek telt als open als er iemand woont, of als zij bemenst is en niet gestopt."),
        "aantal": later("Plekken"),
        "niet_open": later("Niet bemenst"),
        "geen_cijfers": later(
            "Ze komen als u een hele periode plekken in het loket hebt. Houd ze bij, dan kloppen de cijfers."
        ),
    },
    gedaan={},
)

PROFIELEN = Woorden(
    een=later("profiel"),
    veel=later("profielen"),
    mijn=later("Mijn profielen"),
    toevoegen=later("Profiel toevoegen"),
    status={
        **PLEKKEN.status,
        _S.OPEN: later("Vraagbaar"),
        _S.ONBEMENST: later("Nu niet vraagbaar"),
        _S.IN_OVERLEG: later("Vraagbaar na overleg"),
    },
    knop={
        **PLEKKEN.knop,
        "bemenst": later("Vraagbaar"),
        "onbemenst": later("Nu niet vraagbaar"),
        "in_overleg": later("Vraagbaar na overleg"),
    },
    zin={
        "stopt_per": later("Dit profiel stopt"),
        "weer_vrij": later("Het profiel is weer vraagbaar"),
        "weer_open": later("Eerste dag dat u dit profiel weer vraagbaar maakt"),
        "stopt_tot": later("Dit profiel stopt tot …"),
        "stop_zo_lang": later("Stop dit profiel zo lang"),
        "voor_altijd": later("Dit profiel stopt voor altijd"),
        "blijft": later("Het profiel blijft toch"),
        "niet_meer": later("Eerste dag dat het profiel er niet meer is"),
        "stopt_die_dag": later("Dit profiel stopt op die dag"),
        "gemiddeld": later("Uw profielen op een gemiddelde dag"),
        "telt_als_open": later(
            "Een profiel telt als open als er een kind woont, of als het vraagbaar is en niet gestopt."
        ),
        "aantal": later("Profielen"),
        "niet_open": later("Niet vraagbaar"),
        "geen_cijfers": later(
            "Ze komen als u een hele periode profielen in het loket hebt. Houd ze bij, dan kloppen de cijfers."
        ),
    },
    gedaan={
        "klopt": later("Bedankt. Dit profiel is bevestigd."),
        "bezet": later("Dit profiel staat nu als bezet."),
        "vrij": later("Dit profiel is weer vraagbaar."),
        "nieuw": later("Het profiel staat erbij."),
        "einde": later("Het profiel stopt op die dag."),
        "blijft": later("Het profiel blijft bestaan."),
        "stop": later("De stop staat erbij. Zo lang vraagt het loket u niets voor dit profiel."),
    },
)

KLEUR = {
    _S.OPEN: "goed",
    _S.ONBEMENST: "spoed",
    _S.IN_OVERLEG: "past",
    _S.BEZET: "regulier",
    _S.GESTOPT: "regulier",
    _S.GEPLAND: "regulier",
    _S.VERVALLEN: "regulier",
}
"""Badge of loket.css; the word stands in it."""

ZEKERHEID = {
    Zekerheid.ZEKER: "",
    Zekerheid.TE_BEVESTIGEN: later("Bevestig opnieuw"),
    Zekerheid.ONBEKEND: later("Niet meer zeker"),
}

REDENEN = {
    "personeel": later("te weinig personeel"),
    "verbouwing": later("verbouwing"),
    "overmacht": later("overmacht"),
    "rust_in_de_groep": later("rust in de groep"),
    "anders": later("iets anders"),
}
"""As type `stop_reden` in schema.sql."""

EINDES = {
    "volgens_plan": later("Het verblijf is klaar, zoals gepland"),
    "terug_naar_huis": later("Het kind ging terug naar huis"),
    "doorstroom": later("Het kind ging naar een andere plek"),
    "voortijdig": later("Het verblijf stopte eerder dan gepland"),
    "achttien": later("De jongere werd 18"),
    "verhuisd": later("Het gezin of de voorziening verhuisde"),
    "anders": later("Iets anders"),
}
"""As type `einde_reden` in schema.sql."""


def van(pleegzorg: bool) -> Woorden:
    return PROFIELEN if pleegzorg else PLEKKEN


def stand(plek: Plek, woorden: Woorden) -> str:
    """What a plek is, in a word or two."""
    if plek.status is PlekStatus.BEZET and plek.bezet_door is BezettingSoort.OPTIE:
        return gettext("Vastgehouden voor een kind")
    return gettext(woorden.status[plek.status])


def keuzes(words: dict[str, str]) -> list[tuple[str, str]]:
    return [(value, gettext(text)) for value, text in words.items()]
