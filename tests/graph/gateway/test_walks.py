"""Walks over many accounts, page by page: nothing lost, nothing twice, in order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.collector import Collected, Collector, Request
from graph.gateway.cursors import CursorError, Cursors
from graph.gateway.keeper import Keeper
from graph.gateway.kinds import Kind
from graph.gateway.operation import Freshness
from graph.gateway.ordering import Ordering
from graph.gateway.reading import Ages, Reading, weigh
from graph.gateway.reports import SourceStatus
from graph.gateway.store import Store
from providers.errors import ErrorCode, UpstreamUnavailable
from providers.manifest import AuthType
from providers.queries import Batch, OddRecord, Page
from providers.upstream.clock import SystemClock

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@dataclass(frozen=True)
class Record:
    account_id: str
    provider_id: str
    value: int | None


@dataclass(frozen=True)
class Query:
    parity: int | None = None
    order: str | None = None


@dataclass
class FakePms:
    """An account's records in pages, in its own order or in the one asked for; counts its calls."""

    records: list[Record]
    page_size: int = 3
    orders: bool = False
    filters: bool = False
    failures: int = 0
    bug: bool = False
    forgets_to_order: bool = False
    puts_unknown_first: bool = False
    odd: Sequence[OddRecord] = ()
    calls: list[str] = field(default_factory=list)

    def page(self, query: Query, position: str | None) -> Page[Record]:
        self.calls.append(f"{query.parity}/{query.order}/{position}")
        if self.failures:
            self.failures -= 1
            raise UpstreamUnavailable("The PMS could not be reached.")
        if self.bug:
            raise KeyError("guest@example.com")
        rows = [row for row in self.records if query.parity is None or keeps(query, row)]
        if query.order and not self.forgets_to_order:
            rows = ordering(query).arranged(rows)
            if self.puts_unknown_first:
                rows.sort(key=lambda row: row.value is not None)
        start = int(position or 0)
        end = start + self.page_size
        return Page(
            items=rows[start:end],
            next=str(end) if end < len(rows) else None,
            total=len(rows),
            fetched_at=datetime.now(UTC),
            odd=self.odd,
        )


def keeps(query: Query, record: Record) -> bool:
    return query.parity is None or (record.value is not None and record.value % 2 == query.parity)


def ordering(query: Query) -> Ordering[Record]:
    return Ordering(
        key=lambda row: (None if row.value is None else f"{row.value:05}", f"{row.account_id}/{row.provider_id}"),
        descending=query.order == "desc",
    )


