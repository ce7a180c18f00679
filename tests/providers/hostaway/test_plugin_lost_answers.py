"""Changes whose answer is lost: the plugin looks, and says that it is done where it is done."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from providers.changes import (
    AgreementChange,
    Cancellation,
    CancellationPolicyDraft,
    FeeChange,
    FeeDraft,
    FinanceLineChange,
    ListingChange,
    NoShow,
    PolicyItemDraft,
    PricingSettingsChange,
    ReservationChange,
)
from providers.errors import ProviderError
from providers.hostaway.client import HostawayClient
from providers.hostaway.simulator import HostawayReadings
from providers.model import CancelledBy, Channel, ChargedPer, FinanceLineType, PolicyEvent, RefundKind
from providers.simulation.faults import Fault, FaultKind
from tests.providers.hostaway.changing import READINGS, Changing, changing
from tests.providers.hostaway.writing_world import NO_PROGRESS, Writing, writing
from tests.virtual_time import in_virtual_time

LISTING, OTHER = "40001", "40002"
FEE = FeeDraft(name="petFee", title="Pets", amount=Decimal("12.5"), charged_per=ChargedPer.STAY)
STEP = PolicyItemDraft(
    refund_kind=RefundKind.PERCENTAGE, refund_value=Decimal(50), event=PolicyEvent.ARRIVAL, seconds=-604_800
)
POLICY = CancellationPolicyDraft(name="Half of it", items=(STEP,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A change, the method that makes it, and what the account shows once it is made."""

    method: str
    make: Callable[[HostawayClient, str], Awaitable[Any]]
    prepare: Callable[[HostawayClient], Awaitable[Any]] | None = None


def agreed(text: str) -> AgreementChange:
    return AgreementChange(text=text)


async def fee_there(client: HostawayClient) -> str:
    return (await client.create_fee(LISTING, FEE)).id


async def policy_there(client: HostawayClient) -> str:
    return (await client.create_cancellation_policy(POLICY)).id


async def agreement_there(client: HostawayClient) -> None:
    await client.delete_agreement(LISTING)
    await client.create_agreement(LISTING, agreed("First {{guest}}"))


async def no_agreement(client: HostawayClient) -> None:
    await client.delete_agreement(LISTING)


CASES = {
    "fee made": Case(method="POST", make=lambda client, _: client.create_fee(LISTING, FEE)),
    "fee changed": Case(
        method="PUT",
        make=lambda client, id_: client.update_fee(LISTING, id_, FeeChange(amount=Decimal(20))),
        prepare=fee_there,
    ),
    "fee removed": Case(method="DELETE", make=lambda client, id_: client.delete_fee(LISTING, id_), prepare=fee_there),
    "agreement made": Case(
        method="POST", make=lambda client, _: client.create_agreement(LISTING, agreed("A {{b}}")), prepare=no_agreement
    ),
    "agreement changed": Case(
        method="PUT",
        make=lambda client, _: client.update_agreement(LISTING, agreed("Second")),
        prepare=agreement_there,
    ),
    "agreement removed": Case(
        method="DELETE", make=lambda client, _: client.delete_agreement(LISTING), prepare=agreement_there
    ),
    "agreement copied": Case(
        method="POST",
        make=lambda client, _: client.duplicate_agreement(LISTING, [OTHER]),
        prepare=agreement_there,
    ),
    "pricing settings changed": Case(
        method="PUT",
        make=lambda client, _: client.update_pricing_settings(
            LISTING, PricingSettingsChange(length_of_stay_channels=(Channel.VRBO, Channel.EXPEDIA))
        ),
    ),
    "policy made": Case(method="POST", make=lambda client, _: client.create_cancellation_policy(POLICY)),
    "policy removed": Case(
        method="DELETE", make=lambda client, id_: client.delete_cancellation_policy(id_), prepare=policy_there
    ),
    "listing changed": Case(
        method="PUT",
        make=lambda client, _: client.update_listing(
            LISTING, ListingChange(base_price=Decimal("99.5"), house_rules="No drums", amenity_ids=("2", "3"))
        ),
    ),
    "listing removed": Case(method="DELETE", make=lambda client, _: client.delete_listing(OTHER)),
}


def lose(there: Changing | Writing, method: str) -> None:
    """The next call with this method is carried out, and its answer is lost."""
    assert there.simulation.app.faults.add(Fault(kind=FaultKind.CUT, method=method, times=1))


