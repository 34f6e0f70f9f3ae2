"""What the reference says that a body may hold."""

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.web.openapi import document
from gateway.web.resources import ROUTES


def strings(schema: Any, known: Any, path: str = "", seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, int]]:
    """The places of a body where any text may stand, and how long it may be."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in seen:
            yield from strings(known[name], known, path, seen | {name})
        return
    if schema.get("type") == "string" and not schema.keys() & {"enum", "pattern", "format", "const"}:
        yield path, schema.get("maxLength", 10_000)
    for name, inner in schema.get("properties", {}).items():
        yield from strings(inner, known, f"{path}/{name}", seen)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from strings(schema["additionalProperties"], known, f"{path}/*", seen)
    for union in ("anyOf", "oneOf", "allOf"):
        for inner in schema.get(union, ()):
            yield from strings(inner, known, path, seen)
    if "items" in schema:
        yield from strings(schema["items"], known, f"{path}/-", seen)


def fields() -> Mapping[str, Mapping[str, int]]:
    """Route -> each free text of its body -> how long it may be."""
    reference = document(ROUTES)
    found: dict[str, dict[str, int]] = {}
    for path, methods in reference["paths"].items():
        for method, operation in methods.items():
            for media, content in operation.get("requestBody", {}).get("content", {}).items():
                places = dict(strings(content["schema"], reference["components"]["schemas"]))
                if places and media == "application/json":
                    found[f"{method.upper()} {path}"] = places
                elif places:
                    found.setdefault(f"{method.upper()} {path}", {})
    return found
