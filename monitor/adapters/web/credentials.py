"""What devices are logged in to with, over HTTP: written, replaced and removed, never read."""

from __future__ import annotations

from typing import Annotated

import msgspec

from monitor.adapters.web.fields import Id
from monitor.adapters.web.figures import Code
from monitor.adapters.web.finding import find_device
from monitor.adapters.web.problem import invalid, not_found
from monitor.adapters.web.route import Call, Reply, Route
from monitor.adapters.web.tools import CredentialTerms
from monitor.domain.account import Right
from monitor.domain.credential import CredentialGroup

_LONGEST_GROUP = 64


class GroupOut(msgspec.Struct, frozen=True):
    """A group of credentials without its secret; `listed` is how many devices it names outright."""

    group: str
    version: int
    changed_at: int
    vendor: str
    region: str
    listed: int
    password_text: bool


class GroupsOut(msgspec.Struct, frozen=True):
    """Groups by name."""

    groups: list[GroupOut]


class GroupIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group's user name and password, and which devices it is for; no answer ever holds the two."""

    user: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    password: Annotated[str, msgspec.Meta(max_length=256)]
    vendor: Annotated[str, msgspec.Meta(max_length=100)] = ""
    region: Code | None = None
    devices: Annotated[list[Id], msgspec.Meta(max_length=10_000)] = []
    password_text: bool = False


class RotatedOut(msgspec.Struct, frozen=True):
    """How many groups are encrypted under the new key."""

    groups: int


class UnlockIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The device, or the group, that may be logged in to again."""

    device: Id | None = None
    group: Id | None = None


async def groups(call: Call) -> GroupsOut:
    """Give the groups, without their secrets."""
    call.require(None)
    return GroupsOut([_out(each) for each in call.parts.tools.groups()])


async def set_group(call: Call) -> GroupOut:
    """Add a group or replace it; its version counts up only where user name or password change."""
    body: GroupIn = call.body
    name = call.params["group"]
    # Set before anything can be refused: the audit log says what was tried, and never a secret.
    call.after = {"vendor": body.vendor, "region": body.region, "listed": len(body.devices)}
    call.require(None)
    if len(name) > _LONGEST_GROUP:
        raise invalid(["组名须为 1-64 个字符 · a group's name has 1-64 characters"])
    if body.region is not None and body.region not in call.tree:
        raise invalid([f"没有区划 {body.region} · there is no region {body.region}"])
    terms = CredentialTerms(body.vendor, body.region or "", frozenset(body.devices), body.password_text)
    found = await call.parts.tools.set_group(name, body.user, body.password, terms, at=call.at)
    call.after = out = _out(found)
    return out


async def remove_group(call: Call) -> Reply:
    """Remove a group."""
    call.require(None)
    if not await call.parts.tools.remove_group(call.params["group"]):
        raise not_found("group")
    return Reply(status=204)


async def rotate(call: Call) -> RotatedOut:
    """Encrypt everything under a new key; the credentials stay as they are."""
    call.require(None)
    return RotatedOut(await call.parts.tools.rotate_key())


async def unlock(call: Call) -> Reply:
    """Let devices that refused twice be logged in to again."""
    body: UnlockIn = call.body
    if (body.device is None) == (body.group is None):
        raise invalid(["须指定 device 或 group 之一 · name one of device and group"])
    if body.device is not None:
        await find_device(call, body.device)
    else:
        call.require(None)
    await call.parts.tools.unlock(
        device_id=body.device or "", group=body.group or "", author=call.caller.name, at=call.at
    )
    call.target = body.device or body.group or ""
    return Reply(status=204)


def _out(each: CredentialGroup) -> GroupOut:
    return GroupOut(
        each.name, each.version, each.changed_at, each.vendor, each.region, len(each.listed), each.plain_text
    )


ROUTES = (
    Route(
        *("GET", "/credentials", groups, Right.ADMINISTER, "groups of credentials, without secrets"),
        answer=GroupsOut,
        group="credentials",
    ),
    Route(
        *("POST", "/credentials/unlock", unlock, Right.OPERATE, "let devices be logged in to again"),
        body=UnlockIn,
        status=204,
        group="credentials",
        action="credential.unlock",
    ),
    Route(
        *("POST", "/credentials/rotate-key", rotate, Right.ADMINISTER, "encrypt under a new key"),
        answer=RotatedOut,
        group="credentials",
        action="credential.rotate",
    ),
    Route(
        *("PUT", "/credentials/{group}", set_group, Right.ADMINISTER, "add or replace a group (write-only)"),
        body=GroupIn,
        answer=GroupOut,
        group="credentials",
        action="credential.set",
        secret=True,
    ),
    Route(
        *("DELETE", "/credentials/{group}", remove_group, Right.ADMINISTER, "remove a group"),
        status=204,
        group="credentials",
        action="credential.remove",
    ),
)
