"""What something is done to, what for, and under which processing activity: the words of the log and of the register.

service/toegang says which operation has which; a command or a job names its own.
"""

from __future__ import annotations

from enum import StrEnum


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
    VOORSTEL = "voorstel"


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
    Doel.VOORSTEL: "Als aanbieder beoordelen of een jeugdige bij een voorziening past, en daarop antwoorden.",
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


class Object(StrEnum):
    """What something is done to."""

    AANBIEDER = "aanbieder"
    AANVRAAG = "aanvraag"
    BEEINDIGING = "beeindiging"
    BERICHT = "bericht"
    BEVESTIGING = "bevestiging"
    CIJFER = "cijfer"
    CODELIJST = "codelijst"
    DATABASE = "database"
    GEBEURTENIS = "gebeurtenis"
    GEBRUIKER = "gebruiker"
    HAAK = "haak"
    IDENTITEITSPROVIDER = "identiteitsprovider"
    INSTELLING = "instelling"
    KOPPELING = "koppeling"
    LEVERING = "levering"
    LIJST = "lijst"
    LOCATIE = "locatie"
    LOGREGEL = "logregel"
    OPTIE = "optie"
    OPSCHALING = "opschaling"
    ORGANISATIE = "organisatie"
    PLAATSING = "plaatsing"
    PLAN = "plan"
    PLANREGEL = "planregel"
    PLEK = "plek"
    RANGSCHIKKING = "rangschikking"
    ROUTE = "route"
    SAMENPLAATSING = "samenplaatsing"
    SESSIE = "sessie"
    SLEUTEL = "sleutel"
    STOP = "stop"
    VOORSTEL = "voorstel"
    VOORZIENING = "voorziening"
