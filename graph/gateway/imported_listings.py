"""The imported listings of another tenant's account, as a collection of their own."""

from collections.abc import Awaitable, Callable, Sequence

from graph.accounts.imports import ImportedAccount
from graph.gateway.holding import Holding, in_order
from graph.gateway.holdings import Holdings
from graph.gateway.keeper import Kept
from graph.gateway.operation import Freshness
from graph.gateway.reading import Reading
from graph.gateway.refs import Ref
from graph.gateway.shared_records import SharedListing, shared_listing
from graph.gateway.visibility import outsider
from providers.contract import ProviderClient
from providers.errors import ProviderError
from providers.model import Listing
from providers.queries import Batch, ListingQuery, OddRecord

MAX_KNOWN = 10_000

ReadBatch = Callable[[ProviderClient, Sequence[str]], Awaitable[Batch[Listing]]]


class ImportedListings:
    """Reads them out of the owner's whole collection where that is held, else by their ids: never the owner's pages."""

    def __init__(self, reading: Reading, holdings: Holdings[Listing, ListingQuery], read: ReadBatch) -> None:
        self._reading = reading
        self._holdings = holdings
        self._read = read
        # What an importer sees of a record is the same until the record is read again.
        self._known: dict[Ref, tuple[Listing, SharedListing]] = {}

    def reader(self, account: ImportedAccount, freshness: Freshness) -> Callable[[], Awaitable[Kept]]:
        """How to read a ``Holding`` with all listings that were imported of an account. Raises ``ProviderError``."""

        async def read() -> Kept:
            whole = await self._holdings.find(account, ListingQuery(), freshness)
            return await self._by_id(account, freshness) if whole is None else self._out_of(account, whole)

        return read

    def _out_of(self, account: ImportedAccount, whole: Kept) -> Kept:
        held: Holding[Listing] = whole.value
        found = {id_: held.records[id_] for id_ in account.listing_ids if id_ in held.records}
        odd = [each for each in held.odd if each.id in account.listing_ids]
        return self._kept(account, found, odd, Kept(None, whole.fetched_at, whole.error))

    async def _by_id(self, account: ImportedAccount, freshness: Freshness) -> Kept:
        refs = [Ref(account.id, id_) for id_ in in_order(account.listing_ids)]
        outcomes = await self._reading.records_of(account, refs, "listing", freshness, self._read)
        found: dict[str, Listing] = {}
        odd: list[OddRecord] = []
        oldest = Kept(None, self._reading.clock.now())
        for ref, outcome in outcomes.items():
            if isinstance(outcome, ProviderError):
                odd.append(OddRecord(ref.provider_id, outsider(outcome, account).message))
                failure = outcome
            else:
                oldest = min(oldest, outcome, key=lambda each: each.fetched_at)
                if outcome.value is not None:
                    found[ref.provider_id] = outcome.value
        if odd and len(odd) == len(outcomes):
            raise failure
        return self._kept(account, found, odd, oldest)

    def _kept(
        self, account: ImportedAccount, found: dict[str, Listing], odd: Sequence[OddRecord], source: Kept
    ) -> Kept:
        at = source.fetched_at
        holding: Holding[Listing] = Holding(
            records={id_: self._shared(Ref(account.id, id_), each) for id_, each in found.items()},
            ids=in_order(found),
            odd=odd,
            read_at=at,
            walked_at=at,
            checked_at=at,
            pages=1,
        )
        return Kept(holding, at, source.error)

    def _shared(self, ref: Ref, listing: Listing) -> SharedListing:
        known = self._known.get(ref)
        if known is None or known[0] is not listing:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            known = self._known[ref] = (listing, shared_listing(listing))
        return known[1]
