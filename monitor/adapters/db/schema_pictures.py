"""The tables of picture looks: numbers, and no picture; alembic's revisions make them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Integer, LargeBinary, Table, Text

from monitor.adapters.db.schema import KeyType, metadata


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _number(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


# The last look of a device.
picture_look = Table(
    "picture_look",
    metadata,
    Column("device", KeyType, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    _text("outcome"),
    _text("detail"),
    _text("way"),
    _text("light"),  # "" without a picture
    _text("faults"),  # with blanks between
    _text("reasons"),  # one a line
    _text("scores"),  # JSON of numbers, "" without a picture
    _text("payload"),
    Column("still_since", BigInteger, nullable=False),
    _number("still_looks"),  # 0 without a picture
    _number("identical"),
    _number("width"),
    _number("height"),
    _number("duration_ms"),
)

# What a view usually is: 768 bytes of edges' strengths and directions, from which no picture can be made.
picture_baseline = Table(
    "picture_baseline",
    metadata,
    Column("device", KeyType, primary_key=True, autoincrement=False),
    Column("light", Text, primary_key=True),
    Column("signature", LargeBinary, nullable=False),
    _number("looks"),
    Column("lowest", Float, nullable=False),
    Column("highest", Float, nullable=False),
)
