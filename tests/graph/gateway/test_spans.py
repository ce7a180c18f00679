"""Known days of a listing: whatever is read in whatever order, the newest read of each day holds."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from graph.gateway.spans import MAX_DAYS, KnownDays
from providers.model import Calendar, CalendarDay, DayStatus
from providers.queries import Days

FIRST = date(2026, 1, 1)
START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def read(start: int, end: int, number: int) -> KnownDays:
    """Read number ``number``, at minute ``number``: its days carry the number as their note."""
    days = [CalendarDay(date=day(n), status=DayStatus.AVAILABLE, note=str(number)) for n in range(start, end)]
    calendar = Calendar(
        provider="FAKE", account_id="a", listing_id="1", start=day(start), end=day(end), currency="EUR", days=days
    )
    return KnownDays.of(calendar, START + timedelta(minutes=number))


RANGES = st.tuples(st.integers(0, 60), st.integers(1, 30)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(reads=st.lists(RANGES, min_size=1, max_size=8), asked=RANGES, oldest=st.integers(0, 8))
def test_each_day_is_the_newest_that_was_read(
    reads: list[tuple[int, int]], asked: tuple[int, int], oldest: int
) -> None:
    known = read(*reads[0], 0)
    newest = dict.fromkeys(range(*reads[0]), 0)
    for number, (start, end) in enumerate(reads[1:], start=1):
        known = known.joined(read(start, end, number))
        newest |= dict.fromkeys(range(start, end), number)
    wanted = Days(day(asked[0]), day(asked[1]))
    limit = START + timedelta(minutes=oldest)

    lacking = [n for n in range(*asked) if newest.get(n, -1) < oldest]
    missing = known.missing(wanted, lambda at: at >= limit)
    if lacking:
        assert missing == Days(day(lacking[0]), day(lacking[-1] + 1))
    else:
        assert missing is None

    if all(n in newest for n in range(*asked)):
        calendar, fetched_at = known.calendar(wanted)
        assert [each.note for each in calendar.days] == [str(newest[n]) for n in range(*asked)]
        assert [each.date for each in calendar.days] == list(wanted)
        assert (calendar.start, calendar.end, calendar.currency) == (wanted.start, wanted.end, "EUR")
        assert fetched_at == START + timedelta(minutes=min(newest[n] for n in range(*asked)))


def test_what_is_kept_of_one_listing_is_bounded() -> None:
    known = read(0, 400, 0)
    for number in range(1, 20):
        known = known.joined(read(number * 400, number * 400 + 400, number))
    assert sum(len(span.days) for span in known.spans) <= MAX_DAYS
    assert known.missing(Days(day(19 * 400), day(20 * 400)), lambda _: True) is None
