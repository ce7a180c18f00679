"""The tables. Every row that belongs to somebody carries its tenant."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
    select,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, stored as UTC. SQLite keeps no time zone, so a naive one would change its meaning unseen."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal, stored as its text: SQLite would make a binary fraction of it."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else format(value, "f")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Table(DeclarativeBase):
    """Base of all tables. Constraints are named, since SQLite can only change those that have names."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class TenantRow(Table):
    """Somebody whose data is kept apart from everybody else's."""

    __tablename__ = "tenant"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    status: Mapped[str] = mapped_column(String(20), server_default="ACTIVE")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiKeyRow(Table):
    """An API key: only the hash of its secret is kept. ``scopes`` are words with spaces between them."""

    __tablename__ = "api_key"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    scopes: Mapped[str] = mapped_column(String(200), server_default="")
    permission: Mapped[str] = mapped_column(String(20), server_default="READ")
    description: Mapped[str] = mapped_column(String(500), server_default="")
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AccountRow(Table):
    """One connection to one account of a PMS. ``credentials`` are sealed for this row alone.

    ``identifier`` is the tenant's own id for it. Percentages are exact decimals.
    """

    __tablename__ = "account"
    __table_args__ = (Index(None, "tenant_id", "created_at"), UniqueConstraint("tenant_id", "identifier"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id"))
    provider: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    auth_type: Mapped[str] = mapped_column(String(40))
    credentials: Mapped[bytes] = mapped_column(LargeBinary)
    credentials_version: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    identifier: Mapped[str] = mapped_column(String(200))
    version: Mapped[str | None] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(40), server_default="ACTIVE")
    default_discount_percentage: Mapped[Decimal] = mapped_column(ExactDecimal, server_default="0")
    markup_percentage: Mapped[Decimal] = mapped_column(ExactDecimal, server_default="0")
    distribution_markup_percentage: Mapped[Decimal] = mapped_column(ExactDecimal, server_default="0")
    allow_import: Mapped[bool] = mapped_column(Boolean, server_default=false())
    require_listing_approval: Mapped[bool] = mapped_column(Boolean, server_default=false())
    client_redirect_url: Mapped[str | None] = mapped_column(Text)
    notification_url: Mapped[str | None] = mapped_column(Text)
    if TYPE_CHECKING:
        fields_to_sync: ClassVar[Any]


class AccountTokenRow(Table):
    """The token in use for an account, sealed for this row alone. It goes with its account."""

    __tablename__ = "account_token"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TokenRenewalRow(Table):
    """Who renews an account's token at the moment, so that one process does it for all.

    ``until`` ends the right of a process that died.
    """

    __tablename__ = "token_renewal"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id"))
    holder: Mapped[str] = mapped_column(String(40))
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class AccountHealthRow(Table):
    """How an account's calls went lately. Messages hold no secret and no guest's details."""

    __tablename__ = "account_health"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id"), index=True)
    last_success_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error_code: Mapped[str | None] = mapped_column(String(40))
    last_error_message: Mapped[str | None] = mapped_column(Text)


class AuthorizationRow(Table):
    """A consent that was asked of an account's owner and has not been answered yet.

    ``id`` is the one time use within the signed ``state``; ``verifier`` (PKCE) and ``config`` are sealed for this row.
    ``config`` holds the credentials to exchange the code with, where they are not those of the account.
    """

    __tablename__ = "oauth_authorization"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    verifier: Mapped[bytes | None] = mapped_column(LargeBinary)
    config: Mapped[bytes | None] = mapped_column(LargeBinary)
    redirect_uri: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class NotificationRow(Table):
    """A message to a tenant's server that has to arrive: kept until it did, or until it was tried often enough."""

    __tablename__ = "notification"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id"), index=True)
    account_id: Mapped[str] = mapped_column(String(40), index=True)
    url: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class IntegrationDefinitionRow(Table):
    """What the operator chose for a whole provider. ``partner_key`` and ``oauth_application`` are sealed for this row.

    ``fields_to_sync`` holds the seed's keys with true or false. ``revision`` changes with every change.
    """

    __tablename__ = "integration_definition"

    provider: Mapped[str] = mapped_column(String(40), primary_key=True)
    id: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    icon: Mapped[str | None] = mapped_column(Text)
    partner_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    oauth_application: Mapped[bytes | None] = mapped_column(LargeBinary)
    fields_to_sync: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    revision: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


# Loaded with each account, by whatever statement: nobody who reads an account can miss what its provider is to leave
# out.
AccountRow.fields_to_sync = column_property(
    select(IntegrationDefinitionRow.fields_to_sync)
    .where(IntegrationDefinitionRow.provider == AccountRow.provider)
    .correlate_except(IntegrationDefinitionRow)
    .scalar_subquery(),
    expire_on_flush=False,
)


class ListingApprovalRow(Table):
    """A listing of an account that asks for approval. ``tenant_id`` is the account's."""

    __tablename__ = "listing_approval"
    __table_args__ = (Index(None, "tenant_id", "status"),)

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    listing_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id"))
    status: Mapped[str] = mapped_column(String(20))
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ListingImportRow(Table):
    """A listing of another tenant's account that ``tenant_id`` has imported."""

    __tablename__ = "listing_import"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    listing_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AccountWebhookRow(Table):
    """What an account's PMS needs to send webhooks to us, and what arrived. ``sealed`` holds it for this row alone.

    Without a token nothing was made for this account: what it has arrived at the address of another account.
    """

    __tablename__ = "account_webhook"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id"), index=True)
    token_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    issued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_delivery_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deliveries: Mapped[int] = mapped_column(Integer, server_default="0")
    last_refused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refused: Mapped[int] = mapped_column(Integer, server_default="0")
    subscription_id: Mapped[str | None] = mapped_column(String(40))
    subscribed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    subscription_error: Mapped[str | None] = mapped_column(String(500))


class WebhookDeliveryRow(Table):
    """A webhook as it came. ``body`` is sealed for this row: it holds guests' details.

    ``event`` and ``provider_account`` are the PMS's words for what happened and to which of its accounts; ``subject``
    names the record that it is about. ``status`` tells what became of it, ``reason`` why. Until then it is worked on
    from ``due_at``, by ``holder`` until ``lease_until``; ``tries`` counts what failed through its own fault.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("account_id", "delivery_key"),
        Index(None, "status", "due_at"),
        Index(None, "account_id", "subject"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    delivery_key: Mapped[str | None] = mapped_column(String(64))
    event: Mapped[str | None] = mapped_column(String(100))
    provider_account: Mapped[str | None] = mapped_column(String(40))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    subject: Mapped[str | None] = mapped_column(String(220))
    status: Mapped[str] = mapped_column(String(20), server_default="PENDING")
    reason: Mapped[str | None] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    holder: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CreationRow(Table):
    """Something that is, or was, made at a PMS for a client. ``key_digest`` and ``fingerprint`` are keyed digests.

    Without a digest the client gave no key. ``reference`` is our own name for it at the PMS. ``steps`` are the ids of
    what attempts made on the way. ``until`` ends the right of ``holder`` to make it.
    """

    __tablename__ = "creation"
    __table_args__ = (UniqueConstraint("tenant_id", "key_digest"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    key_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[str] = mapped_column(String(20))
    steps: Mapped[dict[str, Any]] = mapped_column(JSON)
    outcome_id: Mapped[str | None] = mapped_column(String(200))
    holder: Mapped[str] = mapped_column(String(40))
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    attempted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class NightClaimRow(Table):
    """A night of a listing that is being taken, or was taken just now. ``until`` ends the claim.

    ``place`` is the account at the PMS, whoever connected it: see ``graph.changes.places``.
    """

    __tablename__ = "night_claim"

    place: Mapped[str] = mapped_column(String(40), primary_key=True)
    listing_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    night: Mapped[date] = mapped_column(Date, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    holder: Mapped[str] = mapped_column(String(40), index=True)
    state: Mapped[str] = mapped_column(String(20))
    until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class RecordTurnRow(Table):
    """That something at a PMS is being changed: others wait. ``until`` ends the turn of a process that died."""

    __tablename__ = "record_turn"

    place: Mapped[str] = mapped_column(String(40), primary_key=True)
    record: Mapped[str] = mapped_column(String(250), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    holder: Mapped[str] = mapped_column(String(40))
    until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ChangeMarkRow(Table):
    """That something was changed at a PMS, for the other processes' caches. It lives for minutes.

    ``touched`` holds ids of the PMS, nothing else. ``origin`` is the process that knows already. Writers take turns, so
    that a mark is never seen before one with a smaller id.
    """

    __tablename__ = "change_mark"
    # SQLite would give the ids of removed rows again.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(40))
    account_id: Mapped[str] = mapped_column(String(40))
    origin: Mapped[str] = mapped_column(String(40))
    touched: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
