"""What a plaatsing rests on: decision, authorisation of the court, consent."""

from __future__ import annotations

from service.aanvraag import grondslagen
from service.aanvraag.grondslagen import (
    Grondslag,
    GrondslagSoort,
    GrondslagStatus,
    Machtiging,
    MachtigingSoort,
    Toestemming,
    ToestemmingPersoon,
    ToestemmingStatus,
)
from service.errors import FieldError
from tests import make


def pointers(errors: list[FieldError]) -> list[str]:
    return [error.pointer for error in errors]


def test_dates_of_grondslag_and_machtiging_are_in_order() -> None:
    """The last day of a period does not count, so a machtiging lasts at least until the next day."""
    grondslag = Grondslag(
        soort=GrondslagSoort.BEPALING_GI, status=GrondslagStatus.VERLEEND, datum=make.day(0), geldig_tot=make.day(-1)
    )
    machtiging = Machtiging(
        soort=MachtigingSoort.SPOED,
        zorgvormen=["gezinshuis"],
        geldig_van=make.day(0),
        geldig_tot=make.day(0),
        ten_uitvoer_op=make.day(-1),
    )
    assert pointers(grondslagen.errors([grondslag], [machtiging], [])) == [
        "/grondslagen/0/geldigTot",
        "/machtigingen/0/geldigTot",
        "/machtigingen/0/tenUitvoerOp",
    ]


def test_toestemming_is_one_per_person_and_says_why_when_not_required() -> None:
    """ "Niet vereist, want …"."""
    ouder = Toestemming(persoon=ToestemmingPersoon.OUDER_1, status=ToestemmingStatus.GEGEVEN, datum=make.TODAY)
    zonder = Toestemming(persoon=ToestemmingPersoon.OUDER_1, status=ToestemmingStatus.NIET_VEREIST, datum=make.TODAY)
    assert pointers(grondslagen.errors([], [], [ouder, zonder])) == [
        "/toestemmingen/1/persoon",
        "/toestemmingen/1/reden",
    ]
