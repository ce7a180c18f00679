"""What may be written about a reservation, and how it is checked."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from providers.hostaway.simulator.accounts import ListingRow
from providers.hostaway.simulator.envelope import RefusedError
from providers.hostaway.simulator.parameters import FIRST_DAY, LAST_DAY
from providers.hostaway.simulator.references import CUSTOM_FIELDS

MOST_MONEY = 10**9

Money = Annotated[Decimal | None, Field(ge=-MOST_MONEY, le=MOST_MONEY)]
Total = Annotated[Decimal | None, Field(ge=0, le=MOST_MONEY)]
Count = Annotated[int | None, Field(ge=0, le=1000)]
Hour = Annotated[int | None, Field(ge=0, le=23)]
Day = Annotated[date | None, Field(ge=FIRST_DAY, le=LAST_DAY)]
Flag = Annotated[bool | None, BeforeValidator(lambda value: value == 1 if value in (0, 1) else value)]
Text = Annotated[str | None, Field(max_length=5000)]


class Body(BaseModel):
    """Names are those of the wire; unknown ones are ignored."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)


class CustomValueBody(Body):
    custom_field_id: int
    value: Annotated[Any, Field(default=None)]


class ReservationBody(Body):
    """The update set of a reservation (Hostaway documentation, update a reservation), all optional."""

    listing_map_id: int | None = None
    is_manually_checked: Flag = None
    guest_name: Text = None
    guest_first_name: Text = None
    guest_last_name: Text = None
    guest_zip_code: Text = None
    guest_address: Text = None
    guest_city: Text = None
    guest_country: Text = None
    guest_email: Text = None
    guest_picture: Text = None
    guest_recommendations: Count = None
    guest_trips: Count = None
    guest_work: Text = None
    is_guest_identity_verified: Flag = None
    is_guest_verified_by_email: Flag = None
    is_guest_verified_by_work_email: Flag = None
    is_guest_verified_by_facebook: Flag = None
    is_guest_verified_by_government_id: Flag = None
    is_guest_verified_by_phone: Flag = None
    is_guest_verified_by_reviews: Flag = None
    number_of_guests: Count = None
    adults: Count = None
    children: Count = None
    infants: Count = None
    pets: Count = None
    arrival_date: Day = None
    departure_date: Day = None
    check_in_time: Hour = None
    check_out_time: Hour = None
    phone: Text = None
    total_price: Total = None
    tax_amount: Money = None
    channel_commission_amount: Money = None
    cleaning_fee: Money = None
    security_deposit_fee: Money = None
    is_paid: Flag = None
    currency: Annotated[str | None, Field(pattern=r"^[A-Z]{3}$")] = None
    host_note: Text = None
    guest_note: Text = None
    guest_locale: Text = None
    door_code: Text = None
    door_code_vendor: Text = None
    door_code_instruction: Text = None
    comment: Text = None
    airbnb_expected_payout_amount: Money = None
    airbnb_listing_base_price: Money = None
    airbnb_listing_cancellation_host_fee: Money = None
    airbnb_listing_cancellation_payout: Money = None
    airbnb_listing_cleaning_fee: Money = None
    airbnb_listing_host_fee: Money = None
    airbnb_listing_security_price: Money = None
    airbnb_occupancy_tax_amount_paid_to_host: Money = None
    airbnb_total_paid_amount: Money = None
    airbnb_transient_occupancy_tax_paid_amount: Money = None
    airbnb_cancellation_policy: Text = None
    customer_user_id: Text = None
    custom_field_values: list[CustomValueBody] | None = None
    finance_field: list[dict[str, Any]] | None = None

    @property
    def sent(self) -> frozenset[str]:
        """The fields that were sent, by their names on the wire."""
        return frozenset(to_camel(name) for name in self.model_fields_set)


class NewReservationBody(ReservationBody):
    """What only a new reservation has."""

    channel_id: int
    listing_map_id: int
    arrival_date: Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
    departure_date: Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
    is_initial: Flag = None
    status: str | None = None
    coupon_name: str | None = None
    cc_number: str | None = None
    cc_name: str | None = None
    cc_expiration_year: str | None = None
    cc_expiration_month: str | None = None
    cvc: str | None = None


class CancellationBody(Body):
    cancelled_by: Annotated[str | None, Field(pattern="^(guest|host)$")] = None


class NoShowBody(Body):
    waived_fees: bool = False


NOT_IN_RECORDS = frozenset({"listingMapId", "customFieldValues", "financeField"})
"""Fields of a body that are not copied as they are."""

WRITABLE = frozenset(map(to_camel, ReservationBody.model_fields)) - NOT_IN_RECORDS


def written(body: ReservationBody) -> dict[str, Any]:
    """The fields that were sent, as records show them."""
    plain = body.model_dump(mode="json", by_alias=True, include=body.model_fields_set)
    fields = {name: value for name, value in plain.items() if name in WRITABLE}
    return {name: _shown(getattr(body, _snake(name)), value) for name, value in fields.items()}


def custom_values(body: ReservationBody) -> list[dict[str, Any]]:
    """The custom fields that were sent. Raises ``RefusedError`` for one that reservations do not have."""
    known = {each["id"] for each in CUSTOM_FIELDS if each["objectType"] == "reservation"}
    values = body.custom_field_values or []
    for each in values:
        if each.custom_field_id not in known:
            raise RefusedError(422, f"Custom field {each.custom_field_id} does not exist.")
    return [{"customFieldId": each.custom_field_id, "value": each.value} for each in values]


def check_currency(body: ReservationBody, row: ListingRow) -> None:
    """Raises ``RefusedError`` for another currency than the listing's."""
    if body.currency not in (None, row.record["currencyCode"]):
        raise RefusedError(422, "The currency is not the one of the listing.")


_SNAKE = {to_camel(name): name for name in ReservationBody.model_fields}


def _snake(name: str) -> str:
    return _SNAKE[name]


def _shown(value: Any, plain: Any) -> Any:
    """Money as a number, flags as 0 and 1."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return int(value) if isinstance(value, bool) else plain
