"""Werkregels: terms of the workflow that more than one module needs, each a setting of the region with its source."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from service.db import Connection
from service.fields import Code
from service.regio import regiokeuzes
from service.taal import later
from service.urgentie import Urgentie

OWN = "Keuze van het loket; de regio beslist"
TIJDENWET = "Algemene termijnenwet, art. 3"


def _is(says: str, bron: str = OWN, **form: Any) -> Any:
    return Meta(description=says, extra={"bron": bron}, **form)


def _dagen(says: str, bron: str = OWN, *, least: int = 1) -> Any:
    return _is(says, bron, ge=least, le=3650)


Zorgvormen = tuple[Code, ...]
Dag = Annotated[int, Meta(ge=1, le=365)]


class Bevrijdingsdag(StrEnum):
    ELK_JAAR = "elk_jaar"
    LUSTRUM = "lustrum"
    NOOIT = "nooit"


class PerUrgentie(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number per urgentie; null: none was agreed."""

    crisis: Annotated[int, Meta(ge=0, le=3650)] | None = None
    spoed: Annotated[int, Meta(ge=0, le=3650)] | None = None
    regulier: Annotated[int, Meta(ge=0, le=3650)] | None = None

    def voor(self, urgentie: Urgentie) -> int | None:
        found: int | None = getattr(self, urgentie)
        return found


class Aantal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As PerUrgentie, but of what is never left open."""

    crisis: Annotated[int, Meta(ge=1, le=3650)]
    spoed: Annotated[int, Meta(ge=1, le=3650)]
    regulier: Annotated[int, Meta(ge=1, le=3650)]

    def voor(self, urgentie: Urgentie) -> int:
        found: int = getattr(self, urgentie)
        return found


class Criteria(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Codes, per urgentie that asks for a reason."""

    crisis: tuple[Code, ...]
    spoed: tuple[Code, ...]


