"""`vidnet credential` as people use it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from monitor.cli import app

RUNNER = CliRunner()


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.delenv("VIDNET_CREDENTIAL_KEY", raising=False)
    path = tmp_path / "vidnet.toml"
    path.write_text("")
    return path


def invoke(config, *words, stdin=""):
    return RUNNER.invoke(app, ["credential", *words, "-c", str(config)], input=stdin)


def test_set_list_rotate_and_remove(config):
    ids = config.parent / "ids.txt"
    ids.write_text("d1\nd2\n")
    done = invoke(config, "set", "north", "--vendor", "鸢安", "--devices", str(ids), stdin="admin-x\npass-y\n")
    assert (done.exit_code, done.output) == (0, "凭据组 north 为第 1 版 · group north is at version 1\n")
    (row,) = json.loads(invoke(config, "list", "--json").output)
    assert (row["group"], row["version"], row["vendor"], row["listed"]) == ("north", 1, "鸢安", 2)
    table = invoke(config, "list").output
    assert "north" in table
    assert invoke(config, "rotate-key").exit_code == 0
    assert invoke(config, "remove", "north").exit_code == 0
    assert invoke(config, "remove", "north").exit_code == 2
    everything = [path.read_bytes() for path in config.parent.iterdir()] + [table.encode()]
    assert not any(secret in text for text in everything for secret in (b"admin-x", b"pass-y"))


def test_wrong_use_is_refused(config):
    assert invoke(config, "set", "north", stdin="only-a-user\n").exit_code == 2
    assert invoke(config, "set", "no\tname", stdin="a\nb\n").exit_code == 2
    assert invoke(config, "set", "north", "--devices", str(config.parent / "none"), stdin="a\nb\n").exit_code == 2
    invoke(config, "set", "north", stdin="a\nb\n")
    (config.parent / "credentials.key").unlink()
    lost = invoke(config, "rotate-key")
    assert lost.exit_code == 1
    assert "the key cannot be read" in lost.output
