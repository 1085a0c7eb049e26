"""The file of an opschaling: what was tried, how many plekken each rule costs and which places, the smallest changes.

Stored as codes and ids, as it was when it was made; read with the names and the sentences of now. What was tried before
the aanvraag came is a text of the verwijzer and stays there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
import numpy as np
from msgspec import Meta, Struct, structs

from matcher.change import changes
from matcher.judge import Judged, judge
from matcher.reasons import fallen_out
from matcher.solution import RELAXABLE, REVEALING, Change, FallenOut, Reason, Rule, Step
from service.db import Connection, Rol, Wie
from service.errors import Kind, Refusal
from service.opschaling import opschalingen, opschalingsvragen
from service.opschaling.opschalingen import Opschaling
from service.opschaling.opschalingsvragen import Opschalingsvraag
from service.rang import aanbod, catalogue, rangschikking, vraag
from service.rang.catalogue import Names
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller

OF_THE_PROVIDER = RELAXABLE & {
    Rule.LEEFTIJD, Rule.GESLACHT, Rule.PERIODE, Rule.BEDDEN, Rule.GROEPSMIX, Rule.GESTOPT, Rule.ONBEMENST
}  # fmt: skip
"""Rules about which a provider can do something; zorgvorm and distance it cannot help."""

NOT_ITS_OWN = ("ouder_of_jeugdige_zegt_nee", "afstand")
"""Reasons of a no about which a provider can do nothing either."""

MOST_PLACES = 500
"""Voorzieningen in one file, the nearest to fitting first."""


# ── The file, as it is stored ────────────────────────────────────────────────────────────────────


class Geprobeerd(Struct, rename="camel", frozen=True, kw_only=True):
    """What the loket itself tried, by id; and whether the verwijzer wrote what was tried before."""

    in_aanvraag: Annotated[bool, Meta(description="De verwijzer schreef bij de aanvraag wat er al is geprobeerd.")]
    voorstellen: list[DossierPoging]
    besluiten: list[DossierPoging]
    routes: list[DossierPoging]
    opschalingen: list[DossierPoging]


class DossierPoging(Struct, rename="camel", frozen=True, kw_only=True):
    """One try, and what came of it, as codes."""

    id: UUID
    wat: str
    uitkomst: str
    voorziening_id: UUID | None = None
    voorziening: Annotated[str | None, Meta(description="Hoe zij nu heet; leeg: zij is weg.")] = None


class Plekreden(Struct, rename="camel", frozen=True, kw_only=True):
    """A voorziening of which no plek fits, by its nearest plek."""

    plek_id: UUID
    voorziening_id: UUID
    regels: list[str]
    aantal_plekken: int


class Zoekstap(Struct, rename="camel", frozen=True):
    hoeveel: int | str
    plekken: int
    voorzieningen: int


class Uitweg(Struct, rename="camel", frozen=True, kw_only=True):
    """A smallest change."""

    regels: list[str]
    plekken: int
    voorzieningen: int
    stappen: dict[str, list[Zoekstap]]
    voorbeelden: list[UUID]
    """Voorzieningen."""


class Inhoud(Struct, rename="camel", frozen=True, kw_only=True):
    peilmoment: datetime
    actueel: bool
    niet_gezocht: str | None
    """Why no place could be asked for."""
    passend: int
    afgevallen: int
    per_regel: dict[str, int]
    alleen: dict[str, int]
    plekken: list[Plekreden]
    uitwegen: list[Uitweg]
    geprobeerd: Geprobeerd


class Bijna(Struct, frozen=True):
    """A voorziening that nearly fits, and what a provider may read of why not."""

    voorziening_id: UUID
    regels: list[str]


async def _judged(
    conn: Connection, snapshots: Snapshots, travel: Traveller, wie: Wie, aanvraag_id: UUID, now: datetime
) -> tuple[Judged, datetime, bool]:
    """All places for it, what is held for itself counted as free. Refuses as vraag.load_aanvraag."""
    asked, _ = await vraag.load_aanvraag(conn, aanvraag_id, now)
    view, fresh = await snapshots.get(wie.regio, now)
    columns, _ = await aanbod.without_own(conn, view.aanbod, [aanvraag_id], now)
    minutes, _, _ = await travel.minutes(asked, columns)
    return judge(asked, columns, minutes), fresh.peilmoment, fresh.actueel


NOTHING = FallenOut(plekken=0, per_rule={}, alone={}, revealing=0, revealing_alone=0, places=())


async def make(
    conn: Connection,
    snapshots: Snapshots,
    travel: Traveller,
    wie: Wie,
    aanvraag_id: UUID,
    most: int,
    now: datetime,
) -> tuple[Inhoud, list[Bijna]]:
    """The file, and the voorzieningen to ask: at most `most`."""
    fallen, found, fits, why = NOTHING, list[Change](), 0, None
    near: list[Bijna] = []
    peilmoment, actueel = now, True
    try:
        judged, peilmoment, actueel = await _judged(conn, snapshots, travel, wie, aanvraag_id, now)
    except Refusal as refused:
        if refused.kind is not Kind.CONFLICT:
            raise
        why = refused.detail
    else:
        fallen = fallen_out(judged, limit=MOST_PLACES)
        smallest = changes(judged)
        found = [*smallest.one, *smallest.two]
        near = _near(judged, fallen, most)
        fits = int(np.count_nonzero(judged.plek == 0))
    return (
        Inhoud(
            peilmoment=peilmoment,
            actueel=actueel,
            niet_gezocht=why,
            passend=fits,
            afgevallen=fallen.plekken,
            per_regel={str(rule): count for rule, count in fallen.per_rule.items()},
            alleen={str(rule): count for rule, count in fallen.alone.items()},
            plekken=[
                Plekreden(
                    plek_id=UUID(out.plek),
                    voorziening_id=UUID(out.voorziening),
                    regels=[reason.rule for reason in out.reasons],
                    aantal_plekken=out.plekken,
                )
                for out in fallen.places
            ],
            uitwegen=[_uitweg(change) for change in found],
            geprobeerd=await _geprobeerd(conn, aanvraag_id),
        ),
        near,
    )


def _near(judged: Judged, fallen: FallenOut, most: int) -> list[Bijna]:
    """Where only limits of the provider itself are in the way. Who said no before comes first: that was a real
    question; then one rule before two, the least of a change first."""
    near: dict[str, tuple[Reason, ...]] = {
        out.voorziening: out.reasons for out in fallen.places if _said_no(out.reasons) and _can_help(out.reasons)
    }
    smallest = changes(judged, allowed=OF_THE_PROVIDER, examples=most)
    for change in [*smallest.one, *smallest.two]:
        for out in change.places:
            near.setdefault(out.voorziening, out.reasons)
    return [
        Bijna(UUID(voorziening), [reason.rule for reason in catalogue.visible(reasons, Rol.AANBIEDER)])
        for voorziening, reasons in list(near.items())[:most]
    ]


def _said_no(reasons: tuple[Reason, ...]) -> bool:
    return any(reason.rule is Rule.BESLUIT for reason in reasons)


def _can_help(reasons: tuple[Reason, ...]) -> bool:
    """Whether all that is in the way is the provider's: not what parents or the child decided, nor a distance."""
    return all(
        reason.params["reden"] not in NOT_ITS_OWN if reason.rule is Rule.BESLUIT else reason.rule in OF_THE_PROVIDER
        for reason in reasons
    )


