"""The rows of received webhooks: written in as few and as plain statements as can be.

Hundreds may come in a second, and each waits for the ones before it: the statements are put together once, without
the object-relational layer, which would take several times as long as the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any, cast

from sqlalchemy import BindParameter, Connection, Table, bindparam, insert, or_, select, update
from sqlalchemy.orm import Session

from graph.events.claiming import DeliveryStatus
from graph.storage.tables import AccountRow, AccountWebhookRow, WebhookDeliveryRow

Row = dict[str, Any]
"""A delivery's columns by name."""

_Owner = tuple[str, str]
_Key = tuple[str, str | None]

_ACCOUNT = cast("Table", AccountRow.__table__)
_DELIVERY = cast("Table", WebhookDeliveryRow.__table__)
_WEBHOOK = cast("Table", AccountWebhookRow.__table__)

_ACCOUNTS: BindParameter[str] = bindparam("accounts", expanding=True)
_ALIVE = select(_ACCOUNT.c.tenant_id, _ACCOUNT.c.id).where(_ACCOUNT.c.id.in_(_ACCOUNTS))
_KNOWN = select(_DELIVERY.c.account_id, _DELIVERY.c.delivery_key).where(
    _DELIVERY.c.account_id.in_(_ACCOUNTS), _DELIVERY.c.delivery_key.in_(bindparam("keys", expanding=True))
)
_WAITING = (
    select(_DELIVERY.c.account_id)
    .where(
        _DELIVERY.c.status == DeliveryStatus.PENDING.value,
        _DELIVERY.c.account_id.in_(_ACCOUNTS),
        or_(_DELIVERY.c.holder.is_(None), _DELIVERY.c.holder != bindparam("holder")),
    )
    .distinct()
)
_INSERT = insert(_DELIVERY)
_COUNT = (
    update(_WEBHOOK)
    .where(_WEBHOOK.c.tenant_id == bindparam("tenant"), _WEBHOOK.c.account_id == bindparam("account"))
    .values(deliveries=_WEBHOOK.c.deliveries + bindparam("number"), last_delivery_at=bindparam("last"))
)
_FIRST = insert(_WEBHOOK)


class Kept(Enum):
    """What became of a delivery."""

    NEW = auto()
    REPEATED = auto()
    ACCOUNT_GONE = auto()


@dataclass(frozen=True, slots=True)
class Offer:
    """``accounts`` whose deliveries ``holder`` would have, until ``lease_until`` at first."""

    holder: str
    lease_until: datetime
    accounts: frozenset[str]


def store(rows: Sequence[Row], offer: Offer | None, session: Session) -> list[Kept]:
    """All of a batch or nothing. What arrived already, or belongs to nobody any more, fails no other.

    Rows that are claimed by the offer have its ``holder`` and ``lease_until`` from then on.
    """
    connection = session.connection()
    alive = _alive(connection, rows)
    known = _known(connection, rows)
    kept = [_outcome(row, alive, known) for row in rows]
    new = [row for row, outcome in zip(rows, kept, strict=True) if outcome is Kept.NEW]
    if new:
        _claim(connection, new, offer)
        connection.execute(_INSERT, new)
    for owner in alive:
        last = max(row["received_at"] for row in rows if _owner(row) == owner)
        _count(connection, owner, sum(_owner(row) == owner for row in new), last)
    return kept


def _claim(connection: Connection, new: Sequence[Row], offer: Offer | None) -> None:
    """Claim what is offered, of accounts none of whose deliveries waits, or is worked on by another process."""
    if offer is None or not offer.accounts:
        return
    waiting = connection.scalars(_WAITING, {"accounts": list(offer.accounts), "holder": offer.holder})
    free = offer.accounts - set(waiting)
    for each in new:
        if each["account_id"] in free:
            each.update(holder=offer.holder, lease_until=offer.lease_until)


def _owner(row: Row) -> _Owner:
    return row["tenant_id"], row["account_id"]


def _key(row: Row) -> _Key:
    return row["account_id"], row["delivery_key"]


def _alive(connection: Connection, rows: Sequence[Row]) -> set[_Owner]:
    """The owners of ``rows`` that are there."""
    found = connection.execute(_ALIVE, {"accounts": list({row["account_id"] for row in rows})})
    there = {(tenant_id, account_id) for tenant_id, account_id in found}
    return there & {_owner(row) for row in rows}


def _known(connection: Connection, rows: Sequence[Row]) -> set[_Key]:
    """The keys of ``rows`` that are stored: of an account, which has one tenant."""
    wanted = {_key(row) for row in rows if row["delivery_key"] is not None}
    if not wanted:
        return set()
    given = {"accounts": list({account for account, _ in wanted}), "keys": list({key for _, key in wanted})}
    return {(account_id, key) for account_id, key in connection.execute(_KNOWN, given)} & wanted


def _outcome(row: Row, alive: set[_Owner], known: set[_Key]) -> Kept:
    """What becomes of a row, the next of its batch; ``known`` grows by its key."""
    if _owner(row) not in alive:
        return Kept.ACCOUNT_GONE
    if row["delivery_key"] is not None and _key(row) in known:
        return Kept.REPEATED
    known.add(_key(row))
    return Kept.NEW


def _count(connection: Connection, owner: _Owner, number: int, last: datetime) -> None:
    tenant_id, account_id = owner
    given = {"tenant": tenant_id, "account": account_id, "number": number, "last": last}
    if not connection.execute(_COUNT, given).rowcount:
        made = {"tenant_id": tenant_id, "account_id": account_id, "deliveries": number, "last_delivery_at": last}
        connection.execute(_FIRST, [made])
