"""Tenants, API keys, connected accounts and their tokens."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    tenant = op.create_table(
        "tenant",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tenant"),
    )
    op.bulk_insert(tenant, [{"id": "default", "name": "Default", "created_at": datetime.now(UTC)}])
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("revoked_at", instant, nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_api_key_tenant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.UniqueConstraint("digest", name="uq_api_key_digest"),
    )
    op.create_index("ix_api_key_tenant_id", "api_key", ["tenant_id"])
    op.create_table(
        "account",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("auth_type", sa.String(40), nullable=False),
        sa.Column("credentials", sa.LargeBinary, nullable=False),
        sa.Column("credentials_version", sa.String(40), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("updated_at", instant, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_account_tenant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
    )
    op.create_index("ix_account_tenant_id_created_at", "account", ["tenant_id", "created_at"])
    op.create_table(
        "account_token",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("saved_at", instant, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_account_token_account_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_account_token_tenant_id"),
        sa.PrimaryKeyConstraint("account_id", name="pk_account_token"),
    )
    op.create_index("ix_account_token_tenant_id", "account_token", ["tenant_id"])


def downgrade() -> None:
    for table in ("account_token", "account", "api_key", "tenant"):
        op.drop_table(table)
