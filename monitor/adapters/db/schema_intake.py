"""The tables of what was pushed to us and could not be taken; alembic's revisions make them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from monitor.adapters.db.schema import metadata


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _instant(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


# Ids that were reported to us and that the inventory does not know, or that the reporter may not speak for.
stranger = Table(
    "stranger",
    metadata,
    Column("id", Text, primary_key=True),
    _text("protocol"),
    _text("reporter"),
    _text("reason"),
    _instant("first_at"),
    _instant("last_at"),
    _instant("count"),
)

# Messages that were refused whole: what is kept is their size and sha256, never their content.
refused_message = Table(
    "refused_message",
    metadata,
    Column("digest", Text, primary_key=True),
    _text("protocol"),
    _text("sender"),
    _text("reason"),
    Column("size", Integer, nullable=False),
    _instant("first_at"),
    _instant("last_at"),
    _instant("count"),
)
