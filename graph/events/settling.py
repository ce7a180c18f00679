"""What is known of reservations, kept: loaded before news are judged, and stored with the events in one transaction."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import islice
from typing import Any, cast

from sqlalchemy import Connection, Table, bindparam, insert, select, update

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.sealed import state_context
from graph.accounts.vault import Vault
from graph.changes.change_marks import Mark, write_mark
from graph.events.claiming import DeliveryStatus
from graph.events.delivery_rows import store_held
from graph.events.event import Dumps, NewEvent, load_reservation, packed, unpacked
from graph.events.inbox_records import Row
from graph.events.log import Appended, Entry, EventLog
from graph.events.states import Known
from graph.storage.database import Database
from graph.storage.durable import DurableWrites
from graph.storage.event_tables import AccountPollRow, ReservationStateRow
from graph.storage.prepared import Prepared
from graph.storage.tables import WebhookDeliveryRow

_MOST_HELD = 2_000
"""States that are kept at hand: those that were stored last."""


_STATE = cast("Table", ReservationStateRow.__table__)
_DELIVERY = cast("Table", WebhookDeliveryRow.__table__)

_COLUMNS = (
    "id", "tenant_id", "account_id", "reservation_id", "listing_id", "changed_at", "read_at", "deleted", "revision",
    "body",
)  # fmt: skip
_VALUES: dict[str, Any] = {name: bindparam(name) for name in _COLUMNS}
_FOUND = Prepared(select(*(_STATE.c[name] for name in _COLUMNS)).where(_STATE.c.id == bindparam("row_id")))
_REVISION = Prepared(select(_STATE.c.revision).where(_STATE.c.id == bindparam("row_id")))
_NEW_STATE = Prepared(insert(_STATE).values(_VALUES))
_CHANGED_STATE = Prepared(
    update(_STATE).where(_STATE.c.id == bindparam("row_id"), _STATE.c.revision == bindparam("before")).values(_VALUES)
)
_HELD = (
    _DELIVERY.c.id == bindparam("row_id"),
    _DELIVERY.c.status == DeliveryStatus.PENDING.value,
    _DELIVERY.c.holder == bindparam("who"),
)


class SettledElsewhereError(Exception):
    """Another process was quicker: what was judged is out of date. Nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What is written together: states by reservation, events in their order, what became of deliveries, and polling.

    ``deliveries`` and ``poll`` are rows' new values; ``holder`` is who must still hold them. ``judged`` are the
    revisions of the states that the judgement rests on, 0 where there was none. ``unstored`` are the rows of those
    deliveries that may not be stored yet. ``mark`` tells the other processes.
    """

    account: ConnectedAccount
    holder: str
    states: Mapping[str, Known] = field(default_factory=dict)
    events: Sequence[NewEvent] = ()
    deliveries: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unstored: Sequence[Row] = ()
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
        self._settled: list[Callable[[Collection[str]], None]] = []

    def when_settled(self, told: Callable[[Collection[str]], None]) -> None:
        """Have ``told`` called with the keys of states that were stored."""
        self._settled.append(told)

    def forget(self, keys: Collection[str]) -> None:
        """Another process stored newer ones: it is not worth finding out when something rests on these."""
        for key in keys:
            self._held.pop(key, None)

    async def of(self, account: ConnectedAccount, reservation_ids: Collection[str]) -> dict[str, Known]:
        """What is known of these reservations; those that were never seen are left out.

        Raises ``VaultError`` where it cannot be opened.
        """
        keys = {id_: state_id(account.id, id_) for id_ in reservation_ids}
        at_hand = {key: self._held[key] for key in keys.values() if key in self._held}
        found = at_hand | await self._stored([key for key in keys.values() if key not in at_hand])
        return {id_: found[key] for id_, key in keys.items() if key in found}

    async def look_ahead(self, account_id: str, reservation_ids: Collection[str]) -> None:
        """Have at hand what is known of these. Raises ``VaultError`` or ``ValueError`` where it cannot be read."""
        keys = [state_id(account_id, id_) for id_ in reservation_ids]
        found = await self._stored([key for key in keys if key not in self._held])
        # Newer ones may have been stored meanwhile.
        self._hold({key: known for key, known in found.items() if key not in self._held})

    async def _stored(self, keys: Sequence[str]) -> dict[str, Known]:
        return await self._writes.read(partial(self._load, keys)) if keys else {}

    def _load(self, keys: Sequence[str], connection: Connection) -> dict[str, Known]:
        found: dict[str, Known] = {}
        for key in keys:
            for row in _FOUND.all(connection, {"row_id": key}):
                found[key] = self._known(dict(zip(_COLUMNS, row, strict=True)))
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
        dumps = Dumps()
        rows = [self._row(settlement.account, known, dumps) for known in settlement.states.values()]
        entries = self._log.entries(settlement.events, dumps)
        try:
            appended = await self._writes.write(partial(self._written, settlement, rows, entries))
        except BaseException:
            # Whoever wrote what, the next judgement begins with what is stored.
            for id_ in (*settlement.judged, *settlement.states):
                self._held.pop(state_id(settlement.account.id, id_), None)
            raise
        self._hold(
            {
                state_id(settlement.account.id, id_): replace(known, revision=known.revision + 1)
                for id_, known in settlement.states.items()
            }
        )
        for told in self._settled:
            told([row["id"] for row in rows])
        self._log.wake(appended)

    def _written(
        self,
        settlement: Settlement,
        rows: Sequence[dict[str, Any]],
        entries: Sequence[Entry],
        connection: Connection,
    ) -> Appended:
        _check_judged(connection, settlement)
        _store_deliveries(connection, settlement)
        _store_poll(connection, settlement)
        _store_states(connection, rows)
        if settlement.mark is not None:
            write_mark(settlement.mark, connection)
        return self._log.append(connection, entries)

    def _hold(self, states: Mapping[str, Known]) -> None:
        """Keep states at hand. Another process may store newer ones: that is found when something rests on them."""
        for key, known in states.items():
            self._held[key] = known
            self._held.move_to_end(key)
        while len(self._held) > _MOST_HELD:
            self._held.popitem(last=False)

    def _row(self, account: ConnectedAccount, known: Known, dumps: Dumps) -> dict[str, Any]:
        reservation = known.reservation
        context = state_context(account.tenant_id, account.id, reservation.provider_id)
        return {
            "id": state_id(account.id, reservation.provider_id),
            "tenant_id": account.tenant_id,
            "account_id": account.id,
            "reservation_id": reservation.provider_id,
            "listing_id": reservation.listing_id,
            "changed_at": known.changed_at,
            "read_at": known.read_at,
            "deleted": known.deleted,
            "revision": known.revision + 1,
            "body": self._vault.seal(packed(dumps.of(reservation)), context=context),
        }

    def _known(self, row: Mapping[str, Any]) -> Known:
        context = state_context(row["tenant_id"], row["account_id"], row["reservation_id"])
        return Known(
            reservation=load_reservation(unpacked(self._vault.open(row["body"], context=context))),
            changed_at=row["changed_at"],
            read_at=row["read_at"],
            deleted=row["deleted"],
            revision=row["revision"],
        )


def state_id(account_id: str, reservation_id: str) -> str:
    """The key of a reservation's row."""
    return f"{account_id}/{reservation_id}"


