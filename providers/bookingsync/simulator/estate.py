"""All that one account has: the portfolio's business as BookingSync would hold it, made when first asked for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from providers.bookingsync.simulator.account_records import (
    account_record,
    default_locale,
    selected_locales,
)
from providers.bookingsync.simulator.amenities import catalogue
from providers.bookingsync.simulator.booking_parts import bookings_payments, bookings_tags, comments, payments
from providers.bookingsync.simulator.clients import Client, source_ids, sources
from providers.bookingsync.simulator.fees import fees, rentals_fees, rentals_taxes, taxes
from providers.bookingsync.simulator.labels import agreements, rentals_tags
from providers.bookingsync.simulator.maps import Availability, ChangeOver, NightlyRateMap
from providers.bookingsync.simulator.parts import (
    bathrooms,
    bedrooms,
    living_rooms,
    photos,
    rentals_amenities,
)
from providers.bookingsync.simulator.policies import policies, policy_items
from providers.bookingsync.simulator.price_rules import (
    fees_taxes,
    rates_rules,
    rates_tables,
    special_offers,
    tax_rules,
)
from providers.bookingsync.simulator.rates import rate_rows
from providers.bookingsync.simulator.rental_records import rental_record
from providers.bookingsync.simulator.stays import HOLD, Booking, fee_lines, tax_lines
from providers.bookingsync.simulator.units import FIRST_RENTAL, Unit, account_wide_id, unit_of
from providers.bookingsync.simulator.view import Item, Record, View
from providers.simulation.portfolio import Business, Person, Stay, StayKind, business

BROKEN_RENTAL: Record = {"sleeps_max": {"adults": 4, "children": 2}}
DELETED_RENTAL_NUMBER = 90_000
DELETED_DAYS_AGO = 20


@dataclass(frozen=True, slots=True)
class Breakable:
    """An item whose record is ``spoilt`` while broken records are switched on."""

    item: Item
    spoilt: Record

    @property
    def id(self) -> int:
        return self.item.id

    @property
    def unit(self) -> Unit | None:
        return self.item.unit

    def changed_at(self, now: datetime) -> datetime:
        return self.item.changed_at(now)

    def record(self, view: View) -> Record:
        record = self.item.record(view)
        return {**record, **self.spoilt} if view.oddities.broken_records else record


class Estate:
    """Account number ``account``, counted from 0."""

    def __init__(self, *, seed: int, account: int, houses: int, today: date, suspended: bool) -> None:
        self.account = account
        self.today = today
        self._seed = seed
        self._houses = houses
        self._made: dict[str, Mapping[int, Item]] = {}
        self._makers: dict[str, Callable[[], Iterable[Item]]] = {
            "accounts": lambda: [account_record(account, self._business, suspended=suspended, created_at=self._began)],
            "amenities": catalogue,
            "availabilities": lambda: [Availability(unit, self.bookings_of(unit)) for unit in self.units],
            "bathrooms": lambda: self._parts(bathrooms),
            "bedrooms": lambda: self._parts(bedrooms),
            "bookings": lambda: self.bookings,
            "bookings_fees": lambda: [line for each in self.bookings for line in fee_lines(each)],
            "bookings_taxes": lambda: [line for each in self.bookings for line in tax_lines(each)],
            "booking_comments": lambda: [part for each in self.bookings for part in comments(each.booked)],
            "bookings_payments": lambda: [part for each in self.bookings for part in bookings_payments(each.booked)],
            "bookings_tags": lambda: bookings_tags(account, self._began),
            "change_overs": lambda: [ChangeOver(unit, self.bookings_of(unit)) for unit in self.units],
            "clients": self._clients.values,
            "fees": lambda: self._parts(fees),
            "fees_taxes": lambda: self._parts(fees_taxes),
            "living_rooms": lambda: self._parts(living_rooms),
            "nightly_rate_maps": lambda: [NightlyRateMap(unit, today) for unit in self.units],
            "payments": lambda: [part for each in self.bookings for part in payments(each.booked)],
            "photos": lambda: self._parts(photos),
            "rates": lambda: self._parts(lambda unit: rate_rows(unit, today)),
            "rates_rules": lambda: self._parts(rates_rules),
            "rates_tables": lambda: self._parts(rates_tables),
            "rental_agreements": lambda: agreements(account, self.units, self._began),
            "rental_cancelation_policies": lambda: policies(account, self.units, self._began),
            "rental_cancelation_policy_items": lambda: policy_items(account, self.units, self._began),
            "rentals": self._rentals,
            "rentals_amenities": lambda: self._parts(rentals_amenities),
            "rentals_fees": lambda: self._parts(rentals_fees),
            "rentals_tags": lambda: rentals_tags(account, self._began),
            "rentals_taxes": lambda: self._parts(rentals_taxes),
            "sources": lambda: sources(account, self._began),
            "special_offers": lambda: self._parts(lambda unit: special_offers(unit, today)),
            "tax_rules": lambda: tax_rules(self.units, self._began),
            "taxes": lambda: taxes(self.units, self._began),
        }

    @property
    def business_name(self) -> str:
        """The name of the business that the account is of."""
        return self._business.name

    def items(self, collection: str) -> Mapping[int, Item]:
        """All items of a collection by id, in the order in which BookingSync lists them."""
        if collection not in self._made:
            self._made[collection] = {item.id: item for item in self._makers[collection]()}
        return self._made[collection]

    def deleted(self, collection: str) -> Mapping[int, datetime]:
        """Ids of what was deleted and leaves no record, and when."""
        if collection != "rentals":
            return {}
        gone = account_wide_id(FIRST_RENTAL, self.account, DELETED_RENTAL_NUMBER)
        return {gone: self._midnight - timedelta(days=DELETED_DAYS_AGO)}

    @cached_property
    def units(self) -> Sequence[Unit]:
        houses = self._business.houses
        return [unit_of(house, self.account, len(houses)) for house in houses]

    @cached_property
    def bookings(self) -> Sequence[Booking]:
        """All bookings, sorted neither by id nor by date, but the same way every time, as BookingSync's lists are.

        Inquiries are no bookings; a draft has none.
        """
        units = {unit.house.number: unit for unit in self.units if not unit.draft}
        made = [
            self._booking(stay, units[stay.house.number])
            for stay in self._business.stays
            if stay.kind is not StayKind.INQUIRY and stay.house.number in units
        ]
        return sorted(made, key=lambda booking: booking.id * 2654435761 % 65521)

    def bookings_of(self, unit: Unit) -> Sequence[Booking]:
        return self._bookings_by_unit.get(unit.id, ())

    def change_booking(self, booking_id: int, at: datetime, **facts: Any) -> None:
        """Change facts of a booking's stay, as if that was done ``at``."""
        booking = self.items("bookings")[booking_id]
        assert isinstance(booking, Booking)  # noqa: S101  # that is what the collection holds
        booking.stay = replace(booking.stay, updated_at=at, **facts)

    @cached_property
    def _bookings_by_unit(self) -> Mapping[int, Sequence[Booking]]:
        found: dict[int, list[Booking]] = {}
        for booking in self.bookings:
            found.setdefault(booking.unit.id, []).append(booking)
        return found

    def _rentals(self) -> list[Item]:
        locale = default_locale(self._business)
        return [
            Breakable(rental_record(unit, locale), BROKEN_RENTAL) if unit.broken else rental_record(unit, locale)
            for unit in self.units
        ]

    def _booking(self, stay: Stay, unit: Unit) -> Booking:
        arrival = datetime.combine(stay.arrival, time(), UTC)
        return Booking(
            unit=unit,
            stay=stay,
            client_id=self._clients[stay.guest].id if stay.guest else None,
            source_id=source_ids(self.account).get(stay.channel) if stay.guest else None,
            held_until=min(self._midnight + HOLD, arrival) if stay.kind is StayKind.PENDING else None,
            locked=stay.number == self._first_ahead(StayKind.BLOCKED),
            broken=stay.number == self._first_ahead(StayKind.CONFIRMED),
        )

    def _first_ahead(self, kind: StayKind) -> int | None:
        """The number of the earliest made stay of a kind that is still to come."""
        return self._first_by_kind.get(kind)

    @cached_property
    def _first_by_kind(self) -> Mapping[StayKind, int]:
        drafts = {unit.house.number for unit in self.units if unit.draft}
        ahead = [stay for stay in self._business.stays if stay.arrival > self.today]
        return {stay.kind: stay.number for stay in reversed(ahead) if stay.house.number not in drafts}

    @cached_property
    def _clients(self) -> Mapping[Person, Client]:
        found: dict[Person, Client] = {}
        locales = tuple(selected_locales(self._business))
        for stay in self._business.stays:
            if stay.guest is not None and stay.guest not in found:
                number = len(found) + 1
                found[stay.guest] = Client(self.account, number, stay.guest, stay.booked_at, locales)
        return found

    def _parts(self, parts: Callable[[Unit], Iterable[Item]]) -> list[Item]:
        return [part for unit in self.units for part in parts(unit)]

    @cached_property
    def _business(self) -> Business:
        return business(
            seed=self._seed,
            provider="bookingsync",
            account=self.account,
            houses=self._houses,
            today=self.today,
        )

    @property
    def _midnight(self) -> datetime:
        return datetime.combine(self.today, time(), UTC)

    @property
    def _began(self) -> datetime:
        """When the account was opened: before its first rental."""
        created = (house.created_at for house in self._business.houses)
        return min(created, default=self._midnight) - timedelta(days=1)
