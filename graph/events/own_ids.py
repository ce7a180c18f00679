"""The PMS's own ids of accounts."""

from graph.accounts.accounts import Accounts
from graph.accounts.connections import Connections
from providers import catalogue
from providers.errors import ProviderError
from providers.manifest import LimitScope


class OwnIds:
    """Finds them, where accounts' credentials tell them."""

    def __init__(self, accounts: Accounts, connections: Connections) -> None:
        self._accounts = accounts
        self._connections = connections

    async def of(self, tenant_id: str, account_id: str) -> str | None:
        """The PMS's own id of an account; None where it is not told."""
        account = await self._accounts.get(tenant_id, account_id)
        if account is None:
            return None
        try:
            config = await self._connections.config(account)
            return catalogue.plugin(account.provider).identity(LimitScope.ACCOUNT, config)
        except (ProviderError, catalogue.UnknownProvider):
            return None
