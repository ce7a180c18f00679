"""What is wrong with a listing to make or to change, as far as it is wrong for every PMS."""

import re
from collections.abc import Sequence
from zoneinfo import available_timezones

from graph.changes.problems import Problems, camel
from graph.rejections import RejectionCode
from providers.changes import OMITTED, ImageDraft, ListingChange, given
from providers.model import PropertyType, RoomType

MAX_NAME = 255
MAX_IMAGES = 200
_LONGEST = {
    "name": MAX_NAME,
    "internal_name": MAX_NAME,
    "url": 2000,
    "website_url": 2000,
    "caption": 500,
}
_CURRENCY = re.compile(r"[A-Z]{3}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_COUNTS = ("guests_included", "max_children", "max_infants", "max_pets", "bedrooms", "beds", "bathrooms", "area")
_PRICES = ("minimum_price", "maximum_price", "extra_guest_price", "cleaning_fee", "damage_deposit")
_HOURS = ("check_in_from", "check_in_until", "check_out_until")


def check_listing(change: ListingChange, currency: str | None, provider: str, *, new: bool = False) -> None:
    """Raises ``Rejected`` with everything that is wrong. ``currency`` is the listing's own, where it has one."""
    problems = Problems()
    problems.sane(change, extras=provider.lower(), longest=_LONGEST)
    if not new and not given(change).keys() - {"extras"} and change.extras is None:
        problems.add(RejectionCode.REQUIRED, "It names nothing to change.")
    _check_words(change, problems, new=new)
    _check_numbers(change, problems)
    _check_money(change, change.currency or currency, problems)
    if change.images is not OMITTED:
        check_images(change.images, problems, "images")
    problems.check()


def check_images(images: Sequence[ImageDraft], problems: Problems, field: str, *, new: bool = False) -> None:
    """Each is one that is there, or with ``new`` never, or has an address to be fetched from."""
    if len(images) > MAX_IMAGES or (new and not images):
        allowed = f"{1 if new else 0} to {MAX_IMAGES}"
        problems.add(RejectionCode.OUT_OF_RANGE, f"There are {len(images)} pictures.", field, allowed=allowed)
    for index, image in enumerate(images):
        here = (field, index)
        known = image.provider_id is not OMITTED and image.provider_id is not None
        if new and known:
            message = "A picture that is there cannot be added again."
            problems.add(RejectionCode.INVALID, message, *here, "providerId", allowed="a picture with a url")
        elif not known and image.url is OMITTED:
            problems.add(RejectionCode.REQUIRED, "A new picture needs its address.", *here, "url")
        if image.url is not OMITTED and not image.url.startswith("https://"):
            message = "It is not an address that the PMS can fetch."
            problems.add(RejectionCode.INVALID, message, *here, "url", allowed="an address with https://")
        problems.bounds(image.position, *here, "position", least=0)


def _check_words(change: ListingChange, problems: Problems, *, new: bool) -> None:
    if (new and change.name is OMITTED) or (change.name is not OMITTED and not change.name.strip()):
        problems.add(RejectionCode.REQUIRED, "A listing needs a name.", "name", allowed=f"1 to {MAX_NAME} characters")
    if change.currency is not OMITTED and not _CURRENCY.fullmatch(change.currency):
        message = "This is not the code of a currency."
        problems.add(RejectionCode.INVALID, message, "currency", allowed="three capital letters, as in EUR (ISO 4217)")
    if change.time_zone is not OMITTED and change.time_zone not in available_timezones():
        message = "There is no such time zone."
        problems.add(RejectionCode.UNKNOWN, message, "timeZone", allowed="an IANA name, as in Europe/Paris")
    if change.address is not OMITTED:
        code = change.address.country_code
        if code is not OMITTED and code is not None and not _COUNTRY.fullmatch(code):
            message, allowed = "This is not a country code.", "two capital letters, as in FR (ISO 3166-1 alpha-2)"
            problems.add(RejectionCode.INVALID, message, "address", "countryCode", allowed=allowed)
    problems.exclusive(change.property_type, change.provider_property_type, "propertyType", "providerPropertyType")
    if change.property_type is PropertyType.OTHER or change.room_type is RoomType.OTHER:
        field = "propertyType" if change.property_type is PropertyType.OTHER else "roomType"
        problems.add(RejectionCode.INVALID, "OTHER is no kind that a PMS knows.", field)
    _check_texts(change, problems)
    problems.ordered(change.license_issued_on, change.license_expires_on, "licenseExpiresOn", "licenseIssuedOn")


def _check_texts(change: ListingChange, problems: Problems) -> None:
    if change.texts is OMITTED:
        return
    seen = set()
    for index, text in enumerate(change.texts):
        if (text.locale, text.channel) in seen:
            message = "Texts for this language and channel are there already."
            problems.add(RejectionCode.INVALID, message, "texts", index)
        seen.add((text.locale, text.channel))


def _check_numbers(change: ListingChange, problems: Problems) -> None:
    problems.bounds(change.latitude, "latitude", least=-90, most=90)
    problems.bounds(change.longitude, "longitude", least=-180, most=180)
    if (change.latitude is None) != (change.longitude is None):
        problems.add(RejectionCode.INVALID, "A place on the map has both, or neither.", "longitude")
    problems.bounds(change.max_guests, "maxGuests", least=1)
    for name in _COUNTS:
        problems.bounds(getattr(change, name), camel(name), least=0)
    problems.bounds(change.minimum_nights, "minimumNights", least=1)
    problems.bounds(change.maximum_nights, "maximumNights", least=1)
    problems.ordered(change.minimum_nights, change.maximum_nights, "maximumNights", "minimumNights")
    problems.bounds(change.balance_due_days, "balanceDueDays", least=0)
    problems.bounds(change.lead_time_hours, "leadTimeHours", least=0)
    problems.bounds(change.position, "position", least=0)
    for name in _HOURS:
        hour = getattr(change, name)
        if hour is not OMITTED and hour is not None and (hour.minute or hour.second or hour.microsecond):
            problems.add(RejectionCode.INVALID, f"It is {hour}.", camel(name), allowed="full hours, as in 15:00:00")
    if change.beds_by_type is not OMITTED:
        for index, beds in enumerate(change.beds_by_type):
            problems.bounds(beds.quantity, "bedsByType", index, "quantity", least=1)


def _check_money(change: ListingChange, currency: str | None, problems: Problems) -> None:
    known = currency if currency is not None and _CURRENCY.fullmatch(currency) else None
    problems.price(change.base_price, known, "basePrice")
    for name in _PRICES:
        problems.price(getattr(change, name), known, camel(name), free=True)
    problems.ordered(change.minimum_price, change.maximum_price, "maximumPrice", "minimumPrice")
    problems.bounds(change.downpayment_percentage, "downpaymentPercentage", least=0, most=100)
    for name in ("weekly_discount", "monthly_discount"):
        problems.bounds(getattr(change, name), camel(name), least=0, most=1)
