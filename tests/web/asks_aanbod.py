"""What is asked about places that go (tests/model_aanbod.py), and voorstellen prepared from a plan."""

from __future__ import annotations

from random import Random

from tests import model
from tests.model import DAY, A, C, S, V
from tests.web.asks import Ask, World, each, kind, lately, said


@kind
def sluit_uit(w: World, r: Random) -> Ask | None:
    """Rather where something is held or proposed for it, or where it lives."""
    child, wie = w.kind(r), w.person(r, S, V, V, C)
    if child is None:
        return None
    mine = [b.plek for b in w.loket.bezetting.values() if b.kind == child.id and not b.vrij]
    plek = lately(r, mine) if mine and r.randrange(3) else r.choice(w.plekken)
    assert plek is not None
    unit = w.loket.voorzieningen[w.loket.plekken[plek]]
    soort = r.choice(("voorziening", "voorziening", "aanbieder", "niets"))
    out = {"voorziening": unit.id, "aanbieder": unit.aanbieder}
    uit = [] if soort == "niets" else [{"soort": soort, f"{soort}Id": out[soort]}]
    return Ask(
        wie, "sluit_uit" if uit else "sluit_niet_uit", f"/aanvragen/{child.id}", {"uitsluitingen": uit},
        lambda answer: w.loket.sluit_uit(wie, child.id, {out[soort]} if uit else set(), answer),
        about=[child.id], method="PATCH",
    )  # fmt: skip


@kind
def beeindig(w: World, r: Random) -> Ask | None:
    """Not everybody stops."""
    if sum(not one.terug for one in w.loket.beeindigingen.values()) >= 2:
        return None
    units = [one for one in w.loket.voorzieningen.values() if one.regio == model.HIER]
    unit = r.choice(units[1:])
    wie = w.person(r, S, S, S, A)
    per = w.day(r.choice((-1, 0, 3, 20, 60)))
    voorziening = unit.id if r.randrange(4) else None
    body = said(aanbiederId=unit.aanbieder, voorzieningId=voorziening, per=per, reden="faillissement")
    return Ask(
        wie, "beeindig", "/beeindigingen", body,
        lambda answer: w.loket.beeindig(wie, unit.aanbieder, voorziening, per, answer),
    )  # fmt: skip


@kind
def neem_terug(w: World, r: Random) -> Ask | None:
    """It does not stop after all."""
    one = lately(r, list(w.loket.beeindigingen.values()))
    if one is None:
        return None
    theirs = [person for person in w.people if person.org == one.aanbieder]
    wie = theirs[0] if one.door == A and r.randrange(2) else w.person(r, S, S, A, C, daar=True)
    return Ask(
        wie, "neem_terug", f"/beeindigingen/{one.id}/stappen", {"stap": "neem_terug", "reden": "Er is toch personeel."},
        lambda answer: w.loket.neem_terug(wie, one.id, answer),
    )  # fmt: skip


@each("uitloop", "overdracht")
def besluit(w: World, r: Random, name: str) -> Ask | None:
    """Of who lives there."""
    id = lately(r, list(w.loket.overdrachten))
    if id is None:
        return None
    wie, weg = w.person(r, S, S, S, C, daar=True), w.loket.overdrachten[id]
    per = w.loket.beeindigingen[weg.beeindiging].per
    tot = max(per, w.loket.dag) + r.choice((0, 10, 40)) * DAY if (name == "uitloop") == bool(r.randrange(8)) else None
    kind = w.loket.bezetting[id].kind
    return Ask(
        wie, name, f"/beeindigingen/{weg.beeindiging}/overdrachten/{id}/besluiten", said(besluit=name, uitloopTot=tot),
        lambda answer: w.loket.besluit(wie, id, name, tot, answer), about=[] if kind is None else [kind],
    )  # fmt: skip


@kind
def uit_plan(w: World, r: Random) -> Ask | None:
    """Of a plan that puts some children somewhere: whole families, mostly."""
    wie, places = w.person(r, S, S, S, C), r.sample(w.plekken, len(w.plekken))
    several = [one for one in w.loket.kinderen.values() if one.status in model.OPEN or not r.randrange(8)]
    planned = several if r.randrange(4) else several[1:]
    lines = dict(
        zip((one.id for one in planned), ((plek, w.day(r.choice((0, 1, 5)))) for plek in places), strict=False)
    )
    chosen = r.sample(sorted(lines, key=list(lines).index), min(len(lines), r.choice((1, 1, 2))))
    if not r.randrange(6):
        chosen += [one.id for one in several if one.id not in lines][:1]
    if not chosen:
        return None
    return Ask(
        wie, "uit_plan", "/plannen/{plan}/voorstellen", {"aanvraagIds": chosen},
        lambda answer: w.loket.uit_plan(wie, lines, chosen, answer), about=chosen, plan=lines,
    )  # fmt: skip
