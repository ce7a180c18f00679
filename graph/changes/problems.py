"""Gathers what is wrong with the input of a change, so that all of it is told at once."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from graph.rejections import Rejected, Rejection, RejectionCode
from providers.changes import OMITTED
from providers.model import smallest_unit

MAX_TEXT = 20_000
MAX_ENTRIES = 1000
MAX_AMOUNT = Decimal(10) ** 9
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
FIRST_YEAR, LAST_YEAR = 1900, 2200


class Problems:
    """What was found so far. Paths are those of the client's input, in its own words.

    ``longest`` is how many characters a text may have.
    """

    def __init__(self, longest: int = MAX_TEXT) -> None:
        self.found: list[Rejection] = []
        self._longest = longest

    def add(self, code: RejectionCode, message: str, *path: str | int, allowed: str | None = None) -> None:
        self.found.append(
            Rejection(field=tuple(str(each) for each in path), code=code, message=message, allowed=allowed)
        )

    def check(self) -> None:
        """Raises ``Rejected`` with everything that was found, if anything was."""
        if self.found:
            raise Rejected(*self.found)

    def bounds(
        self, value: Any, *path: str | int, least: Decimal | int | None = None, most: Decimal | int | None = None
    ) -> None:
        """A number that is there lies within the bounds, both included."""
        if not _told(value):
            return
        low, high = least is not None and value < least, most is not None and value > most
        if low or high:
            limits = (
                f"{least} to {most}"
                if least is not None and most is not None
                else (f"{least} or more" if most is None else f"{most} or less")
            )
            self.add(RejectionCode.OUT_OF_RANGE, f"It is {value}.", *path, allowed=limits)

    def price(self, amount: Any, currency: str | None, *path: str | int, free: bool = False) -> None:
        """An amount that is there is above 0, or with ``free`` 0 or more, and can be paid in its currency.

        Without a currency as many decimal places are let through as any currency has.
        """
        if not _told(amount):
            return
        if amount < 0 or (amount == 0 and not free):
            allowed = "0 or more" if free else "more than 0"
            self.add(RejectionCode.OUT_OF_RANGE, f"It is {amount:f}.", *path, allowed=allowed)
            return
        unit = Decimal("0.0001") if currency is None else smallest_unit(currency)
        if amount % unit:
            named = f"{currency} has" if currency else "Currencies have"
            self.add(
                RejectionCode.INVALID,
                f"{named} no such amount: {amount:f}.",
                *path,
                allowed=f"whole multiples of {unit:f}",
            )

    def ordered(self, low: Any, high: Any, name: str, *path: str | int) -> None:
        """``low`` is not above ``high``, where both are there; ``name`` is the field of ``high``."""
        if _told(low) and _told(high) and low > high:
            self.add(RejectionCode.INVALID, f"It is {low}, above {name}, {high}.", *path, allowed=f"{name} or less")

    def exclusive(self, first: Any, second: Any, name: str, *path: str | int) -> None:
        """Not both are given; ``name`` is the field of ``first``."""
        if first is not OMITTED and second is not OMITTED:
            self.add(RejectionCode.INVALID, f"It excludes {name}: give one of them.", *path)

    def sane(self, given: Any, *path: str | int, extras: str = "extras", longest: Mapping[str, int] = {}) -> None:
        """No value of a change is beyond what any PMS can mean: lengths, sizes, numbers that are none, far years.

        ``extras`` is the name of the plugin's own input; ``longest`` bounds texts by the name of their field.
        """
        for name, value in _values(given):
            here = (*path, extras if name == "extras" else camel(name))
            self._value(value, here, longest.get(name, self._longest), extras, longest)

    def _value(
        self, value: Any, path: tuple[str | int, ...], longest: int, extras: str, bounds: Mapping[str, int]
    ) -> None:
        match value:
            case str():
                self._text(value, path, longest)
            case Decimal() if not value.is_finite():
                self.add(RejectionCode.INVALID, "It is not a number.", *path)
            case Decimal() if abs(value) > MAX_AMOUNT:
                self.add(RejectionCode.OUT_OF_RANGE, "It is too large.", *path, allowed=f"up to {MAX_AMOUNT}")
            case date() if not FIRST_YEAR <= value.year <= LAST_YEAR:
                allowed = f"the years {FIRST_YEAR} to {LAST_YEAR}"
                self.add(RejectionCode.OUT_OF_RANGE, f"{value} is too far away.", *path, allowed=allowed)
            case list() | tuple():
                if len(value) > MAX_ENTRIES:
                    allowed = f"up to {MAX_ENTRIES} entries"
                    self.add(RejectionCode.OUT_OF_RANGE, f"It has {len(value)} entries.", *path, allowed=allowed)
                    return
                for index, each in enumerate(value):
                    self._value(each, (*path, index), longest, extras, bounds)
            case _ if is_dataclass(value):
                self.sane(value, *path, extras=extras, longest=bounds)

    def _text(self, text: str, path: tuple[str | int, ...], longest: int) -> None:
        if len(text) > longest:
            message, allowed = f"It has {len(text)} characters.", f"up to {longest} characters"
            self.add(RejectionCode.OUT_OF_RANGE, message, *path, allowed=allowed)
        elif "\x00" in text or not _encodable(text):
            self.add(RejectionCode.INVALID, "It holds characters that are none.", *path)


def check_id(id_: str, *path: str) -> str:
    """An id of the PMS's own, as text that names nothing else. Raises ``Rejected`` where it cannot be one."""
    if not _ID.fullmatch(id_):
        message, allowed = "This is not an id of the PMS.", "letters, digits, - and _, as another query gave it"
        raise Rejected(Rejection(field=path, code=RejectionCode.INVALID, message=message, allowed=allowed))
    return id_


def _told(value: Any) -> bool:
    """Whether there is a value that can be compared. Numbers beyond all bounds are told by ``sane``."""
    if isinstance(value, Decimal):
        return value.is_finite() and abs(value) <= MAX_AMOUNT
    return value is not OMITTED and value is not None


def camel(name: str) -> str:
    """A field's name as clients write it."""
    first, *rest = name.split("_")
    return first + "".join(each.capitalize() for each in rest)


def _values(given: Any) -> Iterator[tuple[str, Any]]:
    for field in fields(given):
        value = getattr(given, field.name)
        if value is not OMITTED and value is not None:
            yield field.name, value


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
