"""Listings, over all accounts of a tenant."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.approvals import Decisions, ListingApproval
from graph.accounts.imports import ImportedAccount, seen_by_importer
from graph.gateway.applied import applied_by, argument_of, used_filters
from graph.gateway.collector import Collected, Collector, Request
from graph.gateway.cursors import Cursors
from graph.gateway.dictionaries import Dictionaries
from graph.gateway.filters import (
    PMS_ONLY_FILTERS,
    decided_by,
    is_exact,
    keeps_listing,
    native_listing_query,
    nothing_fits,
    refusal,
    told_by_records,
    whenever_changed,
)
from graph.gateway.imported_listings import ImportedListings
from graph.gateway.keeper import Kept
from graph.gateway.kinds import Kind
from graph.gateway.operation import Operation
from graph.gateway.ordering import listing_ordering
from graph.gateway.property_types import Worded, worded
from graph.gateway.reading import Outcome, Reading
from graph.gateway.refs import Ref
from graph.gateway.reports import SourceStatus
from graph.gateway.shared_records import shared_listing
from graph.gateway.switched import listing_page, listings_by_id, unused_filters, usable_orders
from graph.gateway.terms import changed, terms_of
from providers.catalogue import plugin
from providers.contract import ProviderClient
from providers.manifest import Manifest
from providers.model import Listing
from providers.queries import Batch, ListingOrderField, ListingQuery, OrderDirection, Page


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
    by_id=listings_by_id,
)


DECIDED = frozenset({ListingApproval.APPROVED})
"""What is listed unless something else is asked for."""

WALK = 500
"""Listings of a page, where an account is walked to its end."""


class Listings:
    """Reads listings by page and by id."""

    def __init__(self, reading: Reading, cursors: Cursors) -> None:
        self._reading = reading
        self._dictionaries = Dictionaries(reading)
        self._collector = Collector(reading, cursors, replace(LISTINGS, page=self._page))
        self._imported = ImportedListings(reading, self._collector.holdings, self._batch)

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
        approval: frozenset[ListingApproval] = DECIDED,
    ) -> Collected[Listing]:
        """A page of the listings of ``accounts``, priced by their terms, in one of the states ``approval``.

        Raises ``CursorError``.
        """
        in_words = await self.worded(operation, accounts, query, max_age)
        freshness = self._reading.freshness(operation, self._reading.ages.listing, max_age)
        imported = [account for account in accounts if isinstance(account, ImportedAccount)]
        asking = await self._decisions(operation, accounts)
        page = await self._collector.collect(
            Request(
                queries=in_words.queries,
                # Not in the words of a dictionary, which may fail or change between two pages.
                asked=(query, approval),
                failures=in_words.failures,
                accounts=accounts,
                order=query,
                first=first,
                after=after,
                freshness=freshness,
                scope=operation.tenant_id,
                count=count,
                shows={id_: _in_state(decisions, approval) for id_, decisions in asking.items()},
                given={account.id: self._imported.reader(account, freshness) for account in imported},
                nothing_shown=_nothing_shown([each for each in accounts if each.id not in asking], query, approval),
            )
        )
        terms = {account.id: terms_of(account, operation) for account in accounts}
        return page.changed({id_: each.listing for id_, each in terms.items() if not each.change_nothing})

    async def offered(
        self,
        operation: Operation,
        offers: Mapping[str, tuple[ConnectedAccount, Decisions | None]],
        query: ListingQuery,
        *,
        text: str | None,
        first: int,
        after: str | None,
    ) -> Collected[Listing]:
        """A page of what other tenants offer: approved listings of these accounts. Raises ``CursorError``.

        ``text`` is sought in names alone; ``query`` has no filter on what importers do not see.
        """
        accounts = [account for account, _ in offers.values()]

        named = text.casefold() if text else ""

        def shows(decisions: Decisions | None) -> Callable[[Listing], bool]:
            return lambda each: (
                (decisions is None or each.provider_id in decisions.approved) and named in (each.name or "").casefold()
            )

        return await self._collector.collect(
            Request(
                queries={account.id: query for account in accounts},
                asked=("offered", query, text),
                accounts=[seen_by_importer(account, frozenset()) for account in accounts],
                order=query,
                first=first,
                after=after,
                freshness=self._reading.freshness(operation, self._reading.ages.listing, None),
                scope=operation.tenant_id,
                count=False,
                shows={id_: shows(decisions) for id_, (_, decisions) in offers.items()},
            )
        )

    async def worded(
        self, operation: Operation, accounts: Sequence[ConnectedAccount], query: ListingQuery, max_age: int | None
    ) -> Worded:
        """``query`` in the words of each account's PMS: see ``property_types``."""
        return await worded(self._dictionaries, operation, accounts, query, max_age)

    async def by_id(self, operation: Operation, refs: Sequence[Ref], max_age: int | None) -> dict[Ref, Outcome]:
        """Listings by id, priced by their accounts' terms.

        One that does not exist, or that the tenant does not see, has the value None.
        """
        freshness = self._reading.freshness(operation, self._reading.ages.listing, max_age)
        sight = await self._reading.sight(operation)
        # What was never seen is read, so that it is written down.
        asked = [ref for ref in refs if sight.shows(ref) or sight.is_new(ref)]

        async def read(account: ConnectedAccount, group: Sequence[Ref]) -> Mapping[Ref, Outcome]:
            outcomes = await self._reading.records_of(account, group, LISTINGS.entity, freshness, self._batch)
            seen = shared_listing if account.imported else terms_of(account, operation).listing
            return {ref: changed(outcome, seen) for ref, outcome in outcomes.items()}

        outcomes = await self._reading.by_account(
            operation, asked, lambda ref: ref.account_id, read, accounts=sight.readable
        )
        unseen = Kept(None, self._reading.clock.now())
        return {ref: outcomes[ref] if ref in outcomes and sight.shows(ref) else unseen for ref in refs}

    async def whatever_decided(
        self, operation: Operation, account: ConnectedAccount, refs: Sequence[Ref]
    ) -> dict[Ref, Outcome]:
        """Listings of an account by id, hidden ones too: for those who decide about them."""
        freshness = self._reading.freshness(operation, self._reading.ages.listing, None)
        return await self._reading.records(
            operation, refs, LISTINGS.entity, freshness, self._batch, accounts={account.id: account}
        )

    async def ids_of(self, operation: Operation, account: ConnectedAccount) -> Sequence[str]:
        """The ids of all listings of an own account, those that cannot be understood too, where they have one.

        Raises ``ProviderError``.
        """
        found: list[str] = []
        after: str | None = None
        while True:
            every = frozenset(ListingApproval)
            page = await self.page(operation, [account], ListingQuery(), first=WALK, after=after, approval=every)
            (source,) = page.sources
            if source.status is SourceStatus.FAILED and source.error is not None:
                raise source.error
            found += [each.record.provider_id for each in page.taken]
            found += [each.id for each in source.odd if each.id is not None]
            if not page.has_next:
                return found
            after = page.end_cursor()

    async def _decisions(self, operation: Operation, accounts: Sequence[ConnectedAccount]) -> Mapping[str, Decisions]:
        """The decisions about own accounts that ask for approval as they are now: what a page sees first is pending."""
        if not any(each.require_listing_approval and not each.imported for each in accounts):
            return {}
        decisions = (await self._reading.sight(operation)).decisions
        return {each.id: decisions[each.id] for each in accounts if each.id in decisions}

    async def _page(self, client: ProviderClient, query: ListingQuery, position: str | None) -> Page[Listing]:
        page = await listing_page(client, query, position)
        await self._note(page.items)
        return page

    async def _batch(self, client: ProviderClient, ids: Sequence[str]) -> Batch[Listing]:
        batch = await listings_by_id(client, ids)
        await self._note(batch.found.values())
        return batch

    async def _note(self, listings: Collection[Listing]) -> None:
        for account_id in {each.account_id for each in listings}:
            await self._reading.saw(account_id, [each.provider_id for each in listings])


def _in_state(decisions: Decisions, approval: frozenset[ListingApproval]) -> Callable[[Listing], bool]:
    return lambda listing: decisions.of(listing.provider_id) in approval


def _nothing_shown(
    accounts: Sequence[ConnectedAccount], query: ListingQuery, approval: frozenset[ListingApproval]
) -> dict[str, str]:
    """Why accounts that do not ask for approval have nothing to show, for people."""
    if ListingApproval.APPROVED not in approval:
        return {account.id: "All its listings are approved, without being asked for." for account in accounts}
    named = [argument_of(name) for name in used_filters(query) if name in PMS_ONLY_FILTERS]
    if not named:
        return {}
    reason = f"Imported listings tell nothing of {' and '.join(named)}, so none of them fit."
    return {account.id: reason for account in accounts if account.imported}
