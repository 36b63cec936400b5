"""Deep looks, what devices said, what is remembered of logins, operators' orders, and clocks as they were last read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def key(name: str, *, autoincrement: bool = False) -> sa.Column[int]:
    return sa.Column(name, KEY, nullable=False, autoincrement=autoincrement)


def upgrade() -> None:
    op.add_column("device_state", number("clock_offset", nullable=True))
    op.create_table(
        "device_login",
        key("device"),
        text("login_group"),
        number("version"),
        number("refusals"),
        text("accepted_group"),
        number("accepted_version"),
        sa.PrimaryKeyConstraint("device", name="pk_device_login"),
    )
    op.create_table(
        "device_said",
        key("device"),
        text("serial"),
        text("macs"),
        text("said"),
        sa.PrimaryKeyConstraint("device", name="pk_device_said"),
    )
    op.create_table(
        "deep_look",
        key("device"),
        sa.Column("at", sa.BigInteger(), nullable=False, autoincrement=False),
        text("outcome"),
        text("login"),
        number("requests"),
        number("duration_ms"),
        number("clock_offset", nullable=True),
        number("retention_days", nullable=True),
        text("faults", nullable=True),
        text("notes", nullable=True),
        sa.PrimaryKeyConstraint("device", "at", name="pk_deep_look"),
    )
    op.create_table(
        "operator_order",
        key("number", autoincrement=True),
        text("kind"),
        text("device"),
        text("login_group"),
        text("author"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_operator_order"),
    )


def downgrade() -> None:
    for table in ("operator_order", "deep_look", "device_said", "device_login"):
        op.drop_table(table)
    op.drop_column("device_state", "clock_offset")
