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
from service.taal import Teksten, gettext, later, ngettext

Names = Mapping[tuple[str, str], str]
"""(list, code) → name, for the lists `zorgvorm`, `ondersteuning`, `kenmerk`, `medisch` and `onderwijs`."""

BANDS = Teksten({Band.GOED: later("past goed"), Band.PAST: later("past"), Band.DEELS: later("past deels")})

CRITERIA = Teksten(
    {
        Criterium.ONDERSTEUNING: later("Ondersteuning"),
        Criterium.HUISELIJKHEID: later("Huiselijkheid"),
        Criterium.AFSTAND: later("Afstand"),
        Criterium.WACHTTIJD: later("Wachttijd"),
        Criterium.PERSPECTIEF: later("Perspectief"),
        Criterium.SAMEN: later("Samen met broer of zus"),
        Criterium.GROEPSMIX: later("Past in de groep"),
        Criterium.ZEKERHEID: later("Zekerheid"),
    }
)

RULES = Teksten(
    {
        Rule.ZORGVORM: later("Andere zorgvorm"),
        Rule.LEEFTIJD: later("Leeftijd"),
        Rule.GESLACHT: later("Soort groep"),
        Rule.JURIDISCH_KADER: later("Juridisch kader"),
        Rule.MACHTIGING: later("Machtiging"),
        Rule.PERIODE: later("Niet op tijd vrij"),
        Rule.BEDDEN: later("Te weinig plekken samen"),
        Rule.TOEGANKELIJKHEID: later("Toegankelijkheid"),
        Rule.MEDISCH: later("Medische zorg"),
        Rule.CONTRA_INDICATIE: later("Contra-indicatie"),
        Rule.GROEPSMIX: later("Samenstelling van de groep"),
        Rule.REGIO: later("Regio"),
        Rule.REISTIJD: later("Reistijd"),
        Rule.VEILIGHEID: later("Veiligheid"),
        Rule.GESTOPT: later("Tijdelijk gestopt"),
        Rule.ONBEMENST: later("Geen personeel"),
        Rule.BESLUIT: later("Eerder nee gezegd"),
    }
)

UNAVAILABLE = later("Niet beschikbaar")
"""What others than the schakelfunctionaris read instead of a reason that would reveal a child."""

MARKS = Teksten(
    {
        Mark.OVERLEG_GEMEENTE: later(
            "Alleen na overleg met de gemeente: deze aanbieder heeft hier geen contract voor."
        ),
        Mark.IN_OVERLEG: later("De aanbieder wil eerst overleggen over deze plek."),
        Mark.LOCATIE_GROF: later("De plaats is niet openbaar. De reistijd is daarom grof geschat."),
    }
)

UNKNOWNS = Teksten(
    {
        Unknown.REISTIJD: later("We weten niet van alle adressen hoe lang de reis is."),
        Unknown.GROEP: later("We weten niet wie er in de groep wonen. Vraag of dit kind erbij past."),
        Unknown.BEVESTIGING: later("De aanbieder heeft deze plek lang niet bevestigd. Bel om het zeker te weten."),
        Unknown.HUISELIJKHEID: later("De regio heeft voor deze zorgvorm nog niet bepaald hoe huiselijk hij is."),
    }
)

GROEPEN = Teksten(
    {"gemengd": later("een gemengde groep"), "meisjes": later("een meisjesgroep"), "jongens": later("een jongensgroep")}
)

ANKERS = Teksten(
    {Anker.THUIS: later("thuis"), Anker.SCHOOL: later("school"), Anker.NETWERK: later("familie en vrienden")}
)


def unavailable() -> str:
    """The same, as a sentence."""
    return f"{gettext(UNAVAILABLE)}."


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
        shown |= {gettext(UNAVAILABLE): revealing} if revealing else {}
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
    return text if exact else gettext("ongeveer %(tijd)s", tijd=text)


