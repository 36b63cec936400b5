"""Picture looks in numbers, and what views usually are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "picture_look",
        sa.Column("device", KEY, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *(text(name) for name in ("outcome", "detail", "way", "light", "faults", "reasons", "scores", "payload")),
        sa.Column("still_since", sa.BigInteger(), nullable=False),
        *(number(name) for name in ("still_looks", "identical", "width", "height", "duration_ms")),
        sa.PrimaryKeyConstraint("device", name="pk_picture_look"),
    )
    op.create_table(
        "picture_baseline",
        sa.Column("device", KEY, nullable=False, autoincrement=False),
        text("light"),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        number("looks"),
        sa.Column("lowest", sa.Float(), nullable=False),
        sa.Column("highest", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("device", "light", name="pk_picture_baseline"),
    )


def downgrade() -> None:
    op.drop_table("picture_baseline")
    op.drop_table("picture_look")
