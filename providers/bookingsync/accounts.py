"""BookingSync's account records in the unified model."""

from typing import Any

from providers.bookingsync.wire import Account, BookingPreferences, Preferences
from providers.model import AccountPreferences, LocalizedText, Phones, ProviderAccount


def provider_account(record: Account) -> ProviderAccount:
    """The unified account. A missing ``demo`` or ``test`` means false."""
    return ProviderAccount(
        provider_id=record.id,
        business_name=record.business_name,
        email=record.email,
        website=record.website,
        address1=record.address1,
        address2=record.address2,
        postal_code=record.zip,
        city=record.city,
        state=record.state,
        country_code=record.country_code.upper() if record.country_code else None,
        default_locale=record.default_locale,
        selected_locales=record.selected_locales,
        status=record.status,
        is_demo=bool(record.demo),
        is_test=bool(record.test),
        inbox_email=_address(record.inbox_email),
        phones=_phones(record),
        preferences=_preferences(record.preferences),
        created_at=record.created_at,
        updated_at=record.updated_at,
        raw=record.sent,
    )


def _address(value: Any) -> str | None:
    """The documentation types the inbox address as a Boolean and describes it as an address."""
    return value if isinstance(value, str) and "@" in value else None


def _phones(record: Account) -> Phones | None:
    sent = record.phones
    return Phones(phone=sent.phone, mobile=sent.mobile, fax=sent.fax) if sent else None


def _preferences(sent: Preferences | None) -> AccountPreferences | None:
    if sent is None:
        return None
    bookings = sent.bookings or BookingPreferences()
    policy = [LocalizedText(locale=locale, text=text) for locale, text in sent.privacy_policy.items() if locale]
    return AccountPreferences(
        default_arrival_hour=_hour(bookings.default_arrival_time),
        default_arrival_end_hour=_hour(bookings.default_arrival_end_time),
        default_departure_hour=_hour(bookings.default_departure_time),
        default_communication_locale=bookings.default_communication_locale,
        privacy_policy=policy or None,
    )


def _hour(value: int | None) -> int | None:
    return value if value is not None and 0 <= value < 24 else None
