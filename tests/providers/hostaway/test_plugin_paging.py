import pytest

from providers.errors import UpstreamInvalid, UpstreamRefused
from providers.hostaway.client import HostawayClient
from providers.hostaway.paging import Position, is_id
from providers.queries import ListingQuery, ReservationQuery
from tests.providers.hostaway.plugin_session import FakeList, FakeSession, success

LISTINGS = "/v1/listings"
RESERVATIONS = "/v1/reservations"


def numbered(count, first=1000):
    return [{"id": first + each, "name": f"L{each}", "listingMapId": 40160} for each in range(count)]


async def walk(read, query):
    """Every id of a collection, and how many pages it took."""
    ids, position, pages = [], None, 0
    while pages == 0 or position is not None:
        page = await read(query, position)
        ids += [item.provider_id for item in page.items]
        position, pages = page.next, pages + 1
        assert pages < 50, "the walk does not end"
    return ids, pages


async def listing_walk(**readings):
    session = FakeSession(FakeList(LISTINGS, **readings))
    return *await walk(HostawayClient(session, "10450").listing_page, ListingQuery()), session


async def reservation_walk(**readings):
    session = FakeSession(FakeList(RESERVATIONS, **readings))
    return *await walk(HostawayClient(session, "10450").reservation_page, ReservationQuery()), session


def ids_of(rows):
    return [str(row["id"]) for row in rows]


@pytest.mark.parametrize(
    ("readings", "calls"),
    [
        ({}, 3),
        ({"counts": False}, 4),
        ({"cap": 40}, 7),
        ({"counts_the_page": True}, 4),
        ({"counts_the_page": True, "cap": 40, "echoes_limit": True}, 8),
        ({"limits": False}, 1),
        ({"limits": False, "knows_offset": False, "counts": False}, 2),
    ],
    ids=[
        "as documented",
        "no count",
        "limit capped",
        "count of the page",
        "count of the page, capped",
        "limit ignored",
        "paging ignored",
    ],
)
async def test_listings_are_walked_whole_under_every_reading(readings, calls):
    rows = numbered(250)
    ids, _, session = await listing_walk(rows=rows, **readings)
    assert ids == ids_of(rows)
    assert len(session.calls) == calls


async def test_listings_are_asked_for_by_offset_and_with_their_resources():
    _, _, session = await listing_walk(rows=numbered(150))
    assert session.queries == [
        {"includeResources": "1", "attachObjects[]": "bookingEngineUrls", "limit": "100", "offset": "0"},
        {"includeResources": "1", "attachObjects[]": "bookingEngineUrls", "limit": "100", "offset": "100"},
    ]


@pytest.mark.parametrize(
    ("readings", "calls"),
    [
        ({}, 3),
        ({"counts": False}, 4),
        ({"cap": 40}, 7),
        ({"counts_what_is_left": True}, 3),
        ({"counts_what_is_left": True, "cap": 40}, 7),
        ({"cursor_includes": True}, 3),
        ({"cursor_includes": True, "counts": False}, 5),
        ({"knows_cursor": False}, 4),
        ({"knows_cursor": False, "counts": False}, 5),
        ({"refuses_cursor": 400}, 4),
        ({"refuses_cursor": 422}, 4),
        ({"counts_the_page": True}, 4),
    ],
    ids=[
        "as documented",
        "no count",
        "limit capped",
        "count of what is left",
        "count of what is left, capped",
        "cursor row sent again",
        "cursor row sent again, no count",
        "no cursor",
        "no cursor, no count",
        "cursor refused with 400",
        "cursor refused with 422",
        "count of the page",
    ],
)
async def test_reservations_are_walked_whole_under_every_reading(readings, calls):
    rows = numbered(250)
    ids, _, session = await reservation_walk(rows=rows, **readings)
    assert ids == ids_of(rows)
    assert len(session.calls) == calls


async def test_the_deprecated_offset_is_not_sent_with_the_cursor():
    _, _, session = await reservation_walk(rows=numbered(150))
    first, second = session.queries
    assert first["limit"] == "100"
    assert "offset" not in first
    assert "afterId" not in first
    assert second["afterId"] == "1099"
    assert "offset" not in second


async def test_a_server_without_the_cursor_is_walked_by_offset_from_then_on():
    _, _, session = await reservation_walk(rows=numbered(350), knows_cursor=False)
    assert [(q.get("afterId"), q.get("offset")) for q in session.queries] == [
        (None, None),
        ("1099", None),
        (None, "100"),
        (None, "200"),
        (None, "300"),
    ]


async def test_an_empty_collection_is_one_page():
    ids, pages, _ = await reservation_walk(rows=[])
    assert (ids, pages) == ([], 1)


async def test_rows_that_slide_down_between_two_pages_are_not_repeated():
    server = FakeList(LISTINGS, rows=numbered(150))
    client = HostawayClient(FakeSession(server), "10450")
    first = await client.listing_page(ListingQuery(), None)
    server.rows = numbered(3, first=1) + server.rows
    second = await client.listing_page(ListingQuery(), first.next)
    assert [item.provider_id for item in second.items] == [str(1100 + each) for each in range(50)]


async def test_the_same_page_again_is_an_error_where_more_is_promised():
    server = FakeList(LISTINGS, rows=numbered(250), knows_offset=False)
    client = HostawayClient(FakeSession(server), "10450")
    page = await client.listing_page(ListingQuery(), None)
    with pytest.raises(UpstreamInvalid) as caught:
        await client.listing_page(ListingQuery(), page.next)
    assert (caught.value.provider, caught.value.account_id) == ("HOSTAWAY", "acc-1")


async def test_a_count_below_what_the_page_holds_is_not_believed():
    rows = numbered(150)

    def route(call):
        offset = int(dict(call.query)["offset"])
        return success(rows[offset : offset + 100], count=1)

    ids, _ = await walk(HostawayClient(FakeSession(route), "1").listing_page, ListingQuery())
    assert ids == ids_of(rows)


async def test_rows_without_a_readable_id_do_not_stop_the_walk():
    rows = [{"id": None} for _ in range(100)] + numbered(5)
    ids, _, _ = await reservation_walk(rows=rows)
    assert ids == ids_of(rows[100:])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "after-1-2-3",
        "after-1-2-3-4-5",
        "offset-x-1-2-",
        "offset-1-../x-2-",
        f"offset-{10**17}-1-2-",
        "a-1-2-3-",
    ],
)
async def test_a_made_up_position_is_refused_without_a_call(text):
    session = FakeSession(FakeList(LISTINGS, rows=[]))
    with pytest.raises(UpstreamRefused):
        await HostawayClient(session, "10450").listing_page(ListingQuery(), text)
    assert not session.calls


@pytest.mark.parametrize("total", [None, 250])
def test_a_position_survives_its_text(total):
    position = Position(cursor=True, seen=100, first="12", last="7", total=total)
    assert Position.parse(str(position)) == position


@pytest.mark.parametrize("text", ["", "-1", "1/calendar", "../users", "01", "٣", "1" * 19, "1?x=1"])
def test_only_plain_numbers_are_ids(text):
    assert not is_id(text)
