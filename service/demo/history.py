"""What happened in the two years before `today`: stays with their ends and reasons, stops, questions with their dates
and decisions, confirmations of different age.

Each plek gets a line of stays, made backwards from how it stands today (scarcity). A stay that began in the two
years has an aanvraag; of older ones only the resident's age is known, or nothing at all.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from asyncpg import Range

from service.demo import names
from service.demo.aanbod import Aanbod
from service.demo.aanvraag import (
    GROUPS,
    ROUTES,
    TRAITS,
    YOUNG_TRAITS,
    Question,
    Route,
    kader_of,
    make_aanvraag,
    perspectief_of,
)
from service.demo.codes import CRISIS_FORMS, VORMEN
from service.demo.draft import Draft
from service.demo.papers import add_papers
from service.demo.rows import Aanvraag, Besluit, Bevestiging, Bezetting, Plek, Voorziening
from service.demo.scarcity import Stand, State
from service.demo.verwijzers import Verwijzers

HISTORY_DAYS = 730

DECLINES = {
    "jeugdige_niet_geschikt": 0.22,
    "groepsmix": 0.2,
    "geen_personeel": 0.15,
    "aanbieder_weigert": 0.12,
    "later_vanaf": 0.12,
    "ouder_of_jeugdige_zegt_nee": 0.09,
    "afstand": 0.06,
    "anders": 0.04,
}

ENDS = {
    "volgens_plan": 0.4,
    "doorstroom": 0.2,
    "terug_naar_huis": 0.2,
    "voortijdig": 0.14,
    "verhuisd": 0.03,
    "anders": 0.03,
}

STOPS = {"personeel": 0.45, "rust_in_de_groep": 0.25, "verbouwing": 0.15, "overmacht": 0.1, "anders": 0.05}

WAITS = {"crisis": (0, 2), "spoed": (1, 12)}
"""Days from aanmelding to start; a regular question waits log-normally, see _wait."""

HABITS = {"koppeling": 0.2, "wekelijks": 0.4, "soms": 0.3, "nooit": 0.1}
"""How a provider confirms: through its own system, about every week, now and then, never."""

EVERY = {"koppeling": 90, "wekelijks": 70, "soms": 170}
"""Days between two confirmations that the history keeps, thinned out; the last one is as old as the habit says."""

LAST = {"koppeling": (1, 2), "wekelijks": (1, 10), "soms": (15, 150)}


def routes_by_form() -> dict[str, dict[Route, float]]:
    """Per zorgvorm the kinds of question that ask for it."""
    return {code: {route: route.share for route in ROUTES if code in route.zorgvormen} for code in VORMEN}


class Past:
    """Makes the history of one region and adds it to `rows`."""

    def __init__(self, draft: Draft, aanbod: Aanbod, verwijzers: Verwijzers) -> None:
        self.draft, self.verwijzers = draft, verwijzers
        self.dice, self.rows, self.regio, self.today = draft.dice, draft.rows, draft.regio, draft.today
        self.since = draft.today - timedelta(days=HISTORY_DAYS)
        self.routes = routes_by_form()
        self.by_form: dict[str, list[Voorziening]] = {}
        for v in aanbod.voorzieningen:
            self.by_form.setdefault(v.zorgvorm, []).append(v)

    def live(self, v: Voorziening, plekken: list[Plek], stands: dict[UUID, Stand], habit: str) -> None:
        """Everything that happened in one voorziening."""
        room = dict(v.groepsmix)  # residents of today together keep to the group mix
        for plek in plekken:
            stand = stands[plek.id]
            plek.beschikbaarheid = (
                "onbemenst" if stand.state is State.ONBEMENST else "in_overleg" if stand.in_overleg else "bemenst"
            )
            self._confirm(plek, habit)
            self._stays(v, plek, stand, room)

    def _stays(self, v: Voorziening, plek: Plek, stand: Stand, room: dict[str, int]) -> None:
        """From today back to the first day of the plek, but not further than the first stay before the two years."""
        dice, median = self.dice, VORMEN[v.zorgvorm].stay
        born = max(plek.bestaat.lower or self.since, self.since - timedelta(days=3000))
        day = self.today + timedelta(days=1)  # the first day that is taken by what came later
        if stand.state is State.BEZET:
            end = self.today + timedelta(days=stand.days)
            start = self.today - timedelta(days=min(dice.between(1, max(2, median)), (self.today - born).days))
            self._stay(v, plek, start, end, reason=None, room=room)
            day = start
        elif stand.state is State.STOP:
            start = self.today - timedelta(days=min(dice.between(3, 40), (self.today - born).days))
            self._stop(plek, start, self.today + timedelta(days=stand.days))
            day = start
        while True:
            end = min(day, self.today) - timedelta(days=self._gap(v))
            start = end - timedelta(days=dice.days(median))
            if end <= self.since or start < born:
                return
            if (day - end).days >= 21 and dice.chance(0.15):
                self._stop(plek, end + timedelta(days=2), end + timedelta(days=2 + dice.between(5, 14)))
            self._stay(v, plek, start, end, reason=self.dice.weighted(ENDS), room={})
            day = start

    def _gap(self, v: Voorziening) -> int:
        """Days that a plek is empty between two children; a turn on the same day happens in crisis care."""
        crisis = v.zorgvorm in CRISIS_FORMS
        return min(90, self.dice.days(3 if crisis else 14, 0.9)) - (1 if crisis else 0)

    def _stop(self, plek: Plek, start: date, end: date) -> None:
        self.rows.bezetting.append(
            Bezetting(
                self.dice.id(),
                plek.regio,
                plek.regio,
                plek.id,
                "stop",
                Range(start, end),
                stop_reden=self.dice.weighted(STOPS),
                aangemaakt_op=self.dice.moment(start - timedelta(days=1)),
            )
        )

    def _stay(
        self, v: Voorziening, plek: Plek, start: date, end: date, *, reason: str | None, room: dict[str, int]
    ) -> None:
        """One plaatsing; `reason` is that of its end, None when the child still lives there."""
        dice = self.dice
        maanden, kenmerken = self._resident(v, start, end, room)
        aanvraag_id, made = None, start - timedelta(days=1)
        if start > self.since:
            a = self._placed(v, start, end, maanden)
            a.status, a.kenmerken = "beeindigd" if reason else "geplaatst", kenmerken
            add_papers(self.draft, a, granted=True)
            aanvraag_id, made = a.id, min(start, self.today - timedelta(days=1))
            if dice.chance(0.2):
                self._hold(a, plek, start, end)
        known = aanvraag_id is not None or dice.chance(0.7)
        if reason is not None and maanden + (end - start).days // 30 >= 215:
            reason = "achttien"
        id, at = dice.id(), dice.moment(made)
        sure = aanvraag_id is not None and reason is None and v.zorgvorm not in CRISIS_FORMS
        self.rows.bezetting.append(
            Bezetting(
                id,
                plek.regio,
                self.regio.code,
                plek.id,
                "plaatsing",
                Range(start, end),
                aanvraag_id=aanvraag_id,
                beeindigd_op=end if reason else None,
                einde_reden=reason,
                bewoner_maanden=maanden if known else None,
                bewoner_kenmerken=kenmerken if known else None,
                aangemaakt_op=at,
                begonnen_op=start,
                definitief_op=at if sure else None,
            )
        )

    def _hold(self, a: Aanvraag, plek: Plek, start: date, end: date) -> None:
        """An optie that was given up when the plaatsing came in its place."""
        asked = self._after(a, max(a.aangemeld_op.date(), start - timedelta(days=2)))
        self.rows.bezetting.append(
            Bezetting(
                self.dice.id(),
                plek.regio,
                self.regio.code,
                plek.id,
                "optie",
                Range(start, end),
                aanvraag_id=a.id,
                vervalt_op=asked + timedelta(hours=24),
                vrijgegeven_op=asked + timedelta(hours=self.dice.between(1, 24)),
                aangemaakt_op=asked,
            )
        )

    def _resident(self, v: Voorziening, start: date, end: date, room: dict[str, int]) -> tuple[int, list[str]]:
        """Age in months on the first day, and traits that the profile and the group let in."""
        months = max(0, min((end - start).days // 30, v.leeftijd_tot - v.leeftijd_van))
        low, high = v.leeftijd_van, max(v.leeftijd_van, v.leeftijd_tot - months)
        if v.leeftijdsverschil_max:
            low = max(low, high - v.leeftijdsverschil_max // 2)
        maanden = self.dice.between(low, high)
        traits = []
        for code in self.dice.some(TRAITS if maanden >= 120 else YOUNG_TRAITS):
            if code in v.contra_indicaties or room.get(code, 2) <= 1:
                continue
            if code in room:
                room[code] -= 1
            traits.append(code)
        return maanden, traits

    def _placed(self, v: Voorziening, start: date, end: date, maanden: int) -> Aanvraag:
        """The question that led to a stay, and what providers answered to it."""
        dice = self.dice
        route = dice.weighted(self.routes[v.zorgvorm])
        wait = self._wait(route)
        aangemeld = start - timedelta(days=wait)
        wished = aangemeld + timedelta(days=dice.between(wait // 3, wait))
        uiterlijk = max(wished, start + timedelta(days=dice.between(-10, 20)))
        a = self._question(route, v, (aangemeld, wished, uiterlijk), maanden, start)
        a.verwacht_verblijf = max(1, min(6570, (end - start).days))
        if v.groepssoort not in a.groepssoorten:
            a.geslacht = "meisje" if v.groepssoort == "meisjes" else "jongen"
            a.groepssoorten = list(GROUPS[a.geslacht])
        self.rows.aanvraag.append(a)
        self._decisions(a, v, min(start, self.today - timedelta(days=1)))
        return a

    def _wait(self, route: Route) -> int:
        if route.urgentie in WAITS:
            return self.dice.between(*WAITS[route.urgentie])
        return min(400, self.dice.days(48, 0.7))

    def _question(
        self, route: Route, v: Voorziening, days: tuple[date, date, date], maanden: int, peildatum: date
    ) -> Aanvraag:
        """As somebody filed it; `days`: aanmelding, gewenste start, uiterlijke datum."""
        dice = self.dice
        woonplaats, kader = dice.pick(self.regio.woonplaatsen), kader_of(dice, route)
        if kader not in v.juridische_kaders:
            kader = dice.pick(v.juridische_kaders)
        question = Question(
            route,
            kader,
            self.verwijzers.of(dice, kader, route.urgentie, woonplaats.gemeente),
            woonplaats,
            list(route.zorgvormen),
            perspectief_of(dice, route.stay),
            *days,
            "ingediend",
            peildatum,
        )
        return make_aanvraag(self.draft, self.verwijzers, question, maanden)

    def _decisions(self, a: Aanvraag, accepted: Voorziening | None, last: date) -> None:
        """Declines between aanmelding and the last day, then the yes of `accepted`."""
        first = a.aangemeld_op.date()
        others = self.by_form[self.dice.pick(a.zorgvormen)] if set(a.zorgvormen) <= self.by_form.keys() else []
        for _ in range(self.dice.weighted({0: 0.5, 1: 0.28, 2: 0.14, 3: 0.08}) if others else 0):
            other = self.dice.pick(others)
            if other is not accepted:
                self._decline(a, other, first + timedelta(days=self.dice.between(0, max(0, (last - first).days))))
        if accepted is not None:
            self.rows.besluit.append(
                Besluit(
                    self.dice.id(), a.regio, a.id, accepted.id, "geaccepteerd", None, None, None, self._after(a, last)
                )
            )

    def _decline(self, a: Aanvraag, v: Voorziening, day: date) -> None:
        reden = self.dice.weighted(DECLINES)
        later = day + timedelta(days=self.dice.between(14, 90)) if reden == "later_vanaf" else None
        toelichting = self.dice.pick(names.OTHER_DECLINE) if reden == "anders" else None
        self.rows.besluit.append(
            Besluit(self.dice.id(), a.regio, a.id, v.id, "afgewezen", reden, later, toelichting, self._after(a, day))
        )

    def _after(self, a: Aanvraag, day: date) -> datetime:
        return max(self.dice.moment(day), a.aangemeld_op + timedelta(hours=1))

    def answer_open(self, aanvragen: list[Aanvraag]) -> None:
        """Some open questions were declined already."""
        for a in aanvragen:
            if a.urgentie != "crisis" and self.dice.chance(0.3):
                others = self.by_form.get(self.dice.pick(a.zorgvormen))
                if others:
                    age = (self.today - a.aangemeld_op.date()).days
                    self._decline(
                        a, self.dice.pick(others), self.today - timedelta(days=self.dice.between(1, max(1, age)))
                    )

    def without_place(self, n: int) -> None:
        """Questions that ended in another way: withdrawn, or not granted."""
        dice = self.dice
        for _ in range(n):
            route = dice.weighted({route: route.share for route in ROUTES if route.zorgvormen[0] in self.by_form})
            day = self.today - timedelta(days=dice.between(60, HISTORY_DAYS - 30))
            wished = day + timedelta(days=dice.between(0, 30))
            maanden = dice.between(route.years[0] * 12, route.years[1] * 12 + 11)
            v = dice.pick(self.by_form[route.zorgvormen[0]])
            uiterlijk = wished + timedelta(days=dice.between(1, 60))
            a = self._question(route, v, (day, wished, uiterlijk), maanden, day)
            a.status = dice.weighted({"ingetrokken": 0.7, "afgewezen": 0.3})
            self.rows.aanvraag.append(a)
            add_papers(self.draft, a, granted=a.status == "ingetrokken")
            self._decisions(a, None, min(self.today - timedelta(days=1), day + timedelta(days=45)))

    def _confirm(self, plek: Plek, habit: str) -> None:
        """Confirmations from the last one back; plek.bevestigd_op is the last."""
        if habit == "nooit":
            return
        dice = self.dice
        day = self.today - timedelta(days=dice.between(*LAST[habit]))
        bron = "koppeling" if habit == "koppeling" else dice.weighted({"scherm": 0.6, "mail": 0.3, "bestand": 0.1})
        while day > max(self.since, plek.bestaat.lower or self.since):
            op = dice.moment(day)
            state = plek.beschikbaarheid if plek.bevestigd_op is None else "bemenst"
            self.rows.bevestiging.append(Bevestiging(dice.id(), plek.regio, plek.id, op, bron, state))
            plek.bevestigd_op = plek.bevestigd_op or op
            day -= timedelta(days=dice.days(EVERY[habit], 0.4))