def why(fit: Fit, start: date, wished: date, today: date, needed: int, *, exact: bool) -> list[str]:
    """What speaks for a place and what against it, in the order of the criteria. Says nothing of who lives there."""
    said = []
    values = fit.values
    if Criterium.ONDERSTEUNING in values:
        offered = round(values[Criterium.ONDERSTEUNING] * needed)
        if offered == needed:
            said.append(gettext("Biedt alle ondersteuning die nodig is."))
        elif offered:
            said.append(
                gettext(
                    "Biedt %(offered)s van de %(needed)s soorten ondersteuning die nodig zijn.",
                    offered=offered,
                    needed=needed,
                )
            )
        else:
            said.append(gettext("Biedt geen van de soorten ondersteuning die nodig zijn."))
    if Unknown.HUISELIJKHEID not in fit.unknown and Criterium.HUISELIJKHEID in values:
        said.append(_homelike(values[Criterium.HUISELIJKHEID]))
    if fit.reistijd:
        parts = [
            gettext("%(minuten)s van %(anker)s", minuten=minutes(value, exact=exact), anker=ANKERS[anker])
            for anker, value in fit.reistijd.items()
        ]
        said.append(gettext("Reistijd: %(delen)s.", delen=listing(parts)))
    wait = (start - wished).days
    said.append(
        gettext("Kan op de gewenste dag beginnen, %(start)s.", start=day(start, today))
        if wait <= 0
        else gettext(
            "Kan beginnen op %(start)s, %(dagen)s later dan gewenst.",
            start=day(start, today),
            dagen=count(wait, "dag", "dagen"),
        )
    )
    if Criterium.PERSPECTIEF in values:
        said.append(_lasting(values[Criterium.PERSPECTIEF]))
    if values.get(Criterium.SAMEN) == 1:
        said.append(gettext("Een broer of zus woont hier al."))
    elif values.get(Criterium.SAMEN):
        said.append(gettext("Een broer of zus woont op dezelfde locatie."))
    return said


def _homelike(value: float) -> str:
    if value >= 0.8:
        return gettext("Lijkt veel op een gewoon thuis.")
    return (
        gettext("Lijkt een beetje op een gewoon thuis.")
        if value >= 0.5
        else gettext("Lijkt weinig op een gewoon thuis.")
    )


def _lasting(value: float) -> str:
    if value == 1:
        return gettext("Het kind kan hier de hele periode blijven.")
    return (
        gettext("Let op: misschien moet het kind hierna nog een keer verhuizen.")
        if value
        else gettext("Let op: het kind moet hierna waarschijnlijk nog een keer verhuizen.")
    )


def reason(found: Reason, names: Names, today: date, *, exact: bool) -> str:
    """Why a place falls out, as one sentence. `exact`: whether its place on the map may be known."""
    return REASONS[found.rule](found.params, names, today, exact)


Params = Mapping[str, Any]


def _zorgvorm(p: Params, names: Names, _today: date, _exact: bool) -> str:
    return gettext("De zorgvorm is %(name)s. Die is niet gevraagd.", name=name(names, "zorgvorm", p["zorgvorm"]))


def _leeftijd(p: Params, _names: Names, _today: date, _exact: bool) -> str:
    short = p["maanden"]
    text = gettext("Is voor kinderen van %(van)s tot en met %(tot)s.", van=age(p["van"]), tot=age(p["tot"]))
    return (
        gettext("%(waarde)s Het scheelt %(maanden)s.", waarde=text, maanden=count(short, "maand", "maanden"))
        if 0 < short < 24
        else text
    )


def _geslacht(p: Params, _names: Names, _today: date, _exact: bool) -> str:
    return gettext("Dit is %(groepen)s. Daar past het kind niet in.", groepen=GROEPEN[p["groepssoort"]])


def _kader(_p: Params, _names: Names, _today: date, _exact: bool) -> str:
    return gettext("Neemt geen kinderen op met dit juridisch kader.")


def _machtiging(p: Params, names: Names, _today: date, _exact: bool) -> str:
    if p["gesloten"]:
        return gettext("Dit is een gesloten plek. Daarvoor is een gesloten machtiging nodig.")
    return gettext("De machtiging geldt niet voor %(name)s.", name=name(names, "zorgvorm", p["zorgvorm"]))


