"""Marks by which the processes tell each other what was changed at the PMSs."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "change_mark",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("origin", sa.String(40), nullable=False),
        sa.Column("touched", sa.JSON, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_change_mark"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_change_mark_made_at", "change_mark", ["made_at"])


def downgrade() -> None:
    op.drop_table("change_mark")
