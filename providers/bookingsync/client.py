"""The reads of BookingSync for one account."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from providers.bookingsync.accounts import provider_account
from providers.bookingsync.batches import Piece, chunks, in_chunks, joined, unreadable
from providers.bookingsync.booking_filters import updated_since_option
from providers.bookingsync.booking_reads import BookingReads
from providers.bookingsync.bookings import reservation
from providers.bookingsync.calendars import Calendars
from providers.bookingsync.envelope import Envelope
from providers.bookingsync.grants import Grants, utc_now
from providers.bookingsync.manifest import CODE, RECORDS_PER_PAGE, RENTALS_PER_PAGE, BookingsyncConfig
from providers.bookingsync.ownership import Ownership
from providers.bookingsync.parts import PartsReader, Reading
from providers.bookingsync.positions import Position
from providers.bookingsync.quotes import SEARCH, Stay, by_stay, price_details, search_options
from providers.bookingsync.rentals import RENTAL_PARTS, listing
from providers.bookingsync.resources import Options, Resources, is_id
from providers.bookingsync.together import together
from providers.bookingsync.wire import Account, Booking, Record, Rental, SearchResult
from providers.contract import ProviderClient, Session
from providers.errors import ProviderError, UpstreamInvalid, UpstreamRefused
from providers.model import Calendar, Listing, PriceDetails, ProviderAccount, Reservation
from providers.queries import Batch, Days, ListingQuery, OddRecord, Page, QuoteRequest, ReservationQuery
from providers.wire import parse_records

_MOST_ACCOUNT_PAGES = 20
_ACCOUNTS_NAMED = 50


class BookingsyncClient(ProviderClient):
    """BookingSync's API v3, read side. What the token may not see is left out, not guessed."""

    provider: ClassVar[str] = CODE

    def __init__(self, session: Session, config: BookingsyncConfig, *, now: Callable[[], datetime] = utc_now) -> None:
        self._account = session.account_id
        self._now = now
        self._ownership = Ownership.of(config)
        self._resources = Resources(session)
        grants = Grants(session, now)
        self._parts = PartsReader(self._resources, grants)
        self._bookings = BookingReads(self._resources, self._parts, grants)
        self._calendars = Calendars(self._resources, self._parts, grants, self._ownership, self._account)

    async def check(self) -> None:
        """Raises ``UpstreamRefused``, naming the accounts to choose from, unless one is clear."""
        await self._visible_account()

    async def account(self) -> ProviderAccount:
        if self._ownership.account_id is None:
            return provider_account(await self._visible_account())
        page = await self._resources.page(f"accounts/{self._ownership.account_id}", ())
        found = [each for each in _accounts([page]) if each.id == self._ownership.account_id]
        if not found:
            raise UpstreamInvalid("BookingSync answered another account than the one asked for.")
        return provider_account(found[0])

    async def listing_page(self, query: ListingQuery, position: str | None) -> Page[Listing]:
        place = Position.read(position)
        options = (("per_page", str(RENTALS_PER_PAGE)), *updated_since_option(query.updated_since))

        async def fetch(include: Options) -> list[Envelope]:
            return [await self._resources.page("rentals", (*options, *include), place.page)]

        reading = await self._parts.read(fetch, RENTAL_PARTS)
        items, odd = self._listings(reading)
        return self._page(reading, items, odd, place, groups=1)

    async def listings(self, ids: Sequence[str]) -> Batch[Listing]:
        async def read(chunk: Sequence[str]) -> Piece[Listing]:
            options = (("per_page", str(RENTALS_PER_PAGE)),)
            reading = await self._parts.read(
                lambda include: self._resources.by_ids("rentals", chunk, (*options, *include)), RENTAL_PARTS
            )
            items, odd = self._listings(reading)
            return _piece(items, odd, chunk, reading)

        return await in_chunks(_readable(ids), RENTALS_PER_PAGE, read, self._now)

    async def reservation_page(self, query: ReservationQuery, position: str | None) -> Page[Reservation]:
        place = Position.read(position)
        groups: list[Sequence[str]] = [()]
        if query.listing_ids is not None:
            groups = chunks(_readable(query.listing_ids), RECORDS_PER_PAGE)
        if place.group >= len(groups):
            return self._no_page()
        reading = await self._bookings.page(query, groups[place.group], place.page)
        if reading is None:
            return self._no_page()
        items, odd = self._reservations(reading)
        return self._page(reading, items, odd, place, groups=len(groups))

    async def reservations(self, ids: Sequence[str]) -> Batch[Reservation]:
        async def read(chunk: Sequence[str]) -> Piece[Reservation]:
            reading = await self._bookings.by_ids(chunk)
            if reading is None:
                return Piece()
            items, odd = self._reservations(reading)
            return _piece(items, odd, chunk, reading)

        return await in_chunks(_readable(ids), RECORDS_PER_PAGE, read, self._now)

    async def reservations_by_listing(
        self, listing_ids: Sequence[str], query: ReservationQuery
    ) -> Batch[list[Reservation]]:
        """A booking that cannot be read is reported for each rental of its call: which one it is of is not known."""

        async def read(chunk: Sequence[str]) -> Piece[list[Reservation]]:
            found: dict[str, list[Reservation]] = {key: [] for key in chunk}
            reading = await self._bookings.walk(query, chunk)
            if reading is None:
                return Piece(found=found)
            items, odd = self._reservations(reading)
            for each in {item.provider_id: item for item in items}.values():
                if each.listing_id in found:
                    found[each.listing_id].append(each)
            return Piece(found=found, received_at=reading.received_at, odd=dict.fromkeys(chunk, odd) if odd else {})

        return await in_chunks(_readable(listing_ids), RECORDS_PER_PAGE, read, self._now)

    async def calendars(self, listing_ids: Sequence[str], days: Days, *, reservations: bool = False) -> Batch[Calendar]:
        return await in_chunks(
            _readable(listing_ids),
            RENTALS_PER_PAGE,
            lambda chunk: self._calendars.read(chunk, days),
            self._now,
        )

    async def quotes(self, requests: Sequence[QuoteRequest]) -> Batch[PriceDetails]:
        """One search for each distinct stay and party, of up to 50 rentals."""
        keyed = {str(index): request for index, request in enumerate(requests) if is_id(request.listing_id)}
        jobs = [
            self._quote(stay, {rental: wanted[rental] for rental in chunk}, keyed)
            for stay, wanted in by_stay(keyed).items()
            for chunk in chunks(list(wanted), RENTALS_PER_PAGE)
        ]
        return joined(await together(jobs), self._now)

    async def _quote(
        self, stay: Stay, wanted: dict[str, list[str]], requests: dict[str, QuoteRequest]
    ) -> Piece[PriceDetails]:
        """One search. ``wanted`` holds the keys of ``requests`` to answer, by rental."""
        try:
            ids = await self._own_rentals(list(wanted))
            if not ids:
                return Piece()
            pages = await self._resources.named(SEARCH, ids, search_options(stay, ids))
        except ProviderError as error:
            return Piece(failed={key: error for keys in wanted.values() for key in keys})
        read_at = min(page.received_at for page in pages)
        raw = [record for page in pages for record in page.records]
        results, odd = parse_records(SearchResult, raw, lambda each: each)
        by_rental = {result.id: result for result in results}
        broken = unreadable(odd, ids)
        return Piece(
            found={
                key: price_details(requests[key], by_rental.get(rental), self._account, read_at)
                for rental in ids
                if rental not in broken
                for key in wanted[rental]
            },
            failed={key: error for rental, error in broken.items() for key in wanted[rental]},
            received_at=read_at,
        )

    async def _own_rentals(self, ids: list[str]) -> list[str]:
        """Those of ``ids`` that belong to the account. Search results do not name theirs, rentals do."""
        if not self._ownership.mixed:
            return ids
        pages = await self._resources.by_ids("rentals", ids, (("per_page", str(RENTALS_PER_PAGE)),))
        ours, _ = self._ownership.ours(record for page in pages for record in page.records)
        owned = {record.id for record in parse_records(Record, ours, lambda each: each)[0]}
        return [each for each in ids if each in owned]

    async def _visible_account(self) -> Account:
        pages = await self._resources.walk("accounts", (), most=_MOST_ACCOUNT_PAGES)
        visible = {account.id: account for account in _accounts(pages)}
        chosen = self._ownership.account_id or (next(iter(visible)) if len(visible) == 1 else None)
        if chosen in visible:
            return visible[chosen]
        if not visible:
            raise UpstreamRefused("No BookingSync account has authorized this application.")
        named = ", ".join(list(visible)[:_ACCOUNTS_NAMED])
        more = ", …" if len(visible) > _ACCOUNTS_NAMED else ""
        problem = "not among the accounts" if self._ownership.account_id else "missing, and there are several"
        raise UpstreamRefused(
            f"The accountId is {problem} that these credentials see. Set accountId to one of: {named}{more}."
        )

    def _listings(self, reading: Reading) -> tuple[list[Listing], list[OddRecord]]:
        ours, foreign = self._ownership.ours(reading.records)
        items, odd = parse_records(Rental, ours, lambda rental: listing(rental, self._account))
        return items, [*foreign, *odd]

    def _reservations(self, reading: Reading) -> tuple[list[Reservation], list[OddRecord]]:
        read_at = reading.received_at or self._now()
        ours, foreign = self._ownership.ours(reading.records)
        items, odd = parse_records(Booking, ours, lambda booking: reservation(booking, self._account, read_at))
        return items, [*foreign, *odd]

    def _page(
        self, reading: Reading, items: list[Any], odd: list[OddRecord], place: Position, groups: int
    ) -> Page[Any]:
        envelope = reading.envelopes[0]
        following = place.after(envelope.next_page, groups)
        return Page(
            items=items,
            next=None if following is None else str(following),
            total=None if groups > 1 or self._ownership.mixed else envelope.total,
            fetched_at=envelope.received_at,
            odd=odd,
        )

    def _no_page(self) -> Page[Reservation]:
        return Page(items=[], next=None, total=0, fetched_at=self._now())


def _accounts(pages: Sequence[Envelope]) -> list[Account]:
    return parse_records(Account, (record for page in pages for record in page.records), lambda each: each)[0]


def _piece(items: Sequence[Any], odd: Sequence[OddRecord], ids: Sequence[str], reading: Reading) -> Piece[Any]:
    return Piece(
        found={item.provider_id: item for item in items if item.provider_id in ids},
        failed=unreadable(odd, ids),
        received_at=reading.received_at,
    )


def _readable(ids: Sequence[str]) -> list[str]:
    """The ids that can exist, each once. BookingSync's are whole numbers: no other text is sent."""
    return [each for each in dict.fromkeys(ids) if is_id(each)]
