"""From raw records to unified ones, odd records set aside."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, PrivateAttr, ValidationError, model_validator

from providers.queries import OddRecord
from providers.wire.values import OddValue, read_id

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

RECORDS_AT_ONCE = 20
"""Records read before others have their turn: a page of a hundred would hold them up for a tenth of a second."""

_REASONS_SHOWN = 3


class WireModel(BaseModel):
    """Base of the models of what a PMS sends. Unknown fields are ignored; errors never quote the input."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class SentRecord(WireModel):
    """A record that remembers what it was read from, for unified records that show it as ``raw``.

    What unified records do not show, such as days and rows of rates, is not to be one: whoever keeps the model would
    keep what was sent in memory too.
    """

    _sent: Mapping[str, Any] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _remember(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        found = handler(value)
        if isinstance(value, Mapping):
            found._sent = value
        return found

    @property
    def sent(self) -> Mapping[str, Any]:
        """The record as the PMS sent it, parts that a plugin nested in it included."""
        return self._sent


def parse_records(
    model: type[M], raw: Iterable[Any], build: Callable[[M], T], *, id_field: str = "id"
) -> tuple[list[T], list[OddRecord]]:
    """``build(model)`` of every raw record that can be read, in order, and the records that cannot.

    A record is odd if the model refuses it or if ``build`` raises ``OddValue`` (with a text fit to be shown)
    or any other ``ValueError`` or arithmetic error. Never raises for a record, whatever it is.
    """
    items: list[T] = []
    odd: list[OddRecord] = []
    for record in raw:
        try:
            items.append(build(model.model_validate(record)))
        except (ValueError, ArithmeticError) as error:
            odd.append(OddRecord(_id(record, id_field), _reason(error)))
    return items, odd


def read_records(model: type[M], raw: Iterable[Any]) -> tuple[list[M], list[OddRecord]]:
    """The records that can be read, in order, and those that cannot: ``parse_records`` without a unified record."""
    return parse_records(model, raw, lambda record: record)


async def parse_in_turns(
    parse: Callable[[Sequence[Any]], tuple[list[T], list[OddRecord]]], raw: Iterable[Any]
) -> tuple[list[T], list[OddRecord]]:
    """What ``parse`` makes of all raw records, a few at a time: others have their turn in between."""
    rows = list(raw)
    items, odd = parse(rows[:RECORDS_AT_ONCE])
    for start in range(RECORDS_AT_ONCE, len(rows), RECORDS_AT_ONCE):
        await asyncio.sleep(0)
        more, strange = parse(rows[start : start + RECORDS_AT_ONCE])
        items += more
        odd += strange
    return items, odd


def _id(record: Any, id_field: str) -> str | None:
    try:
        return read_id(record.get(id_field)) if isinstance(record, Mapping) else None
    except OddValue:
        return None


def _reason(error: Exception) -> str:
    """What is wrong, by the names of the fields; never by their values, which may be a guest's."""
    if isinstance(error, ValidationError):
        return _fields(error)
    return str(error) if isinstance(error, OddValue) else "cannot be understood"


def _fields(error: ValidationError) -> str:
    found = []
    for each in error.errors(include_url=False, include_input=False):
        cause = each.get("ctx", {}).get("error")
        what = str(cause) if isinstance(cause, OddValue) else each["type"].replace("_", " ")
        where = ".".join(map(str, each["loc"]))
        found.append(f"{where}: {what}" if where else what)
    more = len(found) - _REASONS_SHOWN
    return "; ".join(found[:_REASONS_SHOWN]) + (f"; and {more} more" if more > 0 else "")
