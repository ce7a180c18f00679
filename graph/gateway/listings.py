"""Listings, over all accounts of a tenant."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.applied import applied_by
from graph.gateway.collector import Collected, Collector, Request
from graph.gateway.cursors import Cursors
from graph.gateway.dictionaries import Dictionaries
from graph.gateway.filters import (
    decided_by,
    is_exact,
    keeps_listing,
    native_listing_query,
    nothing_fits,
    refusal,
    told_by_records,
    whenever_changed,
)
from graph.gateway.kinds import Kind
from graph.gateway.operation import Operation
from graph.gateway.ordering import listing_ordering
from graph.gateway.property_types import Worded, worded
from graph.gateway.reading import Outcome, Reading
from graph.gateway.refs import Ref
from graph.gateway.switched import listing_page, listings_by_id, unused_filters, usable_orders
from graph.gateway.terms import changed, terms_of
from providers.catalogue import plugin
from providers.manifest import Manifest
from providers.model import Listing
from providers.queries import ListingOrderField, ListingQuery, OrderDirection


def _manifest(account: ConnectedAccount) -> Manifest:
    return plugin(account.provider).manifest


def _orders(account: ConnectedAccount) -> frozenset[str]:
    return usable_orders(_manifest(account).listing_orders, account.fields_off)


LISTINGS: Kind[Listing, ListingQuery] = Kind(
    what="listings",
    entity="listing",
    page=listing_page,
    whole_query=ListingQuery(),
    native=lambda query, account: native_listing_query(query, _manifest(account).listing_filters, _orders(account)),
    exact=lambda query, account: is_exact(query, _manifest(account).listing_filters),
    ordered=lambda query, account: query.order in _orders(account),
    page_size=lambda account: _manifest(account).listing_page_size,
    keeps=keeps_listing,
    ordering=listing_ordering,
    local=told_by_records,
    decided=decided_by,
    base=whenever_changed,
    nothing_fits=lambda query, account: (
        nothing_fits(query, _manifest(account), _manifest(account).untold_listing_filters)
        or unused_filters(query, account.fields_off)
    ),
    refusal=lambda query, account: refusal(
        query, _manifest(account), _manifest(account).listing_filters, _orders(account)
    ),
    applied=lambda query, account: applied_by(query, _manifest(account).listing_filters, _orders(account)),
    unordered=lambda query: replace(query, order=ListingOrderField.PROVIDER, direction=OrderDirection.ASC),
    changes=lambda instant, account: LISTINGS.native(
        ListingQuery(updated_since=instant, order=ListingOrderField.UPDATED, direction=OrderDirection.DESC), account
    ),
    tells_changes=lambda account: "updated_since" in _manifest(account).listing_filters,
)


class Listings:
    """Reads listings by page and by id."""

    def __init__(self, reading: Reading, cursors: Cursors) -> None:
        self._reading = reading
        self._dictionaries = Dictionaries(reading)
        self._collector = Collector(reading, cursors, LISTINGS)

    async def page(
        self,
        operation: Operation,
        accounts: Sequence[ConnectedAccount],
        query: ListingQuery,
        *,
        first: int,
        after: str | None = None,
        max_age: int | None = None,
        count: bool = False,
    ) -> Collected[Listing]:
        """A page of the listings of ``accounts``, priced by their terms. Raises ``CursorError``."""
        in_words = await self.worded(operation, accounts, query, max_age)
        page = await self._collector.collect(
            Request(
                queries=in_words.queries,
                # Not in the words of a dictionary, which may fail or change between two pages.
                asked=query,
                failures=in_words.failures,
                accounts=accounts,
                order=query,
                first=first,
                after=after,
                freshness=self._reading.freshness(operation, self._reading.ages.listing, max_age),
                scope=operation.tenant_id,
                count=count,
            )
        )
        terms = {account.id: terms_of(account, operation) for account in accounts}
        return page.changed({id_: each.listing for id_, each in terms.items() if not each.change_nothing})

    async def worded(
        self, operation: Operation, accounts: Sequence[ConnectedAccount], query: ListingQuery, max_age: int | None
    ) -> Worded:
        """``query`` in the words of each account's PMS: see ``property_types``."""
        return await worded(self._dictionaries, operation, accounts, query, max_age)

    async def by_id(self, operation: Operation, refs: Sequence[Ref], max_age: int | None) -> dict[Ref, Outcome]:
        """Listings by id, priced by their accounts' terms. One that does not exist has the value None."""
        freshness = self._reading.freshness(operation, self._reading.ages.listing, max_age)

        async def read(account: ConnectedAccount, group: Sequence[Ref]) -> Mapping[Ref, Outcome]:
            terms = terms_of(account, operation)
            outcomes = await self._reading.records_of(account, group, LISTINGS.entity, freshness, listings_by_id)
            return {ref: changed(outcome, terms.listing) for ref, outcome in outcomes.items()}

        return await self._reading.by_account(operation, refs, lambda ref: ref.account_id, read)
