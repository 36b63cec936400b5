"""One running site for the tests that change nothing of each other's."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.site import Site, running_site


@pytest.fixture
async def site(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path, sqlite_template) as site:
        yield site


@pytest.fixture
async def site_of_guests(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Site]:
    """A site that anybody may look at, and whose figures are of now."""
    async with running_site(tmp_path, sqlite_template, settings="[accounts]\nguest = true\n") as site:
        site.service.polling.last_look_at = time.time()
        yield site
