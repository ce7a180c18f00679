"""What can be wrong with a reservation before a PMS is asked: everything is said at once, each by its field."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from graph.changes.cards import card_problems
from graph.changes.pricing import total_of
from graph.changes.problems import Problems
from graph.gateway.free_nights import earliest_today, has_begun
from graph.rejections import Rejected, Rejection, RejectionCode
from providers.changes import (
    FinanceLineChange,
    GuestChange,
    Omitted,
    PartyChange,
    ReservationChange,
    ReservationDraft,
    ReservationKind,
    or_none,
)
from providers.model import FinanceLineType, Listing, smallest_unit
from providers.model.listing import ListingStatus

MAX_NIGHTS = 366
MAX_GUESTS = 500
MAX_LINES = 100
MAX_TEXT = 10_000
MAX_AMOUNT = Decimal(10) ** 9
FIRST_YEAR, LAST_YEAR = 1900, 2200

_REDUCING = FinanceLineType.DISCOUNT
_FREE_SIGN = (FinanceLineType.OTHER, FinanceLineType.COMMISSION, FinanceLineType.TOTAL)
_MONEY = ("currency", "total", "finance_lines", "is_paid", "coupon", "card")


def refuse(problems: Sequence[Rejection]) -> None:
    """Raises ``Rejected`` with all of them, if there are any."""
    if problems:
        raise Rejected(*problems)


def draft_problems(draft: ReservationDraft, listing: Listing, now: datetime) -> Iterator[Rejection]:
    """What is wrong with a reservation to make, as far as the listing's record tells."""
    found = [
        *_day_problems(draft.arrival, draft.departure, listing, now),
        *listing_problems(listing),
        *_kind_problems(draft, now),
        *party_problems(draft.party, listing),
        *_money_problems(draft, listing),
        *(() if draft.card is None else card_problems(draft.card, now)),
    ]
    yield from found
    yield from _others(found, insane(draft, listing.provider))


def change_problems(
    change: ReservationChange,
    days: tuple[date | None, date | None],
    listing: Listing | None,
    provider: str,
    now: datetime,
) -> Iterator[Rejection]:
    """What is wrong with a change; ``days`` are the arrival and departure that it leads to."""
    found = list(_change_problems(change, days, listing, now))
    yield from found
    yield from _others(found, insane(change, provider))


def insane(given: Any, provider: str) -> Sequence[Rejection]:
    """What no PMS can mean: endless texts and lists, characters that are none, numbers beyond all bounds."""
    problems = Problems(MAX_TEXT)
    problems.sane(given, extras=provider.lower())
    return problems.found


def _others(said: Sequence[Rejection], more: Sequence[Rejection]) -> list[Rejection]:
    """Those of ``more`` about fields of which nothing is said yet."""
    fields_of = {each.field for each in said}
    return [each for each in more if each.field not in fields_of]


def _change_problems(
    change: ReservationChange, days: tuple[date | None, date | None], listing: Listing | None, now: datetime
) -> Iterator[Rejection]:
    for name, value in (("arrival", change.arrival), ("departure", change.departure)):
        if value is None:
            yield _problem(name, RejectionCode.REQUIRED, "It cannot be emptied.")
    if _is_day(change.arrival) or _is_day(change.departure):
        # A guest who is there already may stay longer: only a new day of arrival has to lie ahead.
        yield from _day_problems(*days, listing if _is_day(change.arrival) else None, now)
    if listing is not None:
        yield from party_problems(change.party, listing)
    yield from _money_problems(change, listing)
    if isinstance(change.expires_at, datetime):
        yield from _expiry_problems(change.expires_at, now)


def listing_problems(listing: Listing) -> Iterator[Rejection]:
    if listing.status is ListingStatus.ARCHIVED:
        yield _problem("listingId", RejectionCode.CONFLICT, "The listing is archived: its PMS takes no reservations.")


