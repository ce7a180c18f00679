"""API keys: shown once, stored as a hash, revoked within a second."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from graph.accounts.keys import STRANGERS_AT_ONCE, ApiKey, ApiKeys, KeyStatus, Permission, Scope, Viewer
from graph.accounts.tenants import Tenants
from graph.rejections import Rejected, RejectionCode
from graph.storage.database import Database
from graph.storage.durable import DurableWrites
from graph.storage.failures import StorageUnavailable
from graph.storage.prepared import Prepared
from graph.storage.small_reads import SmallReads


@pytest.fixture
def keys(database: Database, clock: Any) -> ApiKeys:
    return ApiKeys(database, clock=clock)


async def test_a_new_key_lets_its_holder_in(keys: ApiKeys) -> None:
    key, secret = await keys.create("default", "Dashboard")
    assert secret.startswith("sg_")
    assert len(secret) >= 35
    assert await keys.authenticate(secret) == Viewer(tenant_id="default", key_id=key.id)
    assert await keys.list("default") == [key]


@pytest.mark.parametrize("wrong", ["", "sg_", "sg_wrong", "Bearer sg_x", "sg_" + "x" * 10_000, "sg_\ud800", "sg_ä\x00"])
async def test_anything_else_lets_nobody_in(keys: ApiKeys, wrong: str) -> None:
    _, secret = await keys.create("default", "Dashboard")
    assert await keys.authenticate(wrong) is None
    assert await keys.authenticate(secret[:-1]) is None
    assert await keys.authenticate(secret.upper()) is None


async def test_the_database_never_holds_the_secret(keys: ApiKeys, database: Database) -> None:
    _, secret = await keys.create("default", "Dashboard")
    async with database.reading() as session:
        row = (await session.execute(text("SELECT * FROM api_key"))).one()
    assert secret not in str(tuple(row))
    assert secret.encode() not in row.digest


async def test_a_revoked_key_is_dead_at_once_here_and_within_a_second_elsewhere(
    keys: ApiKeys, database: Database, clock: Any
) -> None:
    elsewhere = ApiKeys(database, clock=clock)
    key, secret = await keys.create("default", "Dashboard")
    assert await keys.authenticate(secret) is not None
    assert await elsewhere.authenticate(secret) is not None
    assert await keys.revoke("default", key.id)
    assert await keys.authenticate(secret) is None
    clock.elapsed += 1.0
    assert await elsewhere.authenticate(secret) is None


async def test_revoking_twice_keeps_the_first_time(keys: ApiKeys, clock: Any) -> None:
    key, _ = await keys.create("default", "Dashboard")
    await keys.revoke("default", key.id)
    revoked_at = clock.now()
    clock.elapsed += 60
    assert await keys.revoke("default", key.id)
    assert [each.revoked_at for each in await keys.list("default")] == [revoked_at]


async def test_a_key_has_the_scopes_it_was_made_with_and_no_others(
    keys: ApiKeys, database: Database, clock: Any
) -> None:
    plain, secret = await keys.create("default", "Dashboard")
    clock.elapsed += 1
    raw, raw_secret = await keys.create("default", "Debugging", scopes=[Scope.RAW])
    for store in (keys, ApiKeys(database)):
        assert await store.authenticate(secret) == Viewer("default", plain.id)
        assert await store.authenticate(raw_secret) == Viewer("default", raw.id, frozenset({Scope.RAW}))
        assert [key.scopes for key in await store.list("default")] == [frozenset(), {Scope.RAW}]


async def test_only_the_own_tenant_can_revoke_or_list_a_key(keys: ApiKeys) -> None:
    key, secret = await keys.create("default", "Dashboard")
    assert not await keys.revoke("other", key.id)
    assert not await keys.revoke("default", "key_unknown")
    assert await keys.list("other") == []
    assert await keys.authenticate(secret) is not None


async def refusal(change: Any) -> tuple[str, RejectionCode]:
    with pytest.raises(Rejected) as caught:
        await change
    (rejection,) = caught.value.rejections
    return ".".join(rejection.field), rejection.code


async def test_a_key_works_until_the_instant_at_which_it_ends(keys: ApiKeys, clock: Any) -> None:
    end = clock.now() + timedelta(seconds=10)
    key, secret = await keys.create("default", "Dashboard", expires_at=end)
    viewer = await keys.authenticate(secret)
    assert viewer is not None
    assert viewer.expires_at == key.expires_at == end
    clock.elapsed += 9.5
    assert await keys.authenticate(secret) is not None
    assert key.status(clock.now()) is KeyStatus.ACTIVE
    # What was read half a second ago must not outlive the key.
    clock.elapsed += 0.5
    assert await keys.authenticate(secret) is None
    assert key.status(clock.now()) is KeyStatus.EXPIRED


async def test_a_key_without_an_end_works_for_ever(keys: ApiKeys, clock: Any) -> None:
    key, secret = await keys.create("default", "Dashboard")
    clock.elapsed += 86_400 * 365 * 20
    assert await keys.authenticate(secret) is not None
    assert key.status(clock.now()) is KeyStatus.ACTIVE


@pytest.mark.parametrize("seconds", [0, -1, 86_400 * 3661])
async def test_an_end_that_is_past_or_too_far_away_is_refused(keys: ApiKeys, clock: Any, seconds: int) -> None:
    end = clock.now() + timedelta(seconds=seconds)
    assert await refusal(keys.create("default", "A", expires_at=end)) == ("expiresAt", RejectionCode.OUT_OF_RANGE)
    assert await keys.list("default") == []


async def test_an_end_without_a_time_zone_is_refused(keys: ApiKeys) -> None:
    naive = datetime(2027, 1, 1)  # noqa: DTZ001  # what is tested
    assert await refusal(keys.create("default", "A", expires_at=naive)) == ("expiresAt", RejectionCode.INVALID)


async def test_a_name_and_a_description_have_bounds(keys: ApiKeys) -> None:
    assert await refusal(keys.create("default", " ")) == ("name", RejectionCode.REQUIRED)
    assert await refusal(keys.create("default", "A", description="x" * 501)) == (
        "description",
        RejectionCode.OUT_OF_RANGE,
    )
    assert await refusal(keys.create("default", "A", description="\x00")) == ("description", RejectionCode.INVALID)
    key, _ = await keys.create("default", " A ", description=" for\nthe shop ")
    assert (key.name, key.description) == ("A", "for\nthe shop")


async def test_a_key_belongs_to_a_tenant_that_exists(keys: ApiKeys) -> None:
    for nobody in ("ten_none", "", "ten_\x00"):
        assert await refusal(keys.create(nobody, "A")) == ("tenantId", RejectionCode.NOT_FOUND)


async def test_only_keys_of_the_default_tenant_may_act_for_any(keys: ApiKeys, database: Database) -> None:
    other = await Tenants(database).create("Other")
    assert await refusal(keys.create(other.id, "A", scopes=[Scope.ANY_TENANT])) == ("scopes", RejectionCode.NOT_ALLOWED)
    key, _ = await keys.create("default", "A", scopes=[Scope.ANY_TENANT])
    assert key.scopes == {Scope.ANY_TENANT}


ADMIN = Viewer("default", "key_1", permission=Permission.ADMIN)


@pytest.mark.parametrize(
    ("maker", "wanted", "refused"),
    [
        (Viewer("default", "key_1", permission=Permission.WRITE), {}, "tenantId"),
        (Viewer("default", "key_1", frozenset(Scope), Permission.READ), {}, "tenantId"),
        (ADMIN, {"scopes": [Scope.RAW]}, "scopes"),
        (ADMIN, {"scopes": [Scope.RAW, Scope.ANY_TENANT]}, "scopes"),
        (Viewer("ten_a", "key_1", permission=Permission.ADMIN), {}, "tenantId"),
    ],
)
async def test_a_key_can_not_be_given_more_than_its_maker_has(
    keys: ApiKeys, maker: Viewer, wanted: dict[str, Any], refused: str
) -> None:
    assert (await refusal(keys.create_as(maker, "default", "A", **wanted)))[0] == refused
    assert await keys.list(None) == []


async def test_an_administrator_gives_what_they_have(keys: ApiKeys, database: Database) -> None:
    other = await Tenants(database).create("Other")
    made, _ = await keys.create_as(ADMIN, "default", "A", permission=Permission.ADMIN, scopes=[Scope.ANY_TENANT])
    assert (made.permission, made.scopes) == (Permission.ADMIN, {Scope.ANY_TENANT})
    theirs, _ = await keys.create_as(ADMIN, other.id, "B", permission=Permission.ADMIN)
    own = Viewer(other.id, theirs.id, permission=Permission.ADMIN)
    assert (await keys.create_as(own, other.id, "C"))[0].tenant_id == other.id
    assert await refusal(keys.create_as(own, "default", "D")) == ("tenantId", RejectionCode.NOT_FOUND)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was read of the table of keys."""
    seen: list[str] = []
    all_ = Prepared.all

    def note(self: Prepared, connection: Any, given: Any) -> Any:
        if "FROM api_key" in (statement := str(self._statement)):
            seen.append(statement)
        return all_(self, connection, given)

    monkeypatch.setattr(Prepared, "all", note)
    return seen


