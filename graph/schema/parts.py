"""Parts of listings that the PMS keeps apart: each is read for all listings of the answer together, and only if asked
for."""

from typing import Any

import strawberry

from graph.access.loaders import settled
from graph.gateway.parts import Part, PartOf
from graph.gateway.policies import PoliciesOf
from graph.gateway.refs import Ref
from graph.schema.context import Info
from graph.schema.exposing import exposed
from graph.schema.gaps import policies_in, report_gaps
from providers import model
from providers.errors import NotFound, NotSupported

_DESCRIPTIONS = {
    Part.FEES: "Fees that it may add to a stay.",
    Part.TAXES: "Taxes on stays, those of the whole account included.",
    Part.UNITS: "The like places that it stands for; empty if it stands for itself.",
    Part.AGREEMENTS: "Contracts that its guests accept; empty if there is none.",
    Part.PRICING_SETTINGS: "How its prices are made.",
}

_TYPES: dict[Part, Any] = {
    Part.FEES: exposed(list[model.ListingFee] | None),
    Part.TAXES: exposed(list[model.ListingTax] | None),
    Part.UNITS: exposed(list[model.ListingUnit] | None),
    Part.AGREEMENTS: exposed(list[model.RentalAgreement] | None),
    Part.PRICING_SETTINGS: exposed(model.PricingSettings | None),
}


def part_field(part: Part) -> Any:
    """The field of a listing that gives one of its parts."""

    async def resolve(listing: strawberry.Parent[model.Listing], info: Info) -> Any:
        try:
            found = await info.context.loaders(info).part_of_listing.load(PartOf(part, _ref(listing)))
        except NotSupported as error:
            # It is so for every listing of the account: that is told once.
            info.context.report_once(info, (part, listing.account_id, error.message), error)
            return None
        if found is None:
            return None
        report_gaps(info, listing.provider, listing.account_id, found)
        return found.value

    return strawberry.field(resolver=resolve, description=_DESCRIPTIONS[part], graphql_type=_TYPES[part])


def cancellation_policies_field() -> Any:
    """``cancellationPolicies`` of a listing."""
    return strawberry.field(
        resolver=_cancellation_policies,
        description="What guests who cancel get back, one policy a channel; null if the PMS names none.",
        graphql_type=exposed(list[model.CancellationPolicy] | None),
    )


async def _cancellation_policies(listing: strawberry.Parent[model.Listing], info: Info) -> Any:
    refs = listing.cancellation_policies
    if not refs:
        return refs
    loader = info.context.loaders(info).policies
    channels = list(dict.fromkeys(ref.channel for ref in refs))
    lists = await settled(loader, [PoliciesOf(listing.account_id, channel) for channel in channels])
    policies = policies_in(info, listing.provider, listing.account_id, lists)
    read = {channel for channel, each in zip(channels, lists, strict=True) if not isinstance(each, Exception)}
    # The listing's own come last: they take the place of the account's under the same id.
    known = {
        (policy.channel, policy.provider_id): policy
        for owner in (None, listing.provider_id)
        for policy in policies
        if policy.listing_id == owner
    }
    found = [known[ref.channel, ref.policy_id] for ref in refs if (ref.channel, ref.policy_id) in known]
    if len(found) < sum(ref.channel in read for ref in refs):
        message = "The listing names a cancellation policy that is not in the PMS's list."
        info.context.report(info, NotFound(message, provider=listing.provider, account_id=listing.account_id))
    return found


def _ref(listing: model.Listing) -> Ref:
    return Ref(listing.account_id, listing.provider_id)
