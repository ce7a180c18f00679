"""A house as Hostaway's listing object, with every property of the documentation's table."""

from datetime import timedelta
from typing import Any

from providers.hostaway.simulator.dictionaries import AMENITY_IDS, PROPERTY_TYPE_IDS
from providers.hostaway.simulator.envelope import day_text, moment_text, number
from providers.hostaway.simulator.odd import (
    ARCHIVED_LISTING,
    BROKEN_NAME,
    EXTRA_FIELDS,
    NULLS_LISTING,
    TEXT_NUMBERS_LISTING,
)
from providers.hostaway.simulator.readings import HostawayReadings
from providers.hostaway.simulator.terms import Terms
from providers.simulation.portfolio import House, Person

NO_MAXIMUM = 1125
"""Hostaway's ``maxNights`` where there is no limit (Hostaway documentation, listing object)."""

ON_REQUEST = ("listingAmenities", "listingBedTypes", "listingImages", "customFieldValues")
"""Arrays that are empty without ``includeResources=1``."""


def listing_record(
    house: House, owner: Person, terms: Terms, listing_id: int, readings: HostawayReadings
) -> dict[str, Any]:
    """The full listing object, with all its arrays."""
    record = {
        "id": listing_id,
        **_names(house),
        **_address(house),
        **_price(house, terms),
        **_rooms(house),
        **_rules(house),
        **_contact(house, owner),
        **_channels(house, listing_id),
        **_upkeep(house, readings),
        **_arrays(house, listing_id),
    }
    if house.number % 2:
        record |= EXTRA_FIELDS
    if house.number == NULLS_LISTING:
        record |= _sparse()
    if house.number == TEXT_NUMBERS_LISTING:
        record |= _texts_for_numbers(record)
    return record


def broken(record: dict[str, Any]) -> dict[str, Any]:
    """The record with a type that no reading allows."""
    return {**record, "name": BROKEN_NAME}


def _names(house: House) -> dict[str, Any]:
    return {
        "propertyTypeId": PROPERTY_TYPE_IDS[house.kind],
        "name": house.name,
        "externalListingName": house.name,
        "internalListingName": f"{house.town.country_code}-{house.number:03d}",
        "description": f"{house.headline}. {house.description}",
        "houseRules": "No smoking. No parties." if house.number % 2 else "",
        "keyPickup": "Key box at the door.",
        "specialInstruction": None if house.number % 3 else "Ring the upper bell.",
        "doorSecurityCode": f"{house.number * 7919 % 10000:04d}",
        "language": "en",
    }


def _address(house: House) -> dict[str, Any]:
    town = house.town
    return {
        "country": town.country,
        "countryCode": town.country_code,
        "state": town.state,
        "city": town.name,
        "street": house.street,
        "zipcode": town.postal_code,
        "address": f"{house.street}, {town.name}, {town.postal_code}, {town.country}",
        "publicAddress": f"{town.name}, {town.country}",
        "lat": round(town.latitude + house.number * 0.0007, 6),
        "lng": round(town.longitude - house.number * 0.0005, 6),
        "timeZoneName": town.time_zone,
    }


def _price(house: House, terms: Terms) -> dict[str, Any]:
    return {
        "price": number(house.nightly),
        "currencyCode": house.town.currency,
        "guestsIncluded": house.guests_included,
        "priceForExtraPerson": number(terms.extra_person),
        "weeklyDiscount": number(terms.weekly),
        "monthlyDiscount": number(terms.monthly),
        "cleaningFee": number(house.cleaning_fee),
        "refundableDamageDeposit": number(house.damage_deposit),
        "propertyRentTax": None,
        "guestPerPersonPerNightTax": None,
        "guestStayTax": None,
        "guestNightlyTax": None,
        "partnersListingMarkup": None,
        "airbnbOfficialListingMarkup": 1.08 if house.number % 4 == 0 else None,
        "bookingEngineMarkup": None,
        "homeawayApiMarkup": None,
        "marriottListingMarkup": None,
    }


