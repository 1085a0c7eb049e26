"""Names and sentences of the demo: made up, short, plain. No child has a name, no provider exists.

Names of providers are put together from a bird, plant or stone and a part of a landscape, which gives words that
nobody uses. Telephone numbers have 000 where no Dutch subscriber number has it.
"""

from __future__ import annotations

from random import Random

_FIRST = (
    "Kievit", "Rietvink", "Grutto", "Meerkoet", "Libelle", "Zandoog", "Egelantier", "Hazelaar", "Dotter", "Wulp",
    "Berken", "Kraanvogel", "Waterjuffer", "Meidoorn", "Lijsterbes", "Boomvalk", "Tureluur", "Kwikstaart", "Veldspaat",
    "Leisteen", "Gagel", "Wollegras", "Zonnedauw", "Koolmees", "Vuursteen", "Klaproos", "Zwaluw", "Bosanemoon",
    "Pinksterbloem", "Goudhaan",
)  # fmt: skip
_SECOND = (
    "wiek", "baken", "veer", "brug", "spoor", "zand", "dijk", "kade", "luwte", "ven", "akker", "drift", "steiger",
    "poel", "kamp", "weide",
)  # fmt: skip

PROVIDER_KINDS = {
    "pleegzorg": "Pleegzorg {}",
    "gezinshuis": "Gezinshuis {}",
    "verblijf": "Jeugdhulp {}",
    "zorggroep": "Zorggroep {}",
}


def provider_names(rng: Random, kinds: list[str]) -> list[str]:
    """One name per kind, all different."""
    words = [first + second for first in _FIRST for second in _SECOND]
    return [PROVIDER_KINDS[kind].format(word) for kind, word in zip(kinds, rng.sample(words, len(kinds)), strict=True)]


HOUSES = (
    "De Wissel", "De Kade", "Het Erf", "De Boomgaard", "De Sluis", "Het Spoor", "De Tuin", "Het Atelier", "De Werf",
    "Het Dok", "De Brink", "De Hooiberg", "Het Honk", "De Veranda", "De Lantaarn", "Het Kompas", "De Stee", "De Luifel",
)  # fmt: skip

GI_NAMES = ("GI De Overtoom", "GI Zonnewijzer", "GI Waterlijn")

CALL_AT = ("bereikbaarheidsdienst", "dienstdoende gedragswetenschapper", "groepsleiding", "aanmeldpunt")

VIEWS = (
    "Wil op de eigen school blijven.",
    "Wil graag in de buurt van vrienden wonen.",
    "Vindt het fijn als er een hond of kat is.",
    "Wil een eigen kamer.",
    "Wil liever niet in een groep wonen.",
    "Woont liever in een groep dan in een gezin.",
    "Wil elke week naar huis bellen.",
    "Wil weten hoe lang het duurt.",
    "Wil eerst komen kijken.",
    "Wil samen met broer of zus blijven.",
    "Wil terug naar huis zodra dat kan.",
    "Wil leren om zelf te koken en met geld om te gaan.",
    "Zegt dat het niet uitmaakt, als het maar rustig is.",
    "Wil er nu niet over praten.",
)
TOO_YOUNG = "Is nog te jong om het te vragen; de verzorgers zijn gehoord."

TRIED = (
    "Hulp in het gezin, acht maanden.",
    "Ambulante hulp en een logeerweekend per maand.",
    "Verblijf bij familie, liep na vier maanden vast.",
    "Netwerkonderzoek; er is nu niemand die kan opvangen.",
    "Dagbehandeling, een half jaar.",
    "Crisishulp thuis, zes weken.",
)

PRACTICAL = (
    "Een konijn mag mee, als dat kan.",
    "Voetbalt op zaterdag.",
    "Zwemles op woensdag.",
    "Fietst zelf naar school.",
    "Heeft leerlingenvervoer.",
    "Slaapt met een lampje aan.",
    "Eet vegetarisch.",
    "Speelt gitaar.",
)

URGENT = {
    "crisis": (
        "Veiligheid thuis is vandaag niet te regelen.",
        "Ouder is opgenomen in het ziekenhuis, er is geen opvang.",
        "Verblijf elders is vandaag gestopt.",
    ),
    "spoed": (
        "Huidige opvang stopt binnen een week.",
        "Rechter heeft een spoedmachtiging gegeven.",
        "Netwerk kan nog enkele dagen opvangen.",
    ),
}

NO_FAMILY = (
    "Behandeling is nodig die een gezin niet kan geven.",
    "Wil zelf niet in een gezin wonen.",
    "Er is toezicht in de nacht nodig.",
    "Een eerder verblijf in een gezin is vastgelopen.",
    "Als er in een gezin geen plek is.",
)

SPLIT = (
    "Een van de kinderen heeft behandeling nodig die apart moet. Verwijzer is akkoord.",
    "De kinderen willen zelf niet bij elkaar wonen. Verwijzer is akkoord.",
    "Samen is al gezocht. Verwijzer is akkoord met apart, als het dichtbij is.",
)

OTHER_DECLINE = (
    "Verbouwing loopt uit.",
    "Gesprek met de gemeente over het tarief loopt nog.",
    "Pleegouders zijn ziek.",
)

CONSENT_NOT_NEEDED = {
    "ouder": "de machtiging van de rechter is genoeg",
    "voogd": "de GI heeft de voogdij",
}


_GIVEN = (
    "Sanne", "Karim", "Anouk", "Joost", "Priya", "Tom", "Yara", "Daan", "Fenna", "Emre", "Lotte", "Ruben", "Naima",
    "Sjoerd", "Eline", "Malik", "Hanneke", "Thijs", "Soraya", "Wouter", "Ilse", "Bram", "Chenna", "Maarten",
)  # fmt: skip
_FAMILY = (
    "Achterveld", "Bergsma", "Cornelis", "Dekker", "Eijkman", "Fokkema", "Geerts", "Hoekstra", "Idema", "Jorna",
    "Kuiper", "Lammers", "Mulder", "Noordhof", "Oosterling", "Postma", "Quist", "Roelofs", "Smit", "Terpstra",
    "Uiterwijk", "Visser", "Wiersma", "Zandstra",
)  # fmt: skip


def people(rng: Random) -> list[tuple[str, str]]:
    """Name and mail address of people who work with the loket, all different. The addresses reach nobody (RFC 2606)."""
    pairs = zip(rng.sample(_GIVEN, len(_GIVEN)), rng.sample(_FAMILY, len(_FAMILY)), strict=True)
    return [(f"{given} {family}", f"{given}.{family}@voorbeeld.example".lower()) for given, family in pairs]


def phone(rng: Random) -> str:
    """Looks like a number of the region, and reaches nobody."""
    return f"035 000 {rng.randrange(100):02d} {rng.randrange(100):02d}"
