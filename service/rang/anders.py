"""What if: the same aanvraag with other weights and wishes, to look at and not to keep."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, structs

from matcher.problem import Aanvraag, Criterium, Weging

GEEN_GRENS = 0


class Anders(Struct, frozen=True, kw_only=True):
    """What is asked otherwise. Only what may be talked about: never machtiging, safety, toestemming or
    contra-indications."""

    gewichten: dict[str, Annotated[int, Meta(ge=0, le=100)]] = {}
    """Per criterium; what is not named counts for nothing. Empty: as the region chose."""
    later: Annotated[int, Meta(ge=0, le=365)] = 0
    """Days that the start may be later than uiterlijkeDatum."""
    korter: Annotated[int, Meta(ge=0, le=365)] = 0
    """Days that the stay may be shorter."""
    reistijd: Annotated[int, Meta(ge=0, le=600)] | None = None
    """Minutes; GEEN_GRENS: no limit; None: as it is."""
    zorgvormen: tuple[str, ...] = ()
    """Asked besides."""

    def wensen(self) -> bool:
        """Whether the aanvraag itself is another one."""
        return bool(self.later or self.korter or self.reistijd is not None or self.zorgvormen)

    def leeg(self) -> bool:
        return not self.gewichten and not self.wensen()


def pas_toe(aanvraag: Aanvraag, weging: Weging, anders: Anders, bekend: tuple[str, ...]) -> tuple[Aanvraag, Weging]:
    """Both, as they would be. `bekend`: zorgvormen that the places know; others are passed over."""
    gewichten = {Criterium(code): float(count) for code, count in anders.gewichten.items() if code in set(Criterium)}
    if any(gewichten.values()):
        weging = structs.replace(weging, gewichten=gewichten)
    reistijd = aanvraag.maximale_reistijd
    if anders.reistijd is not None:
        reistijd = anders.reistijd or None
    other = structs.replace(
        aanvraag,
        uiterlijke_datum=aanvraag.uiterlijke_datum + anders.later,
        verblijf=max(1, aanvraag.verblijf - anders.korter),
        maximale_reistijd=reistijd,
        zorgvormen=aanvraag.zorgvormen | (set(anders.zorgvormen) & set(bekend)),
    )
    return other, weging
