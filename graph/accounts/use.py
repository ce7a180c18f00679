"""Whether an account is in use, and what is said of those that are not."""

from graph.accounts.accounts import AccountStatus, ConnectedAccount
from providers.errors import AccountNotAuthorized, AccountPaused, ProviderError


def out_of_use(account: ConnectedAccount) -> ProviderError | None:
    """Why nothing may be asked of the account's PMS; None if it is in use."""
    match account.status:
        case AccountStatus.PAUSED:
            error: ProviderError = AccountPaused("The account is paused. Resume it to read it.")
        case AccountStatus.AWAITING_AUTHORIZATION:
            error = AccountNotAuthorized("The account's owner has not consented in the PMS yet.")
        case _:
            return None
    error.provider, error.account_id = account.provider, account.id
    return error


def is_idle(error: ProviderError | None) -> bool:
    """Whether a read was refused since the account is not in use, and nothing failed."""
    return isinstance(error, AccountPaused | AccountNotAuthorized)
