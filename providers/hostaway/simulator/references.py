"""Dictionaries, custom fields and cancellation policies."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from providers.hostaway.simulator.accounts import SimulatedAccount
from providers.hostaway.simulator.dictionaries import (
    AMENITY_IDS,
    BED_TYPES,
    COUNTRIES,
    CURRENCY_NAMES,
    LANGUAGES,
    PROPERTY_TYPE_IDS,
    TIME_ZONES,
    amenity_label,
)
from providers.hostaway.simulator.envelope import RefusedError, page, success
from providers.hostaway.simulator.parameters import Parameters
from providers.hostaway.simulator.policies import policies
from providers.hostaway.simulator.readings import HostawayReadings

LARGEST_PAGE = 500
"""The documented maximum of ``GET /v1/customFields``."""

CUSTOM_FIELDS: tuple[dict[str, Any], ...] = (
    {
        "id": 167,
        "name": "Breakfast",
        "varName": "reservation_breakfast_167",
        "possibleValues": '[{"value":"yes","label":"Yes"},{"value":"no","label":"No"}]',
        "type": "dropdown",
        "objectType": "reservation",
        "isPublic": 1,
        "sortOrder": 1,
    },
    {
        "id": 168,
        "name": "Key shelf",
        "varName": "listing_key_shelf_168",
        "possibleValues": None,
        "type": "text",
        "objectType": "listing",
        "isPublic": 0,
        "sortOrder": None,
    },
    {
        "id": 169,
        "name": "Minutes",
        "varName": "task_minutes_169",
        "possibleValues": None,
        "type": "number",
        "objectType": "task",
        "isPublic": 0,
        "sortOrder": 3,
    },
)


def named(names: dict[int, str]) -> list[dict[str, Any]]:
    return [{"id": number, "name": name} for number, name in names.items()]


def time_zones(at: datetime) -> dict[str, dict[str, str]]:
    """Zones with their offsets at an instant."""
    return {name: _offset(name, at) for name in TIME_ZONES}


def _offset(name: str, at: datetime) -> dict[str, str]:
    offset = at.astimezone(ZoneInfo(name)).utcoffset() or timedelta()
    minutes = int(offset.total_seconds()) // 60
    text = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    return {"value": f"(UTC {text}) {name}", "diff": text}


DICTIONARIES: dict[str, Any] = {
    "amenities": named({number: amenity_label(name) for name, number in AMENITY_IDS.items()}),
    "bedTypes": named(BED_TYPES),
    "propertyTypes": named({number: name.capitalize() for name, number in PROPERTY_TYPE_IDS.items()}),
    "countries": COUNTRIES,
    "currencies": {code: f"{code} - {name}" for code, name in CURRENCY_NAMES.items()},
    "languages": LANGUAGES,
}


class References:
    """The calls about reference data."""

    def __init__(self, readings: HostawayReadings, at: datetime) -> None:
        self._readings = readings
        self._dictionaries = {**DICTIONARIES, "timezones": time_zones(at)}

    @property
    def dictionary_names(self) -> tuple[str, ...]:
        return tuple(self._dictionaries)

    async def dictionary(self, request: Request, account: SimulatedAccount) -> Response:
        return success(self._dictionaries[request.url.path.rstrip("/").rpartition("/")[2]])

    async def custom_fields(self, request: Request, account: SimulatedAccount) -> Response:
        given = Parameters(request.query_params, self._readings)
        kind = given.text("objectType")
        rows = [{**each, "accountId": account.id} for each in CUSTOM_FIELDS if kind in (None, each["objectType"])]
        limit = min(given.number("limit") or 100, LARGEST_PAGE)
        offset = given.number("offset") or 0
        return page(rows[offset : offset + limit], count=len(rows), limit=limit, offset=offset)

    async def policies(self, request: Request, account: SimulatedAccount, *, channel: str | None = None) -> Response:
        """The policies of a channel; without one, those for direct bookings."""
        return success(list(account.changed.policies.values()) if channel is None else policies(channel, account.id))

    async def policy(self, request: Request, account: SimulatedAccount) -> Response:
        found = account.changed.policies.get(request.path_params["policy_id"])
        if found is None:
            raise RefusedError(404, "Cancellation policy not found")
        return success(found)
