"""Scopes of API keys. Keys that are there already get none."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("api_key", sa.Column("scopes", sa.String(200), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("api_key", "scopes")
