"""The OpenAPI document, written from the operations themselves; /v1/openapi.json serves it to everybody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeAlias, cast, get_origin

import msgspec

from service import toegang
from service.db import Rol
from service.toegang import narrowing
from service.web import reading
from service.web.headers import API_VERSION
from service.web.idempotency import KEY_FORM
from service.web.operation import JSON, Answer, Call, Operation, get
from service.web.problems import CONTENT_TYPE, TITLES, Problem

INFO = {
    "title": "Eén loket",
    "version": API_VERSION,
    "summary": "Weet waar een jeugdige terecht kan, en legt uit waarom.",
    "description": (
        "Aanbod en aanvragen van één jeugdregio. Datums zijn dagen in Nederland; van periodes is de eerste dag erbij"
        " en de laatste niet.\n\n"
        "**Lijsten** komen per bladzijde; de kopregel Link geeft de volgende. **Wijzigen** is een JSON Merge Patch"
        " (RFC 7396) en vraagt If-Match met de ETag van wat u hebt opgehaald. **Toevoegen** is veilig te herhalen met"
        " een zelfgekozen Idempotency-Key; die is niet verplicht. Alleen een gelukt antwoord wordt bewaard: na een"
        " weigering is er niets gebeurd en mag dezelfde sleutel opnieuw.\n\n"
        "**Wie wat mag** staat bij elke bewerking in `x-rollen`, en bij een veld dat niet iedereen ziet in"
        " `x-zichtbaar-voor`: voor anderen is het leeg. Rijen van een ander bestaan niet (404).\n\n"
        "**Fouten** zijn problem details (RFC 9457), met in `errors` alles wat er aan de invoer niet klopt."
    ),
    "contact": {
        "name": "Beheer van Eén loket",
        "email": "beheer@loket.example",
        "url": "https://loket.example/api",
    },
    "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
}

TAGS = {
    "aanbieders": "Wie plekken heeft.",
    "locaties": "Waar een voorziening is. Van een vertrouwelijke of geheime ziet alleen de eigen aanbieder waar.",
    "voorzieningen": "Gezinshuizen, groepen en pleegzorgprofielen, elk met een opnameprofiel.",
    "plekken": "Bedden: publiceren, bevestigen en tijdelijk stoppen.",
    "beeindigingen": "Aanbieders en voorzieningen die stoppen: wie er dan nog woont, en wie kan overnemen.",
    "aanvragen": "Wie een plek zoekt, onder een nummer: nooit een naam, BSN of adres.",
    "crisis": "Voor wie vannacht een bed zoekt: bellen, plaatsen en daarna vastleggen.",
    "opties": "Plekken die het loket vasthoudt voor een aanvraag, tot een tijdstip.",
    "voorstellen": "Wat het loket aan een aanbieder vraagt, en wat daarvan komt.",
    "plaatsingen": "Waar een kind woont, woonde of gaat wonen, en wat daarin verandert.",
    "wachtlijst": "Wie wacht, waar en hoe lang; en wat er te verwachten is, gemeten aan wie eerder wachtte.",
    "plannen": "Voorstellen voor alle open aanvragen tegelijk. Advies: een mens bekijkt het regel voor regel.",
    "routes": "Wegen naast een plek: netwerk, overbrugging, maatwerk, pgb, een andere regio, jeugdzorgplus, na 18.",
    "opschalingen": "Meer mensen kijken mee: met een eigenaar, een termijn en een uitkomst.",
    "samenplaatsingen": "Broers en zussen die samen een plek zoeken.",
    "invoer": "Lijsten uit een rekenblad, met eerst een voorbeeld van wat er verandert.",
    "cijfers": "Om van te leren, over maanden die voorbij zijn. Nooit een grond voor een sanctie.",
    "organisaties": "Van wie de verwijzers zijn: GI's, gemeenten en Veilig Thuis.",
    "gebruikers": "Wie in het loket mag, in welke rol en voor wie; en wie iemand vervangt.",
    "sessies": "Waar u zelf bent ingelogd.",
    "koppelingen": "Systemen van aanbieders die de API gebruiken, met hun publieke sleutels.",
    "gebeurtenissen": "Wat er gebeurt met aanvragen en voorstellen, terwijl het gebeurt.",
    "berichten": "Mails aan mensen, en welke zij willen krijgen.",
    "haken": "Systemen van aanbieders en verwijzers die horen wat er gebeurt (webhooks).",
    "codes": "De codelijsten van de regio.",
    "instellingen": "Gewichten, normen en termijnen van de regio.",
    "beschrijving": "Deze beschrijving.",
}

SAYS = {
    304: "Er is niets veranderd sinds de ETag in If-None-Match.",
    400: "De invoer klopt niet; alle fouten staan erbij.",
    401: "U bent niet ingelogd, of uw sessie is voorbij.",
    403: "Dit mag niet met uw rol; of een andere website vraagt erom.",
    404: "Dit bestaat niet, of niet voor u.",
    406: "Accept laat dit soort antwoord niet toe.",
    409: "Dit kan niet samen met wat er al is, of een verzoek met deze Idempotency-Key is nog bezig.",
    412: "Wat u wilt wijzigen is intussen veranderd.",
    413: "De body is te groot.",
    415: "Content-Type kan hier niet.",
    422: "De Idempotency-Key hoort bij een ander verzoek.",
    428: "If-Match ontbreekt.",
    429: "Te veel verzoeken in korte tijd; Retry-After zegt na hoeveel seconden het weer kan.",
    500: "Onvoorziene fout; het nummer staat in instance.",
    503: "De gegevens zijn even niet bereikbaar.",
}

TEMPLATE = "#/components/schemas/{name}"

HEADERS: dict[str, Any] = {
    "API-Version": {
        "description": "Volledige versie van de API.",
        "required": True,
        "schema": {"type": "string", "examples": [API_VERSION]},
    },
    "ETag": {"description": "Versie van dit antwoord.", "required": True, "schema": {"type": "string"}},
    "Link": {"description": "rel=next: de volgende bladzijde; rel=first: de eerste.", "schema": {"type": "string"}},
    "Location": {
        "description": "Waar het nieuwe staat.",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "RateLimit-Policy": {
        "description": "Hoeveel verzoeken (q) er mogen in hoeveel seconden (w).",
        "schema": {"type": "string", "examples": ['"koppeling";q=300;w=60']},
    },
    "RateLimit": {
        "description": "Hoeveel verzoeken er nu nog kunnen (r), en na hoeveel seconden het er meer zijn (t).",
        "schema": {"type": "string", "examples": ['"koppeling";r=299;t=1']},
    },
    reading.HEADER: {
        "description": "Alleen als dit van een kopie van de database is gelezen: alles van voor dit moment staat erin."
        " Wie zelf net iets veranderde, leest niet van de kopie.",
        "schema": {"type": "string", "format": "date-time"},
    },
    "Retry-After": {"description": "Seconden om te wachten.", "required": True, "schema": {"type": "integer"}},
    "Allow": {"description": "Wat hier wel kan.", "schema": {"type": "string"}},
}

SECURITY_SCHEMES: dict[str, Any] = {
    "sessie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-loket",
        "description": "De sessie van een mens, na het inloggen met een browser.",
    },
    "koppeling": {
        "type": "oauth2",
        "description": "De sessie van het systeem van een aanbieder, verkregen met een ondertekend JWT (RFC 7523).",
        "flows": {
            "clientCredentials": {
                "tokenUrl": "/oauth/token",
                "scopes": {"aanbod": "Plekken van de eigen aanbieder publiceren, bevestigen en stoppen."},
            }
        },
    },
}

Header: TypeAlias = tuple[str, bool, str, dict[str, Any]]
"""Name, whether it is required, description and schema of a request header."""

IF_MATCH: Header = ("If-Match", True, "De ETag van wat u hebt opgehaald.", {"type": "string"})
IF_NONE_MATCH: Header = ("If-None-Match", False, "De ETag die u al hebt.", {"type": "string"})
IDEMPOTENCY_KEY: Header = (
    "Idempotency-Key",
    False,
    "Zelfgekozen sleutel; hetzelfde verzoek met dezelfde sleutel krijgt hetzelfde antwoord.",
    {"type": "string", "pattern": KEY_FORM, "examples": ["7a1c0f52-6d0e-4c39-9b0a-2f5f3f6f0a11"]},
)


def statuses(operation: Operation) -> list[int]:
    """Every status that the operation can answer."""
    found = {operation.status, 400, 406, 500, 503, *operation.refuses}
    if not operation.public:
        found |= {401, 403, 429}
    if "{" in operation.path:
        found.add(404)
    if operation.method == "GET" and operation.has_etag:
        found.add(304)
    if operation.body is not None:
        found |= {413, 415}
    if operation.repeatable:
        found |= {409, 422}
    if operation.method == "PATCH":
        found |= {409, 412, 428}
    return sorted(found)


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """The document as a dict."""
    shapes = [op.answer for op in operations if op.answer is not None] + [Problem]
    shapes += [op.body for op in operations if op.body is not None and op.body is not bytes]
    _, components = msgspec.json.schema_components(shapes, ref_template=TEMPLATE)
    answers = {_name(op.answer) for op in operations if op.answer is not None}
    for name, schema in components.items():
        _tidy(schema, is_answer=name in answers)
    for shape in {part for op in operations if op.answer is not None for part in narrowing.structs(op.answer)}:
        _say_who_sees(shape, components[shape.__name__])
    for operation in operations:
        if operation.method == "PATCH":
            _let_hidden_come_back(operation, components[cast(type[msgspec.Struct], operation.body).__name__])
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, operations)
    return {
        "openapi": "3.1.1",
        "info": INFO,
        "servers": [{"url": "/v1", "description": "Deze server"}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {"schemas": components, "headers": HEADERS, "securitySchemes": SECURITY_SCHEMES},
        "security": [{"sessie": []}],
    }


def _operation(operation: Operation, operations: Sequence[Operation]) -> dict[str, Any]:
    described: dict[str, Any] = {"operationId": operation.id, "tags": [operation.tag], "summary": operation.summary}
    if operation.description:
        described["description"] = operation.description
    parameters = _parameters(operation)
    if parameters:
        described["parameters"] = parameters
    if operation.body is not None:
        schema = operation.form or ({} if operation.body is bytes else _schema(operation.body))
        described["requestBody"] = {
            "required": True,
            "content": {kind: {"schema": schema} for kind in operation.consumes},
        }
    line = toegang.handeling(operation.id)
    described["security"] = [{"sessie": []}] if line else []
    if line:
        described["x-rollen"] = list(line.rollen)
        described["security"] += [{"koppeling": ["aanbod"]}] if line.koppeling or line.zelf else []
    described["responses"] = {str(status): _response(operation, status) for status in statuses(operation)}
    if operation.creates:
        described["responses"]["201"]["links"] = _links(operation, operations)
    return described


def _links(operation: Operation, operations: Sequence[Operation]) -> dict[str, Any]:
    """What can be done next with what was made: its own address and those below take its id, a change its ETag."""
    links = {}
    for following in operations:
        own = re.fullmatch(re.escape(operation.path) + r"/\{(\w+)\}(/[a-z-]+)?", following.path)
        if own is None:
            continue
        parameters = {name: f"$request.path.{name}" for name in re.findall(r"\{(\w+)\}", operation.path)}
        parameters[own[1]] = "$response.body#/0/id" if get_origin(operation.answer) is list else "$response.body#/id"
        if following.method == "PATCH":
            parameters["If-Match"] = "$response.header.ETag"
        links[following.id] = {"operationId": following.id, "parameters": parameters}
    return links


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
        for name in re.findall(r"\{(\w+)\}", operation.path)
    ]
    _, components = msgspec.json.schema_components([operation.query], ref_template=TEMPLATE)
    for name, nullable in components[operation.query.__name__]["properties"].items():
        schema, description = _without_null(nullable, components)
        parameter = {"name": name, "in": "query", "required": False, "schema": schema}
        found.append({**parameter, "description": description} if description else parameter)
    headers: list[Header] = []
    if operation.method == "GET" and operation.has_etag:
        headers.append(IF_NONE_MATCH)
    if operation.method == "PATCH":
        headers.append(IF_MATCH)
    if operation.repeatable:
        headers.append(IDEMPOTENCY_KEY)
    for name, required, text, form in headers:
        found.append({"name": name, "in": "header", "required": required, "description": text, "schema": form})
    return found


def _without_null(schema: dict[str, Any], components: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Schema and description of a query parameter, which is there or not and so has no null. Its enums stand in
    place, because the Struct of a query is no component of the document."""
    for option in schema.get("anyOf", ()):
        if option != {"type": "null"}:
            schema = {**{key: value for key, value in schema.items() if key != "anyOf"}, **option}
    if "$ref" in schema:
        schema = {**schema, "type": "string", "enum": components[schema["$ref"].rsplit("/", 1)[1]]["enum"]}
    description = str(schema.get("description", ""))
    absent = ("$ref", "description", *(() if schema.get("default") is not None else ("default",)))
    return {key: value for key, value in schema.items() if key not in absent}, description


