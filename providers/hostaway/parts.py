"""Fees, taxes, units, agreements and pricing settings of Hostaway's listings in the unified model."""

from collections.abc import Mapping
from typing import Any

from providers.hostaway.nested import any_text, unpacked
from providers.hostaway.wire_parts import WireAgreement, WireFee, WirePricingSettings, WireTax, WireUnit
from providers.model import (
    Channel,
    ChargedPer,
    ListingFee,
    ListingTax,
    ListingUnit,
    PricingSettings,
    RentalAgreement,
    money,
)

# Hostaway documentation, Listing fee settings and Tax settings. "base_rate", which samples of fees use, has no
# documented meaning.
_CHARGED_PER = {
    "reservation": ChargedPer.STAY,
    "night": ChargedPer.NIGHT,
    "person": ChargedPer.PERSON,
    "person_per_night": ChargedPer.PERSON_NIGHT,
}


LENGTH_OF_STAY: Mapping[Channel, str] = {
    Channel.AIRBNB: "isAirbnbLOSActive",
    Channel.BOOKING_COM: "isBookingLOSActive",
    Channel.VRBO: "isVrboLOSActive",
    Channel.EXPEDIA: "isExpediaLOSActive",
}
"""The channels that may get prices by length of stay (Hostaway documentation, Listing price settings)."""


def build_fee(wire: WireFee, currency: str | None) -> ListingFee:
    """A fee setting. Its amounts are in the listing's ``currency``, which it does not name itself."""
    return ListingFee(
        provider_id=wire.id,
        name=wire.fee_type,
        title=wire.fee_title,
        **_charge(wire, wire.fee_applied_per, currency),
        # Null stands for an extra that guests choose, like 0 (Hostaway documentation, Listing fee settings).
        mandatory=bool(wire.is_mandatory),
        quantity_selectable=wire.is_quantity_selectable,
        raw=wire.sent,
    )


def build_tax(wire: WireTax, currency: str | None, *, account_wide: bool) -> ListingTax:
    """A tax setting of a listing or of the account. Its amounts are in the listing's ``currency``."""
    return ListingTax(
        provider_id=wire.id,
        name=wire.tax_type,
        **_charge(wire, wire.tax_applied_per, currency),
        applies_to=_names(wire.apply_to),
        provider_applies_to=_words(wire.apply_to),
        account_wide=account_wide,
        raw=wire.sent,
    )


def _charge(wire: WireFee | WireTax, applied_per: str | None, currency: str | None) -> dict[str, Any]:
    """What fees and taxes say alike: how much, for what, since when."""
    return {
        "amount": money(wire.amount, currency) if is_flat(wire) else None,
        "percentage": wire.amount if _is_percent(wire) else None,
        "charged_per": _charged_per(applied_per),
        "provider_charged_per": applied_per,
        "created_at": wire.inserted_on,
        "updated_at": wire.updated_on,
    }


def is_flat(wire: WireFee | WireTax) -> bool:
    """Whether the setting is an amount, so that it needs a currency."""
    return (wire.amount_type or "").lower() == "flat"


def build_unit(wire: WireUnit) -> ListingUnit:
    return ListingUnit(
        provider_id=wire.id,
        name=wire.name,
        floor=wire.ground,
        number=wire.unit_number,
        linked_listing_id=wire.listing_map_id_unit,
        raw=wire.sent,
    )


def build_agreement(wire: WireAgreement) -> RentalAgreement:
    return RentalAgreement(provider_id=wire.id, text=wire.text, raw=wire.sent)


def build_pricing_settings(wire: WirePricingSettings) -> PricingSettings:
    """Which channels get prices by length of stay: all that these settings hold."""
    flags: Mapping[Channel, bool | None] = {
        Channel.AIRBNB: wire.airbnb,
        Channel.BOOKING_COM: wire.booking_com,
        Channel.VRBO: wire.vrbo,
        Channel.EXPEDIA: wire.expedia,
    }
    said = any(flag is not None for flag in flags.values())
    return PricingSettings(
        length_of_stay_channels=[each for each, flag in flags.items() if flag] if said else None, raw=wire.sent
    )


def _is_percent(wire: WireFee | WireTax) -> bool:
    return (wire.amount_type or "").lower() == "percent"


def _charged_per(word: str | None) -> ChargedPer | None:
    return None if word is None else _CHARGED_PER.get(word.lower(), ChargedPer.OTHER)


def _names(sent: Any) -> list[str] | None:
    """The names in ``applyTo``: a JSON text inside the JSON, as documented, or the list itself."""
    found = unpacked(sent)
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else None


def _words(sent: Any) -> str | None:
    """All of ``applyTo`` as text, where it is not a list of names."""
    found = unpacked(sent)
    told = isinstance(found, list) and all(isinstance(each, str) for each in found)
    return None if told else any_text(sent)
