"""The simulated accounts: their credentials, listings, reservations and taken nights."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from itertools import count
from typing import Any

from providers.hostaway.simulator import listing_record, reservation_record
from providers.hostaway.simulator.changed import FIRST_MADE, MADE_BY_AN_ACCOUNT, Changed
from providers.hostaway.simulator.envelope import moment_text
from providers.hostaway.simulator.odd import BROKEN_LISTING
from providers.hostaway.simulator.policies import policies
from providers.hostaway.simulator.readings import HostawayReadings
from providers.hostaway.simulator.terms import Terms, terms
from providers.simulation.chance import chance
from providers.simulation.portfolio import Business, House, Stay, StayKind, business, stays_by_house

FIRST_ACCOUNT = 10_450
FIRST_LISTING = 40_000
FIRST_RESERVATION = 20_000_000
RESERVATIONS_OF_AN_ACCOUNT = 1_000_000
LISTINGS_OF_AN_ACCOUNT = 10_000
"""Ids are unique across accounts: so many lie between the first listing of one and that of the next."""


DaySettings = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class ListingRow:
    """A listing: the record as sent, and the facts behind it that filters and quotes work with."""

    id: int
    house: House
    terms: Terms
    record: dict[str, Any]
    nights: dict[date, tuple[Stay, ...]] = field(default_factory=dict)
    """The stays that hold each taken night: several where there are several units, or where overbooking was forced."""

    days: dict[date, DaySettings] = field(default_factory=dict)
    """What was written into the calendar, in the fields of days. A day without an entry is as the house has it."""

    @property
    def is_archived(self) -> bool:
        return bool(self.record["specialStatus"] == "archived")

    def hold(self, stay: Stay) -> None:
        for night in _nights(stay):
            self.nights[night] = (*self.nights.get(night, ()), stay)

    def release(self, stay: Stay) -> None:
        for night in _nights(stay):
            kept = tuple(each for each in self.nights.get(night, ()) if each.number != stay.number)
            if kept:
                self.nights[night] = kept
            else:
                self.nights.pop(night, None)


@dataclass(slots=True, kw_only=True)
class ReservationRow:
    """A reservation: the record as sent, and the facts behind it that filters and orders work with."""

    id: int
    listing_id: int
    stay: Stay
    arrival: date
    departure: date
    updated_at: datetime
    source: dict[str, Any] | Callable[[], dict[str, Any]]
    """The record, or what makes it when it is first looked at: most never are."""

    @property
    def record(self) -> dict[str, Any]:
        if not isinstance(self.source, dict):
            self.source = self.source()
        return self.source

    @record.setter
    def record(self, record: dict[str, Any]) -> None:
        self.source = record


@dataclass(kw_only=True)
class SimulatedAccount:
    """One Hostaway account. Its data is made when it is first needed, and then kept."""

    index: int
    seed: int
    listing_count: int
    today: date
    readings: HostawayReadings
    broken_records: bool = False
    reservation_coupons: dict[int, tuple[int, int]] = field(default_factory=dict, repr=False)
    """Reservation coupons by id: the listing and the coupon that each is of."""
    unified_webhooks: dict[int, dict[str, Any]] = field(default_factory=dict, repr=False)
    """Unified webhooks by id, with their passwords in clear."""
    webhooks_made: int = 0
    reservations_with_coupons: dict[int, int] = field(default_factory=dict, repr=False)
    """The reservation that each reservation coupon was used for, by the coupon's id."""
    _orders: dict[str, Sequence[ReservationRow]] = field(default_factory=dict, repr=False)
    _numbers_given: int = field(default=0, repr=False)

    @property
    def id(self) -> int:
        return FIRST_ACCOUNT + self.index

    @cached_property
    def secret(self) -> str:
        """The API secret: 64 hexadecimal digits that seed and account decide."""
        return f"{chance(self.seed, 'hostaway', self.index, 'secret').getrandbits(256):064x}"

    @cached_property
    def business(self) -> Business:
        return business(
            seed=self.seed,
            provider="hostaway",
            account=self.index,
            houses=self.listing_count,
            today=self.today,
        )

    @cached_property
    def listings(self) -> dict[int, ListingRow]:
        """Listings by id, in the order of their ids."""
        rows = (self._listing_row(house) for house in self.business.houses)
        return {row.id: row for row in rows}

    @cached_property
    def reservations(self) -> dict[int, ReservationRow]:
        """Reservations by id, in the order of their ids."""
        odd = self._odd_reservations
        rows = (self._reservation_row(stay, self.reservation_id(stay.number), odd) for stay in self.business.stays)
        return {row.id: row for row in rows}

    @cached_property
    def broken_reservation_id(self) -> int | None:
        """The reservation that breaks its type if broken records are switched on: the newest confirmed one."""
        rows = reversed(self.reservations.values())
        return next((row.id for row in rows if row.stay.kind is StayKind.CONFIRMED), None)

    @cached_property
    def changed(self) -> Changed:
        """What callers made and changed beside the records of listings and reservations."""
        own = {each["id"]: each for each in policies(None, self.id)}
        return Changed(ids=count(FIRST_MADE + self.index * MADE_BY_AN_ACCOUNT), policies=own)

    def prepare(self) -> None:
        """Make all data now, so that the calls to come are quick."""
        for _ in self.preparing():
            pass

    def preparing(self) -> Iterator[object]:
        """Make all data, step by step."""
        yield self.business
        yield self.listings
        yield self.reservations

    def listing_shown(self, row: ListingRow) -> dict[str, Any]:
        if self.broken_records and row.house.number == BROKEN_LISTING:
            return listing_record.broken(row.record)
        return row.record

    def reservation_shown(self, row: ReservationRow) -> dict[str, Any]:
        if self.broken_records and row.id == self.broken_reservation_id:
            return reservation_record.broken(row.record)
        return row.record

    def reservations_ordered(
        self, name: str, key: Callable[[ReservationRow], Any], *, reverse: bool
    ) -> Sequence[ReservationRow]:
        """All reservations in an order, sorted once and then kept under its name."""
        if name not in self._orders:
            self._orders[name] = sorted(self.reservations.values(), key=key, reverse=reverse)
        return self._orders[name]

    def change_reservation(self, reservation_id: int, at: datetime, **fields: Any) -> None:
        """Change fields of a reservation's record, as if that was done ``at``."""
        row = self.reservations[reservation_id]
        row.record = {**row.record, **fields, "latestActivityOn": moment_text(at), "updatedOn": moment_text(at)}
        row.updated_at = at
        self._orders.clear()

    def new_reservation_number(self) -> int:
        """A number that no stay of the account ever had."""
        self._numbers_given += 1
        return len(self.business.stays) + self._numbers_given

    def reservation_id(self, number: int) -> int:
        return FIRST_RESERVATION + self.index * RESERVATIONS_OF_AN_ACCOUNT + number

    def put_reservation(self, row: ReservationRow) -> None:
        """Keep a reservation, new or changed. Its stay holds its nights from now on, if it is of a kind that does."""
        of_listing = self._by_listing.setdefault(row.listing_id, [])
        before = self.reservations.get(row.id)
        if before is None:
            of_listing.append(row)
        else:
            of_listing[of_listing.index(before)] = row
            self._release(before)
        self.reservations[row.id] = row
        self._orders.clear()
        listing = self.listings.get(row.listing_id)
        if row.stay.kind.holds_nights and listing is not None:
            listing.hold(row.stay)

    def remove_reservation(self, reservation_id: int) -> None:
        """Forget a reservation, and free its nights. One that is not there is no failure."""
        row = self.reservations.pop(reservation_id, None)
        if row is not None:
            self._by_listing[row.listing_id] = [each for each in self._by_listing[row.listing_id] if each is not row]
            self._release(row)
        self._orders.clear()

    def _release(self, row: ReservationRow) -> None:
        """Free the nights of a reservation, unless its listing is gone."""
        listing = self.listings.get(row.listing_id)
        if listing is not None:
            listing.release(row.stay)

    def reservations_of(self, listing_id: int) -> Sequence[ReservationRow]:
        """The reservations of one listing, in the order of their ids."""
        return self._by_listing.get(listing_id, ())

    @cached_property
    def _by_listing(self) -> dict[int, list[ReservationRow]]:
        found: dict[int, list[ReservationRow]] = {}
        for row in self.reservations.values():
            found.setdefault(row.listing_id, []).append(row)
        return found

    @cached_property
    def _odd_reservations(self) -> dict[str, int | None]:
        """Stay numbers of the reservations with an unknown status word and without dates."""
        stays = self.business.stays
        future = (s.number for s in stays if s.kind is StayKind.CONFIRMED and s.arrival > self.today)
        asked = (s.number for s in stays if s.kind is StayKind.INQUIRY)
        return {"unknown_status": next(future, None), "dates_unspecified": next(asked, None)}

    @cached_property
    def _stays(self) -> dict[int, list[Stay]]:
        return stays_by_house(self.business.stays)

    def _listing_row(self, house: House) -> ListingRow:
        listing_id = self.listing_id_of(house)
        conditions = terms(house, listing_id)
        record = listing_record.listing_record(house, self.business.owner, conditions, listing_id, self.readings)
        row = ListingRow(id=listing_id, house=house, terms=conditions, record=record)
        for stay in self._stays.get(house.number, ()):
            if stay.kind.holds_nights:
                row.hold(stay)
        return row

    def _reservation_row(self, stay: Stay, number: int, odd: dict[str, int | None]) -> ReservationRow:
        listing_id = self.listing_id_of(stay.house)
        dateless = stay.number == odd["dates_unspecified"]
        yesterday = self.today - timedelta(days=1)
        dress = reservation_record.Dress(
            account_id=self.id,
            listing_id=listing_id,
            reservation_id=number,
            terms=self.listings[listing_id].terms,
            today=self.today,
            readings=self.readings,
            unknown_status=stay.number == odd["unknown_status"],
            dates_unspecified=dateless,
        )
        return ReservationRow(
            id=number,
            listing_id=listing_id,
            stay=stay,
            arrival=yesterday if dateless else stay.arrival,
            departure=yesterday if dateless else stay.departure,
            updated_at=stay.updated_at,
            source=partial(reservation_record.reservation_record, stay, dress),
        )

    def listing_id_of(self, house: House) -> int:
        return FIRST_LISTING + self.index * LISTINGS_OF_AN_ACCOUNT + house.number


def _nights(stay: Stay) -> Iterator[date]:
    return (stay.arrival + timedelta(days=night) for night in range(stay.nights))