def _check_judged(connection: Connection, settlement: Settlement) -> None:
    """That what was judged without a change is still so; changes find that out as they are stored."""
    for id_ in settlement.judged.keys() - settlement.states.keys():
        stored = _REVISION.one(connection, {"row_id": state_id(settlement.account.id, id_)})
        if (stored or 0) != settlement.judged[id_]:
            raise SettledElsewhereError


def _store_states(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    new = [row for row in rows if row["revision"] == 1]
    if any(_REVISION.one(connection, {"row_id": row["id"]}) is not None for row in new):
        raise SettledElsewhereError
    if new:
        _NEW_STATE.run(connection, new)
    changed = [{**row, "row_id": row["id"], "before": row["revision"] - 1} for row in rows if row["revision"] > 1]
    if changed and _CHANGED_STATE.run(connection, changed) < len(changed):
        raise SettledElsewhereError


def _store_deliveries(connection: Connection, settlement: Settlement) -> None:
    unstored = [row for row in settlement.unstored if row["id"] in settlement.deliveries]
    done_with = store_held(unstored, settlement.holder, connection) if unstored else set[str]()
    # One statement sets the same columns.
    forms: dict[frozenset[str], list[dict[str, Any]]] = {}
    for id_, values in settlement.deliveries.items():
        if id_ in done_with:
            continue
        given = {"row_id": id_, "who": settlement.holder} | {f"new_{name}": value for name, value in values.items()}
        forms.setdefault(frozenset(values), []).append(given)
    for names, rows in forms.items():
        if _settled(names).run(connection, rows) < len(rows):
            raise SettledElsewhereError


@cache
def _settled(names: frozenset[str]) -> Prepared:
    """Sets these columns of deliveries that are still held. There are few forms."""
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in sorted(names)}
    return Prepared(update(_DELIVERY).where(*_HELD).values(values))


def _store_poll(connection: Connection, settlement: Settlement) -> None:
    if settlement.poll is None:
        return
    row = AccountPollRow
    mine = (row.account_id == settlement.account.id, row.holder == settlement.holder)
    if not connection.execute(update(row).where(*mine).values(settlement.poll)).rowcount:
        raise SettledElsewhereError
