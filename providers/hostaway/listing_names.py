"""Which of ``fieldsToSync``'s keys switches each field of a Hostaway listing, and what is not asked for without them.

Names: Hostaway documentation, Listing object. Those not named here belong to ``listingDetails``.
"""

from collections.abc import Iterator

from providers.hostaway.paging import Query
from providers.model import FieldsOff, ListingField, RawNames

_BY_KEYS: dict[tuple[ListingField, ...], str] = {
    (): "specialStatus latestActivityOn",
    (ListingField.PROVIDER_ID,): "id",
    (ListingField.NAME,): "name externalListingName",
    (ListingField.NAME, ListingField.DESCRIPTION): (
        "airbnbName bookingcomPropertyName bookingcomPropertyRoomName homeawayPropertyName"
    ),
    (ListingField.INTERNAL_NAME,): "internalListingName",
    (ListingField.TYPE,): "propertyTypeId roomType",
    (ListingField.ROOMS,): "bedsNumber bedType listingBedTypes",
    (ListingField.RATING,): "averageReviewRating starRating",
    (ListingField.ADDRESS,): "country countryCode state city street zipcode address publicAddress",
    (ListingField.LATITUDE,): "lat",
    (ListingField.LONGITUDE,): "lng",
    (ListingField.CHECK_IN,): "checkInTimeStart checkInTimeEnd",
    (ListingField.CHECK_OUT,): "checkOutTime",
    (ListingField.CONTACT,): (
        "contactName contactSurName contactPhone1 contactPhone2 contactEmail contactLanguage contactAddress "
        "invoicingContactName invoicingContactSurName invoicingContactPhone1 invoicingContactPhone2 "
        "invoicingContactEmail invoicingContactAddress invoicingContactCity invoicingContactZipcode "
        "invoicingContactCountry invoicingContactLanguage"
    ),
    (ListingField.CURRENCY,): "currencyCode",
    (ListingField.START_PRICE,): "price",
    (ListingField.PICTURES,): "listingImages",
    (ListingField.THUMBNAIL_URL,): "thumbnailUrl",
    (ListingField.AMENITIES,): "listingAmenities",
    (ListingField.TIME_ZONE,): "timeZoneName",
    (ListingField.DESCRIPTION,): (
        "description bookingcomPropertyDescription homeawayPropertyHeadline homeawayPropertyDescription airbnbSummary "
        "airbnbSpace airbnbAccess airbnbInteraction airbnbNeighborhoodOverview airbnbTransit airbnbNotes"
    ),
    (ListingField.BEDROOM_COUNT,): "bedroomsNumber",
    (ListingField.BATHROOM_COUNT,): "bathroomsNumber guestBathroomsNumber bathroomType",
    (ListingField.MAX_OCCUPANCY,): (
        "personCapacity guestsIncluded maxChildrenAllowed maxInfantsAllowed maxPetsAllowed"
    ),
    (ListingField.MINIMUM_NIGHTS,): "minNights",
    (ListingField.MAXIMUM_NIGHTS,): "maxNights",
}

RAW_LISTING_NAMES: RawNames = {name: keys for keys, names in _BY_KEYS.items() for name in names.split()}

_OF_RESOURCES = frozenset(
    {ListingField.PICTURES, ListingField.AMENITIES, ListingField.ROOMS, ListingField.LISTING_DETAILS}
)
"""Pictures, amenities, kinds of beds and custom fields come with ``includeResources`` alone."""

_OF_BOOKING_ENGINES = frozenset({ListingField.LISTING_DETAILS})


def completed(off: FieldsOff) -> Query:
    """The parameters that make listings complete, less what nobody wants.

    Without them pictures, amenities, beds, custom fields and addresses of booking engines come empty. Other fields
    cannot be left out (Hostaway documentation, Listings, parameters).
    """
    return tuple(_wanted(off))


def _wanted(off: FieldsOff) -> Iterator[tuple[str, str]]:
    if not off.issuperset(_OF_RESOURCES):
        yield "includeResources", "1"
    if not off.issuperset(_OF_BOOKING_ENGINES):
        yield "attachObjects[]", "bookingEngineUrls"
