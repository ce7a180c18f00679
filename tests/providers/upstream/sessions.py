"""Sessions for tests, over a PMS of their choice and in virtual time."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import httpx
import pytest

from providers.errors import ProviderError
from providers.upstream.accounts import CallOutcome, UpstreamSettings
from providers.upstream.tokens import MemoryTokens
from providers.upstream.upstream import Upstream
from tests.providers.upstream.doubles import account, get
from tests.virtual_time import VirtualClock

OK = httpx.Response(200, json={"ok": True})


def create(
    pms: httpx.AsyncBaseTransport, observe: Callable[[CallOutcome], None] | None = None, **options: Any
) -> Upstream:
    return Upstream(
        tokens=MemoryTokens(),
        settings=UpstreamSettings(**options),
        clock=VirtualClock(),
        transport=pms,
        random=Random(1),
        observe=observe,
    )


def now() -> float:
    return asyncio.get_running_loop().time()


async def failure_of(pms: httpx.AsyncBaseTransport, call: Any = None, **options: Any) -> ProviderError:
    session = create(pms, **options).session(account())
    with pytest.raises(ProviderError) as caught:
        await session.send(call or get())
    return caught.value
