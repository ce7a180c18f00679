"""Which rows are handed over, and which come back."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from graph.events import handover
from graph.events.claiming import Handed
from graph.events.handover import Handover
from graph.events.inbox import Inbox
from graph.events.inbox_records import Row
from tests.gateway_world import ShiftedClock
from tests.graph.events.test_inbox import row


@dataclass
class _Worker:
    holder: str = "prc_1"
    there: bool = True
    taken: list[str] = field(default_factory=list)

    def takes(self, account_id: str) -> bool:
        return self.there

    def take(self, handed: Sequence[Handed]) -> None:
        self.taken += [each.claimed.id for each in handed if each.unstored is not None]

    def wake(self) -> None:
        pass


class _SlowInbox(Inbox):
    """Writes when it is told to, and then says whether it could."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "staygraph.db", ShiftedClock())
        self.disk: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.gone: list[str] = []

    async def keep(self, row: Row) -> bool:
        return await self.disk and await super().keep(row)

    def let_go(self, ids: Collection[str]) -> None:
        self.gone += ids
        super().let_go(ids)


class _Stage:
    """A handover at a time that can be set."""

    def __init__(self, folder: Path) -> None:
        self.now = 0.0
        self.worker = _Worker()
        self.inbox = _SlowInbox(folder)
        self.left: list[str] = []
        self.handover = Handover(
            self.worker, self.inbox, lambda: self.now, left=lambda rows: self.left.extend(each["id"] for each in rows)
        )

    async def begin(self, id_: str, body: bytes = b"x") -> "asyncio.Task[bool]":
        giving = asyncio.create_task(self.handover.give(row(id_, body)))
        await asyncio.sleep(0)
        return giving

    async def give(self, id_: str, body: bytes = b"x") -> None:
        self.inbox.disk = asyncio.get_running_loop().create_future()
        self.inbox.disk.set_result(True)
        assert await self.handover.give(row(id_, body))


@pytest.fixture
async def stage(tmp_path: Path) -> _Stage:
    return _Stage(tmp_path)


async def test_only_when_many_come_and_the_worker_has_those_before_it(stage: _Stage) -> None:
    handed, worker = stage.handover, stage.worker
    handed.note_stored("acc_1", "prc_1")
    assert [handed.takes("acc_1") for _ in range(handover.MANY + 1)] == [False] * (handover.MANY - 1) + [True] * 2
    assert not handed.takes("acc_2")
    handed.note_stored("acc_1", None)
    assert not handed.takes("acc_1")
    handed.note_stored("acc_1", "prc_1")
    assert handed.takes("acc_1")
    worker.there = False
    assert not handed.takes("acc_1")
    worker.there = True
    worker.holder = "prc_2"
    assert not handed.takes("acc_1")
    handed.note_stored("acc_1", "prc_2")
    stage.now += handover.WITHIN + 0.1
    assert not handed.takes("acc_1")


async def test_what_is_out_is_counted_and_comes_back_once(stage: _Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "LOOK_SECONDS", 0.001)
    for number in range(1, 4):
        await stage.give(str(number), b"x" * number)
    assert (len(stage.handover), stage.handover.bytes) == (3, 6)
    assert [each["id"] for each in stage.handover.note_done(["1", "9"])] == ["1"]
    stage.now += handover.OVERDUE_SECONDS - 0.1
    await stage.give("4")
    stage.now += 0.1
    async with asyncio.timeout(5):
        while len(stage.handover) > 1:  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.001)
    assert stage.left == ["2", "3"]
    stage.worker.holder = "prc_2"
    async with asyncio.timeout(5):
        while stage.handover:  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.001)
    assert stage.left == ["2", "3", "4"]
    await stage.give("5")
    stage.handover.note_left(["5", "5"])
    await stage.give("6")
    await stage.handover.aclose()
    assert stage.left == ["2", "3", "4", "5", "6"]
    assert (len(stage.handover), stage.handover.bytes) == (0, 0)


async def test_the_worker_has_it_while_the_disk_is_waited_for(stage: _Stage) -> None:
    giving = await stage.begin("1")
    assert stage.worker.taken == ["1"]
    assert not giving.done()
    stage.inbox.disk.set_result(True)
    assert await giving
    assert len(stage.handover) == 1


async def test_what_the_worker_stored_is_kept_whatever_the_disk_does(stage: _Stage) -> None:
    giving = await stage.begin("1")
    assert [each["id"] for each in stage.handover.note_done(["1"])] == ["1"]
    stage.inbox.disk.set_result(False)
    assert await giving
    assert (len(stage.handover), stage.left) == (0, [])


async def test_what_the_disk_does_not_take_is_its_senders_again(stage: _Stage) -> None:
    giving = await stage.begin("1")
    stage.inbox.disk.set_result(False)
    assert not await giving
    assert (len(stage.handover), stage.left) == (0, [])


@pytest.mark.parametrize("kept", [True, False])
async def test_what_the_worker_gives_up_meanwhile_is_seen_to_once(stage: _Stage, kept: bool) -> None:
    giving = await stage.begin("1")
    stage.handover.note_left(["1"])
    assert stage.left == []
    stage.inbox.disk.set_result(kept)
    assert await giving is kept
    assert stage.left == ["1"] * kept


async def test_a_sender_that_has_gone_leaves_nothing_in_the_inbox(stage: _Stage) -> None:
    giving = await stage.begin("1")
    giving.cancel()
    await asyncio.gather(giving, return_exceptions=True)
    assert stage.inbox.gone == ["1"]
    # The worker has it all the same.
    stage.handover.note_left(["1"])
    assert stage.left == ["1"]