def party_problems(party: PartyChange | Omitted, listing: Listing) -> Iterator[Rejection]:
    """What is wrong with a party, in itself and for this listing."""
    if isinstance(party, Omitted):
        return
    wrong = False
    for each in fields(party):
        count, least = getattr(party, each.name), 1 if each.name in ("guests", "adults") else 0
        if isinstance(count, int) and not least <= count <= MAX_GUESTS:
            wrong = True
            allowed = f"{least} to {MAX_GUESTS}"
            yield _problem(f"party.{each.name}", RejectionCode.OUT_OF_RANGE, f"It is {count}.", allowed)
    guests = party.guests if isinstance(party.guests, int) else None
    counted = (
        guests if guests is not None else sum(each for each in (party.adults, party.children) if isinstance(each, int))
    )
    if not wrong and listing.max_guests is not None and counted > listing.max_guests:
        field = "party.guests" if guests is not None else "party.adults"
        message = f"These are {counted} guests, and the listing holds {listing.max_guests}."
        yield _problem(field, RejectionCode.OUT_OF_RANGE, message, f"{listing.max_guests} guests at most")


def _day_problems(arrival: Any, departure: Any, listing: Listing | None, now: datetime) -> Iterator[Rejection]:
    missing = [name for name, day in (("arrival", arrival), ("departure", departure)) if not _is_day(day)]
    for name in missing:
        yield _problem(name, RejectionCode.REQUIRED, "A reservation needs this day.")
    if missing:
        return
    for name, day in (("arrival", arrival), ("departure", departure)):
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            yield _problem(name, RejectionCode.OUT_OF_RANGE, "This is too far away.", f"{FIRST_YEAR} to {LAST_YEAR}")
    nights = (departure - arrival).days
    if nights < 1:
        message = f"It ({departure}) is not after arrival ({arrival})."
        yield _problem("departure", RejectionCode.OUT_OF_RANGE, message, f"a day from {_next(arrival)} on")
    elif nights > MAX_NIGHTS:
        yield _problem("departure", RejectionCode.OUT_OF_RANGE, f"These are {nights} nights.", f"1 to {MAX_NIGHTS}")
    if listing is not None and (arrival < earliest_today(now) or has_begun(listing, arrival, now)):
        message = f"This day ({arrival}) is over where the listing is."
        yield _problem("arrival", RejectionCode.OUT_OF_RANGE, message, "today or later")


def _next(day: date) -> date:
    return day + timedelta(days=1) if day < date.max else day


def _kind_problems(draft: ReservationDraft, now: datetime) -> Iterator[Rejection]:
    if draft.kind is ReservationKind.BLOCK:
        for name in (*_MONEY, "guest", "party"):
            if getattr(draft, name) not in (None, Omitted.OMITTED):
                message = "A BLOCK is without guest and money: leave this out."
                yield _problem(name, RejectionCode.NOT_SUPPORTED, message)
    elif not _has_name(draft.guest) and not (isinstance(draft.guest, Omitted) and draft.extras is not None):
        # What only one PMS has may name a guest who is known there.
        yield _problem(
            "guest.name", RejectionCode.REQUIRED, "The guest needs a name.", "name, or firstName or lastName"
        )
    if draft.kind is ReservationKind.HOLD:
        if isinstance(draft.expires_at, Omitted):
            yield _problem("expiresAt", RejectionCode.REQUIRED, "A HOLD needs an instant at which it ends.")
    elif not isinstance(draft.expires_at, Omitted):
        yield _problem("expiresAt", RejectionCode.NOT_SUPPORTED, "Only a HOLD ends by itself: leave this out.")
    if isinstance(draft.expires_at, datetime):
        yield from _expiry_problems(draft.expires_at, now)


def _expiry_problems(expires_at: datetime, now: datetime) -> Iterator[Rejection]:
    if expires_at.tzinfo is None:
        allowed = "an instant such as 2026-11-22T10:00:00Z"
        yield _problem("expiresAt", RejectionCode.INVALID, "It has no time zone.", allowed)
    elif expires_at <= now:
        yield _problem("expiresAt", RejectionCode.OUT_OF_RANGE, "It is over already.", "an instant in the future")


