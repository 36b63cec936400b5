"""Credentials by group: which group a device logs in with; the secrets themselves never come here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from monitor.domain.values import dataclass

EVERYWHERE = ""


@dataclass(frozen=True, slots=True)
class CredentialGroup:
    """One user name and password for many devices, without either of them.

    Attributes:
        name: the group's name; a device's endpoint may name it outright.
        version: counts up whenever the user name or the password changes, never for anything else.
        changed_at: when the version began, epoch seconds.
        vendor: only devices of this vendor (as the inventory writes it); "" for all.
        region: only devices in this region or below; "" for all.
        listed: only these devices; empty for all.
        plain_text: the device understands only WS-UsernameToken with the password as it is.
    """

    name: str
    version: int
    changed_at: int
    vendor: str = EVERYWHERE
    region: str = EVERYWHERE
    listed: frozenset[str] = frozenset()
    plain_text: bool = False


def choose_group(
    groups: Iterable[CredentialGroup],
    device_id: str,
    *,
    named: str | None = None,
    vendor: str = "",
    lineage: Sequence[str] = (),
) -> CredentialGroup | None:
    """Give the group that a device logs in with, None where there is none.

    The group that the device's endpoint names, and no other, where it names one; else of those whose every condition
    holds the one that lists the device, then that of the nearest region, then that of its vendor, then the general
    one; equal ones by name.

    Args:
        groups: all groups.
        device_id: the device.
        named: the credential that its endpoint names.
        vendor: its vendor as the inventory writes it.
        lineage: the codes of its region and of all above, nearest first.
    """
    best: tuple[tuple[int, int, int, str], CredentialGroup] | None = None
    for group in groups:
        if named is not None:
            if group.name == named:
                return group
            continue
        if group.listed and device_id not in group.listed:
            continue
        if group.vendor and group.vendor.casefold() != vendor.casefold():
            continue
        if group.region and group.region not in lineage:
            continue
        distance = lineage.index(group.region) if group.region else len(lineage)
        rank = (0 if group.listed else 1, distance, 0 if group.vendor else 1, group.name)
        if best is None or rank < best[0]:
            best = (rank, group)
    return None if best is None else best[1]
