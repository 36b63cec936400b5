"""The tables of who may do what and who did what; alembic's revisions make them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from monitor.adapters.db.schema import KeyType, metadata


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _instant(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


account = Table(
    "account",
    metadata,
    Column("name", Text, primary_key=True),
    _text("password"),
    _text("grants"),  # JSON list of [role, region, organisation]
    _text("totp"),
    _instant("totp_step"),
    Column("disabled", Boolean, nullable=False),
    _instant("created_at"),
    Column("version", Integer, nullable=False),
)

login_session = Table(
    "login_session",
    metadata,
    Column("id_hash", Text, primary_key=True),
    _text("account"),
    Column("account_version", Integer, nullable=False),
    _text("csrf"),
    _instant("created_at"),
    _instant("seen_at"),
    Index(None, "account"),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", Text, primary_key=True),
    Column("secret_hash", Text, nullable=False, unique=True),
    _text("account"),
    _text("label"),
    _text("rights"),  # JSON list
    Column("region", Text),
    _instant("created_at"),
    _instant("expires_at"),
    _instant("revoked_at", nullable=True),
    _instant("used_at", nullable=True),
)

# Appended to and never changed: the revision that makes it also makes triggers that refuse updates and deletes.
audit_entry = Table(
    "audit_entry",
    metadata,
    Column("seq", KeyType, primary_key=True, autoincrement=False),
    _instant("at"),
    _text("who"),
    _text("via"),
    _text("address"),
    _text("action"),
    _text("target"),
    _text("outcome"),
    _text("before"),
    _text("after"),
    _text("previous"),
    _text("hash"),
)

# What was answered to a change, by its Idempotency-Key; kept for a day.
remembered_answer = Table(
    "remembered_answer",
    metadata,
    Column("caller", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    _text("fingerprint"),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
)
