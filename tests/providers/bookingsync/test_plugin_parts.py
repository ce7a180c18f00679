"""BookingSync: included records in all their readings, missing scopes, comma ids of which some are unknown."""

import copy
from datetime import timedelta
from typing import Any

import pytest

from providers.bookingsync.grants import CLIENTS, PUBLIC, Grants
from providers.bookingsync.parts import Part, PartsReader
from providers.bookingsync.resources import Resources
from providers.errors import PermissionDenied, RateLimited, UpstreamRefused
from tests.providers.bookingsync.plugin_canned import NOW, CannedSession, Reply, answer, last_page

PHOTOS = Part(name="photos", resource="photos", scopes=PUBLIC, many=True)
CLIENT = Part(name="client", resource="clients", scopes=CLIENTS)
BOTH = (PHOTOS, CLIENT)
RECORD = {"id": 1, "links": {"photos": [5, 6], "client": 77}}
PHOTO = [{"id": 5, "kind": "inside"}, {"id": 6, "kind": "kitchen"}]
GUEST = {"id": 77, "fullname": "Zoë"}


class Clockwork:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self):
        return self.now


def reader(session: CannedSession, now=lambda: NOW) -> PartsReader:
    return PartsReader(Resources(session), Grants(session, now))


async def read(session: CannedSession, parts=BOTH, of: PartsReader | None = None) -> list[Any]:
    async def fetch(include):
        return [await Resources(session).page("things", include)]

    return (await (of or reader(session)).read(fetch, parts)).records


def including(record: dict, **lists: Any):
    """A list that answers the same whatever is included, as a server that ignores the option."""
    return lambda query: last_page(things=[record], **lists)


@pytest.mark.parametrize(
    "routes",
    [
        {"things": including(RECORD | {"photos": PHOTO, "client": GUEST})},
        {"things": including(RECORD, photos=PHOTO, clients=[GUEST])},
        {"things": including(RECORD, linked={"photos": PHOTO, "clients": [GUEST]})},
        {"things": including(RECORD, linked={"photos": PHOTO, "client": [GUEST]})},
        {"things": including(RECORD), "photos/5,6": last_page(photos=PHOTO), "clients/77": last_page(clients=[GUEST])},
    ],
    ids=["nested", "beside", "linked", "linked by association", "ignored"],
)
async def test_included_records_are_found_in_every_reading(routes):
    session = CannedSession(routes)
    (record,) = await read(session)
    assert record["photos"] == PHOTO
    assert record["client"] == GUEST
    assert session.query(0)["include"] == "photos,client"
    assert len(session.calls) == (3 if "clients/77" in routes else 1)


async def test_parts_are_nested_in_copies_since_answers_are_shared():
    shared = answer({"things": [RECORD], "photos": PHOTO})
    before = copy.deepcopy(shared.json())

    class Shared(CannedSession):
        async def send(self, call):
            return shared

    (record,) = await read(Shared({}), (PHOTOS,))
    assert record["photos"] == PHOTO
    assert shared.json() == before


async def test_nothing_is_read_for_records_that_link_to_nothing():
    session = CannedSession({"things": including({"id": 1, "links": {"photos": [], "client": None}})})
    (record,) = await read(session)
    assert record["photos"] == []
    assert "client" not in record
    assert len(session.calls) == 1


async def test_one_call_brings_the_parts_of_many_records():
    records = [{"id": n, "links": {"client": 70 + n}} for n in range(30)] + [{"id": 99, "links": {"client": 70}}]
    guests = [{"id": 70 + n} for n in range(30)]
    ids = ",".join(str(70 + n) for n in range(30))
    session = CannedSession({"things": last_page(things=records), f"clients/{ids}": last_page(clients=guests)})
    found = await read(session, (CLIENT,))
    assert [record["client"]["id"] for record in found] == [*range(70, 100), 70]
    assert len(session.calls) == 2


class Photos(CannedSession):
    """Answers any comma list of photos."""

    async def send(self, call):
        if call.path.startswith("/api/v3/photos/"):
            ids = call.path.rpartition("/")[2].split(",")
            photos = last_page(photos=[{"id": int(each)} for each in ids])
            self.routes = {**self.routes, f"photos/{','.join(ids)}": photos}
        return await super().send(call)


def albums(*numbers: int) -> Reply:
    return last_page(things=[{"id": n, "links": {"photos": list(range(n * 300, n * 300 + 300))}} for n in numbers])


async def test_separate_reads_of_a_page_are_bounded():
    session = Photos({"things": albums(1, 2, 3, 4, 5)})
    found = await read(session, (PHOTOS,))
    assert len(session.calls) == 1 + 10
    assert ["photos" in record for record in found] == [True, True, True, False, False]