def _uitweg(change: Change) -> Uitweg:
    return Uitweg(
        regels=list(change.rules),
        plekken=change.plekken,
        voorzieningen=change.voorzieningen,
        stappen={
            kind: [Zoekstap(step.amount, step.plekken, step.voorzieningen) for step in steps]
            for kind, steps in change.steps.items()
        },
        voorbeelden=[UUID(out.voorziening) for out in change.places],
    )


POGINGEN = """
select 'voorstellen' as lijst, v.id, 'voorstel' as wat, v.status::text as uitkomst, v.voorziening_id
from voorstel v where v.aanvraag_id = $1 and v.verzonden_op is not null
union all
select 'besluiten', b.id, b.uitkomst::text, coalesce(b.reden::text, b.uitkomst::text), b.voorziening_id
from besluit b where b.aanvraag_id = $1
union all
select 'routes', r.id, r.soort::text, r.staat::text, null from route r where r.aanvraag_id = $1
union all
select 'opschalingen', o.id, o.tafel::text, coalesce(o.uitkomst::text, 'open'), null
from opschaling o where o.aanvraag_id = $1
order by 1, 2
"""

IN_AANVRAAG = "select eerder_geprobeerd is not null from aanvraag where id = $1"


async def _geprobeerd(conn: Connection, aanvraag_id: UUID) -> Geprobeerd:
    lists: dict[str, list[DossierPoging]] = {"voorstellen": [], "besluiten": [], "routes": [], "opschalingen": []}
    for row in await conn.fetch(POGINGEN, aanvraag_id):
        lists[row["lijst"]].append(
            DossierPoging(id=row["id"], wat=row["wat"], uitkomst=row["uitkomst"], voorziening_id=row["voorziening_id"])
        )
    return Geprobeerd(in_aanvraag=bool(await conn.fetchval(IN_AANVRAAG, aanvraag_id)), **lists)


