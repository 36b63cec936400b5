"""What people see and decide of alerts from the command line: put together on the database of the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.adapters.db.alert_queries import SqlAlertDecisions, SqlAlertQueries
from monitor.adapters.db.alerts import SqlOutbox
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.migrate import require_current
from monitor.app.alerting import notifier_of
from monitor.app.wiring import database_of
from monitor.domain.alert import Severity, Telling
from monitor.domain.notification import Message, Parcel, Waiting
from monitor.ports import AlertDecisions, AlertQueries, Inventory, NotifyError, Outbox
from monitor.services.order_desk import OrderDesk
from monitor.settings import Settings


@dataclass(frozen=True, slots=True)
class AlertDesk:
    """Reading, deciding, the outbox and the work orders."""

    queries: AlertQueries
    decisions: AlertDecisions
    outbox: Outbox
    orders: OrderDesk
    inventory: Inventory


@asynccontextmanager
async def alert_desk(settings: Settings, *, folder: Path) -> AsyncIterator[AlertDesk]:
    """Give the desk, and close the database after it.

    Raises:
        StoreError: the database cannot be used.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        queries, decisions = SqlAlertQueries(database), SqlAlertDecisions(database)
        yield AlertDesk(queries, decisions, SqlOutbox(database), OrderDesk(queries, decisions), SqlInventory(database))
    finally:
        await database.close()


async def send_test(settings: Settings, name: str, *, folder: Path, at: int) -> str:
    """Send a test message to a receiver, and give why it failed, "" where it did not.

    Raises:
        KeyError: the settings have no such receiver.
        SettingsError: its address is of no use.
    """
    notifier = notifier_of(name, settings.receivers[name], folder=folder)
    message = Message(
        key=f"test:{at}",
        telling=Telling.CLEARED,
        alert="test",
        rule="test",
        severity=Severity.INFO,
        at=at,
        title_zh="【测试】vidnet 通知测试",
        body_zh=f"接收方 {name} 可以收到通知，无需处理",
        title_en="[TEST] vidnet test notification",
        body_en=f"receiver {name} gets notifications; nothing is to be done",
        raised_at=at,
    )
    try:
        await notifier.send(Parcel((Waiting(at, name, message),)))
    except NotifyError as error:
        return str(error)
    finally:
        await notifier.close()
    return ""
