"""What random people ask of the API: one function per kind of request, with what the reference model must come to.

Each draws who, of whom and when from `r`, mostly somebody who may and something that could be; what is not there yet to
be asked about gives None. tests/web/play.py chooses among them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from typing import Any, TypeAlias, TypeVar

from tests import model
from tests.model import DAY, HOUR, A, C, S, V, Wie
from tests.model_aanbod import Geheel
from tests.model_plek import Bevestigverzoek

T = TypeVar("T")
FRESH = count(1)
K, B = "contractbeheer", "beheerder"


@dataclass
class Ask:
    """A request, and what it must come to."""

    wie: Wie
    name: str
    path: str
    body: dict[str, Any]
    expect: Callable[[Any], None]
    """The same at the model: with the answer, or None when the API refused."""
    about: Sequence[str] = ()
    """The children that the request itself names."""
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)
    plan: dict[str, tuple[str, date]] | None = None
    """Lines of a plan that is there before; `{plan}` in the path is its id."""
    blind: bool = False
    """A change that does not say what it was made against."""
    form: bool = False
    """Of a page, by whoever has its link."""


@dataclass
class World:
    """Who is there, and the loket as it should be."""

    loket: Geheel
    people: list[Wie]
    orgs: list[str]
    plekken: list[str]
    daar: str
    """Code of the region that shares places."""
    links: list[tuple[str, Bevestigverzoek]] = field(default_factory=list)
    """In mails: where each leads, and what it asks."""
    kept: list[Ask] = field(default_factory=list)
    """That were done, with the key in their headers."""

    def person(self, r: Random, *rollen: str, daar: bool = False) -> Wie:
        """Now and then somebody who may not; `daar`: or the loket of the other region."""
        rol = r.choice(rollen) if r.randrange(10) else r.choice((S, C, A, V, K, B))
        return r.choice(
            [one for one in self.people if one.rol == rol and (daar or rol == A or one.regio == model.HIER)]
        )

    def provider(self, plek: str) -> Wie:
        aanbieder = self.loket.voorzieningen[self.loket.plekken[plek]].aanbieder
        return next(one for one in self.people if one.org == aanbieder)

    def kind(self, r: Random, *, open: bool = True) -> model.Kind | None:
        """Mostly one that looks for a place."""
        kinderen = list(self.loket.kinderen.values())
        some = [one for one in kinderen if one.status in model.OPEN] if open and r.randrange(8) else kinderen
        return lately(r, some or kinderen)

    def some(self, soort: str) -> list[model.Bezetting]:
        return [b for b in self.loket.bezetting.values() if b.soort == soort]

    def day(self, number: int) -> date:
        return self.loket.dag + timedelta(days=number)

    def how_many_open(self) -> int:
        return sum(kind.status in model.OPEN for kind in self.loket.kinderen.values())

    def pairs(self, r: Random) -> list[tuple[str, str]]:
        """One child and a plek; of brothers and sisters mostly all of them, each with one."""
        child, at = self.kind(r), r.randrange(len(self.plekken))
        if child is None:
            return []
        if not r.randrange(3):
            child, at = self._beside(r) or (child, at)
        family = [child]
        if child.samen is not None and r.randrange(4):
            kinderen = self.loket.kinderen.values()
            family = [k for k in kinderen if k.samen == child.samen and k.status in model.OPEN] or family
        if not r.randrange(10):
            return [(one.id, r.choice(self.plekken)) for one in family]
        return [(one.id, self.plekken[(at + n) % len(self.plekken)]) for n, one in enumerate(family)]

    def _beside(self, r: Random) -> tuple[model.Kind, int] | None:
        """A child beside one of quite another age: only there a group can be wrong."""
        there = lately(r, [b for b in self.loket.bezetting.values() if b.kind is not None and not b.vrij])
        if there is None or there.kind is None:
            return None
        age = self.loket.kinderen[there.kind].maanden
        others = [k for k in self.loket.kinderen.values() if k.status in model.OPEN and abs(k.maanden - age) > 36]
        child = lately(r, [k for k in others if k.samen is None] or others)
        return None if child is None else (child, self.plekken.index(there.plek) + r.choice((1, -1)))


Kind: TypeAlias = Callable[[World, Random], "Ask | None"]
KINDS: list[Kind] = []


def kind(ask: Kind) -> Kind:
    KINDS.append(ask)
    return ask


def often(ask: Kind) -> Kind:
    """Of which much more can be wrong."""
    KINDS.extend([ask] * 3)
    return ask


def each(*names: str) -> Callable[[Callable[[World, Random, str], Ask | None]], object]:
    """A kind for each step, so that each is tried as often."""

    def several(ask: Callable[[World, Random, str], Ask | None]) -> object:
        KINDS.extend(partial(ask, name=name) for name in names)
        return ask

    return several


def lately(r: Random, several: Sequence[T]) -> T | None:
    """Rather one of the last."""
    return several[-1 - min(r.randrange(len(several)), r.randrange(len(several)))] if several else None


def said(**fields: Any) -> dict[str, Any]:
    """As JSON, without what is not said."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in fields.items()
        if value is not None
    }


