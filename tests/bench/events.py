"""Reservation events under disorder, loss and death.

``python -m tests.bench.events shuffled`` sends 10,000 webhooks shuffled within 30 s (of the gateway's clock), a tenth
of them twice and a twentieth not at all, then polls, and compares the log with what was done at the simulator.

``python -m tests.bench.events killed`` sends 10,000 webhooks to a gateway in a process of its own, again as PMSs do
where they get no 2xx, while that process is killed 50 times, and reads the log from cursor to cursor all along.
``python -m tests.bench.events killed apart`` has the gateway run with ``STAYGRAPH_EVENT_PROCESS``, and kills either of
its two processes.
"""

import asyncio
import json
import os
import signal
import socket
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import uvicorn

from graph.app import create_app
from graph.settings import Settings
from tests.bench.receiving import RATE
from tests.gateway_world import World, world
from tests.graph.events.event_world import Hostaway, events, learn
from tests.graph.events.webhook_world import send

WITHIN = 30
"""Seconds that webhooks are late at most."""

REPEATED, DROPPED = 0.1, 0.05
RESERVATIONS = 400
FIELD = "hostNote"

EVENTS = """query($after: String) { reservationEvents(first: 500, after: $after) {
  nodes { id type reservation { providerId } changes { field old new } } pageInfo { endCursor hasNextPage } } }"""


@dataclass(slots=True)
class Shuffled:
    """How the log compares with the history: reservations whose end or whose sequence of events is not as it was."""

    deliveries: int
    events: int
    wrong_ends: int
    wrong_sequences: int
    repeated: int


@dataclass(slots=True)
class _Plan:
    """What was done at the simulator, by reservation, and the webhooks about it with the moments they come."""

    history: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    told: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    sendings: list[tuple[float, Mapping[str, Any]]] = field(default_factory=list)


def _plan(hostaway: Hostaway, count: int, chance: Random) -> _Plan:
    """Changes at ten a second of the PMS's clock. The last one of a reservation that is dropped is told by polling."""
    plan, ids = _Plan(), hostaway.ids[:RESERVATIONS]
    for n in range(count):
        id_ = ids[n % len(ids)]
        moment = n / 10
        webhook = hostaway.change(id_, seconds=0.1, **{FIELD: str(n)})
        plan.history[id_].append(str(n))
        if chance.random() < DROPPED:
            continue
        plan.told[id_].append(str(n))
        for _ in range(1 + (chance.random() < REPEATED)):
            plan.sendings.append((moment + chance.uniform(0, WITHIN), webhook))
    plan.sendings.sort(key=lambda each: each[0])
    return plan


async def shuffled(count: int = 10_000, seed: int = 1) -> Shuffled:
    """Send ``count`` changes' webhooks in disorder, then poll, and compare."""
    with TemporaryDirectory() as folder:
        async with world(
            Path(folder), hostaway_accounts=1, bookingsync_accounts=0, listings=30, event_reorder_seconds=WITHIN
        ) as running:
            await running.services.processing.aclose()
            await learn(running)
            hostaway = await Hostaway.of(running)
            plan = _plan(hostaway, count, Random(seed))
            await _send_all(running, hostaway, plan)
            running.clock.advance(WITHIN + 1)
            await running.services.processing.drain()
            running.clock.advance(timedelta(hours=2).total_seconds())
            await learn(running)
            return await _compared(running, plan)


async def _send_all(running: World, hostaway: Hostaway, plan: _Plan) -> None:
    start = running.clock.now()
    for place in range(0, len(plan.sendings), 20):
        part = plan.sendings[place : place + 20]
        ahead = timedelta(seconds=part[0][0]) - (running.clock.now() - start)
        running.clock.advance(max(0.0, ahead.total_seconds()))
        for _, webhook in part:
            answer = await send(running, hostaway.to.path, webhook, hostaway.to.basic)
            assert answer.status_code == 200
        await running.services.processing.drain()


async def _compared(running: World, plan: _Plan) -> Shuffled:
    log, cursor = [], 0
    while found := await events(running, cursor):
        log += found
        cursor = found[-1].cursor
    told: dict[int, list[str]] = defaultdict(list)
    for event in log:
        told[int(event.reservation_id)] += [each.new for each in event.changes or () if each.field == FIELD]
    expected = {
        id_: plan.told[id_] if plan.told[id_][-1:] == history[-1:] else [*plan.told[id_], history[-1]]
        for id_, history in plan.history.items()
    }
    return Shuffled(
        deliveries=len(plan.sendings),
        events=len(log),
        wrong_ends=sum(told[id_][-1:] != history[-1:] for id_, history in plan.history.items()),
        wrong_sequences=sum(told[id_] != expected[id_] for id_ in plan.history),
        repeated=len(log)
        - len({event.id for event in log})
        + sum(len(each) - len(set(each)) for each in told.values()),
    )


