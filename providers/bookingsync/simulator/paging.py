"""Pages of a collection (documentation, Pagination)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from providers.bookingsync.simulator.formats import number_option
from providers.bookingsync.simulator.readings import BookingsyncReadings
from providers.bookingsync.simulator.refusals import Refused

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Page ``page`` (from 1) of ``total`` records. ``url`` and ``options`` are those of the call."""

    page: int
    per_page: int
    total: int
    url: str
    options: Mapping[str, str]

    @property
    def pages(self) -> int:
        """How many pages there are; an empty collection has one."""
        return max(1, -(-self.total // self.per_page))

    def cut(self, records: Sequence[T]) -> Sequence[T]:
        """The records of this page; none beyond the last one."""
        return records[(self.page - 1) * self.per_page : self.page * self.per_page]

    def links(self) -> dict[str, str]:
        """Addresses of the first, previous, next and last page; the first has no previous, the last no next."""
        found = {"first": self._address(1)}
        if self.page > 1:
            found["prev"] = self._address(min(self.page - 1, self.pages))
        if self.page < self.pages:
            found["next"] = self._address(self.page + 1)
        found["last"] = self._address(self.pages)
        return found

    def headers(self) -> dict[str, str]:
        link = ", ".join(f'<{address}>; rel="{relation}"' for relation, address in self.links().items())
        return {"link": link, **self._counts()}

    def meta(self) -> dict[str, object]:
        """The headers once more, all values as text."""
        return {"Link": self.links(), **self._counts()}

    def _counts(self) -> dict[str, str]:
        return {
            "X-Total-Pages": str(self.pages),
            "X-Total-Count": str(self.total),
            "X-Per-Page": str(self.per_page),
        }

    def _address(self, page: int) -> str:
        return f"{self.url}?{urlencode({**self.options, 'page': page}, safe=',:')}"


def paging(options: Mapping[str, str], *, url: str, total: int, most: int, readings: BookingsyncReadings) -> Paging:
    """The page that ``page`` and ``per_page`` name. Raises ``Refused`` (422) for what is no number."""
    per_page = number_option(options, "per_page") or most
    if per_page > most and not readings.per_page_above_cap_is_cut:
        raise Refused(422, f"must be less than or equal to {most}", field="per_page")
    return Paging(
        page=max(1, number_option(options, "page") or 1),
        per_page=min(per_page, most),
        total=total,
        url=url,
        options=options,
    )
