"""The steps of a voorstel: each one function in one transaction. Which follows on which: voorstellen.STAPPEN.

A bundle (brothers and sisters) takes each step together: an answer those at one aanbieder, all else the whole bundle.
The optie under a voorstel follows it (volg_voorstel): it holds as long as there is something to wait for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import asyncpg
from msgspec import Meta, Struct

from service.aanvraag import gebeurtenissen, stappen, termijnen
from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.aanvraag.stappen import Reden
from service.days import midnight_after, today
from service.db import Connection, Rol, Wie
from service.dutch import listing
from service.errors import FieldError, Kind, Refusal
from service.fields import herkenbare, refuse
from service.plaatsing import opties, plaatsingen, plekregels, voorstelkeuzes
from service.plaatsing.opties import Toewijzing, Vrager
from service.plaatsing.plekregels import Plaats
from service.plaatsing.samen import check_apart, check_bundel, check_whole
from service.plaatsing.vergrendel import vergrendel
from service.plaatsing.voorstelkeuzes import VANZELF, KeuzeReden
from service.plaatsing.voorstellen import LEVEND, STAPPEN, Voorstel, VoorstelStap, VoorstelStatus, several
from service.rang import matches
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller
from service.regio.werkregels import Werkregels, werkregels
from service.urgentie import Urgentie


class Afwijsreden(StrEnum):
    """As type `afwijsreden` in schema.sql; geldende_afwijzingen() says how long each keeps the place away."""

    AANBIEDER_WEIGERT = "aanbieder_weigert"
    JEUGDIGE_NIET_GESCHIKT = "jeugdige_niet_geschikt"
    LATER_VANAF = "later_vanaf"
    GROEPSMIX = "groepsmix"
    GEEN_PERSONEEL = "geen_personeel"
    AFSTAND = "afstand"
    OUDER_OF_JEUGDIGE_ZEGT_NEE = "ouder_of_jeugdige_zegt_nee"
    ANDERS = "anders"


class NieuweVoorstelStap(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    stap: VoorstelStap
    reden: (
        Annotated[
            Reden,
            Meta(description="Verplicht bij trek_in, bij afwijsreden anders, en bij definitief zonder kennismaking."),
        ]
        | None
    ) = None
    afwijsreden: Annotated[Afwijsreden | None, Meta(description="Bij wijs_af.")] = None
    later_vanaf: Annotated[date | None, Meta(description="Bij afwijsreden later_vanaf: vanaf welke dag wel.")] = None
    kennismaking_op: Annotated[date | None, Meta(description="Bij kennismaking: wanneer die is of was.")] = None
    keuzereden: Annotated[
        KeuzeReden | None,
        Meta(description="Bij verzend: waarom niet de plekken die hoger staan. Leeg telt als niet gezegd."),
    ] = None


class Context(Struct, frozen=True, eq=False):
    """What every step has."""

    conn: Connection
    wie: Wie
    now: datetime
    rules: Werkregels
    travel: Traveller
    nieuw: NieuweVoorstelStap
    groep: list[Voorstel]
    """Who takes the step together, locked."""
    urgentie: dict[UUID, Urgentie]
    """Per aanvraag, for whoever may see it; of a child that a provider does not see, the voorstel says it."""
    rangen: dict[UUID, dict[UUID, int]]
    """Per aanvraag the place of each voorziening; only when it is sent."""

    def urgent(self) -> Urgentie:
        """The most urgent of them: they wait for one answer."""
        return min((self.urgentie[one.aanvraag_id] for one in self.groep), key=stappen.HOOG.index)


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
        raise Refusal(Kind.NOT_FOUND, "Dit voorstel bestaat niet (meer).")
    ids = [row["id"] for row in rows]
    # Who comes too late hears so at once, and does not wait for its turn to hear it.
    for one in await several(conn, ids, wie.rol):
        _check_kan(one, nieuw.stap, wie.rol, now)
    sends = nieuw.stap is VoorstelStap.VERZEND
    rangen = (
        {
            row["aanvraag_id"]: await matches.rangen(conn, snapshots, travel, wie, row["aanvraag_id"], now)
            for row in rows
        }
        if sends
        else {}
    )
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
    refuse([*_errors(nieuw, wie.rol, today(now)), *herkenbare(nieuw)])
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
            await _verzend(c)
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
        instead = f"Wat nu wel kan: {listing([str(able) for able in one.kan])}." if one.kan else "Er kan nu niets mee."
        raise Refusal(Kind.CONFLICT, f"Dit voorstel is {one.status}; {stap} kan dan niet met uw rol. {instead}")
    if one.status in LEVEND and one.antwoord_voor and one.antwoord_voor <= now and stap is not VoorstelStap.TREK_IN:
        raise Refusal(
            Kind.CONFLICT,
            "De tijd van dit voorstel is voorbij: de plek is niet meer vastgehouden. Wat nu wel kan: een nieuw"
            " voorstel, als de plek nog vrij is.",
        )


def _errors(nieuw: NieuweVoorstelStap, rol: Rol, dag: date) -> list[FieldError]:
    found = []
    needs = {
        "afwijsreden": nieuw.stap is VoorstelStap.WIJS_AF,
        "later_vanaf": nieuw.afwijsreden is Afwijsreden.LATER_VANAF,
        "kennismaking_op": nieuw.stap is VoorstelStap.KENNISMAKING,
    }
    for field, wanted in needs.items():
        name = "".join(part.capitalize() if at else part for at, part in enumerate(field.split("_")))
        if wanted and getattr(nieuw, field) is None:
            found.append(FieldError(f"/{name}", "verplicht", "Dit hoort bij deze stap. Vul het in."))
        if not wanted and getattr(nieuw, field) is not None:
            found.append(FieldError(f"/{name}", "past_niet", "Dit hoort niet bij deze stap. Laat het weg."))
    if nieuw.keuzereden is not None and nieuw.stap is not VoorstelStap.VERZEND:
        found.append(FieldError("/keuzereden", "past_niet", "Dit hoort niet bij deze stap. Laat het weg."))
    if nieuw.keuzereden in VANZELF:
        found.append(FieldError("/keuzereden", "waarde", "Dit weet het loket zelf. Kies een andere reden, of geen."))
    if nieuw.keuzereden is KeuzeReden.ANDERE_REDEN and nieuw.reden is None:
        found.append(FieldError("/reden", "verplicht", "Schrijf waarom."))
    if nieuw.later_vanaf is not None and nieuw.later_vanaf <= dag:
        found.append(FieldError("/laterVanaf", "verleden", "Geef een dag die nog komt."))
    if nieuw.reden is None and (nieuw.stap is VoorstelStap.TREK_IN or nieuw.afwijsreden is Afwijsreden.ANDERS):
        found.append(FieldError("/reden", "verplicht", "Schrijf waarom."))
    if rol is Rol.VERWIJZER and nieuw.afwijsreden not in (None, Afwijsreden.OUDER_OF_JEUGDIGE_ZEGT_NEE):
        wrong = (
            "Als verwijzer geeft u alleen door dat een ouder of de jeugdige nee zegt. De aanbieder zegt de rest zelf."
        )
        found.append(FieldError("/afwijsreden", "waarde", wrong))
    return found


# ── Sent ─────────────────────────────────────────────────────────────────────────────────────────

LEVENDE = """
select v.aanvraag_id, count(*) as aantal from voorstel v
where v.aanvraag_id = any ($1) and is_levend(v.status)
group by v.aanvraag_id
"""

EIGEN_OPTIE = """
select b.id, b.aanvraag_id, lower(b.periode) as van, upper(b.periode) as tot, b.vervalt_op
from bezetting b
where b.plek_id = $1 and b.aanvraag_id = $2 and b.soort = 'optie' and b.vrijgegeven_op is null and b.vervalt_op > $3
order by lower(b.periode) limit 1
"""

VERZEND = """
update voorstel
set status = 'verzonden', optie_id = $2, verzonden_op = $3, antwoord_voor = $4, van = $5, tot = $6, rang = $7,
    versie = versie + 1
