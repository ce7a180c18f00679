"""BookingSync for one account: its reads; its writes are in ``writes``."""

from asyncio import gather
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, ClassVar

from providers.bookingsync.accounts import provider_account
from providers.bookingsync.amenities import AmenityNames
from providers.bookingsync.batches import Piece, chunks, in_chunks, unreadable
from providers.bookingsync.booking_filters import updated_since_option
from providers.bookingsync.booking_reads import BookingReads
from providers.bookingsync.booking_writes import BookingWrites
from providers.bookingsync.bookings import reservation
from providers.bookingsync.calendar_stays import holding, with_stays
from providers.bookingsync.calendar_writes import CalendarWrites
from providers.bookingsync.calendars import Calendars
from providers.bookingsync.computed_quotes import ComputedQuotes
from providers.bookingsync.dictionaries import KINDS, fixed_entries
from providers.bookingsync.envelope import Envelope, all_records
from providers.bookingsync.grants import Grants, utc_now
from providers.bookingsync.manifest import CODE, RECORDS_PER_PAGE, RENTALS_PER_PAGE, BookingsyncConfig
from providers.bookingsync.nights import TakenNights
from providers.bookingsync.ownership import Ownership
from providers.bookingsync.parts import Fetch, PartsReader, Reading
from providers.bookingsync.positions import Position
from providers.bookingsync.rental_names import RAW_LISTING_NAMES, SparseRentals, wanted_parts
from providers.bookingsync.rental_records import Rental
from providers.bookingsync.rental_writes import RentalWrites
from providers.bookingsync.rentals import RENTAL_PARTS, listing
from providers.bookingsync.resources import Options, Resources, is_id
from providers.bookingsync.searches import Searches
from providers.bookingsync.sending import Sender
from providers.bookingsync.setting_reads import SettingReads, listing_taxes
from providers.bookingsync.setting_writes import SettingWrites
from providers.bookingsync.settings import cancellation_policy
from providers.bookingsync.wire import Account, Booking
from providers.bookingsync.writes import BookingsyncWrites
from providers.contract import Session
from providers.errors import NotSupported, UpstreamInvalid, UpstreamRefused
from providers.model import (
    Calendar,
    CancellationPolicy,
    Channel,
    DictionaryEntry,
    DictionaryKind,
    Listing,
    ListingFee,
    ListingTax,
    PriceDetails,
    PricingSettings,
    ProviderAccount,
    RawNames,
    RentalAgreement,
    Reservation,
)
from providers.queries import (
    AvailabilityQuery,
    Batch,
    Days,
    FreeListing,
    ListingQuery,
    OddRecord,
    Page,
    QuoteRequest,
    ReservationQuery,
)
from providers.wire import parse_in_turns, parse_records

_RECORDS: Options = (("per_page", str(RECORDS_PER_PAGE)),)
_MOST_ACCOUNT_PAGES = 20
_ACCOUNTS_NAMED = 50


