"""/v1/indieningen: one child or brothers and sisters in one go; /v1/concepten: what was filled in until then."""

from __future__ import annotations

from service.aanvraag import concepten, indienen
from service.aanvraag.aanvragen import Aanvraag
from service.aanvraag.concepten import Concept, NieuwConcept
from service.aanvraag.indienen import Indiening
from service.web.operation import Answer, Call, Operation, create, created, get

TAG = "aanvragen"


async def file(call: Call) -> Answer:
    made = await indienen.dien_in(call.conn, call.body, call.wie, now=call.now)
    return created(f"/aanvragen/{made[0].id}", made)


async def own(call: Call) -> Answer:
    found = await concepten.eigen(call.conn)
    return Answer(body=[] if found is None else [found])


async def keep(call: Call) -> Answer:
    return Answer(body=await concepten.bewaar(call.conn, call.body, now=call.now))


OPERATIONS = (
    create(
        "/indieningen",
        file,
        id="dienIn",
        tag=TAG,
        summary="Dien een aanvraag in voor een kind, of voor broers en zussen tegelijk",
        description="Wat zij delen, zegt u één keer. Samen worden zij een samenplaatsing. Alles of niets.",
        body=Indiening,
        check=indienen.errors,
        answer=list[Aanvraag],
    ),
    get(
        "/concepten",
        own,
        id="lijstConcepten",
        tag=TAG,
        summary="Uw eigen concept, als u er een hebt",
        description="Alleen u ziet het. Het verdwijnt als u indient, en na een termijn van de regio.",
        answer=list[Concept],
    ),
    Operation(
        method="POST",
        path="/concepten",
        handler=keep,
        id="bewaarConcept",
        tag=TAG,
        summary="Bewaar wat u tot nu toe hebt ingevuld, in plaats van wat er stond",
        description="Zonder ingevuld veld is het concept gewist.",
        body=NieuwConcept,
        answer=Concept,
    ),
)
