"""`vidnet mqtt check` and `vidnet intake`: what is wrong with a broker, and what was pushed and could not be taken."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

import typer
from rich.table import Table

from collectors.mqtt.check import check as check_broker
from monitor.adapters.db.intake import SqlIntakeStore
from monitor.app.intake import broker_of, login_of
from monitor.app.wiring import database_of, make_ready
from monitor.cli.common import FAILED, ConfigOption, JsonOption, fail, load_settings, run_coroutine, wide_console
from monitor.ports import RefusedMessage, Stranger


def check(config: ConfigOption, as_json: JsonOption = False) -> None:
    """检查 MQTT 连接：一行说明名称、TLS、口令或 ACL 的问题 · what is wrong with the broker, in one line.

    Example: `vidnet mqtt check -c vidnet.toml`
    """
    settings = load_settings(config)
    try:
        secret = login_of(settings, folder=config.parent)()
    except OSError as error:
        fail(FAILED, str(error))
    found = run_coroutine(check_broker(broker_of(settings, folder=config.parent), secret))
    if as_json:
        print(json.dumps(asdict(found), ensure_ascii=False))
    else:
        print(f"{found.step}: {found.zh} · {found.en}")
    if found.step != "ok":
        raise typer.Exit(FAILED)


def intake(config: ConfigOption, as_json: JsonOption = False) -> None:
    """列出未登记设备编码与被拒消息 · ids that nobody recorded, and messages that were refused.

    Example: `vidnet intake -c vidnet.toml --json`
    """
    settings = load_settings(config)

    async def read() -> tuple[list[Stranger], list[RefusedMessage]]:
        database = database_of(settings, folder=config.parent)
        try:
            await make_ready(database)
            store = SqlIntakeStore(database)
            return await store.strangers(), await store.refused()
        finally:
            await database.close()

    strangers, refused = run_coroutine(read())
    if as_json:
        found = {"unknown": [asdict(each) for each in strangers], "refused": [asdict(each) for each in refused]}
        print(json.dumps(found, ensure_ascii=False))
        return
    console, zone = wide_console(), settings.zone()

    def when(at: int) -> str:
        return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S")

    table = Table(
        "编码 id", "原因 reason", "来自 reported by", "协议 protocol", "次数 count", "最近 last", title="未登记 unknown"
    )
    table.columns[0].no_wrap = True  # an id that is cut short finds nothing
    for one in strangers:
        table.add_row(one.id, one.reason, one.reporter, one.protocol, str(one.count), when(one.last_at))
    console.print(table)
    table = Table(
        "发送方 sender", "原因 reason", "协议 protocol", "字节 bytes", "次数 count", "最近 last", title="被拒 refused"
    )
    for each in refused:
        row = (each.sender, each.reason, each.protocol, str(each.size), str(each.count), when(each.last_at))
        table.add_row(*row)
    console.print(table)
