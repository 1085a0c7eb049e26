"""Meldingen: who is told what of each gebeurtenis. One table; a sentence says what happened and nothing of a child.

A sentence goes by mail, as a row of `bericht` per person (bericht/berichten.py). Systems get the gebeurtenis itself, as
a row of `levering` per haak (bericht/leveringen.py): those of the aanbieder and of the verwijzer, when its people would
be told. Both are written in the transaction that finishes the taak `melding`; a trigger makes that with a gebeurtenis.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from service import dutch
from service.aanvraag.gebeurtenissen import GebeurtenisSoort as S
from service.bericht.meldkeuzes import GEWOON, Wijze
from service.db import Connection, rows_as
from service.regio.werkdagen import bericht_voor
from service.regio.werkregels import werkregels
from service.taal import later
from service.urgentie import Urgentie


class Kring(StrEnum):
    """Who stands around a gebeurtenis, as function `ontvangers` in schema.sql finds them."""

    LOKET = "loket"
    """The behandelaar; while there is none, every schakelfunctionaris of the region."""
    VERWIJZER = "verwijzer"
    """Of the organisatie that filed the aanvraag."""
    AANBIEDER = "aanbieder"
    """Of the aanbieder that the gebeurtenis is about."""
    CRISISDIENST = "crisisdienst"
    """Of the region, for an aanvraag with urgentie crisis."""
    CONTRACTBEHEER = "contractbeheer"


LOKET, VERWIJZER, AANBIEDER, CRISISDIENST, CONTRACTBEHEER = Kring

MELDINGEN: Mapping[S, Mapping[Kring, str]] = {
    S.INGEDIEND: {
        LOKET: later("Er is een nieuwe aanvraag."),
        CRISISDIENST: later("Er is een nieuwe aanvraag met urgentie crisis."),
    },
    S.IN_BEHANDELING: {VERWIJZER: later("Het loket zoekt nu een plek voor een aanvraag van uw organisatie.")},
    S.OVERGEDRAGEN: {LOKET: later("Een collega heeft een aanvraag aan u overgedragen.")},
    S.AFGEWEZEN: {
        VERWIJZER: later("Het loket heeft een aanvraag van uw organisatie afgewezen. In het loket leest u waarom.")
    },
    S.INGETROKKEN: {
        LOKET: later("Een aanvraag is ingetrokken."),
        VERWIJZER: later("Een aanvraag van uw organisatie is ingetrokken."),
    },
    S.URGENTIE: {
        LOKET: later("De urgentie van een aanvraag is veranderd."),
        VERWIJZER: later("De urgentie van een aanvraag van uw organisatie is veranderd."),
        CRISISDIENST: later("Een aanvraag heeft nu urgentie crisis."),
    },
    S.VERVOLG: {
        LOKET: later("Er is een vervolgaanvraag gemaakt: voor na een tijdelijke plek is een andere plek nodig."),
        VERWIJZER: later(
            "Er is een vervolgaanvraag gemaakt voor uw organisatie: voor na een tijdelijke plek is een andere"
            " plek nodig."
        ),
    },
    S.OPTIE: {},
    S.OPTIE_VERLENGD: {},
    S.OPTIE_VRIJ: {
        LOKET: later("Een plek die u voor een aanvraag vasthield, is weer vrij. In het loket leest u waarom.")
    },
    S.OPTIE_VERLOPEN: {LOKET: later("Een plek die u voor een aanvraag vasthield, is weer vrij: de tijd was om.")},
    S.VOORSTEL_KLAARGEZET: {},
    S.VOORSTEL_VERZONDEN: {
        AANBIEDER: later("Het loket stelt u voor om een kind te plaatsen. Wilt u antwoorden?"),
        VERWIJZER: later("Het loket heeft voor een aanvraag van uw organisatie een aanbieder gevraagd."),
    },
    S.VOORSTEL_INTERESSE: {LOKET: later("Een aanbieder wil meer weten over een voorstel.")},
    S.VOORSTEL_AKKOORD: {
        LOKET: later("Een aanbieder zegt ja op een voorstel."),
        VERWIJZER: later("Een aanbieder zegt ja op het voorstel voor een aanvraag van uw organisatie."),
    },
    S.VOORSTEL_AFGEWEZEN: {LOKET: later("Een aanbieder zegt nee op een voorstel. In het loket leest u waarom.")},
    S.VOORSTEL_INGETROKKEN: {
        LOKET: later("Een voorstel gaat niet door. In het loket leest u waarom."),
        VERWIJZER: later(
            "Een voorstel voor een aanvraag van uw organisatie gaat niet door. In het loket leest u waarom."
        ),
        AANBIEDER: later("Een voorstel aan u gaat niet door. U hoeft niets meer te doen."),
    },
    S.VOORSTEL_VERVALLEN: {
        LOKET: later("Een voorstel is vervallen: er kwam niet op tijd antwoord. De plek is weer vrij."),
        AANBIEDER: later(
            "Een voorstel aan u is vervallen: het loket kreeg niet op tijd antwoord. De plek is weer vrij."
        ),
    },
    S.TOESTEMMING: {
        LOKET: later("De toestemming voor een voorstel is er."),
        AANBIEDER: later("De toestemming voor een voorstel aan u is er."),
    },
    S.KENNISMAKING: {
        LOKET: later("Er is een kennismaking afgesproken."),
        VERWIJZER: later("Er is een kennismaking afgesproken voor een aanvraag van uw organisatie."),
        AANBIEDER: later("Er is een kennismaking bij u afgesproken."),
    },
    S.DEFINITIEF: {
        LOKET: later("Een plaatsing is definitief."),
        VERWIJZER: later("Een plaatsing voor een aanvraag van uw organisatie is definitief."),
        AANBIEDER: later("Een plaatsing bij u is definitief."),
    },
    S.GEPLAATST: {
        LOKET: later("Er is een kind geplaatst."),
        VERWIJZER: later("Er is een kind geplaatst voor een aanvraag van uw organisatie."),
        AANBIEDER: later("Er is een kind bij u geplaatst."),
    },
    S.BEGONNEN: {
        LOKET: later("Een verblijf is begonnen."),
        VERWIJZER: later("Een verblijf is begonnen voor een aanvraag van uw organisatie."),
        AANBIEDER: later("Een verblijf bij u is begonnen."),
    },
    S.VERLENGD: {
        LOKET: later("Een verblijf duurt langer."),
        VERWIJZER: later("Een verblijf voor een aanvraag van uw organisatie duurt langer."),
        AANBIEDER: later("Een verblijf bij u duurt langer."),
    },
    S.BEEINDIGD: {
        LOKET: later("Een verblijf is beëindigd."),
        VERWIJZER: later("Een verblijf voor een aanvraag van uw organisatie is beëindigd."),
        AANBIEDER: later("Een verblijf bij u is beëindigd."),
    },
    S.AFGEZEGD: {
        LOKET: later("Een plaatsing gaat niet door."),
        VERWIJZER: later("Een plaatsing voor een aanvraag van uw organisatie gaat niet door."),
        AANBIEDER: later("Een plaatsing bij u gaat niet door. De plek is weer vrij."),
    },
    S.ROUTE: {VERWIJZER: later("Voor een aanvraag van uw organisatie is een andere weg gekozen, naast het zoeken.")},
    S.ROUTE_STAP: {VERWIJZER: later("Er is een stap gezet op de andere weg voor een aanvraag van uw organisatie.")},
    S.OPSCHALING: {
        LOKET: later("Een aanvraag is opgeschaald."),
        VERWIJZER: later("Een aanvraag van uw organisatie is opgeschaald."),
    },
    S.OPSCHALING_STAP: {LOKET: later("Er is een stap gezet in een opschaling.")},
    S.OPSCHALING_VRAAG: {AANBIEDER: later("Het loket vraagt wat u nodig hebt om een kind wél te kunnen plaatsen.")},
    S.OPSCHALING_ANTWOORD: {
        LOKET: later("Een aanbieder heeft gezegd wat er nodig is om een kind wél te kunnen plaatsen.")
    },
    S.OPSCHALING_GESLOTEN: {
        LOKET: later("Een opschaling is gesloten."),
        VERWIJZER: later("De opschaling van een aanvraag van uw organisatie is gesloten."),
    },
    S.HERINNERING: {
        AANBIEDER: later("U hebt nog niet geantwoord op een voorstel. Straks is de plek weer vrij. Wilt u antwoorden?"),
        LOKET: later("Een aanbieder heeft nog niet geantwoord op een voorstel."),
    },
    S.ALARM: {
        LOKET: later("Er is een waarschuwing bij een aanvraag: er loopt iets af, of er is nog geen plek."),
        VERWIJZER: later(
            "Er is een waarschuwing bij een aanvraag van uw organisatie: er loopt iets af, of er is nog geen plek."
        ),
    },
    S.AANBIEDER_STOPT: {
        LOKET: later("Een aanbieder stopt, of stopt met een deel van de plekken."),
        CONTRACTBEHEER: later("Een aanbieder stopt, of stopt met een deel van de plekken."),
        AANBIEDER: later("Er is vastgelegd dat u stopt, of stopt met een deel van uw plekken."),
    },
    S.OVERDRACHT: {
        LOKET: later("Voor een kind is een andere plek nodig, omdat een aanbieder stopt."),
        VERWIJZER: later("Voor een kind van uw organisatie is een andere plek nodig, omdat een aanbieder stopt."),
        AANBIEDER: later("Voor een kind dat bij u woont, zoekt het loket een andere plek."),
    },
    S.OPSCHALING_GEVRAAGD: {LOKET: later("Een verwijzer vraagt om een aanvraag op te schalen.")},
    S.OPSCHALING_GEWEIGERD: {
        VERWIJZER: later("Het loket schaalt een aanvraag van uw organisatie niet op. In het loket leest u waarom."),
    },
    S.AANBIEDER_GAAT_DOOR: {
        LOKET: later("Een aanbieder stopt toch niet. De plekken blijven."),
        CONTRACTBEHEER: later("Een aanbieder stopt toch niet. De plekken blijven."),
        AANBIEDER: later("Er is vastgelegd dat u toch niet stopt. Uw plekken blijven."),
    },
    S.PLEK_BLIJFT: {
        LOKET: later("Een plek die voor een aanvraag was losgelaten, blijft toch: de aanbieder stopt niet.")
    },
    S.OVERDRACHT_VERVALT: {
        LOKET: later("Voor een kind is geen andere plek meer nodig: de aanbieder stopt toch niet."),
        VERWIJZER: later(
            "Voor een kind van uw organisatie is geen andere plek meer nodig: de aanbieder stopt toch niet."
        ),
    },
    # Told by a mail of its own, with a link to tap: service/bericht/versheid.py.
    S.BEVESTIGING_GEVRAAGD: {},
}
"""Every soort has a line, also those that nobody is told of."""


def soort(gebeurtenis: S, kring: Kring) -> str:
    """As a row of bericht has it."""
    return f"{gebeurtenis}_{kring}"


START = later(
    " Het verblijf begon op %(dag)s. Stuur uit uw eigen systeem zelf het startbericht, uiterlijk op %(uiterlijk)s."
    " Ons kenmerk: %(referentie)s."
)
STOP = later(
    " Het verblijf eindigde op %(dag)s. Stuur uit uw eigen systeem zelf het stopbericht, uiterlijk op %(uiterlijk)s."
    " Ons kenmerk: %(referentie)s."
)
IJW = {
    soort(S.GEPLAATST, AANBIEDER): START,
    soort(S.BEGONNEN, AANBIEDER): START,
    soort(S.BEEINDIGD, AANBIEDER): STOP,
}
"""What comes after the sentence: the iJw message is the provider's own, and its term is in working days."""

