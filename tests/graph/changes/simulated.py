"""Reservations over the real simulators: stays that can be had there."""

from datetime import UTC, datetime, timedelta
from typing import Any, Protocol


class Asks(Protocol):
    """Something that can be asked in GraphQL."""

    async def data(self, query: str, **variables: Any) -> dict[str, Any]: ...


LISTINGS = """query ($provider: String!) { listings(first: 50, filter: {providers: [$provider]}) {
  nodes { id providerId currency maxGuests status } } }"""
CALENDAR = """query ($id: ID!, $from: Date!, $to: Date!) { listing(id: $id) { calendar(from: $from, to: $to) {
  days { date available status unitsTotal minimumStay maximumStay closedToArrival closedToDeparture } } } }"""


async def free_stays(
    running: Asks, provider: str, nights: int, count: int, *, days: int = 200, rules: bool = True
) -> list[dict[str, Any]]:
    """So many stays that can be booked and do not meet: each its listing's record with ``arrival`` and ``departure``.

    Without ``rules`` only the nights have to be free.
    """
    start = datetime.now(UTC).date() + timedelta(days=20)
    span = {"from": start.isoformat(), "to": (start + timedelta(days=days)).isoformat()}
    found: list[dict[str, Any]] = []
    for listing in (await running.data(LISTINGS, provider=provider))["listings"]["nodes"]:
        if listing["status"] == "ARCHIVED":
            continue
        shown = (await running.data(CALENDAR, id=listing["id"], **span))["listing"]["calendar"]["days"]
        if any((day["unitsTotal"] or 1) > 1 for day in shown):
            continue
        at = 0
        while at + nights < len(shown) and len(found) < count:
            part = shown[at : at + nights + 1]
            if fits(part, nights) if rules else all(day["available"] for day in part[:-1]):
                found.append(listing | {"arrival": part[0]["date"], "departure": part[-1]["date"]})
                at += nights
            else:
                at += 1
        if len(found) == count:
            return found
    raise AssertionError(f"only {len(found)} stays of {nights} nights are free")


async def free_stay(running: Asks, provider: str, nights: int = 7) -> dict[str, Any]:
    """A stay that can be booked."""
    return (await free_stays(running, provider, nights, 1))[0]


def fits(days: list[dict[str, Any]], nights: int) -> bool:
    first, last = days[0], days[-1]
    return (
        all(day["available"] for day in days[:-1])
        and not first["closedToArrival"]
        and not last["closedToDeparture"]
        and (first["minimumStay"] or 1) <= nights <= (first["maximumStay"] or nights)
    )


def draft(stay: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The input of a reservation of such a stay."""
    right = {
        "listingId": stay["id"],
        "arrival": stay["arrival"],
        "departure": stay["departure"],
        "guest": {"name": "Ada Lovelace", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com"},
        "party": {"adults": 1},
        "total": "700.00",
    }
    return right | more
