"""The aanvraag itself as terms and texts: what is asked, what stands in law, and the child's own view."""

from __future__ import annotations

from datetime import date

from service.aanvraag.aanvragen import Aanvraag
from service.aanvraag.grondslagen import Grondslag, Machtiging, Toestemming
from service.aanvraag.werklijst import Namen
from service.dutch import day, days, listing
from service.rang.catalogue import Names
from service.web.pages import words

Facts = list[tuple[str, str]]


def facts(a: Aanvraag, names: Names, today: date) -> Facts:
    """What a place must fit, in short. `names`: (list, code) → name, see `service.regio.codes`."""
    late = " (voorbij)" if a.uiterlijke_datum < today else ""
    found = [
        ("Gewenste start", day(a.gewenste_start, today)),
        ("Uiterlijk", day(a.uiterlijke_datum, today) + late),
        ("Zorgvorm", _named(names, "zorgvorm", a.zorgvormen)),
        ("Perspectief", words.PERSPECTIEF[a.perspectief]),
    ]
    if a.ondersteuning:
        found.append(("Nodig", _named(names, "ondersteuning", a.ondersteuning)))
    if a.medisch:
        found.append(("Medisch", _named(names, "medisch", a.medisch)))
    if a.rolstoel:
        found.append(("Toegankelijk", "met een rolstoel"))
    return found


def more(a: Aanvraag, names: Names, namen: Namen, today: date) -> Facts:
    """The rest. Where home is stays out of it: the postcode only serves to compute travel times."""
    found = [
        ("Verwijzer", namen.organisatie),
        ("Verantwoordelijke gemeente", namen.gemeente),
        ("Verwacht verblijf", days(a.verwacht_verblijf)),
        ("Past in", listing([words.GROEPSSOORT[soort] for soort in a.groepssoorten])),
        ("Juridisch kader", words.JURIDISCH_KADER[a.juridisch_kader]),
        ("Machtiging", "; ".join(_machtiging(m, names, today) for m in a.machtigingen) or "geen"),
        ("Grondslag", "; ".join(_grondslag(g, today) for g in a.grondslagen) or "nog niet vastgelegd"),
        ("Toestemming", "; ".join(_toestemming(t) for t in a.toestemmingen) or "nog niet vastgelegd"),
    ]
    if a.kenmerken:
        found.append(("Kenmerken", _named(names, "kenmerk", a.kenmerken)))
    if a.onderwijs:
        found.append(("School", _named(names, "onderwijs", [a.onderwijs])))
    if a.maximale_reistijd:
        found.append(("Reistijd hoogstens", f"{a.maximale_reistijd} minuten"))
    if a.uitsluitingen:
        found.append(("Veiligheid", "er zijn plekken of gebieden uitgesloten"))
    return found


def stories(a: Aanvraag) -> Facts:
    """What was written in sentences. The child's own view is always asked, so it is missed when it is not there."""
    texts = (
        ("Waarom deze urgentie", a.urgentie_reden),
        ("Waarom niet alleen pleegzorg of een gezinshuis", a.zorgvorm_reden),
        ("Wat het kind er zelf van vindt", a.mening_jeugdige or "Nog niet gevraagd of niet vastgelegd."),
        ("Wat al is geprobeerd", a.eerder_geprobeerd),
        ("Praktisch", a.praktisch),
    )
    return [(term, text) for term, text in texts if text]


def _named(names: Names, lijst: str, codes: list[str]) -> str:
    """Names with a semicolon between, because a name may hold a comma."""
    return "; ".join(names.get((lijst, code), code) for code in codes)


def _grondslag(g: Grondslag, today: date) -> str:
    until = f", geldig tot en met {day(g.geldig_tot, today)}" if g.geldig_tot else ""
    return f"{words.GRONDSLAG_SOORT[g.soort]}, {words.GRONDSLAG_STATUS[g.status]} {day(g.datum, today)}{until}"


def _machtiging(m: Machtiging, names: Names, today: date) -> str:
    kinds = _named(names, "zorgvorm", m.zorgvormen)
    return (
        f"{words.MACHTIGING_SOORT[m.soort]} voor {kinds}, van {day(m.geldig_van, today)} tot {day(m.geldig_tot, today)}"
    )


def _toestemming(t: Toestemming) -> str:
    reason = f" ({t.reden})" if t.reden else ""
    return f"{words.TOESTEMMING_PERSOON[t.persoon]}: {words.TOESTEMMING_STATUS[t.status]}{reason}"