class World:
    """A collector over fake accounts."""

    def __init__(self, pmss: dict[str, FakePms]) -> None:
        self.pmss = pmss
        self.accounts = [
            ConnectedAccount(name, "tenant", "FAKE", name, AuthType.API_KEY, NOW, NOW, "1") for name in pmss
        ]
        clock = SystemClock()
        reading = Reading(
            accounts=None,  # type: ignore[arg-type]  # pages name their accounts
            connections=self,  # type: ignore[arg-type]  # only `client` is used
            keeper=Keeper(Store(10_000), clock, weigh),
            ages=Ages(),
            clock=clock,
        )
        self.collector: Collector[Record, Query] = Collector(reading, Cursors(b"k" * 32), self._kind())

    async def client(self, account: ConnectedAccount) -> Any:
        return self.pmss[account.id]

    def _kind(self) -> Kind[Record, Query]:
        async def page(client: Any, query: Query, position: str | None) -> Page[Record]:
            return client.page(query, position)

        async def by_id(client: Any, ids: Sequence[str]) -> Batch[Record]:
            raise NotImplementedError

        def native(query: Query, account: ConnectedAccount) -> Query:
            pms = self.pmss[account.id]
            return Query(query.parity if pms.filters else None, query.order if pms.orders else None)

        return Kind(
            what="records",
            entity="record",
            page=page,
            whole_query=Query(),
            native=native,
            exact=lambda query, account: query.parity is None or self.pmss[account.id].filters,
            ordered=lambda query, account: query.order is None or self.pmss[account.id].orders,
            page_size=lambda account: self.pmss[account.id].page_size,
            keeps=keeps,
            ordering=lambda query: ordering(query) if query.order else None,
            local=lambda _: True,
            unordered=lambda query: Query(query.parity),
            changes=lambda _, __: Query(),
            tells_changes=lambda _: False,
            by_id=by_id,
        )

    async def read(
        self, query: Query, first: int, after: str | None = None, *, max_age: float = 600, count: bool = False
    ) -> Collected[Record]:
        return await self.collector.collect(
            Request(
                queries={account.id: query for account in self.accounts},
                asked=query,
                accounts=self.accounts,
                order=query,
                first=first,
                after=after,
                freshness=Freshness(max_age=max_age, since=datetime.now(UTC) + timedelta(days=1), strict=True),
                scope="tenant",
                count=count,
            )
        )

    async def walk(self, query: Query, first: int, *, max_age: float = 600) -> list[Record]:
        found: list[Record] = []
        after = None
        for _ in range(500):
            page = await self.read(query, first, after, max_age=max_age)
            found += [each.record for each in page.taken]
            after = page.end_cursor()
            if not page.has_next:
                return found
        raise AssertionError("the walk does not end")

    def expected(self, query: Query) -> list[Record]:
        kept = [row for pms in self.pmss.values() for row in pms.records if keeps(query, row)]
        return ordering(query).arranged(kept) if query.order else kept


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, FakePms]:
    pmss = {}
    for number in range(draw(st.integers(1, 4))):
        values = draw(st.lists(st.one_of(st.none(), st.integers(0, 20)), max_size=12))
        pmss[f"acc{number}"] = FakePms(
            records=[Record(f"acc{number}", str(n), value) for n, value in enumerate(values)],
            page_size=draw(st.integers(1, 5)),
            orders=draw(st.booleans()),
            filters=draw(st.booleans()),
        )
    return pmss


QUERIES = st.builds(Query, parity=st.sampled_from([None, 0, 1]), order=st.sampled_from([None, "asc", "desc"]))


@given(pmss=worlds(), query=QUERIES, first=st.integers(1, 9))
async def test_a_walk_gives_every_record_once_and_in_order(pmss: dict[str, FakePms], query: Query, first: int) -> None:
    world = World(pmss)
    found = await world.walk(query, first)
    expected = world.expected(query)
    assert sorted(found, key=repr) == sorted(expected, key=repr)
    if query.order:
        assert [row for row in found if row.value is not None] == [row for row in expected if row.value is not None]
        if not any(pms.orders for pms in pmss.values()):
            assert found == expected
    else:
        accounts = [row.account_id for row in found]
        assert accounts == sorted(accounts)


@given(pmss=worlds(), query=QUERIES, first=st.integers(1, 9), broken=st.integers(0, 3))
async def test_an_account_that_fails_for_a_while_loses_and_repeats_nothing(
    pmss: dict[str, FakePms], query: Query, first: int, broken: int
) -> None:
    list(pmss.values())[broken % len(pmss)].failures = 2
    world = World(pmss)
    found: list[Record] = []
    after = None
    for _ in range(500):
        page = await world.read(query, first, after)
        found += [each.record for each in page.taken]
        after = page.end_cursor()
        if not page.has_next and not any(source.error for source in page.sources):
            break
    assert sorted(found, key=repr) == sorted(world.expected(query), key=repr)


@given(pmss=worlds(), query=QUERIES, first=st.integers(2, 9), max_age=st.sampled_from([0.0, 600.0]))
async def test_every_edge_cursor_goes_on_right_behind_its_record(
    pmss: dict[str, FakePms], query: Query, first: int, max_age: float
) -> None:
    world = World(pmss)
    page = await world.read(query, first, max_age=max_age)
    whole = await world.walk(query, 500, max_age=max_age)
    for index in range(len(page.taken)):
        following = await world.read(query, 500, page.cursor(index), max_age=max_age)
        found = [each.record for each in [*page.taken[: index + 1], *following.taken]]
        if query.order is None or not max_age or all(row.value is not None for row in whole):
            assert found == whole
        else:
            # Collections that are held meanwhile are ordered here, where records without a value come last; in pages
            # that the PMS orders they stand where it puts them.
            assert sorted(found, key=repr) == sorted(whole, key=repr)
            assert [row for row in found if row.value is not None] == [row for row in whole if row.value is not None]


