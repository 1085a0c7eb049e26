"""What a plaatsing rests on: grondslag, machtiging and toestemming. Parts of an aanvraag, that come and go with it.

Needed before a plaatsing is definitive, not before searching.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from service.aanbod.voorzieningen import UNIQUE
from service.errors import FieldError
from service.fields import Code, VrijeTekst, given, numbered
from service.taal import gettext


class GrondslagSoort(StrEnum):
    """As type `grondslag_soort` in schema.sql."""

    BESLUIT_GEMEENTE = "besluit_gemeente"
    BEPALING_GI = "bepaling_gi"
    SPOEDINZET_VEILIG_THUIS = "spoedinzet_veilig_thuis"
    UITSPRAAK_RECHTER = "uitspraak_rechter"


class GrondslagStatus(StrEnum):
    """As type `grondslag_status` in schema.sql."""

    AANGEVRAAGD = "aangevraagd"
    VERLEEND = "verleend"
    AFGEWEZEN = "afgewezen"
    VERVALLEN = "vervallen"


class MachtigingSoort(StrEnum):
    """As type `machtiging_soort` in schema.sql."""

    OPEN = "open"
    SPOED = "spoed"
    GESLOTEN = "gesloten"
    VOORWAARDELIJK = "voorwaardelijk"


class ToestemmingPersoon(StrEnum):
    """As type `toestemming_persoon` in schema.sql."""

    OUDER_1 = "ouder_1"
    OUDER_2 = "ouder_2"
    VOOGD = "voogd"
    JEUGDIGE = "jeugdige"


class ToestemmingStatus(StrEnum):
    """As type `toestemming_status` in schema.sql."""

    GEVRAAGD = "gevraagd"
    GEGEVEN = "gegeven"
    GEWEIGERD = "geweigerd"
    NIET_VEREIST = "niet_vereist"


class Grondslag(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    soort: GrondslagSoort
    status: GrondslagStatus
    datum: date
    geldig_tot: date | None = None


class Machtiging(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    soort: MachtigingSoort
    zorgvormen: Annotated[list[Code], Meta(min_length=1, max_length=63, extra_json_schema=UNIQUE)]
    geldig_van: date
    geldig_tot: Annotated[date, Meta(description="Eerste dag waarop de machtiging niet meer geldt.")]
    ten_uitvoer_op: date | None = None


class Toestemming(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    persoon: ToestemmingPersoon
    status: ToestemmingStatus
    reden: (
        Annotated[
            VrijeTekst,
            Meta(max_length=200, description="Waarom er geen toestemming nodig is. Verplicht bij niet_vereist."),
        ]
        | None
    ) = None
    datum: date


# Of one aanvraag `a`, as json with the names of the API.
GRONDSLAGEN = """
(select coalesce(json_agg(json_build_object('soort', g.soort, 'status', g.status, 'datum', g.datum,
                                              'geldigTot', g.geldig_tot) order by g.datum, g.id), '[]')
 from grondslag g where g.aanvraag_id = a.id)"""

MACHTIGINGEN = """
(select coalesce(json_agg(json_build_object('soort', m.soort, 'zorgvormen', m.zorgvormen,
                                              'geldigVan', lower(m.geldigheid), 'geldigTot', upper(m.geldigheid),
                                              'tenUitvoerOp', m.ten_uitvoer_op)
                           order by lower(m.geldigheid), m.id), '[]')
 from machtiging m where m.aanvraag_id = a.id)"""

TOESTEMMINGEN = """
(select coalesce(json_agg(json_build_object('persoon', t.persoon, 'status', t.status, 'reden', t.reden,
                                              'datum', t.datum) order by t.persoon), '[]')
 from toestemming t where t.aanvraag_id = a.id)"""

WIS_GRONDSLAGEN = "delete from grondslag where aanvraag_id = $1"
WIS_MACHTIGINGEN = "delete from machtiging where aanvraag_id = $1"
WIS_TOESTEMMINGEN = "delete from toestemming where aanvraag_id = $1"

INSERT_GRONDSLAGEN = """
insert into grondslag (regio, aanvraag_id, soort, status, datum, geldig_tot)
select huidige_regio(), $1, soort, status, datum, geldig_tot
from jsonb_populate_recordset(null::grondslag, $2)
"""

INSERT_MACHTIGINGEN = """
insert into machtiging (regio, aanvraag_id, soort, zorgvormen, geldigheid, ten_uitvoer_op)
select huidige_regio(), $1, soort, zorgvormen, daterange(geldig_van, geldig_tot), ten_uitvoer_op
from jsonb_to_recordset($2) as m
    (soort machtiging_soort, zorgvormen text[], geldig_van date, geldig_tot date, ten_uitvoer_op date)
"""

INSERT_TOESTEMMINGEN = """
insert into toestemming (regio, aanvraag_id, persoon, status, reden, datum)
select huidige_regio(), $1, persoon, status, reden, datum
from jsonb_populate_recordset(null::toestemming, $2)
"""


def errors(
    grondslagen: list[Grondslag], machtigingen: list[Machtiging], toestemmingen: list[Toestemming]
) -> list[FieldError]:
    """What is wrong with the lists of one aanvraag beyond the form of their fields; a list may be UNSET."""
    return [
        *(e for i, part in numbered(grondslagen) for e in _of_grondslag(part, f"/grondslagen/{i}")),
        *(e for i, part in numbered(machtigingen) for e in _of_machtiging(part, f"/machtigingen/{i}")),
        *_of_toestemmingen(toestemmingen),
    ]


def _of_grondslag(part: Grondslag, pointer: str) -> list[FieldError]:
    if given(part.datum, part.geldig_tot) and part.geldig_tot < part.datum:  # type: ignore[operator]
        return [FieldError(f"{pointer}/geldigTot", "volgorde", gettext("Geef een dag die niet voor datum ligt."))]
    return []


def _of_machtiging(part: Machtiging, pointer: str) -> list[FieldError]:
    found = []
    if given(part.geldig_van, part.geldig_tot) and part.geldig_tot <= part.geldig_van:
        found.append(FieldError(f"{pointer}/geldigTot", "volgorde", gettext("Geef een dag die na geldigVan ligt.")))
    if given(part.ten_uitvoer_op, part.geldig_van) and part.ten_uitvoer_op < part.geldig_van:  # type: ignore[operator]
        found.append(
            FieldError(f"{pointer}/tenUitvoerOp", "volgorde", gettext("Geef een dag die niet voor geldigVan ligt."))
        )
    return found


def _of_toestemmingen(parts: list[Toestemming]) -> list[FieldError]:
    found = []
    seen = set()
    for i, part in numbered(parts):
        if given(part.persoon) and part.persoon in seen:
            found.append(FieldError(f"/toestemmingen/{i}/persoon", "dubbel", gettext("Noem elke persoon één keer.")))
        seen.add(part.persoon)
        if part.status is ToestemmingStatus.NIET_VEREIST and part.reden is None:
            found.append(
                FieldError(
                    f"/toestemmingen/{i}/reden", "verplicht", gettext("Schrijf waarom toestemming niet nodig is.")
                )
            )
    return found
