"""Checkpoints: tollgates, their lanes, and how many records their units make an hour."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def small(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "tollgate",
        text("id"),
        text("name"),
        text("reporter"),
        small("status"),
        small("category"),
        small("usage"),
        small("lanes"),
        text("place_code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tollgate")),
    )
    op.create_table(
        "lane",
        text("tollgate"),
        small("number"),
        text("direction"),
        small("city_pass"),
        text("device"),
        sa.PrimaryKeyConstraint("tollgate", "number", "direction", name=op.f("pk_lane")),
    )
    op.create_table(
        "record_count",
        sa.Column("device", KEY, nullable=False, autoincrement=False),
        sa.Column("hour_at", sa.BigInteger(), nullable=False, autoincrement=False),
        small("count"),
        sa.PrimaryKeyConstraint("device", "hour_at", name=op.f("pk_record_count")),
    )


def downgrade() -> None:
    for table in ("record_count", "lane", "tollgate"):
        op.drop_table(table)
