"""A stay as Hostaway's reservation object, with every property of the documentation's table."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from providers.hostaway.simulator.dictionaries import CHANNELS
from providers.hostaway.simulator.envelope import day_text, moment_text, number
from providers.hostaway.simulator.finance import finance_lines
from providers.hostaway.simulator.odd import BROKEN_DATE, EXTRA_FIELDS, ODD_COUNTRY, UNKNOWN_STATUS
from providers.hostaway.simulator.policies import policy_details
from providers.hostaway.simulator.readings import HostawayReadings
from providers.hostaway.simulator.staff import USER_ID_OFFSET
from providers.hostaway.simulator.terms import Terms
from providers.simulation.portfolio import Stay, StayKind, rounded

CHANNEL_IDS = {"direct": 2000, "airbnb": 2018, "bookingcom": 2005, "vrbo": 2002}
AIRBNB, BOOKINGCOM, VRBO = 2018, 2005, 2002

WITH_RESOURCES: dict[str, Any] = {
    "customFieldValues": [],
    "reservationFees": [],
    "reservationUnit": [],
    "hostProxyEmail": None,
}
"""Fields that a list fills only with ``includeResources=1``, and what they hold without."""

WITH_RESOURCES_SINGLY = (
    "bookingcomSpecialRequests",
    "bookingcomSmokingPreference",
    "bookingcomIsGeniusMember",
    "bookingcomBookerName",
    "bookingcomBookerCompany",
    "bookingcomNoShowReportedAt",
    "bookingcomNoShowFeeWaived",
)
"""Fields that only a single read has, and only with ``includeResources=1``."""

WITH_PAYMENTS = "remainingBalance"
"""The field that only ``includePayments=1`` adds."""

WITH_POLICY = (
    "cancellationPolicyDetails",
    "bookingCancellationPolicy",
    "vrboCancellationPolicy",
    "marriottCancellationPolicy",
)
"""Fields that a list has only with ``includeCancellationPolicy=1``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dress:
    """What a reservation record depends on besides the stay."""

    account_id: int
    listing_id: int
    reservation_id: int
    terms: Terms
    today: date
    readings: HostawayReadings
    unknown_status: bool = False
    dates_unspecified: bool = False


def reservation_record(stay: Stay, dress: Dress) -> dict[str, Any]:
    """The full reservation object, with all its arrays, as a single read gives it."""
    record = {
        **_identity(stay, dress),
        **_flags(stay),
        **_guest(stay),
        **_dates(stay, dress),
        **_money(stay, dress),
        **_status(stay, dress),
        **_notes(stay, dress),
        **_arrays(stay, dress),
    }
    if dress.readings.sends_updated_on:
        record |= {"insertedOn": moment_text(stay.booked_at), "updatedOn": moment_text(stay.updated_at)}
    if stay.number % 2:
        record |= EXTRA_FIELDS
    return record


def broken(record: dict[str, Any]) -> dict[str, Any]:
    """The record with a date that is none."""
    return {**record, "arrivalDate": BROKEN_DATE}


def status_word(stay: Stay) -> str:
    """Hostaway's word for where the stay stands; it differs by channel (Hostaway documentation, statuses)."""
    airbnb, vrbo = stay.channel == "airbnb", stay.channel == "vrbo"
    match stay.kind:
        case StayKind.CONFIRMED:
            return "new"
        case StayKind.MODIFIED:
            return "modified"
        case StayKind.BLOCKED:
            return "ownerStay"
        case StayKind.PENDING:
            return "pending" if airbnb else "unconfirmed" if vrbo else "awaitingPayment"
        case StayKind.INQUIRY:
            return "inquiryPreapproved" if airbnb and stay.number % 2 else "inquiry"
        case StayKind.CANCELLED:
            return {0: "declined", 1: "expired"}.get(stay.number % 6, "cancelled") if airbnb else "cancelled"


