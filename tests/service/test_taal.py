"""Every sentence that the service makes can be translated: the catalogue, a plan, the mails and what it refuses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from matcher.problem import Anker, Criterium
from matcher.solution import Band, Change, Fit, Reason, Rule, Step
from service import taal
from service.bericht import berichten
from service.bericht.mail.brief import brief
from service.bericht.meldingen import IJW, ZINNEN
from service.db import Rol
from service.errors import CONSTRAINTS, refusal
from service.rang import catalogue
from tests import catalogi, make

TODAY = date(2026, 11, 23)

NAMES = {("zorgvorm", "a"): "‹a›", ("kenmerk", "a"): "‹a›", ("medisch", "a"): "‹a›"}

SOON = TODAY.toordinal() + 40

REASONS: dict[Rule, list[dict[str, Any]]] = {
    Rule.ZORGVORM: [{"zorgvorm": "a"}],
    Rule.LEEFTIJD: [{"van": 30, "tot": 100, "maanden": 2}, {"van": 0, "tot": 1, "maanden": 30}],
    Rule.GESLACHT: [{"groepssoort": one} for one in ("gemengd", "meisjes", "jongens")],
    Rule.JURIDISCH_KADER: [{}],
    Rule.MACHTIGING: [{"gesloten": True}, {"gesloten": False, "zorgvorm": "a"}],
    Rule.PERIODE: [
        {"gevraagd": SOON, "dagen_later": 100},
        {"vrij_van": None},
        {"vrij_van": SOON, "vrij_tot": SOON + 9, "dagen_later": 1, "dagen_korter": 20},
        {"vrij_van": 1, "vrij_tot": None},
    ],
    Rule.BEDDEN: [{"bedden": number, "nodig": 3} for number in (0, 1, 2)],
    Rule.TOEGANKELIJKHEID: [{}],
    Rule.MEDISCH: [{"ontbreekt": ["a", "a"]}],
    Rule.CONTRA_INDICATIE: [{"kenmerken": ["a"]}],
    Rule.GROEPSMIX: [{"kenmerken": ["a"], "leeftijdsverschil": 61, "maximum": 60}],
    Rule.REGIO: [{}],
    Rule.REISTIJD: [{"minuten": 12.0, "maximum": 10}, {"minuten": float("nan"), "maximum": 10}],
    Rule.VEILIGHEID: [{"soort": one} for one in ("aanbieder", "voorziening", "gebied")],
    Rule.GESTOPT: [{"stop_tot": None}, {"stop_tot": SOON}],
    Rule.ONBEMENST: [{}],
    Rule.BESLUIT: [{"vanaf": SOON}, *({"vanaf": None, "reden": one} for one in (*catalogue.NEE, "anders"))],
}
"""Each way in which a rule is told."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("locale")
    catalogi.make(made, "qps", catalogi.bracketed)
    return made


