"""Hostaway's answers: the envelope, the page counts, the errors, and how values are written."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
from starlette.responses import Response


class RefusedError(Exception):
    """The call is refused: HTTP status and the text that goes into ``result``."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def json_response(body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status_code=status, headers=dict(headers or {}), media_type="application/json")


def success(result: Any) -> Response:
    """A single object, or a list that is not paged."""
    return json_response({"status": "success", "result": result})


def page(rows: Sequence[Any], *, count: int, limit: int, offset: int | None) -> Response:
    """Some of ``count`` rows. ``offset`` is None where a cursor was used."""
    size = max(limit, 1)
    return json_response(
        {
            "status": "success",
            "result": rows,
            "limit": limit,
            "offset": offset,
            "count": count,
            "page": (offset or 0) // size + 1,
            "totalPages": math.ceil(count / size),
        }
    )


def counted(rows: Sequence[Any]) -> Response:
    """A whole list with nothing but its count."""
    return json_response({"status": "success", "result": rows, "count": len(rows), "offset": None})


def failure(status: int, text: str) -> Response:
    return json_response({"status": "fail", "result": text}, status=status)


def number(amount: Decimal | None) -> int | float | None:
    """Money as Hostaway writes it: a JSON number in major units, without a point where it is whole."""
    if amount is None:
        return None
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def day_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def moment_text(moment: datetime | None) -> str | None:
    """UTC, without a zone (Hostaway documentation, formats of dates and times)."""
    return None if moment is None else moment.replace(tzinfo=None).isoformat(" ", "seconds")
