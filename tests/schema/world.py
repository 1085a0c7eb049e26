"""Rows in every table, each with a label that says whose it is, for tests/schema/test_policies.py.

Put in as the owner. Where a row stands in its table (`ctid`) tells which it is, whatever columns a rol may read.
"""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from service.db import SYSTEM, Connection, Rol, Wie
from tests.conftest import OTHER_REGIO, REGIO

SHARED_REGIO = "utrecht"
"""REGIO may use its places."""


def key(*parts: str) -> UUID:
    """The same row has the same id in each run."""
    return uuid5(NAMESPACE_URL, "een-loket/" + "/".join(parts))


REGIO_OF = {"vreemd": OTHER_REGIO, "gedeeld": SHARED_REGIO}
"""By label; all others are of REGIO."""

ZIJ = {"eigen": "zorg", "ander": "zorg2", "gedeeld": "gedeeld", "vreemd": "vreemd"}
"""Label of supply → the gebruiker who publishes it."""

VAN = {"gi": "gi", "crisis": "gi2", "voorbij": "gi2", "hier": "gi2", "vreemd": "vreemd"}
"""Label of an aanvraag → the organisatie that filed it: one of the own GI; a crisis, a crisis that ended, and a child
placed at the own aanbieder, all of another GI; and one of another region."""

WIE = {
    "S": Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, key("gebruiker", "loket")),
    "C": Wie(REGIO, Rol.CRISISDIENST, key("gebruiker", "crisisdienst")),
    "A": Wie(REGIO, Rol.AANBIEDER, key("gebruiker", "zorg"), key("aanbieder", "eigen")),
    "V": Wie(REGIO, Rol.VERWIJZER, key("gebruiker", "gi"), key("organisatie", "gi")),
    "K": Wie(REGIO, Rol.CONTRACTBEHEER, key("gebruiker", "inkoop")),
    "B": Wie(REGIO, Rol.BEHEERDER, key("gebruiker", "beheer")),
    "X": Wie(OTHER_REGIO, Rol.SCHAKELFUNCTIONARIS, key("gebruiker", "vreemd")),
    "Y": Wie(OTHER_REGIO, Rol.BEHEERDER, key("gebruiker", "vreemd-beheer")),
    "M": Wie(
        REGIO, Rol.AANBIEDER, key("koppeling", "eigen"), key("aanbieder", "eigen"), koppeling=key("koppeling", "eigen")
    ),
}
"""S: schakelfunctionaris, C: crisisdienst, A: aanbieder, V: verwijzer, K: contractbeheer, B: beheerder, of REGIO; X, Y:
schakelfunctionaris and beheerder of a region without an agreement; M: the machine of the own aanbieder."""

Row = dict[str, Any]


def regio_of(label: str) -> str:
    return REGIO_OF.get(label, REGIO)


def _aanbod() -> dict[str, dict[str, Row]]:
    tables: dict[str, dict[str, Row]] = {
        name: {} for name in ("aanbieder", "contract", "locatie", "locatie_adres", "voorziening", "plek", "bevestiging")
    }
    for label in ZIJ:
        regio, van = regio_of(label), key("aanbieder", label)
        ids = {"regio": regio, "aanbieder_id": van}
        tables["aanbieder"][label] = {"id": van, "regio": regio, "naam": f"Zorg {label}"}
        if label == "ander":
            tables["aanbieder"][label]["agb_code"] = "12345"
        tables["contract"][label] = {
            "id": key("contract", label),
            **ids,
            "zorgvorm": "gezinshuis",
            "soort": "open_house",
            "geldigheid": "[2026-01-01,)",
        }
        tables["locatie"][label] = {"id": key("locatie", label), **ids, "naam": "Huis", "zichtbaarheid": "geheim"}
        tables["locatie_adres"][label] = {"locatie_id": key("locatie", label), **ids, "postcode": "1251 AB"}
        tables["voorziening"][label] = {
            "id": key("voorziening", label),
            **ids,
            "locatie_id": key("locatie", label),
            "naam": "Huis",
            "zorgvorm": "gezinshuis",
            "leeftijd_van": 0,
            "leeftijd_tot": 200,
            "groepssoort": "gemengd",
            "juridische_kaders": ["ots"],
            "perspectieven": ["langdurig"],
        }
        tables["plek"][label] = {
            "id": key("plek", label),
            **ids,
            "voorziening_id": key("voorziening", label),
            "naam": "Kamer",
            "bestaat": "[2025-01-01,)",
        }
        tables["bevestiging"][label] = {
            "id": key("bevestiging", label),
            "regio": regio,
            "plek_id": key("plek", label),
            "op": "2026-03-01T09:00Z",
            "bron": "scherm",
            "beschikbaarheid": "bemenst",
        }
    return tables


