"""What Hostaway sends beside listings and reservations: fees, taxes, units, policies, people and dictionaries."""

from typing import Annotated, Any

from pydantic import Field

from providers.hostaway.wire import HostawayRecord, WirePolicyItem
from providers.wire import (
    Identity,
    LenientBool,
    LenientDecimal,
    LenientId,
    LenientInstant,
    LenientInt,
    LenientList,
    LenientStr,
    SentRecord,
)


class WireFee(HostawayRecord, SentRecord):
    id: Identity
    fee_type: LenientStr = None
    fee_title: LenientStr = None
    fee_applied_per: LenientStr = None
    amount: LenientDecimal = None
    amount_type: LenientStr = None
    is_mandatory: LenientBool = None
    is_quantity_selectable: LenientBool = None
    inserted_on: LenientInstant = None
    updated_on: LenientInstant = None


class WireTax(HostawayRecord, SentRecord):
    id: Identity
    tax_type: LenientStr = None
    tax_applied_per: LenientStr = None
    amount: LenientDecimal = None
    amount_type: LenientStr = None
    apply_to: Any = None
    inserted_on: LenientInstant = None
    updated_on: LenientInstant = None


class WireUnit(HostawayRecord, SentRecord):
    id: Identity
    name: LenientStr = None
    ground: LenientStr = None
    unit_number: LenientStr = None
    listing_map_id_unit: LenientId = None


class WireAgreement(HostawayRecord, SentRecord):
    id: LenientId = None
    text: LenientStr = None


class WirePricingSettings(HostawayRecord, SentRecord):
    airbnb: Annotated[LenientBool, Field(alias="isAirbnbLOSActive")] = None
    booking_com: Annotated[LenientBool, Field(alias="isBookingLOSActive")] = None
    vrbo: Annotated[LenientBool, Field(alias="isVrboLOSActive")] = None
    expedia: Annotated[LenientBool, Field(alias="isExpediaLOSActive")] = None


class WirePolicy(HostawayRecord, SentRecord):
    id: Identity
    name: LenientStr = None
    cancellation_policy_item: LenientList[WirePolicyItem] = None


class WireUser(HostawayRecord, SentRecord):
    id: Identity
    first_name: LenientStr = None
    last_name: LenientStr = None
    email: LenientStr = None
    phone: LenientStr = None
    title: LenientStr = None
    user_group_name: LenientStr = None
    timezone: LenientStr = None
    is_admin: LenientBool = None
    is_disabled_by_hostaway: LenientBool = None
    is_disabled_by_account: LenientBool = None
    has_access_to_new_listings: LenientBool = None
    last_login_on: LenientInstant = None
    listing_map_ids: LenientList[Identity] = None


class WireWord(HostawayRecord):
    """An entry of a dictionary that comes as a list."""

    id: Identity
    name: LenientStr = None


class WireCustomField(HostawayRecord, SentRecord):
    id: Identity
    name: LenientStr = None
    var_name: LenientStr = None
    possible_values: Any = None
    type: LenientStr = None
    object_type: LenientStr = None
    is_public: LenientBool = None
    sort_order: LenientInt = None
