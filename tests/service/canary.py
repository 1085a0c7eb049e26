"""A child whose every field is unlike any other, so that one can see where it stands.

Later features put their own rows of it here: then privacy/test_bewaren.py looks whether those are forgotten too.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from service.aanvraag import gebeurtenissen, grondslagen, uitsluitingen
from service.db import SYSTEM, Connection
from service.plaatsing import beeindigingen
from service.urgentie import Urgentie
from tests import make, search

TOKENS = (
    "KANARIE-KENMERK", "kanarie_urgentie", "kanarie_zorgvorm", "kanarie_geprobeerd", "kanarie_mening",
    "kanarie_praktisch", "kanarie_splitsing", "kanarie_toestemming", "kanarie_toelichting", "kanarie_keuze",
    "kanarie_regel", "kanarie_antwoord", "9991", "9992", "9993", "9994", "kanarie_gedrag", "kanarie_nodig",
    "kanarie_medisch", "kanarie_school", "kanarie_voorstel", "kanarie_afwijking", "kanarie_contact", "kanarie_route",
    "kanarie_reden", "kanarie_waarom", "kanarie_uitkomst", "kanarie_dossier", "kanarie_zegt", "kanarie_gebeld",
    "kanarie_gebeurd", "kanarie_verzoek", "kanarie_geweigerd",
)  # fmt: skip
"""The codes are codes of the region, so that only the code lists may still name them."""

CODES = {
    "kenmerk": "kanarie_gedrag",
    "ondersteuning": "kanarie_nodig",
    "medisch": "kanarie_medisch",
    "onderwijs": "kanarie_school",
}

LISTS = ("kenmerkcode", "postcodegebied")
"""Tables that name the codes and postcodes themselves."""

GEVRAAGD = """
insert into opschalingsverzoek (regio, aanvraag_id, aanleiding, toelichting, gevraagd_op, gevraagd_door)
values (huidige_regio(), $1, 'geen_plek', 'kanarie_verzoek', $2, $3)
"""

PLAN = """
insert into plan (regio, gebruiker_id, seconden, zaad, behoud, status, conflicten, klaar_op)
values (huidige_regio(), $1, 30, 0, 0.1, 'klaar',
        jsonb_build_array(jsonb_build_object('regel', 'samen', 'aanvragen', jsonb_build_array($2::text))), $3)
