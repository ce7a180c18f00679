"""What stays cost: quotes by the PMS, kept for a moment only."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.cursors import fingerprint
from graph.gateway.keeper import Kept, Loaded
from graph.gateway.listings import Listings
from graph.gateway.operation import Operation
from graph.gateway.reading import Outcome, Reading, key_of
from graph.gateway.refs import Ref
from graph.gateway.shared_records import shared_price
from graph.gateway.store import Held, Key
from graph.gateway.terms import changed, terms_of
from providers.errors import NotFound, NotSupported, ProviderError, UpstreamInvalid
from providers.manifest import Limit
from providers.model import Listing, ListingField
from providers.queries import QuoteRequest


class Stay(NamedTuple):
    """A stay to be priced. ``request.currency`` is left out: the gateway finds it."""

    account_id: str
    request: QuoteRequest

    @property
    def listing(self) -> Ref:
        return Ref(self.account_id, self.request.listing_id)


class Prices:
    """Reads prices of stays."""

    def __init__(self, reading: Reading, listings: Listings) -> None:
        self._reading = reading
        self._listings = listings

    async def read(self, operation: Operation, stays: Sequence[Stay], max_age: int | None) -> dict[Stay, Outcome]:
        """The price of each stay, by its account's terms."""
        freshness = self._reading.freshness(operation, self._reading.ages.price, max_age)

        async def read_account(account: ConnectedAccount, group: Sequence[Stay]) -> Mapping[Stay, Outcome]:
            keys = {key_of(account, "price", _name(stay.request)): stay for stay in group}

            async def load(missing: Sequence[Key]) -> Loaded:
                return await self._quote(operation, account, {key: keys[key].request for key in missing})

            kept = await self._reading.keeper.many(list(keys), freshness, load)
            terms = terms_of(account, operation)
            priced = {keys[key]: changed(outcome, terms.price) for key, outcome in kept.items()}
            if account.imported:
                return {stay: changed(outcome, shared_price) for stay, outcome in priced.items()}
            return priced

        return await self._reading.by_listing(operation, stays, lambda stay: stay.listing, read_account)

    def most(self, account: ConnectedAccount, seconds: float) -> int | None:
        """How many prices of an account can be had in ``seconds``; None: so many as may be asked for anyway.

        Only a PMS that takes a call for each price bounds them: by the calls that its limits let through in that time,
        less those of one window, for what else the operation and others ask. At least 1.
        """
        try:
            plugin = self._reading.connections.plugin_of(account)
            limits = self._reading.connections.limits_of(account)
        except NotSupported:
            return None  # told where it is asked
        client = plugin.client_class
        if not client.one_call_a_quote:
            return None
        own = [limit for limit in limits if limit.charge is not None and limit.charge == client.quote_charge]
        general = [limit for limit in limits if limit.charge is None]
        return min((let_through(limit, seconds, plugin.manifest.margin) for limit in own or general), default=None)

    async def _quote(
        self, operation: Operation, account: ConnectedAccount, wanted: Mapping[Key, QuoteRequest]
    ) -> Loaded:
        client = await self._reading.client(account)
        loaded: dict[Key, Held | ProviderError] = {}
        ready = dict(wanted)
        if client.quote_needs_currency:
            currencies = await self._currencies(operation, account, [each.listing_id for each in wanted.values()])
            for key, request in wanted.items():
                currency = currencies[request.listing_id]
                if isinstance(currency, ProviderError):
                    loaded[key] = currency
                    del ready[key]
                else:
                    ready[key] = replace(request, currency=currency)
        if not ready:
            return loaded
        batch = await client.quotes(list(ready.values()))
        for index, key in enumerate(ready):
            found = batch.found.get(str(index))
            if found is None:
                loaded[key] = batch.failed.get(str(index)) or NotFound("The PMS has no such listing.")
            else:
                loaded[key] = Held(found, batch.fetched_at)
        return loaded

    async def _currencies(
        self, operation: Operation, account: ConnectedAccount, listing_ids: Sequence[str]
    ) -> dict[str, str | ProviderError]:
        """The currency of each listing: its quotes name none.

        Where listings are read without it, they are read once more for it, and what was read is not kept.
        """
        if ListingField.CURRENCY in account.fields_off:
            client = await self._reading.client(account)
            batch = await client.listings(listing_ids)
            return {id_: batch.failed.get(id_) or _named_currency(batch.found.get(id_)) for id_ in listing_ids}
        refs = {Ref(account.id, id_): id_ for id_ in listing_ids}
        outcomes = await self._listings.by_id(operation, list(refs), None)
        return {refs[ref]: _currency(outcome) for ref, outcome in outcomes.items()}


def let_through(limit: Limit, seconds: float, margin: float) -> int:
    """The calls of a limit in ``seconds``, of which the first window's leave at once, without those of one window."""
    windows = int(seconds / (limit.seconds + margin))
    return max(1, limit.calls * windows or limit.calls // 2)


def _currency(outcome: Outcome) -> str | ProviderError:
    return _named_currency(outcome.value) if isinstance(outcome, Kept) else outcome


def _named_currency(listing: Listing | None) -> str | ProviderError:
    if listing is None:
        return NotFound("The PMS has no such listing.")
    return listing.currency or UpstreamInvalid("The PMS names no currency for this listing.")


def _name(request: QuoteRequest) -> str:
    """All that the request asks for: two that differ in anything have two prices."""
    return fingerprint(request)
