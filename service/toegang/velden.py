"""Who sees which field of what is answered: a line per object, or per part of it."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Any, cast

from msgspec import Struct

from service.aanbod import aanbieders, bewoning, locaties, plekken, stops, voorzieningen
from service.aanvraag import (
    aanvragen,
    concepten,
    gebeurtenissen,
    grondslagen,
    samenplaatsingen,
    termijnen,
    uitsluitingen,
    werkblad,
    werklijst,
)
from service.bericht import berichten, haken, leveringen, meldkeuzes, mislukt, stroom, versheid
from service.cijfers import cijfers, gemeenten, reflex, wachtlijst
from service.db import Rol
from service.errors import FieldError
from service.inloggen import gebruikers, identiteitsproviders, koppelingen, organisaties, sessies
from service.instellingen import keuzes, proef, wijzigingen
from service.intake import preview, tables
from service.log import inzagen
from service.opschaling import (
    opschaaladvies,
    opschaaldossier,
    opschalingen,
    opschalingsverzoeken,
    opschalingsvragen,
    routedetails,
    routes,
)
from service.plaatsing import beeindigingen, crisis, opties, plaatsingstappen, voorstellen
from service.plan import planniveaus, planuitleg, planuitweg, planverslag
from service.rang import kinderen, rangschikking
from service.regio import codes
from service.taal import gettext
from service.toegang import narrowing
from service.toegang.rollen import A, B, C, K, S, V


class Zicht(Struct, frozen=True):
    """Which rollen see these fields (Python names), and why no others."""

    rollen: frozenset[Rol]
    velden: str
    waarom: str


def _heel(*rollen: Rol) -> frozenset[Rol]:
    return frozenset(rollen)


HEEL: dict[frozenset[Rol], tuple[type[Struct], ...]] = {
    frozenset(Rol): (
        aanbieders.Aanbieder,
        locaties.Locatie,
        plekken.Plek,
        plekken.Bevestiging,
        bewoning.Bewoning,
        versheid.Plekversheid,
        stops.Stop,
        codes.Zorgvorm,
        codes.Kenmerkcode,
        gebruikers.Vervanging,
        gebruikers.Collega,
        meldkeuzes.Meldkeuzes,
        gebruikers.Afwezige,
        gebruikers.Waarneming,
        sessies.EigenSessie,
        sessies.Beeindigd,
        preview.Voorbeeld,
        preview.Wijziging,
        preview.Veld,
        tables.Fout,
    ),
    _heel(V): (concepten.Concept, concepten.Conceptveld),
    _heel(S, B): (organisaties.Organisatie,),
    _heel(B): (gebruikers.Gebruiker, identiteitsproviders.Inlogplaats, berichten.Poging, mislukt.Mislukt),
    _heel(B, A): (koppelingen.Koppeling, koppelingen.Sleutel, haken.Haak, haken.HaakGeheim, leveringen.Levering),
    _heel(S, C): (
        crisis.Crisisplek,
        plaatsingstappen.Gesprek,
        rangschikking.Rangschikking,
        rangschikking.PassendePlek,
        rangschikking.AfgevallenPlek,
        rangschikking.KleinsteWijziging,
        rangschikking.Voorkomen,
        rangschikking.Bijdrage,
    ),
    _heel(S, V, C): (opties.Optie,),
    _heel(S, K, V): (wachtlijst.Wachttijd, wachtlijst.Verwachting),
    _heel(S, K, A): (
        cijfers.Periode,
        cijfers.Telling,
        cijfers.Telregel,
        cijfers.Deel,
        cijfers.Aanbodcijfers,
        reflex.Versheidscijfers,
        reflex.Versheidscijfer,
        beeindigingen.Beeindiging,
    ),
    _heel(S, K): (
        beeindigingen.Overname,
        wachtlijst.Wachttelling,
        cijfers.Wachttijdcijfers,
        cijfers.Wachttijdcijfer,
        gemeenten.Gemeentecijfers,
        gemeenten.Gemeentecijfer,
        gemeenten.Buitenregio,
    ),
    _heel(S, K, B): (
        keuzes.Instellingen,
        keuzes.Wegingen,
        keuzes.Gewichten,
        keuzes.Verandering,
        *keuzes.DELEN,
        wijzigingen.Instellingwijziging,
        proef.Zorgvormproef,
        proef.Signaalproef,
        proef.Zekerheidproef,
    ),
    _heel(A): (voorstellen.Voorstelvraag,),
    _heel(S, V): (
        routes.Route,
        routedetails.Overleg,
        *routedetails.ALLE,
        opschalingen.Opschaling,
        opschalingsverzoeken.Opschalingsverzoek,
        termijnen.Alarm,
    ),
    _heel(S): (
        proef.Andersplek,
        kinderen.Wachtend,
        kinderen.Kinderen,
        beeindigingen.Overdracht,
        opschaaladvies.Opschaaladvies,
        opschaaldossier.OpschalingDossier,
        opschaaldossier.DossierPlek,
        opschaaldossier.DossierUitweg,
        opschaaldossier.Geprobeerd,
        opschaaldossier.DossierPoging,
        opschaaldossier.Zoekstap,
        planverslag.Plan,
        planverslag.PlanOverzicht,
        planverslag.PlanKeuze,
        planverslag.PlanConflict,
        planverslag.PlanVrijhouden,
        planverslag.PlanVerschil,
        planniveaus.PlanGebeurtenis,
        planverslag.Regel,
        planverslag.PlanPlaats,
        planverslag.WaaromNiet,
        planniveaus.PlanNiveau,
        planniveaus.PlanVerlies,
        planuitleg.PlanUitleg,
        planuitleg.PlanPrijs,
        planuitweg.PlanUitweg,
        planuitweg.PlanWeg,
    ),
}
"""Objects that a rol sees with all their fields, or not at all. A plan shows who would lose a place."""

VELDEN: dict[type[Struct], tuple[Zicht, ...]] = {
    aanvragen.Aanvraag: (
        Zicht(
            frozenset({S, V, C, A}),
            "id nummer organisatie_id status urgentie leeftijd_maanden leeftijd_peildatum geslacht groepssoorten"
            " gemeente_code huidig_verblijf huidig_verblijf_tot gewenste_start uiterlijke_datum verwacht_verblijf"
            " perspectief zorgvormen zorgvorm_reden juridisch_kader ondersteuning kenmerken medisch rolstoel praktisch"
            " grondslagen machtigingen toestemmingen aangemeld_op versie",
            "Zonder dit kan niemand een plek zoeken of jeugdhulp geven.",
        ),
        Zicht(
            frozenset({S, V, C}),
            "samenplaatsing_id urgentie_reden maximale_reistijd uitsluitingen aan_te_vullen",
            "Waar een kind niet mag zijn en waarom het haast heeft, verraadt anderen aan een aanbieder.",
        ),
        Zicht(
            frozenset({S, V, A}),
            "onderwijs eerder_geprobeerd mening_jeugdige",
            "Wie vannacht een bed zoekt, heeft de school en het verhaal van het kind niet nodig.",
        ),
        Zicht(
            frozenset({S, V}),
            "pc4 school_pc4 netwerk_pc4",
            "Alleen om reistijden te berekenen. De crisisdienst en een aanbieder hebben genoeg aan de reistijd.",
        ),
        Zicht(frozenset({S, V}), "vervolg_van", "Waar het kind hiervoor was, gaat een volgende aanbieder niet aan."),
        Zicht(frozenset({S}), "behandelaar_id", "Wie waaraan werkt, regelt het loket zelf."),
        Zicht(
            frozenset({V, A}),
            "kenmerk",
            "Van de verwijzer zelf. Alle anderen gebruiken het nummer van het loket.",
        ),
    ),
    aanvragen.AanvraagKort: (
        Zicht(
            frozenset({S, V, C, A}),
            "id nummer organisatie_id status urgentie leeftijd_maanden leeftijd_peildatum gemeente_code huidig_verblijf"
            " huidig_verblijf_tot gewenste_start uiterlijke_datum perspectief zorgvormen juridisch_kader aangemeld_op"
            " versie",
            "Zonder dit kan niemand in een lijst vinden welke aanvraag moet worden bekeken.",
        ),
        Zicht(frozenset({S, V, C}), "samenplaatsing_id aan_te_vullen", "Wie er mee zoekt, verraadt anderen."),
        Zicht(frozenset({S, V}), "vervolg_van", "Waar het kind hiervoor was, gaat een volgende aanbieder niet aan."),
        Zicht(frozenset({S}), "behandelaar_id", "Wie waaraan werkt, regelt het loket zelf."),
        Zicht(frozenset({V, A}), "kenmerk", "Van de verwijzer zelf. Alle anderen gebruiken het nummer van het loket."),
    ),
    proef.Instellingproef: (
        Zicht(
            frozenset({S, K, B}),
            "veranderd afgerond aanvragen volgorde gemeten andere_eerste andere_band zorgvormen signalen plekken",
            "Wie over instellingen gaat of ermee werkt, ziet wat een andere waarde zou doen.",
        ),
        Zicht(
            frozenset({S}), "welke", "Welk kind een andere plek bovenaan krijgt, weet alleen wie voor kinderen zoekt."
        ),
    ),
    gebeurtenissen.AanvraagGebeurtenis: (
        Zicht(
            frozenset({S, V, C}),
            "id op soort van naar rol reden voorstel_id plek_id gegevens",
            "Wie een aanvraag volgt, ziet wat ermee gebeurde en waarom.",
        ),
        Zicht(frozenset({S}), "gebruiker_id namens_id", "Wie iets deed, weet het loket; anderen zien in welke rol."),
    ),
    grondslagen.Grondslag: (
        Zicht(frozenset({S, V, C, A}), "soort status datum geldig_tot", "Zonder grondslag geen definitieve plaatsing."),
    ),
    grondslagen.Machtiging: (
        Zicht(
            frozenset({S, V, C, A}),
            "soort zorgvormen geldig_van geldig_tot ten_uitvoer_op",
            "Een machtiging zegt waar het kind mag verblijven.",
        ),
    ),
    grondslagen.Toestemming: (
        Zicht(frozenset({S, V, C, A}), "persoon status reden datum", "Zonder toestemming geen definitieve plaatsing."),
    ),
    uitsluitingen.Uitsluiting: (
        Zicht(
            frozenset({S, V, C}),
            "soort aanbieder_id voorziening_id pc4 straal_km",
            "Voor de veiligheid van het kind; een aanbieder ziet alleen: niet beschikbaar.",
        ),
    ),
    inzagen.Inzage: (
        Zicht(
            frozenset({S, V}),
            "nummer moment gebeurtenis resultaat organisatie rol systeem object handeling doel",
            "Wie wil weten wie er keek, krijgt de organisatie en de rol.",
        ),
        Zicht(frozenset({S}), "persoon namens", "Namen van medewerkers geeft het loket alleen na een afweging."),
    ),
    plaatsingstappen.Plaatsing: (
        Zicht(
            frozenset({S, V, C, A}),
            "id aanvraag_id nummer aanbieder_id aanbieder voorziening_id voorziening plek_id plek zorgvorm stand van"
            " tot begonnen_op definitief_op beeindigd_op einde_reden startbericht_voor stopbericht_voor let_op kan"
            " versie",
            "Wie bij een verblijf hoort, weet waar en van wanneer tot wanneer.",
        ),
        Zicht(frozenset({S, C}), "gesprek", "Met wie er gebeld is, is van het loket en de crisisdienst."),
        Zicht(frozenset({S, V}), "vervolg_id", "Waar het kind daarna heen gaat, gaat wie nu zorgt niet aan."),
    ),
    opschalingsvragen.Opschalingsvraag: (
        Zicht(
            frozenset({S, A}),
            "id aanbieder_id voorziening_id voorziening regels gesteld_op antwoord_voor loopt nodig vanaf toelichting"
            " beantwoord_op versie",
            "Wie bijna past, zegt wat er nodig is om wel te kunnen.",
        ),
        Zicht(
            frozenset({S}), "opschaling_id aanvraag_id", "Om wie het gaat, hoeft een aanbieder daarvoor niet te weten."
        ),
    ),
    samenplaatsingen.Samenplaatsing: (
        Zicht(
            frozenset({S, V, C}),
            "id organisatie_id mag_splitsen aanvraag_ids",
            "Wie bij elkaar hoort, blijft bij elkaar.",
        ),
        Zicht(frozenset({S, V}), "splitsreden", "De reden vertelt wat er tussen broers en zussen speelt."),
    ),
    voorstellen.Voorstel: (
        Zicht(
            frozenset({S, V, C, A}),
            "id aanvraag_id nummer aanbieder_id aanbieder voorziening_id voorziening plek_id plek bundel_id status van"
            " tot toelichting verzonden_op antwoord_voor herinnerd_op beantwoord_op kennismaking_op klaar_op kan"
            " versie",
            "Wie moet antwoorden, vastleggen of volgen, ziet waar het om gaat en tot wanneer.",
        ),
        Zicht(frozenset({A}), "vraag", "Meer dan dit weet een aanbieder niet van een kind dat er niet woont."),
        Zicht(frozenset({S, V, C}), "contactplan", "Het gaat over broers en zussen."),
        Zicht(frozenset({S, C}), "afwijking", "Het noemt de regel, en die kan anderen verraden."),
        Zicht(frozenset({S}), "rang plan_id", "De rangschikking is van het loket, nooit voor een contract."),
    ),
    voorzieningen.Voorziening: (
        Zicht(
            frozenset({S, C, A, K, V}),
            "id aanbieder_id locatie_id naam zorgvorm leeftijd_van leeftijd_tot groepssoort juridische_kaders"
            " perspectieven gesloten ondersteuning contra_indicaties medisch rolstoeltoegankelijk onderwijs"
            " maximaal_verblijf opname_vanaf leeftijdsverschil_max versie",
            "Wat een voorziening biedt, is geen geheim.",
        ),
        Zicht(
            frozenset({S, C, A, K}),
            "bellen_naam bellen_telefoon groepsmix",
            "Een verwijzer vraagt het aan het loket; de grenzen van een groep zeggen iets over wie er woont.",
        ),
    ),
    wachtlijst.Wachtende: (
        Zicht(
            frozenset({S, V}),
            "aanvraag_id nummer urgentie waar aanmelding grondslag gewenste_start dagen_sinds_aanmelding"
            " dagen_sinds_grondslag dagen_sinds_gewenste_start norm norm_dag geplaatst_per lijsten",
            "Wie wacht, mag weten hoe lang al en hoe lang nog.",
        ),
    ),
    wachtlijst.Lijstplaats: (
        Zicht(frozenset({S, V}), "zorgvorm positie nog", "De plaats in de lijst, en wat er te verwachten is."),
        Zicht(frozenset({S}), "uit", "Hoeveel kinderen van anderen wachten, gaat een verwijzer niet aan."),
    ),
    cijfers.Aanbodcijfer: (
        Zicht(
            frozenset({S, K, A}),
            "aanbieder_id aanbieder zorgvorm bestaat open bezet gestopt onbemenst onbekend minimum_capaciteit"
            " onder_afspraak wachtdagen maximum_wachttijd boven_afspraak",
            "Wat er open was naast wat is afgesproken: om van te leren.",
        ),
        Zicht(frozenset({S, A}), "begonnen", "Hoeveel kinderen er kwamen, is soms te klein om te laten zien."),
    ),
    werkblad.Rij: (
        Zicht(
            frozenset({S, C, V}),
            "id nummer organisatie gemeente status urgentie leeftijd_maanden leeftijd_peildatum huidig_verblijf"
            " huidig_verblijf_tot gewenste_start uiterlijke_datum zorgvormen aangemeld_op norm_dag samen_met"
            " mag_splitsen beurt kennismaking_op termijn",
            "Wie een plek zoekt of vraagt, ziet wie er wacht en wie aan zet is.",
        ),
        Zicht(frozenset({S, C}), "behandelaar vandaag", "Hoe het loket het werk verdeelt."),
        Zicht(frozenset({V, A}), "kenmerk", "Van de verwijzer zelf."),
    ),
    werklijst.Regel: (
        Zicht(
            frozenset({S, C}),
            "id nummer organisatie urgentie leeftijd_maanden leeftijd_peildatum huidig_verblijf huidig_verblijf_tot"
            " gewenste_start uiterlijke_datum zorgvormen aangemeld_op samen_met mag_splitsen",
            "Wie een plek zoekt, ziet wie er wacht.",
        ),
        Zicht(frozenset({V, A}), "kenmerk", "Van de verwijzer zelf."),
    ),
    stroom.Gebeurd: (
        Zicht(frozenset({S, V, C, A}), "id soort op rol voorstel_id van naar", "Wie meedoet, weet hoe ver het is."),
        Zicht(frozenset({S, V, C}), "aanvraag_id", "Een aanbieder ziet het voorstel, niet de aanvraag."),
        Zicht(frozenset({S, C, A}), "plek_id", "Waar een vertrouwelijk gezin woont, hoort een verwijzer pas later."),
    ),
    berichten.Bericht: (
        Zicht(frozenset(Rol), "id soort zin op status fout gebruiker_id", "Een bericht zegt niets van een kind."),
        Zicht(frozenset({S, V, C}), "aanvraag_id", "Een aanbieder ziet het voorstel, niet de aanvraag."),
        Zicht(frozenset({S, V, C, A}), "voorstel_id", "Waar het bericht over gaat."),
    ),
    werklijst.BroerOfZus: (
        Zicht(frozenset({S, C, V}), "id nummer leeftijd_maanden leeftijd_peildatum", "Broers en zussen blijven samen."),
        Zicht(frozenset({V, A}), "kenmerk", "Van de verwijzer zelf."),
    ),
}
"""Objects of which some fields are not for everybody who gets them: every field is named, a new one too."""


# ── Asking it ────────────────────────────────────────────────────────────────────────────────────

_WHOLE = {shape: rollen for rollen, shapes in HEEL.items() for shape in shapes}
_SEEN = {
    (shape, veld): zicht.rollen for shape, parts in VELDEN.items() for zicht in parts for veld in zicht.velden.split()
}


def ziet(shape: type[Struct], veld: str) -> frozenset[Rol]:
    """Who sees a field. KeyError when nobody has said so."""
    return _WHOLE[shape] if shape in _WHOLE else _SEEN[shape, veld]


@cache
def _narrower(rol: Rol, shape: Hashable) -> narrowing.Narrow | None:
    return narrowing.narrower(cast(type[Struct], shape), sees(rol))


def sees(rol: Rol) -> narrowing.Sees:
    return lambda shape, veld: rol in ziet(shape, veld)


def versmal(rol: Rol, body: Any) -> Any:
    """A Struct or a list of them as this rol may see it; the same object when there is nothing to hide."""
    if isinstance(body, list):
        shapes: set[type] = {type(item) for item in body}
        if all(_narrower(rol, shape) is None for shape in shapes):
            return body
        return [versmal(rol, item) for item in body]
    shape: type = type(body)
    narrow = _narrower(rol, shape)
    return body if narrow is None else narrow(body)


@cache
def verbergt(rol: Rol, shape: Any) -> bool:
    """Whether anything in an answer of this type is hidden."""
    return narrowing.of_type(shape, sees(rol)) is not None


def zonder_verborgen(rol: Rol, shape: type[Struct], data: dict[str, Any]) -> tuple[dict[str, Any], list[FieldError]]:
    """A change (decoded JSON, on a `shape`) without the fields that this rol does not see.

    Who sends back what it was given, sends null (or []) there: that changes nothing. Anything else is an error.
    """
    names = dict(zip(shape.__struct_fields__, shape.__struct_encode_fields__, strict=True))
    shown = {names[veld]: empty for veld, empty in narrowing.hidden(shape, sees(rol)).items()}
    gone = shown.keys()
    wrong = gettext("U ziet dit veld niet, dus u kunt het niet wijzigen. Laat het weg.")
    errors = [FieldError(f"/{n}", "niet_te_zien", wrong) for n in data if n in gone and data[n] != shown[n]]
    return {name: value for name, value in data.items() if name not in gone}, errors


def check_named(shape: type[Struct]) -> None:
    """ValueError, naming them, when it has fields of which nobody said who sees them."""
    said = {veld for part, veld in _SEEN if part is shape}
    if shape not in _WHOLE and said != set(shape.__struct_fields__):
        differ = sorted(said ^ set(shape.__struct_fields__))
        raise ValueError(f"service/toegang: who sees {shape.__name__}: {differ}?")
