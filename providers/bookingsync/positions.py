"""Where a walk stands: the number of the page, and of the group of rentals where there are several."""

import re
from dataclasses import dataclass

from providers.errors import UpstreamRefused

_TEXT = re.compile(r"(?:([0-9]{1,6}):)?([1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True)
class Position:
    """A page (from 1) of a group (from 0)."""

    group: int = 0
    page: int = 1

    @classmethod
    def read(cls, text: str | None) -> "Position":
        """The position that ``str`` made. None is the first. Raises ``UpstreamRefused`` for anything else."""
        if text is None:
            return cls()
        found = _TEXT.fullmatch(text)
        if found is None:
            raise UpstreamRefused("This is no position in a BookingSync collection.")
        return cls(int(found[1] or 0), int(found[2]))

    def after(self, next_page: int | None, groups: int) -> "Position | None":
        """The next page of the group, else the next group's first, else None."""
        if next_page is not None:
            return Position(self.group, next_page)
        return Position(self.group + 1) if self.group + 1 < groups else None

    def __str__(self) -> str:
        return f"{self.group}:{self.page}" if self.group else str(self.page)
