"""`vidnet collectors`, `check-config` and `db upgrade`: what an administrator needs before the first start."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from collectors.registry import COLLECTORS, LISTENERS
from monitor.adapters.db.backup import back_up
from monitor.adapters.db.migrate import upgrade
from monitor.adapters.files.alert_rules import AlertRulesFileError, read_alert_rules
from monitor.adapters.files.targets import TargetsFileError, read_targets
from monitor.app.access import seal_second_factors
from monitor.app.alerting import problems_of_receivers
from monitor.app.wiring import alert_rules_file, database_of, targets_file
from monitor.cli.auditing import audited
from monitor.cli.common import MISUSED, ConfigOption, JsonOption, load_settings, run_coroutine
from monitor.settings import Settings, SettingsError, read_settings


def collectors(as_json: JsonOption = False) -> None:
    """列出支持的协议 · the protocols that are known.

    Example: `vidnet collectors --json`
    """
    if as_json:
        known = [
            {"protocol": name, "zh": each.text_zh, "en": each.text_en}
            for name, each in (COLLECTORS | LISTENERS).items()
        ]
        print(json.dumps(known, ensure_ascii=False))
        return
    table = Table("协议 protocol", "说明", "meaning")
    for name, entry in (COLLECTORS | LISTENERS).items():
        table.add_row(name, entry.text_zh, entry.text_en)
    Console().print(table)


def check_config(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="设置文件 · settings file")], as_json: JsonOption = False
) -> None:
    """检查设置、目标与告警规则，列出全部错误 · check settings, targets and alert rules; every mistake is listed.

    Example: `vidnet check-config vidnet.toml`
    """
    problems: list[str] = []
    try:
        settings = read_settings(file)
    except SettingsError as error:
        problems = [f"{file}: {problem}" for problem in error.problems]
    else:
        problems = _problems_of_files(settings, folder=file.parent)
    if as_json:
        print(json.dumps({"file": str(file), "problems": problems}, ensure_ascii=False))
    elif problems:
        print("\n".join(problems), file=sys.stderr)
    else:
        print(f"{file}: 没有错误 · no mistakes")
    if problems:
        raise typer.Exit(MISUSED)


def _problems_of_files(settings: Settings, *, folder: Path) -> list[str]:
    problems = problems_of_receivers(settings, folder=folder)
    try:
        read_targets(targets_file(settings, folder=folder), zone=settings.zone())
    except TargetsFileError as error:
        problems += str(error).splitlines()
    try:
        read_alert_rules(alert_rules_file(settings, folder=folder), receivers=settings.receivers)
    except AlertRulesFileError as error:
        problems += str(error).splitlines()
    return problems


def db_upgrade(config: ConfigOption) -> None:
    """升级数据库结构 · bring the database to this program's schema.

    Example: `vidnet db upgrade -c vidnet.toml`
    """
    settings = load_settings(config)

    async def work() -> str:
        database = database_of(settings, folder=config.parent)
        try:
            revision = await upgrade(database)
            await seal_second_factors(database, settings, folder=config.parent)
            return revision
        finally:
            await database.close()

    print(f"数据库已是最新 · the database is at revision {run_coroutine(work())}")


def db_backup(config: ConfigOption, as_json: JsonOption = False) -> None:
    """备份数据库（SQLite，运行中亦可） · back the database up (SQLite), also while vidnet runs.

    Example: `vidnet db backup -c vidnet.toml`
    """
    settings = load_settings(config)

    async def work() -> Path:
        database = database_of(settings, folder=config.parent)
        try:
            folder = config.parent / settings.store.backups
            kept = settings.store.backups_kept
            return await asyncio.to_thread(back_up, database, folder, at=int(time.time()), keep=kept)
        finally:
            await database.close()

    file = run_coroutine(work())
    audited(config, action="db.backup", target=file.name)
    if as_json:
        print(json.dumps({"file": str(file), "bytes": file.stat().st_size}, ensure_ascii=False))
    else:
        print(f"已备份 · backed up: {file} ({file.stat().st_size / 1e6:.1f} MB)")
