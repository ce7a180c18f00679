"""Nights are claimed, and records changed, by the account at the PMS, however often that is connected.

The claims of the moment before are let go of: they live for minutes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.drop_table("night_claim")
    _night_claims(sa.Column("place", sa.String(40), nullable=False), "place", ("account_id", "holder", "until"))
    op.create_table(
        "record_turn",
        sa.Column("place", sa.String(40), nullable=False),
        sa.Column("record", sa.String(250), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("holder", sa.String(40), nullable=False),
        sa.Column("until", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_record_turn_account_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("place", "record", name="pk_record_turn"),
    )
    for name in ("account_id", "until"):
        op.create_index(f"ix_record_turn_{name}", "record_turn", [name])


def downgrade() -> None:
    op.drop_table("record_turn")
    op.drop_table("night_claim")
    _night_claims(None, "account_id", ("holder", "until"))


def _night_claims(place: sa.Column[str] | None, first: str, indexed: tuple[str, ...]) -> None:
    op.create_table(
        "night_claim",
        *(() if place is None else (place,)),
        sa.Column("listing_id", sa.String(200), nullable=False),
        sa.Column("night", sa.Date, nullable=False),
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("holder", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("until", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_night_claim_account_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_night_claim_tenant_id"),
        sa.PrimaryKeyConstraint(first, "listing_id", "night", name="pk_night_claim"),
    )
    for name in indexed:
        op.create_index(f"ix_night_claim_{name}", "night_claim", [name])
