"""Hostaway's dictionaries and custom fields in the unified model."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from providers import vocabulary
from providers.hostaway.channels import CHANNEL_NAMES
from providers.hostaway.nested import text_or_none, unpacked
from providers.hostaway.wire_parts import WireCustomField, WireWord
from providers.model import CustomField, CustomFieldObject, DictionaryEntry, DictionaryKind
from providers.wire import parse_records

LISTS: Mapping[DictionaryKind, str] = {
    DictionaryKind.AMENITIES: "/v1/amenities",
    DictionaryKind.PROPERTY_TYPES: "/v1/propertyTypes",
    DictionaryKind.BED_TYPES: "/v1/bedTypes",
}
"""Dictionaries that come as lists of id and name (Hostaway documentation, Common info)."""

OBJECTS: Mapping[DictionaryKind, str] = {
    DictionaryKind.COUNTRIES: "/v1/countries",
    DictionaryKind.CURRENCIES: "/v1/currencies",
    DictionaryKind.LANGUAGES: "/v1/languages",
    DictionaryKind.TIME_ZONES: "/v1/timezones",
}
"""Dictionaries that come as one object, by code."""

DICTIONARIES = frozenset({*LISTS, *OBJECTS, DictionaryKind.CHANNELS})

_KINDS: Mapping[DictionaryKind, Callable[[str | None], str | None]] = {
    DictionaryKind.AMENITIES: vocabulary.amenity_kind,
    DictionaryKind.PROPERTY_TYPES: vocabulary.property_type,
}
_CODE_LENGTHS = {DictionaryKind.COUNTRIES: 2, DictionaryKind.CURRENCIES: 3, DictionaryKind.LANGUAGES: 2}
_OBJECTS_WITH_FIELDS = {
    "listing": CustomFieldObject.LISTING,
    "reservation": CustomFieldObject.RESERVATION,
}


def channel_entries() -> list[DictionaryEntry]:
    """The documentation's fixed table: no call lists them."""
    return [
        DictionaryEntry(provider_id=number, name=name, kind=vocabulary.channel(name))
        for number, name in CHANNEL_NAMES.items()
    ]


def list_entries(kind: DictionaryKind, rows: Iterable[Any]) -> list[DictionaryEntry]:
    """The entries of a list; those without an id are left out."""
    word = _KINDS.get(kind)

    def build(wire: WireWord) -> DictionaryEntry:
        return DictionaryEntry(provider_id=wire.id, name=wire.name, kind=word(wire.name) if word else None)

    return parse_records(WireWord, rows, build)[0]


def object_entries(kind: DictionaryKind, found: Mapping[str, Any]) -> list[DictionaryEntry]:
    """The entries of an object by code. Of time zones the name is the label, the details are the offset."""
    return [
        DictionaryEntry(provider_id=code, name=_label(value), kind=_iso(kind, code), details=_offset(value))
        for code, value in found.items()
    ]


def build_custom_field(wire: WireCustomField) -> CustomField:
    return CustomField(
        provider_id=wire.id,
        name=wire.name,
        key=wire.var_name,
        of=_OBJECTS_WITH_FIELDS.get((wire.object_type or "").lower(), CustomFieldObject.OTHER),
        type=wire.type,
        possible_values=_choices(wire.possible_values),
        public=wire.is_public,
        position=wire.sort_order,
        raw=wire.sent,
    )


def _label(value: Any) -> str | None:
    return text_or_none(value.get("value") if isinstance(value, dict) else value)


def _offset(value: Any) -> str | None:
    return text_or_none(value.get("diff")) if isinstance(value, dict) else None


def _iso(kind: DictionaryKind, code: str) -> str | None:
    """The ISO code, where the key is one: Hostaway says so of countries, currencies and languages."""
    if len(code) != _CODE_LENGTHS.get(kind) or not (code.isascii() and code.isalpha()):
        return None
    return code.lower() if kind is DictionaryKind.LANGUAGES else code.upper()


def _choices(sent: Any) -> list[str] | None:
    """What a dropdown offers: a JSON text of values with labels, or, in the old list, an array."""
    found = unpacked(sent)
    if not isinstance(found, list):
        return None
    values = (text_or_none(each.get("value") if isinstance(each, dict) else each) for each in found)
    return [value for value in values if value is not None]
