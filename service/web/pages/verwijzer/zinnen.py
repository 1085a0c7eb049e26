"""What stands in a status, a step or an alarm, as a verwijzer reads it. tests/web/pages/verwijzer proves that none is
missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from service.aanvraag.gebeurtenissen import AanvraagGebeurtenis
from service.aanvraag.gebeurtenissen import AanvraagStatus as S
from service.aanvraag.werkblad import Beurt
from service.opschaling.opschalingen import OpschalingAanleiding
from service.plaatsing.voorstellen import VoorstelStatus
from service.taal import later

STATUS = {
    S.INGEDIEND: later("Ingediend: het loket gaat ermee aan de slag"),
    S.IN_BEHANDELING: later("In behandeling: het loket zoekt een plek"),
    S.OPTIE: later("Het loket houdt een plek vast"),
    S.VOORSTEL: later("Voorgesteld aan een aanbieder"),
    S.AKKOORD: later("De aanbieder zegt ja: nu is toestemming nodig"),
    S.TOESTEMMING: later("Toestemming is er: de kennismaking komt"),
    S.KENNISMAKING: later("Kennismaking is afgesproken"),
    S.DEFINITIEF: later("Definitief: het kind kan komen"),
    S.GEPLAATST: later("Geplaatst"),
    S.BEEINDIGD: later("Het verblijf is voorbij"),
    S.AFGEWEZEN: later("Afgewezen door het loket"),
    S.INGETROKKEN: later("Ingetrokken"),
    S.OPGESCHAALD: later("Opgeschaald: er kijken meer mensen mee"),
}

BEURT = {
    Beurt.LOKET: later("het loket"),
    Beurt.AANBIEDER: later("de aanbieder"),
    Beurt.VERWIJZER: later("u"),
}

VOORSTEL = {
    VoorstelStatus.CONCEPT: later("klaargezet"),
    VoorstelStatus.VERZONDEN: later("de aanbieder kijkt ernaar"),
    VoorstelStatus.INTERESSE: later("de aanbieder heeft interesse"),
    VoorstelStatus.AKKOORD: later("de aanbieder zegt ja"),
    VoorstelStatus.TOESTEMMING: later("toestemming is gegeven"),
    VoorstelStatus.KENNISMAKING: later("kennismaking"),
    VoorstelStatus.DEFINITIEF: later("definitief"),
    VoorstelStatus.AFGEWEZEN: later("gaat niet door"),
    VoorstelStatus.INGETROKKEN: later("ingetrokken door het loket"),
    VoorstelStatus.VERVALLEN: later("geen antwoord gekregen"),
}

AANLEIDING = {
    OpschalingAanleiding.DREIGENDE_UITHUISPLAATSING: later("Het kind moet misschien uit huis"),
    OpschalingAanleiding.VERSCHIL_VAN_OPVATTING: later("We zijn het niet eens over wat nodig is"),
    OpschalingAanleiding.GEEN_PLEK: later("Er is geen plek"),
    OpschalingAanleiding.BOVENREGIONAAL: later("In de regio lukt het niet"),
}

LIJN = (
    (S.INGEDIEND, later("Ingediend")),
    (S.IN_BEHANDELING, later("In behandeling")),
    (S.VOORSTEL, later("Voorgesteld")),
    (S.AKKOORD, later("Aanbieder zegt ja")),
    (S.TOESTEMMING, later("Toestemming")),
    (S.KENNISMAKING, later("Kennismaking")),
    (S.DEFINITIEF, later("Definitief")),
    (S.GEPLAATST, later("Geplaatst")),
)
"""The steps of an aanvraag that goes well. An optie and an opschaling are on the way to a voorstel."""

OP_WEG = {S.OPTIE: S.IN_BEHANDELING, S.OPGESCHAALD: S.IN_BEHANDELING, S.BEEINDIGD: S.GEPLAATST}


class Punt(Struct, frozen=True):
    """A step of the line."""

    naam: str
    op: datetime | None
    """When it was reached last; None: not yet, or passed over."""
    nu: bool
    geweest: bool


def lijn(status: S, history: Sequence[AanvraagGebeurtenis]) -> list[Punt]:
    """Where an aanvraag is, with the days. `history`: the last first. A closed one is nowhere: its status says so."""
    reached: dict[S, datetime] = {}
    for one in history:
        if one.naar is not None:
            reached.setdefault(OP_WEG.get(one.naar, one.naar), one.op)
    reached.setdefault(S.INGEDIEND, history[-1].op) if history else None
    here = OP_WEG.get(status, status)
    order = [code for code, _ in LIJN]
    at = order.index(here) if here in order else -1
    return [
        Punt(naam, reached.get(code) if number <= at else None, nu=number == at, geweest=number < at)
        for number, (code, naam) in enumerate(LIJN)
    ]
