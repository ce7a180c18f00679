"""Dictionaries of a PMS: the words that its records name by id or code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_doc import Doc

from providers.model.described import Described


class DictionaryKind(Described):
    """What a dictionary lists."""

    AMENITIES = "AMENITIES", "What listings may offer."
    PROPERTY_TYPES = "PROPERTY_TYPES", "Kinds of building."
    BED_TYPES = "BED_TYPES", "Kinds of bed."
    COUNTRIES = "COUNTRIES", "Countries."
    CURRENCIES = "CURRENCIES", "Currencies."
    LANGUAGES = "LANGUAGES", "Languages or locales."
    TIME_ZONES = "TIME_ZONES", "Time zones."
    CHANNELS = "CHANNELS", "Channels that reservations come from."


@dataclass(slots=True, kw_only=True)
class DictionaryEntry:
    """One word of a dictionary."""

    provider_id: Annotated[str, Doc("The id or code by which the PMS's records name it.")]
    name: Annotated[str | None, Doc("The PMS's own word for it.")] = None
    kind: Annotated[
        str | None,
        Doc(
            "StayGraph's word for it: an AmenityKind, PropertyType or Channel; an ISO code for countries, currencies "
            "and languages; null where there is none."
        ),
    ] = None
    details: Annotated[str | None, Doc("What else the PMS says, for example a time zone's offset.")] = None


class CustomFieldObject(Described):
    """What a custom field belongs to."""

    LISTING = "LISTING", "Listings."
    RESERVATION = "RESERVATION", "Reservations."
    OTHER = "OTHER", "Other objects of the PMS, such as tasks."


@dataclass(slots=True, kw_only=True)
class CustomField:
    """A field that the business added to its PMS."""

    provider_id: Annotated[str, Doc("The field's id in the PMS.")]
    name: Annotated[str | None, Doc("Label for people.")] = None
    key: Annotated[str | None, Doc("Machine name, for example in message templates.")] = None
    of: Annotated[CustomFieldObject, Doc("What it belongs to.")]
    type: Annotated[str | None, Doc("The PMS's own word for its type, for example dropdown.")] = None
    possible_values: Annotated[list[str] | None, Doc("Values to choose from, where there is a choice.")] = None
    public: Annotated[bool | None, Doc("True if guests may see it.")] = None
    position: Annotated[int | None, Doc("Place among the others; lower comes first.")] = None
    raw: Mapping[str, Any] | None = None


@dataclass(slots=True, kw_only=True)
class CustomFieldValue:
    """The value of a custom field of one object."""

    field_id: Annotated[str, Doc("The field's id in the PMS.")]
    value: Annotated[str | None, Doc("Its value, as text: a yes or no as true or false, a list as JSON.")] = None
