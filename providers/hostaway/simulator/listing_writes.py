"""Listings made, changed and removed, their pictures, and their export to Airbnb."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from providers.hostaway.simulator.accounts import ListingRow, SimulatedAccount
from providers.hostaway.simulator.body_checks import exact, is_count, is_text, json_object, nothing
from providers.hostaway.simulator.changed import Upload
from providers.hostaway.simulator.envelope import RefusedError, day_text, moment_text, success
from providers.hostaway.simulator.listing_arrays import CAPTIONS, arrays, is_address, new_image
from providers.hostaway.simulator.listing_fields import check_names, settable
from providers.hostaway.simulator.listing_record import ON_REQUEST, listing_record
from providers.hostaway.simulator.listings import listing
from providers.hostaway.simulator.odd import EXTRA_FIELDS
from providers.hostaway.simulator.readings import HostawayReadings
from providers.hostaway.simulator.terms import Terms
from providers.simulation.portfolio import House, Town

UPLOAD_TAKES = timedelta(minutes=2)
"""Hostaway documentation, Add images: up to a few minutes."""

_HOUSE_FIELDS: Mapping[str, tuple[str, Callable[[Any], Any], Any]] = {
    "name": ("name", str, ""),
    "street": ("street", str, ""),
    "personCapacity": ("max_guests", int, 1000),
    "guestsIncluded": ("guests_included", int, 1000),
    "minNights": ("minimum_nights", int, 1),
    "price": ("nightly", exact, Decimal(0)),
    "cleaningFee": ("cleaning_fee", exact, Decimal(0)),
    "refundableDamageDeposit": ("damage_deposit", exact, Decimal(0)),
}
"""What quotes, calendars and filters go by: the property, the fact behind it, and what null stands for."""

_TERMS_FIELDS: Mapping[str, tuple[str, Decimal | None]] = {
    "priceForExtraPerson": ("extra_person", Decimal(0)),
    "weeklyDiscount": ("weekly", None),
    "monthlyDiscount": ("monthly", None),
}


class ListingWrites:
    """The calls that change listings. What they change, all other calls see."""

    def __init__(self, readings: HostawayReadings, now: Callable[[], datetime]) -> None:
        self._readings = readings
        self._now = now

    async def create(self, request: Request, account: SimulatedAccount) -> Response:
        body = await json_object(request)
        check_names(body)
        row = self._blank(account)
        self._apply(row, body, account)
        account.changed.houses_made += 1
        account.listings[row.id] = row
        return success(row.record)

    async def update(self, request: Request, account: SimulatedAccount) -> Response:
        """Partial at top level: what is left out stays."""
        row = changeable(request, account, self._readings)
        self._apply(row, await json_object(request), account)
        return success(row.record)

    async def delete(self, request: Request, account: SimulatedAccount) -> Response:
        row = listing(request, account)
        account.prepare()
        del account.listings[row.id]
        return nothing(self._readings)

    async def add_images(self, request: Request, account: SimulatedAccount) -> Response:
        """The pictures are fetched after the answer, and appear when that is done."""
        if not self._readings.knows_image_upload:
            raise HTTPException(404)
        row = changeable(request, account, self._readings)
        images = _uploaded((await json_object(request)).get("images"))
        ready = self._now() + UPLOAD_TAKES
        account.changed.uploads += [Upload(listing_id=row.id, ready_at=ready, image=each) for each in images]
        message = f"Image upload job scheduled for listing {row.id}. {len(images)} images will be processed"
        return success({"message": f"{message} asynchronously.", "imagesCount": len(images)})

    async def export(self, request: Request, account: SimulatedAccount) -> Response:
        account.changed.exports.append(changeable(request, account, self._readings).id)
        return nothing(self._readings)

    def _apply(self, row: ListingRow, body: Mapping[str, Any], account: SimulatedAccount) -> None:
        fields = settable(body, self._readings)
        fields |= arrays(body, row.record, account.changed.ids, self._readings)
        row.record = {**row.record, **fields}
        row.house = replace(row.house, **_house_facts(row.house, fields))
        row.terms = replace(row.terms, **_terms_facts(fields))
        touch(row, self._now(), self._readings)

    def _blank(self, account: SimulatedAccount) -> ListingRow:
        """A listing of which nothing is said."""
        number = account.listing_count + account.changed.houses_made + 1
        house = _bare_house(number, self._now())
        terms = Terms(weekly=None, monthly=None, extra_person=Decimal(0), fees=(), taxes=(), units=1)
        listing_id = account.listing_id_of(house)
        record = listing_record(house, account.business.owner, terms, listing_id, self._readings)
        record = dict.fromkeys(name for name in record if name not in EXTRA_FIELDS)
        record |= {name: [] for name in (*ON_REQUEST, "bookingEngineUrls")}
        return ListingRow(id=listing_id, house=house, terms=terms, record={**record, "id": listing_id})


def changeable(request: Request, account: SimulatedAccount, readings: HostawayReadings) -> ListingRow:
    """The listing that the path names. Raises ``RefusedError`` where there is none, or it is archived."""
    row = listing(request, account)
    check_not_archived(row, readings)
    return row


def check_not_archived(row: ListingRow, readings: HostawayReadings) -> None:
    """Archived listings, and what is linked to them, take no changes (Hostaway documentation, changes of 2025-11)."""
    if row.is_archived:
        raise RefusedError(readings.archived_status, "The listing is archived.")


def touch(row: ListingRow, now: datetime, readings: HostawayReadings) -> None:
    """Something about the listing was changed ``now``."""
    row.house = replace(row.house, updated_at=now)
    told = moment_text(now) if readings.activity_has_time else day_text(now.date())
    row.record = {**row.record, "latestActivityOn": told}


def land_uploads(account: SimulatedAccount, now: datetime) -> None:
    """Show the pictures whose fetching is over."""
    ready = [each for each in account.changed.uploads if each.ready_at <= now]
    account.changed.uploads = [each for each in account.changed.uploads if each.ready_at > now]
    for upload in ready:
        row = account.listings.get(upload.listing_id)
        if row is not None:
            image = new_image(upload.image, next(account.changed.ids))
            row.record = {**row.record, "listingImages": [*row.record["listingImages"], image]}


def _uploaded(sent: Any) -> list[dict[str, Any]]:
    """Raises ``RefusedError`` in the documented words."""
    if not isinstance(sent, list) or not sent:
        raise RefusedError(400, 'The "images" parameter is required and must be a non-empty array.')
    for index, image in enumerate(sent):
        if not isinstance(image, dict):
            raise RefusedError(400, f"Image at index {index} must be an object.")
        if "url" not in image:
            raise RefusedError(400, f'Image at index {index} is missing the required "url" field.')
        if not is_address(image["url"]):
            raise RefusedError(400, f"Image at index {index} has an invalid URL: {image['url']}")
        captions = [image[name] for name in CAPTIONS if name in image]
        if not all(map(is_text, captions)) or not is_count(image.get("sortOrder", 0)):
            raise RefusedError(400, f"Image at index {index} has an invalid field.")
    return sent


def _house_facts(house: House, fields: Mapping[str, Any]) -> dict[str, Any]:
    facts = {
        fact: unsaid if fields[name] is None else read(fields[name])
        for name, (fact, read, unsaid) in _HOUSE_FIELDS.items()
        if name in fields
    }
    if fields.get("currencyCode"):
        facts["town"] = replace(house.town, currency=fields["currencyCode"])
    return facts


def _terms_facts(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        fact: unsaid if fields[name] is None else exact(fields[name])
        for name, (fact, unsaid) in _TERMS_FIELDS.items()
        if name in fields
    }


def _bare_house(number: int, now: datetime) -> House:
    town = Town(
        name="",
        state="",
        country="",
        country_code="",
        latitude=0.0,
        longitude=0.0,
        currency="USD",
        time_zone="UTC",
        postal_code="",
    )
    return House(
        number=number,
        name="",
        town=town,
        street="",
        max_guests=1000,
        guests_included=1000,
        bedrooms=0,
        beds=0,
        bathrooms=0.0,
        area=0,
        nightly=Decimal(0),
        cleaning_fee=Decimal(0),
        damage_deposit=Decimal(0),
        minimum_nights=1,
        headline="",
        description="",
        kind="apartment",
        amenities=(),
        images=(),
        check_in_hour=0,
        check_in_end_hour=0,
        check_out_hour=0,
        license_number="",
        rating=None,
        reviews=0,
        created_at=now,
        updated_at=now,
    )
