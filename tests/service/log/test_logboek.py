"""Trace Context (W3C): the trace of the caller when it is valid, else one of our own."""

from __future__ import annotations

import pytest

from service.log.logboek import spoor

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    "header", [f"00-{TRACE}-{PARENT}-01", f"00-{TRACE}-{PARENT}-00", f"cc-{TRACE}-{PARENT}-01-more"]
)
def test_a_valid_traceparent_is_followed(header: str) -> None:
    """Its trace, under a span of ours; a later version may say more."""
    found = spoor(header)

    assert (found.trace_id, found.ouder_span_id) == (TRACE, PARENT)
    assert found.span_id != PARENT and len(found.span_id) == 16
    assert str(found.id).replace("-", "") == TRACE


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "x",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01-more",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}",
        f"00-{TRACE}-{PARENT}-01, 00-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01\n",
    ],
)
def test_anything_else_begins_a_new_trace(header: str | None) -> None:
    """Never the same twice."""
    first, second = spoor(header), spoor(header)

    assert TRACE not in (first.trace_id, second.trace_id)
    assert first.ouder_span_id is None
    assert len({first.trace_id, second.trace_id, first.span_id, second.span_id}) == 4
    assert int(first.trace_id, 16) and int(first.span_id, 16)
