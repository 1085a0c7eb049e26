"""`/rondleiding`: only in the demo, what each rol can try: a few screens, and what to do there."""

from __future__ import annotations

from typing import Any, NamedTuple

from litestar import Request
from litestar.response import Response

from service import toegang
from service.days import today
from service.db import Rol
from service.errors import Kind, Refusal
from service.taal import gettext, later
from service.web.pages.render import page_at
from service.web.pages.visit import visit


class Stap(NamedTuple):
    naam: str
    pad: str
    pagina: str
    """As service/toegang calls it: a step that is not for who looks, is left out."""
    doe: str


STAPPEN: dict[Rol, tuple[Stap, ...]] = {
    Rol.SCHAKELFUNCTIONARIS: (
        Stap(
            later("Begin bij de werklijst"),
            "/",
            "paginaAanvragen",
            later(
                "Hier staan alle kinderen die een plek zoeken. Wie het meeste haast heeft, staat boven. Kies ‘Vandaag"
                " iets te doen’: dan ziet u wat niet kan wachten."
            ),
        ),
        Stap(
            later("Zoek een plek voor een kind"),
            "/",
            "paginaAanvragen",
            later(
                "Open de bovenste aanvraag. U ziet welke plekken passen, en waarom. Kies ‘Houd vast’ of ‘Stel voor’. U"
                " kunt het meteen weer ongedaan maken."
            ),
        ),
        Stap(
            later("Kijk waarom een plek niet past"),
            "/",
            "paginaAanvragen",
            later(
                "Ga in dezelfde aanvraag naar beneden. Bij elke andere plek staat waarom die afvalt. Bij ‘Kleinste"
                " wijzigingen’ staat wat er het minst hoeft te veranderen. Probeer ook ‘Wat als?’."
            ),
        ),
        Stap(
            later("Laat een plan maken voor alle kinderen"),
            "/plannen",
            "paginaPlannen",
            later(
                "Kies ‘Maak een plan’. Na een halve minuut staat er een voorstel: welk kind op welke plek. Bekijk een"
                " regel: waarom daar, en wat een andere plek kost."
            ),
        ),
        Stap(
            later("Kijk wie op een plek past"),
            "/plekken/vrij",
            "paginaVrijePlekken",
            later("Kies bij een vrije plek ‘Welke kinderen passen?’. U ziet dan de kinderen bij die plek."),
        ),
        Stap(
            later("Kijk welke crisisplekken er nu zijn"),
            "/crisis",
            "paginaCrisis",
            later("U ziet welke crisisplekken vrij zijn, hoe zeker dat is, en wie u belt."),
        ),
        Stap(
            later("Werk de plekken van een aanbieder bij"),
            "/plekken",
            "paginaPlekken",
            later("Belt een aanbieder? Kies hem in de lijst en zeg wat er vrij is."),
        ),
        Stap(
            later("Bekijk de cijfers van de regio"),
            "/cijfers",
            "paginaCijfers",
            later("Hoeveel plekken zijn er open, hoe lang wachten kinderen, en waarom zeggen aanbieders nee?"),
        ),
        Stap(
            later("Probeer een andere afspraak uit"),
            "/beheer/instellingen/rangschikking",
            "paginaInstellinggroep",
            later(
                "Verander een getal en kies ‘Bekijk wat dit doet’. U ziet wat er vandaag anders zou zijn. Er verandert"
                " niets."
            ),
        ),
    ),
    Rol.CRISISDIENST: (
        Stap(
            later("Kijk welke plekken nu vrij zijn"),
            "/crisis",
            "paginaCrisis",
            later("Kies het kind. U ziet dan alleen plekken die bij de leeftijd en de soort groep passen."),
        ),
        Stap(
            later("Bel de aanbieder"),
            "/crisis",
            "paginaCrisis",
            later("Op een telefoon tikt u op het nummer. Erbij staat hoe lang geleden de plek is bevestigd."),
        ),
        Stap(
            later("Houd de plek vast"),
            "/crisis",
            "paginaCrisis",
            later("Met één tik is de plek even van u. Is zij toch niet nodig? Laat haar dan weer los."),
        ),
        Stap(
            later("Leg vast dat het kind er is"),
            "/crisis",
            "paginaCrisis",
            later("Kies ‘Geplaatst, ik werk het morgen bij’. Alleen het nodigste vult u ’s nachts in."),
        ),
    ),
    Rol.AANBIEDER: (
        Stap(
            later("Zeg of uw plekken nog kloppen"),
            "/plekken",
            "paginaPlekken",
            later("Klopt alles? Tik op ‘Alles klopt nog’. Is er iets anders? Kies dan ‘Verander’ bij die plek."),
        ),
        Stap(
            later("Antwoord op een voorstel"),
            "/voorstellen",
            "paginaVoorstellen",
            later("Open een voorstel. U ziet wat u nodig hebt om te kiezen. Zeg ja, of tik op een reden voor nee."),
        ),
        Stap(
            later("Zeg dat een kind is gekomen"),
            "/plaatsingen",
            "paginaPlaatsingen",
            later("Bij elk kind staat vanaf wanneer het bij u woont. Zeg op welke dag het kwam of wegging."),
        ),
        Stap(
            later("Zeg wat u nodig hebt"),
            "/vragen",
            "paginaVragen",
            later("Past een kind er bijna bij? Dan vraagt het loket wat u nodig hebt om wél ja te kunnen zeggen."),
        ),
        Stap(
            later("Bekijk uw eigen cijfers"),
            "/eigen-cijfers",
            "paginaEigenCijfers",
            later("Hoe vaak werd u gevraagd, en wat werd er gezegd? Alleen u en het loket zien dit."),
        ),
    ),
    Rol.VERWIJZER: (
        Stap(
            later("Bekijk uw aanvragen"),
            "/mijn-aanvragen",
            "paginaMijnAanvragen",
            later("Bij elke aanvraag staat hoe ver het is, wie aan zet is, en welke papieren nog ontbreken."),
        ),
        Stap(
            later("Vraag een plek voor een kind"),
            "/aanvragen/nieuw",
            "paginaNieuweAanvraag",
            later(
                "Vul alleen in wat nodig is om een plek te zoeken. Bij elke vraag staat waarom wij die stellen. Wat u"
                " invult, wordt vanzelf bewaard. Verzin hier zelf een kind."
            ),
        ),
        Stap(
            later("Vraag een plek voor broers en zussen samen"),
            "/aanvragen/nieuw",
            "paginaNieuweAanvraag",
            later("Kies ‘Nog een kind’. U vult dan voor elk kind alleen in wat anders is."),
        ),
        Stap(
            later("Leg toestemming vast en zeg ja"),
            "/mijn-aanvragen",
            "paginaMijnAanvragen",
            later("Open een aanvraag. Bij ‘Papieren’ legt u toestemming vast. Zei een aanbieder ja? Dan kiest u ook."),
        ),
    ),
    Rol.CONTRACTBEHEER: (
        Stap(
            later("Kijk of er genoeg plekken zijn"),
            "/cijfers#aanbod",
            "paginaCijfers",
            later("Per aanbieder en zorgvorm: hoeveel plekken er zijn, en hoeveel er echt open waren."),
        ),
        Stap(
            later("Kijk hoe lang kinderen wachten"),
            "/cijfers#wachtenden",
            "paginaCijfers",
            later("Per zorgvorm, en waar zij wachten: thuis, op een crisisplek of op een tijdelijke plek."),
        ),
        Stap(
            later("Kijk waarom er nee werd gezegd"),
            "/cijfers#afwijzingen",
            "paginaCijfers",
            later("Kleine aantallen staan er niet bij: dan zou te zien zijn over welk kind het gaat."),
        ),
        Stap(
            later("Neem de cijfers mee"),
            "/cijfers",
            "paginaCijfers",
            later("Kies een andere periode, en download een tabel als CSV of XLSX. Daarin staat precies hetzelfde."),
        ),
        Stap(
            later("Probeer een andere afspraak uit"),
            "/beheer/instellingen/wachten",
            "paginaInstellinggroep",
            later(
                "Verander een norm en kies ‘Bekijk wat dit doet’. U ziet wat er vandaag anders zou zijn. Er verandert"
                " niets."
            ),
        ),
    ),
    Rol.BEHEERDER: (
        Stap(
            later("Voeg iemand toe"),
            "/beheer/gebruikers",
            "paginaGebruikers",
            later("U ziet wie er in het loket mag. Voeg iemand toe, geef een andere rol, of zet iemand uit."),
        ),
        Stap(
            later("Verander een afspraak van de regio"),
            "/beheer/instellingen",
            "paginaInstellingen",
            later(
                "Kies een groep en verander een getal. U ziet eerst wat dat vandaag doet. Schrijf waarom, en bewaar"
                " het. Onder Geschiedenis zet u het terug."
            ),
        ),
        Stap(
            later("Kijk wat niet aankwam"),
            "/beheer/mislukt",
            "paginaMislukt",
            later("Komt een mail of een bericht aan een systeem niet aan? Dan staat hier waarom. Probeer het opnieuw."),
        ),
        Stap(
            later("Kies een vervanger"),
            "/vervanging",
            "paginaVervanging",
            later("Bent u er een tijd niet? Een collega met dezelfde rol kan uw werk doen, van een dag tot een dag."),
        ),
        Stap(
            later("Kijk waar u bent ingelogd"),
            "/sessies",
            "paginaSessies",
            later("Herkent u een regel niet? Beëindig die dan."),
        ),
        Stap(
            later("Kies welke mails u krijgt"),
            "/mails",
            "paginaMails",
            later("Meteen, één keer per dag, of niet."),
        ),
    ),
}


@page_at("/rondleiding", name="paginaRondleiding")
async def rondleiding(request: Request[Any, Any, Any]) -> Response[str]:
    async with visit(request, kinderen=False) as v:
        if not v.services.demo_links:
            raise Refusal(Kind.NOT_FOUND, gettext("De rondleiding is er alleen in de demo."))
        return v.page(
            "rondleiding.html",
            today=today(v.now),
            section="rondleiding",
            here="/rondleiding",
            rol=v.wie.rol,
            stappen=[
                (gettext(stap.naam), stap.pad, gettext(stap.doe))
                for stap in STAPPEN[v.wie.rol]
                if toegang.kan(v.wie, stap.pagina)
            ],
        )
