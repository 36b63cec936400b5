"""`vidnet user`, `vidnet token` and `vidnet audit` as people type them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from monitor.adapters.passwords import Argon2Secrets
from monitor.app.wiring import vault_of
from monitor.cli import app
from monitor.cli.common import load_settings

RUNNER = CliRunner()
PASSWORD = "correct horse battery"  # noqa: S105 - of a test


@pytest.fixture
def config(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("VIDNET_CREDENTIAL_KEY", raising=False)
    (tmp_path / "vidnet.db").write_bytes(sqlite_template.read_bytes())
    with sqlite3.connect(tmp_path / "vidnet.db") as connection:
        connection.execute("INSERT INTO region VALUES ('370783', '寿光市', 'county', NULL, '', 'county', NULL)")
    path = tmp_path / "vidnet.toml"
    path.write_text("")
    return path


def run(config: Path, *arguments: str, stdin: str = "") -> Result:
    return RUNNER.invoke(app, [*arguments, "-c", str(config)], input=stdin)


def test_an_account_and_its_token_from_the_first_to_the_audit(config: Path):
    add = run(config, "user", "add", "张三", "--role", "reporter", "--region", "370783", stdin=PASSWORD + "\n")
    assert add.exit_code == 0, add.output
    assert run(config, "user", "grant", "张三", "--role", "viewer").exit_code == 0
    assert run(config, "user", "revoke", "张三", "--role", "reporter", "--region", "370783").exit_code == 0
    assert run(config, "user", "totp", "张三").stdout.startswith("otpauth://totp/vidnet:")
    assert run(config, "user", "disable", "张三").exit_code == 0
    [account] = json.loads(run(config, "user", "list", "--json").stdout)
    assert account["grants"] == [{"role": "viewer", "region": None, "organisation": ""}]
    assert (account["totp"], account["disabled"]) == (True, True)
    assert run(config, "user", "enable", "张三").exit_code == 0
    assert run(config, "user", "password", "张三", stdin="another good secret\n").exit_code == 0

    made = json.loads(run(config, "token", "add", "张三", "--label", "脚本", "--right", "read", "--json").stdout)
    [token] = json.loads(run(config, "token", "list", "--json").stdout)
    assert (token["id"], token["rights"], token["revoked_at"]) == (made["id"], ["read"], None)
    assert made["token"] not in run(config, "token", "list").stdout
    assert run(config, "token", "revoke", made["id"]).exit_code == 0

    entries = json.loads(run(config, "audit", "list", "--json").stdout)
    actions = [each["action"] for each in reversed(entries)]
    assert actions[:3] == ["account.add", "account.grants", "account.grants"]
    assert actions[-2:] == ["token.add", "token.revoke"]
    assert all(each["who"].startswith("as:") and each["via"] == "cli" for each in entries)
    exported = run(config, "audit", "export").stdout
    assert len(exported.splitlines()) == len(entries)
    assert PASSWORD not in exported
    assert json.loads(run(config, "audit", "verify", "--json").stdout)["broken"] is None


def test_a_changed_entry_is_found(config: Path):
    for name in ("a1", "a2", "a3"):
        assert run(config, "user", "add", name, "--role", "viewer", stdin=PASSWORD + "\n").exit_code == 0
    with sqlite3.connect(config.parent / "vidnet.db") as connection:
        connection.execute("DROP TRIGGER audit_no_update")
        connection.execute("UPDATE audit_entry SET target = 'nobody' WHERE seq = 2")
    verify = run(config, "audit", "verify")
    assert verify.exit_code == 1
    assert "entry 2 was changed; 1 before it hold" in verify.output


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (("user", "add", "a", "--role", "viewer"), "short\n", "a password has"),
        (("user", "add", "a", "--role", "viewer", "--region", "1"), PASSWORD + "\n", "no region 1"),
        (("user", "add", "a", "--role", "viewer"), "two\nlines\n", "one line"),
        (("user", "disable", "nobody"), "", "no account nobody"),
        (("user", "revoke", "nobody", "--role", "viewer"), "", "no account nobody"),
        (("token", "revoke", "T1"), "", "no token T1"),
    ],
)
def test_mistakes_are_said(config: Path, arguments: tuple[str, ...], stdin: str, message: str):
    done = run(config, *arguments, stdin=stdin)
    assert done.exit_code == 2
    assert message in done.output


def test_second_factors_that_were_plain_are_encrypted_and_follow_a_new_key(config: Path):
    run(config, "user", "add", "li", "--role", "viewer", stdin=PASSWORD + "\n")
    plain = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    with sqlite3.connect(config.parent / "vidnet.db") as connection:
        connection.execute("UPDATE account SET totp = ?", (plain,))

    def kept() -> str:
        with sqlite3.connect(config.parent / "vidnet.db") as connection:
            return str(connection.execute("SELECT totp FROM account").fetchone()[0])

    def opened() -> str:
        secrets = Argon2Secrets(vault_of(load_settings(config), folder=config.parent))
        return secrets.opened("li", kept())

    assert run(config, "db", "upgrade").exit_code == 0
    first = kept()
    assert plain not in first
    assert opened() == plain
    assert run(config, "credential", "rotate-key").exit_code == 0
    assert kept() != first
    assert opened() == plain
    assert len((config.parent / "credentials.key").read_text().split()) == 1
