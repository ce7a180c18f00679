"""One account whose PMS knows when its records changed, and a collector over it whose clock is set by hand."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.collector import Collected, Collector, Request
from graph.gateway.cursors import Cursors
from graph.gateway.keeper import Keeper
from graph.gateway.kinds import Kind
from graph.gateway.operation import Freshness
from graph.gateway.ordering import Ordering
from graph.gateway.reading import Ages, Reading, weigh
from graph.gateway.store import Store
from providers.errors import UpstreamUnavailable
from providers.manifest import AuthType
from providers.queries import Batch, OddRecord, Page

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class HandClock:
    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Record:
    account_id: str
    provider_id: str
    value: int
    updated_at: datetime


@dataclass(frozen=True)
class Query:
    """Records of a parity, changed since, in the order of values or (``latest``) the latest change first."""

    parity: int | None = None
    since: datetime | None = None
    ordered: bool = False
    latest: bool = False


@dataclass
class FakePms:
    """An account that knows when its records changed, and may tell what was deleted.

    ``skew`` is how far its clock is ahead; ``by_day`` makes it filter by whole days, and the day before.
    """

    clock: HandClock
    page_size: int = 3
    tells_deleted: bool = True
    counts: bool = True
    latest_first: bool = False
    skew: timedelta = timedelta()
    by_day: bool = False
    rows: dict[str, Record] = field(default_factory=dict)
    gone: dict[str, datetime] = field(default_factory=dict)
    odd: Sequence[OddRecord] = ()
    calls: list[Query] = field(default_factory=list)
    looked_up: list[list[str]] = field(default_factory=list)
    failing: bool = False

    def put(self, id_: int, value: int) -> None:
        self.gone.pop(str(id_), None)
        self.rows[str(id_)] = Record("acc", str(id_), value, self.clock.at + self.skew)

    def delete(self, id_: int) -> None:
        if self.rows.pop(str(id_), None):
            self.gone[str(id_)] = self.clock.at + self.skew

    def page(self, query: Query, position: str | None) -> Page[Record]:
        self.calls.append(query)
        if self.failing:
            raise UpstreamUnavailable("The PMS could not be reached.")
        asked = replace(query, since=query.since - timedelta(days=1)) if query.since and self.by_day else query
        rows = [row for row in self.rows.values() if keeps(asked, row)]
        if query.latest:
            rows.sort(key=lambda row: row.updated_at, reverse=True)
        start = int(position or 0)
        end = start + self.page_size
        told = [id_ for id_, at in self.gone.items() if query.since and at >= query.since]
        return Page(
            items=rows[start:end],
            next=str(end) if end < len(rows) else None,
            total=len(rows) if self.counts else None,
            fetched_at=self.clock.now(),
            odd=self.odd if position is None else (),
            deleted=told if query.since and self.tells_deleted and position is None else None,
        )

    def by_id(self, ids: Sequence[str]) -> Batch[Record]:
        self.looked_up.append(list(ids))
        found = {id_: self.rows[id_] for id_ in ids if id_ in self.rows}
        return Batch(found=found, failed={}, fetched_at=self.clock.now())


def keeps(query: Query, record: Record) -> bool:
    return (query.parity is None or record.value % 2 == query.parity) and (
        query.since is None or record.updated_at >= query.since
    )


BY_VALUE: Ordering[Record] = Ordering(
    key=lambda row: (f"{row.value:05}", f"{row.account_id}/{row.provider_id}"), descending=False
)


class World:
    """A collector over one such account."""

    def __init__(self, **pms: Any) -> None:
        self.clock = HandClock()
        self.pms = FakePms(self.clock, **pms)
        self.account = ConnectedAccount("acc", "tenant", "FAKE", "acc", AuthType.API_KEY, START, START, "1")
        self.keeper = Keeper(Store(10_000), self.clock, weigh)
        reading = Reading(
            accounts=None,  # type: ignore[arg-type]  # pages name their accounts
            connections=self,  # type: ignore[arg-type]  # only `client` is used
            keeper=self.keeper,
            ages=Ages(),
            clock=self.clock,
        )
        self.collector: Collector[Record, Query] = Collector(reading, Cursors(b"k" * 32), self._kind())

    async def client(self, account: ConnectedAccount) -> Any:
        return self.pms

    def _kind(self) -> Kind[Record, Query]:
        async def page(client: Any, query: Query, position: str | None) -> Page[Record]:
            return client.page(query, position)

        async def by_id(client: Any, ids: Sequence[str]) -> Batch[Record]:
            return client.by_id(ids)

        return Kind(
            what="records",
            entity="record",
            page=page,
            whole_query=Query(),
            native=lambda query, _: replace(query, ordered=False),
            exact=lambda *_: True,
            ordered=lambda query, _: not query.ordered,
            page_size=lambda _: self.pms.page_size,
            keeps=keeps,
            ordering=lambda query: BY_VALUE if query.ordered else None,
            local=lambda query: query.since is None,
            unordered=lambda query: replace(query, ordered=False, latest=False),
            changes=lambda instant, _: Query(since=instant, latest=self.pms.latest_first),
            tells_changes=lambda _: True,
            by_id=by_id,
        )

    async def read(
        self, query: Query, first: int = 500, after: str | None = None, *, later: float = 1.0, max_age: float = 0.0
    ) -> Collected[Record]:
        """A page as the PMS has it, or had it ``max_age`` seconds ago, ``later`` seconds from now."""
        self.clock.at += timedelta(seconds=later)
        return await self.collector.collect(
            Request(
                queries={"acc": query},
                asked=query,
                accounts=[self.account],
                order=query,
                first=first,
                after=after,
                freshness=Freshness(max_age=max_age, since=self.clock.now(), strict=True),
                scope="tenant",
                count=True,
            )
        )

    async def all(self, query: Query, *, max_age: float = 0.0) -> list[Record]:
        page = await self.read(query, max_age=max_age)
        assert not page.has_next
        found = [each.record for each in page.taken]
        assert page.total == len(found)
        return found

    def truth(self, query: Query) -> list[Record]:
        return sorted((row for row in self.pms.rows.values() if keeps(query, row)), key=repr)
