"""Making, changing, calling off and removing reservations."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from providers.hostaway.simulator.accounts import ListingRow, ReservationRow, SimulatedAccount
from providers.hostaway.simulator.availability import are_open, closed, minimum_stay
from providers.hostaway.simulator.cards import charge, check_card
from providers.hostaway.simulator.checked_bodies import checked, json_body
from providers.hostaway.simulator.coupons import tied, usable
from providers.hostaway.simulator.dictionaries import CHANNELS
from providers.hostaway.simulator.envelope import RefusedError, day_text, moment_text, success
from providers.hostaway.simulator.finance_writes import changed_lines, new_lines, without_lines
from providers.hostaway.simulator.new_reservations import FIRST_LINE, OWNER, new_row
from providers.hostaway.simulator.readings import HostawayReadings
from providers.hostaway.simulator.reservation_bodies import (
    WRITABLE,
    CancellationBody,
    NewReservationBody,
    NoShowBody,
    ReservationBody,
    check_currency,
    custom_values,
    written,
)
from providers.hostaway.simulator.reservation_record import (
    BOOKINGCOM,
    WITH_PAYMENTS,
    WITH_RESOURCES_SINGLY,
)
from providers.hostaway.simulator.reservations import reservation
from providers.simulation.portfolio import StayKind

MOST_NIGHTS = 1000
CLASH = "The listing is not available for these dates."
NO_SHOW = ("bookingcomNoShowReportedAt", "bookingcomNoShowFeeWaived")
PARTIAL_FORM = frozenset({"financeField", "totalPrice"})
"""The one documented update that leaves the rest out (update with price components)."""
OF_A_MODIFICATION = frozenset({"arrivalDate", "departureDate", "numberOfGuests", "totalPrice"})
NEVER_CLEARED = frozenset({"arrivalDate", "departureDate", "currency"})


class ReservationWrites:
    """The calls that change reservations. ``now`` tells the time (UTC)."""

    def __init__(self, readings: HostawayReadings, now: Callable[[], datetime]) -> None:
        self._readings = readings
        self._now = now

    async def create(self, request: Request, account: SimulatedAccount) -> Response:
        body = checked(NewReservationBody, await json_body(request))
        with_card = request.query_params.get("validatePaymentMethod") == "1"
        row = self._listing(body.listing_map_id, account)
        self._check_new(body, row)
        if with_card:
            check_card(body)
        self._check_stay(request, row, body.arrival_date, body.departure_date)
        if not self._readings.status_is_written:
            body.status = None
        coupon = usable(body.coupon_name, account) if body.coupon_name else None
        made = new_row(body, row, account, self._now(), request.query_params.get("provider"))
        made.record["customFieldValues"] = custom_values(body)
        made.record["financeField"] = new_lines(body.finance_field or [], row, made.id * FIRST_LINE)
        if with_card and self._readings.charges_cards:
            # What was made until here is removed again when the charge fails: it is kept only after that.
            charge(body)
            made.record["isPaid"] = 1
        if coupon is not None:
            record_id = tied(coupon, row.id, account)
            account.reservations_with_coupons[record_id] = made.id
            made.record["reservationCouponId"] = record_id
        account.put_reservation(made)
        return success(_answered(made))

    async def update(self, request: Request, account: SimulatedAccount) -> Response:
        body = checked(ReservationBody, await json_body(request))
        row = reservation(request, account)
        listing = self._listing(row.listing_id, account)
        if body.listing_map_id not in (None, row.listing_id):
            raise RefusedError(422, "A reservation cannot be moved to another listing.")
        check_currency(body, listing)
        fields = self._fields(body)
        arrival, departure = body.arrival_date or row.arrival, body.departure_date or row.departure
        if (arrival, departure) != (row.arrival, row.departure):
            self._check_stay(request, listing, arrival, departure, without=row.stay.number)
            fields |= {
                "previousArrivalDate": day_text(row.arrival),
                "previousDepartureDate": day_text(row.departure),
                "nights": (departure - arrival).days,
                "isDatesUnspecified": 0,
            }
        if self._readings.put_modifies and _modifies(row.record, fields):
            fields["status"] = "modified"
        fields |= self._arrays(body, row, listing)
        fields |= _balance(row.record, fields.get("totalPrice"))
        self._keep(account, row, fields, arrival, departure)
        return success(_answered(account.reservations[row.id]))

    async def cancel(self, request: Request, account: SimulatedAccount) -> Response:
        body = checked(CancellationBody, await json_body(request))
        row = reservation(request, account)
        if row.record["status"] == "cancelled" and self._readings.cancelling_twice_is_error:
            raise RefusedError(422, "The reservation is already cancelled.")
        at = self._now()
        fields = {"status": "cancelled", "cancellationDate": day_text(at.date()), "cancelledBy": body.cancelled_by}
        stay = replace(row.stay, kind=StayKind.CANCELLED, cancelled_at=at)
        self._keep(account, replace(row, stay=stay), fields, row.arrival, row.departure)
        return success(_answered(account.reservations[row.id]))

    async def no_show(self, request: Request, account: SimulatedAccount) -> Response:
        body = checked(NoShowBody, await json_body(request))
        row = reservation(request, account)
        if row.record["channelId"] != BOOKINGCOM or not row.stay.kind.holds_nights:
            raise RefusedError(422, "A no-show cannot be reported for this reservation.")
        at = self._now()
        fields = dict(zip(NO_SHOW, (moment_text(at), body.waived_fees), strict=True))
        self._keep(account, row, fields, row.arrival, row.departure)
        return success(_answered(account.reservations[row.id], with_fields=NO_SHOW))

    async def delete(self, request: Request, account: SimulatedAccount) -> Response:
        account.remove_reservation(reservation(request, account).id)
        return success([])

    def _listing(self, listing_id: int, account: SimulatedAccount) -> ListingRow:
        """Raises ``RefusedError`` where there is none, or where it is archived."""
        row = account.listings.get(listing_id)
        if row is None:
            raise RefusedError(404, "Listing not found")
        if row.is_archived:
            raise RefusedError(422, "The listing is archived.")
        return row

    def _check_new(self, body: NewReservationBody, row: ListingRow) -> None:
        if body.channel_id not in CHANNELS:
            raise RefusedError(422, "The channel does not exist.")
        if body.status not in (None, "new", OWNER):
            raise RefusedError(422, "This status cannot be written.")
        owner = body.status == OWNER and self._readings.status_is_written
        if not owner and not (body.guest_name or (body.guest_first_name and body.guest_last_name)):
            raise RefusedError(422, 'The "guestName" parameter is missing.')
        if owner and (body.total_price or body.finance_field):
            raise RefusedError(422, "An owner's stay has no financial data.")
        check_currency(body, row)
        custom_values(body)
        if self._readings.past_is_refused and body.arrival_date < self._now().date():
            raise RefusedError(422, "The arrival lies in the past.")

    def _check_stay(
        self, request: Request, row: ListingRow, arrival: date, departure: date, *, without: int | None = None
    ) -> None:
        """Raises ``RefusedError`` for nights that cannot be taken. ``without`` is the stay that is to be moved."""
        nights = (departure - arrival).days
        if not 0 < nights <= MOST_NIGHTS:
            raise RefusedError(422, 'The "departureDate" parameter must be after "arrivalDate".')
        if request.query_params.get("forceOverbooking") == "1":
            return
        if not are_open(row, arrival, departure, without=without):
            raise RefusedError(self._readings.clash_status, CLASH)
        if self._readings.create_checks_rules and (
            nights < minimum_stay(row, arrival)
            or closed(row, arrival, "closedOnArrival")
            or closed(row, departure, "closedOnDeparture")
        ):
            raise RefusedError(422, "The stay is against the rules of the calendar.")

    def _fields(self, body: ReservationBody) -> dict[str, Any]:
        """The plain fields after an update, those left out empty where updates replace."""
        fields = written(body)
        if self._readings.put_replaces and body.sent != PARTIAL_FORM:
            fields = {**dict.fromkeys(WRITABLE - NEVER_CLEARED), **fields}
        return fields

    def _arrays(self, body: ReservationBody, row: ReservationRow, listing: ListingRow) -> dict[str, Any]:
        replaces = self._readings.put_replaces and body.sent != PARTIAL_FORM
        found: dict[str, Any] = {}
        if body.finance_field is not None:
            before = row.record["financeField"]
            found["financeField"] = changed_lines(before, body.finance_field, listing, self._readings)
        elif replaces:
            found["financeField"] = without_lines(row.record["financeField"])
        values = custom_values(body)
        if self._readings.loses_custom_fields:
            return found
        if body.custom_field_values is not None:
            named = {each["customFieldId"] for each in values}
            kept = [each for each in row.record["customFieldValues"] if each["customFieldId"] not in named]
            found["customFieldValues"] = values if self._readings.custom_fields_replace else [*kept, *values]
        elif replaces:
            found["customFieldValues"] = []
        return found

    def _keep(
        self, account: SimulatedAccount, row: ReservationRow, fields: dict[str, Any], arrival: date, departure: date
    ) -> None:
        stay = replace(row.stay, arrival=arrival, departure=departure)
        account.put_reservation(replace(row, stay=stay, arrival=arrival, departure=departure))
        account.change_reservation(row.id, self._now(), **fields)


def _balance(record: dict[str, Any], total: float | None) -> dict[str, Any]:
    """What remains to be paid of a new total: what was paid stays paid."""
    before, remaining = record["totalPrice"], record["remainingBalance"]
    if total is None or before is None or remaining is None:
        return {}
    return {"remainingBalance": float(Decimal(str(remaining)) + Decimal(str(total)) - Decimal(str(before)))}


def _modifies(record: dict[str, Any], fields: dict[str, Any]) -> bool:
    """Whether dates, guests or price become others than they were."""
    confirmed = record["status"] in ("new", "modified")
    return confirmed and any(fields.get(name, record[name]) != record[name] for name in OF_A_MODIFICATION)


def _answered(row: ReservationRow, *, with_fields: tuple[str, ...] = ()) -> dict[str, Any]:
    """As a single read without ``includeResources`` and ``includePayments``."""
    left_out = {*WITH_RESOURCES_SINGLY, WITH_PAYMENTS} - set(with_fields)
    return {name: value for name, value in row.record.items() if name not in left_out}
