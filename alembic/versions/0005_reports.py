"""Reports: marks of the facts' seq by time, objections in versions, and who makes which scheduled report."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def instant(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "fact_mark",
        sa.Column("at", sa.BigInteger(), nullable=False, autoincrement=False),
        instant("seq"),
        sa.PrimaryKeyConstraint("at", name="pk_fact_mark"),
    )
    op.create_table(
        "objection",
        sa.Column("seq", KEY, nullable=False, autoincrement=False),
        text("id"),
        text("period"),
        text("device"),
        text("axis"),
        instant("start_at"),
        instant("end_at"),
        text("claimed"),
        text("reason"),
        text("document"),
        text("state"),
        text("proposer"),
        text("approver"),
        text("author"),
        text("note"),
        text("party"),
        instant("at"),
        sa.PrimaryKeyConstraint("seq", name="pk_objection"),
    )
    op.create_index("ix_objection_period", "objection", ["period"])
    op.create_table(
        "report_run",
        text("period"),
        text("status"),
        text("claimed_by"),
        instant("claimed_at"),
        instant("finished_at", nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("period", "status", name="pk_report_run"),
    )


def downgrade() -> None:
    op.drop_table("report_run")
    op.drop_table("objection")
    op.drop_table("fact_mark")
