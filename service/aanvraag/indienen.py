"""Indienen: one child, or brothers and sisters in one go. A verwijzer says of each what is its own, and once what they
share; what an aanvraag needs besides, follows from that (`_aanvraag`). All or nothing."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, structs

from service.aanbod.voorzieningen import UNIQUE, Groepssoort, JuridischKader, Perspectief
from service.aanvraag import aanvragen, concepten, samenplaatsingen
from service.aanvraag.aanvragen import Aanvraag, Geslacht, HuidigVerblijf, Kenmerk, Kort, Lang, NieuweAanvraag, Thuis
from service.aanvraag.samenplaatsingen import NieuweSamenplaatsing
from service.days import today
from service.db import Connection, Wie
from service.errors import FieldError, Kind, Refusal
from service.fields import Code, Codes, Gemeentecode, Pc4, VrijeTekst, given, refuse
from service.regio import codes
from service.regio.werkregels import werkregels
from service.taal import gettext
from service.urgentie import Urgentie


class IngediendKind(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """What is of one child only."""

    kenmerk: Kenmerk
    leeftijd_jaren: Annotated[int, Meta(ge=0, le=22)]
    leeftijd_maanden: (
        Annotated[int, Meta(ge=0, le=11, description="Boven op de jaren; bij jonge kinderen van belang.")] | None
    ) = None
    geslacht: Geslacht
    groepssoorten: Annotated[
        list[Groepssoort],
        Meta(
            max_length=3,
            extra_json_schema=UNIQUE,
            description="In welke groepen het kind past; leeg: volgt uit geslacht, en bij anders in elke.",
        ),
    ] = []
    ondersteuning: Annotated[Codes, Meta(description="Codes van de lijst ondersteuning: wat nodig is.")] = []
    kenmerken: Annotated[Codes, Meta(description="Codes van de lijst kenmerk.")] = []
    medisch: Annotated[Codes, Meta(description="Codes van de lijst medisch.")] = []
    rolstoel: bool = False
    onderwijs: Annotated[Code | None, Meta(description="Code van de lijst onderwijs.")] = None
    school_pc4: Pc4 | None = None
    eerder_geprobeerd: Annotated[Lang, Meta(description="Wat er al is geprobeerd; nooit een drempel.")] | None = None
    mening_jeugdige: Annotated[Lang, Meta(description="Wat het kind zelf wil.")] | None = None
    praktisch: (
        Annotated[VrijeTekst, Meta(max_length=200, description="Huisdieren en andere zaken om rekening mee te houden.")]
        | None
    ) = None


class Indiening(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """One aanvraag per child; of two or more together a samenplaatsing."""

    kinderen: Annotated[list[IngediendKind], Meta(min_length=1, max_length=8)]
    mag_splitsen: Annotated[bool, Meta(description="Alleen met een contra-indicatie of akkoord op deze splitsing.")] = (
        False
    )
    splitsreden: (
        Annotated[VrijeTekst, Meta(max_length=300, description="Waarom zij niet samen hoeven te blijven.")] | None
    ) = None
    urgentie: Urgentie
    urgentie_reden: Annotated[Kort, Meta(description="Waarom het haast heeft.")] | None = None
    pc4: Thuis
    gemeente_code: Annotated[Gemeentecode, Meta(description="De verantwoordelijke gemeente (woonplaatsbeginsel).")]
    huidig_verblijf: HuidigVerblijf
    huidig_verblijf_tot: date | None = None
    gewenste_start: date
    uiterlijke_datum: date
    verwacht_verblijf: (
        Annotated[
            int, Meta(ge=1, le=6570, description="In dagen; leeg: wat bij de zorgvorm gebruikelijk is in de regio.")
        ]
        | None
    ) = None
    perspectief: Perspectief
    zorgvormen: Annotated[
        list[Code], Meta(min_length=1, max_length=63, extra_json_schema=UNIQUE, examples=[["gezinshuis"]])
    ]
    zorgvorm_reden: (
        Annotated[Kort, Meta(description="Verplicht bij een andere zorgvorm dan pleeggezin of gezinshuis.")] | None
    ) = None
    juridisch_kader: JuridischKader
    netwerk_pc4: Pc4 | None = None
    maximale_reistijd: Annotated[int, Meta(ge=1, le=600, description="Harde grens in minuten.")] | None = None


PAST = {
    Geslacht.MEISJE: [Groepssoort.GEMENGD, Groepssoort.MEISJES],
    Geslacht.JONGEN: [Groepssoort.GEMENGD, Groepssoort.JONGENS],
}
"""Groups for who says nothing else; who is neither may be asked for in each, until the verwijzer says which."""

GEDEELD = (
    "urgentie", "urgentie_reden", "pc4", "gemeente_code", "huidig_verblijf", "huidig_verblijf_tot", "gewenste_start",
    "uiterlijke_datum", "perspectief", "zorgvormen", "zorgvorm_reden", "juridisch_kader", "netwerk_pc4",
    "maximale_reistijd",
)  # fmt: skip
EIGEN = (
    "kenmerk", "geslacht", "ondersteuning", "kenmerken", "medisch", "rolstoel", "onderwijs", "school_pc4",
    "eerder_geprobeerd", "mening_jeugdige", "praktisch",
)  # fmt: skip


async def dien_in(conn: Connection, nieuw: Indiening, wie: Wie, *, now: datetime) -> list[Aanvraag]:
    """In the order of the children; what was kept as a concept is gone. Refuses INVALID, and CONFLICT for a kenmerk
    that is taken."""
    refuse(await errors(conn, nieuw))
    if wie.organisatie is None:
        raise Refusal(Kind.FORBIDDEN, gettext("Alleen wie bij een organisatie werkt, kan hier een aanvraag indienen."))
    samen = None
    if len(nieuw.kinderen) > 1:
        family = NieuweSamenplaatsing(
            organisatie_id=wie.organisatie, mag_splitsen=nieuw.mag_splitsen, splitsreden=nieuw.splitsreden
        )
        samen = (await samenplaatsingen.add(conn, family)).id
    verblijf = await _verblijf(conn, nieuw)
    made = [
        await aanvragen.add(conn, _aanvraag(nieuw, kind, wie.organisatie, samen, verblijf, today(now)), now=now)
        for kind in nieuw.kinderen
    ]
    await concepten.wis(conn)
    return made


def _aanvraag(
    nieuw: Indiening, kind: IngediendKind, organisatie: UUID, samen: UUID | None, verblijf: int, dag: date
) -> NieuweAanvraag:
    """Fields that were wrong stay UNSET, so that all errors can be told at once."""
    maanden: object = UNSET
    if given(kind.leeftijd_jaren):
        maanden = kind.leeftijd_jaren * 12 + (kind.leeftijd_maanden if given(kind.leeftijd_maanden) else 0)  # type: ignore[operator]
    values = {name: getattr(nieuw, name) for name in GEDEELD} | {name: getattr(kind, name) for name in EIGEN}
    groepen = kind.groepssoorten or PAST.get(kind.geslacht, list(Groepssoort))
    return NieuweAanvraag(
        **values,
        organisatie_id=organisatie,
        samenplaatsing_id=samen,
        groepssoorten=groepen,
        leeftijd_maanden=maanden,  # type: ignore[arg-type]
        leeftijd_peildatum=dag,
        verwacht_verblijf=verblijf,
    )


async def _verblijf(conn: Connection, nieuw: Indiening) -> int:
    """Days: what was said, else what is usual for the longest of the zorgvormen, else the setting of the region."""
    if given(nieuw.verwacht_verblijf):
        return nieuw.verwacht_verblijf  # type: ignore[return-value]
    asked = nieuw.zorgvormen if given(nieuw.zorgvormen) else []
    usual = [one.gebruikelijk_verblijf for one in await codes.zorgvormen(conn) if one.code in asked]
    return max([days for days in usual if days], default=(await werkregels(conn)).vervolg_verblijf_dagen)


async def errors(conn: Connection, nieuw: Indiening) -> list[FieldError]:
    """What is wrong beyond the form of the fields: once for what is shared, and per child."""
    found: dict[tuple[str, str], FieldError] = {}
    kinderen = nieuw.kinderen if given(nieuw.kinderen) else []
    seen: set[object] = set()
    for number, kind in enumerate(kinderen):
        here = f"/kinderen/{number}"
        one = _aanvraag(nieuw, kind, UNSET, None, UNSET, date(2000, 1, 1))  # type: ignore[arg-type]
        for error in await aanvragen.errors(conn, one):
            field = error.pointer.split("/")[1]
            own = field in OWN_NAMES
            pointer = f"{here}{error.pointer}" if own else error.pointer
            found.setdefault((pointer, error.code), structs.replace(error, pointer=pointer))
        if given(kind.kenmerk) and kind.kenmerk in seen:
            wrong = gettext("Dit kenmerk heeft een ander kind hier ook. Geef elk kind een eigen kenmerk.")
            found[here, "dubbel"] = FieldError(f"{here}/kenmerk", "dubbel", wrong)
        seen.add(kind.kenmerk)
    family = NieuweSamenplaatsing(organisatie_id=UNSET, mag_splitsen=nieuw.mag_splitsen, splitsreden=nieuw.splitsreden)  # type: ignore[arg-type]
    return [*found.values(), *await samenplaatsingen.errors(conn, family)]


OWN_NAMES = {
    name
    for name, python in zip(IngediendKind.__struct_encode_fields__, IngediendKind.__struct_fields__, strict=True)
    if python in EIGEN
}
