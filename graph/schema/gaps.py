"""What is missing from an answer that is otherwise there: said in its errors, once for all who share the gap."""

from collections.abc import Sequence
from copy import copy

from graph.gateway.held_values import PartValue
from graph.gateway.reports import odd_note
from graph.schema.context import Info
from providers.errors import ProviderError, UpstreamInvalid
from providers.model import CancellationPolicy


def report_gaps(info: Info, provider: str, account_id: str, found: PartValue, lacking: str = "Some is missing") -> None:
    """Report what could not be read of ``found``; ``lacking`` says in words what failures left out."""
    if found.odd:
        # A record of the whole account is odd at each of its listings: that is told once.
        what = (info.field_name, account_id, *(each.id for each in found.odd))
        note = odd_note(found.odd) or ""
        info.context.report_once(info, what, UpstreamInvalid(note, provider=provider, account_id=account_id))
    for error in found.failed:
        told = copy(error)
        told.message = f"{lacking}: {error.message}"
        told.provider, told.account_id = error.provider or provider, error.account_id or account_id
        info.context.report_once(info, (info.field_name, account_id, told.message), told)


def policies_in(
    info: Info, provider: str, account_id: str, lists: Sequence[PartValue | Exception]
) -> list[CancellationPolicy]:
    """The policies of several channels. Channels that failed are reported; where all did, the first error is raised."""
    read = [each for each in lists if isinstance(each, PartValue)]
    failed = [each for each in lists if isinstance(each, ProviderError)]
    for error in lists:
        if isinstance(error, Exception) and (not read or not isinstance(error, ProviderError)):
            raise error
    for each in (*read, PartValue([], (), failed)):
        report_gaps(info, provider, account_id, each, "Policies of a channel are missing")
    return [policy for each in read for policy in each.value]
