"""Logging in: lock nobody out, and tell a device that refuses from a rotation of ours that broke many.

Devices commonly lock an account after a handful of wrong passwords, for everybody. So a device that has refused
`MAX_REFUSALS` logins with one version of a credential is asked no more until the version changes or an operator says
so.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from monitor.domain.values import dataclass

MAX_REFUSALS = 2
BROKEN_FROM = 20


class Login(StrEnum):
    """What became of logging in during one deep look."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_ASKED = "not_asked"  # the device gives everything without a password
    NO_CREDENTIAL = "no_credential"  # it asks for one, and there is none for it
    HELD = "held"  # it asks for one, and it has refused ours often enough, or many have
    UNTRIED = "untried"  # the look ended before the question came up


@dataclass(frozen=True, slots=True)
class LoginRecord:
    """What is remembered of logging in to one device.

    Attributes:
        group: the credential group last tried, "" before the first.
        version: its version then.
        refusals: refusals in a row with this group and version.
        accepted_group: the group last accepted, "" before the first.
        accepted_version: its version.
    """

    group: str = ""
    version: int = 0
    refusals: int = 0
    accepted_group: str = ""
    accepted_version: int = 0

    def may_try(self, group: str, version: int) -> bool:
        """Whether one more login is allowed with a version of a group."""
        return (group, version) != (self.group, self.version) or self.refusals < MAX_REFUSALS

    def was_accepted(self, group: str, version: int) -> bool:
        """Whether exactly this version was accepted before: a refusal of it is then the device's doing."""
        return (group, version) == (self.accepted_group, self.accepted_version)

    def allowed_again(self) -> LoginRecord:
        """Give the record after an operator said that one may try again."""
        return replace(self, refusals=0)

    def after(self, login: Login, group: str, version: int, *, refusals: int = 1) -> LoginRecord:
        """Give the record after one deep look, in which the device refused so many logins."""
        if login is Login.ACCEPTED:
            return LoginRecord(group, version, 0, group, version)
        if login is Login.REFUSED:
            before = self.refusals if (group, version) == (self.group, self.version) else 0
            return replace(self, group=group, version=version, refusals=before + refusals)
        return self


@dataclass(frozen=True, slots=True)
class Trial:
    """How one version of a group has fared since it began: devices that accepted it, and that refused it.

    Only devices that accepted an earlier version count as refusing: those never logged in to say nothing of a change.
    """

    accepted: int = 0
    refused: int = 0

    @property
    def is_broken(self) -> bool:
        """Whether the change itself is at fault: enough refuse it, and more of them than accept it."""
        return self.refused >= BROKEN_FROM and self.refused > self.accepted
