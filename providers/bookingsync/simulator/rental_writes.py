"""Writing rentals and their photos (documentation, Rentals and Photos)."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from providers.bookingsync.simulator import ids
from providers.bookingsync.simulator.access import Access
from providers.bookingsync.simulator.bodies import Values, sent_record
from providers.bookingsync.simulator.estate import Breakable
from providers.bookingsync.simulator.formats import instant
from providers.bookingsync.simulator.parts import PHOTO_KINDS, PHOTO_SIZES
from providers.bookingsync.simulator.refusals import Refused
from providers.bookingsync.simulator.rental_records import PRIVATE, rental_record
from providers.bookingsync.simulator.rental_values import follow, write_rental
from providers.bookingsync.simulator.retrieval import API
from providers.bookingsync.simulator.stays import CANCELED
from providers.bookingsync.simulator.units import Unit
from providers.bookingsync.simulator.view import Fixed, Item, Record
from providers.bookingsync.simulator.writing import Writer, created, path_id, removed, updated, writer

SCOPE = "rentals_write"
FIRST_NUMBER, NUMBERS_APART = 12_012, 132
"""New rentals get numbers to which no peculiarity of the first ones applies."""

KINDS = frozenset((*PHOTO_KINDS, "floor_plan", "inside"))
LONGEST_CAPTION = 80
NEW: Record = {
    "downpayment": 30,
    "balance_due": 30,
    "checkin_time": 16,
    "checkout_time": 10,
    "rounding_kind": "no-rounding",
    "base_rate_kind": "weekly",
    "damage_deposit": "0.0",
    "nightly_rates_managed_externally": False,
    "mid_term_pricing_active": False,
    "bookable_online": False,
    "bookable_on_request": False,
    "instantly_bookable": False,
    "reviews_count": 0,
}


@dataclass(frozen=True, slots=True)
class RentalWrites:
    """The writes of rentals and photos."""

    access: Access

    def routes(self) -> list[Route]:
        return [
            Route(f"{API}/rentals", self.create, methods=["POST"]),
            Route(f"{API}/rentals/{{id}}", self.update, methods=["PUT"]),
            Route(f"{API}/rentals/{{id}}", self.delete, methods=["DELETE"]),
            Route(f"{API}/rentals/{{rental_id}}/photos", self.create_photo, methods=["POST"]),
            Route(f"{API}/photos/{{id}}", self.update_photo, methods=["PUT"]),
            Route(f"{API}/photos/{{id}}", self.delete_photo, methods=["DELETE"]),
        ]

    async def create(self, request: Request) -> Response:
        """A rental without prices and unpublished, until the owner does the rest."""
        by = writer(self.access, request, SCOPE)
        values = Values(await sent_record(request, "rentals"))
        values.text("name", least=1)
        unit = _new_unit(by)
        fixed = _blank(unit, by)
        write_rental(fixed.attributes, values, by)
        by.estate.put_unit(unit, fixed)
        _set_amenities(unit, fixed.attributes, values, by)
        follow(unit, fixed.attributes, values, by)
        return created(self.access, by, "rentals", fixed.record(by.view))

    async def update(self, request: Request) -> Response:
        by = writer(self.access, request, SCOPE)
        unit = by.unit(request, "id")
        values = Values(await sent_record(request, "rentals"))
        attributes = rental_attributes(by, unit)
        write_rental(attributes, values, by)
        _set_amenities(unit, attributes, values, by)
        follow(unit, attributes, values, by)
        put_rental(by, unit, attributes)
        return updated(self.access, by, "rentals", by.item("rentals", unit.id).record(by.view))

    async def delete(self, request: Request) -> Response:
        by = writer(self.access, request, SCOPE)
        unit = by.unit(request, "id")
        if any(
            each.end_at > by.view.now and each.status(by.view.now) != CANCELED for each in by.estate.bookings_of(unit)
        ):
            raise Refused(422, "The rental has bookings to come.", field="base")
        by.estate.remove_unit(unit, by.view.now)
        return removed()

    async def create_photo(self, request: Request) -> Response:
        by = writer(self.access, request, SCOPE)
        unit = by.unit(request)
        values = Values(await sent_record(request, "photos"))
        url = values.text("remote_photo_url") or ("https://images.example.com/new.jpg" if values.text("photo") else "")
        if not url.startswith(("https://", "http://")):
            raise Refused(422, "can't be blank" if not url else "is invalid", field="remote_photo_url")
        attributes = rental_attributes(by, unit)
        folder, _, name = url.rpartition("/")
        record: Record = {
            "links": {"rental": unit.id},
            "id": by.estate.new_id(ids.PHOTOS),
            "kind": None,
            "description": {},
            "position": len(attributes["links"]["photos"]) + 1,
            "width": 2400,
            "height": 1600,
            "ratio": "1.5",
            **{f"{size}_url": f"{folder}/{size}_{name}" for size in PHOTO_SIZES},
            "created_at": instant(by.view.now),
        }
        _write_photo(record, values, by)
        attributes["links"]["photos"].append(record["id"])
        put_rental(by, unit, attributes)
        by.estate.put("photos", Fixed(record["id"], unit, by.view.now, record))
        return created(self.access, by, "photos", record)

    async def update_photo(self, request: Request) -> Response:
        by = writer(self.access, request, SCOPE)
        item = by.item("photos", path_id(request))
        record = item.record(by.view)
        _write_photo(record, Values(await sent_record(request, "photos")), by)
        by.estate.put("photos", Fixed(item.id, item.unit, by.view.now, record))
        return updated(self.access, by, "photos", record)

    async def delete_photo(self, request: Request) -> Response:
        by = writer(self.access, request, SCOPE)
        item = by.item("photos", path_id(request))
        assert item.unit is not None  # noqa: S101 -- photos are of rentals
        attributes = rental_attributes(by, item.unit)
        attributes["links"]["photos"].remove(item.id)
        put_rental(by, item.unit, attributes)
        by.estate.remove("photos", item.id, by.view.now)
        return removed()


def rental_attributes(by: Writer, unit: Unit) -> Record:
    """A copy of a rental's whole record, to be written and put back."""
    attributes = _fixed(by.item("rentals", unit.id)).attributes
    links = {name: list(each) if isinstance(each, list) else each for name, each in attributes["links"].items()}
    return {**attributes, "links": links}


