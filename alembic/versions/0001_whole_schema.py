"""The whole schema of the first version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def instant(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def code(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.SmallInteger(), nullable=False)


def flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def key(name: str) -> sa.Column[int]:
    return sa.Column(name, KEY, nullable=False, autoincrement=False)


def primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def to_device(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["device"], ["device.key"], name=f"fk_{table}_device")


def upgrade() -> None:
    sequence = op.create_table("sequence", text("name"), instant("value"), primary("sequence", "name"))
    op.bulk_insert(sequence, [{"name": "fact", "value": 0}, {"name": "device", "value": 0}])
    create_inventory()
    create_inventory_facts()
    create_state_facts()
    create_states()


def create_inventory() -> None:
    op.create_table(
        "region",
        text("code"),
        text("name"),
        text("level"),
        text("parent", nullable=True),
        text("name_en"),
        text("rank_group"),
        instant("assessed_from", nullable=True),
        primary("region", "code"),
    )
    op.create_table(
        "point",
        text("id"),
        text("region"),
        text("point_class"),
        text("name"),
        text("site_kind"),
        text("ring", nullable=True),
        text("required_kinds", nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        instant("required_from", nullable=True),
        text("status"),
        flag("to_be_networked"),
        primary("point", "id"),
    )
    op.create_table(
        "device",
        key("key"),
        text("id"),
        text("kind"),
        text("point_class"),
        text("region", nullable=True),
        text("point", nullable=True),
        text("protocol", nullable=True),
        text("address", nullable=True),
        text("credential", nullable=True),
        text("route"),
        text("parents", nullable=True),
        text("owner_unit"),
        text("maintainer"),
        text("contract"),
        text("police_station"),
        instant("created_at"),
        instant("in_service_from", nullable=True),
        instant("retired_at", nullable=True),
        text("service_windows", nullable=True),
        primary("device", "key"),
        sa.UniqueConstraint("id", name="uq_device_id"),
    )
    op.create_table(
        "device_record",
        key("device"),
        text("name"),
        text("vendor"),
        text("model"),
        text("longitude"),
        text("latitude"),
        to_device("device_record"),
        primary("device_record", "device"),
    )


def create_inventory_facts() -> None:
    op.create_table(
        "exemption",
        key("seq"),
        text("id"),
        text("scope"),
        text("scope_id"),
        instant("start_at"),
        instant("end_at"),
        text("reason"),
        text("approver"),
        text("document"),
        primary("exemption", "seq"),
    )
    op.create_table(
        "inventory_change",
        key("seq"),
        text("entity"),
        text("entity_id"),
        text("field"),
        text("old"),
        text("new"),
        instant("at"),
        text("author"),
        text("reason"),
        text("approved_by"),
        primary("inventory_change", "seq"),
    )


def create_state_facts() -> None:
    op.create_table(
        "state_change",
        key("seq"),
        key("device"),
        code("axis"),
        code("old"),
        code("new"),
        instant("at"),
        code("cause"),
        text("looks", nullable=True),
        text("fault"),
        text("kept", nullable=True),
        text("author"),
        primary("state_change", "seq"),
    )
    op.create_index("ix_state_change_device", "state_change", ["device"])
    op.create_table(
        "correction",
        key("seq"),
        key("device"),
        code("axis"),
        instant("start_at"),
        instant("end_at"),
        code("state"),
        code("cause"),
        flag("by_person"),
        flag("withdrawn"),
        text("author"),
        text("reason"),
        code("party"),
        primary("correction", "seq"),
    )
    op.create_index("ix_correction_device", "correction", ["device"])


def create_states() -> None:
    op.create_table(
        "device_state",
        key("device"),
        code("connectivity"),
        instant("connectivity_since"),
        code("connectivity_cause"),
        code("condition"),
        instant("condition_since"),
        code("condition_cause"),
        instant("last_evidence_at", nullable=True),
        sa.Column("interval_s", sa.Integer(), nullable=False),
        instant("answered_at", nullable=True),
        instant("identity_at", nullable=True),
        instant("last_online_until", nullable=True),
        text("realm"),
        text("rest", nullable=True),
        to_device("device_state"),
        primary("device_state", "device"),
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "late_look",
        key("device"),
        instant("at"),
        text("evidence"),
        sa.Column("interval_s", sa.Integer(), nullable=False),
        text("origin"),
        instant("received_at"),
        primary("late_look", "device", "at"),
    )
    op.create_table(
        "collector_mark",
        text("name"),
        instant("last_look_at"),
        instant("next_due_at"),
        primary("collector_mark", "name"),
    )
    op.create_table(
        "last_batch",
        text("writer"),
        text("token"),
        instant("first_seq"),
        primary("last_batch", "writer"),
    )


def downgrade() -> None:
    for table in (
        "last_batch",
        "collector_mark",
        "late_look",
        "device_state",
        "correction",
        "state_change",
        "inventory_change",
        "exemption",
        "device_record",
        "device",
        "point",
        "region",
        "sequence",
    ):
        op.drop_table(table)
