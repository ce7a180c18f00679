"""What is wrong with a reservation is said at once, by its field, before the PMS is asked for it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from strawberry.extensions import ParserCache, ValidationCache

from graph.accounts.keys import Permission
from graph.schema import ids
from graph.schema.schema import CACHED_DOCUMENTS
from providers.model.listing import ListingStatus
from tests.gateway_world import World
from tests.graph.changes.inn_world import ARRIVAL, DEPARTURE, TODAY, Inn
from tests.graph.changes.operations import CARD, CREATE, VISA, codes, create, listing_id, stay

RENT = {"type": "RENT", "amount": "100.00"}
SOON = (datetime.now(UTC) + timedelta(days=2)).isoformat()
PAST = (datetime.now(UTC) - timedelta(days=2)).isoformat()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"departure": ARRIVAL.isoformat()}, ("departure", "OUT_OF_RANGE")),
        ({"departure": (ARRIVAL - timedelta(days=1)).isoformat()}, ("departure", "OUT_OF_RANGE")),
        ({"departure": (ARRIVAL + timedelta(days=367)).isoformat()}, ("departure", "OUT_OF_RANGE")),
        ({"arrival": (TODAY - timedelta(days=3)).isoformat()}, ("arrival", "OUT_OF_RANGE")),
        ({"guest": {"email": "ada@example.com"}}, ("guest.name", "REQUIRED")),
        ({"party": {"adults": 0}}, ("party.adults", "OUT_OF_RANGE")),
        ({"party": {"adults": 3, "children": 2}}, ("party.adults", "OUT_OF_RANGE")),
        ({"party": {"guests": 5}}, ("party.guests", "OUT_OF_RANGE")),
        ({"currency": "USD"}, ("currency", "INVALID")),
        ({"total": "-1.00"}, ("total", "OUT_OF_RANGE")),
        ({"total": "10.001"}, ("total", "INVALID")),
        ({"total": "99.99", "financeLines": [RENT]}, ("total", "INVALID")),
        ({"financeLines": [{"type": "RENT", "amount": "-5.00"}]}, ("financeLines.0.amount", "OUT_OF_RANGE")),
        ({"financeLines": [{"type": "DISCOUNT", "amount": "5.00"}]}, ("financeLines.0.amount", "OUT_OF_RANGE")),
        ({"financeLines": [{"amount": "5.00"}]}, ("financeLines.0.type", "REQUIRED")),
        ({"financeLines": [{"type": "FEE"}]}, ("financeLines.0.amount", "REQUIRED")),
        ({"kind": "HOLD"}, ("expiresAt", "REQUIRED")),
        ({"kind": "HOLD", "expiresAt": PAST}, ("expiresAt", "OUT_OF_RANGE")),
        ({"expiresAt": SOON}, ("expiresAt", "NOT_SUPPORTED")),
        ({"kind": "BLOCK"}, ("guest", "NOT_SUPPORTED")),
        ({"guestNote": "x" * 10_001}, ("guestNote", "OUT_OF_RANGE")),
        ({"card": CARD | {"number": "4111111111111112"}}, ("card.number", "INVALID")),
        ({"card": CARD | {"number": "4111 1111 1111 1111"}}, ("card.number", "INVALID")),
        ({"card": CARD | {"code": "12"}}, ("card.code", "INVALID")),
        ({"card": CARD | {"expirationYear": 2020}}, ("card.expirationYear", "OUT_OF_RANGE")),
        ({"card": CARD | {"expirationYear": 90}}, ("card.expirationYear", "OUT_OF_RANGE")),
        ({"card": CARD | {"expirationMonth": 13}}, ("card.expirationMonth", "OUT_OF_RANGE")),
        ({"card": CARD | {"holder": " "}}, ("card.holder", "REQUIRED")),
    ],
)
async def test_bad_input_is_refused_by_its_field(
    running: World, inn: Inn, given: dict[str, Any], expected: tuple[str, str]
) -> None:
    inn.changes = {"max_guests": 4}
    assert expected in codes(await create(running, **given))
    assert not inn.drafts
    assert not inn.counted()["calendars"]


@pytest.mark.parametrize("name", ["currency", "guest", "party"])
async def test_null_where_there_must_be_a_value_is_refused(running: World, inn: Inn, name: str) -> None:
    assert codes(await create(running, **{name: None})) == [(name, "REQUIRED")]
    assert not inn.drafts


async def test_everything_that_is_wrong_is_said_at_once(running: World, inn: Inn) -> None:
    found = codes(await create(running, guest={}, total="-1", currency="USD", party={"adults": 0}))
    assert {field for field, _ in found} == {"guest.name", "total", "currency", "party.adults"}


async def test_a_day_that_is_over_where_the_listing_is_is_refused(running: World, inn: Inn) -> None:
    running.clock.advance((datetime(TODAY.year, TODAY.month, TODAY.day, 23, tzinfo=UTC) - running.clock.now()).seconds)
    now = running.clock.now().date()
    inn.changes = {"time_zone": "Pacific/Kiritimati"}
    refused = await create(running, arrival=now.isoformat(), departure=(now + timedelta(days=2)).isoformat())
    assert codes(refused) == [("arrival", "OUT_OF_RANGE")]


async def test_today_can_be_booked_where_it_is_still_today(running: World, inn: Inn) -> None:
    now = running.clock.now().date()
    made = await create(running, arrival=now.isoformat(), departure=(now + timedelta(days=2)).isoformat())
    assert made["userErrors"] == []


async def test_an_archived_listing_takes_none(running: World, inn: Inn) -> None:
    inn.changes = {"status": ListingStatus.ARCHIVED}
    assert codes(await create(running)) == [("listingId", "CONFLICT")]
    assert not inn.drafts


@pytest.mark.parametrize(
    ("day", "rule", "field"),
    [
        (ARRIVAL, {"closed_to_arrival": True}, "arrival"),
        (DEPARTURE, {"closed_to_departure": True}, "departure"),
        (ARRIVAL, {"minimum_stay": 4}, "departure"),
        (ARRIVAL, {"maximum_stay": 2}, "departure"),
    ],
)
async def test_rules_of_the_calendar_are_kept_unless_they_are_left_to_the_pms(
    running: World, inn: Inn, day: Any, rule: dict[str, Any], field: str
) -> None:
    inn.rules = {day: rule}
    assert codes(await create(running)) == [(field, "OUT_OF_RANGE")]
    secret = await running.key_with(Permission.WRITE)
    given = {"input": await stay(running), "ignore": True}
    answer = (await running.post(CREATE, given, Authorization=f"Bearer {secret}")).json()
    assert answer["data"]["createReservation"]["userErrors"] == []


async def test_a_block_needs_no_guest_and_keeps_no_rules_of_stays(running: World, inn: Inn) -> None:
    inn.rules = {ARRIVAL: {"closed_to_arrival": True, "minimum_stay": 7}}
    given = await stay(running, kind="BLOCK")
    del given["guest"]
    payload = await running.change(CREATE, Permission.WRITE, input=given)
    assert payload["userErrors"] == []
    assert inn.drafts[0].currency.name == "OMITTED"  # type: ignore[union-attr]


async def test_the_listings_currency_and_the_sum_of_the_lines_are_filled_in(running: World, inn: Inn) -> None:
    await create(running, financeLines=[RENT, {"type": "DISCOUNT", "amount": "-10.00"}])
    (draft,) = inn.drafts
    assert draft.currency == "EUR"
    assert draft.total == Decimal("90.00")


async def test_unknown_and_foreign_ids_are_refused(running: World, inn: Inn) -> None:
    assert codes(await create(running, listingId="nonsense")) == [("listingId", "INVALID")]
    known = ids.parse(await listing_id(running), "id", ids.LISTING)
    unknown = ids.GlobalId(ids.LISTING, known.account_id, "99").text()
    assert codes(await create(running, listingId=unknown)) == [("listingId", "NOT_FOUND")]
    foreign = ids.GlobalId(ids.LISTING, "somebody", "1").text()
    assert codes(await create(running, listingId=foreign)) == [("listingId", "NOT_FOUND")]
    assert not inn.drafts


async def test_a_card_reaches_the_pms_and_nothing_else(
    running: World, inn: Inn, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    payload = await create(running, card=CARD, key="k")
    assert payload["userErrors"] == []
    (draft,) = inn.drafts
    assert draft.card is not None
    assert draft.card.number == VISA
    assert VISA not in repr(draft)
    said = capsys.readouterr()
    assert VISA not in said.out + said.err + caplog.text
    async with running.services.database.reading() as session:
        rows = (await session.execute(text("select * from creation"))).all()
    assert VISA not in repr(rows)


@pytest.mark.parametrize(
    "card",
    [
        CARD | {"number": int(VISA)},
        {"holder": "Ada Lovelace", "number": VISA},
        CARD | {"expirationYear": VISA},
        CARD | {"code": 737},
        VISA,
        CARD | {VISA: 1},
    ],
)
async def test_no_error_echoes_a_card(running: World, card: Any) -> None:
    secret = await running.key_with(Permission.WRITE)
    given = {"input": await stay(running, card=card)}
    answer = await running.post(CREATE, given, Authorization=f"Bearer {secret}")
    assert answer.json()["errors"]
    assert VISA not in answer.text
    assert "737" not in answer.text
    assert "Ada" not in answer.text


@pytest.mark.parametrize(
    "card",
    [
        f'{{holder: "Ada", number: {VISA}, expirationYear: 2090, expirationMonth: 5, code: "737"}}',
        f'{{holder: "Ada", number: "{VISA}", expirationYear: "2090", expirationMonth: 5, code: "737"}}',
        f'{{holder: "Ada", number: "{VISA}"}}',
        f'"{VISA}"',
        f'{{holder: "Ada" "{VISA}"}}',
        f'{{holder: "Ada", number {VISA}}}',
        f'{{holder: "Ada", number: "{VISA}',
        f"{{holder: {{}}, number: [{VISA}], code: n{VISA}}}",
    ],
)
async def test_no_error_echoes_a_card_in_the_document(running: World, card: str) -> None:
    secret = await running.key_with(Permission.WRITE)
    document = (
        f'mutation {{ createReservation(input: {{listingId: "x", arrival: "2090-01-01", departure: "2090-01-02", '
        f"card: {card}}}) {{ userErrors {{ code }} }} }}"
    )
    answer = await running.post(document, {}, Authorization=f"Bearer {secret}")
    assert VISA not in answer.text
    assert answer.json()["errors"]


@pytest.mark.parametrize(
    "document",
    [
        'mutation { createReservation(input: {listingId: "x", arrival: "2090-01-01", departure: "2090-01-02", '
        f'card: {{holder: "A", number: "{VISA}", expirationYear: 2090, expirationMonth: 5, code: "737"}}}}) '
        "{ userErrors { code } } }",
        f'mutation ($card: PaymentCardInput = {{holder: "A", number # a\n : "{VISA}", expirationYear: 2090, '
        'expirationMonth: 5, code: "737"}) { createReservation(input: {listingId: "x", arrival: "2090-01-01", '
        'departure: "2090-01-02", card: $card}) { userErrors { code } } }',
    ],
)
async def test_a_document_with_a_card_is_not_kept(running: World, document: str) -> None:
    secret = await running.key_with(Permission.WRITE)
    caches = (
        ParserCache(maxsize=CACHED_DOCUMENTS).cached_parse_document,
        ValidationCache(maxsize=CACHED_DOCUMENTS).cached_validate_document,
    )
    before = [cache.cache_info().currsize for cache in caches]
    for each in (document, document.replace(VISA, VISA[::-1])):
        answer = await running.post(each, {}, Authorization=f"Bearer {secret}")
        assert "errors" not in answer.json()
    assert [cache.cache_info().currsize for cache in caches] == before