@dataclass(slots=True)
class Killed:
    """What a reader of the log found. ``lost`` and ``repeated`` count messages and changes."""

    deliveries: int
    kills: int
    events: int
    lost: int
    repeated: int
    refused: int


@dataclass(slots=True)
class _Sender:
    """Sends as a PMS does: what got no 2xx comes again, a little later."""

    url: str
    basic: Mapping[str, str]
    again: int = 0

    async def send(self, session: aiohttp.ClientSession, webhook: Mapping[str, Any]) -> None:
        body = json.dumps(webhook).encode()
        while True:
            try:
                async with session.post(self.url, data=body, headers=dict(self.basic)) as answer:
                    if answer.status == 200:
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass
            self.again += 1
            await asyncio.sleep(0.2)


async def killed(
    count: int = 10_000, kills: int = 50, seed: int = 1, *, listings: int = 30, event_process: bool = False
) -> Killed:
    """Send ``count`` webhooks, half about messages and half about changes, while the gateway is killed."""
    chance = Random(seed)
    with TemporaryDirectory() as folder:
        async with world(Path(folder), hostaway_accounts=1, bookingsync_accounts=0, listings=listings) as running:
            await running.services.processing.aclose()
            await learn(running)
            hostaway = await Hostaway.of(running)
            ids = hostaway.ids[:RESERVATIONS]
            by_reservation: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
            for n in range(count):
                id_ = ids[n // 2 % len(ids)]
                message = hostaway.message(id_, 340_000 + n, listingMapId=1)
                by_reservation[id_].append(message if n % 2 else hostaway.change(id_, **{FIELD: str(n)}))
            port = int(running.urls["HOSTAWAY"].rpartition(":")[2])
            apart = _Apart(Path(folder), port, event_process)
            sender = _Sender(f"{apart.url}{hostaway.to.path}", hostaway.to.basic)
            await apart.start()
            try:
                log = await _under_fire(apart, sender, running.key, count, by_reservation, kills, chance)
            finally:
                await apart.kill()
    return _judged(by_reservation, log, kills, sender.again)


async def _under_fire(
    apart: "_Apart",
    sender: _Sender,
    key: str,
    count: int,
    by_reservation: Mapping[int, Sequence[Mapping[str, Any]]],
    kills: int,
    chance: Random,
) -> list[Any]:
    """What a reader of the log saw while all was sent and the gateway killed."""
    over = asyncio.Event()
    reader = asyncio.create_task(_read(apart.url, key, count, by_reservation, over))
    killer = asyncio.create_task(_kill(apart, kills, chance))
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        await asyncio.gather(*(_send_group(session, sender, group) for group in by_reservation.values()))
        await killer
    over.set()
    return await reader


async def _send_group(session: aiohttp.ClientSession, sender: _Sender, group: Sequence[Mapping[str, Any]]) -> None:
    """One after the other, a little apart: the whole takes as long as the killing does."""
    for each in group:
        await sender.send(session, each)
        await asyncio.sleep(len(group) * RESERVATIONS / RATE / len(group))


async def _kill(apart: "_Apart", kills: int, chance: Random) -> None:
    for _ in range(kills):
        await asyncio.sleep(chance.uniform(0.2, 2.0))
        if apart.event_process and chance.random() < 0.5:  # one of two
            apart.kill_process_for_events()
        else:
            await apart.kill()
            await apart.start()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@dataclass(slots=True)
class _Apart:
    """The gateway in a process of its own, on the same folder each time."""

    folder: Path
    simulator: int
    event_process: bool = False
    port: int = field(default_factory=_free_port)
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        arguments = ("serve", str(self.folder), str(self.port), str(self.simulator), str(self.event_process))
        self.process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.bench.events", *arguments)
        # Who is killed before it begins has nothing to lose.
        while self.process.returncode is None:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            await asyncio.sleep(0.05)

    async def kill(self) -> None:
        assert self.process is not None
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)
        await self.process.wait()

    def kill_process_for_events(self) -> None:
        """If it is there just now."""
        assert self.process is not None
        with suppress(OSError):
            for child in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
                os.kill(int(child), signal.SIGKILL)


