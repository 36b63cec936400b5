"""Points know the revision of the inventory that wrote them; imported targets are versions of a whole set."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("point", sa.Column("revision", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "target_set",
        sa.Column("seq", KEY, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("targets", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_target_set"),
    )


def downgrade() -> None:
    op.drop_table("target_set")
    op.drop_column("point", "revision")
