import pytest

from providers.simulation.windows import Charge, Windows


class Seconds:
    def __init__(self, at: float = 1_000_000.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def test_sliding_window_refuses_beyond_its_calls_in_any_stretch() -> None:
    now = Seconds()
    windows = Windows(now)
    for _ in range(3):
        assert windows.charge("a", 3, 10) is None
        now.at += 2
    assert windows.charge("a", 3, 10) == pytest.approx(4)
    now.at += 3.9
    assert windows.charge("a", 3, 10) == pytest.approx(0.1)
    now.at += 0.1
    assert windows.charge("a", 3, 10) is None
    assert windows.charge("a", 3, 10) == pytest.approx(2)


def test_waiting_exactly_as_long_as_told_is_enough() -> None:
    now = Seconds(1_786_000_000.123456)
    windows = Windows(now)
    for step in range(50):
        now.at += 0.1 * step
        wait = windows.charge("a", 1, 0.7)
        if wait is not None:
            now.at += wait
            assert windows.charge("a", 1, 0.7) is None


def test_keys_do_not_share_a_budget() -> None:
    windows = Windows(Seconds())
    assert windows.charge("a", 1, 10) is None
    assert windows.charge("b", 1, 10) is None
    assert windows.charge("a", 1, 10) is not None


def test_clock_window_reopens_at_the_full_stretch() -> None:
    now = Seconds(7200.0 - 5)
    windows = Windows(now)
    assert windows.charge("a", 1, 3600, clock=True) is None
    assert windows.charge("a", 1, 3600, clock=True) == pytest.approx(5, abs=0.01)
    now.at = 7200.0
    assert windows.charge("a", 1, 3600, clock=True) is None
    assert windows.charge("a", 1, 3600, clock=True) == pytest.approx(3600, abs=0.01)


def test_several_windows_are_charged_all_or_none() -> None:
    now = Seconds()
    windows = Windows(now)
    narrow, wide = Charge("narrow", 1, 10), Charge("wide", 5, 10)
    assert windows.charge_all([narrow, wide]) is None
    now.at += 1
    refusal = windows.charge_all([wide, narrow])
    assert refusal is not None
    assert refusal.charge == narrow
    assert refusal.seconds == pytest.approx(9)
    assert windows.remaining(wide) == 4


def test_refused_calls_use_up_the_budget_where_they_count() -> None:
    now = Seconds()
    strict, lenient = Windows(now, count_refused=True), Windows(now)
    for windows in (strict, lenient):
        assert windows.charge("a", 1, 10) is None
    now.at += 9
    assert strict.charge("a", 1, 10) is not None
    assert lenient.charge("a", 1, 10) is not None
    now.at += 2
    assert lenient.charge("a", 1, 10) is None
    assert strict.charge("a", 1, 10) == pytest.approx(8)


def test_remaining_and_reset_tell_the_budget() -> None:
    now = Seconds(100.0)
    windows = Windows(now)
    charge = Charge("a", 3, 10)
    assert (windows.remaining(charge), windows.resets_in(charge)) == (3, 0.0)
    windows.charge_all([charge])
    now.at = 104.0
    assert windows.remaining(charge) == 2
    assert windows.resets_in(charge) == pytest.approx(6)
    windows.clear()
    assert windows.remaining(charge) == 3


def test_a_window_of_no_calls_grants_none() -> None:
    assert Windows(Seconds()).charge("a", 0, 10) == 10
