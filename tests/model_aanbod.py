"""The reference model of places that go: a child must not be there, an aanbieder stops; and the round of each day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tests.model import (
    DAY,
    GESLOTEN,
    HIER,
    HOOG,
    LEVEND,
    OPEN,
    VERVOLG_SPELING,
    VERVOLG_VERBLIJF,
    A,
    Bezetting,
    C,
    Kind,
    S,
    V,
    Voorziening,
    months_after,
    nee,
)
from tests.model_naast import ACHTTIEN, MISLUKT, VOORAF
from tests.model_plek import Plekken

VERGETEN = timedelta(days=180)
CRISIS_ALARMEN = (14, 21, 28)

Alarm = tuple[str, str, date, str]
"""Of which child, what, about which day, and whether that has passed."""


@dataclass
class Beeindiging:
    id: str
    aanbieder: str
    voorziening: str | None
    per: date
    op: datetime
    door: str
    terug: bool = False
    """It does not stop after all."""
    bestond: dict[str, date] = field(default_factory=dict)
    """Until when each plek was there before."""
    stops: list[tuple[str, date, date]] = field(default_factory=list)
    """As they were, of those beyond its day."""
    los: set[str] = field(default_factory=set)
    """Stops that it ended before they began, and children of whom it ended an optie or a voorstel."""


@dataclass
class Overdracht:
    """Of who lives there beyond that day."""

    beeindiging: str
    besluit: str | None = None
    uitloop: date | None = None
    aanvraag: str | None = None


@dataclass
class Geheel(Plekken):
    uit: dict[str, set[str]] = field(default_factory=dict)
    """Child → aanbieders and voorzieningen where it must not be."""
    beeindigingen: dict[str, Beeindiging] = field(default_factory=dict)
    overdrachten: dict[str, Overdracht] = field(default_factory=dict)
    """By plaatsing."""
    hierdoor: set[str] = field(default_factory=set)
    """Aanvragen that an overdracht made."""
    gemeld: set[Alarm] = field(default_factory=set)

    # ── A child must not be there ────────────────────────────────────────────────────────────────

    def _nooit(self, kind: str, unit: Voorziening) -> set[str]:
        out = {"veiligheid"} if {unit.id, unit.aanbieder} & self.uit.get(kind, set()) else set()
        return super()._nooit(kind, unit) | out

    def _unit(self, plek: str) -> Voorziening:
        return self.voorzieningen[self.plekken[plek]]

    def _vervolg(self, plaatsing: str, made: tuple[str, str | None] | None, *, telefonisch: bool) -> None:
        super()._vervolg(plaatsing, made, telefonisch=telefonisch)
        if made is not None:
            old = self.bezetting[plaatsing].kind
            self.uit[made[0]] = set(self.uit.get(old or "", set()))

    def sluit_uit(self, wie: Any, kind: str, uit: set[str], answer: Any) -> None:
        """What is held, proposed or promised there, ends; of who lives there it is an alarm."""
        if wie.rol not in (S, V, C):
            nee(403, "rol")
        if not self.ziet(wie, kind):
            nee(404, "not to be seen")
        self._done(answer)
        child = self.kinderen[kind]
        self.uit[kind], child.gewijzigd = uit, self.now
        mine = [v.plek for v in self.voorstellen.values() if v.kind == kind and (v.levend or v.status == "concept")]
        mine += [b.plek for b in self.bezetting.values() if b.kind == kind and not b.vrij and b.beeindigd is None]
        home = self._waar_het_woont(child)
        mine += [home.plek] if home is not None else []
        out = {plek for plek in mine if "veiligheid" in self._nooit(kind, self._unit(plek))}
        if out:
            self._eindig(child, out)
            for stay in sorted(self._wonen(child), key=lambda b: b.id):
                if stay.plek in out:
                    self._meld((kind, "uitgesloten", stay.van, "verstreken"))

    def _waar_het_woont(self, child: Kind) -> Bezetting | None:
        """Where it waits for a place to go on to."""
        for plaatsing, next_id in self.vervolg_van.items():
            stay = self.bezetting[plaatsing]
            if next_id == child.id and child.status in OPEN and stay.begonnen is not None and stay.beeindigd is None:
                return stay
        return None

    def _wonen(self, child: Kind) -> Iterator[Bezetting]:
        yield from (
            b for b in self.bezetting.values()
            if b.kind == child.id and b.soort == "plaatsing" and not b.vrij and b.beeindigd is None
            and (b.begonnen is not None or not b.definitief)
        )  # fmt: skip
        home = self._waar_het_woont(child)
        if home is not None:
            yield home

    def _eindig(self, child: Kind, out: set[str]) -> None:
        some = ("concept", "definitief", *LEVEND)
        first = [v for v in self.voorstellen.values() if v.kind == child.id and v.plek in out and v.status in some]
        bundels = {v.bundel for v in first if v.bundel}
        brieven = first + [
            v for v in self.voorstellen.values() if v not in first and v.bundel in bundels and v.status in some
        ]
        for brief in sorted(brieven, key=lambda v: (v.kind, v.id)):
            if brief.levend or brief.status == "concept":
                self._einde(brief, "ingetrokken", "voorstel_ingetrokken")
        apart = child.samen is None or self.samen[child.samen].splitsen
        locaties = {self._unit(plek).locatie for plek in out}
        for optie in sorted(self._opties(), key=lambda b: (b.kind or "", b.id)):
            assert optie.kind is not None
            theirs = not apart and self.kinderen[optie.kind].samen == child.samen
            if (optie.kind == child.id and optie.plek in out) or (
                theirs and self._unit(optie.plek).locatie in locaties
            ):
                optie.vrij = True
                self.schrijf(optie.kind, "optie_vrij")
        promised = {(v.kind, v.plek) for v in brieven if v.status == "definitief"}
        for stay in sorted(self.bezetting.values(), key=lambda b: (b.kind or "", b.id)):
            running = stay.soort == "plaatsing" and not stay.vrij and stay.beeindigd is None
            own = stay.kind == child.id and stay.plek in out
            if running and stay.begonnen is None and stay.definitief and (own or (stay.kind, stay.plek) in promised):
                self._zeg_af(stay)

    def _zeg_af(self, stay: Bezetting) -> None:
        super()._zeg_af(stay)
        self._kort(stay.plek)

    # ── An aanbieder stops ───────────────────────────────────────────────────────────────────────

    def _stopt(self, plek: str) -> list[Beeindiging]:
        unit = self._unit(plek)
        return [
            b for b in self.beeindigingen.values()
            if not b.terug and b.aanbieder == unit.aanbieder and b.voorziening in (None, unit.id)
        ]  # fmt: skip

    def _plek_einde(self, plek: str) -> date | None:
        """The first day on which a plek of who stops is gone; None: it goes on, or nobody knows."""
        days = [b.per for b in self._stopt(plek)]
        if not days:
            return None
        until = min(days)
        for b in self.bezetting.values():
            if b.plek == plek and b.soort == "plaatsing" and not b.vrij:
                if b.tot is None:
                    return None
                longer = self.overdrachten.get(b.id, Overdracht("")).uitloop if b.beeindigd is None else None
                until = max(until, b.tot, longer or date.min)
        return until

    def _kort(self, plek: str) -> None:
        """It is gone as soon as nobody lives there."""
        until = self._plek_einde(plek)
        if until is not None and until < self.einde.get(plek, date.max):
            self.einde[plek] = until

    def _vertrokken(self, plek: str) -> None:
        self._kort(plek)

    def plaatsing_stap(self, wie: Any, plaatsing: str, stap: str, **of: Any) -> None:
        super().plaatsing_stap(wie, plaatsing, stap, **of)
        self._kort(self.bezetting[plaatsing].plek)

    def beeindig(self, wie: Any, aanbieder: str, voorziening: str | None, per: date, answer: Any) -> None:
        if wie.rol not in (S, A):
            nee(403, "rol")
        if per < self.dag or (wie.rol == A and wie.org != aanbieder):
            nee(400, "not that day, or not its own")
        if any((b.aanbieder, b.voorziening, b.terug) == (aanbieder, voorziening, False)
               for b in self.beeindigingen.values()):  # fmt: skip
            nee(409, "it was ended already")
        self._done(answer)
        stopt = Beeindiging(answer["id"], aanbieder, voorziening, per, self.now, wie.rol)
        beds = [plek for plek in self.plekken if self._unit(plek).aanbieder == aanbieder]
        beds = [plek for plek in beds if voorziening in (None, self.plekken[plek])]
        waits = [v for v in self.voorstellen.values() if v.levend or v.status == "concept"]
        brieven = [v for v in waits if v.plek in beds and (v.tot or date.max) > per]
        bundels = {v.bundel for v in brieven if v.bundel}
        brieven += [v for v in waits if v not in brieven and v.bundel in bundels]
        for plek in beds:
            self.ruim(plek)
            before = min(self._stopt(plek), key=lambda b: (b.op, b.id), default=None)
            stopt.bestond[plek] = self.einde.get(plek, date.max) if before is None else before.bestond[plek]
        self.beeindigingen[stopt.id] = stopt
        for brief in sorted(brieven, key=lambda v: (v.kind, v.id)):
            if brief.levend or brief.status == "concept":
                self._einde(brief, "ingetrokken", "voorstel_ingetrokken")
                stopt.los.add(brief.kind)
        for optie in sorted(self._opties(), key=lambda b: (b.kind or "", b.id)):
            if optie.plek in beds and (optie.tot or date.max) > per:
                assert optie.kind is not None
                optie.vrij = True
                self.schrijf(optie.kind, "optie_vrij")
                stopt.los.add(optie.kind)
        for b in self.bezetting.values():
            if b.plek not in beds or b.vrij:
                continue
            if b.soort == "stop":
                if b.tot is not None and b.tot > per:
                    stopt.stops.append((b.id, b.van, b.tot))
                if b.van >= per:
                    stopt.los.add(b.id)
                b.vrij = b.van >= per
                b.tot = b.tot if b.vrij or (b.tot or date.max) <= per else per
            elif b.soort == "plaatsing" and b.beeindigd is None and ((b.tot or date.max) > per or b.tot <= self.dag):  # type: ignore[operator]
                was = self.overdrachten.get(b.id)
                kept = was is not None and was.besluit == "overdracht"
                self.overdrachten[b.id] = Overdracht(
                    stopt.id, "overdracht" if kept else None, None, was.aanvraag if was else None
                )
        for plek in beds:
            self._kort(plek)

    def neem_terug(self, wie: Any, id: str, answer: Any) -> None:
        """It does not stop: plekken and stops are as they were, and who lives there need not go."""
        if wie.rol not in (S, A):
            nee(403, "rol")
        stopte = self.beeindigingen[id]
        if wie.regio != HIER or (wie.rol == A and wie.org != stopte.aanbieder):
            nee(404, "not to be seen")
        if wie.rol == A and stopte.door != A:
            nee(403, "the loket said so")
        if stopte.per < self.dag:
            nee(409, "that day has passed")
        if stopte.terug:
            nee(409, "it was taken back")
        stay_away = self._moet_nog_weg(stopte)
        gone = {
            plaatsing: weg.aanvraag for plaatsing, weg in self.overdrachten.items()
            if weg.beeindiging == id and plaatsing not in stay_away and weg.aanvraag is not None
            and not self.bezetting[plaatsing].vrij and self.bezetting[plaatsing].beeindigd is None
        }  # fmt: skip
        runs = {other for other in gone.values() if other in self.hierdoor and self._loopt(other)}
        if any(self._aangeroerd(other) for other in runs):
            nee(409, "somebody went on with it")
        self._done(answer)
        for plaatsing, other in sorted(gone.items(), key=lambda one: one[1]):
            if other in runs:
                self.schrijf(other, "ingetrokken", "ingetrokken")
            kind = self.bezetting[plaatsing].kind
            assert kind is not None
            self.schrijf(kind, "overdracht_vervalt")
        for plaatsing, weg in list(self.overdrachten.items()):
            if plaatsing in stay_away:
                weg.beeindiging = stay_away[plaatsing]
            elif weg.beeindiging == id:
                del self.overdrachten[plaatsing]
        whole = {
            plek for plek in stopte.bestond if self.einde.get(plek, date.max) >= (self._plek_einde(plek) or date.max)
        }
        stopte.terug = True
        for plek, bestond in stopte.bestond.items():
            until = self._plek_einde(plek) or date.max
            if plek in whole:
                einde = min(until, max(self.einde.pop(plek, date.max), bestond))
                self.einde |= {plek: einde} if einde < date.max else {}
            for stop, van, tot in stopte.stops:
                if self.bezetting[stop].plek == plek:
                    self._zet_terug(stopte, self.bezetting[stop], van, tot, until)
        for kind in sorted(stopte.los & self.kinderen.keys()):
            if self.kinderen[kind].status in OPEN:
                self.schrijf(kind, "plek_blijft")

    def _moet_nog_weg(self, stopte: Beeindiging) -> dict[str, str]:
        """Plaatsing → another beeindiging that stands, for which that child must leave."""
        found = {}
        for plaatsing, weg in self.overdrachten.items():
            stay = self.bezetting[plaatsing]
            others = [b for b in self._stopt(stay.plek) if b is not stopte and (stay.tot or date.max) > b.per]
            if weg.beeindiging == stopte.id and others:
                found[plaatsing] = min(others, key=lambda b: (b.per, b.id)).id
        return found

    def _loopt(self, kind: str) -> bool:
        return self.kinderen[kind].status in (*OPEN, "definitief", "geplaatst")

    def _aangeroerd(self, kind: str) -> bool:
        """Somebody did something for it."""
        return (
            self.kinderen[kind].status not in ("ingediend", "in_behandeling")
            or any((v.kind, v.status) == (kind, "concept") for v in self.voorstellen.values())
            or any(way.kind == kind and not way.klaar for way in self.routes.values())
        )

    def _zet_terug(self, stopte: Beeindiging, stop: Bezetting, van: date, tot: date, einde: date) -> None:
        until = min(tot, einde)
        if until <= max(van, self.dag):
            return
        ended = stop.id in stopte.los if stop.vrij else (stop.van, stop.tot) == (van, stopte.per)
        free = not any(
            b.plek == stop.plek and b.id != stop.id and b.overlaps(van, until) for b in self.bezetting.values()
        )
        if ended and free:
            stop.vrij, stop.tot = False, until

    def besluit(self, wie: Any, plaatsing: str, besluit: str, tot: date | None, answer: Any) -> None:
        if wie.rol != S:
            nee(403, "rol")
        stay, weg = self.bezetting[plaatsing], self.overdrachten[plaatsing]
        regio = HIER if stay.kind is not None else self._unit(stay.plek).regio
        if wie.regio not in (regio, self._unit(stay.plek).regio):
            nee(404, "not to be seen")
        if wie.regio != regio:
            nee(409, "of another region")
        if (besluit == "uitloop") != (tot is not None):
            nee(400, "a day, or none")
        if stay.vrij or stay.beeindigd is not None:
            nee(409, "not now")
        per = self.beeindigingen[weg.beeindiging].per
        late = stay.begonnen is None and stay.kind is not None and stay.van >= per
        if tot is not None:
            if tot <= max(per, self.dag, stay.van):
                nee(400, "days")
            if late:
                nee(409, "it would come only then")
            if tot != stay.tot:
                longer = max(self.einde.get(stay.plek, date.max), tot)
                if not self._vrij(stay.plek, stay.van, tot, eigen=[stay.id], einde=longer):
                    nee(409, "taken")
        elif stay.kind is None:
            nee(409, "nobody knows this child")
        self._done(answer)
        if tot is not None:
            weg.besluit, weg.uitloop, weg.aanvraag = besluit, tot, None
            if stay.plek in self.einde:
                self.einde[stay.plek] = max(self.einde[stay.plek], tot)
            if tot != stay.tot:
                self.ruim(stay.plek)
                stay.tot = tot
                if stay.kind is not None:
                    self.schrijf(stay.kind, "verlengd")
                self._kort(stay.plek)
            return
        assert stay.kind is not None
        weg.besluit, weg.uitloop = besluit, None
        if late:
            self.ruim(stay.plek)
            self._zeg_af(stay)
            weg.aanvraag = stay.kind
        elif stay.overbrugging:
            weg.aanvraag = stay.kind  # it waits there, and its search goes on
        else:
            weg.aanvraag = self._open_overdracht(stay, per, answer)
        self.schrijf(stay.kind, "overdracht")

    def _open_overdracht(self, stay: Bezetting, per: date, answer: Any) -> str:
        """An aanvraag for another place, for that day at the latest: the vervolgaanvraag when there is one."""
        assert stay.kind is not None
        unit, id = self._unit(stay.plek), self.vervolg_van.get(stay.id)
        if id is not None and self.kinderen[id].status in ("definitief", "geplaatst"):
            return id
        if id is None or self.kinderen[id].status not in OPEN:
            old, (id, samen) = self.kinderen[stay.kind], answer["made"]
            einde = stay.tot or stay.van + self._gebruikelijk(stay.plek)
            forms = old.zorgvormen
            if unit.zorgvorm != "crisis":
                forms = (unit.zorgvorm, *(form for form in forms if form != unit.zorgvorm))
            if samen is not None and samen not in self.samen:
                assert old.samen is not None
                self.samen[samen] = type(self.samen[old.samen])(**vars(self.samen[old.samen]))
            self.kinderen[id] = Kind(
                id=id, org=old.org, urgentie="regulier", verblijf=max(old.verblijf, VERVOLG_VERBLIJF),
                uiterlijk=einde + VERVOLG_SPELING * DAY, start=einde, zorgvormen=forms, maanden=old.maanden,
                peildatum=old.peildatum, samen=samen, behandelaar=old.behandelaar, woont="elders", aangemeld=self.dag,
            )  # fmt: skip
            self.uit[id] = set(self.uit.get(stay.kind, set()))
            self.vervolg_van[stay.id] = id
            self.hierdoor.add(id)
            self.schrijf(id, "ingediend")
            self.schrijf(stay.kind, "vervolg")
        child = self.kinderen[id]
        child.uiterlijk = max(self.dag, min(child.start, per), min(child.uiterlijk, per))
        child.start = max(self.dag, min(child.start, per))
        child.gewijzigd = self.now
        if HOOG.index(child.urgentie) > HOOG.index("spoed"):
            child.urgentie = "spoed"
            self.schrijf(id, "urgentie")
        return id

    # ── The round of each day ────────────────────────────────────────────────────────────────────

    def _meld(self, alarm: Alarm) -> None:
        """Once."""
        if alarm not in self.gemeld:
            self.gemeld.add(alarm)
            self.schrijf(alarm[0], "alarm")

    def alarmen(self, kind: str) -> Iterator[Alarm]:
        """That were told of a child."""
        yield from (one for one in self.gemeld if one[0] == kind)
        for id, day in self.tegengesproken:
            if self.bezetting[id].kind == kind:
                yield kind, "plek_bezet", day, "verstreken"

    def dagronde(self) -> None:
        for alarm in sorted(self._alarmen()):
            self._meld(alarm)
        for way in (*self.opschalingen.values(), *self.routes.values()):
            over = way.gesloten if hasattr(way, "gesloten") else way.klaar
            if not over and not way.gewaarschuwd and way.termijn < self.dag:
                way.gewaarschuwd = True
                self.schrijf(way.kind, "alarm")

    def _alarmen(self) -> Iterator[Alarm]:
        for child in self.kinderen.values():
            if child.status not in GESLOTEN:
                yield from ((child.id, *alarm) for alarm in self._van(child))
        for plaatsing, weg in self.overdrachten.items():
            stay = self.bezetting[plaatsing]
            if weg.besluit is None and stay.kind is not None and not stay.vrij and stay.beeindigd is None:
                per = self.beeindigingen[weg.beeindiging].per
                yield stay.kind, "aanbieder_stopt", per, "verstreken" if per <= self.dag else "nadert"

    def _van(self, child: Kind) -> Iterator[tuple[str, date, str]]:
        if child.status in OPEN and child.uiterlijk + VERGETEN <= self.dag:
            yield "vergeten", child.uiterlijk + VERGETEN, "verstreken"
        stays = [
            b for b in self.bezetting.values()
            if b.kind == child.id and b.soort == "plaatsing" and not b.vrij and b.beeindigd is None
        ]  # fmt: skip
        if stays and not child.compleet and (van := min(b.van for b in stays)) <= self.dag:
            yield "grondslag_ontbreekt", van, "verstreken"
            yield "toestemming_ontbreekt", van, "verstreken"
        since = self._crisis_sinds(child)
        reached = [since + n * DAY for n in CRISIS_ALARMEN if since + n * DAY <= self.dag] if since else []
        if since and reached:
            last = reached[-1] == since + CRISIS_ALARMEN[-1] * DAY
            yield "vervolg_zonder_plek", reached[-1], "verstreken" if last else "nadert"
        plan = any(
            (way.kind, way.soort) == (child.id, "achttien_plus") and way.staat not in MISLUKT
            for way in self.routes.values()
        )
        birthday = months_after(child.peildatum, ACHTTIEN - 1 - child.maanden) + DAY
        if not plan and months_after(birthday, -VOORAF) <= self.dag:
            yield "achttien", birthday, "verstreken" if birthday <= self.dag else "nadert"
        for stay in self._wonen(child):
            if "veiligheid" in self._nooit(child.id, self._unit(stay.plek)):
                yield "uitgesloten", stay.van if stay.kind == child.id else stay.begonnen or stay.van, "verstreken"

    def _crisis_sinds(self, child: Kind) -> date | None:
        """Of who waits to go on: since when it lives where it cannot stay."""
        home = self._waar_het_woont(child)
        if home is None:
            return None
        since = self._keten(home)
        return child.aangemeld if since is None else since

    def _keten(self, stay: Bezetting) -> date | None:
        """The first day of stays in crisis without a day between; None: this is none."""
        if stay.begonnen is None or not (stay.telefonisch or self._unit(stay.plek).zorgvorm == "crisis"):
            return None
        before = next((self.bezetting[id] for id, next_id in self.vervolg_van.items() if next_id == stay.kind), None)
        if before is None or (before.beeindigd or date.max) < stay.begonnen:
            return stay.begonnen
        return min(stay.begonnen, self._keten(before) or date.max)
