"""What is remembered of creates, in both kinds of database."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from graph.accounts.vault import Vault
from graph.changes.ledger import Busy, Creation, Entry, Ledger, MadeBefore, new_reference
from graph.rejections import Rejected
from graph.storage.database import Database
from graph.storage.tables import AccountRow, TenantRow
from tests.gateway_world import ShiftedClock

KEYS = [b"1" * 32, b"2" * 32]
ADA = "guest=Ada Lovelace, ada@example.com"


async def ledger_of(database: Database, clock: ShiftedClock, keys: list[bytes] | None = None) -> Ledger:
    async with database.session() as session:
        if await session.get(AccountRow, "a") is None:
            now = clock.now()
            if await session.get(TenantRow, "t") is None:
                session.add(TenantRow(id="t", name="t", created_at=now, updated_at=now))
                await session.flush()
            session.add(
                AccountRow(
                    id="a",
                    tenant_id="t",
                    provider="ACME",
                    name="a",
                    auth_type="API_KEY",
                    credentials=b"",
                    credentials_version="1",
                    created_at=now,
                    updated_at=now,
                    identifier="a",
                )
            )
    return Ledger(database, Vault(keys or KEYS[:1]), clock)


def creation(key: str | None = "k", content: str = ADA) -> Creation:
    return Creation(tenant_id="t", account_id="a", key=key, content=content)


async def begun(ledger: Ledger, what: Creation) -> Entry:
    entry = await ledger.begin(what, 10.0)
    assert isinstance(entry, Entry)
    return entry


async def test_a_create_passes_through_its_states(database: Database) -> None:
    ledger = await ledger_of(database, ShiftedClock())
    assert not await ledger.look(creation())
    entry = await begun(ledger, creation())
    assert not entry.repeated
    assert await ledger.look(creation())
    assert isinstance(await ledger.begin(creation(), 10.0), Busy)
    await ledger.leave_open(entry, asked=True)
    again = await begun(ledger, creation())
    assert again.repeated
    assert again.reference == entry.reference
    await ledger.finish(again, "r1")
    assert await ledger.begin(creation(), 10.0) == MadeBefore("r1")


async def test_a_process_that_died_is_followed_when_its_lease_is_over(database: Database) -> None:
    clock = ShiftedClock()
    ledger = await ledger_of(database, clock)
    dead = await begun(ledger, creation())
    await dead.note("guest", "g7")
    clock.advance(11)
    heir = await begun(ledger, creation())
    assert heir.repeated
    assert heir.reference == dead.reference
    assert heir.made("guest") == "g7"
    await ledger.finish(dead, "wrong")  # it was not dead after all: it has no say any more
    assert isinstance(await ledger.begin(creation(), 10.0), Busy)


async def test_another_input_under_the_same_key_is_refused(database: Database) -> None:
    ledger = await ledger_of(database, ShiftedClock())
    entry = await begun(ledger, creation())
    with pytest.raises(Rejected, match="idempotencyKey"):
        await ledger.look(creation(content="other"))
    with pytest.raises(Rejected, match="idempotencyKey"):
        await ledger.begin(creation(content="other"), 10.0)
    await ledger.free(entry)
    assert await begun(ledger, creation(content="other"))


async def test_without_a_key_each_create_is_one_of_its_own(database: Database) -> None:
    ledger = await ledger_of(database, ShiftedClock())
    one, two = await begun(ledger, creation(None)), await begun(ledger, creation(None))
    assert one.reference != two.reference


async def test_keys_and_inputs_are_known_again_after_the_servers_key_was_replaced(database: Database) -> None:
    clock = ShiftedClock()
    entry = await begun(before := await ledger_of(database, clock), creation())
    await before.finish(entry, "r1")
    after = await ledger_of(database, clock, [KEYS[1], KEYS[0]])
    assert await after.begin(creation(), 10.0) == MadeBefore("r1")
    with pytest.raises(Rejected):
        await after.look(creation(content="other"))


async def test_nothing_of_the_input_or_the_key_is_stored(database: Database) -> None:
    ledger = await ledger_of(database, ShiftedClock())
    await begun(ledger, creation(key="ada@example.com"))
    async with database.reading() as session:
        rows = (await session.execute(text("select * from creation"))).all()
    assert len(rows) == 1
    assert "ada" not in repr(rows).lower()


async def test_what_is_old_is_forgotten(database: Database) -> None:
    clock = ShiftedClock()
    ledger = await ledger_of(database, clock)
    await begun(ledger, creation("old"))
    clock.advance(timedelta(days=31).total_seconds())
    await begun(ledger, creation("new"))
    assert await ledger.clear(timedelta(days=30)) == 1
    assert not await ledger.look(creation("old"))
    assert await ledger.look(creation("new"))


def test_references_fit_where_pmss_take_them() -> None:
    references = {new_reference() for _ in range(1000)}
    assert len(references) == 1000
    assert all(len(each) <= 40 and each.replace("-", "").isalnum() for each in references)
