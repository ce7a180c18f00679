"""From a PMS's webhook to the frame at each subscriber: 1,000 subscribers, 200 webhooks a second.

``python -m tests.bench.subscriptions`` serves the gateway, and beside it a bare app that broadcasts what it receives in
memory and keeps nothing, and measures both in turn from another process: it is the PMS and all subscribers. The gateway
is measured as one process, and with ``STAYGRAPH_EVENT_PROCESS``, which makes two of it. Each webhook tells of a change
of that second, as those of a PMS do that sends as things happen: it does not wait for others. Each subscriber follows
one of 100 listings, so an event reaches ten of them. Counted from the moment at which a webhook is due, whether the
former was answered or not, to the frame; every frame has to come, once. The first ``WARM_UP`` seconds of each do not
count: they are those of processes that have just begun. The event loop is that of ``staygraph serve``, and so is when
garbage is collected.
"""

import asyncio
import json
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any, cast
from urllib.parse import urlsplit

import aiohttp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from graph.cli.garbage import collecting_when_idle
from graph.cli.servers import run
from graph.logs import configure_logging
from graph.schema import ids
from tests.gateway_world import World, serving, world
from tests.graph.events.webhook_world import address

SUBSCRIBERS = 1000
LISTINGS = 100
RATE = 200
SECONDS = 5.0
TURNS = 2
WARM_UP = 0.5
SETTLED = 0.5
"""Seconds after the last webhook until what came is read."""

ALLOWED = 0.050
"""Seconds: the 99th percentile that is aimed at."""

PROTOCOL = "graphql-transport-ws"
FOLLOW = """subscription($listings: [ID!]) { reservationEvents(listingIds: $listings) {
  cursor id type reservation { providerId status arrival departure party { guests } } receivedAt } }"""
_WHEN_SENT = "{when sent}"
_NUMBER = re.compile(rb'"providerId":"(\d+)"')


