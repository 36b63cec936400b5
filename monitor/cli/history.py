"""`vidnet import history`: a past from elsewhere."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from monitor.app.past import Imported, import_history
from monitor.app.wiring import database_of
from monitor.cli.common import ConfigOption, JsonOption, load_settings, run_coroutine


def history(
    config: ConfigOption,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV：device_id,axis,at,state,cause")],
    as_json: JsonOption = False,
) -> None:
    """导入其他系统的历史状态，只填补未知时段 · a past from elsewhere; it fills unknown seconds, and nothing else.

    Example: `vidnet import history -c vidnet.toml history.csv`
    """
    settings = load_settings(config)

    async def work() -> Imported:
        database = database_of(settings, folder=config.parent)
        try:
            return await import_history(database, file, zone=settings.zone(), at=int(time.time()))
        finally:
            await database.close()

    done = run_coroutine(work())
    if as_json:
        print(json.dumps(asdict(done)))
    else:
        print(
            f"{done.statements} 条记录，{done.devices} 台设备，填补 {done.seconds} 秒 · "
            f"{done.statements} statements about {done.devices} devices filled {done.seconds} s"
        )
