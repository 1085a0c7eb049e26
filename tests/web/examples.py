"""One request per operation of the API, that succeeds for who may do it, and the rows that it is about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import msgspec
from msgspec import Struct

from service.aanbod import bezetting, plekken
from service.bericht import berichten, haken, leveringen, meldingen
from service.db import SYSTEM, Connection, Pool, Rol, Wie, transaction
from service.inloggen import koppelingen
from service.instellingen import wijzigingen
from service.intake.soorten import SOORTEN
from service.opschaling import opschaaldossier, opschalingen, opschalingsverzoeken, opschalingsvragen, routes
from service.opschaling.routedetails import Overbrugging, OverbruggingVorm
from service.plaatsing import beeindigingen, opties, plaatsingen, voorstellen
from service.urgentie import Urgentie
from tests import make
from tests.conftest import GEBRUIKER
from tests.service import plans
from tests.service.intake import files

CANARY = "Kanarie"
"""In every text of the rows: where it may not be seen, it must not be."""

STORIES = {
    "urgentie_reden": f"{CANARY} urgentie",
    "eerder_geprobeerd": f"{CANARY} eerder",
    "mening_jeugdige": f"{CANARY} mening",
    "praktisch": f"{CANARY} praktisch",
    "school_pc4": "1251",
    "netwerk_pc4": "1261",
    "maximale_reistijd": 60,
    "onderwijs": "speciaal",
}


def jwk(kid: str = "eerste") -> dict[str, str]:
    """A public key; whose does not matter here."""
    return {
        "kty": "EC",
        "crv": "P-256",
        "kid": kid,
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }


class World(Struct, frozen=True, kw_only=True):
    """Rows of one aanbieder and one organisatie, in one region."""

    regio: str
    aanbieder: UUID
    locatie: UUID
    voorziening: UUID
    plek: UUID
    crisisplek: UUID
    bevestiging: UUID
    stop: UUID
    organisatie: UUID
    samenplaatsing: UUID
    geplaatst: UUID
    """Aanvraag of a child in crisis that lives at the aanbieder; in the samenplaatsing."""
    open: UUID
    """Aanvraag of a child in crisis that has no place yet."""
    gebeld: UUID
    """Aanvraag of a child in crisis for whom somebody is on the telephone."""
    regulier: UUID
    """Aanvraag of a child that is not in crisis and lives nowhere yet."""
    plaatsing: UUID
    """Of `geplaatst`."""
    los: UUID
    """Aanvraag of a child in crisis that is withdrawn each time."""
    vrager: UUID
    """Aanvraag of a child in crisis for whom somebody wants a plek."""
    vrij: UUID
    """A plek that nobody asked for: of another zorgvorm."""
    optie: UUID
    voorstel: UUID
    """Of a child in crisis, sent to the aanbieder and agreed."""
    leeg: UUID
    """A voorziening without plekken, of which nothing was asked yet."""
    route: UUID
    opschaling: UUID
    vraag: UUID
    """Of the regular child, to the aanbieder."""
    verzoek: UUID
    """Of its verwijzer, for a child in crisis, to escalate."""
    beeindiging: UUID
    """Of a voorziening where a child lives on beyond that day."""
    overdracht: UUID
    """The plaatsing of that child."""
    stopt_toch_niet: UUID
    """Another one, where nobody lives."""
    instellingwijziging: UUID
    nummers: tuple[str, str, str]
    gebruiker: UUID
    koppeling: UUID
    sleutel: UUID
    haak: UUID
    levering: UUID
    """That failed."""
    bericht: UUID
    """To the gebruiker, that failed."""
    sessie: UUID
    """Of one person: see EEN."""
    plan: UUID | None
    wachtend_plan: UUID | None
    name: str
    """What its texts begin with."""

    def ids(self) -> set[str]:
        return {
            str(value) for value in (getattr(self, name) for name in self.__struct_fields__) if isinstance(value, UUID)
        }


def loket(regio: str) -> Wie:
    return Wie(regio, Rol.SCHAKELFUNCTIONARIS, GEBRUIKER)


async def world(pool: Pool, regio: str, name: str, *, plan: bool = False) -> World:
    """All rows; with `plan` one that is made of what is there by then, and one that waits."""
    name = f"{CANARY} {name}"
    async with transaction(pool, loket(regio)) as conn:
        aanbieder = await make.aanbieder(conn, naam=name, telefoon="035 777 77 77")
        locatie = await make.locatie(conn, aanbieder_id=aanbieder.id, naam=name)
        huis = await make.voorziening(
            conn, locatie_id=locatie.id, naam=name, bellen_naam=name, groepsmix={"brandstichting": 3}
        )
        leeg = await make.voorziening(conn, locatie_id=locatie.id, naam=f"{name} leeg")
        plek = await make.plek(conn, voorziening_id=huis.id, naam=name)
        crisis = await make.voorziening(conn, locatie_id=locatie.id, naam=f"{name} crisis", zorgvorm="crisis")
        crisisplek = await make.plek(conn, voorziening_id=crisis.id)
        bevestiging = await plekken.bevestig(conn, plek.id, None, now=make.NOW, bron=plekken.Bron.SCHERM)
        stop = await make.stop(conn, plek_id=plek.id)
        organisatie = await make.organisatie(conn, naam=name)
        samen = await make.samenplaatsing(conn, organisatie_id=organisatie, mag_splitsen=True, splitsreden=name)
        kind = {"organisatie_id": organisatie, "urgentie": Urgentie.CRISIS, **STORIES}
        geplaatst = await make.aanvraag(conn, kenmerk=f"{name} 1", samenplaatsing_id=samen.id, **kind)
        open_ = await make.aanvraag(conn, kenmerk=f"{name} 2", **kind)
        gebeld = await make.aanvraag(conn, kenmerk=f"{name} 4", **kind)
        regulier = await make.aanvraag(conn, kenmerk=f"{name} 3", organisatie_id=organisatie, **STORIES)
        bed = await make.plek(conn, voorziening_id=huis.id)
        plaatsing = await plaatsingen.plaats(conn, bed.id, geplaatst.id, make.day(-10), make.day(60), now=make.NOW)
        los, vrager, held = [
            (await make.aanvraag(conn, kenmerk=f"{name} {at}", **kind)).id for at in ("los", "vrager", "vast")
        ]
        vrij, optie, voorstel = await underway(conn, locatie.id, name, held)
        beeindiging, overdracht = await stopping(conn, locatie.id, name, organisatie)
        stopt_toch_niet = await stopping_alone(conn, locatie.id, name)
        route, opschaling, vraag = await further(conn, regulier.id, huis.id, name, loket(regio))
    async with transaction(pool, Wie(regio, Rol.VERWIJZER, GEBRUIKER, organisatie)) as conn:
        nieuw = opschalingsverzoeken.NieuwOpschalingsverzoek(
            aanleiding=opschalingen.OpschalingAanleiding.GEEN_PLEK, toelichting=name
        )
        verzoek = (await opschalingsverzoeken.vraag(conn, open_.id, nieuw, now=make.NOW)).id
    async with transaction(pool, Wie(regio, Rol.BEHEERDER, GEBRUIKER)) as conn:
        koppeling = await koppelingen.add(conn, koppelingen.NieuweKoppeling(aanbieder_id=aanbieder.id, naam=name))
        sleutel = await koppelingen.add_sleutel(
            conn, koppeling.id, koppelingen.NieuweSleutel(jwk=koppelingen.Jwk(**jwk())), now=make.NOW
        )
        gebruiker = await conn.fetchval(
            "insert into gebruiker (regio, naam, rol) values ($1, $2, 'contractbeheer') returning id", regio, name
        )
        instellingwijziging = await changed_setting(conn, name, regio)
    haak, levering, bericht = await _told(pool, regio, aanbieder.id, gebruiker)
    made = (await plans.made(pool, loket(regio))).id if plan else None
    waiting = (await plans.ask(pool, loket(regio))).id if plan else None
    return World(
        regio=regio,
        aanbieder=aanbieder.id,
        locatie=locatie.id,
        voorziening=huis.id,
        plek=plek.id,
        crisisplek=crisisplek.id,
        bevestiging=bevestiging.id,
        stop=stop.id,
        organisatie=organisatie,
        samenplaatsing=samen.id,
        geplaatst=geplaatst.id,
        open=open_.id,
        gebeld=gebeld.id,
        regulier=regulier.id,
        plaatsing=plaatsing.id,
        los=los,
        vrager=vrager,
        vrij=vrij,
        optie=optie,
        voorstel=voorstel,
        leeg=leeg.id,
        route=route,
        opschaling=opschaling,
        vraag=vraag,
        verzoek=verzoek,
        beeindiging=beeindiging,
        overdracht=overdracht,
        stopt_toch_niet=stopt_toch_niet,
        instellingwijziging=instellingwijziging,
        nummers=(geplaatst.nummer, open_.nummer, regulier.nummer),
        gebruiker=gebruiker,
        koppeling=koppeling.id,
        sleutel=sleutel.id,
        haak=haak,
        levering=levering,
        bericht=bericht,
        sessie=uuid4(),
        plan=made,
        wachtend_plan=waiting,
        name=name,
    )


ONDERWEG = """
update voorstel
set status = 'kennismaking', optie_id = $2, verzonden_op = $3, antwoord_voor = $4, kennismaking_op = $5
where id = $1
"""


async def underway(conn: Connection, locatie: UUID, name: str, kind: UUID) -> tuple[UUID, UUID, UUID]:
    """A plek that is free, one that is held, and a voorstel that only waits to become definitive. Of a zorgvorm that
    nobody asks, so that no plan has them."""
    later = make.NOW + timedelta(days=2)
    logeer = [
        await make.voorziening(conn, locatie_id=locatie, naam=f"{name} logeer {at}", zorgvorm="logeer") for at in (1, 2)
    ]
    vrij, vast = [(await make.plek(conn, voorziening_id=logeer[0].id)).id for _ in range(2)]
    gevraagd = (await make.plek(conn, voorziening_id=logeer[1].id)).id
    optie = await bezetting.houd(conn, vast, kind, make.day(1), make.day(9), vervalt_op=later, now=make.NOW)
    onder = await bezetting.houd(conn, gevraagd, kind, make.day(1), make.day(9), vervalt_op=later, now=make.NOW)
    nieuw = voorstellen.NieuwVoorstel(
        plekken=[opties.Toewijzing(aanvraag_id=kind, plek_id=gevraagd)],
        van=make.day(1),
        tot=make.day(9),
        toelichting=name,
        afwijking=name,
        contactplan=name,
    )
    [voorstel] = await voorstellen.bereid_voor(conn, nieuw, rol=Rol.SCHAKELFUNCTIONARIS, now=make.NOW)
    await conn.execute(ONDERWEG, voorstel.id, onder.id, make.NOW, later, make.TODAY)
    return vrij, optie.id, voorstel.id


async def changed_setting(conn: Connection, name: str, regio: str) -> UUID:
    asked = wijzigingen.WijzigingInstellingen(waarom=name, nabij_minuten=31 + next(_fresh) % 500)
    await wijzigingen.wijzig(conn, asked, wie=Wie(regio, Rol.BEHEERDER, GEBRUIKER), now=make.NOW)
    return (await wijzigingen.page(conn, limit=1))[0].id


async def stopping(conn: Connection, locatie: UUID, name: str, organisatie: UUID) -> tuple[UUID, UUID]:
    """A voorziening that stops, and the plaatsing of a child that lives on there, of which nothing was decided yet."""
    weg = await make.voorziening(conn, locatie_id=locatie, naam=f"{name} stopt", zorgvorm="logeer")
    bed = await make.plek(conn, voorziening_id=weg.id)
    kind = await make.aanvraag(conn, kenmerk=f"{name} 5", organisatie_id=organisatie, **STORIES)
    stay = await plaatsingen.plaats(conn, bed.id, kind.id, make.day(-10), make.day(60), now=make.NOW)
    nieuw = beeindigingen.NieuweBeeindiging(
        aanbieder_id=weg.aanbieder_id,
        voorziening_id=weg.id,
        per=make.day(30),
        reden=beeindigingen.BeeindigingReden.ANDERS,
        toelichting=name,
    )
    return (await beeindigingen.add(conn, nieuw, now=make.NOW)).id, stay.id


async def stopping_alone(conn: Connection, locatie: UUID, name: str) -> UUID:
    """A voorziening without children that stops."""
    weg = await make.voorziening(conn, locatie_id=locatie, naam=f"{name} stopt ook", zorgvorm="logeer")
    nieuw = beeindigingen.NieuweBeeindiging(
        aanbieder_id=weg.aanbieder_id,
        voorziening_id=weg.id,
        per=make.day(30),
        reden=beeindigingen.BeeindigingReden.CONTRACT,
        toelichting=name,
    )
    return (await beeindigingen.add(conn, nieuw, now=make.NOW)).id


async def further(conn: Connection, kind: UUID, huis: UUID, name: str, wie: Wie) -> tuple[UUID, UUID, UUID]:
    """A route beside a plek, an opschaling and its question to a provider, with a text in each."""
    wens = Overbrugging(vorm=OverbruggingVorm.AMBULANTE_HULP, toelichting=name)
    route = await routes.start(conn, kind, routes.NieuweRoute(details=wens), now=make.NOW)
    tried = opschaaldossier.Geprobeerd(in_aanvraag=True, voorstellen=[], besluiten=[], routes=[], opschalingen=[])
    line = opschaaldossier.Plekreden(plek_id=huis, voorziening_id=huis, regels=["leeftijd"], aantal_plekken=1)
    inhoud = opschaaldossier.Inhoud(
        peilmoment=make.NOW,
        actueel=True,
        niet_gezocht=None,
        passend=0,
        afgevallen=1,
        per_regel={"leeftijd": 1},
        alleen={"leeftijd": 1},
        plekken=[line],
        uitwegen=[],
        geprobeerd=tried,
    )
    nieuw = opschalingen.NieuweOpschaling(
        aanleiding=opschalingen.OpschalingAanleiding.GEEN_PLEK,
        tafel=opschalingen.OpschalingTafel.SCHAKELFUNCTIONARIS,
        waarom=name,
    )
    regels = opschalingen.Opschaalregels()
    opschaling = await opschalingen.insert(conn, kind, nieuw, msgspec.to_builtins(inhoud), regels, wie, now=make.NOW)
    vraag = await opschalingsvragen.stel(
        conn,
        opschaling_id=opschaling,
        aanvraag_id=kind,
        voorziening_id=huis,
        regels=["leeftijd"],
        dagen=3,
        now=make.NOW,
    )
    return route.id, opschaling, vraag


async def _told(pool: Pool, regio: str, aanbieder: UUID, gebruiker: UUID) -> tuple[UUID, UUID, UUID]:
    """A haak, and a levering and a bericht that failed."""
    beheer = Wie(regio, Rol.BEHEERDER, GEBRUIKER)
    async with transaction(pool, beheer) as conn:
        nieuw = haken.NieuweHaak(aanbieder_id=aanbieder, url=f"https://systeem.example/{aanbieder}")
        haak = (await haken.add(conn, nieuw, wie=beheer, intern=False)).id
    async with transaction(pool, Wie(regio, Rol.SCHAKELFUNCTIONARIS, SYSTEM)) as conn:
        happened = await conn.fetchval(
            "select id from gebeurtenis where aanbieder_id = $1 and soort = 'geplaatst' limit 1", aanbieder
        )
        await meldingen.verdeel(conn, happened, now=make.NOW)
        levering = await conn.fetchval("select id from levering where gebeurtenis_id = $1", happened)
        await leveringen.mislukt(conn, levering, "Het systeem antwoordt met status 500.")
        bericht = await berichten.schrijf(conn, gebruiker, "een", "ingediend_loket", now=make.NOW)
        assert bericht is not None
        await berichten.mislukt(conn, bericht, "De mailserver weigert deze mail (550).")
    return haak, levering, bericht


# ── Requests ─────────────────────────────────────────────────────────────────────────────────────

IN_PATH = {
    "aanbiederId": "aanbieder",
    "locatieId": "locatie",
    "voorzieningId": "voorziening",
    "plekId": "plek",
    "bevestigingId": "bevestiging",
    "stopId": "stop",
    "aanvraagId": "geplaatst",
    "samenplaatsingId": "samenplaatsing",
    "plaatsingId": "plaatsing",
    "routeId": "route",
    "beeindigingId": "beeindiging",
    "opschalingId": "opschaling",
    "vraagId": "vraag",
    "verzoekId": "verzoek",
    "misluktId": "bericht",
    "optieId": "optie",
    "voorstelId": "voorstel",
    "planId": "plan",
    "organisatieId": "organisatie",
    "gebruikerId": "gebruiker",
    "koppelingId": "koppeling",
    "sleutelId": "sleutel",
    "haakId": "haak",
    "leveringId": "levering",
    "berichtId": "bericht",
    "sessieId": "sessie",
    "instellingwijzigingId": "instellingwijziging",
}
"""Parameter of a path → row of the world; but for …"""

ELSE_IN_PATH = {
    ("toonRangschikking", "aanvraagId"): "open",
    ("legCrisisplaatsingVast", "plekId"): "crisisplek",
    ("wijzigPlan", "planId"): "wachtend_plan",
    ("zetAanvraagStap", "aanvraagId"): "los",
    ("haalPlanregel", "aanvraagId"): "open",
    ("wijzigPlanregel", "aanvraagId"): "open",
    ("legPlanregelUit", "aanvraagId"): "open",
    ("startPlan", "aanvraagId"): "open",
    ("zetPlanVoorstellenKlaar", "aanvraagId"): "regulier",
    ("haalUitweg", "aanvraagId"): "open",
    ("startRoute", "aanvraagId"): "regulier",
    ("besluitOverdracht", "plaatsingId"): "overdracht",
    ("zetBeeindigingStap", "beeindigingId"): "stopt_toch_niet",
    ("lijstRoutesVanAanvraag", "aanvraagId"): "regulier",
    ("openOpschaling", "aanvraagId"): "regulier",
    ("lijstOpschalingenVanAanvraag", "aanvraagId"): "regulier",
    ("vraagOpschaling", "aanvraagId"): "vrager",
    ("lijstOpschalingsverzoekenVanAanvraag", "aanvraagId"): "open",
}

LISTED = {
    "lijstAanbieders": "aanbieder",
    "lijstLocaties": "locatie",
    "lijstVoorzieningen": "voorziening",
    "lijstPlekken": "plek",
    "lijstAanvragen": "geplaatst",
    "lijstAlarmen": "geplaatst",
    "toonWachtlijst": "open",
    "lijstOpties": "optie",
    "lijstVoorstellen": "voorstel",
    "lijstPlaatsingen": "plaatsing",
    "lijstCrisisplekken": "crisisplek",
    "lijstVersheid": "plek",
    "lijstBeeindigingen": "beeindiging",
    "lijstOverdrachten": "overdracht",
    "lijstRoutes": "route",
    "lijstRoutesVanAanvraag": "route",
    "lijstOpschalingen": "opschaling",
    "lijstOpschalingenVanAanvraag": "opschaling",
    "lijstOpschalingsvragen": "vraag",
    "lijstOpschalingsverzoeken": "verzoek",
    "lijstOpschalingsverzoekenVanAanvraag": "verzoek",
    "lijstMislukt": "levering",
    "lijstPlannen": "plan",
    "lijstOrganisaties": "organisatie",
    "lijstGebruikers": "gebruiker",
    "lijstKoppelingen": "koppeling",
    "lijstSleutels": "sleutel",
    "lijstHaken": "haak",
    "lijstLeveringen": "levering",
    "lijstSamenplaatsingen": "samenplaatsing",
    "lijstInstellingwijzigingen": "instellingwijziging",
}
"""Lists of rows of an organisation or a region: what stands in them for who may see it."""

FREE = {
    "lijstZorgvormen",
    "lijstKenmerkcodes",
    "toonInstellingen",
    "wijzigInstellingen",
    "beproefInstellingen",
    "voegAanbiederToe",
    "voegOrganisatieToe",
    "dienIn",
    "lijstConcepten",
    "bewaarConcept",
    "lijstInlogplaatsen",
    "haalVervanging",
    "wijzigVervanging",
    "lijstCollegas",
    "haalMeldkeuzes",
    "wijzigMeldkeuzes",
    "lijstBerichten",
    "volgGebeurtenissen",
    "lijstAfwezigen",
    "haalWaarneming",
    "wijzigWaarneming",
    "lijstSessies",
    "eindigAndereSessies",
    "startPlan",
    "leesInAanbieders",
    "haalSjabloonAanbieders",
    "haalSjabloonVoorzieningen",
    "haalSjabloonCapaciteit",
    "haalSjabloonAanvragen",
    "haalBeschrijving",
    "lijstOpschaaladviezen",
    "haalVersheidscijfers",
    "telWachtlijst",
    "toonWachttijden",
    "toonAanbodcijfers",
    "telVoorstellen",
    "telGepasseerd",
    "telAfwijzingen",
    "telVerblijven",
    "telSamenplaatsingen",
    "toonWachttijdcijfers",
    "toonGemeentecijfers",
    "toonBuitenregio",
}
"""Without a row of anybody: who may do it, may do it in the own region."""

EEN = {"haalSessie", "wijzigSessie"}
"""About a row of one person: of the schakelfunctionaris of the region."""

_fresh = count(1)

PROVIDER = UUID(int=7)
"""Identity provider that who asks for an example must have made."""

BEFORE = {
    "zetAanvraagStap": "update aanvraag set status = 'ingediend' where id = $1",
    "zetOptieStap": "update bezetting set vrijgegeven_op = null where id = $1",
    "houdPlek": "update bezetting set vrijgegeven_op = now() where aanvraag_id = $1 and soort = 'optie'",
    "zetVoorstelKlaar": "delete from voorstel where aanvraag_id = $1",
    "stelOpschalingsvraag": "delete from opschaling_vraag where voorziening_id = $1",
    # The plan puts who is not in crisis on the plek that is free.
    "zetPlanVoorstellenKlaar": """
        with weg as (delete from voorstel where plan_id is not null)
        update plan_regel r set plek_id = p.id, eerste_dag = '2026-03-04'
        from plek p, aanvraag a
        where p.id = $1 and a.id = r.aanvraag_id and a.regio = p.regio and a.urgentie = 'regulier'
    """,
    # The child never came: it is in crisis again, and the plek is free.
    "legCrisisplaatsingVast": """
        with kwam as (
            update bezetting b set aanvraag_id = null, vrijgegeven_op = now()
            from plek p join voorziening v on v.id = p.voorziening_id
            join koppeling k on k.aanbieder_id = p.aanbieder_id
            where k.id = $1 and p.id = b.plek_id and v.zorgvorm = 'crisis'
            returning b.id)
        update aanvraag set status = 'in_behandeling' where id in (
            select b.aanvraag_id from bezetting b join kwam on kwam.id = b.id)
    """,
    "leverOpnieuw": """
        update levering set status = 'mislukt', fout = 'Opnieuw mislukt.', klaar_op = now() where $1::uuid is not null
    """,
    "verstuurBerichtOpnieuw": """
        update bericht set status = 'mislukt', fout = 'Opnieuw mislukt.', klaar_op = now() where $1::uuid is not null
    """,
    "probeerMislukt": """
        update bericht set status = 'mislukt', fout = 'Opnieuw mislukt.', klaar_op = now() where $1::uuid is not null
    """,
    "beeindigAanbod": """
        with terug as (delete from beeindiging_plek where beeindiging_id in (
            select id from beeindiging where voorziening_id = $1))
        delete from beeindiging where voorziening_id = $1
    """,
    # An aanbieder may only take back what it announced itself.
    "zetBeeindigingStap": """
        update beeindiging set door = 'aanbieder', teruggenomen_op = null, teruggenomen_door = null where id = $1
    """,
    "zetInstellingenTerug": """
        update instelling i set waarde = w.na -> i.sleutel from instelling_wijziging w
        where w.id = $1 and w.regio = i.regio and w.na ? i.sleutel
    """,
    "vraagOpschaling": "delete from opschalingsverzoek where aanvraag_id = $1",
    "weigerOpschaling": "update opschalingsverzoek set geweigerd = null, beantwoord_op = null, beantwoord_door = null"
    " where id = $1",
    "voegSleutelToe": "delete from koppelingsleutel where koppeling_id = $1 and kid like 'nieuw %'",
}
"""For what does not go well twice: run before each request that must succeed, with the koppeling; or with …"""

WITH = {
    "zetAanvraagStap": "los",
    "zetInstellingenTerug": "instellingwijziging",
    "zetOptieStap": "optie",
    "houdPlek": "vrager",
    "zetVoorstelKlaar": "vrager",
    "stelOpschalingsvraag": "leeg",
    "zetPlanVoorstellenKlaar": "vrij",
    "beeindigAanbod": "leeg",
    "zetBeeindigingStap": "stopt_toch_niet",
    "vraagOpschaling": "vrager",
    "weigerOpschaling": "verzoek",
}
"""… this row."""


def indiening(_: object) -> dict[str, Any]:
    return {
        "kinderen": [
            {"kenmerk": f"N-{next(_fresh)}", "leeftijdJaren": jaren, "geslacht": "meisje"} for jaren in (4, 10)
        ],
        "urgentie": "spoed",
        "pc4": "1211",
        "gemeenteCode": "0402",
        "huidigVerblijf": "thuis",
        "gewensteStart": "2026-03-03",
        "uiterlijkeDatum": "2026-03-30",
        "perspectief": "terug_naar_huis",
        "zorgvormen": ["gezinshuis"],
        "juridischKader": "ots",
    }


def _aanvraag(w: World) -> dict[str, Any]:
    return {
        "organisatieId": str(w.organisatie),
        "kenmerk": f"N-{next(_fresh)}",
        "urgentie": "crisis",
        "leeftijdMaanden": 120,
        "leeftijdPeildatum": "2026-03-02",
        "geslacht": "meisje",
        "groepssoorten": ["gemengd"],
        "pc4": "1211",
        "gemeenteCode": "0402",
        "huidigVerblijf": "thuis",
        "gewensteStart": "2026-03-03",
        "uiterlijkeDatum": "2026-03-20",
        "verwachtVerblijf": 28,
        "perspectief": "onduidelijk",
        "zorgvormen": ["gezinshuis"],
        "juridischKader": "ots",
    }


def _stop(_: World) -> dict[str, Any]:
    first = 100 + 10 * next(_fresh)
    return {"reden": "verbouwing", "van": make.day(first).isoformat(), "tot": make.day(first + 5).isoformat()}


BODIES: dict[str, Callable[[World], dict[str, Any]]] = {
    "voegAanbiederToe": lambda w: {"naam": f"Nieuw {next(_fresh)}"},
    "wijzigAanbieder": lambda w: {"telefoon": "035 777 77 77"},
    "voegLocatieToe": lambda w: {"aanbiederId": str(w.aanbieder), "naam": f"N {next(_fresh)}", "postcode": "1211 AB"},
    "wijzigLocatie": lambda w: {"plaats": "Hilversum"},
    "voegVoorzieningToe": lambda w: {
        "aanbiederId": str(w.aanbieder),
        "locatieId": str(w.locatie),
        "naam": f"Nieuw {next(_fresh)}",
        "zorgvorm": "gezinshuis",
        "leeftijdVan": 0,
        "leeftijdTot": 100,
        "juridischeKaders": ["ots"],
        "perspectieven": ["onduidelijk"],
    },
    "wijzigVoorziening": lambda w: {"maximaalVerblijf": 100},
    "voegPlekToe": lambda w: {"voorzieningId": str(w.voorziening), "naam": f"Nieuw {next(_fresh)}"},
    "wijzigPlek": lambda w: {"beschikbaarheid": "bemenst"},
    "bevestigPlek": lambda w: {},
    "bevestigAlles": lambda w: {"gezienOp": make.NOW.isoformat()},
    "zegBewoning": lambda w: {"bewoond": True},
    "stopPlek": _stop,
    "wijzigStop": lambda w: {"tot": "2026-04-01"},
    "voegAanvraagToe": _aanvraag,
    "dienIn": indiening,
    "bewaarConcept": lambda _: {"velden": [{"naam": "praktisch", "waarde": "Heeft een hond"}]},
    "zetAanvraagStap": lambda w: {"stap": "trek_in", "reden": "Niet meer nodig."},
    "houdPlek": lambda w: {
        "plekken": [{"aanvraagId": str(w.vrager), "plekId": str(w.vrij)}],
        "van": make.day(2).isoformat(),
        "afwijking": "Een paar nachten bij een logeerhuis.",
    },
    "zetOptieStap": lambda w: {"stap": "laat_los", "reden": "Niet meer nodig."},
    "zetVoorstelKlaar": lambda w: {
        "plekken": [{"aanvraagId": str(w.vrager), "plekId": str(w.vrij)}],
        "van": make.day(2).isoformat(),
    },
    "zetPlanVoorstellenKlaar": lambda w: {"aanvraagIds": [str(w.regulier)]},
    "zetVoorstelStap": lambda w: {"stap": "kennismaking", "kennismakingOp": make.TODAY.isoformat()},
    "wijzigAanvraag": lambda w: {"praktisch": STORIES["praktisch"]},
    "legCrisisplaatsingVast": lambda w: {
        "aanvraagId": str(w.gebeld),
        "plekId": str(w.crisisplek),
        "gebeldOp": make.NOW.isoformat(),
        "met": "Groepsleider",
    },
    "zetPlaatsingStap": lambda w: {"stap": "verleng", "tot": "2026-05-01"},
    "beeindigAanbod": lambda w: {
        "aanbiederId": str(w.aanbieder),
        "voorzieningId": str(w.leeg),
        "per": make.day(50).isoformat(),
        "reden": "contract",
    },
    "zetBeeindigingStap": lambda w: {"stap": "neem_terug", "reden": "Er is toch personeel."},
    "besluitOverdracht": lambda w: {"besluit": "uitloop", "uitloopTot": make.day(90).isoformat()},
    "startRoute": lambda w: {"details": {"soort": "overbrugging", "vorm": "ambulante_hulp", "toelichting": w.name}},
    "zetRouteStap": lambda w: {
        "details": {"soort": "overbrugging", "vorm": "ambulante_hulp", "toelichting": w.name, "jaVan": w.name}
    },
    "openOpschaling": lambda w: {"aanleiding": "geen_plek", "tafel": "doorbraaktafel", "waarom": w.name},
    "vraagOpschaling": lambda w: {"aanleiding": "geen_plek", "toelichting": w.name},
    "weigerOpschaling": lambda w: {"reden": w.name},
    "zetOpschalingStap": lambda w: {"stap": "verleng", "termijn": make.day(20).isoformat(), "reden": w.name},
    "stelOpschalingsvraag": lambda w: {"voorzieningId": str(w.leeg)},
    "beantwoordOpschalingsvraag": lambda w: {"nodig": "anders", "toelichting": w.name},
    "startPlan": lambda w: {"seconden": 1},
    "wijzigPlan": lambda w: {"status": "gestopt"},
    "wijzigPlanregel": lambda w: {"vast": False},
    "wijzigInstellingen": lambda w: {"waarom": w.name, "optieUren": {"crisis": 4, "spoed": 20, "regulier": 60}},
    "beproefInstellingen": lambda w: {"normenDagen": {"crisis": 1, "spoed": 3, "regulier": None}},
    "zetInstellingenTerug": lambda w: {"waarom": w.name},
    "voegSamenplaatsingToe": lambda w: {"organisatieId": str(w.organisatie)},
    "voegOrganisatieToe": lambda w: {"naam": f"Nieuw {next(_fresh)}", "soort": "gi"},
    "voegGebruikerToe": lambda w: {
        "naam": f"Nieuw {next(_fresh)}",
        "rol": "verwijzer",
        "organisatieId": str(w.organisatie),
        "identiteitsproviderId": str(PROVIDER),
        "email": f"nieuw{next(_fresh)}@organisatie.nl",
    },
    "wijzigGebruiker": lambda w: {"actief": True},
    "wijzigVervanging": lambda w: {"vervangerId": None, "vervangenTot": None},
    "wijzigWaarneming": lambda w: {"namensId": None},
    "wijzigSessie": lambda w: {"actief": False},
    "voegKoppelingToe": lambda w: {"aanbiederId": str(w.aanbieder), "naam": f"Nieuw {next(_fresh)}"},
    "wijzigKoppeling": lambda w: {"perMinuut": 300},
    "voegSleutelToe": lambda w: {"jwk": jwk(f"nieuw {next(_fresh)}")},
    "wijzigSleutel": lambda w: {"geldigTot": (make.NOW + timedelta(days=300)).isoformat()},
    "wijzigMeldkeuzes": lambda w: {"spoed": "direct"},
    "voegHaakToe": lambda w: {"aanbiederId": str(w.aanbieder), "url": f"https://systeem.example/{next(_fresh)}"},
    "wijzigHaak": lambda w: {"actief": True},
    "wijzigSamenplaatsing": lambda w: {"magSplitsen": True, "splitsreden": w.name},
}

QUERIES: dict[str, Callable[[World], dict[str, Any]]] = {
    **{id: lambda w: {"aantal": 200} for id in LISTED},
    "legPlanregelUit": lambda w: {"voorzieningId": str(w.voorziening)},
    **{f"leesIn{soort.capitalize()}": lambda w: {"proef": "true"} for soort in SOORTEN},
}


def _list(soort: str, **own: Any) -> bytes:
    """A row of the template, about rows of the world."""
    columns = SOORTEN[soort].table.columns
    row = {column.name: next(iter(column.examples), None) for column in columns} | own
    return files.workbook((soort.capitalize(), [list(row), list(row.values())]))


FILES: dict[str, Callable[[World], bytes]] = {
    "leesInAanbieders": lambda w: _list("aanbieders"),
    "leesInVoorzieningen": lambda w: _list("voorzieningen", aanbieder=w.name, voorziening="Nieuw"),
    "leesInCapaciteit": lambda w: _list("capaciteit", aanbieder=w.name, voorziening=f"{w.name} leeg"),
    "leesInAanvragen": lambda w: _list("aanvragen", organisatie=w.name),
}
