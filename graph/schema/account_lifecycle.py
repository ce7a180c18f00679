"""Mutations that try an account out, pause it, resume it and delete it."""

from collections.abc import Awaitable
from typing import Any

import strawberry

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.keys import Permission
from graph.accounts.lifecycle import AccountLifecycle, TokenRevocation
from graph.rejections import Rejected
from graph.schema import ids
from graph.schema.account import Account
from graph.schema.account_changes import AccountIdArgument, IntegrationAccountPayload
from graph.schema.connection import SourceError, source_error
from graph.schema.context import Info
from graph.schema.exposing import expose_enum
from graph.schema.permissions import require
from graph.schema.user_errors import UserError, user_errors

expose_enum(TokenRevocation)


@strawberry.type(description="How a trial call of an integration account went.")
class IntegrationAccountTest:
    account: Account = strawberry.field(description="The account.")
    ok: bool = strawberry.field(description="Whether its PMS answered and accepts the credentials.")
    milliseconds: int = strawberry.field(description="How long that took, tokens and waiting for a turn included.")
    error: SourceError | None = strawberry.field(description="Why not; null if it works.")


@strawberry.type(description="What came of trying an integration account.")
class TestIntegrationAccountPayload:
    test: IntegrationAccountTest | None = strawberry.field(
        description="How the call went; null if none was made: see userErrors."
    )
    user_errors: list[UserError] = strawberry.field(description="What kept it from being tried; empty if it was.")


@strawberry.type(description="What came of deleting an integration account.")
class DeleteIntegrationAccountPayload:
    deleted_id: strawberry.ID | None = strawberry.field(
        description="Id of the account that is gone; null if nothing was deleted."
    )
    token_revocation: TokenRevocation | None = strawberry.field(
        description="What became of its token at the PMS; null if nothing was deleted."
    )
    revocation_error: SourceError | None = strawberry.field(
        description="Why the token could not be revoked; null otherwise."
    )
    user_errors: list[UserError] = strawberry.field(description="What was wrong; empty if it was done.")


@strawberry.type
class AccountLifecycleChanges:
    """The mutations; ``graph.schema.mutation`` puts them into the schema."""

    @strawberry.mutation(
        description="Ask the PMS of an integration account, with one cheap call, whether the stored credentials still "
        "work. Needs WRITE.",
        graphql_type=TestIntegrationAccountPayload,
    )
    async def test_integration_account(self, info: Info, id: AccountIdArgument) -> Any:  # noqa: A002  # the schema's name
        try:
            tested = await _lifecycle(info).test(*_target(info, id))
        except Rejected as refusal:
            return TestIntegrationAccountPayload(test=None, user_errors=user_errors(refusal))
        account: Any = tested.account
        test = IntegrationAccountTest(
            account=account,
            ok=tested.error is None,
            milliseconds=tested.milliseconds,
            error=source_error(tested.error),
        )
        return TestIntegrationAccountPayload(test=test, user_errors=[])

    @strawberry.mutation(
        description="Ask nothing of the account's PMS until it is resumed: lists leave its records out, reads by id "
        "answer ACCOUNT_PAUSED. What was kept of it is dropped. Needs WRITE.",
        graphql_type=IntegrationAccountPayload,
    )
    async def pause_integration_account(self, info: Info, id: AccountIdArgument) -> Any:  # noqa: A002  # the schema's name
        return await _changed(_lifecycle(info).pause(*_target(info, id)))

    @strawberry.mutation(
        description="Put a paused integration account into use again. Needs WRITE.",
        graphql_type=IntegrationAccountPayload,
    )
    async def resume_integration_account(self, info: Info, id: AccountIdArgument) -> Any:  # noqa: A002  # the schema's name
        return await _changed(_lifecycle(info).resume(*_target(info, id)))

    @strawberry.mutation(
        description="Delete an integration account and destroy its credentials. A token that StayGraph made is revoked "
        "at the PMS where it has a way to do that; a PMS that is away does not keep the account alive. Reads under way "
        "fail for this account. Needs WRITE.",
        graphql_type=DeleteIntegrationAccountPayload,
    )
    async def delete_integration_account(self, info: Info, id: AccountIdArgument) -> Any:  # noqa: A002  # the schema's name
        try:
            removed = await _lifecycle(info).remove(*_target(info, id))
        except Rejected as refusal:
            return DeleteIntegrationAccountPayload(
                deleted_id=None, token_revocation=None, revocation_error=None, user_errors=user_errors(refusal)
            )
        return DeleteIntegrationAccountPayload(
            deleted_id=ids.GlobalId(ids.ACCOUNT, removed.account.id).text(),
            token_revocation=removed.revocation,
            revocation_error=source_error(removed.error),
            user_errors=[],
        )


def _lifecycle(info: Info) -> AccountLifecycle:
    return info.context.administration.lifecycle


def _target(info: Info, id_: str) -> tuple[str, str]:
    viewer = require(info, Permission.WRITE)
    return viewer.tenant_id, ids.parse(id_, "id", ids.ACCOUNT).account_id


async def _changed(work: Awaitable[ConnectedAccount]) -> IntegrationAccountPayload:
    try:
        account: Any = await work
    except Rejected as refusal:
        return IntegrationAccountPayload(account=None, user_errors=user_errors(refusal))
    return IntegrationAccountPayload(account=account, user_errors=[])
