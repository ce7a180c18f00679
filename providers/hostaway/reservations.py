"""Hostaway's reservations in the unified model."""

from datetime import date

from providers.hostaway.finance import finance_line
from providers.hostaway.manifest import CODE
from providers.hostaway.times import hour
from providers.hostaway.wire import WireReservation
from providers.model import CancelledBy, FinanceLine, Guest, Money, Party, Reservation, ReservationStatus, money

# Hostaway documentation, Reservation statuses. "inquiryTimeout" is a spelling of its text, "confirmed" a word that
# is no longer written but may still be stored.
_STATUSES = {
    "new": ReservationStatus.CONFIRMED,
    "modified": ReservationStatus.CONFIRMED,
    "confirmed": ReservationStatus.CONFIRMED,
    "ownerstay": ReservationStatus.BLOCKED,
    "pending": ReservationStatus.PENDING,
    "unconfirmed": ReservationStatus.PENDING,
    "awaitingpayment": ReservationStatus.PENDING,
    "awaitingguestverification": ReservationStatus.PENDING,
    "cancelled": ReservationStatus.CANCELLED,
    "declined": ReservationStatus.DECLINED,
    "expired": ReservationStatus.EXPIRED,
    "inquiry": ReservationStatus.INQUIRY,
    "inquirypreapproved": ReservationStatus.INQUIRY,
    "inquirydenied": ReservationStatus.INQUIRY,
    "inquirytimedout": ReservationStatus.INQUIRY,
    "inquirytimeout": ReservationStatus.INQUIRY,
    "inquirynotpossible": ReservationStatus.INQUIRY,
}

# Hostaway documentation, Channels: a fixed table, for records that carry the id alone.
_CHANNELS = {
    "2000": "direct",
    "2001": "airbnb",
    "2002": "homeaway",
    "2005": "bookingcom",
    "2007": "expedia",
    "2009": "homeawayical",
    "2010": "vrboical",
    "2013": "bookingengine",
    "2015": "customIcal",
    "2016": "tripadvisorical",
    "2017": "wordpress",
    "2018": "airbnbOfficial",
    "2019": "marriott",
    "2020": "partner",
    "2021": "gds",
    "2022": "google",
}

_CANCELLED_BY = {"guest": CancelledBy.GUEST, "host": CancelledBy.HOST}


def build_reservation(wire: WireReservation, account_id: str) -> Reservation:
    """A reservation of Hostaway as everyone sees reservations."""
    status = _STATUSES.get((wire.status or "").lower(), ReservationStatus.UNKNOWN)
    currency = wire.currency.strip().upper() if wire.currency else None
    arrival, departure, nights = _dates(wire)
    return Reservation(
        provider=CODE,
        account_id=account_id,
        provider_id=wire.id,
        listing_id=wire.listing_map_id,
        status=status,
        provider_status=wire.status,
        arrival=arrival,
        departure=departure,
        nights=nights,
        check_in_time=hour(wire.check_in_time),
        check_out_time=hour(wire.check_out_time),
        provider_channel=wire.channel_name or _CHANNELS.get(wire.channel_id or ""),
        channel_reference=wire.channel_reservation_id or wire.reservation_id,
        confirmation_code=wire.confirmation_code,
        guest=None if status is ReservationStatus.BLOCKED else _guest(wire),
        party=_party(wire),
        currency=currency,
        total=money(wire.total_price, currency),
        paid=_paid(wire, currency),
        balance=money(wire.remaining_balance, currency),
        damage_deposit=money(wire.security_deposit_fee, currency),
        is_paid=wire.is_paid,
        finance_lines=_lines(wire, currency),
        guest_note=wire.guest_note,
        host_note=wire.host_note,
        booked_at=wire.reservation_date,
        # Hostaway's own filter goes by activity: the later of the two is never too old for it.
        updated_at=max(filter(None, (wire.updated_on, wire.latest_activity_on)), default=None),
        cancelled_at=wire.cancellation_date,
        cancelled_by=_CANCELLED_BY.get((wire.cancelled_by or "").lower()),
    )


def _dates(wire: WireReservation) -> tuple[date | None, date | None, int | None]:
    """Where the channel named no dates, Hostaway fills in yesterday and says so by a flag."""
    if wire.is_dates_unspecified:
        return None, None, None
    nights = wire.nights
    if nights is None and wire.arrival_date and wire.departure_date:
        nights = (wire.departure_date - wire.arrival_date).days
    return wire.arrival_date, wire.departure_date, nights


def _guest(wire: WireReservation) -> Guest | None:
    """Hostaway knows no guest records: a guest is some fields of a reservation, without an id."""
    guest = Guest(
        name=wire.guest_name,
        first_name=wire.guest_first_name,
        last_name=wire.guest_last_name,
        email=wire.guest_email,
        phone=wire.phone,
        locale=wire.guest_locale,
        city=wire.guest_city,
        country=wire.guest_country,
    )
    return None if guest == Guest() else guest


def _party(wire: WireReservation) -> Party | None:
    party = Party(
        guests=wire.number_of_guests,
        adults=wire.adults,
        children=wire.children,
        infants=wire.infants,
        pets=wire.pets,
    )
    return None if party == Party() else party


def _paid(wire: WireReservation, currency: str | None) -> Money | None:
    """The remaining balance is defined as the total minus what was paid (Hostaway documentation, Reservation).

    Its own sample has a balance above the total: what was paid is then not known.
    """
    if wire.total_price is None or wire.remaining_balance is None or wire.remaining_balance > wire.total_price:
        return None
    return money(wire.total_price - wire.remaining_balance, currency)


def _lines(wire: WireReservation, currency: str | None) -> list[FinanceLine] | None:
    return None if wire.finance_field is None else [finance_line(each, currency) for each in wire.finance_field]
