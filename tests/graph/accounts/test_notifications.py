"""Messages to tenants' servers: they arrive, signed, or are tried again for about a day."""

import asyncio
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise

import pytest
from sqlalchemy import select

from graph.accounts.accounts import AccountOptions, Accounts, ConnectedAccount
from graph.accounts.delivery import PAUSES, DeliveryError
from graph.accounts.notifications import BATCH, CLAIM, KEPT, NotificationEvent, Notifications, Signer
from graph.accounts.vault import Vault
from graph.storage.database import Database
from graph.storage.tables import NotificationRow
from providers.manifest import AuthType
from tests.graph.accounts.conftest import AcmeConfig, HandClock

HOOK = "https://hooks.example.com/staygraph"


@dataclass
class Server:
    """Takes messages, or fails in order."""

    failures: list[Exception] = field(default_factory=list)
    got: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        await asyncio.sleep(0)
        self.got.append((url, headers, body))
        if self.failures:
            raise self.failures.pop(0)
        return 204

    def ids(self) -> list[str]:
        return [headers["StayGraph-Notification-Id"] for _, headers, _ in self.got]


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def notifications(database: Database, vault: Vault, server: Server, clock: HandClock) -> Notifications:
    return Notifications(database, Signer(vault), server, clock)


@pytest.fixture
async def account(accounts: Accounts, config: AcmeConfig) -> ConnectedAccount:
    options = AccountOptions(name="Beach", identifier="crm-1", notification_url=HOOK)
    return await accounts.add("default", "ACME", "Beach", AuthType.OAUTH, config, options=options)


async def store(database: Database, notifications: Notifications, account: ConnectedAccount, count: int = 1) -> None:
    async with database.session() as session:
        for _ in range(count):
            row = notifications.row(NotificationEvent.ACCOUNT_AUTHORIZED, account, "shown")
            assert row is not None
            session.add(row)


async def rows(database: Database) -> list[NotificationRow]:
    async with database.reading() as session:
        return list((await session.scalars(select(NotificationRow))).all())


async def test_message_arrives_once(
    database: Database, notifications: Notifications, account: ConnectedAccount, server: Server, clock: HandClock
) -> None:
    await store(database, notifications, account)
    assert await notifications.send_due() == 1
    clock.elapsed += 86_400
    assert await notifications.send_due() == 0
    ((url, headers, body),) = server.got
    assert url == HOOK
    assert json.loads(body) == {
        "event": "integrationAccount.authorized",
        "id": headers["StayGraph-Notification-Id"],
        "account": {"id": "shown", "identifier": "crm-1", "provider": "ACME", "status": "ACTIVE"},
        "occurredAt": "2026-03-01T00:00:00Z",
    }
    (row,) = await rows(database)
    assert (row.attempts, row.delivered_at is None, row.next_attempt_at) == (1, False, None)


async def test_message_is_tried_again_for_a_day_and_then_kept_with_the_reason(
    database: Database, notifications: Notifications, account: ConnectedAccount, server: Server, clock: HandClock
) -> None:
    server.failures = [DeliveryError(f"It answered with HTTP {500 + number}.") for number in range(20)]
    await store(database, notifications, account)
    tried = []
    for _ in range(20):
        if await notifications.send_due():
            tried.append(clock.elapsed)
        (row,) = await rows(database)
        if row.next_attempt_at is None:
            break
        clock.elapsed += (row.next_attempt_at - clock.now()).total_seconds()
    assert len(tried) == len(PAUSES) + 1 == 8
    waits = [later - earlier for earlier, later in pairwise(tried)]
    assert all(least <= wait <= least * 1.2 for wait, least in zip(waits, PAUSES, strict=True))
    assert 20 * 3600 < tried[-1] < 30 * 3600
    assert row.delivered_at is None
    assert row.last_error == "It answered with HTTP 507."
    assert len(set(server.ids())) == 1


async def test_each_try_is_signed_anew(
    database: Database, notifications: Notifications, account: ConnectedAccount, server: Server, clock: HandClock
) -> None:
    server.failures = [DeliveryError("It could not be reached.")]
    await store(database, notifications, account)
    await notifications.send_due()
    clock.elapsed += 60
    await notifications.send_due()
    (_, first, _), (_, second, _) = server.got
    assert int(second["StayGraph-Timestamp"]) - int(first["StayGraph-Timestamp"]) == 60
    assert first["StayGraph-Signature"] != second["StayGraph-Signature"]


