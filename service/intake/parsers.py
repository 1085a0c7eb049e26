"""One cell of a spreadsheet → one value. A wrong cell raises `Wrong`, with what to do about it in Dutch.

A spreadsheet does things to what people type: it eats leading zeros, makes numbers floats and dates serial
numbers, and pastes hard spaces. Each parser here takes whatever a reader may give (`Raw`) and answers a value
or `Wrong`; never another exception. Blank cells do not come here: see `blank`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from typing import Any

from service.intake.cells import FAULT_REASON, Fault, Parser, Raw, Wrong, key, shown, squeeze

UNSTORABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters and halves of surrogate pairs."""

FAULTS = frozenset([
    "#n/a", "#ref!", "#value!", "#div/0!", "#name?", "#num!", "#null!", "#spill!", "#calc!", "#getting_data",
    "#n/b", "#verw!", "#waarde!", "#deel/0!", "#naam?", "#getal!", "#leeg!", "#overloop!",
    "err:502", "err:504", "err:508", "err:509",
])  # fmt: skip
"""What Excel and LibreOffice show for a failed formula, in English and in Dutch."""


def _text(value: Raw) -> str:
    """The value as text; refuses what a spreadsheet marks as wrong and what cannot be stored."""
    match value:
        case Fault():
            raise Wrong("foutwaarde", value.reason)
        case None:
            return ""
        case bool():
            return "ja" if value else "nee"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case float():
            return f"{value:.15g}".replace(".", ",")
        case datetime() | date():
            return shown(value)
        case str():
            plain = squeeze(value)
        case _:
            plain = squeeze(str(value))
    if plain.casefold() in FAULTS:
        raise Wrong("foutwaarde", FAULT_REASON)
    if UNSTORABLE.search(plain):
        raise Wrong("tekens", "Er staan onzichtbare stuurtekens in de cel. Typ de waarde opnieuw.")
    return plain


def text(longest: int, pattern: str | None = None, hint: str = "") -> Parser:
    """A parser of text of at most `longest` characters that matches `pattern`, or else `hint` says why not."""

    def parse(value: Raw) -> str:
        plain = _text(value)
        if len(plain) > longest:
            raise Wrong("te_lang", f"De tekst is {len(plain)} tekens lang. Er passen er {longest}. Kort de tekst in.")
        if plain.startswith("="):
            raise Wrong("formule", "De cel begint met = en is dus een formule. Typ de uitkomst zelf in de cel.")
        if pattern and not re.fullmatch(pattern, plain):
            raise Wrong("vorm", hint)
        return plain

    return parse


GROUPED = re.compile(r"[+-]?\d{1,3}([.' ]\d{3})+(,\d+)?")

PLAIN = re.compile(r"[+-]?\d+([.,]\d+)?")


