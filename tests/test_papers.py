"""The papers for the security officer and the privacy officer say what the code says, and name what is there."""

from __future__ import annotations

import csv
import re

import pytest
from msgspec import structs

from service.log.doelen import VERWERKINGEN
from service.privacy.bewaren import Bewaartermijnen
from tests.conftest import ROOT

PAPERS = ("asvs.md", "beveiliging.md", "privacy.md", "toegang.md", "koppelen.md")
JUDGEMENTS = {"ja", "deels", "nee", "uitvoering", "n.v.t."}

SHARED = ROOT.parent / "shared" / "standards" / "owasp-asvs-5.0.0.csv"


def text_of(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def points() -> list[tuple[str, str, str]]:
    """Number, judgement and why."""
    return re.findall(r"^\| (V[\d.]+) \| ([^|]+) \| (.*) \|$", text_of("asvs.md"), re.MULTILINE)


@pytest.mark.parametrize("paper", PAPERS)
def test_every_file_and_test_that_a_paper_names_is_there(paper: str) -> None:
    named = re.findall(
        r"`((?:tests|service|docs|deploy)/[\w./-]+|[\w.-]+\.(?:toml|lock|sql))(?:::(\w+))?`", text_of(paper)
    )
    links = re.findall(r"\]\(([^)#:]+)\)", text_of(paper))

    assert [path for path, _ in named if not (ROOT / path).exists()] == []
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
    assert [test for path, test in named if test and f"def {test}(" not in (ROOT / path).read_text()] == []


def test_each_point_of_the_asvs_has_one_judgement_and_a_reason() -> None:
    """What is said to be done names the test or the file that shows it."""
    numbers = [number for number, _, _ in points()]

    assert len(numbers) == len(set(numbers)) == 253
    assert {judgement for _, judgement, _ in points()} == JUDGEMENTS
    assert [number for number, judgement, why in points() if judgement == "ja" and "`" not in why] == []
    assert [number for number, _, why in points() if len(why) < 15 and not re.fullmatch(r"Zie V[\d.]+\.", why)] == []


def test_the_counts_above_the_asvs_are_right() -> None:
    told = dict(re.findall(r"^\| ([\w.]+) \| [^|]+ \| (\d+) \|$", text_of("asvs.md"), re.MULTILINE))
    counted = [judgement for _, judgement, _ in points()]

    assert told == {judgement: str(counted.count(judgement)) for judgement in JUDGEMENTS}


@pytest.mark.shared
def test_the_points_are_those_of_level_1_and_2() -> None:
    with SHARED.open(encoding="utf-8-sig") as file:
        asked = {row["req_id"] for row in csv.DictReader(file) if row["L"] in ("1", "2")}

    assert {number for number, _, _ in points()} == asked


def test_the_register_has_the_activities_that_the_log_has() -> None:
    listed = re.findall(
        r"^\| `(\w+)` \|", text_of("privacy.md").partition("## Register")[2].partition("## Hoe lang")[0], re.MULTILINE
    )

    assert sorted(listed) == sorted(VERWERKINGEN)


def test_the_terms_are_the_defaults_of_the_code() -> None:
    told = dict(re.findall(r"^\| `((?:bewaar|inzage)_\w+)` \| (\d+) \|", text_of("privacy.md"), re.MULTILINE))

    assert told == {field.name: str(field.default) for field in structs.fields(Bewaartermijnen)}
