"""Pushed status: late looks that are confirmed, ids that nobody recorded, messages that were refused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def instant(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    op.add_column("late_look", sa.Column("confirmed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "stranger",
        text("id"),
        text("protocol"),
        text("reporter"),
        text("reason"),
        instant("first_at"),
        instant("last_at"),
        instant("count"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stranger")),
    )
    op.create_table(
        "refused_message",
        text("digest"),
        text("protocol"),
        text("sender"),
        text("reason"),
        sa.Column("size", sa.Integer(), nullable=False),
        instant("first_at"),
        instant("last_at"),
        instant("count"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_refused_message")),
    )


def downgrade() -> None:
    op.drop_table("refused_message")
    op.drop_table("stranger")
    op.drop_column("late_look", "confirmed")
