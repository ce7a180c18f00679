"""A PMS that issues tokens, credentials that renew them, and sessions over both."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import httpx

from providers.contract import Send
from providers.errors import AuthenticationFailed
from providers.upstream.accounts import UpstreamSettings
from providers.upstream.calls import Answer, Call, Token
from providers.upstream.tokens import MemoryTokens, TokenStore
from providers.upstream.upstream import AccountSession, Upstream
from tests.providers.upstream.doubles import HOSTAWAY, Keyless, ScriptedPms, account
from tests.virtual_time import START, VirtualClock


class Pms:
    """Issues numbered tokens and accepts the newest ones of its choice."""

    def __init__(self, *, refusal: int = 401, life: float | None = None, latency: float = 0.1) -> None:
        self.refusal = refusal
        self.life = life
        self.latency = latency
        self.issued = 0
        self.good: set[str] = set()
        self.spent: list[str] = []
        self.token_answer: Callable[[], httpx.Response] | None = None
        self.accept_renewed = True
        self.used: list[tuple[float, str]] = []
        self.transport = ScriptedPms(self.handle)

    async def handle(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(self.latency)
        if request.url.path == "/tokens":
            return self.issue(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        self.used.append((asyncio.get_running_loop().time(), token))
        if token not in self.good:
            return httpx.Response(self.refusal, json={"message": "no"})
        return httpx.Response(200, json={"token": token})

    def issue(self, request: httpx.Request) -> httpx.Response:
        if self.token_answer is not None:
            return self.token_answer()
        self.spent.append(request.content.decode())
        self.issued += 1
        if self.accept_renewed:
            self.good = {f"t{self.issued}"}
        return httpx.Response(200, json={"access": f"t{self.issued}", "refresh": f"r{self.issued}"})


class Renewable(Keyless):
    settle_seconds = 0.0

    def __init__(self, pms: Pms, initial: Token | None = None, *, safe: bool = False, fixed: bool = False) -> None:
        self.pms = pms
        self.initial = initial
        self.safe = safe
        self.fixed = fixed

    def initial_token(self) -> Token | None:
        return self.initial

    async def issue(self, send: Send, current: Token | None) -> Token | None:
        if self.fixed:
            return None
        refresh = "none" if current is None else current.refresh or "none"
        call = Call(method="POST", path="/tokens", form=[("refresh", refresh)], safe=self.safe, authorized=False)
        answer: Answer = await send(call)
        if not answer.ok:
            raise AuthenticationFailed("The PMS refuses the credentials.", upstream_status=answer.status)
        data: Any = answer.json()
        issued = answer.received_at
        life = self.pms.life
        return Token(
            access=data["access"],
            refresh=data["refresh"],
            issued_at=issued,
            expires_at=None if life is None else issued + timedelta(seconds=life),
        )


def token(access: str, *, age: float = 0, left: float | None = None, refresh: str | None = None) -> Token:
    return Token(
        access=access,
        issued_at=START - timedelta(seconds=age),
        expires_at=None if left is None else START + timedelta(seconds=left),
        refresh=refresh,
    )


def create(pms: Pms, store: TokenStore | None = None, clock: VirtualClock | None = None) -> Upstream:
    return Upstream(
        tokens=store or MemoryTokens(),
        settings=UpstreamSettings(),
        clock=clock or VirtualClock(),
        transport=pms.transport,
        random=Random(1),
    )


def open_session(pms: Pms, store: TokenStore | None = None, **options: Any) -> AccountSession:
    return create(pms, store).session(account(dialect=Renewable(pms, **options), limits=HOSTAWAY))


def now() -> float:
    return asyncio.get_running_loop().time()
