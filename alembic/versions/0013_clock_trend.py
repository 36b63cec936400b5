"""The trend keeps how many clocks were read, and how many were within the limit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("trend", sa.Column("clock_within", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("trend", sa.Column("clock_read", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("trend", "clock_read")
    op.drop_column("trend", "clock_within")
