"""Making reservations through the plugin: against the simulated Hostaway, and against answers as documented."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.changes import (
    OMITTED,
    ChangeRefused,
    CustomFieldChange,
    FinanceLineChange,
    GuestChange,
    PartyChange,
    PaymentCard,
    ProblemKind,
    ReservationDraft,
    ReservationKind,
)
from providers.errors import ProviderError, UpstreamInvalid
from providers.hostaway.client import HostawayClient
from providers.hostaway.drafts import create_call
from providers.hostaway.reservation_extras import HostawayReservationExtras
from providers.hostaway.simulator import HostawayReadings, odd
from providers.hostaway.simulator.cards import DECLINED_CARD, GOOD_CARD, POOR_CARD
from providers.model import Channel, FinanceLineType, ReservationStatus
from providers.queries import Days, QuoteRequest
from providers.simulation.faults import Fault, FaultKind
from providers.simulation.portfolio import StayKind
from providers.upstream.dry_run import MASK, struck
from tests.providers.hostaway.plugin_session import FakeSession, success
from tests.providers.hostaway.writing_world import DAY, NO_PROGRESS, TODAY, Writing, writing
from tests.virtual_time import in_virtual_time

START = datetime(2026, 3, 14, 9, tzinfo=UTC)

READINGS = [
    HostawayReadings(),
    HostawayReadings(refusals_with_200=True),
    HostawayReadings(clash_status=200, sends_updated_on=False, after_id=False),
    HostawayReadings(status_is_written=False, date_bounds_inclusive=False, activity_has_time=False),
]
every_reading = pytest.mark.parametrize("readings", READINGS, ids=range(len(READINGS)))


def card(number: str = GOOD_CARD) -> PaymentCard:
    return PaymentCard(holder="Ada Byron", number=number, expiration_year=2031, expiration_month=2, code="423")


async def made(there: Writing, draft: ReservationDraft):
    return await there.client.create_reservation(draft, NO_PROGRESS)


async def problem_of(there: Writing, draft: ReservationDraft):
    """The one problem for which nothing is made."""
    before = set(there.account.reservations)
    with pytest.raises(ChangeRefused) as refused:
        await made(there, draft)
    assert set(there.account.reservations) == before
    (problem,) = refused.value.problems
    return problem


@every_reading
@in_virtual_time
async def test_a_reservation_takes_one_call_and_its_nights(readings):
    async with writing(readings) as there:
        row = there.listing()
        draft = there.stay(
            row,
            party=PartyChange(adults=2, children=1, pets=1),
            check_in_time=time(16),
            guest_note="late",
            door_code="1234",
            source="garden site",
            custom_fields=(CustomFieldChange(field_id="167", value="no"),),
            extras=HostawayReservationExtras(door_code_vendor="acme", cleaning_fee=Decimal("40.30")),
        )
        written = await made(there, draft)
        assert there.calls == [("POST", "/v1/reservations")]
        record = written.record
        assert (written.warnings, record.provider_id) == ([], written.id)
        assert record.status is ReservationStatus.CONFIRMED
        assert (record.arrival, record.departure, record.listing_id) == (draft.arrival, draft.departure, str(row.id))
        assert (record.guest.name, record.guest.last_name) == ("Ada Byron", "Byron")
        assert (record.party.guests, record.party.pets) == (3, 1)
        assert (record.total.amount, record.total.currency) == (Decimal("720.5"), draft.currency)
        assert (record.channel, record.source, record.customer_reference) == (Channel.DIRECT, "garden site", "sg-1")
        assert (record.check_in_time, record.guest_note, record.door_code) == (time(16), "late", "1234")
        assert (record.cleaning_fee.amount, record.custom_fields[0].value) == (Decimal("40.3"), "no")
        calendar = (await there.client.calendars([str(row.id)], Days(draft.arrival - DAY, draft.departure + DAY))).found
        assert [day.available for day in calendar[str(row.id)].days] == [True, False, False, False, True]
        reread = (await there.client.reservations([written.id])).found[written.id]
        assert reread.arrival == draft.arrival


@every_reading
@in_virtual_time
async def test_taken_nights_are_refused_and_taken_only_by_force(readings):
    async with writing(readings) as there:
        row = there.listing()
        first = there.stay(row)
        await made(there, first)
        second = there.stay(row, arrival=first.arrival + 2 * DAY, reference="sg-2")
        problem = await problem_of(there, second)
        assert (problem.kind, problem.field) == (ProblemKind.NIGHTS_TAKEN, ("arrival",))
        assert f"{first.arrival + 2 * DAY}" in problem.message
        assert f"{first.arrival + 3 * DAY}" not in problem.message
        forced = there.stay(row, arrival=first.arrival + 2 * DAY, reference="sg-3", force_overbooking=True)
        assert (await made(there, forced)).record.customer_reference == "sg-3"


@every_reading
@in_virtual_time
async def test_price_lines_of_a_quote_are_carried_over_to_the_cent(readings):
    async with writing(readings) as there:
        row = there.listing(2)
        draft = there.stay(row, nights=7)
        batch = await there.client.quotes(
            [
                QuoteRequest(
                    listing_id=str(row.id), arrival=draft.arrival, departure=draft.departure, adults=2, currency="EUR"
                )
            ]
        )
        quote = batch.found["0"]
        lines = tuple(
            FinanceLineChange(
                type=each.type,
                setting_id=each.provider_id,
                name=each.name,
                title=each.title,
                quantity=each.quantity,
                amount=each.amount.amount,
                included_in_total=each.included_in_total,
                mandatory=each.mandatory,
                overridden=each.overridden,
            )
            for each in quote.components
        )
        written = await made(there, there.stay(row, nights=7, total=OMITTED, finance_lines=lines))
        record = written.record
        assert record.total.amount == quote.total.amount
        assert sum(line.amount.amount for line in record.finance_lines if line.included_in_total) == record.total.amount
        told = [(line.type, line.name, line.amount.amount) for line in record.finance_lines]
        assert told == [(each.type, each.name, each.amount.amount) for each in quote.components]
        assert not written.warnings


@pytest.mark.parametrize("number", [DECLINED_CARD, POOR_CARD, "4111111111111112"])
@every_reading
@in_virtual_time
async def test_a_card_that_fails_leaves_no_reservation_and_is_never_shown(readings, number):
    async with writing(readings) as there:
        problem = await problem_of(there, there.stay(there.listing(), card=card(number)))
        assert problem.kind is ProblemKind.PAYMENT_FAILED
        assert number not in problem.message
        assert "423" not in problem.message


@in_virtual_time
async def test_a_card_is_charged_and_what_is_not_known_of_it_is_said():
    async with writing() as there:
        draft = there.stay(there.listing(), card=card())
        written = await made(there, draft)
        assert written.record.is_paid
        assert any("payment rule" in each for each in written.warnings)
        assert GOOD_CARD not in repr(draft)
        assert not any(GOOD_CARD in str(value) for value in there.account.reservations[int(written.id)].record.values())


def test_a_card_is_sent_as_documented_and_struck_out_wherever_the_call_is_shown():
    draft = ReservationDraft(
        listing_id="40160",
        reference="sg-1",
        arrival=TODAY,
        departure=TODAY + DAY,
        guest=GuestChange(name="Ada"),
        party=PartyChange(guests=1),
        total=Decimal(1),
        currency="EUR",
        card=card(),
    )
    call = create_call(draft)
    assert ("validatePaymentMethod", "1") in call.query
    sent = {name: call.json[name] for name in call.secrets if name in call.json}
    assert sent == {
        "ccNumber": GOOD_CARD,
        "ccName": "Ada Byron",
        "ccExpirationYear": "2031",
        "ccExpirationMonth": "02",
        "cvc": "423",
    }
    assert {name: struck(call.json, call.secrets)[name] for name in sent} == dict.fromkeys(sent, MASK)


@every_reading
@in_virtual_time
async def test_a_coupon_gives_one_of_its_uses(readings):
    async with writing(readings) as there:
        row = there.listing()
        assert (await made(there, there.stay(row, coupon="once"))).record.raw["reservationCouponId"]
        for coupon in ("ONCE", "PAST", "GONE", "UNHEARD"):
            draft = there.stay(there.listing(2), coupon=coupon)
            assert (await problem_of(there, draft)).field == ("coupon",)


@every_reading
@in_virtual_time
async def test_an_archived_listing_is_a_conflict_and_an_unknown_one_is_named(readings):
    async with writing(readings) as there:
        archived = there.stay(there.listing(odd.ARCHIVED_LISTING))
        assert (await problem_of(there, archived)).kind is ProblemKind.CONFLICT
        if not readings.refusals_with_200:
            unknown = ReservationDraft(**{name: getattr(archived, name) for name in _FIELDS} | {"listing_id": "1"})
            problem = await problem_of(there, unknown)
            assert (problem.kind, problem.field) == (ProblemKind.NOT_FOUND, ("listing_id",))


_FIELDS = ("listing_id", "reference", "arrival", "departure", "guest", "party", "total", "currency")


@in_virtual_time
async def test_past_days_and_broken_rules_are_hostaways_no():
    async with writing(HostawayReadings(create_checks_rules=True)) as there:
        row = there.listing()
        past = there.stay(row, arrival=TODAY - 10 * DAY, force_overbooking=True)
        assert (await problem_of(there, past)).kind is ProblemKind.REFUSED
        row.days[there.free(row, 2)] = {"minimumStay": 5}
        problem = await problem_of(there, there.stay(row, nights=2))
        assert problem.kind is ProblemKind.REFUSED
        assert "rules" in problem.message


@pytest.mark.parametrize(
    ("more", "kind", "field"),
    [
        ({"kind": ReservationKind.HOLD}, ProblemKind.NOT_SUPPORTED, ("kind",)),
        ({"kind": ReservationKind.BLOCK}, ProblemKind.NOT_SUPPORTED, ("kind",)),
        ({"channel": Channel.OTHER}, ProblemKind.NOT_SUPPORTED, ("channel",)),
        ({"guest": GuestChange(name="Ada", company="B")}, ProblemKind.NOT_SUPPORTED, ("guest", "company")),
        ({"guest": GuestChange(name="Ada", state="B")}, ProblemKind.NOT_SUPPORTED, ("guest", "state")),
        ({"guest": GuestChange(name="Ada", notes="B")}, ProblemKind.NOT_SUPPORTED, ("guest", "notes")),
        ({"guest": GuestChange(email="a@example.com")}, ProblemKind.REQUIRED, ("guest",)),
        ({"party": OMITTED}, ProblemKind.REQUIRED, ("party",)),
        ({"total": OMITTED}, ProblemKind.REQUIRED, ("total",)),
        ({"total": Decimal("1.0000000000000000001")}, ProblemKind.OUT_OF_RANGE, ("total",)),
        ({"channel_reference": "x"}, ProblemKind.NOT_SUPPORTED, ("channel_reference",)),
        ({"expires_at": START}, ProblemKind.NOT_SUPPORTED, ("expires_at",)),
        ({"source": "x" * 66}, ProblemKind.OUT_OF_RANGE, ("source",)),
        ({"check_in_time": time(15, 30)}, ProblemKind.INVALID, ("check_in_time",)),
        ({"nights": -1}, ProblemKind.INVALID, ("departure",)),
        (
            {"custom_fields": (CustomFieldChange(field_id="x", value="1"),)},
            ProblemKind.UNKNOWN,
            ("custom_fields", 0, "field_id"),
        ),
        (
            {"finance_lines": (FinanceLineChange(type=FinanceLineType.TAX, amount=Decimal(1), percentage=Decimal(1)),)},
            ProblemKind.NOT_SUPPORTED,
            ("finance_lines", 0, "percentage"),
        ),
        (
            {"finance_lines": (FinanceLineChange(type=FinanceLineType.DISCOUNT, amount=Decimal(-1)),)},
            ProblemKind.REQUIRED,
            ("finance_lines", 0, "name"),
        ),
        (
            {"finance_lines": (FinanceLineChange(type=FinanceLineType.TAX),)},
            ProblemKind.REQUIRED,
            ("finance_lines", 0, "amount"),
        ),
    ],
)
@in_virtual_time
async def test_what_hostaway_cannot_take_is_named_by_field_without_a_call(more, kind, field):
    async with writing() as there:
        problem = await problem_of(there, there.stay(there.listing(), **{"arrival": TODAY + 5 * DAY} | more))
        assert (problem.kind, problem.field) == (kind, field)
        assert not there.calls


@every_reading
@in_virtual_time
async def test_a_reservation_whose_answer_was_lost_is_found_again(readings):
    async with writing(readings) as there:
        draft = there.stay(there.listing())
        since = there.clock.now()
        assert await there.client.find_reservation(draft, since) is None
        there.simulation.app.faults.add(Fault(kind=FaultKind.CUT, method="POST", path="/v1/reservations", times=1))
        with pytest.raises(ProviderError) as lost:
            await made(there, draft)
        assert lost.value.was_sent
        there.outcomes.clear()
        found = await there.client.find_reservation(draft, since)
        assert found is not None
        assert (found.arrival, found.customer_reference) == (draft.arrival, "sg-1")
        assert there.calls == [("GET", "/v1/reservations")]


@in_virtual_time
async def test_a_clients_own_reference_finds_only_the_same_stay_made_since():
    async with writing() as there:
        row = there.listing()
        draft = there.stay(row, customer_reference="crm-7")
        assert (await made(there, draft)).record.customer_reference == "crm-7"
        other = there.stay(row, customer_reference="crm-7", reference="sg-2")
        since = there.clock.now()
        assert await there.client.find_reservation(draft, since) is not None
        assert await there.client.find_reservation(other, since) is None
        assert await there.client.find_reservation(draft, since + timedelta(minutes=5)) is None


@pytest.mark.parametrize("own", [None, ""])
@in_virtual_time
async def test_an_empty_reference_of_the_client_leaves_room_for_ours(own):
    async with writing() as there:
        draft = there.stay(there.listing(), customer_reference=own)
        made_one = await made(there, draft)
        found = await there.client.find_reservation(draft, there.clock.now())
        assert (found.provider_id, found.customer_reference) == (made_one.id, "sg-1")


async def test_lists_that_the_answer_leaves_empty_are_no_warning():
    session = FakeSession(lambda call: success({"id": 1, **call.json, "customFieldValues": [], "financeField": []}))
    fields = {name: getattr(documented(), name) for name in _FIELDS}
    line = FinanceLineChange(type=FinanceLineType.RENT, amount=Decimal("720.5"))
    draft = ReservationDraft(
        **fields, custom_fields=(CustomFieldChange(field_id="167", value="no"),), finance_lines=(line,)
    )
    assert not (await HostawayClient(session, "10450").create_reservation(draft, NO_PROGRESS)).warnings


@in_virtual_time
async def test_a_cancelled_reservation_is_found_again_too():
    async with writing() as there:
        draft = there.stay(there.listing())
        id_ = int((await made(there, draft)).id)
        row = there.account.reservations[id_]
        there.account.change_reservation(id_, there.clock.now(), status="cancelled")
        assert row.stay.kind is StayKind.CONFIRMED
        found = await there.client.find_reservation(draft, START)
        assert found.status is ReservationStatus.CANCELLED


# Answers as documented.


def documented() -> ReservationDraft:
    return ReservationDraft(
        listing_id="40160",
        reference="sg-1",
        arrival=TODAY,
        departure=TODAY + 3 * DAY,
        guest=GuestChange(first_name="Ada", last_name="Byron"),
        party=PartyChange(guests=2),
        total=Decimal("720.5"),
        currency="EUR",
    )


async def test_the_body_is_that_of_the_documented_sample():
    session = FakeSession(lambda call: success({"id": 20001, **call.json}))
    await HostawayClient(session, "10450").create_reservation(documented(), NO_PROGRESS)
    (call,) = session.calls
    assert (call.method, call.path, call.query, call.is_safe) == ("POST", "/v1/reservations", (), False)
    assert call.charge == "reservation"
    assert call.json == {
        "channelId": 2000,
        "listingMapId": 40160,
        "arrivalDate": "2026-03-14",
        "departureDate": "2026-03-17",
        "currency": "EUR",
        "totalPrice": 720.5,
        "guestName": "Ada Byron",
        "guestFirstName": "Ada",
        "guestLastName": "Byron",
        "numberOfGuests": 2,
        "customerUserId": "sg-1",
    }


async def test_what_a_yes_does_not_show_becomes_a_warning():
    session = FakeSession(lambda call: success({"id": 20001, **call.json, "totalPrice": 1, "customerUserId": None}))
    written = await HostawayClient(session, "10450").create_reservation(documented(), NO_PROGRESS)
    assert written.warnings == [
        "Hostaway shows total otherwise than it was sent.",
        "Hostaway shows customerReference otherwise than it was sent.",
    ]


@pytest.mark.parametrize("body", [{"status": "success"}, success([]), success({}), success({"name": "x"})])
async def test_a_yes_without_a_record_is_uncertain_and_not_a_no(body):
    with pytest.raises(UpstreamInvalid):
        await HostawayClient(FakeSession(lambda call: body), "10450").create_reservation(documented(), NO_PROGRESS)


async def test_a_refusal_never_repeats_what_was_sent_of_the_guest():
    def route(call):
        if call.method == "POST":
            return {"status": "fail", "result": "Guest Ada Byron is barred, ADA too."}
        return success([] if call.path.endswith("calendar") else {"id": 40160, "specialStatus": None})

    session = FakeSession(route)
    with pytest.raises(ChangeRefused) as refused:
        await HostawayClient(session, "10450").create_reservation(documented(), NO_PROGRESS)
    message = refused.value.problems[0].message
    assert "Ada" not in message
    assert "ADA" not in message
    assert "barred" in message
    assert len(session.calls) == 3


cents = st.integers(-10_000_00, 10_000_00).map(lambda value: Decimal(value) / 100)
lines = st.lists(
    st.builds(
        lambda kind, amount, included: FinanceLineChange(
            type=kind, name="x", amount=amount, included_in_total=included
        ),
        st.sampled_from(list(FinanceLineType)),
        cents,
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=200)
@given(lines)
def test_the_total_is_the_sum_of_the_lines_to_the_cent(changes):
    fields = {name: getattr(documented(), name) for name in _FIELDS} | {"total": OMITTED, "finance_lines": changes}
    body = create_call(ReservationDraft(**fields)).json
    included = [each.amount for each in changes if each.included_in_total]
    assert Decimal(str(body["totalPrice"])) == sum(included, Decimal(0))
    assert [Decimal(str(line["total"])) for line in body["financeField"]] == [each.amount for each in changes]
