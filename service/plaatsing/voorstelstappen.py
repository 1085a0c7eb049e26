"""The steps of a voorstel: each one function in one transaction. Which follows on which: voorstellen.STAPPEN.

A bundle (brothers and sisters) takes each step together: an answer those at one aanbieder, all else the whole bundle.
The optie under a voorstel follows it (volg_voorstel): it holds as long as there is something to wait for. What a step
is made of: voorstelstap.py; sending one: verzenden.py.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from service.aanvraag import stappen, termijnen
from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.days import midnight_after, today
from service.db import Connection, Rol, Wie
from service.dutch import listing
from service.errors import FieldError, Kind, Refusal
from service.fields import herkenbare, refuse
from service.plaatsing import plaatsingen, plekregels
from service.plaatsing.opties import Toewijzing
from service.plaatsing.plekregels import Plaats
from service.plaatsing.samen import check_bundel, check_whole
from service.plaatsing.vergrendel import vergrendel
from service.plaatsing.verzenden import check, verzend, wek
from service.plaatsing.voorstellen import (
    LEVEND,
    STAP,
    STAPPEN,
    STATUS,
    Voorstel,
    VoorstelStap,
    VoorstelStatus,
    several,
)
from service.plaatsing.voorstelstap import Context, NieuweVoorstelStap, errors, record, volg
from service.rang import matches
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller
from service.regio.werkregels import werkregels
from service.taal import gettext
from service.urgentie import Urgentie

GROEP = """
select v.id, v.plek_id, v.aanvraag_id
from voorstel v, voorstel een
where een.id = $1
  and (v.id = een.id
       or v.bundel_id = een.bundel_id and (v.aanbieder_id = een.aanbieder_id or not $2)
          and (v.status = 'concept' or is_levend(v.status)))
"""

APART = frozenset({VoorstelStap.INTERESSE, VoorstelStap.AKKOORD, VoorstelStap.WIJS_AF})
"""Each aanbieder answers for itself."""

URGENTIES = """
select v.aanvraag_id, coalesce(a.urgentie::text, voorstel_vraag(v.id) ->> 'urgentie') as urgentie
from voorstel v left join aanvraag a on a.id = v.aanvraag_id
where v.id = any ($1)
"""


async def doe(
    conn: Connection,
    snapshots: Snapshots,
    travel: Traveller,
    id: UUID,
    nieuw: NieuweVoorstelStap,
    *,
    wie: Wie,
    now: datetime,
) -> list[Voorstel]:
    """One step of a voorstel and of those in its bundle; `id` comes first. Refuses NOT_FOUND; INVALID what is missing;
    CONFLICT with what is possible now."""
    rows = await conn.fetch(GROEP, id, nieuw.stap in APART)
    if not rows:
        raise Refusal(Kind.NOT_FOUND, gettext("Dit voorstel bestaat niet (meer)."))
    ids = [row["id"] for row in rows]
    # Who comes too late hears so at once, and does not wait for its turn or for a rangschikking to hear it.
    groep = await several(conn, ids, wie.rol)
    for one in groep:
        _check_kan(one, nieuw.stap, wie.rol, now)
    refuse([*errors(nieuw, wie.rol, today(now)), *herkenbare(nieuw)])
    rangen = {}
    if nieuw.stap is VoorstelStap.VERZEND:
        await check(conn, groep, await werkregels(conn, voorstel=id), now)
        for one in groep:
            rangen[one.aanvraag_id] = await matches.rangen(conn, snapshots, travel, wie, one.aanvraag_id, now)
    await vergrendel(
        conn,
        now=now,
        plekken=[row["plek_id"] for row in rows],
        aanvragen=[row["aanvraag_id"] for row in rows],
        voorstellen=ids,
    )
    await check_bundel(conn, id)
    groep = await several(conn, ids, wie.rol)
    for one in groep:
        _check_kan(one, nieuw.stap, wie.rol, now)
    c = Context(
        conn=conn,
        wie=wie,
        now=now,
        rules=await werkregels(conn, voorstel=id),
        travel=travel,
        nieuw=nieuw,
        groep=groep,
        urgentie={row["aanvraag_id"]: Urgentie(row["urgentie"]) for row in await conn.fetch(URGENTIES, ids)},
        rangen=rangen,
    )
    match nieuw.stap:
        case VoorstelStap.VERZEND:
            await verzend(c)
        case VoorstelStap.INTERESSE:
            await _interesse(c)
        case VoorstelStap.AKKOORD:
            await _akkoord(c)
        case VoorstelStap.TOESTEMMING:
            await _toestemming(c)
        case VoorstelStap.KENNISMAKING:
            await _kennismaking(c)
        case VoorstelStap.MAAK_DEFINITIEF:
            await _maak_definitief(c)
        case VoorstelStap.WIJS_AF:
            await _wijs_af(c)
        case VoorstelStap.TREK_IN:
            await _trek_in(c)
    return sorted(await several(conn, ids, wie.rol), key=lambda one: one.id != id)


def _check_kan(one: Voorstel, stap: VoorstelStap, rol: Rol, now: datetime) -> None:
    if stap not in one.kan:
        instead = (
            gettext("Wat nu wel kan: %(lijst)s.", lijst=listing([gettext(STAP[able]) for able in one.kan]))
            if one.kan
            else gettext("Er kan nu niets mee.")
        )
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Dit kan nu niet, of niet met uw rol: %(stap)s. De status van het voorstel is: %(status)s. %(instead)s",
                stap=gettext(STAP[stap]),
                status=gettext(STATUS[one.status]),
                instead=instead,
            ),
        )
    if one.status in LEVEND and one.antwoord_voor and one.antwoord_voor <= now and stap is not VoorstelStap.TREK_IN:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "De tijd van dit voorstel is voorbij: de plek is niet meer vastgehouden. Wat nu wel kan: een nieuw"
                " voorstel, als de plek nog vrij is."
            ),
        )


# ── Answered ─────────────────────────────────────────────────────────────────────────────────────

ZET = """
update voorstel
set status = $2, antwoord_voor = greatest(antwoord_voor, $3), versie = versie + 1,
    herinnerd_op = case when $2::voorstel_status = 'interesse' and antwoord_voor < $3 then null else herinnerd_op end
