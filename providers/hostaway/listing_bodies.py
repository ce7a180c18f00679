"""Changes of listings in Hostaway's words (Hostaway documentation, Listing object)."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from providers.changes import (
    AddressChange,
    BedChange,
    ContactChange,
    CustomFieldChange,
    ListingChange,
    ListingTextChange,
    ProblemKind,
    given,
)
from providers.hostaway.change_checks import Checks, Path
from providers.hostaway.listing_extras import HostawayListingExtras, extras_body
from providers.hostaway.listings import NO_MAXIMUM_STAY
from providers.model import Channel, RatePeriod, RoomType

Body = dict[str, Any]

SECRETS = frozenset({"doorSecurityCode", "wifiPassword"})

_NAMES = ("name", "externalListingName")
"""The documentation calls both the same."""

TEXTS: Mapping[str, str] = {
    "internal_name": "internalListingName",
    "description": "description",
    "house_rules": "houseRules",
    "public_address": "publicAddress",
    "license_number": "propertyLicenseNumber",
    "license_type": "propertyLicenseType",
    "key_pickup": "keyPickup",
    "access_instructions": "specialInstruction",
    "door_code": "doorSecurityCode",
    "wifi_name": "wifiUsername",
    "wifi_password": "wifiPassword",
    "cleaning_instructions": "cleaningInstruction",
}
WHOLE: Mapping[str, tuple[str, int]] = {
    "max_guests": ("personCapacity", 1),
    "guests_included": ("guestsIncluded", 1),
    "max_children": ("maxChildrenAllowed", 0),
    "max_infants": ("maxInfantsAllowed", 0),
    "max_pets": ("maxPetsAllowed", 0),
    "bedrooms": ("bedroomsNumber", 0),
    "beds": ("bedsNumber", 0),
    "area": ("squareMeters", 0),
    "minimum_nights": ("minNights", 1),
    "maximum_nights": ("maxNights", 1),
    "lead_time_hours": ("instantBookableLeadTime", 0),
}
"""Names and least values."""

AMOUNTS: Mapping[str, str] = {
    "bathrooms": "bathroomsNumber",
    "extra_guest_price": "priceForExtraPerson",
    "cleaning_fee": "cleaningFee",
    "damage_deposit": "refundableDamageDeposit",
}
DEGREES: Mapping[str, tuple[str, int]] = {"latitude": ("lat", 90), "longitude": ("lng", 180)}
FACTORS: Mapping[str, str] = {"weekly_discount": "weeklyDiscount", "monthly_discount": "monthlyDiscount"}
HOURS: Mapping[str, str] = {
    "check_in_from": "checkInTimeStart",
    "check_in_until": "checkInTimeEnd",
    "check_out_until": "checkOutTime",
}
FLAGS: Mapping[str, str] = {"instant_bookable": "instantBookable", "same_day_booking": "allowSameDayBooking"}
DAYS: Mapping[str, str] = {
    "license_issued_on": "propertyLicenseIssueDate",
    "license_expires_on": "propertyLicenseExpirationDate",
}
LACKING: Mapping[str, str] = {
    "headline": "one-line description but those of channels: see texts",
    "summary": "short description but those of channels: see texts",
    "floor": "floor",
    "minimum_price": "least price",
    "maximum_price": "greatest price",
    "downpayment_percentage": "part that is due when booking",
    "balance_due_days": "day on which the rest is due",
    "bookable_online": "switch for booking online",
    "owner": "owner beside the contact",
    "owner_notes": "notes on the owner",
    "website_url": "address of a listing's own page",
    "position": "place among listings that could be set",
    "tag_ids": "labels that could be set",
}
"""What Hostaway has no property for."""

ELSEWHERE = frozenset(
    {"name", "property_type", "provider_property_type", "images", "custom_fields", "extras", "reference"}
)
"""What is made of more than its own value."""

_ADDRESS: Mapping[str, str] = {
    "full": "address",
    "line1": "street",
    "city": "city",
    "state": "state",
    "postal_code": "zipcode",
    "country": "country",
}
_CONTACT: Mapping[str, str] = {
    "first_name": "Name",
    "last_name": "SurName",
    "phone": "Phone1",
    "phone2": "Phone2",
    "email": "Email",
    "address": "Address",
    "language": "Language",
}
_ROOM_TYPES: Mapping[RoomType, str] = {
    RoomType.ENTIRE_HOME: "entire_home",
    RoomType.PRIVATE_ROOM: "private_room",
    RoomType.SHARED_ROOM: "shared_room",
}
_POLICIES = ("flexible", "moderate", "strict")
_CHANNEL_TEXTS: Mapping[Channel | None, Mapping[str, tuple[str, ...]]] = {
    None: {"name": _NAMES, "description": ("description",)},
    Channel.AIRBNB: {
        "name": ("airbnbName",),
        "summary": ("airbnbSummary",),
        "space": ("airbnbSpace",),
        "access": ("airbnbAccess",),
        "interaction": ("airbnbInteraction",),
        "neighborhood": ("airbnbNeighborhoodOverview",),
        "transit": ("airbnbTransit",),
        "notes": ("airbnbNotes",),
    },
    Channel.BOOKING_COM: {"name": ("bookingcomPropertyName",), "description": ("bookingcomPropertyDescription",)},
    Channel.VRBO: {
        "name": ("homeawayPropertyName",),
        "headline": ("homeawayPropertyHeadline",),
        "description": ("homeawayPropertyDescription",),
    },
}


def plain_body(change: ListingChange, checks: Checks) -> Body:
    """All of a change but the kind of building, pictures and custom fields, which need reads."""
    told = given(change)
    body: Body = {}
    if "name" in told:
        body |= dict.fromkeys(_NAMES, checks.named(told["name"], ("name",)))
    for name, value in told.items():
        if name in LACKING:
            checks.unsupported(LACKING[name], (name,))
        elif name not in ELSEWHERE:
            body |= _property(name, value, checks)
    if isinstance(change.extras, HostawayListingExtras):
        body |= extras_body(change.extras, checks)
    _check_together(body, checks)
    return body


def _property(name: str, value: Any, checks: Checks) -> Body:  # noqa: PLR0911 - one return for each kind of property
    field: Path = (name,)
    if name in TEXTS:
        return {TEXTS[name]: value}
    if name == "maximum_nights" and value is None:
        return {"maxNights": NO_MAXIMUM_STAY}
    if name in WHOLE:
        whole, least = WHOLE[name]
        return {whole: checks.whole(value, field, least=least)}
    if name in AMOUNTS:
        return {AMOUNTS[name]: checks.number(value, field)}
    if name in DEGREES:
        degrees, most = DEGREES[name]
        return {degrees: checks.number(value, field, least=-most, most=most)}
    if name in FACTORS:
        return {FACTORS[name]: checks.number(value, field, most=1, above=True)}
    if name in HOURS:
        return {HOURS[name]: checks.hour(value, field)}
    if name in FLAGS:
        return {FLAGS[name]: int(value)}
    if name in DAYS:
        return {DAYS[name]: None if value is None else value.isoformat()}
    return SPECIAL[name](value, checks)


def _base_price(value: Any, checks: Checks) -> Body:
    return {"price": checks.number(value, ("base_price",), above=True)}


def _base_price_period(value: RatePeriod, checks: Checks) -> Body:
    if value is not RatePeriod.NIGHT:
        checks.unsupported("base price but that of a night", ("base_price_period",), allowed="NIGHT")
    return {}


def _room_type(value: RoomType, checks: Checks) -> Body:
    if value not in _ROOM_TYPES:
        allowed = ", ".join(each.value for each in _ROOM_TYPES)
        checks.unsupported("word for this", ("room_type",), allowed=allowed)
    return {"roomType": _ROOM_TYPES.get(value)}


def _currency(value: str, checks: Checks) -> Body:
    return {"currencyCode": _upper(checks.letters(value, ("currency",), 3, "code of a currency"))}


def _language(value: str, checks: Checks) -> Body:
    code = checks.letters(value, ("language",), 2, "code of a language (ISO 639-1)")
    return {"language": None if code is None else code.lower()}


def _time_zone(value: str, checks: Checks) -> Body:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        checks.wrong(ProblemKind.UNKNOWN, "There is no such time zone.", ("time_zone",), "Europe/Berlin, for example")
    return {"timeZoneName": value}


def _policy(value: str | None, checks: Checks) -> Body:
    return {"cancellationPolicy": checks.word(value, ("cancellation_policy",), _POLICIES)}


def _address(value: AddressChange, checks: Checks) -> Body:
    body: Body = {}
    for name, text in given(value).items():
        if name in _ADDRESS:
            body[_ADDRESS[name]] = text
        elif name == "country_code":
            code = checks.letters(text, ("address", name), 2, "code of a country (ISO 3166-1)")
            body["countryCode"] = _upper(code)
        else:
            checks.unsupported("second address line", ("address", name))
    return body


def _contact(value: ContactChange, checks: Checks) -> Body:
    return {f"contact{_CONTACT[name]}": text for name, text in given(value).items()}


def _invoicing_contact(value: ContactChange, checks: Checks) -> Body:
    return {f"invoicingContact{_CONTACT[name]}": text for name, text in given(value).items()}


def _amenities(value: tuple[str, ...], checks: Checks) -> Body:
    ids = [checks.identity(each, ("amenity_ids", index)) for index, each in enumerate(value)]
    return {"listingAmenities": [{"amenityId": each} for each in dict.fromkeys(ids)]}


def _beds(value: tuple[BedChange, ...], checks: Checks) -> Body:
    return {
        "listingBedTypes": [
            {
                "bedTypeId": checks.identity(each.type_id, ("beds_by_type", index, "type_id")),
                "quantity": checks.whole(each.quantity, ("beds_by_type", index, "quantity"), least=1),
            }
            for index, each in enumerate(value)
        ]
    }


def _texts(value: tuple[ListingTextChange, ...], checks: Checks) -> Body:
    """Texts for channels. Hostaway has one language for all of a listing's texts."""
    body: Body = {}
    for index, text in enumerate(value):
        names = _CHANNEL_TEXTS.get(text.channel)
        if text.locale is not None:
            checks.unsupported("texts in several languages", ("texts", index, "locale"))
        if names is None:
            allowed = ", ".join(each.value for each in _CHANNEL_TEXTS if each is not None)
            checks.unsupported("texts for this channel", ("texts", index, "channel"), allowed=allowed)
            continue
        for name, words in given(text).items():
            field: Path = ("texts", index, name)
            if name in names:
                named = checks.named(words, field) if names[name] == _NAMES else words
                body |= dict.fromkeys(names[name], named)
            elif name not in ("locale", "channel"):
                checks.unsupported("such text for this channel", field, allowed=", ".join(names))
    return body


