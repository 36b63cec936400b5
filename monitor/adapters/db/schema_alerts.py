"""The tables of alerts, incidents, silences, work orders and of what is to be told; alembic's revisions make them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, Table, Text

from monitor.adapters.db.schema import metadata


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _instant(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


# Raised alerts and those that were; a pending one is only a row of `alert_pending`.
alert = Table(
    "alert",
    metadata,
    Column("id", Text, primary_key=True),
    _text("rule"),
    _text("subject"),
    _text("name_zh"),
    _text("name_en"),
    _text("region"),
    _text("county"),
    Column("point_class", Text),
    _text("severity"),
    _instant("since"),
    _instant("raised_at"),
    _instant("cleared_at", nullable=True),
    _instant("told_at", nullable=True),
    _count("tellings"),
    _count("escalated"),
    Column("value", Text),  # an exact fraction such as 19/20, null for no data
    _text("threshold"),
    _count("short"),
    _text("incident"),
    Column("cost_s", BigInteger, nullable=False, server_default="0"),
    _instant("costed_at", nullable=True),
    # Written by whoever acknowledges, never by the service that raises.
    _instant("acked_at", nullable=True),
    _text("acked_by"),
    Index(None, "cleared_at"),
)

alert_pending = Table(
    "alert_pending",
    metadata,
    Column("rule", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    _instant("since"),
)

# The timelines of alerts (A…), incidents (I…), silences (S…) and work orders (W-…).
happening = Table(
    "happening",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("author", Text, primary_key=True),
    Column("note", Text, primary_key=True),
)

incident = Table(
    "incident",
    metadata,
    Column("id", Text, primary_key=True),
    _text("kind"),
    Column("shared", Text),
    _text("value"),
    _text("name"),
    _text("county"),
    _instant("began_at"),
    _instant("opened_at"),
    _instant("closed_at", nullable=True),
    Column("ours", Boolean, nullable=False),
    _text("party"),  # a person's decision, kept whatever the service writes
    _count("devices"),
    _count("down"),
    _count("peak"),
    _instant("cost_s"),
    _instant("costed_at"),
    _text("points"),
    Column("log_p", Float, nullable=False),
    Index(None, "closed_at"),
)

incident_member = Table(
    "incident_member",
    metadata,
    Column("incident", Text, primary_key=True),
    Column("device", Text, primary_key=True),
    _instant("joined_at"),
    _instant("left_at", nullable=True),
)

# What is to be told, one row a message and receiver; the key makes a row that is written twice one row.
outbox = Table(
    "outbox",
    metadata,
    Column("key", Text, primary_key=True),
    _instant("number"),
    _text("receiver"),
    _text("message"),  # JSON of a `domain.notification.Message`
    _instant("created_at"),
    _count("tries"),
    _instant("next_try_at"),
    _text("error"),
    _instant("handed_at", nullable=True),
    _instant("sent_at", nullable=True),
    Index(None, "receiver", "sent_at"),
)

silence = Table(
    "silence",
    metadata,
    Column("id", Text, primary_key=True),
    _instant("start_at"),
    _instant("end_at"),
    _text("author"),
    _text("reason"),
    _instant("created_at"),
    _text("rule"),
    _text("region"),
    _text("subject"),
    _text("hours"),
    _instant("ended_at", nullable=True),
    _text("ended_by"),
)

work_order = Table(
    "work_order",
    metadata,
    Column("id", Text, primary_key=True),
    _text("fault"),
    _text("subject"),
    _text("title_zh"),
    _text("title_en"),
    _text("county"),
    _text("maintainer"),
    _text("contract"),
    _text("devices"),  # JSON list of ids
    _instant("opened_at"),
    _instant("acked_at", nullable=True),
    _instant("repaired_at", nullable=True),
    _instant("good_since", nullable=True),
    _instant("closed_at", nullable=True),
    _count("reopened"),
    _text("result"),
    _text("external"),
    Index(None, "closed_at"),
)
