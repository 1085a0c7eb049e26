"""Who a child is, may not be in a list.

A column that holds a name, BSN, birth date or address is refused, also when it would have been ignored: such a file
should not travel. A BSN in any other cell is refused as well, and in a text an e-mail address or telephone number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from service.herkenbaar import Vondst, vind
from service.intake.cells import Parser, Raw, Wrong, key

PERSONAL = {
    "bsn": "een BSN", "burgerservice": "een BSN", "sofinummer": "een BSN", "naam": "een naam", "initialen": "een naam",
    "voorletter": "een naam", "geboorte": "een geboortedatum", "gebdat": "een geboortedatum",
    "geborenop": "een geboortedatum",
    "adres": "een adres", "straat": "een adres", "huisnummer": "een adres", "huisnr": "een adres",
    "mail": "een e-mailadres", "telefoon": "een telefoonnummer", "mobiel": "een telefoonnummer",
}  # fmt: skip
"""Parts of headers that promise personal data."""


def refuse_column(header: str) -> str | None:
    """Why a column may not be in the file."""
    plain = key(header)
    what = next((what for part, what in PERSONAL.items() if part in plain), None)
    if what is None:
        return None
    return (
        f"Deze kolom lijkt {what} te bevatten. Het loket werkt zonder namen, BSN, geboortedatums en adressen "
        "van jeugdigen. "
        "Haal de kolom uit het bestand; gebruik uw eigen kenmerk, de leeftijd en de vier cijfers van de postcode."
    )


def unrecognisable(parse: Parser, vind: Callable[[str], Vondst | None] = vind) -> Parser:
    """The same parser, that first refuses what says who a child is, or what else `vind` finds."""

    def parse_safely(value: Raw) -> Any:
        if isinstance(value, (str, int, float)):
            found = vind(str(int(value) if isinstance(value, float) and value.is_integer() else value))
            if found is not None:
                raise Wrong("privacy", found.zin)
        return parse(value)

    return parse_safely
