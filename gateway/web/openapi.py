"""The OpenAPI 3.1 document, made from the routes and from the models that read the bodies: it cannot disagree."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from gateway import __version__
from gateway.model import format_duration
from gateway.problem import CATALOGUE
from gateway.requests import BatchRequest
from gateway.web.answers.base import Answer
from gateway.web.glossary import FIELDS, PLACES, SCHEMAS, TAGS
from gateway.web.idempotency import HEADER, REPLAYED
from gateway.web.media import FORM, JSON
from gateway.web.problems import FIELD_CODES
from gateway.web.route import Route
from gateway.web.uploads import NDJSON

_REF = "#/components/schemas/{model}"

Json = dict[str, Any]


def document(routes: Sequence[Route]) -> Json:
    """The whole document."""
    refs, schemas = _schemas(routes)
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, refs, schemas)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Vaguemestre",
            "version": __version__,
            "summary": "La passerelle de messages des établissements scolaires",
            "description": "Un message accepté (202) est sur disque : il ne se perd plus. Voir aussi /docs.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(TAGS[route.tag] for route in routes)],
        "security": [{"cle": []}],
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Problem": _problem_schema()},
            "securitySchemes": {"cle": {"type": "http", "scheme": "bearer", "bearerFormat": "vgm_…"}},
        },
    }


# ---- schemas ----


class _Schemas(GenerateJsonSchema):
    """Durations as bodies say them, not as ISO 8601 does."""

    def encode_default(self, dft: Any) -> Any:
        return format_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def _models(routes: Iterable[Route]) -> list[type[BaseModel]]:
    found = (model for route in routes for model in (route.body, route.query, route.answer) if model)
    return list(dict.fromkeys((*found, BatchRequest)))


def _schemas(routes: Iterable[Route]) -> tuple[Mapping[type[BaseModel], Json], dict[str, Json]]:
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in _models(routes)]
    refs, top = models_json_schema(models, ref_template=_REF, schema_generator=_Schemas)
    schemas: dict[str, Json] = top["$defs"]
    ours = {model.__name__ for model in _below(Answer)}
    for name, schema in schemas.items():
        if name not in ours:
            schema.pop("description", None)
        if name in SCHEMAS:
            schema["description"] = SCHEMAS[name]
        _explain(name, schema, ours=name in ours)
    return {model: ref for (model, _mode), ref in refs.items() if issubclass(model, BaseModel)}, schemas


def _below(base: type[Answer]) -> Iterator[type[Answer]]:
    for model in base.__subclasses__():
        yield model
        yield from _below(model)


def _explain(model: str, schema: Json, *, ours: bool) -> None:
    """Say of each property what the glossary says, of this model first; an answer's own French words win."""
    for name, field in schema.get("properties", {}).items():
        words = PLACES.get(f"{model}.{name}") or FIELDS.get(name)
        if words and not (ours and "description" in field):
            field["description"] = words


def _problem_schema() -> Json:
    error = {
        "type": "object",
        "required": ["pointer", "code", "message"],
        "properties": {
            "pointer": {"type": "string", "description": "où : pointeur JSON (RFC 6901), ou /paramètre"},
            "code": {"type": "string", "enum": sorted({*FIELD_CODES, *CATALOGUE})},
            "message": {"type": "string", "description": "quoi, et comment le corriger"},
        },
    }
    properties = {
        "type": {"type": "string", "format": "uri-reference", "description": "/docs#code"},
        "title": {"type": "string", "description": "le code, en français"},
        "status": {"type": "integer", "description": "le statut HTTP"},
        "detail": {"type": "string", "description": "où, et comment le corriger"},
        "code": {"type": "string", "enum": list(CATALOGUE), "description": "stable, pour les programmes"},
        "errors": {"type": "array", "items": error, "description": "chaque champ incorrect, 100 au plus"},
        "request_id": {"type": "string", "description": "à citer pour signaler un incident"},
    }
    return {
        "type": "object",
        "description": "Une demande qui ne peut pas être servie (RFC 9457).",
        "required": list(properties),
        "properties": properties,
    }


# ---- operations ----


