"""``/openapi.json`` and ``/docs``: the reference for programs, and for people in French.

The page is one HTML file without script or anything from elsewhere: it works without internet.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from gateway.problem import CATALOGUE
from gateway.states import FRENCH
from gateway.web.openapi import Json, document
from gateway.web.problems import FIELD_CODES
from gateway.web.route import Call, Reply, Route

_ASSETS = Path(__file__).parent / "static"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def routes(resources: Sequence[Route]) -> tuple[Route, ...]:
    """The two routes of the reference, which describe ``resources`` and themselves."""

    @cache
    def written() -> tuple[bytes, str]:
        reference = document((*resources, *own))
        return orjson.dumps(reference), page(reference)

    async def openapi_json(call: Call) -> Reply:
        del call
        return Reply(written()[0])

    async def docs(call: Call) -> web.Response:
        del call
        headers = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}
        return web.Response(text=written()[1], content_type="text/html", charset="utf-8", headers=headers)

    own = (
        Route("GET", "/openapi.json", openapi_json, frozenset(), "Cette référence, en OpenAPI 3.1", tag="reference"),
        Route("GET", "/docs", docs, frozenset(), "Cette référence, à lire", tag="reference"),
    )
    return own


def page(reference: Json) -> str:
    """The reference as HTML."""
    frame = (_ASSETS / "docs.html").read_text(encoding="utf-8")
    pieces = {
        "version": escape(reference["info"]["version"]),
        "contents": "".join(_contents(reference)),
        "operations": "".join(_operations(reference)),
        "schemas": "".join(_schemas(reference)),
        "states": _table(("État", "En français"), ((_code(s), escape(word)) for s, word in FRENCH.items())),
        "problems": "".join(_problems()),
        "field_codes": _table(("Code", "Sens"), ((_code(c), escape(word)) for c, word in FIELD_CODES.items())),
    }
    for name, piece in pieces.items():
        frame = frame.replace("{{" + name + "}}", piece)
    return frame


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Cells are HTML already."""
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if body else ""


def _by_tag(reference: Json) -> Iterator[tuple[str, list[tuple[str, str, Json]]]]:
    for tag in (tag["name"] for tag in reference["tags"]):
        yield (
            tag,
            [
                (method.upper(), path, operation)
                for path, methods in reference["paths"].items()
                for method, operation in methods.items()
                if tag in operation.get("tags", ())
            ],
        )


def _contents(reference: Json) -> Iterator[str]:
    for tag, operations in _by_tag(reference):
        links = "".join(
            f'<li><a href="#{op["operationId"]}">{_code(f"{method} {path}")}</a> {escape(op["summary"])}</li>'
            for method, path, op in operations
        )
        yield f"<h3>{escape(tag)}</h3><ul>{links}</ul>"


def _operations(reference: Json) -> Iterator[str]:
    for tag, operations in _by_tag(reference):
        yield f"<h2>{escape(tag)}</h2>"
        for method, path, operation in operations:
            yield _operation(method, path, operation)


def _operation(method: str, path: str, operation: Json) -> str:
    parameters = (
        (_code(p["name"]), escape(p["in"]), _kind(p["schema"]), escape(p.get("description", "")))
        for p in operation["parameters"]
    )
    bodies = (
        (_code(media), _kind(content["schema"]))
        for media, content in operation.get("requestBody", {}).get("content", {}).items()
    )
    answers = (
        (_code(status), escape(answer["description"]), "".join(_kind(c["schema"]) for c in answer["content"].values()))
        for status, answer in operation["responses"].items()
    )
    return (
        f'<section id="{operation["operationId"]}"><h3>{_code(f"{method} {path}")} {escape(operation["summary"])}</h3>'
        f"<p>{escape(operation.get('description', 'Sans clé.'))}</p>"
        + _table(("Paramètre", "Où", "Type", "Sens"), parameters)
        + _table(("Corps", "Forme"), bodies)
        + _table(("Réponse", "Sens", "Forme"), answers)
        + "</section>"
    )


def _schemas(reference: Json) -> Iterator[str]:
    for name, schema in reference["components"]["schemas"].items():
        required = schema.get("required", ())
        rows = (
            (_code(field), _kind(part), "oui" if field in required else "", escape(part.get("description", "")))
            for field, part in schema.get("properties", {}).items()
        )
        shape = _table(("Champ", "Type", "Obligatoire", "Sens"), rows) or f"<p>{_kind(schema)}</p>"
        words = escape(schema.get("description", ""))
        yield f'<section id="forme-{escape(name)}"><h3>{escape(name)}</h3><p>{words}</p>{shape}</section>'


def _kind(schema: Mapping[str, Any]) -> str:
    """A type in a few words, with a link to a form."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#forme-{name}">{name}</a>'
    if "enum" in schema or "const" in schema:
        return " ".join(_code(str(value)) for value in schema.get("enum", [schema.get("const")]))
    for union in ("anyOf", "oneOf", "allOf"):
        if union in schema:
            return " ou ".join(_kind(one) for one in schema[union])
    if schema.get("type") == "array":
        return f"liste de {_kind(schema.get('items', {}))}"
    return escape(_TYPES.get(str(schema.get("type")), "tout"))


_TYPES = {
    "string": "texte",
    "integer": "entier",
    "number": "nombre",
    "boolean": "true ou false",
    "object": "objet",
    "null": "null",
}


def _problems() -> Iterator[str]:
    rows = (
        (f'<code id="{code}">{code}</code>', str(status), escape(title)) for code, (status, title) in CATALOGUE.items()
    )
    yield _table(("Code", "Statut", "Sens"), rows)