returning id
"""


async def codes(owner: Connection) -> None:
    await owner.executemany(
        "insert into kenmerkcode (regio, lijst, code, naam) values ('gooi-en-vechtstreek', $1, $2, 'Kanarie')",
        list(CODES.items()),
    )
    await owner.execute(
        "insert into postcodegebied (pc4, plaats, lat, lon, herkomst)"
        " select pc4, 'Nergens', 52, 5, 'exact' from unnest('{9991,9992,9993,9994}'::text[]) pc4 on conflict do nothing"
    )


async def child(conn: Connection, *, kenmerk: str = "KANARIE-KENMERK") -> UUID:
    """Id of an open aanvraag, in a transaction of the schakelfunctionaris; see `surround` for what stands around it."""
    gi = await make.organisatie(conn)
    samen = await make.samenplaatsing(conn, organisatie_id=gi, mag_splitsen=True, splitsreden="kanarie_splitsing")
    aanvraag = await make.aanvraag(
        conn,
        organisatie_id=gi,
        kenmerk=kenmerk,
        samenplaatsing_id=samen.id,
        urgentie=Urgentie.SPOED,
        urgentie_reden="kanarie_urgentie",
        leeftijd_maanden=151,
        pc4="9991",
        school_pc4="9992",
        netwerk_pc4="9993",
        zorgvormen=["gezinshuis", "residentieel"],
        zorgvorm_reden="kanarie_zorgvorm",
        eerder_geprobeerd="kanarie_geprobeerd",
        mening_jeugdige="kanarie_mening",
        praktisch="kanarie_praktisch",
        kenmerken=["kanarie_gedrag"],
        ondersteuning=["kanarie_nodig"],
        medisch=["kanarie_medisch"],
        onderwijs="kanarie_school",
        rolstoel=True,
        maximale_reistijd=47,
        grondslagen=[
            grondslagen.Grondslag(
                soort=grondslagen.GrondslagSoort.BEPALING_GI,
                status=grondslagen.GrondslagStatus.VERLEEND,
                datum=make.day(-3),
            )
        ],
        machtigingen=[
            grondslagen.Machtiging(
                soort=grondslagen.MachtigingSoort.OPEN,
                zorgvormen=["gezinshuis"],
                geldig_van=make.day(-3),
                geldig_tot=make.day(90),
            )
        ],
        toestemmingen=[
            grondslagen.Toestemming(
                persoon=persoon,
                status=grondslagen.ToestemmingStatus.NIET_VEREIST,
                reden="kanarie_toestemming",
                datum=make.day(-2),
            )
            for persoon in (grondslagen.ToestemmingPersoon.VOOGD, grondslagen.ToestemmingPersoon.JEUGDIGE)
        ],
        uitsluitingen=[
            uitsluitingen.Uitsluiting(soort=uitsluitingen.UitsluitingSoort.GEBIED, pc4="9994", straal_km=3.0)
        ],
        now=make.NOW - timedelta(days=20),
    )
    return aanvraag.id


async def surround(conn: Connection, id: UUID) -> UUID:
    """Everything that a child can have around it: a declined besluit, an optie, plannen that name it, an answer that is
    kept. Returns the id of its plaatsing, that began yesterday."""
    plek = await make.plek(conn)
    later = await make.plek(conn)
    await conn.execute(
        "insert into besluit (regio, aanvraag_id, voorziening_id, uitkomst, reden, toelichting, op)"
        " values (huidige_regio(), $1, $2, 'afgewezen', 'anders', 'kanarie_toelichting', $3)",
        id,
        later.voorziening_id,
        make.NOW - timedelta(days=9),
    )
    await asked(conn, id, later.id)
    stay = await make.plaatsing(conn, plek_id=plek.id, aanvraag_id=id, van=make.day(-1), tot=make.day(60))
    stopt = beeindigingen.NieuweBeeindiging(
        aanbieder_id=plek.aanbieder_id, per=make.day(50), reden=beeindigingen.BeeindigingReden.CONTRACT
    )
    await beeindigingen.add(conn, stopt, now=make.NOW)
    return stay.id


async def asked(conn: Connection, id: UUID, plek_id: UUID) -> None:
    """What was tried for it: a voorstel that was declined, a route, an opschaling, a call; and what happened."""
    at = make.NOW - timedelta(days=10)
    await conn.execute(
        "insert into voorstel (regio, aanbod_regio, aanvraag_id, aanbieder_id, voorziening_id, plek_id, status, van,"
        " toelichting, afwijking, contactplan, verzonden_op, beantwoord_op, klaar_op, antwoord_voor)"
        " select p.regio, p.regio, $1, p.aanbieder_id, p.voorziening_id, p.id, 'afgewezen', $3, 'kanarie_voorstel',"
        " 'kanarie_afwijking', 'kanarie_contact', $4, $4, $4, $4 from plek p where p.id = $2",
        id, plek_id, make.day(-5), at,
    )  # fmt: skip
    await conn.execute(
        "insert into voorstel_keuze (voorstel_id, regio, aanvraag_id, aanbieder_id, voorziening_id, rang, reden)"
        " select v.id, v.regio, $1, v.aanbieder_id, v.voorziening_id, 1, 'andere_reden' from voorstel v"
        " where v.aanvraag_id = $1",
        id,
    )
    await conn.execute(
        "insert into route (regio, aanvraag_id, soort, staat, details, termijn, begonnen_op, klaar_op, reden)"
        " values (huidige_regio(), $1, 'pgb', 'niet_geslaagd', $2, $3, $4, $4, 'kanarie_reden')",
        id, {"soort": "pgb", "toelichting": "kanarie_route"}, make.TODAY, at,
    )  # fmt: skip
    opschaling = await conn.fetchval(
        "insert into opschaling (regio, aanvraag_id, aanleiding, tafel, eigenaar_id, termijn, waarom, geopend_op,"
        " uitkomst, toelichting, gesloten_op)"
        " values (huidige_regio(), $1, 'geen_plek', 'doorbraaktafel', $2, $3, 'kanarie_waarom', $4, 'anders',"
        " 'kanarie_uitkomst', $4) returning id",
        id, SYSTEM, make.TODAY, at,
    )  # fmt: skip
    gi = await conn.fetchval("select organisatie_id::text from aanvraag where id = $1", id)
    async with make.as_rol(conn, "verwijzer"):
        await conn.execute("select set_config('loket.organisatie', $1, true)", gi)
        await conn.execute(GEVRAAGD, id, at, SYSTEM)
        await conn.execute("select set_config('loket.organisatie', '', true)")
    await conn.execute(
        "update opschalingsverzoek set geweigerd = 'kanarie_geweigerd', beantwoord_op = $2, beantwoord_door = $3"
        " where aanvraag_id = $1", id, at, SYSTEM
    )  # fmt: skip
    await conn.execute(
        "insert into opschaling_dossier (opschaling_id, regio, aanvraag_id, inhoud)"
        " values ($2, huidige_regio(), $1, $3)", id, opschaling, {"regels": ["kanarie_dossier"]}
    )  # fmt: skip
    await conn.execute(
        "insert into opschaling_vraag (regio, aanbod_regio, opschaling_id, aanvraag_id, aanbieder_id, voorziening_id,"
        " regels, gesteld_op, antwoord_voor, nodig, toelichting, beantwoord_op, beantwoord_door)"
        " select p.regio, p.regio, $3, $1, p.aanbieder_id, p.voorziening_id, '{leeftijd}', $4, $5, 'anders',"
        " 'kanarie_zegt', $4, $6 from plek p where p.id = $2",
        id, plek_id, opschaling, at, make.TODAY, SYSTEM,
    )  # fmt: skip
    await conn.execute(
        "insert into telefoongesprek (regio, aanvraag_id, voorziening_id, gebeld_op, gebruiker_id, met)"
        " select p.regio, $1, p.voorziening_id, $3, $4, 'kanarie_gebeld' from plek p where p.id = $2",
        id, plek_id, at, SYSTEM,
    )  # fmt: skip
    await gebeurtenissen.record(conn, id, gebeurtenissen.GebeurtenisSoort.HERINNERING, now=at, reden="kanarie_gebeurd")


async def name(conn: Connection, id: UUID, other: UUID) -> None:
    """Plannen, an answer and a taak that name the child; `other` is an aanvraag beside it in the plan."""
    voorziening = (await make.voorziening(conn)).id
    plan = await conn.fetchval(PLAN, SYSTEM, str(id), make.NOW)
    await conn.execute(
        "insert into plan_keuze (regio, plan_id, aanvraag_id, soort, voorziening_id, reden)"
        " values (huidige_regio(), $1, $2, 'verboden', $3, 'kanarie_keuze')", plan, id, voorziening
    )  # fmt: skip
    await conn.execute(
        "insert into plan_regel (plan_id, aanvraag_id, regio, vast, reden)"
        " values ($1, $2, huidige_regio(), true, 'kanarie_regel')", plan, id
    )  # fmt: skip
    await conn.execute(
        "insert into plan_prijs (plan_id, aanvraag_id, voorziening_id, regio, minstens, verliezers)"
        " values ($1, $2, $4, huidige_regio(), '[]', '{}'), ($1, $3, $4, huidige_regio(), '[]', array[$2])",
        plan, id, other, voorziening,
    )  # fmt: skip
    await conn.execute(
        "insert into herhaling (regio, gebruiker_id, sleutel, verzoek_hash, status, koppen, antwoord, betrokkenen)"
        " values (huidige_regio(), huidige_gebruiker(), 'een', '\\x00', 201, '{}', $1, array[$2::uuid])",
        b'{"mening": "kanarie_antwoord"}', id,
    )  # fmt: skip
    await conn.execute(
        "insert into taak (regio, soort, sleutel, gegevens) values (huidige_regio(), 'plan', 'kanarie', $1)",
        {"aanvraag": str(id)},
    )


async def found(owner: Connection, tokens: tuple[str, ...] = TOKENS) -> set[tuple[str, str]]:
    """(table, token) of every row of every table that holds a token, in whatever column, in text or in bytes."""
    tables = await search.rows(owner, but=LISTS)
    return {
        (table, token) for table, rows in tables.items() for token in tokens if search.stands(token, "\n".join(rows))
    }
