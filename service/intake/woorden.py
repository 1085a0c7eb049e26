"""How people write the values of a fixed list. Of each value the first word is the one that messages show."""

from __future__ import annotations

from service.aanbod.locaties import Zichtbaarheid
from service.aanbod.voorzieningen import Groepssoort, JuridischKader, Perspectief
from service.aanvraag.aanvragen import Geslacht, HuidigVerblijf
from service.urgentie import Urgentie

KADERS = {
    "vrijwillig": JuridischKader.VRIJWILLIG, "VOTS": JuridischKader.VOTS, "OTS": JuridischKader.OTS,
    "voogdij": JuridischKader.VOOGDIJ, "voorlopige voogdij": JuridischKader.VOORLOPIGE_VOOGDIJ,
    "jeugdreclassering": JuridischKader.JEUGDRECLASSERING,
    "vrijwillig kader": JuridischKader.VRIJWILLIG, "ondertoezichtstelling": JuridischKader.OTS,
    "voorlopige ondertoezichtstelling": JuridischKader.VOTS, "voorlopige ots": JuridischKader.VOTS,
    "jr": JuridischKader.JEUGDRECLASSERING,
}  # fmt: skip

PERSPECTIEVEN = {
    "terug naar huis": Perspectief.TERUG_NAAR_HUIS, "langdurig": Perspectief.LANGDURIG,
    "onduidelijk": Perspectief.ONDUIDELIJK,
    "thuis": Perspectief.TERUG_NAAR_HUIS, "kort": Perspectief.TERUG_NAAR_HUIS, "opgroeien": Perspectief.LANGDURIG,
    "lang": Perspectief.LANGDURIG, "onbekend": Perspectief.ONDUIDELIJK,
}  # fmt: skip

GROEPSSOORTEN = {
    "gemengd": Groepssoort.GEMENGD, "meisjes": Groepssoort.MEISJES, "jongens": Groepssoort.JONGENS,
    "meisje": Groepssoort.MEISJES, "jongen": Groepssoort.JONGENS, "beide": Groepssoort.GEMENGD,
}  # fmt: skip

ZICHTBAARHEDEN = {
    "openbaar": Zichtbaarheid.OPENBAAR, "vertrouwelijk": Zichtbaarheid.VERTROUWELIJK, "geheim": Zichtbaarheid.GEHEIM,
}  # fmt: skip

GESLACHTEN = {
    "meisje": Geslacht.MEISJE, "jongen": Geslacht.JONGEN, "non-binair": Geslacht.NON_BINAIR, "anders": Geslacht.ANDERS,
    "onbekend": Geslacht.ONBEKEND,
    "m": Geslacht.JONGEN, "man": Geslacht.JONGEN, "v": Geslacht.MEISJE, "vrouw": Geslacht.MEISJE, "x": Geslacht.ANDERS,
}  # fmt: skip

URGENTIES = {
    "crisis": Urgentie.CRISIS, "spoed": Urgentie.SPOED, "regulier": Urgentie.REGULIER,
    "normaal": Urgentie.REGULIER, "binnen 24 uur": Urgentie.CRISIS, "binnen een week": Urgentie.SPOED,
}  # fmt: skip

VERBLIJVEN = {
    "thuis": HuidigVerblijf.THUIS, "netwerk": HuidigVerblijf.NETWERK, "crisisplek": HuidigVerblijf.CRISISPLEK,
    "pleeggezin": HuidigVerblijf.PLEEGGEZIN, "gezinshuis": HuidigVerblijf.GEZINSHUIS,
    "residentieel": HuidigVerblijf.RESIDENTIEEL, "overbrugging": HuidigVerblijf.OVERBRUGGING,
    "elders": HuidigVerblijf.ELDERS,
    "bij ouders": HuidigVerblijf.THUIS, "familie": HuidigVerblijf.NETWERK, "crisisopvang": HuidigVerblijf.CRISISPLEK,
    "crisis": HuidigVerblijf.CRISISPLEK, "pleegzorg": HuidigVerblijf.PLEEGGEZIN,
}  # fmt: skip
