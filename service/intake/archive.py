"""The zip around a workbook: nothing in it reaches openpyxl before it is known to stay small once unpacked.

openpyxl opens whatever it is given, and makes objects that are tens of times as large as the XML.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from defusedxml import DTDForbidden
from defusedxml.ElementTree import iterparse

from service.errors import Kind, Refusal

MAX_PARTS = 1_000
MAX_UNPACKED = 100 * 1024 * 1024
MAX_RATIO = 400
"""Of a part of more than 1 MB. A sheet of equal rows packs to about a hundredth; a bomb to a thousandth."""
MAX_WHOLE = 2 * 1024 * 1024
"""Of a part that is read in one go, as openpyxl does with the styles and the list of sheets."""
MAX_RUN = 1024 * 1024
"""Bytes from one row, or one text, to the next."""
MAX_ELEMENTS = 1_048_576
"""Rows that Excel can hold; of texts no more either."""
CHUNK = 64 * 1024


class Archive(zipfile.ZipFile):
    """A zip that was unpacked once to see that it can be, and gives its parts in bounded amounts.

    Raises Refusal for what is not a workbook or is too big, and what zipfile and zlib raise when it is damaged.
    """

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content))
        self._refuse_other_kinds()
        self._refuse_bombs()

    def read(self, name: str | zipfile.ZipInfo, pwd: bytes | None = None) -> bytes:
        """A whole part, refused when it is large or declares entities."""
        part = name if isinstance(name, zipfile.ZipInfo) else self.getinfo(name)
        if part.file_size > MAX_WHOLE:
            raise _too_big()
        content = super().read(part, pwd)
        if b"<!DOCTYPE" in content:
            raise DTDForbidden(part.filename, None, None)
        return content

    def elements(self, part: str, tag: str, *, end: str) -> Iterator[Any]:
        """Each element `tag` of a part, one at a time, up to the end of the element around them."""
        count = 0
        with self.open(part) as stream:
            run = _Run(stream)
            for _, element in iterparse(run, forbid_dtd=True):
                if element.tag == tag:
                    count += 1
                    if count > MAX_ELEMENTS:
                        raise _too_big()
                    yield element
                    element.clear()
                    run.left = MAX_RUN
                elif element.tag == end:
                    return
        raise ValueError(f"no {end} in {part}")

    def _refuse_other_kinds(self) -> None:
        names = set(self.namelist())
        if "mimetype" in names and "content.xml" in names:
            raise Refusal(Kind.INVALID, "Dit is een OpenDocument-bestand (.ods). Bewaar het als .xlsx of als .csv.")
        if any(name.lower().endswith("vbaproject.bin") for name in names):
            raise Refusal(Kind.INVALID, "In dit bestand zitten macro's (.xlsm). Bewaar het als .xlsx, zonder macro's.")
        if "xl/workbook.bin" in names:
            raise Refusal(Kind.INVALID, "Dit is een binair Excel-bestand (.xlsb). Bewaar het als .xlsx of als .csv.")
        if "[Content_Types].xml" not in names:
            raise Refusal(
                Kind.INVALID, "Dit is een zip-bestand zonder Excel-werkmap. Pak het uit en stuur het rekenblad zelf."
            )

    def _refuse_bombs(self) -> None:
        """Looks at what the directory says, then unpacks all of it once to see that it is true."""
        parts = self.infolist()
        if len(parts) > MAX_PARTS or len(set(self.namelist())) < len(parts):
            raise _too_big()
        if sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise _too_big()
        if any(part.file_size > max(1024 * 1024, MAX_RATIO * part.compress_size) for part in parts):
            raise _too_big()
        left = MAX_UNPACKED
        for part in parts:
            with self.open(part) as stream:
                while chunk := stream.read(CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        raise _too_big()


class _Run:
    """Gives a parser what it reads of a part, as long as it comes to an element in time."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.left = MAX_RUN

    def read(self, size: int = CHUNK) -> bytes:
        self.left -= size
        if self.left < 0:
            raise _too_big()
        return self.stream.read(size)


def _too_big() -> Refusal:
    return Refusal(
        Kind.TOO_LARGE,
        "Het bestand wordt uitgepakt veel te groot. Bewaar alleen het blad met de lijst in een nieuw bestand.",
    )
