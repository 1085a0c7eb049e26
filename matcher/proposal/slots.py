"""Beds that are the same to every child asked for, as one slot; and what people and opties say of beds by name.

Same: of one voorziening, free on the same days as far as these children reach, and as recently confirmed as the score
can tell. A bed that is fixed, forbidden or held by an optie is a slot by itself; beds kept for crisis are apart.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from msgspec import Struct, structs

from matcher.aanbod import Aanbod, Bools, Rows, Vensters
from matcher.pairs import NOBODY, Ints
from matcher.problem import Aanvraag, Weging, require

Link: TypeAlias = tuple[str, str]
"""Id of an aanvraag, and of a plek or (vast, verboden) a voorziening."""


class Said(Struct, frozen=True, eq=False):
    """Numbers of children, plekken and rows of Vensters for what was said in ids."""

    vast: dict[int, Rows]
    """Per child the windows where it must be …"""
    verboden: dict[int, Rows]
    """… and those where it may not."""
    optie: dict[int, int]
    """Per plek the child for whom it is held."""
    meant: Ints
    """Per plek the child to whom an optie or a person gives it, or NOBODY."""
    own: Bools
    """Per plek: it is a slot by itself."""
    kept: Bools
    """Per plek: it is kept for crisis."""


class Slots(Struct, frozen=True, eq=False):
    """S slots of an aanbod."""

    aanbod: Aanbod
    """With one window per slot: that of its first bed. Only good for `fits`."""
    bed: Rows
    """Rows in Vensters of the whole aanbod: all beds, those of a slot together …"""
    first: Ints
    """(S + 1,) … from here on."""
    of: Rows
    """Per row in Vensters its slot, or NOBODY."""
    room: Ints
    """(S,) beds."""
    meant: Ints
    """(S,) the child to whom an optie or a person gives it, or NOBODY."""
    kept: Bools
    """(S,) for crisis."""


def said(
    aanbod: Aanbod,
    children: Mapping[str, int],
    *,
    voor_crisis: Collection[str],
    opties: Collection[Link],
    vast: Collection[Link],
    verboden: Collection[Link],
) -> Said:
    """ValueError for an id that is not there, a plek with opties of two children, a child that is fixed twice."""
    v = aanbod.vensters
    plekken = {str(id): at for at, id in enumerate(v.id[aanbod.eerste].tolist())}
    units = {str(id): at for at, id in enumerate(aanbod.profielen.id.tolist())}
    kept, own = (np.zeros(aanbod.plekken, np.bool_) for _ in range(2))
    meant = np.full(aanbod.plekken, NOBODY)

    def child(name: str, id: str) -> int:
        require(id in children, name, f"aanvraag {id} is not asked for")
        return children[id]

    def rows(name: str, id: str) -> Rows:
        """Of a plek or a voorziening."""
        if id in plekken:
            own[plekken[id]] = True
            return np.flatnonzero(v.plek == plekken[id])
        require(id in units, name, f"plek or voorziening {id} is not in the aanbod")
        return np.flatnonzero(v.voorziening == units[id])

    for id in voor_crisis:
        require(id in plekken, "voor_crisis", f"plek {id} is not in the aanbod")
        kept[plekken[id]] = True
    fixed: dict[int, Rows] = {}
    for who, id in dict.fromkeys(vast):
        require(child("vast", who) not in fixed, f"vast: aanvraag {who}", f"is fixed to {id} and somewhere else")
        fixed[children[who]] = rows("vast", id)
        if id in plekken:
            meant[plekken[id]], kept[plekken[id]] = children[who], False
    banned: dict[int, Rows] = {}
    for who, id in dict.fromkeys(verboden):
        gone = [banned[at]] if (at := child("verboden", who)) in banned else []
        banned[at] = np.concatenate((*gone, rows("verboden", id)))
    held: dict[int, int] = {}
    for who, id in dict.fromkeys(opties):
        require(id in plekken, "opties", f"plek {id} is not in the aanbod")
        require(plekken[id] not in held, f"opties: plek {id}", "is held for two aanvragen")
        held[plekken[id]] = meant[plekken[id]] = child("opties", who)
        own[plekken[id]], kept[plekken[id]] = True, False
    return Said(fixed, banned, held, meant, own, kept)


def slots(
    aanbod: Aanbod, children: Sequence[Aanvraag], wegingen: Sequence[Weging], now_hour: float, what: Said
) -> Slots:
    """The beds that are staffed and free on some day that one of the children can start."""
    v = aanbod.vensters
    begin = min((child.gewenste_start for child in children), default=0)
    latest = max((child.uiterlijke_datum for child in children), default=0)
    until = max((child.uiterlijke_datum + child.verblijf for child in children), default=0)
    van, tot = np.maximum(v.van, begin), np.minimum(v.tot, until)
    age = now_hour - v.bevestigd_uur
    old = np.isnan(age) | (age >= max((weging.oud_uur for weging in wegingen), default=0.0))
    age = np.where(old, np.inf, np.maximum(age, min((weging.vers_uur for weging in wegingen), default=0.0)))
    own = np.where(what.own[v.plek], v.plek, NOBODY)
    rows = np.flatnonzero(v.bemenst & (van < tot) & (van <= latest))
    keys = [key[rows] for key in (own, what.kept[v.plek], age, tot, van, v.voorziening)]
    order = np.lexsort((v.hash[rows], *keys))
    bed = rows[order]
    new = np.ones(len(bed), np.bool_)
    if len(bed):
        new[1:] = np.any([key[order][1:] != key[order][:-1] for key in keys], axis=0)
    first = np.append(np.flatnonzero(new), len(bed))
    of = np.full(len(v.id), NOBODY)
    of[bed] = np.cumsum(new) - 1
    stands = bed[first[:-1]]
    plek = v.plek[stands]
    return Slots(_thin(aanbod, stands), bed, first, of, np.diff(first), what.meant[plek], what.kept[plek])


def _thin(aanbod: Aanbod, rows: Rows) -> Aanbod:
    """With these windows only. Every voorziening stays: brothers and sisters may live in one that is full."""
    p, v = aanbod.profielen, aanbod.vensters
    counts = np.bincount(v.voorziening[rows], minlength=len(p.id))
    return structs.replace(
        aanbod,
        profielen=structs.replace(p, row=np.cumsum(counts) - counts, rows=counts),
        vensters=Vensters(**{name: getattr(v, name)[rows] for name in v.__struct_fields__}),
    )
