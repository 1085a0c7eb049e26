"""Reading Accept and Content-Type as RFC 9110 says."""

from __future__ import annotations

import pytest

from service.web.headers import accepts, media_type

JSON = "application/json"


@pytest.mark.parametrize(
    ("accept", "passes"),
    [
        (None, True),
        ("", True),
        ("application/json", True),
        ("APPLICATION/JSON", True),
        ("application/json; charset=utf-8", True),
        ("text/html, application/json;q=0.1", True),
        ("*/*", True),
        ("application/*;q=0.5", True),
        ("text/html", False),
        ("application/jsonx", False),
        ("application/json;q=0", False),
        ("*/*, application/json;q=0", False),
        ("application/json;q=0, application/*", False),
        ("application/json;q=abc", False),
    ],
)
def test_the_most_specific_range_decides(accept: str | None, passes: bool) -> None:
    """Section 12.5.1: quality 0 is "not acceptable", whatever a wider range says."""
    assert accepts(accept, JSON) is passes


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        (None, None),
        ("application/json", JSON),
        ("Application/JSON ; Charset=UTF-8", JSON),
        ('application/json; charset="utf-8"', JSON),
        ("application/json; charset=latin-1", None),
        ("multipart/form-data; boundary=x", "multipart/form-data"),
    ],
)
def test_a_content_type_counts_without_its_parameters_when_it_is_utf_8(
    content_type: str | None, kind: str | None
) -> None:
    """JSON is UTF-8 (RFC 8259 section 8.1)."""
    assert media_type(content_type) == kind
