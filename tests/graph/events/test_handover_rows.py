"""Which rows are handed over, and which come back."""

from typing import Any

from graph.events import handover
from graph.events.handover import Handover


class _Worker:
    holder = "prc_1"
    there = True

    def takes(self, account_id: str) -> bool:
        return self.there


def test_only_when_many_come_and_the_worker_has_those_before_it() -> None:
    now = 0.0
    worker = _Worker()
    handed = Handover(worker, lambda: now)
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
    now += handover.WITHIN + 0.1
    assert not handed.takes("acc_1")


def test_what_is_out_is_counted_and_comes_back_once() -> None:
    now = 0.0
    worker = _Worker()
    handed = Handover(worker, lambda: now)
    made: list[dict[str, Any]] = [{"id": str(n), "body": b"x" * n} for n in range(1, 5)]
    for row in made[:2]:
        handed.give(row)
    now += handover.OVERDUE_SECONDS
    handed.give(made[2])
    assert (len(handed), handed.bytes) == (3, 6)
    assert handed.take_back(["1", "9"]) == made[:1]
    assert handed.take_back_overdue() == made[1:2]
    worker.holder = "prc_2"
    handed.give(made[3])
    assert handed.take_back_overdue() == made[2:3]
    assert handed.take_back_all() == made[3:]
    assert (len(handed), handed.bytes) == (0, 0)
