"""/v1/invoer: read in a spreadsheet. First as a trial, then again with the fingerprint that the trial gave.

Nothing is kept in between. What a trial shows, the second request computes again in its own transaction; when that
would do something else by then, it is refused (412).
"""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Annotated

import multipart  # type: ignore[import-untyped]  # what Litestar itself reads forms with; has no types
from msgspec import Meta, Struct

from service.errors import FieldError, Kind, Refusal
from service.intake import preview, soorten
from service.intake.cells import shown
from service.intake.preview import Context, Rejected, Voorbeeld
from service.intake.reading import MAX_BYTES
from service.intake.soorten import SOORTEN, Soort
from service.intake.template import MEDIA_TYPE, template
from service.taal import gettext
from service.web.operation import Answer, Call, Operation, get, nobody

TAG = "invoer"

FORM = "multipart/form-data"

AT_ONCE = 2
"""Files that one process reads at the same time: each takes a core and up to some hundreds of megabytes."""

NAMES = ("bestand", "blad", "vingerafdruk")

FORM_SCHEMA = {
    "type": "object",
    "required": ["bestand"],
    "properties": {
        "bestand": {
            "type": "string",
            "contentMediaType": "application/octet-stream",
            "description": "De lijst, als .xlsx of .csv; hooguit 10 MB.",
        },
        "blad": {"type": "string", "description": "Naam van het blad. Leeg: het eerste blad met de goede kolommen."},
        "vingerafdruk": {
            "type": "string",
            "description": "Die van het voorbeeld dat u hebt gezien. Verplicht, behalve bij een proef.",
        },
    },
}


class Form(Struct, frozen=True):
    """The fields as they were sent."""

    content: bytes
    name: str
    sheet: str | None
    fingerprint: str


class Query(Struct, forbid_unknown_fields=True):
    proef: Annotated[bool, Meta(description="Toon alleen wat er zou veranderen.")] = False


_busy = asyncio.Semaphore(AT_ONCE)


def _importer(soort: Soort) -> Operation:
    async def take_in(call: Call) -> Answer:
        form = await asyncio.to_thread(_form, call.headers["content-type"], call.body)
        if not call.query.proef and not form.fingerprint:
            reason = "Vraag eerst een voorbeeld met ?proef=true en stuur de vingerafdruk daarvan mee."
            raise _wrong("vingerafdruk", "verplicht", reason)
        return Answer(body=await _run(soort, call, form))

    name = soort.table.soort
    return Operation(
        method="POST",
        path=f"/invoer/{name}",
        handler=take_in,
        id=f"leesIn{name.capitalize()}",
        tag=TAG,
        summary=f"Lees een lijst in: {name}",
        description=(
            "Alles of niets. Vraag eerst een voorbeeld met `proef=true`; stuur dan hetzelfde bestand nog eens met de "
            "`vingerafdruk` daaruit. Elke foute cel staat in `errors`, als `/rijen/{rij}/{kolom}`. Dezelfde lijst nog "
            "eens inlezen verandert niets."
        ),
        query=Query,
        body=bytes,
        form=FORM_SCHEMA,
        consumes=(FORM,),
        limit=MAX_BYTES + 64 * 1024,
        answer=Voorbeeld,
        refuses=(409, 412),
    )


async def _run(soort: Soort, call: Call, form: Form) -> Voorbeeld:
    if _busy.locked():
        raise Refusal(
            Kind.UNAVAILABLE, gettext("Er worden al bestanden ingelezen. Probeer het over een minuut nog eens.")
        )
    async with _busy:
        parsed = await soorten.read(soort, form.content, form.name, sheet=form.sheet)
        if call.query.proef:
            shown = await preview.preview(call.conn, soort.planner, parsed, _context(call, lock=False))
            if shown.fouten:
                raise _rejected(Rejected(shown))
            return shown
        try:
            context = _context(call, lock=True)
            return await preview.apply(call.conn, soort.planner, parsed, context, form.fingerprint)
        except Rejected as rejected:
            raise _rejected(rejected) from rejected


def _context(call: Call, *, lock: bool) -> Context:
    return Context(call.wie, call.now, lock=lock, betrokkenen=call.betrokkenen)


def _rejected(rejected: Rejected) -> Refusal:
    """Every wrong cell as an error of the problem."""
    fields = []
    for fout in rejected.voorbeeld.fouten:
        column = (fout.kolom or "").replace("~", "~0").replace("/", "~1")
        where = (
            f"Rij {fout.rij}, kolom {fout.kolom}" if fout.rij and fout.kolom else f"Rij {fout.rij}" if fout.rij else ""
        )
        value = f" ({fout.waarde})" if fout.waarde else ""
        pointer = "/rijen" + (f"/{fout.rij}" if fout.rij else "") + (f"/{column}" if column else "")
        fields.append(
            FieldError(
                pointer,
                fout.code,
                gettext("%(where)s%(value)s: %(reden)s", where=where, value=value, reden=fout.reden)
                if where
                else fout.reden,
            )
        )
    return Refusal(Kind.INVALID, rejected.detail, tuple(fields))


def _form(content_type: str, body: bytes) -> Form:
    """The fields of a form. Refuses INVALID for what is not one, and for fields that do not exist."""
    _, options = multipart.parse_options_header(content_type)
    room = len(body) + 1
    fields: dict[str, multipart.MultipartPart] = {}
    try:
        parser = multipart.MultipartParser(
            BytesIO(body), options.get("boundary", ""), part_limit=10, memory_limit=room, spool_limit=room, strict=True
        )
        for part in parser:
            if part.name in fields:
                raise _wrong(part.name, "dubbel", "Stuur dit veld één keer.")
            fields[part.name] = part
    except (multipart.MultipartError, UnicodeError):
        reason = "Het formulier is niet te lezen. Stuur multipart/form-data met een veld bestand."
        raise Refusal(Kind.INVALID, reason) from None
    for name in fields.keys() - NAMES:
        raise _wrong(name, "onbekend", f"Dit veld bestaat niet. Stuur {', '.join(NAMES)}.")
    if "bestand" not in fields:
        raise _wrong("bestand", "verplicht", "Stuur het bestand mee in het veld bestand.")

    def text(name: str) -> str:
        return fields[name].raw.decode("utf-8", "replace").strip() if name in fields else ""

    file = fields["bestand"]
    return Form(file.raw, shown(file.filename or "bestand"), text("blad") or None, text("vingerafdruk"))


def _wrong(name: str, code: str, detail: str) -> Refusal:
    return Refusal(Kind.INVALID, detail, (FieldError(f"/{name}", code, detail),))


def _template(soort: Soort) -> Operation:
    name = soort.table.soort

    async def download(_: Call) -> Answer:
        content = await asyncio.to_thread(template, soort.table)
        return Answer(body=content, headers={"Content-Disposition": f'attachment; filename="{name}.xlsx"'})

    return get(
        f"/invoer/{name}/sjabloon",
        download,
        id=f"haalSjabloon{name.capitalize()}",
        tag=TAG,
        summary=f"Leeg voorbeeld van een lijst: {name}",
        description="Met uitleg en keuzelijsten.",
        produces=MEDIA_TYPE,
        betrokkenen=nobody,
    )


OPERATIONS = tuple(operation for soort in SOORTEN.values() for operation in (_importer(soort), _template(soort)))
