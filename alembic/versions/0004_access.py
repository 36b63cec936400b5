"""Accounts, sessions, tokens, the audit log, remembered answers, and the trend of the figures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TREND = (
    *("online", "offline", "unknown", "exempt", "intact", "judged"),
    *("first_required", "first_networked", "second_required", "second_networked"),
)
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def instant(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "account",
        text("name"),
        text("password"),
        text("grants"),
        text("totp"),
        instant("totp_step"),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        instant("created_at"),
        number("version"),
        sa.PrimaryKeyConstraint("name", name="pk_account"),
    )
    op.create_table(
        "login_session",
        text("id_hash"),
        text("account"),
        number("account_version"),
        text("csrf"),
        instant("created_at"),
        instant("seen_at"),
        sa.PrimaryKeyConstraint("id_hash", name="pk_login_session"),
    )
    op.create_index("ix_login_session_account", "login_session", ["account"])
    op.create_table(
        "api_token",
        text("id"),
        text("secret_hash"),
        text("account"),
        text("label"),
        text("rights"),
        text("region", nullable=True),
        instant("created_at"),
        instant("expires_at"),
        instant("revoked_at", nullable=True),
        instant("used_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_token"),
        sa.UniqueConstraint("secret_hash", name="uq_api_token_secret_hash"),
    )
    op.create_table(
        "audit_entry",
        sa.Column("seq", KEY, nullable=False, autoincrement=False),
        instant("at"),
        *(text(name) for name in ("who", "via", "address", "action", "target", "outcome", "before", "after")),
        text("previous"),
        text("hash"),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_entry"),
    )
    op.create_table(
        "remembered_answer",
        text("caller"),
        text("key"),
        text("fingerprint"),
        number("status"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        instant("at"),
        sa.PrimaryKeyConstraint("caller", "key", name="pk_remembered_answer"),
    )
    op.create_index("ix_remembered_answer_at", "remembered_answer", ["at"])
    op.create_table(
        "trend",
        text("region"),
        instant("at"),
        *(number(name) for name in TREND),
        sa.PrimaryKeyConstraint("region", "at", name="pk_trend"),
    )
    op.create_index("ix_trend_at", "trend", ["at"])
    op.execute("INSERT INTO sequence (name, value) VALUES ('audit', 0)")
    for statement in append_only():
        op.execute(statement)


def append_only() -> list[str]:
    if op.get_bind().dialect.name == "sqlite":
        return [
            f"CREATE TRIGGER audit_no_{what} BEFORE {what} ON audit_entry "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
            for what in ("update", "delete")
        ]
    return [
        "CREATE FUNCTION vidnet_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$",
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION vidnet_append_only()",
    ]


def downgrade() -> None:
    op.execute("DELETE FROM sequence WHERE name = 'audit'")
    for table in ("trend", "remembered_answer", "audit_entry", "api_token", "login_session", "account"):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION vidnet_append_only()")