def _aanvraag(label: str) -> Row:
    return {
        "id": key("aanvraag", label),
        "regio": regio_of(label),
        "organisatie_id": key("organisatie", VAN[label]),
        "samenplaatsing_id": key("samenplaatsing", label),
        "urgentie": "crisis" if label in ("crisis", "voorbij") else "regulier",
        "status": {"voorbij": "beeindigd", "hier": "geplaatst"}.get(label, "ingediend"),
        "leeftijd_maanden": 120,
        "leeftijd_peildatum": "2026-03-01",
        "geslacht": "meisje",
        "groepssoorten": ["gemengd"],
        "pc4": "1211",
        "gemeente_code": "0402",
        "huidig_verblijf": "thuis",
        "gewenste_start": "2026-03-01",
        "uiterlijke_datum": "2026-04-01",
        "verwacht_verblijf": 90,
        "perspectief": "langdurig",
        "zorgvormen": ["gezinshuis"],
        "juridisch_kader": "ots",
    }


PARTS: dict[str, Row] = {
    "grondslag": {"soort": "bepaling_gi", "status": "verleend", "datum": "2026-03-01"},
    "machtiging": {"soort": "open", "zorgvormen": ["gezinshuis"], "geldigheid": "[2026-03-01,2026-09-01)"},
    "toestemming": {"persoon": "ouder_1", "status": "gegeven", "datum": "2026-03-01"},
    "uitsluiting": {"soort": "gebied", "pc4": "1251", "straal_km": 2},
}


def _vraag() -> dict[str, dict[str, Row]]:
    tables: dict[str, dict[str, Row]] = {
        name: {} for name in ("samenplaatsing", "aanvraag", "aanvraag_kenmerk", *PARTS)
    }
    for label, van in VAN.items():
        ids = {"regio": regio_of(label), "organisatie_id": key("organisatie", van)}
        tables["samenplaatsing"][label] = {"id": key("samenplaatsing", label), **ids}
        tables["aanvraag"][label] = _aanvraag(label)
        with_it = {"aanvraag_id": key("aanvraag", label)}
        tables["aanvraag_kenmerk"][label] = {**with_it, **ids, "kenmerk": f"J {label}"}
        for part, fields in PARTS.items():
            tables[part][label] = {"id": key(part, label), "regio": regio_of(label), **with_it, **fields}
    tables["samenplaatsing"]["leeg"] = {
        "id": key("samenplaatsing", "leeg"),
        "regio": REGIO,
        "organisatie_id": key("organisatie", "gi2"),
    }
    return tables


def _bezetting(label: str, soort: str, plek: str, dag: int, van: str | None) -> Row:
    regio = regio_of(plek)
    row: Row = {
        "id": key("bezetting", label),
        "regio": regio,
        "vraag_regio": regio_of(van or plek),
        "plek_id": key("plek", plek),
        "soort": soort,
        "periode": f"[2026-0{dag}-01,2026-0{dag + 1}-01)",
        "aanvraag_id": key("aanvraag", van) if van else None,
    }
    if soort == "optie":
        row["vervalt_op"] = "2026-03-05T09:00Z"
    if soort == "stop":
        row["stop_reden"] = "personeel"
    if soort == "plaatsing":
        row |= {"bewoner_maanden": 120, "bewoner_kenmerken": ["brandstichting"]}
    return row


