"""Choosing single listings: own ones to be shown or not, other tenants' to be imported or given back.

What is wrong with one listing leaves the others alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from graph.accounts.accounts import Accounts, ConnectedAccount
from graph.accounts.approvals import Approvals, Decisions, ListingApproval
from graph.accounts.imports import MOST, Imports, TooManyImportsError, seen_by_importer
from graph.gateway.listings import Listings
from graph.gateway.operation import Operation
from graph.gateway.refs import Ref
from graph.gateway.visibility import Visibility
from graph.rejections import Rejection, RejectionCode
from providers.errors import NotFound, ProviderError

Refusals = dict[Ref, Rejection]
"""Why nothing was done about a listing. Of those that are missing, it was done."""


@dataclass(frozen=True, slots=True)
class Choosing:
    """Carries out what somebody chose about listings."""

    accounts: Accounts
    approvals: Approvals
    imports: Imports
    visibility: Visibility
    listings: Listings

    async def decide(self, operation: Operation, refs: Iterable[Ref], decision: ListingApproval) -> Refusals:
        """Approve or reject own listings. One that was never seen is asked for at its PMS."""
        own = {account.id: account for account in await self.accounts.list(operation.tenant_id)}
        refusals: Refusals = {}
        for account_id, group in _by_account(refs).items():
            account = own.get(account_id)
            if account is None:
                refusals |= dict.fromkeys(group, _no_listing())
            elif not account.require_listing_approval:
                message = "Its account does not ask for approval: every listing of it is shown."
                refusals |= dict.fromkeys(group, _because(RejectionCode.CONFLICT, message))
            else:
                refusals |= await self._decide(operation, account, group, decision)
        return refusals

    async def keep_shown(self, operation: Operation, account: ConnectedAccount) -> None:
        """Approve all listings that an account has, before it asks for approval. Raises ``ProviderError``.

        Costs the calls that reading all of them takes.
        """
        await self.approvals.keep_shown(account, await self.listings.ids_of(operation, account))

    async def take(self, operation: Operation, refs: Iterable[Ref]) -> Refusals:
        """Import listings that other tenants offer. Those that are imported already stay so."""
        offers = await self.visibility.offered(operation.tenant_id)
        own = {account.id for account in await self.accounts.list(operation.tenant_id)}
        refusals: Refusals = {}
        for account_id, group in _by_account(refs).items():
            if account_id in own:
                message = "It is a listing of your own account."
                refusals |= dict.fromkeys(group, _because(RejectionCode.NOT_ALLOWED, message))
            elif account_id not in offers:
                refusals |= dict.fromkeys(group, _no_listing())
            else:
                refusals |= await self._take(operation, *offers[account_id], group)
        return refusals

    async def give_back(self, operation: Operation, refs: Iterable[Ref]) -> Refusals:
        """End imports, also of listings that are no longer offered."""
        refusals: Refusals = {}
        for account_id, group in _by_account(refs).items():
            removed = await self.imports.remove(operation.tenant_id, account_id, [ref.provider_id for ref in group])
            refusals |= {ref: _no_listing() for ref in group if ref.provider_id not in removed}
        return refusals

    async def _decide(
        self, operation: Operation, account: ConnectedAccount, refs: Sequence[Ref], decision: ListingApproval
    ) -> Refusals:
        known = (await self.approvals.of(account)).known
        refusals = await self._missing(operation, account, [ref for ref in refs if ref.provider_id not in known])
        await self.approvals.decide(account, [ref.provider_id for ref in refs if ref not in refusals], decision)
        return refusals

    async def _take(
        self, operation: Operation, account: ConnectedAccount, decisions: Decisions | None, refs: Sequence[Ref]
    ) -> Refusals:
        offered = [ref for ref in refs if decisions is None or ref.provider_id in decisions.approved]
        refusals = {ref: _no_listing() for ref in refs if ref not in offered}
        refusals |= await self._missing(operation, seen_by_importer(account, frozenset()), offered)
        chosen = [ref for ref in offered if ref not in refusals]
        try:
            await self.imports.add(operation.tenant_id, account.id, [ref.provider_id for ref in chosen])
        except TooManyImportsError:
            too_many = _because(RejectionCode.CONFLICT, f"You would have more than {MOST} imported listings.")
            refusals |= dict.fromkeys(chosen, too_many)
        return refusals

    async def _missing(self, operation: Operation, account: ConnectedAccount, refs: Sequence[Ref]) -> Refusals:
        """Those of some listings that the PMS does not have, or could not be asked for."""
        outcomes = await self.listings.whatever_decided(operation, account, refs) if refs else {}
        refusals: Refusals = {}
        for ref, outcome in outcomes.items():
            if isinstance(outcome, NotFound) or (not isinstance(outcome, ProviderError) and outcome.value is None):
                refusals[ref] = _no_listing()
            elif isinstance(outcome, ProviderError):
                refusals[ref] = _because(RejectionCode.UNAVAILABLE, outcome.message)
        return refusals


def _by_account(refs: Iterable[Ref]) -> Mapping[str, list[Ref]]:
    groups: dict[str, list[Ref]] = {}
    for ref in dict.fromkeys(refs):
        groups.setdefault(ref.account_id, []).append(ref)
    return groups


def _because(code: RejectionCode, message: str) -> Rejection:
    return Rejection(field=(), code=code, message=message)


def _no_listing() -> Rejection:
    return _because(RejectionCode.NOT_FOUND, "There is no such listing that you may choose.")
