from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from providers.wire import OddValue
from providers.wire.values import (
    read_bool,
    read_date,
    read_decimal,
    read_float,
    read_id,
    read_instant,
    read_int,
    read_text,
)

READERS = [read_bool, read_date, read_decimal, read_float, read_id, read_instant, read_int, read_text]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("blank", [None, "", "  "])
def test_a_blank_value_says_nothing(read, blank):
    assert read(blank) is None


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("value", [{"a": 1}, [1], object()])
def test_a_structure_is_no_scalar(read, value):
    with pytest.raises(OddValue):
        read(value)


@pytest.mark.parametrize("yes", [True, 1, "1", "true", "TRUE", Decimal(1)])
def test_every_spelling_of_yes(yes):
    assert read_bool(yes) is True


@pytest.mark.parametrize("no", [False, 0, "0", "false", Decimal(0)])
def test_every_spelling_of_no(no):
    assert read_bool(no) is False


@pytest.mark.parametrize("value", [2, -1, "maybe", Decimal("0.5")])
def test_other_words_are_neither_yes_nor_no(value):
    with pytest.raises(OddValue):
        read_bool(value)


@pytest.mark.parametrize(
    ("value", "number"),
    [(5, "5"), ("12.50", "12.50"), (Decimal("0.1"), "0.1"), (0.1, "0.1"), (" -3 ", "-3"), ("0E+999", "0")],
)
def test_numbers_are_read_exactly(value, number):
    assert str(read_decimal(value)) == number


@pytest.mark.parametrize(
    "value",
    [
        True,
        "12,5",
        "abc",
        "NaN",
        "Infinity",
        float("inf"),
        "1E+99999",
        Decimal("1E+99999"),
        "9" * 99,
        "1_0",
        "\u0661",
    ],
)
def test_what_is_no_sane_number_is_odd(value):
    with pytest.raises(OddValue):
        read_decimal(value)


def test_whole_numbers_come_in_many_forms():
    assert [read_int(value) for value in (4, "4", "4.0", Decimal("4.00"), 4.0)] == [4] * 5


@pytest.mark.parametrize("value", ["4.5", 2**31, -(2**31) - 1, True])
def test_fractions_and_numbers_beyond_32_bits_are_no_ints(value):
    with pytest.raises(OddValue):
        read_int(value)


def test_a_measure_is_a_float():
    assert read_float("53.5403") == 53.5403
    assert isinstance(read_float(2), float)


def test_ids_are_text_however_they_were_sent():
    assert [read_id(value) for value in (40160, "40160", " 40160 ", 2**70)] == ["40160"] * 3 + [str(2**70)]


@pytest.mark.parametrize("value", [True, 1.5, "x" * 201])
def test_flags_fractions_and_novels_are_no_ids(value):
    with pytest.raises(OddValue):
        read_id(value)


def test_text_keeps_its_characters_and_loses_half_surrogates():
    assert read_text(" Hütte 🏔 ") == " Hütte 🏔 "
    assert read_text("a\ud800b").encode() == "a\ufffdb".encode()
    assert read_text(7) == "7"
    with pytest.raises(OddValue):
        read_text(True)


@pytest.mark.parametrize(
    "value",
    [
        "2027-05-19",
        "2027-05-19 23:59:59",
        "2027-05-19T00:30:00+14:00",
        date(2027, 5, 19),
        datetime(2027, 5, 19, 9, tzinfo=UTC),
    ],
)
def test_the_day_is_the_one_that_is_written(value):
    assert read_date(value) == date(2027, 5, 19)


@pytest.mark.parametrize(
    "value", ["soon", "2027-02-30", "20270519", "2027-W01-1", "2027-05-19x", 20270519, "\uff12027-05-19"]
)
def test_what_is_no_day_is_odd(value):
    with pytest.raises(OddValue):
        read_date(value)


def test_a_zero_date_is_none():
    assert read_date("0000-00-00") is None
    assert read_instant("0000-00-00 00:00:00") is None


@pytest.mark.parametrize(
    ("value", "hour", "minute"),
    [
        ("2027-01-10 10:41:00", 10, 41),
        ("2027-01-10T10:41:00Z", 10, 41),
        ("2027-01-10T10:41", 10, 41),
        ("2027-01-10T12:41:00+02:00", 10, 41),
        ("2027-01-10 10:41:00.000000 UTC", 10, 41),
        ("2027-01-10T05:41:00-0500", 10, 41),
        ("2027-01-10", 0, 0),
        (datetime(2027, 1, 10, 10, 41, tzinfo=UTC), 10, 41),
        (date(2027, 1, 10), 0, 0),
    ],
)
def test_instants_are_utc(value, hour, minute):
    assert read_instant(value) == datetime(2027, 1, 10, hour, minute, tzinfo=UTC)
    assert read_instant(value).tzinfo is UTC


def test_a_fraction_of_a_second_is_kept():
    assert read_instant("2027-01-10 10:41:00.5").microsecond == 500_000


@pytest.mark.parametrize(
    "value",
    [
        "later",
        "2027-01-10 25:00:00",
        "2027-01-10 10:00 CET",
        "0001-01-01T00:00:00+01:00",
        1_800_000_000,
        "2027-01-10T1",
    ],
)
def test_what_is_no_instant_is_odd(value):
    with pytest.raises(OddValue):
        read_instant(value)


@pytest.mark.parametrize("read", READERS)
def test_a_number_of_thousands_of_digits_is_odd_and_costs_nothing(read):
    with pytest.raises(OddValue):
        read(10**5000)


class Worded(str):
    __slots__ = ()


class Whole(int):
    pass


class Binary(float):
    pass


LONG_WAY: dict[type, Callable[[Any], Any]] = {str: Worded, int: Whole, float: Binary}
"""The readers' short ways are for these very types alone: what is like one of them is read the long way."""

MARKS = st.sampled_from(["", "-", "--", ":", ".", "+", "W", "T", " ", "Z", "x", "0", "00", "\u0661"])
PLAIN = st.datetimes().map(lambda moment: moment.isoformat(" ", "seconds")) | st.dates().map(date.isoformat)
NEARLY = st.tuples(PLAIN, st.sampled_from(["", "Z", "+02:00", ".5"]), st.integers(0, 20), st.integers(0, 2), MARKS).map(
    lambda given: (text := given[0] + given[1])[: given[2]] + given[4] + text[given[2] + given[3] :]
)


@pytest.mark.parametrize("read", READERS)
@given(
    value=NEARLY
    | st.text(max_size=12)
    | st.text("0123456789-.eE_ ", max_size=12)
    | st.integers()
    | st.integers(-3, 3)
    | st.floats()
    | st.floats(-1e4, 1e4)
)
@example("2027-W05-3")
@example("2027-W05-3T12:13:14")
@example("20270519T121314.123")
@example("2027-05-19T121314,5")
@example("2027-05-19x12:13:14")
@example("2027-05-19T12:13.14Z")
@example("2027-05-19T24:00:00")
@example("0000-00-00 00:00:00")
@example(10**15)
@example(-0.0)
def test_what_is_plain_is_read_as_the_long_way_would_read_it(read: Callable[[Any], Any], value: Any) -> None:
    long_way = LONG_WAY[type(value)](value)
    assert type(long_way) is not type(value)
    found, expected = outcome(read, value), outcome(read, long_way)
    assert (found, str(found)) == (expected, str(expected))
    assert isinstance(found, type(expected)) or isinstance(expected, type(found))


def outcome(read: Callable[[Any], Any], value: Any) -> Any:
    try:
        return read(value)
    except OddValue as error:
        return f"odd: {error}"