@dataclass(frozen=True, slots=True)
class Plan:
    """What the other process is to do: ``followed`` is the listing of each subscriber, ``webhooks`` are bodies in the
    order of sending; ``expected`` is how many frames they lead to.
    """

    url: str
    path: str
    headers: Mapping[str, str]
    key: str
    followed: Sequence[str]
    webhooks: Sequence[str]
    rate: int
    expected: int


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds from webhook to frame."""

    ours: Sequence[float]
    bare: Sequence[float]


class Broadcast:
    """The floor: it tells what it receives to those who follow the listing, and keeps nothing."""

    def __init__(self) -> None:
        self.following: dict[str, set[asyncio.Queue[str | None]]] = defaultdict(set)
        self.app = Starlette(
            routes=[
                Route("/webhooks/{provider}/{token}", self._receive, methods=["POST"]),
                WebSocketRoute("/graphql", self._follow),
            ]
        )

    @property
    def count(self) -> int:
        return sum(len(queues) for queues in self.following.values())

    def end(self) -> None:
        """Let go of all who followed: nobody tells them that their client has left."""
        for queues in self.following.values():
            for queue in queues:
                queue.put_nowait(None)
        self.following.clear()

    async def _receive(self, request: Request) -> Response:
        record = json.loads(await request.body())["data"]
        shown = {"providerId": str(record["id"]), "status": record["status"], "arrival": record["arrivalDate"]}
        text = json.dumps({"data": {"reservationEvents": {"reservation": shown}}}, separators=(",", ":"))
        for queue in self.following[str(record["listingMapId"])]:
            queue.put_nowait(text)
        return Response(status_code=200)

    async def _follow(self, socket: WebSocket) -> None:
        await socket.accept(PROTOCOL)
        await socket.receive_json()
        await socket.send_json({"type": "connection_ack"})
        (listing,) = (await socket.receive_json())["payload"]["variables"]["listings"]
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self.following[ids.parse(listing, "listings").provider_id].add(queue)
        while (text := await queue.get()) is not None:
            await socket.send_text(f'{{"id":"1","type":"next","payload":{text}}}')


class _Follower(asyncio.Protocol):
    """A subscriber's connection. It notes what came when, and reads it once asked: it is not what is measured."""

    def __init__(self, url: str, greeting: Sequence[Mapping[str, Any]]) -> None:
        self._protocol = ClientProtocol(parse_uri(url), subprotocols=[Subprotocol(PROTOCOL)])
        self._greeting = greeting
        self._came: list[tuple[bytes, float]] = []
        self._messages: list[tuple[bytes, float]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._protocol.send_request(self._protocol.connect())
        self._send()

    def data_received(self, data: bytes) -> None:
        if self._protocol.state is not State.CONNECTING:
            self._came.append((data, time.perf_counter()))
            return
        self._protocol.receive_data(data)
        if self._protocol.state is State.OPEN:
            for message in self._greeting:
                self._protocol.send_text(json.dumps(message).encode())
            self._send()

    def messages(self) -> Sequence[tuple[bytes, float]]:
        """Those that came, and when."""
        for data, at in self._came:
            self._protocol.receive_data(data)
            events = self._protocol.events_received()
            self._messages += [
                (bytes(each.data), at) for each in events if isinstance(each, Frame) and each.opcode is Opcode.TEXT
            ]
        self._came.clear()
        return self._messages

    def close(self) -> None:
        self._transport.close()

    def _send(self) -> None:
        for data in self._protocol.data_to_send():
            self._transport.write(data)


async def _play(plan: Plan) -> list[float]:
    """Follow and send, as the other process; seconds of each frame."""
    followers = [await _follow(plan, listing) for listing in plan.followed]
    await _until(lambda: all(follower.messages() for follower in followers))
    for follower in followers:
        ((ack, _),) = follower.messages()
        assert json.loads(ack)["type"] == "connection_ack", ack
    print("following", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session, collecting_when_idle(_never):
        due = await _send_all(plan, session)
        # Reading what came takes tenths of a second, in which the last frames would come and not be noted.
        await asyncio.sleep(SETTLED)
        await _until(lambda: len(_frames(followers)) >= plan.expected)
        # A frame too many would come now.
        await asyncio.sleep(0.2)
    for follower in followers:
        follower.close()
    return _latencies(_frames(followers), due, plan.expected)


async def _send_all(plan: Plan, session: aiohttp.ClientSession) -> dict[str, float]:
    """Send the webhooks, each at its moment. When those of each reservation were due."""
    due: dict[str, float] = {}

    async def send(body: str) -> None:
        async with session.post(plan.url + plan.path, data=changed_now(body), headers=plan.headers) as answer:
            assert answer.status == 200, answer.status

    start = time.perf_counter() + 0.1
    async with asyncio.TaskGroup() as sending:
        for number, body in enumerate(plan.webhooks):
            at = start + number / plan.rate
            due[str(json.loads(body)["data"]["id"])] = at
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            sending.create_task(send(body))
    return due


async def _follow(plan: Plan, listing: str) -> _Follower:
    payload = {"query": FOLLOW, "variables": {"listings": [listing]}}
    greeting = [
        {"type": "connection_init", "payload": {"apiKey": plan.key}},
        {"id": "1", "type": "subscribe", "payload": payload},
    ]
    parts = urlsplit(plan.url)
    _, follower = await asyncio.get_running_loop().create_connection(
        lambda: _Follower(f"ws://{parts.netloc}/graphql", greeting), parts.hostname, parts.port
    )
    return follower


def _frames(followers: Sequence[_Follower]) -> list[tuple[bytes, float]]:
    found = [frame for follower in followers for frame in follower.messages()[1:]]
    return sorted(found, key=itemgetter(1))


async def _until(there: Callable[[], bool]) -> None:
    try:
        async with asyncio.timeout(30):
            while not there():  # noqa: ASYNC110  # a look now and then costs less than being told
                await asyncio.sleep(0.1)
    except TimeoutError:
        sys.exit("what was expected did not come within 30 s")


def _never() -> bool:
    return False


def _latencies(frames: Sequence[tuple[bytes, float]], due: Mapping[str, float], expected: int) -> list[float]:
    assert len(frames) == expected, (len(frames), expected)
    taken = []
    for text, at in frames:
        found = _NUMBER.search(text)
        assert found, text
        # To the microsecond: with all digits it is more than the way back takes at once.
        taken.append(round(at - due[found[1].decode()], 6))
    return taken


async def _apart(plan: Plan, following: Callable[[], int]) -> list[float]:
    """``_play`` in another process: only what the server does counts."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.subscriptions",
        "play",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**26,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(asdict(plan)).encode() + b"\n")
    assert await process.stdout.readline() == b"following\n"
    async with asyncio.timeout(60):
        while following() < len(plan.followed):  # noqa: ASYNC110  # what it waits for tells nobody
            await asyncio.sleep(0.01)
    process.stdin.write(b"go\n")
    said = await process.stdout.read()
    await process.wait()
    taken: list[float] = json.loads(said)
    return taken


def changed_now(body: str) -> bytes:
    """A body of ``Stage.webhooks`` as if the change was made now: Hostaway's times have whole seconds."""
    return body.replace(_WHEN_SENT, f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}").encode()


class Stage:
    """The gateway with one account whose reservations change, one webhook each."""

    def __init__(self, running: World) -> None:
        simulation: Any = running.simulations["HOSTAWAY"]
        self.account = simulation.accounts[0]
        self.running = running
        self._turn = 0

    def webhooks(self, count: int) -> list[str]:
        """Change as many reservations, and the bodies that tell of it, for ``changed_now``."""
        self._turn += 1
        at = self.running.clock.now()
        standing = [row for row in self.account.reservations.values() if row.record["status"] in ("new", "modified")]
        assert len(standing) >= count, f"there are only {len(standing)} reservations"
        for row in standing[-count:]:
            self.account.change_reservation(row.id, at, guestNote=f"Turn {self._turn}")
        about = {"object": "reservation", "event": "reservation.updated", "accountId": self.account.id}
        times = dict.fromkeys(("updatedOn", "latestActivityOn"), _WHEN_SENT)
        return [json.dumps({**about, "data": row.record | times}) for row in standing[-count:]]

    async def learn(self) -> None:
        """Have each reservation known: the first webhook about one that is not asks the PMS."""
        while await self.running.services.polling.poll_due():
            pass


async def measure(
    subscribers: int = SUBSCRIBERS,
    listings: int = LISTINGS,
    rate: int = RATE,
    seconds: float = SECONDS,
    turns: int = TURNS,
    *,
    event_process: bool = False,
) -> Measured:
    """Some turns of each, so that what else the machine does falls on both."""
    found: dict[str, list[float]] = {"ours": [], "bare": []}
    with TemporaryDirectory() as folder:
        async with world(
            Path(folder),
            hostaway_accounts=1,
            bookingsync_accounts=0,
            listings=listings,
            real_time=True,
            max_connections_per_key=subscribers + 1,
            event_process=event_process,
        ) as running:
            bare = Broadcast()
            async with (
                serving(running.app) as url,
                serving(bare.app) as bare_url,
                collecting_when_idle(lambda: False),
            ):
                stage, to = Stage(running), await address(running)
                await stage.learn()
                account_id = ids.parse(to.id, "id").account_id
                shown = [
                    str(ids.GlobalId(ids.LISTING, account_id, str(each)).text()) for each in stage.account.listings
                ]
                followed = [shown[number % listings] for number in range(subscribers)]
                for turn in range(turns + 1):
                    for kind, at, count in (
                        ("bare", bare_url, lambda: bare.count),
                        ("ours", url, lambda: running.services.subscribers.count),
                    ):
                        bodies = stage.webhooks(round(rate * (seconds if turn else WARM_UP)))
                        expected = len(bodies) * (subscribers // listings)
                        plan = Plan(at, to.path, to.basic, running.key, followed, bodies, rate, expected)
                        taken = await _apart(plan, count)
                        found[kind] += taken if turn else ()
                        bare.end()
    return Measured(**found)


def main() -> None:
    """Print the figures, and nothing of servers that are stopped at once: uvicorn calls that an error."""
    configure_logging("console", "critical")
    for event_process in (False, True):
        measured = run(measure(event_process=event_process))
        ours, bare = _p99(measured.ours), _p99(measured.bare)
        print(f"webhook to frame, {SUBSCRIBERS} subscribers, {RATE} webhooks a second, {kind(event_process)}:")
        print("to a bare broadcast in memory")
        print(f"  median          {median(measured.ours) / median(measured.bare):6.1f}")
        print(f"  99th percentile {ours / bare:6.1f}")
        print(f"99th percentile, to {ALLOWED * 1000:.0f} ms")
        print(f"  ours            {ours / ALLOWED:6.2f}")
        print(f"  bare            {bare / ALLOWED:6.2f}")


def kind(event_process: bool) -> str:
    """What the gateway is."""
    return "with a process for events" if event_process else "in one process"


def _p99(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=100)[98]


if __name__ == "__main__":
    if sys.argv[1:] == ["play"]:
        print(json.dumps(run(_play(Plan(**json.loads(sys.stdin.readline()))))), flush=True)
    else:
        main()
