"""The settings as a form asks them: in groups, each with the fields that its type needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

from msgspec import Struct, inspect

from service.instellingen import keuzes
from service.instellingen.keuzes import CAMEL, DEFAULTS
from service.rang import catalogue
from service.taal import gettext, later
from service.urgentie import Urgentie
from service.web.pages import words


class Groep(Struct, frozen=True):
    titel: str
    uitleg: str
    namen: tuple[str, ...]


_VOOR = {name: tuple(one for one in CAMEL if one.startswith(name)) for name in ("route_", "opschaling_", "bewaar_")}

GROEPEN: Mapping[str, Groep] = {
    "rangschikking": Groep(
        later("Wat hoe zwaar telt"),
        later(
            "Hiermee zet het loket plekken voor een kind op volgorde. Veiligheid, machtiging en leeftijd tellen altijd."
        ),
        ("gewichten", "banden", "reistijd_horizon_min", "ankers", "leeftijdshorizon_maanden", "bevestiging_uren"),
    ),
    "wachten": Groep(
        later("Normen, wachten en cijfers"),
        later("Hoe snel er een plek hoort te zijn, en hoe het loket wachttijden meet."),
        (
            "normen_dagen",
            "norm_vooraf_dagen",
            "vergeten_dagen",
            "wachttijd_dagen",
            "wachttijd_minstens",
            "cijfers_maanden",
        ),
    ),
    "vasthouden": Groep(
        later("Vasthouden, voorstellen en spoed"),
        later("Hoe lang een plek voor een kind vast blijft, en wanneer iets spoed is."),
        (
            "urgentie_criteria",
            "optie_uren",
            "opties_hoogstens",
            "voorstellen_hoogstens",
            "antwoord_uren",
            "herinnering_uren",
            "akkoord_dagen",
            "na_kennismaking_dagen",
            "nabij_minuten",
        ),
    ),
    "zekerheid": Groep(
        later("Hoe zeker een plek is"),
        later("Hoe lang een bevestiging van een aanbieder telt, en wanneer het loket erom vraagt."),
        (
            "crisis_zeker_uren",
            "zeker_uren",
            "onbekend_uren",
            "vraag_vooraf_uren",
            "vraag_geldig_uren",
            "reflex_dagen",
            "loket_telefoon",
        ),
    ),
    "crisis": Groep(
        later("Crisis en wat erna komt"),
        later("Bij welke verblijven meteen naar een vervolgplek wordt gezocht, en wanneer het loket waarschuwt."),
        (
            "crisis_zorgvormen",
            "gesloten_zorgvormen",
            "geen_vervolg_zorgvormen",
            "overbrugging_zorgvormen",
            "alarm_crisis_dagen",
            "vervolg_verblijf_dagen",
            "vervolg_speling_dagen",
        ),
    ),
    "wet": Groep(
        later("Wet en papieren"),
        later("Termijnen van machtigingen en grondslagen. Verander deze alleen met het woord van een jurist."),
        (
            "machtiging_ongebruikt_maanden",
            "gesloten_ongebruikt_maanden",
            "spoedmachtiging_dagen",
            "kaders_met_machtiging",
            "alarm_vooraf_dagen",
            "achttien_vooraf_maanden",
            "gezin_maanden",
            "bericht_werkdagen",
            "goede_vrijdag_vrij",
            "bevrijdingsdag_vrij",
        ),
    ),
    "opschalen": Groep(
        later("Andere wegen en opschalen"),
        later("Hoe lang een andere weg dan een plek mag duren, en hoe snel een tafel antwoord geeft, in dagen."),
        (*_VOOR["route_"], *_VOOR["opschaling_"]),
    ),
    "plan": Groep(
        later("Plan voor alle kinderen"),
        later("Wat een plan vrij houdt. Het loket besluit zelf."),
        ("voor_crisis", "vrijhouden_advies"),
    ),
    "bewaren": Groep(
        later("Hoe lang gegevens blijven"),
        later("In dagen. Wat het loket al heeft vergeten, komt niet terug als u de termijn weer langer maakt."),
        (*_VOOR["bewaar_"], "inzage_na_plaatsing"),
    ),
}
"""Every setting once (tests/web/pages/beheer/test_instellingen.py)."""

DELEN = {
    **words.URGENTIE,
    **{str(one): catalogue.CRITERIA[one] for one in catalogue.CRITERIA},
    "goed": later("Goed vanaf"),
    "past": later("Past vanaf"),
    "thuis": later("Thuis"),
    "school": later("School"),
    "netwerk": later("Netwerk"),
    "vers": later("Vers tot"),
    "oud": later("Onbekend vanaf"),
    "aan": later("Geef dit advies"),
    "punten": later("Punten"),
    "elk_jaar": later("elk jaar"),
    "lustrum": later("alleen in een lustrumjaar"),
    "nooit": later("nooit"),
}
"""Parts of a setting, in words."""


class Veld(Struct, frozen=True):
    """One field of the form."""

    naam: str
    """As the body has it."""
    label: str
    soort: str
    """getal, vinkje, keuze, vinkjes, getallen, codes or tekst."""
    keuzes: Sequence[tuple[str, str]] = ()
    laagst: float | None = None
    hoogst: float | None = None
    stap: str = "1"
    leeg: bool = False
    """May be empty."""


class Vraag(Struct, frozen=True):
    """One setting: what it is, where its value comes from, its fields."""

    naam: str
    zegt: str
    bron: str
    velden: list[Veld]


def vragen(
    groep: Groep,
    bronnen: Mapping[str, str],
    zorgvormen: Sequence[tuple[str, str]],
    plekken: Sequence[tuple[str, str]] = (),
) -> list[Vraag]:
    """`bronnen`: by the name in the API. What can be chosen from: code or id, and name."""
    return [
        Vraag(
            CAMEL[name],
            gettext(DEFAULTS[name].omschrijving),
            gettext(bronnen[CAMEL[name]]),
            _velden(CAMEL[name], "", keuzes.soort_van(name), _lijst(name, zorgvormen, plekken)),
        )
        for name in groep.namen
    ]


def _lijst(
    name: str, zorgvormen: Sequence[tuple[str, str]], plekken: Sequence[tuple[str, str]]
) -> Sequence[tuple[str, str]]:
    if name == "voor_crisis":
        return plekken
    return zorgvormen if name.endswith("_zorgvormen") else ()


def _velden(naam: str, label: str, info: inspect.Type, codes: Sequence[tuple[str, str]]) -> list[Veld]:
    info, empty = _bare(info)
    if isinstance(info, inspect.StructType):
        return [
            veld
            for field in info.fields
            for veld in _velden(f"{naam}.{field.encode_name}", _bij(label, deel(field.encode_name)), field.type, codes)
        ]
    if isinstance(info, inspect.BoolType):
        return [Veld(naam, label, "vinkje")]
    if isinstance(info, inspect.EnumType):
        return [Veld(naam, label, "keuze", [(str(one.value), deel(str(one.value))) for one in info.cls])]
    if isinstance(info, inspect.LiteralType):
        return [Veld(naam, label, "keuze", [(str(one), str(one)) for one in info.values])]
    if isinstance(info, inspect.VarTupleType):
        item, _ = _bare(info.item_type)
        if isinstance(item, inspect.EnumType):
            codes = [(str(one.value), words.JURIDISCH_KADER[str(one.value)]) for one in _members(item)]
        if codes or isinstance(item, inspect.UUIDType):
            return [Veld(naam, label, "vinkjes", codes)]
        return [Veld(naam, label, "getallen" if isinstance(item, inspect.IntType) else "codes")]
    if isinstance(info, inspect.IntType | inspect.FloatType):
        step = "1" if isinstance(info, inspect.IntType) else "any"
        return [Veld(naam, label, "getal", (), info.ge, info.le, step, empty)]
    return [Veld(naam, label, "tekst", leeg=True)]


def _members(info: inspect.EnumType) -> list[Enum]:
    return list(info.cls)


def _bij(label: str, more: str) -> str:
    return f"{label}, {more.lower()}" if label else more


def _bare(info: inspect.Type) -> tuple[inspect.Type, bool]:
    empty = False
    while isinstance(info, inspect.Metadata | inspect.UnionType):
        if isinstance(info, inspect.UnionType):
            empty = True
            info = next(kind for kind in info.types if not isinstance(kind, inspect.NoneType))
        else:
            info = info.type
    return info, empty


def deel(code: str) -> str:
    return gettext(DELEN.get(code, code))


def zegt(sleutel: str) -> str:
    """A setting or a part of it, in words: `optieUren.crisis`."""
    name, *rest = sleutel.split(".")
    if name == keuzes.GEWICHTEN and len(rest) == 2:
        urgentie, criterium = rest
        return gettext(
            "Gewicht van %(wat)s bij %(urgentie)s", wat=deel(criterium).lower(), urgentie=deel(urgentie).lower()
        )
    found = next((gettext(DEFAULTS[one].omschrijving) for one, camel in CAMEL.items() if camel == name), name)
    return f"{found} ({', '.join(deel(part).lower() for part in rest)})" if rest else found


URGENTIES = [str(one) for one in Urgentie]
