"""What says who a child is, is found in a free text, told with where it stands, and not repeated."""

from __future__ import annotations

from typing import Any, get_type_hints

import msgspec
import pytest
from msgspec import Struct, inspect

from service import fields
from service.aanvraag import aanvragen, grondslagen, samenplaatsingen
from service.db import SYSTEM, Connection, Pool, Wie, transaction
from service.errors import Kind, Refusal
from service.herkenbaar import is_bsn, vind, vind_bsn
from service.plan import plannen
from tests import make
from tests.service.test_aanvraag_ids import structs

BSNS = [
    "111222333", "1112.22.333", "bsn: 111222333", "J-111222333/2", "111 222 333", "111-222-333.", "11.12.22.333",
    "1 1 1 2 2 2 3 3 3", "op 12-03-2026 is 111222333 gebeld", "111\u200b222\u200b333", "１１１２２２３３３",
    "2026 111222333",
]  # fmt: skip
PHONES = [
    "bel 06-12345678", "06 12 34 56 78", "0612345678", "(035) 123 45 67", "035-1234567", "+31612345678",
    "+31 6 12345678", "+31 (0)6 12345678", "0031 6 12345678", "+32 475 12 34 56", "00 49 30 1234567", "0294 123456",
    "06‑12345678", "06.12.34.56.78", "mama: 06 - 12345678.",
]  # fmt: skip
MAILS = ["a.b@c.nl", "mail naar jan.de.vries@voorbeeld.nl!", "moeder(at)voorbeeld.com", "<x@y.info>"]

HARMLESS = [
    "Machtiging volgens art. 1:265c BW", "Wil op 12-03-2026 om 10:30 uur", "van 01-02-2026 tot 03-04-2027",
    "01-02-2026 - 03-04-2027", "2026-01-31 en 2026-02-28", "31-12-26", "1-2-2026 2-3-2026 4-5-2026",
    "€ 1.234.567,89", "€ 123.456.782", "euro 111222333", "100.000 euro", "1211 AB", "Slaapt van 19:30-07:00",
    "Kindertelefoon 0800-0432", "bel 112", "In 2019, 2020 en 2021", "schooljaar 2025-2026", "J-2026-0417", "2026-04173",
    "12 03 2026 5", "2 broers van 4 en 7 jaar", "Jeugdwet 2.3 lid 6", "1e, 2e en 3e nacht", "@thuis", "111222334",
    "000000000", "1112223330",
]  # fmt: skip


@pytest.mark.parametrize(("texts", "wat"), [(BSNS, "een BSN"), (PHONES, "een telefoonnummer"), (MAILS, "een e-mail")])
def test_what_says_who_a_child_is_is_found(texts: list[str], wat: str) -> None:
    """However people write it; the sentence says where it stands, and does not repeat it."""
    for text in texts:
        found = vind(text)
        assert found is not None and found.wat.startswith(wat), text
        inside = text[found.begin - 1 : found.eind]
        assert sum(char.isdigit() for char in inside) >= 9 or "@" in inside or "(at)" in inside
        assert inside not in found.zin and "Haal het weg" in found.zin


@pytest.mark.parametrize("text", HARMLESS)
def test_dates_times_prices_postcodes_and_articles_of_law_are_no_mistake(text: str) -> None:
    assert vind(text) is None


def test_a_bsn_is_nine_digits_that_pass_its_test() -> None:
    """Elfproef: of all nine digits in a row one in eleven is a BSN."""
    assert is_bsn("111222333") and not is_bsn("111222334") and not is_bsn("000000000") and not is_bsn("11122233")
    assert sum(is_bsn(str(number)) for number in range(100_000_000, 100_011_000)) == 1000


def test_a_kenmerk_may_look_like_a_telephone_number() -> None:
    assert vind_bsn("0612345678") is None and vind_bsn("111222333") is not None


# ── By type ──────────────────────────────────────────────────────────────────────────────────────

NOT_OF_A_CHILD = {
    "Locatie": {"naam", "plaats"},
    "Aanbieder": {"naam"},
    "Voorziening": {"naam", "bellen_naam"},
    "Plek": {"naam"},
    "PlekVelden": {"naam"},
    "Gebruiker": {"naam"},
    "Organisatie": {"naam"},
    "Koppeling": {"naam"},
    "Page": {"cursor"},
    "Filters": {"cursor"},
    "Haak": {"url"},
}
"""Texts of an aanbieder about itself and of who logs in, in Nieuwe… and Wijziging…; and what is not kept."""


def input_texts(kind: type[Struct]) -> dict[str, str | None]:
    """Per field that takes text of no fixed form: what it is looked at for."""
    found = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        info = inspect.type_info(hint)
        if name in kind.__struct_fields__ and any(part.pattern in (None, "^\\S") for part in texts(info)):
            found[name] = fields._looks_for(info)
    return found


def texts(info: inspect.Type) -> list[inspect.StrType]:
    if isinstance(info, inspect.Metadata):
        return texts(info.type)
    if isinstance(info, inspect.UnionType):
        return [text for part in info.types for text in texts(part)]
    if isinstance(info, inspect.CollectionType):
        return texts(info.item_type)
    return [info] if isinstance(info, inspect.StrType) else []