where id = $1
"""


async def _zet(c: Context, one: Voorstel, until: datetime | None = None) -> None:
    """The status of this step, and the plek held until then at least."""
    await c.conn.execute(ZET, one.id, STAPPEN[c.nieuw.stap].naar, until)
    await volg(c, one)


async def _interesse(c: Context) -> None:
    """The provider wants to know more, and gets the term anew for that, with a reminder of its own."""
    until = c.now + timedelta(hours=c.rules.antwoord_uren.voor(c.urgent()))
    for one in c.groep:
        await _zet(c, one, until)
        await record(c, one, GebeurtenisSoort.VOORSTEL_INTERESSE, gegevens={"antwoordVoor": until})
    await wek(c, until)


BESLUIT = """
insert into besluit (regio, aanvraag_id, voorziening_id, uitkomst, reden, later_vanaf, toelichting, op)
select v.regio, v.aanvraag_id, v.voorziening_id, $2, $3, $4, $5, $6 from voorstel v where v.id = $1
"""

BEANTWOORD = "update voorstel set beantwoord_op = $2, versie = versie + 1 where id = $1"


async def _akkoord(c: Context) -> None:
    """The provider's yes. The plek is held as long as toestemming and kennismaking may take."""
    until = c.now + timedelta(days=c.rules.akkoord_dagen.voor(c.urgent()))
    for one in c.groep:
        await c.conn.execute(BESLUIT, one.id, "geaccepteerd", None, None, None, c.now)
        await _zet(c, one, until)
        await c.conn.execute(BEANTWOORD, one.id, c.now)
        await record(c, one, GebeurtenisSoort.VOORSTEL_AKKOORD, reden=c.nieuw.reden)


EINDE = "update voorstel set status = $2, klaar_op = $3, versie = versie + 1 where id = $1"


async def _wijs_af(c: Context) -> None:
    """No, with a code: what comes of that for the next question, geldende_afwijzingen() says."""
    code = c.nieuw.afwijsreden
    assert code is not None
    for one in c.groep:
        await c.conn.execute(BESLUIT, one.id, "afgewezen", code, c.nieuw.later_vanaf, c.nieuw.reden, c.now)
        if one.beantwoord_op is None:
            await c.conn.execute(BEANTWOORD, one.id, c.now)
        await c.conn.execute(EINDE, one.id, VoorstelStatus.AFGEWEZEN, c.now)
        await volg(c, one)
        await record(
            c,
            one,
            GebeurtenisSoort.VOORSTEL_AFGEWEZEN,
            reden=c.nieuw.reden,
            gegevens={"afwijsreden": code, "laterVanaf": c.nieuw.later_vanaf},
        )


async def _trek_in(c: Context) -> None:
    for one in c.groep:
        await c.conn.execute(EINDE, one.id, VoorstelStatus.INGETROKKEN, c.now)
        await volg(c, one)
        await record(c, one, GebeurtenisSoort.VOORSTEL_INGETROKKEN, reden=c.nieuw.reden)


# ── Towards definitive ───────────────────────────────────────────────────────────────────────────

SOORT = "select zorgvorm, gesloten from voorziening where id = $1"


