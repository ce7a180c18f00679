"""Many keys that stay connected are looked at together: each is let go for what is its own, and for nothing else."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from graph.accounts.authentication import Authentication
from graph.accounts.keys import ApiKey, ApiKeys
from graph.accounts.tenants import Tenants, TenantStatus
from graph.storage.database import Database
from graph.storage.durable import DurableWrites
from graph.storage.failures import StorageUnavailable
from graph.web.guests import Credentials, Guest, Guests
from tests.gateway_world import HandClock

MANY = 120


@dataclass(frozen=True)
class House:
    """Guests with a key each, of two tenants in turn; and another process that changes keys and tenants."""

    clock: HandClock
    guests: Guests
    keys: Sequence[ApiKey]
    here: Sequence[Guest]
    other_keys: ApiKeys
    other_tenants: Tenants

    async def look(self) -> None:
        """Look once more, as long after the last time as looks are apart."""
        self.clock.time += 0.5
        await self.guests.look()

    @property
    def gone(self) -> list[int]:
        return [number for number, guest in enumerate(self.here) if guest.lifetime.ending is not None]


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    clock = HandClock()
    keys, tenants = ApiKeys(database, clock=clock), Tenants(database, clock=clock)
    other = await tenants.create("Other")
    made = [await keys.create(("default", other.id)[number % 2], f"Key {number}") for number in range(MANY)]
    guests = Guests(Authentication(keys, tenants, None), per_key=1)
    async with AsyncExitStack() as stack:
        here = [await stack.enter_async_context(guests.welcome(Credentials(secret))) for _, secret in made]
        yield House(
            clock,
            guests,
            [key for key, _ in made],
            here,
            ApiKeys(database, clock=clock),
            Tenants(database, clock=clock),
        )


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """How often somebody went to the database to read."""
    gone: list[None] = []
    read = DurableWrites.read

    async def counted(self: DurableWrites, work: Any) -> Any:
        gone.append(None)
        return await read(self, work)

    monkeypatch.setattr(DurableWrites, "read", counted)
    return gone


async def test_a_look_at_many_keys_and_their_tenants_goes_to_the_database_once(house: House, ways: list[None]) -> None:
    for _ in range(3):
        ways.clear()
        await house.look()
        assert len(ways) == 1
    assert house.gone == []


async def test_a_key_that_another_process_revoked_is_found_among_many_by_the_next_look(house: House) -> None:
    await house.look()
    await house.other_keys.revoke(None, house.keys[7].id)
    await house.look()
    assert house.gone == [7]
    assert house.here[7].lifetime.ending is not None
    assert house.here[7].lifetime.ending.code == "UNAUTHENTICATED"


async def test_keys_of_a_tenant_that_another_process_deactivated_go_and_no_others(house: House) -> None:
    await house.look()
    await house.other_tenants.set_status(house.keys[1].tenant_id, TenantStatus.INACTIVE)
    await house.look()
    assert house.gone == [*range(1, MANY, 2)]


async def test_a_database_that_is_away_for_a_moment_lets_nobody_go_and_hides_nothing_afterwards(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> Any:
        raise StorageUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(DurableWrites, "read", away)
        await house.other_keys.revoke(None, house.keys[3].id)
        for _ in range(3):
            await house.look()
        assert house.gone == []
    await house.look()
    assert house.gone == [3]
