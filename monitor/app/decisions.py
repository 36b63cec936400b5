"""What people decide: the desks put together on the database of the settings."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path

from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.migrate import require_current
from monitor.adapters.db.queries import SqlQueries
from monitor.adapters.db.states import SqlStateStore
from monitor.app.wiring import database_of
from monitor.domain.exempting import ExemptionRules
from monitor.domain.facts import Correction, Exemption
from monitor.domain.request import Request
from monitor.services.exemption_desk import ExemptionDesk, Overdue
from monitor.services.request_desk import RequestDesk
from monitor.settings import Settings


class AttachmentError(Exception):
    """An attachment cannot be read."""


@asynccontextmanager
async def exemption_desk(settings: Settings, *, folder: Path) -> AsyncIterator[ExemptionDesk]:
    """Give the desk of exemptions, and close the database after it.

    Raises:
        StoreError: the database cannot be used.
    """
    database = database_of(settings, folder=folder)
    site = settings.exemptions
    rules = ExemptionRules(submit_within_s=site.submit_within_s, longest_s=site.longest_s)
    try:
        await require_current(database)
        yield ExemptionDesk(SqlInventory(database), rules=rules, zone=settings.zone(), quota=Fraction(site.quota))
    finally:
        await database.close()


async def exemption_versions(settings: Settings, *, folder: Path) -> list[Exemption]:
    """Give all versions of all exemptions, in seq order.

    Raises:
        StoreError: the database cannot be used.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        return await SqlInventory(database).exemption_versions()
    finally:
        await database.close()


@asynccontextmanager
async def request_desk(settings: Settings, *, folder: Path) -> AsyncIterator[RequestDesk]:
    """Give the desk of requests, and close the database after it.

    Raises:
        StoreError: the database cannot be used.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        yield RequestDesk(SqlInventory(database), SqlQueries(database), SqlStateStore(database), zone=settings.zone())
    finally:
        await database.close()


async def request_versions(settings: Settings, *, folder: Path) -> list[Request]:
    """Give all versions of all requests, in seq order.

    Raises:
        StoreError: the database cannot be used.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        return await SqlInventory(database).requests()
    finally:
        await database.close()


async def corrections(settings: Settings, *, folder: Path, device_id: str | None) -> list[Correction]:
    """Give the corrections of a device or all, in seq order.

    Raises:
        StoreError: the database cannot be used.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        return await SqlQueries(database).corrections(device_id=device_id)
    finally:
        await database.close()


async def overdue_exemptions(settings: Settings, *, folder: Path, at: int) -> list[Overdue]:
    """Give the exemptions that somebody should look after.

    Raises:
        StoreError: the database cannot be used.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        states = await SqlStateStore(database).load_states()
        async with exemption_desk(settings, folder=folder) as desk:
            return await desk.overdue(states, at=at)
    finally:
        await database.close()


async def exemptions_of_devices_back(settings: Settings, *, folder: Path, at: int) -> list[Exemption]:
    """Give the exemptions under way whose device has come back, and that may be ended.

    Raises:
        StoreError: the database cannot be used.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        states = await SqlStateStore(database).load_states()
        async with exemption_desk(settings, folder=folder) as desk:
            return await desk.back(states, at=at)
    finally:
        await database.close()


def sha256_of(path: Path | None) -> str:
    """Give the sha256 of an attachment in hexadecimal, "" for none; the file itself is not kept.

    Raises:
        AttachmentError: it cannot be read.
    """
    if path is None:
        return ""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise AttachmentError(f"附件不能读取 · the attachment cannot be read: {path}: {error.strerror}") from error
