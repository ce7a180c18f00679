"""Comparing reservations, against the plain words of what it shall give: what is fast must say nothing else."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic.alias_generators import to_camel

from graph.events.differences import SENT_OR_NOT, changes, completed, public, without_raw
from graph.events.event import Dumps, EventType, FieldChange, NewEvent, body_of, load_body
from providers.model import Guest, Money, Party, Reservation, ReservationFee, ReservationStatus

TEXTS = st.sampled_from([None, "", "Ada", "Bob"])
NUMBERS = st.sampled_from([None, 0, 1, 2])
AMOUNTS = st.sampled_from(
    [None, *(Money(amount=Decimal(each), currency="EUR") for each in ("1", "1.00", "2", "0.10000000000000000001"))]
)
FEES = st.none() | st.lists(st.builds(ReservationFee, provider_id=TEXTS, amount=AMOUNTS), max_size=2)
RESERVATIONS = st.builds(
    Reservation,
    provider=st.just("HOSTAWAY"),
    account_id=st.just("acc_1"),
    provider_id=st.just("1"),
    listing_id=TEXTS,
    status=st.sampled_from(ReservationStatus),
    arrival=st.sampled_from([None, date(2027, 6, 1), date(2027, 6, 2)]),
    departure=st.none(),
    guest=st.none() | st.builds(Guest, name=TEXTS, email=TEXTS),
    party=st.none() | st.builds(Party, adults=NUMBERS, pets=NUMBERS),
    total=AMOUNTS,
    is_paid=st.sampled_from([None, True, False]),
    fees=FEES,
    tags=st.none() | st.lists(st.sampled_from("abc"), max_size=2),
    host_note=TEXTS,
    updated_at=st.sampled_from([None, datetime(2027, 5, 1, tzinfo=UTC), datetime(2027, 5, 2, tzinfo=UTC)]),
    raw=st.sampled_from([None, {"id": 1}]),
)


def plainly_completed(known: Any, sent: Any, *, partial: bool) -> Any:
    filled: dict[str, Any] = {}
    for each in fields(sent):
        value, before = getattr(sent, each.name), getattr(known, each.name)
        empty = value is None or (each.name in SENT_OR_NOT and value == [])
        if each.name == "raw":
            filled[each.name] = None
        elif (partial and empty) or (each.name in SENT_OR_NOT and value is None):
            filled[each.name] = value if before is None else before
        elif partial and each.name in {"guest", "party"} and before is not None:
            filled[each.name] = plainly_completed(before, value, partial=True)
    return replace(sent, **filled)


def plainly_changed(old: Any, new: Any, prefix: str = "") -> list[FieldChange]:
    found: list[FieldChange] = []
    for each in fields(new):
        before, after = getattr(old, each.name), getattr(new, each.name)
        if not prefix and each.name in {"provider", "account_id", "provider_id", "updated_at", "raw"}:
            continue
        if not prefix and each.name in SENT_OR_NOT and (before is None or after is None):
            continue
        name = "listing" if each.name == "listing_id" else to_camel(each.name)
        if each.name in {"guest", "party"} and before is not None and after is not None:
            found += plainly_changed(before, after, f"{name}.")
        elif before != after and not (isinstance(before, list) and isinstance(after, list) and in_any(before, after)):
            found.append(FieldChange(field=prefix + name, old=public(before), new=public(after)))
    return found


def in_any(one: list[Any], other: list[Any]) -> bool:
    """Whether two lists are one but for the order."""
    return sorted(map(repr, map(public, one))) == sorted(map(repr, map(public, other)))


@given(RESERVATIONS, RESERVATIONS, st.booleans())
def test_news_are_completed_by_what_is_known(known: Reservation, sent: Reservation, partial: bool) -> None:
    found = completed(known, sent, partial=partial)
    assert repr(found) == repr(plainly_completed(known, sent, partial=partial))
    assert changes(known, found) == plainly_changed(known, found)


@given(RESERVATIONS, RESERVATIONS)
def test_all_that_changed_is_told_in_the_order_of_the_fields(old: Reservation, new: Reservation) -> None:
    assert changes(old, new) == plainly_changed(old, new)


@given(RESERVATIONS)
def test_only_what_the_pms_sent_beyond_the_model_is_left_out(record: Reservation) -> None:
    assert repr(without_raw(record)) == repr(replace(record, raw=None))


@given(RESERVATIONS, RESERVATIONS)
def test_a_body_is_the_same_whether_its_reservation_was_dumped_before_or_not(
    old: Reservation, new: Reservation
) -> None:
    moment = datetime(2027, 5, 1, tzinfo=UTC)
    found = changes(old, new)
    event = NewEvent(
        tenant_id="default",
        account_id="acc_1",
        listing_id=None,
        reservation_id="1",
        type=EventType.UPDATED,
        occurred_at=None,
        received_at=moment,
        changes=found,
        reservation=new,
    )
    dumps = Dumps()
    assert dumps.of(new) is dumps.of(new)
    body = body_of(event, dumps)
    assert body == body_of(event, Dumps())
    loaded, reservation = load_body(body)
    assert reservation is not None
    assert loaded == found
    assert reservation == replace(new, raw=None)
    assert repr(reservation.total) == repr(new.total)