where id = $1
"""

VOLG = "select volg_voorstel($1, $2)"


async def _verzend(c: Context) -> None:
    """To the provider, with its plek held: an optie that was there, or a new one after the rules were asked again."""
    plekken = [Toewijzing(aanvraag_id=one.aanvraag_id, plek_id=one.plek_id) for one in c.groep]
    kinderen = await opties.kinderen_van(c.conn, plekken, c.now)
    for row in await c.conn.fetch(LEVENDE, list(kinderen)):
        if row["aantal"] >= c.rules.voorstellen_hoogstens:
            raise Refusal(
                Kind.CONFLICT,
                f"Deze aanvraag ligt al bij {row['aantal']} aanbieders, en meer tegelijk mag niet. Wat nu wel kan:"
                " wacht op antwoord, of trek eerst een ander voorstel in.",
            )
    if c.groep[0].van < today(c.now):
        raise Refusal(
            Kind.CONFLICT, "De begindag is voorbij. Wat nu wel kan: trek dit voorstel in en zet een nieuw klaar."
        )
    if not await check_whole(c.conn, plekken):
        await check_apart(c.conn, plekken, c.groep[0].contactplan, minuten=c.rules.nabij_minuten, now=c.now)
    await opties.ruim(c.conn, plekken, c.now)
    held = {one.id: await c.conn.fetchrow(EIGEN_OPTIE, one.plek_id, one.aanvraag_id, c.now) for one in c.groep}
    plaatsen = {one.id: _plaats(one, held[one.id]) for one in c.groep}
    wijkt_af = await plekregels.keur(
        c.conn, c.travel, list(plaatsen.values()), wie=c.wie, afwijking=c.groep[0].afwijking, now=c.now
    )
    term = c.now + timedelta(hours=c.rules.antwoord_uren.voor(c.urgent()))
    antwoord_voor = max([term, *(optie["vervalt_op"] for optie in held.values() if optie is not None)])
    for one in c.groep:
        plaats, optie = plaatsen[one.id], held[one.id]
        optie_id = optie["id"] if optie else await _houd(c, plaats, kinderen[one.aanvraag_id], antwoord_voor, wijkt_af)
        tot = plaats.tot or plaats.van + timedelta(days=kinderen[one.aanvraag_id].verblijf)
        rangen = c.rangen[one.aanvraag_id]
        rang = rangen.get(one.voorziening_id)
        await c.conn.execute(VERZEND, one.id, optie_id, c.now, antwoord_voor, plaats.van, tot, rang)
        await voorstelkeuzes.leg_vast(c.conn, one.id, one.voorziening_id, rangen, c.nieuw.keuzereden)
        await c.conn.execute(VOLG, one.id, c.now)
        await _record(
            c, one, GebeurtenisSoort.VOORSTEL_VERZONDEN, reden=c.nieuw.reden, gegevens={"antwoordVoor": antwoord_voor}
        )
    # One reminder per aanbieder, also of a bundle.
    for one in {one.aanbieder_id: one for one in c.groep}.values():
        await opties.wek(c.conn, one.id, _herinner_op(antwoord_voor, c.rules, c.urgent()), now=c.now, soort="voorstel")


def _plaats(one: Voorstel, optie: asyncpg.Record | None) -> Plaats:
    """The days of the optie that is there, or else those that are proposed."""
    van, tot = (one.van, one.tot) if optie is None else (optie["van"], optie["tot"])
    return Plaats(aanvraag_id=one.aanvraag_id, plek_id=one.plek_id, van=van, tot=tot)


async def _houd(c: Context, plaats: Plaats, kind: Vrager, vervalt_op: datetime, wijkt_af: Sequence[str]) -> UUID:
    return await opties.neem(
        c.conn, plaats, kind, vervalt_op, c.rules, afwijking=c.groep[0].afwijking, wijkt_af=wijkt_af, now=c.now
    )


def _herinner_op(antwoord_voor: datetime, rules: Werkregels, urgentie: Urgentie) -> datetime:
    return antwoord_voor - timedelta(hours=rules.herinnering_uren.voor(urgentie))


async def _record(
    c: Context,
    one: Voorstel,
    soort: GebeurtenisSoort,
    *,
    reden: str | None = None,
    gegevens: dict[str, object] | None = None,
) -> None:
    await gebeurtenissen.record(
        c.conn,
        one.aanvraag_id,
        soort,
        now=c.now,
        reden=reden,
        voorstel_id=one.id,
        plek_id=one.plek_id,
        gegevens=gegevens or {},
    )


WACHT = """
select v.id, v.aanvraag_id, v.plek_id, v.antwoord_voor, a.urgentie
from voorstel v join aanvraag a on a.id = v.aanvraag_id
where v.id = $1 and v.status in ('verzonden', 'interesse') and v.herinnerd_op is null and v.antwoord_voor > $2
for no key update of a
"""

HERINNERD = "update voorstel set herinnerd_op = $2, versie = versie + 1 where id = $1"


async def herinner(conn: Connection, id: UUID, now: datetime) -> None:
    """What a taak `termijn` does before a voorstel without an answer lapses: the provider is reminded, once."""
    row = await conn.fetchrow(WACHT, id, now)
    if row is None:
        return
    op = _herinner_op(row["antwoord_voor"], await werkregels(conn), Urgentie(row["urgentie"]))
    if op > now:
        await opties.wek(conn, id, op, now=now, soort="voorstel")
        return
    await conn.execute(HERINNERD, id, now)
    await gebeurtenissen.record(
        conn,
        row["aanvraag_id"],
        GebeurtenisSoort.HERINNERING,
        now=now,
        voorstel_id=id,
        plek_id=row["plek_id"],
        gegevens={"antwoordVoor": row["antwoord_voor"]},
    )


# ── Answered ─────────────────────────────────────────────────────────────────────────────────────

ZET = """
update voorstel set status = $2, antwoord_voor = greatest(antwoord_voor, $3), versie = versie + 1 where id = $1
"""


async def _zet(c: Context, one: Voorstel, until: datetime | None = None) -> None:
    """The status of this step, and the plek held until then at least."""
    await c.conn.execute(ZET, one.id, STAPPEN[c.nieuw.stap].naar, until)
    await c.conn.execute(VOLG, one.id, c.now)


async def _interesse(c: Context) -> None:
    """The provider wants to know more, and gets the term anew for that."""
    until = c.now + timedelta(hours=c.rules.antwoord_uren.voor(c.urgent()))
    for one in c.groep:
        await _zet(c, one, until)
        await _record(c, one, GebeurtenisSoort.VOORSTEL_INTERESSE, gegevens={"antwoordVoor": until})


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
        await _record(c, one, GebeurtenisSoort.VOORSTEL_AKKOORD, reden=c.nieuw.reden)


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
        await c.conn.execute(VOLG, one.id, c.now)
        await _record(
            c,
            one,
            GebeurtenisSoort.VOORSTEL_AFGEWEZEN,
            reden=c.nieuw.reden,
            gegevens={"afwijsreden": code, "laterVanaf": c.nieuw.later_vanaf},
        )


async def _trek_in(c: Context) -> None:
    for one in c.groep:
        await c.conn.execute(EINDE, one.id, VoorstelStatus.INGETROKKEN, c.now)
        await c.conn.execute(VOLG, one.id, c.now)
        await _record(c, one, GebeurtenisSoort.VOORSTEL_INGETROKKEN, reden=c.nieuw.reden)


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
                f"Nog niet iedereen geeft toestemming. {' '.join(says)} Wat nu wel kan: leg de toestemming vast bij de"
                " aanvraag, of wijs dit voorstel af.",
                tuple(FieldError("/toestemmingen", "ontbreekt", sentence) for sentence in says),
            )
    for one in c.groep:
        await _zet(c, one)
        await _record(c, one, GebeurtenisSoort.TOESTEMMING, reden=c.nieuw.reden)


KENNISMAKING = "update voorstel set kennismaking_op = $2, versie = versie + 1 where id = $1"


async def _kennismaking(c: Context) -> None:
    """When they meet or met; until some days after it the plek is held. Refuses INVALID for a day too far off."""
    op = c.nieuw.kennismaking_op
    assert op is not None
    most = today(c.now) + timedelta(days=c.rules.akkoord_dagen.voor(c.urgent()))
    sent = min(today(one.verzonden_op) for one in c.groep if one.verzonden_op)
    if not sent <= op <= most:
        wrong = f"Geef een dag tussen {sent} en {most}: zo lang houdt het loket de plek vast."
        refuse([FieldError("/kennismakingOp", "waarde", wrong)])
    until = midnight_after(c.now) + timedelta(days=(op - today(c.now)).days + c.rules.na_kennismaking_dagen)
    for one in c.groep:
        await c.conn.execute(KENNISMAKING, one.id, op)
        await _zet(c, one, until)
        await _record(c, one, GebeurtenisSoort.KENNISMAKING, reden=c.nieuw.reden, gegevens={"op": op})


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
            wrong = "Er was nog geen kennismaking. Schrijf waarom dat hier niet hoeft, of leg de kennismaking vast."
            refuse([FieldError("/reden", "verplicht", wrong)])
        if one.kennismaking_op is not None and one.kennismaking_op > dag:
            raise Refusal(
                Kind.CONFLICT,
                f"De kennismaking is pas op {one.kennismaking_op}. Wat nu wel kan: wacht tot dan, of leg een eerdere"
                " dag vast.",
            )
    for one in c.groep:
        if one.tot is not None and one.tot <= dag:
            raise Refusal(
                Kind.CONFLICT,
                f"Dit voorstel ging over een verblijf tot {one.tot}, en die dag is geweest. Wat nu wel kan: trek het"
                " in, en doe een nieuw voorstel.",
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
        await c.conn.execute(EINDE, one.id, VoorstelStatus.DEFINITIEF, c.now)
        await plaatsingen.plaats_definitief(
            c.conn, one.plek_id, one.aanvraag_id, max(one.van, dag), one.tot, now=c.now, voorstel_id=one.id
        )
        await stappen.laat_los(c.conn, one.aanvraag_id, ANDERE_PLEK, now=c.now, behalve=one.id)
