"""Mutations of the cancellation policies of an account's own."""

from typing import Annotated, Any

import strawberry

from graph.accounts.keys import Permission
from graph.changes.policies import PolicyChanges as PolicyService
from graph.changes.writing import Done
from graph.schema import ids
from graph.schema.change_payloads import Carried, ChangePayload, DryRun, IdempotencyKey, carried_out, given_ref, ref_in
from graph.schema.context import Info
from graph.schema.exposing import exposed
from graph.schema.inputs import changed_model, input_of
from graph.schema.listing_edits import AccountId
from graph.schema.permissions import require
from graph.schema.read_back import own_policy
from providers import model
from providers.changes import CancellationPolicyDraft, Written

CancellationPolicyInput = input_of(CancellationPolicyDraft, "CancellationPolicyInput")

PolicyArgument = Annotated[
    Any, strawberry.argument(description="The whole policy.", graphql_type=CancellationPolicyInput)
]
PolicyId = Annotated[str, strawberry.argument(description="Id of the policy in the PMS: its providerId.")]


@strawberry.type(description="What became of a cancellation policy that was to be made or changed.")
class CancellationPolicyPayload(ChangePayload):
    changed: strawberry.Private[tuple[str, str] | None]

    @strawberry.field(
        description="The policy as the PMS tells it now; null if nothing was changed.",
        graphql_type=exposed(model.CancellationPolicy | None),
    )
    async def cancellation_policy(self, info: Info) -> Any:
        return None if self.changed is None else await own_policy(info, *self.changed)


@strawberry.type(description="What became of a cancellation policy that was to be removed.")
class DeleteCancellationPolicyPayload(ChangePayload):
    deleted_id: str | None = strawberry.field(
        description="Id, in the PMS, of the policy that is gone now; null if it is still there."
    )


@strawberry.type
class PolicyChanges:
    """The mutations; ``graph.schema.mutation`` puts them into the schema."""

    @strawberry.mutation(
        description="Make a cancellation policy for bookings that the business takes itself (channel DIRECT). "
        "Needs WRITE.",
        graphql_type=CancellationPolicyPayload,
    )
    async def create_cancellation_policy(
        self,
        info: Info,
        account_id: AccountId,
        input: PolicyArgument,  # noqa: A002  # the schema's name
        idempotency_key: IdempotencyKey = None,
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)

        async def work() -> Done[Written[model.CancellationPolicy]]:
            account = given_ref(account_id, "accountId", ids.ACCOUNT).account_id
            draft = changed_model(input, CancellationPolicyDraft)
            return await _service(info).create(
                info.context.operation, account, draft, key=idempotency_key, dry_run=dry_run
            )

        return _payload(await carried_out(info, work(), account_id), account_id)

    @strawberry.mutation(
        description="Replace a cancellation policy of the business's own (channel DIRECT): its steps, too. "
        "Needs WRITE.",
        graphql_type=CancellationPolicyPayload,
    )
    async def update_cancellation_policy(
        self,
        info: Info,
        account_id: AccountId,
        policy_id: PolicyId,
        input: PolicyArgument,  # noqa: A002  # the schema's name
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)

        async def work() -> Done[Written[model.CancellationPolicy]]:
            account = given_ref(account_id, "accountId", ids.ACCOUNT).account_id
            draft = changed_model(input, CancellationPolicyDraft)
            return await _service(info).update(info.context.operation, account, policy_id, draft, dry_run=dry_run)

        return _payload(await carried_out(info, work(), account_id), account_id)

    @strawberry.mutation(
        description="Remove a cancellation policy of the business's own (channel DIRECT). Needs WRITE.",
        graphql_type=DeleteCancellationPolicyPayload,
    )
    async def delete_cancellation_policy(
        self, info: Info, account_id: AccountId, policy_id: PolicyId, dry_run: DryRun = False
    ) -> Any:
        require(info, Permission.WRITE)

        async def work() -> Done[None]:
            account = given_ref(account_id, "accountId", ids.ACCOUNT).account_id
            return await _service(info).delete(info.context.operation, account, policy_id, dry_run=dry_run)

        carried = await carried_out(info, work(), account_id)
        deleted = policy_id if carried.was_made else None
        return DeleteCancellationPolicyPayload(deleted_id=deleted, **carried.fields())


def _service(info: Info) -> PolicyService:
    return info.context.administration.catalog.policies


def _payload(carried: Carried[Written[model.CancellationPolicy]], account_id: str) -> CancellationPolicyPayload:
    account = ref_in(account_id, ids.ACCOUNT)
    changed = (account.account_id, carried.value.id) if account and carried.value else None
    return CancellationPolicyPayload(changed=changed, **carried.fields())
