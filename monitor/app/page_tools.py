"""What the API asks of the site beside its facts (`web.tools.Tools`), put together on the settings."""

from __future__ import annotations

import asyncio
import io
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from collectors.deep import Secret
from collectors.mqtt.check import check
from collectors.registry import COLLECTORS, LISTENERS
from monitor.adapters.db.alerts import SqlOutbox
from monitor.adapters.db.backup import back_up, backups
from monitor.adapters.db.deep_looks import SqlOrders
from monitor.adapters.db.engine import Database
from monitor.adapters.db.intake import SqlIntakeStore
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.pictures import SqlPictureStore
from monitor.adapters.files.exemptions import ExemptionsFileError, read_exemptions
from monitor.adapters.files.orders import OrdersFileError, read_reported, written_orders
from monitor.adapters.files.targets import TargetsFileError
from monitor.adapters.vault import Scope
from monitor.adapters.web.parts import JobRefusedError
from monitor.adapters.web.tools import Backup, CredentialTerms, Report
from monitor.app.access import seal_second_factors
from monitor.app.alert_desk import send_test
from monitor.app.device import take_identity
from monitor.app.intake import broker_of, login_of
from monitor.app.page_jobs import Worker
from monitor.app.site_files import export_site_files
from monitor.app.targets import import_targets
from monitor.app.wiring import holding_targets, vault_of
from monitor.domain.credential import CredentialGroup
from monitor.domain.facts import Exemption
from monitor.domain.target import Target, TargetSet
from monitor.domain.work_order import WorkOrder
from monitor.ports import Backlog, Order, RefusedMessage, Stranger
from monitor.services.importing.sheet import SheetError
from monitor.settings import Settings, SettingsError


