"""Files beside the database: what is kept in them, what is found in them afterwards, and what goes wrong with disks."""

import asyncio
import errno
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.events import inbox as module
from graph.events.inbox import Inbox, left_inboxes
from graph.events.inbox_records import Row, pack, unpack
from tests.gateway_world import ShiftedClock

NOW = datetime(2027, 5, 1, 15, 30, 19, 123456, tzinfo=UTC)

TEXTS = st.text(max_size=20)
ROWS = st.builds(
    lambda id_, event, subject, key, body, seconds: row(id_, body) | {
        "event": event, "subject": subject, "delivery_key": key, "due_at": NOW + timedelta(seconds=seconds)
    },
    TEXTS, st.none() | TEXTS, st.none() | TEXTS, st.none() | TEXTS, st.binary(max_size=200), st.floats(0, 1e6),
)  # fmt: skip


def row(id_: str, body: bytes = b"sealed") -> Row:
    return {
        "id": id_, "tenant_id": "default", "account_id": "acc_1", "delivery_key": None, "event": "reservation.updated",
        "provider_account": None, "body": body, "received_at": NOW, "subject": "7", "due_at": NOW, "holder": None,
        "lease_until": None,
    }  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Path:
    # Signs that mean something in patterns of names.
    (tmp_path / "data [1]").mkdir()
    return tmp_path / "data [1]" / "stay*graph.db"


@pytest.fixture
def inbox(database: Path) -> Inbox:
    return Inbox(database, ShiftedClock())


def files(database: Path) -> list[Path]:
    return sorted(path for path in database.parent.iterdir() if "-inbox_" in path.name)


def on_disk(database: Path) -> list[str]:
    """The ids of the rows in the files."""
    return [each["id"] for path in files(database) for each in unpack(path.read_bytes())]


def found(database: Path) -> list[str]:
    """The ids of the rows that others would take in."""
    ids = []
    for left in left_inboxes(database):
        ids += [each["id"] for each in left.rows]
        left.close()
    return ids


@given(st.lists(ROWS, max_size=4), st.data())
def test_what_is_packed_is_found_and_of_what_is_cut_off_what_is_whole(rows: list[Row], data: st.DataObject) -> None:
    records = [pack(each) for each in rows]
    whole = b"".join(records)
    assert list(unpack(whole)) == rows
    cut = data.draw(st.integers(0, len(whole)))
    ends = [sum(map(len, records[: n + 1])) for n in range(len(records))]
    assert list(unpack(whole[:cut])) == rows[: sum(end <= cut for end in ends)]


@given(st.lists(ROWS, min_size=1, max_size=4), st.data())
def test_a_record_that_is_damaged_is_not_taken_for_one(rows: list[Row], data: st.DataObject) -> None:
    records = [pack(each) for each in rows]
    hit = data.draw(st.integers(0, len(rows) - 1))
    damaged = bytearray(records[hit])
    damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    assert list(unpack(b"".join([*records[:hit], bytes(damaged), *records[hit + 1 :]]))) == rows[:hit]


async def test_what_is_kept_is_on_the_disk_and_goes_when_the_database_has_it(inbox: Inbox, database: Path) -> None:
    assert all(await asyncio.gather(*(inbox.keep(row(str(n))) for n in range(5))))
    assert on_disk(database) == ["0", "1", "2", "3", "4"]
    (file,) = files(database)
    assert file.stat().st_mode & 0o777 == 0o600
    inbox.let_go(["0", "1", "2", "3"])
    await inbox.clear()
    assert len(on_disk(database)) == 5
    inbox.let_go(["4"])
    await inbox.clear()
    assert on_disk(database) == []
    assert await inbox.keep(row("5"))
    inbox.let_go(["5"])
    # Nothing of before is in front of it.
    assert await inbox.keep(row("6"))
    assert on_disk(database) == ["6"]
    inbox.let_go(["6"])
    await inbox.aclose()
    assert files(database) == []


