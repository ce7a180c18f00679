"""What a reservation of Hostaway tells beside its core: channel, policy, fees, units, flags, states."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from providers.model import (
    CancellationPolicyItem,
    CustomFieldValue,
    Money,
    Party,
    PolicyEvent,
    RefundKind,
    ReservationFee,
    ReservationUnit,
)
from tests.providers.hostaway.test_plugin_reservations import read

# The snapshot in the sample of the documentation.
DETAILS = {
    "name": "Moderate",
    "channelId": 2018,
    "channelSpecificCode": "moderate",
    "longTerm": False,
    "cancellationPolicyItem": [
        {
            "refundAmount": 100,
            "refundType": "percentage",
            "refundField": "totalPrice",
            "timeDelta": -432000,
            "event": "arrival",
        }
    ],
}


def euros(amount):
    return Money(amount=Decimal(amount), currency="EUR")


@pytest.mark.parametrize(
    ("channel_id", "name", "channel"),
    [
        (2000, "direct", "DIRECT"),
        (2001, "airbnb", "AIRBNB"),
        (2018, "airbnbOfficial", "AIRBNB"),
        (2018, "renamed", "AIRBNB"),
        (2010, None, "VRBO"),
        (2015, "customIcal", "ICAL"),
        (2999, "bookingcom", "BOOKING_COM"),
        (2999, "newcomer", "OTHER"),
        (2999, None, "OTHER"),
        (None, "marriott", "MARRIOTT"),
        (None, None, None),
    ],
)
async def test_the_channel_is_known_by_number_then_by_name(channel_id, name, channel):
    stay = await read(channelId=channel_id, channelName=name)
    assert stay.channel == channel


async def test_the_rest_of_a_reservation_is_told():
    stay = await read(
        source="staygraph",
        insertedOn="2027-01-10 10:41:11",
        pendingExpireDate="2027-01-11 10:41:10",
        previousArrivalDate="2027-05-18",
        previousDepartureDate="2027-05-21",
        assigneeUserId=77,
        customerUserId="ext-1",
        isInstantBooked=1,
        isStarred=0,
        isArchived="1",
        isPinned=None,
        cleaningFee=40.32,
        taxAmount=12,
        channelCommissionAmount=90.5,
        airbnbExpectedPayoutAmount=640.1,
        paymentMethod="credit_card",
        doorCode="1234",
        doorCodeInstruction="Twice",
        rentalAgreementFileUrl="https://files.example/1.pdf",
        guestZipCode="E1",
        guestAddress="Street 1",
        guestPicture="https://img.example/a.jpg",
        customFieldValues=[{"customFieldId": 167, "value": "x"}],
    )
    assert (stay.source, stay.assignee_id, stay.customer_reference) == ("staygraph", "77", "ext-1")
    assert stay.created_at == datetime(2027, 1, 10, 10, 41, 11, tzinfo=UTC)
    assert stay.expires_at == datetime(2027, 1, 11, 10, 41, 10, tzinfo=UTC)
    assert (stay.previous_arrival, stay.previous_departure) == (date(2027, 5, 18), date(2027, 5, 21))
    assert (stay.is_instant_booking, stay.is_starred, stay.is_archived, stay.is_pinned) == (True, False, True, None)
    assert (stay.cleaning_fee, stay.taxes, stay.commission, stay.payout) == (
        euros("40.32"),
        euros(12),
        euros("90.5"),
        euros("640.1"),
    )
    assert (stay.payment_method, stay.door_code, stay.door_instructions) == ("credit_card", "1234", "Twice")
    assert stay.agreement_url == "https://files.example/1.pdf"
    assert (stay.guest.postal_code, stay.guest.address, stay.guest.picture_url) == (
        "E1",
        "Street 1",
        "https://img.example/a.jpg",
    )
    assert stay.custom_fields == [CustomFieldValue(field_id="167", value="x")]
    assert (stay.rent, stay.payments, stay.comments, stay.tags) == (None, None, None, None)
    assert stay.raw["hostawayReservationId"] == 20001


async def test_fees_of_the_channel_keep_every_digit_and_their_own_currency():
    fee = {"id": 3, "name": "City tax", "amount": 5.12345, "currency": "usd", "percentage": 0}
    flags = {"isIncluded": 0, "isPerNight": 1, "isPerPerson": None}
    stay = await read(reservationFees=[fee | flags])
    assert stay.fees == [
        ReservationFee(
            provider_id="3",
            name="City tax",
            amount=Money(amount=Decimal("5.12345"), currency="USD"),
            included_in_total=False,
            per_night=True,
        )
    ]
    assert (await read()).fees is None
    assert (await read(reservationFees=[])).fees == []


async def test_units_of_a_reservation_are_told_one_by_one():
    unit = {"id": 5, "listingUnitId": "401", "guestName": "Ada", "numberOfGuests": 2, "adults": 2, "totalPrice": 360.25}
    stay = await read(reservationUnit=[unit])
    party = Party(guests=2, adults=2)
    assert stay.units == [
        ReservationUnit(provider_id="5", unit_id="401", guest_name="Ada", party=party, total=euros("360.25"))
    ]


async def test_the_policy_is_the_snapshot_of_the_reservation():
    policy = (
        await read(cancellationPolicyId=9, cancellationPolicy="edited", cancellationPolicyDetails=DETAILS)
    ).cancellation_policy
    assert (policy.provider_id, policy.channel, policy.name) == ("9", "AIRBNB", "Moderate")
    assert policy.items == [
        CancellationPolicyItem(
            refund_kind=RefundKind.PERCENTAGE,
            provider_refund_kind="percentage",
            refund_value=Decimal(100),
            refund_percentage=Decimal(100),
            refund_of="totalPrice",
            event=PolicyEvent.ARRIVAL,
            provider_event="arrival",
            seconds=-432_000,
        )
    ]


async def test_without_a_snapshot_a_policy_is_a_name_without_steps():
    policy = (await read(bookingCancellationPolicy="13", channelId=2005)).cancellation_policy
    assert (policy.provider_id, policy.channel, policy.name, policy.items) == ("13", "BOOKING_COM", "13", None)
    assert (await read()).cancellation_policy is None
    assert (await read(cancellationPolicyDetails="odd")).cancellation_policy is None


@pytest.mark.parametrize(
    ("field", "sent", "name", "word"),
    [
        ("reservationAgreement", "not_signed", "agreement", "NOT_SIGNED"),
        ("reservationAgreement", "lost", "agreement", "UNKNOWN"),
        ("reservationAgreement", None, "agreement", None),
        ("insuranceStatus", "insured", "insurance", "INSURED"),
        ("insuranceStatus", "not_eligible", "insurance", "NOT_ELIGIBLE"),
        ("claimStatus", "claim_started", "claim", "STARTED"),
        ("claimStatus", "claim_withdrawn", "claim", "WITHDRAWN"),
        ("claimStatus", "claim_reopened", "claim", "UNKNOWN"),
        ("claimStatus", None, "claim", None),
    ],
)
async def test_states_have_one_word_each_and_new_ones_survive(field, sent, name, word):
    assert getattr(await read(**{field: sent}), name) == word
