"""Field types of wire models.

``Lenient…``: for what a record can do without; a value that cannot be read becomes None. ``Strict…``: None
where nothing was sent, but an unreadable value makes the record odd. ``Identity``: must be there, readable.
All but ``Identity`` are to be declared with ``= None`` where the PMS may leave them out.

None is by far the most frequent value: all but ``Identity`` let it pass without asking their reader.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    PlainValidator,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from providers.wire.values import (
    OddValue,
    listed,
    read_bool,
    read_date,
    read_decimal,
    read_float,
    read_id,
    read_instant,
    read_int,
    read_text,
)

T = TypeVar("T")


def _lenient(read: Callable[[Any], T | None]) -> PlainValidator:
    def read_or_none(value: Any) -> T | None:
        try:
            return read(value)
        except OddValue:
            return None

    return PlainValidator(read_or_none)


def _identity(value: Any) -> str:
    found = read_id(value)
    if found is None:
        raise OddValue("missing")
    return found


LenientBool = Annotated[bool | None, _lenient(read_bool)] | None
LenientInt = Annotated[int | None, _lenient(read_int)] | None
LenientFloat = Annotated[float | None, _lenient(read_float)] | None
LenientDecimal = Annotated[Decimal | None, _lenient(read_decimal)] | None
LenientStr = Annotated[str | None, _lenient(read_text)] | None
LenientId = Annotated[str | None, _lenient(read_id)] | None
LenientDate = Annotated[date | None, _lenient(read_date)] | None
LenientInstant = Annotated[datetime | None, _lenient(read_instant)] | None

StrictDate = Annotated[date | None, PlainValidator(read_date)] | None
StrictInt = Annotated[int | None, PlainValidator(read_int)] | None
StrictStr = Annotated[str | None, PlainValidator(read_text)] | None

Identity = Annotated[str, PlainValidator(_identity)]
"""An id, as text, however it was sent. Required and never empty."""


class _Odd:
    """Stands in a list for an element that could not be read, until the list is complete."""


def _or_odd(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(value)
    except ValueError:
        return _Odd


def _or_none(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return None if value is None else read(value)
    except ValueError:
        return None


def _list_or_none(value: Any) -> Any:
    found = listed(value) if value else value
    return found if isinstance(found, list) else None


def _without_odd(values: list[T] | None) -> list[T] | None:
    return None if values is None else [value for value in values if value is not _Odd]


LenientObject = Annotated[T | None, WrapValidator(_or_none)] | None
"""A nested model, None where it is missing or cannot be read: ``LenientObject[Address]``."""

LenientList = Annotated[
    list[Annotated[T, WrapValidator(_or_odd)]] | None,
    BeforeValidator(_list_or_none),
    AfterValidator(_without_odd),
]
"""A list without its unreadable elements, None where it is no list at all: ``LenientList[Image]``.

An object with numbered keys is a list as well: some PMSs write lists with gaps so.
"""
