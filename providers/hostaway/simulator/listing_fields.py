"""The properties of a listing that a caller may set, and what each may hold (Hostaway documentation, Listing object).

Others are ignored: unknown ones, and those that Hostaway sets itself, such as ``id`` and ``latestActivityOn``.
"""

from collections.abc import Mapping
from typing import Any

from providers.hostaway.simulator.body_checks import (
    Check,
    is_amount,
    is_count,
    is_day,
    is_flag,
    is_hour,
    is_named,
    is_number,
    is_text,
    one_of,
    refused_value,
)
from providers.hostaway.simulator.envelope import RefusedError
from providers.hostaway.simulator.readings import HostawayReadings

NAMES = ("name", "externalListingName")
"""Both are needed, and hold the same."""

AIRBNB_POLICY = ("airbnbCancellationPolicyId", "airBnbCancellationPolicyId")
"""Two spellings of one property."""

MARRIOTT_POLICY = ("marriottCancellationPolicyId", "marriottBnbCancellationPolicyId")

_TEXTS = """internalListingName description houseRules keyPickup specialInstruction doorSecurityCode country countryCode
    state city street zipcode address publicAddress currencyCode bedType timeZoneName language contactName
    contactSurName contactPhone1 contactPhone2 contactEmail contactLanguage contactAddress invoicingContactName
    invoicingContactSurName invoicingContactPhone1 invoicingContactPhone2 invoicingContactEmail
    invoicingContactAddress invoicingContactCity invoicingContactZipcode invoicingContactCountry
    invoicingContactLanguage propertyLicenseNumber propertyLicenseType wifiUsername wifiPassword
    cleaningInstruction homeawayPropertyName homeawayPropertyHeadline homeawayPropertyDescription bookingcomPropertyName
    bookingcomPropertyDescription bookingcomPropertyRoomName airbnbName airbnbSummary airbnbSpace airbnbAccess
    airbnbInteraction airbnbNeighborhoodOverview airbnbTransit airbnbNotes airbnbListingUrl vrboListingUrl
    googleVrListingUrl listingAgreementText cleannessStatus"""
_COUNTS = """propertyTypeId personCapacity maxChildrenAllowed maxInfantsAllowed maxPetsAllowed bedroomsNumber bedsNumber
    guestBathroomsNumber squareMeters minNights maxNights guestsIncluded instantBookableLeadTime allowSameDayBooking
    sameDayBookingLeadTime airbnbBookingLeadTime airbnbBookingLeadTimeAllowRequestToBook cancellationPolicyId
    bookingCancellationPolicyId vrboCancellationPolicyId"""
_AMOUNTS = """price priceForExtraPerson weeklyDiscount monthlyDiscount cleaningFee refundableDamageDeposit
    propertyRentTax guestPerPersonPerNightTax guestStayTax guestNightlyTax starRating bathroomsNumber
    partnersListingMarkup airbnbOfficialListingMarkup bookingEngineMarkup homeawayApiMarkup marriottListingMarkup"""
_FLAGS = """instantBookable isRentalAgreementActive bookingcomPropertyRegisteredInVcs bookingcomPropertyHasVat
    bookingcomPropertyDeclaresRevenue"""

_CHECKS: Mapping[str, Check] = {
    **dict.fromkeys(NAMES, is_named),
    **dict.fromkeys(_TEXTS.split(), is_text),
    **dict.fromkeys((*_COUNTS.split(), *AIRBNB_POLICY, *MARRIOTT_POLICY), is_count),
    **dict.fromkeys(_AMOUNTS.split(), is_amount),
    **dict.fromkeys(_FLAGS.split(), is_flag),
    **dict.fromkeys(("lat", "lng"), is_number),
    **dict.fromkeys(("checkInTimeStart", "checkInTimeEnd", "checkOutTime"), is_hour),
    **dict.fromkeys(("propertyLicenseIssueDate", "propertyLicenseExpirationDate"), is_day),
    "roomType": one_of(("entire_home", "private_room", "shared_room")),
    "bathroomType": one_of(("private", "shared")),
    "cancellationPolicy": one_of(("flexible", "moderate", "strict")),
}


def settable(body: Mapping[str, Any], readings: HostawayReadings) -> dict[str, Any]:
    """The properties of ``body`` that are set, arrays apart; null empties all but names.

    Raises ``RefusedError`` for a bad value, or leaves it out, as the readings say.
    """
    found: dict[str, Any] = {}
    for name, value in body.items():
        check = _CHECKS.get(name)
        if check is None:
            continue
        if check(value) or (value is None and name not in NAMES):
            found[name] = value
        elif readings.bad_value is not None:
            raise refused_value(name, readings)
    return found | _paired(found)


def check_names(body: Mapping[str, Any]) -> None:
    """Raises ``RefusedError`` where a listing to be made lacks its name."""
    for name in NAMES:
        if not is_named(body.get(name)):
            raise RefusedError(422, f'The "{name}" parameter is required.')


def _paired(found: Mapping[str, Any]) -> dict[str, Any]:
    """Properties with two names hold the same under both; the first that was sent decides."""
    paired: dict[str, Any] = {}
    for names in (NAMES, AIRBNB_POLICY, MARRIOTT_POLICY):
        sent = [found[name] for name in names if name in found]
        if sent:
            paired |= dict.fromkeys(names, sent[0])
    return paired
