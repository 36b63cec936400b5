"""What is decided on the command line goes into the audit log, as what is decided on the page does."""

from __future__ import annotations

import getpass
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from monitor.app.access import access
from monitor.cli.common import load_settings, run_coroutine
from monitor.domain.audit import AuditEntry
from monitor.domain.author import unverified
from monitor.ports import StoreRefusedError

_LONGEST_TARGET = 200
_STEPS = {
    "draft": "propose",
    "submitted": "propose",
    "approved": "approve",
    "refused": "refuse",
    "withdrawn": "withdraw",
    "ended": "end",
}


class Version(Protocol):
    """A version of an exemption or of a request."""

    @property
    def id(self) -> str:
        """Which one."""

    @property
    def state(self) -> str:
        """Where it stands now."""

    @property
    def author(self) -> str:
        """Who brought it there."""


def audited(
    config: Path, *, action: str, target: str, who: str | None = None, after: object = None, needed: bool = True
) -> None:
    """Write down what was just done.

    Args:
        config: the settings file.
        action: as the API calls it, such as "exemption.approve".
        target: what it was done to.
        who: who says to have done it; the system's account where nobody does.
        after: what stands now, never a secret; None for nothing.
        needed: False where the thing is done without the database, which may not be there yet.
    """
    account = getpass.getuser()
    entry = AuditEntry(
        at=int(time.time()),
        who=unverified(account) if who is None else who,
        via="cli",
        address="",
        action=action,
        target=target[:_LONGEST_TARGET],
        after=json.dumps({"system_account": account, "now": after}, ensure_ascii=False, default=str),
    )

    async def work() -> None:
        try:
            async with access(load_settings(config), folder=config.parent) as found:
                await found.audit.append(entry)
        except StoreRefusedError:
            if needed:
                raise
            # There is no log yet to write in: credentials are set before the first start.

    run_coroutine(work())


def audited_versions(config: Path, kind: str, versions: Iterable[Version]) -> None:
    """Write down versions of exemptions ("exemption") or requests ("request") that were just recorded."""
    by_step: dict[tuple[str, str], list[str]] = {}
    for each in versions:
        by_step.setdefault((f"{kind}.{_STEPS[each.state]}", each.author), []).append(each.id)
    for (action, who), ids in by_step.items():
        audited(config, action=action, target=" ".join(ids), who=who or None, after={"ids": ids})
