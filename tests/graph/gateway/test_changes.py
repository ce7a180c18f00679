"""What is held is brought up to date by what changed, over the real app and simulated PMSs."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.changes import LISTINGS, YEAR, change_three, walk, year_from
from tests.gateway_world import DEMO, World, world

HOUR = 3600.0


async def test_three_changes_of_five_accounts_cost_one_call_per_account_and_collection(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    stays = year_from(today)
    async with world(tmp_path, today=today, call_timeout=30.0, **DEMO) as running:
        listings = await walk(running, LISTINGS)
        before = await walk(running, YEAR, **stays)
        assert len(listings) == 170
        assert len(before) > 1000
        # Past the margin for clocks that differ, so that what was made today is not told again for that.
        running.clock.advance(HOUR)
        expected = change_three(running, before)
        running.calls.clear()

        assert len(await walk(running, LISTINGS, age=60)) == 170
        assert sorted(running.counted().values()) == [1] * 5
        running.calls.clear()
        after = await walk(running, YEAR, age=60, **stays)
        assert sorted(running.counted().values()) == [1] * 5

    assert {node["id"] for node in after} == {node["id"] for node in before}
    changed = {node["providerId"]: node for node in after if node not in before}
    assert changed.keys() == expected.keys()
    for id_, adults in expected.items():
        if adults is None:
            assert changed[id_]["status"] == "CANCELLED"
        else:
            assert changed[id_]["party"]["adults"] == adults


async def test_a_reservation_that_moves_out_of_the_filter_leaves_what_is_held_under_it(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    stays = year_from(today)
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0, listings=20, today=today) as running:
        before = await walk(running, YEAR, **stays)
        pages = len(running.data_calls())
        assert pages > 1
        moved = before[0]["providerId"]
        running.clock.advance(HOUR)
        account = running.simulations["HOSTAWAY"].accounts[0]  # type: ignore[attr-defined]  # the simulator's own
        far = date(today.year + 3, 1, 1)
        account.change_reservation(
            int(moved), running.clock.now(), arrivalDate=str(far), departureDate=f"{far.year}-01-05"
        )
        running.calls.clear()
        after = await walk(running, YEAR, age=60, **stays)
        assert len(running.data_calls()) == 1
        assert {node["providerId"] for node in before} - {node["providerId"] for node in after} == {moved}


async def test_a_deletion_that_hostaway_does_not_tell_is_seen_by_whoever_asks_it(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    stays = year_from(today)
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0, listings=20, today=today) as running:
        # Once: while a year is asked for page by page, each page is up to date by itself.
        query = YEAR.replace("first: 200", "first: 500")
        before = await walk(running, query, **stays)
        pages = len(running.data_calls())
        assert pages > 1
        running.clock.advance(HOUR)
        running.calls.clear()
        assert len(await walk(running, query, age=0, **stays)) == len(before)
        # What changed, and the count.
        assert len(running.data_calls()) == 2
        account = running.simulations["HOSTAWAY"].accounts[0]  # type: ignore[attr-defined]  # the simulator's own
        gone = before[len(before) // 2]["providerId"]
        del account.reservations[int(gone)]
        account._orders.clear()

        running.calls.clear()
        assert len(await walk(running, query, age=60, **stays)) == len(before)
        running.clock.advance(61)
        assert len(await walk(running, query, age=60, **stays)) == len(before)
        assert len(running.data_calls()) == 1
        running.calls.clear()
        after = await walk(running, query, age=0, **stays)
        assert {node["providerId"] for node in before} - {node["providerId"] for node in after} == {gone}
        # What changed; all pages, the first of which brought the count; what changed meanwhile.
        assert len(running.data_calls()) == 1 + pages + 1


async def test_without_an_order_what_is_read_comes_in_the_pms_s_and_what_is_held_by_ids(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    stays = year_from(today)
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=1, listings=20, today=today) as running:
        cold = await walk(running, YEAR, **stays)
        held = await walk(running, YEAR, **stays)
        assert held != cold
        running.clock.advance(HOUR)
        change_party(running, cold)
        renewed = await walk(running, YEAR, age=60, **stays)
        again = await walk(running, YEAR, age=0, **stays)
    by_account = sorted(held, key=lambda node: (node["provider"] != "HOSTAWAY", int(node["providerId"])))
    assert [node["id"] for node in held] == [node["id"] for node in by_account]
    assert sorted(node["id"] for node in cold) == sorted(node["id"] for node in held)
    # A change moves nobody.
    assert [node["id"] for node in renewed] == [node["id"] for node in held]
    assert [node["id"] for node in again] == [node["id"] for node in held]


def change_party(running: World, nodes: list[dict[str, Any]]) -> None:
    """One Hostaway reservation gets other guests."""
    account = running.simulations["HOSTAWAY"].accounts[0]  # type: ignore[attr-defined]  # the simulator's own
    chosen = next(node["providerId"] for node in nodes if node["provider"] == "HOSTAWAY")
    account.change_reservation(int(chosen), running.clock.now(), adults=9, numberOfGuests=9)


async def test_what_changed_since_is_told_by_what_is_held(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    stays = year_from(today)
    asked = YEAR.replace("$from: Date,", "$from: Date, $since: DateTime,").replace(
        "filter: {stay", "filter: {updatedSince: $since, stay"
    )
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=1, listings=20, today=today) as running:
        cold = await walk(running, YEAR, **stays)
        running.clock.advance(HOUR)
        # Hostaway tells whole seconds.
        since = (running.clock.now() - timedelta(seconds=1)).isoformat()
        change_party(running, cold)
        # Held and fresh: nobody is asked.
        await walk(running, YEAR, age=60, **stays)
        running.calls.clear()
        found = await walk(running, asked, age=60, since=since, **stays)
        assert not running.data_calls()
        assert [node["party"]["adults"] for node in found] == [9]
        # Held and old: one call an account, as for everything else.
        running.clock.advance(61)
        assert [node["id"] for node in await walk(running, asked, age=60, since=since, **stays)] == [found[0]["id"]]
        assert sorted(running.counted().values()) == [1, 1]