def _rooms(house: House) -> dict[str, Any]:
    return {
        "personCapacity": house.max_guests,
        "maxChildrenAllowed": max(house.max_guests - 1, 0),
        "maxInfantsAllowed": 2,
        "maxPetsAllowed": 1 if "pets_allowed" in house.amenities else 0,
        "bedroomsNumber": house.bedrooms,
        "bedsNumber": house.beds,
        "bathroomsNumber": int(house.bathrooms) if house.bathrooms.is_integer() else house.bathrooms,
        "guestBathroomsNumber": None,
        "bedType": "real_bed",
        "roomType": "entire_home",
        "bathroomType": "private",
        "squareMeters": house.area,
    }


def _rules(house: House) -> dict[str, Any]:
    return {
        "minNights": house.minimum_nights,
        "maxNights": NO_MAXIMUM if house.number % 5 else 28,
        "checkInTimeStart": house.check_in_hour,
        "checkInTimeEnd": house.check_in_end_hour,
        "checkOutTime": house.check_out_hour,
        "instantBookable": house.number % 2,
        "instantBookableLeadTime": 24,
        "allowSameDayBooking": 1,
        "sameDayBookingLeadTime": 14,
        "airbnbBookingLeadTime": 24,
        "airbnbBookingLeadTimeAllowRequestToBook": 1,
        "cancellationPolicy": ("flexible", "moderate", "strict")[house.number % 3],
        "cancellationPolicyId": 2 + house.number % 3,
        "airbnbCancellationPolicyId": 101 + house.number % 3,
        "airBnbCancellationPolicyId": 101 + house.number % 3,
        "bookingCancellationPolicyId": 201,
        "marriottCancellationPolicyId": None,
        "vrboCancellationPolicyId": 401,
        "starRating": 4 if house.number % 6 == 0 else None,
        "averageReviewRating": None if house.rating is None else float(house.rating * 2),
        "specialStatus": "archived" if house.number == ARCHIVED_LISTING else None,
    }