def _verder() -> dict[str, dict[str, Row]]:
    """Routes and opschalingen of each child; and questions to providers, also over the border of a region."""
    tables: dict[str, dict[str, Row]] = {
        name: {}
        for name in (
            "route",
            "opschaling",
            "opschaling_dossier",
            "opschalingsverzoek",
            "opschaling_vraag",
            "telefoongesprek",
        )
    }
    for label in VAN:
        tables["telefoongesprek"][label] = {
            "id": key("telefoongesprek", label),
            "regio": regio_of(label),
            "aanvraag_id": key("aanvraag", label),
            "voorziening_id": key("voorziening", "vreemd" if label == "vreemd" else "eigen"),
            "gebeld_op": "2026-03-01T09:00Z",
            "gebruiker_id": SYSTEM,
            "met": "Groepsleider",
        }
        of = {"regio": regio_of(label), "aanvraag_id": key("aanvraag", label)}
        tables["route"][label] = {
            "id": key("route", label),
            **of,
            "soort": "pgb",
            "staat": "gekozen",
            "details": {"soort": "pgb"},
            "termijn": "2026-04-01",
            "begonnen_op": "2026-03-01T09:00Z",
        }
        tables["opschaling"][label] = {
            "id": key("opschaling", label),
            **of,
            "aanleiding": "geen_plek",
            "tafel": "doorbraaktafel",
            "eigenaar_id": SYSTEM,
            "termijn": "2026-04-01",
            "waarom": "Er past niets.",
            "geopend_op": "2026-03-01T09:00Z",
        }
        tables["opschalingsverzoek"][label] = {
            "id": key("opschalingsverzoek", label),
            **of,
            "aanleiding": "geen_plek",
            "toelichting": "Er past niets.",
            "gevraagd_op": "2026-03-01T09:00Z",
            "gevraagd_door": SYSTEM,
        }
        tables["opschaling_dossier"][label] = {"opschaling_id": key("opschaling", label), **of, "inhoud": {}}
    for label, van, bij in (
        ("gi_eigen", "gi", "eigen"),
        ("gi_ander", "gi", "ander"),
        ("gi_gedeeld", "gi", "gedeeld"),
        ("vreemd", "vreemd", "vreemd"),
        ("van_ver", "vreemd", "eigen"),
    ):
        tables["opschaling_vraag"][label] = {
            "id": key("opschaling_vraag", label),
            "regio": regio_of(van),
            "aanbod_regio": regio_of(bij),
            "opschaling_id": key("opschaling", van),
            "aanvraag_id": key("aanvraag", van),
            "aanbieder_id": key("aanbieder", bij),
            "voorziening_id": key("voorziening", bij),
            "regels": ["leeftijd"],
            "gesteld_op": "2026-03-01T09:00Z",
            "antwoord_voor": "2026-03-04",
        }
    return tables