# ── Aanvragen ────────────────────────────────────────────────────────────────────────────────────


@kind
def dien_in(w: World, r: Random) -> Ask | None:
    if w.how_many_open() >= 7:
        return None
    wie = w.person(r, S, V, V, C)
    return aanvraag(w, r, wie, None if wie.rol == C else r.choice((None, None, *w.loket.samen)))


def aanvraag(w: World, r: Random, wie: Wie, samen: str | None = None, name: str = "dien_in", **fields: Any) -> Ask:
    org = wie.org if wie.rol == V and r.randrange(8) else r.choice(w.orgs)
    if samen is not None and r.randrange(6):
        org = w.loket.samen[samen].org
    of: dict[str, Any] = {
        "org": org,
        "urgentie": r.choice(model.HOOG),
        "verblijf": r.choice((40, 180)),
        "zorgvormen": r.choice((("gezinshuis", "crisis"), ("gezinshuis",), ("gezinshuis", model.OVERBRUGGING))),
        "maanden": r.choice((24, 24, 36, 96, 207)),
        "compleet": bool(r.randrange(3)),
        **fields,
    }
    kind = model.Kind(
        id="", uiterlijk=w.day(60), peildatum=w.loket.dag, start=w.loket.dag, aangemeld=w.loket.dag, samen=samen, **of
    )
    today = w.loket.dag.isoformat()
    body = {
        "organisatieId": kind.org, "kenmerk": f"M-{next(FRESH)}", "urgentie": kind.urgentie,
        "leeftijdMaanden": kind.maanden, "leeftijdPeildatum": today, "geslacht": "meisje",
        "groepssoorten": ["gemengd", "meisjes"], "pc4": "1211", "gemeenteCode": "0402", "huidigVerblijf": "thuis",
        "gewensteStart": today, "uiterlijkeDatum": kind.uiterlijk.isoformat(), "verwachtVerblijf": kind.verblijf,
        "perspectief": "terug_naar_huis", "zorgvormen": list(kind.zorgvormen), "zorgvormReden": "Vannacht nodig.",
        "juridischKader": "vrijwillig", **papers(kind, kind.compleet, today),
    } | ({"samenplaatsingId": samen} if samen else {})  # fmt: skip
    return Ask(wie, name, "/aanvragen", body, lambda answer: w.loket.dien_in(wie, kind, answer))


def papers(kind: model.Kind, compleet: bool, today: str) -> dict[str, Any]:
    who = "jeugdige" if kind.maanden >= 16 * 12 else "ouder_1"
    return {
        "grondslagen": [{"soort": "besluit_gemeente", "status": "verleend", "datum": today}] if compleet else [],
        "toestemmingen": [{"persoon": who, "status": "gegeven", "datum": today}] if compleet else [],
    }


@kind
def vul_aan(w: World, r: Random) -> Ask | None:
    child, wie, compleet = w.kind(r), w.person(r, S, V, V, C), bool(r.randrange(4))
    if child is None:
        return None
    return Ask(
        wie, "vul_aan", f"/aanvragen/{child.id}", papers(child, compleet, w.loket.dag.isoformat()),
        lambda answer: w.loket.vul_aan(wie, child.id, compleet=compleet, answer=answer),
        about=[child.id], method="PATCH",
    )  # fmt: skip


