"""Values within values: JSON texts inside the JSON, and values of any type that are shown as text."""

import json
from decimal import Decimal
from typing import Annotated, Any

from pydantic import PlainValidator

from providers.wire import OddValue
from providers.wire.values import read_text


def unpacked(sent: Any) -> Any:
    """What a JSON text inside the JSON holds; None for a text that is no JSON, and anything else as it is."""
    if not isinstance(sent, str):
        return sent
    try:
        return json.loads(sent, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None


def text_or_none(value: Any) -> str | None:
    """A text, or a number in its digits; None for anything else."""
    try:
        return read_text(value)
    except OddValue:
        return None


def any_text(value: Any) -> str | None:
    """A value of any type as text: a yes or no as ``true`` or ``false``, a list or an object as JSON."""
    if not isinstance(value, bool | list | dict):
        return text_or_none(value)
    try:
        return text_or_none(json.dumps(value, ensure_ascii=False, default=float))
    except (ValueError, RecursionError):
        return None


AnyText = Annotated[str | None, PlainValidator(any_text)]
"""A field whose type the business chooses, as text."""