@given(pmss=worlds(), query=QUERIES, warm=QUERIES, first=st.integers(1, 9))
async def test_a_total_is_right_or_unknown(pmss: dict[str, FakePms], query: Query, warm: Query, first: int) -> None:
    world = World(pmss)
    await world.read(warm, 9)
    page = await world.read(query, first, count=True)
    following = await world.read(query, first, page.end_cursor(), count=True)
    for total in (page.total, following.total):
        assert total in (None, len(world.expected(query)))
    one_page_each = all(len(pms.records) <= pms.page_size for pms in pmss.values())
    if one_page_each or all(pms.filters and pms.orders for pms in pmss.values()):
        assert page.total is not None


async def test_only_the_accounts_that_the_page_needs_are_asked() -> None:
    world = World({f"acc{n}": FakePms([Record(f"acc{n}", str(i), i) for i in range(3)]) for n in range(4)})
    page = await world.read(Query(), 3)
    assert [len(pms.calls) for pms in world.pmss.values()] == [1, 0, 0, 0]
    assert [source.status for source in page.sources] == [SourceStatus.OK] + [SourceStatus.NOT_ASKED] * 3
    assert page.has_next


async def test_a_held_collection_answers_filters_and_orders_without_a_call() -> None:
    world = World({"acc0": FakePms([Record("acc0", str(n), n) for n in range(3)], filters=True, orders=True)})
    await world.read(Query(), 3)
    even = await world.read(Query(parity=0), 3)
    down = await world.read(Query(order="desc"), 3)
    assert [each.record.value for each in even.taken] == [0, 2]
    assert [each.record.value for each in down.taken] == [2, 1, 0]
    assert len(world.pmss["acc0"].calls) == 1


async def test_the_same_page_again_costs_no_call_and_no_age_costs_one() -> None:
    world = World({"acc0": FakePms([Record("acc0", str(n), n) for n in range(5)])})
    await world.read(Query(), 5)
    calls = len(world.pmss["acc0"].calls)
    await world.read(Query(), 5)
    assert len(world.pmss["acc0"].calls) == calls
    await world.read(Query(), 5, max_age=0)
    assert len(world.pmss["acc0"].calls) == 2 * calls


async def test_a_failing_account_is_reported_and_the_others_are_served() -> None:
    pmss = {f"acc{n}": FakePms([Record(f"acc{n}", "1", n)]) for n in range(3)}
    pmss["acc1"].failures = 9
    page = await World(pmss).read(Query(order="asc"), 9)
    assert [each.record.value for each in page.taken] == [0, 2]
    failed = page.sources[1]
    assert failed.status is SourceStatus.FAILED
    assert failed.error is not None
    assert (failed.error.provider, failed.error.account_id) == ("FAKE", "acc1")
    assert not page.has_next


async def test_a_held_collection_is_walked_in_order_without_a_further_call() -> None:
    world = World({"acc0": FakePms([Record("acc0", str(n), n) for n in range(3)], orders=True)})
    await world.read(Query(), 3)
    assert [row.value for row in await world.walk(Query(order="desc"), 1)] == [2, 1, 0]
    assert len(world.pmss["acc0"].calls) == 1


async def test_a_record_that_moves_between_two_pages_is_given_once() -> None:
    records = [Record("acc0", str(n), n) for n in range(6)]
    pms = FakePms([*records[:4], *records[3:]], page_size=4)
    assert await World({"acc0": pms}).walk(Query(order="asc"), 9) == records


