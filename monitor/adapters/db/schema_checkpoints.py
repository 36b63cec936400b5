"""The tables of checkpoints; alembic's revisions make them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from monitor.adapters.db.schema import KeyType, metadata


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _small(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


tollgate = Table(
    "tollgate",
    metadata,
    Column("id", Text, primary_key=True),
    _text("name"),
    _text("reporter"),
    _small("status"),
    _small("category"),
    _small("usage"),
    _small("lanes"),
    _text("place_code"),
)

lane = Table(
    "lane",
    metadata,
    Column("tollgate", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("direction", Text, primary_key=True),
    _small("city_pass"),
    _text("device"),
)

# How many records a unit made in the hour that begins at `hour_at`: a number, never a record.
record_count = Table(
    "record_count",
    metadata,
    Column("device", KeyType, primary_key=True, autoincrement=False),
    Column("hour_at", BigInteger, primary_key=True, autoincrement=False),
    _small("count"),
)
