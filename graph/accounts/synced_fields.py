"""``fieldsToSync`` as it is stored: the keys of listings with true or false; nothing stored: all are on."""

from collections.abc import Mapping
from typing import Any

from providers.model import NOTHING_OFF, FieldsOff, ListingField

Stored = Mapping[str, Any]


def fields_off(stored: Stored | None) -> FieldsOff:
    """What is off. Of what was stored before a key existed that one is off, like every key that was not named."""
    if stored is None:
        return NOTHING_OFF
    return frozenset(key for key in ListingField if stored.get(key.value) is not True)


def stored_fields(named: Mapping[str, bool]) -> dict[str, bool]:
    """What to store where a change names these keys: those named as true are on, **all others are off**."""
    return {key.value: named.get(key.value) is True for key in ListingField}