# ── Reading it ───────────────────────────────────────────────────────────────────────────────────


class DossierPlek(Struct, rename="camel", frozen=True, kw_only=True):
    plek_id: UUID
    voorziening_id: UUID
    naam: str | None
    aanbieder: str | None
    bellen_naam: str | None
    bellen_telefoon: str | None
    regels: list[str]
    redenen: list[str]
    """The same in words."""
    aantal_plekken: int


class DossierUitweg(Struct, rename="camel", frozen=True, kw_only=True):
    regels: list[str]
    advies: str
    gevolg: str
    stappen: dict[str, list[Zoekstap]]
    aantal_plekken: int
    aantal_voorzieningen: int
    voorbeelden: list[UUID]


class OpschalingDossier(Struct, rename="camel", frozen=True, kw_only=True):
    """All that lies on the table."""

    opschaling: Opschaling
    peilmoment: datetime
    actueel: bool
    niet_gezocht: str | None
    aantal_passend: int
    aantal_afgevallen: int
    afgevallen_per_reden: dict[str, int]
    alleen_om_deze_reden: dict[str, int]
    plekken: list[DossierPlek]
    kleinste_wijzigingen: list[DossierUitweg]
    geprobeerd: Geprobeerd
    vragen: list[Opschalingsvraag]
    """Also those of another table that looks at the same child: nobody is asked twice."""


# Who to call may have changed since; a place that is gone, or no longer shared, keeps its reasons.
PLEKKEN = """
select v.id, v.naam, a.naam as aanbieder, v.bellen_naam, coalesce(v.bellen_telefoon, a.telefoon) as bellen_telefoon
from voorziening v join aanbieder a on a.id = v.aanbieder_id
where v.id = any ($1::uuid[])
"""


async def read(conn: Connection, id: UUID, *, now: datetime) -> OpschalingDossier:
    """The file with names and sentences of now, and the answers so far. Refuses NOT_FOUND."""
    opschaling = await opschalingen.get(conn, id, now=now)
    inhoud = msgspec.convert(await opschalingen.inhoud(conn, id), Inhoud)
    tried = inhoud.geprobeerd
    ids = {line.voorziening_id for line in inhoud.plekken}
    ids |= {one.voorziening_id for one in (*tried.voorstellen, *tried.besluiten) if one.voorziening_id is not None}
    there = {row["id"]: row for row in await conn.fetch(PLEKKEN, list(ids))}
    names = await rangschikking.names(conn)
    return OpschalingDossier(
        opschaling=opschaling,
        peilmoment=inhoud.peilmoment,
        actueel=inhoud.actueel,
        niet_gezocht=inhoud.niet_gezocht,
        aantal_passend=inhoud.passend,
        aantal_afgevallen=inhoud.afgevallen,
        afgevallen_per_reden=_in_words(inhoud.per_regel),
        alleen_om_deze_reden=_in_words(inhoud.alleen),
        plekken=[
            DossierPlek(
                plek_id=line.plek_id,
                voorziening_id=line.voorziening_id,
                **{
                    name: there[line.voorziening_id][name] if line.voorziening_id in there else None
                    for name in ("naam", "aanbieder", "bellen_naam", "bellen_telefoon")
                },
                regels=line.regels,
                redenen=[catalogue.RULES[Rule(regel)] for regel in line.regels],
                aantal_plekken=line.aantal_plekken,
            )
            for line in inhoud.plekken
        ],
        kleinste_wijzigingen=[_told(uitweg, names) for uitweg in inhoud.uitwegen],
        geprobeerd=structs.replace(
            tried, voorstellen=_named(tried.voorstellen, there), besluiten=_named(tried.besluiten, there)
        ),
        vragen=await opschalingsvragen.page(conn, aanvraag_id=opschaling.aanvraag_id, limit=200),
    )


