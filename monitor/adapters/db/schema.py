"""The tables, as SQLAlchemy Core metadata; alembic's revisions make them, a test holds the two together.

All instants are integer epoch seconds. Devices have a `key`, a small dense integer, because the facts name them
millions of times a week. States and facts hold small integers for axis, state, cause and party (see `codes`); the
inventory, a thousandth of the rows, holds the words themselves. Facts carry no foreign key to their device: keys come
from the device table itself and devices are never deleted, while PostgreSQL would lock and rewrite a device's row for
each fact about it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    false,
)

# On SQLite only the exact type INTEGER makes a primary key the row id itself, without a second index.
KeyType = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _added(name: str, default: str = "") -> Column[str]:
    """Give a text column that came with a later revision: older rows have its default."""
    return Column(name, Text, nullable=False, server_default=default)


def _instant(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _code(name: str) -> Column[int]:
    return Column(name, SmallInteger, nullable=False)


# Counters given out inside write transactions: "fact" is the seq of RULES §0, "device" the device keys, "inventory" the
# revision of the inventory. Updating the row is also what serialises writers of several processes on PostgreSQL.
sequence = Table("sequence", metadata, Column("name", Text, primary_key=True), _instant("value"))

region = Table(
    "region",
    metadata,
    Column("code", Text, primary_key=True),
    _text("name"),
    _text("level"),
    Column("parent", Text),
    _text("name_en"),
    _text("rank_group"),
    _instant("assessed_from", nullable=True),
)

point = Table(
    "point",
    metadata,
    Column("id", Text, primary_key=True),
    _text("region"),
    _text("point_class"),
    _text("name"),
    _text("site_kind"),
    Column("ring", Text),
    Column("required_kinds", Text),  # JSON list, null for none
    Column("count", Integer, nullable=False),
    _instant("required_from", nullable=True),
    _text("status"),
    Column("to_be_networked", Boolean, nullable=False),
    Column("revision", BigInteger, nullable=False, server_default="0"),  # of the inventory, when last written
)

device = Table(
    "device",
    metadata,
    Column("key", KeyType, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    _text("kind"),
    _text("point_class"),
    Column("region", Text),
    Column("point", Text),
    Column("protocol", Text),  # null together with address: no endpoint
    Column("address", Text),
    Column("credential", Text),
    _text("route"),
    Column("parents", Text),  # JSON list of [id, role, ours], null for none
    _text("owner_unit"),
    _text("maintainer"),
    _text("contract"),
    _text("police_station"),
    _instant("created_at"),
    _instant("in_service_from", nullable=True),
    _instant("retired_at", nullable=True),
    Column("service_windows", Text),  # JSON list of [from, to], null for always
    Column("revision", BigInteger, nullable=False, server_default="0"),  # of the inventory, when last written
)

device_record = Table(
    "device_record",
    metadata,
    Column("device", KeyType, ForeignKey("device.key"), primary_key=True, autoincrement=False),
    _text("name"),
    _text("vendor"),
    _text("model"),
    _text("longitude"),
    _text("latitude"),
    _added("common_name"),
    _added("ip"),
    _added("ipv6"),
    _added("mac"),
    _added("serial"),
    _added("camera_type"),
    _added("function_type"),
    _added("supply_light"),
    _added("encoding"),
    _added("place"),
    _added("position_type"),
    _added("direction"),
    _added("networked"),
    _added("installed_on"),
    _added("retention_days"),
    _added("department"),
    _added("pole"),
)

# One version a row; of an id the newest version that is approved or ended counts.
exemption = Table(
    "exemption",
    metadata,
    Column("seq", KeyType, primary_key=True, autoincrement=False),
    _text("id"),
    _text("scope"),
    _text("scope_id"),
    _instant("start_at"),
    _instant("end_at"),
    _text("reason"),
    _text("approver"),
    _text("document"),
    _added("state", "approved"),
    Column("planned", Boolean, nullable=False, server_default=false()),
    _added("party", "undecided"),
    _added("attachment"),
    _added("proposer"),
    _added("author"),
    _added("note"),
    Column("at", BigInteger, nullable=False, server_default="0"),
)

inventory_change = Table(
    "inventory_change",
    metadata,
    Column("seq", KeyType, primary_key=True, autoincrement=False),
    _text("entity"),
    _text("entity_id"),
    _text("field"),
    _text("old"),
    _text("new"),
    _instant("at"),
    _text("author"),
    _text("reason"),
    _text("approved_by"),
    Column("recorded_at", BigInteger, nullable=False, server_default="0"),
    _added("document"),
    _added("request"),
)

# One version a row; the newest version of an id holds.
request = Table(
    "request",
    metadata,
    Column("seq", KeyType, primary_key=True, autoincrement=False),
    _text("id"),
    _text("kind"),
    _text("entity"),
    _text("entity_id"),
    Column("changes", Text),  # JSON list of [field, old, new], null for none
    _instant("effective_at", nullable=True),
    Column("correction", Text),  # JSON, see documents.Asked; null where none is asked for
    _text("reason"),
    _text("document"),
    _text("attachment"),
    _text("state"),
    _text("proposer"),
    _text("approver"),
    _text("author"),
    _text("note"),
    _instant("at"),
    Index(None, "id"),
)

# A correction that no longer holds, from this fact's own seq on.
withdrawal = Table(
    "withdrawal",
    metadata,
    Column("seq", KeyType, primary_key=True, autoincrement=False),
    Column("correction", BigInteger, nullable=False),
    _instant("at"),
    _text("author"),
    _text("approved_by"),
    _text("reason"),
    _text("document"),
)

# All targets as they were imported; the newest set holds. Without any, the file of the settings does.
target_set = Table(
    "target_set",
    metadata,
    Column("seq", KeyType, primary_key=True, autoincrement=False),
    _instant("at"),
    _text("author"),
    _text("file"),
    _text("sha256"),
    _text("targets"),  # JSON list, see documents.WrittenTarget
)

state_change = Table(
    "state_change",
    metadata,
    Column("seq", KeyType, primary_key=True, autoincrement=False),
    Column("device", KeyType, nullable=False),
    _code("axis"),
    _code("old"),
    _code("new"),
    _instant("at"),
    _code("cause"),
    Column("looks", Text),  # JSON list of seconds after `at`, null for none
    _text("fault"),
    Column("kept", Text),  # JSON, see documents.Kept; null where nothing is kept
    _text("author"),
    Index(None, "device"),
)

correction = Table(
    "correction",
    metadata,
    Column("seq", KeyType, primary_key=True, autoincrement=False),
    Column("device", KeyType, nullable=False),
    _code("axis"),
    _instant("start_at"),
    _instant("end_at"),
    _code("state"),
    _code("cause"),
    Column("by_person", Boolean, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    _text("author"),
    _text("reason"),
    _code("party"),
    _added("document"),
    _added("approved_by"),
    Index(None, "device"),
)

# Rewritten with every flush of last looks: no index but the key, and room left in each page, so that PostgreSQL
# updates rows in place (HOT) instead of growing the table.
device_state = Table(
    "device_state",
    metadata,
    Column("device", KeyType, ForeignKey("device.key"), primary_key=True, autoincrement=False),
    _code("connectivity"),
    _instant("connectivity_since"),
    _code("connectivity_cause"),
    _code("condition"),
    _instant("condition_since"),
    _code("condition_cause"),
    _instant("last_evidence_at", nullable=True),
    Column("interval_s", Integer, nullable=False),
    _instant("answered_at", nullable=True),
    _instant("identity_at", nullable=True),
    _instant("last_online_until", nullable=True),
    _text("realm"),
    Column("rest", Text),  # JSON, see documents.Rest; null where all of it has its default
    Column("clock_offset", Integer),  # tenths of a second, null while its clock was never read
    postgresql_with={"fillfactor": 70},
)

# Late evidence, kept until its week is final (RULES §4).
late_look = Table(
    "late_look",
    metadata,
    Column("device", KeyType, primary_key=True, autoincrement=False),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    _text("evidence"),
    Column("interval_s", Integer, nullable=False),
    _text("origin"),
    _instant("received_at"),
    Column("confirmed", Boolean, nullable=False, server_default=false()),
)

collector_mark = Table(
    "collector_mark",
    metadata,
    Column("name", Text, primary_key=True),
    _instant("last_look_at"),
    _instant("next_due_at"),
)

# The last batch of every writer: one that is given again, because the answer to its commit was lost, is known by it.
last_batch = Table(
    "last_batch",
    metadata,
    Column("writer", Text, primary_key=True),
    _text("token"),
    Column("first_seq", BigInteger, nullable=False),
)

# Every fact up to `seq` was committed before `at`: where the reading of a period begins, without an index over `at`.
fact_mark = Table(
    "fact_mark",
    metadata,
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
)

# What counties object to in a draft report, one version a row; the newest version of an id holds.
objection = Table(
    "objection",
    metadata,
    Column("seq", KeyType, primary_key=True, autoincrement=False),
    _text("id"),
    _text("period"),
    _text("device"),
    _text("axis"),
    _instant("start_at"),
    _instant("end_at"),
    _text("claimed"),
    _text("reason"),
    _text("document"),
    _text("state"),
    _text("proposer"),
    _text("approver"),
    _text("author"),
    _text("note"),
    _text("party"),
    _instant("at"),
    Index(None, "period"),
)

# Who makes which scheduled report: one row a period and status ("draft", "final"), so that several processes make one.
report_run = Table(
    "report_run",
    metadata,
    Column("period", Text, primary_key=True),
    Column("status", Text, primary_key=True),
    _text("claimed_by"),
    _instant("claimed_at"),
    _instant("finished_at", nullable=True),
    Column("revision", Integer),
)
