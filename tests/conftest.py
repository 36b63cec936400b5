"""Fixtures for all tests."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from monitor.adapters.db import migrate
from monitor.adapters.db.engine import Database
from tests.servers import PostgresServer, postgres_binaries, running_postgres

# A machine that others use as well must not fail a test by being slow.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL for the whole session."""
    binaries = postgres_binaries()
    if binaries is None:
        reason = "PostgreSQL's server programs are not installed (apt-get install postgresql)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with running_postgres(binaries) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """The name of a database at the newest schema, to be copied."""
    name = postgres.new_database()
    asyncio.run(_upgrade(postgres.url(name)))
    return name


@pytest.fixture
def postgres_url(postgres: PostgresServer, postgres_template: str) -> str:
    """The URL of a PostgreSQL database of the test's own, at the newest schema."""
    return postgres.url(postgres.new_database(template=postgres_template))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the newest schema, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    asyncio.run(_upgrade(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """The URL of a SQLite file of the test's own, at the newest schema."""
    return f"sqlite+aiosqlite:///{shutil.copy(sqlite_template, tmp_path / 'vidnet.db')}"


async def _upgrade(url: str) -> None:
    database = Database(url)
    try:
        await migrate.upgrade(database)
    finally:
        await database.close()
