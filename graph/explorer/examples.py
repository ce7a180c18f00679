"""The queries that the page opens with, and behind them the changes. A test validates them against the schema."""

from datetime import date, timedelta

from graph.explorer.change_examples import change_tabs
from graph.explorer.page import Tab

ACCOUNTS_AND_LISTINGS = """\
# Accounts, and the first listings of
# them all. `sources` says how each
# fared: one that is down is reported,
# and does not empty the list.
query AccountsAndListings {
  accounts(first: 10) {
    nodes {
      name
      provider
    }
  }
  listings(first: 10) {
    totalCount
    nodes {
      id
      name
      provider
      providerId
      maxGuests
      bedrooms
      address {
        city
        countryCode
      }
      basePrice {
        amount
        currency
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
    sources {
      account {
        name
      }
      status
      fetchedAt
      error {
        code
        message
      }
    }
  }
}
"""

UPCOMING_RESERVATIONS = """\
# Stays with a night in the next 30
# days, whatever the PMS. The days are
# in Variables; `to` is not included.
query UpcomingReservations($from: Date!, $to: Date!) {
  reservations(first: 20, filter: { stay: { from: $from, to: $to } }) {
    nodes {
      id
      status
      providerStatus
      arrival
      departure
      nights
      channel
      providerChannel
      guest {
        name
      }
      party {
        guests
      }
      total {
        amount
        currency
      }
      listing {
        name
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
    sources {
      account {
        name
      }
      status
      fetchedAt
    }
  }
}
"""

CALENDARS = """\
# Two weeks of nights, and who stays.
# Each PMS is asked for all listings
# together, in as few calls as it can.
query Calendars($from: Date!, $to: Date!) {
  listings(first: 3) {
    nodes {
      name
      calendar(from: $from, to: $to) {
        currency
        days {
          date
          status
          price
        }
      }
      reservations(first: 5, filter: { stay: { from: $from, to: $to } }) {
        nodes {
          status
          arrival
          departure
          guest {
            name
          }
        }
      }
    }
  }
}
"""

QUOTES = """\
# What would three nights cost?
# `source` says who worked it out.
query Quotes($arrival: Date!, $departure: Date!) {
  listings(first: 3) {
    nodes {
      name
      priceDetails(arrival: $arrival, departure: $departure, adults: 2) {
        bookable
        total {
          amount
          currency
        }
        components {
          type
          title
          quantity
          amount {
            amount
          }
          includedInTotal
        }
        source
        quotedAt
      }
    }
  }
}
"""

LISTING_PARTS = """\
# What belongs to a listing: fees, taxes
# and policies are records of their own
# in a PMS. Hostaway answers fees and
# taxes for one listing at a time: ask
# for few. Words are read once a day.
query ListingParts {
  listings(first: 2, filter: { providers: ["HOSTAWAY"] }) {
    nodes {
      name
      propertyType
      amenities {
        kind
        name
      }
      fees {
        providerId
        title
        amount {
          amount
          currency
        }
        chargedPer
        mandatory
      }
      taxes {
        title
        percentage
        includedInPrice
      }
      cancellationPolicies {
        channel
        name
        items {
          refundPercentage
          event
          seconds
        }
      }
      customFields {
        value
        field {
          name
        }
      }
    }
  }
}
"""

PRICE_WITH_EXTRAS = """\
# What would it cost with 10 % on top,
# and cleaning at an amount of ours?
query PriceWithExtras($arrival: Date!, $departure: Date!) {
  listings(first: 2, filter: { providers: ["HOSTAWAY"] }) {
    nodes {
      name
      priceDetails(
        arrival: $arrival
        departure: $departure
        adults: 2
        markup: "1.1"
        components: [{ name: "cleaningFee", amount: "25.00" }]
      ) {
        total {
          amount
          currency
        }
        components {
          type
          name
          title
          amount {
            amount
          }
          overridden
          includedInTotal
        }
        source
      }
    }
  }
}
"""

FREE_LISTINGS = """\
# Free for the whole stay, of any PMS.
# `basis` says what that rests on: the
# PMS's own search, or its calendar.
# Leave `price` out to save calls.
query FreeListings($arrival: Date!, $departure: Date!) {
  availableListings(
    arrival: $arrival
    departure: $departure
    adults: 2
    first: 3
  ) {
    nodes {
      listing {
        name
        provider
        maxGuests
        address {
          city
        }
      }
      basis
      fitsParty
      price {
        total {
          amount
          currency
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
    sources {
      account {
        name
      }
      status
      note
    }
  }
}
"""

RATE_LIMITS = """\
# What is left of each PMS's budget.
# A call beyond it waits its turn, or
# fails at once with RATE_LIMITED.
# This query calls no PMS.
query RateLimits {
  rateLimits {
    provider
    accounts {
      name
    }
    scope
    limit
    windowSeconds
    used
    remaining
    waiting
    nextPermitAt
  }
}
"""

RESERVATION_EVENTS = """\
# Told as it happens: in the demo some
# reservation changes every few seconds.
# Pass the last cursor as `after` to
# miss nothing after a pause.
subscription ReservationEvents {
  reservationEvents {
    cursor
    type
    changes {
      field
      old
      new
    }
    reservation {
      providerId
      status
      arrival
      departure
      party {
        guests
      }
    }
    account {
      name
    }
    occurredAt
    receivedAt
  }
}
"""


def example_tabs(today: date) -> list[Tab]:
    """The tabs for a page that is opened on ``today``; the days they ask for start then."""
    arrival = today + timedelta(days=14)
    return [
        Tab(query=ACCOUNTS_AND_LISTINGS),
        Tab(query=UPCOMING_RESERVATIONS, variables=_days(today, 30)),
        Tab(query=CALENDARS, variables=_days(today, 14)),
        Tab(query=FREE_LISTINGS, variables=_days(arrival, 3, names=("arrival", "departure"))),
        Tab(query=QUOTES, variables=_days(arrival, 3, names=("arrival", "departure"))),
        Tab(query=LISTING_PARTS),
        Tab(query=PRICE_WITH_EXTRAS, variables=_days(arrival, 3, names=("arrival", "departure"))),
        Tab(query=RESERVATION_EVENTS),
        Tab(query=RATE_LIMITS),
        *change_tabs(arrival),
    ]


def _days(start: date, days: int, names: tuple[str, str] = ("from", "to")) -> dict[str, str]:
    end = start + timedelta(days=days)
    return {names[0]: start.isoformat(), names[1]: end.isoformat()}
