"""What happened with the aanvragen that are open or whose child lives somewhere now: their gebeurtenissen, the open
opschalingen, and for whom a place to go on to is sought.

It has dice of its own, so that the rest of a region comes out the same with and without it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from service.db import SYSTEM
from service.demo.codes import CRISIS_FORMS
from service.demo.dice import Dice
from service.demo.regions import Regio
from service.demo.rows import Aanvraag, Bezetting, Gebeurtenis, Opschaling, OpschalingDossier, Route, Rows, Voorstel

OPEN = ("ingediend", "in_behandeling", "opgeschaald")
"""Statuses that the demo gives to who waits."""

DOSSIER: dict[str, Any] = {
    "peilmoment": None,
    "actueel": False,
    "nietGezocht": "Dit is een voorbeeld. Open een nieuwe opschaling: dan maakt het loket het dossier.",
    "passend": 0,
    "afgevallen": 0,
    "perRegel": {},
    "alleen": {},
    "plekken": [],
    "uitwegen": [],
    "geprobeerd": {"inAanvraag": True, "voorstellen": [], "besluiten": [], "routes": [], "opschalingen": []},
}
"""Of an opschaling that nobody opened: at that moment no place was weighed."""

FAMILY = 0.1
"""Of who waits, for whom it is looked whether family can take the child."""

MONTHS_APART = 18
"""No more than this between the child in crisis and who takes its place in the list."""


def add_verloop(seed: int, rows: Rows, regio: Regio, today: date) -> None:
    """After all else of the region. Changes no row but `vervolg_van`."""
    dice = Dice(seed, f"{regio.code}/verloop")
    asked = [a for a in rows.aanvraag if a.regio == regio.code]
    stays = {
        b.aanvraag_id: b
        for b in rows.bezetting
        if b.soort == "plaatsing"
        and b.aanvraag_id is not None
        and b.beeindigd_op is None
        and b.vraag_regio == regio.code
    }
    who = next((g.id for g in rows.gebruiker if g.regio == regio.code and g.rol == "schakelfunctionaris"), SYSTEM)
    _link(rows, asked, stays)
    told = _Told(dice, rows, who)
    for a in asked:
        if a.status in OPEN:
            told.waiting(a, today)
        elif a.id in stays:
            told.placed(a, stays[a.id])
    told.made.sort(key=lambda one: one.op)
    rows.gebeurtenis += told.made
    _proposed(Dice(seed, f"{regio.code}/voorstellen"), rows, {a.id: a for a in asked if a.status not in OPEN})


def _proposed(dice: Dice, rows: Rows, closed: dict[UUID, Aanvraag]) -> None:
    """What was put to providers for whom nobody seeks a place any more: a yes for each stay that did not begin by
    telephone, and a no for each decline."""
    where = {p.id: p for p in rows.plek}
    forms = {v.id: v.zorgvorm for v in rows.voorziening}
    first = {p.voorziening_id: p.id for p in reversed(rows.plek)}
    ja = [
        (b.aanvraag_id, b.plek_id, "definitief", lower(b), None)
        for b in rows.bezetting
        if b.soort == "plaatsing"
        and b.aanvraag_id in closed
        and forms[where[b.plek_id].voorziening_id] not in CRISIS_FORMS
    ]
    nee = [
        (b.aanvraag_id, first[b.voorziening_id], "afgewezen", b.op.date(), b.op)
        for b in rows.besluit
        if b.uitkomst == "afgewezen" and b.aanvraag_id in closed and b.voorziening_id in first
    ]
    for aanvraag_id, plek_id, status, van, op in ja + nee:
        a, plek = closed[aanvraag_id], where[plek_id]
        done = op or max(a.aangemeld_op, dice.moment(van - timedelta(days=dice.between(1, 6))))
        sent = max(a.aangemeld_op, done - timedelta(hours=dice.between(3, 60)))
        rows.voorstel.append(
            Voorstel(
                dice.id(),
                a.regio,
                plek.regio,
                a.id,
                plek.aanbieder_id,
                plek.voorziening_id,
                plek_id,
                status,
                van,
                sent,
                max(sent, done),
                max(sent, done),
                sent,
            )
        )


def lower(b: Bezetting) -> date:
    assert b.periode.lower is not None
    return b.periode.lower


def _link(rows: Rows, asked: list[Aanvraag], stays: dict[UUID, Bezetting]) -> None:
    """Who waits on a crisisplek, waits there since one of the crises of now: of about the same age."""
    forms = {v.id: v.zorgvorm for v in rows.voorziening}
    crisis = {p.id for p in rows.plek if forms[p.voorziening_id] in CRISIS_FORMS}
    waiting = [a for a in asked if a.status in OPEN and a.huidig_verblijf == "crisisplek" and a.urgentie == "regulier"]
    for a in asked:
        stay = stays.get(a.id)
        if stay is None or stay.plek_id not in crisis:
            continue
        near = [w for w in waiting if abs(w.leeftijd_maanden - a.leeftijd_maanden) <= MONTHS_APART]
        if near:
            found = min(near, key=lambda w: (abs(w.leeftijd_maanden - a.leeftijd_maanden), w.aangemeld_op))
            found.vervolg_van = stay.id
            waiting.remove(found)


class _Told:
    """The gebeurtenissen of one region."""

    def __init__(self, dice: Dice, rows: Rows, who: UUID) -> None:
        self.dice, self.rows, self.who = dice, rows, who
        self.made: list[Gebeurtenis] = []
        self.providers = {p.id: p.aanbieder_id for p in rows.plek}

    def waiting(self, a: Aanvraag, today: date) -> None:
        at = self._filed(a)
        if a.status == "ingediend":
            return
        at = self._add(a, "in_behandeling", at + self._while(), "ingediend", "in_behandeling")
        if a.status == "opgeschaald":
            opened = min(max(at, self.dice.moment(a.aangemeld_op.date() + timedelta(days=20))), _morning(today))
            self._add(a, "opschaling", max(at, opened), "in_behandeling", "opgeschaald")
            id = self.dice.id()
            inhoud = DOSSIER | {"peilmoment": max(at, opened).isoformat()}
            self.rows.opschaling_dossier.append(OpschalingDossier(id, a.regio, a.id, inhoud))
            self.rows.opschaling.append(
                Opschaling(
                    id,
                    a.regio,
                    a.id,
                    "geen_plek",
                    self.dice.weighted({"schakelfunctionaris": 0.5, "tussenvoorziening": 0.2, "doorbraaktafel": 0.3}),
                    self.who,
                    max(at, opened).date() + timedelta(days=14),
                    "Er past op dit moment geen plek.",
                    max(at, opened),
                )
            )
            at = max(at, opened)
        self._beside(a, at, today)

    def _beside(self, a: Aanvraag, at: datetime, today: date) -> None:
        """Help until there is a plek; or family, that is being looked into."""
        if a.huidig_verblijf == "overbrugging":
            van, tot = min(at.date(), today), today + timedelta(days=self.dice.between(5, 60))
            ja = {"jaOp": van.isoformat(), "jaVan": "teamleider"}
            details = {"soort": "overbrugging", "vorm": "ambulante_hulp", **ja}
            details |= {"van": van.isoformat(), "tot": tot.isoformat()}
            self._route(a, at, "overbrugging", "loopt", details, tot)
        elif self.dice.chance(FAMILY):
            details = {"soort": "netwerkplaatsing"}
            self._route(a, at, "netwerkplaatsing", "onderzoek", details, at.date() + timedelta(days=91))

    def _route(self, a: Aanvraag, at: datetime, soort: str, staat: str, details: dict[str, str], termijn: date) -> None:
        at = self._add(a, "route", at, a.status, a.status)
        self.rows.route.append(Route(self.dice.id(), a.regio, a.id, soort, staat, details, termijn, at))

    def placed(self, a: Aanvraag, stay: Bezetting) -> None:
        assert stay.begonnen_op is not None and stay.aangemaakt_op is not None
        at = self._filed(a)
        at = self._add(
            a, "in_behandeling", at + timedelta(minutes=self.dice.between(5, 40)), "ingediend", "in_behandeling"
        )
        if stay.definitief_op is None:
            self._add(a, "geplaatst", max(at, stay.aangemaakt_op), "in_behandeling", "geplaatst", stay)
            return
        at = self._add(a, "definitief", max(at, stay.definitief_op), "in_behandeling", "definitief", stay)
        came = datetime.combine(stay.begonnen_op, time(15), UTC)
        self._add(a, "begonnen", max(at, came), "definitief", "geplaatst", stay)

    def _filed(self, a: Aanvraag) -> datetime:
        return self._add(a, "ingediend", a.aangemeld_op, "ingediend", "ingediend")

    def _while(self) -> timedelta:
        return timedelta(minutes=self.dice.between(10, 400))

    def _add(
        self, a: Aanvraag, soort: str, op: datetime, van: str, naar: str, stay: Bezetting | None = None
    ) -> datetime:
        plek = None if stay is None else stay.plek_id
        self.made.append(
            Gebeurtenis(
                self.dice.id(),
                a.regio,
                op,
                soort,
                a.id,
                None if plek is None else self.providers[plek],
                plek,
                van,
                naar,
                self.who,
                "schakelfunctionaris",
                {} if stay is None else {"plaatsing": str(stay.id)},
            )
        )
        return op


def _morning(today: date) -> datetime:
    return datetime.combine(today, time(6), UTC)
