"""Received webhooks, as operators see them, and working on them once more."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from graph.accounts.keys import Permission
from graph.events.claiming import DeliveryStatus
from graph.events.received import ReceivedWebhook as Received
from graph.gateway.cursors import CursorError, fingerprint
from graph.gateway.marks import KeyMark
from graph.rejections import RejectionCode, rejected
from graph.schema.arguments import MAX_IDS, After, First, check_first, check_list
from graph.schema.connection import PageInfo
from graph.schema.context import Info
from graph.schema.exposing import expose_enum
from graph.schema.paging import chosen_accounts, on_cursor
from graph.schema.permissions import require
from graph.schema.reservation_event import AccountIds, EventLogQueries
from graph.schema.user_errors import UserError, user_errors

if TYPE_CHECKING:
    from graph.schema.account import Account

expose_enum(DeliveryStatus)


@strawberry.type(description="A webhook that a PMS sent, without what it holds.")
class ReceivedWebhook:
    source: strawberry.Private[Received]
    id: strawberry.ID = strawberry.field(description="Its id: see replayReceivedWebhooks.")
    event: str | None = strawberry.field(description="What happened, in the PMS's own word; null if it says none.")
    status: DeliveryStatus = strawberry.field(description="What became of it.")
    reason: str | None = strawberry.field(
        description="Why it was ignored or set aside, or why it has to be tried again; null where there is no reason."
    )
    tries: int = strawberry.field(description="How often working on it failed. A PMS that is down does not count.")
    received_at: datetime = strawberry.field(description="When it arrived, UTC.")
    settled_at: datetime | None = strawberry.field(
        description="When its status became final, UTC; null while it waits."
    )

    @strawberry.field(
        description="The account that it is for.",
        graphql_type=Annotated["Account", strawberry.lazy("graph.schema.account")] | None,
    )
    async def account(self, info: Info) -> Any:
        return await info.context.loaders(info).account_by_id.load(self.source.account_id)


@strawberry.type(description="One page of received webhooks, the newest first.")
class ReceivedWebhookConnection:
    nodes: list[ReceivedWebhook] = strawberry.field(description="The webhooks.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")


@strawberry.type
class EventQueries(EventLogQueries):
    """All queries about events; ``graph.schema.query`` puts them into the schema."""

    @strawberry.field(
        description="The webhooks that your accounts' PMSs sent, the newest first, and what became of them. Needs "
        "ADMIN."
    )
    async def received_webhooks(
        self,
        info: Info,
        statuses: Annotated[
            list[DeliveryStatus] | None, strawberry.argument(description="Only those that are this.")
        ] = None,
        account_ids: AccountIds = None,
        first: First = 50,
        after: After = None,
    ) -> ReceivedWebhookConnection | None:
        viewer = require(info, Permission.ADMIN)
        wanted = check_first(first)
        chosen = None if account_ids is None else await chosen_accounts(info, account_ids, None, "accountIds")
        found = await info.context.administration.received.page(
            viewer.tenant_id,
            check_list(statuses, "statuses"),
            None if chosen is None else [account.id for account in chosen],
            first=wanted + 1,
            before=_before(info, viewer.tenant_id, after),
        )
        return _page(info, viewer.tenant_id, found, wanted, after)


@strawberry.type(description="Received webhooks that are worked on once more.")
class ReplayPayload:
    ids: list[strawberry.ID] = strawberry.field(description="Those that will be; empty if nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="What was wrong; empty if it was done.")


@strawberry.type
class ReceivedWebhookChanges:
    """The mutations; ``graph.schema.mutation`` puts them into the schema."""

    @strawberry.mutation(
        description="Have received webhooks worked on once more, for example those that were set aside, after what was "
        "wrong is mended. What they tell that is known already is not told again. Needs ADMIN."
    )
    async def replay_received_webhooks(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID], strawberry.argument(description=f"Ids of received webhooks, at most {MAX_IDS}.")
        ],
    ) -> ReplayPayload:
        viewer = require(info, Permission.ADMIN)
        wanted = list(dict.fromkeys(str(each) for each in check_list(ids, "ids") or ()))
        missing = await info.context.administration.received.replay(viewer.tenant_id, wanted)
        problems = [
            error
            for each in wanted
            if each in missing
            for error in user_errors(
                rejected("ids", RejectionCode.NOT_FOUND, f"There is no received webhook {each[:40]}.")
            )
        ]
        return ReplayPayload(ids=[] if missing else [strawberry.ID(each) for each in wanted], user_errors=problems)


def _page(
    info: Info, tenant_id: str, found: Sequence[Received], first: int, after: str | None
) -> ReceivedWebhookConnection:
    page = found[:first]
    cursors = [
        info.context.cursors.write(_name(tenant_id), {"": KeyMark(each.received_at.isoformat(), each.id)})
        for each in page
    ]
    return ReceivedWebhookConnection(
        nodes=[_shown(each) for each in page],
        page_info=PageInfo(
            has_next_page=len(found) > first,
            has_previous_page=after is not None,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        ),
    )


def _shown(received: Received) -> ReceivedWebhook:
    return ReceivedWebhook(
        source=received,
        id=strawberry.ID(received.id),
        event=received.event,
        status=received.status,
        reason=received.reason,
        tries=received.tries,
        received_at=received.received_at,
        settled_at=received.settled_at,
    )


def _before(info: Info, tenant_id: str, after: str | None) -> tuple[datetime, str] | None:
    if after is None:
        return None
    with on_cursor():
        mark = info.context.cursors.read(_name(tenant_id), after).get("")
        if not isinstance(mark, KeyMark) or mark.value is None:
            raise CursorError("is the cursor of another list")
        return datetime.fromisoformat(mark.value), mark.id


def _name(tenant_id: str) -> str:
    return fingerprint("receivedWebhooks", tenant_id)