def put_rental(by: Writer, unit: Unit, attributes: Record) -> None:
    """Put a rental's record back."""
    item = by.item("rentals", unit.id)
    fixed = replace(_fixed(item), attributes=attributes, updated_at=by.view.now)
    by.estate.put("rentals", replace(item, item=fixed) if isinstance(item, Breakable) else fixed)


def _fixed(item: Item) -> Fixed:
    inner = item.item if isinstance(item, Breakable) else item
    assert isinstance(inner, Fixed)  # noqa: S101 -- that is what the collection holds
    return inner


def _new_unit(by: Writer) -> Unit:
    numbers = {unit.house.number for unit in by.estate.units}
    number = max(FIRST_NUMBER, *(each + NUMBERS_APART for each in numbers if each >= FIRST_NUMBER), 0)
    model = by.estate.template
    house = replace(
        model,
        number=number,
        town=replace(model.town, tax_percent=Decimal(0)),
        cleaning_fee=Decimal(0),
        damage_deposit=Decimal(0),
        minimum_nights=1,
        bedrooms=0,
        images=(),
        amenities=(),
        rating=None,
        reviews=0,
        check_in_hour=NEW["checkin_time"],
        check_out_hour=NEW["checkout_time"],
        created_at=by.view.now,
        updated_at=by.view.now,
    )
    return Unit(
        account=by.estate.account,
        house=house,
        draft=True,
        published=False,
        external_rates=False,
        saturdays=False,
        broken=False,
    )


def _blank(unit: Unit, by: Writer) -> Fixed:
    """The record of a new rental: the attributes that every rental has, empty but for the defaults."""
    model = rental_record(unit, by.estate.locale).attributes
    links = {name: [] if isinstance(value, list) else value for name, value in model["links"].items()}
    links |= {"rental_agreement": None, "rental_cancelation_policy": None, "rates_table": None}
    empty: dict[str, Any] = {name: {} if isinstance(value, dict) else None for name, value in model.items()}
    now = instant(by.view.now)
    attributes = {**empty, "links": links, "id": unit.id, **NEW, "created_at": now, "updated_at": now}
    return Fixed(unit.id, unit, by.view.now, attributes, PRIVATE, "rentals_read")


def _set_amenities(unit: Unit, attributes: Record, values: Values, by: Writer) -> None:
    """The whole list of a rental's amenities; those that stay keep their records."""
    if "amenity_ids" not in values:
        return
    wanted = values.ids("amenity_ids")
    held = {}
    for ident in attributes["links"]["rentals_amenities"]:
        amenity = by.item("rentals_amenities", ident).record(by.view)["links"]["amenity"]
        if amenity in wanted:
            held[amenity] = ident
        else:
            by.estate.remove("rentals_amenities", ident, by.view.now)
    for amenity in dict.fromkeys(wanted):
        if amenity not in held:
            held[amenity] = by.estate.new_id(ids.RENTALS_AMENITIES)
            now = instant(by.view.now)
            record = {
                "links": {"rental": unit.id, "amenity": amenity},
                "id": held[amenity],
                "details": {},
                "created_at": now,
                "updated_at": now,
            }
            by.estate.put("rentals_amenities", Fixed(held[amenity], unit, by.view.now, record))
    attributes["links"]["rentals_amenities"] = list(held.values())


def _write_photo(record: Record, values: Values, by: Writer) -> None:
    if "kind" in values:
        record["kind"] = values.word("kind", KINDS)
    if "position" in values:
        record["position"] = values.whole("position", 0)
    texts = dict(record["description"])
    for name in values.sent:
        if name.startswith("description_"):
            texts[name.removeprefix("description_")] = values.text(name, LONGEST_CAPTION) or ""
    record["description"] = {locale: text for locale, text in texts.items() if text}
    record["updated_at"] = instant(by.view.now)
