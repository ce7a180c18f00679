"""Quotes with a markup, a coupon, extras, amounts by hand and deletions."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from providers.errors import NotFound, NotSupported, UpstreamInvalid, UpstreamRefused
from providers.hostaway.client import HostawayClient
from providers.queries import QuoteComponent, QuoteRequest
from tests.providers.hostaway.plugin_session import FakeSession, success

REQUEST = QuoteRequest(
    listing_id="40160", arrival=date(2027, 5, 19), departure=date(2027, 5, 26), adults=2, currency="EUR"
)
PARKING = {"id": 17643, "feeType": "parkingFee", "isQuantitySelectable": 0}
PETS = {"id": 17644, "feeType": "petFee", "isQuantitySelectable": 1}
FEES = "/v1/listingFeeSettings/40160"
COUPONS = "/v1/reservationCoupons"


def line(name, total, **changes):
    return {"name": name, "type": "fee", "total": total, "isIncludedInTotalPrice": 1, "isDeleted": 0, **changes}


def client(lines=(), coupon=None, fees=(PARKING, PETS)):
    def route(call):
        if call.path == FEES:
            return success(list(fees))
        if call.path == COUPONS:
            if isinstance(coupon, Exception):
                raise coupon
            return coupon
        return success({"totalPrice": 700, "components": [line("baseRate", 700, type="price"), *lines]})

    session = FakeSession(route)
    return HostawayClient(session, "10450"), session


async def ask(request, **world):
    reads, session = client(**world)
    batch = await reads.quotes([request])
    bodies = [call.json for call in session.calls if call.path.endswith("priceDetails")]
    return batch, bodies


def wishing(*components):
    return replace(REQUEST, components=components)


async def test_a_markup_is_sent_as_a_number_and_one_of_1_is_left_out():
    _, (body,) = await ask(replace(REQUEST, markup=Decimal("1.15")))
    assert body["markup"] == 1.15
    _, (body,) = await ask(replace(REQUEST, markup=Decimal("1.0")))
    assert "markup" not in body


async def test_a_markup_below_1_is_refused_without_a_call():
    batch, bodies = await ask(replace(REQUEST, markup=Decimal("0.9")))
    assert isinstance(batch.failed["0"], NotSupported)
    assert "above 1" in batch.failed["0"].message
    assert bodies == []


@pytest.mark.parametrize("result", [{"reservationCouponId": 71}, [{"reservationCouponId": "71"}]])
async def test_a_coupon_is_named_by_a_record_of_its_own_in_either_shape(result):
    batch, (body,) = await ask(replace(REQUEST, coupon="WELCOME10"), coupon=success(result))
    assert body["reservationCouponId"] == 71
    assert batch.found["0"].coupon == "WELCOME10"


async def test_a_coupon_is_asked_for_once_and_never_repeated_or_shared_by_the_layer_below():
    reads, session = client(coupon=success({"reservationCouponId": 71}))
    coupon = replace(REQUEST, coupon="WELCOME10")
    batch = await reads.quotes([coupon, replace(coupon, adults=3), REQUEST])
    assert set(batch.found) == {"0", "1", "2"}
    (call,) = (each for each in session.calls if each.path == COUPONS)
    assert (call.method, call.is_safe) == ("POST", False)
    assert call.json == {
        "couponName": "WELCOME10",
        "listingMapId": 40160,
        "startingDate": "2027-05-19",
        "endingDate": "2027-05-26",
    }
    sent = [each.json.get("reservationCouponId") for each in session.calls if each.path != COUPONS]
    assert sorted(sent, key=str) == [71, 71, None]


@pytest.mark.parametrize(
    ("coupon", "error"),
    [
        ({"status": "fail", "result": "Coupon is not valid."}, UpstreamRefused),
        (NotFound("Unknown."), UpstreamRefused),
        (success([]), UpstreamRefused),
        (success({"id": 3}), UpstreamInvalid),
    ],
)
async def test_a_coupon_that_is_not_taken_fails_its_quotes_alone(coupon, error):
    reads, session = client(coupon=coupon)
    batch = await reads.quotes([replace(REQUEST, coupon="NOPE"), REQUEST])
    assert isinstance(batch.failed["0"], error)
    assert set(batch.found) == {"1"}
    assert [each.json.get("reservationCouponId") for each in session.calls if each.charge == "quote"] == [None]


@pytest.mark.parametrize(
    "wish",
    [QuoteComponent(fee_id="17643"), QuoteComponent(name="parkingfee"), QuoteComponent(fee_id="17643", quantity=1)],
)
async def test_an_extra_is_named_by_its_setting_and_its_type(wish):
    extra = line("parkingFee", 37.5, listingFeeSettingId=17643)
    batch, (body,) = await ask(wishing(wish), lines=[extra])
    assert body["components"] == [{"listingFeeSettingId": 17643, "name": "parkingFee"}]
    assert batch.found["0"].components[1].provider_id == "17643"


async def test_a_quantity_an_amount_and_a_deletion_are_sent_as_documented():
    wishes = (
        QuoteComponent(fee_id="17644", quantity=2),
        QuoteComponent(name="cleaningFee", amount=Decimal("49.90")),
        QuoteComponent(name="damageDeposit", deleted=True),
    )
    lines = [
        line("petFee", 60, listingFeeSettingId=17644, quantity=2),
        line("cleaningFee", 49.9, isOverriddenByUser=1),
        line("damageDeposit", 0, isDeleted=1),
    ]
    batch, (body,) = await ask(wishing(*wishes), lines=lines)
    assert batch.failed == {}
    assert body["components"] == [
        {"listingFeeSettingId": 17644, "name": "petFee", "isQuantitySelectable": 1, "quantity": 2},
        {"listingFeeSettingId": None, "name": "cleaningFee", "isOverriddenByUser": 1, "value": 49.9},
        {"listingFeeSettingId": None, "name": "damageDeposit", "isDeleted": 1},
    ]
    assert [each.overridden for each in batch.found["0"].components] == [False, False, True, False]


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (QuoteComponent(fee_id="1"), "has no fee 1"),
        (QuoteComponent(fee_id="17643", name="petFee"), "has no fee 17643"),
        (QuoteComponent(name="saunaFee"), "no fee to add"),
        (QuoteComponent(fee_id="17643", quantity=2), "no quantity"),
        (QuoteComponent(fee_id="17644", quantity=0), "at least 1"),
        (QuoteComponent(name="cleaningFee", amount=Decimal(1), deleted=True), "not several"),
        (QuoteComponent(fee_id="17644", amount=Decimal(1), quantity=2), "not several"),
    ],
)
async def test_a_wish_that_hostaway_has_no_words_for_is_refused_before_the_call(wish, words):
    batch, bodies = await ask(wishing(wish))
    assert isinstance(batch.failed["0"], NotSupported)
    assert words in batch.failed["0"].message
    assert bodies == []


async def test_a_type_that_two_fees_share_must_be_named_by_id():
    batch, _ = await ask(wishing(QuoteComponent(name="petFee")), fees=[PETS, PETS | {"id": 9}])
    assert "by its id" in batch.failed["0"].message


@pytest.mark.parametrize(
    ("wish", "lines"),
    [
        (QuoteComponent(fee_id="17643"), []),
        (QuoteComponent(fee_id="17644", quantity=2), [line("petFee", 30, listingFeeSettingId=17644, quantity=1)]),
        (QuoteComponent(name="cleaningFee", amount=Decimal(10)), [line("cleaningFee", 50)]),
        (QuoteComponent(name="cleaningFee", deleted=True), [line("cleaningFee", 50)]),
    ],
)
async def test_a_quote_that_does_not_heed_a_wish_is_not_passed_off_as_one_that_does(wish, lines):
    batch, bodies = await ask(wishing(wish), lines=lines)
    assert "does not heed" in batch.failed["0"].message
    assert len(bodies) == 1


async def test_the_fee_settings_of_a_listing_are_read_once_for_all_its_quotes():
    extra = line("parkingFee", 37.5, listingFeeSettingId=17643)
    reads, session = client(lines=[extra])
    request = wishing(QuoteComponent(fee_id="17643"))
    batch = await reads.quotes([request, replace(request, adults=3), REQUEST])
    assert set(batch.found) == {"0", "1", "2"}
    assert session.paths.count(FEES) == 1
    assert len(session.calls) == 4
