"""What news of a reservation mean, whatever order they come in."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.events.course import Course, in_order
from graph.events.differences import changes, completed, public
from graph.events.event import Dumps, EventType, FieldChange, load_reservation, packed, unpacked
from graph.events.states import Outcome, Sighting
from providers.model import Guest, Money, Party, Reservation, ReservationFee, ReservationStatus

START = datetime(2027, 5, 1, tzinfo=UTC)
ACCOUNT: Any = SimpleNamespace(tenant_id="default", id="acc_1", created_at=START)


def stay(**fields: Any) -> Reservation:
    made = Reservation(
        provider="HOSTAWAY",
        account_id="acc_1",
        provider_id="1",
        listing_id="40160",
        status=ReservationStatus.CONFIRMED,
        arrival=date(2027, 6, 1),
        departure=date(2027, 6, 4),
        created_at=START + timedelta(seconds=1),
        updated_at=START + timedelta(seconds=1),
        guest=Guest(name="Ada", email="ada@example.com"),
        party=Party(adults=2),
        total=Money(amount=Decimal("720.50"), currency="EUR"),
    )
    return replace(made, **fields)


def at(seconds: float, **fields: Any) -> Reservation:
    return stay(updated_at=START + timedelta(seconds=seconds), **fields)


def course(known: Reservation | None = None, *, learned: bool = True) -> Course:
    made = Course(account=ACCOUNT, known=None, learned=learned)
    if known is not None:
        made.take(Sighting(since=START, record=known, read_at=START))
        made.events.clear()
    return made


def delivery(record: Reservation, seconds: float = 1000, **more: Any) -> Sighting:
    return Sighting(since=START + timedelta(seconds=seconds), record=record, **more)


def answer(record: Reservation | None, seconds: float = 1001) -> Sighting:
    moment = START + timedelta(seconds=seconds)
    return Sighting(since=moment, record=record, read_at=moment)


def types(course: Course) -> list[EventType]:
    return [event.type for event in course.events]


def test_changes_are_named_as_the_api_names_them() -> None:
    old = stay()
    new = stay(
        guest=Guest(name="Ada", email="new@example.com"),
        total=Money(amount=Decimal("800.00"), currency="EUR"),
        check_in_time=None,
        arrival=date(2027, 6, 2),
        updated_at=None,
        raw={"anything": 1},
    )
    assert {each.field: (each.old, each.new) for each in changes(old, new)} == {
        "guest.email": ("ada@example.com", "new@example.com"),
        "total": ({"amount": "720.50", "currency": "EUR"}, {"amount": "800.00", "currency": "EUR"}),
        "arrival": ("2027-06-01", "2027-06-02"),
    }


def test_amounts_that_are_written_otherwise_and_lists_in_another_order_are_the_same() -> None:
    one, two = (ReservationFee(provider_id=id_) for id_ in "12")
    old = stay(total=Money(amount=Decimal("720.5"), currency="EUR"), fees=[one, two])
    assert changes(old, stay(fees=[two, one])) == []
    assert [each.field for each in changes(old, stay(fees=[one, one]))] == ["fees"]


def test_what_the_pms_did_not_send_has_not_changed() -> None:
    with_fees = stay(fees=[ReservationFee(provider_id="1")], tags=["vip"])
    assert changes(with_fees, stay()) == []
    assert changes(stay(), with_fees) == []
    assert completed(with_fees, stay(), partial=False).fees == with_fees.fees


def test_a_delivery_says_nothing_of_what_is_empty_in_it() -> None:
    known = stay(fees=[ReservationFee(provider_id="1")], guest_note="Late", guest=Guest(name="Ada", phone="1"))
    sent = stay(fees=[], guest_note=None, guest=Guest(name="Bob"))
    assert completed(known, sent, partial=True) == replace(known, guest=Guest(name="Bob", phone="1"))
    # The PMS's own answer says that there is no note any more.
    assert completed(known, sent, partial=False) == sent


def test_snapshots_keep_every_digit_and_leave_out_what_the_pms_sent_beyond() -> None:
    exact = stay(total=Money(amount=Decimal("0.10000000000000000001"), currency="EUR"), raw={"secret": 1})
    assert load_reservation(unpacked(packed(Dumps().of(exact)))) == replace(exact, raw=None)
    assert public(exact.total) == {"amount": "0.10000000000000000001", "currency": "EUR"}


def test_what_it_had_become_before_the_account_was_connected_is_learned_in_silence() -> None:
    made = course()
    assert made.take(answer(at(-5, created_at=START - timedelta(days=1)))) is Outcome.SAME
    assert made.events == []
    assert made.moved


@pytest.mark.parametrize(
    ("record", "made", "learned", "expected"),
    [
        (at(5), False, False, EventType.CREATED),
        (at(5, created_at=START - timedelta(days=1)), False, True, EventType.UPDATED),
        (at(5, created_at=START - timedelta(days=1)), True, True, EventType.CREATED),
        (at(5, created_at=None), False, True, EventType.CREATED),
        (at(5, created_at=None), False, False, EventType.UPDATED),
        (at(5, status=ReservationStatus.CANCELLED), True, True, EventType.CANCELLED),
    ],
)
def test_what_was_never_seen_is_new_or_changed(
    record: Reservation, made: bool, learned: bool, expected: EventType
) -> None:
    found = course(learned=learned)
    found.take(delivery(record, made=made))
    assert types(found) == [expected]
    assert found.events[0].changes is None


def test_a_deleted_one_that_is_there_again_is_created_again() -> None:
    found = course(at(1))
    found.take(answer(None))
    found.take(answer(None, 1002))
    found.take(answer(at(9), 1003))
    assert types(found) == [EventType.DELETED, EventType.CREATED]


def test_a_delivery_about_a_deleted_one_brings_nothing_back() -> None:
    found = course(at(1))
    found.take(answer(None))
    assert found.take(delivery(at(9), 900)) is Outcome.ASK
    assert types(found) == [EventType.DELETED]


def test_an_older_answer_of_the_pms_changes_nothing() -> None:
    found = course(at(1))
    found.take(answer(at(5, party=Party(adults=4)), 1005))
    assert found.take(answer(at(1), 1006)) is Outcome.OLD
    assert found.take(answer(at(5, party=Party(adults=3)), 1004)) is Outcome.OLD
    assert types(found) == [EventType.UPDATED]


def test_an_answer_may_change_what_has_the_same_time() -> None:
    """Payments, for one, need not count as a change of the reservation."""
    found = course(at(1))
    found.take(answer(at(1, is_paid=True), 1005))
    assert types(found) == [EventType.UPDATED]


def test_thin_deliveries_ask_only_for_what_is_not_known() -> None:
    found = course(at(5))
    thin = Sighting(since=START - timedelta(seconds=1), changed_at=START + timedelta(seconds=5))
    assert found.take(thin) is Outcome.OLD
    assert found.take(replace(thin, since=START + timedelta(seconds=9))) is Outcome.ASK
    assert found.take(replace(thin, changed_at=START + timedelta(seconds=4))) is Outcome.OLD
    assert found.take(replace(thin, changed_at=START + timedelta(seconds=6))) is Outcome.ASK
    assert course().take(thin) is Outcome.ASK


HISTORIES = st.lists(st.integers(1, 9), min_size=1, max_size=8)


def history_of(adults: list[int], *, gap: int = 1) -> list[Reservation]:
    """A reservation that was made and then changed; each change has a time and a note of its own."""
    return [
        at(1 + n * gap, party=Party(adults=value), host_note=str(n), created_at=START + timedelta(seconds=1))
        for n, value in enumerate(adults)
    ]


@given(HISTORIES, st.data())
def test_in_order_within_the_window_the_events_are_the_history(adults: list[int], data: st.DataObject) -> None:
    history = history_of(adults)
    sent = data.draw(st.permutations(history * 2))
    found = course()
    for place in in_order((each.updated_at, n) for n, each in enumerate(sent)):
        found.take(delivery(sent[place]))
    assert [event.reservation for event in found.events] == history
    assert types(found)[0] is EventType.CREATED


@given(HISTORIES, st.data())
def test_in_any_order_events_are_never_repeated_nor_told_backwards_and_polling_makes_up_for_what_is_lost(
    adults: list[int], data: st.DataObject
) -> None:
    """What cannot be told: changes that got lost or came late are part of the next one that did not."""
    history = history_of(adults)
    sent = data.draw(st.permutations([each for each in history * 2 if data.draw(st.booleans())]))
    polls = data.draw(st.sets(st.integers(0, len(sent))))
    found = course()
    for n, each in enumerate(sent):
        if n in polls:
            found.take(answer(history[-1], 1000 + n))
        found.take(delivery(each, 1000 + n))
    found.take(answer(history[-1], 5000))

    told = [event.reservation for event in found.events]
    places = [history.index(each) for each in told if each is not None]
    assert len(places) == len(told)
    assert places == sorted(set(places))
    assert told[-1] == history[-1]
    assert found.known is not None
    assert found.known.reservation == history[-1]
    # The changes of all events together lead from the first to the last.
    notes = [each for event in found.events for each in event.changes or () if each.field == "hostNote"]
    assert [each.old for each in notes[1:]] == [each.new for each in notes[:-1]]


@given(HISTORIES, st.data())
def test_within_one_unit_of_time_the_pms_has_the_last_word(adults: list[int], data: st.DataObject) -> None:
    history = history_of(adults, gap=0)
    found = course(history[0])
    asked = False
    for each in data.draw(st.permutations(history)):
        asked |= found.take(delivery(each)) is Outcome.ASK
    assert asked == (len(history) > 1)
    found.take(answer(history[-1]))
    assert found.known is not None
    assert found.known.reservation == history[-1]


def test_a_change_reads_as_what_it_is() -> None:
    assert changes(stay(), stay(is_paid=True)) == [FieldChange(field="isPaid", old=None, new=True)]
