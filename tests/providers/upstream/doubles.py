"""What the tests of the upstream layer share: a dialect, accounts, a scripted PMS."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from providers.contract import Dialect, Send
from providers.manifest import Limit, LimitScope, WindowKind
from providers.upstream.accounts import UpstreamAccount
from providers.upstream.caller import Caller, Priority
from providers.upstream.calls import Answer, Call, Quota, Token
from providers.upstream.windows import WindowKey, WindowSpec

BASE_URL = "https://pms.test"
HOSTAWAY = (
    Limit(scope=LimitScope.IP, calls=15, seconds=10),
    Limit(scope=LimitScope.ACCOUNT, calls=20, seconds=10),
)


def window(
    identity: str = "a",
    calls: int = 3,
    seconds: int = 10,
    margin: float = 0.25,
    *,
    scope: LimitScope = LimitScope.ACCOUNT,
    kind: WindowKind = WindowKind.SLIDING,
) -> WindowSpec:
    return WindowSpec(WindowKey("pms", scope, identity, None, seconds, kind), calls, margin)


def caller(key: str = "someone", deadline: float = 1e6, priority: Priority = Priority.INTERACTIVE) -> Caller:
    return Caller(key, deadline, priority)


class Keyless(Dialect):
    """A PMS that wants no token."""

    def headers(self, token: Token | None) -> dict[str, str]:
        return {} if token is None else {"Authorization": f"Bearer {token.access}"}

    async def issue(self, send: Send, current: Token | None) -> Token | None:
        return None

    def initial_token(self) -> Token | None:
        return None

    def token_rejected(self, answer: Answer) -> bool:
        return answer.status in (401, 403)

    def reason(self, answer: Answer) -> str | None:
        data: Any = answer.json()
        return data.get("message") if isinstance(data, dict) else None

    def quota(self, answer: Answer) -> Quota | None:
        remaining = answer.headers.get("x-ratelimit-remaining")
        if remaining is None:
            return None
        return Quota(
            limit=int(answer.headers["x-ratelimit-limit"]),
            remaining=int(remaining),
            reset_at=datetime.fromtimestamp(int(answer.headers["x-ratelimit-reset"]), UTC),
        )


def account(
    account_id: str = "one",
    *,
    dialect: Dialect | None = None,
    limits: Sequence[Limit] = (),
    base_url: str = BASE_URL,
    version: str = "1",
    margin: float = 0.25,
) -> UpstreamAccount:
    return UpstreamAccount(
        account_id=account_id,
        provider="pms",
        base_url=base_url,
        dialect=dialect or Keyless(),
        limits=tuple(limits),
        identities={LimitScope.ACCOUNT: account_id},
        margin=margin,
        credentials_version=version,
    )


def get(path: str = "/v1/things", **options: Any) -> Call:
    return Call(method="GET", path=path, **options)


def post(path: str = "/v1/things", **options: Any) -> Call:
    return Call(method="POST", path=path, json={"name": "x"}, **options)


Handler = Callable[[httpx.Request], Awaitable[httpx.Response]]


class ScriptedPms(httpx.AsyncBaseTransport):
    """Answers by a function; remembers the requests and when (loop time) they came."""

    def __init__(self, handler: Handler | None = None) -> None:
        self.handler = handler
        self.requests: list[httpx.Request] = []
        self.times: list[float] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.times.append(asyncio.get_running_loop().time())
        if self.handler is None:
            return httpx.Response(200, json={"path": request.url.path})
        return await self.handler(request)


def answers(*steps: httpx.Response | Exception | float) -> ScriptedPms:
    """A PMS that answers with ``steps`` in order, the last one for ever. A number is a delay before the next step."""
    script = list(steps)

    async def step(request: httpx.Request) -> httpx.Response:
        now = script[0] if len(script) == 1 else script.pop(0)
        if isinstance(now, float):
            await asyncio.sleep(now)
            return await step(request)
        if isinstance(now, Exception):
            raise now
        assert isinstance(now, httpx.Response)
        return httpx.Response(now.status_code, headers=now.headers, content=now.content)

    return ScriptedPms(step)


def slow(seconds: float) -> ScriptedPms:
    """A PMS that takes ``seconds`` for each answer."""

    async def step(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(seconds)
        return httpx.Response(200, json={})

    return ScriptedPms(step)