def _response(operation: Operation, status: int) -> dict[str, Any]:
    names = ["API-Version"]
    # Counted once it is known who asks.
    names += ["RateLimit-Policy", "RateLimit"] if toegang.handeling(operation.id) and status not in (401, 406) else []
    names += ["Retry-After"] if status == 429 else []
    if status < 400:
        names += ["ETag"] if operation.has_etag or operation.creates else []
        names += ["Location"] if operation.creates else []
        names += [reading.HEADER] if operation.replica else []
        names += (
            ["Link"]
            if status == 200 and operation.method == "GET" and "cursor" in operation.query.__struct_fields__
            else []
        )
    response: dict[str, Any] = {
        "description": SAYS.get(status, "Gelukt."),
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
    }
    if status >= 400:
        response["content"] = {CONTENT_TYPE: {"schema": _schema(Problem)}}
        response["description"] = SAYS.get(status) or TITLES[status]
    elif status != 304:
        schema = {"type": "object"} if operation.answer is None else _schema(operation.answer)
        if operation.produces != JSON:
            schema = {}
        response["content"] = {operation.produces: {"schema": schema}}
    return response


@cache
def _schema(shape: Any) -> dict[str, Any]:
    schema: dict[str, Any] = msgspec.json.schema_components([shape], ref_template=TEMPLATE)[0][0]
    return schema


