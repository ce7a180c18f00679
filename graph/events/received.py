"""What an operator sees of received webhooks, and working on some of them once more."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, tuple_, update

from graph.events.claiming import RELEASED, DeliveryStatus
from graph.storage.database import Database
from graph.storage.tables import WebhookDeliveryRow
from providers.upstream.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedWebhook:
    """A webhook of a PMS, without its body. ``event`` is the PMS's word; instants are aware UTC.

    ``tries`` counts those that failed through its own fault; ``settled_at`` is when its status became final.
    """

    id: str
    tenant_id: str
    account_id: str
    event: str | None
    status: DeliveryStatus
    reason: str | None
    tries: int
    received_at: datetime
    settled_at: datetime | None


class ReceivedWebhooks:
    """The received webhooks of tenants."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def page(
        self,
        tenant_id: str,
        statuses: Collection[DeliveryStatus] | None,
        account_ids: Collection[str] | None,
        *,
        first: int,
        before: tuple[datetime, str] | None = None,
    ) -> Sequence[ReceivedWebhook]:
        """The newest ``first``, from behind ``before`` (when one was received, and its id) on to older ones."""
        row = WebhookDeliveryRow
        chosen = select(row).where(row.tenant_id == tenant_id)
        if statuses is not None:
            chosen = chosen.where(row.status.in_([each.value for each in statuses]))
        if account_ids is not None:
            chosen = chosen.where(row.account_id.in_(account_ids))
        if before is not None:
            chosen = chosen.where(tuple_(row.received_at, row.id) < before)
        async with self._database.reading() as session:
            rows = await session.scalars(chosen.order_by(row.received_at.desc(), row.id.desc()).limit(first))
            return [_received(each) for each in rows]

    async def counts(self, tenant_id: str) -> dict[DeliveryStatus, int]:
        """How many there are in each status; those without any are left out."""
        row = WebhookDeliveryRow
        counted = select(row.status, func.count()).where(row.tenant_id == tenant_id).group_by(row.status)
        async with self._database.reading() as session:
            return {DeliveryStatus[status]: number for status, number in await session.execute(counted)}

    async def replay(self, tenant_id: str, ids: Collection[str]) -> set[str]:
        """Have these worked on once more, whatever became of them. Returns those that the tenant does not have.

        If there are any, nothing is changed. What they tell that is known already is not told again.
        """
        row = WebhookDeliveryRow
        theirs = (row.tenant_id == tenant_id, row.id.in_(ids))
        again = {
            **RELEASED,
            "status": DeliveryStatus.PENDING.value,
            "reason": None,
            "tries": 0,
            "due_at": self._clock.now(),
            "settled_at": None,
        }
        async with self._database.session() as session:
            missing = set(ids) - set(await session.scalars(select(row.id).where(*theirs)))
            if not missing:
                await session.execute(update(row).where(*theirs).values(again))
        return missing


def _received(row: WebhookDeliveryRow) -> ReceivedWebhook:
    return ReceivedWebhook(
        id=row.id,
        tenant_id=row.tenant_id,
        account_id=row.account_id,
        event=row.event,
        status=DeliveryStatus[row.status],
        reason=row.reason,
        tries=row.tries,
        received_at=row.received_at,
        settled_at=row.settled_at,
    )
