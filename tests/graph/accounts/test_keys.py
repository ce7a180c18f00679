"""API keys: shown once, stored as a hash, revoked within a second."""

from typing import Any

import pytest
from sqlalchemy import text

from graph.accounts.keys import ApiKeys, Scope, Viewer
from graph.storage.database import Database


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