def channel_id(stay: Stay) -> int:
    own_website = stay.channel == "direct" and stay.kind is not StayKind.BLOCKED and stay.number % 3 == 0
    return 2013 if own_website else CHANNEL_IDS[stay.channel]


def _identity(stay: Stay, dress: Dress) -> dict[str, Any]:
    channel = channel_id(stay)
    reference = f"{dress.account_id}-{dress.listing_id}-{channel}-{stay.reference}"
    return {
        "id": dress.reservation_id,
        "hostawayReservationId": dress.reservation_id,
        "listingMapId": dress.listing_id,
        "listingName": stay.house.name,
        "channelId": channel,
        "channelName": CHANNELS[channel],
        "source": "staygraph" if stay.channel == "direct" and stay.number % 5 == 0 else None,
        "reservationId": reference,
        "channelReservationId": reference,
        "confirmationCode": f"HM{stay.reference}" if channel == AIRBNB else None,
        "externalPropertyId": None,
        "externalRatePlanId": None,
        "externalUnitId": None,
        "externalRuid": None,
        "assigneeUserId": dress.account_id + USER_ID_OFFSET if stay.number % 8 == 0 else None,
        "manualIcalId": None,
        "manualIcalName": None,
    }


def _flags(stay: Stay) -> dict[str, Any]:
    verification = (
        *("isGuestIdentityVerified", "isGuestVerifiedByEmail", "isGuestVerifiedByWorkEmail"),
        *("isGuestVerifiedByFacebook", "isGuestVerifiedByGovernmentId", "isGuestVerifiedByPhone"),
        "isGuestVerifiedByReviews",
    )
    return {
        "isInitial": 0,
        "isProcessed": 1,
        "isManuallyChecked": 0,
        "isInstantBooked": int(stay.channel != "direct"),
        "hasPullError": 0,
        "isStarred": int(stay.number % 17 == 0),
        "isArchived": int(stay.number % 31 == 0),
        "isPinned": int(stay.number % 97 == 0),
        **dict.fromkeys(verification, 0),
        "originalChannel": None,
    }


def _guest(stay: Stay) -> dict[str, Any]:
    guest = stay.guest
    odd_country = ODD_COUNTRY if stay.number % 11 == 0 else None
    return {
        "guestName": f"{guest.first_name} {guest.last_name}" if guest else "",
        "guestFirstName": guest.first_name if guest else None,
        "guestLastName": guest.last_name if guest else None,
        "guestEmail": guest.email if guest else None,
        "phone": guest.phone if guest else None,
        "guestLocale": guest.locale if guest else None,
        "guestZipCode": "" if guest else None,
        "guestAddress": None,
        "guestCity": guest.city if guest else None,
        "guestCountry": (odd_country or guest.country_code) if guest else None,
        "guestPicture": None,
        "guestExternalAccountId": None,
        "guestWork": "",
        "guestRecommendations": 0,
        "guestTrips": 0,
        "numberOfGuests": _guests(stay),
        "adults": stay.adults if guest else None,
        "children": stay.children or None,
        "infants": stay.infants or None,
        "pets": stay.pets or None,
    }


def _guests(stay: Stay) -> int | str | None:
    """Now and then a number comes as text."""
    if stay.guest is None:
        return None
    guests = stay.adults + stay.children
    return str(guests) if stay.number % 29 == 0 else guests


