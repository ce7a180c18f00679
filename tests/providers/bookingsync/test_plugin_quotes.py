"""BookingSync: quotes from rentals search."""

from datetime import date
from decimal import Decimal
from typing import Any

from providers.errors import UpstreamInvalid, UpstreamRefused
from providers.model import FinanceLineType, Money, PriceDetails, PriceSource
from providers.queries import AvailabilityQuery, QuoteRequest
from tests.providers.bookingsync.plugin_canned import NOW, CannedSession, Reply, application, client, last_page

RESULT: dict[str, Any] = {
    "links": {"rentals_fees": "https://www.bookingsync.com/api/v3/rentals_fees/{rentals.rentals_fees}"},
    "id": 1,
    "currency": "EUR",
    "initial_price": 700.0,
    "final_price": 858.33,
    "price_to_pay_now": 257.5,
    "damage_deposit": 35.5,
    "taxes": [{"name": {"en": "VAT"}, "amount": "58.33"}],
    "price_details": {
        "taxes": [
            {"name": {"en": "VAT"}, "amount": "58.33", "taxable_type": "Rental", "tax_id": 1, "included": False},
            {"name": {"en": "City"}, "amount": "12.00", "tax_id": 2, "included": True},
        ],
        "fees": [
            {
                "name": {"en": "Cleaning"},
                "required": True,
                "price": "50.0",
                "quantity": "2",
                "id": 10,
                "rentals_fee_id": 12,
            },
            {"name": "Bike", "required": False, "price": "9.0", "quantity": 1, "id": 11},
        ],
    },
}


def request(listing_id: str = "1", **changes: Any) -> QuoteRequest:
    plain: dict[str, Any] = {
        "listing_id": listing_id,
        "arrival": date(2027, 7, 5),
        "departure": date(2027, 7, 12),
        "adults": 2,
        "children": 1,
    }
    return QuoteRequest(**(plain | changes))


async def quote(result: dict[str, Any] | None, **changes: Any) -> PriceDetails:
    session = CannedSession({"rentals/search": last_page(rentals=[] if result is None else [result])})
    return (await client(session).quotes([request(**changes)])).found["0"]


def euros(text: str) -> Money:
    return Money(amount=Decimal(text), currency="EUR")


async def test_quote_keeps_every_amount_exactly_as_sent():
    found = await quote(RESULT)
    assert (found.bookable, found.source, found.quoted_at) == (True, PriceSource.PMS, NOW)
    assert (found.total, found.due_now, found.damage_deposit) == (euros("858.33"), euros("257.5"), euros("35.5"))
    assert (found.nights, found.adults, found.children) == (7, 2, 1)
    assert [(part.type, part.title, part.amount, part.included_in_total) for part in found.components] == [
        (FinanceLineType.RENT, None, euros("700.0"), True),
        (FinanceLineType.FEE, "Cleaning", euros("100.0"), True),
        (FinanceLineType.FEE, "Bike", euros("9.0"), False),
        (FinanceLineType.TAX, "VAT", euros("58.33"), True),
        (FinanceLineType.TAX, "City", euros("12.00"), False),
    ]
    assert [part.provider_id for part in found.components] == [None, "12", "11", "1", "2"]


async def test_components_that_count_add_up_to_the_total():
    found = await quote(RESULT)
    assert found.total is not None
    assert sum(part.amount.amount for part in found.components if part.included_in_total) == found.total.amount


async def test_total_is_the_one_sent_though_the_parts_do_not_add_up_to_it():
    found = await quote(RESULT | {"final_price": 900})
    assert found.total == euros("900")
    assert sum(part.amount.amount for part in found.components if part.included_in_total) == Decimal("858.33")


async def test_rental_that_is_left_out_of_the_answer_cannot_be_booked():
    found = await quote(None)
    assert (found.bookable, found.total, found.due_now, found.components) == (False, None, None, [])


async def test_rental_with_null_prices_cannot_be_booked():
    found = await quote(RESULT | {"initial_price": None, "final_price": None, "price_to_pay_now": None})
    assert (found.bookable, found.total, found.components) == (False, None, [])


async def test_quote_without_currency_takes_the_listings():
    found = await quote(RESULT | {"currency": None}, currency="USD")
    assert found.total == Money(amount=Decimal("858.33"), currency="USD")


async def test_quote_without_details_has_the_rent_alone():
    found = await quote({key: RESULT[key] for key in ("id", "currency", "initial_price", "final_price")})
    assert [part.type for part in found.components] == [FinanceLineType.RENT]
    assert (found.due_now, found.damage_deposit) == (None, None)


