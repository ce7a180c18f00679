"""Bodies of calls that change something, and the answer of those that have nothing to say."""

from collections.abc import Callable, Collection
from datetime import date
from decimal import Decimal
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from providers.hostaway.simulator.envelope import RefusedError, json_response, success
from providers.hostaway.simulator.readings import HostawayReadings

LARGEST_BODY = 1_000_000

Check = Callable[[Any], bool]


async def json_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object, whatever its declared type. Raises ``RefusedError`` 400."""
    raw = await request.body()
    try:
        body = orjson.loads(raw if len(raw) <= LARGEST_BODY else b"")
    except orjson.JSONDecodeError:
        raise RefusedError(400, "The request body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise RefusedError(400, "The request body must be an object.")
    return body


def nothing(readings: HostawayReadings) -> Response:
    """An empty success, in one of the forms that the documentation shows."""
    match readings.empty_success:
        case "list":
            return success([])
        case "object":
            return success({})
        case "bare":
            return json_response({"status": "success"})
        case "nothing":
            return Response(status_code=200)


def refused_value(name: str, readings: HostawayReadings) -> RefusedError:
    return RefusedError(readings.bad_value or 422, f'The "{name}" parameter has an invalid value.')


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_named(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_count(value: Any) -> bool:
    return is_whole(value) and value >= 0


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_amount(value: Any) -> bool:
    return is_number(value) and value >= 0


def is_flag(value: Any) -> bool:
    return isinstance(value, bool) or value in (0, 1)


def is_hour(value: Any) -> bool:
    return is_whole(value) and 0 <= value <= 23


def is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def one_of(words: Collection[str]) -> Check:
    return lambda value: isinstance(value, str) and value in words


def exact(value: Any) -> Decimal:
    """A JSON number as the decimal whose digits it has."""
    return Decimal(str(value))
