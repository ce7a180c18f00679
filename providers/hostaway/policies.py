"""Cancellation policies of Hostaway: those of the account's lists, and the snapshots that reservations keep."""

from collections.abc import Mapping, Sequence

from providers.hostaway.channels import channel_of
from providers.hostaway.wire import WirePolicyItem, WireReservation
from providers.hostaway.wire_parts import WirePolicy
from providers.model import CancellationPolicy, CancellationPolicyItem, Channel, PolicyEvent, RefundKind

POLICY_LISTS: Mapping[Channel, str] = {
    Channel.DIRECT: "/v1/cancellationPolicies",
    Channel.AIRBNB: "/v1/cancellationPolicies/airbnb",
    Channel.BOOKING_COM: "/v1/cancellationPolicies/booking",
    Channel.MARRIOTT: "/v1/cancellationPolicies/marriott",
    Channel.VRBO: "/v1/cancellationPolicies/vrbo",
}
"""The lists of policies (Hostaway documentation, Cancellation policies)."""

_EVENTS = {"arrival": PolicyEvent.ARRIVAL, "reservation": PolicyEvent.BOOKING}
_REFUNDS = {"percentage": RefundKind.PERCENTAGE, "flat": RefundKind.AMOUNT}


def build_policy(wire: WirePolicy, channel: Channel) -> CancellationPolicy:
    return CancellationPolicy(
        provider_id=wire.id,
        channel=channel,
        name=wire.name,
        items=_items(wire.cancellation_policy_item),
        raw=wire.sent,
    )


def snapshot(wire: WireReservation) -> CancellationPolicy | None:
    """What a reservation says of its policy: the steps as they were frozen when it was made, where there are any.

    The id names a policy that may have been edited since. Without a snapshot there is but a name, which is the label
    or the code of the channel.
    """
    frozen = wire.cancellation_policy_details
    code = (
        wire.airbnb_cancellation_policy
        or wire.booking_cancellation_policy
        or wire.vrbo_cancellation_policy
        or wire.marriott_cancellation_policy
    )
    name = (frozen.name if frozen else None) or wire.cancellation_policy or code
    identity = wire.cancellation_policy_id or (frozen.channel_specific_code if frozen else None) or code or name
    if identity is None:
        return None
    return CancellationPolicy(
        provider_id=identity,
        channel=channel_of(wire) or Channel.OTHER,
        name=name,
        items=_items(frozen.cancellation_policy_item) if frozen else None,
    )


def _items(sent: Sequence[WirePolicyItem] | None) -> list[CancellationPolicyItem] | None:
    return None if sent is None else [_item(each) for each in sent]


def _item(wire: WirePolicyItem) -> CancellationPolicyItem:
    """What a refund is, a share or an amount, its type says; where that is a new word, its number is neither."""
    kind = _REFUNDS.get(wire.refund_type.lower(), RefundKind.OTHER) if wire.refund_type else None
    return CancellationPolicyItem(
        provider_id=wire.id,
        refund_kind=kind,
        provider_refund_kind=wire.refund_type,
        refund_value=wire.refund_amount,
        refund_percentage=wire.refund_amount if kind is RefundKind.PERCENTAGE else None,
        refund_amount=wire.refund_amount if kind is RefundKind.AMOUNT else None,
        refund_of=wire.refund_field,
        event=_EVENTS.get(wire.event.lower(), PolicyEvent.OTHER) if wire.event else None,
        provider_event=wire.event,
        seconds=wire.time_delta,
    )
