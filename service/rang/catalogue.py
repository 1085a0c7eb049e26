"""Codes and numbers of the matcher → plain Dutch sentences, and who may read which.

One place for all of it, so that a screen, a mail and the command line say the same. The matcher never makes a
sentence, and no other module makes one about a place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from matcher.problem import Anker, Criterium
from matcher.solution import REVEALING, Band, Change, Fit, Mark, Reason, Rule, Step, Unknown
from service.db import Rol
from service.dutch import age, count, day, days, listing, span

Names = Mapping[tuple[str, str], str]
"""(list, code) → name, for the lists `zorgvorm`, `ondersteuning`, `kenmerk`, `medisch` and `onderwijs`."""

BANDS = {Band.GOED: "past goed", Band.PAST: "past", Band.DEELS: "past deels"}

CRITERIA = {
    Criterium.ONDERSTEUNING: "Ondersteuning",
    Criterium.HUISELIJKHEID: "Huiselijkheid",
    Criterium.AFSTAND: "Afstand",
    Criterium.WACHTTIJD: "Wachttijd",
    Criterium.PERSPECTIEF: "Perspectief",
    Criterium.SAMEN: "Samen met broer of zus",
    Criterium.GROEPSMIX: "Past in de groep",
    Criterium.ZEKERHEID: "Zekerheid",
}

RULES = {
    Rule.ZORGVORM: "Andere zorgvorm",
    Rule.LEEFTIJD: "Leeftijd",
    Rule.GESLACHT: "Soort groep",
    Rule.JURIDISCH_KADER: "Juridisch kader",
    Rule.MACHTIGING: "Machtiging",
    Rule.PERIODE: "Niet op tijd vrij",
    Rule.BEDDEN: "Te weinig plekken samen",
    Rule.TOEGANKELIJKHEID: "Toegankelijkheid",
    Rule.MEDISCH: "Medische zorg",
    Rule.CONTRA_INDICATIE: "Contra-indicatie",
    Rule.GROEPSMIX: "Samenstelling van de groep",
    Rule.REGIO: "Regio",
    Rule.REISTIJD: "Reistijd",
    Rule.VEILIGHEID: "Veiligheid",
    Rule.GESTOPT: "Tijdelijk gestopt",
    Rule.ONBEMENST: "Geen personeel",
    Rule.BESLUIT: "Eerder nee gezegd",
}

UNAVAILABLE = "Niet beschikbaar"
"""What others than the schakelfunctionaris read instead of a reason that would reveal a child."""

MARKS = {
    Mark.OVERLEG_GEMEENTE: "Alleen na overleg met de gemeente: deze aanbieder heeft hier geen contract voor.",
    Mark.IN_OVERLEG: "De aanbieder wil eerst overleggen over deze plek.",
    Mark.LOCATIE_GROF: "De plaats is niet openbaar. De reistijd is daarom grof geschat.",
}

UNKNOWNS = {
    Unknown.REISTIJD: "We weten niet van alle adressen hoe lang de reis is.",
    Unknown.GROEP: "We weten niet wie er in de groep wonen. Vraag of dit kind erbij past.",
    Unknown.BEVESTIGING: "De aanbieder heeft deze plek lang niet bevestigd. Bel om het zeker te weten.",
    Unknown.HUISELIJKHEID: "De regio heeft voor deze zorgvorm nog niet bepaald hoe huiselijk hij is.",
}

GROEPEN = {"gemengd": "een gemengde groep", "meisjes": "een meisjesgroep", "jongens": "een jongensgroep"}

ANKERS = {Anker.THUIS: "thuis", Anker.SCHOOL: "school", Anker.NETWERK: "familie en vrienden"}


def sees_all(rol: Rol) -> bool:
    """Only the schakelfunctionaris reads reasons of safety and group mix, and the points (docs, Who sees why)."""
    return rol is Rol.SCHAKELFUNCTIONARIS


def rule_names(counts: Mapping[Rule, int], revealing: int, rol: Rol) -> dict[str, int]:
    """Name of the reason → how many plekken, as `rol` may read them.

    Hidden reasons stand together under one name, with each of their `revealing` plekken counted once.
    """
    if sees_all(rol):
        shown = {RULES[rule]: number for rule, number in counts.items()}
    else:
        shown = {RULES[rule]: number for rule, number in counts.items() if rule not in REVEALING}
        shown |= {UNAVAILABLE: revealing} if revealing else {}
    return dict(sorted(shown.items(), key=lambda item: -item[1]))


def visible(reasons: tuple[Reason, ...], rol: Rol) -> tuple[Reason, ...]:
    """The reasons that `rol` may read; none is left when all of them would reveal a child."""
    return reasons if sees_all(rol) else tuple(reason for reason in reasons if reason.rule not in REVEALING)


def whole_minutes(value: float, *, exact: bool) -> int:
    """At least 1; to a coarse point in quarters of an hour, so that it cannot be found by measuring."""
    return max(1, round(value)) if exact else max(1, round(value / 15)) * 15


def minutes(value: float, *, exact: bool) -> str:
    """`12 minuten`, `ongeveer 15 minuten`."""
    text = count(whole_minutes(value, exact=exact), "minuut", "minuten")
    return text if exact else f"ongeveer {text}"


def why(fit: Fit, start: date, wished: date, today: date, needed: int, *, exact: bool) -> list[str]:
    """What speaks for a place and what against it, in the order of the criteria. Says nothing of who lives there."""
    said = []
    values = fit.values
    if Criterium.ONDERSTEUNING in values:
        offered = round(values[Criterium.ONDERSTEUNING] * needed)
        if offered == needed:
            said.append("Biedt alle ondersteuning die nodig is.")
        elif offered:
            said.append(f"Biedt {offered} van de {needed} soorten ondersteuning die nodig zijn.")
        else:
            said.append("Biedt geen van de soorten ondersteuning die nodig zijn.")
    if Unknown.HUISELIJKHEID not in fit.unknown and Criterium.HUISELIJKHEID in values:
        said.append(_homelike(values[Criterium.HUISELIJKHEID]))
    if fit.reistijd:
        parts = [f"{minutes(value, exact=exact)} van {ANKERS[anker]}" for anker, value in fit.reistijd.items()]
        said.append(f"Reistijd: {listing(parts)}.")
    later = (start - wished).days
    said.append(
        f"Kan op de gewenste dag beginnen, {day(start, today)}."
        if later <= 0
        else f"Kan beginnen op {day(start, today)}, {count(later, 'dag', 'dagen')} later dan gewenst."
    )
    if Criterium.PERSPECTIEF in values:
        said.append(_lasting(values[Criterium.PERSPECTIEF]))
    if values.get(Criterium.SAMEN) == 1:
        said.append("Een broer of zus woont hier al.")
    elif values.get(Criterium.SAMEN):
        said.append("Een broer of zus woont op dezelfde locatie.")
    return said


def _homelike(value: float) -> str:
    if value >= 0.8:
        return "Lijkt veel op een gewoon thuis."
    return "Lijkt een beetje op een gewoon thuis." if value >= 0.5 else "Lijkt weinig op een gewoon thuis."


def _lasting(value: float) -> str:
    if value == 1:
        return "Het kind kan hier de hele periode blijven."
    return (
        "Let op: misschien moet het kind hierna nog een keer verhuizen."
        if value
        else "Let op: het kind moet hierna waarschijnlijk nog een keer verhuizen."
    )


def reason(found: Reason, names: Names, today: date, *, exact: bool) -> str:
    """Why a place falls out, as one sentence. `exact`: whether its place on the map may be known."""
    return REASONS[found.rule](found.params, names, today, exact)


Params = Mapping[str, Any]


def _zorgvorm(p: Params, names: Names, _today: date, _exact: bool) -> str:
    return f"De zorgvorm is {name(names, 'zorgvorm', p['zorgvorm'])}. Die is niet gevraagd."


def _leeftijd(p: Params, _names: Names, _today: date, _exact: bool) -> str:
    short = p["maanden"]
    text = f"Is voor kinderen van {age(p['van'])} tot en met {age(p['tot'])}."
    return f"{text} Het scheelt {count(short, 'maand', 'maanden')}." if 0 < short < 24 else text


def _geslacht(p: Params, _names: Names, _today: date, _exact: bool) -> str:
    return f"Dit is {GROEPEN[p['groepssoort']]}. Daar past het kind niet in."


def _kader(_p: Params, _names: Names, _today: date, _exact: bool) -> str:
    return "Neemt geen kinderen op met dit juridisch kader."


def _machtiging(p: Params, names: Names, _today: date, _exact: bool) -> str:
    if p["gesloten"]:
        return "Dit is een gesloten plek. Daarvoor is een gesloten machtiging nodig."
    return f"De machtiging geldt niet voor {name(names, 'zorgvorm', p['zorgvorm'])}."


def _periode(p: Params, _names: Names, today: date, _exact: bool) -> str:
    if "gevraagd" in p:  # the plek is free; the day that was asked comes too late for the child
        asked, late = date.fromordinal(p["gevraagd"]), days(p["dagen_later"])
        return f"U vraagt om te beginnen op {day(asked, today)}. Dat is {late} na de uiterlijke datum van de aanvraag."
    if p["vrij_van"] is None:
        return "Is bezet. We weten niet wanneer de plek vrijkomt."
    van = max(date.fromordinal(p["vrij_van"]), today)
    text = f"Is vrij vanaf {day(van, today)}" if van > today else "Is nu vrij"
    if p["vrij_tot"] is not None:
        text += f", tot {day(date.fromordinal(p['vrij_tot']), today)}"
    later, korter = p.get("dagen_later", 0), p.get("dagen_korter", 0)
    short = [f"{days(later)} te laat"] if later else []
    short += [f"{days(korter)} te kort"] if korter else []
    return f"{text}. Dat is {listing(short)}." if short else f"{text}."


def _bedden(p: Params, _names: Names, _today: date, _exact: bool) -> str:
    return f"Er {_is(p['bedden'])} tegelijk vrij. Nodig zijn {p['nodig']} plekken."


def _is(number: int) -> str:
    return {0: "is geen plek", 1: "is 1 plek"}.get(number, f"zijn {number} plekken")


def _toegankelijkheid(_p: Params, _names: Names, _today: date, _exact: bool) -> str:
    return "Is niet toegankelijk met een rolstoel."


def _medisch(p: Params, names: Names, _today: date, _exact: bool) -> str:
    return f"Biedt deze zorg niet: {listing([name(names, 'medisch', code) for code in p['ontbreekt']])}."


def _contra(p: Params, names: Names, _today: date, _exact: bool) -> str:
    return f"De aanbieder neemt dit niet aan: {listing([name(names, 'kenmerk', code) for code in p['kenmerken']])}."


def _groepsmix(p: Params, names: Names, _today: date, _exact: bool) -> str:
    said = []
    if p["kenmerken"]:
        what = listing([name(names, "kenmerk", code) for code in p["kenmerken"]])
        said.append(f"In de groep is geen ruimte meer voor nog een kind met: {what}.")
    if "leeftijdsverschil" in p:
        said.append(
            f"Het verschil in leeftijd in de groep wordt {span(p['leeftijdsverschil'])}. "
            f"Hoogstens {span(p['maximum'])} mag."
        )
    return " ".join(said)


def _regio(_p: Params, _names: Names, _today: date, _exact: bool) -> str:
    return "Ligt in een andere regio. Daar is geen afspraak mee voor deze zorgvorm."


def _reistijd(p: Params, _names: Names, _today: date, exact: bool) -> str:
    if p["minuten"] != p["minuten"]:
        return "We weten niet hoe lang de reis is."
    return f"De reis van thuis duurt {minutes(p['minuten'], exact=exact)}. Hoogstens {p['maximum']} minuten mag."


def _veiligheid(p: Params, _names: Names, _today: date, _exact: bool) -> str:
    what = {
        "aanbieder": "Deze aanbieder is voor dit kind uitgesloten.",
        "voorziening": "Deze plek is voor dit kind uitgesloten.",
        "gebied": "Ligt in een gebied waar dit kind niet mag komen, of misschien daarin.",
    }
    return what[p["soort"]]


def _gestopt(p: Params, _names: Names, today: date, _exact: bool) -> str:
    if p["stop_tot"] is None:
        return "Is tijdelijk gestopt. We weten niet tot wanneer."
    return f"Is tijdelijk gestopt, naar verwachting tot {day(date.fromordinal(p['stop_tot']), today)}."


def _onbemenst(_p: Params, _names: Names, _today: date, _exact: bool) -> str:
    return "Is vrij, maar er is geen personeel voor."


NEE = {
    "aanbieder_weigert": "De aanbieder wilde dit kind eerder niet plaatsen.",
    "jeugdige_niet_geschikt": "De aanbieder zei eerder dat het kind hier niet past.",
    "geen_personeel": "De aanbieder had hier geen personeel voor, en zei nog niet dat dat anders is.",
    "afstand": "Dit was eerder te ver weg.",
    "ouder_of_jeugdige_zegt_nee": "Een ouder of de jeugdige zei hier eerder nee.",
}
"""Why a voorziening said no. Not that it was the group: that says something of who lives there."""


def _besluit(p: Params, _names: Names, today: date, _exact: bool) -> str:
    if p["vanaf"] is not None:
        return f"De aanbieder zei: pas vanaf {day(date.fromordinal(p['vanaf']), today)}."
    return NEE.get(p["reden"], "De aanbieder zei eerder nee, en dat is nog niet anders.")


REASONS: dict[Rule, Callable[[Params, Names, date, bool], str]] = {
    Rule.ZORGVORM: _zorgvorm,
    Rule.LEEFTIJD: _leeftijd,
    Rule.GESLACHT: _geslacht,
    Rule.JURIDISCH_KADER: _kader,
    Rule.MACHTIGING: _machtiging,
    Rule.PERIODE: _periode,
    Rule.BEDDEN: _bedden,
    Rule.TOEGANKELIJKHEID: _toegankelijkheid,
    Rule.MEDISCH: _medisch,
    Rule.CONTRA_INDICATIE: _contra,
    Rule.GROEPSMIX: _groepsmix,
    Rule.REGIO: _regio,
    Rule.REISTIJD: _reistijd,
    Rule.VEILIGHEID: _veiligheid,
    Rule.GESTOPT: _gestopt,
    Rule.ONBEMENST: _onbemenst,
    Rule.BESLUIT: _besluit,
}


def name(names: Names, lijst: str, code: str) -> str:
    """Of a code, to stand within a sentence."""
    found = names.get((lijst, code), code)
    return found[:1].lower() + found[1:] if found[1:2].islower() else found


ADVICE = {
    Rule.ZORGVORM: "Vraag ook een andere zorgvorm, met de reden erbij",
    Rule.LEEFTIJD: "Vraag de aanbieder of het kind ook welkom is buiten de leeftijdsgrens",
    Rule.GESLACHT: "Overleg met het kind en de aanbieder over de soort groep",
    Rule.PERIODE: "Verschuif de datums",
    Rule.BEDDEN: "Overleg met de verwijzer of de broers en zussen apart mogen wonen, dicht bij elkaar",
    Rule.GROEPSMIX: "Vraag de aanbieder wat er nodig is om dit kind wel in de groep op te nemen",
    Rule.REISTIJD: "Sta een langere reis toe",
    Rule.GESTOPT: "Vraag de aanbieder of de plek eerder open kan",
    Rule.ONBEMENST: "Vraag de aanbieder wat er nodig is: misschien kan een andere aanbieder personeel lenen",
}
"""What one could do about a rule that may give way (matcher.solution.RELAXABLE)."""


def advice(change: Change, names: Names) -> str:
    """A change in one sentence: what to do, and how much of it opens the first place."""
    text = " en ".join(
        ADVICE[rule] if i == 0 else ADVICE[rule][0].lower() + ADVICE[rule][1:] for i, rule in enumerate(change.rules)
    )
    steps = [_step(kind, found[0], names) for kind, found in change.steps.items() if found]
    return f"{text} ({', of '.join(steps)})." if steps else f"{text}."


def opened(change: Change) -> str:
    """What the change brings."""
    plekken = count(change.plekken, "plek", "plekken")
    if change.plekken == 1:
        return f"Dan past er {plekken} bij."
    return f"Dan passen er {plekken} bij, in {count(change.voorzieningen, 'voorziening', 'voorzieningen')}."


def _step(kind: str, step: Step, names: Names) -> str:
    match kind:
        case "zorgvorm":
            return f"bijvoorbeeld {name(names, 'zorgvorm', str(step.amount))}"
        case "groepssoort":
            return GROEPEN[str(step.amount)]
    amount = math.ceil(float(step.amount))
    match kind:
        case "minuten":
            return f"vanaf {count(amount, 'minuut', 'minuten')} meer"
        case "dagen_later":
            return f"vanaf {count(amount, 'dag', 'dagen')} later"
        case "dagen_korter":
            return f"vanaf {count(amount, 'dag', 'dagen')} korter"
        case "maanden":
            return f"vanaf {count(amount, 'maand', 'maanden')} verschil"
        case _:
            return f"{count(amount, 'plek', 'plekken')} tegelijk"