BEVESTIG = str(S.BEVESTIGING_GEVRAAGD)
"""Soort of the mail with a link to answer by, without login: service/bericht/versheid.py."""

ZINNEN: dict[str, str] = {
    soort(gebeurtenis, kring): zin for gebeurtenis, zinnen in MELDINGEN.items() for kring, zin in zinnen.items()
} | {BEVESTIG: later("Kloppen uw vrije plekken nog? Eén tik is genoeg.")}


# ── Telling ──────────────────────────────────────────────────────────────────────────────────────


class Ontvanger(Struct, frozen=True):
    kring: Kring
    gebruiker_id: UUID
    wijze: Wijze | None
    urgentie: Urgentie


GEBEURD = "select soort::text as soort, (gegevens ->> 'plaatsing')::uuid as plaatsing from gebeurtenis where id = $1"

VERBLIJF = "select begonnen_op, beeindigd_op from bezetting where id = $1"

ONTVANGERS = "select kring, gebruiker_id, wijze::text as wijze, urgentie::text as urgentie from ontvangers($1, $2)"

SCHRIJF_BERICHTEN = "select schrijf_berichten($1, $2::uuid[], $3::text[], $4::melding_wijze[], $5::jsonb, $6)"

SCHRIJF_LEVERINGEN = "select schrijf_leveringen($1, $2::text[])"


