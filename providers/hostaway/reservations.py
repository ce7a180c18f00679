"""Hostaway's reservations in the unified model."""

from collections.abc import Mapping
from datetime import date
from typing import TypeVar

from providers.hostaway.channels import CHANNEL_NAMES, channel_of
from providers.hostaway.finance import finance_line
from providers.hostaway.listing_blocks import custom_values, said
from providers.hostaway.manifest import CODE
from providers.hostaway.policies import snapshot
from providers.hostaway.times import hour
from providers.hostaway.wire import WireReservation, WireReservationUnit
from providers.model import (
    AgreementState,
    CancelledBy,
    ClaimState,
    FinanceLine,
    Guest,
    InsuranceState,
    Money,
    Party,
    Reservation,
    ReservationFee,
    ReservationStatus,
    ReservationUnit,
    money,
)

W = TypeVar("W")

# Hostaway documentation, Reservation statuses. "inquiryTimeout" is a spelling of its text, "confirmed" a word that
# is no longer written but may still be stored.
_STATUSES = {
    "new": ReservationStatus.CONFIRMED,
    "modified": ReservationStatus.CONFIRMED,
    "confirmed": ReservationStatus.CONFIRMED,
    "ownerstay": ReservationStatus.BLOCKED,
    "pending": ReservationStatus.PENDING,
    "unconfirmed": ReservationStatus.PENDING,
    "awaitingpayment": ReservationStatus.PENDING,
    "awaitingguestverification": ReservationStatus.PENDING,
    "cancelled": ReservationStatus.CANCELLED,
    "declined": ReservationStatus.DECLINED,
    "expired": ReservationStatus.EXPIRED,
    "inquiry": ReservationStatus.INQUIRY,
    "inquirypreapproved": ReservationStatus.INQUIRY,
    "inquirydenied": ReservationStatus.INQUIRY,
    "inquirytimedout": ReservationStatus.INQUIRY,
    "inquirytimeout": ReservationStatus.INQUIRY,
    "inquirynotpossible": ReservationStatus.INQUIRY,
}

_CANCELLED_BY = {"GUEST": CancelledBy.GUEST, "HOST": CancelledBy.HOST}

# Hostaway documentation, Reservation object. Claims come as claim_started and so on.
_AGREEMENTS = {each.value: each for each in AgreementState}
_INSURANCES = {each.value: each for each in InsuranceState}
_CLAIMS = {f"CLAIM_{each.value}": each for each in ClaimState}


def build_reservation(wire: WireReservation, account_id: str) -> Reservation:
    """A reservation of Hostaway as everyone sees reservations."""
    status = _STATUSES.get((wire.status or "").lower(), ReservationStatus.UNKNOWN)
    currency = wire.currency.strip().upper() if wire.currency else None
    arrival, departure, nights = _dates(wire)
    return Reservation(
        provider=CODE,
        account_id=account_id,
        provider_id=wire.id,
        listing_id=wire.listing_map_id,
        status=status,
        provider_status=wire.status,
        arrival=arrival,
        departure=departure,
        nights=nights,
        check_in_time=hour(wire.check_in_time),
        check_out_time=hour(wire.check_out_time),
        channel=channel_of(wire),
        provider_channel=wire.channel_name or CHANNEL_NAMES.get(wire.channel_id or ""),
        source=wire.source,
        channel_reference=wire.channel_reservation_id or wire.reservation_id,
        confirmation_code=wire.confirmation_code,
        guest=None if status is ReservationStatus.BLOCKED else _guest(wire),
        party=_party(wire),
        currency=currency,
        total=money(wire.total_price, currency),
        paid=_paid(wire, currency),
        balance=money(wire.remaining_balance, currency),
        damage_deposit=money(wire.security_deposit_fee, currency),
        is_paid=wire.is_paid,
        finance_lines=_lines(wire, currency),
        guest_note=wire.guest_note,
        host_note=wire.host_note,
        booked_at=wire.reservation_date,
        # Hostaway's own filter goes by activity: the later of the two is never too old for it.
        updated_at=max(filter(None, (wire.updated_on, wire.latest_activity_on)), default=None),
        cancelled_at=wire.cancellation_date,
        cancelled_by=_word(wire.cancelled_by, _CANCELLED_BY, CancelledBy.OTHER),
        provider_cancelled_by=wire.cancelled_by,
        cancellation_policy=snapshot(wire),
        expires_at=wire.pending_expire_date,
        created_at=wire.inserted_on,
        previous_arrival=wire.previous_arrival_date,
        previous_departure=wire.previous_departure_date,
        cleaning_fee=money(wire.cleaning_fee, currency),
        taxes=money(wire.tax_amount, currency),
        commission=money(wire.channel_commission_amount, currency),
        payout=money(wire.airbnb_expected_payout_amount, currency),
        payment_method=wire.payment_method,
        fees=_fees(wire, currency),
        units=_units(wire, currency),
        custom_fields=custom_values(wire.custom_field_values),
        assignee_id=wire.assignee_user_id,
        customer_reference=wire.customer_user_id,
        is_instant_booking=wire.is_instant_booked,
        is_starred=wire.is_starred,
        is_archived=wire.is_archived,
        is_pinned=wire.is_pinned,
        agreement=_word(wire.reservation_agreement, _AGREEMENTS, AgreementState.UNKNOWN),
        provider_agreement=wire.reservation_agreement,
        agreement_url=wire.rental_agreement_file_url,
        insurance=_word(wire.insurance_status, _INSURANCES, InsuranceState.UNKNOWN),
        provider_insurance=wire.insurance_status,
        claim=_word(wire.claim_status, _CLAIMS, ClaimState.UNKNOWN),
        provider_claim=wire.claim_status,
        door_code=wire.door_code,
        door_instructions=wire.door_code_instruction,
        raw=wire.sent,
    )


