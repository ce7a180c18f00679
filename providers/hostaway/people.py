"""The users of a Hostaway account in the unified model."""

import re
from collections.abc import Mapping
from typing import Any

from providers.hostaway.wire_parts import WireUser
from providers.model import ProviderUser
from providers.wire import OddValue
from providers.wire.values import read_bool

_SECRETS = frozenset({"verificationCode", "icalKey", "passwordUpdatedOn"})
# Hostaway documentation, User object: one flag for each thing that a user may do, such as readReservation.
_RIGHT = re.compile(r"(?:create|read|update|delete|access)[A-Z]\w*")


def build_user(wire: WireUser) -> ProviderUser:
    """A user, without the secrets that samples show (verification code, iCal key): not even in ``raw``."""
    return ProviderUser(
        provider_id=wire.id,
        first_name=wire.first_name,
        last_name=wire.last_name,
        email=wire.email,
        phone=wire.phone,
        title=wire.title,
        group=wire.user_group_name,
        time_zone=wire.timezone,
        is_admin=wire.is_admin,
        is_disabled=_either(wire.is_disabled_by_hostaway, wire.is_disabled_by_account),
        sees_new_listings=wire.has_access_to_new_listings,
        permissions=_rights(wire.sent),
        listing_ids=wire.listing_map_ids,
        last_login_at=wire.last_login_on,
        raw={name: value for name, value in wire.sent.items() if name not in _SECRETS},
    )


def _either(one: bool | None, other: bool | None) -> bool | None:
    return None if one is None and other is None else bool(one or other)


def _rights(raw: Mapping[str, Any]) -> list[str] | None:
    """The rights that are granted, new ones included; None where none was sent."""
    flags = {name: _flag(value) for name, value in raw.items() if isinstance(name, str) and _RIGHT.fullmatch(name)}
    return [name for name, granted in flags.items() if granted] if flags else None


def _flag(value: Any) -> bool:
    try:
        return bool(read_bool(value))
    except OddValue:
        return False
