"""Values that no table of Hostaway's documentation shows, but that may come."""

from typing import Any

import pytest

from providers.errors import NotFound, UpstreamInvalid
from providers.hostaway.client import HostawayClient
from providers.hostaway.envelope import read_list, read_object, read_some
from providers.model import (
    AgreementState,
    CancelledBy,
    ClaimState,
    InsuranceState,
    Listing,
    ListingStatus,
    Reservation,
    RoomType,
)
from providers.queries import ListingQuery, ReservationQuery
from tests.providers.hostaway.plugin_session import NOW, FakeSession, answer, success


def client(*rows: Any) -> HostawayClient:
    """An account whose listings are ``rows``."""
    return HostawayClient(FakeSession(lambda _: success(list(rows), count=len(rows))), "10450", now=lambda: NOW)


async def listing(**fields: Any) -> Listing:
    """A listing that has these fields."""
    (found,) = (await client({"id": 1, **fields}).listing_page(ListingQuery(), None)).items
    return found


async def stay(**fields: Any) -> Reservation:
    """A reservation that has these fields."""
    (found,) = (await client({"id": 1, **fields}).reservation_page(ReservationQuery(), None)).items
    return found


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("late", "late"),
        (3, "3"),
        (True, "true"),
        (False, "false"),
        (["a", "ü", 1.5, None], '["a", "ü", 1.5, null]'),
        ({"from": "10:00"}, '{"from": "10:00"}'),
        ([], "[]"),
        (None, None),
        ("", None),
    ],
)
async def test_the_value_of_a_custom_field_is_kept_as_text_whatever_its_type(sent: Any, text: str | None) -> None:
    found = await listing(customFieldValues=[{"customFieldId": 5, "value": sent}])
    assert [(each.field_id, each.value) for each in found.custom_fields or ()] == [("5", text)]


async def test_new_words_of_listings_are_kept_beside_ours() -> None:
    found = await listing(roomType="capsule", specialStatus="paused")
    assert (found.room_type, found.provider_room_type) == (RoomType.OTHER, "capsule")
    assert (found.status, found.provider_status) == (None, "paused")
    found = await listing(roomType="Entire_Home", specialStatus="Archived")
    assert (found.room_type, found.status) == (RoomType.ENTIRE_HOME, ListingStatus.ARCHIVED)
    found = await listing(roomType="", specialStatus=None)
    assert (found.room_type, found.provider_room_type, found.provider_status) == (None, None, None)


async def test_new_words_of_reservations_are_kept_beside_ours() -> None:
    found = await stay(
        cancelledBy="system", reservationAgreement="expired", insuranceStatus="lapsed", claimStatus="claim_lost"
    )
    assert (found.cancelled_by, found.provider_cancelled_by) == (CancelledBy.OTHER, "system")
    assert (found.agreement, found.provider_agreement) == (AgreementState.UNKNOWN, "expired")
    assert (found.insurance, found.provider_insurance) == (InsuranceState.UNKNOWN, "lapsed")
    assert (found.claim, found.provider_claim) == (ClaimState.UNKNOWN, "claim_lost")
    assert (await stay(cancelledBy="Guest")).cancelled_by is CancelledBy.GUEST


@pytest.mark.parametrize(("sent", "guests"), [(4, 4), ("4", 4), (0, None), (-1, None), (None, None)])
async def test_a_capacity_of_nobody_is_none(sent: Any, guests: int | None) -> None:
    assert (await listing(personCapacity=sent)).max_guests == guests


@pytest.mark.parametrize(("arrival", "sent", "nights"), [("2027-05-19", None, 3), ("2027-05-25", None, None)])
async def test_nights_are_never_fewer_than_none(arrival: str, sent: int | None, nights: int | None) -> None:
    assert (await stay(arrivalDate=arrival, departureDate="2027-05-22", nights=sent)).nights == nights
    assert (await stay(arrivalDate=arrival, departureDate="2027-05-22", nights=-2)).nights is None


async def test_a_list_with_gaps_comes_as_an_object_with_numbers() -> None:
    found = await listing(listingImages={"0": {"id": 1, "url": "a"}, "2": {"id": 3, "url": "b"}}, listingAmenities={})
    assert [each.url for each in found.images or ()] == ["a", "b"]
    assert found.amenities is None
    assert (await listing(listingImages={"first": {"url": "a"}})).images is None
    sent = success({"0": {"id": 1}, "2": {"id": 3}}, count=2)
    assert [row["id"] for row in read_list(answer(sent)).rows] == [1, 3]
    assert [row["id"] for row in read_some(answer(sent)).rows] == [1, 3]
    assert read_object(answer(success({"0": {"id": 1}}))) == {"id": 1}


def test_an_empty_object_is_an_empty_list_only_if_nothing_was_counted() -> None:
    assert read_list(answer(success({}, count=0))).rows == []
    for counted in ({}, {"count": None}, {"count": 7}):
        with pytest.raises(UpstreamInvalid):
            read_list(answer(success({}, **counted)))
    with pytest.raises(NotFound):
        read_object(answer(success({})))
