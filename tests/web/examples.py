"""One request per operation of the API, that succeeds for who may do it, and the rows that it is about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from msgspec import Struct

from service import aanvragen, bezetting, koppelingen, plekken
from service.db import Pool, Rol, Wie, transaction
from service.intake.soorten import SOORTEN
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
    bevestiging: UUID
    stop: UUID
    organisatie: UUID
    samenplaatsing: UUID
    geplaatst: UUID
    """Aanvraag of a child in crisis that lives at the aanbieder; in the samenplaatsing."""
    open: UUID
    """Aanvraag of a child in crisis that has no place yet."""
    regulier: UUID
    """Aanvraag of a child that is not in crisis and lives nowhere yet."""
    nummers: tuple[str, str, str]
    gebruiker: UUID
    koppeling: UUID
    sleutel: UUID
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
        await make.voorziening(conn, locatie_id=locatie.id, naam=f"{name} leeg")
        plek = await make.plek(conn, voorziening_id=huis.id, naam=name)
        bevestiging = await plekken.bevestig(conn, plek.id, None, now=make.NOW, bron=plekken.Bron.SCHERM)
        stop = await make.stop(conn, plek_id=plek.id)
        organisatie = await make.organisatie(conn, naam=name)
        samen = await make.samenplaatsing(conn, organisatie_id=organisatie, mag_splitsen=True, splitsreden=name)
        kind = {"organisatie_id": organisatie, "urgentie": aanvragen.Urgentie.CRISIS, **STORIES}
        geplaatst = await make.aanvraag(conn, kenmerk=f"{name} 1", samenplaatsing_id=samen.id, **kind)
        open_ = await make.aanvraag(conn, kenmerk=f"{name} 2", **kind)
        regulier = await make.aanvraag(conn, kenmerk=f"{name} 3", organisatie_id=organisatie, **STORIES)
        bed = await make.plek(conn, voorziening_id=huis.id)
        await bezetting.plaats(conn, bed.id, geplaatst.id, make.day(-10), make.day(60), now=make.NOW)
    async with transaction(pool, Wie(regio, Rol.BEHEERDER, GEBRUIKER)) as conn:
        koppeling = await koppelingen.add(conn, koppelingen.NieuweKoppeling(aanbieder_id=aanbieder.id, naam=name))
        sleutel = await koppelingen.add_sleutel(
            conn, koppeling.id, koppelingen.NieuweSleutel(jwk=koppelingen.Jwk(**jwk())), now=make.NOW
        )
        gebruiker = await conn.fetchval(
            "insert into gebruiker (regio, naam, rol) values ($1, $2, 'contractbeheer') returning id", regio, name
        )
    made = (await plans.made(pool, loket(regio))).id if plan else None
    waiting = (await plans.ask(pool, loket(regio))).id if plan else None
    return World(
        regio=regio,
        aanbieder=aanbieder.id,
        locatie=locatie.id,
        voorziening=huis.id,
        plek=plek.id,
        bevestiging=bevestiging.id,
        stop=stop.id,
        organisatie=organisatie,
        samenplaatsing=samen.id,
        geplaatst=geplaatst.id,
        open=open_.id,
        regulier=regulier.id,
        nummers=(geplaatst.nummer, open_.nummer, regulier.nummer),
        gebruiker=gebruiker,
        koppeling=koppeling.id,
        sleutel=sleutel.id,
        sessie=uuid4(),
        plan=made,
        wachtend_plan=waiting,
        name=name,
    )


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
    "planId": "plan",
    "organisatieId": "organisatie",
    "gebruikerId": "gebruiker",
    "koppelingId": "koppeling",
    "sleutelId": "sleutel",
    "sessieId": "sessie",
}
"""Parameter of a path → row of the world; but for …"""

ELSE_IN_PATH = {
    ("toonRangschikking", "aanvraagId"): "open",
    ("wijzigPlan", "planId"): "wachtend_plan",
    ("haalPlanregel", "aanvraagId"): "open",
    ("wijzigPlanregel", "aanvraagId"): "open",
    ("legPlanregelUit", "aanvraagId"): "open",
    ("haalUitweg", "aanvraagId"): "open",
}

LISTED = {
    "lijstAanbieders": "aanbieder",
    "lijstLocaties": "locatie",
    "lijstVoorzieningen": "voorziening",
    "lijstPlekken": "plek",
    "lijstAanvragen": "geplaatst",
    "lijstAlarmen": "geplaatst",
    "lijstPlannen": "plan",
    "lijstOrganisaties": "organisatie",
    "lijstGebruikers": "gebruiker",
    "lijstKoppelingen": "koppeling",
    "lijstSleutels": "sleutel",
    "lijstSamenplaatsingen": "samenplaatsing",
}
"""Lists of rows of an organisation or a region: what stands in them for who may see it."""

FREE = {
    "lijstZorgvormen",
    "lijstKenmerkcodes",
    "voegAanbiederToe",
    "voegOrganisatieToe",
    "lijstInlogplaatsen",
    "haalVervanging",
    "wijzigVervanging",
    "lijstCollegas",
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
}
"""Without a row of anybody: who may do it, may do it in the own region."""

EEN = {"haalSessie", "wijzigSessie"}
"""About a row of one person: of the schakelfunctionaris of the region."""

_fresh = count(1)

PROVIDER = UUID(int=7)
"""Identity provider that who asks for an example must have made."""

BEFORE = {
    "voegSleutelToe": "delete from koppelingsleutel where koppeling_id = $1 and kid like 'nieuw %'",
}
"""For what does not go well twice: run before each request that must succeed, with the koppeling."""


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
    "stopPlek": _stop,
    "wijzigStop": lambda w: {"tot": "2026-04-01"},
    "voegAanvraagToe": _aanvraag,
    "wijzigAanvraag": lambda w: {"praktisch": STORIES["praktisch"]},
    "startPlan": lambda w: {"seconden": 1},
    "wijzigPlan": lambda w: {"status": "gestopt"},
    "wijzigPlanregel": lambda w: {"vast": False},
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