async def _toestemming(c: Context) -> None:
    """Everybody who must give it, has; what was recorded with the aanvraag says so. Refuses CONFLICT with who not."""
    for one in c.groep:
        row = await c.conn.fetchrow(SOORT, one.voorziening_id)
        assert row is not None
        missing = await termijnen.mist_voor_definitief(
            c.conn, one.aanvraag_id, max(one.van, today(c.now)), row["zorgvorm"], gesloten=row["gesloten"]
        )
        says = [sentence for pointer, sentence in missing if pointer == "/toestemmingen"]
        if says:
            raise Refusal(
                Kind.CONFLICT,
                gettext(
                    "Nog niet iedereen geeft toestemming. %(says)s Wat nu wel kan: leg de toestemming vast bij de"
                    " aanvraag, of wijs dit voorstel af.",
                    says=" ".join(says),
                ),
                tuple(FieldError("/toestemmingen", "ontbreekt", sentence) for sentence in says),
            )
    for one in c.groep:
        await _zet(c, one)
        await record(c, one, GebeurtenisSoort.TOESTEMMING, reden=c.nieuw.reden)


KENNISMAKING = "update voorstel set kennismaking_op = $2, versie = versie + 1 where id = $1"


async def _kennismaking(c: Context) -> None:
    """When they meet or met; until some days after it the plek is held. Refuses INVALID for a day too far off."""
    op = c.nieuw.kennismaking_op
    assert op is not None
    most = today(c.now) + timedelta(days=c.rules.akkoord_dagen.voor(c.urgent()))
    sent = min(today(one.verzonden_op) for one in c.groep if one.verzonden_op)
    if not sent <= op <= most:
        wrong = gettext(
            "Geef een dag tussen %(sent)s en %(most)s: zo lang houdt het loket de plek vast.", sent=sent, most=most
        )
        refuse([FieldError("/kennismakingOp", "waarde", wrong)])
    until = midnight_after(c.now) + timedelta(days=(op - today(c.now)).days + c.rules.na_kennismaking_dagen)
    for one in c.groep:
        await c.conn.execute(KENNISMAKING, one.id, op)
        await _zet(c, one, until)
        await record(c, one, GebeurtenisSoort.KENNISMAKING, reden=c.nieuw.reden, gegevens={"op": op})


DEFINITIEF = """
update voorstel v
set status = 'definitief', klaar_op = $2, versie = v.versie + 1, overbrugging = z.zorgvorm = any ($3)
from voorziening z
where v.id = $1 and z.id = v.voorziening_id
"""

ANDERE_PLEK = "Er is een andere plek definitief."


async def _maak_definitief(c: Context) -> None:
    """The optie becomes a plaatsing, and everything else of the aanvraag is free and told so. Refuses CONFLICT with all
    that the law still asks (plaatsingen.plaats_definitief), INVALID when nobody says why there was no kennismaking."""
    dag = today(c.now)
    # Somebody may have joined them since it was sent.
    await check_whole(c.conn, [Toewijzing(aanvraag_id=one.aanvraag_id, plek_id=one.plek_id) for one in c.groep])
    for one in c.groep:
        crisis = c.urgentie[one.aanvraag_id] is Urgentie.CRISIS
        if one.status is not VoorstelStatus.KENNISMAKING and not crisis and c.nieuw.reden is None:
            wrong = gettext(
                "Er was nog geen kennismaking. Schrijf waarom dat hier niet hoeft, of leg de kennismaking vast."
            )
            refuse([FieldError("/reden", "verplicht", wrong)])
        if one.kennismaking_op is not None and one.kennismaking_op > dag:
            raise Refusal(
                Kind.CONFLICT,
                gettext(
                    "De kennismaking is pas op %(kennismaking_op)s. Wat nu wel kan: wacht tot dan, of leg een"
                    " eerdere dag vast.",
                    kennismaking_op=one.kennismaking_op,
                ),
            )
    for one in c.groep:
        if one.tot is not None and one.tot <= dag:
            raise Refusal(
                Kind.CONFLICT,
                gettext(
                    "Dit voorstel ging over een verblijf tot %(tot)s, en die dag is geweest. Wat nu wel kan: trek"
                    " het in, en doe een nieuw voorstel.",
                    tot=one.tot,
                ),
            )
    # What protects a child may have become known since it was sent.
    await plekregels.keur(
        c.conn,
        c.travel,
        [
            Plaats(aanvraag_id=one.aanvraag_id, plek_id=one.plek_id, van=max(one.van, dag), tot=one.tot)
            for one in c.groep
        ],
        wie=c.wie,
        afwijking=None,
        now=c.now,
        alleen=plekregels.BLIJVEND,
    )
    for one in c.groep:
        await c.conn.execute(DEFINITIEF, one.id, c.now, list(c.rules.overbrugging_zorgvormen))
        made = await plaatsingen.plaats_definitief(
            c.conn, one.plek_id, one.aanvraag_id, max(one.van, dag), one.tot, now=c.now, voorstel_id=one.id
        )
        if made.overbrugging:
            continue  # where the child waits; what was held and proposed for it goes on
        await stappen.laat_los(c.conn, one.aanvraag_id, ANDERE_PLEK, now=c.now, behalve=one.id)
