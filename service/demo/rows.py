"""The rows that the demo writes: one Struct per table, whose fields are the columns that COPY fills, in order.

Columns that are absent keep the default of schema.sql. Not frozen, because supply and demand are fitted to the
asked scarcity after they are made.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from asyncpg import Range
from msgspec import Struct, field

from service.fields import AanvraagId


class Jeugdregio(Struct):
    code: str
    naam: str


class Gemeente(Struct):
    code: str
    naam: str
    regio: str


class Regioafspraak(Struct):
    id: UUID
    aanbod_regio: str
    vraag_regio: str
    zorgvorm: str | None
    geldigheid: Range[date]


class Zorgvorm(Struct):
    regio: str
    code: str
    naam: str
    huiselijkheid: float
    gezinsvorm: bool
    rangschikbaar: bool
    gebruikelijk_verblijf: int | None
    bron: str


class Kenmerkcode(Struct):
    regio: str
    lijst: str
    code: str
    naam: str


class Weging(Struct):
    regio: str
    urgentie: str
    criterium: str
    gewicht: float
    bron: str


class Instelling(Struct):
    regio: str
    sleutel: str
    waarde: Any
    bron: str


class Organisatie(Struct):
    id: UUID
    regio: str
    soort: str
    naam: str
    aangemaakt_op: datetime


class Aanbieder(Struct):
    id: UUID
    regio: str
    naam: str
    agb_code: str
    telefoon: str
    pleegzorg: bool
    aangemaakt_op: datetime


class Gebruiker(Struct):
    id: UUID
    regio: str
    naam: str
    rol: str
    organisatie_id: UUID | None
    aanbieder_id: UUID | None
    email: str
    vervanger_id: UUID | None
    vervangen_tot: date | None
    aangemaakt_op: datetime


class Contract(Struct):
    id: UUID
    regio: str
    aanbieder_id: UUID
    zorgvorm: str
    soort: str
    geldigheid: Range[date]
    minimum_capaciteit: int | None
    maximum_wachttijd: int | None


class Locatie(Struct):
    id: UUID
    regio: str
    aanbieder_id: UUID
    naam: str
    zichtbaarheid: str
    postcode: str | None
    plaats: str | None
    gemeente_code: str | None
    aangemaakt_op: datetime


class LocatieAdres(Struct):
    locatie_id: UUID
    regio: str
    aanbieder_id: UUID
    postcode: str


class Voorziening(Struct):
    id: UUID
    regio: str
    aanbieder_id: UUID
    locatie_id: UUID
    naam: str
    zorgvorm: str
    leeftijd_van: int
    leeftijd_tot: int
    groepssoort: str
    juridische_kaders: list[str]
    gesloten: bool
    ondersteuning: list[str]
    contra_indicaties: list[str]
    medisch: list[str]
    rolstoeltoegankelijk: bool
    onderwijs: list[str]
    perspectieven: list[str]
    maximaal_verblijf: int | None
    opname_vanaf: date | None
    leeftijdsverschil_max: int | None
    groepsmix: dict[str, int]
    bellen_naam: str | None
    bellen_telefoon: str | None
    aangemaakt_op: datetime


class Plek(Struct):
    id: UUID
    regio: str
    aanbieder_id: UUID
    voorziening_id: UUID
    naam: str
    beschikbaarheid: str
    bestaat: Range[date]
    bevestigd_op: datetime | None
    aangemaakt_op: datetime


class Bevestiging(Struct):
    id: UUID
    regio: str
    plek_id: UUID
    op: datetime
    bron: str
    beschikbaarheid: str


class Samenplaatsing(Struct):
    id: UUID
    regio: str
    organisatie_id: UUID
    mag_splitsen: bool
    splitsreden: str | None
    aangemaakt_op: datetime


class Aanvraag(Struct):
    id: AanvraagId
    regio: str
    organisatie_id: UUID
    status: str
    samenplaatsing_id: UUID | None
    urgentie: str
    urgentie_reden: str | None
    leeftijd_maanden: int
    leeftijd_peildatum: date
    geslacht: str
    groepssoorten: list[str]
    pc4: str
    gemeente_code: str
    huidig_verblijf: str
    huidig_verblijf_tot: date | None
    gewenste_start: date
    uiterlijke_datum: date
    verwacht_verblijf: int
    perspectief: str
    zorgvormen: list[str]
    zorgvorm_reden: str | None
    juridisch_kader: str
    ondersteuning: list[str]
    kenmerken: list[str]
    medisch: list[str]
    rolstoel: bool
    onderwijs: str | None
    school_pc4: str | None
    netwerk_pc4: str | None
    maximale_reistijd: int | None
    eerder_geprobeerd: str | None
    mening_jeugdige: str | None
    praktisch: str | None
    aangemeld_op: datetime
    vervolg_van: UUID | None = None


class AanvraagKenmerk(Struct):
    aanvraag_id: AanvraagId
    regio: str
    organisatie_id: UUID
    kenmerk: str


class Uitsluiting(Struct):
    id: UUID
    regio: str
    aanvraag_id: AanvraagId
    soort: str
    aanbieder_id: UUID | None = None
    voorziening_id: UUID | None = None
    pc4: str | None = None
    straal_km: float | None = None


class Grondslag(Struct):
    id: UUID
    regio: str
    aanvraag_id: AanvraagId
    soort: str
    status: str
    datum: date
    geldig_tot: date | None


class Machtiging(Struct):
    id: UUID
    regio: str
    aanvraag_id: AanvraagId
    soort: str
    zorgvormen: list[str]
    geldigheid: Range[date]
    ten_uitvoer_op: date | None


class Toestemming(Struct):
    id: UUID
    regio: str
    aanvraag_id: AanvraagId
    persoon: str
    status: str
    reden: str | None
    datum: date


class Besluit(Struct):
    id: UUID
    regio: str
    aanvraag_id: AanvraagId
    voorziening_id: UUID
    uitkomst: str
    reden: str | None
    later_vanaf: date | None
    toelichting: str | None
    op: datetime


class Bezetting(Struct):
    id: UUID
    regio: str
    vraag_regio: str
    plek_id: UUID
    soort: str
    periode: Range[date]
    aanvraag_id: AanvraagId | None = None
    vervalt_op: datetime | None = None
    vrijgegeven_op: datetime | None = None
    stop_reden: str | None = None
    beeindigd_op: date | None = None
    einde_reden: str | None = None
    bewoner_maanden: int | None = None
    bewoner_kenmerken: list[str] | None = None
    aangemaakt_op: datetime | None = None
    begonnen_op: date | None = None
    definitief_op: datetime | None = None


class Voorstel(Struct):
    id: UUID
    regio: str
    aanbod_regio: str
    aanvraag_id: AanvraagId
    aanbieder_id: UUID
    voorziening_id: UUID
    plek_id: UUID
    status: str
    van: date
    verzonden_op: datetime
    beantwoord_op: datetime
    klaar_op: datetime
    aangemaakt_op: datetime


class Opschaling(Struct):
    id: UUID
    regio: str
    aanvraag_id: AanvraagId
    aanleiding: str
    tafel: str
    eigenaar_id: UUID
    termijn: date
    waarom: str
    geopend_op: datetime


class OpschalingDossier(Struct):
    opschaling_id: UUID
    regio: str
    aanvraag_id: AanvraagId
    inhoud: dict[str, Any]


class Route(Struct):
    id: UUID
    regio: str
    aanvraag_id: AanvraagId
    soort: str
    staat: str
    details: dict[str, Any]
    termijn: date
    begonnen_op: datetime


class Gebeurtenis(Struct):
    id: UUID
    regio: str
    op: datetime
    soort: str
    aanvraag_id: AanvraagId
    aanbieder_id: UUID | None
    plek_id: UUID | None
    van: str
    naar: str
    gebruiker_id: UUID
    rol: str
    gegevens: dict[str, str]


class Rows(Struct):
    """Everything of one load; the fields are the tables, in the order in which foreign keys let them be filled."""

    jeugdregio: list[Jeugdregio] = field(default_factory=list)
    gemeente: list[Gemeente] = field(default_factory=list)
    zorgvorm: list[Zorgvorm] = field(default_factory=list)
    regioafspraak: list[Regioafspraak] = field(default_factory=list)
    kenmerkcode: list[Kenmerkcode] = field(default_factory=list)
    weging: list[Weging] = field(default_factory=list)
    instelling: list[Instelling] = field(default_factory=list)
    organisatie: list[Organisatie] = field(default_factory=list)
    aanbieder: list[Aanbieder] = field(default_factory=list)
    gebruiker: list[Gebruiker] = field(default_factory=list)
    contract: list[Contract] = field(default_factory=list)
    locatie: list[Locatie] = field(default_factory=list)
    locatie_adres: list[LocatieAdres] = field(default_factory=list)
    voorziening: list[Voorziening] = field(default_factory=list)
    plek: list[Plek] = field(default_factory=list)
    bevestiging: list[Bevestiging] = field(default_factory=list)
    samenplaatsing: list[Samenplaatsing] = field(default_factory=list)
    aanvraag: list[Aanvraag] = field(default_factory=list)
    aanvraag_kenmerk: list[AanvraagKenmerk] = field(default_factory=list)
    uitsluiting: list[Uitsluiting] = field(default_factory=list)
    grondslag: list[Grondslag] = field(default_factory=list)
    machtiging: list[Machtiging] = field(default_factory=list)
    toestemming: list[Toestemming] = field(default_factory=list)
    besluit: list[Besluit] = field(default_factory=list)
    bezetting: list[Bezetting] = field(default_factory=list)
    voorstel: list[Voorstel] = field(default_factory=list)
    opschaling: list[Opschaling] = field(default_factory=list)
    opschaling_dossier: list[OpschalingDossier] = field(default_factory=list)
    route: list[Route] = field(default_factory=list)
    gebeurtenis: list[Gebeurtenis] = field(default_factory=list)
