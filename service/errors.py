"""Refusals: what the service says no to, and why. web/problems.py turns each kind into one HTTP status."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from msgspec import Struct

from service.taal import gettext, later


class Kind(Enum):
    """The outcomes a caller can act on; anything else is a bug and reveals nothing."""

    INVALID = "ongeldig"
    NOT_FOUND = "niet-gevonden"
    CONFLICT = "conflict"
    FORBIDDEN = "verboden"
    STALE = "verouderd"
    UNAVAILABLE = "niet-beschikbaar"
    TOO_LARGE = "te-groot"


class FieldError(Struct, frozen=True):
    """One thing wrong with the input: where, a code to branch on, and how to mend it, in Dutch."""

    pointer: str
    """JSON pointer into the body (`/leeftijdVan`), or the name of a query parameter."""
    code: str
    detail: str
    source: str = "body"
    """`body`, `query`, `path` or `header`."""


class Refusal(Exception):
    """Raised by any function that will not do what was asked; the transaction of the caller rolls back."""

    def __init__(self, kind: Kind, detail: str, fields: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.fields = fields


class Meaning(NamedTuple):
    """What the violation of a constraint means to the person who asked."""

    kind: Kind
    detail: str
    pointer: str | None = None
    """The field to mend, where one is to blame."""


# The name of a constraint is the error contract. Most of these the aggregates check first, to tell everything that is
# wrong at once; here is what remains when two people do things at the same time. Constraints that no input can violate
# (forms that fields.py has checked, rows that never go away) are absent: their violation is a bug.
CONSTRAINTS: dict[str, Meaning] = {
    "bezetting_geen_overlap": Meaning(
        Kind.CONFLICT,
        later("Deze plek is in die periode al bezet. Wat nu wel kan: een andere plek, of een andere periode."),
    ),
    "bezetting_kind_op_een_plek": Meaning(
        Kind.CONFLICT,
        later(
            "Dit kind heeft in die periode al een andere plaatsing. Wat nu wel kan: beëindig die eerst, of kies een"
            " periode"
            " erna."
        ),
    ),
    "aanbieder_naam_uniek": Meaning(Kind.CONFLICT, later("Er is in uw regio al een aanbieder met deze naam."), "/naam"),
    "aanbieder_agb_uniek": Meaning(
        Kind.CONFLICT, later("Er is in uw regio al een aanbieder met deze AGB-code."), "/agbCode"
    ),
    "locatie_naam_uniek": Meaning(Kind.CONFLICT, later("Deze aanbieder heeft al een locatie met deze naam."), "/naam"),
    "voorziening_naam_uniek": Meaning(
        Kind.CONFLICT, later("Deze aanbieder heeft al een voorziening met deze naam."), "/naam"
    ),
    "voorziening_zorgvorm_fk": Meaning(Kind.INVALID, later("Deze zorgvorm kent de regio niet."), "/zorgvorm"),
    "plek_naam_uniek": Meaning(Kind.CONFLICT, later("Deze voorziening heeft al een plek met deze naam."), "/naam"),
    "aanvraag_kenmerk_uniek": Meaning(
        Kind.CONFLICT, later("Uw organisatie heeft al een aanvraag met dit kenmerk."), "/kenmerk"
    ),
    "gebruiker_organisatie_fk": Meaning(
        Kind.INVALID, later("Deze organisatie is er niet in uw regio."), "/organisatieId"
    ),
    "gebruiker_aanbieder_fk": Meaning(Kind.INVALID, later("Deze aanbieder is er niet in uw regio."), "/aanbiederId"),
    "gebruiker_identiteitsprovider_fk": Meaning(
        Kind.INVALID, later("Hier kunnen gebruikers niet inloggen."), "/identiteitsproviderId"
    ),
    "gebruiker_een_per_rol": Meaning(
        Kind.CONFLICT, later("Deze persoon is al gebruiker in deze rol bij deze organisatie."), "/organisatieId"
    ),
    "organisatie_naam_uniek": Meaning(
        Kind.CONFLICT, later("Er is in uw regio al een organisatie met deze naam."), "/naam"
    ),
    "koppeling_aanbieder_fk": Meaning(Kind.INVALID, later("Deze aanbieder is er niet in uw regio."), "/aanbiederId"),
    "koppeling_naam_uniek": Meaning(
        Kind.CONFLICT, later("Deze aanbieder heeft al een koppeling met deze naam."), "/naam"
    ),
    "koppelingsleutel_kid_uniek": Meaning(
        Kind.CONFLICT,
        later("Deze koppeling heeft of had al een sleutel met deze kid. Maak een nieuwe sleutel."),
        "/jwk/kid",
    ),
    "haak_aanbieder_fk": Meaning(Kind.INVALID, later("Deze aanbieder is er niet in uw regio."), "/aanbiederId"),
    "haak_organisatie_fk": Meaning(Kind.INVALID, later("Deze organisatie is er niet in uw regio."), "/organisatieId"),
    "haak_een_per_url": Meaning(Kind.CONFLICT, later("Er is al een haak met dit adres."), "/url"),
    "toestemming_een_per_persoon": Meaning(
        Kind.CONFLICT, later("Per persoon kan er één toestemming zijn."), "/toestemmingen"
    ),
    "bezetting_definitief_compleet": Meaning(
        Kind.CONFLICT,
        later(
            "Een plaatsing is pas definitief met een grondslag die geldt, het ja van de aanbieder en de toestemming van"
            " iedereen die dat moet. Wat nu wel kan: leg vast wat nog mist."
        ),
    ),
    "bezetting_binnen_afspraak": Meaning(
        Kind.CONFLICT,
        later(
            "Deze plek is van een andere regio, en er is geen afspraak voor deze zorgvorm."
            " Wat nu wel kan: een andere plek."
        ),
    ),
    "voorstel_een_per_voorziening": Meaning(
        Kind.CONFLICT,
        later(
            "Voor deze aanvraag is er al een voorstel aan deze voorziening. Wat nu wel kan: ga daarmee verder, of"
            " trek het"
            " in."
        ),
    ),
    "voorstel_een_definitief": Meaning(
        Kind.CONFLICT,
        later("Voor deze aanvraag is er al een plek definitief. Wat nu wel kan: zeg die af, als zij niet doorgaat."),
    ),
    "bezetting_aanvraag_fk": Meaning(Kind.NOT_FOUND, later("Deze aanvraag bestaat niet (meer).")),
    "beeindiging_een": Meaning(
        Kind.CONFLICT,
        later(
            "Dit is al beëindigd. Wat nu wel kan: per kind besluiten over uitloop of overdracht, of die beëindiging"
            " terugnemen."
        ),
    ),
    "beeindiging_aanbieder_fk": Meaning(Kind.INVALID, later("Deze aanbieder is er niet in uw regio."), "/aanbiederId"),
    "beeindiging_voorziening_fk": Meaning(
        Kind.INVALID, later("Deze voorziening is er niet bij deze aanbieder."), "/voorzieningId"
    ),
    "plek_na_beeindiging": Meaning(
        Kind.CONFLICT,
        later(
            "De aanbieder stopt met deze voorziening. Daarna is er geen plek, behalve voor wie er met een"
            " uitloopovereenkomst woont. Wat nu wel kan: een plek tot die dag."
        ),
        "/bestaatTot",
    ),
    "route_een_open": Meaning(
        Kind.CONFLICT,
        later("Zo'n route loopt al voor deze aanvraag. Wat nu wel kan: daarmee verdergaan, of die beëindigen."),
    ),
    "opschaling_een_open_per_tafel": Meaning(
        Kind.CONFLICT,
        later(
            "Deze tafel kijkt al naar deze aanvraag. Wat nu wel kan: die opschaling sluiten, of een andere tafel"
            " kiezen."
        ),
        "/tafel",
    ),
    "opschalingsverzoek_een_open": Meaning(
        Kind.CONFLICT,
        later(
            "Voor deze aanvraag is al gevraagd om op te schalen. Wat nu wel kan: wachten op het antwoord van het loket."
        ),
    ),
    "opschaling_vraag_een_per_voorziening": Meaning(
        Kind.CONFLICT,
        later("Deze vraag is daar al gesteld. Wat nu wel kan: een andere voorziening vragen."),
        "/voorzieningId",
    ),
    "contract_een_per_periode": Meaning(
        Kind.CONFLICT, later("Er is in deze periode al een contract met deze aanbieder voor deze zorgvorm.")
    ),
}


def refusal(constraint: str) -> Refusal:
    """The Refusal for a violated constraint of CONSTRAINTS."""
    kind, text, pointer = CONSTRAINTS[constraint]
    detail = gettext(text)
    fields = (
        () if pointer is None else (FieldError(pointer, "bezet" if kind is Kind.CONFLICT else "bestaat_niet", detail),)
    )
    return Refusal(kind, detail, fields)
