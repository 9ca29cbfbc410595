"""`/openapi.json`, made from the route table: what is not in the table is not in the site."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from journeyloop import __version__
from journeyloop.adapters.http.gate import Endpoint
from journeyloop.adapters.http.ingest import BEACON, PATHS

_ERROR = {"$ref": "#/components/schemas/Error"}
_SCHEMAS: dict[str, Any] = {
    "Error": {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            }
        },
    }
}
_KEYS = {
    "basic": {"type": "http", "scheme": "basic", "description": "The key as user, no password."},
    "bearer": {"type": "http", "scheme": "bearer"},
}


def document(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """An OpenAPI 3.1 document of `endpoints` and the Segment paths."""
    bodies = [endpoint.body for endpoint in endpoints if endpoint.body]
    schemas, components = msgspec.json.schema_components(bodies, ref_template="#/components/schemas/{name}")
    references = dict(zip(bodies, schemas, strict=True))
    paths: dict[str, Any] = {path: {"post": _segment(path)} for path in PATHS}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, references)
    return {
        "openapi": "3.1.0",
        "info": {"title": "journeyloop", "version": __version__},
        "paths": paths,
        "components": {"schemas": {**_SCHEMAS, **components}, "securitySchemes": _KEYS},
    }


def _segment(path: str) -> dict[str, Any]:
    kind = PATHS[path] or "batch"
    key = {"name": "writeKey", "in": "query", "required": False, "schema": {"type": "string"}}
    return {
        "operationId": "post" + path.replace("/", "_"),
        "summary": f"Segment HTTP Tracking API: {kind}.",
        "description": "Needs the write key at least. Answered 200 once the events are durable.",
        "security": [{"basic": []}, {"bearer": []}, {}],
        "parameters": [key] if path == BEACON else [],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
        "responses": _responses("200"),
    }


def _operation(endpoint: Endpoint, references: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    least = endpoint.least
    found: dict[str, Any] = {
        "operationId": endpoint.method.lower() + re.sub(r"[^a-zA-Z0-9]+", "_", endpoint.path),
        "summary": endpoint.about,
        "parameters": [_parameter(endpoint, parameter) for parameter in endpoint.query],
        "responses": _responses("200"),
    }
    if least != "open":
        found["description"] = f"Needs the {least.name.lower()} key at least."
        found["security"] = [{"basic": []}, {"bearer": []}] + ([{}] if endpoint.local or endpoint.browser else [])
    if endpoint.lines:
        found["requestBody"] = {"required": True, "content": {"application/x-ndjson": {"schema": {"type": "string"}}}}
    if endpoint.raw:
        found["requestBody"] = {"required": True, "content": {"*/*": {"schema": {}}}}
    if endpoint.body:
        schema = references[endpoint.body]
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return found


def _parameter(endpoint: Endpoint, parameter: Any) -> dict[str, Any]:
    where = "path" if f"{{{parameter.name}}}" in endpoint.path else "query"
    return {
        "name": parameter.name,
        "in": where,
        "required": parameter.required,
        "description": parameter.about,
        "schema": {"type": "string"},
    }


def _responses(success: str) -> dict[str, Any]:
    refused = {"description": "Refused.", "content": {"application/json": {"schema": _ERROR}}}
    return {success: {"description": "Done."}, "default": refused}
