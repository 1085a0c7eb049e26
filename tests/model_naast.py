"""The reference model of what is beside a plek: routes, and more people who look (opschaling) with their questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tests.model import HIER, OPEN, A, Kind, Loket, S, V, months_after, nee

GEMEENTE = "0402"
"""Responsible for all children."""

# Soort → its states in order, each with what must be known for it and for those after it; `a|b` is one of both.
ROUTES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "netwerkplaatsing": {
        "onderzoek": (), "vgb": ("aanbiederId", "onderzoekOp", "vgbGevraagdOp"), "besluit": ("vgbOp",),
        "geslaagd": ("besluitOp", "besluit=positief"),
    },
    "tussenvoorziening": {
        "gezocht": (), "toegezegd": ("voorzieningId|waar", "jaOp", "jaVan"), "loopt": ("van", "tot"), "geslaagd": (),
    },
    "overbrugging": {
        "aangevraagd": (), "toegezegd": ("jaOp", "jaVan", "vorm"), "loopt": ("van", "tot"), "geslaagd": (),
    },
    "maatwerk": {
        "offerte_gevraagd": ("aanbiederId|aanbiederNaam",), "offerte_ontvangen": ("offerteOp",),
        "akkoord": ("overleg",), "geslaagd": ("van",),
    },
    "pgb": {
        "gekozen": ("keuze", "keuzeOp"), "budgetplan": ("budgetplanOp",), "besluit": ("besluitOp", "besluit"),
        "geslaagd": ("besluit=positief", "van"),
    },
    "andere_regio": {
        "regio_gevraagd": (), "akkoord": ("antwoordOp", "antwoordVan", "antwoord=positief", "overleg"),
        "geslaagd": ("van",),
    },
    "jeugdzorgplus": {
        "voorbereiding": (), "aangemeld": ("instemmingOp", "aangemeldOp", "vervolgZorgvorm", "vervolgPlan"),
        "toegewezen": ("toegewezenOp", "instelling"), "geslaagd": ("van", "machtiging"),
    },
    "achttien_plus": {
        "vooruitkijken": ("leeftijd",), "plan_gemaakt": ("besprokenOp", "planOp", "daarna"),
        "geregeld": ("wonen", "inkomenGeregeld=True", "zorgGeregeld=True", "vastePersoon=True"), "geslaagd": (),
    },
}  # fmt: skip
TERMIJN = {
    "netwerkplaatsing": 91, "tussenvoorziening": 3, "overbrugging": 14, "maatwerk": 21, "pgb": 56, "andere_regio": 14,
    "jeugdzorgplus": 14, "achttien_plus": 182,
}  # fmt: skip
EEN_TEGELIJK = ("pgb", "jeugdzorgplus", "achttien_plus")
BIJ_HET_LOKET = {("maatwerk", "akkoord"), ("andere_regio", "akkoord")}
MISLUKT = ("niet_geslaagd", "gestopt")
ACHTTIEN, VOORAF = 18 * 12, 12

TAFELS = {
    "dreigende_uithuisplaatsing": ("consultatie_en_adviesteam", "expertteam", "doorbraaktafel"),
    "verschil_van_opvatting": ("consultatie_en_adviesteam", "expertteam", "doorbraaktafel"),
    "geen_plek": ("schakelfunctionaris", "tussenvoorziening", "doorbraaktafel"),
    "bovenregionaal": ("expertisenetwerk",),
}
TAFEL_DAGEN = {
    "schakelfunctionaris": 2, "tussenvoorziening": 3, "consultatie_en_adviesteam": 14, "expertteam": 14,
    "doorbraaktafel": 7, "expertisenetwerk": 28,
}  # fmt: skip


@dataclass
class Route:
    id: str
    kind: str
    details: dict[str, Any]
    staat: str
    termijn: date
    klaar: bool = False
    gewaarschuwd: bool = False

    @property
    def soort(self) -> str:
        return str(self.details["soort"])


@dataclass
class Opschaling:
    id: str
    kind: str
    tafel: str
    eigenaar: str
    termijn: date
    op: datetime
    onveilig: set[str]
    """Voorzieningen where the child must not be, as its file says."""
    gesloten: bool = False
    gewaarschuwd: bool = False


@dataclass
class Vraag:
    id: str
    opschaling: str
    kind: str
    voorziening: str
    nodig: str | None = None
    gesloten: bool = False


@dataclass
class Verzoek:
    """A verwijzer asks that more people look."""

    id: str
    kind: str
    aanleiding: str
    opschaling: str | None = None
    """Yes: this one."""
    geweigerd: bool = False


@dataclass
class Naast(Loket):
    routes: dict[str, Route] = field(default_factory=dict)
    opschalingen: dict[str, Opschaling] = field(default_factory=dict)
    vragen: dict[str, Vraag] = field(default_factory=dict)
    verzoeken: dict[str, Verzoek] = field(default_factory=dict)

    # ── Routes ───────────────────────────────────────────────────────────────────────────────────

    def start_route(self, wie: Any, kind: str, details: dict[str, Any], termijn: date | None, answer: Any) -> None:
        if wie.rol not in (S, V):
            nee(403, "rol")
        if not self.ziet(wie, kind):
            nee(404, "not to be seen")
        child, soort = self.kinderen[kind], details["soort"]
        self._details(details)
        if child.status not in OPEN and not (soort == "achttien_plus" and child.status in ("definitief", "geplaatst")):
            nee(409, "not now")
        staat = next(iter(ROUTES[soort]))
        if any(self._mist(child, details, staat)):
            nee(409, "something is missing")
        if termijn is not None and termijn < self.dag:
            nee(400, "days")
        if soort in EEN_TEGELIJK and any(
            (way.kind, way.soort, way.klaar) == (kind, soort, False) for way in self.routes.values()
        ):
            nee(409, "there is one")
        self._done(answer)
        usual = self.dag + timedelta(days=TERMIJN[soort])
        if soort == "achttien_plus":
            usual = max(self.dag, min(usual, months_after(child.peildatum, ACHTTIEN - child.maanden)))
        self.routes[answer["id"]] = Route(answer["id"], kind, details, staat, termijn or usual)
        self.schrijf(kind, "route")

    def _details(self, details: dict[str, Any]) -> None:
        """What cannot be in whatever state."""
        past = [day for name, day in details.items() if name.endswith("Op")]
        past += [details["overleg"]["op"]] if "overleg" in details else []
        if any(day > self.dag for day in past) or ("tot" in details and details["tot"] <= details.get("van", date.min)):
            nee(400, "days")

    def _mist(self, child: Kind, details: dict[str, Any], staat: str) -> Iterator[str]:
        states = ROUTES[details["soort"]]
        for name in list(states)[: list(states).index(staat) + 1] if staat in states else ():
            yield from (eis for eis in states[name] if not self._is_er(child, details, eis))

    def _is_er(self, child: Kind, details: dict[str, Any], eis: str) -> bool:
        if eis == "machtiging":
            rests, van = child.machtiging, details.get("van")
            return rests is not None and van is not None and rests[0] <= van < rests[1]
        if eis == "leeftijd":
            return months_after(child.peildatum, ACHTTIEN - VOORAF - child.maanden) <= self.dag
        if eis == "overleg":
            talk = details.get(eis)
            return talk is not None and (talk["gemeenteCode"], talk["uitkomst"]) == (GEMEENTE, "positief")
        if eis == "vorm":
            needs = {"bedje_erbij": "voorzieningId", "strippenkaart": "strippen"}.get(details[eis])
            return needs is None or needs in details
        name, _, value = eis.partition("=")
        if value:
            return str(details.get(name)) == value
        return any(one in details for one in name.split("|"))

    def route_stap(
        self, wie: Any, route: str, naar: str | None, details: dict[str, Any] | None, termijn: date | None, *,
        reden: bool, answer: Any,
    ) -> None:  # fmt: skip
        if wie.rol not in (S, V):
            nee(403, "rol")
        way = self.routes[route]
        if not self.ziet(wie, way.kind):
            nee(404, "not to be seen")
        child, known, to = self.kinderen[way.kind], details or way.details, naar or way.staat
        if way.klaar:
            nee(409, "it ended")
        if naar is None and details is None and termijn is None:
            nee(400, "nothing asked")
        if known["soort"] != way.soort:
            nee(400, "another route")
        if naar in MISLUKT and not reden:
            nee(400, "why")
        self._details(known)
        order = [*ROUTES[way.soort], *MISLUKT]
        at = order.index(way.staat)
        if to != way.staat and to not in order[at + 1 :]:
            nee(409, "not from here")
        passed = order[at + 1 : order.index(to) + 1] if to not in MISLUKT else []
        if wie.rol != S and any((way.soort, staat) in BIJ_HET_LOKET for staat in passed):
            nee(403, "the loket records that")
        if any(self._mist(child, known, to)):
            nee(409, "something is missing")
        if termijn is not None and termijn < self.dag:
            nee(400, "days")
        self._done(answer)
        until = termijn or (known["tot"] if to == "loopt" != way.staat else way.termijn)
        way.gewaarschuwd = way.gewaarschuwd and until == way.termijn
        way.staat, way.details, way.termijn, way.klaar = to, known, until, to in (*MISLUKT, "geslaagd")
        self.schrijf(way.kind, "route_stap")

    # ── Opschaling ───────────────────────────────────────────────────────────────────────────────

    def schaal_op(
        self, wie: Any, kind: str, aanleiding: str, tafel: str, eigenaar: str | None, termijn: date | None, answer: Any
    ) -> None:
        if wie.rol != S:
            nee(403, "rol")
        if not self.ziet(wie, kind):
            nee(404, "not to be seen")
        child = self.kinderen[kind]
        self._mag_kijken(child, aanleiding)
        if tafel not in TAFELS[aanleiding]:
            nee(400, "another table")
        if eigenaar is not None and eigenaar not in self.collegas:
            nee(400, "no such colleague")
        if termijn is not None and termijn < self.dag:
            nee(400, "days")
        if any(self.opschalingen[id].tafel == tafel for id in child.opgeschaald):
            nee(409, "this table looks already")
        self._done(answer)
        until = termijn or self.dag + timedelta(days=TAFEL_DAGEN[tafel])
        bad = {
            unit.id for unit in self.voorzieningen.values()
            if any("veiligheid" in self._nooit(one, unit) for one in self._samen_met(child))
        }  # fmt: skip
        self.opschalingen[answer["id"]] = Opschaling(
            answer["id"], kind, tafel, eigenaar or wie.id, until, self.now, bad
        )
        child.opgeschaald.add(answer["id"])
        self.schrijf(kind, "opschaling")
        for verzoek in self._staat(kind):
            verzoek.opschaling = answer["id"]
        for id, unit in answer["vragen"]:
            assert unit not in bad, f"{unit} was asked, and must not be"
            assert unit not in {v.voorziening for v in self.vragen.values() if v.kind == kind and not v.gesloten}
            self._stel(id, answer["id"], unit)

    def _samen_met(self, child: Kind) -> list[str]:
        """It, and those with whom it looks for a place."""
        return [child.id] + [
            k.id for k in self.kinderen.values()
            if k is not child and child.samen is not None and k.samen == child.samen and k.status in OPEN
        ]  # fmt: skip

    def _mag_kijken(self, child: Kind, aanleiding: str) -> None:
        if child.status not in OPEN:
            nee(409, "closed")
        if aanleiding == "dreigende_uithuisplaatsing" and child.woont not in ("thuis", "netwerk"):
            nee(409, "not at home any more")

    def _staat(self, kind: str) -> list[Verzoek]:
        """What a verwijzer asked and nobody answered: one at most."""
        return [v for v in self.verzoeken.values() if v.kind == kind and v.opschaling is None and not v.geweigerd]

    def verzoek(self, wie: Any, kind: str, aanleiding: str, answer: Any) -> None:
        if wie.rol != V:
            nee(403, "rol")
        if not self.ziet(wie, kind):
            nee(404, "not to be seen")
        child = self.kinderen[kind]
        self._mag_kijken(child, aanleiding)
        if child.opgeschaald:
            nee(409, "somebody looks already")
        if self._staat(kind):
            nee(409, "it was asked")
        self._done(answer)
        self.verzoeken[answer["id"]] = Verzoek(answer["id"], kind, aanleiding)
        self.schrijf(kind, "opschaling_gevraagd")

    def weiger(self, wie: Any, verzoek: str, answer: Any) -> None:
        if wie.rol != S:
            nee(403, "rol")
        if wie.regio != HIER:
            nee(404, "not to be seen")
        asked = self.verzoeken[verzoek]
        if asked not in self._staat(asked.kind):
            nee(409, "it was answered")
        if self.kinderen[asked.kind].status not in OPEN:
            nee(409, "nobody searches any more")
        self._done(answer)
        asked.geweigerd = True
        self.schrijf(asked.kind, "opschaling_geweigerd")

    def _stel(self, id: str, opschaling: str, unit: str) -> None:
        kind = self.opschalingen[opschaling].kind
        self.vragen[id] = Vraag(id, opschaling, kind, unit)
        self.schrijf(kind, "opschaling_vraag")

    def vraag(self, wie: Any, opschaling: str, unit: str, answer: Any) -> None:
        if wie.rol != S:
            nee(403, "rol")
        if wie.regio != HIER:
            nee(404, "not to be seen")
        of = self.opschalingen[opschaling]
        if of.gesloten:
            nee(409, "closed before")
        if unit in of.onveilig or "veiligheid" in self._nooit(of.kind, self.voorzieningen[unit]):
            nee(409, "safety")
        if any((v.opschaling, v.voorziening) == (opschaling, unit) for v in self.vragen.values()):
            nee(409, "asked before")
        self._done(answer)
        self._stel(answer["id"], opschaling, unit)

    def antwoord(self, wie: Any, vraag: str, nodig: str, vanaf: date | None, *, toelichting: bool, answer: Any) -> None:
        if wie.rol not in (S, A):
            nee(403, "rol")
        asked = self.vragen[vraag]
        theirs = self.voorzieningen[asked.voorziening].aanbieder == wie.org
        if not (theirs if wie.rol == A else wie.regio == HIER):
            nee(404, "not to be seen")
        if asked.gesloten:
            nee(409, "closed before")
        if (nodig == "later") != (vanaf is not None) or (vanaf is not None and vanaf <= self.dag):
            nee(400, "days")
        if nodig == "anders" and not toelichting:
            nee(400, "what")
        self._done(answer)
        asked.nodig = nodig
        self.schrijf(asked.kind, "opschaling_antwoord")

    def opschaling_stap(
        self, wie: Any, opschaling: str, stap: str, *, eigenaar: str | None = None, termijn: date | None = None,
        uitkomst: str | None = None, toelichting: bool = False, answer: Any,
    ) -> None:  # fmt: skip
        if wie.rol != S:
            nee(403, "rol")
        if wie.regio != HIER:
            nee(404, "not to be seen")
        of = self.opschalingen[opschaling]
        if of.gesloten:
            nee(409, "closed before")
        if uitkomst == "anders" and not toelichting:
            nee(400, "what")
        if termijn is not None and termijn < self.dag:
            nee(400, "days")
        if eigenaar is not None and eigenaar not in self.collegas:
            nee(400, "no such colleague")
        self._done(answer)
        if stap == "draag_over":
            assert eigenaar is not None
            of.eigenaar = eigenaar
        elif stap == "verleng":
            assert termijn is not None
            of.termijn, of.gewaarschuwd = termijn, False
        else:
            of.gesloten = True
            self.kinderen[of.kind].opgeschaald.remove(opschaling)
            self._geef_vragen_door(of)
        self.schrijf(of.kind, "opschaling_gesloten" if stap == "sluit" else "opschaling_stap")

    def _geef_vragen_door(self, of: Opschaling) -> None:
        """To another table that looks, when it did not ask the same."""
        others = [o for o in self.opschalingen.values() if o.kind == of.kind and not o.gesloten]
        other = min(others, key=lambda o: (o.op, o.id), default=None)
        asked: Sequence[Vraag] = [v for v in self.vragen.values() if v.opschaling == of.id and not v.gesloten]
        there = {v.voorziening for v in self.vragen.values() if other is not None and v.opschaling == other.id}
        for vraag in asked:
            if other is None or vraag.voorziening in there:
                vraag.gesloten = True
            else:
                vraag.opschaling = other.id
