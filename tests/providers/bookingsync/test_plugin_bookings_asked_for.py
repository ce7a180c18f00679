"""How bookings are asked for: all that was wanted comes, in as few calls as can be, whatever the token may see."""

from datetime import date

import pytest

from providers.errors import PermissionDenied, UpstreamRefused
from providers.model import ReservationStatus
from providers.queries import DateRange, ReservationQuery
from tests.providers.bookingsync.bookings_world import ALL, BOOKING, PUBLIC, REDUCED
from tests.providers.bookingsync.plugin_canned import (
    NOW,
    CannedSession,
    Reply,
    application,
    client,
    last_page,
)


async def test_all_times_and_statuses_are_asked_for_unless_filtered():
    session = CannedSession({"bookings": last_page(bookings=[])})
    await client(session).reservation_page(ALL, None)
    assert session.query() == {
        "from": "2000-01-01T00:00:00Z",
        "include_canceled": "true",
        "per_page": "100",
        "include": "client,source,bookings_fees,bookings_taxes,booking_comments,bookings_tags",
    }


async def sent(query: ReservationQuery, scopes: frozenset[str] | None = None) -> dict[str, str]:
    """The filters that went out for ``query``."""
    session = CannedSession({"bookings": last_page(bookings=[])}, **({"scopes": scopes} if scopes else {}))
    await client(session).reservation_page(query, None)
    return {key: value for key, value in session.query().items() if key not in ("per_page", "include")}


async def test_stay_range_becomes_an_overlap_one_day_wider():
    query = ReservationQuery(stay=DateRange(date(2027, 1, 10), date(2027, 1, 20)))
    assert await sent(query) == {
        "from": "2027-01-09T00:00:00Z",
        "until": "2027-01-21T00:00:00Z",
        "include_canceled": "true",
    }


async def test_arrival_and_departure_ranges_meet_in_the_widest_overlap_that_loses_nothing():
    query = ReservationQuery(arrival=DateRange(date(2027, 1, 10), None), departure=DateRange(None, date(2027, 3, 1)))
    assert await sent(query) == {
        "from": "2027-01-09T00:00:00Z",
        "until": "2027-03-02T00:00:00Z",
        "include_canceled": "true",
    }
    narrowed = await sent(
        ReservationQuery(
            stay=DateRange(date(2027, 1, 10), date(2027, 2, 1)),
            arrival=DateRange(date(2027, 1, 15), date(2027, 3, 1)),
        )
    )
    assert (narrowed["from"], narrowed["until"]) == ("2027-01-14T00:00:00Z", "2027-02-02T00:00:00Z")
    assert (await sent(ReservationQuery(departure=DateRange(None, date.max))))["until"] == "9999-12-31T00:00:00Z"


@pytest.mark.parametrize("edge", [date(2027, 1, 10), date(2027, 1, 12)])
async def test_overlap_keeps_every_booking_that_an_arrival_range_wants(edge):
    """A booking of one night at either end of the range, by BookingSync's own rule for ``from`` and ``until``."""
    options = await sent(ReservationQuery(arrival=DateRange(date(2027, 1, 10), date(2027, 1, 13))))
    start, end = f"{edge}T23:59:00Z", f"{date.fromordinal(edge.toordinal() + 1)}T00:00:00Z"
    assert end > options["from"]
    assert start < options["until"]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ({"CONFIRMED", "PENDING"}, {"status": "booked,tentative"}),
        ({"PENDING", "DECLINED"}, {"status": "tentative"}),
        ({"BLOCKED", "PENDING"}, {}),
        ({"CONFIRMED", "CANCELLED"}, {"include_canceled": "true"}),
        ({"UNKNOWN"}, {"include_canceled": "true"}),
    ],
)
async def test_statuses_are_sent_only_where_bookingsync_has_a_word_for_all_of_them(statuses, expected):
    query = ReservationQuery(statuses=frozenset(ReservationStatus(each) for each in statuses))
    assert await sent(query) == {"from": "2000-01-01T00:00:00Z"} | expected


async def test_statuses_that_bookingsync_does_not_have_take_no_call():
    session = CannedSession({})
    declined = ReservationQuery(statuses=frozenset({ReservationStatus.DECLINED, ReservationStatus.INQUIRY}))
    page = await client(session).reservation_page(declined, None)
    batch = await client(session).reservations_by_listing(["5117"], declined)
    assert (page.items, page.next, page.total) == ([], None, 0)
    assert batch.found == {"5117": []}
    assert session.calls == []


async def test_changes_are_asked_for_with_an_explicit_from_so_that_past_stays_are_not_missed():
    assert await sent(ReservationQuery(updated_since=NOW)) == {
        "from": "2000-01-01T00:00:00Z",
        "include_canceled": "true",
        "updated_since": "2026-12-09T10:59:58Z",
    }


async def test_public_token_is_not_sent_what_it_would_be_refused():
    assert await sent(ALL, PUBLIC) == {}
    assert await sent(ReservationQuery(stay=DateRange(date(2027, 1, 10), None)), PUBLIC) == {
        "from": "2027-01-09T00:00:00Z"
    }


