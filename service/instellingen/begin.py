"""What a region begins with: zorgvormen, other codes and weights, before it has decided anything itself.

All of it is an example, and says so in its `bron` until the region changes it; nothing here is a norm. The zorgvormen
are those that the settings of service/regio/werkregels.py name.
"""

from __future__ import annotations

from msgspec import Struct

from service.db import Connection

VOORBEELD = "voorbeeldwaarde, nog vast te stellen door de regio"

GESLOTEN = "jeugdzorgplus"
"""Has a checklist and a point of contact of its own: it is not ranked."""


class Zorgvorm(Struct, frozen=True):
    naam: str
    huiselijkheid: float
    gezinsvorm: bool
    gebruikelijk_verblijf: int | None
    """Days; None: as long as needed."""


ZORGVORMEN: dict[str, Zorgvorm] = {
    "pleegzorg-crisis": Zorgvorm("Crisispleegzorg", 1.0, True, 28),
    "pleegzorg-hulpverlening": Zorgvorm("Pleegzorg voor hulpverlening", 1.0, True, 180),
    "pleegzorg-opvoeding": Zorgvorm("Pleegzorg voor opvoeding", 1.0, True, None),
    "pleegzorg-deeltijd": Zorgvorm("Deeltijdpleegzorg", 1.0, True, None),
    "gezinshuis": Zorgvorm("Gezinshuis", 0.9, True, None),
    "gezinsgroep": Zorgvorm("Gezinsgroep", 0.7, False, 365),
    "kleinschalig-verblijf": Zorgvorm("Kleinschalig verblijf", 0.6, False, 270),
    "driemilieu": Zorgvorm("Driemilieu", 0.4, False, 365),
    "crisis": Zorgvorm("Crisisopvang", 0.3, False, 28),
    "kamertraining": Zorgvorm("Kamertraining", 0.5, False, 365),
    "logeer": Zorgvorm("Logeeropvang", 0.6, False, None),
    "tussenvoorziening": Zorgvorm("Tussenvoorziening", 0.4, False, 90),
    "residentieel": Zorgvorm("Residentieel verblijf", 0.2, False, 270),
    "lvb-verblijf": Zorgvorm("LVB-verblijf", 0.3, False, 365),
    "ggz-verblijf": Zorgvorm("GGZ-verblijf", 0.2, False, 180),
    "jeugdzorgplus": Zorgvorm("JeugdzorgPlus", 0.0, False, 180),
}

KENMERKCODES: dict[str, dict[str, str]] = {
    "ondersteuning": {
        "nachttoezicht": "Toezicht in de nacht",
        "traumabehandeling": "Behandeling van trauma",
        "hechting": "Hulp bij hechting",
        "gedragstraining": "Training in gedrag",
        "dagstructuur": "Vaste structuur van de dag",
        "een_op_een": "Begeleiding één op één",
        "begeleid_contact": "Begeleid contact met ouders",
        "ouderbegeleiding": "Begeleiding van ouders",
        "psychiatrische_behandeling": "Psychiatrische behandeling",
        "verslavingszorg": "Behandeling van verslaving",
        "zelfstandigheid": "Leren zelfstandig te wonen",
        "taal": "Hulp bij de Nederlandse taal",
    },
    "kenmerk": {
        "zware_gedragsproblemen": "Zware gedragsproblemen",
        "agressie": "Kan agressief zijn",
        "weglopen": "Loopt weg",
        "zelfbeschadiging": "Beschadigt zichzelf",
        "middelengebruik": "Gebruikt drugs of alcohol",
        "seksueel_grensoverschrijdend": "Gaat over grenzen van anderen, seksueel",
        "kwetsbaar_voor_misbruik": "Kwetsbaar voor misbruik",
        "brandstichting": "Heeft brand gesticht",
        "allergie_huisdieren": "Allergisch voor huisdieren",
    },
    "medisch": {
        "diabeteszorg": "Zorg bij diabetes",
        "epilepsie": "Zorg bij epilepsie",
        "medicatiebeheer": "Beheer van medicijnen",
        "sondevoeding": "Sondevoeding",
        "nachtelijke_zorg": "Verpleging in de nacht",
    },
    "onderwijs": {
        "regulier": "Regulier onderwijs",
        "speciaal": "Speciaal onderwijs",
        "praktijkonderwijs": "Praktijkonderwijs",
        "mbo": "Mbo",
        "op_locatie": "Onderwijs op de locatie",
    },
}

WEGINGEN: dict[str, dict[str, float]] = {
    # In a crisis certainty and distance count most: somebody must be able to go there tonight.
    "crisis": {
        "ondersteuning": 2, "huiselijkheid": 2, "afstand": 2, "wachttijd": 3,
        "perspectief": 1, "samen": 3, "groepsmix": 1, "zekerheid": 3,
    },
    "spoed": {
        "ondersteuning": 3, "huiselijkheid": 3, "afstand": 2, "wachttijd": 2,
        "perspectief": 2, "samen": 3, "groepsmix": 1, "zekerheid": 2,
    },
    "regulier": {
        "ondersteuning": 4, "huiselijkheid": 4, "afstand": 2, "wachttijd": 1,
        "perspectief": 4, "samen": 3, "groepsmix": 1, "zekerheid": 1,
    },
}  # fmt: skip

ZORGVORM = """
insert into zorgvorm (regio, code, naam, huiselijkheid, gezinsvorm, rangschikbaar, gebruikelijk_verblijf, bron)
values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing
"""

KENMERKCODE = "insert into kenmerkcode (regio, lijst, code, naam) values ($1, $2, $3, $4) on conflict do nothing"

WEGING = """
insert into weging (regio, urgentie, criterium, gewicht, bron) values ($1, $2, $3, $4, $5) on conflict do nothing
"""

COUNT = """
select (select count(*) from zorgvorm where regio = $1) + (select count(*) from kenmerkcode where regio = $1)
     + (select count(*) from weging where regio = $1)
"""


async def begin(owner_conn: Connection, regio: str) -> int:
    """Adds what `regio` lacks, and leaves what it has; how many rows. Runs as the owner role, in one transaction."""
    async with owner_conn.transaction():
        before: int = await owner_conn.fetchval(COUNT, regio)
        await owner_conn.executemany(ZORGVORM, [(regio, *row) for row in zorgvormen()])
        await owner_conn.executemany(KENMERKCODE, [(regio, *row) for row in kenmerkcodes()])
        await owner_conn.executemany(WEGING, [(regio, *row) for row in wegingen()])
        after: int = await owner_conn.fetchval(COUNT, regio)
    return after - before


def zorgvormen() -> list[tuple[str, str, float, bool, bool, int | None, str]]:
    """As the columns of the table, without the region."""
    return [
        (code, v.naam, v.huiselijkheid, v.gezinsvorm, code != GESLOTEN, v.gebruikelijk_verblijf, VOORBEELD)
        for code, v in ZORGVORMEN.items()
    ]


def kenmerkcodes() -> list[tuple[str, str, str]]:
    return [(lijst, code, naam) for lijst, codes in KENMERKCODES.items() for code, naam in codes.items()]


def wegingen() -> list[tuple[str, str, float, str]]:
    return [
        (urgentie, criterium, gewicht, VOORBEELD)
        for urgentie, gewichten in WEGINGEN.items()
        for criterium, gewicht in gewichten.items()
    ]
