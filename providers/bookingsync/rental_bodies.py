"""Rentals that are written, in BookingSync's words (documentation, Rentals: table of what can be written)."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from providers.bookingsync.booking_money import text
from providers.bookingsync.extras import RentalExtras
from providers.bookingsync.resources import is_id
from providers.bookingsync.sending import sent_id
from providers.changes import (
    AddressChange,
    ChangeRefused,
    ContactChange,
    ListingChange,
    ListingTextChange,
    Problem,
    ProblemKind,
    given,
    or_none,
)
from providers.model import PropertyType, RatePeriod

NAME_LENGTH = (3, 40)
LONGEST = {"headline": 75, "description": 5000, "owner_notes": 2000}
_TYPES = {
    PropertyType.APARTMENT: "apartment",
    PropertyType.HOUSE: "house",
    PropertyType.VILLA: "villa",
    PropertyType.COTTAGE: "cottage",
    PropertyType.CABIN: "cabin",
    PropertyType.STUDIO: "studio",
    PropertyType.BED_AND_BREAKFAST: "bed-and-breakfast",
    PropertyType.ROOM: "private-room-in-house",
    PropertyType.HOSTEL: "dormitory",
    PropertyType.FARM: "farmhouse",
    PropertyType.CASTLE: "castle",
    PropertyType.BOAT: "boat",
    PropertyType.CAMPER: "recreational-vehicle",
    PropertyType.CAMPING: "tent",
}
_PERIODS = {RatePeriod.NIGHT: "nightly", RatePeriod.WEEK: "weekly"}
_SAME = {
    "name": "name",
    "provider_property_type": "rental_type",
    "latitude": "lat",
    "longitude": "lng",
    "max_guests": "sleeps_max",
    "guests_included": "sleeps",
    "bedrooms": "bedrooms_count",
    "floor": "floor",
    "currency": "currency",
    "base_price": "base_rate",
    "minimum_price": "min_price",
    "maximum_price": "max_price",
    "damage_deposit": "damage_deposit",
    "balance_due_days": "balance_due",
    "bookable_online": "bookable_online",
    "license_number": "permit_number",
    "owner_notes": "owner_notes",
    "position": "position",
}
"""Fields whose values BookingSync takes as they are."""

_ADDRESS = {
    "line1": "address1",
    "line2": "address2",
    "city": "city",
    "state": "state",
    "postal_code": "zip",
    "country_code": "country_code",
}
_TRANSLATED = {
    "headline": "headline",
    "description": "description",
    "access_instructions": "checkin_details",
    "website_url": "website_url",
}
_HOURS = {"check_in_from": "checkin_time", "check_in_until": "checkin_end_time", "check_out_until": "checkout_time"}
_WHOLE = {"bathrooms": "bathrooms_count", "area": "surface", "downpayment_percentage": "downpayment"}
_ELSEWHERE = frozenset({"texts", "images", "extras", "reference"})
_TEXTS = ("headline", "description")

RENTAL_NAMES: Mapping[str, tuple[str | int, ...]] = {
    **{theirs: (ours,) for ours, theirs in (*_SAME.items(), *_HOURS.items(), *_WHOLE.items())},
    **{theirs: ("address", ours) for ours, theirs in _ADDRESS.items()},
    "rental_type": ("provider_property_type",),
    "surface_unit": ("area",),
    "base_rate_kind": ("base_price_period",),
    "amenity_ids": ("amenity_ids",),
    "rentals_tag_ids": ("tag_ids",),
    "permit_issue_date": ("license_issued_on",),
    "owner_fullname": ("owner", "first_name"),
    "owner_email": ("owner", "email"),
    "remote_photo_url": ("images",),
    "kind": ("images",),
    **{
        name: ("bookingsync", name)
        for name in (
            "absolute_min_price",
            "rounding_kind",
            "management_type",
            "residency_category",
            "checkin_type",
            "stories_count",
            "destination_id",
            "rates_table_id",
        )
    },
}
"""BookingSync's attributes of a rental in the model's words, to tell its refusals by field."""


def needs_locale(change: ListingChange) -> bool:
    """Whether something is in the account's main language, which then has to be known."""
    texts = or_none(change.texts) or ()
    pictures = or_none(change.images) or ()
    return (
        any(name in given(change) for name in _TRANSLATED)
        or any(each.locale is None for each in texts)
        or any(or_none(each.caption) is not None for each in pictures)
    )


def rental_body(change: ListingChange, locale: str) -> dict[str, Any]:
    """The attributes to send. ``locale`` is the account's main language. Raises ``ChangeRefused``."""
    values = given(change)
    problems = [*_unknown(values), *_wrong(values)]
    body: dict[str, Any] = {theirs: _plain(values[ours]) for ours, theirs in _SAME.items() if ours in values}
    for ours, theirs in _TRANSLATED.items():
        if ours in values:
            body[f"{theirs}_{locale}"] = values[ours] or ""
    for part, write in _PARTS.items():
        if part in values:
            body |= write(values[part])
    for index, each in enumerate(values.get("texts", ())):
        problems += _wrong_texts(each, index)
        for name in _TEXTS:
            if name in given(each):
                body[f"{name}_{each.locale or locale}"] = getattr(each, name) or ""
    if problems:
        raise ChangeRefused(*problems)
    extras = change.extras if isinstance(change.extras, RentalExtras) else RentalExtras()
    return body | {name: _extra(name, value) for name, value in given(extras).items()}


