"""Accounts whose listings, free nights and searches are named by the test; every call is counted."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.keys import Viewer
from graph.gateway.availability import Search
from graph.gateway.collector import Collected
from graph.gateway.cursors import Cursors
from graph.gateway.free_stream import Available
from graph.gateway.gateway import Gateway, build_gateway
from graph.gateway.keeper import Keeper
from graph.gateway.operation import Operation
from graph.gateway.reading import Ages, Reading, weigh
from graph.gateway.store import Store
from providers.contract import ProviderClient
from providers.errors import NotSupported, ProviderError
from providers.manifest import AuthType
from providers.model import Calendar, CalendarDay, DayStatus, Listing, Money, PriceDetails, PriceSource
from providers.queries import (
    AvailabilityQuery,
    Batch,
    Days,
    FreeListing,
    ListingQuery,
    OddRecord,
    Page,
)
from providers.upstream.clock import Clock

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
STAY = AvailabilityQuery(arrival=date(2026, 12, 10), departure=date(2026, 12, 13), adults=2)


class StillClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing here waits")


@dataclass
class FakeClient(ProviderClient):
    """A PMS with calendars and without a search. ``taken`` are listings of which no night is free."""

    clock: Clock
    account_id: str
    records: dict[str, Listing] = field(default_factory=dict)
    taken: Collection[str] = ()
    days: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    failure: ProviderError | None = None
    page_size: int = 100
    calls: Counter[str] = field(default_factory=Counter)

    def has(self, *ids: str, **given: Any) -> "FakeClient":
        for id_ in ids:
            known: dict[str, Any] = {"provider": "HOSTAWAY", "account_id": self.account_id, "name": f"House {id_}"}
            self.records[id_] = Listing(**(known | given), provider_id=id_)
        return self

    def called(self, name: str) -> None:
        self.calls[name] += 1
        if self.failure is not None:
            raise self.failure

    async def listing_page(self, query: ListingQuery, position: str | None) -> Page[Listing]:
        self.called("page")
        start = int(position or 0)
        items = list(self.records.values())[start : start + self.page_size]
        end = start + len(items)
        return Page(
            items=items, next=str(end) if end < len(self.records) else None, total=None, fetched_at=self.clock.now()
        )

    async def listings(self, ids: Sequence[str]) -> Batch[Listing]:
        self.called("batch")
        found = {id_: self.records[id_] for id_ in ids if id_ in self.records}
        return Batch(found=found, fetched_at=self.clock.now(), failed={})

    async def calendars(self, listing_ids: Sequence[str], days: Days, *, reservations: bool = False) -> Batch[Calendar]:
        self.called("calendars")
        self.calls["calendar listings"] += len(listing_ids)
        found = {id_: self._calendar(id_, days) for id_ in listing_ids}
        return Batch(found=found, fetched_at=self.clock.now(), failed={})

    def _calendar(self, id_: str, days: Days) -> Calendar:
        rules = self.days.get(id_, {})
        free = id_ not in self.taken
        rows = [
            CalendarDay(
                **{
                    "date": day,
                    "status": DayStatus.AVAILABLE if free else DayStatus.RESERVED,
                    "available": free,
                    **rules.get(str(day), {}),
                }
            )
            for day in days
        ]
        return Calendar(
            provider="HOSTAWAY", account_id=self.account_id, listing_id=id_, start=days.start, end=days.end, days=rows
        )


@dataclass
class SearchClient(FakeClient):
    """A PMS with a search, which may bring listings and prices along."""

    brings_listings: bool = False
    brings_prices: bool = False
    closed: bool = False
    odd: Sequence[OddRecord] = ()

    async def free_listings(self, query: AvailabilityQuery) -> Page[FreeListing]:
        self.called("search")
        if self.closed:
            raise NotSupported("The search is not for these credentials.")
        items = [self._free(each, query) for id_, each in self.records.items() if id_ not in self.taken]
        return Page(items=items, next=None, total=len(items), fetched_at=self.clock.now(), odd=self.odd)

    def _free(self, listing: Listing, query: AvailabilityQuery) -> FreeListing:
        return FreeListing(
            listing_id=listing.provider_id,
            listing=listing if self.brings_listings else None,
            price=_price(listing, query) if self.brings_prices else None,
        )


def _price(listing: Listing, query: AvailabilityQuery) -> PriceDetails:
    return PriceDetails(
        provider=listing.provider,
        account_id=listing.account_id,
        listing_id=listing.provider_id,
        arrival=query.arrival,
        departure=query.departure,
        nights=(query.departure - query.arrival).days,
        adults=query.adults,
        children=query.children,
        total=Money(amount=Decimal(300), currency="EUR"),
        components=[],
        source=PriceSource.PMS,
        quoted_at=NOW,
    )


class FreeWorld:
    """A gateway over fake accounts."""

    def __init__(self) -> None:
        self.clock = StillClock()
        self.clients: dict[str, FakeClient] = {}
        self.accounts: list[ConnectedAccount] = []
        reading = Reading(
            accounts=self,  # type: ignore[arg-type]  # only `list` is used
            connections=self,  # type: ignore[arg-type]  # only `client` is used
            keeper=Keeper(Store(100_000), self.clock, weigh),
            ages=Ages(),
            clock=self.clock,
        )
        self.gateway: Gateway = build_gateway(reading, Cursors(b"k" * 32))

    def searching(self, name: str, **given: Any) -> SearchClient:
        return self._add(SearchClient(self.clock, name, **given))

    def reading_calendars(self, name: str, **given: Any) -> FakeClient:
        return self._add(FakeClient(self.clock, name, **given))

    def _add(self, client: Any) -> Any:
        name = client.account_id
        self.clients[name] = client
        self.accounts.append(
            ConnectedAccount(name, "tenant", "HOSTAWAY", name, AuthType.API_KEY, NOW, NOW, "1"),
        )
        return client

    async def client(self, account: ConnectedAccount) -> ProviderClient:
        return self.clients[account.id]

    async def list(self, tenant: str) -> Sequence[ConnectedAccount]:
        assert tenant == "tenant"
        return self.accounts

    def operation(self) -> Operation:
        return Operation(viewer=Viewer(key_id="key", tenant_id="tenant"), started_at=self.clock.now())

    async def page(
        self,
        first: int = 50,
        after: str | None = None,
        *,
        stay: AvailabilityQuery = STAY,
        listings: ListingQuery = ListingQuery(),  # noqa: B008  # frozen
        **given: Any,
    ) -> Collected[Available]:
        search = Search(stay=stay, listings=listings, first=first, after=after, **given)
        return await self.gateway.availability.page(self.operation(), self.accounts, search)

    async def walk(self, first: int, **given: Any) -> Sequence[str]:
        """The ids of everything found, page by page."""
        found: Sequence[str] = []
        after = None
        for _ in range(500):
            page = await self.page(first, after, **given)
            found = [*found, *ids(page)]
            after = page.end_cursor()
            if not page.has_next:
                return found
        raise AssertionError("the walk does not end")

    def later(self, seconds: float) -> None:
        self.clock.at += timedelta(seconds=seconds)


def ids(page: Collected[Available]) -> Sequence[str]:
    """The ids, in the PMS, of what a page holds."""
    return [each.record.listing.provider_id for each in page.taken]
