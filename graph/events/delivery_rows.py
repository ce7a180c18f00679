"""The rows of received webhooks: written in as few and as plain statements as can be.

Hundreds may come in a second, and each waits for the ones before it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import cast

from sqlalchemy import Connection, Table, bindparam, insert, literal, or_, select, update

from graph.events.claiming import RELEASED, DeliveryStatus
from graph.events.inbox_records import Row
from graph.storage.prepared import Prepared
from graph.storage.tables import AccountRow, AccountWebhookRow, WebhookDeliveryRow

_Owner = tuple[str, str]
_Key = tuple[str, str | None]

_ACCOUNT = cast("Table", AccountRow.__table__)
_DELIVERY = cast("Table", WebhookDeliveryRow.__table__)
_WEBHOOK = cast("Table", AccountWebhookRow.__table__)

_ALIVE = Prepared(
    select(_ACCOUNT.c.id).where(
        _ACCOUNT.c.tenant_id == bindparam("tenant_id"), _ACCOUNT.c.id == bindparam("account_id")
    )
)
_KNOWN = Prepared(
    select(_DELIVERY.c.id).where(
        _DELIVERY.c.account_id == bindparam("account_id"), _DELIVERY.c.delivery_key == bindparam("delivery_key")
    )
)
_STORED = Prepared(select(_DELIVERY.c.id).where(_DELIVERY.c.id == bindparam("row_id")))
_WAITING = Prepared(
    select(literal(1))
    .where(
        _DELIVERY.c.status == DeliveryStatus.PENDING.value,
        _DELIVERY.c.account_id == bindparam("account_id"),
        or_(_DELIVERY.c.holder.is_(None), _DELIVERY.c.holder != bindparam("holder")),
    )
    .limit(1)
)
_COLUMNS = (
    "id", "tenant_id", "account_id", "delivery_key", "event", "provider_account", "body", "received_at", "subject",
    "due_at", "holder", "lease_until",
)  # fmt: skip
_INSERT = Prepared(insert(_DELIVERY).values({name: bindparam(name) for name in _COLUMNS}))
_COUNT = Prepared(
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

    STORED = auto()
    """It was stored before, by whoever had it too."""

    FOR_LATER = auto()
    """It is kept where it will be found again, and becomes one of the others soon."""


@dataclass(frozen=True, slots=True)
class Offer:
    """``holder`` would have deliveries of ``accounts``, until ``lease_until`` at first; those ``besides`` not."""

    holder: str
    lease_until: datetime
    accounts: frozenset[str]
    besides: frozenset[str] = frozenset()


def store(
    rows: Sequence[Row], offer: Offer | None, connection: Connection, *, again: Collection[str] = ()
) -> list[Kept]:
    """All of a batch or nothing. What arrived already, or belongs to nobody any more, fails no other.

    ``again`` are the ids of rows that may have been stored before. Rows that are claimed by the offer have its
    ``holder`` and ``lease_until`` from then on.
    """
    alive = {owner for owner in dict.fromkeys(map(_owner, rows)) if _is_alive(connection, owner)}
    kept = _outcomes(connection, rows, alive, again)
    new = [row for row, outcome in zip(rows, kept, strict=True) if outcome is Kept.NEW]
    if new:
        _claim(connection, new, offer)
        _INSERT.run(connection, new)
    _count_all(connection, rows, new, alive)
    return kept


def store_held(rows: Sequence[Row], holder: str, connection: Connection) -> set[str]:
    """Those of a batch that were not stored yet, as claimed by ``holder``, whose transaction this is.

    The ids of the others that it need not do anything about: what arrived already, or belongs to nobody any more.
    """
    ids = [row["id"] for row in rows]
    alive = {owner for owner in dict.fromkeys(map(_owner, rows)) if _is_alive(connection, owner)}
    kept = _outcomes(connection, rows, alive, ids)
    new = [row | {"holder": holder} for row, outcome in zip(rows, kept, strict=True) if outcome is Kept.NEW]
    if new:
        _INSERT.run(connection, new)
        _count_all(connection, new, new, alive)
    return {id_ for id_, outcome in zip(ids, kept, strict=True) if outcome in (Kept.REPEATED, Kept.ACCOUNT_GONE)}


def _claim(connection: Connection, new: Sequence[Row], offer: Offer | None) -> None:
    """Claim what is offered, of accounts none of whose deliveries waits, or is worked on by another process."""
    free = frozenset[str]()
    if offer is not None:
        free = frozenset(each for each in offer.accounts if not _waits(connection, each, offer.holder))
    for row in new:
        if offer is not None and row["account_id"] in free and row["id"] not in offer.besides:
            row.update(holder=offer.holder, lease_until=offer.lease_until)
        else:
            # It may have been claimed by a transaction that came to nothing.
            row.update(RELEASED)


def _waits(connection: Connection, account_id: str, holder: str) -> bool:
    return _WAITING.one(connection, {"account_id": account_id, "holder": holder}) is not None


def _owner(row: Row) -> _Owner:
    return row["tenant_id"], row["account_id"]


def _is_alive(connection: Connection, owner: _Owner) -> bool:
    tenant_id, account_id = owner
    return _ALIVE.one(connection, {"tenant_id": tenant_id, "account_id": account_id}) is not None


def _outcomes(connection: Connection, rows: Sequence[Row], alive: set[_Owner], again: Collection[str]) -> list[Kept]:
    """What becomes of each row; keys are those of an account, which has one tenant."""
    kept: list[Kept] = []
    met: set[_Key] = set()
    for row in rows:
        key = row["account_id"], row["delivery_key"]
        if _owner(row) not in alive:
            kept.append(Kept.ACCOUNT_GONE)
        elif row["id"] in again and _STORED.one(connection, {"row_id": row["id"]}) is not None:
            kept.append(Kept.STORED)
        elif key in met or _is_known(connection, key):
            kept.append(Kept.REPEATED)
        else:
            kept.append(Kept.NEW)
            if row["delivery_key"] is not None:
                met.add(key)
    return kept


def _is_known(connection: Connection, key: _Key) -> bool:
    account_id, delivery_key = key
    if delivery_key is None:
        return False
    return _KNOWN.one(connection, {"account_id": account_id, "delivery_key": delivery_key}) is not None


def _count_all(connection: Connection, rows: Sequence[Row], new: Sequence[Row], alive: Collection[_Owner]) -> None:
    for owner in {_owner(row) for row in rows} & set(alive):
        last = max(row["received_at"] for row in rows if _owner(row) == owner)
        _count(connection, owner, sum(_owner(row) == owner for row in new), last)


def _count(connection: Connection, owner: _Owner, number: int, last: datetime) -> None:
    tenant_id, account_id = owner
    if not _COUNT.run(connection, [{"tenant": tenant_id, "account": account_id, "number": number, "last": last}]):
        made = {"tenant_id": tenant_id, "account_id": account_id, "deliveries": number, "last_delivery_at": last}
        connection.execute(_FIRST, [made])
