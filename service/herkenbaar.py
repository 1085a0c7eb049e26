"""Who a child is, by accident written in a free text: a BSN, an e-mail address or a telephone number.

Told with where it stands, and never repeated. A mistake is to be caught, not somebody who wants to hide something; and
dates, times, prices, postcodes, articles of law and numbers of files are no mistake.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from service.taal import gettext


class Vondst(NamedTuple):
    """What was found, at which characters (from 1, both inclusive)."""

    wat: str
    begin: int
    eind: int
    anders: str
    """How to mend it."""

    @property
    def zin(self) -> str:
        return gettext(
            "Teken %(begin)s tot en met %(eind)s lijkt %(wat)s. Het loket werkt zonder gegevens waaraan"
            " iedereen het kind of het gezin herkent. %(anders)s",
            begin=self.begin,
            eind=self.eind,
            wat=self.wat,
            anders=self.anders,
        )


GAP = "[ ./_-]"
"""What people put between digits, after `_plain`."""

# What has many digits and means no harm. A date is one when its day and month can be.
HARMLESS = re.compile(
    r"""
      (?<![\d./-]) (?:
          (?:0?[1-9]|[12]\d|3[01]) ([-./ ]) (?:0?[1-9]|1[0-2]) \1 (?:(?:19|20)\d\d|\d\d(?![./ ]\d))  # 31-12-2026
        | (?:19|20)\d\d ([-./]) (?:0?[1-9]|1[0-2]) \2 (?:0?[1-9]|[12]\d|3[01])                       # 2026-12-31
        | (?:19|20)\d\d [-/] \d{1,6}                                                                  # 2026-04173
      ) (?![\d]|[-/.]\d)
    | (?<![\d:.]) (?:[01]?\d|2[0-4]) [:.] [0-5]\d (?: [ ]? - [ ]? (?:[01]?\d|2[0-4]) [:.] [0-5]\d)? (?![\d:.]|[ ]?-\d)
    | (?:€|eur|euro) [ ]? \d [\d.,]*
    """,
    re.VERBOSE | re.IGNORECASE,
)

# From the sign on, so that a long text is looked through once; what stands before it is looked up afterwards.
MAIL = re.compile(r"(?<=[^\s@<>,;:()]) ?(?:@|\(at\)|\[at\]) ?[^\s@<>,;:()]{1,190}\.[^\W\d_]{2,24}", re.IGNORECASE)
BEFORE_MAIL = re.compile(r"[^\s@<>,;:()]{1,64}\Z")

# One separator at most between digits, or a bracket around the area code. 0800 and 0900 are nobody's own.
PHONE = re.compile(
    r"(?<![\d+])(?:"
    r"(?:\+|00)[ ./-]?[1-9]\d{0,2}(?:[ ./-]?\(0\))?(?:[ ./-]{0,3}\d){7,13}"
    r"|\(?0(?!0|[89]00)(?:[ ./-]?\d){1,3}\)?(?:[ ./-]{0,3}\d){6,8}"
    r")(?!\d)"
)

NATIONAL = 10
"""Digits of a Dutch number, from its 0 on."""

BSN = re.compile(rf"(?<!\d)\d{{9}}(?!\d)|(?<!\d)\d+(?:({GAP})\d+(?:\1\d+)*)(?!\d)")

WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)


def vind(text: str) -> Vondst | None:
    """The first of it in a text; None: nothing."""
    plain = _plain(text)
    if found := MAIL.search(plain):
        name = BEFORE_MAIL.search(plain[max(0, found.start() - 64) : found.start()])
        span = found.start() - (len(name[0]) if name else 0), found.end()
        return _vondst(
            gettext("een e-mailadres"), span, gettext("Haal het weg: het loket mailt alleen met medewerkers.")
        )
    plain = HARMLESS.sub(lambda match: "·" * len(match[0]), plain)
    for found in PHONE.finditer(plain):
        digits = sum(char.isdigit() for char in found[0])
        if found[0][0] == "+" or found[0].startswith("00") or digits == NATIONAL:
            how = gettext("Haal het weg: wie gebeld wil worden, staat bij uw organisatie of de aanbieder.")
            return _vondst(gettext("een telefoonnummer"), found.span(), how)
    return next(_bsns(plain), None)


def vind_bsn(text: str) -> Vondst | None:
    """Only of a BSN: for a kenmerk, which may look like a telephone number."""
    return next(_bsns(HARMLESS.sub(lambda match: "·" * len(match[0]), _plain(text))), None)


def _bsns(plain: str) -> Iterator[Vondst]:
    """Nine digits at once, or in groups with the same sign between them, that pass the test (elfproef)."""
    for found in BSN.finditer(plain):
        groups = list(re.finditer(r"\d+", found[0]))
        for first in range(len(groups)):
            digits = ""
            for group in groups[first : first + len(WEIGHTS)]:
                digits += group[0]
                if len(digits) >= len(WEIGHTS):
                    break
            if is_bsn(digits):
                span = found.start() + groups[first].start(), found.start() + group.end()
                yield _vondst(
                    gettext("een BSN"),
                    span,
                    gettext("Haal het weg en gebruik uw eigen kenmerk of het nummer van het loket."),
                )


def is_bsn(digits: str) -> bool:
    """9·d1 + 8·d2 + … + 2·d8 − d9 is a multiple of 11."""
    if len(digits) != len(WEIGHTS) or not any(map(int, digits)):
        return False
    return sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True)) % 11 == 0


def _vondst(wat: str, span: tuple[int, int], anders: str) -> Vondst:
    return Vondst(wat, span[0] + 1, span[1], anders)


def _plain(text: str) -> str:
    """As many characters, of which digits, spaces and dashes of any script are the plain ones."""
    return text if text.isascii() else "".join(map(_plain_char, text))


def _plain_char(char: str) -> str:
    kind = unicodedata.category(char)
    if kind in ("Zs", "Cf", "Cc", "Zl", "Zp"):
        return " "
    if kind == "Pd":
        return "-"
    wide = unicodedata.normalize("NFKC", char)
    return str(unicodedata.decimal(char, wide if len(wide) == 1 else char))
