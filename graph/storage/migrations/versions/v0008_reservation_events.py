"""Reservation events: the log, what is known of each reservation, and where processing and polling stand."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_INSTANT = sa.DateTime(timezone=True)
_CURSOR = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _processed_deliveries()
    op.create_table(
        "reservation_event",
        sa.Column("cursor", _CURSOR, nullable=False, autoincrement=True),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("listing_id", sa.String(200), nullable=True),
        sa.Column("reservation_id", sa.String(200), nullable=False),
        sa.Column("type", sa.String(20), nullable=False),
        sa.Column("occurred_at", _INSTANT, nullable=True),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("content_key", sa.String(64), nullable=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
        *_owned("reservation_event"),
        sa.PrimaryKeyConstraint("cursor", name="pk_reservation_event"),
        sa.UniqueConstraint("id", name="uq_reservation_event_id"),
        sa.UniqueConstraint("account_id", "content_key", name="uq_reservation_event_account_id_content_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reservation_event_tenant_id_cursor", "reservation_event", ["tenant_id", "cursor"])
    op.create_index("ix_reservation_event_received_at", "reservation_event", ["received_at"])
    op.create_table(
        "event_floor",
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("cleared_to", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_event_floor_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_event_floor"),
    )
    op.create_table(
        "reservation_state",
        sa.Column("id", sa.String(250), nullable=False),
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("reservation_id", sa.String(200), nullable=False),
        sa.Column("listing_id", sa.String(200), nullable=True),
        sa.Column("changed_at", _INSTANT, nullable=True),
        sa.Column("read_at", _INSTANT, nullable=True),
        sa.Column("deleted", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        *_owned("reservation_state"),
        sa.PrimaryKeyConstraint("id", name="pk_reservation_state"),
    )
    op.create_index("ix_reservation_state_account_id", "reservation_state", ["account_id"])
    op.create_table(
        "account_poll",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("mark", _INSTANT, nullable=True),
        sa.Column("learned_at", _INSTANT, nullable=True),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("polled_at", _INSTANT, nullable=True),
        sa.Column("last_error", sa.Text, nullable=True),
        sa.Column("holder", sa.String(40), nullable=True),
        sa.Column("lease_until", _INSTANT, nullable=True),
        *_owned("account_poll"),
        sa.PrimaryKeyConstraint("account_id", name="pk_account_poll"),
    )
    for name in ("tenant_id", "due_at"):
        op.create_index(f"ix_account_poll_{name}", "account_poll", [name])


def _processed_deliveries() -> None:
    for column in (
        sa.Column("subject", sa.String(220), nullable=True),
        sa.Column("status", sa.String(20), nullable=False, server_default="PENDING"),
        sa.Column("reason", sa.Text, nullable=True),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("due_at", _INSTANT, nullable=True),
        sa.Column("holder", sa.String(40), nullable=True),
        sa.Column("lease_until", _INSTANT, nullable=True),
        sa.Column("settled_at", _INSTANT, nullable=True),
    ):
        op.add_column("webhook_delivery", column)
    op.create_index("ix_webhook_delivery_status_due_at", "webhook_delivery", ["status", "due_at"])
    op.create_index("ix_webhook_delivery_account_id_subject", "webhook_delivery", ["account_id", "subject"])


def _owned(table: str) -> tuple[sa.ForeignKeyConstraint, sa.ForeignKeyConstraint]:
    return (
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=f"fk_{table}_account_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=f"fk_{table}_tenant_id"),
    )


def downgrade() -> None:
    for table in ("account_poll", "reservation_state", "event_floor", "reservation_event"):
        op.drop_table(table)
    op.drop_index("ix_webhook_delivery_account_id_subject", "webhook_delivery")
    op.drop_index("ix_webhook_delivery_status_due_at", "webhook_delivery")
    for name in ("settled_at", "lease_until", "holder", "due_at", "tries", "reason", "status", "subject"):
        op.drop_column("webhook_delivery", name)
