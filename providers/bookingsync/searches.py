"""Rentals search: the quotes of stays, and which rentals are free."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from providers.bookingsync.batches import Piece, chunks, joined, unreadable
from providers.bookingsync.computed_quotes import ComputedQuotes
from providers.bookingsync.envelope import Envelope, all_records
from providers.bookingsync.grants import Grants
from providers.bookingsync.manifest import RENTALS_PER_PAGE
from providers.bookingsync.ownership import Ownership
from providers.bookingsync.quotes import SEARCH, Stay, by_stay, price_details, search_options
from providers.bookingsync.resources import Resources, is_id
from providers.bookingsync.together import together
from providers.bookingsync.wire import Record, SearchResult
from providers.bookingsync.wishes import refusal
from providers.errors import NotFound, NotSupported, PermissionDenied, ProviderError
from providers.model import PriceDetails
from providers.queries import AvailabilityQuery, Batch, FreeListing, OddRecord, Page, QuoteRequest
from providers.wire import read_records

_MOST_PAGES = 200
_CLOSED = "BookingSync does not open its rentals search to this application."
Requests = Mapping[str, QuoteRequest]


class Searches:
    """The searches of one account."""

    def __init__(
        self,
        resources: Resources,
        ownership: Ownership,
        computed: ComputedQuotes,
        grants: Grants,
        account_id: str,
        now: Callable[[], datetime],
    ) -> None:
        self._resources = resources
        self._ownership = ownership
        self._computed = computed
        self._grants = grants
        self._account_id = account_id
        self._now = now

    async def quotes(self, requests: Sequence[QuoteRequest]) -> Batch[PriceDetails]:
        """One search for each distinct stay and party, of up to 50 rentals; wishes are added to its prices."""
        keyed = {str(index): request for index, request in enumerate(requests) if is_id(request.listing_id)}
        refused: dict[str, ProviderError] = {
            key: error for key, request in keyed.items() if (error := refusal(request)) is not None
        }
        asked = {key: request for key, request in keyed.items() if key not in refused}
        jobs = [
            self._quote(stay, {rental: wanted[rental] for rental in chunk}, asked)
            for stay, wanted in by_stay(asked).items()
            for chunk in chunks(list(wanted), RENTALS_PER_PAGE)
        ]
        return joined([Piece(failed=refused), *await together(jobs)], self._now)

    async def free(self, query: AvailabilityQuery) -> Page[FreeListing]:
        """One search of all rentals, fifty a call, with the price of the stay.

        Raises ``NotSupported`` where BookingSync does not serve its search to us, and for a while without a call.
        """
        if self._grants.was_refused(SEARCH):
            raise NotSupported(_CLOSED)
        stay = Stay(query.arrival, query.departure, query.adults, query.children)
        options = (*search_options(stay), ("guests", str(query.guests)))
        try:
            pages = await self._resources.walk(SEARCH, options, most=_MOST_PAGES)
        except (PermissionDenied, NotFound) as error:
            self._grants.refuse(SEARCH)
            raise NotSupported(_CLOSED, upstream_status=error.upstream_status) from error
        results, odd = _results(pages)
        sold = {each.id: each for each in results if each.final_price is not None}
        own = [key for chunk in chunks(list(sold), RENTALS_PER_PAGE) for key in await self._own_rentals(list(chunk))]
        read_at = min(page.received_at for page in pages)
        items = [
            FreeListing(listing_id=key, price=price_details(stay.request(key), sold[key], self._account_id, read_at))
            for key in own
        ]
        return Page(items=items, next=None, total=len(items), fetched_at=read_at, odd=odd)

    async def _quote(self, stay: Stay, wanted: Mapping[str, list[str]], requests: Requests) -> Piece[PriceDetails]:
        """The prices of one stay. ``wanted`` holds the keys of ``requests`` to answer, by rental."""
        try:
            ids = await self._own_rentals(list(wanted))
            if not ids:
                return Piece()
            asked = {key: requests[key] for rental in ids for key in wanted[rental]}
            return await self._priced(stay, ids, asked)
        except ProviderError as error:
            return Piece(failed={key: error for keys in wanted.values() for key in keys})

    async def _priced(self, stay: Stay, ids: Sequence[str], asked: Requests) -> Piece[PriceDetails]:
        """Quoted by BookingSync; only where it does not serve its search to us, computed."""
        if self._grants.was_refused(SEARCH):
            return await self._computed.prices(asked, instead_of=PermissionDenied(_CLOSED))
        try:
            pages = await self._resources.named(SEARCH, ids, search_options(stay, ids))
        except (PermissionDenied, NotFound) as error:
            if isinstance(error, PermissionDenied):  # "not found" may be said of the rentals
                self._grants.refuse(SEARCH)
            return await self._computed.prices(asked, instead_of=error)
        read_at = min(page.received_at for page in pages)
        results, odd = _results(pages)
        quoted = self._quoted(asked, results, unreadable(odd, ids), read_at)
        return await self._computed.with_wishes(quoted, asked)

    def _quoted(
        self,
        asked: Requests,
        results: Collection[SearchResult],
        broken: Mapping[str, ProviderError],
        read_at: datetime,
    ) -> Piece[PriceDetails]:
        by_rental = {result.id: result for result in results}
        return Piece(
            found={
                key: price_details(request, by_rental.get(request.listing_id), self._account_id, read_at)
                for key, request in asked.items()
                if request.listing_id not in broken
            },
            failed={key: broken[request.listing_id] for key, request in asked.items() if request.listing_id in broken},
            received_at=read_at,
        )

    async def _own_rentals(self, ids: list[str]) -> list[str]:
        """Those of ``ids`` that belong to the account. Search results do not name theirs, rentals do."""
        if not self._ownership.mixed or not ids:
            return ids
        pages = await self._resources.by_ids("rentals", ids, (("per_page", str(RENTALS_PER_PAGE)),))
        ours, _ = self._ownership.ours(all_records(pages))
        owned = {record.id for record in read_records(Record, ours)[0]}
        return [each for each in ids if each in owned]


def _results(pages: Sequence[Envelope]) -> tuple[list[SearchResult], list[OddRecord]]:
    return read_records(SearchResult, all_records(pages))