def _dates(wire: WireReservation) -> tuple[date | None, date | None, int | None]:
    """Where the channel named no dates, Hostaway fills in yesterday and says so by a flag."""
    if wire.is_dates_unspecified:
        return None, None, None
    nights = wire.nights
    if nights is None and wire.arrival_date and wire.departure_date:
        nights = (wire.departure_date - wire.arrival_date).days
    return wire.arrival_date, wire.departure_date, nights if nights is not None and nights >= 0 else None


def _guest(wire: WireReservation) -> Guest | None:
    """Hostaway knows no guest records: a guest is some fields of a reservation, without an id."""
    return said(
        Guest(
            name=wire.guest_name,
            first_name=wire.guest_first_name,
            last_name=wire.guest_last_name,
            email=wire.guest_email,
            phone=wire.phone,
            locale=wire.guest_locale,
            city=wire.guest_city,
            country=wire.guest_country,
            address=wire.guest_address,
            postal_code=wire.guest_zip_code,
            company=wire.bookingcom_booker_company,
            picture_url=wire.guest_picture,
        )
    )


def _party(wire: WireReservation | WireReservationUnit) -> Party | None:
    return said(
        Party(
            guests=wire.number_of_guests,
            adults=wire.adults,
            children=wire.children,
            infants=wire.infants,
            pets=wire.pets,
        )
    )


def _paid(wire: WireReservation, currency: str | None) -> Money | None:
    """The remaining balance is defined as the total minus what was paid (Hostaway documentation, Reservation).

    Its own sample has a balance above the total: what was paid is then not known.
    """
    if wire.total_price is None or wire.remaining_balance is None or wire.remaining_balance > wire.total_price:
        return None
    return money(wire.total_price - wire.remaining_balance, currency)


def _lines(wire: WireReservation, currency: str | None) -> list[FinanceLine] | None:
    return None if wire.finance_field is None else [finance_line(each, currency) for each in wire.finance_field]


def _word(sent: str | None, words: Mapping[str, W], unknown: W) -> W | None:
    """StayGraph's word for one of Hostaway's; ``unknown`` for a new one, None where it says nothing."""
    return None if sent is None else words.get(sent.strip().upper(), unknown)


def _fees(wire: WireReservation, currency: str | None) -> list[ReservationFee] | None:
    """Fees of the channel, each in its own currency where it names one. A share of nought says nothing."""
    if wire.reservation_fees is None:
        return None
    return [
        ReservationFee(
            provider_id=each.id,
            name=each.name,
            amount=money(each.amount, (each.currency or currency or "").strip().upper()),
            percentage=each.percentage or None,
            included_in_total=each.is_included,
            per_night=each.is_per_night,
            per_person=each.is_per_person,
        )
        for each in wire.reservation_fees
    ]


def _units(wire: WireReservation, currency: str | None) -> list[ReservationUnit] | None:
    if wire.reservation_unit is None:
        return None
    return [
        ReservationUnit(
            provider_id=each.id,
            unit_id=each.listing_unit_id,
            guest_name=each.guest_name,
            party=_party(each),
            total=money(each.total_price, currency),
            channel_reference=each.external_reservation_unit_id or each.external_reservation_id,
        )
        for each in wire.reservation_unit
    ]
