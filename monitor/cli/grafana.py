"""`vidnet grafana export`: all that a site's Prometheus, Alertmanager and Grafana need, from the installed package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from monitor.app.site_files import export_site_files
from monitor.cli.common import JsonOption, errors_as_messages


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="写入目录 · folder to write to")],
    grafana_url: Annotated[
        str, typer.Option("--grafana-url", help="告警中的看板地址 · where alerts' links lead")
    ] = "http://grafana.example",
    page_url: Annotated[
        str, typer.Option("--page-url", help="看板中 vidnet 网页的地址 · where the boards' links to vidnet's page lead")
    ] = "http://vidnet.example",
    as_json: JsonOption = False,
) -> None:
    """导出看板、规则与示例配置 · write dashboards, rules and example configuration for a site.

    Example: `vidnet grafana export /tmp/vidnet-site --grafana-url http://10.0.0.5:3000 --page-url http://10.0.0.6:9880`
    """
    with errors_as_messages():
        written = export_site_files(folder, grafana_url=grafana_url, page_url=page_url)
    if as_json:
        print(json.dumps({"folder": str(folder), "files": written}, ensure_ascii=False))
        return
    for name in written:
        print(name)
    print(f"{folder}: {len(written)} 个文件 · files; 下一步 next: docs/prometheus.md")
