"""How alembic reaches the database: on the connection that `monitor.adapters.db.migrate` hands over, or by `-x url=…`.

A developer makes a new revision with `alembic -x url=sqlite+aiosqlite:///var/vidnet.db revision --autogenerate -m …`.
"""

from __future__ import annotations

import asyncio

from alembic import context
from sqlalchemy import Connection

from monitor.adapters.db import (  # noqa: F401 - their tables belong to the schema
    schema_access,
    schema_alerts,
    schema_checkpoints,
    schema_deep,
    schema_intake,
    schema_pictures,
    trend,
)
from monitor.adapters.db.engine import Database
from monitor.adapters.db.schema import metadata


def migrate(connection: Connection) -> None:
    # SQLite cannot alter columns: batches copy the table. The transaction is the connection's own, DDL included.
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


async def migrate_url(url: str) -> None:
    database = Database(url)
    try:
        await database.write(lambda connection: connection.run_sync(migrate))
    finally:
        await database.close()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    migrate(handed_over)
else:
    asyncio.run(migrate_url(context.get_x_argument(as_dictionary=True)["url"]))