def _contact_name(house: House, owner: Person) -> str:
    """Every third listing has a manager of its own; the others are looked after by the owner."""
    return owner.first_name if house.number % 3 else ("Bea", "zoe", "Ólafur")[house.number % 9 // 3]


def _contact(house: House, owner: Person) -> dict[str, Any]:
    return {
        "contactName": _contact_name(house, owner),
        "contactSurName": owner.last_name,
        "contactPhone1": owner.phone,
        "contactPhone2": None,
        "contactEmail": owner.email,
        "contactLanguage": owner.locale,
        "contactAddress": "",
        "invoicingContactName": owner.first_name,
        "invoicingContactSurName": owner.last_name,
        "invoicingContactPhone1": owner.phone,
        "invoicingContactPhone2": None,
        "invoicingContactEmail": owner.email,
        "invoicingContactAddress": None,
        "invoicingContactCity": owner.city,
        "invoicingContactZipcode": None,
        "invoicingContactCountry": "UK" if owner.country_code == "GB" else owner.country_code,
        "invoicingContactLanguage": owner.locale,
        "propertyLicenseNumber": house.license_number if house.number % 4 else "",
        "propertyLicenseType": "registration" if house.number % 4 else None,
        "propertyLicenseIssueDate": day_text(house.created_at.date()),
        "propertyLicenseExpirationDate": day_text(house.created_at.date() + timedelta(days=3650)),
    }


def _channels(house: House, listing_id: int) -> dict[str, Any]:
    return {
        "homeawayPropertyName": house.name,
        "homeawayPropertyHeadline": house.headline,
        "homeawayPropertyDescription": house.description,
        "bookingcomPropertyName": house.name,
        "bookingcomPropertyDescription": house.description,
        "bookingcomPropertyRoomName": "",
        "bookingcomPropertyRegisteredInVcs": house.town.country_code == "FR",
        "bookingcomPropertyHasVat": house.town.country_code == "FR",
        "bookingcomPropertyDeclaresRevenue": None,
        "airbnbName": house.name,
        "airbnbSummary": house.headline,
        "airbnbSpace": house.description,
        "airbnbAccess": None,
        "airbnbInteraction": None,
        "airbnbNeighborhoodOverview": "",
        "airbnbTransit": "",
        "airbnbNotes": None,
        "airbnbListingUrl": f"https://airbnb.example.com/rooms/{listing_id}" if house.number % 3 else None,
        "vrboListingUrl": f"https://vrbo.example.com/{listing_id}" if house.number % 4 == 0 else None,
        "googleVrListingUrl": None,
        "bookingEngineUrls": [],
    }


def _upkeep(house: House, readings: HostawayReadings) -> dict[str, Any]:
    updated = moment_text(house.updated_at)
    return {
        "wifiUsername": "guest",
        "wifiPassword": f"wifi-{house.number:04d}",
        "cleannessStatus": 1,
        "cleaningInstruction": None,
        "cleannessStatusUpdatedOn": updated,
        "isRentalAgreementActive": bool(house.number % 2),
        "listingAgreementText": None,
        "insuranceEligibilityStatus": None,
        "latestActivityOn": updated if readings.activity_has_time else day_text(house.updated_at.date()),
        "thumbnailUrl": house.images[0] if house.images else None,
    }


def _arrays(house: House, listing_id: int) -> dict[str, Any]:
    return {
        "listingAmenities": [
            {"id": listing_id * 100 + index, "amenityId": AMENITY_IDS[name]}
            for index, name in enumerate(house.amenities)
        ],
        "listingBedTypes": _beds(house, listing_id),
        "listingImages": [
            {
                "id": listing_id * 100 + index,
                "url": url,
                "caption": "Living room" if index == 0 else None,
                "vrboCaption": None,
                "airbnbCaption": "",
                "sortOrder": index + 1,
            }
            for index, url in enumerate(house.images)
        ],
        "customFieldValues": [{"customFieldId": 168, "value": f"shelf {house.number}"}],
    }


def _beds(house: House, listing_id: int) -> list[dict[str, Any]]:
    """A double bed, and single ones."""
    kinds = ((2, min(house.beds, 1)), (1, house.beds - 1))
    return [{"id": listing_id * 10 + kind, "bedTypeId": kind, "quantity": count} for kind, count in kinds if count > 0]


def _sparse() -> dict[str, Any]:
    nulls = (
        *("internalListingName", "state", "street", "zipcode", "address", "publicAddress", "lat", "lng"),
        *(
            "timeZoneName",
            "guestsIncluded",
            "weeklyDiscount",
            "monthlyDiscount",
            "cleaningFee",
            "squareMeters",
        ),
        *("refundableDamageDeposit", "bathroomsNumber", "bedroomsNumber", "bedsNumber", "personCapacity"),
        *("propertyTypeId", "minNights", "maxNights", "checkInTimeStart", "checkInTimeEnd", "checkOutTime"),
        *("cancellationPolicy", "averageReviewRating", "contactName", "contactEmail", "latestActivityOn"),
    )
    empty = (
        "description",
        "houseRules",
        "city",
        "country",
        "countryCode",
        "propertyLicenseNumber",
        "roomType",
    )
    arrays: dict[str, Any] = {name: [] for name in ON_REQUEST}
    return {**dict.fromkeys(nulls), **dict.fromkeys(empty, ""), **arrays}


def _texts_for_numbers(record: dict[str, Any]) -> dict[str, Any]:
    numbers = (
        "price",
        "lat",
        "lng",
        "personCapacity",
        "bedroomsNumber",
        "minNights",
        "maxNights",
        "checkInTimeStart",
    )
    return {
        **{name: str(record[name]) for name in numbers},
        "instantBookable": "1",
        "allowSameDayBooking": True,
        "isRentalAgreementActive": "0",
    }