def _stoppen() -> dict[str, dict[str, Row]]:
    """What is asked of an aanbieder; and each of them stops, also one of another region where a child of ours lives."""
    tables: dict[str, dict[str, Row]] = {
        name: {}
        for name in ("bevestigverzoek", "bevestiglink", "beeindiging", "beeindiging_plek", "beeindiging_plaatsing")
    }
    for label in ("eigen", "ander", "vreemd", "gedeeld"):
        of = {"regio": regio_of(label), "aanbieder_id": key("aanbieder", label)}
        tables["beeindiging"][label] = {
            "id": key("beeindiging", label),
            **of,
            "per": "2026-09-01",
            "reden": "contract",
            "vastgelegd_op": "2026-03-01T09:00Z",
            "gebruiker_id": SYSTEM,
        }
        tables["beeindiging_plek"][label] = {
            "beeindiging_id": key("beeindiging", label),
            "plek_id": key("plek", label),
            "regio": regio_of(label),
            "bestond": "[2026-01-01,)",
            "stops": [],
        }
        if label == "gedeeld":
            continue
        tables["bevestigverzoek"][label] = {
            "id": key("bevestigverzoek", label),
            **of,
            "dag": "2026-03-01",
            "plekken": [str(key("plek", label))],
            "gevraagd_op": "2026-03-01T07:00Z",
            "geldig_tot": "2026-03-03T07:00Z",
        }
        tables["bevestiglink"][label] = {
            "hash": "\\x" + key("link", label).hex * 2,
            "regio": regio_of(label),
            "verzoek_id": key("bevestigverzoek", label),
            "gebruiker_id": key("gebruiker", {"eigen": "zorg", "ander": "zorg2", "vreemd": "vreemd"}[label]),
        }
    for label, bij, van in (("hier", "eigen", "hier"), ("gedeeld", "gedeeld", "gi")):
        tables["beeindiging_plaatsing"][label] = {
            "bezetting_id": key("bezetting", label),
            "beeindiging_id": key("beeindiging", bij),
            "regio": regio_of(bij),
            "vraag_regio": regio_of(van),
            "aanvraag_id": key("aanvraag", van),
        }
    return tables


def _plannen() -> dict[str, dict[str, Row]]:
    tables: dict[str, dict[str, Row]] = {
        name: {} for name in ("plan", "plan_keuze", "plan_regel", "plan_prijs", "plan_gebeurtenis", "taak")
    }
    for label, aanvraag, bij in (("eigen", "gi", "eigen"), ("vreemd", "vreemd", "vreemd")):
        regio = regio_of(label)
        of = {"regio": regio, "plan_id": key("plan", label)}
        child = {**of, "aanvraag_id": key("aanvraag", aanvraag)}
        there = {**child, "voorziening_id": key("voorziening", bij)}
        tables["plan"][label] = {
            "id": key("plan", label),
            "regio": regio,
            "gebruiker_id": SYSTEM,
            "seconden": 30,
            "zaad": 0,
            "behoud": 0.1,
        }
        tables["plan_keuze"][label] = {"id": key("keuze", label), **there, "soort": "vast", "reden": "dichtbij"}
        tables["plan_regel"][label] = child
        tables["plan_prijs"][label] = {**there, "minstens": []}
        tables["plan_gebeurtenis"][label] = {**of, "nummer": 1, "stap": "wacht"}
        tables["taak"][label] = {"id": key("taak", label), "regio": regio, "soort": "plan", "sleutel": "een"}
    return tables


def _mensen() -> dict[str, dict[str, Row]]:
    people = {
        "loket": ("schakelfunctionaris", None, None),
        "crisisdienst": ("crisisdienst", None, None),
        "zorg": ("aanbieder", "aanbieder", "eigen"),
        "zorg2": ("aanbieder", "aanbieder", "ander"),
        "gi": ("verwijzer", "organisatie", "gi"),
        "collega": ("verwijzer", "organisatie", "gi"),
        "gi2": ("verwijzer", "organisatie", "gi2"),
        "inkoop": ("contractbeheer", None, None),
        "beheer": ("beheerder", None, None),
        "vreemd": ("schakelfunctionaris", None, None),
        "vreemd-beheer": ("beheerder", None, None),
    }
    tables: dict[str, dict[str, Row]] = {"gebruiker": {}, "sessie": {}, "herhaling": {}}
    for label, (rol, soort, naam) in people.items():
        regio = OTHER_REGIO if label.startswith("vreemd") else REGIO
        row: Row = {"id": key("gebruiker", label), "regio": regio, "naam": label, "rol": rol}
        if soort and naam:
            row[f"{soort}_id"] = key(soort, naam)
        tables["gebruiker"][label] = row
        if label in ("loket", "zorg", "gi", "collega", "vreemd"):
            who = {"regio": regio, "gebruiker_id": row["id"]}
            tables["sessie"][label] = {
                "hash": "\\x" + key("sessie", label).hex * 2,
                **who,
                "begonnen_op": "2026-03-01T09:00Z",
                "gezien_op": "2026-03-01T09:00Z",
                "verloopt_op": "2026-03-01T17:00Z",
            }
            tables["herhaling"][label] = {
                **who,
                "sleutel": "een",
                "verzoek_hash": "\\x00",
                "status": 201,
                "koppen": {},
                "antwoord": "\\x00",
            }
    return tables


