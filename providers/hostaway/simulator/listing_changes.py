"""Where listings, their parts and policies are changed: methods, addresses and what answers them."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from providers.hostaway.simulator.accounts import SimulatedAccount
from providers.hostaway.simulator.listing_writes import ListingWrites
from providers.hostaway.simulator.part_writes import PartWrites
from providers.hostaway.simulator.policy_writes import PolicyWrites
from providers.hostaway.simulator.readings import HostawayReadings

Change = tuple[str, str, Callable[[Request, SimulatedAccount], Awaitable[Response]]]

LISTING = "{listing_id:int}"


def listing_changes(readings: HostawayReadings, now: Callable[[], datetime]) -> tuple[Change, ...]:
    """The changes, ``duplicate`` before what stands where a listing's id would."""
    listings, parts, policies = ListingWrites(readings, now), PartWrites(readings, now), PolicyWrites(readings)
    return (
        ("POST", "/listings", listings.create),
        ("PUT", f"/listings/{LISTING}", listings.update),
        ("DELETE", f"/listings/{LISTING}", listings.delete),
        ("POST", f"/listings/{LISTING}/images", listings.add_images),
        ("POST", f"/listings/{LISTING}/export/airbnb", listings.export),
        ("POST", f"/listingFeeSettings/{LISTING}", parts.create_fee),
        ("PUT", f"/listingFeeSettings/{LISTING}/{{fee_id:int}}", parts.update_fee),
        ("PUT", f"/listingFeeSettings/{LISTING}", parts.update_fee_of_listing),
        ("DELETE", "/listingFeeSettings/{fee_id:int}", parts.delete_fee),
        ("POST", "/listingAgreement/duplicate", parts.duplicate_agreement),
        ("POST", f"/listingAgreement/{LISTING}", parts.create_agreement),
        ("PUT", f"/listingAgreement/{LISTING}", parts.update_agreement),
        ("DELETE", f"/listingAgreement/{LISTING}", parts.delete_agreement),
        ("PUT", f"/listing/pricingSettings/{LISTING}", parts.update_pricing),
        ("POST", "/cancellationPolicies", policies.create),
        ("PUT", "/cancellationPolicies/{policy_id:int}", policies.update),
        ("DELETE", "/cancellationPolicies/{policy_id:int}", policies.delete),
    )
