"""Webhooks that were made at the PMS through its API."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("account_webhook", sa.Column("subscription_id", sa.String(40), nullable=True))
    op.add_column("account_webhook", sa.Column("subscribed_at", _INSTANT, nullable=True))
    op.add_column("account_webhook", sa.Column("subscription_error", sa.String(500), nullable=True))


def downgrade() -> None:
    for name in ("subscription_error", "subscribed_at", "subscription_id"):
        op.drop_column("account_webhook", name)
