"""What a change would send, without sending it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from providers.contract import Session
from providers.upstream.calls import Answer, Call, Token
from providers.upstream.clock import Clock

MASK = "***"


class DryRunEndedError(Exception):
    """All that can be shown was shown: what follows hangs on an answer of the PMS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCall:
    """A call that a change would make. Values that must never be shown are struck out of ``body``."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: Any


class DryRunSession:
    """A session that reads, and notes down what would change something."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self.planned: list[PlannedCall] = []

    @property
    def account_id(self) -> str:
        return self._session.account_id

    async def send(self, call: Call) -> Answer:
        """The PMS's answer to a read; to all else the imagined one. Without it ``DryRunEndedError`` is raised."""
        if call.is_safe:
            return await self._session.send(call)
        body = call.json if call.form is None else dict(call.form)
        self.planned.append(
            PlannedCall(
                method=call.method,
                path=call.path,
                query=tuple((name, MASK if name in call.secrets else value) for name, value in call.query),
                body=struck(body, call.secrets),
            )
        )
        if call.imagined is None:
            raise DryRunEndedError
        body_text = json.dumps(call.imagined, default=str).encode()
        return Answer(status=200, headers={}, body=body_text, received_at=self._clock.now())

    async def token(self) -> Token | None:
        return await self._session.token()


def struck(body: Any, names: frozenset[str]) -> Any:
    """``body`` with the values of ``names`` struck out, at any depth."""
    if isinstance(body, Mapping):
        return {key: MASK if key in names else struck(value, names) for key, value in body.items()}
    if isinstance(body, list | tuple):
        return [struck(each, names) for each in body]
    return body