def _name(shape: Any) -> str:
    """Name of the component of an answer, or of the rows of a list."""
    return str(_schema(shape).get("$ref") or _schema(shape).get("items", {}).get("$ref", "")).rsplit("/", 1)[-1]


def _say_who_sees(shape: type[msgspec.Struct], schema: dict[str, Any]) -> None:
    for name, encoded in zip(shape.__struct_fields__, shape.__struct_encode_fields__, strict=True):
        seen = toegang.ziet(shape, name)
        if seen != frozenset(Rol):
            schema["properties"][encoded]["x-zichtbaar-voor"] = [rol for rol in Rol if rol in seen]


def _let_hidden_come_back(operation: Operation, schema: dict[str, Any]) -> None:
    """Who sees null in a field that is not for them, may send that null back (toegang.zonder_verborgen)."""
    line, shape = toegang.handeling(operation.id), operation.answer
    for name, encoded in zip(shape.__struct_fields__, shape.__struct_encode_fields__, strict=True):
        field = schema["properties"].get(encoded)
        if field is None or line is None or set(line.rollen) <= toegang.ziet(shape, name):
            continue
        if field.get("type") != "array" and {"type": "null"} not in field.get("anyOf", ()):
            schema["properties"][encoded] = {"anyOf": [field, {"type": "null"}]}


def _tidy(schema: dict[str, Any], *, is_answer: bool) -> None:
    # What msgspec takes from docstrings is for who reads the code.
    schema.pop("description", None)
    if "enum" in schema:
        schema["type"] = "string"
    if is_answer:
        # An answer always has all its fields, also those that have a default as input.
        schema["required"] = list(schema["properties"])
        for field in schema["properties"].values():
            field.pop("default", None)


def operation(all_operations: Sequence[Operation]) -> Operation:
    """The operation that serves the document of `all_operations` and of itself."""
    encoded: list[bytes] = []

    async def serve(_: Call) -> Answer:
        return Answer(body=encoded[0], headers={"Cache-Control": "public, max-age=300"})

    this = get(
        "/openapi.json", serve, id="haalBeschrijving", tag="beschrijving", summary="Deze beschrijving", public=True
    )
    encoded.append(msgspec.json.encode(document([*all_operations, this])))
    return this
