"""Who files: organisations, and the numbers of their aanvragen."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from service.demo import names
from service.demo.dice import Dice
from service.demo.draft import Draft
from service.demo.rows import Organisatie


class Verwijzers(Struct):
    """Organisations that file aanvragen, and the number of the last kenmerk."""

    gi: list[Organisatie]
    gemeente: dict[str, Organisatie]
    veilig_thuis: Organisatie
    last: int = 0

    def of(self, dice: Dice, kader: str, urgentie: str, gemeente: str) -> Organisatie:
        """Who files: the gemeente without a court, the GI with one, Veilig Thuis in part of the crises."""
        if urgentie == "crisis" and dice.chance(0.3):
            return self.veilig_thuis
        return self.gemeente[gemeente] if kader == "vrijwillig" else dice.pick(self.gi)

    def kenmerk(self, year: int) -> str:
        self.last += 1
        return f"{year % 100:02d}-{self.last:05d}"


def make_verwijzers(draft: Draft) -> Verwijzers:
    """The organisations of a region that file aanvragen, and the loket itself."""
    dice, rows, regio = draft.dice, draft.rows, draft.regio
    since = dice.moment(draft.today - timedelta(days=1000))

    def organisatie(soort: str, naam: str) -> Organisatie:
        row = Organisatie(dice.id(), regio.code, soort, naam, since)
        rows.organisatie.append(row)
        return row

    organisatie("loket", f"Loket {regio.naam}")
    return Verwijzers(
        [organisatie("gi", naam) for naam in names.GI_NAMES],
        {code: organisatie("gemeente", f"Toegang Jeugd {naam}") for code, naam in regio.gemeenten},
        organisatie("veilig_thuis", f"Veilig Thuis {regio.naam}"),
    )
