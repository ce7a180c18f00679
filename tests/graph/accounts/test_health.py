"""Histories of calls: joined, written down without losing what another process wrote, never in the way."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from graph.accounts import health as module
from graph.accounts.accounts import Accounts
from graph.accounts.health import CallHistory, Health
from graph.storage.database import Database
from graph.storage.failures import StorageUnavailable
from providers.errors import (
    AccountPaused,
    AuthenticationFailed,
    ErrorCode,
    NotFound,
    UpstreamTimeout,
)
from providers.manifest import AuthType

T0 = datetime(2026, 3, 1, tzinfo=UTC)

instants = st.none() | st.integers(0, 9).map(lambda n: T0 + timedelta(seconds=n))


@st.composite
def histories(draw: st.DrawFn) -> CallHistory:
    failed = draw(instants)
    code = draw(st.sampled_from([ErrorCode.UPSTREAM_TIMEOUT, ErrorCode.AUTHENTICATION_FAILED])) if failed else None
    # One failure at one instant: what happened then is the same in every history that knows of it.
    code = code and (ErrorCode.UPSTREAM_TIMEOUT if failed and failed.second % 2 else ErrorCode.AUTHENTICATION_FAILED)
    return CallHistory(
        last_success_at=draw(instants), last_error_at=failed, last_error_code=code, last_error_message=code and "m"
    )


@given(histories(), histories(), histories())
def test_joining_keeps_the_newest_in_any_order(a: CallHistory, b: CallHistory, c: CallHistory) -> None:
    assert a.joined(b) == b.joined(a)
    assert a.joined(b).joined(c) == a.joined(b.joined(c))
    assert a.joined(a) == a
    joined = a.joined(b)
    assert joined.last_success_at == max(filter(None, (a.last_success_at, b.last_success_at)), default=None)
    assert joined.last_error_at == max(filter(None, (a.last_error_at, b.last_error_at)), default=None)


@pytest.fixture
def health(database: Database, clock: Any) -> Health:
    return Health(database, clock)


async def connect(accounts: Accounts, config: Any) -> Any:
    return await accounts.add("default", "ACME", "Acme", AuthType.OAUTH, config)


async def test_two_processes_write_one_history(
    health: Health, database: Database, accounts: Accounts, config: Any, clock: Any
) -> None:
    account = await connect(accounts, config)
    other = Health(database, clock)
    health.note(account.id, UpstreamTimeout("too slow"))
    await clock.sleep(5)
    other.note(account.id, None)
    await other.flush()
    await health.flush()
    await clock.sleep(5)
    for each in (health, other, Health(database, clock)):
        history = await each.of(account)
        assert history.last_success_at == T0 + timedelta(seconds=5)
        assert (history.last_error_at, history.last_error_message) == (T0, "too slow")


async def test_noting_asks_the_database_nothing_and_many_calls_are_one_write(
    health: Health, database: Database, accounts: Accounts, config: Any
) -> None:
    account = await connect(accounts, config)
    statements: list[str] = []
    event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *seen: statements.append(seen[2]))
    for _ in range(100):
        health.note(account.id, None)
    assert statements == []
    await health.flush()
    assert sum("INSERT" in statement for statement in statements) == 1
    statements.clear()
    await health.flush()
    assert statements == []


async def test_what_says_nothing_of_the_account_is_not_noted(health: Health, accounts: Accounts, config: Any) -> None:
    account = await connect(accounts, config)
    health.note(account.id, NotFound("no such listing"))
    health.note(account.id, AccountPaused("paused"))
    health.note("trial_1", AuthenticationFailed("wrong"))
    assert await health.of(account) == CallHistory()


async def test_an_account_that_is_gone_is_left_out(
    health: Health, database: Database, accounts: Accounts, config: Any
) -> None:
    account, other = [await connect(accounts, config) for _ in range(2)]
    health.note(account.id, None)
    health.note(other.id, None)
    await accounts.remove("default", account.id)
    await health.flush()
    assert (await Health(database, health._clock).of(other)).last_success_at == T0


async def test_a_database_that_is_away_loses_nothing(
    health: Health, database: Database, accounts: Accounts, config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await connect(accounts, config)
    health.note(account.id, None)

    async def fail(*_: Any) -> None:
        raise OSError("disk gone")

    with monkeypatch.context() as patch:
        patch.setattr(module, "_write", fail)
        with pytest.raises(StorageUnavailable):
            await health.flush()
    await health.flush()
    assert (await Health(database, health._clock).of(account)).last_success_at == T0


async def test_memory_is_bounded(health: Health, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ACCOUNTS", 3)
    for number in range(10):
        health.note(f"acc_{number}", None)
    assert list(health._noted) == ["acc_7", "acc_8", "acc_9"]
    assert health._unwritten == set(health._noted)
