"""Bewaren: how long the loket keeps what, and what it does when the term is over. One function per kind.

Each works on the region of its transaction, which runs for the service itself, and counts by `now`. A term of N days
that begins on day D is over at the beginning of day D + N, in the Netherlands. Valkey only counts requests, and the
solver gets its input through a pipe: nothing of a child is there to forget.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from service.aanvraag import stappen
from service.aanvraag.gebeurtenissen import AanvraagStatus
from service.bericht import berichten, leveringen
from service.days import AMSTERDAM, today
from service.db import Connection, Wie
from service.errors import Kind, Refusal
from service.log import logboek
from service.log.doelen import Doel, Object, Verwerking
from service.log.logboek import Gebeurtenis, Handeling, Spoor
from service.regio import regiokeuzes
from service.taal import later

BATCH = 100
"""Children made anonymous in one transaction."""


def _dagen(least: int, says: str, bron: str) -> Any:
    return Meta(ge=least, le=36_500, description=says, extra={"bron": bron})


OWN = "Voorstel van het loket, bij AVG art. 5 lid 1 onder e; de regio beslist, met het woord van een jurist"


class Bewaartermijnen(Struct, frozen=True, kw_only=True):
    """In days, with where each comes from. A region says otherwise with a row of `instelling` of the same name."""

    bewaar_aanvraag: Annotated[
        int,
        _dagen(
            1,
            later("Na het sluiten van een aanvraag; daarna is zij anoniem."),
            f"{OWN}. De 20 jaar van Jeugdwet art. 7.3.8 geldt voor het dossier van de GI en de aanbieder",
        ),
    ] = 365
    bewaar_plan: Annotated[int, _dagen(1, later("Nadat een plan klaar is."), OWN)] = 90
    bewaar_taak: Annotated[int, _dagen(1, later("Nadat werk op de achtergrond klaar is."), OWN)] = 30
    bewaar_bericht: Annotated[
        int,
        _dagen(1, later("Nadat een mail of een bericht aan een ander systeem is verstuurd, of niet meer lukt."), OWN),
    ] = 90
    bewaar_herhaling: Annotated[int, _dagen(1, later("Antwoorden, voor wie een verzoek opnieuw stuurt."), OWN)] = 2
    bewaar_concept: Annotated[
        int,
        _dagen(
            1, later("Nadat een verwijzer voor het laatst iets invulde van een aanvraag die niet is ingediend."), OWN
        ),
    ] = 14
    bewaar_sessie: Annotated[int, _dagen(1, later("Nadat een sessie voorbij is."), OWN)] = 30
    bewaar_inlogpoging: Annotated[int, _dagen(1, later("Na het begin van het inloggen."), OWN)] = 1
    bewaar_verklaring: Annotated[
        int,
        _dagen(
            1, later("Nadat een verklaring van een koppeling niet meer geldt."), "RFC 7523, paragraaf 3: niet twee keer"
        ),
    ] = 1
    bewaar_logregel: Annotated[
        int, _dagen(1827, later("Van het verzegelen van een regel in het log."), "NEN 7513: ten minste vijf jaar")
    ] = 1827
    bewaar_pseudoniem: Annotated[
        int,
        _dagen(
            0,
            later("Nadat een aanvraag anoniem is: zo lang kan een ouder of kind nog vragen wie er keek."),
            f"{OWN}. Korter dan het log: dan kan niemand dat meer zeggen",
        ),
    ] = 1827
    inzage_na_plaatsing: Annotated[
        int,
        _dagen(
            0,
            later("Na het einde van een plaatsing: zo lang ziet de aanbieder de aanvraag nog."),
            f"{OWN} (?). Drie maanden is genoeg voor overdracht, eindverslag en declaratie; daarna geldt het eigen"
            " dossier van de aanbieder (Jeugdwet art. 7.3.8)",
        ),
    ] = 90
    """Row-level security counts by it, so schema.sql has the same default: geplaatst_hier()."""


async def termijnen(conn: Connection) -> Bewaartermijnen:
    return await regiokeuzes.load(conn, Bewaartermijnen)


def _before(now: datetime, dagen: int) -> datetime:
    """What was over before this moment, has had its term: midnight of the first day that is still kept."""
    first = today(now) - timedelta(days=dagen)
    return datetime.combine(first + timedelta(days=1), datetime.min.time(), AMSTERDAM)


# ── A child ──────────────────────────────────────────────────────────────────────────────────────

FORGET = Handeling("bewaartermijn", Gebeurtenis.VERWIJDER, Object.AANVRAAG, Doel.BEWAREN, Verwerking.BEWAREN)

VOORBIJ = """
select a.id from aanvraag a
where a.regio = huidige_regio() and a.geanonimiseerd_op is null and a.afgesloten_op <= $1
  and not exists (
      select from bezetting b where b.aanvraag_id = a.id and b.soort = 'plaatsing' and b.beeindigd_op is null
        and b.vrijgegeven_op is null)
