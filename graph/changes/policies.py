"""Changes to the cancellation policies of an account's own."""

from dataclasses import dataclass

from graph.changes.ledger import Creation, checked_key
from graph.changes.new_parts import MakingPlan, making_policy
from graph.changes.once import Once
from graph.changes.part_checks import check_policy
from graph.changes.problems import check_id
from graph.changes.writing import Done, Writing
from graph.gateway.operation import Operation
from graph.gateway.touched import Touched
from providers.capabilities import Capability
from providers.changes import CancellationPolicyDraft, Written
from providers.model import CancellationPolicy

_NEEDED = Capability.CHANGE_CANCELLATION_POLICIES
_ID = "policyId"
_ALL = "policies"
"""What a new policy changes, by name: one is made at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChanges:
    """Changes the policies for bookings that the business takes itself. All raise ``Rejected``."""

    writing: Writing
    once: Once

    async def create(
        self,
        operation: Operation,
        account_id: str,
        draft: CancellationPolicyDraft,
        *,
        key: str | None = None,
        dry_run: bool = False,
    ) -> Done[Written[CancellationPolicy]]:
        """Make a policy, once for a ``key``."""
        checked_key(key)
        check_policy(draft)
        account = await self.writing.account(operation.tenant_id, account_id, "accountId", _NEEDED)
        making = making_policy(draft)
        if key is None or dry_run:
            return await self.writing.carry_out(account, making.make, _policies, dry_run=dry_run, record=_ALL)
        creation = Creation(tenant_id=account.tenant_id, account_id=account.id, key=key, content=f"policy {draft!r}")
        return await self.once.make(account, creation, MakingPlan(making, _policies(None)), record=_ALL)

    async def update(
        self,
        operation: Operation,
        account_id: str,
        policy_id: str,
        draft: CancellationPolicyDraft,
        *,
        dry_run: bool = False,
    ) -> Done[Written[CancellationPolicy]]:
        check_id(policy_id, _ID)
        check_policy(draft)
        account = await self.writing.account(operation.tenant_id, account_id, "accountId", _NEEDED)
        return await self.writing.carry_out(
            account,
            lambda client: client.update_cancellation_policy(policy_id, draft),
            _policies,
            dry_run=dry_run,
            record=_of(policy_id),
            named_by=_ID,
        )

    async def delete(
        self, operation: Operation, account_id: str, policy_id: str, *, dry_run: bool = False
    ) -> Done[None]:
        check_id(policy_id, _ID)
        account = await self.writing.account(operation.tenant_id, account_id, "accountId", _NEEDED)
        return await self.writing.carry_out(
            account,
            lambda client: client.delete_cancellation_policy(policy_id),
            _policies,
            dry_run=dry_run,
            record=_of(policy_id),
            named_by=_ID,
        )


def _policies(_: object) -> Touched:
    return Touched(policies=True)


def _of(policy_id: str) -> str:
    """A policy, by name: one change of it at a time."""
    return f"policy/{policy_id}"