def _serve(folder: str, port: str, simulator: str, event_process: str) -> None:
    settings = Settings(
        data_dir=Path(folder),
        port=int(port),
        provider_urls={"HOSTAWAY": f"http://127.0.0.1:{simulator}"},
        limit_profiles={"HOSTAWAY": "off"},
        background_refresh=False,
        event_polling=False,
        event_process=event_process == "True",
        log_level="error",
    )
    uvicorn.run(create_app(settings), host="127.0.0.1", port=int(port), log_config=None)


async def _read(url: str, key: str, count: int, groups: Mapping[int, Sequence[Any]], over: asyncio.Event) -> list[Any]:
    """Read on from cursor to cursor, until all messages came and each reservation's last change, or nothing more.

    Until all is sent and nobody killed any more, that nothing comes means nothing: who dies every second gets no work
    done.
    """
    log: list[Any] = []
    after: str | None = None
    last = {str(id_): _changes(group)[-1] for id_, group in groups.items()}
    idle = 0
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
        while idle < 120:
            found = await _page(session, url, after)
            log += found["nodes"]
            after = found["pageInfo"]["endCursor"] or after
            idle = 0 if found["nodes"] or not over.is_set() else idle + 1
            seen = {node["reservation"]["providerId"]: _new(node) for node in log if _new(node) is not None}
            if sum(node["type"] == "MESSAGE_RECEIVED" for node in log) >= count // 2 and seen == last:
                break
            if not found["pageInfo"]["hasNextPage"]:
                await asyncio.sleep(0.25)
        # What is repeated may come later.
        await asyncio.sleep(2)
        return log + (await _page(session, url, after))["nodes"]


async def _page(session: aiohttp.ClientSession, url: str, after: str | None) -> Any:
    while True:
        try:
            body = {"query": EVENTS, "variables": {"after": after}}
            async with session.post(f"{url}/graphql", json=body) as answer:
                found = await answer.json()
                return found["data"]["reservationEvents"]
        except (aiohttp.ClientError, TimeoutError, TypeError, KeyError):
            await asyncio.sleep(0.1)


def _changes(group: Sequence[Mapping[str, Any]]) -> list[str]:
    return [each["data"][FIELD] for each in group if each["object"] == "reservation"]


def _new(node: Any) -> str | None:
    return next((each["new"] for each in node["changes"] or () if each["field"] == FIELD), None)


def _judged(groups: Mapping[int, Sequence[Any]], log: Sequence[Any], kills: int, refused: int) -> Killed:
    """Messages are counted. Changes must lead from each to the next without a break, and to the last one."""
    lost = 0
    repeated = len(log) - len({node["id"] for node in log})
    messages = Counter(node["reservation"]["providerId"] for node in log if node["type"] == "MESSAGE_RECEIVED")
    for id_, group in groups.items():
        sent = sum(each["object"] != "reservation" for each in group)
        lost += max(0, sent - messages[str(id_)])
        repeated += max(0, messages[str(id_)] - sent)
        steps = [
            (each["old"], each["new"])
            for node in log
            if node["reservation"]["providerId"] == str(id_)
            for each in node["changes"] or ()
            if each["field"] == FIELD
        ]
        lost += sum(one[1] != other[0] for one, other in pairwise(steps))
        lost += not steps or steps[-1][1] != _changes(group)[-1]
        repeated += len(steps) - len({new for _, new in steps})
    return Killed(
        deliveries=sum(map(len, groups.values())),
        kills=kills,
        events=len(log),
        lost=lost,
        repeated=repeated,
        refused=refused,
    )


def main(which: str, *how: str) -> None:
    """Print the figures."""
    if which == "killed":
        found = asyncio.run(killed(event_process="apart" in how))
        print(f"{found.deliveries} webhooks, the gateway killed {found.kills} times, {found.refused} sent again")
        print(f"  events {found.events}, lost {found.lost}, repeated {found.repeated}")
        return
    done = asyncio.run(shuffled())
    print(f"{done.deliveries} webhooks, shuffled within {WITHIN} s, some repeated, some dropped")
    print(f"  events {done.events}, repeated {done.repeated}")
    print(f"  reservations with another end {done.wrong_ends}, with another sequence {done.wrong_sequences}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        _serve(*sys.argv[2:])
    else:
        main(*(sys.argv[1:] or ["shuffled"]))
