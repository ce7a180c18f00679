"""What every read of the gateway needs: an account's client, the cache, the ages, and a name on every failure."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from graph.accounts.accounts import Accounts, ConnectedAccount
from graph.accounts.connections import Connections
from graph.accounts.use import out_of_use
from graph.gateway.held_values import ListingReservations, PartValue, Words
from graph.gateway.holding import Holding
from graph.gateway.keeper import Keeper, Kept, Loaded
from graph.gateway.kinds import Kind
from graph.gateway.operation import Freshness, Operation
from graph.gateway.refs import Ref
from graph.gateway.spans import KnownDays
from graph.gateway.store import Held, Key, variant_kind
from graph.gateway.visibility import AccountsById, Sight, Visibility, outsider
from providers.contract import ProviderClient
from providers.errors import NotFound, ProviderError
from providers.model import variant
from providers.queries import Batch, Page
from providers.upstream.clock import Clock

LISTING_KINDS = frozenset({"listing", "listing-page", "listing-held", "listing-counted", "free-listings"})
"""What is kept under these kinds holds listings."""

T = TypeVar("T")
R = TypeVar("R")
Q = TypeVar("Q")
Outcome = Kept | ProviderError


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """How old answers may be where the client names no age, in seconds, by kind; and how long stale ones may serve."""

    account: float = 3600.0
    listing: float = 600.0
    reservation: float = 60.0
    calendar: float = 300.0
    price: float = 60.0
    part: float = 600.0
    dictionary: float = 86_400.0
    stale_for: float = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The way from a read of the gateway to the plugins and the cache.

    Without ``visibility`` tenants see all listings of their own accounts, and no others.
    """

    accounts: Accounts
    connections: Connections
    keeper: Keeper
    ages: Ages
    clock: Clock
    visibility: Visibility | None = None

    def freshness(self, operation: Operation, default: float, max_age: int | None) -> Freshness:
        """How old an answer may be: the client's ``max_age`` strictly, else the default of its kind."""
        return Freshness(
            max_age=default if max_age is None else max_age,
            since=operation.started_at,
            stale_for=self.ages.stale_for,
            strict=max_age is not None,
        )

    async def client(self, account: ConnectedAccount) -> ProviderClient:
        return await self.connections.client(account)

    async def page_behind_all(
        self, kind: Kind[T, Q], account: ConnectedAccount, query: Q, position: str | None
    ) -> Page[T]:
        """A page as the PMS has it now, asked for behind every interactive call; it is not kept.

        ``query`` is one that the PMS can answer. Raises ``ProviderError``.
        """

        async def ask() -> Page[T]:
            return await kind.page(await self.client(account), query, position)

        return await self.keeper.behind_all(ask)

    async def known_accounts(self, operation: Operation) -> dict[str, ConnectedAccount]:
        """The tenant's own accounts by id, oldest first."""
        return {account.id: account for account in await self.accounts.list(operation.tenant_id)}

    async def sight(self, operation: Operation) -> Sight:
        """Which listings the tenant sees now."""
        if self.visibility is None:
            return Sight(own=await self.known_accounts(operation))
        return await self.visibility.sight(operation.tenant_id)

    async def saw(self, account_id: str, listing_ids: Iterable[str]) -> None:
        """Listings of an account were read: those seen first are written down where they wait for approval."""
        if self.visibility is not None:
            await self.visibility.saw(account_id, listing_ids)

    async def by_account(
        self,
        operation: Operation,
        wanted: Iterable[R],
        account_id: Callable[[R], str],
        read: Callable[[ConnectedAccount, Sequence[R]], Awaitable[Mapping[R, Outcome]]],
        *,
        accounts: AccountsById | None = None,
    ) -> dict[R, Outcome]:
        """Read what is wanted account by account, all at once; one account's failure leaves the others alone.

        Of accounts that are not in use nothing is read, not even from the cache. ``accounts`` are those that may be
        read: without it, the tenant's own. Failures of another tenant's account are told as importers may know them.
        """
        if accounts is None:
            accounts = await self.known_accounts(operation)
        groups: dict[str, list[R]] = {}
        for each in dict.fromkeys(wanted):
            groups.setdefault(account_id(each), []).append(each)
        outcomes: dict[R, Outcome] = {}

        async def read_group(id_: str, group: Sequence[R]) -> None:
            account = accounts.get(id_)
            if account is None:
                outcomes.update(dict.fromkeys(group, NotFound("No such account is connected.")))
                return
            if (idle := out_of_use(account)) is not None:
                outcomes.update(dict.fromkeys(group, idle))
                return
            try:
                outcomes.update(await read(account, group))
            except ProviderError as error:
                outcomes.update(dict.fromkeys(group, error))
            for each in group:
                if isinstance(outcome := outcomes.get(each), ProviderError):
                    outcomes[each] = named_error(outcome, account)

        await asyncio.gather(*(read_group(id_, group) for id_, group in groups.items()))
        return outcomes

    async def by_listing(
        self,
        operation: Operation,
        wanted: Sequence[R],
        listing: Callable[[R], Ref],
        read: Callable[[ConnectedAccount, Sequence[R]], Awaitable[Mapping[R, Outcome]]],
    ) -> dict[R, Outcome]:
        """As ``by_account``, of listings that the tenant sees, imported ones too; the others do not exist for it."""
        sight = await self.sight(operation)
        readable = sight.readable
        shown = [each for each in wanted if sight.shows(listing(each))]
        outcomes = await self.by_account(
            operation, shown, lambda each: listing(each).account_id, read, accounts=readable
        )
        for each in wanted:
            if each not in outcomes:
                account = readable[listing(each).account_id]
                hidden = NotFound("The listing is not shown: it waits for approval, or was rejected.")
                outcomes[each] = named_error(hidden, account)
        return outcomes

    async def of_accounts(
        self,
        operation: Operation,
        account_ids: Sequence[str],
        kind: str,
        freshness: Freshness,
        fetch: Callable[[ProviderClient], Awaitable[Any]],
    ) -> dict[str, Outcome]:
        """One value of each account: what ``fetch`` gives, with its age or read just now."""

        async def read_account(account: ConnectedAccount, group: Sequence[str]) -> Mapping[str, Outcome]:
            async def load() -> Held:
                found = await fetch(await self.client(account))
                return found if isinstance(found, Held) else Held(found, self.clock.now())

            kept = await self.keeper.one(key_of(account, kind, ""), freshness, load)
            return dict.fromkeys(group, kept)

        return await self.by_account(operation, account_ids, lambda id_: id_, read_account)

    async def records(
        self,
        operation: Operation,
        refs: Sequence[Ref],
        kind: str,
        freshness: Freshness,
        read: Callable[[ProviderClient, Sequence[str]], Awaitable[Batch[Any]]],
        *,
        accounts: AccountsById | None = None,
    ) -> dict[Ref, Outcome]:
        """Records by id, of ``accounts``: see ``by_account``. One that does not exist has the value None."""

        async def read_account(account: ConnectedAccount, group: Sequence[Ref]) -> Mapping[Ref, Outcome]:
            return await self.records_of(account, group, kind, freshness, read)

        return await self.by_account(operation, refs, lambda ref: ref.account_id, read_account, accounts=accounts)

    async def records_of(
        self,
        account: ConnectedAccount,
        refs: Sequence[Ref],
        kind: str,
        freshness: Freshness,
        read: Callable[[ProviderClient, Sequence[str]], Awaitable[Batch[Any]]],
    ) -> dict[Ref, Outcome]:
        """As ``records``, of one account. Raises ``ProviderError``."""
        keys = {key_of(account, kind, ref.provider_id): ref for ref in refs}

        async def load(missing: Sequence[Key]) -> Loaded:
            batch = await read(await self.client(account), [key.name for key in missing])
            return spread(batch, missing, account, kind)

        kept = await self.keeper.many(list(keys), freshness, load)
        return {keys[key]: outcome for key, outcome in kept.items()}