@kind
def blind(w: World, r: Random) -> Ask | None:
    """A change without If-Match."""
    ask = vul_aan(w, r)
    if ask is None:
        return None
    wie = ask.wie

    def unread(_: Any) -> None:
        model.nee(*((428, "what was it made against?") if wie.rol in (S, V, C) else (403, "rol")))

    return replace(ask, name="blind", expect=unread, blind=True)


@kind
def key_again(w: World, r: Random) -> Ask | None:
    """The key of another request."""
    before = lately(r, w.kept)
    words = {} if before is None else {name: text for name, text in before.body.items() if str(text).endswith(".")}
    if before is None or not words:
        return None

    def used(_: Any) -> None:
        model.nee(422, "the key of another request")

    body = {**before.body, **{name: f"{text} En nog iets." for name, text in words.items()}}
    return replace(before, name="key_again", body=body, expect=used, headers=dict(before.headers))


CRITERIA = {"crisis": "geen_slaapplek", "spoed": "verblijf_eindigt"}


@each(*model.AANVRAAG_STAPPEN)
def stap(w: World, r: Random, name: str) -> Ask | None:
    child, wie = w.kind(r), w.person(r, S, S, V, C)
    if child is None:
        return None
    collega = urgentie = criterium = None
    if name == "draag_over":
        collega = r.choice([one.id for one in w.people if one.rol in (S, S, V)])
    if name == "verander_urgentie":
        urgentie = r.choice(model.HOOG)
        criterium = CRITERIA.get(urgentie, "anders") if r.randrange(4) else None
    body = said(stap=name, reden="Daarom.", gebruikerId=collega, urgentie=urgentie, criterium=criterium)
    return Ask(
        wie, name, f"/aanvragen/{child.id}/stappen", body,
        lambda answer: w.loket.stap(
            wie, child.id, name, collega=collega, urgentie=urgentie, criterium=criterium is not None, answer=answer
        ),
        about=[child.id],
    )  # fmt: skip


# ── Opties ───────────────────────────────────────────────────────────────────────────────────────


def days(w: World, r: Random) -> tuple[date, date | None]:
    first = w.day(r.choice((-1, 0, 0, 0, 1, 1, 2, 3, 5, 8, 12, 70)))
    return first, r.choice(
        (None, first + r.choice((10, 30, 60)) * DAY, None, first - DAY if r.random() < 0.2 else None)
    )


def _with(name: str, pairs: Sequence[tuple[str, str]]) -> str:
    """With brothers and sisters it is something else, and more rare."""
    return name if len(pairs) == 1 else f"{name} samen"


def shown(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"aanvraagId": kind, "plekId": plek} for kind, plek in pairs]


@often
def houd(w: World, r: Random) -> Ask | None:
    wie, pairs, (van, tot) = w.person(r, S, S, S, C, C), w.pairs(r), days(w, r)
    if not pairs:
        return None
    afwijking = None if r.randrange(3) else "Het moet toch."
    body = said(plekken=shown(pairs), van=van, tot=tot, afwijking=afwijking)
    return Ask(
        wie, _with("houd", pairs), "/opties", body,
        lambda answer: w.loket.houd(wie, pairs, van, tot, afwijking=afwijking is not None, answer=answer),
        about=[kind for kind, _ in pairs],
    )  # fmt: skip


@each("verleng", "laat_los")
def optie_stap(w: World, r: Random, name: str) -> Ask | None:
    held, wie = lately(r, w.some("optie")), w.person(r, S, S, C, daar=True)
    if held is None:
        return None
    return Ask(
        wie, f"optie {name}", f"/opties/{held.id}/stappen", {"stap": name, "reden": "Daarom."},
        lambda answer: w.loket.optie_stap(wie, held.id, name, answer),
    )  # fmt: skip


# ── Voorstellen ──────────────────────────────────────────────────────────────────────────────────