def _plain(value: Any) -> Any:
    return text(value) if isinstance(value, Decimal) else value


def _extra(name: str, value: Any) -> Any:
    return sent_id(value) if name.endswith("_id") and isinstance(value, str) else _plain(value)


def _hour(value: time | None) -> int | None:
    return None if value is None else value.hour


def _ids(values: Any) -> list[int | str]:
    return [sent_id(each) for each in values]


def _address(change: AddressChange) -> dict[str, Any]:
    values = given(change)
    return {theirs: values[ours] or "" for ours, theirs in _ADDRESS.items() if ours in values}


def _owner(change: ContactChange) -> dict[str, Any]:
    values = given(change)
    body: dict[str, Any] = {"owner_email": values["email"] or ""} if "email" in values else {}
    if "first_name" in values or "last_name" in values:
        names = (values.get("first_name"), values.get("last_name"))
        body["owner_fullname"] = " ".join(name for name in names if name)
    return body


def _area(value: float | None) -> dict[str, Any]:
    return {"surface": None} if value is None else {"surface": int(value), "surface_unit": "metric"}


def _issued(value: date | None) -> dict[str, Any]:
    return {"permit_issue_date": None if value is None else f"{value.isoformat()}T00:00:00Z"}


_PARTS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "property_type": lambda value: {"rental_type": _TYPES.get(value)},
    "base_price_period": lambda value: {"base_rate_kind": _PERIODS[value]},
    "address": _address,
    "owner": _owner,
    "area": _area,
    "bathrooms": lambda value: {"bathrooms_count": None if value is None else int(value)},
    "downpayment_percentage": lambda value: {"downpayment": None if value is None else int(value)},
    "license_issued_on": _issued,
    "amenity_ids": lambda value: {"amenity_ids": _ids(value)},
    "tag_ids": lambda value: {"rentals_tag_ids": _ids(value)},
    "check_in_from": lambda value: {"checkin_time": _hour(value)},
    "check_in_until": lambda value: {"checkin_end_time": _hour(value)},
    "check_out_until": lambda value: {"checkout_time": _hour(value)},
}
_KNOWN = frozenset(_SAME) | frozenset(_TRANSLATED) | frozenset(_PARTS) | _ELSEWHERE


def _unknown(values: Mapping[str, Any]) -> list[Problem]:
    """Fields that no rental has, or that BookingSync does not let programs write."""
    found: list[tuple[str, ...]] = [(name,) for name in values if name not in _KNOWN]
    if "address" in values:
        found += [("address", name) for name in given(values["address"]) if name not in _ADDRESS]
    if "owner" in values:
        found += [
            ("owner", name) for name in given(values["owner"]) if name not in ("first_name", "last_name", "email")
        ]
    said = "BookingSync has no such field of a rental, or lets no program write it."
    return [Problem(kind=ProblemKind.NOT_SUPPORTED, message=said, field=field) for field in found]


def _wrong(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Values that BookingSync's fields cannot hold."""
    hours = [name for name in _HOURS if values.get(name) is not None and values[name] != time(values[name].hour)]
    yield from (_problem(ProblemKind.INVALID, "full hours", name) for name in hours)
    parts = [name for name in _WHOLE if values.get(name) is not None and values[name] != int(values[name])]
    yield from (_problem(ProblemKind.INVALID, "a whole number", name) for name in parts)
    lengths = {"name": NAME_LENGTH, **{field: (0, most) for field, most in LONGEST.items()}}
    for field, (least, most) in lengths.items():
        if values.get(field) is not None and not least <= len(values[field]) <= most:
            yield _problem(ProblemKind.OUT_OF_RANGE, f"{least} to {most} characters", field)
    ids = [name for name in ("amenity_ids", "tag_ids") if not all(map(is_id, values.get(name, ())))]
    yield from (_problem(ProblemKind.INVALID, "whole numbers", name) for name in ids)
    if "property_type" in values and values["property_type"] not in _TYPES:
        said = "BookingSync has several words for it, or none: use providerPropertyType."
        yield Problem(kind=ProblemKind.NOT_SUPPORTED, message=said, field=("property_type",))


def _wrong_texts(texts: ListingTextChange, index: int) -> list[Problem]:
    said = "BookingSync has no such text, or lets no program write it."
    names = [name for name in given(texts) if name not in ("locale", *_TEXTS) and getattr(texts, name) is not None]
    return [Problem(kind=ProblemKind.NOT_SUPPORTED, message=said, field=("texts", index, name)) for name in names]


def _problem(kind: ProblemKind, allowed: str, field: str) -> Problem:
    return Problem(kind=kind, message=f"It must be {allowed}.", field=(field,), allowed=allowed)
