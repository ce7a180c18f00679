"""The account's own record (documentation, Accounts)."""

from datetime import datetime

from providers.bookingsync.simulator.formats import instant
from providers.bookingsync.simulator.units import FIRST_ACCOUNT
from providers.bookingsync.simulator.view import Fixed, Record
from providers.simulation.portfolio import Business

LOCALES = frozenset(
    [
        "bg",
        "cs",
        "da",
        "de",
        "el",
        "en",
        "es",
        "fi",
        "fr",
        "hu",
        "id",
        "it",
        "ja",
        "ko",
        "lt",
        "lv",
        "mk",
        "nb",
        "nl",
        "pl",
        "pt",
        "ro",
        "rs",
        "ru",
        "sk",
        "sv",
        "uk",
        "zh",
        "zh-TW",
    ]
)


def default_locale(business: Business) -> str:
    """The owner's language where BookingSync has it, else English."""
    return business.owner.locale if business.owner.locale in LOCALES else "en"


def selected_locales(business: Business) -> list[str]:
    """The languages the account writes its texts in, its own first."""
    return list(dict.fromkeys((default_locale(business), "en", "fr")))


def account_record(account: int, business: Business, *, suspended: bool, created_at: datetime) -> Fixed:
    """The record of account number ``account``. Every second or third lacks what the documentation's samples lack."""
    town = business.town
    record: Record = {
        "id": FIRST_ACCOUNT + account,
        "address1": business.houses[0].street if business.houses else "",
        "address2": "",
        "business_name": business.name,
        "city": town.name,
        "country_code": town.country_code,
        "default_locale": default_locale(business),
        "email": f"office{account}@example.com",
        "phones": {"phone": "", "mobile": business.owner.phone, "fax": ""},
        "preferences": _preferences(account, business),
        "selected_locales": selected_locales(business),
        "state": town.state,
        "status": _status(account, suspended=suspended),
        "website": f"https://www{account}.example.com",
        "zip": town.postal_code,
        "created_at": instant(created_at),
        "updated_at": instant(created_at),
    }
    if account % 3 != 1:
        record |= {"demo": False, "test": False}
    return Fixed(FIRST_ACCOUNT + account, None, created_at, record)


def _status(account: int, *, suspended: bool) -> str:
    if suspended:
        return "suspended"
    return "trial" if account % 4 == 3 else "paying"


def _preferences(account: int, business: Business) -> Record:
    bookings: Record = {
        "default_arrival_time": 16,
        "default_departure_time": 10,
        "default_communication_locale": default_locale(business),
    }
    if account % 2 == 0:
        bookings["default_arrival_end_time"] = 22
    preferences: Record = {"bookings": bookings}
    if account % 3 != 2:
        preferences["privacy_policy"] = {"en": "We keep your data no longer than the law demands."}
    return preferences
