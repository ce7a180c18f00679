"""What a change is made to: an account of the tenant's own, or a listing that it sees there."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from graph.accounts.accounts import ConnectedAccount
from graph.changes.failures import refusal_of
from graph.changes.problems import check_id
from graph.changes.writing import Writing
from graph.gateway.keeper import Kept
from graph.gateway.listings import Listings
from graph.gateway.operation import Operation
from graph.gateway.refs import Ref
from graph.rejections import Rejected, RejectionCode, rejected
from providers.capabilities import Capability
from providers.errors import ErrorCode, ProviderError
from providers.model import Listing, ListingStatus

_ANEW = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingTarget:
    """A listing to change, as the tenant reads it, and its account."""

    account: ConnectedAccount
    listing: Listing

    @property
    def id(self) -> str:
        """The listing's id in the PMS."""
        return self.listing.provider_id

    @property
    def ref(self) -> Ref:
        return Ref(self.account.id, self.listing.provider_id)


class Targets:
    """Finds what is to be changed."""

    def __init__(self, writing: Writing, listings: Listings) -> None:
        self._writing = writing
        self._listings = listings

    async def listing(
        self, operation: Operation, ref: Ref, field: str, *needed: Capability, anew: bool = False
    ) -> ListingTarget:
        """One listing: see ``listings``. Raises ``Rejected`` under ``field``."""
        found = (await self.listings(operation, [ref], field, *needed, anew=anew))[ref]
        if isinstance(found, Rejected):
            raise found
        return found

    async def listings(
        self, operation: Operation, refs: Collection[Ref], field: str, *needed: Capability, anew: bool = False
    ) -> Mapping[Ref, ListingTarget | Rejected]:
        """Listings of the tenant's own that it sees, of accounts that can do what is needed; read together.

        A refusal under ``field`` where there is none, where it was imported, waits for approval or is archived, or
        could not be read. With ``anew`` they are asked of the PMS now.
        """
        accounts: dict[Ref, ConnectedAccount] = {}
        found: dict[Ref, ListingTarget | Rejected] = {}
        for ref in dict.fromkeys(refs):
            try:
                accounts[ref] = await self._writing.account(operation.tenant_id, ref.account_id, field, *needed)
            except Rejected as refusal:
                found[ref] = refusal
        found |= await self._read(operation, accounts, field, _ANEW if anew else None)
        # One that was put away may have come back since it was read.
        doubtful = {
            ref: accounts[ref]
            for ref, each in found.items()
            if isinstance(each, ListingTarget) and each.listing.status is ListingStatus.ARCHIVED
        }
        if doubtful:
            again = await self._read(operation, doubtful, field, _ANEW)
            found |= {ref: _unless_archived(each, field) for ref, each in again.items()}
        return found

    async def shown(self, operation: Operation, ref: Ref, field: str, *needed: Capability) -> ConnectedAccount:
        """The account of a listing that the tenant may see, if there is one: nothing is asked. Raises ``Rejected``."""
        account = await self._writing.account(operation.tenant_id, ref.account_id, field, *needed)
        check_id(ref.provider_id, field)
        if not (await self._writing.reading.sight(operation)).shows(ref):
            raise _unseen(field)
        return account

    async def _read(
        self, operation: Operation, accounts: Mapping[Ref, ConnectedAccount], field: str, max_age: int | None
    ) -> dict[Ref, ListingTarget | Rejected]:
        if not accounts:
            return {}
        outcomes = await self._listings.by_id(operation, list(accounts), max_age)
        found: dict[Ref, ListingTarget | Rejected] = {}
        for ref, account in accounts.items():
            outcome = outcomes[ref]
            if isinstance(outcome, Kept) and outcome.value is not None:
                found[ref] = ListingTarget(account=account, listing=outcome.value)
            else:
                found[ref] = _unseen(field) if isinstance(outcome, Kept) else unread(outcome, field)
        return found


def record_of(listing_id: str) -> str:
    """A listing with its parts, by name: one change of it at a time."""
    return f"listing/{listing_id}"


def unread(error: ProviderError, field: str) -> Rejected:
    """What a change needs to know could not be read: nothing was changed."""
    (reason,) = refusal_of(error).rejections
    return Rejected(replace(reason, field=(field,) if error.code is ErrorCode.NOT_FOUND else ()))


def _unseen(field: str) -> Rejected:
    return rejected(field, RejectionCode.NOT_FOUND, "There is no such listing, or it waits for approval.")


def _unless_archived(found: ListingTarget | Rejected, field: str) -> ListingTarget | Rejected:
    if isinstance(found, ListingTarget) and found.listing.status is ListingStatus.ARCHIVED:
        message = "The listing is archived: its PMS refuses changes to it."
        return rejected(field, RejectionCode.CONFLICT, message)
    return found
