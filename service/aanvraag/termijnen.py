"""Termijnen: when a grondslag, machtiging or toestemming is there, when it lapses, and who must be warned in time.

A machtiging that is not used lapses after months as the law counts them: the day with the same number, or the last of
a month that has no such day. `geldigTot` of a machtiging is the first day on which it is no longer valid, that of a
grondslag the last on which it is. All days are days in the Netherlands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from service.aanbod.voorzieningen import JuridischKader
from service.aanvraag import grondslagen
from service.aanvraag.gebeurtenissen import OPEN, AanvraagStatus
from service.aanvraag.grondslagen import (
    Grondslag,
    GrondslagStatus,
    Machtiging,
    MachtigingSoort,
    Toestemming,
    ToestemmingPersoon,
    ToestemmingStatus,
)
from service.days import age_on, months_after, today
from service.db import Connection, rows_as
from service.fields import AanvraagId
from service.regio import regiokeuzes
from service.taal import Teksten, gettext, later


def _is(says: str, bron: str, *, least: int = 1) -> Any:
    return Meta(ge=least, le=3650, description=says, extra={"bron": bron})


OWN = "Keuze van het loket; de regio beslist"


class Termijnen(Struct, frozen=True, kw_only=True):
    """With where each comes from. A region says otherwise with a row of `instelling` of the same name."""

    machtiging_ongebruikt_maanden: Annotated[
        int,
        _is(
            later("Zo lang mag een machtiging ongebruikt zijn; daarna vervalt zij."), "Burgerlijk Wetboek, art. 1:265c"
        ),
    ] = 3
    gesloten_ongebruikt_maanden: Annotated[
        int,
        _is(
            later("Hetzelfde voor een gesloten machtiging."),
            "Jeugdwet, hoofdstuk 6 (?): wacht op het woord van een jurist",
        ),
    ] = 3
    spoedmachtiging_dagen: Annotated[
        int,
        _is(
            later("Zo lang geldt een spoedmachtiging zonder dat de kinderrechter iedereen heeft gehoord."),
            "Wetboek van Burgerlijke Rechtsvordering, art. 800 lid 3",
        ),
    ] = 14
    kaders_met_machtiging: Annotated[
        tuple[JuridischKader, ...],
        Meta(
            description=later("Bij deze juridische kaders is voor verblijf een machtiging nodig."),
            extra={
                "bron": "Burgerlijk Wetboek, art. 1:265b; vrijwillig en voogdij niet. Voor voorlopige voogdij en"
                " jeugdreclassering (?) wacht dit op het woord van een jurist"
            },
        ),
    ] = (
        JuridischKader.VOTS,
        JuridischKader.OTS,
        JuridischKader.VOORLOPIGE_VOOGDIJ,
        JuridischKader.JEUGDRECLASSERING,
    )
    alarm_vooraf_dagen: Annotated[int, _is(later("Zo lang van tevoren waarschuwt het loket."), OWN)] = 28
    vergeten_dagen: Annotated[
        int, _is(later("Zo lang na de uiterlijke datum is een aanvraag die nog open is, misschien vergeten."), OWN)
    ] = 180


async def termijnen(conn: Connection) -> Termijnen:
    return await regiokeuzes.load(conn, Termijnen)


# ── What is valid on a day ───────────────────────────────────────────────────────────────────────


def grondslag_geldt(parts: Sequence[Grondslag], dag: date) -> bool:
    return any(part.status is GrondslagStatus.VERLEEND and _covers(part, dag) for part in parts)


def _covers(part: Grondslag, dag: date) -> bool:
    return part.datum <= dag and (part.geldig_tot is None or dag <= part.geldig_tot)


def verval(part: Machtiging, termijnen: Termijnen) -> date | None:
    """The first day on which an unused machtiging no longer counts, though it is not over; None: that cannot be."""
    if part.soort is MachtigingSoort.SPOED:
        return part.geldig_van + timedelta(days=termijnen.spoedmachtiging_dagen)
    if part.ten_uitvoer_op is not None or part.soort is MachtigingSoort.VOORWAARDELIJK:
        return None
    gesloten = part.soort is MachtigingSoort.GESLOTEN
    months = termijnen.gesloten_ongebruikt_maanden if gesloten else termijnen.machtiging_ongebruikt_maanden
    return months_after(part.geldig_van, months)


def einde(part: Machtiging, termijnen: Termijnen) -> date:
    """The first day on which it is no longer valid. A spoedmachtiging that was prolonged, is another machtiging."""
    lapses = verval(part, termijnen)
    return part.geldig_tot if lapses is None else min(part.geldig_tot, lapses)


def machtiging_geldt(
    parts: Sequence[Machtiging], dag: date, zorgvorm: str, *, gesloten: bool, termijnen: Termijnen
) -> bool:
    """One that names this zorgvorm; for a closed place one that is for that."""
    return any(
        part.geldig_van <= dag < einde(part, termijnen)
        and zorgvorm in part.zorgvormen
        and (not gesloten or part.soort is MachtigingSoort.GESLOTEN)
        for part in parts
    )


WIE_ALLEEN, WIE_MEE = 16 * 12, 12 * 12
"""Months: from then on the jeugdige decides alone, or together with its parents or guardian."""


def toestemming_mist(parts: Sequence[Toestemming], maanden: int) -> list[Toestemming | ToestemmingPersoon | None]:
    """What is missing for a jeugdige of so many months: a toestemming that is asked or refused, the jeugdige, or None
    for that of a parent or guardian of which nothing was recorded. `niet_vereist`, with its reason, counts."""
    needed = [part for part in parts if (part.persoon is ToestemmingPersoon.JEUGDIGE) == (maanden >= WIE_ALLEEN)]
    if WIE_MEE <= maanden < WIE_ALLEEN:
        needed = list(parts)
    missing: list[Toestemming | ToestemmingPersoon | None] = [
        part for part in needed if part.status in (ToestemmingStatus.GEVRAAGD, ToestemmingStatus.GEWEIGERD)
    ]
    if maanden >= WIE_MEE and all(part.persoon is not ToestemmingPersoon.JEUGDIGE for part in needed):
        missing.append(ToestemmingPersoon.JEUGDIGE)
    if maanden < WIE_ALLEEN and all(part.persoon is ToestemmingPersoon.JEUGDIGE for part in needed):
        missing.append(None)
    return missing


# ── Alarms ───────────────────────────────────────────────────────────────────────────────────────


class AlarmSoort(StrEnum):
    GRONDSLAG_ONTBREEKT = "grondslag_ontbreekt"
    GRONDSLAG_EINDE = "grondslag_einde"
    MACHTIGING_ONGEBRUIKT = "machtiging_ongebruikt"
    SPOED_ZONDER_ZITTING = "spoed_zonder_zitting"
    MACHTIGING_EINDE = "machtiging_einde"
    MACHTIGING_ONTBREEKT = "machtiging_ontbreekt"
    TOESTEMMING_ONTBREEKT = "toestemming_ontbreekt"
    TOESTEMMING_GEWEIGERD = "toestemming_geweigerd"
    VERGETEN = "vergeten"
    VERVOLG_ZONDER_PLEK = "vervolg_zonder_plek"
    NORM = "norm"
    ACHTTIEN = "achttien"
    ROUTE_TERMIJN = "route_termijn"
    OPSCHALING_TERMIJN = "opschaling_termijn"
    AANBIEDER_STOPT = "aanbieder_stopt"
    UITGESLOTEN = "uitgesloten"
    PLEK_BEZET = "plek_bezet"


class Ernst(StrEnum):
    NADERT = "nadert"
    """There is still time."""
    VERSTREKEN = "verstreken"


ZINNEN = Teksten(
    {
        AlarmSoort.GRONDSLAG_ONTBREEKT: later(
            "Er is geen grondslag die geldt. Zonder grondslag is geen plaatsing definitief."
        ),
        AlarmSoort.GRONDSLAG_EINDE: later("De grondslag geldt op deze dag niet meer. Vraag op tijd een nieuwe."),
        AlarmSoort.MACHTIGING_ONGEBRUIKT: later(
            "De machtiging is niet gebruikt en vervalt op deze dag. Is zij wel gebruikt? Leg dan vast wanneer."
        ),
        AlarmSoort.SPOED_ZONDER_ZITTING: later(
            "De spoedmachtiging vervalt op deze dag, als de kinderrechter voor die dag niemand"
            " heeft gehoord. Leg de nieuwe machtiging vast."
        ),
        AlarmSoort.MACHTIGING_EINDE: later(
            "De machtiging eindigt op deze dag en het verblijf loopt door. Vraag op tijd om meer."
        ),
        AlarmSoort.MACHTIGING_ONTBREEKT: later("Het kind verblijft ergens en er is geen machtiging die geldt."),
        AlarmSoort.TOESTEMMING_ONTBREEKT: later("Nog niet iedereen die dat moet, heeft toestemming gegeven."),
        AlarmSoort.TOESTEMMING_GEWEIGERD: later("Iemand die toestemming moet geven, weigert."),
        AlarmSoort.VERGETEN: later(
            "De uiterlijke datum is al lang voorbij en de aanvraag is nog open. Sluit haar, of geef een nieuwe datum."
        ),
        AlarmSoort.VERVOLG_ZONDER_PLEK: later(
            "Dit kind woont al lang op een plek waar het niet kan blijven, en er is nog geen vervolgplek."
        ),
        AlarmSoort.NORM: later("Op deze dag hoort er een plek te zijn, volgens de norm van de regio."),
        AlarmSoort.ROUTE_TERMIJN: later(
            "De termijn van een route naast een plek is voorbij. Ga ermee verder, geef een nieuwe termijn of"
            " beëindig haar."
        ),
        AlarmSoort.OPSCHALING_TERMIJN: later(
            "De termijn van een opschaling is voorbij en er is geen uitkomst. Sluit of verleng haar."
        ),
        AlarmSoort.AANBIEDER_STOPT: later(
            "Op deze dag stopt de aanbieder, en er is nog niet besloten waar dit kind dan woont:"
            " een uitloopovereenkomst of een andere plek."
        ),
        AlarmSoort.UITGESLOTEN: later(
            "Dit kind woont sinds deze dag op een plek die voor dit kind is uitgesloten. Besluit wat er moet gebeuren."
        ),
        AlarmSoort.PLEK_BEZET: later(
            "De aanbieder zegt op deze dag dat een plek die voor dit kind is vastgehouden of"
            " afgesproken, bezet is. Vraag na wat er klopt."
        ),
        AlarmSoort.ACHTTIEN: later("Op zijn vroegst op deze dag wordt dit kind 18. Maak op tijd een plan voor daarna."),
    }
)


class Alarm(Struct, rename="camel", frozen=True, kw_only=True):
    aanvraag_id: AanvraagId
    nummer: str
    soort: AlarmSoort
    dag: Annotated[date, Meta(description="Waarop het misgaat of misging.")]
    ernst: Ernst
    zin: str


class Verblijf(Struct, frozen=True):
    """A plaatsing that was not ended."""

    van: date
    tot: date | None


class Stand(Struct, frozen=True, kw_only=True):
    """An aanvraag that is not closed, with what its plaatsing rests on."""

    id: AanvraagId
    nummer: str
    status: AanvraagStatus
    juridisch_kader: JuridischKader
    leeftijd_maanden: int
    leeftijd_peildatum: date
    gewenste_start: date
    uiterlijke_datum: date
    grondslagen: list[Grondslag]
    machtigingen: list[Machtiging]
    toestemmingen: list[Toestemming]
    verblijf: Verblijf | None


STANDEN = f"""
select a.id, a.nummer, a.status, a.juridisch_kader, a.leeftijd_maanden, a.leeftijd_peildatum, a.gewenste_start,
       a.uiterlijke_datum, {grondslagen.GRONDSLAGEN} as grondslagen, {grondslagen.MACHTIGINGEN} as machtigingen,
       {grondslagen.TOESTEMMINGEN} as toestemmingen,
       (select jsonb_build_object('van', lower(b.periode), 'tot', upper(b.periode))
        from bezetting b where b.aanvraag_id = a.id and b.soort = 'plaatsing' and b.beeindigd_op is null
          and b.vrijgegeven_op is null
        order by lower(b.periode) limit 1) as verblijf
