"""What is held is brought up to date by what changed, over the real app and simulated PMSs."""

from datetime import UTC, date, datetime
from pathlib import Path

from tests.changes import LISTINGS, YEAR, change_three, walk, year_from
from tests.gateway_world import DEMO, world

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
