"""What is known of reservations, kept: loaded before news are judged, and stored with the events in one transaction."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.sealed import state_context
from graph.accounts.vault import Vault
from graph.changes.change_marks import Mark, write_mark
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
        found: dict[str, Known] = {}
        for start in range(0, len(wanted), _IDS_AT_ONCE):
            ids = [state_id(account, each) for each in wanted[start : start + _IDS_AT_ONCE]]
            async with self._database.reading() as session:
                rows = await session.scalars(select(ReservationStateRow).where(ReservationStateRow.id.in_(ids)))
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
        _check_judged(session, settlement)
        _store_deliveries(session, settlement)
        _store_poll(session, settlement)
        _store_states(session, rows)
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


def _check_judged(session: Session, settlement: Settlement) -> None:
    ids = [state_id(settlement.account, id_) for id_ in settlement.judged]
    if not ids:
        return
    columns = (ReservationStateRow.reservation_id, ReservationStateRow.revision)
    stored = dict(session.execute(select(*columns).where(ReservationStateRow.id.in_(ids))).all())
    if any(stored.get(id_, 0) != revision for id_, revision in settlement.judged.items()):
        raise SettledElsewhereError


def _store_states(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    columns = (ReservationStateRow.id, ReservationStateRow.revision)
    stored = select(*columns).where(ReservationStateRow.id.in_([row["id"] for row in rows]))
    revisions = dict(session.execute(stored).all())
    new = [row for row in rows if row["id"] not in revisions]
    changed = [row for row in rows if row["id"] in revisions]
    if any(row["revision"] != 1 for row in new) or any(revisions[row["id"]] != row["revision"] - 1 for row in changed):
        raise SettledElsewhereError
    if new:
        session.execute(insert(ReservationStateRow), new)
    if changed:
        session.execute(update(ReservationStateRow), changed)


def _store_deliveries(session: Session, settlement: Settlement) -> None:
    if not settlement.deliveries:
        return
    row = WebhookDeliveryRow
    held = select(row.id).where(
        row.id.in_(settlement.deliveries), row.status == "PENDING", row.holder == settlement.holder
    )
    if set(session.scalars(held)) != set(settlement.deliveries):
        raise SettledElsewhereError
    session.execute(update(row), _with_keys("id", settlement.deliveries.items()))


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


def fixed(now: datetime) -> dict[str, Any]:
    """The values of a delivery that nobody works on any more."""
    return {"holder": None, "lease_until": None, "settled_at": now}
