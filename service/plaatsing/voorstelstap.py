"""One step of a voorstel: what somebody sends, what is wrong with that, and what every step then has."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from service.aanvraag import gebeurtenissen, stappen
from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.aanvraag.stappen import Reden
from service.db import Connection, Rol, Wie
from service.errors import FieldError
from service.plaatsing.voorstelkeuzes import VANZELF, KeuzeReden
from service.plaatsing.voorstellen import Voorstel, VoorstelStap
from service.rang.travel import Traveller
from service.regio.werkregels import Werkregels
from service.taal import gettext
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


def errors(nieuw: NieuweVoorstelStap, rol: Rol, dag: date) -> list[FieldError]:
    """What is wrong with it beyond the form of its fields."""
    found = []
    needs = {
        "afwijsreden": nieuw.stap is VoorstelStap.WIJS_AF,
        "later_vanaf": nieuw.afwijsreden is Afwijsreden.LATER_VANAF,
        "kennismaking_op": nieuw.stap is VoorstelStap.KENNISMAKING,
    }
    for field, wanted in needs.items():
        name = "".join(part.capitalize() if at else part for at, part in enumerate(field.split("_")))
        if wanted and getattr(nieuw, field) is None:
            found.append(FieldError(f"/{name}", "verplicht", gettext("Dit hoort bij deze stap. Vul het in.")))
        if not wanted and getattr(nieuw, field) is not None:
            found.append(FieldError(f"/{name}", "past_niet", gettext("Dit hoort niet bij deze stap. Laat het weg.")))
    if nieuw.keuzereden is not None and nieuw.stap is not VoorstelStap.VERZEND:
        found.append(FieldError("/keuzereden", "past_niet", gettext("Dit hoort niet bij deze stap. Laat het weg.")))
    if nieuw.keuzereden in VANZELF:
        found.append(
            FieldError("/keuzereden", "waarde", gettext("Dit weet het loket zelf. Kies een andere reden, of geen."))
        )
    if nieuw.keuzereden is KeuzeReden.ANDERE_REDEN and nieuw.reden is None:
        found.append(FieldError("/reden", "verplicht", gettext("Schrijf waarom.")))
    if nieuw.later_vanaf is not None and nieuw.later_vanaf <= dag:
        found.append(FieldError("/laterVanaf", "verleden", gettext("Geef een dag die nog komt.")))
    if nieuw.reden is None and (nieuw.stap is VoorstelStap.TREK_IN or nieuw.afwijsreden is Afwijsreden.ANDERS):
        found.append(FieldError("/reden", "verplicht", gettext("Schrijf waarom.")))
    if rol is Rol.VERWIJZER and nieuw.afwijsreden not in (None, Afwijsreden.OUDER_OF_JEUGDIGE_ZEGT_NEE):
        wrong = gettext(
            "Als verwijzer geeft u alleen door dat een ouder of het kind nee zegt. De aanbieder zegt de rest zelf."
        )
        found.append(FieldError("/afwijsreden", "waarde", wrong))
    return found


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


VOLG = "select volg_voorstel($1, $2)"


async def volg(c: Context, one: Voorstel) -> None:
    """The optie follows its voorstel: it holds as long as that waits, and is gone when that ended."""
    await c.conn.execute(VOLG, one.id, c.now)


async def record(
    c: Context,
    one: Voorstel,
    soort: GebeurtenisSoort,
    *,
    reden: str | None = None,
    gegevens: dict[str, object] | None = None,
) -> None:
    """What happened to the aanvraag of this voorstel."""
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
