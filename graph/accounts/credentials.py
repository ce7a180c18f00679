"""An ``authConfig`` held against what the provider publishes of it: one rejection for each field that does not fit."""

import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from graph.rejections import Rejected, Rejection, RejectionCode
from providers.manifest import AuthMethod

FIELD = "authConfig"

_TOKENS = ("refreshToken", "accessToken")
"""What OAuth methods call the tokens of an authorization that is at hand."""

_CODES = {"missing": RejectionCode.REQUIRED, "extra_forbidden": RejectionCode.UNKNOWN}
_LENGTH = {"string_too_short", "string_too_long", "too_short", "too_long"}
_MAX_NAME = 40


def checked_config(method: AuthMethod, given: Any) -> BaseModel:
    """``given``, a JSON object or None, as the method's model.

    Raises ``Rejected`` naming each field that is missing, unknown or of the wrong form; values are never repeated.
    """
    if given is None:
        given = {}
    if not isinstance(given, dict):
        problem = Rejection(
            field=(FIELD,), code=RejectionCode.INVALID, message="It is not an object.", allowed=all_fields(method)
        )
        raise Rejected(problem)
    try:
        return method.config.model_validate(given)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False, include_context=False)
        raise Rejected(*(_rejection(method, each) for each in problems)) from None


def brings_token(given: Any) -> bool:
    """Whether an OAuth ``authConfig`` holds an authorization already, so that nobody needs to consent."""
    return isinstance(given, dict) and any(given.get(name) for name in _TOKENS)


def _rejection(method: AuthMethod, problem: Any) -> Rejection:
    path = [str(part)[:_MAX_NAME] for part in problem["loc"]]
    kind = str(problem["type"])
    code = _CODES.get(kind, RejectionCode.OUT_OF_RANGE if kind in _LENGTH else RejectionCode.INVALID)
    return Rejection(
        field=(FIELD, *path),
        code=code,
        message=_message(kind, str(problem["msg"])),
        allowed=all_fields(method) if code is RejectionCode.UNKNOWN else _meaning(method, path),
    )


def _message(kind: str, said: str) -> str:
    match kind:
        case "missing":
            return "It is missing."
        case "extra_forbidden":
            return "There is no such field."
        case _:
            text = said.removeprefix("Value error, ").rstrip(".")
            return f"It {text}." if text.startswith("must ") else f"{text}."


def _meaning(method: AuthMethod, path: Sequence[str]) -> str | None:
    fields = {_name(name, field): field for name, field in method.config.model_fields.items()}
    field = fields.get(path[0]) if path else None
    return field.description if field is not None else None


def all_fields(method: AuthMethod) -> str:
    """What an ``authConfig`` of the method may hold, for people."""
    names = (
        _name(name, field) + ("" if field.is_required() else " (optional)")
        for name, field in method.config.model_fields.items()
    )
    return "An object with " + ", ".join(names)


def _name(name: str, field: FieldInfo) -> str:
    return field.alias or name


def dump_config(config: BaseModel) -> bytes:
    """An ``authConfig`` as JSON with its secrets in clear, to be sealed at once."""
    return json.dumps(to_jsonable_python(_plain(config.model_dump(by_alias=True, exclude_none=True)))).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(each) for each in value]
    return value
