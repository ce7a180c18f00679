"""Reservations in Hostaway's words, as they are written (Hostaway documentation, Create and Update a reservation)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from typing import Any

from pydantic.alias_generators import to_camel

from providers.changes import (
    CustomFieldChange,
    GuestChange,
    Omitted,
    PartyChange,
    Problem,
    ProblemKind,
    ReservationChange,
    given,
)
from providers.hostaway.paging import is_id
from providers.hostaway.reservation_extras import HostawayReservationExtras
from providers.hostaway.wishes import json_number

Body = dict[str, Any]

_PLAIN = {
    "currency": "currency",
    "total": "totalPrice",
    "is_paid": "isPaid",
    "guest_note": "guestNote",
    "host_note": "hostNote",
    "comment": "comment",
    "customer_reference": "customerUserId",
    "door_code": "doorCode",
}
_GUEST = {
    "name": "guestName",
    "first_name": "guestFirstName",
    "last_name": "guestLastName",
    "email": "guestEmail",
    "phone": "phone",
    "locale": "guestLocale",
    "address": "guestAddress",
    "postal_code": "guestZipCode",
    "city": "guestCity",
    "country": "guestCountry",
}
_PARTY = {
    "guests": "numberOfGuests",
    "adults": "adults",
    "children": "children",
    "infants": "infants",
    "pets": "pets",
}
_UNKNOWN_OF_GUESTS = ("state", "company", "notes")
_UNKNOWN = ("channel_reference", "expires_at")

MOST_DIGITS = 15
"""Digits of an amount that a JSON number is sure to carry exactly."""

UPDATE_SET = (
    *("listingMapId", "isManuallyChecked", "guestName", "guestFirstName", "guestLastName", "guestZipCode"),
    *("guestAddress", "guestCity", "guestCountry", "guestEmail", "guestPicture", "guestRecommendations"),
    *("guestTrips", "guestWork", "isGuestIdentityVerified", "isGuestVerifiedByEmail", "isGuestVerifiedByWorkEmail"),
    *("isGuestVerifiedByFacebook", "isGuestVerifiedByGovernmentId", "isGuestVerifiedByPhone"),
    *("isGuestVerifiedByReviews", "numberOfGuests", "adults", "children", "infants", "pets", "arrivalDate"),
    *("departureDate", "checkInTime", "checkOutTime", "phone", "totalPrice", "taxAmount", "channelCommissionAmount"),
    *("cleaningFee", "securityDepositFee", "isPaid", "currency", "hostNote", "guestNote", "guestLocale", "doorCode"),
    *("doorCodeVendor", "doorCodeInstruction", "comment", "airbnbExpectedPayoutAmount", "airbnbListingBasePrice"),
    *("airbnbListingCancellationHostFee", "airbnbListingCancellationPayout", "airbnbListingCleaningFee"),
    *("airbnbListingHostFee", "airbnbListingSecurityPrice", "airbnbOccupancyTaxAmountPaidToHost"),
    *("airbnbTotalPaidAmount", "airbnbTransientOccupancyTaxPaidAmount", "airbnbCancellationPolicy"),
    *("customerUserId", "customFieldValues"),
)
"""What an update sends, changed or not: whether it empties what is left out is not documented."""

FIELD_NAMES: Mapping[str, str] = {
    **{wire: to_camel(name) for name, wire in _PLAIN.items()},
    **{wire: f"guest.{to_camel(name)}" for name, wire in _GUEST.items()},
    **{wire: f"party.{to_camel(name)}" for name, wire in _PARTY.items()},
    "arrivalDate": "arrival",
    "departureDate": "departure",
    "checkInTime": "checkInTime",
    "checkOutTime": "checkOutTime",
    "customFieldValues": "customFields",
}
"""The unified name of each field of Hostaway's, for messages."""


@dataclass(slots=True)
class Asked:
    """The fields of Hostaway that a change names, and what is wrong with it."""

    body: Body
    problems: list[Problem]

    def wrong(self, kind: ProblemKind, message: str, *field: str | int, allowed: str | None = None) -> None:
        self.problems.append(Problem(kind=kind, message=message, field=field, allowed=allowed))


