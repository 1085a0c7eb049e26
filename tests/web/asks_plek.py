"""What an aanbieder says of its plekken (tests/model_plek.py)."""

from __future__ import annotations

from random import Random

from tests.model import DAY, HOUR, A, C, S
from tests.model_plek import ANTWOORDEN
from tests.web.asks import Ask, World, each, kind, lately, said


@kind
def stop(w: World, r: Random) -> Ask | None:
    if sum(not b.vrij for b in w.some("stop")) >= 4:
        return None
    plek = r.choice(w.plekken)
    wie = w.provider(plek) if r.randrange(2) else w.person(r, S, A, C, daar=True)
    van = w.day(r.choice((0, 0, 1, 5, 20)))
    tot = van + r.choice((0, 1, 3, 9)) * DAY
    body = said(reden="personeel", van=van, tot=tot)
    return Ask(wie, "stop", f"/plekken/{plek}/stops", body, lambda answer: w.loket.stop(wie, plek, van, tot, answer))


@each("korter", "terug")
def wijzig_stop(w: World, r: Random, name: str) -> Ask | None:
    """Another end; or it is over, or does not begin."""
    one = lately(r, w.some("stop"))
    if one is None:
        return None
    wie = w.provider(one.plek) if r.randrange(2) else w.person(r, S, S, A, C, daar=True)
    beeindigd = name == "terug"
    tot = None if beeindigd == bool(r.randrange(8)) else w.day(r.choice((-1, 0, 2, 8, 30)))
    body = said(tot=tot) | ({"beeindigd": True} if beeindigd else {})
    return Ask(
        wie, f"stop {name}", f"/plekken/{one.plek}/stops/{one.id}", body,
        lambda answer: w.loket.wijzig_stop(wie, one.id, tot, beeindigd=beeindigd, answer=answer), method="PATCH",
    )  # fmt: skip


@kind
def bevestig(w: World, r: Random) -> Ask | None:
    plek, staf = r.choice(w.plekken), r.choice((None, "bemenst", "bemenst", "bemenst", "onbemenst", "in_overleg"))
    wie = w.provider(plek) if r.randrange(3) else w.person(r, S, A, C, daar=True)
    return Ask(
        wie, "bevestig" if staf is None else f"bevestig {staf}", f"/plekken/{plek}/bevestigingen",
        said(beschikbaarheid=staf), lambda answer: w.loket.bevestig(wie, plek, staf, answer),
    )  # fmt: skip


@kind
def bevestig_alles(w: World, r: Random) -> Ask | None:
    """As they were seen a moment ago."""
    aanbieder = w.loket.voorzieningen[w.loket.plekken[r.choice(w.plekken)]].aanbieder
    wie = next(one for one in w.people if one.org == aanbieder) if r.randrange(3) else w.person(r, S, A, C, daar=True)
    gezien = w.loket.now + r.choice((0, 0, 0, -1, -20, 1)) * HOUR
    return Ask(
        wie, "bevestig_alles", f"/aanbieders/{aanbieder}/bevestigingen", {"gezienOp": gezien.isoformat()},
        lambda answer: w.loket.bevestig_alles(wie, aanbieder, gezien, answer),
    )  # fmt: skip


@each(*ANTWOORDEN)
def tik(w: World, r: Random, name: str) -> Ask | None:
    """In a mail: who has the link, is the aanbieder that was asked."""
    found = lately(r, w.links)
    if found is None:
        return None
    path, asked = found
    plek = r.choice(asked.plekken) if r.randrange(12) else r.choice(w.plekken)
    one = None if (name == "klopt" and r.randrange(2)) or not r.randrange(12) else plek
    wie = next(person for person in w.people if person.org == asked.aanbieder)
    return Ask(
        wie, f"tik {name}" if one else f"tik alles {name}", path, said(antwoord=name, plek=one),
        lambda answer: w.loket.tik(asked, name, one, answer), form=True,
    )  # fmt: skip


@each("bewoond", "leeg")
def bewoning(w: World, r: Random, name: str) -> Ask | None:
    """Of somebody who did not come by the loket."""
    unknown = [b.plek for b in w.some("plaatsing") if b.kind is None and not b.vrij and b.beeindigd is None]
    bewoond = name == "bewoond"
    if bewoond and len(unknown) >= 2:
        return None
    plek = lately(r, unknown) if unknown and not bewoond and r.randrange(4) else r.choice(w.plekken)
    assert plek is not None
    wie = w.provider(plek) if r.randrange(4) else w.person(r, A, A, S)
    tot = w.day(r.choice((0, 5, 40))) if r.randrange(2) == bewoond else None
    einde = None if bewoond == bool(r.randrange(8)) else "volgens_plan"
    body = said(tot=tot, einde=einde) | {"bewoond": bewoond}
    return Ask(
        wie, name, f"/plekken/{plek}/bewoning", body,
        lambda answer: w.loket.bewoning(wie, plek, bewoond=bewoond, tot=tot, einde=einde is not None, answer=answer),
    )  # fmt: skip
