"""Webhooks: what a PMS needs to send them, and what it sent."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "account_webhook",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(32), nullable=True),
        sa.Column("sealed", sa.LargeBinary, nullable=True),
        sa.Column("issued_at", _INSTANT, nullable=True),
        sa.Column("last_delivery_at", _INSTANT, nullable=True),
        sa.Column("deliveries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("last_refused_at", _INSTANT, nullable=True),
        sa.Column("refused", sa.Integer, nullable=False, server_default="0"),
        *_owned("account_webhook"),
        sa.PrimaryKeyConstraint("account_id", name="pk_account_webhook"),
        sa.UniqueConstraint("token_digest", name="uq_account_webhook_token_digest"),
    )
    op.create_index("ix_account_webhook_tenant_id", "account_webhook", ["tenant_id"])
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("delivery_key", sa.String(64), nullable=True),
        sa.Column("event", sa.String(100), nullable=True),
        sa.Column("provider_account", sa.String(40), nullable=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        *_owned("webhook_delivery"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_delivery"),
        sa.UniqueConstraint("account_id", "delivery_key", name="uq_webhook_delivery_account_id_delivery_key"),
    )
    for name in ("tenant_id", "received_at"):
        op.create_index(f"ix_webhook_delivery_{name}", "webhook_delivery", [name])


def _owned(table: str) -> tuple[sa.ForeignKeyConstraint, sa.ForeignKeyConstraint]:
    return (
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=f"fk_{table}_account_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=f"fk_{table}_tenant_id"),
    )


def downgrade() -> None:
    op.drop_table("webhook_delivery")
    op.drop_table("account_webhook")
