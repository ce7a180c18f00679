"""A strict PMS in harder conditions than the benchmark's: slow connections, several accounts, other programs."""

import asyncio
from collections import deque
from random import Random

import httpx

from providers.errors import ProviderError
from providers.manifest import Limit, LimitScope, WindowKind
from providers.upstream.accounts import UpstreamSettings
from providers.upstream.caller import Caller, calling
from providers.upstream.tokens import MemoryTokens
from providers.upstream.transport import on_headers_sent
from providers.upstream.upstream import Upstream
from tests.providers.upstream.doubles import HOSTAWAY, ScriptedPms, account, get
from tests.virtual_time import START, VirtualClock, in_virtual_time


class Strict:
    """Counts arrivals in a sliding window."""

    def __init__(self, calls: int, seconds: float) -> None:
        self.calls = calls
        self.seconds = seconds
        self.log: deque[float] = deque()
        self.refused = 0

    def arrive(self) -> bool:
        now = asyncio.get_running_loop().time()
        while self.log and self.log[0] <= now - self.seconds:
            self.log.popleft()
        if len(self.log) >= self.calls:
            self.refused += 1
            return False
        self.log.append(now)
        return True


def create(pms: ScriptedPms) -> Upstream:
    return Upstream(
        tokens=MemoryTokens(), settings=UpstreamSettings(), clock=VirtualClock(), transport=pms, random=Random(3)
    )


@in_virtual_time
async def test_slow_first_connections_do_not_crowd_the_second_burst() -> None:
    """The first burst opens its connections for up to 900 ms, the next one does not: a margin alone is too little."""
    random = Random(5)
    strict = Strict(15, 10)
    opened = 0

    async def handle(request: httpx.Request) -> httpx.Response:
        nonlocal opened
        opened += 1
        if opened <= 15:
            await asyncio.sleep(random.uniform(0.6, 0.9))
        report = on_headers_sent.get()
        assert report is not None
        report()
        await asyncio.sleep(random.uniform(0.005, 0.05))
        return httpx.Response(200 if strict.arrive() else 429, json={})

    session = create(ScriptedPms(handle)).session(account(limits=HOSTAWAY))
    with calling(Caller("sync", deadline=1000)):
        await asyncio.gather(*(session.send(get(f"/{i}")) for i in range(60)))
    assert strict.refused == 0


@in_virtual_time
async def test_accounts_behind_one_address_share_it_evenly() -> None:
    strict = Strict(15, 10)
    served: dict[str, int] = {}

    async def handle(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.02)
        name = request.url.path.split("/")[1]
        served[name] = served.get(name, 0) + 1
        return httpx.Response(200 if strict.arrive() else 429, json={})

    upstream = create(ScriptedPms(handle))

    async def client(name: str, number: int) -> None:
        session = upstream.session(account(name, limits=HOSTAWAY))
        with calling(Caller(f"{name} {number}", deadline=10_000)):
            for call in range(1000):
                await session.send(get(f"/{name}/{number}/{call}"))

    crowds = {"big": 100, "middle": 10, "small": 5}
    tasks = [asyncio.create_task(client(name, n)) for name, size in crowds.items() for n in range(size)]
    await asyncio.sleep(300)
    await upstream.aclose()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert strict.refused == 0
    assert sum(served.values()) >= 0.97 * 450
    assert min(served.values()) >= 0.8 * max(served.values())


@in_virtual_time
async def test_an_hourly_budget_shared_with_another_program_is_never_overdrawn() -> None:
    """100 calls an hour for the application, of which a program unknown to us takes some at any time."""
    random = Random(11)
    used = {0: 0}
    refused = 0

    def count() -> tuple[bool, dict[str, str]]:
        wall = VirtualClock().now().timestamp()
        hour = int(wall // 3600)
        used[hour] = used.get(hour, 0) + 1
        accepted = used[hour] <= 100
        headers = {
            "X-RateLimit-Limit": "100",
            "X-RateLimit-Remaining": str(max(0, 100 - used[hour])),
            "X-RateLimit-Reset": str((hour + 1) * 3600),
        }
        return accepted, headers

    async def handle(request: httpx.Request) -> httpx.Response:
        nonlocal refused
        await asyncio.sleep(random.uniform(0.05, 0.2))
        accepted, headers = count()
        refused += not accepted
        await asyncio.sleep(random.uniform(0.05, 0.2))
        return httpx.Response(200 if accepted else 429, json={}, headers=headers)

    async def other_program() -> None:
        for _ in range(60):
            await asyncio.sleep(random.uniform(20, 120))
            count()

    hourly = Limit(scope=LimitScope.APPLICATION, calls=50, seconds=3600, kind=WindowKind.CLOCK)
    pms = ScriptedPms(handle)
    session = create(pms).session(account(limits=[hourly]))
    other = asyncio.create_task(other_program())

    async def client(number: int) -> int:
        done = 0
        for call in range(40):
            with calling(Caller(f"client {number}", deadline=asyncio.get_running_loop().time() + 7200)):
                try:
                    await session.send(get(f"/{number}/{call}"))
                    done += 1
                except ProviderError:
                    continue
            await asyncio.sleep(random.uniform(1, 60))
        return done

    done = await asyncio.gather(*(client(number) for number in range(8)))
    other.cancel()
    # The other program may take the last call of the hour unseen: a refusal then, but no flood of them.
    assert refused <= len(used) * 2
    assert sum(done) >= 310
    assert START.hour == 9
