"""BookingSync: fees, taxes, price rules, policies, agreements, dictionaries, accounts, stays in calendars."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from providers.errors import NotSupported
from providers.model import Channel, ChargedPer, DictionaryKind, Money, PropertyType
from providers.queries import Days
from tests.providers.bookingsync.bookings_world import BOOKING
from tests.providers.bookingsync.plugin_canned import NOW, CannedSession, Reply, application, client, last_page

PUBLIC = frozenset({"public"})
FEES = [
    {
        "id": 12,
        "links": {"rental": 1, "fee": 10, "seasons": []},
        "required": True,
        "public": True,
        "always_applied": True,
        "name": {"en": "Cleaning"},
        "rate": "60.5",
        "rate_kind": "fixed",
        "maximum_bookable": 1,
    },
    {
        "id": 13,
        "links": {"rental": 1, "fee": 11},
        "required": False,
        "public": True,
        "name": {"en": "Insurance"},
        "rate": 5,
        "rate_kind": "percentage",
        "start_date": "2027-01-01",
    },
    {"id": 14, "links": {"fee": 10}, "required": False, "public": True, "archived_at": "2020-01-01T00:00:00Z"},
    {"id": 15, "links": {"fee": 19}, "required": False, "public": True, "rate": "1.0", "rate_kind": "fixed_per_adult"},
]
CATALOGUE = [
    {"id": 10, "kind": "final_cleaning", "currency": "EUR"},
    {"id": 11, "kind": "other"},
    {"id": 19, "kind": "towel_charge", "archived_at": "2020-01-01T00:00:00Z"},
]
RENTAL: dict[str, Any] = {
    "id": 1,
    "links": {"account": 7, "rentals_fees": [12, 13, 14, 15], "rates_table": 274, "special_offers": [9]},
    "currency": "EUR",
    "rentals_fees": FEES,
}


def rentals(record: dict[str, Any] = RENTAL, **more: Any) -> dict[str, Any]:
    return {"rentals/1": last_page(rentals=[record]), **more}


async def test_fees_take_two_calls_and_archived_ones_are_left_out():
    session = CannedSession(rentals(**{"fees/10,11,19": last_page(fees=CATALOGUE)}))
    batch = await client(session).fees(["1", "x"])
    cleaning, insurance = batch.found["1"]
    assert (cleaning.provider_id, cleaning.name, cleaning.title) == ("12", "final_cleaning", "Cleaning")
    assert (cleaning.amount, cleaning.percentage) == (Money(amount=Decimal("60.5"), currency="EUR"), None)
    assert (cleaning.charged_per, cleaning.mandatory, cleaning.quantity_selectable) == (ChargedPer.STAY, True, False)
    assert (insurance.amount, insurance.percentage) == (None, Decimal(5))
    assert (insurance.mandatory, insurance.quantity_selectable, insurance.starts_on) == (False, True, date(2027, 1, 1))
    assert session.paths == ["rentals/1", "fees/10,11,19"]


async def test_fees_of_a_listing_that_does_not_exist_are_absent():
    batch = await client(CannedSession({})).fees(["404"])
    assert (batch.found, batch.failed) == ({}, {})


async def test_taxes_are_those_of_the_rent_and_of_the_fees():
    vat = {"id": 5, "name": {"en": "VAT"}, "percentage": "10.0", "kind": "value_added"}
    routes = {
        "rentals_taxes": last_page(
            rentals_taxes=[
                {"id": 1, "links": {"rental": 1, "tax": 5}, "tax_included_in_rate": False, "tax": vat},
                {"id": 2, "links": {"rental": 2, "tax": 5}, "tax_included_in_rate": False, "tax": vat},
            ]
        ),
        "fees_taxes": last_page(
            fees_taxes=[
                {"id": 3, "links": {"fee": 10, "tax": 5}, "tax_included_in_rate": True, "tax": vat},
                {"id": 4, "links": {"fee": 99, "tax": 5}, "tax_included_in_rate": True, "tax": vat},
            ]
        ),
    }
    session = CannedSession(rentals(**routes))
    found = (await client(session).taxes(["1"])).found["1"]
    assert [(each.provider_id, each.name, each.percentage, each.included_in_price) for each in found] == [
        ("5", "value_added", Decimal("10.0"), False),
        ("5", "value_added", Decimal("10.0"), True),
    ]
    assert [each.applies_to for each in found] == [["rent"], ["Cleaning"]]
    assert sorted(session.paths) == ["fees_taxes", "rentals/1", "rentals_taxes"]


async def test_pricing_settings_are_rates_rules_and_special_offers():
    rule = {
        "id": 71,
        "kind": "stay_at_least",
        "percentage": "-10.0",
        "variables": {"length": "7", "unit": "days"},
        "start_date": "2027-01-01",
        "period_name": "Winter",
    }
    offer = {"id": 9, "discount": 12.5, "start_date": "2027-02-01", "end_date": "2027-02-10", "name": {"en": "Snow"}}
    record = RENTAL | {"rates_table": {"id": 274, "links": {"rates_rules": [71]}}, "special_offers": [offer]}
    session = CannedSession(rentals(record, **{"rates_rules/71": last_page(rates_rules=[rule])}))
    found = (await client(session).pricing_settings(["1"])).found["1"]
    assert found.length_of_stay_channels is None
    assert found.rules is not None
    first, second = found.rules
    assert (first.kind, first.percentage, first.minimum_nights) == ("stay_at_least", Decimal("-10.0"), 7)
    assert (first.starts_on, first.details) == (date(2027, 1, 1), "Winter, length 7, unit days")
    assert (second.kind, second.percentage, second.details) == ("special_offer", Decimal("-12.5"), "Snow")
    assert (second.starts_on, second.ends_on) == (date(2027, 2, 1), date(2027, 2, 10))
    assert session.paths == ["rentals/1", "rates_rules/71"]


async def test_public_token_sees_special_offers_alone():
    session = CannedSession(rentals(RENTAL | {"special_offers": []}), scopes=PUBLIC)
    assert (await client(session).pricing_settings(["1"])).found["1"].rules == []
    assert session.query()["include"] == "rentals_fees,special_offers,rental_agreement"


async def test_agreement_comes_with_its_rental():
    record = RENTAL | {"rental_agreement": {"id": 3, "body": "Be nice", "updated_at": "2020-01-01T00:00:00Z"}}
    session = CannedSession(rentals(record))
    (found,) = (await client(session).agreements(["1"])).found["1"]
    assert (found.provider_id, found.text) == ("3", "Be nice")
    assert len(session.calls) == 1
    none = CannedSession(rentals(RENTAL | {"links": {"rental_agreement": None}}))
    assert (await client(none).agreements(["1"])).found["1"] == []


POLICY: dict[str, Any] = {
    "id": 16404,
    "links": {"rental": 1, "rental_cancelation_policy_items": [1, 2]},
    "preset": "strict",
    "body_translations": {"en": "Hard"},
    "policeable_type": "Rental",
    "policeable_id": 1,
    "rental_cancelation_policy_items": [
        {"id": 1, "eligible_days": 14, "penalty_percentage": "100.0"},
        {"id": 2, "eligible_days": 60, "penalty_percentage": "30.0"},
    ],
}


async def test_policies_turn_penalties_into_refunds_and_leave_out_copies_of_bookings():
    copy = POLICY | {"id": 2, "policeable_type": "Booking"}
    session = CannedSession({"rental_cancelation_policies": last_page(rental_cancelation_policies=[POLICY, copy])})
    (found,) = (await client(session).cancellation_policies([Channel.DIRECT])).found[Channel.DIRECT]
    assert (found.provider_id, found.channel, found.name, found.text) == ("16404", Channel.DIRECT, "strict", "Hard")
    assert found.listing_id == "1"
    day = 86_400
    assert [(each.provider_id, each.refund_percentage, each.seconds) for each in found.items or ()] == [
        (None, Decimal(100), -60 * day),
        ("2", Decimal("70.0"), -14 * day),
        ("1", Decimal(0), 0),
    ]
    assert len(session.calls) == 1


@pytest.mark.parametrize(
    ("steps", "count"),
    [
        ([], 0),
        ([{"id": 1, "eligible_days": 14, "penalty_percentage": "100.0"}, {"eligible_days": 60}], None),
        ([{"id": 1, "eligible_days": None, "penalty_percentage": "100.0"}], None),
        ([{"id": 1, "eligible_days": "soon", "penalty_percentage": "100.0"}], None),
        ([{"id": 1, "eligible_days": 2_000_000_000, "penalty_percentage": "100.0"}], None),
        ([{"id": 1, "eligible_days": 14, "penalty_percentage": "150.0"}], None),
        ([{"id": 1, "eligible_days": 0, "penalty_percentage": "50.0"}], 1),
        ({}, None),
    ],
)
async def test_policy_with_a_step_that_cannot_be_read_tells_no_steps_and_the_others_theirs(steps, count):
    odd = POLICY | {"id": 1, "rental_cancelation_policy_items": steps, "links": {}}
    session = CannedSession({"rental_cancelation_policies": last_page(rental_cancelation_policies=[odd, POLICY])})
    first, second = (await client(session).cancellation_policies([])).found[Channel.DIRECT]
    assert (None if first.items is None else len(first.items)) == count
    assert len(second.items or ()) == 3


async def test_long_list_of_copies_is_not_walked_but_the_policies_that_rentals_link_to_are_read():
    own = POLICY | {"id": 3, "policeable_type": "Account", "links": {}}
    copies = [POLICY | {"id": 100 + n, "policeable_type": "Booking"} for n in range(99)]
    rental = {"id": 1, "links": {"account": 7, "rental_cancelation_policy": 16404}}
    first = last_page(rental_cancelation_policies=[own, *copies])
    headers = {"link": '<https://x.test/?page=1>; rel="first", <https://x.test/?page=2>; rel="next"'}
    session = CannedSession(
        {
            "rental_cancelation_policies": Reply(first.body, headers | {"x-total-count": "6100"}),
            "rentals": last_page(rentals=[rental, {"id": 2, "links": {"rental_cancelation_policy": 3}}]),
            "rental_cancelation_policies/16404": last_page(rental_cancelation_policies=[POLICY]),
        }
    )
    found = (await client(session).cancellation_policies([])).found[Channel.DIRECT]
    assert [each.provider_id for each in found] == ["3", "16404"]
    assert session.paths == ["rental_cancelation_policies", "rentals", "rental_cancelation_policies/16404"]


async def test_list_of_policies_of_unknown_length_is_left_after_five_pages():
    def page(query: dict[str, str]) -> Reply:
        number = int(query.get("page", "1"))
        copies = [POLICY | {"id": number * 100 + n, "policeable_type": "Booking"} for n in range(100)]
        return Reply({"rental_cancelation_policies": copies})

    session = CannedSession(
        {
            "rental_cancelation_policies": page,
            "rentals": last_page(rentals=[{"id": 1, "links": {"rental_cancelation_policy": 16404}}]),
            "rental_cancelation_policies/16404": last_page(rental_cancelation_policies=[POLICY]),
        }
    )
    found = (await client(session).cancellation_policies([])).found[Channel.DIRECT]
    assert [each.provider_id for each in found] == ["16404"]
    assert len(session.calls) == 7


async def test_parts_asked_for_alone_complete_only_themselves_where_includes_are_not_heeded():
    bare = {"id": 1, "links": RENTAL["links"] | {"rental_agreement": 5}}
    fees = [{**FEES[0], "fee": CATALOGUE[0]}]
    session = CannedSession(rentals(bare, **{"rentals_fees/12,13,14,15": last_page(rentals_fees=fees)}))
    assert [each.provider_id for each in (await client(session).fees(["1"])).found["1"]] == ["12"]
    assert session.paths == ["rentals/1", "rentals_fees/12,13,14,15"]
    assert session.calls[0].query[-1] == ("include", "rentals_fees,special_offers,rates_table,rental_agreement")


async def test_policies_of_channels_are_none_and_take_no_call():
    session = CannedSession({})
    assert (await client(session).cancellation_policies([Channel.AIRBNB])).found == {}
    assert session.calls == []


async def test_application_reads_the_policies_that_its_own_rentals_link_to():
    own = {"id": 1, "links": {"account": 7, "rental_cancelation_policy": 16404}}
    foreign = {"id": 2, "links": {"account": 8, "rental_cancelation_policy": 5}}
    session = CannedSession(
        {
            "rentals": last_page(rentals=[own, foreign]),
            "rental_cancelation_policies/16404": last_page(rental_cancelation_policies=[POLICY]),
        }
    )
    batch = await client(session, application(accountId=7)).cancellation_policies([])
    assert [each.provider_id for each in batch.found[Channel.DIRECT]] == ["16404"]


async def test_fixed_dictionaries_take_no_call():
    session = CannedSession({})
    reads = client(session)
    types = {each.provider_id: each.kind for each in await reads.dictionary(DictionaryKind.PROPERTY_TYPES)}
    assert (types["villa"], types["bungalow"], len(types)) == (PropertyType.VILLA, PropertyType.COTTAGE, 39)
    assert "EUR" in [each.kind for each in await reads.dictionary(DictionaryKind.CURRENCIES)]
    locales = {each.provider_id: each.kind for each in await reads.dictionary(DictionaryKind.LANGUAGES)}
    assert (locales["fr"], locales["zh-TW"], locales["rs"]) == ("fr", "zh", "sr")
    assert session.calls == []
    with pytest.raises(NotSupported, match="TIME_ZONES"):
        await reads.dictionary(DictionaryKind.TIME_ZONES)


async def test_accounts_of_an_application_are_listed_with_those_that_are_gone():
    body = {"accounts": [{"id": 7, "business_name": "Sea"}, {"id": 8}], "meta": {"deleted_ids": [9, 8]}}
    session = CannedSession({"accounts": Reply(body, {"x-total-pages": "1"})})
    page = await client(session, application(accountId=7)).provider_accounts(NOW)
    assert [each.provider_id for each in page.items] == ["7", "8"]
    assert page.deleted == ["9"]
    assert session.query()["updated_since"] == "2026-12-09T10:59:58Z"
    assert (await client(session).provider_accounts(None)).deleted is None


async def test_nights_name_their_reservations_for_one_call_more():
    start = date(2026, 12, 10)
    record = {
        "id": 5117,
        "links": {"account": 3837},
        "availability": {"map": "111000", "start_date": str(start)},
        "nightly_rate_map": {"rates_map": "9,9,9,9,9,9", "start_date": str(start)},
    }
    stay = BOOKING | {"start_at": "2026-12-09T16:00:00Z", "end_at": "2026-12-12T10:00:00Z"}
    gone = stay | {"id": 2, "canceled_at": "2026-12-01T00:00:00Z"}
    session = CannedSession({"rentals/5117": last_page(rentals=[record]), "bookings": last_page(bookings=[stay, gone])})
    days = Days(start, start + timedelta(days=4))
    found = (await client(session).calendars(["5117"], days, reservations=True)).found["5117"]
    assert [[each.provider_id for each in day.reservations or ()] for day in found.days] == [
        ["829165"],
        ["829165"],
        [],
        [],
    ]
    assert len(session.calls) == 2
    plain = (await client(session).calendars(["5117"], days)).found["5117"]
    assert {day.reservations for day in plain.days} == {None}


async def test_calendar_whose_reservations_fail_fails_with_them():
    record = {"id": 5117, "links": {"account": 3837}}
    session = CannedSession({"rentals/5117": last_page(rentals=[record]), "bookings": Reply(status=422)})
    days = Days(date(2026, 12, 10), date(2026, 12, 11))
    batch = await client(session).calendars(["5117"], days, reservations=True)
    assert (batch.found, list(batch.failed)) == ({}, ["5117"])
