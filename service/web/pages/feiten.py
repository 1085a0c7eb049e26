"""The aanvraag itself as terms and texts: what is asked, what stands in law, and the child's own view."""

from __future__ import annotations

from datetime import date

from service.aanvraag.aanvragen import Aanvraag
from service.aanvraag.grondslagen import Grondslag, Machtiging, Toestemming
from service.aanvraag.werklijst import Namen
from service.dutch import count, day, days, listing
from service.rang.catalogue import Names
from service.taal import gettext
from service.web.pages import words

Facts = list[tuple[str, str]]


def facts(a: Aanvraag, names: Names, today: date) -> Facts:
    """What a place must fit, in short. `names`: (list, code) → name, see `service.regio.codes`."""
    late = f" ({gettext('voorbij')})" if a.uiterlijke_datum < today else ""
    found = [
        (gettext("Gewenste start"), day(a.gewenste_start, today)),
        (gettext("Uiterlijk"), day(a.uiterlijke_datum, today) + late),
        (gettext("Zorgvorm"), _named(names, "zorgvorm", a.zorgvormen)),
        (gettext("Perspectief"), words.PERSPECTIEF[a.perspectief]),
    ]
    if a.ondersteuning:
        found.append((gettext("Nodig"), _named(names, "ondersteuning", a.ondersteuning)))
    if a.medisch:
        found.append((gettext("Medisch"), _named(names, "medisch", a.medisch)))
    if a.rolstoel:
        found.append((gettext("Toegankelijk"), gettext("met een rolstoel")))
    return found


def more(a: Aanvraag, names: Names, namen: Namen, today: date) -> Facts:
    """The rest. Where home is stays out of it: the postcode only serves to compute travel times."""
    found = [
        (gettext("Verwijzer"), namen.organisatie),
        (gettext("Verantwoordelijke gemeente"), namen.gemeente),
        (gettext("Verwacht verblijf"), days(a.verwacht_verblijf)),
        (gettext("Past in"), listing([words.GROEPSSOORT[soort] for soort in a.groepssoorten])),
        (gettext("Juridisch kader"), words.JURIDISCH_KADER[a.juridisch_kader]),
        (gettext("Machtiging"), "; ".join(_machtiging(m, names, today) for m in a.machtigingen) or gettext("geen")),
        (
            gettext("Grondslag"),
            "; ".join(_grondslag(g, today) for g in a.grondslagen) or gettext("nog niet vastgelegd"),
        ),
        (gettext("Toestemming"), "; ".join(_toestemming(t) for t in a.toestemmingen) or gettext("nog niet vastgelegd")),
    ]
    if a.kenmerken:
        found.append((gettext("Kenmerken"), _named(names, "kenmerk", a.kenmerken)))
    if a.onderwijs:
        found.append((gettext("School"), _named(names, "onderwijs", [a.onderwijs])))
    if a.maximale_reistijd:
        found.append((gettext("Reistijd hooguit"), count(a.maximale_reistijd, "minuut", "minuten")))
    if a.uitsluitingen:
        found.append((gettext("Veiligheid"), gettext("er zijn plekken of gebieden uitgesloten")))
    return found


def stories(a: Aanvraag) -> Facts:
    """What was written in sentences. The child's own view is always asked, so it is missed when it is not there."""
    texts = (
        (gettext("Waarom deze urgentie"), a.urgentie_reden),
        (gettext("Waarom niet alleen pleegzorg of een gezinshuis"), a.zorgvorm_reden),
        (
            gettext("Wat het kind er zelf van vindt"),
            a.mening_jeugdige or gettext("Nog niet gevraagd of niet vastgelegd."),
        ),
        (gettext("Wat al is geprobeerd"), a.eerder_geprobeerd),
        (gettext("Praktisch"), a.praktisch),
    )
    return [(term, text) for term, text in texts if text]


def _named(names: Names, lijst: str, codes: list[str]) -> str:
    """Names with a semicolon between, because a name may hold a comma."""
    return "; ".join(names.get((lijst, code), code) for code in codes)


def _grondslag(g: Grondslag, today: date) -> str:
    until = gettext(", geldig tot en met %(geldig_tot)s", geldig_tot=day(g.geldig_tot, today)) if g.geldig_tot else ""
    return f"{words.GRONDSLAG_SOORT[g.soort]}, {words.GRONDSLAG_STATUS[g.status]} {day(g.datum, today)}{until}"


def _machtiging(m: Machtiging, names: Names, today: date) -> str:
    kinds = _named(names, "zorgvorm", m.zorgvormen)
    return gettext(
        "%(soort)s voor %(kinds)s, van %(geldig_van)s tot %(geldig_tot)s",
        soort=words.MACHTIGING_SOORT[m.soort],
        kinds=kinds,
        geldig_van=day(m.geldig_van, today),
        geldig_tot=day(m.geldig_tot, today),
    )


def _toestemming(t: Toestemming) -> str:
    reason = f" ({t.reden})" if t.reden else ""
    return f"{words.TOESTEMMING_PERSOON[t.persoon]}: {words.TOESTEMMING_STATUS[t.status]}{reason}"
