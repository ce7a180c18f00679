"""Nights and money that are written, for all inputs."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.bookingsync.block_changes import block_changes
from providers.bookingsync.booking_bodies import Hours
from providers.bookingsync.booking_money import priced
from providers.bookingsync.money_changes import money_change
from providers.bookingsync.night_wishes import NightWish, night_wishes, written_map
from providers.bookingsync.wire import Booking, NightlyRateMap
from providers.changes import OMITTED, CalendarChange, ChangeRefused, FinanceLineChange, ReservationChange
from providers.model import FinanceLineType

TODAY = date(2026, 12, 9)
DAY = timedelta(days=1)
NIGHTS = 20
amounts = st.decimals(min_value=0, max_value=5000, places=2)
small = st.integers(min_value=0, max_value=NIGHTS)


def day(number: int) -> date:
    return TODAY + DAY * number


@st.composite
def calendars(draw: st.DrawFn) -> list[CalendarChange]:
    found = []
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, NIGHTS - 1))
        end = draw(st.integers(start + 1, NIGHTS))
        found.append(
            CalendarChange(
                start=day(start),
                end=day(end),
                available=draw(st.one_of(st.just(OMITTED), st.booleans())),
                price=draw(st.one_of(st.just(OMITTED), st.integers(1, 500).map(Decimal))),
                minimum_stay=draw(st.one_of(st.just(OMITTED), st.integers(1, 9))),
            )
        )
    return found


def expected(changes: list[CalendarChange], number: int) -> NightWish:
    wish = NightWish()
    for change in changes:
        if change.start <= day(number) < change.end:
            wish.available = wish.available if change.available is OMITTED else change.available  # type: ignore[assignment]
            wish.price = wish.price if change.price is OMITTED else change.price  # type: ignore[assignment]
            wish.minimum_stay = wish.minimum_stay if change.minimum_stay is OMITTED else change.minimum_stay  # type: ignore[assignment]
    return wish


@given(calendars())
def test_later_changes_win_night_by_night(changes: list[CalendarChange]):
    wishes = night_wishes(changes)
    for number in range(NIGHTS):
        assert wishes.get(day(number), NightWish()) == expected(changes, number)
    assert list(wishes) == sorted(wishes)


@given(calendars(), st.integers(-40, 15))
def test_the_map_that_is_sent_changes_the_wished_nights_alone(changes: list[CalendarChange], began: int):
    priced_nights = {night: wish for night, wish in night_wishes(changes).items() if wish.is_priced}
    if not priced_nights:
        return
    prices = [str(100 + number) for number in range(60)]
    present = NightlyRateMap(
        start_date=day(began), rates_map=",".join(prices), minimum_stays_map=",".join(["7"] * len(prices))
    )
    sent = written_map(priced_nights, present, TODAY)
    start = date.fromisoformat(sent["start_date"])
    rates, stays = sent["rates_map"].split(","), sent["minimum_stays_map"].split(",")
    assert len(rates) == len(stays)
    assert start >= TODAY - DAY
    assert start + DAY * len(rates) == max(priced_nights) + DAY
    for number, (rate, stay) in enumerate(zip(rates, stays, strict=True)):
        night = start + DAY * number
        wish = priced_nights.get(night, NightWish())
        index = (night - day(began)).days
        known = 0 <= index < len(prices)
        assert Decimal(rate) == (wish.price if wish.price is not None else Decimal(prices[index]) if known else 0)
        assert int(stay) == (wish.minimum_stay if wish.minimum_stay is not None else 7 if known else 1)
    later = [night for night in (start - DAY,) if night >= max(TODAY - DAY, day(began))]
    assert later == [], "a coming night before the first one sent would be lost"


@st.composite
def holders(draw: st.DrawFn) -> list[Booking]:
    """Bookings and blocks beside each other."""
    found, at = [], 0
    while at < NIGHTS:
        at += draw(st.integers(0, 3))
        nights = draw(st.integers(1, 5))
        status = draw(st.sampled_from(["Booked", "Tentative", "Unavailable"]))
        found.append(
            Booking.model_validate(
                {
                    "id": len(found) + 1,
                    "status": status,
                    "start_at": f"{day(at)}T16:00:00Z",
                    "end_at": f"{day(at + nights)}T10:00:00Z",
                }
            )
        )
        at += nights
    return found


@given(calendars(), holders())
def test_blocks_end_up_exactly_where_they_are_wished_and_guests_keep_their_nights(
    changes: list[CalendarChange], there: list[Booking]
):
    wishes = night_wishes(changes)
    made = block_changes(wishes, there, Hours(16, 10))
    guests: set[date] = set()
    blocks: dict[str, set[date]] = {}
    for booking in there:
        assert booking.start_at is not None
        assert booking.end_at is not None
        length = (booking.end_at.day - booking.start_at.day).days
        nights = {booking.start_at.day + DAY * number for number in range(length)}
        if booking.status == "Unavailable":
            blocks[booking.id] = nights
        else:
            guests |= nights
    before = set().union(*blocks.values()) if blocks else set()
    for number, call in enumerate(made.calls):
        nights = set()
        if call.body is not None:
            first, last = (date.fromisoformat(call.body[name][:10]) for name in ("start_at", "end_at"))
            nights = {first + DAY * count for count in range((last - first).days)}
        if call.method == "DELETE":
            del blocks[str(call.block_id)]
            continue
        held = set().union(guests, *(other for key, other in blocks.items() if key != call.block_id))
        assert nights
        assert not nights & held, "BookingSync would refuse taken nights"
        blocks[call.block_id or f"new {number}"] = nights
    after = set().union(*blocks.values()) if blocks else set()
    for night in (day(number) for number in range(NIGHTS + 10)):
        wished = wishes.get(night, NightWish()).available
        if night in guests or wished is None:
            assert (night in after) == (night in before)
        else:
            assert (night in after) == (wished is False)


lines = st.lists(
    st.one_of(
        st.builds(FinanceLineChange, type=st.just(FinanceLineType.RENT), amount=amounts),
        st.builds(
            FinanceLineChange,
            type=st.just(FinanceLineType.FEE),
            amount=amounts,
            quantity=st.one_of(st.none(), st.integers(1, 7).map(Decimal)),
        ),
        st.builds(
            FinanceLineChange,
            type=st.just(FinanceLineType.FEE),
            unit_amount=amounts,
            quantity=st.integers(1, 7).map(Decimal),
        ),
        st.builds(
            FinanceLineChange,
            type=st.just(FinanceLineType.TAX),
            amount=amounts,
            included_in_total=st.booleans(),
        ),
    ),
    min_size=1,
    max_size=8,
)


def counted(sent: list[FinanceLineChange]) -> Decimal:
    total = Decimal(0)
    for each in sent:
        if each.included_in_total is not False:
            total += each.amount if isinstance(each.amount, Decimal) else each.unit_amount * each.quantity  # type: ignore[operator]
    return total


@settings(max_examples=300)
@given(lines, st.decimals(min_value=0, max_value=50, places=2))
def test_the_total_of_a_new_booking_is_the_sum_of_its_lines_to_the_cent(sent: list[FinanceLineChange], off: Decimal):
    rent = FinanceLineChange(type=FinanceLineType.RENT, amount=off)
    discount = FinanceLineChange(type=FinanceLineType.DISCOUNT, amount=-off)
    every = [*sent, rent, discount]
    money = priced(every, counted(every))
    assert money is not None
    body = money.attributes()
    fees = sum(
        (Decimal(fee["price"]) * int(fee["times_booked"]) for fee in (each.on_create() for each in money.fees)),
        Decimal(0),
    )
    taxes = sum(
        (Decimal(tax["amount"]) for tax in (each.on_create("1") for each in money.taxes) if not tax["included"]),
        Decimal(0),
    )
    rent_after = Decimal(body["initial_price"]) - Decimal(body.get("discount", "0"))
    assert rent_after + fees + taxes == Decimal(body["final_price"]) == counted(every)


@pytest.mark.parametrize("total", ["99.99", "100.01"])
def test_a_total_that_is_not_the_sum_of_its_lines_is_refused(total: str):
    sent = [FinanceLineChange(type=FinanceLineType.RENT, amount=Decimal(100))]
    with pytest.raises(ChangeRefused, match="not the sum"):
        priced(sent, Decimal(total))


def test_what_is_left_of_the_total_without_a_line_of_rent_is_the_rent():
    money = priced([FinanceLineChange(type=FinanceLineType.FEE, amount=Decimal(30))], Decimal(100))
    assert money is not None
    assert (money.initial, money.total) == (Decimal(70), Decimal(100))


@settings(max_examples=200)
@given(
    rent=amounts,
    percent=st.integers(0, 50),
    fee=amounts,
    times=st.integers(1, 4),
    tax=amounts,
    new_rent=st.one_of(st.none(), st.decimals(min_value=3000, max_value=9000, places=2)),
    added=st.lists(amounts, max_size=3),
    strike=st.booleans(),
)
def test_the_total_of_a_changed_booking_is_the_sum_of_its_lines_at_every_moment(
    rent: Decimal,
    percent: int,
    fee: Decimal,
    times: int,
    tax: Decimal,
    new_rent: Decimal | None,
    added: list[Decimal],
    strike: bool,
):
    after = (rent * (100 - percent) / 100).quantize(Decimal("0.01"))
    booking = Booking.model_validate(
        {
            "id": 1,
            "links": {"bookings_fees": [4], "bookings_taxes": [5]},
            "initial_price": str(rent),
            "final_rental_price": str(after),
            "final_price": str(after + fee * times + tax),
            "bookings_fees": [{"id": 4, "price": str(fee), "times_booked": times, "included_in_price": True}],
            "bookings_taxes": [{"id": 5, "amount": str(tax), "tax_included_in_price": False}],
        }
    )
    sent = [FinanceLineChange(type=FinanceLineType.FEE, amount=each) for each in added]
    if new_rent is not None:
        sent.append(FinanceLineChange(type=FinanceLineType.RENT, amount=new_rent))
    if strike:
        sent.append(FinanceLineChange(provider_id="4", deleted=True))
    if not sent:
        return
    change = money_change(booking, ReservationChange(finance_lines=sent))
    final = Decimal(change.attributes.get("final_price", str(booking.final_price)))
    rent_now = (
        after if new_rent is None else Decimal(change.attributes.get("initial_price", str(rent))) - (rent - after)
    )
    fees_now = fee * times
    assert final == rent_now + fees_now + tax
    for _ in change.removed:
        final -= fee * times
        fees_now -= fee * times
    for each in change.added:
        final += each.cost
        fees_now += each.cost
        assert final == rent_now + fees_now + tax
    assert final == change.total
