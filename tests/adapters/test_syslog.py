from __future__ import annotations

import socket
from pathlib import Path

from monitor.adapters.db.audit import SqlAuditLog
from monitor.adapters.db.engine import Database
from monitor.adapters.syslog import SyslogAudit, line_of
from monitor.domain.audit import AuditEntry

ENTRY = AuditEntry(0, 'li"]\n<13>1 forged', "token", "10.0.0.1", "login")


async def test_entries_are_told_by_udp_and_by_a_socket(sqlite_url: str, tmp_path: Path):
    database = Database(sqlite_url)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unix,
    ):
        udp.bind(("127.0.0.1", 0))
        unix.bind(str(tmp_path / "log"))
        for receiver, place in ((udp, f"udp://127.0.0.1:{udp.getsockname()[1]}"), (unix, str(tmp_path / "log"))):
            receiver.settimeout(5)
            log = SyslogAudit(SqlAuditLog(database), place)
            stored = await log.append(ENTRY)
            assert receiver.recv(9_000) == line_of(stored)
            assert log.lost == 0
    lost = SyslogAudit(SqlAuditLog(database), str(tmp_path / "nothing"))
    await lost.append(ENTRY)
    assert lost.lost == 1
    assert len(await lost.entries()) == 3
    await database.close()


def test_a_line_is_one_line_whatever_people_write():
    line = line_of(ENTRY).decode()
    assert line.startswith("<109>1 1970-01-01T00:00:00Z - vidnet - audit [vidnet@32473 seq=")
    assert "\n" not in line
    assert r'who="li\"\] <13>1 forged"' in line