class Werkregels(Struct, frozen=True, kw_only=True):
    """With where each comes from. A region says otherwise with a row of `instelling` of the same name."""

    crisis_zorgvormen: Annotated[
        Zorgvormen, _is(later("Een verblijf in deze zorgvormen is crisis: er hoort een vervolgaanvraag bij."))
    ] = ("crisis", "pleegzorg-crisis")
    gesloten_zorgvormen: Annotated[
        Zorgvormen,
        _is(
            later("Ook bij een verblijf hierin hoort vanaf de eerste dag een vervolgaanvraag."), "Jeugdwet, hoofdstuk 6"
        ),
    ] = ("jeugdzorgplus",)
    geen_vervolg_zorgvormen: Annotated[
        Zorgvormen, _is(later("Hier kan een kind na crisis of gesloten verblijf niet blijven wonen."))
    ] = ("pleegzorg-deeltijd", "logeer", "tussenvoorziening")
    overbrugging_zorgvormen: Annotated[
        Zorgvormen, _is(later("In deze zorgvormen wacht een kind op een plek: het zoeken gaat door."))
    ] = ("tussenvoorziening",)
    crisis_zeker_uren: Annotated[
        int, _is(later("Een crisisplek die langer geleden is bevestigd, is niet zeker."), ge=1, le=720)
    ] = 24
    zeker_uren: Annotated[
        int, _is(later("Een andere plek die langer geleden is bevestigd, is niet zeker, in uren."), ge=1, le=8760)
    ] = 168
    onbekend_uren: Annotated[
        int,
        _is(later("Van een plek die zo lang niet is bevestigd, weet het loket niets meer, in uren."), ge=1, le=8760),
    ] = 672
    vraag_vooraf_uren: Annotated[
        int,
        _is(
            later("Zoveel uren voordat een vrije plek onzeker wordt, vraagt het loket of zij nog klopt."), ge=0, le=168
        ),
    ] = 12
    loket_telefoon: Annotated[
        str,
        _is(later("Nummer van het loket, voor aanbieders. Leeg: er is er geen."), pattern="^(\\+?[0-9 ()-]{6,20})?$"),
    ] = ""
    vraag_geldig_uren: Annotated[int, _is(later("Zo lang werkt de link in die mail, in uren."), ge=1, le=168)] = 48
    reflex_dagen: Annotated[
        int, _dagen(later('Wordt een plek zo kort na "klopt nog" gevraagd, dan telt het loket of zij er ook was.'))
    ] = 14
    vervolg_verblijf_dagen: Annotated[
        int,
        _dagen(later("Zo lang is het verblijf waar een vervolgaanvraag om vraagt, tot de verwijzer iets anders zegt.")),
    ] = 180
    vervolg_speling_dagen: Annotated[
        int, _dagen(later("Zo lang na het verwachte einde mag het vervolg hooguit beginnen."), least=0)
    ] = 14
    alarm_crisis_dagen: Annotated[
        tuple[Dag, ...],
        _is(
            later("Op deze dagen van een crisisverblijf of gesloten verblijf zonder vervolgplek waarschuwt het loket.")
        ),
    ] = (14, 21, 28)
    normen_dagen: Annotated[
        PerUrgentie, _is(later("Binnen zoveel dagen na de aanmelding is er een plek. Leeg: geen norm afgesproken."))
    ] = PerUrgentie()
    norm_vooraf_dagen: Annotated[
        PerUrgentie, _is(later("Zoveel dagen voordat een norm verstrijkt waarschuwt het loket."))
    ] = PerUrgentie(crisis=0, spoed=2, regulier=14)
    achttien_vooraf_maanden: Annotated[
        int,
        _is(later("Zoveel maanden voor de achttiende verjaardag hoort er een plan voor daarna te zijn."), ge=1, le=120),
    ] = 12
    gezin_maanden: Annotated[
        int,
        _is(
            later(
                "Woont een kind zo lang in één pleeggezin, dan is voor weggaan toestemming van de kinderrechter nodig,"
                " of kunnen de pleegouders dat tegenhouden (blokkaderecht)."
            ),
            "Burgerlijk Wetboek, art. 1:253s, 1:265i en 1:336a",
            ge=1,
            le=120,
        ),
    ] = 12
    bericht_werkdagen: Annotated[
        int,
        _is(
            later("Binnen zoveel werkdagen na begin of einde stuurt de aanbieder zelf het start- of stopbericht."),
            "Landelijke regels iJw (iStandaarden), start- en stopbericht",
            ge=1,
            le=60,
        ),
    ] = 5
    goede_vrijdag_vrij: Annotated[bool, _is(later("Goede Vrijdag telt niet als werkdag."), f"{TIJDENWET} lid 2")] = True
    bevrijdingsdag_vrij: Annotated[
        Bevrijdingsdag,
        _is(later("Wanneer 5 mei niet als werkdag telt. Veel cao's zeggen: in een lustrumjaar."), f"{TIJDENWET} lid 1"),
    ] = Bevrijdingsdag.ELK_JAAR

    urgentie_criteria: Annotated[
        Criteria,
        _is(later("Wanneer een aanvraag crisis of spoed mag zijn: wie de urgentie verhoogt, noemt een van deze.")),
    ] = Criteria(
        crisis=("acute_onveiligheid", "geen_slaapplek", "spoedmachtiging"),
        spoed=("verblijf_eindigt", "machtiging_verloopt", "thuis_onhoudbaar"),
    )
    optie_uren: Annotated[Aantal, _is(later("Zo lang houdt het loket een plek vast voor een aanvraag, in uren."))] = (
        Aantal(crisis=4, spoed=24, regulier=72)
    )
    opties_hoogstens: Annotated[
        int, _is(later("Zoveel plekken houdt het loket hooguit tegelijk vast voor een aanvraag."), ge=1, le=20)
    ] = 3
    voorstellen_hoogstens: Annotated[
        int, _is(later("Bij zoveel aanbieders ligt een aanvraag hooguit tegelijk."), ge=1, le=20)
    ] = 3
    antwoord_uren: Annotated[
        Aantal, _is(later("Binnen zoveel uren antwoordt een aanbieder op een voorstel; daarna vervalt het."))
    ] = Aantal(crisis=2, spoed=24, regulier=72)
    herinnering_uren: Annotated[
        Aantal,
        _is(later("Zoveel uren voordat een voorstel zonder antwoord vervalt, krijgt de aanbieder een herinnering.")),
    ] = Aantal(crisis=1, spoed=8, regulier=24)
    akkoord_dagen: Annotated[
        Aantal,
        _is(
            later("Zo lang blijft een plek vastgehouden na het ja van de aanbieder, voor toestemming en kennismaking.")
        ),
    ] = Aantal(crisis=3, spoed=7, regulier=21)
    na_kennismaking_dagen: Annotated[
        int, _dagen(later("Zo lang blijft een plek nog vastgehouden na de dag van de kennismaking."), least=0)
    ] = 3
    nabij_minuten: Annotated[
        int,
        _is(later("Broers en zussen die apart wonen, wonen hooguit zoveel minuten reizen van elkaar."), ge=1, le=600),
    ] = 30

    wachttijd_dagen: Annotated[
        int,
        _is(later("Verwachte wachttijden meet het loket aan wie in zoveel dagen begon te wachten."), ge=30, le=3650),
    ] = 730
    wachttijd_minstens: Annotated[
        int, _is(later("Van minder kinderen dan dit zegt het loket niet wat de verwachte wachttijd is."), ge=5, le=1000)
    ] = 10
    cijfers_maanden: Annotated[
        Literal[3, 6, 12],
        _is(
            later(
                "Cijfers om van te leren gaan over zoveel hele maanden. Korter of door elkaar lopend zou kinderen"
                " verraden."
            )
        ),
    ] = 6

    def zeker_voor(self, zorgvorm: str) -> int:
        """So many hours a confirmation of a plek of this zorgvorm makes sure."""
        return self.crisis_zeker_uren if zorgvorm in self.crisis_zorgvormen else self.zeker_uren


async def werkregels(conn: Connection, *, voorstel: UUID | None = None) -> Werkregels:
    """Of the region that asks; of a voorstel those of the region of the child."""
    return await regiokeuzes.load(conn, Werkregels, voorstel=voorstel)