def _periode(p: Params, _names: Names, today: date, _exact: bool) -> str:
    if "gevraagd" in p:  # the plek is free; the day that was asked comes too late for the child
        asked, late = date.fromordinal(p["gevraagd"]), days(p["dagen_later"])
        return gettext(
            "U vraagt om te beginnen op %(asked)s. Dat is %(late)s na de uiterlijke datum van de aanvraag.",
            asked=day(asked, today),
            late=late,
        )
    if p["vrij_van"] is None:
        return gettext("Is bezet. We weten niet wanneer de plek vrijkomt.")
    van = max(date.fromordinal(p["vrij_van"]), today)
    text = gettext("Is vrij vanaf %(van)s", van=day(van, today)) if van > today else gettext("Is nu vrij")
    if p["vrij_tot"] is not None:
        text += gettext(", tot %(dag)s", dag=day(date.fromordinal(p["vrij_tot"]), today))
    laat, korter = p.get("dagen_later", 0), p.get("dagen_korter", 0)
    short = [gettext("%(dagen)s te laat", dagen=days(laat))] if laat else []
    short += [gettext("%(dagen)s te kort", dagen=days(korter))] if korter else []
    return gettext("%(zin)s. Dat is %(hoeveel)s.", zin=text, hoeveel=listing(short)) if short else f"{text}."


def _bedden(p: Params, _names: Names, _today: date, _exact: bool) -> str:
    free = p["bedden"]
    there = ngettext("Er is %(free)s plek tegelijk vrij.", "Er zijn %(free)s plekken tegelijk vrij.", free, free=free)
    said = there if free else gettext("Er is geen plek tegelijk vrij.")
    return f"{said} {gettext('Nodig zijn %(nodig)s plekken.', nodig=p['nodig'])}"


def _toegankelijkheid(_p: Params, _names: Names, _today: date, _exact: bool) -> str:
    return gettext("Is niet toegankelijk met een rolstoel.")


def _medisch(p: Params, names: Names, _today: date, _exact: bool) -> str:
    return gettext(
        "Biedt deze zorg niet: %(lijst)s.", lijst=listing([name(names, "medisch", code) for code in p["ontbreekt"]])
    )


def _contra(p: Params, names: Names, _today: date, _exact: bool) -> str:
    return gettext(
        "De aanbieder neemt dit niet aan: %(lijst)s.",
        lijst=listing([name(names, "kenmerk", code) for code in p["kenmerken"]]),
    )


def _groepsmix(p: Params, names: Names, _today: date, _exact: bool) -> str:
    said = []
    if p["kenmerken"]:
        what = listing([name(names, "kenmerk", code) for code in p["kenmerken"]])
        said.append(gettext("In de groep is geen ruimte meer voor nog een kind met: %(what)s.", what=what))
    if "leeftijdsverschil" in p:
        said.append(
            gettext(
                "Het verschil in leeftijd in de groep wordt %(leeftijdsverschil)s. Hoogstens %(maximum)s mag.",
                leeftijdsverschil=span(p["leeftijdsverschil"]),
                maximum=span(p["maximum"]),
            )
        )
    return " ".join(said)


def _regio(_p: Params, _names: Names, _today: date, _exact: bool) -> str:
    return gettext("Ligt in een andere regio. Daar is geen afspraak mee voor deze zorgvorm.")


def _reistijd(p: Params, _names: Names, _today: date, exact: bool) -> str:
    if p["minuten"] != p["minuten"]:
        return gettext("We weten niet hoe lang de reis is.")
    return gettext(
        "De reis van thuis duurt %(minuten)s. Hoogstens %(maximum)s minuten mag.",
        minuten=minutes(p["minuten"], exact=exact),
        maximum=p["maximum"],
    )


def _veiligheid(p: Params, _names: Names, _today: date, _exact: bool) -> str:
    what = {
        "aanbieder": gettext("Deze aanbieder is voor dit kind uitgesloten."),
        "voorziening": gettext("Deze plek is voor dit kind uitgesloten."),
        "gebied": gettext("Ligt in een gebied waar dit kind niet mag komen, of misschien daarin."),
    }
    return what[p["soort"]]


def _gestopt(p: Params, _names: Names, today: date, _exact: bool) -> str:
    if p["stop_tot"] is None:
        return gettext("Is tijdelijk gestopt. We weten niet tot wanneer.")
    return gettext(
        "Is tijdelijk gestopt, naar verwachting tot %(day)s.", day=day(date.fromordinal(p["stop_tot"]), today)
    )