async def test_separate_reads_of_several_pages_are_bounded_by_the_page():
    session = Photos({"things": albums(1, 2, 3), "more": albums(4, 5, 6)})

    async def fetch(include):
        resources = Resources(session)
        first = await resources.page("things", include)
        session.routes = {**session.routes, "things": session.routes["more"]}
        return [first, await resources.page("things", include, 2)]

    found = (await reader(session).read(fetch, (PHOTOS,))).records
    assert all(len(record["photos"]) == 300 for record in found)
    assert len(found) == 6


async def test_known_scopes_spare_the_call_that_would_be_refused():
    session = CannedSession({"things": including(RECORD | {"photos": PHOTO})}, scopes=frozenset({"public"}))
    (record,) = await read(session)
    assert session.query(0)["include"] == "photos"
    assert "client" not in record
    assert len(session.calls) == 1


async def test_refused_include_falls_back_to_what_needs_no_scope_and_remembers():
    def things(query):
        return (
            Reply(status=403)
            if "client" in query.get("include", "")
            else last_page(things=[RECORD | {"photos": PHOTO}])
        )

    session = CannedSession({"things": things, "clients/77": Reply(status=403)}, scopes=frozenset())
    parts = reader(session)
    (record,) = await read(session, of=parts)
    assert record["photos"] == PHOTO
    assert "client" not in record
    assert session.paths == ["things", "things", "clients/77"]
    await read(session, of=parts)
    assert session.paths[3:] == ["things"]
    assert session.query()["include"] == "photos"


async def test_refusals_are_forgotten_after_a_while_so_that_a_new_grant_is_noticed():
    clock = Clockwork()
    granted = False

    def things(query):
        return (
            last_page(things=[RECORD | {"photos": PHOTO}]) if granted or "include" not in query else Reply(status=422)
        )

    session = CannedSession({"things": things}, scopes=frozenset())
    parts = reader(session, clock)
    await read(session, of=parts)
    granted = True
    clock.now += timedelta(minutes=11)
    session.calls.clear()
    await read(session, of=parts)
    assert session.query(0)["include"] == "photos,client"


async def test_refusal_of_the_read_itself_is_raised_and_blames_no_include():
    for status, error in ((403, PermissionDenied), (422, UpstreamRefused)):
        session = CannedSession({"things": Reply(status=status)})
        parts = reader(session)
        with pytest.raises(error):
            await read(session, of=parts)
        first = len(session.calls)
        with pytest.raises(error):
            await read(session, of=parts)
        assert session.query(first)["include"] == "photos,client"


async def test_failure_of_a_part_that_is_no_refusal_is_raised_plainly():
    class Busy(CannedSession):
        async def send(self, call):
            if call.path.startswith("/api/v3/clients"):
                raise RateLimited("Busy.")
            return await super().send(call)

    with pytest.raises(RateLimited):
        await read(Busy({"things": including(RECORD | {"photos": PHOTO})}))


def exists(*known: int, all_or_nothing: bool):
    class Rentals(CannedSession):
        async def send(self, call):
            asked = call.path.rpartition("/")[2].split(",")
            found = [each for each in asked if int(each) in known]
            path = call.path.removeprefix("/api/v3/")
            is_refused = len(found) < len(asked) if all_or_nothing else not found
            self.routes = {
                path: Reply(status=404) if is_refused else last_page(rentals=[{"id": int(i)} for i in found])
            }
            return await super().send(call)

    return Rentals({})


@pytest.mark.parametrize("all_or_nothing", [True, False])
async def test_unknown_ids_do_not_hide_the_known_ones(all_or_nothing):
    known = [n for n in range(1, 51) if n != 17]
    session = exists(*known, all_or_nothing=all_or_nothing)
    pages = await Resources(session).by_ids("rentals", [str(n) for n in range(1, 51)], ())
    assert sorted(record["id"] for page in pages for record in page.records) == known
    assert len(session.calls) <= (13 if all_or_nothing else 1)


async def test_ids_that_are_all_unknown_are_no_failure():
    assert await Resources(exists(all_or_nothing=True)).by_ids("rentals", ["1", "2", "3"], ()) == []


async def test_group_is_read_on_when_the_server_cuts_its_pages_smaller():
    def rentals(query):
        number = int(query.get("page", "1"))
        return Reply({"rentals": [{"id": number}]}, {"x-total-pages": "3"})

    session = CannedSession({"rentals/1,2,3": rentals})
    pages = await Resources(session).by_ids("rentals", ["1", "2", "3"], ())
    assert [record["id"] for page in pages for record in page.records] == [1, 2, 3]


async def test_walk_ends_where_a_server_repeats_the_same_page_for_ever():
    session = CannedSession({"things": Reply({"things": [{"id": 1}]})})
    assert len(await Resources(session).walk("things", (), most=50)) == 1
    assert len(session.calls) == 2


async def test_walk_is_bounded():
    def endless(query):
        return Reply({"things": [{"id": int(query.get("page", "1"))}]})

    session = CannedSession({"things": endless})
    with pytest.raises(UpstreamRefused, match="more than 5 pages"):
        await Resources(session).walk("things", (), most=5)
    assert len(session.calls) == 5
