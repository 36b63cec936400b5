"""`vidnet credential`: groups of devices and what they are logged in to with; secrets are only ever read, never shown.

User name and password come from a prompt or from two lines of standard input, never from the argument list, which
every user of the machine can read.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from collectors.deep import Secret
from monitor.adapters.db.migrate import SchemaVersion, require_current, schema_version
from monitor.adapters.vault import Scope
from monitor.app.access import seal_second_factors
from monitor.app.device import unlock_logins
from monitor.app.wiring import database_of, vault_of
from monitor.cli.auditing import audited
from monitor.cli.common import (
    MISUSED,
    ConfigOption,
    JsonOption,
    errors_as_messages,
    fail,
    load_settings,
    run_coroutine,
    wide_console,
)
from monitor.cli.deciding import AsOption, author_of

GroupArgument = Annotated[str, typer.Argument(metavar="GROUP", help="凭据组名称 · name of the group")]


def set_group(
    group: GroupArgument,
    config: ConfigOption,
    vendor: Annotated[str, typer.Option(help="仅此厂商 · only devices of this vendor")] = "",
    region: Annotated[str, typer.Option(metavar="CODE", help="仅此区划及下级 · only in this region or below")] = "",
    devices: Annotated[
        Path | None, typer.Option(metavar="FILE", help="仅所列设备编码，每行一个 · only the ids in this file")
    ] = None,
    password_text: Annotated[
        bool, typer.Option("--password-text", help="设备只接受明文口令令牌 · the device understands PasswordText only")
    ] = False,
) -> None:
    """新增或更换凭据组，用户名与口令从提示或标准输入读取 · add a group or change it; the secret is asked for.

    Example: `vidnet credential set hikvision --vendor 海康 -c vidnet.toml`
    """
    if not group or not group.isprintable() or len(group) > 64:
        fail(MISUSED, "组名须为 1-64 个可见字符 · a group's name has 1-64 printable characters")
    vault = vault_of(load_settings(config), folder=config.parent)
    scope = Scope(vendor, region, _read_ids(devices), password_text)
    secret = _ask()
    with errors_as_messages():
        made = vault.set(group, secret, scope, at=int(time.time()))
    told = {"version": made.version, "vendor": vendor, "region": region, "listed": len(made.listed)}
    audited(config, action="credential.set", target=group, after=told, needed=False)
    print(f"凭据组 {made.name} 为第 {made.version} 版 · group {made.name} is at version {made.version}")


def list_groups(config: ConfigOption, as_json: JsonOption = False) -> None:
    """列出凭据组，不含用户名与口令 · the groups, without any secret.

    Example: `vidnet credential list -c vidnet.toml --json`
    """
    settings = load_settings(config)
    with errors_as_messages():
        groups = vault_of(settings, folder=config.parent).groups()
    rows = [
        {
            "group": each.name,
            "version": each.version,
            "changed_at": datetime.fromtimestamp(each.changed_at, settings.zone()).isoformat(),
            "vendor": each.vendor,
            "region": each.region,
            "listed": len(each.listed),
            "password_text": each.plain_text,
        }
        for each in groups
    ]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    table = Table(
        "组 group", "版本 version", "更换于 changed", "厂商 vendor", "区划 region", "所列 listed", "明文 text"
    )
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    wide_console().print(table)


def remove_group(group: GroupArgument, config: ConfigOption) -> None:
    """删除凭据组 · remove a group.

    Example: `vidnet credential remove hikvision -c vidnet.toml`
    """
    with errors_as_messages():
        found = vault_of(load_settings(config), folder=config.parent).remove(group)
    if not found:
        fail(MISUSED, f"没有凭据组 {group} · there is no group {group}")
    audited(config, action="credential.remove", target=group, needed=False)
    print(f"已删除凭据组 {group} · removed {group}")


def rotate_key(config: ConfigOption) -> None:
    """更换加密密钥，凭据与第二因素不变 · encrypt all under a new key; credentials and second factors stay as they are.

    Example: `vidnet credential rotate-key -c vidnet.toml`
    """
    settings = load_settings(config)

    async def seal() -> None:
        database = database_of(settings, folder=config.parent)
        try:
            if await schema_version(database) is SchemaVersion.EMPTY:
                return  # credentials are set before the first start: there are no accounts yet
            await require_current(database)
            await seal_second_factors(database, settings, folder=config.parent, again=True)
        finally:
            await database.close()

    with errors_as_messages():
        count = vault_of(settings, folder=config.parent).rotate_key(lambda: run_coroutine(seal()))
    audited(config, action="credential.rotate", target="", after={"groups": count}, needed=False)
    print(f"{count} 个凭据组已用新密钥加密 · {count} groups are encrypted under the new key")


def unlock(
    config: ConfigOption,
    by: AsOption,
    device: Annotated[str, typer.Option("--device", metavar="DEVICE_ID", help="设备编码 · one device")] = "",
    group: Annotated[str, typer.Option("--group", metavar="GROUP", help="整个凭据组 · all devices of a group")] = "",
) -> None:
    """允许再次登录被拒两次的设备 · let devices that refused twice be logged in to again; a running service follows.

    Example: `vidnet credential unlock --device 37070200001320000001 --as 值班员 -c vidnet.toml`
    """
    if bool(device) == bool(group):
        fail(MISUSED, "须指定 --device 或 --group 之一 · name one of --device and --group")
    settings = load_settings(config)
    author = author_of(by)
    at = int(time.time())
    run_coroutine(
        unlock_logins(device_id=device, group=group, author=author, at=at, settings=settings, folder=config.parent)
    )
    audited(config, action="credential.unlock", target=device or group, who=author)
    print(f"已允许再次登录 {device or group} · {device or group} may be logged in to again")


def _ask() -> Secret:
    """Read user name and password: from a terminal with the second unseen, else as two lines."""
    if sys.stdin.isatty():
        user = typer.prompt("用户名 user")
        password = typer.prompt("口令 password", hide_input=True, confirmation_prompt="再输一次 once more")
    else:
        lines = [line.rstrip("\r\n") for line in sys.stdin.readlines()]
        if len(lines) != 2 or not lines[0]:
            fail(MISUSED, "标准输入须为两行: 用户名、口令 · standard input must be two lines: user name, password")
        user, password = lines
    return Secret(user, password)


def _read_ids(file: Path | None) -> frozenset[str]:
    if file is None:
        return frozenset()
    try:
        ids = frozenset(file.read_text(encoding="utf-8-sig").split())
    except (OSError, UnicodeDecodeError) as error:
        fail(MISUSED, f"{file}: 无法读取 · cannot be read: {error}")
    if not ids:
        fail(MISUSED, f"{file}: 没有设备编码 · holds no device id")
    return ids