async def test_owned_write_scope_sees_parts_but_no_cancelled_bookings():
    scopes = frozenset({"public", "bookings_write_owned"})
    session = CannedSession({"bookings": last_page(bookings=[])}, scopes=scopes)
    await client(session).reservation_page(ALL, None)
    assert session.query() == {"per_page": "100", "include": "source,bookings_fees,bookings_taxes,booking_comments"}


async def test_token_of_unknown_scopes_is_tried_and_its_refusals_are_remembered():
    def bookings(query):
        return Reply(status=403) if {"include", "include_canceled"} & query.keys() else last_page(bookings=[REDUCED])

    session = CannedSession({"bookings": bookings}, scopes=frozenset())
    reads = client(session)
    first = await reads.reservation_page(ALL, None)
    tries = len(session.calls)
    assert [item.provider_id for item in first.items] == ["1"]
    await reads.reservation_page(ALL, None)
    assert (tries, len(session.calls) - tries) == (4, 1)


async def test_account_without_any_bookings_scope_is_a_permission_problem():
    with pytest.raises(PermissionDenied):
        await client(CannedSession({"bookings": Reply(status=403)})).reservation_page(ALL, None)


async def test_page_of_many_listings_walks_their_groups_one_after_another():
    ids = tuple(str(n) for n in range(1, 151))

    def bookings(query):
        first = query["rental_id"].split(",")[0]
        return Reply({"bookings": [BOOKING | {"id": int(first)}]}, {"x-total-pages": "2" if first == "1" else "1"})

    session = CannedSession({"bookings": bookings})
    query, positions, position = ReservationQuery(listing_ids=ids), [], None
    while True:
        page = await client(session).reservation_page(query, position)
        assert page.total is None
        position = page.next
        if position is None:
            break
        positions.append(position)
    assert positions == ["2", "1:1"]
    assert [call.query[0][1].count(",") + 1 for call in session.calls] == [100, 100, 50]


async def test_page_of_no_possible_listing_is_empty_and_free():
    session = CannedSession({})
    page = await client(session).reservation_page(ReservationQuery(listing_ids=("x",)), None)
    assert (page.items, page.next, session.calls) == ([], None, [])


async def test_reservations_by_id_ask_for_cancelled_and_past_ones():
    cancelled = BOOKING | {"status": "Canceled", "canceled_at": "2016-12-10T00:00:00Z"}
    session = CannedSession({"bookings/829165,7": last_page(bookings=[cancelled])})
    batch = await client(session).reservations(["829165", "7"])
    assert batch.found["829165"].status is ReservationStatus.CANCELLED
    assert ("7" in batch.found, batch.failed) == (False, {})
    assert (session.query()["include_canceled"], session.query()["from"]) == ("true", "2000-01-01T00:00:00Z")
    assert len(session.calls) == 1


async def test_reservations_of_many_listings_take_one_call_a_page_of_bookings():
    def bookings(query):
        number = int(query.get("page", "1"))
        record = BOOKING | {"id": number, "links": BOOKING["links"] | {"rental": 10 + number % 2}}
        repeated = BOOKING | {"id": 1, "links": BOOKING["links"] | {"rental": 11}}
        foreign = BOOKING | {"id": 99, "links": BOOKING["links"] | {"rental": 4711}}
        return Reply({"bookings": [record, repeated, foreign]}, {"x-total-pages": "3"})

    session = CannedSession({"bookings": bookings})
    batch = await client(session).reservations_by_listing(["10", "11", "12"], ALL)
    assert {key: [each.provider_id for each in found] for key, found in batch.found.items()} == {
        "10": ["2"],
        "11": ["1", "3"],
        "12": [],
    }
    assert session.query(0)["rental_id"] == "10,11,12"
    assert len(session.calls) == 3


async def test_failure_while_reading_by_listing_is_told_for_each_listing():
    batch = await client(CannedSession({"bookings": Reply(status=422)})).reservations_by_listing(["1", "2"], ALL)
    assert (batch.found, set(batch.failed)) == ({}, {"1", "2"})
    assert isinstance(batch.failed["1"], UpstreamRefused)


async def test_bookings_of_other_accounts_are_left_out():
    foreign = REDUCED | {"id": 2, "links": {"account": 9, "rental": 5117}}
    session = CannedSession({"bookings": last_page(bookings=[REDUCED, foreign])}, scopes=PUBLIC)
    config = application(accountId=3837)
    page = await client(session, config).reservation_page(ALL, None)
    assert [item.provider_id for item in page.items] == ["1"]
    batch = await client(session, config).reservations_by_listing(["5117"], ALL)
    assert [item.provider_id for item in batch.found["5117"]] == ["1"]


async def test_mirrored_booking_of_a_linked_rental_stays_a_reservation_of_its_own():
    mirror = BOOKING | {"id": 829166, "links": BOOKING["links"] | {"rental": 5118}}
    session = CannedSession({"bookings": last_page(bookings=[BOOKING, mirror])})
    batch = await client(session).reservations_by_listing(["5117", "5118"], ALL)
    assert {key: [each.provider_id for each in found] for key, found in batch.found.items()} == {
        "5117": ["829165"],
        "5118": ["829166"],
    }
