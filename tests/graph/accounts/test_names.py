"""Names of tenants' servers are looked up without anybody else waiting for it."""

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from graph.accounts import delivery as module
from graph.accounts.delivery import DeliveryError, HttpDelivery
from graph.accounts.names import OwnThreads

ADDRESS = "93.184.215.14"
SILENT = "silent"


class NameServer:
    """In place of the system's: of names with ``silent`` in them it says nothing until ``speak``."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.speak = threading.Event()

    def __call__(self, host: str, port: Any, *more: Any, **named: Any) -> list[tuple[Any, ...]]:
        self.asked[host] += 1
        if SILENT in host:
            self.speak.wait(30)
        if "unknown" in host:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ADDRESS, 0))]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    made = NameServer()
    monkeypatch.setattr(socket, "getaddrinfo", made)
    yield made
    made.speak.set()


async def test_addresses_of_a_name(server: NameServer) -> None:
    (found,) = await OwnThreads().resolve("hooks.example.com", 443)

    assert (found["hostname"], found["host"], found["port"]) == ("hooks.example.com", ADDRESS, 443)
    assert found["family"] is socket.AF_INET


async def test_a_name_that_is_not_there(server: NameServer) -> None:
    with pytest.raises(socket.gaierror):
        await OwnThreads().resolve("unknown.example.com")


async def test_a_name_server_that_says_nothing_holds_up_nobody_else(
    server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT", 0.3)
    deliver = HttpDelivery(allow_private=False)
    urls = [f"https://{SILENT}{number}.example.com/" for number in range(60)]
    waiting = [asyncio.create_task(deliver(url, {}, b"")) for url in urls]
    async with asyncio.timeout(10):
        while sum(server.asked.values()) < 20:  # noqa: ASYNC110  # threads tell nobody
            await asyncio.sleep(0.001)
        # Everything else that needs a thread has one: the database, files, names of PMSs.
        assert await asyncio.to_thread(lambda: "done") == "done"
        assert await asyncio.get_running_loop().getaddrinfo("pms.example.com", 443)
        results = await asyncio.gather(*waiting, return_exceptions=True)
    assert {str(each) for each in results if isinstance(each, DeliveryError)} == {"It did not answer in time."}
    await deliver.aclose()


async def test_all_who_ask_for_a_name_share_one_look_up(server: NameServer) -> None:
    names = OwnThreads()
    asking = [asyncio.create_task(names.resolve(SILENT)) for _ in range(10)]
    while not server.asked:  # noqa: ASYNC110  # threads tell nobody
        await asyncio.sleep(0.001)
    asking[0].cancel()
    server.speak.set()

    found = await asyncio.gather(*asking, return_exceptions=True)

    assert isinstance(found[0], asyncio.CancelledError)
    assert [each[0]["host"] for each in found[1:] if isinstance(each, list)] == [ADDRESS] * 9
    assert server.asked == {SILENT: 1}


async def test_beyond_so_many_names_each_waits_its_turn(server: NameServer) -> None:
    names = OwnThreads(most=2)
    silent = [asyncio.create_task(names.resolve(f"{SILENT}{number}")) for number in range(2)]
    while len(server.asked) < 2:  # noqa: ASYNC110  # threads tell nobody
        await asyncio.sleep(0.001)
    quick = asyncio.create_task(names.resolve("hooks.example.com"))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(quick), 0.05)

    server.speak.set()

    assert (await quick)[0]["host"] == ADDRESS
    await asyncio.gather(*silent)


async def test_what_nobody_waits_for_any_more_is_given_up_at_the_end(server: NameServer) -> None:
    names = OwnThreads()
    asking = asyncio.create_task(names.resolve(SILENT))
    while not server.asked:  # noqa: ASYNC110  # threads tell nobody
        await asyncio.sleep(0.001)

    await names.close()

    assert isinstance((await asyncio.gather(asking, return_exceptions=True))[0], asyncio.CancelledError)
