"""The reference model of what an aanbieder says of its plekken: stops, staff, who lives there, is it still so.

A round of the day asks; the link in its mail is answered by a tap (`tik`). What the loket holds or promised stays, and
the loket of that child is told (`tegengesproken`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tests.model import HIER, HOUR, A, Bezetting, C, S, nee
from tests.model_naast import Naast

ZEKER_UREN = {"crisis": 24}
ZEKER, VOORAF_UREN, GELDIG = 168, 12, 48 * HOUR
"""Hours that a confirmation is sure; so long before that is over, one asks; so long one may answer."""

ANTWOORDEN = {"klopt": None, "bezet": None, "vrij": "bemenst", "onbemenst": "onbemenst", "in_overleg": "in_overleg"}
"""A tap → what it says of the staff of an empty plek."""


@dataclass(frozen=True)
class Bevestigverzoek:
    aanbieder: str
    dag: date
    plekken: tuple[str, ...]
    gevraagd: datetime

    @property
    def tot(self) -> datetime:
        return self.gevraagd + GELDIG


@dataclass
class Plekken(Naast):
    bevestigd: dict[str, datetime] = field(default_factory=dict)
    """Plek → when somebody last said so."""
    bevestigverzoeken: dict[tuple[str, date], Bevestigverzoek] = field(default_factory=dict)
    tegengesproken: set[tuple[str, date]] = field(default_factory=set)
    """Which bezetting, on which day."""

    def _mag_erin(self, wie: Any, plek: str) -> bool:
        """An aanbieder on its own plekken; others on those of their region."""
        unit = self.voorzieningen[self.plekken[plek]]
        return unit.aanbieder == wie.org if wie.rol == A else unit.regio == wie.regio

    def _leeg(self, plek: str) -> bool:
        """Today: nothing takes it, and it is there."""
        return self.einde.get(plek, date.max) > self.dag and not any(
            b.plek == plek and not b.vrij and b.van <= self.dag and not (b.vervalt and b.vervalt <= self.now)
            and ((b.soort == "plaatsing" and b.beeindigd is None) or (b.tot or date.max) > self.dag)
            for b in self.bezetting.values()
        )  # fmt: skip

    # ── Stops ────────────────────────────────────────────────────────────────────────────────────

    def stop(self, wie: Any, plek: str, van: date, tot: date, answer: Any) -> None:
        if wie.rol not in (S, A):
            nee(403, "rol")
        if not self._mag_erin(wie, plek):
            nee(404, "not its own")
        if tot <= van:
            nee(400, "days")
        if not self._vrij(plek, van, tot):
            nee(409, "taken")
        self._done(answer)
        self.ruim(plek)
        self.bezetting[answer["id"]] = Bezetting(answer["id"], "stop", plek, van, tot)

    def wijzig_stop(self, wie: Any, stop: str, tot: date | None, *, beeindigd: bool, answer: Any) -> None:
        """Another end, or (`beeindigd`) today."""
        if wie.rol not in (S, A):
            nee(403, "rol")
        of = self.bezetting[stop]
        if not self._mag_erin(wie, of.plek):
            nee(404, "not its own")
        if beeindigd and tot is not None:
            nee(400, "both")
        assert of.tot is not None
        if of.vrij or (beeindigd and of.tot <= self.dag):
            nee(409, "it is over")
        if beeindigd and of.van >= self.dag:
            self._done(answer)
            of.vrij = True
            return
        until = self.dag if beeindigd else tot or of.tot
        if until <= of.van:
            nee(400, "days")
        if not self._vrij(of.plek, of.van, until, eigen=[stop]):
            nee(409, "taken")
        self._done(answer)
        self.ruim(of.plek)
        of.tot = until

    # ── Still so ─────────────────────────────────────────────────────────────────────────────────

    def bevestig(self, wie: Any, plek: str, staf: str | None, answer: Any) -> None:
        if wie.rol not in (S, A, C):
            nee(403, "rol")
        if not self._mag_erin(wie, plek):
            nee(404, "not its own")
        self._done(answer)
        self._bevestig(plek, staf)

    def _bevestig(self, plek: str, staf: str | None) -> None:
        self.bevestigd[plek] = self.now
        if staf is not None:
            self.staf[plek] = staf
        if self.staf.get(plek, "bemenst") == "bemenst":
            self.bemenst[self.plekken[plek]] = self.now

    def bevestig_alles(self, wie: Any, aanbieder: str, gezien: datetime, answer: Any) -> None:
        """All that are empty, and of which nobody spoke since they were seen."""
        if wie.rol not in (S, A):
            nee(403, "rol")
        mine = [plek for plek in self.plekken if self.voorzieningen[self.plekken[plek]].aanbieder == aanbieder]
        if not (wie.org == aanbieder if wie.rol == A else all(self._kent(wie, plek) for plek in mine)):
            nee(404, "not its own")
        self._done(answer)
        until = min(gezien, self.now)
        mine = [plek for plek in mine if self._mag_erin(wie, plek)]
        some = [plek for plek in mine if self._leeg(plek) and self.bevestigd[plek] < until]
        assert {row["plekId"] for row in answer} == set(some), f"not {some} were confirmed"
        for plek in some:
            self._bevestig(plek, None)

    def vraag_bevestiging(self) -> list[Bevestigverzoek]:
        """Each aanbieder once a day, of what nobody is sure of soon."""
        made = []
        needed: dict[str, list[str]] = {}
        for plek, id in self.plekken.items():
            unit = self.voorzieningen[id]
            sure = (ZEKER_UREN.get(unit.zorgvorm, ZEKER) - VOORAF_UREN) * HOUR
            if unit.regio == HIER and self._leeg(plek) and self.now - self.bevestigd[plek] > sure:
                needed.setdefault(unit.aanbieder, []).append(plek)
        for aanbieder, plekken in needed.items():
            if (aanbieder, self.dag) not in self.bevestigverzoeken:
                asked = Bevestigverzoek(aanbieder, self.dag, tuple(sorted(plekken)), self.now)
                self.bevestigverzoeken[aanbieder, self.dag] = asked
                made.append(asked)
        return made

    def tik(self, verzoek: Bevestigverzoek, wat: str, plek: str | None, answer: Any) -> None:
        """By whoever has the link, of one plek or of all."""
        if verzoek.tot <= self.now:
            nee(404, "too late")
        if plek is not None and plek not in verzoek.plekken:
            nee(404, "not asked")
        if plek is None and wat != "klopt":
            nee(400, "one at a time")
        self._done(answer)
        blocked = False
        for one in verzoek.plekken if plek is None else (plek,):
            empty = self._leeg(one)
            if wat == "bezet":
                blocked = self._bezet(one, None, answer["plaatsing"])
            elif plek is not None:
                blocked = not empty
            if empty and not blocked:
                self._bevestig(one, ANTWOORDEN[wat])
        assert bool(answer["melding"]) == blocked, f"blocked: {blocked}"

    # ── Who lives there ──────────────────────────────────────────────────────────────────────────

    def bewoning(
        self, wie: Any, plek: str, *, bewoond: bool, tot: date | None, einde: bool, answer: Any
    ) -> None:  # fmt: skip
        """Somebody of whom the loket does not know lives there from today on, or no more."""
        if wie.rol != A:
            nee(403, "rol")
        if (tot is not None and tot <= self.dag) or (bewoond and einde) or (not bewoond and tot is not None):
            nee(400, "days")
        if not self._mag_erin(wie, plek):
            nee(404, "not its own")
        if bewoond:
            self._done(answer)
            blocked = self._bezet(plek, tot, answer["plaatsing"])
            assert bool(answer["melding"]) == blocked, f"blocked: {blocked}"
            return
        here = [
            b for b in self.bezetting.values()
            if b.plek == plek and b.soort == "plaatsing" and not b.vrij and b.beeindigd is None and b.van <= self.dag
        ]  # fmt: skip
        if not here:
            nee(409, "nobody")
        stay = max(here, key=lambda b: b.van)
        if stay.kind is not None:
            nee(409, "it came by the loket")
        if stay.van < self.dag and not einde:
            nee(400, "why")
        if stay.van < self.dag and not self._vrij(plek, stay.van, self.dag, eigen=[stay.id]):
            nee(409, "taken")
        self._done(answer)
        if stay.van == self.dag:
            stay.vrij = True
        else:
            self.ruim(plek)
            stay.begonnen, stay.beeindigd, stay.tot = stay.van, self.dag, self.dag
        self._vertrokken(plek)

    def _vertrokken(self, plek: str) -> None:
        """Somebody left a plek."""

    def _bezet(self, plek: str, tot: date | None, id: str | None) -> bool:
        """Whether something is in the way: then the loket of each child is told, once a day."""
        empty = self._leeg(plek)
        self.ruim(plek)
        mine = [b for b in self.bezetting.values() if b.plek == plek and not b.vrij]
        if any(b.soort == "plaatsing" and b.beeindigd is None and b.van <= self.dag for b in mine):
            return False
        there = sorted((b for b in mine if b.overlaps(self.dag, None)), key=lambda b: (b.van, b.id))
        for b in there:
            if b.kind is not None and (b.id, self.dag) not in self.tegengesproken:
                self.tegengesproken.add((b.id, self.dag))
                self.schrijf(b.kind, "alarm")
        if any(b.soort != "stop" for b in there):
            return True
        if empty:
            days = [self.einde.get(plek), there[0].van if there else None, tot]
            until = min((day for day in days if day is not None), default=None)
            assert id is not None, f"nobody lives on {plek}"
            self.bezetting[id] = Bezetting(id, "plaatsing", plek, self.dag, until)
        return False
