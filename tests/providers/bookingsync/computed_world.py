"""A rental whose prices can be computed, and what BookingSync answers about it."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from providers.model import Money, PriceDetails
from tests.providers.bookingsync.plugin_canned import CannedSession, Reply, Route, client, last_page
from tests.providers.bookingsync.test_plugin_quotes import request

START = date(2027, 7, 1)
CLEANING = {
    "id": 12,
    "links": {"rental": 1, "fee": 10},
    "required": True,
    "public": True,
    "always_applied": True,
    "name": {"en": "Cleaning"},
    "rate": "50.0",
    "rate_kind": "fixed",
    "fee": {"id": 10, "kind": "final_cleaning"},
}
BIKE = {
    "id": 13,
    "links": {"rental": 1, "fee": 11},
    "required": False,
    "public": True,
    "always_applied": True,
    "name": {"en": "Bike"},
    "rate": "3.0",
    "rate_kind": "fixed_per_person_per_night",
    "maximum_bookable": 4,
    "fee": {"id": 11, "kind": "other"},
}
RENTAL: dict[str, Any] = {
    "id": 1,
    "links": {"account": 7, "rates_table": 274, "rentals_fees": [12, 13], "special_offers": []},
    "currency": "EUR",
    "damage_deposit": "200.0",
    "rounding_kind": "no-rounding",
    "availability": {"map": "0" * 30, "start_date": str(START)},
    "change_over": {"map": "C" * 30, "start_date": str(START)},
    "nightly_rate_map": {
        "rates_map": ",".join(["100.5"] * 30),
        "minimum_stays_map": ",".join(["2"] * 30),
        "start_date": str(START),
    },
    "rentals_fees": [CLEANING, BIKE],
    "special_offers": [],
    "rates_table": {"id": 274, "links": {"rates_rules": []}, "rates_rules": []},
}
VAT = {"id": 5, "name": {"en": "VAT"}, "percentage": "10.0"}
CITY = {"id": 6, "name": {"en": "City"}, "percentage": "5.0"}
TAXES: dict[str, Route | Reply] = {
    "rentals_taxes": last_page(
        rentals_taxes=[
            {"id": 1, "links": {"rental": 1, "tax": 5}, "tax_included_in_rate": True, "tax": VAT},
            {"id": 2, "links": {"rental": 1, "tax": 6}, "tax_included_in_rate": False, "tax": CITY},
        ]
    ),
    "fees_taxes": last_page(
        fees_taxes=[{"id": 3, "links": {"fee": 11, "tax": 5}, "tax_included_in_rate": False, "tax": VAT}]
    ),
    "tax_rules": last_page(tax_rules=[]),
}
CLOSED: dict[str, Route | Reply] = {"rentals/search": Reply(status=403)}


def euros(text: str) -> Money:
    return Money(amount=Decimal(text), currency="EUR")


def routes(record: Mapping[str, Any] = RENTAL, **more: Any) -> dict[str, Route | Reply]:
    return {**CLOSED, "rentals/1": last_page(rentals=[record]), **TAXES, **more}


async def computed(rental: Mapping[str, Any] = RENTAL, wanted: Any = None, **more: Any) -> Any:
    """What one request brings: a price or an error."""
    batch = await client(CannedSession(routes(rental, **more))).quotes([wanted or request()])
    return batch.found.get("0") or batch.failed.get("0")


def assert_adds_up(price: PriceDetails) -> None:
    assert price.total is not None
    assert sum(step.amount for step in price.steps or ()) == price.total.amount
    assert sum(part.amount.amount for part in price.components if part.included_in_total) == price.total.amount
