"""Values of the enumerations of schema.sql, in words. tests/web/pages proves that none is missing."""

from __future__ import annotations

from service.taal import Teksten, later

ROL = Teksten(
    {
        "schakelfunctionaris": later("schakelfunctionaris"),
        "crisisdienst": later("crisisdienst"),
        "aanbieder": later("aanbieder"),
        "verwijzer": later("verwijzer"),
        "contractbeheer": later("contractbeheer"),
        "beheerder": later("beheerder"),
    }
)

URGENTIE = Teksten({"crisis": later("Crisis"), "spoed": later("Spoed"), "regulier": later("Regulier")})

HUIDIG_VERBLIJF = Teksten(
    {
        "thuis": later("thuis"),
        "netwerk": later("bij familie of bekenden"),
        "crisisplek": later("op een crisisplek"),
        "pleeggezin": later("in een pleeggezin"),
        "gezinshuis": later("in een gezinshuis"),
        "residentieel": later("in een woongroep"),
        "overbrugging": later("op een tijdelijke plek"),
        "elders": later("ergens anders"),
    }
)

PERSPECTIEF = Teksten(
    {
        "terug_naar_huis": later("terug naar huis"),
        "langdurig": later("langdurig"),
        "onduidelijk": later("nog onduidelijk"),
    }
)

JURIDISCH_KADER = Teksten(
    {
        "vrijwillig": later("vrijwillig"),
        "vots": later("voorlopige ondertoezichtstelling"),
        "ots": later("ondertoezichtstelling"),
        "voogdij": later("voogdij"),
        "voorlopige_voogdij": later("voorlopige voogdij"),
        "jeugdreclassering": later("jeugdreclassering"),
    }
)

GROEPSSOORT = Teksten(
    {"gemengd": later("gemengde groep"), "meisjes": later("meisjesgroep"), "jongens": later("jongensgroep")}
)

MACHTIGING_SOORT = Teksten(
    {
        "open": later("machtiging"),
        "spoed": later("spoedmachtiging"),
        "gesloten": later("gesloten machtiging"),
        "voorwaardelijk": later("voorwaardelijke machtiging"),
    }
)

GRONDSLAG_SOORT = Teksten(
    {
        "besluit_gemeente": later("besluit van de gemeente"),
        "bepaling_gi": later("bepaling van de GI"),
        "spoedinzet_veilig_thuis": later("spoedinzet van Veilig Thuis"),
        "uitspraak_rechter": later("uitspraak van de rechter"),
    }
)

GRONDSLAG_STATUS = Teksten(
    {
        "aangevraagd": later("aangevraagd"),
        "verleend": later("verleend"),
        "afgewezen": later("afgewezen"),
        "vervallen": later("vervallen"),
    }
)

TOESTEMMING_PERSOON = Teksten(
    {"ouder_1": later("ouder 1"), "ouder_2": later("ouder 2"), "voogd": later("voogd"), "jeugdige": later("het kind")}
)

TOESTEMMING_STATUS = Teksten(
    {
        "gevraagd": later("gevraagd"),
        "gegeven": later("gegeven"),
        "geweigerd": later("geweigerd"),
        "niet_vereist": later("niet vereist"),
    }
)

DOEL = Teksten(
    {
        "aanbod": later("weten welke plekken er zijn"),
        "aanvraag": later("een aanvraag doen en volgen"),
        "bewaren": later("gegevens op tijd verwijderen"),
        "capaciteit": later("zien of er genoeg plekken zijn"),
        "crisis": later("een plek in crisis"),
        "inrichten": later("het loket inrichten"),
        "plek_zoeken": later("een plek zoeken"),
        "toegang": later("toegang regelen"),
        "verantwoorden": later("laten zien wie keek"),
        "verblijf": later("jeugdhulp geven"),
        "voorstel": later("een voorstel beoordelen"),
    }
)
"""Why somebody looked, as `Doel` of service/log/doelen.py."""

TALEN = {"nl": "Nederlands", "en": "English"}
"""Each as it calls itself."""

ENUMS = {
    "rol": ROL,
    "urgentie": URGENTIE,
    "huidig_verblijf": HUIDIG_VERBLIJF,
    "perspectief": PERSPECTIEF,
    "juridisch_kader": JURIDISCH_KADER,
    "groepssoort": GROEPSSOORT,
    "machtiging_soort": MACHTIGING_SOORT,
    "grondslag_soort": GRONDSLAG_SOORT,
    "grondslag_status": GRONDSLAG_STATUS,
    "toestemming_persoon": TOESTEMMING_PERSOON,
    "toestemming_status": TOESTEMMING_STATUS,
}
"""Name of the type in schema.sql → its words."""
