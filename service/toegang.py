"""Who may do what, over which rows, why, and who sees which field: the one table of it.

The dispatcher asks `mag` before it reads a request and `versmal` before it answers; the OpenAPI document, the tables
in docs/beveiliging.md and tests/web/test_matrix.py are made of these lines. What stands here in words of rows, the
policies of schema.sql enforce. No line: the app does not start (`check`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, cast

from msgspec import Struct

from service import (
    aanbieders,
    aanvragen,
    bezetting,
    codes,
    dutch,
    gebruikers,
    grondslagen,
    identiteitsproviders,
    inzagen,
    koppelingen,
    locaties,
    logboek,
    narrowing,
    organisaties,
    planniveaus,
    planuitleg,
    planuitweg,
    planverslag,
    plekken,
    rangschikking,
    samenplaatsingen,
    termijnen,
    uitsluitingen,
    voorzieningen,
    werklijst,
)
from service.db import Rol, Wie
from service.errors import FieldError, Kind, Refusal
from service.intake import preview, tables
from service.logboek import Gebeurtenis

S, C, A, V, K, B = (
    Rol.SCHAKELFUNCTIONARIS,
    Rol.CRISISDIENST,
    Rol.AANBIEDER,
    Rol.VERWIJZER,
    Rol.CONTRACTBEHEER,
    Rol.BEHEERDER,
)


class Doel(StrEnum):
    """Why somebody does something: the purpose of NEN 7513."""

    AANBOD = "aanbod"
    AANVRAAG = "aanvraag"
    BEWAREN = "bewaren"
    CAPACITEIT = "capaciteit"
    CRISIS = "crisis"
    INRICHTEN = "inrichten"
    PLEK_ZOEKEN = "plek_zoeken"
    TOEGANG = "toegang"
    VERANTWOORDEN = "verantwoorden"
    VERBLIJF = "verblijf"


DOELEN = {
    Doel.AANBOD: "Weten welke plekken er zijn, en of dat nog klopt.",
    Doel.AANVRAAG: "Als verwijzer een aanvraag doen voor een jeugdige, en die volgen.",
    Doel.BEWAREN: "Gegevens van een jeugdige niet langer bewaren dan nodig is.",
    Doel.CAPACITEIT: "Zien of er genoeg plekken zijn en hoe lang het wachten duurt.",
    Doel.CRISIS: "Een jeugdige in crisis binnen een dag een veilige plek geven.",
    Doel.INRICHTEN: "Het loket inrichten voor de regio.",
    Doel.PLEK_ZOEKEN: "Een plek zoeken die bij een jeugdige past.",
    Doel.TOEGANG: "Alleen wie het mag, in het loket laten.",
    Doel.VERANTWOORDEN: "Aan een jeugdige, ouder of verwijzer laten zien wie gegevens heeft gezien.",
    Doel.VERBLIJF: "Jeugdhulp geven aan een jeugdige die bij de aanbieder geplaatst is.",
}


class Verwerking(StrEnum):
    """A line of the register of processing in docs/privacy.md."""

    AANBOD = "aanbod_bijhouden"
    BEMIDDELEN = "bemiddelen"
    BEWAREN = "bewaren"
    INRICHTEN = "inrichten"
    TOEGANG = "toegang_geven"
    VERANTWOORDEN = "verantwoorden"


VERWERKINGEN = {
    Verwerking.AANBOD: "Aanbieders, locaties, voorzieningen en plekken bijhouden, met wie u daarvoor belt.",
    Verwerking.BEMIDDELEN: "Aanvragen voor jeugdigen aannemen en er een plek bij zoeken.",
    Verwerking.BEWAREN: "Gegevens van een jeugdige na hun termijn of op verzoek verwijderen; wat blijft, is anoniem.",
    Verwerking.INRICHTEN: "De lijsten en instellingen van de regio bijhouden.",
    Verwerking.TOEGANG: "Vastleggen wie in het loket mag, en wie wanneer inlogt en uitlogt.",
    Verwerking.VERANTWOORDEN: "Vastleggen wie gegevens van een jeugdige zag of veranderde, en dat laten zien.",
}


LEES, MAAK, WIJZIG, UITVOER = Gebeurtenis.LEES, Gebeurtenis.MAAK, Gebeurtenis.WIJZIG, Gebeurtenis.UITVOER
SLEUTEL = Gebeurtenis.SLEUTEL


class Object(StrEnum):
    """What something is done to."""

    AANBIEDER = "aanbieder"
    AANVRAAG = "aanvraag"
    BEVESTIGING = "bevestiging"
    CODELIJST = "codelijst"
    GEBRUIKER = "gebruiker"
    KOPPELING = "koppeling"
    LIJST = "lijst"
    LOCATIE = "locatie"
    LOGREGEL = "logregel"
    ORGANISATIE = "organisatie"
    PLAN = "plan"
    PLANREGEL = "planregel"
    PLEK = "plek"
    RANGSCHIKKING = "rangschikking"
    SAMENPLAATSING = "samenplaatsing"
    SLEUTEL = "sleutel"
    STOP = "stop"
    VOORZIENING = "voorziening"


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
    """In the log each time, although it is about no child: who may come in."""

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
        doel = grond.doel if grond else "geen"
        return logboek.Handeling(self.id, self.gebeurtenis, self.object, doel, self.verwerking)


# ── Function and row ─────────────────────────────────────────────────────────────────────────────

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
BEVESTIGEN = {**AANBOD_BIJHOUDEN, C: Grond("alle van de regio, als een aanbieder dat zegt", Doel.CRISIS)}
AANBIEDERS_BEGINNEN = {S: Grond(REGIO, Doel.INRICHTEN), B: Grond(REGIO, Doel.INRICHTEN)}
AANBIEDERS_WIJZIGEN = {**AANBIEDERS_BEGINNEN, A: Grond("alleen zichzelf", Doel.AANBOD, eigen=True)}

AANVRAGEN_DOEN = {
    S: Grond(REGIO, Doel.PLEK_ZOEKEN),
    V: Grond("van de eigen organisatie", Doel.AANVRAAG, eigen=True),
    C: Grond("met urgentie crisis, tot de aanvraag klaar is", Doel.CRISIS),
}
AANVRAGEN_ZIEN = {
    **AANVRAGEN_DOEN,
    A: Grond("van wie bij de eigen aanbieder geplaatst is of was", Doel.VERBLIJF, eigen=True),
}
SAMEN_DOEN = {S: Grond(REGIO, Doel.PLEK_ZOEKEN), V: Grond("van de eigen organisatie", Doel.AANVRAAG, eigen=True)}
SAMEN_ZIEN = {**SAMEN_DOEN, C: Grond("met een kind in crisis, of nog zonder kinderen", Doel.CRISIS)}
ZOEKEN = {S: Grond(REGIO, Doel.PLEK_ZOEKEN), C: Grond("met urgentie crisis, tot de aanvraag klaar is", Doel.CRISIS)}
INZAGEN_ZIEN = {
    S: Grond(REGIO, Doel.VERANTWOORDEN),
    V: Grond("van de eigen organisatie, zonder namen van personen", Doel.VERANTWOORDEN, eigen=True),
}
PLANNEN = {S: Grond(REGIO, Doel.PLEK_ZOEKEN)}

TOEGANG = {B: Grond(REGIO, Doel.TOEGANG)}
INRICHTEN = {B: Grond(REGIO, Doel.INRICHTEN)}
ORGANISATIES = {**INRICHTEN, S: Grond(REGIO, Doel.PLEK_ZOEKEN)}
ZELF = Grond("alleen van zichzelf", Doel.TOEGANG, eigen=True)
EIGEN_VERVANGING = {
    rol: Grond("alleen van zichzelf, met collega's in dezelfde rol", Doel.TOEGANG, eigen=True) for rol in Rol
}

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
    Handeling("haalBevestiging", LEES, Object.BEVESTIGING, AANBOD_ZIEN, _AANBOD, koppeling=True),
    Handeling("lijstStops", LEES, Object.STOP, AANBOD_ZIEN, _AANBOD, koppeling=True),
    Handeling("stopPlek", MAAK, Object.STOP, AANBOD_BIJHOUDEN, _AANBOD, koppeling=True),
    Handeling("haalStop", LEES, Object.STOP, AANBOD_ZIEN, _AANBOD, koppeling=True),
    Handeling("wijzigStop", WIJZIG, Object.STOP, AANBOD_BIJHOUDEN, _AANBOD, koppeling=True),
    Handeling("lijstAanvragen", LEES, Object.AANVRAAG, AANVRAGEN_ZIEN, _BEMIDDELEN),
    Handeling("voegAanvraagToe", MAAK, Object.AANVRAAG, AANVRAGEN_DOEN, _BEMIDDELEN),
    Handeling("haalAanvraag", LEES, Object.AANVRAAG, AANVRAGEN_ZIEN, _BEMIDDELEN),
    Handeling("wijzigAanvraag", WIJZIG, Object.AANVRAAG, AANVRAGEN_DOEN, _BEMIDDELEN),
    Handeling("toonRangschikking", LEES, Object.RANGSCHIKKING, ZOEKEN, _BEMIDDELEN),
    Handeling("lijstInzagen", LEES, Object.LOGREGEL, INZAGEN_ZIEN, Verwerking.VERANTWOORDEN),
    Handeling("lijstAlarmen", LEES, Object.AANVRAAG, SAMEN_DOEN, _BEMIDDELEN),
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
    Handeling("lijstSamenplaatsingen", LEES, Object.SAMENPLAATSING, SAMEN_ZIEN, _BEMIDDELEN),
    Handeling("voegSamenplaatsingToe", MAAK, Object.SAMENPLAATSING, SAMEN_ZIEN, _BEMIDDELEN),
    Handeling("haalSamenplaatsing", LEES, Object.SAMENPLAATSING, SAMEN_ZIEN, _BEMIDDELEN),
    Handeling("wijzigSamenplaatsing", WIJZIG, Object.SAMENPLAATSING, SAMEN_DOEN, _BEMIDDELEN),
    Handeling("lijstZorgvormen", LEES, Object.CODELIJST, CODES, _INRICHTEN, koppeling=True),
    Handeling("lijstKenmerkcodes", LEES, Object.CODELIJST, CODES, _INRICHTEN, koppeling=True),
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
    Handeling("paginaStart", LEES, Object.GEBRUIKER, dict.fromkeys(Rol, ZELF), _TOEGANG),
    Handeling("paginaAanvragen", LEES, Object.AANVRAAG, ZOEKEN, _BEMIDDELEN),
    Handeling("paginaAanvraag", LEES, Object.RANGSCHIKKING, ZOEKEN, _BEMIDDELEN),
)

OPENBAAR = {
    "haalBeschrijving": "De beschrijving van de API.",
    "livez": "Of het loket draait, voor wie het beheert.",
    "readyz": "Of het loket klaar is, voor wie het beheert.",
    "asset": "Opmaak, pictogrammen en scripts van de schermen.",
    "favicon": "Het pictogram.",
    "inloggen": "Kiezen waarmee u inlogt.",
    "demo_inloggen": "Inloggen met een link van de demo op deze computer.",
    "inlog_start": "Naar de identity provider, om te zeggen wie u bent.",
    "inlog_terug": "Terug van de identity provider.",
    "inlog_keuze": "Kiezen in welke rol u werkt; alleen met een inlogpoging die is gelukt.",
    "inlog_sleutels": "De publieke sleutels waarmee het loket zich bij een identity provider bewijst.",
    "uitloggen": "De eigen sessie beëindigen.",
    "oauth_inwisselen": "Toegang voor het systeem van een aanbieder, met een ondertekende verklaring.",
    "oauth_beschrijving": "Hoe het systeem van een aanbieder toegang krijgt.",
}
"""What anybody may ask, without login: nothing of it is about a person."""


# ── Field ────────────────────────────────────────────────────────────────────────────────────────


class Zicht(Struct, frozen=True):
    """Which rollen see these fields (Python names), and why no others."""

    rollen: frozenset[Rol]
    velden: str
    waarom: str


def _heel(*rollen: Rol) -> frozenset[Rol]:
    return frozenset(rollen)


HEEL: dict[frozenset[Rol], tuple[type[Struct], ...]] = {
    frozenset(Rol): (
        aanbieders.Aanbieder,
        locaties.Locatie,
        plekken.Plek,
        plekken.Bevestiging,
        bezetting.Stop,
        codes.Zorgvorm,
        codes.Kenmerkcode,
        gebruikers.Vervanging,
        gebruikers.Collega,
        preview.Voorbeeld,
        preview.Wijziging,
        preview.Veld,
        tables.Fout,
    ),
    _heel(S, B): (organisaties.Organisatie,),
    _heel(B): (gebruikers.Gebruiker, identiteitsproviders.Inlogplaats),
    _heel(B, A): (koppelingen.Koppeling, koppelingen.Sleutel),
    _heel(S, C): (
        rangschikking.Rangschikking,
        rangschikking.PassendePlek,
        rangschikking.AfgevallenPlek,
        rangschikking.KleinsteWijziging,
        rangschikking.Voorkomen,
        rangschikking.Bijdrage,
    ),
    _heel(S, V): (termijnen.Alarm,),
    _heel(S): (
        planverslag.Plan,
        planverslag.PlanOverzicht,
        planverslag.PlanKeuze,
        planverslag.PlanConflict,
        planverslag.PlanVrijhouden,
        planverslag.PlanVerschil,
        planniveaus.PlanGebeurtenis,
        planverslag.Regel,
        planverslag.PlanPlaats,
        planverslag.WaaromNiet,
        planniveaus.PlanNiveau,
        planniveaus.PlanVerlies,
        planuitleg.PlanUitleg,
        planuitleg.PlanPrijs,
        planuitweg.PlanUitweg,
        planuitweg.PlanWeg,
    ),
}
"""Objects that a rol sees with all their fields, or not at all. A plan shows who would lose a place."""

VELDEN: dict[type[Struct], tuple[Zicht, ...]] = {
    aanvragen.Aanvraag: (
        Zicht(
            frozenset({S, V, C, A}),
            "id nummer organisatie_id status urgentie leeftijd_maanden leeftijd_peildatum geslacht groepssoorten"
            " gemeente_code huidig_verblijf huidig_verblijf_tot gewenste_start uiterlijke_datum verwacht_verblijf"
            " perspectief zorgvormen zorgvorm_reden juridisch_kader ondersteuning kenmerken medisch rolstoel praktisch"
            " grondslagen machtigingen toestemmingen aangemeld_op versie",
            "Zonder dit kan niemand een plek zoeken of jeugdhulp geven.",
        ),
        Zicht(
            frozenset({S, V, C}),
            "samenplaatsing_id urgentie_reden maximale_reistijd uitsluitingen",
            "Waar een kind niet mag zijn en waarom het haast heeft, verraadt anderen aan een aanbieder.",
        ),
        Zicht(
            frozenset({S, V, A}),
            "onderwijs eerder_geprobeerd mening_jeugdige",
            "Wie vannacht een bed zoekt, heeft de school en het verhaal van het kind niet nodig.",
        ),
        Zicht(
            frozenset({S, V}),
            "pc4 school_pc4 netwerk_pc4",
            "Alleen om reistijden te berekenen. De crisisdienst en een aanbieder hebben genoeg aan de reistijd.",
        ),
        Zicht(
            frozenset({V, A}),
            "kenmerk",
            "Van de verwijzer zelf. Alle anderen gebruiken het nummer van het loket.",
        ),
    ),
    grondslagen.Grondslag: (
        Zicht(frozenset({S, V, C, A}), "soort status datum geldig_tot", "Zonder grondslag geen definitieve plaatsing."),
    ),
    grondslagen.Machtiging: (
        Zicht(
            frozenset({S, V, C, A}),
            "soort zorgvormen geldig_van geldig_tot ten_uitvoer_op",
            "Een machtiging zegt waar het kind mag verblijven.",
        ),
    ),
    grondslagen.Toestemming: (
        Zicht(frozenset({S, V, C, A}), "persoon status reden datum", "Zonder toestemming geen definitieve plaatsing."),
    ),
    uitsluitingen.Uitsluiting: (
        Zicht(
            frozenset({S, V, C}),
            "soort aanbieder_id voorziening_id pc4 straal_km",
            "Voor de veiligheid van het kind; een aanbieder ziet alleen: niet beschikbaar.",
        ),
    ),
    inzagen.Inzage: (
        Zicht(
            frozenset({S, V}),
            "nummer moment gebeurtenis resultaat organisatie rol systeem object handeling doel",
            "Wie wil weten wie er keek, krijgt de organisatie en de rol.",
        ),
        Zicht(frozenset({S}), "persoon namens", "Namen van medewerkers geeft het loket alleen na een afweging."),
    ),
    samenplaatsingen.Samenplaatsing: (
        Zicht(
            frozenset({S, V, C}),
            "id organisatie_id mag_splitsen aanvraag_ids",
            "Wie bij elkaar hoort, blijft bij elkaar.",
        ),
        Zicht(frozenset({S, V}), "splitsreden", "De reden vertelt wat er tussen broers en zussen speelt."),
    ),
    voorzieningen.Voorziening: (
        Zicht(
            frozenset({S, C, A, K, V}),
            "id aanbieder_id locatie_id naam zorgvorm leeftijd_van leeftijd_tot groepssoort juridische_kaders"
            " perspectieven gesloten ondersteuning contra_indicaties medisch rolstoeltoegankelijk onderwijs"
            " maximaal_verblijf opname_vanaf leeftijdsverschil_max versie",
            "Wat een voorziening biedt, is geen geheim.",
        ),
        Zicht(
            frozenset({S, C, A, K}),
            "bellen_naam bellen_telefoon groepsmix",
            "Een verwijzer vraagt het aan het loket; de grenzen van een groep zeggen iets over wie er woont.",
        ),
    ),
    werklijst.Regel: (
        Zicht(
            frozenset({S, C}),
            "id nummer organisatie urgentie leeftijd_maanden leeftijd_peildatum huidig_verblijf huidig_verblijf_tot"
            " gewenste_start uiterlijke_datum zorgvormen aangemeld_op samen_met mag_splitsen",
            "Wie een plek zoekt, ziet wie er wacht.",
        ),
        Zicht(frozenset({V, A}), "kenmerk", "Van de verwijzer zelf."),
    ),
    werklijst.BroerOfZus: (
        Zicht(frozenset({S, C}), "id nummer leeftijd_maanden leeftijd_peildatum", "Broers en zussen blijven samen."),
        Zicht(frozenset({V, A}), "kenmerk", "Van de verwijzer zelf."),
    ),
}
"""Objects of which some fields are not for everybody who gets them: every field is named, a new one too."""


# ── What the others ask ──────────────────────────────────────────────────────────────────────────

_HANDELING = {handeling.id: handeling for handeling in HANDELINGEN}
_WHOLE = {shape: rollen for rollen, shapes in HEEL.items() for shape in shapes}
_SEEN = {
    (shape, veld): zicht.rollen for shape, parts in VELDEN.items() for zicht in parts for veld in zicht.velden.split()
}


def handeling(id: str) -> Handeling | None:
    """None for what is OPENBAAR."""
    return None if id in OPENBAAR else _HANDELING[id]


def mag(wie: Wie, id: str) -> Handeling:
    """The line by which `wie` may do this. Refuses FORBIDDEN."""
    found = _HANDELING.get(id)
    if found is None:
        raise Refusal(Kind.FORBIDDEN, "Hiervoor heeft niemand toegang.")
    if found.grond(wie) is not None:
        return found
    if wie.koppeling is not None:
        raise Refusal(
            Kind.FORBIDDEN, "Dit kan een koppeling niet. Een koppeling mag plekken publiceren, bevestigen en stoppen."
        )
    others = dutch.listing(sorted(found.rollen), "of")
    raise Refusal(Kind.FORBIDDEN, f"Met de rol {wie.rol} kan dit niet. Het kan met de rol {others}.")


def kan(wie: Wie, id: str) -> bool:
    """Whether `mag` would let them: for links that work."""
    found = _HANDELING.get(id)
    return found is not None and found.grond(wie) is not None


def ziet(shape: type[Struct], veld: str) -> frozenset[Rol]:
    """Who sees a field. KeyError when nobody has said so."""
    return _WHOLE[shape] if shape in _WHOLE else _SEEN[shape, veld]


@cache
def _narrower(rol: Rol, shape: Hashable) -> narrowing.Narrow | None:
    return narrowing.narrower(cast(type[Struct], shape), _sees(rol))


def _sees(rol: Rol) -> narrowing.Sees:
    return lambda shape, veld: rol in ziet(shape, veld)


def versmal(rol: Rol, body: Any) -> Any:
    """A Struct or a list of them as this rol may see it; the same object when there is nothing to hide."""
    if isinstance(body, list):
        shapes: set[type] = {type(item) for item in body}
        if all(_narrower(rol, shape) is None for shape in shapes):
            return body
        return [versmal(rol, item) for item in body]
    shape: type = type(body)
    narrow = _narrower(rol, shape)
    return body if narrow is None else narrow(body)


@cache
def verbergt(rol: Rol, shape: Any) -> bool:
    """Whether anything in an answer of this type is hidden."""
    return narrowing.of_type(shape, _sees(rol)) is not None


def zonder_verborgen(rol: Rol, shape: type[Struct], data: dict[str, Any]) -> tuple[dict[str, Any], list[FieldError]]:
    """A change (decoded JSON, on a `shape`) without the fields that this rol does not see.

    Who sends back what it was given, sends null (or []) there: that changes nothing. Anything else is an error.
    """
    names = dict(zip(shape.__struct_fields__, shape.__struct_encode_fields__, strict=True))
    shown = {names[veld]: empty for veld, empty in narrowing.hidden(shape, _sees(rol)).items()}
    gone = shown.keys()
    wrong = "U ziet dit veld niet, dus u kunt het niet wijzigen. Laat het weg."
    errors = [FieldError(f"/{n}", "niet_te_zien", wrong) for n in data if n in gone and data[n] != shown[n]]
    return {name: value for name, value in data.items() if name not in gone}, errors


class Vraag(Struct, frozen=True):
    """An operation or page that exists: what it answers, and whether it changes that."""

    id: str
    antwoord: Any = None
    wijzigt: bool = False


def check(vragen: Iterable[Vraag]) -> None:
    """ValueError, naming it, when something that can be asked has no line, a line has nothing that can be asked, or
    an answer has a field of which nobody said who sees it."""
    there = {vraag.id: vraag for vraag in vragen}
    known = _HANDELING.keys() | OPENBAAR.keys()
    if there.keys() != known:
        missing, empty = sorted(there.keys() - known), sorted(known - there.keys())
        raise ValueError(f"service/toegang.py: no line for {missing}; nothing to ask for {empty}")
    shapes = {part for vraag in there.values() if vraag.antwoord for part in narrowing.structs(vraag.antwoord)}
    for shape in shapes | VELDEN.keys():
        _check_fields(shape)
    for id, regel in _HANDELING.items():
        vraag = there[id]
        for rol in regel.voor if vraag.antwoord else ():
            verbergt(rol, vraag.antwoord)  # ValueError when what must be hidden cannot be
            if vraag.wijzigt and narrowing.inside(vraag.antwoord, _sees(rol)):
                raise ValueError(
                    f"service/toegang.py: {rol} may do {id}, so must see a list that it replaces as a whole"
                )


def _check_fields(shape: type[Struct]) -> None:
    said = {veld for part, veld in _SEEN if part is shape}
    if shape not in _WHOLE and said != set(shape.__struct_fields__):
        differ = sorted(said ^ set(shape.__struct_fields__))
        raise ValueError(f"service/toegang.py: who sees {shape.__name__}: {differ}?")
