"""What is known of reservations, kept: loaded before news are judged, and stored with the events in one transaction."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Any, cast

from sqlalchemy import BindParameter, Connection, Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.sealed import state_context
from graph.accounts.vault import Vault
from graph.changes.change_marks import Mark, write_mark
from graph.events.claiming import DeliveryStatus
from graph.events.event import NewEvent, dump_reservation, load_reservation, packed, unpacked
from graph.events.log import Appended, EventLog
from graph.events.states import Known
from graph.storage.database import Database
from graph.storage.durable import DurableWrites
from graph.storage.event_tables import AccountPollRow, ReservationStateRow
from graph.storage.tables import WebhookDeliveryRow

_IDS_AT_ONCE = 500

_MOST_HELD = 2_000
"""States that are kept at hand: those that were stored last."""


_STATE = cast("Table", ReservationStateRow.__table__)
_DELIVERY = cast("Table", WebhookDeliveryRow.__table__)

# Put together once, and without the object-relational layer: who writes keeps all others waiting.
_IDS: BindParameter[str] = bindparam("ids", expanding=True)
_REVISIONS = select(_STATE.c.id, _STATE.c.revision).where(_STATE.c.id.in_(_IDS))
_NEW_STATE = insert(_STATE)
_CHANGED_STATE = update(_STATE).where(_STATE.c.id == bindparam("row_id"))
_HELD = select(_DELIVERY.c.id).where(
    _DELIVERY.c.id.in_(_IDS),
    _DELIVERY.c.status == DeliveryStatus.PENDING.value,
    _DELIVERY.c.holder == bindparam("who"),
)
_SETTLED = update(_DELIVERY).where(_DELIVERY.c.id == bindparam("row_id"))


class SettledElsewhereError(Exception):
    """Another process was quicker: what was judged is out of date. Nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What is written together: states by reservation, events in their order, what became of deliveries, and polling.

    ``deliveries`` and ``poll`` are rows' new values; ``holder`` is who must still hold them. ``judged`` are the
    revisions of the states that the judgement rests on, 0 where there was none. ``mark`` tells the other processes.
    """

    account: ConnectedAccount
    holder: str
    states: Mapping[str, Known] = field(default_factory=dict)
    events: Sequence[NewEvent] = ()
    deliveries: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    poll: Mapping[str, Any] | None = None
    judged: Mapping[str, int] = field(default_factory=dict)
    mark: Mark | None = None


class States:
    """The last known states of reservations."""

    def __init__(self, database: Database, vault: Vault, log: EventLog, writes: DurableWrites) -> None:
        self._database = database
        self._vault = vault
        self._log = log
        self._writes = writes
        self._held: OrderedDict[str, Known] = OrderedDict()

    async def of(self, account: ConnectedAccount, reservation_ids: Collection[str]) -> dict[str, Known]:
        """What is known of these reservations; those that were never seen are left out.

        Raises ``VaultError`` where it cannot be opened.
        """
        found: dict[str, Known] = {}
        for id_ in reservation_ids:
            if (known := self._held.get(state_id(account, id_))) is not None:
                found[id_] = known
        return found | await self._stored(account, [each for each in reservation_ids if each not in found])

    async def _stored(self, account: ConnectedAccount, wanted: Sequence[str]) -> dict[str, Known]:
        return await self._writes.read(partial(self._load, account, wanted)) if wanted else {}

    def _load(self, account: ConnectedAccount, wanted: Sequence[str], session: Session) -> dict[str, Known]:
        found: dict[str, Known] = {}
        for start in range(0, len(wanted), _IDS_AT_ONCE):
            ids = [state_id(account, each) for each in wanted[start : start + _IDS_AT_ONCE]]
            rows = session.scalars(select(ReservationStateRow).where(ReservationStateRow.id.in_(ids)))
            found.update((row.reservation_id, self._known(row)) for row in rows)
        return found

    async def listings(self, account: ConnectedAccount, listing_ids: Collection[str]) -> set[str]:
        """Those of the listings of which some reservation of the account is known."""
        column = ReservationStateRow.listing_id
        mine = ReservationStateRow.account_id == account.id
        async with self._database.reading() as session:
            return set(await session.scalars(select(column).where(mine, column.in_(listing_ids)).distinct()))

    async def present(self, account: ConnectedAccount, *, besides: Collection[str], most: int) -> list[str]:
        """At most ``most`` of the account's known reservations that are not deleted, other than ``besides``."""
        row = ReservationStateRow
        mine = select(row.reservation_id).where(row.account_id == account.id, row.deleted.is_(False)).order_by(row.id)
        async with self._database.reading() as session:
            ids = await session.scalars(mine)
            return list(islice((each for each in ids if each not in besides), most))

    async def settle(self, settlement: Settlement) -> None:
        """Write all of it or nothing, and wake who waits for the events. It outlives a loss of power.

        Raises ``SettledElsewhereError``, or what the database raises.
        """
        rows = [self._row(settlement.account, known) for known in settlement.states.values()]
        try:
            appended = await self._writes.write(partial(self._written, settlement, rows))
        except BaseException:
            # Whoever wrote what, the next judgement begins with what is stored.
            for id_ in (*settlement.judged, *settlement.states):
                self._held.pop(state_id(settlement.account, id_), None)
            raise
        self._hold(settlement)
        self._log.wake(appended)

    def _written(self, settlement: Settlement, rows: Sequence[dict[str, Any]], session: Session) -> Appended:
        connection = session.connection()
        stored = _revisions(connection, settlement)
        _check_judged(settlement, stored)
        _store_deliveries(connection, settlement)
        _store_poll(session, settlement)
        _store_states(connection, rows, stored)
        if settlement.mark is not None:
            write_mark(settlement.mark, session)
        return self._log.append(session, settlement.events)

    def _hold(self, settlement: Settlement) -> None:
        """Keep the states at hand. Another process may store newer ones: that is found when something rests on them."""
        for id_, known in settlement.states.items():
            key = state_id(settlement.account, id_)
            self._held[key] = replace(known, revision=known.revision + 1)
            self._held.move_to_end(key)
        while len(self._held) > _MOST_HELD:
            self._held.popitem(last=False)

    def _row(self, account: ConnectedAccount, known: Known) -> dict[str, Any]:
        reservation = known.reservation
        context = state_context(account.tenant_id, account.id, reservation.provider_id)
        return {
            "id": state_id(account, reservation.provider_id),
            "tenant_id": account.tenant_id,
            "account_id": account.id,
            "reservation_id": reservation.provider_id,
            "listing_id": reservation.listing_id,
            "changed_at": known.changed_at,
            "read_at": known.read_at,
            "deleted": known.deleted,
            "revision": known.revision + 1,
            "body": self._vault.seal(packed(dump_reservation(reservation)), context=context),
        }

    def _known(self, row: ReservationStateRow) -> Known:
        context = state_context(row.tenant_id, row.account_id, row.reservation_id)
        return Known(
            reservation=load_reservation(unpacked(self._vault.open(row.body, context=context))),
            changed_at=row.changed_at,
            read_at=row.read_at,
            deleted=row.deleted,
            revision=row.revision,
        )