async def verdeel(conn: Connection, gebeurtenis: UUID, *, now: datetime) -> tuple[int, int]:
    """Tells who must be told, each once however often this runs. How many berichten and leveringen were new."""
    row = await conn.fetchrow(GEBEURD, gebeurtenis)
    if row is None:  # the child was forgotten meanwhile
        return 0, 0
    what = S(row["soort"])
    zinnen = MELDINGEN[what]
    gegevens = await _ijw(conn, what, row["plaatsing"])
    chosen: dict[UUID, tuple[Kring, Wijze]] = {}
    found: list[Ontvanger] = rows_as(await conn.fetch(ONTVANGERS, gebeurtenis, now), Ontvanger)
    for kring in zinnen:
        for one in found:
            wijze = one.wijze or GEWOON.voor(one.urgentie)
            if one.kring is kring and wijze is not Wijze.UIT:
                chosen.setdefault(one.gebruiker_id, (kring, wijze))
    people = sorted(chosen)
    berichten = await conn.fetchval(
        SCHRIJF_BERICHTEN,
        gebeurtenis,
        people,
        [soort(what, chosen[id][0]) for id in people],
        [chosen[id][1] for id in people],
        gegevens,
        now,
    )
    leveringen = await conn.fetchval(SCHRIJF_LEVERINGEN, gebeurtenis, list(zinnen))
    return berichten, leveringen


async def _ijw(conn: Connection, what: S, plaatsing: UUID | None) -> dict[str, str]:
    """For IJW: the day, the last day for the message, and a reference of ours. Nothing when no stay began or ended."""
    row = None if plaatsing is None else await conn.fetchrow(VERBLIJF, plaatsing)
    if row is None or what not in (S.GEPLAATST, S.BEGONNEN, S.BEEINDIGD):
        return {}
    day = row["beeindigd_op"] if what is S.BEEINDIGD else row["begonnen_op"]
    until = bericht_voor(day, await werkregels(conn))
    if day is None or until is None:
        return {}
    return {"dag": dutch.full(day), "uiterlijk": dutch.full(until), "referentie": str(plaatsing)}
