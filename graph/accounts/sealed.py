"""Everything that is sealed in the database, and for which place: one list for its services and for new keys."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute

from graph.storage.event_tables import ReservationEventRow, ReservationStateRow
from graph.storage.tables import (
    AccountRow,
    AccountTokenRow,
    AccountWebhookRow,
    AuthorizationRow,
    IntegrationDefinitionRow,
    Table,
    WebhookDeliveryRow,
)


def credentials_context(tenant_id: str, account_id: str) -> str:
    """Where an account's ``authConfig`` is kept."""
    return f"account/{tenant_id}/{account_id}/credentials"


def token_context(tenant_id: str, account_id: str) -> str:
    """Where an account's token is kept."""
    return f"account/{tenant_id}/{account_id}/token"


def verifier_context(tenant_id: str, account_id: str, authorization_id: str) -> str:
    """Where the PKCE verifier of a consent that was asked for is kept."""
    return f"account/{tenant_id}/{account_id}/authorization/{authorization_id}"


def pending_config_context(tenant_id: str, account_id: str, authorization_id: str) -> str:
    """Where the credentials wait that a consent will bring into use."""
    return f"{verifier_context(tenant_id, account_id, authorization_id)}/config"


def webhook_context(tenant_id: str, account_id: str) -> str:
    """Where what an account's PMS has to send is kept."""
    return f"account/{tenant_id}/{account_id}/webhook"


def delivery_context(tenant_id: str, account_id: str, delivery_id: str) -> str:
    """Where the body of a received webhook is kept."""
    return f"account/{tenant_id}/{account_id}/delivery/{delivery_id}"


def event_context(tenant_id: str, account_id: str, event_id: str) -> str:
    """Where the body of an event is kept."""
    return f"account/{tenant_id}/{account_id}/event/{event_id}"


def state_context(tenant_id: str, account_id: str, reservation_id: str) -> str:
    """Where a reservation is kept as it was last known."""
    return f"account/{tenant_id}/{account_id}/reservation/{reservation_id}"


def partner_key_context(provider: str) -> str:
    """Where a provider's partner key is kept."""
    return f"definition/{provider}/partner_key"


def oauth_application_context(provider: str) -> str:
    """Where a provider's OAuth application is kept."""
    return f"definition/{provider}/oauth_application"


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column with sealed values. ``key`` is a column of texts that tells rows apart; ``context`` a row's place."""

    row: type[Table]
    key: InstrumentedAttribute[str]
    column: InstrumentedAttribute[Any]
    context: Callable[[Any], str]

    @property
    def name(self) -> str:
        """Table and column."""
        return f"{self.row.__tablename__}.{self.column.key}"


SEALED = (
    SealedColumn(
        AccountRow, AccountRow.id, AccountRow.credentials, lambda row: credentials_context(row.tenant_id, row.id)
    ),
    SealedColumn(
        AccountTokenRow,
        AccountTokenRow.account_id,
        AccountTokenRow.sealed,
        lambda row: token_context(row.tenant_id, row.account_id),
    ),
    SealedColumn(
        AuthorizationRow,
        AuthorizationRow.id,
        AuthorizationRow.verifier,
        lambda row: verifier_context(row.tenant_id, row.account_id, row.id),
    ),
    SealedColumn(
        AuthorizationRow,
        AuthorizationRow.id,
        AuthorizationRow.config,
        lambda row: pending_config_context(row.tenant_id, row.account_id, row.id),
    ),
    SealedColumn(
        IntegrationDefinitionRow,
        IntegrationDefinitionRow.provider,
        IntegrationDefinitionRow.partner_key,
        lambda row: partner_key_context(row.provider),
    ),
    SealedColumn(
        IntegrationDefinitionRow,
        IntegrationDefinitionRow.provider,
        IntegrationDefinitionRow.oauth_application,
        lambda row: oauth_application_context(row.provider),
    ),
    SealedColumn(
        AccountWebhookRow,
        AccountWebhookRow.account_id,
        AccountWebhookRow.sealed,
        lambda row: webhook_context(row.tenant_id, row.account_id),
    ),
    SealedColumn(
        WebhookDeliveryRow,
        WebhookDeliveryRow.id,
        WebhookDeliveryRow.body,
        lambda row: delivery_context(row.tenant_id, row.account_id, row.id),
    ),
    SealedColumn(
        ReservationEventRow,
        ReservationEventRow.id,
        ReservationEventRow.body,
        lambda row: event_context(row.tenant_id, row.account_id, row.id),
    ),
    SealedColumn(
        ReservationStateRow,
        ReservationStateRow.id,
        ReservationStateRow.body,
        lambda row: state_context(row.tenant_id, row.account_id, row.reservation_id),
    ),
)