def key_of(account: ConnectedAccount, kind: str, name: str) -> Key:
    """Where something of an account is kept. New credentials may see other things: they get keys of their own.

    So do listings for each choice of fields.
    """
    if kind in LISTING_KINDS:
        kind = variant_kind(kind, variant(account.fields_off))
    return Key(account.tenant_id, account.id, f"{account.credentials_version}:{kind}", name)


def spread(batch: Batch[Any], asked: Sequence[Key], account: ConnectedAccount, kind: str) -> Loaded:
    """A batch as outcomes by key; what is neither found nor failed does not exist."""
    outcomes: dict[Key, Held | ProviderError] = {key: Held(None, batch.fetched_at) for key in asked}
    outcomes |= {key_of(account, kind, id_): Held(value, batch.fetched_at) for id_, value in batch.found.items()}
    outcomes |= {key_of(account, kind, id_): error for id_, error in batch.failed.items()}
    return outcomes


def named_error(error: ProviderError, account: ConnectedAccount) -> ProviderError:
    """``error`` as the viewer of ``account`` may know it: with the account's name, unless that is another tenant's."""
    if account.imported:
        return outsider(error, account)
    name_error(error, account)
    return error


def name_error(error: ProviderError, account: ConnectedAccount) -> None:
    """Say whose failure it is, where the layer that raised it did not know."""
    error.provider = error.provider or account.provider
    error.account_id = error.account_id or account.id


def weigh(value: object) -> int:
    """How much a kept value counts towards the cache's bound, in records."""
    weight = 0
    match value:
        case Page(items=items):
            weight = len(items)
        case Holding(records=records):
            weight = len(records)
        case ListingReservations(reservations=reservations):
            weight = len(reservations)
        case KnownDays(spans=spans):
            stays = {id(stay) for span in spans for day in span.days for stay in day.reservations or ()}
            weight = sum(len(span.days) for span in spans) // 20 + len(stays)
        case Words(entries=entries):
            weight = len(entries) // 10
        case PartValue(value=list() as records):
            weight = len(records) // 4
        case list() as records:
            weight = len(records)
    return 1 + weight