def _logregel(label: str, van: str, betrokkene: str | None, **wie: Any) -> Row:
    return {
        "id": int(key("logregel", label)) % 10**9,
        "regio": regio_of(label),
        "moment": "2026-03-01T09:00Z",
        "gebeurtenis": "lees",
        "resultaat": "gelukt",
        "gebruiker_id": key("gebruiker", van),
        "object": "aanvraag",
        "betrokkene": key("pseudoniem", betrokkene) if betrokkene else None,
        "handeling": "haalAanvraag",
        "doel": "plek_zoeken",
        "verwerking": "bemiddelen",
        "trace_id": "0" * 32,
        "span_id": "0" * 16,
        **wie,
    }


def _log() -> dict[str, dict[str, Row]]:
    loket, gi = {"rol": "schakelfunctionaris"}, {"rol": "verwijzer", "organisatie_id": key("organisatie", "gi")}
    tables: dict[str, dict[str, Row]] = {
        "logregel": {
            "gi": _logregel("gi", "loket", "gi", **loket),
            "door_gi": _logregel("door_gi", "gi", "gi", **gi),
            "uit_naam_van_gi2": _logregel(
                "uit_naam_van_gi2", "gi", "gi", **gi | {"organisatie_id": key("organisatie", "gi2")}
            ),
            "als_loket": _logregel("als_loket", "gi", "gi", **gi | {"rol": "schakelfunctionaris"}),
            "crisis": _logregel("crisis", "loket", "crisis", **loket),
            "niemand": _logregel("niemand", "beheer", None, rol="beheerder"),
            "vreemd": _logregel("vreemd", "vreemd", "vreemd", **loket),
        },
        "logketen": {},
        "logwissing": {},
        "wissing": {},
    }
    for label in ("eigen", "vreemd"):
        regio = regio_of(label)
        tables["logketen"][label] = {
            "regio": regio,
            "volgnummer": 1,
            "regel_id": int(key("logregel", "gi" if label == "eigen" else label)) % 10**9,
            "regel_hash": "\\x" + "00" * 32,
            "hash": "\\x" + "00" * 32,
            "verzegeld_op": "2026-03-01T09:00Z",
        }
        tables["logwissing"][label] = {
            "id": key("logwissing", label),
            "regio": regio,
            "op": "2026-03-01T09:00Z",
            "tot_volgnummer": 1,
            "termijn_dagen": 1825,
        }
        tables["wissing"][label] = {
            "id": key("wissing", label),
            "regio": regio,
            "op": "2026-03-01T09:00Z",
            "soort": "termijn",
            "gebruiker_id": SYSTEM,
            "nummer": "K7M-3PQ",
        }
    return tables


def _koppelingen() -> dict[str, dict[str, Row]]:
    tables: dict[str, dict[str, Row]] = {"koppeling": {}, "koppelingsleutel": {}}
    for label in ("eigen", "ander", "vreemd"):
        regio = regio_of(label)
        tables["koppeling"][label] = {
            "id": key("koppeling", label),
            "regio": regio,
            "aanbieder_id": key("aanbieder", label),
            "naam": "Cliëntsysteem",
        }
        tables["koppelingsleutel"][label] = {
            "id": key("koppelingsleutel", label),
            "regio": regio,
            "koppeling_id": key("koppeling", label),
            "kid": "een",
            "jwk": {"kty": "EC"},
            "geldig_van": "2026-01-01T00:00Z",
            "geldig_tot": "2027-01-01T00:00Z",
        }
    return tables


