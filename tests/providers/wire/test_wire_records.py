from datetime import date
from decimal import Decimal

import pytest
from pydantic import Field

from providers.queries import OddRecord
from providers.wire import (
    Identity,
    LenientBool,
    LenientDate,
    LenientDecimal,
    LenientFloat,
    LenientInstant,
    LenientInt,
    LenientList,
    LenientObject,
    LenientStr,
    OddValue,
    StrictDate,
    WireModel,
    parse_in_turns,
    parse_records,
)
from providers.wire.records import RECORDS_AT_ONCE
from tests.turns import counted_turns


class Picture(WireModel):
    id: Identity
    caption: LenientStr = None


class Stay(WireModel):
    id: Identity
    arrival: StrictDate = Field(None, alias="arrivalDate")
    paid: LenientBool = None
    guests: LenientInt = None
    latitude: LenientFloat = None
    price: LenientDecimal = None
    name: LenientStr = None
    cancelled: LenientDate = None
    changed: LenientInstant = None
    cover: LenientObject[Picture] = None
    pictures: LenientList[Picture] = None


def stays(*raw):
    return parse_records(Stay, raw, lambda stay: stay)


def test_lenient_fields_turn_the_unreadable_into_none():
    junk = {"x": 1}
    names = ["paid", "guests", "latitude", "price", "name", "cancelled", "changed", "cover"]
    (stay,), odd = stays({"id": 1} | dict.fromkeys(names, junk))
    assert not odd
    assert [getattr(stay, name) for name in names] == [None] * len(names)


def test_lenient_fields_keep_what_they_can_read():
    (stay,), _ = stays({"id": "7", "paid": 1, "guests": "2", "price": Decimal("720.50"), "cover": {"id": 3}})
    assert (stay.id, stay.paid, stay.guests, str(stay.price), stay.cover.id) == ("7", True, 2, "720.50", "3")


def test_a_list_loses_only_its_odd_elements():
    (stay,), _ = stays({"id": 1, "pictures": [{"id": 1}, "oops", {"caption": "no id"}, None, {"id": 2}]})
    assert [picture.id for picture in stay.pictures] == ["1", "2"]


def test_a_list_with_gaps_is_an_object_with_numbered_keys():
    (stay,), _ = stays({"id": 1, "pictures": {"0": {"id": 1}, "3": {"id": 4}}})
    assert [each.id for each in stay.pictures] == ["1", "4"]
    (stay,), _ = stays({"id": 1, "pictures": {"0": {"id": 1}, "x": {"id": 2}}})
    assert stay.pictures is None


@pytest.mark.parametrize("value", [None, "", {}, 5])
def test_a_list_that_is_none_is_not_known(value):
    (stay,), _ = stays({"id": 1, "pictures": value})
    assert stay.pictures is None


def test_an_odd_record_does_not_take_the_others_with_it():
    items, odd = stays({"id": 1, "arrivalDate": "2027-05-19"}, {"id": 2, "arrivalDate": "soon"}, {"id": 3})
    assert [(stay.id, stay.arrival) for stay in items] == [("1", date(2027, 5, 19)), ("3", None)]
    assert odd == [OddRecord("2", "arrivalDate: not a date")]


@pytest.mark.parametrize("record", [None, 5, "text", [], {"id": None}, {"id": {}}, {}])
def test_a_record_without_an_identity_is_odd_and_nameless(record):
    items, odd = stays(record)
    assert not items
    assert odd[0].id is None
    assert odd[0].reason


def test_reasons_name_fields_and_never_values():
    _, odd = parse_records(Stay, [{"id": 9, "arrivalDate": "Ada Byron"}], lambda stay: stay)
    assert "Byron" not in odd[0].reason


def test_a_mapping_may_call_a_record_odd():
    def refuse(stay):
        raise OddValue("two dates are the same")

    def stumble(stay):
        raise OverflowError("Ada Byron")

    assert parse_records(Stay, [{"id": 4}], refuse)[1] == [OddRecord("4", "two dates are the same")]
    assert parse_records(Stay, [{"id": 4}], stumble)[1] == [OddRecord("4", "cannot be understood")]


def test_the_id_may_have_another_name():
    _, odd = parse_records(Stay, [{"uuid": "a1"}], lambda stay: stay, id_field="uuid")
    assert odd[0].id == "a1"


def test_many_faults_are_summed_up():
    class Wide(WireModel):
        a: Identity
        b: Identity
        c: Identity
        d: Identity
        e: Identity

    _, odd = parse_records(Wide, [{}], lambda wide: wide)
    assert odd[0].reason == "a: missing; b: missing; c: missing; and 2 more"


async def test_many_records_are_read_some_at_a_time_and_others_have_their_turn_in_between():
    turns = []

    def parse(rows):
        turns.extend((turn(), len(rows)) for _ in rows[:1])
        return stays(*rows)

    raw = [{"id": number} for number in range(2 * RECORDS_AT_ONCE)] + ["odd", {"id": "last"}]
    async with counted_turns() as turn:
        items, odd = await parse_in_turns(parse, raw)

    assert (items, odd) == stays(*raw)
    assert [size for _, size in turns] == [RECORDS_AT_ONCE, RECORDS_AT_ONCE, 2]
    assert len({each for each, _ in turns}) == 3
