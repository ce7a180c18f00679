"""Which of ``fieldsToSync``'s keys switches each attribute of a rental, and what is not asked for without them.

Names: BookingSync documentation, endpoint page Rentals. Those not named here belong to ``listingDetails``. ``fields``
lists the attributes to be sent; whether ``links``, which say whose a rental is and which parts it has, are sent then is
not documented.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from providers.bookingsync.envelope import Envelope
from providers.bookingsync.parts import Part
from providers.bookingsync.resources import Options
from providers.errors import UpstreamRefused
from providers.model import FieldsOff, ListingField, RawNames

Read = Callable[[Options], Awaitable[list[Envelope]]]

_BY_KEYS: dict[tuple[ListingField, ...], str] = {
    (): "published_at position created_at updated_at",
    (ListingField.PROVIDER_ID,): "id",
    (ListingField.NAME,): "name",
    (ListingField.TYPE,): "rental_type",
    (ListingField.ROOMS,): "bathrooms bedrooms living_rooms",
    (ListingField.RATING,): "reviews_count reviews_average_rating certifications",
    (ListingField.ADDRESS,): "address1 address2 city state zip country_code",
    (ListingField.LATITUDE,): "lat",
    (ListingField.LONGITUDE,): "lng",
    (ListingField.CHECK_IN,): "checkin_time checkin_end_time",
    (ListingField.CHECK_OUT,): "checkout_time",
    (ListingField.CONTACT,): "contact_name owner_fullname owner_email owner_notes",
    (ListingField.CURRENCY,): "currency",
    (ListingField.START_PRICE,): "base_rate base_rate_kind min_price max_price absolute_min_price",
    (ListingField.PICTURES, ListingField.THUMBNAIL_URL): "photos",
    (ListingField.AMENITIES,): "rentals_amenities",
    (ListingField.DESCRIPTION,): "headline summary description price_public_notes public_notes",
    (ListingField.BEDROOM_COUNT,): "bedrooms_count",
    (ListingField.BATHROOM_COUNT,): (
        "bathrooms_count full_bathrooms_count standalone_toilets_count vr_bathrooms_count"
    ),
    (ListingField.MAX_OCCUPANCY,): "sleeps sleeps_max",
    (ListingField.MINIMUM_NIGHTS,): "absolute_min_stay",
    (ListingField.LISTING_DETAILS,): (
        "links rentals_tags management_type residency_category stories_count floor surface surface_unit notes "
        "checkin_type checkin_details checkout_details downpayment balance_due damage_deposit "
        "charge_damage_deposit_on_arrival damage_deposit_collection_method "
        "damage_deposit_external_collection_method_name refund_damage_deposit_after initial_price final_price "
        "rounding_kind nightly_rates_managed_externally mid_term_pricing_active bookable_online bookable_on_request "
        "instantly_bookable website_url permit_number permit_issue_date"
    ),
}

RAW_LISTING_NAMES: RawNames = {name: keys for keys, names in _BY_KEYS.items() for name in names.split()}

_PARTS: Mapping[str, ListingField] = {
    "photos": ListingField.PICTURES,
    "rentals_amenities": ListingField.AMENITIES,
    "bathrooms": ListingField.ROOMS,
    "bedrooms": ListingField.ROOMS,
    "living_rooms": ListingField.ROOMS,
    "rentals_tags": ListingField.LISTING_DETAILS,
}

_NEEDED = ("id", "links")

_WITH_AMOUNTS = frozenset({ListingField.CURRENCY, ListingField.START_PRICE, ListingField.LISTING_DETAILS})
"""An amount needs the currency, so that is asked for while any of these is on."""


def wanted_parts(parts: Sequence[Part], off: FieldsOff) -> list[Part]:
    """The parts of rentals that anybody wants. Of each left out no record is read."""
    return [part for part in parts if _PARTS[part.name] not in off]


class SparseRentals:
    """Asks for the wanted attributes of rentals alone, and for all once BookingSync does not take that well."""

    def __init__(self, off: FieldsOff) -> None:
        self._options: Options = (("fields", ",".join(_attributes(off))),) if off else ()

    async def read(self, read: Read, include: Options) -> list[Envelope]:
        """The pages of ``read``; a second time where the first answer was of no use. Raises like ``read``."""
        if not self._options:
            return await read(include)
        try:
            pages = await read((*self._options, *include))
        except UpstreamRefused:
            pages = await read(include)  # raises where it was not about the attributes
        else:
            if all(_has_links(record) for page in pages for record in page.records):
                return pages
            pages = await read(include)
        self._options = ()
        return pages


def _attributes(off: FieldsOff) -> list[str]:
    named = [
        name
        for name, keys in RAW_LISTING_NAMES.items()
        if name not in _PARTS and (off.isdisjoint(keys) or (name == "currency" and not off.issuperset(_WITH_AMOUNTS)))
    ]
    return [*_NEEDED, *(name for name in named if name not in _NEEDED)]


def _has_links(record: object) -> bool:
    return not isinstance(record, Mapping) or isinstance(record.get("links"), Mapping)
