"""What was changed, as its PMS tells it afterwards: read only where the answer asks for it."""

from typing import Any

from graph.gateway.parts import Part, PartOf
from graph.gateway.policies import PoliciesOf
from graph.gateway.refs import Ref
from graph.schema.context import Info
from graph.schema.gaps import policies_in, report_gaps
from providers import model
from providers.errors import NotFound


async def part_of(info: Info, ref: Ref, part: Part) -> Any:
    """A part of an own listing; None where the PMS has no such listing."""
    found = await info.context.loaders(info).part_of_listing.load(PartOf(part, ref))
    if found is None:
        return None
    account = await info.context.loaders(info).account_by_id.load(ref.account_id)
    if account is not None:
        report_gaps(info, account.provider, account.id, found)
    return found.value


async def record_of(info: Info, ref: Ref, part: Part, id_: str) -> Any:
    """The record with this id among a listing's fees or taxes; None, and an error beside it, where it is not there."""
    found = [each for each in await part_of(info, ref, part) or () if each.provider_id == id_]
    return found[0] if found else _missing(info, ref.account_id)


async def own_policy(info: Info, account_id: str, id_: str) -> Any:
    """The cancellation policy of the account's own with this id; None, and an error beside it, where it is missing."""
    loaders = info.context.loaders(info)
    account = await loaders.account_by_id.load(account_id)
    values = [await loaders.policies.load(PoliciesOf(account_id, model.Channel.DIRECT))]
    policies = policies_in(info, account.provider if account else "", account_id, values)
    found = [each for each in policies if each.provider_id == id_ and each.listing_id is None]
    return found[0] if found else _missing(info, account_id)


def _missing(info: Info, account_id: str) -> None:
    message = "The PMS made the change, and does not show its outcome among what it lists now."
    info.context.report(info, NotFound(message, account_id=account_id))