class SiteTools:
    """`web.tools.Tools` of a running service.

    Args:
        settings: of the service.
        database: where everything is kept.
        folder: what relative paths in the settings are relative to.
    """

    def __init__(self, settings: Settings, database: Database, *, folder: Path) -> None:
        self._settings = settings
        self._database = database
        self._folder = folder
        self._inventory = SqlInventory(database)
        self._intake = SqlIntakeStore(database)
        self._vault = vault_of(settings, folder=folder)
        self._vault_lock = asyncio.Lock()
        # Beside the one of imports and reports: who asks waits for no report, and no report for who asks.
        self._questions = Worker(settings, folder=folder)

    async def ask(self, question: str, order: Mapping[str, Any]) -> Any:
        """Answer a question that reads much, in a process of its own, as plain values."""
        return await self._questions.run(question, order)

    async def targets(self) -> tuple[Sequence[Target], TargetSet | None]:
        """Give the targets that judge, and the set that they were imported with."""
        return await holding_targets(self._inventory, self._settings, folder=self._folder)

    async def import_targets(self, content: bytes, *, name: str, author: str, at: int) -> tuple[TargetSet, list[str]]:
        """Let the targets of a TOML file hold in place of all others; give them with what to know."""
        with _file("targets.toml", content) as file:
            try:
                return await import_targets(
                    self._settings, folder=self._folder, file=file, name=name, author=author, at=at
                )
            except TargetsFileError as error:
                raise _refused(error, file, name) from error

    def written_orders(self, orders: Sequence[WorkOrder]) -> bytes:
        """Give work orders as a CSV file that can be filled in and taken back."""
        return written_orders(orders, zone=self._settings.zone())

    async def reported(self, content: bytes) -> dict[str, Report]:
        """Give what a CSV file reports of work orders, by order."""
        zone = self._settings.zone()
        with _file("orders.csv", content) as file:
            try:
                found = await asyncio.to_thread(read_reported, file, zone=zone)
            except OrdersFileError as error:
                raise _refused(error, file, "orders.csv") from error
        return {each.order: (each.acked_at, each.repaired_at, each.result, each.external) for each in found}

    async def exemptions(self, content: bytes, *, name: str, author: str) -> list[Exemption]:
        """Give the exemptions that a sheet asks for, in its order."""
        suffix = Path(name).suffix.lower()
        with _file(f"sheet{suffix if suffix in ('.xlsx', '.xls') else '.csv'}", content) as file:
            try:
                found = await asyncio.to_thread(read_exemptions, file, zone=self._settings.zone(), author=author)
            except (ExemptionsFileError, SheetError) as error:
                raise _refused(error, file, name) from error
        return [exemption for _, exemption in found]

    def groups(self) -> list[CredentialGroup]:
        """Give the groups of credentials, without their secrets."""
        return self._vault.groups()

    async def set_group(
        self, name: str, user: str, password: str, terms: CredentialTerms, *, at: int
    ) -> CredentialGroup:
        """Add a group or replace it."""
        scope = Scope(terms.vendor, terms.region, terms.devices, terms.password_text)
        async with self._vault_lock:
            return await asyncio.to_thread(self._vault.set, name, Secret(user, password), scope, at=at)

    async def remove_group(self, name: str) -> bool:
        """Remove a group; say whether there was one."""
        async with self._vault_lock:
            return await asyncio.to_thread(self._vault.remove, name)

    async def rotate_key(self) -> int:
        """Encrypt everything under a new key, second factors too; give how many groups there are."""
        loop = asyncio.get_running_loop()

        def seal() -> None:
            sealing = seal_second_factors(self._database, self._settings, folder=self._folder, again=True)
            asyncio.run_coroutine_threadsafe(sealing, loop).result()

        async with self._vault_lock:
            return await asyncio.to_thread(self._vault.rotate_key, seal)

    async def unlock(self, *, device_id: str, group: str, author: str, at: int) -> None:
        """Let a device, or all of a group, be logged in to again."""
        await SqlOrders(self._database).give(Order("login", device_id, group, author, at))

    async def confirm_identity(self, device_id: str, *, author: str, at: int) -> bool:
        """Take who a device last said to be as who it is, and have it looked at; False where it said nothing yet."""
        return await take_identity(self._database, device_id, author=author, at=at)

    async def forget_baseline(self, device_id: str) -> int:
        """Forget what a device usually sees; give how many baselines there were."""
        return await SqlPictureStore(self._database).reset(device_id)

    def backups(self) -> list[Backup]:
        """Give the backups of the database, newest first."""
        return [_backup(at, path) for at, path in backups(self._backups)]

    async def back_up(self, *, at: int) -> Backup:
        """Make a backup."""
        keep = self._settings.store.backups_kept
        return _backup(at, await asyncio.to_thread(back_up, self._database, self._backups, at=at, keep=keep))

    async def strangers(self) -> list[Stranger]:
        """Give the ids that were reported and that nobody recorded."""
        return await self._intake.strangers()

    async def refused_messages(self) -> list[RefusedMessage]:
        """Give the messages that were refused whole."""
        return await self._intake.refused()

    def receivers(self) -> list[str]:
        """Give the names of the receivers of notifications."""
        return sorted(self._settings.receivers)

    async def backlog(self) -> list[Backlog]:
        """Give what receivers did not take yet."""
        return await SqlOutbox(self._database).backlog()

    async def send_test(self, receiver: str, *, at: int) -> str:
        """Send a test message; give why it failed, "" where it did not."""
        try:
            return await send_test(self._settings, receiver, folder=self._folder, at=at)
        except SettingsError as error:
            return str(error)

    async def check_broker(self) -> tuple[str, str]:
        """Give the step that a connection to the MQTT broker got to, and what is wrong."""
        try:
            secret = login_of(self._settings, folder=self._folder)()
        except OSError as error:
            raise JobRefusedError([str(error)]) from error
        found = await check(broker_of(self._settings, folder=self._folder), secret)
        return found.step, f"{found.zh} · {found.en}"

    async def site_files(self, *, grafana_url: str, page_url: str) -> bytes:
        """Give dashboards, rules and example configuration as a ZIP file."""
        return await asyncio.to_thread(_zipped, grafana_url, page_url)

    def protocols(self) -> list[tuple[str, str, str]]:
        """Give the protocols that are known, each with its meaning in Chinese and English."""
        return [(name, each.text_zh, each.text_en) for name, each in (COLLECTORS | LISTENERS).items()]

    @property
    def _backups(self) -> Path:
        return self._folder / self._settings.store.backups


@contextmanager
def _file(name: str, content: bytes) -> Iterator[Path]:
    """Give a file of this content for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="vidnet-upload-") as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        yield file


def _refused(error: Exception, file: Path, name: str) -> JobRefusedError:
    """Give the refusal of an uploaded file, which is called as its sender calls it."""
    return JobRefusedError([line.replace(str(file), name) for line in str(error).splitlines()])


def _backup(at: int, path: Path) -> Backup:
    return Backup(at, path.name, path.stat().st_size)


def _zipped(grafana_url: str, page_url: str) -> bytes:
    """Give the site's files as a ZIP that comes out the same each time."""
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="vidnet-site-") as folder:
        names = export_site_files(Path(folder), grafana_url=grafana_url, page_url=page_url)
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                archive.writestr(zipfile.ZipInfo(name), (Path(folder) / name).read_bytes())
    return packed.getvalue()