from aanvraag a
where a.regio = huidige_regio() and a.afgesloten_op is null and a.geanonimiseerd_op is null
"""


async def alarmen(conn: Connection, now: datetime) -> list[Alarm]:
    """Of every aanvraag that who asks may see: what lapsed first, and then by day."""
    terms, dag = await termijnen(conn), today(now)
    standen: list[Stand] = rows_as(await conn.fetch(STANDEN), Stand)
    found = [
        Alarm(aanvraag_id=stand.id, nummer=stand.nummer, soort=soort, dag=when, ernst=ernst, zin=ZINNEN[soort])
        for stand in standen
        for soort, when, ernst in _of(stand, terms, dag)
    ]
    return sorted(found, key=lambda alarm: (alarm.ernst is Ernst.NADERT, alarm.dag, alarm.nummer, alarm.soort))


Found = tuple[AlarmSoort, date, Ernst]


def _of(stand: Stand, terms: Termijnen, dag: date) -> Iterator[Found]:
    soon = dag + timedelta(days=terms.alarm_vooraf_dagen)
    begin = stand.gewenste_start if stand.verblijf is None else stand.verblijf.van
    lives = stand.verblijf is not None and begin <= dag
    late = Ernst.VERSTREKEN if lives else Ernst.NADERT
    forgotten = stand.uiterlijke_datum + timedelta(days=terms.vergeten_dagen)
    if stand.status in OPEN and forgotten <= dag:
        yield AlarmSoort.VERGETEN, forgotten, Ernst.VERSTREKEN
    yield from _unused(stand, terms, dag, soon)
    if stand.verblijf is not None and lives and stand.juridisch_kader in terms.kaders_met_machtiging:
        yield from _cover(stand.machtigingen, stand.verblijf, terms, dag, soon)
    if begin <= soon:
        yield from _grondslag(stand, max(dag, begin), begin, soon, late)
        missing = toestemming_mist(
            stand.toestemmingen, age_on(stand.leeftijd_maanden, stand.leeftijd_peildatum, max(dag, begin))
        )
        no = [part for part in missing if isinstance(part, Toestemming) and part.status is ToestemmingStatus.GEWEIGERD]
        if no:
            yield AlarmSoort.TOESTEMMING_GEWEIGERD, min(part.datum for part in no), late
        if len(missing) > len(no):
            yield AlarmSoort.TOESTEMMING_ONTBREEKT, begin, late


def _unused(stand: Stand, terms: Termijnen, dag: date, soon: date) -> Iterator[Found]:
    """Each machtiging that lapses before its end, unless another is valid on that day."""
    for part in stand.machtigingen:
        lapses = verval(part, terms)
        if lapses is None or lapses > soon or part.geldig_tot <= min(lapses, dag):
            continue
        if any(m is not part and m.geldig_van <= lapses < einde(m, terms) for m in stand.machtigingen):
            continue
        spoed = part.soort is MachtigingSoort.SPOED
        soort = AlarmSoort.SPOED_ZONDER_ZITTING if spoed else AlarmSoort.MACHTIGING_ONGEBRUIKT
        yield soort, lapses, Ernst.VERSTREKEN if lapses <= dag else Ernst.NADERT


def _cover(parts: Sequence[Machtiging], stay: Verblijf, terms: Termijnen, dag: date, soon: date) -> Iterator[Found]:
    """During a stay: until when one machtiging follows the other."""
    covered = dag
    while ends := [einde(m, terms) for m in parts if m.geldig_van <= covered < einde(m, terms)]:
        covered = max(ends)
    if covered == dag:
        gone = [einde(m, terms) for m in parts if einde(m, terms) <= dag]
        yield AlarmSoort.MACHTIGING_ONTBREEKT, max([stay.van, *gone]), Ernst.VERSTREKEN
    elif covered <= soon and (stay.tot is None or covered < stay.tot):
        yield AlarmSoort.MACHTIGING_EINDE, covered, Ernst.NADERT


def _grondslag(stand: Stand, at: date, begin: date, soon: date, late: Ernst) -> Iterator[Found]:
    """`at`: the day on which one must be valid."""
    valid = [g for g in stand.grondslagen if g.status is GrondslagStatus.VERLEEND and _covers(g, at)]
    if not valid:
        over = [
            g.geldig_tot + timedelta(days=1)
            for g in stand.grondslagen
            if g.status is GrondslagStatus.VERLEEND and g.geldig_tot is not None and g.geldig_tot < at
        ]
        yield AlarmSoort.GRONDSLAG_ONTBREEKT, max([begin, *over]), late
        return
    last = at
    while ends := [g for g in stand.grondslagen if g.status is GrondslagStatus.VERLEEND and _covers(g, last)]:
        if any(g.geldig_tot is None for g in ends):
            return
        last = max(g.geldig_tot for g in ends if g.geldig_tot is not None) + timedelta(days=1)
    tot = stand.verblijf.tot if stand.verblijf else None
    if last <= soon and (tot is None or last < tot):
        yield AlarmSoort.GRONDSLAG_EINDE, last, Ernst.NADERT


# ── Definitief ───────────────────────────────────────────────────────────────────────────────────

PAPIEREN = f"""
select a.id, a.nummer, a.status, a.juridisch_kader, a.leeftijd_maanden, a.leeftijd_peildatum, a.gewenste_start,
       a.uiterlijke_datum, {grondslagen.GRONDSLAGEN} as grondslagen, {grondslagen.MACHTIGINGEN} as machtigingen,
       {grondslagen.TOESTEMMINGEN} as toestemmingen, null as verblijf, a.aan_te_vullen
