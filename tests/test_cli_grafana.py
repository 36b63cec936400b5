from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from monitor.cli import app

RUN = CliRunner()


def test_a_site_gets_boards_rules_and_examples_with_its_own_address(tmp_path: Path):
    addresses = ["--grafana-url", "http://10.0.0.5:3000/", "--page-url", "http://10.0.0.6:9880/"]
    done = RUN.invoke(app, ["grafana", "export", str(tmp_path), *addresses, "--json"])

    assert done.exit_code == 0, done.output
    files = json.loads(done.stdout)["files"]
    assert {name for name in files if name.endswith(".json")} == {
        f"grafana/dashboards/{language}/{board}.json"
        for language in ("zh", "en")
        for board in ("overview", "county", "points", "faults", "health")
    }
    assert {
        "prometheus/prometheus.yml",
        "alertmanager/alertmanager.yml",
        "systemd/vidnet.service",
        "vidnet/vidnet.toml",
        "vidnet/targets.toml",
    } <= set(files)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()) == files
    rules = (tmp_path / "prometheus/rules/alerts.yml").read_text(encoding="utf-8")
    assert "http://10.0.0.5:3000/d/vidnet-overview-zh" in rules
    assert "grafana.example" not in rules
    board = (tmp_path / "grafana/dashboards/zh/county.json").read_text(encoding="utf-8")
    assert '"query": "http://10.0.0.6:9880"' in board
    assert "vidnet.example" not in board


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("", encoding="utf-8")

    done = RUN.invoke(app, ["grafana", "export", str(tmp_path / "file")])

    assert done.exit_code == 1
    assert "file" in done.stderr
    assert "cannot write" in done.stderr
