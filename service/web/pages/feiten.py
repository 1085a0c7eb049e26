"""The aanvraag itself as terms and texts: what is asked, what stands in law, and the child's own view."""

from __future__ import annotations

from datetime import date

from service.aanvragen import Aanvraag, Grondslag, Machtiging, Toestemming
from service.web.pages import words
from service.web.pages.dutch import day, days, listing

Facts = list[tuple[str, str]]


def facts(a: Aanvraag, names: dict[tuple[str, str], str], organisatie: str, gemeente: str, today: date) -> Facts:
    """Term and text of what a place must fit. `names`: (list, code) → name, see `service.codes`.

    An aanvraag says nothing of where home is, only how long the journey may take.
    """
    zorgvormen = [names.get(("zorgvorm", code), code) for code in a.zorgvormen]
    found = [
        ("Verwijzer", organisatie),
        ("Verantwoordelijke gemeente", gemeente),
        ("Gewenste start", day(a.gewenste_start, today)),
        ("Uiterlijk", day(a.uiterlijke_datum, today) + (" (voorbij)" if a.uiterlijke_datum < today else "")),
        ("Verwacht verblijf", days(a.verwacht_verblijf)),
        ("Perspectief", words.PERSPECTIEF[a.perspectief]),
        ("Zorgvorm", "; ".join(zorgvormen)),
        ("Past in", listing([words.GROEPSSOORT[soort] for soort in a.groepssoorten])),
        ("Juridisch kader", words.JURIDISCH_KADER[a.juridisch_kader]),
        ("Grondslag", "; ".join(_grondslag(g, today) for g in a.grondslagen) or "nog niet vastgelegd"),
        ("Toestemming", "; ".join(_toestemming(t) for t in a.toestemmingen) or "nog niet vastgelegd"),
    ]
    if a.machtigingen:
        found.append(("Machtiging", "; ".join(_machtiging(m, names, today) for m in a.machtigingen)))
    for term, lijst, codes in (("Nodig", "ondersteuning", a.ondersteuning), ("Medisch", "medisch", a.medisch)):
        if codes:
            found.append((term, "; ".join(names.get((lijst, code), code) for code in codes)))
    if a.onderwijs:
        found.append(("School", names.get(("onderwijs", a.onderwijs), a.onderwijs)))
    if a.rolstoel:
        found.append(("Toegankelijk", "met een rolstoel"))
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


def _grondslag(g: Grondslag, today: date) -> str:
    until = f", geldig tot en met {day(g.geldig_tot, today)}" if g.geldig_tot else ""
    return f"{words.GRONDSLAG_SOORT[g.soort]}, {words.GRONDSLAG_STATUS[g.status]} {day(g.datum, today)}{until}"


def _machtiging(m: Machtiging, names: dict[tuple[str, str], str], today: date) -> str:
    kinds = listing([names.get(("zorgvorm", code), code) for code in m.zorgvormen])
    return (
        f"{words.MACHTIGING_SOORT[m.soort]} voor {kinds}, van {day(m.geldig_van, today)} tot {day(m.geldig_tot, today)}"
    )


def _toestemming(t: Toestemming) -> str:
    reason = f", want {t.reden}" if t.reden else ""
    return f"{words.TOESTEMMING_PERSOON[t.persoon]}: {words.TOESTEMMING_STATUS[t.status]}{reason}"
