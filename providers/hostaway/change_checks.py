"""What is wrong with a change, found before anything is sent, field by field."""

import math
from collections.abc import Collection
from datetime import time
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from providers.changes import ChangeRefused, Problem, ProblemKind
from providers.hostaway.paging import is_id
from providers.hostaway.wishes import json_number

Path = tuple[str | int, ...]

MOST = 1_000_000_000
"""Numbers beyond are mistakes."""


class Checks:
    """Collects the problems of one change. Each check returns the value as Hostaway takes it; None empties a field."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def wrong(self, kind: ProblemKind, message: str, field: Path, allowed: str | None = None) -> None:
        self._problems.append(Problem(kind=kind, message=message, field=field, allowed=allowed))

    def done(self) -> None:
        """Raises ``ChangeRefused`` where something was wrong."""
        if self._problems:
            raise ChangeRefused(*self._problems)

    def unsupported(self, what: str, field: Path, allowed: str | None = None) -> None:
        self.wrong(ProblemKind.NOT_SUPPORTED, f"Hostaway has no {what}.", field, allowed)

    def named(self, text: str | None, field: Path) -> str | None:
        """A text that must not be blank."""
        if text is None or not text.strip():
            self.wrong(ProblemKind.REQUIRED, "It must not be empty.", field)
        return text

    def number(
        self, value: Decimal | float | None, field: Path, *, least: int = 0, most: int = MOST, above: bool = False
    ) -> int | float | None:
        """A number from ``least`` (or ``above`` it) to ``most``, which arrives with the digits that it has here."""
        if value is None:
            return None
        allowed = f"more than {least}, up to {most}" if above else f"{least} to {most}"
        exact = Decimal(str(value))
        if not exact.is_finite() or not least <= exact <= most or (above and exact == least):
            self.wrong(ProblemKind.OUT_OF_RANGE, "The number is not in its range.", field, allowed)
            return None
        sent = json_number(exact)
        if Decimal(str(sent)) != exact:
            self.wrong(ProblemKind.OUT_OF_RANGE, "The number has more digits than Hostaway keeps.", field, "15 digits")
        return sent

    def whole(self, value: Decimal | float | None, field: Path, *, least: int = 0, most: int = MOST) -> int | None:
        """A whole number."""
        found = self.number(value, field, least=least, most=most)
        if found is not None and found != math.floor(found):
            self.wrong(ProblemKind.INVALID, "Hostaway takes whole numbers only.", field, "whole numbers")
            return None
        return None if found is None else int(found)

    def hour(self, value: time | None, field: Path) -> int | None:
        """A time of day as its hour."""
        if value is not None and value.replace(hour=0, tzinfo=None) != time():
            self.wrong(ProblemKind.INVALID, "Hostaway takes full hours only.", field, "00:00, 01:00 … 23:00")
        return None if value is None else value.hour

    def word(self, text: str | None, field: Path, allowed: Collection[str]) -> str | None:
        """One of Hostaway's own words."""
        if text is not None and text not in allowed:
            self.wrong(ProblemKind.UNKNOWN, "Hostaway has no such word.", field, ", ".join(allowed))
        return text

    def identity(self, text: str | None, field: Path) -> int | None:
        """An id of Hostaway, as the number that it is."""
        if text is None:
            return None
        if not is_id(text):
            self.wrong(ProblemKind.INVALID, "It is no id of Hostaway.", field, "whole numbers")
            return None
        return int(text)

    def letters(self, text: str | None, field: Path, count: int, what: str) -> str | None:
        """A code of so many letters."""
        if text is not None and not (len(text) == count and text.isascii() and text.isalpha()):
            self.wrong(ProblemKind.INVALID, f"It is no {what}.", field, f"{count} letters")
        return text

    def address(self, url: Any, field: Path) -> str | None:
        """The public address of a file."""
        parts = urlsplit(url) if isinstance(url, str) else None
        if parts is None or parts.scheme != "https" or not parts.netloc:
            self.wrong(ProblemKind.INVALID, "It is no public address.", field, "https://…")
            return None
        return url if isinstance(url, str) else None
