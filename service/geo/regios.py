"""The code of a jeugdregio, made from its name; and what to do when the database knows none with it."""

from __future__ import annotations

import re
import unicodedata


def slug(naam: str) -> str:
    """Lower-case letters, digits and single hyphens, at most 40; '' when the name has neither."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", naam) if not unicodedata.combining(c)).lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].rstrip("-")


def unknown(code: str) -> str:
    """The sentence for who set LOKET_REGIO to `code`, of which the database has no row."""
    return (
        f"De database kent de regio {code} niet. Kijk naar LOKET_REGIO. Is de database nieuw, begin dan met:"
        " loket regio begin NAAM"
    )
