"""Arguments are checked before anything is asked of a PMS; each refusal names the argument and what is allowed."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, TypeVar

import strawberry

from providers.queries import DateRange, Days

T = TypeVar("T")

MAX_PAGE = 500
MAX_DAYS = 1096
MAX_IDS = 200
MAX_TEXT = 200
MAX_AGE = 86_400 * 30
MAX_GUESTS = 500
_COUNTRY_CODE = re.compile(r"[A-Za-z]{2}")
FIRST_YEAR, LAST_YEAR = 1900, 2200


class BadInput(Exception):
    """An argument that is not acceptable: which, what was wrong, and what is allowed."""

    def __init__(self, argument: str, problem: str, *, allowed: str) -> None:
        super().__init__(f"{argument} {problem}. Allowed: {allowed}.")
        self.argument = argument
        self.problem = problem
        self.allowed = allowed


@strawberry.input(description="A range of days; either end may be left open, but not both.")
class DateRangeInput:
    start: Annotated[date | None, strawberry.argument(name="from")] = strawberry.field(
        name="from", default=None, description="First day, included. Open if left out."
    )
    end: date | None = strawberry.field(
        name="to", default=None, description="Day after the last one: not included. Open if left out."
    )


First = Annotated[int, strawberry.argument(description=f"How many at most, 1 to {MAX_PAGE}.")]
After = Annotated[
    str | None,
    strawberry.argument(description="Cursor to go on behind: endCursor of the page before, same filter and order."),
]
MaxAge = Annotated[
    int | None,
    strawberry.argument(
        description="How old, in seconds, data may be at most, here and in everything below this field. 0 asks the "
        "PMS: for what is held, what changed since and, where it does not tell what it deleted, how many there are. "
        "Left out: the server's ages, and stale data while the PMS is away."
    ),
]


def check_first(first: int, argument: str = "first") -> int:
    if not 1 <= first <= MAX_PAGE:
        raise BadInput(argument, f"is {first}", allowed=f"1 to {MAX_PAGE}")
    return first


def check_max_age(max_age: int | None) -> int | None:
    if max_age is not None and not 0 <= max_age <= MAX_AGE:
        raise BadInput("maxAge", f"is {max_age}", allowed=f"0 to {MAX_AGE} seconds")
    return max_age


def check_text(text: str | None, argument: str) -> str | None:
    """The text without surrounding space. Raises ``BadInput`` where nothing, or too much, is left."""
    if text is None:
        return None
    text = text.strip()
    if not 1 <= len(text) <= MAX_TEXT:
        raise BadInput(argument, "is empty" if not text else "is too long", allowed=f"1 to {MAX_TEXT} characters")
    return text


def check_list(values: Sequence[T] | None, argument: str, bound: int = MAX_IDS) -> Sequence[T] | None:
    """The values, each once. Raises ``BadInput`` for an empty list, which could be read as all or as none."""
    if values is None:
        return None
    if not 1 <= len(values) <= bound:
        problem = "is an empty list" if not values else f"has {len(values)} entries"
        raise BadInput(argument, problem, allowed=f"1 to {bound} entries, or leave it out")
    return list(dict.fromkeys(values))


def check_year(day: date | None, argument: str) -> None:
    """Raises ``BadInput`` for a day so far away that no PMS, and no arithmetic with days, can mean it."""
    if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadInput(argument, f"({day}) is too far away", allowed=f"the years {FIRST_YEAR} to {LAST_YEAR}")


def check_days(start: date, end: date, names: tuple[str, str] = ("from", "to")) -> Days:
    """The days from ``start`` up to, not including, ``end``. Raises ``BadInput``."""
    check_year(start, names[0])
    check_year(end, names[1])
    if start >= end:
        raise BadInput(
            names[0],
            f"({start}) is not before {names[1]} ({end})",
            allowed=f"a day before {names[1]}, which is excluded",
        )
    if (end - start).days > MAX_DAYS:
        latest = start + timedelta(days=MAX_DAYS)
        raise BadInput(
            names[1],
            f"({end}) is {(end - start).days} days after {names[0]}",
            allowed=f"at most {MAX_DAYS} days: up to {latest}",
        )
    return Days(start, end)


def check_texts(values: Sequence[str] | None, argument: str) -> tuple[str, ...] | None:
    """Each text without surrounding space. Raises ``BadInput``."""
    given = check_list(values, argument)
    if given is None:
        return None
    return tuple(check_text(text, f"{argument}[{n}]") or "" for n, text in enumerate(given))


def check_country_code(code: str | None, argument: str) -> str | None:
    """The code in upper case. Raises ``BadInput``."""
    text = check_text(code, argument)
    if text is not None and not _COUNTRY_CODE.fullmatch(text):
        raise BadInput(argument, "is not a country code", allowed="two letters, as in FR (ISO 3166-1 alpha-2)")
    return text.upper() if text else None


def check_changed(
    since: datetime | None, until: datetime | None, argument: str
) -> tuple[datetime | None, datetime | None]:
    """The instants between which something changed, in UTC. Raises ``BadInput``."""
    start = check_instant(since, f"{argument}.updatedSince")
    end = check_instant(until, f"{argument}.updatedUntil")
    if start is not None and end is not None and start >= end:
        raise BadInput(
            f"{argument}.updatedSince",
            f"({start.isoformat()}) is not before {argument}.updatedUntil ({end.isoformat()})",
            allowed="an instant before updatedUntil, which is excluded",
        )
    return start, end


def check_range(given: DateRangeInput | None, argument: str) -> DateRange | None:
    """The range, with at least one end. Raises ``BadInput``."""
    if given is None:
        return None
    if given.start is None and given.end is None:
        raise BadInput(argument, "has neither from nor to", allowed="at least one of them, or leave it out")
    check_year(given.start, f"{argument}.from")
    check_year(given.end, f"{argument}.to")
    if given.start is not None and given.end is not None and given.start >= given.end:
        raise BadInput(
            f"{argument}.from",
            f"({given.start}) is not before {argument}.to ({given.end})",
            allowed="a day before to, which is excluded",
        )
    return DateRange(given.start, given.end)


def check_stay(arrival: date, departure: date, argument: str, longest: int = 366) -> None:
    check_year(arrival, f"{argument}.arrival".removeprefix("."))
    check_year(departure, f"{argument}.departure".removeprefix("."))
    if not 1 <= (departure - arrival).days <= longest:
        raise BadInput(
            f"{argument}.departure".removeprefix("."),
            f"({departure}) is {(departure - arrival).days} nights after arrival ({arrival})",
            allowed=f"1 to {longest} nights after arrival",
        )


def check_guests(count: int, least: int, argument: str) -> int:
    if not least <= count <= MAX_GUESTS:
        raise BadInput(argument, f"is {count}", allowed=f"{least} to {MAX_GUESTS}")
    return count


def check_instant(instant: datetime | None, argument: str) -> datetime | None:
    """The instant in UTC. Raises ``BadInput`` for one without a time zone, which could be any of 26 hours."""
    if instant is not None and instant.tzinfo is None:
        raise BadInput(argument, "has no time zone", allowed="an instant such as 2026-11-22T10:00:00Z")
    check_year(instant, argument)
    return instant.astimezone(UTC) if instant else None
