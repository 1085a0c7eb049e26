"""The languages of the loket: what can be said in another one, and what was said.

    python deploy/talen.py              makes service/locale/<taal>/LC_MESSAGES/loket.mo of each loket.po
    python deploy/talen.py --bijwerken  also writes service/locale/loket.pot anew and adds to each loket.po what is new
    python deploy/talen.py --begin TAAL and begins a new one

Says what a language lacks, and ends with 1 then: a half translation is not made, so that nobody gets a page in two
languages.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment

from service.instellingen.keuzes import DEFAULTS

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "service" / "locale"
POT = LOCALE / "loket.pot"

PYTHON = {"gettext": (0,), "later": (0,), "ngettext": (0, 1), "count": (1, 2), "listing": (1,)}
"""Function → which of its arguments are texts. `count(3, "plek", "plekken")` and `listing(words, "of")` of
service/dutch.py have something else first."""


def messages() -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """Every text that is marked, with the file in which it stands."""
    templates = Environment(
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"], autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    for path in sorted((ROOT / "service").rglob("*")):
        where = str(path.relative_to(ROOT))
        if path.suffix == ".py":
            yield from ((where, message) for message in of_python(path.read_text(encoding="utf-8")))
        elif path.suffix in (".html", ".txt") and not path.is_relative_to(LOCALE):
            found = templates.extract_translations(path.read_text(encoding="utf-8"))  # type: ignore[attr-defined]
            for _, function, given in found:
                said = [text for text in (given if isinstance(given, tuple) else (given,)) if text]
                if said:
                    yield where, (said[0], said[1]) if function == "ngettext" else said[0]


def of_settings() -> Iterator[tuple[str, str]]:
    """What each setting is and where it comes from, which its type says."""
    for keuze in DEFAULTS.values():
        yield "service/instellingen/keuzes.py", keuze.omschrijving
        yield "service/instellingen/keuzes.py", keuze.bron


def of_python(source: str) -> Iterator[str | tuple[str, ...]]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        which = PYTHON.get(name, ())
        texts = [node.args[at] for at in which if at < len(node.args)]
        said = [text.value for text in texts if isinstance(text, ast.Constant) and isinstance(text.value, str)]
        if said and len(said) == len(which):
            yield said[0] if len(said) == 1 else tuple(said)


def template() -> Catalog:
    """What can be translated."""
    catalog = Catalog(project="een-loket", charset="utf-8", fuzzy=False)
    for where, message in (*messages(), *of_settings()):
        catalog.add(message, locations=[(where, 0)])
    return catalog


def read(path: Path, taal: str) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=taal)


def write(catalog: Catalog, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=120, include_lineno=False, sort_output=True, ignore_obsolete=True)


def missing(catalog: Catalog, pot: Catalog) -> list[str]:
    """Texts that have no translation."""
    found = []
    for message in pot:
        if not message.id:
            continue
        said = catalog.get(message.id[0] if isinstance(message.id, tuple) else message.id)
        texts = (said.string if isinstance(said.string, tuple) else (said.string,)) if said else ("",)
        if not all(texts) or said is None or said.fuzzy:
            found.append(str(message.id))
    return found


def main(arguments: list[str]) -> int:
    pot = template()
    if arguments[:1] == ["--begin"]:
        write(Catalog(locale=arguments[1]), LOCALE / arguments[1] / "LC_MESSAGES" / "loket.po")
    if arguments:
        write(pot, POT)
        print(f"{POT.relative_to(ROOT)}: {len(pot)} teksten")
    status = 0
    for path in sorted(LOCALE.glob("*/LC_MESSAGES/loket.po")):
        taal = path.parent.parent.name
        catalog = read(path, taal)
        if arguments:
            catalog.update(pot, no_fuzzy_matching=True)
            write(catalog, path)
        lacks = missing(catalog, pot)
        if lacks:
            status = 1
            path.with_suffix(".mo").unlink(missing_ok=True)
            print(f"{taal}: {len(lacks)} van de {len(pot)} teksten hebben geen vertaling, zoals: {lacks[0]}")
            continue
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalog)
        print(f"{taal}: {len(pot)} teksten")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