async def test_unknown_expired_and_revoked_keys_take_the_same_way(
    keys: ApiKeys, clock: Any, statements: list[str]
) -> None:
    revoked, revoked_secret = await keys.create("default", "Revoked")
    await keys.revoke("default", revoked.id)
    _, expired_secret = await keys.create("default", "Expired", expires_at=clock.now() + timedelta(seconds=1))
    clock.elapsed += 2
    ways = []
    for secret in ("sg_" + "x" * 43, revoked_secret, expired_secret):
        statements.clear()
        for _ in range(20):
            assert await keys.authenticate(secret) is None
        ways.append(list(statements))
    assert ways[0] == ways[1] == ways[2]
    assert len(ways[0]) == 1  # however often it is tried within a second


@pytest.mark.parametrize("wrong", ["", "sg_", "sg_" + "x" * 42, "sg_" + "x" * 44, "sg_" + "é" * 43, "sg_" + "x" * 9000])
async def test_what_has_not_the_form_of_a_key_costs_no_read(keys: ApiKeys, statements: list[str], wrong: str) -> None:
    assert await keys.authenticate(wrong) is None
    assert statements == []


async def test_a_flood_of_guesses_leaves_the_way_to_those_who_are_known(
    keys: ApiKeys, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, secret = await keys.create("default", "Dashboard")
    assert await keys.authenticate(secret) is not None
    clock.elapsed += 2  # what is remembered of it is too old now
    read, most, at_once, gate = SmallReads.read, 0, 0, asyncio.Event()

    async def slow(self: SmallReads, work: Any) -> Any:
        nonlocal most, at_once
        at_once += 1
        most = max(most, at_once)
        try:
            await gate.wait()
            return await read(self, work)
        finally:
            at_once -= 1

    with monkeypatch.context() as patch:
        patch.setattr(SmallReads, "read", slow)
        guesses = [asyncio.create_task(keys.authenticate(f"sg_{number:043}")) for number in range(100)]
        for _ in range(20):
            await asyncio.sleep(0)
        assert most == STRANGERS_AT_ONCE
        known = asyncio.create_task(keys.authenticate(secret))
        for _ in range(20):
            await asyncio.sleep(0)
        assert most == STRANGERS_AT_ONCE + 1  # it did not queue behind them
        gate.set()
        assert await known is not None
        assert await asyncio.gather(*guesses) == [None] * 100
    assert most == STRANGERS_AT_ONCE + 1


async def many(keys: ApiKeys, number: int) -> list[tuple[ApiKey, str]]:
    """New keys that have let somebody in."""
    made = [await keys.create("default", f"Key {each}") for each in range(number)]
    for _, secret in made:
        assert await keys.authenticate(secret) is not None
    return made


@pytest.mark.parametrize("number", [1, 99, 100, 101, 230])
async def test_many_keys_are_read_together_and_each_is_told_apart(
    keys: ApiKeys, database: Database, clock: Any, statements: list[str], number: int
) -> None:
    made = await many(keys, number)
    revoked = {0, number // 2, number - 1}
    elsewhere = ApiKeys(database, clock=clock)
    for each in revoked:
        await elsewhere.revoke("default", made[each][0].id)
    clock.elapsed += 0.5
    statements.clear()
    await keys.look_ahead([secret for _, secret in made])
    assert len(statements) == -(-number // 100)
    for each, (key, secret) in enumerate(made):
        expected = None if each in revoked else Viewer("default", key.id)
        assert await keys.authenticate(secret) == expected
    assert len(statements) == -(-number // 100)


async def test_a_key_that_is_revoked_while_many_are_read_is_dead_at_once(
    keys: ApiKeys, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await many(keys, 3)
    clock.elapsed += 0.5
    read, looked, gate = SmallReads.read, asyncio.Event(), asyncio.Event()

    async def slow(self: SmallReads, work: Any) -> Any:
        found = await read(self, work)
        looked.set()
        await gate.wait()
        return found

    monkeypatch.setattr(SmallReads, "read", slow)
    async with asyncio.TaskGroup() as group:
        group.create_task(keys.look_ahead([secret for _, secret in made]))
        await looked.wait()
        await keys.revoke("default", made[1][0].id)
        gate.set()
    assert [await keys.authenticate(secret) is not None for _, secret in made] == [True, False, True]


async def test_guesses_and_keys_that_are_not_there_are_not_looked_up_ahead(
    keys: ApiKeys, clock: Any, statements: list[str]
) -> None:
    ((_, secret),) = await many(keys, 1)
    assert await keys.authenticate("sg_" + "x" * 43) is None
    clock.elapsed += 2
    statements.clear()
    await keys.look_ahead(["", "sg_short", "sg_" + "x" * 43, "sg_" + "y" * 43, "a.b.c"])
    assert statements == []
    await keys.look_ahead([secret, secret])
    assert len(statements) == 1


async def test_while_the_database_is_away_keys_are_neither_dead_nor_remembered_for_longer(
    keys: ApiKeys, database: Database, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await many(keys, 3)
    secrets = [secret for _, secret in made]
    await ApiKeys(database, clock=clock).revoke("default", made[0][0].id)

    async def away(*_: Any) -> Any:
        raise StorageUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(DurableWrites, "read", away)
        clock.elapsed += 0.5
        with pytest.raises(StorageUnavailable):
            await keys.look_ahead(secrets)
        assert await keys.authenticate(secrets[1]) is not None
        clock.elapsed += 0.5
        with pytest.raises(StorageUnavailable):
            await keys.authenticate(secrets[1])
    await keys.look_ahead(secrets)
    assert [await keys.authenticate(secret) is not None for secret in secrets] == [False, True, True]


async def test_more_keys_than_a_thousand_are_remembered(keys: ApiKeys, clock: Any, statements: list[str]) -> None:
    digests = [bytes([number // 256, number % 256]) * 16 for number in range(1500)]
    keys._known.update(dict.fromkeys(digests))
    await keys._viewers.look_ahead(digests)
    statements.clear()
    await keys._viewers.look_ahead(digests)
    assert statements == []
