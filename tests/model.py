"""A small reference model of the loket: who holds which plek for whom, what was proposed, and what became of it.

Plain Python, on purpose without anything of the service, so that both can be wrong only in different ways. Every method
of `Loket` is one request: it raises `Nee` with the status of the refusal, or takes the answer of the API (for the ids)
and changes the model. `answer` None: the API refused; then `Wel` is raised where the model says that it could be done.

`wrong` judges facts as they are stored, whatever happened before: also under load, and after a kill (tests/facts.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
HIER, DAAR = "hier", "daar"
"""The region of all children, and one that shares some of its places with it."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

HOOG = ("crisis", "spoed", "regulier")
OPEN = frozenset(
    ["ingediend", "in_behandeling", "optie", "voorstel", "akkoord", "toestemming", "kennismaking", "opgeschaald"]
)
NOOIT = {"regio", "veiligheid"}
"""Rules that no reason opens."""
GESLOTEN = frozenset({"afgewezen", "ingetrokken", "beeindigd"})
LEVEND = ("verzonden", "interesse", "akkoord", "toestemming", "kennismaking")
"""A voorstel that waits for something, in the order of how far it is."""

# The terms of a region that says nothing itself (service/regio/werkregels.py).
OPTIE_UREN = {"crisis": 4, "spoed": 24, "regulier": 72}
ANTWOORD_UREN = {"crisis": 2, "spoed": 24, "regulier": 72}
HERINNERING_UREN = {"crisis": 1, "spoed": 8, "regulier": 24}
AKKOORD_DAGEN = {"crisis": 3, "spoed": 7, "regulier": 21}
NA_KENNISMAKING_DAGEN = 3
HOOGSTENS = 3
"""Opties, and voorstellen that are sent, at once for one aanvraag."""
CRISIS_DAGEN = 28
"""A usual stay, of a zorgvorm of which none is known."""
VERBLIJF_DAGEN = {"tussenvoorziening": 90}
VERVOLG_VERBLIJF, VERVOLG_SPELING = 180, 14
OVERBRUGGING = "tussenvoorziening"
"""There a child waits: its aanvraag stays open."""
GEEN_VERVOLG = ("crisis", OVERBRUGGING)
"""Where a child cannot go on to."""

S, C, A, V = "schakelfunctionaris", "crisisdienst", "aanbieder", "verwijzer"

VOORSTEL_STAPPEN: dict[str, tuple[tuple[str, ...], str]] = {
    "verzend": (("concept",), S + C),
    "interesse": (("verzonden",), S + C + A),
    "akkoord": (("verzonden", "interesse"), S + C + A),
    "toestemming": (("akkoord",), S + C + V),
    "kennismaking": (("toestemming", "kennismaking"), S + C + A + V),
    "maak_definitief": (("akkoord", "toestemming", "kennismaking"), S + C),
    "wijs_af": (LEVEND, S + C + A + V),
    "trek_in": ((*LEVEND, "concept"), S + C),
}
"""Step → from which statuses, and who may."""

AANVRAAG_STAPPEN = {
    "neem_in_behandeling": S, "draag_over": S, "verander_urgentie": S + V, "wijs_af": S, "trek_in": S + V + C,
}  # fmt: skip

PLAATSING_STAPPEN = {
    "begin": S + C + A, "verleng": S + C + A, "beeindig": S + C + A, "definitief": S + C, "zeg_af": S + C + A,
}  # fmt: skip


