"""Two ways to find an account's free listings: by the PMS's own search, and by calendars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.applied import ORDER, Applied, AppliedBy, argument_of, used_filters
from graph.gateway.calendars import Calendars, DaysOfListing
from graph.gateway.cursors import fingerprint
from graph.gateway.filters import keeps_listing
from graph.gateway.free_nights import days_to_read, fits_party, has_begun, is_free
from graph.gateway.free_stream import AvailabilityBasis, Available, Candidate, Candidates, Judged
from graph.gateway.keeper import Kept, Loaded
from graph.gateway.listings import Listings
from graph.gateway.operation import Freshness, Operation
from graph.gateway.ordering import Ordering, id_key
from graph.gateway.reading import Outcome, Reading, key_of
from graph.gateway.refs import Ref
from graph.gateway.reports import SourceStatus
from graph.gateway.shared_records import shared_price
from graph.gateway.store import Held, Key
from graph.gateway.switched import free_listings
from graph.gateway.terms import terms_of
from graph.gateway.visibility import Sight
from providers.errors import NotFound, NotSupported, ProviderError
from providers.model import Calendar, Listing, ListingStatus, PriceDetails
from providers.queries import AvailabilityQuery, FreeListing, ListingOrderField, ListingQuery, OddRecord, Page

T = TypeVar("T")

MAX_LISTINGS = 2_000
"""Listings of one account among which a search by calendars, or an order other than the PMS's, is given."""

MAX_CALENDARS = 200
"""Calendars of one account that one operation reads: with some PMSs each is a call."""

FEW_CALENDARS = 20
"""Calendars that are read together where the PMS does not bring more of them with one call."""


@dataclass(frozen=True, slots=True)
class Suiting:
    """Which listings suit, their free nights apart. ``now`` is aware UTC."""

    stay: AvailabilityQuery
    listings: ListingQuery
    now: datetime

    def suits(self, listing: Listing) -> bool:
        """Whether it is in use, fits the filter and may hold the party, and the day of arrival is not over there."""
        return (
            listing.status is not ListingStatus.ARCHIVED
            and keeps_listing(self.listings, listing)
            and fits_party(listing, self.stay) is not False
            and not has_begun(listing, self.stay.arrival, self.now)
        )

    def available(self, listing: Listing, basis: AvailabilityBasis, price: PriceDetails | None = None) -> Available:
        return Available(
            listing=listing, basis=basis, fits_party=fits_party(listing, self.stay), stay=self.stay, price=price
        )

    def applied(self) -> tuple[Applied, ...]:
        """The filters and the order, all of which are applied here."""
        names = [argument_of(name) for name in used_filters(self.listings)]
        order = [ORDER] if self.listings.order is not ListingOrderField.PROVIDER else []
        return tuple(Applied(name, AppliedBy.GATEWAY) for name in [*names, *order])


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Generic[T]):
    """What single reads told, by the listing's id in the PMS: what does not exist is left out."""

    found: Mapping[str, T]
    fetched_at: datetime
    stale: ProviderError | None
    odd: Sequence[OddRecord]


def told(outcomes: Mapping[str, Outcome]) -> Told[Any]:
    """The outcomes of reads. One that failed is odd; if all did, that is the failure of the account, and raised."""
    kept = {id_: outcome for id_, outcome in outcomes.items() if isinstance(outcome, Kept)}
    failed = {
        id_: outcome
        for id_, outcome in outcomes.items()
        if isinstance(outcome, ProviderError) and not isinstance(outcome, NotFound)
    }
    if failed and not kept:
        raise next(iter(failed.values()))
    return Told(
        found={id_: each.value for id_, each in kept.items() if each.value is not None},
        fetched_at=min((each.fetched_at for each in kept.values()), default=datetime.max.replace(tzinfo=UTC)),
        stale=next((each.error for each in kept.values() if each.error), None),
        odd=[OddRecord(id_, error.message) for id_, error in failed.items()],
    )