async def test_others_find_it_when_its_process_is_gone_and_not_before(inbox: Inbox, database: Path) -> None:
    assert await inbox.keep(row("1"))
    assert found(database) == []
    await inbox.aclose()
    assert found(database) == ["1"]
    lefts = left_inboxes(database)
    left = next(lefts)
    # One at a time.
    assert found(database) == []
    left.remove()
    left.close()
    assert list(lefts) == []
    assert files(database) == []


async def test_what_is_set_aside_is_kept_and_not_found(inbox: Inbox, database: Path) -> None:
    assert await inbox.keep(row("1"))
    await inbox.aclose()
    for left in left_inboxes(database):
        left.set_aside()
        left.close()
    assert found(database) == []
    assert on_disk(database) == ["1"]


async def test_what_grows_goes_on_in_another_file(
    inbox: Inbox, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FILE_BYTES", 1000)
    for n in range(6):
        assert await inbox.keep(row(str(n), b"x" * 600))
    assert len(files(database)) == 3
    inbox.let_go(["0", "1", "2"])
    assert await inbox.keep(row("6"))
    assert on_disk(database) == ["2", "3", "4", "5", "6"]
    inbox.let_go(["3", "5", "6"])
    await inbox.aclose()
    assert found(database) == ["4", "5"]


async def test_more_than_files_may_hold_is_for_the_database(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 2000)
    assert [await inbox.keep(row(str(n), b"x" * 600)) for n in range(3)] == [True, True, False]


async def test_a_text_that_no_file_takes_is_for_the_database(inbox: Inbox, database: Path) -> None:
    assert not await inbox.keep(row("1") | {"event": "\ud800"})
    assert files(database) == []


async def test_a_full_disk_leaves_nothing_half_written(
    inbox: Inbox, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await inbox.keep(row("1"))
    pwrite = os.pwrite

    def full(file: int, data: Any, at: int) -> int:
        if at > 1000:
            raise OSError(errno.ENOSPC, "no space left")
        return pwrite(file, data[:100], at)

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        assert not await inbox.keep(row("2", b"x" * 2000))
    assert await inbox.keep(row("3"))
    assert on_disk(database) == ["1", "3"]
    inbox.let_go(["1", "3"])
    await inbox.aclose()
    assert files(database) == []


async def test_what_the_disk_does_not_confirm_is_not_kept(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, flags = os.open, []

    def noted(path: Path, flag: int, *mode: int) -> int:
        flags.append(flag)
        return opened(path, flag, *mode)

    def lost(file: int, data: Any, at: int) -> int:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(os, "open", noted)
    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", lost)
        assert not await inbox.keep(row("1"))
    # A write returns once the disk has it.
    assert flags[0] & os.O_DSYNC
    assert await inbox.keep(row("2"))


async def test_a_folder_that_takes_no_files_is_not_kept_in(inbox: Inbox, database: Path) -> None:
    database.parent.rename(database.parent.with_name("elsewhere"))
    assert not await inbox.keep(row("1"))


async def test_a_file_that_somebody_removed_is_made_anew(inbox: Inbox, database: Path) -> None:
    assert await inbox.keep(row("1"))
    (file,) = files(database)
    file.unlink()
    assert await inbox.keep(row("2"))
    assert on_disk(database) == ["2"]


async def test_what_the_database_has_before_its_turn_comes_is_not_written(
    inbox: Inbox, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that takes its time: those that come meanwhile wait, and share the next write."""
    free, synced = asyncio.Event(), asyncio.to_thread

    async def slow(work: Any, *given: Any) -> Any:
        await free.wait()
        return await synced(work, *given)

    monkeypatch.setattr(asyncio, "to_thread", slow)
    keeping = [asyncio.create_task(inbox.keep(row(str(n)))) for n in range(2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    late = [asyncio.create_task(inbox.keep(row(str(n)))) for n in (2, 3)]
    await asyncio.sleep(0)
    inbox.let_go(["1", "2"])
    free.set()
    assert await asyncio.gather(*keeping, *late) == [True, True, False, True]
    assert on_disk(database) == ["0", "1", "3"]
    inbox.let_go(["0", "3"])
    await inbox.aclose()
    assert files(database) == []