def _named(pogingen: list[DossierPoging], there: Mapping[UUID | None, Any]) -> list[DossierPoging]:
    return [
        structs.replace(one, voorziening=there[one.voorziening_id]["naam"]) if one.voorziening_id in there else one
        for one in pogingen
    ]


NIET_AAN_TAFEL = REVEALING | {Rule.BESLUIT}
"""At a table sit providers too: what would reveal a child, and what another provider declined, is not for them."""


def aan_tafel(dossier: OpschalingDossier) -> OpschalingDossier:
    """As it may lie on a table where others sit than the loket: on paper, row-level security protects nobody."""
    hidden = {str(rule) for rule in NIET_AAN_TAFEL}
    names = {catalogue.RULES[rule] for rule in NIET_AAN_TAFEL}
    tried = dossier.geprobeerd
    return structs.replace(
        dossier,
        afgevallen_per_reden=_without(dossier.afgevallen_per_reden, names, _gone(dossier, hidden, any)),
        alleen_om_deze_reden=_without(dossier.alleen_om_deze_reden, names, _gone(dossier, hidden, all)),
        plekken=[
            structs.replace(
                plek,
                bellen_naam=None,
                bellen_telefoon=None,
                regels=[regel for regel in plek.regels if regel not in hidden],
                redenen=[zin for regel, zin in zip(plek.regels, plek.redenen, strict=True) if regel not in hidden]
                or [catalogue.UNAVAILABLE],
            )
            for plek in dossier.plekken
        ],
        kleinste_wijzigingen=[one for one in dossier.kleinste_wijzigingen if hidden.isdisjoint(one.regels)],
        geprobeerd=structs.replace(
            tried, voorstellen=_nameless(tried.voorstellen), besluiten=_nameless(tried.besluiten)
        ),
    )


def _gone(dossier: OpschalingDossier, hidden: set[str], how: Callable[[Iterable[bool]], bool]) -> int:
    """Plekken that fall out for `any` hidden rule, or for `all` of theirs."""
    return sum(one.aantal_plekken for one in dossier.plekken if how(regel in hidden for regel in one.regels))


def _without(counts: dict[str, int], names: set[str], gone: int) -> dict[str, int]:
    shown = {name: number for name, number in counts.items() if name not in names}
    return shown | {catalogue.UNAVAILABLE: gone} if gone else shown


def _nameless(pogingen: list[DossierPoging]) -> list[DossierPoging]:
    return [structs.replace(one, voorziening=None, voorziening_id=None) for one in pogingen]


def _in_words(counts: dict[str, int]) -> dict[str, int]:
    return catalogue.rule_names({Rule(rule): n for rule, n in counts.items()}, 0, Rol.SCHAKELFUNCTIONARIS)


def _told(uitweg: Uitweg, names: Names) -> DossierUitweg:
    change = Change(
        rules=tuple(Rule(regel) for regel in uitweg.regels),
        plekken=uitweg.plekken,
        voorzieningen=uitweg.voorzieningen,
        steps={kind: tuple(Step(*structs.astuple(step)) for step in steps) for kind, steps in uitweg.stappen.items()},
        places=(),
    )
    return DossierUitweg(
        regels=uitweg.regels,
        advies=catalogue.advice(change, names),
        gevolg=catalogue.opened(change),
        stappen=uitweg.stappen,
        aantal_plekken=uitweg.plekken,
        aantal_voorzieningen=uitweg.voorzieningen,
        voorbeelden=uitweg.voorbeelden,
    )
