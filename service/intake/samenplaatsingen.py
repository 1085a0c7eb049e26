"""Rows of aanvragen with the same mark under "samen met": broers en zussen who look for a place together."""

from __future__ import annotations

from uuid import UUID

from msgspec import Struct

from service.aanvraag import samenplaatsingen
from service.db import Connection
from service.intake.cells import key
from service.intake.preview import Veld
from service.intake.rows import Item
from service.intake.tables import Parsed


class Samen(Struct):
    """The samenplaatsing of some rows; its id is None as long as it must be made."""

    organisatie_id: UUID
    id: UUID | None


def organisatie_id(item: Item) -> UUID:
    """The verwijzer of an aanvraag."""
    return item.current.organisatie_id if item.current else item.wanted["organisatie_id"]  # type: ignore[no-any-return]


def put_together(parsed: Parsed, items: list[Item]) -> None:
    """Gives each aanvraag that comes to belong to a samenplaatsing that one as `data`, and shows with whom."""
    marked: dict[str, list[Item]] = {}
    for item in items:
        if (mark := item.record.get("samen met")) is not None:
            marked.setdefault(key(mark), []).append(item)
    for together in marked.values():
        existing = {item.current.samenplaatsing_id for item in together if item.current} - {None}
        organisaties = {organisatie_id(item) for item in together}
        code, reason = "", ""
        if len(together) < 2 and not existing:
            code, reason = "alleen", "Geen andere rij heeft dit teken. Samen zoeken kan met twee of meer."
        elif len(existing) > 1:
            code, reason = "twee_groepen", "Deze aanvragen horen in het loket bij verschillende samenplaatsingen."
        elif len(organisaties) > 1:
            code, reason = "twee_verwijzers", "Samen zoeken kan alleen binnen één organisatie."
        if reason:
            parsed.fault(together[0].record, "samen met", code, reason)
            continue
        samen = Samen(organisaties.pop(), next(iter(existing), None))
        for item in together:
            if item.current is None or item.current.samenplaatsing_id is None:
                item.data = samen
                others = [other.record.get("kenmerk") for other in together if other is not item]
                item.extra = (Veld("samen met", None, ", ".join(others)),)


async def made(conn: Connection, samen: Samen) -> UUID:
    """The id of the samenplaatsing, made for the first aanvraag that needs it."""
    if samen.id is None:
        nieuw = samenplaatsingen.NieuweSamenplaatsing(organisatie_id=samen.organisatie_id)
        samen.id = (await samenplaatsingen.add(conn, nieuw)).id
    return samen.id
