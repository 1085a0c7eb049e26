"""The endpoints of /v1, one group per file.

To add a group: write `web/v1/<noun>.py` with a tuple OPERATIONS (see plekken.py), and name it in OPERATIONS below; its
tag goes in openapi.TAGS. Routes, headers, errors, the OpenAPI document and the tests of the API rules follow from it.
"""

from __future__ import annotations

from service.web import openapi
from service.web.operation import Operation
from service.web.v1 import (
    aanbieders,
    aanvragen,
    alarmen,
    beeindigingen,
    berichten,
    bevestigingen,
    cijfers,
    codes,
    crisis,
    gebeurtenissen,
    gebruikers,
    haken,
    invoer,
    inzagen,
    koppelingen,
    locaties,
    mislukt,
    opschalingen,
    opschalingsverzoeken,
    opschalingsvragen,
    opties,
    organisaties,
    plaatsingen,
    plannen,
    planregels,
    plekken,
    rangschikking,
    routes,
    samenplaatsingen,
    sessies,
    stappen,
    stops,
    versheid,
    voorstellen,
    voorzieningen,
    wachtlijst,
)

_GROUPS: tuple[Operation, ...] = (
    *aanbieders.OPERATIONS,
    *locaties.OPERATIONS,
    *voorzieningen.OPERATIONS,
    *plekken.OPERATIONS,
    *bevestigingen.OPERATIONS,
    *stops.OPERATIONS,
    *versheid.OPERATIONS,
    *beeindigingen.OPERATIONS,
    *aanvragen.OPERATIONS,
    *stappen.OPERATIONS,
    *opties.OPERATIONS,
    *voorstellen.OPERATIONS,
    *rangschikking.OPERATIONS,
    *inzagen.OPERATIONS,
    *alarmen.OPERATIONS,
    *plaatsingen.OPERATIONS,
    *crisis.OPERATIONS,
    *wachtlijst.OPERATIONS,
    *plannen.OPERATIONS,
    *planregels.OPERATIONS,
    *samenplaatsingen.OPERATIONS,
    *routes.OPERATIONS,
    *opschalingen.OPERATIONS,
    *opschalingsverzoeken.OPERATIONS,
    *opschalingsvragen.OPERATIONS,
    *cijfers.OPERATIONS,
    *organisaties.OPERATIONS,
    *gebruikers.OPERATIONS,
    *sessies.OPERATIONS,
    *koppelingen.OPERATIONS,
    *gebeurtenissen.OPERATIONS,
    *berichten.OPERATIONS,
    *mislukt.OPERATIONS,
    *haken.OPERATIONS,
    *codes.OPERATIONS,
    *invoer.OPERATIONS,
)

OPERATIONS: tuple[Operation, ...] = (*_GROUPS, openapi.operation(_GROUPS))
