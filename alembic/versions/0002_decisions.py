"""Exemptions in versions with states, requests, withdrawals, and the revision of the inventory."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def added(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")


def instant(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def added_columns() -> dict[str, tuple[sa.Column[Any], ...]]:
    return {
        "device": (number("revision"),),
        "exemption": (
            added("state", "approved"),
            sa.Column("planned", sa.Boolean(), nullable=False, server_default=sa.false()),
            added("party", "undecided"),
            added("attachment"),
            added("proposer"),
            added("author"),
            added("note"),
            number("at"),
        ),
        "inventory_change": (number("recorded_at"), added("document"), added("request")),
        "correction": (added("document"), added("approved_by")),
    }


def upgrade() -> None:
    for table, columns in added_columns().items():
        for column in columns:
            op.add_column(table, column)
    op.execute("UPDATE inventory_change SET recorded_at = at")
    op.execute("INSERT INTO sequence (name, value) VALUES ('inventory', 0)")
    op.create_table(
        "request",
        sa.Column("seq", KEY, nullable=False, autoincrement=False),
        text("id"),
        text("kind"),
        text("entity"),
        text("entity_id"),
        text("changes", nullable=True),
        instant("effective_at", nullable=True),
        text("correction", nullable=True),
        text("reason"),
        text("document"),
        text("attachment"),
        text("state"),
        text("proposer"),
        text("approver"),
        text("author"),
        text("note"),
        instant("at"),
        sa.PrimaryKeyConstraint("seq", name="pk_request"),
    )
    op.create_index("ix_request_id", "request", ["id"])
    op.create_table(
        "withdrawal",
        sa.Column("seq", KEY, nullable=False, autoincrement=False),
        sa.Column("correction", sa.BigInteger(), nullable=False),
        instant("at"),
        text("author"),
        text("approved_by"),
        text("reason"),
        text("document"),
        sa.PrimaryKeyConstraint("seq", name="pk_withdrawal"),
    )


def downgrade() -> None:
    op.drop_table("withdrawal")
    op.drop_table("request")
    op.execute("DELETE FROM sequence WHERE name = 'inventory'")
    for table, columns in added_columns().items():
        for column in columns:
            op.drop_column(table, column.name)
