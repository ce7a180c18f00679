"""How soon a webhook is acknowledged at 200 deliveries a second, beside a bare ASGI route that keeps nothing.

``python -m tests.bench.receiving`` serves both over HTTP, sends to each in turn from another process, at fixed moments
whether the former was answered or not, and counts from those moments. Each webhook tells of a change of another one of
the account's reservations, and what it tells goes into the event log meanwhile. The gateway is measured as one process,
and with ``STAYGRAPH_EVENT_PROCESS``, which makes two of it. The first ``WARM_UP`` seconds of each do not count. The
event loop is that of ``staygraph serve``, and so is when garbage is collected.
"""

import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import aiohttp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from graph.cli.garbage import collecting_when_idle
from graph.cli.servers import run
from graph.logs import configure_logging
from tests.bench.subscriptions import WARM_UP, Stage, changed_now, kind
from tests.gateway_world import serving, world
from tests.graph.events.webhook_world import address, basic

RATE = 200
SECONDS = 5
TURNS = 2
LISTINGS = 100
ALLOWED = 0.020
"""Seconds: the 99th percentile that is aimed at."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds from the moment of sending to the answer, by kind of request."""

    ours: Sequence[float]
    bare: Sequence[float]
    unproved: Sequence[float]
    unknown: Sequence[float]


def _bare() -> Starlette:
    async def receive(request: Request) -> Response:
        await request.body()
        return Response(status_code=200)

    return Starlette(routes=[Route("/webhooks/{provider}/{token}", receive, methods=["POST"])])


async def _send(url: str, headers: Mapping[str, str], status: int, rate: int, bodies: Sequence[str]) -> list[float]:
    """Seconds that each answer took. All must have ``status``."""
    taken: list[float] = []

    async def one(session: aiohttp.ClientSession, body: str, due: float) -> None:
        async with session.post(url, data=changed_now(body), headers=headers) as answer:
            await answer.read()
            assert answer.status == status, answer.status
        taken.append(time.perf_counter() - due)

    async with (
        aiohttp.ClientSession() as session,
        collecting_when_idle(lambda: False),
        asyncio.TaskGroup() as sending,
    ):
        start = time.perf_counter() + 0.1
        for number, body in enumerate(bodies):
            due = start + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            sending.create_task(one(session, body, due))
    return taken


async def _apart(url: str, headers: Mapping[str, str], status: int, rate: int, bodies: Sequence[str]) -> list[float]:
    """``_send`` in another process: only what the server does counts."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.receiving",
        "send",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate(json.dumps([url, dict(headers), status, rate, bodies]).encode())
    assert process.returncode == 0
    taken: list[float] = json.loads(said)
    return taken


async def measure(
    rate: int = RATE,
    seconds: float = SECONDS,
    turns: int = TURNS,
    listings: int = LISTINGS,
    *,
    event_process: bool = False,
) -> Measured:
    """Some turns of each, so that what else the machine does falls on all of them."""
    found: dict[str, list[float]] = {"ours": [], "bare": [], "unproved": [], "unknown": []}
    with TemporaryDirectory() as folder:
        async with (
            world(
                Path(folder),
                hostaway_accounts=1,
                bookingsync_accounts=0,
                listings=listings,
                real_time=True,
                event_process=event_process,
            ) as running,
            serving(running.app) as ours,
            serving(_bare()) as bare,
            collecting_when_idle(lambda: False),
        ):
            stage, to = Stage(running), await address(running)
            await stage.learn()
            wrong = basic("staygraph", "x" * 43)
            kinds = {
                "bare": (bare + to.path, to.basic, 200),
                "ours": (ours + to.path, to.basic, 200),
                "unproved": (ours + to.path, wrong, 401),
                "unknown": (f"{ours}/webhooks/hostaway/{'x' * 43}", wrong, 404),
            }
            for turn in range(turns + 1):
                for each, (url, headers, status) in kinds.items():
                    bodies = stage.webhooks(round(rate * (seconds if turn else WARM_UP)))
                    taken = await _apart(url, headers, status, rate, bodies)
                    found[each] += taken if turn else ()
    return Measured(**found)


def main() -> None:
    """Print the figures, and nothing of what is refused or of servers that are stopped at once."""
    configure_logging("console", "critical")
    for event_process in (False, True):
        measured = run(measure(event_process=event_process))
        ours, bare = _p99(measured.ours), _p99(measured.bare)
        print(f"webhooks acknowledged at {RATE} a second, {kind(event_process)}: to a bare route that keeps nothing")
        print(f"  median          {median(measured.ours) / median(measured.bare):6.1f}")
        print(f"  99th percentile {ours / bare:6.1f}")
        print(f"99th percentile, to {ALLOWED * 1000:.0f} ms")
        print(f"  ours            {ours / ALLOWED:6.2f}")
        print(f"  bare            {bare / ALLOWED:6.2f}")
        print("median of an unknown address, to that of a wrong password")
        print(f"                  {median(measured.unknown) / median(measured.unproved):6.2f}")


def _p99(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=100)[98]


if __name__ == "__main__":
    if sys.argv[1:] == ["send"]:
        print(json.dumps(run(_send(*json.load(sys.stdin)))))
    else:
        main()
