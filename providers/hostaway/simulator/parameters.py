"""Query parameters as Hostaway takes them: unknown ones are ignored, empty ones too."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar

from providers.hostaway.simulator.envelope import RefusedError
from providers.hostaway.simulator.readings import HostawayReadings

T = TypeVar("T")
LARGEST_NUMBER = 2**53
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2200, 12, 31)


class Parameters:
    """The query parameters of one call. A bad value is refused or ignored, as the readings say."""

    def __init__(self, values: Mapping[str, str], readings: HostawayReadings) -> None:
        self._values = values
        self._readings = readings

    def text(self, name: str) -> str | None:
        return self._values.get(name) or None

    def number(self, name: str) -> int | None:
        """A whole number, not negative."""
        return self._parsed(name, _whole_number)

    def day(self, name: str) -> date | None:
        return self._parsed(name, _day)

    def flag(self, name: str) -> bool | None:
        return self._parsed(name, _flag)

    def choice(self, name: str, allowed: Mapping[str, T]) -> T | None:
        return self._parsed(name, allowed.__getitem__)

    def limit(self, default: int | None) -> int | None:
        """How many rows are wanted and allowed. None: all."""
        largest = self._readings.largest_page
        wanted = self.number("limit")
        if wanted is None or wanted == 0:
            wanted = default
        if wanted is None or largest is None or wanted <= largest:
            return wanted
        if self._readings.oversized_page_is_error:
            raise RefusedError(self._readings.bad_value or 400, f'The "limit" parameter must not exceed {largest}.')
        return largest

    def _parsed(self, name: str, parse: Callable[[str], T]) -> T | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            return parse(text)
        except (ValueError, LookupError):
            if self._readings.bad_value is None:
                return None
            raise RefusedError(self._readings.bad_value, f'The "{name}" parameter has an invalid value.') from None


def _whole_number(text: str) -> int:
    value = int(text)
    if not 0 <= value <= LARGEST_NUMBER:
        raise ValueError(text)
    return value


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if day.isoformat() != text or not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(text)
    return day


def _flag(text: str) -> bool:
    return {"0": False, "1": True, "false": False, "true": True}[text.lower()]
