"""Logins: which secret a device is looked at with, and whether it may be used; nobody is ever locked out by us.

Devices lock an account for everybody after a handful of wrong passwords. So a device that has refused a version of a
credential twice is asked no more with it, many that refuse a new version are one finding (the version is broken, and
no device is asked with it any more), and while what was refused cannot be stored nobody is asked at all: a restart
would forget it. All kinds of looks share the one desk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from collectors.deep import Secret
from monitor.domain.credential import CredentialGroup, choose_group
from monitor.domain.device import Device
from monitor.domain.login import MAX_REFUSALS, Login, LoginRecord, Trial
from monitor.ports import CredentialsError

log = structlog.get_logger()

_NEVER = LoginRecord()


class CredentialSource(Protocol):
    """Where credentials are kept (the vault)."""

    def stamp(self) -> object:
        """Give what changes when they change."""

    def groups(self) -> list[CredentialGroup]:
        """Give the groups.

        Raises:
            CredentialsError: they cannot be read.
        """

    def secrets(self) -> dict[str, Secret]:
        """Give the secret of every group.

        Raises:
            CredentialsError: they cannot be read.
        """


@dataclass(frozen=True, slots=True)
class Ticket:
    """What one look may log in with.

    Attributes:
        group, version: the credential that the device belongs to; "" and 0 for none.
        secret: what to log in with; None where there is none, or none may be used now.
        held: there is one, and it may not be used now.
    """

    group: str = ""
    version: int = 0
    secret: Secret | None = field(default=None, repr=False)
    held: bool = False


@dataclass(frozen=True, slots=True)
class Noted:
    """What came of a login: `refuses` where the device refuses what it accepted before, unchanged on our side."""

    login: Login
    refuses: bool


class Logins:
    """The desk.

    Args:
        source: where credentials are kept.
        lineage: gives the codes of a region and of all above it, nearest first.
        on_change: told the device and its record whenever what is remembered changes, to be stored.
        may_forget: whether what is noted now could be lost before it is stored; then no login is allowed.
    """

    def __init__(
        self,
        source: CredentialSource,
        *,
        lineage: Callable[[str], Sequence[str]],
        on_change: Callable[[str, LoginRecord], None],
        may_forget: Callable[[], bool] = lambda: False,
    ) -> None:
        self.results: Counter[Login] = Counter()
        self.error = ""
        self._source = source
        self._lineage = lineage
        self._on_change = on_change
        self._may_forget = may_forget
        self._stamp: object = object()
        self._groups: list[CredentialGroup] = []
        self._secrets: dict[str, Secret] = {}
        self._records: dict[str, LoginRecord] = {}
        # Most devices of a group have equal records: they share one.
        self._shared: dict[LoginRecord, LoginRecord] = {}
        self._trials: dict[str, Trial] = {}
        self._broken: set[str] = set()
        self._out: Counter[str] = Counter()

    @property
    def groups(self) -> Sequence[CredentialGroup]:
        """The groups in use."""
        return self._groups

    @property
    def broken(self) -> list[str]:
        """Groups whose present version is at fault itself: many refuse it that accepted the one before."""
        return sorted(self._broken)

    def held_by_group(self) -> Counter[str]:
        """Count the devices that are not logged in to because they refused often enough."""
        versions = {group.name: group.version for group in self._groups}
        held: Counter[str] = Counter({group.name: 0 for group in self._groups})
        for record in self._records.values():
            if record.refusals >= MAX_REFUSALS and versions.get(record.group) == record.version:
                held[record.group] += 1
        return held

    def load(self, records: Iterable[tuple[str, LoginRecord]]) -> None:
        """Take what was stored, and the credentials as they are."""
        for device_id, record in records:
            self._records[device_id] = self._shared.setdefault(record, record)
        self.refresh()

    def refresh(self) -> None:
        """Read the credentials again if they have changed; where they cannot be read those in use stay.

        The error is kept in `error` and logged once; it never tells what they are.
        """
        stamp = self._source.stamp()
        if stamp == self._stamp:
            return
        try:
            groups, secrets = self._source.groups(), self._source.secrets()
        except CredentialsError as error:
            if str(error) != self.error:
                self.error = str(error)
                log.warning("credentials.unreadable", error=self.error)
            return
        self.error = ""
        self._stamp = stamp
        self._groups = [group for group in groups if group.name in secrets]
        self._secrets = secrets
        self._recount()

    def ticket(self, device: Device, *, vendor: str) -> Ticket:
        """Give what a look at a device may log in with; `done` must follow.

        Args:
            device: the device.
            vendor: its vendor as the inventory writes it.
        """
        named = device.endpoint.credential if device.endpoint is not None else None
        lineage = self._lineage(device.region) if device.region else ()
        group = choose_group(self._groups, device.id, named=named, vendor=vendor, lineage=lineage)
        if group is None:
            return Ticket()
        record = self._records.get(device.id, _NEVER)
        tried = record.refusals if (record.group, record.version) == (group.name, group.version) else 0
        # What other looks at it try at this moment may be refused, too.
        if (
            tried + self._out[device.id] >= MAX_REFUSALS
            or not record.may_try(group.name, group.version)
            or group.name in self._broken
            or self._may_forget()
        ):
            return Ticket(group.name, group.version, None, True)
        self._out[device.id] += 1
        return Ticket(group.name, group.version, self._secrets[group.name])

    def done(self, device_id: str, ticket: Ticket, login: Login, *, refusals: int = 1) -> Noted:
        """Note what came of a look's login, also where the look failed (`UNTRIED`).

        Args:
            device_id: the device.
            ticket: what `ticket` gave for the look.
            login: what the look says of it; asked for one that was held back, it says that there was none.
            refusals: logins that the device refused in it.
        """
        if ticket.secret is not None:
            self._out[device_id] -= 1
            if not self._out[device_id]:
                del self._out[device_id]
        if login is Login.NO_CREDENTIAL and ticket.held:
            login = Login.HELD
        self.results[login] += 1
        before = self._records.get(device_id, _NEVER)
        after = before.after(login, ticket.group, ticket.version, refusals=refusals)
        if after != before:
            self._put(device_id, after)
            self._count(before, after, ticket)
        was_accepted = before.was_accepted(ticket.group, ticket.version)
        # One that was refused twice is not asked again; that it asks for a login at all is then the same refusal.
        still_refused = login is Login.HELD and not before.may_try(ticket.group, ticket.version)
        return Noted(login, was_accepted and (login is Login.REFUSED or still_refused))

    def allow_again(self, *, device_id: str = "", group: str = "") -> list[str]:
        """Follow an operator: a device, or all of a group, may be logged in to again; give those it is about."""
        about = [device_id] if device_id else [of for of, record in self._records.items() if record.group == group]
        found = [of for of in about if self._records.get(of, _NEVER).refusals]
        for of in found:
            self._put(of, self._records[of].allowed_again())
        self._broken -= {group} if group else set()
        self._recount()
        return found

    def _put(self, device_id: str, record: LoginRecord) -> None:
        self._records[device_id] = self._shared.setdefault(record, record)
        self._on_change(device_id, record)

    def _recount(self) -> None:
        """Find out anew how each group's present version has fared; a broken one stays so until it changes."""
        versions = {group.name: group.version for group in self._groups}
        accepted: Counter[str] = Counter()
        refused: Counter[str] = Counter()
        for record in self._records.values():
            version = versions.get(record.group)
            if version != record.version:
                continue
            if record.was_accepted(record.group, version):
                accepted[record.group] += 1
            elif record.refusals and record.accepted_group == record.group:
                refused[record.group] += 1
        self._trials = {name: Trial(accepted[name], refused[name]) for name in versions}
        self._broken = {name for name, trial in self._trials.items() if trial.is_broken}

    def _count(self, before: LoginRecord, after: LoginRecord, ticket: Ticket) -> None:
        """Count a device that met the present version for the first time."""
        trial = self._trials.get(ticket.group)
        if trial is None or (before.group, before.version) == (ticket.group, ticket.version):
            return
        if after.refusals and before.accepted_group == ticket.group:
            trial = Trial(trial.accepted, trial.refused + 1)
        elif not after.refusals:
            trial = Trial(trial.accepted + 1, trial.refused)
        self._trials[ticket.group] = trial
        if trial.is_broken and ticket.group not in self._broken:
            self._broken.add(ticket.group)
            log.error(
                "credential.broken",
                group=ticket.group,
                version=ticket.version,
                refused=trial.refused,
                accepted=trial.accepted,
            )
