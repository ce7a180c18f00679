"""Integration accounts with all their fields, permissions of keys, definitions, consent, health, approvals, imports."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _tenants()
    _keys()
    _accounts()
    _tables_of_accounts()
    _consent_and_messages()
    _definitions()
    _listings()


def _tenants() -> None:
    with op.batch_alter_table("tenant") as tenant:
        tenant.add_column(sa.Column("status", sa.String(20), nullable=False, server_default="ACTIVE"))
        tenant.add_column(sa.Column("updated_at", _INSTANT, nullable=True))
    op.execute("UPDATE tenant SET updated_at = created_at")
    with op.batch_alter_table("tenant") as tenant:
        tenant.alter_column("updated_at", existing_type=_INSTANT, nullable=False)
        tenant.create_unique_constraint("uq_tenant_name", ["name"])


def _keys() -> None:
    op.add_column("api_key", sa.Column("permission", sa.String(20), nullable=False, server_default="READ"))
    op.add_column("api_key", sa.Column("description", sa.String(500), nullable=False, server_default=""))
    op.add_column("api_key", sa.Column("expires_at", _INSTANT, nullable=True))


def _accounts() -> None:
    with op.batch_alter_table("account") as account:
        account.add_column(sa.Column("identifier", sa.String(200), nullable=True))
        account.add_column(sa.Column("version", sa.String(40), nullable=True))
        account.add_column(sa.Column("status", sa.String(40), nullable=False, server_default="ACTIVE"))
        for name in ("default_discount_percentage", "markup_percentage", "distribution_markup_percentage"):
            account.add_column(sa.Column(name, sa.String(40), nullable=False, server_default="0"))
        for name in ("allow_import", "require_listing_approval"):
            account.add_column(sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false()))
        for name in ("client_redirect_url", "notification_url"):
            account.add_column(sa.Column(name, sa.Text, nullable=True))
    # Accounts of before had no id of their owner's: their own serves.
    op.execute("UPDATE account SET identifier = id")
    with op.batch_alter_table("account") as account:
        account.alter_column("identifier", existing_type=sa.String(200), nullable=False)
        account.create_unique_constraint("uq_account_tenant_id_identifier", ["tenant_id", "identifier"])


def _tables_of_accounts() -> None:
    op.create_table(
        "token_renewal",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("holder", sa.String(40), nullable=False),
        sa.Column("until", _INSTANT, nullable=False),
        *_owned("token_renewal"),
        sa.PrimaryKeyConstraint("account_id", name="pk_token_renewal"),
    )
    op.create_table(
        "account_health",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("last_success_at", _INSTANT, nullable=True),
        sa.Column("last_error_at", _INSTANT, nullable=True),
        sa.Column("last_error_code", sa.String(40), nullable=True),
        sa.Column("last_error_message", sa.Text, nullable=True),
        *_owned("account_health"),
        sa.PrimaryKeyConstraint("account_id", name="pk_account_health"),
    )
    op.create_index("ix_account_health_tenant_id", "account_health", ["tenant_id"])


def _consent_and_messages() -> None:
    op.create_table(
        "oauth_authorization",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("verifier", sa.LargeBinary, nullable=True),
        sa.Column("config", sa.LargeBinary, nullable=True),
        sa.Column("redirect_uri", sa.Text, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("used_at", _INSTANT, nullable=True),
        *_owned("oauth_authorization"),
        sa.PrimaryKeyConstraint("id", name="pk_oauth_authorization"),
    )
    op.create_index("ix_oauth_authorization_account_id", "oauth_authorization", ["account_id"])
    op.create_index("ix_oauth_authorization_expires_at", "oauth_authorization", ["expires_at"])
    op.create_table(
        "notification",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_attempt_at", _INSTANT, nullable=True),
        sa.Column("delivered_at", _INSTANT, nullable=True),
        sa.Column("last_error", sa.Text, nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_notification_tenant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_notification"),
    )
    for name in ("tenant_id", "account_id", "next_attempt_at"):
        op.create_index(f"ix_notification_{name}", "notification", [name])


def _definitions() -> None:
    op.create_table(
        "integration_definition",
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("icon", sa.Text, nullable=True),
        sa.Column("partner_key", sa.LargeBinary, nullable=True),
        sa.Column("oauth_application", sa.LargeBinary, nullable=True),
        sa.Column("fields_to_sync", sa.JSON, nullable=True),
        sa.Column("revision", sa.String(40), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("provider", name="pk_integration_definition"),
        sa.UniqueConstraint("id", name="uq_integration_definition_id"),
    )


def _listings() -> None:
    op.create_table(
        "listing_approval",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("listing_id", sa.String(200), nullable=False),
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("first_seen_at", _INSTANT, nullable=False),
        sa.Column("decided_at", _INSTANT, nullable=True),
        *_owned("listing_approval"),
        sa.PrimaryKeyConstraint("account_id", "listing_id", name="pk_listing_approval"),
    )
    op.create_index("ix_listing_approval_tenant_id_status", "listing_approval", ["tenant_id", "status"])
    op.create_table(
        "listing_import",
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("listing_id", sa.String(200), nullable=False),
        sa.Column("imported_at", _INSTANT, nullable=False),
        *_owned("listing_import"),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "listing_id", name="pk_listing_import"),
    )


def _owned(table: str) -> tuple[sa.ForeignKeyConstraint, sa.ForeignKeyConstraint]:
    return (
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=f"fk_{table}_account_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=f"fk_{table}_tenant_id"),
    )


def downgrade() -> None:
    for table in (
        "listing_import",
        "listing_approval",
        "integration_definition",
        "notification",
        "oauth_authorization",
        "account_health",
        "token_renewal",
    ):
        op.drop_table(table)
    with op.batch_alter_table("account") as account:
        account.drop_constraint("uq_account_tenant_id_identifier", type_="unique")
        for name in (
            "identifier",
            "version",
            "status",
            "default_discount_percentage",
            "markup_percentage",
            "distribution_markup_percentage",
            "allow_import",
            "require_listing_approval",
            "client_redirect_url",
            "notification_url",
        ):
            account.drop_column(name)
    for name in ("permission", "description", "expires_at"):
        op.drop_column("api_key", name)
    with op.batch_alter_table("tenant") as tenant:
        tenant.drop_constraint("uq_tenant_name", type_="unique")
        tenant.drop_column("status")
        tenant.drop_column("updated_at")
