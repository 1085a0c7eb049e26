"""A plan as people read it: codes and numbers of the rows with names and sentences. The answer of the API, and what the
command line shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from matcher.check import Breach, Tier
from matcher.solution import Rule
from service import catalogue
from service.db import Connection
from service.dutch import count, listing, moment
from service.plannen import Botsing, KeuzeSoort, Niveau, PlanLimiet, PlanStatus, Stand, Verlies
from service.planregels import Planregel
from service.vraag import WRONG

POINTS = 100
"""In one point of a score: matcher.candidates.POINTS, which the web process does not load."""

NIVEAUS = {
    Tier.VAST: "Wat vaststaat",
    Tier.CRISIS: "Kinderen in crisis met een plek",
    Tier.SPOED: "Kinderen met spoed met een plek",
    Tier.REGULIER: "Andere kinderen met een plek",
    Tier.WACHTDAGEN: "Dagen gewacht door wie een plek krijgt",
    Tier.GESPLITST: "Samenplaatsingen die gesplitst zijn",
    Tier.LOCATIE: "Samenplaatsingen op één locatie, maar niet in één voorziening",
    Tier.SCORE: "Punten",
    Tier.BEHOUDEN: "Kinderen die blijven waar het vorige plan hen had",
}

LESS = {
    Tier.VAST: lambda n: f"{_number(n)} {_one(n, 'keuze', 'keuzes')} minder die kan blijven staan",
    Tier.CRISIS: lambda n: f"{_number(n)} {_one(n, 'kind', 'kinderen')} in crisis minder met een plek",
    Tier.SPOED: lambda n: f"{_number(n)} {_one(n, 'kind', 'kinderen')} met spoed minder met een plek",
    Tier.REGULIER: lambda n: f"{_number(n)} {_one(n, 'ander kind', 'andere kinderen')} minder met een plek",
    Tier.WACHTDAGEN: lambda n: (
        f"wie een plek krijgt, heeft samen {_number(n)} {_one(n, 'dag', 'dagen')} minder gewacht"
    ),
    Tier.GESPLITST: lambda n: f"{_number(n)} {_one(n, 'samenplaatsing', 'samenplaatsingen')} meer gesplitst",
    Tier.LOCATIE: lambda n: (
        f"{_number(n)} {_one(n, 'samenplaatsing', 'samenplaatsingen')} meer niet in één voorziening"
    ),
    Tier.SCORE: lambda n: f"{_number(n)} {_one(n, 'punt', 'punten')} minder",
    Tier.BEHOUDEN: lambda n: f"{_number(n)} {_one(n, 'kind', 'kinderen')} minder op de plek van het vorige plan",
}
"""What a loss of n means; a gain is the same with `meer` and `minder` turned round."""

FEWER = {Tier.GESPLITST, Tier.LOCATIE}
"""Counted as few as possible: stored negative, shown positive."""

LIMIETEN = {
    PlanLimiet.GEEN: "Een beter plan is er niet: dat is bewezen.",
    PlanLimiet.TIJD: "De tijd was op.",
    PlanLimiet.GESTOPT: "Iemand heeft het zoeken gestopt.",
    PlanLimiet.INSPANNING: "Alles wat kon worden geprobeerd, is geprobeerd.",
}

WAAROM_NIET = {
    "geen_plek_past": "Geen enkele vrije plek past bij deze aanvraag. Bij de aanvraag staat per plek waarom niet.",
    "vol": "Er passen plekken, maar die zijn in dit plan voor anderen die voorgaan of daar beter passen.",
    "samen_past_niet": "Nergens is een vrije plek voor alle broers en zussen samen, en splitsen mag niet.",
    "samen_vol": "Voor alle broers en zussen samen is in dit plan geen ruimte, en splitsen mag niet.",
    "vast_kan_niet": "Deze aanvraag staat vast op een plek die niet kan.",
    "tijd": "De tijd was op voordat duidelijk was of dit kind bij de anderen in de groep past.",
    "plek_weg": "De plek is verdwenen terwijl het plan werd gemaakt.",
    **{code: zin.replace("{aantal} open", "te veel open") for code, zin in WRONG.items()},
}

BOTSINGEN = {
    Breach.PAAR: "deze combinatie is verboden",
    Breach.CAPACITEIT: "er zijn daar minder plekken vrij dan er aanvragen vaststaan",
    Breach.CRISISPLEK: "de plekken die daar nog vrij zijn, zijn voor crisis",
    Breach.RUIMTE: "de voorziening heeft geen ruimte voor zoveel kinderen",
    Breach.GROEPSMIX: "deze kinderen passen niet samen in één groep",
    Breach.SAMEN: "broers en zussen zouden worden gesplitst, en dat mag niet",
    Breach.VAST: "wat er verder vaststaat, zit in de weg",
}


class PlanNiveau(Struct, frozen=True, rename="camel", kw_only=True):
    """One aim of a plan. Aims come in order: a later one never costs anything of one before."""

    niveau: str
    naam: str
    waarde: Annotated[float, Meta(description="Van dit plan.")]
    beste: Annotated[
        float, Meta(description="Het beste dat is gevonden. Voor minder veranderingen mag waarde minder zijn.")
    ]
    grens: Annotated[float, Meta(description="Beter dan dit kan niet: dat is bewezen.")]
    minder_is_beter: bool
    bewezen: bool
    gat: Annotated[float, Meta(description="Wat er nog kan ontbreken, als deel van de grens.")]


class PlanVerlies(Struct, frozen=True, rename="camel", kw_only=True):
    niveau: str
    verlies: Annotated[float, Meta(description="Negatief: winst.")]
    zin: str


class PlanKeuze(Struct, frozen=True, rename="camel", kw_only=True):
    aanvraag_id: UUID
    soort: KeuzeSoort
    voorziening_id: UUID
    plek_id: UUID | None
    reden: str
    prijs: Annotated[
        list[PlanVerlies] | None,
        Meta(description="Wat het plan zonder deze keuze meer zou hebben. Leeg: het kost niets. null: niet berekend."),
    ]


class PlanConflict(Struct, frozen=True, rename="camel", kw_only=True):
    """What was fixed and cannot be."""

    regels: list[str]
    aanvraag_ids: list[UUID]
    voorziening_id: UUID | None
    plek_id: UUID | None
    zin: str


class PlanVerschil(Struct, frozen=True, rename="camel", kw_only=True):
    """An aanvraag that the plan before had elsewhere."""

    aanvraag_id: UUID
    van_plek_id: UUID | None
    naar_plek_id: UUID | None


class Plan(Struct, frozen=True, rename="camel", kw_only=True):
    id: UUID
    status: PlanStatus
    uitleg: Annotated[str, Meta(description="Hoe het ervoor staat, in een paar zinnen.")]
    vorig_plan_id: UUID | None
    seconden: float
    zaad: int
    behoud: float
    peilmoment: Annotated[datetime | None, Meta(description="Wanneer aanvragen en plekken zijn gelezen.")]
    aantal_aanvragen: int | None
    aantal_geplaatst: int | None
    niveaus: list[PlanNiveau]
    gat: Annotated[float | None, Meta(description="Van het eerste niveau dat niet is bewezen; 0: alles is bewezen.")]
    rekentijd: Annotated[float | None, Meta(description="In seconden.")]
    limiet: Annotated[PlanLimiet | None, Meta(description="Waardoor het zoeken ophield; geen: alles is bewezen.")]
    conflicten: list[PlanConflict]
    let_op: list[str]
    keuzes: list[PlanKeuze]
    aantal_verschillen: Annotated[int | None, Meta(description="Met het vorige plan; null zonder vorig plan.")]
    verschillen: Annotated[list[PlanVerschil], Meta(description="De eerste 200; alle met regels?gewijzigd=true.")]
    aangemaakt_op: datetime
    gestart_op: datetime | None
    klaar_op: datetime | None


class PlanOverzicht(Struct, frozen=True, rename="camel", kw_only=True):
    """A plan in a list."""

    id: UUID
    status: PlanStatus
    uitleg: str
    vorig_plan_id: UUID | None
    aantal_aanvragen: int | None
    aantal_geplaatst: int | None
    gat: float | None
    aangemaakt_op: datetime
    klaar_op: datetime | None


class PlanPlaats(Struct, frozen=True, rename="camel", kw_only=True):
    plek_id: UUID
    naam: str
    voorziening_id: UUID
    voorziening: str
    aanbieder: str


class WaaromNiet(Struct, frozen=True):
    code: str
    zin: str


class Regel(Struct, frozen=True, rename="camel", kw_only=True):
    """Where the plan puts one aanvraag. `score` is only for sorting: never for a contract or a court."""

    aanvraag_id: UUID
    urgentie: str
    samenplaatsing_id: UUID | None
    plaats: PlanPlaats | None
    eerste_dag: date | None
    score: float | None
    waarom_niet: WaaromNiet | None
    voorstel_plek_id: Annotated[UUID | None, Meta(description="Waar het plan haar zelf had.")]
    met_de_hand: Annotated[bool, Meta(description="Iemand heeft het voorstel veranderd.")]
    vorige_plek_id: Annotated[UUID | None, Meta(description="In het vorige plan.")]
    gewijzigd: Annotated[bool, Meta(description="Anders dan in het vorige plan, of er is geen vorig plan.")]
    vast: bool
    reden: str | None
    prijs: Annotated[
        list[PlanVerlies] | None, Meta(description="Wat de verandering met de hand kost als al het andere blijft.")
    ]

    @property
    def id(self) -> UUID:
        return self.aanvraag_id


# ── Sentences ────────────────────────────────────────────────────────────────────────────────────


def _number(n: float) -> str:
    return f"{abs(n):.2f}".rstrip("0").rstrip(".").replace(".", ",")


def _one(n: float, one: str, more: str) -> str:
    return one if abs(n) == 1 else more


def shown(niveau: str, value: int) -> float:
    """A value of a tier as people count: points, and how many are split."""
    if niveau == Tier.SCORE:
        return value / POINTS
    return -value if niveau in FEWER else value


def niveaus(found: Iterable[Niveau]) -> list[PlanNiveau]:
    return [
        PlanNiveau(
            niveau=one.niveau,
            naam=NIVEAUS[Tier(one.niveau)],
            waarde=shown(one.niveau, one.waarde),
            beste=shown(one.niveau, one.beste),
            grens=shown(one.niveau, one.grens),
            minder_is_beter=one.niveau in FEWER,
            bewezen=one.beste >= one.grens,
            gat=max(0, one.grens - one.beste) / max(1, abs(one.grens)),
        )
        for one in found
    ]


def verliezen(found: list[Verlies] | None) -> list[PlanVerlies] | None:
    """Each with its sentence; None stays None: not known."""
    if found is None:
        return None
    return [PlanVerlies(niveau=one.niveau, verlies=_lost(one), zin=_loss(one)) for one in found if one.verlies]


def _lost(one: Verlies) -> float:
    return one.verlies / POINTS if one.niveau == Tier.SCORE else one.verlies


def _loss(one: Verlies) -> str:
    say: Callable[[float], str] = LESS[Tier(one.niveau)]
    text = say(_lost(one))
    if one.verlies < 0:
        text = text.replace("minder", "\0").replace("meer", "minder").replace("\0", "meer")
    return f"{text[0].upper()}{text[1:]}."


def uitleg(stand: Stand, vandaag: date) -> str:
    """How a plan stands."""
    nobody = "Er draait nu geen `loket worker`, en die maakt de plannen. Vraag de beheerder om hem te starten."
    match stand.status:
        case PlanStatus.WACHT:
            since = f"Wacht sinds {moment(stand.aangemaakt_op, vandaag)}."
            return f"{since} {'Het plan wordt zo gemaakt.' if stand.werker else nobody}"
        case PlanStatus.BEZIG:
            if not stand.werker:
                return f"Het maken is afgebroken en begint vanzelf opnieuw. {nobody}"
            return f"Wordt gemaakt sinds {moment(stand.gestart_op or stand.aangemaakt_op, vandaag)}."
        case PlanStatus.MISLUKT:
            return f"Dit plan kon niet worden gemaakt. {stand.fout}"
        case PlanStatus.GESTOPT if stand.klaar_op is None:
            stopping = "Het zoeken wordt gestopt."
            return f"{stopping} {'Wat tot dan is gevonden, staat hier zo.' if stand.werker else nobody}"
    if stand.limiet is None:
        return "Gestopt voordat er iets was gevonden."
    said = [f"Klaar: {stand.geplaatst} van de {count(stand.aanvragen or 0, 'aanvraag', 'aanvragen')} met een plek."]
    if stand.conflicten:
        said.append("Let op: niet alles wat vaststaat, kan.")
    said.append(LIMIETEN[stand.limiet])
    open_ = next((one for one in niveaus(stand.niveaus) if not one.bewezen), None)
    if open_ is not None:
        how = f"hooguit {_number(abs(open_.grens - open_.beste))}"
        said.append(f"Dit is het beste plan dat is gevonden. Beter kan nog met {how} bij: {_lower(open_.naam)}.")
    return " ".join(said)


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def conflict(found: Botsing, namen: dict[UUID, str]) -> str:
    """One thing that was fixed and cannot be."""
    who = "Deze aanvraag staat" if len(found.aanvragen) == 1 else f"Deze {len(found.aanvragen)} aanvragen staan"
    where = f" bij {namen[found.voorziening]}" if found.voorziening in namen else ""
    return f"{who} vast{where}, maar dat kan niet: {listing([_in_the_way(code) for code in found.regels])}."


def _in_the_way(code: str) -> str:
    if code in BOTSINGEN:
        return BOTSINGEN[Breach(code)]
    if code in set(Rule):
        return f"de regel {_lower(catalogue.RULES[Rule(code)])}"
    return "de plek is er niet meer" if code == "plek_weg" else "voor deze aanvraag kan nergens een plek worden gezocht"


# ── Whole answers ────────────────────────────────────────────────────────────────────────────────

NAMEN = "select id, naam from voorziening where id = any ($1)"

VERSCHILLEN = """
select coalesce(o.aanvraag_id, r.aanvraag_id) as aanvraag_id, o.plek_id as van_plek_id, r.plek_id as naar_plek_id,
       count(*) over ()::int as aantal
