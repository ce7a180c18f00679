"""The partner key of a provider: headers and query parameters that go with every call, and never come back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from json import dumps
from typing import Protocol
from urllib.parse import quote, quote_plus

from providers.upstream.calls import Answer, Call

MASK = "********"

SHORTEST_MASKED = 4
"""Shorter values are masked nowhere: that would strike out half of what a PMS says."""

SHORTEST_MASKED_IN_DATA = 16
"""In answers that are data only values of this length are masked: a shorter one may be part of an id or a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerKey:
    """Headers and query parameters of one provider, by name. Never shown, never logged."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        return bool(self.headers or self.query)

    def values(self) -> Iterator[str]:
        yield from self.headers.values()
        yield from self.query.values()


NO_PARTNER_KEY = PartnerKey()


class PartnerKeys(Protocol):
    """Where the keys come from, at most a second old."""

    async def partner_key(self, provider: str) -> PartnerKey:
        """The provider's key, empty if it has none. Raises ``ProviderError`` where it cannot be had."""
        ...


class NoPartnerKeys:
    """Nobody is anybody's partner."""

    async def partner_key(self, provider: str) -> PartnerKey:
        return NO_PARTNER_KEY


def with_partner_key(call: Call, headers: Mapping[str, str], key: PartnerKey) -> tuple[Call, dict[str, str]]:
    """``call`` and its ``headers`` with the key added. What the call itself says wins over a like name of the key."""
    if not key:
        return call, dict(headers)
    taken = {name.lower() for name in (*headers, *call.headers)}
    added = {name: value for name, value in key.headers.items() if name.lower() not in taken}
    named = {name for name, _ in call.query}
    query = (*call.query, *((name, value) for name, value in key.query.items() if name not in named))
    return replace(call, query=query), {**added, **headers}


def masked(answer: Answer, key: PartnerKey) -> Answer:
    """``answer`` with the key's values struck out, however they are written: PMSs repeat calls in their refusals."""
    shortest = SHORTEST_MASKED_IN_DATA if answer.ok else SHORTEST_MASKED
    secrets = {form for value in key.values() if len(value) >= shortest for form in _forms(value)}
    if not secrets:
        return answer
    body, headers = answer.body, dict(answer.headers)
    for secret in sorted(secrets, key=len, reverse=True):
        body = body.replace(secret.encode(), MASK.encode())
        headers = {name: text.replace(secret, MASK) for name, text in headers.items()}
    return replace(answer, body=body, headers=headers)


def _forms(value: str) -> Iterator[str]:
    """The value as it is, in JSON, and in addresses."""
    yield value
    escaped = dumps(value)[1:-1]
    yield escaped
    yield escaped.replace("/", "\\/")
    yield quote(value, safe="")
    yield quote(value)
    yield quote_plus(value)
