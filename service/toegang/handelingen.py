"""Who may do what, over which rows and what for: a line per operation of the API and per page."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from service import dutch
from service.db import Rol, Wie
from service.errors import Kind, Refusal
from service.log import logboek
from service.log.doelen import Doel, Object, Verwerking
from service.log.logboek import Gebeurtenis
from service.taal import gettext
from service.toegang.rollen import A, B, C, K, S, V


class Grond(Struct, frozen=True):
    """Over which rows a rol may do something, in words, and what for."""

    rijen: str
    doel: Doel
    eigen: bool = False
    """Only rows of the own aanbieder or organisatie; never those of another in the region."""


class Handeling(Struct, frozen=True):
    """A line of the table: one operation of the API, or one page."""

    id: str
    gebeurtenis: Gebeurtenis
    object: Object
    rollen: Mapping[Rol, Grond]
    verwerking: Verwerking
    koppeling: bool = False
    """May the system of an aanbieder do this too, over the rows of that aanbieder?"""
    zelf: Grond | None = None
    """Over which rows the system of an aanbieder may do this, when the people of that aanbieder may not."""
    los: bool = False
    """In the log each time, although it is about no child: who may come in, and which figures leave the loket."""

    def grond(self, wie: Wie) -> Grond | None:
        """None: not for whoever this is."""
        if wie.koppeling is not None and not self.koppeling:
            return self.zelf
        return self.rollen.get(wie.rol)

    @property
    def voor(self) -> frozenset[Rol]:
        """For which rollen an answer must be narrowed: also that of a machine."""
        return frozenset(self.rollen) | ({Rol.AANBIEDER} if self.zelf else frozenset())

    def in_log(self, wie: Wie) -> logboek.Handeling:
        """As the log has it, also when `wie` was refused: then there is no purpose."""
        grond = self.grond(wie)
        return logboek.Handeling(
            self.id, self.gebeurtenis, self.object, grond.doel if grond else "geen", self.verwerking
        )


# ── The table ────────────────────────────────────────────────────────────────────────────────────

LEES, MAAK, WIJZIG, UITVOER = Gebeurtenis.LEES, Gebeurtenis.MAAK, Gebeurtenis.WIJZIG, Gebeurtenis.UITVOER
SLEUTEL, UITLOG = Gebeurtenis.SLEUTEL, Gebeurtenis.UITLOG

REGIO = "alle van de regio"
EIGEN = "van de eigen aanbieder"

AANBOD_ZIEN = {
    S: Grond("alle van de regio, en wat een afspraak met een andere regio deelt", Doel.PLEK_ZOEKEN),
    C: Grond("alle van de regio, en wat een afspraak met een andere regio deelt", Doel.CRISIS),
    A: Grond(EIGEN, Doel.AANBOD, eigen=True),
    K: Grond(REGIO, Doel.CAPACITEIT),
}
AANBOD_KENNEN = {**AANBOD_ZIEN, V: Grond("alle van de regio, om te zeggen waar het kind niet heen mag", Doel.AANVRAAG)}
AANBIEDERS_KENNEN = {**AANBOD_KENNEN, B: Grond(REGIO, Doel.INRICHTEN)}
AANBOD_BIJHOUDEN = {
    S: Grond("alle van de regio, als een aanbieder belt of een lijst stuurt", Doel.AANBOD),
    A: Grond(EIGEN, Doel.AANBOD, eigen=True),
}
EIGEN_AANBOD = {A: Grond(EIGEN, Doel.AANBOD, eigen=True)}
BEVESTIGEN = {**AANBOD_BIJHOUDEN, C: Grond("alle van de regio, als een aanbieder dat zegt", Doel.CRISIS)}
AANBIEDERS_BEGINNEN = {S: Grond(REGIO, Doel.INRICHTEN), B: Grond(REGIO, Doel.INRICHTEN)}
AANBIEDERS_WIJZIGEN = {**AANBIEDERS_BEGINNEN, A: Grond("alleen zichzelf", Doel.AANBOD, eigen=True)}

STOPPEN = {
    S: Grond("alle van de regio, als een aanbieder stopt", Doel.AANBOD),
    A: Grond("van de eigen aanbieder; terugnemen wat deze zelf vastlegde", Doel.AANBOD, eigen=True),
}
OVERNEMEN = {S: Grond(REGIO, Doel.AANBOD), K: Grond("aantallen, van alle aanbieders van de regio", Doel.CAPACITEIT)}
BEEINDIGINGEN = {**OVERNEMEN, A: Grond(EIGEN, Doel.AANBOD, eigen=True)}

AANVRAGEN_DOEN = {
    S: Grond(REGIO, Doel.PLEK_ZOEKEN),
    V: Grond("van de eigen organisatie", Doel.AANVRAAG, eigen=True),
    C: Grond("met urgentie crisis, tot de aanvraag klaar is", Doel.CRISIS),
}
AANVRAGEN_ZIEN = {
    **AANVRAGEN_DOEN,
    A: Grond(
        "van wie bij de eigen aanbieder geplaatst is, of was tot een termijn van de regio", Doel.VERBLIJF, eigen=True
    ),
}
CRISIS = {S: AANBOD_ZIEN[S], C: AANBOD_ZIEN[C]}
UITTREKSEL = {rol: grond for rol, grond in AANVRAGEN_ZIEN.items() if rol is not C}
VRIJ_ZIEN = {rol: grond for rol, grond in AANBOD_ZIEN.items() if rol is not A}
VOORSTELLEN = {
    **AANVRAGEN_DOEN,
    A: Grond("aan de eigen aanbieder gestuurd", Doel.VOORSTEL, eigen=True),
}
PLAATSINGEN_ZETTEN = {
    S: Grond("van kinderen van de regio", Doel.PLEK_ZOEKEN),
    C: Grond("met urgentie crisis, tot de aanvraag klaar is", Doel.CRISIS),
    A: Grond("op de eigen plekken", Doel.VERBLIJF, eigen=True),
}
PLAATSINGEN_ZIEN = {
    **PLAATSINGEN_ZETTEN,
    S: Grond("van kinderen van de regio, en op plekken van de regio", Doel.PLEK_ZOEKEN),
    V: Grond("van de eigen organisatie", Doel.AANVRAAG, eigen=True),
}
SAMEN_DOEN = {S: Grond(REGIO, Doel.PLEK_ZOEKEN), V: Grond("van de eigen organisatie", Doel.AANVRAAG, eigen=True)}
SAMEN_ZIEN = {**SAMEN_DOEN, C: Grond("met een kind in crisis, of nog zonder kinderen", Doel.CRISIS)}
ZOEKEN = {S: Grond(REGIO, Doel.PLEK_ZOEKEN), C: Grond("met urgentie crisis, tot de aanvraag klaar is", Doel.CRISIS)}
INZAGEN_ZIEN = {
    S: Grond(REGIO, Doel.VERANTWOORDEN),
    V: Grond("van de eigen organisatie, zonder namen van personen", Doel.VERANTWOORDEN, eigen=True),
}
PLANNEN = {S: Grond(REGIO, Doel.PLEK_ZOEKEN)}
VERZOEKEN = {V: Grond("van de eigen organisatie", Doel.AANVRAAG, eigen=True)}
VRAGEN = {
    S: Grond("van kinderen van de regio", Doel.PLEK_ZOEKEN),
    A: Grond("die aan de eigen aanbieder zijn gesteld", Doel.PLEK_ZOEKEN, eigen=True),
}

WACHTENDEN = {
    S: Grond(REGIO, Doel.PLEK_ZOEKEN),
    V: Grond("van de eigen organisatie, met hun plaats tussen alle", Doel.AANVRAAG, eigen=True),
}
WACHTLIJST = {**WACHTENDEN, K: Grond("aantallen van de regio, zonder kleine getallen", Doel.CAPACITEIT)}
TELLEN = {
    S: Grond("aantallen van de regio", Doel.PLEK_ZOEKEN),
    K: Grond("aantallen van de regio, zonder kleine getallen", Doel.CAPACITEIT),
}
WACHTTIJDEN = {**TELLEN, V: Grond("gemeten in de regio, zonder kleine getallen", Doel.AANVRAAG)}
CIJFERS = {**TELLEN, A: Grond("aantallen van de eigen aanbieder", Doel.AANBOD, eigen=True)}

AAN_AANBIEDER = {A: VOORSTELLEN[A]}
BIJ_AANBIEDER = {A: PLAATSINGEN_ZETTEN[A]}
GEVRAAGD = {A: VRAGEN[A]}
EIGEN_CIJFERS = {A: CIJFERS[A]}

TOEGANG = {B: Grond(REGIO, Doel.TOEGANG)}
INRICHTEN = {B: Grond(REGIO, Doel.INRICHTEN)}
INSTELLINGEN = {
    **INRICHTEN,
    S: Grond(REGIO, Doel.PLEK_ZOEKEN),
    K: Grond("alle van de regio, met aantallen in vijftallen", Doel.CAPACITEIT),
}
ORGANISATIES = {**INRICHTEN, S: Grond(REGIO, Doel.PLEK_ZOEKEN)}
ZELF = Grond("alleen van zichzelf", Doel.TOEGANG, eigen=True)
DOEL_VAN = {
    S: Doel.PLEK_ZOEKEN,
    C: Doel.CRISIS,
    A: Doel.VERBLIJF,
    V: Doel.AANVRAAG,
    K: Doel.CAPACITEIT,
    B: Doel.INRICHTEN,
}
EIGEN_VERVANGING = {
    rol: Grond("alleen van zichzelf, met collega's in dezelfde rol", Doel.TOEGANG, eigen=True) for rol in Rol
}

VOLGEN = {
    **AANVRAGEN_DOEN,
    A: Grond("wat gebeurt met voorstellen aan de eigen aanbieder en met wie daar woont", Doel.VERBLIJF, eigen=True),
}
EIGEN_BERICHTEN = {rol: Grond("alleen aan uzelf", DOEL_VAN[rol], eigen=True) for rol in Rol} | {
    B: Grond("aan uzelf, en wat van anderen niet aankwam", Doel.TOEGANG)
}
INDIENEN = {V: Grond("voor de eigen organisatie", Doel.AANVRAAG, eigen=True)}
EIGEN_CONCEPT = {V: Grond("alleen van zichzelf", Doel.AANVRAAG, eigen=True)}
EIGEN_HAKEN = Grond(EIGEN, Doel.AANBOD, eigen=True)

CODES = {rol: Grond("de lijsten van de regio", Doel.INRICHTEN if rol is B else Doel.AANBOD) for rol in Rol}

_AANBOD, _BEMIDDELEN, _INRICHTEN = Verwerking.AANBOD, Verwerking.BEMIDDELEN, Verwerking.INRICHTEN
_TOEGANG = Verwerking.TOEGANG

HANDELINGEN: tuple[Handeling, ...] = (
    Handeling("lijstAanbieders", LEES, Object.AANBIEDER, AANBIEDERS_KENNEN, _AANBOD, koppeling=True),
    Handeling("voegAanbiederToe", MAAK, Object.AANBIEDER, AANBIEDERS_BEGINNEN, _AANBOD),
    Handeling("haalAanbieder", LEES, Object.AANBIEDER, AANBIEDERS_KENNEN, _AANBOD, koppeling=True),
    Handeling("wijzigAanbieder", WIJZIG, Object.AANBIEDER, AANBIEDERS_WIJZIGEN, _AANBOD),
    Handeling("lijstLocaties", LEES, Object.LOCATIE, AANBOD_ZIEN, _AANBOD, koppeling=True),
    Handeling("voegLocatieToe", MAAK, Object.LOCATIE, AANBOD_BIJHOUDEN, _AANBOD),
    Handeling("haalLocatie", LEES, Object.LOCATIE, AANBOD_ZIEN, _AANBOD, koppeling=True),
    Handeling("wijzigLocatie", WIJZIG, Object.LOCATIE, AANBOD_BIJHOUDEN, _AANBOD),
    Handeling("lijstVoorzieningen", LEES, Object.VOORZIENING, AANBOD_KENNEN, _AANBOD, koppeling=True),
    Handeling("voegVoorzieningToe", MAAK, Object.VOORZIENING, AANBOD_BIJHOUDEN, _AANBOD),
    Handeling("haalVoorziening", LEES, Object.VOORZIENING, AANBOD_KENNEN, _AANBOD, koppeling=True),
    Handeling("wijzigVoorziening", WIJZIG, Object.VOORZIENING, AANBOD_BIJHOUDEN, _AANBOD),
    Handeling("lijstPlekken", LEES, Object.PLEK, AANBOD_ZIEN, _AANBOD, koppeling=True),
    Handeling("voegPlekToe", MAAK, Object.PLEK, AANBOD_BIJHOUDEN, _AANBOD, koppeling=True),
    Handeling("haalPlek", LEES, Object.PLEK, AANBOD_ZIEN, _AANBOD, koppeling=True),
    Handeling("wijzigPlek", WIJZIG, Object.PLEK, AANBOD_BIJHOUDEN, _AANBOD, koppeling=True),
    Handeling("lijstBevestigingen", LEES, Object.BEVESTIGING, AANBOD_ZIEN, _AANBOD, koppeling=True),
    Handeling("bevestigPlek", MAAK, Object.BEVESTIGING, BEVESTIGEN, _AANBOD, koppeling=True),
    Handeling("bevestigAlles", MAAK, Object.BEVESTIGING, AANBOD_BIJHOUDEN, _AANBOD, koppeling=True),
    Handeling("zegBewoning", WIJZIG, Object.PLEK, EIGEN_AANBOD, _AANBOD, koppeling=True),
    Handeling("haalBevestiging", LEES, Object.BEVESTIGING, AANBOD_ZIEN, _AANBOD, koppeling=True),
    Handeling("lijstStops", LEES, Object.STOP, AANBOD_ZIEN, _AANBOD, koppeling=True),
    Handeling("stopPlek", MAAK, Object.STOP, AANBOD_BIJHOUDEN, _AANBOD, koppeling=True),
    Handeling("haalStop", LEES, Object.STOP, AANBOD_ZIEN, _AANBOD, koppeling=True),
    Handeling("wijzigStop", WIJZIG, Object.STOP, AANBOD_BIJHOUDEN, _AANBOD, koppeling=True),
    Handeling("lijstVersheid", LEES, Object.BEVESTIGING, AANBOD_ZIEN, _AANBOD, koppeling=True),
    Handeling("haalVersheidscijfers", LEES, Object.BEVESTIGING, BEEINDIGINGEN, _AANBOD),
    Handeling("lijstBeeindigingen", LEES, Object.BEEINDIGING, BEEINDIGINGEN, _AANBOD),
    Handeling("beeindigAanbod", MAAK, Object.BEEINDIGING, STOPPEN, _AANBOD),
    Handeling("zetBeeindigingStap", WIJZIG, Object.BEEINDIGING, STOPPEN, _AANBOD),
    Handeling("haalBeeindiging", LEES, Object.BEEINDIGING, BEEINDIGINGEN, _AANBOD),
    Handeling("lijstOvername", LEES, Object.BEEINDIGING, OVERNEMEN, _AANBOD),
    Handeling("lijstOverdrachten", LEES, Object.PLAATSING, PLANNEN, _BEMIDDELEN),
    Handeling("besluitOverdracht", WIJZIG, Object.PLAATSING, PLANNEN, _BEMIDDELEN),
    Handeling("lijstAanvragen", LEES, Object.AANVRAAG, AANVRAGEN_ZIEN, _BEMIDDELEN),
    Handeling("voegAanvraagToe", MAAK, Object.AANVRAAG, AANVRAGEN_DOEN, _BEMIDDELEN),
    Handeling("haalAanvraag", LEES, Object.AANVRAAG, AANVRAGEN_ZIEN, _BEMIDDELEN),
    Handeling("wijzigAanvraag", WIJZIG, Object.AANVRAAG, AANVRAGEN_DOEN, _BEMIDDELEN),
    Handeling("toonRangschikking", LEES, Object.RANGSCHIKKING, ZOEKEN, _BEMIDDELEN),
    Handeling("lijstInzagen", LEES, Object.LOGREGEL, INZAGEN_ZIEN, Verwerking.VERANTWOORDEN),
    Handeling("lijstAlarmen", LEES, Object.AANVRAAG, SAMEN_DOEN, _BEMIDDELEN),
    Handeling("lijstPlaatsingen", LEES, Object.PLAATSING, PLAATSINGEN_ZIEN, _BEMIDDELEN),
    Handeling("lijstPlaatsingenVanAanvraag", LEES, Object.PLAATSING, PLAATSINGEN_ZIEN, _BEMIDDELEN),
    Handeling("haalPlaatsing", LEES, Object.PLAATSING, PLAATSINGEN_ZIEN, _BEMIDDELEN),
    Handeling("zetPlaatsingStap", WIJZIG, Object.PLAATSING, PLAATSINGEN_ZETTEN, _BEMIDDELEN),
    Handeling("lijstCrisisplekken", LEES, Object.PLEK, CRISIS, _AANBOD),
    Handeling("legCrisisplaatsingVast", MAAK, Object.PLAATSING, ZOEKEN, _BEMIDDELEN),
    Handeling("toonWachtlijst", LEES, Object.AANVRAAG, WACHTENDEN, _BEMIDDELEN),
    Handeling("telWachtlijst", LEES, Object.CIJFER, TELLEN, _BEMIDDELEN),
    Handeling("toonWachttijden", LEES, Object.CIJFER, WACHTTIJDEN, _BEMIDDELEN),
    Handeling("toonAanbodcijfers", LEES, Object.CIJFER, CIJFERS, _AANBOD),
    Handeling("telVoorstellen", LEES, Object.CIJFER, CIJFERS, _AANBOD),
    Handeling("telGepasseerd", LEES, Object.CIJFER, CIJFERS, _AANBOD),
    Handeling("telAfwijzingen", LEES, Object.CIJFER, CIJFERS, _AANBOD),
    Handeling("telVerblijven", LEES, Object.CIJFER, CIJFERS, _AANBOD),
    Handeling("telSamenplaatsingen", LEES, Object.CIJFER, TELLEN, _AANBOD),
    Handeling("toonWachttijdcijfers", LEES, Object.CIJFER, TELLEN, _AANBOD),
    Handeling("toonGemeentecijfers", LEES, Object.CIJFER, TELLEN, _AANBOD),
    Handeling("toonBuitenregio", LEES, Object.CIJFER, TELLEN, _AANBOD),
    Handeling("lijstPlannen", LEES, Object.PLAN, PLANNEN, _BEMIDDELEN),
    Handeling("startPlan", MAAK, Object.PLAN, PLANNEN, _BEMIDDELEN),
    Handeling("haalPlan", LEES, Object.PLAN, PLANNEN, _BEMIDDELEN),
    Handeling("wijzigPlan", WIJZIG, Object.PLAN, PLANNEN, _BEMIDDELEN),
    Handeling("volgPlan", LEES, Object.PLAN, PLANNEN, _BEMIDDELEN),
    Handeling("lijstPlanregels", LEES, Object.PLANREGEL, PLANNEN, _BEMIDDELEN),
    Handeling("haalPlanregel", LEES, Object.PLANREGEL, PLANNEN, _BEMIDDELEN),
    Handeling("wijzigPlanregel", WIJZIG, Object.PLANREGEL, PLANNEN, _BEMIDDELEN),
    Handeling("legPlanregelUit", LEES, Object.PLANREGEL, PLANNEN, _BEMIDDELEN),
    Handeling("haalUitweg", LEES, Object.PLANREGEL, PLANNEN, _BEMIDDELEN),
    Handeling("zetAanvraagStap", WIJZIG, Object.AANVRAAG, AANVRAGEN_DOEN, _BEMIDDELEN),
    Handeling("lijstGebeurtenissen", LEES, Object.GEBEURTENIS, AANVRAGEN_DOEN, _BEMIDDELEN),
    Handeling("lijstOpties", LEES, Object.OPTIE, AANVRAGEN_DOEN, _BEMIDDELEN),
    Handeling("houdPlek", MAAK, Object.OPTIE, ZOEKEN, _BEMIDDELEN),
    Handeling("haalOptie", LEES, Object.OPTIE, AANVRAGEN_DOEN, _BEMIDDELEN),
    Handeling("zetOptieStap", WIJZIG, Object.OPTIE, ZOEKEN, _BEMIDDELEN),
    Handeling("lijstRoutes", LEES, Object.ROUTE, SAMEN_DOEN, _BEMIDDELEN),
    Handeling("lijstRoutesVanAanvraag", LEES, Object.ROUTE, SAMEN_DOEN, _BEMIDDELEN),
    Handeling("startRoute", MAAK, Object.ROUTE, SAMEN_DOEN, _BEMIDDELEN),
    Handeling("haalRoute", LEES, Object.ROUTE, SAMEN_DOEN, _BEMIDDELEN),
    Handeling("zetRouteStap", WIJZIG, Object.ROUTE, SAMEN_DOEN, _BEMIDDELEN),
    Handeling("lijstOpschalingen", LEES, Object.OPSCHALING, SAMEN_DOEN, _BEMIDDELEN),
    Handeling("lijstOpschalingenVanAanvraag", LEES, Object.OPSCHALING, SAMEN_DOEN, _BEMIDDELEN),
    Handeling("openOpschaling", MAAK, Object.OPSCHALING, PLANNEN, _BEMIDDELEN),
    Handeling("haalOpschaling", LEES, Object.OPSCHALING, SAMEN_DOEN, _BEMIDDELEN),
    Handeling("haalOpschalingDossier", LEES, Object.OPSCHALING, PLANNEN, _BEMIDDELEN),
    Handeling("zetOpschalingStap", WIJZIG, Object.OPSCHALING, PLANNEN, _BEMIDDELEN),
    Handeling("lijstOpschaaladviezen", LEES, Object.OPSCHALING, PLANNEN, _BEMIDDELEN),
    Handeling("lijstOpschalingsverzoeken", LEES, Object.OPSCHALING, SAMEN_DOEN, _BEMIDDELEN),
    Handeling("lijstOpschalingsverzoekenVanAanvraag", LEES, Object.OPSCHALING, SAMEN_DOEN, _BEMIDDELEN),
    Handeling("vraagOpschaling", MAAK, Object.OPSCHALING, VERZOEKEN, _BEMIDDELEN),
    Handeling("haalOpschalingsverzoek", LEES, Object.OPSCHALING, SAMEN_DOEN, _BEMIDDELEN),
    Handeling("weigerOpschaling", WIJZIG, Object.OPSCHALING, PLANNEN, _BEMIDDELEN),
    Handeling("lijstOpschalingsvragen", LEES, Object.OPSCHALING, VRAGEN, _BEMIDDELEN),
    Handeling("stelOpschalingsvraag", MAAK, Object.OPSCHALING, PLANNEN, _BEMIDDELEN),
    Handeling("haalOpschalingsvraag", LEES, Object.OPSCHALING, VRAGEN, _BEMIDDELEN),
    Handeling("beantwoordOpschalingsvraag", WIJZIG, Object.OPSCHALING, VRAGEN, _BEMIDDELEN),
    Handeling("lijstVoorstellen", LEES, Object.VOORSTEL, VOORSTELLEN, _BEMIDDELEN),
    Handeling("zetVoorstelKlaar", MAAK, Object.VOORSTEL, ZOEKEN, _BEMIDDELEN),
    Handeling("zetPlanVoorstellenKlaar", MAAK, Object.VOORSTEL, PLANNEN, _BEMIDDELEN),
    Handeling("haalVoorstel", LEES, Object.VOORSTEL, VOORSTELLEN, _BEMIDDELEN),
    Handeling("zetVoorstelStap", WIJZIG, Object.VOORSTEL, VOORSTELLEN, _BEMIDDELEN),
    Handeling("lijstVoorstellenVanAanvraag", LEES, Object.VOORSTEL, AANVRAGEN_DOEN, _BEMIDDELEN),
    Handeling("lijstSamenplaatsingen", LEES, Object.SAMENPLAATSING, SAMEN_ZIEN, _BEMIDDELEN),
    Handeling("voegSamenplaatsingToe", MAAK, Object.SAMENPLAATSING, SAMEN_ZIEN, _BEMIDDELEN),
    Handeling("haalSamenplaatsing", LEES, Object.SAMENPLAATSING, SAMEN_ZIEN, _BEMIDDELEN),
    Handeling("wijzigSamenplaatsing", WIJZIG, Object.SAMENPLAATSING, SAMEN_DOEN, _BEMIDDELEN),
    Handeling("lijstZorgvormen", LEES, Object.CODELIJST, CODES, _INRICHTEN, koppeling=True),
    Handeling("lijstKenmerkcodes", LEES, Object.CODELIJST, CODES, _INRICHTEN, koppeling=True),
    Handeling("toonInstellingen", LEES, Object.INSTELLING, INSTELLINGEN, _INRICHTEN),
    Handeling("wijzigInstellingen", WIJZIG, Object.INSTELLING, INRICHTEN, _INRICHTEN, los=True),
    Handeling("beproefInstellingen", LEES, Object.INSTELLING, INSTELLINGEN, _INRICHTEN),
    Handeling("lijstInstellingwijzigingen", LEES, Object.INSTELLING, INSTELLINGEN, _INRICHTEN),
    Handeling("zetInstellingenTerug", WIJZIG, Object.INSTELLING, INRICHTEN, _INRICHTEN, los=True),
    Handeling("leesInAanbieders", MAAK, Object.LIJST, AANBIEDERS_BEGINNEN, _AANBOD),
    Handeling("haalSjabloonAanbieders", UITVOER, Object.LIJST, AANBIEDERS_BEGINNEN, _AANBOD),
    Handeling("leesInVoorzieningen", MAAK, Object.LIJST, AANBOD_BIJHOUDEN, _AANBOD),
    Handeling("haalSjabloonVoorzieningen", UITVOER, Object.LIJST, AANBOD_BIJHOUDEN, _AANBOD),
    Handeling("leesInCapaciteit", MAAK, Object.LIJST, AANBOD_BIJHOUDEN, _AANBOD),
    Handeling("haalSjabloonCapaciteit", UITVOER, Object.LIJST, AANBOD_BIJHOUDEN, _AANBOD),
    Handeling("leesInAanvragen", MAAK, Object.LIJST, SAMEN_DOEN, _BEMIDDELEN),
    Handeling("haalSjabloonAanvragen", UITVOER, Object.LIJST, SAMEN_DOEN, _BEMIDDELEN),
    Handeling("lijstKoppelingen", LEES, Object.KOPPELING, TOEGANG, _TOEGANG),
    Handeling("voegKoppelingToe", MAAK, Object.KOPPELING, TOEGANG, _TOEGANG, los=True),
    Handeling("haalKoppeling", LEES, Object.KOPPELING, TOEGANG, _TOEGANG, zelf=ZELF),
    Handeling("wijzigKoppeling", WIJZIG, Object.KOPPELING, TOEGANG, _TOEGANG, los=True),
    Handeling("lijstSleutels", LEES, Object.SLEUTEL, TOEGANG, _TOEGANG, zelf=ZELF),
    Handeling("voegSleutelToe", SLEUTEL, Object.SLEUTEL, TOEGANG, _TOEGANG, zelf=ZELF, los=True),
    Handeling("haalSleutel", LEES, Object.SLEUTEL, TOEGANG, _TOEGANG, zelf=ZELF),
    Handeling("wijzigSleutel", SLEUTEL, Object.SLEUTEL, TOEGANG, _TOEGANG, zelf=ZELF, los=True),
    Handeling("lijstGebruikers", LEES, Object.GEBRUIKER, TOEGANG, _TOEGANG),
    Handeling("voegGebruikerToe", MAAK, Object.GEBRUIKER, TOEGANG, _TOEGANG, los=True),
    Handeling("haalGebruiker", LEES, Object.GEBRUIKER, TOEGANG, _TOEGANG),
    Handeling("wijzigGebruiker", WIJZIG, Object.GEBRUIKER, TOEGANG, _TOEGANG, los=True),
    Handeling("lijstOrganisaties", LEES, Object.ORGANISATIE, ORGANISATIES, _INRICHTEN),
    Handeling("voegOrganisatieToe", MAAK, Object.ORGANISATIE, INRICHTEN, _INRICHTEN, los=True),
    Handeling("haalOrganisatie", LEES, Object.ORGANISATIE, ORGANISATIES, _INRICHTEN),
    Handeling("lijstInlogplaatsen", LEES, Object.GEBRUIKER, TOEGANG, _TOEGANG),
    Handeling("haalVervanging", LEES, Object.GEBRUIKER, EIGEN_VERVANGING, _TOEGANG),
    Handeling("wijzigVervanging", WIJZIG, Object.GEBRUIKER, EIGEN_VERVANGING, _TOEGANG, los=True),
    Handeling("lijstCollegas", LEES, Object.GEBRUIKER, EIGEN_VERVANGING, _TOEGANG),
    Handeling("volgGebeurtenissen", LEES, Object.GEBEURTENIS, VOLGEN, _BEMIDDELEN),
    Handeling("haalMeldkeuzes", LEES, Object.GEBRUIKER, dict.fromkeys(Rol, ZELF), _TOEGANG),
    Handeling("wijzigMeldkeuzes", WIJZIG, Object.GEBRUIKER, dict.fromkeys(Rol, ZELF), _TOEGANG),
    Handeling("lijstBerichten", LEES, Object.BERICHT, EIGEN_BERICHTEN, _BEMIDDELEN),
    Handeling("verstuurBerichtOpnieuw", WIJZIG, Object.BERICHT, TOEGANG, _TOEGANG),
    Handeling("lijstMislukt", LEES, Object.BERICHT, TOEGANG, _TOEGANG),
    Handeling("probeerMislukt", WIJZIG, Object.BERICHT, TOEGANG, _TOEGANG),
    Handeling("lijstHaken", LEES, Object.HAAK, TOEGANG, _TOEGANG, zelf=EIGEN_HAKEN),
    Handeling("voegHaakToe", MAAK, Object.HAAK, TOEGANG, _TOEGANG, zelf=EIGEN_HAKEN, los=True),
    Handeling("haalHaak", LEES, Object.HAAK, TOEGANG, _TOEGANG, zelf=EIGEN_HAKEN),
    Handeling("wijzigHaak", WIJZIG, Object.HAAK, TOEGANG, _TOEGANG, zelf=EIGEN_HAKEN, los=True),
    Handeling("maakHaakgeheim", SLEUTEL, Object.HAAK, TOEGANG, _TOEGANG, zelf=EIGEN_HAKEN, los=True),
    Handeling("lijstLeveringen", LEES, Object.LEVERING, TOEGANG, _TOEGANG, zelf=EIGEN_HAKEN),
    Handeling("haalLevering", LEES, Object.LEVERING, TOEGANG, _TOEGANG, zelf=EIGEN_HAKEN),
    Handeling("leverOpnieuw", WIJZIG, Object.LEVERING, TOEGANG, _TOEGANG, zelf=EIGEN_HAKEN),
    Handeling("paginaBericht", LEES, Object.BERICHT, EIGEN_BERICHTEN, _BEMIDDELEN),
    Handeling("lijstAfwezigen", LEES, Object.GEBRUIKER, EIGEN_VERVANGING, _TOEGANG),
    Handeling("haalWaarneming", LEES, Object.SESSIE, dict.fromkeys(Rol, ZELF), _TOEGANG),
    Handeling("wijzigWaarneming", WIJZIG, Object.SESSIE, EIGEN_VERVANGING, _TOEGANG, los=True),
    Handeling("lijstSessies", LEES, Object.SESSIE, dict.fromkeys(Rol, ZELF), _TOEGANG),
    Handeling("haalSessie", LEES, Object.SESSIE, dict.fromkeys(Rol, ZELF), _TOEGANG),
    Handeling("wijzigSessie", UITLOG, Object.SESSIE, dict.fromkeys(Rol, ZELF), _TOEGANG, los=True),
    Handeling("eindigAndereSessies", UITLOG, Object.SESSIE, dict.fromkeys(Rol, ZELF), _TOEGANG, los=True),
    Handeling("paginaVervanging", LEES, Object.GEBRUIKER, EIGEN_VERVANGING, _TOEGANG),
    Handeling("paginaSessies", LEES, Object.SESSIE, dict.fromkeys(Rol, ZELF), _TOEGANG),
    Handeling("paginaStart", LEES, Object.GEBRUIKER, dict.fromkeys(Rol, ZELF), _TOEGANG),
    Handeling("paginaRondleiding", LEES, Object.GEBRUIKER, dict.fromkeys(Rol, ZELF), _TOEGANG),
    Handeling("paginaMails", LEES, Object.GEBRUIKER, dict.fromkeys(Rol, ZELF), _TOEGANG),
    Handeling("paginaAanvragen", LEES, Object.AANVRAAG, PLANNEN, _BEMIDDELEN),
    Handeling("paginaCrisis", LEES, Object.PLEK, ZOEKEN, _BEMIDDELEN),
    Handeling("paginaCrisisplaatsing", LEES, Object.PLEK, ZOEKEN, _BEMIDDELEN),
    Handeling("paginaAanvraag", LEES, Object.RANGSCHIKKING, ZOEKEN, _BEMIDDELEN),
    Handeling("dienIn", MAAK, Object.AANVRAAG, INDIENEN, _BEMIDDELEN),
    Handeling("lijstConcepten", LEES, Object.AANVRAAG, EIGEN_CONCEPT, _BEMIDDELEN),
    Handeling("bewaarConcept", WIJZIG, Object.AANVRAAG, EIGEN_CONCEPT, _BEMIDDELEN),
    Handeling("paginaNieuweAanvraag", LEES, Object.AANVRAAG, EIGEN_CONCEPT, _BEMIDDELEN),
    Handeling("paginaKinderen", LEES, Object.RANGSCHIKKING, PLANNEN, _BEMIDDELEN),
    Handeling("paginaAanvullen", LEES, Object.AANVRAAG, AANVRAGEN_DOEN, _BEMIDDELEN),
    Handeling("paginaOpschalingen", LEES, Object.OPSCHALING, PLANNEN, _BEMIDDELEN),
    Handeling("paginaOpschaling", LEES, Object.OPSCHALING, PLANNEN, _BEMIDDELEN),
    Handeling("paginaOpschalingAfdruk", LEES, Object.OPSCHALING, PLANNEN, _BEMIDDELEN),
    Handeling("paginaUittreksel", UITVOER, Object.AANVRAAG, UITTREKSEL, _BEMIDDELEN),
    Handeling("paginaRoutes", LEES, Object.ROUTE, SAMEN_DOEN, _BEMIDDELEN),
    Handeling("paginaVrijePlekken", LEES, Object.PLEK, VRIJ_ZIEN, _AANBOD),
    Handeling("paginaWachtlijst", LEES, Object.AANVRAAG, WACHTLIJST, _BEMIDDELEN),
    Handeling("paginaPlannen", LEES, Object.PLAN, PLANNEN, _BEMIDDELEN),
    Handeling("paginaPlan", LEES, Object.PLANREGEL, PLANNEN, _BEMIDDELEN),
    Handeling("paginaPlanregel", LEES, Object.PLANREGEL, PLANNEN, _BEMIDDELEN),
    Handeling("paginaMijnAanvragen", LEES, Object.AANVRAAG, VERZOEKEN, _BEMIDDELEN),
    Handeling("paginaMijnAanvraag", LEES, Object.AANVRAAG, VERZOEKEN, _BEMIDDELEN),
    Handeling("paginaPlekken", LEES, Object.PLEK, AANBOD_BIJHOUDEN, _AANBOD),
    Handeling("paginaPlek", LEES, Object.PLEK, AANBOD_BIJHOUDEN, _AANBOD),
    Handeling("paginaCijfers", LEES, Object.CIJFER, TELLEN, _AANBOD),
    Handeling("paginaCijferbestand", UITVOER, Object.CIJFER, TELLEN, _AANBOD, los=True),
    Handeling("paginaInstellingen", LEES, Object.INSTELLING, INSTELLINGEN, _INRICHTEN),
    Handeling("paginaInstellinggroep", LEES, Object.INSTELLING, INSTELLINGEN, _INRICHTEN),
    Handeling("paginaInstellingproef", LEES, Object.INSTELLING, INSTELLINGEN, _INRICHTEN),
    Handeling("paginaGebruikers", LEES, Object.GEBRUIKER, TOEGANG, _TOEGANG),
    Handeling("paginaGebruiker", LEES, Object.GEBRUIKER, TOEGANG, _TOEGANG),
    Handeling("paginaKoppelingen", LEES, Object.KOPPELING, TOEGANG, _TOEGANG),
    Handeling("paginaKoppeling", LEES, Object.KOPPELING, TOEGANG, _TOEGANG),
    Handeling("paginaMislukt", LEES, Object.BERICHT, TOEGANG, _TOEGANG),
    Handeling("paginaVoorstellen", LEES, Object.VOORSTEL, AAN_AANBIEDER, _BEMIDDELEN),
    Handeling("paginaVoorstel", LEES, Object.VOORSTEL, AAN_AANBIEDER, _BEMIDDELEN),
    Handeling("paginaPlaatsingen", LEES, Object.PLAATSING, BIJ_AANBIEDER, _BEMIDDELEN),
    Handeling("paginaPlaatsing", LEES, Object.PLAATSING, BIJ_AANBIEDER, _BEMIDDELEN),
    Handeling("paginaVragen", LEES, Object.OPSCHALING, GEVRAAGD, _BEMIDDELEN),
    Handeling("paginaVraag", LEES, Object.OPSCHALING, GEVRAAGD, _BEMIDDELEN),
    Handeling("paginaEigenCijfers", LEES, Object.CIJFER, EIGEN_CIJFERS, _AANBOD),
)

OPENBAAR = {
    "paginaBevestigen": "Of uw plekken nog kloppen: alleen met de link uit de mail, tot die verloopt.",
    "bevestigPerMail": "Antwoorden met die link, alleen over de plekken in die mail.",
    "haalBeschrijving": "De beschrijving van de API.",
    "livez": "Of het loket draait, voor wie het beheert.",
    "readyz": "Of het loket klaar is, voor wie het beheert.",
    "asset": "Opmaak, pictogrammen en scripts van de schermen.",
    "favicon": "Het pictogram.",
    "kies_taal": "Kiezen in welke taal het loket u antwoordt.",
    "inloggen": "Kiezen waarmee u inlogt.",
    "demo_inloggen": "Inloggen met een link van de demo op deze computer.",
    "inlog_start": "Naar de identity provider, om te zeggen wie u bent.",
    "inlog_terug": "Terug van de identity provider.",
    "inlog_keuze": "Kiezen in welke rol u werkt; alleen met een inlogpoging die is gelukt.",
    "inlog_sleutels": "De publieke sleutels waarmee het loket zich bij een identity provider bewijst.",
    "inlog_afmelden": "Een identity provider meldt dat iemand daar is uitgelogd; alleen met diens handtekening.",
    "uitloggen": "De eigen sessie beëindigen.",
    "oauth_inwisselen": "Toegang voor het systeem van een aanbieder, met een ondertekende verklaring.",
    "oauth_beschrijving": "Hoe het systeem van een aanbieder toegang krijgt.",
}
"""What anybody may ask, without login: nothing of it is about a person."""


# ── Asking it ────────────────────────────────────────────────────────────────────────────────────

BY_ID = {handeling.id: handeling for handeling in HANDELINGEN}


def handeling(id: str) -> Handeling | None:
    """None for what is OPENBAAR."""
    return None if id in OPENBAAR else BY_ID[id]


def mag(wie: Wie, id: str) -> Handeling:
    """The line by which `wie` may do this. Refuses FORBIDDEN."""
    found = BY_ID.get(id)
    if found is None:
        raise Refusal(Kind.FORBIDDEN, gettext("Hiervoor heeft niemand toegang."))
    if found.grond(wie) is not None:
        return found
    if wie.koppeling is not None:
        raise Refusal(
            Kind.FORBIDDEN,
            gettext("Dit kan een koppeling niet. Een koppeling mag plekken publiceren, bevestigen en stoppen."),
        )
    others = dutch.listing(sorted(found.rollen), "of")
    raise Refusal(
        Kind.FORBIDDEN,
        gettext("Met de rol %(rol)s kan dit niet. Het kan met de rol %(others)s.", rol=wie.rol, others=others),
    )


def kan(wie: Wie, id: str) -> bool:
    """Whether `mag` would let them: for links that work."""
    found = BY_ID.get(id)
    return found is not None and found.grond(wie) is not None
