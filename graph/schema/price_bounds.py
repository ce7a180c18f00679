"""How many prices one field may ask for: of a PMS that takes a call for each, no more than its limits let through."""

from collections import Counter
from collections.abc import Iterable, Sequence

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.prices import Stay
from graph.gateway.refs import Ref
from graph.schema.arguments import BadInput
from graph.schema.context import Info
from graph.schema.selecting import response_keys

PRICE_DETAILS = ("priceDetails",)
"""From a listing to its prices."""

_ENTRIES = (("nodes",), ("edges", "node"))

PRICED_PAGE = (
    "Where the PMS takes a call for each price, `first` may be no more than its limits let through in the time of an "
    "operation; a larger one is refused with BAD_INPUT, which names the number."
)
"""For descriptions of fields that give prices."""


def check_priced_page(info: Info, accounts: Iterable[ConnectedAccount], first: int, *paths: Sequence[str]) -> None:
    """Raises ``BadInput`` where a page of ``first`` asks for more prices than ``accounts`` can give in time.

    ``paths`` lead from an entry of the connection to its prices.
    """
    each = len({key for path in paths for entry in _ENTRIES for key in response_keys(info, *entry, *path)})
    for account in accounts:
        _check(info, account, first, each, "first")


async def check_listings(info: Info, refs: Sequence[Ref], argument: str) -> None:
    """The same for the field at hand, where it gives these listings, of which ``argument`` tells how many."""
    each = len(response_keys(info, *PRICE_DETAILS))
    if each:
        accounts = (await info.context.gateway.reading.sight(info.context.operation)).readable
        for id_, count in Counter(ref.account_id for ref in refs).items():
            if id_ in accounts:
                _check(info, accounts[id_], count, each, argument)


def _check(info: Info, account: ConnectedAccount, records: int, each: int, argument: str) -> None:
    if not each:
        return
    most = info.context.gateway.prices.most(account, info.context.operation_timeout)
    if most is not None and records > max(1, most // each):
        raise BadInput(
            argument,
            f"({records}) asks {account.provider} for {records * each} prices, a call each, and its limits let {most} "
            "through in time",
            allowed=f"{max(1, most // each)} at most where prices are asked for",
        )


async def check_stays(info: Info, stays: Sequence[Stay], argument: str) -> None:
    """Raises ``BadInput`` where the stays of one account are more than its PMS can price in time."""
    accounts = (await info.context.gateway.reading.sight(info.context.operation)).readable
    for id_ in {stay.account_id for stay in stays} & accounts.keys():
        wanted = len({stay for stay in stays if stay.account_id == id_})
        most = info.context.gateway.prices.most(accounts[id_], info.context.operation_timeout)
        if most is not None and wanted > most:
            raise BadInput(
                argument,
                f"asks {accounts[id_].provider} for {wanted} prices, a call each, and its limits let {most} through in "
                "time",
                allowed=f"at most {most} stays of an account of {accounts[id_].provider}",
            )
