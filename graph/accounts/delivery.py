"""Sends messages to servers that tenants chose: only to addresses of the internet, however a name resolves.

A name is resolved once, what it resolves to is checked, and the connection is made to exactly that: a name server that
answers differently the next moment gains nothing.
"""

import socket
from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address
from random import random
from typing import Protocol

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from graph.accounts.addresses import check_address, is_public
from graph.accounts.names import OwnThreads
from providers.upstream.transport import tls_context

TIMEOUT = 10.0
"""Seconds that one delivery may take, connecting included."""

MOST_CONNECTIONS = 20

PAUSES = (30, 120, 600, 1800, 7200, 21_600, 54_000)
"""Seconds after the first, second, … try that failed: eight tries within about a day."""

JITTER = 0.2
"""Pauses are longer by up to this share, so that messages to a server that was down do not come all at once."""


def next_try(attempts: int, now: datetime) -> datetime | None:
    """When to try again what failed ``attempts`` times; None if that was often enough."""
    if attempts > len(PAUSES):
        return None
    pause = PAUSES[attempts - 1] * (1 + JITTER * random())  # noqa: S311  # jitter is no secret
    return now + timedelta(seconds=pause)


class DeliveryError(Exception):
    """A message did not arrive. The text is for people and holds nothing of the message or the answer.

    ``status`` is the HTTP status of the answer; None if there was none.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Deliver(Protocol):
    """Sends ``body`` to ``url`` by POST. The status of the answer; raises ``DeliveryError`` unless it is 2xx."""

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int: ...


class PublicResolver(AbstractResolver):
    """Resolves names by ``inner`` and admits addresses of the internet alone."""

    def __init__(self, inner: AbstractResolver) -> None:
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if not all(is_public(ip_address(each["host"].partition("%")[0])) for each in found):
            raise _NotPublicError
        return found

    async def close(self) -> None:
        await self._inner.close()


class _NotPublicError(Exception):
    """A name leads to an address that is not one of the internet."""


class HttpDelivery:
    """Delivers over HTTP: no redirects, no cookies, no proxies, and nothing of the answer but its status is read.

    ``allow_private`` admits http and any address. ``resolver`` replaces the system's, which has threads of its own
    here, so that a name server that says nothing holds up nothing else. More than ``connections`` wait
    for each other.
    """

    def __init__(
        self, *, allow_private: bool, resolver: AbstractResolver | None = None, connections: int = MOST_CONNECTIONS
    ) -> None:
        self._allow_private = allow_private
        self._resolver = resolver or OwnThreads()
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        # An address that is an IP address is never resolved, so it is checked here each time.
        if problem := check_address(url, allow_private=self._allow_private, fragment=False):
            raise DeliveryError(problem)
        session = self._session = self._session or self._open()
        try:
            async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                status = response.status
        except _NotPublicError:
            raise DeliveryError("It leads to this machine or into a private network.") from None
        except TimeoutError:
            raise DeliveryError("It did not answer in time.") from None
        except aiohttp.ClientConnectorError:
            raise DeliveryError("It could not be reached.") from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise DeliveryError("It did not answer over HTTP.") from None
        if not 200 <= status < 300:
            raise DeliveryError(f"It answered with HTTP {status}.", status)
        return status

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
        await self._resolver.close()

    def _open(self) -> aiohttp.ClientSession:
        # Resolved anew for each connection: an address must not outlive its check.
        connector = aiohttp.TCPConnector(
            resolver=self._resolver if self._allow_private else PublicResolver(self._resolver),
            ssl=tls_context(),
            use_dns_cache=False,
            limit=self._connections,
            force_close=True,
        )
        return aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=TIMEOUT),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            headers={"User-Agent": "StayGraph"},
        )
