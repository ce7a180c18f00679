"""Fees, taxes, units, agreements, pricing settings, policies, users, dictionaries and custom fields of Hostaway."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from providers.errors import ErrorCode, NotFound, NotSupported, UpstreamUnavailable
from providers.hostaway.client import HostawayClient
from providers.model import (
    AmenityKind,
    Channel,
    ChargedPer,
    CustomFieldObject,
    DictionaryKind,
    Money,
    PolicyEvent,
    PropertyType,
    RefundKind,
    RentalAgreement,
)
from tests.providers.hostaway.plugin_session import NOW, FakeSession, success

FEE = {
    "id": 17643,
    "accountId": 10450,
    "listingMapId": 40160,
    "feeType": "petFee",
    "feeTitle": "Pets",
    "feeAppliedPer": "person_per_night",
    "amount": 12.5,
    "amountType": "flat",
    "isMandatory": None,
    "isQuantitySelectable": 1,
    "insertedOn": "2026-01-01 10:00:00",
    "updatedOn": "2026-02-01 10:00:00",
}
TAX = {
    "id": 5,
    "taxType": "cityTax",
    "taxAppliedPer": "reservation",
    "amount": 10,
    "amountType": "percent",
    "applyTo": '["baseRate","cleaningFee"]',
}
POLICY = {
    "id": 2,
    "accountId": 10450,
    "name": "Flexible",
    "cancellationPolicyItem": [
        {
            "id": "1",
            "cancellationPolicyId": "2",
            "refundAmount": "100",
            "refundType": "percentage",
            "refundField": "totalPrice",
            "timeDelta": "-1209600",
            "event": "arrival",
        },
        {"id": "2", "refundAmount": "50", "refundType": "flat", "timeDelta": "3600", "event": "reservation"},
    ],
}
LISTINGS = [{"id": 1, "currencyCode": "EUR"}, {"id": 2, "currencyCode": "usd"}]


def client(answers):
    """Answers by path; a path without one does not exist."""

    def route(call):
        if call.path == "/v1/listings":
            return success(LISTINGS, count=2)
        if call.path == "/v1/listings/1" and call.path not in answers:
            return success(LISTINGS[0])
        found = answers.get(call.path, NotFound("Not found.", upstream_status=404))
        if isinstance(found, Exception):
            raise found
        return success(found)

    session = FakeSession(route)
    return HostawayClient(session, "10450", now=lambda: NOW), session


async def test_fees_are_told_in_unified_words_and_in_the_currency_of_their_listing():
    reads, session = client({"/v1/listingFeeSettings/1": [FEE], "/v1/listingFeeSettings/2": []})
    batch = await reads.fees(["1", "2", "9", "../1"])
    assert (set(batch.found), batch.failed, batch.found["2"]) == ({"1", "2"}, {}, [])
    (fee,) = batch.found["1"]
    assert (fee.provider_id, fee.name, fee.title) == ("17643", "petFee", "Pets")
    assert (fee.amount, fee.percentage) == (Money(amount=Decimal("12.5"), currency="EUR"), None)
    assert (fee.charged_per, fee.provider_charged_per) == (ChargedPer.PERSON_NIGHT, "person_per_night")
    assert (fee.mandatory, fee.quantity_selectable) == (False, True)
    assert fee.updated_at == datetime(2026, 2, 1, 10, tzinfo=UTC)
    assert sorted(session.paths) == [*(f"/v1/listingFeeSettings/{each}" for each in "129"), "/v1/listings/1"]


async def test_an_amount_without_a_currency_fails_its_listing_alone():
    reads, _ = client(
        {
            "/v1/listingFeeSettings/1": [FEE],
            "/v1/listingFeeSettings/2": [],
            "/v1/listings/1": UpstreamUnavailable("Down."),
        }
    )
    batch = await reads.fees(["1", "2"])
    assert (set(batch.found), set(batch.failed)) == ({"2"}, {"1"})


async def test_the_currency_of_a_listing_met_before_costs_no_call():
    reads, session = client({"/v1/listingFeeSettings/1": [FEE], "/v1/listingFeeSettings/2": [FEE]})
    await reads.listings(["1", "2"])
    session.calls.clear()
    batch = await reads.fees(["1", "2"])
    assert [batch.found[each][0].amount.currency for each in "12"] == ["EUR", "USD"]
    assert len(session.calls) == 2


async def test_a_share_needs_no_currency_and_an_undocumented_word_is_kept():
    share = FEE | {"amountType": "percent", "amount": 3, "feeAppliedPer": "base_rate", "isMandatory": 1}
    reads, session = client({"/v1/listingFeeSettings/1": [share, {"feeType": "no id"}]})
    batch = await reads.fees(["1"])
    (fee,) = batch.found["1"]
    assert (fee.amount, fee.percentage, fee.mandatory) == (None, Decimal(3), True)
    assert (fee.charged_per, fee.provider_charged_per) == (ChargedPer.OTHER, "base_rate")
    assert [each.reason for each in batch.odd["1"]] == ["id: missing"]
    assert len(session.calls) == 1


async def test_taxes_of_a_listing_come_with_those_of_the_account():
    general = TAX | {"id": 6, "amountType": "flat", "amount": 1.5, "taxAppliedPer": "night", "applyTo": None}
    reads, session = client(
        {"/v1/accountTaxSettings": [general], "/v1/listingTaxSettings/1": [TAX], "/v1/listingTaxSettings/2": []}
    )
    await reads.listings(["1", "2"])
    session.calls.clear()
    batch = await reads.taxes(["1", "2"])
    own, shared = batch.found["1"]
    assert (own.name, own.percentage, own.amount, own.account_wide) == ("cityTax", Decimal(10), None, False)
    assert (own.charged_per, own.applies_to) == (ChargedPer.STAY, ["baseRate", "cleaningFee"])
    assert (shared.amount, shared.account_wide) == (Money(amount=Decimal("1.5"), currency="EUR"), True)
    assert [each.amount.currency for each in batch.found["2"]] == ["USD"]
    assert len(session.calls) == 3


@pytest.mark.parametrize(
    ("sent", "names", "words"),
    [
        ('["baseRate"]', ["baseRate"], None),
        (["baseRate"], ["baseRate"], None),
        ([], [], None),
        (None, None, None),
        ("base rate and fees", None, "base rate and fees"),
        ('"all"', None, '"all"'),
        ('["baseRate", 7]', ["baseRate"], '["baseRate", 7]'),
        ({"name": "baseRate", "share": 0.5}, None, '{"name": "baseRate", "share": 0.5}'),
    ],
)
async def test_what_a_tax_is_taken_on_is_kept_in_hostaways_words_where_they_are_no_names(sent, names, words):
    reads, _ = client({"/v1/accountTaxSettings": [], "/v1/listingTaxSettings/1": [TAX | {"applyTo": sent}]})
    (tax,) = (await reads.taxes(["1"])).found["1"]
    assert (tax.applies_to, tax.provider_applies_to) == (names, words)


async def test_taxes_of_no_listing_cost_nothing():
    reads, session = client({})
    assert ((await reads.taxes(["x"])).found, session.calls) == ({}, [])


async def test_units_are_told_with_the_listing_they_are_linked_to():
    unit = {"id": 7, "name": "Sea / 1", "ground": "2", "unitNumber": "234", "listingMapIdUnit": "40161"}
    reads, _ = client({"/v1/listingUnits/1": [unit], "/v1/listingUnits/2": UpstreamUnavailable("Down.")})
    batch = await reads.units(["1", "2"])
    (found,) = batch.found["1"]
    assert (found.provider_id, found.floor, found.number, found.linked_listing_id) == ("7", "2", "234", "40161")
    assert set(batch.failed) == {"2"}
    assert batch.failed["2"].account_id == "acc-1"


@pytest.mark.parametrize("sent", [[{"id": 3, "text": "Hi {{guest}}"}], {"id": 3, "text": "Hi {{guest}}"}])
async def test_an_agreement_comes_in_a_list_or_bare(sent):
    reads, _ = client({"/v1/listingAgreement/1": sent, "/v1/listingAgreement/2": []})
    batch = await reads.agreements(["1", "2"])
    told = RentalAgreement(provider_id="3", text="Hi {{guest}}", raw={"id": 3, "text": "Hi {{guest}}"})
    assert batch.found == {"1": [told], "2": []}


async def test_an_empty_object_is_no_agreement_and_no_settings():
    reads, _ = client({"/v1/listingAgreement/1": {}, "/v1/listing/pricingSettings/1": {}, "/v1/listingUnits/1": {}})
    assert (await reads.agreements(["1"])).found == {"1": []}
    assert (await reads.pricing_settings(["1"])).found == {}
    units = await reads.units(["1"])
    assert (units.found, units.odd) == ({"1": []}, {})


async def test_pricing_settings_name_the_channels_with_prices_by_length_of_stay():
    flags = {"isAirbnbLOSActive": 1, "isBookingLOSActive": 0, "isVrboLOSActive": True, "isExpediaLOSActive": None}
    reads, _ = client({"/v1/listing/pricingSettings/1": [flags], "/v1/listing/pricingSettings/2": [{}]})
    batch = await reads.pricing_settings(["1", "2"])
    assert batch.found["1"].length_of_stay_channels == [Channel.AIRBNB, Channel.VRBO]
    assert batch.found["2"].length_of_stay_channels is None


async def test_policies_of_every_channel_are_read_with_their_steps():
    paths = {f"/v1/cancellationPolicies/{each}": [POLICY] for each in ("airbnb", "booking", "vrbo")}
    reads, session = client({"/v1/cancellationPolicies": [POLICY], **paths})
    batch = await reads.cancellation_policies([])
    assert list(batch.found) == [Channel.DIRECT, Channel.AIRBNB, Channel.BOOKING_COM, Channel.VRBO]
    assert len(session.calls) == 5
    share, flat = batch.found[Channel.DIRECT][0].items
    assert (share.refund_percentage, share.refund_amount, share.refund_of) == (Decimal(100), None, "totalPrice")
    assert (share.event, share.seconds) == (PolicyEvent.ARRIVAL, -1_209_600)
    assert (flat.refund_percentage, flat.refund_amount, flat.event) == (None, Decimal(50), PolicyEvent.BOOKING)


async def test_a_new_kind_of_refund_keeps_its_word_and_number():
    step = {"refundAmount": "2", "refundType": "nights", "timeDelta": "0", "event": "arrival"}
    policy = POLICY | {"cancellationPolicyItem": [step, step | {"refundType": "FLAT"}, step | {"refundType": None}]}
    reads, _ = client({"/v1/cancellationPolicies": [policy]})
    nights, flat, unsaid = (await reads.cancellation_policies({Channel.DIRECT})).found[Channel.DIRECT][0].items
    assert (nights.refund_kind, nights.provider_refund_kind, nights.refund_value) == (RefundKind.OTHER, "nights", 2)
    assert (nights.refund_percentage, nights.refund_amount) == (None, None)
    assert (flat.refund_kind, flat.provider_refund_kind, flat.refund_amount) == (RefundKind.AMOUNT, "FLAT", 2)
    assert (unsaid.refund_kind, unsaid.refund_value) == (None, 2)


async def test_only_the_policies_that_were_asked_for_cost_calls():
    reads, session = client({"/v1/cancellationPolicies/airbnb": [POLICY]})
    batch = await reads.cancellation_policies({Channel.AIRBNB, Channel.GDS})
    assert (list(batch.found), batch.failed) == (["AIRBNB"], {})
    assert session.paths == ["/v1/cancellationPolicies/airbnb"]


async def test_a_list_of_policies_that_fails_is_not_taken_for_an_empty_one_and_fails_alone():
    reads, _ = client(
        {
            "/v1/cancellationPolicies": [POLICY, {"name": "without an id"}],
            "/v1/cancellationPolicies/airbnb": UpstreamUnavailable("Down."),
        }
    )
    batch = await reads.cancellation_policies([Channel.AIRBNB, Channel.DIRECT])
    assert (list(batch.found), list(batch.failed)) == ([Channel.DIRECT], [Channel.AIRBNB])
    assert batch.failed[Channel.AIRBNB].account_id == "acc-1"
    assert [each.reason for each in batch.odd[Channel.DIRECT]] == ["id: missing"]


USER = {
    "id": 11,
    "firstName": "Kim",
    "isAdmin": 0,
    "isDisabledByHostaway": 0,
    "isDisabledByAccount": 1,
    "readListing": 1,
    "updateListing": 0,
    "accessNewThing": "1",
    "receiveReservationNotificationEmail": 1,
    "verificationCode": "s3cret-code",
    "icalKey": "s3cret-key",
    "listingMapIds": None,
}


async def test_users_tell_their_rights_and_listings_and_never_a_secret():
    reads, session = client({"/v1/users": [USER | {"listingMapIds": [1, "2"]}]})
    (user,) = (await reads.users()).found.values()
    assert (user.provider_id, user.first_name, user.is_disabled) == ("11", "Kim", True)
    assert (user.permissions, user.listing_ids) == (["readListing", "accessNewThing"], ["1", "2"])
    assert "s3cret" not in repr(user)
    assert session.queries == [{"includeResources": "1"}]


async def test_users_whose_listings_the_list_does_not_tell_are_read_singly():
    reads, session = client({"/v1/users": [USER, USER | {"id": 12}], "/v1/user/11": [USER | {"listingMapIds": [3]}]})
    batch = await reads.users()
    assert {key: user.listing_ids for key, user in batch.found.items()} == {"11": ["3"], "12": None}
    assert batch.failed == {}  # a user that is gone meanwhile is no failure
    assert sorted(session.paths) == ["/v1/user/11", "/v1/user/12", "/v1/users"]


async def test_a_user_whose_listings_cannot_be_read_is_found_with_the_reason():
    people = [USER, USER | {"id": 12}, {"firstName": "Nobody"}]
    reads, _ = client({"/v1/users": people, "/v1/user/11": UpstreamUnavailable("Down."), "/v1/user/12": [{"id": 12}]})
    batch = await reads.users()
    assert {key: user.listing_ids for key, user in batch.found.items()} == {"11": None, "12": None}
    assert {key: (error.code, error.account_id) for key, error in batch.failed.items()} == {
        "11": (ErrorCode.UPSTREAM_UNAVAILABLE, "acc-1")
    }
    assert [each.reason for records in batch.odd.values() for each in records] == ["id: missing"]


async def test_dictionaries_keep_hostaways_words_and_tell_ours():
    reads, _ = client(
        {
            "/v1/amenities": [{"id": 3, "name": "Swimming pool"}, {"id": 4, "name": "Buzzer"}, {"name": "no id"}],
            "/v1/propertyTypes": [{"id": "1", "name": "Apartment"}],
            "/v1/bedTypes": [{"id": 2, "name": "Double bed"}],
            "/v1/countries": {"DE": "Germany"},
            "/v1/currencies": {"EUR": "EUR - Euro"},
            "/v1/languages": {"de": "German"},
            "/v1/timezones": {"Europe/Berlin": {"value": "(UTC +01:00) Europe/Berlin", "diff": "+01:00"}},
        }
    )

    async def told(kind):
        return [(each.provider_id, each.name, each.kind, each.details) for each in await reads.dictionary(kind)]

    assert await told(DictionaryKind.AMENITIES) == [
        ("3", "Swimming pool", AmenityKind.POOL, None),
        ("4", "Buzzer", AmenityKind.OTHER, None),
    ]
    assert await told(DictionaryKind.PROPERTY_TYPES) == [("1", "Apartment", PropertyType.APARTMENT, None)]
    assert await told(DictionaryKind.BED_TYPES) == [("2", "Double bed", None, None)]
    assert await told(DictionaryKind.COUNTRIES) == [("DE", "Germany", "DE", None)]
    assert await told(DictionaryKind.CURRENCIES) == [("EUR", "EUR - Euro", "EUR", None)]
    assert await told(DictionaryKind.LANGUAGES) == [("de", "German", "de", None)]
    assert await told(DictionaryKind.TIME_ZONES) == [
        ("Europe/Berlin", "(UTC +01:00) Europe/Berlin", None, "+01:00"),
    ]


async def test_channels_are_a_fixed_table_that_costs_no_call():
    reads, session = client({})
    entries = {each.provider_id: each for each in await reads.dictionary(DictionaryKind.CHANNELS)}
    assert (entries["2018"].name, entries["2018"].kind) == ("airbnbOfficial", Channel.AIRBNB)
    assert entries["2013"].kind is Channel.WEBSITE
    assert session.calls == []
    assert HostawayClient.dictionaries == set(DictionaryKind)


async def test_a_dictionary_that_is_missing_is_an_error():
    reads, _ = client({})
    with pytest.raises(NotFound):
        await reads.dictionary(DictionaryKind.COUNTRIES)


async def test_an_unknown_kind_of_dictionary_is_not_supported():
    with pytest.raises(NotSupported):
        await client({})[0].dictionary("STARS")  # type: ignore[arg-type]


async def test_custom_fields_tell_what_may_be_chosen():
    field = {
        "id": 167,
        "name": "Breakfast",
        "varName": "reservation_breakfast_167",
        "possibleValues": '[{"value":"yes","label":"Yes"},{"value":"no","label":"No"}]',
        "type": "dropdown",
        "objectType": "reservation",
        "isPublic": 1,
        "sortOrder": 1,
    }
    others = [
        {"id": 168, "objectType": "task", "possibleValues": None},
        {"id": 169, "objectType": "listing", "possibleValues": ["a"]},
        {"id": 170, "possibleValues": "{nonsense"},
    ]
    reads, session = client({"/v1/customFields": [field, *others]})
    found = await reads.custom_fields()
    assert (found[0].key, found[0].public, found[0].possible_values) == (
        "reservation_breakfast_167",
        True,
        ["yes", "no"],
    )
    assert [each.of for each in found] == [
        CustomFieldObject.RESERVATION,
        CustomFieldObject.OTHER,
        CustomFieldObject.LISTING,
        CustomFieldObject.OTHER,
    ]
    assert [each.possible_values for each in found[1:]] == [None, ["a"], None]
    assert len(session.calls) <= 2