class BookingsyncClient(BookingsyncWrites):
    """BookingSync's API v3. What the token may not see is left out, not guessed."""

    provider: ClassVar[str] = CODE
    dictionaries: ClassVar[frozenset[DictionaryKind]] = KINDS
    calendars_per_call: ClassVar[int] = RENTALS_PER_PAGE
    raw_listing_names: ClassVar[RawNames | None] = RAW_LISTING_NAMES

    def __init__(self, session: Session, config: BookingsyncConfig, *, now: Callable[[], datetime] = utc_now) -> None:
        self._account = session.account_id
        self._now = now
        self._sparse: SparseRentals | None = None
        self._ownership = Ownership.of(config)
        self._resources = Resources(session)
        grants = Grants(session, now)
        self._parts = PartsReader(self._resources, grants)
        self._bookings = BookingReads(self._resources, self._parts, grants)
        self._amenities = AmenityNames(self._resources, now)
        self._settings = SettingReads(self._resources, self._parts, self._ownership)
        computed = ComputedQuotes(self._settings, self._account, now)
        self._searches = Searches(self._resources, self._ownership, computed, grants, self._account, now)
        self._calendars = Calendars(self._resources, self._parts, grants, self._ownership, self._account)
        sender = Sender(session)
        self._booking_writes = BookingWrites(self._resources, sender, self._bookings, self._account, now)
        nights = TakenNights(self._bookings)
        self._calendar_writes = CalendarWrites(self._resources, self._parts, sender, nights, now)
        self._rental_writes = RentalWrites(self._resources, sender, self._ownership)
        self._setting_writes = SettingWrites(self._resources, sender, self._settings, self._rental_writes)

    async def check(self) -> None:
        """Raises ``UpstreamRefused``, naming the accounts to choose from, unless one is clear."""
        await self._visible_account()

    async def account(self) -> ProviderAccount:
        if self._ownership.account_id is None:
            return await self._visible_account()
        page = await self._resources.page(f"accounts/{self._ownership.account_id}", ())
        found = [each for each in _accounts([page])[0] if each.provider_id == self._ownership.account_id]
        if not found:
            raise UpstreamInvalid("BookingSync answered another account than the one asked for.")
        return found[0]

    async def listing_page(self, query: ListingQuery, position: str | None) -> Page[Listing]:
        place = Position.read(position)
        options = (("per_page", str(RENTALS_PER_PAGE)), *updated_since_option(query.updated_since))

        async def fetch(include: Options) -> list[Envelope]:
            return [await self._resources.page("rentals", (*options, *include), place.page)]

        reading = await self._rentals(fetch)
        items, odd = await self._listings(reading)
        gone = _gone(reading, items, place, query.updated_since)
        return self._page(reading, items, odd, place, groups=1, deleted=gone)

    async def listings(self, ids: Sequence[str]) -> Batch[Listing]:
        async def read(chunk: Sequence[str]) -> Piece[Listing]:
            options = (("per_page", str(RENTALS_PER_PAGE)),)
            reading = await self._rentals(
                lambda include: self._resources.by_ids("rentals", chunk, (*options, *include))
            )
            items, odd = await self._listings(reading)
            return _piece(items, odd, chunk, reading)

        return await in_chunks(_readable(ids), RENTALS_PER_PAGE, read, self._now)

    async def _rentals(self, read: Fetch) -> Reading:
        """Rentals with their parts, less what is switched off."""
        if self._sparse is None:
            self._sparse = SparseRentals(self.fields_off)
        sparse = self._sparse
        parts = wanted_parts(RENTAL_PARTS, self.fields_off)
        return await self._parts.read(lambda include: sparse.read(read, include), parts)

    async def reservation_page(self, query: ReservationQuery, position: str | None) -> Page[Reservation]:
        """``deleted`` is told by deltas of one page: longer ones may list the same bookings on a later page."""
        place = Position.read(position)
        groups: list[Sequence[str]] = [()]
        if query.listing_ids is not None:
            groups = chunks(_readable(query.listing_ids), RECORDS_PER_PAGE)
        if place.group >= len(groups):
            return self._no_page()
        reading = await self._bookings.page(query, groups[place.group], place.page)
        if reading is None:
            return self._no_page()
        items, odd = await self._reservations(reading)
        gone = _gone(reading, items, place, query.updated_since)
        if len(groups) > 1 or place.page > 1 or reading.envelopes[0].next_page is not None:
            gone = None
        elif gone and len(gone) <= RECORDS_PER_PAGE:
            cancelled = await self._still_there(gone, query)
            items += cancelled
            gone = [each for each in gone if each not in {item.provider_id for item in cancelled}]
        return self._page(reading, items, odd, place, groups=len(groups), deleted=gone)

    async def _still_there(self, ids: Sequence[str], query: ReservationQuery) -> list[Reservation]:
        """Those of ``ids`` that were cancelled and not deleted, as far as ``query`` asks for their listings.

        Whether a delta lists cancelled bookings or only names them among the deleted ids is not documented.
        """
        reading = await self._bookings.by_ids(ids)
        items = (await self._reservations(reading))[0] if reading is not None else []
        wanted = query.listing_ids
        return [each for each in items if wanted is None or each.listing_id in wanted]

    async def reservations(self, ids: Sequence[str]) -> Batch[Reservation]:
        async def read(chunk: Sequence[str]) -> Piece[Reservation]:
            reading = await self._bookings.by_ids(chunk)
            if reading is None:
                return Piece()
            items, odd = await self._reservations(reading)
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
            items, odd = await self._reservations(reading)
            for each in {item.provider_id: item for item in items}.values():
                if each.listing_id in found:
                    found[each.listing_id].append(each)
            return Piece(found=found, received_at=reading.received_at, odd=dict.fromkeys(chunk, odd) if odd else {})

        return await in_chunks(_readable(listing_ids), RECORDS_PER_PAGE, read, self._now)

    async def calendars(self, listing_ids: Sequence[str], days: Days, *, reservations: bool = False) -> Batch[Calendar]:
        """One call for fifty listings; ``reservations`` take the pages of bookings of a hundred more."""
        ids = _readable(listing_ids)
        reading = in_chunks(ids, RENTALS_PER_PAGE, lambda chunk: self._calendars.read(chunk, days), self._now)
        if not reservations:
            return await reading
        found, stays = await gather(reading, self.reservations_by_listing(ids, holding(days)))
        return with_stays(found, stays)

    async def quotes(self, requests: Sequence[QuoteRequest]) -> Batch[PriceDetails]:
        return await self._searches.quotes(requests)

    async def free_listings(self, query: AvailabilityQuery) -> Page[FreeListing]:
        return await self._searches.free(query)

    async def provider_accounts(self, updated_since: datetime | None) -> Page[ProviderAccount]:
        """Of a token of one account this is the one; of client credentials all that installed the application."""
        options = (*_RECORDS, *updated_since_option(updated_since))
        pages = await self._resources.walk("accounts", options, most=_MOST_ACCOUNT_PAGES)
        items, odd = _accounts(pages)
        listed = {item.provider_id for item in items}
        deleted = None if updated_since is None else pages[0].deleted
        return Page(
            items=items,
            next=None,
            total=len(items),
            fetched_at=min(page.received_at for page in pages),
            odd=odd,
            deleted=None if deleted is None else [each for each in deleted if each not in listed],
        )

    async def fees(self, listing_ids: Sequence[str]) -> Batch[list[ListingFee]]:
        return await in_chunks(_readable(listing_ids), RENTALS_PER_PAGE, self._settings.fees, self._now)

    async def taxes(self, listing_ids: Sequence[str]) -> Batch[list[ListingTax]]:
        """Taxes of rents and of fees: the account's lists of them, and the rentals for their fees."""
        ids = _readable(listing_ids)
        if not ids:
            return Batch(found={}, failed={}, fetched_at=self._now())
        rentals, applied = await gather(
            in_chunks(ids, RENTALS_PER_PAGE, self._settings.with_fees, self._now), self._settings.applied_taxes()
        )
        found = {key: listing_taxes(rental, applied) for key, rental in rentals.found.items()}
        return Batch(found=found, failed=rentals.failed, fetched_at=rentals.fetched_at)

    async def pricing_settings(self, listing_ids: Sequence[str]) -> Batch[PricingSettings]:
        return await in_chunks(_readable(listing_ids), RENTALS_PER_PAGE, self._settings.pricing, self._now)

    async def agreements(self, listing_ids: Sequence[str]) -> Batch[list[RentalAgreement]]:
        return await in_chunks(_readable(listing_ids), RENTALS_PER_PAGE, self._settings.agreements, self._now)

    async def cancellation_policies(self, channels: Collection[Channel]) -> Batch[list[CancellationPolicy]]:
        """Those of direct bookings: BookingSync has none of channels."""
        if channels and Channel.DIRECT not in channels:
            return Batch(found={}, failed={}, fetched_at=self._now())
        records, received_at = await self._settings.policies()
        policies = [cancellation_policy(each) for each in records]
        return Batch(found={Channel.DIRECT: policies}, failed={}, fetched_at=received_at or self._now())

    async def dictionary(self, kind: DictionaryKind) -> list[DictionaryEntry]:
        if kind is DictionaryKind.AMENITIES:
            return await self._amenities.dictionary()
        found = fixed_entries(kind)
        if found is None:
            raise NotSupported(f"BookingSync has no dictionary {kind.value}.", provider=self.provider)
        return found

    async def _visible_account(self) -> ProviderAccount:
        pages = await self._resources.walk("accounts", (), most=_MOST_ACCOUNT_PAGES)
        visible = {account.provider_id: account for account in _accounts(pages)[0]}
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

    async def _listings(self, reading: Reading) -> tuple[list[Listing], list[OddRecord]]:
        ours, foreign = self._ownership.ours(reading.records)
        words = self._amenities.words

        def parse(rows: Sequence[Any]) -> tuple[list[Listing], list[OddRecord]]:
            return parse_records(Rental, rows, lambda rental: listing(rental, words, self._account))

        items, odd = await parse_in_turns(parse, ours)
        return items, [*foreign, *odd]

    async def _reservations(self, reading: Reading) -> tuple[list[Reservation], list[OddRecord]]:
        read_at = reading.received_at or self._now()
        ours, foreign = self._ownership.ours(reading.records)

        def parse(rows: Sequence[Any]) -> tuple[list[Reservation], list[OddRecord]]:
            return parse_records(Booking, rows, lambda booking: reservation(booking, self._account, read_at))

        items, odd = await parse_in_turns(parse, ours)
        return items, [*foreign, *odd]

    def _page(
        self,
        reading: Reading,
        items: list[Any],
        odd: list[OddRecord],
        place: Position,
        groups: int,
        deleted: list[str] | None,
    ) -> Page[Any]:
        envelope = reading.envelopes[0]
        following = place.after(envelope.next_page, groups)
        return Page(
            items=items,
            next=None if following is None else str(following),
            total=None if groups > 1 or self._ownership.mixed else envelope.total,
            fetched_at=envelope.received_at,
            odd=odd,
            deleted=deleted,
        )

    def _no_page(self) -> Page[Reservation]:
        return Page(items=[], next=None, total=0, fetched_at=self._now())


def _accounts(pages: Sequence[Envelope]) -> tuple[list[ProviderAccount], list[OddRecord]]:
    return parse_records(Account, all_records(pages), provider_account)


def _gone(reading: Reading, items: Sequence[Any], place: Position, updated_since: datetime | None) -> list[str] | None:
    """The ids that a delta names as deleted, without those that it also lists: such records were cancelled.

    Each page of a delta repeats them; they are told with the first one, so that no later page takes back what an
    earlier one brought.
    """
    named = reading.envelopes[0].deleted
    if updated_since is None or named is None:
        return None
    if place.page > 1:
        return []
    listed = {item.provider_id for item in items}
    return [each for each in dict.fromkeys(named) if each not in listed]


def _piece(items: Sequence[Any], odd: Sequence[OddRecord], ids: Sequence[str], reading: Reading) -> Piece[Any]:
    return Piece(
        found={item.provider_id: item for item in items if item.provider_id in ids},
        failed=unreadable(odd, ids),
        received_at=reading.received_at,
    )


def _readable(ids: Sequence[str]) -> list[str]:
    """The ids that can exist, each once. BookingSync's are whole numbers: no other text is sent."""
    return [each for each in dict.fromkeys(ids) if is_id(each)]
