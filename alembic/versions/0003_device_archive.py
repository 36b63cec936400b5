"""A device's record holds what the archive's sheet says of it (一机一档)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NAMES = (
    "common_name",
    "ip",
    "ipv6",
    "mac",
    "serial",
    "camera_type",
    "function_type",
    "supply_light",
    "encoding",
    "place",
    "position_type",
    "direction",
    "networked",
    "installed_on",
    "retention_days",
    "department",
    "pole",
)


def upgrade() -> None:
    for name in NAMES:
        op.add_column("device_record", sa.Column(name, sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    for name in reversed(NAMES):
        op.drop_column("device_record", name)
