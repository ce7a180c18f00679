"""From what a request carries to whom it acts for: an API key or an access token, and the tenant it names."""

import asyncio
from collections.abc import Collection
from dataclasses import replace

from graph.accounts.access_tokens import AccessTokens, looks_like_token
from graph.accounts.keys import ApiKeys, Viewer
from graph.accounts.refusals import NotAllowed, NotAuthenticated
from graph.accounts.tenants import Tenants

_NOT_VALID = "The API key or token is not valid: it is unknown, expired or revoked, or its tenant is not active."
_NO_TENANT = "X-Tenant-Id names no tenant that you may act for."


class Authentication:
    """Says who sends a request. ``tokens`` is None where no identity provider is set up.

    Keys that are unknown, expired, revoked, or of a tenant that is not active are refused alike.
    """

    def __init__(self, keys: ApiKeys, tenants: Tenants, tokens: AccessTokens | None) -> None:
        self._keys = keys
        self._tenants = tenants
        self._tokens = tokens

    async def viewer(self, credential: str, tenant: str | None) -> Viewer:
        """Who holds this key or token, acting for ``tenant`` if one is named, else for the holder's own.

        Keys and tokens of the default tenant with ADMIN or the scope ANY_TENANT may name any active tenant, all others
        only their own. Raises ``NotAuthenticated`` or ``NotAllowed``.
        """
        viewer = await self._holder(credential)
        if viewer is None or await self._tenants.active(viewer.tenant_id) is None:
            raise NotAuthenticated(_NOT_VALID)
        return viewer if tenant is None else await self._acting_for(viewer, tenant)

    async def look_ahead(self, credentials: Collection[str], tenants: Collection[str]) -> None:
        """Read together what is known of these, before ``viewer`` is asked for each. Raises ``StorageUnavailable``.

        Tokens of an identity provider are not in the database.
        """
        await asyncio.gather(self._keys.look_ahead(credentials), self._tenants.look_ahead(tenants))

    async def _holder(self, credential: str) -> Viewer | None:
        if self._tokens is not None and looks_like_token(credential):
            return await self._tokens.viewer(credential)
        return await self._keys.authenticate(credential)

    async def _acting_for(self, viewer: Viewer, tenant: str) -> Viewer:
        if tenant == viewer.tenant_id:
            return viewer
        # Asked for first: whoever may name none must not learn from our words which there are.
        if not viewer.acts_for_any_tenant or await self._tenants.active(tenant) is None:
            raise NotAllowed(_NO_TENANT)
        return replace(viewer, tenant_id=tenant)