def _dates(stay: Stay, dress: Dress) -> dict[str, Any]:
    """Without dates of its own it shows yesterday twice (Hostaway documentation, isDatesUnspecified)."""
    yesterday = dress.today - timedelta(days=1)
    arrival, departure = (yesterday, yesterday) if dress.dates_unspecified else (stay.arrival, stay.departure)
    moved = stay.kind is StayKind.MODIFIED and stay.number % 2
    return {
        "reservationDate": moment_text(stay.booked_at),
        "pendingExpireDate": _expires(stay),
        "arrivalDate": day_text(arrival),
        "departureDate": day_text(departure),
        "isDatesUnspecified": int(dress.dates_unspecified),
        "previousArrivalDate": day_text(arrival - timedelta(days=1)) if moved else None,
        "previousDepartureDate": day_text(departure - timedelta(days=1)) if moved else None,
        "checkInTime": stay.house.check_in_hour if stay.guest else None,
        "checkOutTime": stay.house.check_out_hour if stay.guest else None,
        "nights": (departure - arrival).days,
        "latestActivityOn": moment_text(stay.updated_at)
        if dress.readings.activity_has_time
        else day_text(stay.updated_at.date()),
    }


def _expires(stay: Stay) -> str | None:
    return moment_text(stay.booked_at + timedelta(days=5)) if stay.kind is StayKind.PENDING else None


def _money(stay: Stay, dress: Dress) -> dict[str, Any]:
    """An owner's stay has no financial data (Hostaway documentation, statuses)."""
    currency = stay.house.town.currency
    guest, airbnb = stay.guest is not None, channel_id(stay) == AIRBNB
    commission = rounded(stay.total * 15 / 100, currency) if channel_id(stay) == BOOKINGCOM else None
    return {
        "totalPrice": number(stay.total) if guest else None,
        "currency": currency,
        "taxAmount": number(stay.tax) if guest else None,
        "channelCommissionAmount": number(commission),
        "hostawayCommissionAmount": None,
        "cleaningFee": number(stay.cleaning_fee) if guest else None,
        "securityDepositFee": None,
        "remainingBalance": number(stay.total - stay.paid) if guest else None,
        "isPaid": _is_paid(stay),
        "paymentMethod": "credit_card" if stay.paid else None,
        "stripeGuestId": None,
        "guestPaymentCardIsVirtual": 0,
        "airbnbExpectedPayoutAmount": number(rounded(stay.total * 97 / 100, currency)) if airbnb else None,
        "airbnbListingBasePrice": number(stay.rent) if airbnb else None,
        "airbnbListingCancellationHostFee": 0 if airbnb else None,
        "airbnbListingCancellationPayout": 0 if airbnb else None,
        "airbnbListingCleaningFee": number(stay.cleaning_fee) if airbnb else None,
        "airbnbListingHostFee": number(rounded(stay.total * 3 / 100, currency)) if airbnb else None,
        "airbnbListingSecurityPrice": 0 if airbnb else None,
        "airbnbOccupancyTaxAmountPaidToHost": 0 if airbnb else None,
        "airbnbTotalPaidAmount": number(stay.paid) if airbnb else None,
        "airbnbTransientOccupancyTaxPaidAmount": 0 if airbnb else None,
        "reservationCouponId": None,
    }


def _is_paid(stay: Stay) -> int | None:
    if stay.guest is None or (not stay.paid and stay.number % 3 == 0):
        return None
    return int(stay.paid >= stay.total)


def _status(stay: Stay, dress: Dress) -> dict[str, Any]:
    by = ("guest", "host")[stay.number % 4 == 0]
    channel = channel_id(stay)
    return {
        "status": UNKNOWN_STATUS if dress.unknown_status else status_word(stay),
        "cancellationDate": day_text(stay.cancelled_at.date()) if stay.cancelled_at else None,
        "cancelledBy": by if stay.cancelled_at and status_word(stay) == "cancelled" else None,
        "airbnbCancellationPolicy": "moderate" if channel == AIRBNB else None,
        "cancellationPolicyId": 102 if channel == AIRBNB else None,
        "cancellationPolicy": "Moderate" if channel == AIRBNB else None,
        "cancellationPolicyDetails": policy_details(channel) if channel == AIRBNB else None,
        "bookingCancellationPolicy": "13" if channel == BOOKINGCOM else None,
        "vrboCancellationPolicy": "MODERATE" if channel == VRBO else None,
        "marriottCancellationPolicy": None,
        "insuranceStatus": ("insured", None, "not_eligible", "pending")[stay.number % 4],
        "claimStatus": "claim_started" if stay.number % 41 == 0 else None,
        "insurancePolicyId": None,
        **_agreement(stay),
    }


