"""Clients, as BookingSync calls guests, and the sources they come from (documentation, Clients and Sources)."""

from dataclasses import dataclass
from datetime import datetime

from providers.bookingsync.simulator import ids
from providers.bookingsync.simulator.formats import instant
from providers.bookingsync.simulator.units import FIRST_ACCOUNT, Unit, account_wide_id
from providers.bookingsync.simulator.view import Fixed, Record, View
from providers.simulation.portfolio import Person

SOURCE_NAMES = {"airbnb": "Airbnb", "bookingcom": "Booking.com", "vrbo": "HomeAway.com"}
"""What managers call the portfolio's channels; the names are free text. Direct bookings have no source."""


@dataclass(frozen=True, slots=True)
class Client:
    """A guest of an account; ``number`` counts them there. ``locales`` are those the account writes to.

    ``updated_at`` is None until the person changes.
    """

    account: int
    number: int
    person: Person
    met_at: datetime
    locales: tuple[str, ...]
    updated_at: datetime | None = None

    @property
    def id(self) -> int:
        return account_wide_id(ids.CLIENTS, self.account, self.number)

    @property
    def unit(self) -> Unit | None:
        return None

    def changed_at(self, now: datetime) -> datetime:
        return self.updated_at or self.met_at

    def record(self, view: View) -> Record:
        """Clients made by older programs have a full name only, and the lists may be empty."""
        person = self.person
        only_full = self.number % 7 == 0
        return {
            "links": {"account": FIRST_ACCOUNT + self.account},
            "id": self.id,
            "fullname": f"{person.first_name} {person.last_name}",
            "firstname": "" if only_full else person.first_name,
            "lastname": "" if only_full else person.last_name,
            "company": "",
            "vat_number": "",
            "passport": None,
            "notes": None if self.number % 2 else "",
            "preferred_locale": person.locale if person.locale in self.locales else self._no_locale(),
            "addresses": [] if self.number % 10 == 3 else [self._address()],
            "emails": [self._contact("email", person.email, "default")],
            "phones": [] if self.number % 9 == 4 else [self._contact("number", person.phone, "mobile")],
            "forget_me_at": None,
            "processing_restricted_at": None,
            "created_at": instant(self.met_at),
            "updated_at": instant(self.updated_at or self.met_at),
        }

    def _no_locale(self) -> str | None:
        return "" if self.number % 2 else None

    def _address(self) -> Record:
        return {
            "label": "default",
            "address1": "",
            "address2": None,
            "city": self.person.city,
            "state": "",
            "zip": "",
            "country_code": self.person.country_code,
        }

    def _contact(self, name: str, value: str, label: str) -> Record:
        return {"label": label, name: value, "client_id": self.id, "primary": True, "canceled_at": None}


def source_ids(account: int) -> dict[str, int]:
    """The source of each channel of the portfolio that has one."""
    return {channel: account_wide_id(ids.SOURCES, account, number) for number, channel in enumerate(SOURCE_NAMES)}


def sources(account: int, made_at: datetime) -> list[Fixed]:
    """The sources of an account. Newer answers tell whether they are internal, older ones do not."""
    found = []
    for position, (channel, ident) in enumerate(source_ids(account).items(), start=1):
        record: Record = {
            "links": {"account": FIRST_ACCOUNT + account},
            "id": ident,
            "name": SOURCE_NAMES[channel],
            "position": position,
            "created_at": instant(made_at),
            "updated_at": instant(made_at),
        }
        if account % 2 == 0:
            record["internal"] = False
        found.append(Fixed(ident, None, made_at, record))
    return found
