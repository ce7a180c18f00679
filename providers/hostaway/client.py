"""The reads of one Hostaway account; its writes come from classes of their own."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from providers.contract import Session
from providers.errors import UpstreamInvalid
from providers.hostaway.availability import LastDay, free_rows
from providers.hostaway.by_listing import reservations_of
from providers.hostaway.calendar import build_calendar, calendar_parameters, pieces
from providers.hostaway.calendar_writes import CalendarWrites
from providers.hostaway.fanning import Fan
from providers.hostaway.intervals import IntervalEnd
from providers.hostaway.listing_names import RAW_LISTING_NAMES, completed
from providers.hostaway.listing_writes import ListingWrites
from providers.hostaway.listings import build_listing, listing_parameters, no_listing_fits
from providers.hostaway.manifest import QUOTE
from providers.hostaway.paging import Position, Query, Walk, is_id, read_page
from providers.hostaway.part_writes import PartWrites
from providers.hostaway.picking import pages_of, pick
from providers.hostaway.policy_writes import PolicyWrites
from providers.hostaway.pricing import Pricing
from providers.hostaway.reading import LISTINGS, RESERVATIONS
from providers.hostaway.reservation_filters import (
    EVERY_FIELD,
    STEADY_ORDER,
    is_counted_exactly,
    no_reservation_fits,
    reservation_order,
    reservation_parameters,
)
from providers.hostaway.reservation_writes import ReservationWrites
from providers.hostaway.reservations import build_reservation
from providers.hostaway.webhook_subscriptions import WebhookSubscriptions
from providers.hostaway.wire import WireListing, WireReservation
from providers.model import NOTHING_OFF, Calendar, Listing, PriceDetails, ProviderAccount, Reservation
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
from providers.wire import OddValue, parse_in_turns, parse_records
from providers.wire.records import RECORDS_AT_ONCE
from providers.wire.values import read_id

T = TypeVar("T")
Parse = Callable[[Sequence[Any]], tuple[list[T], list[OddRecord]]]

_EVERY_RESERVATION = reservation_parameters(ReservationQuery())
_NO_FILTERS = {*dict(completed(NOTHING_OFF)), "sortOrder"}


class HostawayClient(ReservationWrites, CalendarWrites, ListingWrites, PartWrites, PolicyWrites, WebhookSubscriptions):
    """Hostaway's Public API v1. Calls: one a page, one a calendar year of a listing, one a quote."""

    one_call_a_quote = True
    quote_charge = QUOTE
    quote_needs_currency = True
    raw_listing_names = RAW_LISTING_NAMES

    def __init__(
        self,
        session: Session,
        hostaway_account_id: str | None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(session, now)
        self._hostaway_account_id = hostaway_account_id
        self._last_day = LastDay()
        self._interval_end = IntervalEnd()
        self._listing_count: int | None = None
        self._reservation_count: int | None = None

    async def check(self) -> None:
        """One listing is asked for: the smallest call that every account may make."""
        await self._reader.rows(LISTINGS)((("limit", "1"), ("offset", "0")))

    async def account(self) -> ProviderAccount:
        """Hostaway has no account record: there is only the account's number, which users carry, too."""
        known = self._hostaway_account_id
        if known is None:
            known = self._hostaway_account_id = await self._account_of_users()
        return ProviderAccount(provider_id=known)

    async def _account_of_users(self) -> str:
        found = await self._reader.rows("/v1/users")(())
        for user in found.rows:
            try:
                account = read_id(user.get("accountId")) if isinstance(user, dict) else None
            except OddValue:
                continue
            if account is not None:
                return account
        with self._reader.signing():
            raise UpstreamInvalid("Hostaway's users do not name their account.")

    async def listing_page(self, query: ListingQuery, position: str | None) -> Page[Listing]:
        """One call. By offset: the only way that listings have. No total where the PMS counts more than asked for."""
        if no_listing_fits(query):
            return self._empty_page()
        filters = listing_parameters(query, self.fields_off)
        page = await self._page(LISTINGS, filters, position, self._parse_listings, cursor=False)
        if query.updated_since is not None or query.updated_until is not None:
            page.total = None
        elif page.total is not None and _NO_FILTERS.issuperset(dict(filters)):
            self._listing_count = page.total
        return page

    async def listings(self, ids: Sequence[str]) -> Batch[Listing]:
        """One call for one; else pages of everything and single reads, mixed so that the calls are few."""
        wanted = [each for each in ids if is_id(each)]
        count = self._listing_count
        by_pages = len(set(wanted)) > (1 if count is None else pages_of(count))
        complete = completed(self.fields_off)
        walk = Walk(self._reader.rows(LISTINGS), complete, cursor=False) if by_pages else None
        with self._reader.signing():
            picked = await pick(wanted, walk, self._single(LISTINGS, complete))
        if walk is not None:
            self._listing_count = walk.total
        return await self._parsed(picked, self._parse_listings)

    async def reservation_page(self, query: ReservationQuery, position: str | None) -> Page[Reservation]:
        """One call, or two where the server does not know ``afterId``. Several listings are not filtered.

        The total is left out where the PMS counts more than was asked for.
        """
        if no_reservation_fits(query):
            return self._empty_page()
        ids = query.listing_ids
        filters = reservation_parameters(query)
        only = (("listingId", ids[0]),) if ids is not None and len(ids) == 1 else ()
        asked = (*filters, *only, *reservation_order(query))
        page = await self._page(RESERVATIONS, asked, position, self._parse_reservations, cursor=True)
        if not is_counted_exactly(query):
            page.counted, page.total = page.total, None
        elif filters == _EVERY_RESERVATION and not only and page.total is not None:
            self._reservation_count = page.total
        return page

    async def reservations(self, ids: Sequence[str]) -> Batch[Reservation]:
        """One call each, or pages of everything where the account is known to have fewer pages than ``ids``."""
        wanted = [each for each in ids if is_id(each)]
        count = self._reservation_count
        by_pages = count is not None and len(set(wanted)) > pages_of(count)
        steady = (*_EVERY_RESERVATION, STEADY_ORDER)
        walk = Walk(self._reader.rows(RESERVATIONS), steady, cursor=True) if by_pages else None
        with self._reader.signing():
            picked = await pick(wanted, walk, self._single(RESERVATIONS, EVERY_FIELD))
        return await self._parsed(picked, self._parse_reservations)

    async def reservations_by_listing(
        self, listing_ids: Sequence[str], query: ReservationQuery
    ) -> Batch[list[Reservation]]:
        """Pages of everything, or of each listing: see ``by_listing``."""
        wanted = [each for each in listing_ids if is_id(each)]
        filters = (*reservation_parameters(query), STEADY_ORDER)
        with self._reader.signing():
            group = await reservations_of(wanted, self._reader.rows(RESERVATIONS), filters)
        found: dict[str, list[Reservation]] = {each: [] for each in listing_ids if not is_id(each)}
        odd: dict[str, list[OddRecord]] = {}
        for listing_id, rows in group.found.items():
            items, strange = await parse_in_turns(self._parse_reservations, rows)
            found[listing_id] = list({item.provider_id: item for item in items}.values())
            if strange:
                odd[listing_id] = strange
        batch = self._batch(found, group.failed, group.oldest)
        batch.odd = odd
        return batch

    async def calendars(self, listing_ids: Sequence[str], days: Days, *, reservations: bool = False) -> Batch[Calendar]:
        """One call a listing for each 365 days: there is no calendar of several listings."""
        cut = tuple(pieces(days))

        async def one(key: tuple[str, Days]) -> tuple[list[Any], datetime]:
            listing_id, piece = key
            asked = calendar_parameters(piece, reservations=reservations)
            rows = await self._reader.rows(f"{LISTINGS}/{listing_id}/calendar")(asked)
            return rows.rows, rows.received_at

        fan: Fan[tuple[str, Days], list[Any]] = Fan()
        await fan.read(((each, piece) for each in listing_ids if is_id(each) for piece in cut), one)
        failed = {listing_id: error for (listing_id, _), error in fan.failed.items()}
        found: dict[str, Calendar] = {}
        for listing_id in dict.fromkeys(listing_ids):
            read = [fan.found[listing_id, piece] for piece in cut if (listing_id, piece) in fan.found]
            if len(read) == len(cut):
                rows = [row for each in read for row in each]
                found[listing_id] = await build_calendar(
                    rows, listing_id, self._account_id, days, reservations=reservations
                )
        return self._batch(found, failed, fan.oldest)

    async def quotes(self, requests: Sequence[QuoteRequest]) -> Batch[PriceDetails]:
        """One call for each distinct request, and those of ``Pricing``. A listing that does not exist has no entry."""
        fan = await Pricing(self._reader).quotes(requests)
        numbered = [(str(index), request) for index, request in enumerate(requests)]
        found = {index: fan.found[request] for index, request in numbered if request in fan.found}
        failed = {index: fan.failed[request] for index, request in numbered if request in fan.failed}
        return self._batch(found, failed, fan.oldest)

    async def free_listings(self, query: AvailabilityQuery) -> Page[FreeListing]:
        """One search, or two and some calendars: see ``availability``. The listings come along, prices do not."""

        async def sleeps_on(listing_id: str, night: date) -> tuple[bool | None, datetime]:
            batch = await self.calendars([listing_id], Days(night, night + timedelta(days=1)))
            for error in batch.failed.values():
                raise error
            days = batch.found[listing_id].days if listing_id in batch.found else ()
            return (days[0].available if days else None), batch.fetched_at

        with self._reader.signing():
            free = await free_rows(
                query, completed(self.fields_off), self._reader.rows(LISTINGS), sleeps_on, self._last_day
            )
        listings, odd = await parse_in_turns(self._parse_listings, free.rows)
        found = {each.provider_id: FreeListing(listing_id=each.provider_id, listing=each) for each in listings}
        return Page(
            items=list(found.values()), next=None, total=len(found), fetched_at=free.oldest or self._now(), odd=odd
        )

    def _empty_page(self) -> Page[Any]:
        """For filters that nothing at Hostaway can fit."""
        return Page(items=[], next=None, total=0, fetched_at=self._now())

    async def _page(self, path: str, filters: Query, position: str | None, parse: Parse[T], *, cursor: bool) -> Page[T]:
        with self._reader.signing():
            start = None if position is None else Position.parse(position)
            stretch = await read_page(self._reader.rows(path), filters, start, cursor=cursor)
        items, odd = await parse_in_turns(parse, stretch.rows)
        following = None if stretch.next is None else str(stretch.next)
        return Page(items=items, next=following, total=stretch.total, fetched_at=stretch.received_at, odd=odd)

    def _single(self, path: str, query: Query) -> Callable[[str], Any]:
        return lambda record_id: self._reader.record(path, record_id, query)

    async def _parsed(self, picked: Fan[str, Any], parse: Parse[T]) -> Batch[T]:
        """Raw records as unified ones; an odd record fails alone."""
        found: dict[str, T] = {}
        failed = dict(picked.failed)
        for place, (record_id, raw) in enumerate(picked.found.items(), start=1):
            items, odd = parse([raw])
            if place % RECORDS_AT_ONCE == 0:
                await asyncio.sleep(0)
            if items:
                found[record_id] = items[0]
            else:
                failed[record_id] = self._odd(odd[0])
        return self._batch(found, failed, picked.oldest)

    def _parse_listings(self, rows: Sequence[Any]) -> tuple[list[Listing], list[OddRecord]]:
        listings, odd = parse_records(WireListing, rows, lambda wire: build_listing(wire, self._account_id))
        self._currencies.update((each.provider_id, each.currency) for each in listings if each.currency)
        return listings, odd

    def _parse_reservations(self, rows: Sequence[Any]) -> tuple[list[Reservation], list[OddRecord]]:
        return parse_records(WireReservation, rows, lambda wire: build_reservation(wire, self._account_id))