@often
def zet_klaar(w: World, r: Random) -> Ask | None:
    wie, pairs, (van, tot) = w.person(r, S, S, S, C, C), w.pairs(r), days(w, r)
    if not pairs:
        return None
    afwijking = None if r.randrange(3) else "Het moet toch."
    contactplan = None if r.randrange(3) else "Elke zondag."
    body = said(plekken=shown(pairs), van=van, tot=tot, afwijking=afwijking, contactplan=contactplan)
    return Ask(
        wie, _with("zet_klaar", pairs), "/voorstellen", body,
        lambda answer: w.loket.zet_klaar(
            wie, pairs, van, tot, afwijking=afwijking is not None, contactplan=contactplan is not None, answer=answer
        ),
        about=[kind for kind, _ in pairs],
    )  # fmt: skip


@each(*model.VOORSTEL_STAPPEN)
def voorstel_stap(w: World, r: Random, name: str) -> Ask | None:
    several = list(w.loket.voorstellen.values())
    living = [v for v in several if v.levend or v.status == "concept"]
    one = lately(r, living if living and r.randrange(8) else several)
    if one is None:
        return None
    wie = w.provider(one.plek) if r.randrange(2) else w.person(r, S, S, C, A, V, daar=True)
    reden = "Daarom." if r.randrange(4) else None
    afwijsreden = later = op = None
    if name == "wijs_af":
        afwijsreden = r.choice(
            ("aanbieder_weigert", "ouder_of_jeugdige_zegt_nee", "anders", "later_vanaf", "geen_personeel")
        )
        later = w.day(r.choice((-1, 0, 1, 7, 20))) if afwijsreden == "later_vanaf" else None
    if name == "kennismaking":
        op = w.day(r.choice((-2, 0, 0, 0, 1, 2, 25)))
    body = said(stap=name, reden=reden, afwijsreden=afwijsreden, laterVanaf=later, kennismakingOp=op)
    return Ask(
        wie, f"voorstel {name}", f"/voorstellen/{one.id}/stappen", body,
        lambda answer: w.loket.voorstel_stap(
            wie, one.id, name, reden=reden is not None, afwijsreden=afwijsreden, later=later, op=op, answer=answer
        ),
    )  # fmt: skip


# ── Plaatsingen ──────────────────────────────────────────────────────────────────────────────────


@kind
def crisis(w: World, r: Random) -> Ask | None:
    wie = w.person(r, C, C, S)
    acute = [one for one in w.loket.kinderen.values() if one.urgentie == "crisis" and one.status in model.OPEN]
    child = lately(r, acute) if acute and r.randrange(6) else w.kind(r)
    if child is None:
        return None
    plek = r.choice(w.plekken)
    gebeld: datetime = w.loket.now - r.choice((-1, 0, 1, 2, 12, 30)) * HOUR
    van = r.choice((None, w.day(-2), w.day(-1), w.day(0), w.day(1)))
    tot = None if r.randrange(2) else (van or w.loket.dag) + r.choice((0, 5, 20, 40)) * DAY
    body = said(aanvraagId=child.id, plekId=plek, gebeldOp=gebeld, met="Groepsleider", van=van, tot=tot)
    return Ask(
        wie, "crisis", "/crisisplaatsingen", body,
        lambda answer: w.loket.crisis(wie, child.id, plek, gebeld, van, tot, answer), about=[child.id],
    )  # fmt: skip


@each(*model.PLAATSING_STAPPEN)
def plaatsing_stap(w: World, r: Random, name: str) -> Ask | None:
    stays = [b for b in w.some("plaatsing") if b.kind is not None]
    running = [b for b in stays if not b.vrij and b.beeindigd is None]
    stay = lately(r, running if running and r.randrange(8) else stays)
    if stay is None:
        return None
    wie = w.provider(stay.plek) if r.randrange(2) else w.person(r, S, S, C, A, daar=True)
    op = w.day(r.choice((-9, -3, -1, 0, 0, 0, 1))) if name in ("begin", "beeindig") else None
    tot = w.day(r.choice((-5, 1, 20, 60, 90))) if name == "verleng" and r.randrange(5) else None
    body = said(
        stap=name, op=op, tot=tot, einde="volgens_plan" if name == "beeindig" else None,
        reden="Gaat niet door." if name == "zeg_af" else None,
    )  # fmt: skip
    return Ask(
        wie, f"plaatsing {name}", f"/plaatsingen/{stay.id}/stappen", body,
        lambda answer: w.loket.plaatsing_stap(wie, stay.id, name, op=op, tot=tot, answer=answer),
    )  # fmt: skip
