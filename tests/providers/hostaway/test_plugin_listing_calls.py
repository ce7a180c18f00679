"""Which calls reads of listings take, and what becomes of their answers."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from providers.errors import AuthenticationFailed, UpstreamInvalid, UpstreamRefused, UpstreamUnavailable
from providers.hostaway.client import HostawayClient
from providers.queries import ListingOrderField, ListingQuery, OrderDirection
from tests.providers.hostaway.listings_world import LOFT, PATH, client, many
from tests.providers.hostaway.plugin_session import FakeList, FakeSession, success


@pytest.mark.parametrize(
    ("field", "direction", "order"),
    [
        (ListingOrderField.PROVIDER, OrderDirection.ASC, None),
        (ListingOrderField.NAME, OrderDirection.ASC, "name"),
        (ListingOrderField.NAME, OrderDirection.DESC, "nameReversed"),
        (ListingOrderField.UPDATED, OrderDirection.ASC, "latestActivity"),
        (ListingOrderField.UPDATED, OrderDirection.DESC, "latestActivityDesc"),
    ],
)
async def test_orders_of_listings_are_those_of_hostaway(field, direction, order):
    reads, session = client(FakeList(PATH, rows=[]))
    await reads.listing_page(ListingQuery(order=field, direction=direction), None)
    assert session.queries[0].get("sortOrder") == order


@pytest.mark.parametrize(
    ("since", "day"),
    [
        (datetime(2027, 1, 10, 23, tzinfo=UTC), "2027-01-09"),
        (datetime(2027, 1, 10, 1, tzinfo=timezone(timedelta(hours=14))), "2027-01-08"),
        (datetime.min.replace(tzinfo=UTC), "0001-01-01"),
    ],
)
async def test_changes_are_asked_for_from_the_day_before(since, day):
    reads, session = client(FakeList(PATH, rows=many(2)))
    page = await reads.listing_page(ListingQuery(updated_since=since), None)
    assert session.queries[0]["latestActivityStart"] == day
    assert page.total is None, "more is counted than was asked for"


async def test_one_listing_is_read_by_its_path():
    reads, session = client(FakeList(PATH, rows=[LOFT]))
    batch = await reads.listings(["40160"])
    assert batch.found["40160"].name == "Harbour loft"
    assert session.paths == ["/v1/listings/40160"]
    assert session.queries == [{"includeResources": "1", "attachObjects[]": "bookingEngineUrls"}]


@pytest.mark.parametrize("envelope", [lambda row: row, lambda row: [row]], ids=["bare", "in a list"])
async def test_a_single_record_comes_bare_or_in_a_list(envelope):
    reads, _ = client(lambda call: success(envelope(LOFT)))
    assert "40160" in (await reads.listings(["40160"])).found


async def test_fifty_listings_of_a_small_account_cost_one_call():
    reads, session = client(FakeList(PATH, rows=many(60)))
    batch = await reads.listings([str(1000 + each) for each in range(50)])
    assert len(batch.found) == 50
    assert session.paths == [PATH]


async def test_pages_are_read_only_as_long_as_they_are_cheaper_than_single_reads():
    reads, session = client(FakeList(PATH, rows=many(1000)))
    batch = await reads.listings(["1000", "1001", "1500"])
    assert set(batch.found) == {"1000", "1001", "1500"}
    assert session.paths == [PATH, "/v1/listings/1500"]


async def test_what_was_learnt_about_the_size_of_an_account_saves_the_page():
    reads, session = client(FakeList(PATH, rows=many(1000)))
    await reads.listing_page(ListingQuery(), None)
    await reads.listings(["1900", "1901", "1902"])
    assert session.paths[1:] == ["/v1/listings/1900", "/v1/listings/1901", "/v1/listings/1902"]


async def test_without_a_count_no_more_pages_are_read_than_listings_are_wanted():
    reads, session = client(FakeList(PATH, rows=many(1000), counts=False))
    batch = await reads.listings(["1999", "1998"])
    assert set(batch.found) == {"1999", "1998"}
    assert session.paths.count(PATH) <= 3
    assert len(session.calls) <= 5


async def test_a_listing_that_a_whole_walk_did_not_meet_does_not_exist():
    reads, session = client(FakeList(PATH, rows=many(150)))
    batch = await reads.listings([str(1000 + each) for each in range(150)] + ["9"])
    assert len(batch.found) == 150
    assert (batch.failed, session.paths) == ({}, [PATH, PATH])


async def test_an_unknown_listing_is_in_neither_half():
    reads, _ = client(FakeList(PATH, rows=[LOFT]))
    batch = await reads.listings(["7"])
    assert (batch.found, batch.failed) == ({}, {})


async def test_an_id_that_hostaway_cannot_have_costs_no_call():
    reads, session = client(FakeList(PATH, rows=[LOFT]))
    batch = await reads.listings(["../users", "40160/calendar", "040160", ""])
    assert (batch.found, batch.failed, session.calls) == ({}, {}, [])


async def test_a_single_read_that_fails_fails_alone():
    down = UpstreamUnavailable("Down.")
    server = FakeList(PATH, rows=many(1000), broken_singles={"1500": down})
    reads, _ = client(server)
    batch = await reads.listings(["1000", "1500", "1600"])
    assert set(batch.found) == {"1000", "1600"}
    assert batch.failed == {"1500": down}


async def test_an_odd_listing_fails_alone():
    reads, _ = client(FakeList(PATH, rows=[LOFT, {"id": 5, "name": []}]))
    batch = await reads.listings(["40160", "5"])
    assert set(batch.found) == {"40160"}
    assert isinstance(batch.failed["5"], UpstreamInvalid)
    assert batch.failed["5"].account_id == "acc-1"


async def test_refused_credentials_are_not_tried_on_every_listing():
    def route(call):
        raise AuthenticationFailed("No.")

    reads, session = client(route)
    reads._listing_count = 100_000
    batch = await reads.listings([str(1000 + each) for each in range(200)])
    assert len(batch.failed) == 200
    assert len(session.calls) <= 32


async def test_another_record_than_the_one_asked_for_is_invalid():
    reads, _ = client(lambda call: success({"id": 8, "name": "Other"}))
    assert isinstance((await reads.listings(["7"])).failed["7"], UpstreamInvalid)


async def test_a_failure_may_come_with_http_200():
    reads, _ = client(lambda call: {"status": "fail", "result": "Wrong sort order"})
    with pytest.raises(UpstreamRefused) as caught:
        await reads.listing_page(ListingQuery(), None)
    assert "Wrong sort order" in caught.value.message
    assert (caught.value.provider, caught.value.account_id, caught.value.upstream_status) == ("HOSTAWAY", "acc-1", 200)


@pytest.mark.parametrize("body", [success({}), success(None), {"status": "success"}, success("text"), [], None, "x"])
async def test_an_answer_without_its_list_is_not_an_empty_list(body):
    reads, _ = client(lambda call: body)
    with pytest.raises(UpstreamInvalid):
        await reads.listing_page(ListingQuery(), None)


async def test_the_check_asks_for_as_little_as_possible():
    reads, session = client(FakeList(PATH, rows=many(3)))
    await reads.check()
    assert [(call.path, call.query) for call in session.calls] == [(PATH, (("limit", "1"), ("offset", "0")))]
    with pytest.raises(UpstreamRefused):
        await client(lambda call: {"status": "fail", "result": "no"})[0].check()


async def test_the_account_is_its_number_and_costs_nothing():
    reads, session = client(lambda call: success([]))
    assert (await reads.account()).provider_id == "10450"
    assert not session.calls


async def test_the_account_of_a_bare_token_is_that_of_its_users():
    session = FakeSession(lambda call: success([{"id": 1, "accountId": None}, {"id": 2, "accountId": 10450}]))
    reads = HostawayClient(session, None)
    assert (await reads.account()).provider_id == "10450"
    assert (await reads.account()).provider_id == "10450"
    assert session.paths == ["/v1/users"]


async def test_users_that_do_not_name_their_account_are_an_error():
    with pytest.raises(UpstreamInvalid):
        await HostawayClient(FakeSession(lambda call: success([{"id": 1}])), None).account()
