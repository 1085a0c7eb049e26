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
    bevestigingen,
    codes,
    gebruikers,
    invoer,
    inzagen,
    koppelingen,
    locaties,
    organisaties,
    plannen,
    planregels,
    plekken,
    rangschikking,
    samenplaatsingen,
    sessies,
    stops,
    voorzieningen,
)

_GROUPS: tuple[Operation, ...] = (
    *aanbieders.OPERATIONS,
    *locaties.OPERATIONS,
    *voorzieningen.OPERATIONS,
    *plekken.OPERATIONS,
    *bevestigingen.OPERATIONS,
    *stops.OPERATIONS,
    *aanvragen.OPERATIONS,
    *rangschikking.OPERATIONS,
    *inzagen.OPERATIONS,
    *alarmen.OPERATIONS,
    *plannen.OPERATIONS,
    *planregels.OPERATIONS,
    *samenplaatsingen.OPERATIONS,
    *organisaties.OPERATIONS,
    *gebruikers.OPERATIONS,
    *sessies.OPERATIONS,
    *koppelingen.OPERATIONS,
    *codes.OPERATIONS,
    *invoer.OPERATIONS,
)

OPERATIONS: tuple[Operation, ...] = (*_GROUPS, openapi.operation(_GROUPS))
