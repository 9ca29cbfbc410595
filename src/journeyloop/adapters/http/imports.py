"""Importing over HTTP: rows in order, each chunk with the number of rows before it, so that a repeat adds nothing.

`runtime.rows` says what a row is. The file's name here is a digest of its content, given by whoever reads it.
"""

from __future__ import annotations

import re

from msgspec import json, structs
from starlette.responses import Response
from starlette.types import ASGIApp

from journeyloop.adapters.http.door import Door
from journeyloop.adapters.http.errors import invalid, refuse
from journeyloop.adapters.http.gate import Call, Endpoint, Parameter
from journeyloop.adapters.http.keys import Role
from journeyloop.runtime.imports import Gap, Progress
from journeyloop.runtime.rows import KINDS

MAX_BYTES = 8 * 1024 * 1024
MAX_ROWS = 100_000
_FILE_NAME = re.compile("[0-9a-zA-Z_.-]{8,64}")
_NUMBER = re.compile("[0-9]{1,15}")
_FILE = Parameter("import", "What names this file: 8 to 64 letters, digits, `_`, `.` or `-`; a digest.", required=True)
_ROWS = (
    Parameter("kind", "`events`, `profiles` or `consent`.", required=True),
    _FILE,
    Parameter("row", "How many rows of the file come before these: 0 unless given."),
)


class Imports:
    """The two endpoints."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def endpoints(self) -> list[Endpoint]:
        about = "Import rows: one JSON object a line, at most 8 MB. They are folded and never raise a signal."
        return [
            Endpoint("POST", "/v1/import", about, Role.ADMIN, self.take, _ROWS, lines=MAX_BYTES),
            Endpoint("GET", "/v1/import", "How far an import has come.", Role.ADMIN, self.progress, (_FILE,)),
        ]

    async def take(self, call: Call) -> ASGIApp:
        kind = next((one for one in KINDS if one == call.query.get("kind")), None)
        row = call.query.get("row", "0")
        if kind is None:
            return invalid("`kind` is events, profiles or consent.")
        if not _NUMBER.fullmatch(row):
            return invalid("`row` is a whole number.")
        if not _FILE_NAME.fullmatch(file := call.query.get("import", "")):
            return invalid("`import` is 8 to 64 letters, digits, `_`, `.` or `-`.")
        if len(call.body) > MAX_ROWS:
            return refuse(413, "too_large", f"At most {MAX_ROWS:,} rows at once.")
        try:
            return _told(await self.door.take_rows(kind, file, int(row), call.body))
        except Gap as gap:
            return refuse(409, "rows_missing", f"The next row that is expected is {gap}.")

    async def progress(self, call: Call) -> ASGIApp:
        if not _FILE_NAME.fullmatch(file := call.query.get("import", "")):
            return invalid("`import` is 8 to 64 letters, digits, `_`, `.` or `-`.")
        return _told(self.door.imported(file))


def _told(progress: Progress) -> Response:
    body = json.encode(structs.asdict(progress))
    return Response(body, headers={"cache-control": "no-store"}, media_type="application/json")