@pytest.mark.parametrize(
    ("name", "readings"),
    [
        (name, readings)
        for name, readings in product(CASES, READINGS)
        # Where the first of two addresses is not known, the lost answer is its 404.
        if not (name == "fee changed" and readings.fee_update_path == "listing")
    ],
)
@in_virtual_time
async def test_a_change_whose_answer_is_lost_is_found_to_be_done(name: str, readings: HostawayReadings) -> None:
    case = CASES[name]
    async with changing(readings) as there:
        await there.listing()  # the token is there then
        id_ = await case.prepare(there.client) if case.prepare else ""
        lose(there, case.method)
        there.calls  # noqa: B018 - forgets those of the preparation
        await case.make(there.client, id_ or "")
        assert [each.split()[0] for each in there.calls].count(case.method) == 1


@pytest.mark.parametrize("name", CASES)
@in_virtual_time
async def test_a_change_that_never_arrived_stays_uncertain(name: str) -> None:
    case = CASES[name]
    async with changing() as there:
        await there.listing()  # the token is there then
        id_ = await case.prepare(there.client) if case.prepare else ""
        assert there.simulation.app.faults.add(Fault(kind=FaultKind.STATUS, status=502, method=case.method, times=1))
        with pytest.raises(ProviderError) as failure:
            await case.make(there.client, id_ or "")
        assert failure.value.was_sent


async def booked(there: Writing) -> str:
    made = await there.client.create_reservation(there.stay(there.listing()), NO_PROGRESS)
    there.calls  # noqa: B018 - forgets those of the preparation
    return made.id


SURCHARGE = FinanceLineChange(type=FinanceLineType.FEE, name="petFee", title="Pets", amount=Decimal("20"))


@in_virtual_time
async def test_an_update_of_a_reservation_whose_answer_is_lost_is_read_back() -> None:
    async with writing() as there:
        id_ = await booked(there)
        lose(there, "PUT")
        change = ReservationChange(host_note="late", finance_lines=(SURCHARGE,), total=Decimal("740.50"))
        written = await there.client.update_reservation(id_, change)
        assert written.record is not None
        assert (written.record.host_note, written.warnings) == ("late", ())
        assert written.record.total is not None
        assert written.record.total.amount == Decimal("740.50")
        assert [method for method, _ in there.calls] == ["GET", "PUT", "GET"]


@in_virtual_time
async def test_a_price_line_like_one_that_was_there_is_no_proof_of_an_update() -> None:
    async with writing() as there:
        id_ = await booked(there)
        await there.client.update_reservation(id_, ReservationChange(finance_lines=(SURCHARGE,)))
        assert there.simulation.app.faults.add(Fault(kind=FaultKind.STATUS, status=500, method="PUT", times=1))
        change = ReservationChange(finance_lines=(SURCHARGE,), total=Decimal("740.50"))
        with pytest.raises(ProviderError) as failure:
            await there.client.update_reservation(id_, change)
        assert failure.value.was_sent


@in_virtual_time
async def test_a_cancellation_and_a_removal_whose_answers_are_lost_are_seen() -> None:
    async with writing() as there:
        id_ = await booked(there)
        lose(there, "PUT")
        written = await there.client.cancel_reservation(id_, Cancellation(by=CancelledBy.GUEST))
        assert written.record is not None
        assert written.record.provider_status == "cancelled"
        lose(there, "DELETE")
        await there.client.delete_reservation(id_)
        assert int(id_) not in there.account.reservations


@in_virtual_time
async def test_a_no_show_whose_answer_is_lost_is_seen() -> None:
    async with writing(listings=40) as there:
        row = next(
            each
            for each in there.account.reservations.values()
            if each.record["channelId"] == 2005 and each.record["status"] == "new"
        )
        id_ = str(row.record["id"])
        lose(there, "PUT")
        written = await there.client.report_no_show(id_, NoShow(waived_fees=True))
        assert written.id == id_
        assert there.account.reservations[int(id_)].record["bookingcomNoShowFeeWaived"]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@in_virtual_time
async def test_a_change_of_a_reservation_that_never_arrived_stays_uncertain(method: str) -> None:
    async with writing() as there:
        id_ = await booked(there)
        makes = {
            "PUT": lambda: there.client.update_reservation(id_, ReservationChange(host_note="late")),
            "DELETE": lambda: there.client.delete_reservation(id_),
        }
        assert there.simulation.app.faults.add(Fault(kind=FaultKind.STATUS, status=502, method=method, times=1))
        with pytest.raises(ProviderError) as failure:
            await makes[method]()
        assert failure.value.was_sent
