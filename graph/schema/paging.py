"""What listings and reservations share when they are paged: which accounts, and what a bad cursor says."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.cursors import CursorError
from graph.schema import ids
from graph.schema.arguments import BadInput, check_list
from graph.schema.context import Info
from providers.catalogue import plugins


@contextmanager
def on_cursor() -> Iterator[None]:
    """Turn a cursor that does not fit into bad input."""
    try:
        yield
    except CursorError as error:
        raise BadInput("after", str(error), allowed="an endCursor or cursor of the page before, or nothing") from None


async def chosen_accounts(
    info: Info,
    account_ids: Sequence[str] | None,
    providers: Sequence[str] | None,
    argument: str = "filter.accountIds",
) -> list[ConnectedAccount]:
    """The tenant's accounts that a filter leaves.

    Raises ``BadInput`` for an unknown account or provider, and for an account named that is not of the providers: it
    would be left out without a word.
    """
    known = await info.context.gateway.reading.known_accounts(info.context.operation)
    codes = check_providers(providers)
    if (texts := check_list(account_ids, argument)) is None:
        return [account for account in known.values() if codes is None or account.provider in codes]
    chosen = [known_account(known, text, f"{argument}[{n}]") for n, text in enumerate(texts)]
    for index, account in enumerate(chosen):
        if codes is not None and account.provider not in codes:
            raise BadInput(
                f"{argument}[{index}]",
                f"is an account of {account.provider}, which filter.providers leaves out",
                allowed=f"accounts of {', '.join(sorted(codes))}, or one of the two filters alone",
            )
    return chosen


async def listing_accounts(
    info: Info, account_ids: Sequence[str] | None, providers: Sequence[str] | None, imported: bool | None
) -> list[ConnectedAccount]:
    """The accounts of which a filter wants listings: own ones, then those that listings were imported from.

    Raises ``BadInput`` like ``chosen_accounts``, and for own accounts named where only imported listings are wanted.
    """
    own = await chosen_accounts(info, account_ids, providers)
    if account_ids is not None and imported:
        raise BadInput(
            "filter.imported", "is true beside filter.accountIds, which names your own accounts", allowed="one of them"
        )
    if account_ids is not None or imported is False:
        return own
    codes = check_providers(providers)
    sight = await info.context.gateway.reading.sight(info.context.operation)
    shared = [account for account in sight.imported.values() if codes is None or account.provider in codes]
    return [*([] if imported else own), *shared]


def known_account(known: dict[str, ConnectedAccount], text: str, argument: str) -> ConnectedAccount:
    """The account with this global id. Raises ``BadInput``."""
    account = known.get(ids.parse(text, argument, ids.ACCOUNT).account_id)
    if account is None:
        raise BadInput(argument, "is not a connected account", allowed="an id that the accounts query gives")
    return account


def check_providers(providers: Sequence[str] | None, argument: str = "filter.providers") -> set[str] | None:
    """The codes in upper case. Raises ``BadInput`` for one that no plugin has."""
    given = check_list(providers, argument)
    if given is None:
        return None
    for index, code in enumerate(given):
        if code.upper() not in plugins():
            raise BadInput(f"{argument}[{index}]", "is not a known provider", allowed=", ".join(plugins()))
    return {code.upper() for code in given}
