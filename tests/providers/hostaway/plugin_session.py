"""A session that answers from a function, and lists with the readings that the documentation leaves open."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from providers.errors import NotFound, UpstreamRefused
from providers.upstream.calls import Answer, Call, Token

NOW = datetime(2027, 1, 15, 12, tzinfo=UTC)


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status=status, headers=headers or {}, body=raw, received_at=NOW)


def success(result: Any, **envelope: Any) -> dict[str, Any]:
    return {"status": "success", "result": result, **envelope}


class FakeSession:
    account_id = "acc-1"

    def __init__(self, route: Callable[[Call], Any]) -> None:
        self._route = route
        self.calls: list[Call] = []

    async def send(self, call: Call) -> Answer:
        self.calls.append(call)
        return answer(self._route(call))

    async def token(self) -> Token | None:
        return None

    @property
    def queries(self) -> list[dict[str, str]]:
        return [dict(call.query) for call in self.calls]

    @property
    def paths(self) -> list[str]:
        return [call.path for call in self.calls]


@dataclass
class FakeList:
    """A list of rows and its single reads. The switches are readings of what is not documented."""

    path: str
    rows: list[dict[str, Any]]
    cap: int = 100
    counts: bool = True
    knows_cursor: bool = True
    cursor_includes: bool = False
    counts_what_is_left: bool = False
    counts_the_page: bool = False
    echoes_limit: bool = False
    refuses_cursor: int | None = None
    knows_offset: bool = True
    limits: bool = True
    broken_singles: dict[str, Exception] = field(default_factory=dict)

    def __call__(self, call: Call) -> Any:
        if call.path != self.path:
            return self._single(call.path.removeprefix(self.path + "/"))
        query = dict(call.query)
        if self.refuses_cursor and "afterId" in query:
            raise UpstreamRefused("unknown parameter afterId", upstream_status=self.refuses_cursor)
        rows = self._filtered(query)
        start = self._start(rows, query)
        size = min(self.cap, int(query["limit"])) if self.limits else len(rows)
        count = len(rows) - (start if self.counts_what_is_left else 0)
        page = rows[start : start + size]
        told = {"count": len(page) if self.counts_the_page else count} if self.counts else {}
        return success(page, **told, **({"limit": size} if self.echoes_limit else {}))

    def _filtered(self, query: dict[str, str]) -> list[dict[str, Any]]:
        only = query.get("listingId")
        return [row for row in self.rows if only is None or str(row["listingMapId"]) == only]

    def _start(self, rows: list[dict[str, Any]], query: dict[str, str]) -> int:
        if self.knows_cursor and "afterId" in query:
            index = [str(row["id"]) for row in rows].index(query["afterId"])
            return index if self.cursor_includes else index + 1
        return int(query.get("offset", 0)) if self.knows_offset else 0

    def _single(self, record_id: str) -> Any:
        if record_id in self.broken_singles:
            raise self.broken_singles[record_id]
        for row in self.rows:
            if str(row["id"]) == record_id:
                return success(row)
        raise NotFound("No such record.", upstream_status=404)