async def test_processes_share_the_messages_out(
    database: Database, vault: Vault, account: ConnectedAccount, server: Server, clock: HandClock
) -> None:
    workers = [Notifications(database, Signer(vault), server, clock) for _ in range(4)]
    await store(database, workers[0], account, count=BATCH * 2)
    while sum(await asyncio.gather(*(worker.send_due() for worker in workers))):
        pass
    assert len(server.got) == len(set(server.ids())) == BATCH * 2


async def test_message_of_a_process_that_died_is_sent_by_another(
    database: Database, vault: Vault, account: ConnectedAccount, server: Server, clock: HandClock
) -> None:
    reached = asyncio.Event()

    async def hang(*_: object) -> int:
        reached.set()
        await asyncio.Event().wait()
        return 204

    dying = Notifications(database, Signer(vault), hang, clock)
    await store(database, dying, account)
    task = asyncio.ensure_future(dying.send_due())
    await reached.wait()
    task.cancel()
    living = Notifications(database, Signer(vault), server, clock)
    assert await living.send_due() == 0
    clock.elapsed += CLAIM
    assert await living.send_due() == 1
    assert len(server.got) == 1


async def test_answer_that_comes_after_its_claim_does_not_undo_what_another_process_did(
    database: Database, vault: Vault, account: ConnectedAccount, server: Server, clock: HandClock
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(*_: object) -> int:
        begun.set()
        await go_on.wait()
        raise DeliveryError("It did not answer in time.")

    late = Notifications(database, Signer(vault), slow, clock)
    await store(database, late, account)
    task = asyncio.ensure_future(late.send_due())
    await begun.wait()
    clock.elapsed += CLAIM
    await Notifications(database, Signer(vault), server, clock).send_due()
    go_on.set()
    await task
    (row,) = await rows(database)
    assert row.delivered_at is not None
    assert row.next_attempt_at is None


async def test_worker_sends_what_it_is_woken_for_and_what_was_left_over(
    database: Database, notifications: Notifications, account: ConnectedAccount
) -> None:
    arrived: asyncio.Queue[bytes] = asyncio.Queue()

    async def deliver(url: str, headers: Mapping[str, str], body: bytes) -> int:
        arrived.put_nowait(body)
        return 204

    working = Notifications(database, notifications._signer, deliver, notifications._clock)
    await store(database, working, account)
    working.start()
    try:
        async with asyncio.timeout(10):
            await arrived.get()
            await store(database, working, account)
            working.wake()
            await arrived.get()
    finally:
        await working.aclose()


async def test_messages_of_long_ago_are_forgotten_unless_they_are_still_to_be_sent(
    database: Database, notifications: Notifications, account: ConnectedAccount, server: Server, clock: HandClock
) -> None:
    await store(database, notifications, account)
    await notifications.send_due()
    clock.elapsed += KEPT.total_seconds() + 1
    await store(database, notifications, account)
    clock.elapsed += KEPT.total_seconds() + 1
    assert len(await rows(database)) == 2
    await notifications.forget_old()
    (waiting,) = await rows(database)
    assert waiting.next_attempt_at is not None


async def test_fault_does_not_end_the_worker(
    database: Database, notifications: Notifications, account: ConnectedAccount
) -> None:
    arrived: asyncio.Queue[str] = asyncio.Queue()

    async def deliver(url: str, headers: Mapping[str, str], body: bytes) -> int:
        arrived.put_nowait(headers["StayGraph-Notification-Id"])
        raise ZeroDivisionError

    working = Notifications(database, notifications._signer, deliver, notifications._clock)
    working.start()
    try:
        async with asyncio.timeout(10):
            for _ in range(2):
                await store(database, working, account)
                working.wake()
                await arrived.get()
    finally:
        await working.aclose()


def test_account_without_an_address_gets_no_message(notifications: Notifications, account: ConnectedAccount) -> None:
    from dataclasses import replace

    silent = replace(account, notification_url=None)
    assert notifications.row(NotificationEvent.ACCOUNT_AUTHORIZED, silent, "shown") is None


def test_each_tenant_has_a_secret_of_its_own_and_the_former_key_still_signs(clock: HandClock) -> None:
    old, new = b"o" * 32, b"n" * 32
    before, after = Signer(Vault([old])), Signer(Vault([new, old]))
    assert len({before.secret("a"), before.secret("b"), after.secret("a")}) == 3
    headers = after.headers("a", "ntf_1", b"{}", clock.now())
    signed = headers["StayGraph-Timestamp"].encode() + b".{}"
    expected = [f"v1={hmac.new(signer.secret('a').encode(), signed, sha256).hexdigest()}" for signer in (after, before)]
    assert headers["StayGraph-Signature"].split(",") == expected