order by a.afgesloten_op, a.id
limit $2
"""

ANONIMISEER = "select anonimiseer($1, $2, $3, $4)"


async def vergeet(
    conn: Connection, wie: Wie, termijnen: Bewaartermijnen, now: datetime, *, spoor: Spoor, most: int
) -> int:
    """Makes up to `most` aanvragen anonymous that were closed so long ago, each with a line in the log. Never one that
    is open, however old: of that one termijnen.alarmen tells."""
    last = today(now) - timedelta(days=termijnen.bewaar_aanvraag)
    ids = [row["id"] for row in await conn.fetch(VOORBIJ, last, most)]
    for id in ids:
        await conn.execute(ANONIMISEER, id, now, "termijn", None)
    await logboek.schrijf(conn, wie, FORGET, ids, now=now, spoor=spoor)
    return len(ids)


STAAT = """
select a.afgesloten_op is not null as gesloten, a.geanonimiseerd_op is not null as anoniem,
       exists (select from bezetting b
               where b.aanvraag_id = a.id and b.soort = 'plaatsing' and b.beeindigd_op is null
                 and b.vrijgegeven_op is null) as woont
from aanvraag a where a.id = $1 for no key update of a
"""


async def wis(conn: Connection, id: UUID, reden: str, now: datetime, *, sluit: bool = False) -> None:
    """At once, because somebody asks: the same as `vergeet`, with the reason. `sluit`: close an open aanvraag first.

    Refuses NOT_FOUND, and CONFLICT while it is open or the child still lives somewhere by it.
    """
    row = await conn.fetchrow(STAAT, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "Deze aanvraag bestaat niet (meer).")
    if row["anoniem"]:
        raise Refusal(Kind.CONFLICT, "Deze aanvraag is al anoniem: er is niets meer te verwijderen.")
    if row["woont"]:
        raise Refusal(Kind.CONFLICT, "Bij deze aanvraag loopt nog een plaatsing. Beëindig die eerst.")
    if not row["gesloten"]:
        if not sluit:
            raise Refusal(
                Kind.CONFLICT,
                "Deze aanvraag is nog open: er wordt een plek gezocht. Trek haar eerst in, of geef --sluit mee.",
            )
        await stappen.sluit(conn, id, AanvraagStatus.INGETROKKEN, reden, now=now)
    await conn.execute(ANONIMISEER, id, now, "verzoek", reden)


# ── All else ─────────────────────────────────────────────────────────────────────────────────────

RUIM_OP = "select ruim_op($1, $2)"


async def ruim_plannen(conn: Connection, termijnen: Bewaartermijnen, now: datetime) -> int:
    return await _clear(conn, "plannen", _before(now, termijnen.bewaar_plan))


async def ruim_taken(conn: Connection, termijnen: Bewaartermijnen, now: datetime) -> int:
    return await _clear(conn, "taken", _before(now, termijnen.bewaar_taak))


async def ruim_berichten(conn: Connection, termijnen: Bewaartermijnen, now: datetime) -> int:
    """Mails, and what other systems were told."""
    before = _before(now, termijnen.bewaar_bericht)
    return await berichten.wis(conn, before) + await leveringen.wis(conn, before)


async def ruim_herhalingen(conn: Connection, termijnen: Bewaartermijnen, now: datetime) -> int:
    return await _clear(conn, "herhalingen", _before(now, termijnen.bewaar_herhaling))


async def ruim_concepten(conn: Connection, termijnen: Bewaartermijnen, now: datetime) -> int:
    return await _clear(conn, "concepten", _before(now, termijnen.bewaar_concept))


async def ruim_sessies(conn: Connection, termijnen: Bewaartermijnen, now: datetime) -> int:
    return await _clear(conn, "sessies", _before(now, termijnen.bewaar_sessie))


async def ruim_pseudoniemen(conn: Connection, termijnen: Bewaartermijnen, now: datetime) -> int:
    """Of anonymous aanvragen: from now on nobody can tell whom their lines in the log are about."""
    return await _clear(conn, "pseudoniemen", _before(now, termijnen.bewaar_pseudoniem))


async def ruim_inlogpogingen(conn: Connection, termijnen: Bewaartermijnen, now: datetime) -> int:
    """Of any region: a login under way is nobody's yet."""
    return await _clear(conn, "inlogpogingen", _before(now, termijnen.bewaar_inlogpoging))


async def ruim_verklaringen(conn: Connection, termijnen: Bewaartermijnen, now: datetime) -> int:
    """Of any region; what has expired is refused for that."""
    return await _clear(conn, "verklaringen", _before(now, termijnen.bewaar_verklaring))


async def _clear(conn: Connection, soort: str, before: datetime) -> int:
    found: int = await conn.fetchval(RUIM_OP, soort, before)
    return found


WIS_LOGREGELS = "select wis_logregels($1, $2, $3)"


async def ruim_logregels(conn: Connection, termijnen: Bewaartermijnen, now: datetime) -> int:
    """The chain keeps their hashes, and says that they went after their term: so many times 24 hours."""
    before = now - timedelta(days=termijnen.bewaar_logregel)
    found: int = await conn.fetchval(WIS_LOGREGELS, before, termijnen.bewaar_logregel, now)
    return found


OPRUIMEN = (
    ruim_plannen,
    ruim_taken,
    ruim_berichten,
    ruim_herhalingen,
    ruim_concepten,
    ruim_sessies,
    ruim_inlogpogingen,
    ruim_verklaringen,
    ruim_pseudoniemen,
    ruim_logregels,
)
"""In any order, except that children go first (`vergeet`)."""
