"""A session that answers from a table, in the documented shapes, and remembers what it was asked."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from providers.bookingsync.client import BookingsyncClient
from providers.bookingsync.manifest import OAuthConfig
from providers.errors import NotFound, PermissionDenied, ProviderError, UpstreamRefused
from providers.upstream.calls import Answer, Call, Token, parse_json

NOW = datetime(2026, 12, 9, 11, 0, tzinfo=UTC)
FULL = frozenset({"public", "bookings_write", "clients_write", "rentals_write", "rates_write"})
_ERRORS: dict[int, type[ProviderError]] = {403: PermissionDenied, 404: NotFound}


@dataclass(frozen=True)
class Reply:
    """What a route answers: a body with headers, or a refusal by its status."""

    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


Route = Callable[[dict[str, str]], Reply]


class CannedSession:
    """``routes`` are by path below ``/api/v3/``; an unknown path is not found."""

    account_id = "acc_1"

    def __init__(self, routes: Mapping[str, Route | Reply], scopes: frozenset[str] = FULL) -> None:
        self.routes = routes
        self.scopes = scopes
        self.calls: list[Call] = []

    async def send(self, call: Call) -> Answer:
        self.calls.append(call)
        assert call.method == "GET"
        route = self.routes.get(call.path.removeprefix("/api/v3/"), Reply(status=404))
        reply = route if isinstance(route, Reply) else route(dict(call.query))
        if reply.status >= 400:
            raise _ERRORS.get(reply.status, UpstreamRefused)("Refused.", upstream_status=reply.status)
        return answer(reply.body, reply.headers)

    async def token(self) -> Token | None:
        return Token(access="t0ken", issued_at=NOW, scopes=self.scopes)

    @property
    def paths(self) -> list[str]:
        return [call.path.removeprefix("/api/v3/") for call in self.calls]

    def query(self, index: int = -1) -> dict[str, str]:
        return dict(self.calls[index].query)


def answer(body: Any, headers: Mapping[str, str] | None = None, status: int = 200) -> Answer:
    """An answer of this body; its JSON is parsed as the upstream layer parses it."""
    raw = body if isinstance(body, bytes) else json.dumps(body, default=_number).encode()
    return Answer(
        status=status,
        headers=dict(headers or {}),
        body=raw,
        received_at=NOW,
        parsed=parse_json(raw, status) if raw and not isinstance(body, bytes) else None,
    )


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value))


def oauth(**more: Any) -> OAuthConfig:
    """One account's authorization, as the code flow leaves it behind."""
    plain = {"clientId": "app", "clientSecret": "s3cr3t", "refreshToken": "r3fr3sh"}
    return OAuthConfig.model_validate(plain | more)


def application(**more: Any) -> OAuthConfig:
    """An application as itself: client credentials."""
    return OAuthConfig.model_validate({"clientId": "app", "clientSecret": "s3cr3t"} | more)


def client(
    session: CannedSession, config: OAuthConfig | None = None, now: Callable[[], datetime] = lambda: NOW
) -> BookingsyncClient:
    return BookingsyncClient(session, config or oauth(), now=now)


def last_page(**lists: Any) -> Reply:
    """One page that is the last one, as recorded: its Link header has first and last, no next."""
    links = '<https://www.bookingsync.com/api/v3/x?page=1>; rel="first", '
    links += '<https://www.bookingsync.com/api/v3/x?page=1>; rel="last"'
    return Reply({**lists, "meta": {}}, {"link": links})
