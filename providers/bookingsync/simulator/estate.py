"""All that one account has: the portfolio's business as BookingSync would hold it, made when first asked for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import count
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
from providers.bookingsync.simulator.stays import HOLD, AnyBooking, Booking, fee_lines, tax_lines
from providers.bookingsync.simulator.units import FIRST_RENTAL, Unit, account_wide_id, unit_of
from providers.bookingsync.simulator.view import Item, Record, View
from providers.simulation.portfolio import Business, House, Person, Stay, StayKind, business

BROKEN_RENTAL: Record = {"sleeps_max": {"adults": 4, "children": 2}}
DELETED_RENTAL_NUMBER = 90_000
DELETED_DAYS_AGO = 20
FIRST_WRITTEN = 600_000
"""What programs make is numbered from here on, beyond all that an account begins with."""


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
        self._made: dict[str, dict[int, Item]] = {}
        self._gone: dict[str, dict[int, datetime]] = {}
        self._numbers = count(FIRST_WRITTEN)
        self._makers: dict[str, Callable[[], Iterable[Item]]] = {
            "accounts": lambda: [account_record(account, self._business, suspended=suspended, created_at=self._began)],
            "amenities": catalogue,
            "availabilities": lambda: [Availability(unit, self.bookings_of(unit)) for unit in self.units],
            "bathrooms": lambda: self._parts(bathrooms),
            "bedrooms": lambda: self._parts(bedrooms),
            "bookings": lambda: self.bookings,
            "bookings_fees": lambda: [line for each in self._seeded for line in fee_lines(each)],
            "bookings_taxes": lambda: [line for each in self._seeded for line in tax_lines(each)],
            "booking_comments": lambda: [part for each in self._seeded for part in comments(each.booked)],
            "bookings_payments": lambda: [part for each in self._seeded for part in bookings_payments(each.booked)],
            "bookings_tags": lambda: bookings_tags(account, self._began),
            "change_overs": lambda: [ChangeOver(unit, self.bookings_of(unit)) for unit in self.units],
            "clients": self._clients.values,
            "fees": lambda: self._parts(fees),
            "fees_taxes": lambda: self._parts(fees_taxes),
            "living_rooms": lambda: self._parts(living_rooms),
            "nightly_rate_maps": lambda: [NightlyRateMap(unit, today) for unit in self.units],
            "payments": lambda: [part for each in self._seeded for part in payments(each.booked)],
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
        removed = self._gone.get(collection, {})
        if collection != "rentals":
            return removed
        gone = account_wide_id(FIRST_RENTAL, self.account, DELETED_RENTAL_NUMBER)
        return {gone: self._midnight - timedelta(days=DELETED_DAYS_AGO), **removed}

    def new_id(self, first: int) -> int:
        """An id for something new of the kind whose ids begin at ``first``."""
        return account_wide_id(first, self.account, next(self._numbers))

    def put(self, collection: str, item: Item) -> None:
        """Add an item, or put it in the place of the one with its id."""
        self.items(collection)
        self._made[collection][item.id] = item

    def remove(self, collection: str, ident: int, at: datetime) -> None:
        """Take an item away for good."""
        self.items(collection)
        if self._made[collection].pop(ident, None) is not None:
            self._gone.setdefault(collection, {})[ident] = at

    def put_booking(self, booking: AnyBooking) -> None:
        """Add a booking, or put it in the place of the one with its id."""
        is_new = booking.id not in self.items("bookings")
        self.put("bookings", booking)
        for kept in (self.bookings, self._bookings_by_unit.setdefault(booking.unit.id, [])):
            if is_new:
                kept.append(booking)
            else:
                kept[[each.id for each in kept].index(booking.id)] = booking

    def put_unit(self, unit: Unit, rental: Item) -> None:
        """Add a rental with its maps, and without anything else."""
        for name in self._makers:
            self.items(name)
        self.units.append(unit)
        self._bookings_by_unit[unit.id] = []
        self.put("rentals", rental)
        self.put("availabilities", Availability(unit, self._bookings_by_unit[unit.id]))
        self.put("change_overs", ChangeOver(unit, self._bookings_by_unit[unit.id]))
        self.put("nightly_rate_maps", NightlyRateMap(unit, self.today))

    def remove_unit(self, unit: Unit, at: datetime) -> None:
        """Take a rental away, with all that belongs to it."""
        for name in self._makers:
            for item in list(self.items(name).values()):
                if item.unit is unit:
                    self.remove(name, item.id, at)
        self.units.remove(unit)
        self.bookings[:] = [each for each in self.bookings if each.unit is not unit]
        self._bookings_by_unit.pop(unit.id, None)

    @property
    def locale(self) -> str:
        """The account's main language."""
        return default_locale(self._business)

    @property
    def template(self) -> House:
        """A house whose place new rentals borrow what no client writes from."""
        return self._business.houses[0]

    @cached_property
    def units(self) -> list[Unit]:
        houses = self._business.houses
        return [unit_of(house, self.account, len(houses)) for house in houses]

    @cached_property
    def bookings(self) -> list[AnyBooking]:
        """All bookings as they are now."""
        return list(self._seeded)

    @cached_property
    def _seeded(self) -> Sequence[Booking]:
        """The bookings of the beginning, in no order, but the same one every time, as BookingSync's lists are.

        Inquiries are no bookings; a draft has none.
        """
        units = {unit.house.number: unit for unit in self.units if not unit.draft}
        made = [
            self._booking(stay, units[stay.house.number])
            for stay in self._business.stays
            if stay.kind is not StayKind.INQUIRY and stay.house.number in units
        ]
        return sorted(made, key=lambda booking: booking.id * 2654435761 % 65521)

    def bookings_of(self, unit: Unit) -> Sequence[AnyBooking]:
        """The bookings of a rental; the list goes along with what is written."""
        return self._bookings_by_unit.setdefault(unit.id, [])

    def change_booking(self, booking_id: int, at: datetime, **facts: Any) -> None:
        """Change facts of a booking's stay, as if that was done ``at``."""
        booking = self.items("bookings")[booking_id]
        assert isinstance(booking, Booking)  # noqa: S101  # that is what the collection holds
        booking.stay = replace(booking.stay, updated_at=at, **facts)

    def change_client(self, client_id: int, at: datetime, *, touching: bool, **facts: Any) -> None:
        """Change facts of the person that a client is, as if that was done ``at``; see ``touch_bookings_of``."""
        client = self.items("clients")[client_id]
        assert isinstance(client, Client)  # noqa: S101  # as long as no program wrote it
        self.put("clients", replace(client, person=replace(client.person, **facts), updated_at=at))
        if touching:
            self.touch_bookings_of(client_id, at)

    def touch_bookings_of(self, client_id: int, at: datetime) -> None:
        """The reading in which a booking changes with its client: whether it does is not documented."""
        for booking in self.bookings:
            if booking.client_id == client_id:
                booking.touch(at)

    @cached_property
    def _bookings_by_unit(self) -> dict[int, list[AnyBooking]]:
        found: dict[int, list[AnyBooking]] = {}
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
