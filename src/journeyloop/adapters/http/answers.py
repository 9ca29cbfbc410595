"""How a question is answered: as JSON that nobody keeps."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response


def answer(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, {"cache-control": "no-store"}, media_type="application/json")
