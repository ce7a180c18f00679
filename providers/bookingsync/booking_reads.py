"""Reading bookings: as many as the token may see, with as much of each as it may see."""

from collections.abc import Callable, Sequence

from providers.bookingsync.booking_filters import booking_options
from providers.bookingsync.bookings import BOOKING_PARTS
from providers.bookingsync.envelope import Envelope
from providers.bookingsync.grants import ALL_BOOKINGS, Grants
from providers.bookingsync.manifest import RECORDS_PER_PAGE
from providers.bookingsync.parts import Fetch, PartsReader, Reading
from providers.bookingsync.resources import Options, Resources
from providers.errors import PermissionDenied
from providers.queries import ReservationQuery

_PER_PAGE: Options = (("per_page", str(RECORDS_PER_PAGE)),)
_MOST_PAGES = 200
_IN_FULL = "past and cancelled bookings"

Choose = Callable[[bool], Options | None]


class BookingReads:
    """The bookings of one account.

    Tokens with ``bookings_read`` or ``bookings_write`` see all bookings; others only future ones that are not
    cancelled, in a reduced shape, and are refused the option for cancelled ones (BookingSync documentation,
    Authorization and Bookings).
    """

    def __init__(self, resources: Resources, parts: PartsReader, grants: Grants) -> None:
        self._resources = resources
        self._parts = parts
        self._grants = grants

    async def page(self, query: ReservationQuery, rentals: Sequence[str], number: int) -> Reading | None:
        """One page of the bookings of ``rentals`` (none: of all). None where no booking can fit ``query``."""

        async def fetch(options: Options) -> list[Envelope]:
            return [await self._resources.page("bookings", options, number)]

        return await self._read(_filters(query, rentals), fetch)

    async def walk(self, query: ReservationQuery, rentals: Sequence[str]) -> Reading | None:
        """All bookings of ``rentals`` under ``query``. Raises ``UpstreamRefused`` beyond 20,000 of them."""

        async def fetch(options: Options) -> list[Envelope]:
            return await self._resources.walk("bookings", options, most=_MOST_PAGES)

        return await self._read(_filters(query, rentals), fetch)

    async def by_ids(self, ids: Sequence[str]) -> Reading | None:
        """The bookings of at most a page of ids, cancelled ones too where the token may see them."""

        async def fetch(options: Options) -> list[Envelope]:
            return await self._resources.by_ids("bookings", ids, options)

        return await self._read(_filters(ReservationQuery(), ()), fetch)

    async def _read(self, choose: Choose, fetch: Fetch) -> Reading | None:
        if not await self._grants.allow(ALL_BOOKINGS, _IN_FULL):
            return await self._attempt(choose(False), fetch)
        try:
            return await self._attempt(choose(True), fetch)
        except PermissionDenied:
            reading = await self._attempt(choose(False), fetch)
        # Only now is it known that the option was refused, and not bookings as such.
        self._grants.refuse(_IN_FULL)
        return reading

    async def _attempt(self, options: Options | None, fetch: Fetch) -> Reading | None:
        if options is None:
            return None
        return await self._parts.read(lambda include: fetch((*options, *include)), BOOKING_PARTS)


def _filters(query: ReservationQuery, rentals: Sequence[str]) -> Choose:
    chosen: Options = (("rental_id", ",".join(rentals)),) if rentals else ()

    def choose(in_full: bool) -> Options | None:
        options = booking_options(query, in_full=in_full)
        return None if options is None else (*chosen, *options, *_PER_PAGE)

    return choose
