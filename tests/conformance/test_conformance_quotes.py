"""Quotes: sums that are right to the cent, and nothing sold that is taken."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice

from graph.gateway.terms import Terms
from providers.capabilities import Capability
from providers.contract import Plugin, capabilities
from providers.model import CalendarDay, DayStatus, FinanceLineType, PriceDetails, ReservationStatus, smallest_unit
from providers.queries import Days, QuoteRequest
from tests.conformance.connection import Connection, connected, ids_of, with_capabilities
from tests.conformance.known import Known
from tests.conformance.requests import quote_requests, unknown_id
from tests.virtual_time import in_virtual_time

LENGTHS = (3, 7)


async def free_stays(there: Connection, known: Known) -> list[QuoteRequest]:
    """Stays that the calendars allow: the first ones of each listing and length."""
    days = Days(known.today + timedelta(days=3), known.today + timedelta(days=150))
    calendars = (await there.client.calendars(ids_of(known.listings), days)).found
    return [
        QuoteRequest(
            listing_id=listing.provider_id,
            arrival=arrival,
            departure=arrival + timedelta(days=length),
            adults=1,
            currency=listing.currency,
        )
        for listing in known.listings
        for length in LENGTHS
        for arrival in islice(_windows(calendars[listing.provider_id].days, length), 3)
        if listing.currency
    ]


def _windows(days: Sequence[CalendarDay], nights: int) -> Iterator[date]:
    """The days on which a stay of free nights may begin."""
    for index in range(len(days) - nights):
        stay = days[index : index + nights]
        if not stay[0].closed_to_arrival and all(day.status is DayStatus.AVAILABLE for day in stay):
            yield stay[0].date


def assert_adds_up(quote: PriceDetails) -> None:
    counted = [part.amount for part in quote.components if part.included_in_total]
    assert all(not part.deleted for part in quote.components if part.included_in_total)
    if quote.total is None:
        assert quote.bookable is not True
        return
    assert {amount.currency for amount in counted} == {quote.total.currency}
    assert sum(amount.amount for amount in counted) == quote.total.amount, quote


@with_capabilities(Capability.LISTINGS, Capability.CALENDAR, Capability.PRICE_DETAILS)
@in_virtual_time
async def test_what_a_total_counts_adds_up_to_it(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        requests = await free_stays(there, known)
        batch = await there.client.quotes(requests)
    assert batch.failed == {}
    priced = [each for each in batch.found.values() if each.total]
    assert len(priced) > len(known.listings) / 2, "too little was priced"
    assert any(len(each.components) > 1 for each in priced)
    for quote in batch.found.values():
        assert_adds_up(quote)


@with_capabilities(Capability.LISTINGS, Capability.CALENDAR, Capability.PRICE_DETAILS)
@in_virtual_time
async def test_totals_add_up_by_an_accounts_terms_too(plugin: Plugin, known: Known) -> None:
    """Whatever the PMS's lines are, they tell the price of the nights, which percentages are taken of."""
    terms = Terms(default_discount=Decimal("12.5"), markup=Decimal("3.3"), distribution_markup=Decimal(7))
    async with connected(plugin) as there:
        requests = await free_stays(there, known)
        quotes = (await there.client.quotes(requests)).found.values()
    priced = 0
    for quote in quotes:
        shown = terms.price(quote)
        assert_adds_up(shown)
        if quote.total is None or shown.total is None:
            continue
        priced += 1
        nights = sum(
            part.amount.amount
            for part in quote.components
            if part.included_in_total and part.type in (FinanceLineType.RENT, FinanceLineType.DISCOUNT)
        )
        assert nights > 0, "the quote names no price of its nights"
        assert shown.original_total == quote.total
        exact = nights * Decimal("-0.022")
        unit = smallest_unit(quote.total.currency)
        assert abs(shown.total.amount - quote.total.amount - exact) <= 3 * unit / 2
        assert shown.components[: len(quote.components)] == quote.components
    assert priced > len(known.listings) / 2, "too little was priced"


@with_capabilities(Capability.LISTINGS, Capability.CALENDAR, Capability.PRICE_DETAILS)
@in_virtual_time
async def test_a_quote_answers_the_request_that_it_is_found_under(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        requests = (await free_stays(there, known))[:8]
        requests = [*requests, *requests]
        batch = await there.client.quotes(requests)
    assert batch.found.keys() == {str(index) for index in range(len(requests))}
    for index, request in enumerate(requests):
        quote = batch.found[str(index)]
        assert (quote.listing_id, quote.arrival, quote.departure) == (
            request.listing_id,
            request.arrival,
            request.departure,
        )
        assert (quote.adults, quote.children) == (request.adults, request.children)
        assert quote.nights == (request.departure - request.arrival).days
        assert quote.total is None or quote.total.currency == request.currency


@with_capabilities(Capability.LISTINGS, Capability.RESERVATIONS, Capability.PRICE_DETAILS)
@in_virtual_time
async def test_a_stay_that_is_taken_is_not_offered(plugin: Plugin, known: Known) -> None:
    currency = {each.provider_id: each.currency for each in known.listings}
    several = set()
    async with connected(plugin) as there:
        if Capability.CALENDAR in capabilities(plugin.client_class):
            week = Days(known.today, known.today + timedelta(days=7))
            calendars = (await there.client.calendars(list(currency), week)).found
            several = {key for key, each in calendars.items() if any((day.units_total or 1) > 1 for day in each.days)}
        requests = [
            QuoteRequest(
                listing_id=stay.listing_id,
                arrival=stay.arrival,
                departure=stay.departure,
                adults=1,
                currency=currency.get(stay.listing_id),
            )
            for stay in known.reservations
            if stay.status in (ReservationStatus.CONFIRMED, ReservationStatus.BLOCKED)
            and stay.listing_id
            and stay.listing_id not in several
            and stay.arrival
            and stay.departure
            and stay.arrival > known.today
        ][:30]
        batch = await there.client.quotes(requests)
    assert len(requests) > 10
    for quote in batch.found.values():
        assert quote.bookable is not True, quote
        assert_adds_up(quote)


@with_capabilities(Capability.LISTINGS, Capability.PRICE_DETAILS)
@in_virtual_time
async def test_a_listing_that_does_not_exist_is_not_sold_and_others_are_quoted(plugin: Plugin, known: Known) -> None:
    days = Days(known.today + timedelta(days=20), known.today + timedelta(days=23))
    real = quote_requests(known, days)
    unknown = QuoteRequest(
        listing_id=unknown_id(ids_of(known.listings)),
        arrival=days.start,
        departure=days.end,
        adults=1,
        currency="EUR",
    )
    async with connected(plugin) as there:
        alone = await there.client.quotes(real)
        beside = await there.client.quotes([*real, unknown])
        empty, calls = await there.cost(there.client.quotes([]))
    assert beside.failed == {}
    last = beside.found.pop(str(len(real)), None)
    assert last is None or (last.bookable is False and last.total is None)
    assert {key: (each.total, each.bookable) for key, each in beside.found.items()} == {
        key: (each.total, each.bookable) for key, each in alone.found.items()
    }
    assert (empty.found, calls) == ({}, 0)
