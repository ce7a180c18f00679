"""What only BookingSync's writes take."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from annotated_doc import Doc

from providers.changes import OMITTED, Omitted


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingExtras:
    """What only BookingSync's bookings have."""

    client_id: Annotated[str | Omitted | None, Doc("Id of a client that is there, instead of guest.")] = OMITTED
    source_id: Annotated[str | Omitted | None, Doc("Id of a source, instead of channel and source.")] = OMITTED
    tag_ids: Annotated[Sequence[str] | Omitted, Doc("Ids of the booking's tags: the whole list.")] = OMITTED
    channel_price: Annotated[
        Decimal | Omitted | None,
        Doc("What the traveller accepted on the channel, without the channel's own fees; without it the total."),
    ] = OMITTED
    commission: Annotated[Decimal | Omitted | None, Doc("What the channel keeps; needs a total.")] = OMITTED
    downpayment: Annotated[Decimal | Omitted | None, Doc("What is due when booking; needs a total.")] = OMITTED
    damage_deposit: Annotated[Decimal | Omitted, Doc("Refundable deposit, 0 or more.")] = OMITTED
    charge_damage_deposit_on_arrival: Annotated[bool | Omitted, Doc("Whether the deposit is taken on arrival.")] = (
        OMITTED
    )
    rental_payback_to_owner: Annotated[
        Decimal | Omitted | None, Doc("The owner's part of the rent, less than the rent.")
    ] = OMITTED
    final_payback_to_owner: Annotated[
        Decimal | Omitted | None, Doc("The owner's part of the total, less than the total.")
    ] = OMITTED
    imported: Annotated[bool | Omitted, Doc("Whether it was imported from a channel.")] = OMITTED
    confirmed: Annotated[bool | Omitted, Doc("True makes an agreed stay of a HOLD that is there.")] = OMITTED


@dataclass(frozen=True, slots=True, kw_only=True)
class RentalExtras:
    """What only BookingSync's rentals have."""

    nightly_rates_managed_externally: Annotated[
        bool | Omitted,
        Doc("True lets programs write prices of nights, and takes seasons and periods from BookingSync's own pages."),
    ] = OMITTED
    mid_term_pricing_active: Annotated[bool | Omitted, Doc("Whether stays of 31 nights and more have own prices.")] = (
        OMITTED
    )
    rounding_kind: Annotated[
        str | Omitted, Doc("How rents are rounded: no-rounding, round-up, closest-exact or closest-marketing.")
    ] = OMITTED
    management_type: Annotated[str | Omitted, Doc("professional or non_professional.")] = OMITTED
    residency_category: Annotated[str | Omitted, Doc("primary_residence, secondary_residence or non_residential.")] = (
        OMITTED
    )
    checkin_type: Annotated[str | Omitted, Doc("in_person, lockbox, smart_lock, 24_hours_staff or other.")] = OMITTED
    absolute_min_price: Annotated[
        Decimal | Omitted | None, Doc("Least price ever, of the base price's period, no more than the base price.")
    ] = OMITTED
    stories_count: Annotated[int | Omitted | None, Doc("Number of floors, 0 to 100.")] = OMITTED
    destination_id: Annotated[str | Omitted, Doc("Id of its destination.")] = OMITTED
    rates_table_id: Annotated[str | Omitted, Doc("Id of its rates table.")] = OMITTED
