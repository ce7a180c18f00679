"""The parts that events go through, put together."""

from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from graph.accounts.vault import Vault
from graph.changes.change_marks import ChangeMarks
from graph.events.account_webhooks import AccountWebhooks
from graph.events.apart.process import EventsProcess
from graph.events.completing import Completing
from graph.events.deliveries import Deliveries
from graph.events.handover import Returns
from graph.events.inbox import SUPPORTED, Inbox
from graph.events.inbox_left import LeftInboxes
from graph.events.log import EventLog
from graph.events.own_ids import OwnIds
from graph.events.polling import Polling
from graph.events.processing import Processing
from graph.events.receiving import Receiving
from graph.events.reordering import Reordering
from graph.events.retention import Retention
from graph.events.settling import States
from graph.gateway.reading import Reading
from graph.settings import Settings
from graph.storage.database import Database
from graph.storage.durable import DurableWrites
from providers.upstream.accounts import WindowUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class EventParts:
    """From what a PMS sends, or is asked, to the log."""

    log: EventLog
    receiving: Receiving
    processing: Processing
    polling: Polling
    retention: Retention


def begin_events(
    stack: AsyncExitStack,
    settings: Settings,
    database: Database,
    writes: DurableWrites,
    vault: Vault,
    reading: Reading,
    webhooks: AccountWebhooks,
    marks: ChangeMarks,
    part: Callable[[str], None],
    usage: Callable[[], Iterable[WindowUsage]],
) -> EventParts:
    """The parts, at work until ``stack`` ends; polling only where it is switched on."""
    accounts, connections, clock = reading.accounts, reading.connections, reading.clock
    log = EventLog(database, vault, clock, days=settings.event_days)
    stack.push_async_callback(log.aclose)
    states, completing = States(database, vault, log, writes), Completing(reading, marks, part)
    own_ids = OwnIds(accounts, connections)
    processing = Processing(database, vault, accounts, own_ids.of, states, completing, clock)
    polling = Polling(database, accounts, reading, webhooks, states, completing, clock, usage)
    if settings.event_polling:
        polling.start()
        stack.push_async_callback(polling.aclose)
    worker: Processing | EventsProcess = processing
    if settings.event_process:
        worker = EventsProcess(settings, database, log, states, completing, own_ids, origin=marks.origin)
    worker.start()
    stack.push_async_callback(worker.aclose)
    inbox = None
    if database.file is not None and SUPPORTED:
        inbox = Inbox(database.file, clock)
        left = LeftInboxes(database.file, writes, worker.wake)
        left.start()
        stack.push_async_callback(left.aclose)
    deliveries = Deliveries(
        writes,
        vault,
        clock,
        reordering=Reordering(settings.event_reorder_seconds),
        worker=worker,
        inbox=inbox,
        stored=webhooks.changed,
    )
    worker.returns = Returns(stored=deliveries.note_settled, left=deliveries.note_left)
    stack.push_async_callback(deliveries.aclose)
    receiving = Receiving(database, accounts, connections, webhooks, deliveries, clock=clock)
    receiving.start()
    stack.push_async_callback(receiving.aclose)
    retention = Retention(database, clock, settings.webhook_days, [log.clear])
    retention.start()
    stack.push_async_callback(retention.aclose)
    return EventParts(log=log, receiving=receiving, processing=processing, polling=polling, retention=retention)
