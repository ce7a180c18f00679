"""Many clients on one Hostaway account, in virtual time, against a strict and independent sliding-window counter.

    python -m tests.bench.permits

Prints, for a minute and for ten: calls refused, the share of the permitted calls that were used, and the longest wait
as a multiple of the fair share (clients / permitted rate).
"""

import asyncio
import random
from collections import Counter, deque
from dataclasses import dataclass
from typing import ClassVar

import httpx

from providers.contract import Dialect, Send
from providers.errors import ProviderError
from providers.manifest import Limit, LimitScope
from providers.upstream.accounts import UpstreamAccount
from providers.upstream.caller import Caller, calling
from providers.upstream.calls import Answer, Call, Token
from providers.upstream.tokens import MemoryTokens
from providers.upstream.upstream import Upstream
from tests.virtual_time import VirtualClock, run_virtually

LIMITS = (
    Limit(scope=LimitScope.IP, calls=15, seconds=10),
    Limit(scope=LimitScope.ACCOUNT, calls=20, seconds=10),
)


class _NoToken(Dialect):
    def headers(self, token: Token | None) -> dict[str, str]:
        return {}

    async def issue(self, send: Send, current: Token | None) -> Token | None:
        return None

    def initial_token(self) -> Token | None:
        return None

    def token_rejected(self, answer: Answer) -> bool:
        return False

    def reason(self, answer: Answer) -> str | None:
        return None


class StrictPms(httpx.AsyncBaseTransport):
    """Serves at most ``calls`` in any ``seconds``, counted on arrival; each way takes 5 to 120 ms."""

    WAY: ClassVar[tuple[float, float]] = (0.005, 0.12)

    def __init__(self, calls: int, seconds: float, seed: int) -> None:
        self._calls = calls
        self._seconds = seconds
        self._random = random.Random(seed)
        self._log: deque[float] = deque()
        self.accepted = 0
        self.refused = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(self._random.uniform(*self.WAY))
        now = asyncio.get_running_loop().time()
        while self._log and self._log[0] <= now - self._seconds:
            self._log.popleft()
        if len(self._log) >= self._calls:
            self.refused += 1
            return httpx.Response(429)
        self._log.append(now)
        self.accepted += 1
        await asyncio.sleep(self._random.uniform(*self.WAY))
        return httpx.Response(200, json={})


@dataclass(frozen=True, slots=True)
class Measured:
    clients: int
    seconds: float
    accepted: int
    refused: int
    share: float
    """Accepted calls of those that the strictest window permits."""
    longest_wait: float
    """The longest time that any client waited for one call, in fair shares. Waits not over at the end count, too."""
    spread: int
    """The most calls of one client minus the fewest of another."""


async def measure(clients: int = 200, seconds: float = 60.0, seed: int = 1) -> Measured:
    """Each client asks again as soon as it is answered; no two calls are alike, so nothing is shared."""
    strictest = min(limit.calls for limit in LIMITS)
    pms = StrictPms(strictest, 10.0, seed)
    upstream = Upstream(tokens=MemoryTokens(), clock=VirtualClock(), transport=pms, random=random.Random(seed))
    session = upstream.session(
        UpstreamAccount(
            account_id="one",
            provider="hostaway",
            base_url="https://api.hostaway.test",
            dialect=_NoToken(),
            limits=LIMITS,
            identities={LimitScope.ACCOUNT: "10450"},
        )
    )
    loop = asyncio.get_running_loop()
    waits: list[float] = []
    served: Counter[int] = Counter(dict.fromkeys(range(clients), 0))

    async def client(name: int) -> None:
        number = 0
        while True:
            began = loop.time()
            try:
                with calling(Caller(f"client {name}", deadline=began + 10_000)):
                    await session.send(Call(method="GET", path=f"/v1/listings/{name}/{number}"))
                served[name] += 1
                number += 1
            except ProviderError:  # counted by the PMS; the client asks again
                continue
            finally:
                waits.append(loop.time() - began)

    tasks = [asyncio.create_task(client(name)) for name in range(clients)]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await upstream.aclose()
    fair = clients / (strictest / 10.0)
    return Measured(
        clients=clients,
        seconds=seconds,
        accepted=pms.accepted,
        refused=pms.refused,
        share=pms.accepted / (strictest * seconds / 10.0),
        longest_wait=max(waits) / fair,
        spread=max(served.values()) - min(served.values()),
    )


def main() -> None:
    print(" clients  seconds  accepted  429s   share  longest wait / fair  spread")
    for clients, seconds in ((200, 60.0), (200, 600.0), (20, 600.0)):
        row = run_virtually(measure(clients, seconds))
        print(
            f"{row.clients:>8} {row.seconds:>8.0f} {row.accepted:>9} {row.refused:>5} {row.share:>7.1%}"
            f" {row.longest_wait:>20.2f} {row.spread:>7}"
        )


if __name__ == "__main__":
    main()
