"""/v1/gebruikers: who may log in, in which rol and for whom; and who acts for somebody who is away."""

from __future__ import annotations

from msgspec import structs

from service.days import today
from service.errors import Kind, Refusal
from service.inloggen import gebruikers, identiteitsproviders, sessies
from service.inloggen.gebruikers import (
    Afwezige,
    Collega,
    Gebruiker,
    NieuweGebruiker,
    Vervanging,
    Waarneming,
    WijzigingGebruiker,
    WijzigingVervanging,
    WijzigingWaarneming,
)
from service.inloggen.identiteitsproviders import Inlogplaats
from service.taal import gettext
from service.web import etags, paging
from service.web.operation import Answer, Call, create, created, get, patch

TAG = "gebruikers"


async def page(call: Call) -> Answer:
    return paging.page(call, await gebruikers.page(call.conn, after=paging.after(call), limit=call.query.aantal + 1))


async def add(call: Call) -> Answer:
    gebruiker = await gebruikers.add(call.conn, call.body)
    return created(f"/gebruikers/{gebruiker.id}", gebruiker)


async def one(call: Call) -> Answer:
    return Answer(body=await gebruikers.get(call.conn, call.ids["gebruikerId"]))


async def change(call: Call) -> Answer:
    id = call.ids["gebruikerId"]
    etags.must_match(call, await gebruikers.get(call.conn, id, lock=True))
    return Answer(body=await gebruikers.change(call.conn, id, call.body, by=call.wie.gebruiker))


async def inlogplaatsen(call: Call) -> Answer:
    return Answer(body=await identiteitsproviders.plaatsen(call.conn))


async def vervanging(call: Call) -> Answer:
    return Answer(body=await gebruikers.vervanging(call.conn))


async def change_vervanging(call: Call) -> Answer:
    etags.must_match(call, await gebruikers.vervanging(call.conn, lock=True))
    asked = call.body
    changed = await gebruikers.wijs_vervanger_aan(
        call.conn, asked.vervanger_id, asked.vervangen_tot, van=asked.vervangen_van, today=today(call.now)
    )
    return Answer(body=changed)


async def collegas(call: Call) -> Answer:
    rows = await gebruikers.collegas(call.conn, after=paging.after(call), limit=call.query.aantal + 1)
    return paging.page(call, rows)


async def afwezigen(call: Call) -> Answer:
    return Answer(body=await gebruikers.afwezigen(call.conn, today=today(call.now)))


async def waarneming(call: Call) -> Answer:
    return Answer(body=await gebruikers.waarneming(call.conn, call.wie.namens))


async def change_waarneming(call: Call) -> Answer:
    """The line in the log names the colleague for whom it begins, or ends."""
    etags.must_match(call, await gebruikers.waarneming(call.conn, call.wie.namens))
    if call.sessie is None:
        raise Refusal(Kind.CONFLICT, gettext("Dit kan alleen als u bent ingelogd met een browser."))
    namens = call.body.namens_id
    await sessies.act_for(call.conn, call.sessie, namens, now=call.now)
    call.services.forget()
    call.wie = structs.replace(call.wie, namens=namens or call.wie.namens)
    return Answer(body=await gebruikers.waarneming(call.conn, namens))


OPERATIONS = (
    get(
        "/gebruikers",
        page,
        id="lijstGebruikers",
        tag=TAG,
        summary="Gebruikers",
        query=paging.Page,
        answer=list[Gebruiker],
    ),
    create(
        "/gebruikers",
        add,
        id="voegGebruikerToe",
        tag=TAG,
        summary="Laat iemand in een rol toe",
        description="Wie twee rollen heeft, is twee keer gebruiker, en kiest na het inloggen.",
        body=NieuweGebruiker,
        check=gebruikers.check,
        answer=Gebruiker,
    ),
    get("/gebruikers/{gebruikerId}", one, id="haalGebruiker", tag=TAG, summary="Eén gebruiker", answer=Gebruiker),
    patch(
        "/gebruikers/{gebruikerId}",
        change,
        id="wijzigGebruiker",
        tag=TAG,
        summary="Wijzig een gebruiker, of zet die uit",
        description="Een rol verandert niet: zet de gebruiker uit en voeg er een toe.",
        body=WijzigingGebruiker,
        answer=Gebruiker,
    ),
    get(
        "/inlogplaatsen",
        inlogplaatsen,
        id="lijstInlogplaatsen",
        tag=TAG,
        summary="Waar gebruikers kunnen inloggen",
        answer=list[Inlogplaats],
    ),
    get(
        "/vervanging",
        vervanging,
        id="haalVervanging",
        tag=TAG,
        summary="Uw vervanger",
        answer=Vervanging,
        refuses=(404,),
    ),
    patch(
        "/vervanging",
        change_vervanging,
        id="wijzigVervanging",
        tag=TAG,
        summary="Wijs een vervanger aan voor uzelf, of trek dat in",
        description="In het log staat dan wie iets deed en namens wie.",
        body=WijzigingVervanging,
        answer=Vervanging,
        refuses=(404,),
    ),
    get(
        "/collegas",
        collegas,
        id="lijstCollegas",
        tag=TAG,
        summary="Wie uw vervanger kan zijn",
        query=paging.Page,
        answer=list[Collega],
    ),
    get(
        "/afwezigen",
        afwezigen,
        id="lijstAfwezigen",
        tag=TAG,
        summary="Wie u als vervanger aanwees",
        answer=list[Afwezige],
    ),
    get("/waarneming", waarneming, id="haalWaarneming", tag=TAG, summary="Namens wie u nu werkt", answer=Waarneming),
    patch(
        "/waarneming",
        change_waarneming,
        id="wijzigWaarneming",
        tag=TAG,
        summary="Werk namens een collega die u als vervanger aanwees, of stop daarmee",
        description="Geldt voor de sessie waarmee u dit vraagt. In het log staat dan wie iets deed en namens wie.",
        body=WijzigingWaarneming,
        answer=Waarneming,
        refuses=(409,),
    ),
)
