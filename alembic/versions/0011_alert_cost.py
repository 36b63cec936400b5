"""What an alert cost while it was raised."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alert", sa.Column("cost_s", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("alert", sa.Column("costed_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("alert", "costed_at")
    op.drop_column("alert", "cost_s")
