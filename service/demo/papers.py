"""What stands with an aanvraag: grondslag, machtiging, toestemming, and where the child must not be."""

from __future__ import annotations

from datetime import date, timedelta

from asyncpg import Range

from service.demo import names
from service.demo.draft import Draft
from service.demo.rows import Aanvraag, Grondslag, Machtiging, Toestemming, Uitsluiting, Voorziening


def add_papers(draft: Draft, a: Aanvraag, *, granted: bool) -> None:
    """Grondslag, machtiging and toestemming, with dates after the aanmelding."""
    dice, rows = draft.dice, draft.rows
    day = a.aangemeld_op.date()
    soort = "besluit_gemeente" if a.juridisch_kader == "vrijwillig" else "uitspraak_rechter"
    if a.urgentie == "crisis" and a.juridisch_kader == "vrijwillig":
        soort = "spoedinzet_veilig_thuis"
    elif a.juridisch_kader in ("voogdij", "jeugdreclassering"):
        soort = "bepaling_gi"
    geldig_tot = max(a.uiterlijke_datum, day) + timedelta(days=365)
    rows.grondslag.append(
        Grondslag(
            dice.id(),
            a.regio,
            a.id,
            soort,
            "verleend" if granted else "aangevraagd",
            day,
            geldig_tot if granted else None,
        )
    )
    if granted and a.juridisch_kader in ("ots", "vots", "voorlopige_voogdij"):
        closed = a.zorgvormen == ["jeugdzorgplus"]
        named = list(a.zorgvormen)
        if len(named) > 2 and dice.chance(0.12):  # a court that names less than what is asked
            named = named[:-1]
        kind = "gesloten" if closed else "spoed" if a.urgentie == "crisis" else "open"
        rows.machtiging.append(
            Machtiging(
                dice.id(), a.regio, a.id, kind, named, Range(day, geldig_tot), day if a.status == "geplaatst" else None
            )
        )
    add_toestemming(draft, a, day)


def add_toestemming(draft: Draft, a: Aanvraag, day: date) -> None:
    """Of ouders with gezag unless a court or guardian decides; from 12 on the jeugdige too, from 16 on alone."""
    dice = draft.dice

    def add(persoon: str, status: str, reden: str | None = None) -> None:
        draft.rows.toestemming.append(Toestemming(dice.id(), a.regio, a.id, persoon, status, reden, day))

    asked = {"gegeven": 0.8, "gevraagd": 0.17, "geweigerd": 0.03} if a.status != "geplaatst" else {"gegeven": 1.0}
    if a.juridisch_kader in ("voogdij", "voorlopige_voogdij"):
        add("voogd", "niet_vereist", names.CONSENT_NOT_NEEDED["voogd"])
    elif a.juridisch_kader in ("ots", "vots"):
        add("ouder_1", "niet_vereist", names.CONSENT_NOT_NEEDED["ouder"])
    elif a.leeftijd_maanden < 16 * 12:
        add("ouder_1", dice.weighted(asked))
        if dice.chance(0.5):
            add("ouder_2", dice.weighted(asked))
    if a.leeftijd_maanden >= 12 * 12:
        add("jeugdige", dice.weighted(asked))


def add_uitsluitingen(draft: Draft, aanvragen: list[Aanvraag], voorzieningen: list[Voorziening]) -> None:
    """Safety: of some children a place, a provider or surroundings where they must not be."""
    dice = draft.dice
    for a in aanvragen:
        if not dice.chance(0.08):
            continue
        soort = dice.weighted({"gebied": 0.6, "aanbieder": 0.2, "voorziening": 0.2})
        row = Uitsluiting(dice.id(), a.regio, a.id, soort)
        if soort == "gebied":
            row.pc4, row.straal_km = a.pc4, float(dice.pick((3, 5, 8)))
        elif soort == "aanbieder":
            row.aanbieder_id = dice.pick(voorzieningen).aanbieder_id
        else:
            row.voorziening_id = dice.pick(voorzieningen).id
        draft.rows.uitsluiting.append(row)