SPECIAL = {
    "base_price": _base_price,
    "base_price_period": _base_price_period,
    "room_type": _room_type,
    "currency": _currency,
    "language": _language,
    "time_zone": _time_zone,
    "cancellation_policy": _policy,
    "address": _address,
    "contact": _contact,
    "invoicing_contact": _invoicing_contact,
    "amenity_ids": _amenities,
    "beds_by_type": _beds,
    "texts": _texts,
}


def custom_values(changes: tuple[CustomFieldChange, ...], checks: Checks) -> dict[int, str]:
    """Values by the number of their field. An empty text empties a field: see BEHAVIOR.md."""
    found = {}
    for index, each in enumerate(changes):
        number = checks.identity(each.field_id, ("custom_fields", index, "field_id"))
        if number is not None:
            found[number] = each.value or ""
    return found


def merged_custom_values(there: Any, values: Mapping[int, str]) -> list[Body]:
    """The whole array: those that are there, with the new values. Hostaway replaces it as a whole."""
    rows = [each for each in there or () if isinstance(each, dict)] if isinstance(there, list) else []
    left = dict(values)
    merged: list[Body] = []
    for row in rows:
        number = _number(row.get("customFieldId"))
        kept = row.get("value")
        merged.append({"customFieldId": row.get("customFieldId"), "value": left.pop(number, kept) if number else kept})
    return merged + [{"customFieldId": number, "value": value} for number, value in left.items()]


def _number(sent: Any) -> int | None:
    text = str(sent)
    return int(text) if text.isascii() and text.isdigit() else None


def _check_together(body: Body, checks: Checks) -> None:
    """What is given twice over must agree."""
    least, most = body.get("minNights"), body.get("maxNights")
    if least is not None and most is not None and least > most:
        checks.wrong(ProblemKind.INVALID, "It is less than the fewest nights.", ("maximum_nights",))
    issued, expires = body.get("propertyLicenseIssueDate"), body.get("propertyLicenseExpirationDate")
    if issued is not None and expires is not None and issued > expires:
        checks.wrong(ProblemKind.INVALID, "It is before the day of issue.", ("license_expires_on",))


def _upper(code: str | None) -> str | None:
    return None if code is None else code.upper()