def _gebeurtenis(label: str, soort: str, van: str, bij: str | None = None) -> Row:
    return {
        "id": key("gebeurtenis", label),
        "regio": regio_of(van),
        "op": "2026-03-01T09:00Z",
        "soort": soort,
        "aanvraag_id": key("aanvraag", van),
        "aanbieder_id": key("aanbieder", bij) if bij else None,
        "van": "ingediend",
        "naar": "ingediend",
        "gebruiker_id": SYSTEM,
        "rol": "schakelfunctionaris",
    }


def _meldingen() -> dict[str, dict[str, Row]]:
    """What happened, `over` of a child of another region at the own aanbieder; who is told, and which systems."""
    tables: dict[str, dict[str, Row]] = {
        "gebeurtenis": {
            "gi": _gebeurtenis("gi", "opschaling", "gi"),
            "gehouden": _gebeurtenis("gehouden", "optie", "gi", "eigen"),
            "crisis": _gebeurtenis("crisis", "geplaatst", "crisis", "ander"),
            "hier": _gebeurtenis("hier", "begonnen", "hier", "eigen"),
            "over": _gebeurtenis("over", "voorstel_verzonden", "vreemd", "eigen"),
            "vreemd": _gebeurtenis("vreemd", "opschaling", "vreemd"),
        },
        "meldkeuze": {},
        "concept": {},
        "bericht": {},
        "haak": {},
        "haak_geheim": {},
        "levering": {},
    }
    for label in ("loket", "zorg", "gi", "collega", "vreemd"):
        who = {"gebruiker_id": key("gebruiker", label), "regio": regio_of(label)}
        if label in ("gi", "vreemd"):
            tables["concept"][label] = {**who, "velden": [], "bewaard_op": "2026-03-01T09:00Z"}
        if label != "collega":
            tables["meldkeuze"][label] = {**who, "urgentie": "spoed", "wijze": "direct"}
        tables["bericht"][label] = {
            "id": key("bericht", label),
            **who,
            "sleutel": "een",
            "soort": "opschaling_loket",
            "wijze": "direct",
            "op": "2026-03-01T09:00Z",
        }
    tables["bericht"]["collega"] |= {"status": "mislukt", "fout": "weg", "klaar_op": "2026-03-01T09:00Z"}
    for label, of in (("eigen", "aanbieder"), ("ander", "aanbieder"), ("gi", "organisatie"), ("vreemd", "aanbieder")):
        haak = {"id": key("haak", label), "regio": regio_of(label), f"{of}_id": key(of, label)}
        tables["haak"][label] = {**haak, "url": "https://a.example/"}
        tables["haak_geheim"][label] = {"haak_id": haak["id"], "regio": haak["regio"], "geheim": "whsec_"}
        tables["levering"][label] = {
            "id": key("levering", label),
            "regio": regio_of(label),
            "haak_id": haak["id"],
            "gebeurtenis_id": key("gebeurtenis", "vreemd" if label == "vreemd" else "hier"),
            "soort": "begonnen",
            "onderwerp": key("gebeurtenis", "hier"),
            "op": "2026-03-01T09:00Z",
        }
    return tables


def _voorstel(label: str, van: str, bij: str, status: str, optie: str | None = None) -> Row:
    row: Row = {
        "id": key("voorstel", label),
        "regio": regio_of(van),
        "aanbod_regio": regio_of(bij),
        "aanvraag_id": key("aanvraag", van),
        "aanbieder_id": key("aanbieder", bij),
        "voorziening_id": key("voorziening", bij),
        "plek_id": key("plek", bij),
        "status": status,
        "van": "2026-03-05",
    }
    if status != "concept":
        row |= {"verzonden_op": "2026-03-01T09:00Z", "antwoord_voor": "2026-03-05T09:00Z"}
    if status == "afgewezen":
        row["klaar_op"] = "2026-03-02T09:00Z"
    return row | ({"optie_id": key("bezetting", optie)} if optie else {})


