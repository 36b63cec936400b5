"""`vidnet notify`: is a receiver reached?"""

from __future__ import annotations

import json
import time
from typing import Annotated

import typer

from monitor.app.alert_desk import send_test
from monitor.cli.common import FAILED, MISUSED, ConfigOption, JsonOption, fail, load_settings, run_coroutine


def send_test_message(
    config: ConfigOption,
    receiver: Annotated[str, typer.Argument(metavar="RECEIVER", help="设置中的接收方 · a receiver of the settings")],
    as_json: JsonOption = False,
) -> None:
    """给接收方发一条测试通知 · send a receiver a test notification.

    Example: `vidnet notify test -c vidnet.toml duty`
    """
    settings = load_settings(config)
    if receiver not in settings.receivers:
        known = ", ".join(sorted(settings.receivers)) or "无 none"
        fail(MISUSED, f"设置中没有接收方 {receiver}，有 · the settings have no receiver {receiver}, but {known}")
    failure = run_coroutine(send_test(settings, receiver, folder=config.parent, at=int(time.time())))
    if as_json:
        print(json.dumps({"receiver": receiver, "sent": not failure, "error": failure}, ensure_ascii=False))
    elif failure:
        fail(FAILED, f"{receiver}: 未送达 not delivered: {failure}")
    else:
        print(f"{receiver}: 已送达 delivered")
    if failure:
        raise typer.Exit(FAILED)
