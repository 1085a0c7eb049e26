"""The list of open aanvragen of a verwijzer, found by its kenmerk. Pseudonymous: see privacy.py."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from msgspec import structs

from service.aanvraag import aanvragen, stappen
from service.aanvraag.aanvragen import Aanvraag, NieuweAanvraag, WijzigingAanvraag
from service.days import noon
from service.db import Connection, Rol, rows_as
from service.herkenbaar import vind_bsn
from service.intake import rows, samenplaatsingen
from service.intake.cells import Parser, near
from service.intake.names import Named
from service.intake.parsers import (
    boolean,
    choice,
    day,
    days,
    gemeente,
    integer,
    months_from,
    pc4,
    several,
    several_of,
    text,
)
from service.intake.preview import Context, Plan
from service.intake.privacy import refuse_column, unrecognisable
from service.intake.rows import Fields, Item
from service.intake.tables import Column, Parsed, Record, Table
from service.intake.woorden import GESLACHTEN, GROEPSSOORTEN, KADERS, PERSPECTIEVEN, URGENTIES, VERBLIJVEN
from service.regio.codes import Lijst


def free_text(longest: int) -> Parser:
    return unrecognisable(text(longest))


TABLE = Table(
    soort="aanvragen",
    title="Aanvragen voor een plek, zonder namen",
    columns=(
        Column(
            "kenmerk",
            unrecognisable(
                text(
                    40,
                    r"[A-Za-z0-9][A-Za-z0-9 ./_-]*",
                    "Gebruik letters, cijfers en . / _ - en begin met een letter of cijfer.",
                ),
                vind_bsn,
            ),
            "Uw eigen kenmerk, dat alleen uw mensen herkennen. Geen naam, geen BSN.",
            ("referentie", "uw kenmerk", "dossiernummer", "zaaknummer", "nummer aanvraag", "aanvraagnummer"),
            field="kenmerk",
            filled=True,
            examples=("J-2026-0417", "J-2026-0418"),
        ),
        Column(
            "organisatie",
            text(120),
            "De verwijzer. Bent u dat zelf, dan mag dit leeg blijven.",
            ("verwijzer", "naam organisatie", "naam verwijzer", "gi", "instelling"),
            examples=("Gecertificeerde Instelling", "Gecertificeerde Instelling"),
        ),
        Column(
            "urgentie",
            choice(URGENTIES),
            "crisis: binnen 24 uur. spoed: binnen een week. regulier.",
            ("spoed", "prioriteit"),
            field="urgentie",
            choices=("crisis", "spoed", "regulier"),
            examples=("spoed", "regulier"),
        ),
        Column(
            "reden urgentie",
            free_text(300),
            "Waarom het crisis of spoed is.",
            ("urgentie reden", "toelichting urgentie"),
            field="urgentie_reden",
        ),
        Column(
            "leeftijd",
            months_from,
            "In jaren, of in maanden: 18 maanden. Nooit een geboortedatum.",
            ("leeftijd jeugdige", "leeftijd in jaren"),
            field="leeftijd_maanden",
            examples=(9, "14,5"),
        ),
        Column(
            "leeftijd op",
            day,
            "Dag waarop die leeftijd klopte. Leeg: vandaag.",
            ("peildatum leeftijd", "leeftijd peildatum"),
            field="leeftijd_peildatum",
        ),
        Column(
            "geslacht",
            choice(GESLACHTEN),
            "Zoals de jeugdige het zelf zegt.",
            ("gender", "m/v", "m/v/x"),
            field="geslacht",
            choices=("meisje", "jongen", "non-binair", "anders", "onbekend"),
            examples=("meisje", "jongen"),
        ),
        Column(
            "groepssoorten",
            several_of(GROEPSSOORTEN),
            "In welke groepen de jeugdige past: gemengd, meisjes, jongens, of alle.",
            ("groepssoort", "soort groep", "past in groep"),
            field="groepssoorten",
            examples=("alle", "gemengd, jongens"),
        ),
        Column(
            "postcode",
            pc4,
            "Vier cijfers van thuis, alleen voor de reistijd.",
            ("pc4", "postcode thuis", "pc"),
            field="pc4",
            examples=(1211, 1271),
        ),
        Column(
            "gemeente",
            gemeente,
            "De verantwoordelijke gemeente: naam of CBS-code.",
            ("verantwoordelijke gemeente", "gemeentecode", "woonplaatsbeginsel"),
            field="gemeente_code",
            examples=("Hilversum", "0406"),
        ),
        Column(
            "huidig verblijf",
            choice(VERBLIJVEN),
            "Waar de jeugdige vannacht slaapt.",
            ("verblijft nu", "verblijf nu", "waar nu"),
            field="huidig_verblijf",
            choices=(
                "thuis",
                "netwerk",
                "crisisplek",
                "pleeggezin",
                "gezinshuis",
                "residentieel",
                "overbrugging",
                "elders",
            ),
            examples=("thuis", "crisisplek"),
        ),
        Column(
            "huidig verblijf tot",
            day,
            "Tot wanneer dat kan.",
            ("verblijf tot", "kan blijven tot"),
            field="huidig_verblijf_tot",
        ),
        Column(
            "gewenste start",
            day,
            "Gewenste eerste dag.",
            ("startdatum", "gewenste startdatum", "start", "vanaf"),
            field="gewenste_start",
            examples=(date(2027, 2, 1), date(2027, 2, 15)),
        ),
        Column(
            "uiterlijke datum",
            day,
            "Uiterlijk nodig op.",
            ("uiterlijk", "deadline", "uiterste datum"),
            field="uiterlijke_datum",
            examples=(date(2027, 2, 8), date(2027, 4, 1)),
        ),
        Column(
            "verwacht verblijf",
            days,
            "In dagen, of bijvoorbeeld 6 maanden.",
            ("duur", "verwachte duur", "verblijfsduur"),
            field="verwacht_verblijf",
            examples=("6 maanden", 365),
        ),
        Column(
            "perspectief",
            choice(PERSPECTIEVEN),
            "terug naar huis, langdurig of onduidelijk.",
            field="perspectief",
            choices=("terug naar huis", "langdurig", "onduidelijk"),
            examples=("terug naar huis", "langdurig"),
        ),
        Column(
            "zorgvormen",
            several,
            "Welke vormen van verblijf passen, met komma's ertussen.",
            ("zorgvorm", "type zorg", "soort zorg", "gevraagde zorgvorm"),
            field="zorgvormen",
            examples=("Gezinshuis", "Gezinshuis, Kleinschalig verblijf"),
        ),
        Column(
            "reden zorgvorm",
            free_text(300),
            "Nodig als u ook iets anders vraagt dan pleegzorg of gezinshuis (Jeugdwet 2.3 lid 6).",
            ("zorgvorm reden", "motivering zorgvorm"),
            field="zorgvorm_reden",
            examples=(None, "Een gezin is nu te dichtbij, volgens de gedragswetenschapper."),
        ),
        Column(
            "juridisch kader",
            choice(KADERS),
            "vrijwillig, VOTS, OTS, voogdij, voorlopige voogdij of jeugdreclassering.",
            ("kader", "maatregel"),
            field="juridisch_kader",
            choices=tuple(list(KADERS)[:6]),
            examples=("OTS", "voogdij"),
        ),
        Column(
            "ondersteuning",
            several,
            "Wat nodig is, met komma's ertussen, uit de lijst van de regio.",
            ("nodige ondersteuning", "hulpvraag"),
            field="ondersteuning",
        ),
        Column(
            "kenmerken",
            several,
            "Kenmerken waar een groep rekening mee houdt, met komma's ertussen.",
            ("kenmerken jeugdige",),
            field="kenmerken",
        ),
        Column(
            "medisch", several, "Medische zorg die nodig is, met komma's ertussen.", ("medische zorg",), field="medisch"
        ),
        Column(
            "rolstoel",
            boolean,
            "ja als de plek rolstoeltoegankelijk moet zijn.",
            field="rolstoel",
            choices=("ja", "nee"),
            examples=("nee", "nee"),
        ),
        Column(
            "onderwijs", text(80), "Welk onderwijs nodig is.", ("onderwijsvorm", "soort onderwijs"), field="onderwijs"
        ),
        Column(
            "postcode school", pc4, "Vier cijfers.", ("school pc4", "pc4 school", "schoolpostcode"), field="school_pc4"
        ),
        Column(
            "postcode netwerk",
            pc4,
            "Vier cijfers van familie of ander netwerk.",
            ("netwerk pc4", "pc4 netwerk"),
            field="netwerk_pc4",
        ),
        Column(
            "maximale reistijd",
            integer(1, 600),
            "In minuten, alleen als het echt niet verder mag.",
            ("reistijd", "max reistijd"),
            field="maximale_reistijd",
            examples=(None, 45),
        ),
        Column(
            "eerder geprobeerd",
            free_text(500),
            "Wat al is geprobeerd. Nooit een drempel.",
            ("al geprobeerd", "eerdere hulp"),
            field="eerder_geprobeerd",
        ),
        Column(
            "mening jeugdige",
            free_text(500),
            "Wat de jeugdige zelf wil, zonder namen.",
            ("mening", "wens jeugdige", "stem jeugdige"),
            field="mening_jeugdige",
        ),
        Column(
            "praktisch",
            free_text(200),
            "Huisdieren en andere praktische zaken, in één regel.",
            ("bijzonderheden",),
            field="praktisch",
        ),
        Column(
            "samen met",
            unrecognisable(text(60)),
            "Broers en zussen die samen een plek zoeken krijgen hier dezelfde letter.",
            ("samenplaatsing", "broers en zussen", "samen"),
        ),
        Column(
            "aangemeld op",
            day,
            "Dag van aanmelding. Leeg: vandaag.",
            ("aanmelddatum", "datum aanmelding", "aanmelding"),
        ),
    ),
    needed=(("kenmerk",),),
    refuse_column=refuse_column,
)

FIELDS = Fields.of(TABLE.columns)

NEW_NEEDS = (
    "urgentie", "leeftijd", "geslacht", "groepssoorten", "postcode", "gemeente", "huidig verblijf", "gewenste start",
    "uiterlijke datum", "verwacht verblijf", "perspectief", "zorgvormen", "juridisch kader",
)  # fmt: skip

ORGANISATIES = "select id, naam from organisatie where regio = huidige_regio() and soort <> 'loket'"

# Also for who may not read kenmerken: it tells of the pairs that the file names, and lists nothing.
KENMERKEN = "select aanvraag_id, organisatie_id, kenmerk from zoek_kenmerken($1, $2)"

KNOWN = f"{aanvragen.AANVRAGEN} where a.regio = huidige_regio() and a.id = any ($1::uuid[])"

KNOWN_LOCKED = f"{KNOWN} order by a.id for no key update of a"


async def plan(conn: Connection, parsed: Parsed, context: Context) -> Plan:
    """Each row against the aanvraag of that verwijzer with that kenmerk."""
    organisaties: Named[UUID] = Named.of([(row["naam"], row["id"]) for row in await conn.fetch(ORGANISATIES)])
    named = [(record, _organisatie(parsed, record, context, organisaties)) for record in parsed.records]
    known = await _known(conn, named, context)
    codes = await rows.load_codes(conn)
    lookups = {
        "gemeente": await rows.load_gemeenten(conn),
        "zorgvormen": codes.several("zorgvorm"),
        "ondersteuning": codes.several(Lijst.ONDERSTEUNING),
        "kenmerken": codes.several(Lijst.KENMERK),
        "medisch": codes.several(Lijst.MEDISCH),
        "onderwijs": codes.one(Lijst.ONDERWIJS),
    }
    items = []
    for record, organisatie_id in named:
        if organisatie_id is None or record.get("kenmerk") is None:
            continue
        current = known.get((organisatie_id, record.get("kenmerk")))
        wanted = rows.wanted(parsed, record, FIELDS, lookups)
        _age(wanted, current, context.today)
        if current is None:
            wanted["organisatie_id"] = organisatie_id
        items.append(Item(record, f"aanvraag {record.get('kenmerk')}", current, wanted))
        if (aangemeld := record.get("aangemeld op")) is not None and aangemeld > context.today:
            parsed.fault(record, "aangemeld op", "toekomst", "Deze dag moet nog komen. Vul de dag van aanmelding in.")
    items = rows.once(parsed, items, _identity, "kenmerk")
    samenplaatsingen.put_together(parsed, items)
    for item in items:
        rows.required(parsed, item, NEW_NEEDS)
        without_reason = {} if item.current else {"zorgvorm_reden": None}
        nieuw = rows.would_be(NieuweAanvraag, item.current, without_reason | item.wanted)
        rows.report(parsed, item.record, FIELDS, await aanvragen.errors(conn, nieuw))
    return rows.plan_of(items, FIELDS, context, partial(_write, context=context))


async def _known(
    conn: Connection, named: list[tuple[Record, UUID | None]], context: Context
) -> dict[tuple[UUID, str], Aanvraag]:
    """By verwijzer and kenmerk, as the rows name them: the aanvragen that are there."""
    pairs = {(organisatie_id, kenmerk) for record, organisatie_id in named if (kenmerk := record.get("kenmerk"))}
    pairs = {pair for pair in pairs if pair[0] is not None}
    there = await conn.fetch(KENMERKEN, [id for id, _ in pairs], [kenmerk for _, kenmerk in pairs])
    ids = [row["aanvraag_id"] for row in there]
    found: list[Aanvraag] = rows_as(await conn.fetch(KNOWN_LOCKED if context.lock else KNOWN, ids), Aanvraag)
    by_id = {aanvraag.id: aanvraag for aanvraag in found}
    context.betrokkenen.extend(by_id)
    return {
        # the kenmerk as whoever gave the file knows it
        (row["organisatie_id"], row["kenmerk"]): structs.replace(by_id[row["aanvraag_id"]], kenmerk=row["kenmerk"])
        for row in there
        if row["aanvraag_id"] in by_id
    }


def _identity(item: Item) -> tuple[object, object]:
    return samenplaatsingen.organisatie_id(item), item.record.get("kenmerk")


def _organisatie(parsed: Parsed, record: Record, context: Context, organisaties: Named[UUID]) -> UUID | None:
    """The verwijzer of a row; None after a fault."""
    own = context.wie.organisatie if context.wie.rol is Rol.VERWIJZER else None
    name = record.get("organisatie")
    if name is None:
        if own is None and "organisatie" not in record.wrong:
            parsed.fault(record, "organisatie", "verplicht", "Vul in welke organisatie (verwijzer) deze aanvraag doet.")
        return own
    found = organisaties.find(name)
    if found is None:
        hint = near(name, organisaties.names)
        parsed.fault(
            record, "organisatie", "onbekend", f"Deze organisatie kent het loket niet. {hint}Verbeter de naam."
        )
    elif own is not None and found != own:
        reason = "U kunt alleen aanvragen van uw eigen organisatie inlezen. Haal deze rij weg."
        parsed.fault(record, "organisatie", "andere_organisatie", reason)
        return None
    return found


def _age(wanted: dict[str, Any], current: Aanvraag | None, today: date) -> None:
    """An age without a day is one of today; the age that is known already says nothing new."""
    if "leeftijd_maanden" not in wanted or "leeftijd_peildatum" in wanted:
        return
    if current is not None and current.leeftijd_maanden == wanted["leeftijd_maanden"]:
        del wanted["leeftijd_maanden"]
    else:
        wanted["leeftijd_peildatum"] = today


async def _write(conn: Connection, item: Item, fields: dict[str, Any], *, context: Context) -> None:
    if item.data is not None:
        fields = {**fields, "samenplaatsing_id": await samenplaatsingen.made(conn, item.data)}
    if item.current is not None:
        await _change(conn, item.current, fields, context.now)
        return
    aangemeld = item.record.get("aangemeld op")
    moment = noon(aangemeld) if aangemeld else context.now
    made = await aanvragen.add(conn, NieuweAanvraag(**fields), now=min(moment, context.now))
    context.betrokkenen.append(made.id)


async def _change(conn: Connection, current: Aanvraag, fields: dict[str, Any], now: datetime) -> None:
    """Another urgentie is a step of its own."""
    urgentie, reden = fields.pop("urgentie", None), fields.pop("urgentie_reden", None)
    if fields:
        await aanvragen.change(conn, current.id, WijzigingAanvraag(**fields), now=now)
    if urgentie is not None or reden is not None:
        await stappen.zet_urgentie(
            conn, current, urgentie or current.urgentie, reden or current.urgentie_reden, "ingelezen", now=now
        )
