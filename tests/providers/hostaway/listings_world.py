"""A listing as Hostaway sends it, and a client that is answered with such ones."""

from providers.hostaway.client import HostawayClient
from providers.queries import ListingQuery
from tests.providers.hostaway.plugin_session import FakeList, FakeSession

PATH = "/v1/listings"

# The sample of the documentation, with the surprises that its text names: numbers as text, 0/1, unknown fields.
LOFT = {
    "id": 40160,
    "propertyTypeId": 1,
    "name": "Harbour loft",
    "externalListingName": "Harbour loft",
    "internalListingName": "HL-3",
    "description": "Bright loft.",
    "countryCode": "DE",
    "country": "Germany",
    "state": "Bremen",
    "city": "Bremerhaven",
    "street": "Hafenstr. 7",
    "zipcode": "27570",
    "address": "Hafenstr. 7, Bremerhaven, 27570, Germany",
    "lat": 53.5403,
    "lng": 8.5894,
    "price": 211.62,
    "currencyCode": "EUR",
    "cleaningFee": 40.32,
    "refundableDamageDeposit": 150,
    "guestsIncluded": 2,
    "personCapacity": "4",
    "bedroomsNumber": 2,
    "bedsNumber": 2,
    "bathroomsNumber": 1.5,
    "roomType": "entire_home",
    "minNights": 2,
    "maxNights": 1125,
    "checkInTimeStart": 15,
    "checkInTimeEnd": 21,
    "checkOutTime": 11,
    "timeZoneName": "Europe/Berlin",
    "instantBookable": 1,
    "cancellationPolicy": "moderate",
    "averageReviewRating": 9.2,
    "specialStatus": None,
    "latestActivityOn": "2027-01-10 10:41:12",
    "wifiPassword": "secret",
    "brandNewField": {"x": 1},
    "listingAmenities": [{"id": 3449, "amenityId": 2}],
    "listingImages": [
        {"id": 878, "caption": "", "url": "https://img.example.com/2.jpg", "sortOrder": None},
        {"id": 877, "caption": "Kitchen", "url": "https://img.example.com/1.jpg", "sortOrder": 1},
        {"id": 879, "url": ""},
    ],
}


def client(route):
    session = FakeSession(route)
    return HostawayClient(session, "10450"), session


async def read(record):
    page = await client(FakeList(PATH, rows=[record]))[0].listing_page(ListingQuery(), None)
    return page.items[0]


def many(count):
    return [{"id": 1000 + each, "name": f"L{each}"} for each in range(count)]
