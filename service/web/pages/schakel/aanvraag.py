"""`/aanvragen/{id}`: one aanvraag. What runs for it, its ranked places, what falls out and what would help."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request
from litestar.params import PathParameter
from litestar.response import Response
from msgspec import Struct

from service import toegang
from service.aanvraag import aanvragen, gebeurtenissen, samenplaatsingen, stappen, werkblad, werklijst
from service.aanvraag.aanvragen import Aanvraag, HuidigVerblijf
from service.aanvraag.gebeurtenissen import OPEN, AanvraagGebeurtenis, GebeurtenisSoort
from service.aanvraag.termijnen import ZINNEN, AlarmSoort
from service.aanvraag.werkblad import Beurt
from service.days import AMSTERDAM, age_on, today
from service.db import Rol
from service.dutch import count, day, days
from service.errors import Kind, Refusal
from service.inloggen import gebruikers
from service.opschaling import opschalingen, opschalingsvragen, routes, routesoorten
from service.opschaling.opschalingen import TAFELS, OpschalingAanleiding
from service.opschaling.routesoorten import soort_van
from service.plaatsing import crisisbord, opties, voorstellen
from service.plaatsing.opties import Optie
from service.plaatsing.plekregels import NOOIT
from service.plaatsing.voorstellen import LEVEND, Voorstel, VoorstelStatus
from service.rang import rangschikking
from service.rang.catalogue import CRITERIA
from service.rang.matches import Page, rank_aanvraag
from service.rang.rangschikking import PassendePlek, Rangschikking, Voorkomen, names
from service.rang.vergelijk import Vergelijking, vergelijk
from service.rang.weging import aandelen
from service.regio import codes
from service.regio.werkregels import Werkregels, werkregels
from service.taal import gettext
from service.urgentie import Urgentie
from service.web.pages import feiten, words
from service.web.pages.actie import Formulier
from service.web.pages.kaart import Kaart, Punt
from service.web.pages.render import page_at
from service.web.pages.schakel import zinnen
from service.web.pages.schakel.lijst import BESTE, MOST, PER_PAGE, VOLGORDE, Kijk, asked
from service.web.pages.visit import Visit, visit

PAGE = "paginaAanvraag"


@page_at("/aanvragen/{aanvraag_id:uuid}", name=PAGE)
async def aanvraag(request: Request[Any, Any, Any], aanvraag_id: Annotated[UUID, PathParameter()]) -> Response[str]:
    """As `Kijk` asks."""
    kijk = asked(request)
    async with visit(request) as v:
        return await show(v, aanvraag_id, kijk)


class Lopend(Struct, frozen=True, kw_only=True):
    """An optie or a voorstel that runs, with the place by name when it may be known."""

    plek: Voorkomen | None
    optie: Optie | None = None
    voorstel: Voorstel | None = None


async def show(v: Visit, aanvraag_id: UUID, kijk: Kijk, form: Formulier | None = None) -> Response[str]:
    """The page; with `form` what was refused of it."""
    toegang.mag(v.wie, PAGE)
    vandaag = today(v.now)
    a: Aanvraag = v.toon(await aanvragen.get(v.conn, aanvraag_id))
    rules = await werkregels(v.conn)
    form = form or Formulier()
    ranked, waarom_niet = await _rank(v, aanvraag_id, kijk)
    beide = await _beide(v, aanvraag_id, kijk) if ranked and kijk.watals else None
    code_names = await names(v.conn)
    namen = await werklijst.namen(v.conn, aanvraag_id)
    siblings = v.toon(await werklijst.broers_zussen(v.conn, aanvraag_id))
    samen = v.toon(await samenplaatsingen.get(v.conn, a.samenplaatsing_id)) if a.samenplaatsing_id else None
    zorgvormen = await codes.zorgvormen(v.conn)
    unranked = [z.naam for z in zorgvormen if not z.rangschikbaar and z.code in a.zorgvormen]
    chosen = kijk.kies(ranked.plekken) if ranked else []
    pages = max(1, -(-len(chosen) // PER_PAGE))
    first = (kijk.pagina - 1) * PER_PAGE
    lopend, klaar = await _lopend(v, aanvraag_id)
    gekozen = kijk.plek or _uuid(form.waarde("plekken.0.plekId"))
    path = f"/aanvragen/{a.id}"
    daarnaast = await _daarnaast(v, aanvraag_id)
    plekken = {str(p.plek.plek_id): p for p in ranked.plekken} if ranked else {}
    can = {id: toegang.kan(v.wie, id) for id in FORMS}
    return v.page(
        "schakel/aanvraag.html",
        today=vandaag,
        section="aanvragen",
        form=form,
        a=a,
        kan=can,
        stappen=stappen.kan(a.status, v.wie.rol),
        is_mij=a.behandelaar_id == (v.wie.namens or v.wie.gebruiker),
        collegas=await _collegas(v),
        criteria=_criteria(rules, a.urgentie),
        leeftijd=age_on(a.leeftijd_maanden, a.leeftijd_peildatum, vandaag),
        wacht=zinnen.waited(a.aangemeld_op, v.now),
        urgenties=words.URGENTIE,
        verblijven=words.HUIDIG_VERBLIJF,
        zinnen=zinnen,
        facts=feiten.facts(a, code_names, vandaag),
        more=feiten.more(a, code_names, namen, vandaag),
        stories=feiten.stories(a),
        siblings=[(s, age_on(s.leeftijd_maanden, s.leeftijd_peildatum, vandaag)) for s in siblings],
        split=(samen.splitsreden and gettext("Mogen apart: %(splitsreden)s", splitsreden=samen.splitsreden))
        if samen
        else None,
        lopend=lopend,
        behandelaar=await _behandelaar(v, a),
        beurt=_beurt(a, lopend, v.now),
        klaar=klaar,
        levend=[one.voorstel.id for one in lopend if one.voorstel] + [one.optie.id for one in lopend if one.optie],
        bezig={one.plek.voorziening_id for one in lopend if one.plek},
        notices=notices(a, ranked, unranked, vandaag) if ranked else [],
        waarom_niet=waarom_niet,
        r=ranked,
        rows=chosen[first : first + PER_PAGE],
        chosen=len(chosen),
        beste=BESTE,
        most=MOST,
        eerste=first + 1,
        pages=pages,
        kijk=kijk,
        adres=lambda hier="", **other: kijk.adres(path, hier, **other),
        volgordes=VOLGORDE,
        vormen=sorted({(p.plek.zorgvorm, p.plek.zorgvorm_naam) for p in plekken.values()}, key=lambda one: one[1]),
        naast=[(rang, p) for rang, p in enumerate(ranked.plekken, 1) if p.plek.plek_id in kijk.vergelijk][:MOST]
        if ranked
        else [],
        toewijzing=lambda p: toewijzing(a.id, [s.id for s in siblings], p),
        nooit=frozenset(str(rule) for rule in NOOIT),
        gekozen=await _gekozen(v, a, gekozen, plekken, vandaag) if gekozen else None,
        gewichten=await aandelen(v.conn, a.urgentie),
        ook_te_kiezen=[(z.code, z.naam) for z in zorgvormen if z.rangschikbaar and z.code not in a.zorgvormen],
        confirmed=lambda moment: confirmed(moment, v.now),
        where=where,
        steps=steps(a, namen.gemeente),
        **daarnaast,
        gewaarschuwd=gewaarschuwd(daarnaast["gebeurd"], vandaag),
        **await v.kaart(await on_map(v, chosen[first : first + PER_PAGE], vandaag)),
        aanleiding=_aanleiding(a),
        tafels=TAFELS,
        anders=kijk.anders(),
        beide=beide,
        gedaan=zinnen.GEDAAN,
        soort_van=soort_van,
        criteria_namen=CRITERIA,
        voorstelwoorden=zinnen.VOORSTEL,
        afwijsredenen=zinnen.keuzes(zinnen.AFWIJSREDEN),
        tafelwoorden=zinnen.TAFEL,
        nodigwoorden=zinnen.NODIG,
        routewoorden=zinnen.ROUTE,
        staatwoorden=routesoorten.STAAT,
        aanleidingen=zinnen.keuzes(zinnen.AANLEIDING),
        tafelkeuzes=zinnen.keuzes(zinnen.TAFEL),
        overbruggingen=zinnen.keuzes(zinnen.OVERBRUGGING),
        andere_urgenties=[(code, naam) for code, naam in words.URGENTIE.items() if code != a.urgentie],
    )


FORMS = (
    "houdPlek",
    "zetOptieStap",
    "zetVoorstelKlaar",
    "zetVoorstelStap",
    "zetAanvraagStap",
    "openOpschaling",
    "stelOpschalingsvraag",
    "startRoute",
    "lijstGebeurtenissen",
    "lijstOpschalingen",
    "lijstCollegas",
)
"""Operations of which the page has a form or a part, for who may do them."""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


async def _rank(v: Visit, aanvraag_id: UUID, kijk: Kijk) -> tuple[Rangschikking | None, str | None]:
    """The rangschikking, or why there is none: nothing is sought any more, or no place could be asked for."""
    anders = kijk.anders() if kijk.watals else None
    try:
        ranked = await rank_aanvraag(
            v.conn,
            v.services.snapshots,
            v.services.travel,
            wie=v.wie,
            aanvraag_id=aanvraag_id,
            now=v.now,
            page=Page(BESTE, 0),
            fallen_page=Page(kijk.afgevallen, 0),
            anders=anders,
        )
    except Refusal as refusal:
        if refusal.kind is not Kind.CONFLICT:
            raise
        return None, refusal.detail
    return ranked, None


async def _beide(v: Visit, aanvraag_id: UUID, kijk: Kijk) -> Vergelijking:
    """What if, beside the list as it is."""
    return await vergelijk(
        v.conn,
        v.services.snapshots,
        v.services.travel,
        wie=v.wie,
        aanvraag_id=aanvraag_id,
        anders=kijk.anders(),
        now=v.now,
    )


async def _lopend(v: Visit, aanvraag_id: UUID) -> tuple[list[Lopend], list[Lopend]]:
    """What runs, the first to lapse first, and what is over."""
    held: list[Optie] = v.toon(await opties.van_aanvraag(v.conn, aanvraag_id, v.now))
    asked_: list[Voorstel] = v.toon(await voorstellen.page(v.conn, v.wie.rol, aanvraag_id=aanvraag_id, limit=100))
    seen = await rangschikking.shown(
        v.conn, [*(str(one.plek_id) for one in held), *(str(one.plek_id) for one in asked_)]
    )

    def place(plek_id: UUID) -> Voorkomen | None:
        found = seen.get(str(plek_id))
        return found.voorkomen if found else None

    running = [one for one in asked_ if one.status in LEVEND or one.status is VoorstelStatus.CONCEPT]
    over = [Lopend(plek=place(one.plek_id), voorstel=one) for one in asked_ if one not in running]
    found = [Lopend(plek=place(one.plek_id), voorstel=one) for one in running]
    found += [Lopend(plek=place(one.plek_id), optie=one) for one in held if one.voorstel_id is None]
    return sorted(found, key=_einde), over


def _einde(one: Lopend) -> tuple[bool, float]:
    until = one.optie.vervalt_op if one.optie else one.voorstel and one.voorstel.antwoord_voor
    return until is None, until.timestamp() if until else 0.0


async def _behandelaar(v: Visit, a: Aanvraag) -> str:
    """By name, for who may know it."""
    if a.behandelaar_id is None:
        return ""
    return (await gebruikers.namen(v.conn, [a.behandelaar_id])).get(a.behandelaar_id, "")


def _beurt(a: Aanvraag, lopend: list[Lopend], now: datetime) -> tuple[Beurt, str] | None:
    """Whose move it is, and what; None: it is closed."""
    if a.status not in OPEN:
        return None
    levend = [one.voorstel for one in lopend if one.voorstel and one.voorstel.status in LEVEND]
    vraagt = (VoorstelStatus.VERZONDEN, VoorstelStatus.INTERESSE)
    wie = werkblad.beurt(
        a.status,
        min((one.antwoord_voor for one in levend if one.status in vraagt and one.antwoord_voor), default=None),
        max((one.kennismaking_op for one in levend if one.kennismaking_op), default=None),
        now,
    )
    return wie, zinnen.stap(a.status, wie)


async def _collegas(v: Visit) -> list[tuple[str, str]]:
    """To whom an aanvraag can be handed over: colleagues, and oneself."""
    if v.wie.rol is not Rol.SCHAKELFUNCTIONARIS:
        return []
    return [
        (str(v.wie.gebruiker), gettext("uzelf")),
        *((str(one.id), one.naam) for one in await gebruikers.collegas(v.conn, limit=200)),
    ]


def _criteria(rules: Werkregels, urgentie: Urgentie) -> list[tuple[str, str]]:
    """Why an aanvraag may be more urgent, per code of the region."""
    higher = stappen.HOOG[: stappen.HOOG.index(urgentie)]
    found = [code for one in higher for code in getattr(rules.urgentie_criteria, one)]
    return [(code, code.replace("_", " ")) for code in dict.fromkeys(found)]


def toewijzing(aanvraag_id: UUID, siblings: list[UUID], p: Any) -> dict[str, str]:
    """Fields of a form: which child on which plek; brothers and sisters each on one of those that are free together."""
    children = [aanvraag_id, *siblings][: 1 + len(p.samen_met)]
    found: dict[str, str] = {}
    for at, (child, plek) in enumerate(zip(children, (p.plek.plek_id, *p.samen_met), strict=False)):
        found |= {f"plekken.{at}.aanvraagId": str(child), f"plekken.{at}.plekId": str(plek)}
    return found


async def _gekozen(
    v: Visit, a: Aanvraag, plek_id: UUID, plekken: dict[str, Any], vandaag: date
) -> dict[str, Any] | None:
    """The place of the form with more words: whether it fits, and from which day."""
    seen = await rangschikking.shown(v.conn, [str(plek_id)])
    if str(plek_id) not in seen:
        return None
    fit = plekken.get(str(plek_id))
    return {
        "plek": seen[str(plek_id)].voorkomen,
        "past": fit,
        "van": fit.eerste_dag if fit else max(vandaag, a.gewenste_start),
    }


async def _daarnaast(v: Visit, aanvraag_id: UUID) -> dict[str, Any]:
    """Opschalingen with their questions, routes, and what happened: for who may know it."""
    found: dict[str, Any] = {"opschalingen": [], "vragen": [], "routes": [], "gebeurd": [], "wie": {}}
    if toegang.kan(v.wie, "lijstOpschalingen"):
        found["opschalingen"] = v.toon(await opschalingen.page(v.conn, now=v.now, aanvraag_id=aanvraag_id))
        found["routes"] = v.toon(await routes.page(v.conn, now=v.now, aanvraag_id=aanvraag_id))
    if toegang.kan(v.wie, "stelOpschalingsvraag"):
        found["vragen"] = v.toon(await opschalingsvragen.page(v.conn, aanvraag_id=aanvraag_id))
    if toegang.kan(v.wie, "lijstGebeurtenissen"):
        gebeurd = v.toon(await gebeurtenissen.page(v.conn, aanvraag_id, limit=100))
        found["gebeurd"] = gebeurd
        found["wie"] = await gebruikers.namen(v.conn, {one.gebruiker_id for one in gebeurd if one.gebruiker_id})
    return found


async def on_map(v: Visit, rows: list[tuple[int, PassendePlek]], vandaag: date) -> Kaart:
    """The places of this page of the list that are public, each by its place in the rangschikking."""
    there = await crisisbord.waar(v.conn, [p.plek.voorziening_id for _, p in rows])
    punten = []
    for rang, p in rows:
        at = there.get(p.plek.voorziening_id)
        if at is None or at.zichtbaarheid != "openbaar" or at.lat is None or at.lon is None:
            continue
        uitleg = f"{p.band_naam}, {where(p.plek.plaats, p.reistijd_minuten)}, {day(p.eerste_dag, vandaag)}"
        punten.append(Punt(f"{rang}. {p.plek.naam}", uitleg, at.lat, at.lon, f"#plek-{rang}"))
    return Kaart(punten, len(rows) - len(punten))


def gewaarschuwd(gebeurd: Sequence[AanvraagGebeurtenis], vandaag: date) -> list[tuple[str, date | None]]:
    """What was warned of today, each once with the day that it is about: the work list only says that there is
    something."""
    now = [one.gegevens for one in gebeurd if one.soort is GebeurtenisSoort.ALARM and today(one.op) == vandaag]
    said = {one["alarm"]: one.get("dag") for one in now if "alarm" in one}
    return [(ZINNEN[AlarmSoort(soort)], date.fromisoformat(dag) if dag else None) for soort, dag in said.items()]


def _aanleiding(a: Aanvraag) -> OpschalingAanleiding:
    """Where the child still is at home, what threatens is that it must leave."""
    home = a.huidig_verblijf in opschalingen.NOG_THUIS
    return OpschalingAanleiding.DREIGENDE_UITHUISPLAATSING if home else OpschalingAanleiding.GEEN_PLEK


def confirmed(moment: datetime | None, now: datetime) -> str:
    """How long ago the provider said that a place is right."""
    if moment is None:
        return gettext("nog nooit")
    hours = max(0, int((now - moment).total_seconds() // 3600))
    if hours < 1:
        return gettext("minder dan een uur geleden")
    return (
        gettext("%(hours)s uur geleden", hours=hours)
        if hours < 48
        else gettext("%(dagen)s geleden", dagen=days(hours // 24))
    )


def where(plaats: str | None, minutes: dict[str, int]) -> str:
    """The place by name, when that is public, and the journey from home."""
    if "thuis" not in minutes:
        return gettext("%(plaats)s, reistijd onbekend", plaats=plaats or gettext("niet openbaar"))
    if plaats is None and minutes["thuis"] < 15:
        return gettext("niet openbaar, minder dan 15 minuten van thuis")
    journey = gettext("%(minuten)s van thuis", minuten=count(minutes["thuis"], "minuut", "minuten"))
    return f"{plaats}, {journey}" if plaats else gettext("niet openbaar, ongeveer %(journey)s", journey=journey)


def notices(a: Aanvraag, ranked: Rangschikking, unranked: list[str], vandaag: date) -> list[str]:
    """What the reader must know before believing the list."""
    said = []
    if not ranked.actueel:
        since = f"{ranked.peilmoment.astimezone(AMSTERDAM):%H:%M}"
        said.append(
            gettext(
                "Let op: deze plekken zijn van %(since)s. Of er daarna iets is veranderd, weten we nu niet.",
                since=since,
            )
        )
    if ranked.reistijd_reden is not None:
        said.append(ranked.reistijd_reden)
    if unranked:
        said.append(
            gettext(
                "%(unranked)s staat niet in deze lijst. Daarvoor gelden een eigen controlelijst en een eigen"
                " coördinatiepunt.",
                unranked=", ".join(unranked),
            )
        )
    if a.aan_te_vullen:
        said.append(
            gettext(
                "Dit kind is per telefoon geplaatst, zonder aanvraag. Gemeente, postcode, juridisch kader of"
                " perspectief is nog niet bekend: reistijden en passende plekken kunnen anders zijn dan hier staat."
            )
        )
    if a.uiterlijke_datum < vandaag:
        said.append(
            gettext(
                "De uiterlijke datum, %(uiterlijke_datum)s, is voorbij. We zoeken vanaf vandaag.",
                uiterlijke_datum=day(a.uiterlijke_datum, vandaag),
            )
        )
    return said


def steps(a: Aanvraag, gemeente: str) -> list[str]:
    """What people can do when nothing fits, the nearest first (domain text: opschaling, overbrugging, maatwerk)."""
    crisis = a.urgentie is Urgentie.CRISIS
    home = a.huidig_verblijf is HuidigVerblijf.THUIS
    return [
        *([gettext("Spreek eerst af waar het kind vannacht slaapt, en wie het daar bereikt.")] if crisis else []),
        gettext(
            "Vraag aanbieders die bijna passen wat zij nodig hebben om ja te zeggen, zoals personeel van een ander."
        ),
        gettext("Kijk of een tussenvoorziening kan, en spreek af welke hulp kind en gezin krijgen tot er een plek is."),
        gettext("Breng de vraag in bij de doorbraaktafel, voordat het kind uit huis gaat.")
        if home
        else gettext(
            "Breng de vraag in bij de doorbraaktafel, en laat het kind waar het kan op de huidige plek tot er een"
            " oplossing is."
        ),
        gettext(
            "Overleg met de gemeente %(gemeente)s over een aanbieder zonder contract (maatwerk).", gemeente=gemeente
        ),
        gettext("Lukt het niet binnen de regio? Vraag dan het bovenregionaal Expertisenetwerk."),
    ]