def asked(change: ReservationChange) -> Asked:
    """What a change or draft names, but for its price lines and custom fields."""
    found = Asked({}, [])
    named = given(change)
    for name in _UNKNOWN:
        if named.get(name) is not None:
            found.wrong(ProblemKind.NOT_SUPPORTED, "Hostaway has no way to write this.", name)
    found.body |= {f"{name}Date": named[name].isoformat() for name in ("arrival", "departure") if name in named}
    times = ("check_in_time", "check_out_time")
    found.body |= {to_camel(name): _hour(named[name], name, found) for name in times if name in named}
    found.body |= {wire: plain(named[name], found, name) for name, wire in _PLAIN.items() if name in named}
    if isinstance(change.guest, GuestChange):
        _add_guest(change.guest, found)
    if isinstance(change.party, PartyChange):
        party = given(change.party)
        found.body |= {wire: party[name] for name, wire in _PARTY.items() if name in party}
    if isinstance(change.extras, HostawayReservationExtras):
        extras = given(change.extras)
        found.body |= {to_camel(name): plain(value, found, "hostaway", name) for name, value in extras.items()}
    return found


def plain(value: Any, found: Asked, *field: str | int) -> Any:
    """A value as Hostaway takes it: amounts as JSON numbers, a yes or no as 1 or 0.

    An amount that would not arrive to the last digit is a problem.
    """
    if isinstance(value, bool):
        return int(value)
    if not isinstance(value, Decimal):
        return value
    if not value.is_finite() or Decimal(str(json_number(value))) != value:
        message = "The amount has more digits than Hostaway takes."
        found.wrong(ProblemKind.OUT_OF_RANGE, message, *field, allowed=f"up to {MOST_DIGITS} digits")
        return None
    return json_number(value)


def as_read(value: Any) -> Any:
    """A value as it came, fit to be sent back."""
    if isinstance(value, Decimal):
        return json_number(value)
    if isinstance(value, Mapping):
        return {key: as_read(each) for key, each in value.items()}
    return [as_read(each) for each in value] if isinstance(value, list) else value


def complete_name(body: Body, before: Mapping[str, Any]) -> None:
    """Compose the full name where parts of it change and it is not named itself."""
    parts = ("guestFirstName", "guestLastName")
    if "guestName" in body or not any(name in body for name in parts):
        return
    words = (body[name] if name in body else before.get(name) for name in parts)
    body["guestName"] = " ".join(word.strip() for word in words if isinstance(word, str) and word.strip())


def complete_party(body: Body, before: Mapping[str, Any]) -> None:
    """Count the guests where adults or children change and all guests are not named themselves."""
    parts = ("adults", "children")
    if "numberOfGuests" in body or not any(name in body for name in parts):
        return
    counts = [body[name] if name in body else before.get(name) for name in parts]
    whole = [int(count) for count in counts if isinstance(count, int) or (isinstance(count, str) and count.isdigit())]
    body["numberOfGuests"] = sum(whole)


def custom_values(
    changes: Iterable[CustomFieldChange] | Omitted, before: Iterable[Any], found: Asked
) -> list[Body] | None:
    """All custom fields, changed ones with their new value; None where none is named.

    Whether an update's list replaces all of them is not documented: the whole list is right in any reading.
    """
    if isinstance(changes, Omitted):
        return None
    values: dict[str, Body] = {}
    for each in before:
        if isinstance(each, Mapping) and each.get("customFieldId") is not None:
            kept = {"customFieldId": as_read(each["customFieldId"]), "value": as_read(each.get("value"))}
            values[str(each["customFieldId"])] = kept
    for index, change in enumerate(changes):
        if is_id(change.field_id):
            values[change.field_id] = {"customFieldId": int(change.field_id), "value": change.value}
        else:
            message = "Hostaway's custom fields have numbers for ids."
            found.wrong(ProblemKind.UNKNOWN, message, "custom_fields", index, "field_id")
    return list(values.values())


def private_texts(body: Mapping[str, Any]) -> list[str]:
    """Texts about guests, doors and cards in a body, which must not come back in a refusal."""
    return [value for name, value in body.items() if name in _PRIVATE and isinstance(value, str)]


_PRIVATE = frozenset(
    {
        *_GUEST.values(),
        *("doorCode", "doorCodeInstruction", "guestNote", "hostNote", "comment", "customerUserId"),
        *("ccNumber", "ccName", "ccExpirationYear", "cvc"),
    }
) - {"guestCountry", "guestLocale"}


def _add_guest(guest: GuestChange, found: Asked) -> None:
    named = given(guest)
    for name in _UNKNOWN_OF_GUESTS:
        if named.get(name) is not None:
            found.wrong(ProblemKind.NOT_SUPPORTED, "Hostaway knows no such thing of guests.", "guest", name)
    found.body |= {wire: named[name] for name, wire in _GUEST.items() if name in named}


def _hour(value: time | None, name: str, found: Asked) -> int | None:
    if value is None:
        return None
    if (value.minute, value.second, value.microsecond) != (0, 0, 0):
        found.wrong(ProblemKind.INVALID, "Hostaway knows full hours only.", name, allowed="full hours, such as 15:00")
    return value.hour