@dataclass(frozen=True, slots=True)
class SearchFinder:
    """What the PMS's search told to be free (a page of ``FreeListing``); details come from the cache or one batch."""

    kept: Kept
    listings: Listings
    operation: Operation
    account: ConnectedAccount
    suiting: Suiting
    ordering: Ordering[Listing]
    max_age: int | None
    sight: Sight

    chunk = 50
    most = MAX_LISTINGS

    async def candidates(self) -> Candidates:
        page = self._shown(self.kept.value)
        if self.suiting.listings.order is ListingOrderField.PROVIDER:
            found = [self._by_id(each) for each in page.items]
            odd: Sequence[OddRecord] = ()
        else:
            found, odd = await self._ordered(page)
        return Candidates(
            found=_arranged(found, self.ordering),
            fetched_at=self.kept.fetched_at,
            stale=self.kept.error,
            odd=[*page.odd, *odd],
            applied=self.suiting.applied(),
        )

    async def judge(self, candidates: Sequence[Candidate]) -> Judged:
        details = await self._details([each.listing_id for each in candidates])
        terms = terms_of(self.account, self.operation)
        found = {}
        for each in candidates:
            listing = details.found.get(each.listing_id)
            if listing is not None and self.suiting.suits(listing):
                price = None if each.price is None else terms.price(each.price)
                found[each.listing_id] = self.suiting.available(listing, AvailabilityBasis.PMS_SEARCH, price)
        return Judged(found=found, fetched_at=details.fetched_at, stale=details.stale, odd=details.odd)

    def _shown(self, page: Page[FreeListing]) -> Page[FreeListing]:
        """What of the search's page the tenant may see: of another tenant's account, what it imported."""
        items = [each for each in page.items if self.sight.shows(Ref(self.account.id, each.listing_id))]
        if not self.account.imported:
            return replace(page, items=items)
        priced = [replace(each, price=shared_price(each.price) if each.price else None) for each in items]
        return replace(page, items=priced, odd=())

    def _by_id(self, free: FreeListing) -> Candidate:
        key = (None, id_key(self.account.id, free.listing_id))
        return Candidate(key=key, listing_id=free.listing_id, price=free.price)

    async def _ordered(self, page: Page[FreeListing]) -> tuple[list[Candidate], Sequence[OddRecord]]:
        """What was found with the keys of an order that only the listings' details tell."""
        if not page.items:
            return [], ()
        if len(page.items) > MAX_LISTINGS:
            raise NotSupported(
                f"The account has {len(page.items)} free listings, too many to order: leave the order out."
            )
        details = await self._details([each.listing_id for each in page.items])
        found = [
            Candidate(key=self.ordering.key(listing), listing_id=each.listing_id, price=each.price)
            for each in page.items
            if (listing := details.found.get(each.listing_id)) is not None
        ]
        return found, details.odd

    async def _details(self, ids: Sequence[str]) -> "Told[Listing]":
        refs = {Ref(self.account.id, id_): id_ for id_ in ids}
        outcomes = await self.listings.by_id(self.operation, list(refs), self.max_age)
        return told({refs[ref]: outcome for ref, outcome in outcomes.items()})


async def searched(reading: Reading, account: ConnectedAccount, stay: AvailabilityQuery, freshness: Freshness) -> Kept:
    """The page of the PMS's own search. Raises ``NotSupported`` where it is not, or not any more, open to us."""
    key = key_of(account, "free-listings", fingerprint(stay))

    async def load(_: Sequence[Key]) -> Loaded:
        client = await reading.client(account)
        page = await free_listings(client, stay)
        await reading.saw(account.id, [each.listing_id for each in page.items])
        known = {
            key_of(account, "listing", each.listing_id): Held(each.listing, page.fetched_at)
            for each in page.items
            if each.listing is not None
        }
        return {**known, key: Held(page, page.fetched_at)}

    outcome = (await reading.keeper.many([key], freshness, load))[key]
    if isinstance(outcome, ProviderError):
        raise outcome
    if isinstance(outcome.error, NotSupported):
        raise outcome.error
    return outcome


@dataclass(frozen=True, slots=True)
class CalendarFinder:
    """Reads the account's listings, and the calendars of those that suit, ``chunk`` at a time."""

    listings: Listings
    calendars: Calendars
    operation: Operation
    account: ConnectedAccount
    suiting: Suiting
    ordering: Ordering[Listing]
    max_age: int | None
    chunk: int

    most = MAX_CALENDARS

    async def candidates(self) -> Candidates:
        query = replace(self.suiting.listings, order=ListingOrderField.PROVIDER)
        page = await self.listings.page(self.operation, [self.account], query, first=MAX_LISTINGS, max_age=self.max_age)
        (source,) = page.sources
        if source.status is SourceStatus.FAILED and source.error:
            raise source.error
        if page.has_next:
            raise NotSupported("The account has too many listings to search by their calendars: narrow the filter.")
        found = [
            Candidate(key=self.ordering.key(each.record), listing_id=each.record.provider_id, listing=each.record)
            for each in page.taken
            if self.suiting.suits(each.record)
        ]
        return Candidates(
            found=_arranged(found, self.ordering),
            fetched_at=source.fetched_at or self.suiting.now,
            stale=source.error,
            odd=source.odd,
            applied=(*source.applied, *(each for each in self.suiting.applied() if each.argument == ORDER)),
        )

    async def judge(self, candidates: Sequence[Candidate]) -> Judged:
        days = days_to_read(self.suiting.stay)
        wanted = {DaysOfListing(Ref(self.account.id, each.listing_id), days): each.listing_id for each in candidates}
        outcomes = await self.calendars.read(self.operation, list(wanted), self.max_age)
        calendars: Told[Calendar] = told({wanted[key]: outcome for key, outcome in outcomes.items()})
        found = {}
        for each in candidates:
            calendar = calendars.found.get(each.listing_id)
            if each.listing and calendar and is_free(each.listing, calendar.days, self.suiting.stay):
                found[each.listing_id] = self.suiting.available(each.listing, AvailabilityBasis.CALENDAR)
        return Judged(found=found, fetched_at=calendars.fetched_at, stale=calendars.stale, odd=calendars.odd)


def _arranged(found: Sequence[Candidate], ordering: Ordering[Listing]) -> list[Candidate]:
    by_keys: Ordering[Candidate] = Ordering(key=lambda each: each.key, descending=ordering.descending)
    return by_keys.arranged(found)
