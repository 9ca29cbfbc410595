"""The description is made from the route table, and nothing is served that it leaves out."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from journeyloop.adapters.http.context import Context
from journeyloop.adapters.http.ingest import PATHS
from journeyloop.adapters.http.keys import Role
from journeyloop.adapters.http.site import endpoints
from tests.unit.http.asgi import DEFAULT, KEYS, ask, site
from tests.unit.http.recording import RecordingDoor

FILES = {"/loop.js", "/push.js", "/push-worker.js", "/customer", "/desk", "/u/{token}"}


def described() -> dict[str, Any]:
    return ask(site(RecordingDoor()), "GET", "/openapi.json").json


def test_every_route_is_described() -> None:
    document = described()
    served = {route.path for route in site(RecordingDoor()).rest.routes if isinstance(route, Route)} | set(PATHS)
    assert served - FILES == set(document["paths"])
    for endpoint in endpoints(Context(RecordingDoor(), KEYS, DEFAULT)):
        operation = document["paths"][endpoint.path][endpoint.method.lower()]
        assert operation["summary"] == endpoint.about
        assert [found["name"] for found in operation["parameters"]] == [found.name for found in endpoint.query]
        assert ("requestBody" in operation) == (endpoint.body is not None or endpoint.lines + endpoint.raw > 0)
        assert ("security" in operation) == isinstance(endpoint.least, Role)


def test_references_resolve_and_operations_have_their_own_ids() -> None:
    document = described()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    text = str(document)
    for name in document["components"]["schemas"]:
        assert f"#/components/schemas/{name}" in text
    references = {part.split("'")[0] for part in text.split("#/components/schemas/")[1:]}
    assert references == set(document["components"]["schemas"])
