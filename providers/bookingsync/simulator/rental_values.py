"""What may be written into a rental, and what is refused (documentation, Rentals)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from providers.bookingsync.simulator.bodies import Values, number
from providers.bookingsync.simulator.formats import instant
from providers.bookingsync.simulator.refusals import Refused
from providers.bookingsync.simulator.units import CURRENCIES, Unit
from providers.bookingsync.simulator.view import Record
from providers.bookingsync.simulator.writing import Writer

NOTHING = Decimal(0)
RENTAL_TYPES = frozenset(
    [
        "apartment",
        "bastide",
        "boat",
        "bungalow",
        "bed-and-breakfast",
        "cabin",
        "castle",
        "cave",
        "chalet",
        "condominium",
        "cottage",
        "dormitory",
        "earth-house",
        "farmhouse",
        "gite",
        "holiday-home",
        "house",
        "hut",
        "igloo",
        "island",
        "lighthouse",
        "loft",
        "longere",
        "manor",
        "mas",
        "mill",
        "plane",
        "private-room",
        "private-room-in-apartment",
        "private-room-in-house",
        "recreational-vehicle",
        "studio",
        "tent",
        "tipi",
        "townhouse",
        "train",
        "treehouse",
        "villa",
        "yurt",
    ]
)
WORDS: dict[str, frozenset[str]] = {
    "rental_type": RENTAL_TYPES,
    "management_type": frozenset(("professional", "non_professional")),
    "residency_category": frozenset(("primary_residence", "secondary_residence", "non_residential")),
    "surface_unit": frozenset(("metric", "imperial")),
    "checkin_type": frozenset(("in_person", "lockbox", "smart_lock", "24_hours_staff", "other")),
    "base_rate_kind": frozenset(("nightly", "weekly")),
    "rounding_kind": frozenset(("no-rounding", "round-up", "closest-exact", "closest-marketing")),
    "currency": CURRENCIES,
}
TEXTS = {
    "floor": 50,
    "city": 100,
    "state": 100,
    "country_code": 2,
    "address1": 255,
    "address2": 255,
    "zip": 20,
    "owner_fullname": 100,
    "owner_email": 255,
    "owner_notes": 2000,
    "notes": 1000,
    "permit_number": 255,
}
WHOLE: dict[str, tuple[int, int | None]] = {
    **dict.fromkeys(("sleeps", "sleeps_max", "bedrooms_count", "bathrooms_count", "stories_count"), (0, 100)),
    **dict.fromkeys(("checkin_time", "checkin_end_time", "checkout_time"), (0, 24)),
    "surface": (1, None),
    "downpayment": (0, 100),
    "balance_due": (0, None),
    "position": (0, None),
    "destination_id": (0, None),
    "rates_table_id": (0, None),
}
TRANSLATED = {
    "headline": 75,
    "description": 5000,
    "checkin_details": 5000,
    "checkout_details": 5000,
    "website_url": 255,
}
NAME = (3, 40)
_READ: dict[str, Callable[[Values, str], Any]] = {
    **{name: lambda values, each: values.text(each, TEXTS[each]) for name in TEXTS},
    **{name: lambda values, each: values.word(each, WORDS[each]) for name in WORDS},
    **{name: lambda values, each: values.whole(each, *WHOLE[each]) for name in WHOLE},
    **dict.fromkeys(
        ("absolute_min_price", "min_price", "max_price", "damage_deposit", "base_rate"), Values.decimal_text
    ),
    **dict.fromkeys(("nightly_rates_managed_externally", "mid_term_pricing_active", "bookable_online"), Values.flag),
    "name": lambda values, name: values.text(name, NAME[1], least=NAME[0]),
    "permit_issue_date": lambda values, name: None if (at := values.moment(name)) is None else instant(at),
}
_LINKS = {"destination_id": "destination", "rates_table_id": "rates_table"}


def write_rental(attributes: Record, values: Values, writer: Writer) -> None:
    """Write what was sent into a copy of a rental's record. Raises ``Refused``."""
    for name, read in _READ.items():
        if name in values:
            place = attributes["links"] if name in _LINKS else attributes
            place[_LINKS.get(name, name)] = read(values, name)
    for name, most in TRANSLATED.items():
        _translate(attributes, name, most, values)
    for name, bound in (("lat", 90), ("lng", 180)):
        if name in values:
            degrees = number(values.sent[name])
            if values.sent[name] is not None and (degrees is None or abs(degrees) > bound):
                raise Refused(422, "is out of range", field=name)
            attributes[name] = None if degrees is None else float(degrees)
    if "rentals_tag_ids" in values:
        wanted = values.ids("rentals_tag_ids")
        if not set(wanted) <= writer.estate.items("rentals_tags").keys():
            raise Refused(422, "does not exist", field="rentals_tag_ids")
        attributes["links"]["rentals_tags"] = wanted
    if not set(values.ids("amenity_ids")) <= writer.estate.items("amenities").keys():
        raise Refused(422, "does not exist", field="amenity_ids")
    _check(attributes, values)
    attributes["updated_at"] = instant(writer.view.now)


def _translate(attributes: Record, name: str, most: int, values: Values) -> None:
    """Texts are written with the language behind the name: ``headline_fr``."""
    texts = dict(attributes[name] or {})
    for sent in values.sent:
        if sent.startswith(f"{name}_"):
            text = values.text(sent, most)
            if text:
                texts[sent.removeprefix(f"{name}_")] = text
            else:
                texts.pop(sent.removeprefix(f"{name}_"), None)
    attributes[name] = texts


def _check(attributes: Record, values: Values) -> None:
    if attributes["address1"] and not attributes["country_code"]:
        raise Refused(422, "is required", field="country_code")
    if attributes["surface"] is not None and not attributes["surface_unit"]:
        raise Refused(422, "is required", field="surface_unit")
    base, least = number(attributes["base_rate"]), number(attributes["absolute_min_price"])
    if "base_rate" in values and (base is None or base <= 0):
        raise Refused(422, "must be greater than 0", field="base_rate")
    if base is not None and least is not None and least > base:
        raise Refused(422, "must be less than or equal to base_rate", field="absolute_min_price")
    deposit = number(attributes["damage_deposit"])
    if deposit is not None and deposit < 0:
        raise Refused(422, "must be greater than or equal to 0", field="damage_deposit")
    if attributes["rental_type"] == "private-room" and attributes["residency_category"] != "non_residential":
        raise Refused(422, "must be non_residential", field="residency_category")


def follow(unit: Unit, attributes: Record, values: Values, writer: Writer) -> None:
    """What else of the rental goes along with its record: its map, its currency, its hours."""
    house = unit.house
    unit.house = replace(
        house,
        name=attributes["name"],
        max_guests=attributes["sleeps_max"] or 0,
        check_in_hour=house.check_in_hour if attributes["checkin_time"] is None else attributes["checkin_time"],
        check_out_hour=house.check_out_hour if attributes["checkout_time"] is None else attributes["checkout_time"],
        updated_at=writer.view.now,
    )
    if values.sent.get("currency"):
        unit.written_currency = attributes["currency"]
    is_external = bool(attributes["nightly_rates_managed_externally"])
    if is_external and not unit.external_rates and unit.written.start is None:
        unit.written.start = writer.view.now.date() - timedelta(days=1)
    unit.external_rates = is_external
