"""BookingSync as a plugin."""

from hashlib import blake2b
from typing import ClassVar

from pydantic import BaseModel

from providers.bookingsync.client import BookingsyncClient
from providers.bookingsync.consent import BookingsyncConsent
from providers.bookingsync.dialect import BookingsyncDialect
from providers.bookingsync.extras import BookingExtras, RentalExtras
from providers.bookingsync.manifest import MANIFEST, AccessTokenConfig, BookingsyncConfig, OAuthConfig
from providers.bookingsync.webhooks import BookingsyncWebhooks
from providers.changes import Inputs
from providers.consent import ConsentFlow
from providers.contract import Dialect, Plugin, ProviderClient, Session, Simulation, SimulatorOptions
from providers.manifest import AuthType, LimitScope, Manifest
from providers.webhooks import Webhooks


class BookingsyncPlugin(Plugin):
    """BookingSync, sold as Smily, API v3."""

    manifest: ClassVar[Manifest] = MANIFEST
    client_class: ClassVar[type[ProviderClient]] = BookingsyncClient
    consent: ClassVar[ConsentFlow | None] = BookingsyncConsent()
    inputs: ClassVar[Inputs] = Inputs(reservation=BookingExtras, listing=RentalExtras)
    webhooks: ClassVar[Webhooks | None] = BookingsyncWebhooks()

    def dialect(self, auth_type: AuthType, config: BaseModel) -> Dialect:
        return BookingsyncDialect(_known(config))

    def client(self, session: Session, config: BaseModel) -> ProviderClient:
        return BookingsyncClient(session, _known(config))

    def identity(self, scope: LimitScope, config: BaseModel) -> str | None:
        """The application's client ID, by which BookingSync counts; of a bare token a digest."""
        known = _known(config)
        if scope is LimitScope.ACCOUNT:
            return known.account_id
        if scope is not LimitScope.APPLICATION:
            return None
        if isinstance(known, OAuthConfig):
            return known.client_id
        return _digest(known.access_token.get_secret_value())

    def simulator(self, options: SimulatorOptions) -> Simulation:
        from providers.bookingsync.simulator import simulator  # noqa: PLC0415 -- servers never need it

        return simulator(options)


def _known(config: BaseModel) -> BookingsyncConfig:
    if not isinstance(config, OAuthConfig | AccessTokenConfig):
        raise TypeError(f"Not a BookingSync configuration: {type(config).__name__}")
    return config


def _digest(token: str) -> str:
    return f"token-{blake2b(token.encode(), digest_size=8, person=b'staygraph').hexdigest()}"