async def test_a_record_without_a_value_holds_nothing_back() -> None:
    """Hostaway orders inquiries without dates among the stays of yesterday."""
    pmss = {
        name: FakePms(
            [Record(name, str(n), n * 2 + offset if n % 5 else None) for n in range(40)],
            page_size=9,
            orders=True,
            puts_unknown_first=True,
        )
        for offset, name in enumerate(("acc0", "acc1"))
    }
    found = await World(pmss).walk(Query(order="asc"), 7)
    values = [row.value for row in found if row.value is not None]
    assert len(found) == 80
    assert values == sorted(values)


async def test_a_pms_that_ignores_the_order_it_promises_is_ordered_here() -> None:
    values = [n * 37 % 101 for n in range(60)]
    pms = FakePms(
        [Record("acc0", str(n), value) for n, value in enumerate(values)],
        page_size=20,
        orders=True,
        forgets_to_order=True,
    )
    found = await World({"acc0": pms}).walk(Query(order="asc"), 25)
    assert [row.value for row in found] == sorted(values)


async def test_a_count_that_fails_does_not_end_the_walk() -> None:
    pmss = {f"acc{n}": FakePms([Record(f"acc{n}", str(i), i) for i in range(3)]) for n in range(2)}
    pmss["acc1"].failures = 1
    world = World(pmss)
    page = await world.read(Query(), 3, count=True)
    assert (page.total, page.has_next) == (None, True)
    following = await world.read(Query(), 3, page.end_cursor(), count=True)
    assert (len(following.taken), following.total) == (3, 6)


async def test_a_plugin_that_trips_fails_its_own_account_only(caplog: pytest.LogCaptureFixture) -> None:
    pmss = {f"acc{n}": FakePms([Record(f"acc{n}", "1", n)]) for n in range(3)}
    pmss["acc1"].bug = True
    page = await World(pmss).read(Query(), 9)
    assert [each.record.value for each in page.taken] == [0, 2]
    error = page.sources[1].error
    assert error is not None
    assert error.code is ErrorCode.UPSTREAM_INVALID
    assert "guest" not in error.message + caplog.text


async def test_records_that_could_not_be_read_make_the_source_partial() -> None:
    pms = FakePms([Record("acc0", "1", 1)], odd=[OddRecord("7", "name: not a text")])
    (source,) = (await World({"acc0": pms}).read(Query(), 9)).sources
    assert (source.status, source.skipped) == (SourceStatus.PARTIAL, 1)
    assert "7" in (source.note or "")


async def test_an_order_that_only_a_huge_walk_could_give_is_refused_with_a_way_out() -> None:
    pms = FakePms([Record("acc0", str(n), n) for n in range(200)], page_size=5)
    page = await World({"acc0": pms}).read(Query(order="asc"), 9)
    (source,) = page.sources
    assert source.error is not None
    assert "narrow the filter" in source.error.message
    assert len(pms.calls) == 20


async def test_a_filter_that_fits_nothing_stops_at_its_bound_and_goes_on_from_there() -> None:
    pms = FakePms([Record("acc0", str(n), 1) for n in range(300)] + [Record("acc0", "x", 2)], page_size=5)
    world = World({"acc0": pms})
    page = await world.read(Query(parity=0), 9)
    assert (page.has_next, page.sources[0].status, len(pms.calls)) == (True, SourceStatus.PARTIAL, 20)
    assert await world.walk(Query(parity=0), 9) == [pms.records[-1]]


@pytest.mark.parametrize("spoil", [lambda text: text[:-3], lambda text: "A" + text[1:], lambda _: "?", lambda _: "é"])
async def test_a_changed_cursor_is_refused(spoil: Any) -> None:
    world = World({"acc0": FakePms([Record("acc0", str(n), n) for n in range(5)])})
    cursor = (await world.read(Query(), 2)).end_cursor()
    with pytest.raises(CursorError, match="is not a cursor of this server"):
        await world.read(Query(), 2, spoil(cursor))


async def test_a_cursor_of_another_query_is_refused() -> None:
    world = World({"acc0": FakePms([Record("acc0", str(n), n) for n in range(5)])})
    cursor = (await world.read(Query(), 2)).end_cursor()
    with pytest.raises(CursorError, match="belongs to another query"):
        await world.read(Query(parity=0), 2, cursor)
