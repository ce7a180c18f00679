"""Which account of which PMS a connection leads to: two connections to the same one keep out of each other's way.

The same PMS account may be connected twice, by one tenant or by two. They must not learn of each other: a place is a
keyed digest, and says nothing but that it is the same.
"""

import hmac
from hashlib import sha256

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.connections import Connections
from graph.accounts.vault import Vault

_PURPOSE = "places"
_LENGTH = 40


class Places:
    """The places of connected accounts.

    Where the credentials do not tell which account of the PMS it is, the connection has a place of its own; so it is
    for a while between processes of which one has a new first key already. What happens at the PMS is its own then.
    """

    def __init__(self, connections: Connections, vault: Vault) -> None:
        self._connections = connections
        self._vault = vault
        # By account: the version of the credentials, and what they lead to.
        self._known: dict[str, tuple[str, str]] = {}

    async def of(self, account: ConnectedAccount) -> str:
        """The place of an account: up to 40 characters. Raises ``ProviderError`` where it cannot be used any more."""
        known = self._known.get(account.id)
        if known is not None and known[0] == account.credentials_version:
            return known[1]
        identity = await self._connections.identity(account)
        place = account.id if identity is None else self._digest(account.provider, identity)
        self._known[account.id] = (account.credentials_version, place)
        return place

    def forget(self, account_id: str) -> None:
        """The account was removed."""
        self._known.pop(account_id, None)

    def _digest(self, provider: str, identity: str) -> str:
        (key, *_) = self._vault.derived(_PURPOSE)
        return hmac.new(key, f"{provider}\x1f{identity}".encode(), sha256).hexdigest()[:_LENGTH]
