"""One reader per kind of value: many spellings in, one exact value out.

Every reader takes None and the empty (or blank) string for "not said" and answers None; what it cannot read
raises ``OddValue``, whose text never quotes the value.

A record has a hundred values, nearly all of them in one plain spelling. Readers therefore begin with that one, without
a further call; whatever is not exactly it goes the long way, which alone says what is right.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any, TypeVar

T = TypeVar("T")

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_LONGEST_NUMBER = 60
_LARGEST_EXPONENT = 30
_SMALLEST_EXPONENT = -40
_LONGEST_ID = 200
_INT_BOUND = 2**31
_PLAIN = 10**15
"""Numbers below this one are sane, however they are written."""

_FINE = 10**-15
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?=$|[T ])")
_CLOCK_MARKS = ("-- ::", "--T::")
_CLOCK = re.compile(r"[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(.*)", re.DOTALL)
_ZONE = re.compile(r"(?:Z|UTC|([+-])([0-9]{2}):?([0-9]{2})?)")


class OddValue(ValueError):
    """A value that cannot be read. The text says what was expected and is fit to be shown."""


def listed(value: Any) -> Any:
    """The list that an object with nothing but numbers for keys, or with none, stands for; anything else as it is.

    PHP writes a list with gaps as such an object.
    """
    if isinstance(value, dict) and all(isinstance(key, str) and key.isdecimal() for key in value):
        return list(value.values())
    return value


def is_blank(value: Any) -> bool:
    """Whether a value says nothing: None, or text without a visible character."""
    return value is None or (isinstance(value, str) and not value.strip())


def read_text(value: Any) -> str | None:
    """Text as it is; numbers in digits. Half surrogate pairs, which no answer can carry, become U+FFFD."""
    if type(value) is str and value.isascii():
        return value if value and not value.isspace() else None
    if is_blank(value):
        return None
    if isinstance(value, str):
        return value if value.isascii() else _without_surrogates(value)
    if isinstance(value, int | Decimal | float) and not isinstance(value, bool):
        return _digits(value)
    raise OddValue("not a text")


def _without_surrogates(value: str) -> str:
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _digits(number: int | Decimal | float) -> str:
    try:
        return str(number)
    except ValueError:
        raise OddValue("not a sane number") from None


def read_id(value: Any) -> str | None:
    """An id as text, whether it was sent as a number or as text."""
    if type(value) is int and -_PLAIN < value < _PLAIN:
        return str(value)
    if is_blank(value):
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = _digits(value)
    if isinstance(value, str) and len(value) <= _LONGEST_ID:
        return read_text(value.strip())
    raise OddValue("not an id")


def read_bool(value: Any) -> bool | None:
    """True and false, 1 and 0, and those words as text in any case."""
    if value is True or value is False:
        return value
    if type(value) is int and 0 <= value <= 1:
        return value == 1
    if is_blank(value):
        return None
    if isinstance(value, str | int | Decimal | float):
        word = str(value).strip().lower() if isinstance(value, str) else _digits(value)
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
    raise OddValue("not a yes or no")


def read_decimal(value: Any) -> Decimal | None:
    """An exact number, also from text. Not finite, absurdly long or large ones are odd."""
    if type(value) is int and -_PLAIN < value < _PLAIN:
        return Decimal(value)
    if type(value) is float and _FINE < abs(value) < _PLAIN:
        return Decimal(str(value))
    if is_blank(value):
        return None
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal | float):
        raise OddValue("not a number")
    if isinstance(value, Decimal):
        return _sane(value)
    text = value.strip() if isinstance(value, str) else _digits(value)
    if len(text) > _LONGEST_NUMBER or not text.isascii() or "_" in text:
        raise OddValue("not a number")
    try:
        return _sane(Decimal(text))
    except InvalidOperation:
        raise OddValue("not a number") from None


def _sane(number: Decimal) -> Decimal:
    """Keep out exponents such as 1E+999999, whose digits would fill the memory once written out."""
    if not number.is_finite() or not _SMALLEST_EXPONENT <= number.adjusted() <= _LARGEST_EXPONENT:
        if number.is_finite() and not number:
            return Decimal(0)
        raise OddValue("not a sane number")
    return number


def read_int(value: Any) -> int | None:
    """A whole number of at most 32 bits (more, GraphQL's Int cannot carry), also from text or as ``2.0``."""
    whole = value if type(value) is int else _whole(value)
    if whole is None or -_INT_BOUND <= whole < _INT_BOUND:
        return whole
    raise OddValue("too large a number")


def _whole(value: Any) -> int | None:
    number = read_decimal(value)
    if number is None:
        return None
    whole = int(number)
    if whole != number:
        raise OddValue("not a whole number")
    return whole


def read_float(value: Any) -> float | None:
    """A finite binary number, for measures and positions; never for money."""
    number = read_decimal(value)
    if number is None:
        return None
    result = float(number)
    if not isfinite(result):
        raise OddValue("not a number")
    return result


def read_date(value: Any) -> date | None:
    """The day as written: of ``2027-05-19`` and of ``2027-05-19T16:00:00Z`` alike; no conversion of zones.

    ``0000-00-00``, which some databases keep for "none", is None.
    """
    if type(value) is str and len(value) == 10 and value[4:8:3] == "--":
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass  # no such day
    if is_blank(value):
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    found = _DAY.match(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise OddValue("not a date")
    if set(found.groups()) == {"0000", "00"}:
        return None
    return _made(lambda: date(*map(int, found.groups())), "not a date")


def read_instant(value: Any) -> datetime | None:
    """An aware UTC instant. Text without a zone is UTC already; a bare date is its first moment in UTC."""
    # What stands between the digits: the library reads more forms than are meant here.
    if type(value) is str and value[4:17:3] in _CLOCK_MARKS and (len(value) == 19 or value[19:] == "Z"):
        try:
            return datetime.fromisoformat(value if len(value) == 20 else value + "Z")
        except ValueError:
            pass  # no such day or time
    if is_blank(value):
        return None
    if isinstance(value, datetime):
        return _made(lambda: (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC), "not a time")
    try:
        day = read_date(value)
    except OddValue:
        raise OddValue("not a time") from None
    if day is None:
        return None
    rest = value.strip()[10:] if isinstance(value, str) else ""
    if not rest:
        return datetime.combine(day, time(), UTC)
    clock = _CLOCK.fullmatch(rest)
    if clock is None:
        raise OddValue("not a time")
    hour, minute, second, fraction, zone = clock.groups()
    moment = _made(lambda: time(int(hour), int(minute), int(second or 0), _microseconds(fraction)), "not a time")
    offset = _zone(zone.strip())
    return _made(lambda: datetime.combine(day, moment, offset).astimezone(UTC), "not a time")


def _microseconds(fraction: str | None) -> int:
    return int((fraction or "0").ljust(6, "0")[:6])


def _zone(text: str) -> timezone:
    if not text:
        return UTC
    found = _ZONE.fullmatch(text)
    if found is None:
        raise OddValue("not a time")
    sign, hours, minutes = found.groups()
    if sign is None:
        return UTC
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return _made(lambda: timezone(offset if sign == "+" else -offset), "not a time")


def _made(make: Callable[[], T], otherwise: str) -> T:
    try:
        return make()
    except (ValueError, OverflowError):
        raise OddValue(otherwise) from None