from aanvraag a
where a.id = $1
"""

AANGENOMEN = {
    "gemeente_code": ("/gemeenteCode", later("Welke gemeente verantwoordelijk is, heeft nog niemand gezegd.")),
    "juridisch_kader": ("/juridischKader", later("Wat het juridisch kader is, heeft nog niemand gezegd.")),
}
"""Of a child placed by telephone without an aanvraag (aan_te_vullen): without these no stay rests on the law."""

PERSONEN = Teksten(
    {
        ToestemmingPersoon.OUDER_1: later("de eerste ouder"),
        ToestemmingPersoon.OUDER_2: later("de tweede ouder"),
        ToestemmingPersoon.VOOGD: later("de voogd"),
        ToestemmingPersoon.JEUGDIGE: later("het kind"),
    }
)


async def mist_voor_definitief(
    conn: Connection, aanvraag_id: UUID, dag: date, zorgvorm: str, *, gesloten: bool
) -> list[tuple[str, str]]:
    """What a stay in this zorgvorm, on this day, does not rest on yet: where that belongs in the aanvraag, and why."""
    row = await conn.fetchrow(PAPIEREN, aanvraag_id)
    assert row is not None
    stand, terms = msgspec.convert(dict(row), Stand), await termijnen(conn)
    found = [(pointer, gettext(zin)) for veld, (pointer, zin) in AANGENOMEN.items() if veld in row["aan_te_vullen"]]
    if not grondslag_geldt(stand.grondslagen, dag):
        found.append(("/grondslagen", gettext("Er is geen grondslag die verleend is en dan geldt.")))
    if (gesloten or stand.juridisch_kader in terms.kaders_met_machtiging) and not machtiging_geldt(
        stand.machtigingen, dag, zorgvorm, gesloten=gesloten, termijnen=terms
    ):
        kind = gettext("gesloten machtiging") if gesloten else "machtiging"
        found.append(
            (
                "/machtigingen",
                gettext("Er is geen %(kind)s voor %(zorgvorm)s die dan geldt.", kind=kind, zorgvorm=zorgvorm),
            )
        )
    for part in toestemming_mist(stand.toestemmingen, age_on(stand.leeftijd_maanden, stand.leeftijd_peildatum, dag)):
        if isinstance(part, Toestemming):
            refused = part.status is ToestemmingStatus.GEWEIGERD
            who = PERSONEN[part.persoon]
            sentence = (
                gettext("%(capitalize)s weigert toestemming.", capitalize=who.capitalize())
                if refused
                else gettext("Van %(who)s is nog geen antwoord.", who=who)
            )
        else:
            who = gettext("een ouder met gezag of de voogd") if part is None else PERSONEN[part]
            sentence = gettext(
                "De toestemming van %(who)s is niet vastgelegd. Is zij niet nodig? Schrijf dan waarom.", who=who
            )
        found.append(("/toestemmingen", sentence))
    return found
