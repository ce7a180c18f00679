"""The search for free listings, under both readings of its last day."""

from datetime import date, timedelta

import pytest

from providers.errors import NotFound, UpstreamRefused
from providers.hostaway.client import HostawayClient
from providers.queries import AvailabilityQuery
from tests.providers.hostaway.plugin_session import NOW, FakeSession, success

DAY = timedelta(days=1)
ARRIVAL, DEPARTURE = date(2027, 6, 10), date(2027, 6, 13)
LAST_NIGHT, NEXT_NIGHT = DEPARTURE - DAY, DEPARTURE

# Listings by the night that each of them has taken.
TAKEN = {
    "1": None,
    "2": ARRIVAL,
    "3": LAST_NIGHT,
    "4": NEXT_NIGHT,
    "5": NEXT_NIGHT,
    "6": NEXT_NIGHT,
    "7": LAST_NIGHT,
    "8": LAST_NIGHT,
    "9": ARRIVAL - DAY,
}
FREE = {"1", "4", "5", "6", "9"}


class Searched:
    """A Hostaway that searches. ``end_is_departure`` is the open reading."""

    def __init__(self, *, end_is_departure, taken=TAKEN, refuses_empty=False):
        self.end_is_departure = end_is_departure
        self.taken = taken
        self.refuses_empty = refuses_empty

    def __call__(self, call):
        query = dict(call.query)
        if call.path.endswith("/calendar"):
            night = date.fromisoformat(query["startDate"])
            free = self.taken[call.path.split("/")[3]] != night
            return success([{"date": night.isoformat(), "isAvailable": int(free), "status": "available"}])
        start, end = (date.fromisoformat(query[f"availabilityDate{each}"]) for each in ("Start", "End"))
        if self.refuses_empty and self.end_is_departure and start == end:
            raise UpstreamRefused("The range is empty.", upstream_status=422)
        last = end - DAY if self.end_is_departure else end
        free = [each for each, night in self.taken.items() if night is None or not start <= night <= last]
        offset, limit = int(query["offset"]), int(query["limit"])
        return success([{"id": each} for each in free[offset : offset + limit]], count=len(free))


def client(world):
    session = FakeSession(world)
    return HostawayClient(session, "10450", now=lambda: NOW), session


async def search(reads, arrival=ARRIVAL, departure=DEPARTURE):
    page = await reads.free_listings(AvailabilityQuery(arrival=arrival, departure=departure, adults=2))
    assert page.next is None
    return {each.listing_id for each in page.items}


@pytest.mark.parametrize("end_is_departure", [True, False])
async def test_no_free_listing_is_lost_and_no_taken_one_named(end_is_departure):
    reads, session = client(Searched(end_is_departure=end_is_departure))
    assert await search(reads) == FREE
    calendars = [path for path in session.paths if path.endswith("calendar")]
    assert len(session.calls) == 2 + len(calendars)
    assert len(calendars) == 3


@pytest.mark.parametrize("end_is_departure", [True, False])
async def test_once_the_reading_is_known_a_search_is_one_call(end_is_departure):
    reads, session = client(Searched(end_is_departure=end_is_departure))
    await search(reads)
    session.calls.clear()
    assert await search(reads) == FREE
    assert len(session.calls) == 1


async def test_few_listings_in_doubt_teach_nothing_for_later():
    reads, session = client(Searched(end_is_departure=True, taken={"1": None, "3": LAST_NIGHT}))
    assert await search(reads) == await search(reads) == {"1"}
    assert len(session.calls) == 2 * 3


@pytest.mark.parametrize("end_is_departure", [True, False])
@pytest.mark.parametrize("refuses_empty", [True, False])
async def test_a_single_night_is_searched_too(end_is_departure, refuses_empty):
    reads, _ = client(Searched(end_is_departure=end_is_departure, refuses_empty=refuses_empty))
    assert await search(reads, ARRIVAL, ARRIVAL + DAY) == set(TAKEN) - {"2"}


async def test_listings_come_along_and_guests_are_not_asked_for():
    reads, session = client(Searched(end_is_departure=True))
    page = await reads.free_listings(AvailabilityQuery(arrival=ARRIVAL, departure=DEPARTURE, adults=2))
    assert {each.listing.provider_id for each in page.items} == FREE
    assert not any("availabilityGuestNumber" in query for query in session.queries)


async def test_pages_are_read_to_the_end():
    taken = {str(each): None for each in range(1, 251)}
    reads, session = client(Searched(end_is_departure=True, taken=taken))
    assert await search(reads) == set(taken)
    assert len(session.calls) == 6


async def test_a_listing_that_is_gone_when_its_calendar_is_asked_for_is_left_out():
    world = Searched(end_is_departure=False)

    def route(call):
        if call.path == "/v1/listings/4/calendar":
            raise NotFound("Gone.")
        return world(call)

    assert await search(client(route)[0]) == FREE - {"4"}
