"""Who a child is, may not be in a list.

A column that holds a name, BSN, birth date or address is refused, also when it would have been ignored: such a file
should not travel. A BSN in any other cell is refused as well.
"""

from __future__ import annotations

import re
from typing import Any

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


def has_bsn(plain: str) -> bool:
    """Nine digits that pass the test of a BSN (elfproef: 9·d1 + … + 2·d8 − d9 is a multiple of 11)."""
    for found in re.findall(r"(?<![0-9])[0-9]{9}(?![0-9])", re.sub(r"(?<=[0-9])[. -](?=[0-9])", "", plain)):
        digits = [int(digit) for digit in found]
        total = sum(digit * weight for digit, weight in zip(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1], strict=True))
        if total % 11 == 0 and any(digits):
            return True
    return False


def without_bsn(parse: Parser) -> Parser:
    """The same parser, that refuses a BSN first."""

    def parse_safely(value: Raw) -> Any:
        if isinstance(value, (str, int, float)) and has_bsn(
            str(int(value) if isinstance(value, float) and value.is_integer() else value)
        ):
            raise Wrong("privacy", "Hier staat een BSN. Haal het weg: het loket werkt zonder BSN.")
        return parse(value)

    return parse_safely
