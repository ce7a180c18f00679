"""Hostaway as a plugin: its parts, put together."""

from hashlib import blake2b, sha256

from pydantic import BaseModel

from providers.changes import Inputs
from providers.contract import Dialect, Plugin, ProviderClient, Session, Simulation, SimulatorOptions
from providers.hostaway.client import HostawayClient
from providers.hostaway.dialect import HostawayDialect
from providers.hostaway.listing_extras import HostawayListingExtras
from providers.hostaway.manifest import MANIFEST, AccessTokenConfig, ApiKeyConfig, HostawayConfig
from providers.hostaway.reservation_extras import HostawayReservationExtras
from providers.hostaway.webhooks import HostawayWebhooks
from providers.manifest import AuthType, LimitScope


class HostawayPlugin(Plugin):
    """Hostaway's Public API v1."""

    manifest = MANIFEST
    client_class = HostawayClient
    webhooks = HostawayWebhooks()
    inputs = Inputs(reservation=HostawayReservationExtras, listing=HostawayListingExtras)

    def dialect(self, auth_type: AuthType, config: BaseModel) -> Dialect:
        return HostawayDialect(_own(config))

    def client(self, session: Session, config: BaseModel) -> ProviderClient:
        return HostawayClient(session, _own(config).account_id)

    def identity(self, scope: LimitScope, config: BaseModel) -> str | None:
        """The account's number; for a token of an unknown account a digest from which it cannot be regained."""
        if scope is LimitScope.IP:
            return "local"
        if scope is not LimitScope.ACCOUNT:
            return None
        known = _own(config)
        return known.account_id or _digest(known)

    def simulator(self, options: SimulatorOptions) -> Simulation:
        # Imported late: a production process needs no simulator.
        from providers.hostaway.simulator import simulator  # noqa: PLC0415

        return simulator(options)


def _own(config: BaseModel) -> HostawayConfig:
    if not isinstance(config, ApiKeyConfig | AccessTokenConfig):
        raise TypeError("This is not a configuration of a Hostaway account.")
    return config


def _digest(config: HostawayConfig) -> str:
    secret = config.api_key if isinstance(config, ApiKeyConfig) else config.access_token
    return "token-" + blake2b(sha256(secret.get_secret_value().encode()).digest(), digest_size=6).hexdigest()
