"""`/voorstellen`: what the loket asks an aanbieder, what waits for its answer first; `/voorstellen/{id}`: one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, post
from litestar.params import PathParameter, QueryParameter
from litestar.response import Response
from msgspec import Struct

from service import toegang
from service.days import age_on, today
from service.dutch import age, count, day, days, listing
from service.plaatsing import plaatsingstappen, voorstellen
from service.plaatsing.voorstellen import Voorstel, VoorstelStap, VoorstelStatus, Voorstelvraag
from service.rang.catalogue import Names
from service.rang.rangschikking import names
from service.taal import gettext, later
from service.web.pages import words
from service.web.pages.actie import Formulier, Gedaan, verwerk
from service.web.pages.feiten import Facts
from service.web.pages.render import page_at
from service.web.pages.visit import Visit, visit

VoorstelId = Annotated[UUID, PathParameter()]

MOST, PAST = 500, 10

WACHT_OP_U = (VoorstelStatus.VERZONDEN, VoorstelStatus.INTERESSE, VoorstelStatus.TOESTEMMING)
"""Where the next step is for the aanbieder: an answer, or when they meet."""

_S = VoorstelStatus

STAND = {
    _S.CONCEPT: later("Nog niet verstuurd"),
    _S.VERZONDEN: later("Wacht op uw antwoord"),
    _S.INTERESSE: later("U wilt meer weten; wacht op uw antwoord"),
    _S.AKKOORD: later("U zei ja; wacht op toestemming"),
    _S.TOESTEMMING: later("Spreek een kennismaking af"),
    _S.KENNISMAKING: later("Kennismaking staat vast"),
    _S.DEFINITIEF: later("Definitief"),
    _S.AFGEWEZEN: later("Nee gezegd"),
    _S.INGETROKKEN: later("Gaat niet door"),
    _S.VERVALLEN: later("Geen antwoord op tijd"),
}

VERDER = {
    _S.CONCEPT: "",
    _S.VERZONDEN: later("De plek is zo lang vastgehouden. Wilt u eerst meer weten? Dat kan, zonder dat u ja zegt."),
    _S.INTERESSE: later("U ziet nu meer van de vraag. Bel het loket gerust. Zeg daarna ja of nee."),
    _S.AKKOORD: later(
        "U zei ja. De verwijzer regelt nu de toestemming van ouders en kind. U hoeft niets te doen. U krijgt"
        " bericht als u een kennismaking kunt afspreken. Kan het toch niet? Zeg dan hieronder nee."
    ),
    _S.TOESTEMMING: later("De toestemming is er. Spreek met de verwijzer af wanneer het kind komt kennismaken."),
    _S.KENNISMAKING: later("Na de kennismaking maakt het loket de plaatsing definitief. U krijgt daarvan bericht."),
    _S.DEFINITIEF: later("De plaatsing is definitief. Zeg bij Plaatsingen op welke dag het kind echt kwam."),
    _S.AFGEWEZEN: later(
        "De plek is niet meer vastgehouden. Het loket zoekt verder. U hoeft niets te doen. Was het een vergissing? Een"
        " nee kan niet terug, maar het loket kan u opnieuw vragen: bel dan meteen."
    ),
    _S.INGETROKKEN: later("Dit voorstel gaat niet door. De plek is niet meer vastgehouden. U hoeft niets te doen."),
    _S.VERVALLEN: later(
        "Er kwam geen antwoord op tijd. De plek is niet meer vastgehouden. Kan het toch? Bel dan het loket."
    ),
}
"""What happens next, and who does that."""

AFWIJSREDENEN = {
    "geen_personeel": (
        later("Er is geen personeel"),
        later("U wordt weer gevraagd als u een plek met personeel bevestigt."),
    ),
    "groepsmix": (
        later("Het past nu niet in de groep"),
        later("U wordt weer gevraagd als er iemand komt of weggaat. Alleen het loket ziet deze reden."),
    ),
    "jeugdige_niet_geschikt": (
        later("Wij hebben niet wat dit kind nodig heeft"),
        later("U wordt weer gevraagd als de vraag of uw profiel verandert."),
    ),
    "afstand": (
        later("Het is te ver weg"),
        later("U wordt weer gevraagd als de vraag of uw profiel verandert."),
    ),
    "aanbieder_weigert": (
        later("Wij willen dit kind niet opnemen"),
        later("U wordt weer gevraagd als de vraag of uw profiel verandert."),
    ),
}
"""Reasons that need nothing besides, each with what comes of it (docs/werkstroom.md)."""

OUDER_ZEGT_NEE = (
    later("Het kind of de ouders willen niet"),
    later("Het loket bespreekt met de verwijzer wat er dan kan."),
)

GEDAAN = {
    "interesse": later("Het loket weet dat u meer wilt weten. De plek is langer vastgehouden."),
    "akkoord": later("Dank u wel. Het loket en de verwijzer weten dat het kan."),
    "kennismaking": later("De kennismaking staat vast. De verwijzer en het loket weten het."),
    "afgewezen": later("Het loket weet dat het niet kan. De plek is niet meer vastgehouden."),
}

GESLACHT = {
    "jongen": later("jongen"),
    "meisje": later("meisje"),
    "non_binair": later("non-binair"),
    "anders": later("anders"),
    "onbekend": later("niet bekend"),
}
"""As type `geslacht` in schema.sql."""


class Rij(Struct, frozen=True):
    voorstel: Voorstel
    stand: str
    over: str
    """Of the child, as far as it may be told: its age."""
    te_laat: bool


@page_at("/voorstellen", name="paginaVoorstellen")
async def lijst(request: Request[Any, Any, Any]) -> Response[str]:
    async with visit(request) as v:
        dag = today(v.now)
        living = v.toon(await voorstellen.page(v.conn, v.wie.rol, levend=True, limit=MOST))
        past = v.toon(await voorstellen.page(v.conn, v.wie.rol, levend=False, limit=PAST))
        rijen = sorted((_rij(one, v.now, dag) for one in living), key=lambda rij: _term(rij.voorstel))
        return v.page(
            "aanbieder/voorstellen.html",
            today=dag,
            section="voorstellen",
            here="/voorstellen",
            wacht=[rij for rij in rijen if rij.voorstel.status in WACHT_OP_U],
            loopt=[rij for rij in rijen if rij.voorstel.status not in WACHT_OP_U],
            voorbij=[_rij(one, v.now, dag) for one in past],
            urgenties=words.URGENTIE,
        )


def _term(voorstel: Voorstel) -> tuple[bool, float]:
    return voorstel.antwoord_voor is None, voorstel.antwoord_voor.timestamp() if voorstel.antwoord_voor else 0


def _rij(voorstel: Voorstel, now: datetime, dag: date) -> Rij:
    over = _leeftijd(voorstel.vraag, dag) if voorstel.vraag else ""
    te_laat = voorstel.antwoord_voor is not None and voorstel.antwoord_voor <= now
    return Rij(voorstel, gettext(STAND[voorstel.status]), over, te_laat)


@page_at("/voorstellen/{voorstel_id:uuid}", name="paginaVoorstel")
async def een(
    request: Request[Any, Any, Any], voorstel_id: VoorstelId, gedaan: Annotated[str, QueryParameter(max_length=20)] = ""
) -> Response[str]:
    async with visit(request) as v:
        return await _pagina(v, voorstel_id, gedaan=gedaan)


@post("/voorstellen/{voorstel_id:uuid}/stappen", name="zetVoorstelStap@voorstel", include_in_schema=False)
async def stap(request: Request[Any, Any, Any], voorstel_id: VoorstelId) -> Response[Any]:
    """An answer, or when they meet."""

    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await _pagina(v, voorstel_id, form=form)

    def naar(done: Gedaan) -> str:
        return f"/voorstellen/{voorstel_id}?gedaan={done.body[0]['status']}"

    ids = {"voorstelId": voorstel_id}
    return await verwerk(request, "zetVoorstelStap", ids, naar=naar, opnieuw=opnieuw, pagina="paginaVoorstel")


async def _pagina(v: Visit, id: UUID, *, form: Formulier | None = None, gedaan: str = "") -> Response[str]:
    toegang.mag(v.wie, "paginaVoorstel")
    dag = today(v.now)
    voorstel: Voorstel = v.toon(await voorstellen.get(v.conn, id, v.wie.rol))
    codes = await names(v.conn)
    bundel = [voorstel]
    if voorstel.bundel_id is not None and voorstel.vraag is not None:
        living = v.toon(await voorstellen.page(v.conn, v.wie.rol, levend=True, limit=MOST))
        bundel += [one for one in living if one.bundel_id == voorstel.bundel_id and one.id != id]
    te_laat = voorstel.antwoord_voor is not None and voorstel.antwoord_voor <= v.now
    later_no = voorstel.status not in (VoorstelStatus.VERZONDEN, VoorstelStatus.INTERESSE)
    redenen = {**AFWIJSREDENEN, **({"ouder_of_jeugdige_zegt_nee": OUDER_ZEGT_NEE} if later_no else {})}
    plaatsing = None
    if voorstel.status is VoorstelStatus.DEFINITIEF:
        here = v.toon(await plaatsingstappen.page(v.conn, v.wie, v.now, plek_id=voorstel.plek_id, loopt=True))
        plaatsing = next((one.id for one in here if one.aanvraag_id == voorstel.aanvraag_id), None)
    return v.page(
        "aanbieder/voorstel.html",
        today=dag,
        section="voorstellen",
        form=form or Formulier(),
        gedaan=gettext(GEDAAN[gedaan]) if gedaan in GEDAAN else "",
        v=voorstel,
        kinderen=[(one, facts(one.vraag, codes, dag), stories(one.vraag)) for one in bundel if one.vraag is not None],
        stand=gettext(STAND[voorstel.status]),
        verder=gettext(VERDER[voorstel.status]) if VERDER[voorstel.status] else "",
        te_laat=te_laat,
        kan=set() if te_laat else set(voorstel.kan),
        stappen=VoorstelStap,
        redenen=[(code, gettext(zin), gettext(gevolg)) for code, (zin, gevolg) in redenen.items()],
        urgenties=words.URGENTIE,
        plaatsing=plaatsing,
    )


def _leeftijd(vraag: Voorstelvraag, dag: date) -> str:
    """In whole years, exact only after interest."""
    if vraag.leeftijd_maanden is None or vraag.leeftijd_peildatum is None:
        return f"{vraag.leeftijd_jaren} jaar" if vraag.leeftijd_jaren else gettext("jonger dan 1 jaar")
    return age(age_on(vraag.leeftijd_maanden, vraag.leeftijd_peildatum, dag))


def facts(vraag: Voorstelvraag, codes: Names, dag: date) -> Facts:
    """What there is to judge by, and nothing of where the child lives or who asks."""

    def named(lijst: str, values: list[str]) -> str:
        return "; ".join(codes.get((lijst, value), value) for value in values)

    found: list[tuple[str, str | None]] = [
        (gettext("Leeftijd"), _leeftijd(vraag, dag)),
        (gettext("Jongen of meisje"), gettext(GESLACHT[vraag.geslacht]) if vraag.geslacht else None),
        (gettext("Past in"), listing([words.GROEPSSOORT[soort] for soort in vraag.groepssoorten], "of")),
        (gettext("Nodig"), named("ondersteuning", vraag.ondersteuning)),
        (gettext("Kenmerken"), named("kenmerk", vraag.kenmerken)),
        (gettext("Medisch"), named("medisch", vraag.medisch)),
        (gettext("Toegankelijk"), gettext("met een rolstoel") if vraag.rolstoel else None),
        (gettext("Verwacht verblijf"), days(vraag.verwacht_verblijf)),
        (gettext("Perspectief"), words.PERSPECTIEF[vraag.perspectief]),
        (gettext("Juridisch kader"), words.JURIDISCH_KADER[vraag.juridisch_kader]),
        (gettext("Samen met"), count(vraag.samen, "broer of zus", "broers en zussen") if vraag.samen else None),
    ]
    if vraag.huidig_verblijf:
        until = f", {gettext('tot')} {day(vraag.huidig_verblijf_tot, dag)}" if vraag.huidig_verblijf_tot else ""
        found.append((gettext("Nu"), words.HUIDIG_VERBLIJF[vraag.huidig_verblijf] + until))
    if vraag.gewenste_start:
        found.append((gettext("Gewenste start"), day(vraag.gewenste_start, dag)))
    if vraag.uiterlijke_datum:
        found.append((gettext("Uiterlijk"), day(vraag.uiterlijke_datum, dag)))
    if vraag.onderwijs:
        found.append((gettext("School"), named("onderwijs", [vraag.onderwijs])))
    return [(term, text) for term, text in found if text]


def stories(vraag: Voorstelvraag) -> Facts:
    """Only there after interest."""
    texts = (
        (gettext("Wat het kind er zelf van vindt"), vraag.mening_jeugdige),
        (gettext("Wat al is geprobeerd"), vraag.eerder_geprobeerd),
        (gettext("Praktisch"), vraag.praktisch),
    )
    return [(term, text) for term, text in texts if text]