def _voorstellen() -> dict[str, Row]:
    """One that is being prepared; sent to the own aanbieder, to another, and within another region; answered by one of
    the shared region, and by the own aanbieder for a child of another region."""
    return {
        "concept": _voorstel("concept", "gi", "ander", "concept"),
        "gi": _voorstel("gi", "gi", "eigen", "verzonden", "gehouden"),
        "crisis": _voorstel("crisis", "crisis", "ander", "verzonden", "crisis"),
        "vreemd": _voorstel("vreemd", "vreemd", "vreemd", "verzonden", "vreemd"),
        "gedeeld": _voorstel("gedeeld", "gi", "gedeeld", "afgewezen"),
        "over": _voorstel("over", "vreemd", "eigen", "afgewezen"),
    }


def _keuze(label: str) -> Row:
    """Who stood higher when this voorstel was sent."""
    hoger = "vreemd" if label == "vreemd" else "gedeeld"
    return {
        "voorstel_id": key("voorstel", label),
        "regio": regio_of(label),
        "aanvraag_id": key("aanvraag", label),
        "aanbieder_id": key("aanbieder", hoger),
        "voorziening_id": key("voorziening", hoger),
        "rang": 1,
        "reden": "niet_gezegd",
    }


def rows() -> dict[str, dict[str, Row]]:
    """Table → label → columns, in an order in which they can be put in."""
    bezetting = {
        "hier": _bezetting("hier", "plaatsing", "eigen", 1, "hier"),
        "zonder": _bezetting("zonder", "plaatsing", "eigen", 2, None),
        "gehouden": _bezetting("gehouden", "optie", "eigen", 3, "gi"),
        "stop": _bezetting("stop", "stop", "eigen", 4, None),
        "crisis": _bezetting("crisis", "optie", "ander", 3, "crisis"),
        "elders": _bezetting("elders", "plaatsing", "ander", 4, "voorbij"),
        "gedeeld": _bezetting("gedeeld", "plaatsing", "gedeeld", 1, "gi"),
        "hun": _bezetting("hun", "plaatsing", "gedeeld", 2, None),
        "vreemd": _bezetting("vreemd", "optie", "vreemd", 1, "vreemd"),
        "buiten": _bezetting("buiten", "plaatsing", "vreemd", 3, "gi"),
    }
    besluit = {
        label: {
            "id": key("besluit", label),
            "regio": regio_of(label),
            "aanvraag_id": key("aanvraag", van),
            "voorziening_id": key("voorziening", bij),
            "uitkomst": "afgewezen",
            "reden": "afstand",
            "op": "2026-03-01T09:00Z",
        }
        for label, van, bij in (
            ("gi_eigen", "gi", "eigen"),
            ("gi_ander", "gi", "ander"),
            ("crisis_ander", "crisis", "ander"),
            ("hier_ander", "hier", "ander"),
            ("vreemd", "vreemd", "vreemd"),
        )
    }
    organisaties = {
        label: {"id": key("organisatie", label), "regio": regio_of(label), "soort": "gi", "naam": f"GI {label}"}
        for label in ("gi", "gi2", "vreemd")
    }
    instellingen = {
        label: {"regio": regio_of(label), "sleutel": "termijn", "waarde": 1, "bron": "test"}
        for label in ("eigen", "vreemd")
    }
    wijzigingen = {
        label: {
            "id": key("instelling_wijziging", label),
            "regio": regio_of(label),
            "op": "2026-03-01T09:00Z",
            "gebruiker_id": next(wie.gebruiker for letter, wie in WIE.items() if letter == by and wie is not None),
            "waarom": "x",
            "bron": "test",
            "voor": {},
            "na": {},
            "bronnen_voor": {},
        }
        for label, by in (("eigen", "B"), ("vreemd", "Y"))
    }
    provider = {"id": key("identiteitsprovider"), "naam": "IdP", "issuer": "https://idp.test", "client_id": "loket"}
    poging = {
        "hash": "\\x00",
        "identiteitsprovider_id": provider["id"],
        "nonce": "n",
        "verificateur": "v",
        "browser": "\\x00",
        "naar": "/",
        "begonnen_op": "2026-03-01T09:00Z",
    }
    return {
        "organisatie": organisaties,
        "instelling": instellingen,
        "instelling_wijziging": wijzigingen,
        **_aanbod(),
        **_vraag(),
        "bezetting": bezetting,
        "besluit": besluit,
        "voorstel": _voorstellen(),
        "voorstel_keuze": {label: _keuze(label) for label in ("gi", "crisis", "vreemd")},
        **_verder(),
        **_plannen(),
        "identiteitsprovider": {"alle": provider},
        "inlogpoging": {"alle": poging},
        "gebruikte_verklaring": {"alle": {"uitgever": "u", "jti": "j", "verloopt_op": "2026-03-01T09:00Z"}},
        **_mensen(),
        **_koppelingen(),
        **_meldingen(),
        **_stoppen(),
        **_log(),
    }


