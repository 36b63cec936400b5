"""What the handlers ask of the site beside its facts: long questions, the vault, backups, receivers, files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from monitor.domain.credential import CredentialGroup
from monitor.domain.facts import Exemption
from monitor.domain.target import Target, TargetSet
from monitor.domain.work_order import WorkOrder
from monitor.ports import Backlog, RefusedMessage, Stranger

Report = tuple[int | None, int | None, str, str]
"""What is reported of a work order: acknowledged at, repaired at, result, number elsewhere."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup of the database: when it was made, its file's name, its size in bytes."""

    at: int
    file: str
    bytes: int


@dataclass(frozen=True, slots=True)
class CredentialTerms:
    """Whom a group of credentials is for; the same conditions as in `CredentialGroup`."""

    vendor: str = ""
    region: str = ""
    devices: frozenset[str] = frozenset()
    password_text: bool = False


class Tools(Protocol):
    """The site's tools, put together by the composition root."""

    async def ask(self, question: str, order: Mapping[str, Any]) -> Any:
        """Answer a question that reads much, in a process of its own, as plain values.

        Raises:
            JobsBusyError: another one is being answered.
            JobRefusedError: it cannot be answered; the reasons.
        """

    async def targets(self) -> tuple[Sequence[Target], TargetSet | None]:
        """Give the targets that judge, and the set that they were imported with, None for those of the file."""

    async def import_targets(self, content: bytes, *, name: str, author: str, at: int) -> tuple[TargetSet, list[str]]:
        """Let the targets of a TOML file hold in place of all others; give them with what to know.

        Raises:
            JobRefusedError: the file holds mistakes; nothing was stored.
        """

    def written_orders(self, orders: Sequence[WorkOrder]) -> bytes:
        """Give work orders as a CSV file that can be filled in and taken back."""

    async def reported(self, content: bytes) -> dict[str, Report]:
        """Give what a CSV file reports of work orders, by order.

        Raises:
            JobRefusedError: it holds mistakes.
        """

    async def exemptions(self, content: bytes, *, name: str, author: str) -> list[Exemption]:
        """Give the exemptions that a sheet asks for, in its order.

        Raises:
            JobRefusedError: it holds mistakes.
        """

    def groups(self) -> list[CredentialGroup]:
        """Give the groups of credentials, without their secrets."""

    async def set_group(
        self, name: str, user: str, password: str, terms: CredentialTerms, *, at: int
    ) -> CredentialGroup:
        """Add a group or replace it."""

    async def remove_group(self, name: str) -> bool:
        """Remove a group; say whether there was one."""

    async def rotate_key(self) -> int:
        """Encrypt everything under a new key; give how many groups there are."""

    async def unlock(self, *, device_id: str, group: str, author: str, at: int) -> None:
        """Let a device, or all of a group, be logged in to again."""

    async def confirm_identity(self, device_id: str, *, author: str, at: int) -> bool:
        """Take who a device last said to be as who it is, and have it looked at; False where it said nothing yet."""

    async def forget_baseline(self, device_id: str) -> int:
        """Forget what a device usually sees; give how many baselines there were."""

    def backups(self) -> list[Backup]:
        """Give the backups of the database, newest first."""

    async def back_up(self, *, at: int) -> Backup:
        """Make a backup.

        Raises:
            StoreError: it cannot be made.
        """

    async def strangers(self) -> list[Stranger]:
        """Give the ids that were reported and that nobody recorded."""

    async def refused_messages(self) -> list[RefusedMessage]:
        """Give the messages that were refused whole."""

    def receivers(self) -> list[str]:
        """Give the names of the receivers of notifications."""

    async def backlog(self) -> list[Backlog]:
        """Give what receivers did not take yet."""

    async def send_test(self, receiver: str, *, at: int) -> str:
        """Send a test message; give why it failed, "" where it did not."""

    async def check_broker(self) -> tuple[str, str]:
        """Give the step that a connection to the MQTT broker got to ("ok" for all of them), and what is wrong."""

    async def site_files(self, *, grafana_url: str, page_url: str) -> bytes:
        """Give dashboards, rules and example configuration as a ZIP file."""

    def protocols(self) -> list[tuple[str, str, str]]:
        """Give the protocols that are known, each with its meaning in Chinese and English."""
