"""`vidnet audit`: who did what, when, from where, before and after, and whether anybody changed it afterwards."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import datetime, tzinfo
from typing import Annotated, Any

import typer
from rich.table import Table

from monitor.app.access import access, verified
from monitor.cli.common import FAILED, ConfigOption, JsonOption, fail, load_settings, run_coroutine, wide_console
from monitor.domain.audit import AuditEntry
from monitor.domain.author import shown
from monitor.ports import AuditLog

_AT_ONCE = 1_000


def list_entries(
    config: ConfigOption,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="最近多少条 · how many, newest first")] = 50,
    as_json: JsonOption = False,
) -> None:
    """列出最近的审计记录 · the newest entries of the audit log.

    Example: `vidnet audit list -c vidnet.toml --limit 20`
    """
    settings = load_settings(config)
    zone = settings.zone()

    async def work() -> list[AuditEntry]:
        async with access(settings, folder=config.parent) as found:
            return await found.audit.newest(limit=limit)

    entries = run_coroutine(work())
    if as_json:
        print(json.dumps([_values(each, zone) for each in entries], ensure_ascii=False))
        return
    table = Table("序号 seq", "时间 at", "何人 who", "来源 from", "动作 action", "对象 target", "结果 outcome")
    for each in entries:
        source = f"{each.via} {each.address}".strip()
        when = datetime.fromtimestamp(each.at, zone).strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(str(each.seq), when, shown(each.who), source, each.action, each.target, each.outcome)
    wide_console().print(table)


def export(config: ConfigOption) -> None:
    """导出全部审计记录，每行一个 JSON，可脱机校验 · all entries, one JSON object a line, with their hashes.

    Example: `vidnet audit export -c vidnet.toml > audit.jsonl`
    """
    settings = load_settings(config)

    async def work() -> None:
        async with access(settings, folder=config.parent) as found:
            async for entry in _all(found.audit):
                print(json.dumps(asdict(entry), ensure_ascii=False))

    run_coroutine(work())


def verify(config: ConfigOption, as_json: JsonOption = False) -> None:
    """校验审计记录的哈希链 · check that no entry was changed, taken out or put in afterwards.

    Example: `vidnet audit verify -c vidnet.toml`
    """
    settings = load_settings(config)

    async def work() -> tuple[int, int | None, str]:
        async with access(settings, folder=config.parent) as found:
            return await verified(found.audit)

    good, broken, last = run_coroutine(work())
    if as_json:
        print(json.dumps({"good": good, "broken": broken, "last_hash": last}))
    elif broken is None:
        print(f"{good} 条完好，末条哈希 · entries hold, the last hash is {last}")
    if broken is not None:
        fail(FAILED, f"第 {broken} 条被改动，此前 {good} 条完好 · entry {broken} was changed; {good} before it hold")


async def _all(audit: AuditLog) -> AsyncIterator[AuditEntry]:
    seq = 0
    while entries := await audit.entries(after=seq, limit=_AT_ONCE):
        for entry in entries:
            yield entry
        seq = entries[-1].seq


def _values(entry: AuditEntry, zone: tzinfo) -> dict[str, Any]:
    return asdict(entry) | {"at": datetime.fromtimestamp(entry.at, zone).isoformat()}
