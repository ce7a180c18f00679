"""Rentals (documentation, Rentals): the records that listings are made of."""

from decimal import Decimal

from providers.bookingsync.simulator import ids
from providers.bookingsync.simulator.formats import decimal_text, instant
from providers.bookingsync.simulator.labels import agreement_id, rentals_tag_ids
from providers.bookingsync.simulator.parts import part_ids
from providers.bookingsync.simulator.policies import policy_id
from providers.bookingsync.simulator.price_rules import offer_ids
from providers.bookingsync.simulator.units import Unit
from providers.bookingsync.simulator.view import Fixed, Record
from providers.simulation.portfolio import rounded

PRIVATE = frozenset(
    [
        "address1",
        "address2",
        "zip",
        "owner_fullname",
        "owner_email",
        "owner_notes",
        "notes",
        "checkin_details",
        "checkout_details",
    ]
)
SQUARE_FEET = Decimal("10.764")
DOWNPAYMENT = 30
BALANCE_DUE = 30


def rental_record(unit: Unit, locale: str) -> Fixed:
    """The record of a rental. Some hold values that no document promises: a program must live with them."""
    attributes: Record = {
        "links": _links(unit),
        "id": unit.id,
        **_texts(unit, locale),
        **_place(unit),
        **_rooms(unit),
        **_stay_rules(unit),
        **_prices(unit),
        **_publication(unit),
        **_odd_values(unit.house.number),
    }
    return Fixed(unit.id, unit, unit.house.updated_at, attributes, PRIVATE, "rentals_read")


def _links(unit: Unit) -> Record:
    house = unit.house
    return {
        "account": unit.account_id,
        "availability": unit.own_id(ids.AVAILABILITIES),
        "change_over": unit.own_id(ids.CHANGE_OVERS),
        "destination": ids.DESTINATIONS,
        "rates_table": unit.own_id(ids.RATES_TABLES),
        "rental_agreement": agreement_id(unit),
        "rental_cancelation_policy": policy_id(unit),
        "nightly_rate_map": unit.own_id(ids.NIGHTLY_RATE_MAPS),
        "reviews": [unit.part_id(ids.REVIEWS, number) for number in range(min(house.reviews, 3))],
        "special_offers": offer_ids(unit),
        "rentals_tags": rentals_tag_ids(unit),
        **part_ids(unit),
    }


def _texts(unit: Unit, locale: str) -> Record:
    house = unit.house
    # Not every manager writes English.
    language = locale if house.number % 4 == 0 else "en"
    return {
        "name": house.name,
        "headline": {language: house.headline},
        "summary": {} if house.number % 7 == 3 else {language: house.headline},
        "description": {language: house.description},
        "checkin_details": {language: "The keys hang in the box beside the door."},
        "checkout_details": {},
        "website_url": {} if house.number % 3 else {"en": f"https://www.example.com/rentals/{house.number}"},
        "price_public_notes": {},
        "notes": None if house.number % 2 else "",
        "owner_fullname": "" if house.number % 2 else "Robin Owner",
        "owner_email": None,
        "owner_notes": "",
        "contact_name": "Office",
    }


def _place(unit: Unit) -> Record:
    town, number = unit.house.town, unit.house.number
    return {
        "address1": unit.house.street,
        "address2": "" if number % 2 else None,
        "zip": town.postal_code,
        "city": town.name,
        "state": "" if number % 6 == 1 else town.state,
        "country_code": town.country_code,
        "lat": round(town.latitude + (number % 17 - 8) / 1000, 6),
        "lng": round(town.longitude + (number % 23 - 11) / 1000, 6),
    }


def _rooms(unit: Unit) -> Record:
    house = unit.house
    full, half = int(house.bathrooms), house.bathrooms % 1 > 0
    imperial = house.town.country_code == "US"
    return {
        "rental_type": "glamping-dome" if house.number % 9 == 4 else house.kind,
        "sleeps": house.guests_included,
        "sleeps_max": house.max_guests,
        "bedrooms_count": house.bedrooms,
        "bathrooms_count": full,
        "full_bathrooms_count": full,
        "standalone_toilets_count": int(half),
        "vr_bathrooms_count": house.bathrooms if half else full,
        "stories_count": None,
        "floor": "" if house.number % 3 else "2",
        "surface": int(house.area * SQUARE_FEET) if imperial else house.area,
        "surface_unit": "imperial" if imperial else "metric",
        "management_type": "professional",
        "residency_category": "non_residential",
        "permit_number": house.license_number,
        "permit_issue_date": instant(house.created_at) if house.number % 2 else None,
        "certifications": {"meubles_de_tourisme": ["3_etoiles"]} if house.number % 2 else None,
    }


def _stay_rules(unit: Unit) -> Record:
    house = unit.house
    return {
        "checkin_time": house.check_in_hour,
        "checkin_end_time": house.check_in_end_hour,
        "checkout_time": house.check_out_hour,
        "checkin_type": "lockbox" if house.number % 3 == 0 else "in_person",
        "absolute_min_stay": house.minimum_nights,
        "downpayment": DOWNPAYMENT,
        "balance_due": BALANCE_DUE,
    }


def _prices(unit: Unit) -> Record:
    house = unit.house
    weekly = house.number % 4 == 3
    nights = 7 if weekly else 1

    def priced(percent: int) -> str | None:
        if unit.draft:
            return None
        return decimal_text(rounded(house.nightly * percent / 100, house.town.currency) * nights)

    return {
        "currency": unit.currency,
        "base_rate": priced(100),
        "base_rate_kind": "weekly" if weekly else "nightly",
        "absolute_min_price": priced(80),
        "min_price": priced(85),
        "max_price": priced(180),
        "damage_deposit": decimal_text(house.damage_deposit),
        "charge_damage_deposit_on_arrival": True,
        "damage_deposit_collection_method": "external",
        "damage_deposit_external_collection_method_name": "Cash",
        "refund_damage_deposit_after": 7,
        "initial_price": None,
        "final_price": None,
        "rounding_kind": "no-rounding",
        "nightly_rates_managed_externally": unit.external_rates,
        "mid_term_pricing_active": False,
    }


def _publication(unit: Unit) -> Record:
    house = unit.house
    return {
        "bookable_online": unit.published,
        "bookable_on_request": unit.published,
        "instantly_bookable": unit.published and house.number % 2 == 0,
        "reviews_count": house.reviews,
        "reviews_average_rating": None if house.rating is None else decimal_text(house.rating),
        "position": house.number,
        "published_at": instant(house.created_at) if unit.published else None,
        "created_at": instant(house.created_at),
        "updated_at": instant(house.updated_at),
    }


def _odd_values(number: int) -> Record:
    if number % 5 == 2:
        return {"public_notes": "", "smily_score": 87}
    return {"public_notes": None, "smily_badges": [{"kind": "eco", "level": number % 4}]}