def _has_name(guest: GuestChange | Omitted) -> bool:
    if isinstance(guest, Omitted):
        return False
    return any(isinstance(each, str) and each.strip() for each in (guest.name, guest.first_name, guest.last_name))


def _money_problems(change: ReservationChange, listing: Listing | None) -> Iterator[Rejection]:
    currency, theirs = or_none(change.currency), listing.currency if listing is not None else None
    if currency is not None and theirs is not None and currency.upper() != theirs.upper():
        message = "A reservation is in the currency of its listing."
        yield _problem("currency", RejectionCode.INVALID, message, theirs)
    unit = smallest_unit(theirs or currency or "")
    total, lines = or_none(change.total), or_none(change.finance_lines)
    if listing is not None and not (theirs or currency) and (total is not None or lines):
        message = "The listing's currency is not known here: name it."
        yield _problem("currency", RejectionCode.REQUIRED, message, "an ISO 4217 code")
    if total is not None:
        yield from _amount_problems("total", total, unit, least=Decimal(0))
    if lines is None:
        return
    if len(lines) > MAX_LINES:
        yield _problem("financeLines", RejectionCode.OUT_OF_RANGE, f"These are {len(lines)}.", f"{MAX_LINES} at most")
        return
    for index, line in enumerate(lines):
        yield from _line_problems(f"financeLines.{index}", line, unit)
    # Lines that are there already count as well where a reservation is changed: see ``ReservationChanges``.
    if total is not None and isinstance(change, ReservationDraft) and (found := total_of(lines)) != total:
        message = f"The lines add up to {found:f}, not to {total:f}."
        yield _problem("total", RejectionCode.INVALID, message, f"{found:f}, or none")


def _line_problems(path: str, line: FinanceLineChange, unit: Decimal) -> Iterator[Rejection]:
    amount = or_none(line.amount)
    if or_none(line.provider_id) is None:
        if isinstance(line.type, Omitted):
            yield _problem(f"{path}.type", RejectionCode.REQUIRED, "A new line needs a type.")
        if amount is None:
            yield _problem(f"{path}.amount", RejectionCode.REQUIRED, "A new line needs an amount.")
    for name, value in (("amount", amount), ("unitAmount", or_none(line.unit_amount))):
        if value is None:
            continue
        least = None if isinstance(line.type, Omitted) or line.type in (*_FREE_SIGN, _REDUCING) else Decimal(0)
        yield from _amount_problems(f"{path}.{name}", value, unit, least=least)
        if line.type is _REDUCING and value > 0:
            message = f"A discount is negative: {value:f} would raise the price."
            yield _problem(f"{path}.{name}", RejectionCode.OUT_OF_RANGE, message, "0 or less")
    for name, value in (("quantity", or_none(line.quantity)), ("percentage", or_none(line.percentage))):
        if value is not None and not (value.is_finite() and 0 <= value < MAX_AMOUNT):
            yield _problem(f"{path}.{name}", RejectionCode.OUT_OF_RANGE, "It is negative or too large.", "0 or more")


def _amount_problems(path: str, amount: Decimal, unit: Decimal, *, least: Decimal | None) -> Iterator[Rejection]:
    if not amount.is_finite() or abs(amount) >= MAX_AMOUNT:
        yield _problem(path, RejectionCode.OUT_OF_RANGE, "This is no amount.", f"less than {MAX_AMOUNT:f}")
    elif least is not None and amount < least:
        yield _problem(path, RejectionCode.OUT_OF_RANGE, f"A price is not negative: {amount:f}.", f"{least:f} or more")
    elif amount % unit:
        message = f"{amount:f} is finer than the currency, whose smallest amount is {unit:f}."
        yield _problem(path, RejectionCode.INVALID, message, f"whole multiples of {unit:f}")


def _is_day(value: object) -> bool:
    return isinstance(value, date)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(each.capitalize() for each in rest)


def _problem(path: str, code: RejectionCode, message: str, allowed: str | None = None) -> Rejection:
    field = tuple(_camel(each) for each in path.split("."))
    return Rejection(field=field, code=code, message=message, allowed=allowed)
