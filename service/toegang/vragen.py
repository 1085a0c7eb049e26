"""That the tables are complete: who may ask it, and who sees what is answered, is said of everything there is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from service.toegang import narrowing, velden
from service.toegang.handelingen import BY_ID, OPENBAAR


class Vraag(Struct, frozen=True):
    """An operation or page that exists: what it answers, and whether it changes that."""

    id: str
    antwoord: Any = None
    wijzigt: bool = False


def check(vragen: Iterable[Vraag]) -> None:
    """ValueError, naming it, when something that can be asked has no line, a line has nothing that can be asked, or
    an answer has a field of which nobody said who sees it."""
    there = {vraag.id: vraag for vraag in vragen}
    known = BY_ID.keys() | OPENBAAR.keys()
    if there.keys() != known:
        missing, empty = sorted(there.keys() - known), sorted(known - there.keys())
        raise ValueError(f"service/toegang: no line for {missing}; nothing to ask for {empty}")
    shapes = {part for vraag in there.values() if vraag.antwoord for part in narrowing.structs(vraag.antwoord)}
    for shape in shapes | velden.VELDEN.keys():
        velden.check_named(shape)
    for id, regel in BY_ID.items():
        vraag = there[id]
        for rol in regel.voor if vraag.antwoord else ():
            velden.verbergt(rol, vraag.antwoord)  # ValueError when what must be hidden cannot be
            if vraag.wijzigt and narrowing.inside(vraag.antwoord, velden.sees(rol)):
                raise ValueError(f"service/toegang: {rol} may do {id}, so must see a list that it replaces as a whole")
