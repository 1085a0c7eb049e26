"""The table of who may do what: complete by construction, and the same in the document."""

from __future__ import annotations

from uuid import UUID

import pytest
from msgspec import Struct, structs

from service import toegang
from service.aanbod import voorzieningen
from service.aanvraag import aanvragen
from service.app import create_app
from service.commands.toegang import filled
from service.db import Rol, Wie
from service.errors import Kind, Refusal
from service.log.doelen import Object
from service.settings import Settings
from service.toegang import handelingen, velden
from service.web.v1 import OPERATIONS
from tests.conftest import GEBRUIKER, REGIO, ROOT

SETTINGS = Settings(database_url="postgresql://", redis_url="unix:///")


def wie(rol: Rol, koppeling: UUID | None = None) -> Wie:
    return Wie(REGIO, rol, GEBRUIKER, koppeling=koppeling)


def everything(*without: str, **answers: type[Struct]) -> list[toegang.Vraag]:
    """All that can be asked, but for some, and with other answers for some."""
    ids = [line.id for line in toegang.HANDELINGEN] + list(toegang.OPENBAAR)
    of = {op.id: op.answer for op in OPERATIONS} | answers
    return [toegang.Vraag(id, of.get(id), id.startswith("wijzig")) for id in ids if id not in without]


def test_the_tables_in_the_document_are_those_of_the_program() -> None:
    """docs/beveiliging.md = `loket toegang --bijwerken docs/beveiliging.md`."""
    document = (ROOT / "docs" / "beveiliging.md").read_text(encoding="utf-8")

    assert filled(document) == document


def test_the_app_starts_because_everything_has_its_line() -> None:
    create_app(SETTINGS)
    toegang.check(everything())


def test_an_operation_without_a_line_keeps_the_app_from_starting() -> None:
    """And the message names it."""
    with pytest.raises(ValueError, match="no line for \\['verwijderAlles'\\]"):
        toegang.check([*everything(), toegang.Vraag("verwijderAlles")])


def test_a_line_without_an_operation_keeps_the_app_from_starting() -> None:
    """It would be read as if something were guarded."""
    with pytest.raises(ValueError, match="nothing to ask for \\['haalPlek'\\]"):
        toegang.check(everything("haalPlek"))


def test_a_page_without_a_line_keeps_the_app_from_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are found in the app itself, so none can be forgotten."""
    monkeypatch.delitem(handelingen.BY_ID, "paginaAanvraag")

    with pytest.raises(ValueError, match="no line for \\['paginaAanvraag'\\]"):
        create_app(SETTINGS)


def test_a_new_field_of_an_aanvraag_keeps_the_app_from_starting_until_somebody_says_who_sees_it() -> None:
    class Aanvraag(aanvragen.Aanvraag, kw_only=True):
        bijnaam: str | None = None

    with pytest.raises(ValueError, match="who sees Aanvraag"):
        toegang.check(everything(haalAanvraag=Aanvraag))


def test_every_field_of_what_holds_a_child_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Taking one out of the table is noticed."""
    monkeypatch.delitem(velden._SEEN, (aanvragen.Aanvraag, "praktisch"))

    with pytest.raises(ValueError, match="who sees Aanvraag: \\['praktisch'\\]"):
        toegang.check(everything())