class Nee(Exception):
    """The model refuses, with this status."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(f"{status}: {why}")
        self.status = status


class Wel(Exception):
    """The model says that this can be done."""


def nee(status: int, why: str) -> None:
    raise Nee(status, why)


@dataclass(frozen=True)
class Wie:
    rol: str
    id: str
    org: str | None = None
    """Of a verwijzer its organisatie, of an aanbieder itself."""
    regio: str = HIER


@dataclass(frozen=True)
class Voorziening:
    id: str
    aanbieder: str
    zorgvorm: str
    locatie: str
    leeftijdsverschil: int | None = None
    """Months between the youngest and the oldest, at most."""
    regio: str = HIER
    streek: str = ""
    """Who lives in one streek, lives near."""


@dataclass
class Samen:
    """A samenplaatsing."""

    org: str
    splitsen: bool = False


@dataclass
class Kind:
    id: str
    org: str
    urgentie: str
    verblijf: int
    uiterlijk: date
    zorgvormen: tuple[str, ...]
    maanden: int
    peildatum: date = date.min
    start: date = date.min
    """On which it wishes to come."""
    aangemeld: date = date.min
    compleet: bool = False
    """Grondslag and toestemming are there."""
    machtiging: tuple[date, date] | None = None
    """A closed one, for every zorgvorm that is here: from, until."""
    samen: str | None = None
    woont: str = "thuis"
    behandelaar: str | None = None
    gewijzigd: datetime | None = None
    status: str = "ingediend"
    opgeschaald: set[str] = field(default_factory=set)
    historie: list[tuple[str, str, str]] = field(default_factory=list)
    """What happened, from which status to which."""


@dataclass
class Bezetting:
    """An optie, plaatsing or stop."""

    id: str
    soort: str
    plek: str
    van: date
    tot: date | None
    kind: str | None = None
    vervalt: datetime | None = None
    verlengd: bool = False
    vrij: bool = False
    begonnen: date | None = None
    telefonisch: bool = False
    definitief: bool = False
    beeindigd: date | None = None
    overbrugging: bool = False
    """A plaatsing in a tussenvoorziening: where the child waits."""

    def overlaps(self, van: date, tot: date | None) -> bool:
        return not self.vrij and van < (self.tot or date.max) and self.van < (tot or date.max)


@dataclass
class Voorstel:
    id: str
    kind: str
    voorziening: str
    plek: str
    bundel: str | None
    van: date
    tot: date | None
    afwijking: bool
    contactplan: bool = False
    status: str = "concept"
    optie: str | None = None
    antwoord_voor: datetime | None = None
    verzonden: date | None = None
    kennismaking: date | None = None
    herinnerd: bool = False

    @property
    def levend(self) -> bool:
        return self.status in LEVEND


@dataclass
class Besluit:
    reden: str | None
    """None: yes."""
    op: datetime
    later: date | None = None


def vandaag(now: datetime) -> date:
    return now.astimezone(AMSTERDAM).date()


def months_after(day: date, months: int) -> date:
    """The day with the same number, or the last of a month that has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = (date(year + month // 11, (month + 1) % 12 + 1, 1) - DAY).day
    return date(year, month + 1, min(day.day, last))


@dataclass
class Loket:
    now: datetime
    voorzieningen: dict[str, Voorziening] = field(default_factory=dict)
    plekken: dict[str, str] = field(default_factory=dict)
    """Plek → voorziening."""
    einde: dict[str, date] = field(default_factory=dict)
    """The first day on which a plek is there no more."""
    staf: dict[str, str] = field(default_factory=dict)
    """What its provider last said of a plek, if not that it is staffed."""
    bemenst: dict[str, datetime] = field(default_factory=dict)
    """Voorziening → when its provider last said that a plek is staffed."""
    afspraak: frozenset[str] = frozenset()
    """Zorgvormen of which DAAR shares its places with HIER."""
    collegas: set[str] = field(default_factory=set)
    samen: dict[str, Samen] = field(default_factory=dict)
    kinderen: dict[str, Kind] = field(default_factory=dict)
    bezetting: dict[str, Bezetting] = field(default_factory=dict)
    voorstellen: dict[str, Voorstel] = field(default_factory=dict)
    besluiten: dict[tuple[str, str], Besluit] = field(default_factory=dict)
    """The last, by child and voorziening."""
    vervolg_van: dict[str, str] = field(default_factory=dict)
    """Plaatsing → the aanvraag for where the child goes on to."""

    @property
    def dag(self) -> date:
        return vandaag(self.now)

    # ── What follows from the facts ──────────────────────────────────────────────────────────────

    def stand(self, kind: Kind) -> str:
        """The furthest counts; what people closed, and what ended, stays."""
        if kind.status in GESLOTEN:
            return kind.status
        stays = [
            b for b in self.bezetting.values()
            if b.kind == kind.id and b.soort == "plaatsing" and not b.vrij and not b.overbrugging
        ]  # fmt: skip
        here = [b for b in stays if b.beeindigd is None]
        if any(b.begonnen is not None or not b.definitief for b in here):
            return "geplaatst"
        if here:
            return "definitief"
        if stays:
            return "beeindigd"
        far = [LEVEND.index(v.status) for v in self.voorstellen.values() if v.kind == kind.id and v.levend]
        if far:
            return ("voorstel", "voorstel", "akkoord", "toestemming", "kennismaking")[max(far)]
        if any(b.kind == kind.id and b.soort == "optie" and not b.vrij for b in self.bezetting.values()):
            return "optie"
        if kind.opgeschaald:
            return "opgeschaald"
        return "ingediend" if kind.status == "ingediend" else "in_behandeling"

    def schrijf(self, kind: str, soort: str, naar: str | None = None) -> None:
        child = self.kinderen[kind]
        follows = self.stand(child)
        if naar in ("afgewezen", "ingetrokken") or (naar == "in_behandeling" and follows == "ingediend"):
            follows = naar
        child.historie.append((soort, child.status, follows))
        child.status = follows

    def _opties(self, kind: str | None = None, plek: str | None = None) -> list[Bezetting]:
        """That were not let go, in the order of their ids."""
        return sorted(
            (
                b for b in self.bezetting.values()
                if b.soort == "optie" and not b.vrij and kind in (None, b.kind) and plek in (None, b.plek)
            ),
            key=lambda b: b.id,
        )  # fmt: skip

    def _op(self, optie: str | None) -> Voorstel | None:
        """The voorstel that rests on an optie."""
        return next((v for v in self.voorstellen.values() if v.optie == optie and v.levend), None)

    def ruim(self, plek: str) -> None:
        """Who claims a plek, ends its expired opties first."""
        for optie in sorted(self._opties(plek=plek), key=lambda b: (b.kind or "", b.id)):
            assert optie.vervalt is not None and optie.kind is not None
            if optie.vervalt <= self.now:
                self._laat_verlopen(optie)

    def _laat_verlopen(self, optie: Bezetting) -> None:
        assert optie.kind is not None
        optie.vrij = True
        brief = self._op(optie.id)
        if brief is not None:
            brief.status = "vervallen"
        self.schrijf(optie.kind, "optie_verlopen" if brief is None else "voorstel_vervallen")

    def laat_los(self, kind: str, behalve: str | None = None) -> None:
        for brief in sorted(self.voorstellen.values(), key=lambda v: v.id):
            if brief.kind == kind and brief.id != behalve and (brief.levend or brief.status == "concept"):
                self._einde(brief, "ingetrokken", "voorstel_ingetrokken")
        kept = None if behalve is None else self.voorstellen[behalve].optie
        for optie in self._opties(kind=kind):
            if optie.id != kept:
                optie.vrij = True
                self.schrijf(kind, "optie_vrij")

    def _neem_over(self, stay: Bezetting) -> None:
        """It comes in place of one optie of the child in its days; of any more is told that they are free."""
        assert stay.kind is not None
        eigen = [b for b in self._opties(kind=stay.kind, plek=stay.plek) if b.overlaps(stay.van, stay.tot)]
        for number, optie in enumerate(eigen):
            optie.vrij = True
            if number:
                self.schrijf(stay.kind, "optie_vrij")

    def _einde(self, brief: Voorstel, status: str, soort: str) -> None:
        brief.status = status
        if brief.optie is not None and self.bezetting[brief.optie].soort == "optie":
            self.bezetting[brief.optie].vrij = True
        self.schrijf(brief.kind, soort)

    # ── Who sees what, and what takes a plek ─────────────────────────────────────────────────────

    def ziet(self, wie: Wie, kind: str) -> bool:
        child = self.kinderen[kind]
        if wie.regio != HIER:
            return False
        if wie.rol == C:
            return child.urgentie == "crisis" and child.status not in GESLOTEN
        return wie.rol == S or (wie.rol == V and child.org == wie.org)

    def _kent(self, wie: Wie, plek: str) -> bool:
        """A plek of its own region, or one that is shared with it."""
        regio = self.voorzieningen[self.plekken[plek]].regio
        return regio == wie.regio or (wie.regio == HIER and bool(self.afspraak))

    def _vrij(
        self, plek: str, van: date, tot: date | None, *, eigen: Iterable[str] = (), einde: date | None = None
    ) -> bool:
        """Nothing of the database is in the way, and it exists; what has expired was ended just before."""
        skip = set(eigen)
        return (tot or date.max) <= (einde or self.einde.get(plek, date.max)) and not any(
            b.plek == plek and b.id not in skip and b.overlaps(van, tot)
            and not (b.vervalt is not None and b.vervalt <= self.now)
            for b in self.bezetting.values()
        )  # fmt: skip

    def _weer_bezet(self, plek: str, van: date, eigen: set[str]) -> date:
        """The first day after `van` on which another has it, or it is no more."""
        later = [
            b.van for b in self.bezetting.values()
            if b.plek == plek and b.id not in eigen and not b.vrij
            and not (b.vervalt is not None and b.vervalt <= self.now)
        ]  # fmt: skip
        return min((day for day in [*later, self.einde.get(plek, date.max)] if day > van), default=date.max)

    def _te_lang(self, plek: str) -> bool:
        """Somebody should have left, and nobody said so: nobody knows until when."""
        return any(
            b.plek == plek and b.soort == "plaatsing" and not b.vrij and b.beeindigd is None
            and b.tot is not None and b.tot <= self.dag
            for b in self.bezetting.values()
        )  # fmt: skip

    def _zegt_nee(self, kind: str, voorziening: str) -> bool:
        """A no of before that still holds."""
        besluit = self.besluiten.get((kind, voorziening))
        if besluit is None or besluit.reden in (None, "anders"):
            return False
        if besluit.reden == "later_vanaf":
            assert besluit.later is not None
            return besluit.later > self.dag
        if besluit.reden == "geen_personeel":
            said = self.bemenst.get(voorziening)
            return said is None or said <= besluit.op
        rests = self.kinderen[kind].machtiging
        if besluit.reden == "ouder_of_jeugdige_zegt_nee" and rests and rests[0] <= self.dag < rests[1]:
            return False
        changed = self.kinderen[kind].gewijzigd
        return changed is None or changed <= besluit.op

    def _regels(self, plaatsen: Sequence[tuple[str, str, date, date | None]]) -> set[str]:
        """The rules that say no to (child, plek, van, tot), all at once."""
        broken = set()
        asked = {kind for kind, *_ in plaatsen}
        for kind, plek, van, tot in plaatsen:
            child, unit = self.kinderen[kind], self.voorzieningen[self.plekken[plek]]
            until = van + timedelta(days=child.verblijf) if tot is None else tot
            if unit.zorgvorm not in child.zorgvormen:
                broken.add("zorgvorm")
            broken |= self._nooit(kind, unit)
            own = self._opties(kind=kind, plek=plek)
            first = [min(own, key=lambda b: (b.van, b.id)).id] if own else []
            if van > child.uiterlijk or van < self.dag:
                broken.add("not those days")
            if until > self.einde.get(plek, date.max):
                broken.add("it is gone then")
            elif not self._vrij(plek, van, until, eigen=first):
                broken.add("taken")
            others = [b for b in self.bezetting.values() if b.plek == plek and b.id not in first and not b.vrij]
            if self._te_lang(plek) and any((b.tot or date.max) > self.dag or b.soort == "plaatsing" for b in others):
                broken.add("nobody left")
            if self.staf.get(plek) == "onbemenst":
                broken.add("onbemenst")
            if self._zegt_nee(kind, unit.id):
                broken.add("besluit")
        for unit in {self.plekken[plek] for _, plek, *_ in plaatsen}:
            most = self.voorzieningen[unit].leeftijdsverschil
            van = min(one[2] for one in plaatsen)
            tot = None if any(one[3] is None for one in plaatsen) else max(one[3] for one in plaatsen if one[3])
            ages = [self.kinderen[kind].maanden for kind, plek, *_ in plaatsen if self.plekken[plek] == unit]
            there = {b.kind for b in self._groep(unit, van, tot) if b.kind} - asked
            ages += [self.kinderen[kind].maanden for kind in there]
            if most is not None and max(ages) - min(ages) > most:
                broken.add("groepsmix")
        return broken

    def _nooit(self, kind: str, unit: Voorziening) -> set[str]:
        """What no reason opens."""
        return {"regio"} if unit.regio != HIER and unit.zorgvorm not in self.afspraak else set()

    def _groep(self, unit: str, van: date, tot: date | None) -> Iterator[Bezetting]:
        for b in self.bezetting.values():
            if self.plekken[b.plek] != unit or b.soort == "stop" or b.vrij:
                continue
            if b.vervalt is not None and b.vervalt <= self.now:
                continue
            overdue = b.soort == "plaatsing" and b.beeindigd is None and b.tot is not None and b.tot <= self.dag
            if b.overlaps(van, tot) or overdue:
                yield b

    def _keur(self, wie: Wie, plaatsen: Sequence[tuple[str, str, date, date | None]], *, afwijking: bool) -> None:
        self._bestaat(plek for _, plek, *_ in plaatsen)
        broken = self._regels(plaatsen)
        hidden = {"groepsmix", *NOOIT} if wie.rol != S else NOOIT
        if broken and not (afwijking and not broken & hidden):
            nee(409, f"rules: {', '.join(broken) if len(broken) == 1 else 'several'}")

    def _bestaat(self, plekken: Iterable[str]) -> None:
        if any(self.einde.get(plek, date.max) <= self.dag for plek in plekken):
            nee(409, "it is there no more")

    def _heel(self, plekken: Sequence[tuple[str, str]]) -> bool:
        """Brothers and sisters together, in one place; apart with leave only."""
        kinderen = [self.kinderen[kind] for kind, _ in plekken]
        of = {child.samen for child in kinderen}
        if len(plekken) > 1 and (len(of) > 1 or None in of):
            nee(400, "no brothers and sisters")
        named = {child.id for child in kinderen}
        leave = all(samen is not None and self.samen[samen].splitsen for samen in of)
        missing = any(
            other.samen is not None and other.samen in of and other.status in OPEN and other.id not in named
            for other in self.kinderen.values()
        )
        if missing and not leave:
            nee(409, "not all of them")
        woont = [
            b.plek for b in self.bezetting.values()
            if b.soort == "plaatsing" and b.kind is not None and b.kind not in named and not b.vrij
            and b.beeindigd is None and self.kinderen[b.kind].status not in OPEN
            and self.kinderen[b.kind].samen in of - {None}
        ]  # fmt: skip
        plaatsen = [*(plek for _, plek in plekken), *woont]
        together = len({self.voorzieningen[self.plekken[plek]].locatie for plek in plaatsen}) <= 1
        if not together and not leave:
            nee(409, "apart")
        return together and not missing

    def _apart(self, plekken: Sequence[tuple[str, str]], *, contactplan: bool) -> None:
        """What must be there when they are not whole."""
        if not contactplan:
            nee(400, "no contactplan")
        named, of = {kind for kind, _ in plekken}, self.kinderen[plekken[0][0]].samen
        there = {
            self.voorzieningen[self.plekken[b.plek]]
            for b in self.bezetting.values()
            if b.kind is not None and b.kind not in named and self.kinderen[b.kind].samen == of and not b.vrij
            and ((b.soort == "plaatsing" and b.beeindigd is None) or (b.vervalt is not None and b.vervalt > self.now))
        }  # fmt: skip
        here = {self.voorzieningen[self.plekken[plek]] for _, plek in plekken}
        if any(one.locatie != other.locatie and one.streek != other.streek for one in here for other in here | there):
            nee(409, "far apart")

    def _vraag(self, wie: Wie, plekken: Sequence[tuple[str, str]], van: date, tot: date | None) -> None:
        """What is wrong before anybody looks at a plek."""
        self._dagen(plekken, van, tot)
        if not all(self.ziet(wie, kind) and self._kent(wie, plek) for kind, plek in plekken):
            nee(400, "not to be seen")
        for kind, _ in plekken:
            if self.kinderen[kind].status not in OPEN:
                nee(409, "closed")
        self._heel(plekken)

    def _dagen(self, plekken: Sequence[tuple[str, str]], van: date, tot: date | None) -> None:
        if van < self.dag or (tot is not None and tot <= van):
            nee(400, "days")
        if len({kind for kind, _ in plekken}) < len(plekken) or len({plek for _, plek in plekken}) < len(plekken):
            nee(400, "twice")

    def _done(self, answer: Any) -> None:
        if answer is None:
            raise Wel

    def _gebruikelijk(self, plek: str) -> timedelta:
        return VERBLIJF_DAGEN.get(self.voorzieningen[self.plekken[plek]].zorgvorm, CRISIS_DAGEN) * DAY

    def _elders(self, stay: Bezetting, van: date, tot: date | None) -> bool:
        """A child is in one place, and waits in one."""
        return stay.kind is not None and any(
            b.kind == stay.kind and b.soort == "plaatsing" and b.id != stay.id
            and b.overbrugging == stay.overbrugging and b.overlaps(van, tot)
            for b in self.bezetting.values()
        )  # fmt: skip

    def _zeg_af(self, stay: Bezetting) -> None:
        """The child does not come."""
        assert stay.kind is not None
        stay.vrij = True
        for v in self.voorstellen.values():
            if (v.kind, v.plek, v.status) == (stay.kind, stay.plek, "definitief"):
                v.status = "ingetrokken"
        next_id = self.vervolg_van.get(stay.id)
        if next_id is not None and self.kinderen[next_id].status in ("ingediend", "in_behandeling"):
            self.schrijf(next_id, "ingetrokken", "ingetrokken")
        self.schrijf(stay.kind, "afgezegd")

    # ── Requests: aanvragen ──────────────────────────────────────────────────────────────────────

    def dien_in(self, wie: Wie, kind: Kind, answer: Any) -> None:
        if wie.rol not in (S, V, C):
            nee(403, "rol")
        if wie.regio != HIER:
            nee(400, "of another region")
        if kind.samen is not None and not (self.samen[kind.samen].org == kind.org and wie.org in (None, kind.org)):
            nee(400, "a samenplaatsing of others")
        if (wie.rol == V and kind.org != wie.org) or (wie.rol == C and kind.urgentie != "crisis"):
            nee(403, "not its own")
        self._done(answer)
        kind.id = answer["id"]
        self.kinderen[kind.id] = kind
        self.schrijf(kind.id, "ingediend")

    def begin_samen(self, wie: Wie, samen: Samen, *, reden: bool, answer: Any) -> None:
        if wie.rol not in (S, V, C):
            nee(403, "rol")
        if samen.splitsen != reden:
            nee(400, "why")
        if wie.rol == V and samen.org != wie.org:
            nee(403, "not its own")
        self._done(answer)
        self.samen[answer["id"]] = samen

    def mag_splitsen(self, wie: Wie, samen: str, *, splitsen: bool, reden: bool, answer: Any) -> None:
        if wie.rol not in (S, V):
            nee(403, "rol")
        if wie.rol == V and self.samen[samen].org != wie.org:
            nee(404, "not to be seen")
        if splitsen != reden:
            nee(400, "why")
        self._done(answer)
        self.samen[samen].splitsen = splitsen

    def vul_aan(self, wie: Wie, kind: str, *, compleet: bool, answer: Any) -> None:
        if wie.rol not in (S, V, C):
            nee(403, "rol")
        if not self.ziet(wie, kind):
            nee(404, "not to be seen")
        self._done(answer)
        child = self.kinderen[kind]
        child.compleet, child.gewijzigd = compleet, self.now

    def machtig(self, wie: Wie, kind: str, machtiging: tuple[date, date] | None, answer: Any) -> None:
        if wie.rol not in (S, V, C):
            nee(403, "rol")
        if not self.ziet(wie, kind):
            nee(404, "not to be seen")
        self._done(answer)
        child = self.kinderen[kind]
        child.machtiging, child.gewijzigd = machtiging, self.now

    def stap(
        self,
        wie: Wie,
        kind: str,
        stap: str,
        *,
        collega: str | None = None,
        urgentie: str | None = None,
        criterium: bool = False,
        answer: Any,
    ) -> None:
        if wie.rol not in (S, V, C):
            nee(403, "rol")
        if not self.ziet(wie, kind):
            nee(404, "not to be seen")
        child = self.kinderen[kind]
        if child.status not in OPEN or wie.rol not in AANVRAAG_STAPPEN[stap]:
            nee(409, "not now")
        if stap == "neem_in_behandeling" and child.behandelaar is not None:
            nee(409, "somebody has it")
        if stap == "draag_over" and collega not in self.collegas:
            nee(400, "no such colleague")
        if stap == "verander_urgentie":
            assert urgentie is not None
            if urgentie == child.urgentie:
                nee(409, "it is that")
            if HOOG.index(urgentie) < HOOG.index(child.urgentie) and not criterium:
                nee(400, "why")
        self._done(answer)
        match stap:
            case "neem_in_behandeling":
                child.behandelaar = wie.id
                self.schrijf(kind, "in_behandeling", "in_behandeling")
            case "draag_over":
                child.behandelaar = collega
                self.schrijf(kind, "overgedragen", "in_behandeling")
            case "verander_urgentie":
                assert urgentie is not None
                child.urgentie = urgentie
                self.schrijf(kind, "urgentie")
            case _:
                self.laat_los(kind)
                for stay in sorted(self.bezetting.values(), key=lambda b: b.id):
                    if stay.kind == kind and stay.overbrugging and not (stay.vrij or stay.begonnen or stay.beeindigd):
                        self._zeg_af(stay)
                closed = "afgewezen" if stap == "wijs_af" else "ingetrokken"
                self.schrijf(kind, closed, closed)

    # ── Requests: opties ─────────────────────────────────────────────────────────────────────────

    def houd(
        self, wie: Wie, plekken: Sequence[tuple[str, str]], van: date, tot: date | None, *, afwijking: bool, answer: Any
    ) -> None:
        if wie.rol not in (S, C):
            nee(403, "rol")
        self._dagen(plekken, van, tot)
        soon = tot or van + DAY
        held = [b for _, plek in plekken for b in self._opties(plek=plek) if b.vervalt and b.vervalt > self.now]
        if any(b.overlaps(van, soon) for b in held):
            nee(409, "held")
        self._vraag(wie, plekken, van, tot)
        self._keur(wie, [(kind, plek, van, tot) for kind, plek in plekken], afwijking=afwijking)
        for kind, plek in plekken:
            self._mag_erbij(kind)
            if not self._vrij(plek, van, tot or van + timedelta(days=self.kinderen[kind].verblijf)):
                nee(409, "taken")
        self._done(answer)
        for _, plek in sorted(plekken, key=lambda one: one[1]):
            self.ruim(plek)
        by_kind = {row["aanvraagId"]: row for row in answer}
        for kind, plek in plekken:
            vervalt = self.now + OPTIE_UREN[self.kinderen[kind].urgentie] * HOUR
            self._neem(by_kind[kind]["id"], kind, plek, van, tot, vervalt)

    def _mag_erbij(self, kind: str) -> None:
        held = [b for b in self._opties(kind=kind) if b.vervalt is not None and b.vervalt > self.now]
        if len(held) >= HOOGSTENS:
            nee(409, "enough held")

    def _neem(self, id: str, kind: str, plek: str, van: date, tot: date | None, vervalt: datetime) -> None:
        until = tot or van + timedelta(days=self.kinderen[kind].verblijf)
        self.bezetting[id] = Bezetting(id, "optie", plek, van, until, kind, vervalt)
        self.schrijf(kind, "optie")

    def optie_stap(self, wie: Wie, optie: str, stap: str, answer: Any) -> None:
        if wie.rol not in (S, C):
            nee(403, "rol")
        held = self.bezetting[optie]
        assert held.kind is not None and held.vervalt is not None
        if not self.ziet(wie, held.kind):
            nee(404, "not to be seen")
        brief = self._op(optie)
        if stap == "laat_los":
            if held.vrij or held.vervalt <= self.now or brief is not None:
                nee(409, "not now")
            self._done(answer)
            held.vrij = True
            self.schrijf(held.kind, "optie_vrij")
            return
        of = brief.bundel if brief else None
        bundel = [v for v in self.voorstellen.values() if of and v.bundel == of and v.levend]
        together = {optie, *(v.optie for v in bundel if v.optie)}
        rows = sorted((self.bezetting[id] for id in together), key=lambda b: b.kind or "")
        for row in rows:
            assert row.vervalt is not None and row.kind is not None
            if not self.ziet(wie, row.kind):
                nee(409, "half a bundle")
            if row.vrij or row.vervalt <= self.now or row.verlengd:
                nee(409, "not now")
        self._done(answer)
        for row in rows:
            assert row.vervalt is not None and row.kind is not None
            row.vervalt += OPTIE_UREN[self.kinderen[row.kind].urgentie] * HOUR
            row.verlengd = True
            on = self._op(row.id)
            if on is not None:
                on.antwoord_voor = row.vervalt
                on.herinnerd = on.herinnerd and on.status not in ("verzonden", "interesse")
            self.schrijf(row.kind, "optie_verlengd")

    def termijn(self, optie: str) -> None:
        """What a worker does when the moment of an optie has come."""
        held = self.bezetting[optie]
        if not held.vrij and held.vervalt is not None and held.vervalt <= self.now:
            self.ruim(held.plek)

    def herinner(self, voorstel: str) -> None:
        """What a worker does before a voorstel lapses."""
        brief = self.voorstellen[voorstel]
        if brief.status not in ("verzonden", "interesse") or brief.herinnerd:
            return
        assert brief.antwoord_voor is not None
        early = HERINNERING_UREN[self.kinderen[brief.kind].urgentie] * HOUR
        if brief.antwoord_voor - early <= self.now < brief.antwoord_voor:
            brief.herinnerd = True
            self.schrijf(brief.kind, "herinnering")

    # ── Requests: voorstellen ────────────────────────────────────────────────────────────────────

    def zet_klaar(
        self,
        wie: Wie,
        plekken: Sequence[tuple[str, str]],
        van: date,
        tot: date | None,
        *,
        afwijking: bool,
        contactplan: bool = False,
        answer: Any,
    ) -> None:
        if wie.rol not in (S, C):
            nee(403, "rol")
        self._mag_klaar(wie, plekken, van, tot)
        self._done(answer)
        self._zet_klaar(plekken, van, tot, answer, afwijking=afwijking, contactplan=contactplan)

    def uit_plan(self, wie: Wie, regels: dict[str, tuple[str, date]], gekozen: Sequence[str], answer: Any) -> None:
        """Concepts for lines of a plan (child → plek and first day), with who is asked for together."""
        if wie.rol != S:
            nee(403, "rol")
        families = {self._familie(kind) for kind in gekozen}
        found: dict[str, list[str]] = {}
        for kind in regels:
            if self.kinderen[kind].status in OPEN and self._familie(kind) in families:
                found.setdefault(self._familie(kind), []).append(kind)
        if set(gekozen) - {kind for kinderen in found.values() for kind in kinderen}:
            nee(400, "no plek in this plan")
        several = [
            ([(kind, regels[kind][0]) for kind in kinderen], max(regels[kind][1] for kind in kinderen))
            for kinderen in found.values()
        ]
        for plekken, van in several:
            self._mag_klaar(wie, plekken, van, None)
        self._done(answer)
        for plekken, van in several:
            self._zet_klaar(plekken, van, None, answer, afwijking=False, contactplan=False)

    def _familie(self, kind: str) -> str:
        return self.kinderen[kind].samen or kind

    def _mag_klaar(self, wie: Wie, plekken: Sequence[tuple[str, str]], van: date, tot: date | None) -> None:
        self._vraag(wie, plekken, van, tot)
        for kind, plek in plekken:
            for v in self.voorstellen.values():
                same = (v.kind, v.voorziening) == (kind, self.plekken[plek])
                if same and (v.levend or v.status == "concept"):
                    nee(409, "there is one")

    def _zet_klaar(
        self,
        plekken: Sequence[tuple[str, str]],
        van: date,
        tot: date | None,
        answer: Any,
        *,
        afwijking: bool,
        contactplan: bool,
    ) -> None:
        rows = {row["aanvraagId"]: row for row in answer}
        for kind, plek in plekken:
            row = rows[kind]
            self.voorstellen[row["id"]] = Voorstel(
                row["id"], kind, self.plekken[plek], plek, row["bundelId"], van, tot, afwijking, contactplan
            )
            self.schrijf(kind, "voorstel_klaargezet")

    def _ziet_voorstel(self, wie: Wie, brief: Voorstel) -> bool:
        if wie.rol == A:
            return self.voorzieningen[brief.voorziening].aanbieder == wie.org and brief.verzonden is not None
        if wie.rol == S and wie.regio == self.voorzieningen[brief.voorziening].regio != HIER:
            return brief.verzonden is not None
        if wie.rol == V and brief.status == "concept":
            return False
        return self.ziet(wie, brief.kind)

    def voorstel_stap(
        self,
        wie: Wie,
        voorstel: str,
        stap: str,
        *,
        reden: bool = False,
        afwijsreden: str | None = None,
        later: date | None = None,
        op: date | None = None,
        answer: Any,
    ) -> None:
        if wie.rol not in (S, C, A, V):
            nee(403, "rol")
        one = self.voorstellen[voorstel]
        if not self._ziet_voorstel(wie, one):
            nee(404, "not to be seen")
        bundel = [
            v for v in self.voorstellen.values()
            if v is one or (one.bundel and v.bundel == one.bundel and (v.levend or v.status == "concept"))
        ]  # fmt: skip
        alone = stap in ("interesse", "akkoord", "wijs_af")
        aanbieder = self.voorzieningen[one.voorziening].aanbieder
        groep = [v for v in bundel if not alone or self.voorzieningen[v.voorziening].aanbieder == aanbieder]
        statuses, rollen = VOORSTEL_STAPPEN[stap]
        for v in groep:
            if not self._ziet_voorstel(wie, v):
                nee(409, "another answers too")
            if wie.rol != A and wie.regio != HIER:
                nee(409, "of another region")
            if v.status not in statuses or wie.rol not in rollen:
                nee(409, "not now")
            if v.levend and stap != "trek_in":
                assert v.antwoord_voor is not None
                if v.antwoord_voor <= self.now:
                    nee(409, "too late")
        if (stap == "trek_in" or afwijsreden == "anders") and not reden:
            nee(400, "why")
        if later is not None and later <= self.dag:
            nee(400, "days")
        if wie.rol == V and afwijsreden not in (None, "ouder_of_jeugdige_zegt_nee"):
            nee(400, "that is for the provider to say")
        if wie.rol == C and not all(self._ziet_voorstel(wie, v) for v in bundel):
            nee(409, "half a bundle")
        urgent = min((self.kinderen[v.kind].urgentie for v in groep), key=HOOG.index)
        getattr(self, f"_{stap}")(wie, groep, urgent, answer, reden=reden, afwijsreden=afwijsreden, later=later, op=op)

    def _verzend(self, wie: Wie, groep: list[Voorstel], urgent: str, answer: Any, **_: Any) -> None:
        plekken = [(v.kind, v.plek) for v in groep]
        for kind, _plek in plekken:
            if self.kinderen[kind].status not in OPEN:
                nee(409, "closed")
            if sum(v.kind == kind and v.levend for v in self.voorstellen.values()) >= HOOGSTENS:
                nee(409, "enough sent")
        if groep[0].van < self.dag:
            nee(409, "its first day has passed")
        held: dict[str, Bezetting] = {}
        for v in groep:
            own = [b for b in self._opties(kind=v.kind, plek=v.plek) if b.vervalt and b.vervalt > self.now]
            if own:
                held[v.id] = min(own, key=lambda b: b.van)
            elif any(
                b.overlaps(v.van, v.tot or v.van + timedelta(days=self.kinderen[v.kind].verblijf))
                and b.vervalt is not None and b.vervalt > self.now for b in self._opties(plek=v.plek)
            ):  # fmt: skip
                nee(409, "held for another")
        if not self._heel(plekken):
            self._apart(plekken, contactplan=groep[0].contactplan)
        days = {v.id: (held[v.id].van, held[v.id].tot) if v.id in held else (v.van, v.tot) for v in groep}
        self._keur(wie, [(v.kind, v.plek, *days[v.id]) for v in groep], afwijking=groep[0].afwijking)
        for v in groep:
            if v.id not in held:
                self._mag_erbij(v.kind)
                van, tot = days[v.id]
                if not self._vrij(v.plek, van, tot or van + timedelta(days=self.kinderen[v.kind].verblijf)):
                    nee(409, "taken")
        self._done(answer)
        for plek in sorted(v.plek for v in groep):
            self.ruim(plek)
        until = max([self.now + ANTWOORD_UREN[urgent] * HOUR, *(b.vervalt for b in held.values() if b.vervalt)])
        rows = {row["id"]: row for row in answer}
        for v in groep:
            van, tot = days[v.id]
            if v.id in held:
                v.optie = held[v.id].id
            else:
                v.optie = rows[v.id]["optie"]
                assert v.optie is not None
                self._neem(v.optie, v.kind, v.plek, van, tot, until)
            v.van, v.tot = van, tot or van + timedelta(days=self.kinderen[v.kind].verblijf)
            v.status, v.verzonden = "verzonden", self.dag
            self._wacht(v, until)
            self.schrijf(v.kind, "voorstel_verzonden")

    def _wacht(self, v: Voorstel, until: datetime) -> None:
        """Its optie follows it."""
        v.antwoord_voor = until if v.antwoord_voor is None else max(v.antwoord_voor, until)
        assert v.optie is not None
        self.bezetting[v.optie].vervalt = v.antwoord_voor

    def _interesse(self, wie: Wie, groep: list[Voorstel], urgent: str, answer: Any, **_: Any) -> None:
        self._done(answer)
        for v in groep:
            v.status, before = "interesse", v.antwoord_voor
            self._wacht(v, self.now + ANTWOORD_UREN[urgent] * HOUR)
            v.herinnerd = v.herinnerd and v.antwoord_voor == before
            self.schrijf(v.kind, "voorstel_interesse")

    def _akkoord(self, wie: Wie, groep: list[Voorstel], urgent: str, answer: Any, **_: Any) -> None:
        self._done(answer)
        for v in groep:
            v.status = "akkoord"
            self.besluiten[v.kind, v.voorziening] = Besluit(None, self.now)
            self._wacht(v, self.now + AKKOORD_DAGEN[urgent] * DAY)
            self.schrijf(v.kind, "voorstel_akkoord")

    def _toestemming(self, wie: Wie, groep: list[Voorstel], urgent: str, answer: Any, **_: Any) -> None:
        if not all(self.kinderen[v.kind].compleet for v in groep):
            nee(409, "toestemming")
        self._done(answer)
        for v in groep:
            v.status = "toestemming"
            self.schrijf(v.kind, "toestemming")

    def _kennismaking(self, wie: Wie, groep: list[Voorstel], urgent: str, answer: Any, *, op: date, **_: Any) -> None:
        first = min(v.verzonden for v in groep if v.verzonden)
        if not first <= op <= self.dag + AKKOORD_DAGEN[urgent] * DAY:
            nee(400, "days")
        self._done(answer)
        midnight = datetime.combine(self.dag + DAY, time(0), AMSTERDAM)
        for v in groep:
            v.status, v.kennismaking = "kennismaking", op
            self._wacht(v, midnight + ((op - self.dag).days + NA_KENNISMAKING_DAGEN) * DAY)
            self.schrijf(v.kind, "kennismaking")

    def _maak_definitief(
        self, wie: Wie, groep: list[Voorstel], urgent: str, answer: Any, *, reden: bool, **_: Any
    ) -> None:
        self._heel([(v.kind, v.plek) for v in groep])
        for v in groep:
            if v.status != "kennismaking" and self.kinderen[v.kind].urgentie != "crisis" and not reden:
                nee(400, "why no kennismaking")
            if v.kennismaking is not None and v.kennismaking > self.dag:
                nee(409, "the kennismaking is to come")
        for v in groep:
            if v.tot is not None and v.tot <= self.dag:
                nee(409, "its days have passed")
        for v in groep:
            if self._nooit(v.kind, self.voorzieningen[v.voorziening]):
                nee(409, "safety")
        for v in groep:
            besluit = self.besluiten.get((v.kind, v.voorziening))
            if not self.kinderen[v.kind].compleet or besluit is None or besluit.reden is not None:
                nee(409, "the law asks more")
        stays = [
            Bezetting(
                "", "plaatsing", v.plek, max(v.van, self.dag), v.tot, v.kind, definitief=True,
                overbrugging=self.voorzieningen[v.voorziening].zorgvorm == OVERBRUGGING,
            ) for v in groep
        ]  # fmt: skip
        if any(self._elders(stay, stay.van, stay.tot) for stay in stays):
            nee(409, "it waits elsewhere")
        self._done(answer)
        rows = {row["id"]: row for row in answer}
        for v, stay in zip(groep, stays, strict=True):
            self.ruim(v.plek)
            self._neem_over(stay)
            v.status = "definitief"
            stay.id = rows[v.id]["plaatsing"]
            self.bezetting[stay.id] = stay
            self.schrijf(v.kind, "definitief")
            self._vervolg(stay.id, rows[v.id]["vervolg"], telefonisch=False)
            if not stay.overbrugging:
                self.laat_los(v.kind, behalve=v.id)

    def _wijs_af(
        self,
        wie: Wie,
        groep: list[Voorstel],
        urgent: str,
        answer: Any,
        *,
        afwijsreden: str,
        later: date | None,
        **_: Any,
    ) -> None:
        self._done(answer)
        for v in groep:
            self.besluiten[v.kind, v.voorziening] = Besluit(afwijsreden, self.now, later)
            self._einde(v, "afgewezen", "voorstel_afgewezen")

    def _trek_in(self, wie: Wie, groep: list[Voorstel], urgent: str, answer: Any, **_: Any) -> None:
        self._done(answer)
        for v in groep:
            self._einde(v, "ingetrokken", "voorstel_ingetrokken")

    # ── Requests: plaatsingen ────────────────────────────────────────────────────────────────────

    def crisis(
        self, wie: Wie, kind: str, plek: str, gebeld: datetime, van: date | None, tot: date | None, answer: Any
    ) -> None:
        if wie.rol not in (S, C):
            nee(403, "rol")
        first = van or vandaag(gebeld)
        if gebeld > self.now or first > self.dag or first < vandaag(gebeld) or (tot is not None and tot <= first):
            nee(400, "days")
        if not (self.ziet(wie, kind) and self._kent(wie, plek)):
            nee(400, "not to be seen")
        child = self.kinderen[kind]
        if child.urgentie != "crisis" or child.status not in OPEN:
            nee(409, "no crisis, or closed")
        self._bestaat([plek])
        if self._nooit(kind, self.voorzieningen[self.plekken[plek]]):
            nee(409, "safety")
        eigen = {b.id for b in self._opties(kind=kind, plek=plek)}
        until = tot or min(first + self._gebruikelijk(plek), self._weer_bezet(plek, first, eigen))
        if not self._vrij(plek, first, until, eigen=eigen):
            nee(409, "taken")
        self._done(answer)
        self.ruim(plek)
        id = answer["id"]
        stay = Bezetting(id, "plaatsing", plek, first, until, kind, begonnen=first, telefonisch=True)
        self._neem_over(stay)
        unit = self.plekken[plek]
        last = self.besluiten.get((kind, unit))
        if last is None or last.op <= gebeld:
            self.besluiten[kind, unit] = Besluit(None, gebeld)
        self.bezetting[id] = stay
        self.schrijf(kind, "geplaatst")
        self._vervolg(id, answer["vervolg"], telefonisch=True)
        self.laat_los(kind)

    def _vervolg(self, plaatsing: str, made: tuple[str, str | None] | None, *, telefonisch: bool) -> None:
        """Each stay in crisis opens the aanvraag for where the child goes on to: `made`, with its samenplaatsing."""
        stay = self.bezetting[plaatsing]
        unit = self.voorzieningen[self.plekken[stay.plek]]
        assert (made is not None) == (telefonisch or unit.zorgvorm == "crisis"), (
            "a vervolgaanvraag for each crisis only"
        )
        if made is None:
            return
        id, samen = made
        assert stay.kind is not None and stay.tot is not None
        old = self.kinderen[stay.kind]
        family = [
            self.kinderen[next_id].samen for done, next_id in self.vervolg_van.items()
            if (of := self.bezetting[done].kind) and old.samen and self.kinderen[of].samen == old.samen
            and self.kinderen[next_id].status in OPEN
        ]  # fmt: skip
        assert (samen is None) == (old.samen is None) and (not family or samen == family[-1]), "not together any more"
        if samen is not None and old.samen is not None and not family:
            self.samen[samen] = replace(self.samen[old.samen])
        self.kinderen[id] = Kind(
            id=id,
            org=old.org,
            urgentie="regulier",
            verblijf=max(old.verblijf, VERVOLG_VERBLIJF),
            uiterlijk=stay.tot + VERVOLG_SPELING * DAY,
            start=stay.tot,
            aangemeld=self.dag,
            zorgvormen=tuple(zorgvorm for zorgvorm in old.zorgvormen if zorgvorm not in GEEN_VERVOLG),
            maanden=old.maanden,
            peildatum=old.peildatum,
            samen=samen,
            woont="crisisplek",
            behandelaar=old.behandelaar,
        )
        self.vervolg_van[plaatsing] = id
        self.schrijf(id, "ingediend")
        self.schrijf(old.id, "vervolg")

    def plaatsing_stap(
        self,
        wie: Wie,
        plaatsing: str,
        stap: str,
        *,
        op: date | None = None,
        tot: date | None = None,
        answer: Any,
    ) -> None:
        if wie.rol not in (S, C, A):
            nee(403, "rol")
        stay = self.bezetting[plaatsing]
        assert stay.kind is not None
        child = self.kinderen[stay.kind]
        unit = self.voorzieningen[self.plekken[stay.plek]]
        theirs = wie.rol == A and unit.aanbieder == wie.org
        guest = wie.rol == S and wie.regio == unit.regio != HIER
        if not (theirs or guest or (wie.rol != A and self.ziet(wie, stay.kind))):
            nee(404, "not to be seen")
        if wie.rol not in PLAATSING_STAPPEN[stap]:
            nee(403, "rol")
        if guest:
            nee(409, "of another region")
        comes = stay.begonnen is None and not (stay.van <= self.dag and not stay.definitief)
        ended = stay.beeindigd is not None or stay.vrij
        if ended or (stap == "zeg_af" and not comes) or (stap == "beeindig" and comes):
            nee(409, "not now")
        if stap == "definitief" and stay.definitief:
            nee(409, "it is")
        days = {"begin": (op, stay.tot), "verleng": (stay.van, tot), "beeindig": (stay.van, op)}
        if stap in days:
            van, until = days[stap]
            assert van is not None
            if (op is not None and op > self.dag) or (until is not None and until <= van):
                nee(400, "days")
            if not self._vrij(stay.plek, van, until, eigen=[stay.id]):
                nee(409, "taken")
            if self._elders(stay, van, until):
                nee(409, "it was elsewhere")
        if stap == "definitief":
            besluit = self.besluiten.get((child.id, self.plekken[stay.plek]))
            if not child.compleet or besluit is None or besluit.reden is not None:
                nee(409, "the law asks more")
        self._done(answer)
        match stap:
            case "begin":
                assert op is not None
                self.ruim(stay.plek)
                stay.van = stay.begonnen = op
                self.schrijf(child.id, "begonnen")
            case "verleng":
                self.ruim(stay.plek)
                stay.tot = tot
                self.schrijf(child.id, "verlengd")
            case "beeindig":
                self.ruim(stay.plek)
                stay.tot = stay.beeindigd = op
                stay.begonnen = stay.begonnen or stay.van
                self.schrijf(child.id, "beeindigd")
            case "definitief":
                stay.definitief = True
                self.schrijf(child.id, "definitief")
            case "zeg_af":
                self.ruim(stay.plek)
                self._zeg_af(stay)


# ── Judging what is stored ───────────────────────────────────────────────────────────────────────


def wrong(facts: dict[str, list[dict[str, Any]]]) -> list[str]:
    """What cannot be, in facts as tests/facts.py reads them; nothing when all is well.

    - no two periods overlap on a plek, nor two stays of a child;
    - the status of each aanvraag is what follows from its facts, by the model and by the database;
    - its history is a chain that ends there;
    - a voorstel that waits has an optie as long as it waits, and an optie that ended has a line that says why.
    """
    loket = Loket(now=datetime.max.replace(tzinfo=AMSTERDAM))
    for row in facts["bezetting"]:
        loket.bezetting[row["id"]] = Bezetting(
            row["id"], row["soort"], row["plek"], row["van"], row["tot"], row["kind"], row["vervalt"],
            vrij=row["vrij"], begonnen=row["begonnen"], definitief=row["definitief"], beeindigd=row["beeindigd"],
            overbrugging=row["overbrugging"],
        )  # fmt: skip
    for row in facts["voorstel"]:
        loket.voorstellen[row["id"]] = Voorstel(
            row["id"], row["kind"], row["voorziening"], row["plek"], row["bundel"], row["van"], row["tot"],
            afwijking=False, status=row["status"], optie=row["optie"], antwoord_voor=row["antwoord_voor"],
        )  # fmt: skip
    return [*_overlaps(loket), *_standen(loket, facts), *_accounts(loket, facts)]


def _overlaps(loket: Loket) -> Iterator[str]:
    rows = [b for b in loket.bezetting.values() if not b.vrij]
    for at, one in enumerate(rows):
        for other in rows[at + 1 :]:
            same_child = one.kind is not None and one.kind == other.kind and one.soort == other.soort == "plaatsing"
            same_child = same_child and one.overbrugging == other.overbrugging
            if (one.plek == other.plek or same_child) and one.overlaps(other.van, other.tot):
                yield f"{one.soort} {one.id} and {other.soort} {other.id} at one time"


def _standen(loket: Loket, facts: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    for row in facts["aanvraag"]:
        child = Kind(row["id"], "", "", 1, date.max, (), 0, status=row["status"], opgeschaald=set(row["opgeschaald"]))
        follows, history = loket.stand(child), row["historie"]
        if not follows == row["status"] == row["stand"]:
            yield f"aanvraag {child.id} is {row['status']}; the model says {follows}, the database {row['stand']}"
        if not history or history[-1][2] != row["status"]:
            yield f"aanvraag {child.id} is {row['status']}; its history ends elsewhere: {history[-3:]}"
        for before, after in pairwise(history):
            if before[2] != after[1]:
                yield f"aanvraag {child.id}: {after} does not go on from {before}"


OPTIE_EINDES = frozenset(
    {
        "optie_vrij", "optie_verlopen", "voorstel_afgewezen", "voorstel_ingetrokken", "voorstel_vervallen",
        "definitief", "geplaatst",
    }
)  # fmt: skip


def _accounts(loket: Loket, facts: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    for brief in loket.voorstellen.values():
        optie = loket.bezetting.get(brief.optie or "")
        if brief.levend and (optie is None or optie.vrij or optie.vervalt != brief.antwoord_voor):
            yield f"voorstel {brief.id} is {brief.status}, and its optie does not hold as long"
    for row in facts["aanvraag"]:
        opties = [b for b in loket.bezetting.values() if b.soort == "optie" and b.kind == row["id"]]
        said = [soort for soort, *_ in row["historie"]]
        if said.count("optie") != len(opties):
            yield f"aanvraag {row['id']}: {len(opties)} opties, of which {said.count('optie')} were told"
        ended = sum(b.vrij for b in opties)
        if ended and ended > sum(soort in OPTIE_EINDES for soort in said):
            yield f"aanvraag {row['id']}: {ended} opties ended, and not all of them were told: {said}"
    for row in facts["gebeurtenis"]:
        if not row["gemeld"]:
            yield f"gebeurtenis {row['id']} ({row['soort']}) has no taak melding"