@pytest.fixture(autouse=True)
def brackets(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with catalogi.spoken(folder, "qps", monkeypatch):
        yield


def forgotten(sentences: list[str]) -> list[str]:
    return [said for said in sentences if catalogi.LETTERS.search(catalogi.outside(said))]


def test_every_reason_of_the_catalogue_can_be_translated() -> None:
    """Of each rule each way to say it, to a place that may be known and one that may not."""
    assert set(REASONS) == set(Rule)
    said = [
        catalogue.reason(Reason(rule, params), NAMES, TODAY, exact=exact)
        for rule, several in REASONS.items()
        for params in several
        for exact in (True, False)
    ]
    tables = (catalogue.BANDS, catalogue.CRITERIA, catalogue.RULES, catalogue.MARKS, catalogue.UNKNOWNS)
    said += [text for table in tables for text in table.values()]
    said += catalogue.rule_names({Rule.VEILIGHEID: 1}, 1, Rol.VERWIJZER)

    assert forgotten(said) == []


def fit(**values: float) -> Fit:
    known = {Criterium(name): value for name, value in values.items()}
    return Fit(
        plek="p", voorziening="v", score=50, band=Band.PAST, start=SOON, contributions=dict.fromkeys(known, 0.0),
        values=known, reistijd=dict.fromkeys(Anker, 12.4), unknown=(), marks=(), plekken=1,
    )  # fmt: skip


def test_what_speaks_for_a_place_can_be_translated() -> None:
    day = date.fromordinal(SOON)
    several = (
        fit(ondersteuning=1, huiselijkheid=0.9, perspectief=1, samen=1),
        fit(ondersteuning=0.5, huiselijkheid=0.6, perspectief=0.5, samen=0.5),
        fit(ondersteuning=0, huiselijkheid=0.1, perspectief=0),
    )

    said = [
        zin
        for one in several
        for wished in (day, TODAY)
        for zin in catalogue.why(one, day, wished, TODAY, 2, exact=False)
    ]

    assert len(said) > 20 and forgotten(said) == []


def test_what_would_help_can_be_translated() -> None:
    """Each advice, with how much of it, and what it brings to one place and to more."""
    amounts: dict[str, float | str] = {
        "zorgvorm": "a", "groepssoort": "meisjes", "minuten": 7.2, "dagen_later": 3, "dagen_korter": 1, "maanden": 2,
        "plekken": 2,
    }  # fmt: skip
    changes = [
        Change(rules=(rule, Rule.REISTIJD), plekken=n, voorzieningen=n, steps={kind: (Step(amount, 1, 1),)}, places=())
        for n, rule in enumerate(catalogue.ADVICE, 1)
        for kind, amount in amounts.items()
    ]

    said = [text for change in changes for text in (catalogue.advice(change, NAMES), catalogue.opened(change))]

    assert forgotten(said) == []


@pytest.mark.parametrize("soort", [*ZINNEN, berichten.OVERZICHT])
def test_every_mail_can_be_translated(soort: str) -> None:
    """As text and as HTML: what is not the address of a person or a link."""
    given = dict.fromkeys(("dag", "uiterlijk", "referentie"), "‹x›")
    letter = brief(
        UUID(int=1), van="loket@l.example", aan="s@t.example", zin=berichten.zin(soort, given if soort in IJW else {}),
        regels=[(berichten.zin(one, {}), 2) for one in ZINNEN], link="‹https://l.example›", knop="‹Lees›",
        instellingen="‹https://l.example›", op=make.NOW,
    )  # fmt: skip

    mail = message_from_bytes(letter, policy=policy.default)
    html, text = (mail.get_body((kind,)) for kind in ("html", "plain"))
    assert html is not None and text is not None

    assert catalogi.unmarked(html.get_content()) == []
    assert forgotten(text.get_content().splitlines()) == []
    assert mail["Subject"].startswith("⟦Eén loket⟧: ⟦")


def test_every_refusal_of_the_database_can_be_translated() -> None:
    assert forgotten([refusal(constraint).detail for constraint in CONSTRAINTS]) == []


SERVICE = Path(taal.__file__).parent

UNSAID = ("backup", "commands", "demo", "embedded", "geo", "intake", "observe", "privacy", "worker")
"""Packages of which only a console, a log or the report of an import tells."""

NOT_ON_A_SCREEN = {
    "app.py": "when the service starts",
    "bus.py": "when the service starts",
    "db.py": "when the service starts",
    "migrations.py": "the command line",
    "inloggen/demologin.py": "when the demo starts",
    "inloggen/oidcsleutels.py": "when the service starts",
    "regio/regiokeuzes.py": "when the service starts",
    "web/pages/assets.py": "when the service starts",
}

SAYING = {"Refusal": 1, "HttpRefusal": 1, "FieldError": 2}
"""What is refused: which argument says why."""


def raw(source: str) -> Iterator[int]:
    """Lines where a refusal says something that is not marked."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYING:
            says = node.args[SAYING[node.func.id]] if len(node.args) > SAYING[node.func.id] else None
            if isinstance(says, ast.Constant | ast.JoinedStr | ast.BinOp):
                yield node.lineno


def test_every_refusal_that_reaches_a_screen_is_marked() -> None:
    """What somebody reads who may not do something, or filled something in wrongly."""
    found = []
    for path in SERVICE.rglob("*.py"):
        name = path.relative_to(SERVICE).as_posix()
        if not name.startswith(UNSAID) and name not in NOT_ON_A_SCREEN:
            found += [f"{name}:{line}" for line in raw(path.read_text(encoding="utf-8"))]

    assert found == []


def test_a_refusal_that_is_not_marked_is_found() -> None:
    assert list(
        raw('raise Refusal(Kind.CONFLICT, "Dit kan niet.")\nraise Refusal(Kind.CONFLICT, gettext("Dit kan niet."))')
    ) == [1]
    assert list(raw('FieldError("/a", "b", f"Geef {x}.")')) == [1]


def test_what_is_shown_and_not_marked_is_found() -> None:
    """The proof of the proof: a text, an attribute and a part of a sentence that no catalogue was asked for."""
    page = (
        "<p>⟦Goed⟧ <b>Vergeten</b> ⟦van <strong>a</strong> naar⟧</p>"
        "<a aria-label='Ook dit'>⟦x ⟦y⟧⟧</a><p>⟦van⟧ 3 tot ‹Naam›</p><code>loket</code>"
    )

    assert catalogi.unmarked(page) == ["Vergeten", "Ook dit", "⟦van⟧ 3 tot ‹Naam›"]


CODE = re.compile(r"\b[a-z]+_[a-z_]+\b")


def test_no_sentence_says_a_code() -> None:
    """`draag_over` is for a program: people read what it is called."""
    said = [
        (path.name, node.lineno, node.args[0].value)
        for path in sorted((catalogi.ROOT / "service").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in ("gettext", "later", "ngettext") and isinstance(node.args[0], ast.Constant)
    ]
    assert len(said) > 1000
    assert [one for one in said if CODE.search(re.sub(r"%\(\w+\)s", "", str(one[2])))] == []
