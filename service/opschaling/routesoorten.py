"""Routes beside a plek: what each is, through which states it goes, and what must be there for a state.

VERLOOP below is the whole of it. A route goes on from each state to any later one for which everything is there, so
that what went fast is recorded afterwards; it ends at any moment as niet_geslaagd or gestopt, with a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from msgspec import Meta, Struct

from service.aanvraag import termijnen
from service.aanvraag.gebeurtenissen import OPEN, AanvraagStatus
from service.aanvraag.grondslagen import Machtiging
from service.aanvraag.termijnen import Termijnen
from service.errors import FieldError
from service.opschaling.routedetails import (
    AchttienPlus,
    AndereRegio,
    Details,
    Jeugdzorgplus,
    Maatwerk,
    Netwerkplaatsing,
    Overbrugging,
    OverbruggingVorm,
    Overleg,
    Pgb,
    Tussenvoorziening,
    Uitslag,
)
from service.taal import gettext, later


class RouteSoort(StrEnum):
    """As type `route_soort` in schema.sql."""

    NETWERKPLAATSING = "netwerkplaatsing"
    TUSSENVOORZIENING = "tussenvoorziening"
    OVERBRUGGING = "overbrugging"
    MAATWERK = "maatwerk"
    PGB = "pgb"
    ANDERE_REGIO = "andere_regio"
    JEUGDZORGPLUS = "jeugdzorgplus"
    ACHTTIEN_PLUS = "achttien_plus"


class RouteStaat(StrEnum):
    """As type `route_staat` in schema.sql."""

    ONDERZOEK = "onderzoek"
    VGB = "vgb"
    BESLUIT = "besluit"
    GEZOCHT = "gezocht"
    AANGEVRAAGD = "aangevraagd"
    TOEGEZEGD = "toegezegd"
    LOOPT = "loopt"
    OFFERTE_GEVRAAGD = "offerte_gevraagd"
    OFFERTE_ONTVANGEN = "offerte_ontvangen"
    AKKOORD = "akkoord"
    GEKOZEN = "gekozen"
    BUDGETPLAN = "budgetplan"
    REGIO_GEVRAAGD = "regio_gevraagd"
    VOORBEREIDING = "voorbereiding"
    AANGEMELD = "aangemeld"
    TOEGEWEZEN = "toegewezen"
    VOORUITKIJKEN = "vooruitkijken"
    PLAN_GEMAAKT = "plan_gemaakt"
    GEREGELD = "geregeld"
    GESLAAGD = "geslaagd"
    NIET_GESLAAGD = "niet_geslaagd"
    GESTOPT = "gestopt"


ROUTE = {
    RouteSoort.NETWERKPLAATSING: later("Plek bij familie of bekenden"),
    RouteSoort.TUSSENVOORZIENING: later("Tussenvoorziening"),
    RouteSoort.OVERBRUGGING: later("Overbrugging"),
    RouteSoort.MAATWERK: later("Maatwerk"),
    RouteSoort.PGB: later("Pgb"),
    RouteSoort.ANDERE_REGIO: later("Andere regio"),
    RouteSoort.JEUGDZORGPLUS: later("JeugdzorgPlus"),
    RouteSoort.ACHTTIEN_PLUS: later("Na de achttiende verjaardag"),
}

STAAT = {
    RouteStaat.ONDERZOEK: later("Onderzoek van het gezin"),
    RouteStaat.VGB: later("Verklaring van geen bezwaar gevraagd"),
    RouteStaat.BESLUIT: later("Besluit"),
    RouteStaat.GEZOCHT: later("Gezocht"),
    RouteStaat.AANGEVRAAGD: later("Aangevraagd"),
    RouteStaat.TOEGEZEGD: later("Toegezegd"),
    RouteStaat.LOOPT: later("Loopt"),
    RouteStaat.OFFERTE_GEVRAAGD: later("Offerte gevraagd"),
    RouteStaat.OFFERTE_ONTVANGEN: later("Offerte ontvangen"),
    RouteStaat.AKKOORD: later("Akkoord"),
    RouteStaat.GEKOZEN: later("Gekozen"),
    RouteStaat.BUDGETPLAN: later("Budgetplan ingediend"),
    RouteStaat.REGIO_GEVRAAGD: later("Andere regio gevraagd"),
    RouteStaat.VOORBEREIDING: later("Voorbereiding"),
    RouteStaat.AANGEMELD: later("Aangemeld bij het coördinatiepunt"),
    RouteStaat.TOEGEWEZEN: later("Instelling toegewezen"),
    RouteStaat.VOORUITKIJKEN: later("Vooruitkijken"),
    RouteStaat.PLAN_GEMAAKT: later("Plan gemaakt"),
    RouteStaat.GEREGELD: later("Geregeld"),
    RouteStaat.GESLAAGD: later("Geslaagd"),
    RouteStaat.NIET_GESLAAGD: later("Niet geslaagd"),
    RouteStaat.GESTOPT: later("Gestopt"),
}
"""Each code as people read it."""


KLAAR = (RouteStaat.GESLAAGD, RouteStaat.NIET_GESLAAGD, RouteStaat.GESTOPT)
"""Nothing follows; as constraint route_klaar_vorm."""


# ── The terms ────────────────────────────────────────────────────────────────────────────────────

OWN = "Keuze van het loket; de regio beslist"


def _dagen(says: str, bron: str = OWN) -> Any:
    return Meta(ge=1, le=3650, description=says, extra={"bron": bron})


class Routetermijnen(Struct, frozen=True, kw_only=True):
    """Days that a route may take until somebody looks. A region says otherwise with a row of `instelling`."""

    route_netwerkplaatsing_dagen: Annotated[
        int,
        _dagen(later("Voor een netwerkplaatsing."), f"{OWN}; de verklaring van geen bezwaar vraagt Jeugdwet art. 5.1"),
    ] = 91
    route_tussenvoorziening_dagen: Annotated[int, _dagen(later("Om een tussenvoorziening te vinden."))] = 3
    route_overbrugging_dagen: Annotated[int, _dagen(later("Om overbrugging te laten beginnen."))] = 14
    route_maatwerk_dagen: Annotated[int, _dagen(later("Voor een offerte en het overleg met de gemeente."))] = 21
    route_pgb_dagen: Annotated[
        int, _dagen(later("Voor een pgb."), "Algemene wet bestuursrecht, art. 4:13: besluit binnen acht weken")
    ] = 56
    route_andere_regio_dagen: Annotated[int, _dagen(later("Voor het antwoord van een andere regio."))] = 14
    route_jeugdzorgplus_dagen: Annotated[int, _dagen(later("Voor plaatsing in jeugdzorgplus."))] = 14
    route_achttien_plus_dagen: Annotated[
        int, _dagen(later("Om een plan voor na de achttiende verjaardag te maken; uiterlijk is die verjaardag zelf."))
    ] = 182


# ── What must be there ───────────────────────────────────────────────────────────────────────────


class Feiten(Struct, frozen=True, kw_only=True):
    """Of the aanvraag, on the day on which it is asked."""

    vandaag: date
    status: AanvraagStatus
    gesloten: bool
    """Nothing is done for it any more."""
    gemeente_code: str
    maanden: int
    """Age."""
    achttien_op: date
    machtigingen: Sequence[Machtiging]
    termijnen: Termijnen
    vooraf_maanden: int
    """How long before the eighteenth birthday one plans what comes after."""
    gesloten_zorgvormen: tuple[str, ...]
    contract: bool
    """The aanbieder of the route has one for the zorgvorm, as far as who asks may know."""


class Eis(NamedTuple):
    """Something that must be there: where in the details, what is said when it is not, how to see it (filled in)."""

    veld: str
    zegt: str
    goed: Callable[[Any, Feiten], bool] | None = None

    def mist(self, details: Details, feiten: Feiten) -> FieldError | None:
        there = self.goed(details, feiten) if self.goed else getattr(details, self.veld) is not None
        if there:
            return None
        names = dict(zip(details.__struct_fields__, details.__struct_encode_fields__, strict=True))
        return FieldError(f"/details/{names.get(self.veld, self.veld)}", "ontbreekt", gettext(self.zegt))


def _ja(veld: str) -> Callable[[Any, Feiten], bool]:
    return lambda details, _: getattr(details, veld) is Uitslag.POSITIEF


def _een_van(*velden: str) -> Callable[[Any, Feiten], bool]:
    return lambda details, _: any(getattr(details, veld) for veld in velden)


def _overlegd(details: Any, feiten: Feiten) -> bool:
    """With the gemeente that is responsible now, and it agrees."""
    found: Overleg | None = details.overleg
    return found is not None and found.gemeente_code == feiten.gemeente_code and found.uitkomst is Uitslag.POSITIEF


def _gemachtigd(details: Any, feiten: Feiten) -> bool:
    return details.van is not None and any(
        termijnen.machtiging_geldt(
            feiten.machtigingen, details.van, zorgvorm, gesloten=True, termijnen=feiten.termijnen
        )
        for zorgvorm in feiten.gesloten_zorgvormen
    )


OVERLEG = Eis(
    "overleg",
    later(
        "Leg het overleg vast met de gemeente die nu verantwoordelijk is: wanneer, met wie, en dat zij het goedvindt."
    ),
    _overlegd,
)
PERIODE = (Eis("van", later("Schrijf vanaf welke dag.")), Eis("tot", later("Schrijf tot welke dag.")))
JA = (Eis("ja_op", later("Schrijf wanneer er ja is gezegd.")), Eis("ja_van", later("Schrijf wie er ja zei.")))


class Gevolg(StrEnum):
    """What success means for the aanvraag."""

    SLUITEN = "sluiten"
    """No plek is needed any more: a person closes it, with a reason."""
    ZOEKEN = "zoeken"
    """The search for a plek goes on."""


class Verloop(NamedTuple):
    """A line of the table."""

    details: type[Struct]
    termijn: str
    """Setting of Routetermijnen."""
    gevolg: Gevolg
    staten: Mapping[RouteStaat, tuple[Eis, ...]]
    """In order; each with what must be there, besides what all before ask."""
    bij_het_loket: frozenset[RouteStaat] = frozenset()
    """States that only the schakelfunctionaris records."""
    ook_geplaatst: bool = False
    """May begin while the child lives where it was placed; all others while a plek is sought."""


S = RouteStaat

VERLOOP: Mapping[RouteSoort, Verloop] = {
    RouteSoort.NETWERKPLAATSING: Verloop(
        Netwerkplaatsing,
        "route_netwerkplaatsing_dagen",
        Gevolg.SLUITEN,
        {
            S.ONDERZOEK: (),
            S.VGB: (
                Eis("aanbieder_id", later("Schrijf welke pleegzorgaanbieder het gezin onderzocht.")),
                Eis("onderzoek_op", later("Schrijf wanneer het onderzoek klaar was.")),
                Eis("vgb_gevraagd_op", later("Schrijf wanneer de verklaring van geen bezwaar (VGB) is gevraagd.")),
            ),
            S.BESLUIT: (Eis("vgb_op", later("Er is nog geen verklaring van geen bezwaar (VGB).")),),
            S.GESLAAGD: (
                Eis("besluit_op", later("Schrijf wanneer er is besloten.")),
                Eis("besluit", later("Het besluit is niet positief."), _ja("besluit")),
            ),
        },
    ),
    RouteSoort.TUSSENVOORZIENING: Verloop(
        Tussenvoorziening,
        "route_tussenvoorziening_dagen",
        Gevolg.ZOEKEN,
        {
            S.GEZOCHT: (),
            S.TOEGEZEGD: (
                Eis(
                    "voorziening_id",
                    later("Schrijf welke voorziening het is, of waar."),
                    _een_van("voorziening_id", "waar"),
                ),
                *JA,
            ),
            S.LOOPT: PERIODE,
            S.GESLAAGD: (),
        },
    ),
    RouteSoort.OVERBRUGGING: Verloop(
        Overbrugging,
        "route_overbrugging_dagen",
        Gevolg.ZOEKEN,
        {
            S.AANGEVRAAGD: (),
            S.TOEGEZEGD: (
                *JA,
                Eis(
                    "voorziening_id",
                    later("Schrijf in welke voorziening het bedje erbij komt."),
                    lambda d, _: d.vorm is not OverbruggingVorm.BEDJE_ERBIJ or d.voorziening_id is not None,
                ),
                Eis(
                    "strippen",
                    later("Schrijf hoeveel strippen er op de kaart staan."),
                    lambda d, _: d.vorm is not OverbruggingVorm.STRIPPENKAART or d.strippen is not None,
                ),
            ),
            S.LOOPT: PERIODE,
            S.GESLAAGD: (),
        },
    ),
    RouteSoort.MAATWERK: Verloop(
        Maatwerk,
        "route_maatwerk_dagen",
        Gevolg.SLUITEN,
        {
            S.OFFERTE_GEVRAAGD: (
                Eis(
                    "aanbieder_id", later("Schrijf welke aanbieder het is."), _een_van("aanbieder_id", "aanbieder_naam")
                ),
                Eis(
                    "aanbieder_id",
                    later("Deze aanbieder heeft een contract voor deze zorgvorm. Doe een voorstel."),
                    lambda _, feiten: not feiten.contract,
                ),
            ),
            S.OFFERTE_ONTVANGEN: (Eis("offerte_op", later("Schrijf wanneer de offerte binnenkwam.")),),
            S.AKKOORD: (OVERLEG,),
            S.GESLAAGD: (Eis("van", later("Schrijf op welke dag de hulp begon.")),),
        },
        bij_het_loket=frozenset({S.AKKOORD}),
    ),
    RouteSoort.PGB: Verloop(
        Pgb,
        "route_pgb_dagen",
        Gevolg.SLUITEN,
        {
            S.GEKOZEN: (
                Eis("keuze", later("Een pgb is een keuze van het gezin. Schrijf wie er koos.")),
                Eis("keuze_op", later("Schrijf wanneer het gezin koos.")),
            ),
            S.BUDGETPLAN: (Eis("budgetplan_op", later("Schrijf wanneer het gezin zijn budgetplan indiende.")),),
            S.BESLUIT: (
                Eis("besluit_op", later("Schrijf wanneer de gemeente besloot.")),
                Eis("besluit", later("Schrijf het besluit.")),
            ),
            S.GESLAAGD: (
                Eis("besluit", later("Het besluit van de gemeente is niet positief."), _ja("besluit")),
                Eis("van", later("Schrijf op welke dag de hulp begon.")),
            ),
        },
    ),
    RouteSoort.ANDERE_REGIO: Verloop(
        AndereRegio,
        "route_andere_regio_dagen",
        Gevolg.SLUITEN,
        {
            S.REGIO_GEVRAAGD: (),
            S.AKKOORD: (
                Eis("antwoord_op", later("Schrijf wanneer de andere regio antwoord gaf.")),
                Eis("antwoord_van", later("Schrijf van wie het antwoord kwam.")),
                Eis("antwoord", later("De andere regio heeft nog geen ja gezegd."), _ja("antwoord")),
                OVERLEG,
            ),
            S.GESLAAGD: (Eis("van", later("Schrijf op welke dag het kind erheen ging.")),),
        },
        bij_het_loket=frozenset({S.AKKOORD}),
    ),
    RouteSoort.JEUGDZORGPLUS: Verloop(
        Jeugdzorgplus,
        "route_jeugdzorgplus_dagen",
        Gevolg.ZOEKEN,
        {
            S.VOORBEREIDING: (),
            S.AANGEMELD: (
                Eis(
                    "instemming_op", later("Een gedragswetenschapper moet instemmen (Jeugdwet 6.1.2). Schrijf wanneer.")
                ),
                Eis("aangemeld_op", later("Schrijf wanneer het kind bij het coördinatiepunt is aangemeld.")),
                Eis(
                    "vervolg_zorgvorm",
                    later("Schrijf waar het kind hierna heen gaat: dat plant u vanaf de eerste dag."),
                ),
                Eis("vervolg_plan", later("Schrijf hoe de plek voor daarna er komt.")),
            ),
            S.TOEGEWEZEN: (
                Eis("toegewezen_op", later("Schrijf wanneer het coördinatiepunt een instelling aanwees.")),
                Eis("instelling", later("Schrijf welke instelling het is.")),
            ),
            S.GESLAAGD: (
                Eis("van", later("Schrijf op welke dag het kind kwam.")),
                Eis(
                    "van",
                    later("Op die dag geldt geen gesloten machtiging. Leg haar vast bij de aanvraag."),
                    _gemachtigd,
                ),
            ),
        },
    ),
    RouteSoort.ACHTTIEN_PLUS: Verloop(
        AchttienPlus,
        "route_achttien_plus_dagen",
        Gevolg.ZOEKEN,
        {
            S.VOORUITKIJKEN: (
                Eis(
                    "soort",
                    later("De jongere is nog te jong. Dit begint in het jaar voor de achttiende verjaardag."),
                    lambda _, feiten: feiten.maanden >= 18 * 12 - feiten.vooraf_maanden,
                ),
            ),
            S.PLAN_GEMAAKT: (
                Eis("besproken_op", later("Schrijf wanneer het plan met de jongere zelf is besproken.")),
                Eis("plan_op", later("Schrijf wanneer het plan klaar was.")),
                Eis("daarna", later("Schrijf waarmee de jongere daarna verder gaat.")),
            ),
            S.GEREGELD: (
                Eis("wonen", later("Schrijf hoe de jongere dan woont.")),
                Eis("inkomen_geregeld", later("Het inkomen is nog niet geregeld."), _een_van("inkomen_geregeld")),
                Eis(
                    "zorg_geregeld",
                    later("De zorg of hulp voor daarna is nog niet geregeld."),
                    _een_van("zorg_geregeld"),
                ),
                Eis("vaste_persoon", later("Er is nog geen vaste persoon voor daarna."), _een_van("vaste_persoon")),
            ),
            S.GESLAAGD: (),
        },
        ook_geplaatst=True,
    ),
}
"""Soort → its states in order, what must be there for each, its term and what its success means for the aanvraag."""


def soort_van(details: Details) -> RouteSoort:
    return RouteSoort(str(type(details).__struct_config__.tag))


def eerste(soort: RouteSoort) -> RouteStaat:
    return next(iter(VERLOOP[soort].staten))


def mogelijk(soort: RouteSoort, staat: RouteStaat) -> tuple[RouteStaat, ...]:
    """What may follow, as far as the order goes."""
    if staat in KLAAR:
        return ()
    order = list(VERLOOP[soort].staten)
    return (*order[order.index(staat) + 1 :], RouteStaat.NIET_GESLAAGD, RouteStaat.GESTOPT)


def alleen_loket(soort: RouteSoort, van: RouteStaat, naar: RouteStaat) -> bool:
    """Whether the way passes a state that only the schakelfunctionaris records."""
    verloop = VERLOOP[soort]
    order = list(verloop.staten)
    if naar not in order:
        return False
    return not verloop.bij_het_loket.isdisjoint(order[order.index(van) + 1 : order.index(naar) + 1])


def mist(naar: RouteStaat, details: Details, feiten: Feiten) -> list[FieldError]:
    """What is not there yet for a state: of that one and of all before."""
    verloop = VERLOOP[soort_van(details)]
    if naar not in verloop.staten:
        return []
    order = list(verloop.staten)
    eisen = [eis for staat in order[: order.index(naar) + 1] for eis in verloop.staten[staat]]
    return [error for eis in eisen if (error := eis.mist(details, feiten))]


def begint(soort: RouteSoort, feiten: Feiten) -> bool:
    """Whether an aanvraag with this status may begin it."""
    return not feiten.gesloten if VERLOOP[soort].ook_geplaatst else feiten.status in OPEN


def wrong(details: Details, feiten: Feiten) -> Iterator[FieldError]:
    """What cannot be, whatever the state: what happened lies not in the future, an end after its begin."""
    for name, veld in zip(details.__struct_fields__, details.__struct_encode_fields__, strict=True):
        value = getattr(details, name)
        if name.endswith("_op") and value is not None and value > feiten.vandaag:
            yield FieldError(f"/details/{veld}", "toekomst", gettext("Geef een dag die al is geweest."))
    overleg: Overleg | None = getattr(details, "overleg", None)
    if overleg is not None and overleg.op > feiten.vandaag:
        yield FieldError("/details/overleg/op", "toekomst", gettext("Geef een dag die al is geweest."))
    van, tot = getattr(details, "van", None), getattr(details, "tot", None)
    if van is not None and tot is not None and tot <= van:
        yield FieldError("/details/tot", "volgorde", gettext("Geef een dag die na de begindag ligt."))
    if isinstance(details, Overbrugging) and details.strippen_gebruikt > (details.strippen or 0):
        yield FieldError("/details/strippenGebruikt", "te_veel", gettext("Zoveel strippen staan er niet op de kaart."))
