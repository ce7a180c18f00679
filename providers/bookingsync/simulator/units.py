"""A house as BookingSync sees it: the rental's id and the traits that several of its records share."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from providers.bookingsync.simulator.terms import FeeTerms, TaxTerms
from providers.simulation.portfolio import House, nightly_price

FIRST_ACCOUNT = 3837
FIRST_RENTAL = 5116
MOST_LISTINGS = 5_000
ACCOUNT_STRIDE = 1_000_000
PARTS_OF_A_RENTAL = 16
MAP_DAYS = 1096
CURRENCIES = frozenset(
    [
        "AED",
        "AUD",
        "BRL",
        "CAD",
        "CHF",
        "CZK",
        "DKK",
        "EUR",
        "GBP",
        "HUF",
        "IDR",
        "INR",
        "JPY",
        "MYR",
        "NZD",
        "PLN",
        "RUB",
        "THB",
        "UAH",
        "USD",
    ]
)
NOTHING = Decimal(0)


def account_wide_id(first: int, account: int, number: int) -> int:
    """An id that no other account has. ``first`` keeps the kinds of records apart, as BookingSync's tables do."""
    return first + account * ACCOUNT_STRIDE + number


@dataclass(slots=True)
class WrittenNights:
    """What programs wrote into a rental's rate map: rates and minimum stays of nights, and where the map begins."""

    start: date | None = None
    rates: dict[date, Decimal] = field(default_factory=dict)
    stays: dict[date, int] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True, eq=False)
class Unit:
    """A rental. ``account`` is the number of its account, from 0.

    - ``draft``: new, unpublished, without currency, rates or bookings.
    - ``external_rates``: its rate map is written by another program and begins where that left it.
    - ``saturdays``: guests come and go on Saturdays only.
    - ``written``: what was written into its rate map; ``written_currency``: into its record;
      ``fees`` and ``taxes``: all it has by now, once one of them was written.
    """

    account: int
    house: House
    draft: bool
    published: bool
    external_rates: bool
    saturdays: bool
    broken: bool
    written: WrittenNights = field(default_factory=WrittenNights, repr=False)
    written_currency: str | None = None
    fees: list[FeeTerms] | None = None
    taxes: list[TaxTerms] | None = None

    @property
    def id(self) -> int:
        return account_wide_id(FIRST_RENTAL, self.account, self.house.number - 1)

    @property
    def account_id(self) -> int:
        return FIRST_ACCOUNT + self.account

    @property
    def currency(self) -> str | None:
        if self.written_currency is not None:
            return self.written_currency
        if self.draft:
            return None
        currency = self.house.town.currency
        # BookingSync knows no Norwegian crowns; the Danish ones are worth about as much.
        return currency if currency in CURRENCIES else "DKK"

    def own_id(self, first: int) -> int:
        """The id of the one record of a kind that each rental has."""
        return account_wide_id(first, self.account, self.house.number)

    def part_id(self, first: int, part: int) -> int:
        """The id of the rental's ``part``-th (0-15) record of a kind."""
        return account_wide_id(first, self.account, self.house.number * PARTS_OF_A_RENTAL + part)

    def rates_from(self, today: date, started: date) -> date:
        """The day on which the rate map begins: yesterday, or where an outside program began it."""
        if self.external_rates and self.written.start is not None:
            return self.written.start
        return started - timedelta(days=45) if self.external_rates else today - timedelta(days=1)

    def rate(self, night: date) -> Decimal:
        """The rate of a night; zero where there is none."""
        if night in self.written.rates:
            return self.written.rates[night]
        return NOTHING if self.draft else nightly_price(self.house, night)

    def minimum_stay(self, night: date) -> int:
        """The fewest nights from this night on; one more at the turn of the year."""
        if night in self.written.stays:
            return self.written.stays[night]
        new_year = (night.month, night.day) in {(12, 29), (12, 30), (12, 31)}
        return self.house.minimum_nights + int(new_year)


def unit_of(house: House, account: int, houses: int) -> Unit:
    """The rental made of ``house``, which is one of ``houses`` in its account.

    The last of three or more is a draft; others take turns in being unpublished, priced from outside, let from
    Saturday to Saturday.
    """
    number = house.number
    draft = houses >= 3 and number == houses
    return Unit(
        account=account,
        house=house,
        draft=draft,
        published=not draft and number % 13 != 7,
        external_rates=not draft and number % 5 == 0,
        saturdays=number % 8 == 5,
        broken=number == min(2, houses),
    )
