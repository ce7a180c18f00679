"""A session that answers writes and reads from a table and keeps what it was sent."""

from collections.abc import Mapping
from typing import Any

from providers.errors import ProviderError
from providers.upstream.calls import Answer, Call, Token
from tests.providers.bookingsync.plugin_canned import FULL, NOW, answer

RENTAL = {
    "links": {"account": 3837, "nightly_rate_map": 3467, "photos": [5775]},
    "id": 5116,
    "currency": "EUR",
    "checkin_time": 16,
    "checkout_time": 10,
    "nightly_rates_managed_externally": True,
}


class WrittenSession:
    """``answers`` are by "METHOD path" below ``/api/v3/``: a body, or an error to raise. All else fails the test."""

    account_id = "acc_1"

    def __init__(self, answers: Mapping[str, Any], scopes: frozenset[str] = FULL) -> None:
        self.answers = {"GET rentals/5116": {"rentals": [RENTAL]}, **answers}
        self.scopes = scopes
        self.calls: list[Call] = []

    async def send(self, call: Call) -> Answer:
        self.calls.append(call)
        found = self.answers[f"{call.method} {call.path.removeprefix('/api/v3/')}"]
        if isinstance(found, ProviderError):
            raise found
        return found if isinstance(found, Answer) else answer(found)

    async def token(self) -> Token | None:
        return Token(access="t0ken", issued_at=NOW, scopes=self.scopes)

    @property
    def written(self) -> list[tuple[str, Any]]:
        """What was sent to change something, in order."""
        return [
            (f"{call.method} {call.path.removeprefix('/api/v3/')}", call.json)
            for call in self.calls
            if call.method != "GET"
        ]
