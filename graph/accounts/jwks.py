"""The public keys of an identity provider, as it publishes them (a JSON Web Key Set, RFC 7517), fetched and kept."""

import asyncio
import warnings
from collections.abc import Mapping
from typing import Any

import httpx
import orjson
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from providers.upstream.clock import Clock

log = structlog.get_logger(__name__)

PublicKey = RSAKey | ECKey | OKPKey

FRESH_SECONDS = 600.0
"""How long keys are used before they are asked for again: so long a key that was withdrawn may still count."""

STALE_SECONDS = 86_400.0
"""How long the last keys are used while the provider is away."""

PAUSE_SECONDS = 10.0
"""The least time between two fetches, whatever keys tokens name."""

FETCH_SECONDS = 5.0
MAX_BYTES = 256 * 1024
MAX_KEYS = 100
RSA_BITS = range(2048, 8193)


class KeysUnavailable(Exception):
    """No keys can be had from the provider, and none are left from before."""


class _Unusable(Exception):
    """What the provider answered is no set of keys."""


class KeySets:
    """The keys at ``url``. One fetch serves all who wait for it; ``transport`` replaces the network."""

    def __init__(self, url: str, clock: Clock, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._url = url
        self._clock = clock
        self._client = httpx.AsyncClient(
            transport=transport, timeout=FETCH_SECONDS, follow_redirects=False, headers={"Accept": "application/json"}
        )
        self._keys: Mapping[str, PublicKey] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def key(self, key_id: str) -> PublicKey | None:
        """The key with this id; None if the provider has no such key.

        Keys are fetched where there are none, where they are old, and where the id is new: at most once in
        ``PAUSE_SECONDS``. While that fails the old ones count. Raises ``KeysUnavailable`` where they are too old for
        that, too.
        """
        if self._older_than(FRESH_SECONDS) or key_id not in self._keys:
            await self._refresh()
        if self._older_than(STALE_SECONDS):
            raise KeysUnavailable
        return self._keys.get(key_id)

    def _older_than(self, seconds: float) -> bool:
        return self._fetched_at is None or self._clock.monotonic() - self._fetched_at >= seconds

    async def _refresh(self) -> None:
        if self._fetching is None:
            if self._tried_at is not None and self._clock.monotonic() - self._tried_at < PAUSE_SECONDS:
                return
            self._fetching = asyncio.create_task(self._run())
        # Whoever gives up waiting must not take the fetch from the others.
        await asyncio.shield(self._fetching)

    async def _run(self) -> None:
        asked = self._tried_at = self._clock.monotonic()
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                self._keys = _keys_of(await self._fetch())
            self._fetched_at = asked
        except (httpx.HTTPError, TimeoutError, OSError, _Unusable) as error:
            log.warning("the identity provider's keys cannot be had", url=self._url, error=type(error).__name__)
        finally:
            self._fetching = None

    async def _fetch(self) -> bytes:
        async with self._client.stream("GET", self._url) as answer:
            if answer.status_code != httpx.codes.OK:
                raise _Unusable
            body = bytearray()
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise _Unusable
        return bytes(body)

    async def aclose(self) -> None:
        """Give up a fetch under way and close the connection."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)
        await self._client.aclose()


def _keys_of(body: bytes) -> dict[str, PublicKey]:
    """The usable keys by id; those of unknown kinds, or for other uses, are left out (RFC 7517, section 5)."""
    try:
        given: Any = orjson.loads(body)["keys"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise _Unusable from None
    if not isinstance(given, list):
        raise _Unusable
    keys = dict(filter(None, map(_key, given[:MAX_KEYS])))
    if not keys:
        raise _Unusable
    return keys


def _key(data: object) -> tuple[str, PublicKey] | None:
    if not isinstance(data, dict) or data.get("use", "sig") != "sig":
        return None
    key_id, kind = data.get("kid"), _KINDS.get(str(data.get("kty")))
    if not isinstance(key_id, str) or kind is None:
        return None
    try:
        with warnings.catch_warnings():
            # The library warns of short keys, which are left out below.
            warnings.simplefilter("ignore")
            key = kind.import_key(data)
        public = key.public_key
    except (JoseError, ValueError, TypeError, KeyError, OverflowError):
        return None
    return None if isinstance(public, RSAPublicKey) and public.key_size not in RSA_BITS else (key_id, key)


_KINDS: dict[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
"""Kinds of keys that have a public half: what is signed with a shared secret is never accepted."""