def state_id(account: ConnectedAccount, reservation_id: str) -> str:
    """The key of a reservation's row."""
    return f"{account.id}/{reservation_id}"


def _revisions(connection: Connection, settlement: Settlement) -> dict[str, int]:
    """The stored revisions of all states that are judged or written, by their keys."""
    ids = {state_id(settlement.account, id_) for id_ in (*settlement.judged, *settlement.states)}
    return dict(connection.execute(_REVISIONS, {"ids": list(ids)}).all()) if ids else {}


def _check_judged(settlement: Settlement, stored: Mapping[str, int]) -> None:
    for id_, revision in settlement.judged.items():
        if stored.get(state_id(settlement.account, id_), 0) != revision:
            raise SettledElsewhereError


def _store_states(connection: Connection, rows: Sequence[dict[str, Any]], stored: Mapping[str, int]) -> None:
    if any(row["revision"] != stored.get(row["id"], 0) + 1 for row in rows):
        raise SettledElsewhereError
    new = [row for row in rows if row["id"] not in stored]
    changed = [{**row, "row_id": row["id"]} for row in rows if row["id"] in stored]
    if new:
        connection.execute(_NEW_STATE, new)
    if changed:
        connection.execute(_CHANGED_STATE, changed)


def _store_deliveries(connection: Connection, settlement: Settlement) -> None:
    if not settlement.deliveries:
        return
    held = connection.scalars(_HELD, {"ids": list(settlement.deliveries), "who": settlement.holder})
    if set(held) != set(settlement.deliveries):
        raise SettledElsewhereError
    # One statement takes rows of one form.
    forms: dict[frozenset[str], list[dict[str, Any]]] = {}
    for id_, values in settlement.deliveries.items():
        forms.setdefault(frozenset(values), []).append({"row_id": id_, **values})
    for rows in forms.values():
        connection.execute(_SETTLED, rows)


def _store_poll(session: Session, settlement: Settlement) -> None:
    if settlement.poll is None:
        return
    row = AccountPollRow
    mine = (row.account_id == settlement.account.id, row.holder == settlement.holder)
    if session.scalar(select(row.account_id).where(*mine)) is None:
        raise SettledElsewhereError
    session.execute(update(row), _with_keys("account_id", [(settlement.account.id, settlement.poll)]))


def _with_keys(name: str, items: Iterable[tuple[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    return [{name: key, **values} for key, values in items]
