"""The tables of deep looks and of operators' orders; alembic's revisions make them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from monitor.adapters.db.schema import KeyType, metadata


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


# What is remembered of logging in; no secret, and nothing made from one.
device_login = Table(
    "device_login",
    metadata,
    Column("device", KeyType, primary_key=True, autoincrement=False),
    _text("login_group"),
    Column("version", Integer, nullable=False),
    Column("refusals", Integer, nullable=False),
    _text("accepted_group"),
    Column("accepted_version", Integer, nullable=False),
)

# What a device said of itself last, and who it was heard to be first; written only where it changes.
device_said = Table(
    "device_said",
    metadata,
    Column("device", KeyType, primary_key=True, autoincrement=False),
    _text("serial"),
    _text("macs"),  # with blanks between
    _text("said"),  # JSON, see deep_rows
)

# The last ten of a device: a city has 2,500,000 short rows.
deep_look = Table(
    "deep_look",
    metadata,
    Column("device", KeyType, primary_key=True, autoincrement=False),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    _text("outcome"),
    _text("login"),
    Column("requests", Integer, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("clock_offset", Integer),
    Column("retention_days", Integer),
    Column("faults", Text),  # with blanks between, null for none
    Column("notes", Text),  # JSON list of [step, ending, detail], null for none
)

operator_order = Table(
    "operator_order",
    metadata,
    Column("number", KeyType, primary_key=True, autoincrement=True),
    _text("kind"),
    _text("device"),
    _text("login_group"),
    _text("author"),
    Column("at", BigInteger, nullable=False),
)