BEFORE = """
alter table gebeurtenis disable trigger gebeurtenis_meldt;
insert into jeugdregio (code, naam) values ('utrecht', 'Utrecht');
insert into zorgvorm (regio, code, naam, huiselijkheid, gezinsvorm, bron)
values ('utrecht', 'gezinshuis', 'Gezinshuis', 1, true, 'test');
insert into kenmerkcode (regio, lijst, code, naam) values ('utrecht', 'kenmerk', 'een', 'Een');
insert into regioafspraak (aanbod_regio, vraag_regio, geldigheid)
values ('utrecht', 'gooi-en-vechtstreek', '[2025-01-01,)'), ('utrecht', 'flevoland', '[2020-01-01,2021-01-01)');
insert into productcategorie (code, omschrijving, versie) values ('43', 'Verblijf', '1');
insert into gemeentegrens (gemeente_code, ringen) values ('0402', '[[[52.2, 5.1], [52.3, 5.1], [52.2, 5.1]]]');
"""

PSEUDONIEM = "update betrokkene set pseudoniem = $2 where aanvraag_id = $1"

BY_REGIO = "select ctid::text as plaats, {kolom} as regio from {tabel}"
"""Of tables that are filled already: the label is the region's."""

FILLED = {"zorgvorm": "regio", "kenmerkcode": "regio", "weging": "regio", "jeugdregio": "code", "gemeente": "regio"}

LABEL_OF_REGIO = {REGIO: "eigen", OTHER_REGIO: "vreemd", SHARED_REGIO: "gedeeld"}


async def fill(owner: Connection) -> dict[str, dict[str, str]]:
    """Puts the rows in; returns per table where each stands and its label."""
    await owner.execute(BEFORE)
    places: dict[str, dict[str, str]] = {}
    for table, labelled in rows().items():
        for label, row in labelled.items():
            columns = ", ".join(row)
            plaats = await owner.fetchval(
                f"insert into {table} ({columns}) overriding system value"
                f" select {columns} from jsonb_populate_record(null::{table}, $1) returning ctid::text",
                {name: str(value) if isinstance(value, UUID) else value for name, value in row.items()},
            )
            places.setdefault(table, {})[plaats] = label
            if table == "aanvraag":
                await owner.execute(PSEUDONIEM, row["id"], key("pseudoniem", label))
    for table, column in FILLED.items():
        found = await owner.fetch(BY_REGIO.format(tabel=table, kolom=column))
        places[table] = {row["plaats"]: LABEL_OF_REGIO[row["regio"]] for row in found}
    for table in ("postcodegebied", "productcategorie", "gemeentegrens"):
        places[table] = {
            row["plaats"]: "alle" for row in await owner.fetch(f"select ctid::text as plaats from {table}")
        }
    afspraken = await owner.fetch("select ctid::text as plaats, vraag_regio as regio from regioafspraak")
    places["regioafspraak"] = {row["plaats"]: LABEL_OF_REGIO[row["regio"]] for row in afspraken}
    names = {key("aanvraag", label): label for label in VAN}
    betrokkenen = await owner.fetch("select ctid::text as plaats, aanvraag_id from betrokkene")
    places["betrokkene"] = {row["plaats"]: names[row["aanvraag_id"]] for row in betrokkenen}
    return places
