"""What is known of a route, typed per soort and stored as jsonb; the soort is in it, as a tag."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import Meta, Struct

from service.fields import Code, Gemeentecode, VrijeTekst


class Uitslag(StrEnum):
    POSITIEF = "positief"
    NEGATIEF = "negatief"


class OverbruggingVorm(StrEnum):
    AMBULANTE_HULP = "ambulante_hulp"
    STRIPPENKAART = "strippenkaart"
    BEDJE_ERBIJ = "bedje_erbij"


class NaAchttien(StrEnum):
    """What a young person goes on with."""

    VERLENGDE_JEUGDHULP = "verlengde_jeugdhulp"
    PLEEGZORG_TOT_21 = "pleegzorg_tot_21"
    WMO = "wmo"
    WLZ = "wlz"
    ZORGVERZEKERING = "zorgverzekering"
    ZELFSTANDIG = "zelfstandig"
    NAAR_FAMILIE = "naar_familie"
    ANDERS = "anders"


class Keuze(StrEnum):
    OUDERS = "ouders"
    JEUGDIGE = "jeugdige"
    SAMEN = "samen"


Kort = Annotated[VrijeTekst, Meta(max_length=120)]
Lang = Annotated[VrijeTekst, Meta(max_length=300)]
Met = Annotated[Kort, Meta(description="Met wie: een functie of een voornaam.")]


class _Details(Struct, tag_field="soort", rename="camel", kw_only=True, forbid_unknown_fields=True):
    toelichting: Annotated[Lang, Meta(description="Wat verder telt, in een zin.")] | None = None


class Netwerkplaatsing(_Details, tag="netwerkplaatsing", kw_only=True):
    aanbieder_id: Annotated[UUID | None, Meta(description="De pleegzorgaanbieder die onderzoekt.")] = None
    woont_er_sinds: Annotated[date | None, Meta(description="Als het kind er al is.")] = None
    onderzoek_op: Annotated[date | None, Meta(description="Het onderzoek van het gezin was klaar.")] = None
    vgb_gevraagd_op: Annotated[date | None, Meta(description="Verklaring van geen bezwaar, bij de Raad.")] = None
    vgb_op: Annotated[date | None, Meta(description="De Raad gaf de verklaring van geen bezwaar af.")] = None
    besluit_op: date | None = None
    besluit: Uitslag | None = None


class Tussenvoorziening(_Details, tag="tussenvoorziening", kw_only=True):
    voorziening_id: Annotated[UUID | None, Meta(description="Als het loket haar kent.")] = None
    waar: Annotated[Kort, Meta(description="Anders: wat voor plek het is, zonder adres.")] | None = None
    ja_op: Annotated[date | None, Meta(description="Wie haar biedt, zei ja.")] = None
    ja_van: Met | None = None
    van: date | None = None
    tot: Annotated[date | None, Meta(description="Eerste dag waarop het kind er niet meer is.")] = None


class Overbrugging(_Details, tag="overbrugging", kw_only=True):
    vorm: OverbruggingVorm
    aanbieder_id: UUID | None = None
    voorziening_id: Annotated[UUID | None, Meta(description="Bij een bedje erbij: waar.")] = None
    strippen: Annotated[int, Meta(ge=1, le=1000, description="Bij een strippenkaart: hoeveel.")] | None = None
    strippen_gebruikt: Annotated[int, Meta(ge=0, le=1000)] = 0
    ja_op: Annotated[date | None, Meta(description="Wie de hulp geeft, zei ja.")] = None
    ja_van: Met | None = None
    van: date | None = None
    tot: Annotated[date | None, Meta(description="Dan stopt de hulp, of kijkt u of zij nog nodig is.")] = None


class Overleg(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """With the gemeente that is responsible, because it pays (woonplaatsbeginsel)."""

    op: date
    gemeente_code: Gemeentecode
    met: Met
    uitkomst: Uitslag


class Maatwerk(_Details, tag="maatwerk", kw_only=True):
    aanbieder_id: Annotated[UUID | None, Meta(description="Als het loket deze aanbieder kent.")] = None
    aanbieder_naam: Annotated[Kort, Meta(description="Anders: hoe de aanbieder heet.")] | None = None
    zorgvorm: Code | None = None
    offerte_op: Annotated[date | None, Meta(description="De offerte kwam binnen.")] = None
    bedrag_per_etmaal: Annotated[float, Meta(ge=0, le=100_000, description="In euro.")] | None = None
    overleg: Overleg | None = None
    van: Annotated[date | None, Meta(description="De hulp begon.")] = None


class Pgb(_Details, tag="pgb", kw_only=True):
    keuze: Annotated[Keuze | None, Meta(description="Wie er zelf voor koos; een pgb legt niemand op.")] = None
    keuze_op: date | None = None
    budgetplan_op: Annotated[date | None, Meta(description="Het gezin diende zijn plan in.")] = None
    besluit_op: Annotated[date | None, Meta(description="De gemeente besloot.")] = None
    besluit: Uitslag | None = None
    van: Annotated[date | None, Meta(description="De hulp begon.")] = None


class AndereRegio(_Details, tag="andere_regio", kw_only=True):
    regio: Annotated[Code, Meta(description="Code van de jeugdregio.")]
    antwoord_op: Annotated[date | None, Meta(description="De andere regio gaf antwoord.")] = None
    antwoord: Uitslag | None = None
    antwoord_van: Met | None = None
    overleg: Overleg | None = None
    van: Annotated[date | None, Meta(description="Het kind ging erheen.")] = None


class Jeugdzorgplus(_Details, tag="jeugdzorgplus", kw_only=True):
    instemming_op: Annotated[
        date | None, Meta(description="Een gedragswetenschapper onderzocht het kind kort tevoren en stemde in.")
    ] = None
    aangemeld_op: Annotated[date | None, Meta(description="Bij het coördinatiepunt.")] = None
    vervolg_zorgvorm: Annotated[Code | None, Meta(description="Waar het kind hierna heen gaat.")] = None
    vervolg_plan: Annotated[Lang, Meta(description="Hoe die plek er komt: vanaf de eerste dag gepland.")] | None = None
    toegewezen_op: Annotated[date | None, Meta(description="Het coördinatiepunt wees een instelling aan.")] = None
    instelling: Annotated[Kort, Meta(description="Welke instelling dat is.")] | None = None
    van: Annotated[date | None, Meta(description="Het kind kwam er.")] = None


class AchttienPlus(_Details, tag="achttien_plus", kw_only=True):
    besproken_op: Annotated[date | None, Meta(description="Met de jeugdige zelf.")] = None
    plan_op: Annotated[date | None, Meta(description="Het toekomstplan was klaar.")] = None
    daarna: NaAchttien | None = None
    wonen: Annotated[Lang, Meta(description="Waar de jeugdige dan woont, zonder adres.")] | None = None
    inkomen_geregeld: bool = False
    zorg_geregeld: Annotated[bool, Meta(description="Beschikking of indicatie voor daarna.")] = False
    vaste_persoon: Annotated[bool, Meta(description="Er is iemand op wie de jeugdige kan terugvallen.")] = False


Details: TypeAlias = (
    Netwerkplaatsing | Tussenvoorziening | Overbrugging | Maatwerk | Pgb | AndereRegio | Jeugdzorgplus | AchttienPlus
)

ALLE = tuple(kind for kind in _Details.__subclasses__())
