"""Answers to requests that never become an operation, in the shape of GraphQL errors."""

from typing import Any

import orjson
from starlette.responses import Response


class Refused(Exception):  # an outcome, not a fault
    """The request is not served. ``status`` is the HTTP status, ``code`` the error's stable code."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def response(self) -> Response:
        body: dict[str, Any] = {
            "data": None,
            "errors": [{"message": self.message, "extensions": {"code": self.code}}],
        }
        return Response(
            orjson.dumps(body), status_code=self.status, media_type="application/json", headers=self.headers
        )
