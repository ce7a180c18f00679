"""Webhooks of tenants' own: their endpoints, and what became of each event there."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "webhook_endpoint",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("description", sa.String(500), nullable=False, server_default=""),
        sa.Column("types", sa.JSON, nullable=True),
        sa.Column("account_ids", sa.JSON, nullable=True),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("former_secret", sa.LargeBinary, nullable=True),
        sa.Column("former_until", _INSTANT, nullable=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("disabled_reason", sa.Text, nullable=True),
        sa.Column("cursor", sa.BigInteger, nullable=False),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("failing_since", _INSTANT, nullable=True),
        sa.Column("skipped_at", _INSTANT, nullable=True),
        sa.Column("served_at", _INSTANT, nullable=False),
        sa.Column("holder", sa.String(40), nullable=True),
        sa.Column("lease_until", _INSTANT, nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_webhook_endpoint_tenant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_endpoint"),
    )
    op.create_index("ix_webhook_endpoint_tenant_id", "webhook_endpoint", ["tenant_id"])
    op.create_table(
        "endpoint_delivery",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("endpoint_id", sa.String(40), nullable=False),
        sa.Column("event_cursor", sa.BigInteger, nullable=False),
        sa.Column("event_id", sa.String(40), nullable=False),
        sa.Column("event_type", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_status", sa.Integer, nullable=True),
        sa.Column("last_error", sa.Text, nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("attempted_at", _INSTANT, nullable=False),
        sa.Column("settled_at", _INSTANT, nullable=True),
        sa.Column("next_attempt_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_endpoint_delivery_tenant_id"),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["webhook_endpoint.id"], name="fk_endpoint_delivery_endpoint_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_endpoint_delivery"),
        sa.UniqueConstraint("endpoint_id", "event_cursor", name="uq_endpoint_delivery_endpoint_id_event_cursor"),
    )
    op.create_index("ix_endpoint_delivery_status_next_attempt_at", "endpoint_delivery", ["status", "next_attempt_at"])
    op.create_index("ix_endpoint_delivery_created_at", "endpoint_delivery", ["created_at"])


def downgrade() -> None:
    for table in ("endpoint_delivery", "webhook_endpoint"):
        op.drop_table(table)