def decimal(value: Raw) -> float:
    """1.234,5 and 1234,5 and 1234.5. A point followed by groups of three digits separates thousands, as in Dutch."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value) if abs(value) < 1e15 else math.inf
    else:
        plain = _text(value)
        if GROUPED.fullmatch(plain):
            plain = re.sub(r"[.' ]", "", plain)
        elif not PLAIN.fullmatch(plain):
            raise Wrong("geen_getal", "Dit is geen getal. Schrijf bijvoorbeeld 12 of 12,5.")
        number = float(plain.replace(",", "."))
    if not abs(number) < 1e15:
        raise Wrong("geen_getal", "Dit getal is te groot. Schrijf een gewoon getal, bijvoorbeeld 12 of 12,5.")
    return number


def integer(least: int, most: int) -> Parser:
    """A parser of whole numbers from `least` to `most`, both inclusive; 12,0 is whole."""

    def parse(value: Raw) -> int:
        number = decimal(value)
        if not number.is_integer():
            raise Wrong("geen_heel_getal", "Dit is geen heel getal. Rond het af.")
        if not least <= number <= most:
            raise Wrong("buiten_grens", f"Dit getal moet tussen {least} en {most} liggen.")
        return int(number)

    return parse


MONTHS = [
    "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november",
    "december",
]  # fmt: skip
# mrt is how Excel shortens maart; mar, may and oct are what its English edition writes.
MONTH = {name[:3]: i for i, name in enumerate(MONTHS, 1)} | {"mrt": 3, "may": 5, "oct": 10}

DATE_HINT = "Schrijf de datum als dag-maand-jaar, bijvoorbeeld 12-3-2026."

NUMERIC_DATE = re.compile(r"(\d{1,2})\s?[-/.]\s?(\d{1,2})\s?[-/.]\s?(\d{4}|\d{2})(?: \d{1,2}:\d{2}(?::\d{2})?)?")

ISO_DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[t ]\d{1,2}:\d{2}.*)?")

WORD_DATE = re.compile(r"(?:[a-z]{2,9}\.? )?(\d{1,2})[ -.]+([a-z]{3,9})\.?[ -.']+(\d{4}|\d{2})")

EXCEL_DAY_0 = date(1899, 12, 30)

FIRST_YEAR, LAST_YEAR = 2000, 2100


def day(value: Raw) -> date:
    """12-3-2026, 12/03/2026, 12.3.26, 12 mrt 2026, 12 maart 2026, 2026-03-12, a date cell or a serial number."""
    if isinstance(value, datetime):
        found = value.date()
    elif isinstance(value, date):
        found = value
    elif isinstance(value, (time, timedelta)):
        raise Wrong("geen_datum", f"Hier staat een tijd, geen datum. {DATE_HINT}")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        found = _serial(float(value) if abs(value) < 1e15 else math.inf)
    else:
        found = _written_day(_text(value).casefold())
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Wrong("jaar", f"Het jaar {found.year} kan niet kloppen. {DATE_HINT}")
    return found


def _serial(number: float) -> date:
    # 36526 is 1-1-2000, 73415 is 31-12-2100: other numbers are not meant as a date.
    if not 36526 <= number < 73416:
        raise Wrong("geen_datum", f"Dit getal is geen datum. {DATE_HINT}")
    return EXCEL_DAY_0 + timedelta(days=int(number))


def _written_day(plain: str) -> date:
    if match := ISO_DATE.fullmatch(plain):
        year, month, number = (int(part) for part in match.groups())
    elif match := NUMERIC_DATE.fullmatch(plain):
        number, month, year = (int(part) for part in match.groups())
    elif match := WORD_DATE.fullmatch(plain):
        name = match[2]
        month = MONTH.get(name[:3], 0)
        # "mar" is fine and "maart" too, "maandag" is not.
        if month == 0 or not (len(name) <= 4 or name in MONTHS):
            raise Wrong("geen_datum", f"De maand {name!r} is niet bekend. {DATE_HINT}")
        number, year = int(match[1]), int(match[3])
    elif re.fullmatch(r"\d{5}([.,]\d+)?", plain):
        return _serial(float(plain.replace(",", ".")))
    else:
        raise Wrong("geen_datum", f"Dit is geen datum. {DATE_HINT}")
    if year < 100:
        year += 2000
    try:
        return date(year, month, number)
    except ValueError:
        raise Wrong("geen_datum", f"Deze dag bestaat niet. {DATE_HINT}") from None


YES = frozenset(["ja", "j", "yes", "y", "true", "waar", "x", "v", "1", "✓", "✔", "☑", "aan"])

NO = frozenset(["nee", "n", "no", "false", "onwaar", "0", "-", "☐", "uit"])


def boolean(value: Raw) -> bool:
    """ja, nee, x, true, waar, 1 and their opposites."""
    plain = _text(value).casefold()
    if plain in YES:
        return True
    if plain in NO:
        return False
    raise Wrong("ja_of_nee", "Schrijf ja of nee.")


def postcode(value: Raw) -> str:
    """1234 AB, however spaced and cased."""
    plain = _text(value).replace(" ", "").upper()
    if not re.fullmatch(r"[1-9][0-9]{3}[A-Z]{2}", plain, re.ASCII):
        raise Wrong("postcode", "Dit is geen postcode. Schrijf vier cijfers en twee letters, bijvoorbeeld 1211 AB.")
    return f"{plain[:4]} {plain[4:]}"


def pc4(value: Raw) -> str:
    """The four digits; of a full postcode the letters are dropped, because they say too much."""
    plain = _text(value).replace(" ", "").upper()
    if not re.fullmatch(r"[1-9][0-9]{3}([A-Z]{2})?", plain, re.ASCII):
        raise Wrong("postcode", "Schrijf de vier cijfers van de postcode, bijvoorbeeld 1211.")
    return plain[:4]


def agb(value: Raw) -> str:
    """Eight digits; the leading zeros that a spreadsheet ate come back."""
    plain = _text(value).replace(" ", "").replace("-", "")
    if not re.fullmatch(r"[0-9]{1,8}", plain, re.ASCII) or int(plain) == 0:
        raise Wrong("agb", "Een AGB-code heeft hooguit 8 cijfers, bijvoorbeeld 41000123.")
    return plain.zfill(8)


def gemeente(value: Raw) -> str:
    """CBS code of four digits (zeros come back), or the name as it stands."""
    plain = _text(value)
    if re.fullmatch(r"(GM)?[0-9]{1,4}", plain, re.ASCII | re.IGNORECASE):
        return plain.upper().removeprefix("GM").zfill(4)
    return text(80)(value)  # type: ignore[no-any-return]


def phone(value: Raw) -> str:
    """A telephone number; a spreadsheet eats the first 0."""
    plain = _text(value).replace("/", "-").replace(".", " ")
    if re.fullmatch(r"[1-9][0-9]{8}", plain, re.ASCII):
        plain = "0" + plain
    if not re.fullmatch(r"\+?[0-9 ()-]{6,20}", plain, re.ASCII):
        raise Wrong("telefoon", "Dit is geen telefoonnummer. Schrijf bijvoorbeeld 035 123 45 67.")
    return plain


SPAN = re.compile(r"(?:t/?m )?(\d+(?:[.,]\d+)?) ?([a-z]*)\.?")

MONTHS_PER = {"": 12, "j": 12, "jr": 12, "jaar": 12, "jaren": 12, "m": 1, "mnd": 1, "maand": 1, "maanden": 1}


def months_from(value: Raw) -> int:
    """An age in months: 6, "6 jaar", "6,5" or "18 maanden"; a number alone is years."""
    return _months(value)[0]


def months_through(value: Raw) -> int:
    """The last month of an age: "12" and "t/m 12 jaar" are up to 12 years and 11 months, "18 maanden" is itself."""
    count, whole_year = _months(value)
    return count + 11 if whole_year else count


def _months(value: Raw) -> tuple[int, bool]:
    match = SPAN.fullmatch(_text(value).casefold())
    if match is None or match[2] not in MONTHS_PER:
        raise Wrong("leeftijd", "Schrijf een leeftijd in jaren, bijvoorbeeld 12, of in maanden: 18 maanden.")
    number, per = float(match[1].replace(",", ".")), MONTHS_PER[match[2]]
    if number * per > 276:
        raise Wrong("leeftijd", "Een leeftijd is hooguit 23 jaar. Schrijf jaren, of zet er maanden achter.")
    return round(number * per), per == 12 and number.is_integer() and number < 23


DAYS_PER = {"": 1, "d": 1, "dag": 1, "dagen": 1, "w": 7, "week": 7, "weken": 7} | {
    "maand": 30, "maanden": 30, "mnd": 30, "m": 30, "jaar": 365, "jr": 365, "j": 365, "jaren": 365,
}  # fmt: skip


def days(value: Raw) -> int:
    """A stay in days: 28, "28 dagen", "6 maanden" (of 30 days), "1 jaar"."""
    match = SPAN.fullmatch(_text(value).casefold())
    if match is None or match[2] not in DAYS_PER:
        raise Wrong("duur", "Schrijf een aantal dagen, bijvoorbeeld 28, of een duur zoals 6 maanden.")
    number = float(match[1].replace(",", ".")) * DAYS_PER[match[2]]
    if not 1 <= number <= 6570:
        raise Wrong("duur", "Een verblijf duurt minstens 1 dag en hooguit 18 jaar.")
    return round(number)


def choice(options: Mapping[str, Any]) -> Parser:
    """A parser of one of `options` (as people write it → value); case, spaces and punctuation do not matter.

    Of each value the first way to write it is the one that the message names.
    """
    by_key = {key(name): found for name, found in options.items()}
    first: dict[Any, str] = {}
    for name, found in options.items():
        first.setdefault(found, name)

    def parse(value: Raw) -> Any:
        plain = _text(value)
        if key(plain) in by_key:
            return by_key[key(plain)]
        close = get_close_matches(key(plain), by_key, n=1, cutoff=0.6)
        hint = f"Bedoelt u {first[by_key[close[0]]]}? " if close else ""
        raise Wrong("onbekend", f"{hint}Kies uit: {', '.join(first.values())}.")

    return parse


LIST_MARK = re.compile(r"[,;|\n\r]+")


def several(value: Raw) -> tuple[str, ...]:
    """Names separated by commas, semicolons or new lines; looked up later."""
    if isinstance(value, str):
        return tuple(dict.fromkeys(part for part in map(_text, LIST_MARK.split(value)) if part))
    return (_text(value),)


def several_of(options: Mapping[str, Any]) -> Parser:
    """Like `choice`, for several at once; alle means each of them."""
    one = choice(options)

    def parse(value: Raw) -> tuple[Any, ...]:
        names = several(value)
        if any(key(name) in ("alle", "allemaal") for name in names):
            return tuple(dict.fromkeys(options.values()))
        return tuple(dict.fromkeys(one(name) for name in names))

    return parse
