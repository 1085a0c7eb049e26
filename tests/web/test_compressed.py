"""Pages as they go over the line: smaller for who can read that, and of a length that tells nothing."""

from __future__ import annotations

import gzip

import httpx
import pytest

from service.web.compressed import NAME, SMALLEST, gzipped

PAGE = b"<p>Een pagina.</p>" * 100


def test_what_is_compressed_is_the_same_again() -> None:
    assert gzip.decompress(gzipped(PAGE)) == PAGE


def test_the_length_of_a_page_differs_each_time() -> None:
    """So that who chooses a part of it cannot measure whether that stands in it already (BREACH)."""
    lengths = {len(gzipped(PAGE)) for _ in range(500)}
    assert max(lengths) - min(lengths) > NAME // 2


@pytest.mark.parametrize(("reads", "packed"), [("gzip, deflate, br", "gzip"), ("identity", None), ("", None)])
async def test_a_page_is_compressed_for_who_says_that_it_can_read_that(
    api: httpx.AsyncClient, reads: str, packed: str | None
) -> None:
    """And says how long it is on the line."""
    async with api.stream("GET", "/", headers={"Accept-Encoding": reads}) as answer:
        sent = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == packed
    assert int(answer.headers["content-length"]) == len(sent)
    whole = gzip.decompress(sent) if packed else sent
    assert whole.rstrip().endswith(b"</html>") and len(whole) >= SMALLEST


async def test_head_does_not_tell_the_length_of_a_page_that_would_be_compressed(api: httpx.AsyncClient) -> None:
    answer = await api.head("/", headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200 and "content-length" not in answer.headers


async def test_what_is_no_page_goes_as_it_is(api: httpx.AsyncClient) -> None:
    """The API, and a file of the browser that was compressed when it was built."""
    style = (await api.get("/")).text.split('rel="stylesheet" href="', 1)[1].split('"', 1)[0]
    assert "content-encoding" not in (await api.get("/v1/zorgvormen")).headers
    assert (await api.get(style)).text.startswith("/*!")
