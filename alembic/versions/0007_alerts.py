"""Alerts, incidents, silences, work orders, their timelines, and the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COUNTERS = ("alert", "incident", "outbox", "silence", "alert_cursor")


def text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def instant(name: str, *, nullable: bool = False, key: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable, autoincrement=False if key else "auto")


def count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "alert",
        *(text(name) for name in ("id", "rule", "subject", "name_zh", "name_en", "region", "county")),
        text("point_class", nullable=True),
        text("severity"),
        instant("since"),
        instant("raised_at"),
        instant("cleared_at", nullable=True),
        instant("told_at", nullable=True),
        count("tellings"),
        count("escalated"),
        text("value", nullable=True),
        text("threshold"),
        count("short"),
        text("incident"),
        instant("acked_at", nullable=True),
        text("acked_by"),
        sa.PrimaryKeyConstraint("id", name="pk_alert"),
    )
    op.create_index("ix_alert_cleared_at", "alert", ["cleared_at"])
    op.create_table(
        "alert_pending",
        text("rule"),
        text("subject"),
        instant("since"),
        sa.PrimaryKeyConstraint("rule", "subject", name="pk_alert_pending"),
    )
    op.create_table(
        "happening",
        text("subject"),
        instant("at", key=True),
        *(text(name) for name in ("kind", "author", "note")),
        sa.PrimaryKeyConstraint("subject", "at", "kind", "author", "note", name="pk_happening"),
    )
    op.create_table(
        "incident",
        text("id"),
        text("kind"),
        text("shared", nullable=True),
        *(text(name) for name in ("value", "name", "county")),
        instant("began_at"),
        instant("opened_at"),
        instant("closed_at", nullable=True),
        sa.Column("ours", sa.Boolean(), nullable=False),
        text("party"),
        *(count(name) for name in ("devices", "down", "peak")),
        instant("cost_s"),
        instant("costed_at"),
        text("points"),
        sa.Column("log_p", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incident"),
    )
    op.create_index("ix_incident_closed_at", "incident", ["closed_at"])
    op.create_table(
        "incident_member",
        text("incident"),
        text("device"),
        instant("joined_at"),
        instant("left_at", nullable=True),
        sa.PrimaryKeyConstraint("incident", "device", name="pk_incident_member"),
    )
    op.create_table(
        "outbox",
        text("key"),
        instant("number"),
        text("receiver"),
        text("message"),
        instant("created_at"),
        count("tries"),
        instant("next_try_at"),
        text("error"),
        instant("handed_at", nullable=True),
        instant("sent_at", nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_outbox"),
    )
    op.create_index("ix_outbox_receiver", "outbox", ["receiver", "sent_at"])
    op.create_table(
        "silence",
        text("id"),
        instant("start_at"),
        instant("end_at"),
        *(text(name) for name in ("author", "reason")),
        instant("created_at"),
        *(text(name) for name in ("rule", "region", "subject", "hours")),
        instant("ended_at", nullable=True),
        text("ended_by"),
        sa.PrimaryKeyConstraint("id", name="pk_silence"),
    )
    op.create_table(
        "work_order",
        *(text(name) for name in ("id", "fault", "subject", "title_zh", "title_en")),
        *(text(name) for name in ("county", "maintainer", "contract", "devices")),
        instant("opened_at"),
        *(instant(name, nullable=True) for name in ("acked_at", "repaired_at", "good_since", "closed_at")),
        count("reopened"),
        *(text(name) for name in ("result", "external")),
        sa.PrimaryKeyConstraint("id", name="pk_work_order"),
    )
    op.create_index("ix_work_order_closed_at", "work_order", ["closed_at"])
    for name in COUNTERS:
        op.execute(f"INSERT INTO sequence (name, value) VALUES ('{name}', 0)")  # noqa: S608 - names of ours


def downgrade() -> None:
    for name in COUNTERS:
        op.execute(f"DELETE FROM sequence WHERE name = '{name}'")  # noqa: S608 - names of ours
    for table in (
        *("work_order", "silence", "outbox", "incident_member", "incident"),
        *("happening", "alert_pending", "alert"),
    ):
        op.drop_table(table)