def _agreement(stay: Stay) -> dict[str, Any]:
    word = ("not_required", "signed", "not_signed")[stay.number % 3]
    url = f"https://files.example.com/agreements/{stay.number}.pdf" if word == "signed" else None
    return {"reservationAgreement": word, "rentalAgreementFileUrl": url}


def has_unread_messages(stay: Stay) -> bool:
    """Whether the guest wrote something that nobody has read. No field of the record says so."""
    return stay.guest is not None and stay.number % 23 == 0


def _notes(stay: Stay, dress: Dress) -> dict[str, Any]:
    return {
        "hostNote": "Regular guest" if stay.number % 13 == 0 and stay.guest else "",
        "guestNote": stay.note,
        "comment": None,
        "doorCode": f"{dress.reservation_id * 7919 % 10000:04d}",
        "doorCodeVendor": None,
        "doorCodeInstruction": None,
        "guestAuthHash": f"hash-{stay.reference.lower()}",
        "guestPortalUrl": f"https://portal.example.com/{stay.reference.lower()}",
        "customerUserId": f"ext-{stay.number % 50}" if stay.number % 10 == 0 else None,
        "hostProxyEmail": f"proxy-{dress.reservation_id}@example.com" if stay.guest else None,
        "bookingcomSpecialRequests": None,
        "bookingcomSmokingPreference": None,
        "bookingcomIsGeniusMember": int(stay.number % 2) if channel_id(stay) == BOOKINGCOM else None,
        "bookingcomBookerName": None,
        "bookingcomBookerCompany": None,
        "bookingcomNoShowReportedAt": None,
        "bookingcomNoShowFeeWaived": None,
    }


def _arrays(stay: Stay, dress: Dress) -> dict[str, Any]:
    return {
        "customFieldValues": [{"customFieldId": 167, "value": "yes"}] if stay.number % 9 == 0 else [],
        "reservationFees": _fees(stay, dress),
        "reservationUnit": _units(stay, dress),
        "financeField": finance_lines(stay, dress.terms, dress.reservation_id, airbnb=channel_id(stay) == AIRBNB),
    }


def _fees(stay: Stay, dress: Dress) -> list[dict[str, Any]]:
    """What Booking.com adds on arrival. Amounts may have more than two decimals, as documented."""
    if channel_id(stay) != BOOKINGCOM or stay.guest is None:
        return []
    return [
        {
            "id": dress.reservation_id,
            "accountId": dress.account_id,
            "listingMapId": dress.listing_id,
            "reservationId": dress.reservation_id,
            "name": "City tax",
            "amount": 5.12345,
            "currency": stay.house.town.currency,
            "percentage": 0,
            "isIncluded": 0,
            "isPerNight": 1,
            "isPerPerson": 1,
            "isImported": 0,
            "insertedOn": moment_text(stay.booked_at),
            "updatedOn": moment_text(stay.booked_at),
        }
    ]


def _units(stay: Stay, dress: Dress) -> list[dict[str, Any]]:
    if dress.terms.units == 1 or stay.guest is None:
        return []
    return [
        {
            "id": dress.reservation_id,
            "reservationId": dress.reservation_id,
            "listingUnitId": dress.listing_id * 10 + 1,
            "externalReservationId": None,
            "externalReservationUnitId": None,
            "guestName": f"{stay.guest.first_name} {stay.guest.last_name}",
            "guestFirstName": stay.guest.first_name,
            "guestLastName": stay.guest.last_name,
            "numberOfGuests": stay.adults + stay.children,
            "adults": stay.adults,
            "children": stay.children,
            "infants": stay.infants,
            "pets": stay.pets,
            "totalPrice": number(stay.total),
        }
    ]
