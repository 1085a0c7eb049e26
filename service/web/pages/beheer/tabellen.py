"""Which figures there are: each a table, made of what the API answers too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Struct, field

from service.aanbod.plekken import Zekerheid
from service.bericht import versheid
from service.cijfers import cijfers, gemeenten, reflex, wachtlijst
from service.cijfers.cijfers import Aanbodcijfers, CijferSoort, Per, Telling
from service.cijfers.onderdrukking import KLEINST
from service.cijfers.wachtlijst import Wachtplaats, WachtVanaf
from service.days import today
from service.db import Rol
from service.dutch import moment
from service.plaatsing.voorstelkeuzes import KeuzeReden
from service.rang.catalogue import Names
from service.taal import gettext, later
from service.web.pages import words
from service.web.pages.aanbieder.woorden import EINDES
from service.web.pages.beheer.tabel import Cel, Kolom, Staaf, Tabel, getal
from service.web.pages.schakel.zinnen import AFWIJSREDEN
from service.web.pages.visit import Visit

OUDSTE = 100
"""Plekken in the list of what is not sure any more."""


class Keuze(Struct, frozen=True, kw_only=True):
    """What whoever looks has chosen."""

    periode: str | None = None
    per: Per | None = None
    vanaf: WachtVanaf = WachtVanaf.AANMELDING
    gemeente: str | None = None
    """Code of the gemeente of a child, or of where a place is."""
    gelezen: dict[str, Any] = field(default_factory=dict)
    """What more than one table of the page tells of, when it was read."""


WAAR = {
    Wachtplaats.THUIS: later("thuis"),
    Wachtplaats.CRISIS: later("op een crisisplek"),
    Wachtplaats.OVERBRUGGING: later("op een tijdelijke plek"),
    Wachtplaats.ELDERS: later("op een plek waar het kind niet kan blijven"),
}

VANAF = {
    WachtVanaf.AANMELDING: later("de aanmelding"),
    WachtVanaf.GRONDSLAG: later("de grondslag"),
    WachtVanaf.GEWENSTE_START: later("de gewenste start"),
}

PER = {Per.AANBIEDER: later("Aanbieder"), Per.ZORGVORM: later("Zorgvorm"), Per.REGIO: later("Regio")}

ZEKERHEID = {
    Zekerheid.ZEKER: later("zeker"),
    Zekerheid.TE_BEVESTIGEN: later("niet zeker: te bevestigen"),
    Zekerheid.ONBEKEND: later("niet meer bekend"),
}

KEUZEREDEN = {
    KeuzeReden.LOOPT_AL: later("Er liep al een voorstel"),
    KeuzeReden.ZEI_EERDER_NEE: later("Zei eerder nee"),
    KeuzeReden.GAF_GEEN_ANTWOORD: later("Gaf geen antwoord"),
    KeuzeReden.WENS_KIND_OF_OUDER: later("Wens van kind of ouder"),
    KeuzeReden.WENS_VERWIJZER: later("Wens van de verwijzer"),
    KeuzeReden.DICHTER_BIJ: later("Een andere plek was dichterbij"),
    KeuzeReden.ZO_THUIS_MOGELIJK: later("Een andere plek was meer als thuis"),
    KeuzeReden.SAMEN: later("Om broers en zussen samen te houden"),
    KeuzeReden.ZEI_TELEFONISCH_NEE: later("Zei aan de telefoon nee"),
    KeuzeReden.ANDERE_REDEN: later("Een andere reden"),
    KeuzeReden.NIET_GEZEGD: later("Niet gezegd"),
}

DELEN: Mapping[CijferSoort, Mapping[str, str]] = {
    CijferSoort.VOORSTELLEN: {"niet_gekozen": later("Niet gekozen"), "gekozen": later("Gekozen")},
    CijferSoort.AFWIJZINGEN: {str(code): zin for code, zin in AFWIJSREDEN.items()},
    CijferSoort.GEPASSEERD: {str(code): zin for code, zin in KEUZEREDEN.items()},
    CijferSoort.VERBLIJVEN: EINDES,
    CijferSoort.SAMENPLAATSINGEN: {"heel": later("Samen op één locatie"), "gesplitst": later("Niet allemaal samen")},
}
"""The parts of each telling, in words."""

KLEIN = later("niet getoond")
"""What is hidden because it is small, or because another would follow from it."""

WEINIG = later("niemand, of te weinig om te tonen")
"""Of a median."""

TITELS = {
    CijferSoort.AFWIJZINGEN: (later("Waarom er nee werd gezegd"), later("Naar de dag van de afwijzing.")),
    CijferSoort.SAMENPLAATSINGEN: (
        later("Broers en zussen: samen of niet"),
        later("Van wie in de periode allemaal een plek hadden."),
    ),
    CijferSoort.VERBLIJVEN: (later("Hoe verblijven eindigden"), later("Van wie in de periode wegging.")),
    CijferSoort.VOORSTELLEN: (
        later("Gevraagd en gekozen"),
        later("Van de voorstellen die in de periode zijn verstuurd."),
    ),
    CijferSoort.GEPASSEERD: (
        later("Hoger in de lijst, en niet gevraagd"),
        later("Eén keer per voorstel aan een andere aanbieder, met de reden."),
    ),
}


async def _aanbodcijfers(v: Visit, keuze: Keuze) -> Aanbodcijfers:
    if "aanbod" not in keuze.gelezen:
        keuze.gelezen["aanbod"] = v.toon(
            await cijfers.aanbodcijfers(v.conn, v.wie, code=keuze.periode, gemeente=keuze.gemeente, now=v.now)
        )
    found: Aanbodcijfers = keuze.gelezen["aanbod"]
    return found


async def aanbod(v: Visit, keuze: Keuze, names: Names) -> Tabel:
    """Occupancy: what there is, what was really open, and who lived there."""
    found = await _aanbodcijfers(v, keuze)
    return Tabel(
        code="aanbod",
        titel=gettext("Plekken: bezet, open en niet bemenst"),
        uitleg=gettext("Plekken op een gemiddelde dag. Open is: bewoond, of bemenst en niet gestopt."),
        leeg=gettext("In deze periode waren er geen plekken. Kies een andere periode."),
        kolommen=(
            Kolom(later("Aanbieder")),
            Kolom(later("Zorgvorm")),
            Kolom(later("Plekken"), getal=True),
            Kolom(later("Open"), getal=True),
            Kolom(later("Bezet"), getal=True),
            Kolom(later("Gestopt"), getal=True),
            Kolom(later("Niet bemenst"), getal=True),
            Kolom(later("Nooit bevestigd"), getal=True),
            Kolom(later("Afgesproken"), getal=True, leeg=later("niet afgesproken")),
            Kolom(later("Minder open dan afgesproken"), getal=True),
        ),
        rijen=[
            (
                r.aanbieder,
                _zorgvorm(r.zorgvorm, names),
                r.bestaat,
                r.open,
                r.bezet,
                r.gestopt,
                r.onbemenst,
                r.onbekend,
                r.minimum_capaciteit,
                r.onder_afspraak,
            )
            for r in found.regels
        ],
        staven=[
            Staaf(
                f"{r.aanbieder}: {_zorgvorm(r.zorgvorm, names)}",
                (r.bestaat, r.open, r.bezet),
                gettext("%(bezet)s van %(plekken)s") % {"bezet": getal(r.bezet), "plekken": getal(r.bestaat)},
            )
            for r in found.regels
        ],
        legenda=(gettext("plekken"), gettext("open"), gettext("bezet")),
    )


async def contract(v: Visit, keuze: Keuze, names: Names) -> Tabel:
    """How long it took until a child came, beside what was agreed."""
    found = await _aanbodcijfers(v, keuze)
    return Tabel(
        code="contract",
        titel=gettext("Wachten per aanbieder, naast het contract"),
        uitleg=gettext(
            "Mediaan in dagen, vanaf het voorstel of de gewenste start als die later is, tot het kind kwam."
        ),
        leeg=gettext("In deze periode waren er geen plekken. Kies een andere periode."),
        kolommen=(
            Kolom(later("Aanbieder")),
            Kolom(later("Zorgvorm")),
            Kolom(later("Dagen"), getal=True, leeg=WEINIG),
            Kolom(later("Afgesproken"), getal=True, leeg=later("niet afgesproken")),
            Kolom(later("Dagen langer dan afgesproken"), getal=True),
        ),
        rijen=[
            (r.aanbieder, _zorgvorm(r.zorgvorm, names), r.wachtdagen, r.maximum_wachttijd, r.boven_afspraak)
            for r in found.regels
        ],
        staven=[
            Staaf(f"{r.aanbieder}: {_zorgvorm(r.zorgvorm, names)}", (days,), _dagen(days))
            for r in found.regels
            if (days := r.wachtdagen) is not None
        ],
    )


async def wachtenden(v: Visit, keuze: Keuze, names: Names) -> Tabel:
    found = v.toon(await wachtlijst.tellingen(v.conn, v.wie.rol))
    return Tabel(
        code="wachtenden",
        titel=gettext("Hoeveel kinderen wachten, en waar"),
        uitleg=gettext("Vandaag. Wie op meer zorgvormen wacht, telt in elke mee: tel deze getallen dus niet op."),
        leeg=_te_klein(v, gettext("Er wacht nu niemand.")),
        kolommen=(
            Kolom(later("Zorgvorm")),
            Kolom(later("Urgentie")),
            Kolom(later("Waar het kind wacht")),
            Kolom(later("Kinderen"), getal=True),
        ),
        rijen=[
            (_zorgvorm(r.zorgvorm, names), words.URGENTIE[r.urgentie], gettext(WAAR[r.waar]), r.aantal) for r in found
        ],
        staven=[
            Staaf(
                f"{_zorgvorm(r.zorgvorm, names)}, {words.URGENTIE[r.urgentie].lower()}, {gettext(WAAR[r.waar])}",
                (r.aantal,),
                str(r.aantal),
            )
            for r in found
        ],
    )


async def verwacht(v: Visit, keuze: Keuze, names: Names) -> Tabel:
    found = v.toon(await wachtlijst.wachttijden(v.conn, v.wie.rol, keuze.vanaf, v.now))
    return Tabel(
        code="wachttijd",
        titel=gettext("Hoe lang het wachten duurt"),
        uitleg=gettext("Geteld vanaf %(vanaf)s. Ook gemeten aan wie nog wacht.")
        % {"vanaf": gettext(VANAF[keuze.vanaf])},
        leeg=gettext("Er zijn nog te weinig kinderen om het aan te meten."),
        kolommen=(
            Kolom(later("Zorgvorm")),
            Kolom(later("Urgentie")),
            Kolom(later("Helft heeft een plek na (dagen)"), getal=True, leeg=later("nog niet te zeggen")),
            Kolom(later("Wat dat betekent")),
        ),
        rijen=[
            (_zorgvorm(r.zorgvorm, names), words.URGENTIE[r.urgentie], r.verwachting.dagen, r.verwachting.zin)
            for r in found
        ],
        staven=[
            Staaf(
                f"{_zorgvorm(r.zorgvorm, names)}, {words.URGENTIE[r.urgentie].lower()}",
                (r.verwachting.dagen,),
                _dagen(r.verwachting.dagen),
            )
            for r in found
            if r.verwachting.dagen is not None
        ],
    )


async def geplaatst(v: Visit, keuze: Keuze, names: Names) -> Tabel:
    if keuze.gemeente is None:
        regels = v.toon((await cijfers.wachttijdcijfers(v.conn, v.wie, code=keuze.periode, now=v.now)).regels)
    else:
        regels = v.toon(await gemeenten.wachttijden(v.conn, v.wie, keuze.gemeente, code=keuze.periode, now=v.now))
    return Tabel(
        code="plaatsing",
        titel=gettext("Dagen van aanvraag tot plaatsing"),
        uitleg=gettext("Mediaan in dagen, van wie in de periode ergens kwam wonen."),
        leeg=_te_klein(v, gettext("In deze periode kwam niemand ergens wonen.")),
        kolommen=(
            Kolom(later("Zorgvorm")),
            Kolom(later("Urgentie")),
            Kolom(later("Kinderen"), getal=True),
            Kolom(later("Vanaf de aanmelding"), getal=True),
            Kolom(later("Vanaf de grondslag"), getal=True, leeg=WEINIG),
            Kolom(later("Vanaf de gewenste start"), getal=True),
        ),
        rijen=[
            (
                _zorgvorm(r.zorgvorm, names),
                words.URGENTIE[r.urgentie],
                r.aantal,
                r.vanaf_aanmelding,
                r.vanaf_grondslag,
                r.vanaf_gewenste_start,
            )
            for r in regels
        ],
        staven=[
            Staaf(
                f"{_zorgvorm(r.zorgvorm, names)}, {words.URGENTIE[r.urgentie].lower()}",
                (r.vanaf_aanmelding,),
                _dagen(r.vanaf_aanmelding),
            )
            for r in regels
        ],
    )


async def per_gemeente(v: Visit, keuze: Keuze, names: Names) -> Tabel:
    """One line of it, where a gemeente was chosen: the others were hidden with it in mind."""
    found = v.toon(await gemeenten.gemeentecijfers(v.conn, v.wie, code=keuze.periode, now=v.now))
    elders = gettext("Een andere gemeente, of niet meer bekend")
    regels = [r for r in found.regels if keuze.gemeente in (None, r.gemeente_code)]
    return Tabel(
        code="gemeenten",
        titel=gettext("Per gemeente"),
        uitleg=gettext("Naar de gemeente die voor het kind verantwoordelijk is. Dagen: mediaan, vanaf de aanmelding."),
        leeg=gettext("Deze regio heeft nog geen gemeenten."),
        kolommen=(
            Kolom(later("Gemeente")),
            Kolom(later("Kwamen ergens wonen"), getal=True, leeg=KLEIN),
            Kolom(later("Dagen tot zij er woonden"), getal=True, leeg=WEINIG),
            Kolom(later("Voorstellen"), getal=True, leeg=KLEIN),
            Kolom(later("Keer nee"), getal=True, leeg=KLEIN),
            Kolom(later("Verblijven die eindigden"), getal=True, leeg=KLEIN),
        ),
        rijen=[
            (r.gemeente or elders, r.geplaatst, r.vanaf_aanmelding, r.voorstellen, r.afwijzingen, r.verblijven)
            for r in regels
        ],
        staven=[Staaf(r.gemeente or elders, (r.geplaatst,), str(r.geplaatst)) for r in regels if r.geplaatst],
    )


async def buiten(v: Visit, keuze: Keuze, names: Names) -> Tabel:
    found = v.toon(await gemeenten.buitenregio(v.conn, v.wie, code=keuze.periode, now=v.now))
    parts = (
        (gettext("In de eigen regio"), found.binnen),
        (gettext("In een andere regio"), found.buiten),
        (gettext("Niet meer bekend: de aanvraag is anoniem"), found.onbekend),
    )
    return Tabel(
        code="buiten",
        titel=gettext("Binnen of buiten de regio"),
        uitleg=gettext("Van de kinderen die in de periode ergens kwamen wonen."),
        leeg=_te_klein(v, gettext("In deze periode kwam niemand ergens wonen.")),
        kolommen=(Kolom(later("Waar")), Kolom(later("Kinderen"), getal=True, leeg=KLEIN)),
        rijen=[(gettext("Totaal"), found.geplaatst), *parts] if found.geplaatst else [],
        staven=[Staaf(waar, (count,), str(count)) for waar, count in parts if count],
    )


def geteld(soort: CijferSoort) -> Maker:
    """One of the tellingen: a row for each total, each part that is told, and what is told together."""

    async def maker(v: Visit, keuze: Keuze, names: Names) -> Tabel:
        # What is counted for the whole region is counted in no other way.
        per = None if soort is CijferSoort.SAMENPLAATSINGEN else keuze.per
        telling = cijfers.telling(v.conn, v.wie, soort, code=keuze.periode, per=per, gemeente=keuze.gemeente, now=v.now)
        found: Telling = v.toon(await telling)
        titel, uitleg = TITELS[soort]
        rijen: list[tuple[Cel, ...]] = []
        staven: list[Staaf] = []
        for regel in found.regels:
            van = regel.aanbieder or (_zorgvorm(regel.zorgvorm, names) if regel.zorgvorm else gettext("Hele regio"))
            rijen.append((van, gettext("Totaal"), regel.totaal))
            for deel in regel.delen:
                zin = gettext(DELEN[soort][deel.code])
                if deel.aantal != 0:
                    rijen.append((van, zin, deel.aantal))
                if deel.aantal:
                    staven.append(Staaf(f"{van}: {zin}", (deel.aantal,), str(deel.aantal)))
            if regel.samen is not None:
                rijen.append((van, gettext("Wat niet is getoond, samen"), regel.samen))
        return Tabel(
            code=str(soort),
            titel=gettext(titel),
            uitleg=gettext(uitleg),
            leeg=_te_klein(v, gettext("In deze periode is hier niets geteld.")),
            kolommen=(Kolom(PER[found.per]), Kolom(later("Wat")), Kolom(later("Aantal"), getal=True, leeg=KLEIN)),
            rijen=rijen,
            staven=staven,
        )

    return maker


async def bevestigd(v: Visit, keuze: Keuze, names: Names) -> Tabel:
    found = v.toon(await versheid.versheid(v.conn, v.now))
    dag = today(v.now)
    return Tabel(
        code="bevestigd",
        titel=gettext("Plekken die niet meer zeker zijn"),
        uitleg=gettext("Vandaag. De langst geleden bevestigde eerst, hooguit %(aantal)s.") % {"aantal": OUDSTE},
        leeg=gettext("Alle plekken zijn kort geleden bevestigd. U hoeft niets te doen."),
        kolommen=(
            Kolom(later("Voorziening")),
            Kolom(later("Plek")),
            Kolom(later("Zorgvorm")),
            Kolom(later("Bevestigd"), leeg=later("nog nooit")),
            Kolom(later("Hoe zeker")),
        ),
        rijen=[
            (
                r.voorziening,
                r.naam,
                _zorgvorm(r.zorgvorm, names),
                None if r.bevestigd_op is None else moment(r.bevestigd_op, dag),
                gettext(ZEKERHEID[r.zekerheid]),
            )
            for r in [one for one in found if one.zekerheid is not Zekerheid.ZEKER][:OUDSTE]
        ],
    )


async def er_ook(v: Visit, keuze: Keuze, names: Names) -> Tabel:
    found = v.toon(await reflex.cijfers(v.conn, v.wie.rol, code=keuze.periode, now=v.now))
    return Tabel(
        code="reflex",
        titel=gettext("Was een plek er ook, die net was bevestigd?"),
        uitleg=gettext("Van plekken die hooguit %(dagen)s dagen voor de vraag als vrij waren bevestigd.")
        % {"dagen": found.binnen_dagen},
        leeg=gettext("In deze periode is hier niets geteld."),
        kolommen=(
            Kolom(later("Aanbieder")),
            Kolom(later("Gevraagd"), getal=True, leeg=KLEIN),
            Kolom(later("Was er niet"), getal=True, leeg=KLEIN),
        ),
        rijen=[(r.aanbieder, r.gevraagd, r.was_er_niet) for r in found.aanbieders],
        staven=[Staaf(r.aanbieder, (r.was_er_niet,), str(r.was_er_niet)) for r in found.aanbieders if r.was_er_niet],
    )


def _zorgvorm(code: str, names: Names) -> str:
    return names.get(("zorgvorm", code), code)


def _dagen(number: int) -> str:
    return gettext("%(dagen)s dagen") % {"dagen": number}


def _te_klein(v: Visit, leeg: str) -> str:
    """Nothing, or too little to show: who may not see small numbers does not hear which."""
    if v.wie.rol is Rol.SCHAKELFUNCTIONARIS:
        return leeg
    return gettext("Niets, of te weinig om te tonen: minder dan %(kleinst)s.") % {"kleinst": KLEINST}


Maker = Callable[[Visit, Keuze, Names], Awaitable[Tabel]]

NU: Mapping[str, Maker] = {"wachtenden": wachtenden, "wachttijd": verwacht, "bevestigd": bevestigd}
"""As it is today."""

_C = CijferSoort

OVER: Mapping[str, Maker] = {
    "aanbod": aanbod,
    "contract": contract,
    "plaatsing": geplaatst,
    "buiten": buiten,
    "gemeenten": per_gemeente,
    **{
        str(soort): geteld(soort)
        for soort in (_C.AFWIJZINGEN, _C.SAMENPLAATSINGEN, _C.VERBLIJVEN, _C.VOORSTELLEN, _C.GEPASSEERD)
    },
    "reflex": er_ook,
}
"""Over a period that is over."""

BIJ_GEMEENTE = ("gemeenten", "aanbod")
"""What there is of one gemeente for who may not see small numbers; the loket has besides …"""

BIJ_GEMEENTE_LOKET = (
    "plaatsing",
    *(str(soort) for soort in (_C.AFWIJZINGEN, _C.VERBLIJVEN, _C.VOORSTELLEN, _C.GEPASSEERD)),
)
"""… these. The others are of the whole region only."""


def te_zien(rol: Rol, gemeente: str | None) -> tuple[Mapping[str, Maker], Mapping[str, Maker]]:
    """The tables of today and those over a period, for what was chosen."""
    if gemeente is None:
        return NU, OVER
    some = BIJ_GEMEENTE + (BIJ_GEMEENTE_LOKET if rol is Rol.SCHAKELFUNCTIONARIS else ())
    return {}, {code: OVER[code] for code in some}