def test_what_must_be_hidden_can_be_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rol that may ask and not see a field that is never null: refused at the start, not shown."""
    monkeypatch.setitem(velden._SEEN, (voorzieningen.Voorziening, "naam"), frozenset({Rol.SCHAKELFUNCTIONARIS}))
    velden._narrower.cache_clear()
    toegang.verbergt.cache_clear()

    with pytest.raises(ValueError, match=r"Voorziening\.naam"):
        toegang.check(everything())
    monkeypatch.undo()
    velden._narrower.cache_clear()
    toegang.verbergt.cache_clear()


def test_who_has_no_line_is_refused() -> None:
    """In a sentence that says who can."""
    with pytest.raises(Refusal) as refused:
        toegang.mag(wie(Rol.VERWIJZER), "startPlan")

    assert refused.value.kind is Kind.FORBIDDEN
    assert refused.value.detail == "Met de rol verwijzer kan dit niet. Het kan met de rol schakelfunctionaris."
    with pytest.raises(Refusal, match="Het kan met de rol crisisdienst of schakelfunctionaris\\."):
        toegang.mag(wie(Rol.VERWIJZER), "paginaAanvraag")
    with pytest.raises(Refusal, match="met de rol crisisdienst, schakelfunctionaris of verwijzer\\."):
        toegang.mag(wie(Rol.CONTRACTBEHEER), "voegAanvraagToe")
    assert toegang.mag(wie(Rol.SCHAKELFUNCTIONARIS), "startPlan").id == "startPlan"


def test_what_nobody_thought_of_nobody_may() -> None:
    with pytest.raises(Refusal, match="niemand"):
        toegang.mag(wie(Rol.SCHAKELFUNCTIONARIS), "verwijderAlles")


def test_a_machine_publishes_confirms_and_stops_and_nothing_else() -> None:
    """What a person in the same rol may, a machine may only when the line says so."""
    machine = wie(Rol.AANBIEDER, koppeling=GEBRUIKER)

    assert toegang.mag(machine, "bevestigPlek") and toegang.mag(wie(Rol.AANBIEDER), "lijstAanvragen")
    with pytest.raises(Refusal, match="koppeling"):
        toegang.mag(machine, "lijstAanvragen")


@pytest.mark.parametrize("rol", [Rol.CONTRACTBEHEER, Rol.BEHEERDER])
def test_who_plans_capacity_or_manages_users_never_sees_a_child(rol: Rol) -> None:
    """No line with them leads to anything that stands with an aanvraag. Who waits is counted for contractbeheer on a
    page that names them for others (tests/web/test_matrix.py looks at what it says)."""
    child = {Object.AANVRAAG, Object.RANGSCHIKKING, Object.PLAN, Object.PLANREGEL}
    child |= {Object.SAMENPLAATSING}
    counted = {Rol.CONTRACTBEHEER: ["paginaWachtlijst"]}

    found = [line.id for line in toegang.HANDELINGEN if rol in line.rollen and line.object in child]
    assert found == counted.get(rol, [])
    assert not [line.id for line in toegang.HANDELINGEN if rol in line.rollen and "anvraag" in line.id]


# ── Fields ───────────────────────────────────────────────────────────────────────────────────────


def house() -> voorzieningen.Voorziening:
    return voorzieningen.Voorziening(
        id=GEBRUIKER,
        versie=1,
        aanbieder_id=GEBRUIKER,
        locatie_id=GEBRUIKER,
        naam="De Linde",
        zorgvorm="gezinshuis",
        leeftijd_van=0,
        leeftijd_tot=100,
        juridische_kaders=[],
        perspectieven=[],
        groepsmix={"brandstichting": 1},
        bellen_naam="Sam",
    )


def test_a_hidden_field_is_empty_in_a_copy() -> None:
    """The one that was read stays whole: the ETag of a change is computed from it for each rol."""
    linde = house()

    shown = toegang.versmal(Rol.VERWIJZER, linde)

    assert shown == structs.replace(linde, groepsmix={}, bellen_naam=None)
    assert linde.bellen_naam == "Sam"


def test_where_nothing_is_hidden_nothing_is_copied() -> None:
    houses = [house()]

    assert toegang.versmal(Rol.SCHAKELFUNCTIONARIS, houses) is houses
    assert toegang.versmal(Rol.VERWIJZER, houses)[0].groepsmix == {}


def test_a_type_of_which_nobody_said_who_sees_it_is_not_shown() -> None:
    class Stiekem(Struct):
        naam: str

    with pytest.raises(KeyError):
        toegang.versmal(Rol.SCHAKELFUNCTIONARIS, Stiekem("x"))


def test_sending_back_an_empty_hidden_field_changes_nothing() -> None:
    """A browser or a program that sends the whole object back must not wipe what it could not see."""
    sent = {"meningJeugdige": None, "eerderGeprobeerd": None, "urgentie": "crisis"}

    data, errors = toegang.zonder_verborgen(Rol.CRISISDIENST, aanvragen.Aanvraag, sent)

    assert (data, errors) == ({"urgentie": "crisis"}, [])


@pytest.mark.parametrize("value", ["1211", "", 0, [], {}, False])
def test_writing_a_field_that_one_does_not_see_is_refused(value: object) -> None:
    """It would overwrite what somebody else wrote, unseen; only what was shown in its place may come back."""
    _, errors = toegang.zonder_verborgen(Rol.CRISISDIENST, aanvragen.Aanvraag, {"pc4": value})

    assert [(e.pointer, e.code) for e in errors] == [("/pc4", "niet_te_zien")]


def test_every_page_has_a_name_of_its_own() -> None:
    """Two with one name would share a line; forms that do the same say on which page they are: `houdPlek@crisis`."""
    app = create_app(SETTINGS)
    names = [
        handler.name or handler.fn.__name__ for route in app.routes for handler in getattr(route, "route_handlers", [])
    ]

    assert len(set(names)) == len([name for name in names if name != "options_handler"]) + 1
