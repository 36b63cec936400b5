from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

from typer.testing import CliRunner

from monitor.cli import app

ROOT = Path(__file__).parent.parent
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


def test_an_installed_package_holds_all_that_is_exported(tmp_path: Path):
    """The package is laid out as pyproject.toml tells the wheel's builder, away from the checkout."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    installed = tmp_path / "installed"
    for package in wheel["packages"]:
        (installed / package).mkdir(parents=True)
        for part in (ROOT / package).iterdir():
            (installed / package / part.name).symlink_to(part)
    for source, place in wheel["force-include"].items():
        (installed / place).parent.mkdir(parents=True, exist_ok=True)
        (installed / place).symlink_to(ROOT / source)

    done = subprocess.run(
        [sys.executable, "-m", "monitor", "grafana", "export", str(tmp_path / "site"), "--json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    here = RUN.invoke(app, ["grafana", "export", str(tmp_path / "here"), "--json"])
    assert json.loads(done.stdout)["files"] == json.loads(here.stdout)["files"]
    told = subprocess.run(
        [sys.executable, "-c", "import monitor; print(monitor.__file__)"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.startswith(str(installed)), "it was the package laid out here that was asked"
