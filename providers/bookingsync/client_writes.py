"""The client of a new booking: made once, also where the answer of an earlier attempt was lost.

BookingSync has neither an idempotency key nor a filter for clients (BookingSync documentation, Clients): after a lost
answer those that were changed since are read, and compared with what was sent.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from providers.bookingsync.booking_bodies import BOOKING_NAMES
from providers.bookingsync.booking_filters import updated_since_option
from providers.bookingsync.envelope import all_records, record_id
from providers.bookingsync.guests import new_client
from providers.bookingsync.manifest import RECORDS_PER_PAGE
from providers.bookingsync.resources import Resources
from providers.bookingsync.sending import CLIENTS_WRITE, Sender, refused_by_field
from providers.changes import GuestChange, Progress
from providers.errors import UpstreamRefused
from providers.wire import OddValue
from providers.wire.values import read_instant

CLOCKS_APART = timedelta(minutes=5)
"""How far BookingSync's clock may be from ours."""

_MADE, _BEGUN = "client", "client begun"
_MOST_PAGES = 10
_LISTS = {"emails": "email", "phones": "number", "addresses": "address1"}


class ClientWrites:
    """Makes the clients of one account."""

    def __init__(self, resources: Resources, sender: Sender, now: Callable[[], datetime]) -> None:
        self._resources = resources
        self._sender = sender
        self._now = now

    async def make(self, guest: GuestChange, progress: Progress) -> str | None:
        """The id of the guest's client; None where nothing is known of them.

        One call; one more for every hundred clients that changed meanwhile, where an earlier attempt may have made it.
        """
        body = new_client(guest)
        if body is None:
            return None
        if (made := progress.made(_MADE)) is not None:
            return made
        begun = progress.made(_BEGUN)
        found = await self._found(body, datetime.fromisoformat(begun)) if begun is not None else None
        if found is None:
            if begun is None:
                await progress.note(_BEGUN, self._now().isoformat())
            found = await self._sent(body)
        await progress.note(_MADE, found)
        return found

    async def _sent(self, body: Mapping[str, Any]) -> str:
        try:
            return (await self._sender.create("clients", "clients", body, scopes=CLIENTS_WRITE)).id
        except UpstreamRefused as error:
            raise refused_by_field(error, BOOKING_NAMES) from None

    async def _found(self, body: Mapping[str, Any], begun: datetime) -> str | None:
        """The client that an attempt since ``begun`` made of ``body``."""
        options = (("per_page", str(RECORDS_PER_PAGE)), *updated_since_option(begun - CLOCKS_APART))
        pages, _ = await self._resources.first_pages("clients", options, most=_MOST_PAGES)
        same = (each for each in all_records(pages) if _is_new(each, begun) and _holds(each, body))
        return next((found for each in same if (found := record_id(each)) is not None), None)


def _is_new(record: Mapping[str, Any], begun: datetime) -> bool:
    """Whether it was made since; an older client of the same name is another matter."""
    try:
        created_at = read_instant(record.get("created_at"))
    except OddValue:
        return False
    return created_at is not None and created_at >= begun - CLOCKS_APART


def _holds(record: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether a client is what was sent: its name, and what people are reached by."""
    return _name(record) == _name(body) and all(
        list(_values(record, name, inner)) == list(_values(body, name, inner)) for name, inner in _LISTS.items()
    )


def _name(record: Mapping[str, Any]) -> str:
    """The whole name: answers may hold it in one attribute or in two."""
    parts = [str(record.get(part) or "").strip() for part in ("firstname", "lastname")]
    return " ".join(str(record.get("fullname") or " ".join(parts)).split()).casefold()


def _values(record: Mapping[str, Any], name: str, inner: str) -> Iterator[str]:
    elements = record.get(name)
    for each in elements if isinstance(elements, list) else ():
        value = each.get(inner) if isinstance(each, Mapping) else None
        if isinstance(value, str) and value.strip():
            yield value.strip().casefold()