def test_every_text_that_comes_in_about_a_child_is_looked_at() -> None:
    """By type: a field of free text that is not a VrijeTekst is named here, or nobody can send it."""
    kinds = [kind for kind in structs() if kind.__struct_config__.forbid_unknown_fields and kind.__name__ != "Jwk"]
    unseen = {
        f"{kind.__name__}.{name}"
        for kind in kinds
        for name, looks_for in input_texts(kind).items()
        if looks_for != "alles"
        and name not in NOT_OF_A_CHILD.get(kind.__name__.removeprefix("Nieuwe").removeprefix("Wijziging"), set())
    }
    assert len(kinds) > 10
    assert unseen == set()


def test_every_free_text_says_what_it_is_for() -> None:
    for kind in structs():
        if not kind.__struct_config__.forbid_unknown_fields:
            continue
        schema = msgspec.json.schema_components([kind])[1][kind.__name__]
        for name in input_texts(kind):
            encoded = kind.__struct_encode_fields__[kind.__struct_fields__.index(name)]
            if fields._looks_for(inspect.type_info(get_type_hints(kind, include_extras=True)[name])):
                assert "description" in str(schema["properties"][encoded]), f"{kind.__name__}.{name}"


FREE = {
    "aanvraag": {"urgentie_reden", "zorgvorm_reden", "eerder_geprobeerd", "mening_jeugdige", "praktisch"},
    "toestemming": {"reden"},
    "samenplaatsing": {"splitsreden"},
    "route": {"reden"},
    "opschaling": {"waarom", "toelichting"},
    "opschaling_vraag": {"toelichting"},
    "opschalingsverzoek": {"toelichting", "geweigerd"},
    "plan_keuze": {"reden"},
    "plan_regel": {"reden"},
    "wissing": {"reden"},
    "besluit": {"toelichting"},
    "bezetting": {"verleng_reden"},
    "gebeurtenis": {"reden"},
    "telefoongesprek": {"met"},
    "voorstel": {"toelichting", "afwijking", "contactplan"},
}
"""Columns of free text about a child, each filled from a VrijeTekst (above) and from nothing else."""

NO_FREE_TEXT = {
    "aanvraag": {"regio", "nummer", "pc4", "school_pc4", "netwerk_pc4", "gemeente_code", "onderwijs"},
    "opschaling_vraag": {"aanbod_regio"},
    "plan_regel": {"waarom_niet"},
    "wissing": {"nummer"},
    "aanvraag_kenmerk": {"kenmerk"},
    "uitsluiting": {"pc4"},
    "voorstel": {"aanbod_regio"},
}
"""Forms and codes."""

TEXTS = """
select c.relname::text as tabel, array_agg(a.attname::text) as kolommen
from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.atttypid = 'text'::regtype and a.attnum > 0
  and not a.attisdropped and a.attname not in ('regio', 'vraag_regio')
  and (c.relname in ('aanvraag', 'samenplaatsing')
       or exists (select from pg_attribute x where x.attrelid = c.oid and x.attname in ('aanvraag_id', 'betrokkene')))
group by c.relname
"""


async def test_every_text_that_is_kept_of_a_child_comes_from_a_text_that_was_looked_at(owner: Connection) -> None:
    """A new column is named here: as free text with its VrijeTekst, or as a form."""
    log = {"object", "handeling", "doel", "verwerking", "trace_id", "span_id", "ouder_span_id"}
    unknown = {
        f"{row['tabel']}.{kolom}"
        for row in await owner.fetch(TEXTS)
        for kolom in set(row["kolommen"]) - FREE.get(row["tabel"], set()) - NO_FREE_TEXT.get(row["tabel"], set())
        if not (row["tabel"] == "logregel" and kolom in log)
    }
    assert unknown == set()


# ── What is refused, where ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("shape", "body", "pointer"),
    [
        (grondslagen.Toestemming, {"persoon": "ouder_1", "status": "niet_vereist", "datum": "2026-01-01"}, "reden"),
        (plannen.Reden, None, ""),
        (
            samenplaatsingen.NieuweSamenplaatsing,
            {"organisatieId": str(SYSTEM)},
            "splitsreden",
        ),
    ],
)
def test_a_text_is_refused_at_its_field(shape: Any, body: dict[str, Any] | None, pointer: str) -> None:
    if body is None:
        shape, body, pointer = msgspec.defstruct("Keuze", [("reden", shape)]), {}, "reden"
    _, errors = fields.read(shape, body | {pointer: "Bel oma: 06-12345678"})
    assert [(e.pointer, e.code) for e in errors] == [(f"/{pointer}", "herkenbaar")]
    assert "Teken 10 tot en met 20 lijkt een telefoonnummer." in errors[0].detail


async def test_an_aanvraag_made_otherwise_than_by_the_api_is_looked_at_as_well(pool: Pool, wie: Wie) -> None:
    """A list, a command, another part of the loket: the aggregate itself refuses; a part of it too."""
    oma = grondslagen.Toestemming(
        persoon=grondslagen.ToestemmingPersoon.OUDER_1,
        status=grondslagen.ToestemmingStatus.NIET_VEREIST,
        reden="Vraag het oma@voorbeeld.nl",
        datum=make.TODAY,
    )
    async with transaction(pool, wie) as conn:
        with pytest.raises(Refusal) as refused:
            await make.aanvraag(conn, praktisch="bsn 111222333", kenmerk="111222333", toestemmingen=[oma])
    assert refused.value.kind is Kind.INVALID
    assert [field.pointer for field in refused.value.fields] == ["/praktisch", "/toestemmingen/0/reden", "/kenmerk"]


def test_the_texts_of_an_aanvraag_are_all_of_this_type() -> None:
    looked_at = {name for name, wanted in input_texts(aanvragen.NieuweAanvraag).items() if wanted == "alles"}
    assert looked_at == FREE["aanvraag"]
