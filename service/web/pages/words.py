"""Values of the enumerations of schema.sql, in words. tests/web/pages proves that none is missing."""

from __future__ import annotations

URGENTIE = {"crisis": "Crisis", "spoed": "Spoed", "regulier": "Regulier"}

HUIDIG_VERBLIJF = {
    "thuis": "thuis",
    "netwerk": "bij familie of bekenden",
    "crisisplek": "op een crisisplek",
    "pleeggezin": "in een pleeggezin",
    "gezinshuis": "in een gezinshuis",
    "residentieel": "in een woongroep",
    "overbrugging": "op een tijdelijke plek",
    "elders": "ergens anders",
}

PERSPECTIEF = {"terug_naar_huis": "terug naar huis", "langdurig": "langdurig", "onduidelijk": "nog onduidelijk"}

JURIDISCH_KADER = {
    "vrijwillig": "vrijwillig",
    "vots": "voorlopige ondertoezichtstelling",
    "ots": "ondertoezichtstelling",
    "voogdij": "voogdij",
    "voorlopige_voogdij": "voorlopige voogdij",
    "jeugdreclassering": "jeugdreclassering",
}

GROEPSSOORT = {"gemengd": "gemengde groep", "meisjes": "meisjesgroep", "jongens": "jongensgroep"}

MACHTIGING_SOORT = {
    "open": "machtiging",
    "spoed": "spoedmachtiging",
    "gesloten": "gesloten machtiging",
    "voorwaardelijk": "voorwaardelijke machtiging",
}

GRONDSLAG_SOORT = {
    "besluit_gemeente": "besluit van de gemeente",
    "bepaling_gi": "bepaling van de GI",
    "spoedinzet_veilig_thuis": "spoedinzet van Veilig Thuis",
    "uitspraak_rechter": "uitspraak van de rechter",
}

GRONDSLAG_STATUS = {
    "aangevraagd": "aangevraagd",
    "verleend": "verleend",
    "afgewezen": "afgewezen",
    "vervallen": "vervallen",
}

TOESTEMMING_PERSOON = {"ouder_1": "ouder 1", "ouder_2": "ouder 2", "voogd": "voogd", "jeugdige": "jeugdige"}

TOESTEMMING_STATUS = {
    "gevraagd": "gevraagd",
    "gegeven": "gegeven",
    "geweigerd": "geweigerd",
    "niet_vereist": "niet vereist",
}

ENUMS = {
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
