"""Which listings a tenant sees: its own that are approved, and those it imported, as far as they are still offered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from graph.accounts.accounts import Accounts, ConnectedAccount
from graph.accounts.approvals import Approvals, Decisions, ListingApproval
from graph.accounts.imports import ImportedAccount, Imports
from graph.gateway.refs import Ref
from providers.errors import NotFound, NotSupported, ProviderError, RateLimited, UpstreamUnavailable

AccountsById = Mapping[str, ConnectedAccount]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What a tenant sees at a moment: its ``own`` accounts, ``imported`` ones, and, of its own that ask for approval,
    the ``decisions``; all by account id."""

    own: AccountsById
    imported: Mapping[str, ImportedAccount] = field(default_factory=dict)
    decisions: Mapping[str, Decisions] = field(default_factory=dict)

    @property
    def readable(self) -> AccountsById:
        """All accounts of which some listings may be read."""
        return {**self.own, **self.imported} if self.imported else self.own

    def approval(self, listing: Ref) -> ListingApproval:
        """Whether a listing of an own account is shown. What others offer was approved by them."""
        decisions = self.decisions.get(listing.account_id)
        return ListingApproval.APPROVED if decisions is None else decisions.of(listing.provider_id)

    def shows(self, listing: Ref) -> bool:
        """Whether the tenant may see a listing, if there is one."""
        shared = self.imported.get(listing.account_id)
        if shared is not None:
            return listing.provider_id in shared.listing_ids
        return self.approval(listing) is ListingApproval.APPROVED

    def is_new(self, listing: Ref) -> bool:
        """Whether it belongs to an account that asks for approval, and was never seen."""
        decisions = self.decisions.get(listing.account_id)
        return decisions is not None and listing.provider_id not in decisions.known


class Visibility:
    """Finds what tenants see, and remembers what of it was seen first."""

    def __init__(self, accounts: Accounts, approvals: Approvals, imports: Imports) -> None:
        self._accounts = accounts
        self._approvals = approvals
        self._imports = imports

    async def sight(self, tenant_id: str) -> Sight:
        """What the tenant sees now: at most a second behind what another process changed."""
        own = {account.id: account for account in await self._accounts.list(tenant_id)}
        imported = {account.id: account for account in await self._imports.accounts_of(tenant_id)}
        decisions = {account.id: await self.decisions(account) for account in own.values() if self._asks(account)}
        for account in [each for each in imported.values() if self._asks(each)]:
            approved = (await self.decisions(account)).approved
            imported[account.id] = replace(account, listing_ids=account.listing_ids & approved)
        return Sight(own=own, imported=imported, decisions=decisions)

    async def decisions(self, account: ConnectedAccount) -> Decisions:
        """The decisions about an account's listings."""
        return await self._approvals.of(account)

    async def offered(self, tenant_id: str) -> Mapping[str, tuple[ConnectedAccount, Decisions | None]]:
        """Accounts of which the tenant could import listings, by id; with the decisions of those that ask for approval.

        Of these only what is approved is offered.
        """
        return {
            account.id: (account, await self.decisions(account) if self._asks(account) else None)
            for account in await self._imports.offering(tenant_id)
        }

    async def saw(self, account_id: str, listing_ids: Iterable[str]) -> None:
        """Listings of an account were read. Waits for nothing but a short write, where some were seen first."""
        await self._approvals.saw(account_id, listing_ids)

    def _asks(self, account: ConnectedAccount) -> bool:
        self._approvals.watch(account)
        return account.require_listing_approval


def outsider(error: ProviderError, account: ConnectedAccount) -> ProviderError:
    """A failure of another tenant's account as an importer may know of it: nothing of the owner's credentials."""
    message = f"The account that this listing was imported from cannot be read now ({account.provider})."
    match error:
        case NotFound():
            return NotFound("No such listing can be seen.", provider=account.provider)
        case NotSupported():
            return NotSupported(error.message, provider=account.provider)
        case RateLimited():
            return RateLimited(message, provider=account.provider, retry_after=error.retry_after)
        case _:
            return UpstreamUnavailable(message, provider=account.provider)
