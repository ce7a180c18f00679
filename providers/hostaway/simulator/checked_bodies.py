"""Bodies of changes: JSON of any declared type, checked, with the field named that is wrong."""

from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import Request

from providers.hostaway.simulator.envelope import RefusedError

LARGEST_BODY = 1_000_000

M = TypeVar("M", bound=BaseModel)


async def json_body(request: Request) -> Any:
    """The body as JSON; an empty one is an empty object. Raises ``RefusedError`` 400."""
    raw = await request.body()
    if len(raw) > LARGEST_BODY:
        raise RefusedError(400, "The request body is too large.")
    try:
        return orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError:
        raise RefusedError(400, "The request body is not valid JSON.") from None


def checked(model: type[M], body: Any) -> M:
    """The body as a model. Raises ``RefusedError`` 422 naming the first field that is wrong."""
    try:
        return TypeAdapter(model).validate_python(body)
    except ValidationError as error:
        where = error.errors(include_input=False, include_url=False)[0]["loc"] or ("body",)
        raise RefusedError(422, f'The "{".".join(map(str, where))}" parameter is missing or invalid.') from None
