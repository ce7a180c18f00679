"""Changes that the page opens with: dry runs where there are any. Their variables lack an id, or a secret."""

from datetime import date, timedelta

from graph.explorer.page import Tab

CHANGE_NIGHTS = """\
# What would be sent to raise prices of
# a week and to block a night? Nothing
# is changed while `dryRun` is true.
# Variables need the id of a listing:
# AccountsAndListings shows some.
mutation ChangeNights(
  $listing: ID!
  $week: CalendarRangeInput!
  $block: CalendarRangeInput!
) {
  updateCalendar(
    input: { listingId: $listing, ranges: [$week, $block] }
    dryRun: true
  ) {
    calendar {
      days {
        date
        status
        originalPrice
      }
    }
    planned {
      method
      path
      body
    }
    userErrors {
      field
      code
      message
      allowed
    }
    cost {
      calls
    }
  }
}
"""

CHANGE_LISTING = """\
# Change a listing. Give the `version`
# that you saw, and nothing newer is
# overwritten. Variables need its id.
mutation ChangeListing(
  $listing: ID!
  $version: String
  $change: UpdateListingInput!
) {
  updateListing(
    id: $listing
    version: $version
    input: $change
    dryRun: true
  ) {
    listing {
      name
      maxGuests
      version
    }
    planned {
      method
      path
      body
    }
    userErrors {
      field
      code
      message
      allowed
    }
  }
}
"""

MAKE_RESERVATION = """\
# What would be sent to take a stay?
# With a key of your own, the same is
# made once, however often it is sent.
mutation MakeReservation(
  $stay: CreateReservationInput!
  $key: String
) {
  createReservation(
    input: $stay
    idempotencyKey: $key
    dryRun: true
  ) {
    reservation {
      id
      status
    }
    planned {
      method
      path
      body
    }
    userErrors {
      field
      code
      message
      allowed
    }
  }
}
"""

CONNECT_ACCOUNT = """\
# Connect one more account. `providers`
# lists each PMS's ways to prove itself
# and what `authConfig` must hold.
mutation ConnectAccount(
  $account: CreateIntegrationAccountInput!
) {
  createIntegrationAccount(input: $account) {
    result {
      ... on CreatedIntegrationAccount {
        account {
          id
          name
        }
      }
      ... on IntegrationAccountAuthorization {
        authorizationUrl
      }
    }
    userErrors {
      field
      code
      message
      allowed
    }
  }
}
"""

LISTING_ID = "id of a listing"
"""What stands in Variables until somebody puts an id there."""


def change_tabs(start: date) -> list[Tab]:
    """The tabs; the days that they ask for begin at ``start``."""
    return [
        Tab(query=CHANGE_NIGHTS, variables=_nights(start)),
        Tab(
            query=CHANGE_LISTING,
            variables={"listing": LISTING_ID, "version": None, "change": {"name": "Old mill", "maxGuests": 4}},
        ),
        Tab(query=MAKE_RESERVATION, variables=_reservation(start)),
        Tab(query=CONNECT_ACCOUNT, variables={"account": _ACCOUNT}),
    ]


_ACCOUNT = {
    "name": "One more",
    "provider": "HOSTAWAY",
    "authType": "API_KEY",
    "authConfig": {"accountId": "id of the account", "apiKey": "its API key"},
}


def _nights(start: date) -> dict[str, object]:
    block = start + timedelta(days=7)
    return {
        "listing": LISTING_ID,
        "week": {"start": start.isoformat(), "end": block.isoformat(), "price": "149.00", "minimumStay": 2},
        "block": {"start": block.isoformat(), "end": (block + timedelta(days=1)).isoformat(), "available": False},
    }


def _reservation(arrival: date) -> dict[str, object]:
    stay = {
        "listingId": LISTING_ID,
        "arrival": arrival.isoformat(),
        "departure": (arrival + timedelta(days=3)).isoformat(),
        "guest": {"firstName": "Ada", "lastName": "Example", "email": "ada@example.com"},
        "party": {"adults": 2},
        "total": "420.00",
    }
    return {"stay": stay, "key": f"example-{arrival}"}