def _operation(route: Route, refs: Mapping[type[BaseModel], Json], schemas: Mapping[str, Json]) -> Json:
    operation: Json = {
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()}{route.path}").strip("_"),
        "summary": route.summary,
        "parameters": list(_parameters(route, refs, schemas)),
        "responses": _responses(route, refs),
        "tags": [TAGS[route.tag]],
    }
    if route.scopes:
        scopes = ", ".join(sorted(route.scopes))
        operation["description"] = f"Droit nécessaire : {scopes}." if len(route.scopes) == 1 else f"Un de : {scopes}."
    else:
        operation["security"] = []
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(route, refs[route.body])}
    return operation


#: What the file of a form holds.
_FILES: Mapping[str, str] = {
    "recipients": "fichier CSV : les titres, puis un destinataire par ligne",
    "invoice": "fichier CSV ou XLSX : les titres, puis une ligne par SMS ou par message",
}


def _content(route: Route, ref: Json) -> Json:
    form = {
        "type": "object",
        "required": ["request", route.file],
        "properties": {
            "request": {"$ref": _REF.format(model="BatchRequest")} if route.file == "recipients" else ref,
            route.file: {"type": "string", "description": _FILES[route.file]},
        },
    }
    lines = {"type": "string", "description": "première ligne : la demande ; puis un destinataire par ligne"}
    uploads = {FORM: form, NDJSON: lines}
    return {
        media: {"schema": ref if media == JSON else uploads.get(media, {"type": "string"})} for media in route.media
    }


def _parameters(route: Route, refs: Mapping[type[BaseModel], Json], schemas: Mapping[str, Json]) -> Iterator[Json]:
    for name in re.findall(r"\{(\w+)", route.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    if route.query is not None:
        schema = schemas[refs[route.query]["$ref"].rpartition("/")[2]]
        required = schema.get("required", [])
        for name, field in schema.get("properties", {}).items():
            said = {"description": field["description"]} if "description" in field else {}
            if field.get("type") == "array":
                said |= {"style": "form", "explode": False}  # by commas: a parameter given twice is refused
            yield {"name": name, "in": "query", "required": name in required, "schema": field} | said
    if route.method == "POST" and route.scopes:
        yield {
            "name": HEADER,
            "in": "header",
            "required": False,
            "description": f"7 jours : la même demande a la même réponse, avec {REPLAYED}: true",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        }


def _responses(route: Route, refs: Mapping[type[BaseModel], Json]) -> Json:
    responses: Json = {str(status): _success(route, status, refs) for status in (route.status, *route.also)}
    by_status: dict[int, list[str]] = {}
    for code in problem_codes(route):
        by_status.setdefault(CATALOGUE[code][0], []).append(code)
    for status, codes in sorted(by_status.items()):
        responses[str(status)] = {
            "description": " ; ".join(f"{code} : {CATALOGUE[code][1]}" for code in codes),
            "content": {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}},
        }
    return responses


def _success(route: Route, status: int, refs: Mapping[type[BaseModel], Json]) -> Json:
    media = {".csv": "text/csv", "docs": "text/html", "rics": "text/plain"}.get(route.path[-4:], JSON)
    schema = refs[route.answer] if route.answer else {"type": "object" if media == JSON else "string"}
    success: Json = {
        "description": _SAID.get(status, "Fait"),
        "content": {media: {"schema": schema}},
    }
    if status == 202:
        success["headers"] = {"Location": {"schema": {"type": "string"}}}
    return success


_SAID = {201: "Créé", 202: "Accepté", 503: "Indisponible, et pourquoi"}


def problem_codes(route: Route) -> list[str]:
    """The codes of the catalogue that a route may answer, most general first."""
    codes = ["unauthorized", "forbidden_scope", "draining", "store_unavailable"] if route.scopes else []
    if route.body is not None:
        codes += ["malformed_json", "body_too_large", "unsupported_media_type", "invalid_field"]
    if route.query is not None:
        codes.append("malformed_query")
    if "{" in route.path:
        codes.append("not_found")
    if route.method == "POST" and route.scopes:
        codes += ["invalid_idempotency_key", "idempotency_key_reused", "idempotency_in_progress"]
    return list(dict.fromkeys([*codes, *route.problems, "internal_error"]))
