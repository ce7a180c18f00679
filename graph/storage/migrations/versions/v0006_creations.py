"""What is made at PMSs, so that nothing is made twice, and the nights that are being taken."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "creation",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("key_digest", sa.LargeBinary(32), nullable=True),
        sa.Column("fingerprint", sa.LargeBinary(32), nullable=False),
        sa.Column("reference", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("steps", sa.JSON, nullable=False),
        sa.Column("outcome_id", sa.String(200), nullable=True),
        sa.Column("holder", sa.String(40), nullable=False),
        sa.Column("until", _INSTANT, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("attempted_at", _INSTANT, nullable=False),
        *_owned("creation"),
        sa.PrimaryKeyConstraint("id", name="pk_creation"),
        sa.UniqueConstraint("tenant_id", "key_digest", name="uq_creation_tenant_id_key_digest"),
        sa.UniqueConstraint("reference", name="uq_creation_reference"),
    )
    for name in ("account_id", "created_at"):
        op.create_index(f"ix_creation_{name}", "creation", [name])
    op.create_table(
        "night_claim",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("listing_id", sa.String(200), nullable=False),
        sa.Column("night", sa.Date, nullable=False),
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("holder", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("until", _INSTANT, nullable=False),
        *_owned("night_claim"),
        sa.PrimaryKeyConstraint("account_id", "listing_id", "night", name="pk_night_claim"),
    )
    for name in ("holder", "until"):
        op.create_index(f"ix_night_claim_{name}", "night_claim", [name])


def _owned(table: str) -> tuple[sa.ForeignKeyConstraint, sa.ForeignKeyConstraint]:
    return (
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=f"fk_{table}_account_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=f"fk_{table}_tenant_id"),
    )


def downgrade() -> None:
    op.drop_table("night_claim")
    op.drop_table("creation")
