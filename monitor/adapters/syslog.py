"""The audit log told to syslog (RFC 5424), one datagram an entry; a lost one is counted, never waited for."""

from __future__ import annotations

import socket
from datetime import UTC, datetime

from monitor.domain.audit import AuditEntry
from monitor.ports import AuditLog

_PRIORITY = 13 * 8 + 5
"""Facility 13, "log audit", at severity "notice"."""

_MOST_BYTES = 8_192


class SyslogAudit:
    """`ports.AuditLog` that tells syslog each entry once it is stored.

    Args:
        log: where entries are stored.
        place: "/dev/log" or another socket's path, or "udp://HOST:PORT".
    """

    def __init__(self, log: AuditLog, place: str) -> None:
        self._log = log
        self._place = place
        self.lost = 0

    async def append(self, entry: AuditEntry) -> AuditEntry:
        """Store an entry at the end of the chain, tell it, and give it with its seq and hash."""
        stored = await self._log.append(entry)
        try:
            self._tell(line_of(stored))
        except OSError:
            self.lost += 1
        return stored

    async def entries(
        self, *, after: int = 0, limit: int = 1_000, who: str | None = None, action: str | None = None
    ) -> list[AuditEntry]:
        """Give entries in seq order, those after a seq."""
        return await self._log.entries(after=after, limit=limit, who=who, action=action)

    async def newest(self, *, before: int | None = None, limit: int = 100) -> list[AuditEntry]:
        """Give entries newest first, those before a seq."""
        return await self._log.newest(before=before, limit=limit)

    def _tell(self, line: bytes) -> None:
        if self._place.startswith("/"):
            family, address = socket.AF_UNIX, self._place
            with socket.socket(family, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)
                sender.sendto(line, address)
            return
        host, _, port = self._place.removeprefix("udp://").rpartition(":")
        place = (host.strip("[]"), int(port))
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(line, place)


def line_of(entry: AuditEntry) -> bytes:
    """Give an entry as RFC 5424 has it; the fields of people are escaped, so that nobody can write a line of theirs."""
    when = datetime.fromtimestamp(entry.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = {
        "seq": str(entry.seq),
        "who": entry.who,
        "via": entry.via,
        "address": entry.address,
        "action": entry.action,
        "target": entry.target,
        "outcome": entry.outcome,
        "hash": entry.hash,
    }
    told = " ".join(f'{name}="{_escaped(value)}"' for name, value in fields.items())
    return f"<{_PRIORITY}>1 {when} - vidnet - audit [vidnet@32473 {told}]".encode()[:_MOST_BYTES]


def _escaped(value: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in value)
    return printable.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