from (select * from plan_regel where plan_id = $2) o
full join (select * from plan_regel where plan_id = $1) r on r.aanvraag_id = o.aanvraag_id
join aanvraag a on a.id = coalesce(o.aanvraag_id, r.aanvraag_id)
where o.plek_id is distinct from r.plek_id
order by a.urgentie, a.aangemeld_op, a.id
limit 200
"""


async def plan(conn: Connection, stand: Stand, vandaag: date) -> Plan:
    """A plan with its sentences and what changed since the one before."""
    where = [botsing.voorziening for botsing in stand.conflicten if botsing.voorziening is not None]
    namen = {row["id"]: row["naam"] for row in await conn.fetch(NAMEN, where)} if where else {}
    diff = None
    if stand.vorig_plan_id is not None and stand.limiet is not None:
        diff = await conn.fetch(VERSCHILLEN, stand.id, stand.vorig_plan_id)
    return Plan(
        id=stand.id,
        status=stand.status,
        uitleg=uitleg(stand, vandaag),
        vorig_plan_id=stand.vorig_plan_id,
        seconden=stand.seconden,
        zaad=stand.zaad,
        behoud=stand.behoud,
        peilmoment=stand.peilmoment,
        aantal_aanvragen=stand.aanvragen,
        aantal_geplaatst=stand.geplaatst,
        niveaus=niveaus(stand.niveaus),
        gat=stand.gat,
        rekentijd=stand.rekentijd,
        limiet=stand.limiet,
        conflicten=[
            PlanConflict(
                regels=one.regels,
                aanvraag_ids=one.aanvragen,
                voorziening_id=one.voorziening,
                plek_id=one.plek,
                zin=conflict(one, namen),
            )
            for one in stand.conflicten
        ],
        let_op=stand.let_op,
        keuzes=[
            PlanKeuze(
                aanvraag_id=one.aanvraag_id,
                soort=one.soort,
                voorziening_id=one.voorziening_id,
                plek_id=one.plek_id,
                reden=one.reden,
                prijs=verliezen(one.prijs),
            )
            for one in stand.keuzes
        ],
        aantal_verschillen=None if diff is None else diff[0]["aantal"] if diff else 0,
        verschillen=[
            PlanVerschil(**{name: row[name] for name in PlanVerschil.__struct_fields__}) for row in diff or ()
        ],
        aangemaakt_op=stand.aangemaakt_op,
        gestart_op=stand.gestart_op,
        klaar_op=stand.klaar_op,
    )


def overzicht(stand: Stand, vandaag: date) -> PlanOverzicht:
    return PlanOverzicht(
        id=stand.id,
        status=stand.status,
        uitleg=uitleg(stand, vandaag),
        vorig_plan_id=stand.vorig_plan_id,
        aantal_aanvragen=stand.aanvragen,
        aantal_geplaatst=stand.geplaatst,
        gat=stand.gat,
        aangemaakt_op=stand.aangemaakt_op,
        klaar_op=stand.klaar_op,
    )


def regel(row: Planregel) -> Regel:
    plaats = None
    if row.plek_id is not None:
        assert row.plek is not None and row.voorziening_id is not None
        assert row.voorziening is not None and row.aanbieder is not None
        plaats = PlanPlaats(
            plek_id=row.plek_id,
            naam=row.plek,
            voorziening_id=row.voorziening_id,
            voorziening=row.voorziening,
            aanbieder=row.aanbieder,
        )
    return Regel(
        aanvraag_id=row.aanvraag_id,
        urgentie=row.urgentie,
        samenplaatsing_id=row.samenplaatsing_id,
        plaats=plaats,
        eerste_dag=row.eerste_dag,
        score=row.score,
        waarom_niet=None if row.waarom_niet is None else WaaromNiet(row.waarom_niet, WAAROM_NIET[row.waarom_niet]),
        voorstel_plek_id=row.voorstel_plek_id,
        met_de_hand=row.plek_id != row.voorstel_plek_id,
        vorige_plek_id=row.vorige_plek_id,
        gewijzigd=row.gewijzigd,
        vast=row.vast,
        reden=row.reden,
        prijs=verliezen(row.prijs),
    )
