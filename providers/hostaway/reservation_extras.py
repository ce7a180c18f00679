"""What only Hostaway's reservations have (Hostaway documentation, Reservation object)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from annotated_doc import Doc

from providers.changes import OMITTED, Omitted

Amount = Decimal | Omitted | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostawayReservationExtras:
    """Fields of a Hostaway reservation that no other provider has. Amounts are in the reservation's currency."""

    is_manually_checked: Annotated[bool | Omitted, Doc("Whether somebody of the business looked at it.")] = OMITTED
    is_initial: Annotated[
        bool | Omitted, Doc("Whether it came with the first import of a channel; for new reservations only.")
    ] = OMITTED
    door_code_vendor: Annotated[str | Omitted | None, Doc("Maker of the door's lock.")] = OMITTED
    door_code_instruction: Annotated[str | Omitted | None, Doc("How the door code is used, for the guest.")] = OMITTED
    guest_picture: Annotated[str | Omitted | None, Doc("Address of a picture of the guest.")] = OMITTED
    guest_recommendations: Annotated[int | Omitted | None, Doc("Recommendations that the guest has: 0 or more.")] = (
        OMITTED
    )
    guest_trips: Annotated[int | Omitted | None, Doc("Journeys that the guest made: 0 or more.")] = OMITTED
    guest_work: Annotated[str | Omitted | None, Doc("Where the guest works.")] = OMITTED
    tax_amount: Annotated[Amount, Doc("Taxes in all, as one amount beside the price lines.")] = OMITTED
    cleaning_fee: Annotated[Amount, Doc("Cleaning fee, as one amount beside the price lines.")] = OMITTED
    security_deposit_fee: Annotated[Amount, Doc("Deposit, as one amount beside the price lines.")] = OMITTED
    channel_commission_amount: Annotated[Amount, Doc("What the channel keeps.")] = OMITTED
    airbnb_expected_payout_amount: Annotated[Amount, Doc("What Airbnb is to pay out.")] = OMITTED
    airbnb_listing_base_price: Annotated[Amount, Doc("Airbnb's price of the nights.")] = OMITTED
    airbnb_listing_cancellation_host_fee: Annotated[
        Amount, Doc("What Airbnb takes of the host for a cancellation.")
    ] = OMITTED
    airbnb_listing_cancellation_payout: Annotated[Amount, Doc("What Airbnb pays out after a cancellation.")] = OMITTED
    airbnb_listing_cleaning_fee: Annotated[Amount, Doc("Airbnb's cleaning fee.")] = OMITTED
    airbnb_listing_host_fee: Annotated[Amount, Doc("What Airbnb takes of the host.")] = OMITTED
    airbnb_listing_security_price: Annotated[Amount, Doc("Airbnb's deposit.")] = OMITTED
    airbnb_occupancy_tax_amount_paid_to_host: Annotated[Amount, Doc("Occupancy tax that Airbnb passes on.")] = OMITTED
    airbnb_total_paid_amount: Annotated[Amount, Doc("What the guest paid to Airbnb.")] = OMITTED
    airbnb_transient_occupancy_tax_paid_amount: Annotated[Amount, Doc("Occupancy tax that Airbnb pays itself.")] = (
        OMITTED
    )
    airbnb_cancellation_policy: Annotated[str | Omitted | None, Doc("Airbnb's own word for the policy.")] = OMITTED
