"""The PMS's own record of the business behind a connected account."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from annotated_doc import Doc


@dataclass(slots=True, kw_only=True)
class Phones:
    """A business's phone numbers, as the PMS holds them."""

    phone: Annotated[str | None, Doc("Landline number.")] = None
    mobile: Annotated[str | None, Doc("Mobile number.")] = None
    fax: Annotated[str | None, Doc("Fax number.")] = None


@dataclass(slots=True, kw_only=True)
class LocalizedText:
    """One text in one language."""

    locale: Annotated[str, Doc("Language tag, for example en or pt-BR.")]
    text: Annotated[str, Doc("The text in that language.")]


@dataclass(slots=True, kw_only=True)
class AccountPreferences:
    """Defaults that the business set in its PMS."""

    default_arrival_hour: Annotated[int | None, Doc("Earliest check-in hour, 0 to 23, listing's local time.")] = None
    default_arrival_end_hour: Annotated[int | None, Doc("Latest check-in hour, 0 to 23, local time.")] = None
    default_departure_hour: Annotated[int | None, Doc("Check-out hour, 0 to 23, local time.")] = None
    default_communication_locale: Annotated[str | None, Doc("Language used with guests by default.")] = None
    privacy_policy: Annotated[list[LocalizedText] | None, Doc("Privacy policy, one text per language.")] = None


@dataclass(slots=True, kw_only=True)
class ProviderAccount:
    """The business account inside the PMS that a connected account gives access to."""

    provider_id: Annotated[str, Doc("The account's id in the PMS.")]
    business_name: Annotated[str | None, Doc("Name of the business.")] = None
    email: Annotated[str | None, Doc("E-mail address of the business.")] = None
    website: Annotated[str | None, Doc("Web site of the business.")] = None
    address1: Annotated[str | None, Doc("First line of the business's address.")] = None
    address2: Annotated[str | None, Doc("Second line of the business's address.")] = None
    postal_code: Annotated[str | None, Doc("Postal code.")] = None
    city: Annotated[str | None, Doc("City.")] = None
    state: Annotated[str | None, Doc("State, region or province.")] = None
    country_code: Annotated[str | None, Doc("ISO 3166-1 alpha-2 country code.")] = None
    default_locale: Annotated[str | None, Doc("Language the business works in.")] = None
    selected_locales: Annotated[list[str] | None, Doc("Languages the business publishes in.")] = None
    status: Annotated[str | None, Doc("The PMS's own word for the account's state, for example trial or paying.")] = (
        None
    )
    is_demo: Annotated[bool | None, Doc("True for a demonstration account: not a real business.")] = None
    is_test: Annotated[bool | None, Doc("True for a test account: not a real business.")] = None
    inbox_email: Annotated[str | None, Doc("Address that feeds the PMS's inbox, where it is readable.")] = None
    phones: Annotated[Phones | None, Doc("Phone numbers.")] = None
    preferences: Annotated[AccountPreferences | None, Doc("Defaults the business set in its PMS.")] = None
    created_at: Annotated[datetime | None, Doc("When the PMS created the account, UTC.")] = None
    updated_at: Annotated[datetime | None, Doc("When the PMS last changed the account, UTC.")] = None
    raw: Mapping[str, Any] | None = None
