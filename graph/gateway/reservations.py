"""Reservations, over all accounts of a tenant, and of single listings."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.applied import ORDER, Applied, applied_by
from graph.gateway.collector import Collected, Collector, Request
from graph.gateway.cursors import Cursors, fingerprint
from graph.gateway.filters import (
    decided_by,
    is_exact,
    keeps_reservation,
    native_reservation_query,
    nothing_fits,
    refusal,
    told_by_records,
    whenever_changed,
)
from graph.gateway.held_values import ListingReservations
from graph.gateway.keeper import Kept, Loaded
from graph.gateway.kinds import Kind
from graph.gateway.operation import Freshness, Operation
from graph.gateway.ordering import reservation_ordering
from graph.gateway.reading import Outcome, Reading, key_of
from graph.gateway.refs import Ref
from graph.gateway.store import Held, Key
from providers.catalogue import plugin
from providers.errors import NotFound, ProviderError
from providers.manifest import Manifest
from providers.model import Reservation
from providers.queries import OrderDirection, ReservationOrderField, ReservationQuery


class OfListing(NamedTuple):
    """The reservations of one listing that fit a query."""

    listing: Ref
    query: ReservationQuery


def _manifest(account: ConnectedAccount) -> Manifest:
    return plugin(account.provider).manifest


RESERVATIONS: Kind[Reservation, ReservationQuery] = Kind(
    what="reservations",
    entity="reservation",
    page=lambda client, query, position: client.reservation_page(query, position),
    whole_query=ReservationQuery(),
    native=lambda query, account: native_reservation_query(
        query, _manifest(account).reservation_filters, _manifest(account).reservation_orders
    ),
    exact=lambda query, account: is_exact(query, _manifest(account).reservation_filters),
    ordered=lambda query, account: query.order in _manifest(account).reservation_orders,
    page_size=lambda account: _manifest(account).reservation_page_size,
    keeps=keeps_reservation,
    ordering=reservation_ordering,
    local=told_by_records,
    decided=decided_by,
    base=whenever_changed,
    nothing_fits=lambda query, account: nothing_fits(
        query, _manifest(account), _manifest(account).untold_reservation_filters
    ),
    refusal=lambda query, account: refusal(
        query, _manifest(account), _manifest(account).reservation_filters, _manifest(account).reservation_orders
    ),
    applied=lambda query, account: applied_by(
        query, _manifest(account).reservation_filters, _manifest(account).reservation_orders
    ),
    unordered=lambda query: replace(query, order=ReservationOrderField.PROVIDER, direction=OrderDirection.ASC),
    changes=lambda instant, account: RESERVATIONS.native(
        ReservationQuery(updated_since=instant, order=ReservationOrderField.UPDATED, direction=OrderDirection.DESC),
        account,
    ),
    tells_changes=lambda account: "updated_since" in _manifest(account).reservation_filters,
    by_id=lambda client, ids: client.reservations(ids),
)


class Reservations:
    """Reads reservations by page, by id and by listing."""

    def __init__(self, reading: Reading, cursors: Cursors) -> None:
        self._reading = reading
        self._collector = Collector(reading, cursors, RESERVATIONS)

    async def page(
        self,
        operation: Operation,
        queries: Mapping[ConnectedAccount, ReservationQuery],
        *,
        first: int,
        after: str | None = None,
        max_age: int | None = None,
        count: bool = False,
    ) -> Collected[Reservation]:
        """A page of the reservations of the accounts, each under its query. Raises ``CursorError``.

        The queries differ in nothing but their listings.
        """
        return await self._collector.collect(
            Request(
                queries={account.id: query for account, query in queries.items()},
                asked=sorted((account.id, query) for account, query in queries.items()),
                accounts=list(queries),
                order=next(iter(queries.values()), ReservationQuery()),
                first=first,
                after=after,
                freshness=self._freshness(operation, max_age),
                scope=operation.tenant_id,
                count=count,
            )
        )

    async def by_id(self, operation: Operation, refs: Sequence[Ref], max_age: int | None) -> dict[Ref, Outcome]:
        """Reservations by id, cancelled ones too. One that does not exist has the value None."""
        return await self._reading.records(
            operation,
            refs,
            RESERVATIONS.entity,
            self._freshness(operation, max_age),
            lambda client, ids: client.reservations(ids),
        )

    async def by_listing(
        self, operation: Operation, wanted: Sequence[OfListing], max_age: int | None
    ) -> dict[OfListing, Outcome]:
        """The ``ListingReservations`` of each listing, in the query's order, read for all listings together."""
        freshness = self._freshness(operation, max_age)

        async def read(account: ConnectedAccount, group: Sequence[OfListing]) -> Mapping[OfListing, Outcome]:
            outcomes: dict[OfListing, Outcome] = {}
            for query in dict.fromkeys(each.query for each in group):
                same = [each for each in group if each.query == query]
                if RESERVATIONS.nothing_fits(query, account):
                    none = Kept(ListingReservations((), ()), self._reading.clock.now())
                    outcomes |= dict.fromkeys(same, none)
                else:
                    outcomes |= await self._of_listings(account, same, query, freshness)
            return outcomes

        return await self._reading.by_account(operation, wanted, lambda each: each.listing.account_id, read)

    async def _of_listings(
        self, account: ConnectedAccount, group: Sequence[OfListing], query: ReservationQuery, freshness: Freshness
    ) -> Mapping[OfListing, Outcome]:
        native = replace(RESERVATIONS.native(query, account), order=ReservationOrderField.PROVIDER, listing_ids=None)
        kind = f"reservations-of-listing:{fingerprint(query)}"
        keys = {key_of(account, kind, each.listing.provider_id): each for each in group}

        async def load(missing: Sequence[Key]) -> Loaded:
            client = await self._reading.client(account)
            batch = await client.reservations_by_listing([key.name for key in missing], native)
            loaded: dict[Key, Held | ProviderError] = {}
            for key in missing:
                found = batch.found.get(key.name)
                if found is None:
                    loaded[key] = batch.failed.get(key.name) or NotFound("The PMS has no such listing.")
                else:
                    of_listing = ListingReservations(_arranged(found, query), batch.odd.get(key.name, ()))
                    loaded[key] = Held(of_listing, batch.fetched_at)
            return loaded

        kept = await self._reading.keeper.many(list(keys), freshness, load)
        return {keys[key]: outcome for key, outcome in kept.items()}

    def _freshness(self, operation: Operation, max_age: int | None) -> Freshness:
        return self._reading.freshness(operation, self._reading.ages.reservation, max_age)


def applied_to_listing(query: ReservationQuery, account: ConnectedAccount) -> tuple[Applied, ...]:
    """Who applies which part of a query for the reservations of single listings: never the PMS the order."""
    return tuple(each.here() if each.argument == ORDER else each for each in RESERVATIONS.applied(query, account))


def _arranged(found: Sequence[Reservation], query: ReservationQuery) -> list[Reservation]:
    kept = [reservation for reservation in found if keeps_reservation(query, reservation)]
    ordering = reservation_ordering(query)
    return ordering.arranged(kept) if ordering else kept
