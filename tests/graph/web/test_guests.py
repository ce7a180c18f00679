"""Looking at who may stay: everybody is looked at, and nobody else waits for it."""

import asyncio
from collections.abc import Collection
from contextlib import AsyncExitStack
from typing import Any, cast

import pytest

from graph.accounts.authentication import Authentication
from graph.accounts.keys import Permission, Viewer
from graph.storage.failures import StorageUnavailable
from graph.web import guests as module
from graph.web.guests import Credentials, Guest, Guests, TooManyConnections


class Lenient:
    """Lets everybody in, without waiting for anything, with the ``permission`` of the moment."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.permission = Permission.READ
        self.away = False

    async def look_ahead(self, secrets: Collection[str], tenants: Collection[str]) -> None:
        if self.away:
            raise StorageUnavailable

    async def viewer(self, secret: str, tenant: str | None) -> Viewer:
        self.asked.append(secret)
        return Viewer(tenant_id="default", key_id=None, permission=self.permission)


async def test_others_have_their_turn_while_many_are_looked_at() -> None:
    lenient = Lenient()
    guests = Guests(cast(Authentication, lenient), per_key=1)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with AsyncExitStack() as stack:
        for number in range(50):
            await stack.enter_async_context(guests.welcome(Credentials(f"token {number}")))
        lenient.asked.clear()
        task = asyncio.create_task(other())
        await guests.look()
        task.cancel()

    assert lenient.asked == [f"token {number}" for number in range(50)]
    assert turns >= 50


async def test_thousands_with_one_key_are_compared_once_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[Permission] = []
    includes = Permission.includes

    def counted(own: Permission, needed: Permission) -> bool:
        compared.append(needed)
        return includes(own, needed)

    monkeypatch.setattr(Permission, "includes", counted)
    guests = Guests(cast(Authentication, Lenient()), per_key=2000)

    async with AsyncExitStack() as stack:
        here = [await stack.enter_async_context(guests.welcome(Credentials("token"))) for _ in range(2000)]
        await guests.look()

    assert len(compared) == 1
    assert not any(guest.lifetime.ending for guest in here)


async def test_who_came_with_more_goes_and_who_came_with_no_more_stays() -> None:
    lenient = Lenient()
    guests = Guests(cast(Authentication, lenient), per_key=10)

    async with AsyncExitStack() as stack:

        async def come(permission: Permission) -> Guest:
            lenient.permission = permission
            return await stack.enter_async_context(guests.welcome(Credentials("token")))

        came = [await come(each) for each in (Permission.ADMIN, Permission.READ, Permission.WRITE, Permission.READ)]
        lenient.permission = Permission.WRITE
        await guests.look()
        assert [guest.lifetime.ending is not None for guest in came] == [True, False, False, False]
        lenient.permission = Permission.READ
        await guests.look()
        assert [guest.lifetime.ending is not None for guest in came] == [True, False, True, False]
        guests.stop()
        assert {guest.lifetime.ending.code for guest in came if guest.lifetime.ending} == {
            "FORBIDDEN",
            "SERVER_STOPPING",
        }


async def test_without_the_database_those_are_looked_at_who_can_be_told_apart() -> None:
    lenient = Lenient()
    guests = Guests(cast(Authentication, lenient), per_key=1)
    async with guests.welcome(Credentials("token")) as guest:
        lenient.away, lenient.permission = True, Permission.WRITE
        await guests.look()
        assert guest.lifetime.ending is None
    lenient.permission = Permission.WRITE
    async with guests.welcome(Credentials("token")) as guest:
        lenient.permission = Permission.READ
        await guests.look()
        assert guest.lifetime.ending is not None


async def test_who_has_gone_is_forgotten_and_makes_room() -> None:
    lenient = Lenient()
    guests = Guests(cast(Authentication, lenient), per_key=2)
    for _ in range(3):
        async with guests.welcome(Credentials("token")), guests.welcome(Credentials("token")):
            with pytest.raises(TooManyConnections):
                async with guests.welcome(Credentials("token")):
                    pass
    lenient.asked.clear()
    await guests.look()
    assert lenient.asked == []


async def test_after_a_long_look_there_is_a_longer_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, begun = asyncio.get_running_loop(), list[float]()
    ended: list[float] = []

    async def look(self: Any) -> None:
        begun.append(loop.time())
        await asyncio.sleep(0.05)
        ended.append(loop.time())

    monkeypatch.setattr(module, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(Guests, "look", look)
    guests = Guests(cast(Authentication, Lenient()), per_key=1)
    guests.start()
    async with asyncio.timeout(10):
        while len(begun) < 2:  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.001)
    await guests.aclose()

    assert begun[1] - ended[0] >= module.REST * 0.05