def _onbemenst(_p: Params, _names: Names, _today: date, _exact: bool) -> str:
    return gettext("Is vrij, maar er is geen personeel voor.")


NEE = Teksten(
    {
        "aanbieder_weigert": later("De aanbieder wilde dit kind eerder niet plaatsen."),
        "jeugdige_niet_geschikt": later("De aanbieder zei eerder dat het kind hier niet past."),
        "geen_personeel": later("De aanbieder had hier geen personeel voor, en zei nog niet dat dat anders is."),
        "afstand": later("Dit was eerder te ver weg."),
        "ouder_of_jeugdige_zegt_nee": later("Een ouder of het kind zei hier eerder nee."),
    }
)
"""Why a voorziening said no. Not that it was the group: that says something of who lives there."""


def _besluit(p: Params, _names: Names, today: date, _exact: bool) -> str:
    if p["vanaf"] is not None:
        return gettext("De aanbieder zei: pas vanaf %(day)s.", day=day(date.fromordinal(p["vanaf"]), today))
    return NEE.get(p["reden"]) or gettext("De aanbieder zei eerder nee, en dat is nog niet anders.")


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


ADVICE = Teksten(
    {
        Rule.ZORGVORM: later("Vraag ook een andere zorgvorm, met de reden erbij"),
        Rule.LEEFTIJD: later("Vraag de aanbieder of het kind ook welkom is buiten de leeftijdsgrens"),
        Rule.GESLACHT: later("Overleg met het kind en de aanbieder over de soort groep"),
        Rule.PERIODE: later("Verschuif de datums"),
        Rule.BEDDEN: later("Overleg met de verwijzer of de broers en zussen apart mogen wonen, dicht bij elkaar"),
        Rule.GROEPSMIX: later("Vraag de aanbieder wat er nodig is om dit kind wel in de groep op te nemen"),
        Rule.REISTIJD: later("Sta een langere reis toe"),
        Rule.GESTOPT: later("Vraag de aanbieder of de plek eerder open kan"),
        Rule.ONBEMENST: later("Vraag de aanbieder wat er nodig is: misschien kan een andere aanbieder personeel lenen"),
    }
)
"""What one could do about a rule that may give way (matcher.solution.RELAXABLE)."""


def advice(change: Change, names: Names) -> str:
    """A change in one sentence: what to do, and how much of it opens the first place."""
    said = [ADVICE[rule] for rule in change.rules]
    text = gettext(" en ").join([*said[:1], *(one[0].lower() + one[1:] for one in said[1:])])
    steps = [_step(kind, found[0], names) for kind, found in change.steps.items() if found]
    return f"{text} ({gettext(', of ').join(steps)})." if steps else f"{text}."


def opened(change: Change) -> str:
    """What the change brings."""
    plekken = count(change.plekken, "plek", "plekken")
    if change.plekken == 1:
        return gettext("Dan past er %(plekken)s bij.", plekken=plekken)
    return gettext(
        "Dan passen er %(plekken)s bij, in %(voorzieningen)s.",
        plekken=plekken,
        voorzieningen=count(change.voorzieningen, "voorziening", "voorzieningen"),
    )


def _step(kind: str, step: Step, names: Names) -> str:
    match kind:
        case "zorgvorm":
            return gettext("bijvoorbeeld %(zorgvorm)s", zorgvorm=name(names, "zorgvorm", str(step.amount)))
        case "groepssoort":
            return GROEPEN[str(step.amount)]
    amount = math.ceil(float(step.amount))
    match kind:
        case "minuten":
            return gettext("vanaf %(hoeveel)s meer", hoeveel=count(amount, "minuut", "minuten"))
        case "dagen_later":
            return gettext("vanaf %(hoeveel)s later", hoeveel=count(amount, "dag", "dagen"))
        case "dagen_korter":
            return gettext("vanaf %(hoeveel)s korter", hoeveel=count(amount, "dag", "dagen"))
        case "maanden":
            return gettext("vanaf %(hoeveel)s verschil", hoeveel=count(amount, "maand", "maanden"))
        case _:
            return gettext("%(hoeveel)s tegelijk", hoeveel=count(amount, "plek", "plekken"))