async def test_listings_of_one_stay_share_one_search():
    session = CannedSession({"rentals/search": last_page(rentals=[RESULT, RESULT | {"id": 3, "final_price": 10.0}])})
    batch = await client(session).quotes([request("1"), request("2"), request("3"), request("1")])
    assert [batch.found[key].bookable for key in "0123"] == [True, False, True, True]
    assert batch.found["2"].total == euros("10.0")
    assert session.query() == {
        "rental_id": "1,2,3",
        "start_at": "2027-07-05",
        "end_at": "2027-07-12",
        "adults": "2",
        "children": "1",
        "per_page": "50",
    }
    assert len(session.calls) == 1


async def test_each_stay_and_party_takes_a_search_and_so_does_each_fifty_rentals():
    session = CannedSession({"rentals/search": last_page(rentals=[])})
    wanted = [request(str(n)) for n in range(1, 61)] + [request(adults=3), request(departure=date(2027, 7, 13))]
    batch = await client(session).quotes(wanted)
    assert len(batch.found) == 62
    assert len(session.calls) == 4


async def test_failed_search_fails_its_own_quotes_only():
    def search(query):
        return Reply(status=422) if query["adults"] == "9" else last_page(rentals=[RESULT])

    batch = await client(CannedSession({"rentals/search": search})).quotes([request(), request(adults=9)])
    assert (list(batch.found), list(batch.failed)) == (["0"], ["1"])
    assert isinstance(batch.failed["1"], UpstreamRefused)


async def test_listing_that_cannot_exist_is_absent():
    session = CannedSession({"rentals/search": last_page(rentals=[RESULT])})
    batch = await client(session).quotes([request("../1"), request("1")])
    assert (list(batch.found), batch.failed) == (["1"], {})
    assert session.query()["rental_id"] == "1"


async def test_server_that_does_not_heed_the_ids_is_stopped():
    def everything(query):
        return Reply({"rentals": [RESULT | {"id": 100 + int(query.get("page", "1"))}]}, {"x-total-pages": "999"})

    session = CannedSession({"rentals/search": everything})
    batch = await client(session).quotes([request("1")])
    assert isinstance(batch.failed["0"], UpstreamRefused)
    assert len(session.calls) == 20


async def test_application_quotes_only_rentals_of_its_account():
    rentals = [{"id": 1, "links": {"account": 7}}, {"id": 2, "links": {"account": 8}}]
    session = CannedSession(
        {
            "rentals/1,2,3": last_page(rentals=rentals),
            "rentals/search": last_page(rentals=[RESULT, RESULT | {"id": 2}]),
        }
    )
    batch = await client(session, application(accountId=7)).quotes([request("1"), request("2"), request("3")])
    assert (list(batch.found), batch.failed) == (["0"], {})
    assert session.query()["rental_id"] == "1"


async def test_result_that_cannot_be_read_is_no_quote_and_spoils_no_other():
    session = CannedSession({"rentals/search": last_page(rentals=["odd", RESULT | {"links": 5}])})
    assert (await client(session).quotes([request()])).found["0"].bookable is True


async def test_answer_that_is_no_envelope_fails_the_quotes():
    batch = await client(CannedSession({"rentals/search": Reply({"rates": []})})).quotes([request()])
    assert isinstance(batch.failed["0"], UpstreamInvalid)


WEEK = AvailabilityQuery(arrival=date(2027, 7, 5), departure=date(2027, 7, 12), adults=2, children=1)


async def test_free_listings_are_what_a_search_of_all_rentals_sells_with_its_price():
    unsold = RESULT | {"id": 2, "final_price": None}
    session = CannedSession({"rentals/search": last_page(rentals=[RESULT, unsold, RESULT | {"id": 3}, "odd"])})
    page = await client(session).free_listings(WEEK)
    assert [each.listing_id for each in page.items] == ["1", "3"]
    price = page.items[0].price
    assert price is not None
    assert (price.total, price.bookable, price.listing_id, price.nights) == (euros("858.33"), True, "1", 7)
    assert (page.next, page.total, len(page.odd)) == (None, 2, 1)
    assert session.query() == {
        "start_at": "2027-07-05",
        "end_at": "2027-07-12",
        "adults": "2",
        "children": "1",
        "guests": "3",
        "per_page": "50",
    }
    assert len(session.calls) == 1


async def test_application_finds_only_rentals_of_its_account_free():
    rentals = [{"id": 1, "links": {"account": 7}}, {"id": 2, "links": {"account": 8}}]
    session = CannedSession(
        {
            "rentals/1,2": last_page(rentals=rentals),
            "rentals/search": last_page(rentals=[RESULT, RESULT | {"id": 2}]),
        }
    )
    page = await client(session, application(accountId=7)).free_listings(WEEK)
    assert [each.listing_id for each in page.items] == ["1"]
